//! Bits where they are cheap: the balance of a plan.
//!
//! A knob of `b` bits adds noise to the scores, of a variance of about `v * 4^-b`, and about `c * b` constraints. Of all
//! plans with the same noise, the cheapest has `v_j * 4^-b_j` in proportion to `c_j`, so that
//!
//! ```text
//! b_j = log2(v_j / c_j) / 2 - t
//! ```
//!
//! with one number `t` for all knobs. Both `v_j` and `c_j` are measured: the noise by turning one knob of a plan that is
//! fine otherwise, the cost by taking one bit from the plan at hand. What is left to try is `t`.

use std::collections::HashMap;

use super::{
    knobs::{Knobs, Turn},
    subject::Subject,
};
use crate::graph::Range;

/// A knob that has bits: its name as a [`Turn`] has it, and its node.
type Dial = (&'static str, usize);

/// How fine a plan is that adds no noise of its own.
const FINE: u32 = 16;

/// The samples that noise is measured on.
const SAMPLES: usize = 24;

/// The noise of each knob, and the balanced plans.
#[derive(Debug, Default)]
pub(super) struct Balance {
    /// For every knob, the variance that it adds, and at how many bits.
    noise: HashMap<Dial, (f64, u32)>,
    /// For every knob, its bits where `t` is zero.
    level: Vec<(Dial, f64)>,
}

fn get(knobs: &Knobs, (name, i): Dial) -> Option<u32> {
    match name {
        "input" => Some(knobs.input),
        "factor" => Some(knobs.factor[i]).filter(|b| *b > 0),
        "values" => knobs.values[i],
        _ => None,
    }
}

fn set(knobs: &mut Knobs, (name, i): Dial, bits: u32) {
    match name {
        "input" => knobs.input = bits,
        "factor" => knobs.factor[i] = bits,
        "values" => knobs.values[i] = Some(bits),
        _ => {}
    }
}

impl Balance {
    /// The balance around a plan; nothing if the noise of a fine plan can't be measured.
    pub(super) fn around(subject: &Subject, base: &Knobs, cost: usize) -> Option<Self> {
        let mut dials: Vec<Dial> = Vec::new();
        if matches!(subject.range, Range::Real(..)) {
            dials.push(("input", 0));
        }
        for i in 0..base.factor.len() {
            dials.extend(["factor", "values"].map(|name| (name, i)).into_iter().filter(|d| get(base, *d).is_some()));
        }
        let mut fine = Knobs { saturate: vec![None; base.saturate.len()], ..base.clone() };
        dials.iter().for_each(|d| set(&mut fine, *d, FINE));
        let floor = subject.noise(&fine, SAMPLES)?;
        let mut balance = Self::default();
        for dial in dials {
            let bits = get(base, dial)?;
            let mut one = fine.clone();
            set(&mut one, dial, bits);
            let added = (subject.noise(&one, SAMPLES)? - floor).max(floor * 1e-3).max(1e-30);
            let mut less = base.clone();
            set(&mut less, dial, bits.saturating_sub(1));
            // A bit that costs nothing is counted as a part of one: then there will be enough of them.
            let saved = cost.saturating_sub(subject.cost(&less).unwrap_or(cost)) as f64;
            balance.noise.insert(dial, (added, bits));
            balance.level.push((dial, f64::from(bits) + (added / saved.max(0.25)).log2() / 2.0));
        }
        let mean = |f: &dyn Fn(Dial, f64) -> f64| {
            balance.level.iter().map(|(d, l)| f(*d, *l)).sum::<f64>() / balance.level.len().max(1) as f64
        };
        // So that `t` is about zero for plans like this one.
        let shift = mean(&|d, l| l - f64::from(get(base, d).unwrap_or(0)));
        balance.level.iter_mut().for_each(|(_, l)| *l -= shift);
        Some(balance)
    }

    /// Whether nothing was measured yet.
    pub(super) fn is_empty(&self) -> bool {
        self.level.is_empty()
    }

    /// The balanced plan that is coarser by `t` bits.
    pub(super) fn plan(&self, base: &Knobs, t: f64) -> Knobs {
        let mut knobs = base.clone();
        for (dial, level) in &self.level {
            let now = get(base, *dial).map_or(0.0, f64::from);
            // Far from where it was measured, the noise is another.
            let bits = (level - t).clamp(now - 6.0, now + 6.0).round().clamp(2.0, 20.0);
            set(&mut knobs, *dial, bits as u32);
        }
        knobs
    }

    /// The noise that a turn adds, where it is known; infinite for those that lose an unknown amount.
    pub(super) fn added(&self, turn: &Turn, base: &Knobs, turned: &Knobs) -> f64 {
        let dial = (turn.0, turn.1);
        match turn.0 {
            "input" | "factor" | "values" => {
                let Some((noise, at)) = self.noise.get(&dial) else { return 0.0 };
                let of =
                    |knobs: &Knobs| get(knobs, dial).map_or(0.0, |bits| noise * 4f64.powi(*at as i32 - bits as i32));
                of(turned) - of(base)
            }
            "place" | "clip" => f64::INFINITY,
            "spread" if turned.spread[turn.1] > base.spread[turn.1] => self.spread(turn.1, base, -0.5),
            "spread" => self.spread(turn.1, base, 0.5),
            _ => 0.0,
        }
    }

    /// A part of the noise of a node's weights.
    fn spread(&self, i: usize, base: &Knobs, part: f64) -> f64 {
        let Some((noise, at)) = self.noise.get(&("factor", i)) else { return 0.0 };
        part * noise * 4f64.powi(*at as i32 - base.factor[i] as i32)
    }
}
