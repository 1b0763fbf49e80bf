//! `y = sum over the window of x / n`

use super::{pooling, sum_pool1d::SumPool1d};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step, window::Window};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y = sum over the window of x / n`: the mean of each window of each channel.
///
/// `n` counts what lies in the input and not the padding, unless `include_pad = true`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, length]` | `s_x` |
/// | `y` | `[channels, windows]` | `s_x + log2 n`, or `s_x + f` |
///
/// Sources: ONNX `AveragePool`, Keras `AveragePooling1D`, Burn `AvgPool1d`.
///
/// # Constraints
/// None: a linear combination an output element.
///
/// If every window has the same `n`, a power of two, it is the sum, and the scale does the division. Otherwise the sum is
/// multiplied by `round(2^f / n)`, where `f` is the factor of the plan: an error of at most `n / 2^(f + 1)` of the mean.
///
/// # Soundness
/// The output is a linear combination of wires.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([6, 24]));
/// let y = graph.add("avg_pool1d", Args::new().with("size", 2), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([6, 12]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AvgPool1d {
    /// Extent (`size`), stride and padding, along the second axis; the dilation is one.
    pub window: Window,
    /// Whether the padding counts among the elements of a window.
    pub include_pad: bool,
}

impl AvgPool1d {
    /// What its windows are divided by.
    fn mean(&self) -> pooling::Mean<'_> {
        pooling::Mean { window: &self.window, include_pad: self.include_pad }
    }
}

impl Layer for AvgPool1d {
    const CARD: Card = Card {
        name: "avg_pool1d",
        formula: "y = sum over the window of x / n",
        shape: "[c, l]; [c, window(l)]",
        arity: Arity::Exactly(1),
        args: pooling::LINE_MEAN_ARGS,
        onnx: "AveragePool",
        keras: "AveragePooling1D",
        burn: "AvgPool1d",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { window: pooling::parse_line(args)?, include_pad: args.bool("include_pad", false)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        pooling::args_line(&self.window).into_iter().chain([("include_pad", self.include_pad.into())]).collect()
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        pooling::shape(&self.window, Self::CARD.name, inputs[0])
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        self.mean().float(Self::CARD.name, inputs[0])
    }

    fn factors(&self) -> Factors {
        match self.mean().log2_area() {
            Some(_) => Factors::None,
            None => Factors::Constants,
        }
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0] + self.mean().log2_area().unwrap_or(step.factor)
    }

    fn fanout(&self, inputs: &[&Shape]) -> usize {
        pooling::overlap(&self.window, Self::CARD.name, inputs[0])
    }

    fn kind(&self) -> Kind {
        let sum = self.window.is_whole().then(|| Box::new(SumPool1d { window: self.window }.into()));
        Kind::Mean(Over::Window(self.window.area()), sum)
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
        let y = self.mean().exact(a, Self::CARD.name, x[0], step.factor)?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("avg_pool1d", args).unwrap()
    }

    #[test]
    fn windows_are_counted_and_channels_kept() {
        let shape = |args: Args| layer(args).shape(&[&Shape::new([3, 7])]).unwrap();
        assert_eq!(shape(Args::new().with("size", 2)), Shape::new([3, 3]));
        assert_eq!(shape(Args::new().with("size", 3).with("stride", 1)), Shape::new([3, 5]));
        assert_eq!(shape(Args::new().with("size", 2).with("padding", "same")), Shape::new([3, 4]));
        let error = layer(Args::new().with("size", 8)).shape(&[&Shape::new([3, 7])]).unwrap_err();
        assert_eq!(error.to_string(), "`avg_pool1d` needs a length of at least 8, found 7 in shape [3, 7]");
        assert_eq!(error.help.as_deref(), Some("use a smaller `size`, or `padding = same`"));
    }

    #[test]
    fn arguments_come_back() {
        let first = layer(Args::new().with("size", 3).with("stride", 2).with("padding", [1, 0]));
        let again = first.args().into_iter().fold(Args::new(), |args, (n, v)| args.with(n, v));
        assert_eq!(layer(again), first);
    }

    #[test]
    fn each_window_gives_its_mean() {
        let x = Tensor::new([1, 6], vec![-5.0, 9.0, -3.0, 2.0, 6.0, 8.0]).unwrap();
        let y = layer(Args::new().with("size", 2)).float(&[&x], &[]);
        assert_eq!(y, Tensor::new([1, 3], vec![2.0, -0.5, 7.0]).unwrap());
    }

    #[test]
    fn exact_is_float_on_integers() {
        let layer =
            layer(Args::new().with("size", 4).with("stride", 3).with("include_pad", true).with("padding", [2, 1]));
        let x = Tensor::from_fn([2, 6], |i| 4 * ((i as i64 * 37) % 23 - 11));
        let step = Step { inputs: vec![4], ..Step::default() };
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        assert_eq!(y.map(|q| *q as f64 / 4.0), layer.float(&[&x.map(|q| *q as f64)], &[]));
        assert_eq!(layer.scale(&step), 6);
    }
}
