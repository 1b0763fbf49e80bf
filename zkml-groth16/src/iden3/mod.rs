//! Files of snarkjs and circom: powers of tau, constraints, witnesses and keys of plain Groth16.
//!
//! ```text
//! magic: 4 | version: u32 | sections: u32 | section ..      section: type: u32 | length: u64 | contents      little endian
//! ```
//!
//! | file | holds | read | written |
//! |---|---|---|---|
//! | `.ptau` | [powers of tau](crate::ceremony::Powers) | [`read_ptau`] | [`write_ptau`] |
//! | `.r1cs` | [constraints](Constraints) | [`read_r1cs`] | [`write_r1cs`] |
//! | `.wtns` | an assignment | [`read_wtns`] | [`write_wtns`] |
//! | `.zkey` | a proving key | [`read_zkey`] | [`write_zkey`] |
//!
//! Elements of the base field, and coefficients in keys, are in Montgomery form; infinity is zeros. Readers take what
//! `std` can seek in, and allocate no more than the file has bytes for.
//!
//! Source: `binfileutils`, `r1csfile` and `snarkjs` by iden3.

mod error;
mod ptau;
mod r1cs;
mod section;
#[cfg(test)]
mod tests;
mod wtns;
mod zkey;

pub use error::FormatError;
pub use ptau::{read_ptau, write_ptau};
pub use r1cs::{Constraints, read_r1cs, write_r1cs};
pub use wtns::{read_wtns, write_wtns};
pub use zkey::{read_zkey, write_zkey};
