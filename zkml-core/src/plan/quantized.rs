//! Quantized model: a plan, and the weights as integers under it.

mod losses;

use std::fmt;

use rayon::prelude::*;

use super::{
    Fidelity, Frontier, ParamPlan, Plan, Proven,
    synthesis::Relation,
    to_integer, to_real,
    walk::{self, Parameters},
};
use crate::{
    arith::{
        bounds::Bounds,
        counts::{Budget, Counts},
        ints::Ints,
        r1cs::{R1cs, Ranged, Registering, Tables, Tally},
    },
    error::{InputError, PlanError},
    graph::{Graph, NodeId, Visibility, Visible},
    layer::Step,
    model::Model,
    number::{ArithError, Int, Integer, Interval},
    optimize::{self, Applied},
    prove::RangeChecks,
    shape::Shape,
    tensor::Tensor,
};

pub use self::losses::Loss;

/// A model with a plan, and its weights as integers under that plan.
#[derive(Clone)]
pub struct Quantized {
    model: Model,
    optimized: Model,
    passes: Vec<Applied>,
    plan: Plan,
    params: Vec<Vec<Tensor<Int>>>,
    proven: Proven,
    intervals: Vec<Interval>,
    widest: u32,
    frontier: Frontier,
}

/// Without the integers of the weights.
impl fmt::Debug for Quantized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quantized").field("model", &self.model).field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// What the integers answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The scores, as integers.
    pub integers: Tensor<Int>,
    /// The scores, as reals.
    pub scores: Tensor,
    /// The class, of a model that has classes: what a proof says, also where [`Model::classify`](crate::model::Model::classify)
    /// can't tell scores apart.
    pub class: Option<usize>,
}

/// The lowered parameters of every node, as floats.
pub(crate) fn lowered(model: &Model) -> Vec<Vec<crate::layer::Lowered>> {
    let graph = model.graph();
    (0..graph.nodes().len())
        .map(|i| {
            let id = NodeId(i);
            let names = graph.params(id);
            let values: Vec<&Tensor> = names.iter().filter_map(|(n, _)| model.weights().get(n)).collect();
            graph.node(id).layer.as_ref().map_or_else(Vec::new, |l| l.lower(&graph.input_shapes(id), &values))
        })
        .collect()
}

/// The integers of one parameter of a node with this step: rounded, the largest positive value saturated.
fn integers(plan: &ParamPlan, step: &Step, values: &Tensor) -> Result<Tensor<Int>, PlanError> {
    let interval = plan.interval();
    let finer = step.finer(values.len());
    let mut out = Vec::with_capacity(values.len());
    for (index, x) in values.data().iter().enumerate() {
        let scale = plan.scale + finer(index);
        let q = to_integer(*x, scale);
        // A value that rounds to just above the upper end is held as the end: half a step more of error.
        let q = if q == interval.hi + Int::ONE { interval.hi } else { q };
        if !interval.contains(q) {
            return Err(PlanError::DoesNotFit {
                name: plan.name.clone(),
                index,
                value: *x,
                lo: to_real(interval.lo, scale),
                hi: to_real(interval.hi, scale),
            });
        }
        out.push(q);
    }
    Ok(Tensor::from_fn(values.shape().clone(), |i| out[i]))
}

/// The model optimised for weights that are seen so, and what each pass did to it, at the costs that are told.
pub(crate) fn optimized(
    model: &Model,
    weights: Visible,
    cost: &mut dyn FnMut(&Model) -> Option<usize>,
) -> Result<(Model, Vec<Applied>), PlanError> {
    optimize::optimize_with(model, weights, cost).map_err(|error| PlanError::Optimized { error: Box::new(error) })
}

impl Quantized {
    /// The model under a plan.
    ///
    /// # Errors
    /// If the plan is another graph's, a weight does not fit, or a value may outgrow the field.
    pub fn new(model: &Model, plan: Plan) -> Result<Self, PlanError> {
        // The plan is of the graph that was optimised for what it was made for.
        let own = model.visibility().weights;
        let other = if own == Visible::Public { Visible::Private } else { Visible::Public };
        let (first, passes) = optimized(model, own, &mut |_| None)?;
        if first.graph().digest() != plan.graph {
            let (second, passes) = optimized(model, other, &mut |_| None)?;
            if second.graph().digest() == plan.graph {
                return Self::of(model, second, passes, plan);
            }
        }
        Self::of(model, first, passes, plan)
    }

    pub(crate) fn of(model: &Model, optimized: Model, passes: Vec<Applied>, plan: Plan) -> Result<Self, PlanError> {
        plan.fits(optimized.graph())?;
        let params = quantize_params(&optimized, &plan)?;
        let public = model.visibility().weights == Visible::Public;
        let proven = plan.check(optimized.graph(), public.then_some(params.as_slice()))?;
        let mut quantized = Self {
            model: model.clone(),
            optimized,
            passes,
            plan,
            params,
            proven,
            intervals: vec![],
            widest: 0,
            frontier: Frontier::default(),
        };
        // The forward pass is of these weights; the wider bounds of private ones are only asked for where they matter,
        // as they may not fit the field.
        let (public, widest) = quantized.bounds(Visible::Public)?;
        quantized.intervals = match model.visibility().weights {
            Visible::Public => public,
            Visible::Private | Visible::Committed => quantized.bounds(Visible::Private)?.0,
        };
        quantized.widest = widest;
        Ok(quantized)
    }

    fn bounds(&self, weights: Visible) -> Result<(Vec<Interval>, u32), PlanError> {
        bounds(self.optimized.graph(), &self.plan, &self.params, weights)
    }

    /// The float model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The graph that the plan and the circuit are of: the model's, optimised.
    pub fn graph(&self) -> &Graph {
        self.optimized.graph()
    }

    /// Which passes rewrote the graph, how often, and what that saved.
    pub fn passes(&self) -> &[Applied] {
        &self.passes
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How far the integers may be from the float reference, over every input of the declared range.
    pub fn proven(&self) -> &Proven {
        &self.proven
    }

    /// The plans that the search tried on the samples, with their costs and errors; none where a plan was given.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    pub(crate) fn with_frontier(mut self, frontier: Frontier) -> Self {
        self.frontier = frontier;
        self
    }

    /// The weights, for every node its lowered parameters.
    pub fn params(&self) -> &[Vec<Tensor<Int>>] {
        &self.params
    }

    /// The same plan with other weights, as the integers that its circuits have: what is received of a model that someone else
    /// trained. Its answers are those of these weights; the [float model](Self::model) stays as it is.
    ///
    /// # Errors
    /// If they have other shapes, or one is beyond its width.
    pub fn with_integers(mut self, params: Vec<Vec<Tensor<Int>>>) -> Result<Self, PlanError> {
        let shapes = |params: &[Vec<Tensor<Int>>]| -> Vec<Vec<Shape>> {
            params.iter().map(|node| node.iter().map(|t| t.shape().clone()).collect()).collect()
        };
        if shapes(&params) != shapes(&self.params) {
            let count = |params: &[Vec<Tensor<Int>>]| params.iter().flatten().map(Tensor::len).sum();
            return Err(PlanError::OtherShapes { found: count(&params), expected: count(&self.params) });
        }
        for ((tensors, plans), step) in params.iter().zip(&self.plan.params).zip(&self.plan.steps) {
            for (tensor, plan) in tensors.iter().zip(plans) {
                let interval = plan.interval();
                if let Some(index) = tensor.data().iter().position(|q| !interval.contains(*q)) {
                    let scale = plan.scale + step.finer(tensor.len())(index);
                    let real = |q: Int| to_real(q, scale);
                    let (lo, hi) = (real(interval.lo), real(interval.hi));
                    return Err(PlanError::DoesNotFit {
                        name: plan.name.clone(),
                        index,
                        value: real(tensor.data()[index]),
                        lo,
                        hi,
                    });
                }
            }
        }
        self.params = params;
        let visible = self.model.visibility().weights;
        let public = visible == Visible::Public;
        self.proven = self.plan.check(self.optimized.graph(), public.then_some(self.params.as_slice()))?;
        let (intervals, widest) = self.bounds(Visible::Public)?;
        self.widest = widest;
        self.intervals = if public { intervals } else { self.bounds(visible)?.0 };
        Ok(self)
    }

    /// For every node, the interval that its values lie in, whatever the input.
    pub fn intervals(&self) -> &[Interval] {
        &self.intervals
    }

    /// The integers of an input.
    ///
    /// # Errors
    /// If the input is not one of the model's, or is out of the range that the plan chose.
    pub fn integers(&self, input: &Tensor) -> Result<Tensor<Int>, InputError> {
        self.model.check_input(input)?;
        quantize_input(&self.plan, input)
    }

    /// The exact forward pass.
    ///
    /// # Errors
    /// If the input is not one of the model's, or leads beyond a width that the plan calibrated.
    pub fn forward(&self, input: &Tensor) -> Result<Prediction, InputError> {
        let input = self.integers(input)?;
        let (integers, class) = Runner::new(self.graph(), &self.plan, &self.params, self.widest).run(&input)?;
        let scale = self.plan.scales[self.graph().scores().0];
        let scores = integers.map(|q| to_real(*q, scale));
        Ok(Prediction { integers, scores, class })
    }

    /// How the integers compare with the float reference, sample by sample. A sample that leads beyond a calibrated width
    /// counts as wrong.
    ///
    /// # Errors
    /// If a sample is not an input of the model.
    pub fn fidelity(&self, samples: &[Tensor]) -> Result<Fidelity, PlanError> {
        let sample = |(index, x): (usize, &Tensor)| {
            let exact = || match self.forward(x) {
                Err(InputError::Beyond { .. }) => Ok(None),
                answer => answer.map(Some),
            };
            let pair = || Ok((self.optimized.forward(x)?, exact()?));
            pair().map_err(|error| PlanError::Sample { index, error })
        };
        let pairs = samples.par_iter().enumerate().map(sample).collect::<Result<Vec<_>, _>>()?;
        let layers = self
            .graph()
            .nodes()
            .iter()
            .zip(&self.intervals)
            .enumerate()
            .map(|(i, (node, interval))| super::fidelity::LayerBits {
                table_error: self.table_error(NodeId(i)),
                ..fidelity_layer(node, interval, &self.plan, i)
            })
            .collect();
        let fidelity = Fidelity::of(&pairs, self.graph().classes().is_some(), layers);
        Ok(Fidelity { proven_error: self.proven.error, timed_out: self.frontier.timed_out(), ..fidelity })
    }

    /// The proven error of a node's table, over all values that its input may have; of a function that has no tails (`exp`), which
    /// saturates beyond what the samples reach, over those within.
    pub fn table_error(&self, id: NodeId) -> Option<f64> {
        let (node, step) = (self.graph().node(id), &self.plan.steps[id.0]);
        let input = node.inputs.first()?;
        let reach = to_real(self.intervals[input.0].magnitude(), self.plan.scales[input.0]);
        node.layer.as_ref()?.max_error(step, reach)
    }

    /// The intervals of the output's elements, whatever the input, in a circuit with this visibility.
    ///
    /// # Errors
    /// If a value may outgrow the field.
    pub fn output_intervals(&self, visibility: Visibility) -> Result<Vec<Interval>, PlanError> {
        let mut output = vec![];
        let last = self.graph().output();
        trace_bounds(self.graph(), &self.plan, &self.params, visibility.weights, &mut |id, t| {
            if id == last {
                output = t.data().to_vec();
            }
        })?;
        Ok(output)
    }

    /// What the circuit will cost, by node and gadget, before it is built: `batch` inputs that share the weights.
    ///
    /// # Errors
    /// If a value may outgrow the field.
    pub fn budget(&self, visibility: Visibility, batch: usize) -> Result<Budget, PlanError> {
        self.budget_of(visibility, batch, RangeChecks::Bits)
    }

    /// As [`Quantized::budget`], of a circuit with such range checks.
    ///
    /// # Errors
    /// As there.
    pub fn budget_of(&self, visibility: Visibility, batch: usize, checks: RangeChecks) -> Result<Budget, PlanError> {
        self.counts(visibility, batch, checks).map(|(counts, _)| counts.budget().clone())
    }

    /// The circuit in the reading that counts, and the tables of its lookups.
    pub(crate) fn counts(
        &self,
        visibility: Visibility,
        batch: usize,
        checks: RangeChecks,
    ) -> Result<(Counts, Tables), PlanError> {
        let mut counts = counts(self.graph(), &self.plan, &self.params, visibility, batch, checks)?;
        let tables = counts.choose_tables();
        Ok((counts, tables))
    }

    /// A dry run of the circuit.
    pub(crate) fn dry_run(
        &self,
        visibility: Visibility,
        batch: usize,
        cs: Ranged<Registering<Tally>>,
    ) -> Result<Ranged<Registering<Tally>>, PlanError> {
        let constants = (visibility.weights == Visible::Public).then_some(self.params.as_slice());
        let relation = Relation { graph: self.graph(), plan: &self.plan, visibility, batch, constants };
        let mut r1cs = R1cs::new(cs);
        let counted = relation.synthesize(&mut r1cs, None);
        let counted = counted.and_then(|_| r1cs.finish().map_err(|error| (NodeId(0), error)));
        counted.map_err(|refused| arith_error(self.graph(), refused))
    }
}

fn fidelity_layer(node: &crate::graph::Node, interval: &Interval, plan: &Plan, i: usize) -> super::fidelity::LayerBits {
    super::fidelity::LayerBits {
        name: node.name.clone(),
        layer: node.layer.as_ref().map_or("input", |l| l.card().name),
        bits: interval.bits() + u32::from(interval.lo < Int::ZERO),
        scale: plan.scales[i],
        factor: plan.params[i].first().map(|p| p.bits),
        shift: plan.steps[i].shift,
        saturate: plan.steps[i].saturate,
        table_error: None,
        width: plan.steps[i].bits,
    }
}

/// The weights as integers.
pub(crate) fn quantize_params(optimized: &Model, plan: &Plan) -> Result<Vec<Vec<Tensor<Int>>>, PlanError> {
    lowered(optimized)
        .iter()
        .zip(&plan.params)
        .zip(&plan.steps)
        .map(|((values, plans), step)| values.iter().zip(plans).map(|(l, p)| integers(p, step, &l.values)).collect())
        .collect()
}

/// The input as integers.
pub(crate) fn quantize_input(plan: &Plan, input: &Tensor) -> Result<Tensor<Int>, InputError> {
    let interval = plan.input.interval;
    let mut out = Vec::with_capacity(input.len());
    for (index, x) in input.data().iter().enumerate() {
        let q = to_integer(*x, plan.input.scale);
        let q = if q == interval.hi + Int::ONE { interval.hi } else { q };
        if !interval.contains(q) {
            return Err(InputError::Range {
                index,
                value: *x,
                lo: to_real(interval.lo, plan.input.scale),
                hi: to_real(interval.hi, plan.input.scale),
            });
        }
        out.push(q);
    }
    Ok(Tensor::from_fn(input.shape().clone(), |i| out[i]))
}

/// The error of an input that the exact arithmetic refused.
fn input_error(graph: &Graph, plan: &Plan, (id, error): (NodeId, ArithError)) -> InputError {
    let (layer, origin) = (graph.node(id).name.clone(), graph.node(id).origin.clone());
    match error {
        ArithError::Beyond { value, cut } => {
            // Whatever it drops, a cut ends at the node's scale.
            let scale = plan.scales[id.0] + cut.shift as i32;
            let (bits, (lo, hi)) = (cut.missing(value), cut.ends());
            let [value, lo, hi] = [value, lo, hi].map(|q| to_real(q, scale));
            InputError::Beyond { layer, origin, value, lo, hi, bits }
        }
        error => InputError::Arith { layer, origin, error },
    }
}

/// Checks that an input leads beyond no width that the plan calibrated.
pub(crate) fn admit(
    graph: &Graph,
    plan: &Plan,
    params: &[Vec<Tensor<Int>>],
    input: &Tensor<Int>,
    checks: RangeChecks,
) -> Result<(), InputError> {
    if plan.steps.iter().all(|step| step.bits.is_none()) {
        return Ok(());
    }
    let mut a = if checks.is_bits() { Ints::<Int>::new() } else { Ints::with_lookups() };
    match walk::walk(graph, plan, &mut a, input.clone(), Parameters::Wires(params), 0, &mut |_, _| {}) {
        Ok(_) => Ok(()),
        Err(error) => Err(input_error(graph, plan, error)),
    }
}

fn arith_error(graph: &Graph, (id, error): (NodeId, ArithError)) -> PlanError {
    let node = graph.node(id);
    PlanError::Arith { layer: node.name.clone(), origin: node.origin.clone(), error }
}

/// The intervals of all nodes, and the widest value on the way, in bits.
pub(crate) fn bounds(
    graph: &Graph,
    plan: &Plan,
    params: &[Vec<Tensor<Int>>],
    weights: Visible,
) -> Result<(Vec<Interval>, u32), PlanError> {
    let mut intervals = vec![Interval::point(Int::ZERO); graph.nodes().len()];
    let widest = trace_bounds(graph, plan, params, weights, &mut |id, t| {
        let lo = t.data().iter().map(|i| i.lo).min().unwrap_or_default();
        let hi = t.data().iter().map(|i| i.hi).max().unwrap_or_default();
        intervals[id.0] = Interval { lo, hi };
    })?;
    Ok((intervals, widest))
}

/// Shows the intervals of every node to `see`; returns the bits of the widest value on the way.
fn trace_bounds(
    graph: &Graph,
    plan: &Plan,
    params: &[Vec<Tensor<Int>>],
    weights: Visible,
    see: &mut dyn FnMut(NodeId, &Tensor<Interval>),
) -> Result<u32, PlanError> {
    let visibility = Visibility { weights, ..Visibility::default() };
    let constants = (weights == Visible::Public).then_some(params);
    let relation = Relation { graph, plan, visibility, batch: 1, constants };
    let mut a = Bounds::new();
    let mut trace = || {
        let params = relation.weights(&mut a, None, &mut vec![])?;
        let input = relation.input(&mut a, 0, None, &mut vec![])?;
        walk::walk(graph, plan, &mut a, input, relation.parameters(&params), 0, see)
    };
    trace().map_err(|e| arith_error(graph, e))?;
    let shifts = plan.steps.iter().map(|s| s.shift).max().unwrap_or(0);
    Ok(a.widest().max(shifts))
}

/// What the circuit will cost, by node and gadget.
pub(crate) fn counts(
    graph: &Graph,
    plan: &Plan,
    params: &[Vec<Tensor<Int>>],
    visibility: Visibility,
    batch: usize,
    checks: RangeChecks,
) -> Result<Counts, PlanError> {
    let constants = (visibility.weights == Visible::Public).then_some(params);
    let mut counts = Counts::of(checks);
    let relation = Relation { graph, plan, visibility, batch, constants };
    relation.synthesize(&mut counts, None).map_err(|e| arith_error(graph, e))?;
    Ok(counts)
}

/// Runs the exact forward pass in the narrowest integers that hold every value.
pub(crate) struct Runner<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    params: Params,
}

enum Params {
    Narrow(Vec<Vec<Tensor<i64>>>),
    Middle(Vec<Vec<Tensor<i128>>>),
    Wide(Vec<Vec<Tensor<Int>>>),
}

impl<'a> Runner<'a> {
    pub(crate) fn new(graph: &'a Graph, plan: &'a Plan, params: &[Vec<Tensor<Int>>], widest: u32) -> Self {
        fn convert<T: Integer>(params: &[Vec<Tensor<Int>>]) -> Vec<Vec<Tensor<T>>> {
            params.iter().map(|node| node.iter().map(|t| t.map(|q| T::of(*q))).collect()).collect()
        }
        let params = if widest < <i64 as Integer>::BITS {
            Params::Narrow(convert(params))
        } else if widest < <i128 as Integer>::BITS {
            Params::Middle(convert(params))
        } else {
            Params::Wide(params.to_vec())
        };
        Self { graph, plan, params }
    }

    /// The scores, and the class of a model that has classes.
    ///
    /// # Errors
    /// If the input leads beyond a width that the plan calibrated.
    pub(crate) fn run(&self, input: &Tensor<Int>) -> Result<(Tensor<Int>, Option<usize>), InputError> {
        match &self.params {
            Params::Narrow(p) => self.go(p, input),
            Params::Middle(p) => self.go(p, input),
            Params::Wide(p) => self.go(p, input),
        }
    }

    fn go<T: Integer>(
        &self,
        params: &[Vec<Tensor<T>>],
        input: &Tensor<Int>,
    ) -> Result<(Tensor<Int>, Option<usize>), InputError> {
        let mut a = Ints::<T>::new();
        let input = input.map(|q| T::of(*q));
        let walked = walk::walk(self.graph, self.plan, &mut a, input, Parameters::Wires(params), 0, &mut |_, _| {})
            .map_err(|error| input_error(self.graph, self.plan, error))?;
        let class = self.graph.classes().and_then(|_| walked.output.data().first().map(|c| c.wide().as_usize()));
        Ok((walked.scores.map(|q| q.wide()), class))
    }
}
