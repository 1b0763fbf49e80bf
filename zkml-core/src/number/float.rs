//! Mantissa and exponent, `x = m * 2^e`: what a circuit takes from a float, decided by its bits alone.
//!
//! The logarithms, exponentials and powers of floats differ between machines, and a circuit is named by its graph and plan: so no
//! integer of a circuit is decided by one. Sums, products, quotients, square roots and roundings of floats are the same everywhere
//! (IEEE 754).

use super::{
    ArithError, Int, MAX_BITS,
    interval::{bit_len, pow2},
};

/// The bits after the leading one.
const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;

/// The exponent of the least bit of a subnormal float.
const LEAST: i32 = f64::MIN_EXP - f64::MANTISSA_DIGITS as i32;

/// Mantissa and exponent: `(m, e)` with `x = m * 2^e`, exactly, and `|m| < 2^53`; none of what is not finite.
pub fn parts(x: f64) -> Option<(i64, i32)> {
    if !x.is_finite() {
        return None;
    }
    let bits = x.abs().to_bits();
    let (exponent, fraction) = ((bits >> FRACTION) as i32, (bits & ((1 << FRACTION) - 1)) as i64);
    // A subnormal has no leading one, and the exponent of the least normal.
    let mantissa = if exponent == 0 { fraction } else { fraction | 1 << FRACTION };
    Some((if x < 0.0 { -mantissa } else { mantissa }, exponent.max(1) - 1 + LEAST))
}

/// Power of two: `2^e`, exactly: zero below `2^-1074`, infinite from `2^1024` on.
///
/// ```
/// # use zkml_core::number::float::exp2;
/// assert_eq!((exp2(-3), exp2(10), exp2(-1074)), (0.125, 1024.0, f64::from_bits(1)));
/// ```
pub fn exp2(e: i32) -> f64 {
    match e {
        f64::MAX_EXP.. => f64::INFINITY,
        // The exponent of a normal one, from 1 on.
        -1022.. => f64::from_bits(u64::from((e - LEAST - FRACTION as i32 + 1).unsigned_abs()) << FRACTION),
        LEAST.. => f64::from_bits(1 << (e - LEAST)),
        _ => 0.0,
    }
}

/// `floor(log2(x))`, of an integer above zero.
pub fn floor_log2(x: Int) -> Option<i32> {
    (x > Int::ZERO).then(|| bit_len(x) as i32 - 1)
}

/// `ceil(log2(n))`; zero for zero.
pub fn ceil_log2(n: usize) -> u32 {
    usize::BITS - n.saturating_sub(1).leading_zeros()
}

/// `floor(log2(|x|))`, of a float that is finite and not zero.
pub fn floor_log2_of(x: f64) -> Option<i32> {
    let (m, e) = parts(x)?;
    Some(floor_log2(Int::from(m.unsigned_abs()))? + e)
}

/// `ceil(log2(|x|))`, of a float that is finite and not zero.
pub fn ceil_log2_of(x: f64) -> Option<i32> {
    let floor = floor_log2_of(x)?;
    Some(if x.abs() == exp2(floor) { floor } else { floor + 1 })
}

/// Rounding mode: how what lies between two integers becomes one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// To the one below.
    Down,
    /// To the nearest, halves away from zero.
    Nearest,
    /// To the nearest, halves to the even one.
    Even,
}

/// Scaled and rounded once: `x * 2^scale` as an integer, and how far that is from it, in units of the integer.
///
/// # Errors
/// If `x` is not finite, or the integer may reach `2^250`.
pub fn rounded(x: f64, scale: i32, round: Round) -> Result<(Int, f64), ArithError> {
    let (m, e) = parts(x).ok_or(ArithError::Domain("a constant is not finite"))?;
    let (m, e) = (Int::from(m), e.saturating_add(scale));
    if m == Int::ZERO {
        return Ok((m, 0.0));
    }
    if e >= 0 {
        let bits = bit_len(m.abs()).saturating_add(e.unsigned_abs());
        return if bits > MAX_BITS { Err(ArithError::Overflow { bits }) } else { Ok((m << e.unsigned_abs(), 0.0)) };
    }
    // Of 53 bits, all are below the half after 54.
    let shift = e.unsigned_abs().min(60);
    let (below, rest) = (m >> shift, m & (pow2(shift) - Int::ONE));
    let up = match (round, rest.cmp(&pow2(shift - 1))) {
        (Round::Down, _) | (_, std::cmp::Ordering::Less) => false,
        (_, std::cmp::Ordering::Greater) => true,
        (Round::Nearest, std::cmp::Ordering::Equal) => m > Int::ZERO,
        (Round::Even, std::cmp::Ordering::Equal) => below & Int::ONE == Int::ONE,
    };
    let integer = if up { below + Int::ONE } else { below };
    let error = if integer == Int::ZERO {
        m.abs().as_f64() * exp2(e.max(-1000))
    } else {
        (m - (integer << shift)).abs().as_f64() / exp2(shift as i32)
    };
    Ok((integer, error))
}

/// As [`rounded`], without its error; what reaches `2^250` becomes `2^250` of its sign, and what is no number `-2^250`.
///
/// ```
/// # use zkml_core::number::{Int, float::{Round, integer}};
/// assert_eq!(integer(-0.3, 4, Round::Nearest), Int::new(-5));
/// assert_eq!(integer(2.5, 0, Round::Even), Int::new(2));
/// assert_eq!(integer(0.75, 200, Round::Down), Int::new(3) << 198);
/// ```
pub fn integer(x: f64, scale: i32, round: Round) -> Int {
    let end = || if x > 0.0 { pow2(MAX_BITS) } else { -pow2(MAX_BITS) };
    rounded(x, scale, round).map_or_else(|_| end(), |(integer, _)| integer)
}

/// Exponent of a power of two: the `e` of `|x| = 2^e`, of a normal float, if there is one.
pub fn exponent(x: f64) -> Option<i32> {
    let (m, e) = parts(x).filter(|(m, _)| x.is_normal() && m.unsigned_abs().is_power_of_two())?;
    Some(e + m.trailing_zeros() as i32)
}

/// Fraction bits: the least scale at which `x` is whole; `i32::MIN` for zero, and for what is not finite.
pub fn whole_from(x: f64) -> i32 {
    parts(x).filter(|(m, _)| *m != 0).map_or(i32::MIN, |(m, e)| -(e + m.trailing_zeros() as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: [f64; 12] =
        [1.0, 0.1, -0.3, 2.5, -2.5, 3.5, 1e-300, -1e300, f64::MAX, f64::MIN_POSITIVE, 5e-324, 0.999_999_999_999_999_9];

    #[test]
    fn parts_make_the_float_again() {
        for x in SOME {
            let (m, e) = parts(x).unwrap();
            // In two steps, of which the first is exact.
            assert_eq!(m as f64 * exp2(e / 2) * exp2(e - e / 2), x, "{x}");
        }
        assert_eq!((parts(0.0).unwrap().0, parts(-0.0).unwrap().0), (0, 0));
        assert!(parts(f64::NAN).is_none() && parts(f64::NEG_INFINITY).is_none());
    }

    #[test]
    fn powers_of_two_are_exact_down_to_the_least() {
        assert_eq!((exp2(1024), exp2(-1075), exp2(i32::MAX), exp2(i32::MIN)), (f64::INFINITY, 0.0, f64::INFINITY, 0.0));
        assert_eq!((exp2(-1022), exp2(0), exp2(1023)), (f64::MIN_POSITIVE, 1.0, f64::MAX / 2.0 + exp2(969)));
        for e in -1073..1024 {
            assert_eq!(exp2(e), 2.0 * exp2(e - 1), "{e}");
        }
    }

    #[test]
    fn logarithms_are_between_powers() {
        for x in SOME {
            let (floor, ceil) = (floor_log2_of(x).unwrap(), ceil_log2_of(x).unwrap());
            assert!(exp2(floor) <= x.abs() && x.abs() < exp2(floor + 1), "{x}");
            assert!(exp2(ceil - 1) < x.abs() && x.abs() <= exp2(ceil), "{x}");
        }
        assert_eq!((floor_log2_of(0.0), ceil_log2_of(f64::INFINITY), floor_log2(Int::ZERO)), (None, None, None));
        assert_eq!([0, 1, 2, 3, 4, 5, 1 << 40].map(ceil_log2), [0, 0, 1, 2, 2, 3, 40]);
        assert_eq!(floor_log2(pow2(200) - Int::ONE), Some(199));
    }

    #[test]
    fn integers_are_rounded_once() {
        let cases = [
            (2.5, 0, [2, 3, 2]),
            (3.5, 0, [3, 4, 4]),
            (-2.5, 0, [-3, -3, -2]),
            (-0.5, 0, [-1, -1, 0]),
            (0.3, 4, [4, 5, 5]),
            (-0.3, 4, [-5, -5, -5]),
            (5e-324, 0, [0, 0, 0]),
            (-5e-324, 0, [-1, 0, 0]),
            (5e-324, 1074, [1, 1, 1]),
            (1.0, -1, [0, 1, 0]),
            (1.0, i32::MIN, [0, 0, 0]),
            (0.0, i32::MAX, [0, 0, 0]),
        ];
        for (x, scale, expected) in cases {
            let found = [Round::Down, Round::Nearest, Round::Even].map(|round| integer(x, scale, round));
            assert_eq!(found, expected.map(Int::new), "{x} at {scale}");
        }
        assert_eq!(integer(0.75, 250, Round::Even), Int::new(3) << 248u32);
        assert_eq!(integer(f64::NAN, 0, Round::Nearest), -pow2(250));
        for (x, scale) in [(1.0, 251), (f64::INFINITY, 0), (1e300, 0), (5e-324, i32::MAX)] {
            assert_eq!(integer(x, scale, Round::Nearest), pow2(250), "{x} at {scale}");
            assert_eq!(integer(-x, scale, Round::Nearest), -pow2(250), "-{x} at {scale}");
        }
    }

    /// Where floats do not overflow, the float formula says the same.
    #[test]
    fn integers_are_those_of_floats() {
        for (i, x) in (0..4000).map(|i| (i, f64::from(i - 2000) * 0.37 + f64::from(i % 7) / 8.0)) {
            let scale = i % 29 - 12;
            let scaled = x * exp2(scale);
            assert_eq!(integer(x, scale, Round::Nearest), Int::from(scaled.round() as i64));
            assert_eq!(integer(x, scale, Round::Even), Int::from(scaled.round_ties_even() as i64));
            assert_eq!(integer(x, scale, Round::Down), Int::from(scaled.floor() as i64));
        }
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
        for (x, scale) in [(1.0, 0), (-12.0, -2), (0.75, 2), (-127.5, 1), (exp2(-1074), 1074)] {
            assert_eq!(whole_from(x), scale, "{x}");
        }
        assert_eq!(whole_from(0.1), 55);
        assert_eq!(whole_from(0.0), i32::MIN);
    }
}
