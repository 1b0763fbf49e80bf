//! What a circuit will cost, before there is one: constraints by layer and gadget, key sizes, memory and time.

use std::fmt;

use serde::Serialize;

use crate::{
    circuit::ReportRow,
    error::PlanError,
    gadget::hash::commitment,
    graph::{Visibility, Visible},
    number::Cost,
    plan::Quantized,
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

/// Seconds a constraint of a proof, on two cores of a server of 2026, as `cargo bench` measures it for the reference
/// models (their witnesses are mostly bits).
const SECONDS_A_CONSTRAINT: f64 = 1.2e-5;

/// The bytes of a proving key with so many constraints, public inputs (with the constant one) and witness variables:
/// A, B in both groups, the quotient's powers and the witness part; 64 bytes a point of G1, 128 a point of G2.
pub fn proving_key_bytes(constraints: usize, instance: usize, witness: usize) -> usize {
    let variables = instance + witness;
    let domain = (constraints + instance).next_power_of_two();
    64 * (2 * variables + domain - 1 + witness) + 128 * variables
}

/// The budget of the circuit that [`crate::circuit::Circuit::new`] would build.
///
/// # Errors
/// If a value may outgrow the field.
pub fn estimate(quantized: &Quantized, visibility: Visibility, batch: usize) -> Result<Estimate, PlanError> {
    let graph = quantized.graph();
    let mut budget = quantized.budget(visibility, batch)?;
    let mut public_inputs = 0;
    let mut commit = |node: usize, intervals: &[_], times: usize| {
        // The salt is a witness, and publishing the commitment a constraint.
        let cost = (commitment::cost(intervals) + Cost::new(1, 1)) * times;
        *budget.entry((node, "commitment")).or_default() += cost;
        times
    };
    if visibility.weights == Visible::Committed {
        let intervals: Vec<_> = quantized
            .params()
            .iter()
            .zip(&quantized.plan().params)
            .flat_map(|(tensors, plans)| tensors.iter().zip(plans))
            .flat_map(|(t, p)| std::iter::repeat_n(p.interval(), t.len()))
            .collect();
        public_inputs += commit(0, &intervals, 1);
    }
    let (input, output) = (graph.shape(graph.input()).len(), graph.shape(graph.output()).len());
    match visibility.input {
        Visible::Public => public_inputs += batch * input,
        Visible::Committed => {
            public_inputs += commit(0, &vec![quantized.plan().input.interval; input], batch);
        }
        Visible::Private => {}
    }
    match visibility.output {
        Visible::Public => public_inputs += batch * output,
        Visible::Committed => {
            let intervals = quantized.output_intervals(visibility)?;
            public_inputs += commit(graph.output().0, &intervals, batch);
        }
        Visible::Private => {}
    }
    let total: Cost = budget.values().copied().sum();
    let rows = budget
        .iter()
        .map(|(&(number, gadget), &cost)| {
            let node = &graph.nodes()[number];
            let layer = node.layer.as_ref().map_or("input", |l| l.card().name);
            ReportRow { node: node.name.clone(), layer, gadget, cost }
        })
        .collect();
    let key = proving_key_bytes(total.constraints, public_inputs + 1, total.witnesses);
    let domain = (total.constraints + public_inputs + 1).next_power_of_two();
    Ok(Estimate {
        model: graph.name().to_owned(),
        rows,
        total,
        public_inputs,
        proving_key_bytes: key,
        memory_bytes: 2 * key + 4 * 32 * domain + 400 * total.constraints,
        seconds: total.constraints as f64 * SECONDS_A_CONSTRAINT,
    })
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
