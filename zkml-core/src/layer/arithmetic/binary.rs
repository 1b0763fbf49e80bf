//! What the layers of two tensors share: shapes that broadcast, and one scale.

use super::broadcast;
use crate::layer::Step;
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Int, MAX_BITS},
    shape::Shape,
    tensor::Tensor,
};

/// The shape that both inputs grow to.
pub(in crate::layer) fn shape(layer: &str, inputs: &[&Shape]) -> Result<Shape, LayerError> {
    broadcast::shape(layer, inputs)
}

/// How often an element of an input is paired, at most.
pub(in crate::layer) fn fanout(inputs: &[&Shape]) -> usize {
    broadcast::common(inputs[0], inputs[1]).map_or(1, |to| broadcast::repeats(inputs, &to))
}

/// For each element of the output, the two that make it; nothing for inputs that [`shape`] refuses.
pub(in crate::layer) fn places<T>(x: &[&Tensor<T>]) -> Tensor<(usize, usize)> {
    let Some(shape) = broadcast::common(x[0].shape(), x[1].shape()) else { return Tensor::vector(vec![]) };
    let (a, b) = (broadcast::places(x[0].shape(), &shape), broadcast::places(x[1].shape(), &shape));
    Tensor::from_fn(shape, |i| (a[i], b[i]))
}

/// `f`, for every pair of elements.
pub(in crate::layer) fn float(x: &[&Tensor], f: impl Fn(f64, f64) -> f64) -> Tensor {
    places(x).map(|(i, j)| f(x[0].data()[*i], x[1].data()[*j]))
}

/// The finest of all scales.
pub(in crate::layer) fn scale(step: &Step) -> i32 {
    step.inputs.iter().copied().max().unwrap_or(0)
}

/// What brings the `i`th input to the finest of all scales: a power of two.
pub(in crate::layer) fn refinement(step: &Step, i: usize) -> Result<Int, ArithError> {
    let bits = scale(step).abs_diff(step.inputs[i]);
    if bits > MAX_BITS {
        return Err(ArithError::Overflow { bits });
    }
    Ok(Int::ONE << bits)
}

/// `x + sign * y` at the finer of both scales.
pub(in crate::layer) fn sum<A: Arith>(
    a: &mut A,
    x: &[&Tensor<A::Wire>],
    sign: Int,
    step: &Step,
) -> Result<Tensor<A::Wire>, ArithError> {
    let (first, second) = (refinement(step, 0)?, sign * refinement(step, 1)?);
    let y = places(x).try_map(|(i, j)| {
        let terms = [(first, &x[0].data()[*i]), (second, &x[1].data()[*j])];
        a.linear(terms.into_iter(), Int::ZERO)
    })?;
    step.finish(a, y)
}
