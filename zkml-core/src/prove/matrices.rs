//! Constraint matrices: `(A z) * (B z) = C z` row by row, for `z = (1, public inputs, witnesses)`: the constraints, built once a circuit.

use ark_ff::{Field, Zero};
use rayon::prelude::*;
use zkml_groth16::Sparse;

use super::Fr;
use super::prover::ProveError;
use super::rates::Length;
use super::system::Size;

/// The constraints of a circuit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrices {
    /// `A`, `B` and `C`: rows of `(coefficient, column)`.
    pub abc: Sparse,
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
        for (name, matrix) in ["A", "B", "C"].into_iter().zip(&self.abc) {
            let row = matrix.par_iter().position_first(|row| row.iter().any(|(_, i)| *i >= self.variables()));
            if let Some(row) = row {
                return Err(ProveError::Matrices(format!(
                    "row {row} of {name} has a column beyond the last of {}",
                    self.variables()
                )));
            }
        }
        Ok(())
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
        let value = |row: Option<&Vec<(Fr, usize)>>| {
            row?.iter().try_fold(Fr::zero(), |sum, (coefficient, column)| {
                let value = assignment.get(*column)?;
                Some(if *coefficient == Fr::ONE { sum + value } else { sum + *coefficient * value })
            })
        };
        let satisfied = |i: usize| {
            let [a, b, c] = &self.abc;
            Some(value(a.get(i))? * value(b.get(i))? == value(c.get(i))?)
        };
        let rows = self.abc.iter().map(Vec::len).max().unwrap_or(0);
        (0..rows).into_par_iter().filter(|i| satisfied(*i) != Some(true)).collect()
    }
}
