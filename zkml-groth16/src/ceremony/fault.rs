//! What is wrong with powers, with a contribution, or with a key.

use std::fmt;

/// What a part of a ceremony violates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A part has another length than the circuit asks for.
    Length {
        /// Which.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A point is not in its group, or is zero where it must not be.
    Point {
        /// What it is part of.
        what: &'static str,
        /// Which one.
        index: usize,
    },
    /// The list does not begin with the generator.
    Generator {
        /// Which.
        what: &'static str,
    },
    /// A list is not one of consecutive powers of `tau`.
    Powers {
        /// Which.
        what: &'static str,
    },
    /// A list is not the Lagrange basis at the secrets of the powers.
    Bases {
        /// Which.
        what: &'static str,
    },
    /// A secret of phase 1 is one, which is what it is before anybody contributes.
    Uncontributed {
        /// Its name.
        what: &'static str,
    },
    /// `beta` is not the same in both groups.
    Beta,
    /// `tau` lies in the domain or in its coset.
    Tau,
    /// The circuit has more rows than there are powers for.
    Rows {
        /// How many it takes.
        found: usize,
        /// How many there are powers for.
        most: usize,
    },
    /// A proof of knowledge does not hold for what was contributed before: it is wrong, or was made for another place,
    /// ceremony or circuit.
    Knowledge {
        /// The phase, from zero on.
        phase: usize,
    },
    /// The new delta is not the old one times the secret that the proof of knowledge is about.
    Delta {
        /// The phase, from zero on.
        phase: usize,
    },
    /// The contribution leaves a delta as it was.
    Unchanged {
        /// The phase, from zero on.
        phase: usize,
    },
    /// The key's delta is not the contribution's, or not the same in both groups.
    KeyDelta {
        /// The phase, from zero on.
        phase: usize,
    },
    /// The key's points are not the earlier ones, divided by what the delta was multiplied with.
    Divided {
        /// Which.
        what: &'static str,
        /// The phase, from zero on.
        phase: usize,
    },
    /// A part of the key is not that of the circuit and the powers.
    Follows {
        /// Which.
        what: &'static str,
    },
    /// A part of the key is another, which no contribution touches.
    Touched {
        /// Which.
        what: &'static str,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { what, found, expected } => {
                write!(f, "{what} has {found} elements instead of {expected}: it is of another circuit")
            }
            Self::Point { what, index } => write!(f, "point {index} of {what} is not in its group, or is zero"),
            Self::Generator { what } => write!(f, "{what} does not begin with the generator"),
            Self::Powers { what } => write!(f, "{what} are not consecutive powers of tau"),
            Self::Bases { what } => write!(f, "{what} is not that of the powers of tau"),
            Self::Uncontributed { what } => {
                write!(f, "{what} is one: nobody has contributed to these powers; take those of a ceremony")
            }
            Self::Beta => write!(f, "beta is not the same in both groups"),
            Self::Tau => write!(f, "tau lies in the domain or its coset: take other powers"),
            Self::Rows { found, most } => {
                write!(f, "the circuit takes powers for {found} rows, there are those for {most}: take a larger file")
            }
            Self::Knowledge { phase } => write!(
                f,
                "the proof of knowledge of the factor of delta {phase} does not hold: it is wrong, or was made for \
                 another transcript or circuit"
            ),
            Self::Delta { phase } => {
                write!(f, "delta {phase} is not the one before it times the factor that is proven to be known")
            }
            Self::Unchanged { phase } => write!(f, "delta {phase} is as it was: the contribution adds nothing"),
            Self::KeyDelta { phase } => {
                write!(f, "delta {phase} of the key is not that of the contribution in both groups")
            }
            Self::Divided { what, phase } => {
                write!(f, "{what} are not the earlier ones divided by the factor of delta {phase}")
            }
            Self::Follows { what } => write!(f, "{what} is not that of the circuit and these powers"),
            Self::Touched { what } => write!(f, "{what} changed, which no contribution may touch"),
        }
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// Refuses another length than expected.
    pub(super) fn unless_length(what: &'static str, found: usize, expected: usize) -> Result<(), Self> {
        if found == expected { Ok(()) } else { Err(Self::Length { what, found, expected }) }
    }
}

/// Who was dishonest, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dishonest {
    /// The contributor, from zero on; nobody if it is the last key that is wrong, and no contribution.
    pub contributor: Option<usize>,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Dishonest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.contributor {
            Some(index) => write!(f, "contribution {index}: {}", self.fault),
            None => write!(f, "the last key: {}", self.fault),
        }
    }
}

impl std::error::Error for Dishonest {}
