//! Exact numbers and their bounds: integers, intervals, fixed-point constants, and the sizes of what is made of them.
//!
//! This is the ground floor: nothing here knows of gadgets, readings, layers or plans.
//!
//! | module | what it holds |
//! |---|---|
//! | [`integer`] | machine integers of 64, 128 and 256 bits |
//! | [`interval`] | closed intervals, and their arithmetic |
//! | [`cut`] | rescaling: rounding right shift, saturation, bits of the decomposition |
//! | [`mod@float`] | mantissas and exponents of IEEE 754 doubles, and exact powers of two |
//! | [`fixed`] | fixed-point constants with their rounding errors |
//! | [`approximate`] | intervals with an error bound |
//! | [`cost`] | constraints, witness variables, terms of linear combinations |
//! | `field` | integers as field elements, and back |

pub mod approximate;
pub mod cost;
pub mod cut;
pub mod error;
#[cfg(feature = "verify")]
pub mod field;
pub mod fixed;
pub mod float;
pub mod integer;
pub mod interval;

/// A signed integer of 256 bits.
pub use ethnum::I256 as Int;

pub use self::{
    approximate::Approximate,
    cost::{Cost, Measure},
    cut::Cut,
    error::ArithError,
    fixed::Fixed,
    integer::Integer,
    interval::Interval,
};

/// The largest magnitude, in bits, of any wire: sums, differences and offsets then stay far below the field's modulus.
pub const MAX_BITS: u32 = 250;
