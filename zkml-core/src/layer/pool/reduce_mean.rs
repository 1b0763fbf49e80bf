//! `y = sum along the axes of x / n`

use super::{pooling, reduce_sum::ReduceSum};
use crate::layer::{
    Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step,
    axes::{self, Axes},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y = sum along the axes of x / n`: the mean of the `n` elements that differ only along `axes`. Without `axes`, over all.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` without the axes (`[1]` if none is left), or with extents of one if `keepdims = true` | `s_x + f` |
///
/// Sources: ONNX `ReduceMean`, Keras `ops.mean`, Burn `Tensor::mean_dim`.
///
/// # Constraints
/// None: a linear combination an output element.
///
/// The sum is multiplied by `round(2^f / n)`, where `f` is the factor of the plan: an error of at most `n / 2^(f + 1)` of the
/// mean, and none if `n` is a power of two and `f >= log2 n`.
///
/// # Soundness
/// The output is a linear combination of wires.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::{Args, Literal}, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([6, 7, 5]));
/// let args = Args::new().with("axes", Literal::List(vec![0, -1]));
/// let y = graph.add("reduce_mean", args, &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([7]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ReduceMean {
    /// What is summed.
    pub axes: Axes,
}

impl Layer for ReduceMean {
    const CARD: Card = Card {
        name: "reduce_mean",
        formula: "y = sum along the axes of x / n",
        shape: "any; that of x without the axes, or with extents of one",
        arity: Arity::Exactly(1),
        args: axes::ARGS,
        onnx: "ReduceMean",
        keras: "-",
        burn: "mean_dim",
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
            members.iter().map(|at| x[*at]).sum::<f64>() / members.len() as f64
        })
    }

    fn factors(&self) -> Factors {
        Factors::Constants
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0] + step.factor
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        Kind::Mean(Over::Axes, Some(Box::new(ReduceSum { axes: self.axes.clone() }.into())))
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
            pooling::sum(a, &members, pooling::reciprocal(members.len(), step.factor)?)
        })?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("reduce_mean", args).unwrap()
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
        assert!(AnyLayer::parse("reduce_mean", axes(&[])).is_err());
    }

    #[test]
    fn float_is_the_definition() {
        let x = Tensor::from_fn([2, 2, 2], |i| (i * i) as f64);
        assert_eq!(layer(axes(&[1])).float(&[&x], &[]).data(), [2.0, 5.0, 26.0, 37.0]);
        assert_eq!(layer(axes(&[0, 2])).float(&[&x], &[]).data(), [10.5, 24.5]);
        assert_eq!(layer(Args::new()).float(&[&x], &[]).data(), [17.5]);
    }

    #[test]
    fn exact_is_the_sum_times_the_reciprocal() {
        let x = Tensor::from_fn([2, 3], |i| i as i64);
        let step = Step { inputs: vec![3], factor: 8, ..Step::default() };
        let layer = layer(axes(&[-1]));
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        assert_eq!(y.data(), [3 * 85, 12 * 85]);
        assert_eq!(layer.scale(&step), 11);
    }

    #[test]
    fn arguments_come_back() {
        for args in [axes(&[-1, 0]).with("keepdims", true), Args::new()] {
            let again = layer(args.clone()).args().into_iter().fold(Args::new(), |args, (n, v)| args.with(n, v));
            assert_eq!(layer(again), layer(args));
        }
    }
}
