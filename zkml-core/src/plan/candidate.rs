//! Candidates of the search: scales and widths that it may choose, and the plan that follows from them.

use super::{
    InputPlan, ParamPlan, Plan, Policy,
    calibration::{Calibration, ceil_log2},
    channels, input_interval, output_scale, param_scale,
};
use crate::{
    graph::{NodeId, Range, Visible},
    layer::{AnyLayer, Factors, Kind, Role, Step},
    number::MAX_BITS,
};

/// One choice of scales and widths.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Candidate {
    /// Fractional bits of a real input.
    pub(super) input: u32,
    /// For every node that multiplies: the bits of its factors.
    pub(super) factor: Vec<u32>,
    /// For every node: by how many bits its channels may be finer than the layer.
    pub(super) spread: Vec<u32>,
    /// For every node: the bits that its values are rescaled to.
    pub(super) values: Vec<Option<u32>>,
    /// For every node: by how many bits less than the samples reach its values saturate.
    pub(super) saturate: Vec<Option<u32>>,
}

/// A move to a neighbour: which setting, at which node, and to what where there is a choice.
pub(super) type Move = (&'static str, usize, u32);

/// A setting that has bits: its name as a [`Move`] has it, and its node.
pub(super) type Setting = (&'static str, usize);

/// The most bits that a setting is given.
pub(super) const FINEST: u32 = 20;

impl Candidate {
    /// The bits of a setting, if it has any.
    pub(super) fn bits(&self, (name, i): Setting) -> Option<u32> {
        match name {
            "input" => Some(self.input),
            "factor" => Some(self.factor[i]).filter(|b| *b > 0),
            "values" => self.values[i],
            _ => None,
        }
    }

    /// Gives a setting so many bits.
    pub(super) fn set_bits(&mut self, (name, i): Setting, bits: u32) {
        match name {
            "input" => self.input = bits,
            "factor" => self.factor[i] = bits,
            "values" => self.values[i] = Some(bits),
            _ => {}
        }
    }

    /// The same with so many bits of a setting.
    pub(super) fn with_bits(&self, setting: Setting, bits: u32) -> Self {
        let mut other = self.clone();
        other.set_bits(setting, bits);
        other
    }
}

impl Calibration<'_> {
    /// Uniform candidate: the same bits at every node.
    pub(super) fn candidate(
        &self,
        input: u32,
        factor: u32,
        values: Option<u32>,
        saturate: bool,
        everywhere: bool,
    ) -> Candidate {
        let n = self.graph().nodes().len();
        let last = self.graph().scores().0;
        let place = |i: usize| i != last && (self.fuses(i) || (everywhere && self.grows(i)));
        Candidate {
            input,
            factor: (0..n)
                .map(|i| match self.layer(i).map(AnyLayer::factors) {
                    Some(Factors::Weights) => factor,
                    // Constants are few and their error is systematic: a little finer from the start.
                    Some(Factors::Constants) => factor + 4,
                    _ => 0,
                })
                .collect(),
            spread: vec![0; n],
            values: (0..n).map(|i| values.filter(|_| place(i))).collect(),
            saturate: (0..n).map(|i| (saturate && place(i)).then_some(0)).collect(),
        }
    }

    /// Whether a rescale may stand after a node where no decomposition is paid anyway. What only moves values is left
    /// out: a rescale before it, or after it, does the same.
    fn places(&self, i: usize) -> bool {
        let last = self.graph().scores().0;
        match self.layer(i) {
            None => matches!(self.range, Range::Whole(..)),
            Some(layer) => {
                let kind = layer.kind();
                i != last && !kind.is_rearrangement() && !matches!(kind, Kind::Argmax { .. })
            }
        }
    }

    /// By how many bits the smallest channel of a node is below its largest: nothing to gain where that is none.
    fn headroom(&self, i: usize) -> Vec<u32> {
        let Some(channels) = channels::of_linear(self.graph(), NodeId(i)) else { return vec![] };
        let Some(tops) = self.tops[i].first().filter(|_| channels > 0) else { return vec![] };
        let top = ceil_log2(tops.all);
        // A channel of zeros needs no bits.
        let room = |m: f64| if m > 0.0 { (top - ceil_log2(m)).clamp(0, 24).unsigned_abs() } else { 0 };
        tops.channels.iter().map(|m| room(*m)).collect()
    }

    /// Moves that make a plan coarser, or leave a rescale out: they may save constraints by themselves.
    pub(super) fn downs(&self, candidate: &Candidate) -> Vec<(Move, Candidate)> {
        let mut downs: Vec<(Move, Candidate)> = Vec::new();
        let mut add = |change: Move, f: &dyn Fn(&mut Candidate)| {
            let mut k = candidate.clone();
            f(&mut k);
            downs.push((change, k));
        };
        if !matches!(self.range, Range::Whole(..)) && candidate.input > 1 {
            add(("input", 0, 0), &|k| k.input -= 1);
        }
        for i in 0..candidate.factor.len() {
            if candidate.factor[i] > 2 {
                add(("factor", i, 0), &|k| k.factor[i] -= 1);
            }
            // What a table costs falls by steps of several bits.
            let tabled = self.layer(i).is_some_and(|l| l.factors() == Factors::Constants);
            for less in (2..=6).filter(|less| tabled && candidate.factor[i] > less + 1) {
                add(("factor", i, less), &|k| k.factor[i] -= less);
            }
            if candidate.spread[i] > 0 {
                add(("spread", i, 0), &|k| k.spread[i] -= 1);
            }
            match (candidate.values[i], candidate.saturate[i]) {
                (Some(bits), _) => {
                    if bits > 1 {
                        add(("values", i, 0), &|k| k.values[i] = Some(bits - 1));
                    }
                    add(("leave out", i, 0), &|k| k.values[i] = None);
                }
                (None, _) if self.fuses(i) => {
                    [10, 14].iter().for_each(|b| add(("place", i, *b), &|k| k.values[i] = Some(*b)));
                }
                (None, _) if self.places(i) && (i == 0 || !self.large()) => {
                    let most = if i == 0 { 7 } else { 12 };
                    (4..=most).step_by(2).for_each(|b| add(("place", i, b), &|k| k.values[i] = Some(b)));
                }
                _ => {}
            }
            match candidate.saturate[i] {
                Some(clip) => {
                    if clip < 4 {
                        add(("clip", i, 0), &|k| k.saturate[i] = Some(clip + 1));
                    }
                    add(("unsaturate", i, 0), &|k| k.saturate[i] = None);
                }
                None if self.fuses(i) || (self.places(i) && i > 0 && !self.large()) => {
                    add(("saturate", i, 0), &|k| k.saturate[i] = Some(0));
                }
                None => {}
            }
        }
        downs
    }

    /// Moves that make a plan finer: they pay for a coarser one elsewhere.
    pub(super) fn ups(&self, candidate: &Candidate) -> Vec<(Move, Candidate)> {
        let mut ups: Vec<(Move, Candidate)> = Vec::new();
        let mut add = |change: Move, f: &dyn Fn(&mut Candidate)| {
            let mut k = candidate.clone();
            f(&mut k);
            ups.push((change, k));
        };
        if !matches!(self.range, Range::Whole(..)) {
            add(("input", 0, 1), &|k| k.input += 1);
        }
        for i in 0..candidate.factor.len() {
            if candidate.factor[i] > 0 && candidate.factor[i] < FINEST {
                add(("factor", i, 1), &|k| k.factor[i] += 1);
            }
            let room = if self.spreads() { self.headroom(i).into_iter().max().unwrap_or(0) } else { 0 };
            for spread in [candidate.spread[i] + 1, room] {
                if candidate.spread[i] < spread && spread <= room {
                    add(("spread", i, spread), &|k| k.spread[i] = spread);
                }
            }
            if let Some(bits) = candidate.values[i] {
                add(("values", i, 1), &|k| k.values[i] = Some(bits + 1));
                add(("values", i, 2), &|k| k.values[i] = None);
            }
            if let Some(clip) = candidate.saturate[i] {
                add(("saturate", i, 1), &|k| k.saturate[i] = clip.checked_sub(1));
            }
        }
        ups
    }

    /// One or two settings with fewer bits, in all at most so many.
    pub(super) fn steps(&self, candidate: &Candidate, most: u32) -> Vec<Candidate> {
        let less = |k: &Candidate, setting: Setting, n: u32| {
            k.bits(setting).filter(|bits| *bits > n + 1).map(|bits| k.with_bits(setting, bits - n))
        };
        let settings = self.settings(candidate);
        let mut steps = Vec::new();
        for (j, a) in settings.iter().enumerate() {
            for n in 1..=most {
                let Some(one) = less(candidate, *a, n) else { break };
                for b in &settings[j + 1..] {
                    steps.extend((1..=most - n).map_while(|m| less(&one, *b, m)));
                }
                steps.push(one);
            }
        }
        steps
    }

    /// One setting with a bit more.
    pub(super) fn finer(&self, candidate: &Candidate) -> Vec<Candidate> {
        let more = |setting: Setting| {
            candidate.bits(setting).filter(|bits| *bits < FINEST).map(|bits| candidate.with_bits(setting, bits + 1))
        };
        self.settings(candidate).into_iter().filter_map(more).collect()
    }

    /// The settings of a candidate that have bits.
    pub(super) fn settings(&self, candidate: &Candidate) -> Vec<Setting> {
        let input = (!matches!(self.range, Range::Whole(..))).then_some(("input", 0));
        let nodes = (0..candidate.factor.len()).flat_map(|i| ["factor", "values"].map(|name| (name, i)));
        input.into_iter().chain(nodes).filter(|setting| candidate.bits(*setting).is_some()).collect()
    }

    /// Whether channels may have scales of their own. With weights that are hidden, the plan would tell the magnitude of
    /// every channel, and hold no other weights than those that have the same ones.
    fn spreads(&self) -> bool {
        self.visibility.weights == Visible::Public
    }

    /// The plan of a candidate.
    pub(super) fn plan(&self, candidate: &Candidate) -> Plan {
        let graph = self.graph();
        let scale = match self.range {
            Range::Whole(..) => 0,
            Range::Real(lo, hi) => candidate.input as i32 - ceil_log2(lo.abs().max(hi.abs())),
        };
        let input = InputPlan { scale, interval: input_interval(self.range, scale) };
        let n = graph.nodes().len();
        let policy = self.target.policy;
        let mut plan = Plan {
            graph: graph.digest(),
            policy,
            input,
            steps: vec![Step::default(); n],
            params: vec![vec![]; n],
            scales: vec![scale; n],
            error: None,
        };
        for i in 0..n {
            let Some(layer) = self.layer(i) else {
                plan.steps[i] = self.cut(candidate, i, Step::default(), scale);
                plan.scales[i] = scale - plan.steps[i].shift as i32;
                continue;
            };
            let mut step = Step {
                inputs: graph.nodes()[i].inputs.iter().map(|id| plan.scales[id.0]).collect(),
                ..Step::default()
            };
            let weight = self.tops[i].first().map_or(0.0, |tops| tops.all);
            step.weight_scale = match layer.factors() {
                Factors::None => 0,
                Factors::Weights => candidate.factor[i] as i32 - 1 - ceil_log2(weight),
                Factors::Constants => candidate.factor[i] as i32,
            };
            step.tables = self.tables(i, layer, &step);
            step.reach = if layer.reaches() { self.reached(i) } else { 0 };
            let before = layer.scale(&step);
            plan.steps[i] = self.cut(candidate, i, step, before);
            plan.scales[i] = output_scale(layer, &plan.steps[i]);
        }
        for i in (0..n).filter(|i| candidate.spread[*i] > 0) {
            let finer: Vec<u32> = self.headroom(i).into_iter().map(|room| room.min(candidate.spread[i])).collect();
            if finer.iter().all(|o| *o == 0) {
                continue;
            }
            for node in channels::group(graph, &plan.steps, NodeId(i)).unwrap_or_default() {
                plan.steps[node.0].channels = finer.clone();
            }
        }
        for i in 0..n {
            plan.params[i] = self.params(&plan, i);
        }
        plan
    }

    /// The step with its cut, of values that are at this scale before.
    fn cut(&self, candidate: &Candidate, i: usize, mut step: Step, before: i32) -> Step {
        let magnitude = ceil_log2(self.reach[i]);
        if let Some(bits) = candidate.values[i] {
            step.shift = (before - (bits as i32 - magnitude)).clamp(0, MAX_BITS as i32) as u32;
        }
        if let Some(clip) = candidate.saturate[i] {
            let held = magnitude + before - step.shift as i32 - clip as i32;
            step.saturate = (1..MAX_BITS as i32).contains(&held).then_some(held as u32);
        }
        let Policy::Calibrated { margin_bits } = self.target.policy else { return step };
        if self.fuses(i) || step.cuts() {
            let inputs = &self.graph().nodes()[i].inputs;
            let taken = inputs.iter().map(|n| self.reach[n.0]).fold(0.0, f64::max);
            let reach = if self.fuses(i) { taken } else { self.reach[i] };
            // What rounding adds, half a unit of the result included.
            let most = reach * 2f64.powi(before) + 2f64.powi(step.shift as i32 - 1) + 1.0;
            let width = ceil_log2(most).max(1).unsigned_abs().saturating_add(margin_bits);
            step.bits = (width < MAX_BITS).then_some(width);
        }
        step
    }

    /// How the lowered parameters of a node are held under these steps.
    fn params(&self, plan: &Plan, i: usize) -> Vec<ParamPlan> {
        let Some(layer) = self.layer(i) else { return vec![] };
        let step = &plan.steps[i];
        let weight = self.tops[i].first().map_or(0.0, |tops| tops.all);
        let name = &self.graph().nodes()[i].name;
        let hidden = self.visibility.weights != Visible::Public;
        self.lowered[i]
            .iter()
            .zip(&self.tops[i])
            .map(|(l, tops)| {
                let scale = param_scale(layer, step, l.role);
                let each = tops.channels.iter().zip(&step.channels).map(|(top, finer)| top * 2f64.powi(*finer as i32));
                let mut reach = if step.channels.is_empty() { tops.all } else { each.fold(0.0, f64::max) };
                if hidden && l.role == Role::Bias {
                    reach = reach.max(weight);
                }
                let bits = (ceil_log2(reach) + scale + 1).clamp(1, 240) as u32;
                ParamPlan { name: format!("{name}.{}", l.name), role: l.role, scale, bits }
            })
            .collect()
    }
}

/// The candidate that differs from `base` where `a` or `b` does; where both do, those of `a`.
pub(super) fn merge(base: &Candidate, a: &Candidate, b: &Candidate) -> Candidate {
    fn pick<T: PartialEq + Copy>(base: &[T], a: &[T], b: &[T]) -> Vec<T> {
        base.iter().zip(a).zip(b).map(|((o, x), y)| if x == o { *y } else { *x }).collect()
    }
    Candidate {
        input: if a.input == base.input { b.input } else { a.input },
        factor: pick(&base.factor, &a.factor, &b.factor),
        spread: pick(&base.spread, &a.spread, &b.spread),
        values: pick(&base.values, &a.values, &b.values),
        saturate: pick(&base.saturate, &a.saturate, &b.saturate),
    }
}
