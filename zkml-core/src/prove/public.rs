//! Table of public inputs: `inputs = entry_0 || entry_1 || ..`, the one that circuit and verifier both read.
//!
//! A field element `x` stands for the integer `x` if `x <= (p - 1) / 2`, and for `x - p` otherwise.

use std::collections::HashSet;

use ark_ff::PrimeField;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zkml_groth16::Limbs;

use super::statement::{PublicValue, Statement, Value};
use super::{Digest, Fr};
use crate::{
    number::{Int, MAX_BITS, field::to_int},
    shape::Shape,
    tensor::Tensor,
};

/// What the entries of a [`PublicTable`] may mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum PublicKind {
    /// One field element that commits to private values.
    Commitment,
    /// One field element, whatever it is: a hash, a challenge.
    Element,
    /// Integers `q` with `lo <= q <= hi` that stand for `q / 2^scale`, row major.
    Tensor {
        /// The tensor's shape.
        shape: Shape,
        /// The binary exponent.
        scale: i32,
        /// The least integer.
        #[serde(with = "ethnum::serde::decimal")]
        lo: Int,
        /// The greatest integer.
        #[serde(with = "ethnum::serde::decimal")]
        hi: Int,
    },
    /// The index of a class, below `classes`.
    Class {
        /// How many classes there are.
        classes: usize,
    },
}

impl PublicKind {
    /// How many public inputs it takes: a tensor's elements, otherwise one.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self {
            Self::Commitment | Self::Element | Self::Class { .. } => 1,
            Self::Tensor { shape, .. } => shape.len(),
        }
    }
}

/// One entry of a [`PublicTable`]: the public inputs `first .. first + len()`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicEntry {
    /// What it is called: `weights`, `input` or `output` in a circuit of ours.
    pub name: String,
    /// Which item of the batch it belongs to, from 0.
    pub item: usize,
    /// Its first public input, from 0; the constant one is not counted.
    pub first: usize,
    /// What it means.
    pub kind: PublicKind,
}

impl PublicEntry {
    /// How many public inputs it takes.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.kind.len()
    }
}

/// The one table of public inputs: entries without gap or overlap, in the order of the inputs.
///
/// ```
/// # use zkml_core::prove::{PublicKind, PublicTable};
/// let table = PublicTable::new([
///     ("weights".to_owned(), 0, PublicKind::Commitment),
///     ("output".to_owned(), 0, PublicKind::Class { classes: 10 }),
/// ])?;
/// assert_eq!(table.len(), 2);
/// assert_eq!(table.find("output", 0).map(|e| e.first), Some(1));
/// # Ok::<_, zkml_core::prove::TableError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawTable")]
pub struct PublicTable {
    entries: Vec<PublicEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proven_error: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    entries: Vec<PublicEntry>,
    #[serde(default)]
    proven_error: Option<f64>,
}

impl TryFrom<RawTable> for PublicTable {
    type Error = TableError;

    fn try_from(raw: RawTable) -> Result<Self, TableError> {
        let table = Self { entries: raw.entries, proven_error: raw.proven_error };
        table.check()?;
        Ok(table)
    }
}

/// A table of public inputs that can't be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// An entry does not start where the one before it ends.
    #[error("public entry `{name}` of item {item} starts at input {found}, expected {expected}")]
    Position {
        /// The entry's name.
        name: String,
        /// Its item.
        item: usize,
        /// Where it starts.
        found: usize,
        /// Where the one before it ends.
        expected: usize,
    },
    /// Two entries have the same name and item.
    #[error("public entry `{name}` of item {item} is there twice; give one of them another name")]
    Duplicate {
        /// The name of both.
        name: String,
        /// The item of both.
        item: usize,
    },
    /// A name is empty or too long.
    #[error("the name of a public entry has {found} bytes, expected 1 to {max}", max = PublicTable::MAX_NAME)]
    Name {
        /// Its length.
        found: usize,
    },
    /// An error that is none.
    #[error("the proven error is {found}, expected a finite number that is not negative, or none")]
    ProvenError {
        /// The error, as text.
        found: String,
    },
    /// A range is empty or wider than a field element safely holds.
    #[error("public entry `{name}` has the range {lo} to {hi}, expected an ascending one below 2^{MAX_BITS}")]
    Range {
        /// The entry's name.
        name: String,
        /// The range's lower end.
        lo: Int,
        /// The range's upper end.
        hi: Int,
    },
    /// A scale is beyond what `f64` holds exactly.
    #[error("public entry `{name}` has scale {found}, expected a magnitude of at most {max}", max = PublicTable::MAX_SCALE)]
    Scale {
        /// The entry's name.
        name: String,
        /// The scale.
        found: i32,
    },
    /// An entry has no element, or no class.
    #[error("public entry `{name}` is empty; leave it out")]
    Empty {
        /// The entry's name.
        name: String,
    },
    /// There are too many public inputs, classes or items.
    #[error("public entry `{name}` brings the {what} to {found}, expected at most {max}", max = PublicTable::MAX_LEN)]
    TooLarge {
        /// The entry's name.
        name: String,
        /// What there is too much of.
        what: &'static str,
        /// How much there would be.
        found: usize,
    },
}

/// Public inputs that do not mean anything under their table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There are more or fewer than the table has.
    #[error("expected {expected} public inputs, found {found}")]
    Count {
        /// How many the table has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// An integer is out of its declared range.
    #[error("`{name}` of item {item} has {found} at index {index}, outside its declared range {} to {}", .range.0, .range.1)]
    Range {
        /// The entry's name.
        name: String,
        /// Its item.
        item: usize,
        /// The flat index.
        index: usize,
        /// The integer found.
        found: Int,
        /// The range's ends.
        range: Box<(Int, Int)>,
    },
    /// A class does not exist.
    #[error("`{name}` of item {item} is class {found}, expected one below {classes}")]
    Class {
        /// The entry's name.
        name: String,
        /// Its item.
        item: usize,
        /// The integer found.
        found: Int,
        /// How many classes there are.
        classes: usize,
    },
}

impl PublicTable {
    /// The most public inputs (and classes, and items) a table may have.
    pub const MAX_LEN: usize = 1 << 24;
    /// The longest name, in bytes.
    pub const MAX_NAME: usize = 256;
    /// The largest magnitude of a scale.
    pub const MAX_SCALE: i32 = 512;

    /// A table of `(name, item, kind)`, one after the other.
    ///
    /// # Errors
    /// If a name is there twice, empty or long, a range is no range below `2^250`, an entry has no element, a scale
    /// is beyond 512, or there are more than `2^24` inputs.
    pub fn new(entries: impl IntoIterator<Item = (String, usize, PublicKind)>) -> Result<Self, TableError> {
        let mut first = 0usize;
        let entries = entries
            .into_iter()
            .map(|(name, item, kind)| {
                let entry = PublicEntry { name, item, first, kind };
                first = first.saturating_add(entry.len());
                entry
            })
            .collect();
        let table = Self { entries, proven_error: None };
        table.check()?;
        Ok(table)
    }

    fn check(&self) -> Result<(), TableError> {
        if let Some(error) = self.proven_error.filter(|e| !e.is_finite() || e.is_sign_negative()) {
            return Err(TableError::ProvenError { found: error.to_string() });
        }
        let mut next = 0usize;
        let mut seen = HashSet::new();
        for entry in &self.entries {
            let name = || entry.name.clone();
            if entry.name.is_empty() || entry.name.len() > Self::MAX_NAME {
                return Err(TableError::Name { found: entry.name.len() });
            }
            if !seen.insert((entry.name.as_str(), entry.item)) {
                return Err(TableError::Duplicate { name: name(), item: entry.item });
            }
            let mut classes = 0;
            match &entry.kind {
                PublicKind::Commitment | PublicKind::Element => {}
                PublicKind::Class { classes: 0 } => return Err(TableError::Empty { name: name() }),
                PublicKind::Class { classes: found } => classes = *found,
                PublicKind::Tensor { scale, lo, hi, .. } => {
                    let limit = Int::ONE << MAX_BITS;
                    if lo > hi || *lo <= -limit || *hi >= limit {
                        return Err(TableError::Range { name: name(), lo: *lo, hi: *hi });
                    }
                    if scale.unsigned_abs() > Self::MAX_SCALE.unsigned_abs() {
                        return Err(TableError::Scale { name: name(), found: *scale });
                    }
                    if entry.len() == 0 {
                        return Err(TableError::Empty { name: name() });
                    }
                }
            }
            if entry.first != next {
                let (item, found) = (entry.item, entry.first);
                return Err(TableError::Position { name: name(), item, found, expected: next });
            }
            next = next.saturating_add(entry.len());
            let items = entry.item.saturating_add(1);
            for (what, found) in [("public inputs", next), ("classes", classes), ("items", items)] {
                if found > Self::MAX_LEN {
                    return Err(TableError::TooLarge { name: name(), what, found });
                }
            }
        }
        Ok(())
    }

    /// The table as JSON, in the one spelling that is written, read and hashed.
    pub fn to_json(&self) -> Vec<u8> {
        // Strings and numbers only: writing them does not fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// `SHA-256(JSON)`, of the table's one spelling.
    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.to_json()).into())
    }

    /// How many public inputs there are, without the constant one.
    pub fn len(&self) -> usize {
        self.entries.last().map_or(0, |e| e.first + e.len())
    }

    /// Whether nothing is public.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The same table, with how far the scores may be from the float model's over every input of the declared range: what the circuit
    /// [proves](crate::plan::Plan::check) of its plan.
    ///
    /// # Errors
    /// If it is negative, or not finite.
    pub fn with_proven_error(mut self, error: Option<f64>) -> Result<Self, TableError> {
        self.proven_error = error;
        self.check()?;
        Ok(self)
    }

    /// No score that a proof states is farther from the float model's, whatever the input; nothing where no bound is known.
    pub fn proven_error(&self) -> Option<f64> {
        self.proven_error
    }

    /// The entries, in the order of the inputs.
    pub fn entries(&self) -> &[PublicEntry] {
        &self.entries
    }

    /// The entry of that name and item.
    pub fn find(&self, name: &str, item: usize) -> Option<&PublicEntry> {
        self.entries.iter().find(|e| e.name == name && e.item == item)
    }

    /// What the public inputs say, each in its declared range.
    ///
    /// # Errors
    /// If there are more or fewer inputs than [`len`](Self::len), an integer is out of its range, or a class does not
    /// exist.
    pub fn decode(&self, inputs: &[Fr]) -> Result<Statement, DecodeError> {
        if inputs.len() != self.len() {
            return Err(DecodeError::Count { expected: self.len(), found: inputs.len() });
        }
        let mut rest = inputs;
        let mut values = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let count = || DecodeError::Count { expected: self.len(), found: inputs.len() };
            let (own, after) = rest.split_at_checked(entry.len()).ok_or_else(count)?;
            rest = after;
            let value = decode_entry(entry, own)?.ok_or_else(count)?;
            values.push(PublicValue { name: entry.name.clone(), item: entry.item, value });
        }
        Ok(Statement::new(values))
    }
}

/// `None` if the lengths differ, which the caller excluded.
fn decode_entry(entry: &PublicEntry, inputs: &[Fr]) -> Result<Option<Value>, DecodeError> {
    let (name, item) = (|| entry.name.clone(), entry.item);
    match &entry.kind {
        PublicKind::Commitment => Ok(inputs.first().map(|x| Value::Commitment(*x))),
        PublicKind::Element => Ok(inputs.first().map(|x| Value::Element(*x))),
        PublicKind::Class { classes } => {
            let Some(found) = inputs.first().map(|x| to_int(*x)) else { return Ok(None) };
            match usize::try_from(found) {
                Ok(class) if class < *classes => Ok(Some(Value::Class { class, classes: *classes })),
                _ => Err(DecodeError::Class { name: name(), item, found, classes: *classes }),
            }
        }
        PublicKind::Tensor { shape, scale, lo, hi } => {
            let mut integers = Vec::with_capacity(inputs.len());
            for (index, x) in inputs.iter().enumerate() {
                let found = to_int(*x);
                if found < *lo || found > *hi {
                    let range = Box::new((*lo, *hi));
                    return Err(DecodeError::Range { name: name(), item, index, found, range });
                }
                integers.push(found);
            }
            Ok(Tensor::new(shape.clone(), integers).ok().map(|integers| Value::Tensor { integers, scale: *scale }))
        }
    }
}

/// The 32 bytes of a field element, least significant first: the only encoding of it that is read.
pub fn to_bytes(x: Fr) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, limb) in bytes.chunks_exact_mut(8).zip(x.limbs()) {
        to.copy_from_slice(&limb.to_le_bytes());
    }
    bytes
}

/// The field element of 32 bytes, least significant first; `None` at or above the modulus.
pub fn from_bytes(bytes: &[u8; 32]) -> Option<Fr> {
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().rev().fold(0, |x, byte| x << 8 | u64::from(*byte));
    }
    Fr::from_bigint(ark_ff::BigInt(limbs))
}

#[cfg(test)]
mod tests {
    use ark_ff::BigInteger;

    use super::*;
    use crate::number::field::to_field;

    fn tensor(lo: i64, hi: i64, len: usize) -> PublicKind {
        PublicKind::Tensor { shape: Shape::new([len]), scale: 2, lo: Int::from(lo), hi: Int::from(hi) }
    }

    #[test]
    fn bytes_and_field_elements_agree() {
        for q in [0, 1, -1, 255, i64::MAX, i64::MIN] {
            assert_eq!(from_bytes(&to_bytes(to_field(Int::from(q)))), Some(to_field(Int::from(q))));
        }
        assert_eq!(from_bytes(&[0xff; 32]), None);
        let modulus: Vec<u8> = Fr::MODULUS.to_bytes_le();
        assert_eq!(from_bytes(modulus.as_slice().try_into().unwrap()), None);
    }

    #[test]
    fn a_proven_error_is_a_number_and_survives_json() {
        let table = || PublicTable::new([("output".to_owned(), 0, PublicKind::Class { classes: 3 })]).unwrap();
        let with = |error| table().with_proven_error(error);
        let stated = with(Some(0.1 + 0.2)).unwrap();
        let again: PublicTable = serde_json::from_slice(&stated.to_json()).unwrap();
        assert_eq!((again.proven_error(), again.to_json()), (Some(0.1 + 0.2), stated.to_json()));
        assert_ne!(stated.digest(), table().digest());
        assert_eq!(with(None).unwrap(), table());
        for error in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(with(Some(error)), Err(TableError::ProvenError { found: error.to_string() }));
        }
    }

    #[test]
    fn entries_follow_each_other_and_survive_json() {
        let table = PublicTable::new([
            ("weights".into(), 0, PublicKind::Commitment),
            ("input".into(), 0, tensor(-3, 3, 4)),
            ("output".into(), 0, PublicKind::Class { classes: 3 }),
            ("input".into(), 1, tensor(-3, 3, 4)),
        ])
        .unwrap();
        assert_eq!(table.len(), 10);
        assert_eq!(table.entries().iter().map(|e| e.first).collect::<Vec<_>>(), [0, 1, 5, 6]);
        let json = serde_json::to_string(&table).unwrap();
        assert_eq!(serde_json::from_str::<PublicTable>(&json).unwrap(), table);
        for (from, to) in [
            (r#""first":5"#, r#""first":4"#),
            (r#""first":5"#, r#""first":6"#),
            (r#""item":1"#, r#""item":0"#),
            (r#""lo":"-3""#, r#""lo":"4""#),
            (
                r#""hi":"3""#,
                r#""hi":"99999999999999999999999999999999999999999999999999999999999999999999999999999999""#,
            ),
            (r#""classes":3"#, r#""classes":0"#),
            (r#""classes":3"#, r#""classes":999999999"#),
            (r#""shape":[4]"#, r#""shape":[18446744073709551615,18446744073709551615]"#),
            (r#""shape":[4]"#, r#""shape":[0]"#),
            (r#""scale":2"#, r#""scale":-2147483648"#),
            (r#""name":"weights""#, r#""name":"""#),
        ] {
            assert!(json.contains(from), "{from} is not in {json}");
            assert!(serde_json::from_str::<PublicTable>(&json.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let table = PublicTable::new([
            ("input".into(), 0, tensor(-3, 3, 2)),
            ("output".into(), 0, PublicKind::Class { classes: 3 }),
        ])
        .unwrap();
        let inputs = |a: i64, b: i64, c: i64| [a, b, c].map(|q| to_field(Int::from(q)));
        let statement = table.decode(&inputs(-3, 3, 2)).unwrap();
        assert_eq!(statement.class(0), Some(2));
        assert_eq!(statement.tensor("input", 0).unwrap().data(), [-0.75, 0.75]);
        assert!(matches!(table.decode(&inputs(-4, 0, 0)), Err(DecodeError::Range { index: 0, .. })));
        assert!(matches!(table.decode(&inputs(0, 4, 0)), Err(DecodeError::Range { index: 1, .. })));
        assert!(matches!(table.decode(&inputs(0, 0, 3)), Err(DecodeError::Class { classes: 3, .. })));
        assert!(matches!(table.decode(&inputs(0, 0, -1)), Err(DecodeError::Class { .. })));
        assert_eq!(table.decode(&inputs(0, 0, 0)[..2]), Err(DecodeError::Count { expected: 3, found: 2 }));
        let error = table.decode(&inputs(0, 4, 0)).unwrap_err().to_string();
        assert_eq!(error, "`input` of item 0 has 4 at index 1, outside its declared range -3 to 3");
    }
}
