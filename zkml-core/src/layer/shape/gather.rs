//! Gathering: `y[.., i, ..] = x[.., indices[i], ..]`.

use super::gathering::{Axis, Gathering, moves_elements};
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step, axes};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Gathering along an axis: `y[.., i, ..] = x[.., indices[i], ..]`, in any order and any number of times.
///
/// The indices are constants; below zero they count from the last element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x`, with one element an index along `axis` | `s_x` |
///
/// Sources: ONNX `Gather` (constant indices), Keras `ops.take`, Burn `Tensor::select`.
///
/// # Constraints
/// None: the wires are the same.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::{Args, Literal}, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([8, 6]));
/// let args = Args::new().with("indices", Literal::List(vec![0, 3, -1])).with("axis", 1usize);
/// let y = graph.add("gather", args, &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([8, 3]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Gather {
    /// The elements that are taken, in the order of the output.
    pub indices: Vec<i64>,
    /// The axis that they lie on.
    pub axis: i64,
}

impl Gather {
    /// Where the elements come from.
    fn gathering(&self, input: &Shape) -> Result<Gathering<'_>, LayerError> {
        let axis = axes::resolve("axis", self.axis, input)?;
        let extent = input.dims()[axis] as i64;
        let mut places = Vec::with_capacity(self.indices.len());
        for index in &self.indices {
            let at = if *index < 0 { index.saturating_add(extent) } else { *index };
            if !(0..extent).contains(&at) {
                return Err(LayerError::argument(
                    "indices",
                    format!("`indices` names element {index}, found {extent} along axis {axis} of shape {input}"),
                )
                .help(format!(
                    "use {} to {}; below zero they count from the last",
                    -extent,
                    extent - 1
                )));
            }
            places.push(at as usize);
        }
        let repeats = most_common(&places);
        Ok(Gathering::along(input, Axis::new(axis, places.len(), move |i| places.get(i).copied()).repeated(repeats)))
    }
}

/// How often the most common of these numbers is there.
fn most_common(places: &[usize]) -> usize {
    let mut sorted = places.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).map(<[usize]>::len).max().unwrap_or(1)
}

impl Layer for Gather {
    const CARD: Card = Card {
        name: "gather",
        formula: "y[.., i, ..] = x[.., indices[i], ..]",
        shape: "any; one for each index along axis",
        arity: Arity::Exactly(1),
        args: &[
            Arg { name: "indices", takes: "a list of whole numbers", default: None },
            Arg { name: "axis", takes: "the axis that they lie on", default: Some("0") },
        ],
        onnx: "Gather",
        keras: "-",
        burn: "select",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { indices: args.signed_list("indices")?, axis: args.signed("axis", Some(0))? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("indices", Literal::List(self.indices.clone())), ("axis", Literal::Int(self.axis))]
    }

    moves_elements!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{AnyLayer, testing};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("gather", args).unwrap()
    }

    fn intricate() -> (AnyLayer, Tensor) {
        let args = Args::new().with("indices", Literal::List(vec![2, -3, 2])).with("axis", Literal::Int(-1));
        (layer(args), Tensor::from_fn([2, 3], |i| i as f64))
    }

    #[test]
    fn elements_are_taken_in_the_order_of_the_indices() {
        let (layer, x) = intricate();
        let expected = Tensor::new([2, 3], vec![2.0, 0.0, 2.0, 5.0, 3.0, 5.0]).unwrap();
        assert_eq!(layer.float(&[&x], &[]), expected);
        assert_eq!(layer.fanout(&[x.shape()]), 2);
    }

    #[test]
    fn an_index_outside_is_refused() {
        for index in [3, -4, i64::MIN] {
            let layer = layer(Args::new().with("indices", Literal::List(vec![0, index])));
            let error = layer.shape(&[&Shape::new([3, 2])]).unwrap_err();
            let expected = format!("`indices` names element {index}, found 3 along axis 0 of shape [3, 2]");
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.help.as_deref(), Some("use -3 to 2; below zero they count from the last"));
        }
    }

    #[test]
    fn exact_moves_as_float_does_and_arguments_come_back() {
        let (layer, x) = intricate();
        testing::moves_alike(&layer, &x);
        testing::arguments_come_back(&layer);
    }
}
