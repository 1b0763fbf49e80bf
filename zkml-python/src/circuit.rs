//! Circuits: keys and proofs are made of them.

use std::path::PathBuf;

use pyo3::prelude::*;
use zkml::{
    dev::check,
    prelude as rust,
    prove::{Groth16, RangeChecks, Rates, TwoPhase},
    rand::rngs::OsRng,
};

use crate::{
    array,
    error::{ArgumentError, CircuitError, or_raise},
    json,
    keys::{Keys, Proof, ProvingKey},
    system::In,
};

/// The constraints of a model, for one proof system and number of inputs.
#[pyclass(module = "zkml", frozen)]
pub(crate) struct Circuit {
    pub(crate) inner: rust::Circuit,
    pub(crate) system: In<(), ()>,
    pub(crate) rates: Rates,
}

impl Circuit {
    /// As many inputs as the circuit is for.
    fn inputs(&self, inputs: &Bound<'_, PyAny>) -> PyResult<Vec<rust::Tensor>> {
        let graph = self.inner.graph();
        let shape = graph.shape(graph.input());
        if self.inner.batch() == 1 {
            let one = array::tensor(inputs)?;
            if one.shape() == shape {
                return Ok(vec![one]);
            }
        }
        array::tensors(inputs, shape)
    }
}

#[pymethods]
impl Circuit {
    /// A circuit that was saved before; its weights, where they are private, are not in the file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let inner = or_raise::<CircuitError, _, _>(py, py.detach(|| rust::Circuit::load(&path)))?;
        if !inner.layout().packs.is_empty() {
            return Err(ArgumentError::new_err(
                "the circuit is one of registered weights, which Python has no calls for",
            ));
        }
        let system = match inner.range_checks() {
            RangeChecks::Bits => In::Groth16(()),
            RangeChecks::Lookups => In::TwoPhase(()),
        };
        Ok(Self { inner, system, rates: Rates::default() })
    }

    /// Writes the circuit to a file.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        or_raise::<CircuitError, _, _>(py, py.detach(|| self.inner.save(&path)))
    }

    /// The SHA-256 of all that a proof under its keys says.
    #[getter]
    fn digest(&self) -> String {
        self.inner.digest().to_string()
    }

    /// The proof system that it is for.
    #[getter]
    fn system(&self) -> &'static str {
        self.system.name()
    }

    /// What it costs, by layer and gadget, with the seconds and the memory that a proof is predicted to take.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::to_python(py, &self.inner.report_with(&self.rates))
    }

    /// Both keys, by a setup of a single party: whoever ran it can forge proofs.
    fn setup(&self, py: Python<'_>) -> PyResult<Keys> {
        let keys = py.detach(|| {
            Ok(match self.system {
                In::Groth16(()) => In::Groth16(self.inner.setup_in::<Groth16>(&mut OsRng)?),
                In::TwoPhase(()) => In::TwoPhase(self.inner.setup_in::<TwoPhase>(&mut OsRng)?),
            })
        });
        Ok(Keys { inner: or_raise::<CircuitError, _, rust::CircuitError>(py, keys)? })
    }

    /// A proof of the answer to an input, or to as many as the circuit takes.
    fn prove(&self, py: Python<'_>, key: &ProvingKey, inputs: Bound<'_, PyAny>) -> PyResult<Proof> {
        let inputs = self.inputs(&inputs)?;
        let proof = match (&self.system, &key.inner) {
            (In::Groth16(()), In::Groth16(key)) => {
                py.detach(|| self.inner.prove_in(key, &inputs, &mut OsRng)).map(|(proof, _)| In::Groth16(proof))
            }
            (In::TwoPhase(()), In::TwoPhase(key)) => {
                py.detach(|| self.inner.prove_in(key, &inputs, &mut OsRng)).map(|(proof, _)| In::TwoPhase(proof))
            }
            (circuit, key) => {
                let (circuit, key) = (circuit.name(), key.name());
                let message =
                    format!("the key is of the proof system {key}, the circuit is for {circuit}; run its setup");
                return Err(ArgumentError::new_err(message));
            }
        };
        Ok(Proof { inner: or_raise::<CircuitError, _, _>(py, proof)? })
    }

    /// Runs the circuit on inputs without keys: what is not satisfied, a line each; nothing if all is.
    fn mock(&self, py: Python<'_>, inputs: Bound<'_, PyAny>) -> PyResult<Vec<String>> {
        let inputs = self.inputs(&inputs)?;
        let witness = py.detach(|| self.inner.witness(&inputs, &mut OsRng));
        let (assignment, _) = or_raise::<CircuitError, _, _>(py, witness)?;
        Ok(py.detach(|| check::check(&self.inner, &assignment)).iter().map(ToString::to_string).collect())
    }

    fn __repr__(&self) -> String {
        let constraints = self.inner.matrices().constraints();
        format!("<zkml.Circuit {}, {}, {constraints} constraints>", self.inner.graph().name(), self.system.name())
    }
}
