//! Sizes of constraint systems: rank-one constraints, witness variables and lookups; and the terms of linear combinations.

use serde::{Deserialize, Serialize};

use super::{Int, Interval};

/// The most bits of a limb that is looked up in one table.
pub const WIDEST_LOOKUP: usize = 16;

/// Lookup counts: limbs that are looked up, by their bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookups([usize; WIDEST_LOOKUP + 1]);

impl Lookups {
    /// How many limbs of so many bits are looked up.
    pub fn of(&self, bits: usize) -> usize {
        self.0.get(bits).copied().unwrap_or(0)
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|n| *n == 0)
    }
}

/// Cost: constraints and witness variables; and lookups, of a proof system that has lookup tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Rank-one constraints.
    pub constraints: usize,
    /// Witness variables.
    pub witnesses: usize,
    /// Limbs that are looked up, of a proof system with lookup tables; zero in what gadgets state, which is the cost with bits.
    #[serde(default, skip_serializing_if = "Lookups::is_empty")]
    pub lookups: Lookups,
}

impl Cost {
    /// So many of both, and no lookup.
    pub fn new(constraints: usize, witnesses: usize) -> Self {
        Self { constraints, witnesses, lookups: Lookups::default() }
    }

    /// A limb of so many bits, at most [`WIDEST_LOOKUP`], that is looked up: a witness variable.
    pub fn lookup(bits: usize) -> Self {
        let mut lookups = Lookups::default();
        lookups.0[bits.min(WIDEST_LOOKUP)] = 1;
        Self { constraints: 0, witnesses: 1, lookups }
    }
}

impl std::ops::Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let lookups = Lookups(std::array::from_fn(|i| self.lookups.0[i] + other.lookups.0[i]));
        Self { constraints: self.constraints + other.constraints, witnesses: self.witnesses + other.witnesses, lookups }
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
        let lookups = Lookups(self.lookups.0.map(|each| each * n));
        Self { constraints: self.constraints * n, witnesses: self.witnesses * n, lookups }
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), |a, b| a + b)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_are_counted_by_their_bits_and_not_written_where_there_are_none() {
        let cost = Cost::new(2, 3) + Cost::lookup(8) * 4 + Cost::lookup(3);
        assert_eq!((cost.constraints, cost.witnesses), (2, 8));
        assert_eq!([3, 8, 9, 99].map(|bits| cost.lookups.of(bits)), [1, 4, 0, 0]);
        assert_eq!(serde_json::to_string(&Cost::new(2, 3)).unwrap(), r#"{"constraints":2,"witnesses":3}"#);
        let text = serde_json::to_string(&cost).unwrap();
        assert_eq!(serde_json::from_str::<Cost>(&text).unwrap(), cost);
    }
}
