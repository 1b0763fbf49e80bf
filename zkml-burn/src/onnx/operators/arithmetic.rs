//! What acts on several inputs, element by element.

use crate::{
    builder::Value,
    error::ImportError,
    onnx::{
        call::Call,
        traced::{Kind, Traced},
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

/// `Add`, .., `Mean`.
pub(super) fn arithmetic(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let (op, several) = match call.node.operator {
        "Add" => (Binary::Add, false),
        "Sub" => (Binary::Sub, false),
        "Mul" => (Binary::Mul, false),
        "Div" => (Binary::Div, false),
        "Pow" => (Binary::Pow, false),
        "Min" => (Binary::Minimum, true),
        "Max" => (Binary::Maximum, true),
        "Sum" | "Mean" => (Binary::Add, true),
        other => return Err(call.unsupported(format!("operator `{other}`"), "arithmetic")),
    };
    let inputs = inputs(call, (!several).then_some(2))?;
    let whole = inputs.iter().all(|i| i.kind != Kind::Real);
    if op == Binary::Div && whole {
        return Err(call.unsupported("a division of whole numbers", "one of floats"));
    }
    let (values, dims, batched) = call.together(&inputs)?;
    let mut rest = values.into_iter();
    let Some(mut value) = rest.next() else { return Err(call.malformed("no inputs", "at least one")) };
    let mut left = rest.len();
    let mean = call.node.operator == "Mean" && inputs.len() > 1;
    for next in rest {
        left -= 1;
        let pair = [value, next];
        let op = Op::Binary(op);
        value = if left == 0 && !mean { call.lower(&op, &pair)? } else { call.beside("part", &op, &pair)? };
    }
    if mean {
        value = call.lower(&Op::Unary(Unary::Scale { factor: 1.0 / inputs.len() as f64 }), &[value])?;
    }
    finish(call, value, dims, batched, if whole && !mean { Kind::Whole } else { Kind::Real })
}

/// `Equal`, .., `Xor`.
pub(super) fn comparison(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let op = match call.node.operator {
        "Equal" => Binary::Equal,
        "Greater" => Binary::Greater,
        "GreaterOrEqual" => Binary::GreaterEqual,
        "Less" => Binary::Less,
        "LessOrEqual" => Binary::LessEqual,
        "And" => Binary::And,
        "Or" => Binary::Or,
        "Xor" => Binary::Xor,
        other => return Err(call.unsupported(format!("operator `{other}`"), "a comparison")),
    };
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
    let expected = crate::onnx::traced::stored(&dims, batched);
    let found = call.reader.builder.shape(&value);
    let value = if found.len() < expected.iter().product() {
        call.beside("broadcast", &Op::Broadcast { shape: expected }, &[value])?
    } else {
        value
    };
    call.settle(value, dims, batched, kind)
}
