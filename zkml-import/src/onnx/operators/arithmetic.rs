//! Element-wise arithmetic and comparisons of several inputs, which broadcast.

use zkml_core::shape::Shape;

use crate::{
    builder::Value,
    error::ImportError,
    onnx::{
        call::Call,
        fold::spend,
        traced::{Kind, Traced, stored},
    },
    ops::{Binary, Op, Unary},
};

/// All inputs, none left out.
fn inputs(call: &Call<'_, '_, '_>, count: Option<usize>) -> Result<Vec<Traced>, ImportError> {
    let inputs: Vec<Traced> = (0..call.inputs.len()).map(|i| call.input(i)).collect::<Result<_, _>>()?;
    match count {
        Some(count) if inputs.len() != count => {
            Err(call.malformed(format!("{} inputs", inputs.len()), format!("{count}")))
        }
        _ if inputs.is_empty() => Err(call.malformed("no inputs", "at least one")),
        _ => Ok(inputs),
    }
}

/// `Add`, `Sub`, `Mul`, `Div` and `Pow`.
pub(super) fn pair(call: &mut Call<'_, '_, '_>, op: Binary) -> Result<Traced, ImportError> {
    let inputs = inputs(call, Some(2))?;
    if op == Binary::Div && whole(&inputs) {
        return Err(call.unsupported("a division of whole numbers", "one of floats"));
    }
    if op == Binary::Pow {
        let (values, dims, batched) = call.together(&inputs)?;
        if let Some(value) = powers(call, &values, &dims, batched)? {
            return call.settle(value, dims, batched, Kind::Real);
        }
    }
    chain(call, op, &inputs, false)
}

/// `Min`, `Max` and `Sum`, of any number of inputs.
pub(super) fn several(call: &mut Call<'_, '_, '_>, op: Binary) -> Result<Traced, ImportError> {
    let inputs = inputs(call, None)?;
    chain(call, op, &inputs, false)
}

/// `Mean`: the sum, divided by the number of inputs.
pub(super) fn mean(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let inputs = inputs(call, None)?;
    chain(call, Binary::Add, &inputs, inputs.len() > 1)
}

/// Whether no input is a float.
fn whole(inputs: &[Traced]) -> bool {
    inputs.iter().all(|i| i.kind != Kind::Real)
}

/// `((a op b) op c) ..`, divided by the number of inputs where it is their mean.
fn chain(call: &mut Call<'_, '_, '_>, op: Binary, inputs: &[Traced], mean: bool) -> Result<Traced, ImportError> {
    let (values, dims, batched) = call.together(inputs)?;
    let mut rest = values.into_iter();
    let Some(mut value) = rest.next() else { return Err(call.malformed("no inputs", "at least one")) };
    let mut left = rest.len();
    for next in rest {
        left -= 1;
        let pair = [value, next];
        let op = Op::Binary(op);
        value = if left == 0 && !mean { call.lower(&op, &pair)? } else { call.beside("part", &op, &pair)? };
    }
    if mean {
        value = call.lower(&Op::Unary(Unary::Scale { factor: 1.0 / inputs.len() as f64 }), &[value])?;
    }
    finish(call, value, dims, batched, if whole(inputs) && !mean { Kind::Whole } else { Kind::Real })
}

/// The most exponents of one `Pow`.
const MAX_EXPONENTS: usize = 32;

/// Powers whose constant exponents differ: the elements of each exponent by themselves.
fn powers(
    call: &mut Call<'_, '_, '_>,
    values: &[Value],
    dims: &[usize],
    batched: bool,
) -> Result<Option<Value>, ImportError> {
    let [base @ Value::Node(_), Value::Constant(exponents) | Value::Weight(exponents)] = values else {
        return Ok(None);
    };
    let shape = stored(dims, batched);
    let first = exponents.data().first().copied();
    if exponents.data().iter().all(|e| Some(*e) == first) {
        return Ok(None);
    }
    let inner = exponents.shape();
    let strides = Shape::new(shape.clone()).strides();
    let skip = shape.len().checked_sub(inner.rank());
    let Some(skip) = skip else { return Ok(None) };
    let length: usize = shape.iter().product();
    spend(call, length.saturating_mul(3))?;
    let own = inner.strides();
    let exponent = |i: usize| {
        let place = |axis: usize| i / strides[axis + skip] % shape[axis + skip] % inner.dims()[axis];
        exponents.data()[(0..inner.rank()).map(|axis| place(axis) * own[axis]).sum::<usize>()]
    };
    let mut groups: Vec<(f64, Vec<usize>)> = Vec::new();
    for i in 0..length {
        let exponent = exponent(i);
        match groups.iter().position(|(e, _)| *e == exponent) {
            Some(group) => groups[group].1.push(i),
            None if groups.len() < MAX_EXPONENTS => groups.push((exponent, vec![i])),
            None => return Err(call.unsupported("many exponents", format!("at most {MAX_EXPONENTS} different ones"))),
        }
    }
    let wide = call.beside("broadcast", &Op::Broadcast { shape: shape.clone() }, std::slice::from_ref(base))?;
    let flat = call.beside("flat", &Op::Flatten, &[wide])?;
    let mut order = vec![0; length];
    let mut next = 0;
    let mut parts = Vec::new();
    for (exponent, group) in groups {
        for i in &group {
            order[*i] = next;
            next += 1;
        }
        let part = call.beside("part", &Op::Gather { axis: 0, indices: group }, std::slice::from_ref(&flat))?;
        parts.push(call.beside("power", &Op::Unary(Unary::Pow { exponent }), &[part])?);
    }
    let joined = call.beside("joined", &Op::Concat { axis: 0 }, &parts)?;
    let value = call.lower(&Op::Gather { axis: 0, indices: order }, &[joined])?;
    call.beside("shape", &Op::Reshape { shape }, &[value]).map(Some)
}

/// `Equal`, .., `Xor`.
pub(super) fn comparison(call: &mut Call<'_, '_, '_>, op: Binary) -> Result<Traced, ImportError> {
    let inputs = inputs(call, Some(2))?;
    if matches!(op, Binary::And | Binary::Or | Binary::Xor) && inputs.iter().any(|i| i.kind != Kind::Bool) {
        return Err(call.malformed("numbers", "booleans"));
    }
    let (values, dims, batched) = call.together(&inputs)?;
    let value = call.lower(&Op::Binary(op), &values)?;
    finish(call, value, dims, batched, Kind::Bool)
}

/// `Where`.
pub(super) fn choose(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let inputs = inputs(call, Some(3))?;
    if inputs[0].kind != Kind::Bool {
        return Err(call.malformed("a condition of numbers", "booleans"));
    }
    let (values, dims, batched) = call.together(&inputs)?;
    let value = call.lower(&Op::Select, &values)?;
    finish(call, value, dims, batched, inputs[1].kind)
}

/// The value with its extents; broadcasting may have left it smaller where one input says nothing.
fn finish(
    call: &mut Call<'_, '_, '_>,
    value: Value,
    dims: Vec<usize>,
    batched: bool,
    kind: Kind,
) -> Result<Traced, ImportError> {
    let expected = stored(&dims, batched);
    let found = call.reader.builder.shape(&value);
    let value = if found.len() < expected.iter().product() {
        call.beside("broadcast", &Op::Broadcast { shape: expected }, &[value])?
    } else {
        value
    };
    call.settle(value, dims, batched, kind)
}
