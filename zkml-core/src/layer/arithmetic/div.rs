//! Division: `y = a / b`.

use super::binary;
use crate::layer::{Args, Arity, Binary, Card, Factors, Kind, Layer, Literal, Param, Step, quotient};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Division: `y = a / b`, for every pair of elements, with the shapes broadcast: axes are aligned at the end, and an extent of
/// one is repeated.
///
/// | | shape | scale |
/// |---|---|---|
/// | `a`, `b` | any that broadcast | `s_a`, `s_b` |
/// | `y` | the broadcast one | the weight scale of the plan |
///
/// Sources: ONNX `Div`, Keras `ops.divide`, Burn `a / b`.
///
/// # Limits
/// `y` is off by half a unit of its scale at most. A `b` of zero counts as one of its units; in floats the quotient is
/// infinite, and a sample that has it is refused.
///
/// # Constraints
/// `3 * bits + f + 4` an output element. This is for `b > 0`; the sign of others costs more. See
/// [`crate::gadget::compare::sign_magnitude`] and [`crate::gadget::division::div`].
///
/// # Soundness
/// See these gadgets.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("div", Args::new(), &[graph.input(), graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Div;

impl Layer for Div {
    const CARD: Card = Card {
        name: "div",
        formula: "y = a / b",
        shape: "any two that broadcast as in ONNX; the broadcast shape",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "Div",
        keras: "ops.divide",
        burn: "div",
        constraints: "3 * bits + f + 4",
    };

    fn parse(_: &mut Args) -> Result<Self, LayerError> {
        Ok(Self)
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        binary::shape(Self::CARD.name, inputs)
            .map_err(|e| e.help("extents are aligned at the end, and must be equal or one"))
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        binary::float(inputs, |a, b| a / b)
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
        Kind::Binary(Binary::Div)
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
        let e = step.weight_scale + step.inputs[1] - step.inputs[0];
        let y = binary::places(x).try_map(|(i, j)| quotient::signed(a, &x[0].data()[*i], &x[1].data()[*j], e))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn shapes_are_broadcast() {
        let shape = |a: &[usize], b: &[usize]| Div.shape(&[&Shape::from(a), &Shape::from(b)]);
        assert_eq!(shape(&[2, 3], &[3]), Ok(Shape::new([2, 3])));
        assert_eq!(shape(&[2, 1], &[1, 3]), Ok(Shape::new([2, 3])));
        let error = shape(&[2, 3], &[2]).unwrap_err();
        assert_eq!(error.to_string(), "`div` expects shapes that broadcast, found [2, 3] and [2]");
        let y = Div.float(&[&Tensor::new([2, 1], vec![6.0, 9.0]).unwrap(), &Tensor::vector(vec![1.0, 2.0, 3.0])], &[]);
        assert_eq!(y.data(), [6.0, 3.0, 2.0, 9.0, 4.5, 3.0]);
    }

    #[test]
    fn exact_is_near_the_formula() {
        for scale in [0, 3, 6] {
            for factor in [2, 7, 10] {
                let step = Step { inputs: vec![scale; 2], weight_scale: factor, ..Step::default() };
                for a in -20..20i64 {
                    for b in [-9i64, -4, -1, 1, 2, 7] {
                        let x = [&Tensor::vector(vec![a]), &Tensor::vector(vec![b])];
                        let y = Div.exact(&mut Ints::<i64>::new(), &x, &[], &step).unwrap();
                        let (y, exact) = (y.data()[0] as f64, a as f64 / b as f64 * 2f64.powi(factor));
                        assert!((y - exact).abs() <= 0.5, "{y} is not {exact}");
                    }
                }
            }
        }
    }
}
