//! `zkml commit` and `zkml open`: commitments to weights, inputs and outputs, and whether they open.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use zkml::{
    circuit::CommitError,
    gadget::hash::commitment::salt,
    plan::Quantized,
    prove::{Fr, ProofOf, VerifyingKeyOf, statement::Value},
    rand::rngs::OsRng,
};

use super::{inputs_of, prove::weights_file};
use crate::{
    error::{Error, Kind},
    files,
    inputs::Sample,
    model,
    openings::{self, Opened, Subject},
    out::{Out, table},
    project::{Paths, Project},
    ready::at,
    said::element,
    system::{Provable, System, in_system},
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// What to commit to
    subject: Subject,
    /// The inputs, files or folders, of inputs and outputs
    inputs: Vec<PathBuf>,
    /// The file of the openings, which its owner alone may read
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace an opening that exists: a commitment that was published can't be opened any more then
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Report {
    opening: PathBuf,
    commitments: Vec<Commitment>,
}

#[derive(Serialize)]
struct Commitment {
    subject: Subject,
    item: usize,
    input: Option<String>,
    commitment: String,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    let subject = arguments.subject;
    if subject == Subject::Weights && !arguments.inputs.is_empty() {
        return Err(Error::Usage("a commitment to the weights takes no inputs".to_owned()));
    }
    let quantized = model::quantized(&project)?;
    let path = match (&arguments.output, subject) {
        (Some(path), _) => path.clone(),
        (None, Subject::Weights) => weights_file(&project),
        (None, Subject::Input | Subject::Output) => project.output(&format!("{}s.opening.json", subject.name())),
    };
    let _lock = project.lock(out)?;
    if path.exists() && !arguments.force {
        return Err(Error::file(
            path,
            "write",
            "it exists, and opens a commitment; keep it, or replace it with `--force`",
        ));
    }
    let samples = match subject {
        Subject::Weights => vec![],
        Subject::Input | Subject::Output => {
            inputs_of(&project, &arguments.inputs, &project.settings.samples, "samples", quantized.model().graph())?
        }
    };
    let items = if subject == Subject::Weights { 1 } else { samples.len() };
    let mut opened = vec![];
    for item in 0..items {
        let salt = salt(&mut OsRng);
        let commitment = committed(&project, &quantized, subject, samples.get(item), salt)?;
        opened.push(Opened::new(subject, item, commitment, salt));
    }
    openings::save(&path, &opened)?;
    let name = |item: usize| samples.get(item).map(|sample| sample.name.clone());
    let of = |o: &Opened| Commitment { subject, item: o.item, input: name(o.item), commitment: o.commitment.clone() };
    let report = Report { opening: path, commitments: opened.iter().map(of).collect() };
    out.show(&report, || {
        let row = |c: &Commitment| {
            let what = c.input.clone().unwrap_or_default();
            vec![c.subject.name().to_owned(), what, c.commitment.clone()]
        };
        format!(
            "{}\nopening {}: keep it secret, and keep it",
            table(&["of", "input", "commitment"], &[], &report.commitments.iter().map(row).collect::<Vec<_>>()),
            report.opening.display()
        )
    });
    Ok(())
}

/// The commitment with a salt.
fn committed(
    project: &Project,
    quantized: &Quantized,
    subject: Subject,
    sample: Option<&Sample>,
    salt: Fr,
) -> Result<Fr, Error> {
    let commitment = match (subject, sample) {
        (Subject::Weights, _) => quantized.commit_weights(salt),
        (Subject::Input, Some(sample)) => quantized.commit_input(&sample.tensor, salt),
        (Subject::Output, Some(sample)) => quantized.commit_output(project.visibility(), &sample.tensor, salt),
        (Subject::Input | Subject::Output, None) => {
            return Err(Error::Usage(format!("the opening has an {}, and no input is named for it", subject.name())));
        }
    };
    let path = sample.map_or_else(|| project.plan(), |sample| sample.path.clone());
    commitment.map_err(|error| match error {
        CommitError::Plan(error) => error.into(),
        error => Error::input(path, error),
    })
}

#[derive(Args, Debug)]
pub struct OpenArguments {
    /// The openings, as `zkml commit` and `zkml prove` write them
    opening: PathBuf,
    /// The inputs, files or folders, that inputs and outputs were committed to of
    inputs: Vec<PathBuf>,
    /// A proof whose commitments these must be, under the key of the project
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
}

#[derive(Serialize)]
struct OpenReport {
    opens: bool,
    commitments: Vec<OpenedShown>,
}

#[derive(Serialize)]
struct OpenedShown {
    subject: Subject,
    item: usize,
    commitment: String,
    opens: bool,
    in_proof: Option<bool>,
}

pub fn open(arguments: &OpenArguments, project: Project, out: &Out) -> Result<(), Error> {
    let opened = openings::load(&arguments.opening)?;
    let quantized = model::quantized(&project)?;
    let needed = opened.iter().any(|o| o.subject != Subject::Weights);
    let samples = if needed {
        inputs_of(&project, &arguments.inputs, &Paths::default(), "inputs", quantized.model().graph())?
    } else {
        vec![]
    };
    let shown = arguments.proof.as_ref().map(|proof| in_proof(&project, proof)).transpose()?;
    let mut commitments = vec![];
    for o in &opened {
        let salt = o.salt(&arguments.opening)?;
        let found = committed(&project, &quantized, o.subject, samples.get(o.item), salt)?;
        let in_proof = shown.as_ref().map(|shown| {
            shown.iter().any(|(name, item, x)| (name.as_str(), *item, *x) == (o.subject.name(), o.item, found))
        });
        commitments.push(OpenedShown {
            subject: o.subject,
            item: o.item,
            commitment: o.commitment.clone(),
            opens: element(found) == o.commitment,
            in_proof,
        });
    }
    let opens = |c: &OpenedShown| c.opens && c.in_proof != Some(false);
    let report = OpenReport { opens: commitments.iter().all(opens), commitments };
    out.show(&report, || {
        let row = |c: &OpenedShown| {
            let verdict = match (c.opens, c.in_proof) {
                (false, _) => "does not open",
                (true, Some(false)) => "not of the proof",
                (true, Some(true)) => "opens, of the proof",
                (true, None) => "opens",
            };
            vec![c.subject.name().to_owned(), c.item.to_string(), verdict.to_owned(), c.commitment.clone()]
        };
        let rows: Vec<Vec<String>> = report.commitments.iter().map(row).collect();
        table(&["of", "item", "verdict", "commitment"], &[1], &rows)
    });
    if report.opens {
        Ok(())
    } else {
        let why = "a commitment is to other values, or of another plan, than those at hand";
        Err(Error::Refused(format!("{}: {why}", arguments.opening.display())))
    }
}

/// The commitments of a proof, which must be valid.
fn in_proof(project: &Project, proof: &Path) -> Result<Vec<(String, usize, Fr)>, Error> {
    let key = project.output("verifying.key");
    if !key.exists() {
        return Err(Error::Missing {
            what: "verifying key",
            path: key,
            repair: "make one with `zkml setup`",
            kind: Kind::File,
        });
    }
    let system = System::of_key(&files::read(&key)?);
    in_system!(system, commitments(&key, proof))
}

fn commitments<S: Provable>(key: &Path, path: &Path) -> Result<Vec<(String, usize, Fr)>, Error> {
    let key = at(key, VerifyingKeyOf::<S>::load(key))?;
    let proof = at(path, ProofOf::<S>::load(path))?;
    let statement = key.verify(&proof).map_err(|error| Error::Verify { path: path.to_owned(), error })?;
    let of = |entry: &zkml::prove::PublicValue| match entry.value {
        Value::Commitment(x) => Some((entry.name.clone(), entry.item, x)),
        Value::Element(_) | Value::Tensor { .. } | Value::Class { .. } => None,
    };
    Ok(statement.entries().iter().filter_map(of).collect())
}
