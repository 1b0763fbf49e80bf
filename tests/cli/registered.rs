//! Registered weights: shown once, and then a part of every proof.

use std::fs;

use crate::world::World;

/// An owner, and somebody else.
const OWNERS: [&str; 2] = ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "0x2a"];

fn project() -> World {
    let world = World::project(&["--weights", "registered"], &[("tries = 40", "tries = 10")]);
    world.passes(&["quantize"]);
    world
}

#[test]
fn what_is_registered_once_is_in_every_proof() {
    let world = project();
    let error = world.fails(8, &["register", "--owner", OWNERS[0]]);
    assert!(error.contains("there is no key"), "{error}");
    let cost = world.json(&["cost"]);
    let made = world.json(&["setup"]);
    // What is told before there is a circuit is what the circuit has, in all and layer by layer.
    let own = cost["costs"].as_array().unwrap().iter().find(|row| row["weights"] == "registered").unwrap();
    assert_eq!((&own["constraints"], &own["refused"]), (&made["constraints"], &serde_json::Value::Null));
    let bytes = |value: &serde_json::Value| value["proving_key_bytes"].as_f64().unwrap();
    assert!((bytes(own) / bytes(&made) - 1.0).abs() < 0.01, "{own} {made}");
    let layers: u64 = cost["layers"].as_array().unwrap().iter().map(|l| l["constraints"].as_u64().unwrap()).sum();
    assert_eq!(made["constraints"], layers);
    let bench = world.json(&["bench", "test.csv", "--runs", "1"]);
    assert_eq!(bench["constraints"], made["constraints"]);
    assert!(bench["register_seconds"].as_f64().unwrap() > 0.0);
    let mocked = world.json(&["mock", "test.csv"]);
    assert_eq!((&mocked["satisfied"], &mocked["constraints"]), (&true.into(), &made["constraints"]));
    let error = world.fails(8, &["prove", "test.csv"]);
    assert!(error.contains("there is no registration") && error.contains("`zkml register`"), "{error}");
    let text = world.passes(&["register", "--owner", OWNERS[0]]);
    world.snapshot("register", &text);
    for secret in ["zkml/registration.opening.zkml", "zkml/registration.opening.json"] {
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(world.path(secret)).unwrap().permissions()) & 0o777,
            0o600
        );
    }
    let error = world.fails(4, &["register", "--owner", OWNERS[0]]);
    assert!(error.contains("registration.zkml: it exists, and proofs may be about it"), "{error}");
    assert_eq!(world.run(&["register", "--owner", "me", "--force"]).status.code(), Some(2));

    world.passes(&["prove", "test.csv"]);
    let value = world.json(&["verify", "--owner", OWNERS[0]]);
    assert_eq!((value["valid"].as_bool(), value["registered"]["checked"].as_bool()), (Some(true), Some(true)));
    assert_eq!(value["proofs"].as_array().unwrap().len(), 4);
    let owner = value["registered"]["owner"].as_str().unwrap();
    assert!(owner.ends_with(&OWNERS[0][2..].to_lowercase()), "{owner}");
    let opening = world.json(&["open", "zkml/registration.opening.json"]);
    assert_eq!(
        (&opening["commitments"][0]["commitment"], opening["opens"].as_bool()),
        (&value["registered"]["commitment"], Some(true))
    );
    assert_eq!(world.json(&["accuracy"])["correct"], 4);

    // A contract pins the registration, which is checked before; a page says whose the weights are.
    let contract = world.json(&["export", "solidity", "--owner", OWNERS[0]]);
    let source = world.text("zkml/export/Verifier.sol");
    assert!(source.contains("WEIGHTS_X") && contract["gas"].as_u64().unwrap() > 250_000, "{contract}");
    let error = world.fails(1, &["export", "solidity", "--owner", OWNERS[1]]);
    assert!(error.contains("the weights are registered for owner"), "{error}");
    let call = world.json(&["export", "calldata", "zkml/proofs/test-0.proof"]);
    assert!(call["signature"].as_str().unwrap().ends_with(",uint256[10])"), "{call}");
    world.passes(&["export", "html", "zkml/proofs/test-0.proof"]);
    let page = world.text("zkml/export/test-0.html");
    assert!(page.contains(owner) && page.contains("--registration registration.zkml"));
    let error = world.fails(2, &["export", "snarkjs"]);
    assert!(error.contains("the key is of three phases"), "{error}");

    // Whose they are is checked, and what a proof means without a check is said.
    let error = world.fails(1, &["verify", "--owner", OWNERS[1]]);
    assert!(error.contains("registration.zkml: the weights are registered for owner"), "{error}");
    let text = world.passes(&["verify", "--unchecked"]);
    assert!(text.contains("which was NOT checked: the answers are those of some function"), "{text}");
    let value = world.json(&["verify", "--unchecked"]);
    assert_eq!((value["registered"]["checked"].as_bool(), value["proven_error"].is_null()), (Some(false), true));

    // A proof is about one registration, and about no other of the same weights.
    fs::rename(world.path("zkml/registration.zkml"), world.path("first.zkml")).unwrap();
    let error = world.fails(4, &["verify"]);
    assert!(error.contains("there is no registration") && error.contains("never from who sends the proof"), "{error}");
    world.passes(&["register", "--owner", OWNERS[0]]);
    let error = world.fails(1, &["verify", "zkml/proofs/test-0.proof"]);
    assert!(error.contains("test-0.proof"), "{error}");
    world.passes(&["verify", "zkml/proofs/test-0.proof", "--registration", "first.zkml"]);
    // Nor is it valid with the opening of the one and the registration of the other.
    fs::copy(world.path("first.zkml"), world.path("zkml/registration.zkml")).unwrap();
    let error = world.fails(1, &["prove", "test.csv"]);
    assert!(error.contains("test-0.proof"), "{error}");
    let mut bytes = fs::read(world.path("first.zkml")).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    world.write("forged.zkml", &bytes);
    world.fails(4, &["verify", "--registration", "forged.zkml"]);
}

#[test]
fn registered_weights_take_their_system() {
    let world = project();
    world.edit(&[("system = \"two-phase\"", "system = \"groth16\"")]);
    let error = world.fails(3, &["setup"]);
    assert!(error.contains("set `system = \"two-phase\"`"), "{error}");
    let world = World::ready();
    let error = world.fails(3, &["register", "--owner", OWNERS[0]]);
    assert!(error.contains("`visibility.weights` is not \"registered\""), "{error}");
    world.passes(&["prove", "test.csv"]);
    for command in [&["verify", "--owner", OWNERS[0]][..], &["export", "solidity", "--owner", OWNERS[0]]] {
        let error = world.fails(2, command);
        assert!(error.contains("the key is not one for registered weights"), "{error}");
    }
    let error = world.fails(2, &["init", "digits.onnx", "--force", "--weights", "registered", "--system", "groth16"]);
    assert!(error.contains("expected `--system two-phase`"), "{error}");
}
