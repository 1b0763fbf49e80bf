//! What a recorded module's weights are does not show in its graph: only their shapes do.

use burn::{
    module::{Module, Param},
    nn::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig, PRelu, PReluConfig},
    tensor::{Tensor, TensorData, activation::relu},
};
use zkml::{
    burn::{Import, capture_module},
    graph::{Visibility, Visible},
    optimize::optimize,
};

use crate::support::{Filled, device, layers};

/// A layer with every sort of trained number, as people write them.
#[derive(Module, Debug)]
struct Net {
    stem: Linear,
    norm: LayerNorm,
    batch: BatchNorm,
    slope: PRelu,
    /// ReZero's, which starts at zero.
    alpha: Param<Tensor<1>>,
    /// What scores are divided by.
    temperature: Param<Tensor<1>>,
    /// One a channel.
    gain: Param<Tensor<2>>,
    /// One number only.
    bias: Param<Tensor<1>>,
}

impl Net {
    fn new() -> Self {
        let d = device();
        let ones = |n: usize| Param::from_tensor(Tensor::from_data(TensorData::new(vec![1.0f32; n], [n]), &d));
        Self {
            stem: LinearConfig::new(4, 4).init(&d),
            norm: LayerNormConfig::new(4).init(&d),
            batch: BatchNormConfig::new(4).init(&d),
            slope: PReluConfig::new().init(&d),
            alpha: ones(1),
            temperature: ones(1),
            gain: Param::from_tensor(Tensor::from_data(TensorData::new(vec![1.0f32; 4], [1, 4]), &d)),
            bias: ones(1),
        }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let y = self.norm.forward(self.stem.forward(x.clone())) * self.gain.val() + 0.5;
        let x = x + relu(y) * self.alpha.val().unsqueeze();
        let x = self.slope.forward(self.batch.forward(x)) / self.temperature.val().unsqueeze();
        (x - self.bias.val().unsqueeze()) * 2.0
    }
}

fn import(value: impl Fn(usize) -> f32) -> Import {
    let net = Net::new().map(&mut Filled(value));
    capture_module(&net, [1, 4], |m, x| m.forward(x)).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn trained_values_do_not_show() {
    let first = import(|i| 0.375 + 0.25 * (i % 5) as f32);
    let hidden = Visibility { weights: Visible::Private, ..Visibility::default() };
    let optimized = |import: Import| {
        let (model, passes) = optimize(&import.model(hidden).unwrap()).unwrap();
        assert!(passes.iter().all(|p| !p.values));
        model.graph().digest()
    };
    for value in [1.0, 0.5, 4.0, 1.3, 0.125] {
        let other = import(|_| value);
        assert_eq!(other.graph.digest(), first.graph.digest(), "{value}:\n{}\n{}", other.graph, first.graph);
        assert_eq!(optimized(other), optimized(first.clone()), "{value}");
    }
}

#[test]
fn trained_numbers_have_the_names_of_their_weights() {
    let import = import(|_| 1.0);
    for name in ["alpha.value", "temperature.value", "bias.value"] {
        assert!(import.weights.get(name).is_some(), "{name} in {:?}", import.weights);
    }
    assert!(!layers(&import).contains(&"offset") || layers(&import).iter().filter(|l| **l == "offset").count() <= 1);
}

#[test]
fn numbers_of_the_code_stay_literals() {
    let net = Net::new();
    let import = capture_module(&net, [1, 4], |m, x| relu(m.stem.forward(x)) * 2.0 + 0.5).unwrap();
    assert_eq!(layers(&import), ["dense", "relu", "scale", "offset"]);
}

#[test]
fn public_numbers_are_literals_after_all() {
    let import = import(|_| 0.5);
    let model = import.model(Visibility::default()).unwrap();
    let (optimized, _) = optimize(&model).unwrap();
    let left: Vec<&str> =
        optimized.graph().nodes().iter().filter_map(|n| n.layer.as_ref()).map(|l| l.card().name).collect();
    assert!(!left.contains(&"parameter") && !left.contains(&"mul"), "{left:?}");
}
