//! Sum and difference of two tensors: `y = a + b`, `y = a - b`.

use super::binary::{self, binary};
use crate::layer::{Args, Arity, Binary, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Int},
    shape::Shape,
    tensor::Tensor,
};

binary! {
    /// Addition: `y = a + b`, for every pair of elements of two tensors whose shapes broadcast.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `a`, `b` | any two that broadcast | `s_a`, `s_b` |
    /// | `y` | what both grow to | `max(s_a, s_b)` |
    ///
    /// The coarser one is multiplied by a power of two first.
    ///
    /// Axes are aligned at the last, and an extent of one repeats, as in NumPy.
    ///
    /// Sources: ONNX `Add`, Keras `Add`, Burn `a + b`.
    ///
    /// # Constraints
    /// None: a linear combination an element.
    ///
    /// # Soundness
    /// The output is a linear combination of wires.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
    /// let x = graph.add("relu", Args::new(), &[graph.input()])?;
    /// let y = graph.add("add", Args::new(), &[graph.input(), x])?;
    /// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Add;
    float: |a, b| a + b,
    scale: binary::scale,
    fanout: 1,
    kind: Kind::Binary(Binary::Add),
    exact: |a, x, step| binary::combination(a, x, Int::ONE, Int::ZERO, step);
    Card {
        name: "add",
        formula: "y = a + b",
        shape: "any two that broadcast as in ONNX; the broadcast shape",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "Add",
        keras: "Add",
        burn: "add",
        constraints: "0",
    }
}

binary! {
    /// Subtraction: `y = a - b`, for every pair of elements of two tensors whose shapes broadcast.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `a`, `b` | any two that broadcast | `s_a`, `s_b` |
    /// | `y` | what both grow to | `max(s_a, s_b)` |
    ///
    /// The coarser one is multiplied by a power of two first.
    ///
    /// Axes are aligned at the last, and an extent of one repeats, as in NumPy.
    ///
    /// Sources: ONNX `Sub`, Keras `Subtract`, Burn `a - b`.
    ///
    /// # Constraints
    /// None: a linear combination an element.
    ///
    /// # Soundness
    /// The output is a linear combination of wires.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
    /// let x = graph.add("relu", Args::new(), &[graph.input()])?;
    /// let y = graph.add("sub", Args::new(), &[graph.input(), x])?;
    /// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Sub;
    float: |a, b| a - b,
    scale: binary::scale,
    fanout: 1,
    kind: Kind::Binary(Binary::Sub),
    exact: |a, x, step| binary::combination(a, x, -Int::ONE, Int::ZERO, step);
    Card {
        name: "sub",
        formula: "y = a - b",
        shape: "any two that broadcast as in ONNX; the broadcast shape",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "Sub",
        keras: "Subtract",
        burn: "sub",
        constraints: "0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::testing::layer};

    const BOTH: [&str; 2] = ["add", "sub"];

    #[test]
    fn shapes_broadcast_or_are_refused() {
        let (wide, row, other) = (Shape::new([2, 3]), Shape::new([3]), Shape::new([2]));
        for name in BOTH {
            let layer = layer(name, Args::new());
            assert_eq!(layer.shape(&[&wide, &row]), Ok(wide.clone()));
            assert_eq!((layer.fanout(&[&wide, &row]), layer.fanout(&[&wide, &wide])), (2, 1));
            let error = layer.shape(&[&wide, &other]).unwrap_err();
            assert_eq!(error.to_string(), format!("`{name}` expects shapes that broadcast, found [2, 3] and [2]"));
            assert_eq!(
                error.help.as_deref(),
                Some("axes are aligned at the last, and must be equal or 1; `reshape(..)` can add axes of 1")
            );
        }
    }

    #[test]
    fn an_extent_of_one_repeats() {
        let (a, b) = (Tensor::new([2, 2], vec![1.0, 2.0, 3.0, 4.0]), Tensor::new([2, 1], vec![10.0, 20.0]));
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!(Add.float(&[&a, &b], &[]), Tensor::new([2, 2], vec![11.0, 12.0, 23.0, 24.0]).unwrap());
        assert_eq!(Sub.float(&[&a, &b], &[]), Tensor::new([2, 2], vec![-9.0, -8.0, -17.0, -16.0]).unwrap());
    }

    #[test]
    fn float_is_the_formula() {
        let (a, b) = (Tensor::vector(vec![1.5, -2.0]), Tensor::vector(vec![0.25, 4.0]));
        assert_eq!(Add.float(&[&a, &b], &[]).data(), [1.75, 2.0]);
        assert_eq!(Sub.float(&[&a, &b], &[]).data(), [1.25, -6.0]);
    }

    #[test]
    fn the_coarser_one_is_refined() {
        let (a, b) = (Tensor::vector(vec![3i64, -2]), Tensor::vector(vec![1, 5]));
        for (scales, sum, difference) in [([1, 3], [13, -3], [11, -13]), ([3, 1], [7, 18], [-1, -22])] {
            let step = Step { inputs: scales.to_vec(), ..Step::default() };
            for (name, expected) in BOTH.into_iter().zip([sum, difference]) {
                let layer = layer(name, Args::new());
                let y = layer.exact(&mut Ints::<i64>::new(), &[&a, &b], &[], &step).unwrap();
                assert_eq!((y.data(), layer.scale(&step)), (expected.as_slice(), 3));
            }
        }
    }

    #[test]
    fn scales_that_lie_too_far_apart_are_refused() {
        let a = Tensor::vector(vec![1i64]);
        let step = Step { inputs: vec![i32::MIN, i32::MAX], ..Step::default() };
        for name in BOTH {
            let error = layer(name, Args::new()).exact(&mut Ints::<i64>::new(), &[&a, &a], &[], &step);
            assert_eq!(error, Err(ArithError::Overflow { bits: u32::MAX }));
        }
    }
}
