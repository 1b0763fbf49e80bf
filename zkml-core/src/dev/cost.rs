//! Cost estimate of a circuit that is not built yet: constraints by layer and gadget, key sizes, memory and time.

use std::fmt;

use serde::Serialize;

use crate::{
    circuit::{Circuit, ReportRow},
    error::PlanError,
    graph::Visibility,
    number::Cost,
    plan::Quantized,
    prove::{Groth16, ProofSystem, Size},
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
    /// The most memory of a proof, roughly: the key, the matrices, and the evaluations of three polynomials.
    pub memory_bytes: usize,
    /// The seconds of a proof on two cores, roughly.
    pub seconds: f64,
}

/// The budget of the circuit that [`crate::circuit::Circuit::new`] would build.
///
/// # Errors
/// If a value may outgrow the field.
pub fn estimate(quantized: &Quantized, visibility: Visibility, batch: usize) -> Result<Estimate, PlanError> {
    estimate_in::<Groth16>(quantized, visibility, batch)
}

/// The budget of the circuit that [`Quantized::circuit_in`] would build for a proof system. Of registered weights, what is registered is
/// made as it is used: [`Estimate::of`] counts the circuit that was built.
///
/// # Errors
/// If a value may outgrow the field.
pub fn estimate_in<S: ProofSystem>(
    quantized: &Quantized,
    visibility: Visibility,
    batch: usize,
) -> Result<Estimate, PlanError> {
    let counts = quantized.counts(visibility, batch, S::RANGE_CHECKS)?;
    // The challenge is none of them.
    let public_inputs = counts.instances() - usize::from(!S::RANGE_CHECKS.is_bits());
    let total = counts.total();
    let row = |(&(number, gadget), &cost): (&(usize, &'static str), &Cost)| {
        let node = &quantized.graph().nodes()[number];
        let layer = node.layer.as_ref().map_or("input", |l| l.card().name);
        ReportRow { node: node.name.clone(), layer, gadget, cost }
    };
    let size = Size {
        constraints: total.constraints,
        instance: counts.instances() + 1,
        witness: total.witnesses,
        fixed: counts.fixed(),
    };
    let rows = counts.budget().iter().map(row).collect();
    Ok(Estimate::sized::<S>(quantized.graph().name(), rows, size, public_inputs))
}

impl Estimate {
    fn sized<S: ProofSystem>(model: &str, rows: Vec<ReportRow>, size: Size, public_inputs: usize) -> Self {
        Self {
            model: model.to_owned(),
            rows,
            total: Cost::new(size.constraints, size.witness),
            public_inputs,
            proving_key_bytes: S::proving_key_bytes(size),
            memory_bytes: S::memory_bytes(size),
            seconds: S::seconds(size),
        }
    }

    /// The budget of a circuit that is built, in a proof system that it is for.
    pub fn of<S: ProofSystem>(circuit: &Circuit) -> Self {
        let report = circuit.report();
        let size = circuit.matrices().size();
        Self::sized::<S>(&report.model, report.rows, size, report.public_inputs - circuit.matrices().challenges())
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::circuit::table(f, &self.model, &self.rows, self.total, self.public_inputs)?;
        write!(
            f,
            "  proving key {:.1} MB, about {:.0} MB of memory and {:.1} s on two cores a proof",
            self.proving_key_bytes as f64 / 1e6,
            self.memory_bytes as f64 / 1e6,
            self.seconds
        )
    }
}
