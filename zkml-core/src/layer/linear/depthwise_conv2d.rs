//! `y_oij = sum_kl weight_o0kl * x_(o / multiplier)(i+k)(j+l) + bias_o`

use super::convolution::{Convolution, convolves};
use crate::layer::{
    Arg, Args, Arity, Card, Factors, Groups, Kind, Layer, Linear, Literal, Param, Step,
    window::{Padding, Window},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y_oij = sum_kl weight_o0kl * x_(o / multiplier)(i+k)(j+l) + bias_o`: every channel by itself, through `multiplier` filters.
///
/// It is `conv2d` with as many groups as there are channels. Strides, padding and dilation are as there.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, height, width]` | `s_x` |
/// | `weight` | `[channels * multiplier, 1, kernel height, kernel width]` | `s_w` |
/// | `bias` | `[channels * multiplier]` | `s_x + s_w` |
/// | `y` | `[channels * multiplier, windows down, windows across]` | `s_x + s_w` |
///
/// Sources: ONNX `Conv` (`group = channels`), Keras `DepthwiseConv2D` (kernel transposed), Burn `Conv2d` (`groups = channels`).
///
/// # Constraints
/// None with public weights (a linear combination an output element). With private ones, those of
/// [`crate::gadget::product::winograd`], never more than one product for each tap of a kernel that meets the input; and the range check
/// of each weight once.
///
/// # Soundness
/// The output is a linear combination of wires, or of products that are enforced: see [`crate::gadget::product::winograd`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([3, 28, 28]));
/// let y = graph.add("depthwise_conv2d", Args::new().with("kernel", 5).with("multiplier", 2), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([6, 24, 24]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DepthwiseConv2d {
    /// Extents (`kernel`), strides, dilation and padding.
    pub window: Window,
    /// The number of filters of each channel.
    pub multiplier: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl DepthwiseConv2d {
    fn convolution(&self, input: &Shape) -> Convolution<'_> {
        let channels = input.dims().first().copied().unwrap_or(1).max(1);
        Convolution {
            layer: Self::CARD.name,
            filters: channels.saturating_mul(self.multiplier),
            window: &self.window,
            groups: channels,
            transposed: None,
        }
    }

    fn linear(&self) -> Linear {
        Linear::convolution(Groups::Depthwise, Some(self.window.padding))
    }
}

impl Layer for DepthwiseConv2d {
    const CARD: Card = Card {
        name: "depthwise_conv2d",
        formula: "y_oij = sum_kl weight_o0kl * x_(o / multiplier)(i+k)(j+l) + bias_o",
        shape: "[c, h, w]; [c * multiplier, window(h), window(w)]",
        arity: Arity::Exactly(1),
        args: &[
            Arg { name: "kernel", takes: "a whole number or `[height, width]`", default: None },
            Arg { name: "stride", takes: "a whole number or `[height, width]`", default: Some("1") },
            Arg {
                name: "padding",
                takes: "`valid`, `same`, a whole number, `[vertical, horizontal]` or `[top, left, bottom, right]`",
                default: Some("valid"),
            },
            Arg { name: "dilation", takes: "a whole number or `[height, width]`", default: Some("1") },
            Arg { name: "multiplier", takes: "the number of filters of each channel", default: Some("1") },
            Arg { name: "bias", takes: "`true` or `false`", default: Some("true") },
        ],
        onnx: "Conv",
        keras: "DepthwiseConv2D",
        burn: "Conv2d",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self {
            window: Window {
                kernel: args.pair("kernel", 1, None)?,
                stride: args.pair("stride", 1, Some([1, 1]))?,
                dilation: args.pair("dilation", 1, Some([1, 1]))?,
                padding: Padding::parse(args)?,
            },
            multiplier: args.usize("multiplier", 1, Some(1))?,
            bias: args.bool("bias", true)?,
        })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![
            ("kernel", self.window.kernel.into()),
            ("stride", self.window.stride.into()),
            ("padding", self.window.padding.literal()),
            ("dilation", self.window.dilation.into()),
            ("multiplier", self.multiplier.into()),
            ("bias", self.bias.into()),
        ]
    }

    convolves!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("depthwise_conv2d", args).unwrap()
    }

    fn numbers(shape: &Shape, seed: usize) -> Tensor {
        Tensor::from_fn(shape.clone(), |i| ((i * 37 + seed * 11) % 23) as f64 - 11.0)
    }

    fn intricate() -> (AnyLayer, Tensor) {
        let args = Args::new().with("kernel", [2, 3]).with("stride", [2, 1]).with("multiplier", 2);
        (layer(args), numbers(&Shape::new([2, 4, 5]), 0))
    }

    fn naive(x: &Tensor, p: &[Tensor]) -> Tensor {
        let mut y = vec![];
        for o in 0..4 {
            for (i, j) in (0..2).flat_map(|i| (0..3).map(move |j| (i, j))) {
                let mut sum = p[1].data()[o];
                for k in 0..2 {
                    for l in 0..3 {
                        sum += p[0].data()[(o * 2 + k) * 3 + l] * x.data()[(o / 2 * 4 + 2 * i + k) * 5 + j + l];
                    }
                }
                y.push(sum);
            }
        }
        Tensor::new([4, 2, 3], y).unwrap()
    }

    #[test]
    fn every_channel_has_its_filters() {
        let (layer, x) = intricate();
        let params = layer.params(&[x.shape()]);
        assert_eq!((&params[0].shape, &params[1].shape), (&Shape::new([4, 1, 2, 3]), &Shape::new([4])));
        assert_eq!(layer.fanout(&[x.shape()]), 3 * 2);
        let error = layer.shape(&[&Shape::new([2, 4])]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`depthwise_conv2d` expects a `[channels, height, width]` tensor, found shape [2, 4]"
        );
    }

    #[test]
    fn float_and_exact_are_the_definition() {
        let (layer, x) = intricate();
        let params: Vec<Tensor> =
            layer.params(&[x.shape()]).iter().enumerate().map(|(i, p)| numbers(&p.shape, i + 1)).collect();
        let expected = naive(&x, &params);
        assert_eq!(&layer.shape(&[x.shape()]).unwrap(), expected.shape());
        assert_eq!(layer.float(&[&x], &params.iter().collect::<Vec<_>>()), expected);
        let whole = |t: &Tensor| t.map(|x| *x as i64);
        let step = Step { inputs: vec![4], factor: 3, ..Step::default() };
        let p: Vec<Tensor<i64>> = params.iter().map(whole).collect();
        let y = layer.exact(&mut Ints::<i64>::new(), &[&whole(&x)], &p, &step).unwrap();
        assert_eq!(y.map(|q| *q as f64), expected);
        assert_eq!(layer.scale(&step), 7);
    }

    #[test]
    fn arguments_come_back() {
        let (layer, _) = intricate();
        let again = layer.args().into_iter().fold(Args::new(), |args, (n, v)| args.with(n, v));
        assert_eq!(AnyLayer::parse("depthwise_conv2d", again), Ok(layer));
    }
}
