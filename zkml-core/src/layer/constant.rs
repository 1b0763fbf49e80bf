//! Floating-point constants: the scale from which on they are exact. Their integers are [`Fixed`](crate::arith::fixed::Fixed).

/// Exponent of a power of two: the `e` of `|x| = 2^e`, if there is one.
pub(super) fn exponent(x: f64) -> Option<i32> {
    const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = x.abs().to_bits();
    let power = x.is_normal() && bits.trailing_zeros() >= MANTISSA;
    power.then(|| (bits >> MANTISSA) as i32 - (f64::MAX_EXP - 1))
}

/// Least scale at which `x` is a whole number; `i32::MIN` for zero.
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
