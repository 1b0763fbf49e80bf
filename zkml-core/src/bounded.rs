//! Bounded file reading: up to a size, whatever they say of their own: a device has no end, and a file may grow while it is read.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// A file that can't be read, or has more bytes than are read of its kind.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is larger than anything of its kind.
    #[error("it has {found} bytes, more than {max}")]
    TooLarge {
        /// Its size, or the first size known to be too much.
        found: u64,
        /// The most that is read.
        max: u64,
    },
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The bytes of a file that has at most `max` of them. What the file says of its size is compared before anything is read;
/// and no more than `max + 1` bytes are read, whatever it said.
///
/// # Errors
/// If it is larger, or can't be read.
///
/// ```
/// # use zkml_core::bounded::{ReadError, read};
/// # #[cfg(target_os = "linux")]
/// assert!(matches!(read("/dev/zero", 1000), Err(ReadError::TooLarge { found: 1001, max: 1000 })));
/// ```
pub fn read(path: impl AsRef<Path>, max: u64) -> Result<Vec<u8>, ReadError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > max {
        return Err(ReadError::TooLarge { found: length, max });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    append(file, &mut bytes, max)?;
    Ok(bytes)
}

/// Appends what is left of a file, until there are more than `max` bytes.
///
/// # Errors
/// As [`read`].
pub(crate) fn append(file: impl Read, bytes: &mut Vec<u8>, max: u64) -> Result<(), ReadError> {
    let room = max.saturating_add(1).saturating_sub(bytes.len() as u64);
    file.take(room).read_to_end(bytes)?;
    let found = bytes.len() as u64;
    if found > max { Err(ReadError::TooLarge { found, max }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_read_up_to_the_limit() {
        let mut bytes = vec![1, 2, 3];
        let error = append(io::repeat(0), &mut bytes, 10).unwrap_err();
        assert_eq!((error.to_string().as_str(), bytes.len()), ("it has 11 bytes, more than 10", 11));
        let mut bytes = vec![1, 2, 3];
        append(io::repeat(0).take(7), &mut bytes, 10).unwrap();
        assert_eq!(bytes.len(), 10);
    }
}
