//! `zkml mock`: the circuit on inputs, without keys; what is not satisfied, and why.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use zkml::{
    circuit::Circuit,
    dev::check::check,
    prove::{Backend, Fr, PublicKind},
    rand::rngs::OsRng,
};

use super::{inputs_of, prove::of_input, tensors};
use crate::{
    error::Error,
    inputs::Sample,
    out::{Out, count, table, time},
    project::Project,
    ready,
    registered::in_use,
    said::{Said, answers, said},
    system::System,
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// Inputs, files or folders; the samples of the project file where none are named
    inputs: Vec<PathBuf>,
    /// Claim that the answer is this class, whatever it is: to see what refuses that
    #[arg(long, value_name = "CLASS")]
    claim: Option<usize>,
}

#[derive(Serialize)]
struct Report {
    system: System,
    constraints: usize,
    witnesses: usize,
    satisfied: bool,
    inputs: Vec<Mocked>,
}

#[derive(Serialize)]
struct Mocked {
    input: String,
    satisfied: bool,
    seconds: f64,
    statement: Vec<Said>,
    failures: usize,
    first: Vec<Violation>,
}

/// A constraint that is not satisfied.
#[derive(Serialize)]
struct Violation {
    constraint: usize,
    node: String,
    layer: &'static str,
    item: usize,
    gadget: &'static str,
    explanation: String,
}

/// The violated constraints that are told.
const SHOWN: usize = 10;

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    in_use!(project, mock(arguments, &project, out))
}

fn mock<S: Backend>(arguments: &Arguments, project: &Project, out: &Out) -> Result<(), Error> {
    let (quantized, circuit) = ready::circuit::<S>(project, 1, out)?;
    let samples =
        inputs_of(project, &arguments.inputs, &project.settings.samples, "samples", quantized.model().graph())?;
    let claim = arguments.claim.map(|class| claimed(&circuit, class)).transpose()?;
    let inputs = samples.iter().map(|sample| of_sample(&circuit, sample, claim)).collect::<Result<Vec<_>, _>>()?;
    let report = Report {
        system: project.settings.system,
        constraints: circuit.matrices().constraints(),
        witnesses: circuit.matrices().witness,
        satisfied: inputs.iter().all(|mocked| mocked.satisfied),
        inputs,
    };
    out.show(&report, || text(&report));
    let failed = report.inputs.iter().filter(|mocked| !mocked.satisfied).count();
    if failed > 0 {
        return Err(Error::Refused(format!("the circuit is not satisfied on {failed} of {} inputs", samples.len())));
    }
    Ok(())
}

/// The variable of the output, and a class in its place.
fn claimed(circuit: &Circuit, class: usize) -> Result<(usize, Fr), Error> {
    match circuit.table().find("output", 0).map(|entry| (entry.first, &entry.kind)) {
        Some((first, PublicKind::Class { classes })) if class < *classes => Ok((first + 1, Fr::from(class as u64))),
        Some((_, PublicKind::Class { classes })) => {
            Err(Error::Usage(format!("`--claim {class}`: there are {classes} classes, from 0")))
        }
        _ => Err(Error::Usage("`--claim` is about a class, and the output is none that is public".to_owned())),
    }
}

fn of_sample(circuit: &Circuit, sample: &Sample, claim: Option<(usize, Fr)>) -> Result<Mocked, Error> {
    let samples = std::slice::from_ref(sample);
    let began = std::time::Instant::now();
    let witness = circuit.witness(&tensors(samples), &mut OsRng);
    let (mut assignment, _) = witness.map_err(|error| of_input(samples, error))?;
    if let Some((variable, class)) = claim {
        assignment[variable] = class;
    }
    let failures = check(circuit, &assignment);
    let public = &assignment[1..circuit.matrices().instance - circuit.matrices().challenges()];
    let statement = circuit.table().decode(public).map(|statement| said(&statement)).unwrap_or_default();
    let violation = |f: &zkml::dev::check::Failure| Violation {
        constraint: f.constraint,
        node: f.node.clone(),
        layer: f.layer,
        item: f.item,
        gadget: f.gadget,
        explanation: f.to_string(),
    };
    Ok(Mocked {
        input: sample.name.clone(),
        satisfied: failures.is_empty(),
        seconds: began.elapsed().as_secs_f64(),
        statement,
        failures: failures.len(),
        first: failures.iter().take(SHOWN).map(violation).collect(),
    })
}

fn text(report: &Report) -> String {
    let row = |m: &Mocked| {
        let verdict = if m.satisfied { "satisfied".to_owned() } else { format!("{} violated", count(m.failures)) };
        vec![m.input.clone(), answers(&m.statement), verdict, time(m.seconds)]
    };
    let rows: Vec<Vec<String>> = report.inputs.iter().map(row).collect();
    let mut explained = String::new();
    for mocked in report.inputs.iter().filter(|mocked| !mocked.satisfied) {
        explained.push_str(&format!("\n{}:", mocked.input));
        for violation in &mocked.first {
            explained.push_str(&format!("\n  {}", violation.explanation));
        }
        if mocked.failures > mocked.first.len() {
            explained.push_str(&format!("\n  and {} more", count(mocked.failures - mocked.first.len())));
        }
    }
    format!(
        "{} constraints, {} witnesses\n{}{explained}",
        count(report.constraints),
        count(report.witnesses),
        table(&["input", "answer", "constraints", "time"], &[3], &rows)
    )
}
