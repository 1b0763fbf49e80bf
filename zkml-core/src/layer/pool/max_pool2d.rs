//! `y = max over the window of x`

use std::convert::Infallible;

use super::pooling;
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step, window::Window};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y = max over the window of x`: the largest element of each window.
///
/// Padding never wins: a window sees only what lies in the input.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, height, width]` | `s_x` |
/// | `y` | `[channels, windows down, windows across]` | `s_x` |
///
/// Sources: ONNX `MaxPool` (without `Indices`), Keras `MaxPooling2D`, Burn `MaxPool2d`.
///
/// # Constraints
/// `(k - 1) * (m + 1)` an output element, where `k` is the number of elements in its window and `2^m` exceeds the magnitude
/// of their differences; a maximum of two whose intervals say which is larger costs none. See [`crate::gadget::compare::max`].
///
/// # Soundness
/// Each maximum of two is a function of its inputs, see [`crate::gadget::compare::max`]; the largest is a tournament of them.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([6, 24, 24]));
/// let y = graph.add("max_pool2d", Args::new().with("size", 2), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([6, 12, 12]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MaxPool2d {
    /// Extents (`size`), strides and padding; the dilation is one.
    pub window: Window,
}

impl Layer for MaxPool2d {
    const CARD: Card = Card {
        name: "max_pool2d",
        formula: "y = max over the window of x",
        shape: "[c, h, w]; [c, window(h), window(w)]",
        arity: Arity::Exactly(1),
        args: pooling::ARGS,
        onnx: "MaxPool",
        keras: "MaxPooling2D",
        burn: "MaxPool2d",
        constraints: "(n - 1) * (bits + 1)",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { window: pooling::parse(args)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        pooling::args(&self.window)
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        pooling::shape(&self.window, Self::CARD.name, inputs[0])
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        let Ok(y) = pooling::each(&self.window, Self::CARD.name, inputs[0], |values| {
            Ok::<_, Infallible>(pooling::float_max(values))
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
        2 * pooling::overlap(&self.window, Self::CARD.name, inputs[0])
    }

    fn kind(&self) -> Kind {
        Kind::Maximum(Over::Window(self.window.area()))
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
        let y = pooling::each(&self.window, Self::CARD.name, x[0], |values| pooling::max(a, values))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("max_pool2d", args).unwrap()
    }

    #[test]
    fn windows_are_counted_and_channels_kept() {
        let shape = |args: Args| layer(args).shape(&[&Shape::new([3, 5, 7])]).unwrap();
        assert_eq!(shape(Args::new().with("size", 2)), Shape::new([3, 2, 3]));
        assert_eq!(shape(Args::new().with("size", [3, 2]).with("stride", 1)), Shape::new([3, 3, 6]));
        assert_eq!(shape(Args::new().with("size", 2).with("padding", "same")), Shape::new([3, 3, 4]));
    }

    #[test]
    fn a_window_larger_than_the_input_is_refused() {
        let error = layer(Args::new().with("size", 4)).shape(&[&Shape::new([3, 2, 8])]).unwrap_err();
        assert_eq!(error.to_string(), "`max_pool2d` needs a height of at least 4, found 2 in shape [3, 2, 8]");
        assert_eq!(error.culprit, crate::error::Culprit::Argument("size".to_owned()));
        assert_eq!(error.help.as_deref(), Some("use a smaller `size`, or `padding = same`"));
    }

    #[test]
    fn arguments_come_back() {
        let first = layer(Args::new().with("size", [2, 3]).with("padding", 1usize));
        let again = first.args().into_iter().fold(Args::new(), |args, (n, v)| args.with(n, v));
        assert_eq!(layer(again), first);
    }

    #[test]
    fn the_largest_of_each_window_even_below_the_padding() {
        let x = Tensor::of([1, 2, 4], &[-1, -5, -7, -2, -3, -4, -9, -8]).unwrap();
        let y = layer(Args::new().with("size", 2)).float(&[&x], &[]);
        assert_eq!(y, Tensor::new([1, 1, 2], vec![-1.0, -2.0]).unwrap());
        let padded = layer(Args::new().with("size", 3).with("stride", 1).with("padding", "same"));
        let expected = vec![-1.0, -1.0, -2.0, -2.0, -1.0, -1.0, -2.0, -2.0];
        assert_eq!(padded.float(&[&x], &[]), Tensor::new([1, 2, 4], expected).unwrap());
    }

    #[test]
    fn exact_is_float_on_integers() {
        let layer = layer(Args::new().with("size", 3).with("stride", 2).with("padding", 1usize));
        let x = Tensor::from_fn([2, 5, 6], |i| (i as i64 * 37) % 23 - 11);
        let step = Step { inputs: vec![4], ..Step::default() };
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        assert_eq!(y.map(|q| *q as f64), layer.float(&[&x.map(|q| *q as f64)], &[]));
        assert_eq!(layer.scale(&step), 4);
        assert_eq!(layer.fanout(&[x.shape()]), 8);
    }
}
