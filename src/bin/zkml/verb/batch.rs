//! `zkml batch`: one proof of the answers on several inputs.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{
    inputs_of,
    prove::{Proved, Work, proof_file, text},
};
use crate::{
    error::Error,
    model,
    out::Out,
    project::Project,
    ready,
    registered::{Usable, in_use},
    system::System,
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// Inputs, files or folders; the samples of the project file where none are named
    inputs: Vec<PathBuf>,
    /// The proof's file; `batch-COUNT.proof` among the outputs where none is named
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    system: System,
    circuit: String,
    batch: usize,
    inputs: Vec<String>,
    predicted_seconds: f64,
    proof: Proved,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    in_use!(project, batch(arguments, &project, out))
}

fn batch<S: Usable>(arguments: &Arguments, project: &Project, out: &Out) -> Result<(), Error> {
    // How many inputs there are says which circuit it is.
    let model = model::load(project)?;
    let samples = inputs_of(project, &arguments.inputs, &project.settings.samples, "samples", model.graph())?;
    let name = format!("batch-{}", samples.len());
    let (_, circuit) = ready::circuit::<S>(project, samples.len(), out)?;
    let work = Work::<S>::new(project, circuit, out)?;
    let _lock = project.lock(out)?;
    let file = arguments.output.clone().unwrap_or_else(|| proof_file(project, &name));
    let (proof, _) = work.prove(&name, &samples, file, &format!("prove {} inputs at once", samples.len()), out)?;
    let report = Report {
        system: project.settings.system,
        circuit: work.circuit.digest().to_string(),
        batch: samples.len(),
        inputs: samples.into_iter().map(|sample| sample.name).collect(),
        predicted_seconds: work.seconds,
        proof,
    };
    out.show(&report, || text(std::slice::from_ref(&report.proof), &work.circuit, work.seconds));
    Ok(())
}
