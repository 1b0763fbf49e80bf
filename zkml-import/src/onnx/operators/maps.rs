//! Linear maps along one axis, with a fixed matrix: cumulative sums, local response normalisation.

use zkml_core::tensor::Tensor;

use crate::{
    builder::Value,
    constants::truth,
    error::ImportError,
    onnx::{
        call::Call,
        fold::spend,
        traced::{Kind, Traced},
    },
    ops::{Binary, Op, Unary},
};

/// The matrix `[out, in]` of `f(out, in)`, with its elements paid for.
fn matrix(call: &mut Call<'_, '_, '_>, n: usize, f: impl Fn(usize, usize) -> f64) -> Result<Tensor, ImportError> {
    spend(call, n.saturating_mul(n))?;
    Ok(Tensor::from_fn([n, n], |i| f(i / n, i % n)))
}

/// A matrix `[out, in]` applied along an axis of the graph's value.
pub(super) fn along(call: &mut Call<'_, '_, '_>, x: Value, axis: usize, matrix: Tensor) -> Result<Value, ImportError> {
    let rank = call.reader.builder.shape(&x).rank();
    let mut swap: Vec<usize> = (0..rank).collect();
    swap.swap(axis, rank - 1);
    let turned = call.beside("turn", &Op::Permute { axes: swap.clone() }, &[x])?;
    let mapped = call.lower(&Op::Dense, &[turned, Value::constant(matrix)])?;
    call.beside("turn", &Op::Permute { axes: swap }, &[mapped])
}

/// `CumSum`: a triangle of ones.
pub(super) fn cumulate(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(2)?;
    let x = call.input(0)?;
    let axis = call.axis(call.integer(1, "an axis")?.unwrap_or_default(), x.rank())?;
    let (exclusive, reverse) = (call.attributes.flag("exclusive", false)?, call.attributes.flag("reverse", false)?);
    let triangle = matrix(call, x.dims[axis], |out, from| {
        let (first, last) = if reverse { (out, from) } else { (from, out) };
        truth(first < last || first == last && !exclusive)
    })?;
    let (x, axes) = call.along(x, &[axis])?;
    let value = along(call, x.value, axes[0], triangle)?;
    call.settle(value, x.dims, x.batched, x.kind)
}

/// `LRN`: `x / (bias + alpha / size * sum of squares of near channels) ^ beta`.
pub(super) fn lrn(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let (alpha, beta) = (call.attributes.float("alpha", 1e-4)?, call.attributes.float("beta", 0.75)?);
    let bias = call.attributes.float("bias", 1.0)?;
    let size = call.attributes.int("size")?.unwrap_or_default();
    let x = call.input(0)?;
    let size = usize::try_from(size).ok().filter(|s| (1..=1 << 16).contains(s));
    let (Some(size), true) = (size, x.rank() >= 3) else {
        return Err(call.malformed(call.shapes(), "`size`, and an input `[batch, channels, ..]`"));
    };
    let x = call.sample(x)?;
    let (before, after) = ((size - 1) / 2, size / 2);
    let band = matrix(call, x.dims[1], |out, from| {
        let near = from + before >= out && from <= out + after;
        if near { alpha / size as f64 } else { 0.0 }
    })?;
    let square = call.beside("square", &Op::Unary(Unary::Square), std::slice::from_ref(&x.value))?;
    let sum = along(call, square, 0, band)?;
    let base = call.beside("base", &Op::Unary(Unary::Offset { value: bias }), &[sum])?;
    let root = |call: &mut Call<'_, '_, '_>, of: &Value| {
        call.beside("root", &Op::Unary(Unary::Sqrt), std::slice::from_ref(of))
    };
    let power = if beta == 1.0 {
        base
    } else if beta == 0.5 {
        root(call, &base)?
    } else if beta == 0.75 {
        let half = root(call, &base)?;
        let quarter = root(call, &half)?;
        call.beside("power", &Op::Binary(Binary::Mul), &[half, quarter])?
    } else {
        return Err(call.unsupported(format!("`beta` of {beta}"), "0.5, 0.75 or 1"));
    };
    let value = call.beside("quotient", &Op::Binary(Binary::Div), &[x.value, power])?;
    call.settle(value, x.dims, x.batched, Kind::Real)
}
