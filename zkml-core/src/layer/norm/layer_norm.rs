//! Layer normalization `y = gamma * (x - mean) / sqrt(var + epsilon) + beta`, and root mean square normalization
//! `y = gamma * x / sqrt(mean(x^2) + epsilon)`.

use super::standardize::{self, EPSILON, Norm, standardizes};
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step, axes};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// A normalization along axes; `centred` is whether the mean is subtracted.
macro_rules! norm {
    ($(#[$doc:meta])* pub struct $name:ident; centred: $centred:expr; $card:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            /// The axes whose elements are normalised together; negative ones count from the end.
            pub axes: Vec<i64>,
            /// Added to the variance, or to the mean square.
            pub epsilon: f64,
        }

        impl $name {
            fn axes(&self, shape: &Shape) -> Result<Vec<usize>, LayerError> {
                let mut axes = axes::resolve_all("axes", &self.axes, shape)?;
                axes.sort_unstable();
                Ok(axes)
            }

            fn param_axes(&self, shape: &Shape) -> Vec<usize> {
                self.axes(shape).unwrap_or_default()
            }
        }

        impl Layer for $name {
            const CARD: Card = $card;

            fn parse(args: &mut Args) -> Result<Self, LayerError> {
                let epsilon = standardize::epsilon(args)?;
                Ok(Self { axes: axes::parse(args, "axes", &[-1])?, epsilon })
            }

            fn args(&self) -> Vec<(&'static str, Literal)> {
                vec![("axes", Literal::List(self.axes.clone())), ("epsilon", self.epsilon.into())]
            }

            standardizes!(centred: $centred);
        }
    };
}

const AXES: Arg = Arg { name: "axes", takes: "a list of axes", default: Some("[-1]") };

norm! {
    /// Layer normalization: `y = gamma * (x - mean) / sqrt(var + epsilon) + beta`, with mean and variance over the elements of
    /// `axes`.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | any | `s_x` |
    /// | `gamma` | the extents of `axes` | `s_w` |
    /// | `beta` | the extents of `axes` | `f + s_w` |
    /// | `y` | that of `x` | `f + s_w`, with `f = s_w + 2`, but at least 2 and at most 60 |
    ///
    /// Sources: ONNX `LayerNormalization`, Keras `LayerNormalization`, Burn `LayerNorm`.
    ///
    /// # Limits
    /// The rounding of `z` is below one of its units, `2^-f`, for inputs of at most the plan's [`Step::reach`], and at most `1
    /// + 2^d / 4` units for inputs of up to `2^d` times that. A group whose values are all the same, or nearly, is divided by
    /// `sqrt(epsilon)`, as in floats; without an epsilon, `z` is zero where all are the same.
    ///
    /// # Constraints
    /// `about bits + 21 + 175 / n at 2^-8` an output element. For all `n` elements of a group at most `n * (max(reach + s_x +
    /// ceil(log2 n), -2) + f + ceil(log2(n) / 2) + 7)`, with inputs of at most `2^reach`; and once a root and the quotient of a
    /// constant by it, see [`crate::gadget::division::sqrt`] and [`crate::gadget::division::div`].
    ///
    /// # Soundness
    /// See these gadgets and [`crate::gadget::rescaling::rescale`]. The bound of `z` and the least variance, which the circuit enforces,
    /// hold of every input.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([4, 8]));
    /// let y = graph.add("layer_norm", Args::new(), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([4, 8]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct LayerNorm;
    centred: true;
    Card {
        name: "layer_norm",
        formula: "y = gamma * (x - mean) / sqrt(var + epsilon) + beta",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[AXES, EPSILON],
        onnx: "LayerNormalization",
        keras: "LayerNormalization",
        burn: "LayerNorm",
        constraints: "about bits + 21 + 175 / n at 2^-8",
    }
}

norm! {
    /// Root mean square normalization: `y = gamma * x / sqrt(mean(x^2) + epsilon)`, with the mean over the elements of `axes`.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | any | `s_x` |
    /// | `gamma` | the extents of `axes` | `s_w` |
    /// | `y` | that of `x` | `f + s_w`, with `f = s_w + 2`, but at least 2 and at most 60 |
    ///
    /// Sources: ONNX `RMSNormalization`, Keras `RMSNormalization`, Burn `RmsNorm`.
    ///
    /// # Limits
    /// The rounding of `z` is below one of its units, `2^-f`, for inputs of at most the plan's [`Step::reach`], and at most
    /// `1 + 2^d / 4` units for inputs of up to `2^d` times that. A group whose values are all zero, or nearly, is divided by
    /// `sqrt(epsilon)`, as in floats; without an epsilon, `z` is zero where all are zero.
    ///
    /// # Constraints
    /// `about bits + 21 + 175 / n at 2^-8` an output element. For all `n` elements of a group at most `n * (max(reach + s_x +
    /// ceil(log2 n), -2) + f + ceil(log2(n) / 2) + 7)`, with inputs of at most `2^reach`; and once a root and the quotient of a
    /// constant by it, see [`crate::gadget::division::sqrt`] and [`crate::gadget::division::div`].
    ///
    /// # Soundness
    /// See these gadgets and [`crate::gadget::rescaling::rescale`]. The bound of `z` and the least variance, which the circuit enforces,
    /// hold of every input.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([4, 8]));
    /// let y = graph.add("rms_norm", Args::new(), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([4, 8]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct RmsNorm;
    centred: false;
    Card {
        name: "rms_norm",
        formula: "y = gamma * x / sqrt(mean(x^2) + epsilon)",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[AXES, EPSILON],
        onnx: "RMSNormalization",
        keras: "RMSNormalization",
        burn: "RmsNorm",
        constraints: "about bits + 21 + 175 / n at 2^-8",
    }
}

#[cfg(test)]
mod tests {
    use super::{super::standardize::tests::float_is_the_formula_and_exact_is_near, *};
    use crate::arith::ints::Ints;

    #[test]
    fn both_semantics_are_the_formulas() {
        let x = Tensor::new([2, 2], vec![1.0, 3.0, -2.0, -2.0]).unwrap();
        let params = [Tensor::vector(vec![2.0, 1.0]), Tensor::vector(vec![0.5, -1.0])];
        let layer = LayerNorm { axes: vec![-1], epsilon: 1e-5 };
        let expected = [-1.999_990 + 0.5, 0.999_995 - 1.0, 0.5, -1.0];
        float_is_the_formula_and_exact_is_near(&layer, &x, &params, &expected);
        let x = Tensor::new([1, 2], vec![3.0, 4.0]).unwrap();
        let layer = RmsNorm { axes: vec![-1], epsilon: 0.25 };
        let expected = [6.0 / 12.75f64.sqrt(), 4.0 / 12.75f64.sqrt()];
        float_is_the_formula_and_exact_is_near(&layer, &x, &params[..1], &expected);
    }

    #[test]
    fn beyond_the_reach_precision_falls_and_nothing_else() {
        let layer = LayerNorm { axes: vec![-1], epsilon: 1e-5 };
        let x = Tensor::vector(vec![3i128 << 10, -(1 << 10), 0, 5]);
        let float = layer
            .float(&[&x.map(|q| *q as f64 / 32.0)], &[&Tensor::vector(vec![1.0; 4]), &Tensor::vector(vec![0.0; 4])]);
        let mut errors = vec![];
        for reach in [7, 2, -3] {
            let step = Step { inputs: vec![5], weight_scale: 8, reach, ..Step::default() };
            assert!(layer.holds(&step));
            let p = [Tensor::vector(vec![1i128 << 8; 4]), Tensor::vector(vec![0; 4])];
            let y = layer.exact(&mut Ints::<i128>::new(), &[&x], &p, &step).unwrap();
            let off =
                y.data().iter().zip(float.data()).map(|(q, y)| (*q as f64 * 2f64.powi(-layer.scale(&step)) - y).abs());
            errors.push(off.fold(0.0, f64::max) * 2f64.powi(standardize::scale(&step)));
        }
        // In units of `z`: one, and a quarter of how much larger than the reach the largest input is.
        assert!(errors[0] <= 1.0 && errors[1] <= 1.0 + 32.0 / 4.0 && errors[2] <= 1.0 + 1024.0 / 4.0, "{errors:?}");
        assert!(errors[2] > errors[0]);
        assert!(!layer.holds(&Step { inputs: vec![5], reach: 1000, ..Step::default() }));
    }

    #[test]
    fn axes_are_sorted_and_named_once() {
        let axes = |axes: Vec<i64>| LayerNorm { axes, epsilon: 1e-5 }.axes(&Shape::new([2, 3, 4]));
        assert_eq!(axes(vec![-1, 1]), Ok(vec![1, 2]));
        assert!(axes(vec![2, -1]).is_err() && axes(vec![3]).is_err());
    }
}
