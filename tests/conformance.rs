//! Foreign models against the outputs that other engines give.
//!
//! The cases are not in this repository, so the test is ignored unless asked for, as `test.sh` does where they are: in
//! `../shared/data`, or where `ZKML_DATA` says. What is found is compared with `docs/conformance.md`; `ZKML_BLESS=1` writes
//! that file anew.
#![cfg(all(feature = "prove", feature = "onnx", feature = "keras"))]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde::Deserialize;
use zkml::{
    dev::check::check,
    graph::Visibility,
    keras,
    model::Model,
    number::{Cost, Int, field::to_int},
    onnx::{self, Batch, Options},
    plan::Target,
    rand::{SeedableRng, rngs::StdRng},
    tensor::Tensor,
};

fn data() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    std::env::var_os("ZKML_DATA").map_or(beside, PathBuf::from)
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

/// Every way to read a model, the likeliest first.
type Ways = Vec<Box<dyn Fn() -> Result<Model, String> + Send + Sync>>;

fn read_onnx(path: PathBuf) -> Ways {
    let mut ways: Ways = vec![];
    for batch in [Batch::Leading, Batch::None] {
        let (path, options) = (path.clone(), Options::default().batch(batch));
        ways.push(Box::new(move || onnx::load_with(&path, &options, Visibility::default()).map_err(|e| e.to_string())));
    }
    ways
}

fn read_keras(path: PathBuf) -> Ways {
    vec![Box::new(move || keras::load(&path).map_err(|e| e.to_string()))]
}

/// A model, what it takes, and what another engine gives for it.
struct Case {
    name: String,
    ways: Ways,
    input: Tensor,
    expected: Tensor,
}

/// What became of a case: `yes`, or why not.
struct Row {
    name: String,
    floats: String,
    integers: String,
    circuit: String,
}

impl Case {
    /// The model and its samples, or why there is none. A model that is read but gives other numbers is never tried
    /// another way.
    fn floats(&self) -> Result<(Model, Vec<Tensor>), String> {
        let mut refused = Vec::new();
        for read in &self.ways {
            let model = match read() {
                Ok(model) => model,
                Err(error) => {
                    refused.push(error);
                    continue;
                }
            };
            let Some(samples) = samples(&model, &self.input) else {
                return Err(format!("wrong: input {} is not made of samples", self.input.shape()));
            };
            let found = outputs(&model, &samples);
            if !same(&found, self.expected.data(), 0.0) {
                return Err(format!("wrong: {:.6?}.. instead of {:.6?}..", head(&found), head(self.expected.data())));
            }
            return Ok((model, samples));
        }
        // What is refused for its batch alone is better explained by the other way.
        let batch = |error: &&String| error.contains("of a batch");
        Err(refused.iter().find(|e| !batch(e)).or(refused.first()).cloned().unwrap_or_default())
    }

    /// What became of the integers and of the circuit: they are as close to the other engine as the plan reports.
    fn exact(&self, model: &Model, samples: &[Tensor]) -> (String, String) {
        let done = |text: &str| (text.to_owned(), "-".to_owned());
        let elements: usize = model.graph().nodes().iter().map(|n| n.shape.len()).sum();
        if elements > LARGE || model.graph().parameter_count() > 10 * LARGE {
            return done("not tried: large");
        }
        // Of what takes long, the first plan that will do.
        let tries = if elements > SMALL { 1 } else { Target::default().tries };
        let target = Target { tries, ..Target::default() }.max_error(0.05 * self.expected.max_abs().max(1.0));
        let quantized = match model.quantize(samples, target) {
            Ok(quantized) => quantized,
            Err(error) => return done(&error.to_string()),
        };
        let fidelity = quantized.fidelity(samples).unwrap();
        let (mut found, mut first) = (Vec::new(), None);
        for x in samples {
            let prediction = quantized.forward(x).unwrap();
            match prediction.class {
                Some(class) => found.push(class as f64),
                None => found.extend(prediction.scores.data()),
            }
            first.get_or_insert(match prediction.class {
                Some(class) => vec![Int::from(class as u64)],
                None => prediction.integers.into_data(),
            });
        }
        if !same(&found, self.expected.data(), fidelity.max_error) {
            let expected = head(self.expected.data());
            return done(&format!("wrong: {:.6?}.. instead of {expected:.6?}..", head(&found)));
        }
        let cost: Cost = quantized.budget(Visibility::default(), 1).unwrap().values().copied().sum();
        if cost.constraints > CONSTRAINTS {
            return ("yes".to_owned(), "not tried: large".to_owned());
        }
        // Input and weights are hidden or constants, so that what is public is the answer.
        let circuit = quantized.circuit_for(Visibility::default()).unwrap();
        let (assignment, _) = circuit.witness(&samples[..1], &mut StdRng::seed_from_u64(1)).unwrap();
        let answer = assignment[1..circuit.matrices().instance].iter().map(|x| to_int(*x)).collect();
        let circuit = match check(&circuit, &assignment).first() {
            None if Some(answer) == first => "yes".to_owned(),
            None => "wrong: another answer than the integers".to_owned(),
            Some(failure) => format!("wrong: {failure}"),
        };
        ("yes".to_owned(), circuit)
    }

    fn row(&self) -> Row {
        let name = self.name.clone();
        match self.floats() {
            Err(floats) => Row { name, floats, integers: "-".to_owned(), circuit: "-".to_owned() },
            Ok((model, samples)) => {
                let (integers, circuit) = self.exact(&model, &samples);
                Row { name, floats: "yes".to_owned(), integers, circuit }
            }
        }
    }
}

fn head(values: &[f64]) -> &[f64] {
    &values[..values.len().min(4)]
}

/// The most elements of all values of a network whose plan is searched for at length, and of one that is quantised at all.
const SMALL: usize = 4000;
const LARGE: usize = 60_000;

/// The most constraints of a circuit that is built here.
const CONSTRAINTS: usize = 250_000;

/// The cases of a folder with a folder each.
fn cases(folder: &Path, files: &[&str], read: fn(PathBuf) -> Ways) -> Vec<Case> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let case = |name: &String, file: &str| {
        let case = folder.join(name);
        Case {
            name: if files.len() > 1 { format!("{name}/{file}") } else { name.clone() },
            ways: read(case.join(file)),
            input: tensor(&case, "input.json", "input_0.pb"),
            expected: tensor(&case, "output.json", "output_0.pb"),
        }
    };
    names.iter().flat_map(|name| files.iter().map(move |file| case(name, file))).collect()
}

/// The network that the transpiler keras2circom ships, saved by Keras 2.10; the outputs are those of `tf_keras` 2.21.
fn keras2circom(folder: &Path) -> Vec<Case> {
    let image = Tensor::from_fn([28, 28, 1], |i| ((i * 37 + i / 28 * 11) % 256) as f64 / 255.0);
    let expected = vec![
        4.43292038e-07,
        2.27044232e-08,
        1.06435053e-07,
        8.16819052e-13,
        0.423184395,
        2.99192789e-16,
        0.00359980506,
        9.58508921e-14,
        0.573215306,
        1.32048617e-11,
    ];
    let ways = read_keras(folder.join("model.h5"));
    vec![Case { name: "model.h5".to_owned(), ways, input: image, expected: Tensor::vector(expected) }]
}

/// What became of the cases, in their order.
fn rows(cases: &[Case]) -> Vec<Row> {
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(i) else { break };
                    let row = case.row();
                    rows.lock().unwrap().push((i, row));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|(i, _)| *i);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The table of some cases.
fn table(rows: &[Row]) -> String {
    let clean = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let count = |f: fn(&Row) -> &String| rows.iter().filter(|row| f(row) == "yes").count();
    let mut text = format!(
        "{} of {} cases agree in floats; of those, {} were quantised and agree in integers, and {} of these were built and \
         agree as circuits.\n\n| case | floats | integers | circuit |\n|---|---|---|---|\n",
        count(|r| &r.floats),
        rows.len(),
        count(|r| &r.integers),
        count(|r| &r.circuit)
    );
    for Row { name, floats, integers, circuit } in rows {
        writeln!(text, "| {name} | {} | {} | {} |", clean(floats), clean(integers), clean(circuit)).unwrap();
    }
    text
}

#[test]
#[ignore = "needs the cases of other engines, in ../shared/data or ZKML_DATA"]
fn foreign_models_give_what_other_engines_give() {
    let [networks, operators, keras, older] =
        ["onnx", "onnx-nodes", "keras", "keras2circom"].map(|folder| data().join(folder));
    let sections = [
        ("ONNX networks, against onnxruntime", 0.95, rows(&cases(&networks, &["model.onnx"], read_onnx))),
        ("ONNX operators, ONNX's own tests", 0.9, rows(&cases(&operators, &["model.onnx"], read_onnx))),
        (
            "Keras networks, against Keras 3 on TensorFlow",
            0.95,
            rows(&cases(&keras, &["model.keras", "model.h5"], read_keras)),
        ),
        ("The network of keras2circom", 1.0, rows(&keras2circom(&older))),
    ];
    let mut text = String::from(
        "# Conformance\n\nMade by `ZKML_BLESS=1 cargo test --features onnx,keras --test conformance -- --ignored`. Floats agree \
         within 1e-4 of the\nother engine's value, or of one where that is smaller; integers agree with the other engine \
         within the error that their\nplan reports; a circuit's witness satisfies it and gives exactly the integers.\n",
    );
    for (title, least, rows) in &sections {
        write!(text, "\n## {title}\n\n{}", table(rows)).unwrap();
        let agree = rows.iter().filter(|row| row.floats == "yes").count();
        assert!(agree as f64 >= least * rows.len() as f64, "{title}: {agree} of {}", rows.len());
        for row in rows {
            for found in [&row.floats, &row.integers, &row.circuit] {
                assert!(!found.starts_with("wrong"), "{title}, {}: {found}", row.name);
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/conformance.md");
    if std::env::var_os("ZKML_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "docs/conformance.md is not what was found; bless it with ZKML_BLESS=1");
}
