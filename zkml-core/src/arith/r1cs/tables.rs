//! Lookup tables of range checks: `0..2^w` for each limb width `w`, and how a number of any bits is cut into limbs

use serde::{Deserialize, Serialize};

use crate::number::Cost;

/// The most bits of a limb: a table of `2^14` rows.
pub const WIDEST: u32 = 14;

/// Request counts: how many numbers are to be range-checked, by their bits. There may be one for every node of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests(Vec<(u32, usize)>);

/// The most bits of a range check.
const MOST: u32 = 252;

impl Requests {
    /// Adds some of so many bits, which are at most 252.
    pub fn add(&mut self, bits: u32, times: usize) {
        if bits > MOST || times == 0 {
            return;
        }
        match self.0.binary_search_by_key(&bits, |request| request.0) {
            Ok(at) => self.0[at].1 = self.0[at].1.saturating_add(times),
            Err(at) => self.0.insert(at, (bits, times)),
        }
    }

    /// Adds all of these, so many times.
    pub fn extend(&mut self, other: &Self, times: usize) {
        other.iter().for_each(|(bits, n)| self.add(bits, n.saturating_mul(times)));
    }

    /// The bits that are asked for, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        self.0.iter().copied()
    }

    /// How many there are: each takes a row at least.
    pub fn count(&self) -> usize {
        self.iter().fold(0, |sum, (_, n)| sum.saturating_add(n))
    }
}

/// A part of a number whose bits are checked: consecutive bits of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One bit: a row of its own.
    Boolean,
    /// A limb of so many bits, looked up in the table of its width.
    Limb(u32),
    /// A limb of so many bits, which has no table: it is looked up in the widest as it is, and times `2^(widest - bits)`.
    Scaled(u32),
}

impl Part {
    /// Its number of bits.
    pub fn bits(self) -> u32 {
        match self {
            Self::Boolean => 1,
            Self::Limb(bits) | Self::Scaled(bits) => bits,
        }
    }

    /// How many rows it takes, beside those of the tables.
    pub fn rows(self) -> usize {
        match self {
            Self::Boolean | Self::Limb(_) => 1,
            Self::Scaled(_) => 2,
        }
    }
}

/// Lookup tables: one for each width of a set, `0..2^w`; a number is cut into limbs of the widest, and what is left.
///
/// # Soundness
/// Any choice is sound: a limb is checked to have just its bits, whichever tables there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tables {
    /// Bit `w` is set if there is a table of `2^w` rows.
    widths: u16,
}

/// Up to this many bits that are left are cheaper as booleans: a looked-up limb takes 2.4 times as long to prove as a boolean.
const BOOLEANS: u32 = 2;

impl Tables {
    /// No table: every bit is a boolean.
    pub fn none() -> Self {
        Self::default()
    }

    /// Those that many requests of these bits each make the cheapest.
    #[cfg(test)]
    pub(crate) fn of(bits: &[u32]) -> Self {
        let mut requests = Requests::default();
        bits.iter().for_each(|bits| requests.add(*bits, 1 << 15));
        Self::cheapest(&requests)
    }

    /// The tables with which these requests take the fewest rows: the widest by search; what is left over is looked up twice in that, or
    /// once in a table of its own, whichever is less.
    pub fn cheapest(requests: &Requests) -> Self {
        let all = (BOOLEANS + 1..=WIDEST).map(|widest| Self::with_widest(requests, widest));
        let none = (Self::none().rows(requests), Self::none());
        all.map(|tables| (tables.rows(requests), tables))
            .fold(none, |best, next| if next.0 < best.0 { next } else { best })
            .1
    }

    fn with_widest(requests: &Requests, widest: u32) -> Self {
        let mut left = [0usize; WIDEST as usize + 1];
        for (bits, n) in requests.iter() {
            left[(bits % widest) as usize] += n;
        }
        let own = (BOOLEANS + 1..widest).filter(|w| left[*w as usize] > 1 << w);
        Self { widths: own.fold(1 << widest, |widths, w| widths | 1 << w) }
    }

    /// The widths of the tables, the least first.
    pub fn widths(self) -> impl Iterator<Item = u32> {
        (1..=WIDEST).filter(move |w| self.widths >> w & 1 == 1)
    }

    /// How a number of so many bits is cut, the lowest bits first.
    pub fn cut(self, bits: u32) -> impl Iterator<Item = Part> {
        let widest = self.widths().last().unwrap_or(1);
        let (whole, left) = (bits / widest, bits % widest);
        let limb = if widest == 1 { Part::Boolean } else { Part::Limb(widest) };
        let (booleans, rest) = match left {
            0 => (0, None),
            _ if left <= BOOLEANS => (left, None),
            _ if self.widths >> left & 1 == 1 => (0, Some(Part::Limb(left))),
            _ => (0, Some(Part::Scaled(left))),
        };
        let whole = (0..whole).map(move |_| limb);
        whole.chain(rest).chain((0..booleans).map(|_| Part::Boolean))
    }

    /// The rows of the tables themselves: one an entry, and one for the sum of each.
    pub fn own_rows(self) -> usize {
        self.widths().map(|w| (1 << w) + 1).sum()
    }

    /// What the range checks cost before they are closed: constraints and variables of their parts; and how many limbs are looked up.
    pub fn cost(self, requests: &Requests) -> (Cost, usize) {
        requests.iter().fold((Cost::default(), 0), |(cost, limbs), (bits, n)| {
            let parts: Vec<Part> = self.cut(bits).collect();
            let booleans = parts.iter().filter(|part| **part == Part::Boolean).count();
            let looked_up: usize = parts.iter().map(|part| part.rows()).sum::<usize>() - booleans;
            // That nothing is left of a number without bits takes a constraint, too.
            let constraints = if bits == 0 { 1 } else { booleans };
            let variables = parts.len().saturating_sub(1);
            (cost + Cost::new(constraints, variables) * n, limbs + looked_up * n)
        })
    }

    /// What closing costs: a multiplicity and a quotient an entry, a quotient a limb, and a sum a table.
    pub fn closing_cost(self, limbs: usize) -> Cost {
        let entries: usize = self.widths().map(|w| 1 << w).sum();
        Cost::new(limbs + self.own_rows(), limbs + 2 * entries)
    }

    /// The rows that these requests take, those of the tables among them.
    pub fn rows(self, requests: &Requests) -> usize {
        let (cost, limbs) = self.cost(requests);
        (cost + self.closing_cost(limbs)).constraints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(of: &[(u32, usize)]) -> Requests {
        let mut requests = Requests::default();
        of.iter().for_each(|(bits, n)| requests.add(*bits, *n));
        requests
    }

    #[test]
    fn parts_make_up_the_bits_under_all_tables() {
        for widths in 0..1u16 << 6 {
            let tables = Tables { widths: widths << 1 };
            for bits in 0..=252 {
                assert_eq!(tables.cut(bits).map(Part::bits).sum::<u32>(), bits);
                for part in tables.cut(bits) {
                    match part {
                        Part::Boolean => {}
                        Part::Limb(w) => assert!(tables.widths().any(|own| own == w)),
                        Part::Scaled(w) => assert!(tables.widths().any(|own| own > w)),
                    }
                }
            }
        }
    }

    #[test]
    fn requests_are_counted_by_their_bits() {
        let mut some = requests(&[(8, 2), (3, 1), (252, 4), (8, 1), (253, 9), (5, 0)]);
        assert_eq!(some.iter().collect::<Vec<_>>(), [(3, 1), (8, 3), (252, 4)]);
        let same = requests(&[(252, 4), (3, 1), (8, 3)]);
        assert_eq!((&some, some.count()), (&same, 8));
        some.extend(&same, usize::MAX);
        assert_eq!(some.count(), usize::MAX);
        // Each takes a row at least, under all tables.
        for (widths, bits) in (0..1u16 << 6).flat_map(|widths| (0..=MOST).map(move |bits| (widths, bits))) {
            assert!(Tables { widths: widths << 1 }.rows(&requests(&[(bits, 3)])) >= 3);
        }
    }

    #[test]
    fn few_requests_are_cheapest_in_bits_and_many_in_wide_limbs() {
        let widest = |of: &[(u32, usize)]| Tables::cheapest(&requests(of)).widths().last();
        assert_eq!(widest(&[(8, 1)]), None);
        assert_eq!(widest(&[(8, 1000)]), Some(8));
        assert_eq!(widest(&[(8, 100_000)]), Some(8));
        assert_eq!(widest(&[(24, 10_000)]), Some(12));
        assert_eq!(widest(&[(14, 100_000)]), Some(14));
        // What is left over has a table where that pays.
        assert!(Tables::cheapest(&requests(&[(8, 10_000), (11, 10_000), (19, 10)])).widths().count() > 1);
    }

    #[test]
    fn no_other_widest_table_takes_fewer_rows() {
        let requests = requests(&[(3, 20), (8, 784), (9, 3000), (17, 6000), (23, 40)]);
        let best = Tables::cheapest(&requests).rows(&requests);
        for widest in 3..=WIDEST {
            assert!(best <= Tables::with_widest(&requests, widest).rows(&requests));
        }
        assert!(best < Tables::none().rows(&requests) / 4);
    }
}
