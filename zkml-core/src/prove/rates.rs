//! Cost model of a proof: `seconds = proof + point n + entry e + variable v + sum over (A, B, B in G2, C, K, h) of their values`.
//!
//! A circuit says *what* there is to do ([`Work`]): points of the domain, entries of the matrices, and how many values of which
//! [`Length`] stand in each of the multi-scalar multiplications. A machine says how long each of these takes ([`Rates`]).
//!
//! ```
//! # use zkml_core::prove::{Groth16, ProofSystem, Rates, Size, Values, Work};
//! let bits = Values { bits: 1 << 20, ..Values::default() };
//! let size = Size { constraints: 1 << 20, instance: 2, witness: 1 << 20, fixed: 0 };
//! let work = Work { size, entries: 3 << 20, phases: vec![bits], sides: [bits, bits, Values::default()] };
//! let full = Values { full: 1 << 20, ..Values::default() };
//! let hashes = Work { phases: vec![full], sides: [full, full, Values::default()], ..work.clone() };
//! let rates = Rates::default();
//! assert!(Groth16::seconds(&hashes, &rates) > 3.0 * Groth16::seconds(&work, &rates));
//! ```

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::system::Size;
use crate::bounded::{self, ReadError};

/// How long the absolute value of a variable is, as far as what it was made for says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Length {
    /// `0` or `1`: a constraint says so.
    Bit,
    /// An integer of the exact semantics: up to 32 bits, mostly.
    Small,
    /// Any element of the field: inverses, quotients, hashes, packed weights.
    #[default]
    Full,
}

/// How many values there are of each [`Length`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// Bits.
    pub bits: usize,
    /// Integers that are small.
    pub small: usize,
    /// Elements of the field.
    pub full: usize,
}

impl Values {
    /// One of this length more.
    pub fn count(&mut self, length: Length) {
        match length {
            Length::Bit => self.bits += 1,
            Length::Small => self.small += 1,
            Length::Full => self.full += 1,
        }
    }

    /// How many there are in all.
    pub fn total(&self) -> usize {
        self.bits.saturating_add(self.small).saturating_add(self.full)
    }
}

impl Add for Values {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { bits: self.bits + other.bits, small: self.small + other.small, full: self.full + other.full }
    }
}

impl AddAssign for Values {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Values {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), Add::add)
    }
}

/// What there is to do for a proof: sizes, and the values in each of its multi-scalar multiplications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Constraints and variables.
    pub size: Size,
    /// Entries of the three matrices, or somewhat more: a sum that meets a variable twice is counted as two.
    pub entries: usize,
    /// The witness of each phase; of the only one, if there is no challenge.
    pub phases: Vec<Values>,
    /// The values that stand in some row of `A`, of `B`, and, of those before the last phase, of `C`: others have the point zero there. The
    /// constant one is none of them.
    pub sides: [Values; 3],
}

impl Work {
    /// The values of all witness variables.
    pub fn witness(&self) -> Values {
        self.phases.iter().copied().sum()
    }

    /// Bytes of the constraints: rows and entries.
    pub fn matrix_bytes(&self) -> usize {
        3 * LIST * self.size.constraints + ENTRY * self.entries
    }

    /// Bytes of what a prover holds at its peak beside the key: constraints, values, and the quotient's transforms or the terms of two sums.
    pub fn memory_bytes(&self) -> usize {
        let n = self.size.domain();
        let variables = self.size.instance.saturating_add(self.size.witness);
        let transforms = 4 * ELEMENT * n;
        let terms = ELEMENT * n + 2 * TERM * n.max(variables);
        self.matrix_bytes() + ELEMENT * variables + transforms.max(terms)
    }
}

/// Bytes of an element of the field.
const ELEMENT: usize = 32;
/// Bytes of an entry of the matrices, of the list that is a row, and of a term of a sum of points.
const ENTRY: usize = 40;
const LIST: usize = 40;
const TERM: usize = 80;

/// A variable's length and the sides on which it stands: what [`Work`] is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its length.
    pub length: Length,
    /// Whether it stands in a row of `A`, of `B` and of `C`.
    pub on: [bool; 3],
}

impl Work {
    /// Of all columns, but for the constant one: first those that are public, then those of each phase.
    pub fn of(size: Size, entries: usize, phases: &[usize], columns: impl Iterator<Item = Standing>) -> Self {
        let mut work = Self { size, entries, phases: vec![Values::default(); phases.len()], ..Self::default() };
        let mut end = size.instance.saturating_sub(1);
        let mut ends = vec![];
        for phase in phases {
            ends.push(end);
            end = end.saturating_add(*phase);
        }
        let last = ends.last().copied().unwrap_or(end);
        for (i, standing) in columns.enumerate() {
            for (side, values) in work.sides.iter_mut().enumerate() {
                if standing.on[side] && (side < 2 || i < last) {
                    values.count(standing.length);
                }
            }
            let phase = ends.partition_point(|start| *start <= i).checked_sub(1);
            if let Some(values) = phase.and_then(|phase| work.phases.get_mut(phase)) {
                values.count(standing.length);
            }
        }
        work
    }
}

/// Nanoseconds of a value of each length in a multi-scalar multiplication of 65,536 of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerValue {
    /// A bit, which is as often zero as one.
    pub bit: f64,
    /// An integer of up to 24 bits and a sign, each length as often as another.
    pub small: f64,
    /// An element of the field.
    pub full: f64,
}

/// How many values [`PerValue`] is for.
pub const REFERENCE: usize = 1 << 16;

/// The lengths of so many values.
fn lengths(length: Length, count: usize) -> [usize; 255] {
    let mut lengths = [0; 255];
    match length {
        Length::Bit => lengths[1] = count / 2,
        Length::Small => lengths[1..=SMALL].fill(count / SMALL),
        // One in four random elements is shorter by a bit.
        Length::Full => lengths[253] = count,
    }
    lengths
}

/// The bits of the longest small value that is measured.
pub const SMALL: usize = 24;

impl PerValue {
    /// Nanoseconds of so many values. The more there are the less each takes, as the kernel's [count of its multiplications]
    /// (zkml_groth16::multiplications) says.
    pub fn nanoseconds(&self, values: Values) -> f64 {
        let of = |length, rate: f64, count: usize| {
            if count == 0 {
                return 0.0;
            }
            let cost = |count| zkml_groth16::multiplications(&lengths(length, count)) as f64;
            rate * REFERENCE as f64 * cost(count) / cost(REFERENCE)
        };
        let (bits, small) = (of(Length::Bit, self.bit, values.bits), of(Length::Small, self.small, values.small));
        bits + small + of(Length::Full, self.full, values.full)
    }
}

/// What a machine takes for each part of a proof, in nanoseconds, with all of its cores.
///
/// [`Rates::default`] has the figures of two cores of a server of 2026. `Rates::measure` (feature `prove`) measures the machine that it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// What every proof takes, whatever its size: it is verified before it is given away.
    pub proof: f64,
    /// A point of a domain of 65,536 in the transforms of a proof; in larger ones it is more, as the logarithm of the size.
    pub point: f64,
    /// An entry of the matrices, which a proof reads twice: to check the assignment and to transform it.
    pub entry: f64,
    /// A variable, whose value is computed.
    pub variable: f64,
    /// A value in a sum of points of the first group.
    pub g1: PerValue,
    /// A value in a sum of points of the second.
    pub g2: PerValue,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            proof: 4e6,
            point: 300.0,
            entry: 20.0,
            variable: 100.0,
            g1: PerValue { bit: 100.0, small: 400.0, full: 3000.0 },
            g2: PerValue { bit: 300.0, small: 1200.0, full: 9000.0 },
        }
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "a proof of any size       {:>8.2} ms", self.proof / 1e6)?;
        writeln!(f, "a point of the domain     {:>8.3} us", (self.point + self.g1.full) / 1e3)?;
        writeln!(f, "an entry of the matrices  {:>8.3} us", self.entry / 1e3)?;
        // A value that stands in A, B and C.
        let rows = [
            ("bit", self.g1.bit, self.g2.bit),
            ("small", self.g1.small, self.g2.small),
            ("full", self.g1.full, self.g2.full),
        ];
        writeln!(f, "a row by its value:       {:>8} {:>8} {:>8}", "A or C", "B", "all")?;
        for (i, (name, g1, g2)) in rows.into_iter().enumerate() {
            let all = self.variable + self.point + self.g1.full + 3.0 * g1 + g2;
            let [one, b, all] = [g1, g1 + g2, all].map(|x| x / 1e3);
            write!(f, "  {name:<23} {one:>8.3} {b:>8.3} {all:>8.3} us")?;
            if i < 2 {
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

/// Rates that can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RatesError {
    /// The file can't be read.
    #[error(transparent)]
    File(#[from] ReadError),
    /// It can't be written.
    #[error("the rates can't be written: {0}")]
    Write(#[from] std::io::Error),
    /// It is no JSON of rates.
    #[error("malformed rates: {0}; run the calibration again")]
    Malformed(#[from] serde_json::Error),
    /// A rate is none.
    #[error("the rate `{name}` is {found}, expected a number of nanoseconds, at least zero; run the calibration again")]
    Rate {
        /// Which.
        name: &'static str,
        /// What it is.
        found: f64,
    },
}

impl Rates {
    /// Reads rates that a calibration wrote.
    ///
    /// # Errors
    /// If there is no such file, it is no JSON of rates, or one is negative or no number.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, RatesError> {
        let rates: Self = serde_json::from_slice(&bounded::read(path, 1 << 16)?)?;
        let [g1, g2] = [rates.g1, rates.g2];
        let all = [
            ("proof", rates.proof),
            ("point", rates.point),
            ("entry", rates.entry),
            ("variable", rates.variable),
            ("g1.bit", g1.bit),
            ("g1.small", g1.small),
            ("g1.full", g1.full),
            ("g2.bit", g2.bit),
            ("g2.small", g2.small),
            ("g2.full", g2.full),
        ];
        match all.into_iter().find(|(_, rate)| !rate.is_finite() || *rate < 0.0) {
            Some((name, found)) => Err(RatesError::Rate { name, found }),
            None => Ok(rates),
        }
    }

    /// Writes them as JSON, a whole file or none.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), RatesError> {
        Ok(bounded::save(path, &serde_json::to_vec_pretty(self)?)?)
    }

    /// The seconds of a proof in so many phases, of which the first are registered.
    pub(super) fn seconds(&self, work: &Work, registered: usize) -> f64 {
        let [a, b, c] = work.sides;
        let n = work.size.domain();
        let quotient = Values { full: n, ..Values::default() };
        let witness = work.phases.iter().skip(registered).copied();
        let first: f64 = witness.chain([a, b, c, quotient]).map(|values| self.g1.nanoseconds(values)).sum();
        let transforms = self.point * n as f64 * (n.max(2) as f64).log2() / (REFERENCE as f64).log2();
        let rows = self.entry * work.entries as f64 + self.variable * work.witness().total() as f64;
        (self.proof + transforms + rows + first + self.g2.nanoseconds(b)) / 1e9
    }
}

#[cfg(feature = "prove")]
impl super::Matrices {
    /// What there is to do for a proof.
    pub fn work(&self) -> Work {
        let length = |column: usize| self.lengths.get(column).copied().unwrap_or_default();
        let standing = |column| Standing { length: length(column), on: [false; 3] };
        let mut columns: Vec<Standing> = (0..self.variables()).map(standing).collect();
        let mut entries = 0;
        for (side, matrix) in self.abc.iter().enumerate() {
            for row in matrix {
                entries += row.len();
                for (_, column) in row {
                    if let Some(standing) = columns.get_mut(*column) {
                        standing.on[side] = true;
                    }
                }
            }
        }
        let one = [self.witness];
        let phases = if self.phases.is_empty() { &one[..] } else { &self.phases };
        Work::of(self.size(), entries, phases, columns.into_iter().skip(1))
    }
}
