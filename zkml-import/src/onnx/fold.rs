//! Constant folding: operators of constants are computed while reading. These are shapes that a network is written in terms
//! of, and weights that are stored in another form than they are used.

use std::collections::HashMap;

use zkml_core::{
    graph::{NodeId, Visibility},
    shape::Shape,
    tensor::Tensor,
};

use super::{
    call::Call,
    operators::{self, Fold},
    reader::{Reader, kind_of},
    tensors::{Element, rounded},
    traced::{Kind, Traced, broadcast, count},
};
use crate::{
    builder::{Builder, Value},
    constants::{Rounding, quotient, truth},
    error::ImportError,
};

/// The node's values, if all that it takes is constant and they can be computed. What is computed from weights is a weight.
pub(super) fn fold(call: &mut Call<'_, '_, '_>) -> Result<Option<Vec<Traced>>, ImportError> {
    let trained = call.inputs.iter().flatten().any(|i| i.value.is_weight());
    let results = values(call)?;
    let weight = |result: Traced| match result.value {
        Value::Constant(tensor) if trained => Traced { value: Value::Weight(tensor), ..result },
        Value::Node(_) | Value::Constant(_) | Value::Weight(_) => result,
    };
    Ok(results.map(|results| results.into_iter().map(weight).collect()))
}

fn values(call: &mut Call<'_, '_, '_>) -> Result<Option<Vec<Traced>>, ImportError> {
    let inputs = present(call);
    let (Some(first), Some(operator)) = (inputs.first(), operators::find(call.node)) else { return Ok(None) };
    if inputs.iter().any(|i| i.tensor().is_none()) {
        return Ok(None);
    }
    let kind = first.kind;
    let result = match operator.fold {
        Fold::Never | Fold::Constant => None,
        Fold::Each(arity, f) => Some(elementwise(call, &inputs, arity, kind, f)?),
        Fold::Any(f) => Some(elementwise(call, &inputs, inputs.len(), kind, f)?),
        Fold::Test(arity, f) => Some(elementwise(call, &inputs, arity, Kind::Bool, |x| truth(f(x)))?),
        Fold::Own(f) => f(call)?,
        Fold::Layers => {
            let results = scratch(call);
            if results.is_some() {
                call.attributes.ignore_all();
            }
            return Ok(results);
        }
    };
    Ok(result.map(|result| vec![result]))
}

/// Takes so many elements from what may be computed.
pub(super) fn spend(call: &mut Call<'_, '_, '_>, elements: usize) -> Result<(), ImportError> {
    match call.reader.budget.checked_sub(elements) {
        Some(rest) => {
            call.reader.budget = rest;
            Ok(())
        }
        None => Err(call.unsupported(
            format!("{elements} more elements to compute from constants"),
            "few beside those that the file stores",
        )),
    }
}

/// `Div`: of whole numbers, towards zero.
pub(super) fn div(call: &mut Call<'_, '_, '_>) -> Result<Option<Traced>, ImportError> {
    let kind = call.input(0)?.kind;
    let whole = kind != Kind::Real;
    elementwise(call, &present(call), 2, kind, |x| quotient(x[0], x[1], whole)).map(Some)
}

/// `Mod`: the sign of the divisor, or with `fmod` that of the dividend.
pub(super) fn modulo(call: &mut Call<'_, '_, '_>) -> Result<Option<Traced>, ImportError> {
    let kind = call.input(0)?.kind;
    let truncated = call.attributes.flag("fmod", false)?;
    let f = |x: &[f64]| if truncated { x[0] % x[1] } else { x[0] - x[1] * Rounding::Down.of(x[0] / x[1]) };
    elementwise(call, &present(call), 2, kind, f).map(Some)
}

/// `Where`.
pub(super) fn choose(call: &mut Call<'_, '_, '_>) -> Result<Option<Traced>, ImportError> {
    let inputs = present(call);
    let kind = inputs.get(1).or(inputs.first()).map_or(Kind::Real, |i| i.kind);
    elementwise(call, &inputs, 3, kind, |x| if x[0] != 0.0 { x[1] } else { x[2] }).map(Some)
}

/// `Cast`, to an element type that is read.
pub(super) fn cast(call: &mut Call<'_, '_, '_>) -> Result<Option<Traced>, ImportError> {
    let Some(to) = call.attributes.int("to")?.and_then(Element::new) else { return Ok(None) };
    call.attributes.ignore("saturate");
    elementwise(call, &present(call), 1, kind_of(to), converted(kind_of(to))).map(Some)
}

/// `CastLike`, to the second input's element type.
pub(super) fn cast_like(call: &mut Call<'_, '_, '_>) -> Result<Option<Traced>, ImportError> {
    let inputs = present(call);
    let [x, like] = inputs.as_slice() else { return Ok(None) };
    call.attributes.ignore("saturate");
    elementwise(call, std::slice::from_ref(x), 1, like.kind, converted(like.kind)).map(Some)
}

/// `DequantizeLinear`: `(x - zero_point) * scale`, which belong to the tensor or to the places along an axis.
pub(super) fn dequantize(call: &mut Call<'_, '_, '_>) -> Result<Option<Traced>, ImportError> {
    call.at_most(3)?;
    let (x, scale) = (call.input(0)?, call.input(1)?);
    let zero = call.optional(2);
    let axis = call.attributes.int("axis")?.unwrap_or(1);
    let block = call.attributes.int("block_size")?.unwrap_or(0);
    if block != 0 {
        return Err(
            call.unsupported(format!("a scale for each {block} elements"), "one for the tensor, or along an axis")
        );
    }
    if call.attributes.int("output_dtype")?.is_some_and(|to| to != 0 && !Element::new(to).is_some_and(Element::is_real))
    {
        return Err(call.malformed("an `output_dtype` of whole numbers", "floats"));
    }
    // Along an axis: the scale is a vector, which broadcasts from there.
    let along = |t: Traced, call: &Call<'_, '_, '_>| match *t.dims {
        [] | [1] => Ok(t),
        [n] => {
            let axis = call.axis(axis, x.dims.len())?;
            if x.dims[axis] != n {
                return Err(
                    call.malformed(format!("{n} scales along an axis of {}", x.dims[axis]), "one for each place")
                );
            }
            let mut dims = vec![1; x.dims.len() - axis];
            dims[0] = n;
            let tensor = t.tensor().cloned().and_then(|tensor| tensor.reshape(dims.as_slice()).ok());
            Ok(tensor.map_or(t, |tensor| Traced::constant(tensor, Kind::Real)))
        }
        _ => Err(call.malformed(call.shapes(), "scale and zero point of one axis, or none")),
    };
    if zero.as_ref().is_some_and(|zero| zero.dims != scale.dims) {
        return Err(call.malformed(call.shapes(), "a zero point of the shape of the scale"));
    }
    let scale = along(scale, call)?;
    let result = match zero {
        Some(zero) => {
            let zero = along(zero, call)?;
            elementwise(call, &[x, scale, zero], 3, Kind::Real, |x| (x[0] - x[2]) * x[1])?
        }
        None => elementwise(call, &[x, scale], 2, Kind::Real, |x| x[0] * x[1])?,
    };
    Ok(Some(result))
}

/// Conversion to elements of this kind; to whole numbers, towards zero.
fn converted(to: Kind) -> fn(&[f64]) -> f64 {
    match to {
        Kind::Real => |x| x[0],
        Kind::Whole => |x| Rounding::TowardsZero.of(x[0]),
        Kind::Bool => |x| truth(x[0] != 0.0),
    }
}

/// The inputs that are not left out.
fn present(call: &Call<'_, '_, '_>) -> Vec<Traced> {
    call.inputs.iter().flatten().cloned().collect()
}

/// A function of the elements at one place, the inputs broadcast.
fn elementwise(
    call: &mut Call<'_, '_, '_>,
    inputs: &[Traced],
    arity: usize,
    kind: Kind,
    f: impl Fn(&[f64]) -> f64,
) -> Result<Traced, ImportError> {
    if inputs.len() != arity {
        return Err(call.malformed(format!("{} inputs", inputs.len()), format!("{arity}")));
    }
    let dims = broadcast(inputs.iter().map(|i| i.dims.as_slice())).filter(|d| count(d).is_some());
    let Some(dims) = dims else { return Err(call.malformed(call.shapes(), "shapes that broadcast")) };
    let shape = Shape::new(dims);
    spend(call, shape.len().saturating_mul(inputs.len()))?;
    let tensors: Vec<&Tensor> = inputs.iter().filter_map(Traced::tensor).collect();
    let strides: Vec<Vec<usize>> = tensors.iter().map(|t| aligned(t.shape(), shape.dims())).collect();
    let mut x = vec![0.0; tensors.len()];
    let outer = shape.strides();
    let tensor = Tensor::from_fn(shape.clone(), |i| {
        for ((value, tensor), strides) in x.iter_mut().zip(&tensors).zip(&strides) {
            let at =
                outer.iter().zip(shape.dims()).zip(strides).map(|((s, d), inner)| i / s % d * inner).sum::<usize>();
            *value = tensor.data()[at];
        }
        f(&x)
    });
    if kind == Kind::Whole && rounded(tensor.data()).is_some() {
        return Err(call.unsupported(
            "a whole number of 2^53 or more, computed from constants",
            "smaller ones, which floats hold exactly",
        ));
    }
    Ok(Traced::constant(tensor, kind))
}

/// The strides of a tensor that is broadcast to `dims`.
fn aligned(shape: &Shape, dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![0; dims.len() - shape.rank()];
    strides.extend(shape.dims().iter().zip(shape.strides()).map(|(d, s)| if *d == 1 { 0 } else { s }));
    strides
}

/// The operator's layers on a graph of their own, whose input is the first constant.
fn scratch(call: &mut Call<'_, '_, '_>) -> Option<Vec<Traced>> {
    if call.node.outputs.len() > 64 {
        return None;
    }
    let first = call.inputs.iter().position(Option::is_some)?;
    let mut inputs = call.inputs.clone();
    let input = inputs[first].clone()?;
    let dims = if input.dims.is_empty() { vec![1] } else { input.dims.clone() };
    let tensor = input.tensor()?.clone().reshape(dims.as_slice()).ok()?;
    let builder = Builder::new("constants", tensor.shape().clone()).ok()?;
    let node = Value::Node(builder.input());
    inputs[first] = Some(Traced { value: node, ..input });
    let mut reader = Reader {
        builder,
        opset: call.reader.opset,
        batch: 1,
        folder: call.reader.folder,
        budget: call.reader.budget,
        trained: call.reader.trained,
        nodes: call.reader.nodes,
        values: HashMap::new(),
        users: HashMap::new(),
        absorbed: HashMap::new(),
    };
    let mut inner = Call::new(&mut reader, call.index, call.node, call.origin.clone(), inputs);
    let results = operators::translate(&mut inner).ok()?;
    inner.attributes.finish().ok()?;
    let elements = reader.builder.graph().nodes().iter().try_fold(0usize, |n, node| n.checked_add(node.shape.len()))?;
    call.reader.budget = call.reader.budget.checked_sub(elements)?;
    results.into_iter().map(|result| evaluate(&reader.builder, &tensor, result)).collect()
}

/// The value of a scratch graph.
fn evaluate(builder: &Builder, input: &Tensor, result: Traced) -> Option<Traced> {
    let Value::Node(NodeId(_)) = result.value else { return Some(result) };
    let model = builder.clone().finish(&result.value).ok()?.model(Visibility::default()).ok()?;
    let output = model.trace(input).ok()?.swap_remove(model.graph().output().0);
    Some(Traced::constant(output.reshape(result.dims.as_slice()).ok()?, result.kind))
}
