//! Matrix product: `y[.., i, j] = sum_k a[.., i, k] * b[.., k, j]`.

use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step, arithmetic::broadcast};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Matrix product of two tensors: `y[.., i, j] = sum_k a[.., i, k] * b[.., k, j]`.
///
/// Axes before the last two broadcast. A vector on the left is one row, on the right one column; that axis is then left out
/// of the output (which is `[1]` if no axis is left).
///
/// | | shape | scale |
/// |---|---|---|
/// | `a` | `[.., n, k]` or `[k]` | `s_a` |
/// | `b` | `[.., k, m]` or `[k]` | `s_b` |
/// | `y` | `[.., n, m]` | `s_a + s_b` |
///
/// Sources: ONNX `MatMul`, Keras `Dot` and `ops.matmul`, Burn `Tensor::matmul`.
///
/// # Constraints
/// `k / 2 * (1 + 1 / n + 1 / m)` an output element. This is for an even `k`; `k` where that is less. None where one of the
/// tensors is constant. See [`crate::gadget::product::matrix`].
///
/// # Soundness
/// See [`crate::gadget::product::matrix`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([8, 4]));
/// let x = graph.add("transpose", Args::new(), &[graph.input()])?;
/// let y = graph.add("matmul", Args::new(), &[graph.input(), x])?;
/// assert_eq!(graph.shape(y), &Shape::new([8, 8]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MatMul;

/// Two matrices, or stacks of them, that can be multiplied.
struct Pairing {
    /// The axes before the last two of the output.
    batch: Shape,
    /// Those of what makes it.
    stacks: [Shape; 2],
    rows: usize,
    inner: usize,
    columns: usize,
}

/// The axes before the last two, and the last two; `row` says that a vector is a row.
fn split(shape: &Shape, row: bool) -> Option<(Shape, usize, usize)> {
    match *shape.dims() {
        [] => None,
        [k] if row => Some((Shape::new([]), 1, k)),
        [k] => Some((Shape::new([]), k, 1)),
        [ref batch @ .., n, m] => Some((Shape::from(batch), n, m)),
    }
}

impl Pairing {
    fn new(a: &Shape, b: &Shape) -> Result<Self, LayerError> {
        let layer = MatMul::CARD.name;
        let axis = |i: usize, shape| LayerError::rank(i, layer, "a tensor with at least one axis", shape);
        let (batch_a, rows, inner) = split(a, true).ok_or_else(|| axis(0, a))?;
        let (batch_b, found, columns) = split(b, false).ok_or_else(|| axis(1, b))?;
        if inner != found {
            return Err(LayerError::input(
                1,
                format!("`{layer}` of shape {a} expects {inner} rows on the right, found {found} in shape {b}"),
            )
            .help("the last axis on the left is the last but one on the right; `transpose(..)` swaps the last two"));
        }
        let Some(batch) = broadcast::common(&batch_a, &batch_b) else {
            return Err(LayerError::input(
                1,
                format!("`{layer}` expects shapes that broadcast before their last two axes, found {a} and {b}"),
            )
            .help("axes are aligned at the last, and must be equal or 1; `reshape(..)` can add axes of 1"));
        };
        Ok(Self { batch, stacks: [batch_a, batch_b], rows, inner, columns })
    }

    /// For each matrix of the output, those that make it: for inputs that are there, as shapes alone may say anything.
    fn matrices(&self) -> [Vec<usize>; 2] {
        [0, 1].map(|side: usize| broadcast::places(&self.stacks[side], &self.batch))
    }

    /// The shape of the output, the axes of vectors left out.
    fn shape(&self, a: &Shape, b: &Shape) -> Shape {
        let mut dims = self.batch.dims().to_vec();
        if a.rank() > 1 {
            dims.push(self.rows);
        }
        if b.rank() > 1 {
            dims.push(self.columns);
        }
        Shape::new(if dims.is_empty() { vec![1] } else { dims })
    }

    /// The factors of the `i`th element of the output: the first places on both sides; then on, the left ones are
    /// neighbours and the right ones `columns` apart.
    fn starts(&self, matrices: &[Vec<usize>; 2], i: usize) -> (usize, usize) {
        let (matrix, row, column) = (i / (self.rows * self.columns), i / self.columns % self.rows, i % self.columns);
        let left = (matrices[0][matrix] * self.rows + row) * self.inner;
        (left, matrices[1][matrix] * self.inner * self.columns + column)
    }
}

impl Layer for MatMul {
    const CARD: Card = Card {
        name: "matmul",
        formula: "y[.., i, j] = sum_k a[.., i, k] * b[.., k, j]",
        shape: "[.., n, k] and [.., k, m]; [.., n, m]",
        arity: Arity::Exactly(2),
        args: &[],
        onnx: "MatMul",
        keras: "Dot",
        burn: "matmul",
        constraints: "k / 2 * (1 + 1 / n + 1 / m)",
    };

    fn parse(_: &mut Args) -> Result<Self, LayerError> {
        Ok(Self)
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(Pairing::new(inputs[0], inputs[1])?.shape(inputs[0], inputs[1]))
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        let (a, b) = (inputs[0], inputs[1]);
        let Ok(pairing) = Pairing::new(a.shape(), b.shape()) else { return Tensor::vector(vec![]) };
        let matrices = pairing.matrices();
        Tensor::from_fn(pairing.shape(a.shape(), b.shape()), |i| {
            let (left, right) = pairing.starts(&matrices, i);
            let row = &a.data()[left..][..pairing.inner];
            row.iter().zip(b.data()[right..].iter().step_by(pairing.columns)).map(|(a, b)| a * b).sum()
        })
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0] + step.inputs[1]
    }

    fn fanout(&self, inputs: &[&Shape]) -> usize {
        Pairing::new(inputs[0], inputs[1]).map_or(1, |p| {
            let matrices = p.batch.len();
            let stacks = inputs.iter().map(|shape| {
                let [.., n, m] = shape.dims() else { return 1 };
                shape.len() / (n * m).max(1)
            });
            let repeats = stacks.map(|stack| matrices / stack.max(1)).max().unwrap_or(1);
            repeats.saturating_mul(p.rows.max(p.columns))
        })
    }

    fn kind(&self) -> Kind {
        Kind::MatMul
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
        let Ok(pairing) = Pairing::new(x[0].shape(), x[1].shape()) else { return Ok(Tensor::vector(vec![])) };
        let shape = pairing.shape(x[0].shape(), x[1].shape());
        let (left, right) = (x[0].data(), x[1].data());
        let matrices = pairing.matrices();
        let mut y = Vec::with_capacity(shape.len());
        for matrix in 0..pairing.batch.len() {
            let (first, second) = pairing.starts(&matrices, matrix * pairing.rows * pairing.columns);
            let rows: Vec<Vec<&A::Wire>> = (0..pairing.rows)
                .map(|row| left[first + row * pairing.inner..][..pairing.inner].iter().collect())
                .collect();
            let columns: Vec<Vec<&A::Wire>> = (0..pairing.columns)
                .map(|column| (0..pairing.inner).map(|k| &right[second + k * pairing.columns + column]).collect())
                .collect();
            y.extend(a.matmul(&rows, &columns, &[])?);
        }
        let y = Tensor::from_fn(shape, |i| y[i].clone());
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    fn shape(a: &[usize], b: &[usize]) -> Result<Vec<usize>, LayerError> {
        MatMul.shape(&[&Shape::from(a), &Shape::from(b)]).map(|shape| shape.dims().to_vec())
    }

    #[test]
    fn the_shape_rule_is_that_of_numpy() {
        assert_eq!(shape(&[2, 3], &[3, 4]), Ok(vec![2, 4]));
        assert_eq!(shape(&[5, 1, 2, 3], &[6, 3, 4]), Ok(vec![5, 6, 2, 4]));
        assert_eq!(shape(&[3], &[3, 4]), Ok(vec![4]));
        assert_eq!(shape(&[5, 2, 3], &[3]), Ok(vec![5, 2]));
        assert_eq!(shape(&[3], &[3]), Ok(vec![1]));
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let error = shape(&[2, 3], &[2, 3]).unwrap_err();
        assert_eq!(error.to_string(), "`matmul` of shape [2, 3] expects 3 rows on the right, found 2 in shape [2, 3]");
        assert!(error.help.is_some());
        let error = shape(&[2, 2, 3], &[3, 3, 2]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`matmul` expects shapes that broadcast before their last two axes, found [2, 2, 3] and [3, 3, 2]"
        );
        assert!(shape(&[], &[3]).is_err());
    }

    #[test]
    fn float_and_exact_are_the_definition() {
        let number = |i: usize| ((i * 37) % 23) as f64 - 11.0;
        for (left, right) in [(vec![2, 1, 2, 3], vec![3, 3, 2]), (vec![3], vec![2, 3, 2]), (vec![2, 3], vec![3])] {
            let (a, b) =
                (Tensor::from_fn(Shape::new(left), number), Tensor::from_fn(Shape::new(right), |i| number(i + 5)));
            let y = MatMul.float(&[&a, &b], &[]);
            let (rows, columns) = (a.shape().dims().iter().rev().nth(1).copied().unwrap_or(1), b.shape().rank().min(2));
            let mut expected = vec![];
            for matrix in 0..y.len() / (rows * columns) {
                // The left stack of two repeats each of its matrices, the right one of three goes round.
                let (p, q) = (matrix / 3 % (a.len() / (rows * 3)), matrix % (b.len() / (3 * columns)));
                for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                    let term = |k: usize| a.data()[(p * rows + i) * 3 + k] * b.data()[(q * 3 + k) * columns + j];
                    expected.push(term(0) + term(1) + term(2));
                }
            }
            assert_eq!(y.data(), expected);
            let whole = |t: &Tensor| t.map(|x| *x as i64);
            let step = Step { inputs: vec![4, 3], ..Step::default() };
            let q = MatMul.exact(&mut Ints::<i64>::new(), &[&whole(&a), &whole(&b)], &[], &step).unwrap();
            assert_eq!(q.map(|q| *q as f64), y);
            assert_eq!(MatMul.scale(&step), 7);
        }
    }

    #[test]
    fn the_shape_of_more_matrices_than_fit_in_memory_is_refused_and_takes_none() {
        let (a, b) = (Shape::new([1 << 27, 1, 1, 1]), Shape::new([1 << 27, 1, 1]));
        let error = crate::layer::AnyLayer::from(MatMul).shape(&[&a, &b]).unwrap_err();
        let expected = "`matmul` gives shape [134217728, 134217728, 1, 1], expected 1 to 268435456 elements";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn an_input_enters_every_row_or_column() {
        let fanout = |a: &[usize], b: &[usize]| MatMul.fanout(&[&Shape::from(a), &Shape::from(b)]);
        assert_eq!(fanout(&[2, 3], &[3, 4]), 4);
        assert_eq!(fanout(&[5, 2, 3], &[3, 1]), 10);
    }
}
