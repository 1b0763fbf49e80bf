//! `y = min { i : x_i = max_j x_j }`

use super::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::{Arith, ArithError},
    error::LayerError,
    shape::Shape,
    tensor::Tensor,
};

/// `y = min { i : x_i = max_j x_j }`: the index of the largest element, the first one among equals.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[classes]`, at least two | `s_x` |
/// | `y` | `[1]` | `0` |
///
/// A softmax before it changes nothing and is left out.
///
/// Sources: ONNX `ArgMax` (`select_last_index = 0`), Keras `ops.argmax`, Burn `Tensor::argmax`.
///
/// # Constraints
/// Two a class, and a range check of `max - x_i` for each (its bits and one more). See [`crate::gadget::argmax`].
///
/// # Soundness
/// See [`crate::gadget::argmax`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([10]));
/// let y = graph.add("argmax", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([1]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Argmax;

impl Layer for Argmax {
    const CARD: Card = Card {
        name: "argmax",
        formula: "y = min { i : x_i = max_j x_j }",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "ArgMax",
        keras: "ops.argmax",
        burn: "argmax",
        constraints: "classes * (bits + 3)",
    };

    fn parse(_: &mut Args) -> Result<Self, LayerError> {
        Ok(Self)
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        match inputs[0].dims() {
            [classes] if *classes >= 2 => Ok(Shape::new([1])),
            [_] => Err(LayerError::rank(0, "argmax", "at least two elements", inputs[0])
                .help("give the layer before it an output for each class")),
            _ => Err(LayerError::rank(0, "argmax", "a tensor with one axis", inputs[0])
                .help("insert `flatten(..)` before it")),
        }
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        Tensor::vector(vec![inputs[0].argmax() as f64])
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, _: &Step) -> i32 {
        0
    }

    /// The selection of the maximum, and the range check.
    fn fanout(&self, _: &[&Shape]) -> usize {
        2
    }

    fn kind(&self) -> Kind {
        Kind::Other
    }

    fn fuses_rescale(&self) -> bool {
        false
    }

    fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &[&Tensor<A::Wire>],
        _: &[Tensor<A::Wire>],
        _: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        Ok(Tensor::vector(vec![a.argmax(x[0].data())?]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn only_two_classes_or_more_on_one_axis_are_taken() {
        assert_eq!(Argmax.shape(&[&Shape::new([2])]), Ok(Shape::new([1])));
        let error = Argmax.shape(&[&Shape::new([2, 5])]).unwrap_err();
        assert_eq!(error.to_string(), "`argmax` expects a tensor with one axis, found shape [2, 5]");
        assert_eq!(error.help.as_deref(), Some("insert `flatten(..)` before it"));
        let error = Argmax.shape(&[&Shape::new([1])]).unwrap_err();
        assert_eq!(error.to_string(), "`argmax` expects at least two elements, found shape [1]");
        assert_eq!(error.help.as_deref(), Some("give the layer before it an output for each class"));
    }

    #[test]
    fn the_first_maximum_wins_in_both_semantics() {
        let x = Tensor::vector(vec![-3i64, 7, 7, 2]);
        assert_eq!(Argmax.float(&[&x.map(|q| *q as f64)], &[]).data(), [1.0]);
        let step = Step { inputs: vec![5], shift: 3, ..Step::default() };
        let y = Argmax.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        assert_eq!((y.data(), Argmax.scale(&step)), ([1].as_slice(), 0));
    }
}
