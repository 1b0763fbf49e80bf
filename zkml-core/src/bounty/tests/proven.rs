//! The statements, proven and verified by Groth16.

use super::{
    super::{
        accuracy::AccuracyWitness,
        data::DataWitness,
        delivery::{Delivery, DeliveryWitness},
        keys::SecretKey,
    },
    *,
};
use crate::prove::{Groth16, Value};

/// Data, accuracy, delivery: each by its own keys, about one dataset and one commitment.
#[test]
fn three_proofs_agree() {
    let (quantized, dataset) = (quantized(1), dataset());
    let rng = &mut rng();

    let chunk = dataset.chunk(1).unwrap();
    let circuit = data();
    let keys = circuit.setup::<Groth16>(rng).unwrap();
    let files = files(&chunk, 0);
    let message = circuit.composition().message_of(&chunk, 0, &files).unwrap();
    let challenge_of = challenge(Tag::Data, &message);
    let witness = DataWitness { chunk: chunk.clone(), group: 0, files: &files, challenge: challenge_of };
    let proof = circuit.prove(&keys.proving, &witness, rng).unwrap();
    let data = keys.verifying.verify(&proof).unwrap();
    assert_eq!(data.commitment("dataset"), Some(dataset.root()));
    assert_eq!(data.element("message"), Some(message::digest(Tag::Data, &message)));
    assert_eq!(data.element("combination"), Some(message::combine(challenge_of.z, &message)));

    let circuit = accuracy(&quantized);
    let keys = circuit.setup::<Groth16>(rng).unwrap();
    let witness = AccuracyWitness { weights: quantized.params(), salt: secret(3), chunk, context: secret(4) };
    let proof = circuit.prove(&keys.proving, &witness, rng).unwrap();
    let accuracy = keys.verifying.verify(&proof).unwrap();
    assert_eq!(accuracy.commitment("dataset"), Some(dataset.root()));
    assert_eq!(accuracy.element("context"), Some(secret(4)));
    assert_eq!(accuracy.integers("chunk", 0).unwrap().data(), [crate::number::Int::ONE]);
    let Some(Value::Tensor { integers, scale: 0 }) = accuracy.get("correct", 0) else { panic!("no count") };
    assert!((0..=4).any(|n| integers.data() == [crate::number::Int::from(n as u64)]));

    let delivery = Composed::new(Delivery::new(circuit.composition().model()).unwrap()).unwrap();
    let keys = delivery.setup::<Groth16>(rng).unwrap();
    let (host, ephemeral) = (SecretKey::random(rng).unwrap(), SecretKey::random(rng).unwrap());
    let mut witness = DeliveryWitness {
        weights: quantized.params(),
        salt: secret(3),
        host: host.public(),
        ephemeral: &ephemeral,
        chunk: 0,
        challenge: challenge_of,
    };
    let ciphertext = delivery.composition().encrypt(&witness).unwrap();
    let message = Delivery::message(&witness.host, &ephemeral.public(), 0, &ciphertext);
    witness.challenge = challenge(Tag::Delivery, &message);
    let proof = delivery.prove(&keys.proving, &witness, rng).unwrap();
    let delivered = keys.verifying.verify(&proof).unwrap();
    let commitment = delivered.commitment("weights").unwrap();
    assert_eq!(accuracy.commitment("weights"), Some(commitment));
    let weights = delivery.composition().decrypt(&host, &[(ephemeral.public(), ciphertext)], commitment).unwrap();
    assert_eq!(weights.weights, quantized.params());

    // A proof of one statement is none of another.
    let other = accuracy_keys_refuse(&quantized, &proof);
    assert!(other);
}

fn accuracy_keys_refuse(quantized: &Quantized, proof: &crate::prove::Proof) -> bool {
    let circuit = accuracy(quantized);
    let keys = circuit.setup::<Groth16>(&mut rng()).unwrap();
    keys.verifying.verify(proof).is_err()
}
