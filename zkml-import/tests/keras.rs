//! Keras files, against what Keras computes: own fixtures (made by `keras/make.py`), and models that are not shipped.

mod common;

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use common::{close, folder, json_tensor};
use zkml_core::{
    error::Origin,
    graph::{Graph, NodeId, Range, Visibility},
    layer::Args,
    model::Weights,
    shape::Shape,
    tensor::Tensor,
};
use zkml_import::{
    Import,
    keras::{self, InputLayout, Options, Output},
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras").join(name)
}

/// The bytes of a fixture, unpacked if they are packed.
fn bytes(name: &str) -> Vec<u8> {
    let packed = std::fs::read(fixture(name)).expect("the fixture is there");
    if !name.ends_with(".gz") {
        return packed;
    }
    let mut plain = vec![];
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut plain).expect("the fixture is packed");
    plain
}

fn forward(import: Import, input: &Tensor) -> Tensor {
    let model = import.model(Visibility::default()).expect("the weights are the graph's");
    model.forward(input).expect("the input is the model's")
}

/// Input and output of a fixture.
fn reference(name: &str) -> (Tensor, Tensor) {
    let text = std::fs::read_to_string(fixture(name)).expect("the fixture is there");
    let json: serde_json::Value = serde_json::from_str(&text).expect("the fixture is JSON");
    (json_tensor(&json["input"]), json_tensor(&json["output"]))
}

fn agrees(name: &str, version: u32) {
    let (input, output) = reference(&format!("{name}.k{version}.json"));
    for container in ["keras", "h5.gz"] {
        let file = format!("{name}.k{version}.{container}");
        let import = keras::read(bytes(&file), &Options::default()).unwrap_or_else(|e| panic!("{file}: {e}"));
        close(&file, &forward(import, &input), &output, 1e-4);
    }
}

macro_rules! fixtures {
    ($($name:ident: $versions:expr;)*) => {
        mod fixtures {
            $(
                #[test]
                fn $name() {
                    for version in $versions {
                        super::agrees(stringify!($name), version);
                    }
                }
            )*
        }
    };
}

fixtures! {
    activations: [2, 3];
    activations2d: [2, 3];
    convs: [2, 3];
    convs1d: [2, 3];
    pools: [2, 3];
    pools1d: [2, 3];
    norms: [2, 3];
    shapes: [2, 3];
    merges: [2, 3];
    nested: [2, 3];
    sequential: [2, 3];
    channels_first: [3];
}

/// The network of the example `digits`, as an annotated function describes it.
fn digits() -> Graph {
    let mut graph = Graph::new("digits", Shape::new([1, 8, 8]));
    let mut add = |layer: &str, args: Args, x: NodeId, name: &str| {
        let layer = zkml_core::layer::AnyLayer::parse(layer, args).expect("the arguments are the layer's");
        graph.push(layer, &[x], name, Origin::Unknown).expect("the shapes fit")
    };
    let stem = add("conv2d", Args::new().with("filters", 8).with("kernel", 3), NodeId(0), "stem");
    let x = add("relu", Args::new(), stem, "");
    let x = add("max_pool2d", Args::new().with("size", 2), x, "");
    let x = add("flatten", Args::new(), x, "");
    let x = add("dense", Args::new().with("units", 32), x, "hidden");
    let x = add("relu", Args::new(), x, "");
    let x = add("dense", Args::new().with("units", 10), x, "scores");
    add("argmax", Args::new(), x, "");
    graph.with_range(Range::Whole(0, 16)).expect("it is a range")
}

#[test]
fn the_same_network_has_the_same_digest_and_the_same_weights() {
    let options =
        Options { input: InputLayout::ChannelsFirst, output: Output::Class, range: Some(Range::Whole(0, 16)) };
    let import = keras::read(bytes("digits.k3.keras"), &options).expect("it is read");
    assert_eq!(import.graph.digest(), digits().digest(), "{}", import.graph);
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.safetensors");
    assert_eq!(import.weights, Weights::load(weights).expect("the example has weights"));
}

#[test]
fn either_layout_of_the_input_gives_the_same_answer() {
    let (input, output) = reference("digits.k3.json");
    let read = |options: &Options| keras::read(bytes("digits.k3.keras"), options).expect("it is read");
    let whole = read(&Options::default());
    assert_eq!(whole.graph.shape(whole.graph.input()), &Shape::new([8, 8, 1]));
    close("as Keras", &forward(whole, &input), &output, 1e-4);

    let first = Options { input: InputLayout::ChannelsFirst, output: Output::Class, ..Options::default() };
    let model = read(&first).model(Visibility::default()).expect("the weights are the graph's");
    let image = input.reshape([1, 8, 8]).expect("one channel");
    assert_eq!(model.classify(&image), Ok(output.argmax()));
    // The option says nothing where the model reads channels first anyway.
    let import = keras::read(bytes("channels_first.k3.keras"), &first.clone()).map(|import| import.graph);
    assert_eq!(import.map(|g| g.shape(g.input()).clone()), Ok(Shape::new([2, 6, 5])));
}

#[test]
fn a_flatten_costs_no_permutation_in_front_of_a_dense() {
    let options = Options { input: InputLayout::ChannelsFirst, ..Options::default() };
    let import = keras::read(bytes("sequential.k2.h5.gz"), &options).expect("it is read");
    let layers: Vec<&str> =
        import.graph.nodes().iter().filter_map(|n| n.layer.as_ref()).map(|l| l.card().name).collect();
    let expected = ["conv2d", "relu", "max_pool2d", "flatten", "dense", "relu", "dense", "softmax"];
    assert_eq!(layers, expected);
}

/// Models made for the project that are not shipped with it.
#[test]
#[ignore = "needs the Keras models, in ../shared/data or ZKML_DATA"]
fn unshipped_models_agree() {
    let cases = folder("keras");
    let found = std::fs::read_dir(&cases).unwrap_or_else(|e| panic!("{}: {e}", cases.display()));
    for case in found.flatten() {
        let read = |name: &str| std::fs::read_to_string(case.path().join(name)).expect("the case is complete");
        let tensor = |name: &str| json_tensor(&serde_json::from_str(&read(name)).expect("it is JSON"));
        // With the batch, of one.
        let sample = |t: Tensor| {
            let dims = t.shape().dims()[1..].to_vec();
            t.reshape(Shape::new(dims)).expect("the batch is one")
        };
        let (input, output) = (sample(tensor("input.json")), sample(tensor("output.json")));
        for file in ["model.keras", "model.h5"] {
            let path = case.path().join(file);
            let import = keras::load(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            close(&path.display().to_string(), &forward(import, &input), &output, 1e-4);
        }
    }
}

/// A network that Keras 2.10 saved, of which no outputs come with it: these are those of `tf_keras` 2.21 for this image.
#[test]
#[ignore = "needs the network of keras2circom, in ../shared/data or ZKML_DATA"]
fn a_model_of_an_older_keras_agrees() {
    let import = keras::load(folder("keras2circom").join("model.h5")).expect("it is read");
    let image = Tensor::from_fn([28, 28, 1], |i| ((i * 37 + i / 28 * 11) % 256) as f64 / 255.0);
    let expected = [
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
    close("keras2circom", &forward(import, &image), &Tensor::vector(expected.to_vec()), 1e-4);
}
