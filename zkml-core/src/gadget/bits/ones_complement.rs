//! One's complement: `q = u` if `q >= 0`, `q = -1 - u` otherwise, by a sign and the limbs of `u`

use crate::{
    gadget::{Cs, Limb, bits::decompose},
    number::{ArithError, Cost, Int, Integer, Interval, interval::bit_len},
};

/// The most bits of `u`: then `2 * u + 1` and `2 * q + 1` differ in the field unless they are equal.
pub const MAX: u32 = 250;

/// `u`, the one's complement of a negative value.
pub fn eval<T: Integer>(q: T) -> T {
    if q >= T::ZERO { q } else { T::ZERO - q - T::ONE }
}

/// Sign and bits of the one's complement of values within an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The bits of `u`.
    pub bits: u32,
    /// Whether values are never negative, or always; `None` if that depends.
    pub sign: Option<bool>,
}

impl Layout {
    /// The layout, of `least` bits at least.
    ///
    /// # Errors
    /// If `u` needs more than [`MAX`] bits.
    pub fn of(q: &Interval, least: u32) -> Result<Self, ArithError> {
        let (sign, most) = if q.lo >= Int::ZERO {
            (Some(true), q.hi)
        } else if q.hi < Int::ZERO {
            (Some(false), eval(q.lo))
        } else {
            (None, q.hi.max(eval(q.lo)))
        };
        let bits = bit_len(most).max(least);
        if bits > MAX { Err(ArithError::Overflow { bits }) } else { Ok(Self { bits, sign }) }
    }

    /// One constraint a bit, one for the sign and one product; those of a bit decomposition, if the sign is known.
    pub fn cost(&self) -> Cost {
        match self.sign {
            Some(_) => decompose::cost(self.bits),
            None => decompose::fresh_cost(self.bits + 1) + Cost::new(1, 0),
        }
    }
}

/// A value's sign and the limbs of its one's complement.
#[derive(Clone, Debug)]
pub struct Parts<W, const N: usize> {
    /// `1` if the value is not negative, `0` if it is.
    pub sign: W,
    /// The limbs of `u`, the lowest first.
    pub limbs: [Vec<W>; N],
}

/// Enforces sign and limbs; the limbs have the bits of the layout, and of a value whose sign is not known none is only checked.
///
/// # Soundness
/// `(2 * sign - 1) * (2 * q + 1) = 2 * u + 1`, with a boolean `sign` and a number `u` of at most [`MAX`] bits. Both sides are
/// below `2^252` in magnitude and `2 * u + 1` is positive, so that they are equal as integers: the sign is that of
/// `2 * q + 1`, which is never zero, and `u` follows. With a known sign, `u` is linear in `q` and only split.
pub fn enforce<C: Cs, const N: usize>(cs: &mut C, q: &C::W, layout: &Layout, limbs: [Limb; N]) -> Parts<C::W, N> {
    if let Some(positive) = layout.sign {
        let (sign, u) = match positive {
            true => (Int::ONE, q.clone()),
            false => (Int::ZERO, cs.linear(&[(-Int::ONE, q)], -Int::ONE)),
        };
        return Parts { sign: cs.constant(sign), limbs: cs.split(&u, limbs) };
    }
    let value = cs.value(q);
    let sign = cs.boolean(value.map(|q| if q >= Int::ZERO { Int::ONE } else { Int::ZERO }));
    let wires = cs.fresh(limbs, value.map(eval));
    let u = decompose::join(cs, &limbs, &wires);
    let twice = Int::from(2);
    let odd = cs.linear(&[(twice, q)], Int::ONE);
    let direction = cs.linear(&[(twice, &sign)], -Int::ONE);
    let complement = cs.linear(&[(twice, &u)], Int::ONE);
    cs.enforce(&odd, &direction, &complement);
    Parts { sign, limbs: wires }
}

/// Enforces sign and limbs of a value whose sign is not known, with `max(0, q)` for the same constraints; the lowest limb is a
/// linear combination of as many terms as `q`, if it is not only checked.
///
/// # Soundness
/// With a boolean `sign` and `r = sign * q`, `2 * r - q + sign - 1` is `q` if the sign is one, and `-1 - q` otherwise. Of the two
/// exactly one is not negative, and its limbs ([`Cs::split`], at most [`MAX`] bits, with both below `2^251` in magnitude)
/// leave no other choice of the sign; `r` and `u` follow.
pub fn rectify<C: Cs, const N: usize>(cs: &mut C, q: &C::W, limbs: [Limb; N]) -> (Parts<C::W, N>, C::W) {
    let value = cs.value(q);
    let sign = cs.boolean(value.map(|q| if q >= Int::ZERO { Int::ONE } else { Int::ZERO }));
    let positives = cs.product(q, &sign);
    let u = cs.linear(&[(Int::from(2), &positives), (-Int::ONE, q), (Int::ONE, &sign)], -Int::ONE);
    let limbs = cs.split(&u, limbs);
    (Parts { sign, limbs }, positives)
}
