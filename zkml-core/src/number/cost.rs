//! Sizes of constraint systems: rank-one constraints and witness variables; and the terms of linear combinations.

use serde::{Deserialize, Serialize};

use super::{Int, Interval};

/// Cost: constraints and witness variables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Rank-one constraints.
    pub constraints: usize,
    /// Witness variables.
    pub witnesses: usize,
}

impl Cost {
    /// So many of both.
    pub fn new(constraints: usize, witnesses: usize) -> Self {
        Self { constraints, witnesses }
    }
}

impl std::ops::Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { constraints: self.constraints + other.constraints, witnesses: self.witnesses + other.witnesses }
    }
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::ops::Mul<usize> for Cost {
    type Output = Self;
    fn mul(self, n: usize) -> Self {
        Self { constraints: self.constraints * n, witnesses: self.witnesses * n }
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), |a, b| a + b)
    }
}

/// The unit of time is a 512th of that of a constraint whose value is a bit. An entry of the matrices counts as one, a quarter of what it takes.
///
/// These times are those of `prove::rates::Rates::default()`, in this unit: a test there holds them to within a quarter.
pub const ROW: usize = 512;

/// A value of the field's full size, in one of the multi-scalar multiplications over the first factors, the second factors in the first group, or the
/// variables themselves.
pub const FULL: usize = 360;

/// A value of full size that is a second factor: in the first group and in the second.
pub const FULL_SECOND: usize = 1600;

/// A step of Horner's rule: a constraint with a variable of full size that is a first factor.
pub const HORNER: usize = ROW + 2 * FULL;

/// A lookup: a constraint with a fraction that many others equal, so that it takes little more than others.
pub const LOOKUP: usize = ROW + ROW / 4;

/// Measure of a wire: its interval, and how many terms its linear combination has, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// What is known of its value.
    pub interval: Interval,
    /// Variables in its linear combination; none for a constant.
    pub terms: u32,
}

impl Measure {
    /// A variable of its own.
    pub fn variable(interval: Interval) -> Self {
        Self { interval, terms: u32::from(!interval.is_point()) }
    }
}

/// Terms of the product `a * b`: a product of two variables is a variable, a multiple of a wire has as many terms as it.
pub fn product_terms(a: &Measure, b: &Measure) -> u32 {
    match (a.interval.as_point(), b.interval.as_point()) {
        (Some(_), Some(_)) => 0,
        (Some(c), None) => {
            if c == Int::ZERO {
                0
            } else {
                b.terms
            }
        }
        (None, Some(c)) => {
            if c == Int::ZERO {
                0
            } else {
                a.terms
            }
        }
        (None, None) => 1,
    }
}

/// Whether a linear combination of so many terms, used this often, is cheaper as a variable of its own.
///
/// One more constraint and one more witness, against `(terms - 1) * (fanout - 1)` more entries of the matrices (the new
/// constraint has `terms` of its own), each of which costs a field multiplication in every proof and a place in memory.
pub fn settles(terms: u32, fanout: usize) -> bool {
    terms > 1 && fanout > 1 && (terms as usize - 1).saturating_mul(fanout - 1) > 512
}
