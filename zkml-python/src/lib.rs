//! zkml for Python: models, plans, circuits, keys and proofs as classes; arrays of NumPy in and out.
//!
//! The package `zkml` in `python/` is what users import; it names what is here, and adds what is shown in notebooks.

mod array;
mod circuit;
mod error;
mod json;
mod keys;
mod model;
mod quantized;
mod statement;
mod system;

use pyo3::prelude::*;

/// The extension module.
#[pymodule]
fn _zkml(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add_class::<model::Model>()?;
    m.add_class::<quantized::Quantized>()?;
    m.add_class::<circuit::Circuit>()?;
    m.add_class::<keys::Keys>()?;
    m.add_class::<keys::ProvingKey>()?;
    m.add_class::<keys::VerifyingKey>()?;
    m.add_class::<keys::Proof>()?;
    m.add_class::<statement::Statement>()?;
    error::register(m)
}
