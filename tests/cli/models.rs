//! `init` and `inspect`, and what a project file may say.

use std::fs;

use crate::world::{World, shipped};

#[test]
fn a_project_file_is_written_once() {
    let world = World::new();
    let text = world.passes(&["init", "digits.onnx", "--samples", "samples.csv"]);
    world.snapshot("init", &text);
    world.snapshot("init.toml", &world.text("zkml.toml"));
    let error = world.fails(4, &["init", "digits.onnx"]);
    assert_eq!(error, "cannot write zkml.toml: it exists; edit it, or replace it with `--force`");
    let value = world.json(&["init", "digits.onnx", "--samples", "samples.csv", "--force", "--weights", "private"]);
    assert_eq!((value["samples"].as_u64(), value["answer"].as_str()), (Some(20), Some("class")));
    assert!(world.text("zkml.toml").contains("weights = \"private\""));
    assert!(world.run(&["init", "digits.onnx", "--force", "--quiet"]).stdout.is_empty());
}

#[test]
fn what_can_not_be_a_project_is_refused() {
    let world = World::new();
    let error = world.fails(5, &["init", "samples.csv"]);
    assert!(error.contains("ends in `.csv`, expected `.onnx`, `.keras` or `.h5`"), "{error}");
    let error = world.fails(5, &["init", "missing.onnx"]);
    assert!(error.contains("missing.onnx: cannot read"), "{error}");
    let error = world.fails(6, &["init", "digits.onnx", "--samples", "digits.onnx"]);
    assert!(error.contains("expected one of `.json`"), "{error}");
    assert!(!world.path("zkml.toml").exists());
    // The command line itself is clap's, in words alone.
    assert_eq!(world.run(&["init"]).status.code(), Some(2));
    assert_eq!(world.run(&["init", "digits.onnx", "--weights", "secret"]).status.code(), Some(2));
}

#[test]
fn a_project_says_what_is_wrong_with_it() {
    let world = World::new();
    let error = world.fails(3, &["inspect"]);
    assert!(error.starts_with("there is no project file zkml.toml; write one with `zkml init MODEL`"), "{error}");
    world.write("zkml.toml", b"modell = \"digits.onnx\"\n");
    let error = world.fails(3, &["inspect"]);
    assert!(error.contains("zkml.toml: ") && error.contains("unknown field `modell`"), "{error}");
    world.write("zkml.toml", b"[target]\ntop1 = 99.0\n");
    let error = world.fails(3, &["quantize"]);
    assert!(error.contains("`target.top1` is 99, expected a fraction"), "{error}");
    world.write("zkml.toml", b"samples = \"samples.csv\"\n");
    let error = world.fails(3, &["cost"]);
    assert_eq!(error, "zkml.toml: it names no model; add `model = \"lenet.onnx\"`");
}

#[test]
fn onnx_files_are_shown() {
    let world = World::new();
    let text = world.passes(&["inspect", "digits.onnx"]);
    world.snapshot("inspect", &text);
    let value = world.json(&["inspect", "digits.onnx"]);
    assert_eq!((value["parameters"].as_u64(), value["classes"].as_u64()), (Some(2746), Some(10)));
    assert_eq!(value["layers"][1]["origin"], "onnx node `stem` (Conv)");
}

#[test]
fn keras_files_of_both_formats_are_shown() {
    let world = World::new();
    fs::copy(shipped("zkml-import/tests/keras/convs.k2.keras"), world.path("convs.keras")).unwrap();
    let file = fs::File::open(shipped("zkml-import/tests/keras/convs.k2.h5.gz")).unwrap();
    let mut to = fs::File::create(world.path("convs.h5")).unwrap();
    std::io::copy(&mut flate2::read::GzDecoder::new(file), &mut to).unwrap();
    let [archive, legacy] = ["convs.keras", "convs.h5"].map(|file| world.json(&["inspect", file]));
    assert!(archive["parameters"].as_u64().is_some_and(|n| n > 0));
    assert_eq!(archive["layers"], legacy["layers"]);
    assert_eq!(archive["weights"], legacy["weights"]);
}

#[test]
fn all_that_is_not_supported_is_named_at_once() {
    let world = World::new();
    let one = fs::read(shipped("zkml-import/tests/onnx/unsupported.onnx")).unwrap();
    world.write("one.onnx", &one);
    let error = world.fails(5, &["inspect", "one.onnx"]);
    assert!(error.contains("onnx node `wave` (Sin)") && !error.contains("its parts"), "{error}");
    // The other node becomes one without layers, too.
    let at = one.windows(4).position(|window| window == b"Relu").unwrap();
    let two = [&one[..at], b"Sinh", &one[at + 4..]].concat();
    world.write("two.onnx", &two);
    let output = world.run(&["inspect", "two.onnx"]);
    assert_eq!(output.status.code(), Some(5));
    world.snapshot("unsupported", &String::from_utf8(output.stderr).unwrap());
}
