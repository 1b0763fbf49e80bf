//! Rank-one constraint system (R1CS): the reading of exact arithmetic as constraints, or as their witness.
//!
//! [`R1cs`] is one body over three constraint systems ([`Cs`]): [`Build`] records constraints,
//! [`Assign`] computes the values of their variables, in the same order, and [`Tally`] counts both. So proving never builds
//! a matrix, and nothing is built that was not counted. [`Ranged`] over one of them answers range checks with lookups, for a
//! proof system of two phases.

pub(crate) mod assign;
mod build;
mod closing;
mod owing;
mod ranged;
mod registering;
pub mod sizes;
mod standings;
mod tables;
mod tally;

pub use self::{
    assign::{Assign, Oracle},
    build::{Build, Label, Lc},
    closing::SPREAD_ROWS,
    owing::{Output, Owing},
    ranged::Ranged,
    registering::{Layout, Pack, Registering},
    sizes::Sizes,
    tables::{Part, Requests, Tables, WIDEST},
    tally::Tally,
};
use super::{Arith, counts::bounded, direct};
use crate::{
    gadget::{
        self, Confines, Cs, FieldCs, Gadget, Of, Wires,
        product::{
            choose::{self, Convolution, MatrixProduct},
            consumer::Consumer,
            linear_map::LinearMap,
            linear_operator::{self, LinearOperator},
            matrix,
            packed::{self, Packed},
            winograd::{self, Grid},
        },
    },
    number::{
        ArithError, Int, Interval, Measure,
        cost::{product_terms, settles},
        interval,
    },
};

/// A wire of the circuit: what is known of it, and its linear combination or value.
#[derive(Clone, Debug)]
pub struct Wire<W> {
    /// Its interval, which the circuit enforces, and how many terms its linear combination has.
    pub measure: Measure,
    /// Its linear combination, or value.
    pub w: W,
    /// Its number among the wires of which nothing is enforced yet, if it is one.
    owed: Option<usize>,
}

impl<W> Wire<W> {
    /// A wire whose interval is enforced.
    pub fn new(measure: Measure, w: W) -> Self {
        Self { measure, w, owed: None }
    }
}

/// Exact arithmetic as rank-one constraints, over [`Build`], [`Assign`] or [`Tally`].
#[derive(Debug)]
pub struct R1cs<C: Cs> {
    /// The constraint system.
    pub cs: C,
    node: usize,
    consumer: Option<Consumer>,
    owing: Owing<C::W>,
}

/// Running sums of many terms, where a call a term would be too slow.
///
/// The bodies here are those of a system whose wires are their values ([`Cs::value`]): one that records
/// or counts has its own.
pub trait Accumulate: FieldCs {
    /// Adds `c * w` to the running sum.
    fn accumulate(&mut self, sum: &mut Int, c: Int, w: &Self::W) {
        let value = self.value(w).unwrap_or_default();
        *sum = sum.wrapping_add(interval::product(c, value));
    }
    /// Adds a constant to the running sum.
    fn accumulate_constant(&mut self, sum: &mut Int, c: Int) {
        *sum = sum.wrapping_add(c);
    }
    /// A product that may be part of a running sum.
    fn deferred(&mut self, a: &Self::W, b: &Self::W) -> Self::W {
        self.product(a, b)
    }
    /// Ends the running sum.
    fn close(&mut self, sum: Int) -> Self::W {
        self.constant(sum)
    }
    /// From so many multiplications on, linear maps with known weights are taken as they are, and not sum by sum.
    fn operators_from(&self) -> usize {
        usize::MAX
    }
    /// The results of a linear map with known weights, of these elements; nothing if they are to be taken sum by sum.
    fn operate(&mut self, _operator: LinearOperator, _x: &[&Self::W]) -> Option<Vec<Self::W>> {
        None
    }
    /// Says which node comes next.
    fn at(&mut self, _node: usize) {}
    /// How many constraints there are at least, with so many more, if that is more than may be counted.
    fn exceeded(&self, _more: usize) -> Option<usize> {
        None
    }
}

impl<C: Accumulate> R1cs<C> {
    /// The reading over this constraint system.
    pub fn new(cs: C) -> Self {
        Self { cs, node: 0, consumer: None, owing: Owing::default() }
    }

    /// Allocates a private wire that lies within the interval: a linear combination of bits of its own.
    ///
    /// # Errors
    /// If the interval is too large for a range check.
    pub fn allocate(&mut self, interval: &Interval, value: Option<Int>) -> Result<Wire<C::W>, ArithError> {
        self.admit()?;
        gadget::bits::range::cost(interval)?;
        self.cs.label("range");
        let w = self.cs.allocate(interval, value);
        let bits = interval::bit_len(interval.hi - interval.lo);
        let terms = if self.cs.looks_up() { bits.min(1) } else { bits };
        Ok(Wire::new(Measure { interval: *interval, terms }, w))
    }

    /// Public input, range-checked in the circuit.
    ///
    /// # Errors
    /// If the interval is too large for a range check.
    pub fn instance(&mut self, interval: &Interval, value: Option<Int>) -> Result<Wire<C::W>, ArithError> {
        self.admit()?;
        gadget::bits::range::cost(interval)?;
        self.cs.label("range");
        let w = self.cs.instance(value);
        self.cs.within(&w, interval);
        Ok(Wire::new(Measure { interval: *interval, terms: 1 }, w))
    }

    /// The constraint system, once everything that was asked of it is answered, and every output of packed products is range-checked that nothing
    /// confines.
    ///
    /// # Errors
    /// If a request can't be answered.
    pub fn finish(mut self) -> Result<C, ArithError> {
        self.admit()?;
        for Output { w, digit, .. } in std::mem::take(&mut self.owing).left() {
            self.cs.label("product");
            Packed::range(&mut self.cs, &w, digit);
        }
        self.cs.close_requests()?;
        Ok(self.cs)
    }

    /// Makes a wire a public input: one constraint.
    pub fn publish(&mut self, wire: &Wire<C::W>) {
        self.cs.label("output");
        let f = self.cs.lift(&wire.w);
        self.cs.field_output(&f);
    }

    /// Refuses to count more than the most.
    fn admit(&self) -> Result<(), ArithError> {
        self.cs.exceeded(0).map_or(Ok(()), |found| Err(ArithError::TooMany { found }))
    }

    fn wire(&self, interval: Interval, terms: u32, w: C::W) -> Wire<C::W> {
        Wire::new(Measure { interval, terms }, w)
    }

    /// The outputs of packed products.
    fn packed(
        &mut self,
        packed: Packed,
        (x, w): (&[&C::W], &[&C::W]),
        bias: &[&C::W],
    ) -> Result<Vec<Wire<C::W>>, ArithError> {
        let outputs = packed::enforce(&mut self.cs, &packed, (x, w), bias)?;
        let wires = outputs.into_iter().zip(&packed.results).map(|(w, measure)| Wire::new(*measure, w));
        let Some(place) = packed.owes() else { return Ok(wires.collect()) };
        let (positions, digit) = (packed.positions(), packed.digit());
        let sums: Vec<bool> = (0..positions).map(|t| packed.is_sum(t)).collect();
        let wires = wires.zip(sums.into_iter().cycle()).map(|(wire, is_sum)| {
            let (w, sum) = (wire.w.clone(), wire.measure.interval);
            let owed = is_sum.then(|| self.owing.owe(Output { w, sum, digit, place }));
            Wire { owed, ..wire }
        });
        Ok(wires.collect())
    }

    /// The results of a linear map, if its weights are known and the constraint system takes it as one.
    fn operate(
        &mut self,
        map: LinearMap,
        w: &mut dyn Iterator<Item = &Measure>,
        (x, of_x): (&[&C::W], &[&Measure]),
        (bias, of_bias): (&[&C::W], &[&Measure]),
    ) -> Option<Result<Vec<Wire<C::W>>, ArithError>> {
        if map.multiplications() < self.cs.operators_from() {
            return None;
        }
        let operator = linear_operator::of(map, w)?;
        let results = match operator.results(of_x, of_bias)? {
            Ok(results) => results,
            Err(error) => return Some(Err(error)),
        };
        let sums = self.cs.operate(operator, x)?;
        let wires = results.into_iter().zip(sums).enumerate().map(|(i, (measure, sum))| {
            let bias = bias.get(i / map.positions());
            let w = bias.map(|bias| self.cs.linear(&[(Int::ONE, &sum), (Int::ONE, *bias)], Int::ZERO));
            Wire::new(measure, w.unwrap_or(sum))
        });
        Some(Ok(wires.collect()))
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
        let mut count = 0u32;
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
                            count = count.saturating_add(b.measure.terms);
                            cs.accumulate(&mut sum, c, &b.w);
                        }
                    }
                    (None, Some(c)) => {
                        if c != Int::ZERO {
                            count = count.saturating_add(a.measure.terms);
                            cs.accumulate(&mut sum, c, &a.w);
                        }
                    }
                    (None, None) => {
                        count = count.saturating_add(1);
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
                    count = count.saturating_add(bias.measure.terms);
                    cs.accumulate(&mut sum, Int::ONE, &bias.w);
                }
            }
        }
        if rest != Int::ZERO {
            cs.accumulate_constant(&mut sum, rest);
        }
        let w = self.cs.close(sum);
        Ok(self.wire(interval, count, w))
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
        fn wires<W>(all: &[Wire<W>]) -> Vec<&W> {
            all.iter().map(|wire| &wire.w).collect()
        }
        let factors = (wires(x), wires(w), wires(bias));
        match choose::convolution(grid, &mx, &mw, &mb, self.consumer.as_ref(), self.cs.looks_up())? {
            Convolution::Formula => {
                let map = LinearMap::convolution(grid, x.len(), w.len());
                let [mx, mb] = [&mx, &mb].map(|of| of.iter().collect::<Vec<_>>());
                let operated = self.operate(map, &mut mw.iter(), (&factors.0, &mx), (&factors.2, &mb));
                operated.unwrap_or_else(|| direct::convolve(self, grid, x, w, bias))
            }
            Convolution::Tiles(tiled) => {
                let (x, w, bias) = factors;
                let y = winograd::enforce(&mut self.cs, grid, &tiled.tiling, (&x, &w), &bias);
                Ok(y.into_iter().zip(tiled.results).map(|(w, measure)| Wire::new(measure, w)).collect())
            }
            Convolution::Packed(packed) => {
                let (x, w, bias) = factors;
                self.packed(packed, (&x, &w), &bias)
            }
        }
    }

    fn matmul(
        &mut self,
        rows: &[Vec<&Self::Wire>],
        columns: &[Vec<&Self::Wire>],
        bias: &[&Self::Wire],
    ) -> Result<Vec<Self::Wire>, ArithError> {
        fn measures<'a, W>(vectors: &[Vec<&'a Wire<W>>]) -> Vec<Vec<&'a Measure>> {
            vectors.iter().map(|v| v.iter().map(|wire| &wire.measure).collect()).collect()
        }
        fn flat<'a, W>(vectors: &[Vec<&'a Wire<W>>]) -> Vec<&'a W> {
            vectors.iter().flatten().map(|wire| &wire.w).collect()
        }
        let of_bias: Vec<&Measure> = bias.iter().map(|wire| &wire.measure).collect();
        let (of_rows, of_columns) = (measures(rows), measures(columns));
        match choose::matrix(&of_rows, &of_columns, &of_bias, self.consumer.as_ref(), self.cs.looks_up())? {
            MatrixProduct::Formula => {
                let mx = of_columns.concat();
                let bias_w: Vec<&C::W> = bias.iter().map(|wire| &wire.w).collect();
                let map = LinearMap::matrix(rows, columns);
                let operated =
                    self.operate(map, &mut of_rows.into_iter().flatten(), (&flat(columns), &mx), (&bias_w, &of_bias));
                operated.unwrap_or_else(|| direct::matmul(self, rows, columns, bias))
            }
            MatrixProduct::Pairs(paired) => {
                let [rows, columns] = [rows, columns].map(|vectors| -> Vec<Vec<C::W>> {
                    vectors.iter().map(|v| v.iter().map(|wire| wire.w.clone()).collect()).collect()
                });
                let found = matrix::enforce(&mut self.cs, &rows, &columns);
                let mut sums = Vec::with_capacity(paired.sums.len());
                for (row, found) in found.into_iter().enumerate() {
                    for w in found {
                        let parts: Vec<(Int, &C::W)> =
                            std::iter::once(&w).chain(bias.get(row).map(|b| &b.w)).map(|w| (Int::ONE, w)).collect();
                        sums.push(self.cs.linear(&parts, Int::ZERO));
                    }
                }
                Ok(sums.into_iter().zip(paired.sums).map(|(w, measure)| Wire::new(measure, w)).collect())
            }
            MatrixProduct::Packed(packed) => {
                let bias: Vec<&C::W> = bias.iter().map(|wire| &wire.w).collect();
                self.packed(packed, (&flat(columns), &flat(rows)), &bias)
            }
        }
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
        let mut count = 0u32;
        let mut parts = Vec::new();
        for (c, a) in terms {
            interval = interval.add(&Interval::point(c).mul(&a.measure.interval)?)?;
            if c != Int::ZERO {
                count = count.saturating_add(a.measure.terms);
                parts.push((c, &a.w));
            }
        }
        let w = self.cs.linear(&parts, constant);
        Ok(self.wire(interval, count, w))
    }

    fn mul(&mut self, a: &Self::Wire, b: &Self::Wire) -> Result<Self::Wire, ArithError> {
        let interval = a.measure.interval.mul(&b.measure.interval)?;
        let terms = product_terms(&a.measure, &b.measure);
        let w = match (a.measure.interval.as_point(), b.measure.interval.as_point()) {
            (Some(c), _) => self.cs.linear(&[(c, &b.w)], Int::ZERO),
            (None, Some(c)) => self.cs.linear(&[(c, &a.w)], Int::ZERO),
            (None, None) => {
                self.cs.label("product");
                self.cs.product(&a.w, &b.w)
            }
        };
        Ok(self.wire(interval, terms, w))
    }

    fn apply<'a, G: Gadget>(
        &mut self,
        gadget: &G,
        x: Of<G::In, &'a Self::Wire>,
    ) -> Result<Of<G::Out, Self::Wire>, ArithError>
    where
        Self::Wire: 'a,
    {
        self.admit()?;
        let measures = G::In::map_ref(&x, |x| &x.measure);
        let measures =
            if self.cs.looks_up() { sizes::bounded(gadget, measures)?.1 } else { bounded(gadget, measures)? };
        let mut read = vec![];
        G::In::map_ref(&x, |x| read.extend(x.owed));
        let confines = if read.is_empty() {
            Confines::Nothing
        } else {
            gadget.confines(G::In::map_ref(&x, |x| &x.measure.interval), self.cs.looks_up())?
        };
        let w = gadget.enforce(&mut self.cs, G::In::map(x, |x| (&x.w, &x.measure.interval)))?;
        let owed = self.owing.read(&read, confines);
        Ok(G::Out::map(G::Out::zip(measures, w), |(measure, w)| Wire { measure, w, owed }))
    }

    fn settle(&mut self, a: &Self::Wire, fanout: usize) -> Result<Self::Wire, ArithError> {
        if !settles(a.measure.terms, fanout) {
            return Ok(a.clone());
        }
        self.cs.label("settle");
        let w = gadget::bits::decompose::settle(&mut self.cs, &a.w);
        Ok(self.wire(a.measure.interval, 1, w))
    }

    fn feeds(&mut self, consumer: &dyn Fn() -> Option<Consumer>) {
        self.consumer = consumer();
    }

    fn enter(&mut self, node: usize) {
        self.node = node;
        self.cs.at(node);
    }
}
