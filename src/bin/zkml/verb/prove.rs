//! `zkml prove`: a proof for each input.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use zkml::{
    circuit::{Circuit, CircuitError},
    graph::{Visibility, Visible},
    prove::{KeysOf, Statement},
};

use super::{inputs_of, tensors};
use crate::{
    error::Error,
    files,
    inputs::{Sample, named_apart},
    openings::{self, Subject},
    out::{Out, bytes, count, table, time},
    project::Project,
    ready::{self, KeyFiles},
    registered::{Usable, in_use},
    said::{Said, answers, said},
    system::System,
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// Inputs, files or folders; the samples of the project file where none are named
    inputs: Vec<PathBuf>,
    /// The proof's file, of a single input; `NAME.proof` among the outputs where none is named
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    system: System,
    circuit: String,
    predicted_seconds: f64,
    proofs: Vec<Proved>,
}

/// A proof that was made.
#[derive(Serialize)]
pub struct Proved {
    /// Its input's name.
    input: String,
    /// Its file.
    pub proof: PathBuf,
    /// The file of its openings, if it shows commitments.
    opening: Option<PathBuf>,
    /// Its size, without its public inputs.
    bytes: usize,
    /// What it took.
    seconds: f64,
    /// What it says.
    pub statement: Vec<Said>,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    in_use!(project, prove(arguments, &project, out))
}

fn prove<S: Usable>(arguments: &Arguments, project: &Project, out: &Out) -> Result<(), Error> {
    let (quantized, circuit) = ready::circuit::<S>(project, 1, out)?;
    let samples =
        inputs_of(project, &arguments.inputs, &project.settings.samples, "samples", quantized.model().graph())?;
    named_apart(&samples)?;
    if let (Some(output), [_, _, ..]) = (&arguments.output, samples.as_slice()) {
        let found = samples.len();
        return Err(Error::Usage(format!("`--output {}` is one file, for {found} inputs", output.display())));
    }
    let work = Work::<S>::new(project, circuit, out)?;
    let _lock = project.lock(out)?;
    let mut proofs = vec![];
    for (i, sample) in samples.iter().enumerate() {
        let file = arguments.output.clone().unwrap_or_else(|| proof_file(project, &sample.name));
        let what = format!("prove {} ({} of {})", sample.name, i + 1, samples.len());
        proofs.push(work.prove(&sample.name, std::slice::from_ref(sample), file, &what, out)?.0);
    }
    let report = Report {
        system: project.settings.system,
        circuit: work.circuit.digest().to_string(),
        predicted_seconds: work.seconds,
        proofs,
    };
    out.show(&report, || text(&report.proofs, &work.circuit, work.seconds));
    Ok(())
}

/// A table of proofs.
pub fn text(proofs: &[Proved], circuit: &Circuit, predicted: f64) -> String {
    let row = |p: &Proved| {
        vec![p.input.clone(), answers(&p.statement), time(p.seconds), bytes(p.bytes), p.proof.display().to_string()]
    };
    format!(
        "{} constraints, {} a proof were predicted\n{}",
        count(circuit.matrices().constraints()),
        time(predicted),
        table(&["input", "answer", "prove", "size", "proof"], &[2, 3], &proofs.iter().map(row).collect::<Vec<_>>())
    )
}

/// The file of the proof of an input.
pub fn proof_file(project: &Project, name: &str) -> PathBuf {
    project.output(&format!("proofs/{name}.proof"))
}

/// The file of the weights' salt, if they have one for all proofs.
pub fn weights_file(project: &Project) -> PathBuf {
    project.output("weights.opening.json")
}

/// What makes proofs: a circuit, its keys, and how long one takes.
pub struct Work<S: Usable> {
    /// The circuit.
    pub circuit: Circuit,
    /// Its keys.
    pub keys: KeysOf<S>,
    /// The seconds that a proof takes, roughly.
    pub seconds: f64,
    /// What proofs take beside.
    pub with: S::With,
    visibility: Visibility,
}

impl<S: Usable> Work<S> {
    /// With the keys of the project, and the salt of its weights.
    pub fn new(project: &Project, circuit: Circuit, out: &Out) -> Result<Self, Error> {
        let keys = ready::keys::<S>(&KeyFiles::of(project, circuit.batch()), &circuit, out)?;
        let with = S::with(project, &circuit, &keys)?;
        let (seconds, visibility) = (circuit.report_with(&project.rates()?).seconds, circuit.visibility());
        let salted = weights_file(project);
        let circuit = if visibility.weights == Visible::Committed && salted.exists() {
            let openings = openings::load(&salted)?;
            match openings.iter().find(|opened| opened.subject == Subject::Weights) {
                Some(opened) => circuit.with_salt(opened.salt(&salted)?)?,
                None => circuit,
            }
        } else {
            circuit
        };
        Ok(Self { circuit, keys, seconds, with, visibility })
    }

    /// One proof, of as many inputs as the circuit takes, and what it says.
    pub fn prove(
        &self,
        name: &str,
        samples: &[Sample],
        file: PathBuf,
        what: &str,
        out: &Out,
    ) -> Result<(Proved, Statement), Error> {
        let step = out.timed(what, self.seconds);
        let proved = S::proof_of(&self.circuit, &self.keys.proving, &self.with, &tensors(samples));
        let seconds = step.seconds();
        drop(step);
        let (proof, opening) = proved.map_err(|error| of_input(samples, error))?;
        let verify = S::statement_of(&self.keys.verifying, &self.with, &proof);
        let statement = verify.map_err(|error| Error::Verify { path: file.clone(), error })?;
        let openings = openings::of_proof(self.visibility, &statement, &opening);
        // The openings first: a proof whose commitments can't be opened any more is worth little.
        let opening = (!openings.is_empty()).then(|| file.with_extension("opening.json"));
        if let Some(path) = &opening {
            openings::save(path, &openings)?;
        }
        files::save(&file, &proof.to_bytes())?;
        let (bytes, statement_said) = (proof.proof_bytes().len(), said(&statement));
        let proved = Proved { input: name.to_owned(), proof: file, opening, bytes, seconds, statement: statement_said };
        Ok((proved, statement))
    }
}

/// The error of an input, by its file.
pub fn of_input(samples: &[Sample], error: CircuitError) -> Error {
    match error {
        CircuitError::Input { index, error } => {
            let path = samples.get(index).map_or_else(PathBuf::new, |sample| sample.path.clone());
            Error::input(path, format!("input `{}`: {error}", samples.get(index).map_or("", |s| s.name.as_str())))
        }
        other => other.into(),
    }
}

/// The proofs among the outputs, by name.
pub fn proofs(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "proof")).collect();
    found.sort();
    found
}
