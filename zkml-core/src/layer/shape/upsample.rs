//! Upsampling by repetition (nearest neighbour): `y_ci = x_c(i / size)`, over lines and images.

use super::gathering::{Axis, Gathering, moves_elements};
use crate::layer::{
    Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step,
    window::{self, image, line},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Where the elements come from, if each is repeated `size` times along each axis after the channels.
fn repeated(layer: &str, size: [usize; 2], input: &Shape) -> Result<Gathering<'static>, LayerError> {
    let sizes = if window::is_line(layer) { &size[1..] } else { &size[..] };
    if input.rank() != sizes.len() + 1 {
        return Err(window::refused(layer, input));
    }
    let mut axes = vec![Axis::whole(0, input.dims()[0])];
    for (of, size) in (1..).zip(sizes.iter().copied()) {
        axes.push(Axis::new(of, input.dims()[of].saturating_mul(size), move |i| Some(i / size)).repeated(size));
    }
    Ok(Gathering::new(input, axes))
}

/// An upsampling over as many axes as the name of its layer says, with that type of size.
macro_rules! upsample {
    ($(#[$doc:meta])* pub struct $name:ident; $size:ty: |$sides:pat_param| $from:expr, |$own:pat_param| $to:expr; $card:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            /// How often each element is repeated along each axis.
            pub size: $size,
        }

        impl $name {
            fn gathering(&self, input: &Shape) -> Result<Gathering<'_>, LayerError> {
                let $own = self.size;
                repeated(Self::CARD.name, $to, input)
            }
        }

        impl Layer for $name {
            const CARD: Card = $card;

            fn parse(args: &mut Args) -> Result<Self, LayerError> {
                let $sides = window::sides(Self::CARD.name, args, "size", 1, None)?;
                Ok(Self { size: $from })
            }

            fn args(&self) -> Vec<(&'static str, Literal)> {
                vec![("size", self.size.into())]
            }

            moves_elements!();
        }
    };
}

upsample! {
    /// One-dimensional upsampling (nearest neighbour): `y_ci = x_c(i / size)`, rounded down; every element is repeated `size`
    /// times.
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
    pub struct Upsample1d;
    usize: |[_, n]| n, |n| [1, n];
    Card {
        name: "upsample1d",
        formula: "y_ci = x_c(i / size)",
        shape: "[c, l]; [c, size * l]",
        arity: Arity::Exactly(1),
        args: &[line::SIZE],
        onnx: "Resize",
        keras: "UpSampling1D",
        burn: "Interpolate1d",
        constraints: "0",
    }
}

upsample! {
    /// Two-dimensional upsampling (nearest neighbour): `y_cij = x_c(i / size)(j / size)`, rounded down; every pixel becomes a
    /// block of `size`.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, height, width]` | `s_x` |
    /// | `y` | `[channels, size * height, size * width]` | `s_x` |
    ///
    /// Sources: ONNX `Resize` and `Upsample` (nearest, asymmetric, whole scales), Keras `UpSampling2D`, Burn `Interpolate2d`
    /// (nearest).
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
    pub struct Upsample2d;
    [usize; 2]: |sides| sides, |sides| sides;
    Card {
        name: "upsample2d",
        formula: "y_cij = x_c(i / size)(j / size)",
        shape: "[c, h, w]; [c, size * h, size * w]",
        arity: Arity::Exactly(1),
        args: &[image::SIZE],
        onnx: "Resize",
        keras: "UpSampling2D",
        burn: "Interpolate2d",
        constraints: "0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{
        AnyLayer,
        testing::{arguments_come_back, exact_is_float, layer},
    };

    fn line() -> (AnyLayer, Tensor<i64>) {
        (layer("upsample1d", Args::new().with("size", 3)), Tensor::from_fn([2, 2], |i| i as i64))
    }

    fn image() -> (AnyLayer, Tensor<i64>) {
        (layer("upsample2d", Args::new().with("size", [1, 2])), Tensor::from_fn([2, 2, 1], |i| i as i64))
    }

    #[test]
    fn every_element_is_repeated_in_both_semantics() {
        let (layer, x) = line();
        let y = exact_is_float(&layer, &x);
        assert_eq!(y, Tensor::new([2, 6], vec![0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]).unwrap());
        assert_eq!((layer.factors(), layer.fanout(&[x.shape()])), (Factors::None, 3));
        let (layer, x) = image();
        let y = exact_is_float(&layer, &x);
        assert_eq!(y, Tensor::new([2, 2, 2], vec![0, 0, 1, 1, 2, 2, 3, 3]).unwrap());
        assert_eq!((layer.factors(), layer.fanout(&[x.shape()])), (Factors::None, 2));
    }

    #[test]
    fn only_channels_of_lines_or_images_are_taken() {
        for ((layer, _), expected, other) in [
            (line(), "`upsample1d` expects a `[channels, length]` tensor", Shape::new([4])),
            (image(), "`upsample2d` expects a `[channels, height, width]` tensor", Shape::new([4, 4])),
        ] {
            let error = layer.shape(&[&other]).unwrap_err();
            assert_eq!(error.to_string(), format!("{expected}, found shape {other}"));
            assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
        }
    }

    #[test]
    fn an_output_that_is_too_large_is_refused() {
        let large = layer("upsample2d", Args::new().with("size", 1 << 28));
        let error = large.shape(&[&Shape::new([1, 1 << 14, 1 << 14])]).unwrap_err();
        assert!(error.to_string().contains("expected 1 to 268435456 elements"));
    }

    #[test]
    fn parsed_arguments_come_back() {
        arguments_come_back(&line().0);
        arguments_come_back(&image().0);
    }
}
