//! Openings of commitments: the salts, in files that their owner alone may read.

use std::path::Path;

use serde::{Deserialize, Serialize};
use zkml::{
    circuit::Opening,
    graph::{Visibility, Visible},
    prove::{
        Fr,
        statement::{Statement, Value},
    },
};

use crate::{
    error::Error,
    files,
    said::{element, parse},
};

/// What a commitment is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The weights
    Weights,
    /// An input
    Input,
    /// The answer on an input
    Output,
}

impl Subject {
    /// Its name in the table of public inputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}

/// How one commitment opens.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// What it is to.
    pub subject: Subject,
    /// Which item of the batch it belongs to.
    pub item: usize,
    /// The commitment.
    pub commitment: String,
    /// The secret with which it was made.
    pub salt: String,
}

impl Opened {
    /// A commitment made with that salt.
    pub fn new(subject: Subject, item: usize, commitment: Fr, salt: Fr) -> Self {
        Self { subject, item, commitment: element(commitment), salt: element(salt) }
    }

    /// The salt, as a field element.
    pub fn salt(&self, path: &Path) -> Result<Fr, Error> {
        parse(&self.salt).map_err(|_| Error::file(path, "read", "its `salt` is no field element; restore the file"))
    }
}

/// The openings of all commitments that a proof shows.
pub fn of_proof(visibility: Visibility, statement: &Statement, opening: &Opening) -> Vec<Opened> {
    let mut all = vec![];
    for entry in statement.entries() {
        let Value::Commitment(commitment) = entry.value else { continue };
        let (subject, salt) = match entry.name.as_str() {
            "weights" if visibility.weights == Visible::Committed => (Subject::Weights, Some(opening.weights)),
            "input" => (Subject::Input, opening.inputs.get(entry.item).copied()),
            "output" => (Subject::Output, opening.outputs.get(entry.item).copied()),
            _ => continue,
        };
        all.extend(salt.map(|salt| Opened::new(subject, entry.item, commitment, salt)));
    }
    all
}

/// Writes openings, readable by their owner alone.
pub fn save(path: &Path, openings: &[Opened]) -> Result<(), Error> {
    files::save_secret(path, &files::json(&openings))
}

/// Reads openings.
pub fn load(path: &Path) -> Result<Vec<Opened>, Error> {
    // What a parser says of a secret may show it.
    serde_json::from_slice(&files::read(path)?).map_err(|e| {
        Error::file(path, "read", format!("it is no list of openings, line {} column {}", e.line(), e.column()))
    })
}
