//! Reductions along axes.

use crate::{
    error::ImportError,
    onnx::{
        call::Call,
        traced::{Kind, Traced},
    },
    ops::{Op, ReduceKind},
};

/// `ReduceSum`, ..; the axes were an attribute once.
pub(super) fn reduce(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let kind = match call.node.operator {
        "ReduceSum" => ReduceKind::Sum,
        "ReduceMean" => ReduceKind::Mean,
        "ReduceMax" => ReduceKind::Max,
        "ReduceMin" => ReduceKind::Min,
        "ReduceL1" => ReduceKind::L1,
        "ReduceL2" => ReduceKind::L2,
        "ReduceSumSquare" => ReduceKind::SumSquare,
        "ReduceLogSum" => ReduceKind::LogSum,
        "ReduceLogSumExp" => ReduceKind::LogSumExp,
        other => return Err(call.unsupported(format!("operator `{other}`"), "a reduction")),
    };
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
        None if noop => return Ok(x),
        None => (0..x.rank()).collect(),
    };
    let mut dims = x.dims.clone();
    if keepdims {
        axes.iter().for_each(|a| dims[*a] = 1);
    } else {
        dims = (0..dims.len()).filter(|i| !axes.contains(i)).map(|i| dims[i]).collect();
    }
    if x.rank() == 0 {
        return Ok(x);
    }
    let (x, axes) = call.along(x, &axes)?;
    let value = call.lower(&Op::Reduce { kind, axes, keepdims }, &[x.value])?;
    call.settle(value, dims, x.batched, Kind::Real)
}

/// `ArgMax` and `ArgMin`.
pub(super) fn arg(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
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
    let max = call.node.operator == "ArgMax";
    let value = call.lower(&Op::Arg { max, axis: axes[0], keepdims, last }, &[x.value])?;
    call.settle(value, dims, x.batched, Kind::Whole)
}
