//! Bit decomposition: `x = sum_i 2^i * b_i`, every `b_i` in `{0, 1}`

use crate::gadget::{Cs, Limb};
use crate::number::{ArithError, Cost, Int, interval::pow2};

/// The most bits of a bit decomposition: `2^252` is below the modulus, so that it is unique.
pub const MAX: u32 = 252;

/// Bit decomposition of a wire, [`Cs::split`]: one constraint a bit; the lowest bit needs no variable. That a value is zero, where
/// there is no bit, takes one too.
pub fn cost(bits: u32) -> Cost {
    Cost::new(bits.max(1) as usize, bits.saturating_sub(1) as usize)
}

/// Bits of a new number, [`Cs::fresh`]: one constraint a bit, each a variable.
pub fn fresh_cost(bits: u32) -> Cost {
    Cost::new(bits as usize, bits as usize)
}

/// Refuses more bits than are unique in the field.
///
/// # Errors
/// If there are more than [`MAX`].
pub fn check(bits: u32) -> Result<u32, ArithError> {
    if bits > MAX { Err(ArithError::Overflow { bits }) } else { Ok(bits) }
}

/// Bit decomposition: the `bits` bits of `x`, the lowest first, with `0 <= x < 2^bits` enforced: how booleans answer [`Cs::split`].
///
/// The lowest is the linear combination that is left of `x`, with as many terms: whoever wants a variable drops it.
///
/// # Soundness
/// The lowest bit *is* `x` less the weighted sum of the others, so that the sum of all is `x` whatever they are. Every bit
/// is a boolean by its own constraint. Their weighted sum is below `2^252`, hence below the modulus, so it equals `x` as
/// an integer, and the bits are unique. An `x` outside the range has no witness.
pub fn enforce<C: Cs + ?Sized>(cs: &mut C, x: &C::W, bits: u32) -> Vec<C::W> {
    if bits == 0 {
        cs.enforce_zero(x);
        return vec![];
    }
    let value = cs.value(x);
    let high: Vec<C::W> = (1..bits).map(|i| cs.boolean(value.map(|v| (v >> i) & Int::ONE))).collect();
    let mut terms = vec![(Int::ONE, x)];
    terms.extend(high.iter().enumerate().map(|(i, b)| (-pow2(i as u32 + 1), b)));
    let low = cs.linear(&terms, Int::ZERO);
    cs.enforce_boolean(&low);
    std::iter::once(low).chain(high).collect()
}

/// Limbs of `x`, bit by bit: how booleans answer [`Cs::split`].
pub fn split<C: Cs + ?Sized, const N: usize>(cs: &mut C, x: &C::W, limbs: [Limb; N]) -> [Vec<C::W>; N] {
    let bits = enforce(cs, x, limbs.iter().map(|l| l.bits()).sum());
    gather(cs, bits, limbs)
}

/// Limbs of a new number, bit by bit: how booleans answer [`Cs::fresh`].
pub fn fresh<C: Cs + ?Sized, const N: usize>(cs: &mut C, limbs: [Limb; N], value: Option<Int>) -> [Vec<C::W>; N] {
    let bits: u32 = limbs.iter().map(|l| l.bits()).sum();
    let bits = (0..bits).map(|i| cs.boolean(value.map(|v| (v >> i) & Int::ONE))).collect();
    gather(cs, bits, limbs)
}

/// Limbs of these bits, the lowest first.
pub(in crate::gadget) fn gather<C: Cs + ?Sized, const N: usize>(
    cs: &mut C,
    bits: Vec<C::W>,
    limbs: [Limb; N],
) -> [Vec<C::W>; N] {
    let mut bits = bits.into_iter();
    limbs.map(|limb| {
        let own: Vec<C::W> = bits.by_ref().take(limb.bits() as usize).collect();
        match limb {
            Limb::Checked(_) => vec![],
            Limb::Number(_) => vec![weighted(cs, &own, Int::ZERO)],
            Limb::Bits(_) => own,
        }
    })
}

/// The number that these limbs make, of which none is only checked.
pub(in crate::gadget) fn join<C: Cs>(cs: &mut C, limbs: &[Limb], wires: &[Vec<C::W>]) -> C::W {
    join_from(cs, limbs, wires, 0)
}

/// What that number is without its `from` low bits, divided by `2^from`; a limb that has some of them is in bits, or not needed.
pub(in crate::gadget) fn join_from<C: Cs>(cs: &mut C, limbs: &[Limb], wires: &[Vec<C::W>], from: u32) -> C::W {
    let (mut terms, mut offset) = (Vec::new(), 0);
    for (limb, wires) in limbs.iter().zip(wires) {
        let placed = wires.iter().zip(offset..).filter(|(_, at)| *at >= from);
        terms.extend(placed.map(|(w, at)| (pow2(at - from), w)));
        offset += limb.bits();
    }
    cs.linear(&terms, Int::ZERO)
}

/// The limbs of a number of `n` bits that is divided by `2^shift`, rounding half up: those dropped but the highest, that one,
/// and the quotient.
pub(in crate::gadget) fn rounding(n: u32, shift: u32, dropped: fn(u32) -> Limb) -> [Limb; 3] {
    match shift {
        0 => [dropped(0), Limb::Bits(0), Limb::Number(n)],
        _ if shift > n => [dropped(n), Limb::Bits(0), Limb::Number(0)],
        _ => [dropped(shift - 1), Limb::Bits(1), Limb::Number(n - shift)],
    }
}

/// The quotient of [`rounding`], rounded, and a constant.
///
/// # Soundness
/// `floor((z + 2^(k-1)) / 2^k)` is the number of the bits from `k` up, and one more if bit `k - 1` is set.
pub(in crate::gadget) fn rounded<C: Cs>(cs: &mut C, [_, half, quotient]: &[Vec<C::W>; 3], constant: Int) -> C::W {
    let terms: Vec<(Int, &C::W)> = quotient.iter().chain(half).map(|w| (Int::ONE, w)).collect();
    cs.linear(&terms, constant)
}

/// Recomposition: `sum_i 2^i * b_i + constant`.
pub fn weighted<C: Cs + ?Sized>(cs: &mut C, bits: &[C::W], constant: Int) -> C::W {
    let terms: Vec<(Int, &C::W)> = bits.iter().enumerate().map(|(i, b)| (pow2(i as u32), b)).collect();
    cs.linear(&terms, constant)
}

/// Makes a linear combination a variable: one constraint, one witness.
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
