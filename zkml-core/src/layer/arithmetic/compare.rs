//! What the layers that compare tensors share.

use super::binary;
use crate::layer::Step;
use crate::{
    arith::{Arith, ArithError, Int},
    tensor::Tensor,
};

/// `f` of every pair of elements, both at the finer of their scales.
pub(in crate::layer) fn each<A: Arith>(
    a: &mut A,
    x: &[&Tensor<A::Wire>],
    step: &Step,
    mut f: impl FnMut(&mut A, &A::Wire, &A::Wire) -> Result<A::Wire, ArithError>,
) -> Result<Tensor<A::Wire>, ArithError> {
    let factors = [binary::refinement(step, 0)?, binary::refinement(step, 1)?];
    binary::places(x).try_map(|(i, j)| {
        let [p, q] = [(0, *i), (1, *j)].map(|(side, at)| {
            let wire = &x[side].data()[at];
            if factors[side] == Int::ONE {
                return Ok(wire.clone());
            }
            a.linear(std::iter::once((factors[side], wire)), Int::ZERO)
        });
        f(a, &p?, &q?)
    })
}

/// `a - b + constant` at the finer of both scales.
pub(in crate::layer) fn difference<A: Arith>(
    a: &mut A,
    x: &[&Tensor<A::Wire>],
    constant: Int,
    step: &Step,
) -> Result<Tensor<A::Wire>, ArithError> {
    let (first, second) = (binary::refinement(step, 0)?, -binary::refinement(step, 1)?);
    binary::places(x).try_map(|(i, j)| {
        let terms = [(first, &x[0].data()[*i]), (second, &x[1].data()[*j])];
        a.linear(terms.into_iter(), constant)
    })
}

/// How two values are compared.
#[derive(Clone, Copy)]
pub(in crate::layer) enum Order {
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
}

/// `1` where it holds, `0` elsewhere: whether a difference of integers is not negative, or less one if it must be positive.
pub(in crate::layer) fn order<A: Arith>(
    a: &mut A,
    x: &[&Tensor<A::Wire>],
    order: Order,
    step: &Step,
) -> Result<Tensor<A::Wire>, ArithError> {
    let swapped = Step { inputs: step.inputs.iter().rev().copied().collect(), ..Step::default() };
    let distance = match order {
        Order::Greater => difference(a, x, -Int::ONE, step),
        Order::GreaterEqual => difference(a, x, Int::ZERO, step),
        Order::Less => difference(a, &[x[1], x[0]], -Int::ONE, &swapped),
        Order::LessEqual => difference(a, &[x[1], x[0]], Int::ZERO, &swapped),
    }?;
    distance.try_map(|d| a.is_non_negative(d))
}
