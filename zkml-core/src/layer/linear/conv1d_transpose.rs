//! `y_o(i s + k) = sum over all (c, i, k) of weight_cok * x_ci, + bias_o`

use super::convolution::{Convolution, convolves};
use crate::layer::{
    Arg, Args, Arity, Card, Factors, Kind, Layer, Linear, Literal, Param, Step,
    window::{Padding, Window},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y_o(i s + k) = sum over all (c, i, k) of weight_cok * x_ci, + bias_o`, with strides `s`: the transpose of a convolution, which spreads every element of
/// the input over a window of the output.
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
/// None with public weights (a linear combination an output element). With private ones, those of
/// [`crate::gadget::product::winograd`], never more than one product for each tap of a kernel that meets the input; and the range check
/// of each weight once.
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
#[derive(Clone, Debug, PartialEq)]
pub struct Conv1dTranspose {
    /// The number of output channels.
    pub filters: usize,
    /// Extent (`kernel`), stride, dilation and padding, along the second axis.
    pub window: Window,
    /// What is added at the end of the output.
    pub output_padding: usize,
    /// In how many groups channels and filters are split.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Conv1dTranspose {
    fn convolution(&self, _: &Shape) -> Convolution<'_> {
        Convolution {
            layer: Self::CARD.name,
            filters: self.filters,
            window: &self.window,
            groups: self.groups,
            transposed: Some([0, self.output_padding]),
        }
    }

    fn linear(&self) -> Linear {
        Linear::transposed(self.groups)
    }
}

impl Layer for Conv1dTranspose {
    const CARD: Card = Card {
        name: "conv1d_transpose",
        formula: "y_o(i s + k) = sum over all (c, i, k) of weight_cok * x_ci, + bias_o",
        shape: "[c, l]; [filters, spread(l)]",
        arity: Arity::Exactly(1),
        args: &[
            Arg { name: "filters", takes: "the number of output channels", default: None },
            Arg { name: "kernel", takes: "a whole number", default: None },
            Arg { name: "stride", takes: "a whole number", default: Some("1") },
            Arg { name: "padding", takes: "`valid`, `same`, a whole number or `[start, end]`", default: Some("valid") },
            Arg { name: "output_padding", takes: "a whole number", default: Some("0") },
            Arg { name: "dilation", takes: "a whole number", default: Some("1") },
            Arg { name: "groups", takes: "a whole number that divides channels and filters", default: Some("1") },
            Arg { name: "bias", takes: "`true` or `false`", default: Some("true") },
        ],
        onnx: "ConvTranspose",
        keras: "Conv1DTranspose",
        burn: "ConvTranspose1d",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let kernel = args.usize("kernel", 1, None)?;
        let (stride, dilation) = (args.usize("stride", 1, Some(1))?, args.usize("dilation", 1, Some(1))?);
        Ok(Self {
            filters: args.usize("filters", 1, None)?,
            window: Window::line(kernel, stride, dilation, Padding::parse_line(args, None)?),
            output_padding: args.usize("output_padding", 0, Some(0))?,
            groups: args.usize("groups", 1, Some(1))?,
            bias: args.bool("bias", true)?,
        })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![
            ("filters", self.filters.into()),
            ("kernel", self.window.kernel[1].into()),
            ("stride", self.window.stride[1].into()),
            ("padding", self.window.padding.literal_line()),
            ("output_padding", self.output_padding.into()),
            ("dilation", self.window.dilation[1].into()),
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
        AnyLayer::parse("conv1d_transpose", args).unwrap()
    }

    fn numbers(shape: &Shape, seed: usize) -> Tensor {
        Tensor::from_fn(shape.clone(), |i| ((i * 37 + seed * 11) % 23) as f64 - 11.0)
    }

    /// Stride 2, dilation 3, two groups, padding on both sides.
    fn intricate() -> (AnyLayer, Tensor) {
        let args = Args::new().with("filters", 4).with("kernel", 2).with("stride", 2).with("dilation", 3);
        let args = args.with("padding", [1, 2]).with("output_padding", 2).with("groups", 2);
        (layer(args), numbers(&Shape::new([4, 3]), 0))
    }

    fn naive(x: &Tensor, p: &[Tensor]) -> Tensor {
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

    #[test]
    fn the_shape_rule_is_that_of_keras_and_onnx() {
        let shape =
            |args: Args| layer(args.with("filters", 8).with("kernel", 3)).shape(&[&Shape::new([4, 5])]).unwrap();
        assert_eq!(shape(Args::new().with("stride", 2)), Shape::new([8, 11]));
        assert_eq!(shape(Args::new().with("stride", 2).with("padding", "same")), Shape::new([8, 10]));
        assert_eq!(shape(Args::new().with("stride", 4).with("padding", "same")), Shape::new([8, 20]));
        assert_eq!(shape(Args::new().with("padding", [0, 1])), Shape::new([8, 6]));
        let (layer, x) = intricate();
        assert_eq!(layer.params(&[x.shape()])[0].shape, Shape::new([4, 2, 2]));
        assert_eq!(layer.fanout(&[x.shape()]), 4);
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
        assert_eq!(AnyLayer::parse("conv1d_transpose", again), Ok(layer));
    }
}
