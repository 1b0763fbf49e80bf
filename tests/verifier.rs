//! A proof that was made before is still accepted, and a changed answer is not: what a verifier alone can do.
//!
//! `ZKML_BLESS=1 cargo test --test verifier` makes the files anew.
#![cfg(feature = "verify")]

use std::{path::PathBuf, sync::OnceLock};

use zkml::prove::{
    DecodeError, Fr, Proof, VerifyError, VerifyingKey,
    file::{CHECKSUM, HEADER},
};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn golden() -> &'static (VerifyingKey, Proof) {
    static GOLDEN: OnceLock<(VerifyingKey, Proof)> = OnceLock::new();
    GOLDEN.get_or_init(|| {
        #[cfg(feature = "prove")]
        if std::env::var_os("ZKML_BLESS").is_some_and(|v| v == "1") {
            bless::write();
        }
        (VerifyingKey::load(path("digits.vk")).unwrap(), Proof::load(path("digits.proof")).unwrap())
    })
}

/// The model, the keys and the proof of the golden files.
#[cfg(feature = "prove")]
mod bless {
    use zkml::{
        prelude::*,
        rand::{Rng, SeedableRng, rngs::StdRng},
    };

    /// Ten classes for pictures of eight by eight pixels.
    #[zk_model(weights = private, range = 0..=16)]
    fn digits(x: Tensor<1, 8, 8>) -> Class<10> {
        let features = relu(conv2d(x, filters = 2, kernel = 3, stride = 2));
        argmax(dense(flatten(features), 10))
    }

    pub fn write() {
        let mut rng = StdRng::seed_from_u64(41);
        let model = Digits::init(&mut rng).unwrap();
        let samples: Vec<Tensor> =
            (0..10).map(|_| Tensor::from_fn([1, 8, 8], |_| f64::from(rng.gen_range(0..=16)))).collect();
        let quantized = model.quantize(&samples, Target { tries: 20, ..Target::top1(0.8) }).unwrap();
        let circuit = quantized.circuit().unwrap();
        let keys = circuit.setup(&mut rng).unwrap();
        let proof = circuit.prove(&keys.proving, &samples[0], &mut rng).unwrap();
        assert_eq!(keys.verifying.verify(&proof).unwrap().class(0), quantized.forward(&samples[0]).unwrap().class);
        keys.verifying.save(super::path("digits.vk")).unwrap();
        proof.save(super::path("digits.proof")).unwrap();
    }
}

#[test]
fn a_proof_made_before_is_accepted() {
    let (key, proof) = golden();
    let statement = key.verify(proof).unwrap();
    assert!(statement.class(0).is_some_and(|class| class < 10));
    assert_eq!(key.prepare().verify(proof).unwrap(), statement);
    assert_eq!(&proof.digest, key.digest());
}

#[test]
fn a_changed_answer_is_refused() {
    let (key, proof) = golden();
    let class = key.verify(proof).unwrap().class(0).unwrap();
    for other in (0..10).filter(|c| *c != class) {
        let mut changed = proof.clone();
        *changed.inputs.last_mut().unwrap() = Fr::from(other as u64);
        assert_eq!(key.verify(&changed), Err(VerifyError::Invalid));
    }
    for none in [Fr::from(10u64), Fr::from(-1i64)] {
        let mut changed = proof.clone();
        *changed.inputs.last_mut().unwrap() = none;
        assert!(matches!(key.verify(&changed), Err(VerifyError::Decode(DecodeError::Class { classes: 10, .. }))));
    }
    let mut shorter = proof.clone();
    shorter.inputs.clear();
    assert!(matches!(key.verify(&shorter), Err(VerifyError::Decode(DecodeError::Count { expected: 1, found: 0 }))));
}

#[test]
fn changed_points_and_other_circuits_are_refused() {
    let (key, proof) = golden();
    let mut swapped = proof.clone();
    std::mem::swap(&mut swapped.proof.a, &mut swapped.proof.c);
    assert_eq!(key.verify(&swapped), Err(VerifyError::Invalid));
    let mut foreign = proof.clone();
    foreign.digest.0[0] ^= 1;
    assert!(matches!(key.verify(&foreign), Err(VerifyError::Digest { .. })));
}

#[test]
fn a_proof_is_128_bytes_and_its_public_inputs() {
    let (_, proof) = golden();
    assert_eq!(proof.proof_bytes().len(), 128);
    let bytes = std::fs::read(path("digits.proof")).unwrap();
    assert_eq!(bytes.len(), HEADER + 128 + 8 + 32 * proof.inputs.len() + CHECKSUM);
    assert_eq!(bytes[HEADER..HEADER + 128], proof.proof_bytes());
    assert_eq!(proof.to_bytes(), bytes);
}
