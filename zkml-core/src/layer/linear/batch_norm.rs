//! Batch normalization: `y = gamma * (x - mean) / sqrt(var + epsilon) + beta`, by channel.

use crate::layer::{Arg, Args, Arity, Card, Factors, Init, Kind, Layer, Literal, Lowered, Param, Role, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Batch normalization with trained statistics: `y = gamma * (x - mean) / sqrt(var + epsilon) + beta`, by channel.
///
/// The exact semantics are `y = scale * x + offset` with `scale = gamma / sqrt(var + epsilon)` and
/// `offset = beta - mean * scale`, both computed in floats before they are quantised.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, ..]` | `s_x` |
/// | `gamma`, `beta`, `mean`, `var` | `[channels]` | none: they become `scale`, `offset` |
/// | `scale` | `[channels]` | `s_w` |
/// | `offset` | `[channels]` | `s_x + s_w` |
/// | `y` | that of `x` | `s_x + s_w` |
///
/// Sources: ONNX `BatchNormalization`, Keras `BatchNormalization` (whose epsilon is `1e-3` unless told), Burn `BatchNorm`.
///
/// # Constraints
/// None with public weights. With private ones, one product an element, and the range check of each `scale` and `offset` once.
/// Behind a dense or convolution that nothing else takes, [`crate::optimize`] removes it.
///
/// # Soundness
/// The output is a linear combination of wires, or of products each enforced by its own constraint.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
/// let y = graph.add("batch_norm", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    /// What is added to the variance.
    pub epsilon: f64,
}

/// The parameters: name, role, start, and whether negative values make no sense.
const PARAMS: [(&str, Role, f64, bool); 4] = [
    ("gamma", Role::Weight, 1.0, false),
    ("beta", Role::Bias, 0.0, false),
    ("mean", Role::Bias, 0.0, false),
    ("var", Role::Weight, 1.0, true),
];

impl Layer for BatchNorm {
    const CARD: Card = Card {
        name: "batch_norm",
        formula: "y = gamma * (x - mean) / sqrt(var + epsilon) + beta",
        shape: "[c, ..]; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "epsilon", takes: "a number above zero", default: Some("1e-5") }],
        onnx: "BatchNormalization",
        keras: "BatchNormalization",
        burn: "BatchNorm",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let epsilon = args.float("epsilon", Some(1e-5))?;
        if epsilon <= 0.0 {
            return Err(LayerError::argument(
                "epsilon",
                format!("`epsilon` is {epsilon}, expected a number above zero"),
            )
            .help("common values are `1e-5` and `1e-3`"));
        }
        Ok(Self { epsilon })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("epsilon", self.epsilon.into())]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        if inputs[0].is_empty() || inputs[0].rank() == 0 {
            return Err(LayerError::rank(0, "batch_norm", "a `[channels, ..]` tensor", inputs[0])
                .help("insert `reshape(..)` before it"));
        }
        Ok(inputs[0].clone())
    }

    fn params(&self, inputs: &[&Shape]) -> Vec<Param> {
        let shape = Shape::new([inputs[0].dims()[0]]);
        PARAMS
            .iter()
            .map(|(name, role, start, non_negative)| Param {
                name,
                shape: shape.clone(),
                role: *role,
                init: Init::Constant(*start),
                non_negative: *non_negative,
            })
            .collect()
    }

    fn float(&self, inputs: &[&Tensor], params: &[&Tensor]) -> Tensor {
        let x = inputs[0];
        let per = x.len() / x.shape().dims()[0];
        let [gamma, beta, mean, var] = [0, 1, 2, 3].map(|p: usize| params[p].data());
        Tensor::from_fn(x.shape().clone(), |i| {
            let c = i / per;
            gamma[c] * (x.data()[i] - mean[c]) / (var[c] + self.epsilon).sqrt() + beta[c]
        })
    }

    fn lower(&self, _: &[&Shape], params: &[&Tensor]) -> Vec<Lowered> {
        let [gamma, beta, mean, var] = [0, 1, 2, 3].map(|p: usize| params[p].data());
        let scale = |c: usize| gamma[c] / (var[c] + self.epsilon).sqrt();
        let offset = |c: usize| beta[c] - mean[c] * scale(c);
        vec![
            Lowered { name: "scale", role: Role::Weight, values: Tensor::from_fn([gamma.len()], scale) },
            Lowered { name: "offset", role: Role::Bias, values: Tensor::from_fn([gamma.len()], offset) },
        ]
    }

    fn lowered(&self, inputs: &[&Shape]) -> Vec<Shape> {
        // A factor and an offset a channel.
        vec![Shape::new([inputs[0].dims()[0]]); 2]
    }

    fn factors(&self) -> Factors {
        Factors::Weights
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0] + step.weight_scale
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        Kind::BatchNorm { epsilon: self.epsilon }
    }

    fn fuses_rescale(&self) -> bool {
        false
    }

    fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &[&Tensor<A::Wire>],
        p: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        let per = x[0].len() / x[0].shape().dims()[0];
        let y = Tensor::from_fn(x[0].shape().clone(), |i| i).try_map(|i| {
            let (scale, offset) = (&p[0].data()[i / per], &p[1].data()[i / per]);
            a.dot(std::iter::once((scale, &x[0].data()[*i])), Some(offset))
        })?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn params() -> [Tensor; 4] {
        let of = |data: [f64; 2]| Tensor::vector(data.to_vec());
        [of([2.0, -1.0]), of([0.5, 3.0]), of([1.0, -2.0]), of([3.0, 0.0])]
    }

    #[test]
    fn every_channel_is_normed_by_its_own_statistics() {
        let norm = BatchNorm { epsilon: 1.0 };
        let x = Tensor::of([2, 1, 2], &[1, 5, -2, 4]).unwrap();
        let [gamma, beta, mean, var] = params();
        let y = norm.float(&[&x], &[&gamma, &beta, &mean, &var]);
        assert_eq!(y, Tensor::new([2, 1, 2], vec![0.5, 4.5, 3.0, -3.0]).unwrap());
    }

    #[test]
    fn lowered_it_is_one_product_and_a_sum() {
        let norm = BatchNorm { epsilon: 1.0 };
        let shape = Shape::new([2, 1, 2]);
        let [gamma, beta, mean, var] = params();
        let lowered = norm.lower(&[&shape], &[&gamma, &beta, &mean, &var]);
        assert_eq!((lowered[0].name, lowered[0].role), ("scale", Role::Weight));
        assert_eq!(lowered[0].values.data(), [1.0, -1.0]);
        assert_eq!((lowered[1].name, lowered[1].role), ("offset", Role::Bias));
        assert_eq!(lowered[1].values.data(), [-0.5, 1.0]);
        let shapes: Vec<Shape> = lowered.iter().map(|l| l.values.shape().clone()).collect();
        assert_eq!(norm.lowered(&[&shape]), shapes);
        // At scales 0 and 1.
        let p = [Tensor::vector(vec![2, -2]), Tensor::vector(vec![-1, 2])];
        let x = Tensor::new([2, 1, 2], vec![1i64, 5, -2, 4]).unwrap();
        let step = Step { inputs: vec![0], weight_scale: 1, ..Step::default() };
        let y = norm.exact(&mut Ints::<i64>::new(), &[&x], &p, &step).unwrap();
        assert_eq!((y.data(), norm.scale(&step)), ([1, 9, 6, -6].as_slice(), 1));
    }

    #[test]
    fn a_tensor_without_channels_is_refused() {
        let error = BatchNorm { epsilon: 1.0 }.shape(&[&Shape::new([])]).unwrap_err();
        assert_eq!(error.to_string(), "`batch_norm` expects a `[channels, ..]` tensor, found shape []");
        assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
    }

    #[test]
    fn an_epsilon_of_zero_is_refused() {
        let error = AnyLayer::parse("batch_norm", Args::new().with("epsilon", 0)).unwrap_err();
        assert_eq!(error.to_string(), "`epsilon` is 0, expected a number above zero");
        assert!(BatchNorm::parse(&mut Args::new()).is_ok_and(|n| n.epsilon == 1e-5));
    }
}
