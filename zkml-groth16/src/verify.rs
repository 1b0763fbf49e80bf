//! The equation.

use ark_bn254::{Bn254, Fq12, Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup, pairing::Pairing};
use ark_ff::PrimeField;

use crate::key::{Proof, VerifyingKey};

type G2Prepared = <Bn254 as Pairing>::G2Prepared;

/// A verifying key with `e(alpha, beta)` computed, and the lines of its points in the second group.
#[derive(Clone, Debug)]
pub struct Prepared {
    ic: Vec<G1Affine>,
    alpha_beta: Fq12,
    /// Those of `-gamma`, and of `-delta_p` for each phase.
    negated: Vec<G2Prepared>,
}

impl Prepared {
    /// How many public inputs and challenges there are.
    pub fn inputs(&self) -> usize {
        self.ic.len().saturating_sub(1)
    }

    /// How many commitments there are.
    pub fn commitments(&self) -> usize {
        self.negated.len().saturating_sub(2)
    }
}

/// Computes what is the same for all proofs.
pub fn prepare(key: &VerifyingKey) -> Prepared {
    let negated = [&key.gamma_g2].into_iter().chain(&key.deltas_g2).map(|point| G2Prepared::from(-*point));
    Prepared { ic: key.ic.clone(), alpha_beta: Bn254::pairing(key.alpha_g1, key.beta_g2).0, negated: negated.collect() }
}

/// Whether `e(A, B) = e(alpha, beta) e(IC_0 + sum_i input_i IC_i, gamma) prod_p e(D_p, delta_p) e(C, delta)`.
///
/// Inputs are the public ones, then the challenges. Another number of inputs or commitments than the key takes is
/// refused.
///
/// # Soundness
/// The points must be in their groups, and the challenges derived from all commitments and public inputs: that is not
/// checked here.
pub fn holds(key: &Prepared, proof: &Proof, inputs: &[Fr]) -> bool {
    let Some((constant, bases)) = key.ic.split_first() else { return false };
    if bases.len() != inputs.len() || key.negated.len() != proof.commitments.len() + 2 {
        return false;
    }
    let sum = combination(constant, bases, inputs);
    let left = [proof.a, sum.into_affine()].into_iter().chain(proof.commitments.iter().copied()).chain([proof.c]);
    let right = [G2Prepared::from(proof.b)].into_iter().chain(key.negated.iter().cloned());
    let product = Bn254::multi_miller_loop(left, right);
    Bn254::final_exponentiation(product).is_some_and(|value| value.0 == key.alpha_beta)
}

fn combination(constant: &G1Affine, bases: &[G1Affine], inputs: &[Fr]) -> G1Projective {
    let products = bases.iter().zip(inputs).map(|(base, input)| base.mul_bigint(input.into_bigint()));
    products.fold(G1Projective::from(*constant), |sum, product| sum + product)
}
