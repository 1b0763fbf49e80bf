//! Broadcasting: `y_i = x_i`, with extents of one repeated.

use super::gathering::{Axis, Gathering, moves_elements};
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step, arithmetic::broadcast};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Broadcasting to a shape: `y_i = x_i`, with extents of one repeated, axes aligned at the last.
///
/// As ONNX has it, an extent of one in `shape` keeps that of `x`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any that broadcasts with `shape` | `s_x` |
/// | `y` | what both grow to | `s_x` |
///
/// Sources: ONNX `Expand`, Keras `ops.broadcast_to`, Burn `Tensor::expand`.
///
/// # Constraints
/// None: the wires are the same.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::{Args, Literal}, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([3, 1]));
/// let args = Args::new().with("shape", Literal::List(vec![2, 1, 4]));
/// let y = graph.add("broadcast_to", args, &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([2, 3, 4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BroadcastTo {
    /// The shape that `x` grows to.
    pub shape: Shape,
}

impl BroadcastTo {
    /// Where the elements come from.
    fn gathering(&self, input: &Shape) -> Result<Gathering<'_>, LayerError> {
        let Some(to) = broadcast::common(input, &self.shape) else {
            return Err(LayerError::argument(
                "shape",
                format!("`broadcast_to` expects shapes that broadcast, found {input} and {}", self.shape),
            )
            .help("axes are aligned at the last, and must be equal or 1; `reshape(..)` can add axes of 1"));
        };
        // Aligned at the last: axes are added before the first.
        let missing = to.rank() - input.rank();
        let view = Shape::new([vec![1; missing], input.dims().to_vec()].concat());
        let axis = |of: usize| match view.dims()[of] {
            1 => Axis::new(of, to.dims()[of], |_| Some(0)).repeated(to.dims()[of]),
            extent => Axis::whole(of, extent),
        };
        let axes = (0..to.rank()).map(axis).collect();
        Ok(Gathering::new(&view, axes))
    }
}

impl Layer for BroadcastTo {
    const CARD: Card = Card {
        name: "broadcast_to",
        formula: "y_i = x_i, with extents of one repeated",
        shape: "any that broadcasts to shape; shape",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "shape", takes: "a list of extents, such as `[8, 1, 28]`", default: None }],
        onnx: "Expand",
        keras: "-",
        burn: "expand",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let dims = args.list("shape", 1)?;
        if dims.is_empty() {
            return Err(LayerError::argument("shape", "`shape` is `[]`, expected at least one extent")
                .help("write a single number as `[1]`"));
        }
        Ok(Self { shape: Shape::new(dims) })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("shape", Literal::List(self.shape.dims().iter().map(|d| *d as i64).collect()))]
    }

    moves_elements!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{AnyLayer, testing};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("broadcast_to", args).unwrap()
    }

    fn intricate() -> (AnyLayer, Tensor) {
        let args = Args::new().with("shape", Literal::List(vec![2, 1, 2]));
        (layer(args), Tensor::from_fn([3, 1], |i| i as f64))
    }

    #[test]
    fn extents_of_one_repeat() {
        let (layer, x) = intricate();
        let expected = [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2].map(f64::from).to_vec();
        assert_eq!(layer.float(&[&x], &[]), Tensor::new([2, 3, 2], expected).unwrap());
        assert_eq!(layer.fanout(&[x.shape()]), 4);
    }

    #[test]
    fn other_extents_must_be_equal() {
        let error = intricate().0.shape(&[&Shape::new([3, 5])]).unwrap_err();
        assert_eq!(error.to_string(), "`broadcast_to` expects shapes that broadcast, found [3, 5] and [2, 1, 2]");
        assert!(error.help.is_some());
    }

    #[test]
    fn exact_moves_as_float_does_and_arguments_come_back() {
        let (layer, x) = intricate();
        testing::moves_alike(&layer, &x);
        testing::arguments_come_back(&layer);
    }
}
