//! Cropping: `y[i, ..] = x[i + before, ..]`.

use super::{
    border::Border,
    gathering::{Axis, Gathering, moves_elements},
};
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Cropping: `y[i, ..] = x[i + before, ..]`, so many elements less at both ends of the axes.
///
/// `cropping` is written as the padding of `pad`: one number, `[vertical, horizontal]`, `[top, left, bottom, right]`, or
/// what is cut off before each axis and then what is cut off after each.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | `x.shape - before - after` | `s_x` |
///
/// Sources: ONNX `Slice` and `Pad` below zero, Keras `Cropping1D` and `Cropping2D`, Burn `Tensor::slice`.
///
/// # Constraints
/// None: the wires are the same.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([1, 28, 28]));
/// let y = graph.add("crop", Args::new().with("cropping", 2), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([1, 24, 24]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Crop {
    /// What is cut off.
    pub cropping: Border,
}

impl Crop {
    /// Where the elements come from.
    fn gathering(&self, input: &Shape) -> Result<Gathering<'_>, LayerError> {
        let ends = self.cropping.ends("cropping", input)?;
        let mut axes = Vec::with_capacity(ends.len());
        for (of, ([before, after], extent)) in ends.into_iter().zip(input.dims()).enumerate() {
            if before + after >= *extent {
                return Err(LayerError::argument(
                    "cropping",
                    format!("`cropping` of {before} and {after} leaves nothing of axis {of} of shape {input}"),
                )
                .help(format!("expected less than {extent} in sum")));
            }
            axes.push(Axis::new(of, extent - before - after, move |i| Some(i + before)));
        }
        Ok(Gathering::new(input, axes))
    }
}

impl Layer for Crop {
    const CARD: Card = Card {
        name: "crop",
        formula: "y[i, ..] = x[i + before, ..]",
        shape: "any; extent - before - after",
        arity: Arity::Exactly(1),
        args: &[Arg {
            name: "cropping",
            takes: "a whole number, `[vertical, horizontal]`, `[top, left, bottom, right]`, or before and after each axis",
            default: None,
        }],
        onnx: "Slice",
        keras: "Cropping1D, Cropping2D",
        burn: "slice",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { cropping: Border::parse(args, "cropping")? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("cropping", self.cropping.literal())]
    }

    moves_elements!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{AnyLayer, testing};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("crop", args).unwrap()
    }

    fn intricate() -> (AnyLayer, Tensor) {
        let args = Args::new().with("cropping", Literal::List(vec![1, 0, 0, 2]));
        (layer(args), Tensor::from_fn([2, 3, 4], |i| i as f64))
    }

    #[test]
    fn the_ends_are_cut_off() {
        let (layer, x) = intricate();
        let expected = [4, 5, 8, 9, 16, 17, 20, 21].map(f64::from).to_vec();
        assert_eq!(layer.float(&[&x], &[]), Tensor::new([2, 2, 2], expected).unwrap());
    }

    #[test]
    fn something_is_left() {
        let error = intricate().0.shape(&[&Shape::new([2, 3, 2])]).unwrap_err();
        assert_eq!(error.to_string(), "`cropping` of 0 and 2 leaves nothing of axis 2 of shape [2, 3, 2]");
        assert_eq!(error.help.as_deref(), Some("expected less than 2 in sum"));
    }

    #[test]
    fn exact_moves_as_float_does_and_arguments_come_back() {
        let (layer, x) = intricate();
        testing::moves_alike(&layer, &x);
        testing::arguments_come_back(&layer);
    }
}
