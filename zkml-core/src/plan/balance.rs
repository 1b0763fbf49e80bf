//! Bit allocation: the cheapest distribution of bits that adds a given noise.
//!
//! A setting of `b` bits adds noise to the scores, of a variance of about `v * 4^-b`, and about `c * b` constraints. Of all
//! plans with the same noise, the cheapest has `v_j * 4^-b_j` in proportion to `c_j`, so that
//!
//! ```text
//! b_j = log2(v_j / c_j) / 2 - t
//! ```
//!
//! with one number `t` for all settings. Both `v_j` and `c_j` are measured: the noise by changing one setting of a plan that is
//! fine otherwise, the cost by taking one bit from the plan at hand. What is left to try is `t`.

use std::collections::HashMap;

use super::{
    calibration::Calibration,
    candidate::{Candidate, FINEST, Move, Setting},
};

/// How fine a plan is that adds no noise of its own.
const FINE: u32 = 16;

/// The samples that noise is measured on.
const SAMPLES: usize = 24;

/// The noise of each setting, and the balanced plans.
#[derive(Debug, Default)]
pub(super) struct Balance {
    /// For every setting, the variance that it adds, and at how many bits.
    noise: HashMap<Setting, (f64, u32)>,
    /// For every setting, its bits where `t` is zero.
    level: Vec<(Setting, f64)>,
}

impl Balance {
    /// The balance around a plan; nothing if the noise of a fine plan can't be measured, or the time is over.
    pub(super) fn around(calibration: &Calibration, base: &Candidate, cost: usize) -> Option<Self> {
        let settings = calibration.settings(base);
        let mut fine = Candidate { saturate: vec![None; base.saturate.len()], ..base.clone() };
        settings.iter().for_each(|d| fine.set_bits(*d, FINE));
        let floor = calibration.noise(&fine, SAMPLES)?;
        let mut balance = Self::default();
        for setting in settings {
            if calibration.is_late() {
                return None;
            }
            let bits = base.bits(setting)?;
            let one = fine.with_bits(setting, bits);
            let added = (calibration.noise(&one, SAMPLES)? - floor).max(floor * 1e-3).max(1e-30);
            let less = base.with_bits(setting, bits.saturating_sub(1));
            // A bit that costs nothing is counted as a part of one: then there will be enough of them.
            let saved = cost.saturating_sub(calibration.cost(&less).unwrap_or(cost)) as f64;
            balance.noise.insert(setting, (added, bits));
            balance.level.push((setting, f64::from(bits) + (added / saved.max(0.25)).log2() / 2.0));
        }
        let mean = |f: &dyn Fn(Setting, f64) -> f64| {
            balance.level.iter().map(|(d, l)| f(*d, *l)).sum::<f64>() / balance.level.len().max(1) as f64
        };
        // So that `t` is about zero for plans like this one.
        let shift = mean(&|d, l| l - f64::from(base.bits(d).unwrap_or(0)));
        balance.level.iter_mut().for_each(|(_, l)| *l -= shift);
        Some(balance)
    }

    /// Whether nothing was measured yet.
    pub(super) fn is_empty(&self) -> bool {
        self.level.is_empty()
    }

    /// The balanced plan that is coarser by `t` bits.
    pub(super) fn plan(&self, base: &Candidate, t: f64) -> Candidate {
        let mut candidate = base.clone();
        for (setting, level) in &self.level {
            let now = base.bits(*setting).map_or(0.0, f64::from);
            // Far from where it was measured, the noise is another.
            let bits = (level - t).clamp(now - 6.0, now + 6.0).round().clamp(2.0, f64::from(FINEST));
            candidate.set_bits(*setting, bits as u32);
        }
        candidate
    }

    /// The noise of a setting with the bits that a candidate gives it; none where it is not known.
    fn of(&self, candidate: &Candidate, setting: Setting) -> f64 {
        let Some(((noise, at), bits)) = self.noise.get(&setting).zip(candidate.bits(setting)) else { return 0.0 };
        noise * 4f64.powi(*at as i32 - bits as i32)
    }

    /// The noise that one candidate has more than another, of the settings whose noise is known.
    pub(super) fn between(&self, base: &Candidate, other: &Candidate) -> f64 {
        // In the order of the settings: sums of floats depend on it.
        self.level.iter().map(|(setting, _)| self.of(other, *setting) - self.of(base, *setting)).sum()
    }

    /// The noise that a move adds, where it is known; infinite for those that lose an unknown amount.
    pub(super) fn added(&self, change: &Move, base: &Candidate, turned: &Candidate) -> f64 {
        let setting = (change.0, change.1);
        match change.0 {
            "input" | "factor" | "values" => self.of(turned, setting) - self.of(base, setting),
            "place" | "clip" => f64::INFINITY,
            "spread" if turned.spread[change.1] > base.spread[change.1] => self.spread(change.1, base, -0.5),
            "spread" => self.spread(change.1, base, 0.5),
            _ => 0.0,
        }
    }

    /// A part of the noise of a node's weights.
    fn spread(&self, i: usize, base: &Candidate, part: f64) -> f64 {
        part * self.of(base, ("factor", i))
    }
}
