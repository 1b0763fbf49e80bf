//! Dataset commitment: `root = Merkle(D_0, .., D_127)`, `D_j = Poseidon(tag, S_0, .., S_{k-1})`, `S = commit(pixels, label; salt)`
//!
//! ```text
//! dataset ── 128 chunks at most, a Merkle tree of depth 7 ──> chunk ── groups ──> group ── items ──> sample: pixels, label
//! ```
//!
//! An accuracy proof is about one chunk, a data proof about one group of it. A sample's commitment is the
//! [commitment] to its pixels, of `0..=255`, and its label, below the number of classes, in a domain
//! that names the shape of the pixels and that number. One salt serves the whole dataset, and is known to whoever may know the data.
//!
//! # Soundness
//! Root, chunk and sample commitments each determine what they are made of, up to a collision of Poseidon. Chunks that are missing are
//! zero, which no hash is. The root hides the samples while the salt, which is uniform in the field, is secret.

use ark_bn254::Fr;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::{
    gadget::{
        FieldCs, Limb,
        hash::{
            chain,
            commitment::{self, Domain, Subject},
            merkle::{self, Tree},
        },
    },
    number::{Cost, Int, Interval},
    shape::Shape,
};

/// The depth of the tree of chunks.
pub const DEPTH: usize = 7;

/// The most chunks of a dataset.
pub const MAX_CHUNKS: usize = 1 << DEPTH;

/// The most samples of a chunk.
pub const MAX_SAMPLES: usize = 1 << 12;

/// The most classes that labels may tell apart.
pub const MAX_CLASSES: usize = 1 << 16;

/// The tag of the hash of a chunk.
const CHUNK: &[u8] = b"zkml bounty chunk 1";

/// Samples that make no dataset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A layout has none of something, or too many.
    #[error("a dataset of {found} {what}, expected 1 to {max}")]
    Layout {
        /// `groups`, `items`, `samples a chunk` or `classes`.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// The most.
        max: usize,
    },
    /// The samples do not fill whole chunks, or too many of them.
    #[error(
        "{found} samples, expected a multiple of {chunk}, at most {max}; leave some out, or take chunks of another size"
    )]
    Samples {
        /// How many there are.
        found: usize,
        /// Those of a chunk.
        chunk: usize,
        /// The most.
        max: usize,
    },
    /// A sample has another number of pixels.
    #[error("sample {sample} has {found} pixels, expected {expected}")]
    Pixels {
        /// Which sample.
        sample: usize,
        /// How many it has.
        found: usize,
        /// Those of the layout's shape.
        expected: usize,
    },
    /// A label is no class.
    #[error("the label of sample {sample} is {found}, expected less than {classes}")]
    Label {
        /// Of which sample.
        sample: usize,
        /// What it is.
        found: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A salt that can be guessed: whoever guesses it can test guesses of the samples.
    #[error("the salt is below 2^64 and can be guessed; draw it from a cryptographic random generator")]
    Salt,
    /// There is no such chunk or group.
    #[error("there is no {what} {found}, expected less than {count}")]
    Index {
        /// `chunk` or `group`.
        what: &'static str,
        /// Which was asked for.
        found: usize,
        /// How many there are.
        count: usize,
    },
}

/// What the samples of a dataset have in common, and how they are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    shape: Shape,
    classes: usize,
    groups: usize,
    items: usize,
}

impl Layout {
    /// Chunks of `groups * items` samples, each of pixels of this shape, with a label below `classes`.
    ///
    /// # Errors
    /// If there are none or too many of a kind.
    pub fn new(shape: Shape, classes: usize, groups: usize, items: usize) -> Result<Self, DatasetError> {
        for (what, found, max) in [
            ("pixels", shape.len(), super::cid::CHUNK),
            ("classes", classes, MAX_CLASSES),
            ("groups", groups, MAX_SAMPLES),
            ("items", items, MAX_SAMPLES),
            ("samples a chunk", groups.saturating_mul(items), MAX_SAMPLES),
        ] {
            if !(1..=max).contains(&found) {
                return Err(DatasetError::Layout { what, found, max });
            }
        }
        Ok(Self { shape, classes, groups, items })
    }

    /// The shape of a sample's pixels.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The groups of a chunk.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The samples of a group.
    pub fn items(&self) -> usize {
        self.items
    }

    /// The samples of a chunk.
    pub fn samples(&self) -> usize {
        self.groups * self.items
    }

    /// The labels.
    pub fn label_interval(&self) -> Interval {
        Interval { lo: Int::ZERO, hi: Int::from(self.classes.saturating_sub(1) as u64) }
    }

    /// The domain of a sample's commitment: `SHA-256("zkml bounty sample 1" | classes: u64 | rank: u64 | dimensions: u64 ..)`, little endian.
    pub fn domain(&self) -> Domain {
        let mut hash = Sha256::new().chain_update(b"zkml bounty sample 1");
        for n in [self.classes, self.shape.rank()].iter().chain(self.shape.dims()) {
            hash.update((*n as u64).to_le_bytes());
        }
        Domain { subject: Subject::Input, context: hash.finalize().into() }
    }

    /// The intervals of pixels and label.
    fn intervals(&self) -> impl Iterator<Item = Interval> {
        std::iter::repeat_n(byte(), self.shape.len()).chain([self.label_interval()])
    }

    /// Checks one sample.
    ///
    /// # Errors
    /// If it has another number of pixels, or its label is no class.
    pub fn check(&self, index: usize, sample: &Sample) -> Result<(), DatasetError> {
        let (found, expected) = (sample.pixels.len(), self.shape.len());
        if found != expected {
            return Err(DatasetError::Pixels { sample: index, found, expected });
        }
        if sample.label >= self.classes {
            return Err(DatasetError::Label { sample: index, found: sample.label, classes: self.classes });
        }
        Ok(())
    }

    fn commit(&self, index: usize, sample: &Sample, salt: Fr) -> Result<Fr, DatasetError> {
        self.check(index, sample)?;
        let pixels = sample.pixels.iter().map(|p| Int::from(*p));
        let values: Vec<(Int, Interval)> =
            pixels.chain([Int::from(sample.label as u64)]).zip(self.intervals()).collect();
        // All values were just checked against their intervals.
        let label = DatasetError::Label { sample: index, found: sample.label, classes: self.classes };
        commitment::commit(&self.domain(), &values, salt).map_err(|_| label)
    }
}

/// The values of a pixel.
pub fn byte() -> Interval {
    Interval { lo: Int::ZERO, hi: Int::from(255u8) }
}

/// A labelled sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its pixels, row major.
    pub pixels: Vec<u8>,
    /// Its class.
    pub label: usize,
}

/// A dataset with its commitment. Whoever has it can open the commitment.
#[derive(Clone, PartialEq, Eq)]
pub struct Dataset {
    layout: Layout,
    salt: Fr,
    samples: Vec<Sample>,
    commitments: Vec<Fr>,
    tree: Tree,
}

/// Without samples and salt.
impl std::fmt::Debug for Dataset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dataset").field("layout", &self.layout).field("chunks", &self.chunks()).finish_non_exhaustive()
    }
}

impl Dataset {
    /// The dataset of these samples, with a salt that is uniform in the field and used for no other.
    ///
    /// # Errors
    /// If the samples do not fill whole chunks, are more than 128 of them, or one does not fit the layout; or the salt
    /// can be guessed.
    ///
    /// ```
    /// # use zkml_core::{bounty::dataset::{Dataset, Layout, Sample}, prove::Fr, shape::Shape};
    /// let layout = Layout::new(Shape::new([1, 2]), 10, 1, 2)?;
    /// let sample = |a, label| Sample { pixels: vec![a, 200], label };
    /// let salt = Fr::from(1u128 << 100);
    /// let dataset = Dataset::new(layout.clone(), salt, vec![sample(1, 7), sample(2, 3)])?;
    /// let other = Dataset::new(layout.clone(), salt, vec![sample(1, 7), sample(2, 4)])?;
    /// assert_ne!(dataset.root(), other.root());
    /// let error = Dataset::new(layout, salt, vec![sample(1, 10), sample(2, 3)]).unwrap_err();
    /// assert_eq!(error.to_string(), "the label of sample 0 is 10, expected less than 10");
    /// # Ok::<(), zkml_core::bounty::dataset::DatasetError>(())
    /// ```
    pub fn new(layout: Layout, salt: Fr, samples: Vec<Sample>) -> Result<Self, DatasetError> {
        let (found, chunk) = (samples.len(), layout.samples());
        let max = MAX_CHUNKS * chunk;
        let refused = DatasetError::Samples { found, chunk, max };
        if found == 0 || found % chunk != 0 || found > max {
            return Err(refused);
        }
        if commitment::guessable(salt) {
            return Err(DatasetError::Salt);
        }
        let commitments = samples
            .par_iter()
            .enumerate()
            .map(|(i, sample)| layout.commit(i, sample, salt))
            .collect::<Result<Vec<Fr>, _>>()?;
        let chunks: Vec<Fr> = commitments.par_chunks(chunk).map(|chunk| chain::digest(CHUNK, chunk)).collect();
        let tree = Tree::new(DEPTH, &chunks).ok_or(refused)?;
        Ok(Self { layout, salt, samples, commitments, tree })
    }

    /// What its samples have in common.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The salt: secret as long as the samples are.
    pub fn salt(&self) -> Fr {
        self.salt
    }

    /// All samples.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// How many chunks there are.
    pub fn chunks(&self) -> usize {
        self.samples.len() / self.layout.samples()
    }

    /// The dataset commitment.
    pub fn root(&self) -> Fr {
        self.tree.root()
    }

    /// One chunk, with where it is in the tree.
    ///
    /// # Errors
    /// If there is none of this number.
    pub fn chunk(&self, chunk: usize) -> Result<Chunk<'_>, DatasetError> {
        let (count, k) = (self.chunks(), self.layout.samples());
        if chunk >= count {
            return Err(DatasetError::Index { what: "chunk", found: chunk, count });
        }
        let range = chunk * k..(chunk + 1) * k;
        Ok(Chunk {
            number: chunk,
            salt: self.salt,
            samples: &self.samples[range.clone()],
            commitments: &self.commitments[range],
            path: self.tree.path(chunk),
        })
    }
}

/// A chunk of a dataset, as a prover knows it.
#[derive(Clone)]
pub struct Chunk<'a> {
    /// Its number.
    pub number: usize,
    /// The salt of the dataset.
    pub salt: Fr,
    /// Its samples.
    pub samples: &'a [Sample],
    /// Their commitments.
    pub commitments: &'a [Fr],
    /// The siblings of the chunk in the tree.
    pub path: Vec<Fr>,
}

/// The commitment to a sample: that to as many bytes and a label.
pub fn sample_cost(layout: &Layout) -> Cost {
    commitment::cost(&layout.intervals().collect::<Vec<_>>())
}

/// Enforces the commitment to a sample.
///
/// # Constraints
/// See [`sample_cost`].
///
/// # Soundness
/// *Unchecked*: pixels must be in `0..=255` and the label below the number of classes, by constraints. See [`commitment::enforce_unchecked`].
pub fn enforce_sample_unchecked<C: FieldCs>(
    cs: &mut C,
    layout: &Layout,
    pixels: &[&C::W],
    label: &C::W,
    salt: &C::F,
) -> C::F {
    let wires: Vec<(&C::W, Interval)> = pixels.iter().copied().chain([label]).zip(layout.intervals()).collect();
    commitment::enforce_unchecked(cs, &layout.domain(), &wires, salt)
}

/// The root of a chunk of `k` samples: a hash of their commitments, the bits of its number, seven levels.
pub fn root_cost(k: usize) -> Cost {
    chain::cost(true, k) + Cost::new(DEPTH, DEPTH) + Cost::new(0, DEPTH) + merkle::cost(DEPTH)
}

/// The root of the dataset, and the number of the chunk.
#[derive(Clone, Debug)]
pub struct Place<F, W> {
    /// The root.
    pub root: F,
    /// The number of the chunk.
    pub number: W,
}

/// Enforces the root of a dataset that has these commitments in a chunk.
///
/// # Constraints
/// See [`root_cost`].
///
/// # Soundness
/// The number is seven bits, of which the path is a function; see [`merkle::enforce_unchecked`]. So root and number determine the
/// commitments, up to a collision.
pub fn enforce_root<C: FieldCs>(cs: &mut C, commitments: &[C::F], chunk: Option<&Chunk<'_>>) -> Place<C::F, C::W> {
    let leaf = chain::enforce_digest(cs, CHUNK, commitments);
    cs.label("range");
    let [bits] = cs.fresh([Limb::Bits(DEPTH as u32)], chunk.map(|c| Int::from(c.number as u64)));
    let sibling = |level| cs.field_witness(chunk.map(|c| c.path.get(level).copied().unwrap_or_default()));
    let siblings: Vec<C::F> = (0..DEPTH).map(sibling).collect();
    let root = merkle::enforce_unchecked(cs, &leaf, &bits, &siblings);
    let terms: Vec<(Int, &C::W)> = bits.iter().enumerate().map(|(i, b)| (Int::ONE << i, b)).collect();
    let number = cs.linear(&terms, Int::ZERO);
    Place { root, number }
}
