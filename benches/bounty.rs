//! The statements of a bounty on `poly_cnn`: the CID of one image and its answer by committed weights, and answers on a hundred images.
//!
//! `cargo bench -p zkml-bench --bench bounty` prints constraints, times of setup and proof, the size of the proving key, and the peak memory
//! of the process so far.

#[path = "../examples/common/mod.rs"]
mod common;

use std::{
    error::Error,
    time::{Duration, Instant},
};

use common::statements::{self, Statements};
use zkml::{
    bounty::{
        accuracy::{AccuracyWitness, VISIBILITY},
        compose::{Composed, Composition},
        data::{Data, DataWitness},
        delivery::{Delivery, DeliveryWitness},
        keys::SecretKey,
        message::Challenge,
    },
    prelude::*,
    prove::{Fr, Groth16, KeysOf, Prover, TwoPhase},
    rand::{SeedableRng, rngs::StdRng},
};

/// A statement's circuit for a proof system, with its keys.
struct Ready<'a, P: Prover, S> {
    name: &'a str,
    circuit: &'a Composed<S>,
    keys: KeysOf<P>,
    setup: Duration,
    times: Vec<Duration>,
}

impl<'a, P: Prover, S: Composition> Ready<'a, P, S> {
    fn new(name: &'a str, circuit: &'a Composed<S>, rng: &mut StdRng) -> Result<Self, Box<dyn Error>> {
        let start = Instant::now();
        let keys = circuit.setup::<P>(rng)?;
        Ok(Self { name, circuit, keys, setup: start.elapsed(), times: vec![] })
    }

    /// Proof and verification.
    fn prove(&mut self, witness: &S::Witness<'_>, rng: &mut StdRng) -> Result<(), Box<dyn Error>> {
        let start = Instant::now();
        let proof = self.circuit.prove::<P>(&self.keys.proving, witness, rng)?;
        self.times.push(start.elapsed());
        self.keys.verifying.verify(&proof)?;
        Ok(())
    }

    /// Prints what was measured, and gives the median time of a proof.
    fn say(mut self) -> f64 {
        self.times.sort();
        let median = self.times[self.times.len() / 2].as_secs_f64();
        println!(
            "{}, {}: {} constraints, setup {:.1} s, prove {median:.2} s, proving key {} MiB, peak memory {} MiB",
            self.name,
            P::NAME,
            self.circuit.matrices().constraints(),
            self.setup.as_secs_f64(),
            self.keys.proving.to_bytes().len() >> 20,
            common::memory::peak_text(),
        );
        median
    }
}

/// Setup, proof, verification.
fn measure<S: Composition>(
    name: &str,
    circuit: &Composed<S>,
    witness: &S::Witness<'_>,
    rng: &mut StdRng,
) -> Result<(), Box<dyn Error>> {
    let mut ready = Ready::<Groth16, S>::new(name, circuit, rng)?;
    for _ in 0..3 {
        ready.prove(witness, rng)?;
    }
    ready.say();
    Ok(())
}

/// The data statement bit by bit and by lookups, in turn.
fn in_turn(data: &Composed<Data>, witness: &DataWitness<'_>, rng: &mut StdRng) -> Result<(), Box<dyn Error>> {
    let name = "data, 1 image";
    let looked_up = Composed::of_system::<TwoPhase>(data.composition().clone())?;
    let mut bits = Ready::<Groth16, _>::new(name, data, rng)?;
    let mut lookups = Ready::<TwoPhase, _>::new(name, &looked_up, rng)?;
    for _ in 0..7 {
        bits.prove(witness, rng)?;
        lookups.prove(witness, rng)?;
    }
    let [bits, lookups] = [bits.say(), lookups.say()];
    println!("{name}: bit by bit / by lookups, in turn: {:.2}", bits / lookups);
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
    in_turn(&data, &DataWitness { chunk: chunk.clone(), group: 0, files: &files, challenge }, rng)?;
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
