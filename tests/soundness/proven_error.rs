//! Plans whose proven error would be exceeded: intervals that lack an end, cuts that are not enforced, tables that say nothing of a side.
//! Each is refused, or the error that is proven of it is kept.

use zkml::{
    error::PlanError,
    gadget::{
        Piecewise,
        table::segments::{Sides, Tail},
    },
    graph::{Range, Visible},
    layer::{Args, Request, TableError},
    model::{Model, Weights},
    number::{Int, Interval},
    plan::{Plan, Policy, Target},
    shape::Shape,
    tensor::Tensor,
};

use crate::common::{OPEN, graph, int, planned, rng, samples};

/// A model of one layer, and its plan.
fn model(range: Range, n: usize, layer: &str, args: Args) -> (Model, Plan) {
    let graph = graph([n], range, vec![(layer, args)]);
    let model = Model::init(graph.clone(), OPEN, &mut rng(3)).unwrap();
    let target = Target { top1: 0.0, max_error: Some(1e9), tries: 1, ..Target::default() };
    let plan = model.quantize(&samples(&graph, 12), target).unwrap().plan().clone();
    (model, Plan { error: None, ..plan })
}

/// By how much the integers exceed the error that is proven; nothing where the plan is refused, or no bound is known.
fn exceeded(model: &Model, plan: &Plan, inputs: &[Tensor]) -> Option<(f64, f64)> {
    let quantized = model.quantize_to(plan).ok()?;
    let bound = quantized.proven().error?;
    let mut worst = 0f64;
    for x in inputs {
        let (Ok(y), float) = (quantized.forward(x), model.forward(x).unwrap()) else { continue };
        worst = y.scores.data().iter().zip(float.data()).fold(worst, |w, (y, f)| w.max((y - f).abs()));
    }
    (worst > bound * (1.0 + 1e-9) + 1e-9).then_some((worst, bound))
}

/// All whole numbers of a range, two at a time.
fn all(lo: i64, hi: i64) -> Vec<Tensor> {
    (lo..=hi).map(|x| Tensor::vector(vec![x as f64; 2])).collect()
}

#[test]
fn a_whole_range_that_lacks_an_end_is_no_exact_input() {
    let (model, mut plan) = model(Range::Whole(0, 12), 2, "relu", Args::new());
    assert_eq!(exceeded(&model, &plan, &all(0, 12)), None);
    plan.input.interval = Interval { lo: Int::ZERO, hi: int(11) };
    assert_eq!(exceeded(&model, &plan, &all(0, 12)), None);
}

#[test]
fn an_end_that_a_saturation_moves_is_in_the_proven_error() {
    for (min, max) in [(100.0, 200.0), (-200.0, -100.0), (-200.0, 100.0), (5.0, 200.0), (-3.0, 5.0)] {
        let args = Args::new().with("min", min).with("max", max);
        let graph = graph([2], Range::Whole(-10, 10), vec![("clip", args)]);
        for (shift, saturate) in [(0, Some(3)), (1, Some(2)), (0, None), (2, None)] {
            let quantized = planned(graph.clone(), Visible::Public, &[(1, shift, saturate)]);
            let broken = exceeded(quantized.model(), quantized.plan(), &all(-10, 10));
            assert_eq!(broken, None, "{min} to {max}, shift {shift}, saturated to {saturate:?}");
        }
    }
}

#[test]
fn an_end_that_is_rounded_twice_is_in_the_proven_error() {
    for (name, end) in [("max", 0.5), ("min", -0.5), ("max", 1.5), ("min", 0.5), ("max", -0.5)] {
        let graph = graph([2], Range::Whole(-1, 1), vec![("clip", Args::new().with(name, end))]);
        for range in [(0, 1), (-1, 0), (-1, 1)] {
            let graph = graph.clone().with_range(Range::Whole(range.0, range.1)).unwrap();
            let quantized = planned(graph, Visible::Public, &[(1, 1, None)]);
            for factor in 0..3 {
                let mut plan = quantized.plan().clone();
                plan.steps[1].weight_scale = factor;
                plan.scales[1] = quantized.graph().nodes()[1].layer.as_ref().unwrap().scale(&plan.steps[1]) - 1;
                let broken = exceeded(quantized.model(), &plan, &all(range.0, range.1));
                assert_eq!(broken, None, "{name} {end} of {range:?}, factor {factor}");
            }
        }
    }
}

#[test]
fn a_width_that_a_gadget_does_not_enforce_hides_no_saturation() {
    for (layer, args) in [
        ("abs", Args::new()),
        ("leaky_relu", Args::new().with("alpha", 0.5)),
        ("leaky_relu", Args::new().with("alpha", 2.0)),
        ("clip", Args::new().with("max", 1000.0)),
        ("clip", Args::new().with("min", -1000.0)),
        ("relu", Args::new()),
        ("relu6", Args::new()),
        ("thresholded_relu", Args::new().with("alpha", 1.0)),
        ("hard_sigmoid", Args::new()),
        ("square", Args::new()),
    ] {
        let graph = graph([2], Range::Whole(-100, 100), vec![(layer, args)]);
        for width in [3, 4, 6, 10] {
            let quantized = planned(graph.clone(), Visible::Public, &[(1, 0, Some(3))]);
            let mut plan = quantized.plan().clone();
            plan.policy = Policy::Calibrated { margin_bits: 0 };
            plan.steps[1].bits = Some(width);
            let broken = exceeded(quantized.model(), &plan, &all(-100, 100));
            assert_eq!(broken, None, "{layer}, {width} bits");
        }
    }
}

/// The first table of a plan, made another.
fn retabled(plan: &Plan, f: impl Fn(&Piecewise) -> Piecewise) -> Plan {
    let mut plan = plan.clone();
    let table = f(&plan.steps[1].tables[0]);
    plan.steps[1].tables[0] = table;
    plan
}

#[test]
fn a_table_that_lacks_a_side_of_its_function_saturates_there() {
    let (model, plan) = model(Range::Real(-4.0, 4.0), 2, "exp", Args::new());
    let inputs: Vec<Tensor> = (-16..=16).map(|x| Tensor::vector(vec![f64::from(x) / 4.0; 2])).collect();
    assert_eq!(exceeded(&model, &plan, &inputs), None);
    for sides in [Sides::Positive, Sides::Negative] {
        let mut half = retabled(&plan, |t| {
            let (first, second) = t.pieces().split_at(t.pieces().len() / 2);
            let pieces = if sides == Sides::Positive { first } else { second };
            let tail =
                Tail { negative: t.tail().negative + (1 << 20), positive: t.tail().positive + (1 << 20), ..t.tail() };
            let moved = pieces.iter().map(|p| {
                let mut p = p.clone();
                p[0] -= 1 << 20;
                p
            });
            Piecewise::new((t.input(), t.scale()), t.drop(), t.bits(), sides, moved.collect(), tail).unwrap()
        });
        half.steps[1].stated = Some(TableError { error: 1.0, saturates: false });
        assert_eq!(exceeded(&model, &half, &inputs), None, "{sides:?}");
    }
}

#[test]
fn the_first_value_beyond_the_segments_is_in_the_proven_error() {
    let (model, plan) = model(Range::Whole(-4, 4), 2, "exp", Args::new());
    let table = &plan.steps[1].tables[0];
    assert_eq!((table.bits() + table.drop()) as i32 - table.input(), 2, "the segments end at 4");
    assert_eq!(exceeded(&model, &plan, &all(-4, 4)), None);
    let moved = retabled(&plan, |t| {
        let tail = Tail { positive: t.tail().positive + (1 << 20), ..t.tail() };
        let mut pieces = t.pieces().to_vec();
        let positive = pieces.len() / 2;
        pieces[..positive].iter_mut().for_each(|p| p[0] -= 1 << 20);
        Piecewise::new((t.input(), t.scale()), t.drop(), t.bits(), t.sides(), pieces, tail).unwrap()
    });
    assert_eq!(exceeded(&model, &moved, &all(-4, 4)), None);
}

#[test]
fn a_table_stands_for_the_function_of_its_own_place() {
    let (model, plan) = model(Range::Real(-4.0, 4.0), 2, "log_softmax", Args::new());
    let layer = model.graph().nodes()[1].layer.as_ref().unwrap();
    // A table of `e^-x` whose values have the scale of its input.
    let shape = Shape::new([2]);
    let requests = (2..=10).flat_map(|scale| (2..=9).map(move |bits| Request { scale, reach: 8.0, bits }));
    let mut tables = requests.filter_map(|r| layer.tables(&[&shape], r)).map(|mut tables| tables.remove(0));
    let twin = tables.find(|t| t.input() == t.scale()).expect("a table of as many bits");
    let mut forged = plan.clone();
    let s = twin.input();
    forged.input.scale = s;
    forged.input.interval = Interval { lo: int(-4 << s), hi: int((4 << s) - 1) };
    forged.steps[0] = Default::default();
    forged.scales[0] = s;
    let step = &mut forged.steps[1];
    (step.inputs, step.shift, step.saturate) = (vec![s], 0, None);
    step.tables = vec![twin.clone(), twin];
    step.stated = Some(TableError { error: 0.3, saturates: false });
    forged.scales[1] = layer.scale(step);
    let inputs: Vec<Tensor> = (0..=16).map(|x| Tensor::vector(vec![f64::from(x) / 4.0 - 2.0, 0.0])).collect();
    assert!(matches!(model.quantize_to(&forged), Err(PlanError::Table { .. })));
    assert_eq!(exceeded(&model, &forged, &inputs), None);
}

#[test]
fn a_norm_of_nearly_no_effect_is_no_scale() {
    let range = Range::Whole(0, 1 << 32);
    let graph = graph([1, 2, 2], range, vec![("batch_norm", Args::new().with("epsilon", 1e-5))]);
    let mut weights = Weights::new();
    for (name, p) in graph.all_params() {
        let value = match name.rsplit('.').next() {
            Some("gamma") => 2.0,
            Some("var") => 1.0 - 1e-5 + 9e-13,
            _ => 0.0,
        };
        weights.insert(name, Tensor::from_fn(p.shape, |_| value));
    }
    let model = Model::new(graph.clone(), OPEN, weights).unwrap();
    let inputs: Vec<Tensor> =
        [0i64, 1 << 31, 1 << 32].map(|x| Tensor::from_fn(graph.shape(graph.input()).clone(), |_| x as f64)).into();
    let target = Target { top1: 0.0, max_error: Some(1e30), tries: 1, ..Target::default() };
    let quantized = model.quantize(&inputs, target).unwrap();
    assert_eq!(exceeded(&model, quantized.plan(), &inputs), None);
}

#[test]
fn an_error_that_is_no_number_is_not_stated() {
    let (model, plan) = model(Range::Whole(-4, 4), 2, "relu", Args::new());
    for error in [f64::NAN, f64::INFINITY, -1.0] {
        let stated = model.quantize_to(&Plan { error: Some(error), ..plan.clone() });
        assert!(matches!(stated, Err(PlanError::Error { .. })), "{error}");
    }
}
