//! `y_i = table(max_j x_j - x_i)`, their sum, and the largest `x_j`

use super::{
    Cs,
    piecewise::{self, Piecewise},
    zero,
};
use crate::arith::{
    ArithError, Int,
    counts::{Cost, Measure},
    interval::Interval,
    ints::Integer,
};

/// What the gadget yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack<W> {
    /// The values of the table at what each value lacks to the largest.
    pub parts: Vec<W>,
    /// Their sum.
    pub sum: W,
    /// The largest value.
    pub max: W,
}

/// The values of the table at what each lacks to the largest, their sum, and the largest.
pub fn eval<T: Integer>(values: &[T], table: &Piecewise) -> Lack<T> {
    let max = values.iter().copied().max().unwrap_or(T::ZERO);
    let parts: Vec<T> = values.iter().map(|x| piecewise::eval(max - *x, table)).collect();
    let sum = parts.iter().fold(T::ZERO, |sum, y| sum + *y);
    Lack { parts, sum, max }
}

/// The intervals of what each lacks to the largest: none is negative.
pub fn lacks(values: &[Interval]) -> Vec<Interval> {
    let most = values.iter().map(|v| v.hi).max().unwrap_or_default();
    values.iter().map(|v| Interval { lo: Int::ZERO, hi: most - v.lo }).collect()
}

/// The intervals of all results; one of the values lacks nothing, which the sum's tells.
///
/// # Errors
/// If a value may outgrow the field.
pub fn bound(values: &[Interval], table: &Piecewise) -> Result<Lack<Interval>, ArithError> {
    let parts: Vec<Interval> = lacks(values).iter().map(|i| piecewise::bound(i, table)).collect::<Result<_, _>>()?;
    let (mut sum, mut gain) = (Interval::point(Int::ZERO), None::<Int>);
    let full = piecewise::eval(Int::ZERO, table);
    for part in &parts {
        sum = sum.add(part)?;
        gain = Some(gain.map_or(full - part.lo, |g| g.min(full - part.lo)));
    }
    let sum = Interval::new(sum.lo + gain.unwrap_or_default(), sum.hi)?;
    let end = |f: fn(&Interval) -> Int| values.iter().map(f).max().unwrap_or_default();
    Ok(Lack { parts, sum, max: Interval::new(end(|v| v.lo), end(|v| v.hi))? })
}

/// Constraints: the table's, of a value that is never negative, and a zero test (2) each; one more.
///
/// # Errors
/// If a value may outgrow the field.
pub fn cost(values: &[Interval], table: &Piecewise) -> Result<Cost, ArithError> {
    if values.len() < 2 {
        return Ok(Cost::default());
    }
    let mut total = Cost::new(1, 2);
    for lack in lacks(values) {
        let known = usize::from(lack.is_point());
        total += piecewise::cost(&lack, table)? + zero::cost() + Cost::new(known, 0);
    }
    Ok(total)
}

/// How many variables the results' linear combinations have, at most.
///
/// # Errors
/// If a value may outgrow the field.
pub fn widths(values: &[Measure], table: &Piecewise) -> Result<Vec<u32>, ArithError> {
    if values.len() < 2 {
        return Ok(vec![0; values.len()]);
    }
    let intervals: Vec<Interval> = values.iter().map(|v| v.interval).collect();
    // The largest value is a variable.
    let lack = |(interval, value): (Interval, &Measure)| Measure { interval, width: value.width.saturating_add(1) };
    lacks(&intervals).into_iter().zip(values).map(|v| piecewise::width(&lack(v), table)).collect()
}

/// Enforces the values.
///
/// # Soundness
/// Every `max - x_i` is decomposed into bits as a value that is not negative (or, where it can only be zero, enforced to be), so that `max` is no less than any `x_i`. Each is
/// tested for zero, and the sum of the answers has an inverse: it is not zero, so `max` is one of them. Both together leave
/// one `max`, and the rest is a function of it.
pub fn enforce<C: Cs>(
    cs: &mut C,
    values: &[(&C::W, &Interval)],
    table: &Piecewise,
) -> Result<(Vec<C::W>, C::W), ArithError> {
    cs.label("lack");
    if values.len() < 2 {
        let y = piecewise::eval(Int::ZERO, table);
        let max = values.first().map_or_else(|| cs.constant(Int::ZERO), |v| v.0.clone());
        return Ok((values.iter().map(|_| cs.constant(y)).collect(), max));
    }
    let intervals: Vec<Interval> = values.iter().map(|v| *v.1).collect();
    let numbers: Option<Vec<Int>> = values.iter().map(|v| cs.value(v.0)).collect();
    let max = cs.witness(numbers.and_then(|n| n.into_iter().max()));
    let (mut parts, mut zeros) = (Vec::new(), Vec::new());
    for ((value, _), interval) in values.iter().zip(lacks(&intervals)) {
        let lack = cs.linear(&[(Int::ONE, &max), (-Int::ONE, value)], Int::ZERO);
        if interval.is_point() {
            cs.enforce_zero(&lack);
        }
        parts.push(piecewise::enforce(cs, &lack, &interval, table)?);
        cs.label("lack");
        zeros.push(zero::enforce(cs, &lack));
    }
    let terms: Vec<(Int, &C::W)> = zeros.iter().map(|z| (Int::ONE, z)).collect();
    let some = cs.linear(&terms, Int::ZERO);
    let one = cs.constant(Int::ONE);
    cs.inverse(&some, &one);
    Ok((parts, max))
}
