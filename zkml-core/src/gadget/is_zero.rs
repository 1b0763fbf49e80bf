//! `y = 1 if a = 0 else 0`

use super::{Cs, bits, zero};
use crate::arith::{
    ArithError, Int,
    counts::{Cost, Measure},
    interval::Interval,
    ints::Integer,
};

/// `1` if `a = 0`, `0` otherwise.
pub fn eval<T: Integer>(a: T) -> T {
    if a == T::ZERO { T::ONE } else { T::ZERO }
}

/// The interval of the result.
///
/// # Errors
/// Never.
pub fn bound(a: &Interval) -> Result<Interval, ArithError> {
    match Form::of(a) {
        Form::Constant(value) => Ok(Interval::point(value)),
        Form::Linear(_) | Form::Square | Form::Test => Interval::new(Int::ZERO, Int::ONE),
    }
}

enum Form {
    /// The interval says it.
    Constant(Int),
    /// Zero or one other value of magnitude one: the result is `1 + c * a`.
    Linear(Int),
    /// `-1`, `0` or `1`: the result is `1 - a^2`.
    Square,
    /// Anything else.
    Test,
}

impl Form {
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

/// Constraints: two; one for `-1..=1`, none for `0..=1` and `-1..=0` and where the interval decides.
///
/// # Errors
/// Never.
pub fn cost(a: &Interval) -> Result<Cost, ArithError> {
    Ok(match Form::of(a) {
        Form::Constant(_) | Form::Linear(_) => Cost::default(),
        Form::Square => Cost::new(1, 1),
        Form::Test => zero::cost(),
    })
}

/// How many variables the result's linear combination has, at most.
///
/// # Errors
/// Never.
pub fn width(a: &Measure) -> Result<u32, ArithError> {
    Ok(match Form::of(&a.interval) {
        Form::Constant(_) => 0,
        Form::Linear(_) => a.width,
        Form::Square | Form::Test => 1,
    })
}

/// Enforces the result.
///
/// # Soundness
/// A function of the input: see [`zero::enforce`], whose hint is declared free; or a polynomial of the input, which its
/// enforced interval makes the formula.
pub fn enforce<C: Cs>(cs: &mut C, a: &C::W, interval: &Interval) -> Result<C::W, ArithError> {
    cs.label("is_zero");
    Ok(match Form::of(interval) {
        Form::Constant(value) => cs.constant(value),
        Form::Linear(c) => cs.linear(&[(c, a)], Int::ONE),
        Form::Square => {
            let square = cs.product(a, a);
            bits::not(cs, &square)
        }
        Form::Test => zero::enforce(cs, a),
    })
}
