//! `x = sum_i 2^i * b_i`, every `b_i` in `{0, 1}`

use super::Cs;
use crate::arith::{ArithError, Int, counts::Cost, interval::pow2};

/// The most bits that a decomposition may have: `2^252` is below the modulus, so that it is unique.
pub const MAX: u32 = 252;

/// Constraints: one a bit; the lowest bit needs no variable. That a value is zero, where there is no bit, takes one too.
pub fn cost(bits: u32) -> Cost {
    Cost::new(bits.max(1) as usize, bits.saturating_sub(1) as usize)
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
/// The lowest is the linear combination that is left of `x`, and as wide: whoever wants a narrow one drops it.
///
/// # Soundness
/// The lowest bit *is* `x` less the weighted sum of the others, so that the sum of all is `x` whatever they are. Every bit
/// is a boolean by its own constraint. Their weighted sum is below `2^252`, hence below the modulus, so it equals `x` as
/// an integer, and the bits are unique. An `x` outside the range has no witness.
pub fn enforce<C: Cs>(cs: &mut C, x: &C::W, bits: u32) -> Vec<C::W> {
    if bits == 0 {
        cs.enforce_zero(x);
        return vec![];
    }
    let value = cs.value(x);
    let high: Vec<C::W> = (1..bits).map(|i| cs.boolean(value.map(|v| (v >> i) & Int::ONE))).collect();
    let mut terms = vec![(Int::ONE, x)];
    terms.extend(high.iter().enumerate().map(|(i, b)| (-pow2(i as u32 + 1), b)));
    let low = cs.linear(&terms, Int::ZERO);
    let rest = cs.linear(&[(-Int::ONE, &low)], Int::ONE);
    let zero = cs.constant(Int::ZERO);
    cs.enforce(&low, &rest, &zero);
    std::iter::once(low).chain(high).collect()
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
