//! What can go wrong between keys, proofs and words.

use super::word::Word;
use crate::{
    digest::hex,
    prove::{DecodeError, LoadError, OtherKey, PointFault},
};

/// Words that are no key, no proof or no call, or a key that no contract takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvmError {
    /// There are more or fewer bytes than there must be.
    #[error("{what} has {found} bytes, expected {expected}")]
    Length {
        /// What has the wrong length.
        what: &'static str,
        /// The bytes it must have.
        expected: usize,
        /// The bytes it has.
        found: usize,
    },
    /// A key is not of whole points.
    #[error("a key of n public inputs has {least} + 64 n bytes with n at least 1, found {found}")]
    KeyLength {
        /// The bytes of one without inputs.
        least: usize,
        /// The bytes it has.
        found: usize,
    },
    /// The call is of another function.
    #[error("the call's selector is 0x{}, expected 0x{} of `{signature}`", hex(.found), hex(.expected))]
    Selector {
        /// The function that was expected.
        signature: String,
        /// Its selector.
        expected: [u8; 4],
        /// The selector found.
        found: [u8; 4],
    },
    /// An argument does not begin where it is always written, or its length is not the one that the key asks for.
    #[error("{what} is 0x{}, expected {expected}", hex(.found))]
    Head {
        /// Which word.
        what: &'static str,
        /// The number that is always written.
        expected: usize,
        /// The word found.
        found: Word,
    },
    /// A public input is at or above the modulus: it would stand for another number, too.
    #[error("public input {index} is not below the field's modulus")]
    Modulus {
        /// Which one.
        index: usize,
    },
    /// Words are no point of their group.
    #[error("point {index} of {what} {fault}")]
    Point {
        /// What it is part of.
        what: &'static str,
        /// Which one.
        index: usize,
        /// What is wrong with it.
        fault: PointFault,
    },
    /// Nothing is public, or more than a transaction or a contract's code has room for.
    #[error("the key has {found} public inputs, expected 1 to {max}; make what is public a commitment")]
    Inputs {
        /// How many there are.
        found: usize,
        /// The most there may be.
        max: usize,
    },
    /// The call's key, or number of public inputs, is not that of the verifying key.
    #[error("the call is for another key: its {what} is not that of the verifying key")]
    OtherKey {
        /// What differs.
        what: &'static str,
    },
    /// What is registered is so under another key than the contract's.
    #[error(transparent)]
    Registered(#[from] OtherKey),
    /// The points do not make a verifying key.
    #[error(transparent)]
    Key(LoadError),
    /// The public inputs do not mean anything under their table.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The name of a contract is none.
    #[error(
        "a contract can't be called `{}`; use a capital letter, then letters, digits and underscores, {max} at most, \
         and no name that the source uses", .found.escape_debug()
    )]
    Name {
        /// The name found.
        found: String,
        /// The most letters it may have.
        max: usize,
    },
}

impl From<LoadError> for EvmError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Point { what, index, fault } => Self::Point { what, index, fault },
            other => Self::Key(other),
        }
    }
}
