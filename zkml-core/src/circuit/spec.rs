//! Circuit specification: all that a circuit is made from.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{CircuitError, Limits};
use crate::{
    arith::r1cs::{Accumulate, R1cs, Ranged, Tables},
    digest::Digest,
    graph::{Graph, Visibility, Visible},
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
}

impl Spec {
    /// SHA-256 of all of it: what [`super::Circuit::contents`] says.
    pub(super) fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        // The version of contents, which is not that of the circuit's digest.
        hash.update(match (self.checks, self.visibility.weights == Visible::Public) {
            (RangeChecks::Bits, true) => &b"zkml circuit 1"[..],
            (RangeChecks::Lookups, true) => b"zkml circuit 1, lookups",
            (RangeChecks::Bits, false) => b"zkml circuit 2",
            (RangeChecks::Lookups, false) => b"zkml circuit 2, lookups",
        });
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

    /// The circuit in a constraint system, with lookups in these tables if its range checks are lookups; and its table of public inputs.
    pub(super) fn synthesize<C: Accumulate>(
        &self,
        cs: C,
        tables: Tables,
        secrets: Option<&Secrets<'_>>,
    ) -> Result<(C, Vec<Row>), CircuitError> {
        let mut r1cs = R1cs::new(Ranged::new(cs, self.checks, tables));
        let rows = self.relation().synthesize(&mut r1cs, secrets).map_err(|refused| self.refused(refused))?;
        let finished = r1cs.finish();
        let ranged = finished.map_err(|error| CircuitError::Arith { layer: "circuit".to_owned(), error })?;
        Ok((ranged.cs, rows))
    }

    /// The error of a synthesis that failed.
    pub(super) fn refused(&self, (id, error): Refused) -> CircuitError {
        CircuitError::Arith { layer: self.graph.node(id).name.clone(), error }
    }
}
