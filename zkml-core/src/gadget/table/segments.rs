//! Piecewise polynomial table of a function of one integer: polynomials over segments of equal length, and tails beyond them.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::{
    gadget::bits::ones_complement,
    number::{Int, Integer, interval::bit_len},
};

/// Symmetry of the function: for which signs there are segments, and how a value without one of its own is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sides {
    /// Even: a negative value has the table value of its mirror image.
    Even,
    /// Odd: a negative value has the negative of the table value of its mirror image.
    Odd,
    /// Only negative values have a table value.
    Negative,
    /// Only values that are not negative have a table value.
    Positive,
    /// Negative values have segments of their own, after the others.
    Both,
}

/// Asymptote: a step and a line that are added to the table value of every input, within the segments and beyond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tail {
    /// The step below zero.
    pub negative: i64,
    /// The step from zero on.
    pub positive: i64,
    /// Slope of the line from zero on, a unit.
    pub slope: i64,
    /// The unit of the slope: with 0 it is one, else `2^(drop-1)`, and a value counts as the middle of its `2^drop`.
    pub drop: u32,
}

/// Piecewise polynomial table of a function, as a plan stores it. The exact semantics of a tabulated function *is* its table.
///
/// A value `q` has the magnitude `u = q`, or `-1 - q` if it is negative. With `c = floor(u / 2^drop)`, it is within the
/// segments if `c < 2^bits`. The top bits of `c` are the number of its segment; the `n` low ones, `c'`, give the offset
/// `t = 2 * c' + 1 - 2^n`, which is how far the middle of the cell is from the middle of the segment, in half cells (with
/// `drop = 0`, `t = c' - 2^(n-1)`, or one more for a negative `q`: its place). The segment's polynomial at `t` is added to the tail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Piecewise {
    input: i32,
    scale: i32,
    drop: u32,
    bits: u32,
    sides: Sides,
    pieces: Vec<Vec<i64>>,
    tail: Tail,
    #[serde(skip)]
    known: Known,
}

/// What a table's own numbers say of its values: nothing that would make two tables differ.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The least and the largest value within the segments, of negative values and of others; worked out when asked for.
    range: OnceLock<[(i128, i128); 2]>,
    /// The bits of the largest magnitude on the way.
    widest: u32,
}

impl PartialEq for Known {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Known {}

/// A table as it is stored: read back through the checks of [`Piecewise::new`].
#[derive(Deserialize)]
struct Stored {
    input: i32,
    scale: i32,
    drop: u32,
    bits: u32,
    sides: Sides,
    pieces: Vec<Vec<i64>>,
    tail: Tail,
}

/// Numbers that make no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{what}` of a table is {found}, expected {expected}")]
pub struct TableError {
    /// Which number.
    pub what: &'static str,
    /// What it is.
    pub found: i64,
    /// What it may be.
    pub expected: &'static str,
}

impl TryFrom<Stored> for Piecewise {
    type Error = TableError;

    fn try_from(s: Stored) -> Result<Self, TableError> {
        Self::checked((s.input, s.scale), s.drop, s.bits, s.sides, s.pieces, s.tail)
    }
}

/// The most bits of a coefficient.
const COEFFICIENT: u32 = 60;

impl Piecewise {
    /// The most cells on a side, in bits.
    pub const MAX_BITS: u32 = 18;
    /// The most segments on a side, in bits.
    pub const MAX_SEGMENTS: u32 = 6;
    /// The highest degree.
    pub const MAX_DEGREE: usize = 6;

    /// The table of a wire at scale `input` with values at scale `scale`. `pieces` are polynomials of one degree, the
    /// constant first, their number a power of two; with [`Sides::Both`] those of negative values come after the others.
    ///
    /// # Errors
    /// If a number is out of its range: `drop` at most 40, `bits` 1 to 18, at least one bit of offset, at most 64 segments a
    /// side, degree at most 6, coefficients below `2^60` and sums below `2^120`.
    pub fn new(
        (input, scale): (i32, i32),
        drop: u32,
        bits: u32,
        sides: Sides,
        pieces: Vec<Vec<i64>>,
        tail: Tail,
    ) -> Result<Self, TableError> {
        let table = Self::checked((input, scale), drop, bits, sides, pieces, tail)?;
        table.range(true);
        Ok(table)
    }

    fn checked(
        (input, scale): (i32, i32),
        drop: u32,
        bits: u32,
        sides: Sides,
        pieces: Vec<Vec<i64>>,
        tail: Tail,
    ) -> Result<Self, TableError> {
        let within = |what, found: i64, (lo, hi): (i64, i64), expected| {
            if (lo..=hi).contains(&found) { Ok(()) } else { Err(TableError { what, found, expected }) }
        };
        within("input", input.into(), (-250, 250), "-250 to 250")?;
        within("scale", scale.into(), (-250, 250), "-250 to 250")?;
        within("drop", drop.into(), (0, 40), "0 to 40")?;
        within("drop of the tail", tail.drop.into(), (0, 40), "0 to 40")?;
        within("bits", bits.into(), (1, Self::MAX_BITS.into()), "1 to 18")?;
        let halves = if sides == Sides::Both { 2 } else { 1 };
        let each = pieces.len() / halves;
        if pieces.len() != each * halves || !each.is_power_of_two() {
            return Err(TableError {
                what: "pieces",
                found: pieces.len() as i64,
                expected: "a power of two, on each side",
            });
        }
        let most = bits.saturating_sub(1).min(Self::MAX_SEGMENTS);
        within("segments", each.trailing_zeros().into(), (0, most.into()), "less bits than the cells have, at most 6")?;
        let row = pieces.first().map_or(0, Vec::len);
        within("coefficients", row as i64, (1, Self::MAX_DEGREE as i64 + 1), "1 to 7")?;
        for piece in &pieces {
            within("coefficients", piece.len() as i64, (row as i64, row as i64), "the same for all pieces")?;
        }
        let limit = (1i64 << COEFFICIENT) - 1;
        for c in pieces.iter().flatten().chain([&tail.negative, &tail.positive, &tail.slope]) {
            within("a coefficient", *c, (-limit, limit), "less than 2^60 in magnitude")?;
        }
        let mut table = Self { input, scale, drop, bits, sides, pieces, tail, known: Known::default() };
        let widest = table.magnitude();
        within("a sum", widest.into(), (0, 120), "less than 2^120 in magnitude")?;
        table.known.widest = widest;
        Ok(table)
    }

    /// The bits of `sum_i |c_i| * t^i` at most, with the tail's at the end of the segments added.
    fn magnitude(&self) -> u32 {
        let t = Int::ONE << self.offset();
        let sum = |piece: &Vec<i64>| piece.iter().rev().fold(Int::ZERO, |sum, c| sum * t + Int::from(c.unsigned_abs()));
        let most = self.pieces.iter().map(sum).max().unwrap_or_default();
        let reach = Int::ONE << (self.drop + self.bits + 1);
        let tail = Int::from(self.tail.slope.unsigned_abs()) * reach
            + Int::from(self.tail.positive.unsigned_abs().max(self.tail.negative.unsigned_abs()));
        bit_len(most + tail)
    }

    /// The least and the largest value within the segments, on one side: exact.
    ///
    /// Of each cell, both ends are looked at, as the slope may count units within it. Along the cells of a segment the value
    /// at the same end is a polynomial, so that only the ends of its monotone runs are asked for ([`turns`]): a table of `2^18`
    /// cells takes thousands of values, and not millions. Where the slope counts units of several cells, it is a staircase,
    /// whose steps are cut apart.
    fn extremes(&self, positive: bool) -> (i128, i128) {
        let mut range: Option<(i128, i128)> = None;
        // The cells over which the slope's units make a staircase or nothing, and those over which all is one polynomial.
        let stair = if positive && self.tail.slope != 0 { self.tail.drop.saturating_sub(self.drop) } else { 0 };
        let run = self.offset().min(if stair > 0 { stair } else { u32::MAX });
        let degree = self.degree().max(1);
        for first in (0..1i128 << self.bits).step_by(1 << run) {
            let at = |u: i128| self.at(if positive { u } else { -1 - u });
            for k in turns(&|k| at((first + k) << self.drop), degree, (1 << run) - 1) {
                let cell = first + k;
                for y in [cell << self.drop, ((cell + 1) << self.drop) - 1].map(at) {
                    range = Some(range.map_or((y, y), |(lo, hi)| (lo.min(y), hi.max(y))));
                }
            }
        }
        range.unwrap_or_default()
    }

    /// The value at `q`.
    pub fn at<T: Integer>(&self, q: T) -> T {
        let positive = q >= T::ZERO;
        let u = ones_complement::eval(q);
        let mut y = self.beyond(positive, u);
        let cell = u >> self.drop;
        if self.covers(positive) && cell >> self.bits == T::ZERO {
            let segment = cell >> self.offset();
            let low = cell - (segment << self.offset());
            let middle = T::ONE << self.offset();
            let t = match (self.drop, positive) {
                (0, true) => low - (middle >> 1),
                (0, false) => low + T::ONE - (middle >> 1),
                _ => (low << 1) + T::ONE - middle,
            };
            let row = segment.wide().as_usize()
                + if self.sides == Sides::Both && !positive { self.pieces.len() / 2 } else { 0 };
            let c = |c: &i64| T::of(Int::from(*c));
            let value = self.pieces[row].iter().rev().fold(T::ZERO, |sum, k| sum * t + c(k));
            y = if self.sides == Sides::Odd && !positive { y - value } else { y + value };
        }
        y
    }

    /// The tail at a magnitude.
    pub(crate) fn beyond<T: Integer>(&self, positive: bool, u: T) -> T {
        let c = |c: i64| T::of(Int::from(c));
        match (positive, self.tail.slope, self.tail.drop) {
            (false, _, _) => c(self.tail.negative),
            (true, 0, _) => c(self.tail.positive),
            (true, slope, 0) => c(self.tail.positive) + c(slope) * u,
            (true, slope, drop) => c(self.tail.positive) + c(slope) * (((u >> drop) << 1) + T::ONE),
        }
    }

    /// Whether values of this sign have segments.
    pub fn covers(&self, positive: bool) -> bool {
        match self.sides {
            Sides::Even | Sides::Odd | Sides::Both => true,
            Sides::Negative => !positive,
            Sides::Positive => positive,
        }
    }

    /// The scale of the wire that it is for.
    pub fn input(&self) -> i32 {
        self.input
    }

    /// The scale of its values.
    pub fn scale(&self) -> i32 {
        self.scale
    }

    /// A cell has `2^drop` values.
    pub fn drop(&self) -> u32 {
        self.drop
    }

    /// There are `2^bits` cells on a side.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Which values the segments are for.
    pub fn sides(&self) -> Sides {
        self.sides
    }

    /// The polynomials, the constant first.
    pub fn pieces(&self) -> &[Vec<i64>] {
        &self.pieces
    }

    /// What every value takes.
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// The bits of a segment's number.
    pub fn segments(&self) -> u32 {
        let halves = if self.sides == Sides::Both { 2 } else { 1 };
        (self.pieces.len() / halves).trailing_zeros()
    }

    /// The bits of the offset within a segment.
    pub fn offset(&self) -> u32 {
        self.bits - self.segments()
    }

    /// The degree of the polynomials.
    pub fn degree(&self) -> usize {
        self.pieces.first().map_or(0, Vec::len).saturating_sub(1)
    }

    /// The bits of the largest magnitude on the way.
    pub fn widest(&self) -> u32 {
        self.known.widest
    }

    /// The least and the largest value within the segments, of that sign.
    pub(crate) fn range(&self, positive: bool) -> (Int, Int) {
        let range = self.known.range.get_or_init(|| [false, true].map(|positive| self.extremes(positive)));
        let (lo, hi) = range[usize::from(positive)];
        (Int::from(lo), Int::from(hi))
    }
}

/// The ends of the runs over which a polynomial of that degree is monotone on the integers `0..=last`, first and last among
/// them: so its least and its largest value are at one of them.
///
/// Between two ends of the runs of its difference `f(k + 1) - f(k)`, which is a polynomial of one degree less, that difference
/// changes its sign at most once, and where is found by halving.
fn turns(f: &dyn Fn(i128) -> i128, degree: usize, last: i128) -> Vec<i128> {
    // From the highest difference, which is constant, down to the polynomial.
    let mut found = vec![];
    for order in (0..degree.max(1)).rev() {
        let last = last - order as i128;
        if last < 1 {
            // As many values as that are looked at one by one.
            found = (0..=last.max(0)).collect();
            continue;
        }
        let mut ends = vec![0];
        // Those of the difference end one earlier.
        for run in found.windows(2) {
            let (mut lo, mut hi) = (run[0], run[1]);
            let falls = |k: i128| difference(f, order + 1, k) < 0;
            let before = falls(lo);
            if before != falls(hi) {
                while hi - lo > 1 {
                    let middle = lo + (hi - lo) / 2;
                    if falls(middle) == before { lo = middle } else { hi = middle }
                }
                ends.push(hi);
            }
        }
        ends.push(last);
        ends.dedup();
        found = ends;
    }
    found
}

/// The difference of that order at `k`: `f(k)`, `f(k + 1) - f(k)`, `f(k + 2) - 2 f(k + 1) + f(k)`, ..
fn difference(f: &dyn Fn(i128) -> i128, order: usize, k: i128) -> i128 {
    let mut values: Vec<i128> = (0..=order as i128).map(|i| f(k + i)).collect();
    for left in (1..=order).rev() {
        (0..left).for_each(|i| values[i] = values[i + 1] - values[i]);
    }
    values[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(sides: Sides, pieces: Vec<Vec<i64>>) -> Result<Piecewise, TableError> {
        Piecewise::new((4, 6), 1, 3, sides, pieces, Tail { negative: -5, positive: 7, slope: 2, drop: 2 })
    }

    #[test]
    fn a_table_is_read_back_as_it_was_stored() {
        let table = table(Sides::Both, vec![vec![1, 2], vec![3, -4], vec![5, 6], vec![-7, 8]]).unwrap();
        let text = serde_json::to_string(&table).unwrap();
        let read = serde_json::from_str::<Piecewise>(&text).unwrap();
        assert_eq!(read, table);
        // Its cells are looked at when they are asked for, and a file of many tables is read at once.
        assert!(read.known.range.get().is_none() && table.known.range.get().is_some());
        assert_eq!([false, true].map(|s| read.range(s)), [false, true].map(|s| table.range(s)));
        let error = serde_json::from_str::<Piecewise>(&text.replace("\"bits\":3", "\"bits\":19")).unwrap_err();
        assert!(error.to_string().starts_with("`bits` of a table is 19, expected 1 to 18"), "{error}");
    }

    #[test]
    fn numbers_that_make_no_table_are_refused() {
        for (sides, pieces, what) in [
            (Sides::Even, vec![], "pieces"),
            (Sides::Even, vec![vec![1]; 3], "pieces"),
            (Sides::Both, vec![vec![1]; 3], "pieces"),
            (Sides::Even, vec![vec![1]; 8], "segments"),
            (Sides::Even, vec![vec![]], "coefficients"),
            (Sides::Even, vec![vec![1; 8]], "coefficients"),
            (Sides::Even, vec![vec![1], vec![1, 2]], "coefficients"),
            (Sides::Even, vec![vec![1 << 60]], "a coefficient"),
        ] {
            assert_eq!(table(sides, pieces).unwrap_err().what, what);
        }
        let wide = Piecewise::new((0, 0), 0, 18, Sides::Even, vec![vec![1 << 50; 7]], Tail::default());
        assert_eq!(wide.unwrap_err().what, "a sum");
    }

    /// The least and the largest value, by all that there are.
    fn enumerated(table: &Piecewise, positive: bool) -> (i128, i128) {
        let end = 1i128 << (table.drop + table.bits);
        let values = (0..end).map(|u| table.at(if positive { u } else { -1 - u }));
        values.fold((i128::MAX, i128::MIN), |(lo, hi), y| (lo.min(y), hi.max(y)))
    }

    #[test]
    fn the_least_and_the_largest_value_are_those_of_all_cells() {
        use rand::{Rng, SeedableRng, rngs::StdRng};
        let mut rng = StdRng::seed_from_u64(5);
        let mut turned = 0;
        for case in 0..300 {
            let (bits, degree) = (rng.gen_range(1..10u32), rng.gen_range(0..7usize));
            let segments = rng.gen_range(0..bits.min(3));
            let both = rng.gen_bool(0.3);
            let sides = if both { Sides::Both } else { [Sides::Even, Sides::Odd, Sides::Positive][case % 3] };
            // Such that every power counts, and the polynomial turns within the segment.
            let most = |power: usize| ((1i64 << 40) >> ((bits - segments) * power as u32).min(40)).max(1);
            let mut piece = || (0..=degree).map(|p| rng.gen_range(-most(p)..=most(p))).collect::<Vec<i64>>();
            let pieces: Vec<Vec<i64>> = (0..(1 << segments) * if both { 2 } else { 1 }).map(|_| piece()).collect();
            let tail = Tail {
                negative: rng.gen_range(-9..9),
                positive: rng.gen_range(-9..9),
                slope: if rng.gen_bool(0.5) { 0 } else { rng.gen_range(-(1i64 << 20)..1 << 20) },
                drop: rng.gen_range(0..6),
            };
            let table = Piecewise::new((4, 6), rng.gen_range(0..4), bits, sides, pieces, tail).unwrap();
            for positive in [false, true] {
                let (lo, hi) = enumerated(&table, positive);
                assert_eq!(table.range(positive), (Int::from(lo), Int::from(hi)), "{positive} {table:?}");
                let ends =
                    [0, (1i128 << (table.drop + table.bits)) - 1].map(|u| table.at(if positive { u } else { -1 - u }));
                turned += usize::from(!ends.contains(&lo) && !ends.contains(&hi));
            }
        }
        assert!(turned > 50, "{turned}");
    }

    #[test]
    fn a_table_of_all_cells_takes_few_values() {
        use std::cell::Cell;
        // With a turn at zero, and one on each side.
        let middle = 1i128 << 16;
        let (calls, last) = (Cell::new(0), (1i128 << 17) - 1);
        let polynomial = |k: i128| {
            calls.set(calls.get() + 1);
            let t = 2 * (k - middle) + 1;
            t.pow(6) - 3 * (1 << 16) * t.pow(4) + t
        };
        let found = turns(&polynomial, 6, last);
        assert!(found.len() >= 4, "{found:?}");
        assert!(calls.get() < 2000, "{}", calls.get());
    }

    #[test]
    fn values_follow_the_definition() {
        // Two segments of four cells of two values.
        let t = table(Sides::Odd, vec![vec![10, 1], vec![20, -1]]).unwrap();
        // q = 5: cell 2 of segment 0, t = 1; the tail at the middle of 4..8 is 2 * 3 + 7.
        assert_eq!(t.at(5i64), 11 + 13);
        // q = -6: u = 5, the negative of the same piece.
        assert_eq!(t.at(-6i64), -11 - 5);
        // q = 9: cell 4, segment 1, t = -3; the tail at the middle of 8..12 is 2 * 5 + 7.
        assert_eq!(t.at(9i64), 23 + 17);
        // Beyond 16 only the tail.
        assert_eq!((t.at(16i64), t.at(-17i64)), (2 * 9 + 7, -5));
        for q in -20..20i64 {
            assert_eq!(t.at(i128::from(q)), i128::from(t.at(q)));
        }
    }
}
