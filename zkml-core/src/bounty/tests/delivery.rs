//! Attacks on the delivery statement.

use super::{
    super::{
        compose::StatementError,
        delivery::{Delivery, DeliveryError, DeliveryWitness, MAX_ELEMENTS},
        keys::{PublicKey, SecretKey},
        message as binding,
    },
    *,
};
use crate::{
    circuit::Circuit,
    dev::dishonest::Truth,
    gadget::{
        curve::{baby_jubjub::testing, ecdh, scalar_mul},
        hash::{chain, cipher, poseidon},
    },
    number::Cost,
};

fn key(k: u8) -> SecretKey {
    let mut bytes = [7; 32];
    bytes[0] = 0;
    bytes[31] = k;
    SecretKey::from_be_bytes(&bytes).unwrap()
}

fn model() -> Circuit {
    Accuracy::new(&quantized(1), layout()).unwrap().model().clone()
}

/// In one chunk, or in several of two elements.
fn circuit(most: usize) -> Composed<Delivery> {
    Composed::new(Delivery::in_chunks(&model(), most).unwrap()).unwrap()
}

fn with<R>(
    circuit: &Composed<Delivery>,
    quantized: &Quantized,
    chunk: usize,
    f: impl FnOnce(&DeliveryWitness<'_>, &[Fr]) -> R,
) -> R {
    let ephemeral = key(2);
    let mut witness = DeliveryWitness {
        weights: quantized.params(),
        salt: secret(3),
        host: key(1).public(),
        ephemeral: &ephemeral,
        chunk,
        challenge: Challenge { context: Fr::from(0u64), z: Fr::from(0u64) },
    };
    let ciphertext = circuit.composition().encrypt(&witness).unwrap();
    let message = Delivery::message(&witness.host, &ephemeral.public(), chunk, &ciphertext);
    witness.challenge = challenge(Tag::Delivery, &message);
    f(&witness, &ciphertext)
}

/// A model of the same plan.
fn other_weights(quantized: &Quantized) -> Quantized {
    let zeros: Vec<Vec<_>> = quantized
        .params()
        .iter()
        .map(|node| node.iter().map(|t| t.map(|_| crate::number::Int::ZERO)).collect())
        .collect();
    quantized.clone().with_integers(zeros).unwrap()
}

#[test]
fn the_host_decrypts_what_is_committed_to() {
    let quantized = quantized(1);
    for most in [MAX_ELEMENTS, 1] {
        let circuit = circuit(most);
        let delivery = circuit.composition();
        assert_eq!(delivery.chunks() == 1, most > 1);
        let commitment = delivery.commitment(quantized.params(), secret(3)).unwrap();
        let mut chunks = vec![];
        for chunk in 0..delivery.chunks() {
            with(&circuit, &quantized, chunk, |witness, ciphertext| {
                assert_eq!(ciphertext.len(), delivery.ciphertext());
                let z = circuit.assignment(witness).unwrap();
                assert!(holds(&circuit, &z));
                let m = Delivery::message(&key(1).public(), &key(2).public(), chunk, ciphertext);
                let Challenge { context, z: point } = witness.challenge;
                let expected =
                    [commitment, binding::digest(Tag::Delivery, &m), context, point, binding::combine(point, &m)];
                assert_eq!(z[1..6], expected);
                public_inputs_are_bound(&circuit, &z);
                chunks.push((key(2).public(), ciphertext.to_vec()));
            });
        }
        let delivered = delivery.decrypt(&key(1), &chunks, commitment).unwrap();
        assert_eq!(delivered.weights, quantized.params());
        assert_eq!(delivered.salt, secret(3));
        // Whoever has a model of the same plan has its answers now, and its weights as floats.
        let received = other_weights(&quantized).with_integers(delivered.weights.clone()).unwrap();
        for n in 0..8 {
            let image = Tensor::from_fn(Shape::new([1, 2, 2]), |i| f64::from(sample(n).pixels[i]));
            assert_eq!(received.forward(&image).unwrap(), quantized.forward(&image).unwrap());
        }
        let floats = delivered.to_weights(quantized.plan()).unwrap();
        for (name, tensor) in floats.iter() {
            let own = quantized.model().weights().get(name).unwrap();
            let scale = quantized.plan().params.iter().flatten().find(|p| p.name == name).unwrap().scale;
            let step = crate::plan::to_real(crate::number::Int::ONE, scale);
            assert!(own.data().iter().zip(tensor.data()).all(|(a, b)| (a - b).abs() <= step), "{name}");
        }
        let mut few = delivered.weights.clone();
        few.pop();
        assert!(other_weights(&quantized).with_integers(few).is_err());
        // Nobody else; nor another commitment; nor a chunk less, or another in its place.
        assert!(matches!(
            delivery.decrypt(&key(4), &chunks, commitment),
            Err(StatementError::Delivery(DeliveryError::Cipher { chunk: 0, error: cipher::CipherError::Tag }))
        ));
        assert!(matches!(
            delivery.decrypt(&key(1), &chunks, secret(1)),
            Err(StatementError::Delivery(DeliveryError::OtherWeights))
        ));
        assert!(delivery.decrypt(&key(1), &chunks[1..], commitment).is_err());
        if most == 1 {
            chunks.swap(0, 1);
            assert!(delivery.decrypt(&key(1), &chunks, commitment).is_err());
        }
    }
}

#[test]
fn the_count_is_the_sum_of_its_parts() {
    for (most, elements, chunks) in [(MAX_ELEMENTS, 0, 1), (1, 0, 0)] {
        let circuit = circuit(most);
        let delivery = circuit.composition();
        assert!(elements == 0 && (chunks == 0 || delivery.chunks() == chunks));
        let n = delivery.elements();
        let commitment = poseidon::cost_permutation(4, 3) + chain::cost(false, n - 1);
        let length = n.div_ceil(delivery.chunks());
        let select = if delivery.chunks() == 1 {
            Cost::default()
        } else {
            Cost::new(delivery.chunks() + 1 + n, delivery.chunks() + n)
        };
        let cipher = cipher::cost(length, delivery.chunks() == 1);
        // Salt, elements and the host's key are witness variables; the commitment is published.
        let cost = commitment
            + select
            + ecdh::cost()
            + cipher
            + binding::cost(5 + delivery.ciphertext())
            + Cost::new(1, n + 2);
        assert_eq!((circuit.matrices().constraints(), circuit.matrices().witness), (cost.constraints, cost.witnesses));
    }
}

/// A ciphertext that decrypts to other weights; other keys, salts, chunks.
#[test]
fn other_ciphertexts_are_refused() {
    let quantized = quantized(1);
    let circuit = circuit(1);
    with(&circuit, &quantized, 1, |witness, ciphertext| {
        let honest = circuit.assignment(witness).unwrap();
        // A true statement about another message: a verifier that has the message computes other inputs.
        let other_key = key(5);
        for other in [
            DeliveryWitness { ephemeral: &other_key, ..*witness },
            DeliveryWitness { host: key(6).public(), ..*witness },
            DeliveryWitness { chunk: 0, ..*witness },
        ] {
            let (z, _) = lied(&circuit, &other, Truth);
            assert!(holds(&circuit, &z));
            assert!(z[2] != honest[2] && z[5] != honest[5]);
            let mut claimed = z.clone();
            claimed[1..6].copy_from_slice(&honest[1..6]);
            assert!(!holds(&circuit, &claimed));
        }
        let (z, _) = lied(&circuit, &DeliveryWitness { salt: secret(8), ..*witness }, Truth);
        assert!(z[1] != honest[1]);
        // The combination of a message that differs in one element.
        let mut m = Delivery::message(&witness.host, &key(2).public(), 1, ciphertext);
        for i in 0..m.len() {
            m[i] += Fr::ONE;
            assert_ne!(binding::combine(witness.challenge.z, &m), honest[5]);
            assert_ne!(binding::digest(Tag::Delivery, &m), honest[2]);
            m[i] -= Fr::ONE;
        }
    });
}

/// A host's key of small order is on the curve: whoever encrypts must refuse it, and does.
#[test]
fn keys_of_small_order_are_no_public_keys() {
    for low in testing::torsion() {
        assert!(PublicKey::new(low.x(), low.y()).is_err());
    }
}

#[test]
fn exactly_one_chunk_is_selected() {
    let quantized = quantized(1);
    let circuit = circuit(1);
    with(&circuit, &quantized, 0, |witness, _| {
        let honest = circuit.assignment(witness).unwrap();
        let harness = Harness::new(circuit.matrices(), &honest, circuit.free());
        let run = circuit.labels().iter().find(|l| l.gadget == "one-hot").unwrap();
        let bit = circuit.matrices().instance + run.witness;
        assert_eq!(honest[bit], Fr::ONE);
        for changes in [vec![(bit, -Fr::ONE)], vec![(bit + 1, Fr::ONE)], vec![(bit, -Fr::ONE), (bit + 1, Fr::ONE)]] {
            assert!(!harness.accepts(&changes));
        }
    });
}

/// An honest delivery of the first chunk, in one and in several.
fn honest(check: impl Fn(&Composed<Delivery>, &Harness<'_>)) {
    let quantized = quantized(1);
    for most in [MAX_ELEMENTS, 1] {
        let circuit = circuit(most);
        with(&circuit, &quantized, 0, |witness, _| {
            let z = circuit.assignment(witness).unwrap();
            check(&circuit, &Harness::new(circuit.matrices(), &z, circuit.free()));
        });
    }
}

#[test]
fn every_mutation_of_a_witness_is_refused() {
    honest(|_, harness| assert_eq!(harness.run(1200), vec![]));
}

#[test]
fn a_lie_changes_nothing_that_is_public() {
    let quantized = quantized(1);
    let circuit = circuit(1);
    // Another secret is another true statement, about another message: its bits come after the host's key, and what says that this is a point.
    let run = circuit.labels().iter().find(|l| l.gadget == "baby jubjub").unwrap();
    let bits = run.witness + 4..run.witness + 4 + scalar_mul::scalar_cost().witnesses;
    with(&circuit, &quantized, 1, |witness, _| liars(&circuit, witness, 120, |n| bits.contains(&n)));
}

#[test]
fn what_does_not_fit_is_said() {
    let quantized = quantized(1);
    let circuit = circuit(MAX_ELEMENTS);
    with(&circuit, &quantized, 0, |witness, _| {
        let error = circuit.assignment(&DeliveryWitness { chunk: 1, ..*witness }).unwrap_err();
        assert_eq!(error.to_string(), "there is no chunk 1 of the ciphertext, expected less than 1");
        let error = circuit.assignment(&DeliveryWitness { weights: &[], ..*witness }).unwrap_err();
        assert!(error.to_string().starts_with("0 weights, expected "));
    });
    let error = Delivery::in_chunks(&model(), 0).unwrap_err();
    assert_eq!(error.to_string(), "chunks of 0 elements, expected 1 to 3999");
}

/// To first order the list and the host's key are free, tied by the curve, the commitment, the message's digest and its combination: whatever is
/// made of them is determined.
#[test]
fn nothing_is_free_but_the_list_and_the_host() {
    honest(|circuit, harness| {
        assert_eq!(harness.freedom(&Default::default()), circuit.composition().elements() + 2 - 4);
    });
}
