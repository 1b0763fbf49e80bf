//! Mutation testing of witnesses: every change of an honest one must be refused.
//!
//! | mutation | catches |
//! |---|---|
//! | one variable: plus one, minus one, twice, zero, one less itself, its negative | a variable that nothing ties down |
//! | two of one linear row, such that the row still holds | a remainder or bit without a range check |
//! | a variable by a multiple of `2^-k`, the other made up for | a decomposition that wraps the field |
//! | two neighbours, swapped | selectors and limbs that nothing orders |
//! | the Jacobian's rank | any coordinated change, to first order |

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};

use crate::prove::Matrices;

/// A mutation that the constraints accept: the circuit is unsound, or the variable is free and not declared so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivor {
    /// The witness variables that were changed.
    pub witnesses: Vec<usize>,
    /// How.
    pub mutation: String,
}

/// The constraints at an honest assignment, ready to be asked about changes.
pub struct Harness<'a> {
    matrices: Cow<'a, Matrices>,
    assignment: Vec<Fr>,
    free: HashSet<usize>,
    /// The values of every row's three linear combinations.
    rows: Vec<[Fr; 3]>,
    /// For every column, the rows where it stands.
    columns: Vec<Vec<usize>>,
}

impl<'a> Harness<'a> {
    /// The harness; `free` are witness variables that are declared free.
    pub fn new(matrices: &'a Matrices, assignment: &[Fr], free: &[u32]) -> Self {
        let matrices = matrices.expanded(usize::MAX).unwrap_or(Cow::Borrowed(matrices));
        let rows = (0..matrices.constraints())
            .map(|i| std::array::from_fn(|k| matrices.abc[k][i].iter().map(|(c, v)| *c * assignment[*v]).sum()))
            .collect();
        let mut columns = vec![Vec::new(); assignment.len()];
        for (i, _) in matrices.abc[0].iter().enumerate() {
            for matrix in &matrices.abc {
                for (_, v) in &matrix[i] {
                    if columns[*v].last() != Some(&i) {
                        columns[*v].push(i);
                    }
                }
            }
        }
        let free = free.iter().map(|v| *v as usize + matrices.instance).collect();
        Self { matrices, assignment: assignment.to_vec(), free, rows, columns }
    }

    /// Whether the constraints hold as they are.
    pub fn holds(&self) -> bool {
        self.rows.iter().all(|[a, b, c]| *a * b == *c)
    }

    /// Whether the constraints still hold with these variables changed by these amounts.
    pub fn accepts(&self, changes: &[(usize, Fr)]) -> bool {
        let touched: HashSet<usize> = changes.iter().flat_map(|(v, _)| self.columns[*v].iter().copied()).collect();
        touched.iter().all(|&i| {
            let [a, b, c] = std::array::from_fn(|k| {
                let delta: Fr = self.matrices.abc[k][i]
                    .iter()
                    .map(|(coefficient, v)| {
                        changes.iter().filter(|(w, _)| w == v).map(|(_, d)| *coefficient * d).sum::<Fr>()
                    })
                    .sum();
                self.rows[i][k] + delta
            });
            a * b == c
        })
    }

    /// Every mutation that survives; none, for a sound circuit. `limit` bounds how many variables are mutated.
    pub fn run(&self, limit: usize) -> Vec<Survivor> {
        let first = self.matrices.instance;
        let total = self.matrices.witness;
        let step = total.div_ceil(limit.max(1)).max(1);
        let mut survivors = Vec::new();
        for column in (first..first + total).step_by(step) {
            if !self.free.contains(&column) {
                self.single(column, &mut survivors);
            }
            self.neighbours(column, &mut survivors);
        }
        survivors
    }

    fn survive(&self, changes: &[(usize, Fr)], mutation: &str, survivors: &mut Vec<Survivor>) {
        let real = changes.iter().any(|(v, d)| !d.is_zero() && !self.free.contains(v));
        if real && self.accepts(changes) {
            let witnesses = changes.iter().map(|(v, _)| v - self.matrices.instance).collect();
            survivors.push(Survivor { witnesses, mutation: mutation.to_owned() });
        }
    }

    fn single(&self, column: usize, survivors: &mut Vec<Survivor>) {
        let x = self.assignment[column];
        let mutations = [
            ("plus one", Fr::one()),
            ("minus one", -Fr::one()),
            ("twice", x),
            ("zero", -x),
            ("one less itself", Fr::one() - x - x),
            ("negated", -x - x),
        ];
        for (name, delta) in mutations {
            self.survive(&[(column, delta)], name, survivors);
        }
    }

    /// Changes of two variables that keep a row linear in both.
    fn neighbours(&self, column: usize, survivors: &mut Vec<Survivor>) {
        let first = self.matrices.instance;
        let half = Fr::from(2u64).inverse().unwrap_or_default();
        let mut tries = 0;
        for &i in &self.columns[column] {
            let row = self.gradient(i);
            let Some(own) = row.get(&column).copied().filter(|c| !c.is_zero()) else { continue };
            for (other, coefficient) in &row {
                if *other == column || *other < first || coefficient.is_zero() || tries > 64 {
                    continue;
                }
                tries += 1;
                let Some(inverse) = coefficient.inverse() else { continue };
                for (name, delta) in [
                    ("re-solved, plus one", Fr::one()),
                    ("re-solved, minus one", -Fr::one()),
                    ("re-solved, half", half),
                    ("re-solved, zero", -self.assignment[column]),
                ] {
                    self.survive(&[(column, delta), (*other, -own * delta * inverse)], name, survivors);
                }
            }
        }
        let next = column + 1;
        if next < first + self.matrices.witness {
            let difference = self.assignment[next] - self.assignment[column];
            self.survive(&[(column, difference), (next, -difference)], "swapped with the next", survivors);
        }
    }

    /// The derivative of a row with respect to its variables.
    fn gradient(&self, i: usize) -> BTreeMap<usize, Fr> {
        let [a, b, _] = self.rows[i];
        let mut row = BTreeMap::<usize, Fr>::new();
        for (k, factor) in [(0, b), (1, a), (2, -Fr::one())] {
            for (c, v) in &self.matrices.abc[k][i] {
                *row.entry(*v).or_default() += *c * factor;
            }
        }
        row.retain(|_, c| !c.is_zero());
        row
    }

    /// The dimension of the witnesses' freedom to first order: the number of witness variables, neither declared free
    /// nor in `inputs`, less the rank of the constraints' Jacobian in them. Zero, for a sound circuit.
    pub fn freedom(&self, inputs: &HashSet<usize>) -> usize {
        let first = self.matrices.instance;
        let unknown = |v: &usize| *v >= first && !self.free.contains(v) && !inputs.contains(&(v - first));
        let wanted = (first..first + self.matrices.witness).filter(|v| unknown(v)).count();
        // Sparse elimination: rows by their first column.
        let mut pivots: BTreeMap<usize, BTreeMap<usize, Fr>> = BTreeMap::new();
        for i in 0..self.rows.len() {
            let mut row = self.gradient(i);
            row.retain(|v, _| unknown(v));
            while let Some((&lead, &value)) = row.iter().next() {
                let Some(pivot) = pivots.get(&lead) else {
                    let inverse = value.inverse().unwrap_or_default();
                    row.values_mut().for_each(|c| *c *= inverse);
                    pivots.insert(lead, row);
                    break;
                };
                for (v, c) in pivot {
                    let entry = row.entry(*v).or_default();
                    *entry -= value * c;
                    if entry.is_zero() {
                        row.remove(v);
                    }
                }
            }
        }
        wanted - pivots.len()
    }
}
