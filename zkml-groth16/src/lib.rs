//! Groth16 over BN254, with a witness that may be committed to in several phases.
//!
//! | phases | `e(A, B) =` |
//! |---|---|
//! | one | `e(alpha, beta) e(IC, gamma) e(C, delta)`, plain Groth16 |
//! | `n` | `e(alpha, beta) e(IC, gamma) e(D_1, delta_1) .. e(D_(n-1), delta_(n-1)) e(C, delta_n)` |
//!
//! With several, the prover [commits](commit) to the witness of each phase but the last, derives challenges from the
//! commitments (which are columns like public inputs), computes the next phase from them, and [proves](prove()) at the
//! end.
//!
//! Keys are made by one party, by [`setup`](setup()), or by many, by a [ceremony]. [`iden3`] has the files of snarkjs.
//!
//! What two keys commit to is shown to be the same by a [linking proof](link).
//!
//! This crate is compiled once, beside `zkml-core` and not in it. It checks lengths alone: points, satisfaction and
//! what challenges are derived from are checked by `zkml_core::prove`, which is what to use. Randomness comes in as
//! arguments.
//!
//! Sources: Groth, "On the size of pairing-based non-interactive arguments" (EUROCRYPT 2016); Kosba, Papadopoulos,
//! Papamanthou and Song, "MIRAGE: succinct arguments for randomized algorithms with applications to universal
//! zk-SNARKs" (USENIX Security 2020).
#![forbid(unsafe_code)]

mod key;
mod law;
mod limbs;
pub mod link;
mod size;
mod verify;

#[cfg(feature = "prove")]
mod affine;
#[cfg(feature = "ceremony")]
pub mod ceremony;
#[cfg(feature = "prove")]
mod constraints;
#[cfg(feature = "prove")]
pub mod domain;
#[cfg(feature = "prove")]
mod error;
#[cfg(feature = "prove")]
mod field;
#[cfg(feature = "ceremony")]
pub mod iden3;
#[cfg(feature = "prove")]
pub mod msm;
#[cfg(feature = "prove")]
mod prove;
#[cfg(feature = "prove")]
mod setup;
#[cfg(all(test, feature = "prove"))]
mod tests;

pub use key::{Proof, ProvingKey, VerifyingKey};
pub use law::multiplications;
pub use limbs::Limbs;
pub use size::domain_size;
pub use verify::{Prepared, holds, prepare};

#[cfg(feature = "prove")]
pub use constraints::{Columns, Rows, Sparse, add_term, collected};
#[cfg(feature = "prove")]
pub use error::Error;
#[cfg(feature = "prove")]
pub use prove::{commit, prove, prove_evaluated};
#[cfg(feature = "prove")]
pub use setup::{Secrets, setup};
