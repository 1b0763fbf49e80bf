//! Model files: a zip of `config.json`, `metadata.json` and `model.weights.h5`, or one HDF5 file with everything.
//!
//! Nothing in them is trusted: expanded sizes are bounded before anything is expanded, no dataset is larger than the
//! file that holds it, and a panic of the HDF5 reader is an error like any other.

use std::{
    cell::Cell,
    io::{Cursor, Read},
    panic::{AssertUnwindSafe, catch_unwind},
};

use hdf5_pure::{AttrValue, DType, File};
use serde::Deserialize;
use zkml_core::{shape::Shape, tensor::Tensor};

use super::fault::malformed;
use crate::error::ImportError;

/// The largest file that is read (2 GiB).
pub(super) const MAX_FILE: u64 = 1 << 31;
/// The largest description of a model: 4 MiB, several times that of the largest published Keras network.
const MAX_CONFIG: u64 = 1 << 22;
/// Weights hardly compress: what expands beyond 64 MiB and sixteen times the archive is a bomb.
const MAX_EXPANDED: u64 = 1 << 26;
/// The deepest path in an HDF5 file, and the most parts into which Keras splits a long attribute.
const MAX_DEPTH: usize = 64;

/// Where the layers' weights are in the HDF5 file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// By `weight_names`, in groups named after layers (`.h5`).
    Legacy,
    /// By class names and numbers (`.keras`).
    Archive,
}

/// An opened model file.
pub(super) struct Archive {
    /// The model's description, JSON.
    pub(super) config: String,
    /// The version of Keras that wrote it, where it says.
    pub(super) version: Option<String>,
    /// The weights.
    pub(super) store: Store,
    /// How they are found.
    pub(super) kind: Kind,
}

#[derive(Deserialize)]
struct Metadata {
    keras_version: Option<String>,
}

impl Archive {
    /// Opens either container, told apart by its first bytes.
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self, ImportError> {
        if bytes.len() as u64 > MAX_FILE {
            return Err(malformed(format!("it has {} bytes, more than {MAX_FILE}", bytes.len())));
        }
        match bytes.get(..4) {
            Some(b"PK\x03\x04") => Self::open_zip(&bytes),
            Some(b"\x89HDF") => Self::open_hdf5(bytes),
            _ => Err(malformed("it is neither a `.keras` archive (zip) nor an HDF5 file")),
        }
    }

    fn open_zip(bytes: &[u8]) -> Result<Self, ImportError> {
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| malformed(format!("its zip: {e}")))?;
        let config = utf8(entry(&mut zip, "config.json", MAX_CONFIG)?, "config.json")?;
        let version = match zip.index_for_name("metadata.json") {
            None => None,
            Some(_) => {
                let text = utf8(entry(&mut zip, "metadata.json", MAX_CONFIG)?, "metadata.json")?;
                let metadata: Metadata =
                    serde_json::from_str(&text).map_err(|e| malformed(format!("metadata.json: {e}")))?;
                metadata.keras_version
            }
        };
        let limit = MAX_EXPANDED.max((bytes.len() as u64).saturating_mul(16)).min(MAX_FILE);
        let weights = entry(&mut zip, "model.weights.h5", limit)?;
        Ok(Self { config, version, store: Store::open(weights)?, kind: Kind::Archive })
    }

    fn open_hdf5(bytes: Vec<u8>) -> Result<Self, ImportError> {
        let store = Store::open(bytes)?;
        let Some(config) = store.text("", "model_config")? else {
            return Err(malformed(
                "it holds weights only, expected the attribute `model_config`; save the whole model, `model.save(..)`",
            ));
        };
        if config.len() as u64 > MAX_CONFIG {
            return Err(malformed(format!("`model_config` has {} bytes, more than {MAX_CONFIG}", config.len())));
        }
        let version = store.text("", "keras_version")?;
        Ok(Self { config, version, store, kind: Kind::Legacy })
    }
}

/// One file of a zip, expanded up to `limit` bytes.
fn entry(zip: &mut zip::ZipArchive<Cursor<&[u8]>>, name: &str, limit: u64) -> Result<Vec<u8>, ImportError> {
    let file = zip.by_name(name).map_err(|e| malformed(format!("`{name}` in its zip: {e}")))?;
    let mut bytes = Vec::new();
    let read = file.take(limit + 1).read_to_end(&mut bytes);
    read.map_err(|e| malformed(format!("`{name}` in its zip: {e}")))?;
    if bytes.len() as u64 > limit {
        return Err(malformed(format!("`{name}` in its zip expands to more than {limit} bytes")));
    }
    Ok(bytes)
}

fn utf8(bytes: Vec<u8>, name: &str) -> Result<String, ImportError> {
    String::from_utf8(bytes).map_err(|_| malformed(format!("`{name}` is not UTF-8")))
}

/// An HDF5 file in memory, read path by path.
pub(super) struct Store {
    file: File,
    /// How many bytes of data may still be read: those of the file, as no two weights share bytes.
    budget: Cell<u64>,
}

impl Store {
    fn open(bytes: Vec<u8>) -> Result<Self, ImportError> {
        let budget = Cell::new(bytes.len() as u64);
        let file = contain("the HDF5 file", || File::from_bytes(bytes))?;
        Ok(Self { file, budget })
    }

    /// How many numbers its size allows at most.
    pub(super) fn elements(&self) -> usize {
        (self.file.file_size() / 2) as usize
    }

    /// An attribute of a group whose path may be empty (the root): its strings, `None` if there is none of that name.
    pub(super) fn strings(&self, group: &str, name: &str) -> Result<Option<Vec<String>>, ImportError> {
        shallow(group)?;
        let what = if group.is_empty() { "the root group" } else { group };
        let attributes = contain(what, || match group {
            "" => self.file.root().attrs(),
            path => self.file.group(path)?.attrs(),
        })?;
        let read = |value: &AttrValue| match value.as_strings() {
            Some(strings) => Ok(strings.to_vec()),
            // An empty list of names is stored as an empty array of numbers.
            None if matches!(value, AttrValue::F64Array(v) if v.is_empty()) => Ok(vec![]),
            None => Err(malformed(format!("attribute `{name}` of {what} is not text"))),
        };
        if let Some(value) = attributes.get(name) {
            return read(value).map(Some);
        }
        // A list too long for one attribute is split into `name0`, `name1`, ..
        let mut parts: Option<Vec<String>> = None;
        for value in (0..attributes.len()).map_while(|i| attributes.get(&format!("{name}{i}"))) {
            parts.get_or_insert_default().extend(read(value)?);
        }
        Ok(parts)
    }

    /// An attribute that is one string.
    pub(super) fn text(&self, group: &str, name: &str) -> Result<Option<String>, ImportError> {
        match self.strings(group, name)?.as_deref() {
            None => Ok(None),
            Some([text]) => Ok(Some(text.clone())),
            Some(many) => Err(malformed(format!("attribute `{name}` has {} values, expected one", many.len()))),
        }
    }

    /// The names of the groups in a group.
    pub(super) fn groups(&self, path: &str) -> Result<Vec<String>, ImportError> {
        shallow(path)?;
        contain(path, || match path {
            "" => self.file.root().groups(),
            path => self.file.group(path)?.groups(),
        })
    }

    /// The names of the datasets in a group.
    pub(super) fn datasets(&self, path: &str) -> Result<Vec<String>, ImportError> {
        shallow(path)?;
        contain(path, || self.file.group(path)?.datasets())
    }

    /// A dataset of numbers.
    pub(super) fn tensor(&self, path: &str) -> Result<Tensor, ImportError> {
        shallow(path)?;
        let dataset = contain(path, || self.file.dataset(path))?;
        let dims = contain(path, || dataset.shape())?;
        let kind = contain(path, || dataset.dtype())?;
        let numbers =
            [DType::F32, DType::F64, DType::I8, DType::I16, DType::I32, DType::I64, DType::U8, DType::U16, DType::U32];
        if !numbers.contains(&kind) {
            return Err(malformed(format!(
                "dataset `{path}` has element type {kind}, expected 32- or 64-bit floats; save the model with float32 \
                 weights"
            )));
        }
        if !dataset.filters().is_empty() {
            return Err(malformed(format!(
                "dataset `{path}` is compressed; save the model again with `model.save(..)`"
            )));
        }
        let width = contain(path, || dataset.element_size())?;
        let length = dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d)).unwrap_or(u64::MAX);
        let bytes = length.checked_mul(width).filter(|bytes| *bytes <= self.budget.get());
        let (Some(bytes), true) = (bytes, length <= Shape::MAX_LEN as u64) else {
            return Err(malformed(format!("dataset `{path}` of shape {dims:?} is larger than the file")));
        };
        self.budget.set(self.budget.get() - bytes);
        let data = contain(path, || dataset.read_f64())?;
        let shape: Vec<usize> = dims.iter().map(|d| *d as usize).collect();
        Tensor::new(Shape::new(shape), data).map_err(|e| malformed(format!("dataset `{path}`: {e}")))
    }
}

fn shallow(path: &str) -> Result<(), ImportError> {
    if path.split('/').count() > MAX_DEPTH {
        return Err(malformed(format!("a path of more than {MAX_DEPTH} groups")));
    }
    Ok(())
}

/// A call of the HDF5 reader: its errors, and its panics on malformed files, name what was read.
fn contain<T>(what: &str, read: impl FnOnce() -> Result<T, hdf5_pure::Error>) -> Result<T, ImportError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(malformed(format!("{what}: {error}"))),
        Err(_) => Err(malformed(format!("{what}: the HDF5 structure is damaged"))),
    }
}
