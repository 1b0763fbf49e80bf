//! `commit` and `open`; what is secret is for its owner alone, and never printed.

use std::fs;

use crate::world::{World, digit};

const COMMITTED: [(&str, &str); 1] = [("output = \"public\"", "output = \"committed\"")];

#[test]
fn commitments_open_and_are_those_of_proofs() {
    let world = World::project(&["--weights", "committed", "--input", "committed"], &COMMITTED);
    world.passes(&["quantize"]);
    world.passes(&["setup"]);
    let (values, _) = digit(1207);
    world.write("one.json", serde_json::to_string(&values).unwrap().as_bytes());
    let text = world.passes(&["commit", "weights"]);
    world.snapshot("commit", &text);
    let opening = world.text("zkml/weights.opening.json");
    let opened: serde_json::Value = serde_json::from_str(&opening).unwrap();
    let (salt, weights) = (opened[0]["salt"].as_str().unwrap(), opened[0]["commitment"].as_str().unwrap());
    assert!(!text.contains(salt) && text.contains(weights));
    world.snapshot("open", &world.passes(&["open", "zkml/weights.opening.json"]));

    // Every proof shows the same commitment to the weights, and others to input and output.
    let proved = world.json(&["prove", "one.json"]);
    assert_eq!(proved["proofs"][0]["opening"], "zkml/proofs/one.opening.json");
    let value = world.json(&["verify"]);
    let statement = value["proofs"][0]["statement"].as_array().unwrap();
    assert_eq!((statement.len(), statement[0]["value"].as_str()), (3, Some(weights)));
    let open = ["open", "zkml/proofs/one.opening.json", "one.json", "--proof", "zkml/proofs/one.proof"];
    let value = world.json(&open);
    assert_eq!((value["opens"].as_bool(), value["commitments"].as_array().map(Vec::len)), (Some(true), Some(3)));

    #[cfg(unix)]
    for file in ["zkml/weights.opening.json", "zkml/proofs/one.opening.json"] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(world.path(file)).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }

    // Another input is none that was committed to; an opening is not replaced by accident.
    world.write("one.json", serde_json::to_string(&digit(3).0).unwrap().as_bytes());
    let error = world.fails(1, &open);
    assert!(error.contains("a commitment is to other values"), "{error}");
    let error = world.fails(4, &["commit", "weights"]);
    assert!(error.contains("it exists, and opens a commitment"), "{error}");
    assert_eq!(world.text("zkml/weights.opening.json"), opening);
    let error = world.fails(2, &["commit", "weights", "one.json"]);
    assert_eq!(error, "a commitment to the weights takes no inputs");
    fs::write(world.path("zkml/weights.opening.json"), opening.replace("salt", "sald")).unwrap();
    let error = world.fails(4, &["open", "zkml/weights.opening.json"]);
    assert!(error.contains("it is no list of openings") && !error.contains(salt), "{error}");
}

#[test]
fn proofs_of_an_accuracy_are_of_the_same_weights() {
    let world = World::project(&["--weights", "committed"], &[]);
    world.passes(&["quantize"]);
    world.passes(&["setup"]);
    let error = world.fails(2, &["accuracy"]);
    assert!(error.contains("run `zkml commit weights` first"), "{error}");
    world.write("test.csv", world.text("test.csv").lines().take(2).collect::<Vec<_>>().join("\n").as_bytes());
    world.passes(&["commit", "weights"]);
    let value = world.json(&["accuracy"]);
    assert_eq!(value["correct"], 2);
}

#[test]
fn inputs_and_outputs_are_committed_to() {
    let world = World::ready();
    let value = world.json(&["commit", "input", "test.csv"]);
    assert_eq!(value["commitments"].as_array().unwrap().len(), 4);
    world.passes(&["commit", "output", "test.csv", "--output", "answers.json"]);
    world.passes(&["open", "zkml/inputs.opening.json", "test.csv"]);
    world.passes(&["open", "answers.json", "test.csv"]);
    let error = world.fails(1, &["open", "zkml/inputs.opening.json", "samples.csv"]);
    assert!(error.contains("a commitment is to other values"), "{error}");
}
