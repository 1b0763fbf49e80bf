//! `y = a^2`

use super::Cs;
use crate::arith::{
    ArithError, Int,
    counts::{Cost, Measure},
    interval::Interval,
    ints::Integer,
};

/// `a^2`.
pub fn eval<T: Integer>(a: T) -> T {
    a * a
}

/// The interval of the result: never negative, unlike that of a product.
///
/// # Errors
/// If a value may reach `2^250`.
pub fn bound(a: &Interval) -> Result<Interval, ArithError> {
    let ends = a.mul(a)?.hi;
    let nearest = if a.contains(Int::ZERO) { Int::ZERO } else { a.lo.max(-a.hi) };
    Interval::new(nearest * nearest, ends)
}

/// The `c` with `a^2 = c * a`, if the interval has only `0` and one of `1` and `-1`, or one value.
fn linear(a: &Interval) -> Option<Int> {
    match (a.lo, a.hi) {
        (lo, hi) if lo == hi => Some(lo),
        (lo, hi) if lo == Int::ZERO && hi == Int::ONE => Some(Int::ONE),
        (lo, hi) if lo == -Int::ONE && hi == Int::ZERO => Some(-Int::ONE),
        _ => None,
    }
}

/// Constraints: one; none for a bit and for a constant.
///
/// # Errors
/// Never.
pub fn cost(a: &Interval) -> Result<Cost, ArithError> {
    Ok(if linear(a).is_some() { Cost::default() } else { Cost::new(1, 1) })
}

/// How many variables the result's linear combination has, at most.
///
/// # Errors
/// Never.
pub fn width(a: &Measure) -> Result<u32, ArithError> {
    Ok(if linear(&a.interval).is_some() { a.width } else { 1 })
}

/// Enforces the result.
///
/// # Soundness
/// The product is enforced by its own constraint; for a bit, which its interval says it is, it is the bit.
pub fn enforce<C: Cs>(cs: &mut C, a: &C::W, interval: &Interval) -> Result<C::W, ArithError> {
    cs.label("square");
    Ok(match linear(interval) {
        Some(c) => cs.linear(&[(c, a)], Int::ZERO),
        None => cs.product(a, a),
    })
}
