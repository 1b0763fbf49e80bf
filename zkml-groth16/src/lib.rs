//! Groth16 over BN254: setup, prover and equation of arkworks, for one curve.
//!
//! arkworks is generic over the curve, and compiled anew in every crate that names one. Here it is compiled once, beside `zkml-core`
//! and not in it. This crate checks nothing: lengths, points and satisfaction are checked by `zkml_core::prove`, which is what to use.
//!
//! Source: Groth, "On the size of pairing-based non-interactive arguments" (EUROCRYPT 2016).
#![forbid(unsafe_code)]

use ark_bn254::{Bn254, Fr, G1Projective};
use ark_ec::VariableBaseMSM;
use ark_groth16::{Groth16, PreparedVerifyingKey, Proof, VerifyingKey};

#[cfg(feature = "prove")]
mod prover;

#[cfg(feature = "prove")]
pub use prover::{Constraints, prove, setup};

/// A verifying key with `e(alpha, beta)` computed.
pub fn prepare(key: &VerifyingKey<Bn254>) -> PreparedVerifyingKey<Bn254> {
    ark_groth16::prepare_verifying_key(key)
}

/// Whether `e(A, B) = e(alpha, beta) * e(abc_0 + sum_i input_i * abc_i, gamma) * e(C, delta)`.
///
/// # Soundness
/// The points must be in their groups. Another number of inputs than the key takes is refused.
pub fn holds(key: &PreparedVerifyingKey<Bn254>, proof: &Proof<Bn254>, inputs: &[Fr]) -> bool {
    let Some((constant, bases)) = key.vk.gamma_abc_g1.split_first() else { return false };
    let Ok(sum) = G1Projective::msm(bases, inputs) else { return false };
    Groth16::<Bn254>::verify_proof_with_prepared_inputs(key, proof, &(sum + constant)) == Ok(true)
}
