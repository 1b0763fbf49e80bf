//! `zkml bounty setup`: the keys of the three statements, by a single party.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use zkml::{
    bounty::Part,
    prove::{ProvingKey, VerifyingKey},
    rand::rngs::OsRng,
};

use super::circuits::{self, key_file};
use crate::{
    error::Error,
    files,
    out::{Out, bytes, count, table, time},
    project::Project,
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// Replace keys of the same circuits: a bounty that was created is of the old ones
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Report {
    keys: Vec<Made>,
    provenance: String,
    seconds: f64,
}

#[derive(Serialize)]
struct Made {
    statement: &'static str,
    constraints: usize,
    circuit: String,
    proving_key: PathBuf,
    proving_key_bytes: usize,
    verifying_key: PathBuf,
    fingerprint: String,
}

pub fn run(arguments: &Arguments, project: &Project, out: &Out) -> Result<(), Error> {
    let statements = circuits::statements(project, out)?.statements;
    let _lock = project.lock(out)?;
    let verifying = |part: Part| key_file(project, part, "verifying.key");
    for part in Part::ALL {
        let (path, digest) = (verifying(part), statements.digest(part));
        let whole = path.exists() && key_file(project, part, "proving.key").exists();
        if whole && !arguments.force && VerifyingKey::load(&path).is_ok_and(|key| *key.digest() == digest) {
            let why = "it is of this very circuit, and a bounty may have been created with it; use it, or make others with `--force`";
            return Err(Error::file(path, "replace", why));
        }
    }
    let step = out.step("set up the keys of three circuits");
    let keys = statements.setup_for_development(&mut OsRng).map_err(zkml::bounty::Error::from)?;
    let seconds = step.seconds();
    let mut made = vec![];
    for (part, keys) in Part::ALL.into_iter().zip(&keys) {
        let (proving_key, verifying_key) = (key_file(project, part, "proving.key"), verifying(part));
        files::save_by(&proving_key, |path| ProvingKey::save(&keys.proving, path))?;
        // The last one: where it is, the other is.
        files::save(&verifying_key, &keys.verifying.to_bytes())?;
        made.push(Made {
            statement: part.name(),
            constraints: statements.matrices(part).constraints(),
            circuit: statements.digest(part).to_string(),
            proving_key,
            proving_key_bytes: keys.proving.file_bytes(),
            verifying_key,
            fingerprint: keys.verifying.fingerprint().to_string(),
        });
    }
    drop(step);
    let provenance = keys[0].verifying.provenance().to_string();
    let report = Report { keys: made, provenance, seconds };
    out.show(&report, || {
        let row = |m: &Made| {
            let size = bytes(m.proving_key_bytes);
            vec![m.statement.to_owned(), count(m.constraints), size, m.proving_key.display().to_string()]
        };
        format!(
            "keys of three circuits in {}\n{}\n{}: whoever ran it can forge proofs, and take the reward for nothing; for real use, run \
             `zkml ceremony --bounty STATEMENT` for each\nnext: zkml bounty package",
            time(seconds),
            table(&["statement", "constraints", "size", "key"], &[1, 2], &report.keys.iter().map(row).collect::<Vec<_>>()),
            report.provenance,
        )
    });
    Ok(())
}
