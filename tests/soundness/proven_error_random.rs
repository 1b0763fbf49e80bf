//! Every layer under plans that are drawn at random: no input is farther from the float model than is proven of the plan.

// Only some of it is needed here.
#[allow(dead_code)]
#[path = "../catalogue/examples.rs"]
mod examples;

use examples::{EXAMPLES, Input};
use zkml::{
    graph::{Graph, NodeId, Range},
    layer::{Args, Literal, Request, Role},
    model::{Model, Weights},
    number::{Int, Interval},
    plan::{Plan, Policy, Quantized, Target, to_integer},
    rand::{Rng, rngs::StdRng},
    shape::Shape,
    tensor::Tensor,
};

use crate::common::{OPEN, rng, samples};

/// Plans for each range, of a layer.
const PLANS: usize = 12;
/// Inputs of each plan.
const INPUTS: usize = 10;

/// A layer, its arguments and its inputs.
type Layer = (&'static str, fn() -> Args, &'static [Input]);

/// What the examples of the page do not reach.
const MORE: &[Layer] = &[
    ("clip", || Args::new().with("min", 0.3).with("max", 0.7), &[Input { shape: &[6], values: "any" }]),
    ("clip", || Args::new().with("max", -0.7), &[Input { shape: &[6], values: "any" }]),
    ("thresholded_relu", || Args::new().with("alpha", -0.4), &[Input { shape: &[6], values: "any" }]),
    ("leaky_relu", || Args::new().with("alpha", 1.7), &[Input { shape: &[6], values: "any" }]),
    ("leaky_relu", || Args::new().with("alpha", -0.3), &[Input { shape: &[6], values: "any" }]),
    ("hard_sigmoid", || Args::new().with("alpha", -0.7).with("beta", 0.1), &[Input { shape: &[6], values: "any" }]),
    ("pow", || Args::new().with("exponent", 3usize), &[Input { shape: &[6], values: "any" }]),
    ("pow", || Args::new().with("exponent", 0.5), &[Input { shape: &[6], values: "positive" }]),
    ("pow", || Args::new().with("exponent", -1.0), &[Input { shape: &[6], values: "positive" }]),
    ("log", Args::new, &[Input { shape: &[6], values: "positive" }]),
    ("sqrt", Args::new, &[Input { shape: &[6], values: "positive" }]),
    ("div", Args::new, &[Input { shape: &[6], values: "positive" }, Input { shape: &[6], values: "positive" }]),
    ("poly", || Args::new().with("n", 0.7), &[Input { shape: &[6], values: "any" }]),
    ("offset", || Args::new().with("value", -0.3), &[Input { shape: &[6], values: "any" }]),
    ("elu", || Args::new().with("alpha", 2.5), &[Input { shape: &[6], values: "any" }]),
    ("celu", || Args::new().with("alpha", 0.4), &[Input { shape: &[6], values: "any" }]),
    (
        "avg_pool1d",
        || Args::new().with("size", 3usize).with("stride", 2usize).with("padding", 1usize),
        &[Input { shape: &[2, 7], values: "any" }],
    ),
    (
        "avg_pool2d",
        || Args::new().with("size", 3usize).with("stride", 2usize).with("padding", 1usize),
        &[Input { shape: &[2, 5, 5], values: "any" }],
    ),
    (
        "max_pool1d",
        || Args::new().with("size", 3usize).with("stride", 2usize).with("padding", 1usize),
        &[Input { shape: &[2, 7], values: "any" }],
    ),
    ("pad", || Args::new().with("padding", 1usize).with("value", 0.7), &[Input { shape: &[1, 3, 3], values: "any" }]),
];

/// The layer, of slices of the input.
fn of(name: &str, args: Args, inputs: &[Input], range: Range) -> Graph {
    let length = |i: &Input| i.shape.iter().product::<usize>() * if i.values == "bit" { 2 } else { 1 };
    let total = inputs.iter().map(length).sum::<usize>().max(1);
    let mut graph = Graph::new("model", Shape::new([total])).with_range(range).unwrap();
    let mut at = 0;
    let mut take = |graph: &mut Graph, n: usize| {
        let slice = Args::new().with("axis", 0usize).with("start", at).with("end", at + n);
        at += n;
        if n == total { graph.input() } else { graph.add("slice", slice, &[graph.input()]).unwrap() }
    };
    let mut last: Vec<NodeId> = Vec::new();
    for input in inputs {
        let n = input.shape.iter().product();
        let mut x = take(&mut graph, n);
        match input.values {
            "bit" => {
                let other = take(&mut graph, n);
                x = graph.add("greater", Args::new(), &[x, other]).unwrap();
            }
            "positive" => x = graph.add("offset", Args::new().with("value", 3.5), &[x]).unwrap(),
            _ => {}
        }
        if input.shape.len() > 1 {
            let dims = input.shape.iter().map(|n| *n as i64).collect();
            x = graph.add("reshape", Args::new().with("shape", Literal::List(dims)), &[x]).unwrap();
        }
        last.push(x);
    }
    let y = graph.add(name, args, &last).unwrap();
    if inputs.is_empty() {
        let start = graph.input();
        graph.add("mul", Args::new(), &[y, start]).unwrap();
    }
    graph
}

/// Weights of which some are at the ends of what a plan holds, and some between two integers.
fn weights(graph: &Graph, rng: &mut StdRng) -> Weights {
    let mut weights = Weights::new();
    for (name, p) in graph.all_params() {
        let value = |_| {
            let x: f64 = [1.0, -1.0, 0.5, 0.46875, rng.gen_range(-1.0..1.0)][rng.gen_range(0..5)];
            if p.non_negative { x.abs() + 0.25 } else { x }
        };
        weights.insert(name, Tensor::from_fn(p.shape.clone(), value));
    }
    weights
}

/// A plan of the same graph.
fn drawn(quantized: &Quantized, rng: &mut StdRng) -> Plan {
    let graph = quantized.graph();
    let mut plan = Plan { error: None, ..quantized.plan().clone() };
    let calibrated = rng.gen_bool(0.25);
    if calibrated {
        plan.policy = Policy::Calibrated { margin_bits: 0 };
    }
    if let Some(Range::Real(lo, hi)) = graph.range() {
        let scale = rng.gen_range(0..9);
        let (lo, hi) = (to_integer(lo, scale), to_integer(hi, scale));
        plan.input.scale = scale;
        plan.input.interval = Interval { lo, hi: hi - Int::from(rng.gen_range(0..2i64)) };
    }
    plan.steps[0] = Default::default();
    plan.scales[0] = plan.input.scale;
    for (i, node) in graph.nodes().iter().enumerate().skip(1) {
        let layer = node.layer.as_ref().unwrap();
        let name = layer.card().name;
        let shapes: Vec<&Shape> = node.inputs.iter().map(|n| graph.shape(*n)).collect();
        let step = &mut plan.steps[i];
        step.inputs = node.inputs.iter().map(|n| plan.scales[n.0]).collect();
        step.weight_scale = rng.gen_range(0..9);
        step.channels.clear();
        (step.shift, step.saturate, step.bits) = (0, None, None);
        // Conditions are held as they are.
        if !["argmax", "argmin", "greater", "slice", "reshape"].contains(&name) {
            if rng.gen_bool(0.4) {
                step.shift = rng.gen_range(1..5);
            }
            if rng.gen_bool(0.3) {
                step.saturate = Some(rng.gen_range(1..9));
            }
            if calibrated && rng.gen_bool(0.5) {
                step.bits = Some(rng.gen_range(1..9));
            }
        }
        if !step.tables.is_empty() {
            let reach = [1.0, 2.0, 4.0, 8.0][rng.gen_range(0..4)];
            let request = Request { scale: step.inputs[0], reach, bits: rng.gen_range(1..8) };
            step.tables = layer.tables(&shapes, request).unwrap_or_default();
        }
        if layer.reaches() {
            step.reach = rng.gen_range(-2..4);
        }
        let scale = layer.scale(step);
        for param in &mut plan.params[i] {
            param.scale = if param.role == Role::Weight { step.weight_scale } else { scale };
            param.bits = (param.scale + 1 + rng.gen_range(0..3)).max(1).unsigned_abs();
        }
        plan.scales[i] = if name == "argmax" { 0 } else { scale - step.shift as i32 };
    }
    plan
}

/// Inputs at the ends of the range, at integers of the plan, between two of them, and just beside.
fn input(graph: &Graph, plan: &Plan, rng: &mut StdRng) -> Tensor {
    let range = graph.range().unwrap();
    let (lo, hi) = range.ends();
    let unit = 2f64.powi(-plan.input.scale);
    let same = rng.gen_bool(0.2).then(|| rng.gen_range(lo..=hi));
    Tensor::from_fn(graph.shape(graph.input()).clone(), |_| {
        let x: f64 = same.unwrap_or_else(|| rng.gen_range(lo..=hi));
        if matches!(range, Range::Whole(..)) {
            return x.round();
        }
        let off = [0.0, 0.5, -0.5, 0.49, -0.49, 0.01][rng.gen_range(0..6)];
        let x = match rng.gen_range(0..6) {
            0 => lo,
            1 => hi,
            2 => x,
            _ => ((x / unit).round() + off) * unit,
        };
        x.clamp(lo, hi)
    })
}

/// Compares one layer, and tells how many plans had a bound.
fn compare(name: &str, args: fn() -> Args, inputs: &[Input], seed: u64) -> (usize, Vec<String>) {
    let mut rng = rng(seed);
    let (mut bounded, mut broken) = (0, vec![]);
    for range in [Range::Whole(-3, 3), Range::Real(-2.0, 2.0)] {
        let graph = of(name, args(), inputs, range);
        let model = Model::new(graph.clone(), OPEN, weights(&graph, &mut rng)).unwrap();
        let target = Target { top1: 0.0, max_error: Some(1e9), tries: 1, ..Target::default() };
        let finite = |x: &Tensor| model.forward(x).is_ok_and(|y| y.data().iter().all(|y| y.is_finite()));
        let mut seen = samples(&graph, 24);
        seen.retain(finite);
        let Ok(quantized) = model.quantize(&seen, target) else { continue };
        for _ in 0..PLANS {
            let plan = drawn(&quantized, &mut rng);
            let Ok(plan) = plan.stated(quantized.graph(), None) else { continue };
            let Ok(exact) = model.quantize_to(&plan) else { continue };
            let Some(bound) = exact.proven().error else { continue };
            bounded += 1;
            for _ in 0..INPUTS {
                let x = input(&graph, &plan, &mut rng);
                let (Ok(y), Ok(float)) = (exact.forward(&x), model.forward(&x)) else { continue };
                for (y, float) in y.scores.data().iter().zip(float.data()) {
                    let off = (y - float).abs();
                    if off.is_nan() || off > bound * (1.0 + 1e-9) + 1e-9 * (1.0 + float.abs()) {
                        let steps = &plan.steps;
                        broken.push(format!("{name} of {range:?}: {y} for {float}, bound {bound}: {x:?}, {steps:?}"));
                    }
                }
            }
        }
    }
    (bounded, broken)
}

#[test]
fn no_layer_exceeds_its_proven_error_under_any_plan() {
    let all = EXAMPLES.iter().map(|e| (e.name, e.args, e.inputs)).chain(MORE.iter().copied());
    let (mut never, mut all_broken) = (vec![], vec![]);
    for (seed, (name, args, inputs)) in all.enumerate() {
        let (bounded, broken) = compare(name, args, inputs, seed as u64);
        if bounded == 0 {
            never.push(name);
        }
        all_broken.extend(broken.into_iter().take(2));
    }
    assert!(all_broken.is_empty(), "{}", all_broken.join("\n"));
    // Next to zero a logarithm and a quotient are anything.
    assert_eq!(never, ["log"]);
}
