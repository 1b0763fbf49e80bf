//! The search for plans: how long [`Model::quantize`] takes, and what it finds.
//!
//! `cargo bench -p zkml-bench --bench plan` prints, for each reference model and visibility of its weights, the constraints of the plan, the
//! seconds of the search (the median of three, or one where it takes long), the plans that were tried, and by how much the process grew at
//! most meanwhile. `.. -- lenet5 public` measures the models of that name alone, with weights that are seen so; for the memory, measure
//! one at a time.

#[path = "../examples/common/mod.rs"]
mod common;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use zkml::prelude::*;

/// The peak of the process's memory in bytes, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Searches shorter than this are measured three times.
const SHORT: Duration = Duration::from_secs(20);

fn measure(reference: &common::models::Reference, weights: Visible) {
    let visibility = Visibility { weights, ..reference.visibility };
    let model = reference.model.clone().with_visibility(visibility);
    let (mut times, mut tried, before) = (vec![], 0, peak());
    let quantized = loop {
        let start = Instant::now();
        let quantized = model.quantize_with(&reference.samples, reference.target, &mut |p| tried = p.tried);
        times.push(start.elapsed());
        let quantized = black_box(quantized).expect("the reference models reach their targets");
        if times.len() == 3 || times[0] > SHORT {
            break quantized;
        }
    };
    let grown = peak()
        .zip(before)
        .map_or("-".to_owned(), |(after, before)| format!("{:.1} MB", after.saturating_sub(before) as f64 / 1e6));
    let found = quantized.budget(visibility, 1).expect("the plan fits the field");
    let constraints: usize = found.values().map(|cost| cost.constraints).sum();
    times.sort();
    let median = times[times.len() / 2].as_secs_f64();
    let kind = if weights == Visible::Public { "public" } else { "private" };
    println!(
        "{:<18} {kind:<8} {constraints:>11} constraints {median:>9.3} s {tried:>5} tried {grown:>10}",
        reference.name
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let kinds = [("public", Visible::Public), ("private", Visible::Private)];
    let names = arguments.iter().filter(|a| kinds.iter().all(|(kind, _)| kind != a)).collect::<Vec<_>>();
    let seen = |kind: &str| {
        kinds.iter().all(|(k, _)| !arguments.iter().any(|a| a == k)) || arguments.iter().any(|a| a == kind)
    };
    let references = common::models::all().expect("the data ships");
    for reference in references.iter().filter(|r| names.is_empty() || names.iter().any(|n| *n == r.name)) {
        for (_, weights) in kinds.iter().filter(|(kind, _)| seen(kind)) {
            if reference.hides || *weights == Visible::Public {
                measure(reference, *weights);
            }
        }
    }
}
