//! Witness generation, proving, verifying and setup of the reference models, and proving against the bare prover.
//!
//! `cargo bench -p zkml-bench` prints, for each model, the times, the ratio of [`Circuit::prove`] to ark-groth16's prover
//! on the same matrices and assignment, measured in turn in one run, and the peak memory of the process.

#[path = "../examples/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use ark_groth16::Groth16;
use criterion::{Criterion, criterion_group, criterion_main};
use zkml::{
    prelude::*,
    prove::Fr,
    rand::{SeedableRng, rngs::StdRng},
};

/// A plan good enough to measure: the search is not what is measured here.
fn quantize(reference: &common::models::Reference) -> Quantized {
    let samples = &reference.samples[..reference.samples.len().min(40)];
    let target = Target { tries: 60, ..reference.target };
    reference.model.quantize(samples, target).expect("the reference models reach their targets")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn prove(c: &mut Criterion) {
    let mut rng = StdRng::seed_from_u64(1);
    let references = common::models::all().expect("the data ships");
    // Blocks of larger networks are counted by the budget and not proved alone.
    for reference in references.into_iter().filter(|r| r.model.graph().classes().is_some()) {
        let name = reference.name;
        let quantized = quantize(&reference);
        let visibility = Visibility::default();
        let circuit = quantized.circuit_for(visibility).expect("the plan fits the field");
        let keys = circuit.setup(&mut rng).expect("the circuit fits the domain");
        let input = reference.samples[0].clone();
        let proof = circuit.prove(&keys.proving, &input, &mut rng).expect("an honest input is proven");
        let prepared = keys.verifying.prepare();

        let mut group = c.benchmark_group(name);
        group.sample_size(10);
        group.bench_function("build", |b| b.iter(|| quantized.circuit_for(visibility)));
        group.bench_function("setup", |b| b.iter(|| circuit.setup(&mut rng)));
        group.bench_function("witness", |b| b.iter(|| circuit.witness(std::slice::from_ref(&input), &mut rng)));
        group.bench_function("prove", |b| b.iter(|| circuit.prove(&keys.proving, &input, &mut rng)));
        group.sample_size(50);
        group.bench_function("verify", |b| b.iter(|| prepared.verify(&proof)));
        group.finish();

        // Ours and the bare prover in turn, so that a machine whose speed drifts slows both.
        let (assignment, _) = circuit.witness(std::slice::from_ref(&input), &mut rng).expect("an honest input");
        let m = circuit.matrices();
        let (mut ours, mut bare) = (vec![], vec![]);
        for round in 0..7u64 {
            let start = Instant::now();
            let _ = circuit.prove(&keys.proving, &input, &mut rng).expect("an honest input is proven");
            ours.push(start.elapsed());
            let start = Instant::now();
            let (r, s) = (Fr::from(round + 3), Fr::from(round + 5));
            Groth16::<ark_bn254::Bn254>::create_proof_with_reduction_and_matrices(
                keys.proving.pk(),
                r,
                s,
                &m.abc,
                m.instance,
                m.constraints(),
                &assignment,
            )
            .expect("the bare prover");
            bare.push(start.elapsed());
        }
        let (ours, bare) = (median(ours), median(bare));
        println!(
            "{name}: {} constraints, prove {:.3} s, bare prover {:.3} s, ratio {:.3}, peak memory {} MiB",
            m.constraints(),
            ours.as_secs_f64(),
            bare.as_secs_f64(),
            ours.as_secs_f64() / bare.as_secs_f64(),
            common::memory::peak_text(),
        );
    }
}

criterion_group!(benches, prove);
criterion_main!(benches);
