//! The statements of a bounty on `poly_cnn`: the CID of one image and its answer by committed weights, and answers on a hundred images.
//!
//! `cargo bench -p zkml-bench --bench bounty` prints constraints, times of setup and proof, the size of the proving key, and the peak memory
//! of the process so far.

#[path = "../examples/common/mod.rs"]
mod common;

use std::{error::Error, time::Instant};

use common::statements::{self, Statements};
use zkml::{
    bounty::{
        accuracy::{AccuracyWitness, VISIBILITY},
        compose::{Composed, Composition},
        data::DataWitness,
        delivery::{Delivery, DeliveryWitness},
        keys::SecretKey,
        message::Challenge,
    },
    prelude::*,
    prove::{Fr, Groth16},
    rand::{SeedableRng, rngs::StdRng},
};

/// Setup, proof, verification.
fn measure<S: Composition>(
    name: &str,
    circuit: &Composed<S>,
    witness: &S::Witness<'_>,
    rng: &mut StdRng,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let keys = circuit.setup::<Groth16>(rng)?;
    let setup = start.elapsed();
    let mut times = vec![];
    for _ in 0..3 {
        let start = Instant::now();
        let proof = circuit.prove(&keys.proving, witness, rng)?;
        times.push(start.elapsed());
        keys.verifying.verify(&proof)?;
    }
    times.sort();
    println!(
        "{name}: {} constraints, setup {:.1} s, prove {:.2} s, proving key {} MiB, peak memory {} MiB",
        circuit.matrices().constraints(),
        setup.as_secs_f64(),
        times[1].as_secs_f64(),
        keys.proving.to_bytes().len() >> 20,
        common::memory::peak_text(),
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    // As a test, which `cargo test --benches` runs, there is nothing to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let rng = &mut StdRng::seed_from_u64(1);
    let references = common::models::all()?;
    let reference = references.into_iter().find(|r| r.name == "poly_cnn").ok_or("no poly_cnn")?;
    let model = reference.model.with_visibility(VISIBILITY);
    let quantized = model.quantize(&reference.samples, Target { tries: 60, ..reference.target })?;
    // Any context and challenge take as long: a verifier's are hashes.
    let challenge = Challenge { context: Fr::from(u128::MAX), z: Fr::from(u128::MAX - 1) };
    let salt = Fr::from(u128::MAX - 2);

    let Statements { data, accuracy, delivery, dataset, files } = statements::of(&quantized, &reference.test[..1])?;
    let chunk = dataset.chunk(0)?;
    measure("data, 1 image", &data, &DataWitness { chunk: chunk.clone(), group: 0, files: &files, challenge }, rng)?;
    let weights = quantized.params();
    let context = challenge.context;
    measure("accuracy, 1 image", &accuracy, &AccuracyWitness { weights, salt, chunk, context }, rng)?;
    let (host, ephemeral) = (SecretKey::random(rng)?.public(), SecretKey::random(rng)?);
    let witness: DeliveryWitness<'_> =
        DeliveryWitness { weights, salt, host, ephemeral: &ephemeral, chunk: 0, challenge };
    let delivery: Composed<Delivery> = delivery;
    measure("delivery", &delivery, &witness, rng)?;

    let Statements { accuracy, dataset, .. } = statements::of(&quantized, &reference.test[..100])?;
    let chunk = dataset.chunk(0)?;
    measure("accuracy, 100 images", &accuracy, &AccuracyWitness { weights, salt, chunk, context }, rng)
}
