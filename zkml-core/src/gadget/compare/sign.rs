//! Sign function: `y = 1 if a > 0, -1 if a < 0, 0 otherwise`

use crate::{
    gadget::{
        Card, Cs, Functions, Gadget, One,
        bits::{decompose, zero},
        card::signed,
    },
    number::{Approximate, ArithError, Cost, Int, Integer, Interval, Measure, interval::bit_len},
};

/// Sign function: `-1`, `0` or `1`.
///
/// # Constraints
/// `bits + 3` for all values of so many bits with their sign, of which the least has a magnitude of as many: in general
/// `m + 3`, where `|a| < 2^m`: a number of `m` bits, two products and a hint. Two where one sign can't happen, none where
/// the interval decides or lies within `-1..=1`.
#[derive(Clone, Copy, Debug)]
pub struct Sign;

impl Gadget for Sign {
    const CARD: Card = Card {
        name: "sign",
        formula: "y = 1 if a > 0, -1 if a < 0, 0 otherwise",
        constraints: "bits + 3",
        example: |bits| Sign.cost(&signed(bits)),
        published: &[],
    };
    type In = One;
    type Out = One;

    fn eval<T: Integer>(&self, a: T) -> T {
        a.max(T::ZERO - T::ONE).min(T::ONE)
    }

    /// `eval` is monotone.
    ///
    /// # Errors
    /// Never.
    fn bound(&self, a: &Interval) -> Result<Interval, ArithError> {
        Interval::new(self.eval(a.lo), self.eval(a.hi))
    }

    fn error(&self, a: &Approximate, _: &Interval, _: &mut dyn Functions) -> Result<f64, ArithError> {
        Ok(if a.is_sure() { 0.0 } else { 2.0 })
    }

    fn intermediate(&self, _: &Interval) -> Result<u32, ArithError> {
        Ok(0)
    }

    /// # Errors
    /// If the number needs more than 252 bits.
    fn cost(&self, a: &Interval) -> Result<Cost, ArithError> {
        Ok(match Case::of(a)? {
            Case::Constant(_) | Case::Same => Cost::default(),
            Case::One(_) => zero::cost(),
            Case::Magnitude { m } => decompose::fresh_cost(m) + Cost::new(3, 2),
        })
    }

    fn terms(&self, a: &Measure) -> Result<u32, ArithError> {
        Ok(match Case::of(&a.interval)? {
            Case::Constant(_) => 0,
            Case::Same => a.terms,
            Case::One(_) | Case::Magnitude { .. } => 1,
        })
    }

    /// # Soundness
    /// With a number `z` of `m` bits: `a * y = z`, `z * y = a` and `a * v = y`. If `a = 0`, the last gives `y = 0`, and the
    /// hint `v` is free, but enters nothing else. Otherwise the first two give `y^2 = 1`, so `z` is `a` or `-a`; and only `|a|`
    /// lies in `0..2^m`, since `a` is below `2^250` in magnitude.
    fn enforce<C: Cs>(&self, cs: &mut C, (a, interval): (&C::W, &Interval)) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        Ok(match Case::of(interval)? {
            Case::Constant(value) => cs.constant(value),
            Case::Same => a.clone(),
            Case::One(sign) => {
                let zero = zero::enforce(cs, a);
                cs.linear(&[(-sign, &zero)], sign)
            }
            Case::Magnitude { m } => {
                let value = cs.value(a);
                let z = cs.number(m, value.map(|a| a.max(a.wrapping_neg())));
                let y = cs.witness(value.map(|a| self.eval(a)));
                cs.enforce(a, &y, &z);
                cs.enforce(&z, &y, a);
                cs.inverse(a, &y);
                y
            }
        })
    }
}

enum Case {
    /// The interval says it.
    Constant(Int),
    /// Within `-1..=1`: its own sign.
    Same,
    /// Never of the other sign: this sign, if it is not zero.
    One(Int),
    /// `|a|` in `m` bits.
    Magnitude { m: u32 },
}

impl Case {
    fn of(a: &Interval) -> Result<Self, ArithError> {
        let y = Sign.bound(a)?;
        Ok(match (y.lo, y.hi) {
            (lo, hi) if lo == hi => Self::Constant(lo),
            _ if *a == y => Self::Same,
            (lo, hi) if lo == Int::ZERO || hi == Int::ZERO => Self::One(lo + hi),
            _ => Self::Magnitude { m: decompose::check(bit_len(a.magnitude()))? },
        })
    }
}
