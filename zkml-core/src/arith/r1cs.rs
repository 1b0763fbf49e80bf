//! The reading of exact arithmetic as rank-one constraints, or as their witness.
//!
//! [`R1cs`] is one body over three constraint systems ([`Cs`]): [`Build`] records constraints, [`Assign`] computes the
//! values of their variables, in the same order, and [`Tally`] counts both. So proving never builds a matrix, and nothing is
//! built that was not counted.

mod assign;
mod build;
mod tally;

use ark_bn254::Fr;

pub use self::{
    assign::Assign,
    build::{Build, Label, Lc},
    tally::Tally,
};
use super::{
    Arith, ArithError, Cut, Int,
    counts::{Counts, Measure, settles},
    interval::{self, Interval},
};
use crate::gadget::{
    self, Cs,
    lack::Lack,
    piecewise::Piecewise,
    winograd::{Grid, Tiling},
};
pub use crate::prove::public::to_field;

/// What a constraint system must offer beyond gadgets on integers: public inputs, and arithmetic on whole field
/// elements, which hashing needs.
pub trait FieldCs: Cs {
    /// A linear combination over the field, or its value.
    type F: Clone + 'static;

    /// A new public input.
    fn instance(&mut self, value: Option<Int>) -> Self::W;

    /// An integer as a field element.
    fn lift(&mut self, w: &Self::W) -> Self::F;

    /// `sum_i c_i * f_i + constant`.
    fn field_linear(&mut self, terms: &[(Fr, &Self::F)], constant: Fr) -> Self::F;

    /// A new witness variable that is the product.
    fn field_product(&mut self, a: &Self::F, b: &Self::F) -> Self::F;

    /// A new witness variable with this value, where there are values.
    fn field_witness(&mut self, value: Option<Fr>) -> Self::F;

    /// A new public input that equals `f`: one constraint.
    fn field_output(&mut self, f: &Self::F);
}

/// A wire of the circuit: what is known of it, and its linear combination or value.
#[derive(Clone, Debug)]
pub struct Wire<W> {
    /// Its interval, which the circuit enforces, and its width.
    pub measure: Measure,
    /// Its linear combination, or value.
    pub w: W,
}

/// Exact arithmetic as constraints, over [`Build`], [`Assign`] or [`Tally`].
#[derive(Debug)]
pub struct R1cs<C> {
    /// The constraint system.
    pub cs: C,
    node: usize,
}

/// What the two constraint systems do differently in a sum of many terms, where a call a term would be too slow.
pub trait Accumulate: FieldCs {
    /// Adds `c * w` to the running sum.
    fn accumulate(&mut self, sum: &mut Int, c: Int, w: &Self::W);
    /// Adds a constant to the running sum.
    fn accumulate_constant(&mut self, sum: &mut Int, c: Int);
    /// A product that may be part of a running sum.
    fn deferred(&mut self, a: &Self::W, b: &Self::W) -> Self::W;
    /// `sum_i c_i * w_i` over the field, which is this integer where there are values.
    fn combine(&mut self, terms: &[(Fr, &Self::W)], value: Int) -> Self::W;
    /// Ends the running sum.
    fn close(&mut self, sum: Int) -> Self::W;
    /// Says which node comes next.
    fn at(&mut self, node: usize);
}

impl<C: Accumulate> R1cs<C> {
    /// The reading over this constraint system.
    pub fn new(cs: C) -> Self {
        Self { cs, node: 0 }
    }

    /// A wire that lies within the interval because a gadget enforces it: bits of its own.
    ///
    /// # Errors
    /// If the interval is too wide to be checked.
    pub fn allocate(&mut self, interval: &Interval, value: Option<Int>) -> Result<Wire<C::W>, ArithError> {
        gadget::range::cost(interval)?;
        self.cs.label("range");
        let w = gadget::range::allocate(&mut self.cs, interval, value);
        let width = interval::bit_len(interval.hi - interval.lo);
        Ok(Wire { measure: Measure { interval: *interval, width }, w })
    }

    /// A public input, range-checked in the circuit.
    ///
    /// # Errors
    /// If the interval is too wide to be checked.
    pub fn instance(&mut self, interval: &Interval, value: Option<Int>) -> Result<Wire<C::W>, ArithError> {
        gadget::range::cost(interval)?;
        self.cs.label("range");
        let w = self.cs.instance(value);
        gadget::range::enforce(&mut self.cs, &w, interval);
        Ok(Wire { measure: Measure { interval: *interval, width: 1 }, w })
    }

    /// Makes a wire a public input: one constraint.
    pub fn publish(&mut self, wire: &Wire<C::W>) {
        self.cs.label("output");
        let f = self.cs.lift(&wire.w);
        self.cs.field_output(&f);
    }

    fn wire(&self, interval: Interval, width: u32, w: C::W) -> Wire<C::W> {
        Wire { measure: Measure { interval, width }, w }
    }
}

impl<C: Accumulate> Arith for R1cs<C> {
    type Wire = Wire<C::W>;

    fn constant(&mut self, value: Int) -> Self::Wire {
        let w = self.cs.constant(value);
        self.wire(Interval::point(value), 0, w)
    }

    fn dot<'a>(
        &mut self,
        terms: impl Iterator<Item = (&'a Self::Wire, &'a Self::Wire)>,
        bias: Option<&'a Self::Wire>,
    ) -> Result<Self::Wire, ArithError>
    where
        Self::Wire: 'a,
    {
        self.cs.label("product");
        let mut width = 0u32;
        let mut sum = Int::ZERO;
        let mut rest = Int::ZERO;
        let cs = &mut self.cs;
        let interval = interval::dot(
            terms.map(|(a, b)| {
                let (ia, ib) = (&a.measure.interval, &b.measure.interval);
                match (ia.as_point(), ib.as_point()) {
                    (Some(x), Some(y)) => rest = rest.wrapping_add(x.wrapping_mul(y)),
                    (Some(c), None) => {
                        if c != Int::ZERO {
                            width = width.saturating_add(b.measure.width);
                            cs.accumulate(&mut sum, c, &b.w);
                        }
                    }
                    (None, Some(c)) => {
                        if c != Int::ZERO {
                            width = width.saturating_add(a.measure.width);
                            cs.accumulate(&mut sum, c, &a.w);
                        }
                    }
                    (None, None) => {
                        width = width.saturating_add(1);
                        // The larger factor goes to the A side: the B side costs a multiplication in G2 too.
                        let p = if ia.bits() >= ib.bits() { cs.deferred(&a.w, &b.w) } else { cs.deferred(&b.w, &a.w) };
                        cs.accumulate(&mut sum, Int::ONE, &p);
                    }
                }
                (ia, ib)
            }),
            bias.map(|b| &b.measure.interval),
        )?;
        if let Some(bias) = bias {
            match bias.measure.interval.as_point() {
                Some(c) => rest = rest.wrapping_add(c),
                None => {
                    width = width.saturating_add(bias.measure.width);
                    cs.accumulate(&mut sum, Int::ONE, &bias.w);
                }
            }
        }
        if rest != Int::ZERO {
            cs.accumulate_constant(&mut sum, rest);
        }
        let w = self.cs.close(sum);
        Ok(self.wire(interval, width, w))
    }

    fn convolve(
        &mut self,
        grid: &Grid,
        x: &[Self::Wire],
        w: &[Self::Wire],
        bias: &[Self::Wire],
    ) -> Result<Vec<Self::Wire>, ArithError> {
        let measures = |wires: &[Self::Wire]| -> Vec<Measure> { wires.iter().map(|w| w.measure).collect() };
        let [mx, mw, mb] = [x, w, bias].map(measures);
        let Some(tiling) = Tiling::of(grid, mx.iter(), mw.iter()) else { return grid.direct(self, x, w, bias) };
        let found = Counts::new().convolve(grid, &mx, &mw, &mb)?;
        fn wires<W>(all: &[Wire<W>]) -> Vec<&W> {
            all.iter().map(|wire| &wire.w).collect()
        }
        let (x, w, bias) = (wires(x), wires(w), wires(bias));
        let y = gadget::winograd::enforce(&mut self.cs, grid, &tiling, (&x, &w), &bias);
        Ok(y.into_iter().zip(found).map(|(w, measure)| Wire { measure, w }).collect())
    }

    fn matmul(
        &mut self,
        rows: &[Vec<&Self::Wire>],
        columns: &[Vec<&Self::Wire>],
    ) -> Result<Vec<Self::Wire>, ArithError> {
        if !gadget::matrix::pays(rows, columns, |wire| &wire.measure) {
            return gadget::matrix::direct(self, rows, columns);
        }
        let mut sums = Vec::with_capacity(rows.len() * columns.len());
        for w in rows {
            for x in columns {
                let terms = w.iter().zip(x).map(|(w, x)| (&w.measure.interval, &x.measure.interval));
                sums.push(interval::dot(terms, None)?);
            }
        }
        let [rows, columns] = [rows, columns].map(|vectors| -> Vec<Vec<C::W>> {
            vectors.iter().map(|v| v.iter().map(|wire| wire.w.clone()).collect()).collect()
        });
        let found = gadget::matrix::enforce(&mut self.cs, &rows, &columns).into_iter().flatten();
        Ok(found.zip(sums).map(|(w, interval)| self.wire(interval, 1, w)).collect())
    }

    fn linear<'a>(
        &mut self,
        terms: impl Iterator<Item = (Int, &'a Self::Wire)>,
        constant: Int,
    ) -> Result<Self::Wire, ArithError>
    where
        Self::Wire: 'a,
    {
        let mut interval = Interval::point(constant);
        let mut width = 0u32;
        let mut parts = Vec::new();
        for (c, a) in terms {
            interval = interval.add(&Interval::point(c).mul(&a.measure.interval)?)?;
            if c != Int::ZERO {
                width = width.saturating_add(a.measure.width);
                parts.push((c, &a.w));
            }
        }
        let w = self.cs.linear(&parts, constant);
        Ok(self.wire(interval, width, w))
    }

    fn mul(&mut self, a: &Self::Wire, b: &Self::Wire) -> Result<Self::Wire, ArithError> {
        let interval = a.measure.interval.mul(&b.measure.interval)?;
        let width = super::counts::product_width(&a.measure, &b.measure);
        let w = match (a.measure.interval.as_point(), b.measure.interval.as_point()) {
            (Some(c), _) => self.cs.linear(&[(c, &b.w)], Int::ZERO),
            (None, Some(c)) => self.cs.linear(&[(c, &a.w)], Int::ZERO),
            (None, None) => {
                self.cs.label("product");
                self.cs.product(&a.w, &b.w)
            }
        };
        Ok(self.wire(interval, width, w))
    }

    fn rescale(&mut self, a: &Self::Wire, cut: Cut) -> Result<Self::Wire, ArithError> {
        let interval = gadget::rescale::bound(&a.measure.interval, cut)?;
        let width = gadget::rescale::width(&a.measure, cut)?;
        let w = gadget::rescale::enforce(&mut self.cs, &a.w, &a.measure.interval, cut)?;
        Ok(self.wire(interval, width, w))
    }

    fn relu(&mut self, a: &Self::Wire, cut: Cut) -> Result<Self::Wire, ArithError> {
        let interval = gadget::relu::bound(&a.measure.interval, cut)?;
        let width = gadget::relu::width(&a.measure, cut)?;
        let w = gadget::relu::enforce(&mut self.cs, &a.w, &a.measure.interval, cut)?;
        Ok(self.wire(interval, width, w))
    }

    fn max(&mut self, a: &Self::Wire, b: &Self::Wire) -> Result<Self::Wire, ArithError> {
        let (ia, ib) = (&a.measure.interval, &b.measure.interval);
        let interval = gadget::max::bound(ia, ib)?;
        let width = gadget::max::width(&a.measure, &b.measure)?;
        let w = gadget::max::enforce(&mut self.cs, (&a.w, ia), (&b.w, ib))?;
        Ok(self.wire(interval, width, w))
    }

    fn clip(&mut self, a: &Self::Wire, cut: Cut, lo: Int, hi: Int) -> Result<Self::Wire, ArithError> {
        let interval = gadget::clip::bound(&a.measure.interval, cut, lo, hi)?;
        let width = gadget::clip::width(&a.measure, cut, lo, hi)?;
        let w = gadget::clip::enforce(&mut self.cs, &a.w, &a.measure.interval, cut, lo, hi)?;
        Ok(self.wire(interval, width, w))
    }

    fn leaky(&mut self, a: &Self::Wire, slope: &Self::Wire, unit: Int, cut: Cut) -> Result<Self::Wire, ArithError> {
        let (ia, is) = (&a.measure.interval, &slope.measure.interval);
        let interval = gadget::leaky::bound(ia, is, unit, cut)?;
        let width = gadget::leaky::width(&a.measure, is, unit, cut)?;
        let w = gadget::leaky::enforce(&mut self.cs, (&a.w, ia), (&slope.w, is), unit, cut)?;
        Ok(self.wire(interval, width, w))
    }

    fn abs(&mut self, a: &Self::Wire, cut: Cut) -> Result<Self::Wire, ArithError> {
        let interval = gadget::abs::bound(&a.measure.interval, cut)?;
        let width = gadget::abs::width(&a.measure, cut)?;
        let w = gadget::abs::enforce(&mut self.cs, &a.w, &a.measure.interval, cut)?;
        Ok(self.wire(interval, width, w))
    }

    fn sign(&mut self, a: &Self::Wire) -> Result<Self::Wire, ArithError> {
        let interval = gadget::sign::bound(&a.measure.interval)?;
        let width = gadget::sign::width(&a.measure)?;
        let w = gadget::sign::enforce(&mut self.cs, &a.w, &a.measure.interval)?;
        Ok(self.wire(interval, width, w))
    }

    fn non_negative(&mut self, a: &Self::Wire) -> Result<Self::Wire, ArithError> {
        let interval = gadget::non_negative::bound(&a.measure.interval)?;
        let width = gadget::non_negative::width(&a.measure)?;
        let w = gadget::non_negative::enforce(&mut self.cs, &a.w, &a.measure.interval)?;
        Ok(self.wire(interval, width, w))
    }

    fn is_zero(&mut self, a: &Self::Wire) -> Result<Self::Wire, ArithError> {
        let interval = gadget::is_zero::bound(&a.measure.interval)?;
        let width = gadget::is_zero::width(&a.measure)?;
        let w = gadget::is_zero::enforce(&mut self.cs, &a.w, &a.measure.interval)?;
        Ok(self.wire(interval, width, w))
    }

    fn square(&mut self, a: &Self::Wire) -> Result<Self::Wire, ArithError> {
        let interval = gadget::square::bound(&a.measure.interval)?;
        let width = gadget::square::width(&a.measure)?;
        let w = gadget::square::enforce(&mut self.cs, &a.w, &a.measure.interval)?;
        Ok(self.wire(interval, width, w))
    }

    fn select(&mut self, c: &Self::Wire, a: &Self::Wire, b: &Self::Wire) -> Result<Self::Wire, ArithError> {
        let (ic, ia, ib) = (&c.measure.interval, &a.measure.interval, &b.measure.interval);
        let interval = gadget::select::bound(ic, ia, ib)?;
        let width = gadget::select::width(&c.measure, &a.measure, &b.measure)?;
        let w = gadget::select::enforce(&mut self.cs, (&c.w, ic), (&a.w, ia), (&b.w, ib))?;
        Ok(self.wire(interval, width, w))
    }

    fn argmax(&mut self, values: &[Self::Wire]) -> Result<Self::Wire, ArithError> {
        let intervals: Vec<Interval> = values.iter().map(|v| v.measure.interval).collect();
        let interval = gadget::argmax::bound(&intervals)?;
        gadget::argmax::cost(&intervals)?;
        let parts: Vec<(&C::W, &Interval)> = values.iter().map(|v| (&v.w, &v.measure.interval)).collect();
        let w = gadget::argmax::enforce(&mut self.cs, &parts)?;
        Ok(self.wire(interval, values.len() as u32 - 1, w))
    }

    fn piecewise(&mut self, a: &Self::Wire, table: &Piecewise) -> Result<Self::Wire, ArithError> {
        let interval = gadget::piecewise::bound(&a.measure.interval, table)?;
        let width = gadget::piecewise::width(&a.measure, table)?;
        let w = gadget::piecewise::enforce(&mut self.cs, &a.w, &a.measure.interval, table)?;
        Ok(self.wire(interval, width, w))
    }

    fn leading(&mut self, a: &Self::Wire, table: &Piecewise) -> Result<(Self::Wire, Self::Wire), ArithError> {
        let bounds = gadget::leading::bound(&a.measure.interval, table)?;
        let widths = gadget::leading::widths(&a.measure.interval, table)?;
        let (exponent, part) = gadget::leading::enforce(&mut self.cs, &a.w, &a.measure.interval, table)?;
        Ok((self.wire(bounds.0, widths.0, exponent), self.wire(bounds.1, widths.1, part)))
    }

    fn lack(&mut self, values: &[Self::Wire], table: &Piecewise) -> Result<Lack<Self::Wire>, ArithError> {
        let intervals: Vec<Interval> = values.iter().map(|v| v.measure.interval).collect();
        let Lack { parts, sum, max } = gadget::lack::bound(&intervals, table)?;
        let measures: Vec<Measure> = values.iter().map(|v| v.measure).collect();
        let widths = gadget::lack::widths(&measures, table)?;
        let total = widths.iter().fold(0, |sum: u32, w| sum.saturating_add(*w));
        let inputs: Vec<(&C::W, &Interval)> = values.iter().map(|v| (&v.w, &v.measure.interval)).collect();
        let (wires, top) = gadget::lack::enforce(&mut self.cs, &inputs, table)?;
        let terms: Vec<(Int, &C::W)> = wires.iter().map(|w| (Int::ONE, w)).collect();
        let whole = self.cs.linear(&terms, Int::ZERO);
        let wire = |((w, interval), width): ((C::W, &Interval), u32)| self.wire(*interval, width, w);
        let wires = wires.into_iter().zip(&parts).zip(widths).map(wire).collect();
        let width = if values.len() < 2 { values.first().map_or(0, |v| v.measure.width) } else { 1 };
        Ok(Lack { parts: wires, sum: self.wire(sum, total, whole), max: self.wire(max, width, top) })
    }

    fn divisor(&mut self, a: &Self::Wire) -> Result<(Self::Wire, Self::Wire), ArithError> {
        let bounds = gadget::divisor::bound(&a.measure.interval)?;
        let widths = gadget::divisor::widths(&a.measure)?;
        let (sign, magnitude) = gadget::divisor::enforce(&mut self.cs, &a.w, &a.measure.interval)?;
        Ok((self.wire(bounds.0, widths.0, sign), self.wire(bounds.1, widths.1, magnitude)))
    }

    fn div(&mut self, a: &Self::Wire, b: &Self::Wire, within: Option<u32>) -> Result<Self::Wire, ArithError> {
        let (ia, ib) = (&a.measure.interval, &b.measure.interval);
        let interval = gadget::div::bound(ia, ib, within)?;
        let width = gadget::div::width(ia, ib, within)?;
        let w = gadget::div::enforce(&mut self.cs, (&a.w, ia), (&b.w, ib), within)?;
        Ok(self.wire(interval, width, w))
    }

    fn sqrt(&mut self, a: &Self::Wire, least: Int) -> Result<Self::Wire, ArithError> {
        let interval = gadget::sqrt::bound(&a.measure.interval, least)?;
        let width = gadget::sqrt::width(&a.measure.interval, least)?;
        let w = gadget::sqrt::enforce(&mut self.cs, &a.w, &a.measure.interval, least)?;
        Ok(self.wire(interval, width, w))
    }

    fn settle(&mut self, a: &Self::Wire, fanout: usize) -> Result<Self::Wire, ArithError> {
        if !settles(a.measure.width, fanout) {
            return Ok(a.clone());
        }
        self.cs.label("settle");
        let w = gadget::decompose::settle(&mut self.cs, &a.w);
        Ok(self.wire(a.measure.interval, 1, w))
    }

    fn enter(&mut self, node: usize) {
        self.node = node;
        self.cs.at(node);
    }
}
