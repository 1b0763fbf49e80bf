//! The search for the cheapest plan that is faithful enough.
//!
//! 1. A grid: the same width for all weights, the same for all activations, with and without saturation, with and
//!    without rescaling. Costs are exact ([`crate::arith::counts`]) and cheap to get, so the grid is sorted by cost and
//!    tried on the samples from the cheapest up, the samples with the closest calls first.
//! 2. Balance: bits are moved to where they are cheap, see `balance`.
//! 3. Descent, as long as it gets cheaper and stays faithful: one bit less here, one saturation more there, a rescale at
//!    any node or left out, those first that save much and should add little noise. A turn that is refused is not tried
//!    again until others have been made; what makes a plan coarser elsewhere would not make it faithful.
//! 4. When no turn is left, pairs: one less here for one more there. Their costs are estimated by those of both alone.
//! 5. When no pair is left, some of them at once, drawn at random (always the same), as long as there are tries.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::{
    Quantized, Target,
    balance::Balance,
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
    balance: Balance,
    /// The state of a random generator; plans do not depend on anything but the model and the samples.
    random: u64,
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
        balance: Balance::default(),
        random: 0x9e37_79b9_7f4a_7c15,
        subject,
        progress,
    };
    for (cost, knobs) in grid {
        if search.accepts("grid", cost, &knobs) {
            break;
        }
    }
    // Inputs may need more bits than those of the grid.
    let finest = if search.best.is_none() { search.subject.finest() } else { None };
    if let Some((cost, knobs)) = finest.and_then(|k| search.subject.cost(&k).map(|c| (c, k))) {
        search.accepts("grid", cost, &knobs);
    }
    search.level();
    search.descend();
    let Search { subject, progress, mut frontier, tried, best, .. } = search;
    let Some((cost, knobs)) = best else { return Err(subject.unreachable()?) };
    progress(Progress { stage: "done", tried, constraints: Some(cost) });
    frontier.choose(cost);
    let plan = subject.stated(&knobs)?;
    Ok(Quantized::of(model, subject.optimized, subject.passes, plan)?.with_frontier(frontier))
}

impl Search<'_, '_> {
    /// Tries a plan on the samples; if it is faithful and cheaper, it is the best one.
    fn accepts(&mut self, stage: &'static str, cost: usize, knobs: &Knobs) -> bool {
        self.tried += 1;
        (self.progress)(Progress { stage, tried: self.tried, constraints: self.best.as_ref().map(|b| b.0) });
        self.seen.insert(knobs.clone());
        let all = self.spare > 0 && self.frontier.misses(cost);
        let verdict = self.subject.evaluate(&self.subject.plan(knobs), &mut self.order, all);
        if let Some((max_error, top1)) = verdict.measured {
            self.frontier.add(Point { constraints: cost, max_error, top1, faithful: verdict.faithful });
        }
        if verdict.faithful && self.best.as_ref().is_none_or(|b| cost < b.0) {
            self.best = Some((cost, knobs.clone()));
        } else if all && !verdict.faithful {
            self.spare -= 1;
        }
        verdict.faithful
    }

    fn ended(&self) -> bool {
        self.tried >= self.subject.target.tries
    }

    /// Moves bits to where they are cheap, with saturation and without, as long as that helps.
    fn level(&mut self) {
        for _ in 0..2 {
            let Some((cost, base)) = self.best.clone() else { return };
            let saturates = base.saturate.iter().any(Option::is_some);
            let flip = |values: &Option<u32>| values.filter(|_| !saturates).map(|_| 0);
            let flipped = Knobs { saturate: base.values.iter().map(flip).collect(), ..base.clone() };
            for base in [base, flipped] {
                let price = self.subject.cost(&base);
                let Some(balance) = price.and_then(|c| Balance::around(&self.subject, &base, c)) else { continue };
                let before = self.best.as_ref().map(|b| b.0);
                self.along(&balance, &base);
                if self.balance.is_empty() || self.best.as_ref().map(|b| b.0) < before {
                    self.balance = balance;
                }
            }
            if self.best.as_ref().is_none_or(|(c, _)| *c >= cost) {
                return;
            }
        }
    }

    /// The cheapest faithful one of the balanced plans: between the finest and the coarsest by bisection, then some that
    /// are coarser yet, since noise is not all that decides.
    fn along(&mut self, balance: &Balance, base: &Knobs) {
        let steps: i32 = if self.subject.large() { 4 } else { 8 };
        let at = |n: i32| balance.plan(base, f64::from(n) / f64::from(steps));
        // Close ones are often the same plan.
        let mut known: HashMap<Knobs, bool> = HashMap::new();
        let mut tries = |search: &mut Self, n: i32| {
            let knobs = at(n);
            if let Some(faithful) = known.get(&knobs) {
                return *faithful;
            }
            let price = search.subject.cost(&knobs).filter(|_| !search.ended());
            let faithful = price.is_some_and(|c| search.accepts("balance", c, &knobs));
            known.insert(knobs, faithful);
            faithful
        };
        let (mut fine, mut coarse) = (-4 * steps, 4 * steps);
        while coarse - fine > 1 {
            let middle = (fine + coarse).div_euclid(2);
            if tries(self, middle) { fine = middle } else { coarse = middle }
        }
        for n in fine + 1..fine + 1 + steps {
            tries(self, n);
        }
    }

    /// Turns one knob, then two, as long as that is cheaper and faithful.
    fn descend(&mut self) {
        let mut refused: HashSet<Turn> = HashSet::new();
        let mut refused_pairs: HashSet<(Turn, Turn)> = HashSet::new();
        let mut moved = false;
        while let (Some((cost, knobs)), false) = (self.best.clone(), self.ended()) {
            let mut downs = self.subject.priced(self.subject.downs(&knobs));
            self.rank(cost, &knobs, &mut downs);
            if self.turn(cost, &downs, &mut refused) {
                moved = true;
                continue;
            }
            if self.pair(cost, &knobs, &downs, &mut refused_pairs) {
                moved = true;
                refused.clear();
                continue;
            }
            if !moved && !self.explore(cost, &knobs, &downs) {
                return;
            }
            // What was refused long ago may be accepted now.
            moved = false;
            refused.clear();
            refused_pairs.clear();
        }
    }

    /// Sorts turns: what saves most for the noise that it adds comes first.
    fn rank(&self, cost: usize, base: &Knobs, turns: &mut [(usize, Turn, Knobs)]) {
        turns.sort_by_cached_key(|(c, turn, knobs)| {
            let added = self.balance.added(turn, base, knobs);
            let saved = cost.saturating_sub(*c).max(1) as f64;
            // Positive floats are in the order of their bits.
            let loss = if added > 0.0 { (added / saved).to_bits() } else { 0 };
            (loss, *c, *turn)
        });
    }

    /// The first turn that is cheaper and accepted.
    fn turn(&mut self, cost: usize, turns: &[(usize, Turn, Knobs)], refused: &mut HashSet<Turn>) -> bool {
        for (c, turn, knobs) in turns {
            if self.ended() {
                return false;
            }
            if *c >= cost || refused.contains(turn) || self.seen.contains(knobs) {
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
        let mut pairs: Vec<(u64, usize, usize, usize)> = Vec::new();
        for (d, down) in downs.iter().enumerate().filter(|(_, down)| down.0 < cost) {
            let added = self.balance.added(&down.1, base, &down.2);
            for (u, up) in ups.iter().enumerate() {
                let estimate = (down.0 + up.0).saturating_sub(cost);
                if estimate < cost {
                    let noise = added + self.balance.added(&up.1, base, &up.2);
                    let loss = if noise > 0.0 { (noise / (cost - estimate) as f64).to_bits() } else { 0 };
                    pairs.push((loss, estimate, d, u));
                }
            }
        }
        pairs.sort_unstable();
        for (_, _, d, u) in pairs {
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

/// How many rounds of random plans may fail one after the other, and how many plans a round draws and tries.
const ROUNDS: usize = 10;
const DRAWN: usize = 256;
const ROUND: usize = 12;

impl Search<'_, '_> {
    fn draw(&mut self, below: usize) -> usize {
        // Xorshift: nothing hangs on its quality.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 33) as usize % below.max(1)
    }

    /// Some turns at once, such that noise and costs should not grow.
    fn explore(&mut self, cost: usize, base: &Knobs, downs: &[(usize, Turn, Knobs)]) -> bool {
        if self.subject.large() {
            return false;
        }
        let mut turns = self.subject.priced(self.subject.ups(base));
        turns.extend(downs.iter().cloned());
        let added: Vec<f64> = turns.iter().map(|(_, turn, knobs)| self.balance.added(turn, base, knobs)).collect();
        for _ in 0..ROUNDS {
            let mut drawn: Vec<(u64, i64, Knobs)> = Vec::new();
            for _ in 0..DRAWN {
                let (mut knobs, mut change, mut noise) = (base.clone(), 0i64, 0.0);
                for _ in 0..3 + self.draw(3) {
                    let n = self.draw(turns.len());
                    knobs = merge(base, &knobs, &turns[n].2);
                    change += turns[n].0 as i64 - cost as i64;
                    noise += added[n];
                }
                if change < 0 && noise.is_finite() && !self.seen.contains(&knobs) {
                    let loss = if noise > 0.0 { (noise / -change as f64).to_bits() } else { 0 };
                    drawn.push((loss, change, knobs));
                }
            }
            drawn.sort_by_key(|(loss, change, _)| (*loss, *change));
            for (_, _, knobs) in drawn.into_iter().take(ROUND) {
                if self.ended() {
                    return false;
                }
                let price = self.subject.cost(&knobs).filter(|c| *c < cost && !self.seen.contains(&knobs));
                if price.is_some_and(|c| self.accepts("random", c, &knobs)) {
                    return true;
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
        let widths: Vec<u32> = (4..=16).step_by(if large { 4 } else { 2 }).collect();
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
                        for &values in &widths {
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
