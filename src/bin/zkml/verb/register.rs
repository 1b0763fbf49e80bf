//! `zkml register`: what the weights are, shown once; proofs of answers are about them from then on.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use zkml::{
    circuit::WeightCircuit,
    gadget::hash::commitment,
    prove::{Fr, Registered},
    rand::rngs::OsRng,
};

use crate::{
    error::Error,
    files,
    openings::{self, Opened, Subject},
    out::{Out, time},
    project::Project,
    ready::{self, KeyFiles},
    registered::{self, Files},
    said::{element, owner},
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// Whose weights they are: `0x` and up to 64 hexadecimal digits below the field's modulus, such as an address
    #[arg(long, value_name = "OWNER", value_parser = owner)]
    owner: Fr,
    /// How many inputs one proof is about
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    batch: usize,
    /// Replace a registration that exists: earlier proofs are about the old one
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Report {
    registration: PathBuf,
    owner: String,
    commitment: String,
    opening: PathBuf,
    salt: PathBuf,
    seconds: f64,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    if !project.registered() {
        let reason =
            "`visibility.weights` is not \"registered\"; set it, and `system = \"two-phase\"`, then run `zkml setup`";
        return Err(Error::Project { path: project.file, reason: reason.to_owned() });
    }
    let (_, circuit) = ready::circuit::<Registered>(&project, arguments.batch, out)?;
    let _lock = project.lock(out)?;
    let files = Files::of(&project, arguments.batch);
    if files.registration().exists() && !arguments.force {
        let reason = "it exists, and proofs may be about it; use it, or make another with `--force`";
        return Err(Error::file(files.registration(), "replace", reason));
    }
    let keys = ready::keys::<Registered>(&KeyFiles::of(&project, arguments.batch), &circuit, out)?;
    let (weights_key, link) = registered::proving(&files)?;
    let step = out.step("show what the weights are");
    let salt = commitment::salt(&mut OsRng);
    let both = (arguments.owner, salt);
    let weights = WeightCircuit::new(&circuit)?;
    let (registration, opening) = weights
        .register(&keys.proving, &weights_key, &link, both, &mut OsRng)
        .map_err(|error| Error::Registration { path: files.registration(), error: Box::new(error) })?;
    let seconds = step.seconds();
    let path = files.registration();
    let checked = registered::checked(&files, &path, &registration, &circuit, keys.verifying, Some(arguments.owner))?;
    // The openings first: a registration that can't be opened any more is worth nothing.
    files::save_secret(&files.opening(), &opening.to_bytes())?;
    openings::save(&files.salt(), &[Opened::new(Subject::Weights, 0, checked.weights(), salt)])?;
    files::save_by(&path, |path| registration.save(path))?;
    drop(step);
    let report = Report {
        registration: files.registration(),
        owner: element(arguments.owner),
        commitment: element(checked.weights()),
        opening: files.opening(),
        salt: files.salt(),
        seconds,
    };
    out.show(&report, || {
        format!(
            "{} in {}: to be published\n  owner       {}\n  commitment  {}\nopenings {} and {}: keep them secret, and keep them",
            report.registration.display(),
            time(seconds),
            report.owner,
            report.commitment,
            report.opening.display(),
            report.salt.display()
        )
    });
    Ok(())
}
