//! `q = u` if `q >= 0`, `q = -1 - u` otherwise: a sign and the bits of `u`

use super::{Cs, decompose};
use crate::arith::{
    ArithError, Int,
    counts::Cost,
    interval::{Interval, bit_len},
    ints::Integer,
};

/// The most bits of `u`: then `2 * u + 1` and `2 * q + 1` differ in the field unless they are equal.
pub const MAX: u32 = 250;

/// `u`, the one's complement of a negative value.
pub fn eval<T: Integer>(q: T) -> T {
    if q >= T::ZERO { q } else { T::ZERO - q - T::ONE }
}

/// What the sign and the bits look like for these bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// The bits of `u`.
    pub bits: u32,
    /// Whether values are never negative, or always; `None` if that depends.
    pub sign: Option<bool>,
}

impl Form {
    /// The form, of `least` bits at least.
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

    /// Constraints: those of a decomposition, if the sign is known; otherwise one a bit, one for the sign and one product.
    pub fn cost(&self) -> Cost {
        match self.sign {
            Some(_) => decompose::cost(self.bits),
            None => Cost::new(self.bits as usize + 2, self.bits as usize + 1),
        }
    }
}

/// A value's sign and the bits of its magnitude.
#[derive(Clone, Debug)]
pub struct Parts<W> {
    /// `1` if the value is not negative, `0` if it is.
    pub sign: W,
    /// The bits of `u`, the lowest first.
    pub bits: Vec<W>,
}

/// Enforces sign and bits.
///
/// # Soundness
/// `(2 * sign - 1) * (2 * q + 1) = 2 * u + 1`, with a boolean `sign` and `u` of at most [`MAX`] boolean bits. Both sides are
/// below `2^252` in magnitude and `2 * u + 1` is positive, so that they are equal as integers: the sign is that of
/// `2 * q + 1`, which is never zero, and `u` follows. With a known sign, `u` is linear in `q` and only decomposed.
pub fn enforce<C: Cs>(cs: &mut C, q: &C::W, form: &Form) -> Parts<C::W> {
    if let Some(positive) = form.sign {
        let (sign, u) = match positive {
            true => (Int::ONE, q.clone()),
            false => (Int::ZERO, cs.linear(&[(-Int::ONE, q)], -Int::ONE)),
        };
        return Parts { sign: cs.constant(sign), bits: decompose::enforce(cs, &u, form.bits) };
    }
    let value = cs.value(q);
    let sign = cs.boolean(value.map(|q| if q >= Int::ZERO { Int::ONE } else { Int::ZERO }));
    let u = value.map(eval);
    let bits: Vec<C::W> = (0..form.bits).map(|i| cs.boolean(u.map(|u| (u >> i) & Int::ONE))).collect();
    let sum = decompose::weighted(cs, &bits, Int::ZERO);
    let twice = Int::from(2);
    let odd = cs.linear(&[(twice, q)], Int::ONE);
    let direction = cs.linear(&[(twice, &sign)], -Int::ONE);
    let magnitude = cs.linear(&[(twice, &sum)], Int::ONE);
    cs.enforce(&odd, &direction, &magnitude);
    Parts { sign, bits }
}

/// Enforces sign and bits of a value whose sign is not known, with `max(0, q)` for the same constraints; the lowest bit is a linear
/// combination as wide as `q`.
///
/// # Soundness
/// With a boolean `sign` and `r = sign * q`, `2 * r - q + sign - 1` is `q` if the sign is one, and `-1 - q` otherwise. Of the two
/// exactly one is not negative, and its bits ([`decompose::enforce`], at most [`MAX`], with both below `2^251` in magnitude)
/// leave no other choice of the sign; `r` and `u` follow.
pub fn rectify<C: Cs>(cs: &mut C, q: &C::W, form: &Form) -> (Parts<C::W>, C::W) {
    let value = cs.value(q);
    let sign = cs.boolean(value.map(|q| if q >= Int::ZERO { Int::ONE } else { Int::ZERO }));
    let positives = cs.product(q, &sign);
    let u = cs.linear(&[(Int::from(2), &positives), (-Int::ONE, q), (Int::ONE, &sign)], -Int::ONE);
    let bits = decompose::enforce(cs, &u, form.bits);
    (Parts { sign, bits }, positives)
}
