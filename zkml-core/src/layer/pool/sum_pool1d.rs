//! `y = sum over the window of x`

use std::convert::Infallible;

use super::pooling;
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step, window::Window};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed},
    shape::Shape,
    tensor::Tensor,
};

/// `y = sum over the window of x`: the sum of each window of each channel.
///
/// What lies in the padding counts as zero.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, length]` | `s_x` |
/// | `y` | `[channels, windows]` | `s_x` |
///
/// Sources: the numerator of `avg_pool1d`, for models trained without its division.
///
/// # Constraints
/// None: a linear combination an output element.
///
/// # Soundness
/// The output is a linear combination of wires.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([6, 24]));
/// let y = graph.add("sum_pool1d", Args::new().with("size", 2), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([6, 12]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SumPool1d {
    /// Extent (`size`), stride and padding, along the second axis; the dilation is one.
    pub window: Window,
}

impl Layer for SumPool1d {
    const CARD: Card = Card {
        name: "sum_pool1d",
        formula: "y = sum over the window of x",
        shape: "[c, l]; [c, window(l)]",
        arity: Arity::Exactly(1),
        args: pooling::LINE_ARGS,
        onnx: "-",
        keras: "-",
        burn: "-",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { window: pooling::parse_line(args)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        pooling::args_line(&self.window)
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        pooling::shape(&self.window, Self::CARD.name, inputs[0])
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        let Ok(y) = pooling::each(&self.window, Self::CARD.name, inputs[0], |values| {
            Ok::<_, Infallible>(pooling::float_sum(values))
        });
        y
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0]
    }

    fn fanout(&self, inputs: &[&Shape]) -> usize {
        pooling::overlap(&self.window, Self::CARD.name, inputs[0])
    }

    fn kind(&self) -> Kind {
        Kind::Sum(Over::Window(self.window.area()))
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
        let y = pooling::each(&self.window, Self::CARD.name, x[0], |values| pooling::sum(a, values, Fixed::ONE))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("sum_pool1d", args).unwrap()
    }

    #[test]
    fn windows_are_counted_and_channels_kept() {
        let shape = |args: Args| layer(args).shape(&[&Shape::new([3, 7])]).unwrap();
        assert_eq!(shape(Args::new().with("size", 2)), Shape::new([3, 3]));
        assert_eq!(shape(Args::new().with("size", 3).with("stride", 1)), Shape::new([3, 5]));
        assert_eq!(shape(Args::new().with("size", 2).with("padding", "same")), Shape::new([3, 4]));
        let error = layer(Args::new().with("size", 8)).shape(&[&Shape::new([3, 7])]).unwrap_err();
        assert_eq!(error.to_string(), "`sum_pool1d` needs a length of at least 8, found 7 in shape [3, 7]");
        assert_eq!(error.help.as_deref(), Some("use a smaller `size`, or `padding = same`"));
    }

    #[test]
    fn arguments_come_back() {
        let first = layer(Args::new().with("size", 3).with("stride", 2).with("padding", [1, 0]));
        let again = first.args().into_iter().fold(Args::new(), |args, (n, v)| args.with(n, v));
        assert_eq!(layer(again), first);
    }

    #[test]
    fn each_window_gives_its_sum() {
        let x = Tensor::new([1, 6], vec![-5.0, 9.0, -3.0, 2.0, 6.0, 8.0]).unwrap();
        let y = layer(Args::new().with("size", 2)).float(&[&x], &[]);
        assert_eq!(y, Tensor::new([1, 3], vec![4.0, -1.0, 14.0]).unwrap());
    }

    #[test]
    fn exact_is_float_on_integers() {
        let layer = layer(Args::new().with("size", 4).with("stride", 3).with("padding", [2, 1]));
        let x = Tensor::from_fn([2, 6], |i| (i as i64 * 37) % 23 - 11);
        let step = Step { inputs: vec![4], ..Step::default() };
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        assert_eq!(y.map(|q| *q as f64), layer.float(&[&x.map(|q| *q as f64)], &[]));
        assert_eq!(layer.scale(&step), 4);
    }
}
