//! Constraints: `(A z) (B z) = C z`, row by row, for `z` of one, the public inputs, the challenges and the witness.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;

/// Three matrices as linear maps: all that setup and prover ask of them.
pub trait Rows: Sync {
    /// How many rows they have, each as many.
    fn rows(&self) -> usize;

    /// `A z` and `B z`; `C z` is their product, row by row, for an assignment that satisfies the constraints.
    fn times(&self, z: &[Fr]) -> [Vec<Fr>; 2];

    /// `A^T v`, `B^T v` and `C^T v`, each of so many columns.
    fn transpose_times(&self, v: &[Fr], columns: usize) -> [Vec<Fr>; 3];
}

/// What the columns are.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// How many columns are one, public inputs and challenges: the first ones.
    pub instance: usize,
    /// How many columns each phase has of the witness, which follow in this order. There is at least one phase.
    pub phases: &'a [usize],
}

impl Columns<'_> {
    /// How many there are in all.
    pub fn count(&self) -> usize {
        self.instance + self.phases.iter().sum::<usize>()
    }
}

/// Sparse matrices: rows of `(coefficient, column)`, as many in each, and no column beyond the last.
pub type Sparse = [Vec<Vec<(Fr, usize)>>; 3];

/// Adds `c z` to a sum: most values of a network are bits, which take no multiplication.
pub fn add_term(sum: &mut Fr, c: &Fr, z: &Fr) {
    if *z == Fr::ONE {
        *sum += c;
    } else if *c == Fr::ONE {
        *sum += z;
    } else if *z != Fr::ZERO {
        *sum += *c * z;
    }
}

/// A row with each column once, in order, and without zeros.
pub fn collected(mut row: Vec<(Fr, usize)>) -> Vec<(Fr, usize)> {
    row.sort_by_key(|(_, column)| *column);
    row.dedup_by(|(c, column), (sum, first)| {
        let same = column == first;
        if same {
            *sum += *c;
        }
        same
    });
    row.retain(|(c, _)| *c != Fr::ZERO);
    row
}

impl Rows for Sparse {
    fn rows(&self) -> usize {
        self.iter().map(Vec::len).max().unwrap_or(0)
    }

    fn times(&self, z: &[Fr]) -> [Vec<Fr>; 2] {
        let row = |row: &Vec<(Fr, usize)>| {
            let mut sum = Fr::ZERO;
            for (c, i) in row {
                if let Some(z) = z.get(*i) {
                    add_term(&mut sum, c, z);
                }
            }
            sum
        };
        let times = |m: &Vec<_>| m.par_iter().with_min_len(256).map(row).collect();
        [times(&self[0]), times(&self[1])]
    }

    fn transpose_times(&self, v: &[Fr], columns: usize) -> [Vec<Fr>; 3] {
        let mut sums = [(); 3].map(|()| vec![Fr::ZERO; columns]);
        self.par_iter().zip(&mut sums).for_each(|(matrix, sums)| {
            for (row, v) in matrix.iter().zip(v) {
                for (c, i) in row {
                    if let Some(sum) = sums.get_mut(*i) {
                        *sum += *c * v;
                    }
                }
            }
        });
        sums
    }
}
