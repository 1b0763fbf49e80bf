//! The search for the cheapest plan that is faithful enough.
//!
//! 1. A grid: the same width for all weights, the same for all activations, with and without saturation, with and
//!    without rescaling. Costs are exact ([`crate::arith::counts`]) and cheap to get, so the grid is sorted by cost and
//!    tried on the samples from the cheapest up, the samples with the closest calls first.
//! 2. Balance: bits are moved to where they are cheap, see `balance`.
//! 3. Descent, as long as it gets cheaper and stays faithful: one bit less here, one saturation more there, a rescale at
//!    any node or left out, those first that save much and should add little noise. A move that is refused is not tried
//!    again until others have been made; what makes a plan coarser elsewhere would not make it faithful.
//! 4. When no move is left, pairs: one less here for one more there. Their costs are estimated by those of both alone.
//! 5. When no pair is left, some of them at once, drawn at random (always the same), as long as there are tries.
//! 6. Of hidden weights, steps: outputs share packed products in whole numbers, so costs fall in steps of several bits. Of registered ones they
//!    were taken to fall with every bit up to here. Now several bits less are tried at once, with as many more elsewhere as that leaves room for.
//!
//! With a time limit, the clock is read before every plan that is counted or tried. It is asked for nothing else: a search that
//! is over in time takes the same steps whatever the clock says.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use rayon::prelude::*;

use super::{
    Quantized, Target,
    balance::Balance,
    calibration::{Calibration, Clock},
    candidate::{Candidate, Move, merge},
    frontier::{Frontier, Point},
    ledger::Price,
};
use crate::{
    error::PlanError,
    graph::{Range, Visible},
    model::Model,
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

/// A search under way.
struct Search<'a, 'p> {
    calibration: Calibration<'a>,
    progress: &'p mut dyn FnMut(Progress),
    /// The samples, those that fail plans first.
    order: Vec<usize>,
    seen: HashSet<Candidate>,
    frontier: Frontier,
    /// Plans that miss the target and yet are to be run on all samples, for the frontier.
    spare: usize,
    tried: usize,
    /// The best so far, by the [costs](Calibration::cost) that the search goes by.
    best: Option<(usize, Candidate)>,
    /// That with the fewest constraints.
    fewest: Option<(usize, Candidate)>,
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
    let start = Instant::now();
    by_clock(model, samples, target, progress, &|| start.elapsed())
}

/// As [`search`], by a clock that starts at zero.
fn by_clock(
    model: &Model,
    samples: &[Tensor],
    target: Target,
    progress: &mut dyn FnMut(Progress),
    clock: Clock<'_>,
) -> Result<Quantized, PlanError> {
    let mut search = Search::begun(model, samples, target, progress, clock)?;
    if search.packs() {
        search.step();
    }
    let Search { calibration, progress, mut frontier, tried, fewest, .. } = search;
    frontier.ended(calibration.was_late());
    let Some((constraints, candidate)) = fewest else {
        return Err(match target.time_limit.filter(|_| calibration.was_late()) {
            Some(limit) => PlanError::TimeLimit { limit, tried },
            None => calibration.unreachable()?,
        });
    };
    progress(Progress { stage: "done", tried, constraints: Some(constraints) });
    frontier.choose(constraints);
    let plan = calibration.stated(&candidate)?;
    Ok(Quantized::of(model, calibration.optimized, calibration.passes, plan)?.with_frontier(frontier))
}

impl<'a, 'p> Search<'a, 'p> {
    /// The search by single bits: grid, balance, and descent.
    fn begun(
        model: &'a Model,
        samples: &[Tensor],
        target: Target,
        progress: &'p mut dyn FnMut(Progress),
        clock: Clock<'a>,
    ) -> Result<Self, PlanError> {
        let calibration = Calibration::new(model, samples, target, clock)?;
        let mut grid = calibration.grid(progress);
        grid.sort_by_key(|(cost, _)| *cost);
        let mut search = Self {
            order: (0..samples.len()).collect(),
            seen: HashSet::new(),
            frontier: Frontier::new(calibration.graph().name()),
            spare: if calibration.large() { 8 } else { 32 },
            tried: 0,
            best: None,
            fewest: None,
            balance: Balance::default(),
            random: 0x9e37_79b9_7f4a_7c15,
            calibration,
            progress,
        };
        for (_, candidate) in grid {
            if search.calibration.is_late() || search.accepts("grid", &candidate) {
                break;
            }
        }
        // Inputs may need more bits than those of the grid.
        let finest =
            if search.best.is_none() && !search.calibration.is_late() { search.calibration.finest() } else { None };
        if let Some(candidate) = finest {
            search.accepts("grid", &candidate);
        }
        search.level();
        search.descend();
        Ok(search)
    }
}

impl Search<'_, '_> {
    /// Tries a plan on the samples; if it is faithful and cheaper, it is the best one.
    fn accepts(&mut self, stage: &'static str, candidate: &Candidate) -> bool {
        let plan = self.calibration.plan(candidate);
        let Some(Price { constraints, by_bits: cost, .. }) = self.calibration.price(&plan) else { return false };
        self.tried += 1;
        (self.progress)(Progress { stage, tried: self.tried, constraints: self.fewest.as_ref().map(|b| b.0) });
        self.seen.insert(candidate.clone());
        let all = self.spare > 0 && self.frontier.misses(constraints);
        let verdict = self.calibration.evaluate(&plan, &mut self.order, all);
        if let Some((max_error, top1)) = verdict.measured {
            self.frontier.add(Point { constraints, max_error, top1, faithful: verdict.faithful });
        }
        if verdict.faithful && self.fewest.as_ref().is_none_or(|b| constraints < b.0) {
            self.fewest = Some((constraints, candidate.clone()));
        }
        if verdict.faithful && self.best.as_ref().is_none_or(|b| cost < b.0) {
            self.best = Some((cost, candidate.clone()));
        } else if all && !verdict.faithful {
            self.spare -= 1;
        }
        verdict.faithful
    }

    fn ended(&self) -> bool {
        self.tried >= self.calibration.target.tries || self.calibration.is_late()
    }

    /// Moves bits to where they are cheap, with saturation and without, as long as that helps.
    fn level(&mut self) {
        for _ in 0..2 {
            let Some((cost, base)) = self.best.clone() else { return };
            let saturates = base.saturate.iter().any(Option::is_some);
            let flip = |values: &Option<u32>| values.filter(|_| !saturates).map(|_| 0);
            let flipped = Candidate { saturate: base.values.iter().map(flip).collect(), ..base.clone() };
            for base in [base, flipped] {
                let price = self.calibration.cost(&base);
                let Some(balance) = price.and_then(|c| Balance::around(&self.calibration, &base, c)) else { continue };
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
    fn along(&mut self, balance: &Balance, base: &Candidate) {
        let steps: i32 = if self.calibration.large() { 4 } else { 8 };
        let at = |n: i32| balance.plan(base, f64::from(n) / f64::from(steps));
        // Close ones are often the same plan.
        let mut known: HashMap<Candidate, bool> = HashMap::new();
        let mut tries = |search: &mut Self, n: i32| {
            let candidate = at(n);
            if let Some(faithful) = known.get(&candidate) {
                return *faithful;
            }
            let price = search.calibration.cost(&candidate).filter(|_| !search.ended());
            let faithful = price.is_some() && search.accepts("balance", &candidate);
            known.insert(candidate, faithful);
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

    /// Changes one setting, then two, as long as that is cheaper and faithful.
    fn descend(&mut self) {
        let mut refused: HashSet<Move> = HashSet::new();
        let mut refused_pairs: HashSet<(Move, Move)> = HashSet::new();
        let mut moved = false;
        while let (Some((cost, candidate)), false) = (self.best.clone(), self.ended()) {
            let mut downs = self.calibration.priced(self.calibration.downs(&candidate));
            self.rank(cost, &candidate, &mut downs);
            if self.change(cost, &downs, &mut refused) {
                moved = true;
                continue;
            }
            if self.pair(cost, &candidate, &downs, &mut refused_pairs) {
                moved = true;
                refused.clear();
                continue;
            }
            if !moved && !self.explore(cost, &candidate, &downs) {
                return;
            }
            // What was refused long ago may be accepted now.
            moved = false;
            refused.clear();
            refused_pairs.clear();
        }
    }

    /// Sorts moves: what saves most for the noise that it adds comes first.
    fn rank(&self, cost: usize, base: &Candidate, moves: &mut [(usize, Move, Candidate)]) {
        moves.sort_by_cached_key(|(c, change, candidate)| {
            let added = self.balance.added(change, base, candidate);
            let saved = cost.saturating_sub(*c).max(1) as f64;
            // Positive floats are in the order of their bits.
            let loss = if added > 0.0 { (added / saved).to_bits() } else { 0 };
            (loss, *c, *change)
        });
    }

    /// The first move that is cheaper and accepted.
    fn change(&mut self, cost: usize, moves: &[(usize, Move, Candidate)], refused: &mut HashSet<Move>) -> bool {
        for (c, change, candidate) in moves {
            if self.ended() {
                return false;
            }
            if *c >= cost || refused.contains(change) || self.seen.contains(candidate) {
                continue;
            }
            if self.accepts("descent", candidate) {
                return true;
            }
            refused.insert(*change);
        }
        false
    }

    /// The first pair of moves, one coarser and one finer, that is cheaper and accepted.
    fn pair(
        &mut self,
        cost: usize,
        base: &Candidate,
        downs: &[(usize, Move, Candidate)],
        refused: &mut HashSet<(Move, Move)>,
    ) -> bool {
        if self.calibration.large() || base.factor.len() > 24 {
            return false;
        }
        let ups = self.calibration.priced(self.calibration.ups(base));
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
            let candidate = merge(base, &down.2, &up.2);
            if refused.contains(&both) || self.seen.contains(&candidate) {
                continue;
            }
            match self.calibration.cost(&candidate) {
                Some(c) if c < cost && self.accepts("pairs", &candidate) => return true,
                _ => {
                    refused.insert(both);
                }
            }
        }
        false
    }
}

/// The most bits that are taken from a setting at once, and how many plans with fewer are tried.
const LESS: u32 = 4;
const STEPS: usize = 120;

impl Search<'_, '_> {
    /// Whether costs are those of packed products for a good part, and there is time for many more plans.
    fn packs(&self) -> bool {
        let hidden = self.calibration.visibility.weights != Visible::Public;
        hidden && (self.calibration.target.circuits.registers || !self.calibration.large())
    }

    /// Takes several bits at once from one or two settings, where that has fewer constraints, and gives others as many as most of what is saved
    /// pays for; as long as that helps.
    fn step(&mut self) {
        let mut left = STEPS;
        while let Some((fewest, base)) = self.fewest.clone() {
            let mut tried: Vec<(u64, usize, Candidate)> = Vec::new();
            let steps = self.calibration.constrained(self.calibration.steps(&base, LESS));
            for (constraints, candidate) in steps.into_iter().filter(|(constraints, _)| *constraints < fewest) {
                let noise = self.balance.between(&base, &candidate);
                // Positive floats are in the order of their bits.
                let loss = if noise > 0.0 { (noise / (fewest - constraints) as f64).to_bits() } else { 0 };
                tried.push((loss, constraints, candidate));
            }
            tried.sort_by_key(|(loss, constraints, _)| (*loss, *constraints));
            let mut accepted = false;
            for (_, constraints, candidate) in tried {
                if left == 0 || self.calibration.is_late() {
                    return;
                }
                // The most faithful one that is still an improvement.
                let candidate = self.refined(fewest - (fewest - constraints).div_ceil(8), candidate);
                if self.seen.contains(&candidate) {
                    continue;
                }
                left -= 1;
                if self.accepts("steps", &candidate) {
                    accepted = true;
                    break;
                }
            }
            if !accepted {
                return;
            }
        }
    }

    /// The candidate with as many bits more as this number of constraints admits, those first that take the most noise for a constraint.
    fn refined(&self, most: usize, mut candidate: Candidate) -> Candidate {
        while let Some(constraints) = self.calibration.constraints(&candidate) {
            let ups = self.calibration.constrained(self.calibration.finer(&candidate)).into_iter();
            let ups = ups.filter(|(c, _)| *c <= most).map(|(c, up)| {
                let gained = self.balance.between(&up, &candidate);
                (gained / c.saturating_sub(constraints).max(1) as f64, up)
            });
            let Some((_, up)) = ups.filter(|(gain, _)| *gain > 0.0).max_by(|a, b| a.0.total_cmp(&b.0)) else { break };
            candidate = up;
        }
        candidate
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

    /// Some moves at once, such that noise and costs should not grow.
    fn explore(&mut self, cost: usize, base: &Candidate, downs: &[(usize, Move, Candidate)]) -> bool {
        if self.calibration.large() {
            return false;
        }
        let mut moves = self.calibration.priced(self.calibration.ups(base));
        moves.extend(downs.iter().cloned());
        let added: Vec<f64> =
            moves.iter().map(|(_, change, candidate)| self.balance.added(change, base, candidate)).collect();
        for _ in 0..ROUNDS {
            let mut drawn: Vec<(u64, i64, Candidate)> = Vec::new();
            for _ in 0..DRAWN {
                let (mut candidate, mut change, mut noise) = (base.clone(), 0i64, 0.0);
                for _ in 0..3 + self.draw(3) {
                    let n = self.draw(moves.len());
                    candidate = merge(base, &candidate, &moves[n].2);
                    change += moves[n].0 as i64 - cost as i64;
                    noise += added[n];
                }
                if change < 0 && noise.is_finite() && !self.seen.contains(&candidate) {
                    let loss = if noise > 0.0 { (noise / -change as f64).to_bits() } else { 0 };
                    drawn.push((loss, change, candidate));
                }
            }
            drawn.sort_by_key(|(loss, change, _)| (*loss, *change));
            for (_, _, candidate) in drawn.into_iter().take(ROUND) {
                if self.ended() {
                    return false;
                }
                let price = self.calibration.cost(&candidate).filter(|c| *c < cost && !self.seen.contains(&candidate));
                if price.is_some() && self.accepts("random", &candidate) {
                    return true;
                }
            }
        }
        false
    }
}

impl Calibration<'_> {
    /// The cost of the plan, if there is time to count it.
    fn in_time(&self, candidate: &Candidate) -> Option<usize> {
        if self.is_late() { None } else { self.cost(candidate) }
    }

    /// These candidates with their costs, where they are possible at all.
    fn costs(&self, candidates: Vec<Candidate>) -> Vec<(usize, Candidate)> {
        candidates.into_par_iter().filter_map(|k| self.in_time(&k).map(|c| (c, k))).collect()
    }

    /// These candidates with their constraints, where they are possible at all.
    fn constrained(&self, candidates: Vec<Candidate>) -> Vec<(usize, Candidate)> {
        let in_time = |k: &Candidate| if self.is_late() { None } else { self.constraints(k) };
        candidates.into_par_iter().filter_map(|k| in_time(&k).map(|c| (c, k))).collect()
    }

    /// These moves with their costs, the cheapest first.
    fn priced(&self, moves: Vec<(Move, Candidate)>) -> Vec<(usize, Move, Candidate)> {
        let mut priced: Vec<(usize, Move, Candidate)> =
            moves.into_par_iter().filter_map(|(change, k)| self.in_time(&k).map(|c| (c, change, k))).collect();
        priced.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        priced
    }

    /// The uniform plans with their costs.
    fn grid(&self, progress: &mut dyn FnMut(Progress)) -> Vec<(usize, Candidate)> {
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
                        grid.push(self.candidate(input, factor, None, false, false));
                    }
                    if fused || everywhere {
                        for &values in &widths {
                            grid.extend(
                                [false, true].map(|s| self.candidate(input, factor, Some(values), s, everywhere)),
                            );
                        }
                    }
                }
            }
            // Rescaling what no activation forces to be decomposed costs extra: only where nothing else is possible.
            let costed: Vec<(usize, Candidate)> = self.costs(std::mem::take(&mut grid));
            if !costed.is_empty() || everywhere {
                return costed;
            }
        }
        vec![]
    }
}

#[cfg(test)]
mod tests;
