//! What a verified proof says.

use numpy::PyArrayDyn;
use pyo3::{
    prelude::*,
    types::{PyDict, PyList},
};
use zkml::{
    number::Int,
    prove::{self, Value},
    tensor::Tensor,
};

use crate::array;

/// What a verified proof says: its public values, typed.
#[pyclass(module = "zkml", frozen)]
pub(crate) struct Statement {
    pub(crate) inner: prove::Statement,
}

/// Integers of any size, as nested lists.
pub(crate) fn integers<'py>(py: Python<'py>, tensor: &Tensor<Int>) -> PyResult<Bound<'py, PyAny>> {
    let int = py.import("builtins")?.getattr("int")?;
    let all: Vec<Bound<'py, PyAny>> =
        tensor.data().iter().map(|value| int.call1((value.to_string(),))).collect::<PyResult<_>>()?;
    let options = PyDict::new(py);
    options.set_item("dtype", "object")?;
    let flat = py.import("numpy")?.call_method("array", (PyList::new(py, all)?,), Some(&options))?;
    flat.call_method1("reshape", (tensor.shape().dims().to_vec(),))
}

#[pymethods]
impl Statement {
    /// The class that was proven, of the item of a batch.
    #[pyo3(signature = (item = 0))]
    fn class_(&self, item: usize) -> Option<usize> {
        self.inner.class(item)
    }

    /// The output that was proven, of the item of a batch.
    #[pyo3(signature = (item = 0))]
    fn output<'py>(&self, py: Python<'py>, item: usize) -> PyResult<Option<Bound<'py, PyArrayDyn<f64>>>> {
        self.inner.output(item).map(|tensor| array::array(py, &tensor)).transpose()
    }

    /// A dictionary for each public value: its name, the item of the batch, what it is, and its value.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        self.inner
            .entries()
            .iter()
            .map(|entry| {
                let value = PyDict::new(py);
                value.set_item("name", &entry.name)?;
                value.set_item("item", entry.item)?;
                match &entry.value {
                    Value::Commitment(element) | Value::Element(element) => {
                        let commitment = matches!(entry.value, Value::Commitment(_));
                        value.set_item("kind", if commitment { "commitment" } else { "element" })?;
                        value.set_item("value", element.to_string())?;
                    }
                    Value::Tensor { integers: tensor, scale } => {
                        value.set_item("kind", "tensor")?;
                        value.set_item("integers", integers(py, tensor)?)?;
                        value.set_item("scale", scale)?;
                        let reals = self.inner.tensor(&entry.name, entry.item);
                        value.set_item("value", reals.map(|reals| array::array(py, &reals)).transpose()?)?;
                    }
                    Value::Class { class, classes } => {
                        value.set_item("kind", "class")?;
                        value.set_item("value", class)?;
                        value.set_item("classes", classes)?;
                    }
                }
                Ok(value)
            })
            .collect()
    }

    fn __repr__(&self) -> String {
        let values = self.inner.entries().iter().map(|entry| match &entry.value {
            Value::Commitment(element) | Value::Element(element) => {
                format!("{}[{}] = {element}", entry.name, entry.item)
            }
            Value::Tensor { integers, scale } => {
                format!("{}[{}] of shape {:?}, scale {scale}", entry.name, entry.item, integers.shape().dims())
            }
            Value::Class { class, classes } => format!("{}[{}] = class {class} of {classes}", entry.name, entry.item),
        });
        format!("<zkml.Statement {}>", values.collect::<Vec<_>>().join(", "))
    }
}
