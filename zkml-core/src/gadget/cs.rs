//! Constraint system, as gadgets see it: rank-one constraints, and *requests* for range checks and limbs, which a proof
//! system answers as it can.
//!
//! A gadget that needs a number to be in a range, or cut into limbs, asks for that and not for bits. The answers written here
//! are made of boolean variables, which any rank-one constraint system has; one with lookups answers [`Cs::split`],
//! [`Cs::fresh`], [`Cs::within`], [`Cs::allocate`] and [`Cs::spread`] with variables of its own, remembers what they must be looked up in, and
//! enforces that for all of them together when it is asked to [`Cs::close_requests`].

use crate::{
    gadget::bits::{decompose, range, spread},
    number::{ArithError, Int, Interval, interval::pow2},
};

/// Limb: consecutive bits of a number, and what is wanted of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limb {
    /// Only that they are bits, and so many: a range check, without a wire.
    Checked(u32),
    /// The number that they make: one wire.
    Number(u32),
    /// Every bit: as many wires, the lowest bit first. For selectors and for logic on bits.
    Bits(u32),
}

impl Limb {
    /// Its number of bits.
    pub fn bits(self) -> u32 {
        match self {
            Self::Checked(n) | Self::Number(n) | Self::Bits(n) => n,
        }
    }
}

/// Constraint system over integers: linear combinations, witness variables, rank-one constraints, range checks.
///
/// One records constraints, one computes the witness, one counts. The same gadget runs over all of them, so that the variables of
/// one are those of the others, in order.
pub trait Cs {
    /// A linear combination of variables, or its value.
    type W: Clone + 'static;

    /// Whether range checks are answered with lookups, and single bits are what is dear: gadgets choose their constraints by it.
    fn looks_up(&self) -> bool {
        false
    }

    /// `sum_i c_i * w_i + constant`.
    fn linear(&mut self, terms: &[(Int, &Self::W)], constant: Int) -> Self::W;

    /// The value, where there are values.
    fn value(&self, w: &Self::W) -> Option<Int>;

    /// A new witness variable; the value is given exactly where [`Cs::value`] gives values.
    fn witness(&mut self, value: Option<Int>) -> Self::W;

    /// A new witness variable that the constraints to follow make a bit: what is known of it for the cost of a proof, and no constraint.
    fn bit(&mut self, value: Option<Int>) -> Self::W {
        self.witness(value)
    }

    /// Enforces `a * b = c`.
    fn enforce(&mut self, a: &Self::W, b: &Self::W, c: &Self::W);

    /// A new witness variable `v` with `x * v = rhs`: the inverse of `x` times `rhs`, or zero where `x` is zero.
    ///
    /// `v` is *declared free*: where `x` and `rhs` are zero it may be anything, and nothing else may depend on it.
    fn inverse(&mut self, x: &Self::W, rhs: &Self::W);

    /// Names the gadget that the next constraints belong to, for reports.
    fn label(&mut self, gadget: &'static str);

    /// A known integer.
    fn constant(&mut self, value: Int) -> Self::W {
        self.linear(&[], value)
    }

    /// Boolean: a new witness variable that is `0` or `1`.
    fn boolean(&mut self, value: Option<Int>) -> Self::W {
        let bit = self.bit(value);
        self.enforce_boolean(&bit);
        bit
    }

    /// Enforces that `a` is `0` or `1`: `a (1 - a) = 0`.
    fn enforce_boolean(&mut self, a: &Self::W) {
        let rest = self.linear(&[(-Int::ONE, a)], Int::ONE);
        let zero = self.constant(Int::ZERO);
        self.enforce(a, &rest, &zero);
    }

    /// A new witness variable that is the product.
    fn product(&mut self, a: &Self::W, b: &Self::W) -> Self::W {
        let value = self.value(a).zip(self.value(b)).map(|(a, b)| a.wrapping_mul(b));
        let p = self.witness(value);
        self.enforce(a, b, &p);
        p
    }

    /// Enforces that `a` is zero.
    fn enforce_zero(&mut self, a: &Self::W) {
        let (one, zero) = (self.constant(Int::ONE), self.constant(Int::ZERO));
        self.enforce(a, &one, &zero);
    }

    /// Request: limb decomposition of `x`, the lowest first, with `0 <= x < 2^n` enforced for the `n` bits of all. Each
    /// limb has the wires that it says. The limbs are unique for `n <= 252`, see [`decompose::check`].
    fn split<const N: usize>(&mut self, x: &Self::W, limbs: [Limb; N]) -> [Vec<Self::W>; N] {
        decompose::split(self, x, limbs)
    }

    /// Request: a new number by its limbs, the lowest first; where there are values, it is the value.
    fn fresh<const N: usize>(&mut self, limbs: [Limb; N], value: Option<Int>) -> [Vec<Self::W>; N] {
        decompose::fresh(self, limbs, value)
    }

    /// Request: a new number of so many bits.
    fn number(&mut self, bits: u32, value: Option<Int>) -> Self::W {
        let [mut number] = self.fresh([Limb::Number(bits)], value);
        number.remove(0)
    }

    /// Request: range check `0 <= x < 2^bits`.
    fn range(&mut self, x: &Self::W, bits: u32) {
        self.split(x, [Limb::Checked(bits)]);
    }

    /// Request: sign bit: `1` if `x >= 0`, `0` otherwise, with `-2^m <= x < 2^m` enforced.
    fn sign(&mut self, x: &Self::W, m: u32) -> Self::W {
        let t = self.linear(&[(Int::ONE, x)], pow2(m));
        let [_, mut sign] = self.split(&t, [Limb::Checked(m), Limb::Bits(1)]);
        sign.remove(0)
    }

    /// Request: a new value within an interval.
    fn allocate(&mut self, interval: &Interval, value: Option<Int>) -> Self::W {
        range::allocate(self, interval, value)
    }

    /// Request: range check `lo <= x <= hi`.
    fn within(&mut self, x: &Self::W, interval: &Interval) {
        range::enforce(self, x, interval);
    }

    /// Request: spread: `x = sum_i 2^i b_i` and `s = sum_i 4^i b_i`, of the same `bits` bits; of more than 64, of 64.
    fn spread(&mut self, x: &Self::W, s: &Self::W, bits: u32) {
        spread::enforce(self, Some(x), s, bits);
    }

    /// Request: spread of some number of so many bits, whichever it is.
    fn any_spread(&mut self, s: &Self::W, bits: u32) {
        spread::enforce(self, None, s, bits);
    }

    /// Closes what was asked for, once nothing more will be. Bits leave nothing open.
    ///
    /// # Errors
    /// If a request can't be answered.
    fn close_requests(&mut self) -> Result<(), ArithError> {
        Ok(())
    }
}
