//! Square root: `y = sqrt(max(0, x))`.

use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step, quotient::power};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Cut, Int},
    shape::Shape,
    tensor::Tensor,
};

/// Square root: `y = sqrt(max(0, x))`, for every element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | the weight scale of the plan |
///
/// Sources: ONNX `Sqrt`, Keras `ops.sqrt`, Burn `Tensor::sqrt`.
///
/// # Limits
/// `y` is the largest that is no larger than the root: off by less than a unit of its scale (two, where `s_x` exceeds twice
/// that of `y`, and `x` is rounded first). What is negative counts as zero, in floats too.
///
/// # Constraints
/// `bits + 3 * out + 4` an output element. The clamp at zero, see [`crate::gadget::rescaling::relu`], none if no value is negative; and
/// the root of `out` bits, see [`crate::gadget::division::sqrt`].
///
/// # Soundness
/// See these gadgets.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("sqrt", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sqrt;

/// `floor(sqrt(max(0, q) * 2^e))`, with a negative `e` rounded off before.
pub(in crate::layer) fn root<A: Arith>(a: &mut A, q: &A::Wire, e: i32) -> Result<A::Wire, ArithError> {
    let positive = a.relu(q, Cut { shift: e.min(0).unsigned_abs(), saturate: None, bits: None })?;
    let up = power(e.max(0))?;
    let scaled = a.linear(std::iter::once((up, &positive)), Int::ZERO)?;
    a.sqrt(&scaled, Int::ZERO)
}

impl Layer for Sqrt {
    const CARD: Card = Card {
        name: "sqrt",
        formula: "y = sqrt(max(0, x))",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Sqrt",
        keras: "ops.sqrt",
        burn: "sqrt",
        constraints: "bits + 3 * out + 4",
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
        inputs[0].map(|x| x.max(0.0).sqrt())
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
        let y = x[0].try_map(|q| root(a, q, 2 * step.weight_scale - step.inputs[0]))?;
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
                for q in -20..500i64 {
                    let y = Sqrt.exact(&mut Ints::<i64>::new(), &[&Tensor::vector(vec![q])], &[], &step).unwrap();
                    let y = y.data()[0] as f64 * 2f64.powi(-factor);
                    let exact = (q.max(0) as f64 * 2f64.powi(-scale)).sqrt();
                    let unit = 2f64.powi(-factor);
                    match scale <= 2 * factor {
                        true => assert!(y <= exact && exact - y < unit, "{y} is not {exact}"),
                        false => assert!((exact - y).abs() < 2.0 * unit, "{y} is not {exact}"),
                    }
                }
            }
        }
    }
}
