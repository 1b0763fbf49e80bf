//! Thresholded ReLU: `y = x if x > alpha, 0 otherwise`.

use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed, Int},
    shape::Shape,
    tensor::Tensor,
};

/// Thresholded ReLU: `y = x` if `x > alpha`, `y = 0` otherwise, for every element; shapes and scales are kept.
///
/// `alpha` is rounded down at the scale of `x`, so that the integers are compared as the reals that they stand for.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | `s_x` |
///
/// Sources: ONNX `ThresholdedRelu`, Keras `activation="threshold"`, Burn `ThresholdedRelu`.
///
/// # Constraints
/// `bits + 2` an output element. The sign of `x - alpha`, see [`crate::gadget::compare::is_non_negative`], and a product.
///
/// # Soundness
/// See [`crate::gadget::compare::is_non_negative`]; the product is enforced by its own constraint.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("thresholded_relu", Args::new().with("alpha", 0.5), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdedRelu {
    /// What `x` must exceed.
    pub alpha: f64,
}

impl Layer for ThresholdedRelu {
    const CARD: Card = Card {
        name: "thresholded_relu",
        formula: "y = x if x > alpha, 0 otherwise",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "alpha", takes: "a number", default: None }],
        onnx: "ThresholdedRelu",
        keras: "threshold",
        burn: "ThresholdedRelu",
        constraints: "bits + 2",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { alpha: args.float("alpha", None)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("alpha", self.alpha.into())]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(inputs[0].clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        inputs[0].map(|x| if *x > self.alpha { *x } else { 0.0 })
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
        if self.alpha >= 0.0 { Kind::Monotone } else { Kind::Elementwise }
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
        // Whether `q` exceeds alpha is whether it exceeds the integer below: nothing is rounded.
        let above = -Fixed::floor(self.alpha, step.inputs[0])? - Int::ONE;
        let y = x[0].try_map(|q| {
            let distance = a.linear(std::iter::once((Int::ONE, q)), above)?;
            let above = a.is_non_negative(&distance)?;
            a.mul(q, &above)
        })?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("thresholded_relu", args).unwrap()
    }

    #[test]
    fn only_what_exceeds_alpha_stays() {
        for (alpha, expected) in [(0.5, [0, 0, 0, 0, 3, 9]), (-0.5, [0, 0, -1, 0, 3, 9]), (0.0, [0, 0, 0, 0, 3, 9])] {
            let x = Tensor::vector(vec![-9i64, -2, -1, 0, 3, 9]);
            let step = Step { inputs: vec![2], ..Step::default() };
            let layer = layer(Args::new().with("alpha", alpha));
            let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
            assert_eq!(y.data(), expected, "{alpha}");
            assert_eq!(y.map(|q| *q as f64 / 4.0), layer.float(&[&x.map(|q| *q as f64 / 4.0)], &[]));
        }
    }

    #[test]
    fn alpha_must_be_given() {
        assert!(AnyLayer::parse("thresholded_relu", Args::new()).is_err());
    }
}
