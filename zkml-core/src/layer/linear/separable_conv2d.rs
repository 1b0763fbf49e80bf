//! Depthwise separable convolution: `y = pointwise(depthwise(x)) + bias`.

use super::convolution::{BIAS, Convolution, FILTERS, MULTIPLIER, PIXEL};
use crate::layer::{
    Args, Arity, Card, Factors, Kind, Layer, Linear, Literal, Param, Step,
    window::{Window, image},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Depthwise separable convolution: `y_oij = sum_m pointwise_om00 * z_mij + bias_o` of `z_mij = sum_kl depthwise_m0kl * x_(m /
/// multiplier)(i+k)(j+l)`, a depthwise convolution and a pointwise one.
///
/// Strides, padding and dilation are those of the depthwise convolution, as in `conv2d`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, height, width]` | `s_x` |
/// | `depthwise` | `[channels * multiplier, 1, kernel height, kernel width]` | `s_w` |
/// | `pointwise` | `[filters, channels * multiplier, 1, 1]` | `s_w` |
/// | `bias` | `[filters]` | `s_x + 2 s_w` |
/// | `y` | `[filters, windows down, windows across]` | `s_x + 2 s_w` |
///
/// Sources: Keras `SeparableConv2D` (kernels transposed); of ONNX and Burn, two convolutions.
///
/// # Constraints
/// None with public weights, but for one an element of `z` whose combination is so wide that a variable of its own is cheaper.
/// With private ones, those of [`crate::gadget::product::winograd`] for both convolutions, and the range check of each weight once.
///
/// # Soundness
/// The output is a linear combination of wires, or of products that are enforced: see [`crate::gadget::product::winograd`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([3, 28, 28]));
/// let y = graph.add("separable_conv2d", Args::new().with("filters", 8).with("kernel", 3), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([8, 26, 26]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SeparableConv2d {
    /// The number of output channels.
    pub filters: usize,
    /// Extents (`kernel`), strides, dilation and padding of the depthwise convolution.
    pub window: Window,
    /// The number of filters of each channel, in the depthwise convolution.
    pub multiplier: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl SeparableConv2d {
    fn depthwise(&self, input: &Shape) -> Convolution<'_> {
        let channels = input.dims().first().copied().unwrap_or(1).max(1);
        Convolution {
            layer: Self::CARD.name,
            filters: channels.saturating_mul(self.multiplier),
            window: &self.window,
            groups: channels,
            transposed: None,
        }
    }

    fn pointwise(&self) -> Convolution<'_> {
        Convolution { layer: Self::CARD.name, filters: self.filters, window: &PIXEL, groups: 1, transposed: None }
    }
}

impl Layer for SeparableConv2d {
    const CARD: Card = Card {
        name: "separable_conv2d",
        formula: "y = pointwise(depthwise(x)) + bias",
        shape: "[c, h, w]; [filters, window(h), window(w)]",
        arity: Arity::Exactly(1),
        args: &[FILTERS, image::KERNEL, image::STRIDE, image::PADDING, image::DILATION, MULTIPLIER, BIAS],
        onnx: "Conv, Conv",
        keras: "SeparableConv2D",
        burn: "Conv2d, Conv2d",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self {
            filters: args.usize("filters", 1, None)?,
            window: Window::parse(Self::CARD.name, args, false)?,
            multiplier: args.usize("multiplier", 1, Some(1))?,
            bias: args.bool("bias", true)?,
        })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![
            ("filters", self.filters.into()),
            ("kernel", self.window.kernel.into()),
            ("stride", self.window.stride.into()),
            ("padding", self.window.padding.literal()),
            ("dilation", self.window.dilation.into()),
            ("multiplier", self.multiplier.into()),
            ("bias", self.bias.into()),
        ]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        let between = self.depthwise(inputs[0]).shape(inputs[0])?;
        if between.len() > Shape::MAX_LEN {
            let message =
                format!("the channels by themselves have shape {between}, more than {} elements", Shape::MAX_LEN);
            return Err(LayerError::argument("multiplier", message).help("use a smaller `multiplier`"));
        }
        self.pointwise().shape(&between)
    }

    fn params(&self, inputs: &[&Shape]) -> Vec<Param> {
        let depthwise = self.depthwise(inputs[0]);
        let between = Shape::new([depthwise.filters, 1, 1]);
        let mut params = vec![depthwise.weight("depthwise", inputs[0]), self.pointwise().weight("pointwise", &between)];
        if self.bias {
            params.push(self.pointwise().bias());
        }
        params
    }

    fn float(&self, inputs: &[&Tensor], params: &[&Tensor]) -> Tensor {
        let between = self.depthwise(inputs[0].shape()).float(inputs[0], params[0], None);
        self.pointwise().float(&between, params[1], params.get(2).copied())
    }

    fn factors(&self) -> Factors {
        Factors::Weights
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0] + 2 * step.weight_scale
    }

    fn fanout(&self, inputs: &[&Shape]) -> usize {
        self.depthwise(inputs[0]).fanout(inputs[0])
    }

    fn kind(&self) -> Kind {
        Kind::Linear(Linear::separable(self.window.padding))
    }

    fn fuses_rescale(&self) -> bool {
        false
    }

    fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &[&Tensor<A::Wire>],
        p: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        let between = self.depthwise(x[0].shape()).exact(a, x[0], &p[0], None)?;
        let between = between.try_map(|wire| a.settle(wire, self.filters))?;
        let y = self.pointwise().exact(a, &between, &p[1], p.get(2))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{
        AnyLayer,
        testing::{arguments_come_back, is_the_definition, layer, numbers},
    };

    fn intricate() -> (AnyLayer, Tensor) {
        let args = Args::new().with("filters", 3).with("kernel", [2, 1]).with("stride", [1, 2]).with("multiplier", 2);
        (layer("separable_conv2d", args), numbers([2, 3, 3], 0))
    }

    #[test]
    fn parameters_are_those_of_both_parts() {
        let (layer, x) = intricate();
        assert_eq!(layer.shape(&[x.shape()]), Ok(Shape::new([3, 2, 2])));
        let params: Vec<_> = layer.params(&[x.shape()]).into_iter().map(|p| (p.name, p.shape)).collect();
        let expected = [
            ("depthwise", Shape::new([4, 1, 2, 1])),
            ("pointwise", Shape::new([3, 4, 1, 1])),
            ("bias", Shape::new([3])),
        ];
        assert_eq!(params, expected);
        assert_eq!(layer.fanout(&[x.shape()]), 2 * 2);
        let error = layer.shape(&[&Shape::new([2, 4])]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`separable_conv2d` expects a `[channels, height, width]` tensor, found shape [2, 4]"
        );
    }

    fn naive(x: &Tensor, p: &[Tensor]) -> Tensor {
        let mut y = vec![];
        for o in 0..3 {
            for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let mut sum = p[2].data()[o];
                for m in 0..4 {
                    let pixel = |k: usize| x.data()[(m / 2 * 3 + i + k) * 3 + 2 * j];
                    let z = p[0].data()[2 * m] * pixel(0) + p[0].data()[2 * m + 1] * pixel(1);
                    sum += p[1].data()[o * 4 + m] * z;
                }
                y.push(sum);
            }
        }
        Tensor::new([3, 2, 2], y).unwrap()
    }

    #[test]
    fn float_and_exact_are_the_definition() {
        let (layer, x) = intricate();
        let step = is_the_definition(&layer, &x, naive);
        assert_eq!(layer.scale(&step), 10);
    }

    #[test]
    fn parsed_arguments_come_back() {
        arguments_come_back(&intricate().0);
    }
}
