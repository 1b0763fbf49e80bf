//! Approximation errors: how far the integers of tables and of rescales are from the real functions that they stand for.

use crate::{
    gadget::{Gadget, Piecewise, Rescale},
    number::{Cut, Interval, float},
};

/// Real functions that tables stand for: what is known of their distance.
pub trait Functions {
    /// How far a table's values are from its function's, of arguments in this interval with this error; in the unit of the
    /// table's values.
    fn error(&mut self, table: &Piecewise, argument: &Interval, error: f64) -> f64;

    /// Says that values are cut off.
    fn saturates(&mut self);
}

/// The error of a value of this interval and error after it is cut down: half a unit for the rounding, and what a
/// saturation cuts off.
pub fn cut(before: &Interval, error: f64, cut: Cut, functions: &mut dyn Functions) -> f64 {
    let rounding = if cut.shift > 0 { 0.5 } else { 0.0 };
    let beyond = cut.saturate.map_or(0.0, |bits| {
        // Not every gadget enforces the bits of a cut.
        let (lo, hi) = match (Rescale { cut: Cut { saturate: None, bits: None, ..cut } }).bound(before) {
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
