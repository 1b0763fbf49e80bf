//! Sign: `y = 1 if x > 0, -1 if x < 0, 0 otherwise`.

use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Sign: `y = 1` if `x > 0`, `y = -1` if `x < 0`, `y = 0` if `x = 0`, for every element.
///
/// A value that rounds to zero at the scale of `x` counts as zero.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | `0` |
///
/// Sources: ONNX `Sign`, Keras `ops.sign`, Burn `Tensor::sign`.
///
/// # Constraints
/// `bits + 3` an output element. See [`crate::gadget::compare::sign`].
///
/// # Soundness
/// See [`crate::gadget::compare::sign`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("sign", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sign;

impl Layer for Sign {
    const CARD: Card = Card {
        name: "sign",
        formula: "y = 1 if x > 0, -1 if x < 0, 0 otherwise",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Sign",
        keras: "ops.sign",
        burn: "sign",
        constraints: "bits + 3",
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
        inputs[0].map(|x| if *x == 0.0 { 0.0 } else { x.signum() })
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, _: &Step) -> i32 {
        0
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        3
    }

    fn kind(&self) -> Kind {
        Kind::Monotone
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
        let y = x[0].try_map(|q| a.sign(q))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("sign", args).unwrap()
    }

    #[test]
    fn zero_has_none() {
        let x = Tensor::vector(vec![-9i64, -1, 0, 1, 9]);
        let step = Step { inputs: vec![3], ..Step::default() };
        let y = layer(Args::new()).exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        assert_eq!(y.data(), [-1, -1, 0, 1, 1]);
        assert_eq!(layer(Args::new()).float(&[&x.map(|q| *q as f64)], &[]), y.map(|q| *q as f64));
        assert_eq!(layer(Args::new()).scale(&step), 0);
    }
}
