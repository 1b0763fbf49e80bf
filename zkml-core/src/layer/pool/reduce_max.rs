//! `y = max along the axes of x`

use super::pooling;
use crate::layer::{
    Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step,
    axes::{self, Axes},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y = max along the axes of x`: the largest of the elements that differ only along `axes`. Without `axes`, of all.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` without the axes (`[1]` if none is left), or with extents of one if `keepdims = true` | `s_x` |
///
/// Sources: ONNX `ReduceMax`, Keras `ops.max`, Burn `Tensor::max_dim`.
///
/// # Constraints
/// Of `n` elements, `n - 1` times those of [`crate::gadget::compare::max`]: the bits of a difference's magnitude and one more.
///
/// # Soundness
/// See [`crate::gadget::compare::max`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::{Args, Literal}, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([6, 7, 5]));
/// let args = Args::new().with("axes", Literal::List(vec![0, -1]));
/// let y = graph.add("reduce_max", args, &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([7]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ReduceMax {
    /// What is reduced.
    pub axes: Axes,
}

impl Layer for ReduceMax {
    const CARD: Card = Card {
        name: "reduce_max",
        formula: "y = max along the axes of x",
        shape: "any; that of x without the axes, or with extents of one",
        arity: Arity::Exactly(1),
        args: axes::ARGS,
        onnx: "ReduceMax",
        keras: "ops.max",
        burn: "max_dim",
        constraints: "(n - 1) * (bits + 1)",
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
            let members: Vec<&f64> = groups.members[i].iter().map(|at| &x[*at]).collect();
            pooling::float_max(&members)
        })
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0]
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        2
    }

    fn kind(&self) -> Kind {
        Kind::Maximum(Over::Axes)
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
            pooling::max(a, &members)
        })?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("reduce_max", args).unwrap()
    }

    fn axes(axes: &[i64]) -> Args {
        Args::new().with("axes", Literal::List(axes.to_vec()))
    }

    #[test]
    fn exact_is_float_on_integers() {
        let x = Tensor::from_fn([2, 3, 4], |i| (i as i64 * 37) % 23 - 11);
        let step = Step { inputs: vec![3], ..Step::default() };
        for args in [axes(&[1]), axes(&[-1, 0]).with("keepdims", true), Args::new()] {
            let layer = layer(args);
            let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
            assert_eq!(y.map(|q| *q as f64), layer.float(&[&x.map(|q| *q as f64)], &[]));
            assert_eq!(y.shape(), &layer.shape(&[x.shape()]).unwrap());
            assert_eq!(layer.scale(&step), 3);
        }
        let all = layer(Args::new()).exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        assert_eq!(all.data(), [*x.data().iter().max().unwrap()]);
    }

    #[test]
    fn arguments_come_back() {
        for args in [axes(&[-1, 0]).with("keepdims", true), Args::new()] {
            let again = layer(args.clone()).args().into_iter().fold(Args::new(), |args, (n, v)| args.with(n, v));
            assert_eq!(layer(again), layer(args));
        }
    }
}
