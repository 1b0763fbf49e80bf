//! A proof system for rank-one constraints: `setup -> keys`, `prove -> proof`, `verify`, with its formats and its costs.
//!
//! Keys, proofs and their files ([`keys`](super::keys), [`verifier`](super::verifier)) hold what every system has: the circuit's digest, where
//! the keys come from, the table of public inputs. Points and equations are the system's. [`Groth16`](super::Groth16) is one.

use std::fmt::{self, Debug};
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use ark_std::rand::{CryptoRng, RngCore};

use super::points::{LoadError, Reader};
use super::rates::{Rates, Work};
use super::word::Word;
use super::{Fr, Kind, hex};

/// A cryptographic source of randomness, as an object, so that provers are compiled once.
pub trait SecureRng: RngCore + CryptoRng {}
impl<R: RngCore + CryptoRng> SecureRng for R {}

/// How a circuit's range checks are enforced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeChecks {
    /// Bit by bit: a row a bit, in any proof system.
    #[default]
    Bits,
    /// By lookups, of limbs of several bits each: in a proof system that has a challenge.
    Lookups,
}

impl RangeChecks {
    /// Whether they are bit by bit.
    pub fn is_bits(&self) -> bool {
        *self == Self::Bits
    }
}

impl fmt::Display for RangeChecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bits => "bits",
            Self::Lookups => "lookups",
        })
    }
}

/// The size of a circuit, which keys, memory and times depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Constraints.
    pub constraints: usize,
    /// Public inputs, and the constant one.
    pub instance: usize,
    /// Witness variables.
    pub witness: usize,
    /// Those of them that are fixed before a challenge is known.
    pub fixed: usize,
}

impl Size {
    /// How many points polynomials are evaluated at: the least `2^k`, `3 * 2^k` or `9 * 2^k` that holds constraints and public inputs;
    /// beyond what the field has room for, as many as these.
    pub fn domain(&self) -> usize {
        let rows = self.constraints.saturating_add(self.instance);
        zkml_groth16::domain_size(rows).unwrap_or(rows)
    }
}

/// File kinds of a proof system's keys and proofs: the tags in the headers of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds {
    /// A proving key.
    pub proving_key: Kind,
    /// A verifying key.
    pub verifying_key: Kind,
    /// A proof.
    pub proof: Kind,
}

/// What is registered is so under another key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the commitment is registered under key {}, expected key {}; take the one under this key", hex(.found), hex(.expected))]
pub struct OtherKey {
    /// The digest of the key at hand.
    pub expected: Word,
    /// That of the key that the commitment is under.
    pub found: Word,
}

/// What verifies: points, their formats, the equation, and what they cost.
pub trait ProofSystem: Clone + Copy + Debug + PartialEq + Send + Sync + 'static {
    /// Its name.
    const NAME: &'static str;

    /// The kinds of its files.
    const KINDS: Kinds;

    /// How circuits for it check ranges.
    const RANGE_CHECKS: RangeChecks = RangeChecks::Bits;

    /// Whether weights are registered: a phase of the witness is theirs.
    const REGISTERS: bool = false;

    /// The points of a proving key.
    type ProvingPoints: Clone + PartialEq + Send + Sync;

    /// The points of a verifying key.
    type VerifyingPoints: Clone + PartialEq + Send + Sync;

    /// A verifying key with what of its equation does not depend on a proof.
    type Prepared: Clone + Debug + Send + Sync;

    /// The points of a proof.
    type Points: Clone + Debug + PartialEq + Send + Sync;

    /// What many proofs of a key have in common, which a verifier has from a source of its own and not from a proof; `()` where there is
    /// no such thing.
    type Registered: Clone + Debug + PartialEq + Send + Sync;

    /// How many public inputs a verifying key is for, the constant one among them, challenges not.
    fn instance(key: &Self::VerifyingPoints) -> usize;

    /// How many witness variables a proving key is for.
    fn witness(key: &Self::ProvingPoints) -> usize;

    /// The verifying key that a proving key belongs to.
    fn verifying(key: &Self::ProvingPoints) -> &Self::VerifyingPoints;

    /// Checks that every point of a verifying key is in its group.
    ///
    /// # Errors
    /// The first that is not.
    fn check_verifying(key: &Self::VerifyingPoints) -> Result<(), LoadError>;

    /// Checks what of a verifying key would let anything be proved: points that are zero.
    ///
    /// # Errors
    /// The first that is.
    fn admit_verifying(key: &Self::VerifyingPoints) -> Result<(), LoadError>;

    /// Checks that every point of a proving key is in its group.
    ///
    /// # Errors
    /// The first that is not.
    fn check_proving(key: &Self::ProvingPoints) -> Result<(), LoadError>;

    /// Checks that the lengths of a proving key fit each other, and what else its points must agree in.
    ///
    /// # Errors
    /// What does not fit.
    fn admit_proving(key: &Self::ProvingPoints) -> Result<(), LoadError>;

    /// Checks that every point of a proof is in its group.
    ///
    /// # Errors
    /// The first that is not.
    fn check_proof(proof: &Self::Points) -> Result<(), LoadError>;

    /// Appends a verifying key, compressed.
    fn put_verifying(bytes: &mut Vec<u8>, key: &Self::VerifyingPoints);

    /// Reads a verifying key. Every point is checked.
    ///
    /// # Errors
    /// If the bytes end too early, or are not the one encoding of points in their groups.
    fn read_verifying(reader: &mut Reader<'_>) -> Result<Self::VerifyingPoints, LoadError>;

    /// Writes a proving key, uncompressed, piece by piece.
    ///
    /// # Errors
    /// If a piece can't be written.
    fn write_proving(out: &mut dyn Write, key: &Self::ProvingPoints) -> io::Result<()>;

    /// Reads a proving key. Every point is checked, in parallel.
    ///
    /// # Errors
    /// As [`ProofSystem::read_verifying`].
    fn read_proving(reader: &mut Reader<'_>) -> Result<Self::ProvingPoints, LoadError>;

    /// Appends a proof, compressed.
    fn put_proof(bytes: &mut Vec<u8>, proof: &Self::Points);

    /// Reads a proof. Every point is checked.
    ///
    /// # Errors
    /// As [`ProofSystem::read_verifying`].
    fn read_proof(reader: &mut Reader<'_>) -> Result<Self::Points, LoadError>;

    /// What of the equation does not depend on a proof.
    fn prepare(key: &Self::VerifyingPoints) -> Self::Prepared;

    /// Checks that what is registered is so under this key.
    ///
    /// # Errors
    /// If it is under another.
    fn admit_registered(key: &Self::VerifyingPoints, registered: &Self::Registered) -> Result<(), OtherKey>;

    /// Whether the equation holds for a proof whose points are checked, and as many inputs as the key takes, without the one.
    fn holds(key: &Self::Prepared, registered: &Self::Registered, proof: &Self::Points, inputs: &[Fr]) -> bool;

    /// The bytes of a proof, compressed.
    fn proof_bytes() -> usize;

    /// The bytes of a proving key, uncompressed: exact but for points at infinity, which take as much as others.
    fn proving_key_bytes(size: Size) -> usize;

    /// The most memory that a prover holds at once, in bytes, roughly: key, constraints, values, and what is computed from them.
    fn memory_bytes(work: &Work) -> usize;

    /// The seconds of a proof on a machine with these [rates](Rates), its witness and its check among them: roughly.
    fn seconds(work: &Work, rates: &Rates) -> f64;
}

/// What proves: setup and proofs of a system.
#[cfg(feature = "prove")]
pub trait Backend: ProofSystem {
    /// What only the prover knows of what is registered.
    type Opening: Send + Sync;

    /// What a prover keeps of a commitment until the proof is made.
    type Committed: Send;

    /// What is registered.
    fn registered(opening: &Self::Opening) -> &Self::Registered;

    /// The keys of these constraints, by a single party.
    ///
    /// # Errors
    /// If the constraints are more than the field allows, not such as the system takes, or the randomness is not random.
    fn setup(
        matrices: &super::Matrices,
        rng: &mut dyn SecureRng,
    ) -> Result<(Self::ProvingPoints, Self::VerifyingPoints), super::ProveError>;

    /// Checks that a key is for as many constraints and variables.
    ///
    /// # Errors
    /// What there is another number of.
    fn fits(key: &Self::ProvingPoints, matrices: &super::Matrices) -> Result<(), super::ProveError>;

    /// Fixes the witness of the phases before the challenge, with fresh randomness; draws the challenge, and remembers what the proof needs
    /// of it. The public inputs begin with the constant one.
    ///
    /// # Errors
    /// If the system has no challenge, the key is for another number of values, what is registered is of another key or other values, or
    /// the randomness is not random.
    fn commit(
        key: &Self::ProvingPoints,
        opening: &Self::Opening,
        public: &[Fr],
        fixed: &[Fr],
        rng: &mut dyn SecureRng,
    ) -> Result<(Fr, Self::Committed), super::ProveError>;

    /// A proof that the assignment is known, which satisfies the constraints, with fresh randomness; from the sides of the constraints, `A z` and
    /// `B z`. The key [fits](Self::fits), and what the challenge was drawn from is there if there is a challenge.
    ///
    /// # Errors
    /// If the randomness is not random, or there is no challenge and should be.
    fn prove(
        key: &Self::ProvingPoints,
        opening: &Self::Opening,
        sides: [Vec<Fr>; 2],
        assignment: &[Fr],
        committed: Option<Self::Committed>,
        rng: &mut dyn SecureRng,
    ) -> Result<Self::Points, super::ProveError>;
}

/// A system whose proofs take nothing but a key and an assignment: nothing is registered.
#[cfg(feature = "prove")]
pub trait Prover: Backend<Opening = ()> + ProofSystem<Registered = ()> {}

#[cfg(feature = "prove")]
impl<S: Backend<Opening = ()> + ProofSystem<Registered = ()>> Prover for S {}
