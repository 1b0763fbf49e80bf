//! `Resize` and `Upsample`: each output element is a fixed combination of input elements, axis by axis.

use zkml_core::tensor::Tensor;

use crate::{
    builder::Value,
    error::ImportError,
    onnx::{
        call::Call,
        fold::spend,
        traced::{Kind, Traced},
    },
    ops::Op,
};

/// Where an output element lies in the input.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Coordinates {
    HalfPixel,
    PytorchHalfPixel,
    AlignCorners,
    Asymmetric,
}

impl Coordinates {
    fn new(call: &Call<'_, '_, '_>, word: &str) -> Result<Self, ImportError> {
        Ok(match word {
            "half_pixel" => Self::HalfPixel,
            "pytorch_half_pixel" => Self::PytorchHalfPixel,
            "align_corners" => Self::AlignCorners,
            "asymmetric" => Self::Asymmetric,
            other => {
                let expected = "`half_pixel`, `pytorch_half_pixel`, `align_corners` or `asymmetric`";
                return Err(call.unsupported(format!("coordinates `{other}`"), expected));
            }
        })
    }

    fn place(self, i: usize, scale: f64, input: usize, output: usize) -> f64 {
        let x = i as f64;
        match self {
            Self::HalfPixel => (x + 0.5) / scale - 0.5,
            Self::PytorchHalfPixel if output > 1 => (x + 0.5) / scale - 0.5,
            Self::PytorchHalfPixel => 0.0,
            Self::AlignCorners if output > 1 => x * (input as f64 - 1.0) / (output as f64 - 1.0),
            Self::AlignCorners => 0.0,
            Self::Asymmetric => x / scale,
        }
    }
}

/// Which neighbour is nearest.
fn nearest(call: &Call<'_, '_, '_>, word: &str, x: f64) -> Result<f64, ImportError> {
    Ok(match word {
        "round_prefer_floor" => (x - 0.5).ceil(),
        "round_prefer_ceil" => (x + 0.5).floor(),
        "floor" => x.floor(),
        "ceil" => x.ceil(),
        other => return Err(call.malformed(format!("`nearest_mode` of `{other}`"), "one of the four of ONNX")),
    })
}

/// `Resize` and `Upsample`.
pub(super) fn resize(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let x = call.input(0)?;
    let (scales, sizes) = arguments(call, x.rank())?;
    let old = call.node.operator == "Upsample" || call.opset() < 11;
    let mode = call.attributes.text("mode", "nearest")?;
    let coordinates =
        if old { "asymmetric" } else { call.attributes.text("coordinate_transformation_mode", "half_pixel")? };
    let coordinates = Coordinates::new(call, coordinates)?;
    let rounding = if old { "floor" } else { call.attributes.text("nearest_mode", "round_prefer_floor")? };
    let cubic = call.attributes.float("cubic_coeff_a", -0.75)?;
    let exclude = call.attributes.flag("exclude_outside", false)?;
    call.attributes.ignore("extrapolation_value");
    if call.attributes.flag("antialias", false)? {
        return Err(call.unsupported("`antialias`", "a resize without"));
    }
    if call.attributes.text("keep_aspect_ratio_policy", "stretch")? != "stretch" {
        return Err(call.unsupported("`keep_aspect_ratio_policy`", "`stretch`"));
    }
    let taps = match mode {
        "nearest" => 1,
        "linear" | "bilinear" => 2,
        "cubic" => 4,
        other => return Err(call.malformed(format!("mode `{other}`"), "`nearest`, `linear` or `cubic`")),
    };
    let mut dims = Vec::new();
    for axis in 0..x.rank() {
        let extent = match (&sizes, &scales) {
            (Some(sizes), _) => sizes[axis] as f64,
            (None, Some(scales)) => (x.dims[axis] as f64 * scales[axis] + 1e-6).floor(),
            (None, None) => x.dims[axis] as f64,
        };
        if !(1.0..=f64::from(1 << 16)).contains(&extent) {
            return Err(call.malformed(format!("an extent of {extent} for axis {axis}"), "1 to 65536"));
        }
        dims.push(extent as usize);
    }
    if x.batched && sizes.as_ref().is_some_and(|sizes| usize::try_from(sizes[0]) == Ok(call.reader.batch)) {
        dims[0] = 1;
    }
    let x = if x.batched && dims[0] != 1 { call.unbatched(x)? } else { x };
    let skip = usize::from(x.batched);
    let scale = |axis: usize| match &scales {
        Some(scales) => scales[axis],
        None => dims[axis] as f64 / x.dims[axis] as f64,
    };
    if taps == 1 {
        spend(call, dims.iter().sum())?;
        let mut indices: Vec<Vec<usize>> = Vec::new();
        for axis in skip..dims.len() {
            let n = x.dims[axis];
            let list: Result<Vec<usize>, ImportError> = (0..dims[axis])
                .map(|i| {
                    let place = nearest(call, rounding, coordinates.place(i, scale(axis), n, dims[axis]))?;
                    Ok(place.clamp(0.0, n as f64 - 1.0) as usize)
                })
                .collect();
            indices.push(list?);
        }
        let value = sampled(call, &x, &dims, skip, &indices)?;
        return call.settle(value, dims, x.batched, x.kind);
    }
    let mut value = x.value.clone();
    for axis in skip..dims.len() {
        let (n, m) = (x.dims[axis], dims[axis]);
        if n == m && (scale(axis) - 1.0).abs() < 1e-9 {
            continue;
        }
        if n.checked_mul(m).is_none_or(|size| size > 1 << 22) {
            return Err(call.unsupported(format!("an axis of {n} resized to {m}"), "fewer elements"));
        }
        spend(call, n * m)?;
        let mut matrix = vec![0.0; n * m];
        for i in 0..m {
            let place = coordinates.place(i, scale(axis), n, m);
            let left = place.floor();
            let weights = weights(taps, place - left, cubic);
            let inside = |tap: usize| left + tap as f64 + 1.0 - (taps / 2) as f64;
            let kept = |tap: usize| !exclude || (0.0..n as f64).contains(&inside(tap));
            let total: f64 = (0..taps).filter(|t| kept(*t)).map(|t| weights[t]).sum();
            for tap in (0..taps).filter(|t| kept(*t)) {
                let column = inside(tap).clamp(0.0, n as f64 - 1.0) as usize;
                matrix[i * n + column] += weights[tap] / total;
            }
        }
        let matrix = Tensor::new([m, n], matrix).map_err(|e| call.malformed(e.to_string(), ""))?;
        value = along(call, value, axis - skip, matrix)?;
    }
    call.settle(value, dims, x.batched, Kind::Real)
}

/// The weights of the taps around a place, `t` after the second one (or the first of two).
fn weights(taps: usize, t: f64, a: f64) -> Vec<f64> {
    if taps == 2 {
        return vec![1.0 - t, t];
    }
    let near = |t: f64| ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
    let far = |t: f64| ((a * t - 5.0 * a) * t + 8.0 * a) * t - 4.0 * a;
    vec![far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

/// A matrix applied along an axis.
fn along(call: &mut Call<'_, '_, '_>, x: Value, axis: usize, matrix: Tensor) -> Result<Value, ImportError> {
    let rank = call.reader.builder.shape(&x).rank();
    let mut swap: Vec<usize> = (0..rank).collect();
    swap.swap(axis, rank - 1);
    let turned = call.beside("turn", &Op::Permute { axes: swap.clone() }, &[x])?;
    let mapped = call.lower(&Op::Dense, &[turned, Value::constant(matrix)])?;
    call.beside("turn", &Op::Permute { axes: swap }, &[mapped])
}

/// Whole copies of each element where that is what it is, and chosen indices elsewhere.
fn sampled(
    call: &mut Call<'_, '_, '_>,
    x: &Traced,
    dims: &[usize],
    skip: usize,
    indices: &[Vec<usize>],
) -> Result<Value, ImportError> {
    let spatial = indices.len().saturating_sub(1);
    let factors: Vec<usize> = (0..indices.len()).map(|i| dims[i + skip] / x.dims[i + skip]).collect();
    let whole = (0..indices.len()).all(|i| {
        factors[i] > 0
            && indices[i].len() == factors[i] * x.dims[i + skip]
            && (0..indices[i].len()).all(|j| indices[i][j] == j / factors[i])
    });
    if whole && (1..=2).contains(&spatial) && factors[0] == 1 {
        return call.lower(&Op::Upsample { factors: factors[1..].to_vec() }, &[x.value.clone()]);
    }
    let chosen = indices
        .iter()
        .enumerate()
        .map(|(i, list)| list.iter().copied().ne(0..x.dims[i + skip]).then(|| list.clone()))
        .collect();
    call.lower(&Op::Sample { indices: chosen }, &[x.value.clone()])
}

/// Scales or sizes, one for each axis.
#[allow(clippy::type_complexity, reason = "either list may be missing")]
fn arguments(call: &Call<'_, '_, '_>, rank: usize) -> Result<(Option<Vec<f64>>, Option<Vec<i64>>), ImportError> {
    let old = call.node.operator == "Upsample" || call.opset() < 11;
    let numbers = |index: usize| -> Result<Option<Vec<f64>>, ImportError> {
        match call.optional(index) {
            None => Ok(None),
            Some(_) => Ok(Some(call.constant(index, "scales")?.into_data()).filter(|s| !s.is_empty())),
        }
    };
    let (scales, sizes) = match (old, call.node.operator) {
        (true, "Upsample") if call.opset() < 9 => {
            call.at_most(1)?;
            (call.attributes.floats("scales")?.map(|s| s.iter().map(|v| f64::from(*v)).collect()), None)
        }
        (true, _) => {
            call.at_most(2)?;
            (numbers(1)?, None)
        }
        (false, _) => {
            call.at_most(4)?;
            (numbers(2)?, call.whole(3, "sizes")?.filter(|s| !s.is_empty()))
        }
    };
    let axes: Vec<usize> = match call.attributes.ints("axes")? {
        Some(axes) => {
            call.axes(axes, rank)?;
            axes.iter().map(|a| call.axis(*a, rank)).collect::<Result<_, _>>()?
        }
        None => (0..rank).collect(),
    };
    let given = scales.as_ref().map(Vec::len).or(sizes.as_ref().map(Vec::len));
    if given != Some(axes.len()) || scales.is_some() && sizes.is_some() {
        return Err(call.malformed("other scales or sizes", format!("one of them, for each of {} axes", axes.len())));
    }
    if scales.as_ref().is_some_and(|s| s.iter().any(|v| !(*v > 0.0 && v.is_finite()))) {
        return Err(call.malformed("a scale that is not above zero", "numbers above zero"));
    }
    let dims = call.input(0)?.dims;
    let spread = |list: Vec<f64>, default: &dyn Fn(usize) -> f64| {
        let mut all: Vec<f64> = (0..rank).map(default).collect();
        axes.iter().zip(list).for_each(|(axis, value)| all[*axis] = value);
        all
    };
    let scales = scales.map(|s| spread(s, &|_| 1.0));
    let sizes = sizes.map(|s| {
        let all = spread(s.iter().map(|v| *v as f64).collect(), &|axis| dims[axis] as f64);
        all.into_iter().map(|v| v as i64).collect()
    });
    Ok((scales, sizes))
}
