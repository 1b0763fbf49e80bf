//! Groth16 over BN254: `e(A, B) = e(alpha, beta) * e(IC_0 + sum_i input_i * IC_i, gamma) * e(C, delta)`.
//!
//! ```text
//! proof: A: 32 | B: 64 | C: 32
//! ```
//!
//! Source: Groth, "On the size of pairing-based non-interactive arguments" (EUROCRYPT 2016).

use super::file::Kind;
use super::phased::Phased;
use super::system::Kinds;

/// Groth16 over BN254: what snarkjs, arkworks and the verifiers on the EVM understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groth16;

impl Phased for Groth16 {
    type Registered = ();

    const NAME: &'static str = "groth16";
    const KINDS: Kinds = Kinds { proving_key: Kind::ProvingKey, verifying_key: Kind::VerifyingKey, proof: Kind::Proof };
    const PHASES: usize = 1;
}
