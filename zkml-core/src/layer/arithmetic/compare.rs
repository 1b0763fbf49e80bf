//! Comparison of two tensors: `y = 1 if a > b, 0 otherwise`, and so for `>=`, `<`, `<=` and `=`.

use super::binary::{self, binary};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Int},
    shape::Shape,
    tensor::Tensor,
};

/// Whether `a - b >= least`, of integers, is one bit.
fn at_least<A: Arith>(
    a: &mut A,
    x: &[&Tensor<A::Wire>],
    least: Int,
    step: &Step,
) -> Result<Tensor<A::Wire>, ArithError> {
    binary::combination(a, x, -Int::ONE, -least, step)?.try_map(|d| a.is_non_negative(d))
}

/// The same of `b - a`.
fn at_most<A: Arith>(
    a: &mut A,
    x: &[&Tensor<A::Wire>],
    least: Int,
    step: &Step,
) -> Result<Tensor<A::Wire>, ArithError> {
    let swapped = Step { inputs: step.inputs.iter().rev().copied().collect(), ..Step::default() };
    at_least(a, &[x[1], x[0]], least, &swapped)
}

binary! {
    /// Comparison, greater: `y = 1` if `a > b`, `y = 0` otherwise, for every pair of elements; shapes broadcast as in NumPy.
    ///
    /// They are compared as integers at the finer of both scales.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `a`, `b` | any that broadcast | `s_a`, `s_b` |
    /// | `y` | that of both | `0` |
    ///
    /// Sources: ONNX `Greater`, Keras `ops.greater`, Burn `Tensor::greater`.
    ///
    /// # Constraints
    /// `bits + 1` an output element. The sign of `a - b`, which has a bit more than both. See
    /// [`crate::gadget::compare::is_non_negative`].
    ///
    /// # Soundness
    /// See [`crate::gadget::compare::is_non_negative`].
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
    /// let x = graph.add("relu", Args::new(), &[graph.input()])?;
    /// let y = graph.add("greater", Args::new(), &[graph.input(), x])?;
    /// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Greater;
    float: |a, b| f64::from(a > b),
    scale: |_| 0,
    fanout: 1,
    kind: Kind::Other,
    exact: |a, x, step| at_least(a, x, Int::ONE, step);
    Card {
        name: "greater",
        formula: "y = 1 if a > b, 0 otherwise",
        shape: "any two that broadcast as in ONNX; the broadcast shape",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "Greater",
        keras: "ops.greater",
        burn: "greater",
        constraints: "bits + 1",
    }
}

binary! {
    /// Comparison, greater or equal: `y = 1` if `a >= b`, `y = 0` otherwise, for every pair of elements; shapes broadcast as in
    /// NumPy.
    ///
    /// They are compared as integers at the finer of both scales.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `a`, `b` | any that broadcast | `s_a`, `s_b` |
    /// | `y` | that of both | `0` |
    ///
    /// Sources: ONNX `GreaterOrEqual`, Keras `ops.greater_equal`, Burn `Tensor::greater_equal`.
    ///
    /// # Constraints
    /// `bits + 1` an output element. The sign of `a - b`, which has a bit more than both. See
    /// [`crate::gadget::compare::is_non_negative`].
    ///
    /// # Soundness
    /// See [`crate::gadget::compare::is_non_negative`].
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
    /// let x = graph.add("relu", Args::new(), &[graph.input()])?;
    /// let y = graph.add("greater_equal", Args::new(), &[graph.input(), x])?;
    /// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct GreaterEqual;
    float: |a, b| f64::from(a >= b),
    scale: |_| 0,
    fanout: 1,
    kind: Kind::Other,
    exact: |a, x, step| at_least(a, x, Int::ZERO, step);
    Card {
        name: "greater_equal",
        formula: "y = 1 if a >= b, 0 otherwise",
        shape: "any two that broadcast as in ONNX; the broadcast shape",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "GreaterOrEqual",
        keras: "ops.greater_equal",
        burn: "greater_equal",
        constraints: "bits + 1",
    }
}

binary! {
    /// Comparison, less: `y = 1` if `a < b`, `y = 0` otherwise, for every pair of elements; shapes broadcast as in NumPy.
    ///
    /// They are compared as integers at the finer of both scales.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `a`, `b` | any that broadcast | `s_a`, `s_b` |
    /// | `y` | that of both | `0` |
    ///
    /// Sources: ONNX `Less`, Keras `ops.less`, Burn `Tensor::lower`.
    ///
    /// # Constraints
    /// `bits + 1` an output element. The sign of `a - b`, which has a bit more than both. See
    /// [`crate::gadget::compare::is_non_negative`].
    ///
    /// # Soundness
    /// See [`crate::gadget::compare::is_non_negative`].
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
    /// let x = graph.add("relu", Args::new(), &[graph.input()])?;
    /// let y = graph.add("less", Args::new(), &[graph.input(), x])?;
    /// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Less;
    float: |a, b| f64::from(a < b),
    scale: |_| 0,
    fanout: 1,
    kind: Kind::Other,
    exact: |a, x, step| at_most(a, x, Int::ONE, step);
    Card {
        name: "less",
        formula: "y = 1 if a < b, 0 otherwise",
        shape: "any two that broadcast as in ONNX; the broadcast shape",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "Less",
        keras: "ops.less",
        burn: "lower",
        constraints: "bits + 1",
    }
}

binary! {
    /// Comparison, less or equal: `y = 1` if `a <= b`, `y = 0` otherwise, for every pair of elements; shapes broadcast as in
    /// NumPy.
    ///
    /// They are compared as integers at the finer of both scales.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `a`, `b` | any that broadcast | `s_a`, `s_b` |
    /// | `y` | that of both | `0` |
    ///
    /// Sources: ONNX `LessOrEqual`, Keras `ops.less_equal`, Burn `Tensor::lower_equal`.
    ///
    /// # Constraints
    /// `bits + 1` an output element. The sign of `a - b`, which has a bit more than both. See
    /// [`crate::gadget::compare::is_non_negative`].
    ///
    /// # Soundness
    /// See [`crate::gadget::compare::is_non_negative`].
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
    /// let x = graph.add("relu", Args::new(), &[graph.input()])?;
    /// let y = graph.add("less_equal", Args::new(), &[graph.input(), x])?;
    /// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct LessEqual;
    float: |a, b| f64::from(a <= b),
    scale: |_| 0,
    fanout: 1,
    kind: Kind::Other,
    exact: |a, x, step| at_most(a, x, Int::ZERO, step);
    Card {
        name: "less_equal",
        formula: "y = 1 if a <= b, 0 otherwise",
        shape: "any two that broadcast as in ONNX; the broadcast shape",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "LessOrEqual",
        keras: "ops.less_equal",
        burn: "lower_equal",
        constraints: "bits + 1",
    }
}

binary! {
    /// Comparison, equal: `y = 1` if `a = b`, `y = 0` otherwise, for every pair of elements; shapes broadcast as in NumPy.
    ///
    /// They are compared as integers at the finer of both scales: reals that are equal only after rounding count as equal.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `a`, `b` | any that broadcast | `s_a`, `s_b` |
    /// | `y` | that of both | `0` |
    ///
    /// Sources: ONNX `Equal`, Keras `ops.equal`, Burn `Tensor::equal`.
    ///
    /// # Constraints
    /// `2` an output element. See [`crate::gadget::compare::is_zero`].
    ///
    /// # Soundness
    /// See [`crate::gadget::compare::is_zero`].
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
    /// let x = graph.add("relu", Args::new(), &[graph.input()])?;
    /// let y = graph.add("equal", Args::new(), &[graph.input(), x])?;
    /// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Equal;
    float: |a, b| f64::from(a == b),
    scale: |_| 0,
    fanout: 2,
    kind: Kind::Other,
    exact: |a, x, step| binary::combination(a, x, -Int::ONE, Int::ZERO, step)?.try_map(|d| a.is_zero(d));
    Card {
        name: "equal",
        formula: "y = 1 if a = b, 0 otherwise",
        shape: "any two that broadcast as in ONNX; the broadcast shape",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "Equal",
        keras: "ops.equal",
        burn: "equal",
        constraints: "2",
    }
}

#[cfg(test)]
mod tests {
    use super::binary::tests::{both_are_brought_to_one_scale, shapes_broadcast};

    #[test]
    fn both_are_compared_at_one_scale() {
        both_are_brought_to_one_scale("greater", [0, 1, 0, 0]);
        both_are_brought_to_one_scale("greater_equal", [1, 1, 1, 0]);
        both_are_brought_to_one_scale("less", [0, 0, 0, 1]);
        both_are_brought_to_one_scale("less_equal", [1, 0, 1, 1]);
        both_are_brought_to_one_scale("equal", [1, 0, 1, 0]);
    }

    #[test]
    fn shapes_of_both_broadcast() {
        for name in ["greater", "greater_equal", "less", "less_equal", "equal"] {
            shapes_broadcast(name);
        }
    }
}
