//! The ONNX reader on files that ship with it (`tests/onnx/make.py` makes them), and on small ones made here.

use std::path::{Path, PathBuf};

use rand::{SeedableRng as _, rngs::StdRng};
use zkml_core::{
    error::Origin,
    graph::{Range, Visibility, Visible},
    model::Model,
    plan::Target,
    shape::Shape,
    tensor::Tensor,
};
use zkml_import::{
    ImportError,
    builder::Import,
    error::ErrorKind,
    onnx::{Batch, Options, load, load_with, read, unsupported},
};

#[path = "onnx/wire.rs"]
#[allow(dead_code)]
mod wire;

use wire::Message;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx").join(name)
}

/// Name and layer of each node.
fn layers(import: &Import) -> Vec<(&str, &str)> {
    let nodes = import.graph.nodes().iter();
    nodes.map(|n| (n.name.as_str(), n.layer.as_ref().map_or("input", |l| l.card().name))).collect()
}

fn output(import: Import, input: &Tensor) -> Tensor {
    let model: Model = import.model(Visibility::default()).unwrap();
    let output = model.graph().output().0;
    model.trace(input).unwrap().swap_remove(output)
}

#[test]
fn a_classifier_keeps_its_names_and_ends_in_a_class() {
    let import = load(fixture("classifier.onnx")).unwrap();
    assert_eq!(
        layers(&import),
        [
            ("input", "input"),
            ("conv", "conv2d"),
            ("act", "relu"),
            ("pool", "max_pool2d"),
            ("flat", "flatten"),
            ("fc", "dense"),
            ("class", "argmax")
        ]
    );
    assert_eq!(import.graph.name(), "classifier");
    assert_eq!(import.graph.shape(import.graph.input()), &Shape::new([1, 6, 6]));
    assert_eq!(import.graph.classes(), Some(3));
    let names: Vec<&str> = import.weights.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["conv.bias", "conv.weight", "fc.bias", "fc.weight"]);
    let origin = Origin::part("onnx node", "conv", "Conv");
    assert_eq!(import.graph.nodes()[1].origin, origin);
}

#[test]
fn a_range_of_the_input_is_kept() {
    let options = Options::default().range(Range::Whole(0, 255));
    assert_eq!(load_with(fixture("classifier.onnx"), &options).unwrap().graph.range(), Some(Range::Whole(0, 255)));
    let empty = Options::default().range(Range::Whole(1, 0));
    assert!(load_with(fixture("classifier.onnx"), &empty).is_err());
}

#[test]
fn computed_shapes_leave_nothing_behind_and_an_add_becomes_a_bias() {
    let import = load(fixture("shapes.onnx")).unwrap();
    assert_eq!(layers(&import), [("input", "input"), ("reshape", "flatten"), ("product", "dense")]);
    assert!(import.weights.get("product.bias").is_some());
}

#[test]
fn weights_are_found_wherever_they_are() {
    let import = load(fixture("inputs.onnx")).unwrap();
    assert_eq!(layers(&import), [("input", "input"), ("first", "dense"), ("act", "relu"), ("second", "dense")]);
    let (h, k) = (import.weights.get("first.weight").unwrap(), import.weights.get("second.weight").unwrap());
    assert_eq!((h.shape(), k.shape()), (&Shape::new([4, 3]), &Shape::new([3, 4])));
    // What numpy gives for these weights and `[1, 2, 3]`.
    let (h, k) = (h.clone(), k.clone());
    let x = [1.0, 2.0, 3.0];
    let hidden: Vec<f64> = (0..4).map(|i| (0..3).map(|j| h.data()[i * 3 + j] * x[j]).sum::<f64>().max(0.0)).collect();
    let y: Vec<f64> = (0..3).map(|i| (0..4).map(|j| k.data()[i * 4 + j] * hidden[j]).sum()).collect();
    let found = output(import, &Tensor::vector(x.to_vec()));
    assert!(found.data().iter().zip(&y).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} {y:?}");
}

#[test]
fn one_of_several_outputs_is_chosen_by_name() {
    let error = load(fixture("two.onnx")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "found 2 outputs: `left`, `right`, expected one output to prove; choose one: `Options::default().output(name)`"
    );
    let right = load_with(fixture("two.onnx"), &Options::default().output("right")).unwrap();
    assert_eq!(layers(&right), [("input", "input"), ("right", "scale")]);
    let error = load_with(fixture("two.onnx"), &Options::default().output("middle")).unwrap_err();
    assert_eq!(error.help, "the outputs are `left`, `right`");
}

#[test]
fn an_operator_without_layers_is_named_with_its_shapes() {
    let error = load(fixture("unsupported.onnx")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert_eq!(
        error.to_string(),
        "onnx node `wave` (Sin): found operator `Sin` of operator set 17 on inputs of shape [1, 3], expected an operator \
         that has layers; `zkml_import::onnx` lists those that have"
    );
}

#[test]
fn all_operators_without_layers_are_named_at_once() {
    let one = std::fs::read(fixture("unsupported.onnx")).unwrap();
    let at = one.windows(4).position(|window| window == b"Relu").unwrap();
    let path = std::env::temp_dir().join(format!("zkml-unsupported-{}.onnx", std::process::id()));
    std::fs::write(&path, [&one[..at], b"Sinh", &one[at + 4..]].concat()).unwrap();
    let found: Vec<String> = unsupported(&path, &Options::default()).unwrap().iter().map(ToString::to_string).collect();
    let expected = "an operator that has layers; `zkml_import::onnx` lists those that have";
    assert_eq!(
        found,
        [
            format!("onnx node `act` (Sinh): found operator `Sinh`, expected {expected}"),
            format!("onnx node `wave` (Sin): found operator `Sin`, expected {expected}"),
        ]
    );
    std::fs::remove_file(&path).unwrap();
    assert!(unsupported(fixture("classifier.onnx"), &Options::default()).unwrap().is_empty());
    assert!(unsupported(fixture("two.onnx"), &Options::default()).is_err());
}

#[test]
fn weights_beside_the_file_are_read_by_path_only() {
    let import = load(fixture("external.onnx")).unwrap();
    assert_eq!(import.weights.get("product.weight").unwrap().shape(), &Shape::new([16, 16]));
    let error = read(&std::fs::read(fixture("external.onnx")).unwrap(), &Options::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "found tensor `w` in another file (`external.bin`), expected its data in the model's file; load the model by its \
         path, or save it with its weights inside"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = load("nowhere.onnx").unwrap_err();
    assert_eq!(error.kind, ErrorKind::File);
    assert!(error.to_string().starts_with("cannot read nowhere.onnx: "), "{error}");
}

/// An extent: a number, or a name.
enum Dim {
    Fixed(i64),
    Named(&'static str),
}
use Dim::{Fixed, Named};

fn info(name: &str, dims: &[Dim]) -> Message {
    let shape = dims.iter().fold(Message::default(), |shape, dim| {
        shape.message(
            1,
            match dim {
                Fixed(n) => Message::default().int(1, *n),
                Named(name) => Message::default().text(2, name),
            },
        )
    });
    let types = Message::default().message(1, Message::default().int(1, 1).message(2, shape));
    Message::default().text(1, name).message(2, types)
}

fn node(operator: &str, inputs: &[&str], attributes: &[(&str, i64)]) -> Message {
    let node = inputs.iter().fold(Message::default(), |node, input| node.text(1, input));
    attributes.iter().fold(node.text(2, "y").text(3, "n").text(4, operator), |node, (name, value)| {
        node.message(5, Message::default().text(1, name).int(3, *value).int(20, 2))
    })
}

fn model(dims: &[Dim], node: Message, opset: i64) -> Result<Import, ImportError> {
    model_with(dims, node, opset, &Options::default())
}

fn model_with(dims: &[Dim], node: Message, opset: i64, options: &Options) -> Result<Import, ImportError> {
    let graph = Message::default().message(1, node).message(11, info("x", dims)).message(12, info("y", &[]));
    let opset = Message::default().int(2, opset);
    read(&Message::default().int(1, 8).message(7, graph).message(8, opset).write(), options)
}

#[test]
fn an_open_extent_says_how_to_fix_it() {
    let open = || [Named("batch"), Fixed(3), Named("height"), Fixed(4)];
    let error = model(&open(), node("Relu", &["x"], &[]), 17).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Shape);
    assert_eq!(
        error.to_string(),
        "found input `x` of shape [`batch`, 3, `height`, 4], whose axis 2 is not fixed, expected fixed extents (but for \
         the batch); export with a fixed shape, or give that of a sample: `Options::default().input([..])`"
    );
    let fixed = model_with(&open(), node("Relu", &["x"], &[]), 17, &Options::default().input([3, 5, 4])).unwrap();
    assert_eq!(fixed.graph.shape(fixed.graph.input()), &Shape::new([3, 5, 4]));
    let error = model_with(&open(), node("Relu", &["x"], &[]), 17, &Options::default().input([2, 5, 4])).unwrap_err();
    assert_eq!(error.expected, "[3, `height`, 4] for input `x`");
}

#[test]
fn samples_of_a_batch_stay_apart() {
    let batch = || [Fixed(4), Fixed(3)];
    let relu = model(&batch(), node("Relu", &["x"], &[]), 17).unwrap();
    assert_eq!(relu.graph.shape(relu.graph.output()), &Shape::new([3]));
    for mixing in [
        node("ArgMax", &["x"], &[("axis", 0)]),
        node("Flatten", &["x"], &[("axis", 0)]),
        node("Transpose", &["x"], &[]),
    ] {
        let error = model(&batch(), mixing, 17).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Shape);
        assert!(error.found.starts_with("an operator that mixes the 4 samples of a batch"), "{error}");
    }
    let whole =
        model_with(&batch(), node("Flatten", &["x"], &[("axis", 0)]), 17, &Options::default().batch(Batch::None));
    let whole = whole.unwrap();
    assert_eq!(whole.graph.shape(whole.graph.input()), &Shape::new([4, 3]));
}

#[test]
fn attributes_that_mean_nothing_are_refused() {
    let error = model(&[Fixed(1), Fixed(3)], node("Relu", &["x"], &[("leak", 1)]), 17).unwrap_err();
    assert_eq!(
        error.to_string(),
        "onnx node `n` (Relu): found attribute `leak`, expected only attributes of the operator, each once"
    );
    let error = model(&[Fixed(1), Fixed(3)], node("Flatten", &["x"], &[("axis", 1), ("axis", 1)]), 17).unwrap_err();
    assert_eq!(error.found, "attribute `axis`");
}

#[test]
fn operator_sets_are_checked() {
    let relu = || node("Relu", &["x"], &[]);
    for opset in [7, 13, 22] {
        assert!(model(&[Fixed(1), Fixed(3)], relu(), opset).is_ok());
    }
    let error = model(&[Fixed(1), Fixed(3)], relu(), 6).unwrap_err();
    assert_eq!(
        error.to_string(),
        "found operator set 6, expected 7 to 24; convert the file: `onnx.version_converter.convert_version(model, 17)`"
    );
}

#[test]
fn old_softmax_runs_over_all_axes_from_its_own_on() {
    let dims = || [Fixed(1), Fixed(2), Fixed(2)];
    let x = Tensor::of([2, 2], &[0.0, 1.0, 2.0, 3.0]).unwrap();
    let sum = |tensor: Tensor| tensor.data().iter().sum::<f64>();
    let old = model(&dims(), node("Softmax", &["x"], &[("axis", 1)]), 11).unwrap();
    assert!((sum(output(old, &x)) - 1.0).abs() < 1e-9);
    let new = model(&dims(), node("Softmax", &["x"], &[("axis", 1)]), 13).unwrap();
    assert!((sum(output(new, &x)) - 2.0).abs() < 1e-9);
}

/// A stored tensor of little-endian bytes.
fn stored(name: &str, element: i64, dims: &[i64], raw: &[u8]) -> Message {
    let tensor = dims.iter().fold(Message::default(), |tensor, d| tensor.int(1, *d));
    tensor.int(2, element).text(8, name).bytes(9, raw)
}

/// A node with an output of its own.
fn step(operator: &str, name: &str, inputs: &[&str], output: &str, attributes: &[(&str, i64)]) -> Message {
    let node = inputs.iter().fold(Message::default(), |node, input| node.text(1, input));
    let node = node.text(2, output).text(3, name).text(4, operator);
    attributes
        .iter()
        .fold(node, |node, (name, value)| node.message(5, Message::default().text(1, name).int(3, *value).int(20, 2)))
}

/// A file of these nodes and stored tensors, from `x` of these extents and this element type to `y`.
fn network(dims: &[Dim], element: i64, nodes: Vec<Message>, stored: Vec<Message>) -> Result<Import, ImportError> {
    let graph = nodes.into_iter().fold(Message::default(), |graph, node| graph.message(1, node));
    let graph = stored.into_iter().fold(graph, |graph, tensor| graph.message(5, tensor));
    let mut input = info("x", dims);
    if let (_, wire::Value::Message(types)) = &mut input.0[1]
        && let (_, wire::Value::Message(tensor)) = &mut types.0[0]
    {
        tensor.0[0].1 = wire::Value::Varint(element as u64);
    }
    let graph = graph.message(11, input).message(12, info("y", &[]));
    let opset = Message::default().int(2, 17);
    read(&Message::default().int(1, 8).message(7, graph).message(8, opset).write(), &Options::default())
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Weights of 8 bits, with a scale and a zero point for each output.
#[test]
fn weights_that_are_stored_quantised_are_read() {
    let stored_weights = || {
        vec![
            stored("q", 3, &[3, 2], &[1, 254, 0, 127, 128, 3]),
            stored("s", 1, &[2], &floats(&[0.5, 0.25])),
            stored("z", 3, &[2], &[1, 255]),
        ]
    };
    let nodes = |axis| {
        vec![
            step("DequantizeLinear", "dq", &["q", "s", "z"], "w", &[("axis", axis)]),
            step("MatMul", "product", &["x", "w"], "y", &[]),
        ]
    };
    let import = network(&[Fixed(1), Fixed(3)], 1, nodes(1), stored_weights()).unwrap();
    // (q - z) * s: columns (1, 0, -128) - 1 by 0.5, and (-2, 127, 3) + 1 by 0.25.
    let x = Tensor::vector(vec![1.0, 10.0, 100.0]);
    let expected = [-0.5 * 10.0 - 64.5 * 100.0, -0.25 + 32.0 * 10.0 + 100.0];
    assert_eq!(output(import, &x).into_data(), expected);
    let error = network(&[Fixed(1), Fixed(3)], 1, nodes(0), stored_weights()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "onnx node `dq` (DequantizeLinear): found 2 scales along an axis of 3, expected one for each place"
    );
}

#[test]
fn networks_that_are_quantised_say_what_to_export_instead() {
    let scales = || vec![stored("s", 1, &[], &floats(&[0.5])), stored("z", 3, &[], &[0])];
    for operator in ["QuantizeLinear", "DequantizeLinear"] {
        let error = network(&[Fixed(1), Fixed(3)], 1, vec![step(operator, "q", &["x", "s", "z"], "y", &[])], scales());
        let error = error.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported);
        let repair = "the file is quantised; export the network as it was before, in floats: `quantize` finds integers that cost \
                      least to prove";
        assert!(error.to_string().starts_with(&format!("onnx node `q` ({operator}): ")), "{error}");
        assert!(error.to_string().ends_with(repair), "{error}");
    }
}

/// The first whole number that 32-bit floats do not have, from whole inputs to whole outputs.
#[test]
fn whole_numbers_beyond_floats_of_32_bits_are_exact() {
    let one = || vec![stored("one", 7, &[1], &1i64.to_le_bytes())];
    let nodes = || vec![step("Add", "sum", &["x", "one"], "y", &[])];
    let mut import = network(&[Fixed(1), Fixed(1)], 7, nodes(), one()).unwrap();
    import.graph = import.graph.with_range(Range::Whole(0, 1 << 24)).unwrap();
    let visibility = Visibility { weights: Visible::Public, ..Visibility::default() };
    let model: Model = import.model(visibility).unwrap();
    let input = Tensor::vector(vec![16_777_216.0]);
    assert_eq!(model.forward(&input).unwrap().into_data(), [16_777_217.0]);
    let samples = [input.clone(), Tensor::vector(vec![3.0])];
    let circuit = model.quantize(&samples, Target::top1(0.0).max_error(0.25)).unwrap().circuit().unwrap();
    let rng = &mut StdRng::seed_from_u64(1);
    let keys = circuit.setup(rng).unwrap();
    let statement = keys.verifying.verify(&circuit.prove(&keys.proving, &input, rng).unwrap()).unwrap();
    assert_eq!(statement.output(0).unwrap().into_data(), [16_777_217.0]);
}

#[test]
fn whole_numbers_beyond_what_a_float_holds_are_refused() {
    let add = || vec![step("Add", "sum", &["x", "large"], "y", &[])];
    let with = |n: i64| network(&[Fixed(1), Fixed(1)], 7, add(), vec![stored("large", 7, &[1], &n.to_le_bytes())]);
    assert!(with((1 << 53) - 1).is_ok());
    for n in [(1 << 53) + 1, -(1 << 53), i64::MAX - (1 << 20)] {
        let error = with(n).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported);
        assert_eq!(error.found, format!("tensor `large` with the whole number {:e}", n as f64));
        assert_eq!(error.expected, "whole numbers below 2^53, which floats hold exactly");
    }
    // Computed from constants.
    let half = (1i64 << 52) + 1;
    let double = vec![step("Add", "twice", &["large", "large"], "t", &[]), step("Add", "sum", &["x", "t"], "y", &[])];
    let error = network(&[Fixed(1), Fixed(1)], 7, double, vec![stored("large", 7, &[1], &half.to_le_bytes())]);
    assert_eq!(error.unwrap_err().expected, "smaller ones, which floats hold exactly");
}
