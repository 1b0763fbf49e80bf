//! What the layers of two tensors share: one shape, and one scale.

use super::Step;
use crate::{
    arith::{Arith, ArithError, Int, MAX_BITS},
    error::LayerError,
    shape::Shape,
    tensor::Tensor,
};

/// The shape that both inputs have.
pub(super) fn shape(layer: &str, inputs: &[&Shape]) -> Result<Shape, LayerError> {
    if inputs[0] == inputs[1] {
        return Ok(inputs[0].clone());
    }
    Err(LayerError::input(
        1,
        format!("`{layer}` expects two tensors of one shape, found {} and {}", inputs[0], inputs[1]),
    )
    .help("nothing is broadcast: give both the same shape, `reshape(..)` can do so"))
}

/// `f`, for every pair of elements.
pub(super) fn float(x: &[&Tensor], f: impl Fn(f64, f64) -> f64) -> Tensor {
    Tensor::from_fn(x[0].shape().clone(), |i| f(x[0].data()[i], x[1].data()[i]))
}

/// The finer of both scales.
pub(super) fn scale(step: &Step) -> i32 {
    step.inputs[0].max(step.inputs[1])
}

/// `x + sign * y` at the finer of both scales.
pub(super) fn sum<A: Arith>(
    a: &mut A,
    x: &[&Tensor<A::Wire>],
    sign: Int,
    step: &Step,
) -> Result<Tensor<A::Wire>, ArithError> {
    let up = |i: usize| {
        let bits = scale(step).abs_diff(step.inputs[i]);
        if bits > MAX_BITS {
            return Err(ArithError::Overflow { bits });
        }
        Ok(Int::ONE << bits)
    };
    let (first, second) = (up(0)?, sign * up(1)?);
    let y = Tensor::from_fn(x[0].shape().clone(), |i| i).try_map(|i| {
        let terms = [(first, &x[0].data()[*i]), (second, &x[1].data()[*i])];
        a.linear(terms.into_iter(), Int::ZERO)
    })?;
    step.finish(a, y)
}
