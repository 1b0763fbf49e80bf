//! Elementwise product: `y = a * b`.

use super::binary::{self, binary};
use crate::layer::{Args, Arity, Binary, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

binary! {
    /// Elementwise product: `y = a * b`, for every pair of elements of two tensors whose shapes broadcast.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `a`, `b` | any two that broadcast | `s_a`, `s_b` |
    /// | `y` | what both grow to | `s_a + s_b` |
    ///
    /// Axes are aligned at the last, and an extent of one repeats, as in NumPy.
    ///
    /// Sources: ONNX `Mul`, Keras `Multiply`, Burn `a * b`.
    ///
    /// # Constraints
    /// `1` an output element. A product.
    ///
    /// # Soundness
    /// Each product is enforced by its own constraint.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
    /// let x = graph.add("relu", Args::new(), &[graph.input()])?;
    /// let y = graph.add("mul", Args::new(), &[graph.input(), x])?;
    /// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Mul;
    float: |a, b| a * b,
    scale: |step| step.inputs[0] + step.inputs[1],
    fanout: 1,
    kind: Kind::Binary(Binary::Mul),
    exact: |a, x, step| binary::places(x).try_map(|(i, j)| a.mul(&x[0].data()[*i], &x[1].data()[*j]));
    Card {
        name: "mul",
        formula: "y = a * b",
        shape: "any two that broadcast as in ONNX; the broadcast shape",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "Mul",
        keras: "Multiply",
        burn: "mul",
        constraints: "1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn shapes_broadcast_or_are_refused() {
        let (wide, row, other) = (Shape::new([2, 3]), Shape::new([3]), Shape::new([2]));
        assert_eq!(Mul.shape(&[&wide, &row]), Ok(wide.clone()));
        assert_eq!((Mul.fanout(&[&wide, &row]), Mul.fanout(&[&wide, &wide])), (2, 1));
        let error = Mul.shape(&[&wide, &other]).unwrap_err();
        assert_eq!(error.to_string(), "`mul` expects shapes that broadcast, found [2, 3] and [2]");
        assert_eq!(
            error.help.as_deref(),
            Some("axes are aligned at the last, and must be equal or 1; `reshape(..)` can add axes of 1")
        );
    }

    #[test]
    fn an_extent_of_one_repeats() {
        let (a, b) = (Tensor::new([2, 2], vec![1.0, 2.0, 3.0, 4.0]), Tensor::new([2, 1], vec![10.0, 20.0]));
        let y = Mul.float(&[&a.unwrap(), &b.unwrap()], &[]);
        assert_eq!(y, Tensor::new([2, 2], vec![10.0, 20.0, 60.0, 80.0]).unwrap());
    }

    #[test]
    fn float_is_the_formula() {
        let (a, b) = (Tensor::vector(vec![1.5, -2.0]), Tensor::vector(vec![0.25, 4.0]));
        assert_eq!(Mul.float(&[&a, &b], &[]).data(), [0.375, -8.0]);
    }

    #[test]
    fn scales_add() {
        let (a, b) = (Tensor::vector(vec![3i64, -2]), Tensor::vector(vec![1, 5]));
        let step = Step { inputs: vec![1, 3], ..Step::default() };
        let y = Mul.exact(&mut Ints::<i64>::new(), &[&a, &b], &[], &step).unwrap();
        assert_eq!((y.data(), Mul.scale(&step)), ([3, -10].as_slice(), 4));
    }
}
