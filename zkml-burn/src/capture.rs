//! The importer: a forward pass is traced, and the trace becomes a network.

use burn::{module::Module, tensor::Tensor};
use zkml_core::{
    error::Origin,
    graph::{Range, Visibility},
    model::Model,
};
use zkml_import::{Import, ImportError, error::ErrorKind};

use crate::{
    lower,
    trace::{self, Output},
};

/// The network of a function of tensors, recorded on one input of that shape (with its batch axis, which is 1).
///
/// Tensors that the function makes must be on the device of its input, and so must modules that it uses; see
/// [`capture_module`], which sees to that and knows the names of weights.
///
/// # Errors
/// If the function panics, if its output does not depend on the input, or if it does what no layer does.
///
/// ```
/// use burn::tensor::{Tensor, activation::relu};
/// use zkml_burn::capture;
///
/// let import = capture([1, 2], |x: Tensor<2>| {
///     let weight = Tensor::from_data([[1.0, -1.0], [0.5, 2.0]], &x.device());
///     relu(x.matmul(weight))
/// })?;
/// let layers: Vec<&str> = import.graph.nodes().iter().skip(1).map(|n| n.name.as_str()).collect();
/// assert_eq!(layers, ["dense1", "relu1"]);
/// assert_eq!(import.weights.get("dense1.weight").unwrap().data(), [1.0, 0.5, -1.0, 2.0]);
/// # Ok::<(), zkml_burn::ImportError>(())
/// ```
pub fn capture<const D: usize, O: Output>(
    shape: [usize; D],
    forward: impl FnOnce(Tensor<D>) -> O,
) -> Result<Import, ImportError> {
    let trace = trace::record(shape, forward).map_err(|reason| failed(&shape, &reason))?;
    lower::lower(&trace, "model")
}

/// The network of a module and its weights, recorded on one input of that shape (with its batch axis, which is 1).
///
/// # Errors
/// If `forward` panics, if its output does not depend on the input, or if it does what no layer does.
///
/// ```
/// # use burn::{module::{Module, Param}, tensor::{Tensor, Device}};
/// use zkml_burn::{ImportError, capture_module};
///
/// #[derive(Module, Debug)]
/// struct Scorer {
///     factor: f64,
/// }
///
/// impl Scorer {
///     fn forward(&self, x: Tensor<2>) -> Tensor<2> {
///         x * self.factor
///     }
/// }
///
/// let import = capture_module(&Scorer { factor: 3.0 }, [1, 4], |m, x| m.forward(x))?;
/// assert_eq!((import.graph.name(), import.graph.nodes()[1].shape.dims()), ("Scorer", [4].as_slice()));
/// # Ok::<(), ImportError>(())
/// ```
pub fn capture_module<M: Module, const D: usize, O: Output>(
    module: &M,
    shape: [usize; D],
    forward: impl FnOnce(&M, Tensor<D>) -> O,
) -> Result<Import, ImportError> {
    let trace = trace::record_module(module, shape, forward).map_err(|reason| failed(&shape, &reason))?;
    let name = std::any::type_name::<M>();
    let name = name.split('<').next().and_then(|n| n.rsplit("::").next()).unwrap_or(name);
    lower::lower(&trace, name)
}

/// The model of a module: [`capture_module`] with a range for the input, and who sees what.
///
/// # Errors
/// As [`capture_module`], and if the range is not one.
pub fn model<M: Module, const D: usize, O: Output>(
    module: &M,
    shape: [usize; D],
    range: Option<Range>,
    visibility: Visibility,
    forward: impl FnOnce(&M, Tensor<D>) -> O,
) -> Result<Model, ImportError> {
    let import = capture_module(module, shape, forward)?;
    let Import { graph, weights } = match range {
        Some(range) => import.with_range(range)?,
        None => import,
    };
    Ok(Model::new(graph, visibility, weights)?)
}

/// The forward pass did not come to its end.
fn failed(shape: &[usize], reason: &str) -> ImportError {
    let found = format!("a forward pass that fails on an input of shape {shape:?}: {reason}");
    ImportError::new(ErrorKind::Malformed, &Origin::Unknown, found, "")
        .help("give the shape that `forward` takes, with a batch of 1; values can't be read while recording")
}
