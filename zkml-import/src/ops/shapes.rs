//! Shape operators: they move elements and compute nothing.

use zkml_core::layer::Args;

use super::{At, ints, linear::permutation};
use crate::{
    builder::{Value, list},
    error::ImportError,
};

/// What a border is filled with.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PadMode {
    /// A number.
    Constant(f64),
    /// The input mirrored, its edge not repeated.
    Reflect,
    /// The edge repeated.
    Edge,
}

/// Where a pixel of a block comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Depth, column, row: channels are the innermost part of the depth.
    Dcr,
    /// Column, row, depth: channels are the outermost part of the depth.
    Crd,
}

impl Place {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Dcr => "dcr",
            Self::Crd => "crd",
        }
    }
}

/// The most indices that a layer is given.
const MAX_INDICES: usize = 1 << 20;

pub(super) fn reshape(at: &mut At<'_>, x: &Value, shape: &[usize]) -> Result<Value, ImportError> {
    if at.dims(x) == shape {
        return Ok(x.clone());
    }
    let shape = if shape.is_empty() { &[1] } else { shape };
    if shape.len() == 1 {
        return at.layer("flatten", Args::new(), std::slice::from_ref(x));
    }
    at.layer("reshape", Args::new().with("shape", list(shape)), std::slice::from_ref(x))
}

pub(super) fn flatten(at: &mut At<'_>, x: &Value) -> Result<Value, ImportError> {
    if at.dims(x).len() == 1 {
        return Ok(x.clone());
    }
    at.layer("flatten", Args::new(), std::slice::from_ref(x))
}

pub(super) fn permute(at: &mut At<'_>, x: &Value, axes: &[usize]) -> Result<Value, ImportError> {
    let dims = at.dims(x);
    let mut sorted = axes.to_vec();
    sorted.sort_unstable();
    if sorted.iter().copied().ne(0..dims.len()) {
        let found = format!("a permutation {axes:?}");
        return Err(ImportError::malformed(at.origin, found, format!("each axis of {dims:?} once")));
    }
    if axes.iter().copied().eq(0..dims.len()) {
        return Ok(x.clone());
    }
    // Axes of extent one may move freely: no element moves then.
    let moved: Vec<usize> = axes.iter().copied().filter(|a| dims[*a] != 1).collect();
    if moved.is_sorted() {
        let shape: Vec<usize> = axes.iter().map(|a| dims[*a]).collect();
        return reshape(at, x, &shape);
    }
    at.layer("permute", Args::new().with("axes", permutation(axes)), std::slice::from_ref(x))
}

/// `bounds` is start, end and step.
pub(super) fn slice(at: &mut At<'_>, x: &Value, axis: usize, bounds: [i64; 3]) -> Result<Value, ImportError> {
    let dims = at.dims(x);
    let [start, end, step] = bounds;
    let (Some(extent), true) = (dims.get(axis), step != 0) else {
        let found = format!("axis {axis}, step {step}");
        return Err(ImportError::malformed(
            at.origin,
            found,
            format!("an axis of {dims:?} and a step other than zero"),
        ));
    };
    // Beyond the extent all numbers say the same, and layers take small ones.
    let n = *extent as i64;
    let (start, end, step) = (start.clamp(-n - 1, n), end.clamp(-n - 1, n), step.clamp(-n.max(1), n.max(1)));
    if (start == 0 || start == -n) && end == n && step == 1 {
        return Ok(x.clone());
    }
    let args = Args::new().with("axis", axis).with("start", int(start)).with("end", int(end)).with("step", int(step));
    at.layer("slice", args, std::slice::from_ref(x))
}

fn int(n: i64) -> zkml_core::layer::Literal {
    zkml_core::layer::Literal::Int(n)
}

pub(super) fn gather(at: &mut At<'_>, x: &Value, axis: usize, indices: &[usize]) -> Result<Value, ImportError> {
    let dims = at.dims(x);
    if dims.get(axis).is_some_and(|n| indices.iter().copied().eq(0..*n)) {
        return Ok(x.clone());
    }
    if indices.len() > MAX_INDICES {
        return Err(at.unsupported(format!("{} indices", indices.len()), format!("at most {MAX_INDICES}")));
    }
    at.layer("gather", Args::new().with("indices", list(indices)).with("axis", axis), std::slice::from_ref(x))
}

pub(super) fn concat(at: &mut At<'_>, inputs: &[Value], axis: usize) -> Result<Value, ImportError> {
    match inputs {
        [x] => Ok(x.clone()),
        _ => at.layer("concat", Args::new().with("axis", axis), inputs),
    }
}

pub(super) fn pad(
    at: &mut At<'_>,
    x: &Value,
    before: &[i64],
    after: &[i64],
    mode: PadMode,
) -> Result<Value, ImportError> {
    let dims = at.dims(x);
    if before.len() != dims.len() || after.len() != dims.len() {
        let found = format!("padding of {before:?} and {after:?}");
        return Err(ImportError::malformed(at.origin, found, format!("a number for each axis of {dims:?}")));
    }
    // What is cut off is cut off first.
    let mut x = x.clone();
    for (axis, extent) in dims.iter().enumerate() {
        let n = *extent as i64;
        let (cut, rest) = (before[axis].min(0).saturating_neg(), after[axis].min(0).saturating_add(n));
        if cut > 0 || rest < n {
            x = at.beside("crop", |at| slice(at, &x, axis, [cut, rest.max(0), 1]))?;
        }
    }
    let pads: Vec<i64> = before.iter().chain(after).map(|n| (*n).max(0)).collect();
    if pads.iter().all(|n| *n == 0) {
        return Ok(x);
    }
    // Four numbers around a vector of two axes would be read as those around an image: all forms agree from rank three on.
    let args = Args::new().with("padding", ints(&pads));
    let args = match mode {
        PadMode::Constant(0.0) => args,
        PadMode::Constant(value) => args.with("value", value),
        PadMode::Reflect => args.with("mode", "reflect"),
        PadMode::Edge => args.with("mode", "edge"),
    };
    at.layer("pad", args, &[x])
}

pub(super) fn broadcast(at: &mut At<'_>, x: &Value, shape: &[usize]) -> Result<Value, ImportError> {
    if at.dims(x) == shape {
        return Ok(x.clone());
    }
    at.layer("broadcast_to", Args::new().with("shape", list(shape)), std::slice::from_ref(x))
}

pub(super) fn tile(at: &mut At<'_>, x: &Value, repeats: &[usize]) -> Result<Value, ImportError> {
    let dims = at.dims(x);
    if repeats.len() != dims.len() {
        let found = format!("repeats {repeats:?}");
        return Err(ImportError::malformed(at.origin, found, format!("a number for each axis of {dims:?}")));
    }
    let mut x = x.clone();
    for (axis, (extent, times)) in dims.iter().zip(repeats).enumerate() {
        if extent.checked_mul(*times).is_none_or(|n| n > MAX_INDICES) {
            return Err(
                at.unsupported(format!("{times} copies of {extent} elements"), format!("at most {MAX_INDICES}"))
            );
        }
        let indices: Vec<usize> = (0..extent * times).map(|i| i % extent).collect();
        x = gather(at, &x, axis, &indices)?;
    }
    Ok(x)
}

pub(super) fn upsample(at: &mut At<'_>, x: &Value, factors: &[usize]) -> Result<Value, ImportError> {
    if factors.iter().all(|f| *f == 1) {
        return Ok(x.clone());
    }
    let rank = at.dims(x).len();
    match factors {
        [factor] if rank == 2 => at.layer("upsample1d", Args::new().with("size", *factor), std::slice::from_ref(x)),
        [_, _] if rank == 3 => at.layer("upsample2d", Args::new().with("size", list(factors)), std::slice::from_ref(x)),
        _ => Err(at.unsupported(
            format!("factors {factors:?} for an input of {rank} axes (without batch)"),
            "one factor a spatial axis, and one or two of those",
        )),
    }
}

pub(super) fn sample(at: &mut At<'_>, x: &Value, indices: &[Option<Vec<usize>>]) -> Result<Value, ImportError> {
    let mut x = x.clone();
    for (axis, indices) in indices.iter().enumerate() {
        if let Some(indices) = indices {
            x = gather(at, &x, axis, indices)?;
        }
    }
    Ok(x)
}
