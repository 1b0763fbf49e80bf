//! `y = 1 if a >= 0 else 0`

use super::{Cs, bits, decompose, rescale, zero};
use crate::arith::{
    ArithError, Int,
    counts::{Cost, Measure},
    interval::{Interval, pow2},
    ints::Integer,
};

/// `1` if `a >= 0`, `0` otherwise.
pub fn eval<T: Integer>(a: T) -> T {
    if a >= T::ZERO { T::ONE } else { T::ZERO }
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
    /// `-1` or `0`: the result is `a + 1`.
    Next,
    /// At most zero: the result is whether it is zero.
    Zero,
    /// At least minus one: the result is whether it is not minus one.
    NotMinusOne,
    /// `a + 2^m` in `m + 1` bits, of which the top one is the result.
    Sign { m: u32 },
}

impl Form {
    fn of(a: &Interval) -> Result<Self, ArithError> {
        let minus = -Int::ONE;
        Ok(match (a.lo, a.hi) {
            (lo, _) if lo >= Int::ZERO => Self::Constant(Int::ONE),
            (_, hi) if hi < Int::ZERO => Self::Constant(Int::ZERO),
            (lo, hi) if lo == minus && hi == Int::ZERO => Self::Next,
            (_, hi) if hi == Int::ZERO => Self::Zero,
            (lo, _) if lo == minus => Self::NotMinusOne,
            (lo, hi) => Self::Sign { m: decompose::check(rescale::sign_bits(lo, hi, 0) + 1)? - 1 },
        })
    }
}

/// Constraints: `m + 2`, where `-2^m <= a < 2^m`: `m + 1` bits, and their sum. Two where zero or minus one is an end of the
/// interval, none where the interval decides or has only these two.
///
/// # Errors
/// If the decomposition needs more than 252 bits.
pub fn cost(a: &Interval) -> Result<Cost, ArithError> {
    Ok(match Form::of(a)? {
        Form::Constant(_) | Form::Next => Cost::default(),
        Form::Zero | Form::NotMinusOne => zero::cost(),
        Form::Sign { m } => decompose::cost(m + 1),
    })
}

/// How many variables the result's linear combination has, at most.
///
/// # Errors
/// If the decomposition needs more than 252 bits.
pub fn width(a: &Measure) -> Result<u32, ArithError> {
    Ok(match Form::of(&a.interval)? {
        Form::Constant(_) => 0,
        Form::Next => a.width,
        Form::Zero | Form::NotMinusOne | Form::Sign { .. } => 1,
    })
}

/// Enforces the result.
///
/// # Soundness
/// The decomposition of `a + 2^m` is unique (see [`decompose::enforce`]), and its top bit is one exactly if `a >= 0`. A zero
/// test is a function of its input (see [`zero::enforce`]).
pub fn enforce<C: Cs>(cs: &mut C, a: &C::W, interval: &Interval) -> Result<C::W, ArithError> {
    cs.label("non_negative");
    Ok(match Form::of(interval)? {
        Form::Constant(value) => cs.constant(value),
        Form::Next => cs.linear(&[(Int::ONE, a)], Int::ONE),
        Form::Zero => zero::enforce(cs, a),
        Form::NotMinusOne => {
            let next = cs.linear(&[(Int::ONE, a)], Int::ONE);
            let equal = zero::enforce(cs, &next);
            bits::not(cs, &equal)
        }
        Form::Sign { m } => {
            let t = cs.linear(&[(Int::ONE, a)], pow2(m));
            decompose::enforce(cs, &t, m + 1).remove(m as usize)
        }
    })
}
