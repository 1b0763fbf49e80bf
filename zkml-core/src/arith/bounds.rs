//! The reading of exact arithmetic as intervals: bit widths, and the proof that nothing reaches `2^250`.

use super::{Arith, ArithError, Cut, Int, interval, interval::Interval};
use crate::gadget::{self, lack::Lack, piecewise::Piecewise};

/// Exact arithmetic on intervals.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    widest: u32,
}

impl Bounds {
    /// The reading.
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

    fn rescale(&mut self, a: &Interval, cut: Cut) -> Result<Interval, ArithError> {
        self.widest = self.widest.max(cut.shift);
        let y = gadget::rescale::bound(a, cut)?;
        Ok(self.see(y))
    }

    fn relu(&mut self, a: &Interval, cut: Cut) -> Result<Interval, ArithError> {
        self.widest = self.widest.max(cut.shift);
        let y = gadget::relu::bound(a, cut)?;
        Ok(self.see(y))
    }

    fn max(&mut self, a: &Interval, b: &Interval) -> Result<Interval, ArithError> {
        let y = gadget::max::bound(a, b)?;
        Ok(self.see(y))
    }

    fn clip(&mut self, a: &Interval, cut: Cut, lo: Int, hi: Int) -> Result<Interval, ArithError> {
        self.widest = self.widest.max(cut.shift);
        let y = gadget::clip::bound(a, cut, lo, hi)?;
        Ok(self.see(y))
    }

    fn leaky(&mut self, a: &Interval, slope: &Interval, unit: Int, cut: Cut) -> Result<Interval, ArithError> {
        self.widest = self.widest.max(cut.shift);
        let reach = gadget::leaky::reach(a, slope, unit)?;
        self.see(reach);
        self.see(Interval::point(unit));
        let y = gadget::leaky::bound(a, slope, unit, cut)?;
        Ok(self.see(y))
    }

    fn abs(&mut self, a: &Interval, cut: Cut) -> Result<Interval, ArithError> {
        self.widest = self.widest.max(cut.shift);
        let y = gadget::abs::bound(a, cut)?;
        Ok(self.see(y))
    }

    fn sign(&mut self, a: &Interval) -> Result<Interval, ArithError> {
        gadget::sign::bound(a)
    }

    fn non_negative(&mut self, a: &Interval) -> Result<Interval, ArithError> {
        gadget::non_negative::bound(a)
    }

    fn is_zero(&mut self, a: &Interval) -> Result<Interval, ArithError> {
        gadget::is_zero::bound(a)
    }

    fn square(&mut self, a: &Interval) -> Result<Interval, ArithError> {
        let y = gadget::square::bound(a)?;
        Ok(self.see(y))
    }

    fn select(&mut self, condition: &Interval, a: &Interval, b: &Interval) -> Result<Interval, ArithError> {
        let y = gadget::select::bound(condition, a, b)?;
        Ok(self.see(y))
    }

    fn argmax(&mut self, values: &[Interval]) -> Result<Interval, ArithError> {
        gadget::argmax::bound(values)
    }

    fn piecewise(&mut self, a: &Interval, table: &Piecewise) -> Result<Interval, ArithError> {
        self.widest = self.widest.max(table.widest());
        let y = gadget::piecewise::bound(a, table)?;
        Ok(self.see(y))
    }

    fn leading(&mut self, a: &Interval, table: &Piecewise) -> Result<(Interval, Interval), ArithError> {
        self.widest = self.widest.max(table.widest());
        let (exponent, part) = gadget::leading::bound(a, table)?;
        // Mantissas have a bit more than the table's input has below the point.
        self.widest = self.widest.max(table.input().unsigned_abs() + 1);
        Ok((self.see(exponent), self.see(part)))
    }

    fn lack(&mut self, values: &[Interval], table: &Piecewise) -> Result<Lack<Interval>, ArithError> {
        self.widest = self.widest.max(table.widest());
        let lack = gadget::lack::bound(values, table)?;
        for i in gadget::lack::lacks(values).iter().chain(&lack.parts).chain([&lack.sum]) {
            self.see(*i);
        }
        Ok(lack)
    }

    fn divisor(&mut self, a: &Interval) -> Result<(Interval, Interval), ArithError> {
        let (sign, magnitude) = gadget::divisor::bound(a)?;
        Ok((self.see(sign), self.see(magnitude)))
    }

    fn div(&mut self, a: &Interval, b: &Interval, within: Option<u32>) -> Result<Interval, ArithError> {
        self.widest = self.widest.max(within.unwrap_or(0));
        let y = gadget::div::bound(a, b, within)?;
        Ok(self.see(y))
    }

    fn sqrt(&mut self, a: &Interval, least: Int) -> Result<Interval, ArithError> {
        self.see(Interval::point(least));
        let y = gadget::sqrt::bound(a, least)?;
        Ok(self.see(y))
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
