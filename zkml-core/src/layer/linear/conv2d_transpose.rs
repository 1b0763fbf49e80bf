//! `y_o(i s + k)(j s + l) = sum over all (c, i, j, k, l) of weight_cokl * x_cij, + bias_o`

use super::convolution::{Convolution, convolves};
use crate::layer::{
    Arg, Args, Arity, Card, Factors, Kind, Layer, Linear, Literal, Param, Step,
    window::{Padding, Window},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y_o(i s + k)(j s + l) = sum over all (c, i, j, k, l) of weight_cokl * x_cij, + bias_o`, with strides `s`: the transpose of a convolution, which spreads every element of
/// the input over a window of the output.
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
/// None with public weights (a linear combination an output element). With private ones, those of
/// [`crate::gadget::product::winograd`], never more than one product for each tap of a kernel that meets the input; and the range check
/// of each weight once.
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
#[derive(Clone, Debug, PartialEq)]
pub struct Conv2dTranspose {
    /// The number of output channels.
    pub filters: usize,
    /// Extents (`kernel`), strides, dilation and padding.
    pub window: Window,
    /// What is added at the end of the output.
    pub output_padding: [usize; 2],
    /// In how many groups channels and filters are split.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Conv2dTranspose {
    fn convolution(&self, _: &Shape) -> Convolution<'_> {
        Convolution {
            layer: Self::CARD.name,
            filters: self.filters,
            window: &self.window,
            groups: self.groups,
            transposed: Some(self.output_padding),
        }
    }

    fn linear(&self) -> Linear {
        Linear::transposed(self.groups)
    }
}

impl Layer for Conv2dTranspose {
    const CARD: Card = Card {
        name: "conv2d_transpose",
        formula: "y_o(i s + k)(j s + l) = sum over all (c, i, j, k, l) of weight_cokl * x_cij, + bias_o",
        shape: "[c, h, w]; [filters, spread(h), spread(w)]",
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
            Arg { name: "output_padding", takes: "a whole number or `[height, width]`", default: Some("0") },
            Arg { name: "dilation", takes: "a whole number or `[height, width]`", default: Some("1") },
            Arg { name: "groups", takes: "a whole number that divides channels and filters", default: Some("1") },
            Arg { name: "bias", takes: "`true` or `false`", default: Some("true") },
        ],
        onnx: "ConvTranspose",
        keras: "Conv2DTranspose",
        burn: "ConvTranspose2d",
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
            output_padding: args.pair("output_padding", 0, Some([0, 0]))?,
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
            ("output_padding", self.output_padding.into()),
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
        AnyLayer::parse("conv2d_transpose", args).unwrap()
    }

    fn numbers(shape: &Shape, seed: usize) -> Tensor {
        Tensor::from_fn(shape.clone(), |i| ((i * 37 + seed * 11) % 23) as f64 - 11.0)
    }

    /// Strides 2 and 1, dilation 1 and 2, padding on three sides, two groups.
    fn intricate() -> (AnyLayer, Tensor) {
        let args =
            Args::new().with("filters", 2).with("kernel", [3, 2]).with("stride", [2, 1]).with("dilation", [1, 2]);
        let args = args.with("padding", Literal::List(vec![1, 0, 2, 1])).with("output_padding", [1, 0]);
        (layer(args.with("groups", 2)), numbers(&Shape::new([4, 3, 4]), 0))
    }

    fn naive(x: &Tensor, p: &[Tensor]) -> Tensor {
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
    fn the_shape_rule_is_that_of_keras_and_onnx() {
        let shape = |args: Args| layer(args.with("filters", 8)).shape(&[&Shape::new([4, 5, 6])]).unwrap();
        assert_eq!(shape(Args::new().with("kernel", 3).with("stride", 2)), Shape::new([8, 11, 13]));
        let same = Args::new().with("kernel", 3).with("stride", [2, 4]).with("padding", "same");
        assert_eq!(shape(same), Shape::new([8, 10, 24]));
        let padded = Args::new().with("kernel", 3).with("stride", 2).with("padding", 1usize).with("output_padding", 1);
        assert_eq!(shape(padded), Shape::new([8, 10, 12]));
        let (layer, x) = intricate();
        assert_eq!(layer.params(&[x.shape()])[0].shape, Shape::new([4, 1, 3, 2]));
        assert_eq!(layer.fanout(&[x.shape()]), 6);
    }

    #[test]
    fn what_leaves_nothing_is_refused() {
        let error = |args: Args| {
            let args = args.with("filters", 1).with("kernel", 3);
            layer(args).shape(&[&Shape::new([1, 1, 1])]).unwrap_err()
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
        assert_eq!(AnyLayer::parse("conv2d_transpose", again), Ok(layer));
    }
}
