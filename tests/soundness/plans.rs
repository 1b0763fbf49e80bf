//! Plans made by an enemy: constants that would wrap, tables of other functions, errors that are stated too small. What a plan can say is
//! checked against its graph, or shows in the error that is proven of it.

use serde_json::json;
use zkml::{
    circuit::{Circuit, CircuitError},
    error::PlanError,
    graph::{Graph, Range, Visible},
    layer::{Args, Literal, TableError},
    model::{Model, Weights},
    number::{Int, Interval, interval::pow2},
    plan::{Plan, Quantized, Target},
    prove::file::{self, Kind},
    tensor::Tensor,
};

use crate::common::{OPEN, graph, planned, rng, samples, scores, visibility};

fn args() -> Args {
    Args::new()
}

/// A target that any plan meets.
fn any() -> Target {
    Target { top1: 0.0, max_error: Some(1e9), tries: 1, ..Target::default() }
}

/// The model of a graph without parameters, or with weights of both signs.
fn model(graph: &Graph) -> Model {
    Model::init(graph.clone(), OPEN, &mut rng(3)).unwrap()
}

/// Scales follow the steps.
fn repaired(quantized: &Quantized, mut plan: Plan) -> Plan {
    plan.error = None;
    plan.scales[0] = plan.input.scale - plan.steps[0].shift as i32;
    for (i, node) in quantized.graph().nodes().iter().enumerate().skip(1) {
        let layer = node.layer.as_ref().unwrap();
        plan.steps[i].inputs = node.inputs.iter().map(|n| plan.scales[n.0]).collect();
        plan.scales[i] = layer.scale(&plan.steps[i]) - plan.steps[i].shift as i32;
    }
    plan
}

#[test]
fn a_finer_plan_proves_the_same_function_or_none() {
    let axes = args().with("axes", Literal::List(vec![0]));
    let mut all = 0;
    let padding = args().with("padding", Literal::List(vec![0, 1])).with("value", 0.7);
    for (layer, args, shape) in [
        ("scale", args().with("factor", 0.3), vec![2]),
        ("reduce_mean", axes, vec![3]),
        ("global_avg_pool1d", args(), vec![1, 3]),
        ("avg_pool1d", args().with("size", 3), vec![1, 3]),
        ("hard_sigmoid", args().with("alpha", 0.2).with("beta", 0.5), vec![2]),
        ("hard_swish", args(), vec![2]),
        ("poly", args().with("n", 0.7), vec![2]),
        ("offset", args().with("value", 0.7), vec![2]),
        ("pad", padding, vec![2]),
        ("leaky_relu", args().with("alpha", 0.3), vec![2]),
        ("clip", args().with("min", -0.3).with("max", 0.7), vec![2]),
        ("zanh", args(), vec![2]),
        ("thresholded_relu", args().with("alpha", 0.7), vec![2]),
    ] {
        let graph = graph(shape, Range::Real(-4.0, 4.0), vec![(layer, args)]);
        let model = model(&graph);
        let x = Tensor::from_fn(graph.shape(graph.input()).clone(), |i| [3.0, 1.5, 2.25][i]);
        let quantized = model.quantize(std::slice::from_ref(&x), any()).unwrap();
        let (mut refused, mut proven) = (0, 0);
        for input in [4, 60, 120, 180, 240] {
            for factor in [0, 20, 60, 110, 130, 180, 240] {
                let mut plan = quantized.plan().clone();
                let half = pow2(input + 2);
                plan.input.scale = input as i32;
                plan.input.interval = Interval { lo: -half, hi: half - Int::ONE };
                plan.steps[0] = Default::default();
                for step in &mut plan.steps[1..] {
                    (step.weight_scale, step.shift, step.saturate) = (factor, 0, None);
                }
                let plan = repaired(&quantized, plan);
                let Ok(exact) = model.quantize_to(&plan) else {
                    refused += 1;
                    continue;
                };
                proven += 1;
                // What a constant is rounded by at scale 0 is not little, and yet bounded.
                let bound = exact.proven().error.unwrap();
                let (y, float) = (exact.forward(&x).unwrap().scores, model.forward(&x).unwrap());
                for (y, float) in y.data().iter().zip(float.data()) {
                    assert!((y - float).abs() <= bound * (1.0 + 1e-9) + 1e-12, "{layer}: {y} for {float}, {bound}");
                }
                // A threshold may be missed, however near.
                let near = layer == "thresholded_relu" || bound < 1e-3;
                assert!(factor < 20 || input < 60 || near, "{layer} at {input} and {factor}: {bound}");
            }
        }
        assert!(proven > 3, "{layer}: {refused} refused, {proven} proven");
        all += refused;
    }
    assert!(all > 20, "{all} plans are refused");
}

/// A classifier with a sigmoid, its plan, and some inputs.
fn sigmoid() -> (Model, Quantized, Vec<Tensor>) {
    let layers = vec![
        ("dense", args().with("units", 2)),
        ("sigmoid", args()),
        ("dense", args().with("units", 2)),
        ("argmax", args()),
    ];
    let graph = graph([2], Range::Real(-4.0, 4.0), layers);
    let mut weights = Weights::new();
    for (name, p) in graph.all_params() {
        let one = |i: usize| if name.ends_with("weight") && i.is_multiple_of(3) { 1.0 } else { 0.0 };
        weights.insert(name.clone(), Tensor::from_fn(p.shape.clone(), one));
    }
    let model = Model::new(graph, OPEN, weights).unwrap();
    let xs = vec![Tensor::vector(vec![3.0, -1.0]), Tensor::vector(vec![-2.0, 1.5])];
    let quantized = model.quantize(&xs, Target::default()).unwrap();
    (model, quantized, xs)
}

/// The plan whose sigmoid is `1 - sigmoid`.
fn turned(quantized: &Quantized) -> Plan {
    let mut plan = serde_json::to_value(quantized.plan()).unwrap();
    for step in plan["steps"].as_array_mut().unwrap() {
        let Some(table) = step.get_mut("tables").map(|t| &mut t[0]) else { continue };
        for c in table["pieces"].as_array_mut().unwrap().iter_mut().flat_map(|p| p.as_array_mut().unwrap()) {
            *c = json!(-c.as_i64().unwrap());
        }
        let (a, b) = (table["tail"]["negative"].clone(), table["tail"]["positive"].clone());
        (table["tail"]["negative"], table["tail"]["positive"]) = (b, a);
    }
    serde_json::from_value(plan).unwrap()
}

#[test]
fn a_table_of_another_function_is_refused_or_shows_in_the_proven_error() {
    let (model, quantized, xs) = sigmoid();
    let mut forged = turned(&quantized);
    match model.quantize_to(&forged) {
        Err(PlanError::Table { layer, stated: Some(stated), found, .. }) => {
            assert!(layer.starts_with("sigmoid") && stated.error < 0.2 && found.error > 0.99, "{stated:?}, {found:?}");
        }
        other => panic!("{other:?}"),
    }
    // From a file too, whatever its digest.
    let bytes = quantized.circuit_for(OPEN).unwrap().to_bytes().unwrap();
    let (digest, payload) = file::read(&bytes, Kind::Circuit).unwrap();
    let mut value: serde_json::Value = serde_json::from_slice(payload).unwrap();
    value["plan"] = serde_json::to_value(&forged).unwrap();
    let bytes = file::write(Kind::Circuit, &digest, &serde_json::to_vec(&value).unwrap());
    assert!(!matches!(Circuit::from_bytes(&bytes), Ok(_) | Err(CircuitError::File(_))));
    // A table without a stated error, or with one that is none.
    let table = |stated: Option<TableError>| {
        let mut plan = turned(&quantized);
        plan.steps.iter_mut().filter(|s| !s.tables.is_empty()).for_each(|s| s.stated = stated);
        model.quantize_to(&plan).map(|_| ())
    };
    for stated in [None, Some(f64::INFINITY), Some(f64::NAN), Some(0.9)] {
        let stated = stated.map(|error| TableError { error, saturates: true });
        assert!(matches!(table(stated), Err(PlanError::Table { .. })), "{stated:?}");
    }
    // An enemy states what the table is. Then the error of the whole plan is another, unless it states that as well ..
    forged
        .steps
        .iter_mut()
        .filter(|s| !s.tables.is_empty())
        .for_each(|s| s.stated = Some(TableError { error: 1.1, saturates: false }));
    assert!(matches!(model.quantize_to(&forged), Err(PlanError::Error { .. })));
    // .. and everyone sees it.
    forged.error = None;
    let shown = model.quantize_to(&forged).unwrap();
    let (honest, bound) = (quantized.proven().error.unwrap(), shown.proven().error.unwrap());
    assert!(bound > 1.2 * honest && bound > 0.99, "{honest} {bound}");
    let circuit = shown.circuit_for(OPEN).unwrap();
    assert_eq!(circuit.report().proven_error, Some(bound));
    assert!(circuit.report().to_string().contains("off by more than"));
    assert_ne!(model.classify(&xs[0]).unwrap(), shown.forward(&xs[0]).unwrap().class.unwrap());
}

#[test]
fn a_coarse_plan_is_visible_as_what_it_is() {
    let fine = planned(scores("relu"), Visible::Public, &[]);
    let coarse = planned(scores("relu"), Visible::Public, &[(1, 6, None)]);
    let cut = planned(scores("relu"), Visible::Public, &[(1, 0, Some(1))]);
    let error = |q: &Quantized| q.proven().error.unwrap();
    assert!(error(&coarse) > error(&fine) && error(&cut) > error(&fine));
    // Neither passes under the statement of the fine one.
    for other in [&coarse, &cut] {
        let stated = fine.plan().clone().stated(fine.graph(), None).unwrap();
        let plan = Plan { error: stated.error, ..other.plan().clone() };
        match fine.model().quantize_to(&plan) {
            Err(PlanError::Error { stated, found }) => assert!(found.is_none_or(|found| found > stated)),
            other => panic!("{other:?}"),
        }
        let honest = other.plan().clone().stated(other.graph(), None).unwrap();
        assert!(honest.error > stated.error && fine.model().quantize_to(&honest).is_ok());
    }
}

#[test]
fn no_input_and_no_weights_exceed_the_proven_error() {
    for activation in ["relu", "poly", "sigmoid", "gelu", "tanh", "hard_swish", "leaky_relu", "softplus", "exp", "abs"]
    {
        let graph = scores(activation);
        let model = model(&graph);
        let quantized = model.quantize(&samples(&graph, 6), any()).unwrap();
        // Any weights that fit the plan.
        let hidden = visibility(Visible::Public, Visible::Private, Visible::Public);
        let Some(bound) = quantized.circuit_for(hidden).map(|c| c.proven().error).unwrap_or_default() else {
            assert_eq!(activation, "exp", "no bound is known");
            continue;
        };
        assert!(quantized.proven().error.unwrap() <= bound, "{activation}");
        for (n, weights) in [1.0, -0.5, 0.25].iter().enumerate() {
            let mut scaled = Weights::new();
            for (name, tensor) in model.weights().iter() {
                scaled.insert(name, tensor.map(|w| w * weights));
            }
            let other = Model::new(graph.clone(), OPEN, scaled).unwrap();
            let exact = other.quantize_to(quantized.plan()).unwrap();
            let own = exact.proven().error.unwrap();
            assert!(own <= bound, "{activation}");
            for x in samples(&graph, 40 + n) {
                let (y, float) = (exact.forward(&x).unwrap().scores, other.forward(&x).unwrap());
                for (y, float) in y.data().iter().zip(float.data()) {
                    assert!((y - float).abs() <= own, "{activation}: {y} for {float}, at most {own} apart");
                }
            }
        }
    }
}

#[test]
fn a_target_may_ask_for_a_proven_error() {
    let graph = scores("relu");
    let model = model(&graph);
    let xs = samples(&graph, 8);
    let loose = model.quantize(&xs, any()).unwrap().proven().error.unwrap();
    let asked = loose / 16.0;
    let tight = model.quantize(&xs, Target { tries: 60, ..any() }.proven_error(asked)).unwrap();
    assert!(tight.proven().error.unwrap() <= asked);
    assert!(tight.fidelity(&xs).unwrap().to_string().contains("proven error"));
    let refused = model.quantize(&xs, any().proven_error(1e-30)).unwrap_err();
    assert!(refused.to_string().contains("proven error of at most"), "{refused}");
}

#[test]
fn a_logarithm_that_saturates_says_so() {
    let graph = graph([2], Range::Real(0.0, 16.0), vec![("log", args())]);
    let model = model(&graph);
    let xs = vec![Tensor::vector(vec![1.5, 2.0]), Tensor::vector(vec![1.25, 3.0])];
    let quantized = model.quantize(&xs, any()).unwrap();
    let stated = quantized.plan().steps[1].stated.unwrap();
    // The samples reach 3, the range 16.
    assert!(stated.saturates && stated.error < 0.5, "{stated:?}");
    assert_eq!(quantized.proven().error, None, "next to zero a logarithm is anything");
    let mut plan = quantized.plan().clone();
    plan.steps[1].stated = Some(TableError { saturates: false, ..stated });
    assert!(matches!(model.quantize_to(&plan), Err(PlanError::Table { .. })));
}
