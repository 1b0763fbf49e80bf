//! Pools.

use super::linear::{extents, padding};
use crate::{
    error::ImportError,
    onnx::{
        call::Call,
        traced::{Kind, Traced},
    },
    ops::{Op, PoolKind, Unary, Window},
};

/// `MaxPool`, `AveragePool` and `LpPool`.
pub(super) fn pool(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
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
    let x = call.sample(x)?;
    let value = match call.node.operator {
        "MaxPool" => {
            // It says how the second output counts, which is refused where it is used.
            call.attributes.ignore("storage_order");
            call.lower(&Op::Pool { kind: PoolKind::Max, window, ceil }, &[x.value])?
        }
        "AveragePool" => {
            let include_pad = call.attributes.flag("count_include_pad", false)?;
            call.lower(&Op::Pool { kind: PoolKind::Avg { include_pad }, window, ceil }, &[x.value])?
        }
        _ => {
            let (first, last) = match call.attributes.int("p")?.unwrap_or(2) {
                1 => (Unary::Abs, None),
                2 => (Unary::Square, Some(Unary::Sqrt)),
                p => return Err(call.unsupported(format!("`p` of {p}"), "1 or 2")),
            };
            let power = call.beside("power", &Op::Unary(first), &[x.value])?;
            let pool = Op::Pool { kind: PoolKind::Sum, window, ceil };
            match last {
                None => call.lower(&pool, &[power])?,
                Some(root) => {
                    let sum = call.beside("sum", &pool, &[power])?;
                    call.lower(&Op::Unary(root), &[sum])?
                }
            }
        }
    };
    Ok(call.as_stored(value, x.batched))
}

/// `GlobalMaxPool` and `GlobalAveragePool`.
pub(super) fn global(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let x = call.input(0)?;
    if x.rank() < 3 {
        return Err(call.malformed(call.shapes(), "an input `[batch, channels, ..]`"));
    }
    let x = call.sample(x)?;
    let kind = match call.node.operator {
        "GlobalMaxPool" => PoolKind::Max,
        _ => PoolKind::Avg { include_pad: false },
    };
    let value = call.lower(&Op::GlobalPool { kind, keepdims: true }, &[x.value])?;
    let mut dims = vec![1; x.dims.len()];
    dims[1] = x.dims[1];
    call.settle(value, dims, x.batched, Kind::Real)
}
