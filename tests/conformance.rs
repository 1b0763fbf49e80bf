//! Foreign models against the outputs that other engines give.
//!
//! The cases are not in this repository: the test looks for them in `../shared/data` (or in `ZKML_DATA`), and says so where
//! they are missing. What it finds is compared with `docs/conformance.md`; `ZKML_BLESS=1` writes that file anew.
#![cfg(feature = "onnx")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use zkml::{
    graph::Visibility,
    model::Model,
    onnx::{self, Batch, Options},
    plan::Target,
    tensor::Tensor,
};

fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let path = std::env::var_os("ZKML_DATA").map_or(beside, PathBuf::from);
    path.is_dir().then_some(path)
}

#[derive(Deserialize)]
struct Stored {
    shape: Vec<usize>,
    data: Vec<f64>,
}

/// A case's tensor, from either way that they are stored.
fn tensor(folder: &Path, json: &str, proto: &str) -> Tensor {
    match fs::read_to_string(folder.join(json)) {
        Ok(text) => {
            let Stored { shape, data } = serde_json::from_str(&text).unwrap();
            Tensor::new(shape.as_slice(), data).unwrap()
        }
        Err(_) => onnx::tensor(&fs::read(folder.join(proto)).unwrap()).unwrap(),
    }
}

/// The samples of an input that the model takes, if it is made of such.
fn samples(model: &Model, input: &Tensor) -> Option<Vec<Tensor>> {
    let shape = model.graph().shape(model.graph().input());
    if shape.is_empty() || input.is_empty() || !input.len().is_multiple_of(shape.len()) {
        return None;
    }
    Some(input.data().chunks(shape.len()).map(|c| Tensor::new(shape.clone(), c.to_vec()).unwrap()).collect())
}

/// Everything that the model gives for the samples, one after the other.
fn outputs(model: &Model, samples: &[Tensor]) -> Vec<f64> {
    let output = model.graph().output().0;
    samples.iter().flat_map(|x| model.trace(x).unwrap().swap_remove(output).into_data()).collect()
}

fn same(found: &[f64], expected: &[f64], slack: f64) -> bool {
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(x, y)| (x - y).abs() <= 1e-4 * y.abs().max(1.0) + slack)
}

/// What became of the floats: the model and its samples, or why there is none. A model that is read but gives other numbers
/// is never tried another way.
fn floats(path: &Path, input: &Tensor, expected: &Tensor) -> Result<(Model, Vec<Tensor>), String> {
    let mut refused = Vec::new();
    for batch in [Batch::Leading, Batch::None] {
        let options = Options::default().batch(batch);
        let model = match onnx::load_with(path, &options, Visibility::default()) {
            Ok(model) => model,
            Err(error) => {
                refused.push(error.to_string());
                continue;
            }
        };
        let Some(samples) = samples(&model, input) else {
            return Err(format!("wrong: input {} is not made of samples", input.shape()));
        };
        let found = outputs(&model, &samples);
        if !same(&found, expected.data(), 0.0) {
            return Err(format!("wrong: {:.6?}.. instead of {:.6?}..", head(&found), head(expected.data())));
        }
        return Ok((model, samples));
    }
    // What is refused for its batch alone is better explained by the other way.
    let batch = |error: &&String| error.contains("of a batch");
    Err(refused.iter().find(|e| !batch(e)).or(refused.first()).cloned().unwrap_or_default())
}

fn head(values: &[f64]) -> &[f64] {
    &values[..values.len().min(4)]
}

/// The most elements of all values of a network that is quantised here.
const SMALL: usize = 4000;

/// What became of the integers: they are as close to the other engine as the plan reports.
fn integers(model: &Model, samples: &[Tensor], expected: &Tensor) -> Result<&'static str, String> {
    let elements: usize = model.graph().nodes().iter().map(|n| n.shape.len()).sum();
    if elements > SMALL || model.graph().parameter_count() > 10 * SMALL {
        return Ok("not tried: large");
    }
    let target = Target::default().max_error(0.05 * expected.max_abs().max(1.0));
    let quantized = model.quantize(samples, target).map_err(|e| e.to_string())?;
    let fidelity = quantized.fidelity(samples).map_err(|e| e.to_string())?;
    let mut found = Vec::new();
    for x in samples {
        let prediction = quantized.forward(x).map_err(|e| e.to_string())?;
        match prediction.class {
            Some(class) => found.push(class as f64),
            None => found.extend(prediction.scores.data()),
        }
    }
    match same(&found, expected.data(), fidelity.max_error) {
        true => Ok("yes"),
        false => Err(format!("wrong: {:.6?}.. instead of {:.6?}..", head(&found), head(expected.data()))),
    }
}

/// The table of one folder of cases.
fn table(folder: &Path, wrong: &mut Vec<String>) -> String {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut rows = String::new();
    let (mut yes, mut exact) = (0, 0);
    for name in &names {
        let case = folder.join(name);
        let input = tensor(&case, "input.json", "input_0.pb");
        let expected = tensor(&case, "output.json", "output_0.pb");
        let (floats, integers) = match floats(&case.join("model.onnx"), &input, &expected) {
            Err(reason) => (reason, "-".to_owned()),
            Ok((model, samples)) => {
                yes += 1;
                ("yes".to_owned(), integers(&model, &samples, &expected).map_or_else(|e| e, str::to_owned))
            }
        };
        exact += usize::from(integers == "yes");
        for text in [&floats, &integers] {
            if text.starts_with("wrong") {
                wrong.push(format!("{name}: {text}"));
            }
        }
        let clean = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        writeln!(rows, "| {name} | {} | {} |", clean(&floats), clean(&integers)).unwrap();
    }
    format!(
        "{yes} of {} cases agree in floats; of those, {exact} were quantised and agree in integers.\n\n\
         | case | floats | integers |\n|---|---|---|\n{rows}",
        names.len()
    )
}

#[test]
fn onnx_models_give_what_other_engines_give() {
    let Some(data) = data() else {
        println!("skipped: no ../shared/data");
        return;
    };
    let mut wrong = Vec::new();
    let mut text = String::from(
        "# Conformance\n\nMade by `ZKML_BLESS=1 cargo test --features onnx --test conformance`. Floats agree within 1e-4; \
         integers agree\nwithin the error that their plan reports.\n",
    );
    for (folder, title) in
        [("onnx", "Networks, against onnxruntime"), ("onnx-nodes", "Single operators, ONNX's own tests")]
    {
        write!(text, "\n## {title}\n\n{}", table(&data.join(folder), &mut wrong)).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/conformance.md");
    if std::env::var_os("ZKML_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "docs/conformance.md is not what was found; bless it with ZKML_BLESS=1");
}
