//! `y_cij = x_c(i / size)(j / size)`

use super::gathering::{Axis, Gathering, moves_elements};
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y_cij = x_c(i / size)(j / size)`, rounded down: every pixel becomes a block of `size` (nearest neighbour).
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, height, width]` | `s_x` |
/// | `y` | `[channels, size * height, size * width]` | `s_x` |
///
/// Sources: ONNX `Resize` and `Upsample` (nearest, asymmetric, whole scales), Keras `UpSampling2D`, Burn `Interpolate2d` (nearest).
///
/// # Constraints
/// None: the wires are the same.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([3, 4, 5]));
/// let y = graph.add("upsample2d", Args::new().with("size", 2), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([3, 8, 10]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Upsample2d {
    /// How often each row and each column is repeated.
    pub size: [usize; 2],
}

impl Upsample2d {
    /// Where the elements come from.
    fn gathering(&self, input: &Shape) -> Result<Gathering<'_>, LayerError> {
        let &[channels, height, width] = input.dims() else {
            return Err(LayerError::rank(0, Self::CARD.name, "a `[channels, height, width]` tensor", input)
                .help("insert `reshape(..)` before it"));
        };
        let [down, across] = self.size;
        let axes = vec![
            Axis::whole(0, channels),
            Axis::new(1, height.saturating_mul(down), move |i| Some(i / down)).repeated(down),
            Axis::new(2, width.saturating_mul(across), move |j| Some(j / across)).repeated(across),
        ];
        Ok(Gathering::new(input, axes))
    }
}

impl Layer for Upsample2d {
    const CARD: Card = Card {
        name: "upsample2d",
        formula: "y_cij = x_c(i / size)(j / size)",
        shape: "[c, h, w]; [c, size * h, size * w]",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "size", takes: "a whole number or `[height, width]`", default: None }],
        onnx: "Resize",
        keras: "UpSampling2D",
        burn: "Interpolate2d",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { size: args.pair("size", 1, None)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("size", self.size.into())]
    }

    moves_elements!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("upsample2d", args).unwrap()
    }

    fn intricate() -> (AnyLayer, Tensor) {
        (layer(Args::new().with("size", [1, 2])), Tensor::from_fn([2, 2, 1], |i| i as f64))
    }

    #[test]
    fn every_pixel_becomes_a_block() {
        let (layer, x) = intricate();
        let expected = [0, 0, 1, 1, 2, 2, 3, 3].map(f64::from).to_vec();
        assert_eq!(layer.float(&[&x], &[]), Tensor::new([2, 2, 2], expected).unwrap());
        assert_eq!(layer.fanout(&[x.shape()]), 2);
    }

    #[test]
    fn only_images_are_taken() {
        let error = intricate().0.shape(&[&Shape::new([4, 4])]).unwrap_err();
        assert_eq!(error.to_string(), "`upsample2d` expects a `[channels, height, width]` tensor, found shape [4, 4]");
        assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
    }

    #[test]
    fn an_output_that_is_too_large_is_refused() {
        let error = layer(Args::new().with("size", 1 << 28)).shape(&[&Shape::new([1, 1 << 14, 1 << 14])]).unwrap_err();
        assert!(error.to_string().contains("expected 1 to 268435456 elements"));
    }

    #[test]
    fn exact_moves_as_float_does() {
        let (layer, x) = intricate();
        let step = Step { inputs: vec![3], ..Step::default() };
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x.map(|x| *x as i64)], &[], &step).unwrap();
        assert_eq!(y.map(|q| *q as f64), layer.float(&[&x], &[]));
        assert_eq!(y.shape(), &layer.shape(&[x.shape()]).unwrap());
        assert_eq!((layer.factors(), layer.scale(&step)), (Factors::None, 3));
    }

    #[test]
    fn arguments_come_back() {
        let (layer, _) = intricate();
        let again = layer.args().into_iter().fold(Args::new(), |args, (n, v)| args.with(n, v));
        assert_eq!(AnyLayer::parse("upsample2d", again), Ok(layer));
    }
}
