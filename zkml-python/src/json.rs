//! What serialises, as Python's dictionaries and lists.

use pyo3::{prelude::*, types::PyString};
use serde::Serialize;

/// The dictionary of a value.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let text =
        serde_json::to_string(value).map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))?;
    py.import("json")?.call_method1("loads", (PyString::new(py, &text),))
}
