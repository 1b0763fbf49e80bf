//! Error bounds: a wire whose distance from the real number that it stands for is bounded.

use super::Interval;

/// Interval with an error bound: a wire's values, and how far each is from the real number that it stands for, in its unit;
/// infinite where no bound is known.
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

/// Scaled error: `factor * error`, where nothing times no bound is nothing.
pub fn term(factor: f64, error: f64) -> f64 {
    if factor == 0.0 || error == 0.0 { 0.0 } else { factor * error }
}

/// The error of a product: `|a| e_b + |b| e_a + e_a e_b`.
pub fn product(a: &Approximate, b: &Approximate) -> f64 {
    term(a.magnitude(), b.error) + term(b.magnitude(), a.error) + term(a.error, b.error)
}
