//! `y = rescale(|a|)`

use super::{Cs, decompose, part, rescale};
use crate::arith::{
    ArithError, Cut, Int,
    counts::{Cost, Measure},
    interval::{Interval, bit_len},
    ints::Integer,
};

/// `rescale(|a|)`.
pub fn eval<T: Integer>(a: T, cut: Cut) -> T {
    rescale::eval(a.max(T::ZERO - a), cut.shift, cut.saturate)
}

/// The interval of `|a|`.
fn magnitudes(a: &Interval) -> Interval {
    let nearest = if a.contains(Int::ZERO) { Int::ZERO } else { a.lo.max(-a.hi) };
    Interval { lo: nearest, hi: a.magnitude() }
}

/// The interval of the result.
///
/// # Errors
/// Never for a valid interval and a shift of at most 250.
pub fn bound(a: &Interval, cut: Cut) -> Result<Interval, ArithError> {
    part::bound(&magnitudes(a), cut)
}

enum Form {
    /// The result is always this.
    Constant(Int),
    /// The sign is known: a rescale of `sign * a`.
    Known(Int),
    /// `|a|` in `m` bits, the high ones of which are the result but for the rounding.
    Bits { m: u32 },
    /// The same, saturated.
    Saturated { m: u32 },
}

impl Form {
    fn of(a: &Interval, cut: Cut) -> Result<Self, ArithError> {
        let y = bound(a, cut)?;
        if let Some(value) = y.as_point() {
            return Ok(Self::Constant(value));
        }
        if a.lo >= Int::ZERO {
            return Ok(Self::Known(Int::ONE));
        }
        if a.hi <= Int::ZERO {
            return Ok(Self::Known(-Int::ONE));
        }
        let m = decompose::check(bit_len(a.magnitude()))?;
        Ok(if y == bound(a, part::shift(cut))? { Self::Bits { m } } else { Self::Saturated { m } })
    }
}

/// The cost of [`magnitude`].
pub(super) fn magnitude_cost(m: u32) -> Cost {
    Cost::new(m as usize + 1, m as usize)
}

/// The `m` bits of `|a|`, for `|a| < 2^m`: one constraint a bit, and one more.
///
/// # Soundness
/// `(z - a) (z + a) = 0` makes `z` either `a` or `-a`, and its bits make it one of `0..2^m`. Of `a` and `-a` only one lies
/// there, since both are below `2^250` in magnitude and `m` is at most 250; or both are zero. So no sign is a variable, and
/// nothing is free at zero.
pub(super) fn magnitude<C: Cs>(cs: &mut C, a: &C::W, m: u32) -> Vec<C::W> {
    let value = cs.value(a).map(|a| a.max(a.wrapping_neg()));
    let bits: Vec<C::W> = (0..m).map(|i| cs.boolean(value.map(|v| (v >> i) & Int::ONE))).collect();
    let z = decompose::weighted(cs, &bits, Int::ZERO);
    let less = cs.linear(&[(Int::ONE, &z), (-Int::ONE, a)], Int::ZERO);
    let more = cs.linear(&[(Int::ONE, &z), (Int::ONE, a)], Int::ZERO);
    let zero = cs.constant(Int::ZERO);
    cs.enforce(&less, &more, &zero);
    bits
}

/// Constraints: `m + 1`, where `|a| < 2^m`: the bits, and one product. The rescale is free; a saturation that can happen
/// costs a rescale more. With a sign that is known, those of a rescale.
///
/// # Errors
/// If the decomposition needs more than 252 bits.
pub fn cost(a: &Interval, cut: Cut) -> Result<Cost, ArithError> {
    Ok(match Form::of(a, cut)? {
        Form::Constant(_) => Cost::default(),
        Form::Known(_) => part::cost(&magnitudes(a), cut)?,
        Form::Bits { m } => magnitude_cost(m),
        Form::Saturated { m } => magnitude_cost(m) + part::cost(&bound(a, part::shift(cut))?, saturation(cut))?,
    })
}

/// How many variables the result's linear combination has, at most.
///
/// # Errors
/// If the decomposition needs more than 252 bits.
pub fn width(a: &Measure, cut: Cut) -> Result<u32, ArithError> {
    let rounded = |m: u32| m - cut.shift.min(m) + u32::from(cut.shift > 0);
    Ok(match Form::of(&a.interval, cut)? {
        Form::Constant(_) => 0,
        Form::Known(_) => part::width(&Measure { interval: magnitudes(&a.interval), width: a.width }, cut)?,
        Form::Bits { m } => rounded(m),
        Form::Saturated { m } => {
            let interval = bound(&a.interval, part::shift(cut))?;
            part::width(&Measure { interval, width: rounded(m) }, saturation(cut))?
        }
    })
}

/// Only the saturation of a cut.
fn saturation(cut: Cut) -> Cut {
    Cut { saturate: cut.saturate, ..Cut::default() }
}

/// Enforces the result.
///
/// # Soundness
/// See `magnitude`: the bits of `|a|` are functions of `a`. `floor((z + 2^(k-1)) / 2^k)` is the number of the bits from `k`
/// up, and one more if bit `k - 1` is set.
pub fn enforce<C: Cs>(cs: &mut C, a: &C::W, interval: &Interval, cut: Cut) -> Result<C::W, ArithError> {
    cs.label("abs");
    match Form::of(interval, cut)? {
        Form::Constant(value) => Ok(cs.constant(value)),
        Form::Known(sign) => {
            let z = cs.linear(&[(sign, a)], Int::ZERO);
            part::enforce(cs, &z, &magnitudes(interval), cut)
        }
        Form::Bits { m } => {
            let bits = magnitude(cs, a, m);
            Ok(rounded(cs, &bits, cut.shift, Int::ZERO))
        }
        Form::Saturated { m } => {
            let bits = magnitude(cs, a, m);
            let z = rounded(cs, &bits, cut.shift, Int::ZERO);
            part::enforce(cs, &z, &bound(interval, part::shift(cut))?, saturation(cut))
        }
    }
}

/// The number of the bits from `shift` up, rounded by the bit below, and a constant.
pub(super) fn rounded<C: Cs>(cs: &mut C, bits: &[C::W], shift: u32, constant: Int) -> C::W {
    let (low, high) = bits.split_at((shift as usize).min(bits.len()));
    let high = decompose::weighted(cs, high, constant);
    match (low.last(), low.len() == shift as usize) {
        (Some(half), true) => cs.linear(&[(Int::ONE, &high), (Int::ONE, half)], Int::ZERO),
        _ => high,
    }
}
