//! `zkml bounty package`: circuits and keys, published under one CID.

use serde::Serialize;
use zkml::{
    bounty::{Package, Part},
    prove::{Keys, ProvingKey, VerifyingKey},
};

use super::{
    circuits::{self, key_file},
    place::Place,
};
use crate::{
    error::{Error, Kind},
    files,
    out::{Out, table},
    project::Project,
    ready::at,
};

/// What is published, among the outputs: the CID of the package.
pub const FILE: &str = "bounty/package.json";

#[derive(Serialize)]
struct Report {
    package: String,
    keys: Vec<Key>,
}

#[derive(Serialize)]
struct Key {
    statement: &'static str,
    circuit: String,
    fingerprint: String,
    provenance: String,
}

pub fn run(place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let store = place.store(project)?;
    let circuits = circuits::statements(project, out)?;
    let _lock = project.lock(out)?;
    let keys = Part::ALL.map(|part| keys(project, part));
    let [data, accuracy, delivery] = keys;
    let keys = [data?, accuracy?, delivery?];
    for (part, keys) in Part::ALL.into_iter().zip(&keys) {
        let (found, expected) = (*keys.verifying.digest(), circuits.statements.digest(part));
        if found != expected {
            let (found, expected) = (found.to_string(), expected.to_string());
            return Err(Error::OtherKeys { path: key_file(project, part, "verifying.key"), found, expected });
        }
    }
    let step = out.step("publish circuits and keys");
    let package = Package::publish(circuits.statements, &circuits.graph, &keys, &store)?;
    drop(step);
    let key = |part: Part| {
        let key = package.verifying(part);
        Key {
            statement: part.name(),
            circuit: key.digest().to_string(),
            fingerprint: key.fingerprint().to_string(),
            provenance: key.provenance().to_string(),
        }
    };
    let report = Report { package: package.cid().to_string(), keys: Part::ALL.map(key).into() };
    files::save(&project.output(FILE), &files::json(&report))?;
    out.show(&report, || {
        let row = |key: &Key| vec![key.statement.to_owned(), key.fingerprint.clone(), key.provenance.clone()];
        format!(
            "package {}\n{}\npublish this CID with the bounty's address; next: zkml bounty new",
            report.package,
            table(&["statement", "key's fingerprint", "from"], &[], &report.keys.iter().map(row).collect::<Vec<_>>())
        )
    });
    Ok(())
}

/// The keys of a statement.
fn keys(project: &Project, part: Part) -> Result<Keys, Error> {
    let (proving, verifying) = (key_file(project, part, "proving.key"), key_file(project, part, "verifying.key"));
    for path in [&proving, &verifying] {
        if !path.exists() {
            let repair = "run a ceremony, `zkml ceremony --bounty STATEMENT`, or for development `zkml bounty setup`";
            return Err(Error::Missing { what: "key of a statement", path: path.clone(), repair, kind: Kind::Circuit });
        }
    }
    let key = at(&verifying, VerifyingKey::load(&verifying))?;
    at(&proving, ProvingKey::load(&proving).and_then(|proving| Keys::new(proving, key)))
}
