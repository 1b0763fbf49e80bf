//! Sum pooling: `y = sum over the window of x`, over lines and images.

use super::pooling::{self, Reduction, reduces, window_pool};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step, window::Window};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

window_pool! {
    /// One-dimensional sum pooling: `y = sum over the window of x`, the sum of each window of a channel.
    ///
    /// What lies in the padding counts as zero.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, length]` | `s_x` |
    /// | `y` | `[channels, windows]` | `s_x` |
    ///
    /// Sources: the numerator of `avg_pool1d`, for models trained without its division.
    ///
    /// # Constraints
    /// None: a linear combination an output element.
    ///
    /// # Soundness
    /// The output is a linear combination of wires.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 24]));
    /// let y = graph.add("sum_pool1d", Args::new().with("size", 2), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6, 12]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct SumPool1d;
    Reduction::Sum, Kind::Sum;
    Card {
        name: "sum_pool1d",
        formula: "y = sum over the window of x",
        shape: "[c, l]; [c, window(l)]",
        arity: Arity::Exactly(1),
        args: pooling::LINE_ARGS,
        onnx: "-",
        keras: "-",
        burn: "-",
        constraints: "0",
    }
}

window_pool! {
    /// Two-dimensional sum pooling: `y = sum over the window of x`, the sum of each window of a channel.
    ///
    /// What lies in the padding counts as zero.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, height, width]` | `s_x` |
    /// | `y` | `[channels, windows down, windows across]` | `s_x` |
    ///
    /// Sources: ONNX (none: `AveragePool` times the window's area), Keras (none), Burn (none).
    ///
    /// # Constraints
    /// None: a linear combination an output element.
    ///
    /// # Soundness
    /// The output is a linear combination of wires.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 24, 24]));
    /// let y = graph.add("sum_pool2d", Args::new().with("size", 2), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6, 12, 12]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct SumPool2d;
    Reduction::Sum, Kind::Sum;
    Card {
        name: "sum_pool2d",
        formula: "y = sum over the window of x",
        shape: "[c, h, w]; [c, window(h), window(w)]",
        arity: Arity::Exactly(1),
        args: pooling::IMAGE_ARGS,
        onnx: "-",
        keras: "-",
        burn: "-",
        constraints: "0",
    }
}

#[cfg(test)]
mod tests {
    use super::{super::pooling::tests::windows_slide, *};
    use crate::layer::testing::{exact_is_float, layer};

    #[test]
    fn windows_slide_over_lines_and_images() {
        windows_slide("sum_pool");
    }

    #[test]
    fn each_window_gives_its_sum() {
        let x = Tensor::new([1, 6], vec![-5.0, 9.0, -3.0, 2.0, 6.0, 8.0]).unwrap();
        let y = layer("sum_pool1d", Args::new().with("size", 2)).float(&[&x], &[]);
        assert_eq!(y, Tensor::new([1, 3], vec![4.0, -1.0, 14.0]).unwrap());
    }

    #[test]
    fn the_sum_of_each_window_with_zeros_around() {
        let x = Tensor::of([1, 2, 4], &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        let y = layer("sum_pool2d", Args::new().with("size", 2)).float(&[&x], &[]);
        assert_eq!(y, Tensor::new([1, 1, 2], vec![14.0, 22.0]).unwrap());
        let padded = layer("sum_pool2d", Args::new().with("size", 3).with("stride", 1).with("padding", "same"));
        let expected = vec![14.0, 24.0, 30.0, 22.0, 14.0, 24.0, 30.0, 22.0];
        assert_eq!(padded.float(&[&x], &[]), Tensor::new([1, 2, 4], expected).unwrap());
    }

    #[test]
    fn exact_is_float_on_integers() {
        let line = layer("sum_pool1d", Args::new().with("size", 4).with("stride", 3).with("padding", [2, 1]));
        exact_is_float(&line, &Tensor::from_fn([2, 6], |i| (i as i64 * 37) % 23 - 11));
        let image = layer("sum_pool2d", Args::new().with("size", 3).with("stride", 2).with("padding", 1usize));
        let x = Tensor::from_fn([2, 5, 6], |i| (i as i64 * 37) % 23 - 11);
        exact_is_float(&image, &x);
        assert_eq!(image.fanout(&[x.shape()]), 4);
    }
}
