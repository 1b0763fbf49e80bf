//! Proof systems: keys, proofs, verification and files, of one circuit with one table of public inputs: Groth16 over BN254, in one
//! phase or in several.
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
//! | [`system`] | what a proof system is: setup, prover, verifier, formats, costs |
//! | [`phased`] | Groth16 in phases: points, formats and checks of all systems that there are |
//! | [`mod@groth16`], [`two_phase`] | Groth16, and in two phases |
//! | [`registered`] | in three phases: weights that are committed to once, for many proofs |
//! | [`mod@link`] | proofs that two commitments under two keys are to the same weights |
//! | [`public`] | the one table of public inputs, and signed decoding |
//! | [`statement`] | what a verified proof says |
//! | [`mod@file`] | the container of every file: kind, version, circuit digest, checksum |
//! | [`rates`] | what a proof takes: how much there is to do, and how long a machine takes for it |
//! | [`keys`] | both keys of any system, their provenance, their files |
//! | [`verifier`] | proofs of any system and their verification |
//! | [`snarkjs`] | verifying keys and proofs as files of snarkjs |
//! | `matrices`, `setup`, `prover` | feature `prove`: constraints, keys from them by one party, proofs |
//! | `ceremony` | feature `ceremony`: keys from constraints by many parties |
//! | `iden3` | feature `ceremony`: constraints, witnesses, proving keys and powers of tau as files of snarkjs |
//!
//! # Soundness
//! Whoever runs `setup` can forge proofs under its keys, and a key made by someone else may be malformed: a verifier
//! trusts a [`VerifyingKey`] only as far as its [`Provenance`]. Proofs can be re-randomised by anyone: two proofs that
//! differ may state the same, so replay protection never goes by a proof's bytes.

pub mod file;
pub mod groth16;
pub mod keys;
pub mod link;
pub mod phased;
pub mod points;
pub mod public;
pub mod rates;
pub mod registered;
pub mod snarkjs;
pub mod statement;
mod subgroup;
pub mod system;
pub mod transcript;
pub mod two_phase;
pub mod verifier;
pub mod word;

#[cfg(feature = "ceremony")]
pub mod ceremony;
#[cfg(feature = "ceremony")]
pub mod iden3;
#[cfg(feature = "prove")]
pub mod matrices;
#[cfg(feature = "prove")]
pub mod prover;
#[cfg(feature = "prove")]
pub mod setup;

use sha2::{Digest as _, Sha256};

pub use crate::digest::{Digest, hex};
pub use file::{FileError, Kind};
pub use groth16::Groth16;
pub use keys::{Keys, KeysOf, Provenance, ProvingKey, ProvingKeyOf, SingleParty, VerifyingKey, VerifyingKeyOf};
pub use link::{LinkError, LinkProof, LinkVerifyingKey};
pub use points::{LoadError, PointFault};
pub use public::{DecodeError, PublicEntry, PublicKind, PublicTable, TableError};
pub use rates::{Operators, Rates, Values, Work};
pub use registered::{Registered, WeightsCommitment};
pub use statement::{PublicValue, Statement, Value};
pub use system::{OtherKey, ProofSystem, RangeChecks, SecureRng, Size};
pub use two_phase::TwoPhase;
pub use verifier::{PreparedVerifyingKey, PreparedVerifyingKeyOf, Proof, ProofOf, VerifyError};

#[cfg(feature = "ceremony")]
pub use ceremony::{Ceremony, CeremonyError, Contribution, Powers};
#[cfg(feature = "prove")]
pub use link::{LinkProvingKey, Selection};
#[cfg(feature = "prove")]
pub use matrices::{Evaluated, Matrices};
#[cfg(feature = "prove")]
pub use prover::{Draw, ProveError, prove, prove_registered, prove_with};
#[cfg(feature = "prove")]
pub use registered::WeightsOpening;
#[cfg(feature = "prove")]
pub use setup::setup;
#[cfg(feature = "prove")]
pub use system::{Backend, Prover};

/// The field of all circuits: the scalars of BN254.
pub type Fr = ark_bn254::Fr;

/// `SHA-256("zkml circuit 2" | contents | SHA-256(table))`: the digest of a circuit, which people pin and which keys, proofs
/// and files carry.
///
/// `contents` covers what the constraints are made from: graph, plan, visibility, batch and public weights. The table says
/// what the public inputs mean. Neither covers the points of a key: see [`VerifyingKey::fingerprint`].
///
/// ```
/// # use zkml_core::prove::{PublicKind, PublicTable, circuit_digest};
/// let table = |name: &str| PublicTable::new([(name.to_owned(), 0, PublicKind::Commitment)]);
/// assert_ne!(circuit_digest(&[7; 32].into(), &table("input")?), circuit_digest(&[7; 32].into(), &table("output")?));
/// # Ok::<_, zkml_core::prove::TableError>(())
/// ```
pub fn circuit_digest(contents: &Digest, table: &PublicTable) -> Digest {
    let hash = Sha256::new().chain_update(b"zkml circuit 2").chain_update(contents).chain_update(table.digest());
    Digest(hash.finalize().into())
}

#[cfg(all(test, feature = "prove"))]
pub(crate) mod tests;
#[cfg(all(test, feature = "prove"))]
mod tests_system;
