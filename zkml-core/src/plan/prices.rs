//! Prices: the count of constraints as the search takes it, of one node at a time, with equal wires known to be equal.
//!
//! What a node costs is what [`Counts`](crate::arith::counts::Counts) says of it; of registered weights, which that does not count, nearly so: without the rows that bind variables which are factors of no product. But most wires of a node have the same measure: a wire is
//! here the number of its measure, a gadget that was asked about the same measures is not asked again, and what has the same factors is
//! the same sum.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use super::Circuits;
use crate::{
    arith::{
        Arith,
        counts::bounded,
        direct,
        r1cs::{Requests, Sizes, Tables, sizes},
    },
    gadget::{
        Gadget, Of, Piecewise, Wires,
        bits::decompose,
        product::{
            choose::{self, Convolution, MatrixProduct},
            consumer::Consumer,
            kernel,
            linear_map::LinearMap,
            linear_operator::{self, Known as Measured},
            packed::Packed,
            winograd::Grid,
        },
    },
    number::{
        ArithError, Cut, Int, Interval, Measure,
        cost::{product_terms, settles},
        interval::{self, bit_len},
    },
};

/// A hash of words that nobody chooses to collide.
#[derive(Default)]
pub(super) struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 29;
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

/// A table with such a hash.
pub(super) type Known<K, V> = HashMap<K, V, BuildHasherDefault<Mixed>>;

/// A wire: the number of its measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Code(u32);

/// A gadget and its inputs, of those that elements of a tensor share.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Asked {
    gadget: &'static str,
    cut: (u32, u32, u32),
    /// The place of other arguments among those seen, or in memory.
    more: usize,
    wires: [u32; 3],
}

/// No wire, and no number.
const NONE: u32 = u32::MAX;

/// Constants of less magnitude are found by their value.
const SMALL: i64 = 1 << 15;

/// So many multiplications of windows that differ are worth the copies that machine integers take.
const MANY: usize = 1 << 14;

/// A convolution of so many multiplications is refused where machine integers don't hold its sums: it would take minutes to run, and plans
/// of narrower values are there.
const TOO_MANY: usize = 1 << 24;

/// Magnitudes of more bits are not added up: the widest integer is needed anyway.
const WIDEST: u32 = 200;

/// The reading of one node.
#[derive(Default)]
pub(super) struct Prices {
    measures: Vec<Measure>,
    /// The ends of each, if they are short.
    ends: Vec<Option<(i64, i64)>>,
    codes: Known<(Int, Int, u32), u32>,
    small: Vec<u32>,
    asked: Known<Asked, (Code, Paid)>,
    numbers: Vec<(Int, Int)>,
    paid: Paid,
    circuits: Circuits,
    consumer: Option<Consumer>,
    widest: u32,
}

/// What was paid: constraints, and the range checks that lookups will answer, where they do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Paid {
    /// Without those of lookups.
    pub(super) constraints: usize,
    /// How many of these would not be if any part of an output of packed products could share a product with others. A search by single
    /// bits does not find the next step of what is paid.
    pub(super) steps: usize,
    /// By their bits.
    pub(super) requests: Requests,
}

impl Paid {
    /// Adds so many of these.
    pub(super) fn extend(&mut self, other: &Self, times: usize) {
        self.constraints = self.constraints.saturating_add(other.constraints.saturating_mul(times));
        self.steps = self.steps.saturating_add(other.steps.saturating_mul(times));
        self.requests.extend(&other.requests, times);
    }

    /// The rows of all, in the tables that make them the fewest.
    pub(super) fn rows(&self) -> usize {
        if self.requests.count() == 0 {
            return self.constraints;
        }
        self.constraints.saturating_add(Tables::cheapest(&self.requests).rows(&self.requests))
    }
}

impl Prices {
    /// Nothing paid, in such circuits.
    pub(super) fn new(circuits: Circuits) -> Self {
        Self { circuits, ..Self::default() }
    }

    /// What was paid for all that was asked.
    pub(super) fn into_paid(self) -> Paid {
        self.paid
    }

    /// Whether range checks are lookups.
    pub(super) fn looks_up(&self) -> bool {
        !self.circuits.checks.is_bits()
    }

    /// The bits of the largest magnitude, partial sums included.
    pub(super) fn widest(&self) -> u32 {
        self.widest
    }

    /// Adds constraints.
    pub(super) fn pay(&mut self, constraints: usize) {
        self.paid.constraints = self.paid.constraints.saturating_add(constraints);
    }

    /// Adds so many gadgets of these sizes.
    pub(super) fn ask(&mut self, sizes: &Sizes, times: usize) {
        self.pay(sizes.cost.constraints.saturating_mul(times));
        self.paid.requests.extend(&sizes.requests, times);
    }

    /// Adds packed products: what is known of their outputs.
    fn pack(&mut self, packed: Packed) -> Vec<Measure> {
        let (ranges, bits) = (packed.ranges(), packed.digit());
        let exact = packed.cost().constraints.saturating_add(packed.closing_cost().constraints);
        self.pay(exact);
        // Products are most of what registered weights cost; of others, the range checks of weights fall with every bit.
        if self.circuits.registers && !packed.takes_challenge() {
            self.paid.steps = self.paid.steps.saturating_add(exact.saturating_sub(packed.constraints_by_bits()));
        }
        if self.looks_up() {
            self.paid.requests.add(bits, ranges);
        } else {
            self.pay((decompose::cost(bits) * ranges).constraints);
        }
        packed.results
    }

    /// What `count` pays, which is taken back.
    fn apart<T>(&mut self, count: impl FnOnce(&mut Self) -> T) -> (T, Paid) {
        let before = std::mem::take(&mut self.paid);
        let counted = count(self);
        (counted, std::mem::replace(&mut self.paid, before))
    }

    /// A magnitude on the way.
    pub(super) fn reach(&mut self, bits: u32) {
        self.widest = self.widest.max(bits);
    }

    /// What is known of a wire.
    pub(super) fn measure(&self, code: Code) -> Measure {
        self.measures[code.0 as usize]
    }

    /// The ends of a wire's interval, if they are short.
    pub(super) fn ends(&self, code: Code) -> Option<(i64, i64)> {
        self.ends[code.0 as usize]
    }

    /// A wire of this measure.
    pub(super) fn wire(&mut self, measure: Measure) -> Code {
        let next = self.measures.len() as u32;
        let Interval { lo, hi } = measure.interval;
        let code = *self.codes.entry((lo, hi, measure.terms)).or_insert(next);
        if code == next {
            self.reach(measure.interval.bits());
            self.ends.push(interval::short(lo).zip(interval::short(hi)));
            self.measures.push(measure);
        }
        Code(code)
    }

    /// A known integer.
    pub(super) fn number(&mut self, value: i64) -> Code {
        if !(-SMALL..SMALL).contains(&value) {
            return self.constant(value.into());
        }
        if self.small.is_empty() {
            self.small = vec![NONE; 2 * SMALL as usize];
        }
        let at = (value + SMALL) as usize;
        if self.small[at] == NONE {
            self.small[at] = self.constant(value.into()).0;
        }
        Code(self.small[at])
    }

    /// What `ask` gives, once for each of these arguments.
    fn once(
        &mut self,
        asked: Asked,
        ask: impl FnOnce(&mut Self) -> Result<Code, ArithError>,
    ) -> Result<Code, ArithError> {
        if let Some((code, paid)) = self.asked.get(&asked) {
            self.paid.extend(paid, 1);
            return Ok(*code);
        }
        let (code, paid) = self.apart(ask);
        let code = code?;
        self.paid.extend(&paid, 1);
        self.asked.insert(asked, (code, paid));
        Ok(code)
    }

    /// A gadget of this name, on these wires.
    fn gadget<G: Gadget>(&mut self, cut: Option<Cut>, more: usize, wires: [Code; 3]) -> Asked {
        let cut = cut.map_or((NONE, NONE, NONE), |c| (c.shift, c.saturate.unwrap_or(NONE), c.bits.unwrap_or(NONE)));
        Asked { gadget: G::CARD.name, cut, more, wires: wires.map(|code| code.0) }
    }

    /// The place of two numbers among those seen.
    fn place(&mut self, numbers: (Int, Int)) -> usize {
        self.numbers.iter().position(|n| *n == numbers).unwrap_or_else(|| {
            self.numbers.push(numbers);
            self.numbers.len() - 1
        })
    }

    /// The wires of a linear map with known weights at these positions, by filter and position; nothing, where machine integers don't say.
    fn operate(
        &mut self,
        map: LinearMap,
        positions: &[usize],
        x: &[Code],
        w: &[Code],
        bias: &[Code],
    ) -> Result<Option<Vec<Code>>, ArithError> {
        let [of_x, of_bias] = [x, bias].map(|codes| self.all(codes));
        let weights = w.iter().map(|code| &self.measures[code.0 as usize]);
        let Some(operator) = linear_operator::of(map, weights) else { return Ok(None) };
        let (x, bias) = (of_x.iter().collect::<Vec<_>>(), of_bias.iter().collect::<Vec<_>>());
        let Some(known) = operator.results_at(positions, &x, &bias) else { return Ok(None) };
        let Measured { results, reach } = known?;
        self.reach(bit_len(reach));
        Ok(Some(results.into_iter().map(|measure| self.wire(measure)).collect()))
    }

    fn is_known(&self, code: Code) -> bool {
        self.measure(code).interval.is_point()
    }

    fn all(&self, codes: &[Code]) -> Vec<Measure> {
        codes.iter().map(|code| self.measure(*code)).collect()
    }
}

/// A dot product on the way.
struct Sum {
    total: Interval,
    /// Parts in 128 bits: of numbers of 48 bits, which are as many as fit memory.
    lo: i128,
    hi: i128,
    reach: i128,
    /// The magnitudes of what is wider.
    wide: Int,
    terms: u32,
    products: usize,
}

impl Sum {
    /// The product of two wires, so many times.
    fn add(&mut self, a: &Prices, (x, y): (Code, Code), times: usize) -> Result<(), ArithError> {
        let (m, n) = (a.measure(x), a.measure(y));
        let times_u32 = u32::try_from(times).unwrap_or(u32::MAX);
        self.terms = self.terms.saturating_add(product_terms(&m, &n).saturating_mul(times_u32));
        if !m.interval.is_point() && !n.interval.is_point() {
            self.products += times;
        }
        let (Some(x), Some(y)) = (a.ends(x), a.ends(y)) else {
            let product = m.interval.mul(&n.interval)?;
            for _ in 0..times {
                self.total = self.total.add(&product)?;
                if bit_len(self.wide) < WIDEST {
                    self.wide += product.magnitude();
                }
            }
            return Ok(());
        };
        let (x, y) = ((i128::from(x.0), i128::from(x.1)), (i128::from(y.0), i128::from(y.1)));
        let p = [x.0 * y.0, x.0 * y.1, x.1 * y.0, x.1 * y.1];
        let (least, most) = p.iter().fold((p[0], p[0]), |(lo, hi), x| (lo.min(*x), hi.max(*x)));
        let times = times as i128;
        self.lo += least * times;
        self.hi += most * times;
        self.reach += most.max(-least) * times;
        Ok(())
    }
}

impl Arith for Prices {
    type Wire = Code;

    fn constant(&mut self, value: Int) -> Code {
        self.wire(Measure { interval: Interval::point(value), terms: 0 })
    }

    fn dot<'a>(
        &mut self,
        terms: impl Iterator<Item = (&'a Code, &'a Code)>,
        bias: Option<&'a Code>,
    ) -> Result<Code, ArithError> {
        let bias = bias.map(|b| self.measure(*b));
        let total = bias.map_or(Interval::point(Int::ZERO), |b| b.interval);
        let mut sum = Sum { total, lo: 0, hi: 0, reach: 0, wide: total.magnitude(), terms: 0, products: 0 };
        // Neighbours are often the same.
        let mut last: Option<((Code, Code), usize)> = None;
        for (a, b) in terms {
            last = Some(match last {
                Some((pair, n)) if pair == (*a, *b) => (pair, n + 1),
                before => {
                    if let Some((pair, n)) = before {
                        sum.add(self, pair, n)?;
                    }
                    ((*a, *b), 1)
                }
            });
        }
        if let Some((pair, n)) = last {
            sum.add(self, pair, n)?;
        }
        let interval = sum.total.add(&Interval { lo: Int::from(sum.lo), hi: Int::from(sum.hi) })?;
        self.reach(bit_len(sum.wide + Int::from(sum.reach)));
        self.pay(sum.products);
        let terms = sum.terms.saturating_add(bias.map_or(0, |b| b.terms));
        Ok(self.wire(Measure { interval, terms }))
    }

    fn convolve(&mut self, grid: &Grid, x: &[Code], w: &[Code], bias: &[Code]) -> Result<Vec<Code>, ArithError> {
        // Only products of variables alone are made otherwise than the formula says.
        if !x.iter().chain(w).any(|code| self.is_known(*code)) {
            let [x, w, bias] = [x, w, bias].map(|codes| self.all(codes));
            let most = |all: &[Measure]| all.iter().map(|m| m.interval.bits()).max().unwrap_or(0);
            // A sum of partial sums is at most so wide.
            let reach = (most(&x) + most(&w) + bit_len(Int::from(w.len() as u64))).max(most(&bias)) + 1;
            let results = match choose::convolution(grid, &x, &w, &bias, self.consumer.as_ref(), self.looks_up())? {
                Convolution::Formula => None,
                Convolution::Tiles(tiled) => {
                    self.pay(tiled.tiling.products.constraints + tiled.tiling.settled.constraints);
                    Some(tiled.results)
                }
                Convolution::Packed(packed) => Some(self.pack(packed)),
            };
            if let Some(results) = results {
                self.reach(reach);
                return Ok(results.into_iter().map(|m| self.wire(m)).collect());
            }
        }
        let (channels, filters) = grid.channels_and_filters(x.len(), w.len());
        // Windows with the same factors have the same sums.
        let met = kernel::unfold(grid, channels, |place| place.map_or(NONE, |place| x[place].0));
        let mut alike: Known<&[u32], usize> = Known::default();
        let (mut first, mut distinct, mut of) = (vec![], vec![], vec![]);
        for (window, met) in met.chunks((met.len() / grid.windows().max(1)).max(1)).enumerate() {
            let n = *alike.entry(met).or_insert(first.len());
            if n == first.len() {
                let width = grid.output[1];
                distinct.push(window);
                first.push(grid.taps(window / width, window % width).collect::<Vec<_>>());
            }
            of.push(n);
        }
        let map = LinearMap::convolution(grid, x.len(), w.len());
        let work = (map.multiplications() / grid.windows().max(1)).saturating_mul(first.len());
        if work >= MANY && map.is_worth_unfolding() && w.iter().all(|code| self.is_known(*code)) {
            if let Some(sums) = self.operate(map, &distinct, x, w, bias)? {
                let rows = sums.chunks(distinct.len());
                return Ok(rows.flat_map(|row| of.iter().map(|n| row[*n])).collect());
            }
            if work >= TOO_MANY {
                let bits = x.iter().map(|code| self.measure(*code).interval.bits()).max().unwrap_or(0);
                return Err(ArithError::Overflow { bits });
            }
        }
        let mut y = Vec::with_capacity(filters * of.len());
        for o in 0..filters {
            let mut sums = Vec::with_capacity(first.len());
            for taps in &first {
                let (sum, paid) = self.apart(|s| s.dot(grid.factors(x, w, channels, o, taps), bias.get(o)));
                sums.push((sum?, paid));
            }
            for n in &of {
                let (sum, paid) = &sums[*n];
                self.paid.extend(paid, 1);
                y.push(*sum);
            }
        }
        Ok(y)
    }

    fn matmul(&mut self, rows: &[Vec<&Code>], columns: &[Vec<&Code>], bias: &[&Code]) -> Result<Vec<Code>, ArithError> {
        let known = rows.iter().chain(columns).flatten().any(|code| self.is_known(**code));
        if !known {
            let measures = self.measures.clone();
            let of = |all: &[Vec<&Code>]| -> Vec<Vec<&Measure>> {
                all.iter().map(|v| v.iter().map(|code| &measures[code.0 as usize]).collect()).collect()
            };
            let (w, x) = (of(rows), of(columns));
            let bias: Vec<&Measure> = bias.iter().map(|code| &measures[code.0 as usize]).collect();
            let most = |all: &[Vec<&Measure>]| all.iter().flatten().map(|m| m.interval.bits()).max().unwrap_or(0);
            let of_bias = bias.iter().map(|m| m.interval.bits()).max().unwrap_or(0);
            let length = rows.first().map_or(0, Vec::len) as u64;
            let reach = (most(&w) + most(&x) + bit_len(Int::from(length))).max(of_bias) + u32::from(of_bias > 0);
            let sums = match choose::matrix(&w, &x, &bias, self.consumer.as_ref(), self.looks_up())? {
                MatrixProduct::Formula => None,
                MatrixProduct::Pairs(paired) => {
                    self.pay(paired.cost.constraints);
                    Some(paired.sums)
                }
                MatrixProduct::Packed(packed) => Some(self.pack(packed)),
            };
            if let Some(sums) = sums {
                self.reach(reach);
                return Ok(sums.into_iter().map(|m| self.wire(m)).collect());
            }
        }
        // Equal columns have equal sums.
        let mut alike: Known<&[&Code], usize> = Known::default();
        let (mut first, mut of): (Vec<&Vec<&Code>>, Vec<usize>) = (vec![], vec![]);
        for column in columns {
            let n = *alike.entry(column.as_slice()).or_insert(first.len());
            if n == first.len() {
                first.push(column);
            }
            of.push(n);
        }
        let mut sums = Vec::with_capacity(rows.len() * columns.len());
        for (row, w) in rows.iter().enumerate() {
            let bias = bias.get(row).map_or(&[][..], std::slice::from_ref);
            let mut own = Vec::with_capacity(first.len());
            for x in &first {
                let one = |s: &mut Self| direct::matmul(s, std::slice::from_ref(w), std::slice::from_ref(*x), bias);
                let (sum, paid) = self.apart(one);
                own.push((sum?, paid));
            }
            for n in &of {
                let (sum, paid) = &own[*n];
                self.paid.extend(paid, 1);
                sums.extend(sum.iter().copied());
            }
        }
        Ok(sums)
    }

    fn linear<'a>(&mut self, terms: impl Iterator<Item = (Int, &'a Code)>, constant: Int) -> Result<Code, ArithError> {
        let mut sum = Measure { interval: Interval::point(constant), terms: 0 };
        for (c, code) in terms {
            let a = self.measure(*code);
            let product = if c == Int::ONE { a.interval } else { Interval::point(c).mul(&a.interval)? };
            sum.interval = sum.interval.add(&product)?;
            self.reach(sum.interval.bits());
            sum.terms = sum.terms.saturating_add(if c == Int::ZERO { 0 } else { a.terms });
        }
        Ok(self.wire(sum))
    }

    fn mul(&mut self, a: &Code, b: &Code) -> Result<Code, ArithError> {
        let (x, y) = (self.measure(*a), self.measure(*b));
        let interval = x.interval.mul(&y.interval)?;
        if !x.interval.is_point() && !y.interval.is_point() {
            self.pay(1);
        }
        Ok(self.wire(Measure { interval, terms: product_terms(&x, &y) }))
    }

    fn apply<'a, G: Gadget>(&mut self, gadget: &G, x: Of<G::In, &'a Code>) -> Result<Of<G::Out, Code>, ArithError>
    where
        Code: 'a,
    {
        let x = G::In::map(x, |code| self.measure(*code));
        let intervals = || G::In::map_ref(&x, |m| m.interval);
        let y = if self.looks_up() {
            let (sizes, y) = sizes::bounded(gadget, G::In::refs(&x))?;
            self.ask(&sizes, 1);
            y
        } else {
            self.pay(gadget.cost(G::In::refs(&intervals()))?.constraints);
            bounded(gadget, G::In::refs(&x))?
        };
        self.reach(gadget.intermediate(G::In::refs(&intervals()))?);
        Ok(G::Out::map(y, |m| self.wire(m)))
    }

    fn rescale(&mut self, a: &Code, cut: Cut) -> Result<Code, ArithError> {
        let asked = self.gadget::<crate::gadget::Rescale>(Some(cut), 0, [*a; 3]);
        self.once(asked, |s| s.apply(&crate::gadget::Rescale { cut }, a))
    }

    fn relu(&mut self, a: &Code, cut: Cut) -> Result<Code, ArithError> {
        let asked = self.gadget::<crate::gadget::Relu>(Some(cut), 0, [*a; 3]);
        self.once(asked, |s| s.apply(&crate::gadget::Relu { cut }, a))
    }

    fn max(&mut self, a: &Code, b: &Code) -> Result<Code, ArithError> {
        let asked = self.gadget::<crate::gadget::Max>(None, 0, [*a, *b, *b]);
        self.once(asked, |s| s.apply(&crate::gadget::Max, (a, b)))
    }

    fn clip(&mut self, a: &Code, cut: Cut, lo: Int, hi: Int) -> Result<Code, ArithError> {
        let more = self.place((lo, hi));
        let asked = self.gadget::<crate::gadget::Clip>(Some(cut), more, [*a; 3]);
        self.once(asked, |s| s.apply(&crate::gadget::Clip { cut, lo, hi }, a))
    }

    fn square(&mut self, a: &Code) -> Result<Code, ArithError> {
        let asked = self.gadget::<crate::gadget::Square>(None, 0, [*a; 3]);
        self.once(asked, |s| s.apply(&crate::gadget::Square, a))
    }

    fn piecewise(&mut self, a: &Code, table: &Piecewise) -> Result<Code, ArithError> {
        // A node's tables stay where they are while it is read.
        let more = std::ptr::from_ref(table).addr();
        let asked = self.gadget::<Piecewise>(None, more, [*a; 3]);
        self.once(asked, |s| s.apply(table, a))
    }

    fn div(&mut self, a: &Code, b: &Code, within: Option<u32>) -> Result<Code, ArithError> {
        let more = within.map_or(usize::MAX, |w| w as usize);
        let asked = self.gadget::<crate::gadget::Div>(None, more, [*a, *b, *b]);
        self.once(asked, |s| s.apply(&crate::gadget::Div { within }, (a, b)))
    }

    fn settle(&mut self, a: &Code, fanout: usize) -> Result<Code, ArithError> {
        let measure = self.measure(*a);
        if !settles(measure.terms, fanout) {
            return Ok(*a);
        }
        self.pay(1);
        Ok(self.wire(Measure { terms: 1, ..measure }))
    }

    fn feeds(&mut self, consumer: &dyn Fn() -> Option<Consumer>) {
        self.consumer = consumer();
    }

    fn enter(&mut self, _: usize) {}
}

#[cfg(test)]
mod tests;
