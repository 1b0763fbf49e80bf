//! ReLU6: `y = max(0, min(6, x))`.

use super::clipping;
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// ReLU6: `y = max(0, min(6, x))`, for every element; shapes are kept.
///
/// The end `6` is exact: a scale of `x` that is coarser is refined.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | `max(s_x, -1)` |
///
/// Sources: ONNX `Clip` (0 to 6), Keras `ReLU` (max_value = 6) and `activation="relu6"`, Burn `clamp(0, 6)`.
///
/// # Constraints
/// `bits + 3` an output element. One decomposition of the accumulator's bits, which the rescale to the next scale shares, and a
/// few products for the ends; fewer where the interval of `x` reaches only one of them, none where neither. See
/// [`crate::gadget::rescaling::clip`].
///
/// # Soundness
/// See [`crate::gadget::rescaling::clip`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("relu6", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Relu6;

/// Both ends.
const ENDS: [f64; 2] = [0.0, 6.0];

impl Layer for Relu6 {
    const CARD: Card = Card {
        name: "relu6",
        formula: "y = max(0, min(6, x))",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Clip",
        keras: "ReLU",
        burn: "clamp",
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
        inputs[0].map(|x| x.clamp(ENDS[0], ENDS[1]))
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, step: &Step) -> i32 {
        clipping::scale(step.inputs[0], step, &ENDS)
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        Kind::Clip(0.0, 6.0)
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
        let scale = self.scale(step);
        let x = x[0].try_map(|q| clipping::refine(a, q, step.inputs[0], scale))?;
        clipping::clip(a, &x, (Some(ENDS[0]), Some(ENDS[1])), scale, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("relu6", args).unwrap()
    }

    #[test]
    fn six_is_exact_at_any_scale() {
        let x = Tensor::vector(vec![-5i64, 3, 24, 25, 90]);
        let step = Step { inputs: vec![2], ..Step::default() };
        let y = layer(Args::new()).exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        assert_eq!(y.data(), [0, 3, 24, 24, 24]);
        let coarse = Step { inputs: vec![-2], ..Step::default() };
        let y = layer(Args::new()).exact(&mut Ints::<i64>::new(), &[&x], &[], &coarse).unwrap();
        assert_eq!(y.data(), [0, 3, 3, 3, 3]);
        assert_eq!(layer(Args::new()).scale(&coarse), -1);
    }

    #[test]
    fn exact_is_float_within_its_rounding() {
        let layer = Relu6;
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
