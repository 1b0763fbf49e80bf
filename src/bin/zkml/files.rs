//! Files of a project: read up to a size, written whole or not at all, by one process at a time.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};
use zkml::{bounded, prove::LoadError};

use crate::{
    error::{Error, reason},
    out::Out,
};

/// The largest file of inputs or settings that is read (1 GiB).
pub const MAX_FILE: u64 = 1 << 30;

/// The bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    bounded::read(path, MAX_FILE).map_err(|error| {
        let why = match &error {
            bounded::ReadError::Io(error) => reason(error),
            bounded::ReadError::TooLarge { .. } => error.to_string(),
        };
        Error::file(path, "read", why)
    })
}

/// Makes the folder that a file is in.
fn folder_of(path: &Path) -> Result<(), Error> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::create_dir_all(folder).map_err(|e| Error::file(folder, "make the folder", reason(&e))),
        None => Ok(()),
    }
}

/// Writes a file, whole or not at all, and its folder if there is none.
pub fn save(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    folder_of(path)?;
    bounded::save(path, bytes).map_err(|e| Error::file(path, "write", reason(&e)))
}

/// As [`save`], readable by its owner alone.
pub fn save_secret(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    folder_of(path)?;
    bounded::save_secret(path, bytes).map_err(|e| Error::file(path, "write", reason(&e)))
}

/// Writes a file that writes itself, whole or not at all; and its folder if there is none.
pub fn save_by(path: &Path, write: impl FnOnce(&Path) -> Result<(), LoadError>) -> Result<(), Error> {
    folder_of(path)?;
    write(path).map_err(|error| Error::Load { path: path.to_owned(), error })
}

/// Removes a file, if it is there.
pub fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::file(path, "remove", reason(&e))),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A value as JSON that people can read.
pub fn json<T: Serialize>(value: &T) -> Vec<u8> {
    // Maps have strings for keys: writing them does not fail.
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// The value of a JSON file.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    serde_json::from_slice(&read(path)?).map_err(|e| Error::file(path, "read", e))
}

/// Removes files that were not finished, so many folders deep.
fn sweep(folder: &Path, depth: usize) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') && name.ends_with(".tmp") {
            // One that can't be removed is in nobody's way.
            let _ = fs::remove_file(&path);
        } else if depth > 0 && path.is_dir() {
            sweep(&path, depth - 1);
        }
    }
}

/// A lock on a folder, which ends with the process that holds it.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// The lock of a folder, which is made if there is none. Another process that has it is waited for, unless `wait` is off.
    pub fn of(folder: &Path, wait: bool, out: &Out) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(|e| Error::file(folder, "make the folder", reason(&e)))?;
        let path = folder.join(".lock");
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = open.map_err(|e| Error::file(&path, "open", reason(&e)))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if wait => {
                out.note(&format!("another zkml is at work on {}: waiting for it", folder.display()));
                file.lock().map_err(|e| Error::file(&path, "lock", reason(&e)))?;
            }
            Err(TryLockError::WouldBlock) => return Err(Error::Busy { path: folder.to_owned() }),
            Err(TryLockError::Error(e)) => return Err(Error::file(&path, "lock", reason(&e))),
        }
        // Nobody else writes now: what is unfinished is of a process that was killed.
        sweep(folder, 2);
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_files_are_made() {
        let folder = std::env::temp_dir().join(format!("zkml-files-{}", std::process::id()));
        let path = folder.join("batch-2").join("key");
        let write = |path: &Path| {
            bounded::save(path, b"x").unwrap();
            Ok(())
        };
        save_by(&path, write).unwrap();
        assert_eq!(read(&path).unwrap(), b"x");
        fs::remove_dir_all(&folder).unwrap();
    }
}
