//! Space to depth (pixel unshuffle): `y[(p b + q) n + c, i, j] = x[c, i b + p, j b + q]`.

use super::gathering::{Gathering, moves_elements};
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Space to depth (pixel unshuffle): `y[(p b + q) n + c, i, j] = x[c, i b + p, j b + q]`, with `b = block` and `n = channels`;
/// blocks of pixels become channels.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, height, width]` | `s_x` |
/// | `y` | `[channels * block^2, height / block, width / block]` | `s_x` |
///
/// Sources: ONNX `SpaceToDepth`, Keras `ops.nn.space_to_depth`.
///
/// # Constraints
/// None: the wires are the same.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([2, 6, 6]));
/// let y = graph.add("space_to_depth", Args::new().with("block", 2), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([8, 3, 3]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SpaceToDepth {
    /// The extent of a block.
    pub block: usize,
}

impl SpaceToDepth {
    /// Where the elements come from.
    fn gathering(&self, input: &Shape) -> Result<Gathering<'_>, LayerError> {
        let &[channels, height, width] = input.dims() else {
            return Err(LayerError::rank(0, Self::CARD.name, "a `[channels, height, width]` tensor", input)
                .help("insert `reshape(..)` before it"));
        };
        let b = self.block;
        if !height.is_multiple_of(b) || !width.is_multiple_of(b) {
            return Err(LayerError::argument(
                "block",
                format!("`block` of {b} divides height and width, found {height} and {width} in shape {input}"),
            )
            .help("use a block that divides both, or `pad(..)` before it"));
        }
        let (rows, columns) = (height / b, width / b);
        let view = Shape::new([channels, rows, b, columns, b]);
        let shape = Shape::new([channels * b * b, rows, columns]);
        Ok(Gathering::permuted(&view, &[2, 4, 0, 1, 3]).reshaped(shape))
    }
}

impl Layer for SpaceToDepth {
    const CARD: Card = Card {
        name: "space_to_depth",
        formula: "y[(p b + q) n + c, i, j] = x[c, i b + p, j b + q]",
        shape: "[c, h, w]; [c * block^2, h / block, w / block]",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "block", takes: "the extent of a block", default: None }],
        onnx: "SpaceToDepth",
        keras: "-",
        burn: "-",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { block: args.usize("block", 1, None)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("block", self.block.into())]
    }

    moves_elements!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{AnyLayer, testing};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("space_to_depth", args).unwrap()
    }

    fn intricate() -> (AnyLayer, Tensor) {
        (layer(Args::new().with("block", 2)), Tensor::from_fn([2, 4, 6], |i| i as f64))
    }

    #[test]
    fn it_undoes_depth_to_space() {
        let (layer, x) = intricate();
        let back = AnyLayer::parse("depth_to_space", Args::new().with("block", 2)).unwrap();
        let y = layer.float(&[&x], &[]);
        assert_eq!(y.shape(), &Shape::new([8, 2, 3]));
        // Channel (p * 2 + q) * 2 + c holds the pixels (p, q) of the blocks of channel c.
        assert_eq!(y.data()[3 * 6..][..6], [25.0, 27.0, 29.0, 37.0, 39.0, 41.0]);
        assert_eq!(back.float(&[&y], &[]), x);
    }

    #[test]
    fn pixels_that_make_no_blocks_are_refused() {
        let error = intricate().0.shape(&[&Shape::new([1, 4, 5])]).unwrap_err();
        assert_eq!(error.to_string(), "`block` of 2 divides height and width, found 4 and 5 in shape [1, 4, 5]");
        assert_eq!(error.help.as_deref(), Some("use a block that divides both, or `pad(..)` before it"));
    }

    #[test]
    fn exact_moves_as_float_does_and_arguments_come_back() {
        let (layer, x) = intricate();
        testing::moves_alike(&layer, &x);
        testing::arguments_come_back(&layer);
    }
}
