//! `zkml calibrate`: what this machine takes for each part of a proof, for the predicted times.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use zkml::{prove::Rates, rand::rngs::OsRng};

use crate::{error::Error, files, out::Out, project::Project};

#[derive(Args, Debug)]
pub struct Arguments {
    /// The file of the rates; that which the project file names, or `zkml-rates.json`
    output: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    let set = project.settings.rates.as_ref().map(|path| project.path(path));
    let path = arguments.output.clone().or(set.clone()).unwrap_or_else(|| PathBuf::from("zkml-rates.json"));
    let step = out.step("measure this machine, which should do nothing else");
    let rates = Rates::measure(&mut OsRng).map_err(|error| Error::Refused(error.to_string()))?;
    drop(step);
    files::save(&path, &files::json(&rates))?;
    let used = set.as_ref() == Some(&path);
    out.show(&json!({ "file": path, "rates": rates }), || {
        let next = if used {
            String::new()
        } else {
            format!("\nto use them, set `rates = {:?}` in the project file", path.display().to_string())
        };
        format!("{rates}\n{}{next}", path.display())
    });
    Ok(())
}
