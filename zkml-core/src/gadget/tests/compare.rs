//! Comparisons: signs, zero tests, maxima, selection.

use proptest::prelude::*;

use super::{
    exhaustive::{SMALL, everywhere, only},
    *,
};
use crate::{
    gadget::{self, bits::decompose, compare::argmax},
    number::{field::to_field, interval::pow2},
};

pub(super) struct Max;
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

struct Select;
impl Use for Select {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.select(&x[0], &x[1], &x[2])
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn argmax_takes_the_first_of_the_largest(values in prop::collection::vec(-5i64..5, 2..6)) {
        let intervals = vec![interval(-8, 7); values.len()];
        verify(&Argmax, &intervals, &values, argmax::eval(&values) as i64);
    }
}

#[test]
fn sign_zero_test_and_comparison_over_all_forms() {
    everywhere(&Sign, &SMALL, i64::signum);
    everywhere(&NonNegative, &SMALL, |x| i64::from(x >= 0));
    everywhere(&IsZero, &SMALL, |x| i64::from(x == 0));
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
fn divisors_of_every_sign() {
    for (lo, hi) in [(-16, 15), (0, 15), (-16, -1), (1, 8), (-8, 0), (3, 4)] {
        for x in points(lo, hi) {
            let sign = if x < 0 { -1 } else { 1 };
            verify(&SignMagnitude, &[interval(lo, hi)], &[x], 100 * sign + x.abs().max(1));
        }
    }
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
        cs.field_output(&to_field(Int::from(before.iter().sum::<i64>())));
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
fn known_counts() {
    let a = interval(-1000, 1000);
    let count = |cost: Result<Cost, ArithError>| cost.unwrap().constraints;
    assert_eq!(count(gadget::Sign.cost(&a)), 10 + 3);
    assert_eq!(count(gadget::IsNonNegative.cost(&a)), 10 + 1);
    assert_eq!(count(gadget::IsZero.cost(&a)), 2);
    assert_eq!(count(gadget::IsNonNegative.cost(&interval(-1, 1000))), 2);
    assert_eq!(count(gadget::IsNonNegative.cost(&interval(-1, 0))), 0);
}

#[test]
fn signs_of_values_as_wide_as_the_field_are_provable() {
    let wide = Interval { lo: -pow2(249), hi: pow2(249) };
    assert!(gadget::Sign.cost(&wide).is_ok());
    assert!(gadget::IsNonNegative.cost(&wide).is_ok());
}
