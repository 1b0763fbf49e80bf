//! The prover of links: the key that makes them, and its setup.

use std::io::{self, Write};

use zkml_groth16::link::{Bases, ProvingKey as ProvingPoints, Secrets};

use super::*;
use crate::prove::{
    keys::ProvingKeyOf,
    prover::nonzero,
    registered::{Registered, WeightsOpening},
    system::SecureRng,
    transcript,
};

/// What makes links; it has the [key](LinkProvingKey::verifying) that checks them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkProvingKey {
    verifying: LinkVerifyingKey,
    selection: Selection,
    points: ProvingPoints,
}

/// What two keys commit to registered weights with, if they have as many as a selection says.
pub(in crate::prove) fn bases<'a>(
    first: &'a ProvingKeyOf<Registered>,
    second: &'a ProvingKeyOf<Registered>,
    selection: &Selection,
) -> Result<[Bases<'a>; 2], LinkError> {
    for (what, expected, found) in [
        ("weights of the first key", selection.count, first.weights()),
        ("weights of the second key", selection.indices.len(), second.weights()),
    ] {
        if expected != found {
            return Err(LinkError::Length { what, expected, found });
        }
    }
    let both = [first.pk(), second.pk()];
    let deltas = both.map(|pk| &pk.deltas_g1);
    if deltas[0].iter().any(|delta| deltas[1].contains(delta)) {
        return Err(LinkError::Related);
    }
    Ok(both.map(|pk| Bases {
        points: pk.k.first().map_or(&[], Vec::as_slice),
        delta: pk.deltas_g1.last().copied().unwrap_or_default(),
    }))
}

/// The digests that commitments name their keys by.
pub(in crate::prove) fn key_digests(first: &ProvingKeyOf<Registered>, second: &ProvingKeyOf<Registered>) -> [Word; 2] {
    [first, second].map(|key| transcript::registered_key_digest(&key.pk().vk))
}

/// The key of links between commitments under two keys, by a single party.
///
/// # Errors
/// If a key has another number of weights than the selection says, the keys have a delta in common, or the
/// randomness is not random.
///
/// # Soundness
/// Who knows what `rng` returned can link any two commitments: see [the module](crate::prove::link) for who may run
/// this. The secrets are overwritten when the key is made.
pub fn setup(
    first: &ProvingKeyOf<Registered>,
    second: &ProvingKeyOf<Registered>,
    selection: Selection,
    rng: &mut dyn SecureRng,
) -> Result<LinkProvingKey, LinkError> {
    let [one, other] = bases(first, second, &selection)?;
    let mut draw = || nonzero(rng).map_err(|_| LinkError::Randomness);
    let secrets = Secrets { k: [draw()?, draw()?], a: draw()? };
    // All that it refuses but secrets that are none is refused above.
    let points =
        zkml_groth16::link::setup(one, other, &selection.indices, &secrets).map_err(|_| LinkError::Randomness)?;
    let keys = key_digests(first, second);
    let verifying = LinkVerifyingKey::new(Provenance::SingleParty, keys, selection.digest(), points.vk.clone())
        .map_err(LinkError::Point)?;
    Ok(LinkProvingKey { verifying, selection, points })
}

impl LinkProvingKey {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 36;

    #[cfg(feature = "ceremony")]
    pub(in crate::prove) fn from_checked(
        verifying: LinkVerifyingKey,
        selection: Selection,
        points: ProvingPoints,
    ) -> Self {
        Self { verifying, selection, points }
    }

    /// The key that checks its links.
    pub fn verifying(&self) -> &LinkVerifyingKey {
        &self.verifying
    }

    /// Which values of the first key the second has.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The link between the commitments of two openings. It is verified before it is returned.
    ///
    /// # Errors
    /// If an opening is of another key, the values are not the same, or the key or an opening is malformed so that
    /// the link does not hold.
    pub fn link(&self, first: &WeightsOpening, second: &WeightsOpening) -> Result<LinkProof, LinkError> {
        let [key, other] = self.verifying.keys();
        first.commitment().under(key)?;
        second.commitment().under(other)?;
        for (what, expected, found) in [
            ("weights of the first opening", self.selection.count, first.values().len()),
            ("weights of the second opening", self.selection.indices.len(), second.values().len()),
        ] {
            if expected != found {
                return Err(LinkError::Length { what, expected, found });
            }
        }
        let same = |(i, value): (&usize, _)| first.values().get(*i) == Some(value);
        if let Some(index) = self.selection.indices.iter().zip(second.values()).position(|pair| !same(pair)) {
            return Err(LinkError::Values { index });
        }
        let kappas = [first.kappa(), second.kappa()];
        let point =
            zkml_groth16::link::prove(&self.points, first.values(), kappas).map_err(|_| LinkError::Malformed)?;
        let link = LinkProof { key: self.verifying.digest(), point };
        match self.verifying.verify(&link, first.commitment(), second.commitment()) {
            Ok(()) => Ok(link),
            Err(_) => Err(LinkError::Malformed),
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut first = Vec::new();
        self.verifying.put(&mut first);
        first.extend_from_slice(&(self.selection.count as u64).to_le_bytes());
        first.extend_from_slice(&(self.selection.indices.len() as u64).to_le_bytes());
        self.selection.indices.iter().for_each(|i| first.extend_from_slice(&(*i as u64).to_le_bytes()));
        self.points.deltas.iter().for_each(|point| points::put(&mut first, point, Compress::No));
        out.write_all(&first)?;
        points::write_all(out, &self.points.points, Compress::No)
    }

    /// The key as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let digest = Digest(self.verifying.digest());
        file::write(Kind::LinkProvingKey, &digest, &points::in_memory(|out| self.write(out)))
    }

    /// The key of a file. Every point is checked, in parallel.
    ///
    /// # Errors
    /// If it is no such key, damaged, its parts do not fit each other, a point is not in its group, or its header
    /// has another digest than its contents make.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (digest, payload) = file::read(bytes, Kind::LinkProvingKey)?;
        Self::read(digest, Reader::new(payload))
    }

    fn read(digest: Digest, mut reader: Reader<'_>) -> Result<Self, LoadError> {
        let verifying = LinkVerifyingKey::read(&mut reader, digest)?;
        let count = usize::try_from(u64::from_le_bytes(reader.array("the selection")?)).unwrap_or(usize::MAX);
        let length = reader.length(8, "the selection")?;
        let index = |bytes: [u8; 8]| usize::try_from(u64::from_le_bytes(bytes)).unwrap_or(usize::MAX);
        let indices: Vec<usize> =
            (0..length).map(|_| reader.array("the selection").map(index)).collect::<Result<_, _>>()?;
        if let Some(found) = Selection::first_wrong(count, &indices) {
            return Err(LoadError::Selection { found, count });
        }
        let selection = Selection { count, indices };
        let (found, expected) = (Digest(verifying.selection), Digest(selection.digest()));
        if found != expected {
            return Err(LoadError::Link { expected, found });
        }
        let deltas = [reader.point(Compress::No, "k delta")?, reader.point(Compress::No, "k delta")?];
        points::check_nonzero(&deltas, "k delta")?;
        let list = reader.points(Compress::No, "the points of links")?;
        reader.finish()?;
        if list.len() != count {
            return Err(LoadError::Length { what: "the points of links", expected: count, found: list.len() });
        }
        let points = ProvingPoints { vk: verifying.points.clone(), points: list, deltas };
        Ok(Self { verifying, selection, points })
    }

    /// Writes the key to a file, whole or not at all.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        let digest = Digest(self.verifying.digest());
        Ok(file::save_pieces(path, Kind::LinkProvingKey, &digest, |out| self.write(out))?)
    }

    /// Reads the key from a file, piece by piece.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), or if the file can't be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        points::load(path.as_ref(), Kind::LinkProvingKey, Self::MAX_BYTES, Self::read)
    }
}
