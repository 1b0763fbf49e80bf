//! `setup`, `prove`, `verify` and `mock`.

use std::fs;

use crate::world::{World, digit};

/// A digit as JSON.
fn one(world: &World, row: usize) -> usize {
    let (values, label) = digit(row);
    world.write("one.json", serde_json::to_string(&values).unwrap().as_bytes());
    label
}

#[test]
fn a_digit_is_proved_and_verified() {
    let world = World::ready();
    let label = one(&world, 1207);
    world.snapshot("prove", &world.passes(&["prove", "one.json"]));
    assert!(world.path("zkml/proofs/one.proof").exists());
    world.snapshot("verify", &world.passes(&["verify"]));
    let value = world.json(&["verify", "zkml/proofs/one.proof", "--key", "zkml/verifying.key"]);
    assert_eq!((value["valid"].as_bool(), value["ceremony"].as_bool()), (Some(true), Some(false)));
    let output = &value["proofs"][0]["statement"][0];
    assert_eq!((output["name"].as_str(), output["class"].as_u64()), (Some("output"), Some(label as u64)));
    // Pinned by its fingerprint.
    let fingerprint = value["fingerprint"].as_str().unwrap();
    world.passes(&["verify", "--fingerprint", fingerprint]);
    let error = world.fails(1, &["verify", "--fingerprint", &"ab".repeat(32)]);
    assert!(error.contains(&format!("the key has the fingerprint {fingerprint}, expected abab")), "{error}");
    let error = world.fails(1, &["verify", "--require-ceremony"]);
    assert!(error.contains("the key is of a setup by a single party, expected that of a ceremony"), "{error}");
}

#[test]
fn several_inputs_are_several_proofs() {
    let world = World::ready();
    let value = world.json(&["prove", "test.csv"]);
    assert_eq!(value["proofs"].as_array().unwrap().len(), 4);
    let value = world.json(&["verify"]);
    assert_eq!(value["proofs"].as_array().unwrap().len(), 4);
    let error = world.fails(2, &["prove", "test.csv", "--output", "one.proof"]);
    assert_eq!(error, "`--output one.proof` is one file, for 4 inputs");
    world.write("again/test.csv", world.text("test.csv").as_bytes());
    let error = world.fails(6, &["prove", "test.csv", "again"]);
    assert!(error.contains("two inputs are called `test-0`"), "{error}");
}

#[test]
fn an_input_that_is_none_is_refused() {
    let world = World::ready();
    let (mut values, _) = digit(3);
    values[5] = 17.0;
    world.write("bright.json", serde_json::to_string(&values).unwrap().as_bytes());
    let error = world.fails(6, &["prove", "bright.json"]);
    assert_eq!(error, "bright.json: input `bright`: input element 5 is 17, outside the declared range 0 to 16");
    assert_eq!(world.fails(6, &["mock", "bright.json"]), error);
    world.write("short.json", b"[1, 2, 3]");
    let error = world.fails(6, &["prove", "short.json"]);
    assert!(error.contains("it has shape [3], the model takes [1, 8, 8]"), "{error}");
    let error = world.fails(4, &["prove", "missing.json"]);
    assert!(error.starts_with("cannot read missing.json: no such file"), "{error}");
}

#[test]
fn keys_are_made_once_and_are_those_of_the_circuit() {
    let world = World::ready();
    let before = fs::read(world.path("zkml/verifying.key")).unwrap();
    let error = world.fails(4, &["setup"]);
    assert!(error.contains("make another with `--force`"), "{error}");
    assert_eq!(fs::read(world.path("zkml/verifying.key")).unwrap(), before);
    // Who sees what is a part of the circuit.
    world.edit(&[("input = \"private\"", "input = \"public\"")]);
    let error = world.fails(8, &["prove", "test.csv"]);
    assert!(error.contains("zkml/verifying.key is of circuit") && error.contains("`zkml setup`"), "{error}");
    world.snapshot("setup", &world.passes(&["setup"]));
    fs::remove_file(world.path("zkml/proving.key")).unwrap();
    let error = world.fails(8, &["prove", "test.csv"]);
    assert_eq!(error, "there is no key zkml/proving.key; make the keys with `zkml setup`");
}

#[test]
fn what_is_no_valid_proof_is_refused() {
    let world = World::ready();
    one(&world, 1207);
    let error = world.fails(4, &["verify"]);
    assert!(error.starts_with("there is no proof in zkml/proofs; make some"), "{error}");
    world.passes(&["prove", "one.json"]);
    let proof = fs::read(world.path("zkml/proofs/one.proof")).unwrap();
    let mut damaged = proof.clone();
    damaged[60] ^= 1;
    world.write("damaged.proof", &damaged);
    let error = world.fails(4, &["verify", "damaged.proof"]);
    assert!(error.contains("damaged.proof: the file is damaged"), "{error}");
    // Under the keys of another setup of the same circuit.
    world.passes(&["setup", "--force"]);
    let error = world.fails(1, &["verify"]);
    assert!(error.ends_with("the proof is invalid for these public inputs under this key"), "{error}");
    let output = world.run(&["verify", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((value["valid"].as_bool(), value["proofs"][0]["valid"].as_bool()), (Some(false), Some(false)));
    let error = world.fails(4, &["verify", "--key", "missing.key"]);
    assert!(error.contains("no verifying key missing.key"), "{error}");
}

#[test]
fn a_circuit_runs_without_keys_and_explains_what_it_refuses() {
    let world = World::ready();
    fs::remove_file(world.path("zkml/proving.key")).unwrap();
    let label = one(&world, 1207);
    world.snapshot("mock", &world.passes(&["mock", "one.json"]));
    let claim = ((label + 1) % 10).to_string();
    let output = world.run(&["mock", "one.json", "--claim", &claim]);
    assert_eq!(output.status.code(), Some(1));
    world.snapshot("mock-claim", &String::from_utf8(output.stdout).unwrap());
    let error = world.fails(1, &["mock", "one.json", "--claim", &claim]);
    assert_eq!(error, "the circuit is not satisfied on 1 of 1 inputs");
    world.passes(&["mock", "one.json", "--claim", &label.to_string()]);
    let error = world.fails(2, &["mock", "one.json", "--claim", "10"]);
    assert_eq!(error, "`--claim 10`: there are 10 classes, from 0");
}

#[test]
fn two_phases_go_the_same_way() {
    let world = World::project(&["--system", "two-phase", "--weights", "private"], &[]);
    world.passes(&["quantize"]);
    world.passes(&["setup"]);
    let label = one(&world, 1207);
    world.passes(&["mock", "one.json"]);
    world.passes(&["prove", "one.json"]);
    let value = world.json(&["verify"]);
    assert_eq!((value["system"].as_str(), value["valid"].as_bool()), (Some("two-phase"), Some(true)));
    assert_eq!(value["proofs"][0]["statement"][0]["class"], label);
    let value = world.json(&["export", "solidity", "--name", "Digits"]);
    assert!(value["signature"].as_str().unwrap().ends_with("uint256[10])"));
    let error = world.fails(2, &["export", "snarkjs"]);
    assert!(error.contains("snarkjs knows Groth16 alone"), "{error}");
}
