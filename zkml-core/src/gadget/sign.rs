//! `y = 1 if a > 0, -1 if a < 0, 0 otherwise`

use super::{Cs, decompose, zero};
use crate::arith::{
    ArithError, Int,
    counts::{Cost, Measure},
    interval::{Interval, bit_len},
    ints::Integer,
};

/// The sign: `-1`, `0` or `1`.
pub fn eval<T: Integer>(a: T) -> T {
    a.max(T::ZERO - T::ONE).min(T::ONE)
}

/// The interval of the result: `eval` is monotone.
///
/// # Errors
/// Never.
pub fn bound(a: &Interval) -> Result<Interval, ArithError> {
    Interval::new(eval(a.lo), eval(a.hi))
}

enum Form {
    /// The interval says it.
    Constant(Int),
    /// Within `-1..=1`: its own sign.
    Same,
    /// Never of the other sign: this sign, if it is not zero.
    One(Int),
    /// `|a|` in `m` bits.
    Bits { m: u32 },
}

impl Form {
    fn of(a: &Interval) -> Result<Self, ArithError> {
        let y = bound(a)?;
        Ok(match (y.lo, y.hi) {
            (lo, hi) if lo == hi => Self::Constant(lo),
            _ if *a == y => Self::Same,
            (lo, hi) if lo == Int::ZERO || hi == Int::ZERO => Self::One(lo + hi),
            _ => Self::Bits { m: decompose::check(bit_len(a.magnitude()))? },
        })
    }
}

/// Constraints: `m + 3`, where `|a| < 2^m`: the bits, two products and a hint. Two where one sign can't happen, none where
/// the interval decides or lies within `-1..=1`.
///
/// # Errors
/// If the decomposition needs more than 252 bits.
pub fn cost(a: &Interval) -> Result<Cost, ArithError> {
    Ok(match Form::of(a)? {
        Form::Constant(_) | Form::Same => Cost::default(),
        Form::One(_) => zero::cost(),
        Form::Bits { m } => Cost::new(m as usize + 3, m as usize + 2),
    })
}

/// How many variables the result's linear combination has, at most.
///
/// # Errors
/// If the decomposition needs more than 252 bits.
pub fn width(a: &Measure) -> Result<u32, ArithError> {
    Ok(match Form::of(&a.interval)? {
        Form::Constant(_) => 0,
        Form::Same => a.width,
        Form::One(_) | Form::Bits { .. } => 1,
    })
}

/// Enforces the result.
///
/// # Soundness
/// With `z` the number of the bits: `a * y = z`, `z * y = a` and `a * v = y`. If `a = 0`, the last gives `y = 0`, and the
/// hint `v` is free, but enters nothing else. Otherwise the first two give `y^2 = 1`, so `z` is `a` or `-a`; and only `|a|`
/// lies in `0..2^m`, since `a` is below `2^250` in magnitude.
pub fn enforce<C: Cs>(cs: &mut C, a: &C::W, interval: &Interval) -> Result<C::W, ArithError> {
    cs.label("sign");
    Ok(match Form::of(interval)? {
        Form::Constant(value) => cs.constant(value),
        Form::Same => a.clone(),
        Form::One(sign) => {
            let zero = zero::enforce(cs, a);
            cs.linear(&[(-sign, &zero)], sign)
        }
        Form::Bits { m } => {
            let value = cs.value(a);
            let magnitude = value.map(|a| a.max(a.wrapping_neg()));
            let bits: Vec<C::W> = (0..m).map(|i| cs.boolean(magnitude.map(|v| (v >> i) & Int::ONE))).collect();
            let z = decompose::weighted(cs, &bits, Int::ZERO);
            let y = cs.witness(value.map(eval));
            cs.enforce(a, &y, &z);
            cs.enforce(&z, &y, a);
            cs.inverse(a, &y);
            y
        }
    })
}
