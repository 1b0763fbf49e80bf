//! `zkml cost`: what a proof costs, before there is a circuit or a key.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use zkml::{
    circuit::ReportRow,
    dev::cost::{Estimate, estimate_with},
    evm::EvmSystem,
    graph::{Visibility, Visible},
    model::Model,
    plan::{Plan, Quantized},
    prove::{ProofSystem as _, Rates},
};

use crate::{
    error::Error,
    model,
    out::{Out, bytes, count, table, time},
    project::{Project, Weights},
    registered::{in_either, in_use},
    system::System,
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// The model; that of the project file where none is named
    model: Option<PathBuf>,
    /// How many inputs one proof is about
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    batch: usize,
}

#[derive(Serialize)]
struct Report {
    model: String,
    batch: usize,
    visibility: Visibility,
    registered: bool,
    system: System,
    costs: Vec<Costs>,
    layers: Vec<Layer>,
}

/// What a proof costs in one proof system, with weights that are seen so.
#[derive(Serialize)]
struct Costs {
    system: System,
    weights: Weights,
    /// Why the circuit is not built under this plan, if it is not.
    refused: Option<String>,
    constraints: Option<usize>,
    witnesses: Option<usize>,
    public_inputs: Option<usize>,
    proving_key_bytes: Option<usize>,
    proof_bytes: usize,
    memory_bytes: Option<usize>,
    seconds: Option<f64>,
    gas: Option<u64>,
}

/// The rows of a layer.
#[derive(Serialize)]
struct Layer {
    node: String,
    layer: &'static str,
    constraints: usize,
    witnesses: usize,
    share: f64,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    let project = project.with_model(arguments.model.as_ref());
    let (rates, visibility, system) = (project.rates()?, project.visibility(), project.settings.system);
    project.model()?;
    let plan = model::plan(&project)?;
    let model = model::load(&project)?;
    let mut costs = vec![];
    let both =
        [System::Groth16, System::TwoPhase].map(|system| shown(visibility.weights).map(|weights| (system, weights)));
    for (system, weights) in both.into_iter().flatten().chain([(System::TwoPhase, Weights::Registered)]) {
        let registers = weights == Weights::Registered;
        let of = (system, weights);
        costs.push(in_either!(registers, system, costs_in(&project, &model, &plan, of, arguments.batch, &rates)));
    }
    let quantized = model::of_plan(&project, &model, &plan)?;
    let own = in_use!(project, estimate_in(&quantized, visibility, arguments.batch, &rates))?;
    let report = Report {
        model: quantized.graph().name().to_owned(),
        batch: arguments.batch,
        visibility,
        registered: project.registered(),
        system,
        costs,
        layers: layers(&own),
    };
    out.show(&report, || text(&report));
    Ok(())
}

/// Both visibilities of weights; the project's own is one of them.
fn shown(weights: Visible) -> [Weights; 2] {
    match weights {
        Visible::Public | Visible::Private => [Weights::Public, Weights::Private],
        Visible::Committed => [Weights::Public, Weights::Committed],
    }
}

fn estimate_in<S: EvmSystem>(
    quantized: &Quantized,
    visibility: Visibility,
    batch: usize,
    rates: &Rates,
) -> Result<Estimate, Error> {
    if !(1..=1 << 12).contains(&batch) {
        return Err(Error::Usage(format!("a batch of {batch}, expected 1 to {}", 1 << 12)));
    }
    Ok(estimate_with::<S>(quantized, visibility, batch, rates)?)
}

fn costs_in<S: EvmSystem>(
    project: &Project,
    model: &Model,
    plan: &Plan,
    (system, weights): (System, Weights),
    batch: usize,
    rates: &Rates,
) -> Costs {
    let visibility = Visibility { weights: weights.visible(), ..project.visibility() };
    let none = Costs {
        system,
        weights,
        refused: None,
        constraints: None,
        witnesses: None,
        public_inputs: None,
        proving_key_bytes: None,
        proof_bytes: S::proof_bytes(),
        memory_bytes: None,
        seconds: None,
        gas: None,
    };
    let estimate = || {
        let quantized = model::of_plan(project, &model.clone().with_visibility(visibility), plan)?;
        let estimate = estimate_in::<S>(&quantized, visibility, batch, rates)?;
        let finer = quantized.plan().steps.iter().any(|step| !step.channels.is_empty());
        let reveals = weights != Weights::Public && (finer || quantized.passes().iter().any(|pass| pass.values));
        Ok::<_, Error>((estimate, reveals))
    };
    match estimate() {
        Err(error) => Costs { refused: Some(error.to_string()), ..none },
        Ok((estimate, reveals)) => {
            let reason =
                "the plan depends on the values of the weights: make one for hidden weights, `visibility.weights`";
            let inputs = estimate.public_inputs;
            Costs {
                refused: reveals.then(|| reason.to_owned()),
                constraints: Some(estimate.total.constraints),
                witnesses: Some(estimate.total.witnesses),
                public_inputs: Some(inputs),
                proving_key_bytes: Some(estimate.proving_key_bytes),
                memory_bytes: Some(estimate.memory_bytes),
                seconds: Some(estimate.seconds),
                gas: (1..=S::MAX_INPUTS).contains(&inputs).then(|| S::gas(inputs)),
                ..none
            }
        }
    }
}

fn layers(estimate: &Estimate) -> Vec<Layer> {
    let mut layers: Vec<Layer> = vec![];
    let all = estimate.total.constraints.max(1) as f64;
    for ReportRow { node, layer, cost, .. } in &estimate.rows {
        let (constraints, witnesses) = (cost.constraints, cost.witnesses);
        match layers.last_mut() {
            Some(last) if last.node == *node => {
                last.constraints += constraints;
                last.witnesses += witnesses;
            }
            _ => layers.push(Layer { node: node.clone(), layer, constraints, witnesses, share: 0.0 }),
        }
    }
    for layer in &mut layers {
        layer.share = layer.constraints as f64 / all;
    }
    layers
}

fn text(report: &Report) -> String {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let row = |c: &Costs| {
        let mark = if c.refused.is_some() { " *" } else { "" };
        vec![
            c.system.name().to_owned(),
            format!("{}{mark}", c.weights.name()),
            or_dash(c.constraints.map(count)),
            or_dash(c.public_inputs.map(count)),
            or_dash(c.proving_key_bytes.map(bytes)),
            or_dash(c.memory_bytes.map(bytes)),
            or_dash(c.seconds.map(time)),
            bytes(c.proof_bytes),
            or_dash(c.gas.map(|gas| count(gas as usize))),
        ]
    };
    let layer = |l: &Layer| {
        let share = format!("{:.1}%", 100.0 * l.share);
        vec![l.node.clone(), l.layer.to_owned(), count(l.constraints), count(l.witnesses), share]
    };
    let mut notes: Vec<&String> = report.costs.iter().filter_map(|c| c.refused.as_ref()).collect();
    notes.dedup();
    let notes: String = notes.iter().map(|note| format!("\n  * {note}")).collect();
    format!(
        "{}, {} input{} a proof\n{}{notes}\n\n{}, {}{}\n{}",
        report.model,
        report.batch,
        if report.batch == 1 { "" } else { "s" },
        table(
            &["system", "weights", "constraints", "public inputs", "proving key", "memory", "prove", "proof", "gas"],
            &[2, 3, 4, 5, 6, 7, 8],
            &report.costs.iter().map(row).collect::<Vec<_>>()
        ),
        report.system.name(),
        model::seen(report.visibility),
        if report.registered { ", registered" } else { "" },
        table(
            &["node", "layer", "constraints", "witnesses", "share"],
            &[2, 3, 4],
            &report.layers.iter().map(layer).collect::<Vec<_>>()
        ),
    )
}
