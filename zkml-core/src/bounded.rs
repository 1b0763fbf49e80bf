//! Bounded file reading: up to a size, whatever they say of their own: a device has no end, and a file may grow while it is read. And
//! files written whole or not at all.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
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

/// Writes a file, whole or not at all: to one beside it, which takes its name once it is on the disk.
///
/// # Errors
/// If the path names no file, or the directory can't be written. The file is as it was then.
pub fn save(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    save_with(path.as_ref(), false, |file| file.write_all(bytes))
}

/// As [`save`], a file that only its owner may read, where the system knows of owners: for secrets.
///
/// # Errors
/// As [`save`].
pub fn save_secret(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    save_with(path.as_ref(), true, |file| file.write_all(bytes))
}

/// As [`save`] or [`save_secret`], a file that is written by a function.
///
/// # Errors
/// As [`save`], and those of the function.
pub(crate) fn save_with(path: &Path, secret: bool, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?;
    sweep(path.parent().unwrap_or(Path::new("")), &prefix(name));
    let (temporary, mut file) = temporary(path, name, secret)?;
    let written = write(&mut file).and_then(|()| file.sync_all());
    // It is locked until it has its name.
    let named = written.and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    });
    drop(file);
    named
}

/// How the names begin of the files beside a file that are not finished.
fn prefix(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    prefix
}

/// A new file beside a file, which is locked as long as it is written.
fn temporary(path: &Path, name: &OsStr, secret: bool) -> io::Result<(PathBuf, File)> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    if secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = secret;
    options.write(true).create_new(true);
    loop {
        let mut temporary = prefix(name);
        temporary.push(format!("{}.{}.tmp", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
        let temporary = path.with_file_name(temporary);
        let file = options.open(&temporary)?;
        // Where files can't be locked, none is swept away either.
        let locked = file.lock().is_ok();
        // Before it was locked, another process may have taken it for one that was left.
        if !locked || temporary.exists() {
            return Ok((temporary, file));
        }
    }
}

/// Removes what processes that were killed have left of a file: what nobody has locked.
fn sweep(folder: &Path, prefix: &OsStr) {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let prefix = prefix.as_encoded_bytes();
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if !(name.starts_with(prefix) && name.ends_with(b".tmp")) {
            continue;
        }
        if let Ok(file) = OpenOptions::new().write(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            // One that can't be removed is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
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

    #[test]
    fn files_are_written_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("zkml-bounded-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("file");
        for bytes in [&b"first"[..], b"second, and longer"] {
            save(&path, bytes).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
        save_secret(&path, b"secret").unwrap();
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
        // A folder is in the way: nothing is left beside it.
        let taken = folder.join("taken");
        fs::create_dir_all(taken.join("inside")).unwrap();
        assert!(save(&taken, b"x").is_err());
        assert!(save(folder.join(".."), b"x").is_err());
        let names = fs::read_dir(&folder).unwrap().count();
        assert_eq!(names, 2);
        // What a process that was killed has left is removed, what another one is writing is not.
        fs::write(folder.join(".file.1.0.tmp"), b"left").unwrap();
        let busy = File::create(folder.join(".file.2.0.tmp")).unwrap();
        busy.lock().unwrap();
        save(&path, b"third").unwrap();
        assert!(!folder.join(".file.1.0.tmp").exists());
        assert!(folder.join(".file.2.0.tmp").exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
