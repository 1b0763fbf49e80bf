//! Gathering of single elements by constant indices, and triangular masks.

use zkml_core::{shape::Shape, tensor::Tensor};

use crate::{
    builder::Value,
    constants::truth,
    error::ImportError,
    onnx::{
        call::Call,
        fold::spend,
        traced::{Traced, count},
    },
    ops::{Binary, Op},
};

/// The elements at these flat indices of the whole value.
fn pick(call: &mut Call<'_, '_, '_>, x: Traced, indices: Vec<usize>, dims: Vec<usize>) -> Result<Traced, ImportError> {
    spend(call, indices.len())?;
    let x = call.unbatched(x)?;
    let flat = call.beside("flat", &Op::Flatten, &[x.value])?;
    let value = call.lower(&Op::Gather { axis: 0, indices }, &[flat])?;
    call.settle(value, dims, false, x.kind)
}

/// The shape of the indices, and the indices.
fn indices(call: &Call<'_, '_, '_>) -> Result<(Shape, Vec<i64>), ImportError> {
    call.at_most(2)?;
    let shape = call.constant(1, "indices")?.shape().clone();
    let numbers = call.whole(1, "indices")?.unwrap_or_default();
    if numbers.is_empty() {
        return Err(call.unsupported("no indices", "at least one"));
    }
    Ok((shape, numbers))
}

/// `GatherElements`: the index replaces the coordinate along an axis.
pub(super) fn gather_elements(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let x = call.input(0)?;
    let (shape, numbers) = indices(call)?;
    let axis = call.axis(call.attributes.int("axis")?.unwrap_or(0), x.rank())?;
    let fits = shape.rank() == x.rank() && (0..x.rank()).all(|i| i == axis || shape.dims()[i] <= x.dims[i]);
    if !fits {
        return Err(call.malformed(call.shapes(), "indices of as many axes, none longer"));
    }
    let (inner, outer) = (Shape::new(x.dims.clone()).strides(), shape.strides());
    let mut picked = Vec::new();
    for (i, number) in numbers.iter().enumerate() {
        let at = call.axis(*number, x.dims[axis])?;
        let place = |a: usize| if a == axis { at } else { i / outer[a] % shape.dims()[a] };
        picked.push((0..x.rank()).map(|a| place(a) * inner[a]).sum());
    }
    pick(call, x, picked, shape.dims().to_vec())
}

/// `GatherND`: the last axis of the indices holds coordinates of the first axes.
pub(super) fn gather_nd(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let x = call.input(0)?;
    let (shape, numbers) = indices(call)?;
    if call.attributes.int("batch_dims")?.unwrap_or(0) != 0 {
        return Err(call.unsupported("`batch_dims`", "none"));
    }
    let depth = shape.dims().last().copied().unwrap_or_default();
    if depth == 0 || depth > x.rank() {
        return Err(call.malformed(call.shapes(), "indices whose last axis is no longer than the rank"));
    }
    let strides = Shape::new(x.dims.clone()).strides();
    let slice: usize = x.dims[depth..].iter().product();
    let dims = [&shape.dims()[..shape.rank() - 1], &x.dims[depth..]].concat();
    if count(&dims).is_none_or(|n| n > 1 << 20) {
        return Err(call.unsupported(format!("a result of shape {dims:?}"), "at most 2^20 elements"));
    }
    let mut picked = Vec::new();
    for coordinates in numbers.chunks(depth) {
        let mut start = 0;
        for (axis, number) in coordinates.iter().enumerate() {
            start += call.axis(*number, x.dims[axis])? * strides[axis];
        }
        picked.extend(start..start + slice);
    }
    pick(call, x, picked, dims)
}

/// `Trilu`: a triangle of the last two axes, the rest zero.
pub(super) fn trilu(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(2)?;
    let x = call.input(0)?;
    let upper = call.attributes.flag("upper", true)?;
    let k = call.integer(1, "a diagonal")?.unwrap_or(0);
    if x.rank() < 2 {
        return Err(call.malformed(call.shapes(), "matrices"));
    }
    let last = [x.rank() - 2, x.rank() - 1];
    let (x, _) = call.along(x, &last)?;
    let [rows, columns] = [x.dims[x.rank() - 2], x.dims[x.rank() - 1]];
    spend(call, rows.saturating_mul(columns))?;
    let mask = Tensor::from_fn([rows, columns], |i| {
        let offset = (i % columns) as i64 - (i / columns) as i64;
        truth(if upper { offset >= k } else { offset <= k })
    });
    let value = call.lower(&Op::Binary(Binary::Mul), &[x.value, Value::constant(mask)])?;
    call.settle(value, x.dims, x.batched, x.kind)
}
