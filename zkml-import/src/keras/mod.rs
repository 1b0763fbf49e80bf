//! Keras files: `.keras` archives and legacy `.h5` files, of Keras 2 and 3, sequential and functional.
//!
//! ```no_run
//! use zkml_import::keras::{self, Options, Output};
//!
//! let import = keras::load("digits.keras")?;
//! let classifier = keras::load_with("digits.keras", &Options { output: Output::Class, ..Options::default() })?;
//! # Ok::<(), zkml_import::ImportError>(())
//! ```
//!
//! # Layouts
//!
//! Keras holds images as `[height, width, channels]`, the graph as `[channels, height, width]`. The graph takes what the
//! Keras model takes and gives what it gives, so a `permute`, which costs nothing, stands where the layout changes; and
//! none stands between layers that agree. A `Flatten` of what is held with the channels first keeps that order, and the
//! columns of the `Dense` behind it are permuted instead. With [`InputLayout::ChannelsFirst`] the input is given with the
//! channels first, and the graph is that of a function written for such images.
//!
//! # Layers
//!
//! | Keras | here |
//! |---|---|
//! | `Dense`, `Conv1D`, `Conv2D`, `DepthwiseConv1D`, `DepthwiseConv2D`, `SeparableConv1D`, `SeparableConv2D`, `Conv1DTranspose`, `Conv2DTranspose` | kernels transposed; fused activations follow as layers |
//! | `MaxPooling1D`, `MaxPooling2D`, `AveragePooling1D`, `AveragePooling2D`, and their `Global` forms | pools |
//! | `BatchNormalization` (also synchronised and version 1), `LayerNormalization`, `RMSNormalization`, `Normalization`, `Rescaling` | norms; the last two also as constants |
//! | `Flatten`, `Reshape`, `Permute`, `RepeatVector`, `ZeroPadding1D`, `ZeroPadding2D`, `Cropping1D`, `Cropping2D`, `UpSampling1D`, `UpSampling2D` (nearest) | elements moved |
//! | `Concatenate`, `Add`, `Subtract`, `Multiply`, `Divide`, `Average`, `Maximum`, `Minimum`, `Dot`, and `+ - * /` with tensors and numbers | merges |
//! | `Activation`, `ReLU`, `LeakyReLU`, `PReLU`, `ELU`, `ThresholdedReLU`, `Softmax` | activations |
//! | dropouts, noise, `ActivityRegularization`, `RandomFlip` and its kin | nothing: they act in training alone |
//! | `Sequential`, `Functional` | models in models, and layers used more than once (each use repeats the weights) |
//!
//! Anything else, and any option that would change the result and is not read, is an error that names layer, class and
//! option. A file is never trusted: sizes are bounded by what the file holds.
mod activation;
mod archive;
mod config;
mod fault;
mod layers;
mod lower;
mod network;
mod weights;

use std::path::Path;

use zkml_core::{bounded, graph::Range, shape::Shape};

use self::{
    archive::{Archive, Kind, MAX_FILE},
    fault::malformed,
    lower::{Layout, Lowering, Value, first},
    network::Walk,
    weights::Shelf,
};
use crate::{
    builder::{self, Builder, Import},
    error::ImportError,
    ops::Op,
};

/// How a Keras file is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// How the input is given.
    pub input: InputLayout,
    /// What the model answers.
    pub output: Output,
    /// The values that the input may take. Without, calibration chooses.
    pub range: Option<Range>,
}

impl Options {
    /// The same options with the values that the input may take.
    #[must_use]
    pub fn range(self, range: Range) -> Self {
        Self { range: Some(range), ..self }
    }

    /// The same options for an input with the channels first.
    #[must_use]
    pub fn channels_first(self) -> Self {
        Self { input: InputLayout::ChannelsFirst, ..self }
    }

    /// The same options for a model that answers a class.
    #[must_use]
    pub fn class(self) -> Self {
        Self { output: Output::Class, ..self }
    }
}

/// How the input is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputLayout {
    /// As the Keras model takes it: `[height, width, channels]` unless the model says otherwise.
    #[default]
    Keras,
    /// With the channels first: `[channels, height, width]`, `[channels, length]`. A model that reads `channels_first`
    /// takes its input so anyway.
    ChannelsFirst,
}

/// What the model answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// What the Keras model gives.
    #[default]
    Keras,
    /// The class: the position of the largest score. A softmax at the end is dropped, as it keeps the order of scores.
    Class,
}

/// Reads a `.keras` or `.h5` file.
///
/// # Errors
/// If the file can't be read or is malformed, or has a layer, an option or an activation without counterpart; each names
/// the layer, its class, and what would help.
pub fn load(path: impl AsRef<Path>) -> Result<Import, ImportError> {
    load_with(path, &Options::default())
}

/// As [`load`], with options.
///
/// # Errors
/// As there.
pub fn load_with(path: impl AsRef<Path>, options: &Options) -> Result<Import, ImportError> {
    let path = path.as_ref();
    read(bounded::read(path, MAX_FILE).map_err(|e| ImportError::file(path, e))?, options)
}

/// Reads the bytes of a `.keras` or `.h5` file.
///
/// # Errors
/// As [`load`].
///
/// ```
/// use zkml_import::keras::{Options, read};
///
/// let error = read(b"not a model".to_vec(), &Options::default()).unwrap_err();
/// assert_eq!(error.to_string(), "it is neither a `.keras` archive (zip) nor an HDF5 file");
/// ```
pub fn read(bytes: impl Into<Vec<u8>>, options: &Options) -> Result<Import, ImportError> {
    let archive = Archive::open(bytes.into())?;
    let keras2 = is_keras2(&archive)?;
    let (class, config) = config::root(&archive.config)?;
    let model = config::network(&class, config)?;
    let shape = network::declared(&model, 0)?;
    let swapped = options.input == InputLayout::ChannelsFirst
        && shape.rank() > 1
        && !archive.config.contains("\"channels_first\"");
    let input = if swapped { first(&shape) } else { shape.clone() };
    let builder = Builder::new(&model.name, input)?;
    let node = builder.input();
    let layout = if swapped { Layout::ChannelsFirst } else { Layout::Keras };
    // Twice what the file holds, and some for layers used again.
    let mut lowering = Lowering::new(builder, archive.store.elements().saturating_mul(4).saturating_add(1 << 20));
    let walk = Walk::new(&model, Shelf::new(&archive, &model)?, keras2)?;
    let value = walk.run(&mut lowering, Value { shape, layout, node, softmax: None })?;
    let output = match options.output {
        Output::Keras => {
            let value = lowering.settle(&value)?;
            lowering.keras(&value)?
        }
        Output::Class => {
            let scores = Value { softmax: None, ..value };
            if scores.shape.rank() != 1 || scores.shape == Shape::new([1]) {
                return Err(malformed(format!(
                    "the model gives {}, expected a vector of at least two scores to take the class of",
                    scores.shape
                ))
                .help("import it with the output it has"));
            }
            let node = lowering.keras(&scores)?;
            lowering.quiet(Op::Arg { max: true, axis: 0, keepdims: false, last: false }, &[node])?
        }
    };
    let import = lowering.builder.finish(&builder::Value::Node(output))?;
    match options.range {
        Some(range) => import.with_range(range),
        None => Ok(import),
    }
}

/// Every layer whose class has no counterpart, models in models included: where [`load_with`] ends at the first one. A layer that is
/// refused for its options or its inputs is not among them, as these are looked at while reading.
///
/// # Errors
/// If the file can't be read, or is malformed.
pub fn unsupported(path: impl AsRef<Path>) -> Result<Vec<ImportError>, ImportError> {
    let path = path.as_ref();
    let archive = Archive::open(bounded::read(path, MAX_FILE).map_err(|e| ImportError::file(path, e))?)?;
    let (class, config) = config::root(&archive.config)?;
    network::unsupported(&config::network(&class, config)?, 0)
}

/// Whether the file is from before Keras 3: some activations have changed since.
fn is_keras2(archive: &Archive) -> Result<bool, ImportError> {
    let Some(version) = &archive.version else { return Ok(archive.kind == Kind::Legacy) };
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major @ 2..) => Ok(major == 2),
        Some(_) | None => {
            Err(malformed(format!("it was written by Keras {}, expected 2 or later", config::excerpt(version)))
                .help("load it in Keras 2 or 3 and save it again"))
        }
    }
}
