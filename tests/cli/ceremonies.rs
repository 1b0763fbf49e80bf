//! `ceremony`: from powers of tau to keys that can be demanded, and who is dishonest on the way.

use std::{fs, sync::OnceLock};

use zkml::prove::{Fr, Powers};
use zkml_groth16::iden3::write_ptau;

use crate::world::World;

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
    world.passes(&["ceremony", "contribute", "--name", "second", "--out", "second.zkml", "--ptau", "powers.ptau"]);
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
