//! Rewrites that would change an answer: where a function falls, where ends are crossed, where elements are equal.

use zkml::{
    graph::{Graph, Range, Visibility, Visible},
    layer::{Args, Literal},
    model::{Model, Weights},
    optimize::optimize,
    plan::Target,
    shape::Shape,
    tensor::Tensor,
};

use crate::common::{OPEN, graph, rng, samples};

/// The output, and not the scores that it may be made of.
fn answer(model: &Model, x: &Tensor) -> Tensor {
    model.trace(x).unwrap().swap_remove(model.graph().output().0)
}

/// The optimised model answers as the model does, on every vector of four of these numbers; how many passes were applied.
fn same(what: &str, graph: Graph) -> usize {
    let model = Model::init(graph, OPEN, &mut rng(5)).unwrap();
    let (optimized, applied) = optimize(&model).unwrap();
    let numbers = [-2.0, -0.75, -0.5, 0.0, 0.25, 1.5];
    for at in 0..6usize.pow(4) {
        let x = Tensor::from_fn(Shape::new([1, 2, 2]), |i| numbers[at / 6usize.pow(i as u32) % 6]);
        let (was, is) = (answer(&model, &x), answer(&optimized, &x));
        let near = was.data().iter().zip(is.data()).all(|(a, b)| (a - b).abs() <= 1e-12);
        assert!(near && was.shape() == is.shape(), "{what} at {:?}: {:?} became {:?}", x.data(), was.data(), is.data());
    }
    applied.len()
}

fn chain(layers: Vec<(&str, Args)>) -> Graph {
    graph([1, 2, 2], Range::Real(-2.0, 2.0), layers)
}

/// Functions that rise, that fall somewhere, and that are constant somewhere.
fn functions() -> Vec<(&'static str, Args)> {
    let alpha = |a: f64| Args::new().with("alpha", a);
    let clip = |lo: f64, hi: f64| Args::new().with("min", lo).with("max", hi);
    vec![
        ("relu", Args::new()),
        ("abs", Args::new()),
        ("square", Args::new()),
        ("leaky_relu", alpha(0.25)),
        ("leaky_relu", alpha(-0.5)),
        ("leaky_relu", alpha(0.0)),
        ("thresholded_relu", alpha(0.25)),
        ("thresholded_relu", alpha(-1.0)),
        ("elu", alpha(1.0)),
        ("elu", alpha(-1.0)),
        ("elu", alpha(0.0)),
        ("hard_sigmoid", alpha(-0.25)),
        ("hard_sigmoid", alpha(0.25)),
        ("hard_swish", Args::new()),
        ("gelu", Args::new()),
        ("silu", Args::new()),
        ("sign", Args::new()),
        ("tanh", Args::new()),
        ("zanh", Args::new()),
        ("clip", clip(-0.5, 0.25)),
        ("scale", Args::new().with("factor", -1.5)),
        ("scale", Args::new().with("factor", 0.5)),
        ("offset", Args::new().with("value", 0.5)),
    ]
}

#[test]
fn no_maximum_or_comparison_moves_past_a_function_that_falls() {
    let mut applied = 0;
    for (name, args) in functions() {
        let f = || (name, args.clone());
        let what = format!("{name} {args:?}");
        let flat = || ("flatten", Args::new());
        let axes = || Args::new().with("axes", Literal::List(vec![0]));
        let slice = Args::new().with("axis", 0usize).with("start", 1usize).with("end", 3usize);
        applied += same(&what, chain(vec![f(), ("max_pool2d", Args::new().with("size", 2))]));
        applied += same(&what, chain(vec![f(), flat(), ("reduce_min", axes())]));
        applied += same(&what, chain(vec![f(), flat(), ("argmax", Args::new())]));
        applied += same(&what, chain(vec![f(), flat(), ("argmax", Args::new().with("last", true))]));
        applied += same(&what, chain(vec![f(), flat(), ("argmin", Args::new())]));
        applied += same(&what, chain(vec![flat(), f(), ("slice", slice)]));
        applied += same(&what, chain(vec![("avg_pool2d", Args::new().with("size", 2)), f()]));
        applied += same(&what, chain(vec![f(), f()]));
    }
    assert!(applied > 40, "only {applied} passes were applied");
}

#[test]
fn no_clip_is_merged_into_one_with_other_ends() {
    let ends = [(-1.0, 1.0), (0.0, 0.25), (0.5, 1.0), (-2.0, -0.5), (-0.5, -0.5), (0.0, 6.0)];
    for (a, b) in ends.iter().flat_map(|a| ends.iter().map(move |b| (a, b))) {
        let clip = |(lo, hi): &(f64, f64)| ("clip", Args::new().with("min", *lo).with("max", *hi));
        same("clips", chain(vec![clip(a), clip(b), ("max_pool2d", Args::new().with("size", 2))]));
        same("clip and relu", chain(vec![clip(a), ("relu", Args::new()), clip(b)]));
        same("relu6 and clip", chain(vec![("relu6", Args::new()), clip(b), ("hard_tanh", Args::new())]));
    }
}

#[test]
fn what_is_not_folded_since_it_is_not_finite_shows_in_no_circuit_that_hides_weights() {
    let mut graph = Graph::new("model", Shape::new([2])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let start = graph.input();
    let p = graph.add("parameter", Args::new().with("shape", Literal::List(vec![2])), &[]).unwrap();
    let e = graph.add("exp", Args::new(), &[p]).unwrap();
    let c = graph.add("clip", Args::new().with("max", 1.0), &[e]).unwrap();
    graph.add("add", Args::new(), &[start, c]).unwrap();
    let circuit = |value: f64| {
        let mut weights = Weights::new();
        for (name, param) in graph.all_params() {
            // Equal ones would be a literal.
            weights.insert(name, Tensor::from_fn(param.shape, |i| value + i as f64 / 8.0));
        }
        let model = Model::new(graph.clone(), OPEN, weights).unwrap();
        let target = Target { top1: 0.0, max_error: Some(1e9), tries: 1, ..Target::default() };
        let quantized = model.quantize(&samples(&graph, 4), target).ok()?;
        quantized.circuit_for(Visibility { weights: Visible::Private, ..OPEN }).ok().map(|c| c.table().clone())
    };
    assert!(circuit(-0.5).is_some());
    // An exponential that floats do not hold is computed in the circuit, which would tell that it is that large.
    assert!(circuit(800.0).is_none());
}
