//! What this machine takes for each part of a proof: the rates of the [cost model](zkml::prove::rates), measured on the prover's kernels.
//!
//! `cargo run --release --example calibrate -- [--json] [PATH]` prints them, as a table or as JSON, and writes them to `zkml-rates.json` or the
//! path that is given. [`Rates::load`] reads them.

use std::error::Error;

use zkml::{prove::Rates, rand::rngs::OsRng};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (options, paths): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|a| a.starts_with("--"));
    let unknown = options.iter().find(|a| *a != &"--json").or(paths.get(1));
    if let Some(unknown) = unknown {
        return Err(format!("unknown argument {unknown}; usage: calibrate [--json] [PATH]").into());
    }
    let path = paths.first().map_or("zkml-rates.json", |path| path.as_str());
    let rates = Rates::measure(&mut OsRng)?;
    rates.save(path)?;
    if options.is_empty() {
        println!("{rates}");
    } else {
        println!("{}", serde_json::to_string(&rates)?);
    }
    Ok(())
}
