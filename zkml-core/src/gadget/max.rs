//! `y = max(a, b)`

use super::{Cs, decompose};
use crate::arith::{
    ArithError, Int,
    counts::{Cost, Measure},
    interval::{Interval, bit_len},
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

/// The bits of `|a - b|`; nothing if one is never below the other.
fn bits(a: &Interval, b: &Interval) -> Result<Option<u32>, ArithError> {
    if a.lo >= b.hi || b.lo >= a.hi {
        return Ok(None);
    }
    decompose::check(bit_len(a.sub(b)?.magnitude())).map(Some)
}

/// Constraints: `m + 1`, where `|a - b| < 2^m`: the bits and one product; none if one is never below the other.
///
/// # Errors
/// If the decomposition needs more than 252 bits.
pub fn cost(a: &Interval, b: &Interval) -> Result<Cost, ArithError> {
    Ok(bits(a, b)?.map_or(Cost::default(), |m| decompose::cost(m) + Cost::new(1, 1)))
}

/// How many variables the result's linear combination has, at most.
///
/// # Errors
/// If the decomposition needs more than 252 bits.
pub fn width(a: &Measure, b: &Measure) -> Result<u32, ArithError> {
    Ok(match bits(&a.interval, &b.interval)? {
        Some(_) => 1,
        None if a.interval.lo >= b.interval.hi => a.width,
        None => b.width,
    })
}

/// Enforces the result.
///
/// # Soundness
/// `(y - a) (y - b) = 0` makes `y` one of both, so `2 y - a - b` is `a - b` or `b - a`. It has a decomposition in `m` bits (see
/// [`decompose::enforce`]), so it is the one that is not negative: both are below `2^250` in magnitude, and the negative one
/// is no number of `m` bits in the field. That is the larger. If `a = b`, both are.
pub fn enforce<C: Cs>(cs: &mut C, a: (&C::W, &Interval), b: (&C::W, &Interval)) -> Result<C::W, ArithError> {
    let Some(m) = bits(a.1, b.1)? else {
        return Ok(if a.1.lo >= b.1.hi { a.0.clone() } else { b.0.clone() });
    };
    cs.label("max");
    let value = cs.value(a.0).zip(cs.value(b.0)).map(|(a, b)| a.max(b));
    let y = cs.witness(value);
    let above = [a.0, b.0].map(|w| cs.linear(&[(Int::ONE, &y), (-Int::ONE, w)], Int::ZERO));
    let zero = cs.constant(Int::ZERO);
    cs.enforce(&above[0], &above[1], &zero);
    let distance = cs.linear(&[(Int::ONE, &above[0]), (Int::ONE, &above[1])], Int::ZERO);
    decompose::enforce(cs, &distance, m);
    Ok(y)
}
