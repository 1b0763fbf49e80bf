//! `zkml fidelity`: the plan against data that it has not seen.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use zkml::plan::{Fidelity, Loss, Quantized};

use super::{labelled, tensors};
use crate::{
    error::Error,
    files,
    inputs::Sample,
    model,
    out::{Out, table},
    picture,
    project::Project,
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// Inputs, files or folders; `test` of the project file where none are named, or else its samples
    inputs: Vec<PathBuf>,
    /// Their labels, where these are in a file of their own
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// A picture of where precision is lost; `fidelity.svg` among the outputs where none is named
    #[arg(long, value_name = "SVG")]
    picture: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    fidelity: Fidelity,
    top1_agreement: Option<f64>,
    labelled: usize,
    correct_float: Option<usize>,
    correct_proven: Option<usize>,
    losses: Vec<Loss>,
    worst: Option<String>,
    picture: PathBuf,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    let quantized = model::quantized(&project)?;
    let samples = labelled(&project, &arguments.inputs, arguments.labels.as_deref(), quantized.model().graph())?;
    let step = out.step(&format!("compare {} answers", samples.len()));
    let inputs = tensors(&samples);
    let (fidelity, mut losses) = (quantized.fidelity(&inputs)?, quantized.losses(&inputs)?);
    if quantized.graph().classes().is_some() {
        // Numbers of classes are neither near nor far.
        losses.remove(quantized.graph().output().0);
    }
    let (labelled, correct) = correct(&quantized, &samples);
    drop(step);
    let picture = arguments.picture.clone().unwrap_or_else(|| project.output("fidelity.svg"));
    files::save(&picture, picture::losses(quantized.graph().name(), &losses).as_bytes())?;
    let report = Report {
        top1_agreement: fidelity.top1(),
        fidelity,
        labelled,
        correct_float: correct.map(|[float, _]| float),
        correct_proven: correct.map(|[_, proven]| proven),
        worst: worst(&losses).map(|loss| loss.name.clone()),
        losses,
        picture,
    };
    out.show(&report, || text(&report));
    Ok(())
}

/// How many inputs have labels, and how many of them the float model and its circuit answer correctly.
fn correct(quantized: &Quantized, samples: &[Sample]) -> (usize, Option<[usize; 2]>) {
    let labelled: Vec<(&Sample, usize)> = samples.iter().filter_map(|s| Some((s, s.label?))).collect();
    if labelled.is_empty() || quantized.graph().classes().is_none() {
        return (labelled.len(), None);
    }
    let float = |(sample, label): &&(&Sample, usize)| quantized.model().classify(&sample.tensor) == Ok(*label);
    let exact = |(sample, label): &&(&Sample, usize)| {
        quantized.forward(&sample.tensor).is_ok_and(|prediction| prediction.class == Some(*label))
    };
    (labelled.len(), Some([labelled.iter().filter(float).count(), labelled.iter().filter(exact).count()]))
}

/// The node after which most precision is gone.
fn worst(losses: &[Loss]) -> Option<&Loss> {
    losses
        .windows(2)
        .map(|pair| (pair[1].relative() - pair[0].relative(), &pair[1]))
        .filter(|(growth, _)| *growth > 0.0)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, loss)| loss)
}

fn text(report: &Report) -> String {
    let row = |loss: &Loss| {
        vec![
            loss.name.clone(),
            loss.layer.to_owned(),
            format!("{:.6}", loss.max_error),
            format!("{:.6}", loss.mean_error),
            format!("{:.3}", loss.max_value),
            format!("{:.3}%", 100.0 * loss.relative()),
        ]
    };
    let accuracy = match (report.correct_float, report.correct_proven) {
        (Some(float), Some(proven)) => {
            let percent = |n: usize| 100.0 * n as f64 / report.labelled.max(1) as f64;
            format!(
                "\naccuracy over {} labels\n  float model  {float} ({:.2}%)\n  circuit      {proven} ({:.2}%)\n",
                report.labelled,
                percent(float),
                percent(proven)
            )
        }
        _ => String::new(),
    };
    let worst = report.worst.as_ref().map_or(String::new(), |name| format!("\nprecision is lost most in `{name}`"));
    format!(
        "{}{accuracy}\n{}{worst}\npicture {}",
        report.fidelity,
        table(
            &["node", "layer", "max error", "mean error", "largest", "relative"],
            &[2, 3, 4, 5],
            &report.losses.iter().map(row).collect::<Vec<_>>()
        ),
        report.picture.display()
    )
}
