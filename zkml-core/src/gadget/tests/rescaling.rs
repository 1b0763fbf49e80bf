//! Rescaling, and the activations that share its bits.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use proptest::prelude::*;

use super::{
    exhaustive::{LARGE, SMALL, everywhere, only},
    *,
};
use crate::{arith::ints::Ints, gadget, number::interval::pow2};

pub(super) struct Rescale(pub u32, pub Option<u32>);
impl Use for Rescale {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.rescale(&x[0], Cut { shift: self.0, saturate: self.1, bits: None })
    }
}

pub(super) struct Relu(pub u32, pub Option<u32>);
impl Use for Relu {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.relu(&x[0], Cut { shift: self.0, saturate: self.1, bits: None })
    }
}

struct Narrow(bool, Cut);
impl Use for Narrow {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        if self.0 { a.relu(&x[0], self.1) } else { a.rescale(&x[0], self.1) }
    }
}

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

/// `clamp(floor((q + 2^(k-1)) / 2^k))`, with nothing of the library.
fn rescaled(q: i64, shift: u32, saturate: Option<u32>) -> i64 {
    let y = if shift == 0 { q } else { (2 * q + (1 << shift)).div_euclid(2 << shift) };
    saturate.map_or(y, |b| y.clamp(-(1 << b), (1 << b) - 1))
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rescale_of_random_bounds(lo in -5000i64..5000, span in 1i64..5000, at in 0.0f64..1.0, shift in 0u32..8, saturate in prop::option::of(1u32..12)) {
        let x = lo + (at * span as f64) as i64;
        verify(&Rescale(shift, saturate), &[interval(lo, lo + span)], &[x], Cut::by(shift, saturate).apply(x));
        verify(&Relu(shift, saturate), &[interval(lo, lo + span)], &[x], Cut::by(shift, saturate).apply(x).max(0));
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
                refused += widths(lo, hi, Cut { shift, saturate, bits: Some(width) });
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn a_width_says_by_how_much_a_value_exceeds_it() {
    let cut = Cut { shift: 2, saturate: None, bits: Some(4) };
    assert_eq!(cut.ends(), (Int::from(-18), Int::from(13)));
    for (value, beyond) in [(-18, 0), (13, 0), (14, 1), (-20, 2)] {
        assert_eq!(cut.beyond(Int::from(value)), Int::from(beyond));
    }
    let error = cut.admit(20i64).unwrap_err();
    assert_eq!(error.to_string(), "the value 20 lies 7 beyond the -18 to 13 that its decomposition holds");
    // A width that excludes nothing costs nothing.
    let (narrow, wide) = (interval(-18, 13), interval(-18, 14));
    assert_eq!(gadget::Rescale { cut }.cost(&narrow), gadget::Rescale { cut: cut.without_bits() }.cost(&narrow));
    assert_eq!(gadget::Rescale { cut }.cost(&wide).unwrap(), Cost::new(5, 4));
    assert_eq!(gadget::Relu { cut }.cost(&wide).unwrap(), Cost::new(4 + 2, 4 + 1));
}

#[test]
fn relu_costs_two_more_than_its_bits() {
    // An accumulator of 10 bits and a sign.
    let cost = gadget::Relu { cut: Cut { shift: 4, ..Cut::default() } }.cost(&interval(-1000, 1000)).unwrap();
    assert_eq!(cost, Cost::new(10 + 2, 10 + 1));
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
fn a_magnitude_costs_its_bits_and_one() {
    let cost = gadget::Abs { cut: cut(4, None) }.cost(&interval(-1000, 1000)).unwrap();
    assert_eq!(cost.constraints, 10 + 1);
}

#[test]
fn what_is_as_wide_as_the_field_is_refused_or_right() {
    let wide = Interval { lo: -pow2(249), hi: pow2(249) };
    assert!(gadget::Abs { cut: Cut::default() }.cost(&wide).is_ok());
    assert!(gadget::Clip { cut: Cut::default(), lo: Int::ZERO, hi: Int::from(6) }.cost(&wide).is_ok());
    let error = gadget::Leaky { unit: Int::from(4), cut: Cut::default() }.cost((&wide, &interval(1, 1)));
    assert_eq!(error, Err(ArithError::Overflow { bits: 253 }));
}
