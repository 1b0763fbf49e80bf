//! Softmax and the norms: one reciprocal serves a group, so that a lie about it is a lie about every element.

use std::ops::RangeInclusive;

use ark_bn254::Fr;
use zkml::{
    dev::dishonest::Claim,
    error::PlanError,
    gadget::{
        Piecewise,
        table::segments::{Sides, Tail},
    },
    graph::Range,
    layer::{AnyLayer, Args, Literal, Request, Role},
    model::{Model, Weights},
    number::{Int, Interval, field::to_field, interval::pow2},
    plan::{Plan, Quantized, Target},
    rand::Rng,
    shape::Shape,
    tensor::Tensor,
};

use crate::{
    common::{OPEN, graph, int, misheard, rng, unstated},
    coordinated::{answers, random},
};

const NORMS: [&str; 3] = ["layer_norm", "rms_norm", "instance_norm"];

/// One layer on one group, under a plan that is made here.
#[derive(Clone, Debug)]
struct Group {
    layer: &'static str,
    n: usize,
    epsilon: f64,
    scale: i32,
    factor: i32,
    reach: i32,
    /// The inputs' integers.
    ends: (i64, i64),
}

impl Group {
    fn new(layer: &'static str, n: usize, ends: (i64, i64)) -> Self {
        Self { layer, n, epsilon: 1.0, scale: 0, factor: 0, reach: 0, ends }
    }

    fn shape(&self) -> Shape {
        if self.layer == "instance_norm" { Shape::new([1, self.n]) } else { Shape::new([self.n]) }
    }

    /// Under the planner's plan.
    fn planned(&self) -> Result<Quantized, PlanError> {
        let unit = 2f64.powi(-self.scale);
        let most = (self.ends.0.abs().max(self.ends.1.abs()) + 1) as f64 * unit;
        let args = match self.layer {
            "softmax" | "log_softmax" => Args::new(),
            _ => Args::new().with("epsilon", Literal::Float(self.epsilon)),
        };
        let graph = graph(self.shape(), Range::Real(-most, most), vec![(self.layer, args)]);
        let mut weights = Weights::new();
        for (name, param) in graph.all_params() {
            let value = if param.role == Role::Weight { 2f64.powi(-self.factor) } else { 0.0 };
            weights.insert(name, Tensor::from_fn(param.shape, |_| value));
        }
        let samples = [Tensor::from_fn(self.shape(), |i| if i == 0 { most } else { 0.0 })];
        let model = Model::new(graph, OPEN, weights).unwrap();
        let target = Target { top1: 0.0, max_error: Some(1e300), tries: 1, ..Target::default() };
        model.quantize(&samples, target).map(unstated)
    }

    /// Under a plan with any scales, and a norm's weights of which the integer is one: `y` is `z`.
    fn quantized(&self, edit: impl FnOnce(&mut Plan)) -> Result<Quantized, PlanError> {
        self.under(&self.planned()?, edit)
    }

    /// The same, of a model that has a plan.
    fn under(&self, planned: &Quantized, edit: impl FnOnce(&mut Plan)) -> Result<Quantized, PlanError> {
        let layer = planned.graph().nodes()[1].layer.as_ref().unwrap();
        let mut plan = planned.plan().clone();
        plan.input.scale = self.scale;
        plan.input.interval = Interval { lo: Int::from(self.ends.0), hi: Int::from(self.ends.1) };
        plan.steps[0].shift = 0;
        let step = &mut plan.steps[1];
        (step.inputs, step.weight_scale, step.shift, step.saturate) = (vec![self.scale], self.factor, 0, None);
        step.reach = if layer.reaches() { self.reach } else { 0 };
        edit(&mut plan);
        plan.scales = vec![self.scale, layer.scale(&plan.steps[1]) - plan.steps[1].shift as i32];
        for param in &mut plan.params[1] {
            param.bits = 8;
            param.scale = match param.role {
                Role::Weight => plan.steps[1].weight_scale,
                Role::Bias => layer.scale(&plan.steps[1]),
            };
        }
        // With what is proven of its tables, whatever they are.
        let plan = Plan { error: None, ..plan.stated(planned.graph(), None)? };
        planned.model().quantize_to(&plan)
    }

    /// The tables that the planner would have.
    fn tables(&self) -> Vec<Piecewise> {
        let request = Request { scale: self.scale, reach: 8.0, bits: self.factor };
        AnyLayer::parse(self.layer, Args::new()).unwrap().tables(&[&self.shape()], request).unwrap()
    }

    /// The input of these integers.
    fn input(&self, q: &[i64]) -> Tensor {
        Tensor::from_fn(self.shape(), |i| q[i] as f64 * 2f64.powi(-self.scale))
    }

    /// Every input there is.
    fn all(&self) -> Vec<Vec<i64>> {
        (0..self.n).fold(vec![vec![]], |all, _| {
            let each = |q: &Vec<i64>| (self.ends.0..=self.ends.1).map(|x| [&q[..], &[x]].concat()).collect::<Vec<_>>();
            all.iter().flat_map(each).collect()
        })
    }
}

/// A table for values that are not negative.
fn table(scales: (i32, i32), drop: u32, bits: u32, pieces: Vec<Vec<i64>>, tail: i64) -> Piecewise {
    let tail = Tail { positive: tail, ..Tail::default() };
    Piecewise::new(scales, drop, bits, Sides::Positive, pieces, tail).unwrap()
}

/// These inputs have witnesses, all of which answer what the integers do.
fn only(quantized: &Quantized, group: &Group, inputs: &[Vec<i64>]) {
    let circuit = quantized.circuit_for(OPEN).unwrap();
    for q in inputs {
        let expected: Vec<Option<Fr>> =
            quantized.forward(&group.input(q)).unwrap().integers.data().iter().map(|y| Some(to_field(*y))).collect();
        let known: Vec<Fr> = q.iter().map(|x| to_field(Int::from(*x))).collect();
        let found = answers(circuit.matrices(), &known);
        assert!(!found.is_empty(), "{group:?}: no witness of {q:?}");
        assert!(found.iter().all(|y| *y == expected), "{group:?}: {q:?} answers {found:?}");
    }
}

#[test]
fn no_small_norm_has_a_second_answer() {
    let mut rng = rng(1);
    for layer in NORMS {
        for (n, ends, epsilon, scale, factor, reach) in [
            (1, (-3, 3), 64.0, 0, 0, 0),
            (2, (-2, 1), 64.0, 0, 0, 0),
            (2, (-2, 1), 64.0, 0, 0, -4),
            (2, (-2, 1), 4096.0, 0, 1, 2),
            (2, (0, 3), 256.0, 1, 0, 0),
            (3, (-1, 1), 64.0, 0, 0, -1),
            (4, (-1, 0), 1024.0, 0, 0, 1),
            (2, (2, 3), 1.0, 0, 0, -3),
        ] {
            let group = Group { epsilon, scale, factor, reach, ..Group::new(layer, n, ends) };
            let quantized = group.quantized(|_| {}).unwrap();
            let all = group.all();
            let inputs: Vec<Vec<i64>> = (0..3).map(|_| all[rng.gen_range(0..all.len())].clone()).collect();
            only(&quantized, &group, &inputs);
        }
        // Without an epsilon: a group that is all the same, where any quotient is as good as another, and one that is not.
        let group = Group { epsilon: 0.0, reach: -30, ..Group::new(layer, 2, (-1, 1)) };
        only(&group.quantized(|_| {}).unwrap(), &group, &[vec![0, 0], vec![1, -1]]);
    }
}

#[test]
fn no_small_softmax_has_a_second_answer() {
    let mut rng = rng(2);
    let mut met = 0;
    // Values that fall, rise, are all the same, fall below zero, and count more than one.
    let tables = [
        table((0, 2), 0, 2, vec![vec![2, -1]], 0),
        table((0, 1), 0, 2, vec![vec![7, 3]], -1),
        table((0, 3), 0, 1, vec![vec![8]], 0),
        table((0, 2), 1, 2, vec![vec![2, -2]], -1),
        table((0, -2), 0, 2, vec![vec![7, -3, 1]], 2),
    ];
    for (n, ends, factor) in [(1, (-3, 3), 2), (2, (-2, 2), 1), (2, (0, 5), 2), (3, (-1, 1), 2), (2, (-1, 1), -9)] {
        let group = Group { factor, ..Group::new("softmax", n, ends) };
        let planned = group.planned().unwrap();
        for table in &tables {
            // With a sum that may be below one there is no such circuit.
            let under = group.under(&planned, |plan| plan.steps[1].tables = vec![table.clone()]);
            let Ok(quantized) = under else { continue };
            met += 1;
            let all = group.all();
            let mut inputs: Vec<Vec<i64>> = (0..2).map(|_| all[rng.gen_range(0..all.len())].clone()).collect();
            // All the same, where any of them is the largest.
            inputs.push(vec![ends.0; n]);
            only(&quantized, &group, &inputs);
        }
    }
    assert!(met > 15, "{met}");
}

#[test]
fn no_softmax_of_a_random_table_has_a_second_answer() {
    let mut rng = rng(3);
    let mut met = 0;
    let planned = Group::new("softmax", 2, (-1, 2)).planned().unwrap();
    for n in 0..600 {
        let Some(table) = random(&mut rng, 0) else { continue };
        let group = Group { factor: n % 3, ..Group::new("softmax", 2, (-1, 2)) };
        let Ok(quantized) = group.under(&planned, |plan| plan.steps[1].tables = vec![table]) else { continue };
        met += 1;
        only(&quantized, &group, &[vec![rng.gen_range(-1..=2), rng.gen_range(-1..=2)]]);
    }
    assert!(met > 200, "{met}");
}

/// What a hint is computed from instead: the next number, one whose quotient is another, another sign, one beyond the field.
fn lies() -> Vec<Box<dyn Fn(Int) -> Int>> {
    let mut lies: Vec<Box<dyn Fn(Int) -> Int>> = vec![
        Box::new(|x| -x),
        Box::new(|x| x.wrapping_mul(int(2))),
        Box::new(|x| x >> 1),
        Box::new(|_| int(0)),
        Box::new(|x| x.wrapping_add(pow2(250))),
    ];
    for bits in (0..24).step_by(2) {
        lies.push(Box::new(move |x| x + pow2(bits)));
        lies.push(Box::new(move |x| x - pow2(bits)));
    }
    lies
}

/// Every hint computed from other numbers than it should be, and all that follows with it: how many answered otherwise.
fn mishear(group: &Group, quantized: &Quantized, q: &[i64]) -> usize {
    let circuit = quantized.circuit_for(OPEN).unwrap();
    let x = group.input(q);
    let (honest, opening) = circuit.witness(std::slice::from_ref(&x), &mut rng(3)).unwrap();
    let integers = [quantized.integers(&x).unwrap()];
    let claim = Claim::new(&circuit, quantized, &integers, &opening);
    let (same, hints) = misheard(&claim, None, &|x| x);
    let m = circuit.matrices();
    assert!(same == honest && m.unsatisfied(&honest).is_empty(), "{group:?} of {q:?}");
    let free = |at: usize| at.checked_sub(m.instance).is_some_and(|w| circuit.free().contains(&(w as u32)));
    let mut other = 0;
    for at in 0..hints {
        for (which, lie) in lies().iter().enumerate() {
            let (forged, _) = misheard(&claim, Some(at), lie);
            if (0..honest.len()).any(|at| forged[at] != honest[at] && !free(at)) {
                other += usize::from(forged[..m.instance] != honest[..m.instance]);
                assert!(!m.unsatisfied(&forged).is_empty(), "{group:?} of {q:?}: lie {which} at {at} is accepted");
            }
        }
    }
    other
}

#[test]
fn no_hint_that_is_computed_from_another_number_changes_an_answer() {
    for (layer, scale, factor) in
        [("softmax", 4, 6), ("log_softmax", 4, 6), ("layer_norm", 4, 3), ("rms_norm", 3, 4), ("instance_norm", 5, 2)]
    {
        let group = Group { scale, factor, reach: 1, epsilon: 1e-3, ..Group::new(layer, 3, (-40, 40)) };
        let quantized = group.quantized(|plan| plan.steps[1].tables = group.tables()).unwrap();
        for q in [[1, 25, -7], [9, 9, 9], [-40, 40, 40]] {
            assert!(mishear(&group, &quantized, &q) > 20, "{group:?}: no lie about {q:?} has another answer");
        }
    }
}

/// A prover whose `floor(sqrt(a))` or `floor(a / b)` is another, and all that follows as it should be then: `told` instead of
/// `heard`, wherever that is asked for. Whether the outputs are these then, rather than a number's that its bits don't hold.
fn refuse(
    group: &Group,
    quantized: &Quantized,
    q: &[i64],
    (heard, told): (Int, Int),
    outputs: &[Int],
    gadget: &str,
) -> bool {
    let circuit = quantized.circuit_for(OPEN).unwrap();
    let x = group.input(q);
    let (honest, opening) = circuit.witness(std::slice::from_ref(&x), &mut rng(3)).unwrap();
    let integers = [quantized.integers(&x).unwrap()];
    let claim = Claim::new(&circuit, quantized, &integers, &opening);
    let (m, first) = (circuit.matrices(), 1 + q.len());
    let claimed: Vec<Fr> = outputs.iter().map(|y| to_field(*y)).collect();
    assert_ne!(honest[first..m.instance], claimed, "{group:?} of {q:?}: nothing is forged");
    let lie = move |x: Int| if x == heard { told } else { x };
    let forged: Vec<Vec<Fr>> = (0..misheard(&claim, None, &lie).1)
        .map(|at| misheard(&claim, Some(at), &lie).0)
        .filter(|forged| forged[first..m.instance] == claimed)
        .collect();
    for forged in &forged {
        let broken = m.unsatisfied(forged);
        assert!(!broken.is_empty(), "{group:?} of {q:?}: {told} for {heard} is accepted");
        // All the rest is consistent.
        let of = |row: usize| circuit.labels()[circuit.labels().partition_point(|l| l.first <= row) - 1].gadget;
        assert!(broken.iter().all(|row| of(*row) == gadget), "{group:?} of {q:?}: {told} for {heard}");
    }
    !forged.is_empty()
}

/// `round(a * r / 2^shift)` for every `a`.
fn scaled(a: &[Int], r: Int, shift: u32) -> Vec<Int> {
    a.iter().map(|a| (*a * r + (pow2(shift) >> 1)) >> shift).collect()
}

const OFF: RangeInclusive<i64> = -3..=3;

#[test]
fn no_other_reciprocal_of_the_exponentials_is_accepted() {
    let group = Group { scale: 3, factor: 7, ..Group::new("softmax", 4, (-30, 30)) };
    let mut forged = 0;
    // With three bits less the reciprocal's last one shows.
    for (scale, bits) in [(3, 3), (1, 2)] {
        let table = table((3, scale), 2, 4, vec![vec![1 << bits, -1], vec![1, 0]], 0);
        let quantized = group.quantized(|plan| plan.steps[1].tables = vec![table.clone()]).unwrap();
        // All the same, where the reciprocal has no remainder; ties; and one that is far larger.
        for q in [[5, 5, 5, 5], [9, 2, 9, -3], [-30, -29, 1, 30], [7, 6, 5, 3]] {
            let most = *q.iter().max().unwrap();
            let t: Vec<Int> = q.iter().map(|x| table.at(int(most - x))).collect();
            let sum = t.iter().fold(int(0), |sum, t| sum + *t);
            let shift = scale as u32 + 3;
            let whole = pow2(shift + 7);
            let r = whole / sum;
            let honest = quantized.forward(&group.input(&q)).unwrap().integers;
            assert_eq!(honest.data(), scaled(&t, r, shift), "{q:?}");
            for off in OFF.chain([16, -16]).map(int) {
                let outputs = scaled(&t, r + off, shift);
                if outputs != honest.data() {
                    let lie = (whole, whole + off * sum);
                    forged += usize::from(refuse(&group, &quantized, &q, lie, &outputs, "div"));
                }
            }
        }
    }
    assert!(forged > 30, "{forged}");
}

#[test]
fn no_other_reciprocal_and_no_other_root_of_a_variance_is_accepted() {
    let (mut quotients, mut roots) = (0, 0);
    for (layer, centred) in [("layer_norm", true), ("rms_norm", false), ("instance_norm", true)] {
        // The reach is far too small, so that one more of the reciprocal is several units.
        let group = Group { scale: 2, factor: 1, reach: -3, epsilon: 0.25, ..Group::new(layer, 4, (-30, 30)) };
        let quantized = group.quantized(|_| {}).unwrap();
        // 2 more than the factor; log2(sqrt(0.25) * 2^2 * 4) = 3; log2(4) = 2.
        let (f, g, shift) = (3, 3 + 4 - 3 + 1, 4);
        for q in [[5, 4, 5, 4], [9, 2, 9, -3], [-30, -29, 1, 30], [1, 0, 0, 0]] {
            let sum: i64 = if centred { q.iter().sum() } else { 0 };
            let t: Vec<Int> = q.iter().map(|q| int(4 * q - sum)).collect();
            let v = 4 * q.iter().map(|q| q * q).sum::<i64>() - sum * sum;
            // 0.25 * 4^2 * 2^(2 * (2 + g))
            let total = int(v << (2 * g)) + pow2(2 + 2 * (2 + g));
            let root = int((0..).take_while(|s| int(s * s) <= total).last().unwrap());
            let whole = pow2(f + g + shift);
            let r = whole / root;
            let honest = quantized.forward(&group.input(&q)).unwrap().integers;
            assert_eq!(honest.data(), scaled(&t, r, shift), "{group:?} of {q:?}");
            for off in OFF.map(int) {
                let outputs = scaled(&t, r + off, shift);
                if outputs != honest.data() {
                    let lie = (whole, whole + off * root);
                    quotients += usize::from(refuse(&group, &quantized, &q, lie, &outputs, "div"));
                }
                let other = root + int(30) * off;
                let outputs = scaled(&t, whole / other, shift);
                if outputs != honest.data() {
                    let lie = (total, other * other);
                    roots += usize::from(refuse(&group, &quantized, &q, lie, &outputs, "sqrt"));
                }
            }
        }
    }
    assert!(quotients > 30 && roots > 15, "{quotients} and {roots}");
}

#[test]
fn every_input_has_a_proof_under_whatever_plan_is_not_refused() {
    let (mut refused, mut proved) = (0, 0);
    for layer in NORMS {
        for (n, ends) in [(1, (-9, 9)), (2, (-6, 5)), (3, (-2, 2)), (2, (1, 12))] {
            for (epsilon, scale, factor, reach) in [
                (1e-300, 0, 4, 2),
                (1e-300, 6, 8, 249),
                (1e-5, 8, 6, -5),
                (1e-5, 3, 6, -249),
                (1e-12, 3, 60, 3),
                (1e300, 3, 6, 3),
                (1.0, -5, -250, 3),
                (1.0, -20, 3, 30),
                (1e-5, 200, 3, -190),
                (1e-5, 100, 3, -90),
                (1e-5, 3, 250, 3),
                (0.5, 3, 5, 60),
                (0.5, 3, 5, -4),
            ] {
                let group = Group { epsilon, scale, factor, reach, ..Group::new(layer, n, ends) };
                let Ok(quantized) = group.quantized(|_| {}) else {
                    refused += 1;
                    continue;
                };
                let circuit = quantized.circuit_for(OPEN).unwrap();
                for q in group.all() {
                    proved += 1;
                    let x = group.input(&q);
                    let (z, _) = circuit.witness(std::slice::from_ref(&x), &mut rng(1)).unwrap();
                    assert!(circuit.matrices().unsatisfied(&z).is_empty(), "{group:?} of {q:?}");
                    let y = quantized.forward(&x).unwrap().integers.map(|y| to_field(*y));
                    assert_eq!(&z[1 + n..1 + 2 * n], y.data(), "{group:?} of {q:?}");
                }
            }
        }
    }
    assert!(refused > 20 && proved > 7000, "{refused} plans are refused, {proved} inputs proved");
}

#[test]
fn a_reach_or_a_table_where_there_is_none_is_refused_and_so_are_sums_below_one() {
    for layer in NORMS {
        let norm = Group::new(layer, 2, (-3, 3));
        assert!(norm.quantized(|_| {}).is_ok());
        for reach in [250, -250, i32::MAX, i32::MIN] {
            assert!(norm.quantized(|plan| plan.steps[1].reach = reach).is_err(), "{reach}");
        }
        assert!(norm.quantized(|plan| plan.steps[1].tables = vec![table((0, 2), 0, 2, vec![vec![2, -1]], 0)]).is_err());
        assert!(norm.quantized(|plan| plan.steps[0].reach = 1).is_err());
        // Another reach is another circuit.
        let digest = |reach: i32| {
            let quantized = norm.quantized(|plan| plan.steps[1].reach = reach).unwrap();
            quantized.circuit_for(OPEN).unwrap().digest()
        };
        assert_ne!(digest(2), digest(3));
    }
    let softmax = Group { factor: 2, ..Group::new("softmax", 2, (-3, 3)) };
    let planned = softmax.planned().unwrap();
    let with = |tables: Vec<Piecewise>, reach: i32| {
        softmax.under(&planned, |plan| (plan.steps[1].tables, plan.steps[1].reach) = (tables, reach)).is_ok()
    };
    let good = table((0, 2), 0, 2, vec![vec![2, -1]], 0);
    assert!(with(vec![good.clone()], 0));
    assert!(!with(vec![good.clone()], 1));
    assert!(!with(vec![], 0));
    assert!(!with(vec![good.clone(), good], 0));
    // For another scale; a sum that is zero, that is below it, and that may be.
    assert!(!with(vec![table((1, 2), 0, 2, vec![vec![2, -1]], 0)], 0));
    assert!(!with(vec![table((0, 2), 0, 2, vec![vec![0]], 0)], 0));
    assert!(!with(vec![table((0, 2), 0, 2, vec![vec![-1, -1]], 0)], 0));
    assert!(!with(vec![table((0, 2), 0, 2, vec![vec![6, -1]], -4)], 0));
    assert!(with(vec![table((0, 2), 0, 2, vec![vec![5, -1]], -3)], 0));
}
