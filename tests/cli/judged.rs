//! `batch`, `accuracy`, `bench` and `calibrate`.

use std::fs;

use crate::world::{World, digit, digits};

#[test]
fn several_answers_are_one_proof() {
    let world = World::ready();
    let error = world.fails(8, &["batch", "test.csv"]);
    assert!(error.contains("there is no key zkml/batch-4/verifying.key"), "{error}");
    world.passes(&["setup", "--batch", "4"]);
    world.snapshot("batch", &world.passes(&["batch", "test.csv"]));
    let value = world.json(&["verify", "zkml/proofs/batch-4.proof", "--key", "zkml/batch-4/verifying.key"]);
    let classes: Vec<u64> =
        value["proofs"][0]["statement"].as_array().unwrap().iter().map(|s| s["class"].as_u64().unwrap()).collect();
    let labels: Vec<u64> = (1200..1204).map(|row| digit(row).1 as u64).collect();
    assert_eq!(classes, labels);
    // The key of single inputs is another circuit's.
    let error = world.fails(1, &["verify", "zkml/proofs/batch-4.proof"]);
    assert!(error.contains("the proof is of circuit"), "{error}");
}

#[test]
fn an_accuracy_is_proved_and_goes_on_where_it_was() {
    let world = World::ready();
    world.write("test.csv", digits()[1200..1202].join("\n").as_bytes());
    let value = world.json(&["accuracy"]);
    assert_eq!((value["inputs"].as_u64(), value["proved_before"].as_u64()), (Some(2), Some(0)));
    world.write("test.csv", digits()[1200..1203].join("\n").as_bytes());
    world.snapshot("accuracy", &world.passes(&["accuracy"]));
    let value = world.json(&["accuracy", "--at-least", "1.0"]);
    assert_eq!((value["correct"].as_u64(), value["proved_before"].as_u64()), (Some(3), Some(3)));
    // A proof that was damaged is made again.
    world.write("zkml/accuracy/test-1.proof", b"zkml");
    let value = world.json(&["accuracy"]);
    assert_eq!((value["correct"].as_u64(), value["proved_before"].as_u64()), (Some(3), Some(2)));

    world.write("labels.json", b"[10, 10, 10]");
    let error = world.fails(1, &["accuracy", "test.csv", "--labels", "labels.json", "--at-least", "0.5"]);
    assert_eq!(error, "0 of 3 answers are correct (0.00%), fewer than the 50.00% asked for");
    let (values, _) = digit(1);
    world.write("bare.json", serde_json::to_string(&values).unwrap().as_bytes());
    let error = world.fails(6, &["accuracy", "bare.json"]);
    assert!(error.contains("input `bare` has no label"), "{error}");
}

#[test]
fn this_machine_is_measured() {
    let world = World::ready();
    let value = world.json(&["bench", "test.csv", "--runs", "1"]);
    for part in ["setup_seconds", "prove_seconds", "verify_seconds", "predicted_seconds"] {
        assert!(value[part].as_f64().unwrap() > 0.0, "{part}");
    }
    assert!(world.passes(&["bench", "test.csv", "--runs", "1"]).contains("predicted"));
    let error = world.fails(2, &["bench", "--runs", "0"]);
    assert_eq!(error, "`--runs 0`, expected at least one");
}

#[test]
fn rates_are_measured_and_used() {
    let world = World::ready();
    let before = world.json(&["cost"])["costs"][0]["seconds"].as_f64().unwrap();
    world.passes(&["calibrate", "rates.json"]);
    world.edit(&[("outputs = \"zkml\"", "outputs = \"zkml\"\nrates = \"rates.json\"")]);
    let after = world.json(&["cost"])["costs"][0]["seconds"].as_f64().unwrap();
    assert!(after > 0.0 && after != before);
    world.write("rates.json", b"{}");
    let error = world.fails(4, &["cost"]);
    assert!(error.contains("rates.json: malformed rates"), "{error}");
    fs::remove_file(world.path("rates.json")).unwrap();
    fs::create_dir_all(world.path("rates.json/inside")).unwrap();
    let error = world.fails(4, &["calibrate"]);
    assert!(error.starts_with("cannot write rates.json"), "{error}");
}
