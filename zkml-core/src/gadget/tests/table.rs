//! Functions by piecewise polynomials.

use super::*;
use crate::{
    gadget::{
        self,
        table::segments::{Sides, Tail},
    },
    number::interval::pow2,
};

struct Table(Piecewise);
impl Use for Table {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.piecewise(&x[0], &self.0)
    }
}

/// `100 * e + y`.
struct Exponent(Piecewise);
impl Use for Exponent {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        let (exponent, value) = a.normalize(&x[0], &self.0)?;
        a.linear([(Int::from(100), &exponent), (Int::ONE, &value)].into_iter(), Int::ZERO)
    }
}

/// All exponentials, their sum and the maximum, one after the other.
struct Shifted(Piecewise);
impl Use for Shifted {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        let shifted = a.exponentials(x, &self.0)?;
        let all: Vec<A::Wire> = shifted.values.into_iter().chain([shifted.sum, shifted.max]).collect();
        let terms: Vec<(Int, &A::Wire)> =
            all.iter().enumerate().map(|(i, w)| (Int::from(1i64 << (6 * i)), w)).collect();
        a.linear(terms.into_iter(), Int::ZERO)
    }
}

fn table(sides: Sides, drop: u32, (bits, segments): (u32, u32), degree: usize, slope: i64) -> Piecewise {
    let halves = if sides == Sides::Both { 2 } else { 1 };
    let piece = |i: i64| (0..=degree as i64).map(|j| (i * 5 + j * 3 + 2) % 7 - 3).collect();
    let pieces = (0..i64::from(halves) << segments).map(piece).collect();
    let tail = Tail { negative: -4, positive: 6, slope, drop: drop + 1 };
    Piecewise::new((0, 0), drop, bits, sides, pieces, tail).unwrap()
}

#[test]
fn tables_over_all_forms() {
    for sides in [Sides::Even, Sides::Odd, Sides::Negative, Sides::Positive, Sides::Both] {
        for (drop, cells, degree, slope) in
            [(0, (2, 0), 2, 1), (0, (3, 1), 1, 0), (1, (2, 1), 3, -2), (2, (3, 2), 2, 1), (1, (1, 0), 0, 0)]
        {
            let table = table(sides, drop, cells, degree, slope);
            for (lo, hi) in [(-64, 63), (-8, 7), (0, 31), (-64, -1), (-1, 0), (3, 4), (-2, 100)] {
                for x in points(lo, hi) {
                    verify(&Table(table.clone()), &[interval(lo, hi)], &[x], table.at(x));
                }
            }
        }
    }
}

#[test]
fn every_value_of_a_table_has_a_witness_and_only_one() {
    let table = table(Sides::Both, 1, (3, 1), 2, 3);
    for x in -32..32 {
        verify(&Table(table.clone()), &[interval(-32, 31)], &[x], table.at(x));
    }
}

#[test]
fn the_interval_of_a_table_is_that_of_its_values() {
    for sides in [Sides::Even, Sides::Odd, Sides::Negative, Sides::Positive, Sides::Both] {
        for slope in [-2, 0, 1] {
            let table = table(sides, 1, (3, 1), 2, slope);
            for (lo, hi) in [(-64, 63), (-16, 15), (20, 40), (-40, -20), (-16, 40)] {
                let bound = table.bound(&interval(lo, hi)).unwrap();
                let values: Vec<i64> = (lo..=hi).map(|x| table.at(x)).collect();
                let (least, most) = (*values.iter().min().unwrap(), *values.iter().max().unwrap());
                assert_eq!(bound, interval(least, most), "{sides:?}, slope {slope}, {lo}..={hi}");
            }
        }
    }
}

#[test]
fn a_table_costs_its_bits_its_selection_and_its_products() {
    // 19 bits and a sign; four segments (1 product); degree 2; a gate (2); a slope (1).
    let table = table(Sides::Even, 3, (6, 2), 2, 1);
    let cost = table.cost(&interval(-(1 << 19), (1 << 19) - 1)).unwrap();
    assert_eq!(cost, Cost::new(19 + 2 + 1 + 2 + 2 + 1, 19 + 1 + 1 + 2 + 2 + 1));
}

#[test]
fn a_slope_in_the_wires_own_units_costs_nothing_and_leading_constants_half() {
    let tail = Tail { negative: -4, positive: 6, slope: 3, drop: 0 };
    let of = interval(-128, 127);
    // 7 bits of magnitude and a sign; a gate (2).
    for (degree, products) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3)] {
        let piece = (0..=degree).map(|i| i - 3).collect();
        let table = Piecewise::new((0, 0), 1, 4, Sides::Even, vec![piece], tail).unwrap();
        let each = 7 + 2 + 2 + products;
        assert_eq!(table.cost(&of).unwrap(), Cost::new(each, each - 1), "degree {degree}");
        for x in -128..128 {
            verify(&Table(table.clone()), &[of], &[x], table.at(x));
        }
    }
    // Four segments (1 product) that share the two leading coefficients of four: a square, two products, and one bit for a gate.
    let pieces = (0..4).map(|i| vec![i, 1 - i, i * i, 5, -2]).collect();
    let table = Piecewise::new((0, 0), 1, 5, Sides::Even, pieces, tail).unwrap();
    assert_eq!(table.cost(&of).unwrap().constraints, 7 + 2 + 1 + (1 + 2) + 1);
    for x in -128..128 {
        verify(&Table(table.clone()), &[of], &[x], table.at(x));
    }
}

#[test]
fn the_lowest_bit_of_a_value_with_a_known_sign_is_as_wide_as_the_value() {
    let wide = |lo, hi| Measure { interval: interval(lo, hi), terms: 60 };
    let line = Piecewise::new((0, 0), 0, 3, Sides::Even, vec![vec![1, 2]], Tail::default()).unwrap();
    // A sum of 60 variables as four bits, all of which are in the line's value: its width and the three others at least.
    assert!(line.terms(&wide(0, 7)).unwrap() >= 60 + 2);
    // Without a sign every bit is a variable, and beyond the segments the value is.
    assert!(line.terms(&wide(-8, 7)).unwrap() < 10);
    let all = gadget::Exponentials { table: &line }.terms(vec![&wide(0, 3), &wide(0, 4)]).unwrap();
    assert!(all.values.iter().all(|n| *n > 60));
}

#[test]
fn exponents_and_mantissas() {
    // Mantissas of four bits: two segments of eight.
    let pieces = vec![vec![1, 2], vec![-3, 1]];
    let table = Piecewise::new((4, 0), 0, 4, Sides::Positive, pieces, Tail::default()).unwrap();
    for (lo, hi) in [(1, 16), (1, 2), (4, 11), (16, 31), (8, 15), (5, 5 + 15)] {
        for x in points(lo, hi) {
            let e = i64::from(x.ilog2());
            let mantissa = (x << (4 - e)) - 16;
            verify(&Exponent(table.clone()), &[interval(lo, hi)], &[x], 100 * e + table.at(mantissa));
        }
    }
    assert!(matches!(gadget::Normalize { table: &table }.cost(&interval(0, 7)), Err(ArithError::Domain(_))));
    assert!(matches!(gadget::Normalize { table: &table }.cost(&interval(1, 32)), Err(ArithError::Domain(_))));
}

#[test]
fn exponentials_of_the_distances_from_the_largest() {
    let falling =
        Piecewise::new((0, 0), 0, 2, Sides::Positive, vec![vec![10, -3], vec![4, -1]], Tail::default()).unwrap();
    for values in [[3i64, 1, 3], [0, 0, 0], [-4, 3, -1], [2, 3, -4]] {
        let max = *values.iter().max().unwrap();
        let parts: Vec<i64> = values.iter().map(|x| falling.at(max - x)).collect();
        let all: Vec<i64> = parts.iter().copied().chain([parts.iter().sum(), max]).collect();
        let expected = all.iter().enumerate().map(|(i, y)| y << (6 * i)).sum();
        verify(&Shifted(falling.clone()), &[interval(-4, 3); 3], &values, expected);
    }
}

#[test]
fn a_known_largest_value_is_the_largest() {
    // Beside a constant, no smaller value passes for the maximum.
    struct Known(Piecewise);
    impl Use for Known {
        fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
            let known = a.constant(Int::from(7));
            Ok(a.exponentials(&[x[0].clone(), known], &self.0)?.max)
        }
    }
    let falling = table(Sides::Positive, 0, (2, 0), 1, 0);
    verify(&Known(falling), &[interval(0, 7)], &[3], 7);
}

#[test]
fn a_slope_that_outgrows_the_field_is_refused() {
    let wide = Interval { lo: Int::ZERO, hi: pow2(249) };
    let slope = table(Sides::Even, 0, (2, 0), 1, 1 << 40);
    assert!(matches!(slope.bound(&wide), Err(ArithError::Overflow { .. })));
}
