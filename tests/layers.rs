//! Every layer of the list, alone in a graph: its shapes, its integers, its cost and its circuit.
//!
//! Each case is run with whole and with real inputs, and, where the layer's values are not an index, with a rescale and
//! a saturation after it.
#![cfg(feature = "prove")]

mod common;

use std::{collections::HashSet, sync::OnceLock};

use common::{bound, exact, model, open, oracle, samples, scale, total};
use zkml::{
    circuit::Circuit,
    dev::{
        check,
        dishonest::{About, Claim},
        tamper::Harness,
    },
    error::GraphError,
    graph::{Graph, NodeId, Range, Visible},
    layer::{Args, CARDS, Literal},
    number::{Cost, Int},
    plan::{Quantized, Target, to_real},
    prove::TwoPhase,
    rand::{SeedableRng, rngs::StdRng},
    shape::Shape,
    tensor::Tensor,
};

/// Adds the layer, after whatever it needs, to a graph that has nothing but an input.
type Describe = fn(&mut Graph, NodeId) -> Result<NodeId, GraphError>;

/// A quantised graph of one layer, and inputs of it.
struct Subject {
    name: String,
    quantized: Quantized,
    samples: Vec<Tensor>,
}

impl Subject {
    fn circuit(&self, weights: Visible) -> Circuit {
        self.quantized.circuit_for(open(weights)).unwrap()
    }

    /// Whoever sees the weights, and however ranges are checked.
    fn circuits(&self) -> [(String, Visible, Circuit); 4] {
        let lookups = |weights| self.quantized.circuit_in::<TwoPhase>(1, open(weights)).unwrap();
        [
            (Visible::Public, self.circuit(Visible::Public)),
            (Visible::Private, self.circuit(Visible::Private)),
            (Visible::Public, lookups(Visible::Public)),
            (Visible::Private, lookups(Visible::Private)),
        ]
        .map(|(weights, circuit)| {
            let name = format!("{}, {weights:?} weights, ranges by {}", self.name, circuit.range_checks());
            (name, weights, circuit)
        })
    }
}

fn args() -> Args {
    Args::new()
}

fn list(numbers: &[i64]) -> Literal {
    Literal::List(numbers.to_vec())
}

/// The subjects of one description: plain, rescaled and saturated, for whole and for real inputs.
fn case(input: &[usize], describe: Describe) -> Vec<Subject> {
    let ranges = [Range::Whole(-8, 7), Range::Real(-1.0, 1.0)];
    ranges.into_iter().flat_map(|range| subjects(input, range, describe)).collect()
}

fn subjects(input: &[usize], range: Range, describe: Describe) -> Vec<Subject> {
    let mut graph = Graph::new("layer", Shape::from(input)).with_range(range).unwrap();
    let start = graph.input();
    let last = describe(&mut graph, start).unwrap();
    let model = model(graph, 11);
    let samples = samples(model.graph(), 5, 12);
    let top = samples.iter().map(|x| model.forward(x).unwrap().max_abs()).fold(0.0, f64::max);
    // Classes need not agree: near ties are no fault of the layer.
    let target = Target { tries: 30, ..Target::top1(0.0).max_error(0.1 * top) };
    let quantized = model.quantize(&samples, target).unwrap();
    assert!(quantized.passes().iter().all(|p| p.times == 0), "the layer is not alone any more");
    let layer = quantized.graph().node(last).layer.as_ref().unwrap().card().name;
    let mut all = Vec::new();
    if layer != "argmax" {
        for (shift, saturate) in [(2, None), (0, Some(3)), (1, Some(2))] {
            let mut plan = quantized.plan().clone();
            let step = &mut plan.steps[last.0];
            plan.scales[last.0] += step.shift as i32 - shift as i32;
            (step.shift, step.saturate) = (shift, saturate);
            let plan = plan.stated(quantized.graph(), Some(quantized.params())).unwrap();
            let quantized = model.quantize_to(&plan).unwrap();
            let name = format!("{layer} of {range:?}, shift {shift}, saturated to {saturate:?}");
            all.push(Subject { name, quantized, samples: samples.clone() });
        }
    }
    all.push(Subject { name: format!("{layer} of {range:?}"), quantized, samples });
    all
}

/// The declared shape is that of the float output, of the exact output and of the oracle's.
fn shapes(s: &Subject) {
    for x in &s.samples {
        let floats = s.quantized.model().trace(x).unwrap();
        let integers = exact(&s.quantized, &s.quantized.integers(x).unwrap());
        let formulas = oracle::run(&s.quantized, x);
        for (i, node) in s.quantized.graph().nodes().iter().enumerate() {
            assert_eq!(floats[i].shape(), &node.shape, "{}: float", s.name);
            assert_eq!(integers[i].shape(), &node.shape, "{}: exact", s.name);
            assert_eq!(formulas[i].dims, node.shape.dims(), "{}: formula", s.name);
        }
    }
}

/// No integer is further from its float than its plan allows, see [`bound`].
fn fidelity(s: &Subject) {
    for x in &s.samples {
        let floats = s.quantized.model().trace(x).unwrap();
        let integers = exact(&s.quantized, &s.quantized.integers(x).unwrap());
        let bounds = bound::run(&s.quantized, &floats);
        for (i, value) in integers.iter().enumerate() {
            for (k, (q, y)) in value.data().iter().zip(floats[i].data()).enumerate() {
                let error = (to_real(*q, scale(&s.quantized, i, k)) - y).abs();
                assert!(error <= bounds[i], "{}: node {i} is off by {error}, at most {}", s.name, bounds[i]);
            }
        }
    }
}

/// The exact values and their scale are what the formula says, and within the plan's intervals.
fn integers(s: &Subject) {
    for x in &s.samples {
        let input = s.quantized.integers(x).unwrap();
        let formulas = oracle::run(&s.quantized, x);
        for (i, value) in exact(&s.quantized, &input).iter().enumerate() {
            let wide: Vec<i128> = value.data().iter().map(|q| q.as_i128()).collect();
            assert_eq!(wide, formulas[i].data, "{}: node {i}", s.name);
            assert_eq!(s.quantized.plan().scales[i], formulas[i].scale, "{}: the scale of node {i}", s.name);
            assert!(value.data().iter().all(|q| s.quantized.intervals()[i].contains(*q)), "{}: node {i}", s.name);
        }
        let scores = &formulas[s.quantized.graph().scores().0];
        let prediction = s.quantized.forward(x).unwrap();
        let narrow: Vec<i128> = prediction.integers.data().iter().map(|q| q.as_i128()).collect();
        assert_eq!(narrow, scores.data, "{}: the forward pass", s.name);
        let reals: Vec<f64> = scores.data.iter().map(|q| *q as f64 * 2f64.powi(-scores.scale)).collect();
        assert_eq!(prediction.scores.data(), reals, "{}: the scores", s.name);
    }
}

/// The integer of every parameter is the nearest one, or the upper end just below it.
fn parameters(s: &Subject) {
    let (model, plan) = (s.quantized.model(), s.quantized.plan());
    for (i, node) in model.graph().nodes().iter().enumerate() {
        let get = |name: &str| model.weights().get(&format!("{}.{name}", node.name)).map(Tensor::data);
        let values: Vec<Vec<f64>> = match (get("gamma"), get("beta"), get("mean"), get("var")) {
            (Some(gamma), Some(beta), Some(mean), Some(var)) => {
                let epsilon = match node.layer.as_ref().unwrap().args()[0].1 {
                    Literal::Float(x) => x,
                    ref other => panic!("`epsilon` is {other:?}"),
                };
                let scale = |c: usize| gamma[c] / (var[c] + epsilon).sqrt();
                let offset = |c: usize| beta[c] - mean[c] * scale(c);
                vec![(0..gamma.len()).map(scale).collect(), (0..gamma.len()).map(offset).collect()]
            }
            _ => ["weight", "depthwise", "pointwise", "value", "slope", "bias", "gamma", "beta"]
                .into_iter()
                .filter_map(get)
                .map(<[f64]>::to_vec)
                .collect(),
        };
        assert_eq!(values.len(), plan.params[i].len(), "{}", s.name);
        for ((values, p), held) in values.iter().zip(&plan.params[i]).zip(&s.quantized.params()[i]) {
            for (x, q) in values.iter().zip(held.data()) {
                let off = (q.as_f64() - x * 2f64.powi(p.scale)).abs();
                assert!(off <= 0.5 + 1e-9 || (off <= 1.0 && *q == p.interval().hi), "{}: {x} as {q}", s.name);
            }
        }
    }
}

/// The built circuit has the constraints and variables of the budget.
fn costs(s: &Subject) {
    for (name, weights, circuit) in s.circuits() {
        let built = Cost::new(circuit.matrices().constraints(), circuit.matrices().witness);
        let budget = s.quantized.budget_of(open(weights), 1, circuit.range_checks()).unwrap();
        assert_eq!(built, budget.values().copied().sum(), "{name}");
        assert_eq!(circuit.report().total, built, "{name}");
        if circuit.range_checks().is_bits() {
            assert_eq!(built, total(&s.quantized, open(weights)), "{name}");
        }
    }
}

/// The honest witness is accepted and says what the formula says.
fn honest(s: &Subject) {
    let mut rng = StdRng::seed_from_u64(13);
    for (name, _, circuit) in s.circuits() {
        for x in &s.samples {
            let (assignment, _) = circuit.witness(std::slice::from_ref(x), &mut rng).unwrap();
            assert_eq!(check::check(&circuit, &assignment), vec![], "{name}");
            let matrices = circuit.matrices();
            let public = &assignment[1..matrices.instance - matrices.challenges()];
            let statement = circuit.table().decode(public).unwrap();
            let last = &oracle::run(&s.quantized, x)[s.quantized.graph().output().0];
            match statement.class(0) {
                Some(class) => assert_eq!(vec![class as i128], last.data, "{name}"),
                None => {
                    let output = statement.integers("output", 0).unwrap();
                    let wide: Vec<i128> = output.data().iter().map(|q| q.as_i128()).collect();
                    assert_eq!(wide, last.data, "{name}");
                }
            }
        }
    }
}

/// With ranges by lookups, no variable is something else: all that follows is computed from the lie, the challenge too.
fn unswayed(s: &Subject) {
    let mut rng = StdRng::seed_from_u64(15);
    let circuit = s.quantized.circuit_in::<TwoPhase>(1, open(Visible::Public)).unwrap();
    let x = &s.samples[0];
    let (_, opening) = circuit.witness(std::slice::from_ref(x), &mut rng).unwrap();
    let inputs = [s.quantized.integers(x).unwrap()];
    let claim = Claim::new(&circuit, &s.quantized, &inputs, &opening);
    let variables = circuit.matrices().witness;
    for variable in (0..variables).step_by(variables.div_ceil(24).max(1)) {
        let prover = claim.run(About(variable, |x: Int| x + Int::ONE)).unwrap();
        let free = circuit.free().contains(&(variable as u32));
        if prover.lied() && !free {
            let refused = !circuit.matrices().unsatisfied(&prover.finish()).is_empty();
            assert!(refused, "{}: variable {variable} of {variables}", s.name);
        }
    }
}

/// With a public input no variable may change: neither by a mutation of the list, nor to first order.
///
/// At the ends of an input's range its bits are determined, but a range that is no power of two would hide it from first
/// order; the ranges here are powers of two.
fn tight(s: &Subject) {
    let mut rng = StdRng::seed_from_u64(14);
    let circuit = s.circuit(Visible::Public);
    for x in &s.samples {
        let (assignment, _) = circuit.witness(std::slice::from_ref(x), &mut rng).unwrap();
        let harness = Harness::new(circuit.matrices(), &assignment, circuit.free());
        assert!(harness.holds(), "{}", s.name);
        assert_eq!(harness.run(usize::MAX), vec![], "{}", s.name);
        assert_eq!(harness.freedom(&HashSet::new()), 0, "{}", s.name);
    }
}

/// Every law of every layer named.
macro_rules! layer_suite {
    ($($layer:ident => [$($case:expr),+ $(,)?];)*) => {
        pub(crate) const COVERED: &[&str] = &[$(stringify!($layer)),*];

        $(mod $layer {
            use super::*;

            fn subjects() -> &'static [Subject] {
                static SUBJECTS: OnceLock<Vec<Subject>> = OnceLock::new();
                SUBJECTS.get_or_init(|| vec![$($case),+].into_iter().flatten().collect())
            }

            #[test]
            fn is_the_layer_under_test() {
                for s in subjects() {
                    let graph = s.quantized.graph();
                    let layer = graph.node(graph.output()).layer.as_ref().unwrap();
                    assert_eq!(layer.card().name, stringify!($layer));
                }
            }

            #[test]
            fn has_the_shape_that_it_declares() {
                subjects().iter().for_each(shapes);
            }

            #[test]
            fn stays_as_near_to_the_floats_as_its_plan_says() {
                subjects().iter().for_each(fidelity);
            }

            #[test]
            fn computes_the_integers_of_its_formula() {
                subjects().iter().for_each(integers);
            }

            #[test]
            fn holds_its_parameters_as_the_nearest_integers() {
                subjects().iter().for_each(parameters);
            }

            #[test]
            fn is_not_swayed_with_lookups() {
                subjects().iter().for_each(unswayed);
            }

            #[test]
            fn costs_what_the_budget_says() {
                subjects().iter().for_each(costs);
            }

            #[test]
            fn accepts_the_honest_witness() {
                subjects().iter().for_each(honest);
            }

            #[test]
            fn accepts_no_other_witness() {
                subjects().iter().for_each(tight);
            }
        })*
    };
}

layer_suite! {
    dense => [
        case(&[5], |g, x| g.add("dense", args().with("units", 3), &[x])),
        case(&[1], |g, x| g.add("dense", args().with("units", 2).with("bias", false), &[x])),
        case(&[2, 1, 3], |g, x| g.add("dense", args().with("units", 2), &[x])),
    ];
    conv2d => [
        case(&[2, 4, 3], |g, x| g.add("conv2d", args().with("filters", 2).with("kernel", [3, 2]), &[x])),
        case(&[2, 3, 4], |g, x| {
            let a = args().with("filters", 4).with("kernel", 3).with("stride", [1, 2]).with("padding", "same");
            g.add("conv2d", a.with("groups", 2).with("bias", false), &[x])
        }),
        case(&[1, 5, 5], |g, x| {
            let a = args().with("filters", 2).with("kernel", 2).with("dilation", [2, 3]);
            g.add("conv2d", a.with("padding", Literal::List(vec![1, 0, 0, 2])), &[x])
        }),
    ];
    relu => [case(&[6], |g, x| g.add("relu", args(), &[x]))];
    max_pool2d => [
        case(&[2, 4, 4], |g, x| g.add("max_pool2d", args().with("size", 2), &[x])),
        case(&[1, 4, 3], |g, x| {
            g.add("max_pool2d", args().with("size", [3, 2]).with("stride", 2).with("padding", "same"), &[x])
        }),
    ];
    avg_pool2d => [
        case(&[2, 4, 4], |g, x| g.add("avg_pool2d", args().with("size", 2), &[x])),
        case(&[1, 5, 6], |g, x| g.add("avg_pool2d", args().with("size", [2, 3]).with("stride", 1), &[x])),
        case(&[1, 4, 4], |g, x| {
            g.add("avg_pool2d", args().with("size", 2).with("padding", Literal::List(vec![1, 1, 1, 1])), &[x])
        }),
        case(&[1, 4, 2], |g, x| {
            g.add("avg_pool2d", args().with("size", 3).with("padding", 1usize).with("include_pad", true), &[x])
        }),
    ];
    sum_pool2d => [
        case(&[2, 4, 4], |g, x| g.add("sum_pool2d", args().with("size", [2, 4]), &[x])),
        case(&[1, 3, 5], |g, x| {
            g.add("sum_pool2d", args().with("size", 3).with("stride", 2).with("padding", "same"), &[x])
        }),
    ];
    global_max_pool2d => [case(&[2, 2, 3], |g, x| g.add("global_max_pool2d", args(), &[x]))];
    global_avg_pool2d => [case(&[2, 3, 2], |g, x| g.add("global_avg_pool2d", args(), &[x]))];
    global_sum_pool2d => [case(&[2, 2, 3], |g, x| g.add("global_sum_pool2d", args(), &[x]))];
    flatten => [case(&[2, 1, 3], |g, x| g.add("flatten", args(), &[x]))];
    reshape => [case(&[6], |g, x| g.add("reshape", args().with("shape", Literal::List(vec![1, 2, 3])), &[x]))];
    batch_norm => [
        case(&[2, 2, 2], |g, x| g.add("batch_norm", args(), &[x])),
        case(&[3], |g, x| g.add("batch_norm", args().with("epsilon", 0.25), &[x])),
    ];
    add => [
        case(&[4], |g, x| {
            let a = g.add("scale", args().with("factor", 0.7), &[x])?;
            g.add("add", args(), &[a, x])
        }),
        case(&[2, 1, 2], |g, x| g.add("add", args(), &[x, x])),
        case(&[2, 3], |g, x| {
            let row = g.add("reduce_sum", args().with("axes", list(&[0])), &[x])?;
            g.add("add", args(), &[x, row])
        }),
    ];
    sub => [
        case(&[4], |g, x| {
            let a = g.add("scale", args().with("factor", 0.7), &[x])?;
            g.add("sub", args(), &[x, a])
        }),
        case(&[3], |g, x| g.add("sub", args(), &[x, x])),
        case(&[2, 1, 2], |g, x| {
            let turned = g.add("permute", args().with("axes", list(&[1, 0, 2])), &[x])?;
            g.add("sub", args(), &[x, turned])
        }),
    ];
    mul => [
        case(&[4], |g, x| {
            let a = g.add("scale", args().with("factor", -0.3), &[x])?;
            g.add("mul", args(), &[a, x])
        }),
        case(&[3], |g, x| g.add("mul", args(), &[x, x])),
        case(&[2, 2], |g, x| {
            let column = g.add("parameter", args().with("shape", list(&[2, 1])), &[])?;
            g.add("mul", args(), &[x, column])
        }),
    ];
    scale => [
        case(&[3], |g, x| g.add("scale", args().with("factor", 0.3), &[x])),
        case(&[3], |g, x| g.add("scale", args().with("factor", -0.25), &[x])),
        case(&[3], |g, x| g.add("scale", args().with("factor", -5.5), &[x])),
    ];
    poly => [
        case(&[4], |g, x| g.add("poly", args(), &[x])),
        case(&[3], |g, x| g.add("poly", args().with("n", -2.5), &[x])),
    ];
    argmax => [
        case(&[4], |g, x| g.add("argmax", args(), &[x])),
        case(&[2, 3], |g, x| g.add("argmax", args().with("axis", 1usize).with("last", true), &[x])),
    ];
    tanh => [case(&[3], |g, x| g.add("tanh", args(), &[x]))];
    sigmoid => [case(&[3], |g, x| g.add("sigmoid", args(), &[x]))];
    erf => [case(&[3], |g, x| g.add("erf", args(), &[x]))];
    softplus => [case(&[3], |g, x| g.add("softplus", args(), &[x]))];
    silu => [case(&[3], |g, x| g.add("silu", args(), &[x]))];
    mish => [case(&[3], |g, x| g.add("mish", args(), &[x]))];
    elu => [
        case(&[3], |g, x| g.add("elu", args(), &[x])),
        case(&[2], |g, x| g.add("elu", args().with("alpha", 0.3), &[x])),
    ];
    celu => [case(&[3], |g, x| g.add("celu", args().with("alpha", 2.0), &[x]))];
    selu => [case(&[3], |g, x| g.add("selu", args(), &[x]))];
    gelu => [
        case(&[3], |g, x| g.add("gelu", args(), &[x])),
        case(&[2], |g, x| g.add("gelu", args().with("tanh", true), &[x])),
    ];
    exp => [case(&[2], |g, x| {
        let x = g.add("scale", args().with("factor", 0.25), &[x])?;
        g.add("exp", args(), &[x])
    })];
    log => [case(&[2], |g, x| {
        let x = positive(g, x)?;
        g.add("log", args(), &[x])
    })];
    sqrt => [
        case(&[3], |g, x| g.add("sqrt", args(), &[x])),
        case(&[2], |g, x| {
            let x = g.add("mul", args(), &[x, x])?;
            g.add("sqrt", args(), &[x])
        }),
    ];
    reciprocal => [case(&[2], |g, x| {
        let x = positive(g, x)?;
        g.add("reciprocal", args(), &[x])
    })];
    div => [
        case(&[2], |g, x| {
            let b = positive(g, x)?;
            g.add("div", args(), &[x, b])
        }),
        case(&[2], |g, x| {
            let b = positive(g, x)?;
            let b = g.add("scale", args().with("factor", -0.5), &[b])?;
            let a = g.add("reshape", args().with("shape", Literal::List(vec![1, 2])), &[x])?;
            g.add("div", args(), &[a, b])
        }),
    ];
    pow => [
        case(&[3], |g, x| g.add("pow", args().with("exponent", 3usize), &[x])),
        case(&[2], |g, x| g.add("pow", args().with("exponent", 0.5), &[x])),
        case(&[2], |g, x| {
            let x = positive(g, x)?;
            g.add("pow", args().with("exponent", Literal::Int(-1)), &[x])
        }),
    ];
    softsign => [case(&[3], |g, x| g.add("softsign", args(), &[x]))];
    softmax => [
        case(&[3], |g, x| g.add("softmax", args(), &[x])),
        case(&[2, 2], |g, x| g.add("softmax", args().with("axis", 0usize), &[x])),
    ];
    log_softmax => [case(&[3], |g, x| g.add("log_softmax", args(), &[x]))];
    layer_norm => [
        case(&[2, 2], |g, x| g.add("layer_norm", args().with("epsilon", 0.5), &[x])),
        case(&[2, 1, 2], |g, x| {
            let axes = Literal::List(vec![0, -1]);
            g.add("layer_norm", args().with("axes", axes).with("epsilon", 0.5), &[x])
        }),
    ];
    rms_norm => [case(&[3], |g, x| g.add("rms_norm", args().with("epsilon", 0.5), &[x]))];
    instance_norm => [case(&[2, 2], |g, x| g.add("instance_norm", args().with("epsilon", 0.5), &[x]))];
}

/// A value from 0.27 to 0.73, to divide by; it must vary, or else no plan would keep more than one value of it.
fn positive(g: &mut Graph, x: NodeId) -> Result<NodeId, GraphError> {
    let factor = if matches!(g.range(), Some(Range::Whole(..))) { 0.1 } else { 0.9 };
    let x = g.add("scale", args().with("factor", factor), &[x])?;
    g.add("sigmoid", args(), &[x])
}

#[path = "layers/shapes.rs"]
mod shape_layers;

#[path = "layers/compare.rs"]
mod compare_layers;

#[test]
fn no_layer_is_missing_from_the_suite() {
    let mut listed: Vec<&str> = CARDS.iter().map(|card| card.name).collect();
    let mut covered = [COVERED, shape_layers::COVERED, compare_layers::COVERED].concat();
    listed.sort_unstable();
    covered.sort_unstable();
    assert_eq!(covered, listed);
}

#[test]
fn a_constant_that_lies_half_way_goes_away_from_zero() {
    let forward = |n: f64, x: f64| {
        let mut graph = Graph::new("half", Shape::new([1])).with_range(Range::Whole(-8, 7)).unwrap();
        graph.add("poly", args().with("n", n), &[graph.input()]).unwrap();
        let (model, x) = (model(graph, 1), Tensor::vector(vec![x]));
        let mut plan =
            model.quantize(std::slice::from_ref(&x), Target::default().max_error(8.0)).unwrap().plan().clone();
        (plan.steps[1].weight_scale, plan.scales[1], plan.error) = (0, 0, None);
        model.quantize_to(&plan).unwrap().forward(&x).unwrap().integers.data()[0]
    };
    assert_eq!(forward(-2.5, 4.0), Int::from(4));
    assert_eq!(forward(2.5, 4.0), Int::from(28));
    assert_eq!(forward(-0.5, 4.0), Int::from(12));
}
