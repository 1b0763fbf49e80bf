//! Ceremony: keys of a setup by many parties, of which one honest one suffices.
//!
//! ```text
//! Powers ─┐                ┌── contribution.zkml <── contribute ── ceremony.zkml ──┐
//!         ├──> Ceremony ───┤              accept ──> Ceremony                      ├─ .. ─> finish ──> Keys
//! Matrices┘                └── beacon ───────────────────────────────────────────┘
//! ```
//!
//! The state of a ceremony is a file that its coordinator hands from one contributor to the next; each sends back a file
//! with its contribution, which [`Ceremony::accept`] checks on its own, so that whoever is dishonest is known at once. The
//! transcript is a hash chain over circuit, proof system, powers and all contributions. `docs/ceremony.md` has the
//! equations, and what is trusted.
//!
//! # Soundness
//! The keys are sound if one contributor forgot its secrets, one contributor of the powers of tau did, and whoever relies on them
//! [verified](Ceremony::verify) the transcript: the coordinator is not trusted. It can refuse contributions; so whoever
//! contributed looks for its record in the final transcript.

mod error;
mod link;
mod record;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::Path;

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_serialize::Compress;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;
use zkml_groth16::{
    Columns,
    ceremony::{self, Dishonest, Factors, Step},
    domain::Domain,
};

use super::file::{self, Kind};
use super::keys::{KeysOf, Provenance, ProvingKeyOf, VerifyingKeyOf};
use super::matrices::Matrices;
use super::phased::{Openable, Phased, ProvingPoints, phases};
use super::points::{self, LoadError, Reader};
use super::prover::ProveError;
use super::system::{ProofSystem, SecureRng};
use super::{Digest, PublicTable};

pub use error::{CeremonyError, ContributionFault};
pub use link::{LinkContribution, finish_links};
pub use record::{ITERATIONS, LONGEST_NAME, LONGEST_VALUE, Record, Source};
pub use zkml_groth16::ceremony::Powers;

use record::{put_bytes, text};

/// The most entries of a circuit's matrices that a ceremony writes out.
pub const MOST_ENTRIES: usize = 1 << 28;
/// The longest name of a proof system.
const LONGEST_SYSTEM: usize = 100;
/// What a record takes at least: an empty name, and no phase.
const SHORTEST_RECORD: usize = 9;

/// State of a ceremony: the circuit's key after some contributions, and who made them.
#[derive(Clone, PartialEq)]
pub struct Ceremony<S> {
    contents: Digest,
    table: PublicTable,
    powers: Digest,
    records: Vec<Record>,
    key: ProvingPoints,
    system: PhantomData<S>,
}

/// A contribution to one state of a ceremony: what a contributor sends back.
#[derive(Clone, PartialEq)]
pub struct Contribution<S> {
    circuit: Digest,
    /// The transcript that it comes after.
    after: Digest,
    record: Record,
    deltas_g2: Vec<G2Affine>,
    k: Vec<Vec<G1Affine>>,
    h: Vec<G1Affine>,
    c: Vec<G1Affine>,
    system: PhantomData<S>,
}

impl<S: Phased<Registered: Openable>> fmt::Debug for Ceremony<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ceremony")
            .field("circuit", &self.circuit())
            .field("transcript", &self.transcript())
            .field("contributors", &self.records.iter().map(|record| &record.name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Contribution<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contribution")
            .field("circuit", &self.circuit)
            .field("after", &self.after)
            .field("name", &self.record.name)
            .finish_non_exhaustive()
    }
}

/// All entries of constraints that a ceremony is of, with the columns of each phase and their domain.
struct Subject<'a> {
    matrices: Cow<'a, Matrices>,
    phases: Vec<usize>,
    domain: Domain,
}

impl<'a> Subject<'a> {
    fn new<S: Phased<Registered: Openable>>(
        matrices: &'a Matrices,
        table: &PublicTable,
    ) -> Result<Self, CeremonyError> {
        let (expected, found) = (table.len() + 1 + matrices.challenges(), matrices.instance);
        if expected != found {
            return Err(ProveError::Table { expected, found }.into());
        }
        matrices.check()?;
        let phases = phases::<S>(matrices)?;
        S::Registered::admit_matrices(matrices)?;
        let rows = matrices.constraints().saturating_add(matrices.instance);
        let domain = Domain::new(rows).ok_or_else(|| super::phased::too_many_rows(rows))?;
        Ok(Self { matrices: matrices.expanded(MOST_ENTRIES)?, phases, domain })
    }

    fn columns(&self) -> Columns<'_> {
        Columns { instance: self.matrices.instance, phases: &self.phases }
    }
}

impl<S: Phased<Registered: Openable>> Ceremony<S> {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 36;

    /// A ceremony of these constraints, to which nobody has contributed; `contents` is the digest of what they are made from,
    /// as in [`setup`](super::setup()). The powers are checked.
    ///
    /// # Errors
    /// If the constraints are not such as the system takes, have more entries than [`MOST_ENTRIES`], or take more powers;
    /// or the powers are not those of one `tau`, `alpha` and `beta`.
    pub fn new(
        matrices: &Matrices,
        table: PublicTable,
        contents: Digest,
        powers: &Powers,
    ) -> Result<Self, CeremonyError> {
        let subject = Subject::new::<S>(matrices, &table)?;
        powers.check().map_err(CeremonyError::Powers)?;
        let key = ceremony::initial(&subject.matrices.abc, subject.columns(), &subject.domain, powers)
            .map_err(CeremonyError::Powers)?;
        let powers = Digest(powers.hash(subject.domain.size()));
        Ok(Self { contents, table, powers, records: vec![], key, system: PhantomData })
    }

    /// Adds a contribution, made here: secrets from `rng` and from what the contributor typed, which are overwritten.
    ///
    /// # Errors
    /// If the name is empty or too long, or `rng` returns nothing but zero.
    pub fn contribute(&mut self, name: &str, entropy: &[u8], rng: &mut dyn SecureRng) -> Result<(), CeremonyError> {
        self.apply(self.contribution(name, entropy, rng)?);
        Ok(())
    }

    /// A contribution, to be sent to whoever keeps the ceremony: secrets from `rng` and from what the contributor typed,
    /// which are overwritten.
    ///
    /// # Errors
    /// If the name is empty or too long, or `rng` returns nothing but zero.
    ///
    /// # Soundness
    /// One of the two sources has to be unpredictable: they are hashed together. Nothing of them is kept. The state is not
    /// verified: contribute to one that [is](Self::verify), or to none.
    pub fn contribution(
        &self,
        name: &str,
        entropy: &[u8],
        rng: &mut dyn SecureRng,
    ) -> Result<Contribution<S>, CeremonyError> {
        let record = Record::new(name, Source::Secret)?;
        let mut random = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *random);
        if *random == [0; 32] {
            return Err(ProveError::Randomness.into());
        }
        let hash = Sha256::new().chain_update(b"zkml ceremony entropy 1").chain_update(self.transcript());
        let seed = Zeroizing::new(hash.chain_update(*random).chain_update(entropy).finalize().into());
        self.made(record, &seed)
    }

    /// The last contribution, whose secrets are a public value that nobody could choose, hashed `2^log2_iterations` times:
    /// so that nobody who contributed before could steer the key.
    ///
    /// # Errors
    /// If the name or the value is empty or too long, or the iterations are not within [`ITERATIONS`].
    ///
    /// # Soundness
    /// It adds no secret. Whoever verifies the transcript compares the value with its source.
    pub fn beacon(&mut self, name: &str, value: &[u8], log2_iterations: u8) -> Result<(), CeremonyError> {
        let record = Record::new(name, Source::Beacon { value: value.to_vec(), log2_iterations })?;
        self.apply(self.made(record, &Source::beacon(value, log2_iterations))?);
        Ok(())
    }

    fn made(&self, mut record: Record, seed: &[u8; 32]) -> Result<Contribution<S>, CeremonyError> {
        let after = self.transcript();
        let factors = Factors::new(seed, S::PHASES);
        let mut key = self.key.clone();
        record.updates =
            ceremony::contribute(&mut key, &record.challenge(&after), &factors).map_err(CeremonyError::Key)?;
        let ProvingPoints { vk, k, h, c, .. } = key;
        let (circuit, deltas_g2) = (self.circuit(), vk.deltas_g2);
        Ok(Contribution { circuit, after, record, deltas_g2, k, h, c, system: PhantomData })
    }

    /// Adds the contribution of a file, if it is honest.
    ///
    /// # Errors
    /// If it is dishonest, or no contribution to this state: then with its number and, if it could be read, its
    /// contributor's name. The ceremony is as it was.
    pub fn accept(&mut self, bytes: &[u8]) -> Result<(), CeremonyError> {
        let number = self.records.len() + 1;
        let contribution = Contribution::from_bytes(bytes).map_err(|error| CeremonyError::Contribution {
            number,
            name: String::new(),
            fault: error.into(),
        })?;
        self.add(contribution)
    }

    /// Adds a contribution, if it is honest.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn add(&mut self, contribution: Contribution<S>) -> Result<(), CeremonyError> {
        let wrong = |fault| CeremonyError::Contribution {
            number: self.records.len() + 1,
            name: contribution.record.name.clone(),
            fault,
        };
        let (expected, found) = (self.circuit(), contribution.circuit);
        if expected != found {
            return Err(wrong(ContributionFault::Circuit { expected, found }));
        }
        let (expected, found) = (self.transcript(), contribution.after);
        if expected != found {
            return Err(wrong(ContributionFault::Stale { expected, found }));
        }
        let record = &contribution.record;
        let step = Step { challenge: &record.challenge(&expected), updates: &record.updates };
        ceremony::check_updates(&self.key.deltas_g1, &step).map_err(|fault| wrong(ContributionFault::Wrong(fault)))?;
        check_beacon(record, &expected, &self.key.deltas_g1).map_err(wrong)?;
        let key = contribution.key(&self.key);
        ceremony::check_divided(&self.key, &key).map_err(|fault| wrong(ContributionFault::Wrong(fault)))?;
        self.apply(contribution);
        Ok(())
    }

    /// Adds a contribution that is honest.
    fn apply(&mut self, contribution: Contribution<S>) {
        let Contribution { record, deltas_g2, k, h, c, .. } = contribution;
        (self.key.h, self.key.c, self.key.k) = (h, c, k);
        self.key.deltas_g1 = record.updates.iter().map(|update| update.delta).collect();
        self.key.vk.deltas_g2 = deltas_g2;
        self.records.push(record);
    }

    /// Checks the whole transcript: that each contributor knew its secrets, and that the key is that of the circuit and of
    /// these powers, over the deltas that follow from all of them. Returns the transcript's hash.
    ///
    /// # Errors
    /// If the ceremony is of another circuit or began with other powers, a contributor was dishonest (the first one), or the
    /// key is another.
    ///
    /// # Soundness
    /// The matrices are those of the circuit of the digest: from [`Circuit`](crate::circuit::Circuit), and not from who ran the ceremony.
    /// That nobody knows `tau` is for the powers' own transcript to say.
    pub fn verify(&self, matrices: &Matrices, circuit: &Digest, powers: &Powers) -> Result<Digest, CeremonyError> {
        let (expected, found) = (*circuit, self.circuit());
        if expected != found {
            return Err(CeremonyError::Circuit { expected, found });
        }
        let subject = Subject::new::<S>(matrices, &self.table)?;
        let expected = Digest(powers.hash(subject.domain.size()));
        if expected != self.powers {
            return Err(CeremonyError::OtherPowers { expected, found: self.powers });
        }
        powers.check().map_err(CeremonyError::Powers)?;
        let transcripts: Vec<Digest> = [self.beginning()].into_iter().chain(self.transcripts()).collect();
        let wrong = |index: usize, fault| {
            let name = self.records.get(index).map(|record| record.name.clone()).unwrap_or_default();
            CeremonyError::Contribution { number: index + 1, name, fault }
        };
        let challenges: Vec<[u8; 32]> =
            self.records.iter().zip(&transcripts).map(|(record, before)| record.challenge(before)).collect();
        let steps: Vec<Step<'_>> = self
            .records
            .iter()
            .zip(&challenges)
            .map(|(record, challenge)| Step { challenge, updates: &record.updates })
            .collect();
        let mut iterations = 1u64 << ITERATIONS[1];
        let mut deltas = vec![G1Affine::generator(); S::PHASES];
        ceremony::check_chain(&deltas, &steps, &self.key).map_err(
            |Dishonest { contributor, fault }| match contributor {
                Some(index) => wrong(index, ContributionFault::Wrong(fault)),
                None => CeremonyError::Key(fault),
            },
        )?;
        for (index, (record, before)) in self.records.iter().zip(&transcripts).enumerate() {
            within(&mut iterations, &record.source).map_err(|fault| wrong(index, fault))?;
            check_beacon(record, before, &deltas).map_err(|fault| wrong(index, fault))?;
            deltas = record.updates.iter().map(|update| update.delta).collect();
        }
        ceremony::check_key(&subject.matrices.abc, subject.columns(), &subject.domain, powers, &self.key)
            .map_err(CeremonyError::Key)?;
        Ok(self.transcript())
    }

    /// The keys, with the hash of the transcript as their provenance, if that [verifies](Self::verify).
    ///
    /// # Errors
    /// As [`verify`](Self::verify), or if nobody has contributed.
    pub fn finish(&self, matrices: &Matrices, circuit: &Digest, powers: &Powers) -> Result<KeysOf<S>, CeremonyError> {
        // The secrets of beacons are public.
        if self.records.iter().all(|record| record.source != Source::Secret) {
            return Err(CeremonyError::Unfinished);
        }
        let provenance = Provenance::Transcript(self.verify(matrices, circuit, powers)?);
        let verifying = VerifyingKeyOf::new(self.contents, provenance, self.table.clone(), self.key.vk.clone())?;
        let proving = ProvingKeyOf::from_checked(*verifying.digest(), provenance, self.key.clone())?;
        Ok(KeysOf::new(proving, verifying)?)
    }

    /// The [digest](super::circuit_digest) of the circuit.
    pub fn circuit(&self) -> Digest {
        super::circuit_digest(&self.contents, &self.table)
    }

    /// Who contributed, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The hash of circuit, proof system, powers and all contributions so far: what contributors announce.
    pub fn transcript(&self) -> Digest {
        self.records.iter().fold(self.beginning(), |before, record| record.after(&before))
    }

    /// The hash of the transcript after each contribution: among them is the one that each contributor announced.
    pub fn transcripts(&self) -> Vec<Digest> {
        let after = |before: &mut Digest, record: &Record| {
            *before = record.after(before);
            Some(*before)
        };
        self.records.iter().scan(self.beginning(), after).collect()
    }

    /// The transcript before the first contribution.
    fn beginning(&self) -> Digest {
        let system = S::NAME;
        let hash = Sha256::new().chain_update(b"zkml ceremony 1").chain_update((system.len() as u64).to_le_bytes());
        let hash = hash.chain_update(system).chain_update(self.circuit()).chain_update(self.powers);
        Digest(hash.finalize().into())
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut first = vec![];
        put_bytes(&mut first, S::NAME.as_bytes());
        first.extend_from_slice(self.contents.as_ref());
        put_bytes(&mut first, &self.table.to_json());
        first.extend_from_slice(self.powers.as_ref());
        first.extend_from_slice(&(self.records.len() as u64).to_le_bytes());
        self.records.iter().for_each(|record| record.put(&mut first));
        out.write_all(&first)?;
        <S as ProofSystem>::write_proving(out, &self.key)
    }

    fn read(found: Digest, mut reader: Reader<'_>) -> Result<Self, LoadError> {
        check_system::<S>(&mut reader)?;
        let contents = Digest(reader.array("the digest of the circuit's contents")?);
        let table = reader.table()?;
        let expected = super::circuit_digest(&contents, &table);
        if expected != found {
            return Err(LoadError::Digest { expected, found });
        }
        let powers = Digest(reader.array("the hash of the powers")?);
        let count = reader.length(SHORTEST_RECORD, "the list of contributions")?;
        let records = (0..count).map(|_| Record::read(&mut reader, S::PHASES)).collect::<Result<_, _>>()?;
        let key = <S as ProofSystem>::read_proving(&mut reader)?;
        reader.finish()?;
        Ok(Self { contents, table, powers, records, key, system: PhantomData })
    }

    /// The state as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        file::write(Kind::Ceremony, &self.circuit(), &points::in_memory(|out| self.write(out)))
    }

    /// The state of a file. Every point is checked to be in its group; the rest is for [`verify`](Self::verify) to say.
    ///
    /// # Errors
    /// If it is no state of a ceremony in this proof system, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (found, payload) = file::read(bytes, Kind::Ceremony)?;
        Self::read(found, Reader::new(payload))
    }

    /// Writes the state to a file, whole or not at all, piece by piece.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        Ok(file::save_pieces(path, Kind::Ceremony, &self.circuit(), |out| self.write(out))?)
    }

    /// Reads the state from a file, piece by piece.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), or if the file can't be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        points::load(path.as_ref(), Kind::Ceremony, Self::MAX_BYTES, Self::read)
    }
}

/// Takes a beacon's iterations from those that are left: all beacons together take no longer than one may.
fn within(left: &mut u64, source: &Source) -> Result<(), ContributionFault> {
    let Source::Beacon { log2_iterations: found, .. } = *source else { return Ok(()) };
    let most = left.checked_ilog2().unwrap_or(0) as u8;
    let rest = 1u64.checked_shl(u32::from(found)).and_then(|n| left.checked_sub(n));
    *left = rest.ok_or(ContributionFault::Iterations { found, most })?;
    Ok(())
}

/// Checks that a beacon's contribution is the one that follows from its value.
fn check_beacon(record: &Record, before: &Digest, deltas: &[G1Affine]) -> Result<(), ContributionFault> {
    let Source::Beacon { value, log2_iterations } = &record.source else { return Ok(()) };
    if !(ITERATIONS[0]..=ITERATIONS[1]).contains(log2_iterations) {
        return Err(ContributionFault::Iterations { found: *log2_iterations, most: ITERATIONS[1] });
    }
    let factors = Factors::new(&Source::beacon(value, *log2_iterations), deltas.len());
    let updates = ceremony::updates(deltas, &record.challenge(before), &factors).map_err(ContributionFault::Wrong)?;
    if updates == record.updates { Ok(()) } else { Err(ContributionFault::Beacon) }
}

fn check_system<S: Phased>(reader: &mut Reader<'_>) -> Result<(), LoadError> {
    let (expected, found) = (S::NAME, text(reader, LONGEST_SYSTEM, "the proof system's name")?);
    if expected == found { Ok(()) } else { Err(LoadError::System { expected, found }) }
}

impl<S: Phased> Contribution<S> {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 36;

    /// The key after it.
    fn key(&self, before: &ProvingPoints) -> ProvingPoints {
        let ProvingPoints { vk, beta_g1, a, b_g1, b_g2, .. } = before;
        let mut vk = vk.clone();
        vk.deltas_g2.clone_from(&self.deltas_g2);
        ProvingPoints {
            vk,
            beta_g1: *beta_g1,
            deltas_g1: self.record.updates.iter().map(|update| update.delta).collect(),
            a: a.clone(),
            b_g1: b_g1.clone(),
            b_g2: b_g2.clone(),
            h: self.h.clone(),
            c: self.c.clone(),
            k: self.k.clone(),
        }
    }

    /// Who contributed, and how.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The hash of the transcript with this contribution: what its contributor announces, and looks for in the final one.
    pub fn transcript(&self) -> Digest {
        self.record.after(&self.after)
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut first = vec![];
        put_bytes(&mut first, S::NAME.as_bytes());
        first.extend_from_slice(self.after.as_ref());
        self.record.put(&mut first);
        self.deltas_g2.iter().for_each(|delta| points::put(&mut first, delta, Compress::No));
        out.write_all(&first)?;
        self.k.iter().try_for_each(|k| points::write_all(out, k, Compress::No))?;
        points::write_all(out, &self.h, Compress::No)?;
        points::write_all(out, &self.c, Compress::No)
    }

    fn read(circuit: Digest, mut reader: Reader<'_>) -> Result<Self, LoadError> {
        check_system::<S>(&mut reader)?;
        let after = Digest(reader.array("the transcript")?);
        let record = Record::read(&mut reader, S::PHASES)?;
        let deltas_g2 = (0..S::PHASES).map(|_| reader.point(Compress::No, "delta in G2")).collect::<Result<_, _>>()?;
        let k = (0..S::PHASES).map(|_| reader.points(Compress::No, "the K query")).collect::<Result<_, _>>()?;
        let h = reader.points(Compress::No, "the H query")?;
        let c = reader.points(Compress::No, "the C query")?;
        reader.finish()?;
        Ok(Self { circuit, after, record, deltas_g2, k, h, c, system: PhantomData })
    }

    /// The contribution as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        file::write(Kind::Contribution, &self.circuit, &points::in_memory(|out| self.write(out)))
    }

    /// The contribution of a file. Every point is checked to be in its group; the rest is for [`Ceremony::add`] to say.
    ///
    /// # Errors
    /// If it is no contribution in this proof system, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (circuit, payload) = file::read(bytes, Kind::Contribution)?;
        Self::read(circuit, Reader::new(payload))
    }

    /// Writes the contribution to a file, whole or not at all, piece by piece.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        Ok(file::save_pieces(path, Kind::Contribution, &self.circuit, |out| self.write(out))?)
    }

    /// Reads the contribution from a file, piece by piece.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), or if the file can't be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        points::load(path.as_ref(), Kind::Contribution, Self::MAX_BYTES, Self::read)
    }
}

#[cfg(test)]
mod tests;

/// The examples of `docs/ceremony.md`.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/ceremony.md")]
struct Page;
