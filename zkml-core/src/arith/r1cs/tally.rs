//! Dry run: the constraint system that counts rows, variables and entries without keeping any, for the limits of
//! [`Build`](super::Build).

use std::{cell::Cell, rc::Rc};

use ark_bn254::Fr;
use ark_ff::Zero;

use super::Accumulate;
use crate::{
    gadget::{
        Cs, FieldCs,
        product::linear_operator::{self, LinearOperator},
    },
    number::{ArithError, Int},
};

/// Dry run: counts variables, constraints and entries of the matrices, and holds none of them.
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
    /// The sum that is being added up.
    open: (usize, bool),
    /// The most constraints that are counted.
    most: Option<usize>,
    /// From so many multiplications on, linear maps are operators.
    operators_from: Option<usize>,
}

/// How many entries linear combinations have that are not dropped yet.
#[derive(Debug, Default)]
struct Held {
    now: Cell<usize>,
    most: Cell<usize>,
}

/// A linear combination's size.
#[derive(Debug)]
pub struct Size {
    variables: usize,
    constant: bool,
    held: Rc<Held>,
}

impl Size {
    fn new(held: &Rc<Held>, variables: usize, constant: bool) -> Self {
        let size = Self { variables, constant, held: Rc::clone(held) };
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
        Self::new(&self.held, self.variables, self.constant)
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

    /// The same, where linear maps are operators from so many multiplications on, or from those where they pay.
    pub fn with_operators_from(self, multiplications: Option<usize>) -> Self {
        Self { operators_from: multiplications, ..self }
    }

    /// The most entries that are in memory at once: those of the matrices so far, and those of the linear combinations that are
    /// still to be used.
    pub fn peak(&self) -> usize {
        self.held.most.get().max(self.entries)
    }

    /// A linear combination of so many variables.
    pub(crate) fn wire(&self, terms: u32) -> Size {
        self.size(terms as usize, false)
    }

    fn size(&self, variables: usize, constant: bool) -> Size {
        let size = Size::new(&self.held, variables, constant);
        self.held.most.set(self.held.most.get().max(self.held.now.get().saturating_add(self.entries)));
        size
    }

    fn fresh(&mut self) -> Size {
        self.witnesses += 1;
        self.size(1, false)
    }

    fn add(&mut self, w: &Size) {
        self.open = (self.open.0.saturating_add(w.variables), self.open.1 || w.constant);
    }

    fn take(&mut self) -> Size {
        let (variables, constant) = std::mem::take(&mut self.open);
        self.size(variables, constant)
    }

    fn row(&mut self, of: [&Size; 3]) {
        self.constraints += 1;
        self.entries = of.iter().fold(self.entries, |n, lc| n.saturating_add(lc.entries()));
    }
}

impl Cs for Tally {
    type W = Size;

    fn linear(&mut self, terms: &[(Int, &Size)], constant: Int) -> Size {
        terms.iter().filter(|(c, _)| *c != Int::ZERO).for_each(|(_, w)| self.add(w));
        self.open.1 |= constant != Int::ZERO;
        self.take()
    }

    fn value(&self, _: &Size) -> Option<Int> {
        None
    }

    fn witness(&mut self, _: Option<Int>) -> Size {
        self.fresh()
    }

    fn enforce(&mut self, a: &Size, b: &Size, c: &Size) {
        self.row([a, b, c]);
    }

    fn inverse(&mut self, x: &Size, rhs: &Size) {
        let v = self.fresh();
        self.row([&v, x, rhs]);
    }

    fn label(&mut self, _: &'static str) {}
}

impl FieldCs for Tally {
    type F = Size;

    fn instance(&mut self, _: Option<Int>) -> Size {
        self.instances += 1;
        self.size(1, false)
    }

    fn lift(&mut self, w: &Size) -> Size {
        w.clone()
    }

    fn field_linear(&mut self, terms: &[(Fr, &Size)], constant: Fr) -> Size {
        terms.iter().filter(|(c, _)| !c.is_zero()).for_each(|(_, w)| self.add(w));
        self.open.1 |= !constant.is_zero();
        self.take()
    }

    fn combine(&mut self, terms: &[(Fr, &Size)], _: Int) -> Size {
        self.field_linear(terms, Fr::zero())
    }

    fn field_product(&mut self, a: &Size, b: &Size) -> Size {
        let p = self.fresh();
        self.row([a, b, &p]);
        p
    }

    fn field_quotient(&mut self, n: &Size, d: &Size) -> Size {
        let q = self.fresh();
        self.row([&q, d, n]);
        q
    }

    fn field_enforce(&mut self, a: &Size, b: &Size, c: &Size) {
        self.row([a, b, c]);
    }

    fn field_witness(&mut self, _: Option<Fr>) -> Size {
        self.fresh()
    }

    /// Of two phases, so that everything is counted; [`Build`](super::Build) says where there is but one.
    fn challenge(&mut self) -> Result<Size, ArithError> {
        Ok(self.instance(None))
    }

    fn registered(&mut self, _: Option<Int>) -> Size {
        self.fresh()
    }

    fn field_registered(&mut self, _: Option<Fr>) -> Size {
        self.fresh()
    }

    fn field_output(&mut self, f: &Size) {
        self.instances += 1;
        self.constraints += 1;
        // The constant one on one side, the public input on the other.
        self.entries = self.entries.saturating_add(f.entries()).saturating_add(2);
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
    fn deferred(&mut self, a: &Size, b: &Size) -> Size {
        self.field_product(a, b)
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
        Some((0..operator.outputs()).map(|_| self.size(1, false)).collect())
    }
    fn at(&mut self, _: usize) {}
    fn exceeded(&self, more: usize) -> Option<usize> {
        let found = self.constraints.saturating_add(more);
        self.most.filter(|most| found > *most).map(|_| found)
    }
}
