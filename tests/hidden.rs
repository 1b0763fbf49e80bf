//! Weights that a circuit hides leave no trace in what is public: for any two sets of weights of one graph, under one plan,
//! circuit file, digest, counts, table and keys' sizes are the same, to the byte.
#![cfg(feature = "prove")]

mod catalogue {
    #[allow(dead_code)]
    pub mod examples;
}

use catalogue::examples::EXAMPLES;
use proptest::prelude::*;
use zkml::{
    circuit::{Circuit, CircuitError},
    digest::Digest,
    graph::{Graph, NodeId, Range, Visibility, Visible},
    layer::{Args, Literal},
    model::{Model, Weights},
    optimize::optimize,
    plan::{Plan, Quantized, Target},
    rand::{Rng, SeedableRng, rngs::StdRng},
    shape::Shape,
    tensor::Tensor,
};

const PUBLIC: Visibility = with(Visible::Public);
const PRIVATE: Visibility = with(Visible::Private);
const COMMITTED: Visibility = with(Visible::Committed);

const fn with(weights: Visible) -> Visibility {
    Visibility { input: Visible::Public, weights, output: Visible::Public }
}

/// By how many bits one set of weights may be larger than another here.
const ROOM: u32 = 24;

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// Weights of which any tensor may be all zeros, all ones, a power of two, all equal, one channel larger, or just random.
fn weights(graph: &Graph, rng: &mut StdRng) -> Weights {
    let mut weights = Weights::new();
    for (name, param) in graph.all_params() {
        let (kind, c) = (rng.gen_range(0..7), rng.gen_range(-1.0..1.0f64));
        let value = |i: usize| match kind {
            0 => 0.0,
            1 => 1.0,
            2 => 0.25,
            3 => -1.0,
            4 => c,
            5 if i == 0 => 1.0,
            5 => 0.0078125,
            _ => rng.gen_range(-1.0..1.0),
        };
        let tensor = Tensor::from_fn(param.shape, value);
        // Variances: what they divide must not outgrow the room.
        let tensor = if param.non_negative { tensor.map(|x| x.abs().max(0.25)) } else { tensor };
        weights.insert(name, tensor);
    }
    weights
}

fn samples(graph: &Graph) -> Vec<Tensor> {
    let shape = graph.shape(graph.input());
    (0..2).map(|s| Tensor::from_fn(shape.clone(), |i| ((7 * i + 5 * s + 3) % 17) as f64 / 8.0 - 1.0)).collect()
}

/// Whatever the errors: what is asked here is what a circuit shows, not how near it is.
fn loose() -> Target {
    Target { tries: 1, ..Target::top1(0.0).max_error(f64::MAX) }
}

/// All that anyone sees of a circuit.
#[derive(PartialEq)]
struct Seen {
    graph: Digest,
    digest: Digest,
    file: Vec<u8>,
    table: String,
    budget: String,
    constraints: usize,
    report: String,
}

fn seen(quantized: &Quantized, visibility: Visibility) -> Seen {
    let circuit = quantized.circuit_for(visibility).unwrap();
    Seen {
        graph: circuit.graph().digest(),
        digest: circuit.digest(),
        file: circuit.to_bytes().unwrap(),
        table: format!("{:?}", circuit.table()),
        budget: format!("{:?}", quantized.budget(visibility, 1).unwrap()),
        constraints: circuit.matrices().constraints(),
        report: circuit.report().to_string(),
    }
}

/// Two models of one graph, under either's plan: whether there was a plan to compare under.
fn nothing_shows(what: &str, graph: &Graph, visibility: Visibility, seed: u64) -> bool {
    let mut rng = rng(seed);
    let models = [(); 2].map(|()| Model::new(graph.clone(), visibility, weights(graph, &mut rng)).unwrap());
    let [a, b] = models.each_ref().map(|m| optimize(m).unwrap().0.graph().digest());
    assert_eq!(a, b, "{what}: the passes make different graphs of different weights");
    let mut compared = false;
    for own in &models {
        let Ok(quantized) = own.quantize(&samples(graph), loose()) else { continue };
        let plan = quantized.plan().widened(ROOM);
        // Where a value outgrows the field, it does so for all weights.
        let both = models.each_ref().map(|m| m.quantize_to(&plan));
        let [a, b] = match both {
            [Ok(a), Ok(b)] => [a, b],
            [Err(a), Err(b)] => {
                assert_eq!(a.to_string(), b.to_string(), "{what}");
                continue;
            }
            [a, b] => panic!("{what}: {:?} and {:?} under one plan", a.map(|_| ()), b.map(|_| ())),
        };
        assert_eq!(a.plan(), b.plan());
        assert!(seen(&a, visibility) == seen(&b, visibility), "{what}: weights show in their circuit");
        compared = true;
    }
    compared
}

fn list(numbers: &[i64]) -> Literal {
    Literal::List(numbers.to_vec())
}

/// A layer with parameters, between two that passes may fold it into.
fn around(name: &str, args: Args, input: &[usize]) -> Graph {
    let mut graph = Graph::new("layer", Shape::from(input)).with_range(Range::Real(-2.0, 2.0)).unwrap();
    let mut x = graph.input();
    if input.len() == 3 {
        x = graph.add("depthwise_conv2d", Args::new().with("kernel", 1usize).with("bias", false), &[x]).unwrap();
    }
    x = match name {
        "parameter" => {
            let value = graph.add(name, args, &[]).unwrap();
            graph.add("mul", Args::new(), &[x, value]).unwrap()
        }
        _ => graph.add(name, args, &[x]).unwrap(),
    };
    x = graph.add("relu", Args::new(), &[x]).unwrap();
    x = graph.add("flatten", Args::new(), &[x]).unwrap();
    x = graph.add("dense", Args::new().with("units", 2usize).with("bias", false), &[x]).unwrap();
    graph.add("relu", Args::new(), &[x]).unwrap();
    graph
}

#[test]
fn no_layer_shows_its_parameters() {
    let mut tested = vec![];
    for example in EXAMPLES {
        let Ok(layer) = zkml::layer::AnyLayer::parse(example.name, (example.args)()) else { continue };
        let shapes: Vec<Shape> = example.inputs.iter().map(|i| Shape::from(i.shape)).collect();
        if layer.params(&shapes.iter().collect::<Vec<_>>()).is_empty() {
            continue;
        }
        // Small ones: the arguments are those of the page, the extents need not be.
        let whole = layer.shape(&shapes.iter().collect::<Vec<_>>()).unwrap();
        let input: Vec<usize> = match shapes.first() {
            None => whole.dims().to_vec(),
            Some(shape) => shape.dims().iter().map(|d| (*d).min(4)).collect(),
        };
        let graph = around(example.name, (example.args)(), &input);
        let compared = (0..4).filter(|seed| nothing_shows(example.name, &graph, PRIVATE, *seed)).count();
        assert!(compared > 0, "{}", example.name);
        assert!(nothing_shows(example.name, &graph, COMMITTED, 4) || compared > 2, "{}", example.name);
        tested.push(example.name);
    }
    let all = [
        "dense",
        "conv1d",
        "conv2d",
        "pointwise_conv2d",
        "depthwise_conv2d",
        "separable_conv2d",
        "conv1d_transpose",
        "conv2d_transpose",
        "parameter",
        "batch_norm",
        "prelu",
        "layer_norm",
        "instance_norm",
        "rms_norm",
    ];
    assert!(all.iter().all(|name| tested.contains(name)), "only {tested:?}");
}

/// Adds a layer that fits: one with parameters, or one that passes move.
fn extend(graph: &mut Graph, x: NodeId, (layer, argument): (u8, u8)) -> NodeId {
    let dims = graph.shape(x).dims().to_vec();
    let image = dims.len() == 3;
    let bias = argument.is_multiple_of(2);
    let add = |graph: &mut Graph, name: &str, args: Args| graph.add(name, args, &[x]).unwrap();
    match layer % 12 {
        0 | 1 if image => {
            let padding = if argument < 128 { "same" } else { "valid" };
            let kernel = dims[1].min(dims[2]).min(2);
            add(
                graph,
                "conv2d",
                Args::new().with("filters", 2usize).with("kernel", kernel).with("bias", bias).with("padding", padding),
            )
        }
        0..=2 if !image => {
            add(graph, "dense", Args::new().with("units", 1 + usize::from(argument % 3)).with("bias", bias))
        }
        2 | 3 => add(graph, "batch_norm", Args::new()),
        4 => add(graph, "prelu", Args::new().with("shared", bias)),
        5 => add(graph, "scale", Args::new().with("factor", [0.5, -0.3, 1.0][usize::from(argument % 3)])),
        6 => add(graph, "offset", Args::new().with("value", [0.5, 0.0][usize::from(argument % 2)])),
        7 => {
            // One number, one a channel, or one an element, as readers of files make them.
            let ones = vec![1; dims.len()];
            let shape = [ones, [vec![dims[0]], vec![1; dims.len() - 1]].concat(), dims.clone()];
            let shape: Vec<i64> = shape[usize::from(argument % 3)].iter().map(|d| *d as i64).collect();
            let value = graph.add("parameter", Args::new().with("shape", list(&shape)), &[]).unwrap();
            let name = ["add", "sub", "mul", "maximum", "minimum"][usize::from(argument / 3) % 5];
            let both = if argument >= 128 { [value, x] } else { [x, value] };
            graph.add(name, Args::new(), &both).unwrap()
        }
        8 => {
            // What depends on no input is folded.
            let shape: Vec<i64> = dims.iter().map(|d| *d as i64).collect();
            let value = graph.add("parameter", Args::new().with("shape", list(&shape)), &[]).unwrap();
            let value = graph.add(["relu", "abs", "square"][usize::from(argument % 3)], Args::new(), &[value]).unwrap();
            graph.add("add", Args::new(), &[x, value]).unwrap()
        }
        9 => add(graph, "flatten", Args::new()),
        10 if image => add(graph, "global_avg_pool2d", Args::new()),
        _ => add(graph, "relu", Args::new()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn no_network_shows_its_weights(
        image in any::<bool>(),
        layers in prop::collection::vec((any::<u8>(), any::<u8>()), 1..6),
        committed in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let input: &[usize] = if image { &[2, 3, 3] } else { &[3] };
        let mut graph = Graph::new("random", Shape::from(input)).with_range(Range::Real(-2.0, 2.0)).unwrap();
        let mut x = graph.input();
        for choice in layers {
            x = extend(&mut graph, x, choice);
        }
        let visibility = if committed { COMMITTED } else { PRIVATE };
        nothing_shows(&graph.to_string(), &graph, visibility, seed);
    }
}

/// A convolution without bias, and a batch norm with this offset after it.
fn normed(beta: f64, visibility: Visibility) -> Model {
    let mut graph = Graph::new("normed", Shape::new([2, 4, 4])).with_range(Range::Real(-2.0, 2.0)).unwrap();
    let args = Args::new().with("filters", 2usize).with("kernel", 3usize).with("bias", false);
    let y = graph.add("conv2d", args, &[graph.input()]).unwrap();
    let y = graph.add("batch_norm", Args::new(), &[y]).unwrap();
    graph.add("relu", Args::new(), &[y]).unwrap();
    let mut weights = Weights::new();
    for (name, param) in graph.all_params() {
        let value = |i: usize| match name.rsplit('.').next().unwrap() {
            "gamma" | "var" => 1.0,
            "beta" => beta,
            "mean" => 0.0,
            _ => ((7 * i) % 11) as f64 / 8.0 - 0.6,
        };
        weights.insert(name.clone(), Tensor::from_fn(param.shape.clone(), value));
    }
    Model::new(graph, visibility, weights).unwrap()
}

#[test]
fn whether_a_hidden_norm_has_offsets_does_not_show() {
    let [without, with] = [0.0, 0.25].map(|beta| normed(beta, PRIVATE));
    let plan = |m: &Model| m.quantize(&samples(m.graph()), loose()).unwrap().plan().clone();
    for plan in [plan(&without), plan(&with)] {
        let [a, b] = [&without, &with].map(|m| m.quantize_to(&plan).unwrap());
        assert!(seen(&a, PRIVATE) == seen(&b, PRIVATE));
        let layer = a.graph().nodes()[1].layer.as_ref().unwrap();
        assert!(layer.args().contains(&("bias", Literal::Bool(true))), "{layer:?}");
    }
}

#[test]
fn a_graph_that_was_made_by_looking_at_weights_is_not_one_that_hides_them() {
    let model = normed(0.0, PUBLIC);
    let quantized = model.quantize(&samples(model.graph()), loose()).unwrap();
    assert!(quantized.circuit_for(PUBLIC).is_ok());
    for hidden in [PRIVATE, COMMITTED] {
        let error = quantized.circuit_for(hidden).unwrap_err();
        assert!(matches!(error, CircuitError::Reveals { .. }));
        assert_eq!(
            error.to_string(),
            "what the pass `fold_batch_norm` made of the graph depends on the values of the weights, which the circuit is to \
             hide; quantise the model for hidden weights: give it that visibility, as `Model::with_visibility` does"
        );
    }
    // Where nothing was decided by values, one plan serves both.
    let model = normed(0.25, PUBLIC);
    assert!(model.quantize(&samples(model.graph()), loose()).unwrap().circuit_for(PRIVATE).is_ok());
    // And a plan for hidden weights is one, whatever the visibility was before.
    let model = normed(0.0, PUBLIC).with_visibility(PRIVATE);
    let quantized = model.quantize(&samples(model.graph()), loose()).unwrap();
    let again = model.quantize_to(quantized.plan()).unwrap();
    assert!(seen(&quantized, PRIVATE) == seen(&again, PRIVATE));
    assert!(seen(&quantized, PRIVATE) == seen(&normed(0.125, PRIVATE).quantize_to(quantized.plan()).unwrap(), PRIVATE));
}

/// A convolution whose channels are of different size, under a plan that holds each at a scale of its own.
fn channelled() -> (Model, Plan) {
    let mut graph = Graph::new("channels", Shape::new([2, 6, 6])).with_range(Range::Real(-2.0, 2.0)).unwrap();
    let args = Args::new().with("filters", 4usize).with("kernel", 3usize);
    let y = graph.add("conv2d", args, &[graph.input()]).unwrap();
    graph.add("relu", Args::new(), &[y]).unwrap();
    let mut weights = Weights::new();
    for (name, param) in graph.all_params() {
        let per = param.shape.len() / 4;
        let value = |i: usize| (((7 * i) % 11) as f64 / 8.0 - 0.6) * 2f64.powi(-3 * (i / per) as i32);
        weights.insert(name, Tensor::from_fn(param.shape, value));
    }
    let model = Model::new(graph, PUBLIC, weights).unwrap();
    let quantized = model.quantize(&samples(model.graph()), loose()).unwrap();
    let mut plan = quantized.plan().widened(4);
    for (i, shift) in [(1, 0), (2, 2)] {
        plan.steps[i].channels = vec![0, 3, 6, 9];
        plan.steps[i].shift = shift;
        plan.steps[i].inputs = vec![plan.scales[i - 1]];
        let layer = quantized.graph().node(NodeId(i)).layer.as_ref().unwrap();
        plan.scales[i] = layer.scale(&plan.steps[i]) - shift as i32;
    }
    (model, plan)
}

#[test]
fn scales_of_channels_are_refused_where_weights_are_hidden() {
    let (model, plan) = channelled();
    let quantized = model.quantize_to(&plan).unwrap();
    let public = quantized.circuit_for(PUBLIC).unwrap();
    assert_eq!(public.plan().steps[1].channels, [0, 3, 6, 9]);
    for hidden in [PRIVATE, COMMITTED] {
        let error = quantized.circuit_for(hidden).unwrap_err().to_string();
        let expected = "the scale of each channel of layer `conv2d1` depends on the values of the weights, which the circuit is to";
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_number_that_the_user_wrote_stays_where_it_was_written() {
    let mut graph = Graph::new("written", Shape::new([3])).with_range(Range::Real(-2.0, 2.0)).unwrap();
    let y = graph.add("dense", Args::new().with("units", 2usize), &[graph.input()]).unwrap();
    let y = graph.add("square", Args::new(), &[y]).unwrap();
    let y = graph.add("scale", Args::new().with("factor", 0.987654321), &[y]).unwrap();
    graph.add("relu", Args::new(), &[y]).unwrap();
    let model = Model::init(graph, PRIVATE, &mut rng(3)).unwrap();
    let circuit = model.quantize(&samples(model.graph()), loose()).unwrap().circuit_for(PRIVATE).unwrap();
    assert!(String::from_utf8_lossy(&circuit.to_bytes().unwrap()).contains("0.987654321"));
}

#[test]
fn a_plan_of_fresh_weights_holds_the_trained_ones() {
    let mut graph = Graph::new("fresh", Shape::new([4])).with_range(Range::Real(-2.0, 2.0)).unwrap();
    let y = graph.add("dense", Args::new().with("units", 3usize), &[graph.input()]).unwrap();
    let y = graph.add("relu", Args::new(), &[y]).unwrap();
    graph.add("dense", Args::new().with("units", 1usize), &[y]).unwrap();
    let fresh = Model::init(graph.clone(), PRIVATE, &mut rng(1)).unwrap();
    let trained = {
        let start = Model::init(graph.clone(), PRIVATE, &mut rng(2)).unwrap();
        let mut weights = Weights::new();
        start.weights().iter().for_each(|(name, t)| weights.insert(name, t.map(|x| 3.0 * x + 0.125)));
        Model::new(graph.clone(), PRIVATE, weights).unwrap()
    };
    let target = Target::top1(0.0).max_error(0.02);
    let tight = fresh.quantize(&samples(&graph), target).unwrap();
    assert!(trained.quantize_to(tight.plan()).is_err(), "they are larger than the plan has room for");
    let plan = tight.plan().widened(3);
    let [a, b] = [&fresh, &trained].map(|m| m.quantize_to(&plan).unwrap());
    assert!(seen(&a, PRIVATE) == seen(&b, PRIVATE));
    // Held as finely as the fresh ones, at three times the size: so errors are about three times as large a layer.
    let fidelity = b.fidelity(&samples(&graph)).unwrap();
    assert!(fidelity.max_error < 9.0 * 0.02, "{fidelity}");
}

#[test]
fn keys_and_proofs_serve_all_weights() {
    let [a, b] = [0.0, 0.25].map(|beta| normed(beta, PRIVATE));
    let plan = a.quantize(&samples(a.graph()), loose()).unwrap().plan().clone();
    let [a, b] = [&a, &b].map(|m| m.quantize_to(&plan).unwrap().circuit_for(PRIVATE).unwrap());
    let size = |circuit: &Circuit| {
        let keys = circuit.setup(&mut rng(5)).unwrap();
        (keys.verifying.to_bytes(), keys)
    };
    let ((first, keys), (second, _)) = (size(&a), size(&b));
    assert!(first == second, "the same setup of the same circuit");
    let x = &samples(a.graph())[0];
    let proof = b.prove(&keys.proving, x, &mut rng(6)).unwrap();
    assert!(keys.verifying.verify(&proof).is_ok());
}
