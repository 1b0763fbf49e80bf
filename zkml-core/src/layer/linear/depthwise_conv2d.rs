//! Depthwise convolution: `y_oij = sum_kl weight_o0kl * x_(o / multiplier)(i+k)(j+l) + bias_o`.

use super::convolution::{BIAS, Convolution, MULTIPLIER, convolves};
use crate::layer::{
    Args, Arity, Card, Factors, Groups, Kind, Layer, Linear, Literal, Param, Step,
    window::{Window, image},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Depthwise convolution: `y_oij = sum_kl weight_o0kl * x_(o / multiplier)(i+k)(j+l) + bias_o`, each channel through
/// `multiplier` filters of its own.
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
/// None with public weights: a linear combination an output element. With private ones, those of [`crate::gadget::product::winograd`],
/// never more than one product for each tap of a kernel that meets the input; and the range check of each weight once.
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
        args: &[image::KERNEL, image::STRIDE, image::PADDING, image::DILATION, MULTIPLIER, BIAS],
        onnx: "Conv",
        keras: "DepthwiseConv2D",
        burn: "Conv2d",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self {
            window: Window::parse(Self::CARD.name, args, false)?,
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
    use crate::layer::{
        AnyLayer,
        testing::{arguments_come_back, is_the_definition, layer, numbers},
    };

    fn intricate() -> (AnyLayer, Tensor) {
        let args = Args::new().with("kernel", [2, 3]).with("stride", [2, 1]).with("multiplier", 2);
        (layer("depthwise_conv2d", args), numbers([2, 4, 5], 0))
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
        let step = is_the_definition(&layer, &x, naive);
        assert_eq!(layer.scale(&step), 7);
    }

    #[test]
    fn parsed_arguments_come_back() {
        arguments_come_back(&intricate().0);
    }
}
