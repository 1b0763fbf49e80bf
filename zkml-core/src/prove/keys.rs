//! Proving and verifying keys, of any [proof system](super::system): its points, the digest of the circuit, and where the key
//! comes from.
//!
//! ```text
//! verifying key: provenance | contents: 32 | table length: u64 | table (JSON) | points, compressed
//! proving key:   provenance | points, uncompressed; each vector after its length
//! ```

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::Digest;
use super::file;
use super::groth16::Groth16;
use super::points::{self, LoadError, Reader};
use super::public::PublicTable;
use super::system::ProofSystem;

/// Who made a key.
///
/// # Soundness
/// Whoever knows the randomness of a setup can prove anything under its keys. A transcript says that several parties
/// would have to collude; `SingleParty` says that one suffices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// One party ran the setup, and must be trusted.
    SingleParty,
    /// A ceremony whose verified transcript has this SHA-256.
    Transcript(Digest),
}

/// A key is of a setup by a single party where a ceremony is demanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key of circuit {circuit} comes from a setup by a single party, who can forge proofs; take the key of a ceremony"
)]
pub struct SingleParty {
    /// The key's circuit.
    pub circuit: Digest,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SingleParty => write!(f, "setup by a single party"),
            Self::Transcript(hash) => write!(f, "ceremony with transcript {}", hash),
        }
    }
}

/// What checks proofs: the circuit's digest, its table of public inputs, and the points of its proof system.
///
/// # Soundness
/// | what is pinned | by [`digest`](Self::digest) | by [`fingerprint`](Self::fingerprint) |
/// |---|---|---|
/// | graph, plan, visibility, batch, public weights | yes | yes |
/// | the table: what the public inputs mean, and the proven error of the scores | yes | yes |
/// | the points, hence who could forge proofs | no | yes |
/// | the provenance | no | yes |
///
/// Whoever makes the points decides what they accept: nothing in a key shows that they are those of its circuit. A verifier
/// compares the fingerprint with one from a source that it trusts; or it builds the circuit, compares the digest, and has
/// itself run the setup, or checked the transcript of the ceremony, that the points come from.
#[derive(Clone, PartialEq)]
pub struct VerifyingKeyOf<S: ProofSystem> {
    digest: Digest,
    contents: Digest,
    provenance: Provenance,
    table: PublicTable,
    vk: S::VerifyingPoints,
}

impl<S: ProofSystem> fmt::Debug for VerifyingKeyOf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("digest", &self.digest)
            .field("provenance", &self.provenance)
            .field("inputs", &self.table.len())
            .field("proven_error", &self.table.proven_error())
            .finish_non_exhaustive()
    }
}

impl<S: ProofSystem> VerifyingKeyOf<S> {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 30;

    /// A key from its parts, such as those of a ceremony; `contents` is that of the circuit, which with the table makes the
    /// [digest](super::circuit_digest).
    ///
    /// # Errors
    /// If the number of public inputs is not that of the table, a point is not in its group, or one is zero: with a
    /// `delta` or `gamma` of zero anything can be proved, and an input whose point is zero is not bound.
    pub fn new(
        contents: Digest,
        provenance: Provenance,
        table: PublicTable,
        vk: S::VerifyingPoints,
    ) -> Result<Self, LoadError> {
        S::check_verifying(&vk)?;
        Self::from_checked(contents, provenance, table, vk)
    }

    fn from_checked(
        contents: Digest,
        provenance: Provenance,
        table: PublicTable,
        vk: S::VerifyingPoints,
    ) -> Result<Self, LoadError> {
        let (expected, found) = (table.len() + 1, S::instance(&vk));
        if found != expected {
            return Err(LoadError::Length { what: "the verifying key", expected, found });
        }
        S::admit_verifying(&vk)?;
        let digest = super::circuit_digest(&contents, &table);
        Ok(Self { digest, contents, provenance, table, vk })
    }

    /// The [digest](super::circuit_digest) of the circuit: of its contents and of this key's table, and not of the points.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The digest of what the circuit's constraints are made from, without the table.
    pub fn contents(&self) -> &Digest {
        &self.contents
    }

    /// Where the key comes from.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// The hash of the transcript of the ceremony that the key comes from.
    ///
    /// # Errors
    /// If it comes from a setup by a single party.
    ///
    /// # Soundness
    /// A key says where it comes from, and anyone can write it: compare its [fingerprint](Self::fingerprint) with that of the
    /// keys that the transcript ends in, or at least this hash with the one that contributors announced.
    pub fn require_ceremony(&self) -> Result<Digest, SingleParty> {
        match self.provenance {
            Provenance::SingleParty => Err(SingleParty { circuit: self.digest }),
            Provenance::Transcript(hash) => Ok(hash),
        }
    }

    /// The table of public inputs.
    pub fn table(&self) -> &PublicTable {
        &self.table
    }

    /// The points, for other verifiers of the same proofs.
    pub fn vk(&self) -> &S::VerifyingPoints {
        &self.vk
    }

    /// The key as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        points::put_provenance(&mut payload, &self.provenance);
        payload.extend_from_slice(self.contents.as_ref());
        let table = self.table.to_json();
        payload.extend_from_slice(&(table.len() as u64).to_le_bytes());
        payload.extend_from_slice(&table);
        S::put_verifying(&mut payload, &self.vk);
        file::write(S::KINDS.verifying_key, &self.digest, &payload)
    }

    /// The key of a file.
    ///
    /// # Errors
    /// If it is no verifying key, damaged, not a key as [`new`](Self::new) takes it, or its header has another digest than
    /// its contents and table make.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (digest, payload) = file::read(bytes, S::KINDS.verifying_key)?;
        let mut reader = Reader::new(payload);
        let provenance = reader.provenance()?;
        let contents = Digest(reader.array("the digest of the circuit's contents")?);
        let table = reader.table()?;
        let expected = super::circuit_digest(&contents, &table);
        if digest != expected {
            return Err(LoadError::Digest { expected, found: digest });
        }
        let vk = S::read_verifying(&mut reader)?;
        reader.finish()?;
        Self::from_checked(contents, provenance, table, vk)
    }

    /// Writes the key to a file, whole or not at all.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        Ok(file::save(path, &self.to_bytes())?)
    }

    /// Reads the key from a file.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), or if the file can't be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::from_bytes(&file::load_kind(path, S::KINDS.verifying_key, Self::MAX_BYTES)?)
    }

    /// SHA-256 of the key's file: what to publish and compare, since a verifier must not take the prover's key. It covers all
    /// of the key: digest, table, provenance and points.
    pub fn fingerprint(&self) -> Digest {
        Digest(Sha256::digest(self.to_bytes()).into())
    }
}

/// What makes proofs: the points of its proof system, for every variable of the circuit.
///
/// # Soundness
/// Every point is checked to be in its group, and the lengths to fit. A key made by someone else can still be
/// malformed in ways that make its proofs leak the witness; use keys of a setup that you or a ceremony ran.
#[derive(Clone, PartialEq)]
pub struct ProvingKeyOf<S: ProofSystem> {
    digest: Digest,
    provenance: Provenance,
    pk: S::ProvingPoints,
}

impl<S: ProofSystem> fmt::Debug for ProvingKeyOf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvingKey")
            .field("digest", &self.digest)
            .field("provenance", &self.provenance)
            .field("inputs", &S::instance(S::verifying(&self.pk)).saturating_sub(1))
            .field("witnesses", &S::witness(&self.pk))
            .finish_non_exhaustive()
    }
}

impl<S: ProofSystem> ProvingKeyOf<S> {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 36;

    /// A key from its parts, such as those of a ceremony.
    ///
    /// # Errors
    /// If lengths do not fit each other, or a point is not in its group.
    pub fn new(digest: Digest, provenance: Provenance, pk: S::ProvingPoints) -> Result<Self, LoadError> {
        S::check_proving(&pk)?;
        Self::from_checked(digest, provenance, pk)
    }

    pub(super) fn from_checked(
        digest: Digest,
        provenance: Provenance,
        pk: S::ProvingPoints,
    ) -> Result<Self, LoadError> {
        S::admit_proving(&pk)?;
        Ok(Self { digest, provenance, pk })
    }

    /// The [digest](super::circuit_digest) of the circuit, with its table: as the file says, since the points don't show it.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Where the key comes from.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// The points.
    pub fn pk(&self) -> &S::ProvingPoints {
        &self.pk
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut first = Vec::new();
        points::put_provenance(&mut first, &self.provenance);
        out.write_all(&first)?;
        S::write_proving(out, &self.pk)
    }

    fn read(digest: Digest, mut reader: Reader<'_>) -> Result<Self, LoadError> {
        let provenance = reader.provenance()?;
        let pk = S::read_proving(&mut reader)?;
        reader.finish()?;
        Self::from_checked(digest, provenance, pk)
    }

    /// The key as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        file::write(S::KINDS.proving_key, &self.digest, &points::in_memory(|out| self.write(out)))
    }

    /// How many bytes its file has.
    pub fn file_bytes(&self) -> usize {
        // Counting does not fail.
        let count = file::bytes_of(|out| self.write(out)).unwrap_or_default();
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    /// The key of a file. Every point is checked, in parallel.
    ///
    /// # Errors
    /// If it is no proving key, damaged, or not a key as [`new`](Self::new) takes it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (digest, payload) = file::read(bytes, S::KINDS.proving_key)?;
        Self::read(digest, Reader::new(payload))
    }

    /// Writes the key to a file, whole or not at all, and piece by piece: there is no second one in memory.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        Ok(file::save_pieces(path, S::KINDS.proving_key, &self.digest, |out| self.write(out))?)
    }

    /// Reads the key from a file, piece by piece: what is in memory is the key, and not its file.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), or if the file can't be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        points::load(path.as_ref(), S::KINDS.proving_key, Self::MAX_BYTES, Self::read)
    }
}

/// Both keys of one setup.
#[derive(Clone, Debug, PartialEq)]
pub struct KeysOf<S: ProofSystem> {
    /// What makes proofs.
    pub proving: ProvingKeyOf<S>,
    /// What checks them.
    pub verifying: VerifyingKeyOf<S>,
}

impl<S: ProofSystem> KeysOf<S> {
    /// Two keys that belong together. The verifying key's digest is made from its table, so keys of one digest have one table.
    ///
    /// # Errors
    /// If they are not of the same circuit and table, setup and provenance.
    pub fn new(proving: ProvingKeyOf<S>, verifying: VerifyingKeyOf<S>) -> Result<Self, LoadError> {
        for (what, same) in [
            ("circuit digests", proving.digest == verifying.digest),
            ("provenances", proving.provenance == verifying.provenance),
            ("points", *S::verifying(&proving.pk) == verifying.vk),
        ] {
            if !same {
                return Err(LoadError::Mismatch { what });
            }
        }
        Ok(Self { proving, verifying })
    }
}

/// A [`VerifyingKeyOf`] Groth16.
pub type VerifyingKey = VerifyingKeyOf<Groth16>;

/// A [`ProvingKeyOf`] Groth16.
pub type ProvingKey = ProvingKeyOf<Groth16>;

/// Both keys of one setup of Groth16.
pub type Keys = KeysOf<Groth16>;
