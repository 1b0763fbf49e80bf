//! What the layers that cut values off at constants share.

use ethnum::AsI256;

use super::Step;
use crate::{
    arith::{Arith, ArithError, Int, MAX_BITS, interval::pow2},
    gadget::rescale,
    tensor::Tensor,
};

/// `round(x * 2^scale)`, halves away from zero, at most `2^250` in magnitude: what a constant is to a wire of that scale.
pub(super) fn level(x: f64, scale: i32) -> Int {
    let end = pow2(MAX_BITS);
    (x * 2f64.powi(scale.clamp(-1000, 1000))).round().as_i256().max(-end).min(end)
}

/// The values between both ends, which are rounded at the values' scale, and cut by the step.
pub(super) fn clip<A: Arith>(
    a: &mut A,
    x: &Tensor<A::Wire>,
    (lo, hi): (Option<f64>, Option<f64>),
    scale: i32,
    step: &Step,
) -> Result<Tensor<A::Wire>, ArithError> {
    let cut = step.cut();
    // A cut never falls: what is clipped and then cut, is cut and then clipped by the ends' cuts.
    let end = |x: Option<f64>, none: Int| {
        let end = x.map_or(none, |x| level(x, scale));
        rescale::eval(end, cut.shift, cut.saturate)
    };
    let (lo, hi) = (end(lo, -pow2(MAX_BITS)), end(hi, pow2(MAX_BITS)));
    x.try_map(|q| a.clip(q, cut, lo, hi))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_round_to_nearest_at_any_scale() {
        assert_eq!(level(0.3, 4), Int::from(5));
        assert_eq!(level(-2.5, 0), Int::from(-3));
        assert_eq!(level(6.0, -2), Int::from(2));
        assert_eq!(level(6.0, 200), Int::from(6) << 200u32);
        assert_eq!(level(-1.0, 1000), -pow2(250));
        assert_eq!(level(0.0, 1000), Int::ZERO);
    }
}
