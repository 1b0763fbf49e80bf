//! Content by CID: from a local folder or an IPFS gateway, checked against its CID whatever either says.
//!
//! | store | get | put |
//! |---|---|---|
//! | folder | the file whose name is the CID | the same |
//! | memory | what was put, or fetched by somebody else and [compared](Memory::insert) | there |
//! | gateway | `GET /ipfs/CID?format=raw` (trustless gateway) | `POST /api/v0/add` of a Kubo node's RPC, never by a gateway |
//!
//! # Soundness
//! Content that does not have the CID's SHA-256 is an error, so a store can withhold content and cannot change it. No
//! more bytes of an answer are kept than a block has, and it may take no longer than a time limit, redirects included.
//! Reading writes nothing.
//!
//! A file is one block, as circuits read it. What IPFS keeps in several blocks is not put together here: whoever puts a
//! longer file names its blocks, as [`crate::package`] does. Its CID depends on no chunker then: Kubo cuts files at
//! 256 KiB and Helia at 1 MiB, unless told otherwise, and the same file has another CID in each.
//!
//! Sources: the specifications of path gateways, trustless gateways and UnixFS (IPFS), of dag-pb (IPLD); Kubo's RPC.

#[cfg(feature = "client")]
use std::time::Duration;
use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest as _, Sha256};
use zkml_core::{
    bounded::{self, ReadError},
    bounty::cid::{CHUNK, CidError, FileCid, Form},
    prove::file,
};

/// The most bytes of a block: a file of one, and what is around it.
const MAX_BLOCK: u64 = CHUNK as u64 + 64;

#[cfg(feature = "client")]
/// How often an answer may be that the content is elsewhere: a gateway may have a host name for each CID.
const MAX_REDIRECTS: u32 = 3;

#[cfg(feature = "client")]
/// The most bytes that are read of what a node says to a file that is put.
const MAX_SAID: u64 = 1 << 16;

/// Content that was not fetched, or not put.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store does not have it, and finds nobody who has.
    #[error("{place} does not find {cid}; ask whoever published it to provide it, or use another gateway")]
    NotFound {
        /// Which store.
        place: String,
        /// What was asked for.
        cid: String,
    },
    /// What came is something else.
    #[error(
        "{place} answered {bytes} bytes that are not those of {cid}; do not use this store: it is damaged, or lies"
    )]
    WrongBytes {
        /// Which store.
        place: String,
        /// What was asked for.
        cid: String,
        /// How many came.
        bytes: usize,
    },
    /// The answer ended before its end.
    #[error("{place} broke off its answer for {cid}; try again")]
    Truncated {
        /// Which store.
        place: String,
        /// What was asked for.
        cid: String,
    },
    /// No answer in time.
    #[error("{place} did not answer for {what} within {seconds} s; try again, or use another gateway")]
    Timeout {
        /// Which store.
        place: String,
        /// The CID, or what was put.
        what: String,
        /// The limit.
        seconds: u64,
    },
    /// The answer has more bytes than a block.
    #[error(
        "{place} answered more than {max} bytes for {cid}, expected one block; if it is a gateway that knows \
        `?format=raw`, the file was added in larger blocks: cut it into files of at most {CHUNK} bytes, and name each"
    )]
    TooLarge {
        /// Which store.
        place: String,
        /// What was asked for.
        cid: String,
        /// The most that is read.
        max: u64,
    },
    /// The block is not a whole file.
    #[error(
        "{cid} is {found}, expected a file of one block, at most {CHUNK} bytes; cut it into such files and name each, \
        as a package names its blocks"
    )]
    NotOneBlock {
        /// What was asked for.
        cid: String,
        /// What it is.
        found: String,
    },
    /// The file is longer than a block.
    #[error(
        "a file has {found} bytes, expected at most {CHUNK}, which are one block; cut it into such files and name \
        each, as a package names its blocks"
    )]
    TooLong {
        /// Its bytes.
        found: usize,
    },
    /// The content is always said to be elsewhere.
    #[error(
        "{place} redirected more than {max} times for {cid}; name the gateway that it leads to, or use another one"
    )]
    Redirects {
        /// Which store.
        place: String,
        /// What was asked for.
        cid: String,
        /// As often as that is followed.
        max: u32,
    },
    /// Another status.
    #[error("{place} answered status {status} for {what}; see its log")]
    Status {
        /// Which store.
        place: String,
        /// The CID, or what was put.
        what: String,
        /// Of HTTP.
        status: u16,
    },
    /// No connection, or no HTTP.
    #[error("{place}: {reason}; is its address right, and does it run?")]
    Unreachable {
        /// Which store.
        place: String,
        /// What happened.
        reason: String,
    },
    /// The node did not say under which CID it stored it.
    #[error(
        "{place} answered {found:?} when {cid} was put, expected a line of JSON with its `Hash`; is it a Kubo node?"
    )]
    NoCid {
        /// Which store.
        place: String,
        /// What was put.
        cid: String,
        /// The beginning of the answer's last line.
        found: String,
    },
    /// The node stored it under another CID.
    #[error(
        "{place} stored the file as {found}, expected {expected}; its chunker or version of CIDs is another: it must \
        be a Kubo node"
    )]
    OtherCid {
        /// Which store.
        place: String,
        /// What it answered.
        found: String,
        /// What the file is.
        expected: String,
    },
    /// Nothing can be put there.
    #[error("{place} is a gateway to read from; name the RPC address of a Kubo node to put files, or use a folder")]
    ReadOnly {
        /// Which store.
        place: String,
    },
    /// The file has no CID of one block.
    #[error(transparent)]
    Cid(#[from] CidError),
    /// A folder can't be read or written.
    #[error("{}: {reason}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
}

#[cfg(feature = "client")]
/// A gateway to read from, and a node to put files to.
#[derive(Clone)]
pub struct Gateway {
    url: String,
    rpc: Option<String>,
    timeout: Duration,
    agent: ureq::Agent,
}

#[cfg(feature = "client")]
impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("url", &self.url).field("rpc", &self.rpc).finish_non_exhaustive()
    }
}

/// Where content is.
#[derive(Clone, Debug)]
pub enum Store {
    /// A folder of files whose names are CIDs.
    Folder(PathBuf),
    /// An IPFS gateway.
    #[cfg(feature = "client")]
    Gateway(Gateway),
    /// Content in memory, by CID: what somebody else has fetched.
    Memory(Memory),
}

/// Content in memory. Clones share it.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl Memory {
    fn blocks(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        // No panic leaves a map of whole blocks half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what a gateway answered for a CID: the content, or its block.
    ///
    /// # Errors
    /// If it is not what the CID names.
    pub fn insert(&self, cid: &FileCid, answer: Vec<u8>, place: &str) -> Result<(), StoreError> {
        let content = content(cid, answer, || place.to_owned())?;
        self.blocks().insert(cid.to_string(), content);
        Ok(())
    }

    /// Whether the content of a CID is there.
    pub fn has(&self, cid: &FileCid) -> bool {
        self.blocks().contains_key(&cid.to_string())
    }

    /// Forgets the content of a CID.
    pub fn remove(&self, cid: &FileCid) {
        self.blocks().remove(&cid.to_string());
    }
}

impl Store {
    /// The folder, which is made when something is put.
    ///
    /// ```
    /// # use zkml_bounty::{cid::Form, ipfs::Store};
    /// # let path = std::env::temp_dir().join(format!("zkml-store-{}", std::process::id()));
    /// let store = Store::folder(&path);
    /// let cid = store.put(Form::Raw, b"hello world")?;
    /// assert_eq!(cid.to_string(), "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
    /// assert_eq!(store.get(&cid)?, b"hello world");
    ///
    /// std::fs::write(path.join(cid.to_string()), b"hello")?;
    /// assert!(store.get(&cid).is_err());
    /// # std::fs::remove_dir_all(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn folder(path: impl AsRef<Path>) -> Self {
        Self::Folder(path.as_ref().to_owned())
    }

    #[cfg(feature = "client")]
    /// The gateway at this address, such as `http://127.0.0.1:8080`, and the RPC address of a Kubo node if files are to
    /// be put, such as `http://127.0.0.1:5001`. An answer may take a minute.
    pub fn gateway(url: &str, rpc: Option<&str>) -> Self {
        Self::gateway_within(url, rpc, Duration::from_secs(60))
    }

    #[cfg(feature = "client")]
    /// As [`Store::gateway`], with another time limit.
    pub fn gateway_within(url: &str, rpc: Option<&str>, timeout: Duration) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .max_redirects(MAX_REDIRECTS)
            .build()
            .into();
        let bare = |url: &str| url.trim_end_matches('/').to_owned();
        Self::Gateway(Gateway { url: bare(url), rpc: rpc.map(bare), timeout, agent })
    }

    /// The content of the file with this CID.
    ///
    /// # Errors
    /// If the store does not have it, does not answer in time or in full, or answers something else; or the file has
    /// several blocks.
    pub fn get(&self, cid: &FileCid) -> Result<Vec<u8>, StoreError> {
        match self {
            Self::Folder(path) => {
                let path = path.join(cid.to_string());
                let place = || path.display().to_string();
                if !path.exists() {
                    return Err(StoreError::NotFound { place: place(), cid: cid.to_string() });
                }
                let bytes = bounded::read(&path, MAX_BLOCK).map_err(|error| match error {
                    ReadError::TooLarge { max, .. } => {
                        StoreError::TooLarge { place: place(), cid: cid.to_string(), max }
                    }
                    error => StoreError::Io { path: path.clone(), reason: error.to_string() },
                })?;
                content(cid, bytes, place)
            }
            #[cfg(feature = "client")]
            Self::Gateway(gateway) => gateway.get(cid),
            Self::Memory(memory) => {
                let found = memory.blocks().get(&cid.to_string()).cloned();
                found.ok_or_else(|| StoreError::NotFound { place: "memory".to_owned(), cid: cid.to_string() })
            }
        }
    }

    /// Puts a file, and says its CID.
    ///
    /// # Errors
    /// If it has more than 256 KiB, or the store does not take it, or takes it for something else.
    pub fn put(&self, form: Form, bytes: &[u8]) -> Result<FileCid, StoreError> {
        if bytes.len() > CHUNK {
            return Err(StoreError::TooLong { found: bytes.len() });
        }
        let cid = FileCid::of(form, bytes)?;
        match self {
            Self::Folder(path) => {
                let io = |reason: String| StoreError::Io { path: path.clone(), reason };
                std::fs::create_dir_all(path).map_err(|error| io(error.to_string()))?;
                file::save(path.join(cid.to_string()), bytes).map_err(|error| io(error.to_string()))?;
            }
            #[cfg(feature = "client")]
            Self::Gateway(gateway) => gateway.put(&cid, bytes)?,
            Self::Memory(memory) => {
                memory.blocks().insert(cid.to_string(), bytes.to_vec());
            }
        }
        Ok(cid)
    }
}

/// The content of a block, or the content itself, if either is what the CID names.
fn content(cid: &FileCid, bytes: Vec<u8>, place: impl Fn() -> String) -> Result<Vec<u8>, StoreError> {
    if cid.names(&bytes) {
        return Ok(bytes);
    }
    if <[u8; 32]>::from(Sha256::digest(&bytes)) != *cid.digest() {
        return Err(StoreError::WrongBytes { place: place(), cid: cid.to_string(), bytes: bytes.len() });
    }
    // A block with this digest, and no raw one: that would have been its own content.
    let whole = within(&bytes).filter(|content| cid.names(content)).map(<[u8]>::to_vec);
    whole.ok_or_else(|| StoreError::NotOneBlock { cid: cid.to_string(), found: kind(&bytes) })
}

/// The content in a dag-pb node that is a file of one block.
fn within(block: &[u8]) -> Option<&[u8]> {
    // What is around a content has at most this many bytes: four numbers of up to three bytes, and their marks.
    (block.len().saturating_sub(20)..=block.len()).rev().find_map(|length| {
        let frame = Form::DagPb.frame(length).ok()?;
        block.strip_prefix(&frame.prefix[..])?.strip_suffix(&frame.suffix[..]).filter(|content| content.len() == length)
    })
}

/// A field of a protobuf message.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// A varint, and what follows it.
fn varint(message: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (i, byte) in message.iter().enumerate().take(9) {
        number |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((number, &message[i + 1..]));
        }
    }
    None
}

/// Calls `each` with the number of each field of a message, and the field; nothing, if it is no message of numbers and
/// bytes.
fn fields<'a>(mut message: &'a [u8], mut each: impl FnMut(u64, Field<'a>)) -> Option<()> {
    while !message.is_empty() {
        let (tag, rest) = varint(message)?;
        let (value, rest) = varint(rest)?;
        let (field, rest) = match tag & 7 {
            0 => (Field::Number(value), rest),
            2 => {
                let (bytes, rest) = rest.split_at_checked(usize::try_from(value).ok()?)?;
                (Field::Bytes(bytes), rest)
            }
            _ => return None,
        };
        each(tag >> 3, field);
        message = rest;
    }
    Some(())
}

/// What a dag-pb block says it is, for people: it is no file of one block.
fn kind(block: &[u8]) -> String {
    let unixfs = || {
        let (mut links, mut data) = (0usize, None);
        fields(block, |number, field| match (number, field) {
            (1, Field::Bytes(bytes)) => data = Some(bytes),
            (2, Field::Bytes(_)) => links += 1,
            _ => {}
        })?;
        let (mut kind, mut size) = (None, 0);
        fields(data?, |number, field| match (number, field) {
            (1, Field::Number(number)) => kind = Some(number),
            (3, Field::Number(number)) => size = number,
            _ => {}
        })?;
        Some(match kind? {
            1 | 5 => format!("a folder with {links} links"),
            0 | 2 if links > 0 => format!("a file of {size} bytes with {links} links to further blocks"),
            0 | 2 => "a file with more about it than its content, or written in another way".to_owned(),
            4 => "a link to another path".to_owned(),
            other => format!("of UnixFS's type {other}"),
        })
    };
    unixfs().unwrap_or_else(|| "no node of UnixFS".to_owned())
}

#[cfg(feature = "client")]
impl Gateway {
    fn failed(&self, place: &str, what: &dyn fmt::Display, error: &ureq::Error) -> StoreError {
        let (place, what) = (place.to_owned(), what.to_string());
        let timeout =
            |io: &std::io::Error| matches!(io.kind(), std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock);
        match error {
            ureq::Error::Timeout(_) => StoreError::Timeout { place, what, seconds: self.timeout.as_secs() },
            ureq::Error::Io(io) if timeout(io) => StoreError::Timeout { place, what, seconds: self.timeout.as_secs() },
            ureq::Error::TooManyRedirects => StoreError::Redirects { place, cid: what, max: MAX_REDIRECTS },
            error => StoreError::Unreachable { place, reason: error.to_string() },
        }
    }

    /// An answer that began, and was not read to its end.
    fn broken(&self, place: &str, cid: &FileCid, error: &ureq::Error) -> StoreError {
        match error {
            ureq::Error::BodyExceedsLimit(max) => {
                StoreError::TooLarge { place: place.to_owned(), cid: cid.to_string(), max: *max }
            }
            error => match self.failed(place, cid, error) {
                // The connection was good until here.
                StoreError::Unreachable { place, .. } => StoreError::Truncated { place, cid: cid.to_string() },
                other => other,
            },
        }
    }

    fn get(&self, cid: &FileCid) -> Result<Vec<u8>, StoreError> {
        let place = || self.url.clone();
        let answer = self
            .agent
            .get(format!("{}/ipfs/{cid}?format=raw", self.url))
            .header("Accept", "application/vnd.ipld.raw")
            .call();
        let mut answer = answer.map_err(|error| self.failed(&self.url, cid, &error))?;
        match answer.status().as_u16() {
            200 => {}
            // Of those that a path gateway may answer: never had, gone, not in its cache, and found nowhere in time.
            404 | 410 | 412 | 504 => return Err(StoreError::NotFound { place: place(), cid: cid.to_string() }),
            status => return Err(StoreError::Status { place: place(), what: cid.to_string(), status }),
        }
        let declared = answer.body().content_length();
        let read = answer.body_mut().with_config().limit(MAX_BLOCK).read_to_vec();
        let bytes = read.map_err(|error| self.broken(&self.url, cid, &error))?;
        if declared.is_some_and(|length| length > bytes.len() as u64) {
            return Err(StoreError::Truncated { place: place(), cid: cid.to_string() });
        }
        content(cid, bytes, place)
    }

    fn put(&self, cid: &FileCid, bytes: &[u8]) -> Result<(), StoreError> {
        let Some(rpc) = &self.rpc else { return Err(StoreError::ReadOnly { place: self.url.clone() }) };
        let raw = cid.form() == Form::Raw;
        // A hash of the content is not within it.
        let boundary = format!("zkml-{cid}");
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{cid}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let body = [head.as_bytes(), bytes, format!("\r\n--{boundary}--\r\n").as_bytes()].concat();
        let url =
            format!("{rpc}/api/v0/add?cid-version=1&raw-leaves={raw}&chunker=size-{CHUNK}&hash=sha2-256&pin=true");
        // A file is sent to nobody but the node that was named.
        let request = self.agent.post(url).config().max_redirects(0).build();
        let sent = request.content_type(format!("multipart/form-data; boundary={boundary}")).send(&body[..]);
        let mut answer = sent.map_err(|error| self.failed(rpc, cid, &error))?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(StoreError::Status { place: rpc.clone(), what: cid.to_string(), status });
        }
        let text = answer.body_mut().with_config().limit(MAX_SAID).read_to_vec();
        let no_cid = |found: String| StoreError::NoCid { place: rpc.clone(), cid: cid.to_string(), found };
        let text = text.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(max) => no_cid(format!("more than {max} bytes")),
            error => self.broken(rpc, cid, &error),
        })?;
        let text = String::from_utf8_lossy(&text);
        let line = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        let found = serde_json::from_str::<serde_json::Value>(line)
            .ok()
            .and_then(|line| line.get("Hash").and_then(|hash| hash.as_str()).map(str::to_owned));
        let found = found.ok_or_else(|| no_cid(line.chars().take(80).collect()))?;
        if found == cid.to_string() {
            Ok(())
        } else {
            Err(StoreError::OtherCid { place: rpc.clone(), found, expected: cid.to_string() })
        }
    }
}

#[cfg(all(test, feature = "client"))]
mod tests;
