//! Proofs, their files and their verification, in any [proof system](super::system).
//!
//! ```text
//! proof: points | number of inputs: u64 | inputs, 32 bytes each, below the modulus, little endian
//! ```

use std::path::Path;

use super::file;
use super::groth16::Groth16;
use super::keys::VerifyingKeyOf;
use super::points::{LoadError, Reader};
use super::public::{DecodeError, to_bytes};
use super::statement::Statement;
use super::system::{OtherKey, ProofSystem};
use super::{Digest, Fr};

/// A proof and the public inputs it is about.
///
/// Its digest is only a label that tells a wrong key from a wrong proof: what binds a proof to its circuit is the key.
#[derive(Clone, Debug, PartialEq)]
pub struct ProofOf<S: ProofSystem> {
    /// The digest of the circuit.
    pub digest: Digest,
    /// The points.
    pub proof: S::Points,
    /// The public inputs, without the constant one.
    pub inputs: Vec<Fr>,
}

/// A proof that is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The proof is of another circuit.
    #[error("the proof is of circuit {}, the key is of circuit {}; use the key of that circuit", .proof, .key)]
    Digest {
        /// The key's circuit.
        key: Digest,
        /// The proof's circuit.
        proof: Digest,
    },
    /// What is registered is so under another key.
    #[error(transparent)]
    Registered(#[from] OtherKey),
    /// There are more or fewer public inputs than the key takes, or one is out of its declared range.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A point of the proof is not in its group.
    #[error(transparent)]
    Point(LoadError),
    /// The equation does not hold: the statement is not proved.
    #[error("the proof is invalid for these public inputs under this key")]
    Invalid,
}

impl<S: ProofSystem> ProofOf<S> {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 30;

    /// The points alone, compressed.
    pub fn proof_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(S::proof_bytes());
        S::put_proof(&mut bytes, &self.proof);
        bytes
    }

    /// The proof and its public inputs as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut payload = self.proof_bytes();
        payload.extend_from_slice(&(self.inputs.len() as u64).to_le_bytes());
        for input in &self.inputs {
            payload.extend_from_slice(&to_bytes(*input));
        }
        file::write(S::KINDS.proof, &self.digest, &payload)
    }

    /// The proof of a file.
    ///
    /// # Errors
    /// If it is no proof, damaged, a point is not in its group or not in its one encoding, or an input is not below
    /// the field's modulus.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (digest, payload) = file::read(bytes, S::KINDS.proof)?;
        let mut reader = Reader::new(payload);
        let proof = S::read_proof(&mut reader)?;
        let inputs = reader.inputs()?;
        reader.finish()?;
        Ok(Self { digest, proof, inputs })
    }

    /// Writes the proof to a file, whole or not at all.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        Ok(file::save(path, &self.to_bytes())?)
    }

    /// Reads the proof from a file.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), or if the file can't be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::from_bytes(&file::load_kind(path, S::KINDS.proof, Self::MAX_BYTES)?)
    }
}

impl<S: ProofSystem<Registered = ()>> VerifyingKeyOf<S> {
    /// What the proof says, if it is true.
    ///
    /// # Errors
    /// If the proof is of another circuit, has more or fewer public inputs than the table, one of them out of its
    /// declared range, points outside their groups, or does not satisfy the equation.
    ///
    /// # Soundness
    /// A result says that whoever made the proof knew a witness, not when, nor that they made it for you: put a
    /// challenge or an address among the public inputs where that matters.
    pub fn verify(&self, proof: &ProofOf<S>) -> Result<Statement, VerifyError> {
        self.verify_registered(proof, &())
    }
}

impl<S: ProofSystem> VerifyingKeyOf<S> {
    /// What the proof says, if it is true of what is registered.
    ///
    /// # Errors
    /// If what is registered is so under another key; and as [`verify`](Self::verify) of systems where nothing is.
    ///
    /// # Soundness
    /// As [`verify`](Self::verify). What is registered must come from where it was registered, never from who sends the proof.
    pub fn verify_registered(&self, proof: &ProofOf<S>, registered: &S::Registered) -> Result<Statement, VerifyError> {
        let statement = check(self, registered, proof)?;
        equation(&S::prepare(self.vk()), registered, proof)?;
        Ok(statement)
    }

    /// The key with its pairings computed, for many proofs.
    pub fn prepare(&self) -> PreparedVerifyingKeyOf<S> {
        PreparedVerifyingKeyOf { prepared: S::prepare(self.vk()), key: self.clone() }
    }
}

/// A [`VerifyingKeyOf`] with its pairings computed, for many proofs.
#[derive(Clone, Debug)]
pub struct PreparedVerifyingKeyOf<S: ProofSystem> {
    key: VerifyingKeyOf<S>,
    prepared: S::Prepared,
}

impl<S: ProofSystem> PreparedVerifyingKeyOf<S> {
    /// The key.
    pub fn key(&self) -> &VerifyingKeyOf<S> {
        &self.key
    }

    /// As [`VerifyingKeyOf::verify_registered`].
    ///
    /// # Errors
    /// As [`VerifyingKeyOf::verify_registered`].
    pub fn verify_registered(&self, proof: &ProofOf<S>, registered: &S::Registered) -> Result<Statement, VerifyError> {
        let statement = check(&self.key, registered, proof)?;
        equation(&self.prepared, registered, proof)?;
        Ok(statement)
    }
}

impl<S: ProofSystem<Registered = ()>> PreparedVerifyingKeyOf<S> {
    /// As [`VerifyingKeyOf::verify`].
    ///
    /// # Errors
    /// As [`VerifyingKeyOf::verify`].
    pub fn verify(&self, proof: &ProofOf<S>) -> Result<Statement, VerifyError> {
        self.verify_registered(proof, &())
    }
}

/// Everything that is cheaper than a pairing.
fn check<S: ProofSystem>(
    key: &VerifyingKeyOf<S>,
    registered: &S::Registered,
    proof: &ProofOf<S>,
) -> Result<Statement, VerifyError> {
    S::admit_registered(key.vk(), registered)?;
    if proof.digest != *key.digest() {
        return Err(VerifyError::Digest { key: *key.digest(), proof: proof.digest });
    }
    // arkworks ignores inputs beyond the last and takes missing ones for zero: the table counts them.
    let statement = key.table().decode(&proof.inputs)?;
    S::check_proof(&proof.proof).map_err(VerifyError::Point)?;
    Ok(statement)
}

fn equation<S: ProofSystem>(
    key: &S::Prepared,
    registered: &S::Registered,
    proof: &ProofOf<S>,
) -> Result<(), VerifyError> {
    if S::holds(key, registered, &proof.proof, &proof.inputs) { Ok(()) } else { Err(VerifyError::Invalid) }
}

/// A proof of Groth16.
pub type Proof = ProofOf<Groth16>;

/// A [`PreparedVerifyingKeyOf`] Groth16.
pub type PreparedVerifyingKey = PreparedVerifyingKeyOf<Groth16>;
