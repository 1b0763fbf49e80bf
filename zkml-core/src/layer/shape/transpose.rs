//! Transposition: `y[.., j, i] = x[.., i, j]`.

use super::gathering::{Gathering, moves_elements};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Transposition of the two last axes: `y[.., j, i] = x[.., i, j]`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[.., n, m]` | `s_x` |
/// | `y` | `[.., m, n]` | `s_x` |
///
/// Sources: ONNX `Transpose` (of the last two axes), Keras `Permute`, Burn `Tensor::transpose`.
///
/// # Constraints
/// None: the wires are the same.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([3, 5]));
/// let y = graph.add("transpose", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([5, 3]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Transpose;

impl Transpose {
    /// Where the elements come from.
    fn gathering(&self, input: &Shape) -> Result<Gathering<'_>, LayerError> {
        let rank = input.rank();
        if rank < 2 {
            return Err(LayerError::rank(0, Self::CARD.name, "a tensor with at least two axes", input)
                .help("insert `reshape(..)` before it"));
        }
        let mut order: Vec<usize> = (0..rank).collect();
        order.swap(rank - 2, rank - 1);
        Ok(Gathering::permuted(input, &order))
    }
}

impl Layer for Transpose {
    const CARD: Card = Card {
        name: "transpose",
        formula: "y[.., j, i] = x[.., i, j]",
        shape: "[.., n, m]; [.., m, n]",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Transpose",
        keras: "Permute",
        burn: "transpose",
        constraints: "0",
    };

    fn parse(_: &mut Args) -> Result<Self, LayerError> {
        Ok(Self)
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![]
    }

    moves_elements!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{AnyLayer, testing};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("transpose", args).unwrap()
    }

    fn intricate() -> (AnyLayer, Tensor) {
        (layer(Args::new()), Tensor::from_fn([2, 2, 3], |i| i as f64))
    }

    #[test]
    fn the_last_two_axes_change_places() {
        let (layer, x) = intricate();
        let expected = [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11].map(f64::from).to_vec();
        assert_eq!(layer.float(&[&x], &[]), Tensor::new([2, 3, 2], expected).unwrap());
        let error = layer.shape(&[&Shape::new([4])]).unwrap_err();
        assert_eq!(error.to_string(), "`transpose` expects a tensor with at least two axes, found shape [4]");
        assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
    }

    #[test]
    fn exact_moves_as_float_does_and_arguments_come_back() {
        let (layer, x) = intricate();
        testing::moves_alike(&layer, &x);
        testing::arguments_come_back(&layer);
    }
}
