//! Error bounds: the reading of exact arithmetic that says how far the integers may be from the real numbers of the formula.
//!
//! A wire `q` of the exact semantics stands for a real number: what the same formula gives on real numbers, in the wire's unit. This reading
//! bounds `|q - real|` over every input of the declared range and all weights within half a unit of the integers (or of any integers of
//! the declared widths, where the weights are hidden). Rounding adds half a unit, a saturation what it cuts off, a table its proven
//! error and the steepest slope of its function times the error of its argument; a comparison whose operands may be on either side of its
//! threshold may be wrong altogether. What floats of 64 bits round in the reference is not in it.

use crate::{
    arith::Arith,
    gadget::{Functions, Gadget, Of, Piecewise, Rescale, Wires},
    layer::{TableError, function::Function},
    number::{Approximate, ArithError, Cut, Fixed, Int, Interval, approximate::product, float, interval},
};

/// A table of a node, and the function that it stands for.
pub struct Tabulated<'a> {
    table: &'a Piecewise,
    function: Function,
    /// The error within the table's segments.
    within: f64,
}

impl<'a> Tabulated<'a> {
    /// The table, compared with its function at all cells.
    pub fn new(table: &'a Piecewise, function: Function) -> Self {
        Self { table, within: function.error_within(table), function }
    }
}

/// Exact arithmetic on intervals with errors.
pub struct Errors<'a> {
    node: usize,
    nodes: Vec<Tables<'a>>,
}

/// The tables of a node.
struct Tables<'a> {
    tables: Vec<Tabulated<'a>>,
    /// What the plan states of them. It is what errors are made of, since it is the same on every machine.
    stated: Option<TableError>,
    /// What they are found to be, over all values that they meet.
    found: TableError,
}

/// The relative error that sums of floats may add, for each of so many terms.
const FLOAT: f64 = 4.0 * f64::EPSILON;

/// A bound made of `n` terms in floats, without what they may have been rounded down.
fn up(error: f64, n: usize) -> f64 {
    if error.is_nan() { f64::INFINITY } else { error * (1.0 + FLOAT * (n + 16) as f64) }
}

/// `2^e`.
fn power(e: i32) -> f64 {
    float::exp2(e.clamp(-1000, 1000))
}

impl<'a> Errors<'a> {
    /// The reading of a graph whose nodes have these tables, of which the plan states this. Whoever asks compares it with what is found.
    pub fn new(tables: impl Iterator<Item = (Vec<Tabulated<'a>>, Option<TableError>)>) -> Self {
        let node = |(tables, stated)| Tables { tables, stated, found: TableError::default() };
        Self { node: 0, nodes: tables.map(node).collect() }
    }

    /// For every node, what its tables were found to be.
    pub fn tables(&self) -> impl Iterator<Item = TableError> {
        self.nodes.iter().map(|node| node.found)
    }
}

impl Functions for Errors<'_> {
    /// The table's error, and the function's slope times that of the argument.
    fn error(&mut self, table: &Piecewise, argument: &Interval, error: f64) -> f64 {
        let Some(Tables { tables, stated, found }) = self.nodes.get_mut(self.node) else { return f64::INFINITY };
        // Two equal tables may stand for two functions.
        let known = tables.iter().find(|t| std::ptr::eq(t.table, table));
        let Some(Tabulated { function, within, .. }) = known else { return f64::INFINITY };
        let (unit, value) = (power(-table.input()), power(table.scale()));
        let (lo, hi) = (argument.lo.as_f64() * unit, argument.hi.as_f64() * unit);
        let reach = lo.abs().max(hi.abs()) + error * unit;
        let own = within.max(function.error_beyond(table, lo.abs().max(hi.abs())));
        let saturates = function.saturates(table, lo, hi);
        found.error = found.error.max(own);
        found.saturates |= saturates;
        let slope = (function.steepest)(reach);
        // Beyond the segments of a function without tails, the distance is anything.
        let own = if saturates { f64::INFINITY } else { stated.map_or(own, |stated| stated.error) };
        value * (own + if error == 0.0 { 0.0 } else { slope * error * unit })
    }

    fn saturates(&mut self) {
        if let Some(node) = self.nodes.get_mut(self.node) {
            node.found.saturates |= !node.tables.is_empty();
        }
    }
}

impl Arith for Errors<'_> {
    type Wire = Approximate;

    fn constant(&mut self, value: Int) -> Approximate {
        Approximate { interval: Interval::point(value), error: 0.0 }
    }

    fn fixed(&mut self, value: Fixed) -> Approximate {
        Approximate { interval: Interval::point(value.integer()), error: value.error() }
    }

    fn dot<'b>(
        &mut self,
        terms: impl Iterator<Item = (&'b Approximate, &'b Approximate)>,
        bias: Option<&'b Approximate>,
    ) -> Result<Approximate, ArithError> {
        let (mut error, mut n) = (0.0, 0);
        let terms = terms.map(|(a, b)| {
            n += 1;
            if a.error != 0.0 || b.error != 0.0 {
                error += product(a, b);
            }
            (&a.interval, &b.interval)
        });
        let interval = interval::dot(terms, bias.map(|b| &b.interval))?;
        let error = error + bias.map_or(0.0, |b| b.error);
        Ok(Approximate { interval, error: up(error, n) })
    }

    fn linear<'b>(
        &mut self,
        terms: impl Iterator<Item = (Int, &'b Approximate)>,
        constant: Int,
    ) -> Result<Approximate, ArithError> {
        self.affine(terms.map(|(c, a)| (c.into(), a)), constant.into())
    }

    fn affine<'b>(
        &mut self,
        terms: impl Iterator<Item = (Fixed, &'b Approximate)>,
        constant: Fixed,
    ) -> Result<Approximate, ArithError> {
        let (mut sum, mut error, mut n) = (Interval::point(constant.integer()), constant.error(), 0);
        for (c, a) in terms {
            n += 1;
            sum = sum.add(&Interval::point(c.integer()).mul(&a.interval)?)?;
            let factor = Approximate { interval: Interval::point(c.integer()), error: c.error() };
            if a.error != 0.0 || c.error() != 0.0 {
                error += product(&factor, a);
            }
        }
        Ok(Approximate { interval: sum, error: up(error, n) })
    }

    fn defined(&mut self, value: Approximate, argument: &Approximate, least: Int) -> Approximate {
        let within = argument.interval.lo.as_f64() - argument.error >= least.as_f64();
        Approximate { error: if within { value.error } else { f64::INFINITY }, ..value }
    }

    fn mul(&mut self, a: &Approximate, b: &Approximate) -> Result<Approximate, ArithError> {
        Ok(Approximate { interval: a.interval.mul(&b.interval)?, error: up(product(a, b), 1) })
    }

    fn apply<'b, G: Gadget>(
        &mut self,
        gadget: &G,
        x: Of<G::In, &'b Approximate>,
    ) -> Result<Of<G::Out, Approximate>, ArithError>
    where
        Approximate: 'b,
    {
        let y = gadget.bound(G::In::map_ref(&x, |x| &x.interval))?;
        let errors = gadget.error(x, &y, self)?;
        Ok(G::Out::map(G::Out::zip(y, errors), |(interval, error)| Approximate { interval, error: up(error, 16) }))
    }

    fn clamp(
        &mut self,
        a: &Approximate,
        cut: Cut,
        lo: Option<Fixed>,
        hi: Option<Fixed>,
    ) -> Result<Approximate, ArithError> {
        let (low, high) = (Fixed::lower_end(lo, cut), Fixed::upper_end(hi, cut));
        let y = self.clip(a, cut, low.integer(), high.integer())?;
        // The ends of the formula are off by their rounding and by what a saturation moves them.
        let ends = [(lo, low), (hi, high)].into_iter().filter(|(end, _)| end.is_some()).map(|(_, end)| end.error());
        let error = ends.fold(y.error, f64::max);
        // Where the formula has no end, a saturation is one.
        let before = Rescale { cut: Cut { saturate: None, bits: None, ..cut } }.bound(&a.interval)?;
        let below = if lo.is_none() { (low.integer() - before.lo).as_f64().max(0.0) } else { 0.0 };
        let above = if hi.is_none() { (before.hi - high.integer()).as_f64().max(0.0) } else { 0.0 };
        if below + above > 0.0 {
            self.saturates();
        }
        Ok(Approximate { error: up(error + below.max(above), 4), ..y })
    }

    fn settle(&mut self, a: &Approximate, _: usize) -> Result<Approximate, ArithError> {
        Ok(*a)
    }

    fn enter(&mut self, node: usize) {
        self.node = node;
    }
}
