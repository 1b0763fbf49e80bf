//! snarkjs takes what we prove, and we take what it proves; both refuse whatever was changed.
//!
//! The files in `snarkjs/` are its own, of `snarkjs/make.js`. Tests that run it need `npm ci` in this folder.

use std::{fs, path::Path};

use ark_bn254::Fr;
use zkml::{
    prelude::*,
    prove::{
        Provenance, PublicKind, Value,
        snarkjs::{export_key, export_proof, export_public, import_key, import_proof},
    },
};
use zkml_evm::{
    node::{folder, run, scratch},
    proofs::proven,
};

const FILES: [&str; 3] = ["verification_key.json", "public.json", "proof.json"];

fn import(at: &Path) -> (VerifyingKey, Proof) {
    let [key, public, proof] = FILES.map(|name| fs::read(at.join(name)).unwrap());
    let key = import_key(&key, Provenance::SingleParty).unwrap();
    let proof = import_proof(&key, &proof, &public).unwrap();
    (key, proof)
}

/// `product = -21` and `square = 9`.
fn check(at: &Path) {
    let (key, proof) = import(at);
    let statement = key.verify(&proof).unwrap();
    assert_eq!(statement.get("signal 0", 0), Some(&Value::Element(-Fr::from(21))));
    assert_eq!(statement.get("signal 1", 0), Some(&Value::Element(Fr::from(9))));
    assert!(key.table().entries().iter().all(|entry| entry.kind == PublicKind::Element));
    for index in 0..2 {
        let mut forged = proof.clone();
        forged.inputs[index] += Fr::from(1);
        assert_eq!(key.verify(&forged), Err(VerifyError::Invalid));
    }
    let mut forged = proof.clone();
    (forged.proof.a, forged.proof.c) = (proof.proof.c, proof.proof.a);
    assert_eq!(key.verify(&forged), Err(VerifyError::Invalid));
    // What is written of it is what was read.
    assert_eq!(import_key(export_key(&key).as_bytes(), Provenance::SingleParty).unwrap(), key);
}

#[test]
fn a_proof_of_snarkjs_verifies() {
    check(&folder().join("snarkjs"));
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn a_new_proof_of_snarkjs_verifies() {
    let at = scratch("made");
    run("snarkjs/make.js", &[at.to_str().unwrap()], &folder()).unwrap();
    check(&at);
    let stored = import(&folder().join("snarkjs")).0;
    assert_ne!(import(&at).0.digest(), stored.digest());
    fs::remove_dir_all(at).unwrap();
}

/// Whether snarkjs takes the files.
fn accepts(at: &Path, files: &[String; 3]) -> bool {
    for (name, text) in FILES.iter().zip(files) {
        fs::write(at.join(name), text).unwrap();
    }
    let arguments = ["groth16", "verify", FILES[0], FILES[1], FILES[2]];
    match run("node_modules/snarkjs/build/cli.cjs", &arguments, at) {
        Ok(said) => {
            assert!(said.contains("OK!"), "{said}");
            true
        }
        Err(said) => {
            assert!(said.contains("Invalid proof") || said.contains("not"), "{said}");
            false
        }
    }
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn snarkjs_takes_our_proofs_and_nothing_else() {
    let proven = proven();
    let files = |proof| [export_key(&proven.key), export_public(proof), export_proof(proof)];
    let at = scratch("ours");
    for proof in &proven.proofs[..3] {
        assert!(accepts(&at, &files(proof)));
    }
    // Every number of every file, changed in its last digit.
    let honest = files(&proven.proofs[0]);
    let mut changes = 0;
    for (which, text) in honest.iter().enumerate() {
        let quotes: Vec<usize> = text.match_indices('"').map(|(at, _)| at).collect();
        for pair in quotes.windows(2).filter(|pair| text[pair[0] + 1..pair[1]].parse::<Fr>().is_ok()) {
            let number = &text[pair[0] + 1..pair[1]];
            // The ones and zeros of projective coordinates have no say.
            if which != 1 && number.len() < 3 {
                continue;
            }
            let last = (number[number.len() - 1..].parse::<u8>().unwrap() + 1) % 10;
            let mut other = honest.clone();
            other[which] = format!("{}{last}{}", &text[..pair[1] - 1], &text[pair[1]..]);
            assert!(!accepts(&at, &other), "{which}: {number}");
            changes += 1;
        }
    }
    assert_eq!(changes, 26 + 5 + 8);
    // An alias of an input, and another statement's proof.
    let (p, input) =
        ("21888242871839275222246405745257275088548364400416034343698204186575808495617", proven.proofs[0].inputs[4]);
    let mut other = honest.clone();
    other[1] = other[1].replace(&format!("\"{input}\""), &format!("\"{}\"", &add(p, &input.to_string())));
    assert_ne!(other[1], honest[1]);
    assert!(!accepts(&at, &other));
    let mut other = honest;
    other[2] = export_proof(&proven.proofs[1]);
    assert!(!accepts(&at, &other));
    fs::remove_dir_all(at).unwrap();
}

/// The sum of two numbers, the first of which has as many digits at least.
fn add(a: &str, b: &str) -> String {
    let (mut carry, mut sum) = (0, vec![]);
    let mut b = b.bytes().rev();
    for digit in a.bytes().rev() {
        let total = digit - b'0' + b.next().unwrap_or(b'0') - b'0' + carry;
        sum.push(b'0' + total % 10);
        carry = total / 10;
    }
    assert_eq!(carry, 0);
    sum.iter().rev().map(|digit| char::from(*digit)).collect()
}
