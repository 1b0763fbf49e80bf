//! What a proof says, for people and for programs.

use serde::Serialize;
use zkml::prove::{
    Fr, hex,
    statement::{PublicValue, Statement, Value},
    word,
};

/// A public value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Said {
    /// `input`, `weights` or `output`.
    pub name: String,
    /// Which item of the batch it belongs to.
    pub item: usize,
    /// What it is.
    #[serde(flatten)]
    pub value: Shown,
}

/// What a public value is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Shown {
    /// A commitment to private values.
    Commitment {
        /// The field element.
        value: String,
    },
    /// A field element.
    Element {
        /// The field element.
        value: String,
    },
    /// Numbers.
    Tensor {
        /// The extents.
        shape: Vec<usize>,
        /// The binary exponent of the integers that were proved.
        scale: i32,
        /// The numbers.
        values: Vec<f64>,
    },
    /// A class.
    Class {
        /// Its index.
        class: usize,
        /// How many classes there are.
        classes: usize,
    },
}

/// The values of a statement.
pub fn said(statement: &Statement) -> Vec<Said> {
    let of = |entry: &PublicValue| {
        let value = match &entry.value {
            Value::Commitment(x) => Shown::Commitment { value: element(*x) },
            Value::Element(x) => Shown::Element { value: element(*x) },
            Value::Class { class, classes } => Shown::Class { class: *class, classes: *classes },
            Value::Tensor { integers, scale } => Shown::Tensor {
                shape: integers.shape().dims().to_vec(),
                scale: *scale,
                values: statement.tensor(&entry.name, entry.item).map(|t| t.into_data()).unwrap_or_default(),
            },
        };
        Said { name: entry.name.clone(), item: entry.item, value }
    };
    statement.entries().iter().map(of).collect()
}

/// The numbers of a tensor that are shown to people.
const FIRST: usize = 10;

impl Said {
    /// In a few words.
    pub fn text(&self) -> String {
        match &self.value {
            Shown::Commitment { value } => format!("{} commitment {value}", self.name),
            Shown::Element { value } => format!("{} {value}", self.name),
            Shown::Class { class, classes } => format!("{} class {class} of {classes}", self.name),
            Shown::Tensor { shape, values, .. } => {
                let first: Vec<String> = values.iter().take(FIRST).map(|x| format!("{x:.4}")).collect();
                let more = if values.len() > FIRST { ", .." } else { "" };
                format!("{} {shape:?} {}{more}", self.name, first.join(", "))
            }
        }
    }
}

/// What the outputs are, of all items.
pub fn answers(said: &[Said]) -> String {
    let outputs: Vec<String> = said
        .iter()
        .filter(|said| said.name == "output")
        .map(|said| match &said.value {
            Shown::Class { class, .. } => format!("class {class}"),
            Shown::Commitment { value } => format!("commitment {}..", &value[..10.min(value.len())]),
            Shown::Element { .. } | Shown::Tensor { .. } => said.text().trim_start_matches("output ").to_owned(),
        })
        .collect();
    if outputs.is_empty() { "private".to_owned() } else { outputs.join(", ") }
}

/// A field element in hexadecimal, most significant digit first.
pub fn element(x: Fr) -> String {
    format!("0x{}", hex(&word::of_field(x)))
}

/// The field element of such digits.
pub fn parse(text: &str) -> Result<Fr, String> {
    let wrong = || {
        format!("found `{}`, expected `0x` and 64 hexadecimal digits below the field's modulus", text.escape_debug())
    };
    let digest: zkml::prove::Digest =
        text.strip_prefix("0x").and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    word::to_field(&digest.0).ok_or_else(wrong)
}

/// An owner: an element of at most 64 digits, such as an address.
pub fn owner(text: &str) -> Result<Fr, String> {
    let digits = text.strip_prefix("0x").filter(|digits| (1..=64).contains(&digits.len()));
    digits.map_or_else(|| parse(text), |digits| parse(&format!("0x{digits:0>64}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_one_spelling() {
        let x = Fr::from(258u64);
        assert_eq!(element(x), format!("0x{}0102", "0".repeat(60)));
        assert_eq!(parse(&element(x)), Ok(x));
        assert_eq!((owner("0x102"), owner(&element(x))), (Ok(x), Ok(x)));
        assert!(owner("0x").is_err() && owner("102").is_err());
        for wrong in ["", "0x", "0x12", "12", &format!("0x{}", "f".repeat(64))] {
            assert!(parse(wrong).unwrap_err().contains("below the field's modulus"), "{wrong}");
        }
    }
}
