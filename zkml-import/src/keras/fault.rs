//! Errors that name the layer, its class, and the option.

use std::fmt;

use zkml_core::error::Origin;

use crate::error::{ErrorKind, ImportError};

/// A layer, as messages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LayerRef {
    /// Its name.
    pub(super) name: String,
    /// Its class.
    pub(super) class: String,
}

impl LayerRef {
    /// Where it was described.
    pub(super) fn origin(&self) -> Origin {
        Origin::part("keras layer", &self.name, &self.class)
    }
}

impl fmt::Display for LayerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer `{}` ({})", self.name, self.class)
    }
}

/// A file that is not what it says.
pub(super) fn malformed(reason: impl Into<String>) -> ImportError {
    ImportError::malformed(&Origin::Unknown, reason, "")
}

/// A use of a layer that can't be: what was found and what was expected.
pub(super) fn misuse(layer: &LayerRef, reason: impl Into<String>) -> ImportError {
    ImportError::malformed(&layer.origin(), reason, "")
}

/// A class of layers that has no counterpart.
pub(super) fn class(layer: &LayerRef, help: impl Into<String>) -> ImportError {
    ImportError::unsupported(&layer.origin(), format!("class `{}` is not supported", layer.class), "").help(help)
}

/// An option of a layer that has no counterpart.
pub(super) fn option(layer: &LayerRef, option: &str, found: &str, help: impl Into<String>) -> ImportError {
    let found = format!("option `{option}` is {found}, which is not supported");
    ImportError::new(ErrorKind::Unsupported, &layer.origin(), found, "").help(help)
}
