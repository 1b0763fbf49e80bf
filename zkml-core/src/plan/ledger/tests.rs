//! Prices are counts, and trials are forward passes: of plans of all sorts.

use std::time::Duration;

use rand::{SeedableRng, rngs::StdRng};

use super::*;
use crate::{
    graph::Range,
    layer::{Args, Literal},
    model::Model,
    plan::{Target, calibration::Calibration, candidate::Candidate, quantized},
    prove::RangeChecks,
};

fn args() -> Args {
    Args::new()
}

/// A chain of layers on inputs of this range.
fn chain(input: &[usize], range: Range, layers: Vec<(&str, Args)>) -> Graph {
    let mut graph = Graph::new("chain", Shape::from(input)).with_range(range).unwrap();
    let mut x = graph.input();
    for (layer, args) in layers {
        x = graph.add(layer, args, &[x]).unwrap();
    }
    graph
}

fn attention() -> Graph {
    let mut graph = Graph::new("attention", Shape::new([3, 4])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let x = graph.input();
    let mask = graph.add("parameter", args().with("shape", Literal::List(vec![3, 3])), &[]).unwrap();
    let dense = |graph: &mut Graph, x| graph.add("dense", args().with("units", 4), &[x]).unwrap();
    let n = graph.add("layer_norm", args(), &[x]).unwrap();
    let [q, k, v] = [n; 3].map(|n| dense(&mut graph, n));
    let k = graph.add("transpose", args(), &[k]).unwrap();
    let scores = graph.add("matmul", args(), &[q, k]).unwrap();
    let scores = graph.add("add", args(), &[scores, mask]).unwrap();
    let seen = graph.add("softmax", args(), &[scores]).unwrap();
    let y = graph.add("matmul", args(), &[seen, v]).unwrap();
    let y = graph.add("add", args(), &[x, y]).unwrap();
    let y = graph.add("gelu", args(), &[y]).unwrap();
    dense(&mut graph, y);
    graph
}

fn graphs() -> Vec<Graph> {
    let real = Range::Real(-1.0, 1.0);
    let conv = |filters: usize| args().with("filters", filters).with("kernel", 3);
    vec![
        chain(
            &[2, 8, 8],
            Range::Whole(0, 255),
            vec![
                ("scale", args().with("factor", 0.004)),
                ("conv2d", conv(3).with("padding", "same")),
                ("relu", args()),
                ("max_pool2d", args().with("size", 2)),
                ("flatten", args()),
                ("dense", args().with("units", 9)),
                ("relu", args()),
                ("dense", args().with("units", 4).with("bias", false)),
                ("argmax", args()),
            ],
        ),
        chain(
            &[2, 5, 6],
            real,
            vec![
                ("depthwise_conv2d", args().with("kernel", 3).with("padding", "same")),
                ("relu6", args()),
                ("conv2d_transpose", args().with("filters", 2).with("kernel", 2).with("stride", 2)),
                ("leaky_relu", args()),
                ("global_avg_pool2d", args()),
            ],
        ),
        chain(
            &[5],
            real,
            vec![("dense", args().with("units", 6)), ("square", args()), ("dense", args().with("units", 2))],
        ),
        attention(),
        // Sums of more multiplications than are taken one by one.
        chain(
            &[3, 8, 8],
            real,
            vec![
                ("conv2d", conv(16).with("padding", "same")),
                ("relu", args()),
                ("conv2d", conv(32).with("padding", "same")),
                ("relu", args()),
            ],
        ),
    ]
}

/// Plans of all sorts.
fn candidates(calibration: &Calibration) -> Vec<Candidate> {
    let mut all = vec![];
    for (factor, values, saturate, everywhere) in
        [(6, None, false, false), (8, Some(8), true, false), (12, Some(12), false, false), (7, Some(6), true, true)]
    {
        let base = calibration.candidate(8, factor, values, saturate, everywhere);
        let moves = calibration.downs(&base).into_iter().chain(calibration.ups(&base));
        all.extend(moves.step_by(3).map(|(_, candidate)| candidate));
        all.push(base);
    }
    all
}

#[test]
fn prices_are_counts_and_trials_are_forward_passes() {
    let (mut possible, mut impossible) = (0, 0);
    let checks = [RangeChecks::Bits, RangeChecks::Lookups];
    for ((g, graph), checks) in graphs().into_iter().enumerate().flat_map(|g| checks.map(|c| (g.clone(), c))) {
        for (input, weights, output) in [
            (Visible::Private, Visible::Public, Visible::Public),
            (Visible::Public, Visible::Private, Visible::Private),
            (Visible::Committed, Visible::Committed, Visible::Committed),
        ] {
            let visibility = Visibility { input, weights, output };
            let model = Model::init(graph.clone(), visibility, &mut StdRng::seed_from_u64(3)).unwrap();
            let whole = matches!(graph.range(), Some(Range::Whole(..)));
            let sample = |s: usize| {
                let x = move |i: usize| ((i * 37 + s * 11) % 17) as f64 / 8.0 - 1.0;
                Tensor::from_fn(graph.shape(graph.input()).clone(), |i| if whole { (x(i) + 1.0) * 120.0 } else { x(i) })
            };
            let samples: Vec<Tensor> = (0..5).map(sample).collect();
            let target = Target { circuits: Circuits { checks, registers: false }, ..Target::default() }.max_error(0.5);
            // Tables are long to search for.
            let calibrated = (g < 3).then(|| target.calibrated(0));
            for target in std::iter::once(target).chain(calibrated) {
                let calibration = Calibration::new(&model, &samples, target, &|| Duration::ZERO).unwrap();
                for candidate in candidates(&calibration) {
                    let plan = calibration.plan(&candidate);
                    let graph = calibration.optimized.graph();
                    let params = quantized::quantize_params(&calibration.optimized, &plan);
                    let counts = params.as_ref().ok().and_then(|params| {
                        let visibility = visibility.without_commitments();
                        let mut counts = quantized::counts(graph, &plan, params, visibility, 1, checks).ok()?;
                        counts.choose_tables();
                        Some(counts)
                    });
                    let expected = counts.map(|counts| counts.total().constraints);
                    assert_eq!(calibration.cost(&candidate), expected, "{g} {visibility:?} {candidate:?}");
                    let Ok(params) = params else { continue };
                    let bounds = quantized::bounds(graph, &plan, &params, Visible::Public);
                    assert_eq!(calibration.open_price(&plan).is_some(), bounds.is_ok(), "{g} {candidate:?}");
                    let Ok((_, widest)) = bounds else {
                        impossible += 1;
                        continue;
                    };
                    possible += 1;
                    assert!(calibration.open_price(&plan).is_some_and(|price| price.widest >= widest));
                    let runner = quantized::Runner::new(graph, &plan, &params, widest);
                    let expected = samples.iter().map(|x| {
                        let input = quantized::quantize_input(&plan, x).ok()?;
                        runner.run(&input).ok()
                    });
                    let trial = calibration.trial(&plan).unwrap();
                    let found = trial.run(&samples.iter().collect::<Vec<_>>());
                    assert_eq!(found, expected.collect::<Vec<_>>(), "{g} {candidate:?}");
                }
            }
        }
    }
    assert!(possible > 600 && impossible < possible, "{possible} {impossible}");
}
