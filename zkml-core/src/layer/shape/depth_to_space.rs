//! Depth to space (pixel shuffle): `y[c, i b + p, j b + q] = x[(p b + q) n + c, i, j]`.

use super::gathering::{Gathering, moves_elements};
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Depth to space (pixel shuffle): `y[c, i b + p, j b + q] = x[(p b + q) n + c, i, j]`, with `b = block` and `n = channels /
/// b^2`; channels become blocks of pixels.
///
/// With `mode = crd`, the channel is `(c b + p) b + q` (the pixel shuffle of PyTorch).
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, height, width]` | `s_x` |
/// | `y` | `[channels / block^2, block * height, block * width]` | `s_x` |
///
/// Sources: ONNX `DepthToSpace`, Keras `ops.nn.depth_to_space`, Burn `PixelShuffle` (`crd`).
///
/// # Constraints
/// None: the wires are the same.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([8, 3, 3]));
/// let y = graph.add("depth_to_space", Args::new().with("block", 2), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([2, 6, 6]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DepthToSpace {
    /// The extent of a block.
    pub block: usize,
    /// Whether the channels of a block are neighbours.
    pub crd: bool,
}

impl DepthToSpace {
    /// Where the elements come from.
    fn gathering(&self, input: &Shape) -> Result<Gathering<'_>, LayerError> {
        let &[channels, height, width] = input.dims() else {
            return Err(LayerError::rank(0, Self::CARD.name, "a `[channels, height, width]` tensor", input)
                .help("insert `reshape(..)` before it"));
        };
        let (b, area) = (self.block, self.block.saturating_mul(self.block));
        if !channels.is_multiple_of(area) {
            return Err(LayerError::argument(
                "block",
                format!("`block` of {b} needs a multiple of {area} channels, found {channels} in shape {input}"),
            )
            .help("use a block whose square divides the channels"));
        }
        let n = channels / area;
        let (view, order) = match self.crd {
            false => ([b, b, n, height, width], [2, 3, 0, 4, 1]),
            true => ([n, b, b, height, width], [0, 3, 1, 4, 2]),
        };
        let shape = Shape::new([n, b.saturating_mul(height), b.saturating_mul(width)]);
        Ok(Gathering::permuted(&Shape::new(view), &order).reshaped(shape))
    }
}

impl Layer for DepthToSpace {
    const CARD: Card = Card {
        name: "depth_to_space",
        formula: "y[c, i b + p, j b + q] = x[(p b + q) n + c, i, j]",
        shape: "[c, h, w]; [c / block^2, block * h, block * w]",
        arity: Arity::Exactly(1),
        args: &[
            Arg { name: "block", takes: "the extent of a block", default: None },
            Arg { name: "mode", takes: "`dcr` or `crd`", default: Some("dcr") },
        ],
        onnx: "DepthToSpace",
        keras: "-",
        burn: "PixelShuffle",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { block: args.usize("block", 1, None)?, crd: args.word("mode", &["dcr", "crd"])? == "crd" })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("block", self.block.into()), ("mode", if self.crd { "crd" } else { "dcr" }.into())]
    }

    moves_elements!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{AnyLayer, testing};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("depth_to_space", args).unwrap()
    }

    fn intricate() -> (AnyLayer, Tensor) {
        (layer(Args::new().with("block", 2).with("mode", "crd")), Tensor::from_fn([8, 2, 1], |i| i as f64))
    }

    #[test]
    fn float_is_the_definition() {
        for crd in [false, true] {
            let x = Tensor::from_fn([8, 2, 3], |i| i as f64);
            let mut expected = vec![0.0; 48];
            for c in 0..2 {
                for (i, j) in (0..2).flat_map(|i| (0..3).map(move |j| (i, j))) {
                    for (p, q) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                        let channel = if crd { (c * 2 + p) * 2 + q } else { (p * 2 + q) * 2 + c };
                        expected[(c * 4 + i * 2 + p) * 6 + j * 2 + q] = x.data()[(channel * 2 + i) * 3 + j];
                    }
                }
            }
            let layer = layer(Args::new().with("block", 2).with("mode", if crd { "crd" } else { "dcr" }));
            assert_eq!(layer.float(&[&x], &[]), Tensor::new([2, 4, 6], expected).unwrap());
        }
    }

    #[test]
    fn channels_that_make_no_blocks_are_refused() {
        let error = intricate().0.shape(&[&Shape::new([6, 2, 2])]).unwrap_err();
        assert_eq!(error.to_string(), "`block` of 2 needs a multiple of 4 channels, found 6 in shape [6, 2, 2]");
        assert_eq!(error.help.as_deref(), Some("use a block whose square divides the channels"));
        let error = AnyLayer::parse("depth_to_space", Args::new().with("block", 2).with("mode", "rdc")).unwrap_err();
        assert_eq!(error.to_string(), "`mode` is `rdc`, expected `dcr` or `crd`");
    }

    #[test]
    fn exact_moves_as_float_does_and_arguments_come_back() {
        let (layer, x) = intricate();
        testing::moves_alike(&layer, &x);
        testing::arguments_come_back(&layer);
    }
}
