//! `zkml init`: a project file for a model.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use zkml::graph::Visible;

use crate::{
    error::Error,
    files,
    inputs::{self, Form},
    model,
    out::{Out, count},
    project::{Project, Weights},
    system::System,
};

/// Scores may be off by the largest of them, divided by so much.
const CLOSE: f64 = 50.0;

/// The folders that samples are looked for in.
const FOLDERS: &[&str] = &["samples", "images", "inputs"];

#[derive(Args, Debug)]
pub struct Arguments {
    /// The model: `.onnx`, `.keras` or `.h5`
    model: PathBuf,
    /// Inputs to calibrate with, files or folders; a folder `samples`, `images` or `inputs` where none is named
    #[arg(long, num_args = 1.., value_name = "PATH")]
    samples: Vec<PathBuf>,
    /// Who sees the input
    #[arg(long, value_parser = visible, default_value = "private")]
    input: Visible,
    /// Who sees the weights
    #[arg(long, value_enum, default_value_t = Weights::Public)]
    weights: Weights,
    /// Who sees the output
    #[arg(long, value_parser = visible, default_value = "public")]
    output: Visible,
    /// The proof system: groth16, or two-phase for registered weights, where none is named
    #[arg(long, value_enum)]
    system: Option<System>,
    /// What the pixels of images are divided by before the model takes them
    #[arg(long, default_value_t = 255.0, value_name = "NUMBER")]
    divide: f64,
    /// Replace a project file that exists
    #[arg(long)]
    force: bool,
}

/// `public`, `private` or `committed`.
fn visible(text: &str) -> Result<Visible, String> {
    match text {
        "public" => Ok(Visible::Public),
        "private" => Ok(Visible::Private),
        "committed" => Ok(Visible::Committed),
        _ => Err("expected `public`, `private` or `committed`".to_owned()),
    }
}

pub fn run(arguments: &Arguments, file: &Path, out: &Out) -> Result<(), Error> {
    if file.exists() && !arguments.force {
        return Err(Error::file(file, "write", "it exists; edit it, or replace it with `--force`"));
    }
    if !(arguments.divide.is_finite() && arguments.divide > 0.0) {
        return Err(Error::Usage(format!("`--divide` is {}, expected a number above zero", arguments.divide)));
    }
    let registers = arguments.weights == Weights::Registered;
    let system = arguments.system.unwrap_or(if registers { System::TwoPhase } else { System::Groth16 });
    if registers && system != System::TwoPhase {
        return Err(Error::Usage(format!(
            "`--weights registered --system {}`, expected `--system two-phase`, of which registered weights take one phase more",
            system.name()
        )));
    }
    // Nothing of a project file that is to be replaced counts.
    let root = file.parent().map(Path::to_owned).unwrap_or_default();
    let model = model::load(&Project::empty(file, false).with_model(Some(&arguments.model)))?;
    let graph = model.graph();
    let samples = if arguments.samples.is_empty() { found(&root) } else { arguments.samples.clone() };
    let (divide, read) = if samples.is_empty() {
        (None, vec![])
    } else {
        let images = samples.iter().any(|path| {
            let files = if path.is_dir() { inputs::folder(path).unwrap_or_default() } else { vec![path.clone()] };
            files.iter().any(|file| inputs::is_image(file))
        });
        let divide = images.then_some(arguments.divide);
        let form = Form { shape: graph.shape(graph.input()), divide: divide.unwrap_or(1.0) };
        (divide, inputs::read(&samples, &form)?)
    };
    let scores = graph.shape(graph.output());
    let classifies = graph.classes().is_none() && matches!(scores.dims(), [n] if *n >= 2);

    let here = |path: &Path| shown(&root, path);
    let mut largest = None;
    for sample in &read {
        let scores = model.forward(&sample.tensor).map_err(|error| Error::input(&sample.path, error))?;
        largest = Some(scores.max_abs().max(largest.unwrap_or(0.0)));
    }
    let max_error = largest.filter(|score| score.is_finite() && *score > 0.0).map(|score| score / CLOSE);
    let text = text(arguments, system, &here, &samples, divide, classifies, max_error);
    files::save(file, text.as_bytes())?;
    let answer = if classifies || graph.classes().is_some() { "class" } else { "scores" };
    let (input, parameters) = (graph.shape(graph.input()), graph.parameter_count());
    let value = json!({
        "project": file, "model": arguments.model, "input": input.dims(), "parameters": parameters,
        "answer": answer, "samples": read.len(),
    });
    out.show(&value, || {
        let next = if read.is_empty() { "set `samples` in it, then run `zkml quantize`" } else { "run `zkml quantize`" };
        format!(
            "{}: {} takes an input of shape {input}, has {} parameters, and answers with its {answer}\n{} samples; next: {next}",
            file.display(),
            arguments.model.display(),
            count(parameters),
            read.len()
        )
    });
    Ok(())
}

/// A folder of samples beside the project file, if there is one.
fn found(root: &Path) -> Vec<PathBuf> {
    let folder = FOLDERS.iter().map(|name| root.join(name)).find(|path| inputs::folder(path).is_ok());
    folder.into_iter().collect()
}

/// A path as it stands in the project file: from its folder where it is in that, else whole.
fn shown(root: &Path, path: &Path) -> String {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (root, path) = (whole(root_or_here(root)), whole(path));
    path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned()
}

fn root_or_here(root: &Path) -> &Path {
    if root.as_os_str().is_empty() { Path::new(".") } else { root }
}

/// A number with three significant digits.
fn rounded(x: f64) -> f64 {
    format!("{x:.2e}").parse().unwrap_or(x)
}

/// The project file.
fn text(
    arguments: &Arguments,
    system: System,
    here: &dyn Fn(&Path) -> String,
    samples: &[PathBuf],
    divide: Option<f64>,
    classifies: bool,
    max_error: Option<f64>,
) -> String {
    let quoted = |text: String| toml::Value::String(text).to_string();
    let word = |visible: Visible| format!("\"{}\"", format!("{visible:?}").to_lowercase());
    let model = quoted(here(&arguments.model));
    let samples = match samples {
        [] => "# samples = \"images\"".to_owned(),
        [one] => format!("samples = {}", quoted(here(one))),
        several => {
            let list: Vec<String> = several.iter().map(|path| quoted(here(path))).collect();
            format!("samples = [{}]", list.join(", "))
        }
    };
    let answer = if classifies { "class" } else { "model" };
    // Three digits are plenty.
    let max_error =
        max_error.map_or("# max_error = 0.1".to_owned(), |error| format!("max_error = {:?}", rounded(error)));
    let (range, divide) = match divide {
        None => ("# range = [0.0, 1.0]".to_owned(), "# divide = 255.0".to_owned()),
        Some(1.0) => ("range = [0, 255]".to_owned(), "divide = 1.0".to_owned()),
        Some(divide) => (format!("range = [0.0, {:?}]", 255.0 / divide), format!("divide = {divide:?}")),
    };
    format!(
        r#"# What zkml proves. Paths start at the folder of this file.
model = {model}
# Inputs like those that will be proved: files, or folders of files (.json, .npy, .npz, .png, .pgm, .csv).
{samples}
# Inputs with labels, to judge with; labels may be in a file of their own.
# test = "test"
# labels = "labels.json"
# "groth16", or "two-phase": several times smaller, understood by fewer tools.
system = "{system}"
# "model": what the file says; "class": the position of the largest score.
answer = "{answer}"
# The folder for plan, keys and proofs.
outputs = "zkml"

[input]
# The values that an input may have: whole numbers are taken as they are, reals as finely as the plan says.
{range}
# What the pixels of images are divided by, as in training.
{divide}

# Who sees what: "public", "private" (the prover alone), "committed" (the prover alone, bound to a public commitment); of weights
# "registered", too (bound to a public commitment that is made once, by `zkml register`).
[visibility]
input = {input}
weights = {weights}
output = {output}

# What the plan must reach on the samples, and the most seconds that the search takes.
[target]
top1 = 0.99
# How far a score may be off: a fiftieth of the largest one on the samples. Few samples say little of classes alone.
{max_error}
time_limit = 60.0
"#,
        system = system.name(),
        input = word(arguments.input),
        weights = quoted(arguments.weights.name().to_owned()),
        output = word(arguments.output),
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn three_digits_are_kept() {
        assert_eq!([0.123456, 1234.56, 2.0, 0.000999999].map(rounded), [0.123, 1230.0, 2.0, 0.001]);
    }

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn what_is_written_is_read() {
        let file = std::env::temp_dir().join(format!("zkml-init-{}.toml", std::process::id()));
        let arguments = Line::parse_from(["init", "a \"b\".onnx", "--weights", "committed"]).arguments;
        let samples = [PathBuf::from("one"), PathBuf::from("two")];
        for (divide, samples) in [(Some(255.0), &samples[..1]), (Some(1.0), &samples[..]), (None, &[][..])] {
            let text = text(
                &arguments,
                System::Groth16,
                &|path| path.display().to_string(),
                samples,
                divide,
                true,
                divide.map(|x| x / 3.0),
            );
            files::save(&file, text.as_bytes()).unwrap();
            let project = Project::open(&file, false).unwrap();
            assert_eq!(project.settings.model, Some(arguments.model.clone()));
            assert_eq!(project.settings.samples.0, samples);
            assert_eq!(project.settings.input.divide, divide);
            assert_eq!(project.visibility().weights, Visible::Committed);
            assert_eq!(project.settings.target.max_error, divide.map(|x| rounded(x / 3.0)));
        }
        std::fs::remove_file(&file).unwrap();
    }
}
