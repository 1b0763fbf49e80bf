//! Points of the curve, read from bytes only if the bytes are the one encoding of a point on the curve and in the subgroup.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use ark_bn254::Bn254;
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, Compress, Validate};
use rayon::prelude::*;

use super::file::{self, FileError, Kind, Payload};
use super::public::{PublicTable, TableError, from_bytes};
use super::subgroup::{are_members, is_member};
use super::{Digest, Fr, Provenance};

/// The pairing-friendly curve of all proofs.
pub type Curve = Bn254;

/// Why bytes are no point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PointFault {
    /// They are not the one encoding of any point: a coordinate at or above the modulus, no root, stray flags.
    Encoding,
    /// The point is not on the curve.
    Curve,
    /// The point is on the curve, but not in the subgroup of prime order.
    Subgroup,
    /// The point is zero where no honest key has zero.
    Zero,
    /// The point is one that it must differ from: another secret's, or the generator, to which nobody has contributed.
    Repeated,
}

impl fmt::Display for PointFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Encoding => "is not the canonical encoding of a point",
            Self::Curve => "is not on the curve",
            Self::Subgroup => "is not in the subgroup of prime order",
            Self::Zero => "is zero",
            Self::Repeated => "is equal to gamma, to another delta or to the generator, so that anything can be proved",
        })
    }
}

/// A key or a proof that can't be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file around it is not what was asked for.
    #[error(transparent)]
    File(#[from] FileError),
    /// The contents end too early.
    #[error("{what} needs {expected} bytes, found {found}")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// The bytes it needs, `u64::MAX` where that overflows.
        expected: u64,
        /// The bytes that are left.
        found: u64,
    },
    /// Contents follow where they should end.
    #[error("{found} bytes follow the contents, expected none")]
    Trailing {
        /// How many.
        found: u64,
    },
    /// A point is no point of its group.
    #[error("point {index} of {what} {fault}; do not use this file")]
    Point {
        /// What it is part of.
        what: &'static str,
        /// Which one.
        index: usize,
        /// What is wrong with it.
        fault: PointFault,
    },
    /// A public input is at or above the field's modulus.
    #[error("public input {index} is not below the field's modulus")]
    Modulus {
        /// Which one.
        index: usize,
    },
    /// Two lengths that belong together do not fit.
    #[error("{what} has {found} elements, expected {expected}")]
    Length {
        /// What has the wrong length.
        what: &'static str,
        /// The length expected.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// The provenance is of an unknown kind.
    #[error("the provenance is of the unknown kind {found}, expected 0 (single party) or 1 (transcript)")]
    Provenance {
        /// The byte found.
        found: u8,
    },
    /// The file is of another proof system.
    #[error("the file is of the proof system `{}`, expected {expected}", .found.escape_debug())]
    System {
        /// The one asked for.
        expected: &'static str,
        /// The one found.
        found: String,
    },
    /// A number is at or above the field's modulus.
    #[error("number {index} of {what} is not below the field's modulus")]
    Element {
        /// What it is part of.
        what: &'static str,
        /// Which one.
        index: usize,
    },
    /// A text is not UTF-8.
    #[error("{what} is not UTF-8")]
    Text {
        /// Which.
        what: &'static str,
    },
    /// The secrets of a contribution are from an unknown kind of source.
    #[error("the contribution is of the unknown kind {found}, expected 0 (secret) or 1 (beacon)")]
    Source {
        /// The byte found.
        found: u8,
    },
    /// The table of public inputs is not in the format.
    #[error("cannot read the table of public inputs: {reason}")]
    TableFormat {
        /// Why not.
        reason: String,
    },
    /// The table of public inputs contradicts itself.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The digest in the header of a verifying key, or of a registration, is not that of its contents.
    #[error("the file says that it is of circuit {}, its contents are those of circuit {}; do not use this file", .found, .expected)]
    Digest {
        /// The digest of the contents.
        expected: Digest,
        /// The digest in its header.
        found: Digest,
    },
    /// The digest in the header of a key of links, or that of its selection, is not that of its contents.
    #[error("the file says that it is of link {}, its contents are those of link {}; do not use this file", .found, .expected)]
    Link {
        /// The digest of the contents.
        expected: Digest,
        /// The digest that the file says.
        found: Digest,
    },
    /// A selection of values names one twice, or one that is not there.
    #[error("value {found} of {count} is selected twice or is not there; do not use this file")]
    Selection {
        /// The index.
        found: usize,
        /// How many values there are.
        count: usize,
    },
    /// Two keys are not of the same setup.
    #[error("the proving key and the verifying key are not of the same setup: their {what} differ")]
    Mismatch {
        /// What differs.
        what: &'static str,
    },
}

/// Checks that a point is on its curve and in its subgroup.
///
/// # Errors
/// The first that is not.
pub fn check<C: SWCurveConfig>(p: &Affine<C>, what: &'static str, index: usize) -> Result<(), LoadError> {
    let fault = if !p.is_on_curve() {
        PointFault::Curve
    } else if !is_member(p) {
        PointFault::Subgroup
    } else {
        return Ok(());
    };
    Err(LoadError::Point { what, index, fault })
}

/// Checks that all points of a slice are on their curve and in their subgroup, in parallel: membership of many at once.
///
/// # Errors
/// One that is not.
pub fn check_all<C: SWCurveConfig>(points: &[Affine<C>], what: &'static str) -> Result<(), LoadError> {
    points.chunks(CHUNK).enumerate().try_for_each(|(k, points)| {
        let start = k * CHUNK;
        if let Some(i) = points.par_iter().position_first(|p| !p.is_on_curve()) {
            return Err(LoadError::Point { what, index: start + i, fault: PointFault::Curve });
        }
        check_members(points, &encoded(points, Compress::No), what, start)
    })
}

/// Checks that points on the curve, with their encodings, are in their subgroup; `start` is the index of the first.
fn check_members<C: SWCurveConfig>(
    points: &[Affine<C>],
    bytes: &[u8],
    what: &'static str,
    start: usize,
) -> Result<(), LoadError> {
    if are_members(points, bytes) {
        return Ok(());
    }
    // There is one: sums of members are members.
    let index = points.par_iter().position_first(|p| !is_member(p)).unwrap_or_default();
    Err(LoadError::Point { what, index: start + index, fault: PointFault::Subgroup })
}

/// Checks that no point of a slice is zero.
///
/// # Errors
/// The first that is.
pub fn check_nonzero<C: SWCurveConfig>(points: &[Affine<C>], what: &'static str) -> Result<(), LoadError> {
    match points.iter().position(AffineRepr::is_zero) {
        Some(index) => Err(LoadError::Point { what, index, fault: PointFault::Zero }),
        None => Ok(()),
    }
}

/// A point from its one encoding, which may be outside of its subgroup.
fn parse<C: SWCurveConfig>(
    bytes: &[u8],
    compress: Compress,
    what: &'static str,
    index: usize,
) -> Result<Affine<C>, LoadError> {
    let encoding = LoadError::Point { what, index, fault: PointFault::Encoding };
    let point = Affine::<C>::deserialize_with_mode(bytes, compress, Validate::No).map_err(|_| encoding.clone())?;
    if !point.is_on_curve() {
        return Err(LoadError::Point { what, index, fault: PointFault::Curve });
    }
    // One point, one encoding: arkworks ignores the coordinates of infinity, and the sign of uncompressed points.
    let mut again = Vec::with_capacity(bytes.len());
    point.serialize_with_mode(&mut again, compress).map_err(|_| encoding.clone())?;
    if again == bytes { Ok(point) } else { Err(encoding) }
}

/// How many points are read or written at a time.
const CHUNK: usize = 1 << 12;

/// Where contents are read from.
enum Source<'a> {
    Bytes(&'a [u8]),
    File(&'a mut Payload),
}

/// A cursor over the contents of a file, which checks each length against the bytes that are left before it uses it.
pub struct Reader<'a> {
    source: Source<'a>,
}

impl<'a> Reader<'a> {
    /// A cursor at the start of contents in memory.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { source: Source::Bytes(bytes) }
    }

    /// A cursor over contents that are read from a file as they are asked for.
    pub fn of(payload: &'a mut Payload) -> Self {
        Self { source: Source::File(payload) }
    }

    fn left(&self) -> u64 {
        match &self.source {
            Source::Bytes(bytes) => bytes.len() as u64,
            Source::File(payload) => payload.left(),
        }
    }

    /// As many bytes as there is room for.
    fn fill(&mut self, room: &mut [u8], what: &'static str) -> Result<(), LoadError> {
        let short = LoadError::Truncated { what, expected: room.len() as u64, found: self.left() };
        match &mut self.source {
            Source::Bytes(bytes) => {
                let (taken, rest) = bytes.split_at_checked(room.len()).ok_or(short)?;
                room.copy_from_slice(taken);
                *bytes = rest;
                Ok(())
            }
            Source::File(payload) if payload.left() < room.len() as u64 => Err(short),
            Source::File(payload) => Ok(payload.fill(room)?),
        }
    }

    /// So many bytes.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn take(&mut self, len: usize, what: &'static str) -> Result<Vec<u8>, LoadError> {
        if len as u64 > self.left() {
            return Err(LoadError::Truncated { what, expected: len as u64, found: self.left() });
        }
        let mut bytes = vec![0; len];
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    /// So many bytes, as an array.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], LoadError> {
        let mut array = [0; N];
        self.fill(&mut array, what)?;
        Ok(array)
    }

    /// A length, of elements of `size` bytes that all follow: no other length is returned.
    ///
    /// # Errors
    /// If the bytes end too early.
    pub fn length(&mut self, size: usize, what: &'static str) -> Result<usize, LoadError> {
        let length = u64::from_le_bytes(self.array(what)?);
        let (expected, found) = (length.saturating_mul(size as u64), self.left());
        usize::try_from(length).ok().filter(|_| expected <= found).ok_or(LoadError::Truncated { what, expected, found })
    }

    /// A point.
    ///
    /// # Errors
    /// If the bytes end too early, or are not the one encoding of a point in its group.
    pub fn point<C: SWCurveConfig>(&mut self, compress: Compress, what: &'static str) -> Result<Affine<C>, LoadError> {
        let point = parse(&self.take(C::serialized_size(compress), what)?, compress, what, 0)?;
        check(&point, what, 0)?;
        Ok(point)
    }

    /// A length and that many points, in parallel.
    ///
    /// # Errors
    /// If the bytes end too early, or one is not in its one encoding.
    pub fn points<C: SWCurveConfig>(
        &mut self,
        compress: Compress,
        what: &'static str,
    ) -> Result<Vec<Affine<C>>, LoadError> {
        let size = C::serialized_size(compress);
        let length = self.length(size, what)?;
        let mut points = Vec::with_capacity(length);
        let mut bytes = vec![0; size * length.min(CHUNK)];
        while points.len() < length {
            let start = points.len();
            let chunk = &mut bytes[..size * CHUNK.min(length - start)];
            self.fill(chunk, what)?;
            let parsed =
                chunk.par_chunks_exact(size).enumerate().map(|(i, point)| parse(point, compress, what, start + i));
            let parsed = parsed.collect::<Result<Vec<_>, _>>()?;
            check_members(&parsed, chunk, what, start)?;
            points.extend(parsed);
        }
        Ok(points)
    }

    /// A length and that many field elements, each below the modulus.
    ///
    /// # Errors
    /// If the bytes end too early, or one is not in its one encoding.
    pub fn inputs(&mut self) -> Result<Vec<Fr>, LoadError> {
        let length = self.length(32, "the public inputs")?;
        (0..length)
            .map(|index| from_bytes(&self.array("the public inputs")?).ok_or(LoadError::Modulus { index }))
            .collect()
    }

    /// A field element, below the modulus.
    ///
    /// # Errors
    /// If the bytes end too early, or it is not in its one encoding.
    pub fn element(&mut self, what: &'static str, index: usize) -> Result<Fr, LoadError> {
        from_bytes(&self.array(what)?).ok_or(LoadError::Element { what, index })
    }

    /// A length and the table of public inputs, in the spelling that is written.
    ///
    /// # Errors
    /// If the bytes end too early, or are no such table.
    pub fn table(&mut self) -> Result<PublicTable, LoadError> {
        let what = "the table of public inputs";
        let length = self.length(1, what)?;
        let json = self.take(length, what)?;
        let table: PublicTable =
            serde_json::from_slice(&json).map_err(|error| LoadError::TableFormat { reason: error.to_string() })?;
        if table.to_json() != json {
            return Err(LoadError::TableFormat { reason: "it is not in the spelling that is written".to_owned() });
        }
        Ok(table)
    }

    /// Where a key comes from.
    ///
    /// # Errors
    /// If the bytes end too early, or name no provenance.
    pub fn provenance(&mut self) -> Result<Provenance, LoadError> {
        match self.array("the provenance")? {
            [0] => Ok(Provenance::SingleParty),
            [1] => Ok(Provenance::Transcript(Digest(self.array("the transcript's hash")?))),
            [found] => Err(LoadError::Provenance { found }),
        }
    }

    /// The end.
    ///
    /// # Errors
    /// If bytes follow.
    pub fn finish(self) -> Result<(), LoadError> {
        match self.left() {
            0 => Ok(()),
            found => Err(LoadError::Trailing { found }),
        }
    }
}

/// What is read of a file of that kind, piece by piece: the file as a whole is never in memory.
///
/// # Errors
/// Those of `read`, and if the file is damaged, of another kind, larger than `max_bytes`, or can't be read.
pub fn load<T>(
    path: &Path,
    kind: Kind,
    max_bytes: u64,
    read: impl Fn(Digest, Reader<'_>) -> Result<T, LoadError>,
) -> Result<T, LoadError> {
    let Some((digest, mut payload)) = file::open(path, kind, max_bytes)? else {
        // What is no file, such as a pipe, has the size that is found in the end.
        let bytes = file::load_kind(path, kind, max_bytes)?;
        let (digest, payload) = file::read(&bytes, kind)?;
        return read(digest, Reader::new(payload));
    };
    let found = read(digest, Reader::of(&mut payload));
    // Of damaged contents it is said that they are damaged, and not what that did to them.
    payload.finish()?;
    found
}

/// What is written piece by piece, in memory: that does not fail.
pub fn in_memory(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = write(&mut bytes);
    debug_assert!(written.is_ok());
    bytes
}

/// Appends a point. Writing to memory does not fail.
pub fn put<C: SWCurveConfig>(bytes: &mut Vec<u8>, point: &Affine<C>, compress: Compress) {
    let written = point.serialize_with_mode(bytes, compress);
    debug_assert!(written.is_ok());
}

/// Appends a length and the points.
pub fn put_all<C: SWCurveConfig>(bytes: &mut Vec<u8>, points: &[Affine<C>], compress: Compress) {
    bytes.extend_from_slice(&(points.len() as u64).to_le_bytes());
    bytes.reserve(points.len() * C::serialized_size(compress));
    points.iter().for_each(|point| put(bytes, point, compress));
}

/// Writes a length and the points, some at a time, each chunk in parallel.
///
/// # Errors
/// If they can't be written.
pub fn write_all<C: SWCurveConfig>(out: &mut dyn Write, points: &[Affine<C>], compress: Compress) -> io::Result<()> {
    out.write_all(&(points.len() as u64).to_le_bytes())?;
    points.chunks(CHUNK).try_for_each(|points| out.write_all(&encoded(points, compress)))
}

/// The encodings of points, in parallel.
fn encoded<C: SWCurveConfig>(points: &[Affine<C>], compress: Compress) -> Vec<u8> {
    let size = C::serialized_size(compress);
    let mut bytes = vec![0; size * points.len()];
    bytes.par_chunks_exact_mut(size).zip(points).for_each(|(bytes, point)| {
        // There is room for it.
        let written = point.serialize_with_mode(bytes, compress);
        debug_assert!(written.is_ok());
    });
    bytes
}

/// Appends a provenance.
pub fn put_provenance(bytes: &mut Vec<u8>, provenance: &Provenance) {
    match provenance {
        Provenance::SingleParty => bytes.push(0),
        Provenance::Transcript(hash) => {
            bytes.push(1);
            bytes.extend_from_slice(hash.as_ref());
        }
    }
}
