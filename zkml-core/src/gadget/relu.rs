//! `y = max(0, clamp(floor((q + 2^(k-1)) / 2^k)))`

use super::{Cs, decompose, rescale};
use crate::arith::{
    ArithError, Cut, Int,
    counts::{Cost, Measure},
    interval::{Interval, pow2},
    ints::Integer,
};

/// `max(0, rescale(q))`.
pub fn eval<T: Integer>(q: T, shift: u32, saturate: Option<u32>) -> T {
    rescale::eval(q, shift, saturate).max(T::ZERO)
}

/// The interval of the result: `eval` is monotone, and the width is enforced.
///
/// # Errors
/// If the width excludes every value. Otherwise never for a valid interval and a shift of at most 250.
pub fn bound(q: &Interval, cut: Cut) -> Result<Interval, ArithError> {
    let y = rescale::bound(q, cut)?;
    Interval::new(y.lo.max(Int::ZERO), y.hi.max(Int::ZERO))
}

enum Form {
    /// Always this, and no value is excluded.
    Constant(Int),
    /// Never negative: a rescale.
    Positive,
    /// `q + half + 2^m` in `m + 1` bits, of which the top one says whether the result is positive; `spare` of the bits
    /// below it must be zero, or else the result is the upper end.
    Signed { add: Int, m: u32, spare: u32 },
}

impl Form {
    fn of(q: &Interval, cut: Cut) -> Result<Self, ArithError> {
        let Cut { shift, saturate, .. } = cut;
        let y = bound(q, cut)?;
        let kept = cut.narrow(q)?;
        if let (Some(value), true) = (y.as_point(), kept == *q) {
            return Ok(Self::Constant(value));
        }
        let half = cut.half();
        let (lo, hi) = (kept.lo + half, kept.hi + half);
        if lo >= Int::ZERO {
            return Ok(Self::Positive);
        }
        let m = decompose::check(rescale::sign_bits(lo, hi, shift) + 1)? - 1;
        let full = rescale::within(&kept, shift, None)?;
        let spare = match saturate {
            Some(b) if full.hi > y.hi => m - shift - b,
            _ => 0,
        };
        Ok(Self::Signed { add: half + pow2(m), m, spare })
    }
}

/// Constraints: `m + 2`, where `2^m` exceeds the magnitude of the input or is the end of the width: `m + 1` bits, and the
/// product with the sign bit. A clamp that can happen adds one, or three if more than one bit is cut off. The rescale is free.
///
/// # Errors
/// If the decomposition needs more than 252 bits.
pub fn cost(q: &Interval, cut: Cut) -> Result<Cost, ArithError> {
    Ok(match Form::of(q, cut)? {
        Form::Constant(_) => Cost::default(),
        Form::Positive => rescale::cost(q, cut)?,
        Form::Signed { m, spare, .. } => decompose::cost(m + 1) + Cost::new(1, 1) + rescale::select_cost(spare),
    })
}

/// How many variables the result's linear combination has, at most.
///
/// # Errors
/// If the decomposition needs more than 252 bits.
pub fn width(q: &Measure, cut: Cut) -> Result<u32, ArithError> {
    Ok(match Form::of(&q.interval, cut)? {
        Form::Constant(_) => 0,
        Form::Positive => rescale::width(q, cut)?,
        Form::Signed { .. } => 1,
    })
}

/// Enforces the result.
///
/// # Soundness
/// With `t = q + half`, the decomposition of `t + 2^m` is unique. Its top bit is one exactly if `t >= 0`, and then the
/// bits below it are those of `t`: from `k` up they are the quotient. The result is their product with the top bit.
///
/// Where the width excludes values, `2^m` is the end of the width, and no value beyond has a decomposition.
pub fn enforce<C: Cs>(cs: &mut C, q: &C::W, interval: &Interval, cut: Cut) -> Result<C::W, ArithError> {
    cs.label("relu");
    match Form::of(interval, cut)? {
        Form::Constant(value) => Ok(cs.constant(value)),
        Form::Positive => rescale::enforce(cs, q, interval, cut),
        Form::Signed { add, m, spare } => {
            let t = cs.linear(&[(Int::ONE, q)], add);
            let bits = decompose::enforce(cs, &t, m + 1);
            let sign = &bits[m as usize];
            let quotient = &bits[cut.shift as usize..m as usize];
            let value = if spare == 0 {
                decompose::weighted(cs, quotient, Int::ZERO)
            } else {
                let (low, high) = quotient.split_at(quotient.len() - spare as usize);
                let cap = pow2(low.len() as u32) - Int::ONE;
                let low = decompose::weighted(cs, low, Int::ZERO);
                rescale::select(cs, high, &low, cap)
            };
            Ok(cs.product(&value, sign))
        }
    }
}
