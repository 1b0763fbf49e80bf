//! CID of a file of one block: `cid = (version, codec, SHA-256(prefix | content | suffix))`
//!
//! | form | written | codec | prefix | suffix |
//! |---|---|---|---|---|
//! | raw | `bafkrei..` | `55` | none | none |
//! | dag-pb | `bafybei..`, or `Qm..` in version 0 | `70` | `0a` u `08 02 12` n | `18` n |
//!
//! `n` is the number of the content's bytes and `u` that of what follows it in the block, as varints. That is a node without
//! links (dag-pb), whose data say that they are a file, its content and its length (UnixFS). Where there is no content, `12 n` is
//! left out. So prefix and suffix are constants for a given length, and cost next to nothing in a circuit.
//!
//! IPFS cuts longer files into several blocks, whose CIDs the named block then holds: those are not supported.
//!
//! Sources: the specifications of CID, multihash and multibase (multiformats), of dag-pb (IPLD) and of UnixFS (IPFS).

use std::{fmt, str::FromStr};

use ::cid::{Cid, Version};
use multihash::Multihash;

use crate::{
    gadget::{Cs, bits::byte::Byte, hash::sha256},
    number::Cost,
};

/// The most bytes of a file of one block, unless whoever adds it says otherwise: 256 KiB.
pub const CHUNK: usize = 1 << 18;

/// The number of SHA-256 among hash functions (multihash).
const SHA2_256: u64 = 0x12;

/// What a CID can't be, or be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CidError {
    /// Text that is no CID.
    #[error("{found:?} is no CID: {reason}")]
    Text {
        /// The text.
        found: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A CID of a file in another form than the circuit reads.
    #[error(
        "the CID is that of a file stored as {found:?}, the circuit reads {expected:?}; use the circuit of that form"
    )]
    Form {
        /// The form of the CID.
        found: Form,
        /// That of the circuit.
        expected: Form,
    },
    /// A CID in another base, or with something around it: texts would differ, and name the same file.
    #[error("{found:?} is another way to write `{expected}`; write it so")]
    NotCanonical {
        /// The text.
        found: String,
        /// The same CID, in lower-case base 32; in base 58 if its version is 0.
        expected: String,
    },
    /// A codec that is not that of a file.
    #[error("the codec of a CID is {found:#x}, expected 0x55 (raw) or 0x70 (dag-pb)")]
    Codec {
        /// Its number.
        found: u64,
    },
    /// Another hash function.
    #[error("the hash function of a CID is {found:#x}, expected 0x12 (sha2-256); add the file with that")]
    Hash {
        /// Its number.
        found: u64,
    },
    /// A digest that is cut off.
    #[error("the digest of a CID has {found} bytes, expected 32")]
    Digest {
        /// Its bytes.
        found: usize,
    },
    /// A raw block in version 0, which has dag-pb only.
    #[error("a CID of a raw block is of version 1, found version 0; dag-pb has both")]
    Version,
    /// A file of more than one block.
    #[error("a file has {found} bytes, expected at most {CHUNK}: IPFS cuts longer ones into several blocks")]
    TooLong {
        /// Its bytes.
        found: usize,
    },
}

/// How a file is stored as one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The content itself: what `ipfs add --cid-version 1` makes.
    Raw,
    /// The content in a UnixFS message, in a dag-pb node: what `ipfs add` makes without that.
    DagPb,
}

/// What is around the content in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Before it.
    pub prefix: Vec<u8>,
    /// After it.
    pub suffix: Vec<u8>,
}

impl Form {
    /// The number of the codec (multicodec).
    pub fn codec(self) -> u64 {
        match self {
            Self::Raw => 0x55,
            Self::DagPb => 0x70,
        }
    }

    /// What is around a content of so many bytes.
    ///
    /// # Errors
    /// If these are more than [`CHUNK`].
    ///
    /// ```
    /// # use zkml_core::bounty::cid::{Form, Frame};
    /// let frame = Form::DagPb.frame(5)?;
    /// assert_eq!(frame.prefix, [0x0a, 11, 0x08, 2, 0x12, 5]);
    /// assert_eq!(frame.suffix, [0x18, 5]);
    /// assert_eq!(Form::Raw.frame(5)?, Frame { prefix: vec![], suffix: vec![] });
    /// # Ok::<(), zkml_core::bounty::cid::CidError>(())
    /// ```
    pub fn frame(self, length: usize) -> Result<Frame, CidError> {
        if length > CHUNK {
            return Err(CidError::TooLong { found: length });
        }
        Ok(match self {
            Self::Raw => Frame { prefix: vec![], suffix: vec![] },
            Self::DagPb => {
                // The type: a file. The data, if there are any. The length.
                let mut data = vec![0x08, 2];
                if length > 0 {
                    data.push(0x12);
                    data.extend(varint(length));
                }
                let suffix: Vec<u8> = std::iter::once(0x18).chain(varint(length)).collect();
                let prefix =
                    std::iter::once(0x0a).chain(varint(data.len() + length + suffix.len())).chain(data).collect();
                Frame { prefix, suffix }
            }
        })
    }

    /// The block, of which the SHA-256 is in the CID.
    ///
    /// # Errors
    /// As [`Form::frame`].
    pub fn block(self, content: &[u8]) -> Result<Vec<u8>, CidError> {
        let Frame { prefix, suffix } = self.frame(content.len())?;
        Ok([&prefix, content, &suffix].concat())
    }
}

/// Seven bits a byte, the lowest first; all bytes but the last have the highest bit set.
fn varint(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

/// The CID of a file of one block, with SHA-256. It prints as IPFS writes it, and parses from that.
///
/// ```
/// # use zkml_core::bounty::cid::{FileCid, Form};
/// let cid = FileCid::of(Form::Raw, b"hello world")?;
/// assert_eq!(cid.to_string(), "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
/// let cid = FileCid::of(Form::DagPb, b"hello world\n")?.version0()?;
/// assert_eq!(cid.to_string(), "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o");
/// assert_eq!(cid.to_string().parse(), Ok(cid));
/// # Ok::<(), zkml_core::bounty::cid::CidError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileCid {
    cid: Cid,
    form: Form,
    digest: [u8; 32],
}

impl FileCid {
    /// The CID of a content, in version 1.
    ///
    /// # Errors
    /// If it has more than [`CHUNK`] bytes.
    pub fn of(form: Form, content: &[u8]) -> Result<Self, CidError> {
        Self::of_digest(form, &sha256::eval(&form.block(content)?))
    }

    /// The CID of a block with this SHA-256, in version 1.
    ///
    /// # Errors
    /// Never, of 32 bytes.
    pub fn of_digest(form: Form, digest: &[u8; 32]) -> Result<Self, CidError> {
        let hash = Multihash::wrap(SHA2_256, digest).map_err(|_| CidError::Digest { found: digest.len() })?;
        Self::try_from(Cid::new_v1(form.codec(), hash))
    }

    /// The same in version 0.
    ///
    /// # Errors
    /// If it is that of a raw block.
    pub fn version0(self) -> Result<Self, CidError> {
        let cid = Cid::new(Version::V0, self.cid.codec(), *self.cid.hash()).map_err(|_| CidError::Version)?;
        Ok(Self { cid, ..self })
    }

    /// How the file is stored.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The SHA-256 of the block.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The digest as the public inputs of a circuit that reads files of this form: two numbers of 128 bits, big endian.
    ///
    /// # Errors
    /// If the file is stored in the other form.
    ///
    /// # Soundness
    /// The dag-pb block of one file may be the raw content of another, with the same digest: what a digest names depends on the form, which
    /// the circuit fixes. So the form of the circuit is compared here.
    pub fn halves(&self, circuit: Form) -> Result<[u128; 2], CidError> {
        if self.form != circuit {
            return Err(CidError::Form { found: self.form, expected: circuit });
        }
        Ok(sha256::eval_halves(&self.digest))
    }

    /// Whether both name the same block in the same form, whatever the version of their texts.
    pub fn same_block(&self, other: &Self) -> bool {
        (self.form, self.digest) == (other.form, other.digest)
    }

    /// Whether this is the content that it names.
    pub fn names(&self, content: &[u8]) -> bool {
        Self::of(self.form, content).is_ok_and(|of_content| of_content.digest == self.digest)
    }
}

impl TryFrom<Cid> for FileCid {
    type Error = CidError;

    fn try_from(cid: Cid) -> Result<Self, CidError> {
        let form = match cid.codec() {
            0x55 => Form::Raw,
            0x70 => Form::DagPb,
            found => return Err(CidError::Codec { found }),
        };
        let hash = cid.hash();
        if hash.code() != SHA2_256 {
            return Err(CidError::Hash { found: hash.code() });
        }
        let digest = hash.digest().try_into().map_err(|_| CidError::Digest { found: hash.digest().len() })?;
        Ok(Self { cid, form, digest })
    }
}

/// The longest text that is read, in bytes: a CID of a file has 46 or 59.
const MAX_TEXT: usize = 128;

impl FromStr for FileCid {
    type Err = CidError;

    fn from_str(text: &str) -> Result<Self, CidError> {
        // Decoding takes time in proportion to the square of the length: nothing longer is a CID of a file.
        if text.len() > MAX_TEXT {
            let found = text.chars().take(MAX_TEXT).collect();
            return Err(CidError::Text {
                found,
                reason: format!("it has {} bytes, expected at most {MAX_TEXT}", text.len()),
            });
        }
        let found = || text.to_owned();
        let cid = Cid::try_from(text)
            .map_err(|error| CidError::Text { found: found(), reason: error.to_string().to_lowercase() })?;
        let expected = cid.to_string();
        if expected != text {
            return Err(CidError::NotCanonical { found: found(), expected });
        }
        Self::try_from(cid)
    }
}

impl fmt::Display for FileCid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cid, f)
    }
}

impl fmt::Debug for FileCid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The bytes of the block of a content.
fn block<W: Clone + 'static>(content: &[Byte<W>], form: Form) -> Result<Vec<Byte<W>>, CidError> {
    let Frame { prefix, suffix } = form.frame(content.len())?;
    let known = |bytes: Vec<u8>| bytes.into_iter().map(Byte::known);
    Ok(known(prefix).chain(content.iter().cloned()).chain(known(suffix)).collect())
}

/// The constraints of [`file_digest`]: those of [`sha256::cost_of`] the block. A raw file of 797 bytes, which the circuit does not
/// know, takes 226,232.
///
/// # Errors
/// As [`Form::frame`].
pub fn cost<W: Clone + 'static>(content: &[Byte<W>], form: Form) -> Result<Cost, CidError> {
    Ok(sha256::cost_of(&block(content, form)?))
}

/// The digest in the CID of a content: `SHA-256(prefix | content | suffix)`, as eight words of 32 bits.
///
/// # Errors
/// As [`Form::frame`].
///
/// # Constraints
/// See [`cost`].
///
/// # Soundness
/// The content must be bits. Prefix, suffix and length are constants of the circuit. So the digest is a function of the content, by
/// [`sha256::enforce`], and other contents have other digests, but for a collision. The verifier must compare it with that of a CID
/// of the same form.
pub fn file_digest<C: Cs>(cs: &mut C, content: &[Byte<C::W>], form: Form) -> Result<[C::W; 8], CidError> {
    Ok(sha256::enforce(cs, &block(content, form)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_those_of_ipfs() {
        for (content, version0, raw, dag_pb) in [
            (
                "",
                "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
                "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
                "bafybeif7ztnhq65lumvvtr4ekcwd2ifwgm3awq4zfr3srh462rwyinlb4y",
            ),
            (
                "hello world",
                "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD",
                "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
                "bafybeihykld7uyxzogax6vgyvag42y7464eywpf55gxi5qpoisibh3c5wa",
            ),
        ] {
            let content = content.as_bytes();
            let of = |form| FileCid::of(form, content).unwrap();
            assert_eq!(FileCid::of_digest(Form::Raw, of(Form::Raw).digest()), Ok(of(Form::Raw)));
            assert_eq!(of(Form::Raw).to_string(), raw);
            assert_eq!(of(Form::DagPb).to_string(), dag_pb);
            assert_eq!(of(Form::DagPb).version0().unwrap().to_string(), version0);
            for text in [version0, raw, dag_pb] {
                let cid: FileCid = text.parse().unwrap();
                assert!(cid.names(content) && !cid.names(b"hello world!"), "{text}");
                assert_eq!(cid.form() == Form::Raw, text == raw);
            }
        }
    }

    #[test]
    fn lengths_are_varints() {
        for (length, prefix, suffix) in [
            (0, vec![0x0a, 4, 0x08, 2], vec![0x18, 0]),
            (127, vec![0x0a, 0x85, 1, 0x08, 2, 0x12, 127], vec![0x18, 127]),
            (128, vec![0x0a, 0x88, 1, 0x08, 2, 0x12, 0x80, 1], vec![0x18, 0x80, 1]),
            (797, vec![0x0a, 0xa5, 6, 0x08, 2, 0x12, 0x9d, 6], vec![0x18, 0x9d, 6]),
        ] {
            assert_eq!(Form::DagPb.frame(length), Ok(Frame { prefix, suffix }), "{length} bytes");
        }
        let message = "a file has 262145 bytes, expected at most 262144: IPFS cuts longer ones into several blocks";
        for form in [Form::Raw, Form::DagPb] {
            assert!(form.frame(CHUNK).is_ok());
            assert_eq!(form.frame(CHUNK + 1).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn what_is_no_such_cid_is_refused() {
        let refused = |text: &str| text.parse::<FileCid>().unwrap_err();
        assert!(matches!(refused(""), CidError::Text { .. }));
        assert!(matches!(refused("bafkrei"), CidError::Text { .. }));
        assert!(matches!(refused("what is this"), CidError::Text { .. }));
        // Base 58, upper case, and a path.
        let cid = FileCid::of(Form::Raw, b"hello world").unwrap();
        let canonical = cid.to_string();
        for other in [
            cid.cid.to_string_of_base(::cid::multibase::Base::Base58Btc).unwrap(),
            cid.cid.to_string_of_base(::cid::multibase::Base::Base32Upper).unwrap(),
            format!("/ipfs/{canonical}"),
        ] {
            assert_eq!(refused(&other), CidError::NotCanonical { found: other, expected: canonical.clone() });
        }
        let hash = |code, digest: &[u8]| Multihash::wrap(code, digest).unwrap();
        let text = |codec, hash| Cid::new_v1(codec, hash).to_string();
        // dag-cbor, sha3-256, and a digest cut off.
        assert_eq!(refused(&text(0x71, hash(SHA2_256, &[1; 32]))), CidError::Codec { found: 0x71 });
        assert_eq!(refused(&text(0x55, hash(0x16, &[1; 32]))), CidError::Hash { found: 0x16 });
        assert_eq!(refused(&text(0x55, hash(SHA2_256, &[1; 20]))), CidError::Digest { found: 20 });
        assert_eq!(cid.version0(), Err(CidError::Version));
    }

    #[test]
    fn long_texts_are_refused_before_they_are_decoded() {
        for text in ["z".repeat(1 << 20), "1".repeat(1 << 20), format!("b{}", "\u{1b}[".repeat(200))] {
            let error = text.parse::<FileCid>().unwrap_err();
            assert!(matches!(&error, CidError::Text { found, .. } if found.len() <= MAX_TEXT), "{error}");
            assert!(!error.to_string().contains('\u{1b}'), "{error}");
        }
    }

    #[test]
    fn a_block_of_one_form_is_not_the_file_of_another() {
        // The dag-pb block of `hello world`, as the content of a raw file: the same digest.
        let inner = b"hello world";
        let Frame { prefix, suffix } = Form::DagPb.frame(inner.len()).unwrap();
        let outer = [&prefix[..], inner, &suffix].concat();
        let (raw, dag_pb) = (FileCid::of(Form::Raw, &outer).unwrap(), FileCid::of(Form::DagPb, inner).unwrap());
        assert_eq!(raw.digest(), dag_pb.digest());
        assert!(!raw.same_block(&dag_pb) && raw.halves(Form::Raw).is_ok());
        assert_eq!(raw.halves(Form::DagPb), Err(CidError::Form { found: Form::Raw, expected: Form::DagPb }));
        let old: FileCid = "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD".parse().unwrap();
        assert!(old != dag_pb && old.same_block(&dag_pb));
    }

    #[test]
    fn overlong_numbers_within_a_cid_are_no_other_way_to_write_it() {
        let text = "bahkybaeaqcaibaeaaijcbokne64zgtj6bcss4uwx3j62x6weqtx6g6stqdxjbchxvtro7tpj";
        assert!(text.parse::<FileCid>().is_err());
        assert!("bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5f".parse::<FileCid>().is_err());
    }
}
