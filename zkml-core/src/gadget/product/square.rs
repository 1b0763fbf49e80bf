//! Square: `y = a^2`

use crate::gadget::{Card, Cs, Functions, Gadget, One, card::signed};
use crate::number::{Approximate, ArithError, Cost, Int, Integer, Interval, Measure, approximate};

/// Square: `a^2`.
///
/// # Constraints
/// `1`; none for a bit and for a constant.
#[derive(Clone, Copy, Debug)]
pub struct Square;

impl Gadget for Square {
    const CARD: Card = Card {
        name: "square",
        formula: "y = a^2",
        constraints: "1",
        example: |bits| Square.cost(&signed(bits)),
        published: &[],
    };
    type In = One;
    type Out = One;

    fn eval<T: Integer>(&self, a: T) -> T {
        a * a
    }

    /// Never negative, unlike the interval of a product.
    ///
    /// # Errors
    /// If a value may reach `2^250`.
    fn bound(&self, a: &Interval) -> Result<Interval, ArithError> {
        let ends = a.mul(a)?.hi;
        let nearest = if a.contains(Int::ZERO) { Int::ZERO } else { a.lo.max(-a.hi) };
        Interval::new(nearest * nearest, ends)
    }

    fn error(&self, a: &Approximate, _: &Interval, _: &mut dyn Functions) -> Result<f64, ArithError> {
        Ok(approximate::product(a, a))
    }

    fn intermediate(&self, _: &Interval) -> Result<u32, ArithError> {
        Ok(0)
    }

    /// # Errors
    /// Never.
    fn cost(&self, a: &Interval) -> Result<Cost, ArithError> {
        Ok(if linear(a).is_some() { Cost::default() } else { Cost::new(1, 1) })
    }

    fn terms(&self, a: &Measure) -> Result<u32, ArithError> {
        Ok(if linear(&a.interval).is_some() { a.terms } else { 1 })
    }

    /// # Soundness
    /// The product is enforced by its own constraint; for a bit, which its interval says it is, it is the bit.
    fn enforce<C: Cs>(&self, cs: &mut C, (a, interval): (&C::W, &Interval)) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        Ok(match linear(interval) {
            Some(c) => cs.linear(&[(c, a)], Int::ZERO),
            None => cs.product(a, a),
        })
    }
}

/// The `c` with `a^2 = c * a`, if the interval has only `0` and one of `1` and `-1`, or one value.
fn linear(a: &Interval) -> Option<Int> {
    match (a.lo, a.hi) {
        (lo, hi) if lo == hi => Some(lo),
        (lo, hi) if lo == Int::ZERO && hi == Int::ONE => Some(Int::ONE),
        (lo, hi) if lo == -Int::ONE && hi == Int::ZERO => Some(-Int::ONE),
        _ => None,
    }
}
