//! Cubic polynomials, by Horner's scheme.

use crate::layer::Step;
use crate::{
    arith::Arith,
    number::{ArithError, Fixed},
    tensor::Tensor,
};

/// `((c_3 x + c_2) x + c_1) x + c_0`.
pub(in crate::layer) fn float(c: &[f64; 4], x: f64) -> f64 {
    ((c[3] * x + c[2]) * x + c[1]) * x + c[0]
}

/// The same at scale `3 s_x + f`; the coefficient of `x^k` is rounded at scale `f + (3 - k) s_x`.
pub(in crate::layer) fn exact<A: Arith>(
    a: &mut A,
    x: &Tensor<A::Wire>,
    c: &[f64; 4],
    step: &Step,
) -> Result<Tensor<A::Wire>, ArithError> {
    let scale = |k: i32| step.factor + (3 - k) * step.inputs[0];
    let fixed = |k: i32| Fixed::new(c[k as usize], scale(k));
    let [c0, c1, c2, c3] = [fixed(0)?, fixed(1)?, fixed(2)?, fixed(3)?];
    x.try_map(|q| {
        let mut sum = a.affine(std::iter::once((c3, q)), c2)?;
        for c in [c1, c0] {
            let product = a.mul(&sum, q)?;
            sum = a.affine(std::iter::once((Fixed::ONE, &product)), c)?;
        }
        Ok(sum)
    })
}
