//! SHA-256 digests, which print as hexadecimal: what graphs, circuits, tables, transcripts and keys are named by.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A SHA-256. It prints as 64 hexadecimal digits, and parses from them.
///
/// ```
/// # use zkml_core::digest::Digest;
/// let digest = Digest([0xab; 32]);
/// assert_eq!(digest.to_string(), "ab".repeat(32));
/// assert_eq!(digest.to_string().parse(), Ok(digest));
/// assert_eq!("abc".parse::<Digest>().unwrap_err().to_string(), "a digest has 64 hexadecimal digits, found `abc`");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub [u8; 32]);

/// Text that is no [`Digest`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest has 64 hexadecimal digits, found `{found}`")]
pub struct ParseDigestError {
    /// The text.
    pub found: String,
}

/// Bytes in lower-case hexadecimal.
///
/// ```
/// assert_eq!(zkml_core::digest::hex(&[0xab, 1]), "ab01");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseDigestError { found: text.to_owned() };
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
