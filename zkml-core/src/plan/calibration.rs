//! Calibration: how large values become on the samples, what a candidate costs there, and how faithful it is.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rayon::prelude::*;

use super::{
    Circuits, Plan, Proven, Quantized, Target,
    candidate::Candidate,
    channels,
    ledger::{Ledger, Price},
    quantized, to_real,
    trial::{Answer, Trial},
    walk::{self, Parameters},
    whole::Wholes,
};
use crate::{
    error::{Origin, PlanError, Unreachable},
    gadget::Piecewise,
    graph::{Graph, NodeId, Range, Visibility, Visible},
    layer::{AnyLayer, Factors, Lowered, Request, Step},
    model::Model,
    number::Int,
    optimize::Applied,
    shape::Shape,
    tensor::Tensor,
};

/// The time since the search began.
pub(super) type Clock<'a> = &'a (dyn Fn() -> Duration + Sync);

/// What the search knows of the model.
pub(super) struct Calibration<'a> {
    pub(super) model: &'a Model,
    pub(super) optimized: Model,
    pub(super) passes: Vec<Applied>,
    pub(super) range: Range,
    pub(super) lowered: Vec<Vec<Lowered>>,
    /// The largest magnitudes of the lowered parameters, by node.
    pub(super) tops: Vec<Vec<Tops>>,
    /// The largest magnitude of every node's values on the samples.
    pub(super) reach: Vec<f64>,
    pub(super) inputs: Vec<Tensor>,
    pub(super) scores: Vec<Tensor>,
    pub(super) visibility: Visibility,
    pub(super) target: Target,
    pub(super) max_error: Option<f64>,
    /// The tables found so far, by layer and request.
    tables: Mutex<HashMap<String, Vec<Piecewise>>>,
    /// The same, by node, scale and bits.
    tables_of: Mutex<HashMap<(usize, i32, i32), Vec<Piecewise>>>,
    /// What plans cost.
    ledger: Ledger,
    /// What they cost with public weights, where these are hidden: of that only how wide values become is asked.
    open: Option<Ledger>,
    /// The weights as integers.
    wholes: Wholes,
    clock: Clock<'a>,
    late: AtomicBool,
}

/// The largest magnitudes of a parameter.
pub(super) struct Tops {
    /// Of all elements.
    pub(super) all: f64,
    /// Of each channel, of a parameter whose channels may have scales of their own.
    pub(super) channels: Vec<f64>,
}

impl Tops {
    fn of(values: &Tensor, channels: Option<usize>) -> Self {
        let per = channels.map(|channels| (values.len() / channels.max(1)).max(1));
        let top = |row: &[f64]| row.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        Self {
            all: values.max_abs(),
            channels: per.map_or_else(Vec::new, |per| values.data().chunks(per).map(top).collect()),
        }
    }
}

/// What the samples say of a plan.
pub(super) struct Verdict {
    /// Whether it meets the target.
    pub(super) faithful: bool,
    /// The largest error, and the fraction of same classes, if it was run on all samples.
    pub(super) measured: Option<(f64, Option<f64>)>,
}

/// What one sample says of a plan.
struct Outcome {
    same: bool,
    near: bool,
    error: f64,
}

/// The least `e` with `x <= 2^e`.
pub(super) fn ceil_log2(x: f64) -> i32 {
    if x > 0.0 { x.log2().ceil().clamp(-200.0, 200.0) as i32 } else { 0 }
}

impl<'a> Calibration<'a> {
    pub(super) fn new(
        model: &'a Model,
        samples: &[Tensor],
        target: Target,
        clock: Clock<'a>,
    ) -> Result<Self, PlanError> {
        if samples.is_empty() {
            return Err(PlanError::NoSamples);
        }
        // What the passes save shows on a few samples: only the largest values matter for it.
        let few = &samples[..samples.len().min(4)];
        let mut cost = |m: &Model| {
            let calibration = Self::of(model, m.clone(), vec![], few, target, clock).ok()?;
            [None, Some(8)]
                .iter()
                .filter_map(|v| calibration.cost(&calibration.candidate(8, 8, *v, false, false)))
                .min()
        };
        let weights = model.visibility().weights;
        let (optimized, passes) = quantized::optimized(model, weights, &mut cost)?;
        Self::of(model, optimized, passes, samples, target, clock)
    }

    pub(super) fn of(
        model: &'a Model,
        optimized: Model,
        passes: Vec<Applied>,
        samples: &[Tensor],
        target: Target,
        clock: Clock<'a>,
    ) -> Result<Self, PlanError> {
        let graph = optimized.graph();
        let traces = samples
            .par_iter()
            .enumerate()
            .map(|(index, x)| {
                let values = optimized.trace(x).map_err(|error| PlanError::Sample { index, error })?;
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
                let score = values[graph.scores().0].clone();
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
        let lowered = quantized::lowered(&optimized);
        let tops = |(i, node): (usize, &Vec<Lowered>)| {
            let channels = channels::of_linear(graph, NodeId(i));
            node.iter().map(|l| Tops::of(&l.values, channels)).collect()
        };
        let visibility = model.visibility();
        let shown = Visibility { weights: Visible::Public, ..visibility };
        Ok(Self {
            model,
            range,
            tops: lowered.iter().enumerate().map(tops).collect(),
            lowered,
            ledger: Ledger::new(graph, visibility, target.circuits),
            open: (visibility.weights != Visible::Public).then(|| Ledger::new(graph, shown, Circuits::default())),
            wholes: Wholes::default(),
            clock,
            late: AtomicBool::new(false),
            tables_of: Mutex::default(),
            reach,
            inputs: order.iter().map(|i| samples[*i].clone()).collect(),
            scores,
            visibility,
            target,
            max_error,
            passes,
            optimized,
            tables: Mutex::default(),
        })
    }

    /// Whether the time is over.
    pub(super) fn is_late(&self) -> bool {
        let late = self.target.time_limit.is_some_and(|limit| (self.clock)() >= limit);
        if late {
            self.late.store(true, Ordering::Relaxed);
        }
        late
    }

    /// Whether it was over when that was asked.
    pub(super) fn was_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }

    pub(super) fn graph(&self) -> &Graph {
        self.optimized.graph()
    }

    pub(super) fn layer(&self, i: usize) -> Option<&AnyLayer> {
        self.graph().nodes()[i].layer.as_ref()
    }

    /// Whether a rescale after this node shares a decomposition that is paid anyway.
    pub(super) fn fuses(&self, i: usize) -> bool {
        self.layer(i).is_some_and(AnyLayer::fuses_rescale)
    }

    /// Whether values grow in this node: it multiplies.
    pub(super) fn grows(&self, i: usize) -> bool {
        let Some(layer) = self.layer(i) else { return false };
        let step = Step { inputs: vec![1; self.graph().nodes()[i].inputs.len()], ..Step::default() };
        layer.factors() != Factors::None || layer.scale(&step) > 1
    }

    /// Whether a plan takes long to cost, so that fewer are tried.
    pub(super) fn large(&self) -> bool {
        let reads = |i: usize| {
            let inputs: Vec<&Shape> = self.graph().nodes()[i].inputs.iter().map(|n| self.graph().shape(*n)).collect();
            let taken: usize = inputs.iter().map(|s| s.len()).sum();
            self.layer(i).map_or(0, |layer| taken.saturating_mul(layer.fanout(&inputs)))
        };
        let terms = (0..self.graph().nodes().len()).map(reads).fold(0, usize::saturating_add);
        self.graph().parameter_count() > 500_000 || terms > 1_000_000
    }

    /// The least power of two that no input of a layer exceeds, in the samples.
    pub(super) fn reached(&self, i: usize) -> i32 {
        ceil_log2(self.graph().nodes()[i].inputs.iter().map(|n| self.reach[n.0]).fold(0.0, f64::max))
    }

    /// The tables of a layer: searched for once, then kept. Without any that will do, the plan is refused for lack of them.
    pub(super) fn tables(&self, i: usize, layer: &AnyLayer, step: &Step) -> Vec<Piecewise> {
        let scale = step.inputs.first().copied().unwrap_or(0);
        let place = (i, scale, step.weight_scale);
        let mut known = self.tables_of.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(place).or_insert_with(|| self.search_tables(i, layer, step, scale)).clone()
    }

    fn search_tables(&self, i: usize, layer: &AnyLayer, step: &Step, scale: i32) -> Vec<Piecewise> {
        let request = Request { scale, reach: 2f64.powi(self.reached(i)), bits: step.weight_scale };
        let shapes = self.graph().input_shapes(NodeId(i));
        let key = format!("{layer:?} {shapes:?} {request:?}");
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.entry(key).or_insert_with(|| layer.tables(&shapes, request).unwrap_or_default()).clone()
    }

    /// The constraints of the plan, if it is possible at all, as the search goes by them: fewer with every bit.
    pub(super) fn cost(&self, candidate: &Candidate) -> Option<usize> {
        self.price(&self.plan(candidate)).map(|price| price.by_bits)
    }

    /// The constraints of the plan, if it is possible at all.
    pub(super) fn constraints(&self, candidate: &Candidate) -> Option<usize> {
        self.price(&self.plan(candidate)).map(|price| price.constraints)
    }

    /// What the plan costs, if it is possible at all.
    pub(super) fn price(&self, plan: &Plan) -> Option<Price> {
        self.price_in(&self.ledger, plan)
    }

    fn price_in(&self, ledger: &Ledger, plan: &Plan) -> Option<Price> {
        ledger.price(self.graph(), plan, &self.lowered, &self.wholes)
    }

    /// The plan, with what is proven of it.
    pub(super) fn stated(&self, candidate: &Candidate) -> Result<Plan, PlanError> {
        let plan = self.plan(candidate);
        let params = quantized::quantize_params(&self.optimized, &plan)?;
        plan.stated(self.graph(), (self.visibility.weights == Visible::Public).then_some(params.as_slice()))
    }

    /// Whether the plan is proven to be as near as the target asks for, whatever the input.
    fn proves(&self, plan: &Plan) -> bool {
        let Some(asked) = self.target.proven_error else { return true };
        let public = self.visibility.weights == Visible::Public;
        let Ok(params) = quantized::quantize_params(&self.optimized, plan) else { return false };
        let proven = Proven::of(plan, self.graph(), public.then_some(params.as_slice()));
        proven.is_ok_and(|p| p.error.is_some_and(|error| error <= asked))
    }

    /// What the plan costs with public weights.
    pub(super) fn open_price(&self, plan: &Plan) -> Option<Price> {
        self.price_in(self.open.as_ref().unwrap_or(&self.ledger), plan)
    }

    /// The plan, ready to be run, if it is possible with these weights.
    pub(super) fn trial<'p>(&'p self, plan: &'p Plan) -> Option<Trial<'p>> {
        let price = self.open_price(plan)?;
        Trial::new(self.graph(), plan, &self.lowered, &self.wholes, price.widest)
    }

    /// The answers to these samples, in their order.
    fn answers(&self, trial: &Trial, samples: &[usize]) -> Vec<Answer> {
        let share = samples.len().div_ceil(rayon::current_num_threads()).clamp(1, trial.together());
        let each = |part: &[usize]| trial.run(&part.iter().map(|i| &self.inputs[*i]).collect::<Vec<_>>());
        samples.par_chunks(share).map(each).collect::<Vec<_>>().concat()
    }

    fn outcome(&self, answer: Answer, plan: &Plan, i: usize) -> Outcome {
        let float = &self.scores[i];
        // What is refused is wrong, but has no error.
        let Some((scores, class)) = answer else {
            return Outcome { same: false, near: self.max_error.is_none(), error: 0.0 };
        };
        let scale = plan.scales[self.graph().scores().0];
        let error =
            float.data().iter().zip(scores.data()).fold(0.0, |m: f64, (x, q)| m.max((x - to_real(*q, scale)).abs()));
        Outcome {
            same: class.is_none_or(|c| c == float.argmax()),
            near: self.max_error.is_none_or(|limit| error <= limit),
            error,
        }
    }

    /// The mean square error of the scores, over the first samples.
    pub(super) fn noise(&self, candidate: &Candidate, samples: usize) -> Option<f64> {
        let plan = self.plan(candidate);
        let trial = self.trial(&plan)?;
        let scale = plan.scales[self.graph().scores().0];
        // Not the closest calls alone, and in an order that does not depend on threads.
        let step = (self.inputs.len() / samples).max(1);
        let some: Vec<usize> = (0..self.inputs.len()).step_by(step).take(samples).collect();
        let each = |(i, answer): (&usize, Answer)| {
            let (scores, _) = answer?;
            let square = |(x, q): (&f64, &Int)| (x - to_real(*q, scale)).powi(2);
            Some(self.scores[*i].data().iter().zip(scores.data()).map(square).sum::<f64>() / scores.len() as f64)
        };
        let all: Vec<Option<f64>> = some.iter().zip(self.answers(&trial, &some)).map(each).collect();
        let known: Vec<f64> = all.into_iter().flatten().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    }

    /// Whether the plan meets the target on the samples, in this order; the ones that it fails on come to the front.
    /// Unless all are to be run, it is given up as soon as that is certain.
    pub(super) fn evaluate(&self, plan: &Plan, order: &mut Vec<usize>, all: bool) -> Verdict {
        let mut verdict = Verdict { faithful: true, measured: None };
        let Some(trial) = self.trial(plan) else {
            verdict.faithful = false;
            return verdict;
        };
        let samples = self.inputs.len();
        let allowed = ((1.0 - self.target.top1) * samples as f64 + 1e-9).floor() as usize;
        let (mut start, mut size, mut worst, mut failed) = (0, 4, 0.0f64, Vec::new());
        let mut wrong = 0;
        // A few at a time, so that a plan that fails on the closest calls costs little.
        while start < samples && (all || verdict.faithful) {
            let end = (start + size).min(samples);
            let part = &order[start..end];
            for (i, answer) in part.iter().copied().zip(self.answers(&trial, part)) {
                let outcome = self.outcome(answer, plan, i);
                worst = worst.max(outcome.error);
                wrong += usize::from(!outcome.same);
                verdict.faithful &= outcome.near;
                if !(outcome.same && outcome.near) {
                    failed.push(i);
                }
            }
            verdict.faithful &= wrong <= allowed;
            start = end;
            size *= 4;
        }
        if start == samples {
            let top1 = self.graph().classes().map(|_| 1.0 - wrong as f64 / samples as f64);
            verdict.measured = Some((worst, top1));
        }
        verdict.faithful = verdict.faithful && self.proves(plan);
        if !failed.is_empty() {
            order.retain(|i| !failed.contains(i));
            order.splice(0..0, failed);
        }
        verdict
    }

    /// The finest plan that is possible at all.
    pub(super) fn finest(&self) -> Option<Candidate> {
        [None, Some(16)]
            .into_iter()
            .flat_map(|values| [false, true].map(|e| self.candidate(16, 16, values, false, e)))
            .find(|k| self.cost(k).is_some())
    }

    /// The error when even the finest plan is not faithful: where precision is lost.
    pub(super) fn unreachable(&self) -> Result<PlanError, PlanError> {
        let asked = match self.max_error {
            Some(e) => format!("{:.2}% of classes and errors below {e:.6}", 100.0 * self.target.top1),
            None => format!("{:.2}% of classes", 100.0 * self.target.top1),
        };
        let asked = match self.target.proven_error {
            Some(e) => format!("{asked}, and a proven error of at most {e:.6} over all inputs"),
            None => asked,
        };
        let Some(candidate) = self.finest() else {
            let plan = self.plan(&self.candidate(8, 8, Some(8), true, true));
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
        let plan = self.stated(&candidate)?;
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
    pub(super) fn culprit(&self, quantized: &Quantized) -> Result<(String, Origin), PlanError> {
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
        let walked = walk::walk(self.graph(), plan, &mut a, input, Parameters::Wires(quantized.params()), 0, &mut see);
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
