//! `y_c = sum_ij x_cij`

use std::convert::Infallible;

use super::pooling;
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed},
    shape::Shape,
    tensor::Tensor,
};

/// `y_c = sum_ij x_cij`: the sum of each channel.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, height, width]` | `s_x` |
/// | `y` | `[channels]` | `s_x` |
///
/// Sources: ONNX `ReduceSum` over the two last axes (`keepdims = 0`), Keras (none), Burn (`sum_dim` over the two last axes, flattened).
///
/// # Constraints
/// None: a linear combination a channel.
///
/// # Soundness
/// The output is a linear combination of wires.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([6, 7, 7]));
/// let y = graph.add("global_sum_pool2d", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([6]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalSumPool2d;

impl Layer for GlobalSumPool2d {
    const CARD: Card = Card {
        name: "global_sum_pool2d",
        formula: "y_c = sum_ij x_cij",
        shape: "[c, h, w]; [c]",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "ReduceSum",
        keras: "-",
        burn: "-",
        constraints: "0",
    };

    fn parse(_: &mut Args) -> Result<Self, LayerError> {
        Ok(Self)
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        pooling::global_shape(Self::CARD.name, inputs[0])
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        let Ok(y) = pooling::global(inputs[0], |values| Ok::<_, Infallible>(pooling::float_sum(values)));
        y
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
        Kind::Sum(Over::Channel)
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
        let y = pooling::global(x[0], |values| pooling::sum(a, values, Fixed::ONE))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn only_images_are_taken() {
        assert_eq!(GlobalSumPool2d.shape(&[&Shape::new([3, 5, 7])]), Ok(Shape::new([3])));
        let error = GlobalSumPool2d.shape(&[&Shape::new([12])]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`global_sum_pool2d` expects a `[channels, height, width]` tensor, found shape [12]"
        );
        assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
        assert!(GlobalSumPool2d.shape(&[&Shape::new([3, 0, 7])]).is_err());
    }

    #[test]
    fn one_number_a_channel() {
        let x = Tensor::of([2, 1, 3], &[1, 2, 6, -4, -5, -6]).unwrap();
        assert_eq!(GlobalSumPool2d.float(&[&x], &[]).data(), [9.0, -15.0]);
        let step = Step { inputs: vec![3], ..Step::default() };
        let q = x.map(|x| *x as i64);
        let y = GlobalSumPool2d.exact(&mut Ints::<i64>::new(), &[&q], &[], &step).unwrap();
        assert_eq!(y.data(), [9, -15]);
        assert_eq!(GlobalSumPool2d.scale(&step), 3);
    }
}
