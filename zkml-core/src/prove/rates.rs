//! Cost model of a proof: `seconds = proof + point n + entry e + weight w + multiplication m + variable v + sum over (A, B, B in G2, C, K, h) of
//! their values`.
//!
//! A circuit says *what* there is to do ([`Work`]): points of the domain, entries of the matrices, weights and multiplications of linear operators, and
//! how many values of which [`Length`] stand in each of the multi-scalar multiplications. A machine says how long each of these takes ([`Rates`]).
//!
//! ```
//! # use zkml_core::prove::{Groth16, ProofSystem, Rates, Size, Values, Work};
//! let bits = Values { bits: 1 << 20, ..Values::default() };
//! let size = Size { constraints: 1 << 20, instance: 2, witness: 1 << 20, fixed: 0 };
//! let sides = [bits, bits, Values::default()];
//! let work = Work { size, entries: 3 << 20, phases: vec![bits], sides, ..Work::default() };
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
    /// `0` or `1`: constraints say so.
    Bit,
    /// An integer of the exact semantics: up to 32 bits, mostly.
    Small,
    /// Any element of the field: inverses, quotients, hashes, packed weights.
    #[default]
    Full,
    /// An element of the field that others equal: a fraction `1 / (r - x)` of a lookup, of which no more differ than the table has entries.
    Fraction,
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
    /// Elements of the field of which few differ: fractions of lookups. No more differ than tables have entries, which are full values themselves.
    pub fractions: usize,
}

impl Values {
    /// One of this length more.
    pub fn count(&mut self, length: Length) {
        match length {
            Length::Bit => self.bits += 1,
            Length::Small => self.small += 1,
            Length::Full => self.full += 1,
            Length::Fraction => self.fractions += 1,
        }
    }

    /// How many there are in all.
    pub fn total(&self) -> usize {
        self.bits.saturating_add(self.small).saturating_add(self.full).saturating_add(self.fractions)
    }
}

impl Add for Values {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            bits: self.bits + other.bits,
            small: self.small + other.small,
            full: self.full + other.full,
            fractions: self.fractions + other.fractions,
        }
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
    /// Entries of the three matrices, or somewhat more: a sum that meets a variable twice is counted as two. Of layers that are linear operators,
    /// those of their elements.
    pub entries: usize,
    /// Layers with known weights that are linear operators.
    pub operators: Operators,
    /// The witness of each phase; of the only one, if there is no challenge.
    pub phases: Vec<Values>,
    /// The values that stand in some row of `A`, of `B`, and, of those before the last phase, of `C`: others have the point zero there. The
    /// constant one is none of them.
    pub sides: [Values; 3],
}

/// What there is of linear maps with known weights that are operators, and not entries of the matrices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operators {
    /// Their weights, which a proof reads, for each input of a batch.
    pub weights: usize,
    /// The weights of the largest, which are in memory at once.
    pub largest: usize,
    /// Their multiplications, of machine integers.
    pub multiplications: usize,
}

impl Operators {
    /// One of so many weights and multiplications more.
    pub fn count(&mut self, weights: usize, multiplications: usize) {
        self.weights = self.weights.saturating_add(weights);
        self.largest = self.largest.max(weights);
        self.multiplications = self.multiplications.saturating_add(multiplications);
    }
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
        // Weights are read before there are values to transform.
        self.matrix_bytes() + (ELEMENT * variables + transforms.max(terms)).max(WEIGHT * self.operators.largest)
    }
}

/// Bytes of an element of the field.
const ELEMENT: usize = 32;
/// Bytes of an entry of the matrices, of the list that is a row, and of a term of a sum of points.
const ENTRY: usize = 40;
const LIST: usize = 40;
const TERM: usize = 80;
/// Bytes of a known weight while its layer is evaluated: a constant with its interval, and what of it the product is chosen by.
const WEIGHT: usize = 180;

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

/// Nanoseconds of a value of each length; where it is of a multi-scalar multiplication, in one of 65,536 of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerValue {
    /// A bit, which is as often zero as one.
    pub bit: f64,
    /// An integer of up to 32 bits and a sign, each length as often as another.
    pub small: f64,
    /// An element of the field.
    pub full: f64,
    /// An element of the field that many others equal, beside those that differ.
    pub fraction: f64,
}

/// How many values [`PerValue`] is for.
pub const REFERENCE: usize = 1 << 16;

/// How many values make each of the lengths that are measured there.
const LEAST: usize = SMALL;

/// The lengths of so many values.
fn lengths(length: Length, count: usize) -> [usize; 255] {
    let mut lengths = [0; 255];
    match length {
        Length::Bit => lengths[1] = count / 2,
        Length::Small => lengths[1..=SMALL].fill(count / SMALL),
        // One in four random elements is shorter by a bit.
        Length::Full | Length::Fraction => lengths[253] = count,
    }
    lengths
}

/// The bits of the longest small value that is measured.
pub const SMALL: usize = 32;

impl PerValue {
    /// Nanoseconds of so many values. The more there are the less each takes, as the kernel's [count of its multiplications]
    /// (zkml_groth16::multiplications) says; what a sum of a single one takes is part of what every proof does.
    pub fn nanoseconds(&self, values: Values) -> f64 {
        let of = |length, rate: f64, count: usize| {
            let cost = |count| zkml_groth16::multiplications(&lengths(length, count)) as f64;
            let least = cost(LEAST);
            rate * REFERENCE as f64 * (cost(count) - least).max(0.0) / (cost(REFERENCE) - least)
        };
        let (bits, small) = (of(Length::Bit, self.bit, values.bits), of(Length::Small, self.small, values.small));
        let distinct = values.fractions.min(values.full);
        bits + small + of(Length::Full, self.full, values.full + distinct) + self.fraction * values.fractions as f64
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
    /// An entry of the matrices, which a proof reads once: to check the assignment, and for the values that it transforms.
    pub entry: f64,
    /// A known weight of a linear operator: a constant, whose interval the product is chosen by.
    pub weight: f64,
    /// A multiplication of a linear operator: of the witness, of the bounds of its sums, and of what the rows are evaluated by.
    pub multiplication: f64,
    /// A variable, whose value is computed: an integer is mostly a product, or a sum of many.
    pub variable: PerValue,
    /// A value in a sum of points of the first group.
    pub g1: PerValue,
    /// A value in a sum of points of the second.
    pub g2: PerValue,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            proof: 3.4e6,
            point: 610.0,
            entry: 30.0,
            weight: 100.0,
            multiplication: 2.0,
            variable: PerValue { bit: 86.0, small: 1100.0, full: 610.0, fraction: 610.0 },
            g1: PerValue { bit: 80.0, small: 300.0, full: 2500.0, fraction: 140.0 },
            g2: PerValue { bit: 215.0, small: 840.0, full: 8200.0, fraction: 500.0 },
        }
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "a proof of any size       {:>8.2} ms", self.proof / 1e6)?;
        writeln!(f, "a point of the domain     {:>8.3} us", (self.point + self.g1.full) / 1e3)?;
        writeln!(f, "an entry of the matrices  {:>8.3} us", self.entry / 1e3)?;
        writeln!(f, "a weight of an operator   {:>8.3} us", self.weight / 1e3)?;
        writeln!(f, "a multiplication of one   {:>8.4} us", self.multiplication / 1e3)?;
        let of = |values: &PerValue| [values.bit, values.small, values.full, values.fraction];
        let [variable, g1, g2] = [of(&self.variable), of(&self.g1), of(&self.g2)];
        write!(f, "a value, by its length:     computed   in A or C        in B  with its row")?;
        for (i, name) in ["bit", "small", "full", "fraction"].into_iter().enumerate() {
            // A value that stands on all sides, and the point of the domain that its row takes.
            let row = variable[i] + self.point + self.g1.full + 3.0 * g1[i] + g2[i];
            let [computed, one, b, row] = [variable[i], g1[i], g1[i] + g2[i], row].map(|x| x / 1e3);
            write!(f, "\n  {name:<23} {computed:>8.3} us {one:>8.3} us {b:>8.3} us {row:>10.3} us")?;
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
        let [variable, g1, g2] = [rates.variable, rates.g1, rates.g2];
        let all = [
            ("proof", rates.proof),
            ("point", rates.point),
            ("entry", rates.entry),
            ("weight", rates.weight),
            ("multiplication", rates.multiplication),
            ("variable.bit", variable.bit),
            ("variable.small", variable.small),
            ("variable.full", variable.full),
            ("variable.fraction", variable.fraction),
            ("g1.bit", g1.bit),
            ("g1.small", g1.small),
            ("g1.full", g1.full),
            ("g1.fraction", g1.fraction),
            ("g2.bit", g2.bit),
            ("g2.small", g2.small),
            ("g2.full", g2.full),
            ("g2.fraction", g2.fraction),
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
        let layers = f64::from(n.max(2).ilog2()) / f64::from(REFERENCE.ilog2());
        let transforms = self.point * n as f64 * layers;
        let Values { bits, small, full, fractions } = work.witness();
        let each = [
            (self.variable.bit, bits),
            (self.variable.small, small),
            (self.variable.full, full),
            (self.variable.fraction, fractions),
            (self.entry, work.entries),
            (self.weight, work.operators.weights),
            (self.multiplication, work.operators.multiplications),
        ];
        let rows: f64 = each.into_iter().map(|(rate, count)| rate * count as f64).sum();
        (self.proof + transforms + rows + first + self.g2.nanoseconds(b)) / 1e9
    }
}

#[cfg(feature = "prove")]
impl super::Matrices {
    /// What there is to do for a proof.
    pub fn work(&self) -> Work {
        let length = |column: usize| self.lengths.get(column).copied().unwrap_or_default();
        let standing = |column| Standing { length: length(column), on: [false; 3] };
        let mut columns: Vec<Standing> = (0..self.variables() + self.results()).map(standing).collect();
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
        let mut operators = Operators::default();
        // Where a result of a block stands, all of its elements do.
        for block in self.blocks.iter().rev() {
            operators.count(block.operator.weights(), block.operator.multiplications());
            let own = columns.split_off(columns.len() - block.operator.outputs());
            let on = own.iter().fold([false; 3], |on, own| std::array::from_fn(|side| on[side] || own.on[side]));
            for (_, column) in block.inputs.iter().inspect(|row| entries += row.len()).flatten() {
                if let Some(standing) = columns.get_mut(*column) {
                    standing.on = std::array::from_fn(|side| on[side] || standing.on[side]);
                }
            }
        }
        let one = [self.witness];
        let phases = if self.phases.is_empty() { &one[..] } else { &self.phases };
        Work { operators, ..Work::of(self.size(), entries, phases, columns.into_iter().skip(1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::cost;
    use crate::prove::{Groth16, ProofSystem, Registered, TwoPhase};

    /// A circuit of so many rows, each with a value of this length on all sides.
    fn rows(count: usize, length: Length) -> Work {
        let standing = Standing { length, on: [true; 3] };
        let size = Size { constraints: count, instance: 1, witness: count, fixed: 0 };
        Work::of(size, 3 * count, &[count], std::iter::repeat_n(standing, count))
    }

    /// What choices between gadgets are made by is what a proof takes, in the same unit, within a quarter.
    #[test]
    fn the_times_that_gadgets_choose_by_are_those_of_the_rates() {
        let rates = Rates::default();
        let PerValue { bit, full, .. } = rates.g1;
        let row = rates.point + full + 3.0 * bit + rates.g2.bit + rates.variable.bit + 3.0 * rates.entry;
        let unit = row / cost::ROW as f64;
        for (name, constant, nanoseconds) in [
            ("a value in one sum", cost::FULL, full),
            ("a second factor", cost::FULL_SECOND, full + rates.g2.full),
            ("a step of Horner's rule", cost::HORNER, row + 2.0 * full + rates.variable.full),
            ("a lookup", cost::LOOKUP, row + 2.0 * rates.g1.fraction + rates.variable.fraction),
        ] {
            let ratio = nanoseconds / unit / constant as f64;
            assert!((0.75..1.25).contains(&ratio), "{name}: {constant}, and {:.0} by the rates", nanoseconds / unit);
        }
    }

    #[test]
    fn columns_are_counted_where_they_stand() {
        let on = |length, on| Standing { length, on };
        let columns = [
            on(Length::Small, [true, false, true]),
            on(Length::Full, [true, true, true]),
            on(Length::Bit, [true, true, false]),
            on(Length::Small, [false, false, true]),
            on(Length::Full, [true, false, true]),
        ];
        let size = Size { constraints: 7, instance: 2, witness: 4, fixed: 3 };
        let values = |bits, small, full| Values { bits, small, full, fractions: 0 };
        let work = Work::of(size, 9, &[1, 2, 1], columns.into_iter());
        assert_eq!(work.phases, [values(0, 0, 1), values(1, 1, 0), values(0, 0, 1)]);
        // The last column stands in the last phase: its part of `C` is one of `K`.
        assert_eq!(work.sides, [values(1, 1, 2), values(1, 0, 1), values(0, 2, 1)]);
        assert_eq!(work.witness(), values(1, 1, 2));
        let one = Work::of(Size { fixed: 0, ..size }, 9, &[4], columns.into_iter());
        assert_eq!((one.phases.as_slice(), one.sides[2]), (&[values(1, 1, 2)][..], values(0, 1, 0)));
    }

    #[test]
    fn a_proof_takes_more_where_there_is_more_to_do() {
        let rates = Rates::default();
        let seconds = |count, length| Groth16::seconds(&rows(count, length), &rates);
        for count in [100, 10_000, 1_000_000] {
            assert!(seconds(count, Length::Bit) < seconds(count, Length::Small));
            assert!(seconds(count, Length::Small) < seconds(count, Length::Full));
            for length in [Length::Bit, Length::Small, Length::Full] {
                assert!(seconds(count, length) < seconds(2 * count, length), "{count} {length:?}");
                assert!(Groth16::memory_bytes(&rows(count, length)) < Groth16::memory_bytes(&rows(2 * count, length)));
            }
        }
        // Fractions of lookups take an addition each, and those that differ as much as others.
        let lookups = |entries| rates.g1.nanoseconds(Values { full: entries, fractions: 100_000, ..Values::default() });
        let all = rates.g1.nanoseconds(Values { full: 100_000, ..Values::default() });
        assert!(lookups(0) < lookups(1000) && 5.0 * lookups(1000) < all && all < lookups(200_000));
        let plain = rows(1000, Length::Small);
        let operators = Operators { weights: 1 << 20, largest: 1 << 20, multiplications: 1 << 22 };
        let operated = Work { operators, ..plain.clone() };
        assert!(Groth16::seconds(&plain, &rates) < Groth16::seconds(&operated, &rates));
        assert!(Groth16::memory_bytes(&plain) < Groth16::memory_bytes(&operated));
        // No value at all takes what every proof takes.
        assert_eq!(rates.g1.nanoseconds(Values::default()), 0.0);
        // Registered values are in no sum of a proof but `A`, `B` and `C`.
        let full = Values { full: 1000, ..Values::default() };
        let work = Work { phases: vec![full; 3], ..rows(3000, Length::Full) };
        assert!(Registered::seconds(&work, &rates) < TwoPhase::seconds(&work, &rates));
    }

    #[test]
    fn rates_are_read_as_they_were_written_and_refused_otherwise() {
        let path = std::env::temp_dir().join(format!("zkml-rates-{}.json", std::process::id()));
        let mut rates = Rates { entry: 1.0 / 3.0, ..Rates::default() };
        rates.save(&path).unwrap();
        assert_eq!(Rates::load(&path).unwrap(), rates);
        rates.g2.small = -1.0;
        rates.save(&path).unwrap();
        let error = Rates::load(&path).unwrap_err().to_string();
        assert!(error.starts_with("the rate `g2.small` is -1, expected a number of nanoseconds"), "{error}");
        for (text, expected) in
            [("{}", "missing field `proof`"), (r#"{"prof":1}"#, "unknown field `prof`"), ("", "EOF")]
        {
            bounded::save(&path, text.as_bytes()).unwrap();
            let error = Rates::load(&path).unwrap_err().to_string();
            assert!(error.contains(expected) && error.ends_with("run the calibration again"), "{error}");
        }
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(Rates::load(&path), Err(RatesError::File(_))));
    }

    #[test]
    fn rates_are_shown_by_length() {
        let shown = Rates::default().to_string();
        for name in [
            "a proof of any size",
            "a point of the domain",
            "an entry",
            "a weight",
            "a multiplication",
            "\n  bit",
            "\n  small",
            "\n  full",
            "\n  fraction",
        ] {
            assert!(shown.contains(name), "{shown}");
        }
    }
}
