//! Constants: operators whose result is known while reading.

use zkml_core::{shape::Shape, tensor::Tensor};

use crate::{
    builder::Value,
    error::ImportError,
    onnx::{
        call::Call,
        fold::spend,
        reader::kind_of,
        tensors::{self, rounded},
        traced::{Kind, Traced, count},
    },
};

/// `Constant`: a number of the network, or a weight.
pub(super) fn constant(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let value = stored(call)?;
    let name = call.node.outputs.first().copied().unwrap_or_default();
    let trained = call.reader.trained.constant(name, &value);
    match value.value {
        Value::Constant(tensor) if trained => Ok(Traced { value: Value::Weight(tensor), ..value }),
        Value::Node(_) | Value::Constant(_) | Value::Weight(_) => Ok(value),
    }
}

/// Its value, in all its spellings.
fn stored(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(0)?;
    if let Some(stored) = call.attributes.tensor("value")? {
        let (tensor, element) = tensors::read(stored, call.reader.folder, &call.origin)?;
        return Ok(Traced::constant(tensor, kind_of(element)));
    }
    if let Some(value) = call.attributes.float_if("value_float")? {
        return Ok(Traced::constant(Tensor::from_fn([], |_| value), Kind::Real));
    }
    if let Some(value) = call.attributes.int("value_int")? {
        return exact(call, Traced::constant(Tensor::from_fn([], |_| value as f64), Kind::Whole));
    }
    if let Some(values) = call.attributes.floats("value_floats")? {
        return Ok(Traced::constant(Tensor::vector(values.iter().map(|v| f64::from(*v)).collect()), Kind::Real));
    }
    match call.attributes.ints("value_ints")? {
        Some(values) => {
            let values = values.iter().map(|v| *v as f64).collect();
            exact(call, Traced::constant(Tensor::vector(values), Kind::Whole))
        }
        None => Err(call.unsupported("a constant of another type", "numbers")),
    }
}

/// Whole numbers that a float holds exactly.
fn exact(call: &Call<'_, '_, '_>, value: Traced) -> Result<Traced, ImportError> {
    match value.tensor().and_then(|t| rounded(t.data())) {
        Some(large) => Err(call.unsupported(format!("the whole number {large:e}"), "whole numbers below 2^53")),
        None => Ok(value),
    }
}

/// `ConstantOfShape`.
pub(super) fn constant_of_shape(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let shape = call.whole(0, "a shape")?.unwrap_or_default();
    let dims: Option<Vec<usize>> = shape.iter().map(|d| usize::try_from(*d).ok()).collect();
    let Some(dims) = dims.filter(|d| count(d).is_some()) else {
        return Err(call.malformed(format!("shape {shape:?}"), "extents that are not negative"));
    };
    let (value, kind) = match call.attributes.tensor("value")? {
        None => (0.0, Kind::Real),
        Some(stored) => {
            let (tensor, element) = tensors::read(stored, call.reader.folder, &call.origin)?;
            match tensor.data() {
                [value] => (*value, kind_of(element)),
                _ => return Err(call.malformed(format!("a value of shape {}", tensor.shape()), "one number")),
            }
        }
    };
    let shape = Shape::new(dims);
    spend(call, shape.len())?;
    Ok(Traced::constant(Tensor::from_fn(shape, |_| value), kind))
}

/// `Shape`, of a value that need not be constant.
pub(super) fn shape(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let dims = call.input(0)?.dims;
    let rank = dims.len() as i64;
    let bound = |value: i64| if value < 0 { value.saturating_add(rank).max(0) } else { value.min(rank) } as usize;
    let start = bound(call.attributes.int("start")?.unwrap_or(0));
    let end = bound(call.attributes.int("end")?.unwrap_or(rank));
    let dims = dims.get(start..end).unwrap_or_default();
    Ok(Traced::constant(Tensor::vector(dims.iter().map(|d| *d as f64).collect()), Kind::Whole))
}

/// `Size`.
pub(super) fn size(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let elements = count(&call.input(0)?.dims).unwrap_or_default();
    Ok(Traced::constant(Tensor::from_fn([], |_| elements as f64), Kind::Whole))
}

/// `Range`.
pub(super) fn range(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(3)?;
    let kind = call.input(0)?.kind;
    let numbers = [0, 1, 2].map(|i| call.number(i, "an end of a range"));
    let [Some(start), Some(limit), Some(step)] = [numbers[0].clone()?, numbers[1].clone()?, numbers[2].clone()?] else {
        return Err(call.malformed(call.shapes(), "start, limit and step"));
    };
    let length = ((limit - start) / step).ceil().max(0.0);
    if length.is_nan() || length > 1e6 {
        return Err(call.malformed(format!("a range from {start} to {limit} by {step}"), "at most a million numbers"));
    }
    let length = length as usize;
    spend(call, length)?;
    Ok(Traced::constant(Tensor::from_fn([length], |i| start + i as f64 * step), kind))
}
