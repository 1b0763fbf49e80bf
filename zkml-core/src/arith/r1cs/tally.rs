//! Dry run that counts rows, variables and entries without keeping any, for the limits of [`Build`](super::Build).

use std::{cell::Cell, rc::Rc};

use super::dry::{Counter, DryRun, Of};
use crate::{gadget::product::linear_operator, prove::rates::Length};

/// Dry run: counts variables, constraints and entries of the matrices, and holds none of them.
pub type Tally = DryRun<RowCounter>;

/// Counts of variables, constraints and entries of the matrices.
///
/// Variables and constraints are exact. Entries are counted as if no sum met a variable twice: never too few.
#[derive(Debug, Default)]
pub struct RowCounter {
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
        Self { counts: RowCounter { most: Some(constraints), ..RowCounter::default() } }
    }

    /// The same, where linear maps are operators from so many multiplications on, or from those where they pay.
    pub fn with_operators_from(self, multiplications: Option<usize>) -> Self {
        Self { counts: RowCounter { operators_from: multiplications, ..self.counts } }
    }

    /// A linear combination of so many variables.
    pub(crate) fn wire(&self, terms: u32) -> Size {
        self.counts.size(terms as usize, false)
    }
}

impl RowCounter {
    /// The most entries that are in memory at once: those of the matrices so far, and those of the linear combinations that are
    /// still to be used.
    pub fn peak(&self) -> usize {
        self.held.most.get().max(self.entries)
    }

    fn size(&self, variables: usize, constant: bool) -> Size {
        let size = Size::new(&self.held, variables, constant);
        self.held.most.set(self.held.most.get().max(self.held.now.get().saturating_add(self.entries)));
        size
    }
}

impl Counter for RowCounter {
    type Sum = Size;

    fn fresh(&mut self, of: Of, _: Length) -> Size {
        match of {
            Of::Public => self.instances += 1,
            Of::Registered | Of::Witness => self.witnesses += 1,
        }
        self.size(1, false)
    }

    fn add(&mut self, sum: &Size) {
        self.open = (self.open.0.saturating_add(sum.variables), self.open.1 || sum.constant);
    }

    fn add_constant(&mut self) {
        self.open.1 = true;
    }

    fn take(&mut self) -> Size {
        let (variables, constant) = std::mem::take(&mut self.open);
        self.size(variables, constant)
    }

    fn row(&mut self, of: [&Size; 3]) {
        self.constraints += 1;
        self.entries = of.iter().fold(self.entries, |n, sum| n.saturating_add(sum.entries()));
    }

    /// An entry an entry of each element, which is kept, and a column a result.
    fn operate(&mut self, results: usize, x: &[&Size]) -> Vec<Size> {
        self.entries = x.iter().fold(self.entries, |n, x| n.saturating_add(x.entries()));
        (0..results).map(|_| self.size(1, false)).collect()
    }

    fn operators_from(&self) -> usize {
        self.operators_from.unwrap_or(linear_operator::WORTH)
    }

    fn exceeded(&self, more: usize) -> Option<usize> {
        let found = self.constraints.saturating_add(more);
        self.most.filter(|most| found > *most).map(|_| found)
    }
}
