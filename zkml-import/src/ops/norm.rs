//! Normalisations, and softmax.

use zkml_core::{layer::Args, tensor::Tensor};

use super::{At, ints};
use crate::{builder::Value, error::ImportError};

pub(super) fn softmax(at: &mut At<'_>, layer: &str, axis: usize, x: &Value) -> Result<Value, ImportError> {
    at.layer(layer, Args::new().with("axis", axis), std::slice::from_ref(x))
}

/// The vectors of a normalisation, `[channels]` each.
fn vectors(
    at: &At<'_>,
    inputs: &[Value],
    names: &[&'static str],
    length: usize,
) -> Result<Vec<(&'static str, Tensor)>, ImportError> {
    names
        .iter()
        .enumerate()
        .map(|(i, name)| match at.vector(inputs, i + 1, name, length)? {
            Some(tensor) => Ok((*name, tensor)),
            None => Err(ImportError::malformed(at.origin, format!("no {name}"), format!("one of {length} elements"))),
        })
        .collect()
}

pub(super) fn batch(at: &mut At<'_>, inputs: &[Value], epsilon: f64) -> Result<Value, ImportError> {
    let x = at.input(inputs, 0)?;
    let channels = at.dims(&x).first().copied().unwrap_or_default();
    let params = vectors(at, inputs, &["gamma", "beta", "mean", "var"], channels)?;
    at.layer_with("batch_norm", Args::new().with("epsilon", epsilon), &[x], params)
}

pub(super) fn instance(at: &mut At<'_>, inputs: &[Value], epsilon: f64) -> Result<Value, ImportError> {
    let x = at.input(inputs, 0)?;
    let channels = at.dims(&x).first().copied().unwrap_or_default();
    let params = vectors(at, inputs, &["gamma", "beta"], channels)?;
    at.layer_with("instance_norm", Args::new().with("epsilon", epsilon), &[x], params)
}

/// `layer_norm` or `rms_norm`; a parameter that is missing starts as one that changes nothing.
pub(super) fn layer(
    at: &mut At<'_>,
    layer: &str,
    inputs: &[Value],
    axes: &[usize],
    epsilon: f64,
) -> Result<Value, ImportError> {
    let x = at.input(inputs, 0)?;
    let dims = at.dims(&x);
    if axes.iter().any(|a| *a >= dims.len()) {
        return Err(ImportError::malformed(at.origin, format!("axes {axes:?}"), format!("axes of {dims:?}")));
    }
    let shape: Vec<usize> = axes.iter().map(|a| dims[*a]).collect();
    let length = shape.iter().product();
    let names: &[&str] = if layer == "layer_norm" { &["gamma", "beta"] } else { &["gamma"] };
    let mut params = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let data = match at.vector(inputs, i + 1, name, length)? {
            Some(tensor) => tensor,
            None => Tensor::from_fn([length], |_| if *name == "gamma" { 1.0 } else { 0.0 }),
        };
        params.push((*name, Tensor::from_fn(shape.as_slice(), |i| data.data()[i])));
    }
    let axes: Vec<i64> = axes.iter().map(|a| *a as i64).collect();
    at.layer_with(layer, Args::new().with("axes", ints(&axes)).with("epsilon", epsilon), &[x], params)
}

/// A `batch_norm` that only scales and shifts, since the layers before and after it take it in.
pub(super) fn affine(at: &mut At<'_>, x: &Value, gamma: Tensor, beta: Tensor) -> Result<Value, ImportError> {
    const EPSILON: f64 = 1e-5;
    let length = gamma.len();
    let mean = Tensor::from_fn([length], |_| 0.0);
    let variance = Tensor::from_fn([length], |_| 1.0 - EPSILON);
    let inputs =
        [x.clone(), Value::constant(gamma), Value::constant(beta), Value::constant(mean), Value::constant(variance)];
    batch(at, &inputs, EPSILON)
}
