//! Every pass of the optimiser: where it applies, what it leaves, and that the scores stay what they were.
#![cfg(feature = "prove")]

#[path = "common/seeded.rs"]
mod seeded;

use seeded::{model, samples};
use zkml::{
    graph::{Graph, Range},
    layer::{Args, Literal},
    model::Model,
    optimize::optimize,
    shape::Shape,
    tensor::Tensor,
};

/// The scores of both are equal to `1e-9` of the largest.
fn same(model: &Model, optimized: &Model, x: &Tensor) {
    let (a, b) = (model.forward(x).unwrap(), optimized.forward(x).unwrap());
    assert_eq!(a.shape(), b.shape());
    for (p, q) in a.data().iter().zip(b.data()) {
        assert!((p - q).abs() <= 1e-9 * (1.0 + a.max_abs()), "{p} became {q}");
    }
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
    for applied in passes {
        assert_eq!(applied.times, if applied.pass == pass { times } else { 0 }, "{}", applied.pass);
    }
    let layers: Vec<&str> =
        optimized.graph().nodes().iter().filter_map(|n| n.layer.as_ref()).map(|l| l.card().name).collect();
    assert_eq!(layers, left);
    for x in samples(model.graph(), 6, 6) {
        same(&model, &optimized, &x);
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
fn a_batch_norm_that_comes_first_joins_the_layer_after_it() {
    let conv = |padding: &str| args().with("filters", 4).with("kernel", 2).with("padding", padding).with("groups", 2);
    let pass = "fold_norm_forward";
    applies(chain(&[4], &[("batch_norm", args()), ("dense", args().with("units", 3))]), pass, 1, &["dense"]);
    applies(chain(&[2, 3, 3], &[("batch_norm", args()), ("conv2d", conv("valid"))]), pass, 1, &["conv2d"]);
    let flat = [("relu", args()), ("batch_norm", args()), ("flatten", args()), ("dense", args().with("units", 3))];
    applies(chain(&[2, 3, 3], &flat), pass, 1, &["relu", "flatten", "dense"]);
    // What is padded after the norm is no zero before it.
    let padded = [("batch_norm", args()), ("conv2d", conv("same"))];
    applies(chain(&[2, 3, 3], &padded), "none", 0, &["batch_norm", "conv2d"]);
}

#[test]
fn a_factor_passes_through_what_it_commutes_with() {
    let scale = |factor: f64| ("scale", args().with("factor", factor));
    let conv = || ("conv2d", args().with("filters", 2).with("kernel", 2));
    let pool = || ("max_pool2d", args().with("size", 2));
    let positive = [conv(), ("relu", args()), scale(0.3)];
    applies(chain(&[2, 3, 3], &positive), "fold_scale", 1, &["conv2d", "relu"]);
    let flat = [pool(), scale(0.3), ("flatten", args()), ("dense", args().with("units", 3))];
    applies(chain(&[2, 4, 4], &flat), "fold_scale", 1, &["max_pool2d", "flatten", "dense"]);
    // A factor below zero turns a maximum into a minimum.
    let negative = [conv(), pool(), scale(-0.3)];
    applies(chain(&[2, 5, 5], &negative), "none", 0, &["conv2d", "max_pool2d", "scale"]);
}

#[test]
fn the_divisor_of_an_average_joins_a_neighbour() {
    let average = || ("avg_pool2d", args().with("size", 3));
    let conv = || ("conv2d", args().with("filters", 2).with("kernel", 2));
    applies(chain(&[2, 4, 4], &[conv(), average()]), "fold_average", 1, &["conv2d", "sum_pool2d"]);
    let between = [average(), ("relu", args()), ("flatten", args()), ("dense", args().with("units", 2))];
    applies(chain(&[2, 3, 3], &between), "fold_average", 1, &["sum_pool2d", "relu", "flatten", "dense"]);
    let global = [("global_avg_pool2d", args()), ("dense", args().with("units", 2))];
    applies(chain(&[2, 3, 3], &global), "fold_average", 1, &["global_sum_pool2d", "dense"]);
    // A power of two divides for nothing; windows that reach into padding have divisors of their own.
    let even = [conv(), ("avg_pool2d", args().with("size", 2))];
    applies(chain(&[2, 5, 5], &even), "none", 0, &["conv2d", "avg_pool2d"]);
    let padded = [conv(), ("avg_pool2d", args().with("size", 3).with("padding", "same"))];
    applies(chain(&[2, 5, 5], &padded), "none", 0, &["conv2d", "avg_pool2d"]);
}

#[test]
fn what_changes_nothing_is_left_out() {
    let reshape = |shape: &[i64]| ("reshape", args().with("shape", Literal::List(shape.to_vec())));
    let layers = [("relu", args()), reshape(&[2, 2]), ("relu", args()), ("dense", args().with("units", 2))];
    applies(chain(&[2, 2], &layers[..3]), "identities", 2, &["relu"]);
    applies(chain(&[4], &[("flatten", args()), ("dense", args().with("units", 2))]), "identities", 1, &["dense"]);
    applies(chain(&[4], &[reshape(&[2, 2]), ("relu", args())]), "none", 0, &["reshape", "relu"]);
}

#[test]
fn what_is_computed_twice_is_computed_once() {
    let mut graph = Graph::new("twice", Shape::new([3])).with_range(Range::Whole(-8, 7)).unwrap();
    let x = graph.add("dense", args().with("units", 3), &[graph.input()]).unwrap();
    let (a, b) = (graph.add("relu", args(), &[x]).unwrap(), graph.add("relu", args(), &[x]).unwrap());
    graph.add("mul", args(), &[a, b]).unwrap();
    applies(graph, "common_subexpressions", 1, &["dense", "relu", "mul"]);
    // Whether weights are equal must not show.
    let mut graph = Graph::new("twice", Shape::new([3])).with_range(Range::Whole(-8, 7)).unwrap();
    let dense = || args().with("units", 3);
    let (a, b) = (graph.add("dense", dense(), &[x]).unwrap_err(), graph.input());
    assert!(a.to_string().contains("node"), "{a}");
    let (a, b) = (graph.add("dense", dense(), &[b]).unwrap(), graph.add("dense", dense(), &[b]).unwrap());
    graph.add("mul", args(), &[a, b]).unwrap();
    applies(graph, "none", 0, &["dense", "dense", "mul"]);
}

#[test]
fn what_keeps_the_order_is_not_needed_before_an_argmax() {
    let scale = |factor: f64| ("scale", args().with("factor", factor));
    let classes = |factor: f64| chain(&[3], &[("relu", args()), scale(factor), ("argmax", args())]);
    let (optimized, _) = optimize(&model(classes(0.3), 5)).unwrap();
    let model = model(classes(0.3), 5);
    assert_eq!(optimized.graph().nodes().len(), 3);
    for x in samples(model.graph(), 6, 6) {
        assert_eq!(model.classify(&x).unwrap(), optimized.classify(&x).unwrap());
    }
    let turned = classes(-0.3);
    let (optimized, _) = optimize(&seeded::model(turned, 5)).unwrap();
    assert_eq!(optimized.graph().nodes().len(), 4);
}

#[test]
fn what_depends_on_no_input_is_computed_once() {
    let mut graph = Graph::new("constants", Shape::new([2, 3])).with_range(Range::Whole(-8, 7)).unwrap();
    let row = graph.add("parameter", args().with("shape", Literal::List(vec![6])), &[]).unwrap();
    let row = graph.add("reshape", args().with("shape", Literal::List(vec![2, 3])), &[row]).unwrap();
    let row = graph.add("relu", args(), &[row]).unwrap();
    graph.add("mul", args(), &[graph.input(), row]).unwrap();
    applies(graph, "fold_constants", 2, &["parameter", "mul"]);
}

#[test]
fn a_parameter_joins_the_layer_beside_it() {
    let parameter = |graph: &mut Graph, shape: &[i64]| {
        graph.add("parameter", args().with("shape", Literal::List(shape.to_vec())), &[]).unwrap()
    };
    let graph = |input: &[usize]| Graph::new("absorb", Shape::from(input)).with_range(Range::Whole(-8, 7)).unwrap();
    for input in [&[3][..], &[2, 3]] {
        let mut g = graph(input);
        let (w, b) = (parameter(&mut g, &[3, 4]), parameter(&mut g, &[4]));
        let y = g.add("matmul", args(), &[g.input(), w]).unwrap();
        let y = g.add("sub", args(), &[b, y]).unwrap();
        g.add("mul", args(), &[y, b]).unwrap();
        applies(g, "absorb_parameters", 3, &["dense"]);
    }
    let mut g = graph(&[2, 3, 3]);
    let y = g.add("conv2d", args().with("filters", 4).with("kernel", 2), &[g.input()]).unwrap();
    let (a, b) = (parameter(&mut g, &[4, 1, 1]), parameter(&mut g, &[2]));
    let y = g.add("add", args(), &[y, a]).unwrap();
    g.add("add", args(), &[y, b]).unwrap();
    // One number a column is not one a channel.
    applies(g, "absorb_parameters", 1, &["conv2d", "parameter", "add"]);
}

#[test]
fn a_clip_of_a_clip_is_one_clip() {
    let clip = |min: f64, max: f64| ("clip", args().with("min", min).with("max", max));
    let chain = |layers: &[(&str, Args)]| chain(&[4], layers);
    applies(chain(&[("relu", args()), clip(-1.0, 6.0)]), "merge_clips", 1, &["relu6"]);
    applies(chain(&[clip(-2.5, 3.5), ("relu", args())]), "merge_clips", 1, &["clip"]);
    applies(chain(&[("hard_tanh", args()), ("relu6", args()), clip(-3.0, 0.5)]), "merge_clips", 2, &["clip"]);
    applies(chain(&[("relu", args()), ("abs", args())]), "none", 0, &["relu", "abs"]);
}

#[test]
fn what_is_left_out_is_not_computed() {
    let slice = |start: i64, end: i64| {
        ("slice", args().with("axis", 0usize).with("start", Literal::Int(start)).with("end", Literal::Int(end)))
    };
    let dense = ("dense", args().with("units", 5));
    applies(chain(&[4], &[dense.clone(), ("relu", args()), slice(1, 3)]), "select_first", 2, &["dense", "relu"]);
    let conv = ("conv2d", args().with("filters", 4).with("kernel", 2));
    applies(chain(&[2, 3, 3], &[conv.clone(), slice(-2, 4)]), "select_first", 1, &["conv2d"]);
    let crop = ("crop", args().with("cropping", 1usize));
    let layers = [conv, ("relu", args()), crop];
    applies(chain(&[2, 5, 5], &layers), "select_first", 1, &["conv2d", "crop", "relu"]);
    applies(chain(&[4], &[("relu", args()), slice(0, 2)]), "select_first", 1, &["slice", "relu"]);
}

#[test]
fn an_offset_joins_a_neighbour() {
    let offset = || ("offset", args().with("value", 0.7));
    let dense = || ("dense", args().with("units", 3).with("bias", false));
    applies(chain(&[4], &[dense(), offset()]), "fold_batch_norm", 1, &["dense"]);
    applies(chain(&[4], &[offset(), dense()]), "fold_norm_forward", 1, &["dense"]);
}
