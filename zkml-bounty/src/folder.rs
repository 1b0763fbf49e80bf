//! Folder of one party of one bounty: its secrets and how far it has come, in files that only the owner can read.
//!
//! Each file is written whole or not at all: to a temporary one beside it, which is synced and then takes its name. One
//! process at a time uses a folder; the lock ends with the process, however that ends.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;
use zkml_core::bounded;

/// The largest file that is read.
const MAX_BYTES: u64 = 1 << 24;

/// A folder that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The operating system refused.
    #[error("cannot {action} {}: {reason}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What it said.
        reason: String,
    },
    /// Another process uses it.
    #[error("{} is used by another process; wait until it ends, or take another folder", .path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// Others may read secrets.
    #[error(
        "{} can be read by others (mode {mode:o}), expected 600; take the secrets in it for known, or run `chmod \
        600` if nobody else has used \
         this machine", .path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The contents are none of ours.
    #[error(
        "{} is damaged: {reason}; restore it from a copy: without it what was begun can't be finished", .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// A folder in use.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Held until it is dropped.
    _lock: File,
}

fn failed(path: &Path, action: &'static str) -> impl Fn(std::io::Error) -> FolderError {
    move |error| FolderError::Io { path: path.to_owned(), action, reason: error.to_string() }
}

/// A file for the owner alone, from its first byte on.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), FolderError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_err(failed(path, "read"))?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(FolderError::Open { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<(), FolderError> {
    Ok(())
}

impl Folder {
    /// Opens a folder, which is made if there is none, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        fs::create_dir_all(path).map_err(failed(path, "make"))?;
        let name = path.join("lock");
        let lock = private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(&name)
            .map_err(failed(&name, "make"))?;
        match lock.try_lock() {
            Ok(()) => {
                let folder = Self { path: path.to_owned(), _lock: lock };
                folder.clear().map_err(failed(path, "clear"))?;
                Ok(folder)
            }
            Err(TryLockError::WouldBlock) => Err(FolderError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(failed(&name, "lock")(error)),
        }
    }

    /// Removes what a crash left half written: nobody else is here.
    fn clear(&self) -> std::io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') && name.ends_with(".tmp") {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// What a file holds; nothing if there is none.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, FolderError> {
        let path = self.path.join(name);
        if !path.exists() {
            return Ok(None);
        }
        check_mode(&path)?;
        let damaged = |reason: String| FolderError::Damaged { path: path.clone(), reason };
        let bytes = Zeroizing::new(bounded::read(&path, MAX_BYTES).map_err(|error| damaged(error.to_string()))?);
        // What is wrong is said by place alone: the contents may be secret.
        let place = |e: serde_json::Error| damaged(format!("line {}, column {}", e.line(), e.column()));
        serde_json::from_slice(&bytes).map(Some).map_err(place)
    }

    /// What a file holds; if there is none, it is made, unless something was `begun` with one.
    pub(crate) fn read_or<T: Serialize + DeserializeOwned, E: From<FolderError>>(
        &self,
        name: &str,
        begun: bool,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(value) = self.read(name)? {
            return Ok(value);
        }
        if begun {
            let (path, reason) = (self.path.join(name), "it is missing".to_owned());
            return Err(FolderError::Damaged { path, reason }.into());
        }
        let value = make()?;
        self.write(name, &value)?;
        Ok(value)
    }

    /// Writes a file whole or not at all.
    pub(crate) fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), FolderError> {
        let path = self.path(name);
        let damaged = |e: serde_json::Error| FolderError::Damaged { path: path.clone(), reason: e.to_string() };
        let bytes = Zeroizing::new(serde_json::to_vec_pretty(value).map_err(damaged)?);
        self.write_bytes(name, &bytes)
    }

    /// The path of a file.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes the bytes of a file whole or not at all.
    pub(crate) fn write_bytes(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let path = self.path(name);
        let written = bounded::save_secret(&path, bytes);
        // The new name, too.
        #[cfg(unix)]
        let written = written.and_then(|()| File::open(&self.path)?.sync_all());
        written.map_err(failed(&path, "write"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("zkml-folder-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn one_process_at_a_time_reads_what_it_wrote() {
        let path = fresh("lock");
        let folder = Folder::open(&path).unwrap();
        assert!(matches!(Folder::open(&path), Err(FolderError::Locked { .. })));
        assert_eq!(folder.read::<u32>("n.json").unwrap(), None);
        folder.write("n.json", &7u32).unwrap();
        folder.write("n.json", &8u32).unwrap();
        drop(folder);
        let folder = Folder::open(&path).unwrap();
        assert_eq!(folder.read::<u32>("n.json").unwrap(), Some(8));
        fs::write(path.join("n.json"), b"{").unwrap();
        assert!(matches!(folder.read::<u32>("n.json"), Err(FolderError::Damaged { .. })));
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn what_a_crash_left_is_no_hindrance_and_changes_nothing() {
        let path = fresh("crash");
        let folder = Folder::open(&path).unwrap();
        folder.write("n.json", &7u32).unwrap();
        fs::write(path.join(".n.json.tmp"), b"ha").unwrap();
        assert_eq!(folder.read::<u32>("n.json").unwrap(), Some(7));
        folder.write("n.json", &9u32).unwrap();
        assert_eq!(folder.read::<u32>("n.json").unwrap(), Some(9));
        fs::remove_dir_all(path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads() {
        use std::os::unix::fs::PermissionsExt as _;
        let path = fresh("mode");
        let folder = Folder::open(&path).unwrap();
        folder.write("n.json", &7u32).unwrap();
        let file = path.join("n.json");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(folder.read::<u32>("n.json"), Err(FolderError::Open { mode: 0o644, .. })));
        fs::remove_dir_all(path).unwrap();
    }
}
