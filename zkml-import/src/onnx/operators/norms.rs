//! Normalisations.

use zkml_core::tensor::Tensor;

use crate::{
    builder::Value,
    error::ImportError,
    onnx::{
        call::Call,
        traced::{Kind, Traced, stored},
    },
    ops::{Binary, Op, ReduceKind, Unary},
};

/// The first input's value, and constants for the rest.
fn inputs(call: &Call<'_, '_, '_>, x: &Traced, names: &[&str]) -> Result<Vec<Value>, ImportError> {
    let mut inputs = vec![x.value.clone()];
    for (i, name) in names.iter().enumerate() {
        inputs.push(Value::constant(call.constant(i + 1, name)?));
    }
    Ok(inputs)
}

/// `BatchNormalization`, as it is used once trained.
pub(super) fn batch(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(5)?;
    let epsilon = call.attributes.float("epsilon", 1e-5)?;
    call.attributes.ignore("momentum");
    if call.attributes.flag("training_mode", false)? {
        return Err(call.unsupported("`training_mode`", "a model exported for inference"));
    }
    if !call.attributes.flag("spatial", true)? {
        return Err(call.unsupported("`spatial` of 0", "statistics for each channel"));
    }
    let x = call.input(0)?;
    if x.rank() < 2 {
        return Err(call.malformed(call.shapes(), "an input `[batch, channels, ..]`"));
    }
    let x = call.sample(x)?;
    let inputs = inputs(call, &x, &["a scale", "a bias", "a mean", "a variance"])?;
    let value = call.lower(&Op::BatchNorm { epsilon }, &inputs)?;
    call.settle(value, x.dims, x.batched, Kind::Real)
}

/// `InstanceNormalization`.
pub(super) fn instance(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(3)?;
    let epsilon = call.attributes.float("epsilon", 1e-5)?;
    let x = call.input(0)?;
    if x.rank() < 3 {
        return Err(call.malformed(call.shapes(), "an input `[batch, channels, ..]`"));
    }
    let x = call.sample(x)?;
    let inputs = inputs(call, &x, &["a scale", "a bias"])?;
    let value = call.lower(&Op::InstanceNorm { epsilon }, &inputs)?;
    call.settle(value, x.dims, x.batched, Kind::Real)
}

/// `GroupNormalization`: each group normalised as one channel, then scale and bias.
pub(super) fn group(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(3)?;
    let epsilon = call.attributes.float("epsilon", 1e-5)?;
    call.attributes.ignore("stash_type");
    let groups = call.attributes.int("num_groups")?.and_then(|g| usize::try_from(g).ok()).unwrap_or_default();
    let x = call.input(0)?;
    let x = call.sample(x)?;
    let dims = stored(&x.dims, true);
    let channels = dims[0];
    if dims.len() < 2 || groups == 0 || !channels.is_multiple_of(groups) {
        return Err(call.malformed(format!("{groups} groups and {}", call.shapes()), "groups that divide the channels"));
    }
    let numbers = |call: &Call<'_, '_, '_>, index: usize, what: &str| -> Result<Tensor, ImportError> {
        let tensor = call.constant(index, what)?;
        // Before operator set 21 there is one number a group.
        match tensor.len() {
            n if n == channels => Ok(Tensor::vector(tensor.into_data())),
            n if n == groups => Ok(Tensor::from_fn([channels], |c| tensor.data()[c / (channels / groups)])),
            n => Err(call.malformed(format!("{what} of {n} elements"), format!("{channels}"))),
        }
    };
    let (gamma, beta) = (numbers(call, 1, "a scale")?, numbers(call, 2, "a bias")?);
    let each: usize = dims.iter().product::<usize>() / groups;
    let grouped = call.beside("groups", &Op::Reshape { shape: vec![groups, each] }, &[x.value])?;
    let (one, zero) = (Tensor::from_fn([groups], |_| 1.0), Tensor::from_fn([groups], |_| 0.0));
    let params = [grouped, Value::constant(one), Value::constant(zero)];
    let normal = call.beside("normal", &Op::InstanceNorm { epsilon }, &params)?;
    let normal = call.beside("channels", &Op::Reshape { shape: dims }, &[normal])?;
    let value = crate::ops::affine(&mut call.reader.builder, &normal, gamma, beta, call.node.name, &call.origin)?;
    call.settle(value, x.dims, x.batched, Kind::Real)
}

/// `LayerNormalization` and `RMSNormalization`.
pub(super) fn layer(call: &mut Call<'_, '_, '_>, mean_square: bool) -> Result<Traced, ImportError> {
    call.at_most(3)?;
    let epsilon = call.attributes.float("epsilon", 1e-5)?;
    call.attributes.ignore("stash_type");
    let x = call.input(0)?;
    let axis = call.axis(call.attributes.int("axis")?.unwrap_or(-1), x.rank())?;
    let axes: Vec<usize> = (axis..x.rank()).collect();
    let (x, axes) = call.along(x, &axes)?;
    let mut names = vec!["a scale"];
    if call.optional(2).is_some() {
        names.push("a bias");
    }
    let inputs = inputs(call, &x, &names)?;
    let op = if mean_square { Op::RmsNorm { axes, epsilon } } else { Op::LayerNorm { axes, epsilon } };
    let value = call.lower(&op, &inputs)?;
    call.settle(value, x.dims, x.batched, Kind::Real)
}

/// `MeanVarianceNormalization`.
pub(super) fn standard(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let x = call.input(0)?;
    let axes = call.attributes.ints("axes")?.unwrap_or(&[0, 2, 3]);
    let axes = call.axes(axes, x.rank())?;
    let (x, axes) = call.along(x, &axes)?;
    let mean = |call: &mut Call<'_, '_, '_>, of: Value| {
        call.beside("mean", &Op::Reduce { kind: ReduceKind::Mean, axes: axes.clone(), keepdims: true }, &[of])
    };
    let center = mean(call, x.value.clone())?;
    let moved = call.beside("centered", &Op::Binary(Binary::Sub), &[x.value, center])?;
    let square = call.beside("square", &Op::Unary(Unary::Square), std::slice::from_ref(&moved))?;
    let variance = mean(call, square)?;
    let deviation = call.beside("deviation", &Op::Unary(Unary::Sqrt), &[variance])?;
    let value = call.lower(&Op::Binary(Binary::Div), &[moved, deviation])?;
    call.settle(value, x.dims, x.batched, Kind::Real)
}
