//! Permutation of axes: `y[i_0, i_1, ..] = x[..]`, with the axes in another order.

use super::gathering::{Gathering, moves_elements};
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step, axes};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Permutation of axes: `y[i_0, i_1, ..] = x[..]`, axis `k` of `y` is axis `axes[k]` of `x`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | `[.., x.shape[axes[k]], ..]` | `s_x` |
///
/// Sources: ONNX `Transpose`, Keras `Permute` (whose axes count from 1), Burn `Tensor::permute`.
///
/// # Constraints
/// None: the wires are the same.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::{Args, Literal}, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([2, 3, 5]));
/// let args = Args::new().with("axes", Literal::List(vec![2, 0, 1]));
/// let y = graph.add("permute", args, &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([5, 2, 3]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Permute {
    /// For each axis of the output, the one of the input.
    pub axes: Vec<i64>,
}

impl Permute {
    /// Where the elements come from.
    fn gathering(&self, input: &Shape) -> Result<Gathering<'_>, LayerError> {
        let axes = axes::resolve_all("axes", &self.axes, input)?;
        if axes.len() != input.rank() {
            return Err(LayerError::argument(
                "axes",
                format!("`axes` names {} axes, found shape {input} with {}", axes.len(), input.rank()),
            )
            .help("name every axis once, in the order of the output"));
        }
        Ok(Gathering::permuted(input, &axes))
    }
}

impl Layer for Permute {
    const CARD: Card = Card {
        name: "permute",
        formula: "y[i_0, i_1, ..] = x[..], with the axes in another order",
        shape: "any; the extents in the order of axes",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "axes", takes: "a list of axes, such as `[1, 2, 0]`", default: None }],
        onnx: "Transpose",
        keras: "Permute",
        burn: "permute",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { axes: args.signed_list("axes")? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("axes", Literal::List(self.axes.clone()))]
    }

    moves_elements!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{AnyLayer, testing};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("permute", args).unwrap()
    }

    fn intricate() -> (AnyLayer, Tensor) {
        let args = Args::new().with("axes", Literal::List(vec![-1, 0, 1]));
        (layer(args), Tensor::from_fn([2, 3, 4], |i| i as f64))
    }

    #[test]
    fn every_axis_is_named_once() {
        let shape = |axes: &[i64]| {
            layer(Args::new().with("axes", Literal::List(axes.to_vec()))).shape(&[&Shape::new([2, 3, 4])])
        };
        assert_eq!(shape(&[2, 0, 1]), Ok(Shape::new([4, 2, 3])));
        let error = shape(&[1, 0]).unwrap_err();
        assert_eq!(error.to_string(), "`axes` names 2 axes, found shape [2, 3, 4] with 3");
        assert_eq!(error.help.as_deref(), Some("name every axis once, in the order of the output"));
        assert_eq!(shape(&[1, 0, 1]).unwrap_err().to_string(), "`axes` names axis 1 of shape [2, 3, 4] twice");
        assert!(shape(&[0, 1, 3]).is_err());
    }

    #[test]
    fn float_is_the_definition() {
        let (layer, x) = intricate();
        let mut expected = vec![];
        for k in 0..4 {
            for i in 0..2 {
                for j in 0..3 {
                    expected.push(x.data()[(i * 3 + j) * 4 + k]);
                }
            }
        }
        assert_eq!(layer.float(&[&x], &[]), Tensor::new([4, 2, 3], expected).unwrap());
    }

    #[test]
    fn exact_moves_as_float_does_and_arguments_come_back() {
        let (layer, x) = intricate();
        testing::moves_alike(&layer, &x);
        testing::arguments_come_back(&layer);
    }
}
