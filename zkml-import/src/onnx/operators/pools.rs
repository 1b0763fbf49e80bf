//! Pooling: maximum, average and p-norm, in windows or over all spatial axes.

use super::linear::{extents, padding};
use crate::{
    builder::Value,
    error::ImportError,
    onnx::{
        call::Call,
        traced::{Kind, Traced},
    },
    ops::{Op, PoolKind, Unary, Window},
};

/// `MaxPool`.
pub(super) fn max(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let (x, window, ceil) = windows(call)?;
    // It says how the second output counts, which is refused where it is used.
    call.attributes.ignore("storage_order");
    let value = call.lower(&Op::Pool { kind: PoolKind::Max, window, ceil }, &[x.value])?;
    Ok(call.as_stored(value, x.batched))
}

/// `AveragePool`.
pub(super) fn average(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let (x, window, ceil) = windows(call)?;
    let include_pad = call.attributes.flag("count_include_pad", false)?;
    let value = call.lower(&Op::Pool { kind: PoolKind::Avg { include_pad }, window, ceil }, &[x.value])?;
    Ok(call.as_stored(value, x.batched))
}

/// `LpPool`.
pub(super) fn norm(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let (x, window, ceil) = windows(call)?;
    let p = power(call)?;
    let value = lp(call, p, &Op::Pool { kind: PoolKind::Sum, window, ceil }, x.value)?;
    Ok(call.as_stored(value, x.batched))
}

/// The input `[batch, channels, ..]` of a pool, its window, and whether the output's extents are rounded up.
fn windows(call: &mut Call<'_, '_, '_>) -> Result<(Traced, Window, bool), ImportError> {
    call.at_most(1)?;
    let x = call.input(0)?;
    let axes = x.rank().saturating_sub(2);
    if axes == 0 {
        return Err(call.malformed(call.shapes(), "an input `[batch, channels, ..]`"));
    }
    let window = Window {
        kernel: extents(call, "kernel_shape", axes, None)?,
        stride: extents(call, "strides", axes, Some(1))?,
        dilation: extents(call, "dilations", axes, Some(1))?,
        padding: padding(call, axes)?,
    };
    let ceil = call.attributes.flag("ceil_mode", false)?;
    Ok((call.sample(x)?, window, ceil))
}

/// The exponent of a norm.
fn power(call: &Call<'_, '_, '_>) -> Result<u32, ImportError> {
    match call.attributes.int("p")?.unwrap_or(2) {
        1 => Ok(1),
        2 => Ok(2),
        4 => Ok(4),
        p => Err(call.unsupported(format!("`p` of {p}"), "1, 2 or 4")),
    }
}

/// The `p`th root of the sums of `p`th powers.
fn lp(call: &mut Call<'_, '_, '_>, p: u32, sum: &Op, x: Value) -> Result<Value, ImportError> {
    if p == 1 {
        let magnitude = call.beside("magnitude", &Op::Unary(Unary::Abs), &[x])?;
        return call.lower(sum, &[magnitude]);
    }
    let mut value = x;
    for _ in 0..p.ilog2() {
        value = call.beside("square", &Op::Unary(Unary::Square), &[value])?;
    }
    value = call.beside("sum", sum, &[value])?;
    for _ in 1..p.ilog2() {
        value = call.beside("root", &Op::Unary(Unary::Sqrt), &[value])?;
    }
    call.lower(&Op::Unary(Unary::Sqrt), &[value])
}

/// `GlobalMaxPool` and `GlobalAveragePool`.
pub(super) fn global(call: &mut Call<'_, '_, '_>, kind: PoolKind) -> Result<Traced, ImportError> {
    let x = channels(call)?;
    let value = call.lower(&Op::GlobalPool { kind, keepdims: true }, std::slice::from_ref(&x.value))?;
    one_a_channel(call, x, value)
}

/// `GlobalLpPool`.
pub(super) fn global_norm(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let x = channels(call)?;
    let p = power(call)?;
    let value = lp(call, p, &Op::GlobalPool { kind: PoolKind::Sum, keepdims: true }, x.value.clone())?;
    one_a_channel(call, x, value)
}

/// The input `[batch, channels, ..]` of a global pool.
fn channels(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let x = call.input(0)?;
    if x.rank() < 3 {
        return Err(call.malformed(call.shapes(), "an input `[batch, channels, ..]`"));
    }
    call.sample(x)
}

/// The result of a global pool, `[batch, channels, 1, ..]`.
fn one_a_channel(call: &mut Call<'_, '_, '_>, x: Traced, value: Value) -> Result<Traced, ImportError> {
    let mut dims = vec![1; x.dims.len()];
    dims[1] = x.dims[1];
    call.settle(value, dims, x.batched, Kind::Real)
}
