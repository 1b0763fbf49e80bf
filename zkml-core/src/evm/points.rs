//! Points as words: `x, y`; of G2, `x imaginary, x real, y imaginary, y real`; zeros for the point at infinity.

use ark_bn254::{Fq2, G1Affine, G2Affine};

use super::{
    error::EvmError,
    word::{Word, to_field},
};
use crate::prove::{PointFault, points};

/// The point of two words.
///
/// # Errors
/// If a coordinate is not below the modulus, or the point is not on the curve.
pub(super) fn to_g1([x, y]: &[Word; 2], what: &'static str, index: usize) -> Result<G1Affine, EvmError> {
    let encoding = EvmError::Point { what, index, fault: PointFault::Encoding };
    let (Some(a), Some(b)) = (to_field(x), to_field(y)) else { return Err(encoding) };
    if [x, y] == [&[0; 32]; 2] {
        return Ok(G1Affine::identity());
    }
    let point = G1Affine::new_unchecked(a, b);
    points::check(&point, what, index)?;
    Ok(point)
}

/// The point of four words.
///
/// # Errors
/// If a part is not below the modulus, or the point is not on the curve or not in the subgroup of prime order.
pub(super) fn to_g2(words: &[Word; 4], what: &'static str, index: usize) -> Result<G2Affine, EvmError> {
    let encoding = EvmError::Point { what, index, fault: PointFault::Encoding };
    let [Some(x1), Some(x0), Some(y1), Some(y0)] = words.each_ref().map(to_field) else { return Err(encoding) };
    if words == &[[0; 32]; 4] {
        return Ok(G2Affine::identity());
    }
    let point = G2Affine::new_unchecked(Fq2::new(x0, x1), Fq2::new(y0, y1));
    points::check(&point, what, index)?;
    Ok(point)
}
