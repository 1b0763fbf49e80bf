//! `y_oi = sum_ck weight_ock * x_c(i+k) + bias_o`

use super::convolution::{Convolution, convolves};
use crate::layer::{
    Arg, Args, Arity, Card, Factors, Groups, Kind, Layer, Linear, Literal, Param, Step,
    window::{Padding, Window},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y_oi = sum_ck weight_ock * x_c(i+k) + bias_o`: a one-dimensional convolution (a cross-correlation, as everywhere).
///
/// With stride and dilation, the element is `i * stride + k * dilation`. With `groups`, filter `o` sees only the channels of
/// its group. What lies in the padding counts as zero; `padding = causal` puts all of it at the start, so that no output sees
/// what comes after it.
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
/// None with public weights (a linear combination an output element). With private ones, those of
/// [`crate::gadget::product::winograd`], never more than one product for each tap of a kernel that meets the input; and the range check
/// of each weight once.
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
#[derive(Clone, Debug, PartialEq)]
pub struct Conv1d {
    /// The number of output channels.
    pub filters: usize,
    /// Extent (`kernel`), stride, dilation and padding, along the second axis.
    pub window: Window,
    /// In how many groups channels and filters are split.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Conv1d {
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

impl Layer for Conv1d {
    const CARD: Card = Card {
        name: "conv1d",
        formula: "y_oi = sum_ck weight_ock * x_c(i+k) + bias_o",
        shape: "[c, l]; [filters, window(l)]",
        arity: Arity::Exactly(1),
        args: &[
            Arg { name: "filters", takes: "the number of output channels", default: None },
            Arg { name: "kernel", takes: "a whole number", default: None },
            Arg { name: "stride", takes: "a whole number", default: Some("1") },
            Arg {
                name: "padding",
                takes: "`valid`, `same`, `causal`, a whole number or `[start, end]`",
                default: Some("valid"),
            },
            Arg { name: "dilation", takes: "a whole number", default: Some("1") },
            Arg { name: "groups", takes: "a whole number that divides channels and filters", default: Some("1") },
            Arg { name: "bias", takes: "`true` or `false`", default: Some("true") },
        ],
        onnx: "Conv",
        keras: "Conv1D",
        burn: "Conv1d",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let kernel = args.usize("kernel", 1, None)?;
        let (stride, dilation) = (args.usize("stride", 1, Some(1))?, args.usize("dilation", 1, Some(1))?);
        let window = Window::line(kernel, stride, dilation, Padding::Valid);
        Ok(Self {
            filters: args.usize("filters", 1, None)?,
            window: Window { padding: Padding::parse_line(args, Some(window.reach(1)?))?, ..window },
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
        AnyLayer::parse("conv1d", args).unwrap()
    }

    fn numbers(shape: &Shape, seed: usize) -> Tensor {
        Tensor::from_fn(shape.clone(), |i| ((i * 37 + seed * 11) % 23) as f64 - 11.0)
    }

    /// Stride 2, dilation 3, two groups, padding at the start.
    fn intricate() -> (AnyLayer, Tensor) {
        let args = Args::new().with("filters", 4).with("kernel", 2).with("stride", 2).with("dilation", 3);
        (layer(args.with("padding", "causal").with("groups", 2)), numbers(&Shape::new([4, 7]), 0))
    }

    fn naive(x: &Tensor, p: &[Tensor]) -> Tensor {
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

    #[test]
    fn the_shape_rule_is_that_of_keras_and_onnx() {
        let shape =
            |args: Args| layer(args.with("filters", 8).with("kernel", 3)).shape(&[&Shape::new([4, 28])]).unwrap();
        assert_eq!(shape(Args::new()), Shape::new([8, 26]));
        assert_eq!(shape(Args::new().with("padding", "same").with("stride", 3)), Shape::new([8, 10]));
        assert_eq!(shape(Args::new().with("padding", "causal").with("dilation", 4)), Shape::new([8, 28]));
        assert_eq!(shape(Args::new().with("padding", [2, 1])), Shape::new([8, 29]));
        let (layer, x) = intricate();
        assert_eq!(layer.params(&[x.shape()])[0].shape, Shape::new([4, 2, 2]));
        assert_eq!(layer.fanout(&[x.shape()]), 2);
    }

    #[test]
    fn an_input_that_is_no_line_is_refused() {
        let error = intricate().0.shape(&[&Shape::new([4, 7, 7])]).unwrap_err();
        assert_eq!(error.to_string(), "`conv1d` expects a `[channels, length]` tensor, found shape [4, 7, 7]");
        assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
        let error = intricate().0.shape(&[&Shape::new([3, 7])]).unwrap_err();
        assert_eq!(error.to_string(), "`groups` of 2 does not divide the 3 channels");
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
        assert_eq!(AnyLayer::parse("conv1d", again), Ok(layer));
    }
}
