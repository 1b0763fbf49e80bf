//! Global sum pooling: the sum of each channel.

use super::pooling::{self, Reduction, global_pool, reduces};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

global_pool! {
    /// Global sum pooling over the length: `y_c = sum_i x_ci`.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, length]` | `s_x` |
    /// | `y` | `[channels]` | `s_x` |
    ///
    /// Sources: ONNX `ReduceSum` over the two last axes (`keepdims = 0`), Keras (none), Burn (`sum_dim` over the two last axes,
    /// flattened).
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
    /// Global sum pooling over height and width: `y_c = sum_ij x_cij`.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, height, width]` | `s_x` |
    /// | `y` | `[channels]` | `s_x` |
    ///
    /// Sources: ONNX `ReduceSum` over the two last axes (`keepdims = 0`), Keras (none), Burn (`sum_dim` over the two last axes,
    /// flattened).
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
    use super::super::pooling::tests::a_channel_gives;

    #[test]
    fn one_number_a_channel() {
        a_channel_gives("global_sum_pool", [9.0, -15.0], [9, -15], (0, 3));
    }
}
