#[path = "common/mod.rs"]
mod common;
use std::time::{Duration, Instant};
use zkml::{
    prelude::*,
    prove::{ProofSystem, TwoPhase},
    rand::{SeedableRng, rngs::StdRng},
};
fn main() {
    let t = Instant::now();
    let say =
        |what: &str| println!("{:8.1} s {what} (peak {})", t.elapsed().as_secs_f64(), common::memory::peak_text());
    let model = common::resnet::seeded().unwrap();
    println!("{} parameters", model.graph().parameter_count());
    let samples = common::resnet::images(4);
    for s in &samples {
        println!("{:?}", model.forward(s).unwrap().max_abs());
    }
    say("forward x4");
    let limit: u64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(60);
    let q = model
        .quantize_with(&samples, Target::top1(0.99).time_limit(Duration::from_secs(limit)), &mut |p| {
            println!("{:?}", p.tried)
        })
        .unwrap();
    say("quantized");
    println!("{}", q.fidelity(&samples).unwrap());
    say("fidelity");
    let v = Visibility::default();
    let e = zkml::dev::cost::estimate_in::<TwoPhase>(&q, v, 1).unwrap();
    println!("{} constraints, key {} MB, {} s", e.total.constraints, e.proving_key_bytes / 1000000, e.seconds);
    say("estimated");
    if std::env::args().nth(2).is_none() {
        return;
    }
    let c = q.circuit_in::<TwoPhase>(1, v).unwrap();
    say("circuit");
    let rng = &mut StdRng::seed_from_u64(1);
    let keys = c.setup_in::<TwoPhase>(rng).unwrap();
    say("setup");
    let (p, _) = c.prove_in::<TwoPhase>(&keys.proving, &samples[..1], rng).unwrap();
    say("proved");
    keys.verifying.verify(&p).unwrap();
    say("verified");
}
