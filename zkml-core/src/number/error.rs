//! What can go wrong in exact arithmetic.

use super::{Cut, Int, MAX_BITS};

/// What can go wrong in exact arithmetic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArithError {
    /// Overflow: a value may need more bits than a field element safely holds.
    #[error(
        "a value may need {bits} bits, more than the {MAX_BITS} that a field element safely holds; rescale earlier"
    )]
    Overflow {
        /// The bits it may need.
        bits: u32,
    },
    /// Out of range: a value lies outside what the bits of its decomposition hold.
    #[error(
        "the value {value} lies {} beyond the {} to {} that its decomposition holds",
        .cut.beyond(*.value), .cut.ends().0, .cut.ends().1
    )]
    Beyond {
        /// The value before it is cut; of an interval that lies outside altogether, its nearest end.
        value: Int,
        /// How it was to be cut.
        cut: Cut,
    },
    /// Domain error: an operation that is not defined for every value that its operand may have.
    #[error("{0}")]
    Domain(&'static str),
    /// More constraints than may be counted.
    #[error("{found} constraints and more, which are too many")]
    TooMany {
        /// How many there are at least.
        found: usize,
    },
    /// The constraint system refused.
    #[error("{0}")]
    Backend(String),
}
