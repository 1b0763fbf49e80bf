//! Global sum pooling: the sum of each channel.

use super::pooling::{self, Reduction, global_pool, reduces};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step};
use crate::{
    arith::{Arith, ArithError},
    error::LayerError,
    shape::Shape,
    tensor::Tensor,
};

global_pool! {
    /// `y_c = sum_i x_ci`: the sum of each channel.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, length]` | `s_x` |
    /// | `y` | `[channels]` | `s_x` |
    ///
    /// Sources: ONNX `ReduceSum` over the two last axes (`keepdims = 0`), Keras (none), Burn (`sum_dim` over the two last axes, flattened).
    ///
    /// # Constraints
    /// None: a linear combination a channel.
    ///
    /// # Soundness
    /// The output is a linear combination of wires.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 7]));
    /// let y = graph.add("global_sum_pool1d", Args::new(), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct GlobalSumPool1d;
    Reduction::Sum, Kind::Sum(Over::Channel);
    Card {
        name: "global_sum_pool1d",
        formula: "y_c = sum_i x_ci",
        shape: "[c, l]; [c]",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "ReduceSum",
        keras: "-",
        burn: "-",
        constraints: "0",
    }
}

global_pool! {
    /// `y_c = sum_ij x_cij`: the sum of each channel.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, height, width]` | `s_x` |
    /// | `y` | `[channels]` | `s_x` |
    ///
    /// Sources: ONNX `ReduceSum` over the two last axes (`keepdims = 0`), Keras (none), Burn (`sum_dim` over the two last axes, flattened).
    ///
    /// # Constraints
    /// None: a linear combination a channel.
    ///
    /// # Soundness
    /// The output is a linear combination of wires.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 7, 7]));
    /// let y = graph.add("global_sum_pool2d", Args::new(), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct GlobalSumPool2d;
    Reduction::Sum, Kind::Sum(Over::Channel);
    Card {
        name: "global_sum_pool2d",
        formula: "y_c = sum_ij x_cij",
        shape: "[c, h, w]; [c]",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "ReduceSum",
        keras: "-",
        burn: "-",
        constraints: "0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::testing::layer};

    #[test]
    fn only_channels_of_lines_or_images_are_taken() {
        for (name, expected, shape, empty) in [
            ("global_sum_pool1d", "`[channels, length]`", Shape::new([3, 7]), Shape::new([3, 0])),
            ("global_sum_pool2d", "`[channels, height, width]`", Shape::new([3, 5, 7]), Shape::new([3, 0, 7])),
        ] {
            let layer = layer(name, Args::new());
            assert_eq!(layer.shape(&[&shape]), Ok(Shape::new([3])));
            let error = layer.shape(&[&Shape::new([12])]).unwrap_err();
            assert_eq!(error.to_string(), format!("`{name}` expects a {expected} tensor, found shape [12]"));
            assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
            assert!(layer.shape(&[&empty]).is_err());
        }
    }

    #[test]
    fn one_number_a_channel() {
        for (name, shape) in [("global_sum_pool1d", Shape::new([2, 3])), ("global_sum_pool2d", Shape::new([2, 1, 3]))] {
            let layer = layer(name, Args::new());
            let x = Tensor::of(shape, &[1, 2, 6, -4, -5, -6]).unwrap();
            assert_eq!(layer.float(&[&x], &[]).data(), [9.0, -15.0]);
            let step = Step { inputs: vec![3], ..Step::default() };
            let y = layer.exact(&mut Ints::<i64>::new(), &[&x.map(|x| *x as i64)], &[], &step).unwrap();
            assert_eq!((y.data(), layer.scale(&step)), ([9, -15].as_slice(), 3));
        }
    }
}
