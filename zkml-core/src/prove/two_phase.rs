//! Two-phase Groth16 over BN254: `e(A, B) = e(alpha, beta) * e(IC, gamma) * e(D, delta_1) * e(C, delta_2)`, with a challenge drawn from `D`.
//!
//! ```text
//! proof: A: 32 | B: 64 | C: 32 | D: 32
//! ```
//!
//! `D` commits to the witness of the first phase, and hides it. The challenge is a hash of key, `D` and public inputs; the second phase is
//! computed from it. So a circuit can check many values at once at a random point: its range checks are
//! [lookups](crate::prove::RangeChecks::Lookups).
//!
//! # Soundness
//! In the algebraic group model, the pairing equation forces `D` to be a combination of the first phase's points, and `C` of the second's:
//! `docs/proof-systems.md` has the argument. So the values of the first phase are fixed before the challenge is known. What a random
//! check sees is asserted to be of the first phase when the circuit is built.
//!
//! Source: Kosba, Papadopoulos, Papamanthou and Song, "MIRAGE: succinct arguments for randomized algorithms with applications to universal
//! zk-SNARKs" (USENIX Security 2020).

use super::file::Kind;
use super::phased::Phased;
use super::system::Kinds;

/// Two-phase Groth16 over BN254: circuits with range checks by lookups, several times smaller than those of [`Groth16`](super::Groth16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoPhase;

impl Phased for TwoPhase {
    type Registered = ();

    const NAME: &'static str = "two_phase";
    const KINDS: Kinds = Kinds {
        proving_key: Kind::TwoPhaseProvingKey,
        verifying_key: Kind::TwoPhaseVerifyingKey,
        proof: Kind::TwoPhaseProof,
    };
    const PHASES: usize = 2;
}
