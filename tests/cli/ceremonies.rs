//! `ceremony`: from powers of tau to keys that can be demanded, and who is dishonest on the way.

use std::{fs, sync::OnceLock};

use zkml::prove::{Fr, Powers};
use zkml_groth16::iden3::write_ptau;

use crate::world::{World, shipped};

/// Powers for the circuit of the digits, and for smaller ones than that: of known secrets, as a file.
fn powers() -> &'static [u8] {
    static POWERS: OnceLock<Vec<u8>> = OnceLock::new();
    POWERS.get_or_init(|| write_ptau(&Powers::known([5u64, 6, 7].map(Fr::from), 1 << 13)).unwrap())
}

#[test]
fn many_make_the_keys_and_a_verifier_can_demand_it() {
    let world = World::ready();
    world.write("powers.ptau", powers());
    let begun = world.json(&["ceremony", "new", "--ptau", "powers.ptau"]);
    assert_eq!(begun["contributions"].as_array().unwrap().len(), 0);
    // Nobody has contributed.
    let error = world.fails(8, &["ceremony", "finish", "--ptau", "powers.ptau"]);
    assert!(error.contains("nobody has contributed"), "{error}");

    // A contributor, with three files and no project.
    let contribute = |state: &'static str| {
        let files = ["--circuit", "zkml/ceremony.circuit.zkml", "--ptau", "powers.ptau", "--project", "none.toml"];
        [&["ceremony", "contribute", state, "--name", "first", "--out", "first.zkml"][..], &files].concat()
    };
    let made = world.json(&contribute("zkml/ceremony.zkml"));
    // Without them, or of a state of another circuit, nothing is divided by anybody's secret.
    assert_eq!(world.run(&["ceremony", "contribute", "zkml/ceremony.zkml", "--name", "first"]).status.code(), Some(2));
    let small = World::small_public();
    small.write("powers.ptau", powers());
    small.passes(&["ceremony", "new", "--ptau", "powers.ptau"]);
    world.write("other.zkml", &fs::read(small.path("zkml/ceremony.zkml")).unwrap());
    let error = world.fails(1, &contribute("other.zkml"));
    assert!(error.starts_with("other.zkml: ") && error.contains("circuit"), "{error}");
    let accepted = world.json(&["ceremony", "accept", "first.zkml"]);
    assert_eq!(accepted["transcript"], made["transcript"]);
    // The same again is one of an earlier state; and who is dishonest is named.
    let error = world.fails(1, &["ceremony", "accept", "first.zkml"]);
    assert!(error.starts_with("first.zkml: contribution 2 (`first`) comes after transcript"), "{error}");
    // A contributor's own part of the randomness may be a file, which has to have something in it.
    world.write("dice", b"");
    let mine = ["--entropy", "dice"];
    let second = ["ceremony", "contribute", "--name", "second", "--out", "second.zkml", "--ptau", "powers.ptau"];
    let error = world.fails(4, &[&second[..], &mine].concat());
    assert!(error.starts_with("cannot read dice: it is empty"), "{error}");
    world.write("dice", b"4 2 6 6 1");
    world.passes(&[&second[..], &mine].concat());
    let mut bytes = fs::read(world.path("second.zkml")).unwrap();
    bytes.truncate(bytes.len() - 100);
    world.write("cut.zkml", &bytes);
    let error = world.fails(4, &["ceremony", "accept", "cut.zkml"]);
    assert!(error.contains("the file is truncated"), "{error}");
    world.passes(&["ceremony", "accept", "second.zkml"]);
    world.passes(&["ceremony", "beacon", "00000000000000000002a7c4c1e48d76"]);
    assert!(world.fails(4, &["ceremony", "new", "--ptau", "powers.ptau"]).contains("a ceremony is under way"));

    let verified = world.json(&["ceremony", "verify", "--ptau", "powers.ptau"]);
    let names: Vec<&str> =
        verified["contributions"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["first", "second", "beacon"]);
    // Each finds what it announced; the beacon's value can be compared with its source.
    assert_eq!(verified["contributions"][0]["transcript"], made["transcript"]);
    assert_eq!(verified["contributions"][2]["beacon"]["value"], "00000000000000000002a7c4c1e48d76");
    world.write("others.ptau", &write_ptau(&Powers::known([8u64, 6, 7].map(Fr::from), 1 << 13)).unwrap());
    let error = world.fails(1, &["ceremony", "finish", "--ptau", "others.ptau"]);
    assert!(error.contains("powers"), "{error}");
    let finished = world.json(&["ceremony", "finish", "--ptau", "powers.ptau"]);
    assert_eq!(finished["transcript"], verified["transcript"]);
    world.passes(&["prove", "test.csv"]);
    let value = world.json(&["verify", "--require-ceremony"]);
    assert_eq!((value["valid"].as_bool(), value["ceremony"].as_bool()), (Some(true), Some(true)));
}

#[test]
fn powers_that_are_none_or_too_few_are_refused() {
    let world = World::ready();
    let mut bytes = powers().to_vec();
    let at = bytes.len() / 3;
    bytes[at] ^= 1;
    world.write("damaged.ptau", &bytes);
    let error = world.fails(8, &["ceremony", "new", "--ptau", "damaged.ptau"]);
    assert!(error.starts_with("damaged.ptau: "), "{error}");
    world.write("few.ptau", &write_ptau(&Powers::known([5u64, 6, 7].map(Fr::from), 16)).unwrap());
    world.fails(8, &["ceremony", "new", "--ptau", "few.ptau"]);
    world.fails(8, &["ceremony", "new", "--ptau", "missing.ptau"]);
    let error = world.fails(8, &["ceremony", "contribute", "--name", "first", "--unverified"]);
    assert!(error.contains("there is no ceremony"), "{error}");
}

#[test]
fn many_make_the_keys_of_registered_weights() {
    let world = World::new();
    fs::copy(shipped("zkml-import/tests/onnx/inputs.onnx"), world.path("small.onnx")).unwrap();
    world.write("samples.csv", b"1,2,3\n0,5,1\n4,4,0\n");
    world.write("input.csv", b"1,2,3\n");
    world.write("powers.ptau", powers());
    let owner = ["--owner", "0x2a"];
    world.passes(&["init", "small.onnx", "--samples", "samples.csv", "--weights", "registered"]);
    world.edit(&[("# range = [0.0, 1.0]", "range = [0, 8]"), ("time_limit = 60.0", "tries = 10")]);
    world.passes(&["quantize"]);
    // What a single party made does not satisfy who demands a ceremony, of any of the three keys.
    world.passes(&["setup"]);
    world.passes(&[&["register"][..], &owner].concat());
    world.passes(&["prove", "input.csv"]);
    let demanded = [&["verify", "--require-ceremony"][..], &owner].concat();
    let error = world.fails(1, &demanded);
    assert!(error.starts_with("zkml/weights.verifying.key: the key is of a setup"), "{error}");

    for of in [&[][..], &["--weights"]] {
        let with = |step: &[&str]| world.passes(&[&["ceremony"], step, of].concat());
        with(&["new", "--ptau", "powers.ptau"]);
        let state = if of.is_empty() { "zkml/ceremony.zkml" } else { "zkml/weights.ceremony.zkml" };
        // The first has the files and no project.
        let files = ["--circuit", "zkml/ceremony.circuit.zkml", "--ptau", "powers.ptau", "--project", "none.toml"];
        with(&[&["contribute", state, "--name", "first", "--out", "first.zkml"][..], &files].concat());
        with(&["accept", "first.zkml"]);
        with(&["contribute", "--name", "second", "--out", "second.zkml", "--ptau", "powers.ptau"]);
        with(&["accept", "second.zkml"]);
        with(&["verify", "--ptau", "powers.ptau"]);
        with(&["finish", "--ptau", "powers.ptau"]);
    }
    // The old link is of other keys.
    let error = world.fails(1, &[&["register", "--force"][..], &owner].concat());
    assert!(error.contains("link"), "{error}");
    world.passes(&["ceremony", "link", "contribute", "--name", "first", "--out", "first.zkml"]);
    let named = ["--key", "zkml/proving.key", "--weights-key", "zkml/weights.proving.key", "--project", "none.toml"];
    world.passes(
        &[&["ceremony", "link", "contribute", "--name", "second", "--out", "second.zkml"][..], &named].concat(),
    );
    // The same twice counts once, and is named; so is one with other keys.
    let error = world.fails(1, &["ceremony", "link", "finish", "first.zkml", "first.zkml"]);
    assert!(error.contains("contribution 2 (`first`)"), "{error}");
    let swapped = ["--key", "zkml/weights.proving.key", "--weights-key", "zkml/proving.key"];
    world.passes(
        &[&["ceremony", "link", "contribute", "--name", "swapped", "--out", "other.zkml"][..], &swapped].concat(),
    );
    let error = world.fails(1, &["ceremony", "link", "finish", "first.zkml", "other.zkml"]);
    assert!(error.contains("contribution 2 (`swapped`)"), "{error}");
    let made = world.json(&["ceremony", "link", "finish", "first.zkml", "second.zkml"]);
    assert_eq!(made["contributions"], serde_json::json!(["first", "second"]));
    world.passes(&[&["register", "--force"][..], &owner].concat());
    world.passes(&["prove", "input.csv"]);
    let value = world.json(&demanded);
    assert_eq!((value["valid"].as_bool(), value["ceremony"].as_bool()), (Some(true), Some(true)));

    let other = World::ready();
    let error = other.fails(3, &["ceremony", "verify", "--ptau", "powers.ptau", "--weights"]);
    assert!(error.contains("`visibility.weights` is not \"registered\""), "{error}");
    let error = other.fails(3, &["ceremony", "link", "finish", "first.zkml"]);
    assert!(error.contains("there are no two commitments to link"), "{error}");
}
