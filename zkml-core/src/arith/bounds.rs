//! Interval arithmetic: the reading of exact arithmetic that gives bit widths, and proves that nothing reaches `2^250`.

use super::Arith;
use crate::{
    gadget::{Gadget, Of, Wires},
    number::{ArithError, Int, Interval, interval},
};

/// Interval arithmetic.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    widest: u32,
}

impl Bounds {
    /// Interval arithmetic that has seen no wire.
    pub fn new() -> Self {
        Self::default()
    }

    /// The bits of the largest magnitude seen so far, partial sums included.
    pub fn widest(&self) -> u32 {
        self.widest
    }

    /// A wire of this interval. Inputs and parameters must be seen too: what compares them does no arithmetic.
    pub fn see(&mut self, interval: Interval) -> Interval {
        self.widest = self.widest.max(interval.bits());
        interval
    }
}

impl Arith for Bounds {
    type Wire = Interval;

    fn constant(&mut self, value: Int) -> Interval {
        self.see(Interval::point(value))
    }

    fn dot<'a>(
        &mut self,
        terms: impl Iterator<Item = (&'a Interval, &'a Interval)>,
        bias: Option<&'a Interval>,
    ) -> Result<Interval, ArithError> {
        // Partial sums are bounded by the sum of magnitudes, which may exceed the total's.
        let mut reach = Interval::point(Int::ZERO);
        let total = interval::dot(
            terms.inspect(|(a, b)| {
                if let (Ok(p), true) = (a.mul(b), reach.bits() < interval_limit()) {
                    reach.hi += p.magnitude();
                }
            }),
            bias,
        )?;
        if let Some(bias) = bias {
            reach.hi += bias.magnitude();
        }
        self.see(reach);
        Ok(self.see(total))
    }

    fn linear<'a>(
        &mut self,
        terms: impl Iterator<Item = (Int, &'a Interval)>,
        constant: Int,
    ) -> Result<Interval, ArithError> {
        let mut sum = Interval::point(constant);
        for (c, a) in terms {
            sum = sum.add(&Interval::point(c).mul(a)?)?;
            self.see(sum);
        }
        Ok(self.see(sum))
    }

    fn mul(&mut self, a: &Interval, b: &Interval) -> Result<Interval, ArithError> {
        let p = a.mul(b)?;
        Ok(self.see(p))
    }

    fn apply<'a, G: Gadget>(
        &mut self,
        gadget: &G,
        x: Of<G::In, &'a Interval>,
    ) -> Result<Of<G::Out, Interval>, ArithError>
    where
        Interval: 'a,
    {
        let y = gadget.bound(G::In::map_ref(&x, |x| *x))?;
        self.widest = self.widest.max(gadget.intermediate(x)?);
        Ok(G::Out::map(y, |y| self.see(y)))
    }

    fn settle(&mut self, a: &Interval, _: usize) -> Result<Interval, ArithError> {
        Ok(*a)
    }

    fn enter(&mut self, _: usize) {}
}

/// Above this, a sum of magnitudes is no longer added up: the widest integer is needed anyway.
fn interval_limit() -> u32 {
    200
}
