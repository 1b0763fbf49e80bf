//! `zkml bench`: what setup, prover and verifier take here for the project's model, beside what is predicted.

use std::{path::PathBuf, time::Instant};

use clap::Args;
use serde::Serialize;
use zkml::rand::rngs::OsRng;

use super::{inputs_of, prove::of_input};
use crate::{
    error::Error,
    out::{Out, bytes, count, table, time},
    project::Project,
    ready,
    registered::{Usable, in_use},
    system::System,
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// An input, a file or a folder; the samples of the project file where none is named. The first is proved
    inputs: Vec<PathBuf>,
    /// How often it is proved and verified: the median counts
    #[arg(long, default_value_t = 3, value_name = "COUNT")]
    runs: usize,
}

#[derive(Serialize)]
struct Report {
    system: System,
    constraints: usize,
    witnesses: usize,
    build_seconds: f64,
    setup_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    register_seconds: Option<f64>,
    witness_seconds: f64,
    prove_seconds: f64,
    predicted_seconds: f64,
    verify_seconds: f64,
    proving_key_bytes: usize,
    predicted_memory_bytes: usize,
    runs: usize,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    if arguments.runs == 0 {
        return Err(Error::Usage("`--runs 0`, expected at least one".to_owned()));
    }
    in_use!(project, bench(arguments, &project, out))
}

fn bench<S: Usable>(arguments: &Arguments, project: &Project, out: &Out) -> Result<(), Error> {
    let began = Instant::now();
    let (quantized, circuit) = ready::circuit::<S>(project, 1, out)?;
    let build_seconds = began.elapsed().as_secs_f64();
    let samples =
        inputs_of(project, &arguments.inputs, &project.settings.samples, "samples", quantized.model().graph())?;
    let Some(sample) = samples.first() else {
        return Err(Error::Usage("there is no input to prove".to_owned()));
    };
    let of = std::slice::from_ref(sample);
    let report = circuit.report_with(&project.rates()?);
    let step = out.step("set up keys, which are not kept");
    let keys = circuit.setup_in::<S>(&mut OsRng)?;
    let setup_seconds = step.seconds();
    drop(step);
    let step = project.registered().then(|| out.step("register the weights, under keys that are not kept"));
    let with = S::fresh(&circuit, &keys)?;
    let register_seconds = step.as_ref().map(|step| step.seconds());
    drop(step);
    let input = std::slice::from_ref(&sample.tensor);
    let (mut witnesses, mut proofs, mut checks) = (vec![], vec![], vec![]);
    for i in 0..arguments.runs {
        let step = out.timed(&format!("prove ({} of {})", i + 1, arguments.runs), report.seconds);
        let began = Instant::now();
        circuit.witness(input, &mut OsRng).map_err(|error| of_input(of, error))?;
        witnesses.push(began.elapsed().as_secs_f64());
        let began = Instant::now();
        let (proof, _) = S::proof_of(&circuit, &keys.proving, &with, input)?;
        proofs.push(began.elapsed().as_secs_f64());
        let began = Instant::now();
        let verified = S::statement_of(&keys.verifying, &with, &proof);
        checks.push(began.elapsed().as_secs_f64());
        verified.map_err(|error| Error::Verify { path: sample.path.clone(), error })?;
        drop(step);
    }
    let report = Report {
        system: project.settings.system,
        constraints: report.total.constraints,
        witnesses: report.total.witnesses,
        build_seconds,
        setup_seconds,
        register_seconds,
        witness_seconds: median(&mut witnesses),
        prove_seconds: median(&mut proofs),
        predicted_seconds: report.seconds,
        verify_seconds: median(&mut checks),
        proving_key_bytes: keys.proving.file_bytes(),
        predicted_memory_bytes: report.memory_bytes,
        runs: arguments.runs,
    };
    out.show(&report, || {
        let row = |name: &str, measured: String, predicted: String| vec![name.to_owned(), measured, predicted];
        let none = || "-".to_owned();
        let mut rows = vec![
            row("build the circuit", time(report.build_seconds), none()),
            row("setup", time(report.setup_seconds), none()),
        ];
        rows.extend(report.register_seconds.map(|seconds| row("register", time(seconds), none())));
        rows.extend([
            row("witness", time(report.witness_seconds), none()),
            row("prove", time(report.prove_seconds), time(report.predicted_seconds)),
            row("verify", time(report.verify_seconds), none()),
            row("proving key", bytes(report.proving_key_bytes), none()),
            row("memory", none(), bytes(report.predicted_memory_bytes)),
        ]);
        format!(
            "{}, {} constraints, {} witnesses; medians of {}\n{}",
            report.system.name(),
            count(report.constraints),
            count(report.witnesses),
            report.runs,
            table(&["part", "measured", "predicted"], &[1, 2], &rows)
        )
    });
    Ok(())
}

/// The middle one.
fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}
