//! Slicing, splitting, gathering and padding along axes.

use crate::{
    error::ImportError,
    onnx::{
        call::Call,
        fold::spend,
        traced::{Traced, count, few},
    },
    ops::{Op, PadMode},
};

/// How many elements `start..end` by `step` has, with the rules of ONNX.
fn length(extent: usize, start: i64, end: i64, step: i64) -> usize {
    let n = i128::try_from(extent).unwrap_or_default();
    let (start, end, step) = (i128::from(start), i128::from(end), i128::from(step));
    let wrap = |v: i128| if v < 0 { v + n } else { v };
    let (start, end) = if step > 0 {
        (wrap(start).clamp(0, n), wrap(end).clamp(0, n))
    } else {
        (wrap(start).clamp(0, n - 1), wrap(end).clamp(-1, n - 1))
    };
    let span = if step > 0 { end - start } else { start - end };
    usize::try_from((span + step.abs() - 1) / step.abs()).unwrap_or_default()
}

/// `Slice`; its bounds were attributes once.
pub(super) fn slice(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let mut x = call.input(0)?;
    let old = call.opset() < 10;
    let (starts, ends, axes, steps) = if old {
        call.at_most(1)?;
        let list = |name: &str| call.attributes.ints(name).map(|l| l.map(<[i64]>::to_vec));
        (list("starts")?, list("ends")?, list("axes")?, None)
    } else {
        call.at_most(5)?;
        (call.whole(1, "starts")?, call.whole(2, "ends")?, call.whole(3, "axes")?, call.whole(4, "steps")?)
    };
    let (Some(starts), Some(ends)) = (starts, ends) else { return Err(call.malformed("no bounds", "starts and ends")) };
    let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = steps.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] || steps.contains(&0) {
        return Err(
            call.malformed("bounds of different lengths, or a step of zero", "a start, an end and a step an axis")
        );
    }
    call.axes(&axes, x.rank())?;
    for i in 0..starts.len() {
        let axis = call.axis(axes[i], x.rank())?;
        let [start, end, step] = [starts[i], ends[i], steps[i]];
        let samples = if x.batched && axis == 0 { call.reader.batch } else { 1 };
        if samples > 1 && (step < 0 || length(samples, start, end, step) != samples) {
            return Err(call.mixes(&x));
        }
        let kept = length(x.dims[axis], start, end, step);
        if kept == x.dims[axis] && step > 0 {
            continue;
        }
        if kept == 0 {
            return Err(
                call.unsupported(format!("an empty slice of axis {axis} of {:?}", x.dims), "at least one element")
            );
        }
        // A batch of one that is all there is stays; several samples must not be taken apart.
        let (y, at) = call.along(x, &[axis])?;
        let mut dims = y.dims.clone();
        dims[axis] = kept;
        let last = i + 1 == starts.len();
        let op = Op::Slice { axis: at[0], start, end, step };
        let value = if last { call.lower(&op, &[y.value])? } else { call.beside("slice", &op, &[y.value])? };
        x = call.settle(value, dims, y.batched, y.kind)?;
    }
    Ok(x)
}

/// `Split`.
pub(super) fn split(call: &mut Call<'_, '_, '_>) -> Result<Vec<Traced>, ImportError> {
    call.at_most(2)?;
    let x = call.input(0)?;
    let axis = call.axis(call.attributes.int("axis")?.unwrap_or(0), x.rank())?;
    let extent = x.dims[axis];
    let outputs = call.node.outputs.len();
    let attribute = call.attributes.ints("split")?.map(<[i64]>::to_vec);
    let number = call.attributes.int("num_outputs")?;
    let sizes = match (attribute, call.whole(1, "parts")?) {
        (Some(sizes), None) | (None, Some(sizes)) => sizes,
        (Some(_), Some(_)) => return Err(call.malformed("parts given twice", "parts given once")),
        (None, None) => {
            let parts = number.and_then(|n| usize::try_from(n).ok()).unwrap_or(outputs).clamp(1, extent.max(1));
            let each = extent.div_ceil(parts);
            (0..parts).map(|i| each.min(extent.saturating_sub(i * each)) as i64).collect()
        }
    };
    let sizes: Vec<usize> = sizes.iter().map(|s| usize::try_from(*s).unwrap_or_default()).collect();
    if sizes.contains(&0)
        || sizes.iter().try_fold(0usize, |n, s| n.checked_add(*s)) != Some(extent)
        || sizes.len() < outputs
    {
        return Err(
            call.malformed(format!("parts {sizes:?} of an axis of {extent}"), format!("{outputs} parts of all of it"))
        );
    }
    let (x, at) = call.along(x, &[axis])?;
    let mut results = Vec::new();
    let mut start = 0;
    for size in sizes {
        let op = Op::Slice { axis: at[0], start: start as i64, end: (start + size) as i64, step: 1 };
        let value = call.lower(&op, std::slice::from_ref(&x.value))?;
        let mut dims = x.dims.clone();
        dims[axis] = size;
        results.push(call.settle(value, dims, x.batched, x.kind)?);
        start += size;
    }
    Ok(results)
}

/// `Gather` with constant indices.
pub(super) fn gather(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(2)?;
    let x = call.input(0)?;
    let axis = call.axis(call.attributes.int("axis")?.unwrap_or(0), x.rank())?;
    let shape = call.constant(1, "indices")?.shape().dims().to_vec();
    let wanted = call.whole(1, "indices")?.unwrap_or_default();
    let indices: Vec<usize> =
        wanted.iter().map(|i| call.axis(*i, x.dims[axis])).collect::<Result<_, _>>().map_err(|_| {
            call.malformed(format!("indices {}", few(&wanted)), format!("indices of an axis of {}", x.dims[axis]))
        })?;
    if indices.is_empty() {
        return Err(call.unsupported("no indices", "at least one"));
    }
    let dims = [&x.dims[..axis], &shape, &x.dims[axis + 1..]].concat();
    if count(&dims).is_none() {
        return Err(call.malformed(format!("a result of shape {dims:?}"), "at most 2^28 elements"));
    }
    // The first sample of one is the batch without its axis.
    if x.batched && axis == 0 && indices == [0] {
        return call.reshaped(x, dims, false);
    }
    spend(call, indices.len())?;
    let (x, at) = call.along(x, &[axis])?;
    let value = call.lower(&Op::Gather { axis: at[0], indices }, &[x.value])?;
    call.settle(value, dims, x.batched, x.kind)
}

/// `Pad` with the other end's elements.
fn wrap(call: &mut Call<'_, '_, '_>, x: Traced, pads: Vec<i64>, axes: Option<Vec<i64>>) -> Result<Traced, ImportError> {
    let axes = axes.unwrap_or_else(|| (0..x.rank() as i64).collect());
    call.axes(&axes, x.rank())?;
    if pads.len() != 2 * axes.len() || pads.iter().any(|p| !(0..=1 << 16).contains(p)) {
        return Err(call.malformed(format!("pads {}", few(&pads)), "two numbers above zero for each axis"));
    }
    let mut x = x;
    for (i, axis) in axes.iter().enumerate() {
        let axis = call.axis(*axis, x.rank())?;
        let (before, after) = (pads[i] as usize, pads[i + axes.len()] as usize);
        if before + after == 0 {
            continue;
        }
        let n = x.dims[axis];
        // The first index is that many before the input, counted round.
        let first = n - before % n;
        let indices: Vec<usize> = (0..before + n + after).map(|i| (first + i) % n).collect();
        spend(call, indices.len())?;
        let (y, at) = call.along(x, &[axis])?;
        let mut dims = y.dims.clone();
        dims[axis] = indices.len();
        let value = call.beside("wrap", &Op::Gather { axis: at[0], indices }, &[y.value])?;
        x = call.settle(value, dims, y.batched, y.kind)?;
    }
    Ok(x)
}

/// `Pad`; its numbers were attributes once.
pub(super) fn pad(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let x = call.input(0)?;
    let rank = x.rank();
    let (pads, value, axes) = if call.opset() < 11 {
        call.at_most(1)?;
        (call.attributes.ints("pads")?.map(<[i64]>::to_vec), Some(call.attributes.float("value", 0.0)?), None)
    } else {
        call.at_most(4)?;
        (call.whole(1, "pads")?, call.number(2, "a value")?, call.whole(3, "axes")?)
    };
    let mode = match call.attributes.text("mode", "constant")? {
        "constant" => PadMode::Constant(value.unwrap_or(0.0)),
        "reflect" => PadMode::Reflect,
        "edge" => PadMode::Edge,
        "wrap" => return wrap(call, x, pads.unwrap_or_default(), axes),
        other => return Err(call.malformed(format!("mode `{other}`"), "`constant`, `reflect`, `edge` or `wrap`")),
    };
    let axes = match axes {
        Some(axes) => {
            call.axes(&axes, rank)?;
            axes.iter().map(|a| call.axis(*a, rank)).collect::<Result<Vec<_>, _>>()?
        }
        None => (0..rank).collect(),
    };
    let pads = pads.unwrap_or_default();
    if pads.len() != 2 * axes.len() || pads.iter().any(|p| p.abs() > 1 << 24) {
        return Err(
            call.malformed(format!("pads {}", few(&pads)), format!("two numbers for each of {} axes", axes.len()))
        );
    }
    let (mut before, mut after) = (vec![0; rank], vec![0; rank]);
    for (i, axis) in axes.iter().enumerate() {
        (before[*axis], after[*axis]) = (pads[i], pads[i + axes.len()]);
    }
    let mut dims = Vec::new();
    for axis in 0..rank {
        match usize::try_from(x.dims[axis] as i64 + before[axis] + after[axis]) {
            Ok(extent) if extent > 0 => dims.push(extent),
            _ => return Err(call.malformed(format!("pads {pads:?} for {:?}", x.dims), "elements that are left")),
        }
    }
    if count(&dims).is_none() {
        return Err(call.malformed(format!("a result of shape {dims:?}"), "at most 2^28 elements"));
    }
    let x = if x.batched && before[0] == 0 && after[0] == 0 { x } else { call.unbatched(x)? };
    let skip = usize::from(x.batched);
    let op = Op::Pad { before: before[skip..].to_vec(), after: after[skip..].to_vec(), mode };
    let value = call.lower(&op, &[x.value])?;
    call.settle(value, dims, x.batched, x.kind)
}

/// `CenterCropPad`: what is too much is cut off on both sides, what is missing is zero.
pub(super) fn center(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(2)?;
    let x = call.input(0)?;
    let wanted = call.whole(1, "a shape")?.unwrap_or_default();
    let axes = match call.attributes.ints("axes")? {
        Some(axes) => axes.to_vec(),
        None => (0..x.rank() as i64).collect(),
    };
    call.axes(&axes, x.rank())?;
    if wanted.len() != axes.len() || wanted.iter().any(|w| !(1..=1 << 24).contains(w)) {
        return Err(call.malformed(format!("shape {}", few(&wanted)), format!("{} extents above zero", axes.len())));
    }
    let (mut before, mut after, mut dims) = (vec![0; x.rank()], vec![0; x.rank()], x.dims.clone());
    for (axis, wanted) in axes.iter().zip(&wanted) {
        let axis = call.axis(*axis, x.rank())?;
        let more = wanted - x.dims[axis] as i64;
        // The odd element is cut off, or added, at the end.
        before[axis] = if more < 0 { -(-more / 2) } else { more / 2 };
        after[axis] = more - before[axis];
        dims[axis] = *wanted as usize;
    }
    if count(&dims).is_none() {
        return Err(call.malformed(format!("a result of shape {dims:?}"), "at most 2^28 elements"));
    }
    let x = if x.batched && dims[0] == 1 { x } else { call.unbatched(x)? };
    let skip = usize::from(x.batched);
    let mode = PadMode::Constant(0.0);
    let op = Op::Pad { before: before[skip..].to_vec(), after: after[skip..].to_vec(), mode };
    let value = call.lower(&op, &[x.value])?;
    call.settle(value, dims, x.batched, x.kind)
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn slices_are_as_long_as_those_of_python() {
        assert_eq!(length(10, 1, 8, 3), 3);
        assert_eq!(length(10, -1, -11, -2), 5);
        assert_eq!(length(10, 20, 0, -3), 3);
        assert_eq!(length(10, 0, i64::MAX, 1), 10);
        assert_eq!(length(10, i64::MIN, i64::MAX, i64::MAX), 1);
        assert_eq!(length(10, 5, 5, 1), 0);
    }
}
