//! `zkml bounty receive`: the weights that were paid for, decrypted and compared with what the winner had committed to.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{
    host::{self, Name},
    place::Place,
};
use crate::{
    error::Error,
    files,
    out::{Out, bytes, count},
    project::Project,
    said::element,
};

#[derive(Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    name: Name,
    /// The file of the weights, which its owner alone may read; without, `received.safetensors` in the bounty's folder
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let step = out.step("receive the weights");
    let (_lock, _, host) = host::open(&arguments.name, place, project, &step, out)?;
    // Refuses weights of another commitment.
    let received = host.receive()?;
    let quantized = received.quantized(host.package())?;
    let file = received.to_safetensors(host.package())?;
    let path =
        arguments.output.clone().unwrap_or_else(|| host::folder(project, &arguments.name).join("received.safetensors"));
    files::save_secret(&path, &file)?;
    drop(step);
    let parameters = quantized.model().graph().parameter_count();
    let report = json!({
        "bounty": host.bounty().map(|bounty| bounty.to_string()), "winner": received.hunter.to_string(), "commitment": element(received.commitment), "weights": path,
        "bytes": file.len(), "parameters": parameters,
    });
    out.show(&report, || {
        format!(
            "weights of {}: what it had committed to, {}\n{}: {} parameters, {}; for its owner alone",
            received.hunter,
            element(received.commitment),
            path.display(),
            count(parameters),
            bytes(file.len())
        )
    });
    Ok(())
}
