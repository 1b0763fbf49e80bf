//! The gadgets of comparisons: over small intervals everything is tried, every witness included.

use ark_bn254::Fr;

use super::{
    tests::{Use, interval, points, verify},
    *,
};
use crate::{
    arith::{
        Arith,
        r1cs::{Accumulate, Assign, Build, R1cs, Wire},
    },
    gadget::FieldCs,
    number::{ArithError, Cut, Int, Interval, field::to_field, interval::pow2},
    prove::Matrices,
};

struct Clip(Cut, i64, i64);
impl Use for Clip {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.clip(&x[0], self.0, Int::from(self.1), Int::from(self.2))
    }
}

/// With a slope that is known, or that is the second input.
struct Leaky(Option<i64>, i64, Cut);
impl Use for Leaky {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        let slope = match self.0 {
            Some(slope) => a.constant(Int::from(slope)),
            None => x[1].clone(),
        };
        a.leaky(&x[0], &slope, Int::from(self.1), self.2)
    }
}

struct Abs(Cut);
impl Use for Abs {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.abs(&x[0], self.0)
    }
}

struct Sign;
impl Use for Sign {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.sign(&x[0])
    }
}

struct NonNegative;
impl Use for NonNegative {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.is_non_negative(&x[0])
    }
}

struct IsZero;
impl Use for IsZero {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.is_zero(&x[0])
    }
}

struct Square;
impl Use for Square {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.square(&x[0])
    }
}

struct Select;
impl Use for Select {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.select(&x[0], &x[1], &x[2])
    }
}

fn cut(shift: u32, saturate: Option<u32>) -> Cut {
    Cut { shift, saturate, width: None }
}

/// A prover that tries everything: every bit both ways, and small numbers for every other variable that is no product.
#[derive(Default)]
struct Tape {
    assign: Assign,
    /// For every choice, the one taken and how many there are.
    choices: Vec<(usize, usize)>,
    next: usize,
}

impl Tape {
    fn choose(&mut self, of: usize) -> usize {
        if self.next == self.choices.len() {
            self.choices.push((0, of));
        }
        self.next += 1;
        self.choices[self.next - 1].0
    }

    /// The next run, if there is one.
    fn advance(&mut self) -> bool {
        self.next = 0;
        while let Some((taken, of)) = self.choices.pop() {
            if taken + 1 < of {
                self.choices.push((taken + 1, of));
                return true;
            }
        }
        false
    }
}

impl Cs for Tape {
    type W = Int;
    fn linear(&mut self, terms: &[(Int, &Int)], constant: Int) -> Int {
        self.assign.linear(terms, constant)
    }
    fn value(&self, w: &Int) -> Option<Int> {
        Some(*w)
    }
    fn witness(&mut self, honest: Option<Int>) -> Int {
        let tried = [honest.unwrap(), Int::ZERO, Int::ONE, -Int::ONE, -honest.unwrap(), Int::from(2)];
        let value = tried[self.choose(tried.len())];
        self.assign.witness(Some(value))
    }
    fn boolean(&mut self, _: Option<Int>) -> Int {
        let bit = self.choose(2);
        self.assign.witness(Some(Int::from(bit as u64)))
    }
    fn product(&mut self, a: &Int, b: &Int) -> Int {
        self.assign.witness(Some(*a * *b))
    }
    fn enforce(&mut self, _: &Int, _: &Int, _: &Int) {}
    fn inverse(&mut self, x: &Int, rhs: &Int) {
        self.assign.inverse(x, rhs);
    }
    fn label(&mut self, _: &'static str) {}
}

impl FieldCs for Tape {
    type F = Fr;
    fn instance(&mut self, value: Option<Int>) -> Int {
        self.assign.instance(value)
    }
    fn lift(&mut self, w: &Int) -> Fr {
        to_field(*w)
    }
    fn field_linear(&mut self, terms: &[(Fr, &Fr)], constant: Fr) -> Fr {
        self.assign.field_linear(terms, constant)
    }
    fn combine(&mut self, _: &[(Fr, &Int)], value: Int) -> Int {
        value
    }

    fn field_product(&mut self, a: &Fr, b: &Fr) -> Fr {
        self.assign.field_product(a, b)
    }
    fn field_witness(&mut self, value: Option<Fr>) -> Fr {
        self.assign.field_witness(value)
    }
    fn field_output(&mut self, f: &Fr) {
        self.assign.field_output(f);
    }
}

impl Accumulate for Tape {
    fn accumulate(&mut self, sum: &mut Int, c: Int, w: &Int) {
        *sum += c * *w;
    }
    fn accumulate_constant(&mut self, sum: &mut Int, c: Int) {
        *sum += c;
    }
    fn deferred(&mut self, a: &Int, b: &Int) -> Int {
        self.product(a, b)
    }
    fn close(&mut self, sum: Int) -> Int {
        sum
    }
    fn at(&mut self, _: usize) {}
}

/// The gadget alone, whose inputs are public and not checked.
fn bare<C: Accumulate, U: Use>(cs: C, u: &U, intervals: &[Interval], values: &[i64]) -> (C, C::W) {
    let mut a = R1cs::new(cs);
    let wires: Vec<Wire<C::W>> = intervals
        .iter()
        .zip(values)
        .map(|(interval, x)| {
            let measure = crate::number::Measure { interval: *interval, terms: 1 };
            Wire { measure, w: a.cs.instance(Some(Int::from(*x))) }
        })
        .collect();
    let y = u.apply(&mut a, &wires).unwrap();
    (a.cs, y.w)
}

/// Tries every witness: those that the constraints accept give this result, and one does.
fn only<U: Use>(u: &U, intervals: &[Interval], values: &[i64], expected: i64) {
    let matrices: Matrices = bare(Build::new(), u, intervals, values).0.finish().0;
    let mut tape = Tape { assign: Assign::new(), ..Tape::default() };
    let mut accepted = 0;
    loop {
        let (mut run, y) = bare(tape, u, intervals, values);
        let z = std::mem::replace(&mut run.assign, Assign::new()).finish();
        if matrices.unsatisfied(&z).is_empty() {
            accepted += 1;
            assert_eq!(y, Int::from(expected), "another result is accepted at {values:?} of {intervals:?}");
        }
        tape = run;
        if !tape.advance() {
            break;
        }
    }
    assert!(accepted > 0, "nothing is accepted at {values:?} of {intervals:?}");
}

/// Intervals of few bits, on every side of zero, with ends at and off powers of two.
const SMALL: [(i64, i64); 12] =
    [(-4, 3), (-3, 5), (-5, 2), (0, 6), (-6, 0), (-1, 0), (0, 1), (-1, 1), (-1, 4), (-4, 1), (2, 5), (-5, -2)];

/// Larger ones, for what is not tried exhaustively.
const LARGE: [(i64, i64); 6] = [(-128, 127), (-100, 1), (-1, 100), (0, 200), (-200, -3), (-37, 91)];

/// Every mutation at every value of the small intervals, and at the ends of the large ones; every witness for those tried.
fn everywhere<U: Use>(u: &U, tried: &[(i64, i64)], expected: impl Fn(i64) -> i64) {
    for (lo, hi) in tried {
        for x in *lo..=*hi {
            only(u, &[interval(*lo, *hi)], &[x], expected(x));
        }
    }
    for (lo, hi) in SMALL {
        for x in lo..=hi {
            verify(u, &[interval(lo, hi)], &[x], expected(x));
        }
    }
    for (lo, hi) in LARGE {
        for x in points(lo, hi) {
            verify(u, &[interval(lo, hi)], &[x], expected(x));
        }
    }
}

/// `clamp(floor((q + 2^(k-1)) / 2^k))`, with nothing of the library.
fn rescaled(q: i64, shift: u32, saturate: Option<u32>) -> i64 {
    let y = if shift == 0 { q } else { (2 * q + (1 << shift)).div_euclid(2 << shift) };
    saturate.map_or(y, |b| y.clamp(-(1 << b), (1 << b) - 1))
}

#[test]
fn clip_over_all_ends() {
    for (lo, hi) in SMALL {
        for shift in [0, 1, 2] {
            for bottom in -4..=4 {
                for top in bottom..=5 {
                    let u = Clip(cut(shift, None), bottom, top);
                    for x in lo..=hi {
                        let expected = rescaled(x, shift, None).clamp(bottom, top);
                        only(&u, &[interval(lo, hi)], &[x], expected);
                    }
                    let ends = [lo, hi, bottom.clamp(lo, hi), top.clamp(lo, hi)];
                    for x in ends {
                        verify(&u, &[interval(lo, hi)], &[x], rescaled(x, shift, None).clamp(bottom, top));
                    }
                }
            }
        }
    }
}

#[test]
fn clip_of_large_values_by_every_kind_of_constant() {
    let ends =
        [(0, 96), (-16, 16), (-3, 80), (-127, 126), (5, 6), (0, 85), (-64, 63), (-200, 40), (-9, 300), (250, 300)];
    for (lo, hi) in LARGE {
        for (bottom, top) in ends {
            for (shift, saturate) in [(0, None), (3, None), (1, Some(4)), (0, Some(6))] {
                let mut near = points(lo, hi);
                let edges = [bottom, top].into_iter().flat_map(|end| (-9..10).map(move |d| (end << shift) + d));
                near.extend(edges.filter(|x| (lo..=hi).contains(x)).step_by(3));
                for x in near {
                    let expected = rescaled(x, shift, saturate).clamp(bottom, top);
                    verify(&Clip(cut(shift, saturate), bottom, top), &[interval(lo, hi)], &[x], expected);
                }
            }
        }
    }
}

#[test]
fn leaky_with_every_kind_of_known_slope() {
    for (slope, unit) in [(1, 4), (3, 4), (2, 4), (0, 2), (0, 1), (-1, 1), (-3, 4), (5, 4), (4, 4), (7, 2)] {
        for (shift, saturate) in [(0, None), (1, None), (3, None), (1, Some(1)), (0, Some(2))] {
            let raw = |x: i64| if x >= 0 { unit * x } else { slope * x };
            let expected = |x: i64| rescaled(raw(x), shift, saturate);
            let tried: &[(i64, i64)] = if saturate.is_none() && shift < 2 { &[(-3, 2), (-1, 1)] } else { &[] };
            everywhere(&Leaky(Some(slope), unit, cut(shift, saturate)), tried, expected);
        }
    }
}

#[test]
fn leaky_with_a_private_slope() {
    for (lo, hi) in [(-4, 3), (-3, 5), (0, 6), (-6, 0), (-1, 1)] {
        for (least, most) in [(-2, 1), (1, 3), (0, 1)] {
            for (shift, saturate) in [(0, None), (1, None), (2, Some(1))] {
                let intervals = [interval(lo, hi), interval(least, most)];
                for x in lo..=hi {
                    for slope in least..=most {
                        let raw = if x >= 0 { 2 * x } else { slope * x };
                        let expected = rescaled(raw, shift, saturate);
                        let u = Leaky(None, 2, cut(shift, saturate));
                        verify(&u, &intervals, &[x, slope], expected);
                        if shift == 0 {
                            only(&u, &intervals, &[x, slope], expected);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn abs_over_all_forms() {
    for (shift, saturate) in [(0, None), (1, None), (2, None), (3, None), (9, None), (0, Some(1)), (1, Some(2))] {
        everywhere(&Abs(cut(shift, saturate)), &SMALL, |x| rescaled(x.abs(), shift, saturate));
    }
}

#[test]
fn sign_zero_test_comparison_and_square_over_all_forms() {
    everywhere(&Sign, &SMALL, i64::signum);
    everywhere(&NonNegative, &SMALL, |x| i64::from(x >= 0));
    everywhere(&IsZero, &SMALL, |x| i64::from(x == 0));
    everywhere(&Square, &SMALL, |x| x * x);
}

#[test]
fn select_over_all_forms() {
    for (c, a, b) in
        [((0, 1), (-3, 4), (2, 6)), ((1, 1), (-3, 4), (2, 6)), ((0, 0), (-3, 4), (2, 6)), ((0, 1), (5, 5), (-2, -2))]
    {
        for condition in c.0..=c.1 {
            for x in a.0..=a.1 {
                for y in b.0..=b.1 {
                    let intervals = [interval(c.0, c.1), interval(a.0, a.1), interval(b.0, b.1)];
                    let expected = if condition == 1 { x } else { y };
                    verify(&Select, &intervals, &[condition, x, y], expected);
                    only(&Select, &intervals, &[condition, x, y], expected);
                }
            }
        }
    }
}

#[test]
fn known_counts() {
    let a = interval(-1000, 1000);
    let count = |cost: Result<crate::number::Cost, ArithError>| cost.unwrap().constraints;
    assert_eq!(count(abs::Abs { cut: cut(4, None) }.cost(&a)), 10 + 1);
    assert_eq!(count(sign::Sign.cost(&a)), 10 + 3);
    assert_eq!(count(is_non_negative::IsNonNegative.cost(&a)), 10 + 1);
    assert_eq!(count(is_zero::IsZero.cost(&a)), 2);
    assert_eq!(count(square::Square.cost(&a)), 1);
    assert_eq!(count(is_non_negative::IsNonNegative.cost(&interval(-1, 1000))), 2);
    assert_eq!(count(is_non_negative::IsNonNegative.cost(&interval(-1, 0))), 0);
}

#[test]
fn what_is_as_wide_as_the_field_is_refused_or_right() {
    let wide = Interval { lo: -pow2(249), hi: pow2(249) };
    assert!(abs::Abs { cut: Cut::default() }.cost(&wide).is_ok());
    assert!(sign::Sign.cost(&wide).is_ok());
    assert!(is_non_negative::IsNonNegative.cost(&wide).is_ok());
    assert!(clip::Clip { cut: Cut::default(), lo: Int::ZERO, hi: Int::from(6) }.cost(&wide).is_ok());
    assert_eq!(square::Square.bound(&wide), Err(ArithError::Overflow { bits: 500 }));
    let error = leaky::Leaky { unit: Int::from(4), cut: Cut::default() }.cost((&wide, &interval(1, 1)));
    assert_eq!(error, Err(ArithError::Overflow { bits: 253 }));
}
