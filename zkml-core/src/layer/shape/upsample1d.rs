//! `y_ci = x_c(i / size)`

use super::gathering::{Axis, Gathering, moves_elements};
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y_ci = x_c(i / size)`, rounded down: every element of a channel is repeated `size` times (nearest neighbour).
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, length]` | `s_x` |
/// | `y` | `[channels, size * length]` | `s_x` |
///
/// Sources: ONNX `Resize` (nearest, asymmetric, whole scales), Keras `UpSampling1D`, Burn `Interpolate1d` (nearest).
///
/// # Constraints
/// None: the wires are the same.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([3, 4]));
/// let y = graph.add("upsample1d", Args::new().with("size", 2), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([3, 8]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Upsample1d {
    /// How often each element is repeated.
    pub size: usize,
}

impl Upsample1d {
    /// Where the elements come from.
    fn gathering(&self, input: &Shape) -> Result<Gathering<'_>, LayerError> {
        let &[_, length] = input.dims() else {
            return Err(LayerError::rank(0, Self::CARD.name, "a `[channels, length]` tensor", input)
                .help("insert `reshape(..)` before it"));
        };
        let size = self.size;
        let axis = Axis::new(1, length.saturating_mul(size), move |i| Some(i / size)).repeated(size);
        Ok(Gathering::along(input, axis))
    }
}

impl Layer for Upsample1d {
    const CARD: Card = Card {
        name: "upsample1d",
        formula: "y_ci = x_c(i / size)",
        shape: "[c, l]; [c, size * l]",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "size", takes: "a whole number", default: None }],
        onnx: "Resize",
        keras: "UpSampling1D",
        burn: "Interpolate1d",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { size: args.usize("size", 1, None)? })
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
        AnyLayer::parse("upsample1d", args).unwrap()
    }

    fn intricate() -> (AnyLayer, Tensor) {
        (layer(Args::new().with("size", 3)), Tensor::from_fn([2, 2], |i| i as f64))
    }

    #[test]
    fn every_element_is_repeated() {
        let (layer, x) = intricate();
        let expected = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3].map(f64::from).to_vec();
        assert_eq!(layer.float(&[&x], &[]), Tensor::new([2, 6], expected).unwrap());
        assert_eq!(layer.fanout(&[x.shape()]), 3);
    }

    #[test]
    fn only_channels_are_taken() {
        let error = intricate().0.shape(&[&Shape::new([4])]).unwrap_err();
        assert_eq!(error.to_string(), "`upsample1d` expects a `[channels, length]` tensor, found shape [4]");
        assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
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
        assert_eq!(AnyLayer::parse("upsample1d", again), Ok(layer));
    }
}
