//! What can go wrong before there is a circuit: plans that can't be had, plans and weights that are not the model's.
#![cfg(feature = "prove")]

use zkml::{
    error::{PlanError, WeightsError},
    graph::{Graph, Range, Visibility},
    layer::Args,
    model::{Model, Weights},
    plan::{Plan, Target},
    rand::{SeedableRng, rngs::StdRng},
    shape::Shape,
    tensor::Tensor,
};

fn args() -> Args {
    Args::new()
}

fn graph(layers: &[(&str, Args)], range: Range) -> Graph {
    let mut graph = Graph::new("plans", Shape::new([3])).with_range(range).unwrap();
    let mut x = graph.input();
    for (layer, args) in layers {
        x = graph.add(layer, args.clone(), &[x]).unwrap();
    }
    graph
}

fn init(layers: &[(&str, Args)], range: Range) -> Model {
    Model::init(graph(layers, range), Visibility::default(), &mut StdRng::seed_from_u64(31)).unwrap()
}

/// Two dense layers with a relu between them.
fn two() -> Model {
    let layers = [("dense", args().with("units", 4)), ("relu", args()), ("dense", args().with("units", 2))];
    init(&layers, Range::Real(-1.0, 1.0))
}

fn samples() -> Vec<Tensor> {
    (0..6).map(|i| Tensor::from_fn([3], |j| (f64::from(i) - 2.0) / 4.0 * (1.0 - j as f64 / 2.0))).collect()
}

fn quick() -> Target {
    Target { tries: 20, ..Target::default() }
}

fn path(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("zkml-model-{name}-{}", std::process::id()))
}

#[test]
fn a_plan_needs_samples_of_the_model() {
    let error = two().quantize(&[], quick()).unwrap_err();
    assert_eq!(error, PlanError::NoSamples);
    assert_eq!(
        error.to_string(),
        "calibration needs at least one sample, found none; pass inputs like those that will be proven"
    );
    let mut bad = samples();
    bad[4] = Tensor::vector(vec![0.0, 2.0, 0.0]);
    assert_eq!(
        two().quantize(&bad, quick()).unwrap_err().to_string(),
        "calibration sample 4: input element 1 is 2, outside the declared range -1 to 1"
    );
}

#[test]
fn a_target_out_of_reach_says_what_was_reached_and_where_precision_is_lost() {
    let model = two();
    let error = model.quantize(&samples(), quick().max_error(1e-30)).unwrap_err();
    let PlanError::Unreachable(unreachable) = &error else { panic!("{error}") };
    let names: Vec<&str> = model.graph().nodes().iter().map(|n| n.name.as_str()).collect();
    assert!(names[1..].contains(&unreachable.layer.as_str()), "{unreachable:?}");
    assert!(unreachable.asked.contains("errors below 0.000000"), "{unreachable:?}");
    assert!(unreachable.reached.starts_with("a max error of 0.000"), "{unreachable:?}");
    let text = error.to_string();
    assert!(text.starts_with("no plan reaches the target: asked for 100.00% of classes"), "{text}");
    assert!(text.contains(&format!("the error grows most in layer `{}` (an unnamed place)", unreachable.layer)));
}

#[test]
fn floats_that_are_not_finite_name_their_layer() {
    let layers = vec![("poly", args()); 9];
    let model = init(&layers, Range::Whole(-100, 100));
    let error = model.quantize(&[Tensor::from_fn([3], |_| 100.0)], quick()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "layer `poly8` (an unnamed place) gives inf on calibration sample 0, expected finite numbers"
    );
}

#[test]
fn values_that_outgrow_the_field_name_their_layer() {
    // `8 * 2^247` is the first power of two that needs 251 bits, and sums are not rescaled.
    let mut graph = Graph::new("sums", Shape::new([1])).with_range(Range::Whole(-8, 7)).unwrap();
    let mut x = graph.input();
    for _ in 0..250 {
        x = graph.add("add", args(), &[x, x]).unwrap();
    }
    let model = Model::init(graph, Visibility::default(), &mut StdRng::seed_from_u64(31)).unwrap();
    assert_eq!(
        model.quantize(&[Tensor::vector(vec![7.0])], quick()).unwrap_err().to_string(),
        "layer `add247` (an unnamed place): a value may need 251 bits, more than the 250 that a field element safely \
         holds; rescale earlier"
    );
}

#[test]
fn a_plan_whose_values_outgrow_the_field_is_refused() {
    let model = init(&vec![("dense", args().with("units", 2).with("bias", false)); 2], Range::Whole(-8, 7));
    let mut plan = model.quantize(&[Tensor::vector(vec![1.0, 2.0, 3.0])], quick()).unwrap().plan().clone();
    let finer = 130;
    for node in [1, 2] {
        plan.steps[node].weight_scale += finer;
        plan.params[node][0].scale += finer;
        plan.params[node][0].bits += finer as u32;
        plan.scales[node] += node as i32 * finer;
    }
    plan.steps[2].inputs[0] += finer;
    let error = model.quantize_to(&plan).unwrap_err();
    let PlanError::Arith { layer, .. } = &error else { panic!("{error}") };
    assert_eq!(layer, "dense2");
}

#[test]
fn a_plan_is_saved_and_loaded() {
    let model = two();
    let quantized = model.quantize(&samples(), quick()).unwrap();
    let path = path("plan");
    quantized.plan().save(&path).unwrap();
    let plan = Plan::load(&path).unwrap();
    assert_eq!(&plan, quantized.plan());
    let again = model.quantize_to(&plan).unwrap();
    assert_eq!(again.params(), quantized.params());
    std::fs::write(&path, b"{\"graph\":1}").unwrap();
    let error = Plan::load(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot read {}: invalid type", path.display())), "{error}");
    std::fs::remove_file(&path).unwrap();
    let error = Plan::load(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot read {}: No such file", path.display())), "{error}");
}

#[test]
fn a_plan_of_another_graph_is_refused() {
    let plan = two().quantize(&samples(), quick()).unwrap().plan().clone();
    let other = init(&[("dense", args().with("units", 2))], Range::Real(-1.0, 1.0));
    let error = other.quantize_to(&plan).unwrap_err();
    assert!(matches!(error, PlanError::OtherGraph { found: 4, expected: 2, .. }), "{error}");
    assert!(error.to_string().starts_with("the plan belongs to another graph: it has 4 steps for graph "), "{error}");
    let mut bent = plan.clone();
    bent.scales[3] += 1;
    assert!(matches!(two().quantize_to(&bent), Err(PlanError::OtherGraph { .. })));
    let mut wide = plan;
    wide.params[1][0].bits = 241;
    assert!(matches!(two().quantize_to(&wide), Err(PlanError::OtherGraph { .. })));
}

/// A safetensors file of these tensors: name, element type, shape, bytes.
fn file(tensors: &[(&str, &str, &[usize], Vec<u8>)]) -> Vec<u8> {
    let (mut header, mut data) = (String::from("{"), Vec::new());
    for (i, (name, kind, shape, bytes)) in tensors.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let (start, end) = (data.len(), data.len() + bytes.len());
        let entry = format!(r#"{comma}"{name}":{{"dtype":"{kind}","shape":{shape:?},"data_offsets":[{start},{end}]}}"#);
        header.push_str(&entry);
        data.extend_from_slice(bytes);
    }
    header.push('}');
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

fn halves(bits: &[u16]) -> Vec<u8> {
    bits.iter().flat_map(|b| b.to_le_bytes()).collect()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

#[test]
fn floats_of_all_widths_are_read() {
    let doubles: Vec<u8> = [0.1f64, -1e300].iter().flat_map(|x| x.to_le_bytes()).collect();
    let bytes = file(&[
        ("a", "F16", &[6], halves(&[0x3c00, 0xc000, 0x3555, 0x0001, 0x8000, 0x7bff])),
        ("b", "BF16", &[2, 2], halves(&[0x3f80, 0xc000, 0x4049, 0x0000])),
        ("c", "F32", &[2], floats(&[0.1, -3.5])),
        ("d", "F64", &[2], doubles),
    ]);
    let weights = Weights::from_safetensors(&bytes).unwrap();
    let get = |name: &str| weights.get(name).unwrap().data().to_vec();
    assert_eq!(get("a"), [1.0, -2.0, 1365.0 / 4096.0, 2f64.powi(-24), 0.0, 65504.0]);
    assert_eq!(get("b"), [1.0, -2.0, 3.140625, 0.0]);
    assert_eq!(weights.get("b").unwrap().shape(), &Shape::new([2, 2]));
    assert_eq!(get("c"), [f64::from(0.1f32), -3.5]);
    assert_eq!(get("d"), [0.1, -1e300]);
}

#[test]
fn infinite_halves_are_read_and_refused_by_the_model() {
    let model = init(&[("dense", args().with("units", 1).with("bias", false))], Range::Real(-1.0, 1.0));
    for (kind, bits, text) in
        [("F16", 0x7c00, "inf"), ("F16", 0xfc00, "-inf"), ("F16", 0x7e00, "NaN"), ("BF16", 0x7fc0, "NaN")]
    {
        let bytes = file(&[("dense1.weight", kind, &[1, 3], halves(&[0, bits, 0]))]);
        let weights = Weights::from_safetensors(&bytes).unwrap();
        assert_eq!(
            weights.check(model.graph()).unwrap_err().to_string(),
            format!("parameter `dense1.weight` has a value that is not finite ({text}) at index 1")
        );
    }
}

#[test]
fn other_elements_and_malformed_files_are_errors() {
    let bytes = file(&[("n", "I32", &[1], vec![0; 4])]);
    let error = Weights::from_safetensors(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "tensor `n` has element type I32, expected F32, F64, F16 or BF16");
    let good = file(&[("x", "F32", &[2], floats(&[1.0, 2.0]))]);
    for end in 0..good.len() {
        let error = Weights::from_safetensors(&good[..end]).unwrap_err().to_string();
        assert!(error.starts_with("cannot read safetensors data: "), "{error}");
    }
    let path = path("none");
    let error = Weights::load(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot read {}: No such file", path.display())), "{error}");
    std::fs::write(&path, &good[..9]).unwrap();
    let error = Weights::load(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot read {}: ", path.display())), "{error}");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn weights_come_back_from_a_file() {
    let model = two();
    let path = path("weights");
    model.save(&path).unwrap();
    let again = Model::load(model.graph().clone(), model.visibility(), &path).unwrap();
    assert_eq!(again.weights(), model.weights());
    std::fs::remove_file(&path).unwrap();
}

/// The weights of [`two`] with one change, and the error that they are.
fn changed(change: impl FnOnce(&mut Vec<(String, Tensor)>)) -> WeightsError {
    let model = two();
    let mut all: Vec<(String, Tensor)> = model.weights().iter().map(|(n, t)| (n.to_owned(), t.clone())).collect();
    change(&mut all);
    let mut weights = Weights::new();
    all.into_iter().for_each(|(name, tensor)| weights.insert(name, tensor));
    weights.check(model.graph()).unwrap_err()
}

#[test]
fn weights_that_are_not_the_models_are_named() {
    let missing = changed(|all| all.retain(|(n, _)| n != "dense2.bias"));
    assert_eq!(missing.to_string(), "parameter `dense2.bias` is missing, expected shape [2]");
    let near = changed(|all| all.iter_mut().filter(|(n, _)| n == "dense2.bias").for_each(|(n, _)| n.push_str("es")));
    assert_eq!(
        near.to_string(),
        "parameter `dense2.bias` is missing, expected shape [2]; found `dense2.biases`, which is not a parameter"
    );
    let extra = changed(|all| all.push(("dense3.weight".to_owned(), Tensor::vector(vec![0.0]))));
    assert_eq!(
        extra.to_string(),
        "tensor `dense3.weight` is not a parameter of this model; its parameters are dense1.weight, dense1.bias, \
         dense2.weight, dense2.bias"
    );
    let shape = changed(|all| {
        let (_, weight) = all.iter_mut().find(|(n, _)| n == "dense1.weight").unwrap();
        *weight = weight.clone().reshape([3, 4]).unwrap();
    });
    assert_eq!(shape.to_string(), "parameter `dense1.weight` has shape [3, 4], expected [4, 3]");
    let nan = changed(|all| {
        let (_, bias) = all.iter_mut().find(|(n, _)| n == "dense1.bias").unwrap();
        *bias = Tensor::vector(vec![0.0, 0.0, f64::NAN, 0.0]);
    });
    assert_eq!(nan.to_string(), "parameter `dense1.bias` has a value that is not finite (NaN) at index 2");
}

#[test]
fn a_negative_variance_is_refused() {
    let model = init(&[("batch_norm", args())], Range::Real(-1.0, 1.0));
    let mut weights = model.weights().clone();
    weights.insert("batch_norm1.var", Tensor::vector(vec![1.0, -0.5, 1.0]));
    assert_eq!(
        weights.check(model.graph()).unwrap_err().to_string(),
        "parameter `batch_norm1.var` must not be negative, found -0.5 at index 1"
    );
}
