//! `Resize` and `Upsample`: each output element is a fixed combination of input elements, axis by axis.

use zkml_core::tensor::Tensor;

use super::maps::along;
use crate::{
    builder::Value,
    constants::Rounding,
    error::ImportError,
    onnx::{
        call::Call,
        fold::spend,
        traced::{Kind, Traced, stored},
    },
    ops::{Binary, Op},
};

/// Where an output element lies in the input.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Coordinates {
    HalfPixel,
    HalfPixelSymmetric,
    PytorchHalfPixel,
    AlignCorners,
    Asymmetric,
    /// Within the part of the axis from one fraction of it to another.
    Crop,
}

/// How one axis is resized.
#[derive(Clone, Copy, Debug)]
struct Axis {
    input: usize,
    output: usize,
    scale: f64,
    /// The ends of the region, as fractions.
    region: [f64; 2],
}

impl Coordinates {
    fn new(call: &Call<'_, '_, '_>, word: &str) -> Result<Self, ImportError> {
        Ok(match word {
            "half_pixel" => Self::HalfPixel,
            "half_pixel_symmetric" => Self::HalfPixelSymmetric,
            "pytorch_half_pixel" => Self::PytorchHalfPixel,
            "align_corners" => Self::AlignCorners,
            "asymmetric" => Self::Asymmetric,
            "tf_crop_and_resize" => Self::Crop,
            other => return Err(call.unsupported(format!("coordinates `{other}`"), "those of operator set 19")),
        })
    }

    fn place(self, i: usize, axis: &Axis) -> f64 {
        let (x, last) = (i as f64, axis.input as f64 - 1.0);
        // The exact extent, of which the output's is the whole part.
        let exact = axis.scale * axis.input as f64;
        let half = (x + 0.5) / axis.scale - 0.5;
        match self {
            Self::HalfPixel => half,
            Self::HalfPixelSymmetric => axis.input as f64 / 2.0 * (1.0 - axis.output as f64 / exact) + half,
            Self::PytorchHalfPixel if exact == 1.0 => 0.0,
            Self::PytorchHalfPixel => half,
            Self::AlignCorners if exact == 1.0 => 0.0,
            Self::AlignCorners => x * last / (exact - 1.0),
            Self::Asymmetric => x / axis.scale,
            Self::Crop => {
                let [start, end] = axis.region;
                let step =
                    if exact == 1.0 { (end - start) * last / 2.0 } else { x * (end - start) * last / (exact - 1.0) };
                start * last + step
            }
        }
    }

    /// Whether the place is where nothing is.
    fn misses(self, place: f64, axis: &Axis) -> bool {
        self == Self::Crop && !(0.0..=axis.input as f64 - 1.0).contains(&place)
    }
}

/// The rounding to the nearest neighbour.
fn nearest(call: &Call<'_, '_, '_>, word: &str) -> Result<Rounding, ImportError> {
    Ok(match word {
        "round_prefer_floor" => Rounding::HalfDown,
        "round_prefer_ceil" => Rounding::HalfUp,
        "floor" => Rounding::Down,
        "ceil" => Rounding::Up,
        other => return Err(call.malformed(format!("`nearest_mode` of `{other}`"), "one of the four of ONNX")),
    })
}

/// How neighbours are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kernel {
    Linear,
    Cubic { a: f64 },
}

impl Kernel {
    /// How far it reaches.
    fn reach(self) -> f64 {
        match self {
            Self::Linear => 1.0,
            Self::Cubic { .. } => 2.0,
        }
    }

    /// The weight at a distance.
    fn weight(self, x: f64) -> f64 {
        let x = x.abs();
        match self {
            Self::Linear => (1.0 - x).max(0.0),
            Self::Cubic { a } if x <= 1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
            Self::Cubic { a } if x < 2.0 => ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a,
            Self::Cubic { .. } => 0.0,
        }
    }

    /// The neighbours of a place and their weights; `scale` below one spreads them, against aliasing.
    fn taps(self, place: f64, scale: f64) -> Vec<(f64, f64)> {
        // A place on an element takes it as the right one of the middle pair.
        let left = place.ceil() - 1.0;
        let start = (-self.reach() / scale).floor() + 1.0;
        let count = (2.0 - 2.0 * start).clamp(2.0, 65536.0) as usize;
        let taps: Vec<(f64, f64)> = (0..count)
            .map(|i| start + i as f64)
            .map(|offset| (left + offset, self.weight((offset - (place - left)) * scale)))
            .collect();
        let total: f64 = taps.iter().map(|(_, w)| w).sum();
        taps.into_iter().map(|(at, w)| (at, w / total)).collect()
    }
}

/// `Resize`.
pub(super) fn resize(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let scales = if call.opset() < 11 { Scales::Input } else { Scales::OrSizes };
    resized(call, scales)
}

/// `Upsample`, which is what `Resize` was called before.
pub(super) fn upsample(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let scales = if call.opset() < 9 { Scales::Attribute } else { Scales::Input };
    resized(call, scales)
}

/// Where the scales are told.
#[derive(Clone, Copy, PartialEq)]
enum Scales {
    /// In an attribute.
    Attribute,
    /// In the second input.
    Input,
    /// In the third input, or sizes in the fourth.
    OrSizes,
}

fn resized(call: &mut Call<'_, '_, '_>, scales: Scales) -> Result<Traced, ImportError> {
    let x = call.input(0)?;
    let rank = x.rank();
    let old = scales != Scales::OrSizes;
    let mode = call.attributes.text("mode", "nearest")?;
    let word = if old { "asymmetric" } else { call.attributes.text("coordinate_transformation_mode", "half_pixel")? };
    let coordinates = Coordinates::new(call, word)?;
    let rounding = if old { "floor" } else { call.attributes.text("nearest_mode", "round_prefer_floor")? };
    let a = call.attributes.float("cubic_coeff_a", -0.75)?;
    let exclude = call.attributes.flag("exclude_outside", false)?;
    let beyond = call.attributes.float("extrapolation_value", 0.0)?;
    let smooth = call.attributes.flag("antialias", false)?;
    let kernel = match mode {
        "nearest" => None,
        "linear" | "bilinear" => Some(Kernel::Linear),
        "cubic" => Some(Kernel::Cubic { a }),
        other => return Err(call.malformed(format!("mode `{other}`"), "`nearest`, `linear` or `cubic`")),
    };
    let axes = axes(call, &x, coordinates, scales)?;
    let mut dims: Vec<usize> = axes.iter().map(|axis| axis.output).collect();
    if x.batched && dims[0] == call.reader.batch {
        dims[0] = 1;
    }
    let x = if x.batched && dims[0] != 1 { call.unbatched(x)? } else { x };
    let skip = usize::from(x.batched);
    let kept = (0..rank).skip(skip);
    spend(call, dims.iter().sum())?;
    let mut missed = vec![vec![]; skip];
    for axis in kept.clone() {
        let axis = &axes[axis];
        missed.push((0..axis.output).map(|i| coordinates.misses(coordinates.place(i, axis), axis)).collect());
    }
    let value = match kernel {
        None => {
            let rounding = nearest(call, rounding)?;
            let mut indices: Vec<Vec<usize>> = Vec::new();
            for axis in kept.clone().map(|axis| &axes[axis]) {
                let place = |i| rounding.of(coordinates.place(i, axis)).clamp(0.0, axis.input as f64 - 1.0);
                indices.push((0..axis.output).map(|i| place(i) as usize).collect());
            }
            sampled(call, &x, &dims, skip, &indices)?
        }
        Some(kernel) => {
            let mut value = x.value.clone();
            for (i, axis) in kept.clone().map(|i| (i, axes[i])) {
                let places: Vec<f64> = (0..axis.output).map(|j| coordinates.place(j, &axis)).collect();
                if axis.input == axis.output && places.iter().enumerate().all(|(j, place)| *place == j as f64) {
                    continue;
                }
                spend(call, axis.input.saturating_mul(axis.output))?;
                let mut matrix = vec![0.0; axis.input * axis.output];
                for (row, place) in matrix.chunks_mut(axis.input).zip(&places) {
                    let inside = |at: f64| (0.0..axis.input as f64).contains(&at);
                    let scale = if smooth { axis.scale.min(1.0) } else { 1.0 };
                    let mut taps = kernel.taps(*place, scale);
                    if exclude {
                        taps.retain(|(at, _)| inside(*at));
                        let total: f64 = taps.iter().map(|(_, w)| w).sum();
                        taps.iter_mut().for_each(|(_, w)| *w /= total);
                    }
                    for (at, weight) in taps {
                        row[at.clamp(0.0, axis.input as f64 - 1.0) as usize] += weight;
                    }
                }
                let matrix = Tensor::new([axis.output, axis.input], matrix);
                let matrix = matrix.map_err(|e| call.malformed(e.to_string(), ""))?;
                value = along(call, value, i - skip, matrix)?;
            }
            value
        }
    };
    let value = extrapolated(call, value, &stored(&dims, x.batched), &missed[skip..], beyond)?;
    call.settle(value, dims, x.batched, Kind::Real)
}

/// The value with a number wherever an axis misses.
fn extrapolated(
    call: &mut Call<'_, '_, '_>,
    value: Value,
    dims: &[usize],
    missed: &[Vec<bool>],
    number: f64,
) -> Result<Value, ImportError> {
    if !missed.iter().flatten().any(|m| *m) {
        return Ok(value);
    }
    let length: usize = dims.iter().product();
    spend(call, length.saturating_mul(2))?;
    let strides = zkml_core::shape::Shape::new(dims.to_vec()).strides();
    let misses = |i: usize| missed.iter().enumerate().any(|(axis, m)| m[i / strides[axis] % dims[axis]]);
    let kept = Tensor::from_fn(dims, |i| if misses(i) { 0.0 } else { 1.0 });
    let added = Tensor::from_fn(dims, |i| if misses(i) { number } else { 0.0 });
    let value = call.beside("inside", &Op::Binary(Binary::Mul), &[value, Value::constant(kept)])?;
    call.beside("outside", &Op::Binary(Binary::Add), &[value, Value::constant(added)])
}

/// How each axis is resized.
fn axes(
    call: &Call<'_, '_, '_>,
    x: &Traced,
    coordinates: Coordinates,
    scales: Scales,
) -> Result<Vec<Axis>, ImportError> {
    let rank = x.rank();
    let numbers = |index: usize| -> Result<Option<Vec<f64>>, ImportError> {
        match call.optional(index) {
            None => Ok(None),
            Some(_) => Ok(Some(call.constant(index, "scales")?.into_data()).filter(|s| !s.is_empty())),
        }
    };
    let (scales, sizes) = match scales {
        Scales::Attribute => {
            call.at_most(1)?;
            (call.attributes.floats("scales")?.map(|s| s.iter().map(|v| f64::from(*v)).collect()), None)
        }
        Scales::Input => {
            call.at_most(2)?;
            (numbers(1)?, None)
        }
        Scales::OrSizes => {
            call.at_most(4)?;
            (numbers(2)?, call.whole(3, "sizes")?.filter(|s| !s.is_empty()))
        }
    };
    let listed: Vec<usize> = match call.attributes.ints("axes")? {
        Some(axes) => {
            call.axes(axes, rank)?;
            axes.iter().map(|a| call.axis(*a, rank)).collect::<Result<_, _>>()?
        }
        None => (0..rank).collect(),
    };
    let policy = call.attributes.text("keep_aspect_ratio_policy", "stretch")?;
    let region = if coordinates == Coordinates::Crop { numbers(1)? } else { None };
    let n = listed.len();
    let fits = scales.as_ref().map(Vec::len).or(sizes.as_ref().map(Vec::len)) == Some(n)
        && scales.is_some() != sizes.is_some()
        && region.as_ref().is_none_or(|r| r.len() == 2 * n && r.iter().all(|v| v.is_finite()));
    if !fits {
        return Err(call.malformed("other scales or sizes", format!("one of them, for each of {n} axes")));
    }
    let mut axes: Vec<Axis> =
        x.dims.iter().map(|d| Axis { input: *d, output: *d, scale: 1.0, region: [0.0, 1.0] }).collect();
    // A batch that the file fixes is one here.
    let extent = |axis: usize| if axis == 0 && x.batched { call.reader.batch } else { x.dims[axis] } as f64;
    for (i, axis) in listed.iter().enumerate() {
        let (scale, output) = match (&scales, &sizes) {
            (Some(scales), _) => (scales[i], (extent(*axis) * scales[i] + 1e-6).floor()),
            (None, Some(sizes)) => {
                let ratios = listed.iter().zip(sizes).map(|(axis, size)| *size as f64 / extent(*axis));
                let scale = match policy {
                    "stretch" => None,
                    "not_larger" => Some(ratios.fold(f64::INFINITY, f64::min)),
                    "not_smaller" => Some(ratios.fold(0.0, f64::max)),
                    other => return Err(call.malformed(format!("policy `{other}`"), "one of the three of ONNX")),
                };
                match scale {
                    None => (sizes[i] as f64 / extent(*axis), sizes[i] as f64),
                    Some(scale) => (scale, (scale * extent(*axis) + 0.5).floor()),
                }
            }
            (None, None) => (1.0, extent(*axis)),
        };
        if !((1.0..=65536.0).contains(&output) && scale > 0.0 && scale.is_finite()) {
            return Err(call.malformed(format!("an extent of {output} for axis {axis}"), "1 to 65536"));
        }
        axes[*axis].output = output as usize;
        axes[*axis].scale = scale;
        if let Some(region) = &region {
            axes[*axis].region = [region[i], region[i + n]];
        }
    }
    Ok(axes)
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
        return call.lower(&Op::Upsample { factors: factors[1..].to_vec() }, std::slice::from_ref(&x.value));
    }
    let chosen = indices
        .iter()
        .enumerate()
        .map(|(i, list)| list.iter().copied().ne(0..x.dims[i + skip]).then(|| list.clone()))
        .collect();
    call.lower(&Op::Sample { indices: chosen }, std::slice::from_ref(&x.value))
}
