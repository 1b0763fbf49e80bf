//! Cost estimate of a circuit that is not built yet: constraints by layer and gadget, key sizes, memory and time.

use std::fmt;

use serde::Serialize;

use crate::{
    arith::r1cs::{Label, Ranged, Registering, Tables, Tally},
    circuit::{Circuit, ReportRow, by_gadget},
    error::PlanError,
    graph::{Visibility, Visible},
    number::Cost,
    plan::Quantized,
    prove::{Groth16, ProofSystem, Rates, Work},
};

/// The budget of a circuit that is not built yet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The model's name.
    pub model: String,
    /// Layers and gadgets, in the order of the network. Exact.
    pub rows: Vec<ReportRow>,
    /// The sum. Exact.
    pub total: Cost,
    /// The number of public inputs. Exact.
    pub public_inputs: usize,
    /// The proving key in bytes, uncompressed. Exact but for points at infinity, which take as much as others.
    pub proving_key_bytes: usize,
    /// The most memory that a prover holds at once, in bytes, roughly.
    pub memory_bytes: usize,
    /// The seconds of a proof, roughly, by the rates of a machine that does nothing else.
    pub seconds: f64,
    /// What there is to do for a proof. Exact but for the entries of the matrices, which are never too few.
    #[serde(skip)]
    pub work: Work,
}

/// The budget of the circuit that [`crate::circuit::Circuit::new`] would build.
///
/// # Errors
/// If a value may outgrow the field.
pub fn estimate(quantized: &Quantized, visibility: Visibility, batch: usize) -> Result<Estimate, PlanError> {
    estimate_in::<Groth16>(quantized, visibility, batch)
}

/// The budget of the circuit that [`Quantized::circuit_in`] would build for a proof system, on a machine as [`Rates::default`] has it.
///
/// # Errors
/// If a value may outgrow the field, or the system is one of registered weights and they are not private.
pub fn estimate_in<S: ProofSystem>(
    quantized: &Quantized,
    visibility: Visibility,
    batch: usize,
) -> Result<Estimate, PlanError> {
    estimate_with::<S>(quantized, visibility, batch, &Rates::default())
}

/// As [`estimate_in`], on a machine with these rates.
///
/// # Errors
/// As there.
pub fn estimate_with<S: ProofSystem>(
    quantized: &Quantized,
    visibility: Visibility,
    batch: usize,
    rates: &Rates,
) -> Result<Estimate, PlanError> {
    let tables = if S::REGISTERS {
        if visibility.weights != Visible::Private {
            return Err(PlanError::Registers { found: format!("{:?}", visibility.weights) });
        }
        // What is registered is made as it is used.
        let asking = Ranged::asking(Registering::new(Tally::new(), true));
        Tables::cheapest(quantized.dry_run(visibility, batch, asking)?.requests())
    } else {
        quantized.counts(visibility, batch, S::RANGE_CHECKS)?.1
    };
    let tally = Registering::new(Tally::weighing(), S::REGISTERS);
    let tally = quantized.dry_run(visibility, batch, Ranged::new(tally, S::RANGE_CHECKS, tables))?.cs.cs;
    let nodes = quantized.graph().nodes();
    let row = |((number, gadget), cost): ((usize, &'static str), Cost)| {
        let node = nodes.get(number)?;
        let layer = node.layer.as_ref().map_or("input", |l| l.card().name);
        Some(ReportRow { node: node.name.clone(), layer, gadget, cost })
    };
    let total = Cost::new(tally.constraints, tally.witnesses);
    let labels: Vec<Label> = tally.labels().collect();
    let rows = by_gadget(&labels, total, nodes.len()).into_iter().filter_map(row).collect();
    // The challenge is none of them.
    let public_inputs = tally.instances - usize::from(!S::RANGE_CHECKS.is_bits());
    let work = tally.work().unwrap_or_default();
    Ok(Estimate::of_work::<S>(quantized.graph().name(), rows, work, public_inputs, rates))
}

impl Estimate {
    fn of_work<S: ProofSystem>(
        model: &str,
        rows: Vec<ReportRow>,
        work: Work,
        public_inputs: usize,
        rates: &Rates,
    ) -> Self {
        Self {
            model: model.to_owned(),
            rows,
            total: Cost::new(work.size.constraints, work.size.witness),
            public_inputs,
            proving_key_bytes: S::proving_key_bytes(work.size),
            memory_bytes: S::memory_bytes(&work),
            seconds: S::seconds(&work, rates),
            work,
        }
    }

    /// The budget of a circuit that is built, in a proof system that it is for, on a machine as [`Rates::default`] has it.
    pub fn of<S: ProofSystem>(circuit: &Circuit) -> Self {
        Self::of_with::<S>(circuit, &Rates::default())
    }

    /// As [`Estimate::of`], on a machine with these rates.
    pub fn of_with<S: ProofSystem>(circuit: &Circuit, rates: &Rates) -> Self {
        let report = circuit.report();
        let public_inputs = report.public_inputs - circuit.matrices().challenges();
        Self::of_work::<S>(&report.model, report.rows, report.work, public_inputs, rates)
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::circuit::table(f, &self.model, &self.rows, self.total, self.public_inputs)?;
        f.write_str("  ")?;
        crate::circuit::costs(f, self.proving_key_bytes, self.memory_bytes, self.seconds)
    }
}
