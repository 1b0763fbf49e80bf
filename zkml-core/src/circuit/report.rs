//! Cost report of a built circuit, layer by layer.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::Circuit;
use crate::{
    arith::r1cs::Label,
    number::Cost,
    prove::{Groth16, ProofSystem, RangeChecks, Rates, Registered, TwoPhase, Work},
};

/// One row of a [`Report`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportRow {
    /// The node.
    pub node: String,
    /// Its layer.
    pub layer: &'static str,
    /// The gadget.
    pub gadget: &'static str,
    /// What it costs, over the whole batch.
    pub cost: Cost,
}

/// What a circuit costs, layer by layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The model's name.
    pub model: String,
    /// Layers and gadgets, in the order of the network.
    pub rows: Vec<ReportRow>,
    /// The sum.
    pub total: Cost,
    /// The number of public inputs.
    pub public_inputs: usize,
    /// The proof system that the circuit is for.
    pub system: &'static str,
    /// The size of the proving key in bytes, uncompressed.
    pub proving_key_bytes: usize,
    /// The size of a proof in bytes, without its public inputs.
    pub proof_bytes: usize,
    /// The most memory that a prover holds at once, in bytes, roughly.
    pub memory_bytes: usize,
    /// The seconds of a proof, roughly: see [`crate::prove::rates`].
    pub seconds: f64,
    /// No score is farther from the float forward pass's, whatever the input; nothing where no bound is known.
    pub proven_error: Option<f64>,
    /// Entries of the matrices that are not zero.
    pub entries: usize,
    /// What there is to do for a proof.
    #[serde(skip)]
    pub work: Work,
}

/// What each gadget of each of so many nodes costs, by where constraints come from.
pub(crate) fn by_gadget(labels: &[Label], total: Cost, nodes: usize) -> BTreeMap<(usize, &'static str), Cost> {
    let mut costs = BTreeMap::<(usize, &'static str), Cost>::new();
    let ends = labels.iter().skip(1).map(|l| (l.first, l.witness));
    for (label, (end, witness)) in labels.iter().zip(ends.chain([(total.constraints, total.witnesses)])) {
        let cost = Cost::new(end - label.first, witness - label.witness);
        if cost != Cost::default() {
            *costs.entry((label.node % nodes.max(1), label.gadget)).or_default() += cost;
        }
    }
    costs
}

impl Report {
    pub(super) fn of(circuit: &Circuit, rates: &Rates) -> Self {
        match (circuit.spec.checks, circuit.spec.registers) {
            (_, true) => Self::in_system::<Registered>(circuit, rates),
            (RangeChecks::Bits, _) => Self::in_system::<Groth16>(circuit, rates),
            (RangeChecks::Lookups, _) => Self::in_system::<TwoPhase>(circuit, rates),
        }
    }

    fn in_system<S: ProofSystem>(circuit: &Circuit, rates: &Rates) -> Self {
        let m = &circuit.matrices;
        let total = Cost::new(m.constraints(), m.witness);
        let rows = by_gadget(&circuit.labels, total, circuit.spec.graph.nodes().len())
            .into_iter()
            .map(|((number, gadget), cost)| {
                let (node, _, layer) = circuit.locate(number);
                ReportRow { node: node.to_owned(), layer, gadget, cost }
            })
            .collect();
        let work = m.work();
        Self {
            model: circuit.spec.graph.name().to_owned(),
            rows,
            total,
            public_inputs: m.instance - 1,
            system: S::NAME,
            proving_key_bytes: S::proving_key_bytes(work.size),
            proof_bytes: S::proof_bytes(),
            memory_bytes: S::memory_bytes(&work),
            seconds: S::seconds(&work, rates),
            proven_error: circuit.proven.error,
            entries: work.entries,
            work,
        }
    }

    /// The constraints of each node.
    pub fn by_node(&self) -> Vec<(&str, &'static str, Cost)> {
        let mut nodes: Vec<(&str, &'static str, Cost)> = Vec::new();
        for row in &self.rows {
            match nodes.last_mut() {
                Some(last) if last.0 == row.node => last.2 += row.cost,
                _ => nodes.push((&row.node, row.layer, row.cost)),
            }
        }
        nodes
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table(f, &self.model, &self.rows, self.total, self.public_inputs)?;
        write!(f, "  {}: proof {} bytes, ", self.system, self.proof_bytes)?;
        costs(f, self.proving_key_bytes, self.memory_bytes, self.seconds)?;
        writeln!(f)?;
        match self.proven_error {
            Some(error) => {
                write!(f, "  no score is off by more than {error:.5} from the float model, whatever the input")
            }
            None => write!(f, "  no bound is known on how far scores are from the float model's"),
        }
    }
}

/// Prints what a proof takes.
pub(crate) fn costs(f: &mut fmt::Formatter<'_>, key: usize, memory: usize, seconds: f64) -> fmt::Result {
    let megabytes = |bytes: usize| bytes as f64 / 1e6;
    write!(
        f,
        "proving key {:.1} MB, about {:.0} MB of memory and {seconds:.2} s a proof",
        megabytes(key),
        megabytes(memory)
    )
}

/// Prints rows with their share of the total.
pub(crate) fn table(
    f: &mut fmt::Formatter<'_>,
    model: &str,
    rows: &[ReportRow],
    total: Cost,
    public_inputs: usize,
) -> fmt::Result {
    let Cost { constraints, witnesses, .. } = total;
    writeln!(f, "{model}: {constraints} constraints, {witnesses} witnesses, {public_inputs} public inputs")?;
    writeln!(f, "  {:<20} {:<18} {:<12} {:>11} {:>7}", "node", "layer", "gadget", "constraints", "share")?;
    for row in rows {
        let (count, share) = (row.cost.constraints, 100.0 * row.cost.constraints as f64 / constraints.max(1) as f64);
        writeln!(f, "  {:<20} {:<18} {:<12} {count:>11} {share:>6.1}%", row.node, row.layer, row.gadget)?;
    }
    Ok(())
}
