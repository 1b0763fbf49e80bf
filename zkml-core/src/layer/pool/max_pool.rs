//! Max pooling: `y = max over the window of x`, over lines and images.

use super::pooling::{self, Reduction, reduces, window_pool};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step, window::Window};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

window_pool! {
    /// One-dimensional max pooling: `y = max over the window of x`, the largest element of each window of a channel.
    ///
    /// What lies in the padding is left out.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, length]` | `s_x` |
    /// | `y` | `[channels, windows]` | `s_x` |
    ///
    /// Sources: ONNX `MaxPool` (without `Indices`), Keras `MaxPooling1D`, Burn `MaxPool1d`.
    ///
    /// # Constraints
    /// `(n - 1) * (bits + 1)` an output element. This is [`crate::gadget::compare::max`] for all but one of the `n` elements in its
    /// window; a maximum of two whose intervals say which is larger costs none.
    ///
    /// # Soundness
    /// Each maximum of two is a function of its inputs, see [`crate::gadget::compare::max`]; the largest is a tournament of them.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 24]));
    /// let y = graph.add("max_pool1d", Args::new().with("size", 2), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6, 12]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct MaxPool1d;
    Reduction::Max, Kind::Maximum;
    Card {
        name: "max_pool1d",
        formula: "y = max over the window of x",
        shape: "[c, l]; [c, window(l)]",
        arity: Arity::Exactly(1),
        args: pooling::LINE_ARGS,
        onnx: "MaxPool",
        keras: "MaxPooling1D",
        burn: "MaxPool1d",
        constraints: "(n - 1) * (bits + 1)",
    }
}

window_pool! {
    /// Two-dimensional max pooling: `y = max over the window of x`, the largest element of each window of a channel.
    ///
    /// Padding never wins: a window sees only what lies in the input.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, height, width]` | `s_x` |
    /// | `y` | `[channels, windows down, windows across]` | `s_x` |
    ///
    /// Sources: ONNX `MaxPool` (without `Indices`), Keras `MaxPooling2D`, Burn `MaxPool2d`.
    ///
    /// # Constraints
    /// `(n - 1) * (bits + 1)` an output element. This is [`crate::gadget::compare::max`] for all but one of the `n` elements in its
    /// window; a maximum of two whose intervals say which is larger costs none.
    ///
    /// # Soundness
    /// Each maximum of two is a function of its inputs, see [`crate::gadget::compare::max`]; the largest is a tournament of them.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 24, 24]));
    /// let y = graph.add("max_pool2d", Args::new().with("size", 2), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6, 12, 12]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct MaxPool2d;
    Reduction::Max, Kind::Maximum;
    Card {
        name: "max_pool2d",
        formula: "y = max over the window of x",
        shape: "[c, h, w]; [c, window(h), window(w)]",
        arity: Arity::Exactly(1),
        args: pooling::IMAGE_ARGS,
        onnx: "MaxPool",
        keras: "MaxPooling2D",
        burn: "MaxPool2d",
        constraints: "(n - 1) * (bits + 1)",
    }
}

#[cfg(test)]
mod tests {
    use super::{super::pooling::tests::windows_slide, *};
    use crate::layer::testing::{exact_is_float, layer};

    #[test]
    fn windows_slide_over_lines_and_images() {
        windows_slide("max_pool");
    }

    #[test]
    fn each_window_gives_its_largest() {
        let x = Tensor::new([1, 6], vec![-5.0, 9.0, -3.0, 2.0, 6.0, 8.0]).unwrap();
        let y = layer("max_pool1d", Args::new().with("size", 2)).float(&[&x], &[]);
        assert_eq!(y, Tensor::new([1, 3], vec![9.0, 2.0, 8.0]).unwrap());
    }

    #[test]
    fn the_largest_of_each_window_even_below_the_padding() {
        let x = Tensor::of([1, 2, 4], &[-1, -5, -7, -2, -3, -4, -9, -8]).unwrap();
        let y = layer("max_pool2d", Args::new().with("size", 2)).float(&[&x], &[]);
        assert_eq!(y, Tensor::new([1, 1, 2], vec![-1.0, -2.0]).unwrap());
        let padded = layer("max_pool2d", Args::new().with("size", 3).with("stride", 1).with("padding", "same"));
        let expected = vec![-1.0, -1.0, -2.0, -2.0, -1.0, -1.0, -2.0, -2.0];
        assert_eq!(padded.float(&[&x], &[]), Tensor::new([1, 2, 4], expected).unwrap());
    }

    #[test]
    fn exact_is_float_on_integers() {
        let line = layer("max_pool1d", Args::new().with("size", 4).with("stride", 3).with("padding", [2, 1]));
        exact_is_float(&line, &Tensor::from_fn([2, 6], |i| (i as i64 * 37) % 23 - 11));
        let image = layer("max_pool2d", Args::new().with("size", 3).with("stride", 2).with("padding", 1usize));
        let x = Tensor::from_fn([2, 5, 6], |i| (i as i64 * 37) % 23 - 11);
        exact_is_float(&image, &x);
        assert_eq!(image.fanout(&[x.shape()]), 8);
    }
}
