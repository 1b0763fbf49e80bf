//! Errors of reading a foreign model: one type for all readers.

use std::{error::Error, fmt, sync::Arc};

use zkml_core::error::{GraphError, LayerError, ModelError, Origin, WeightsError};

/// What sort of mistake an [`ImportError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
/// Its [`source`](Error::source) is the error that it wraps, if it wraps one: a layer's, a graph's, the operating system's.
/// What that says is part of the message already.
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
#[derive(Clone, Debug)]
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
    /// The error that it wraps.
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl PartialEq for ImportError {
    /// What is wrapped stands in the message too, so that need not be compared.
    fn eq(&self, other: &Self) -> bool {
        let Self { kind, origin, found, expected, help, source: _ } = self;
        (kind, origin, found, expected, help)
            == (&other.kind, &other.origin, &other.found, &other.expected, &other.help)
    }
}

impl Eq for ImportError {}

impl Error for ImportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(wrapped) => Some(wrapped.as_ref()),
            None => None,
        }
    }
}

impl ImportError {
    /// An error without a repair.
    pub fn new(kind: ErrorKind, origin: &Origin, found: impl Into<String>, expected: impl Into<String>) -> Self {
        let (found, expected) = (found.into(), expected.into());
        Self { kind, origin: origin.clone(), found, expected, help: String::new(), source: None }
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
    pub fn file(path: &std::path::Path, reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let reason = reason.into();
        let found = format!("cannot read {}: {reason}", path.display());
        Self { source: Some(reason.into()), ..Self::new(ErrorKind::File, &Origin::Unknown, found, "") }
    }

    /// A layer's refusal.
    pub fn layer(origin: &Origin, error: LayerError) -> Self {
        Self::new(ErrorKind::Layer, origin, &error.message, "")
            .help(error.help.clone().unwrap_or_default())
            .wrapping(error)
    }

    /// The same error with the one that it wraps.
    fn wrapping(self, error: impl Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(error)), ..self }
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
                Self::malformed(&origin.clone(), error.to_string(), "").wrapping(error)
            }
            GraphError::Malformed(ref reason) => Self::malformed(&Origin::Unknown, reason, "").wrapping(error),
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
        Self::new(ErrorKind::Weights, &Origin::Unknown, error.to_string(), "").wrapping(error)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_is_wrapped_is_the_source() {
        let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let error = ImportError::file(Path::new("lenet.onnx"), missing);
        assert_eq!(error.to_string(), "cannot read lenet.onnx: no such file");
        let source = error.source().and_then(|e| e.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
        assert_eq!(source, Some(std::io::ErrorKind::NotFound));

        let error = ImportError::layer(&Origin::Unknown, LayerError::call("a refusal"));
        assert_eq!((error.to_string(), error.source().unwrap().to_string()), ("a refusal".into(), "a refusal".into()));
        assert!(ImportError::malformed(&Origin::Unknown, "bytes", "a model").source().is_none());
    }
}
