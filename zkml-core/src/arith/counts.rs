//! The reading of exact arithmetic as a budget: what the circuit will cost, before there is one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Arith, ArithError, Cut, Int, interval, interval::Interval};
use crate::gadget::{
    self,
    lack::Lack,
    matrix,
    piecewise::Piecewise,
    winograd::{Grid, Tiling},
};

/// Constraints and witness variables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Rank-one constraints.
    pub constraints: usize,
    /// Witness variables.
    pub witnesses: usize,
}

impl Cost {
    /// So many of both.
    pub fn new(constraints: usize, witnesses: usize) -> Self {
        Self { constraints, witnesses }
    }
}

impl std::ops::Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { constraints: self.constraints + other.constraints, witnesses: self.witnesses + other.witnesses }
    }
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::ops::Mul<usize> for Cost {
    type Output = Self;
    fn mul(self, n: usize) -> Self {
        Self { constraints: self.constraints * n, witnesses: self.witnesses * n }
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), |a, b| a + b)
    }
}

/// A wire of the budget: its interval, and how many variables its linear combination has, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// What is known of its value.
    pub interval: Interval,
    /// Variables in its linear combination; none for a constant.
    pub width: u32,
}

impl Measure {
    /// A variable of its own.
    pub fn variable(interval: Interval) -> Self {
        Self { interval, width: u32::from(!interval.is_point()) }
    }
}

/// The width of `sum_i a_i * b_i`: a product of two variables is a variable, a multiple of a wire is as wide as it.
pub fn product_width(a: &Measure, b: &Measure) -> u32 {
    match (a.interval.as_point(), b.interval.as_point()) {
        (Some(_), Some(_)) => 0,
        (Some(c), None) => {
            if c == Int::ZERO {
                0
            } else {
                b.width
            }
        }
        (None, Some(c)) => {
            if c == Int::ZERO {
                0
            } else {
                a.width
            }
        }
        (None, None) => 1,
    }
}

/// Whether a linear combination of this width, used this often, is cheaper as a variable of its own.
///
/// One more constraint and one more witness, against `(width - 1) * (fanout - 1)` more entries of the matrices (the new
/// constraint has `width` of its own), each of which costs a field multiplication in every proof and a place in memory.
pub fn settles(width: u32, fanout: usize) -> bool {
    width > 1 && fanout > 1 && (width as usize - 1).saturating_mul(fanout - 1) > 512
}

/// The budget, by node and gadget.
pub type Budget = BTreeMap<(usize, &'static str), Cost>;

/// Exact arithmetic that adds up what it would cost.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    node: usize,
    budget: Budget,
}

impl Counts {
    /// The reading.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a cost under the current node.
    pub fn pay(&mut self, gadget: &'static str, cost: Cost) {
        if cost != Cost::default() {
            *self.budget.entry((self.node, gadget)).or_default() += cost;
        }
    }

    /// All that was paid.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The sum of all that was paid.
    pub fn total(&self) -> Cost {
        self.budget.values().copied().sum()
    }
}

impl Arith for Counts {
    type Wire = Measure;

    fn constant(&mut self, value: Int) -> Measure {
        Measure { interval: Interval::point(value), width: 0 }
    }

    fn dot<'a>(
        &mut self,
        terms: impl Iterator<Item = (&'a Measure, &'a Measure)>,
        bias: Option<&'a Measure>,
    ) -> Result<Measure, ArithError> {
        let (mut width, mut products) = (0u32, 0usize);
        let interval = interval::dot(
            terms.map(|(a, b)| {
                width = width.saturating_add(product_width(a, b));
                products += usize::from(!a.interval.is_point() && !b.interval.is_point());
                (&a.interval, &b.interval)
            }),
            bias.map(|b| &b.interval),
        )?;
        width = width.saturating_add(bias.map_or(0, |b| b.width));
        self.pay("product", Cost::new(products, products));
        Ok(Measure { interval, width })
    }

    fn convolve(
        &mut self,
        grid: &Grid,
        x: &[Measure],
        w: &[Measure],
        bias: &[Measure],
    ) -> Result<Vec<Measure>, ArithError> {
        let Some(tiling) = Tiling::of(grid, x.iter(), w.iter()) else { return grid.direct(self, x, w, bias) };
        self.pay("product", tiling.products);
        self.pay("settle", tiling.settled);
        let mut unpaid = Counts::new();
        let y = grid.direct(&mut unpaid, x, w, &[])?.into_iter().enumerate();
        y.map(|(i, y)| {
            let bias = bias.get(i / grid.windows());
            let interval = bias.map_or(Ok(y.interval), |b| y.interval.add(&b.interval))?;
            Ok(Measure { interval, width: tiling.width.saturating_add(bias.map_or(0, |b| b.width)) })
        })
        .collect()
    }

    fn matmul(&mut self, rows: &[Vec<&Measure>], columns: &[Vec<&Measure>]) -> Result<Vec<Measure>, ArithError> {
        if !matrix::pays(rows, columns, |m| m) {
            return matrix::direct(self, rows, columns);
        }
        self.pay("product", matrix::cost(rows.len(), columns.len(), rows[0].len()));
        let sums = matrix::direct(&mut Counts::new(), rows, columns)?;
        Ok(sums.into_iter().map(|s| Measure { width: 1, ..s }).collect())
    }

    fn linear<'a>(
        &mut self,
        terms: impl Iterator<Item = (Int, &'a Measure)>,
        constant: Int,
    ) -> Result<Measure, ArithError> {
        let mut sum = Measure { interval: Interval::point(constant), width: 0 };
        for (c, a) in terms {
            sum.interval = sum.interval.add(&Interval::point(c).mul(&a.interval)?)?;
            sum.width = sum.width.saturating_add(if c == Int::ZERO { 0 } else { a.width });
        }
        Ok(sum)
    }

    fn mul(&mut self, a: &Measure, b: &Measure) -> Result<Measure, ArithError> {
        let interval = a.interval.mul(&b.interval)?;
        if !a.interval.is_point() && !b.interval.is_point() {
            self.pay("product", Cost::new(1, 1));
        }
        Ok(Measure { interval, width: product_width(a, b) })
    }

    fn rescale(&mut self, a: &Measure, cut: Cut) -> Result<Measure, ArithError> {
        let interval = gadget::rescale::bound(&a.interval, cut)?;
        self.pay("rescale", gadget::rescale::cost(&a.interval, cut)?);
        Ok(Measure { interval, width: gadget::rescale::width(a, cut)? })
    }

    fn relu(&mut self, a: &Measure, cut: Cut) -> Result<Measure, ArithError> {
        let interval = gadget::relu::bound(&a.interval, cut)?;
        self.pay("relu", gadget::relu::cost(&a.interval, cut)?);
        Ok(Measure { interval, width: gadget::relu::width(a, cut)? })
    }

    fn max(&mut self, a: &Measure, b: &Measure) -> Result<Measure, ArithError> {
        let interval = gadget::max::bound(&a.interval, &b.interval)?;
        self.pay("max", gadget::max::cost(&a.interval, &b.interval)?);
        Ok(Measure { interval, width: gadget::max::width(a, b)? })
    }

    fn clip(&mut self, a: &Measure, cut: Cut, lo: Int, hi: Int) -> Result<Measure, ArithError> {
        let interval = gadget::clip::bound(&a.interval, cut, lo, hi)?;
        self.pay("clip", gadget::clip::cost(&a.interval, cut, lo, hi)?);
        Ok(Measure { interval, width: gadget::clip::width(a, cut, lo, hi)? })
    }

    fn leaky(&mut self, a: &Measure, slope: &Measure, unit: Int, cut: Cut) -> Result<Measure, ArithError> {
        let interval = gadget::leaky::bound(&a.interval, &slope.interval, unit, cut)?;
        self.pay("leaky", gadget::leaky::cost(&a.interval, &slope.interval, unit, cut)?);
        Ok(Measure { interval, width: gadget::leaky::width(a, &slope.interval, unit, cut)? })
    }

    fn abs(&mut self, a: &Measure, cut: Cut) -> Result<Measure, ArithError> {
        let interval = gadget::abs::bound(&a.interval, cut)?;
        self.pay("abs", gadget::abs::cost(&a.interval, cut)?);
        Ok(Measure { interval, width: gadget::abs::width(a, cut)? })
    }

    fn sign(&mut self, a: &Measure) -> Result<Measure, ArithError> {
        self.pay("sign", gadget::sign::cost(&a.interval)?);
        Ok(Measure { interval: gadget::sign::bound(&a.interval)?, width: gadget::sign::width(a)? })
    }

    fn non_negative(&mut self, a: &Measure) -> Result<Measure, ArithError> {
        self.pay("non_negative", gadget::non_negative::cost(&a.interval)?);
        Ok(Measure { interval: gadget::non_negative::bound(&a.interval)?, width: gadget::non_negative::width(a)? })
    }

    fn is_zero(&mut self, a: &Measure) -> Result<Measure, ArithError> {
        self.pay("is_zero", gadget::is_zero::cost(&a.interval)?);
        Ok(Measure { interval: gadget::is_zero::bound(&a.interval)?, width: gadget::is_zero::width(a)? })
    }

    fn square(&mut self, a: &Measure) -> Result<Measure, ArithError> {
        let interval = gadget::square::bound(&a.interval)?;
        self.pay("square", gadget::square::cost(&a.interval)?);
        Ok(Measure { interval, width: gadget::square::width(a)? })
    }

    fn select(&mut self, condition: &Measure, a: &Measure, b: &Measure) -> Result<Measure, ArithError> {
        let interval = gadget::select::bound(&condition.interval, &a.interval, &b.interval)?;
        self.pay("select", gadget::select::cost(&condition.interval, &a.interval, &b.interval)?);
        Ok(Measure { interval, width: gadget::select::width(condition, a, b)? })
    }

    fn argmax(&mut self, values: &[Measure]) -> Result<Measure, ArithError> {
        let intervals: Vec<Interval> = values.iter().map(|v| v.interval).collect();
        self.pay("argmax", gadget::argmax::cost(&intervals)?);
        Ok(Measure { interval: gadget::argmax::bound(&intervals)?, width: values.len() as u32 - 1 })
    }

    fn piecewise(&mut self, a: &Measure, table: &Piecewise) -> Result<Measure, ArithError> {
        let interval = gadget::piecewise::bound(&a.interval, table)?;
        self.pay("piecewise", gadget::piecewise::cost(&a.interval, table)?);
        Ok(Measure { interval, width: gadget::piecewise::width(a, table)? })
    }

    fn leading(&mut self, a: &Measure, table: &Piecewise) -> Result<(Measure, Measure), ArithError> {
        let (exponent, part) = gadget::leading::bound(&a.interval, table)?;
        self.pay("leading", gadget::leading::cost(&a.interval, table)?);
        let widths = gadget::leading::widths(&a.interval, table)?;
        Ok((Measure { interval: exponent, width: widths.0 }, Measure { interval: part, width: widths.1 }))
    }

    fn lack(&mut self, values: &[Measure], table: &Piecewise) -> Result<Lack<Measure>, ArithError> {
        let intervals: Vec<Interval> = values.iter().map(|v| v.interval).collect();
        let Lack { parts, sum, max } = gadget::lack::bound(&intervals, table)?;
        self.pay("lack", gadget::lack::cost(&intervals, table)?);
        let widths = gadget::lack::widths(values, table)?;
        let total = widths.iter().fold(0, |sum: u32, w| sum.saturating_add(*w));
        let measure = |(interval, width): (&Interval, u32)| Measure { interval: *interval, width };
        let width = if values.len() < 2 { values.first().map_or(0, |v| v.width) } else { 1 };
        Ok(Lack {
            parts: parts.iter().zip(widths).map(measure).collect(),
            sum: Measure { interval: sum, width: total },
            max: Measure { interval: max, width },
        })
    }

    fn divisor(&mut self, a: &Measure) -> Result<(Measure, Measure), ArithError> {
        let (sign, magnitude) = gadget::divisor::bound(&a.interval)?;
        self.pay("divisor", gadget::divisor::cost(&a.interval)?);
        let widths = gadget::divisor::widths(a)?;
        Ok((Measure { interval: sign, width: widths.0 }, Measure { interval: magnitude, width: widths.1 }))
    }

    fn div(&mut self, a: &Measure, b: &Measure, within: Option<u32>) -> Result<Measure, ArithError> {
        let interval = gadget::div::bound(&a.interval, &b.interval, within)?;
        self.pay("div", gadget::div::cost(&a.interval, &b.interval, within)?);
        Ok(Measure { interval, width: gadget::div::width(&a.interval, &b.interval, within)? })
    }

    fn sqrt(&mut self, a: &Measure, least: Int) -> Result<Measure, ArithError> {
        let interval = gadget::sqrt::bound(&a.interval, least)?;
        self.pay("sqrt", gadget::sqrt::cost(&a.interval, least)?);
        Ok(Measure { interval, width: gadget::sqrt::width(&a.interval, least)? })
    }

    fn settle(&mut self, a: &Measure, fanout: usize) -> Result<Measure, ArithError> {
        if !settles(a.width, fanout) {
            return Ok(*a);
        }
        self.pay("settle", Cost::new(1, 1));
        Ok(Measure { interval: a.interval, width: 1 })
    }

    fn enter(&mut self, node: usize) {
        self.node = node;
    }
}
