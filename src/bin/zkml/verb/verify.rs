//! `zkml verify`: whether proofs are valid, and what they say.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use zkml::{
    circuit::Registration,
    prove::{Digest, Fr, ProofOf, ProofSystem, Provenance, Registered, Statement, VerifyError, VerifyingKeyOf},
};

use super::prove::proofs;
use crate::{
    error::{Error, Kind},
    files,
    out::Out,
    project::Project,
    ready::at,
    registered::{self, Files, Verifiable},
    said::{Said, element, owner, said},
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
    /// With registered weights: the registration, which must not be from whoever sends the proof; that beside the key where none is named
    #[arg(long, value_name = "FILE")]
    registration: Option<PathBuf>,
    /// With registered weights: whose they must be
    #[arg(long, value_name = "OWNER", value_parser = owner)]
    owner: Option<Fr>,
    /// With registered weights: do not check what they are. Answers are those of some function then, fixed before the inputs
    #[arg(long, conflicts_with = "owner")]
    unchecked: bool,
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
    /// What is registered, where weights are.
    #[serde(skip_serializing_if = "Option::is_none")]
    registered: Option<Shown>,
    proofs: Vec<Verified>,
}

/// Registered weights.
#[derive(Serialize)]
struct Shown {
    registration: PathBuf,
    /// Whether what they are was checked: without, they are some fixed numbers, and of nobody.
    checked: bool,
    owner: Option<String>,
    commitment: Option<String>,
    /// Whether the keys of the weights and of the link are those of ceremonies.
    ceremonies: bool,
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
    let bytes = files::read(&path)?;
    if System::registers(&bytes) {
        return registered(arguments, &project, &path, out);
    }
    if arguments.registration.is_some() || arguments.owner.is_some() || arguments.unchecked {
        return Err(registered::unregistered(&path));
    }
    let system = System::of_key(&bytes);
    in_system!(system, plain(arguments, &project, system, &path, out))
}

fn plain<S: Provable>(
    arguments: &Arguments,
    project: &Project,
    system: System,
    path: &Path,
    out: &Out,
) -> Result<(), Error> {
    let key = at(path, VerifyingKeyOf::<S>::load(path))?;
    let prepared = key.prepare();
    verify(arguments, project, system, (path, &key), None, &|proof| prepared.verify(proof), out)
}

/// Verifies proofs about registered weights: the registration once, and each proof under its commitment.
fn registered(arguments: &Arguments, project: &Project, path: &Path, out: &Out) -> Result<(), Error> {
    let key = at(path, VerifyingKeyOf::<Registered>::load(path))?;
    let registration = arguments.registration.clone().unwrap_or_else(|| Files::beside(path).registration());
    let system = System::TwoPhase;
    if arguments.unchecked {
        let commitment = at(&registration, Registration::load(&registration))?.answers;
        let shown = Shown { registration, checked: false, owner: None, commitment: None, ceremonies: false };
        let check = |proof: &ProofOf<Registered>| key.verify_registered(proof, &commitment);
        return verify(arguments, project, system, (path, &key), Some(shown), &check, out);
    }
    let checked = Registered::known(path, Some(&registration), arguments.owner, &key)?;
    // Whoever ran the setup of either can register anything.
    let others = registered::provenances(&Files::beside(path))?;
    for (path, provenance) in &others {
        demand_ceremony(arguments, path, *provenance)?;
    }
    let ceremonies = others.iter().all(|(_, provenance)| of_ceremony(*provenance));
    let commitment = Some(element(checked.weights()));
    let owner = checked.owner();
    let shown = Shown { registration, checked: true, owner: Some(element(owner)), commitment, ceremonies };
    let check = |proof: &ProofOf<Registered>| Ok(checked.verify(proof)?.statement);
    verify(arguments, project, system, (path, &key), Some(shown), &check, out)
}

fn of_ceremony(provenance: Provenance) -> bool {
    matches!(provenance, Provenance::Transcript(_))
}

/// Refuses a key that a single party made, if that is asked for.
fn demand_ceremony(arguments: &Arguments, path: &Path, provenance: Provenance) -> Result<(), Error> {
    if !arguments.require_ceremony || of_ceremony(provenance) {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{}: the key is of a {provenance}, expected that of a ceremony: whoever ran the setup can forge proofs",
        path.display()
    )))
}

/// Verifies proofs by a function, and shows what they say.
fn verify<S: ProofSystem>(
    arguments: &Arguments,
    project: &Project,
    system: System,
    (path, key): (&Path, &VerifyingKeyOf<S>),
    registered: Option<Shown>,
    check: &dyn Fn(&ProofOf<S>) -> Result<Statement, VerifyError>,
    out: &Out,
) -> Result<(), Error> {
    let fingerprint = key.fingerprint();
    if let Some(expected) = arguments.fingerprint.filter(|expected| *expected != fingerprint) {
        return Err(Error::Refused(format!(
            "{}: the key has the fingerprint {fingerprint}, expected {expected}; take the key from where the fingerprint is from",
            path.display()
        )));
    }
    demand_ceremony(arguments, path, key.provenance())?;
    let found = if arguments.proofs.is_empty() { proofs(&project.output("proofs")) } else { arguments.proofs.clone() };
    if found.is_empty() {
        let path = project.output("proofs");
        let repair = "make some with `zkml prove`, or name them";
        return Err(Error::Missing { what: "proof in", path, repair, kind: Kind::File });
    }
    let mut errors = vec![];
    let verified: Vec<Verified> = found.iter().map(|path| of_file::<S>(path, check, &mut errors)).collect();
    let report = Report {
        valid: errors.is_empty(),
        system,
        key: path.to_owned(),
        digest: key.digest().to_string(),
        fingerprint: fingerprint.to_string(),
        provenance: key.provenance().to_string(),
        ceremony: of_ceremony(key.provenance()) && registered.as_ref().is_none_or(|shown| shown.ceremonies),
        // A bound is of the network: where that was not checked, there is none.
        proven_error: key.table().proven_error().filter(|_| registered.as_ref().is_none_or(|shown| shown.checked)),
        registered,
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

fn of_file<S: ProofSystem>(
    path: &Path,
    check: &dyn Fn(&ProofOf<S>) -> Result<Statement, VerifyError>,
    errors: &mut Vec<Error>,
) -> Verified {
    let checked = at(path, ProofOf::<S>::load(path))
        .and_then(|proof| check(&proof).map_err(|error| Error::Verify { path: path.to_owned(), error }));
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
    let registered = match &report.registered {
        None => String::new(),
        Some(Shown { registration, checked: true, owner, commitment, .. }) => format!(
            "\nweights registered in {}, which was checked: they are of the network, in the widths of its plan\n  owner        {}\n  commitment   {}",
            registration.display(),
            owner.as_deref().unwrap_or_default(),
            commitment.as_deref().unwrap_or_default(),
        ),
        Some(Shown { registration, checked: false, .. }) => format!(
            "\nweights of {}, which was NOT checked: the answers are those of some function that was fixed before the inputs, the same in all \
             of these proofs; it need not be the network with any weights, and nothing is said of whose it is",
            registration.display()
        ),
    };
    format!(
        "{}{registered}\nkey {} ({}), {}\n  circuit      {}\n  fingerprint  {}\n  {error}",
        lines.join("\n"),
        report.key.display(),
        report.system.name(),
        report.provenance,
        report.digest,
        report.fingerprint,
    )
}
