//! `s = 1 if a >= 0 else -1`, `m = max(|a|, 1)`: what one may divide by

use super::{Cs, decompose, magnitude, zero};
use crate::arith::{
    ArithError, Int,
    counts::{Cost, Measure},
    interval::Interval,
    ints::Integer,
};

/// Sign and magnitude; zero counts as one.
pub fn eval<T: Integer>(a: T) -> (T, T) {
    if a >= T::ZERO { (T::ONE, a.max(T::ONE)) } else { (T::ZERO - T::ONE, T::ZERO - a) }
}

/// The intervals of both.
///
/// # Errors
/// Never for a valid interval.
pub fn bound(a: &Interval) -> Result<(Interval, Interval), ArithError> {
    let sign = Interval { lo: eval(a.lo).0, hi: eval(a.hi).0 };
    let (first, last) = (eval(a.lo).1, eval(a.hi).1);
    let least = if a.contains(Int::ZERO) { Int::ONE } else { first.min(last) };
    Ok((sign, Interval::new(least, first.max(last))?))
}

/// Constraints: none for a known sign, a decomposition of `bits + 2` otherwise ([`magnitude`]); two more if it may be zero.
///
/// # Errors
/// If a value may outgrow the field.
pub fn cost(a: &Interval) -> Result<Cost, ArithError> {
    let zero = if a.contains(Int::ZERO) && !a.is_point() { zero::cost() } else { Cost::default() };
    Ok(match bound(a)?.0.as_point() {
        Some(_) => zero,
        None => zero + magnitude::Form::of(a, 1)?.cost(),
    })
}

/// How many variables the linear combinations of both have, at most.
///
/// # Errors
/// If a value may outgrow the field.
pub fn widths(a: &Measure) -> Result<(u32, u32), ArithError> {
    let zero = u32::from(a.interval.contains(Int::ZERO));
    Ok(match bound(&a.interval)?.0.as_point() {
        _ if a.interval.is_point() => (0, 0),
        Some(_) => (0, a.width.saturating_add(zero)),
        None => (1, magnitude::Form::of(&a.interval, 1)?.bits + 1 + zero),
    })
}

/// Enforces both.
///
/// # Soundness
/// The sign and the magnitude's bits are unique ([`magnitude::enforce`]), and so is whether the value is zero
/// ([`zero::enforce`]); the rest is linear in them.
pub fn enforce<C: Cs>(cs: &mut C, a: &C::W, interval: &Interval) -> Result<(C::W, C::W), ArithError> {
    cs.label("divisor");
    if let Some(a) = interval.as_point() {
        let (sign, magnitude) = eval(a);
        return Ok((cs.constant(sign), cs.constant(magnitude)));
    }
    let (sign, absolute) = match bound(interval)?.0.as_point() {
        Some(sign) => (cs.constant(sign), cs.linear(&[(sign, a)], Int::ZERO)),
        None => {
            let parts = magnitude::enforce(cs, a, &magnitude::Form::of(interval, 1)?);
            let u = decompose::weighted(cs, &parts.bits, Int::ONE);
            let absolute = cs.linear(&[(Int::ONE, &u), (-Int::ONE, &parts.sign)], Int::ZERO);
            (cs.linear(&[(Int::from(2), &parts.sign)], -Int::ONE), absolute)
        }
    };
    if !interval.contains(Int::ZERO) {
        return Ok((sign, absolute));
    }
    let zero = zero::enforce(cs, a);
    Ok((sign, cs.linear(&[(Int::ONE, &absolute), (Int::ONE, &zero)], Int::ZERO)))
}
