//! Random networks: floats, integers, formulas, constraints, counts and the optimised graph all agree.
#![cfg(feature = "prove")]

mod common;

use common::{bound, exact, model, open, oracle, samples, scale, total};
use proptest::prelude::*;
use zkml::{
    dev::check,
    graph::{Graph, NodeId, Range, Visible},
    layer::Args,
    model::Model,
    number::Cost,
    optimize::optimize,
    plan::{Quantized, Target, to_real},
    rand::{SeedableRng, rngs::StdRng},
    shape::Shape,
};

/// A network yet to be described: what it takes, and raw choices of layers and arguments.
#[derive(Clone, Debug)]
struct Sketch {
    input: Vec<usize>,
    range: Range,
    layers: Vec<(u8, u8)>,
    classes: bool,
    seed: u64,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let input = prop_oneof![
        prop::collection::vec(2usize..6, 1),
        (1usize..3, 2usize..5, 2usize..5).prop_map(|(c, h, w)| vec![c, h, w]),
    ];
    let range = prop_oneof![Just(Range::Whole(-8, 7)), Just(Range::Whole(0, 15)), Just(Range::Real(-1.0, 1.0))];
    let layers = prop::collection::vec((any::<u8>(), any::<u8>()), 1..6);
    (input, range, layers, any::<bool>(), any::<u64>()).prop_map(|(input, range, layers, classes, seed)| Sketch {
        input,
        range,
        layers,
        classes,
        seed,
    })
}

/// Adds a layer that fits the shape, if the one chosen does.
fn extend(graph: &mut Graph, x: NodeId, (layer, argument): (u8, u8), squares: &mut usize) -> NodeId {
    let dims = graph.shape(x).dims().to_vec();
    let small = 1 + usize::from(argument) % 2;
    let size = [small.min(dims[dims.len() - 1]), 1 + small];
    let image = dims.len() == 3;
    let window = || {
        let kernel = size.map(|k| k.min(*dims[1..].iter().min().unwrap()));
        let padding = if argument.is_multiple_of(3) { "same" } else { "valid" };
        (kernel, padding)
    };
    let stride = 1 + usize::from(argument / 4) % 2;
    let add = |graph: &mut Graph, name: &str, args: Args| graph.add(name, args, &[x]).unwrap();
    match layer % 13 {
        0 if image => {
            let (kernel, padding) = window();
            let args = Args::new().with("filters", small).with("kernel", kernel).with("padding", padding);
            add(graph, "conv2d", args.with("stride", stride).with("bias", argument < 128))
        }
        0 | 1 if !image => add(graph, "dense", Args::new().with("units", 2 + small).with("bias", argument < 128)),
        1 | 2 if image => {
            let (kernel, padding) = window();
            let name = ["max_pool2d", "avg_pool2d", "sum_pool2d"][usize::from(argument) % 3];
            add(graph, name, Args::new().with("size", kernel).with("padding", padding).with("stride", stride))
        }
        3 | 4 => add(graph, "relu", Args::new()),
        5 => add(graph, "batch_norm", Args::new()),
        6 => {
            let factor = [0.3, -0.5, 1.7, 4.0][usize::from(argument) % 4];
            add(graph, "scale", Args::new().with("factor", factor))
        }
        7 if *squares < 2 => {
            *squares += 1;
            add(graph, "poly", Args::new().with("n", [1.0, -2.0, 0.0][usize::from(argument) % 3]))
        }
        8 => {
            let side = add(graph, "relu", Args::new());
            let name = ["add", "sub"][usize::from(argument) % 2];
            graph.add(name, Args::new(), &[x, side]).unwrap()
        }
        9 => add(graph, "flatten", Args::new()),
        10 if image => {
            let name = ["global_max_pool2d", "global_avg_pool2d", "global_sum_pool2d"][usize::from(argument) % 3];
            add(graph, name, Args::new())
        }
        11 if image => {
            let normed = add(graph, "batch_norm", Args::new());
            let relu = graph.add("relu", Args::new(), &[normed]).unwrap();
            let (kernel, padding) = window();
            let args = Args::new().with("size", kernel).with("stride", 1).with("padding", padding);
            graph.add("max_pool2d", args, &[relu]).unwrap()
        }
        12 => {
            let activations = [
                ("relu6", Args::new()),
                ("hard_tanh", Args::new()),
                ("clip", Args::new().with("min", -0.7).with("max", 3.3)),
                ("abs", Args::new()),
                ("leaky_relu", Args::new().with("alpha", 0.3)),
                ("leaky_relu", Args::new().with("alpha", -0.2)),
                ("hard_sigmoid", Args::new()),
                ("thresholded_relu", Args::new().with("alpha", 0.4)),
                ("prelu", Args::new()),
                ("sign", Args::new()),
            ];
            let (name, args) = activations[usize::from(argument) % activations.len()].clone();
            add(graph, name, args)
        }
        _ => add(graph, "relu", Args::new()),
    }
}

fn describe(sketch: &Sketch) -> Model {
    let mut graph = Graph::new("random", Shape::new(sketch.input.clone())).with_range(sketch.range).unwrap();
    let mut x = graph.input();
    let mut squares = 0;
    for choice in &sketch.layers {
        x = extend(&mut graph, x, *choice, &mut squares);
    }
    if sketch.classes {
        let flat = graph.add("flatten", Args::new(), &[x]).unwrap();
        let scores = graph.add("dense", Args::new().with("units", 3), &[flat]).unwrap();
        graph.add("argmax", Args::new(), &[scores]).unwrap();
    }
    model(graph, sketch.seed)
}

/// A plan of some quality: within a tenth of the largest score where the grid has one, else any.
fn quantize(model: &Model, seed: u64, weights: Visible) -> Quantized {
    let samples = samples(model.graph(), 3, seed);
    let top = samples.iter().map(|x| model.forward(x).unwrap().max_abs()).fold(0.0, f64::max);
    let model = model.clone().with_visibility(open(weights));
    let any = Target { tries: 1, ..Target::top1(0.0).max_error(f64::MAX) };
    let near = Target { tries: 24, ..Target::top1(0.0).max_error(0.1 * top) };
    match model.quantize(&samples, near) {
        Ok(quantized) if !seed.is_multiple_of(3) => quantized,
        _ => model.quantize(&samples, any).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn integers_are_near_the_floats_and_equal_the_formulas(sketch in sketch()) {
        let model = describe(&sketch);
        let quantized = quantize(&model, sketch.seed, Visible::Public);
        let (optimized, _) = optimize(&model).unwrap();
        for x in samples(model.graph(), 4, sketch.seed ^ 1) {
            let floats = optimized.trace(&x).unwrap();
            let bounds = bound::run(&quantized, &floats);
            let formulas = oracle::run(&quantized, &x);
            let values = exact(&quantized, &quantized.integers(&x).unwrap());
            for (i, value) in values.iter().enumerate() {
                let wide: Vec<i128> = value.data().iter().map(|q| q.as_i128()).collect();
                prop_assert_eq!(&wide, &formulas[i].data, "node {}", i);
                for (k, (q, y)) in value.data().iter().zip(floats[i].data()).enumerate() {
                    let error = (to_real(*q, scale(&quantized, i, k)) - y).abs();
                    prop_assert!(error <= bounds[i], "node {} is off by {}, at most {}", i, error, bounds[i]);
                }
            }
            let prediction = quantized.forward(&x).unwrap();
            prop_assert_eq!(&prediction.integers, &values[quantized.graph().scores().0]);
            let class = quantized.graph().classes().map(|_| values[quantized.graph().output().0].data()[0].as_usize());
            prop_assert_eq!(prediction.class, class);
        }
    }

    #[test]
    fn constraints_say_what_the_integers_say_and_cost_what_the_budget_says(sketch in sketch(), private in any::<bool>()) {
        let model = describe(&sketch);
        let weights = if private { Visible::Private } else { Visible::Public };
        let quantized = quantize(&model, sketch.seed, weights);
        let visibility = open(weights);
        let circuit = quantized.circuit().unwrap();
        let built = Cost::new(circuit.matrices().constraints(), circuit.matrices().witness);
        prop_assert_eq!(built, total(&quantized, visibility));
        let mut rng = StdRng::seed_from_u64(sketch.seed);
        for x in samples(model.graph(), 3, sketch.seed ^ 2) {
            let (assignment, _) = circuit.witness(std::slice::from_ref(&x), &mut rng).unwrap();
            prop_assert_eq!(check::check(&circuit, &assignment), vec![]);
            let statement = circuit.table().decode(&assignment[1..circuit.matrices().instance]).unwrap();
            let prediction = quantized.forward(&x).unwrap();
            prop_assert_eq!(statement.integers("input", 0), Some(&quantized.integers(&x).unwrap()));
            prop_assert_eq!(statement.class(0), prediction.class);
            if prediction.class.is_none() {
                prop_assert_eq!(statement.integers("output", 0), Some(&prediction.integers));
                prop_assert_eq!(statement.output(0), Some(prediction.scores));
            }
        }
    }

    #[test]
    fn the_optimised_graph_computes_the_same(sketch in sketch()) {
        let model = describe(&sketch);
        let (optimized, _) = optimize(&model).unwrap();
        for x in samples(model.graph(), 4, sketch.seed ^ 3) {
            same(&model, &optimized, &x)?;
        }
        let (again, passes) = optimize(&optimized).unwrap();
        prop_assert!(passes.iter().all(|p| p.times == 0), "a second run found {:?}", passes);
        prop_assert_eq!(again.graph(), optimized.graph());
    }
}

/// The scores of both are equal to `1e-9` of the largest.
fn same(model: &Model, optimized: &Model, x: &zkml::tensor::Tensor) -> Result<(), TestCaseError> {
    let (a, b) = (model.forward(x).unwrap(), optimized.forward(x).unwrap());
    prop_assert_eq!(a.shape(), b.shape());
    for (p, q) in a.data().iter().zip(b.data()) {
        prop_assert!((p - q).abs() <= 1e-9 * (1.0 + a.max_abs()), "{} became {}", p, q);
    }
    Ok(())
}

#[test]
fn the_random_networks_know_these_layers() {
    let sketches = (0..=255u8).flat_map(|layer| (0..12u8).map(move |argument| (layer, argument)));
    let mut seen = std::collections::BTreeSet::from(["argmax", "dense", "flatten"]);
    for choice in sketches {
        for input in [vec![2, 4, 4], vec![4]] {
            let mut graph = Graph::new("seen", Shape::new(input));
            let start = graph.input();
            extend(&mut graph, start, choice, &mut 0);
            seen.extend(graph.nodes().iter().filter_map(|n| n.layer.as_ref()).map(|l| l.card().name));
        }
    }
    let known = [
        "abs",
        "add",
        "argmax",
        "avg_pool2d",
        "batch_norm",
        "clip",
        "conv2d",
        "dense",
        "flatten",
        "global_avg_pool2d",
        "global_max_pool2d",
        "global_sum_pool2d",
        "hard_sigmoid",
        "hard_tanh",
        "leaky_relu",
        "max_pool2d",
        "poly",
        "prelu",
        "relu",
        "relu6",
        "scale",
        "sign",
        "sub",
        "sum_pool2d",
        "thresholded_relu",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), known);
}
