//! `zkml accuracy`: how many labelled inputs the model answers correctly, a proof for each answer.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zkml::{
    graph::Visible,
    prove::{Digest, ProofOf},
};

use super::{
    labelled,
    prove::{Work, weights_file},
};
use crate::{
    error::Error,
    files,
    inputs::{Sample, named_apart},
    out::{Out, count, table, time},
    project::Project,
    ready,
    registered::{Usable, in_use},
    system::System,
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// Inputs with labels, files or folders; `test` of the project file where none are named, or else its samples
    inputs: Vec<PathBuf>,
    /// Their labels, where these are in a file of their own
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// The least fraction of correct answers: fewer are refused
    #[arg(long, value_name = "FRACTION")]
    at_least: Option<f64>,
}

#[derive(Serialize)]
struct Report {
    system: System,
    circuit: String,
    inputs: usize,
    correct: usize,
    accuracy: f64,
    proved_before: usize,
    seconds: f64,
    answers: Vec<Answer>,
}

#[derive(Serialize)]
struct Answer {
    input: String,
    label: usize,
    class: usize,
    correct: bool,
    proof: PathBuf,
}

/// What was proved of which inputs: where a process was killed, the next one goes on.
#[derive(Serialize, Deserialize)]
struct Journal {
    /// The circuit.
    circuit: String,
    /// The names of proofs, by the hash of their input.
    proofs: BTreeMap<String, String>,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    in_use!(project, accuracy(arguments, &project, out))
}

fn accuracy<S: Usable>(arguments: &Arguments, project: &Project, out: &Out) -> Result<(), Error> {
    let (quantized, circuit) = ready::circuit::<S>(project, 1, out)?;
    if quantized.graph().classes().is_none() {
        let reason = "the model answers with no class; set `answer = \"class\"` in the project file".to_owned();
        return Err(Error::Model { path: project.model()?, reason });
    }
    if project.visibility().output != Visible::Public {
        return Err(Error::Usage(
            "the output is not public: an answer that nobody sees is not correct or wrong".to_owned(),
        ));
    }
    match project.visibility().weights {
        Visible::Committed if !weights_file(project).exists() => {
            return Err(Error::Usage(
                "each proof would show another commitment to the weights, so that they may be those of several models; run \
                 `zkml commit weights` first"
                    .to_owned(),
            ));
        }
        // One registration, of which all proofs are.
        Visible::Private if project.registered() => {}
        Visible::Private => {
            out.note("with private weights, nothing says that all proofs are of the same ones: commit to them")
        }
        Visible::Committed | Visible::Public => {}
    }
    let samples = labelled(project, &arguments.inputs, arguments.labels.as_deref(), quantized.model().graph())?;
    named_apart(&samples)?;
    if let Some(sample) = samples.iter().find(|sample| sample.label.is_none()) {
        let reason = format!("input `{}` has no label; name a file of labels with `--labels`", sample.name);
        return Err(Error::input(&sample.path, reason));
    }
    let work = Work::<S>::new(project, circuit, out)?;
    let _lock = project.lock(out)?;
    let folder = project.output("accuracy");
    let (journal_file, began) = (folder.join("journal.json"), std::time::Instant::now());
    let mut journal = journal(&journal_file, &work);
    let (mut answers, mut before) = (vec![], 0);
    for (i, sample) in samples.iter().enumerate() {
        let key = hash(sample).to_string();
        let known = journal.proofs.get(&key).map(|name| folder.join(name));
        let class = known.as_ref().and_then(|file| proved(file, &work));
        let (class, proof) = match (class, known) {
            (Some(class), Some(file)) => {
                before += 1;
                (class, file)
            }
            _ => {
                let name = format!("{}.proof", sample.name);
                let (file, one) = (folder.join(&name), std::slice::from_ref(sample));
                // The file may be that of another input of that name: nobody must take the one for the other.
                journal.proofs.retain(|_, other| *other != name);
                files::save(&journal_file, &files::json(&journal))?;
                let what = format!("prove {} ({} of {})", sample.name, i + 1, samples.len());
                let (_, statement) = work.prove(&sample.name, one, file.clone(), &what, out)?;
                journal.proofs.insert(key, name);
                files::save(&journal_file, &files::json(&journal))?;
                let none = || Error::Refused(format!("{}: the proof states no class", file.display()));
                (statement.class(0).ok_or_else(none)?, file)
            }
        };
        let label = sample.label.unwrap_or_default();
        answers.push(Answer { input: sample.name.clone(), label, class, correct: class == label, proof });
    }
    let correct = answers.iter().filter(|answer| answer.correct).count();
    let report = Report {
        system: project.settings.system,
        circuit: work.circuit.digest().to_string(),
        inputs: answers.len(),
        correct,
        accuracy: correct as f64 / answers.len().max(1) as f64,
        proved_before: before,
        seconds: began.elapsed().as_secs_f64(),
        answers,
    };
    out.show(&report, || text(&report));
    match arguments.at_least.filter(|least| report.accuracy < *least) {
        Some(least) => Err(Error::Refused(format!(
            "{correct} of {} answers are correct ({:.2}%), fewer than the {:.2}% asked for",
            report.inputs,
            100.0 * report.accuracy,
            100.0 * least
        ))),
        None => Ok(()),
    }
}

/// The journal, if it is of the same keys; a damaged one is of none.
fn journal<S: Usable>(path: &Path, work: &Work<S>) -> Journal {
    // The fingerprint of the key: proofs are of a setup too.
    let circuit = work.keys.verifying.fingerprint().to_string();
    let kept = files::read_json::<Journal>(path).ok().filter(|journal| journal.circuit == circuit);
    kept.unwrap_or(Journal { circuit, proofs: BTreeMap::new() })
}

/// The class that a proof of before states, if it still holds.
fn proved<S: Usable>(file: &Path, work: &Work<S>) -> Option<usize> {
    let proof = ProofOf::<S>::load(file).ok()?;
    S::statement_of(&work.keys.verifying, &work.with, &proof).ok()?.class(0)
}

/// The hash of an input's values.
fn hash(sample: &Sample) -> Digest {
    let mut hash = Sha256::new();
    for x in sample.tensor.data() {
        hash.update(x.to_le_bytes());
    }
    Digest(hash.finalize().into())
}

/// The wrong answers that are told.
const SHOWN: usize = 20;

fn text(report: &Report) -> String {
    let wrong: Vec<Vec<String>> = report
        .answers
        .iter()
        .filter(|answer| !answer.correct)
        .take(SHOWN)
        .map(|a| vec![a.input.clone(), a.label.to_string(), a.class.to_string(), a.proof.display().to_string()])
        .collect();
    let table = match wrong.len() {
        0 => String::new(),
        _ => format!("\nwrong\n{}", table(&["input", "label", "answer", "proof"], &[1, 2], &wrong)),
    };
    format!(
        "{} of {} proven answers are correct ({:.2}%), {} of them proved before, in {}{table}",
        count(report.correct),
        count(report.inputs),
        100.0 * report.accuracy,
        count(report.proved_before),
        time(report.seconds),
    )
}
