//! Every gadget: constraints hold exactly for what `eval` says, cost what `cost` says, and refuse every mutation.

#[cfg(feature = "bounty")]
mod attacks;
mod bits;
mod compare;
mod division;
mod exhaustive;
#[cfg(feature = "bounty")]
mod handover;
mod product;
mod requests;
mod rescaling;
mod scalar;
mod table;

use std::collections::HashSet;

use super::{bits::range, *};
use crate::{
    arith::{
        Arith,
        counts::Counts,
        r1cs::{Accumulate, Assign, Build, R1cs, Wire},
    },
    dev::tamper::Harness,
    number::{Cut, Int},
};

/// A use of gadgets, over any reading.
trait Use {
    fn apply<A: Arith>(&self, a: &mut A, inputs: &[A::Wire]) -> Result<A::Wire, ArithError>;
}

fn synthesize<C: Accumulate, U: Use>(
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
fn verify<U: Use>(u: &U, intervals: &[Interval], values: &[i64], expected: i64) {
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

fn interval(lo: i64, hi: i64) -> Interval {
    Interval { lo: Int::from(lo), hi: Int::from(hi) }
}

/// Intervals on every side of zero, and values at their ends and within.
fn intervals() -> Vec<(i64, i64)> {
    vec![(-8, 7), (0, 15), (-1, 100), (-100, 1), (-100, -3), (5, 90), (-128, 127), (-1, 0), (3, 4)]
}

fn points(lo: i64, hi: i64) -> Vec<i64> {
    let mut p = vec![lo, lo + 1, (lo + hi) / 2, hi - 1, hi, 0, -1, 1];
    p.retain(|x| (lo..=hi).contains(x));
    p.sort_unstable();
    p.dedup();
    p
}

fn cut(shift: u32, saturate: Option<u32>) -> Cut {
    Cut::by(shift, saturate)
}
