//! `e(A, B) = e(alpha, beta) * e(abc_0 + sum_i input_i * abc_i, gamma) * e(C, delta)`.
//!
//! ```text
//! proof: A: 32 | B: 64 | C: 32 | number of inputs: u64 | inputs, 32 bytes each, below the modulus, little endian
//! ```

use std::path::Path;

use ark_bn254::G1Projective;
use ark_ec::VariableBaseMSM;
use ark_groth16::{Groth16, prepare_verifying_key};
use ark_serialize::Compress;

use super::file::{self, Kind};
use super::keys::VerifyingKey;
use super::points::{self, Curve, LoadError, Reader};
use super::public::{DecodeError, to_bytes};
use super::statement::Statement;
use super::{Digest, Fr, hex};

/// A proof and the public inputs it is about.
///
/// Its digest is only a label that tells a wrong key from a wrong proof: what binds a proof to its circuit is the key.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// The digest of the circuit.
    pub digest: Digest,
    /// The three points.
    pub proof: ark_groth16::Proof<Curve>,
    /// The public inputs, without the constant one.
    pub inputs: Vec<Fr>,
}

/// A proof that is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The proof is of another circuit.
    #[error("the proof is of circuit {}, the key is of circuit {}; use the key of that circuit", hex(.proof), hex(.key))]
    Digest {
        /// The key's circuit.
        key: Digest,
        /// The proof's circuit.
        proof: Digest,
    },
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

impl Proof {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 30;

    /// The three points alone, compressed.
    pub fn proof_bytes(&self) -> [u8; 128] {
        let mut bytes = Vec::with_capacity(128);
        points::put(&mut bytes, &self.proof.a, Compress::Yes);
        points::put(&mut bytes, &self.proof.b, Compress::Yes);
        points::put(&mut bytes, &self.proof.c, Compress::Yes);
        let mut array = [0; 128];
        for (to, from) in array.iter_mut().zip(bytes) {
            *to = from;
        }
        array
    }

    /// The proof and its public inputs as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut payload = self.proof_bytes().to_vec();
        payload.extend_from_slice(&(self.inputs.len() as u64).to_le_bytes());
        for input in &self.inputs {
            payload.extend_from_slice(&to_bytes(*input));
        }
        file::write(Kind::Proof, &self.digest, &payload)
    }

    /// The proof of a file.
    ///
    /// # Errors
    /// If it is no proof, damaged, a point is not in its group or not in its one encoding, or an input is not below
    /// the field's modulus.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (digest, payload) = file::read(bytes, Kind::Proof)?;
        let mut reader = Reader::new(payload);
        let proof = ark_groth16::Proof {
            a: reader.point(Compress::Yes, "the proof's A")?,
            b: reader.point(Compress::Yes, "the proof's B")?,
            c: reader.point(Compress::Yes, "the proof's C")?,
        };
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
        Self::from_bytes(&file::load_kind(path, Kind::Proof, Self::MAX_BYTES)?)
    }
}

impl VerifyingKey {
    /// What the proof says, if it is true.
    ///
    /// # Errors
    /// If the proof is of another circuit, has more or fewer public inputs than the table, one of them out of its
    /// declared range, points outside their groups, or does not satisfy the equation.
    ///
    /// # Soundness
    /// A result says that whoever made the proof knew a witness, not when, nor that they made it for you: put a
    /// challenge or an address among the public inputs where that matters.
    pub fn verify(&self, proof: &Proof) -> Result<Statement, VerifyError> {
        let statement = check(self, proof)?;
        pairing(&prepare_verifying_key(self.vk()), proof)?;
        Ok(statement)
    }

    /// The key with its pairings computed, for many proofs.
    pub fn prepare(&self) -> PreparedVerifyingKey {
        PreparedVerifyingKey { prepared: prepare_verifying_key(self.vk()), key: self.clone() }
    }
}

/// A [`VerifyingKey`] with its pairings computed, for many proofs.
#[derive(Clone, Debug)]
pub struct PreparedVerifyingKey {
    key: VerifyingKey,
    prepared: ark_groth16::PreparedVerifyingKey<Curve>,
}

impl PreparedVerifyingKey {
    /// The key.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// As [`VerifyingKey::verify`].
    ///
    /// # Errors
    /// As [`VerifyingKey::verify`].
    pub fn verify(&self, proof: &Proof) -> Result<Statement, VerifyError> {
        let statement = check(&self.key, proof)?;
        pairing(&self.prepared, proof)?;
        Ok(statement)
    }
}

/// Everything that is cheaper than a pairing.
fn check(key: &VerifyingKey, proof: &Proof) -> Result<Statement, VerifyError> {
    if proof.digest != *key.digest() {
        return Err(VerifyError::Digest { key: *key.digest(), proof: proof.digest });
    }
    // arkworks ignores inputs beyond the last and takes missing ones for zero: the table counts them.
    let statement = key.table().decode(&proof.inputs)?;
    points::check(&proof.proof.a, "the proof's A", 0).map_err(VerifyError::Point)?;
    points::check(&proof.proof.b, "the proof's B", 0).map_err(VerifyError::Point)?;
    points::check(&proof.proof.c, "the proof's C", 0).map_err(VerifyError::Point)?;
    Ok(statement)
}

fn pairing(key: &ark_groth16::PreparedVerifyingKey<Curve>, proof: &Proof) -> Result<(), VerifyError> {
    let Some((constant, bases)) = key.vk.gamma_abc_g1.split_first() else { return Err(VerifyError::Invalid) };
    let sum = G1Projective::msm(bases, &proof.inputs).map_err(|_| VerifyError::Invalid)? + constant;
    match Groth16::<Curve>::verify_proof_with_prepared_inputs(key, &proof.proof, &sum) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(VerifyError::Invalid),
    }
}
