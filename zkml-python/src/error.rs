//! Exceptions: one class for each step, all of them a `ZkmlError`, with the message and the causes of the error in Rust.

use std::error::Error;

use pyo3::{create_exception, exceptions::PyException, prelude::*};
use zkml::error::{causes, variant};

create_exception!(_zkml, ZkmlError, PyException, "What all errors of zkml are.");
create_exception!(_zkml, ArgumentError, ZkmlError, "An argument that is none of those that are taken.");
create_exception!(_zkml, ModelError, ZkmlError, "A model that can't be read, or is not supported: by node and layer.");
create_exception!(_zkml, InputError, ZkmlError, "An input of another shape or range than the model's.");
create_exception!(_zkml, PlanError, ZkmlError, "A plan that can't be found, read or used.");
create_exception!(_zkml, CircuitError, ZkmlError, "A circuit or a proof that can't be made.");
create_exception!(_zkml, FileError, ZkmlError, "A key or a proof that can't be read or written.");
create_exception!(_zkml, VerifyError, ZkmlError, "A proof that does not hold, or is not of this key.");

/// Makes an exception of an error: `kind` is the name of its variant, `causes` are the messages of what is behind it.
pub(crate) trait Raise {
    /// The exception.
    fn raise<T: Error>(py: Python<'_>, error: &T) -> PyErr;
}

macro_rules! raise {
    ($($name:ident),*) => { $(
        impl Raise for $name {
            fn raise<T: Error>(py: Python<'_>, error: &T) -> PyErr {
                with_fields(py, $name::new_err(error.to_string()), error)
            }
        }
    )* };
}
raise!(ArgumentError, ModelError, InputError, PlanError, CircuitError, FileError, VerifyError);

fn with_fields(py: Python<'_>, raised: PyErr, error: &dyn Error) -> PyErr {
    let value = raised.value(py);
    let set = value.setattr("kind", variant(error)).and_then(|()| value.setattr("causes", causes(error)));
    set.map_or_else(|error| error, |()| raised)
}

/// The value, or the exception of the error.
pub(crate) fn or_raise<E: Raise, T, F: Error>(py: Python<'_>, result: Result<T, F>) -> PyResult<T> {
    result.map_err(|error| E::raise(py, &error))
}

/// Adds the exceptions to the module.
pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    m.add("ZkmlError", py.get_type::<ZkmlError>())?;
    m.add("ArgumentError", py.get_type::<ArgumentError>())?;
    m.add("ModelError", py.get_type::<ModelError>())?;
    m.add("InputError", py.get_type::<InputError>())?;
    m.add("PlanError", py.get_type::<PlanError>())?;
    m.add("CircuitError", py.get_type::<CircuitError>())?;
    m.add("FileError", py.get_type::<FileError>())?;
    m.add("VerifyError", py.get_type::<VerifyError>())
}
