//! What the search finds, and what its plans mean: calibrated widths, channels of their own scale, rescales anywhere, and
//! the frontier of costs and errors.
#![cfg(feature = "prove")]

// Only some of it is needed here.
#[allow(dead_code)]
mod common;

use common::{exact, model, open, oracle, samples, total};
use zkml::{
    dev::check,
    error::{InputError, PlanError},
    graph::{Graph, Range, Visibility, Visible},
    layer::Args,
    model::{Model, Weights},
    number::Cost,
    plan::{Plan, Policy, Quantized, Target},
    rand::{SeedableRng, rngs::StdRng},
    shape::Shape,
    tensor::Tensor,
};

const PUBLIC: Visibility = Visibility { input: Visible::Public, weights: Visible::Public, output: Visible::Public };

fn args() -> Args {
    Args::new()
}

fn units(n: usize) -> Args {
    args().with("units", n)
}

/// A chain of layers on real inputs.
fn chain(input: &[usize], layers: Vec<(&str, Args)>) -> Graph {
    let mut graph = Graph::new("chain", Shape::from(input)).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let mut x = graph.input();
    for (layer, args) in layers {
        x = graph.add(layer, args, &[x]).unwrap();
    }
    graph
}

fn deep() -> Model {
    model(
        chain(
            &[6],
            vec![("dense", units(8)), ("relu", args()), ("dense", units(6)), ("relu", args()), ("dense", units(3))],
        ),
        5,
    )
}

/// Small inputs: what the model is calibrated with.
fn calm(model: &Model, n: usize) -> Vec<Tensor> {
    samples(model.graph(), n, 9).iter().map(|x| x.map(|v| v * 0.3)).collect()
}

/// Integers, formulas, constraints, counts and the circuit of every input agree.
fn agrees(quantized: &Quantized, inputs: &[Tensor]) {
    let circuit = quantized.circuit_for(open(Visible::Public)).unwrap();
    let built = Cost::new(circuit.matrices().constraints(), circuit.matrices().witness);
    assert_eq!(built, total(quantized, open(Visible::Public)));
    // Scales of channels tell of weights: no circuit hides these.
    let channels = quantized.plan().steps.iter().any(|s| !s.channels.is_empty());
    let hidden = quantized.circuit_for(open(Visible::Private));
    assert_eq!(hidden.is_err(), channels);
    let circuits: Vec<_> = std::iter::once(circuit).chain(hidden.ok()).collect();
    for circuit in &circuits[1..] {
        let built = Cost::new(circuit.matrices().constraints(), circuit.matrices().witness);
        assert_eq!(built, total(quantized, open(Visible::Private)));
    }
    let mut rng = StdRng::seed_from_u64(3);
    for x in inputs {
        let values = exact(quantized, &quantized.integers(x).unwrap());
        for (i, (value, formula)) in values.iter().zip(oracle::run(quantized, x)).enumerate() {
            let wide: Vec<i128> = value.data().iter().map(|q| q.as_i128()).collect();
            assert_eq!(wide, formula.data, "node {i}");
            assert!(value.data().iter().all(|q| quantized.intervals()[i].contains(*q)), "node {i}");
        }
        for circuit in &circuits {
            let (assignment, _) = circuit.witness(std::slice::from_ref(x), &mut rng).unwrap();
            assert_eq!(check::check(circuit, &assignment), vec![]);
            let statement = circuit.table().decode(&assignment[1..circuit.matrices().instance]).unwrap();
            assert_eq!(statement.integers("output", 0), Some(&quantized.forward(x).unwrap().integers));
        }
    }
}

/// Saved, loaded and applied anew, the plan gives the same integers.
fn survives_a_file(quantized: &Quantized, name: &str) {
    let path = std::env::temp_dir().join(format!("zkml-plan-{name}-{}", std::process::id()));
    quantized.plan().save(&path).unwrap();
    let plan = Plan::load(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(&plan, quantized.plan());
    assert_eq!(quantized.model().quantize_to(&plan).unwrap().params(), quantized.params());
    let circuit = quantized.circuit_for(PUBLIC).unwrap();
    let again = zkml::circuit::Circuit::from_bytes(&circuit.to_bytes().unwrap()).unwrap();
    assert_eq!(again.digest(), circuit.digest());
    assert_eq!(again.matrices(), circuit.matrices());
}

#[test]
fn calibrated_widths_are_cheaper_and_hold_every_sample() {
    let model = deep();
    let calm = calm(&model, 40);
    let target = Target { tries: 60, ..Target::default().max_error(0.05) };
    let wide = model.quantize(&calm, target).unwrap();
    let narrow = model.quantize(&calm, target.calibrated(0)).unwrap();
    let margin = model.quantize(&calm, target.calibrated(2)).unwrap();
    let costs = [&narrow, &margin, &wide].map(|q| total(q, PUBLIC).constraints);
    assert!(costs[0] < costs[2] && costs[0] <= costs[1] && costs[1] <= costs[2], "{costs:?}");
    assert_eq!(narrow.plan().policy, Policy::Calibrated { margin_bits: 0 });
    assert!(wide.plan().steps.iter().all(|s| s.bits.is_none()));
    assert_eq!(narrow.fidelity(&calm).unwrap().refused, 0);
    assert!(narrow.fidelity(&calm).unwrap().max_error <= 0.05);
    agrees(&narrow, &calm[..6]);
    survives_a_file(&narrow, "calibrated");
}

#[test]
fn an_input_beyond_the_calibration_is_refused_by_name_and_counts_as_wrong() {
    let mut graph = Graph::new("one", Shape::new([1])).with_range(Range::Whole(-100, 100)).unwrap();
    let x = graph.input();
    graph.add("relu", args(), &[x]).unwrap();
    let model = model(graph, 1);
    let inputs: Vec<Tensor> = [-15.0, 3.0, 14.0].into_iter().map(|x| Tensor::vector(vec![x])).collect();
    let target = Target { tries: 1, ..Target::default().max_error(0.1).calibrated(0) };
    let quantized = model.quantize(&inputs, target).unwrap();
    assert_eq!(quantized.plan().steps[1].bits, Some(5));
    assert_eq!(quantized.forward(&Tensor::vector(vec![31.0])).unwrap().scores.data(), [31.0]);
    let error = quantized.forward(&Tensor::vector(vec![64.0])).unwrap_err();
    assert!(matches!(&error, InputError::Beyond { layer, bits: 2, .. } if layer == "relu1"), "{error:?}");
    assert_eq!(
        error.to_string(),
        "layer `relu1` (an unnamed place) gets the value 64, 2 bits beyond the -32 to 31 of the calibration; this input \
         cannot be proved: calibrate with inputs like it, or with more `margin_bits`"
    );
    let circuit = quantized.circuit_for(PUBLIC).unwrap();
    let refused = circuit.witness(&[Tensor::vector(vec![-33.0])], &mut StdRng::seed_from_u64(1)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "input 0: layer `relu1` (an unnamed place) gets the value -33, 1 bit beyond the -32 to 31 of the calibration; \
         this input cannot be proved: calibrate with inputs like it, or with more `margin_bits`"
    );
    let fidelity = quantized.fidelity(&[Tensor::vector(vec![50.0]), Tensor::vector(vec![5.0])]).unwrap();
    assert_eq!((fidelity.refused, fidelity.samples), (1, 2));
    assert!(fidelity.to_string().contains("refused          1 of 2 (50.00%): beyond a calibrated width"), "{fidelity}");
}

#[test]
fn a_width_that_no_value_fits_is_an_error_of_the_plan() {
    let mut graph = Graph::new("none", Shape::new([1])).with_range(Range::Whole(40, 100)).unwrap();
    let x = graph.input();
    graph.add("relu", args(), &[x]).unwrap();
    let model = model(graph, 1);
    let quantized =
        model.quantize(&[Tensor::vector(vec![50.0])], Target::default().max_error(1.0).calibrated(0)).unwrap();
    let mut plan = quantized.plan().clone();
    (plan.steps[1].shift, plan.steps[1].saturate, plan.steps[1].bits) = (0, None, Some(5));
    plan.scales[1] = plan.scales[0];
    let error = model.quantize_to(&plan).unwrap_err();
    assert!(matches!(&error, PlanError::Arith { layer, .. } if layer == "relu1"), "{error}");
    assert_eq!(
        error.to_string(),
        "layer `relu1` (an unnamed place): the value 40 lies 9 beyond the -32 to 31 that its decomposition holds"
    );
}

/// Channels of very different magnitudes that matter alike: what is small in one layer is made up for by the next.
fn uneven(layers: Vec<(&str, Args)>, input: &[usize]) -> Model {
    // Inputs with so many bits that it is the weights whose rounding is felt.
    let graph = chain(input, layers).with_range(Range::Whole(-128, 127)).unwrap();
    let fresh = model(graph, 8);
    let names: Vec<String> = fresh.graph().all_params().into_iter().map(|(n, _)| n).collect();
    let (first, last) = (names[0].clone(), names.iter().rev().find(|n| n.ends_with("weight")).unwrap().clone());
    let channels = fresh.weights().get(&first).unwrap().shape().dims()[0];
    let mut weights = Weights::new();
    for (name, tensor) in fresh.weights().iter() {
        let rows = tensor.len() / channels;
        let columns = tensor.shape().dims().get(1).map_or(1, |n| n / channels).max(1);
        let power = |c: usize| 2f64.powi(2 * (c as i32 % 4));
        let bias = first.replace("weight", "bias");
        let value = |i: usize| match name {
            n if n == first => tensor.data()[i] / power(i / rows),
            n if n == bias => tensor.data()[i] / power(i),
            n if n == last => tensor.data()[i] * power(i / columns % channels),
            _ => tensor.data()[i],
        };
        weights.insert(name, Tensor::from_fn(tensor.shape().clone(), value));
    }
    Model::new(fresh.graph().clone(), fresh.visibility(), weights).unwrap()
}

fn uneven_models() -> Vec<Model> {
    let conv = args().with("filters", 4).with("kernel", 3);
    let pool = args().with("size", 2);
    let image =
        vec![("conv2d", conv), ("max_pool2d", pool), ("relu", args()), ("flatten", args()), ("dense", units(2))];
    vec![uneven(vec![("dense", units(8)), ("relu", args()), ("dense", units(2))], &[6]), uneven(image, &[2, 6, 6])]
}

#[test]
fn channels_of_different_magnitudes_get_scales_of_their_own() {
    let mut spread = 0;
    for model in uneven_models() {
        let inputs = samples(model.graph(), 20, 4);
        let top = inputs.iter().map(|x| model.forward(x).unwrap().max_abs()).fold(0.0, f64::max);
        let target = Target { tries: 200, ..Target::default().max_error(0.02 * top) };
        let quantized = model.quantize(&inputs, target).unwrap();
        let steps = &quantized.plan().steps;
        if steps[1].channels.is_empty() {
            continue;
        }
        spread += 1;
        assert!(steps[1].channels.iter().any(|o| *o > 0), "{}", quantized.plan());
        assert!(steps.iter().filter(|s| !s.channels.is_empty()).count() > 1);
        agrees(&quantized, &inputs[..5]);
        survives_a_file(&quantized, &format!("channels-{}", inputs[0].len()));
        // The magnitudes of hidden weights are not told.
        let hidden = Visibility { weights: Visible::Private, ..PUBLIC };
        let quantized =
            model.clone().with_visibility(hidden).quantize(&inputs, Target { tries: 60, ..target }).unwrap();
        assert!(quantized.plan().steps.iter().all(|s| s.channels.is_empty()));
    }
    assert!(spread > 0, "channels pay in none of the models");
}

#[test]
fn a_plan_whose_channels_do_not_fit_together_is_refused() {
    let model = uneven_models().remove(1);
    let inputs = samples(model.graph(), 4, 4);
    let quantized = model.quantize(&inputs, Target { tries: 1, ..Target::default().max_error(1e9) }).unwrap();
    let mut plan = quantized.plan().clone();
    plan.params.iter_mut().flatten().for_each(|p| p.bits += 8);
    plan.error = None;
    let set = |plan: &mut Plan, nodes: &[usize], channels: &[u32]| {
        nodes.iter().for_each(|n| plan.steps[*n].channels = channels.to_vec());
    };
    let good = [0, 2, 4, 1];
    let names: Vec<&str> =
        quantized.graph().nodes()[1..].iter().map(|n| n.layer.as_ref().unwrap().card().name).collect();
    assert_eq!(names, ["conv2d", "max_pool2d", "relu", "flatten", "dense"]);
    set(&mut plan, &[1, 2, 3], &good);
    let channelled = model.quantize_to(&plan).unwrap();
    agrees(&channelled, &inputs);
    let bad: [&dyn Fn(&mut Plan); 8] = [
        &|p| set(p, &[3], &[]),
        &|p| set(p, &[2], &[0, 2, 4, 0]),
        &|p| set(p, &[1], &[]),
        &|p| set(p, &[4], &good),
        &|p| set(p, &[1, 2, 3], &[0, 2, 4]),
        &|p| set(p, &[1, 2, 3], &[0, 2, 65, 1]),
        &|p| set(p, &[5], &[1, 0]),
        &|p| set(p, &[0], &[1, 0]),
    ];
    for (i, change) in bad.iter().enumerate() {
        let mut plan = plan.clone();
        change(&mut plan);
        assert!(matches!(model.quantize_to(&plan), Err(PlanError::OtherGraph { .. })), "plan {i}");
    }
}

#[test]
fn the_channels_of_every_plain_convolution_may_have_scales_of_their_own_and_no_others() {
    let grouped = || args().with("filters", 4).with("kernel", 2).with("groups", 2);
    let (line, image) = (&[2, 7][..], &[2, 5, 5][..]);
    for (input, conv, pool) in [
        (line, ("conv1d", grouped()), ("max_pool1d", args().with("size", 2))),
        (line, ("conv1d", grouped()), ("global_max_pool1d", args())),
        (image, ("depthwise_conv2d", args().with("kernel", 2).with("multiplier", 2)), ("global_max_pool2d", args())),
        (image, ("pointwise_conv2d", args().with("filters", 4)), ("max_pool2d", args().with("size", 2))),
        (line, ("conv1d_transpose", grouped()), ("global_max_pool1d", args())),
        (image, ("conv2d_transpose", grouped()), ("global_max_pool2d", args())),
        (image, ("separable_conv2d", args().with("filters", 4).with("kernel", 2)), ("global_max_pool2d", args())),
    ] {
        let name = conv.0;
        let model = model(chain(input, vec![conv, pool, ("relu", args())]).with_range(Range::Whole(-9, 9)).unwrap(), 8);
        let inputs = samples(model.graph(), 3, 4);
        let target = Target { tries: 1, ..Target::default().max_error(1e9) };
        let mut plan = model.quantize(&inputs, target).unwrap().plan().clone();
        plan.params.iter_mut().flatten().for_each(|p| p.bits += 8);
        (1..4).for_each(|node| plan.steps[node].channels = vec![0, 2, 4, 1]);
        if name.contains("transpose") || name.contains("separable") {
            assert!(matches!(model.quantize_to(&plan), Err(PlanError::OtherGraph { .. })), "{name}");
        } else {
            agrees(&model.quantize_to(&plan).unwrap(), &inputs);
        }
    }
}

#[test]
fn the_frontier_holds_the_chosen_plan_and_no_point_that_was_not_measured() {
    let model = deep().with_visibility(PUBLIC);
    let inputs = calm(&model, 30);
    let target = Target { tries: 80, ..Target::default().max_error(0.05) };
    let quantized = model.quantize(&inputs, target).unwrap();
    let frontier = quantized.frontier();
    let chosen = frontier.chosen().unwrap();
    assert_eq!(chosen.constraints, total(&quantized, PUBLIC).constraints);
    let measured = quantized.fidelity(&inputs).unwrap();
    assert!((chosen.max_error - measured.max_error).abs() < 1e-12 && chosen.top1 == measured.top1());
    assert!(frontier.points().iter().any(|p| !p.faithful), "nothing below the target was measured");
    assert!(frontier.points().iter().all(|p| p.faithful == (p.max_error <= 0.05)));
    assert!(frontier.points().iter().all(|p| !p.faithful || p.constraints >= chosen.constraints));
    let front = frontier.pareto();
    assert!(front.windows(2).all(|w| w[0].constraints < w[1].constraints && w[0].max_error > w[1].max_error));
    assert!(front.contains(chosen));
    // A plan that was given was not searched for.
    assert!(model.quantize_to(quantized.plan()).unwrap().frontier().points().is_empty());
}
