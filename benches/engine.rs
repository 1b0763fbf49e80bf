//! The proving engine against ark-groth16's prover, on the same matrices and assignment, in turn in one run.
//!
//! `cargo bench -p zkml-bench --bench engine` prints, for each model, both medians, their ratio, and the size of the proving key.
//! `cargo bench -p zkml-bench --bench engine -- lenet5` measures the models of that name alone.

#[path = "../examples/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use ark_bn254::{Bn254, Fr, G1Projective, G2Projective};
use ark_ec::PrimeGroup;
use ark_ff::UniformRand;
use ark_groth16::Groth16;
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable};
use zkml::{
    prelude::*,
    rand::{SeedableRng, rngs::StdRng},
};
use zkml_groth16::{Columns, Secrets, Sparse};

/// How many proofs each makes.
const ROUNDS: usize = 7;

/// Matrices as arkworks' setup takes them: each row is combinations of variables alone, so that it keeps their order.
struct Circuit<'a> {
    abc: &'a Sparse,
    instance: usize,
    columns: usize,
}

impl ConstraintSynthesizer<Fr> for &Circuit<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        for _ in 1..self.instance {
            let _ = cs.new_input_variable(|| Err(SynthesisError::AssignmentMissing))?;
        }
        for _ in self.instance..self.columns {
            let _ = cs.new_witness_variable(|| Err(SynthesisError::AssignmentMissing))?;
        }
        let variable = |column: usize| match column {
            0 => Variable::one(),
            i if i < self.instance => Variable::instance(i),
            i => Variable::witness(i - self.instance),
        };
        let row = |row: &[(Fr, usize)]| LinearCombination(row.iter().map(|(c, i)| (*c, variable(*i))).collect());
        let [a, b, c] = self.abc;
        for ((a, b), c) in a.iter().zip(b).zip(c) {
            cs.enforce_r1cs_constraint(|| row(a), || row(b), || row(c))?;
        }
        Ok(())
    }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

/// Measures both in turn, so that a machine whose speed drifts slows both.
fn compare(name: &str, circuit: &Circuit<'_>, z: &[Fr]) {
    let mut rng = StdRng::seed_from_u64(1);
    let mut draw = || Fr::rand(&mut rng);
    let secrets = Secrets { alpha: draw(), beta: draw(), gamma: draw(), deltas: vec![draw()], tau: draw() };
    let [r, s] = [draw(), draw()];
    let Circuit { abc, instance, columns } = *circuit;
    let phases = [columns - instance];

    let start = Instant::now();
    let ours = zkml_groth16::setup(abc, Columns { instance, phases: &phases }, &secrets).expect("the circuit fits");
    let setup = start.elapsed();
    let start = Instant::now();
    let Secrets { alpha, beta, gamma, ref deltas, .. } = secrets;
    let generators = (G1Projective::generator(), G2Projective::generator());
    let bare = Groth16::<Bn254>::generate_parameters_with_qap(
        circuit,
        alpha,
        beta,
        gamma,
        deltas[0],
        generators.0,
        generators.1,
        &mut rng,
    )
    .expect("the circuit fits");
    let bare_setup = start.elapsed();

    let (mut times, mut bare_times) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let proof = zkml_groth16::prove(&ours, abc, z, &[], [r, s]).expect("the lengths are the circuit's");
        times.push(start.elapsed());
        let prepared = zkml_groth16::prepare(&ours.vk);
        assert!(zkml_groth16::holds(&prepared, &proof, &z[1..instance]), "an honest proof of {name} holds");
        let start = Instant::now();
        Groth16::<Bn254>::create_proof_with_reduction_and_matrices(&bare, r, s, abc, instance, abc[0].len(), z)
            .expect("the bare prover");
        bare_times.push(start.elapsed());
    }
    let (time, bare_time) = (median(times), median(bare_times));
    let first = [&ours.a, &ours.b_g1, &ours.h, &ours.c].into_iter().chain(&ours.k).map(Vec::len).sum::<usize>();
    println!(
        "{name}: {} rows, domain {}, key {:.1} MB, setup {:.1} s (bare {:.1} s), prove {time:.3} s, bare prover {bare_time:.3} s: \
         {:.2} times as fast",
        abc[0].len(),
        ours.h.len(),
        (64 * first + 128 * ours.b_g2.len()) as f64 / 1e6,
        setup.as_secs_f64(),
        bare_setup.as_secs_f64(),
        bare_time / time,
    );
}

fn main() {
    let mut rng = StdRng::seed_from_u64(1);
    let named = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    for reference in common::models::all().expect("the data ships") {
        let chosen = match &named {
            Some(name) => reference.name == name,
            None => matches!(reference.name, "lenet5" | "poly_cnn"),
        };
        if !chosen {
            continue;
        }
        let quantized = reference
            .model
            .quantize(&reference.samples, reference.target)
            .expect("the reference models reach their targets");
        for (weights, word) in [(Visible::Public, "public"), (Visible::Private, "private")] {
            let visibility = Visibility { weights, ..reference.visibility };
            let circuit = quantized.circuit_for(visibility).expect("the plan fits the field");
            let input = reference.samples[0].clone();
            let (z, _) = circuit.witness(std::slice::from_ref(&input), &mut rng).expect("an honest input");
            let m = circuit.matrices();
            let name = format!("{}, {word} weights", reference.name);
            compare(&name, &Circuit { abc: &m.abc, instance: m.instance, columns: z.len() }, &z);
        }
    }
}
