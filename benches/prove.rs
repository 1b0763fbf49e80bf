//! Proofs of the reference models in both proof systems, and with registered weights, against arkworks' prover on the matrices of plain Groth16.
//!
//! `cargo bench -p zkml-bench --bench prove` prints, for each model and visibility of its weights, the constraints, the size of the key,
//! and the times of [`Circuit::prove_in`]; and how many times as fast as the bare prover that is, which proves the same answer from
//! the constraints with range checks by bits, in turn in one run. Each system has the plan that is searched for it, as that of a user has.
//! Of plain Groth16 it also prints the time of our bare prover, that proves the same assignment as arkworks' does, without witness and
//! checks. `.. -- lenet5` measures the models of that name alone. Setup, witness and verification of plain Groth16 are measured by criterion.
//!
//! Beside the time is what the [cost model](zkml::prove::rates) predicts, at its built-in rates and at those that are measured at the start; and beside
//! the memory that proofs take at their peak, what it predicts of that.

mod bare;
#[path = "../examples/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use bare::Bare;
use criterion::Criterion;
use zkml::{
    prelude::*,
    prove::{Fr, Groth16, KeysOf, Matrices, ProofOf, ProofSystem, Prover, Rates, Registered, TwoPhase, Work},
    rand::{SeedableRng, rngs::StdRng},
};

/// How often each proves.
const ROUNDS: usize = 5;

/// What the bare provers blind with.
fn blinding() -> [Fr; 2] {
    [Fr::from(3), Fr::from(5)]
}

/// How many constraints with range checks by bits are proved, of which the bare prover holds every entry; of others three times as many.
const MOST: usize = 1_000_000;

/// The plan of the budget, for a proof system.
fn quantize<S: ProofSystem>(reference: &common::models::Reference, visibility: Visibility) -> Quantized {
    let model = reference.model.clone().with_visibility(visibility);
    let target = reference.target.for_system::<S>();
    model.quantize(&reference.samples, target).expect("the reference models reach their targets")
}

/// How many constraints a plan takes in a proof system.
fn rows<S: ProofSystem>(quantized: &Quantized, visibility: Visibility) -> usize {
    let budget = quantized.budget_of(visibility, 1, S::RANGE_CHECKS).expect("the plan fits the field");
    budget.values().map(|cost| cost.constraints).sum()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

/// The bare prover on the constraints with range checks by bits, and an assignment: what all are measured against.
struct Rival<'a> {
    bare: Bare<'a>,
    assignment: &'a [Fr],
}

impl Rival<'_> {
    fn prove(&self) -> Duration {
        let [r, s] = blinding();
        let start = Instant::now();
        self.bare.prove(self.assignment, r, s).expect("the bare prover");
        start.elapsed()
    }
}

/// The medians of as many proofs, and of those of the rival that each comes after, so that a machine whose speed drifts slows both; and the
/// last proof.
fn timed<P>(mut prove: impl FnMut() -> P, rival: Option<&Rival<'_>>) -> (f64, Option<f64>, P) {
    let (mut times, mut theirs, mut last) = (vec![], vec![], None);
    for _ in 0..ROUNDS {
        theirs.extend(rival.map(Rival::prove));
        let start = Instant::now();
        let proof = prove();
        times.push(start.elapsed());
        last = Some(proof);
    }
    (median(times), rival.map(|_| median(theirs)), last.expect("at least one round"))
}

/// What was measured of a proof system, and what the cost model says of it.
struct Measured {
    system: &'static str,
    work: Work,
    key: usize,
    time: f64,
    /// The rival's, in turn.
    bare: Option<f64>,
    /// At the built-in rates, and at those of this machine.
    predicted: [f64; 2],
    /// MiB at the peak of proving, beyond what else was held before; and what is predicted.
    memory: [Option<u64>; 2],
}

impl Measured {
    fn new<S: ProofSystem>(
        circuit: &Circuit,
        rates: &Rates,
        (time, bare): (f64, Option<f64>),
        beyond: Option<u64>,
    ) -> Self {
        let work = circuit.matrices().work();
        let key = S::proving_key_bytes(work.size);
        // Key and matrices are held before the first proof.
        let held = (key + work.matrix_bytes()) as u64 >> 20;
        Self {
            system: S::NAME,
            key,
            time,
            bare,
            predicted: [&Rates::default(), rates].map(|rates| S::seconds(&work, rates)),
            memory: [beyond.map(|beyond| beyond + held), Some(S::memory_bytes(&work) as u64 >> 20)],
            work,
        }
    }

    fn say(&self, name: &str) {
        let [built_in, here] = self.predicted.map(|predicted| predicted / self.time);
        let [memory, predicted] = self.memory.map(|mib| mib.map_or("?".to_owned(), |mib| mib.to_string()));
        let faster = self.bare.map_or_else(String::new, |bare| format!(", {:.2} times as fast", bare / self.time));
        println!(
            "{name}, {}: {} constraints, key {:.1} MB, prove {:.3} s{faster}, predicted {:.3} s ({built_in:.2} of it; {here:.2} \
             at the rates of this machine), memory {memory} MiB, predicted {predicted}, peak {} MiB",
            self.system,
            self.work.size.constraints,
            self.key as f64 / 1e6,
            self.time,
            self.predicted[0],
            common::memory::peak_text(),
        );
    }
}

fn measure<S: Prover>(
    circuit: &Circuit,
    input: &Tensor,
    rates: &Rates,
    rng: &mut StdRng,
    rival: Option<&Rival<'_>>,
) -> (Measured, ProofOf<S>, KeysOf<S>) {
    let keys = circuit.setup_in::<S>(rng).expect("the circuit fits the domain");
    let inputs = std::slice::from_ref(input);
    let mut prove = || circuit.prove_in(&keys.proving, inputs, rng).expect("an honest input is proven").0;
    let beyond = common::memory::beyond(&mut prove);
    let (time, bare, proof) = timed(prove, rival);
    keys.verifying.verify(&proof).expect("an honest proof holds");
    (Measured::new::<S>(circuit, rates, (time, bare), beyond), proof, keys)
}

/// As [`measure`], of weights that are registered.
fn measure_registered(
    circuit: &Circuit,
    input: &Tensor,
    rates: &Rates,
    rng: &mut StdRng,
    rival: Option<&Rival<'_>>,
) -> Measured {
    let keys = circuit.setup_in::<Registered>(rng).expect("the circuit fits the domain");
    let weights = circuit.commit_weights(&keys.proving, rng).expect("the weights are there");
    let inputs = std::slice::from_ref(input);
    let mut prove =
        || circuit.prove_registered(&keys.proving, &weights, inputs, rng).expect("an honest input is proven").0;
    let beyond = common::memory::beyond(&mut prove);
    let (time, bare, proof) = timed(prove, rival);
    keys.verifying.verify_registered(&proof, weights.commitment()).expect("an honest proof holds");
    Measured::new::<Registered>(circuit, rates, (time, bare), beyond)
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

fn compare(c: &mut Criterion, reference: &common::models::Reference, weights: Visible, rates: &Rates, criterion: bool) {
    let rng = &mut StdRng::seed_from_u64(1);
    let visibility = Visibility { weights, ..reference.visibility };
    let name = format!("{}, {} weights", reference.name, if weights == Visible::Public { "public" } else { "private" });
    let input = &reference.samples[0];

    let quantized = quantize::<Groth16>(reference, visibility);
    let bits = rows::<Groth16>(&quantized, visibility);
    let plain = (bits <= MOST).then(|| quantized.circuit_for(visibility).expect("the plan fits the field"));
    let entries = plain.as_ref().map(|c| c.matrices().expanded(usize::MAX).expect("there is memory for all entries"));
    let inputs = std::slice::from_ref(input);
    let assignment = plain.as_ref().map(|circuit| circuit.witness(inputs, rng).expect("an honest input").0);
    let rival = entries.as_ref().zip(assignment.as_ref()).map(|(entries, assignment)| Rival {
        bare: Bare::new(entries, rng).expect("the circuit fits the domain"),
        assignment,
    });
    if let (Some(plain), Some(entries), Some(rival)) = (&plain, &entries, &rival) {
        let (measured, proof, keys) = measure::<Groth16>(plain, input, rates, rng, Some(rival));
        say_bare(&name, rival, keys.proving.pk(), entries);
        measured.say(&name);
        if visibility.weights == Visible::Public && criterion {
            details(c, reference.name, plain, input, &proof, &keys);
        }
    } else {
        println!("{name}: {bits} constraints with range checks by bits, which are not proved");
    }
    let quantized = quantize::<TwoPhase>(reference, visibility);
    let lookups = rows::<TwoPhase>(&quantized, visibility);
    if lookups <= 3 * MOST {
        let lookups = quantized.circuit_in::<TwoPhase>(1, visibility).expect("the plan fits the field");
        measure::<TwoPhase>(&lookups, input, rates, rng, rival.as_ref()).0.say(&name);
    } else {
        println!("{name}: {lookups} constraints with lookups, which are not proved");
    }
    if weights == Visible::Private {
        let quantized = quantize::<Registered>(reference, visibility);
        let registered = quantized.circuit_in::<Registered>(1, visibility).expect("the plan fits the field");
        measure_registered(&registered, input, rates, rng, rival.as_ref()).say(&name);
    }
}

/// Our bare prover and the rival, on one assignment, in turn.
fn say_bare(name: &str, rival: &Rival<'_>, key: &zkml_groth16::ProvingKey, entries: &Matrices) {
    let mut pairs = vec![];
    for _ in 0..ROUNDS {
        let theirs = rival.prove();
        let start = Instant::now();
        zkml_groth16::prove(key, entries, rival.assignment, &[], blinding()).expect("our bare prover");
        pairs.push((theirs, start.elapsed()));
    }
    let [theirs, ours] = [|(t, _): &(Duration, Duration)| *t, |(_, o): &(Duration, Duration)| *o]
        .map(|of| median(pairs.iter().map(of).collect()));
    println!("{name}: bare prover {theirs:.3} s, in turn ours {ours:.3} s: {:.2} times as fast", theirs / ours);
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    let named = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let criterion = !std::env::args().any(|a| a == "--quick");
    let rates = Rates::measure(&mut StdRng::seed_from_u64(3)).expect("the kernels run");
    println!("{rates}");
    let references = common::models::all().expect("the data ships");
    for reference in &references {
        if named.as_ref().is_some_and(|name| name != reference.name) {
            continue;
        }
        compare(&mut c, reference, Visible::Public, &rates, criterion);
        if reference.hides {
            compare(&mut c, reference, Visible::Private, &rates, criterion);
        }
    }
    c.final_summary();
}
