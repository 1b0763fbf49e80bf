//! `s = floor(sqrt(a))`, for `a >= least >= 0`

use super::{Cs, decompose};
use crate::arith::{
    ArithError, Int,
    counts::Cost,
    interval::{Interval, bit_len, pow2},
    ints::Integer,
};

/// `floor(sqrt(a))`; a value below the least counts as the least.
pub fn eval<T: Integer>(a: T, least: Int) -> T {
    T::of(root(a.wide().max(least)))
}

/// Newton's iteration from above: it falls until it reaches the floor.
fn root(a: Int) -> Int {
    if a <= Int::ZERO {
        return Int::ZERO;
    }
    let mut s = pow2(bit_len(a).div_ceil(2));
    loop {
        let next = (s + a / s) >> 1;
        if next >= s {
            return s;
        }
        s = next;
    }
}

/// The interval of the result: `eval` is monotone.
///
/// # Errors
/// If the least value is negative.
pub fn bound(a: &Interval, least: Int) -> Result<Interval, ArithError> {
    if least < Int::ZERO {
        return Err(ArithError::Domain("what a square root is taken of may be negative"));
    }
    Interval::new(root(a.lo.max(least)), root(a.hi.max(least)))
}

/// What the circuit looks like for these bounds.
struct Form {
    /// The root lies in `lo .. lo + 2^bits`.
    lo: Int,
    bits: u32,
    /// `a - s^2` and what it lacks to `2 * s` have so many bits.
    rest: u32,
}

impl Form {
    /// The form, or the root if it is always the same.
    fn of(a: &Interval, least: Int) -> Result<Result<Self, Int>, ArithError> {
        let s = bound(a, least)?;
        if let (Some(s), true) = (s.as_point(), a.lo >= least) {
            return Ok(Err(s));
        }
        let bits = bit_len(s.hi - s.lo);
        let most = Interval::new(s.lo, s.lo + pow2(bits))?;
        a.sub(&most.mul(&most)?)?;
        Ok(Ok(Self { lo: s.lo, bits, rest: bit_len(s.hi + s.hi) }))
    }
}

/// Constraints, with `n` bits of the root's interval and `m` of twice the largest root: `n + 1` for the root and its square,
/// and `m + 1` each for `a - s^2` and for `(s + 1)^2 - 1 - a`. None if the root is always the same.
///
/// # Errors
/// If the least value is negative.
pub fn cost(a: &Interval, least: Int) -> Result<Cost, ArithError> {
    let Ok(form) = Form::of(a, least)? else { return Ok(Cost::default()) };
    Ok(Cost::new(form.bits as usize + 1, form.bits as usize + 1) + decompose::cost(form.rest) * 2)
}

/// How many variables the result's linear combination has, at most.
///
/// # Errors
/// If the least value is negative.
pub fn width(a: &Interval, least: Int) -> Result<u32, ArithError> {
    Ok(Form::of(a, least)?.map_or(0, |form| form.bits))
}

/// Enforces the root.
///
/// # Soundness
/// `s` is a sum of boolean bits over the least root, which is not negative, so that `s^2 < 2^250` and nothing wraps. The two
/// range checks say `s^2 <= a <= s^2 + 2 * s`, which holds of one `s >= 0` only. An `a` whose root is below that of the least
/// has no witness: the caller knows that there is none.
pub fn enforce<C: Cs>(cs: &mut C, a: &C::W, interval: &Interval, least: Int) -> Result<C::W, ArithError> {
    cs.label("sqrt");
    let form = match Form::of(interval, least)? {
        Ok(form) => form,
        Err(s) => return Ok(cs.constant(s)),
    };
    let value = cs.value(a).map(|a| root(a) - form.lo);
    let bits: Vec<C::W> = (0..form.bits).map(|i| cs.boolean(value.map(|s| (s >> i) & Int::ONE))).collect();
    let s = decompose::weighted(cs, &bits, form.lo);
    let square = cs.product(&s, &s);
    let over = cs.linear(&[(Int::ONE, a), (-Int::ONE, &square)], Int::ZERO);
    decompose::enforce(cs, &over, form.rest);
    let lack = cs.linear(&[(Int::from(2), &s), (-Int::ONE, &over)], Int::ZERO);
    decompose::enforce(cs, &lack, form.rest);
    Ok(s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_go_down() {
        for a in 0..5000i64 {
            let s = eval(a, Int::ZERO);
            assert!(s * s <= a && a < (s + 1) * (s + 1), "{s} of {a}");
        }
        assert_eq!(eval(-3i64, Int::ZERO), 0);
        assert_eq!(eval(3i64, Int::from(17)), 4);
        assert_eq!(eval(pow2(240) - Int::ONE, Int::ZERO), pow2(120) - Int::ONE);
        assert_eq!(eval(pow2(240), Int::ZERO), pow2(120));
    }
}
