//! Euclidean division: `q = floor(a / b)`, for `b >= 1`

use crate::{
    gadget::{
        Card, Cs, Functions, Gadget, One, Two,
        bits::{decompose, range},
        card::signed,
    },
    number::{
        Approximate, ArithError, Cost, Int, Integer, Interval, MAX_BITS, Measure, approximate,
        interval::{bit_len, pow2},
    },
};

/// Euclidean division: `floor(a / b)`.
///
/// # Constraints
/// `bits + 17` for values of so many bits with their sign by `1..=256`. In general, with `n` bits of the quotient's interval
/// and `m` of the largest remainder: `n` for the quotient, one for the product, `m` for the remainder and as many for its
/// distance from the divisor. By a known divisor: `n`, one, and one range check of the remainder. None if the quotient is
/// always the same.
#[derive(Clone, Copy, Debug)]
pub struct Div {
    /// The quotient lies within `-2^w ..= 2^w - 1`, as the caller knows; what is outside has no witness.
    pub within: Option<u32>,
}

impl Gadget for Div {
    const CARD: Card = Card {
        name: "div",
        formula: "q = floor(a / b)",
        constraints: "bits + 17",
        example: |bits| {
            let byte = Interval { lo: Int::ONE, hi: Int::from(256) };
            Div { within: None }.cost((&signed(bits), &byte))
        },
        published: &[],
    };
    type In = Two;
    type Out = One;

    /// A divisor below one counts as one, and a quotient outside `-2^w ..= 2^w - 1` as the nearer end.
    fn eval<T: Integer>(&self, (a, b): (T, T)) -> T {
        let q = floor(a.wide(), b.wide());
        T::of(self.within.map_or(q, |w| q.max(-pow2(w)).min(pow2(w) - Int::ONE)))
    }

    /// # Errors
    /// If the divisor may be below one.
    fn bound(&self, (a, b): (&Interval, &Interval)) -> Result<Interval, ArithError> {
        if b.lo < Int::ONE {
            return Err(ArithError::Domain("a divisor may be below one"));
        }
        let lo = self.eval((a.lo, if a.lo < Int::ZERO { b.lo } else { b.hi }));
        let hi = self.eval((a.hi, if a.hi < Int::ZERO { b.hi } else { b.lo }));
        Interval::new(lo, hi)
    }

    fn error(
        &self,
        (a, b): (&Approximate, &Approximate),
        _: &Interval,
        _: &mut dyn Functions,
    ) -> Result<f64, ArithError> {
        if a.error == 0.0 && b.error == 0.0 {
            return Ok(1.0);
        }
        let least = b.interval.lo.as_f64();
        if least <= b.error {
            return Ok(f64::INFINITY);
        }
        // |a / b - a' / b'| = |a (b' - b) + b (a - a')| / (b b')
        Ok(1.0 + (approximate::term(a.magnitude() / least, b.error) + a.error) / (least - b.error))
    }

    fn intermediate(&self, _: (&Interval, &Interval)) -> Result<u32, ArithError> {
        Ok(self.within.unwrap_or(0))
    }

    /// # Errors
    /// If the divisor may be below one, or a value may outgrow the field.
    fn cost(&self, (a, b): (&Interval, &Interval)) -> Result<Cost, ArithError> {
        let Ok(layout) = Layout::of(a, b, self.within)? else { return Ok(Cost::default()) };
        let quotient = decompose::fresh_cost(layout.bits);
        match b.as_point() {
            Some(c) => Ok(quotient + range::cost(&remainders(c))? + Cost::new(1, 0)),
            None => Ok(quotient + Cost::new(1, 1) + decompose::cost(layout.rest) * 2),
        }
    }

    fn terms(&self, (a, b): (&Measure, &Measure)) -> Result<u32, ArithError> {
        Ok(Layout::of(&a.interval, &b.interval, self.within)?.map_or(0, |layout| layout.bits))
    }

    /// # Soundness
    /// `q` is a number of so many bits over the least quotient, so that `|q * b| < 2^250`: `r = a - q * b` is the same in the field
    /// and as an integer. `0 <= r` and `0 <= b - 1 - r` are range checks, so that `q` and `r` are those of Euclid, which are
    /// unique. That `b >= 1` is known from its interval. With `within`, a quotient outside has no witness: the caller knows that
    /// there is none.
    fn enforce<C: Cs>(&self, cs: &mut C, (a, b): ((&C::W, &Interval), (&C::W, &Interval))) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        let layout = match Layout::of(a.1, b.1, self.within)? {
            Ok(layout) => layout,
            Err(q) => return Ok(cs.constant(q)),
        };
        let value = cs.value(a.0).zip(cs.value(b.0)).map(|(a, b)| floor(a, b) - layout.lo);
        let above = cs.number(layout.bits, value);
        let q = cs.linear(&[(Int::ONE, &above)], layout.lo);
        if let Some(c) = b.1.as_point() {
            let r = cs.linear(&[(Int::ONE, a.0), (-c, &q)], Int::ZERO);
            cs.within(&r, &remainders(c));
            return Ok(q);
        }
        let product = cs.product(&q, b.0);
        let r = cs.linear(&[(Int::ONE, a.0), (-Int::ONE, &product)], Int::ZERO);
        cs.range(&r, layout.rest);
        let distance = cs.linear(&[(Int::ONE, b.0), (-Int::ONE, &r)], -Int::ONE);
        cs.range(&distance, layout.rest);
        Ok(q)
    }
}

fn floor(a: Int, b: Int) -> Int {
    a.div_euclid(b.max(Int::ONE))
}

/// What the circuit looks like for these bounds.
struct Layout {
    /// The quotient lies in `lo .. lo + 2^bits`.
    lo: Int,
    bits: u32,
    /// The remainder has so many bits.
    rest: u32,
}

impl Layout {
    /// The layout, or the quotient if it is always the same.
    fn of(a: &Interval, b: &Interval, within: Option<u32>) -> Result<Result<Self, Int>, ArithError> {
        let q = Div { within: None }.bound((a, b))?;
        // A quotient that may be cut off has exactly the bits of its range, which refuse what lies outside.
        let (lo, bits) = match (q.as_point(), within) {
            (_, Some(w)) if q.lo < -pow2(w) || q.hi >= pow2(w) => (-pow2(w), w + 1),
            (Some(q), _) => return Ok(Err(q)),
            (None, _) => (q.lo, bit_len(q.hi - q.lo)),
        };
        let most = Interval::new(lo, lo + pow2(bits))?;
        let product = most.mul(b)?;
        a.sub(&product)?;
        let rest = decompose::check(bit_len(b.hi - Int::ONE))?;
        if rest > MAX_BITS {
            return Err(ArithError::Overflow { bits: rest });
        }
        Ok(Ok(Self { lo, bits, rest }))
    }
}

/// The values that a remainder by a known divisor takes.
fn remainders(b: Int) -> Interval {
    Interval { lo: Int::ZERO, hi: b - Int::ONE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_go_down() {
        assert_eq!([7i64, -7, 6, -6, 0].map(|a| Div { within: None }.eval((a, 3))), [2, -3, 2, -2, 0]);
        assert_eq!(Div { within: None }.eval((5i64, 0)), 5);
        assert_eq!([-90i64, 90].map(|a| Div { within: Some(3) }.eval((a, 3))), [-8, 7]);
    }

    #[test]
    fn the_interval_is_that_of_all_quotients() {
        let i = |lo: i64, hi: i64| Interval { lo: Int::from(lo), hi: Int::from(hi) };
        for (a, b) in [((-9, 14), (1, 4)), ((3, 20), (2, 7)), ((-20, -3), (2, 7)), ((0, 1), (5, 6))] {
            let all: Vec<i64> =
                (a.0..=a.1).flat_map(|x| (b.0..=b.1).map(move |y| Div { within: None }.eval((x, y)))).collect();
            let expected = i(*all.iter().min().unwrap(), *all.iter().max().unwrap());
            assert_eq!(Div { within: None }.bound((&i(a.0, a.1), &i(b.0, b.1))).unwrap(), expected);
        }
        assert!(Div { within: None }.bound((&i(0, 1), &i(0, 1))).is_err());
    }
}
