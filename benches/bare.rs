//! arkworks' prover on our matrices: what our provers are measured against.

use ark_bn254::{Bn254, Fr};
use ark_groth16::{Groth16, ProvingKey};
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable};
use zkml::{prove::Matrices, rand::rngs::StdRng};

/// Matrices as arkworks' setup takes them: each row is combinations of variables alone, so that it keeps their order.
struct Circuit<'a>(&'a Matrices);

impl ConstraintSynthesizer<Fr> for Circuit<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let Matrices { abc: [a, b, c], instance, witness, .. } = self.0;
        for _ in 1..*instance {
            let _ = cs.new_input_variable(|| Err(SynthesisError::AssignmentMissing))?;
        }
        for _ in 0..*witness {
            let _ = cs.new_witness_variable(|| Err(SynthesisError::AssignmentMissing))?;
        }
        let variable = |column: usize| match column {
            0 => Variable::one(),
            i if i < *instance => Variable::instance(i),
            i => Variable::witness(i - instance),
        };
        let row = |row: &[(Fr, usize)]| LinearCombination(row.iter().map(|(c, i)| (*c, variable(*i))).collect());
        for ((a, b), c) in a.iter().zip(b).zip(c) {
            cs.enforce_r1cs_constraint(|| row(a), || row(b), || row(c))?;
        }
        Ok(())
    }
}

/// arkworks' key of these constraints.
pub struct Bare<'a> {
    matrices: &'a Matrices,
    key: ProvingKey<Bn254>,
}

impl<'a> Bare<'a> {
    /// Its setup.
    ///
    /// # Errors
    /// If the constraints are too many.
    pub fn new(matrices: &'a Matrices, rng: &mut StdRng) -> Result<Self, SynthesisError> {
        let key = Groth16::<Bn254>::generate_random_parameters_with_reduction(Circuit(matrices), rng)?;
        Ok(Self { matrices, key })
    }

    /// Its proof of an assignment.
    ///
    /// # Errors
    /// If the constraints are too many.
    pub fn prove(&self, assignment: &[Fr], r: Fr, s: Fr) -> Result<(), SynthesisError> {
        let Matrices { abc, instance, .. } = self.matrices;
        Groth16::<Bn254>::create_proof_with_reduction_and_matrices(
            &self.key,
            r,
            s,
            abc,
            *instance,
            abc[0].len(),
            assignment,
        )
        .map(|_| ())
    }
}
