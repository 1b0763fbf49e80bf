//! What setup and prover refuse.

use std::fmt;

/// Why there is no key, commitment or proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// More rows, with one for each instance column, than the largest domain has.
    Rows {
        /// How many there are.
        found: usize,
    },
    /// A part has another length than the others ask for.
    Length {
        /// Which.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A secret is zero, or one that must differ from one and from others does not.
    Secret {
        /// Its name.
        name: &'static str,
    },
    /// `tau` lies in the domain or in its coset.
    Tau,
    /// There is no commitment to the last phase, nor beyond.
    Phase {
        /// The phase, from zero on.
        found: usize,
        /// How many there are.
        phases: usize,
    },
    /// A selection names a value twice, or one that is not there.
    Index {
        /// Which.
        found: usize,
        /// How many values there are.
        count: usize,
    },
}

impl Error {
    /// Refuses another length than expected.
    pub(crate) fn unless_length(what: &'static str, found: usize, expected: usize) -> Result<(), Self> {
        if found == expected { Ok(()) } else { Err(Self::Length { what, found, expected }) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows { found } => {
                write!(f, "{found} rows, instance columns included, where 9 * 2^27 fit the field: split the circuit")
            }
            Self::Length { what, found, expected } => {
                write!(f, "{what} has {found} elements instead of {expected}: pass those of this circuit and key")
            }
            Self::Secret { name } => write!(f, "{name} is zero or one, or equals another secret: draw it anew"),
            Self::Tau => write!(f, "tau lies in the domain or its coset: draw it anew"),
            Self::Phase { found, phases } => {
                write!(f, "no commitment to phase {found} of {phases}: only phases before the last are committed to")
            }
            Self::Index { found, count } => {
                write!(f, "value {found} of {count} is selected twice or is not there: name each at most once")
            }
        }
    }
}

impl std::error::Error for Error {}
