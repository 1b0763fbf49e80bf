//! `x = sum_i 2^i * b_i`, every `b_i` in `{0, 1}`

use super::Cs;
use crate::arith::{ArithError, Int, counts::Cost, interval::pow2};

/// The most bits that a decomposition may have: `2^252` is below the modulus, so that it is unique.
pub const MAX: u32 = 252;

/// Constraints: one a bit, and one for the sum.
pub fn cost(bits: u32) -> Cost {
    Cost::new(bits as usize + 1, bits as usize)
}

/// Refuses more bits than are unique in the field.
///
/// # Errors
/// If there are more than [`MAX`].
pub fn check(bits: u32) -> Result<u32, ArithError> {
    if bits > MAX { Err(ArithError::Overflow { bits }) } else { Ok(bits) }
}

/// The `bits` low bits of `x`, the lowest first, with `0 <= x < 2^bits` enforced.
///
/// # Soundness
/// Every bit is a boolean by its own constraint. Their weighted sum is below `2^252`, hence below the modulus, so it
/// equals `x` as an integer, and the bits are unique. An `x` outside the range has no witness.
pub fn enforce<C: Cs>(cs: &mut C, x: &C::W, bits: u32) -> Vec<C::W> {
    let value = cs.value(x);
    let out: Vec<C::W> = (0..bits).map(|i| cs.boolean(value.map(|v| (v >> i) & Int::ONE))).collect();
    let sum = weighted(cs, &out, Int::ZERO);
    let difference = cs.linear(&[(Int::ONE, x), (-Int::ONE, &sum)], Int::ZERO);
    cs.enforce_zero(&difference);
    out
}

/// `sum_i 2^i * b_i + constant`.
pub fn weighted<C: Cs>(cs: &mut C, bits: &[C::W], constant: Int) -> C::W {
    let terms: Vec<(Int, &C::W)> = bits.iter().enumerate().map(|(i, b)| (pow2(i as u32), b)).collect();
    cs.linear(&terms, constant)
}

/// The same value as a variable of its own: one constraint, one witness.
///
/// # Soundness
/// The variable equals the linear combination by that constraint.
pub fn settle<C: Cs>(cs: &mut C, x: &C::W) -> C::W {
    let value = cs.value(x);
    let variable = cs.witness(value);
    let one = cs.constant(Int::ONE);
    cs.enforce(x, &one, &variable);
    variable
}
