//! Instance normalization: `y_c = gamma_c * (x_c - mean_c) / sqrt(var_c + epsilon) + beta_c`.

use super::standardize::{self, EPSILON, Norm, standardizes};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step, axes};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Instance normalization: `y_c = gamma_c * (x_c - mean_c) / sqrt(var_c + epsilon) + beta_c`, with the mean and variance of
/// each channel.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, ..]`, of two axes or more | `s_x` |
/// | `gamma` | `[channels]` | `s_w` |
/// | `beta` | `[channels]` | `f + s_w` |
/// | `y` | that of `x` | `f + s_w`, with `f = s_w + 2`, but at least 2 and at most 60 |
///
/// Sources: ONNX `InstanceNormalization`, Keras `GroupNormalization` with a group a channel, Burn `InstanceNorm`.
///
/// # Limits
/// The rounding of `z` is below one of its units, `2^-f`, for inputs of at most the plan's [`Step::reach`], and at most
/// `1 + 2^d / 4` units for inputs of up to `2^d` times that. A group whose values are all the same, or nearly, is divided by
/// `sqrt(epsilon)`, as in floats; without an epsilon, `z` is zero where all are the same.
///
/// # Constraints
/// `about bits + 21 + 175 / n at 2^-8` an output element. For all `n` elements of a group at most `n * (max(reach + s_x +
/// ceil(log2 n), -2) + f + ceil(log2(n) / 2) + 7)`, with inputs of at most `2^reach`; and once a root and the quotient of a
/// constant by it, see [`crate::gadget::division::sqrt`] and [`crate::gadget::division::div`].
///
/// # Soundness
/// See these gadgets and [`crate::gadget::rescaling::rescale`]. The bound of `z` and the least variance, which the circuit enforces, hold
/// of every input.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4, 8]));
/// let y = graph.add("instance_norm", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4, 8]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceNorm {
    /// Added to the variance.
    pub epsilon: f64,
}

impl InstanceNorm {
    fn axes(&self, shape: &Shape) -> Result<Vec<usize>, LayerError> {
        if shape.rank() < 2 {
            return Err(LayerError::rank(0, Self::CARD.name, "a channel axis and at least one more", shape)
                .help("use `layer_norm(..)` for a tensor without channels"));
        }
        Ok((1..shape.rank()).collect())
    }

    fn param_axes(&self, _: &Shape) -> Vec<usize> {
        vec![0]
    }
}

impl Layer for InstanceNorm {
    const CARD: Card = Card {
        name: "instance_norm",
        formula: "y_c = gamma_c * (x_c - mean_c) / sqrt(var_c + epsilon) + beta_c",
        shape: "[c, ..]; that of x",
        arity: Arity::Exactly(1),
        args: &[EPSILON],
        onnx: "InstanceNormalization",
        keras: "GroupNormalization(groups = channels)",
        burn: "InstanceNorm",
        constraints: "about bits + 21 + 175 / n at 2^-8",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { epsilon: standardize::epsilon(args)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("epsilon", self.epsilon.into())]
    }

    standardizes!(centred: true);
}

#[cfg(test)]
mod tests {
    use super::{super::standardize::tests::float_is_the_formula_and_exact_is_near, *};

    #[test]
    fn both_semantics_are_the_formula() {
        let x = Tensor::new([2, 2], vec![1.0, 3.0, -2.0, -2.0]).unwrap();
        let params = [Tensor::vector(vec![2.0, 1.0]), Tensor::vector(vec![0.5, -1.0])];
        let expected = [-1.999_990 + 0.5, 1.999_990 + 0.5, -1.0, -1.0];
        float_is_the_formula_and_exact_is_near(&InstanceNorm { epsilon: 1e-5 }, &x, &params, &expected);
    }
}
