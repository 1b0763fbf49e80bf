//! Setup and prover, from constraint matrices.

use ark_bn254::{Bn254, Fr, G1Projective, G2Projective};
use ark_ec::PrimeGroup;
use ark_groth16::{Groth16, Proof, ProvingKey};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, Matrix, SynthesisError, Variable,
};
use ark_std::rand::RngCore;

/// Constraint matrices: `(A z) * (B z) = C z` for `z = (1, public inputs, witnesses)`.
#[derive(Clone, Copy, Debug)]
pub struct Constraints<'a> {
    /// `A`, `B` and `C`: rows of `(coefficient, column)`, as many in each, and no column beyond the last.
    pub abc: &'a [Matrix<Fr>; 3],
    /// How many columns are public, the constant one among them.
    pub instance: usize,
    /// How many columns are not.
    pub witness: usize,
}

/// The proving key for these constraints, from `(alpha, beta, gamma, delta)`, none of them zero, and `tau` of `rng`.
///
/// # Errors
/// If there are more rows than the field has roots of unity, `2^28`.
pub fn setup(
    constraints: Constraints<'_>,
    [alpha, beta, gamma, delta]: [Fr; 4],
    mut rng: &mut dyn RngCore,
) -> Result<ProvingKey<Bn254>, SynthesisError> {
    let (g1, g2) = (G1Projective::generator(), G2Projective::generator());
    Groth16::<Bn254>::generate_parameters_with_qap(constraints, alpha, beta, gamma, delta, g1, g2, &mut rng)
}

/// `A = alpha + sum_i z_i a_i + r delta`, `B = beta + sum_i z_i b_i + s delta`, `C = ..`, for an assignment `z` that satisfies the
/// constraints, and fresh random `r` and `s`.
///
/// # Errors
/// If there are more rows than the field has roots of unity, `2^28`.
pub fn prove(
    key: &ProvingKey<Bn254>,
    constraints: Constraints<'_>,
    assignment: &[Fr],
    [r, s]: [Fr; 2],
) -> Result<Proof<Bn254>, SynthesisError> {
    let Constraints { abc, instance, .. } = constraints;
    Groth16::<Bn254>::create_proof_with_reduction_and_matrices(key, r, s, abc, instance, abc[0].len(), assignment)
}

/// Feeds the matrices to the setup of arkworks, row by row and column by column, so that its key is for them.
///
/// Each row is one linear combination of variables alone, so that arkworks has nothing to inline and keeps the order.
impl ConstraintSynthesizer<Fr> for Constraints<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let Constraints { abc: [a, b, c], instance, witness } = self;
        for _ in 1..instance {
            let _ = cs.new_input_variable(|| Err(SynthesisError::AssignmentMissing))?;
        }
        for _ in 0..witness {
            let _ = cs.new_witness_variable(|| Err(SynthesisError::AssignmentMissing))?;
        }
        let variable = |column: usize| match column {
            0 => Variable::one(),
            i if i < instance => Variable::instance(i),
            i => Variable::witness(i - instance),
        };
        let row = |row: &[(Fr, usize)]| LinearCombination(row.iter().map(|(c, i)| (*c, variable(*i))).collect());
        for ((a, b), c) in a.iter().zip(b).zip(c) {
            cs.enforce_r1cs_constraint(|| row(a), || row(b), || row(c))?;
        }
        Ok(())
    }
}
