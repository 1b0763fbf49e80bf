//! Keys of links by many parties: the sum of what each contributes.
//!
//! ```text
//! contribution: key digests: 2 * 32 | selection's digest: 32 | length: u64 | name | k_1 delta, k_2 delta': 64 each
//!               | [k_1]_2, [k_2]_2, [r_1]_2, [r_2]_2: 128 each | z_1, z_2: 32 each | number of points: u64 | points: 64 each
//! ```
//!
//! There is no state that is handed on: whoever contributes has both keys and the selection, and nothing else. The
//! transcript is a hash of all contributions in their order.

use std::path::Path;

use ark_serialize::Compress;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;
use zkml_groth16::ceremony::{Fault, link};

use super::error::{CeremonyError, ContributionFault};
use super::record::{LONGEST_NAME, Record, Source, put_bytes, text};
use crate::prove::{
    Digest, LinkError, LinkProvingKey, LinkVerifyingKey, LoadError, ProveError, Provenance, Registered, SecureRng,
    Selection,
    file::{self, Kind},
    keys::ProvingKeyOf,
    link::{bases, key_digests},
    points::{self, Reader},
    public::to_bytes,
    word::Word,
};

/// A contribution to a key of [links](crate::prove::link): a party's own, which is added to those of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkContribution {
    keys: [Word; 2],
    selection: Word,
    name: String,
    share: link::Share,
}

/// What proofs of knowledge of a contribution are bound to.
fn challenge(keys: &[Word; 2], selection: &Word, name: &str) -> [u8; 32] {
    let hash = Sha256::new().chain_update(b"zkml link ceremony 1").chain_update(keys.as_flattened());
    hash.chain_update(selection).chain_update(name).finalize().into()
}

impl LinkContribution {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 36;

    /// A contribution to the key of links between commitments under two keys: secrets from `rng` and from what the
    /// contributor typed, which are overwritten.
    ///
    /// # Errors
    /// If a key has another number of weights than the selection says, the keys have a delta in common, the name is
    /// empty or too long, or `rng` returns nothing but zero.
    ///
    /// # Soundness
    /// One of the two sources has to be unpredictable: they are hashed together.
    pub fn new(
        first: &ProvingKeyOf<Registered>,
        second: &ProvingKeyOf<Registered>,
        selection: &Selection,
        name: &str,
        entropy: &[u8],
        rng: &mut dyn SecureRng,
    ) -> Result<Self, CeremonyError> {
        let bases = bases(first, second, selection)?;
        let Record { name, .. } = Record::new(name, Source::Secret)?;
        let mut random = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *random);
        if *random == [0; 32] {
            return Err(ProveError::Randomness.into());
        }
        let (keys, selected) = (key_digests(first, second), selection.digest());
        let challenge = challenge(&keys, &selected, &name);
        let hash = Sha256::new().chain_update(b"zkml link entropy 1").chain_update(challenge).chain_update(*random);
        let seed = Zeroizing::new(hash.chain_update(entropy).finalize().into());
        // What it refuses is refused above.
        let share = link::Share::new(bases, selection.indices(), &challenge, &seed)
            .map_err(|error| ProveError::Backend(error.to_string()))?;
        Ok(Self { keys, selection: selected, name, share })
    }

    /// What its contributor calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The contribution as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let link::Share { points, deltas, k, r, z } = &self.share;
        let mut payload = self.keys.as_flattened().to_vec();
        payload.extend_from_slice(&self.selection);
        put_bytes(&mut payload, self.name.as_bytes());
        deltas.iter().for_each(|point| points::put(&mut payload, point, Compress::No));
        k.iter().chain(r).for_each(|point| points::put(&mut payload, point, Compress::No));
        z.iter().for_each(|z| payload.extend_from_slice(&to_bytes(*z)));
        points::put_all(&mut payload, points, Compress::No);
        file::write(Kind::LinkContribution, &Digest(self.selection), &payload)
    }

    /// The contribution of a file. Every point is checked to be in its group; the rest is for [`finish_links`] to say.
    ///
    /// # Errors
    /// If it is no such contribution, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (found, payload) = file::read(bytes, Kind::LinkContribution)?;
        let mut reader = Reader::new(payload);
        let keys = [reader.array("the digest of the first key")?, reader.array("the digest of the second key")?];
        let selection = reader.array("the digest of the selection")?;
        if found != Digest(selection) {
            return Err(LoadError::Link { expected: Digest(selection), found });
        }
        let name = text(&mut reader, LONGEST_NAME, "the contributor's name")?;
        let deltas = [reader.point(Compress::No, "k delta")?, reader.point(Compress::No, "k delta")?];
        let mut point = || reader.point(Compress::No, "k");
        let (k, r) = ([point()?, point()?], [point()?, point()?]);
        let z = [reader.element("the proofs of knowledge", 0)?, reader.element("the proofs of knowledge", 1)?];
        let points = reader.points(Compress::No, "the points of links")?;
        reader.finish()?;
        Ok(Self { keys, selection, name, share: link::Share { points, deltas, k, r, z } })
    }

    /// Writes the contribution to a file, whole or not at all.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        Ok(file::save(path, &self.to_bytes())?)
    }

    /// Reads the contribution from a file.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), or if the file can't be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::from_bytes(&file::load_kind(path, Kind::LinkContribution, Self::MAX_BYTES)?)
    }
}

/// The key of links that these contributions make, each of which is checked, with the hash of all as its provenance.
///
/// # Errors
/// If there is none, a contribution is dishonest or of other keys or another selection (the first one), a key has another
/// number of weights than the selection says, or the keys have a delta in common.
pub fn finish_links(
    first: &ProvingKeyOf<Registered>,
    second: &ProvingKeyOf<Registered>,
    selection: Selection,
    contributions: &[LinkContribution],
) -> Result<LinkProvingKey, CeremonyError> {
    if contributions.is_empty() {
        return Err(CeremonyError::Unfinished);
    }
    let bases = bases(first, second, &selection)?;
    let (keys, selected) = (key_digests(first, second), selection.digest());
    let mut transcript = Sha256::new().chain_update(b"zkml link transcript 1");
    for (index, contribution) in contributions.iter().enumerate() {
        let LinkContribution { name, share, .. } = contribution;
        let wrong = |fault| CeremonyError::Contribution { number: index + 1, name: name.clone(), fault };
        let found = [contribution.keys[0], contribution.keys[1], contribution.selection];
        for (expected, found) in [keys[0], keys[1], selected].into_iter().zip(found) {
            if expected != found {
                let (expected, found) = (Digest(expected), Digest(found));
                return Err(wrong(ContributionFault::Circuit { expected, found }));
            }
        }
        if contributions[..index].iter().any(|earlier| earlier.share.k == share.k) {
            return Err(wrong(ContributionFault::Repeated));
        }
        share
            .check(bases, selection.indices(), &challenge(&keys, &selected, name))
            .map_err(|fault| wrong(ContributionFault::Wrong(fault)))?;
        transcript.update(Sha256::digest(contribution.to_bytes()));
    }
    let provenance = Provenance::Transcript(Digest(transcript.finalize().into()));
    let shares: Vec<link::Share> = contributions.iter().map(|contribution| contribution.share.clone()).collect();
    let points = link::sum(&shares).map_err(|fault: Fault| CeremonyError::Key(fault))?;
    let verifying = LinkVerifyingKey::new(provenance, keys, selected, points.vk.clone())?;
    Ok(LinkProvingKey::from_checked(verifying, selection, points))
}

impl From<LinkError> for CeremonyError {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}
