//! `y = min { i : x_i = min_j x_j }`

use super::index::{self, Index};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Int},
    shape::Shape,
    tensor::Tensor,
};

/// `y = min { i : x_i = min_j x_j }`: the index of the smallest element along an axis, the first one among equals, or the last one if
/// `last = true`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[classes]`, at least two; or any, with `axis` | `s_x` |
/// | `y` | `[1]`; or that of `x` without the axis | `0` |
///
/// Sources: ONNX `ArgMin` (`select_last_index` is `last`), Keras `ops.argmin`, Burn `Tensor::argmin`.
///
/// # Constraints
/// Two a class, and a range check of its distance for each (its bits and one more). See [`crate::gadget::compare::argmax`].
///
/// # Soundness
/// See [`crate::gadget::compare::argmax`]. The smallest is the largest of the negated. The last one is the first one from behind.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([10]));
/// let y = graph.add("argmin", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([1]));
/// let mut graph = Graph::new("model", Shape::new([10, 4]));
/// let y = graph.add("argmin", Args::new().with("axis", 0usize), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Argmin {
    /// Along which axis, and which one among equals.
    pub index: Index,
}

impl Layer for Argmin {
    const CARD: Card = Card {
        name: "argmin",
        formula: "y = min { i : x_i = min_j x_j }",
        shape: "[classes]; [1], or that of x without the axis",
        arity: Arity::Exactly(1),
        args: index::ARGS,
        onnx: "ArgMin",
        keras: "ops.argmin",
        burn: "argmin",
        constraints: "classes * (bits + 2)",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { index: Index::parse(args)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        self.index.args()
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        self.index.shape(Self::CARD.name, inputs[0])
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        self.index.float(inputs[0], f64::lt)
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, _: &Step) -> i32 {
        0
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        2
    }

    fn kind(&self) -> Kind {
        Kind::Other
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
        let y = self.index.exact(a, x[0], -Int::ONE)?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("argmin", args).unwrap()
    }

    #[test]
    fn only_two_classes_or_more_on_one_axis_are_taken() {
        let layer = layer(Args::new());
        assert_eq!(layer.shape(&[&Shape::new([2])]), Ok(Shape::new([1])));
        let error = layer.shape(&[&Shape::new([2, 5])]).unwrap_err();
        assert_eq!(error.to_string(), "`argmin` expects a tensor with one axis, found shape [2, 5]");
        assert_eq!(error.help.as_deref(), Some("give `axis`, or insert `flatten(..)` before it"));
        let error = layer.shape(&[&Shape::new([1])]).unwrap_err();
        assert_eq!(error.to_string(), "`argmin` expects at least two elements, found shape [1]");
        assert_eq!(error.help.as_deref(), Some("give the layer before it an output for each class"));
    }

    #[test]
    fn the_axis_goes() {
        let shape = |axis: i64| {
            let mut args = Args::new();
            args.push(None, Literal::Int(axis));
            layer(args).shape(&[&Shape::new([2, 3, 4])])
        };
        assert_eq!(shape(0), Ok(Shape::new([3, 4])));
        assert_eq!(shape(-1), Ok(Shape::new([2, 3])));
        assert!(shape(3).is_err());
    }

    #[test]
    fn first_or_last_among_equals_in_both_semantics() {
        let x = Tensor::new([2, 4], vec![-3i64, 7, 7, -3, 5, 5, 5, 5]).unwrap();
        let step = Step { inputs: vec![5], ..Step::default() };
        for (axis, last, expected) in [(-1, false, vec![0, 0]), (-1, true, vec![3, 3]), (0, false, vec![0, 1, 1, 0])] {
            let mut args = Args::new().with("last", last);
            args.push(Some("axis".to_owned()), Literal::Int(axis));
            let layer = layer(args);
            let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
            assert_eq!(y.data(), expected);
            assert_eq!(y.map(|q| *q as f64), layer.float(&[&x.map(|q| *q as f64)], &[]));
            assert_eq!(layer.scale(&step), 0);
        }
    }

    #[test]
    fn arguments_come_back() {
        for args in [Args::new(), Args::new().with("last", true).with("axis", 1usize)] {
            let again = layer(args.clone()).args().into_iter().fold(Args::new(), |args, (n, v)| args.with(n, v));
            assert_eq!(layer(again), layer(args));
        }
    }
}
