//! `y = 0.502073021 + 0.198695283 * x - 0.001570683 * x^2 - 0.004001354 * x^3`

use super::cubic;
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y = 0.502073021 + 0.198695283 * x - 0.001570683 * x^2 - 0.004001354 * x^3`, for every element: the sigmoid as a cubic polynomial
/// made for circuits. It follows the curve for small inputs, and leaves it for large ones.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | the coefficient of `x^k` | none | `f + (3 - k) * s_x`, with `f` the factor of the plan |
/// | `y` | that of `x` | `3 * s_x + f` |
///
/// Sources: circomlib-ml `Zigmoid`, whose coefficients these are. ONNX, Keras and Burn have nothing of the kind.
///
/// # Constraints
/// Two an element: Horner's scheme, at exact scales.
///
/// # Soundness
/// Each product is enforced by its own constraint.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("zigmoid", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Zigmoid;

/// Of `1`, `x`, `x^2` and `x^3`.
const COEFFICIENTS: [f64; 4] = [0.502073021, 0.198695283, -0.001570683, -0.004001354];

impl Layer for Zigmoid {
    const CARD: Card = Card {
        name: "zigmoid",
        formula: "y = 0.502073021 + 0.198695283 * x - 0.001570683 * x^2 - 0.004001354 * x^3",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "-",
        keras: "-",
        burn: "-",
        constraints: "2",
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
        inputs[0].map(|x| cubic::float(&COEFFICIENTS, *x))
    }

    fn factors(&self) -> Factors {
        Factors::Constants
    }

    fn scale(&self, step: &Step) -> i32 {
        3 * step.inputs[0] + step.factor
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        3
    }

    fn kind(&self) -> Kind {
        Kind::Elementwise
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
        let y = cubic::exact(a, x[0], &COEFFICIENTS, step)?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("zigmoid", args).unwrap()
    }

    #[test]
    fn it_is_near_what_it_stands_for() {
        for i in -10..=10 {
            let x = f64::from(i) / 5.0;
            let y = layer(Args::new()).float(&[&Tensor::vector(vec![x])], &[]).data()[0];
            let curve = 1.0 / (1.0 + (-x).exp());
            assert!((y - curve).abs() < 0.06, "{y} for {curve}");
        }
    }

    #[test]
    fn exact_is_float_within_its_rounding() {
        let layer = layer(Args::new());
        let step = Step { inputs: vec![4], factor: 14, shift: 14, ..Step::default() };
        let x = Tensor::vector((-48..48).collect());
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        let float = layer.float(&[&x.map(|q| *q as f64 / 16.0)], &[]);
        for (q, f) in y.data().iter().zip(float.data()) {
            assert!((*q as f64 / 4096.0 - f).abs() <= 40.0 * 2f64.powi(-15) + 2f64.powi(-13), "{q} for {f}");
        }
        assert_eq!(2f64.powi(layer.scale(&step) - step.shift as i32), 4096.0);
    }
}
