//! Sign and magnitude: `s = 1 if a >= 0 else -1`, `m = max(|a|, 1)`, so that one may divide by the magnitude

use crate::{
    gadget::{
        Card, Cs, Functions, Gadget, Limb, One, Two,
        bits::{ones_complement, zero},
        card::signed,
    },
    number::{Approximate, ArithError, Cost, Int, Integer, Interval, Measure},
};

/// Sign and magnitude of a divisor: zero counts as one.
///
/// # Constraints
/// `bits + 3` for all values of so many bits with their sign: in general those of the one's complement
/// ([`ones_complement`]), and two more if the value may be zero. None for a known sign.
#[derive(Clone, Copy, Debug)]
pub struct SignMagnitude;

impl Gadget for SignMagnitude {
    const CARD: Card = Card {
        name: "sign_magnitude",
        formula: "s = 1 if a >= 0 else -1, m = max(|a|, 1)",
        constraints: "bits + 3",
        example: |bits| SignMagnitude.cost(&signed(bits)),
        published: &[],
    };
    type In = One;
    type Out = Two;

    fn eval<T: Integer>(&self, a: T) -> (T, T) {
        if a >= T::ZERO { (T::ONE, a.max(T::ONE)) } else { (T::ZERO - T::ONE, T::ZERO - a) }
    }

    fn bound(&self, a: &Interval) -> Result<(Interval, Interval), ArithError> {
        let (first, last) = (self.eval(a.lo), self.eval(a.hi));
        let sign = Interval { lo: first.0, hi: last.0 };
        let least = if a.contains(Int::ZERO) { Int::ONE } else { first.1.min(last.1) };
        Ok((sign, Interval::new(least, first.1.max(last.1))?))
    }

    fn error(
        &self,
        a: &Approximate,
        _: &(Interval, Interval),
        _: &mut dyn Functions,
    ) -> Result<(f64, f64), ArithError> {
        let zero = a.interval.contains(Int::ZERO);
        let sign = if a.is_sure() && !zero { 0.0 } else { 2.0 };
        Ok((sign, a.error + if zero { 1.0 } else { 0.0 }))
    }

    fn intermediate(&self, _: &Interval) -> Result<u32, ArithError> {
        Ok(0)
    }

    /// # Errors
    /// If a value may outgrow the field.
    fn cost(&self, a: &Interval) -> Result<Cost, ArithError> {
        let zero = if a.contains(Int::ZERO) && !a.is_point() { zero::cost() } else { Cost::default() };
        Ok(match self.bound(a)?.0.as_point() {
            Some(_) => zero,
            None => zero + ones_complement::Layout::of(a, 1)?.cost(),
        })
    }

    fn terms(&self, a: &Measure) -> Result<(u32, u32), ArithError> {
        let zero = u32::from(a.interval.contains(Int::ZERO));
        Ok(match self.bound(&a.interval)?.0.as_point() {
            _ if a.interval.is_point() => (0, 0),
            Some(_) => (0, a.terms.saturating_add(zero)),
            None => (1, ones_complement::Layout::of(&a.interval, 1)?.bits + 1 + zero),
        })
    }

    /// # Soundness
    /// The sign and the one's complement are unique ([`ones_complement::enforce`]), and so is whether the value is zero
    /// ([`zero::enforce`]); the rest is linear in them.
    fn enforce<C: Cs>(&self, cs: &mut C, (a, interval): (&C::W, &Interval)) -> Result<(C::W, C::W), ArithError> {
        cs.label(Self::CARD.name);
        if let Some(a) = interval.as_point() {
            let (sign, magnitude) = self.eval(a);
            return Ok((cs.constant(sign), cs.constant(magnitude)));
        }
        let (sign, absolute) = match self.bound(interval)?.0.as_point() {
            Some(sign) => (cs.constant(sign), cs.linear(&[(sign, a)], Int::ZERO)),
            None => {
                let layout = ones_complement::Layout::of(interval, 1)?;
                let parts = ones_complement::enforce(cs, a, &layout, [Limb::Number(layout.bits)]);
                let [u] = &parts.limbs;
                // |a| is u, or u + 1 for a negative one.
                let absolute = cs.linear(&[(Int::ONE, &u[0]), (-Int::ONE, &parts.sign)], Int::ONE);
                (cs.linear(&[(Int::from(2), &parts.sign)], -Int::ONE), absolute)
            }
        };
        if !interval.contains(Int::ZERO) {
            return Ok((sign, absolute));
        }
        let zero = zero::enforce(cs, a);
        Ok((sign, cs.linear(&[(Int::ONE, &absolute), (Int::ONE, &zero)], Int::ZERO)))
    }
}
