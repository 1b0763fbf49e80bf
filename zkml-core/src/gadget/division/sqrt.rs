//! Integer square root: `s = floor(sqrt(a))`, for `a >= least >= 0`

use crate::{
    gadget::{Card, Cs, Functions, Gadget, One, bits::decompose, card::signed},
    number::{
        Approximate, ArithError, Cost, Int, Integer, Interval, Measure,
        interval::{bit_len, pow2},
    },
};

/// Integer square root: `floor(sqrt(a))`.
///
/// # Constraints
/// `bits / 2 + 1 + 2 * (bits / 2 + 1)` for all values from zero on of an even number of bits with their sign. In general,
/// with `n` bits of the root's interval and `m` of twice the largest root: `n + 1` for the root and its square, and `m` each
/// for `a - s^2` and for `(s + 1)^2 - 1 - a`. None if the root is always the same.
#[derive(Clone, Copy, Debug)]
pub struct Sqrt {
    /// The least value, as the caller knows; a smaller one counts as it, or has no witness.
    pub least: Int,
}

impl Gadget for Sqrt {
    const CARD: Card = Card {
        name: "sqrt",
        formula: "s = floor(sqrt(a))",
        constraints: "bits / 2 + 1 + 2 * (bits / 2 + 1)",
        example: |bits| Sqrt { least: Int::ZERO }.cost(&signed(bits)),
        published: &[],
    };
    type In = One;
    type Out = One;

    fn eval<T: Integer>(&self, a: T) -> T {
        T::of(root(a.wide().max(self.least)))
    }

    /// `eval` is monotone.
    ///
    /// # Errors
    /// If the least value is negative.
    fn bound(&self, a: &Interval) -> Result<Interval, ArithError> {
        if self.least < Int::ZERO {
            return Err(ArithError::Domain("what a square root is taken of may be negative"));
        }
        Interval::new(root(a.lo.max(self.least)), root(a.hi.max(self.least)))
    }

    fn error(&self, a: &Approximate, _: &Interval, _: &mut dyn Functions) -> Result<f64, ArithError> {
        if a.error == 0.0 {
            return Ok(1.0);
        }
        // |sqrt a - sqrt a'| = |a - a'| / (sqrt a + sqrt a'), and at most the root of |a - a'|.
        let least = a.interval.lo.max(self.least).as_f64().max(f64::MIN_POSITIVE);
        Ok(1.0 + a.error.sqrt().min(a.error / least.sqrt()))
    }

    fn intermediate(&self, _: &Interval) -> Result<u32, ArithError> {
        Ok(Interval::point(self.least).bits())
    }

    /// # Errors
    /// If the least value is negative.
    fn cost(&self, a: &Interval) -> Result<Cost, ArithError> {
        let Ok(layout) = Layout::of(a, self.least)? else { return Ok(Cost::default()) };
        Ok(decompose::fresh_cost(layout.bits) + Cost::new(1, 1) + decompose::cost(layout.rest) * 2)
    }

    fn terms(&self, a: &Measure) -> Result<u32, ArithError> {
        Ok(Layout::of(&a.interval, self.least)?.map_or(0, |layout| layout.bits))
    }

    /// # Soundness
    /// `s` is a number of so many bits over the least root, which is not negative, so that `s^2 < 2^250` and nothing wraps. The two
    /// range checks say `s^2 <= a <= s^2 + 2 * s`, which holds of one `s >= 0` only. An `a` whose root is below that of the least
    /// has no witness: the caller knows that there is none.
    fn enforce<C: Cs>(&self, cs: &mut C, (a, interval): (&C::W, &Interval)) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        let layout = match Layout::of(interval, self.least)? {
            Ok(layout) => layout,
            Err(s) => return Ok(cs.constant(s)),
        };
        let value = cs.value(a).map(|a| root(a) - layout.lo);
        let above = cs.number(layout.bits, value);
        let s = cs.linear(&[(Int::ONE, &above)], layout.lo);
        let square = cs.product(&s, &s);
        let over = cs.linear(&[(Int::ONE, a), (-Int::ONE, &square)], Int::ZERO);
        cs.range(&over, layout.rest);
        let under = cs.linear(&[(Int::from(2), &s), (-Int::ONE, &over)], Int::ZERO);
        cs.range(&under, layout.rest);
        Ok(s)
    }
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

/// What the circuit looks like for these bounds.
struct Layout {
    /// The root lies in `lo .. lo + 2^bits`.
    lo: Int,
    bits: u32,
    /// `a - s^2` and `2 * s` less that have so many bits.
    rest: u32,
}

impl Layout {
    /// The layout, or the root if it is always the same.
    fn of(a: &Interval, least: Int) -> Result<Result<Self, Int>, ArithError> {
        let s = Sqrt { least }.bound(a)?;
        if let (Some(s), true) = (s.as_point(), a.lo >= least) {
            return Ok(Err(s));
        }
        let bits = bit_len(s.hi - s.lo);
        let most = Interval::new(s.lo, s.lo + pow2(bits))?;
        a.sub(&most.mul(&most)?)?;
        Ok(Ok(Self { lo: s.lo, bits, rest: bit_len(s.hi + s.hi) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_go_down() {
        for a in 0..5000i64 {
            let s = Sqrt { least: Int::ZERO }.eval(a);
            assert!(s * s <= a && a < (s + 1) * (s + 1), "{s} of {a}");
        }
        assert_eq!(Sqrt { least: Int::ZERO }.eval(-3i64), 0);
        assert_eq!(Sqrt { least: Int::from(17) }.eval(3i64), 4);
        assert_eq!(Sqrt { least: Int::ZERO }.eval(pow2(240) - Int::ONE), pow2(120) - Int::ONE);
        assert_eq!(Sqrt { least: Int::ZERO }.eval(pow2(240)), pow2(120));
    }
}
