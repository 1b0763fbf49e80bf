//! Who contributed what, as transcripts have it and hash it.
//!
//! ```text
//! record: length: u64 | name | source | (delta: 32 | s: 32 | s x: 32 | x Q: 64) of each phase
//! source: 0, or 1 | log2 of the iterations: u8 | length: u64 | value
//! ```

use ark_serialize::Compress;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;
use zkml_groth16::ceremony::Update;

use super::error::CeremonyError;
use crate::prove::{
    Digest, LoadError,
    points::{self, Reader},
};

/// The longest name of a contributor, in bytes.
pub const LONGEST_NAME: usize = 100;
/// The longest value of a beacon, in bytes.
pub const LONGEST_VALUE: usize = 1 << 10;
/// What the logarithm of a beacon's number of iterations may be.
pub const ITERATIONS: [u8; 2] = [10, 28];

/// Where the secrets of a contribution come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// From its contributor, who forgot them.
    Secret,
    /// From a public value that nobody could choose, so that everybody can compute them.
    Beacon {
        /// The value: the hash of a block that was not there when the last contributor was done, say.
        value: Vec<u8>,
        /// The logarithm of how often it is hashed.
        log2_iterations: u8,
    },
}

impl Source {
    /// The seed of a beacon: its value, hashed so often.
    pub(super) fn beacon(value: &[u8], log2_iterations: u8) -> Zeroizing<[u8; 32]> {
        let mut seed: [u8; 32] = Sha256::digest(value).into();
        for _ in 1..1u64 << log2_iterations {
            seed = Sha256::digest(seed).into();
        }
        Zeroizing::new(seed)
    }
}

/// One contribution of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What its contributor calls itself.
    pub name: String,
    /// Where its secrets come from.
    pub source: Source,
    /// What it did to each delta, and the proofs that it knew the factors.
    pub updates: Vec<Update>,
}

impl Record {
    /// A record without updates, which its challenge is a hash of.
    ///
    /// # Errors
    /// If name or value are empty or too long, or the beacon has too many iterations, or too few.
    pub(super) fn new(name: &str, source: Source) -> Result<Self, CeremonyError> {
        let length = |what, found: usize, most: usize| {
            if (1..=most).contains(&found) { Ok(()) } else { Err(CeremonyError::Length { what, found, most }) }
        };
        length("the contributor's name", name.len(), LONGEST_NAME)?;
        if name.chars().any(char::is_control) {
            return Err(LoadError::Text { what: "the contributor's name" }.into());
        }
        if let Source::Beacon { value, log2_iterations } = &source {
            length("the beacon's value", value.len(), LONGEST_VALUE)?;
            if !(ITERATIONS[0]..=ITERATIONS[1]).contains(log2_iterations) {
                return Err(CeremonyError::Iterations { found: *log2_iterations, range: ITERATIONS });
            }
        }
        Ok(Self { name: name.to_owned(), source, updates: vec![] })
    }

    fn put_head(&self, bytes: &mut Vec<u8>) {
        put_bytes(bytes, self.name.as_bytes());
        match &self.source {
            Source::Secret => bytes.push(0),
            Source::Beacon { value, log2_iterations } => {
                bytes.extend_from_slice(&[1, *log2_iterations]);
                put_bytes(bytes, value);
            }
        }
    }

    pub(super) fn put(&self, bytes: &mut Vec<u8>) {
        self.put_head(bytes);
        for Update { delta, s, sx, spx } in &self.updates {
            [delta, s, sx].iter().for_each(|point| points::put(bytes, point, Compress::Yes));
            points::put(bytes, spx, Compress::Yes);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>, phases: usize) -> Result<Self, LoadError> {
        let name = text(reader, LONGEST_NAME, "the contributor's name")?;
        let source = match reader.array("the source of a contribution")? {
            [0] => Source::Secret,
            [1] => {
                let [log2_iterations] = reader.array("the beacon's iterations")?;
                let value = bytes(reader, LONGEST_VALUE, "the beacon's value")?;
                Source::Beacon { value, log2_iterations }
            }
            [found] => return Err(LoadError::Source { found }),
        };
        let what = "a contribution";
        let update = |reader: &mut Reader<'_>| {
            let mut point = || reader.point(Compress::Yes, what);
            let (delta, s, sx) = (point()?, point()?, point()?);
            Ok(Update { delta, s, sx, spx: reader.point(Compress::Yes, what)? })
        };
        let updates = (0..phases).map(|_| update(reader)).collect::<Result<_, LoadError>>()?;
        Ok(Self { name, source, updates })
    }

    /// What its proofs of knowledge are bound to: all that came before, and whose contribution it is.
    pub(super) fn challenge(&self, before: &Digest) -> [u8; 32] {
        let mut head = vec![];
        self.put_head(&mut head);
        Sha256::new()
            .chain_update(b"zkml ceremony challenge 1")
            .chain_update(before)
            .chain_update(&head)
            .finalize()
            .into()
    }

    /// The transcript after it.
    pub(super) fn after(&self, before: &Digest) -> Digest {
        let mut whole = vec![];
        self.put(&mut whole);
        let hash = Sha256::new().chain_update(b"zkml ceremony record 1").chain_update(before).chain_update(&whole);
        Digest(hash.finalize().into())
    }
}

/// Appends a length and the bytes.
pub(super) fn put_bytes(bytes: &mut Vec<u8>, more: &[u8]) {
    bytes.extend_from_slice(&(more.len() as u64).to_le_bytes());
    bytes.extend_from_slice(more);
}

fn bytes(reader: &mut Reader<'_>, most: usize, what: &'static str) -> Result<Vec<u8>, LoadError> {
    let found = reader.length(1, what)?;
    if found == 0 || found > most {
        return Err(LoadError::Length { what, expected: most, found });
    }
    reader.take(found, what)
}

/// A length and so many bytes of text.
pub(super) fn text(reader: &mut Reader<'_>, most: usize, what: &'static str) -> Result<String, LoadError> {
    let text = String::from_utf8(bytes(reader, most, what)?).ok();
    // What is printed beside hashes must not move the cursor.
    text.filter(|text| !text.chars().any(char::is_control)).ok_or(LoadError::Text { what })
}
