//! Proofs of the reference models in both proof systems, and with registered weights, against arkworks' prover on the matrices of plain Groth16.
//!
//! `cargo bench -p zkml-bench --bench prove` prints, for each model and visibility of its weights, the constraints, the size of the key,
//! and the times of [`Circuit::prove_in`]; and how many times as fast as the bare prover that is, which proves the same answer from
//! the constraints with range checks by bits, in turn in one run. `.. -- lenet5` measures the models of that name alone. Setup,
//! witness and verification of plain Groth16 are measured by criterion.

mod bare;
#[path = "../examples/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use bare::Bare;
use criterion::Criterion;
use zkml::{
    prelude::*,
    prove::{Fr, Groth16, KeysOf, ProofOf, ProofSystem, Prover, Registered, TwoPhase},
    rand::{SeedableRng, rngs::StdRng},
};

/// How often each proves.
const ROUNDS: usize = 5;

/// A plan good enough to measure: the search is not what is measured here.
fn quantize(reference: &common::models::Reference, visibility: Visibility) -> Quantized {
    let samples = &reference.samples[..reference.samples.len().min(40)];
    let target = Target { tries: 60, ..reference.target };
    let model = reference.model.clone().with_visibility(visibility);
    model.quantize(samples, target).expect("the reference models reach their targets")
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

/// The median of as many proofs, each after one of `other`, so that a machine whose speed drifts slows both; and the last proof.
fn timed<P>(mut prove: impl FnMut() -> P, mut other: impl FnMut()) -> (f64, P) {
    let (mut times, mut last) = (vec![], None);
    for _ in 0..ROUNDS {
        other();
        let start = Instant::now();
        let proof = prove();
        times.push(start.elapsed());
        last = Some(proof);
    }
    (median(times), last.expect("at least one round"))
}

fn measure<S: Prover>(
    circuit: &Circuit,
    input: &Tensor,
    rng: &mut StdRng,
    other: impl FnMut(),
) -> (f64, usize, ProofOf<S>, KeysOf<S>) {
    let keys = circuit.setup_in::<S>(rng).expect("the circuit fits the domain");
    let inputs = std::slice::from_ref(input);
    let prove = || circuit.prove_in(&keys.proving, inputs, rng).expect("an honest input is proven").0;
    let (time, proof) = timed(prove, other);
    keys.verifying.verify(&proof).expect("an honest proof holds");
    (time, S::proving_key_bytes(circuit.matrices().size()), proof, keys)
}

/// As [`measure`], of weights that are registered.
fn measure_registered(circuit: &Circuit, input: &Tensor, rng: &mut StdRng) -> (f64, usize) {
    let keys = circuit.setup_in::<Registered>(rng).expect("the circuit fits the domain");
    let weights = circuit.commit_weights(&keys.proving, rng).expect("the weights are there");
    let inputs = std::slice::from_ref(input);
    let prove = || circuit.prove_registered(&keys.proving, &weights, inputs, rng).expect("an honest input is proven").0;
    let (time, proof) = timed(prove, || ());
    keys.verifying.verify_registered(&proof, weights.commitment()).expect("an honest proof holds");
    (time, Registered::proving_key_bytes(circuit.matrices().size()))
}

/// Setup, witness and verification, by criterion.
fn details(c: &mut Criterion, name: &str, circuit: &Circuit, input: &Tensor, proof: &Proof, keys: &Keys) {
    let mut rng = StdRng::seed_from_u64(2);
    let prepared = keys.verifying.prepare();
    let mut group = c.benchmark_group(name);
    group.sample_size(10);
    group.bench_function("setup", |b| b.iter(|| circuit.setup(&mut rng)));
    group.bench_function("witness", |b| b.iter(|| circuit.witness(std::slice::from_ref(input), &mut rng)));
    group.sample_size(50);
    group.bench_function("verify", |b| b.iter(|| prepared.verify(proof)));
    group.finish();
}

fn compare(c: &mut Criterion, reference: &common::models::Reference, weights: Visible) {
    let rng = &mut StdRng::seed_from_u64(1);
    let visibility = Visibility { weights, ..reference.visibility };
    let name = format!("{}, {} weights", reference.name, if weights == Visible::Public { "public" } else { "private" });
    let quantized = quantize(reference, visibility);
    let input = &reference.samples[0];

    let bits = quantized.circuit_for(visibility).expect("the plan fits the field");
    let (assignment, _) = bits.witness(std::slice::from_ref(input), rng).expect("an honest input");
    let bare = Bare::new(bits.matrices(), rng).expect("the circuit fits the domain");
    let mut bare_times = vec![];
    let (time, key, proof, keys) = measure::<Groth16>(&bits, input, rng, || {
        let start = Instant::now();
        bare.prove(&assignment, Fr::from(3), Fr::from(5)).expect("the bare prover");
        bare_times.push(start.elapsed());
    });
    let bare_time = median(bare_times);
    drop(bare);
    println!("{name}: bare prover {bare_time:.3} s");
    let say = |system: &str, rows: usize, key: usize, time: f64| {
        println!(
            "{name}, {system}: {rows} constraints, key {:.1} MB, prove {time:.3} s, {:.2} times as fast, peak memory {} MiB",
            key as f64 / 1e6,
            bare_time / time,
            common::memory::peak_text(),
        );
    };
    say(Groth16::NAME, bits.matrices().constraints(), key, time);
    if weights == Visible::Public {
        details(c, reference.name, &bits, input, &proof, &keys);
    }

    let lookups = quantized.circuit_in::<TwoPhase>(1, visibility).expect("the plan fits the field");
    let (time, key, _, _) = measure::<TwoPhase>(&lookups, input, rng, || ());
    say(TwoPhase::NAME, lookups.matrices().constraints(), key, time);
    if weights == Visible::Private {
        let registered = quantized.circuit_in::<Registered>(1, visibility).expect("the plan fits the field");
        let (time, key) = measure_registered(&registered, input, rng);
        say(Registered::NAME, registered.matrices().constraints(), key, time);
    }
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    let named = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let references = common::models::all().expect("the data ships");
    // Blocks of larger networks are counted by the budget and not proved alone.
    for reference in references.iter().filter(|r| r.model.graph().classes().is_some()) {
        if named.as_ref().is_some_and(|name| name != reference.name) {
            continue;
        }
        compare(&mut c, reference, Visible::Public);
        // Of two million private weights there are 14 million constraints.
        if reference.name != "mlp_2m" {
            compare(&mut c, reference, Visible::Private);
        }
    }
    c.final_summary();
}
