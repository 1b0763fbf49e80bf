//! Size limits of circuits: everything is counted before anything is built.

use super::{CircuitError, Spec};
use crate::{
    arith::{
        counts::Counts,
        r1cs::{Tables, Tally},
    },
    graph::{Node, NodeId},
    number::{ArithError, Cost},
    plan::synthesis::Refused,
};

/// The largest circuit that is built. What is beyond is an error that names the limit, and takes neither the memory nor the time.
///
/// They are compared in the order of the fields, each before the next is worked out: the first six in closed form, from
/// shapes alone; the last three by counting, which takes no matrix.
///
/// | | [`Limits::default`]: files | [`Limits::own`]: your own models | what it bounds |
/// |---|---:|---:|---|
/// | `bytes` | 2^27 | 2^31 | reading JSON: at most 16 bytes of memory a byte, nested at most 128 deep |
/// | `values` | 2^22 | 2^26 | counting: about 250 bytes and up to 5 microseconds each |
/// | `parameters` | 2^23 | 2^26 | about 200 bytes each |
/// | `terms` | 2^26 | 2^31 | counting and building: about 0.2 microseconds each |
/// | `cells` | 2^24 | 2^26 | the ranges of tables: about 0.2 microseconds each |
/// | `constraints`, `witnesses` | 2^22 | 2^24 | about 200 bytes of rows a constraint |
/// | `entries` | 2^26 | 2^28 | 40 bytes each |
///
/// The figures are estimates for a 64-bit machine. They add up to about 8 GiB for a file that anyone may have made, and to 3 GiB
/// for one that is refused; for a model of your own, most of a machine of 32 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Elements of all nodes' outputs, over the batch.
    pub values: usize,
    /// Elements of all parameters.
    pub parameters: usize,
    /// Summands of all values, those in padding included, over the batch.
    pub terms: usize,
    /// Cells of all tables.
    pub cells: usize,
    /// Constraints.
    pub constraints: usize,
    /// Witness variables.
    pub witnesses: usize,
    /// Entries of the three matrices, and of the linear combinations that are in memory beside them while they are built.
    pub entries: usize,
}

impl Default for Limits {
    /// For circuits of any origin: four million constraints.
    fn default() -> Self {
        Self {
            bytes: 1 << 27,
            values: 1 << 22,
            parameters: 1 << 23,
            terms: 1 << 26,
            cells: 1 << 24,
            constraints: 1 << 22,
            witnesses: 1 << 22,
            entries: 1 << 26,
        }
    }
}

impl Limits {
    /// For models of your own: sixteen million constraints.
    pub fn own() -> Self {
        Self {
            bytes: 1 << 31,
            values: 1 << 26,
            parameters: 1 << 26,
            terms: 1 << 31,
            cells: 1 << 26,
            constraints: 1 << 24,
            witnesses: 1 << 24,
            entries: 1 << 28,
        }
    }

    /// Refuses more than the most.
    pub(super) fn admit(what: &'static str, found: usize, most: usize) -> Result<(), CircuitError> {
        if found > most { Err(CircuitError::TooLarge { what, found, most }) } else { Ok(()) }
    }

    /// Refuses too many constraints or witnesses.
    fn admit_cost(&self, cost: Cost) -> Result<(), CircuitError> {
        Self::admit("constraints", cost.constraints, self.constraints)?;
        Self::admit("witnesses", cost.witnesses, self.witnesses)
    }

    /// Refuses too many constraints, witnesses or entries of what a dry run has counted.
    pub(crate) fn admit_tally(&self, tally: &Tally) -> Result<(), CircuitError> {
        self.admit_cost(Cost::new(tally.constraints, tally.witnesses))?;
        Self::admit("entries", tally.peak(), self.entries)
    }
}

impl Spec {
    /// Refuses what shapes alone say is too large. Each size is compared before the next is worked out, and none takes memory.
    pub(super) fn measure(&self, limits: &Limits) -> Result<(), CircuitError> {
        let values = self.graph.nodes().iter().fold(0usize, |n, node| n.saturating_add(node.shape.len()));
        Limits::admit("values", values.saturating_mul(self.batch), limits.values)?;
        let ids = || (0..self.graph.nodes().len()).map(NodeId);
        let parameters =
            ids().flat_map(|id| self.graph.params(id)).fold(0usize, |n, (_, p)| n.saturating_add(p.shape.len()));
        Limits::admit("parameters", parameters, limits.parameters)?;
        Limits::admit("terms", self.terms(), limits.terms)?;
        let tables = self.plan.steps.iter().flat_map(|step| &step.tables);
        let cells = tables.fold(0usize, |n, table| n.saturating_add(1 << table.bits()));
        Limits::admit("cells", cells, limits.cells)
    }

    /// The summands of all values, those in padding included.
    fn terms(&self) -> usize {
        let each = |(i, node): (usize, &Node)| {
            let inputs = self.graph.input_shapes(NodeId(i));
            // What one value is made of.
            let one = node.layer.as_ref().map_or(0, |l| l.summands(&inputs, &node.shape));
            // What one element is part of: those of a transposed convolution are not seen by its rows.
            let part = match (inputs.as_slice(), &node.layer) {
                ([x], Some(layer)) => x.len().saturating_mul(layer.fanout(&inputs)),
                _ => 0,
            };
            node.shape.len().saturating_mul(one.max(1)).max(part).saturating_mul(self.batch)
        };
        self.graph.nodes().iter().enumerate().map(each).fold(0, usize::saturating_add)
    }

    /// Counts the circuit before it is built, and refuses one that is too large: its constraints gadget by gadget, in
    /// closed form; and only if there are few enough, the entries of its rows one by one. The tables with which it takes the fewest
    /// rows, if its range checks are lookups. Of registered weights the dry run alone counts.
    pub(super) fn count(&self, limits: &Limits) -> Result<Tables, CircuitError> {
        let tables = if self.registers {
            self.tables_of_registered(limits)?
        } else {
            let (counts, tables) = self.counted(limits)?;
            limits.admit_cost(counts.total())?;
            tables
        };
        let tally = Tally::at_most(limits.constraints).with_operators_from(self.operators_from);
        let (tally, _, _) = self.synthesize(tally, tables, None).map_err(|refused| self.uncounted(refused, limits))?;
        limits.admit_tally(&tally)?;
        Ok(tables)
    }

    /// The error of a count that failed, or had too much to count.
    pub(super) fn uncounted(&self, refused: Refused, limits: &Limits) -> CircuitError {
        match refused {
            (_, ArithError::TooMany { found }) => {
                CircuitError::TooLarge { what: "constraints", found, most: limits.constraints }
            }
            other => self.refused(other),
        }
    }

    /// The constraints gadget by gadget, and the tables.
    fn counted(&self, limits: &Limits) -> Result<(Counts, Tables), CircuitError> {
        let mut counts = Counts::of(self.checks).at_most(limits.constraints);
        let counted = self.relation().synthesize(&mut counts, None);
        if let Some(found) = counts.exceeded() {
            Limits::admit("constraints", found, limits.constraints)?;
        }
        counted.map_err(|refused| self.refused(refused))?;
        let tables = counts.choose_tables();
        Ok((counts, tables))
    }

    #[cfg(test)]
    pub(super) fn counts(&self) -> Result<Counts, CircuitError> {
        self.counted(&Limits::own()).map(|(counts, _)| counts)
    }
}
