//! `export`, and what shells and manuals are given.

use std::fs;

use zkml::{
    evm::Call,
    prove::{Provenance, VerifyingKey, snarkjs},
};

use crate::world::{World, digit};

fn proved() -> (World, usize) {
    let world = World::ready();
    let (values, label) = digit(1207);
    world.write("one.json", serde_json::to_string(&values).unwrap().as_bytes());
    world.passes(&["prove", "one.json"]);
    (world, label)
}

#[test]
fn contracts_and_calls_are_those_of_the_proof() {
    let (world, label) = proved();
    world.snapshot("export-solidity", &world.passes(&["export", "solidity", "--name", "Digits"]));
    assert!(world.text("zkml/export/Digits.sol").contains("contract Digits"));
    let value = world.json(&["export", "calldata", "--output", "elsewhere"]);
    let text = world.text("elsewhere/one.calldata.hex");
    assert_eq!(value["calldata"], text.trim());
    let digits: Vec<u8> = text.trim()[2..].bytes().map(|c| char::from(c).to_digit(16).unwrap() as u8).collect();
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    let key = VerifyingKey::load(world.path("zkml/verifying.key")).unwrap();
    let call = Call::decode(&bytes, key.table()).unwrap();
    assert_eq!(key.verify(&call.proof_for(&key)).unwrap().class(0), Some(label));

    let error = world.fails(8, &["export", "solidity", "--name", "digits"]);
    assert!(error.contains("zkml/verifying.key: ") && error.contains("digits"), "{error}");
    world.passes(&["prove", "test.csv"]);
    let error = world.fails(2, &["export", "calldata"]);
    assert_eq!(error, "zkml/proofs has 5 proofs: name the one that is meant");
    let error = world.fails(4, &["export", "solidity", "--key", "missing.key"]);
    assert!(error.contains("there is no verifying key missing.key"), "{error}");
}

#[test]
fn snarkjs_files_are_read_back() {
    let (world, label) = proved();
    let value = world.json(&["export", "snarkjs", "zkml/proofs/one.proof"]);
    assert_eq!(value["files"].as_array().unwrap().len(), 3);
    let read = |name: &str| fs::read(world.path("zkml/export").join(name)).unwrap();
    let key = snarkjs::import_key(&read("verification_key.json"), Provenance::SingleParty).unwrap();
    let proof = snarkjs::import_proof(&key, &read("proof.json"), &read("public.json")).unwrap();
    key.verify(&proof).unwrap();
    assert_eq!(proof.inputs, [zkml::prove::Fr::from(label as u64)]);
}

#[test]
fn a_page_shows_what_was_verified_and_nothing_false() {
    let (world, label) = proved();
    world.passes(&["export", "html"]);
    let page = world.text("zkml/export/one.html");
    assert!(page.contains(&format!("output class {label} of 10")) && page.contains("A single party ran the setup"));
    assert!(!page.contains("<script") && !page.contains("src=\"http"));
    // A proof that does not hold has no page.
    world.passes(&["setup", "--force"]);
    fs::remove_file(world.path("zkml/export/one.html")).unwrap();
    let error = world.fails(1, &["export", "html"]);
    assert!(error.contains("the proof is invalid"), "{error}");
    assert!(!world.path("zkml/export/one.html").exists());
}

#[test]
fn shells_and_manuals_know_every_verb() {
    let world = World::new();
    let help = world.passes(&["--help"]);
    world.snapshot("help", &help);
    let verbs = ["init", "inspect", "quantize", "cost", "mock", "setup", "prove", "verify", "batch", "fidelity"];
    let verbs =
        [&verbs[..], &["accuracy", "bounty", "register", "commit", "open", "export", "bench", "calibrate"]].concat();
    for shell in ["bash", "zsh", "fish"] {
        let script = world.passes(&["completions", shell]);
        assert!(verbs.iter().all(|verb| script.contains(verb)), "{shell}");
    }
    assert_eq!(world.run(&["completions", "cmd.exe"]).status.code(), Some(2));
    assert!(world.passes(&["man"]).starts_with(".ie"));
    world.passes(&["man", "pages"]);
    for verb in verbs {
        assert!(world.text(&format!("pages/zkml-{verb}.1")).contains(verb));
    }
    world.write("file", b"");
    world.fails(4, &["man", "file"]);
}

#[test]
#[cfg(not(feature = "bounty"))]
fn what_is_not_compiled_in_says_how_to_have_it() {
    let world = World::new();
    for arguments in [&["bounty"][..], &["bounty", "list"], &["bounty", "create", "--name", "mine"]] {
        let output = world.run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("`cargo install --path . --features cli,bounty`"), "{error}");
    }
}
