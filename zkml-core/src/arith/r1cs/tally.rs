//! Dry run: the constraint system that keeps no constraint, and counts variables, rows and entries of the matrices

use std::{cell::Cell, rc::Rc};

use ark_bn254::Fr;
use ark_ff::Zero;

use super::{
    Accumulate, Label,
    standings::{Columns, Of, Standings},
};
use crate::{
    gadget::{
        Cs, FieldCs,
        product::linear_operator::{self, LinearOperator},
    },
    number::{ArithError, Int},
    prove::rates::{Length, Operators, Work},
};

/// Dry run: makes the variables, linear combinations and constraints that [`Build`](super::Build) makes, counts them, and holds none.
///
/// Variables and constraints are exact. Entries are counted as if no sum met a variable twice: never too few.
#[derive(Debug, Default)]
pub struct Tally {
    /// Public inputs, without the constant one.
    pub instances: usize,
    /// Witness variables.
    pub witnesses: usize,
    /// Constraints.
    pub constraints: usize,
    /// Entries of the three matrices.
    pub entries: usize,
    held: Rc<Held>,
    /// The sum that is being added up: how many variables it has, and whether it has a constant.
    open: (usize, bool),
    /// The most constraints that are counted.
    most: Option<usize>,
    /// From so many multiplications on, linear maps are operators.
    operators_from: Option<usize>,
    /// Where variables stand, if that is asked for.
    standings: Option<Standings>,
    operators: Operators,
    /// How many of the witness variables are registered weights.
    registered: usize,
    node: usize,
    labels: Vec<Label>,
}

/// How many entries linear combinations have that are not dropped yet.
#[derive(Debug, Default)]
struct Held {
    now: Cell<usize>,
    most: Cell<usize>,
}

/// A linear combination's size, and its variables where it matters where they stand.
#[derive(Debug)]
pub struct Size {
    variables: usize,
    constant: bool,
    held: Rc<Held>,
    columns: Columns,
}

impl Size {
    fn new(held: &Rc<Held>, (variables, constant): (usize, bool), columns: Columns) -> Self {
        let size = Self { variables, constant, held: Rc::clone(held), columns };
        held.now.set(held.now.get().saturating_add(size.entries()));
        size
    }

    /// How many variables it has.
    pub(crate) fn terms(&self) -> u32 {
        u32::try_from(self.variables).unwrap_or(u32::MAX)
    }

    fn entries(&self) -> usize {
        self.variables.saturating_add(usize::from(self.constant))
    }
}

impl Clone for Size {
    fn clone(&self) -> Self {
        Self::new(&self.held, (self.variables, self.constant), self.columns.clone())
    }
}

impl Drop for Size {
    fn drop(&mut self) {
        self.held.now.set(self.held.now.get().saturating_sub(self.entries()));
    }
}

impl Tally {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, of no more constraints than these: what asks for one more is an error.
    pub fn at_most(constraints: usize) -> Self {
        Self { most: Some(constraints), ..Self::default() }
    }

    /// The same, which also counts where variables stand, for the [work](Tally::work) of a proof, and notes [where](Tally::labels) constraints come from.
    pub fn weighing() -> Self {
        Self { standings: Some(Standings::default()), ..Self::default() }
    }

    /// The same, where linear maps are operators from so many multiplications on, or from those where they pay.
    pub fn with_operators_from(self, multiplications: Option<usize>) -> Self {
        Self { operators_from: multiplications, ..self }
    }

    /// The most entries that are in memory at once: those of the matrices so far, and those of the linear combinations that are
    /// still to be used.
    pub fn peak(&self) -> usize {
        self.held.most.get().max(self.entries)
    }

    /// Where constraints come from, in order: as [`Build::finish`](super::Build::finish) says.
    pub fn labels(&self) -> impl Iterator<Item = Label> + '_ {
        self.labels.iter().map(|label| Label { witness: label.witness + self.registered, ..*label })
    }

    /// What there is to do for a proof, if where variables stand was [counted](Tally::weighing).
    ///
    /// Variables, their lengths and where they stand are those of [`Build`](super::Build), exactly, where no sum has a variable that cancels.
    pub fn work(self) -> Option<Work> {
        let (constraints, entries, operators) = (self.constraints, self.entries, self.operators);
        self.standings.map(|standings| Work { operators, ..standings.work(constraints, entries) })
    }

    /// A linear combination of so many variables.
    pub(crate) fn wire(&self, terms: u32) -> Size {
        self.size((terms as usize, false), Columns::None)
    }

    fn size(&self, entries: (usize, bool), columns: Columns) -> Size {
        let size = Size::new(&self.held, entries, columns);
        self.held.most.set(self.held.most.get().max(self.held.now.get().saturating_add(self.entries)));
        size
    }

    fn fresh(&mut self, of: Of, length: Length) -> Size {
        match of {
            Of::Public => self.instances += 1,
            Of::Registered => {
                self.witnesses += 1;
                self.registered += 1;
            }
            Of::Witness => self.witnesses += 1,
        }
        let columns = self.standings.as_mut().map_or(Columns::None, |standings| standings.fresh(of, length));
        self.size((1, false), columns)
    }

    /// Adds a linear combination to the one that is open.
    fn add(&mut self, sum: &Size) {
        self.open = (self.open.0.saturating_add(sum.variables), self.open.1 || sum.constant);
        if let Some(standings) = &mut self.standings {
            standings.add(&sum.columns);
        }
    }

    /// Ends the linear combination that is open.
    fn take(&mut self) -> Size {
        let open = std::mem::take(&mut self.open);
        let columns = self.standings.as_mut().map_or(Columns::None, Standings::take);
        self.size(open, columns)
    }

    fn row(&mut self, of: [&Size; 3]) {
        self.constraints += 1;
        self.entries = of.iter().fold(self.entries, |n, sum| n.saturating_add(sum.entries()));
        if let Some(standings) = &mut self.standings {
            standings.row(of.map(|sum| &sum.columns));
        }
    }

    fn quotient(&mut self, n: &Size, d: &Size, length: Length) -> Size {
        let q = self.fresh(Of::Witness, length);
        self.row([&q, d, n]);
        q
    }

    fn sum<'a>(&mut self, terms: impl Iterator<Item = &'a Size>, constant: bool) -> Size {
        terms.for_each(|sum| self.add(sum));
        self.open.1 |= constant;
        self.take()
    }
}

impl Cs for Tally {
    type W = Size;

    fn linear(&mut self, terms: &[(Int, &Size)], constant: Int) -> Size {
        self.sum(terms.iter().filter(|(c, _)| *c != Int::ZERO).map(|(_, sum)| *sum), constant != Int::ZERO)
    }

    fn value(&self, _: &Size) -> Option<Int> {
        None
    }

    fn witness(&mut self, _: Option<Int>) -> Size {
        self.fresh(Of::Witness, Length::Small)
    }

    fn bit(&mut self, _: Option<Int>) -> Size {
        self.fresh(Of::Witness, Length::Bit)
    }

    fn enforce(&mut self, a: &Size, b: &Size, c: &Size) {
        self.row([a, b, c]);
    }

    fn inverse(&mut self, x: &Size, rhs: &Size) {
        self.field_quotient(rhs, x);
    }

    fn label(&mut self, gadget: &'static str) {
        if self.standings.is_some() {
            let (first, witness) = (self.constraints, self.witnesses - self.registered);
            self.labels.push(Label { first, witness, node: self.node, gadget });
        }
    }
}

impl FieldCs for Tally {
    type F = Size;

    fn instance(&mut self, _: Option<Int>) -> Size {
        self.fresh(Of::Public, Length::Small)
    }

    fn lift(&mut self, w: &Size) -> Size {
        w.clone()
    }

    fn field_linear(&mut self, terms: &[(Fr, &Size)], constant: Fr) -> Size {
        self.sum(terms.iter().filter(|(c, _)| !c.is_zero()).map(|(_, sum)| *sum), !constant.is_zero())
    }

    fn combine(&mut self, terms: &[(Fr, &Size)], _: Int) -> Size {
        self.field_linear(terms, Fr::zero())
    }

    fn field_product(&mut self, a: &Size, b: &Size) -> Size {
        let p = self.fresh(Of::Witness, Length::Full);
        self.row([a, b, &p]);
        p
    }

    fn field_quotient(&mut self, n: &Size, d: &Size) -> Size {
        self.quotient(n, d, Length::Full)
    }

    fn field_fractions(&mut self, pairs: &[(Size, Size)]) -> Vec<Size> {
        pairs.iter().map(|(n, d)| self.quotient(n, d, Length::Fraction)).collect()
    }

    fn field_enforce(&mut self, a: &Size, b: &Size, c: &Size) {
        self.row([a, b, c]);
    }

    fn field_witness(&mut self, _: Option<Fr>) -> Size {
        self.fresh(Of::Witness, Length::Full)
    }

    /// Of two phases, so that everything is counted; [`Build`](super::Build) says where there is but one.
    fn challenge(&mut self) -> Result<Size, ArithError> {
        let challenge = self.fresh(Of::Public, Length::Full);
        if let Some(standings) = &mut self.standings {
            standings.challenged();
        }
        Ok(challenge)
    }

    fn registered(&mut self, _: Option<Int>) -> Size {
        self.fresh(Of::Registered, Length::Small)
    }

    fn field_registered(&mut self, _: Option<Fr>) -> Size {
        self.fresh(Of::Registered, Length::Full)
    }

    fn field_output(&mut self, f: &Size) {
        let out = self.fresh(Of::Public, Length::Full);
        let one = self.sum(std::iter::empty(), true);
        self.row([f, &one, &out]);
    }
}

impl Accumulate for Tally {
    fn accumulate(&mut self, _: &mut Int, c: Int, w: &Size) {
        if c != Int::ZERO {
            self.add(w);
        }
    }
    fn accumulate_constant(&mut self, _: &mut Int, c: Int) {
        self.open.1 |= c != Int::ZERO;
    }
    /// Not `product`, which must not touch the sum that is open.
    fn deferred(&mut self, a: &Size, b: &Size) -> Size {
        let p = self.fresh(Of::Witness, Length::Small);
        self.row([a, b, &p]);
        p
    }
    fn close(&mut self, _: Int) -> Size {
        self.take()
    }
    fn operators_from(&self) -> usize {
        self.operators_from.unwrap_or(linear_operator::WORTH)
    }
    /// An entry an entry of each element, which is kept, and a column a result.
    fn operate(&mut self, operator: LinearOperator, x: &[&Size]) -> Option<Vec<Size>> {
        self.entries = x.iter().fold(self.entries, |n, x| n.saturating_add(x.entries()));
        self.operators.count(operator.weights(), operator.multiplications());
        let columns = self.standings.as_ref().map_or(Columns::None, |_| Columns::of(x.iter().map(|x| &x.columns)));
        Some((0..operator.outputs()).map(|_| self.size((1, false), columns.clone())).collect())
    }
    fn at(&mut self, node: usize) {
        self.node = node;
    }
    fn exceeded(&self, more: usize) -> Option<usize> {
        let found = self.constraints.saturating_add(more);
        self.most.filter(|most| found > *most).map(|_| found)
    }
}
