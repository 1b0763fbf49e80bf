//! Constraint count in closed form, gadget by gadget: the reading that budgets and the search of plans are made of.

use std::collections::BTreeMap;

use super::{Arith, direct};
use crate::{
    gadget::{
        Gadget, Of, Wires,
        product::{
            matrix,
            winograd::{self, Grid},
        },
    },
    number::{
        ArithError, Cost, Int, Interval, Measure,
        cost::{product_terms, settles},
        interval,
    },
};

/// Constraint budget, by node and gadget.
pub type Budget = BTreeMap<(usize, &'static str), Cost>;

/// Constraint count of exact arithmetic.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    node: usize,
    budget: Budget,
    instances: usize,
}

impl Counts {
    /// A count of nothing so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a cost under the current node.
    pub fn pay(&mut self, gadget: &'static str, cost: Cost) {
        if cost != Cost::default() {
            *self.budget.entry((self.node, gadget)).or_default() += cost;
        }
    }

    /// Adds public inputs.
    pub fn show(&mut self, instances: usize) {
        self.instances += instances;
    }

    /// What `once` counts, `times` over.
    ///
    /// # Errors
    /// As `once`.
    pub fn repeat<E>(&mut self, times: usize, once: impl FnOnce(&mut Self) -> Result<(), E>) -> Result<(), E> {
        let before = std::mem::take(self);
        once(self)?;
        let one = std::mem::replace(self, before);
        for ((node, gadget), cost) in one.budget {
            *self.budget.entry((node, gadget)).or_default() += cost * times;
        }
        self.instances += one.instances * times;
        Ok(())
    }

    /// Public inputs, without the constant one.
    pub fn instances(&self) -> usize {
        self.instances
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

/// Measures of a gadget's results: their intervals and their terms.
///
/// # Errors
/// As the gadget says.
pub fn bounded<G: Gadget>(gadget: &G, x: Of<G::In, &Measure>) -> Result<Of<G::Out, Measure>, ArithError> {
    let intervals = gadget.bound(G::In::map_ref(&x, |x| &x.interval))?;
    let terms = gadget.terms(x)?;
    Ok(G::Out::map(G::Out::zip(intervals, terms), |(interval, terms)| Measure { interval, terms }))
}

impl Arith for Counts {
    type Wire = Measure;

    fn constant(&mut self, value: Int) -> Measure {
        Measure { interval: Interval::point(value), terms: 0 }
    }

    fn dot<'a>(
        &mut self,
        terms: impl Iterator<Item = (&'a Measure, &'a Measure)>,
        bias: Option<&'a Measure>,
    ) -> Result<Measure, ArithError> {
        let (mut sum, mut products) = (0u32, 0usize);
        let interval = interval::dot(
            terms.map(|(a, b)| {
                sum = sum.saturating_add(product_terms(a, b));
                products += usize::from(!a.interval.is_point() && !b.interval.is_point());
                (&a.interval, &b.interval)
            }),
            bias.map(|b| &b.interval),
        )?;
        sum = sum.saturating_add(bias.map_or(0, |b| b.terms));
        self.pay("product", Cost::new(products, products));
        Ok(Measure { interval, terms: sum })
    }

    fn convolve(
        &mut self,
        grid: &Grid,
        x: &[Measure],
        w: &[Measure],
        bias: &[Measure],
    ) -> Result<Vec<Measure>, ArithError> {
        let Some(tiled) = winograd::decide(grid, x, w, bias)? else { return direct::convolve(self, grid, x, w, bias) };
        self.pay("product", tiled.tiling.products);
        self.pay("settle", tiled.tiling.settled);
        Ok(tiled.results)
    }

    fn matmul(&mut self, rows: &[Vec<&Measure>], columns: &[Vec<&Measure>]) -> Result<Vec<Measure>, ArithError> {
        let Some(paired) = matrix::decide(rows, columns)? else { return direct::matmul(self, rows, columns) };
        self.pay("product", paired.cost);
        Ok(paired.sums)
    }

    fn linear<'a>(
        &mut self,
        terms: impl Iterator<Item = (Int, &'a Measure)>,
        constant: Int,
    ) -> Result<Measure, ArithError> {
        let mut sum = Measure { interval: Interval::point(constant), terms: 0 };
        for (c, a) in terms {
            sum.interval = sum.interval.add(&Interval::point(c).mul(&a.interval)?)?;
            sum.terms = sum.terms.saturating_add(if c == Int::ZERO { 0 } else { a.terms });
        }
        Ok(sum)
    }

    fn mul(&mut self, a: &Measure, b: &Measure) -> Result<Measure, ArithError> {
        let interval = a.interval.mul(&b.interval)?;
        if !a.interval.is_point() && !b.interval.is_point() {
            self.pay("product", Cost::new(1, 1));
        }
        Ok(Measure { interval, terms: product_terms(a, b) })
    }

    fn apply<'a, G: Gadget>(&mut self, gadget: &G, x: Of<G::In, &'a Measure>) -> Result<Of<G::Out, Measure>, ArithError>
    where
        Measure: 'a,
    {
        let y = bounded(gadget, G::In::map_ref(&x, |x| *x))?;
        self.pay(G::CARD.name, gadget.cost(G::In::map(x, |x| &x.interval))?);
        Ok(y)
    }

    fn settle(&mut self, a: &Measure, fanout: usize) -> Result<Measure, ArithError> {
        if !settles(a.terms, fanout) {
            return Ok(*a);
        }
        self.pay("settle", Cost::new(1, 1));
        Ok(Measure { interval: a.interval, terms: 1 })
    }

    fn enter(&mut self, node: usize) {
        self.node = node;
    }
}
