//! Random networks: floats, integers, formulas, constraints, counts and the optimised graph all agree.
#![cfg(feature = "prove")]

mod common;

use common::{bound, exact, model, open, oracle, samples, total};
use proptest::prelude::*;
use zkml::{
    arith::counts::Cost,
    dev::check,
    graph::{Graph, NodeId, Range, Visible},
    layer::{Args, CARDS},
    model::Model,
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
fn quantize(model: &Model, seed: u64) -> Quantized {
    let samples = samples(model.graph(), 3, seed);
    let top = samples.iter().map(|x| model.forward(x).unwrap().max_abs()).fold(0.0, f64::max);
    let any = Target { tries: 1, ..Target::top1(0.0).max_error(f64::MAX) };
    let near = Target { tries: 10, ..Target::top1(0.0).max_error(0.1 * top) };
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
        let quantized = quantize(&model, sketch.seed);
        let (optimized, _) = optimize(&model).unwrap();
        for x in samples(model.graph(), 4, sketch.seed ^ 1) {
            let floats = optimized.trace(&x).unwrap();
            let bounds = bound::run(&quantized, &floats);
            let formulas = oracle::run(&quantized, &x);
            let values = exact(&quantized, &quantized.integers(&x).unwrap());
            for (i, value) in values.iter().enumerate() {
                let wide: Vec<i128> = value.data().iter().map(|q| q.as_i128()).collect();
                prop_assert_eq!(&wide, &formulas[i].data, "node {}", i);
                for (q, y) in value.data().iter().zip(floats[i].data()) {
                    let error = (to_real(*q, quantized.plan().scales[i]) - y).abs();
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
        let quantized = quantize(&model, sketch.seed);
        let visibility = open(if private { Visible::Private } else { Visible::Public });
        let circuit = quantized.circuit(visibility).unwrap();
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
        prop_assert!(passes.iter().all(|(_, times)| *times == 0), "a second run found {:?}", passes);
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

/// A graph that is a chain of layers.
fn chain(input: &[usize], layers: &[(&str, Args)]) -> Graph {
    let mut graph = Graph::new("chain", Shape::from(input)).with_range(Range::Whole(-8, 7)).unwrap();
    let mut x = graph.input();
    for (layer, args) in layers {
        x = graph.add(layer, args.clone(), &[x]).unwrap();
    }
    graph
}

/// Checks that just this pass applies, so often, leaves just these layers, and keeps the scores.
fn applies(graph: Graph, pass: &str, times: usize, left: &[&str]) {
    let model = model(graph, 5);
    let (optimized, passes) = optimize(&model).unwrap();
    for (name, count) in passes {
        assert_eq!(count, if name == pass { times } else { 0 }, "{name}");
    }
    let layers: Vec<&str> =
        optimized.graph().nodes().iter().filter_map(|n| n.layer.as_ref()).map(|l| l.card().name).collect();
    assert_eq!(layers, left);
    for x in samples(model.graph(), 6, 6) {
        same(&model, &optimized, &x).unwrap();
    }
}

fn args() -> Args {
    Args::new()
}

#[test]
fn a_batch_norm_joins_the_dense_layer_or_the_convolution_before_it() {
    let dense = |bias: bool| args().with("units", 3).with("bias", bias);
    let conv = args().with("filters", 2).with("kernel", 2).with("padding", "same");
    for bias in [true, false] {
        applies(chain(&[4], &[("dense", dense(bias)), ("batch_norm", args())]), "fold_batch_norm", 1, &["dense"]);
    }
    let layers = [("conv2d", conv), ("batch_norm", args()), ("relu", args()), ("batch_norm", args())];
    applies(chain(&[2, 3, 3], &layers), "fold_batch_norm", 1, &["conv2d", "relu", "batch_norm"]);
    let twice = [("dense", dense(true)), ("batch_norm", args()), ("batch_norm", args())];
    applies(chain(&[4], &twice), "fold_batch_norm", 2, &["dense"]);
}

#[test]
fn a_factor_joins_the_layer_before_it() {
    let conv = args().with("filters", 2).with("kernel", 2);
    let scale = || ("scale", args().with("factor", -1.7));
    applies(chain(&[4], &[("dense", args().with("units", 3)), scale()]), "fold_scale", 1, &["dense"]);
    applies(chain(&[2, 3, 3], &[("conv2d", conv), scale(), ("relu", args())]), "fold_scale", 1, &["conv2d", "relu"]);
}

#[test]
fn a_factor_joins_the_layer_after_it() {
    let conv = args().with("filters", 2).with("kernel", 3).with("padding", "same");
    let scale = || ("scale", args().with("factor", 0.3));
    applies(chain(&[4], &[scale(), ("dense", args().with("units", 3))]), "fold_scale", 1, &["dense"]);
    let layers = [("relu", args()), scale(), ("conv2d", conv)];
    applies(chain(&[2, 3, 3], &layers), "fold_scale", 1, &["relu", "conv2d"]);
}

#[test]
fn a_maximum_is_taken_before_the_relu() {
    let pool = args().with("size", 2);
    let layers = [("relu", args()), ("max_pool2d", pool)];
    applies(chain(&[2, 4, 4], &layers), "pool_first", 1, &["max_pool2d", "relu"]);
    let layers = [("relu", args()), ("global_max_pool2d", args())];
    applies(chain(&[2, 4, 4], &layers), "pool_first", 1, &["global_max_pool2d", "relu"]);
}

#[test]
fn what_two_layers_take_is_left_as_it_is() {
    let forked = |layer: &str, args: Args| {
        let mut graph = Graph::new("forked", Shape::new([3])).with_range(Range::Whole(-8, 7)).unwrap();
        let y = graph.add("dense", Args::new().with("units", 3), &[graph.input()]).unwrap();
        let z = graph.add(layer, args, &[y]).unwrap();
        graph.add("add", Args::new(), &[y, z]).unwrap();
        graph
    };
    applies(forked("batch_norm", args()), "none", 0, &["dense", "batch_norm", "add"]);
    applies(forked("scale", args().with("factor", 3.0)), "none", 0, &["dense", "scale", "add"]);
}

#[test]
fn the_random_networks_know_every_layer_but_those_left_out() {
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
    let missing: Vec<&str> = CARDS.iter().map(|c| c.name).filter(|n| !seen.contains(n)).collect();
    let left_out = [
        "reshape",
        "mul",
        "offset",
        "parameter",
        "concat",
        "permute",
        "transpose",
        "slice",
        "gather",
        "pad",
        "crop",
        "broadcast_to",
        "upsample2d",
        "upsample1d",
        "depth_to_space",
        "space_to_depth",
        "matmul",
        "reduce_sum",
        "reduce_mean",
        "conv1d",
        "depthwise_conv2d",
        "separable_conv2d",
        "pointwise_conv2d",
        "conv2d_transpose",
        "conv1d_transpose",
        "max_pool1d",
        "avg_pool1d",
        "sum_pool1d",
        "global_max_pool1d",
        "global_avg_pool1d",
        "global_sum_pool1d",
        "maximum",
        "minimum",
        "reduce_max",
        "reduce_min",
        "argmin",
        "square",
        "hard_swish",
        "zanh",
        "zigmoid",
        "greater",
        "less",
        "greater_equal",
        "less_equal",
        "equal",
        "select",
    ];
    assert_eq!(missing, left_out);
}
