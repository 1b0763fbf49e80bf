//! Prover: `(key, constraints, assignment) -> proof`, in any [proof system](super::system).

use ark_ff::{Field, UniformRand, Zero};

use super::keys::ProvingKeyOf;
use super::matrices::{Evaluated, Matrices};
use super::system::{Backend, OtherKey, Prover, SecureRng};
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
    /// The key's proofs do not hold.
    #[error(
        "the proof does not hold under its own key: the key is malformed; use one of a setup that you or a ceremony ran"
    )]
    Malformed,
    /// The proof system and the constraints disagree about a challenge.
    #[error(
        "the constraints have {found} challenges, the proof system {system} expects {expected}; build the circuit for it"
    )]
    Challenges {
        /// The proof system.
        system: &'static str,
        /// How many it expects.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A weight has no row in which it stands alone, so that the commitment would bind sums of weights only.
    #[error(
        "registered weight {index} of {count} stands alone on the A side of no constraint, so that its commitment would not bind it; \
         add the constraint `weight * 0 = 0`"
    )]
    NotAlone {
        /// The first such weight.
        index: usize,
        /// How many weights there are.
        count: usize,
    },
    /// Nothing is there to be registered.
    #[error("the constraints have no variable in the phase of registered weights; use a system of two phases")]
    NoWeights,
    /// What is registered is so under another key.
    #[error(transparent)]
    Registered(#[from] OtherKey),
    /// There are more or fewer values than are registered.
    #[error("{found} weights, the key takes {expected}")]
    Weights {
        /// How many the key takes.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The assignment has other weights than those that are registered.
    #[error(
        "weight {index} is another than the one that is registered; register the new weights, or prove with the old ones"
    )]
    Unregistered {
        /// The first that differs.
        index: usize,
    },
    /// An opening does not open its commitment.
    #[error("the opening is not that of its commitment; commit to the weights again, and register that")]
    Opening,
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

/// What draws the challenge of a proof, from the public inputs (the constant one first) and the witness that is fixed before it.
pub type Draw<'a> = dyn FnMut(&[Fr], &[Fr]) -> Result<Fr, ProveError> + 'a;

/// A proof that the assignment satisfies the constraints, with fresh randomness: of constraints without a challenge.
///
/// # Errors
/// As [`prove_with`].
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
    prove_with(key, matrices, digest, &mut |_| Ok(assignment.to_vec()), rng)
}

/// As [`prove_registered`], where nothing is registered.
///
/// # Errors
/// As there.
pub fn prove_with<S: Prover, E: From<ProveError>>(
    key: &ProvingKeyOf<S>,
    matrices: &Matrices,
    digest: &Digest,
    assign: &mut dyn FnMut(&mut Draw<'_>) -> Result<Vec<Fr>, E>,
    rng: &mut dyn SecureRng,
) -> Result<ProofOf<S>, E> {
    prove_registered(key, matrices, digest, &(), assign, rng)
}

/// A proof that an assignment satisfies the constraints, with fresh randomness, and with the values that are registered. The assignment is
/// computed once, and asks for its challenge where it has one.
///
/// # Errors
/// Those of the assignment; and if what is registered is so under another key or of other values than the assignment has, the key is of another circuit or other lengths, the assignment has another length, does not begin
/// with one or does not satisfy the constraints (all failing rows are listed), the randomness is not random, or the key is
/// malformed so that its proofs do not hold.
///
/// # Soundness
/// The proof hides the witness only if `rng` is not predictable. It is verified before it is returned: a proof under a malformed key
/// could leak what a valid one hides.
pub fn prove_registered<S: Backend, E: From<ProveError>>(
    key: &ProvingKeyOf<S>,
    matrices: &Matrices,
    digest: &Digest,
    opening: &S::Opening,
    assign: &mut dyn FnMut(&mut Draw<'_>) -> Result<Vec<Fr>, E>,
    rng: &mut dyn SecureRng,
) -> Result<ProofOf<S>, E> {
    if key.digest() != digest {
        return Err(ProveError::Digest { key: *key.digest(), circuit: *digest }.into());
    }
    let (vk, registered) = (S::verifying(key.pk()), S::registered(opening));
    S::admit_registered(vk, registered).map_err(ProveError::from)?;
    matrices.check_rows()?;
    S::fits(key.pk(), matrices)?;
    let mut committed = None;
    let assignment = assign(&mut |public, fixed| {
        let (challenge, kept) = S::commit(key.pk(), opening, public, fixed, rng)?;
        committed = Some(kept);
        Ok(challenge)
    })?;
    let (expected, found) = (matrices.variables(), assignment.len());
    if expected != found {
        return Err(ProveError::Assignment { expected, found }.into());
    }
    if assignment.first() != Some(&Fr::ONE) {
        return Err(ProveError::Constant.into());
    }
    let Evaluated { sides, unsatisfied: constraints } = matrices.evaluated(&assignment);
    if !constraints.is_empty() {
        return Err(ProveError::Unsatisfied { constraints, total: matrices.constraints() }.into());
    }
    let proof = S::prove(key.pk(), opening, sides, &assignment, committed, rng)?;
    let inputs = assignment[1..matrices.instance - matrices.challenges()].to_vec();
    if !S::holds(&S::prepare(vk), registered, &proof, &inputs) {
        return Err(ProveError::Malformed.into());
    }
    Ok(ProofOf { digest: *digest, proof, inputs })
}
