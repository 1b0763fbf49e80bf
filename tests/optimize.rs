//! Every pass of the optimiser: where it applies, what it leaves, and that the scores stay what they were.
#![cfg(feature = "prove")]

#[path = "common/seeded.rs"]
mod seeded;

use seeded::{model, samples};
use zkml::{
    graph::{Graph, Range, Visibility},
    layer::{Args, Literal},
    model::{Model, Weights},
    optimize::optimize,
    rand::{Rng, SeedableRng, rngs::StdRng},
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

/// Every convolution, of `[4, 5]` or `[4, 5, 5]`.
fn convolutions() -> Vec<(&'static str, Args)> {
    let grouped = || args().with("filters", 6).with("kernel", 2).with("groups", 2);
    vec![
        ("conv1d", grouped()),
        ("conv1d_transpose", grouped().with("stride", 2)),
        ("conv2d", grouped()),
        ("conv2d_transpose", grouped().with("stride", 2)),
        ("depthwise_conv2d", args().with("kernel", 2).with("multiplier", 2)),
        ("pointwise_conv2d", args().with("filters", 3)),
        ("separable_conv2d", args().with("kernel", 2).with("filters", 3)),
    ]
}

/// The input of such a one.
fn input_of(convolution: &str) -> &'static [usize] {
    if convolution.contains("1d") { &[4, 5] } else { &[4, 5, 5] }
}

#[test]
fn a_batch_norm_and_a_factor_join_any_convolution_before_them() {
    let scale = || ("scale", args().with("factor", -1.7));
    for bias in [true, false] {
        for (name, conv) in convolutions() {
            let conv = (name, conv.with("bias", bias));
            let with = |next: (&'static str, Args)| chain(input_of(name), &[conv.clone(), next]);
            applies(with(("batch_norm", args())), "fold_batch_norm", 1, &[name]);
            applies(with(("offset", args().with("value", 0.7))), "fold_batch_norm", 1, &[name]);
            applies(with(scale()), "fold_scale", 1, &[name]);
            let layers = [("relu", args()), scale(), conv.clone()];
            applies(chain(input_of(name), &layers), "fold_scale", 1, &["relu", name]);
        }
    }
}

#[test]
fn a_batch_norm_joins_any_convolution_after_it_that_has_no_padding() {
    for (name, conv) in convolutions() {
        let layers = [("batch_norm", args()), (name, conv)];
        // Those windows reach over the ends, or the layer has two weights.
        if name.contains("transpose") || name.contains("separable") {
            applies(chain(input_of(name), &layers), "none", 0, &["batch_norm", name]);
        } else {
            applies(chain(input_of(name), &layers), "fold_norm_forward", 1, &[name]);
        }
    }
}

#[test]
fn a_border_of_zeros_joins_the_convolution_after_it() {
    let pad = |padding: Literal| ("pad", args().with("padding", padding));
    let conv = |padding: Literal| ("conv2d", args().with("filters", 2).with("kernel", 3).with("padding", padding));
    let list = |sides: &[i64]| Literal::List(sides.to_vec());
    let input = &[2, 4, 4];
    for (border, within) in [(list(&[1, 0, 2, 1]), "valid".into()), (1usize.into(), 1usize.into())] {
        applies(chain(input, &[pad(border), conv(within)]), "fold_pad", 1, &["conv2d"]);
    }
    let twice = [pad(1usize.into()), pad(list(&[0, 1, 0, 0])), conv("valid".into())];
    applies(chain(input, &twice), "fold_pad", 2, &["conv2d"]);
    for name in ["depthwise_conv2d", "separable_conv2d"] {
        let args = args().with("kernel", [2, 3]).with("stride", 2);
        let args = if name == "separable_conv2d" { args.with("filters", 3) } else { args };
        applies(chain(input, &[pad(1usize.into()), (name, args)]), "fold_pad", 1, &[name]);
    }
    let line = ("conv1d", args().with("filters", 2).with("kernel", 3));
    applies(chain(&[2, 5], &[pad(list(&[2, 0])), line]), "fold_pad", 1, &["conv1d"]);
    // A border of something else, or of channels; padding that depends on the border; windows that would see only padding.
    let edge = ("pad", args().with("padding", 1usize).with("mode", "edge"));
    let ones = ("pad", args().with("padding", 1usize).with("value", 1.0));
    let deep = pad(list(&[1, 0, 0, 0, 0, 0]));
    for border in [edge, ones, deep, pad(3usize.into())] {
        applies(chain(input, &[border, conv("valid".into())]), "none", 0, &["pad", "conv2d"]);
    }
    applies(chain(input, &[pad(1usize.into()), conv("same".into())]), "none", 0, &["pad", "conv2d"]);
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
    let line = [("conv1d", args().with("filters", 2).with("kernel", 2)), ("avg_pool1d", args().with("size", 3))];
    applies(chain(&[2, 6], &line), "fold_average", 1, &["conv1d", "sum_pool1d"]);
    let global = [("global_avg_pool1d", args()), ("dense", args().with("units", 2))];
    applies(chain(&[2, 3], &global), "fold_average", 1, &["global_sum_pool1d", "dense"]);
    let mean = ("reduce_mean", args().with("axes", Literal::List(vec![1, 2])));
    applies(chain(&[2, 4, 4], &[conv(), mean]), "fold_average", 1, &["conv2d", "reduce_sum"]);
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
    for (name, conv) in convolutions() {
        // Each of the others sees only some of the channels.
        if matches!(name, "pointwise_conv2d" | "separable_conv2d") {
            applies(chain(input_of(name), &[(name, conv), slice(1, 3)]), "select_first", 1, &[name]);
        } else {
            applies(chain(input_of(name), &[(name, conv), slice(1, 3)]), "none", 0, &[name, "slice"]);
        }
    }
    let line = ("conv1d", args().with("filters", 4).with("kernel", 2));
    applies(chain(&[2, 5], &[line, slice(1, 3)]), "select_first", 1, &["conv1d"]);
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

/// A layer that may fit a tensor of that shape, with numbers of few bits.
fn any_layer(rng: &mut StdRng, dims: &[usize]) -> (&'static str, Args) {
    let number = |rng: &mut StdRng| [0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.25, 3.0, -0.75][rng.gen_range(0..10)];
    let list = |l: Vec<i64>| Literal::List(l);
    let axis = rng.gen_range(0..dims.len());
    let extent = dims[axis] as i64;
    match rng.gen_range(0..31) {
        0 | 1 => ("dense", args().with("units", rng.gen_range(1..4usize)).with("bias", rng.gen_bool(0.5))),
        2 | 3 => {
            let groups = 1 + usize::from(dims[0].is_multiple_of(2) && rng.gen_bool(0.5));
            let args = args().with("filters", 2 * groups).with("kernel", [1, 2]).with("groups", groups);
            let padding = [list(vec![0; 4]), "same".into(), "valid".into()][rng.gen_range(0..3)].clone();
            ("conv2d", args.with("padding", padding).with("bias", rng.gen_bool(0.5)))
        }
        4 => ("relu", args()),
        5 => ("scale", args().with("factor", number(rng))),
        6 => ("offset", args().with("value", number(rng))),
        // With these variances the square root is a whole number.
        7 | 8 => ("batch_norm", args().with("epsilon", 0.25)),
        9 | 10 => {
            let start = rng.gen_range(0..extent);
            let (start, end) = (Literal::Int(start), Literal::Int(rng.gen_range(start..extent) + 1));
            ("slice", args().with("axis", axis).with("start", start).with("end", end))
        }
        11 => {
            let indices = (0..rng.gen_range(1..4)).map(|_| rng.gen_range(0..extent)).collect();
            ("gather", args().with("axis", axis).with("indices", list(indices)))
        }
        12 | 13 => {
            let name = ["max_pool2d", "avg_pool2d", "sum_pool2d"][rng.gen_range(0..3)];
            let padding = ["same", "valid"][rng.gen_range(0..2)];
            (name, args().with("size", rng.gen_range(1..4usize)).with("padding", padding).with("stride", 1usize))
        }
        14 => (["global_avg_pool2d", "global_max_pool2d"][rng.gen_range(0..2)], args()),
        15 | 16 => {
            let (a, b) = (number(rng), number(rng));
            ("clip", args().with("min", a.min(b)).with("max", a.max(b) + 0.5))
        }
        17 => (["relu6", "hard_tanh", "abs", "square", "softplus"][rng.gen_range(0..5)], args()),
        18 => ("leaky_relu", args().with("alpha", number(rng))),
        19 => ("flatten", args()),
        20 => {
            let name = ["reduce_max", "reduce_min", "reduce_sum"][rng.gen_range(0..3)];
            (name, args().with("axes", list(vec![axis as i64])))
        }
        21 => ("permute", args().with("axes", list((0..dims.len() as i64).rev().collect()))),
        22 => (
            "pad",
            args().with("padding", list(vec![1; 2 * dims.len()])).with("value", [0.0, 0.5][rng.gen_range(0..2)]),
        ),
        23 | 24 => ("pad", args().with("padding", rng.gen_range(0..3usize))),
        25..=28 => any_convolution(rng, dims),
        29 => {
            let name = ["global_avg_pool1d", "global_max_pool1d", "reduce_mean"][rng.gen_range(0..3)];
            (name, if name == "reduce_mean" { args().with("axes", list(vec![axis as i64])) } else { args() })
        }
        _ => ("argmax", args().with("last", rng.gen_bool(0.5))),
    }
}

/// A convolution of any kind, of a line or a plane.
fn any_convolution(rng: &mut StdRng, dims: &[usize]) -> (&'static str, Args) {
    let line = dims.len() == 2;
    let names = ["conv1d", "conv1d_transpose", "avg_pool1d", "max_pool1d"];
    let planar = ["depthwise_conv2d", "pointwise_conv2d", "separable_conv2d", "conv2d_transpose"];
    let name = if line { names } else { planar }[rng.gen_range(0..4)];
    let bias = rng.gen_bool(0.5);
    let groups = 1 + usize::from(dims[0].is_multiple_of(2) && rng.gen_bool(0.5));
    let padding: Literal = match rng.gen_range(0..4) {
        0 => "same".into(),
        1 => 1usize.into(),
        _ => "valid".into(),
    };
    let (size, stride) = (rng.gen_range(1..4usize), rng.gen_range(1..3usize));
    let args = args().with("stride", stride).with("padding", padding);
    match name {
        "avg_pool1d" | "max_pool1d" => (name, args.with("size", size)),
        "pointwise_conv2d" => (name, self::args().with("filters", 2usize).with("bias", bias)),
        "depthwise_conv2d" => (name, args.with("kernel", size).with("multiplier", groups).with("bias", bias)),
        "separable_conv2d" => (name, args.with("kernel", size).with("filters", 3usize).with("bias", bias)),
        _ => (name, args.with("kernel", size).with("filters", 2 * groups).with("groups", groups).with("bias", bias)),
    }
}

/// A graph whose nodes are taken by several others, of sums and products with parameters among them.
fn any_graph(rng: &mut StdRng) -> Graph {
    let inputs: [&[usize]; 5] = [&[4], &[2, 3, 3], &[1, 4, 4], &[2, 4], &[4, 2, 2]];
    let mut graph =
        Graph::new("random", Shape::from(inputs[rng.gen_range(0..5)])).with_range(Range::Whole(-4, 4)).unwrap();
    let mut nodes = vec![graph.input()];
    for _ in 0..rng.gen_range(2..9) {
        let recent = nodes[nodes.len() - 1];
        let x = if rng.gen_bool(0.8) { recent } else { nodes[rng.gen_range(0..nodes.len())] };
        let dims = graph.shape(x).dims().to_vec();
        let added = if rng.gen_bool(0.25) {
            let name = ["add", "sub", "mul", "matmul"][rng.gen_range(0..4)];
            let mut first = vec![1; dims.len()];
            first[0] = dims[0] as i64;
            let shapes = [vec![1], vec![dims[dims.len() - 1] as i64], first, vec![dims[dims.len() - 1] as i64, 2]];
            let shape = Literal::List(shapes[rng.gen_range(0..4)].clone());
            let other = if rng.gen_bool(0.7) {
                let value = graph.add("parameter", args().with("shape", shape), &[]).unwrap();
                if rng.gen_bool(0.2) { graph.add("relu", args(), &[value]).unwrap() } else { value }
            } else {
                nodes[rng.gen_range(0..nodes.len())]
            };
            let pair = if rng.gen_bool(0.5) { [x, other] } else { [other, x] };
            graph.add(name, args(), &pair)
        } else {
            let (name, args) = any_layer(rng, &dims);
            graph.add(name, args, &[x])
        };
        nodes.extend(added.ok().filter(|id| !graph.shape(*id).dims().is_empty() && graph.shape(*id).len() <= 200));
    }
    let last = nodes[nodes.len() - 1];
    if last == graph.input() {
        graph.add("relu", args(), &[last]).unwrap();
    } else {
        graph.set_output(last).unwrap();
    }
    graph
}

#[test]
fn random_graphs_with_shared_nodes_keep_their_answers() {
    let mut rng = StdRng::seed_from_u64(7);
    let mut times = std::collections::BTreeMap::new();
    for round in 0..20_000 {
        let graph = any_graph(&mut rng);
        let mut weights = Weights::new();
        for (name, param) in graph.all_params() {
            let numbers = if param.non_negative { [0.75, 3.75, 0.0, 15.75, 0.75] } else { [0.0, 1.0, -1.0, 0.5, -2.0] };
            weights.insert(name, Tensor::from_fn(param.shape, |_| numbers[rng.gen_range(0..5)]));
        }
        let model = Model::new(graph, Visibility::default(), weights).unwrap();
        let (optimized, passes) = optimize(&model).unwrap();
        passes.iter().for_each(|p| *times.entry(p.pass).or_insert(0) += p.times);
        for x in samples(model.graph(), 3, round) {
            // The output, and not the scores that it may be made of.
            let answer = |model: &Model| model.trace(&x).unwrap().swap_remove(model.graph().output().0);
            let (was, is) = (answer(&model), answer(&optimized));
            let near = was.data().iter().zip(is.data()).all(|(p, q)| (p - q).abs() <= 1e-9 * (1.0 + was.max_abs()));
            assert!(near && was.shape() == is.shape(), "round {round}: {was:?} became {is:?}");
        }
    }
    assert!(times.values().all(|n| *n > 5), "passes that hardly applied: {times:?}");
}
