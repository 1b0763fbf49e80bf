//! What setup and prover work with: the circuit of a project, and its keys.

use std::path::{Path, PathBuf};

use zkml::{
    circuit::Circuit,
    plan::Quantized,
    prove::{Backend, KeysOf, LoadError, ProvingKeyOf, VerifyingKeyOf},
};

use crate::{
    error::{Error, Kind},
    model,
    out::Out,
    project::Project,
};

/// The files of a circuit and its keys.
#[derive(Clone, Debug)]
pub struct KeyFiles {
    /// What defines the circuit, hidden weights excepted.
    pub circuit: PathBuf,
    /// What makes proofs.
    pub proving: PathBuf,
    /// What checks them.
    pub verifying: PathBuf,
}

impl KeyFiles {
    /// Those of a batch.
    pub fn of(project: &Project, batch: usize) -> Self {
        let of = |name: &str| project.of_batch(batch, name);
        Self { circuit: of("circuit.zkml"), proving: of("proving.key"), verifying: of("verifying.key") }
    }
}

/// The model of the project under its plan, and its circuit.
pub fn circuit<S: Backend>(project: &Project, batch: usize, out: &Out) -> Result<(Quantized, Circuit), Error> {
    let quantized = model::quantized(project)?;
    let _step = out.step("build the circuit");
    let circuit = quantized.circuit_in::<S>(batch, project.visibility())?;
    Ok((quantized, circuit))
}

/// Says where an error of a key or a proof is.
pub fn at<T>(path: &Path, result: Result<T, LoadError>) -> Result<T, Error> {
    result.map_err(|error| Error::Load { path: path.to_owned(), error })
}

/// The keys of a circuit, if they are there and are of it.
pub fn keys<S: Backend>(files: &KeyFiles, circuit: &Circuit, out: &Out) -> Result<KeysOf<S>, Error> {
    let _step = out.step("read the keys");
    for path in [&files.verifying, &files.proving] {
        if !path.exists() {
            let repair = "make the keys with `zkml setup`";
            return Err(Error::Missing { what: "key", path: path.clone(), repair, kind: Kind::Circuit });
        }
    }
    let verifying = at(&files.verifying, VerifyingKeyOf::<S>::load(&files.verifying))?;
    let other = |path: &Path, found: String| {
        let expected = circuit.digest().to_string();
        Err(Error::OtherKeys { path: path.to_owned(), found, expected })
    };
    if *verifying.digest() != circuit.digest() {
        return other(&files.verifying, verifying.digest().to_string());
    }
    let proving = at(&files.proving, ProvingKeyOf::<S>::load(&files.proving))?;
    if *proving.digest() != circuit.digest() {
        return other(&files.proving, proving.digest().to_string());
    }
    at(&files.proving, KeysOf::new(proving, verifying))
}
