//! `y_c = max_i x_ci`

use std::convert::Infallible;

use super::pooling;
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y_c = max_i x_ci`: the largest element of each channel.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, length]` | `s_x` |
/// | `y` | `[channels]` | `s_x` |
///
/// Sources: ONNX `GlobalMaxPool` and `Flatten`, Keras `GlobalMaxPooling1D`, Burn `AdaptiveMaxPool1d` to `1`, flattened.
///
/// # Constraints
/// `(length - 1) * (m + 1)` a channel, where `2^m` exceeds the magnitude of the elements' differences; a maximum of
/// two whose intervals say which is larger costs none. See [`crate::gadget::compare::max`].
///
/// # Soundness
/// Each maximum of two is a function of its inputs, see [`crate::gadget::compare::max`]; the largest is a tournament of them.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([6, 7]));
/// let y = graph.add("global_max_pool1d", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([6]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalMaxPool1d;

impl Layer for GlobalMaxPool1d {
    const CARD: Card = Card {
        name: "global_max_pool1d",
        formula: "y_c = max_i x_ci",
        shape: "[c, l]; [c]",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "GlobalMaxPool",
        keras: "GlobalMaxPooling1D",
        burn: "AdaptiveMaxPool1d",
        constraints: "(n - 1) * (bits + 1)",
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
        let Ok(y) = pooling::global(inputs[0], |values| Ok::<_, Infallible>(pooling::float_max(values)));
        y
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0]
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        2
    }

    fn kind(&self) -> Kind {
        Kind::Maximum(Over::Channel)
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
        let y = pooling::global(x[0], |values| pooling::max(a, values))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn only_lines_are_taken() {
        assert_eq!(GlobalMaxPool1d.shape(&[&Shape::new([3, 7])]), Ok(Shape::new([3])));
        let error = GlobalMaxPool1d.shape(&[&Shape::new([12])]).unwrap_err();
        assert_eq!(error.to_string(), "`global_max_pool1d` expects a `[channels, length]` tensor, found shape [12]");
        assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
        assert!(GlobalMaxPool1d.shape(&[&Shape::new([3, 0])]).is_err());
    }

    #[test]
    fn one_number_a_channel() {
        let x = Tensor::of([2, 3], &[1, 2, 6, -4, -5, -6]).unwrap();
        assert_eq!(GlobalMaxPool1d.float(&[&x], &[]).data(), [6.0, -4.0]);
        let step = Step { inputs: vec![3], ..Step::default() };
        let q = x.map(|x| *x as i64);
        let y = GlobalMaxPool1d.exact(&mut Ints::<i64>::new(), &[&q], &[], &step).unwrap();
        assert_eq!(y.data(), [6, -4]);
        assert_eq!(GlobalMaxPool1d.scale(&step), 3);
    }
}
