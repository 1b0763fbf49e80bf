//! Reductions along axes.

use zkml_core::tensor::Tensor;

use crate::{
    builder::Value,
    error::ImportError,
    onnx::{
        call::Call,
        traced::{Kind, Traced, stored},
    },
    ops::{Binary, Op, ReduceKind},
};

/// `ReduceSum`, ..; the axes were an attribute once.
pub(super) fn reduce(call: &mut Call<'_, '_, '_>, kind: ReduceKind) -> Result<Traced, ImportError> {
    let Reduced { x, axes, dims, keepdims } = match reduced(call)? {
        Ok(reduced) => reduced,
        Err(x) => return Ok(x),
    };
    let (x, axes) = call.along(x, &axes)?;
    let value = call.lower(&Op::Reduce { kind, axes, keepdims }, &[x.value])?;
    call.settle(value, dims, x.batched, Kind::Real)
}

/// What is reduced, along which axes, and the extents of the result.
struct Reduced {
    x: Traced,
    axes: Vec<usize>,
    dims: Vec<usize>,
    keepdims: bool,
}

/// The inputs of a reduction; or its result, if it has no axes and is told that this means none, or reduces a number.
fn reduced(call: &Call<'_, '_, '_>) -> Result<Result<Reduced, Traced>, ImportError> {
    call.at_most(2)?;
    let x = call.input(0)?;
    let keepdims = call.attributes.flag("keepdims", true)?;
    let noop = call.attributes.flag("noop_with_empty_axes", false)?;
    let attribute = call.attributes.ints("axes")?.map(<[i64]>::to_vec);
    let axes = match call.whole(1, "axes")? {
        Some(_) if attribute.is_some() => return Err(call.malformed("axes given twice", "axes given once")),
        Some(axes) => Some(axes),
        None => attribute,
    };
    let axes = match axes.filter(|a| !a.is_empty()) {
        Some(axes) => call.axes(&axes, x.rank())?,
        None if noop => return Ok(Err(x)),
        None => (0..x.rank()).collect(),
    };
    let mut dims = x.dims.clone();
    if keepdims {
        axes.iter().for_each(|a| dims[*a] = 1);
    } else {
        dims = (0..dims.len()).filter(|i| !axes.contains(i)).map(|i| dims[i]).collect();
    }
    Ok(if x.rank() == 0 { Err(x) } else { Ok(Reduced { x, axes, dims, keepdims }) })
}

/// The most factors of `ReduceProd`.
const MAX_FACTORS: usize = 256;

/// `ReduceProd`: a product of slices.
pub(super) fn product(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let Reduced { x, axes, dims, .. } = match reduced(call)? {
        Ok(reduced) => reduced,
        Err(x) => return Ok(x),
    };
    let factors: usize = axes.iter().map(|a| x.dims[*a]).product();
    if factors > MAX_FACTORS {
        return Err(call.unsupported(format!("a product of {factors} numbers"), format!("at most {MAX_FACTORS}")));
    }
    let (x, axes) = call.along(x, &axes)?;
    let inner = stored(&x.dims, x.batched);
    let rest: Vec<usize> = (0..inner.len()).filter(|i| !axes.contains(i)).collect();
    let others: usize = rest.iter().map(|i| inner[*i]).product();
    let order = axes.iter().chain(&rest).copied().collect();
    let front = call.beside("order", &Op::Permute { axes: order }, &[x.value])?;
    let front = call.beside("rows", &Op::Reshape { shape: vec![factors, others] }, &[front])?;
    let mut value = None;
    for i in 0..factors as i64 {
        let row =
            call.beside("row", &Op::Slice { axis: 0, start: i, end: i + 1, step: 1 }, std::slice::from_ref(&front))?;
        value = Some(match value {
            None => row,
            Some(so_far) => call.beside("product", &Op::Binary(Binary::Mul), &[so_far, row])?,
        });
    }
    let Some(value) = value else { return Err(call.malformed("no numbers", "at least one")) };
    call.settle(value, dims, x.batched, x.kind)
}

/// `Hardmax`: one where the first largest element is, zero elsewhere.
pub(super) fn hardmax(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let x = call.input(0)?;
    let old = call.opset() < 13;
    let axis = call.axis(call.attributes.int("axis")?.unwrap_or(if old { 1 } else { -1 }), x.rank())?;
    if old && axis + 1 != x.rank() {
        return Err(call
            .unsupported(format!("axis {axis} of {:?}", x.dims), "the last axis")
            .help("convert to operator set 13"));
    }
    let dims = x.dims.clone();
    let (x, axes) = call.along(x, &[axis])?;
    let op = Op::Arg { max: true, axis: axes[0], keepdims: true, last: false };
    let place = call.beside("place", &op, &[x.value])?;
    let inner = stored(&dims, x.batched);
    let mut one = inner.clone();
    one[axes[0]] = 1;
    let place = call.beside("place", &Op::Reshape { shape: one }, &[place])?;
    let mut numbers = vec![1; inner.len()];
    numbers[axes[0]] = inner[axes[0]];
    let numbers = Tensor::from_fn(numbers.as_slice(), |i| i as f64);
    let value = call.lower(&Op::Binary(Binary::Equal), &[place, Value::constant(numbers)])?;
    call.settle(value, dims, x.batched, Kind::Real)
}

/// `ArgMax` and `ArgMin`.
pub(super) fn arg(call: &mut Call<'_, '_, '_>, max: bool) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let x = call.input(0)?;
    let axis = call.axis(call.attributes.int("axis")?.unwrap_or(0), x.rank())?;
    let keepdims = call.attributes.flag("keepdims", true)?;
    let last = call.attributes.flag("select_last_index", false)?;
    let mut dims = x.dims.clone();
    if keepdims {
        dims[axis] = 1;
    } else {
        dims.remove(axis);
    }
    let (x, axes) = call.along(x, &[axis])?;
    let value = call.lower(&Op::Arg { max, axis: axes[0], keepdims, last }, &[x.value])?;
    call.settle(value, dims, x.batched, Kind::Whole)
}
