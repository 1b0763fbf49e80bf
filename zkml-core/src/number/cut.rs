//! Rescaling of fixed-point numbers: a rounding right shift, a saturation, and the bits of the decomposition that it takes.

use super::{ArithError, Int, Integer, Interval, MAX_BITS, interval::bit_len};

/// Rescaling of a value to a coarser or smaller one, its *cut*: `clamp(floor((a + 2^(shift-1)) / 2^shift))`.
///
/// Bits are enforced wherever they say more than the value's interval: the decomposition exists only for values
/// within. But for a saturation by lookups, which takes every value: what its bits exclude is beyond its ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Right shift: the number of low bits that are dropped, rounding half up.
    pub shift: u32,
    /// Saturation: values outside `-2^b ..= 2^b - 1` become the nearest end.
    pub saturate: Option<u32>,
    /// Bit width of the decomposition, without its sign: what is decomposed, `a + 2^(shift-1)`, must lie within
    /// `-2^bits ..= 2^bits - 1`; less than `shift` counts as `shift`.
    pub bits: Option<u32>,
}

impl Cut {
    /// A shift and a saturation, of any bits.
    pub fn by(shift: u32, saturate: Option<u32>) -> Self {
        Self { shift, saturate, bits: None }
    }

    /// The value cut down: `clamp(floor((q + 2^(k-1)) / 2^k))`, of any value; whether its bits hold that, [`Cut::admit`] says.
    pub fn apply<T: Integer>(&self, q: T) -> T {
        let y = if self.shift == 0 { q } else { (q + (T::ONE << (self.shift - 1))) >> self.shift };
        match self.saturate {
            Some(b) if b < T::BITS => y.max(T::ZERO - (T::ONE << b)).min((T::ONE << b) - T::ONE),
            _ => y,
        }
    }

    /// The interval of the values of an interval, cut down.
    ///
    /// # Errors
    /// If one may reach `2^250`.
    pub fn image(&self, interval: &Interval) -> Result<Interval, ArithError> {
        Interval::new(self.apply(interval.lo), self.apply(interval.hi))
    }

    /// The bits, if they say anything.
    fn limit(&self) -> Option<u32> {
        self.bits.map(|w| w.max(self.shift)).filter(|w| *w < MAX_BITS)
    }

    /// The bits that are left of the decomposition after the shift, without the sign, if the bits say anything.
    pub(crate) fn quotient_bits(&self) -> Option<u32> {
        self.limit().map(|bits| bits - self.shift)
    }

    /// Whether it changes nothing.
    pub fn is_none(&self) -> bool {
        self.shift == 0 && self.saturate.is_none() && self.limit().is_none()
    }

    /// Only its shift.
    pub fn rounding(&self) -> Self {
        Self { shift: self.shift, ..Self::default() }
    }

    /// Only its saturation.
    pub fn saturation(&self) -> Self {
        Self { saturate: self.saturate, ..Self::default() }
    }

    /// Of any bits.
    pub fn without_bits(&self) -> Self {
        Self { bits: None, ..*self }
    }

    /// `2^(shift-1)`, which makes a floor a rounding.
    pub(crate) fn half(&self) -> Int {
        if self.shift == 0 { Int::ZERO } else { Int::ONE << (self.shift - 1) }
    }

    /// The least and the greatest value that may be cut.
    pub fn ends(&self) -> (Int, Int) {
        let end = Int::ONE << self.limit().unwrap_or(MAX_BITS);
        (-end - self.half(), end - Int::ONE - self.half())
    }

    /// By how much a value lies outside [`Cut::ends`].
    pub fn beyond(&self, value: Int) -> Int {
        let (lo, hi) = self.ends();
        (lo - value).max(value - hi).max(Int::ZERO)
    }

    /// How many bits more it would take to hold a value.
    pub fn missing(&self, value: Int) -> u32 {
        let t = value + self.half();
        let bits = bit_len(t.max(-t - Int::ONE));
        bits.saturating_sub(self.limit().unwrap_or(MAX_BITS))
    }

    /// The value, if it may be cut.
    ///
    /// # Errors
    /// If its bits do not hold it.
    pub fn admit<T: Integer>(&self, value: T) -> Result<T, ArithError> {
        match self.limit() {
            Some(w) if w < T::BITS => {
                let half = if self.shift == 0 { T::ZERO } else { T::ONE << (self.shift - 1) };
                let held = (value + half) >> w;
                if held == T::ZERO || held == T::ZERO - T::ONE {
                    return Ok(value);
                }
                Err(ArithError::Beyond { value: value.wide(), cut: *self })
            }
            _ => Ok(value),
        }
    }

    /// What of an interval may be cut.
    ///
    /// # Errors
    /// If nothing may be.
    pub fn narrow(&self, interval: &Interval) -> Result<Interval, ArithError> {
        if self.limit().is_none() {
            return Ok(*interval);
        }
        let (least, most) = self.ends();
        let narrowed = Interval { lo: interval.lo.max(least), hi: interval.hi.min(most) };
        if narrowed.lo > narrowed.hi {
            let value = if interval.lo > most { interval.lo } else { interval.hi };
            return Err(ArithError::Beyond { value, cut: *self });
        }
        Ok(narrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_half_up_and_clamps() {
        assert_eq!(Cut::by(1, None).apply(5i64), 3);
        assert_eq!(Cut::by(1, None).apply(-5i64), -2);
        assert_eq!(Cut::by(2, None).apply(-6i64), -1);
        assert_eq!(Cut::by(2, None).apply(-7i64), -2);
        assert_eq!(Cut::by(2, Some(4)).apply(1000i64), 15);
        assert_eq!(Cut::by(2, Some(4)).apply(-1000i64), -16);
    }

    #[test]
    fn the_three_integers_agree() {
        for q in -300i64..300 {
            for k in 0..6 {
                for s in [None, Some(2), Some(5)] {
                    let cut = Cut::by(k, s);
                    let y = cut.apply(q);
                    assert_eq!(cut.apply(i128::from(q)), i128::from(y));
                    assert_eq!(cut.apply(Int::from(q)), Int::from(y));
                }
            }
        }
    }
}
