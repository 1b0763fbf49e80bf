//! Keys, proofs and their verification: Groth16 over BN254, of one circuit with one table of public inputs.
//!
//! ```text
//! e(A, B) = e(alpha, beta) * e(sum_i input_i * abc_i, gamma) * e(C, delta)
//!
//! Matrices ──setup──> Keys ──┬─> ProvingKey ──prove──> Proof (128 bytes, public inputs)
//!             PublicTable ───┴─> VerifyingKey ────────> verify ──> Statement (typed)
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`public`] | the one table of public inputs, and signed decoding |
//! | [`statement`] | what a verified proof says |
//! | [`mod@file`] | the container of every file: kind, version, circuit digest, checksum |
//! | [`keys`] | both keys, their provenance, their files |
//! | [`verifier`] | proofs and their verification |
//! | `matrices`, `setup`, `prover` | feature `prove`: constraints, keys from them, proofs |
//!
//! # Soundness
//! Whoever runs `setup` can forge proofs under its keys, and a key made by someone else may be malformed: a verifier
//! trusts a [`VerifyingKey`] only as far as its [`Provenance`]. Proofs can be re-randomised by anyone: two proofs that
//! differ may state the same, so replay protection never goes by a proof's bytes.

pub mod file;
pub mod keys;
pub mod points;
pub mod public;
pub mod statement;
pub mod verifier;

#[cfg(feature = "prove")]
pub mod matrices;
#[cfg(feature = "prove")]
pub mod prover;
#[cfg(feature = "prove")]
pub mod setup;

pub use crate::error::hex;
pub use file::{FileError, Kind};
pub use keys::{Keys, Provenance, ProvingKey, VerifyingKey};
pub use points::{LoadError, PointFault};
pub use public::{DecodeError, PublicEntry, PublicKind, PublicTable, TableError};
pub use statement::{PublicValue, Statement, Value};
pub use verifier::{PreparedVerifyingKey, Proof, VerifyError};

#[cfg(feature = "prove")]
pub use matrices::Matrices;
#[cfg(feature = "prove")]
pub use prover::{ProveError, prove};
#[cfg(feature = "prove")]
pub use setup::setup;

/// The field of all circuits: the scalars of BN254.
pub type Fr = ark_bn254::Fr;

/// What a circuit is named by: SHA-256 over its description.
pub type Digest = [u8; 32];

#[cfg(all(test, feature = "prove"))]
mod tests;
