//! The reading of exact arithmetic as error bounds: how far the integers may be from the real numbers of the formula.
//!
//! A wire `q` of the exact semantics stands for a real number: what the same formula gives on real numbers, in the wire's unit. This reading
//! bounds `|q - real|` over every input of the declared range and all weights within half a unit of the integers (or of any integers of
//! the declared widths, where the weights are hidden). Rounding adds half a unit, a saturation what it cuts off, a table its proven
//! error and the steepest slope of its function times the error of its argument; a comparison whose operands may be on either side of its
//! threshold may be wrong altogether. What floats of 64 bits round in the reference is not in it.

use crate::{
    arith::{
        Arith, ArithError, Cut, Int,
        bounds::Bounds,
        fixed::Fixed,
        float,
        interval::{self, Interval},
    },
    gadget::{self, lack::Lack, piecewise::Piecewise},
    layer::{TableError, function::Function},
};

/// A wire: its values, and how far each is from the real number that it stands for, in its unit; infinite where no bound is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Approximate {
    /// The integers.
    pub interval: Interval,
    /// The distance.
    pub error: f64,
}

impl Approximate {
    /// The largest magnitude.
    fn magnitude(&self) -> f64 {
        self.interval.magnitude().as_f64()
    }

    /// Whether integer and real number are on the same side of zero, or both zero, whatever the input.
    fn is_sure(&self) -> bool {
        self.error == 0.0 || self.interval.lo.as_f64() > self.error || self.interval.hi.as_f64() < -self.error
    }
}

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
    bounds: Bounds,
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
        Self { bounds: Bounds::new(), node: 0, nodes: tables.map(node).collect() }
    }

    /// For every node, what its tables were found to be.
    pub fn tables(&self) -> impl Iterator<Item = TableError> {
        self.nodes.iter().map(|node| node.found)
    }

    fn wire(&self, interval: Interval, error: f64) -> Approximate {
        Approximate { interval, error: up(error, 1) }
    }

    /// What is of interval `before`, and off by `error`, cut down to `interval`.
    fn cut(&mut self, interval: Interval, before: &Interval, error: f64, cut: Cut) -> Approximate {
        let rounding = if cut.shift > 0 { 0.5 } else { 0.0 };
        let beyond = cut.saturate.map_or(0.0, |bits| {
            // What is cut off at either end, before the error.
            let unsaturated = gadget::rescale::bound(before, Cut { saturate: None, ..cut });
            let (lo, hi) = unsaturated.map_or((f64::NEG_INFINITY, f64::INFINITY), |i| (i.lo.as_f64(), i.hi.as_f64()));
            let end = power(bits as i32);
            (hi - (end - 1.0)).max(-end - lo).max(0.0)
        });
        if let Some(node) = self.nodes.get_mut(self.node) {
            node.found.saturates |= beyond > 0.0 && !node.tables.is_empty();
        }
        self.wire(interval, error / power(cut.shift as i32) + rounding + beyond)
    }

    /// The table's error, and the function's slope times that of the argument, of an argument of this interval.
    fn tabulated(&mut self, table: &Piecewise, argument: &Interval, error: f64) -> f64 {
        let Some(Tables { tables, stated, found }) = self.nodes.get_mut(self.node) else { return f64::INFINITY };
        let known = tables.iter().find(|t| std::ptr::eq(t.table, table) || t.table == table);
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
}

impl Arith for Errors<'_> {
    type Wire = Approximate;

    fn constant(&mut self, value: Int) -> Approximate {
        Approximate { interval: self.bounds.constant(value), error: 0.0 }
    }

    fn fixed(&mut self, value: Fixed) -> Approximate {
        Approximate { interval: self.bounds.constant(value.integer()), error: value.error() }
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
        Ok(self.wire(a.interval.mul(&b.interval)?, product(a, b)))
    }

    fn rescale(&mut self, a: &Approximate, cut: Cut) -> Result<Approximate, ArithError> {
        let y = self.bounds.rescale(&a.interval, cut)?;
        Ok(self.cut(y, &a.interval, a.error, cut))
    }

    fn relu(&mut self, a: &Approximate, cut: Cut) -> Result<Approximate, ArithError> {
        let y = self.bounds.relu(&a.interval, cut)?;
        let positive = Interval { lo: a.interval.lo.max(Int::ZERO), hi: a.interval.hi.max(Int::ZERO) };
        Ok(self.cut(y, &positive, a.error, cut))
    }

    fn max(&mut self, a: &Approximate, b: &Approximate) -> Result<Approximate, ArithError> {
        Ok(Approximate { interval: self.bounds.max(&a.interval, &b.interval)?, error: a.error.max(b.error) })
    }

    fn clip(&mut self, a: &Approximate, cut: Cut, lo: Int, hi: Int) -> Result<Approximate, ArithError> {
        self.clamp(a, cut, lo.into(), hi.into())
    }

    fn clamp(&mut self, a: &Approximate, cut: Cut, lo: Fixed, hi: Fixed) -> Result<Approximate, ArithError> {
        let y = self.bounds.clip(&a.interval, cut, lo.integer(), hi.integer())?;
        // What a saturation cuts off within the ends is their error.
        let before = Cut { saturate: None, ..cut };
        let own = self.cut(y, &a.interval, a.error, before).error;
        // An end that was moved by a saturation matters as far as values go beyond it.
        let unclipped = gadget::rescale::bound(&a.interval, before)?;
        let below = (lo.integer() - unclipped.lo).as_f64() + own;
        let above = (unclipped.hi - hi.integer()).as_f64() + own;
        let ends = lo.error().min(below.max(0.5)).max(hi.error().min(above.max(0.5)));
        Ok(self.wire(y, own.max(ends)))
    }

    fn leaky(&mut self, a: &Approximate, slope: &Approximate, unit: Int, cut: Cut) -> Result<Approximate, ArithError> {
        let y = self.bounds.leaky(&a.interval, &slope.interval, unit, cut)?;
        let before = gadget::leaky::reach(&a.interval, &slope.interval, unit)?;
        // Both halves meet at zero: the steeper one bounds what the error of `a` does, the slope's own error acts below.
        let steepest = unit.as_f64().abs().max(slope.magnitude() + slope.error);
        let negative = (-a.interval.lo.as_f64()).max(0.0);
        let error = term(steepest, a.error) + term(negative, slope.error);
        Ok(self.cut(y, &before, error, cut))
    }

    fn abs(&mut self, a: &Approximate, cut: Cut) -> Result<Approximate, ArithError> {
        let y = self.bounds.abs(&a.interval, cut)?;
        let most = Interval { lo: Int::ZERO, hi: a.interval.magnitude() };
        Ok(self.cut(y, &most, a.error, cut))
    }

    fn sign(&mut self, a: &Approximate) -> Result<Approximate, ArithError> {
        Ok(Approximate { interval: self.bounds.sign(&a.interval)?, error: if a.is_sure() { 0.0 } else { 2.0 } })
    }

    fn non_negative(&mut self, a: &Approximate) -> Result<Approximate, ArithError> {
        // A strict comparison of integers is one less a unit, which that of real numbers is not.
        let sure = a.error == 0.0 || a.interval.lo.as_f64() > a.error || a.interval.hi.as_f64() < -a.error - 1.0;
        Ok(Approximate { interval: self.bounds.non_negative(&a.interval)?, error: if sure { 0.0 } else { 1.0 } })
    }

    fn is_zero(&mut self, a: &Approximate) -> Result<Approximate, ArithError> {
        Ok(Approximate { interval: self.bounds.is_zero(&a.interval)?, error: if a.is_sure() { 0.0 } else { 1.0 } })
    }

    fn square(&mut self, a: &Approximate) -> Result<Approximate, ArithError> {
        let y = self.bounds.square(&a.interval)?;
        Ok(self.wire(y, product(a, a)))
    }

    fn select(&mut self, condition: &Approximate, a: &Approximate, b: &Approximate) -> Result<Approximate, ArithError> {
        let y = self.bounds.select(&condition.interval, &a.interval, &b.interval)?;
        let own = a.error.max(b.error);
        if condition.error == 0.0 {
            return Ok(Approximate { interval: y, error: own });
        }
        let apart = a.interval.hi.max(b.interval.hi).as_f64() - a.interval.lo.min(b.interval.lo).as_f64();
        Ok(self.wire(y, own + apart))
    }

    fn argmax(&mut self, values: &[Approximate]) -> Result<Approximate, ArithError> {
        let intervals: Vec<Interval> = values.iter().map(|v| v.interval).collect();
        let sure = values.iter().all(|v| v.error == 0.0);
        let most = values.len().saturating_sub(1) as f64;
        Ok(Approximate { interval: self.bounds.argmax(&intervals)?, error: if sure { 0.0 } else { most } })
    }

    fn piecewise(&mut self, a: &Approximate, table: &Piecewise) -> Result<Approximate, ArithError> {
        let y = self.bounds.piecewise(&a.interval, table)?;
        let error = self.tabulated(table, &a.interval, a.error);
        Ok(self.wire(y, error))
    }

    /// The table is of `ln(1 + m)`: the exponent is what it is, and the other result stands for what the logarithm lacks to its multiple
    /// of `ln(2)`.
    fn leading(&mut self, a: &Approximate, table: &Piecewise) -> Result<(Approximate, Approximate), ArithError> {
        let (exponent, part) = self.bounds.leading(&a.interval, table)?;
        let mantissas = Interval { lo: Int::ZERO, hi: (Int::ONE << table.input().max(0).unsigned_abs()) - Int::ONE };
        let own = self.tabulated(table, &mantissas, 0.0);
        let least = a.interval.lo.as_f64() - a.error;
        let moved = if a.error == 0.0 {
            0.0
        } else if least > 0.0 {
            power(table.scale()) * a.error / least
        } else {
            f64::INFINITY
        };
        Ok((Approximate { interval: exponent, error: 0.0 }, self.wire(part, own + moved)))
    }

    fn lack(&mut self, values: &[Approximate], table: &Piecewise) -> Result<Lack<Approximate>, ArithError> {
        let intervals: Vec<Interval> = values.iter().map(|v| v.interval).collect();
        let lack = self.bounds.lack(&intervals, table)?;
        let worst = values.iter().fold(0.0, |m: f64, v| m.max(v.error));
        let lacks = gadget::lack::lacks(&intervals);
        let mut parts = Vec::with_capacity(values.len());
        for ((part, lack), value) in lack.parts.iter().zip(&lacks).zip(values) {
            let error = self.tabulated(table, lack, value.error + worst);
            parts.push(self.wire(*part, error));
        }
        let sum = up(parts.iter().map(|p| p.error).sum(), parts.len());
        Ok(Lack {
            parts,
            sum: Approximate { interval: lack.sum, error: sum },
            max: Approximate { interval: lack.max, error: worst },
        })
    }

    fn divisor(&mut self, a: &Approximate) -> Result<(Approximate, Approximate), ArithError> {
        let (sign, magnitude) = self.bounds.divisor(&a.interval)?;
        let zero = if a.interval.contains(Int::ZERO) { 1.0 } else { 0.0 };
        let unsure = if a.is_sure() && zero == 0.0 { 0.0 } else { 2.0 };
        Ok((Approximate { interval: sign, error: unsure }, self.wire(magnitude, a.error + zero)))
    }

    fn div(&mut self, a: &Approximate, b: &Approximate, within: Option<u32>) -> Result<Approximate, ArithError> {
        let y = self.bounds.div(&a.interval, &b.interval, within)?;
        let least = b.interval.lo.as_f64();
        let moved = if a.error == 0.0 && b.error == 0.0 {
            0.0
        } else if least > b.error {
            // |a / b - a' / b'| = |a (b' - b) + b (a - a')| / (b b')
            (term(a.magnitude() / least, b.error) + a.error) / (least - b.error)
        } else {
            f64::INFINITY
        };
        Ok(self.wire(y, moved + 1.0))
    }

    fn sqrt(&mut self, a: &Approximate, least: Int) -> Result<Approximate, ArithError> {
        let y = self.bounds.sqrt(&a.interval, least)?;
        let low = a.interval.lo.max(least).as_f64();
        // |sqrt a - sqrt a'| = |a - a'| / (sqrt a + sqrt a'), and at most the root of |a - a'|.
        let moved = a.error.sqrt().min(a.error / low.max(f64::MIN_POSITIVE).sqrt());
        Ok(self.wire(y, if a.error == 0.0 { 1.0 } else { moved + 1.0 }))
    }

    fn settle(&mut self, a: &Approximate, _: usize) -> Result<Approximate, ArithError> {
        Ok(*a)
    }

    fn enter(&mut self, node: usize) {
        self.node = node;
    }
}

/// `factor * error`, where nothing times no bound is nothing.
fn term(factor: f64, error: f64) -> f64 {
    if factor == 0.0 || error == 0.0 { 0.0 } else { factor * error }
}

/// The error of a product: `|a| e_b + |b| e_a + e_a e_b`.
fn product(a: &Approximate, b: &Approximate) -> f64 {
    term(a.magnitude(), b.error) + term(b.magnitude(), a.error) + term(a.error, b.error)
}
