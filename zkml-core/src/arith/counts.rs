//! Constraint count in closed form, gadget by gadget: the reading that budgets and the search of plans are made of.

use std::collections::BTreeMap;

#[cfg(feature = "prove")]
use super::r1cs::{Requests, Sizes, Tables, sizes};
use super::{Arith, direct};
#[cfg(feature = "prove")]
use crate::prove::RangeChecks;
use crate::{
    gadget::{
        Gadget, Of, Wires,
        bits::decompose,
        product::{
            choose::{self, Convolution, MatrixProduct},
            consumer::Consumer,
            linear_map::LinearMap,
            linear_operator,
            packed::Packed,
            winograd::Grid,
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
    /// Witness variables that depend on a challenge.
    second: Option<usize>,
    /// The range checks that lookups will answer, where they do.
    #[cfg(feature = "prove")]
    requests: Option<BTreeMap<(usize, &'static str), Requests>>,
    /// What is checked at a challenge, beside the lookups.
    closing: Budget,
    consumer: Option<Consumer>,
    /// How many constraints there are at least, and how many there may be.
    #[cfg(feature = "prove")]
    spent: usize,
    #[cfg(feature = "prove")]
    most: Option<usize>,
}

impl Counts {
    /// A count of nothing so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same of a circuit whose range checks are lookups, see [`Ranged`](super::r1cs::Ranged).
    #[cfg(feature = "prove")]
    pub fn with_lookups() -> Self {
        Self { requests: Some(BTreeMap::new()), ..Self::default() }
    }

    /// A count of nothing so far, of a circuit with such range checks.
    #[cfg(feature = "prove")]
    pub fn of(checks: RangeChecks) -> Self {
        match checks {
            RangeChecks::Bits => Self::new(),
            RangeChecks::Lookups => Self::with_lookups(),
        }
    }

    /// The same, with an error as soon as there are more constraints than that: where range checks are lookups, a count takes a dry run
    /// of every gadget.
    #[cfg(feature = "prove")]
    pub fn at_most(self, constraints: usize) -> Self {
        Self { most: Some(constraints), ..self }
    }

    /// How many constraints there are at least, if they are too many.
    #[cfg(feature = "prove")]
    pub fn exceeded(&self) -> Option<usize> {
        self.most.filter(|most| self.spent > *most).map(|_| self.spent)
    }

    /// Whether range checks are lookups.
    pub fn looks_up(&self) -> bool {
        #[cfg(feature = "prove")]
        return self.requests.is_some();
        #[cfg(not(feature = "prove"))]
        false
    }

    /// All range checks that lookups will answer.
    #[cfg(feature = "prove")]
    pub fn requests(&self) -> Requests {
        let mut all = Requests::default();
        self.requests.iter().flatten().for_each(|(_, requests)| all.extend(requests, 1));
        all
    }

    /// The tables with which the range checks take the fewest rows, whose cost and that of the lookups in them is added. None where
    /// range checks are bit by bit.
    #[cfg(feature = "prove")]
    pub fn choose_tables(&mut self) -> Tables {
        if self.requests.is_none() {
            return Tables::none();
        }
        let tables = Tables::cheapest(&self.requests());
        self.look_up(tables);
        tables
    }

    /// Adds what these tables cost, and the lookups in them.
    #[cfg(feature = "prove")]
    pub fn look_up(&mut self, tables: Tables) {
        let Some(requests) = self.requests.take() else { return };
        let mut limbs = 0;
        for (at, requests) in requests {
            let (cost, looked_up) = tables.cost(&requests);
            limbs += looked_up;
            *self.budget.entry(at).or_default() += cost;
        }
        let cost = tables.closing_cost(limbs);
        // Multiplicities are fixed before the challenge is known, the other variables after.
        let mut second = cost.witnesses - (tables.own_rows() - tables.widths().count());
        for (at, closing) in std::mem::take(&mut self.closing) {
            second += closing.witnesses;
            *self.budget.entry(at).or_default() += closing;
        }
        self.second = Some(second);
        if cost != Cost::default() {
            *self.budget.entry((0, "lookup")).or_default() += cost;
        }
        // The challenge.
        self.instances += 1;
    }

    /// Adds the sizes of a gadget under the current node.
    #[cfg(feature = "prove")]
    pub fn ask(&mut self, gadget: &'static str, sizes: &Sizes, times: usize) {
        self.pay(gadget, sizes.cost * times);
        let least = sizes.cost.constraints.saturating_add(sizes.requests.count());
        self.spent = self.spent.saturating_add(least.saturating_mul(times));
        if let Some(requests) = &mut self.requests {
            requests.entry((self.node, gadget)).or_default().extend(&sizes.requests, times);
        }
    }

    /// Adds a cost under the current node.
    pub fn pay(&mut self, gadget: &'static str, cost: Cost) {
        if cost != Cost::default() {
            *self.budget.entry((self.node, gadget)).or_default() += cost;
        }
    }

    /// Adds packed products under the current node: what is known of their outputs.
    pub(crate) fn pack(&mut self, packed: Packed) -> Result<Vec<Measure>, ArithError> {
        let (cost, ranges, bits) = (packed.cost(), packed.ranges(), packed.digit());
        #[cfg(feature = "prove")]
        if self.looks_up() {
            let mut sizes = Sizes { cost, ..Sizes::default() };
            sizes.requests.add(bits, ranges);
            self.ask("product", &sizes, 1);
            if packed.takes_challenge() {
                let closing = packed.closing_cost();
                self.spent = self.spent.saturating_add(closing.constraints);
                *self.closing.entry((self.node, "identity")).or_default() += closing;
            }
            return Ok(packed.results);
        }
        self.pay("product", cost + decompose::cost(bits) * ranges);
        Ok(packed.results)
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
        let within = Self {
            #[cfg(feature = "prove")]
            requests: self.requests.as_ref().map(|_| BTreeMap::new()),
            #[cfg(feature = "prove")]
            most: self.most.map(|most| most.saturating_sub(self.spent) / times.max(1)),
            ..Self::new()
        };
        let before = std::mem::replace(self, within);
        let counted = once(self);
        let one = std::mem::replace(self, before);
        #[cfg(feature = "prove")]
        {
            self.spent = self.spent.saturating_add(one.spent.saturating_mul(times));
        }
        counted?;
        for ((node, gadget), cost) in one.budget {
            *self.budget.entry((node, gadget)).or_default() += cost * times;
        }
        for (at, cost) in one.closing {
            *self.closing.entry(at).or_default() += cost * times;
        }
        self.instances += one.instances * times;
        #[cfg(feature = "prove")]
        if let Some(all) = &mut self.requests {
            for (at, requests) in one.requests.iter().flatten() {
                all.entry(*at).or_default().extend(requests, times);
            }
        }
        Ok(())
    }

    /// Public inputs, without the constant one.
    pub fn instances(&self) -> usize {
        self.instances
    }

    /// Witness variables that are fixed before a challenge is known; none if there is no challenge.
    pub fn fixed(&self) -> usize {
        self.second.map_or(0, |second| self.total().witnesses - second)
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
        match choose::convolution(grid, x, w, bias, self.consumer.as_ref(), self.looks_up())? {
            Convolution::Formula => {
                let map = LinearMap::convolution(grid, x.len(), w.len());
                let [x_refs, w_refs, of_bias] = [x, w, bias].map(|of| of.iter().collect::<Vec<_>>());
                let known = linear_operator::results(map, &w_refs, &x_refs, &of_bias);
                known.unwrap_or_else(|| direct::convolve(self, grid, x, w, bias))
            }
            Convolution::Tiles(tiled) => {
                self.pay("product", tiled.tiling.products);
                self.pay("settle", tiled.tiling.settled);
                Ok(tiled.results)
            }
            Convolution::Packed(packed) => self.pack(packed),
        }
    }

    fn matmul(
        &mut self,
        rows: &[Vec<&Measure>],
        columns: &[Vec<&Measure>],
        bias: &[&Measure],
    ) -> Result<Vec<Measure>, ArithError> {
        match choose::matrix(rows, columns, bias, self.consumer.as_ref(), self.looks_up())? {
            MatrixProduct::Formula => {
                let map = LinearMap::matrix(rows, columns);
                let [w, x] = [rows, columns].map(|of| of.iter().flatten().copied().collect::<Vec<_>>());
                let known = linear_operator::results(map, &w, &x, bias);
                known.unwrap_or_else(|| direct::matmul(self, rows, columns, bias))
            }
            MatrixProduct::Pairs(paired) => {
                self.pay("product", paired.cost);
                Ok(paired.sums)
            }
            MatrixProduct::Packed(packed) => self.pack(packed),
        }
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
        #[cfg(feature = "prove")]
        if self.requests.is_some() {
            let (sizes, y) = sizes::bounded(gadget, x)?;
            self.ask(G::CARD.name, &sizes, 1);
            if let Some(found) = self.exceeded() {
                return Err(ArithError::Backend(format!("{found} constraints and more, which are too many")));
            }
            return Ok(y);
        }
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

    fn feeds(&mut self, consumer: &dyn Fn() -> Option<Consumer>) {
        self.consumer = consumer();
    }

    fn enter(&mut self, node: usize) {
        self.node = node;
    }
}
