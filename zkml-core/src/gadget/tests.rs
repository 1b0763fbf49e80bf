//! Every gadget: constraints hold exactly for what `eval` says, cost what `cost` says, and refuse every mutation.

mod nonlinear;
mod products;
mod requests;

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::{
    arith::{
        Arith,
        counts::Counts,
        ints::Ints,
        r1cs::{Accumulate, Assign, Build, R1cs, Wire},
    },
    dev::tamper::Harness,
    gadget::FieldCs,
    number::{ArithError, Cost, Cut, Int, Interval, Measure},
};

/// A use of gadgets, over any reading.
pub(super) trait Use {
    fn apply<A: Arith>(&self, a: &mut A, inputs: &[A::Wire]) -> Result<A::Wire, ArithError>;
}

pub(super) fn synthesize<C: Accumulate, U: Use>(
    cs: C,
    u: &U,
    intervals: &[Interval],
    values: Option<&[i64]>,
) -> (C, Wire<C::W>, usize) {
    let mut a = R1cs::new(cs);
    let inputs: Vec<Wire<C::W>> = intervals
        .iter()
        .enumerate()
        .map(|(i, interval)| a.instance(interval, values.map(|v| Int::from(v[i]))).unwrap())
        .collect();
    let y = u.apply(&mut a, &inputs).unwrap();
    a.publish(&y);
    (a.cs, y, intervals.len())
}

/// Checks a use at these values against `expected`.
pub(super) fn verify<U: Use>(u: &U, intervals: &[Interval], values: &[i64], expected: i64) {
    let (build, _, _) = synthesize(Build::new(), u, intervals, None);
    let (assign, y, _) = synthesize(Assign::new(), u, intervals, Some(values));
    assert_eq!(y.w, Int::from(expected), "at {values:?}");
    assert!(y.measure.interval.contains(y.w));
    let (matrices, _, free) = build.finish();
    let assignment = assign.finish();
    assert_eq!(assignment.len(), matrices.instance + matrices.witness);
    let harness = Harness::new(&matrices, &assignment, &free);
    assert!(harness.holds(), "honest witness refused at {values:?}");
    assert_eq!(harness.run(usize::MAX), vec![], "at {values:?}");
    // Where a range check is tight, `b * (1 - p - b) = 0` is `b^2 = 0`: b is determined, but not to first order.
    let loose = intervals.iter().zip(values).all(|(i, x)| {
        let ends = i.hi - i.lo + Int::ONE;
        ends & (ends - Int::ONE) == Int::ZERO || i.lo == Int::from(*x)
    });
    if loose {
        assert_eq!(harness.freedom(&HashSet::new()), 0, "at {values:?}");
    }

    let mut counts = Counts::new();
    let measures: Vec<Measure> = intervals
        .iter()
        .map(|i| {
            counts.pay("range", range::cost(i).unwrap() + Cost::new(1, 0));
            Measure { interval: *i, terms: 1 }
        })
        .collect();
    let measure = u.apply(&mut counts, &measures).unwrap();
    counts.pay("output", Cost::new(1, 0));
    assert_eq!(counts.total(), Cost::new(matrices.constraints(), matrices.witness));
    assert_eq!(measure, y.measure);
}

struct Rescale(u32, Option<u32>);
impl Use for Rescale {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.rescale(&x[0], Cut { shift: self.0, saturate: self.1, width: None })
    }
}

struct Relu(u32, Option<u32>);
impl Use for Relu {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.relu(&x[0], Cut { shift: self.0, saturate: self.1, width: None })
    }
}

struct Max;
impl Use for Max {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.max(&x[0], &x[1])
    }
}

struct Argmax;
impl Use for Argmax {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.argmax(x)
    }
}

struct Product;
impl Use for Product {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        let p = a.mul(&x[0], &x[1])?;
        a.dot([(&x[0], &x[1]), (&x[1], &x[1])].into_iter(), Some(&p))
    }
}

struct Settle;
impl Use for Settle {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        let sum = a.linear([(Int::from(1), &x[0]), (Int::from(2), &x[1])].into_iter(), Int::ZERO)?;
        let s = a.settle(&sum, 10_000)?;
        a.linear([(Int::from(3), &s)].into_iter(), Int::from(-1))
    }
}

pub(super) fn interval(lo: i64, hi: i64) -> Interval {
    Interval { lo: Int::from(lo), hi: Int::from(hi) }
}

/// Intervals on every side of zero, and values at their ends and within.
fn intervals() -> Vec<(i64, i64)> {
    vec![(-8, 7), (0, 15), (-1, 100), (-100, 1), (-100, -3), (5, 90), (-128, 127), (-1, 0), (3, 4)]
}

pub(super) fn points(lo: i64, hi: i64) -> Vec<i64> {
    let mut p = vec![lo, lo + 1, (lo + hi) / 2, hi - 1, hi, 0, -1, 1];
    p.retain(|x| (lo..=hi).contains(x));
    p.sort_unstable();
    p.dedup();
    p
}

#[test]
fn rescale_over_all_forms() {
    for (lo, hi) in intervals() {
        for shift in [0, 1, 3, 9] {
            for saturate in [None, Some(1), Some(3), Some(5)] {
                for x in points(lo, hi) {
                    let y = Cut::by(shift, saturate).apply(x);
                    verify(&Rescale(shift, saturate), &[interval(lo, hi)], &[x], y);
                }
            }
        }
    }
}

#[test]
fn relu_over_all_forms() {
    for (lo, hi) in intervals() {
        for shift in [0, 1, 3, 9] {
            for saturate in [None, Some(1), Some(3), Some(5)] {
                for x in points(lo, hi) {
                    verify(&Relu(shift, saturate), &[interval(lo, hi)], &[x], Cut::by(shift, saturate).apply(x).max(0));
                }
            }
        }
    }
}

struct Narrow(bool, Cut);
impl Use for Narrow {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        if self.0 { a.relu(&x[0], self.1) } else { a.rescale(&x[0], self.1) }
    }
}

/// Every value of the interval is proved as it is computed, or refused by integers and constraints alike.
fn widths(lo: i64, hi: i64, cut: Cut) -> usize {
    let i = interval(lo, hi);
    if cut.narrow(&i).is_err() {
        let refused = Counts::new().rescale(&Measure { interval: i, terms: 1 }, cut).is_err();
        assert!(refused && (lo..=hi).all(|x| Ints::<i64>::new().rescale(&x, cut).is_err()), "{cut:?} of {lo}..={hi}");
        return 0;
    }
    let mut refused = 0;
    for rectify in [false, true] {
        let u = Narrow(rectify, cut);
        let (build, _, _) = synthesize(Build::new(), &u, &[i], None);
        let (matrices, _, _) = build.finish();
        for x in lo..=hi {
            let mut a = Ints::<i64>::new();
            let y = u.apply(&mut a, &[x]);
            assert_eq!(y, u.apply(&mut Ints::<Int>::new(), &[Int::from(x)]).map(Int::as_i64));
            let (assign, _, _) = synthesize(Assign::new(), &u, &[i], Some(&[x]));
            let holds = matrices.unsatisfied(&assign.finish()).is_empty();
            assert_eq!(holds, y.is_ok(), "{x} of {lo}..={hi}, {cut:?}");
            match y {
                Ok(y) if points(lo, hi).contains(&x) => verify(&u, &[i], &[x], y),
                Ok(_) => {}
                Err(error) => {
                    refused += 1;
                    assert_eq!(error, ArithError::Beyond { value: Int::from(x), cut });
                    assert!(!cut.narrow(&i).unwrap().contains(Int::from(x)));
                }
            }
        }
    }
    refused
}

#[test]
fn a_width_is_enforced_in_every_form_and_to_the_last_value() {
    let mut refused = 0;
    for (lo, hi) in intervals() {
        for (shift, saturate) in [(0, None), (2, None), (4, None), (0, Some(2)), (1, Some(3)), (3, Some(1))] {
            for width in [0, 2, 3, 5, 6, 9] {
                refused += widths(lo, hi, Cut { shift, saturate, width: Some(width) });
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn a_width_says_by_how_much_a_value_exceeds_it() {
    let cut = Cut { shift: 2, saturate: None, width: Some(4) };
    assert_eq!(cut.ends(), (Int::from(-18), Int::from(13)));
    for (value, beyond) in [(-18, 0), (13, 0), (14, 1), (-20, 2)] {
        assert_eq!(cut.beyond(Int::from(value)), Int::from(beyond));
    }
    let error = cut.admit(20i64).unwrap_err();
    assert_eq!(error.to_string(), "the value 20 lies 7 beyond the -18 to 13 that its decomposition holds");
    // A width that excludes nothing costs nothing.
    let (narrow, wide) = (interval(-18, 13), interval(-18, 14));
    assert_eq!(rescale::Rescale { cut }.cost(&narrow), rescale::Rescale { cut: cut.without_width() }.cost(&narrow));
    assert_eq!(rescale::Rescale { cut }.cost(&wide).unwrap(), Cost::new(5, 4));
    assert_eq!(relu::Relu { cut }.cost(&wide).unwrap(), Cost::new(4 + 2, 4 + 1));
}

#[test]
fn relu_costs_two_more_than_its_bits() {
    // An accumulator of 10 bits and a sign.
    let cost = relu::Relu { cut: Cut { shift: 4, ..Cut::default() } }.cost(&interval(-1000, 1000)).unwrap();
    assert_eq!(cost, Cost::new(10 + 2, 10 + 1));
}

#[test]
fn max_of_two() {
    for (a, b) in [((-8, 7), (0, 15)), ((-5, -3), (1, 4)), ((1, 4), (-5, -3)), ((0, 255), (0, 255))] {
        for x in points(a.0, a.1) {
            for y in points(b.0, b.1) {
                verify(&Max, &[interval(a.0, a.1), interval(b.0, b.1)], &[x, y], x.max(y));
            }
        }
    }
}

#[test]
fn products_and_settled_sums() {
    for (x, y) in [(0, 0), (3, -4), (-8, 7)] {
        verify(&Product, &[interval(-8, 7), interval(-8, 7)], &[x, y], 2 * x * y + y * y);
    }
    for x in [-8, 0, 7] {
        verify(&Settle, &[interval(-8, 7); 2], &[x, 3], 3 * (x + 6) - 1);
    }
}

#[test]
fn range_admits_its_ends_and_nothing_beyond() {
    struct Same;
    impl Use for Same {
        fn apply<A: Arith>(&self, _: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
            Ok(x[0].clone())
        }
    }
    for (lo, hi) in [(0, 255), (0, 16), (-3, 9), (0, 1), (10, 15), (-128, 127), (0, 20), (0, 44)] {
        for x in points(lo, hi) {
            verify(&Same, &[interval(lo, hi)], &[x], x);
        }
        for x in [lo - 1, hi + 1, hi + 7, lo - 100] {
            let (build, _, _) = synthesize(Build::new(), &Same, &[interval(lo, hi)], None);
            let (assign, _, _) = synthesize(Assign::new(), &Same, &[interval(lo, hi)], Some(&[x]));
            let (matrices, _, _) = build.finish();
            let assignment = assign.finish();
            assert!(!matrices.unsatisfied(&assignment).is_empty(), "{x} passed as one of {lo}..={hi}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn argmax_takes_the_first_of_the_largest(values in prop::collection::vec(-5i64..5, 2..6)) {
        let intervals = vec![interval(-8, 7); values.len()];
        verify(&Argmax, &intervals, &values, argmax::eval(&values) as i64);
    }

    #[test]
    fn rescale_of_random_bounds(lo in -5000i64..5000, span in 1i64..5000, at in 0.0f64..1.0, shift in 0u32..8, saturate in prop::option::of(1u32..12)) {
        let x = lo + (at * span as f64) as i64;
        verify(&Rescale(shift, saturate), &[interval(lo, lo + span)], &[x], Cut::by(shift, saturate).apply(x));
        verify(&Relu(shift, saturate), &[interval(lo, lo + span)], &[x], Cut::by(shift, saturate).apply(x).max(0));
    }
}

/// What a dishonest prover tries by hand: each names what it would forge.
mod attacks {
    use ark_bn254::Fr;
    use ark_ff::{Field, One, Zero};

    use super::*;

    fn relu_at(x: i64) -> (crate::prove::Matrices, Vec<Fr>) {
        let i = [interval(-128, 127)];
        let (build, _, _) = synthesize(Build::new(), &Relu(2, None), &i, None);
        let (assign, _, _) = synthesize(Assign::new(), &Relu(2, None), &i, Some(&[x]));
        (build.finish().0, assign.finish())
    }

    #[test]
    fn a_positive_value_is_not_passed_off_as_negative() {
        // Sign bit cleared, its weight moved onto another bit (or left to the lowest, which is no variable), and the
        // output zeroed.
        let (m, honest) = relu_at(100);
        assert!(m.unsatisfied(&honest).is_empty());
        let bits = m.instance + 8 - 1;
        for other in 0..7 {
            let mut forged = honest.clone();
            forged[bits + 7] = Fr::zero();
            if other > 0 {
                forged[bits + other] += Fr::from(128u64 >> other);
            }
            *forged.last_mut().unwrap() = Fr::zero();
            forged[2] = Fr::zero();
            assert!(!m.unsatisfied(&forged).is_empty(), "onto bit {other}");
        }
    }

    #[test]
    fn a_remainder_is_not_borrowed_from_the_quotient() {
        // One less in the quotient, four more in the remainder: the sum holds, the bits do not.
        let (m, honest) = relu_at(100);
        let bits = m.instance + 8 - 1;
        for low in 0..2 {
            let mut forged = honest.clone();
            forged[bits + 2] -= Fr::one();
            // What is not moved onto bit one stays with the lowest, which is no variable.
            if low > 0 {
                forged[bits + low] += Fr::from(4u64 >> low);
            }
            *forged.last_mut().unwrap() -= Fr::one();
            forged[2] -= Fr::one();
            assert!(!m.unsatisfied(&forged).is_empty());
        }
    }

    #[test]
    fn a_quotient_in_the_field_is_not_a_quotient_of_integers() {
        // q / 2^k as a field division, with the remainder zeroed.
        let (m, honest) = relu_at(97);
        let bits = m.instance + 8 - 1;
        let mut forged = honest.clone();
        let quotient = Fr::from(97u64 + 2) * Fr::from(4u64).inverse().unwrap();
        forged[bits + 1] = Fr::zero();
        forged[bits + 2] = quotient;
        (3..7).for_each(|i| forged[bits + i] = Fr::zero());
        *forged.last_mut().unwrap() = quotient;
        forged[2] = quotient;
        assert!(!m.unsatisfied(&forged).is_empty());
    }

    #[test]
    fn no_other_index_of_an_argmax_with_ties_is_accepted() {
        let values = [3i64, 7, 7, -2];
        let i = [interval(-8, 7); 4];
        let (build, _, _) = synthesize(Build::new(), &Argmax, &i, None);
        let (m, _, _) = build.finish();
        // The prover fills everything as if other sums and another value were the answer.
        let fill = |before: [i64; 3], max: i64| {
            let mut cs = Assign::new();
            let wires: Vec<Int> = values.iter().map(|v| cs.instance(Some(Int::from(*v)))).collect();
            for (w, i) in wires.iter().zip(&i) {
                range::enforce(&mut cs, w, i);
            }
            for t in before {
                cs.witness(Some(Int::from(t)));
            }
            let max = cs.witness(Some(Int::from(max)));
            for (x, before) in wires.iter().zip(before.iter().chain([&0])) {
                decompose::enforce(&mut cs, &(max - *x - Int::from(*before)), 4);
            }
            cs.field_output(&crate::number::field::to_field(Int::from(before.iter().sum::<i64>())));
            cs.finish()
        };
        let mut accepted = vec![];
        for (a, b, c) in (0..64).map(|n| (n / 16 - 1, n / 4 % 4 - 1, n % 4 - 1)) {
            for max in [3, 7, 8] {
                if m.unsatisfied(&fill([a, b, c], max)).is_empty() {
                    accepted.push(([a, b, c], max));
                }
            }
        }
        assert_eq!(accepted, [([1, 0, 0], 7)], "the honest one, filled the same way");
    }

    #[test]
    fn an_argmax_has_as_many_entries_a_class_as_it_has_bits() {
        let entries = |n: usize| {
            let (build, _, _) = synthesize(Build::new(), &Argmax, &vec![interval(-8, 7); n], None);
            build.finish().0.abc.iter().flatten().map(Vec::len).sum::<usize>()
        };
        let [one, two, three] = [40, 80, 120].map(entries);
        assert_eq!(three - two, two - one);
    }

    #[test]
    fn a_lowest_bit_that_is_left_over_is_still_a_bit() {
        // Every other set of high bits, zeros and ones as they must be: what is left for the lowest is no bit.
        let x = Int::from(11);
        let mut build = Build::new();
        let wire = FieldCs::instance(&mut build, None);
        decompose::enforce(&mut build, &wire, 5);
        assert_eq!(decompose::cost(5), Cost::new(build.constraints(), build.witnesses()));
        let (m, _, _) = build.finish();
        let accepted: Vec<u64> = (0..16u64)
            .filter(|high| {
                let mut z = vec![Fr::one(), crate::number::field::to_field(x)];
                z.extend((0..4).map(|i| Fr::from(high >> i & 1)));
                m.unsatisfied(&z).is_empty()
            })
            .collect();
        assert_eq!(accepted, [11 >> 1]);
        // And no value beyond has any.
        for beyond in [-1i64, 32, 33, 100] {
            for high in 0..16u64 {
                let mut z = vec![Fr::one(), crate::number::field::to_field(Int::from(beyond))];
                z.extend((0..4).map(|i| Fr::from(high >> i & 1)));
                assert!(!m.unsatisfied(&z).is_empty(), "{beyond} as {high}");
            }
        }
    }

    #[test]
    fn decompositions_as_wide_as_the_field_are_refused() {
        let wide = Interval { lo: -crate::number::interval::pow2(249), hi: crate::number::interval::pow2(249) };
        assert!(relu::Relu { cut: Cut::default() }.cost(&wide).is_ok());
        assert_eq!(decompose::check(253).unwrap_err(), ArithError::Overflow { bits: 253 });
    }
}
