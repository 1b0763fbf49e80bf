//! `zkml setup`: both keys, by a single party.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use zkml::{
    circuit::Circuit,
    prove::{Backend, Groth16, KeysOf, Registered, TwoPhase, VerifyingKeyOf},
    rand::rngs::OsRng,
};

use crate::{
    error::Error,
    files,
    out::{Out, bytes, count, time},
    project::Project,
    ready::{self, KeyFiles, at},
    registered::{self, Files},
    system::System,
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// How many inputs one proof is about
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    batch: usize,
    /// Replace keys of the same circuit: earlier proofs are of the old ones
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Report {
    system: System,
    batch: usize,
    circuit: PathBuf,
    proving_key: PathBuf,
    proving_key_bytes: usize,
    verifying_key: PathBuf,
    digest: String,
    fingerprint: String,
    provenance: String,
    constraints: usize,
    seconds: f64,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    if project.registered() {
        let files = Files::of(&project, arguments.batch);
        return setup::<Registered>(
            arguments,
            &project,
            &|circuit, keys| registered::setup(&files, circuit, keys, out),
            out,
        );
    }
    match project.settings.system {
        System::Groth16 => setup::<Groth16>(arguments, &project, &|_, _| Ok(()), out),
        System::TwoPhase => setup::<TwoPhase>(arguments, &project, &|_, _| Ok(()), out),
    }
}

/// What makes other keys beside those of the circuit.
type Beside<'a, S> = dyn Fn(&Circuit, &KeysOf<S>) -> Result<(), Error> + 'a;

/// Makes the keys, and others beside them.
fn setup<S: Backend>(arguments: &Arguments, project: &Project, beside: &Beside<'_, S>, out: &Out) -> Result<(), Error> {
    let (_, circuit) = ready::circuit::<S>(project, arguments.batch, out)?;
    let _lock = project.lock(out)?;
    let files = KeyFiles::of(project, arguments.batch);
    let whole = files.proving.exists() && files.verifying.exists();
    if whole && !arguments.force {
        // Keys of another circuit are of no use any more, and are replaced.
        let old = VerifyingKeyOf::<S>::load(&files.verifying).ok();
        if old.is_some_and(|key| *key.digest() == circuit.digest()) {
            return Err(Error::file(
                &files.verifying,
                "replace",
                "it is of this very circuit, and earlier proofs would not verify any more; use it, or make another with `--force`",
            ));
        }
    }
    let step = out.step("set up the keys");
    let keys = circuit.setup_in::<S>(&mut OsRng)?;
    let seconds = step.seconds();
    // The verifying key comes last: where it is, the others are of it. So an old one goes first.
    files::remove(&files.verifying)?;
    files::save(&files.circuit, &circuit.to_bytes()?)?;
    files::save_by(&files.proving, |path| keys.proving.save(path))?;
    beside(&circuit, &keys)?;
    files::save(&files.verifying, &keys.verifying.to_bytes())?;
    drop(step);
    at(&files.verifying, VerifyingKeyOf::<S>::load(&files.verifying))?;
    let report = Report {
        system: project.settings.system,
        batch: arguments.batch,
        circuit: files.circuit,
        proving_key: files.proving,
        proving_key_bytes: keys.proving.file_bytes(),
        verifying_key: files.verifying,
        digest: circuit.digest().to_string(),
        fingerprint: keys.verifying.fingerprint().to_string(),
        provenance: keys.verifying.provenance().to_string(),
        constraints: circuit.matrices().constraints(),
        seconds,
    };
    out.show(&report, || {
        format!(
            "{} constraints, keys in {}\n  {} ({})\n  {}\n  circuit      {}\n  fingerprint  {}\n  {}: whoever ran it can forge proofs; \
             for real use, run a ceremony",
            count(report.constraints),
            time(seconds),
            report.proving_key.display(),
            bytes(report.proving_key_bytes),
            report.verifying_key.display(),
            report.digest,
            report.fingerprint,
            report.provenance,
        )
    });
    Ok(())
}
