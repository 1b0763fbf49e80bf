//! Convolutions, dense layers and products of matrices.

use zkml_core::{
    layer::{Args, Literal},
    tensor::Tensor,
};

use super::{At, Padding, Window, ints, shapes};
use crate::{
    builder::{Value, list},
    constants::transposed,
    error::ImportError,
    ops::PadMode,
};

/// `padding` as a layer's argument.
pub(super) fn padding(before: &[usize], after: &[usize]) -> Literal {
    if before.iter().chain(after).all(|n| *n == 0) {
        return "valid".into();
    }
    list(&[before, after].concat())
}

/// How many elements a window needs along each axis.
pub(super) fn reach(at: &At<'_>, window: &Window) -> Result<Vec<usize>, ImportError> {
    let large = || ImportError::malformed(at.origin, "a window of more elements than memory has", "a smaller one");
    window
        .kernel
        .iter()
        .zip(&window.dilation)
        .map(|(k, d)| {
            let reach = k.checked_sub(1).and_then(|k| k.checked_mul(*d)).and_then(|r| r.checked_add(1));
            reach.filter(|r| *r <= 1 << 28).ok_or_else(large)
        })
        .collect()
}

/// The border before and after each axis.
pub(super) fn border(at: &At<'_>, window: &Window, extents: &[usize]) -> Result<(Vec<usize>, Vec<usize>), ImportError> {
    let reach = reach(at, window)?;
    let none = || (vec![0; extents.len()], vec![0; extents.len()]);
    Ok(match &window.padding {
        Padding::Valid => none(),
        Padding::Explicit { before, after } => (before.clone(), after.clone()),
        Padding::Causal => (reach.iter().map(|r| r - 1).collect(), none().1),
        same @ (Padding::Same | Padding::SameLower) => {
            let (mut before, mut after) = none();
            for (i, size) in extents.iter().enumerate() {
                let total =
                    ((size.div_ceil(window.stride[i]).max(1) - 1) * window.stride[i] + reach[i]).saturating_sub(*size);
                let (less, more) = (total / 2, total - total / 2);
                (before[i], after[i]) = if *same == Padding::Same { (less, more) } else { (more, less) };
            }
            (before, after)
        }
    })
}

/// The window's lists must have one number a spatial axis, none of them zero where that makes no sense.
pub(super) fn check(at: &At<'_>, window: &Window, axes: usize) -> Result<(), ImportError> {
    let lengths = match &window.padding {
        Padding::Explicit { before, after } => [before.len(), after.len()],
        Padding::Valid | Padding::Same | Padding::SameLower | Padding::Causal => [axes; 2],
    };
    let lists = [&window.kernel, &window.stride, &window.dilation];
    if lists.iter().any(|l| l.len() != axes) || lengths != [axes; 2] {
        return Err(ImportError::malformed(at.origin, format!("{window:?}"), format!("{axes} numbers in each list")));
    }
    if lists.iter().any(|l| l.contains(&0)) {
        return Err(ImportError::malformed(at.origin, format!("{window:?}"), "numbers above zero"));
    }
    if let Padding::Explicit { before, after } = &window.padding
        && before.iter().chain(after).any(|n| *n > 1 << 24)
    {
        return Err(ImportError::malformed(at.origin, format!("{window:?}"), "padding of at most 2^24"));
    }
    Ok(())
}

/// The input, its kernel and its window, checked; a border as wide as the kernel becomes a layer of its own.
fn prepare(at: &mut At<'_>, inputs: &[Value], window: &Window) -> Result<(Value, Tensor, Window), ImportError> {
    let x = at.input(inputs, 0)?;
    let weight = at.constant(inputs, 1, "kernel")?;
    let dims = at.dims(&x);
    let axes = dims.len().saturating_sub(1);
    if axes == 0 || axes > 2 {
        return Err(at.unsupported(
            format!("a convolution over an input of shape {:?} (without batch)", dims),
            "`[channels, length]` or `[channels, height, width]`",
        ));
    }
    check(at, window, axes)?;
    if weight.shape().rank() != axes + 2 || weight.shape().dims()[2..] != window.kernel[..] {
        let found = format!("a kernel of shape {}", weight.shape());
        return Err(ImportError::malformed(at.origin, found, format!("two axes and then {:?}", window.kernel)));
    }
    Ok((x, weight, window.clone()))
}

/// `conv1d` or `conv2d`.
pub(super) fn conv(at: &mut At<'_>, inputs: &[Value], window: &Window, groups: usize) -> Result<Value, ImportError> {
    let (mut x, weight, mut window) = prepare(at, inputs, window)?;
    let dims = at.dims(&x);
    let (filters, channels) = (weight.shape().dims()[0], weight.shape().dims()[1]);
    if channels.checked_mul(groups) != Some(dims[0]) {
        return Err(ImportError::malformed(
            at.origin,
            format!("a kernel of shape {} in {groups} groups", weight.shape()),
            format!("one for {} channels", dims[0]),
        ));
    }
    let bias = at.vector(inputs, 2, "bias", filters)?;
    let (before, after) = border(at, &window, &dims[1..])?;
    let reach = reach(at, &window)?;
    if before.iter().chain(&after).zip(reach.iter().chain(&reach)).any(|(pad, reach)| pad >= reach) {
        let wide = |pads: &[usize]| [0].into_iter().chain(pads.iter().map(|n| *n as i64)).collect::<Vec<_>>();
        x = at.beside("pad", |at| shapes::pad(at, &x, &wide(&before), &wide(&after), PadMode::Constant(0.0)))?;
        window.padding = Padding::Valid;
    }
    let (layer, kernel, stride, dilation, pads) = arguments(&window, &before, &after, "conv1d", "conv2d");
    let pads = if window.padding == Padding::Same { "same".into() } else { pads };
    let args = Args::new()
        .with("filters", filters)
        .with("kernel", kernel)
        .with("stride", stride)
        .with("padding", pads)
        .with("dilation", dilation)
        .with("groups", groups)
        .with("bias", bias.is_some());
    at.layer_with(layer, args, &[x], params(weight, bias))
}

/// `conv1d_transpose` or `conv2d_transpose`.
pub(super) fn conv_transpose(
    at: &mut At<'_>,
    inputs: &[Value],
    window: &Window,
    output_padding: &[usize],
    groups: usize,
) -> Result<Value, ImportError> {
    let (x, weight, window) = prepare(at, inputs, window)?;
    let dims = at.dims(&x);
    let filters = weight.shape().dims()[1].checked_mul(groups).filter(|f| *f <= 1 << 28);
    let (Some(filters), true) = (filters, weight.shape().dims()[0] == dims[0]) else {
        let found = format!("a kernel of shape {}", weight.shape());
        return Err(ImportError::malformed(at.origin, found, format!("one for {} channels", dims[0])));
    };
    if output_padding.len() != dims.len() - 1 {
        let found = format!("output padding {output_padding:?}");
        return Err(ImportError::malformed(at.origin, found, format!("{} numbers", dims.len() - 1)));
    }
    let bias = at.vector(inputs, 2, "bias", filters)?;
    let reach = reach(at, &window)?;
    // The output of `same` has `input * stride` elements, whatever the kernel.
    let (before, after): (Vec<usize>, Vec<usize>) = match &window.padding {
        Padding::Valid => (vec![0; reach.len()], vec![0; reach.len()]),
        Padding::Explicit { before, after } => (before.clone(), after.clone()),
        Padding::Causal => return Err(at.unsupported("a causal transposed convolution", "another padding")),
        same @ (Padding::Same | Padding::SameLower) => (0..reach.len())
            .map(|i| {
                let total = (reach[i] + output_padding[i]).saturating_sub(window.stride[i]);
                let (less, more) = (total / 2, total - total / 2);
                if *same == Padding::Same { (less, more) } else { (more, less) }
            })
            .unzip(),
    };
    let (layer, kernel, stride, dilation, pads) =
        arguments(&window, &before, &after, "conv1d_transpose", "conv2d_transpose");
    let args = Args::new()
        .with("filters", filters)
        .with("kernel", kernel)
        .with("stride", stride)
        .with("padding", pads)
        .with("output_padding", one_or_list(output_padding))
        .with("dilation", dilation)
        .with("groups", groups)
        .with("bias", bias.is_some());
    at.layer_with(layer, args, &[x], params(weight, bias))
}

/// The layer for the number of spatial axes, and the window's arguments.
pub(super) fn arguments<'a>(
    window: &Window,
    before: &[usize],
    after: &[usize],
    one: &'a str,
    two: &'a str,
) -> (&'a str, Literal, Literal, Literal, Literal) {
    let layer = if window.kernel.len() == 1 { one } else { two };
    let pads = match window.padding {
        Padding::Valid => "valid".into(),
        Padding::Same | Padding::SameLower | Padding::Causal | Padding::Explicit { .. } => padding(before, after),
    };
    (layer, one_or_list(&window.kernel), one_or_list(&window.stride), one_or_list(&window.dilation), pads)
}

/// A number for one axis, a list for several.
fn one_or_list(numbers: &[usize]) -> Literal {
    match numbers {
        [n] => (*n).into(),
        _ => list(numbers),
    }
}

fn params(weight: Tensor, bias: Option<Tensor>) -> Vec<(&'static str, Tensor)> {
    [("weight", weight)].into_iter().chain(bias.map(|b| ("bias", b))).collect()
}

/// `dense` over the last axis.
pub(super) fn dense(at: &mut At<'_>, inputs: &[Value]) -> Result<Value, ImportError> {
    let x = at.input(inputs, 0)?;
    let weight = at.constant(inputs, 1, "weight")?;
    let dims = at.dims(&x);
    let (&[units, width], Some(last)) = (weight.shape().dims(), dims.last()) else {
        let found = format!("a weight of shape {} for an input of shape {dims:?}", weight.shape());
        return Err(ImportError::malformed(at.origin, found, "`[units, inputs]`"));
    };
    if width != *last {
        let found = format!("a weight of shape {} for an input of shape {dims:?}", weight.shape());
        return Err(ImportError::malformed(at.origin, found, format!("one for {last} inputs")));
    }
    let bias = at.vector(inputs, 2, "bias", units)?;
    let args = Args::new().with("units", units).with("bias", bias.is_some());
    at.layer_with("dense", args, &[x], params(weight, bias))
}

/// `matmul`, or `dense` where the right factor is a constant matrix.
pub(super) fn matmul(at: &mut At<'_>, inputs: &[Value]) -> Result<Value, ImportError> {
    let (a, b) = (at.input(inputs, 0)?, at.input(inputs, 1)?);
    if let (Value::Node(_), Some(matrix)) = (&a, b.tensor())
        && matrix.shape().rank() == 2
    {
        return dense(at, &[a, b.computed(transposed(matrix))]);
    }
    at.layer("matmul", Args::new(), &[a, b])
}

/// A permutation of axes.
pub(super) fn permutation(axes: &[usize]) -> Literal {
    ints(&axes.iter().map(|a| *a as i64).collect::<Vec<_>>())
}
