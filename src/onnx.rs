//! Models from ONNX files; [`zkml_import::onnx`] says what is read.
//!
//! ```no_run
//! use zkml::{onnx, prelude::*};
//!
//! let model = onnx::load("lenet.onnx")?;
//! let options = onnx::Options::default().range(Range::Whole(0, 255));
//! let private = Visibility { weights: Visible::Private, ..Visibility::default() };
//! let pixels = onnx::load_with("lenet.onnx", &options, private)?;
//! # Ok::<(), onnx::ImportError>(())
//! ```
//!
//! `#[zk_model(onnx = "lenet.onnx")] struct Lenet;` reads the file while compiling, see [`macro@crate::zk_model`].

use std::path::Path;

pub use zkml_import::{
    Import, ImportError,
    onnx::{Batch, Options, load_with as load_import, operators, read as import, tensor, unsupported},
};

use crate::{graph::Visibility, model::Model};

/// The model in a file, with a private input, public weights and a public output.
///
/// # Errors
/// See [`zkml_import::onnx::load`].
pub fn load(path: impl AsRef<Path>) -> Result<Model, ImportError> {
    load_with(path, &Options::default(), Visibility::default())
}

/// As [`load`], with options and who sees what.
///
/// # Errors
/// See [`zkml_import::onnx::load_with`].
pub fn load_with(path: impl AsRef<Path>, options: &Options, visibility: Visibility) -> Result<Model, ImportError> {
    Ok(zkml_import::onnx::load_with(path, options)?.model(visibility)?)
}

/// The model in the bytes of a file that has its weights inside.
///
/// # Errors
/// See [`zkml_import::onnx::read`].
pub fn read(bytes: &[u8], options: &Options, visibility: Visibility) -> Result<Model, ImportError> {
    Ok(zkml_import::onnx::read(bytes, options)?.model(visibility)?)
}
