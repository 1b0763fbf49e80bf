//! What the reference models cost: constraints, witnesses and public inputs, with public, private and registered weights, in both proof
//! systems.
//!
//! `cargo run --release --example budget -- --json` prints one JSON line a model, visibility and system. With public weights each count is held
//! against what its activations need, see [`common::bound`]: more than a tenth above is an error. With the feature `bounty`, the statements
//! of a bounty on `poly_cnn` follow: the CID of one image, its answer by committed weights, and these weights encrypted.

#[path = "common/mod.rs"]
mod common;

use std::error::Error;

use common::{bound, models, progress::Step};
use serde_json::json;
use zkml::{
    dev::cost::{Estimate, estimate_in},
    prelude::*,
    prove::{Groth16, ProofSystem, Registered, TwoPhase},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|a| a == "--json");
    let only: Vec<&String> = arguments.iter().filter(|a| !a.starts_with("--")).collect();
    if let Some(unknown) = arguments.iter().find(|a| a.starts_with("--") && *a != "--json") {
        return Err(format!("unknown option {unknown}; usage: budget [--json] [MODEL ..]").into());
    }
    let references = models::all()?;
    let mut names: Vec<&str> = references.iter().map(|r| r.name).collect();
    if cfg!(feature = "bounty") {
        names.push("bounty");
    }
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!("no model `{unknown}`; the models are {}", names.join(", ")).into());
    }
    for weights in [Visible::Public, Visible::Private] {
        let shown = |r: &&models::Reference| only.is_empty() || only.iter().any(|n| *n == r.name);
        for reference in references.iter().filter(shown).filter(|r| r.hides || weights == Visible::Public) {
            let step = Step::new(reference.name);
            let visibility = Visibility { weights, ..reference.visibility };
            let model = reference.model.clone().with_visibility(visibility);
            let kind = if weights == Visible::Public { "public" } else { "private" };
            let (plain, quantized) = planned::<Groth16>(reference, &model, &step)?;
            let needed = bound::activations(&quantized)?;
            let constraints = plain.estimate.total.constraints;
            let mut all = vec![
                (Groth16::NAME, kind, plain),
                (TwoPhase::NAME, kind, planned::<TwoPhase>(reference, &model, &step)?.0),
            ];
            if weights == Visible::Private {
                all.push((TwoPhase::NAME, "registered", planned::<Registered>(reference, &model, &step)?.0));
            }
            step.clear();
            for (system, kind, Planned { estimate, calibrated, held }) in all {
                let total = estimate.total;
                if json {
                    let line = json!({
                        "model": reference.name,
                        "weights": kind,
                        "system": system,
                        "constraints": total.constraints,
                        "witnesses": total.witnesses,
                        "public_inputs": estimate.public_inputs,
                        "proving_key_bytes": estimate.proving_key_bytes,
                        "parameters": reference.model.graph().parameter_count(),
                        "activations_bound": needed,
                        "top1_agreement": calibrated.top1(),
                        "top1_agreement_held_back": held.top1(),
                    });
                    println!("{line}");
                } else {
                    println!("{estimate}");
                    println!("{} ({kind} weights, {system}): {} constraints", reference.name, total.constraints);
                    println!("{calibrated}");
                }
            }
            let exceeded = needed.filter(|needed| constraints as f64 > bound::SLACK * *needed as f64);
            if let Some(needed) = exceeded.filter(|_| weights == Visible::Public) {
                return Err(
                    format!("{}: {constraints} constraints, the activations need {needed}", reference.name).into()
                );
            }
        }
    }
    #[cfg(feature = "bounty")]
    if only.is_empty() || only.iter().any(|name| *name == "bounty") {
        for reference in references.into_iter().filter(|r| r.name == "poly_cnn") {
            bounty(reference, json)?;
        }
    }
    Ok(())
}

/// What a model's plan for a proof system costs, and how faithful it is.
struct Planned {
    estimate: Estimate,
    calibrated: Fidelity,
    held: Fidelity,
}

/// The plan of a model with the fewest constraints in a proof system, and the model under it.
fn planned<S: ProofSystem>(
    reference: &models::Reference,
    model: &Model,
    step: &Step,
) -> Result<(Planned, Quantized), Box<dyn Error>> {
    let target = reference.target.for_system::<S>();
    let quantized = model.quantize_with(&reference.samples, target, &mut |p| step.show(&p))?;
    let planned = Planned {
        estimate: estimate_in::<S>(&quantized, model.visibility(), 1)?,
        calibrated: quantized.fidelity(&reference.samples)?,
        held: quantized.fidelity(&reference.test)?,
    };
    Ok((planned, quantized))
}

/// The statements of a bounty on a model and one image.
#[cfg(feature = "bounty")]
fn bounty(reference: common::models::Reference, json: bool) -> Result<(), Box<dyn Error>> {
    let step = Step::new("bounty");
    let model = reference.model.with_visibility(zkml::bounty::accuracy::VISIBILITY);
    let quantized = model.quantize_with(&reference.samples, reference.target, &mut |p| step.show(&p))?;
    let statements = common::statements::of(&quantized, &reference.test[..1])?;
    let looked_up = zkml::bounty::compose::Composed::of_system::<TwoPhase>(statements.data.composition().clone())?;
    step.clear();
    for (statement, system, matrices, table) in [
        ("data", Groth16::NAME, statements.data.matrices(), statements.data.table()),
        ("data", TwoPhase::NAME, looked_up.matrices(), looked_up.table()),
        ("accuracy", Groth16::NAME, statements.accuracy.matrices(), statements.accuracy.table()),
        ("delivery", Groth16::NAME, statements.delivery.matrices(), statements.delivery.table()),
    ] {
        let (constraints, witnesses, public_inputs) = (matrices.constraints(), matrices.witness, table.len());
        if json {
            let line = json!({
                "model": reference.name,
                "statement": statement,
                "system": system,
                "constraints": constraints,
                "witnesses": witnesses,
                "public_inputs": public_inputs,
            });
            println!("{line}");
        } else {
            println!("{} ({statement} statement, {system}): {constraints} constraints", reference.name);
        }
    }
    Ok(())
}
