//! Container of the files of keys, proofs and circuits: `zkml | kind: u8 | version: u16 | circuit digest: 32 | length: u64 | payload |
//! sha256 of all before`, little endian. Plans are JSON, weights safetensors. Where a file is not of a circuit but of keys (registered
//! weights, links), the digest is that of the key, or of the link.

use std::cmp::Ordering;
use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::Digest;
use crate::bounded::{self, ReadError};

/// The first bytes of every file.
pub const MAGIC: [u8; 4] = *b"zkml";
/// Format version of every container file (keys, proofs, circuits), the only one that is read: raising it refuses all older
/// files, whatever their kind. In version 1 the digest of a circuit did not cover the table
/// of its public inputs.
pub const VERSION: u16 = 2;
/// The bytes before the payload.
pub const HEADER: usize = 47;
/// The bytes after the payload.
pub const CHECKSUM: usize = 32;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A [`ProvingKey`](super::ProvingKey). The number 1 was that of one with another basis of the quotient.
    ProvingKey = 6,
    /// A [`VerifyingKey`](super::VerifyingKey).
    VerifyingKey = 2,
    /// A [`Proof`](super::Proof).
    Proof = 3,
    /// A circuit.
    Circuit = 4,
    /// A plan: reserved, since plans are saved as JSON.
    Plan = 5,
    /// A proving key of [`TwoPhase`](super::TwoPhase).
    TwoPhaseProvingKey = 7,
    /// A verifying key of [`TwoPhase`](super::TwoPhase).
    TwoPhaseVerifyingKey = 8,
    /// A proof of [`TwoPhase`](super::TwoPhase).
    TwoPhaseProof = 9,
    /// A proving key of [`Registered`](super::Registered).
    RegisteredProvingKey = 10,
    /// A verifying key of [`Registered`](super::Registered).
    RegisteredVerifyingKey = 11,
    /// A proof of [`Registered`](super::Registered).
    RegisteredProof = 12,
    /// A [`WeightsCommitment`](super::WeightsCommitment).
    WeightsCommitment = 13,
    /// What only the owner of a [`WeightsCommitment`](super::WeightsCommitment) knows: its weights and what hides them.
    WeightsOpening = 14,
    /// A proving key of [links](super::link).
    LinkProvingKey = 15,
    /// A [`LinkVerifyingKey`](super::LinkVerifyingKey).
    LinkVerifyingKey = 16,
    /// A [`LinkProof`](super::LinkProof).
    LinkProof = 17,
    /// The state of a ceremony.
    Ceremony = 18,
    /// A contribution to a ceremony.
    Contribution = 19,
    /// A contribution to a key of links.
    LinkContribution = 20,
    /// A registration of weights, made of four files.
    Registration = 21,
}

impl Kind {
    const ALL: [Self; 20] = [
        Self::ProvingKey,
        Self::VerifyingKey,
        Self::Proof,
        Self::Circuit,
        Self::Plan,
        Self::TwoPhaseProvingKey,
        Self::TwoPhaseVerifyingKey,
        Self::TwoPhaseProof,
        Self::RegisteredProvingKey,
        Self::RegisteredVerifyingKey,
        Self::RegisteredProof,
        Self::WeightsCommitment,
        Self::WeightsOpening,
        Self::LinkProvingKey,
        Self::LinkVerifyingKey,
        Self::LinkProof,
        Self::Ceremony,
        Self::Contribution,
        Self::LinkContribution,
        Self::Registration,
    ];

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProvingKey => "proving key",
            Self::VerifyingKey => "verifying key",
            Self::Proof => "proof",
            Self::Circuit => "circuit",
            Self::Plan => "plan",
            Self::TwoPhaseProvingKey => "two-phase proving key",
            Self::TwoPhaseVerifyingKey => "two-phase verifying key",
            Self::TwoPhaseProof => "two-phase proof",
            Self::RegisteredProvingKey => "proving key of registered weights",
            Self::RegisteredVerifyingKey => "verifying key of registered weights",
            Self::RegisteredProof => "proof with registered weights",
            Self::WeightsCommitment => "commitment to weights",
            Self::WeightsOpening => "secret opening of a commitment to weights",
            Self::LinkProvingKey => "proving key of links",
            Self::LinkVerifyingKey => "verifying key of links",
            Self::LinkProof => "link",
            Self::Ceremony => "state of a ceremony",
            Self::Contribution => "contribution to a ceremony",
            Self::LinkContribution => "contribution to a key of links",
            Self::Registration => "registration of weights",
        })
    }
}

/// A file that can't be read or written, or is not the one asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The first bytes are not `zkml`.
    #[error("not a zkml file, expected a {expected}")]
    Magic {
        /// The kind asked for.
        expected: Kind,
    },
    /// The first bytes are not `zkml` and a kind that this version knows.
    #[error("{path} is not a file of zkml, or of a later version")]
    Unknown {
        /// Its path.
        path: String,
    },
    /// The file holds something else.
    #[error("the file holds a {found}, expected a {expected}")]
    Kind {
        /// The kind asked for.
        expected: Kind,
        /// The kind found.
        found: Kind,
    },
    /// The file holds something that this version does not know.
    #[error("the file holds something of the unknown kind {found}, expected a {expected}")]
    UnknownKind {
        /// The kind asked for.
        expected: Kind,
        /// The byte found.
        found: u8,
    },
    /// The file is of another version.
    #[error("the file has version {found}, this build reads version {supported}; use the release that wrote it")]
    Version {
        /// The version found.
        found: u16,
        /// The version that is read.
        supported: u16,
    },
    /// The file ends too early.
    #[error("the file is truncated: expected {expected} bytes, found {found}")]
    Truncated {
        /// How many bytes it should have, `u64::MAX` where that overflows.
        expected: u64,
        /// How many it has.
        found: u64,
    },
    /// Bytes follow where the file should end.
    #[error("the file has bytes after its end: expected {expected} bytes, found {found}")]
    Trailing {
        /// How many bytes it should have.
        expected: u64,
        /// How many it has.
        found: u64,
    },
    /// The checksum is not that of the contents.
    #[error("the file is damaged: its checksum is that of other contents; copy it again")]
    Checksum,
    /// The file is larger than anything of its kind.
    #[error("{path} has {found} bytes, expected at most {max}")]
    TooLarge {
        /// Its path.
        path: String,
        /// Its size, or the first size known to be too much.
        found: u64,
        /// The most that is read.
        max: u64,
    },
    /// The operating system refused.
    #[error("cannot {action} {path}: {reason}")]
    Io {
        /// The file's path.
        path: String,
        /// `read` or `write`.
        action: &'static str,
        /// Why not.
        reason: String,
    },
}

/// What stands before a payload of so many bytes.
fn start(kind: Kind, digest: &Digest, length: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend_from_slice(&MAGIC);
    bytes.push(kind as u8);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(digest.as_ref());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes
}

/// The file of a payload.
pub fn write(kind: Kind, digest: &Digest, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + payload.len() + CHECKSUM);
    bytes.extend_from_slice(&start(kind, digest, payload.len() as u64));
    bytes.extend_from_slice(payload);
    let checksum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    bytes
}

/// What a file says of itself before its payload.
struct Header {
    digest: Digest,
    /// The bytes of the whole file, `u64::MAX` where that overflows.
    length: u64,
}

/// The header of a file of that kind, of which so many bytes were found.
fn header(bytes: &[u8], kind: Kind, found: u64) -> Result<Header, FileError> {
    let short = FileError::Truncated { expected: (HEADER + CHECKSUM) as u64, found };
    if bytes.iter().zip(&MAGIC).any(|(a, b)| a != b) {
        return Err(FileError::Magic { expected: kind });
    }
    let header = bytes.first_chunk::<HEADER>().ok_or(short)?;
    match Kind::from_byte(header[4]) {
        Some(found) if found == kind => {}
        Some(found) => return Err(FileError::Kind { expected: kind, found }),
        None => return Err(FileError::UnknownKind { expected: kind, found: header[4] }),
    }
    let version = u16::from_le_bytes([header[5], header[6]]);
    if version != VERSION {
        return Err(FileError::Version { found: version, supported: VERSION });
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(&header[7..39]);
    let mut length = [0; 8];
    length.copy_from_slice(&header[39..]);
    let length = u64::from_le_bytes(length).saturating_add((HEADER + CHECKSUM) as u64);
    Ok(Header { digest: Digest(digest), length })
}

/// The circuit digest and the payload of a file of that kind. Nothing is allocated.
///
/// # Errors
/// If it is not a file of ours, of another kind or version, too short or too long, or damaged.
///
/// # Soundness
/// The checksum finds accidents, not forgers: anyone can compute it.
///
/// ```
/// # use zkml_core::prove::file::{read, write, FileError, Kind};
/// let bytes = write(Kind::Plan, &[7; 32].into(), b"payload");
/// assert_eq!(read(&bytes, Kind::Plan), Ok(([7; 32].into(), &b"payload"[..])));
/// assert_eq!(read(&bytes, Kind::Proof).unwrap_err().to_string(), "the file holds a plan, expected a proof");
/// ```
pub fn read(bytes: &[u8], kind: Kind) -> Result<(Digest, &[u8]), FileError> {
    let found = bytes.len() as u64;
    let Header { digest, length: expected } = header(bytes, kind, found)?;
    if found < expected {
        return Err(FileError::Truncated { expected, found });
    }
    if found > expected {
        return Err(FileError::Trailing { expected, found });
    }
    let short = FileError::Truncated { expected, found };
    let (payload, checksum) = bytes[HEADER..].split_last_chunk::<CHECKSUM>().ok_or(short)?;
    if Sha256::digest(&bytes[..HEADER + payload.len()])[..] != checksum[..] {
        return Err(FileError::Checksum);
    }
    Ok((digest, payload))
}

/// What a file says that it holds.
///
/// # Errors
/// If it can't be read, or is not one of ours.
pub fn kind(path: impl AsRef<Path>) -> Result<Kind, FileError> {
    let path = path.as_ref();
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(failed(path, "read"))?;
    file.take(HEADER as u64).read_to_end(&mut bytes).map_err(failed(path, "read"))?;
    kind_of(&bytes).ok_or_else(|| FileError::Unknown { path: path.display().to_string() })
}

/// What the bytes of a file say that it holds; nothing if it is not one of ours, or of a kind that this version does not know.
///
/// ```
/// # use zkml_core::prove::file::{Kind, kind_of, write};
/// assert_eq!(kind_of(&write(Kind::Proof, &[7; 32].into(), b"payload")), Some(Kind::Proof));
/// assert_eq!(kind_of(b"zkm"), None);
/// ```
pub fn kind_of(bytes: &[u8]) -> Option<Kind> {
    bytes.strip_prefix(&MAGIC).and_then(|rest| Kind::from_byte(*rest.first()?))
}

fn failed(path: &Path, action: &'static str) -> impl Fn(std::io::Error) -> FileError {
    let path = path.display().to_string();
    move |error| FileError::Io { path: path.clone(), action, reason: error.to_string() }
}

fn unread(path: &Path, max: u64) -> impl Fn(ReadError) -> FileError {
    let (path, max) = (path.to_owned(), max);
    move |error| match error {
        ReadError::TooLarge { found, .. } => FileError::TooLarge { path: path.display().to_string(), found, max },
        ReadError::Io(error) => failed(&path, "read")(error),
    }
}

/// The bytes of a file that has at most `max_bytes`: see [`bounded::read`].
///
/// # Errors
/// If it is larger, or can't be read.
pub fn load(path: impl AsRef<Path>, max_bytes: u64) -> Result<Vec<u8>, FileError> {
    let path = path.as_ref();
    bounded::read(path, max_bytes).map_err(unread(path, max_bytes))
}

/// A file of which the header is read.
struct Begun {
    file: fs::File,
    metadata: fs::Metadata,
    /// The bytes of the header.
    bytes: Vec<u8>,
    header: Header,
}

/// Opens a file of that kind, and reads its header: neither it nor the file says that there are more than so many bytes.
fn begin(path: &Path, kind: Kind, max_bytes: u64) -> Result<Begun, FileError> {
    let failed = failed(path, "read");
    let mut file = fs::File::open(path).map_err(&failed)?;
    let metadata = file.metadata().map_err(&failed)?;
    let mut bytes = Vec::new();
    (&mut file).take(HEADER as u64).read_to_end(&mut bytes).map_err(&failed)?;
    let header = header(&bytes, kind, bytes.len() as u64)?;
    let found = metadata.len().max(header.length);
    if found > max_bytes {
        return Err(unread(path, max_bytes)(ReadError::TooLarge { found, max: max_bytes }));
    }
    Ok(Begun { file, metadata, bytes, header })
}

/// The bytes of a file of that kind, which [`read`] takes: its header is read first, and then no more than it says.
///
/// # Errors
/// As [`load`]; and if it is no file of ours, or of another kind or version.
pub fn load_kind(path: impl AsRef<Path>, kind: Kind, max_bytes: u64) -> Result<Vec<u8>, FileError> {
    let path = path.as_ref();
    let Begun { file, metadata, mut bytes, header: Header { length, .. } } = begin(path, kind, max_bytes)?;
    let size = metadata.len();
    match bounded::append(file, &mut bytes, length) {
        Ok(()) => Ok(bytes),
        Err(ReadError::TooLarge { found, .. }) => Err(FileError::Trailing { expected: length, found: found.max(size) }),
        Err(error) => Err(unread(path, max_bytes)(error)),
    }
}

/// The payload of a file, which is read as it is asked for, and hashed.
pub struct Payload {
    file: fs::File,
    path: PathBuf,
    hash: Sha256,
    /// The bytes of the whole file.
    length: u64,
    /// Those of the payload that are not read yet.
    left: u64,
}

/// The circuit digest and the payload of a file of that kind, whose header is read; nothing for what is no file, such as a pipe, and does not say
/// its size.
///
/// # Errors
/// As [`load_kind`]; and if the file is shorter or longer than its header says.
pub fn open(path: impl AsRef<Path>, kind: Kind, max_bytes: u64) -> Result<Option<(Digest, Payload)>, FileError> {
    let path = path.as_ref();
    if !fs::metadata(path).map_err(failed(path, "read"))?.is_file() {
        return Ok(None);
    }
    let Begun { file, metadata, bytes, header: Header { digest, length } } = begin(path, kind, max_bytes)?;
    let found = metadata.len();
    match found.cmp(&length) {
        Ordering::Less => return Err(FileError::Truncated { expected: length, found }),
        Ordering::Greater => return Err(FileError::Trailing { expected: length, found }),
        Ordering::Equal => {}
    }
    let hash = Sha256::new_with_prefix(&bytes);
    let left = length - (HEADER + CHECKSUM) as u64;
    Ok(Some((digest, Payload { file, path: path.to_owned(), hash, length, left })))
}

impl Payload {
    /// How many bytes are left.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// As many bytes as there is room for.
    ///
    /// # Errors
    /// If there are fewer, or the file can't be read.
    pub fn fill(&mut self, room: &mut [u8]) -> Result<(), FileError> {
        let found = self.length - CHECKSUM as u64 - self.left;
        let short = FileError::Truncated { expected: found.saturating_add(room.len() as u64), found };
        self.left = self.left.checked_sub(room.len() as u64).ok_or_else(|| short.clone())?;
        self.file.read_exact(room).map_err(|error| {
            // It was longer when it was opened.
            if error.kind() == io::ErrorKind::UnexpectedEof { short } else { failed(&self.path, "read")(error) }
        })?;
        self.hash.update(&*room);
        Ok(())
    }

    /// Reads what is left, and compares the checksum.
    ///
    /// # Errors
    /// If the file is damaged, has another length than it had, or can't be read.
    pub fn finish(mut self) -> Result<(), FileError> {
        let mut room = vec![0; 1 << 16];
        while self.left > 0 {
            let piece = room.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.fill(&mut room[..piece])?;
        }
        let mut end = Vec::new();
        let rest = (&mut self.file).take(CHECKSUM as u64 + 1).read_to_end(&mut end);
        rest.map_err(failed(&self.path, "read"))?;
        let found = self.length - CHECKSUM as u64 + end.len() as u64;
        match end.len().cmp(&CHECKSUM) {
            Ordering::Less => Err(FileError::Truncated { expected: self.length, found }),
            Ordering::Greater => Err(FileError::Trailing { expected: self.length, found }),
            Ordering::Equal if self.hash.finalize()[..] == end[..] => Ok(()),
            Ordering::Equal => Err(FileError::Checksum),
        }
    }
}

/// Hashes what is written on its way.
struct Hashed<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// How much is written.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The bytes of a file whose payload is written piece by piece.
///
/// # Errors
/// Those of the payload.
pub fn bytes_of(payload: impl Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<u64> {
    let mut count = Count((HEADER + CHECKSUM) as u64);
    payload(&mut count)?;
    Ok(count.0)
}

/// As [`save`], a file of that kind whose payload is written piece by piece: twice, since its length comes first.
///
/// # Errors
/// As [`save`], and those of the payload.
pub fn save_pieces(
    path: impl AsRef<Path>,
    kind: Kind,
    digest: &Digest,
    payload: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    let path = path.as_ref();
    bounded::save_with(path, false, |file| {
        let length = bytes_of(&payload)? - (HEADER + CHECKSUM) as u64;
        let mut out = Hashed { out: io::BufWriter::new(file), hash: Sha256::new() };
        out.write_all(&start(kind, digest, length))?;
        payload(&mut out)?;
        let Hashed { mut out, hash } = out;
        out.write_all(&hash.finalize())?;
        out.flush()
    })
    .map_err(failed(path, "write"))
}

/// Writes a file whole or not at all: to a temporary one beside it, which then takes its name.
///
/// # Errors
/// If the path names no file, or the directory can't be written.
pub fn save(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), FileError> {
    let path = path.as_ref();
    bounded::save(path, bytes).map_err(failed(path, "write"))
}

/// As [`save`], a file that only its owner may read, where the system knows of owners.
///
/// # Errors
/// As [`save`].
pub fn save_secret(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), FileError> {
    let path = path.as_ref();
    bounded::save_secret(path, bytes).map_err(failed(path, "write"))
}

#[cfg(test)]
mod tests;
