//! Tables, quotients and roots.

use super::*;
use crate::gadget::piecewise::{Piecewise, Sides, Tail};

struct Table(Piecewise);
impl Use for Table {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.piecewise(&x[0], &self.0)
    }
}

struct Quotient(Option<u32>);
impl Use for Quotient {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.div(&x[0], &x[1], self.0)
    }
}

/// By a divisor that is known.
struct Fraction(i64);
impl Use for Fraction {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        let divisor = a.constant(Int::from(self.0));
        a.div(&x[0], &divisor, None)
    }
}

struct Root(i64);
impl Use for Root {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.sqrt(&x[0], Int::from(self.0))
    }
}

/// `100 * sign + magnitude`.
struct SignMagnitude;
impl Use for SignMagnitude {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        let (sign, magnitude) = a.sign_magnitude(&x[0])?;
        a.linear([(Int::from(100), &sign), (Int::ONE, &magnitude)].into_iter(), Int::ZERO)
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
    let all = exponentials::Exponentials { table: &line }.terms(vec![&wide(0, 3), &wide(0, 4)]).unwrap();
    assert!(all.values.iter().all(|n| *n > 60));
}

#[test]
fn quotients_of_every_sign() {
    for (a, b) in
        [((-16, 15), (1, 4)), ((-64, 63), (3, 10)), ((0, 31), (5, 5)), ((-8, 7), (20, 27)), ((-32, -1), (2, 9))]
    {
        for x in points(a.0, a.1) {
            for y in points(b.0, b.1) {
                verify(&Quotient(None), &[interval(a.0, a.1), interval(b.0, b.1)], &[x, y], x.div_euclid(y));
            }
        }
    }
    for divisor in [1, 2, 3, 7, 8] {
        for x in -16..16i64 {
            verify(&Fraction(divisor), &[interval(-16, 15)], &[x], x.div_euclid(divisor));
        }
    }
}

#[test]
fn a_quotient_that_is_known_to_be_small_has_few_bits_and_no_others() {
    let intervals = [interval(-64, 63), interval(1, 8)];
    for (x, y) in [(-64, 8), (63, 8), (7, 1), (-8, 1), (0, 3)] {
        verify(&Quotient(Some(3)), &intervals, &[x, y], x.div_euclid(y));
    }
    for (x, y) in [(8, 1), (-9, 1), (63, 2)] {
        let (build, _, _) = synthesize(Build::new(), &Quotient(Some(3)), &intervals, None);
        let (assign, _, _) = synthesize(Assign::new(), &Quotient(Some(3)), &intervals, Some(&[x, y]));
        assert!(!build.finish().0.unsatisfied(&assign.finish()).is_empty(), "{x} / {y}");
    }
}

#[test]
fn roots_are_the_largest_that_fit() {
    for (lo, hi) in [(0, 63), (9, 40), (0, 1), (100, 227), (5, 8)] {
        for x in points(lo, hi) {
            let root = (x as f64).sqrt().floor() as i64;
            verify(&Root(0), &[interval(lo, hi)], &[x], root);
        }
    }
    // A least value that the interval does not tell.
    for x in [4, 5, 8, 9, 31] {
        verify(&Root(4), &[interval(-32, 31)], &[x], (x as f64).sqrt().floor() as i64);
    }
    for x in [-1, -32, 3, 0] {
        let i = [interval(-32, 31)];
        let (build, _, _) = synthesize(Build::new(), &Root(4), &i, None);
        let (assign, _, _) = synthesize(Assign::new(), &Root(4), &i, Some(&[x]));
        assert!(!build.finish().0.unsatisfied(&assign.finish()).is_empty(), "{x}");
    }
}

#[test]
fn divisors_of_every_sign() {
    for (lo, hi) in [(-16, 15), (0, 15), (-16, -1), (1, 8), (-8, 0), (3, 4)] {
        for x in points(lo, hi) {
            let sign = if x < 0 { -1 } else { 1 };
            verify(&SignMagnitude, &[interval(lo, hi)], &[x], 100 * sign + x.abs().max(1));
        }
    }
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
    assert!(matches!(normalize::Normalize { table: &table }.cost(&interval(0, 7)), Err(ArithError::Domain(_))));
    assert!(matches!(normalize::Normalize { table: &table }.cost(&interval(1, 32)), Err(ArithError::Domain(_))));
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
fn divisors_below_one_and_roots_of_negative_values_are_refused() {
    assert!(matches!(div::Div { within: None }.cost((&interval(0, 9), &interval(0, 4))), Err(ArithError::Domain(_))));
    assert!(matches!(sqrt::Sqrt { least: Int::from(-1) }.cost(&interval(-1, 9)), Err(ArithError::Domain(_))));
    let wide = Interval { lo: Int::ZERO, hi: crate::number::interval::pow2(249) };
    assert!(matches!(
        div::Div { within: None }.cost((&wide, &Interval { lo: Int::ONE, ..wide })),
        Err(ArithError::Overflow { .. })
    ));
    let slope = table(Sides::Even, 0, (2, 0), 1, 1 << 40);
    assert!(matches!(slope.bound(&wide), Err(ArithError::Overflow { .. })));
}
