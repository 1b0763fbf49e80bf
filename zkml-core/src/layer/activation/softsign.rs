//! Softsign: `y = x / (1 + abs(x))`.

use crate::layer::{
    Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step,
    quotient::{nearest, power},
};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Int},
    shape::Shape,
    tensor::Tensor,
};

/// Softsign: `y = x / (1 + abs(x))`, for every element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | the weight scale of the plan |
///
/// Sources: ONNX `Softsign`, Keras `activation="softsign"`, Burn `Softsign`.
///
/// # Limits
/// `y` is off by half a unit of its scale at most.
///
/// # Constraints
/// `3 * bits + f + 11` an output element. The magnitude, see [`crate::gadget::compare::sign_magnitude`], and the quotient, see
/// [`crate::gadget::division::div`].
///
/// # Soundness
/// See these gadgets.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("softsign", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Softsign;

impl Layer for Softsign {
    const CARD: Card = Card {
        name: "softsign",
        formula: "y = x / (1 + abs(x))",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Softsign",
        keras: "activation softsign",
        burn: "Softsign",
        constraints: "3 * bits + f + 11",
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
        inputs[0].map(|x| x / (1.0 + x.abs()))
    }

    fn factors(&self) -> Factors {
        Factors::Constants
    }

    fn scale(&self, step: &Step) -> i32 {
        step.weight_scale
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        3
    }

    fn kind(&self) -> Kind {
        Kind::Increasing
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
        let (one, up) = (power(step.inputs[0].max(0))?, power(step.inputs[0].min(0))?);
        let y = x[0].try_map(|q| {
            // Where `q` is zero the magnitude counts as one, which does not matter to the quotient.
            let (_, magnitude) = a.sign_magnitude(q)?;
            let bottom = a.linear(std::iter::once((up, &magnitude)), one)?;
            let top = a.linear(std::iter::once((up, q)), Int::ZERO)?;
            nearest(a, (&top, &bottom), step.weight_scale, None)
        })?;
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
                for q in -90..90i64 {
                    let y = Softsign.exact(&mut Ints::<i64>::new(), &[&Tensor::vector(vec![q])], &[], &step).unwrap();
                    let x = q as f64 * 2f64.powi(-scale);
                    let (y, exact) = (y.data()[0] as f64, x / (1.0 + x.abs()) * 2f64.powi(factor));
                    assert!((y - exact).abs() <= 0.5, "{y} is not {exact}");
                }
            }
        }
    }
}
