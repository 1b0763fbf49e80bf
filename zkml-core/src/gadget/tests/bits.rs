//! Bit decompositions and range checks: exactly the values of the range have bits, and only one choice of them.

use ark_bn254::Fr;
use ark_ff::One;

use super::*;
use crate::{
    gadget::bits::decompose,
    number::{field::to_field, interval::pow2},
};

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
            let mut z = vec![Fr::one(), to_field(x)];
            z.extend((0..4).map(|i| Fr::from(high >> i & 1)));
            m.unsatisfied(&z).is_empty()
        })
        .collect();
    assert_eq!(accepted, [11 >> 1]);
    // And no value beyond has any.
    for beyond in [-1i64, 32, 33, 100] {
        for high in 0..16u64 {
            let mut z = vec![Fr::one(), to_field(Int::from(beyond))];
            z.extend((0..4).map(|i| Fr::from(high >> i & 1)));
            assert!(!m.unsatisfied(&z).is_empty(), "{beyond} as {high}");
        }
    }
}

#[test]
fn decompositions_as_wide_as_the_field_are_refused() {
    let wide = Interval { lo: -pow2(249), hi: pow2(249) };
    assert!(crate::gadget::Relu { cut: Cut::default() }.cost(&wide).is_ok());
    assert_eq!(decompose::check(253).unwrap_err(), ArithError::Overflow { bits: 253 });
}
