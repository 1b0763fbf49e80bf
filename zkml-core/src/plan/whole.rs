//! Weights as narrow integers: what the search needs of them, node by node, and keeps while it tries plans that differ elsewhere.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{ParamPlan, Plan, to_integer};
use crate::{
    layer::{Lowered, Step},
    number::{Int, Integer, float},
    tensor::Tensor,
};

/// The integers of a parameter, in the narrowest type that holds all of its declared width.
#[derive(Clone, Debug)]
pub(super) enum Whole {
    Short(Vec<i16>),
    Long(Vec<i64>),
    Wide(Vec<Int>),
}

impl Whole {
    /// As integers that the plan's bounds say are wide enough, in the shape of the values that they are of.
    pub(super) fn integers<T: Integer>(&self, values: &Tensor) -> Tensor<T> {
        let shape = values.shape().clone();
        match self {
            Self::Short(data) => Tensor::from_fn(shape, |i| T::of_short(data[i].into())),
            Self::Long(data) => Tensor::from_fn(shape, |i| T::of_short(data[i])),
            Self::Wide(data) => Tensor::from_fn(shape, |i| T::of(data[i])),
        }
    }

    /// The integers of these values, the largest positive value saturated; nothing if one does not fit.
    fn of(plan: &ParamPlan, step: &Step, values: &Tensor) -> Option<Self> {
        let per = (values.len() / step.channels.len().max(1)).max(1);
        let scale = |row: usize| plan.scale + step.channels.get(row).map_or(0, |finer| *finer as i32);
        let rows = || values.data().chunks(per).enumerate().map(|(row, values)| (scale(row), values));
        let exact = |scale: i32| scale.unsigned_abs() < 1000;
        if plan.bits > NARROW || !rows().all(|(s, _)| exact(s)) {
            let interval = plan.interval();
            let fit = |(scale, values): (i32, &[f64])| {
                let each = move |x: &f64| {
                    let q = to_integer(*x, scale);
                    let q = if q == interval.hi + Int::ONE { interval.hi } else { q };
                    interval.contains(q).then_some(q)
                };
                values.iter().map(each).collect::<Option<Vec<Int>>>()
            };
            return Some(Self::Wide(rows().map(fit).collect::<Option<Vec<_>>>()?.concat()));
        }
        let end = (1i64 << (plan.bits - 1)) as f64;
        let mut fits = true;
        let mut rounded = |factor: f64, x: f64| {
            // What is added and taken away leaves no bits after the point: rounded to the even one.
            let q = (x * factor + ROUNDING) - ROUNDING;
            fits &= -end <= q && q <= end;
            q.min(end - 1.0)
        };
        let whole = if plan.bits <= 16 {
            let mut data = Vec::with_capacity(values.len());
            for (scale, values) in rows() {
                let factor = float::exp2(scale);
                data.extend(values.iter().map(|x| rounded(factor, *x) as i16));
            }
            Self::Short(data)
        } else {
            let mut data = Vec::with_capacity(values.len());
            for (scale, values) in rows() {
                let factor = float::exp2(scale);
                data.extend(values.iter().map(|x| rounded(factor, *x) as i64));
            }
            Self::Long(data)
        };
        fits.then_some(whole)
    }
}

/// Integers of more bits are not rounded in floats.
const NARROW: u32 = 48;

/// Between floats of this magnitude there are only integers, and halves of it are still far.
const ROUNDING: f64 = 1.5 * (1u64 << 52) as f64;

/// All parameters of a node.
type Node = Arc<Vec<Whole>>;

/// Under which scales and widths a node's integers were made.
type Under = (Vec<(i32, u32)>, Vec<u32>);

/// The integers of all nodes that were asked for last.
#[derive(Debug, Default)]
pub(super) struct Wholes {
    /// For each node two: the best plan's, and that of the plan that is tried.
    known: Mutex<HashMap<usize, Vec<(Under, Node)>>>,
}

impl Wholes {
    /// The integers of a node's parameters under a plan; nothing if one does not fit.
    pub(super) fn node(&self, i: usize, lowered: &[Lowered], plan: &Plan) -> Option<Node> {
        let (params, step) = (&plan.params[i], &plan.steps[i]);
        let under: Under = (params.iter().map(|p| (p.scale, p.bits)).collect(), step.channels.clone());
        let held = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of) = held().get_mut(&i)
            && let Some(at) = of.iter().position(|(u, _)| *u == under)
        {
            // The last one used comes last.
            of[at..].rotate_left(1);
            return of.last().map(|(_, node)| node.clone());
        }
        let each = |(l, p): (&Lowered, &ParamPlan)| Whole::of(p, step, &l.values);
        let node: Node = Arc::new(lowered.iter().zip(params).map(each).collect::<Option<_>>()?);
        let mut known = held();
        let of = known.entry(i).or_default();
        if of.len() > 1 {
            of.remove(0);
        }
        of.push((under, node.clone()));
        Some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Role;

    #[test]
    fn integers_are_those_that_are_rounded_one_by_one() {
        let values = Tensor::from_fn([4, 50], |i| (i as f64 - 97.5) / 64.0 * if i % 3 == 0 { 0.37 } else { 1.0 });
        for (scale, bits, channels) in [(5, 8, vec![]), (5, 7, vec![]), (6, 12, vec![0, 3, 1, 2]), (30, 40, vec![])] {
            let step = Step { channels, ..Step::default() };
            for scale in [scale, scale - 7] {
                let plan = ParamPlan { name: String::new(), role: Role::Weight, scale, bits };
                let finer = step.finer(values.len());
                let one = |(i, x): (usize, &f64)| {
                    let q = to_integer(*x, scale + finer(i));
                    let q = if q == plan.interval().hi + Int::ONE { plan.interval().hi } else { q };
                    plan.interval().contains(q).then_some(q)
                };
                let expected: Option<Vec<Int>> = values.data().iter().enumerate().map(one).collect();
                let found = Whole::of(&plan, &step, &values).map(|w| w.integers::<Int>(&values).into_data());
                assert_eq!(found, expected, "{scale} {bits}");
                // Declared wider than floats hold, they are the same.
                let wide = ParamPlan { bits: 60, ..plan.clone() };
                let found = Whole::of(&wide, &step, &values).map(|w| w.integers::<Int>(&values).into_data());
                let narrow = ParamPlan { bits: 44, ..plan.clone() };
                let other = Whole::of(&narrow, &step, &values).map(|w| w.integers::<Int>(&values).into_data());
                assert!(found.is_some() && found == other);
            }
        }
    }

    #[test]
    fn halves_go_to_the_even_integer_and_the_upper_end_holds_one_more() {
        let plan = ParamPlan { name: String::new(), role: Role::Weight, scale: 0, bits: 3 };
        let of = |x: Vec<f64>| {
            let values = Tensor::vector(x);
            Whole::of(&plan, &Step::default(), &values).map(|w| w.integers::<i64>(&values).into_data())
        };
        assert_eq!(of(vec![0.5, 1.5, -0.5, -2.5, 4.0, -4.0]), Some(vec![0, 2, 0, -2, 3, -4]));
        assert_eq!((of(vec![4.6]), of(vec![-4.6])), (None, None));
    }
}
