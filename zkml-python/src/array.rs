//! Arrays of NumPy, as tensors and back. An integer that no float holds is refused, not rounded.

use numpy::{IntoPyArray, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn};
use pyo3::{prelude::*, types::PyDict};
use zkml::prelude::*;

use crate::error::{InputError, or_raise};

/// The largest integer up to which floats hold every one.
const EXACT: u64 = 1 << 53;

/// The tensor of anything that NumPy makes an array of numbers of.
pub(crate) fn tensor(value: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    let py = value.py();
    let numpy = py.import("numpy")?;
    let array = numpy.call_method1("asarray", (value,))?;
    let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
    match kind.as_str() {
        "f" | "b" => {}
        "i" | "u" => {
            let most = numpy.call_method1("abs", (array.call_method1("astype", ("object",))?,))?;
            let most = if array.getattr("size")?.extract::<usize>()? == 0 {
                0u128
            } else {
                most.call_method0("max")?.extract::<u128>()?
            };
            if most > u128::from(EXACT) {
                let message = format!(
                    "an integer of the input is {most} in size, expected at most {EXACT}, up to which floats are exact"
                );
                return Err(InputError::new_err(message));
            }
        }
        _ => {
            let found: String = array.getattr("dtype")?.str()?.extract()?;
            return Err(InputError::new_err(format!("the input is an array of {found}, expected numbers")));
        }
    }
    let options = PyDict::new(py);
    options.set_item("dtype", "float64")?;
    let array = numpy.call_method("ascontiguousarray", (array,), Some(&options))?;
    let array: PyReadonlyArrayDyn<'_, f64> = array.extract()?;
    let view = array.as_array();
    let shape = Shape::from(view.shape().to_vec());
    or_raise::<InputError, _, _>(py, Tensor::new(shape, view.iter().copied().collect()))
}

/// Tensors of one shape from an array with one more axis, the first; or from a list of arrays.
pub(crate) fn tensors(value: &Bound<'_, PyAny>, shape: &Shape) -> PyResult<Vec<Tensor>> {
    let rank = shape.dims().len();
    let items: Vec<Bound<'_, PyAny>> = value.try_iter()?.collect::<PyResult<_>>()?;
    let all: Vec<Tensor> = items.iter().map(tensor).collect::<PyResult<_>>()?;
    // A single input is not a list of its rows.
    if all.first().is_some_and(|first| first.shape().dims().len() + 1 == rank) {
        return Ok(vec![tensor(value)?]);
    }
    Ok(all)
}

/// The array of a tensor.
pub(crate) fn array<'py>(py: Python<'py>, tensor: &Tensor) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let dims = tensor.shape().dims().to_vec();
    tensor.data().to_vec().into_pyarray(py).reshape(dims)
}
