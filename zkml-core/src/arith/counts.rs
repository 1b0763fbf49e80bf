//! The reading of exact arithmetic as a budget: what the circuit will cost, before there is one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Arith, ArithError, Int, interval, interval::Interval};
use crate::gadget::{
    Gadget, Of, Wires, matrix,
    winograd::{self, Grid},
};

/// The widest limb that is looked up in one table, in bits.
pub const WIDEST_LOOKUP: usize = 16;

/// Limbs that are looked up, by their bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookups([usize; WIDEST_LOOKUP + 1]);

impl Lookups {
    /// How many limbs of so many bits are looked up.
    pub fn of(&self, bits: usize) -> usize {
        self.0.get(bits).copied().unwrap_or(0)
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|n| *n == 0)
    }
}

/// Constraints and witness variables; and lookups, of a proof system that answers requests ([`Cs`](crate::gadget::Cs)) with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Rank-one constraints.
    pub constraints: usize,
    /// Witness variables.
    pub witnesses: usize,
    /// Limbs that are looked up: none, where bits answer.
    #[serde(default, skip_serializing_if = "Lookups::is_empty")]
    pub lookups: Lookups,
}

impl Cost {
    /// So many of both, and no lookup.
    pub fn new(constraints: usize, witnesses: usize) -> Self {
        Self { constraints, witnesses, lookups: Lookups::default() }
    }

    /// A limb of so many bits, at most [`WIDEST_LOOKUP`], that is looked up: a witness variable.
    pub fn lookup(bits: usize) -> Self {
        let mut lookups = Lookups::default();
        lookups.0[bits.min(WIDEST_LOOKUP)] = 1;
        Self { constraints: 0, witnesses: 1, lookups }
    }
}

impl std::ops::Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let lookups = Lookups(std::array::from_fn(|i| self.lookups.0[i] + other.lookups.0[i]));
        Self { constraints: self.constraints + other.constraints, witnesses: self.witnesses + other.witnesses, lookups }
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
        let lookups = Lookups(self.lookups.0.map(|each| each * n));
        Self { constraints: self.constraints * n, witnesses: self.witnesses * n, lookups }
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), |a, b| a + b)
    }
}

/// A wire of the budget: its interval, and how many terms its linear combination has, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// What is known of its value.
    pub interval: Interval,
    /// Variables in its linear combination; none for a constant.
    pub terms: u32,
}

impl Measure {
    /// A variable of its own.
    pub fn variable(interval: Interval) -> Self {
        Self { interval, terms: u32::from(!interval.is_point()) }
    }
}

/// The terms of `a * b`: a product of two variables is a variable, a multiple of a wire has as many terms as it.
pub fn product_terms(a: &Measure, b: &Measure) -> u32 {
    match (a.interval.as_point(), b.interval.as_point()) {
        (Some(_), Some(_)) => 0,
        (Some(c), None) => {
            if c == Int::ZERO {
                0
            } else {
                b.terms
            }
        }
        (None, Some(c)) => {
            if c == Int::ZERO {
                0
            } else {
                a.terms
            }
        }
        (None, None) => 1,
    }
}

/// Whether a linear combination of so many terms, used this often, is cheaper as a variable of its own.
///
/// One more constraint and one more witness, against `(terms - 1) * (fanout - 1)` more entries of the matrices (the new
/// constraint has `terms` of its own), each of which costs a field multiplication in every proof and a place in memory.
pub fn settles(terms: u32, fanout: usize) -> bool {
    terms > 1 && fanout > 1 && (terms as usize - 1).saturating_mul(fanout - 1) > 512
}

/// The budget, by node and gadget.
pub type Budget = BTreeMap<(usize, &'static str), Cost>;

/// Exact arithmetic that adds up what it would cost.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    node: usize,
    budget: Budget,
    instances: usize,
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

/// What is known of a gadget's results: their intervals and their terms.
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
        let Some(tiled) = winograd::decide(grid, x, w, bias)? else { return grid.direct(self, x, w, bias) };
        self.pay("product", tiled.tiling.products);
        self.pay("settle", tiled.tiling.settled);
        Ok(tiled.results)
    }

    fn matmul(&mut self, rows: &[Vec<&Measure>], columns: &[Vec<&Measure>]) -> Result<Vec<Measure>, ArithError> {
        let Some(paired) = matrix::decide(rows, columns)? else { return matrix::direct(self, rows, columns) };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_are_counted_by_their_bits_and_not_written_where_there_are_none() {
        let cost = Cost::new(2, 3) + Cost::lookup(8) * 4 + Cost::lookup(3);
        assert_eq!((cost.constraints, cost.witnesses), (2, 8));
        assert_eq!([3, 8, 9, 99].map(|bits| cost.lookups.of(bits)), [1, 4, 0, 0]);
        assert_eq!(serde_json::to_string(&Cost::new(2, 3)).unwrap(), r#"{"constraints":2,"witnesses":3}"#);
        let text = serde_json::to_string(&cost).unwrap();
        assert_eq!(serde_json::from_str::<Cost>(&text).unwrap(), cost);
    }
}
