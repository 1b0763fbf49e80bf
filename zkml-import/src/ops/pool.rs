//! Pooling, reductions, and arg-max.

use zkml_core::layer::Args;

use super::{
    At, Window, ints,
    linear::{arguments, border, check, reach},
    shapes,
};
use crate::{builder::Value, error::ImportError, ops::Padding};

/// What a pool takes of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolKind {
    /// The largest element.
    Max,
    /// The mean.
    Avg {
        /// Whether elements of the border count, as zeros.
        include_pad: bool,
    },
    /// The sum.
    Sum,
}

impl PoolKind {
    fn word(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Avg { .. } => "avg",
            Self::Sum => "sum",
        }
    }
}

/// What a reduction takes of all elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of ONNX")]
#[non_exhaustive]
pub enum ReduceKind {
    Sum,
    Mean,
    Max,
    Min,
    L1,
    L2,
    SumSquare,
    LogSum,
    LogSumExp,
}

/// `max_pool2d`, `avg_pool1d`, ..; over three axes as two pools, one after the other.
pub(super) fn pool(
    at: &mut At<'_>,
    kind: PoolKind,
    window: &Window,
    ceil: bool,
    x: &Value,
) -> Result<Value, ImportError> {
    let dims = at.dims(x);
    let axes = dims.len().saturating_sub(1);
    if axes == 0 || axes > 3 {
        let found = format!("a pool over an input of shape {dims:?} (without batch)");
        return Err(at.unsupported(found, "channels and one to three spatial axes"));
    }
    check(at, window, axes)?;
    let (before, mut after) = border(at, window, &dims[1..])?;
    let reach = reach(at, window)?;
    if ceil {
        for i in 0..axes {
            let (size, stride) = (dims[i + 1] + before[i], window.stride[i]);
            let Some(span) = (size + after[i]).checked_sub(reach[i]) else { continue };
            let mut last = span.div_ceil(stride);
            // A window that starts behind the input does not count.
            if last * stride >= size {
                last -= 1;
            }
            let end = last * stride + reach[i];
            let extra = end.saturating_sub(size + after[i]);
            if extra > 0 && kind == (PoolKind::Avg { include_pad: true }) && before[i] + after[i] > 0 {
                return Err(at.unsupported(
                    "`ceil_mode` with `count_include_pad` and a last window that reaches past the border",
                    "windows that end at the border",
                ));
            }
            after[i] += extra;
        }
    }
    let kind = match kind {
        // Without a border, elements that `ceil` adds never count.
        PoolKind::Avg { .. } if ceil && window_is_valid(window) => PoolKind::Avg { include_pad: false },
        kind => kind,
    };
    let dense = window.dilation.iter().all(|d| *d == 1);
    if window.padding == Padding::Same && !ceil && axes < 3 && dense {
        return plane(at, kind, window, x);
    }
    let padding = Padding::Explicit { before, after };
    let window = Window { padding, ..window.clone() };
    if window.dilation.iter().any(|d| *d != 1) {
        return dilated(at, kind, &window, x, &reach);
    }
    match axes {
        3 => volume(at, kind, &window, x),
        _ => plane(at, kind, &window, x),
    }
}

fn window_is_valid(window: &Window) -> bool {
    match &window.padding {
        Padding::Valid => true,
        Padding::Explicit { before, after } => before.iter().chain(after).all(|n| *n == 0),
        Padding::Same | Padding::SameLower | Padding::Causal => false,
    }
}

/// A pool over one or two axes, with an explicit border or `same`.
fn plane(at: &mut At<'_>, kind: PoolKind, window: &Window, x: &Value) -> Result<Value, ImportError> {
    let (one, two) = (format!("{}_pool1d", kind.word()), format!("{}_pool2d", kind.word()));
    let none = vec![];
    let (before, after) = match &window.padding {
        Padding::Explicit { before, after } => (before, after),
        Padding::Same => (&none, &none),
        Padding::Valid | Padding::SameLower | Padding::Causal => {
            return Err(at.unsupported("a border that is not explicit", "an explicit one"));
        }
    };
    let (layer, size, stride, _, padding) = arguments(window, before, after, &one, &two);
    let padding = if window.padding == Padding::Same { "same".into() } else { padding };
    let mut args = Args::new().with("size", size).with("stride", stride).with("padding", padding);
    if kind == (PoolKind::Avg { include_pad: true }) && !window_is_valid(window) {
        args = args.with("include_pad", true);
    }
    at.layer(layer, args, std::slice::from_ref(x))
}

/// A pool over three axes: over the last two, then over the first. Exact, since what a window covers is a product.
fn volume(at: &mut At<'_>, kind: PoolKind, window: &Window, x: &Value) -> Result<Value, ImportError> {
    let Padding::Explicit { before, after } = &window.padding else {
        return Err(at.unsupported("a border that is not explicit", "an explicit one"));
    };
    let dims = at.dims(x);
    let part = |range: std::ops::Range<usize>, last: bool| {
        let take = |list: &[usize], other: usize| {
            let mut part = list[range.clone()].to_vec();
            part.extend(last.then_some(other));
            part
        };
        Window {
            kernel: take(&window.kernel, 1),
            stride: take(&window.stride, 1),
            dilation: take(&window.dilation, 1),
            padding: Padding::Explicit { before: take(before, 0), after: take(after, 0) },
        }
    };
    let flat = at.reshaped(x, &[dims[0] * dims[1], dims[2], dims[3]])?;
    let inner = at.beside("plane", |at| plane(at, kind, &part(1..3, false), &flat))?;
    let [height, width] = [at.dims(&inner)[1], at.dims(&inner)[2]];
    let tall = at.reshaped(&inner, &[dims[0], dims[1], height * width])?;
    let outer = plane(at, kind, &part(0..1, true), &tall)?;
    let depth = at.dims(&outer)[1];
    at.reshaped(&outer, &[dims[0], depth, height, width])
}

/// A pool whose window has gaps: each tap is a slice of the (padded) input, and the slices are joined element by element.
fn dilated(at: &mut At<'_>, kind: PoolKind, window: &Window, x: &Value, reach: &[usize]) -> Result<Value, ImportError> {
    let taps: usize = window.kernel.iter().product();
    if taps > 256 {
        return Err(at.unsupported(format!("a dilated pool of {taps} taps"), "at most 256"));
    }
    if !window_is_valid(window) && kind != (PoolKind::Avg { include_pad: true }) && kind != PoolKind::Sum {
        return Err(at.unsupported("a dilated pool with padding", "no padding, or padding that counts"));
    }
    let Padding::Explicit { before, after } = &window.padding else {
        return Err(at.unsupported("a border that is not explicit", "an explicit one"));
    };
    let wide = |pads: &[usize]| [0].into_iter().chain(pads.iter().map(|n| *n as i64)).collect::<Vec<_>>();
    let x = at.beside("pad", |at| shapes::pad(at, x, &wide(before), &wide(after), super::PadMode::Constant(0.0)))?;
    let dims = at.dims(&x);
    let counts: Option<Vec<usize>> =
        (0..reach.len()).map(|i| dims[i + 1].checked_sub(reach[i]).map(|span| span / window.stride[i] + 1)).collect();
    let Some(counts) = counts else {
        return Err(ImportError::malformed(
            at.origin,
            format!("a window of {reach:?}"),
            format!("one within {dims:?}"),
        ));
    };
    let mut joined: Option<Value> = None;
    for tap in 0..taps {
        let mut rest = tap;
        let mut slice = x.clone();
        for axis in (0..reach.len()).rev() {
            let start = rest % window.kernel[axis] * window.dilation[axis];
            rest /= window.kernel[axis];
            let end = start + (counts[axis] - 1) * window.stride[axis] + 1;
            let bounds = [start as i64, end as i64, window.stride[axis] as i64];
            slice = at.beside("tap", |at| shapes::slice(at, &slice, axis + 1, bounds))?;
        }
        joined = Some(match joined {
            None => slice,
            Some(so_far) => {
                let layer = if kind == PoolKind::Max { "maximum" } else { "add" };
                at.helper("join", layer, Args::new(), &[so_far, slice])?
            }
        });
    }
    let joined = joined.ok_or_else(|| at.unsupported("an empty window", "at least one tap"))?;
    match kind {
        PoolKind::Avg { .. } => at.layer("scale", Args::new().with("factor", 1.0 / taps as f64), &[joined]),
        PoolKind::Max | PoolKind::Sum => Ok(joined),
    }
}

/// `global_max_pool2d`, ..
pub(super) fn global(at: &mut At<'_>, kind: PoolKind, keepdims: bool, x: &Value) -> Result<Value, ImportError> {
    let dims = at.dims(x);
    let (flat, layer) = match dims.len() {
        0 | 1 => {
            let found = format!("a global pool over an input of shape {dims:?} (without batch)");
            return Err(at.unsupported(found, "channels and at least one spatial axis"));
        }
        2 => (x.clone(), format!("global_{}_pool1d", kind.word())),
        3 => (x.clone(), format!("global_{}_pool2d", kind.word())),
        _ => {
            let flat = at.reshaped(x, &[dims[0], dims[1], dims[2..].iter().product()])?;
            (flat, format!("global_{}_pool2d", kind.word()))
        }
    };
    let y = at.layer(&layer, Args::new(), &[flat])?;
    if !keepdims {
        return Ok(y);
    }
    let mut shape = vec![1; dims.len()];
    shape[0] = dims[0];
    at.reshaped(&y, &shape)
}

pub(super) fn reduce(
    at: &mut At<'_>,
    kind: ReduceKind,
    axes: &[usize],
    keepdims: bool,
    x: &Value,
) -> Result<Value, ImportError> {
    if axes.is_empty() {
        return Ok(x.clone());
    }
    let args = |at: &mut At<'_>, layer: &str, x: &Value| {
        let axes: Vec<i64> = axes.iter().map(|a| *a as i64).collect();
        at.layer(layer, Args::new().with("axes", ints(&axes)).with("keepdims", keepdims), std::slice::from_ref(x))
    };
    let first = |at: &mut At<'_>, layer: &str| at.helper(layer, layer, Args::new(), std::slice::from_ref(x));
    let then = |at: &mut At<'_>, layer: &str, y: Value| at.helper(layer, layer, Args::new(), &[y]);
    match kind {
        ReduceKind::Sum => args(at, "reduce_sum", x),
        ReduceKind::Mean => args(at, "reduce_mean", x),
        ReduceKind::Max => args(at, "reduce_max", x),
        ReduceKind::Min => args(at, "reduce_min", x),
        ReduceKind::L1 => {
            let y = first(at, "abs")?;
            args(at, "reduce_sum", &y)
        }
        ReduceKind::SumSquare => {
            let y = first(at, "square")?;
            args(at, "reduce_sum", &y)
        }
        ReduceKind::L2 => {
            let y = first(at, "square")?;
            let y = args(at, "reduce_sum", &y)?;
            then(at, "sqrt", y)
        }
        ReduceKind::LogSum => {
            let y = args(at, "reduce_sum", x)?;
            then(at, "log", y)
        }
        ReduceKind::LogSumExp => {
            let y = first(at, "exp")?;
            let y = args(at, "reduce_sum", &y)?;
            then(at, "log", y)
        }
    }
}

/// `argmax` or `argmin`. Over the only axis of a vector it is the class output.
pub(super) fn arg(
    at: &mut At<'_>,
    max: bool,
    axis: usize,
    keepdims: bool,
    last: bool,
    x: &Value,
) -> Result<Value, ImportError> {
    let dims = at.dims(x);
    if axis >= dims.len() {
        return Err(ImportError::malformed(at.origin, format!("axis {axis}"), format!("an axis of {dims:?}")));
    }
    // With several axes of which one is longer than one, it is still a vector.
    let vector = dims.iter().enumerate().all(|(i, d)| i == axis || *d == 1);
    let x = if vector { at.reshaped(x, &[dims[axis]])? } else { x.clone() };
    let mut args = Args::new();
    if !vector {
        args = args.with("axis", axis);
    }
    if last {
        args = args.with("last", true);
    }
    let y = at.layer(if max { "argmax" } else { "argmin" }, args, &[x])?;
    let mut shape = dims;
    if keepdims {
        shape[axis] = 1;
    } else {
        shape.remove(axis);
    }
    // A class stays one number: a reshape behind it would hide it.
    if shape.iter().product::<usize>() == 1 { Ok(y) } else { at.reshaped(&y, &shape) }
}
