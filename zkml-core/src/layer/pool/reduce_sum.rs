//! `y = sum along the axes of x`

use super::pooling;
use crate::layer::{
    Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step,
    axes::{self, Axes},
};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed},
    shape::Shape,
    tensor::Tensor,
};

/// `y = sum along the axes of x`: over the elements that differ only along `axes`. Without `axes`, over all.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` without the axes (`[1]` if none is left), or with extents of one if `keepdims = true` | `s_x` |
///
/// Sources: ONNX `ReduceSum`, Keras `ops.sum`, Burn `Tensor::sum_dim`.
///
/// # Constraints
/// None: a linear combination an output element.
///
/// # Soundness
/// The output is a linear combination of wires.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::{Args, Literal}, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([6, 7, 5]));
/// let args = Args::new().with("axes", Literal::List(vec![0, -1]));
/// let y = graph.add("reduce_sum", args, &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([7]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ReduceSum {
    /// What is summed.
    pub axes: Axes,
}

impl Layer for ReduceSum {
    const CARD: Card = Card {
        name: "reduce_sum",
        formula: "y = sum along the axes of x",
        shape: "any; that of x without the axes, or with extents of one",
        arity: Arity::Exactly(1),
        args: axes::ARGS,
        onnx: "ReduceSum",
        keras: "-",
        burn: "sum_dim",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { axes: Axes::parse(args)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        self.axes.args()
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        self.axes.shape(inputs[0])
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        let Ok(groups) = self.axes.groups(inputs[0].shape()) else { return Tensor::vector(vec![]) };
        let x = inputs[0].data();
        Tensor::from_fn(groups.shape, |i| {
            let members = &groups.members[i];
            members.iter().map(|at| x[*at]).sum::<f64>()
        })
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0]
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        Kind::Sum(Over::Axes)
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
        let Ok(groups) = self.axes.groups(x[0].shape()) else { return Ok(Tensor::vector(vec![])) };
        let y = Tensor::from_fn(groups.shape, |i| i).try_map(|i| {
            let members: Vec<&A::Wire> = groups.members[*i].iter().map(|at| &x[0].data()[*at]).collect();
            pooling::sum(a, &members, Fixed::ONE)
        })?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("reduce_sum", args).unwrap()
    }

    fn axes(axes: &[i64]) -> Args {
        Args::new().with("axes", Literal::List(axes.to_vec()))
    }

    #[test]
    fn the_axes_go_or_stay_as_ones() {
        let shape = |args: Args| layer(args).shape(&[&Shape::new([2, 3, 4])]);
        assert_eq!(shape(axes(&[1])), Ok(Shape::new([2, 4])));
        assert_eq!(shape(axes(&[-1, 0]).with("keepdims", true)), Ok(Shape::new([1, 3, 1])));
        assert_eq!(shape(Args::new()), Ok(Shape::new([1])));
        assert_eq!(shape(Args::new().with("keepdims", true)), Ok(Shape::new([1, 1, 1])));
        assert!(shape(axes(&[3])).is_err() && shape(axes(&[0, -3])).is_err());
        assert!(AnyLayer::parse("reduce_sum", axes(&[])).is_err());
    }

    #[test]
    fn float_is_the_definition() {
        let x = Tensor::from_fn([2, 2, 2], |i| (i * i) as f64);
        assert_eq!(layer(axes(&[1])).float(&[&x], &[]).data(), [4.0, 10.0, 52.0, 74.0]);
        assert_eq!(layer(axes(&[0, 2])).float(&[&x], &[]).data(), [42.0, 98.0]);
        assert_eq!(layer(Args::new()).float(&[&x], &[]).data(), [140.0]);
    }

    #[test]
    fn exact_is_float_on_integers() {
        let x = Tensor::from_fn([2, 2], |i| i as i64);
        let step = Step { inputs: vec![3], ..Step::default() };
        let layer = layer(axes(&[-1]));
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        assert_eq!(y.data(), [1, 5]);
        assert_eq!(layer.scale(&step), 3);
    }

    #[test]
    fn arguments_come_back() {
        for args in [axes(&[-1, 0]).with("keepdims", true), Args::new()] {
            let again = layer(args.clone()).args().into_iter().fold(Args::new(), |args, (n, v)| args.with(n, v));
            assert_eq!(layer(again), layer(args));
        }
    }
}
