//! `y_oij = sum_ckl weight_ockl * x_c(i+k)(j+l) + bias_o`

use super::convolution::{Convolution, convolves};
use crate::layer::{
    Arg, Args, Arity, Card, Factors, Groups, Kind, Layer, Linear, Literal, Param, Step,
    window::{Padding, Window},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y_oij = sum_ckl weight_ockl * x_c(i+k)(j+l) + bias_o`: a two-dimensional convolution (a cross-correlation, as everywhere).
///
/// With strides and dilation, the pixel is `(i * stride + k * dilation, j * stride + l * dilation)`. With `groups`, filter
/// `o` sees only the channels of its group. What lies in the padding counts as zero.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, height, width]` | `s_x` |
/// | `weight` | `[filters, channels / groups, kernel height, kernel width]` | `s_w` |
/// | `bias` | `[filters]` | `s_x + s_w` |
/// | `y` | `[filters, windows down, windows across]` | `s_x + s_w` |
///
/// Sources: ONNX `Conv`, Keras `Conv2D` (kernel transposed), Burn `Conv2d`.
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
/// let mut graph = Graph::new("model", Shape::new([1, 28, 28]));
/// let y = graph.add("conv2d", Args::new().with("filters", 6).with("kernel", 5), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([6, 24, 24]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Conv2d {
    /// The number of output channels.
    pub filters: usize,
    /// Extents (`kernel`), strides, dilation and padding.
    pub window: Window,
    /// In how many groups channels and filters are split.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Conv2d {
    fn convolution(&self, _: &Shape) -> Convolution<'_> {
        Convolution {
            layer: Self::CARD.name,
            filters: self.filters,
            window: &self.window,
            groups: self.groups,
            transposed: None,
        }
    }

    fn linear(&self) -> Linear {
        Linear::convolution(Groups::Of(self.groups), Some(self.window.padding))
    }
}

impl Layer for Conv2d {
    const CARD: Card = Card {
        name: "conv2d",
        formula: "y_oij = sum_ckl weight_ockl * x_c(i+k)(j+l) + bias_o",
        shape: "[c, h, w]; [filters, window(h), window(w)]",
        arity: Arity::Exactly(1),
        args: &[
            Arg { name: "filters", takes: "the number of output channels", default: None },
            Arg { name: "kernel", takes: "a whole number or `[height, width]`", default: None },
            Arg { name: "stride", takes: "a whole number or `[height, width]`", default: Some("1") },
            Arg {
                name: "padding",
                takes: "`valid`, `same`, a whole number, `[vertical, horizontal]` or `[top, left, bottom, right]`",
                default: Some("valid"),
            },
            Arg { name: "dilation", takes: "a whole number or `[height, width]`", default: Some("1") },
            Arg { name: "groups", takes: "a whole number that divides channels and filters", default: Some("1") },
            Arg { name: "bias", takes: "`true` or `false`", default: Some("true") },
        ],
        onnx: "Conv",
        keras: "Conv2D",
        burn: "Conv2d",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self {
            filters: args.usize("filters", 1, None)?,
            window: Window {
                kernel: args.pair("kernel", 1, None)?,
                stride: args.pair("stride", 1, Some([1, 1]))?,
                dilation: args.pair("dilation", 1, Some([1, 1]))?,
                padding: Padding::parse(args)?,
            },
            groups: args.usize("groups", 1, Some(1))?,
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
            ("groups", self.groups.into()),
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
        AnyLayer::parse("conv2d", args).unwrap()
    }

    /// Strides 2 and 1, dilation 1 and 2, padding on three sides, two groups.
    fn intricate() -> AnyLayer {
        layer(
            Args::new()
                .with("filters", 6)
                .with("kernel", [3, 2])
                .with("stride", [2, 1])
                .with("dilation", [1, 2])
                .with("padding", Literal::List(vec![1, 0, 2, 1]))
                .with("groups", 2),
        )
    }

    /// The definition, over a copy of the input with its padding.
    fn naive(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Vec<f64> {
        let (h, w) = (x.shape().dims()[1], x.shape().dims()[2]);
        let (ph, pw) = (h + 3, w + 1);
        let mut padded = vec![0.0; 4 * ph * pw];
        for c in 0..4 {
            for i in 0..h {
                for j in 0..w {
                    padded[(c * ph + i + 1) * pw + j] = x.data()[(c * h + i) * w + j];
                }
            }
        }
        let mut y = vec![];
        for o in 0..6 {
            for i in 0..(ph - 3) / 2 + 1 {
                for j in 0..pw - 2 {
                    let mut sum = bias.data()[o];
                    for c in 0..2 {
                        for k in 0..3 {
                            for l in 0..2 {
                                let channel = c + if o < 3 { 0 } else { 2 };
                                sum += weight.data()[((o * 2 + c) * 3 + k) * 2 + l]
                                    * padded[(channel * ph + 2 * i + k) * pw + j + 2 * l];
                            }
                        }
                    }
                    y.push(sum);
                }
            }
        }
        y
    }

    #[test]
    fn the_shape_rule_is_that_of_keras_and_onnx() {
        let shape = |args: Args| layer(args).shape(&[&Shape::new([4, 28, 27])]).unwrap();
        let args = || Args::new().with("filters", 8).with("kernel", 3);
        assert_eq!(shape(args()), Shape::new([8, 26, 25]));
        assert_eq!(shape(args().with("padding", "same").with("stride", 2)), Shape::new([8, 14, 14]));
        assert_eq!(shape(args().with("dilation", 2).with("groups", 4)), Shape::new([8, 24, 23]));
        let weight = &layer(args().with("groups", 4)).params(&[&Shape::new([4, 28, 27])])[0];
        assert_eq!(weight.shape, Shape::new([8, 1, 3, 3]));
    }

    #[test]
    fn groups_that_do_not_divide_are_refused() {
        let args = |filters: usize| Args::new().with("filters", filters).with("kernel", 3).with("groups", 2);
        let error = layer(args(4)).shape(&[&Shape::new([3, 8, 8])]).unwrap_err();
        assert_eq!(error.to_string(), "`groups` of 2 does not divide the 3 channels");
        assert_eq!(
            error.help.as_deref(),
            Some("use a number that divides both the input's channels and `filters`, such as `groups = 1`")
        );
        let error = layer(args(5)).shape(&[&Shape::new([4, 8, 8])]).unwrap_err();
        assert_eq!(error.to_string(), "`groups` of 2 does not divide the 5 filters");
    }

    #[test]
    fn an_input_that_is_no_image_is_refused() {
        let layer = layer(Args::new().with("filters", 4).with("kernel", 3));
        let error = layer.shape(&[&Shape::new([784])]).unwrap_err();
        assert_eq!(error.to_string(), "`conv2d` expects a `[channels, height, width]` tensor, found shape [784]");
        assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
    }

    #[test]
    fn arguments_come_back() {
        let again = intricate().args().into_iter().fold(Args::new(), |args, (n, v)| args.with(n, v));
        assert_eq!(layer(again), intricate());
    }

    #[test]
    fn float_and_exact_are_the_definition() {
        let number = |i: usize| ((i * 37) % 23) as f64 - 11.0;
        let x = Tensor::from_fn([4, 7, 6], number);
        let weight = Tensor::from_fn([6, 2, 3, 2], |i| number(i + 5));
        let bias = Tensor::from_fn([6], |i| number(i + 2));
        let expected = naive(&x, &weight, &bias);
        let y = intricate().float(&[&x], &[&weight, &bias]);
        assert_eq!(y.shape(), &Shape::new([6, 4, 5]));
        assert_eq!(y.data(), expected);

        let whole = |t: &Tensor| t.map(|x| *x as i64);
        let step = Step { inputs: vec![4], factor: 3, ..Step::default() };
        let y =
            intricate().exact(&mut Ints::<i64>::new(), &[&whole(&x)], &[whole(&weight), whole(&bias)], &step).unwrap();
        assert_eq!(y.map(|q| *q as f64).data(), expected);
        assert_eq!(intricate().scale(&step), 7);
    }

    #[test]
    fn an_input_enters_each_filter_of_its_group_in_each_window() {
        let image = Shape::new([4, 9, 9]);
        assert_eq!(intricate().fanout(&[&image]), 2 * 2 * 3);
    }
}
