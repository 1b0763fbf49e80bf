//! Dense layers with their bias, and chains of factors and offsets.

use burn::backend::capture::TensorId;
use zkml_core::{shape::Shape, tensor::Tensor};

use super::{Affine, Pattern};
use crate::{
    dataflow::Dataflow,
    fold,
    primitive::{Binary, Operation, Primitive},
};

impl Dataflow<'_> {
    /// Dense layer: `x W + b`, both constants.
    pub(super) fn dense(&self, operation: &Operation) -> Option<Pattern> {
        let (Primitive::Binary(Binary::Add), [a, b]) = (&operation.primitive, operation.inputs.as_slice()) else {
            return None;
        };
        let of = |product: TensorId, bias: TensorId| {
            let inner = self.operation(product)?;
            let [x, weight] = inner.inputs.as_slice() else { return None };
            let units = *operation.shape.last()?;
            let vector = self.constant(bias)?;
            let fits = vector.len() == units && vector.shape().dims().last() == Some(&units);
            let alone = self.uses.get(&product) == Some(&1);
            let bare = matches!(inner.primitive, Primitive::Matmul | Primitive::Linear);
            (bare && fits && alone && inner.shape == operation.shape && self.is_matrix(*weight))
                .then_some(Pattern::Dense { x: *x, weight: *weight, bias })
        };
        of(*a, *b).or_else(|| of(*b, *a))
    }

    /// Affine map: a chain of `+ - * /` by constants that are not the same everywhere.
    pub(super) fn affine_chain(&self, operation: &Operation) -> Option<Pattern> {
        let shape = Shape::new(operation.shape.clone());
        let fill = |value: f64| Tensor::from_fn(vec![1; shape.rank()].as_slice(), |_| value);
        let (mut scale, mut offset) = (fill(1.0), fill(0.0));
        let (mut scales, mut moves) = (false, false);
        let mut path = None;
        let mut x = operation.out;
        let (mut number, mut trained) = (true, false);
        // What is used elsewhere as well is computed anyway, so the chain ends there.
        while let Some(operation) =
            self.operation(x).filter(|s| x == operation.out || self.uses.get(&s.out) == Some(&1))
        {
            let mut neutral = false;
            let (by, inner, constant) = match (&operation.primitive, operation.inputs.as_slice()) {
                (Primitive::Scalar(by, s), [a]) => {
                    neutral = *s == if matches!(by, Binary::Mul | Binary::Div) { 1.0 } else { 0.0 };
                    (*by, *a, fill(*s))
                }
                (Primitive::Binary(by), [a, b]) => {
                    let (inner, constant, turned) = match (self.constants.get(a), self.constants.get(b)) {
                        (None, Some(c)) => (*a, c, false),
                        (Some(c), None) => (*b, c, true),
                        _ => break,
                    };
                    if turned && !matches!(by, Binary::Add | Binary::Mul) {
                        break;
                    }
                    number &= constant.is_number();
                    trained |= constant.trained;
                    path = path.or_else(|| constant.path.clone());
                    (*by, inner, constant.value.clone())
                }
                _ => break,
            };
            if self.shape(inner).is_some_and(|s| s != shape.dims()) {
                break;
            }
            match by {
                Binary::Add => offset = broadcast(&offset, &broadcast(&scale, &constant, |s, c| s * c)?, |o, c| o + c)?,
                Binary::Sub => offset = broadcast(&offset, &broadcast(&scale, &constant, |s, c| s * c)?, |o, c| o - c)?,
                Binary::Mul => scale = broadcast(&scale, &constant, |s, c| s * c)?,
                Binary::Div => scale = broadcast(&scale, &constant, |s, c| s / c)?,
                _ => break,
            }
            match by {
                Binary::Mul | Binary::Div => scales |= !neutral,
                _ => moves |= !neutral,
            }
            x = inner;
        }
        let (scale, offset) = (scales.then_some(scale), moves.then_some(offset));
        (x != operation.out && !number).then_some(Pattern::Affine(Affine { x, scale, offset, path, trained }))
    }
}

/// A function of two tensors of one rank, axes of one element broadcast.
fn broadcast(a: &Tensor, b: &Tensor, f: impl Fn(f64, f64) -> f64) -> Option<Tensor> {
    let dims: Vec<usize> = a.shape().dims().iter().zip(b.shape().dims()).map(|(a, b)| *a.max(b)).collect();
    let shape = Shape::new(dims);
    let (a, b) = (fold::expand(a, &shape)?, fold::expand(b, &shape)?);
    Some(Tensor::from_fn(shape, |i| f(a.data()[i], b.data()[i])))
}
