//! Circuit specification: all that a circuit is made from.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{CircuitError, Limits};
use crate::{
    arith::r1cs::{Accumulate, Layout, R1cs, Ranged, Registering, Tables, Tally},
    digest::Digest,
    graph::{Graph, NodeId, Visibility, Visible},
    number::Int,
    plan::{
        Plan,
        synthesis::{Refused, Relation, Row, Secrets},
    },
    prove::RangeChecks,
    tensor::Tensor,
};

/// What defines a circuit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) graph: Graph,
    pub(super) plan: Plan,
    pub(super) visibility: Visibility,
    pub(super) batch: usize,
    /// The weights, where they are public.
    pub(super) constants: Option<Vec<Vec<Tensor<Int>>>>,
    #[serde(default, skip_serializing_if = "RangeChecks::is_bits")]
    pub(super) checks: RangeChecks,
    /// Whether its weights are registered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) registers: bool,
    /// From so many multiplications on, linear maps are operators and not entries of the matrices, which are the same either way.
    #[serde(skip)]
    pub(super) operators_from: Option<usize>,
}

impl Spec {
    /// SHA-256 of all of it: what [`super::Circuit::contents`] says.
    pub(super) fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        // The version of contents, which is not that of the circuit's digest.
        hash.update(b"zkml circuit 6");
        hash.update(match self.checks {
            RangeChecks::Bits => &b""[..],
            RangeChecks::Lookups => b", lookups",
        });
        hash.update(if self.registers { &b", registered"[..] } else { b"" });
        hash.update(self.graph.digest());
        let rest = serde_json::to_vec(&(&self.plan, &self.visibility, self.batch)).unwrap_or_default();
        hash.update((rest.len() as u64).to_le_bytes());
        hash.update(&rest);
        for tensor in self.constants.iter().flatten().flatten() {
            hash.update((tensor.len() as u64).to_le_bytes());
            for q in tensor.data() {
                hash.update(q.to_le_bytes());
            }
        }
        Digest(hash.finalize().into())
    }

    /// Checks what a file may have wrong: its size, the plan, the shapes of public weights.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), CircuitError> {
        self.measure(limits)?;
        self.plan.fits(&self.graph)?;
        self.check_registers()?;
        let public = self.visibility.weights == Visible::Public;
        if public != self.constants.is_some() {
            return Err(CircuitError::Malformed("weights are there if and only if they are public".to_owned()));
        }
        let shapes = self.relation().param_shapes();
        if self.plan.params.iter().zip(&shapes).any(|(p, s)| p.len() != s.len()) {
            return Err(CircuitError::Malformed("the plan has another number of parameters than the graph".to_owned()));
        }
        if self.constants.as_ref().is_some_and(|constants| !self.relation().admits(constants)) {
            return Err(CircuitError::Malformed("the weights are not those of the graph and plan".to_owned()));
        }
        Ok(())
    }

    /// The relation that the circuit proves.
    pub(super) fn relation(&self) -> Relation<'_> {
        Relation {
            graph: &self.graph,
            plan: &self.plan,
            visibility: self.visibility,
            batch: self.batch,
            constants: self.constants.as_deref(),
        }
    }

    /// Refuses registered weights that anyone sees, or that the circuit itself commits to; and those of a circuit of one phase, for which
    /// a system would take them that registers nothing, as variables that nobody checks.
    pub(super) fn check_registers(&self) -> Result<(), CircuitError> {
        let found = self.visibility.weights;
        if self.registers && self.checks.is_bits() {
            let message = "weights are registered and ranges are checked bit by bit, expected lookups";
            return Err(CircuitError::Malformed(message.to_owned()));
        }
        if self.registers && found != Visible::Private { Err(CircuitError::Registers { found }) } else { Ok(()) }
    }

    /// The circuit in a constraint system, with lookups in these tables if its range checks are lookups; its table of public inputs, and what
    /// its registered variables hold.
    pub(super) fn synthesize<C: Accumulate>(
        &self,
        cs: C,
        tables: Tables,
        secrets: Option<&Secrets<'_>>,
    ) -> Result<(C, Vec<Row>, Layout), Refused> {
        let ranged = Ranged::new(Registering::new(cs, self.registers), self.checks, tables);
        let (ranged, rows) = self.synthesize_in(ranged, secrets)?;
        let (cs, layout) = ranged.cs.finish();
        Ok((cs, rows, layout))
    }

    fn synthesize_in<C: Accumulate>(&self, cs: C, secrets: Option<&Secrets<'_>>) -> Result<(C, Vec<Row>), Refused> {
        let mut r1cs = R1cs::new(cs);
        let rows = self.relation().synthesize(&mut r1cs, secrets)?;
        Ok((r1cs.finish().map_err(|error| (NodeId(0), error))?, rows))
    }

    /// The tables with which a circuit of registered weights takes the fewest rows: by a dry run, since what is registered is made as it
    /// is used.
    pub(super) fn tables_of_registered(&self, limits: &Limits) -> Result<Tables, CircuitError> {
        let asking = Ranged::asking(Registering::new(Tally::at_most(limits.constraints), true));
        let (ranged, _) = self.synthesize_in(asking, None).map_err(|refused| self.uncounted(refused, limits))?;
        Ok(Tables::cheapest(ranged.requests()))
    }

    /// The error of a synthesis that failed.
    pub(super) fn refused(&self, (id, error): Refused) -> CircuitError {
        CircuitError::Arith { layer: self.graph.node(id).name.clone(), error }
    }
}
