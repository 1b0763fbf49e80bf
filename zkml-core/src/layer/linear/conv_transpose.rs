//! Transposed convolution: `y_o(i s + k) = sum over all (c, i, k) of weight_cok * x_ci, + bias_o`, over lines and images.

use super::convolution::{BIAS, Convolution, FILTERS, GROUPS, convolves};
use crate::layer::{
    Args, Arity, Card, Factors, Kind, Layer, Linear, Literal, Param, Step,
    window::{self, Window, image, line},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// A transposed convolution over as many axes as the name of its layer says, with that type of output padding.
macro_rules! conv_transpose {
    ($(#[$doc:meta])* pub struct $name:ident; $after:ty: |$sides:pat_param| $from:expr, |$own:pat_param| $to:expr; $card:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            /// The number of output channels.
            pub filters: usize,
            /// Extents (`kernel`), strides, dilation and padding; over one axis, along the second.
            pub window: Window,
            /// What is added at the end of the output.
            pub output_padding: $after,
            /// In how many groups channels and filters are split.
            pub groups: usize,
            /// Whether a bias is added.
            pub bias: bool,
        }

        impl $name {
            fn convolution(&self, _: &Shape) -> Convolution<'_> {
                let $own = self.output_padding;
                Convolution {
                    layer: Self::CARD.name,
                    filters: self.filters,
                    window: &self.window,
                    groups: self.groups,
                    transposed: Some($to),
                }
            }

            fn linear(&self) -> Linear {
                Linear::transposed(self.groups)
            }
        }

        impl Layer for $name {
            const CARD: Card = $card;

            fn parse(args: &mut Args) -> Result<Self, LayerError> {
                let $sides = window::sides(Self::CARD.name, args, "output_padding", 0, Some([0, 0]))?;
                Ok(Self {
                    filters: args.usize("filters", 1, None)?,
                    window: Window::parse(Self::CARD.name, args, false)?,
                    output_padding: $from,
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
                    ("output_padding", self.output_padding.into()),
                    ("dilation", literal(self.window.dilation)),
                    ("groups", self.groups.into()),
                    ("bias", self.bias.into()),
                ]
            }

            convolves!();
        }
    };
}

conv_transpose! {
    /// One-dimensional transposed convolution: `y_o(i s + k) = sum over all (c, i, k) of weight_cok * x_ci, + bias_o`, with the
    /// stride `s`.
    ///
    /// With dilation, the element is `i * stride + k * dilation`. The padding is cut off; `output_padding` is added at the end.
    /// `padding = same` gives `stride` times the input. With `groups`, a channel reaches only the filters of its group.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, length]` | `s_x` |
    /// | `weight` | `[channels, filters / groups, kernel]` | `s_w` |
    /// | `bias` | `[filters]` | `s_x + s_w` |
    /// | `y` | `[filters, n]`, `n = (size - 1) * stride + reach - padding + output_padding` | `s_x + s_w` |
    ///
    /// Sources: ONNX `ConvTranspose`, Keras `Conv1DTranspose`, Burn `ConvTranspose1d`.
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
    /// let mut graph = Graph::new("model", Shape::new([2, 7]));
    /// let args = Args::new().with("filters", 6).with("kernel", 3).with("stride", 2).with("padding", "same");
    /// let y = graph.add("conv1d_transpose", args, &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6, 14]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Conv1dTranspose;
    usize: |[_, n]| n, |n| [0, n];
    Card {
        name: "conv1d_transpose",
        formula: "y_o(i s + k) = sum over all (c, i, k) of weight_cok * x_ci, + bias_o",
        shape: "[c, l]; [filters, spread(l)]",
        arity: Arity::Exactly(1),
        args: &[FILTERS, line::KERNEL, line::STRIDE, line::PADDING, line::OUTPUT_PADDING, line::DILATION, GROUPS, BIAS],
        onnx: "ConvTranspose",
        keras: "Conv1DTranspose",
        burn: "ConvTranspose1d",
        constraints: "0",
    }
}

conv_transpose! {
    /// Two-dimensional transposed convolution: `y_o(i s + k)(j s + l) = sum over all (c, i, j, k, l) of weight_cokl * x_cij, +
    /// bias_o`, with strides `s`.
    ///
    /// With dilation, the element is `i * stride + k * dilation`. The padding is cut off; `output_padding` is added at the end.
    /// `padding = same` gives `stride` times the input. With `groups`, a channel reaches only the filters of its group.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, height, width]` | `s_x` |
    /// | `weight` | `[channels, filters / groups, kernel height, kernel width]` | `s_w` |
    /// | `bias` | `[filters]` | `s_x + s_w` |
    /// | `y` | `[filters, n, m]`, `n = (size - 1) * stride + reach - padding + output_padding` | `s_x + s_w` |
    ///
    /// Sources: ONNX `ConvTranspose`, Keras `Conv2DTranspose`, Burn `ConvTranspose2d`.
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
    /// let mut graph = Graph::new("model", Shape::new([2, 7, 7]));
    /// let args = Args::new().with("filters", 6).with("kernel", 3).with("stride", 2).with("padding", "same");
    /// let y = graph.add("conv2d_transpose", args, &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6, 14, 14]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Conv2dTranspose;
    [usize; 2]: |sides| sides, |sides| sides;
    Card {
        name: "conv2d_transpose",
        formula: "y_o(i s + k)(j s + l) = sum over all (c, i, j, k, l) of weight_cokl * x_cij, + bias_o",
        shape: "[c, h, w]; [filters, spread(h), spread(w)]",
        arity: Arity::Exactly(1),
        args: &[FILTERS, image::KERNEL, image::STRIDE, image::PADDING, image::OUTPUT_PADDING, image::DILATION, GROUPS, BIAS],
        onnx: "ConvTranspose",
        keras: "Conv2DTranspose",
        burn: "ConvTranspose2d",
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

    /// Stride 2, dilation 3, two groups, padding on both sides.
    fn line() -> (AnyLayer, Tensor) {
        let args = Args::new().with("filters", 4).with("kernel", 2).with("stride", 2).with("dilation", 3);
        let args = args.with("padding", [1, 2]).with("output_padding", 2).with("groups", 2);
        (layer("conv1d_transpose", args), numbers([4, 3], 0))
    }

    /// Strides 2 and 1, dilation 1 and 2, padding on three sides, two groups.
    fn image() -> (AnyLayer, Tensor) {
        let args =
            Args::new().with("filters", 2).with("kernel", [3, 2]).with("stride", [2, 1]).with("dilation", [1, 2]);
        let args = args.with("padding", Literal::List(vec![1, 0, 2, 1])).with("output_padding", [1, 0]);
        (layer("conv2d_transpose", args.with("groups", 2)), numbers([4, 3, 4], 0))
    }

    fn naive_line(x: &Tensor, p: &[Tensor]) -> Tensor {
        // (3 - 1) * 2 + 4 + 2 elements, of which 3 are cut off.
        let mut y = Tensor::from_fn([4, 7], |i| p[1].data()[i / 7]).into_data();
        for c in 0..4 {
            for (i, k, f) in (0..3).flat_map(|i| [(i, 0, 0), (i, 0, 1), (i, 1, 0), (i, 1, 1)]) {
                let (at, o) = (2 * i + 3 * k, c / 2 * 2 + f);
                if (1..8).contains(&at) {
                    y[o * 7 + at - 1] += p[0].data()[(c * 2 + f) * 2 + k] * x.data()[c * 3 + i];
                }
            }
        }
        Tensor::new([4, 7], y).unwrap()
    }

    fn naive_image(x: &Tensor, p: &[Tensor]) -> Tensor {
        // (3 - 1) * 2 + 3 + 1 rows, of which 3 are cut off; (4 - 1) + 3 columns, of which 1 is.
        let mut y = Tensor::from_fn([2, 5, 5], |i| p[1].data()[i / 25]).into_data();
        for c in 0..4 {
            for (i, j) in (0..3).flat_map(|i| (0..4).map(move |j| (i, j))) {
                for (k, l) in (0..3).flat_map(|k| (0..2).map(move |l| (k, l))) {
                    let (row, column) = (2 * i + k, j + 2 * l);
                    if (1..6).contains(&row) && column < 5 {
                        y[(c / 2 * 5 + row - 1) * 5 + column] +=
                            p[0].data()[(c * 3 + k) * 2 + l] * x.data()[(c * 3 + i) * 4 + j];
                    }
                }
            }
        }
        Tensor::new([2, 5, 5], y).unwrap()
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
            layer("conv1d_transpose", args.with("filters", 8).with("kernel", 3)).shape(&[&Shape::new([4, 5])]).unwrap()
        };
        assert_eq!(shape(Args::new().with("stride", 2)), Shape::new([8, 11]));
        assert_eq!(shape(Args::new().with("stride", 2).with("padding", "same")), Shape::new([8, 10]));
        assert_eq!(shape(Args::new().with("stride", 4).with("padding", "same")), Shape::new([8, 20]));
        assert_eq!(shape(Args::new().with("padding", [0, 1])), Shape::new([8, 6]));
        let (layer, x) = line();
        assert_eq!(layer.params(&[x.shape()])[0].shape, Shape::new([4, 2, 2]));
        assert_eq!(layer.fanout(&[x.shape()]), 4);
    }

    #[test]
    fn the_shape_rule_of_images_is_that_of_keras_and_onnx() {
        let shape = |args: Args| {
            let args = args.with("filters", 8).with("kernel", 3);
            layer("conv2d_transpose", args).shape(&[&Shape::new([4, 5, 6])]).unwrap()
        };
        assert_eq!(shape(Args::new().with("stride", 2)), Shape::new([8, 11, 13]));
        assert_eq!(shape(Args::new().with("stride", [2, 4]).with("padding", "same")), Shape::new([8, 10, 24]));
        let padded = Args::new().with("stride", 2).with("padding", 1usize).with("output_padding", 1);
        assert_eq!(shape(padded), Shape::new([8, 10, 12]));
        let (layer, x) = image();
        assert_eq!(layer.params(&[x.shape()])[0].shape, Shape::new([4, 1, 3, 2]));
        assert_eq!(layer.fanout(&[x.shape()]), 6);
    }

    #[test]
    fn what_leaves_nothing_is_refused() {
        let error = |args: Args| {
            let args = args.with("filters", 1).with("kernel", 3);
            layer("conv2d_transpose", args).shape(&[&Shape::new([1, 1, 1])]).unwrap_err()
        };
        let nothing = error(Args::new().with("padding", Literal::List(vec![1, 0, 2, 0])));
        assert_eq!(nothing.to_string(), "`padding` of 3 in sum leaves nothing of 3 elements");
        let far = error(Args::new().with("output_padding", 1));
        assert_eq!(far.to_string(), "`output_padding` of 1 is not below stride or dilation, 1 and 1");
        let both = error(Args::new().with("stride", 2).with("padding", "same").with("output_padding", 1));
        assert_eq!(both.to_string(), "`output_padding` does not go with `padding = same`");
        assert!(both.help.is_some() && far.help.is_some() && nothing.help.is_some());
    }

    #[test]
    fn parsed_arguments_come_back() {
        arguments_come_back(&line().0);
        arguments_come_back(&image().0);
    }
}
