//! `y = min { i : x_i = max_j x_j }`

use super::{
    Card, Cs, Gadget, Many, One,
    card::{Published, signed},
    decompose,
};
use crate::arith::{
    ArithError, Int,
    counts::{Cost, Measure},
    interval::{Interval, bit_len},
    ints::Integer,
};

/// The index of the largest, the first one among equals.
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

/// Constraints: two a class, and a range check of `max - x_i` each, one a bit: `10 * (bits + 2)` for ten values of so many bits
/// with their sign.
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
/// The selectors `e_i` are booleans that sum to one: the last is one less all others, and boolean by its own constraint.
/// `e_i * (max - x_i) = 0` makes `max` the selected value. `max - x_i - [i is before the selected]` is range-checked in
/// fewer than 252 bits, and the values' intervals are enforced, so the difference can't wrap the field: no value exceeds the
/// selected one, and none before it equals it. Hence the selected index is unique.
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
    let mut selectors: Vec<C::W> =
        (0..last).map(|i| cs.boolean(index.map(|n| if n == i { Int::ONE } else { Int::ZERO }))).collect();
    let terms: Vec<(Int, &C::W)> = selectors.iter().map(|e| (-Int::ONE, e)).collect();
    let rest = cs.linear(&terms, Int::ONE);
    let others = cs.linear(&[(-Int::ONE, &rest)], Int::ONE);
    cs.enforce(&rest, &others, &zero);
    selectors.push(rest);

    let max = cs.witness(numbers.zip(index).map(|(n, i)| n[i]));
    for (selector, (value, _)) in selectors.iter().zip(values) {
        let gap = cs.linear(&[(Int::ONE, &max), (-Int::ONE, value)], Int::ZERO);
        cs.enforce(&gap, selector, &zero);
    }
    for (i, (value, interval)) in values.iter().enumerate() {
        let mut terms = vec![(Int::ONE, &max), (-Int::ONE, *value)];
        terms.extend(selectors[i + 1..].iter().map(|later| (-Int::ONE, later)));
        let gap = cs.linear(&terms, Int::ZERO);
        cs.range(&gap, bits(&bound, interval)?);
    }
    let terms: Vec<(Int, &C::W)> = selectors.iter().enumerate().map(|(i, e)| (Int::from(i as u64), e)).collect();
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
