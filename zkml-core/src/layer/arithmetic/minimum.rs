//! `y = min(a, b)`

use super::{binary, compare};
use crate::layer::{Args, Arity, Binary, Card, Factors, Kind, Layer, Literal, Param, Step, pool::pooling::Reduction};
use crate::{
    arith::{Arith, ArithError},
    error::LayerError,
    shape::Shape,
    tensor::Tensor,
};

/// `y = min(a, b) = a + b - max(a, b)`, for every pair of elements; shapes broadcast as in NumPy.
///
/// The coarser one is multiplied by a power of two first.
///
/// | | shape | scale |
/// |---|---|---|
/// | `a`, `b` | any that broadcast | `s_a`, `s_b` |
/// | `y` | that of both | `max(s_a, s_b)` |
///
/// Sources: ONNX `Min`, Keras `Minimum`, Burn `Tensor::min_pair`.
///
/// # Constraints
/// See [`crate::gadget::max`]: the bits of `|a - b|` and one more.
///
/// # Soundness
/// See [`crate::gadget::max`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
/// let x = graph.add("relu", Args::new(), &[graph.input()])?;
/// let y = graph.add("minimum", Args::new(), &[graph.input(), x])?;
/// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum;

impl Layer for Minimum {
    const CARD: Card = Card {
        name: "minimum",
        formula: "y = min(a, b)",
        shape: "any two that broadcast as in ONNX; the broadcast shape",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "Min",
        keras: "Minimum",
        burn: "min_pair",
        constraints: "bits + 1",
    };

    fn parse(_: &mut Args) -> Result<Self, LayerError> {
        Ok(Self)
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        binary::shape(Self::CARD.name, inputs)
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        binary::float(inputs, f64::min)
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, step: &Step) -> i32 {
        binary::scale(step)
    }

    fn fanout(&self, inputs: &[&Shape]) -> usize {
        2 * binary::fanout(inputs)
    }

    fn kind(&self) -> Kind {
        Kind::Binary(Binary::Minimum)
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
        let y = compare::each(a, x, step, |a, p, q| Reduction::Min.exact(a, &[p, q], 0))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("minimum", args).unwrap()
    }

    #[test]
    fn both_are_brought_to_one_scale() {
        let (a, b) = (Tensor::vector(vec![3i64, -2, 4, 5]), Tensor::vector(vec![12, -9, 16, 21]));
        let step = Step { inputs: vec![1, 3], ..Step::default() };
        let layer = layer(Args::new());
        let y = layer.exact(&mut Ints::<i64>::new(), &[&a, &b], &[], &step).unwrap();
        assert_eq!(y.data(), [12, -9, 16, 20]);
        let float = layer.float(&[&a.map(|q| *q as f64 / 2.0), &b.map(|q| *q as f64 / 8.0)], &[]);
        assert_eq!(y.map(|q| *q as f64 * 2f64.powi(-layer.scale(&step))), float);
    }

    #[test]
    fn shapes_broadcast() {
        let (wide, row) = (Shape::new([2, 3]), Shape::new([3]));
        assert_eq!(layer(Args::new()).shape(&[&row, &wide]), Ok(wide.clone()));
        assert!(layer(Args::new()).shape(&[&wide, &Shape::new([2])]).is_err());
        let (x, r) = (Tensor::from_fn(wide.clone(), |i| i as i64), Tensor::vector(vec![2i64, 1, 4]));
        let step = Step { inputs: vec![0, 0], ..Step::default() };
        let y = layer(Args::new()).exact(&mut Ints::<i64>::new(), &[&x, &r], &[], &step).unwrap();
        let float = layer(Args::new()).float(&[&x.map(|q| *q as f64), &r.map(|q| *q as f64)], &[]);
        assert_eq!((y.shape(), y.map(|q| *q as f64)), (&wide, float));
    }
}
