//! Division with rounding, at a chosen scale.

use crate::{
    arith::Arith,
    number::{ArithError, Int, MAX_BITS, interval::pow2},
};

/// `2^bits`.
pub(super) fn power(bits: i32) -> Result<Int, ArithError> {
    let bits = bits.unsigned_abs();
    if bits > MAX_BITS { Err(ArithError::Overflow { bits }) } else { Ok(pow2(bits)) }
}

/// `round(a * 2^e / b)`, halves up, for `b >= 1`; within `-2^w ..= 2^w - 1` if that is known.
pub(super) fn nearest<A: Arith>(
    arith: &mut A,
    (a, b): (&A::Wire, &A::Wire),
    e: i32,
    within: Option<u32>,
) -> Result<A::Wire, ArithError> {
    // floor((2 * a * 2^e + b) / (2 * b)), with a negative `e` moved to the other side.
    let (up, down) = (power(e.max(0) + 1)?, power(e.min(0))?);
    let top = arith.linear([(up, a), (down, b)].into_iter(), Int::ZERO)?;
    let bottom = arith.linear([(down * Int::from(2), b)].into_iter(), Int::ZERO)?;
    arith.div(&top, &bottom, within)
}

/// `round(a * 2^e / b)`, for a `b` of any sign; zero counts as one unit.
pub(super) fn signed<A: Arith>(arith: &mut A, a: &A::Wire, b: &A::Wire, e: i32) -> Result<A::Wire, ArithError> {
    let (sign, magnitude) = arith.sign_magnitude(b)?;
    let top = arith.mul(a, &sign)?;
    nearest(arith, (&top, &magnitude), e, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn quotients_go_to_the_nearest() {
        for a in -40..=40i64 {
            for b in [-7i64, -2, -1, 1, 3, 8] {
                for e in [-2, 0, 3] {
                    let y = signed(&mut Ints::new(), &a, &b, e).unwrap();
                    let exact = a as f64 / b as f64 * 2f64.powi(e);
                    assert!((y as f64 - exact).abs() <= 0.5, "{a} / {b} * 2^{e} is not {y}");
                }
            }
        }
        assert_eq!(signed(&mut Ints::new(), &5i64, &0, 1).unwrap(), 10);
    }
}
