//! Quotients, roots and tables: a prover that fills in another quotient, root, segment or sign, and everything after it to
//! match.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::Field;
use zkml::{
    arith::r1cs::Build,
    dev::dishonest::{Dishonest, Truth},
    gadget::{
        Div, Exponentials, FieldCs, Gadget, Piecewise, Sqrt,
        bits::range,
        table::segments::{Sides, Tail},
    },
    number::{Int, Interval},
    prove::Matrices,
};

/// A gadget on public inputs of these intervals, with a public output.
pub trait Subject {
    fn intervals(&self) -> Vec<Interval>;
    fn enforce<C: FieldCs>(&self, cs: &mut C, inputs: &[(&C::W, &Interval)]) -> C::W;

    fn run<C: FieldCs>(&self, cs: &mut C, values: Option<&[i64]>, start: impl FnOnce(&mut C)) {
        let intervals = self.intervals();
        let inputs: Vec<C::W> = intervals
            .iter()
            .enumerate()
            .map(|(i, interval)| {
                let w = cs.instance(values.map(|v| Int::from(v[i])));
                range::enforce(cs, &w, interval);
                w
            })
            .collect();
        start(cs);
        let inputs: Vec<(&C::W, &Interval)> = inputs.iter().zip(&intervals).collect();
        let y = self.enforce(cs, &inputs);
        let f = cs.lift(&y);
        cs.field_output(&f);
    }

    fn matrices(&self) -> Matrices {
        let mut build = Build::new();
        self.run(&mut build, None, |_| {});
        build.finish().0
    }

    /// The witness with these lies about the gadget's own variables, and how many those are.
    fn assignment(&self, values: &[i64], lies: &[(usize, i64)]) -> (Vec<Fr>, usize) {
        let mut first = 0;
        self.run(&mut Dishonest::new(Truth), Some(values), |cs| first = cs.witnesses());
        let told: BTreeMap<usize, Int> = lies.iter().map(|(at, lie)| (first + at, Int::from(*lie))).collect();
        let mut prover = Dishonest::new(told);
        self.run(&mut prover, Some(values), |_| {});
        let own = prover.witnesses() - first;
        (prover.finish(), own)
    }

    /// Whether a witness with these lies is accepted.
    fn accepts(&self, values: &[i64], lies: &[(usize, i64)]) -> bool {
        self.matrices().unsatisfied(&self.assignment(values, lies).0).is_empty()
    }
}

pub fn interval(lo: i64, hi: i64) -> Interval {
    Interval { lo: Int::from(lo), hi: Int::from(hi) }
}

/// The bits of a lie, from a variable on.
fn bits(first: usize, n: usize, value: i64) -> Vec<(usize, i64)> {
    (0..n).map(|i| (first + i, value >> i & 1)).collect()
}

/// `floor(a / b)` with `0 <= a < 64` and `1 <= b <= 8`: six bits of the quotient, the product, three bits of the remainder
/// and three of its distance from the divisor, of which the lowest is what the others leave.
struct Quotient;

impl Subject for Quotient {
    fn intervals(&self) -> Vec<Interval> {
        vec![interval(0, 63), interval(1, 8)]
    }
    fn enforce<C: FieldCs>(&self, cs: &mut C, inputs: &[(&C::W, &Interval)]) -> C::W {
        Div { within: None }.enforce(cs, (inputs[0], inputs[1])).unwrap()
    }
}

#[test]
fn a_remainder_is_not_the_divisor_or_more() {
    assert!(Quotient.accepts(&[17, 5], &[]));
    assert!(Quotient.accepts(&[17, 5], &bits(0, 6, 3)), "the honest quotient, filled the same way");
    for quotient in [0, 1, 2] {
        assert!(!Quotient.accepts(&[17, 5], &bits(0, 6, quotient)), "{quotient}");
    }
    // The remainder is the divisor itself.
    assert!(!Quotient.accepts(&[15, 5], &bits(0, 6, 2)));
}

#[test]
fn a_remainder_is_not_negative() {
    for quotient in [4, 5, 12, 63] {
        assert!(!Quotient.accepts(&[17, 5], &bits(0, 6, quotient)), "{quotient}");
    }
}

#[test]
fn a_quotient_is_not_one_in_the_field() {
    // 17 / 5 as a field element, as a single bit of the quotient; then the remainder is zero, and four below the divisor less one.
    let quotient = Fr::from(17u64) * Fr::from(5u64).inverse().unwrap();
    let m = Quotient.matrices();
    let (mut forged, _) = Quotient.assignment(&[17, 5], &[]);
    assert!(m.unsatisfied(&forged).is_empty());
    // One, two inputs and the output; then the inputs' bits: six, and three with two products for 1..=8.
    let inputs = range::cost(&interval(0, 63)).unwrap() + range::cost(&interval(1, 8)).unwrap();
    let first = m.instance + inputs.witnesses;
    forged[first] = quotient;
    (1..6).for_each(|i| forged[first + i] = Fr::from(0u64));
    forged[first + 6] = Fr::from(17u64);
    (7..9).for_each(|i| forged[first + i] = Fr::from(0u64));
    (9..11).for_each(|i| forged[first + i] = Fr::from(4u64 >> (i - 8) & 1));
    forged[3] = quotient;
    let broken = m.unsatisfied(&forged);
    assert_eq!(broken.len(), 1, "only the bit that is none should be amiss, found {broken:?}");
}

/// `floor(sqrt(a))` with `0 <= a < 64`: three bits of the root, its square, four bits of the rest and of its distance from twice the root.
struct Root;

impl Subject for Root {
    fn intervals(&self) -> Vec<Interval> {
        vec![interval(0, 63)]
    }
    fn enforce<C: FieldCs>(&self, cs: &mut C, inputs: &[(&C::W, &Interval)]) -> C::W {
        Sqrt { least: Int::ZERO }.enforce(cs, inputs[0]).unwrap()
    }
}

#[test]
fn a_root_is_not_off_by_one() {
    for a in 0..64i64 {
        let root = (a as f64).sqrt().floor() as i64;
        for claim in 0..8 {
            assert_eq!(Root.accepts(&[a], &bits(0, 3, claim)), claim == root, "{claim} as the root of {a}");
        }
    }
}

/// A table with four segments of four cells of two values, and tails: the sign, six bits, one product of selectors, the
/// polynomial's, the value after the gate, its hint, and the slope's.
struct Table(Sides);

impl Table {
    fn table(&self) -> Piecewise {
        let pieces = vec![vec![3, 1], vec![9, -1], vec![-4, 2], vec![6, -2]];
        let tail = Tail { negative: 5, positive: -7, slope: 0, drop: 0 };
        Piecewise::new((0, 0), 1, 4, self.0, pieces, tail).unwrap()
    }
}

impl Subject for Table {
    fn intervals(&self) -> Vec<Interval> {
        vec![interval(-128, 127)]
    }
    fn enforce<C: FieldCs>(&self, cs: &mut C, inputs: &[(&C::W, &Interval)]) -> C::W {
        self.table().enforce(cs, inputs[0]).unwrap()
    }
}

#[test]
fn a_selector_is_a_bit() {
    // 20 is 10100: its fourth bit is two and its fifth zero, or its third is six. The sum is the same.
    let table = Table(Sides::Even);
    assert!(table.accepts(&[20], &bits(1, 7, 20)));
    for lies in [[(4, 2), (5, 0)], [(3, 5), (5, 0)], [(3, 3), (4, -1)]] {
        assert!(!table.accepts(&[20], &lies), "{lies:?}");
    }
}

#[test]
fn a_sign_is_that_of_the_value() {
    for sides in [Sides::Odd, Sides::Negative, Sides::Positive, Sides::Even] {
        for x in [-128, -20, -1, 0, 1, 20, 127i64] {
            let u = if x < 0 { -1 - x } else { x };
            let positive = i64::from(x >= 0);
            let claim = |sign: i64, u: i64| {
                let mut lies = bits(1, 7, u);
                lies.push((0, sign));
                Table(sides).accepts(&[x], &lies)
            };
            assert!(claim(positive, u));
            for other in [u, x.abs(), -x, x.abs() - 1, u + 1, 127 - u] {
                assert!(!claim(1 - positive, other), "{x} as {other}, {sides:?}");
            }
        }
    }
}

#[test]
fn a_value_beyond_the_segments_has_its_tail_and_one_within_has_not() {
    // After sign and bits: the selectors' product, the polynomial's, and the value after the gate.
    let (gate, table) = (10, Table(Sides::Even));
    let value = |x: i64| table.table().at(x) - if x < 0 { 5 } else { -7 };
    for x in [-128, -40, 40, 127, -20, 20, 3] {
        assert!(table.accepts(&[x], &[(gate, value(x))]), "{x}");
        for lie in [-9, -1, 0, 1, 4, 9].into_iter().filter(|lie| *lie != value(x)) {
            assert!(!table.accepts(&[x], &[(gate, lie)]), "{lie} at {x}");
        }
    }
}

/// The largest of three values.
struct Largest;

impl Subject for Largest {
    fn intervals(&self) -> Vec<Interval> {
        vec![interval(-4, 3); 3]
    }
    fn enforce<C: FieldCs>(&self, cs: &mut C, inputs: &[(&C::W, &Interval)]) -> C::W {
        let table = Piecewise::new((0, 0), 0, 2, Sides::Positive, vec![vec![9, -2]], Tail::default()).unwrap();
        Exponentials { table: &table }.enforce(cs, inputs.to_vec()).unwrap().max
    }
}

#[test]
fn a_largest_value_is_one_of_the_values_and_no_other_is_larger() {
    for values in [[1, 3, -2], [0, 0, 0], [-4, -4, 2]] {
        let max = *values.iter().max().unwrap();
        for claim in -5..5 {
            assert_eq!(Largest.accepts(&values, &[(0, claim)]), claim == max, "{claim} of {values:?}");
        }
    }
}
