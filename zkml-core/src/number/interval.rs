//! Closed intervals of integers: what is known of a wire before any value is.

use serde::{Deserialize, Serialize};

use super::{ArithError, Int, MAX_BITS};

/// Closed interval: all integers from `lo` to `hi`, both included. Both are below `2^250` in magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// The smallest value.
    pub lo: Int,
    /// The largest value.
    pub hi: Int,
}

/// Power of two: `2^k`.
pub fn pow2(k: u32) -> Int {
    Int::ONE << k
}

/// Bit length of a non-negative integer: the least `n` with `x < 2^n`.
pub fn bit_len(x: Int) -> u32 {
    if x <= Int::ZERO { 0 } else { 256 - x.leading_zeros() }
}

impl Interval {
    /// The interval, if both ends are below `2^250` in magnitude.
    ///
    /// # Errors
    /// If one is not.
    pub fn new(lo: Int, hi: Int) -> Result<Self, ArithError> {
        // Not by negation: the least integer is its own negative, and would pass for small.
        let bits = 256 - lo.unsigned_abs().max(hi.unsigned_abs()).leading_zeros();
        if bits > MAX_BITS {
            return Err(ArithError::Overflow { bits });
        }
        Ok(Self { lo, hi })
    }

    /// One value.
    pub fn point(value: Int) -> Self {
        Self { lo: value, hi: value }
    }

    /// Whether there is only one value: then the wire is a constant, and costs nothing.
    pub fn is_point(&self) -> bool {
        self.lo == self.hi
    }

    /// The value, if there is only one.
    pub fn as_point(&self) -> Option<Int> {
        self.is_point().then_some(self.lo)
    }

    /// The largest magnitude.
    pub fn magnitude(&self) -> Int {
        self.hi.max(-self.lo)
    }

    /// The bits of the largest magnitude.
    pub fn bits(&self) -> u32 {
        bit_len(self.magnitude())
    }

    /// Whether a value lies within.
    pub fn contains(&self, value: Int) -> bool {
        self.lo <= value && value <= self.hi
    }

    /// Convex hull: the least interval with all values of both.
    pub fn hull(&self, other: &Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// Interval sum: `{ a + b }`.
    ///
    /// # Errors
    /// If a value may reach `2^250`.
    pub fn add(&self, other: &Self) -> Result<Self, ArithError> {
        Self::new(self.lo + other.lo, self.hi + other.hi)
    }

    /// Interval difference: `{ a - b }`.
    ///
    /// # Errors
    /// If a value may reach `2^250`.
    pub fn sub(&self, other: &Self) -> Result<Self, ArithError> {
        Self::new(self.lo - other.hi, self.hi - other.lo)
    }

    /// Interval product: `{ a * b }`.
    ///
    /// # Errors
    /// If a value may reach `2^250`.
    pub fn mul(&self, other: &Self) -> Result<Self, ArithError> {
        let bits = self.bits() + other.bits();
        if bits <= 126 {
            // Everything fits 128 bits, where products are an order of magnitude cheaper.
            let (a, b) = ((self.lo.as_i128(), self.hi.as_i128()), (other.lo.as_i128(), other.hi.as_i128()));
            let p = [a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1];
            let (lo, hi) = p.iter().fold((p[0], p[0]), |(lo, hi), x| (lo.min(*x), hi.max(*x)));
            return Ok(Self { lo: Int::from(lo), hi: Int::from(hi) });
        }
        if bits > MAX_BITS + 2 {
            return Err(ArithError::Overflow { bits });
        }
        let p = [self.lo * other.lo, self.lo * other.hi, self.hi * other.lo, self.hi * other.hi];
        let (lo, hi) = p.iter().fold((p[0], p[0]), |(lo, hi), x| (lo.min(*x), hi.max(*x)));
        Self::new(lo, hi)
    }
}

/// The integer in 64 bits, if it has at most 48: then products and a million of their sums fit 128 bits.
pub(crate) fn short(x: Int) -> Option<i64> {
    let (high, low) = x.into_words();
    (high == low >> 127 && (low << 80) >> 80 == low).then_some(low as i64)
}

/// `c * x`, quickly where both are short.
#[cfg(feature = "prove")]
pub(crate) fn product(c: Int, x: Int) -> Int {
    match (short(c), short(x)) {
        (Some(c), Some(x)) => Int::from(i128::from(c) * i128::from(x)),
        _ => c.wrapping_mul(x),
    }
}

/// Both ends of an interval, if they are short.
fn short_ends(i: &Interval) -> Option<(i128, i128)> {
    Some((i128::from(short(i.lo)?), i128::from(short(i.hi)?)))
}

/// Interval of a dot product: `sum_i a_i * b_i + bias`.
///
/// # Errors
/// If a value may reach `2^250`.
pub fn dot<'a>(
    terms: impl Iterator<Item = (&'a Interval, &'a Interval)>,
    bias: Option<&Interval>,
) -> Result<Interval, ArithError> {
    let mut sum = bias.copied().unwrap_or(Interval::point(Int::ZERO));
    // A partial sum in 128 bits, flushed before it could overflow.
    let (mut lo, mut hi, mut room) = (0i128, 0i128, 0u32);
    for (a, b) in terms {
        let (Some(a), Some(b)) = (short_ends(a), short_ends(b)) else {
            sum = sum.add(&a.mul(b)?)?;
            continue;
        };
        let (least, most) = if a.0 == a.1 {
            if a.0 < 0 { (a.0 * b.1, a.0 * b.0) } else { (a.0 * b.0, a.0 * b.1) }
        } else {
            let p = [a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1];
            p.iter().fold((p[0], p[0]), |(lo, hi), x| (lo.min(*x), hi.max(*x)))
        };
        lo += least;
        hi += most;
        room += 1;
        if room == 1 << 20 {
            sum = sum.add(&Interval { lo: Int::from(lo), hi: Int::from(hi) })?;
            (lo, hi, room) = (0, 0, 0);
        }
    }
    sum.add(&Interval { lo: Int::from(lo), hi: Int::from(hi) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(x: i64) -> Int {
        Int::from(x)
    }

    #[test]
    fn products_take_the_extreme_corners() {
        let a = Interval { lo: int(-3), hi: int(5) };
        let b = Interval { lo: int(-7), hi: int(2) };
        assert_eq!(a.mul(&b).unwrap(), Interval { lo: int(-35), hi: int(21) });
    }

    #[test]
    fn what_may_reach_the_limit_is_an_error_and_not_a_wrap() {
        let a = Interval { lo: Int::ZERO, hi: pow2(200) };
        assert_eq!(a.mul(&a).unwrap_err(), ArithError::Overflow { bits: 402 });
        let b = Interval { lo: Int::ZERO, hi: pow2(249) };
        assert_eq!(b.add(&b).unwrap_err(), ArithError::Overflow { bits: 251 });
        assert_eq!(Interval::new(-pow2(250), Int::ZERO).unwrap_err(), ArithError::Overflow { bits: 251 });
        assert_eq!(Interval::new(Int::MIN, Int::ZERO).unwrap_err(), ArithError::Overflow { bits: 256 });
    }

    #[test]
    fn short_integers_are_those_of_48_bits() {
        for x in [0, 1, -1, (1 << 47) - 1, -(1 << 47)] {
            assert_eq!(short(int(x)), Some(x));
        }
        for x in [int(1 << 47), int(-(1 << 47) - 1), pow2(130), -pow2(130), pow2(128)] {
            assert_eq!(short(x), None);
        }
    }

    #[cfg(feature = "prove")]
    #[test]
    fn quick_products_are_products() {
        assert_eq!(product(int(-3), pow2(130)), -pow2(130) * 3);
        assert_eq!(product(int(-3), int(1 << 40)), int(-3 << 40));
    }

    #[test]
    fn a_dot_is_the_sum_of_its_products() {
        let i = |lo, hi| Interval { lo, hi };
        let a = [i(int(-3), int(-3)), i(int(2), int(2)), i(int(-3), int(5)), i(-pow2(100), pow2(90))];
        let b = [i(int(-7), int(2)), i(int(1), int(9)), i(int(-7), int(2)), i(int(-1), int(4))];
        let sum = a.iter().zip(&b).map(|(a, b)| a.mul(b).unwrap()).reduce(|x, y| x.add(&y).unwrap()).unwrap();
        assert_eq!(dot(a.iter().zip(&b), None).unwrap(), sum);
    }

    #[test]
    fn bit_lengths() {
        for (x, n) in [(0, 0), (1, 1), (2, 2), (255, 8), (256, 9)] {
            assert_eq!(bit_len(int(x)), n);
        }
    }
}
