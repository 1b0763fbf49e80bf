//! Global average pooling: the mean of each channel.

use super::{
    global_sum_pool::{GlobalSumPool1d, GlobalSumPool2d},
    pooling::{self, Reduction, global_pool, reduces},
};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

global_pool! {
    /// Global average pooling over the length: `y_c = sum_i x_ci / length`.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, length]` | `s_x` |
    /// | `y` | `[channels]` | `s_x + f` |
    ///
    /// Sources: ONNX `GlobalAveragePool` and `Flatten`, Keras `GlobalAveragePooling1D`, Burn `AdaptiveAvgPool1d` to `1`,
    /// flattened.
    ///
    /// # Constraints
    /// None: a linear combination a channel.
    ///
    /// The sum of the `n = length` elements is multiplied by `round(2^f / n)`, where `f` is the weight scale of the plan: an
    /// error of at most `n / 2^(f + 1)` of the mean, and none if `n` is a power of two and `f >= log2 n`.
    ///
    /// # Soundness
    /// The output is a linear combination of wires.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 7]));
    /// let y = graph.add("global_avg_pool1d", Args::new(), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct GlobalAvgPool1d;
    Reduction::Mean, Kind::Mean(Over::Channel, Some(Box::new(GlobalSumPool1d.into())));
    Card {
        name: "global_avg_pool1d",
        formula: "y_c = sum_i x_ci / length",
        shape: "[c, l]; [c]",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "GlobalAveragePool",
        keras: "GlobalAveragePooling1D",
        burn: "AdaptiveAvgPool1d",
        constraints: "0",
    }
}

global_pool! {
    /// Global average pooling over height and width: `y_c = sum_ij x_cij / (height * width)`.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, height, width]` | `s_x` |
    /// | `y` | `[channels]` | `s_x + f` |
    ///
    /// Sources: ONNX `GlobalAveragePool` and `Flatten`, Keras `GlobalAveragePooling2D`, Burn `AdaptiveAvgPool2d` to `[1, 1]`,
    /// flattened.
    ///
    /// # Constraints
    /// None: a linear combination a channel.
    ///
    /// The sum of the `n = height * width` elements is multiplied by `round(2^f / n)`, where `f` is the weight scale of the
    /// plan: an error of at most `n / 2^(f + 1)` of the mean, and none if `n` is a power of two and `f >= log2 n`.
    ///
    /// # Soundness
    /// The output is a linear combination of wires.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 7, 7]));
    /// let y = graph.add("global_avg_pool2d", Args::new(), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct GlobalAvgPool2d;
    Reduction::Mean, Kind::Mean(Over::Channel, Some(Box::new(GlobalSumPool2d.into())));
    Card {
        name: "global_avg_pool2d",
        formula: "y_c = sum_ij x_cij / (height * width)",
        shape: "[c, h, w]; [c]",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "GlobalAveragePool",
        keras: "GlobalAveragePooling2D",
        burn: "AdaptiveAvgPool2d",
        constraints: "0",
    }
}

#[cfg(test)]
mod tests {
    use super::{super::pooling::tests::a_channel_gives, *};
    use crate::{arith::ints::Ints, layer::testing::layer};

    #[test]
    fn one_number_a_channel() {
        a_channel_gives("global_avg_pool", [3.0, -5.0], [9 * 85, -15 * 85], (8, 11));
    }

    #[test]
    fn a_power_of_two_is_exact() {
        for (name, shape) in [("global_avg_pool1d", Shape::new([1, 8])), ("global_avg_pool2d", Shape::new([1, 2, 4]))] {
            let q = Tensor::from_fn(shape, |i| i as i64);
            let step = Step { inputs: vec![0], weight_scale: 3, ..Step::default() };
            let y = layer(name, Args::new()).exact(&mut Ints::<i64>::new(), &[&q], &[], &step).unwrap();
            assert_eq!(y.data(), [28]);
        }
    }
}
