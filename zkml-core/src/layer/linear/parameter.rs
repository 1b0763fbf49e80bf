//! Parameter: `y = value`.

use crate::layer::{Arg, Args, Arity, Card, Factors, Init, Kind, Layer, Literal, Param, Role, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Parameter, a trained or constant tensor: `y = value`. It has no inputs.
///
/// | | shape | scale |
/// |---|---|---|
/// | `value` | `shape` | `s_w` |
/// | `y` | `shape` | `s_w` |
///
/// Sources: ONNX `Constant` and initialisers, Keras `add_weight`, Burn `Param<Tensor>`.
///
/// # Constraints
/// None: constants with public weights, else the wires of the weights, each range-checked once.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::{Args, Literal}, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([8, 4]));
/// let token = graph.add("parameter", Args::new().with("shape", Literal::List(vec![1, 4])), &[])?;
/// let y = graph.add("concat", Args::new(), &[token, graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([9, 4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The shape of the tensor.
    pub shape: Shape,
}

impl Layer for Parameter {
    const CARD: Card = Card {
        name: "parameter",
        formula: "y = value",
        shape: "none; shape",
        arity: Arity::Exactly(0),
        args: &[Arg { name: "shape", takes: "a list of extents, such as `[8, 1, 28]`", default: None }],
        onnx: "Constant",
        keras: "-",
        burn: "Param",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let dims = args.list("shape", 1)?;
        if dims.is_empty() {
            return Err(LayerError::argument("shape", "`shape` is `[]`, expected at least one extent")
                .help("write a single number as `[1]`"));
        }
        Ok(Self { shape: Shape::new(dims) })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("shape", Literal::List(self.shape.dims().iter().map(|d| *d as i64).collect()))]
    }

    fn shape(&self, _: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(self.shape.clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        // As the weight of a layer with as many inputs as the last axis is long.
        let fan_in = self.shape.dims().last().copied().unwrap_or(1);
        let fan_out = self.shape.len() / fan_in.max(1);
        vec![Param {
            name: "value",
            shape: self.shape.clone(),
            role: Role::Weight,
            init: Init::Glorot { fan_in, fan_out },
            non_negative: false,
        }]
    }

    fn float(&self, _: &[&Tensor], params: &[&Tensor]) -> Tensor {
        params[0].clone()
    }

    fn factors(&self) -> Factors {
        Factors::Weights
    }

    fn scale(&self, step: &Step) -> i32 {
        step.weight_scale
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        Kind::Parameter
    }

    fn fuses_rescale(&self) -> bool {
        false
    }

    fn exact<A: Arith>(
        &self,
        a: &mut A,
        _: &[&Tensor<A::Wire>],
        p: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        step.finish(a, p[0].clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arith::ints::Ints,
        layer::{AnyLayer, testing},
    };

    fn parameter(dims: &[i64]) -> Result<AnyLayer, LayerError> {
        AnyLayer::parse("parameter", Args::new().with("shape", Literal::List(dims.to_vec())))
    }

    #[test]
    fn it_takes_no_tensors() {
        let layer = parameter(&[2, 3]).unwrap();
        assert_eq!(layer.shape(&[]), Ok(Shape::new([2, 3])));
        assert_eq!(layer.params(&[])[0].shape, Shape::new([2, 3]));
        let error = layer.shape(&[&Shape::new([2, 3])]).unwrap_err();
        assert_eq!(error.to_string(), "`parameter` takes 0 tensors, found 1");
        assert_eq!(parameter(&[]).unwrap_err().to_string(), "`shape` is `[]`, expected at least one extent");
    }

    #[test]
    fn it_is_its_value() {
        let layer = parameter(&[2]).unwrap();
        let value = Tensor::vector(vec![0.5, -3.0]);
        assert_eq!(layer.float(&[], &[&value]), value);
        let step = Step { weight_scale: 3, ..Step::default() };
        let y = layer.exact(&mut Ints::<i64>::new(), &[], &[value.map(|x| (8.0 * x) as i64)], &step).unwrap();
        assert_eq!((y.data(), layer.scale(&step)), ([4, -24].as_slice(), 3));
    }

    #[test]
    fn arguments_come_back() {
        let layer = parameter(&[2, 1]).unwrap();
        testing::arguments_come_back(&layer);
    }
}
