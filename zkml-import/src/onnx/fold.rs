//! Operators of constants, computed while reading: shapes that a network is written in terms of, and weights that are
//! stored in another form than they are used.

use std::collections::HashMap;

use zkml_core::{
    graph::{NodeId, Visibility},
    shape::Shape,
    tensor::Tensor,
};

use super::{
    call::Call,
    operators,
    reader::{Reader, kind_of},
    tensors::Element,
    traced::{Kind, Traced, broadcast, count},
};
use crate::{
    builder::{Builder, Value},
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
    let constant = call.inputs.iter().flatten().all(|i| i.tensor().is_some());
    if !constant || call.inputs.iter().flatten().next().is_none() || !operators::is_known(call.node) {
        return Ok(None);
    }
    match call.node.operator {
        "Constant" | "ConstantOfShape" | "Shape" | "Size" | "Range" => return Ok(None),
        _ => {}
    }
    if let Some(result) = elementwise(call)? {
        return Ok(Some(vec![result]));
    }
    let results = scratch(call);
    if results.is_some() {
        call.attributes.ignore_all();
    }
    Ok(results)
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

fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

/// A function of the elements at one place.
type Function = Box<dyn Fn(&[f64]) -> f64>;

/// What acts on each element.
fn elementwise(call: &mut Call<'_, '_, '_>) -> Result<Option<Traced>, ImportError> {
    let mut inputs: Vec<Traced> = call.inputs.iter().flatten().cloned().collect();
    let kind = inputs[0].kind;
    let whole = kind != Kind::Real;
    let (arity, f, kind): (usize, Function, Kind) = match call.node.operator {
        "Identity" => return Ok(Some(inputs[0].clone())),
        "Cast" => {
            let to = call.attributes.int("to")?.and_then(Element::new);
            let Some(to) = to else { return Ok(None) };
            call.attributes.ignore("saturate");
            let f: Function = match kind_of(to) {
                Kind::Real => Box::new(|x| x[0]),
                Kind::Whole => Box::new(|x| x[0].trunc()),
                Kind::Bool => Box::new(|x| truth(x[0] != 0.0)),
            };
            (1, f, kind_of(to))
        }
        "CastLike" if inputs.len() == 2 => {
            let to = inputs[1].kind;
            call.attributes.ignore("saturate");
            let f: Function = match to {
                Kind::Real => Box::new(|x| x[0]),
                Kind::Whole => Box::new(|x| x[0].trunc()),
                Kind::Bool => Box::new(|x| truth(x[0] != 0.0)),
            };
            inputs.truncate(1);
            (1, f, to)
        }
        "Neg" => (1, Box::new(|x| -x[0]), kind),
        "Abs" => (1, Box::new(|x| x[0].abs()), kind),
        "Sqrt" => (1, Box::new(|x| x[0].sqrt()), kind),
        "Exp" => (1, Box::new(|x| x[0].exp()), kind),
        "Log" => (1, Box::new(|x| x[0].ln()), kind),
        "Reciprocal" => (1, Box::new(|x| 1.0 / x[0]), kind),
        "Floor" => (1, Box::new(|x| x[0].floor()), kind),
        "Ceil" => (1, Box::new(|x| x[0].ceil()), kind),
        "Round" => (1, Box::new(|x| x[0].round_ties_even()), kind),
        "Not" => (1, Box::new(|x| 1.0 - x[0]), Kind::Bool),
        "Add" => (2, Box::new(|x| x[0] + x[1]), kind),
        "Sub" => (2, Box::new(|x| x[0] - x[1]), kind),
        "Mul" => (2, Box::new(|x| x[0] * x[1]), kind),
        "Div" if whole => (2, Box::new(|x| (x[0] / x[1]).trunc()), kind),
        "Div" => (2, Box::new(|x| x[0] / x[1]), kind),
        "Pow" => (2, Box::new(|x| x[0].powf(x[1])), kind),
        "Mod" => {
            let truncated = call.attributes.flag("fmod", false)?;
            (2, Box::new(move |x| if truncated { x[0] % x[1] } else { x[0] - x[1] * (x[0] / x[1]).floor() }), kind)
        }
        "Min" => (inputs.len(), Box::new(|x| x.iter().copied().fold(f64::INFINITY, f64::min)), kind),
        "Max" => (inputs.len(), Box::new(|x| x.iter().copied().fold(f64::NEG_INFINITY, f64::max)), kind),
        "Sum" => (inputs.len(), Box::new(|x| x.iter().sum()), kind),
        "Mean" => (inputs.len(), Box::new(|x| x.iter().sum::<f64>() / x.len() as f64), kind),
        "Equal" => (2, Box::new(|x| truth(x[0] == x[1])), Kind::Bool),
        "Greater" => (2, Box::new(|x| truth(x[0] > x[1])), Kind::Bool),
        "GreaterOrEqual" => (2, Box::new(|x| truth(x[0] >= x[1])), Kind::Bool),
        "Less" => (2, Box::new(|x| truth(x[0] < x[1])), Kind::Bool),
        "LessOrEqual" => (2, Box::new(|x| truth(x[0] <= x[1])), Kind::Bool),
        "And" => (2, Box::new(|x| truth(x[0] != 0.0 && x[1] != 0.0)), Kind::Bool),
        "Or" => (2, Box::new(|x| truth(x[0] != 0.0 || x[1] != 0.0)), Kind::Bool),
        "Xor" => (2, Box::new(|x| truth((x[0] != 0.0) != (x[1] != 0.0))), Kind::Bool),
        "Where" => (3, Box::new(|x| if x[0] != 0.0 { x[1] } else { x[2] }), inputs.get(1).map_or(kind, |i| i.kind)),
        _ => return Ok(None),
    };
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
    Ok(Some(Traced::constant(tensor, kind)))
}

/// The strides of a tensor that is broadcast to `dims`.
fn aligned(shape: &Shape, dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![0; dims.len() - shape.rank()];
    strides.extend(shape.dims().iter().zip(shape.strides()).map(|(d, s)| if *d == 1 { 0 } else { s }));
    strides
}

/// The operators whose work grows with what they give, and not with a window.
const CHEAP: [&str; 32] = [
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Concat",
    "Expand",
    "Tile",
    "Slice",
    "Split",
    "Gather",
    "Pad",
    "Dropout",
    "DepthToSpace",
    "SpaceToDepth",
    "Clip",
    "Sign",
    "Erf",
    "Relu",
    "Sigmoid",
    "Tanh",
    "Softplus",
    "LeakyRelu",
    "ReduceSum",
    "ReduceMean",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "ReduceL1",
    "ReduceL2",
    "ReduceSumSquare",
    "Softmax",
];

/// Any other operator: its layers on a graph of their own, whose input is the first constant.
fn scratch(call: &mut Call<'_, '_, '_>) -> Option<Vec<Traced>> {
    if !CHEAP.contains(&call.node.operator) || call.node.outputs.len() > 64 {
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
