//! Every gadget: constraints hold exactly for what `eval` says, cost what `cost` says, and refuse every mutation.

#[cfg(feature = "bounty")]
mod attacks;
mod bits;
mod compare;
mod consumer_attacks;
mod consumers;
mod division;
mod exhaustive;
#[cfg(feature = "bounty")]
mod handover;
mod lookups;
mod packed;
mod packed_attacks;
mod product;
mod requests;
mod rescaling;
mod scalar;
#[cfg(feature = "bounty")]
mod spread_attacks;
mod spreads;
mod table;

use std::collections::HashSet;

use super::{bits::range, *};
use crate::{
    arith::{
        Arith,
        counts::Counts,
        ints::Ints,
        r1cs::{Accumulate, Assign, Build, R1cs, Ranged, Sizes, Tables, Wire},
    },
    dev::{
        dishonest::{About, Dishonest, Truth},
        tamper::Harness,
    },
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

    looked_up(u, intervals, values, expected);

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

/// As [`verify`], where range checks are lookups in a table of three bits, and single bits.
fn looked_up<U: Use>(u: &U, intervals: &[Interval], values: &[i64], expected: i64) {
    let tables = Tables::of(&[3]);
    assert_eq!(tables.widths().collect::<Vec<_>>(), [3]);
    let build = synthesize(Ranged::lookups(Build::two_phases(), tables), u, intervals, None).0;
    let (matrices, _, free) = closed(build).finish();

    let (cs, y, _) = synthesize(Ranged::lookups(Dishonest::new(Truth), tables), u, intervals, Some(values));
    let honest = closed(cs);
    let variables = honest.witnesses();
    let assignment = honest.finish();
    assert_eq!(assignment.len(), matrices.instance + matrices.witness);
    let integers: Vec<Int> = values.iter().map(|x| Int::from(*x)).collect();
    let admitted = u.apply(&mut Ints::<Int>::with_lookups(), &integers).is_ok();
    // A value may be refused although the constraints hold for it, at the end of a bit width that excludes nothing.
    let holds = matrices.unsatisfied(&assignment).is_empty();
    assert!(holds || !admitted, "with lookups, at {values:?}");
    if !holds {
        return;
    }
    assert_eq!(y.w, Int::from(expected), "with lookups, at {values:?}");
    // A dozen variables, other ones at each value: each is something else, and all that follows is computed from that, the challenge too.
    let stride = variables.div_ceil(12).max(1);
    let first =
        values.iter().fold(0usize, |sum, x| sum.wrapping_mul(31).wrapping_add(x.unsigned_abs() as usize)) % stride;
    for variable in (first..variables).step_by(stride) {
        for lie in [|x: Int| x + Int::ONE, |x: Int| -x - Int::from(8)] {
            let liar = Ranged::lookups(Dishonest::new(About(variable, lie)), tables);
            let cs = closed(synthesize(liar, u, intervals, Some(values)).0);
            if cs.lied() {
                let refused = !matrices.unsatisfied(&cs.finish()).is_empty();
                assert!(refused || free.contains(&(variable as u32)), "variable {variable} at {values:?}");
            }
        }
    }

    let mut counts = Counts::with_lookups();
    let measures: Vec<Measure> = intervals
        .iter()
        .map(|i| {
            counts.ask("range", &Sizes::of_range(i, false), 1);
            Measure { interval: *i, terms: 1 }
        })
        .collect();
    let measure = u.apply(&mut counts, &measures).unwrap();
    counts.pay("output", Cost::new(1, 0));
    counts.look_up(tables);
    assert_eq!(counts.total(), Cost::new(matrices.constraints(), matrices.witness));
    assert_eq!(measure, y.measure);
}

fn closed<C: FieldCs>(mut cs: Ranged<C>) -> C {
    cs.close_requests().unwrap();
    cs.cs
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
