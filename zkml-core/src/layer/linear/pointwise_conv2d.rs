//! Pointwise convolution, of one pixel: `y_oij = sum_c weight_oc00 * x_cij + bias_o`.

use super::convolution::{BIAS, Convolution, FILTERS, PIXEL, convolves};
use crate::layer::{Args, Arity, Card, Factors, Groups, Kind, Layer, Linear, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Pointwise convolution, of one pixel: `y_oij = sum_c weight_oc00 * x_cij + bias_o`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, height, width]` | `s_x` |
/// | `weight` | `[filters, channels, 1, 1]` | `s_w` |
/// | `bias` | `[filters]` | `s_x + s_w` |
/// | `y` | `[filters, height, width]` | `s_x + s_w` |
///
/// Sources: ONNX `Conv`, Keras `Conv2D` (`kernel_size = 1`), Burn `Conv2d`.
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
/// let y = graph.add("pointwise_conv2d", Args::new().with("filters", 8), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([8, 28, 28]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PointwiseConv2d {
    /// The number of output channels.
    pub filters: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl PointwiseConv2d {
    fn convolution(&self, _: &Shape) -> Convolution<'_> {
        Convolution { layer: Self::CARD.name, filters: self.filters, window: &PIXEL, groups: 1, transposed: None }
    }

    fn linear(&self) -> Linear {
        Linear::convolution(Groups::Of(1), None)
    }
}

impl Layer for PointwiseConv2d {
    const CARD: Card = Card {
        name: "pointwise_conv2d",
        formula: "y_oij = sum_c weight_oc00 * x_cij + bias_o",
        shape: "[c, h, w]; [filters, h, w]",
        arity: Arity::Exactly(1),
        args: &[FILTERS, BIAS],
        onnx: "Conv",
        keras: "Conv2D",
        burn: "Conv2d",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { filters: args.usize("filters", 1, None)?, bias: args.bool("bias", true)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("filters", self.filters.into()), ("bias", self.bias.into())]
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
        (layer("pointwise_conv2d", Args::new().with("filters", 3)), numbers([2, 2, 3], 0))
    }

    fn naive(x: &Tensor, p: &[Tensor]) -> Tensor {
        let mut y = vec![];
        for o in 0..3 {
            for pixel in 0..6 {
                let sum: f64 = (0..2).map(|c| p[0].data()[o * 2 + c] * x.data()[c * 6 + pixel]).sum();
                y.push(sum + p[1].data()[o]);
            }
        }
        Tensor::new([3, 2, 3], y).unwrap()
    }

    #[test]
    fn pixels_stay_and_channels_are_mixed() {
        let (layer, x) = intricate();
        assert_eq!(layer.params(&[x.shape()])[0].shape, Shape::new([3, 2, 1, 1]));
        assert_eq!(layer.fanout(&[x.shape()]), 3);
        let error = layer.shape(&[&Shape::new([2, 4])]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`pointwise_conv2d` expects a `[channels, height, width]` tensor, found shape [2, 4]"
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
