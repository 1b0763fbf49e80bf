//! What is wrong with a ceremony, and whose fault it is.

use zkml_groth16::{ceremony::Fault, iden3::FormatError};

use crate::prove::{Digest, FileError, LinkError, LoadError, ProveError};

/// A ceremony that can't begin, go on or end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CeremonyError {
    /// The constraints are not such as the system takes.
    #[error(transparent)]
    Constraints(#[from] ProveError),
    /// A file of powers of tau can't be read.
    #[error("cannot use these powers of tau: {0}")]
    Format(#[from] FormatError),
    /// The powers are not those of one `tau`, or too few.
    #[error("cannot use these powers of tau: {0}")]
    Powers(Fault),
    /// A contributor was dishonest, or careless.
    #[error("contribution {number}{} {fault}; the ceremony is as it was before it", named(.name))]
    Contribution {
        /// Which contribution, from one on.
        number: usize,
        /// What the contributor calls itself, as far as it could be read.
        name: String,
        /// What it did.
        fault: ContributionFault,
    },
    /// The key is not that of circuit, powers and contributions: whoever keeps the ceremony's file changed it.
    #[error(
        "the key of the ceremony does not follow from circuit, powers and contributions: {0}; take another copy of its file"
    )]
    Key(Fault),
    /// The ceremony began with other powers.
    #[error(
        "the ceremony began with powers of hash {found}, these have hash {expected}; take the file that it began with"
    )]
    OtherPowers {
        /// The hash of the powers at hand.
        expected: Digest,
        /// That of the ceremony's.
        found: Digest,
    },
    /// The ceremony is of another circuit.
    #[error("the ceremony is of circuit {found}, expected circuit {expected}")]
    Circuit {
        /// The circuit at hand.
        expected: Digest,
        /// That of the ceremony.
        found: Digest,
    },
    /// Nobody has contributed: anything could be proved.
    #[error("nobody has contributed to the ceremony, so that anything can be proved under its key; add a contribution")]
    Unfinished,
    /// A contributor's name or a beacon's value is too long, or empty.
    #[error("{what} has {found} bytes, expected 1 to {most}")]
    Length {
        /// Which.
        what: &'static str,
        /// How long it is.
        found: usize,
        /// The most it may have.
        most: usize,
    },
    /// A beacon would take too long to compute, or no time.
    #[error("a beacon of 2^{found} iterations, expected 2^{} to 2^{}", .range[0], .range[1])]
    Iterations {
        /// The logarithm of their number.
        found: u8,
        /// What it may be.
        range: [u8; 2],
    },
    /// A key of links can't be made of these keys.
    #[error(transparent)]
    Link(LinkError),
    /// A file of a ceremony can't be read.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl From<FileError> for CeremonyError {
    fn from(error: FileError) -> Self {
        Self::Load(error.into())
    }
}

fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" (`{}`)", name.escape_debug()) }
}

/// What is wrong with a contribution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContributionFault {
    /// Its file can't be read: it is truncated, damaged or none.
    #[error("can't be read: {0}")]
    File(LoadError),
    /// It is to the ceremony of another circuit.
    #[error("is to the ceremony of circuit {found}, expected circuit {expected}")]
    Circuit {
        /// The circuit of this ceremony.
        expected: Digest,
        /// That of the contribution.
        found: Digest,
    },
    /// It was made for another state of the ceremony: an earlier one, or that of another ceremony.
    #[error(
        "comes after transcript {found}, the ceremony is at {expected}: it was made for another state, or handed in before"
    )]
    Stale {
        /// The transcript of this ceremony.
        expected: Digest,
        /// The one that the contribution comes after.
        found: Digest,
    },
    /// It does not do what it says, or not with a secret that its contributor knows.
    #[error("is wrong: {0}")]
    Wrong(Fault),
    /// Its secrets are those of an earlier one.
    #[error("repeats the secrets of an earlier one")]
    Repeated,
    /// A beacon's contribution is not the one that follows from its value.
    #[error("is not the one that follows from the beacon's value")]
    Beacon,
    /// A beacon has a number of iterations that nobody computes.
    #[error("has a beacon of 2^{found} iterations, expected at most 2^{most}")]
    Iterations {
        /// The logarithm of their number.
        found: u8,
        /// The most it may be.
        most: u8,
    },
}

impl From<LoadError> for ContributionFault {
    fn from(error: LoadError) -> Self {
        Self::File(error)
    }
}
