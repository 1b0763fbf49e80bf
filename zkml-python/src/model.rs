//! Models from files, as floats.

use std::{path::PathBuf, time::Duration};

use numpy::PyArrayDyn;
use pyo3::{prelude::*, types::PyDict};
use zkml::{
    keras, onnx,
    plan::{Circuits, Policy},
    prelude as rust,
    prove::{Groth16, TwoPhase},
};

use crate::{
    array,
    error::{ArgumentError, InputError, ModelError, PlanError, or_raise},
    quantized::Quantized,
    system::{In, named},
};

/// A network and its weights; and who may see what in its proofs.
#[pyclass(module = "zkml", frozen)]
pub(crate) struct Model {
    pub(crate) inner: rust::Model,
}

fn visible(what: &str, name: &str) -> PyResult<rust::Visible> {
    match name {
        "public" => Ok(rust::Visible::Public),
        "private" => Ok(rust::Visible::Private),
        "committed" => Ok(rust::Visible::Committed),
        _ => {
            let message = format!("{what} is `{name}`, expected `public`, `private` or `committed`");
            Err(ArgumentError::new_err(message))
        }
    }
}

/// Integers make a range of whole numbers, as of pixels; floats one of reals.
fn range(value: &Bound<'_, PyAny>) -> PyResult<rust::Range> {
    if let Ok((lo, hi)) = value.extract::<(i64, i64)>() {
        return Ok(rust::Range::Whole(lo, hi));
    }
    match value.extract::<(f64, f64)>() {
        Ok((lo, hi)) => Ok(rust::Range::Real(lo, hi)),
        Err(_) => Err(ArgumentError::new_err(format!(
            "range is {value}, expected two numbers: the least and the largest input"
        ))),
    }
}

#[pymethods]
impl Model {
    /// The model of an ONNX file.
    #[staticmethod]
    #[pyo3(signature = (path, *, input = "private", weights = "public", output = "public", range = None, output_name = None))]
    fn from_onnx(
        py: Python<'_>,
        path: PathBuf,
        input: &str,
        weights: &str,
        output: &str,
        range: Option<Bound<'_, PyAny>>,
        output_name: Option<String>,
    ) -> PyResult<Self> {
        let mut options = onnx::Options::default();
        if let Some(name) = output_name {
            options = options.output(name);
        }
        if let Some(value) = range {
            options = options.range(self::range(&value)?);
        }
        let visibility = visibility(input, weights, output)?;
        let model = py.detach(|| onnx::load_with(&path, &options, visibility));
        Ok(Self { inner: or_raise::<ModelError, _, _>(py, model)? })
    }

    /// The model of a `.keras` or `.h5` file. With `classify`, the answer is the class of the largest output.
    #[staticmethod]
    #[pyo3(signature = (path, *, input = "private", weights = "public", output = "public", range = None, classify = false, channels_first = false))]
    #[expect(clippy::too_many_arguments, reason = "they are named in Python")]
    fn from_keras(
        py: Python<'_>,
        path: PathBuf,
        input: &str,
        weights: &str,
        output: &str,
        range: Option<Bound<'_, PyAny>>,
        classify: bool,
        channels_first: bool,
    ) -> PyResult<Self> {
        let mut options = keras::Options::default();
        if let Some(value) = range {
            options = options.range(self::range(&value)?);
        }
        if classify {
            options = options.class();
        }
        if channels_first {
            options = options.channels_first();
        }
        let visibility = visibility(input, weights, output)?;
        let model = py.detach(|| keras::load_with(&path, &options, visibility));
        Ok(Self { inner: or_raise::<ModelError, _, _>(py, model)? })
    }

    /// The same network with the weights of a safetensors file.
    fn with_weights(&self, py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let (graph, visibility) = (self.inner.graph().clone(), self.inner.visibility());
        let model = py.detach(|| rust::Model::load(graph, visibility, &path));
        Ok(Self { inner: or_raise::<ModelError, _, _>(py, model)? })
    }

    /// Writes the weights to a safetensors file.
    fn save_weights(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        or_raise::<ModelError, _, _>(py, self.inner.save(path))
    }

    /// The name of the network.
    #[getter]
    fn name(&self) -> &str {
        self.inner.graph().name()
    }

    /// The shape of an input, without a batch.
    #[getter]
    fn input_shape(&self) -> Vec<usize> {
        let graph = self.inner.graph();
        graph.shape(graph.input()).dims().to_vec()
    }

    /// How many classes it tells apart; `None` if it gives numbers.
    #[getter]
    fn classes(&self) -> Option<usize> {
        self.inner.graph().classes()
    }

    /// How many weights it has.
    #[getter]
    fn parameters(&self) -> usize {
        self.inner.graph().parameter_count()
    }

    /// A dictionary for each layer: its name, what it is, and the shape of its output.
    #[getter]
    fn layers<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let graph = self.inner.graph();
        let nodes = graph.nodes().iter().enumerate().filter_map(|(i, node)| Some((i, node, node.layer.as_ref()?)));
        nodes
            .map(|(i, node, layer)| {
                let entry = PyDict::new(py);
                entry.set_item("name", &node.name)?;
                entry.set_item("layer", layer.card().name)?;
                entry.set_item("shape", graph.shape(zkml::graph::NodeId(i)).dims())?;
                Ok(entry)
            })
            .collect()
    }

    /// The scores of an input, by floats.
    fn forward<'py>(&self, py: Python<'py>, x: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let input = array::tensor(&x)?;
        let scores = or_raise::<InputError, _, _>(py, py.detach(|| self.inner.forward(&input)))?;
        array::array(py, &scores)
    }

    /// The class of an input, by floats.
    fn classify(&self, py: Python<'_>, x: Bound<'_, PyAny>) -> PyResult<usize> {
        let input = array::tensor(&x)?;
        or_raise::<InputError, _, _>(py, py.detach(|| self.inner.classify(&input)))
    }

    /// The cheapest integers that keep to the target on these samples: an array with one more axis than an input, or a list of inputs.
    ///
    /// `top1` is the fraction of samples that must keep their class, `max_error` the most that a score may be off, `proven_error` the same for
    /// every possible input, `time_limit` in seconds. `calibrated` takes widths from the samples, with so many bits more, so that inputs beyond are refused.
    /// `system` is the proof system in which constraints are to be few; the plan serves in any. `progress` is called with what the search is doing, how many plans it has tried, and the
    /// constraints of the best.
    #[pyo3(signature = (samples, *, top1 = 1.0, max_error = None, proven_error = None, time_limit = None, tries = 400, calibrated = None, system = "groth16", progress = None))]
    #[expect(clippy::too_many_arguments, reason = "they are named in Python")]
    fn quantize(
        &self,
        py: Python<'_>,
        samples: Bound<'_, PyAny>,
        top1: f64,
        max_error: Option<f64>,
        proven_error: Option<f64>,
        time_limit: Option<f64>,
        tries: usize,
        calibrated: Option<u32>,
        system: &str,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Quantized> {
        let graph = self.inner.graph();
        let samples = array::tensors(&samples, graph.shape(graph.input()))?;
        let time_limit = time_limit.map(Duration::try_from_secs_f64).transpose();
        let time_limit = time_limit.map_err(|error| ArgumentError::new_err(format!("time_limit: {error}")))?;
        let policy = calibrated.map_or(Policy::Static, |margin_bits| Policy::Calibrated { margin_bits });
        let circuits = match named(system)? {
            In::Groth16(()) => Circuits::of::<Groth16>(),
            In::TwoPhase(()) => Circuits::of::<TwoPhase>(),
        };
        let target = rust::Target { top1, max_error, proven_error, tries, time_limit, policy, circuits };
        let mut failed = None;
        let found = py.detach(|| {
            self.inner.quantize_with(&samples, target, &mut |now| {
                let Some(callback) = progress.as_ref().filter(|_| failed.is_none()) else { return };
                // Signals and the callback's own exceptions are raised when the search is over.
                failed = Python::attach(|py| {
                    callback
                        .call1(py, (now.stage, now.tried, now.constraints))
                        .err()
                        .or_else(|| py.check_signals().err())
                });
            })
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(Quantized { inner: or_raise::<PlanError, _, _>(py, found)? }),
        }
    }

    /// These integers: of a plan that was saved before.
    fn quantize_to(&self, py: Python<'_>, plan: PathBuf) -> PyResult<Quantized> {
        let plan = or_raise::<PlanError, _, _>(py, rust::Plan::load(plan))?;
        Ok(Quantized { inner: or_raise::<PlanError, _, _>(py, py.detach(|| self.inner.quantize_to(&plan)))? })
    }

    fn __repr__(&self) -> String {
        let (graph, visibility) = (self.inner.graph(), self.inner.visibility());
        format!(
            "<zkml.Model {} {:?} -> {:?}, {} parameters, {visibility:?}>",
            graph.name(),
            graph.shape(graph.input()).dims(),
            graph.shape(graph.output()).dims(),
            graph.parameter_count()
        )
    }
}

fn visibility(input: &str, weights: &str, output: &str) -> PyResult<rust::Visibility> {
    Ok(rust::Visibility {
        input: visible("input", input)?,
        weights: visible("weights", weights)?,
        output: visible("output", output)?,
    })
}
