//! Reshapes, transpositions, concatenation and casts.

use super::super::reader::kind_of;
use crate::{
    builder::Value,
    error::ImportError,
    onnx::{
        call::Call,
        fold::spend,
        tensors::Element,
        traced::{Kind, MAX_RANK, Traced, broadcast, count, few, stored},
    },
    ops::{Op, Place},
};

/// `Identity`.
pub(super) fn identity(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    call.input(0)
}

/// `Dropout`, as it is used once trained.
pub(super) fn dropout(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(3)?;
    call.attributes.ignore("ratio");
    call.attributes.ignore("seed");
    if call.number(2, "a training mode")?.is_some_and(|mode| mode != 0.0) {
        return Err(call.unsupported("a training mode", "a model exported for inference"));
    }
    call.input(0)
}

/// `CastLike`, where it changes no number.
pub(super) fn cast_like(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(2)?;
    call.attributes.ignore("saturate");
    let kind = call.input(1)?.kind;
    cast_to(call, kind)
}

/// `Cast`, where it changes no number.
pub(super) fn cast(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    call.attributes.ignore("saturate");
    let number = call.attributes.int("to")?.unwrap_or_default();
    let Some(to) = Element::new(number) else {
        return Err(call.unsupported(format!("a cast to type {number}"), "a cast to numbers or booleans"));
    };
    cast_to(call, kind_of(to))
}

fn cast_to(call: &Call<'_, '_, '_>, to: Kind) -> Result<Traced, ImportError> {
    let x = call.input(0)?;
    match (x.kind, to) {
        (Kind::Real, Kind::Real) | (Kind::Whole, Kind::Real | Kind::Whole) | (Kind::Bool, _) => {
            Ok(Traced { kind: to, ..x })
        }
        (Kind::Real, Kind::Whole) => Err(call.unsupported("a cast from floats to whole numbers", "no rounding")),
        (Kind::Real | Kind::Whole, Kind::Bool) => {
            Err(call.unsupported("a cast from numbers to booleans", "a comparison").help("write `x != 0` as one"))
        }
    }
}

/// `Reshape`: 0 keeps an extent, -1 takes what is left.
pub(super) fn reshape(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(2)?;
    let x = call.input(0)?;
    let allow_zero = call.attributes.flag("allowzero", false)?;
    let wanted = call.whole(1, "a shape")?.unwrap_or_default();
    let bad = |call: &Call<'_, '_, '_>| {
        call.malformed(format!("shape {} for {:?}", few(&wanted), x.dims), "as many elements")
    };
    let mut dims = Vec::new();
    let mut open = None;
    for (i, extent) in wanted.iter().enumerate() {
        dims.push(match *extent {
            0 if !allow_zero => *x.dims.get(i).ok_or_else(|| bad(call))?,
            -1 if open.is_none() => {
                open = Some(i);
                1
            }
            n => usize::try_from(n).map_err(|_| bad(call))?,
        });
    }
    // A batch that the file fixes is one here.
    let batch = call.reader.batch;
    let keeps = x.batched && batch > 1 && open != Some(0) && dims.first() == Some(&batch);
    if keeps {
        dims[0] = 1;
    }
    let (all, rest) = (count(&x.dims).ok_or_else(|| bad(call))?, count(&dims).ok_or_else(|| bad(call))?);
    if let Some(i) = open {
        if rest == 0 || !all.is_multiple_of(rest) {
            return Err(bad(call));
        }
        dims[i] = all / rest;
    }
    call.reshaped(x, dims, true)
}

/// `Flatten` to a matrix.
pub(super) fn flatten(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let x = call.input(0)?;
    let axis = call.attributes.int("axis")?.unwrap_or(1);
    let axis = if axis == x.rank() as i64 { x.rank() } else { call.axis(axis, x.rank())? };
    let dims = vec![x.dims[..axis].iter().product(), x.dims[axis..].iter().product()];
    // With one sample the first axis may be anything; with several it must be theirs.
    let keeps = axis == 1 || call.reader.batch == 1;
    call.reshaped(x, dims, keeps)
}

/// Axes as an attribute or as an input.
fn listed(call: &Call<'_, '_, '_>) -> Result<Option<Vec<i64>>, ImportError> {
    call.at_most(2)?;
    match (call.attributes.ints("axes")?, call.whole(1, "axes")?) {
        (Some(_), Some(_)) => Err(call.malformed("axes given twice", "axes given once")),
        (axes, None) => Ok(axes.map(<[i64]>::to_vec)),
        (None, axes) => Ok(axes),
    }
}

/// `Squeeze`.
pub(super) fn squeeze(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let x = call.input(0)?;
    let axes = match listed(call)? {
        Some(axes) => call.axes(&axes, x.rank())?,
        None if x.batched && call.reader.batch > 1 => (1..x.rank()).filter(|a| x.dims[*a] == 1).collect(),
        None => (0..x.rank()).filter(|a| x.dims[*a] == 1).collect(),
    };
    if let Some(axis) = axes.iter().find(|a| x.dims[**a] != 1) {
        return Err(call.malformed(format!("axis {axis} of {:?}", x.dims), "an axis of extent one"));
    }
    let dims = x.dims.iter().enumerate().filter(|(i, _)| !axes.contains(i)).map(|(_, d)| *d).collect();
    let keeps = !axes.contains(&0);
    call.reshaped(x, dims, keeps)
}

/// `Unsqueeze`.
pub(super) fn unsqueeze(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let x = call.input(0)?;
    let Some(axes) = listed(call)? else { return Err(call.malformed("no axes", "axes")) };
    let rank = x.rank() + axes.len();
    if rank > MAX_RANK {
        return Err(call.malformed(format!("{rank} axes"), format!("at most {MAX_RANK}")));
    }
    let axes = call.axes(&axes, rank)?;
    let mut rest = x.dims.iter();
    let dims: Vec<usize> =
        (0..rank).map(|i| if axes.contains(&i) { 1 } else { rest.next().copied().unwrap_or(1) }).collect();
    let keeps = !axes.contains(&0) || call.reader.batch == 1;
    call.reshaped(x, dims, keeps)
}

/// `Transpose`.
pub(super) fn transpose(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let x = call.input(0)?;
    let perm: Vec<usize> = match call.attributes.ints("perm")? {
        Some(perm) => {
            call.axes(perm, x.rank())?;
            perm.iter().map(|a| call.axis(*a, x.rank())).collect::<Result<_, _>>()?
        }
        None => (0..x.rank()).rev().collect(),
    };
    if perm.len() != x.rank() {
        return Err(call.malformed(format!("`perm` of {perm:?} for {:?}", x.dims), "each axis once"));
    }
    if x.rank() == 0 {
        return Ok(x);
    }
    let dims: Vec<usize> = perm.iter().map(|a| x.dims[*a]).collect();
    if x.batched && perm[0] == 0 {
        let axes: Vec<usize> = perm[1..].iter().map(|a| a - 1).collect();
        let value = if axes.is_empty() { x.value } else { call.lower(&Op::Permute { axes }, &[x.value])? };
        return call.settle(value, dims, true, x.kind);
    }
    let x = call.unbatched(x)?;
    let value = call.lower(&Op::Permute { axes: perm }, &[x.value])?;
    call.settle(value, dims, false, x.kind)
}

/// `Concat`.
pub(super) fn concat(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let mut inputs: Vec<Traced> = (0..call.inputs.len()).map(|i| call.input(i)).collect::<Result<_, _>>()?;
    // A tensor without elements adds nothing.
    if inputs.iter().any(|i| !i.dims.contains(&0)) {
        inputs.retain(|i| !i.dims.contains(&0));
    }
    let Some(first) = inputs.first() else { return Err(call.malformed("no inputs", "at least one")) };
    let Some(axis) = call.attributes.int("axis")? else { return Err(call.malformed("no axis", "one")) };
    let axis = call.axis(axis, first.rank())?;
    let kind = first.kind;
    let mut dims = first.dims.clone();
    dims[axis] = 0;
    for input in &inputs {
        let fits = input.rank() == dims.len() && (0..dims.len()).all(|i| i == axis || input.dims[i] == dims[i]);
        let sum = input.dims.get(axis).and_then(|d| dims[axis].checked_add(*d));
        let (true, Some(sum)) = (fits, sum) else {
            return Err(call.malformed(call.shapes(), format!("shapes that agree but for axis {axis}")));
        };
        dims[axis] = sum;
    }
    let apart = axis != 0
        && dims[0] == 1
        && inputs.iter().any(|i| i.batched)
        && inputs.iter().all(|i| i.batched || i.tensor().is_some());
    let mut values = Vec::new();
    for input in inputs {
        values.push(match (&input.value, apart) {
            (Value::Constant(tensor) | Value::Weight(tensor), true) => {
                let tensor = (**tensor).clone().reshape(stored(&input.dims, true).as_slice());
                input.value.computed(tensor.map_err(|e| call.malformed(e.to_string(), ""))?)
            }
            (_, true) => input.value,
            (_, false) => call.unbatched(input)?.value,
        });
    }
    let value = call.lower(&Op::Concat { axis: axis - usize::from(apart) }, &values)?;
    call.settle(value, dims, apart, kind)
}

/// `Expand`: broadcast with a shape.
pub(super) fn expand(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(2)?;
    let x = call.input(0)?;
    let wanted = call.whole(1, "a shape")?.unwrap_or_default();
    let shape: Option<Vec<usize>> = wanted.iter().take(MAX_RANK + 1).map(|d| usize::try_from(*d).ok()).collect();
    let dims = shape.and_then(|s| broadcast([x.dims.as_slice(), &s])).filter(|d| count(d).is_some());
    let Some(mut dims) = dims else {
        return Err(call.malformed(format!("shape {} for {:?}", few(&wanted), x.dims), "a shape that broadcasts"));
    };
    let batch = call.reader.batch;
    if x.batched && batch > 1 && dims.len() == x.rank() && dims[0] == batch {
        dims[0] = 1;
    }
    if dims == x.dims {
        return Ok(x);
    }
    let x = if x.batched && dims.len() == x.rank() && dims[0] == 1 { x } else { call.unbatched(x)? };
    let value = call.lower(&Op::Broadcast { shape: stored(&dims, x.batched) }, &[x.value])?;
    call.settle(value, dims, x.batched, x.kind)
}

/// `Tile`.
pub(super) fn tile(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(2)?;
    let x = call.input(0)?;
    let repeats = call.whole(1, "repeats")?.unwrap_or_default();
    let repeats: Option<Vec<usize>> = repeats.iter().map(|r| usize::try_from(*r).ok().filter(|r| *r > 0)).collect();
    let dims = repeats.as_ref().filter(|r| r.len() == x.rank()).and_then(|repeats| {
        repeats.iter().zip(&x.dims).map(|(r, d)| d.checked_mul(*r)).collect::<Option<Vec<usize>>>()
    });
    let (Some(repeats), Some(dims)) = (repeats, dims.filter(|d| count(d).is_some())) else {
        return Err(call.malformed("other repeats", format!("a number above zero for each axis of {:?}", x.dims)));
    };
    if repeats.iter().all(|r| *r == 1) {
        return Ok(x);
    }
    spend(call, dims.iter().sum())?;
    let x = if x.batched && repeats[0] == 1 { x } else { call.unbatched(x)? };
    let repeats = repeats[usize::from(x.batched)..].to_vec();
    let value = call.lower(&Op::Tile { repeats }, &[x.value])?;
    call.settle(value, dims, x.batched, x.kind)
}

/// The input `[channels, height, width]`, and the block's extent.
fn blocks(call: &mut Call<'_, '_, '_>) -> Result<(Traced, usize), ImportError> {
    call.at_most(1)?;
    let x = call.input(0)?;
    let block = call.attributes.int("blocksize")?.unwrap_or_default();
    match usize::try_from(block) {
        Ok(block) if (1..=1 << 12).contains(&block) && x.rank() == 4 => Ok((call.sample(x)?, block)),
        _ => {
            Err(call
                .malformed(format!("blocks of {block} and {}", call.shapes()), "`[batch, channels, height, width]`"))
        }
    }
}

/// `DepthToSpace`.
pub(super) fn depth_to_space(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let (x, block) = blocks(call)?;
    let place = match call.attributes.text("mode", "DCR")? {
        "DCR" => Place::Dcr,
        "CRD" => Place::Crd,
        other => return Err(call.malformed(format!("mode `{other}`"), "DCR or CRD")),
    };
    let value = call.lower(&Op::DepthToSpace { block, place }, &[x.value])?;
    Ok(call.as_stored(value, x.batched))
}

/// `SpaceToDepth`.
pub(super) fn space_to_depth(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let (x, block) = blocks(call)?;
    let value = call.lower(&Op::SpaceToDepth { block }, &[x.value])?;
    Ok(call.as_stored(value, x.batched))
}
