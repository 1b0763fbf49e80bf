//! Absolute value: `y = |x|`.

use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Absolute value: `y = |x|`, for every element; shapes and scales are kept.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | `s_x` |
///
/// Sources: ONNX `Abs`, Keras `ops.abs`, Burn `Tensor::abs`.
///
/// # Constraints
/// `bits + 1` an output element. The rescale to the next scale included. See [`crate::gadget::rescaling::abs`].
///
/// # Soundness
/// See [`crate::gadget::rescaling::abs`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("abs", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Abs;

impl Layer for Abs {
    const CARD: Card = Card {
        name: "abs",
        formula: "y = |x|",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Abs",
        keras: "ops.abs",
        burn: "abs",
        constraints: "bits + 1",
    };

    fn parse(_: &mut Args) -> Result<Self, LayerError> {
        Ok(Self)
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(inputs[0].clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        inputs[0].map(|x| x.abs())
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
        Kind::Elementwise
    }

    fn fuses_rescale(&self) -> bool {
        true
    }

    fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &[&Tensor<A::Wire>],
        _: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        x[0].try_map(|q| a.abs(q, step.cut()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("abs", args).unwrap()
    }

    #[test]
    fn exact_is_float_within_its_rounding() {
        let layer = layer(Args::new());
        let step = Step { inputs: vec![4], shift: 2, ..Step::default() };
        let x = Tensor::vector((-200..200).collect());
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        let float = layer.float(&[&x.map(|q| *q as f64 / 16.0)], &[]);
        for (q, f) in y.data().iter().zip(float.data()) {
            assert!((*q as f64 / 4.0 - f).abs() <= 0.125, "{q} for {f}");
        }
        assert_eq!(2f64.powi(layer.scale(&step) - step.shift as i32), 4.0);
    }
}
