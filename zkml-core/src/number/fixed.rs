//! Fixed-point constants: the integers that stand for the real numbers of a formula.

use super::{
    ArithError, Cut, Int, MAX_BITS,
    float::{self, Round},
    interval::pow2,
};

/// Fixed-point constant: `q = round(x * 2^scale)`, halves away from zero, and how far that is from `x * 2^scale`.
///
/// The only ways to one are [`Fixed::new`], which rounds exactly or refuses, and an integer, which stands for itself: no
/// constant wraps or becomes the nearest end of a machine integer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fixed {
    integer: Int,
    error: f64,
}

impl Fixed {
    /// Zero.
    pub const ZERO: Self = Self { integer: Int::ZERO, error: 0.0 };
    /// One, at scale zero.
    pub const ONE: Self = Self { integer: Int::ONE, error: 0.0 };

    /// `round(x * 2^scale)`, halves away from zero, by integer arithmetic alone: the same on every machine.
    ///
    /// # Errors
    /// If `x` is not finite, or the integer may reach `2^250`.
    pub fn new(x: f64, scale: i32) -> Result<Self, ArithError> {
        float::rounded(x, scale, Round::Nearest).map(|(integer, error)| Self { integer, error })
    }

    /// `floor(x * 2^scale)`: the largest integer that stands for no more than `x`.
    ///
    /// # Errors
    /// As [`Fixed::new`].
    pub fn floor(x: f64, scale: i32) -> Result<Int, ArithError> {
        float::rounded(x, scale, Round::Down).map(|(integer, _)| integer)
    }

    /// The integer.
    pub fn integer(&self) -> Int {
        self.integer
    }

    /// The distance from `x * 2^scale`, in units of the integer; zero where it is exact.
    pub fn error(&self) -> f64 {
        self.error
    }

    /// The constant, or `least` if it is smaller.
    #[must_use]
    pub fn at_least(self, least: Int) -> Self {
        let raised = (least - self.integer).max(Int::ZERO);
        Self { integer: self.integer + raised, error: self.error + raised.as_f64() }
    }

    /// The lower end of what is cut down; without one, that of the field.
    pub fn lower_end(end: Option<Self>, cut: Cut) -> Self {
        end.unwrap_or((-pow2(MAX_BITS)).into()).cut(cut)
    }

    /// The upper end of what is cut down; without one, that of the field.
    pub fn upper_end(end: Option<Self>, cut: Cut) -> Self {
        end.unwrap_or(pow2(MAX_BITS).into()).cut(cut)
    }

    /// The constant cut down as a wire is.
    #[must_use]
    pub fn cut(self, cut: Cut) -> Self {
        let unsaturated = cut.rounding().apply(self.integer);
        let integer = cut.apply(self.integer);
        let dropped = (integer << cut.shift) - self.integer;
        let rounding = if integer == unsaturated && dropped == Int::ZERO {
            0.0
        } else if integer == unsaturated {
            0.5
        } else {
            0.5 + (integer - unsaturated).as_f64().abs()
        };
        Self { integer, error: self.error / float::exp2(cut.shift.min(1000) as i32) + rounding }
    }
}

impl From<Int> for Fixed {
    fn from(integer: Int) -> Self {
        Self { integer, error: 0.0 }
    }
}

impl std::ops::Neg for Fixed {
    type Output = Self;
    fn neg(self) -> Self {
        Self { integer: -self.integer, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_round_to_nearest_halves_away_from_zero() {
        for (x, scale, expected, error) in [
            (1.0 / 25.0, 8, 10, 0.24),
            (-0.3, 4, -5, 0.2),
            (0.3, 8, 77, 0.2),
            (0.001, 2, 0, 0.004),
            (2.5, 0, 3, 0.5),
            (-2.5, 0, -3, 0.5),
            (6.0, -2, 2, 0.5),
            (-7.0, 0, -7, 0.0),
            (0.0, i32::MAX, 0, 0.0),
        ] {
            let c = Fixed::new(x, scale).unwrap();
            assert_eq!(c.integer(), Int::from(expected), "{x} at {scale}");
            assert!((c.error() - error).abs() < 1e-9, "{x} at {scale}: {}", c.error());
        }
        assert_eq!(Fixed::new(1.0, i32::MIN).unwrap().integer(), Int::ZERO);
    }

    #[test]
    fn constants_are_exact_or_refused() {
        let exact = |x, scale| Fixed::new(x, scale).map(|c| (c.integer(), c.error()));
        assert_eq!(exact(0.75, 240), Ok((Int::from(3) << 238, 0.0)));
        assert_eq!(exact(-3.0, 248), Ok((Int::from(-3) << 248, 0.0)));
        assert_eq!(exact(2f64.powi(-1000), 1200), Ok((Int::ONE << 200, 0.0)));
        assert_eq!(exact(2f64.powi(1000), -800), Ok((Int::ONE << 200, 0.0)));
        // 0.3 has 54 bits behind the point: at scale 200 nothing is rounded, and nothing saturates.
        let (q, error) = exact(0.3, 200).unwrap();
        assert_eq!((q >> 146u32, error), (Int::from(5_404_319_552_844_595i64), 0.0));
        assert_eq!(exact(1.0, 250), Err(ArithError::Overflow { bits: 251 }));
        for (x, scale) in [(1e300, 10), (1.0, i32::MAX), (-1.0, 300)] {
            assert!(matches!(exact(x, scale), Err(ArithError::Overflow { .. })), "{x} at {scale}");
        }
        for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(matches!(Fixed::new(x, 0), Err(ArithError::Domain(_))));
        }
    }

    #[test]
    fn it_is_what_floats_give_where_they_are_exact() {
        let mut x = 1u64;
        for i in 0..20_000 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = (x >> 11) as f64 * 2f64.powi((x % 97) as i32 - 60) * if i % 2 == 0 { 1.0 } else { -1.0 };
            let scale = (x >> 20) as i32 % 40 - 10;
            let scaled = value * 2f64.powi(scale);
            if scaled.abs() < 2f64.powi(100) {
                let c = Fixed::new(value, scale).unwrap();
                assert_eq!(c.integer(), Int::from(scaled.round() as i128), "{value} at {scale}");
                assert!(c.error() >= (scaled - scaled.round()).abs() && c.error() <= 0.5);
            }
        }
    }

    #[test]
    fn the_floor_is_exact() {
        for (x, scale, expected) in [
            (0.3, 4, 4),
            (-0.3, 4, -5),
            (2.5, 0, 2),
            (-2.5, 0, -3),
            (3.0, 0, 3),
            (-1e-300, 0, -1),
            (1e-300, 0, 0),
            (0.75, 1, 1),
            (-0.75, 1, -2),
        ] {
            assert_eq!(Fixed::floor(x, scale), Ok(Int::from(expected)), "{x} at {scale}");
        }
        assert!(Fixed::floor(1.0, 250).is_err());
    }

    #[test]
    fn a_constant_is_cut_as_a_wire_is() {
        let cut = |shift, saturate| Fixed::new(13.0, 0).unwrap().cut(Cut::by(shift, saturate));
        assert_eq!((cut(0, None).integer(), cut(0, None).error()), (Int::from(13), 0.0));
        assert_eq!((cut(2, None).integer(), cut(2, None).error()), (Int::from(3), 0.5));
        assert_eq!((cut(0, Some(3)).integer(), cut(0, Some(3)).error()), (Int::from(7), 6.5));
    }
}
