//! Constants of a formula as integers: what `avg_pool2d`, `scale` and `poly` multiply by or add.

use crate::arith::{ArithError, Int, MAX_BITS};

/// `round(x * 2^scale)`, halves away from zero; what exceeds 127 bits becomes the nearest end.
pub(super) fn integer(x: f64, scale: i32) -> Int {
    Int::from((x * 2f64.powi(scale.clamp(-1000, 1000))).round() as i128)
}

/// `round(x * 2^scale)`, halves away from zero.
///
/// # Errors
/// If it may reach `2^250`.
pub(super) fn wide(x: f64, scale: i32) -> Result<Int, ArithError> {
    let bits = (x.abs().log2() + f64::from(scale) + 1.0).floor().max(0.0) as u32;
    if bits > MAX_BITS {
        return Err(ArithError::Overflow { bits });
    }
    // Of more than 100 bits, those below the first 53 are zero. In two steps, neither of which overflows.
    let rest = bits.saturating_sub(100);
    let up = scale.saturating_sub_unsigned(rest).clamp(-2000, 2000);
    let near = x * 2f64.powi(up / 2) * 2f64.powi(up - up / 2);
    Ok(Int::from(near.round() as i128) << rest)
}

/// The `e` of `|x| = 2^e`, if there is one.
pub(super) fn exponent(x: f64) -> Option<i32> {
    const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = x.abs().to_bits();
    let power = x.is_normal() && bits.trailing_zeros() >= MANTISSA;
    power.then(|| (bits >> MANTISSA) as i32 - (f64::MAX_EXP - 1))
}

/// The least scale at which `x` is whole: `i32::MIN` for zero.
pub(super) fn whole_from(x: f64) -> i32 {
    if x == 0.0 || !x.is_finite() {
        return i32::MIN;
    }
    const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = x.abs().to_bits();
    let (exponent, fraction) = ((bits >> MANTISSA) as i32, bits & ((1 << MANTISSA) - 1));
    // A subnormal has no leading one, and the exponent of the least normal.
    let mantissa = if exponent == 0 { fraction } else { fraction | 1 << MANTISSA };
    let unit = exponent.max(1) - (f64::MAX_EXP - 1) - MANTISSA as i32;
    -(unit + mantissa.trailing_zeros() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_round_to_nearest_and_saturate() {
        assert_eq!(integer(1.0 / 25.0, 8), Int::from(10));
        assert_eq!(integer(-0.3, 4), Int::from(-5));
        assert_eq!(integer(0.001, 2), Int::ZERO);
        assert_eq!(integer(1.0, i32::MIN), Int::ZERO);
        assert_eq!(integer(-1.0, i32::MAX), Int::from(i128::MIN));
    }

    #[test]
    fn wide_constants_are_exact_or_refused() {
        for (x, scale) in [(0.0, 300), (0.3, -2), (0.75, 99), (-3.0, 98), (5.0, 0)] {
            assert_eq!(wide(x, scale), Ok(integer(x, scale)), "{x} at {scale}");
        }
        assert_eq!(wide(0.75, 240), Ok(Int::from(3) << 238));
        assert_eq!(wide(-3.0, 248), Ok(Int::from(-3) << 248));
        assert_eq!(wide(2f64.powi(-1000), 1200), Ok(Int::ONE << 200));
        assert_eq!(wide(2f64.powi(1000), -800), Ok(Int::ONE << 200));
        assert_eq!(wide(1.0, 250), Err(ArithError::Overflow { bits: 251 }));
        assert!(wide(1e300, 10).is_err());
    }

    #[test]
    fn only_powers_of_two_have_an_exponent() {
        assert_eq!(exponent(1.0), Some(0));
        assert_eq!(exponent(-8.0), Some(3));
        assert_eq!(exponent(0.125), Some(-3));
        for x in [0.0, 3.0, 0.1, f64::INFINITY, f64::NAN, f64::MIN_POSITIVE / 4.0] {
            assert_eq!(exponent(x), None, "{x}");
        }
    }

    #[test]
    fn numbers_are_whole_from_their_last_bit_on() {
        for (x, scale) in [(1.0, 0), (-12.0, -2), (0.75, 2), (-127.5, 1), (2f64.powi(-1074), 1074)] {
            assert_eq!(whole_from(x), scale, "{x}");
        }
        assert_eq!(whole_from(0.1), 55);
        assert_eq!(whole_from(0.0), i32::MIN);
    }
}
