//! What can go wrong while a foreign model is read: one error type for all readers.

use std::fmt;

use zkml_core::error::{GraphError, LayerError, ModelError, Origin, WeightsError};

/// What sort of mistake an [`ImportError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The file can't be read at all.
    File,
    /// The file is not what its format asks for.
    Malformed,
    /// The format allows it, but there is no layer for it.
    Unsupported,
    /// A shape, a range or a batch that is only known at run time, or that one sample can't have.
    Shape,
    /// A layer refuses its arguments or its inputs.
    Layer,
    /// The weights are not the graph's.
    Weights,
}

/// A foreign model that can't be read: where, what was found, what was expected, and the repair.
///
/// ```
/// # use zkml_import::error::{ErrorKind, ImportError};
/// # use zkml_core::error::Origin;
/// let at = Origin::part("onnx node", "loop1", "Loop");
/// let error = ImportError::new(ErrorKind::Unsupported, &at, "operator `Loop`", "an operator without a body")
///     .help("unroll the loop before exporting");
/// assert_eq!(
///     error.to_string(),
///     "onnx node `loop1` (Loop): found operator `Loop`, expected an operator without a body; \
///      unroll the loop before exporting"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ImportError {
    /// What sort of mistake it is.
    pub kind: ErrorKind,
    /// Where it is.
    pub origin: Origin,
    /// What was found.
    pub found: String,
    /// What was expected; empty where `found` says it all.
    pub expected: String,
    /// How to repair it; empty where that is unknown.
    pub help: String,
}

impl ImportError {
    /// An error without a repair.
    pub fn new(kind: ErrorKind, origin: &Origin, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { kind, origin: origin.clone(), found: found.into(), expected: expected.into(), help: String::new() }
    }

    /// Something that the format allows and that no layer does.
    pub fn unsupported(origin: &Origin, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, origin, found, expected)
    }

    /// Something that the format does not allow.
    pub fn malformed(origin: &Origin, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, origin, found, expected)
    }

    /// A shape that is not known, or that one sample can't have.
    pub fn shape(origin: &Origin, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::new(ErrorKind::Shape, origin, found, expected)
    }

    /// A file that can't be read.
    pub fn file(path: &std::path::Path, reason: impl fmt::Display) -> Self {
        Self {
            kind: ErrorKind::File,
            origin: Origin::Unknown,
            found: format!("cannot read {}: {reason}", path.display()),
            expected: String::new(),
            help: String::new(),
        }
    }

    /// A layer's refusal.
    pub fn layer(origin: &Origin, error: LayerError) -> Self {
        Self {
            kind: ErrorKind::Layer,
            origin: origin.clone(),
            found: error.message,
            expected: String::new(),
            help: error.help.unwrap_or_default(),
        }
    }

    /// The same error with a repair.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.origin != Origin::Unknown {
            write!(f, "{}: ", self.origin)?;
        }
        if self.expected.is_empty() {
            write!(f, "{}", self.found)?;
        } else {
            write!(f, "found {}, expected {}", self.found, self.expected)?;
        }
        if !self.help.is_empty() {
            write!(f, "; {}", self.help)?;
        }
        Ok(())
    }
}

impl From<GraphError> for ImportError {
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::Layer { origin, error } => Self::layer(&origin, error),
            GraphError::Dangling { ref origin, .. } | GraphError::Name { ref origin, .. } => {
                Self::malformed(&origin.clone(), error.to_string(), "")
            }
            GraphError::Malformed(reason) => Self::malformed(&Origin::Unknown, reason, ""),
        }
    }
}

impl From<ModelError> for ImportError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Graph(error) => error.into(),
            ModelError::Weights(error) => error.into(),
        }
    }
}

impl From<WeightsError> for ImportError {
    fn from(error: WeightsError) -> Self {
        Self::new(ErrorKind::Weights, &Origin::Unknown, error.to_string(), "")
    }
}
