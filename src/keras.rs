//! Models from Keras files; [`zkml_import::keras`] says what is read.
//!
//! ```no_run
//! use zkml::{keras, prelude::*};
//!
//! let model = keras::load("lenet.keras")?;
//! let options = keras::Options::default().class().range(Range::Whole(0, 255));
//! let private = Visibility { weights: Visible::Private, ..Visibility::default() };
//! let pixels = keras::load_with("lenet.keras", &options, private)?;
//! # Ok::<(), keras::ImportError>(())
//! ```
//!
//! `#[zk_model(keras = "lenet.keras")] struct Lenet;` reads the file while compiling, see [`macro@crate::zk_model`].

use std::path::Path;

pub use zkml_import::{
    Import, ImportError,
    keras::{InputLayout, Options, Output, load_with as load_import, read as import, unsupported},
};

use crate::{graph::Visibility, model::Model};

/// The model in a `.keras` or `.h5` file, with a private input, public weights and a public output.
///
/// # Errors
/// See [`zkml_import::keras::load`].
pub fn load(path: impl AsRef<Path>) -> Result<Model, ImportError> {
    load_with(path, &Options::default(), Visibility::default())
}

/// As [`load`], with options and who sees what.
///
/// # Errors
/// See [`zkml_import::keras::load_with`].
pub fn load_with(path: impl AsRef<Path>, options: &Options, visibility: Visibility) -> Result<Model, ImportError> {
    Ok(zkml_import::keras::load_with(path, options)?.model(visibility)?)
}

/// The model in the bytes of such a file.
///
/// # Errors
/// See [`zkml_import::keras::read`].
pub fn read(bytes: impl Into<Vec<u8>>, options: &Options, visibility: Visibility) -> Result<Model, ImportError> {
    Ok(import(bytes, options)?.model(visibility)?)
}
