//! Convolution: `y_o = sum_ck weight_ock * x_c(i+k) + bias_o`, over lines and images.

use super::convolution::{BIAS, Convolution, FILTERS, GROUPS, convolves};
use crate::layer::{
    Args, Arity, Card, Factors, Groups, Kind, Layer, Linear, Literal, Param, Step,
    window::{self, Window, image, line},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// A convolution over as many axes as the name of its layer says.
macro_rules! conv {
    ($(#[$doc:meta])* pub struct $name:ident; $card:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            /// The number of output channels.
            pub filters: usize,
            /// Extents (`kernel`), strides, dilation and padding; over one axis, along the second.
            pub window: Window,
            /// In how many groups channels and filters are split.
            pub groups: usize,
            /// Whether a bias is added.
            pub bias: bool,
        }

        impl $name {
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

        impl Layer for $name {
            const CARD: Card = $card;

            fn parse(args: &mut Args) -> Result<Self, LayerError> {
                Ok(Self {
                    filters: args.usize("filters", 1, None)?,
                    window: Window::parse(Self::CARD.name, args, true)?,
                    groups: args.usize("groups", 1, Some(1))?,
                    bias: args.bool("bias", true)?,
                })
            }

            fn args(&self) -> Vec<(&'static str, Literal)> {
                let literal = |sides| window::literal(Self::CARD.name, sides);
                vec![
                    ("filters", self.filters.into()),
                    ("kernel", literal(self.window.kernel)),
                    ("stride", literal(self.window.stride)),
                    ("padding", self.window.padding.literal_of(Self::CARD.name)),
                    ("dilation", literal(self.window.dilation)),
                    ("groups", self.groups.into()),
                    ("bias", self.bias.into()),
                ]
            }

            convolves!();
        }
    };
}

conv! {
    /// One-dimensional convolution (a cross-correlation, as in all frameworks): `y_oi = sum_ck weight_ock * x_c(i+k) + bias_o`.
    ///
    /// With stride and dilation, the element is `i * stride + k * dilation`. With `groups`, filter `o` sees only the channels
    /// of its group. What lies in the padding counts as zero; `padding = causal` puts all of it at the start, so that no output
    /// sees what comes after it.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, length]` | `s_x` |
    /// | `weight` | `[filters, channels / groups, kernel]` | `s_w` |
    /// | `bias` | `[filters]` | `s_x + s_w` |
    /// | `y` | `[filters, windows]` | `s_x + s_w` |
    ///
    /// Sources: ONNX `Conv`, Keras `Conv1D` (kernel transposed), Burn `Conv1d`.
    ///
    /// # Constraints
    /// None with public weights: a linear combination an output element. With private ones, those of
    /// [`crate::gadget::product::winograd`], never more than one product for each tap of a kernel that meets the input; and the range
    /// check of each weight once.
    ///
    /// # Soundness
    /// The output is a linear combination of wires, or of products that are enforced: see [`crate::gadget::product::winograd`].
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([2, 16]));
    /// let args = Args::new().with("filters", 6).with("kernel", 3).with("padding", "causal");
    /// let y = graph.add("conv1d", args, &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6, 16]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Conv1d;
    Card {
        name: "conv1d",
        formula: "y_oi = sum_ck weight_ock * x_c(i+k) + bias_o",
        shape: "[c, l]; [filters, window(l)]",
        arity: Arity::Exactly(1),
        args: &[FILTERS, line::KERNEL, line::STRIDE, line::CAUSAL_PADDING, line::DILATION, GROUPS, BIAS],
        onnx: "Conv",
        keras: "Conv1D",
        burn: "Conv1d",
        constraints: "0",
    }
}

conv! {
    /// Two-dimensional convolution (a cross-correlation, as in all frameworks): `y_oij = sum_ckl weight_ockl * x_c(i+k)(j+l) +
    /// bias_o`.
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
    /// None with public weights: a linear combination an output element. With private ones, those of
    /// [`crate::gadget::product::winograd`], never more than one product for each tap of a kernel that meets the input; and the range
    /// check of each weight once.
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
    pub struct Conv2d;
    Card {
        name: "conv2d",
        formula: "y_oij = sum_ckl weight_ockl * x_c(i+k)(j+l) + bias_o",
        shape: "[c, h, w]; [filters, window(h), window(w)]",
        arity: Arity::Exactly(1),
        args: &[FILTERS, image::KERNEL, image::STRIDE, image::PADDING, image::DILATION, GROUPS, BIAS],
        onnx: "Conv",
        keras: "Conv2D",
        burn: "Conv2d",
        constraints: "0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{
        AnyLayer,
        testing::{arguments_come_back, is_the_definition, layer, numbers},
    };

    /// Stride 2, dilation 3, two groups, padding at the start.
    fn line() -> (AnyLayer, Tensor) {
        let args = Args::new().with("filters", 4).with("kernel", 2).with("stride", 2).with("dilation", 3);
        (layer("conv1d", args.with("padding", "causal").with("groups", 2)), numbers([4, 7], 0))
    }

    /// Strides 2 and 1, dilation 1 and 2, padding on three sides, two groups.
    fn image() -> (AnyLayer, Tensor) {
        let args =
            Args::new().with("filters", 6).with("kernel", [3, 2]).with("stride", [2, 1]).with("dilation", [1, 2]);
        let args = args.with("padding", Literal::List(vec![1, 0, 2, 1])).with("groups", 2);
        (layer("conv2d", args), numbers([4, 7, 6], 0))
    }

    fn naive_line(x: &Tensor, p: &[Tensor]) -> Tensor {
        let mut y = vec![];
        for o in 0..4 {
            for i in 0..4 {
                let mut sum = p[1].data()[o];
                for c in 0..2 {
                    for k in 0..2 {
                        if (2 * i + 3 * k) >= 3 {
                            sum += p[0].data()[(o * 2 + c) * 2 + k] * x.data()[(o / 2 * 2 + c) * 7 + 2 * i + 3 * k - 3];
                        }
                    }
                }
                y.push(sum);
            }
        }
        Tensor::new([4, 4], y).unwrap()
    }

    /// The definition, over a copy of the input with its padding.
    fn naive_image(x: &Tensor, p: &[Tensor]) -> Tensor {
        let (weight, bias) = (&p[0], &p[1]);
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
        Tensor::new([6, 4, 5], y).unwrap()
    }

    #[test]
    fn float_and_exact_are_the_definition() {
        for ((layer, x), naive) in [(line(), naive_line as fn(&_, &_) -> _), (image(), naive_image)] {
            let step = is_the_definition(&layer, &x, naive);
            assert_eq!(layer.scale(&step), 7);
        }
    }

    #[test]
    fn the_shape_rule_of_lines_is_that_of_keras_and_onnx() {
        let shape = |args: Args| {
            layer("conv1d", args.with("filters", 8).with("kernel", 3)).shape(&[&Shape::new([4, 28])]).unwrap()
        };
        assert_eq!(shape(Args::new()), Shape::new([8, 26]));
        assert_eq!(shape(Args::new().with("padding", "same").with("stride", 3)), Shape::new([8, 10]));
        assert_eq!(shape(Args::new().with("padding", "causal").with("dilation", 4)), Shape::new([8, 28]));
        assert_eq!(shape(Args::new().with("padding", [2, 1])), Shape::new([8, 29]));
        let (layer, x) = line();
        assert_eq!(layer.params(&[x.shape()])[0].shape, Shape::new([4, 2, 2]));
    }

    #[test]
    fn the_shape_rule_of_images_is_that_of_keras_and_onnx() {
        let image = Shape::new([4, 28, 27]);
        let conv = |args: Args| layer("conv2d", args.with("filters", 8).with("kernel", 3));
        let shape = |args: Args| conv(args).shape(&[&image]).unwrap();
        assert_eq!(shape(Args::new()), Shape::new([8, 26, 25]));
        assert_eq!(shape(Args::new().with("padding", "same").with("stride", 2)), Shape::new([8, 14, 14]));
        assert_eq!(shape(Args::new().with("dilation", 2).with("groups", 4)), Shape::new([8, 24, 23]));
        let weight = &conv(Args::new().with("groups", 4)).params(&[&image])[0];
        assert_eq!(weight.shape, Shape::new([8, 1, 3, 3]));
    }

    #[test]
    fn only_channels_of_lines_or_images_are_taken() {
        for ((layer, _), expected, other) in [
            (line(), "`conv1d` expects a `[channels, length]` tensor", Shape::new([4, 7, 7])),
            (image(), "`conv2d` expects a `[channels, height, width]` tensor", Shape::new([784])),
        ] {
            let error = layer.shape(&[&other]).unwrap_err();
            assert_eq!(error.to_string(), format!("{expected}, found shape {other}"));
            assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
        }
    }

    #[test]
    fn groups_that_do_not_divide_are_refused() {
        let error = line().0.shape(&[&Shape::new([3, 7])]).unwrap_err();
        assert_eq!(error.to_string(), "`groups` of 2 does not divide the 3 channels");
        let error = image().0.shape(&[&Shape::new([3, 8, 8])]).unwrap_err();
        assert_eq!(error.to_string(), "`groups` of 2 does not divide the 3 channels");
        assert_eq!(
            error.help.as_deref(),
            Some("use a number that divides both the input's channels and `filters`, such as `groups = 1`")
        );
        let args = Args::new().with("filters", 5).with("kernel", 3).with("groups", 2);
        let error = layer("conv2d", args).shape(&[&Shape::new([4, 8, 8])]).unwrap_err();
        assert_eq!(error.to_string(), "`groups` of 2 does not divide the 5 filters");
    }

    #[test]
    fn an_input_enters_each_filter_of_its_group_in_each_window() {
        let (layer, x) = line();
        assert_eq!(layer.fanout(&[x.shape()]), 2);
        assert_eq!(image().0.fanout(&[&Shape::new([4, 9, 9])]), 2 * 2 * 3);
    }

    #[test]
    fn parsed_arguments_come_back() {
        arguments_come_back(&line().0);
        arguments_come_back(&image().0);
    }
}
