//! Activations, other functions of one element, and softmax.

use zkml_core::tensor::Tensor;

use crate::{
    builder::Value,
    error::ImportError,
    onnx::{
        call::Call,
        traced::{Kind, Traced, stored},
    },
    ops::{Binary, Op, Unary},
};

/// A function of one element.
pub(super) fn unary(call: &mut Call<'_, '_, '_>, op: Unary) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let x = call.input(0)?;
    let kind = match (op, x.kind) {
        (Unary::Not, Kind::Bool) => Kind::Bool,
        (Unary::Not, _) => return Err(call.malformed("numbers", "booleans")),
        (Unary::Neg | Unary::Abs | Unary::Sign | Unary::Relu, Kind::Whole) => Kind::Whole,
        _ => Kind::Real,
    };
    let value = call.lower(&Op::Unary(op), &[x.value])?;
    call.settle(value, x.dims, x.batched, kind)
}

/// An activation with the attribute `alpha`.
pub(super) fn with_alpha(
    call: &mut Call<'_, '_, '_>,
    default: f64,
    op: fn(f64) -> Unary,
) -> Result<Traced, ImportError> {
    let alpha = call.attributes.float("alpha", default)?;
    unary(call, op(alpha))
}

/// `Selu`; its constants are those of ONNX, to 32 bits.
pub(super) fn selu(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let alpha = call.attributes.float("alpha", 1.673_263_192_176_818_8)?;
    let gamma = call.attributes.float("gamma", 1.050_701_022_148_132_3)?;
    unary(call, Unary::Selu { alpha, gamma })
}

/// `HardSigmoid`.
pub(super) fn hard_sigmoid(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let (alpha, beta) = (call.attributes.float("alpha", 0.2)?, call.attributes.float("beta", 0.5)?);
    unary(call, Unary::HardSigmoid { alpha, beta })
}

/// `Gelu`, exact or by `tanh`.
pub(super) fn gelu(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let tanh = match call.attributes.text("approximate", "none")? {
        "none" => false,
        "tanh" => true,
        other => return Err(call.unsupported(format!("`approximate` of `{other}`"), "`none` or `tanh`")),
    };
    unary(call, Unary::Gelu { tanh })
}

/// `Swish`: `x * sigmoid(alpha * x)`.
pub(super) fn swish(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let alpha = call.attributes.float("alpha", 1.0)?;
    if alpha == 1.0 {
        return unary(call, Unary::Silu);
    }
    call.at_most(1)?;
    let x = call.input(0)?;
    let scaled = call.beside("scale", &Op::Unary(Unary::Scale { factor: alpha }), std::slice::from_ref(&x.value))?;
    let gate = call.beside("gate", &Op::Unary(Unary::Sigmoid), &[scaled])?;
    let value = call.lower(&Op::Binary(Binary::Mul), &[x.value, gate])?;
    call.settle(value, x.dims, x.batched, Kind::Real)
}

/// `Shrink`: towards zero by `bias`, and to zero within `lambd` of it.
pub(super) fn shrink(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let x = call.input(0)?;
    let (bias, edge) = (call.attributes.float("bias", 0.0)?, call.attributes.float("lambd", 0.5)?);
    let mut parts = Vec::new();
    for (name, comparison, edge, shift) in
        [("above", Binary::Greater, edge, -bias), ("below", Binary::Less, -edge, bias)]
    {
        let edge = Value::constant(Tensor::vector(vec![edge]));
        let mask = call.beside(name, &Op::Binary(comparison), &[x.value.clone(), edge])?;
        let moved = call.beside("moved", &Op::Unary(Unary::Offset { value: shift }), std::slice::from_ref(&x.value))?;
        parts.push(call.beside("part", &Op::Binary(Binary::Mul), &[mask, moved])?);
    }
    let value = call.lower(&Op::Binary(Binary::Add), &parts)?;
    call.settle(value, x.dims, x.batched, Kind::Real)
}

/// `Clip`, whose bounds were attributes once. Trained ones are what a maximum and a minimum take.
pub(super) fn clip(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let x = call.input(0)?;
    let (min, max) = if call.opset() < 11 {
        call.at_most(1)?;
        (call.attributes.float_if("min")?, call.attributes.float_if("max")?)
    } else {
        call.at_most(3)?;
        if [1, 2].iter().any(|i| call.optional(*i).is_some_and(|bound| bound.value.is_weight())) {
            return clip_by(call, x);
        }
        (call.number(1, "a least value")?, call.number(2, "a greatest value")?)
    };
    let value = call.lower(&Op::Unary(Unary::Clip { min, max }), &[x.value])?;
    call.settle(value, x.dims, x.batched, x.kind)
}

/// `Clip` with bounds that are weights.
fn clip_by(call: &mut Call<'_, '_, '_>, x: Traced) -> Result<Traced, ImportError> {
    let mut value = x.value;
    for (index, what, op) in [(1, "a least value", Binary::Maximum), (2, "a greatest value", Binary::Minimum)] {
        let Some(bound) = call.optional(index) else { continue };
        let number = call.number(index, what)?.unwrap_or_default();
        // The largest floats stand for no bound; no trained number is one of them.
        if number.abs() >= 3.4e38 {
            continue;
        }
        let bound = bound.value.computed(Tensor::vector(vec![number]));
        let (last, pair) = (index == 2 || call.optional(2).is_none(), [value, bound]);
        value = if last { call.lower(&Op::Binary(op), &pair)? } else { call.beside("least", &Op::Binary(op), &pair)? };
    }
    call.settle(value, x.dims, x.batched, x.kind)
}

/// `PRelu`; the slope is broadcast to the input.
pub(super) fn prelu(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(2)?;
    let inputs = [call.input(0)?, call.input(1)?];
    let (values, dims, batched) = call.together(&inputs)?;
    if dims != inputs[0].dims {
        return Err(call.malformed(call.shapes(), "a slope that broadcasts to the input"));
    }
    let value = call.lower(&Op::Prelu, &values)?;
    call.settle(value, dims, batched, Kind::Real)
}

/// `Softmax` and `LogSoftmax`; before operator set 13 over all axes from one on.
pub(super) fn softmax(call: &mut Call<'_, '_, '_>, log: bool) -> Result<Traced, ImportError> {
    call.at_most(1)?;
    let x = call.input(0)?;
    let old = call.opset() < 13;
    let axis = call.attributes.int("axis")?.unwrap_or(if old { 1 } else { -1 });
    let dims = x.dims.clone();
    let op = |axis: usize| if log { Op::LogSoftmax { axis } } else { Op::Softmax { axis } };
    let axis = call.axis(axis, dims.len())?;
    let (x, axes) = call.along(x, &[axis])?;
    if old && dims[axis + 1..].iter().any(|d| *d != 1) {
        let inner = stored(&dims, x.batched);
        let flat = vec![inner[..axes[0]].iter().product(), inner[axes[0]..].iter().product()];
        let flat = call.beside("flat", &Op::Reshape { shape: flat }, &[x.value])?;
        let value = call.lower(&op(1), &[flat])?;
        return call.settle(value, dims, x.batched, Kind::Real);
    }
    let value = call.lower(&op(axes[0]), &[x.value])?;
    call.settle(value, dims, x.batched, Kind::Real)
}
