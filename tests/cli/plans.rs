//! `quantize`, `cost` and `fidelity`.

use crate::world::World;

#[test]
fn a_plan_is_found_and_costs_are_told_before_there_are_keys() {
    let world = World::project(&[], &[]);
    let error = world.fails(7, &["cost"]);
    assert_eq!(error, "there is no plan zkml/plan.json; make one with `zkml quantize`");
    let text = world.passes(&["quantize"]);
    world.snapshot("quantize", &text);
    assert!(world.text("zkml/frontier.svg").starts_with("<svg"));
    world.snapshot("cost", &world.passes(&["cost"]));
    assert!(!world.path("zkml/proving.key").exists());

    let value = world.json(&["cost"]);
    let costs = value["costs"].as_array().unwrap();
    assert_eq!(costs.len(), 5);
    assert_eq!((&costs[4]["system"], &costs[4]["weights"]), (&"two-phase".into(), &"registered".into()));
    let constraints = |i: usize| costs[i]["constraints"].as_u64().unwrap();
    // Public weights cost less than private ones, two phases less than one.
    assert!(constraints(0) < constraints(1) && constraints(2) < constraints(0));
    assert!(constraints(4) < constraints(3));
    let layers: u64 = value["layers"].as_array().unwrap().iter().map(|l| l["constraints"].as_u64().unwrap()).sum();
    assert_eq!(layers, constraints(0));
    assert_eq!(costs[0]["gas"], 245_279 - 4 * 7_512);
    let batch = world.json(&["cost", "--batch", "3"]);
    assert_eq!(batch["costs"][0]["constraints"], 3 * constraints(0));
}

#[test]
fn a_plan_that_can_not_be_is_told() {
    let world = World::project(&[], &[]);
    let error = world.fails(7, &["quantize", "--max-error", "1e-60"]);
    assert!(error.contains("no plan"), "{error}");
    assert!(!world.path("zkml/plan.json").exists());
    let error = world.fails(3, &["quantize", "--top1", "99"]);
    assert!(error.contains("`target.top1` is 99"), "{error}");
    world.edit(&[("samples = \"samples.csv\"", "")]);
    world.edit(&[("max_error = ", "# max_error = ")]);
    let output = world.run(&["quantize", "--samples", "samples.csv", "--tries", "5"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("classes of 20 samples say little of others"));
    let error = world.fails(2, &["quantize"]);
    assert_eq!(error, "no inputs: name files or folders on the command line, or set `samples` in zkml.toml");
    // A model by itself, without a project file.
    world.write("out/.keep", b"");
    let value = world.json(&[
        "quantize",
        "digits.onnx",
        "--samples",
        "samples.csv",
        "--project",
        "out/zkml.toml",
        "--tries",
        "20",
    ]);
    assert_eq!(value["plan"], "out/zkml/plan.json");
    assert!(world.path("out/zkml/plan.json").exists());
}

#[test]
fn the_plan_of_another_model_is_refused() {
    let world = World::ready();
    world.edit(&[("model = \"digits.onnx\"", "model = \"other.onnx\"")]);
    std::fs::copy(crate::world::shipped("zkml-import/tests/onnx/classifier.onnx"), world.path("other.onnx")).unwrap();
    let error = world.fails(7, &["cost"]);
    assert!(error.starts_with("zkml/plan.json: the plan belongs to another graph"), "{error}");
}

#[test]
fn a_plan_is_judged_with_labels() {
    let world = World::ready();
    world.snapshot("fidelity", &world.passes(&["fidelity"]));
    assert!(world.text("zkml/fidelity.svg").contains("where precision is lost"));
    let value = world.json(&["fidelity"]);
    assert_eq!((value["labelled"].as_u64(), value["correct_float"].as_u64()), (Some(4), Some(4)));
    let losses = value["losses"].as_array().unwrap();
    assert!(losses.iter().all(|loss| loss["max_error"].as_f64().unwrap() >= 0.0));
    assert_eq!(losses[0]["max_error"], 0.0);

    world.write("labels.json", b"[1, 2]");
    let error = world.fails(6, &["fidelity", "test.csv", "--labels", "labels.json"]);
    assert_eq!(error, "labels.json: it has 2 labels for 4 inputs: there is none for `test-0`");
    world.write("labels.csv", b"name,label\ntest-0,1\ntest-1,1\ntest-2,1\ntest-3,1\n");
    let value = world.json(&["fidelity", "test.csv", "--labels", "labels.csv"]);
    assert!(value["correct_proven"].as_u64().unwrap() < 4);
}
