//! Reciprocal: `y = 1 / x`.

use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step, quotient};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Int},
    shape::Shape,
    tensor::Tensor,
};

/// Reciprocal: `y = 1 / x`, for every element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | the weight scale of the plan |
///
/// Sources: ONNX `Reciprocal`, Keras `ops.reciprocal`, Burn `Tensor::recip`.
///
/// # Limits
/// `y` is off by half a unit of its scale at most. Zero counts as one unit of `x`, so that it gives the largest `y` there is;
/// in floats it is infinite, and a sample that has it is refused.
///
/// # Constraints
/// `3 * bits + f` an output element. This is for `x > 0`; the sign of others costs more. See [`crate::gadget::compare::sign_magnitude`]
/// and [`crate::gadget::division::div`].
///
/// # Soundness
/// See these gadgets.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("reciprocal", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Reciprocal;

impl Layer for Reciprocal {
    const CARD: Card = Card {
        name: "reciprocal",
        formula: "y = 1 / x",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Reciprocal",
        keras: "ops.reciprocal",
        burn: "recip",
        constraints: "3 * bits + f",
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
        inputs[0].map(|x| 1.0 / x)
    }

    fn factors(&self) -> Factors {
        Factors::Constants
    }

    fn scale(&self, step: &Step) -> i32 {
        step.weight_scale
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        2
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
        let one = a.constant(Int::ONE);
        let y = x[0].try_map(|q| quotient::signed(a, &one, q, step.weight_scale + step.inputs[0]))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn exact_is_near_the_formula() {
        for scale in [0, 3, 6] {
            for factor in [2, 7, 10] {
                let step = Step { inputs: vec![scale; 1], weight_scale: factor, ..Step::default() };
                for q in (-90..90i64).filter(|q| *q != 0) {
                    let y = Reciprocal.exact(&mut Ints::<i64>::new(), &[&Tensor::vector(vec![q])], &[], &step).unwrap();
                    let (y, exact) = (y.data()[0] as f64, 2f64.powi(scale + factor) / q as f64);
                    assert!((y - exact).abs() <= 0.5, "{y} is not {exact}");
                }
            }
        }
    }
}
