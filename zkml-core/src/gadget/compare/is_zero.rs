//! Zero test: `y = 1 if a = 0 else 0`

use crate::{
    gadget::{
        Card, Cs, Functions, Gadget, One,
        bits::{logic, zero},
        card::{CIRCOMLIB, Published, signed},
    },
    number::{Approximate, ArithError, Cost, Int, Integer, Interval, Measure},
};

/// Zero test: `1` if `a = 0`, `0` otherwise.
///
/// # Constraints
/// `2`; one for `-1..=1`, none for `0..=1` and `-1..=0` and where the interval decides.
#[derive(Clone, Copy, Debug)]
pub struct IsZero;

impl Gadget for IsZero {
    const CARD: Card = Card {
        name: "is_zero",
        formula: "y = 1 if a = 0 else 0",
        constraints: "2",
        example: of_one,
        published: &[Published { what: "`a = 0`", ours: of_one, theirs: "2 (`IsZero`)", source: CIRCOMLIB }],
    };
    type In = One;
    type Out = One;

    fn eval<T: Integer>(&self, a: T) -> T {
        if a == T::ZERO { T::ONE } else { T::ZERO }
    }

    fn bound(&self, a: &Interval) -> Result<Interval, ArithError> {
        match Case::of(a) {
            Case::Constant(value) => Ok(Interval::point(value)),
            Case::Linear(_) | Case::Square | Case::Test => Interval::new(Int::ZERO, Int::ONE),
        }
    }

    fn error(&self, a: &Approximate, _: &Interval, _: &mut dyn Functions) -> Result<f64, ArithError> {
        Ok(if a.is_sure() { 0.0 } else { 1.0 })
    }

    fn intermediate(&self, _: &Interval) -> Result<u32, ArithError> {
        Ok(0)
    }

    /// # Errors
    /// Never.
    fn cost(&self, a: &Interval) -> Result<Cost, ArithError> {
        Ok(match Case::of(a) {
            Case::Constant(_) | Case::Linear(_) => Cost::default(),
            Case::Square => Cost::new(1, 1),
            Case::Test => zero::cost(),
        })
    }

    fn terms(&self, a: &Measure) -> Result<u32, ArithError> {
        Ok(match Case::of(&a.interval) {
            Case::Constant(_) => 0,
            Case::Linear(_) => a.terms,
            Case::Square | Case::Test => 1,
        })
    }

    /// # Soundness
    /// A function of the input: see [`zero::enforce`], whose hint is declared free; or a polynomial of the input, which its
    /// enforced interval makes the formula.
    fn enforce<C: Cs>(&self, cs: &mut C, (a, interval): (&C::W, &Interval)) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        Ok(match Case::of(interval) {
            Case::Constant(value) => cs.constant(value),
            Case::Linear(c) => cs.linear(&[(c, a)], Int::ONE),
            Case::Square => {
                let square = cs.product(a, a);
                logic::not(cs, &square)
            }
            Case::Test => zero::enforce(cs, a),
        })
    }
}

fn of_one(bits: u32) -> Result<Cost, ArithError> {
    IsZero.cost(&signed(bits))
}

enum Case {
    /// The interval says it.
    Constant(Int),
    /// Zero or one other value of magnitude one: the result is `1 + c * a`.
    Linear(Int),
    /// `-1`, `0` or `1`: the result is `1 - a^2`.
    Square,
    /// Anything else.
    Test,
}

impl Case {
    fn of(a: &Interval) -> Self {
        let one = Int::ONE;
        if !a.contains(Int::ZERO) {
            return Self::Constant(Int::ZERO);
        }
        match (a.lo, a.hi) {
            (lo, hi) if lo == hi => Self::Constant(one),
            (lo, hi) if lo == Int::ZERO && hi == one => Self::Linear(-one),
            (lo, hi) if lo == -one && hi == Int::ZERO => Self::Linear(one),
            (lo, hi) if lo == -one && hi == one => Self::Square,
            _ => Self::Test,
        }
    }
}
