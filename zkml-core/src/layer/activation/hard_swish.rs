//! Hard swish: `y = x * max(0, min(6, x + 3)) / 6`.

use super::clipping;
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed},
    shape::Shape,
    tensor::Tensor,
};

/// Hard swish: `y = x * max(0, min(6, x + 3)) / 6`, for every element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `x + 3`, `3` and `6` | none | `s_g = max(s_x, 0)` |
/// | `1 / 6` | none | `f`, the weight scale of the plan |
/// | `y` | that of `x` | `s_x + s_g + f` |
///
/// Sources: ONNX `HardSwish`, Keras `activation="hard_silu"`, Burn `x * hard_sigmoid(x)`.
///
/// # Constraints
/// `bits + 6` an output element. The clamp of `x + 3` between 0 and 6 at the scale of `x`, see [`crate::gadget::rescaling::clip`], and a
/// product; the constant `1 / 6` is free.
///
/// # Soundness
/// See [`crate::gadget::rescaling::clip`]; the product is enforced by its own constraint.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("hard_swish", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct HardSwish;

impl HardSwish {
    /// The scale of `x + 3`.
    fn gate(&self, step: &Step) -> i32 {
        step.inputs[0].max(0)
    }
}

impl Layer for HardSwish {
    const CARD: Card = Card {
        name: "hard_swish",
        formula: "y = x * max(0, min(6, x + 3)) / 6",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "HardSwish",
        keras: "hard_silu",
        burn: "hard_sigmoid",
        constraints: "bits + 6",
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
        inputs[0].map(|x| x * (x + 3.0).clamp(0.0, 6.0) / 6.0)
    }

    fn factors(&self) -> Factors {
        Factors::Constants
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0] + self.gate(step) + step.weight_scale
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
        let scale = self.gate(step);
        let three = Fixed::new(3.0, scale)?;
        let moved = x[0].try_map(|q| {
            let q = clipping::refine(a, q, step.inputs[0], scale)?;
            a.affine(std::iter::once((Fixed::ONE, &q)), three)
        })?;
        let gate = clipping::clip(a, &moved, (Some(0.0), Some(6.0)), scale, &Step::default())?;
        let sixth = Fixed::new(1.0 / 6.0, step.weight_scale)?;
        let y = Tensor::from_fn(x[0].shape().clone(), |i| i).try_map(|i| {
            let product = a.mul(&x[0].data()[*i], &gate.data()[*i])?;
            a.affine(std::iter::once((sixth, &product)), Fixed::ZERO)
        })?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("hard_swish", args).unwrap()
    }

    #[test]
    fn exact_is_float_within_its_rounding() {
        let layer = layer(Args::new());
        let step = Step { inputs: vec![4], weight_scale: 10, shift: 8, ..Step::default() };
        let x = Tensor::vector((-200..200).collect());
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        let float = layer.float(&[&x.map(|q| *q as f64 / 16.0)], &[]);
        for (q, f) in y.data().iter().zip(float.data()) {
            assert!((*q as f64 / 1024.0 - f).abs() <= 13.0 * 6.0 * 2f64.powi(-11) + 2f64.powi(-11), "{q} for {f}");
        }
        assert_eq!(2f64.powi(layer.scale(&step) - step.shift as i32), 1024.0);
    }
}
