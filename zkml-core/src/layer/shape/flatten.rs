//! Flattening: `y_i = x_i`, with one axis.

use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Flattening to one axis: `y_i = x_i`, in row-major order, the first axis slowest.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | `[elements of x]` | `s_x` |
///
/// Sources: ONNX `Flatten` (axis = 1), Keras `Flatten` (of channels-first images), Burn `Tensor::flatten`.
///
/// # Constraints
/// None: the wires are the same.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([16, 4, 4]));
/// let y = graph.add("flatten", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([256]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Flatten;

impl Layer for Flatten {
    const CARD: Card = Card {
        name: "flatten",
        formula: "y_i = x_i, with one axis",
        shape: "any; [elements]",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Flatten",
        keras: "Flatten",
        burn: "flatten",
        constraints: "0",
    };

    fn parse(_: &mut Args) -> Result<Self, LayerError> {
        Ok(Self)
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(Shape::new([inputs[0].len()]))
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        Tensor::vector(inputs[0].data().to_vec())
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0]
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        Kind::Flatten
    }

    fn fuses_rescale(&self) -> bool {
        false
    }

    fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &[&Tensor<A::Wire>],
        _: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        step.finish(a, Tensor::vector(x[0].data().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    #[test]
    fn everything_lies_on_one_axis_in_order() {
        let x = Tensor::from_fn([2, 1, 3], |i| i as f64);
        assert_eq!(Flatten.shape(&[x.shape()]), Ok(Shape::new([6])));
        assert_eq!(Flatten.float(&[&x], &[]), Tensor::vector(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
        let q = x.map(|x| *x as i64);
        let step = Step { inputs: vec![2], ..Step::default() };
        let y = Flatten.exact(&mut Ints::<i64>::new(), &[&q], &[], &step).unwrap();
        assert_eq!(y, Tensor::vector(vec![0, 1, 2, 3, 4, 5]));
    }

    #[test]
    fn arguments_are_refused() {
        let error = AnyLayer::parse("flatten", Args::new().with("axis", 1)).unwrap_err();
        assert_eq!(error.to_string(), "unknown argument `axis`");
        assert_eq!(error.help.as_deref(), Some("`flatten` takes no arguments"));
    }
}
