//! Comparison with zero (the Heaviside step): `y = 1 if a >= 0 else 0`

use crate::{
    gadget::{
        Card, Cs, Functions, Gadget, One,
        bits::{decompose, logic, zero},
        card::{CIRCOMLIB, Published, signed},
        rescaling::rescale,
    },
    number::{Approximate, ArithError, Cost, Int, Integer, Interval, Measure},
};

/// Heaviside step: `1` if `a >= 0`, `0` otherwise; and so every comparison of two values, by their difference.
///
/// # Constraints
/// `bits` of the value with its sign: in general `m + 1`, where `-2^m <= a < 2^m`. Two where zero or minus one is an end of
/// the interval, none where the interval decides or has only these two.
#[derive(Clone, Copy, Debug)]
pub struct IsNonNegative;

impl Gadget for IsNonNegative {
    const CARD: Card = Card {
        name: "is_non_negative",
        formula: "y = 1 if a >= 0 else 0",
        constraints: "bits",
        example: |bits| IsNonNegative.cost(&signed(bits)),
        published: &[Published {
            what: "`a >= b`",
            ours: |bits| IsNonNegative.cost(&signed(bits + 1)),
            theirs: "18 (`LessThan(16)`, of values without a sign)",
            source: CIRCOMLIB,
        }],
    };
    type In = One;
    type Out = One;

    fn eval<T: Integer>(&self, a: T) -> T {
        if a >= T::ZERO { T::ONE } else { T::ZERO }
    }

    /// `eval` is monotone.
    ///
    /// # Errors
    /// Never.
    fn bound(&self, a: &Interval) -> Result<Interval, ArithError> {
        Interval::new(self.eval(a.lo), self.eval(a.hi))
    }

    fn error(&self, a: &Approximate, _: &Interval, _: &mut dyn Functions) -> Result<f64, ArithError> {
        // A strict comparison of integers is one less a unit, which that of real numbers is not.
        let sure = a.error == 0.0 || a.interval.lo.as_f64() > a.error || a.interval.hi.as_f64() < -a.error - 1.0;
        Ok(if sure { 0.0 } else { 1.0 })
    }

    fn intermediate(&self, _: &Interval) -> Result<u32, ArithError> {
        Ok(0)
    }

    /// # Errors
    /// If the decomposition needs more than 252 bits.
    fn cost(&self, a: &Interval) -> Result<Cost, ArithError> {
        Ok(match Case::of(a)? {
            Case::Constant(_) | Case::Next => Cost::default(),
            Case::Zero | Case::NotMinusOne => zero::cost(),
            Case::Sign { m } => decompose::cost(m + 1),
        })
    }

    fn terms(&self, a: &Measure) -> Result<u32, ArithError> {
        Ok(match Case::of(&a.interval)? {
            Case::Constant(_) => 0,
            Case::Next => a.terms,
            Case::Zero | Case::NotMinusOne | Case::Sign { .. } => 1,
        })
    }

    /// # Soundness
    /// The sign is unique (see [`Cs::sign`]): the top bit of `a + 2^m`, which is one exactly if `a >= 0`. A zero
    /// test is a function of its input (see [`zero::enforce`]).
    fn enforce<C: Cs>(&self, cs: &mut C, (a, interval): (&C::W, &Interval)) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        Ok(match Case::of(interval)? {
            Case::Constant(value) => cs.constant(value),
            Case::Next => cs.linear(&[(Int::ONE, a)], Int::ONE),
            Case::Zero => zero::enforce(cs, a),
            Case::NotMinusOne => {
                let next = cs.linear(&[(Int::ONE, a)], Int::ONE);
                let equal = zero::enforce(cs, &next);
                logic::not(cs, &equal)
            }
            Case::Sign { m } => cs.sign(a, m),
        })
    }
}

enum Case {
    /// The interval says it.
    Constant(Int),
    /// `-1` or `0`: the result is `a + 1`.
    Next,
    /// At most zero: the result is whether it is zero.
    Zero,
    /// At least minus one: the result is whether it is not minus one.
    NotMinusOne,
    /// `a + 2^m` in `m + 1` bits, of which the top one is the result.
    Sign { m: u32 },
}

impl Case {
    fn of(a: &Interval) -> Result<Self, ArithError> {
        let minus = -Int::ONE;
        Ok(match (a.lo, a.hi) {
            (lo, _) if lo >= Int::ZERO => Self::Constant(Int::ONE),
            (_, hi) if hi < Int::ZERO => Self::Constant(Int::ZERO),
            (lo, hi) if lo == minus && hi == Int::ZERO => Self::Next,
            (_, hi) if hi == Int::ZERO => Self::Zero,
            (lo, _) if lo == minus => Self::NotMinusOne,
            (lo, hi) => Self::Sign { m: decompose::check(rescale::sign_bits(lo, hi, 0) + 1)? - 1 },
        })
    }
}
