//! Argmax: `y = min { i : x_i = max_j x_j }`

use crate::{
    gadget::{
        Card, Cs, Functions, Gadget, Many, One,
        bits::decompose,
        card::{Published, signed},
    },
    number::{Approximate, ArithError, Cost, Int, Integer, Interval, Measure, interval::bit_len},
};

/// Argmax: the index of the largest value, the first one among equals.
///
/// # Constraints
/// `10 * (bits + 2)` for ten values of so many bits with their sign: in general two a class, and a range check of
/// `max - x_i` each, one a bit.
#[derive(Clone, Copy, Debug)]
pub struct Argmax;

impl Gadget for Argmax {
    const CARD: Card = Card {
        name: "argmax",
        formula: "y = min { i : x_i = max_j x_j }",
        constraints: "10 * (bits + 2)",
        example: of_ten,
        published: &[Published {
            what: "argmax of 10",
            ours: of_ten,
            theirs: "2,560 and more: ten `GreaterThan(252)` of 255, and selections",
            source: "socathie/circomlib-ml, `circuits/ArgMax.circom`",
        }],
    };
    type In = Many;
    type Out = One;

    fn eval<T: Integer>(&self, values: Vec<T>) -> T {
        T::of(Int::from(eval(&values) as u64))
    }

    fn bound(&self, values: Vec<&Interval>) -> Result<Interval, ArithError> {
        bound(&owned(&values))
    }

    fn error(&self, values: Vec<&Approximate>, _: &Interval, _: &mut dyn Functions) -> Result<f64, ArithError> {
        let exact = values.iter().all(|v| v.error == 0.0);
        Ok(if exact { 0.0 } else { values.len().saturating_sub(1) as f64 })
    }

    fn intermediate(&self, _: Vec<&Interval>) -> Result<u32, ArithError> {
        Ok(0)
    }

    /// See [`cost`].
    fn cost(&self, values: Vec<&Interval>) -> Result<Cost, ArithError> {
        cost(&owned(&values))
    }

    fn terms(&self, values: Vec<&Measure>) -> Result<u32, ArithError> {
        Ok((values.len() as u32).saturating_sub(1))
    }

    /// See [`enforce`].
    fn enforce<C: Cs>(&self, cs: &mut C, values: Vec<(&C::W, &Interval)>) -> Result<C::W, ArithError> {
        cost(&values.iter().map(|v| *v.1).collect::<Vec<_>>())?;
        enforce(cs, &values)
    }
}

fn owned(values: &[&Interval]) -> Vec<Interval> {
    values.iter().map(|v| **v).collect()
}

fn of_ten(bits: u32) -> Result<Cost, ArithError> {
    cost(&[signed(bits); 10])
}

/// The index of the largest, the first one among equals; `0` for none.
pub fn eval<T: Integer>(values: &[T]) -> usize {
    values.iter().enumerate().fold(0, |best, (i, x)| if *x > values[best] { i } else { best })
}

/// The interval of the index.
///
/// # Errors
/// Never.
pub fn bound(values: &[Interval]) -> Result<Interval, ArithError> {
    Interval::new(Int::ZERO, Int::from(values.len().saturating_sub(1) as u64))
}

/// The interval of the maximum.
fn maximum(values: &[Interval]) -> Interval {
    let fold = |f: fn(&Interval) -> Int| values.iter().map(f).fold(f(&values[0]), Ord::max);
    Interval { lo: fold(|v| v.lo), hi: fold(|v| v.hi) }
}

/// The bits of `max - x_i`.
fn bits(maximum: &Interval, value: &Interval) -> Result<u32, ArithError> {
    decompose::check(bit_len(maximum.hi - value.lo))
}

/// See [`Argmax`].
///
/// # Errors
/// If a range check needs more than 252 bits.
pub fn cost(values: &[Interval]) -> Result<Cost, ArithError> {
    if values.len() < 2 {
        return Ok(Cost::default());
    }
    let maximum = maximum(values);
    let mut total = Cost::new(2 * values.len(), values.len());
    for value in values {
        total += decompose::cost(bits(&maximum, value)?);
    }
    Ok(total)
}

/// Enforces the index.
///
/// # Soundness
/// The witnesses are running sums `t_i = [i is before the selected]`, all but the last, which is zero; the selectors are their
/// differences `e_i = t_(i-1) - t_i`, with `t_(-1) = 1`. So the selectors sum to one by definition; each is boolean by its own
/// constraint, hence exactly one of them is one, and `t_i` is one before it and zero from there on.
/// `e_i * (max - x_i) = 0` makes `max` the selected value. `max - x_i - t_i` is range-checked in
/// fewer than 252 bits, and the values' intervals are enforced, so the difference can't wrap the field: no value exceeds the
/// selected one, and none before it equals it. Hence the selected index is unique; it is the sum of all `t_i`.
///
/// As each `t_i` is a variable, no row but one has more than a few entries: with sums of selectors in its place the matrices
/// would grow with the square of the classes.
pub fn enforce<C: Cs>(cs: &mut C, values: &[(&C::W, &Interval)]) -> Result<C::W, ArithError> {
    cs.label(Argmax::CARD.name);
    if values.len() < 2 {
        return Ok(cs.constant(Int::ZERO));
    }
    let intervals: Vec<Interval> = values.iter().map(|v| *v.1).collect();
    let bound = maximum(&intervals);
    let numbers: Option<Vec<Int>> = values.iter().map(|v| cs.value(v.0)).collect();
    let index = numbers.as_deref().map(eval);
    let zero = cs.constant(Int::ZERO);
    let last = values.len() - 1;
    // Whether each is before the selected.
    let mut before: Vec<C::W> =
        (0..last).map(|i| cs.witness(index.map(|n| if i < n { Int::ONE } else { Int::ZERO }))).collect();
    before.push(zero.clone());
    let mut selectors = Vec::with_capacity(values.len());
    let mut sum = cs.constant(Int::ONE);
    for next in &before {
        let selector = cs.linear(&[(Int::ONE, &sum), (-Int::ONE, next)], Int::ZERO);
        let others = cs.linear(&[(-Int::ONE, &selector)], Int::ONE);
        cs.enforce(&selector, &others, &zero);
        selectors.push(selector);
        sum = next.clone();
    }

    let max = cs.witness(numbers.zip(index).map(|(n, i)| n[i]));
    for (selector, (value, _)) in selectors.iter().zip(values) {
        let gap = cs.linear(&[(Int::ONE, &max), (-Int::ONE, value)], Int::ZERO);
        cs.enforce(&gap, selector, &zero);
    }
    for ((value, interval), before) in values.iter().zip(&before) {
        let gap = cs.linear(&[(Int::ONE, &max), (-Int::ONE, *value), (-Int::ONE, before)], Int::ZERO);
        cs.range(&gap, bits(&bound, interval)?);
    }
    let terms: Vec<(Int, &C::W)> = before.iter().map(|t| (Int::ONE, t)).collect();
    Ok(cs.linear(&terms, Int::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_maximum_wins() {
        assert_eq!(eval(&[1i64, 3, 3, 2]), 1);
        assert_eq!(eval(&[-1i64]), 0);
    }
}
