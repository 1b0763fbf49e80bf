//! Largest or smallest element along axes: `y = max along the axes of x`, `y = min along the axes of x`.

use super::pooling::{Reduction, reduces, reduction};
use crate::layer::{
    Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step,
    axes::{self, Axes},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

reduction! {
    /// Maximum along axes: `y = max along the axes of x`, over the elements that differ only along `axes`. Without `axes`, over
    /// all.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | any | `s_x` |
    /// | `y` | that of `x` without the axes (`[1]` if none is left), or with extents of one if `keepdims = true` | `s_x` |
    ///
    /// Sources: ONNX `ReduceMax`, Keras `ops.max`, Burn `Tensor::max_dim`.
    ///
    /// # Constraints
    /// `(n - 1) * (bits + 1)` an output element. This is [`crate::gadget::compare::max`] for all but one of the `n` elements along the
    /// axes; a maximum of two whose intervals say which is larger costs none.
    ///
    /// # Soundness
    /// See [`crate::gadget::compare::max`].
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::{Args, Literal}, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 7, 5]));
    /// let args = Args::new().with("axes", Literal::List(vec![0, -1]));
    /// let y = graph.add("reduce_max", args, &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([7]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct ReduceMax;
    Reduction::Max, |_| Kind::Maximum(Over::Axes);
    Card {
        name: "reduce_max",
        formula: "y = max along the axes of x",
        shape: "any; that of x without the axes, or with extents of one",
        arity: Arity::Exactly(1),
        args: axes::ARGS,
        onnx: "ReduceMax",
        keras: "ops.max",
        burn: "max_dim",
        constraints: "(n - 1) * (bits + 1)",
    }
}

reduction! {
    /// Minimum along axes: `y = min along the axes of x`, over the elements that differ only along `axes`. Without `axes`, over
    /// all.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | any | `s_x` |
    /// | `y` | that of `x` without the axes (`[1]` if none is left), or with extents of one if `keepdims = true` | `s_x` |
    ///
    /// Sources: ONNX `ReduceMin`, Keras `ops.min`, Burn `Tensor::min_dim`.
    ///
    /// # Constraints
    /// `(n - 1) * (bits + 1)` an output element. This is [`crate::gadget::compare::max`] for all but one of the `n` elements along the
    /// axes; a maximum of two whose intervals say which is larger costs none.
    ///
    /// # Soundness
    /// See [`crate::gadget::compare::max`].
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::{Args, Literal}, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 7, 5]));
    /// let args = Args::new().with("axes", Literal::List(vec![0, -1]));
    /// let y = graph.add("reduce_min", args, &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([7]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct ReduceMin;
    Reduction::Min, |_| Kind::Minimum(Over::Axes);
    Card {
        name: "reduce_min",
        formula: "y = min along the axes of x",
        shape: "any; that of x without the axes, or with extents of one",
        arity: Arity::Exactly(1),
        args: axes::ARGS,
        onnx: "ReduceMin",
        keras: "ops.min",
        burn: "min_dim",
        constraints: "(n - 1) * (bits + 1)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{arguments_come_back, exact_is_float, layer};

    fn axes(axes: &[i64]) -> Args {
        Args::new().with("axes", Literal::List(axes.to_vec()))
    }

    #[test]
    fn exact_is_float_on_integers() {
        let x = Tensor::from_fn([2, 3, 4], |i| (i as i64 * 37) % 23 - 11);
        for (name, expected) in [("reduce_max", x.data().iter().max()), ("reduce_min", x.data().iter().min())] {
            for args in [axes(&[1]), axes(&[-1, 0]).with("keepdims", true)] {
                exact_is_float(&layer(name, args), &x);
            }
            assert_eq!(exact_is_float(&layer(name, Args::new()), &x).data(), [*expected.unwrap()]);
        }
    }

    #[test]
    fn parsed_arguments_come_back() {
        for name in ["reduce_max", "reduce_min"] {
            arguments_come_back(&layer(name, axes(&[-1, 0]).with("keepdims", true)));
            arguments_come_back(&layer(name, Args::new()));
        }
    }
}
