//! `y_o = sum_i weight_oi * x_i + bias_o`

use super::{Arg, Args, Card, Factors, Init, Kind, Layer, Literal, Param, Role, Step};
use crate::{
    arith::{Arith, ArithError},
    error::LayerError,
    shape::Shape,
    tensor::Tensor,
};

/// `y_o = sum_i weight_oi * x_i + bias_o`: a fully connected layer.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[inputs]` | `s_x` |
/// | `weight` | `[units, inputs]` | `s_w` |
/// | `bias` | `[units]` | `s_x + s_w` |
/// | `y` | `[units]` | `s_x + s_w` |
///
/// Sources: ONNX `Gemm` (transB = 1), Keras `Dense` (kernel transposed), Burn `Linear` (weight transposed).
///
/// # Constraints
/// None with public weights (a linear combination a unit). With private ones, one product a weight, and the range check
/// of each weight once.
///
/// # Soundness
/// The output is a linear combination of wires, or of products each enforced by its own constraint.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("dense", Args::new().with("units", 10), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([10]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// The number of outputs.
    pub units: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Layer for Dense {
    const CARD: Card = Card {
        name: "dense",
        formula: "y_o = sum_i weight_oi * x_i + bias_o",
        arity: 1,
        args: &[
            Arg { name: "units", takes: "the number of outputs", default: None },
            Arg { name: "bias", takes: "`true` or `false`", default: Some("true") },
        ],
        onnx: "Gemm, MatMul + Add",
        keras: "Dense",
        burn: "Linear",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { units: args.usize("units", 1, None)?, bias: args.bool("bias", true)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("units", self.units.into()), ("bias", self.bias.into())]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        match inputs[0].dims() {
            [_] => Ok(Shape::new([self.units])),
            _ => Err(LayerError::rank(0, "dense", "a tensor with one axis", inputs[0])
                .help("insert `flatten(..)` before it")),
        }
    }

    fn params(&self, inputs: &[&Shape]) -> Vec<Param> {
        let fan_in = inputs[0].len();
        let mut params = vec![Param {
            name: "weight",
            shape: Shape::new([self.units, fan_in]),
            role: Role::Weight,
            init: Init::Glorot { fan_in, fan_out: self.units },
            non_negative: false,
        }];
        if self.bias {
            params.push(Param {
                name: "bias",
                shape: Shape::new([self.units]),
                role: Role::Bias,
                init: Init::Constant(0.0),
                non_negative: false,
            });
        }
        params
    }

    fn float(&self, inputs: &[&Tensor], params: &[&Tensor]) -> Tensor {
        let x = inputs[0].data();
        Tensor::from_fn([self.units], |o| {
            let row = &params[0].data()[o * x.len()..(o + 1) * x.len()];
            let bias = if self.bias { params[1].data()[o] } else { 0.0 };
            row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + bias
        })
    }

    fn factors(&self) -> Factors {
        Factors::Weights
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0] + step.factor
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        self.units
    }

    fn kind(&self) -> Kind {
        Kind::Weighted
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
        let x = x[0].data();
        let rows = p[0].data().chunks(x.len());
        let y = rows
            .enumerate()
            .map(|(o, row)| a.dot(row.iter().zip(x), self.bias.then(|| &p[1].data()[o])))
            .collect::<Result<Vec<_>, _>>()?;
        step.finish(a, Tensor::vector(y))
    }
}
