//! Clipping at constants: the scale at which the ends are exact, and the clamp.

use crate::layer::{Factors, Step};
use crate::{
    arith::Arith,
    number::{ArithError, Fixed, Int, MAX_BITS, float, interval::pow2},
    tensor::Tensor,
};

/// Scale at which values are compared with constants: their own, or if that is coarser the one of the plan, or the least
/// where the constants are whole.
pub(in crate::layer) fn scale(own: i32, step: &Step, constants: &[f64]) -> i32 {
    constants.iter().map(|x| float::whole_from(*x).min(step.weight_scale)).fold(own, i32::max)
}

/// Whether the constants need the weight scale of the plan; whole numbers do not.
pub(in crate::layer) fn factors(constants: &[f64]) -> Factors {
    if constants.iter().any(|x| float::whole_from(*x) > 0) { Factors::Constants } else { Factors::None }
}

/// A value at a finer scale.
pub(in crate::layer) fn refine<A: Arith>(a: &mut A, q: &A::Wire, from: i32, to: i32) -> Result<A::Wire, ArithError> {
    if from == to {
        return Ok(q.clone());
    }
    let bits = from.abs_diff(to);
    if bits > MAX_BITS {
        return Err(ArithError::Overflow { bits });
    }
    a.linear(std::iter::once((pow2(bits), q)), Int::ZERO)
}

/// Clamp between two ends, which are rounded at the scale of the values, and rescale.
pub(in crate::layer) fn clip<A: Arith>(
    a: &mut A,
    x: &Tensor<A::Wire>,
    (lo, hi): (Option<f64>, Option<f64>),
    scale: i32,
    step: &Step,
) -> Result<Tensor<A::Wire>, ArithError> {
    let end = |x: Option<f64>, upper: bool| match x.map(|x| (x > 0.0, Fixed::new(x, scale))) {
        // On the other side, an end that no value reaches would be all that there is.
        Some((positive, Err(error))) if positive != upper => Err(error),
        Some((_, Ok(end))) => Ok(Some(end)),
        // No value reaches this end.
        Some((_, Err(_))) | None => Ok(None),
    };
    let (cut, lo, hi) = (step.cut(), end(lo, false)?, end(hi, true)?);
    x.try_map(|q| a.clamp(q, cut, lo, hi))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_refined_no_further_than_the_constants_or_the_plan_ask() {
        let step = Step { weight_scale: 5, ..Step::default() };
        for (own, constants, expected) in [
            (3, [0.25, 1.0], 3),
            (1, [0.25, 1.0], 2),
            (1, [0.3, 1.0], 5),
            (9, [0.3, 0.7], 9),
            (-4, [0.0, 6.0], -1),
            (-4, [0.0, 0.0], -4),
        ] {
            assert_eq!(scale(own, &step, &constants), expected, "{constants:?} at {own}");
        }
        assert_eq!((factors(&[0.0, 6.0]), factors(&[0.0, 0.5])), (Factors::None, Factors::Constants));
    }
}
