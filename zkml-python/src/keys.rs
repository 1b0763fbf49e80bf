//! Keys and proofs.

use std::path::PathBuf;

use pyo3::{prelude::*, types::PyBytes};
use zkml::{
    evm::{CallOf, solidity},
    prove::{
        Groth16, KeysOf, Kind, LoadError, ProofOf, ProofSystem, ProvingKeyOf, TwoPhase, VerifyingKeyOf, file, snarkjs,
    },
};

use crate::{
    error::{ArgumentError, FileError, VerifyError, or_raise},
    statement::Statement,
    system::{In, either},
};

/// Reads a file of one of two kinds, as its header says which.
fn load<A, B>(
    py: Python<'_>,
    path: PathBuf,
    two_phase: Kind,
    one: impl FnOnce(&PathBuf) -> Result<A, LoadError> + Send,
    other: impl FnOnce(&PathBuf) -> Result<B, LoadError> + Send,
) -> PyResult<In<A, B>>
where
    A: Send,
    B: Send,
{
    let read = py.detach(|| match file::kind(&path) {
        Ok(kind) if kind == two_phase => other(&path).map(In::TwoPhase),
        _ => one(&path).map(In::Groth16),
    });
    or_raise::<FileError, _, _>(py, read)
}

/// Both keys of a setup.
#[pyclass(module = "zkml", frozen)]
pub(crate) struct Keys {
    pub(crate) inner: In<KeysOf<Groth16>, KeysOf<TwoPhase>>,
}

#[pymethods]
impl Keys {
    /// What makes proofs.
    #[getter]
    fn proving(&self) -> ProvingKey {
        let inner = match &self.inner {
            In::Groth16(keys) => In::Groth16(keys.proving.clone()),
            In::TwoPhase(keys) => In::TwoPhase(keys.proving.clone()),
        };
        ProvingKey { inner }
    }

    /// What checks them.
    #[getter]
    fn verifying(&self) -> VerifyingKey {
        let inner = match &self.inner {
            In::Groth16(keys) => In::Groth16(keys.verifying.clone()),
            In::TwoPhase(keys) => In::TwoPhase(keys.verifying.clone()),
        };
        VerifyingKey { inner }
    }
}

/// What makes proofs.
#[pyclass(module = "zkml", frozen)]
pub(crate) struct ProvingKey {
    pub(crate) inner: In<ProvingKeyOf<Groth16>, ProvingKeyOf<TwoPhase>>,
}

#[pymethods]
impl ProvingKey {
    /// The key of a file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let inner = load(
            py,
            path,
            TwoPhase::KINDS.proving_key,
            |path| ProvingKeyOf::load(path),
            |path| ProvingKeyOf::load(path),
        )?;
        Ok(Self { inner })
    }

    /// Writes the key to a file, whole or not at all.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        or_raise::<FileError, _, _>(py, py.detach(|| either!(&self.inner, key => key.save(&path))))
    }

    /// The digest of its circuit.
    #[getter]
    fn digest(&self) -> String {
        either!(&self.inner, key => key.digest().to_string())
    }

    /// Who made it.
    #[getter]
    fn provenance(&self) -> String {
        either!(&self.inner, key => key.provenance().to_string())
    }
}

/// What checks proofs.
#[pyclass(module = "zkml", frozen)]
pub(crate) struct VerifyingKey {
    inner: In<VerifyingKeyOf<Groth16>, VerifyingKeyOf<TwoPhase>>,
}

#[pymethods]
impl VerifyingKey {
    /// The key of a file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let inner = load(
            py,
            path,
            TwoPhase::KINDS.verifying_key,
            |path| VerifyingKeyOf::load(path),
            |path| VerifyingKeyOf::load(path),
        )?;
        Ok(Self { inner })
    }

    /// Writes the key to a file, whole or not at all.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        or_raise::<FileError, _, _>(py, either!(&self.inner, key => key.save(&path)))
    }

    /// The digest of its circuit: compare it with that of a circuit of your own.
    #[getter]
    fn digest(&self) -> String {
        either!(&self.inner, key => key.digest().to_string())
    }

    /// The SHA-256 of its file: what to publish and compare.
    #[getter]
    fn fingerprint(&self) -> String {
        either!(&self.inner, key => key.fingerprint().to_string())
    }

    /// Who made it: a single party can forge proofs.
    #[getter]
    fn provenance(&self) -> String {
        either!(&self.inner, key => key.provenance().to_string())
    }

    /// What the proof says, if it is true.
    fn verify(&self, py: Python<'_>, proof: &Proof) -> PyResult<Statement> {
        let statement = match (&self.inner, &proof.inner) {
            (In::Groth16(key), In::Groth16(proof)) => py.detach(|| key.verify(proof)),
            (In::TwoPhase(key), In::TwoPhase(proof)) => py.detach(|| key.verify(proof)),
            (key, proof) => {
                let (key, proof) = (key.name(), proof.name());
                let message = format!("the proof is of the proof system {proof}, the key of {key}");
                return Err(VerifyError::new_err(message));
            }
        };
        Ok(Statement { inner: or_raise::<VerifyError, _, _>(py, statement)? })
    }

    /// A contract in Solidity that verifies the proofs of this key.
    fn solidity(&self, py: Python<'_>, name: &str) -> PyResult<String> {
        or_raise::<ArgumentError, _, _>(py, either!(&self.inner, key => solidity::verifier(name, key)))
    }

    /// The key as snarkjs writes it, for `verification_key.json`.
    fn snarkjs(&self) -> PyResult<String> {
        match &self.inner {
            In::Groth16(key) => Ok(snarkjs::export_key(key)),
            key => Err(only_groth16(key.name())),
        }
    }
}

fn only_groth16(found: &str) -> PyErr {
    ArgumentError::new_err(format!("snarkjs knows no proof system {found}, only {}", Groth16::NAME))
}

/// A proof with its public inputs.
#[pyclass(module = "zkml", frozen)]
pub(crate) struct Proof {
    pub(crate) inner: In<ProofOf<Groth16>, ProofOf<TwoPhase>>,
}

#[pymethods]
impl Proof {
    /// The proof of a file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(Self {
            inner: load(py, path, TwoPhase::KINDS.proof, |path| ProofOf::load(path), |path| ProofOf::load(path))?,
        })
    }

    /// Writes the proof to a file, whole or not at all.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        or_raise::<FileError, _, _>(py, either!(&self.inner, proof => proof.save(&path)))
    }

    /// The digest of its circuit.
    #[getter]
    fn digest(&self) -> String {
        either!(&self.inner, proof => proof.digest.to_string())
    }

    /// What is sent to a contract that verifies it.
    fn calldata<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &either!(&self.inner, proof => CallOf::from(proof).encode()))
    }

    /// Proof and public inputs as snarkjs writes them, for `proof.json` and `public.json`.
    fn snarkjs(&self) -> PyResult<(String, String)> {
        match &self.inner {
            In::Groth16(proof) => Ok((snarkjs::export_proof(proof), snarkjs::export_public(proof))),
            proof => Err(only_groth16(proof.name())),
        }
    }

    /// The points alone, compressed.
    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &either!(&self.inner, proof => proof.proof_bytes()))
    }
}
