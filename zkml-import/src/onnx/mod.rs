//! The reader of ONNX files.
//!
//! ```no_run
//! let import = zkml_import::onnx::load("lenet.onnx")?;
//! println!("{}", import.graph);
//! # Ok::<(), zkml_import::ImportError>(())
//! ```
//!
//! Operator sets 7 to 24 of the default domain are read. A file is decoded here, by hand: the part of `onnx.proto` that
//! matters is small, weights are borrowed from the file until they are converted, and whatever the bytes are, the answer is
//! a model or an error. Nothing in a file is passed over: an operator, an attribute or a second output without a meaning
//! here is an error that names the node, its operator, and the shapes it is given.
//!
//! # Batches
//!
//! A [`zkml_core::graph::Graph`] describes one sample. By default ([`Batch::Leading`]) the first axis of the input is the
//! batch: symbolic or of any extent, it is taken as one and left out. Reshapes may fold it away and bring it back. A file
//! that fixes more than one sample is read as long as no operator mixes them. With [`Batch::None`] the whole input is the
//! sample.
//!
//! # Weights
//!
//! What is trained becomes parameters, which a circuit can hide; and which layers there are depends on its shape, never on its
//! values. ONNX does not say what is trained. These tensors are taken for it:
//!
//! * initializers of floats, or of whole numbers of 8 or 16 bits, whatever their shape;
//! * the values of `Constant` nodes that are floats and more than one, or, in a file with no such initializer, all floats: networks
//!   that are frozen before they are exported keep their weights so;
//! * what is computed from these.
//!
//! A single float in a `Constant` node is otherwise the network's own (the 0.5 of a written-out GELU), and stands in the graph. Exporters that
//! move such numbers to initializers make parameters of them: that is safe, and costs nothing where weights are public; where
//! they are hidden, [`Options::stated`] says by name what is none. [`Options::trained`] says the contrary.
//!
//! What an operator takes as an argument is no weight wherever it is stored: shapes, axes, indices, scales of `Resize`, exponents of
//! `Pow`, fills of `Pad`. Bounds of `Clip` may be weights.
//!
//! # Operators
//!
#![doc = include_str!("operators.md")]

mod attributes;
mod call;
mod fold;
mod operators;
mod proto;
mod reader;
mod tensors;
mod traced;
mod wire;

use std::path::Path;

use zkml_core::{bounded, error::Origin, graph::Range, shape::Shape, tensor::Tensor};

use crate::{builder::Import, error::ImportError};

/// The largest file that is read (2 GiB, which is the format's own limit).
const MAX_FILE: u64 = 1 << 31;

/// What the first axis of the input is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Batch {
    /// The batch, which is left out. An input with a single axis has none.
    #[default]
    Leading,
    /// An axis like any other: the whole input is one sample.
    None,
}

/// What a file doesn't say.
///
/// ```
/// use zkml_import::onnx::{Batch, Options};
///
/// let options = Options::default().output("logits").input([3, 224, 224]);
/// assert_eq!(options.batch, Batch::Leading);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// What the first axis of the input is.
    pub batch: Batch,
    /// Which output is wanted, by name; only needed where there are several.
    pub output: Option<String>,
    /// The shape of a sample, where the file leaves it open.
    pub input: Option<Shape>,
    /// The values that the input may take. Without, calibration chooses.
    pub range: Option<Range>,
    /// Tensors of the file that are no weights though they look like some, see [Weights](self#weights).
    pub stated: Vec<String>,
    /// Tensors of the file that are weights though they don't look like some.
    pub trained: Vec<String>,
}

impl Options {
    /// The same options with another meaning of the first axis.
    #[must_use]
    pub fn batch(self, batch: Batch) -> Self {
        Self { batch, ..self }
    }

    /// The same options with an output, by name.
    #[must_use]
    pub fn output(self, name: impl Into<String>) -> Self {
        Self { output: Some(name.into()), ..self }
    }

    /// The same options with the shape of a sample.
    #[must_use]
    pub fn input(self, shape: impl Into<Shape>) -> Self {
        Self { input: Some(shape.into()), ..self }
    }

    /// The same options with the values that the input may take.
    #[must_use]
    pub fn range(self, range: Range) -> Self {
        Self { range: Some(range), ..self }
    }

    /// The same options with one more tensor, by its name in the file, that is a number of the network and no weight: it may
    /// stand in the graph, which everyone sees. That is cheaper where weights are hidden.
    #[must_use]
    pub fn stated(mut self, name: impl Into<String>) -> Self {
        self.stated.push(name.into());
        self
    }

    /// The same options with one more tensor, by its name in the file, that is a weight: it becomes a parameter.
    #[must_use]
    pub fn trained(mut self, name: impl Into<String>) -> Self {
        self.trained.push(name.into());
        self
    }
}

/// Reads a file, and what it stores beside itself in its folder.
///
/// # Errors
/// If it can't be read, is malformed, or describes something that no layer does.
pub fn load(path: impl AsRef<Path>) -> Result<Import, ImportError> {
    load_with(path, &Options::default())
}

/// As [`load`], with options.
///
/// # Errors
/// As there, and if the options don't fit the file.
pub fn load_with(path: impl AsRef<Path>, options: &Options) -> Result<Import, ImportError> {
    let path = path.as_ref();
    let bytes = bounded::read(path, MAX_FILE).map_err(|e| ImportError::file(path, e))?;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    model(&bytes, &name, path.parent(), options)
}

/// Reads the bytes of a file that has its weights inside.
///
/// # Errors
/// As [`load_with`], and if weights are in another file.
///
/// ```
/// let error = zkml_import::onnx::read(b"not a model", &Default::default()).unwrap_err();
/// assert_eq!(error.to_string(), "it is no ONNX model, or cut off");
/// ```
pub fn read(bytes: &[u8], options: &Options) -> Result<Import, ImportError> {
    model(bytes, "model", None, options)
}

/// Every node whose operator has no layers, of all those that the output needs: where [`load_with`] ends at the first one. A node that
/// is refused for its attributes or its inputs is not among them, as these are looked at while reading.
///
/// # Errors
/// If the file can't be read, is malformed, or has no single output to look from.
pub fn unsupported(path: impl AsRef<Path>, options: &Options) -> Result<Vec<ImportError>, ImportError> {
    let path = path.as_ref();
    let bytes = bounded::read(path, MAX_FILE).map_err(|e| ImportError::file(path, e))?;
    reader::unsupported(&decoded(&bytes)?, options)
}

/// Reads a tensor stored by itself (a `TensorProto`), such as the inputs and outputs of ONNX's own tests.
///
/// # Errors
/// If it is malformed, or its elements are neither numbers nor booleans.
///
/// ```
/// // `[2]` floats: dims, element type, and the raw data.
/// let bytes = [0x08, 2, 0x10, 1, 0x4a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40];
/// assert_eq!(zkml_import::onnx::tensor(&bytes)?.data(), [1.0, 2.0]);
/// # Ok::<(), zkml_import::ImportError>(())
/// ```
pub fn tensor(bytes: &[u8]) -> Result<Tensor, ImportError> {
    let stored = proto::tensor(bytes).map_err(|reason| ImportError::malformed(&Origin::Unknown, reason, ""))?;
    tensors::read(&stored, None, &Origin::Unknown).map(|(tensor, _)| tensor)
}

/// The operators that are read, by their names in ONNX, and what of each.
///
/// ```
/// assert!(zkml_import::onnx::operators().any(|(name, what)| (name, what) == ("Neg", "`-x`")));
/// ```
pub fn operators() -> impl Iterator<Item = (&'static str, &'static str)> {
    operators::OPERATORS.iter().map(|operator| (operator.name, operator.doc))
}

/// The file's messages: a model that has a graph.
fn decoded(bytes: &[u8]) -> Result<proto::Model<'_>, ImportError> {
    let model = proto::model(bytes).map_err(|reason| ImportError::malformed(&Origin::Unknown, reason, ""))?;
    let missing = || ImportError::malformed(&Origin::Unknown, "it is no ONNX model: it has no graph", "");
    if model.graph.is_some() { Ok(model) } else { Err(missing()) }
}

fn model(bytes: &[u8], name: &str, folder: Option<&Path>, options: &Options) -> Result<Import, ImportError> {
    let import = reader::read(&decoded(bytes)?, name, folder, options)?;
    match options.range {
        Some(range) => import.with_range(range),
        None => Ok(import),
    }
}
