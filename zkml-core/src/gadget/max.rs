//! `y = max(a, b) = b + relu(a - b)`

use super::{Cs, relu};
use crate::arith::{
    ArithError, Cut, Int,
    counts::{Cost, Measure},
    interval::Interval,
    ints::Integer,
};

/// The larger of two.
pub fn eval<T: Integer>(a: T, b: T) -> T {
    a.max(b)
}

/// The interval of the result.
///
/// # Errors
/// Never for valid intervals.
pub fn bound(a: &Interval, b: &Interval) -> Result<Interval, ArithError> {
    Interval::new(a.lo.max(b.lo), a.hi.max(b.hi))
}

/// Constraints: those of [`relu`] on `a - b`; none if one is never below the other.
///
/// # Errors
/// If the decomposition needs more than 252 bits.
pub fn cost(a: &Interval, b: &Interval) -> Result<Cost, ArithError> {
    if a.lo >= b.hi || b.lo >= a.hi {
        return Ok(Cost::default());
    }
    relu::cost(&a.sub(b)?, Cut::default())
}

/// How many variables the result's linear combination has, at most.
///
/// # Errors
/// If the decomposition needs more than 252 bits.
pub fn width(a: &Measure, b: &Measure) -> Result<u32, ArithError> {
    if a.interval.lo >= b.interval.hi {
        return Ok(a.width);
    }
    if b.interval.lo >= a.interval.hi {
        return Ok(b.width);
    }
    let difference = Measure { interval: a.interval.sub(&b.interval)?, width: a.width.saturating_add(b.width) };
    Ok(b.width.saturating_add(relu::width(&difference, Cut::default())?))
}

/// Enforces the result.
///
/// # Soundness
/// `relu(a - b)` is a function of its input (see [`relu::enforce`]), and the sum is linear.
pub fn enforce<C: Cs>(cs: &mut C, a: (&C::W, &Interval), b: (&C::W, &Interval)) -> Result<C::W, ArithError> {
    if a.1.lo >= b.1.hi {
        return Ok(a.0.clone());
    }
    if b.1.lo >= a.1.hi {
        return Ok(b.0.clone());
    }
    let difference = cs.linear(&[(Int::ONE, a.0), (-Int::ONE, b.0)], Int::ZERO);
    let positive = relu::enforce(cs, &difference, &a.1.sub(b.1)?, Cut::default())?;
    cs.label("max");
    Ok(cs.linear(&[(Int::ONE, &positive), (Int::ONE, b.0)], Int::ZERO))
}
