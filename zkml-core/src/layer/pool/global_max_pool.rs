//! Global max pooling: the largest element of each channel.

use super::pooling::{self, Reduction, global_pool, reduces};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

global_pool! {
    /// Global max pooling over the length: `y_c = max_i x_ci`.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, length]` | `s_x` |
    /// | `y` | `[channels]` | `s_x` |
    ///
    /// Sources: ONNX `GlobalMaxPool` and `Flatten`, Keras `GlobalMaxPooling1D`, Burn `AdaptiveMaxPool1d` to `1`, flattened.
    ///
    /// # Constraints
    /// `(n - 1) * (bits + 1)` an output element. This is [`crate::gadget::compare::max`] for all but one of the `n` elements in its
    /// channel; a maximum of two whose intervals say which is larger costs none.
    ///
    /// # Soundness
    /// Each maximum of two is a function of its inputs, see [`crate::gadget::compare::max`]; the largest is a tournament of them.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 7]));
    /// let y = graph.add("global_max_pool1d", Args::new(), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct GlobalMaxPool1d;
    Reduction::Max, Kind::Maximum(Over::Channel);
    Card {
        name: "global_max_pool1d",
        formula: "y_c = max_i x_ci",
        shape: "[c, l]; [c]",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "GlobalMaxPool",
        keras: "GlobalMaxPooling1D",
        burn: "AdaptiveMaxPool1d",
        constraints: "(n - 1) * (bits + 1)",
    }
}

global_pool! {
    /// Global max pooling over height and width: `y_c = max_ij x_cij`.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, height, width]` | `s_x` |
    /// | `y` | `[channels]` | `s_x` |
    ///
    /// Sources: ONNX `GlobalMaxPool` and `Flatten`, Keras `GlobalMaxPooling2D`, Burn `AdaptiveMaxPool2d` to `[1, 1]`,
    /// flattened.
    ///
    /// # Constraints
    /// `(n - 1) * (bits + 1)` an output element. This is [`crate::gadget::compare::max`] for all but one of the `n` elements in its
    /// channel; a maximum of two whose intervals say which is larger costs none.
    ///
    /// # Soundness
    /// Each maximum of two is a function of its inputs, see [`crate::gadget::compare::max`]; the largest is a tournament of them.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 7, 7]));
    /// let y = graph.add("global_max_pool2d", Args::new(), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct GlobalMaxPool2d;
    Reduction::Max, Kind::Maximum(Over::Channel);
    Card {
        name: "global_max_pool2d",
        formula: "y_c = max_ij x_cij",
        shape: "[c, h, w]; [c]",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "GlobalMaxPool",
        keras: "GlobalMaxPooling2D",
        burn: "AdaptiveMaxPool2d",
        constraints: "(n - 1) * (bits + 1)",
    }
}

#[cfg(test)]
mod tests {
    use super::super::pooling::tests::a_channel_gives;

    #[test]
    fn one_number_a_channel() {
        a_channel_gives("global_max_pool", [6.0, -4.0], [6, -4], (0, 3));
    }
}
