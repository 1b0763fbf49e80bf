//! Circuit files and plans made by an enemy: no crash, no unbounded memory, and no circuit but that of the digest.

use serde_json::{Value, json};
use zkml::{
    circuit::{Circuit, CircuitError},
    graph::{Graph, Visible},
    layer::Args,
    number::Int,
    plan::{Plan, Quantized},
    prove::file::{self, Kind},
    shape::Shape,
};

use crate::common::{OPEN, planned, scores};

fn victim() -> (Quantized, Vec<u8>) {
    let quantized = planned(scores("poly"), Visible::Public, &[(1, 2, Some(3))]);
    let bytes = quantized.circuit_for(OPEN).unwrap().to_bytes().unwrap();
    (quantized, bytes)
}

/// The file with other contents, its checksum made right again, under the old digest.
fn edited(bytes: &[u8], edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    let (digest, payload) = file::read(bytes, Kind::Circuit).unwrap();
    let mut value = serde_json::from_slice(payload).unwrap();
    edit(&mut value);
    file::write(Kind::Circuit, &digest, &serde_json::to_vec(&value).unwrap())
}

/// The error of a file that is refused for what it says, before its digest is looked at.
fn refused(bytes: &[u8]) -> CircuitError {
    let error = Circuit::from_bytes(bytes).unwrap_err();
    assert!(!error.to_string().contains("digest"), "only refused for its digest, which an enemy would make right");
    error
}

#[test]
fn an_input_interval_beyond_all_bounds_does_not_pass_for_a_small_one() {
    let (_, bytes) = victim();
    assert!(Circuit::from_bytes(&bytes).is_ok());
    let ends = [(Int::MIN, Int::ZERO), (Int::MIN, Int::MAX), (Int::ZERO, Int::MAX), (Int::ONE, Int::ZERO)];
    for (lo, hi) in ends {
        let interval = json!({ "lo": lo, "hi": hi });
        assert!(matches!(
            Circuit::from_bytes(&edited(&bytes, |v| v["plan"]["input"]["interval"] = interval)),
            Err(CircuitError::Plan(_))
        ));
    }
}

#[test]
fn a_plan_does_not_take_inputs_that_the_graph_excludes() {
    // A private input beyond the declared range would be proven, by a circuit that shows that range.
    let (quantized, _) = victim();
    for (lo, hi) in [(-1, 0), (0, 1)] {
        let mut plan = quantized.plan().clone();
        plan.input.interval.lo += Int::from(lo);
        plan.input.interval.hi += Int::from(2 * hi);
        assert!(quantized.model().quantize_to(&plan).is_err());
    }
}

#[test]
fn a_scale_as_large_as_its_type_is_refused_and_does_not_wrap() {
    let (quantized, bytes) = victim();
    for scale in [i32::MAX, i32::MIN, i32::MAX / 2 + 1, 1001] {
        let hostile = edited(&bytes, |v| {
            v["plan"]["input"]["scale"] = json!(scale);
            v["plan"]["scales"][0] = json!(scale);
            v["plan"]["steps"][1]["inputs"] = json!([scale]);
        });
        assert!(matches!(Circuit::from_bytes(&hostile), Err(CircuitError::Plan(_))), "{scale}");
        let mut plan: Plan = quantized.plan().clone();
        (plan.input.scale, plan.scales[0], plan.steps[1].inputs[0]) = (scale, scale, scale);
        assert!(quantized.model().quantize_to(&plan).is_err());
    }
}

#[test]
fn a_bias_is_not_read_at_the_scale_of_a_weight() {
    // The circuit would add the bias at a wrong scale, and prove another function than the graph's.
    let (quantized, _) = victim();
    let mut plan = quantized.plan().clone();
    let [weight, bias] = &mut plan.params[1][..] else { panic!("a dense layer has two parameters") };
    (bias.role, bias.scale) = (weight.role, weight.scale);
    assert!(quantized.model().quantize_to(&plan).is_err());
}

#[test]
fn a_plan_that_leaves_out_a_parameter_is_an_error_and_no_crash() {
    let (quantized, bytes) = victim();
    for left in [0, 1] {
        let mut plan = quantized.plan().clone();
        plan.params[1].truncate(left);
        assert!(quantized.model().quantize_to(&plan).is_err());
        let hostile = edited(&bytes, |v| v["plan"]["params"][1].as_array_mut().unwrap().truncate(left));
        refused(&hostile);
    }
}

#[test]
fn a_small_file_of_a_huge_network_is_refused_before_any_memory_is_taken() {
    let (_, bytes) = victim();
    let wide = |layers: &[(&str, Args)], input: Shape| {
        let mut graph = Graph::new("huge", input);
        for (layer, args) in layers {
            graph.add(layer, args.clone(), &[graph.output()]).unwrap();
        }
        graph
    };
    let huge = 1usize << 27;
    let mut graph = Graph::new("huge", Shape::new([huge]));
    assert!(graph.add("dense", Args::new().with("units", huge), &[graph.input()]).is_err());
    let graphs = [
        wide(&[("dense", Args::new().with("units", 1 << 14))], Shape::new([1 << 14])),
        wide(&[("relu", Args::new())], Shape::new([huge])),
        wide(
            &[("max_pool2d", Args::new().with("size", 8192).with("stride", 1).with("padding", 8191))],
            Shape::new([1, 1, 1]),
        ),
    ];
    for graph in graphs {
        let hostile = edited(&bytes, |v| {
            v["plan"]["graph"] = json!(graph.digest());
            v["graph"] = serde_json::to_value(&graph).unwrap();
        });
        refused(&hostile);
    }
    refused(&edited(&bytes, |v| v["batch"] = json!(u32::MAX)));
}

#[test]
fn a_small_file_of_more_sums_than_anyone_could_add_is_refused() {
    let (_, bytes) = victim();
    let args = |filters: usize| Args::new().with("filters", filters);
    let pool = |size: usize| Args::new().with("size", size).with("stride", 1).with("padding", size - 1);
    let image = |channels: usize| Shape::new([channels, 32, 32]);
    for (layer, args, input) in [
        ("max_pool1d", pool(1 << 16), Shape::new([1, 1 << 16])),
        ("sum_pool1d", pool(1 << 16), Shape::new([1, 1 << 16])),
        ("avg_pool1d", pool(1 << 16), Shape::new([1, 1 << 16])),
        ("conv2d_transpose", args(1).with("kernel", 64), image(1 << 10)),
        ("separable_conv2d", args(1 << 11).with("kernel", 1), image(1 << 11)),
        ("matmul", Args::new(), Shape::new([1 << 10, 1 << 10])),
    ] {
        let mut graph = Graph::new("huge", input);
        let both = [graph.input(); 2];
        graph.add(layer, args, if layer == "matmul" { &both } else { &both[..1] }).unwrap();
        let error = refused(&edited(&bytes, |v| {
            v["plan"]["graph"] = json!(graph.digest());
            v["graph"] = serde_json::to_value(&graph).unwrap();
        }));
        assert!(error.to_string().contains(" terms, more than "), "{layer}: {error}");
    }
}

/// Every place of a value that is neither a list nor an object.
fn leaves(value: &Value, at: String, out: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| leaves(v, format!("{at}/{i}"), out)),
        Value::Object(map) => map.iter().for_each(|(k, v)| leaves(v, format!("{at}/{k}"), out)),
        _ => out.push(at),
    }
}

#[test]
fn nothing_that_makes_the_circuit_changes_under_the_same_digest() {
    let (_, bytes) = victim();
    let payload: Value = serde_json::from_slice(file::read(&bytes, Kind::Circuit).unwrap().1).unwrap();
    let honest = Circuit::from_bytes(&bytes).unwrap();
    let mut places = Vec::new();
    leaves(&payload, String::new(), &mut places);
    let mut refused = 0;
    for place in places {
        let changed = edited(&bytes, |v| {
            let leaf = v.pointer_mut(&place).unwrap();
            *leaf = match leaf.clone() {
                Value::Number(n) if n.is_i64() => json!(n.as_i64().unwrap() + 1),
                Value::Number(n) => json!(n.as_f64().unwrap() + 0.5),
                Value::Bool(b) => json!(!b),
                Value::String(s) if s == "0x1" => json!("0x2"),
                Value::String(s) if s.contains("0x") => json!("0x1"),
                Value::String(s) if s == "public" => json!("private"),
                Value::String(s) => json!(format!("{s}s")),
                other => json!([other]),
            };
        });
        match Circuit::from_bytes(&changed) {
            Err(_) => refused += 1,
            // Names and origins are no part of the circuit.
            Ok(circuit) => assert_eq!(circuit.matrices(), honest.matrices(), "{place}"),
        }
    }
    assert!(refused > 40, "{refused}");
}

#[test]
fn a_damaged_circuit_file_is_an_error_and_no_crash() {
    let (_, bytes) = victim();
    for end in (0..bytes.len()).step_by(17) {
        assert!(Circuit::from_bytes(&bytes[..end]).is_err());
    }
    for nonsense in [json!(null), json!([]), json!({}), json!({ "graph": { "nodes": [] } })] {
        assert!(Circuit::from_bytes(&edited(&bytes, |v| *v = nonsense)).is_err());
    }
}
