//! Attacks on proofs and statements: what is read off them must be what was proven, and no more.

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ff::{One, PrimeField, Zero};
use zkml::{
    circuit::Circuit,
    graph::{Range, Visible},
    layer::Args,
    model::Model,
    plan::Quantized,
    prove::{
        Keys, Kind, LoadError, Proof, ProveError, VerifyError, VerifyingKey, circuit_digest,
        file::{self, CHECKSUM, HEADER},
        prove, public,
    },
    tensor::Tensor,
};

use crate::common::{OPEN, cheap, graph, planned, rng, samples, scores, visibility};

struct Proven {
    quantized: Quantized,
    circuit: Circuit,
    keys: Keys,
    inputs: Vec<Tensor>,
    proof: Proof,
}

/// Two inputs of one batch, everything public.
fn proven() -> &'static Proven {
    static PROVEN: OnceLock<Proven> = OnceLock::new();
    PROVEN.get_or_init(|| {
        let quantized = planned(scores("relu"), Visible::Public, &[(1, 3, Some(3))]);
        let circuit = quantized.batch_for(2, OPEN).unwrap();
        let keys = circuit.setup(&mut rng(1)).unwrap();
        let inputs = samples(quantized.graph(), 2);
        let (proof, _) = circuit.prove_batch(&keys.proving, &inputs, &mut rng(2)).unwrap();
        let answers: Vec<_> = inputs.iter().map(|x| quantized.forward(x).unwrap().integers).collect();
        assert_ne!(answers[0], answers[1], "answers that can be told apart");
        Proven { quantized, circuit, keys, inputs, proof }
    })
}

#[test]
fn the_statement_is_the_exact_answer_on_each_input() {
    let Proven { quantized, keys, inputs, proof, .. } = proven();
    let statement = keys.verifying.verify(proof).unwrap();
    for (item, x) in inputs.iter().enumerate() {
        let exact = quantized.forward(x).unwrap();
        assert_eq!(statement.integers("output", item), Some(&exact.integers));
        assert_eq!(statement.integers("input", item), Some(&quantized.integers(x).unwrap()));
    }
}

#[test]
fn no_public_value_is_replaced_by_another() {
    let Proven { keys, proof, .. } = proven();
    for i in 0..proof.inputs.len() {
        for change in [Fr::one(), -Fr::one(), -proof.inputs[i], -proof.inputs[i] - proof.inputs[i]] {
            let mut forged = proof.clone();
            forged.inputs[i] += change;
            assert!(change.is_zero() || keys.verifying.verify(&forged).is_err(), "input {i}");
        }
    }
}

#[test]
fn the_items_of_a_batch_are_not_swapped_nor_their_answers() {
    let Proven { keys, proof, .. } = proven();
    let half = proof.inputs.len() / 2;
    let mut swapped = proof.clone();
    swapped.inputs.rotate_left(half);
    assert_ne!(swapped.inputs, proof.inputs);
    assert_eq!(keys.verifying.verify(&swapped), Err(VerifyError::Invalid));
    // Only the answers.
    let mut answers = proof.clone();
    for i in 3..half {
        answers.inputs.swap(i, half + i);
    }
    assert_ne!(answers.inputs, proof.inputs);
    assert_eq!(keys.verifying.verify(&answers), Err(VerifyError::Invalid));
}

#[test]
fn public_values_are_neither_left_out_nor_added() {
    let Proven { keys, proof, .. } = proven();
    let mut forged = proof.clone();
    forged.inputs.pop();
    assert!(matches!(keys.verifying.verify(&forged), Err(VerifyError::Decode(_))));
    let mut forged = proof.clone();
    forged.inputs.push(Fr::zero());
    assert!(matches!(keys.verifying.verify(&forged), Err(VerifyError::Decode(_))));
}

#[test]
fn a_public_value_is_not_written_as_itself_plus_the_modulus() {
    // The same field element in other bytes would be another statement with the same proof.
    let Proven { proof, .. } = proven();
    let bytes = proof.to_bytes();
    let (digest, payload) = zkml::prove::file::read(&bytes, zkml::prove::Kind::Proof).unwrap();
    let mut payload = payload.to_vec();
    let (mut carry, at) = (0u128, 136);
    for (i, limb) in Fr::MODULUS.0.iter().enumerate() {
        let place = at + 8 * i..at + 8 * i + 8;
        let old = u64::from_le_bytes(payload[place.clone()].try_into().unwrap());
        let sum = u128::from(old) + u128::from(*limb) + carry;
        carry = sum >> 64;
        payload[place].copy_from_slice(&(sum as u64).to_le_bytes());
    }
    let forged = zkml::prove::file::write(zkml::prove::Kind::Proof, &digest, &payload);
    assert!(carry == 1 || Proof::from_bytes(&forged).is_err());
    assert_eq!(public::from_bytes(&[0xff; 32]), None);
}

#[test]
fn a_proof_is_not_replayed_under_the_key_of_another_setup_or_circuit() {
    let Proven { quantized, circuit, keys, proof, inputs } = proven();
    let again = circuit.setup(&mut rng(9)).unwrap();
    assert_eq!(again.verifying.verify(proof), Err(VerifyError::Invalid));
    // A circuit with the same constraints in number, and one weight changed; its digest is written over the proof's.
    let other = planned(scores("relu"), Visible::Public, &[(1, 4, Some(3))]).batch_for(2, OPEN).unwrap();
    assert_ne!(other.digest(), circuit.digest());
    let others = other.setup(&mut rng(1)).unwrap();
    assert!(matches!(others.verifying.verify(proof), Err(VerifyError::Digest { .. })));
    let relabelled = Proof { digest: other.digest(), ..proof.clone() };
    assert!(others.verifying.verify(&relabelled).is_err());
    assert!(other.prove_batch(&keys.proving, inputs, &mut rng(1)).is_err());
    assert!(keys.verifying.verify(proof).is_ok() && quantized.circuit_for(OPEN).unwrap().digest() != circuit.digest());
}

#[test]
fn the_input_of_a_statement_does_not_pass_for_its_output() {
    let scale = vec![("scale", Args::new().with("factor", 3.0))];
    let circuit = cheap(graph([3], Range::Whole(0, 100), scale), Visible::Public).circuit_for(OPEN).unwrap();
    let keys = circuit.setup(&mut rng(1)).unwrap();
    let proof = circuit.prove(&keys.proving, &Tensor::vector(vec![7.0, 90.0, 30.0]), &mut rng(2)).unwrap();
    assert_eq!(keys.verifying.verify(&proof).unwrap().output(0).unwrap().data(), [21.0, 270.0, 90.0]);
    // The names of both entries exchanged in the key's table, and the checksum made right.
    let bytes = keys.verifying.to_bytes();
    let text = String::from_utf8(keys.verifying.table().to_json()).unwrap();
    let at = bytes.windows(text.len()).position(|part| part == text.as_bytes()).unwrap();
    let exchanged =
        text.replace("\"input\"", "\"?\"").replace("\"output\"", "\"input\"").replace("\"?\"", "\"output\"");
    assert!(exchanged != text && exchanged.len() == text.len());
    let mut payload = bytes[HEADER..bytes.len() - CHECKSUM].to_vec();
    payload[at - HEADER..at - HEADER + text.len()].copy_from_slice(exchanged.as_bytes());
    let with = |digest| VerifyingKey::from_bytes(&file::write(Kind::VerifyingKey, &digest, &payload));
    assert!(matches!(with(circuit.digest()), Err(LoadError::Digest { .. })));
    // Under a digest that fits its table, the key is that of no circuit.
    let forged = with(circuit_digest(&circuit.contents(), &serde_json::from_str(&exchanged).unwrap())).unwrap();
    assert_ne!(*forged.digest(), circuit.digest());
    assert_eq!(Keys::new(keys.proving.clone(), forged.clone()), Err(LoadError::Mismatch { what: "circuit digests" }));
    assert!(matches!(forged.verify(&proof), Err(VerifyError::Digest { .. })));
    // The points are pinned by the fingerprint alone.
    let again = circuit.setup(&mut rng(9)).unwrap();
    assert_eq!(again.verifying.digest(), keys.verifying.digest());
    assert_ne!(again.verifying.fingerprint(), keys.verifying.fingerprint());
}

#[test]
fn scores_that_saturate_as_floats_are_told_apart_in_the_circuit() {
    let layers = vec![("sigmoid", Args::new()), ("argmax", Args::new())];
    let written = Model::init(graph([2], Range::Whole(0, 100), layers), OPEN, &mut rng(3)).unwrap();
    let quantized = cheap(written.graph().clone(), Visible::Public);
    let circuit = quantized.circuit_for(OPEN).unwrap();
    let keys = circuit.setup(&mut rng(1)).unwrap();
    for (scores, float, proven) in
        [([40.0, 50.0], 0, 1), ([50.0, 40.0], 0, 0), ([1.0, 2.0], 1, 1), ([50.0, 50.0], 0, 0)]
    {
        let x = Tensor::vector(scores.to_vec());
        assert_eq!(quantized.forward(&x).unwrap().class, Some(proven));
        let proof = circuit.prove(&keys.proving, &x, &mut rng(2)).unwrap();
        assert_eq!(keys.verifying.verify(&proof).unwrap().class(0), Some(proven));
        assert_eq!(written.classify(&x).unwrap(), float);
    }
}

#[test]
fn the_prover_does_not_prove_a_witness_that_fails() {
    let Proven { circuit, keys, inputs, .. } = proven();
    let (mut z, _) = circuit.witness(inputs, &mut rng(4)).unwrap();
    let output = circuit.matrices().instance - 1;
    z[output] += Fr::one();
    let refused = prove(&keys.proving, circuit.matrices(), &circuit.digest(), &z, &mut rng(4));
    assert!(matches!(refused, Err(ProveError::Unsatisfied { .. })));
}

#[test]
fn points_at_infinity_prove_nothing() {
    let Proven { keys, proof, .. } = proven();
    let mut forged = proof.clone();
    forged.proof.a = Default::default();
    assert!(keys.verifying.verify(&forged).is_err());
    forged.proof.b = Default::default();
    forged.proof.c = Default::default();
    assert!(keys.verifying.verify(&forged).is_err());
}

#[test]
fn the_same_secrets_do_not_show_by_the_same_commitment() {
    let committed = Visible::Committed;
    let quantized = planned(scores("relu"), committed, &[]);
    let circuit = quantized.batch_for(2, visibility(committed, committed, committed)).unwrap();
    let x = samples(quantized.graph(), 1).remove(0);
    let twice = [x.clone(), x];
    let n = circuit.matrices().instance;
    assert_eq!(n, 6);
    let (a, opening) = circuit.witness(&twice, &mut rng(1)).unwrap();
    let (b, _) = circuit.witness(&twice, &mut rng(2)).unwrap();
    let mut all: Vec<Fr> = a[1..n].iter().chain(&b[1..n]).copied().collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 10, "commitments to the same values differ, within a proof and between proofs");
    let salts = [&[opening.weights][..], &opening.inputs, &opening.outputs].concat();
    assert!(salts.iter().all(|s| !s.is_zero() && salts.iter().filter(|t| *t == s).count() == 1));
    // A salt that is kept shows the same weights, which it is for, and nothing of inputs.
    assert!(circuit.clone().with_salt(Fr::from(77u64)).is_err(), "a salt that can be guessed");
    let kept = circuit.with_salt(-Fr::from(77u64)).unwrap();
    let (a, b) = (kept.witness(&twice, &mut rng(1)).unwrap().0, kept.witness(&twice, &mut rng(2)).unwrap().0);
    assert_eq!(a[1], b[1]);
    assert!((2..n).all(|i| a[i] != b[i]));
}

#[test]
fn odd_networks_are_proven_or_refused_but_do_not_crash() {
    use zkml::{graph::Range, layer::Args};
    let layers: [Vec<(&str, Args)>; 4] = [
        vec![("relu", Args::new())],
        vec![("argmax", Args::new())],
        vec![("argmax", Args::new()), ("dense", Args::new().with("units", 2))],
        vec![("scale", Args::new().with("factor", -1e-9)), ("poly", Args::new().with("n", 1e9))],
    ];
    for layers in layers {
        let graph = graph([3], Range::Real(-1.0, 1.0), layers);
        let inputs = samples(&graph, 3);
        let model = zkml::model::Model::init(graph, OPEN, &mut rng(1)).unwrap();
        let Ok(quantized) = model.quantize(&inputs, zkml::plan::Target { tries: 3, ..Default::default() }) else {
            continue;
        };
        let circuit = quantized.circuit_for(OPEN).unwrap();
        for x in &inputs {
            let (z, _) = circuit.witness(std::slice::from_ref(x), &mut rng(1)).unwrap();
            assert!(circuit.matrices().unsatisfied(&z).is_empty());
        }
    }
}
