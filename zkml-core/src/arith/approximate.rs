//! Integers with an error: a wire whose distance from the real number that it stands for is bounded.

use super::{Cut, float, interval::Interval};
use crate::gadget::{Gadget, piecewise::Piecewise, rescale::Rescale};

/// A wire: its values, and how far each is from the real number that it stands for, in its unit; infinite where no bound is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Approximate {
    /// The integers.
    pub interval: Interval,
    /// The distance.
    pub error: f64,
}

impl Approximate {
    /// The largest magnitude.
    pub fn magnitude(&self) -> f64 {
        self.interval.magnitude().as_f64()
    }

    /// Whether integer and real number are on the same side of zero, or both zero, whatever the input.
    pub fn is_sure(&self) -> bool {
        self.error == 0.0 || self.interval.lo.as_f64() > self.error || self.interval.hi.as_f64() < -self.error
    }
}

/// What is known of the functions that tables stand for.
pub trait Functions {
    /// How far a table's values are from its function's, of arguments in this interval with this error; in the unit of the table's values.
    fn error(&mut self, table: &Piecewise, argument: &Interval, error: f64) -> f64;

    /// Says that values are cut off.
    fn saturates(&mut self);
}

/// `factor * error`, where nothing times no bound is nothing.
pub fn term(factor: f64, error: f64) -> f64 {
    if factor == 0.0 || error == 0.0 { 0.0 } else { factor * error }
}

/// The error of a product: `|a| e_b + |b| e_a + e_a e_b`.
pub fn product(a: &Approximate, b: &Approximate) -> f64 {
    term(a.magnitude(), b.error) + term(b.magnitude(), a.error) + term(a.error, b.error)
}

/// The error of a value of this interval and error after it is cut down: half a unit for the rounding, and what a saturation cuts off.
pub fn cut(before: &Interval, error: f64, cut: Cut, functions: &mut dyn Functions) -> f64 {
    let rounding = if cut.shift > 0 { 0.5 } else { 0.0 };
    let beyond = cut.saturate.map_or(0.0, |bits| {
        // Not every gadget enforces a width.
        let (lo, hi) = match (Rescale { cut: Cut { saturate: None, width: None, ..cut } }).bound(before) {
            Ok(i) => (i.lo.as_f64(), i.hi.as_f64()),
            Err(_) => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let end = float::exp2(bits as i32);
        (hi - (end - 1.0)).max(-end - lo).max(0.0)
    });
    if beyond > 0.0 {
        functions.saturates();
    }
    error / float::exp2(cut.shift.min(1000) as i32) + rounding + beyond
}
