//! The plan: how reals become integers, where they are rescaled, and how faithful the result is.
//!
//! A real `x` is held as an integer `q` with `x ~ q / 2^s`. The plan fixes `s` for the input, for every parameter and, by
//! the layers' own rules, for every wire; and where values are rescaled or saturated. It holds no weight: with private
//! weights, one plan, one circuit and one pair of keys serve every retraining that fits the declared widths.
//!
//! # What a plan says of hidden weights
//!
//! A plan is public: it is a part of the circuit. Under one plan, all that is public of a circuit with hidden weights (graph,
//! constraints, digest, table, the sizes of keys) is the same to the byte, whatever the weights. But the plan itself is chosen
//! by trying it: [`Model::quantize`] runs the model on samples, and what it settles on depends on the weights that it has. It
//! tells, in powers of two, how large each tensor of weights is and how large values become, and less directly how errors grow.
//! That is what makes a plan cheap; a plan chosen blindly would have to hold whatever weights there may be.
//!
//! Whoever must not show even that makes the plan with other weights of the same graph, leaves room, and holds the trained
//! ones under it:
//!
//! ```
//! # use zkml_core::{graph::{Graph, Range, Visibility, Visible}, layer::Args, model::Model, plan::Target, shape::Shape, tensor::Tensor};
//! # use rand::{SeedableRng, rngs::StdRng};
//! # let mut graph = Graph::new("model", Shape::new([4])).with_range(Range::Real(-1.0, 1.0))?;
//! # let y = graph.add("dense", Args::new().with("units", 3), &[graph.input()])?;
//! # graph.add("relu", Args::new(), &[y])?;
//! # let hidden = Visibility { weights: Visible::Private, ..Visibility::default() };
//! # let trained = Model::init(graph.clone(), hidden, &mut StdRng::seed_from_u64(2))?;
//! # let samples = [Tensor::vector(vec![0.5, -0.25, 1.0, 0.0])];
//! let fresh = Model::init(graph, hidden, &mut StdRng::seed_from_u64(1))?;
//! let plan = fresh.quantize(&samples, Target::default())?.plan().widened(2);
//! let quantized = trained.quantize_to(&plan)?;
//! println!("{}", quantized.fidelity(&samples)?); // this is for the owner of the weights
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Model::quantize`]: crate::model::Model::quantize

#[allow(clippy::disallowed_methods, reason = "weighs plans, before there is one")]
mod balance;
#[allow(clippy::disallowed_methods, reason = "measures samples, before there is a plan")]
mod calibration;
#[allow(clippy::disallowed_methods, reason = "weighs plans, before there is one")]
mod candidate;
pub mod channels;
mod consumers;
mod domain;
pub mod errors;
pub mod fidelity;
#[allow(clippy::disallowed_methods, reason = "draws a chart")]
pub mod frontier;
mod ledger;
mod prices;
pub mod proven;
mod quantize;
pub mod quantized;
pub mod search;
pub mod synthesis;
mod trial;
pub mod walk;
mod whole;

use std::{fmt, path::Path, time::Duration};

use serde::{Deserialize, Serialize};

pub use self::{
    fidelity::Fidelity,
    frontier::{Frontier, Point},
    proven::Proven,
    quantized::{Loss, Prediction, Quantized},
    search::Progress,
};
use crate::{
    bounded,
    digest::Digest,
    error::PlanError,
    graph::{Graph, NodeId, Range},
    layer::{AnyLayer, Kind, Role, Step},
    number::{
        Int, Interval,
        float::{self, Round},
        interval::pow2,
    },
    prove::{Groth16, ProofSystem, RangeChecks},
    tensor::Tensor,
};

/// Where the widths of decompositions come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// From intervals: every input within the declared range can be proved.
    #[default]
    Static,
    /// From the largest magnitude that the calibration samples reach, and some bits more. This is cheaper; but an input
    /// that leads beyond cannot be proved. It is refused, with an error that names the layer, and counts as wrong in
    /// every report. It is never misproved: a decomposition exists only for values within its width.
    Calibrated {
        /// The bits more than the samples need.
        margin_bits: u32,
    },
}

/// How faithful the integers must be to the float reference, on the calibration samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The fraction of samples whose class must be the same; of a model without classes, nothing is asked.
    pub top1: f64,
    /// The largest error of any score, proven for every input of the declared range (and, where the weights are hidden, for all that fit
    /// the plan). Without: none is asked for.
    pub proven_error: Option<f64>,
    /// The largest error of any score. Without: unbounded for a model with classes, else 1% of the largest score.
    pub max_error: Option<f64>,
    /// The most plans that the search tries on the samples.
    pub tries: usize,
    /// The time after which the search gives the best plan that it has. Without: it ends by itself.
    pub time_limit: Option<Duration>,
    /// Where the widths of decompositions come from.
    pub policy: Policy,
    /// The circuits whose constraints are to be few.
    pub circuits: Circuits,
}

/// Circuits as the search of plans counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circuits {
    /// How ranges are checked.
    pub checks: RangeChecks,
    /// Whether hidden weights are registered: their ranges are then checked elsewhere, once.
    pub registers: bool,
}

impl Circuits {
    /// Those of a proof system.
    pub fn of<S: ProofSystem>() -> Self {
        Self { checks: S::RANGE_CHECKS, registers: S::REGISTERS }
    }
}

impl Default for Circuits {
    /// Those of plain Groth16.
    fn default() -> Self {
        Self::of::<Groth16>()
    }
}

/// The finest and the coarsest scale of a plan: that of a table of public inputs too.
const MAX_SCALE: u32 = 512;

impl Default for Target {
    /// The same class on every sample.
    fn default() -> Self {
        let (policy, circuits) = (Policy::Static, Circuits::default());
        Self { top1: 1.0, max_error: None, proven_error: None, tries: 400, time_limit: None, policy, circuits }
    }
}

impl Target {
    /// The same class on this fraction of the samples.
    pub fn top1(fraction: f64) -> Self {
        Self { top1: fraction, ..Self::default() }
    }

    /// No score off by more than this.
    #[must_use]
    pub fn max_error(mut self, error: f64) -> Self {
        self.max_error = Some(error);
        self
    }

    /// No score off by more than this, whatever the input: see [`Plan::check`].
    #[must_use]
    pub fn proven_error(mut self, error: f64) -> Self {
        self.proven_error = Some(error);
        self
    }

    /// The best plan that is found within this time, counted from the call; it is looked at before every plan, so that a large model may take
    /// a little longer, and never less than one forward pass of each sample.
    ///
    /// A search that ends before finds the plan that it finds without a limit, the same on every machine. One that is cut off depends
    /// on how fast the machine is: [`Frontier::timed_out`] and the report ([`Fidelity`]) say so. Where the time is over before any
    /// plan meets the target, [`Model::quantize`](crate::model::Model::quantize) gives [`PlanError::TimeLimit`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use zkml_core::plan::Target;
    /// let target = Target::top1(0.99).time_limit(Duration::from_secs(60));
    /// assert_eq!(target.time_limit, Some(Duration::from_secs(60)));
    /// ```
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// The plan with the fewest constraints in this proof system. Any plan serves in any system; that with the fewest bits is not that with
    /// the fewest lookups.
    ///
    /// ```
    /// # use zkml_core::{plan::{Circuits, Target}, prove::TwoPhase};
    /// let target = Target::top1(0.99).for_system::<TwoPhase>();
    /// assert_eq!(target.circuits, Circuits::of::<TwoPhase>());
    /// ```
    #[must_use]
    pub fn for_system<S: ProofSystem>(mut self) -> Self {
        self.circuits = Circuits::of::<S>();
        self
    }

    /// Decompositions only as wide as the samples need, and so many bits more: see [`Policy::Calibrated`].
    #[must_use]
    pub fn calibrated(mut self, margin_bits: u32) -> Self {
        self.policy = Policy::Calibrated { margin_bits };
        self
    }
}

/// How the input is held.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputPlan {
    /// `x ~ q / 2^scale`.
    pub scale: i32,
    /// The integers that the circuit accepts.
    pub interval: Interval,
}

/// How a parameter is held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParamPlan {
    /// Its full name.
    pub name: String,
    /// What it is to the layer.
    pub role: Role,
    /// `w ~ q / 2^scale`.
    pub scale: i32,
    /// `-2^(bits-1) <= q < 2^(bits-1)`: enforced in the circuit if weights are not public.
    pub bits: u32,
}

impl ParamPlan {
    /// The integers that fit.
    pub fn interval(&self) -> Interval {
        let half = pow2(self.bits.max(1) - 1);
        Interval { lo: -half, hi: half - Int::ONE }
    }
}

/// The plan of a graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The digest of the optimised graph that it belongs to.
    pub graph: Digest,
    /// Where the widths of decompositions come from.
    #[serde(default)]
    pub policy: Policy,
    /// How the input is held.
    pub input: InputPlan,
    /// For every node, its step. The input's may rescale what the circuit was given.
    pub steps: Vec<Step>,
    /// For every node, how its lowered parameters are held.
    pub params: Vec<Vec<ParamPlan>>,
    /// For every node, the scale of its output.
    pub scales: Vec<i32>,
    /// No score is farther from that of the float forward pass, whatever the input and whatever the weights, as long as they fit; nothing
    /// where no bound is known. A plan that states less than is proven is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
}

impl Plan {
    /// Checks that the plan is one for this graph: that all it says is of the right number and kind.
    ///
    /// # Errors
    /// If it is not, or if it is inconsistent.
    pub fn fits(&self, graph: &Graph) -> Result<(), PlanError> {
        let nodes = graph.nodes();
        let consistent = self.graph == graph.digest()
            && self.steps.len() == nodes.len()
            && self.params.len() == nodes.len()
            && self.scales.len() == nodes.len()
            && self.keeps_input()
            && self.keeps_widths()
            && self.input.interval.lo < self.input.interval.hi
            && Interval::new(self.input.interval.lo, self.input.interval.hi).is_ok()
            && self.input.scale.unsigned_abs() <= MAX_SCALE
            && self.keeps_range(graph)
            && self.params[0].is_empty()
            && channels::check(graph, &self.steps)
            && nodes.iter().enumerate().skip(1).all(|(i, node)| {
                let (step, Some(layer)) = (&self.steps[i], &node.layer) else { return false };
                step.inputs.len() == node.inputs.len()
                    && step.inputs.iter().zip(&node.inputs).all(|(s, n)| self.scales[n.0] == *s)
                    && step.shift <= 250
                    && layer.holds(step)
                    && step.weight_scale.unsigned_abs() <= 250
                    && self.scales[i].unsigned_abs() <= MAX_SCALE
                    && self.scales[i] == output_scale(layer, step)
                    && self.keeps_roles(graph, NodeId(i), layer)
                    && self.params[i]
                        .iter()
                        .all(|p| (1..=240).contains(&p.bits) && p.scale == param_scale(layer, step, p.role))
            });
        if consistent {
            return Ok(());
        }
        Err(PlanError::OtherGraph {
            plan: self.graph,
            graph: graph.digest(),
            found: self.steps.len(),
            expected: nodes.len(),
        })
    }

    /// Whether the input's step only cuts it down.
    fn keeps_input(&self) -> bool {
        let step = &self.steps[0];
        let cut = Step { shift: step.shift, saturate: step.saturate, bits: step.bits, ..Step::default() };
        *step == cut && step.shift <= 250 && self.scales[0] == self.input.scale - step.shift as i32
    }

    /// Whether widths and saturations are sizes that there are, and widths only where the policy allows them.
    fn keeps_widths(&self) -> bool {
        self.steps.iter().all(|step| {
            step.bits.is_none_or(|w| w <= 250 && self.policy != Policy::Static)
                && step.saturate.is_none_or(|b| (1..=250).contains(&b))
        })
    }

    /// Whether the circuit accepts no input beyond the range that the graph declares.
    fn keeps_range(&self, graph: &Graph) -> bool {
        let InputPlan { scale, interval } = self.input;
        let (least, most) = match graph.range() {
            None => return true,
            Some(Range::Whole(..)) if scale != 0 => return false,
            Some(Range::Whole(lo, hi)) => (Int::from(lo), Int::from(hi)),
            Some(Range::Real(lo, hi)) => {
                let lo = to_integer(lo, scale);
                (lo, to_integer(hi, scale).max(lo + Int::ONE))
            }
        };
        least <= interval.lo && interval.hi <= most
    }

    /// Whether a node's parameters are those that its layer takes: as many, in the same roles.
    fn keeps_roles(&self, graph: &Graph, id: NodeId, layer: &AnyLayer) -> bool {
        // Roles do not depend on values, so that none are needed.
        let nothing = Tensor::vector(vec![]);
        let values = vec![&nothing; graph.params(id).len()];
        let roles = layer.lower(&graph.input_shapes(id), &values).into_iter().map(|l| l.role);
        roles.eq(self.params[id.0].iter().map(|p| p.role))
    }

    /// The same plan with `bits` more room: parameters, and values where they saturate or are refused, may be `2^bits` times
    /// as large, and are held as finely as before. So weights fit that the plan was not made with, at a bit more for each.
    ///
    /// No parameter is held in more than 240 bits, no value in more than 250.
    #[must_use]
    pub fn widened(&self, bits: u32) -> Self {
        // What is proven of narrower weights does not hold of these.
        let mut plan = Self { error: None, ..self.clone() };
        for param in plan.params.iter_mut().flatten() {
            param.bits = param.bits.saturating_add(bits).min(240);
        }
        for step in &mut plan.steps {
            step.saturate = step.saturate.map(|b| b.saturating_add(bits).min(250));
            step.bits = step.bits.map(|b| b.saturating_add(bits).min(250));
        }
        plan
    }

    /// Reads a plan that was saved.
    ///
    /// # Errors
    /// If the file can't be read, is larger than 16 MiB, or is no plan.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, PlanError> {
        let path = path.as_ref();
        let file = |reason: String| PlanError::File { path: path.display().to_string(), action: "read", reason };
        let bytes = bounded::read(path, 1 << 24).map_err(|e| file(e.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|e| file(e.to_string()))
    }

    /// Saves the plan as JSON.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlanError> {
        let path = path.as_ref();
        let file = |reason: String| PlanError::File { path: path.display().to_string(), action: "write", reason };
        let bytes = serde_json::to_vec_pretty(self).map_err(|e| file(e.to_string()))?;
        bounded::save(path, &bytes).map_err(|e| file(e.to_string()))
    }
}

/// The scale of a node's output, after the shift.
pub(crate) fn output_scale(layer: &AnyLayer, step: &Step) -> i32 {
    // An index is a whole number, which no step cuts.
    if matches!(layer.kind(), Kind::Argmax { .. }) { 0 } else { layer.scale(step) - step.shift as i32 }
}

/// The scale of a parameter in that role.
pub(crate) fn param_scale(layer: &AnyLayer, step: &Step, role: Role) -> i32 {
    match role {
        Role::Weight => step.weight_scale,
        Role::Bias => layer.scale(step),
    }
}

/// `x * 2^scale`, rounded to the nearest integer; it saturates at `2^250`.
pub fn to_integer(x: f64, scale: i32) -> Int {
    float::integer(x, scale, Round::Even)
}

/// `q / 2^scale`.
pub fn to_real(q: Int, scale: i32) -> f64 {
    q.as_f64() * float::exp2(-scale)
}

/// The integers of a range at a scale. Where leaving out the upper end saves a bit, as in `0.0..=1.0`, it is left out,
/// and the end is held as the integer just below.
pub(crate) fn input_interval(range: Range, scale: i32) -> Interval {
    match range {
        Range::Whole(lo, hi) => Interval { lo: Int::from(lo), hi: Int::from(hi) },
        Range::Real(lo, hi) => {
            let lo = to_integer(lo, scale);
            let hi = to_integer(hi, scale).max(lo + Int::ONE);
            let span = hi - lo;
            let power = span & (span - Int::ONE) == Int::ZERO;
            Interval { lo, hi: if power && span > Int::ONE { hi - Int::ONE } else { hi } }
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input: scale {}, {} to {}", self.input.scale, self.input.interval.lo, self.input.interval.hi)?;
        match self.steps.first() {
            Some(step) if step.shift > 0 => writeln!(f, ", shift {}", step.shift)?,
            _ => writeln!(f)?,
        }
        for (i, step) in self.steps.iter().enumerate().skip(1) {
            write!(f, "node {i}: factor {}, scale {}", step.weight_scale, self.scales[i])?;
            if step.shift > 0 {
                write!(f, ", shift {}", step.shift)?;
            }
            if let Some(bits) = step.saturate {
                write!(f, ", saturated to {bits} bits")?;
            }
            if let Some(bits) = step.bits {
                write!(f, ", refused beyond {bits} bits")?;
            }
            if let Some(most) = step.channels.iter().max() {
                write!(f, ", channels up to {most} bits finer")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_round_to_nearest_and_are_exact_when_large() {
        assert_eq!(to_integer(0.3, 4), Int::from(5));
        assert_eq!(to_integer(-0.3, 4), Int::from(-5));
        assert_eq!(to_integer(1.5, 100), Int::from(3) << 99u32);
        assert_eq!(to_integer(-1.5, 100), -(Int::from(3) << 99u32));
        assert_eq!(to_integer(f64::MAX, 0), pow2(250));
    }

    #[test]
    fn a_unit_interval_needs_no_extra_bit() {
        let i = input_interval(Range::Real(0.0, 1.0), 8);
        assert_eq!((i.lo, i.hi), (Int::ZERO, Int::from(255)));
        let i = input_interval(Range::Real(-1.0, 1.0), 7);
        assert_eq!((i.lo, i.hi), (Int::from(-128), Int::from(127)));
    }
}
