//! Models as integers.

use std::path::PathBuf;

use pyo3::{prelude::*, types::PyDict};
use zkml::{
    prelude as rust,
    prove::{Groth16, ProofSystem, Rates, TwoPhase},
};

use crate::{
    array,
    circuit::Circuit,
    error::{CircuitError, InputError, PlanError, or_raise},
    json, statement,
    system::{self, In},
};

/// A model as integers: what a proof is about.
#[pyclass(module = "zkml", frozen)]
pub(crate) struct Quantized {
    pub(crate) inner: rust::Quantized,
}

#[pymethods]
impl Quantized {
    /// What an input gives, exactly as a proof says it: `class` (or `None`), `scores` as floats, and `integers`.
    fn forward<'py>(&self, py: Python<'py>, x: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let input = array::tensor(&x)?;
        let exact = or_raise::<InputError, _, _>(py, py.detach(|| self.inner.forward(&input)))?;
        let answer = PyDict::new(py);
        answer.set_item("class", exact.class)?;
        answer.set_item("scores", array::array(py, &exact.scores)?)?;
        answer.set_item("integers", statement::integers(py, &exact.integers)?)?;
        Ok(answer)
    }

    /// How near the integers are to the floats on these samples, as a dictionary.
    fn fidelity<'py>(&self, py: Python<'py>, samples: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let graph = self.inner.graph();
        let samples = array::tensors(&samples, graph.shape(graph.input()))?;
        let fidelity = or_raise::<PlanError, _, _>(py, py.detach(|| self.inner.fidelity(&samples)))?;
        json::to_python(py, &fidelity)
    }

    /// The constraints of its circuit by layer and gadget, before it is built.
    #[pyo3(signature = (*, system = "groth16", batch = 1))]
    fn budget<'py>(&self, py: Python<'py>, system: &str, batch: usize) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let checks = match system::named(system)? {
            In::Groth16(()) => Groth16::RANGE_CHECKS,
            In::TwoPhase(()) => TwoPhase::RANGE_CHECKS,
        };
        let visibility = self.inner.model().visibility();
        let budget = or_raise::<PlanError, _, _>(py, py.detach(|| self.inner.budget_of(visibility, batch, checks)))?;
        let nodes = self.inner.graph().nodes();
        budget
            .into_iter()
            .map(|((node, gadget), cost)| {
                let entry = PyDict::new(py);
                entry.set_item("node", nodes.get(node).map(|node| node.name.as_str()))?;
                entry.set_item("gadget", gadget)?;
                entry.set_item("constraints", cost.constraints)?;
                Ok(entry)
            })
            .collect()
    }

    /// The plan as JSON: what `save_plan` writes.
    #[getter]
    fn plan<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::to_python(py, self.inner.plan())
    }

    /// The plans that the search kept and why others were not, as a dictionary.
    #[getter]
    fn frontier<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::to_python(py, self.inner.frontier())
    }

    /// Writes the plan to a file.
    fn save_plan(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        or_raise::<PlanError, _, _>(py, self.inner.plan().save(path))
    }

    /// The circuit, for a proof system: `groth16`, or `two_phase`, whose circuits are several times smaller.
    #[pyo3(signature = (*, system = "groth16", batch = 1))]
    fn circuit(&self, py: Python<'_>, system: &str, batch: usize) -> PyResult<Circuit> {
        let system = system::named(system)?;
        let visibility = self.inner.model().visibility();
        let circuit = py.detach(|| match system {
            In::Groth16(()) => self.inner.circuit_in::<Groth16>(batch, visibility),
            In::TwoPhase(()) => self.inner.circuit_in::<TwoPhase>(batch, visibility),
        });
        let inner = or_raise::<CircuitError, _, _>(py, circuit)?;
        Ok(Circuit { inner, system, rates: Rates::default() })
    }

    fn __repr__(&self) -> String {
        let (graph, proven) = (self.inner.graph(), self.inner.proven());
        let error =
            proven.error.map_or_else(|| "no proven bound".to_owned(), |error| format!("proven error {error:.3e}"));
        format!("<zkml.Quantized {}, {error}>", graph.name())
    }
}
