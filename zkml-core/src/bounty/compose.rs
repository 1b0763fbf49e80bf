//! Composition: a circuit of several parts, models and hashes among them, with its keys and proofs.
//!
//! A composition describes itself once, over every constraint system: building, counting, the witness and the dishonest provers of the
//! tests are readings of [`Composition::enforce`].

use ark_std::rand::{CryptoRng, RngCore};
use sha2::{Digest as _, Sha256};

use super::{cid::CidError, dataset::DatasetError, delivery::DeliveryError, format::FormatError};
use crate::{
    arith::r1cs::{Accumulate, Assign, Build, Label, Oracle, R1cs, Ranged, Registering, Tables, Tally, assign::folded},
    circuit::{CircuitError, Limits},
    digest::Digest,
    gadget::hash::commitment,
    number::ArithError,
    plan::synthesis::Row,
    prove::{
        self, Groth16, KeysOf, Matrices, ProofOf, ProofSystem, ProveError, Prover, ProvingKeyOf, PublicTable,
        RangeChecks, SecureRng, TableError,
    },
};

/// A statement that can't be made, or not be proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// The model's circuit can't be built.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// A value may outgrow the field.
    #[error("{part}: {error}")]
    Arith {
        /// Where.
        part: String,
        /// Why.
        #[source]
        error: ArithError,
    },
    /// The model is not of the kind that the statement is about.
    #[error("the model {found}, expected {expected}")]
    Model {
        /// What it is or has.
        found: String,
        /// What the statement is about.
        expected: String,
    },
    /// The samples do not fit.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A file is not of the format.
    #[error("file {index}: {error}")]
    Format {
        /// Which one.
        index: usize,
        /// Why not.
        #[source]
        error: FormatError,
    },
    /// A file has no CID.
    #[error(transparent)]
    Cid(#[from] CidError),
    /// The samples are not those of the files.
    #[error("the pixels of file {index} are not those of the sample that the dataset has there")]
    OtherPixels {
        /// Which file of the group.
        index: usize,
    },
    /// There is another number of something.
    #[error("{found} {what}, expected {expected}")]
    Count {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many the circuit has.
        expected: usize,
    },
    /// Weights can't be encrypted so.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// The public inputs can't be tabulated.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The prover refused.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// The witness violates constraints: what is claimed is not so.
    #[error("{count} constraints are violated, the first of them of `{part}`: what is claimed does not hold")]
    Violated {
        /// How many.
        count: usize,
        /// What the first belongs to.
        part: &'static str,
    },
}

impl StatementError {
    /// The error of a request that can't be answered.
    pub(super) fn arith(part: impl Into<String>) -> impl FnOnce(ArithError) -> Self {
        let part = part.into();
        |error| Self::Arith { part, error }
    }
}

/// Refuses a salt that can be guessed: whoever guesses it can test guesses of what is committed to.
pub(super) fn check_salt(salt: prove::Fr) -> Result<(), StatementError> {
    if commitment::guessable(salt) { Err(CircuitError::Salt.into()) } else { Ok(()) }
}

/// A statement that a circuit proves, made of parts.
pub trait Composition {
    /// What only the prover knows.
    type Witness<'a>;

    /// What the contents are hashed with: which statement it is, and its version.
    const TAG: &'static str;

    /// The parameters that the constraints are made from, as bytes without ambiguity.
    fn parameters(&self) -> Vec<u8>;

    /// Refuses a witness whose claims do not hold, where that is found out more clearly than by constraints.
    ///
    /// # Errors
    /// What does not hold.
    fn admit(&self, witness: &Self::Witness<'_>) -> Result<(), StatementError>;

    /// The constraints, and the rows of the table of public inputs. There are values where there is a witness.
    ///
    /// # Errors
    /// If a request can't be answered.
    fn enforce<C: Accumulate>(
        &self,
        s: &mut R1cs<C>,
        witness: Option<&Self::Witness<'_>>,
    ) -> Result<Vec<Row>, StatementError>;
}

/// Circuit of a composition.
#[derive(Clone, Debug)]
pub struct Composed<S> {
    composition: S,
    checks: RangeChecks,
    tables: Tables,
    contents: Digest,
    digest: Digest,
    matrices: Matrices,
    labels: Vec<Label>,
    free: Vec<u32>,
    table: PublicTable,
}

impl<S: Composition> Composed<S> {
    /// The circuit for [`Groth16`], within [`Limits::own`].
    ///
    /// # Errors
    /// If a value may outgrow the field, or the circuit is too large.
    pub fn new(composition: S) -> Result<Self, StatementError> {
        Self::of_system::<Groth16>(composition)
    }

    /// The circuit for a proof system without registered weights: with [`TwoPhase`](crate::prove::TwoPhase), range checks and SHA-256 are lookups.
    ///
    /// # Errors
    /// As [`Composed::new`].
    pub fn of_system<P: ProofSystem>(composition: S) -> Result<Self, StatementError> {
        let checks = P::RANGE_CHECKS;
        let refused = StatementError::arith(S::TAG);
        let tables = match checks {
            RangeChecks::Bits => Tables::none(),
            RangeChecks::Lookups => {
                let mut asking = R1cs::new(Ranged::asking(Registering::new(Tally::new(), false)));
                composition.enforce(&mut asking, None)?;
                Tables::cheapest(asking.finish().map_err(refused)?.requests())
            }
        };
        let mut tally = R1cs::new(Ranged::new(Registering::new(Tally::new(), false), checks, tables));
        composition.enforce(&mut tally, None)?;
        Limits::own().admit_tally(&tally.finish().map_err(StatementError::arith(S::TAG))?.cs.cs)?;
        let (build, version) = match checks {
            RangeChecks::Bits => (Build::new(), ""),
            RangeChecks::Lookups => (Build::two_phases(), ", lookups 1"),
        };
        let mut build = R1cs::new(Ranged::new(Registering::new(build, false), checks, tables));
        let rows = composition.enforce(&mut build, None)?;
        let (matrices, labels, free) = build.finish().map_err(StatementError::arith(S::TAG))?.cs.cs.finish();
        let table = PublicTable::new(rows)?;
        let parameters = composition.parameters();
        let tag = [S::TAG, version].concat();
        let hash =
            Sha256::new().chain_update((tag.len() as u64).to_le_bytes()).chain_update(tag).chain_update(&parameters);
        let contents = Digest(hash.finalize().into());
        let digest = prove::circuit_digest(&contents, &table);
        Ok(Self { composition, checks, tables, contents, digest, matrices, labels, free, table })
    }

    /// What it is the circuit of.
    pub fn composition(&self) -> &S {
        &self.composition
    }

    /// The digest that its keys and proofs carry, as of [`Circuit::digest`](crate::circuit::Circuit::digest).
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// SHA-256 of all that the constraints are made from.
    pub fn contents(&self) -> Digest {
        self.contents
    }

    /// The constraints.
    pub fn matrices(&self) -> &Matrices {
        &self.matrices
    }

    /// The table of public inputs.
    pub fn table(&self) -> &PublicTable {
        &self.table
    }

    /// Where each constraint comes from: runs, in order.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Witness variables that are declared free: hints that no output depends on.
    pub fn free(&self) -> &[u32] {
        &self.free
    }

    /// Runs the setup, alone: whoever runs it can forge proofs, and its keys say so.
    ///
    /// # Errors
    /// As [`prove::setup()`], and if the circuit is for a system of other [range checks](ProofSystem::RANGE_CHECKS).
    pub fn setup<P: Prover>(&self, rng: &mut (impl RngCore + CryptoRng)) -> Result<KeysOf<P>, StatementError> {
        let rng: &mut dyn SecureRng = rng;
        Ok(prove::setup(&self.matrices, self.table.clone(), self.contents, rng)?)
    }

    /// The values of all variables; where there are lookups, with a challenge that nobody drew.
    ///
    /// # Errors
    /// If the witness's claims do not hold.
    pub fn assignment(&self, witness: &S::Witness<'_>) -> Result<Vec<prove::Fr>, StatementError> {
        self.assign(witness, &mut |public, fixed| Ok(folded(public, fixed)))
    }

    fn assign(&self, witness: &S::Witness<'_>, oracle: Oracle<'_>) -> Result<Vec<prove::Fr>, StatementError> {
        self.composition.admit(witness)?;
        let assign = match self.checks {
            RangeChecks::Bits => Assign::new(),
            RangeChecks::Lookups => Assign::two_phases(oracle),
        };
        let mut assign = R1cs::new(Ranged::new(Registering::new(assign, false), self.checks, self.tables));
        self.composition.enforce(&mut assign, Some(witness))?;
        Ok(assign.finish().map_err(StatementError::arith(S::TAG))?.cs.cs.finish())
    }

    /// Proves the statement.
    ///
    /// # Errors
    /// If the witness's claims do not hold, or the key is another circuit's.
    pub fn prove<P: Prover>(
        &self,
        key: &ProvingKeyOf<P>,
        witness: &S::Witness<'_>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<ProofOf<P>, StatementError> {
        let rng: &mut dyn SecureRng = rng;
        let backend = |error: ProveError| ArithError::Backend(error.to_string());
        let mut assign = |draw: &mut prove::Draw<'_>| {
            self.assign(witness, &mut |public, fixed| draw(public, fixed).map_err(backend))
        };
        prove::prove_with(key, &self.matrices, &self.digest, &mut assign, rng).map_err(|error| match error {
            StatementError::Prove(ProveError::Unsatisfied { constraints, .. }) => StatementError::Violated {
                count: constraints.len(),
                part: constraints.first().map_or("", |first| self.part(*first)),
            },
            other => other,
        })
    }

    /// The gadget that a constraint belongs to.
    pub fn part(&self, constraint: usize) -> &'static str {
        let after = self.labels.partition_point(|label| label.first <= constraint);
        after.checked_sub(1).and_then(|i| self.labels.get(i)).map_or("", |label| label.gadget)
    }
}
