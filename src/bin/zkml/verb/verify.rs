//! `zkml verify`: whether proofs are valid, and what they say.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use zkml::prove::{Digest, PreparedVerifyingKeyOf, ProofOf, Provenance, VerifyingKeyOf};

use super::prove::proofs;
use crate::{
    error::{Error, Kind},
    files,
    out::Out,
    project::Project,
    ready::at,
    said::{Said, said},
    system::{Provable, System, in_system},
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// Proofs; all of the project where none is named
    proofs: Vec<PathBuf>,
    /// The verifying key; that of the project where none is named. Take it from a source that you trust, not from the prover
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The fingerprint that the key must have
    #[arg(long, value_name = "DIGEST")]
    fingerprint: Option<Digest>,
    /// Refuse keys that a single party made: whoever did can forge proofs
    #[arg(long)]
    require_ceremony: bool,
}

#[derive(Serialize)]
struct Report {
    valid: bool,
    system: System,
    key: PathBuf,
    digest: String,
    fingerprint: String,
    provenance: String,
    ceremony: bool,
    proven_error: Option<f64>,
    proofs: Vec<Verified>,
}

#[derive(Serialize)]
struct Verified {
    proof: PathBuf,
    valid: bool,
    error: Option<String>,
    statement: Vec<Said>,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    let path = arguments.key.clone().unwrap_or_else(|| project.output("verifying.key"));
    if !path.exists() {
        let repair = "name it with `--key`, or make one with `zkml setup`";
        return Err(Error::Missing { what: "verifying key", path, repair, kind: Kind::File });
    }
    let system = System::of_key(&files::read(&path)?);
    in_system!(system, verify(arguments, &project, system, &path, out))
}

fn verify<S: Provable>(
    arguments: &Arguments,
    project: &Project,
    system: System,
    path: &Path,
    out: &Out,
) -> Result<(), Error> {
    let key = at(path, VerifyingKeyOf::<S>::load(path))?;
    let fingerprint = key.fingerprint();
    if let Some(expected) = arguments.fingerprint.filter(|expected| *expected != fingerprint) {
        return Err(Error::Refused(format!(
            "{}: the key has the fingerprint {fingerprint}, expected {expected}; take the key from where the fingerprint is from",
            path.display()
        )));
    }
    let ceremony = matches!(key.provenance(), Provenance::Transcript(_));
    if arguments.require_ceremony && !ceremony {
        return Err(Error::Refused(format!(
            "{}: the key is of a {}, expected that of a ceremony: whoever ran the setup can forge proofs",
            path.display(),
            key.provenance()
        )));
    }
    let found = if arguments.proofs.is_empty() { proofs(&project.output("proofs")) } else { arguments.proofs.clone() };
    if found.is_empty() {
        let path = project.output("proofs");
        let repair = "make some with `zkml prove`, or name them";
        return Err(Error::Missing { what: "proof in", path, repair, kind: Kind::File });
    }
    let prepared = key.prepare();
    let mut errors = vec![];
    let verified: Vec<Verified> = found.iter().map(|path| of_file::<S>(path, &prepared, &mut errors)).collect();
    let report = Report {
        valid: errors.is_empty(),
        system,
        key: path.to_owned(),
        digest: key.digest().to_string(),
        fingerprint: fingerprint.to_string(),
        provenance: key.provenance().to_string(),
        ceremony,
        proven_error: key.table().proven_error(),
        proofs: verified,
    };
    out.show(&report, || text(&report));
    // What can't be read at all is an error of its file; what is not valid is refused, whatever else there is.
    let refused = errors.iter().filter(|error| error.kind() == Kind::Refused).count();
    match (errors.len(), refused) {
        (0, _) => Ok(()),
        (1, _) | (_, 0) => Err(errors.remove(0)),
        (count, _) => Err(Error::Refused(format!("{count} of {} proofs are not valid", report.proofs.len()))),
    }
}

fn of_file<S: Provable>(path: &Path, key: &PreparedVerifyingKeyOf<S>, errors: &mut Vec<Error>) -> Verified {
    let checked = at(path, ProofOf::<S>::load(path))
        .and_then(|proof| key.verify(&proof).map_err(|error| Error::Verify { path: path.to_owned(), error }));
    match checked {
        Ok(statement) => Verified { proof: path.to_owned(), valid: true, error: None, statement: said(&statement) },
        Err(error) => {
            let text = error.to_string();
            errors.push(error);
            Verified { proof: path.to_owned(), valid: false, error: Some(text), statement: vec![] }
        }
    }
}

fn text(report: &Report) -> String {
    let mut lines = vec![];
    for proof in &report.proofs {
        lines.push(format!("{:<7} {}", if proof.valid { "valid" } else { "INVALID" }, proof.proof.display()));
        let several = proof.statement.iter().any(|said| said.item > 0);
        for said in &proof.statement {
            let item = if several { format!("{}: ", said.item) } else { String::new() };
            lines.push(format!("        {item}{}", said.text()));
        }
    }
    let error = match report.proven_error {
        Some(error) => format!("no score is off by more than {error:.5} from the float model, whatever the input"),
        None => "no bound is known on how far scores are from the float model's".to_owned(),
    };
    format!(
        "{}\nkey {} ({}), {}\n  circuit      {}\n  fingerprint  {}\n  {error}",
        lines.join("\n"),
        report.key.display(),
        report.system.name(),
        report.provenance,
        report.digest,
        report.fingerprint,
    )
}
