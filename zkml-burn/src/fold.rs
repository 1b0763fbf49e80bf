//! Constants: what is computed from weights and literals alone is computed here, once, in 64-bit floats.

use zkml_core::{shape::Shape, tensor::Tensor};

use crate::prim::{Binary, Fill, Prim, Reduce, Step, Unary};

/// The value of a step whose inputs are all constants, `None` for operations that are not folded.
pub fn fold(step: &Step, inputs: &[&Tensor]) -> Option<Tensor> {
    let shape = Shape::new(step.shape.clone());
    let x = || inputs.first().copied();
    let value = match &step.prim {
        Prim::Fill(value) => Tensor::from_fn(shape, |_| *value),
        Prim::Cast if step.whole => x()?.map(|v| v.trunc()),
        Prim::Cast => x()?.clone(),
        Prim::Unary(by) => {
            let f = unary(*by)?;
            x()?.map(|v| f(*v))
        }
        Prim::Binary(by) => {
            let [a, b] = inputs else { return None };
            let (a, b) = (expand(a, &shape)?, expand(b, &shape)?);
            Tensor::from_fn(shape, |i| binary(*by, a.data()[i], b.data()[i], step.whole))
        }
        Prim::Scalar(by, s) => x()?.map(|v| binary(*by, *v, *s, step.whole)),
        Prim::Clamp { min, max } => {
            x()?.map(|v| v.max(min.unwrap_or(f64::NEG_INFINITY)).min(max.unwrap_or(f64::INFINITY)))
        }
        Prim::Reshape => x()?.clone().reshape(shape).ok()?,
        Prim::Expand => expand(x()?, &shape)?,
        Prim::Permute(axes) => permute(x()?, axes)?,
        Prim::Flip(axes) => pick(x()?, shape, |size, i, axis| if axes.contains(&axis) { size - 1 - i } else { i })?,
        Prim::Slice(ranges) => pick(x()?, shape, |_, i, axis| {
            let (start, end, step) = ranges[axis];
            let offset = i * step.unsigned_abs();
            if step < 0 { end - 1 - offset } else { start + offset }
        })?,
        Prim::Repeat { .. } => pick(x()?, shape, |size, i, _| i % size)?,
        Prim::Select { axis } => {
            let [table, indices] = inputs else { return None };
            let indices = whole(indices)?;
            indices.iter().all(|i| *i < table.shape().dims()[*axis]).then_some(())?;
            pick(table, shape, |_, i, a| if a == *axis { indices[i] } else { i })?
        }
        Prim::Embedding => {
            let [table, indices] = inputs else { return None };
            let [rows, width] = table.shape().dims() else { return None };
            let indices = whole(indices)?;
            indices.iter().all(|i| i < rows).then_some(())?;
            let row = |r: &usize| table.data()[r * width..(r + 1) * width].iter().copied();
            Tensor::new(shape, indices.iter().flat_map(row).collect()).ok()?
        }
        Prim::Cat { axis } => cat(inputs, *axis, shape)?,
        Prim::Pad { by, with: Fill::Constant(value) } => pad(x()?, by, *value, shape),
        Prim::MaskWhere => {
            let [x, mask, value] = inputs else { return None };
            let [x, mask, value] = [expand(x, &shape)?, expand(mask, &shape)?, expand(value, &shape)?];
            Tensor::from_fn(shape, |i| if mask.data()[i] == 0.0 { x.data()[i] } else { value.data()[i] })
        }
        Prim::MaskFill(value) => {
            let [x, mask] = inputs else { return None };
            let [x, mask] = [expand(x, &shape)?, expand(mask, &shape)?];
            Tensor::from_fn(shape, |i| if mask.data()[i] == 0.0 { x.data()[i] } else { *value })
        }
        Prim::Reduce { by, axes } => reduce(x()?, *by, axes).reshape(shape).ok()?,
        Prim::Matmul => matmul(inputs, shape)?,
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
        Unary::Not => |x| f64::from(u8::from(x == 0.0)),
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
    let truth = |t| f64::from(u8::from(t));
    match by {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div if whole => (a / b).trunc(),
        Binary::Div => a / b,
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
fn whole(indices: &Tensor) -> Option<Vec<usize>> {
    indices.data().iter().map(|i| (*i >= 0.0 && i.fract() == 0.0 && *i < 1e15).then_some(*i as usize)).collect()
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

/// `x` with its axes in another order.
pub fn permute(x: &Tensor, axes: &[usize]) -> Option<Tensor> {
    let dims = x.shape().dims();
    let own = x.shape().strides();
    if axes.len() != dims.len() || axes.iter().any(|a| *a >= dims.len()) {
        return None;
    }
    let shape = Shape::new(axes.iter().map(|a| dims[*a]).collect::<Vec<_>>());
    let strides = shape.strides();
    Some(Tensor::from_fn(shape, |flat| {
        x.data()[position(flat, &strides).zip(axes).map(|(i, a)| i * own[*a]).sum::<usize>()]
    }))
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

    fn of(prim: Prim, shape: &[usize], inputs: &[&Tensor]) -> Vec<f64> {
        let step = Step { prim, inputs: vec![], out: TensorId::new(0), shape: shape.to_vec(), whole: false };
        fold(&step, inputs).unwrap().into_data()
    }

    fn counting(shape: &[usize]) -> Tensor {
        Tensor::from_fn(shape, |i| i as f64)
    }

    #[test]
    fn operands_broadcast() {
        let (a, b) = (counting(&[2, 1]), counting(&[1, 3]));
        assert_eq!(of(Prim::Binary(Binary::Sub), &[2, 3], &[&a, &b]), [0.0, -1.0, -2.0, 1.0, 0.0, -1.0]);
    }

    #[test]
    fn axes_move_slice_and_turn() {
        let x = counting(&[2, 3]);
        assert_eq!(of(Prim::Permute(vec![1, 0]), &[3, 2], &[&x]), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(of(Prim::Flip(vec![1]), &[2, 3], &[&x]), [2.0, 1.0, 0.0, 5.0, 4.0, 3.0]);
        assert_eq!(of(Prim::Slice(vec![(1, 2, 1), (0, 3, -2)]), &[1, 2], &[&x]), [5.0, 3.0]);
        assert_eq!(of(Prim::Repeat { axis: 0, times: 2 }, &[4, 3], &[&x])[6..9], [0.0, 1.0, 2.0]);
        assert_eq!(of(Prim::Cat { axis: 1 }, &[2, 6], &[&x, &x])[..6], [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
        let padded = of(Prim::Pad { by: vec![(0, 0), (1, 0)], with: Fill::Constant(9.0) }, &[2, 4], &[&x]);
        assert_eq!(padded, [9.0, 0.0, 1.0, 2.0, 9.0, 3.0, 4.0, 5.0]);
    }

    #[test]
    fn axes_reduce_and_matrices_multiply() {
        let x = counting(&[2, 3]);
        assert_eq!(of(Prim::Reduce { by: Reduce::Mean, axes: vec![1] }, &[2, 1], &[&x]), [1.0, 4.0]);
        assert_eq!(of(Prim::Reduce { by: Reduce::Max, axes: vec![0, 1] }, &[1], &[&x]), [5.0]);
        let y = counting(&[3, 2]);
        assert_eq!(of(Prim::Matmul, &[2, 2], &[&x, &y]), [10.0, 13.0, 28.0, 40.0]);
    }

    #[test]
    fn rows_of_a_table_are_picked_by_number() {
        let table = counting(&[3, 2]);
        let numbers = Tensor::vector(vec![2.0, 0.0]);
        assert_eq!(of(Prim::Select { axis: 0 }, &[2, 2], &[&table, &numbers]), [4.0, 5.0, 0.0, 1.0]);
        let step =
            Step { prim: Prim::Embedding, inputs: vec![], out: TensorId::new(0), shape: vec![1, 1, 2], whole: false };
        assert_eq!(fold(&step, &[&table, &Tensor::vector(vec![3.0])]), None);
    }
}
