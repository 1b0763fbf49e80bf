//! `y_c = sum_i x_ci / length`

use std::convert::Infallible;

use super::{global_sum_pool1d::GlobalSumPool1d, pooling};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y_c = sum_i x_ci / length`: the mean of each channel.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, length]` | `s_x` |
/// | `y` | `[channels]` | `s_x + f` |
///
/// Sources: ONNX `GlobalAveragePool` and `Flatten`, Keras `GlobalAveragePooling1D`, Burn `AdaptiveAvgPool1d` to `1`, flattened.
///
/// # Constraints
/// None: a linear combination a channel.
///
/// The sum of the `n = length` elements is multiplied by `round(2^f / n)`, where `f` is the factor of the plan: an
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
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalAvgPool1d;

impl Layer for GlobalAvgPool1d {
    const CARD: Card = Card {
        name: "global_avg_pool1d",
        formula: "y_c = sum_i x_ci / length",
        shape: "[c, l]; [c]",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "GlobalAveragePool",
        keras: "GlobalAveragePooling1D",
        burn: "AdaptiveAvgPool1d",
        constraints: "0",
    };

    fn parse(_: &mut Args) -> Result<Self, LayerError> {
        Ok(Self)
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        pooling::global_shape(Self::CARD.name, inputs[0])
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        let Ok(y) = pooling::global(inputs[0], |values| Ok::<_, Infallible>(pooling::float_mean(values)));
        y
    }

    fn factors(&self) -> Factors {
        Factors::Constants
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0] + step.factor
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        Kind::Mean(Over::Channel, Some(Box::new(GlobalSumPool1d.into())))
    }

    fn fuses_rescale(&self) -> bool {
        false
    }

    fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &[&Tensor<A::Wire>],
        _: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        let y =
            pooling::global(x[0], |values| pooling::sum(a, values, pooling::reciprocal(values.len(), step.factor)?))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn only_lines_are_taken() {
        assert_eq!(GlobalAvgPool1d.shape(&[&Shape::new([3, 7])]), Ok(Shape::new([3])));
        let error = GlobalAvgPool1d.shape(&[&Shape::new([12])]).unwrap_err();
        assert_eq!(error.to_string(), "`global_avg_pool1d` expects a `[channels, length]` tensor, found shape [12]");
        assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
        assert!(GlobalAvgPool1d.shape(&[&Shape::new([3, 0])]).is_err());
    }

    #[test]
    fn one_number_a_channel() {
        let x = Tensor::of([2, 3], &[1, 2, 6, -4, -5, -6]).unwrap();
        assert_eq!(GlobalAvgPool1d.float(&[&x], &[]).data(), [3.0, -5.0]);
        let step = Step { inputs: vec![3], factor: 8, ..Step::default() };
        let q = x.map(|x| *x as i64);
        let y = GlobalAvgPool1d.exact(&mut Ints::<i64>::new(), &[&q], &[], &step).unwrap();
        assert_eq!(y.data(), [9 * 85, -15 * 85]);
        assert_eq!(GlobalAvgPool1d.scale(&step), 11);
    }

    #[test]
    fn a_power_of_two_is_exact() {
        let q = Tensor::from_fn([1, 8], |i| i as i64);
        let step = Step { inputs: vec![0], factor: 3, ..Step::default() };
        let y = GlobalAvgPool1d.exact(&mut Ints::<i64>::new(), &[&q], &[], &step).unwrap();
        assert_eq!(y.data(), [28]);
    }
}
