//! Constraint matrices: `(A z) * (B z) = C z` row by row, for `z = (1, public inputs, witnesses)`: the constraints, built once a circuit.

use std::borrow::Cow;
use std::sync::Arc;

use ark_ff::{AdditiveGroup, Zero};
use rayon::prelude::*;
use zeroize::Zeroizing;
use zkml_groth16::{Rows, Sparse, add_term, collected};

use super::Fr;
use super::prover::ProveError;
use super::rates::Length;
use super::system::Size;
use crate::gadget::product::linear_operator::LinearOperator;

/// Linear map of a layer with known weights, as an [`LinearOperator`]: its results are columns of the matrices that no assignment has, since they follow
/// from it. So a row holds one entry where it would hold one a weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The number of the layer: of a batch, see [`Circuit::locate`](crate::circuit::Circuit::locate).
    pub node: usize,
    /// Its elements: linear combinations of variables, and of results of earlier blocks.
    pub inputs: Vec<Vec<(Fr, usize)>>,
    /// What it makes of them: one for all inputs of a batch.
    pub operator: Arc<LinearOperator>,
}

/// The constraints of a circuit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrices {
    /// `A`, `B` and `C`: rows of `(coefficient, column)`.
    pub abc: Sparse,
    /// Linear maps of large layers, whose results are columns beyond those of an assignment: one after the other, each of what comes before it.
    pub blocks: Vec<Block>,
    /// How many columns are public, the constant one among them.
    pub instance: usize,
    /// How many columns are not.
    pub witness: usize,
    /// The witness columns of each phase, in the order of the columns, for a proof system of several phases: the last public column is
    /// then the challenge, which is known when all phases but the last are fixed. The first of three is that of registered weights. None:
    /// all are fixed at once.
    pub phases: Vec<usize>,
    /// What is known of how long the values of the columns are, for [the cost](Matrices::work) of a proof; those beyond the last are of full
    /// length.
    pub lengths: Vec<Length>,
}

impl Matrices {
    /// How many constraints there are.
    pub fn constraints(&self) -> usize {
        self.abc[0].len()
    }

    /// How many public columns are challenges, the last ones: one if there are several phases.
    pub fn challenges(&self) -> usize {
        usize::from(!self.phases.is_empty())
    }

    /// How large they are.
    pub fn size(&self) -> Size {
        let fixed = self.phases.split_last().map_or(0, |(_, before)| before.iter().sum());
        Size { constraints: self.constraints(), instance: self.instance, witness: self.witness, fixed }
    }

    /// How many columns there are: the length of an assignment.
    pub fn variables(&self) -> usize {
        self.instance.saturating_add(self.witness)
    }

    /// Checks that the three have the same rows and no column beyond the last.
    ///
    /// # Errors
    /// If they have not, or there is no constraint or no constant one.
    pub fn check(&self) -> Result<(), ProveError> {
        self.check_rows()?;
        let mut columns = self.variables();
        for (i, block) in self.blocks.iter().enumerate() {
            Self::check_columns(&format!("block {i}"), &block.inputs, columns)?;
            columns = columns.saturating_add(block.operator.outputs());
        }
        for (name, matrix) in ["A", "B", "C"].into_iter().zip(&self.abc) {
            Self::check_columns(name, matrix, columns)?;
        }
        Ok(())
    }

    fn check_columns(name: &str, rows: &[Vec<(Fr, usize)>], columns: usize) -> Result<(), ProveError> {
        match rows.par_iter().position_first(|row| row.iter().any(|(_, i)| *i >= columns)) {
            Some(row) => {
                Err(ProveError::Matrices(format!("row {row} of {name} has a column beyond the last of {columns}")))
            }
            None => Ok(()),
        }
    }

    /// An assignment, and the results of the blocks: a value for each column that rows have. What an assignment lacks is zero.
    pub fn extended<'a>(&self, assignment: &'a [Fr]) -> Cow<'a, [Fr]> {
        if self.blocks.is_empty() {
            return Cow::Borrowed(assignment);
        }
        let mut z = assignment.to_vec();
        z.resize(self.variables(), Fr::ZERO);
        for block in &self.blocks {
            let value =
                |row: &Vec<(Fr, usize)>| row.iter().map(|(c, i)| *c * z.get(*i).copied().unwrap_or_default()).sum();
            let mut x: Vec<Fr> = block.inputs.par_iter().with_min_len(256).map(value).collect();
            // Of malformed constraints, which setup and prover refuse, the rest is zero.
            x.resize(block.operator.inputs(), Fr::ZERO);
            z.extend(block.operator.times(&x));
        }
        Cow::Owned(z)
    }

    /// How many columns rows have beyond those of an assignment: the results of all blocks.
    pub(super) fn results(&self) -> usize {
        self.blocks.iter().fold(0, |n, block| n.saturating_add(block.operator.outputs()))
    }

    /// The layer of a column that an assignment does not have, and which of its results it is.
    pub fn result(&self, column: usize) -> Option<(usize, usize)> {
        let mut first = self.variables();
        for block in &self.blocks {
            let end = first.saturating_add(block.operator.outputs());
            if (first..end).contains(&column) {
                return Some((block.node, column - first));
            }
            first = end;
        }
        None
    }

    /// The same matrices with every entry, and no block: for small circuits, and for what reads entries.
    ///
    /// # Errors
    /// If they, and what is written out on the way, have more entries than so many.
    pub fn expanded(&self, most: usize) -> Result<Cow<'_, Self>, ProveError> {
        if self.blocks.is_empty() {
            return Ok(Cow::Borrowed(self));
        }
        let mut left = most;
        // The results of all blocks, as combinations of variables.
        let mut results: Vec<Vec<(Fr, usize)>> = vec![];
        let too_many = || {
            ProveError::Matrices(format!("the matrices have more than {most} entries, the most that are written out"))
        };
        for block in &self.blocks {
            let mut inputs = vec![];
            for row in &block.inputs {
                let row = self.expand(row, &results);
                left = left.checked_sub(row.len()).ok_or_else(too_many)?;
                inputs.push(row);
            }
            for output in 0..block.operator.outputs() {
                let entries = block.operator.entries(output);
                let terms = entries.iter().flat_map(|(w, i)| inputs[*i].iter().map(|(c, v)| (Fr::from(*w) * c, *v)));
                let row = collected(terms.collect());
                left = left.checked_sub(row.len()).ok_or_else(too_many)?;
                results.push(row);
            }
        }
        let mut matrices = Self { blocks: vec![], ..self.clone() };
        for row in matrices.abc.iter_mut().flatten() {
            *row = self.expand(row, &results);
            left = left.checked_sub(row.len()).ok_or_else(too_many)?;
        }
        Ok(Cow::Owned(matrices))
    }

    /// A row without columns of blocks.
    fn expand(&self, row: &[(Fr, usize)], results: &[Vec<(Fr, usize)>]) -> Vec<(Fr, usize)> {
        let mut terms = vec![];
        for (c, i) in row {
            match i.checked_sub(self.variables()).and_then(|i| results.get(i)) {
                Some(result) => terms.extend(result.iter().map(|(d, v)| (*c * d, *v))),
                None => terms.push((*c, *i)),
            }
        }
        collected(terms)
    }

    /// The first of so many witness columns, from the first one on, that stands alone on the A side of no row, if there is one.
    ///
    /// One that does has a polynomial `a` that is independent of those of all other columns: nothing else has a value at that row.
    pub fn first_not_alone(&self, count: usize) -> Option<usize> {
        let mut alone = vec![false; count];
        for row in &self.abc[0] {
            let mut terms = row.iter().filter(|(c, _)| !c.is_zero());
            let Some((coefficient, column)) = terms.next() else { continue };
            // A column may be there twice, and cancel.
            let sum = terms.try_fold(*coefficient, |sum, (c, other)| (other == column).then_some(sum + c));
            let witness = column.checked_sub(self.instance).and_then(|i| alone.get_mut(i));
            if let (Some(alone), Some(_)) = (witness, sum.filter(|sum| !sum.is_zero())) {
                *alone = true;
            }
        }
        alone.iter().position(|alone| !alone)
    }

    pub(super) fn check_rows(&self) -> Result<(), ProveError> {
        let [a, b, c] = &self.abc;
        if a.len() != b.len() || a.len() != c.len() {
            let (a, b, c) = (a.len(), b.len(), c.len());
            return Err(ProveError::Matrices(format!("A, B and C have {a}, {b} and {c} rows, expected the same")));
        }
        if a.is_empty() {
            return Err(ProveError::Matrices("there is no constraint, expected at least one".to_owned()));
        }
        if self.instance == 0 {
            return Err(ProveError::Matrices("there is no column of the constant one".to_owned()));
        }
        for (i, block) in self.blocks.iter().enumerate() {
            let (found, expected) = (block.inputs.len(), block.operator.inputs());
            if found != expected {
                return Err(ProveError::Matrices(format!("block {i} has {found} elements, expected {expected}")));
            }
        }
        let phased = self.phases.iter().fold(0usize, |sum, n| sum.saturating_add(*n));
        if !self.phases.is_empty() && (phased != self.witness || self.phases.len() < 2 || self.instance < 2) {
            let (phases, witness) = (self.phases.len(), self.witness);
            return Err(ProveError::Matrices(format!(
                "{phases} phases fix {phased} witnesses, expected at least two that fix {witness}, and a public column for the challenge"
            )));
        }
        Ok(())
    }

    /// The rows that an assignment does not satisfy, all of them, in order. A row with a column that the assignment
    /// does not have is not satisfied.
    pub fn unsatisfied(&self, assignment: &[Fr]) -> Vec<usize> {
        self.evaluated(assignment).unsatisfied
    }

    /// `A z` and `B z`, and the rows whose product is not `C z`.
    pub fn evaluated(&self, assignment: &[Fr]) -> Evaluated {
        let whole = assignment.len() >= self.variables();
        let extended = self.extended(assignment);
        // Of an assignment that is too short, results of blocks say nothing.
        let assignment = if whole { &*extended } else { assignment };
        let value = |row: Option<&Vec<(Fr, usize)>>| {
            row?.iter().try_fold(Fr::ZERO, |mut sum, (coefficient, column)| {
                add_term(&mut sum, coefficient, assignment.get(*column)?);
                Some(sum)
            })
        };
        let rows = self.abc.iter().map(Vec::len).max().unwrap_or(0);
        let [mut a, mut b] = [0, 1].map(|_| vec![Fr::ZERO; rows]);
        let parts = a.par_chunks_mut(ROWS).zip(b.par_chunks_mut(ROWS)).enumerate();
        let unsatisfied: Vec<Vec<usize>> = parts
            .map(|(part, (a, b))| {
                let mut unsatisfied = vec![];
                for (i, (a, b)) in (part * ROWS..).zip(a.iter_mut().zip(b)) {
                    let [x, y, z] = [0, 1, 2].map(|side| value(self.abc[side].get(i)));
                    (*a, *b) = (x.unwrap_or_default(), y.unwrap_or_default());
                    if !matches!((x, y, z), (Some(x), Some(y), Some(z)) if x * y == z) {
                        unsatisfied.push(i);
                    }
                }
                unsatisfied
            })
            .collect();
        let unsatisfied = unsatisfied.concat();
        Evaluated { sides: [a, b], unsatisfied }
    }
}

/// Rows that are evaluated one after the other.
const ROWS: usize = 1 << 10;

/// What constraints make of an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
    /// `A z` and `B z`; zero in rows with a column that the assignment does not have.
    pub sides: [Vec<Fr>; 2],
    /// The rows that it does not satisfy, all of them, in order.
    pub unsatisfied: Vec<usize>,
}

impl Rows for Matrices {
    fn rows(&self) -> usize {
        self.constraints()
    }

    fn times(&self, z: &[Fr]) -> [Vec<Fr>; 2] {
        self.abc.times(&self.extended(z))
    }

    /// That of the rows over all columns; then of each block, the last one first, what its results are multiplied with is passed on to its
    /// elements.
    fn transpose_times(&self, v: &[Fr], columns: usize) -> [Vec<Fr>; 3] {
        let mut sums = self.abc.transpose_times(v, columns.saturating_add(self.results()));
        for sums in &mut sums {
            for block in self.blocks.iter().rev() {
                let own = Zeroizing::new(sums.split_off(sums.len() - block.operator.outputs()));
                if own.iter().all(Fr::is_zero) {
                    continue;
                }
                let passed = Zeroizing::new(block.operator.transpose_times(&own));
                for (row, x) in block.inputs.iter().zip(passed.iter()) {
                    for (c, i) in row {
                        if let Some(sum) = sums.get_mut(*i) {
                            *sum += *c * x;
                        }
                    }
                }
            }
        }
        sums
    }
}
