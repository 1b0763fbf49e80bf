//! `zkml quantize`: the plan, within a target and a time limit.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use zkml::plan::{Fidelity, Frontier};

use super::{inputs_of, tensors};
use crate::{
    error::Error,
    files, model,
    out::{Out, count, time},
    project::Project,
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// The model; that of the project file where none is named
    model: Option<PathBuf>,
    /// Inputs to calibrate with, files or folders; those of the project file where none are named
    #[arg(long, num_args = 1.., value_name = "PATH")]
    samples: Vec<PathBuf>,
    #[command(flatten)]
    target: Target,
    /// A picture of all plans that were tried; `frontier.svg` beside the plan where none is named
    #[arg(long, value_name = "SVG")]
    picture: Option<PathBuf>,
}

/// Fewer samples than these don't show how faithful a plan is by their classes alone.
const FEW: usize = 100;

/// What the plan must reach.
#[derive(Args, Debug)]
struct Target {
    /// The fraction of samples whose class must stay the same
    #[arg(long, value_name = "FRACTION")]
    top1: Option<f64>,
    /// How far a score may be off, on any sample
    #[arg(long, value_name = "ERROR")]
    max_error: Option<f64>,
    /// How far a score may be off, whatever the input
    #[arg(long, value_name = "ERROR")]
    proven_error: Option<f64>,
    /// The most plans that are tried
    #[arg(long, value_name = "COUNT")]
    tries: Option<usize>,
    /// The most seconds that the search takes
    #[arg(long, value_name = "SECONDS")]
    time_limit: Option<f64>,
}

#[derive(Serialize)]
struct Report<'a> {
    plan: PathBuf,
    picture: PathBuf,
    seconds: f64,
    constraints: Option<usize>,
    fidelity: &'a Fidelity,
    frontier: &'a Frontier,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    let mut project = project.with_model(arguments.model.as_ref());
    let (wanted, given) = (&mut project.settings.target, &arguments.target);
    wanted.top1 = given.top1.unwrap_or(wanted.top1);
    wanted.max_error = given.max_error.or(wanted.max_error);
    wanted.proven_error = given.proven_error.or(wanted.proven_error);
    wanted.tries = given.tries.unwrap_or(wanted.tries);
    wanted.time_limit = given.time_limit.or(wanted.time_limit);
    let target = project.target()?;

    let model = model::load(&project)?;
    let samples = inputs_of(&project, &arguments.samples, &project.settings.samples, "samples", model.graph())?;
    let samples = tensors(&samples);
    if samples.len() < FEW && target.max_error.is_none() && target.proven_error.is_none() {
        out.note(&format!(
            "classes of {} samples say little of others: set `target.max_error`, and judge the plan with `zkml fidelity`",
            samples.len()
        ));
    }
    let _lock = project.lock(out)?;
    let step = out.step("quantise");
    let quantized = model.quantize_with(&samples, target, &mut |progress| {
        let best = progress.constraints.map_or(String::new(), |c| format!(", {} constraints", count(c)));
        step.say(format!("{}, {} plans tried{best}", progress.stage, progress.tried));
    })?;
    let seconds = step.seconds();
    drop(step);

    let (path, fidelity) = (project.plan(), quantized.fidelity(&samples)?);
    let picture = arguments.picture.clone().unwrap_or_else(|| project.output("frontier.svg"));
    files::save(&picture, quantized.frontier().to_svg().as_bytes())?;
    files::save(&path, &files::json(quantized.plan()))?;
    let constraints = quantized.frontier().chosen().map(|point| point.constraints);
    let report =
        Report { plan: path, picture, seconds, constraints, fidelity: &fidelity, frontier: quantized.frontier() };
    out.show(&report, || {
        let chosen = constraints.map_or(String::new(), |n| format!(": {} constraints", count(n)));
        format!(
            "{fidelity}\n{} in {}, the cheapest of {} that were tried{chosen}\npicture {}\nnext: `zkml cost`, `zkml setup`",
            report.plan.display(),
            time(seconds),
            report.frontier.points().len(),
            report.picture.display(),
        )
    });
    Ok(())
}
