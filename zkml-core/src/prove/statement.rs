//! Statement: what a verified proof says, `value = q / 2^scale`, typed by the table of public inputs.

use std::fmt;

use super::Fr;
use super::word;
use crate::{
    number::{Int, float::exp2},
    tensor::Tensor,
};

/// One public value.
#[derive(Clone, Debug, PartialEq)]
pub struct PublicValue {
    /// What it is called.
    pub name: String,
    /// Which item of the batch it belongs to.
    pub item: usize,
    /// What it is.
    pub value: Value,
}

/// What a public value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A commitment to private values.
    Commitment(Fr),
    /// A field element.
    Element(Fr),
    /// Integers that stand for `q / 2^scale`.
    Tensor {
        /// The integers, row major.
        integers: Tensor<Int>,
        /// The binary exponent.
        scale: i32,
    },
    /// A class.
    Class {
        /// Its index.
        class: usize,
        /// How many classes there are.
        classes: usize,
    },
}

/// What a proof says: its public inputs, typed and in their declared ranges.
///
/// # Soundness
/// Only [`VerifyingKey::verify`](super::VerifyingKey::verify) says that it is *true*;
/// [`PublicTable::decode`](super::PublicTable::decode) only reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    entries: Vec<PublicValue>,
}

impl Statement {
    pub(super) fn new(entries: Vec<PublicValue>) -> Self {
        Self { entries }
    }

    /// All values, in the order of the table.
    pub fn entries(&self) -> &[PublicValue] {
        &self.entries
    }

    /// The value of that name and item.
    pub fn get(&self, name: &str, item: usize) -> Option<&Value> {
        self.entries.iter().find(|e| e.name == name && e.item == item).map(|e| &e.value)
    }

    /// The class that the model answered for an item; `None` if its output is no class.
    pub fn class(&self, item: usize) -> Option<usize> {
        match self.get("output", item)? {
            Value::Class { class, .. } => Some(*class),
            Value::Commitment(_) | Value::Element(_) | Value::Tensor { .. } => None,
        }
    }

    /// The tensor that the model answered for an item, as `q / 2^scale`; `None` if its output is no tensor.
    pub fn output(&self, item: usize) -> Option<Tensor<f64>> {
        self.tensor("output", item)
    }

    /// A tensor, as `q / 2^scale`.
    pub fn tensor(&self, name: &str, item: usize) -> Option<Tensor<f64>> {
        match self.get(name, item)? {
            Value::Tensor { integers, scale } => {
                let unit = exp2(scale.saturating_neg());
                Some(integers.map(|q| q.as_f64() * unit))
            }
            Value::Commitment(_) | Value::Element(_) | Value::Class { .. } => None,
        }
    }

    /// A tensor, as the integers that were proved.
    pub fn integers(&self, name: &str, item: usize) -> Option<&Tensor<Int>> {
        match self.get(name, item)? {
            Value::Tensor { integers, .. } => Some(integers),
            Value::Commitment(_) | Value::Element(_) | Value::Class { .. } => None,
        }
    }

    /// The field element of that name: a hash or a challenge.
    pub fn element(&self, name: &str) -> Option<Fr> {
        self.entries.iter().find_map(|e| match &e.value {
            Value::Element(x) if e.name == name => Some(*x),
            Value::Commitment(_) | Value::Element(_) | Value::Tensor { .. } | Value::Class { .. } => None,
        })
    }

    /// The first commitment of that name, whatever its item.
    pub fn commitment(&self, name: &str) -> Option<Fr> {
        self.entries.iter().find_map(|e| match &e.value {
            Value::Commitment(x) if e.name == name => Some(*x),
            Value::Commitment(_) | Value::Element(_) | Value::Tensor { .. } | Value::Class { .. } => None,
        })
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |x: Fr| super::hex(&word::of_field(x));
        for PublicValue { name, item, value } in &self.entries {
            write!(f, "{name}[{item}] ")?;
            match value {
                Value::Commitment(x) => writeln!(f, "commitment 0x{}", hex(*x))?,
                Value::Element(x) => writeln!(f, "element 0x{}", hex(*x))?,
                Value::Class { class, classes } => writeln!(f, "class {class} of {classes}")?,
                Value::Tensor { integers, scale } => writeln!(f, "tensor {} / 2^{scale}", integers.shape())?,
            }
        }
        Ok(())
    }
}
