//! Larger and smaller of two tensors: `y = max(a, b)`, `y = min(a, b)`.

use super::binary::{self, binary};
use crate::layer::{Args, Arity, Binary, Card, Factors, Kind, Layer, Literal, Param, Step, pool::pooling::Reduction};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

binary! {
    /// Elementwise maximum of two tensors: `y = max(a, b)`, for every pair of elements; shapes broadcast as in NumPy.
    ///
    /// The coarser one is multiplied by a power of two first.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `a`, `b` | any that broadcast | `s_a`, `s_b` |
    /// | `y` | that of both | `max(s_a, s_b)` |
    ///
    /// Sources: ONNX `Max`, Keras `Maximum`, Burn `Tensor::max_pair`.
    ///
    /// # Constraints
    /// `bits + 1` an output element. At the finer of both scales; none where the intervals say which is which. See
    /// [`crate::gadget::compare::max`].
    ///
    /// # Soundness
    /// See [`crate::gadget::compare::max`].
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
    /// let x = graph.add("relu", Args::new(), &[graph.input()])?;
    /// let y = graph.add("maximum", Args::new(), &[graph.input(), x])?;
    /// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Maximum;
    float: f64::max,
    scale: binary::scale,
    fanout: 2,
    kind: Kind::Binary(Binary::Maximum),
    exact: |a, x, step| binary::each(a, x, step, |a, p, q| Reduction::Max.exact(a, &[p, q], 0));
    Card {
        name: "maximum",
        formula: "y = max(a, b)",
        shape: "any two that broadcast as in ONNX; the broadcast shape",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "Max",
        keras: "Maximum",
        burn: "max_pair",
        constraints: "bits + 1",
    }
}

binary! {
    /// Elementwise minimum of two tensors: `y = min(a, b) = a + b - max(a, b)`, for every pair of elements; shapes broadcast as
    /// in NumPy.
    ///
    /// The coarser one is multiplied by a power of two first.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `a`, `b` | any that broadcast | `s_a`, `s_b` |
    /// | `y` | that of both | `max(s_a, s_b)` |
    ///
    /// Sources: ONNX `Min`, Keras `Minimum`, Burn `Tensor::min_pair`.
    ///
    /// # Constraints
    /// `bits + 1` an output element. At the finer of both scales; none where the intervals say which is which. See
    /// [`crate::gadget::compare::max`].
    ///
    /// # Soundness
    /// See [`crate::gadget::compare::max`].
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
    /// let x = graph.add("relu", Args::new(), &[graph.input()])?;
    /// let y = graph.add("minimum", Args::new(), &[graph.input(), x])?;
    /// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Minimum;
    float: f64::min,
    scale: binary::scale,
    fanout: 2,
    kind: Kind::Binary(Binary::Minimum),
    exact: |a, x, step| binary::each(a, x, step, |a, p, q| Reduction::Min.exact(a, &[p, q], 0));
    Card {
        name: "minimum",
        formula: "y = min(a, b)",
        shape: "any two that broadcast as in ONNX; the broadcast shape",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "Min",
        keras: "Minimum",
        burn: "min_pair",
        constraints: "bits + 1",
    }
}

#[cfg(test)]
mod tests {
    use super::binary::tests::{both_are_brought_to_one_scale, shapes_broadcast};

    #[test]
    fn both_are_compared_at_one_scale() {
        both_are_brought_to_one_scale("maximum", [12, -8, 16, 21]);
        both_are_brought_to_one_scale("minimum", [12, -9, 16, 20]);
    }

    #[test]
    fn shapes_of_both_broadcast() {
        for name in ["maximum", "minimum"] {
            shapes_broadcast(name);
        }
    }
}
