//! Reshaping: `y_i = x_i`, under another shape.

use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Reshaping: `y_i = x_i`, another shape with as many elements in the same row-major order.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | `shape` | `s_x` |
///
/// Sources: ONNX `Reshape`, `Squeeze` and `Unsqueeze`, Keras `Reshape`, Burn `Tensor::reshape`.
///
/// # Constraints
/// None: the wires are the same.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::{Args, Literal}, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([784]));
/// let args = Args::new().with("shape", Literal::List(vec![1, 28, 28]));
/// let y = graph.add("reshape", args, &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([1, 28, 28]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Reshape {
    /// The shape of the output.
    pub shape: Shape,
}

impl Layer for Reshape {
    const CARD: Card = Card {
        name: "reshape",
        formula: "y_i = x_i, under another shape",
        shape: "any; shape",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "shape", takes: "a list of extents, such as `[1, 28, 28]`", default: None }],
        onnx: "Reshape, Squeeze, Unsqueeze",
        keras: "Reshape",
        burn: "reshape",
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

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        let (found, expected) = (inputs[0].len(), self.shape.len());
        if found != expected {
            return Err(LayerError::argument(
                "shape",
                format!(
                    "`reshape` to {} expects {expected} elements, found {found} in shape {}",
                    self.shape, inputs[0]
                ),
            )
            .help(format!("choose extents whose product is {found}")));
        }
        Ok(self.shape.clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        Tensor::from_fn(self.shape.clone(), |i| inputs[0].data()[i])
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
        Kind::Rearrangement
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
        step.finish(a, Tensor::from_fn(self.shape.clone(), |i| x[0].data()[i].clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn to(shape: [usize; 2]) -> Reshape {
        Reshape { shape: Shape::new(shape) }
    }

    #[test]
    fn elements_keep_their_order() {
        let x = Tensor::from_fn([2, 3], |i| i as f64);
        let expected = Tensor::from_fn([3, 2], |i| i as f64);
        assert_eq!(to([3, 2]).shape(&[x.shape()]), Ok(Shape::new([3, 2])));
        assert_eq!(to([3, 2]).float(&[&x], &[]), expected);
        let q = x.map(|x| *x as i64);
        let step = Step { inputs: vec![2], ..Step::default() };
        let y = to([3, 2]).exact(&mut Ints::<i64>::new(), &[&q], &[], &step).unwrap();
        assert_eq!(y.map(|q| *q as f64), expected);
    }

    #[test]
    fn another_number_of_elements_is_refused() {
        let error = to([2, 5]).shape(&[&Shape::new([3, 4])]).unwrap_err();
        assert_eq!(error.to_string(), "`reshape` to [2, 5] expects 10 elements, found 12 in shape [3, 4]");
        assert_eq!(error.help.as_deref(), Some("choose extents whose product is 12"));
    }

    #[test]
    fn a_shape_without_extents_is_refused() {
        let error = AnyLayer::parse("reshape", Args::new().with("shape", Literal::List(vec![]))).unwrap_err();
        assert_eq!(error.to_string(), "`shape` is `[]`, expected at least one extent");
    }
}
