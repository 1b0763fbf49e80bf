//! `ProvingKey = (vk, beta, delta, A, B, H, L)`, `VerifyingKey = (table, alpha, beta, gamma, delta, abc)`: both carry
//! the digest of their circuit and where they come from.
//!
//! ```text
//! verifying key: provenance | contents: 32 | table length: u64 | table (JSON) | points, compressed
//! proving key:   provenance | points, uncompressed; each vector after its length
//! ```

use std::fmt;
use std::path::Path;

use ark_ec::pairing::Pairing;
use ark_serialize::Compress;
use sha2::{Digest as _, Sha256};

use super::file::{self, Kind};
use super::points::{self, Curve, LoadError, Reader};
use super::public::PublicTable;
use super::{Digest, hex};

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

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SingleParty => write!(f, "setup by a single party"),
            Self::Transcript(hash) => write!(f, "ceremony with transcript {}", hex(hash)),
        }
    }
}

/// What checks proofs: the circuit's digest, its table of public inputs, and the points of Groth16.
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
pub struct VerifyingKey {
    digest: Digest,
    contents: Digest,
    provenance: Provenance,
    table: PublicTable,
    vk: ark_groth16::VerifyingKey<Curve>,
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("digest", &hex(&self.digest))
            .field("provenance", &self.provenance)
            .field("inputs", &self.table.len())
            .field("proven_error", &self.table.proven_error())
            .finish_non_exhaustive()
    }
}

impl VerifyingKey {
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
        vk: ark_groth16::VerifyingKey<Curve>,
    ) -> Result<Self, LoadError> {
        check_vk(&vk)?;
        Self::from_checked(contents, provenance, table, vk)
    }

    fn from_checked(
        contents: Digest,
        provenance: Provenance,
        table: PublicTable,
        vk: ark_groth16::VerifyingKey<Curve>,
    ) -> Result<Self, LoadError> {
        let (expected, found) = (table.len() + 1, vk.gamma_abc_g1.len());
        if found != expected {
            return Err(LoadError::Length { what: "the verifying key", expected, found });
        }
        check_vk_nonzero(&vk)?;
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

    /// The table of public inputs.
    pub fn table(&self) -> &PublicTable {
        &self.table
    }

    /// The points, for other verifiers of the same proofs.
    pub fn vk(&self) -> &ark_groth16::VerifyingKey<Curve> {
        &self.vk
    }

    /// The key as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        points::put_provenance(&mut payload, &self.provenance);
        payload.extend_from_slice(&self.contents);
        let table = self.table.to_json();
        payload.extend_from_slice(&(table.len() as u64).to_le_bytes());
        payload.extend_from_slice(&table);
        put_vk(&mut payload, &self.vk, Compress::Yes);
        file::write(Kind::VerifyingKey, &self.digest, &payload)
    }

    /// The key of a file.
    ///
    /// # Errors
    /// If it is no verifying key, damaged, not a key as [`new`](Self::new) takes it, or its header has another digest than
    /// its contents and table make.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (digest, payload) = file::read(bytes, Kind::VerifyingKey)?;
        let mut reader = Reader::new(payload);
        let provenance = reader.provenance()?;
        let contents = reader.array("the digest of the circuit's contents")?;
        let length = reader.length(1, "the table of public inputs")?;
        let json = reader.take(length, "the table of public inputs")?;
        let table: PublicTable =
            serde_json::from_slice(json).map_err(|error| LoadError::TableFormat { reason: error.to_string() })?;
        if table.to_json() != json {
            return Err(LoadError::TableFormat { reason: "it is not in the spelling that is written".to_owned() });
        }
        let expected = super::circuit_digest(&contents, &table);
        if digest != expected {
            return Err(LoadError::Digest { expected, found: digest });
        }
        let vk = read_vk(&mut reader, Compress::Yes)?;
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
        Self::from_bytes(&file::load_kind(path, Kind::VerifyingKey, Self::MAX_BYTES)?)
    }

    /// SHA-256 of the key's file: what to publish and compare, since a verifier must not take the prover's key. It covers all
    /// of the key: digest, table, provenance and points.
    pub fn fingerprint(&self) -> Digest {
        Sha256::digest(self.to_bytes()).into()
    }
}

/// What makes proofs: the points of Groth16 for every variable of the circuit.
///
/// # Soundness
/// Every point is checked to be in its group, and the lengths to fit. A key made by someone else can still be
/// malformed in ways that make its proofs leak the witness; use keys of a setup that you or a ceremony ran.
#[derive(Clone, PartialEq)]
pub struct ProvingKey {
    digest: Digest,
    provenance: Provenance,
    pk: ark_groth16::ProvingKey<Curve>,
}

impl fmt::Debug for ProvingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvingKey")
            .field("digest", &hex(&self.digest))
            .field("provenance", &self.provenance)
            .field("inputs", &self.pk.vk.gamma_abc_g1.len().saturating_sub(1))
            .field("witnesses", &self.pk.l_query.len())
            .finish_non_exhaustive()
    }
}

impl ProvingKey {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 36;

    /// A key from its parts, such as those of a ceremony.
    ///
    /// # Errors
    /// If lengths do not fit each other, or a point is not in its group.
    pub fn new(digest: Digest, provenance: Provenance, pk: ark_groth16::ProvingKey<Curve>) -> Result<Self, LoadError> {
        check_vk(&pk.vk)?;
        points::check(&pk.beta_g1, "beta", 0)?;
        points::check(&pk.delta_g1, "delta", 0)?;
        points::check_all(&pk.a_query, "the A query")?;
        points::check_all(&pk.b_g1_query, "the B query in G1")?;
        points::check_all(&pk.b_g2_query, "the B query in G2")?;
        points::check_all(&pk.h_query, "the H query")?;
        points::check_all(&pk.l_query, "the L query")?;
        Self::from_checked(digest, provenance, pk)
    }

    pub(super) fn from_checked(
        digest: Digest,
        provenance: Provenance,
        pk: ark_groth16::ProvingKey<Curve>,
    ) -> Result<Self, LoadError> {
        check_vk_nonzero(&pk.vk)?;
        points::check_nonzero(&[pk.beta_g1, pk.delta_g1], "beta and delta in G1")?;
        let instance = pk.vk.gamma_abc_g1.len();
        let variables = instance + pk.l_query.len();
        for (what, found) in [
            ("the A query", pk.a_query.len()),
            ("the B query in G1", pk.b_g1_query.len()),
            ("the B query in G2", pk.b_g2_query.len()),
        ] {
            if found != variables {
                return Err(LoadError::Length { what, expected: variables, found });
            }
        }
        // One less than the size of a domain, which is a power of two and holds the inputs.
        let found = pk.h_query.len();
        let expected = (found + 1).next_power_of_two().max(instance.next_power_of_two()) - 1;
        if found != expected {
            return Err(LoadError::Length { what: "the H query", expected, found });
        }
        if Curve::pairing(pk.beta_g1, pk.vk.delta_g2) != Curve::pairing(pk.delta_g1, pk.vk.beta_g2) {
            return Err(LoadError::Mismatch { what: "beta and delta in G1 and G2" });
        }
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
    pub fn pk(&self) -> &ark_groth16::ProvingKey<Curve> {
        &self.pk
    }

    /// The key as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        points::put_provenance(&mut payload, &self.provenance);
        put_vk(&mut payload, &self.pk.vk, Compress::No);
        points::put(&mut payload, &self.pk.beta_g1, Compress::No);
        points::put(&mut payload, &self.pk.delta_g1, Compress::No);
        points::put_all(&mut payload, &self.pk.a_query, Compress::No);
        points::put_all(&mut payload, &self.pk.b_g1_query, Compress::No);
        points::put_all(&mut payload, &self.pk.b_g2_query, Compress::No);
        points::put_all(&mut payload, &self.pk.h_query, Compress::No);
        points::put_all(&mut payload, &self.pk.l_query, Compress::No);
        file::write(Kind::ProvingKey, &self.digest, &payload)
    }

    /// The key of a file. Every point is checked, in parallel.
    ///
    /// # Errors
    /// If it is no proving key, damaged, or not a key as [`new`](Self::new) takes it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (digest, payload) = file::read(bytes, Kind::ProvingKey)?;
        let mut reader = Reader::new(payload);
        let provenance = reader.provenance()?;
        let pk = ark_groth16::ProvingKey {
            vk: read_vk(&mut reader, Compress::No)?,
            beta_g1: reader.point(Compress::No, "beta")?,
            delta_g1: reader.point(Compress::No, "delta")?,
            a_query: reader.points(Compress::No, "the A query")?,
            b_g1_query: reader.points(Compress::No, "the B query in G1")?,
            b_g2_query: reader.points(Compress::No, "the B query in G2")?,
            h_query: reader.points(Compress::No, "the H query")?,
            l_query: reader.points(Compress::No, "the L query")?,
        };
        reader.finish()?;
        Self::from_checked(digest, provenance, pk)
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
        Self::from_bytes(&file::load_kind(path, Kind::ProvingKey, Self::MAX_BYTES)?)
    }
}

/// Both keys of one setup.
#[derive(Clone, Debug, PartialEq)]
pub struct Keys {
    /// What makes proofs.
    pub proving: ProvingKey,
    /// What checks them.
    pub verifying: VerifyingKey,
}

impl Keys {
    /// Two keys that belong together. The verifying key's digest is made from its table, so keys of one digest have one table.
    ///
    /// # Errors
    /// If they are not of the same circuit and table, setup and provenance.
    pub fn new(proving: ProvingKey, verifying: VerifyingKey) -> Result<Self, LoadError> {
        for (what, same) in [
            ("circuit digests", proving.digest == verifying.digest),
            ("provenances", proving.provenance == verifying.provenance),
            ("points", proving.pk.vk == verifying.vk),
        ] {
            if !same {
                return Err(LoadError::Mismatch { what });
            }
        }
        Ok(Self { proving, verifying })
    }
}

fn check_vk(vk: &ark_groth16::VerifyingKey<Curve>) -> Result<(), LoadError> {
    points::check(&vk.alpha_g1, "alpha", 0)?;
    points::check_all(&[vk.beta_g2, vk.gamma_g2, vk.delta_g2], "beta, gamma and delta in G2")?;
    points::check_all(&vk.gamma_abc_g1, "the public inputs' points")
}

fn check_vk_nonzero(vk: &ark_groth16::VerifyingKey<Curve>) -> Result<(), LoadError> {
    if vk.gamma_abc_g1.is_empty() {
        return Err(LoadError::Length { what: "the verifying key", expected: 1, found: 0 });
    }
    points::check_nonzero(&[vk.alpha_g1], "alpha")?;
    points::check_nonzero(&[vk.beta_g2, vk.gamma_g2, vk.delta_g2], "beta, gamma and delta in G2")?;
    points::check_nonzero(&vk.gamma_abc_g1, "the public inputs' points")
}

fn put_vk(bytes: &mut Vec<u8>, vk: &ark_groth16::VerifyingKey<Curve>, compress: Compress) {
    points::put(bytes, &vk.alpha_g1, compress);
    points::put(bytes, &vk.beta_g2, compress);
    points::put(bytes, &vk.gamma_g2, compress);
    points::put(bytes, &vk.delta_g2, compress);
    points::put_all(bytes, &vk.gamma_abc_g1, compress);
}

fn read_vk(reader: &mut Reader<'_>, compress: Compress) -> Result<ark_groth16::VerifyingKey<Curve>, LoadError> {
    Ok(ark_groth16::VerifyingKey {
        alpha_g1: reader.point(compress, "alpha")?,
        beta_g2: reader.point(compress, "beta")?,
        gamma_g2: reader.point(compress, "gamma")?,
        delta_g2: reader.point(compress, "delta")?,
        gamma_abc_g1: reader.points(compress, "the public inputs' points")?,
    })
}
