//! The search for the cheapest plan that is faithful enough.
//!
//! 1. A grid: the same width for all weights, the same for all activations, with and without saturation, with and
//!    without rescaling. Costs are exact ([`crate::arith::counts`]) and cheap to get, so the grid is sorted by cost and
//!    tried on the samples from the cheapest up, the samples with the closest calls first.
//! 2. Descent: one width less here, one saturation more there, then one less here for one more there, as long as it
//!    gets cheaper and stays faithful.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use rayon::prelude::*;

use super::{
    InputPlan, ParamPlan, Plan, Quantized, Target, input_interval, output_scale, param_scale,
    quantized::{self, Runner},
    to_real,
};
use crate::{
    arith::{Int, MAX_BITS},
    error::{Origin, PlanError, Unreachable},
    gadget::piecewise::Piecewise,
    graph::{Graph, NodeId, Range, Visibility, Visible},
    layer::{AnyLayer, Factors, Lowered, Request, Step},
    model::Model,
    optimize::Applied,
    tensor::Tensor,
};

/// How far the search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub stage: &'static str,
    /// How many plans were tried on the samples.
    pub tried: usize,
    /// The constraints of the best plan so far.
    pub constraints: Option<usize>,
}

/// What the search may turn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Knobs {
    /// Fractional bits of a real input.
    input: u32,
    /// For every node that multiplies: the bits of its factors.
    factor: Vec<u32>,
    /// For every node: the bits that its values are rescaled to.
    values: Vec<Option<u32>>,
    /// For every node: whether its values saturate.
    saturate: Vec<bool>,
}

/// What the search knows of the model.
struct Subject<'a> {
    model: &'a Model,
    optimized: Model,
    passes: Vec<Applied>,
    range: Range,
    lowered: Vec<Vec<Lowered>>,
    /// The largest magnitude of every node's values on the samples.
    reach: Vec<f64>,
    inputs: Vec<Tensor>,
    scores: Vec<Tensor>,
    visibility: Visibility,
    target: Target,
    max_error: Option<f64>,
    /// The tables found so far, by layer and request.
    tables: Mutex<HashMap<String, Vec<Piecewise>>>,
}

/// The least `e` with `x <= 2^e`.
fn ceil_log2(x: f64) -> i32 {
    if x > 0.0 { x.log2().ceil().clamp(-200.0, 200.0) as i32 } else { 0 }
}

/// Finds the plan. See [`Model::quantize`].
///
/// # Errors
/// As there.
pub(crate) fn search(
    model: &Model,
    samples: &[Tensor],
    target: Target,
    progress: &mut dyn FnMut(Progress),
) -> Result<Quantized, PlanError> {
    let subject = Subject::new(model, samples, target)?;
    let mut seen = HashSet::new();
    let mut tried = 0;
    let mut grid = subject.grid(progress);
    grid.sort_by_key(|(cost, _)| *cost);
    let mut best = None;
    for (cost, knobs) in grid {
        tried += 1;
        progress(Progress { stage: "grid", tried, constraints: None });
        seen.insert(knobs.clone());
        if subject.faithful(&subject.plan(&knobs))? {
            best = Some((cost, knobs));
            break;
        }
    }
    let Some((mut cost, mut knobs)) = best else { return Err(subject.unreachable()?) };
    while tried < target.tries {
        let mut moves: Vec<(usize, Knobs)> = subject
            .moves(&knobs)
            .into_iter()
            .filter(|k| !seen.contains(k))
            .filter_map(|k| subject.cost(&k).map(|c| (c, k)))
            .filter(|(c, _)| *c < cost)
            .collect();
        moves.sort_by_key(|(c, _)| *c);
        let mut better = None;
        for (c, k) in moves {
            if tried >= target.tries {
                break;
            }
            tried += 1;
            progress(Progress { stage: "descent", tried, constraints: Some(cost) });
            seen.insert(k.clone());
            if subject.faithful(&subject.plan(&k))? {
                better = Some((c, k));
                break;
            }
        }
        match better {
            Some((c, k)) => (cost, knobs) = (c, k),
            None => break,
        }
    }
    progress(Progress { stage: "done", tried, constraints: Some(cost) });
    let plan = subject.plan(&knobs);
    Quantized::of(model, subject.optimized, subject.passes, plan)
}

impl<'a> Subject<'a> {
    fn new(model: &'a Model, samples: &[Tensor], target: Target) -> Result<Self, PlanError> {
        if samples.is_empty() {
            return Err(PlanError::NoSamples);
        }
        let (optimized, passes) = quantized::optimized(model)?;
        let graph = optimized.graph();
        let traces = samples
            .par_iter()
            .enumerate()
            .map(|(index, x)| {
                let values = optimized.trace(x).map_err(|error| PlanError::Sample { index, error })?;
                let score = model.forward(x).map_err(|error| PlanError::Sample { index, error })?;
                for (node, value) in graph.nodes().iter().zip(&values) {
                    if let Some(bad) = value.data().iter().find(|v| !v.is_finite()) {
                        return Err(PlanError::NotFinite {
                            layer: node.name.clone(),
                            origin: node.origin.clone(),
                            index,
                            value: bad.to_string(),
                        });
                    }
                }
                Ok((values.iter().map(Tensor::max_abs).collect::<Vec<f64>>(), score))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let reach = (0..graph.nodes().len())
            .map(|i| traces.iter().fold(0.0, |m: f64, (r, _)| m.max(r[i])))
            .collect::<Vec<f64>>();
        // The closest calls first: a plan that is not faithful shows it there.
        let mut order: Vec<usize> = (0..samples.len()).collect();
        let margin = |i: usize| {
            let mut s = traces[i].1.data().to_vec();
            s.sort_by(|a, b| b.total_cmp(a));
            s.first().zip(s.get(1)).map_or(0.0, |(a, b)| a - b)
        };
        order.sort_by(|a, b| margin(*a).total_cmp(&margin(*b)));
        let range = graph.range().unwrap_or_else(|| {
            let power = 2f64.powi(ceil_log2(reach[0]));
            let negative = samples.iter().any(|t| t.data().iter().any(|x| *x < 0.0));
            Range::Real(if negative { -power } else { 0.0 }, power)
        });
        let scores: Vec<Tensor> = order.iter().map(|i| traces[*i].1.clone()).collect();
        let top = scores.iter().map(Tensor::max_abs).fold(0.0, f64::max);
        let max_error = target.max_error.or_else(|| graph.classes().is_none().then_some(0.01 * top));
        Ok(Self {
            model,
            range,
            lowered: quantized::lowered(&optimized),
            reach,
            inputs: order.iter().map(|i| samples[*i].clone()).collect(),
            scores,
            visibility: target.visibility.unwrap_or(model.visibility()),
            target,
            max_error,
            passes,
            optimized,
            tables: Mutex::default(),
        })
    }

    fn graph(&self) -> &Graph {
        self.optimized.graph()
    }

    fn layer(&self, i: usize) -> Option<&AnyLayer> {
        self.graph().nodes()[i].layer.as_ref()
    }

    /// Whether a rescale after this node shares a decomposition that is paid anyway.
    fn fuses(&self, i: usize) -> bool {
        self.layer(i).is_some_and(AnyLayer::fuses_rescale)
    }

    /// Whether values grow in this node: it multiplies.
    fn grows(&self, i: usize) -> bool {
        match self.layer(i) {
            Some(AnyLayer::Poly(_) | AnyLayer::Mul(_)) => true,
            Some(layer) => layer.factors() != Factors::None,
            None => false,
        }
    }

    fn knobs(&self, input: u32, factor: u32, values: Option<u32>, saturate: bool, everywhere: bool) -> Knobs {
        let n = self.graph().nodes().len();
        let last = self.graph().scores().0;
        let place = |i: usize| i != last && (self.fuses(i) || (everywhere && self.grows(i)));
        Knobs {
            input,
            factor: (0..n)
                .map(|i| match self.layer(i).map(AnyLayer::factors) {
                    Some(Factors::Weights) => factor,
                    // Constants are few and their error is systematic: a little finer from the start.
                    Some(Factors::Constants) => factor + 4,
                    _ => 0,
                })
                .collect(),
            values: (0..n).map(|i| values.filter(|_| place(i))).collect(),
            saturate: (0..n).map(|i| saturate && place(i)).collect(),
        }
    }

    /// The uniform plans with their costs.
    fn grid(&self, progress: &mut dyn FnMut(Progress)) -> Vec<(usize, Knobs)> {
        let inputs: &[u32] = if matches!(self.range, Range::Whole(..)) { &[0] } else { &[8, 6, 12] };
        let large = self.graph().parameter_count() > 500_000;
        let factors: Vec<u32> = (2..=16).step_by(if large { 2 } else { 1 }).collect();
        let fused = (0..self.graph().nodes().len()).any(|i| self.fuses(i));
        let mut grid = Vec::new();
        for everywhere in [false, true] {
            for &input in inputs {
                for &factor in &factors {
                    progress(Progress { stage: "costs", tried: 0, constraints: None });
                    if !everywhere {
                        grid.push(self.knobs(input, factor, None, false, false));
                    }
                    if fused || everywhere {
                        for &values in &factors {
                            grid.extend([false, true].map(|s| self.knobs(input, factor, Some(values), s, everywhere)));
                        }
                    }
                }
            }
            // Rescaling what no activation forces to be decomposed costs extra: only where nothing else is possible.
            let costed: Vec<(usize, Knobs)> = grid.drain(..).filter_map(|k| self.cost(&k).map(|c| (c, k))).collect();
            if !costed.is_empty() || everywhere {
                return costed;
            }
        }
        vec![]
    }

    /// Plans one step away.
    fn moves(&self, knobs: &Knobs) -> Vec<Knobs> {
        let n = knobs.factor.len();
        let mut fewer = Vec::new();
        let mut more = Vec::new();
        if !matches!(self.range, Range::Whole(..)) {
            if knobs.input > 1 {
                fewer.push(Knobs { input: knobs.input - 1, ..knobs.clone() });
            }
            more.push((usize::MAX, Knobs { input: knobs.input + 1, ..knobs.clone() }));
        }
        let with = |f: &dyn Fn(&mut Knobs)| {
            let mut k = knobs.clone();
            f(&mut k);
            k
        };
        for i in 0..n {
            if knobs.factor[i] > 2 {
                fewer.push(with(&|k| k.factor[i] -= 1));
            }
            if knobs.factor[i] > 0 && knobs.factor[i] < 20 {
                more.push((i, with(&|k| k.factor[i] += 1)));
            }
            match knobs.values[i] {
                Some(bits) => {
                    if bits > 1 {
                        fewer.push(with(&|k| k.values[i] = Some(bits - 1)));
                    }
                    more.push((n + i, with(&|k| k.values[i] = Some(bits + 1))));
                    more.push((n + i, with(&|k| k.values[i] = None)));
                    fewer.push(with(&|k| k.saturate[i] = !k.saturate[i]));
                }
                None if self.fuses(i) => fewer.push(with(&|k| k.values[i] = Some(10))),
                None => {}
            }
        }
        let mut moves = fewer.clone();
        moves.extend(more.iter().map(|(_, k)| k.clone()));
        if n <= 24 && self.graph().parameter_count() < 500_000 {
            // One less here for one more there: both differ from `knobs` in one place.
            for down in &fewer {
                for (_, up) in &more {
                    moves.push(merge(knobs, down, up));
                }
            }
        }
        moves
    }

    /// The plan of these knobs.
    fn plan(&self, knobs: &Knobs) -> Plan {
        let graph = self.graph();
        let scale = match self.range {
            Range::Whole(..) => 0,
            Range::Real(lo, hi) => knobs.input as i32 - ceil_log2(lo.abs().max(hi.abs())),
        };
        let input = InputPlan { scale, interval: input_interval(self.range, scale) };
        let n = graph.nodes().len();
        let mut plan = Plan {
            graph: graph.digest(),
            input,
            steps: vec![Step::default(); n],
            params: vec![vec![]; n],
            scales: vec![scale; n],
        };
        let headroom = self.visibility.weights != Visible::Public;
        for i in 1..n {
            let Some(layer) = self.layer(i) else { continue };
            let mut step = Step {
                inputs: graph.nodes()[i].inputs.iter().map(|id| plan.scales[id.0]).collect(),
                ..Step::default()
            };
            let weight = self.lowered[i].first().map_or(0.0, |l| l.values.max_abs());
            step.factor = match layer.factors() {
                Factors::None => 0,
                Factors::Weights => knobs.factor[i] as i32 - 1 - ceil_log2(weight),
                Factors::Constants => knobs.factor[i] as i32,
            };
            step.tables = self.tables(i, layer, &step);
            let before = layer.scale(&step);
            let magnitude = ceil_log2(self.reach[i]);
            if let Some(bits) = knobs.values[i] {
                step.shift = (before - (bits as i32 - magnitude)).clamp(0, MAX_BITS as i32) as u32;
                if knobs.saturate[i] {
                    let held = magnitude + before - step.shift as i32;
                    step.saturate = (1..MAX_BITS as i32).contains(&held).then_some(held as u32);
                }
            }
            plan.scales[i] = output_scale(layer, &step);
            plan.params[i] = self.lowered[i]
                .iter()
                .map(|l| {
                    let scale = param_scale(layer, &step, l.role);
                    let mut reach = l.values.max_abs();
                    if headroom && l.role == crate::layer::Role::Bias {
                        reach = reach.max(weight);
                    }
                    let bits = (ceil_log2(reach) + scale + 1).clamp(1, 240) as u32;
                    ParamPlan { name: format!("{}.{}", graph.nodes()[i].name, l.name), role: l.role, scale, bits }
                })
                .collect();
            plan.steps[i] = step;
        }
        plan
    }

    /// The tables of a layer: searched for once, then kept. Without any that will do, the plan is refused for lack of them.
    fn tables(&self, i: usize, layer: &AnyLayer, step: &Step) -> Vec<Piecewise> {
        let reach = self.graph().nodes()[i].inputs.iter().map(|n| self.reach[n.0]).fold(0.0, f64::max);
        let request = Request { scale: step.inputs[0], reach: 2f64.powi(ceil_log2(reach)), bits: step.factor };
        let shapes = self.graph().input_shapes(NodeId(i));
        let key = format!("{layer:?} {shapes:?} {request:?}");
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.entry(key).or_insert_with(|| layer.tables(&shapes, request).unwrap_or_default()).clone()
    }

    /// The constraints of the plan, if it is possible at all.
    fn cost(&self, knobs: &Knobs) -> Option<usize> {
        let plan = self.plan(knobs);
        let params = quantized::quantize_params(&self.optimized, &plan).ok()?;
        let budget = quantized::budget(self.graph(), &plan, &params, self.visibility, 1).ok()?;
        Some(budget.values().map(|c| c.constraints).sum())
    }

    fn runner<'p>(&'p self, plan: &'p Plan) -> Option<Runner<'p>> {
        let params = quantized::quantize_params(&self.optimized, plan).ok()?;
        let (_, widest) = quantized::bounds(self.graph(), plan, &params, Visible::Public).ok()?;
        Some(Runner::new(self.graph(), plan, &params, widest))
    }

    /// Whether the plan meets the target on the samples.
    fn faithful(&self, plan: &Plan) -> Result<bool, PlanError> {
        let Some(runner) = self.runner(plan) else { return Ok(false) };
        let scale = plan.scales[self.graph().scores().0];
        let allowed = ((1.0 - self.target.top1) * self.inputs.len() as f64 + 1e-9).floor() as usize;
        let mut wrong = 0;
        // A few at a time, so that a plan that fails on the closest calls costs little.
        let mut start = 0;
        let mut size = 4;
        while start < self.inputs.len() {
            let end = (start + size).min(self.inputs.len());
            let outcomes: Vec<(bool, bool)> = (start..end)
                .into_par_iter()
                .map(|i| {
                    let Ok(input) = quantized::quantize_input(plan, &self.inputs[i]) else { return (false, false) };
                    let (scores, class) = runner.run(&input);
                    let float = &self.scores[i];
                    let same = class.is_none_or(|c| c == float.argmax());
                    let near = self.max_error.is_none_or(|limit| {
                        float.data().iter().zip(scores.data()).all(|(x, q)| (x - to_real(*q, scale)).abs() <= limit)
                    });
                    (same, near)
                })
                .collect();
            wrong += outcomes.iter().filter(|(same, _)| !same).count();
            if wrong > allowed || outcomes.iter().any(|(_, near)| !near) {
                return Ok(false);
            }
            start = end;
            size *= 4;
        }
        Ok(true)
    }

    /// The error when even the finest plan is not faithful: where precision is lost.
    fn unreachable(&self) -> Result<PlanError, PlanError> {
        let asked = match self.max_error {
            Some(e) => format!("{:.2}% of classes and errors below {e:.6}", 100.0 * self.target.top1),
            None => format!("{:.2}% of classes", 100.0 * self.target.top1),
        };
        let finest = [None, Some(16)]
            .into_iter()
            .flat_map(|values| [false, true].map(|e| self.knobs(16, 16, values, false, e)))
            .find(|k| self.cost(k).is_some());
        let Some(knobs) = finest else {
            let plan = self.plan(&self.knobs(8, 8, Some(8), true, true));
            let params = quantized::quantize_params(&self.optimized, &plan)?;
            return Err(match quantized::bounds(self.graph(), &plan, &params, self.visibility.weights) {
                Err(error) => error,
                Ok(_) => Box::new(Unreachable {
                    asked,
                    reached: "no plan within the field".to_owned(),
                    layer: self.graph().node(self.graph().output()).name.clone(),
                    origin: Origin::Unknown,
                    help: "use fewer layers without an activation between them".to_owned(),
                })
                .into(),
            });
        };
        let plan = self.plan(&knobs);
        let quantized = Quantized::of(self.model, self.optimized.clone(), self.passes.clone(), plan)?;
        let fidelity = quantized.fidelity(&self.inputs)?;
        let (layer, origin) = self.culprit(&quantized)?;
        let reached = match fidelity.top1() {
            Some(t) => format!("{:.2}% and a max error of {:.6}", 100.0 * t, fidelity.max_error),
            None => format!("a max error of {:.6}", fidelity.max_error),
        };
        Ok(Box::new(Unreachable {
            asked,
            reached,
            layer,
            origin,
            help: "lower the target, train with smaller weights, or normalise before that layer".to_owned(),
        })
        .into())
    }

    /// The node whose relative error exceeds that of its inputs the most, on the first sample.
    fn culprit(&self, quantized: &Quantized) -> Result<(String, Origin), PlanError> {
        let sample = |error| PlanError::Sample { index: 0, error };
        let floats = self.optimized.trace(&self.inputs[0]).map_err(sample)?;
        let plan = quantized.plan();
        let input = quantized::quantize_input(plan, &self.inputs[0]).map_err(sample)?;
        let mut errors = vec![0.0f64; floats.len()];
        let mut a = crate::arith::ints::Ints::<Int>::new();
        let mut see = |id: NodeId, t: &Tensor<Int>| {
            let top = floats[id.0].max_abs().max(1e-12);
            let scale = plan.scales[id.0];
            errors[id.0] = t
                .data()
                .iter()
                .zip(floats[id.0].data())
                .fold(0.0, |m: f64, (q, x)| m.max((to_real(*q, scale) - x).abs() / top));
        };
        let walked = super::walk::walk(self.graph(), plan, &mut a, input, quantized.params(), 0, &mut see);
        walked.map_err(|(id, error)| PlanError::Arith {
            layer: self.graph().node(id).name.clone(),
            origin: self.graph().node(id).origin.clone(),
            error,
        })?;
        let nodes = self.graph().nodes();
        let growth = |i: usize| errors[i] - nodes[i].inputs.iter().map(|n| errors[n.0]).fold(0.0, f64::max);
        let worst = (1..nodes.len()).max_by(|a, b| growth(*a).total_cmp(&growth(*b))).unwrap_or(0);
        Ok((nodes[worst].name.clone(), nodes[worst].origin.clone()))
    }
}

/// The knobs that differ from `base` where `a` or `b` does.
fn merge(base: &Knobs, a: &Knobs, b: &Knobs) -> Knobs {
    fn pick<T: PartialEq + Copy>(base: &[T], a: &[T], b: &[T]) -> Vec<T> {
        base.iter().zip(a).zip(b).map(|((o, x), y)| if x == o { *y } else { *x }).collect()
    }
    Knobs {
        input: if a.input == base.input { b.input } else { a.input },
        factor: pick(&base.factor, &a.factor, &b.factor),
        values: pick(&base.values, &a.values, &b.values),
        saturate: pick(&base.saturate, &a.saturate, &b.saturate),
    }
}
