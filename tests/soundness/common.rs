//! Small models under plans that are made here, so that every gadget is met in every form.

use ark_bn254::Fr;
use zkml::{
    dev::dishonest::{About, Claim, Misheard},
    graph::{Graph, Range, Visibility, Visible},
    layer::{Args, Role},
    model::{Model, Weights},
    number::Int,
    plan::{Plan, Quantized, Target},
    rand::{SeedableRng, rngs::StdRng},
    shape::Shape,
    tensor::Tensor,
};

pub const OPEN: Visibility = Visibility { input: Visible::Public, weights: Visible::Public, output: Visible::Public };

pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

pub fn visibility(input: Visible, weights: Visible, output: Visible) -> Visibility {
    Visibility { input, weights, output }
}

/// What becomes of an integer.
pub type LieOf = fn(Int) -> Int;

/// The assignment with a lie about a witness variable, and whether it changed anything.
pub fn told(claim: &Claim<'_>, at: Option<usize>, lie: LieOf) -> (Vec<Fr>, bool) {
    let prover = claim.run(About(at.unwrap_or(usize::MAX), lie)).unwrap();
    let lied = prover.lied();
    (prover.finish(), lied)
}

/// The assignment where one value that a hint is computed from is another, and how many values are asked for.
pub fn misheard(claim: &Claim<'_>, at: Option<usize>, lie: &dyn Fn(Int) -> Int) -> (Vec<Fr>, usize) {
    let prover = claim.run(Misheard(at.unwrap_or(usize::MAX), lie)).unwrap();
    let asked = prover.asked();
    (prover.finish(), asked)
}

/// A chain of layers.
pub fn graph(input: impl Into<Shape>, range: Range, layers: Vec<(&str, Args)>) -> Graph {
    let mut graph = Graph::new("model", input.into()).with_range(range).unwrap();
    let mut last = graph.input();
    for (layer, args) in layers {
        last = graph.add(layer, args, &[last]).unwrap();
    }
    graph
}

/// Convolution, relu, maximum, dense, argmax.
pub fn image() -> Graph {
    let layers = vec![
        ("conv2d", Args::new().with("filters", 2).with("kernel", 3)),
        ("relu", Args::new()),
        ("max_pool2d", Args::new().with("size", 2)),
        ("flatten", Args::new()),
        ("dense", Args::new().with("units", 3)),
        ("argmax", Args::new()),
    ];
    graph([1, 4, 4], Range::Whole(0, 12), layers)
}

/// A hidden layer and two scores.
pub fn scores(activation: &str) -> Graph {
    let layers = vec![
        ("dense", Args::new().with("units", 2)),
        (activation, Args::new()),
        ("dense", Args::new().with("units", 2)),
    ];
    graph([3], Range::Real(-2.0, 2.0), layers)
}

/// Inputs within the declared range.
pub fn samples(graph: &Graph, n: usize) -> Vec<Tensor> {
    let shape = graph.shape(graph.input());
    let (lo, hi) = graph.range().unwrap().ends();
    let whole = matches!(graph.range(), Some(Range::Whole(..)));
    (0..n)
        .map(|s| {
            Tensor::from_fn(shape.clone(), |i| {
                let x = lo + (hi - lo) * ((7 * i + 5 * s + i * i * s) % 11) as f64 / 10.0;
                if whole { x.round() } else { x }
            })
        })
        .collect()
}

/// The same under a plan that states no error: so that what is edited is refused for what it is, and not for an error that it exceeds.
pub fn unstated(quantized: Quantized) -> Quantized {
    let plan = Plan { error: None, ..quantized.plan().clone() };
    quantized.model().quantize_to(&plan).unwrap()
}

/// The model with the cheapest plan there is, whatever it answers.
pub fn cheap(graph: Graph, weights: Visible) -> Quantized {
    let samples = samples(&graph, 4);
    let visibility = Visibility { weights, ..OPEN };
    // Weights of both signs and biases above zero, so that no unit is dead on all samples.
    let mut weights = Weights::new();
    for (n, (name, param)) in graph.all_params().into_iter().enumerate() {
        let value = |i: usize| ((7 * i + 3 * n + i * i) % 11) as f64 / 8.0 - if n % 2 == 0 { 0.6 } else { 0.1 };
        weights.insert(name, Tensor::from_fn(param.shape, value));
    }
    let model = Model::new(graph, visibility, weights).unwrap();
    let target = Target { top1: 0.0, max_error: Some(1e9), tries: 1, ..Target::default() };
    unstated(model.quantize(&samples, target).unwrap())
}

/// A plan with other steps: `(node, shift, saturate)`. Scales follow.
pub fn replan(quantized: &Quantized, steps: &[(usize, u32, Option<u32>)]) -> Plan {
    let (graph, mut plan) = (quantized.graph(), quantized.plan().clone());
    for (i, node) in graph.nodes().iter().enumerate().skip(1) {
        let Some(layer) = &node.layer else { continue };
        let step = &mut plan.steps[i];
        step.inputs = node.inputs.iter().map(|n| plan.scales[n.0]).collect();
        (step.shift, step.saturate) = (0, None);
        if !plan.params[i].is_empty() {
            step.weight_scale = 4;
        }
        if let Some((_, shift, saturate)) = steps.iter().find(|s| s.0 == i) {
            (step.shift, step.saturate) = (*shift, *saturate);
        }
        for param in &mut plan.params[i] {
            (param.scale, param.bits) = match param.role {
                Role::Weight => (step.weight_scale, 6),
                Role::Bias => (step.inputs[0] + step.weight_scale, 48),
            };
        }
        plan.scales[i] = if layer.card().name == "argmax" { 0 } else { layer.scale(step) - step.shift as i32 };
    }
    plan
}

/// The model under that plan.
pub fn planned(graph: Graph, weights: Visible, steps: &[(usize, u32, Option<u32>)]) -> Quantized {
    let quantized = cheap(graph, weights);
    let plan = replan(&quantized, steps);
    quantized.model().quantize_to(&plan).unwrap()
}

/// Models that meet every gadget: rescaled and not, saturated by one bit and by many, on both sides and on one.
pub fn models() -> Vec<(&'static str, Quantized)> {
    let public = Visible::Public;
    vec![
        ("image", planned(image(), public, &[])),
        ("image, relu rescaled", planned(image(), public, &[(2, 3, None)])),
        ("image, relu saturated", planned(image(), public, &[(2, 3, Some(3))])),
        ("image, scores saturated", planned(image(), public, &[(2, 2, None), (5, 3, Some(2))])),
        ("scores, rescaled", planned(scores("relu"), public, &[(1, 2, None), (3, 4, None)])),
        ("scores, saturated", planned(scores("relu"), public, &[(1, 2, Some(2)), (3, 5, Some(3))])),
        ("polynomial", planned(scores("poly"), public, &[(1, 3, None), (2, 2, None)])),
        ("polynomial, saturated", planned(scores("poly"), public, &[(1, 2, Some(3)), (2, 1, Some(4))])),
    ]
}

pub fn int(x: i64) -> Int {
    Int::from(x)
}
