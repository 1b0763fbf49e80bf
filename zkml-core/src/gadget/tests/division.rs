//! Integer quotients and square roots.

use super::*;
use crate::{gadget, number::interval::pow2};

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
fn divisors_below_one_and_roots_of_negative_values_are_refused() {
    assert!(matches!(
        gadget::Div { within: None }.cost((&interval(0, 9), &interval(0, 4))),
        Err(ArithError::Domain(_))
    ));
    assert!(matches!(gadget::Sqrt { least: Int::from(-1) }.cost(&interval(-1, 9)), Err(ArithError::Domain(_))));
    let wide = Interval { lo: Int::ZERO, hi: pow2(249) };
    assert!(matches!(
        gadget::Div { within: None }.cost((&wide, &Interval { lo: Int::ONE, ..wide })),
        Err(ArithError::Overflow { .. })
    ));
}
