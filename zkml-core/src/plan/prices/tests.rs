//! Sums that are taken together are those that are taken one by one.

use super::*;
use crate::{arith::counts::Counts, number::interval::pow2};

fn grid(kernel: usize, size: usize) -> Grid {
    Grid {
        kernel: [kernel; 2],
        stride: [1; 2],
        dilation: [1; 2],
        input: [size; 2],
        output: [size; 2],
        before: [kernel / 2; 2],
        transposed: false,
    }
}

fn measures(n: usize, lo: i64, hi: i64) -> Vec<Measure> {
    let interval = |i: usize| Interval { lo: Int::from(lo * (i as i64 % 5)), hi: Int::from(hi + i as i64) };
    (0..n).map(|i| Measure { interval: interval(i), terms: 1 + i as u32 % 3 }).collect()
}

#[test]
fn many_sums_at_once_are_those_of_dot_products() {
    let (channels, filters) = (8, 12);
    let x = measures(channels * 36, -3, 200);
    let weight = |i: usize| Measure { interval: Interval::point(Int::from((i * 7 % 23) as i64 - 11)), terms: 0 };
    let bias = measures(filters, -1000, 5);
    for zeros in [false, true] {
        let w: Vec<Measure> = (0..filters * channels * 9)
            .map(weight)
            .map(|w| if zeros || !w.interval.lo.eq(&Int::ZERO) { w } else { weight(0) })
            .collect();
        let mut a = Prices::new(Circuits::default());
        let [cx, cw, cb] = [&x, &w, &bias].map(|all| all.iter().map(|m| a.wire(*m)).collect::<Vec<_>>());
        let found = a.convolve(&grid(3, 6), &cx, &cw, &cb).unwrap();
        let widest = a.widest();
        let found: Vec<Measure> = found.iter().map(|code| a.measure(*code)).collect();
        assert_eq!(found, direct::convolve(&mut Counts::new(), &grid(3, 6), &x, &w, &bias).unwrap());
        let mut one = Prices::new(Circuits::default());
        let [cx, cw, cb] = [&x, &w, &bias].map(|all| all.iter().map(|m| one.wire(*m)).collect::<Vec<_>>());
        direct::convolve(&mut one, &grid(3, 6), &cx, &cw, &cb).unwrap();
        assert_eq!((widest, a.into_paid()), (one.widest(), Paid::default()));
    }
}

#[test]
fn large_convolutions_of_wide_values_are_refused() {
    let n = 1 << 12;
    let mut a = Prices::new(Circuits::default());
    let w = vec![a.number(3); n * n];
    let bits = |a: &mut Prices, hi: Int| {
        let x = a.wire(Measure { interval: Interval { lo: Int::ZERO, hi }, terms: 1 });
        a.convolve(&grid(1, 1), &vec![x; n], &w, &[]).map(|y| a.measure(y[0]).interval.bits())
    };
    assert_eq!(bits(&mut a, pow2(20)), Ok(34));
    assert_eq!(bits(&mut a, pow2(60)), Err(ArithError::Overflow { bits: 61 }));
}
