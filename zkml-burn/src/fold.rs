//! Constant folding: what is computed from weights and literals alone is computed here, once, in 64-bit floats.

use zkml_core::{shape::Shape, tensor::Tensor};

use zkml_import::{
    constants::{Rounding, index, permuted, quotient, truth},
    ops::PadMode,
};

use crate::primitive::{Binary, Operation, Primitive, Reduce, Unary};

/// The value of an operation whose inputs are all constants, `None` for operations that are not folded.
pub fn fold(operation: &Operation, inputs: &[&Tensor]) -> Option<Tensor> {
    let shape = Shape::new(operation.shape.clone());
    let x = || inputs.first().copied();
    let value = match &operation.primitive {
        Primitive::Fill(value) => Tensor::from_fn(shape, |_| *value),
        Primitive::Cast if operation.whole => x()?.map(|v| Rounding::TowardsZero.of(*v)),
        Primitive::Cast => x()?.clone(),
        Primitive::Unary(by) => {
            let f = unary(*by)?;
            x()?.map(|v| f(*v))
        }
        Primitive::Binary(by) => {
            let [a, b] = inputs else { return None };
            let (a, b) = (expand(a, &shape)?, expand(b, &shape)?);
            Tensor::from_fn(shape, |i| binary(*by, a.data()[i], b.data()[i], operation.whole))
        }
        Primitive::Scalar(by, s) => x()?.map(|v| binary(*by, *v, *s, operation.whole)),
        Primitive::Clamp { min, max } => {
            x()?.map(|v| v.max(min.unwrap_or(f64::NEG_INFINITY)).min(max.unwrap_or(f64::INFINITY)))
        }
        Primitive::Reshape => x()?.clone().reshape(shape).ok()?,
        Primitive::Expand => expand(x()?, &shape)?,
        Primitive::Permute(axes) => permuted(x()?, axes)?,
        Primitive::Flip(axes) => {
            pick(x()?, shape, |size, i, axis| if axes.contains(&axis) { size - 1 - i } else { i })?
        }
        Primitive::Slice(ranges) => pick(x()?, shape, |_, i, axis| {
            let (start, end, step) = ranges[axis];
            let offset = i * step.unsigned_abs();
            if step < 0 { end - 1 - offset } else { start + offset }
        })?,
        Primitive::Repeat { .. } => pick(x()?, shape, |size, i, _| i % size)?,
        Primitive::Select { axis } => {
            let [table, rows] = inputs else { return None };
            let indices = indices(rows)?;
            indices.iter().all(|i| *i < table.shape().dims()[*axis]).then_some(())?;
            pick(table, shape, |_, i, a| if a == *axis { indices[i] } else { i })?
        }
        Primitive::Embedding => {
            let [table, rows] = inputs else { return None };
            let [height, width] = table.shape().dims() else { return None };
            let indices = indices(rows)?;
            indices.iter().all(|i| i < height).then_some(())?;
            let row = |r: &usize| table.data()[r * width..(r + 1) * width].iter().copied();
            Tensor::new(shape, indices.iter().flat_map(row).collect()).ok()?
        }
        Primitive::Cat { axis } => cat(inputs, *axis, shape)?,
        Primitive::Pad { by, with: PadMode::Constant(value) } => pad(x()?, by, *value, shape),
        Primitive::MaskWhere => {
            let [x, mask, value] = inputs else { return None };
            let [x, mask, value] = [expand(x, &shape)?, expand(mask, &shape)?, expand(value, &shape)?];
            Tensor::from_fn(shape, |i| if mask.data()[i] == 0.0 { x.data()[i] } else { value.data()[i] })
        }
        Primitive::MaskFill(value) => {
            let [x, mask] = inputs else { return None };
            let [x, mask] = [expand(x, &shape)?, expand(mask, &shape)?];
            Tensor::from_fn(shape, |i| if mask.data()[i] == 0.0 { x.data()[i] } else { *value })
        }
        Primitive::Reduce { by, axes } => reduce(x()?, *by, axes).reshape(shape).ok()?,
        Primitive::Matmul => matmul(inputs, shape)?,
        _ => return None,
    };
    Some(value)
}

fn unary(by: Unary) -> Option<fn(f64) -> f64> {
    Some(match by {
        Unary::Abs => f64::abs,
        Unary::Exp => f64::exp,
        Unary::Log => f64::ln,
        Unary::Log1p => f64::ln_1p,
        Unary::Neg => |x| -x,
        Unary::Not => |x| truth(x == 0.0),
        Unary::Recip => f64::recip,
        Unary::Relu => |x| x.max(0.0),
        Unary::Sigmoid => |x| 1.0 / (1.0 + (-x).exp()),
        Unary::LogSigmoid => |x| -(-x).exp().ln_1p(),
        Unary::Sign => |x| if x == 0.0 { 0.0 } else { x.signum() },
        Unary::Sqrt => f64::sqrt,
        Unary::Tanh => f64::tanh,
        Unary::Erf | Unary::Gelu => return None,
    })
}

/// `a by b`; quotients of whole numbers are whole.
fn binary(by: Binary, a: f64, b: f64, whole: bool) -> f64 {
    match by {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => quotient(a, b, whole),
        Binary::Pow => a.powf(b),
        Binary::Equal => truth(a == b),
        Binary::NotEqual => truth(a != b),
        Binary::Greater => truth(a > b),
        Binary::GreaterEqual => truth(a >= b),
        Binary::Lower => truth(a < b),
        Binary::LowerEqual => truth(a <= b),
        Binary::And => truth(a != 0.0 && b != 0.0),
        Binary::Or => truth(a != 0.0 || b != 0.0),
    }
}

/// The elements as indices.
pub fn indices(tensor: &Tensor) -> Option<Vec<usize>> {
    tensor.data().iter().map(|i| index(*i)).collect()
}

/// The position along every axis of a flat index.
fn position(mut flat: usize, strides: &[usize]) -> impl Iterator<Item = usize> {
    strides.iter().map(move |stride| {
        let at = flat / stride;
        flat %= stride;
        at
    })
}

/// The tensor of `shape` whose element at `i..` is that of `x` at `from(extent of x, i, axis)..`.
fn pick(x: &Tensor, shape: Shape, from: impl Fn(usize, usize, usize) -> usize) -> Option<Tensor> {
    let sizes = x.shape().dims();
    if sizes.len() != shape.rank() {
        return None;
    }
    let (strides, own) = (shape.strides(), x.shape().strides());
    Some(Tensor::from_fn(shape, |flat| {
        let at = position(flat, &strides).enumerate();
        x.data()[at.map(|(axis, i)| from(sizes[axis], i, axis) * own[axis]).sum::<usize>()]
    }))
}

/// `x` broadcast to a shape, axes aligned at the end.
pub fn expand(x: &Tensor, shape: &Shape) -> Option<Tensor> {
    if x.shape() == shape {
        return Some(x.clone());
    }
    let missing = shape.rank().checked_sub(x.shape().rank())?;
    let dims: Vec<usize> = std::iter::repeat_n(1, missing).chain(x.shape().dims().iter().copied()).collect();
    if dims.iter().zip(shape.dims()).any(|(own, wanted)| *own != 1 && own != wanted) {
        return None;
    }
    let x = x.clone().reshape(dims.as_slice()).ok()?;
    pick(&x, shape.clone(), |size, i, _| if size == 1 { 0 } else { i })
}

fn cat(inputs: &[&Tensor], axis: usize, shape: Shape) -> Option<Tensor> {
    let strides = shape.strides();
    let mut data = Vec::with_capacity(shape.len());
    for flat in 0..shape.len() {
        let mut at: Vec<usize> = position(flat, &strides).collect();
        let part = inputs.iter().find(|t| {
            let size = t.shape().dims()[axis];
            let inside = at[axis] < size;
            if !inside {
                at[axis] -= size;
            }
            inside
        })?;
        data.push(part.data()[at.iter().zip(part.shape().strides()).map(|(i, s)| i * s).sum::<usize>()]);
    }
    Tensor::new(shape, data).ok()
}

fn pad(x: &Tensor, by: &[(usize, usize)], value: f64, shape: Shape) -> Tensor {
    let (strides, own) = (shape.strides(), x.shape().strides());
    Tensor::from_fn(shape, |flat| {
        let mut index = 0;
        for (axis, i) in position(flat, &strides).enumerate() {
            match i.checked_sub(by[axis].0) {
                Some(at) if at < x.shape().dims()[axis] => index += at * own[axis],
                _ => return value,
            }
        }
        x.data()[index]
    })
}

fn reduce(x: &Tensor, by: Reduce, axes: &[usize]) -> Tensor {
    let dims = x.shape().dims();
    let kept: Vec<usize> = dims.iter().enumerate().map(|(a, d)| if axes.contains(&a) { 1 } else { *d }).collect();
    let shape = Shape::new(kept);
    let count = (x.len() / shape.len().max(1)) as f64;
    let (strides, own) = (x.shape().strides(), shape.strides());
    let start = match by {
        Reduce::Sum | Reduce::Mean => 0.0,
        Reduce::Max => f64::NEG_INFINITY,
        Reduce::Min => f64::INFINITY,
    };
    let mut data = vec![start; shape.len()];
    for (flat, value) in x.data().iter().enumerate() {
        let at = position(flat, &strides).enumerate().filter(|(a, _)| !axes.contains(a));
        let slot = &mut data[at.map(|(a, i)| i * own[a]).sum::<usize>()];
        *slot = match by {
            Reduce::Sum | Reduce::Mean => *slot + value,
            Reduce::Max => slot.max(*value),
            Reduce::Min => slot.min(*value),
        };
    }
    if by == Reduce::Mean {
        data.iter_mut().for_each(|v| *v /= count);
    }
    Tensor::from_fn(shape, |i| data[i])
}

fn matmul(inputs: &[&Tensor], shape: Shape) -> Option<Tensor> {
    let [a, b] = inputs else { return None };
    let rank = shape.rank();
    let inner = *a.shape().dims().last()?;
    if rank < 2 || a.shape().rank() != rank || b.shape().rank() != rank || b.shape().dims()[rank - 2] != inner {
        return None;
    }
    // Batch axes of one element are used again for every element of the other operand's.
    let steps = |t: &Tensor| -> Vec<usize> {
        t.shape().strides().iter().zip(t.shape().dims()).map(|(s, d)| if *d == 1 { 0 } else { *s }).collect()
    };
    let (sa, sb) = (steps(a), steps(b));
    let strides = shape.strides();
    Some(Tensor::from_fn(shape, |flat| {
        let at: Vec<usize> = position(flat, &strides).collect();
        let batch = |s: &[usize]| at[..rank - 2].iter().zip(s).map(|(i, s)| i * s).sum::<usize>();
        let (row, column) = (batch(&sa) + at[rank - 2] * sa[rank - 2], batch(&sb) + at[rank - 1] * sb[rank - 1]);
        (0..inner).map(|k| a.data()[row + k * sa[rank - 1]] * b.data()[column + k * sb[rank - 2]]).sum()
    }))
}

#[cfg(test)]
mod tests {
    use burn::backend::capture::TensorId;

    use super::*;

    fn of(primitive: Primitive, shape: &[usize], inputs: &[&Tensor]) -> Vec<f64> {
        let operation =
            Operation { primitive, inputs: vec![], out: TensorId::new(0), shape: shape.to_vec(), whole: false };
        fold(&operation, inputs).unwrap().into_data()
    }

    fn counting(shape: &[usize]) -> Tensor {
        Tensor::from_fn(shape, |i| i as f64)
    }

    #[test]
    fn operands_broadcast() {
        let (a, b) = (counting(&[2, 1]), counting(&[1, 3]));
        assert_eq!(of(Primitive::Binary(Binary::Sub), &[2, 3], &[&a, &b]), [0.0, -1.0, -2.0, 1.0, 0.0, -1.0]);
    }

    #[test]
    fn axes_move_slice_and_turn() {
        let x = counting(&[2, 3]);
        assert_eq!(of(Primitive::Permute(vec![1, 0]), &[3, 2], &[&x]), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(of(Primitive::Flip(vec![1]), &[2, 3], &[&x]), [2.0, 1.0, 0.0, 5.0, 4.0, 3.0]);
        assert_eq!(of(Primitive::Slice(vec![(1, 2, 1), (0, 3, -2)]), &[1, 2], &[&x]), [5.0, 3.0]);
        assert_eq!(of(Primitive::Repeat { axis: 0, times: 2 }, &[4, 3], &[&x])[6..9], [0.0, 1.0, 2.0]);
        assert_eq!(of(Primitive::Cat { axis: 1 }, &[2, 6], &[&x, &x])[..6], [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
        let padded = of(Primitive::Pad { by: vec![(0, 0), (1, 0)], with: PadMode::Constant(9.0) }, &[2, 4], &[&x]);
        assert_eq!(padded, [9.0, 0.0, 1.0, 2.0, 9.0, 3.0, 4.0, 5.0]);
    }

    #[test]
    fn axes_reduce_and_matrices_multiply() {
        let x = counting(&[2, 3]);
        assert_eq!(of(Primitive::Reduce { by: Reduce::Mean, axes: vec![1] }, &[2, 1], &[&x]), [1.0, 4.0]);
        assert_eq!(of(Primitive::Reduce { by: Reduce::Max, axes: vec![0, 1] }, &[1], &[&x]), [5.0]);
        let y = counting(&[3, 2]);
        assert_eq!(of(Primitive::Matmul, &[2, 2], &[&x, &y]), [10.0, 13.0, 28.0, 40.0]);
    }

    #[test]
    fn rows_of_a_table_are_picked_by_number() {
        let table = counting(&[3, 2]);
        let numbers = Tensor::vector(vec![2.0, 0.0]);
        assert_eq!(of(Primitive::Select { axis: 0 }, &[2, 2], &[&table, &numbers]), [4.0, 5.0, 0.0, 1.0]);
        let operation = Operation {
            primitive: Primitive::Embedding,
            inputs: vec![],
            out: TensorId::new(0),
            shape: vec![1, 1, 2],
            whole: false,
        };
        assert_eq!(fold(&operation, &[&table, &Tensor::vector(vec![3.0])]), None);
    }
}
