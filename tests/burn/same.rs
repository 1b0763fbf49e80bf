//! The digits of `examples/digits` as a Burn module: the same network, at the same cost.

use std::path::Path;

use burn::{
    module::{Module, Param},
    nn::{
        Linear, LinearConfig,
        conv::{Conv2d, Conv2dConfig},
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    tensor::{Int, Tensor, TensorData, activation::relu},
};
use zkml::{
    model::Weights,
    plan::Target,
    rand::{Rng, SeedableRng, rngs::StdRng},
    tensor::Tensor as Sample,
    zk_model,
};

use crate::support::device;

#[zk_model(weights = private, range = 0..=16)]
fn annotated(image: Tensor<1, 8, 8>) -> Class<10> {
    let stem = conv2d(image, filters = 8, kernel = 3);
    let x = flatten(max_pool2d(relu(stem), 2));
    let hidden = dense(x, 32);
    let scores = dense(relu(hidden), 10);
    argmax(scores)
}

#[zk_model(input = [1, 1, 8, 8], forward = classify, weights = private, range = 0..=16)]
#[derive(Module, Debug)]
struct Digits {
    stem: Conv2d,
    pool: MaxPool2d,
    hidden: Linear,
    scores: Linear,
}

impl Digits {
    fn classify(&self, images: Tensor<4>) -> Tensor<1, Int> {
        let x = self.pool.forward(relu(self.stem.forward(images)));
        self.scores.forward(relu(self.hidden.forward(x.flatten::<2>(1, 3)))).argmax(1).squeeze_dim(1)
    }
}

fn weights() -> Weights {
    Weights::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits/digits.safetensors")).unwrap()
}

/// A stored tensor; matrices change sides.
fn stored<const D: usize>(name: &str) -> Param<Tensor<D>> {
    let weights = weights();
    let tensor = weights.get(name).unwrap();
    let data: Vec<f32> = tensor.data().iter().map(|v| *v as f32).collect();
    let data = Tensor::<D>::from_data(TensorData::new(data, tensor.shape().dims().to_vec()), &device());
    Param::from_tensor(if D == 2 { data.swap_dims(0, 1) } else { data })
}

fn digits() -> Digits {
    let d = device();
    let mut digits = Digits {
        stem: Conv2dConfig::new([1, 8], [3, 3]).init(&d),
        pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
        hidden: LinearConfig::new(72, 32).init(&d),
        scores: LinearConfig::new(32, 10).init(&d),
    };
    (digits.stem.weight, digits.stem.bias) = (stored("stem.weight"), Some(stored("stem.bias")));
    (digits.hidden.weight, digits.hidden.bias) = (stored("hidden.weight"), Some(stored("hidden.bias")));
    (digits.scores.weight, digits.scores.bias) = (stored("scores.weight"), Some(stored("scores.bias")));
    digits
}

#[test]
fn the_network_and_its_weights_are_those_of_the_annotated_function() {
    let burn = DigitsModel::from_burn(&digits()).unwrap();
    let annotated = Annotated::with_weights(weights()).unwrap();
    assert_eq!(burn.graph().digest(), annotated.graph().digest(), "{}\n{}", burn.graph(), annotated.graph());
    assert_eq!(burn.weights(), annotated.weights());
    assert_eq!(DigitsModel::VISIBILITY, Annotated::VISIBILITY);
    assert_eq!(DigitsModel::INPUT, [1, 1, 8, 8]);
}

#[test]
fn weights_go_to_the_annotated_function_by_their_place() {
    use zkml::burn::capture_module;
    let import = capture_module(&digits(), DigitsModel::INPUT, |m, x| m.classify(x)).unwrap();
    let graph = Annotated::graph().unwrap();
    assert_eq!(import.weights_for(&graph).unwrap(), weights());
    let without = capture_module(&digits(), DigitsModel::INPUT, |m, x| m.stem.forward(x)).unwrap();
    let error = without.weights_for(&graph).unwrap_err().to_string();
    assert!(error.ends_with("found a network of 1 layers, expected a network of 8 layers"), "{error}");
}

#[test]
fn the_circuit_has_as_many_constraints() {
    let mut rng = StdRng::seed_from_u64(1);
    let samples: Vec<Sample> =
        (0..20).map(|_| Sample::from_fn([1, 8, 8], |_| f64::from(rng.gen_range(0..=16)))).collect();
    let count = |model: &zkml::model::Model| {
        let quantized = model.quantize(&samples, Target::top1(0.9)).unwrap();
        quantized.circuit().unwrap().report().total
    };
    let burn = DigitsModel::from_burn(&digits()).unwrap();
    assert_eq!(count(&burn), count(&Annotated::with_weights(weights()).unwrap()));
}

#[test]
fn classes_are_burns() {
    let digits = digits();
    let model = DigitsModel::from_burn(&digits).unwrap();
    let mut rng = StdRng::seed_from_u64(2);
    for _ in 0..20 {
        let sample = Sample::from_fn([1, 8, 8], |_| f64::from(rng.gen_range(0..=16)));
        let data: Vec<f32> = sample.data().iter().map(|v| *v as f32).collect();
        let class = digits.classify(Tensor::from_data(TensorData::new(data, [1, 1, 8, 8]), &device()));
        let class = class.into_data().iter::<i64>().next().unwrap();
        assert_eq!(model.classify(&sample).unwrap() as i64, class);
    }
}

/// The same network as two other tools saved it.
#[cfg(all(feature = "onnx", feature = "keras"))]
mod files {
    use zkml::zk_model;

    #[zk_model(onnx = "../../zkml-import/tests/onnx/digits.onnx", weights = private, range = 0..=16)]
    pub struct Onnx;

    #[zk_model(
        keras = "../../zkml-import/tests/keras/digits.k3.keras",
        class = true,
        channels_first = true,
        weights = private,
        range = 0..=16
    )]
    pub struct Keras;
}

#[cfg(all(feature = "onnx", feature = "keras"))]
#[test]
fn every_way_in_leads_to_one_network_and_one_circuit() {
    let annotated = Annotated::with_weights(weights()).unwrap();
    let mut rng = StdRng::seed_from_u64(3);
    let samples: Vec<Sample> =
        (0..20).map(|_| Sample::from_fn([1, 8, 8], |_| f64::from(rng.gen_range(0..=16)))).collect();
    let circuit = |model: &zkml::model::Model| {
        let quantized = model.quantize(&samples, Target::top1(0.9)).unwrap();
        quantized.circuit().unwrap()
    };
    let expected = circuit(&annotated);
    let models: [(&str, zkml::model::Model); 3] = [
        ("burn", DigitsModel::from_burn(&digits()).unwrap().into()),
        ("onnx", files::Onnx::model().unwrap().into()),
        ("keras", files::Keras::model().unwrap().into()),
    ];
    for (name, model) in models {
        assert_eq!(model.graph().digest(), annotated.graph().digest(), "{name}: {}", model.graph());
        assert_eq!(model.weights(), annotated.weights(), "{name}");
        let found = circuit(&model);
        assert_eq!(found.report().total, expected.report().total, "{name}");
        // Neither names nor where layers come from are in it, so that keys of one serve all.
        assert_eq!(found.digest(), expected.digest(), "{name}");
    }
}
