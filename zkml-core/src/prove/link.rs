//! Links: two commitments to weights, under two keys, are to the same ones: `e(pi, a) = e(D_w, a k_1) e(D'_w, a k_2)`.
//!
//! ```text
//! P_i = k_1 G_i + k_2 G'_i                                       G_i = K_i / delta_w of the first key, G'_i of the second
//! pi  = sum_i w_i P_i + kappa k_1 delta_2 + kappa' k_2 delta'_2
//!
//! verifying key: provenance | key digests: 2 * 32 | selection's digest: 32 | a, a k_1, a k_2: 64 each
//! proving key:   verifying key | selection | k_1 delta_2, k_2 delta'_2: 64 each | number of points: u64 | points: 64 each
//! link:          pi: 32
//! ```
//!
//! The bases of a commitment depend on the circuit: a model with a circuit for batches of one and another for batches
//! of ten has two keys, and two commitments. A link says that they are to the same list of values, so that one proof
//! about the weights (that they are small, say) counts for both. The second circuit may have some of the values alone:
//! [`Selection`] says which.
//!
//! # Soundness
//! *Knowledge*, in the algebraic group model: whoever makes a link knows values that both points commit to. That there are such values
//! says nothing, since any two points are commitments to something. [`zkml_groth16::link`] has the argument.
//!
//! Whoever knows `k_1` and `k_2` can link any two commitments; who knows their ratio `s` alone can move one by `X` and
//! the other by `- s X`. Nothing in a key shows that nobody knows them. So they are not drawn by the owner of the
//! weights, and not by who runs a registry: but by who relies on the link, for whom alone it then counts, or in a
//! ceremony (`prove::ceremony::finish_links`). [`setup`] is that of a single party, and its keys say so. They are drawn
//! anew for each pair of keys and each selection: the equation knows of these by the points `P_i` alone, so with the
//! same `k_1` and `k_2` twice a link of one selection is a link of another.
//!
//! Both circuits must mean the same by the values: the same packing, in the same order. That is what their digests are
//! for.
//!
//! A link is no signature: of somebody's link anyone can make one for commitments that are shifted by known values, and
//! whoever copies both commitments copies their link.
//!
//! Source: Campanelli, Fiore and Querol, "LegoSNARK" (CCS 2019), appendix D.

use std::{collections::HashSet, path::Path};

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_serialize::Compress;
use zkml_groth16::link::VerifyingKey as VerifyingPoints;

use super::file::{self, Kind};
use super::keys::Provenance;
use super::points::{self, LoadError, PointFault, Reader};
use super::registered::WeightsCommitment;
use super::system::OtherKey;
use super::word::{Word, keccak256, of_g2, of_int};
use super::{Digest, hex};

/// `zkml link selection 1`, and zeros.
const SELECTION: Word = *b"zkml link selection 1\0\0\0\0\0\0\0\0\0\0\0";
/// `zkml link key 1`, and zeros.
const KEY: Word = *b"zkml link key 1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// A link that is not made, or not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// A selection is none of so many values.
    #[error("value {found} of {count} is selected twice or is not there; name each at most once")]
    Selection {
        /// The index.
        found: usize,
        /// How many values there are.
        count: usize,
    },
    /// A list has another length.
    #[error("{what}: found {found}, expected {expected}")]
    Length {
        /// Of what.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Two keys have a delta in common, so that what they commit with is not independent.
    #[error(
        "the keys have a delta in common, so that a link would say nothing; use keys of setups that are independent"
    )]
    Related,
    /// A commitment is under another key than the link's.
    #[error(transparent)]
    Key(#[from] OtherKey),
    /// The link was made with another key.
    #[error("the link was made with key {}, expected key {}; use the key that it was made with", hex(.found), hex(.expected))]
    Link {
        /// The digest of the key at hand.
        expected: Word,
        /// The digest of the key that the link was made with.
        found: Word,
    },
    /// The values of the two openings are not the same.
    #[error(
        "weight {index} of the second commitment is not the one that is selected of the first; commit to the same weights"
    )]
    Values {
        /// The index in the second.
        index: usize,
    },
    /// A point is not in its group, or zero.
    #[error(transparent)]
    Point(LoadError),
    /// The equation does not hold.
    #[error("the link is invalid for these commitments under this key")]
    Invalid,
    /// A link does not hold under its own key.
    #[error(
        "the link does not hold under its own key: the key is malformed, or an opening is not that of its commitment"
    )]
    Malformed,
    /// The source of randomness returns nothing but zero.
    #[error("the source of randomness returns nothing but zero; use the operating system's")]
    Randomness,
}

/// Which values of the first key the second has, in the second's order.
///
/// ```
/// use zkml_core::prove::Selection;
///
/// assert_eq!(Selection::new(5, vec![3, 0])?.indices(), [3, 0]);
/// let error = Selection::new(5, vec![3, 3]).unwrap_err().to_string();
/// assert_eq!(error, "value 3 of 5 is selected twice or is not there; name each at most once");
/// # Ok::<_, zkml_core::prove::LinkError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    count: usize,
    indices: Vec<usize>,
}

impl Selection {
    /// All of so many values, in the same order.
    pub fn all(count: usize) -> Self {
        Self { count, indices: (0..count).collect() }
    }

    /// Those of so many values with these indices.
    ///
    /// # Errors
    /// If an index is there twice, or beyond the last.
    pub fn new(count: usize, indices: Vec<usize>) -> Result<Self, LinkError> {
        match Self::first_wrong(count, &indices) {
            Some(found) => Err(LinkError::Selection { found, count }),
            None => Ok(Self { count, indices }),
        }
    }

    /// The first index that is there twice, or beyond the last of so many values.
    fn first_wrong(count: usize, indices: &[usize]) -> Option<usize> {
        let mut seen = HashSet::new();
        indices.iter().copied().find(|i| *i >= count || !seen.insert(*i))
    }

    /// How many values the first key has.
    pub fn count(&self) -> usize {
        self.count
    }

    /// For each value of the second key which one of the first it is.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// `keccak256(tag | count | number of indices | indices)`.
    pub fn digest(&self) -> Word {
        let numbers = [self.count, self.indices.len()].into_iter().chain(self.indices.iter().copied());
        let words: Vec<Word> = [SELECTION].into_iter().chain(numbers.map(|n| of_int(n as u64))).collect();
        keccak256(words.as_flattened())
    }
}

/// What checks links between commitments under two keys, the second with a selection of the first's values.
///
/// # Soundness
/// It is trusted as far as its [`Provenance`]: see [the module](self).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkVerifyingKey {
    provenance: Provenance,
    keys: [Word; 2],
    selection: Word,
    points: VerifyingPoints,
}

impl LinkVerifyingKey {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 10;

    /// A key from its parts, such as those of a ceremony: the digests of both keys, that of the selection, and the
    /// points.
    ///
    /// # Errors
    /// If a point is not in its group, is zero, or equals another or the generator, up to sign: then a ratio is known.
    pub fn new(
        provenance: Provenance,
        keys: [Word; 2],
        selection: Word,
        points: VerifyingPoints,
    ) -> Result<Self, LoadError> {
        points::check(&points.a, "a", 0)?;
        points::check_all(&points.a_k, "a k")?;
        points::check_nonzero(&[points.a], "a")?;
        points::check_nonzero(&points.a_k, "a k")?;
        let mut seen = vec![points.a, G2Affine::generator()];
        for (index, point) in points.a_k.iter().enumerate() {
            if seen.contains(point) || seen.contains(&-*point) {
                return Err(LoadError::Point { what: "a k", index, fault: PointFault::Repeated });
            }
            seen.push(*point);
        }
        Ok(Self { provenance, keys, selection, points })
    }

    /// `keccak256(tag | key digests | selection's digest | a | a k_1 | a k_2)`: what links are made for.
    pub fn digest(&self) -> Word {
        let [first, second] = self.keys;
        let mut words = vec![KEY, first, second, self.selection];
        [self.points.a].iter().chain(&self.points.a_k).for_each(|point| words.extend(of_g2(point)));
        keccak256(words.as_flattened())
    }

    /// Who drew `k_1` and `k_2`.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// The digests of both keys: those that their commitments are under.
    pub fn keys(&self) -> &[Word; 2] {
        &self.keys
    }

    /// The [digest](Selection::digest) of the selection.
    pub fn selection(&self) -> &Word {
        &self.selection
    }

    /// The points.
    pub fn points(&self) -> &VerifyingPoints {
        &self.points
    }

    /// Checks that both commitments are to the same values, the second to those that are selected.
    ///
    /// # Errors
    /// If one is under another key, the link was made with another key, is not in its group or zero, or does not
    /// satisfy the equation.
    ///
    /// # Soundness
    /// Whoever made the link knew values that both points commit to, if nobody knows `k_1 / k_2`.
    pub fn verify(
        &self,
        link: &LinkProof,
        first: &WeightsCommitment,
        second: &WeightsCommitment,
    ) -> Result<(), LinkError> {
        let [key, other] = &self.keys;
        first.under(key)?;
        second.under(other)?;
        let expected = self.digest();
        if link.key != expected {
            return Err(LinkError::Link { expected, found: link.key });
        }
        let held = zkml_groth16::link::holds(&self.points, [first.point(), second.point()], link.point);
        if held { Ok(()) } else { Err(LinkError::Invalid) }
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        points::put_provenance(bytes, &self.provenance);
        self.keys.iter().chain([&self.selection]).for_each(|digest| bytes.extend_from_slice(digest));
        points::put(bytes, &self.points.a, Compress::Yes);
        self.points.a_k.iter().for_each(|point| points::put(bytes, point, Compress::Yes));
    }

    fn read(reader: &mut Reader<'_>, digest: Digest) -> Result<Self, LoadError> {
        let provenance = reader.provenance()?;
        let keys = [reader.array("the digest of the first key")?, reader.array("the digest of the second key")?];
        let selection = reader.array("the digest of the selection")?;
        let a = reader.point(Compress::Yes, "a")?;
        let a_k = [reader.point(Compress::Yes, "a k")?, reader.point(Compress::Yes, "a k")?];
        let key = Self::new(provenance, keys, selection, VerifyingPoints { a, a_k })?;
        let expected = Digest(key.digest());
        if digest == expected { Ok(key) } else { Err(LoadError::Link { expected, found: digest }) }
    }

    /// The key as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        self.put(&mut payload);
        file::write(Kind::LinkVerifyingKey, &Digest(self.digest()), &payload)
    }

    /// The key of a file.
    ///
    /// # Errors
    /// If it is no such key, damaged, not one as [`new`](Self::new) takes it, or its header has another digest than its
    /// contents make.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (digest, payload) = file::read(bytes, Kind::LinkVerifyingKey)?;
        let mut reader = Reader::new(payload);
        let key = Self::read(&mut reader, digest)?;
        reader.finish()?;
        Ok(key)
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
        Self::from_bytes(&file::load_kind(path, Kind::LinkVerifyingKey, Self::MAX_BYTES)?)
    }
}

/// A proof that two commitments are to the same values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkProof {
    key: Word,
    point: G1Affine,
}

impl LinkProof {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 10;

    /// A link from its parts: the [digest of its key](LinkVerifyingKey::digest), and its point.
    ///
    /// # Errors
    /// If the point is not in its group, or is zero.
    pub fn new(key: Word, point: G1Affine) -> Result<Self, LoadError> {
        points::check(&point, "the link", 0)?;
        points::check_nonzero(&[point], "the link")?;
        Ok(Self { key, point })
    }

    /// The digest of the key that it was made with.
    pub fn key(&self) -> &Word {
        &self.key
    }

    /// `pi`.
    pub fn point(&self) -> G1Affine {
        self.point
    }

    /// The link as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        points::put(&mut payload, &self.point, Compress::Yes);
        file::write(Kind::LinkProof, &Digest(self.key), &payload)
    }

    /// The link of a file.
    ///
    /// # Errors
    /// If it is no link, damaged, or not one as [`new`](Self::new) takes it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (Digest(key), payload) = file::read(bytes, Kind::LinkProof)?;
        let mut reader = Reader::new(payload);
        let point = reader.point(Compress::Yes, "the link")?;
        reader.finish()?;
        Self::new(key, point)
    }

    /// Writes the link to a file, whole or not at all.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        Ok(file::save(path, &self.to_bytes())?)
    }

    /// Reads the link from a file.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), or if the file can't be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::from_bytes(&file::load_kind(path, Kind::LinkProof, Self::MAX_BYTES)?)
    }
}

#[cfg(feature = "prove")]
mod prover;

#[cfg(feature = "prove")]
pub use prover::{LinkProvingKey, setup};
#[cfg(feature = "ceremony")]
pub(super) use prover::{bases, key_digests};
