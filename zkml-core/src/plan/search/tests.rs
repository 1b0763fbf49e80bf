//! Searches with and without a time limit, and the steps that single bits do not lead to.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use rand::{SeedableRng, rngs::StdRng};

use super::*;
use crate::{
    graph::{Graph, Visibility},
    layer::Args,
    shape::Shape,
};

fn model() -> Model {
    let mut graph = Graph::new("model", Shape::new([6])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let x = graph.add("dense", Args::new().with("units", 8), &[graph.input()]).unwrap();
    let x = graph.add("relu", Args::new(), &[x]).unwrap();
    graph.add("dense", Args::new().with("units", 3), &[x]).unwrap();
    Model::init(graph, Visibility::default(), &mut StdRng::seed_from_u64(4)).unwrap()
}

fn samples() -> Vec<Tensor> {
    (0..20).map(|s| Tensor::from_fn([6], |i| ((i * 7 + s * 5) % 13) as f64 / 6.5 - 1.0)).collect()
}

/// The search by a clock that goes on a millisecond whenever it is read, on one thread.
fn within(model: &Model, target: Target) -> Result<Quantized, PlanError> {
    let ticks = AtomicU64::new(0);
    let clock = || Duration::from_millis(ticks.fetch_add(1, Ordering::Relaxed));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| by_clock(model, &samples(), target, &mut |_| {}, &clock))
}

#[test]
fn a_search_that_is_over_in_time_finds_what_it_finds_without_a_limit() {
    let (model, target) = (model(), Target { tries: 60, ..Target::default().max_error(0.05) });
    let free = model.quantize(&samples(), target).unwrap();
    let limited = model.quantize(&samples(), target.time_limit(Duration::MAX)).unwrap();
    assert_eq!((limited.plan(), limited.frontier()), (free.plan(), free.frontier()));
    assert!(!free.frontier().timed_out() && !limited.fidelity(&samples()).unwrap().timed_out);
}

#[test]
fn more_time_gives_no_worse_plans_and_too_little_an_error() {
    let (model, target) = (model(), Target::default().max_error(0.05));
    let free = model.quantize(&samples(), target).unwrap();
    let constraints = |q: &Quantized| q.frontier().chosen().unwrap().constraints;
    let (mut least, mut cut, mut refused) = (usize::MAX, 0, 0);
    for limit in (0..60).map(|n| Duration::from_millis(3 * n * n)) {
        match within(&model, target.time_limit(limit)) {
            Ok(found) => {
                let fidelity = found.fidelity(&samples()).unwrap();
                assert!(fidelity.max_error <= 0.05 && constraints(&found) <= least);
                least = constraints(&found);
                assert_eq!(fidelity.timed_out, found.frontier().timed_out());
                let told = fidelity.to_string().contains("search           ended by its time limit");
                assert_eq!(told, fidelity.timed_out);
                cut += usize::from(fidelity.timed_out);
                assert!(fidelity.timed_out || found.plan() == free.plan());
            }
            Err(PlanError::TimeLimit { limit: told, .. }) => {
                assert!(told == limit && least == usize::MAX);
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused > 0 && cut > 1 && least == constraints(&free), "{refused} {cut} {least}");
}

#[test]
fn steps_are_found_that_single_bits_do_not_lead_to() {
    let mut graph = Graph::new("model", Shape::new([40])).with_range(Range::Whole(0, 255)).unwrap();
    let mut x = graph.input();
    for units in [60, 50, 40] {
        x = graph.add("dense", Args::new().with("units", units), &[x]).unwrap();
        x = graph.add("relu", Args::new(), &[x]).unwrap();
    }
    graph.add("dense", Args::new().with("units", 10), &[x]).unwrap();
    let visibility = Visibility { weights: Visible::Private, ..Visibility::default() };
    let model = Model::init(graph, visibility, &mut StdRng::seed_from_u64(5)).unwrap();
    let samples: Vec<Tensor> =
        (0..20).map(|s| Tensor::from_fn([40], |i| f64::from((i as u32 * 37 + s * 91) % 256))).collect();
    let target = Target { tries: 60, ..Target::default().for_system::<crate::prove::Registered>() };
    let (mut quiet, clock) = (|_: Progress| {}, || Duration::ZERO);
    let mut search = Search::begun(&model, &samples, target, &mut quiet, &clock).unwrap();
    let (before, _) = search.fewest.clone().unwrap();
    search.step();
    let (after, found) = search.fewest.clone().unwrap();
    assert!(after < before, "{before} {after}");
    // It is faithful, and costs what is said.
    let verdict = search.calibration.evaluate(&search.calibration.plan(&found), &mut search.order, true);
    assert!(verdict.faithful && verdict.measured.is_some());
    assert_eq!(search.calibration.constraints(&found), Some(after));
    let quantized = model.quantize(&samples, target).unwrap();
    assert_eq!(quantized.frontier().chosen().unwrap().constraints, after);
}

#[test]
fn no_time_is_an_error_that_says_so() {
    let error = model().quantize(&samples(), Target::default().time_limit(Duration::ZERO)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no plan met the target within 0ns, 0 were tried; give the search more time or lower the target, or \
         calibrate on fewer samples"
    );
}
