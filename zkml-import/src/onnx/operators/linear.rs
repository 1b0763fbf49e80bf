//! Convolutions and products of matrices.

use zkml_core::tensor::Tensor;

use crate::{
    builder::Value,
    constants::transposed,
    error::ImportError,
    onnx::{
        call::Call,
        traced::{Kind, Traced, broadcast, stored},
    },
    ops::{Binary, Op, Padding, Unary, Window},
};

/// Whole numbers above zero, as many as there are axes; `default` for each where the attribute is missing.
pub(super) fn extents(
    call: &Call<'_, '_, '_>,
    name: &str,
    axes: usize,
    default: Option<usize>,
) -> Result<Vec<usize>, ImportError> {
    let found = match (call.attributes.ints(name)?, default) {
        (Some(found), _) => found,
        (None, Some(default)) => return Ok(vec![default; axes]),
        (None, None) => return Err(call.malformed(format!("no `{name}`"), format!("{axes} numbers"))),
    };
    let numbers: Option<Vec<usize>> =
        found.iter().map(|n| usize::try_from(*n).ok().filter(|n| (1..=1 << 28).contains(n))).collect();
    match numbers {
        Some(numbers) if numbers.len() == axes => Ok(numbers),
        _ => Err(call.malformed(format!("`{name}` of {found:?}"), format!("{axes} numbers above zero"))),
    }
}

/// `pads` and `auto_pad`.
pub(super) fn padding(call: &Call<'_, '_, '_>, axes: usize) -> Result<Padding, ImportError> {
    let pads = call.attributes.ints("pads")?;
    match call.attributes.text("auto_pad", "NOTSET")? {
        "NOTSET" => {}
        "VALID" => return Ok(Padding::Valid),
        "SAME_UPPER" => return Ok(Padding::Same),
        "SAME_LOWER" => return Ok(Padding::SameLower),
        other => {
            return Err(call.malformed(format!("`auto_pad` of `{other}`"), "NOTSET, VALID, SAME_UPPER or SAME_LOWER"));
        }
    }
    let Some(pads) = pads else { return Ok(Padding::Valid) };
    let numbers: Option<Vec<usize>> = pads.iter().map(|n| usize::try_from(*n).ok().filter(|n| *n <= 1 << 24)).collect();
    match numbers {
        Some(numbers) if numbers.len() == 2 * axes => {
            let (before, after) = numbers.split_at(axes);
            Ok(Padding::Explicit { before: before.to_vec(), after: after.to_vec() })
        }
        _ => Err(call.malformed(format!("`pads` of {pads:?}"), format!("{} numbers that are not negative", 2 * axes))),
    }
}

/// The input without its batch, the window, and kernel and bias.
fn window(call: &mut Call<'_, '_, '_>) -> Result<(Traced, Window, usize, Vec<Value>), ImportError> {
    call.at_most(3)?;
    let kernel = call.constant(1, "a kernel")?;
    let axes = kernel.shape().rank().saturating_sub(2);
    let x = call.input(0)?;
    if axes == 0 || x.rank() != axes + 2 {
        return Err(call.malformed(call.shapes(), "an input `[batch, channels, ..]` and a kernel of as many axes"));
    }
    let extent = kernel.shape().dims()[2..].to_vec();
    let window = Window {
        kernel: extents(call, "kernel_shape", axes, None)
            .or_else(|error| if call.attributes.ints("kernel_shape")?.is_some() { Err(error) } else { Ok(extent) })?,
        stride: extents(call, "strides", axes, Some(1))?,
        dilation: extents(call, "dilations", axes, Some(1))?,
        padding: padding(call, axes)?,
    };
    let groups = extents_of_one(call, "group")?;
    let x = call.sample(x)?;
    let mut inputs = vec![x.value.clone(), Value::constant(kernel)];
    if call.optional(2).is_some() {
        inputs.push(Value::constant(call.constant(2, "a bias")?));
    }
    Ok((x, window, groups, inputs))
}

/// A whole number above zero, one where it is missing.
fn extents_of_one(call: &Call<'_, '_, '_>, name: &str) -> Result<usize, ImportError> {
    let found = call.attributes.int(name)?.unwrap_or(1);
    match usize::try_from(found) {
        Ok(n) if (1..=1 << 28).contains(&n) => Ok(n),
        _ => Err(call.malformed(format!("`{name}` of {found}"), "a number above zero")),
    }
}

/// `Conv`.
pub(super) fn conv(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let (x, window, groups, inputs) = window(call)?;
    let value = call.lower(&Op::Conv { window, groups }, &inputs)?;
    Ok(call.as_stored(value, x.batched))
}

/// `ConvTranspose`; `output_shape` fixes the border instead of `pads`.
pub(super) fn conv_transpose(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    let (x, mut window, groups, inputs) = window(call)?;
    let axes = window.kernel.len();
    let mut output_padding = vec![0; axes];
    if let Some(found) = call.attributes.ints("output_padding")? {
        let numbers: Option<Vec<usize>> =
            found.iter().map(|n| usize::try_from(*n).ok().filter(|n| *n <= 1 << 24)).collect();
        output_padding = numbers.filter(|n| n.len() == axes).ok_or_else(|| {
            call.malformed(format!("`output_padding` of {found:?}"), format!("{axes} numbers that are not negative"))
        })?;
    }
    if let Some(wanted) = call.attributes.ints("output_shape")? {
        let wanted: Option<Vec<usize>> = wanted.iter().map(|n| usize::try_from(*n).ok()).collect();
        let wanted = wanted.filter(|w| w.len() == axes || w.len() == axes + 2);
        let Some(wanted) = wanted else {
            return Err(call.malformed("another `output_shape`", format!("{axes} numbers")));
        };
        let wanted = &wanted[wanted.len() - axes..];
        let (mut before, mut after) = (vec![0; axes], vec![0; axes]);
        for i in 0..axes {
            let span = (x.dims[i + 2] - 1).checked_mul(window.stride[i]);
            let reach = (window.kernel[i] - 1)
                .checked_mul(window.dilation[i])
                .and_then(|r| r.checked_add(1 + output_padding[i]));
            let total =
                span.zip(reach).and_then(|(s, r)| s.checked_add(r)).and_then(|full| full.checked_sub(wanted[i]));
            let Some(total) = total else {
                return Err(call.unsupported(format!("`output_shape` of {wanted:?}"), "a shape that the windows reach"));
            };
            let (less, more) = (total / 2, total - total / 2);
            (before[i], after[i]) = if window.padding == Padding::Same { (less, more) } else { (more, less) };
        }
        window.padding = Padding::Explicit { before, after };
    }
    let value = call.lower(&Op::ConvTranspose { window, output_padding, groups }, &inputs)?;
    Ok(call.as_stored(value, x.batched))
}

/// `alpha * A' B' + beta * C`.
pub(super) fn gemm(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(3)?;
    let (alpha, beta) = (call.attributes.float("alpha", 1.0)?, call.attributes.float("beta", 1.0)?);
    let (turn_a, turn_b) = (call.attributes.flag("transA", false)?, call.attributes.flag("transB", false)?);
    let (mut a, b, c) = (call.input(0)?, call.input(1)?, call.optional(2));
    if a.rank() != 2 || b.rank() != 2 {
        return Err(call.malformed(call.shapes(), "two matrices"));
    }
    if turn_a {
        a = call.unbatched(a)?;
        a.dims.reverse();
        a.value = call.beside("transpose", &Op::Permute { axes: vec![1, 0] }, &[a.value])?;
    }
    let dims = vec![a.dims[0], b.dims[usize::from(!turn_b)]];
    if a.dims[1] != b.dims[usize::from(turn_b)] {
        return Err(call.malformed(call.shapes(), "matrices whose inner extents agree"));
    }
    if let Some(c) = &c
        && broadcast([dims.as_slice(), &c.dims]).as_ref() != Some(&dims)
    {
        return Err(call.malformed(call.shapes(), format!("an addend that broadcasts to {dims:?}")));
    }
    let (mut value, batched, added) = match b.tensor() {
        Some(matrix) if a.tensor().is_none() => {
            let matrix = if turn_b { matrix.clone() } else { transposed(matrix) };
            let mut inputs = vec![a.value.clone(), b.value.computed(matrix.map(|w| w * alpha))];
            // One addend a column is a bias.
            let bias = c.as_ref().and_then(|c| bias(c, dims[1], beta));
            let added = bias.is_some();
            inputs.extend(bias.map(Value::constant));
            (call.lower(&Op::Dense, &inputs)?, a.batched, added)
        }
        _ => {
            let (a, b) = (call.unbatched(a)?, call.unbatched(b)?);
            let b =
                if turn_b { call.beside("transpose", &Op::Permute { axes: vec![1, 0] }, &[b.value])? } else { b.value };
            let product = call.lower(&Op::MatMul, &[a.value, b])?;
            (call.beside("alpha", &Op::Unary(Unary::Scale { factor: alpha }), &[product])?, false, false)
        }
    };
    if let (Some(c), false) = (c, added)
        && beta != 0.0
    {
        let scaled = match c.tensor() {
            Some(tensor) => c.computed(tensor.map(|v| v * beta), c.kind),
            None => {
                let value =
                    call.beside("beta", &Op::Unary(Unary::Scale { factor: beta }), std::slice::from_ref(&c.value))?;
                Traced { value, ..c }
            }
        };
        let product = call.settle(value, dims.clone(), batched, Kind::Real)?;
        let (values, dims, batched) = call.together(&[product, scaled])?;
        value = call.beside("add", &Op::Binary(Binary::Add), &values)?;
        return call.settle(value, dims, batched, Kind::Real);
    }
    call.settle(value, dims, batched, Kind::Real)
}

/// `beta * c` as one number a column, if it is constant and the same for every row.
fn bias(c: &Traced, columns: usize, beta: f64) -> Option<Tensor> {
    let tensor = c.tensor()?;
    let rows = c.rank().checked_sub(2).map_or(1, |_| c.dims[0]);
    if rows != 1 {
        return None;
    }
    match tensor.len() {
        n if n == columns => Some(Tensor::vector(tensor.data().iter().map(|v| v * beta).collect())),
        1 => Some(Tensor::from_fn([columns], |_| tensor.data()[0] * beta)),
        _ => None,
    }
}

/// The shape of a product as numpy has it.
fn product(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let (inner_a, inner_b) = (*a.last()?, if b.len() == 1 { b[0] } else { b[b.len() - 2] });
    if inner_a != inner_b {
        return None;
    }
    let outer_a = &a[..a.len().saturating_sub(2)];
    let outer_b = &b[..b.len().saturating_sub(2)];
    let mut dims = broadcast([outer_a, outer_b])?;
    dims.extend((a.len() > 1).then(|| a[a.len() - 2]));
    dims.extend((b.len() > 1).then(|| b[b.len() - 1]));
    Some(dims)
}

/// `MatMul`; with a constant matrix on the right it is dense, and takes an `Add` after it as its bias.
pub(super) fn matmul(call: &mut Call<'_, '_, '_>) -> Result<Traced, ImportError> {
    call.at_most(2)?;
    let (a, b) = (call.input(0)?, call.input(1)?);
    if a.rank() == 0 || b.rank() == 0 {
        return Err(call.malformed(call.shapes(), "no single numbers"));
    }
    let Some(dims) = product(&a.dims, &b.dims) else {
        return Err(call.malformed(call.shapes(), "inner extents that agree"));
    };
    if let (Some(matrix), true, None) = (b.tensor(), b.rank() == 2, a.tensor()) {
        let mut inputs = vec![a.value.clone(), b.value.computed(transposed(matrix))];
        let addend = addend(call, b.dims[1]);
        if let Some((_, bias)) = &addend {
            inputs.push(Value::constant(bias.clone()));
        }
        let value = call.lower(&Op::Dense, &inputs)?;
        let result = call.settle(value, dims, a.batched, Kind::Real)?;
        if let Some((index, _)) = addend {
            call.reader.absorbed.insert(index, result.clone());
        }
        return Ok(result);
    }
    // Batches are left out if both have one, or what is constant has none.
    let apart = a.rank() >= 3
        && b.rank() >= 3
        && dims[0] == 1
        && [&a, &b].iter().all(|i| {
            if i.tensor().is_some() {
                i.rank() < dims.len() || i.dims[0] == 1
            } else {
                i.batched && i.rank() == dims.len()
            }
        });
    if apart && (a.batched || b.batched) {
        let mut values = Vec::new();
        for input in [a, b] {
            values.push(if input.tensor().is_some() && input.rank() < dims.len() {
                input.value
            } else if let Some(tensor) = input.tensor() {
                let inner = stored(&input.dims, true);
                let tensor = tensor.clone().reshape(inner.as_slice());
                input.value.computed(tensor.map_err(|e| call.malformed(e.to_string(), ""))?)
            } else {
                input.value
            });
        }
        let value = call.lower(&Op::MatMul, &values)?;
        return call.settle(value, dims, true, Kind::Real);
    }
    let (a, b) = (call.unbatched(a)?, call.unbatched(b)?);
    let value = call.lower(&Op::MatMul, &[a.value, b.value])?;
    call.settle(value, dims, false, Kind::Real)
}

/// The `Add` that alone takes this node's value, and the constant that it adds to each column.
fn addend(call: &Call<'_, '_, '_>, columns: usize) -> Option<(usize, Tensor)> {
    let name = *call.node.outputs.first()?;
    let [user] = call.reader.users.get(name)?.as_slice() else { return None };
    let node = call.reader.nodes.get(*user)?;
    if node.operator != "Add" || !super::is_standard(node) || !node.attributes.is_empty() {
        return None;
    }
    let other = match node.inputs.as_slice() {
        [a, b] if *a == name => *b,
        [a, b] if *b == name => *a,
        _ => return None,
    };
    let other = call.reader.values.get(other)?;
    let flat = other.dims.iter().rev().skip(1).all(|d| *d == 1) && other.rank() <= call.input(0).ok()?.rank();
    if flat { bias(other, columns, 1.0).map(|bias| (*user, bias)) } else { None }
}
