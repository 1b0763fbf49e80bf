//! The search for the cheapest plan that is faithful enough.
//!
//! 1. A grid: the same width for all weights, the same for all activations, with and without saturation, with and
//!    without rescaling. Costs are exact ([`crate::arith::counts`]) and cheap to get, so the grid is sorted by cost and
//!    tried on the samples from the cheapest up, the samples with the closest calls first.
//! 2. Descent, as long as it gets cheaper and stays faithful: one bit less here, one saturation more there, a rescale at
//!    any node or left out. A turn that is refused is not tried again until others have been made; what makes a plan
//!    coarser elsewhere would not make it faithful.
//! 3. When no turn is left, pairs: one less here for one more there. Their costs are estimated by those of both alone.

use std::collections::HashSet;

use rayon::prelude::*;

use super::{
    Quantized, Target,
    frontier::{Frontier, Point},
    knobs::{Knobs, Turn, merge},
    subject::Subject,
};
use crate::{error::PlanError, graph::Range, model::Model, tensor::Tensor};

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

/// A search under way.
struct Search<'a, 'p> {
    subject: Subject<'a>,
    progress: &'p mut dyn FnMut(Progress),
    /// The samples, those that fail plans first.
    order: Vec<usize>,
    seen: HashSet<Knobs>,
    frontier: Frontier,
    /// Plans that miss the target and yet are to be run on all samples, for the frontier.
    spare: usize,
    tried: usize,
    best: Option<(usize, Knobs)>,
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
    let mut grid = subject.grid(progress);
    grid.sort_by_key(|(cost, _)| *cost);
    let mut search = Search {
        order: (0..samples.len()).collect(),
        seen: HashSet::new(),
        frontier: Frontier::new(subject.graph().name()),
        spare: if subject.large() { 8 } else { 32 },
        tried: 0,
        best: None,
        subject,
        progress,
    };
    for (cost, knobs) in grid {
        if search.accepts("grid", cost, &knobs) {
            break;
        }
    }
    search.descend();
    let Search { subject, progress, mut frontier, tried, best, .. } = search;
    let Some((cost, knobs)) = best else { return Err(subject.unreachable()?) };
    progress(Progress { stage: "done", tried, constraints: Some(cost) });
    frontier.choose(cost);
    let plan = subject.plan(&knobs);
    Ok(Quantized::of(model, subject.optimized, subject.passes, plan)?.with_frontier(frontier))
}

impl Search<'_, '_> {
    /// Tries a plan on the samples; if it is faithful, it is the best one.
    fn accepts(&mut self, stage: &'static str, cost: usize, knobs: &Knobs) -> bool {
        self.tried += 1;
        (self.progress)(Progress { stage, tried: self.tried, constraints: self.best.as_ref().map(|b| b.0) });
        self.seen.insert(knobs.clone());
        let all = self.spare > 0 && self.frontier.misses(cost);
        let verdict = self.subject.evaluate(&self.subject.plan(knobs), &mut self.order, all);
        if let Some((max_error, top1)) = verdict.measured {
            self.frontier.add(Point { constraints: cost, max_error, top1, faithful: verdict.faithful });
        }
        if verdict.faithful {
            self.best = Some((cost, knobs.clone()));
        } else if all {
            self.spare -= 1;
        }
        verdict.faithful
    }

    fn ended(&self) -> bool {
        self.tried >= self.subject.target.tries
    }

    /// Turns one knob, then two, as long as that is cheaper and faithful.
    fn descend(&mut self) {
        let mut refused: HashSet<Turn> = HashSet::new();
        let mut refused_pairs: HashSet<(Turn, Turn)> = HashSet::new();
        let mut moved = false;
        while let (Some((cost, knobs)), false) = (self.best.clone(), self.ended()) {
            let downs = self.subject.priced(self.subject.downs(&knobs));
            if self.turn(cost, &downs, &mut refused) {
                moved = true;
                continue;
            }
            if self.pair(cost, &knobs, &downs, &mut refused_pairs) {
                moved = true;
                refused.clear();
                continue;
            }
            if !moved {
                return;
            }
            // What was refused long ago may be accepted now.
            moved = false;
            refused.clear();
            refused_pairs.clear();
        }
    }

    /// The first turn that is cheaper and accepted, the one that saves most first.
    fn turn(&mut self, cost: usize, turns: &[(usize, Turn, Knobs)], refused: &mut HashSet<Turn>) -> bool {
        for (c, turn, knobs) in turns {
            if *c >= cost || self.ended() {
                return false;
            }
            if refused.contains(turn) || self.seen.contains(knobs) {
                continue;
            }
            if self.accepts("descent", *c, knobs) {
                return true;
            }
            refused.insert(*turn);
        }
        false
    }

    /// The first pair of turns, one coarser and one finer, that is cheaper and accepted.
    fn pair(
        &mut self,
        cost: usize,
        base: &Knobs,
        downs: &[(usize, Turn, Knobs)],
        refused: &mut HashSet<(Turn, Turn)>,
    ) -> bool {
        if self.subject.large() || base.factor.len() > 24 {
            return false;
        }
        let ups = self.subject.priced(self.subject.ups(base));
        let mut pairs: Vec<(usize, usize, usize)> = Vec::new();
        for (d, down) in downs.iter().enumerate().filter(|(_, down)| down.0 < cost) {
            for (u, up) in ups.iter().enumerate() {
                pairs.push(((down.0 + up.0).saturating_sub(cost), d, u));
            }
        }
        pairs.retain(|(estimate, ..)| *estimate < cost);
        pairs.sort_unstable();
        for (_, d, u) in pairs {
            if self.ended() {
                return false;
            }
            let (down, up) = (&downs[d], &ups[u]);
            let both = (down.1, up.1);
            let knobs = merge(base, &down.2, &up.2);
            if refused.contains(&both) || self.seen.contains(&knobs) {
                continue;
            }
            match self.subject.cost(&knobs) {
                Some(c) if c < cost && self.accepts("pairs", c, &knobs) => return true,
                _ => {
                    refused.insert(both);
                }
            }
        }
        false
    }
}

impl Subject<'_> {
    /// These knobs with their costs, where they are possible at all.
    fn costs(&self, knobs: Vec<Knobs>) -> Vec<(usize, Knobs)> {
        knobs.into_par_iter().filter_map(|k| self.cost(&k).map(|c| (c, k))).collect()
    }

    /// These turns with their costs, the cheapest first.
    fn priced(&self, turns: Vec<(Turn, Knobs)>) -> Vec<(usize, Turn, Knobs)> {
        let mut priced: Vec<(usize, Turn, Knobs)> =
            turns.into_par_iter().filter_map(|(turn, k)| self.cost(&k).map(|c| (c, turn, k))).collect();
        priced.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        priced
    }

    /// The uniform plans with their costs.
    fn grid(&self, progress: &mut dyn FnMut(Progress)) -> Vec<(usize, Knobs)> {
        let inputs: &[u32] = if matches!(self.range, Range::Whole(..)) { &[0] } else { &[8, 6, 12] };
        let large = self.large();
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
            let costed: Vec<(usize, Knobs)> = self.costs(std::mem::take(&mut grid));
            if !costed.is_empty() || everywhere {
                return costed;
            }
        }
        vec![]
    }
}
