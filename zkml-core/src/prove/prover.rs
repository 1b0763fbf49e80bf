//! Prover: `(key, constraints, assignment) -> proof`, in any [proof system](super::system).

use ark_ff::{Field, UniformRand, Zero};

use super::keys::ProvingKeyOf;
use super::matrices::Matrices;
use super::system::{Prover, SecureRng};
use super::verifier::ProofOf;
use super::{Digest, Fr};

/// Keys or a proof that can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The key is of another circuit.
    #[error("the key is of circuit {}, expected circuit {}; run the setup of this circuit", .key, .circuit)]
    Digest {
        /// The key's circuit.
        key: Digest,
        /// The circuit to prove.
        circuit: Digest,
    },
    /// The matrices have another number of public columns than the table.
    #[error(
        "the constraints have {found} public columns, the table of public inputs has {expected} with the constant one"
    )]
    Table {
        /// The table's inputs and one.
        expected: usize,
        /// The public columns.
        found: usize,
    },
    /// The matrices contradict themselves.
    #[error("malformed constraints: {0}")]
    Matrices(String),
    /// The key is for other numbers of constraints or variables.
    #[error("the key has {found} {what}, the constraints need {expected}; run the setup of this circuit")]
    Key {
        /// What there is another number of.
        what: &'static str,
        /// How many the constraints need.
        expected: usize,
        /// How many the key has.
        found: usize,
    },
    /// The assignment has another length than the constraints have columns.
    #[error("the assignment has {found} values, expected {expected}")]
    Assignment {
        /// How many columns there are.
        expected: usize,
        /// How many values were given.
        found: usize,
    },
    /// The assignment does not begin with one.
    #[error("the first value of the assignment is not one")]
    Constant,
    /// The assignment does not satisfy the constraints.
    #[error("{} of {total} constraints are not satisfied, first {}", .constraints.len(), .constraints.first().copied().unwrap_or_default())]
    Unsatisfied {
        /// The rows that fail, all of them, in order.
        constraints: Vec<usize>,
        /// How many rows there are.
        total: usize,
    },
    /// The source of randomness returns nothing but zero.
    #[error("the source of randomness returns nothing but zero; use the operating system's")]
    Randomness,
    /// arkworks refused.
    #[error("the proof system refused: {0}")]
    Backend(String),
}

/// A random element that is not zero.
pub(super) fn nonzero(rng: &mut dyn SecureRng) -> Result<Fr, ProveError> {
    (0..64).map(|_| Fr::rand(&mut *rng)).find(|x| !x.is_zero()).ok_or(ProveError::Randomness)
}

/// A proof that the assignment satisfies the constraints, with fresh randomness.
///
/// # Errors
/// If the key is of another circuit or other lengths, the assignment has another length, does not begin with one or
/// does not satisfy the constraints (all failing rows are listed), or the randomness is not random.
///
/// # Soundness
/// The proof hides the witness only if `rng` is not predictable.
pub fn prove<S: Prover>(
    key: &ProvingKeyOf<S>,
    matrices: &Matrices,
    digest: &Digest,
    assignment: &[Fr],
    rng: &mut dyn SecureRng,
) -> Result<ProofOf<S>, ProveError> {
    if key.digest() != digest {
        return Err(ProveError::Digest { key: *key.digest(), circuit: *digest });
    }
    matrices.check_rows()?;
    S::fits(key.pk(), matrices)?;
    let (expected, found) = (matrices.variables(), assignment.len());
    if expected != found {
        return Err(ProveError::Assignment { expected, found });
    }
    if assignment.first() != Some(&Fr::ONE) {
        return Err(ProveError::Constant);
    }
    let constraints = matrices.unsatisfied(assignment);
    if !constraints.is_empty() {
        return Err(ProveError::Unsatisfied { constraints, total: matrices.constraints() });
    }
    let proof = S::prove(key.pk(), matrices, assignment, rng)?;
    Ok(ProofOf { digest: *digest, proof, inputs: assignment[1..matrices.instance].to_vec() })
}
