//! Attacks on outputs without range checks, in whole circuits: networks and plans of nobody's choice, in which layers, pools and steps come as they
//! may. The count is the circuit, an honest witness is the plan's answer, other outputs with the same packed sum are refused, and of registered
//! weights one commitment has one answer.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use ark_ff::Zero;
use ark_std::rand::Rng;

use super::*;
use crate::{
    arith::ints::Ints,
    circuit::Opening,
    dev::dishonest::{Claim, Lie, Truth},
    gadget::product::consumer::Consumer,
    graph::NodeId,
    layer::{Kind, Step},
    number::{Int, Interval, field::to_field},
    plan::{
        InputPlan, ParamPlan, Policy, output_scale, param_scale,
        walk::{Parameters, walk},
    },
    prove::RangeChecks,
};

/// A network with a plan and weights for it, none of them of a model.
struct Net {
    spec: Spec,
    weights: Vec<Vec<Tensor<Int>>>,
    input: Tensor<Int>,
}

fn pick<T: Clone>(rng: &mut StdRng, of: &[T]) -> T {
    of[rng.gen_range(0..of.len())].clone()
}

/// A random number in an interval, often one of its ends.
fn number(rng: &mut StdRng, of: &Interval) -> Int {
    match rng.gen_range(0..4) {
        0 => of.lo,
        1 => of.hi,
        _ => of.lo + Int::from(rng.gen_range(0..=i64::MAX)) % (of.hi - of.lo + Int::ONE),
    }
}

/// A random layer, which may not fit.
fn layer(rng: &mut StdRng, rank: usize) -> (&'static str, Args) {
    let line = |image: &'static str, line: &'static str| if rank == 3 { image } else { line };
    let conv = |rng: &mut StdRng| {
        let args = Args::new().with("filters", rng.gen_range(2..8usize)).with("kernel", rng.gen_range(1..4usize));
        let args = args.with("stride", rng.gen_range(1..3usize));
        args.with("padding", pick(rng, &["same", "valid"]))
    };
    match rng.gen_range(0..20) {
        _ if rank < 2 => (pick(rng, &["dense", "relu", "relu", "abs"]), Args::new()),
        0..=4 => {
            let groups = pick(rng, &[1usize, 1, 2]);
            (line("conv2d", "conv1d"), conv(rng).with("groups", groups))
        }
        5 => ("depthwise_conv2d", Args::new().with("kernel", 2usize).with("multiplier", rng.gen_range(2..5usize))),
        6 => {
            let args = Args::new().with("filters", 5usize).with("kernel", 2usize);
            (line("conv2d_transpose", "conv1d_transpose"), args.with("stride", rng.gen_range(1..4usize)))
        }
        7 => ("separable_conv2d", Args::new().with("filters", 4usize).with("kernel", 2usize)),
        8 => ("dense", Args::new()),
        9..=12 => {
            let args = Args::new().with("size", rng.gen_range(1..4usize)).with("stride", rng.gen_range(1..3usize));
            (line("max_pool2d", "max_pool1d"), args.with("padding", pick(rng, &["same", "valid"])))
        }
        13 => (line("global_max_pool2d", "global_max_pool1d"), Args::new()),
        14 => ("flatten", Args::new()),
        15 => (pick(rng, &["abs", "reduce_max", "square", "transpose"]), Args::new()),
        _ => ("relu", Args::new()),
    }
}

/// A random cut, sometimes with absurd numbers.
fn cut(rng: &mut StdRng, absurd: bool) -> Step {
    let any = |rng: &mut StdRng, most: u32| {
        if absurd && rng.gen_bool(0.3) { rng.gen_range(200..=250) } else { rng.gen_range(0..=most) }
    };
    let shift = any(rng, 6);
    let saturate = rng.gen_bool(0.3).then(|| any(rng, 8).max(1));
    Step { shift, saturate, bits: rng.gen_bool(0.4).then(|| any(rng, 12)), ..Step::default() }
}

impl Net {
    fn random(rng: &mut StdRng, absurd: bool) -> Option<Self> {
        let n = |rng: &mut StdRng| rng.gen_range(2..6usize);
        let dims = match rng.gen_range(0..5) {
            0 => vec![n(rng)],
            1 => vec![n(rng), n(rng)],
            _ => vec![rng.gen_range(1..3), n(rng), n(rng)],
        };
        let mut graph = Graph::new("random", Shape::new(dims));
        let mut x = graph.input();
        for i in 0..rng.gen_range(2..7usize) {
            let (mut name, mut args) = layer(rng, graph.shape(x).rank());
            if i == 0 && rng.gen_bool(0.7) {
                (name, args) = if graph.shape(x).rank() == 3 {
                    ("conv2d", Args::new().with("filters", 6usize).with("kernel", 2usize))
                } else {
                    ("dense", Args::new())
                };
            }
            if name == "dense" {
                args = units(rng.gen_range(2..8));
            }
            if let Ok(y) = graph.add(name, args, &[x]) {
                // Sometimes what was read is read again, or both factors of a product are variables.
                x = match rng.gen_range(0..12) {
                    0 => graph.add("add", Args::new(), &[x, y]).unwrap_or(y),
                    1 | 2 if graph.shape(y).rank() == 2 => {
                        let other = graph.add("transpose", Args::new(), &[x]).unwrap_or(y);
                        graph.add("matmul", Args::new(), &[y, other]).unwrap_or(y)
                    }
                    _ => y,
                };
            }
        }
        Self::planned(rng, graph, absurd)
    }

    /// A plan of random steps: linear layers and pools mostly leave the cut to others.
    fn planned(rng: &mut StdRng, graph: Graph, absurd: bool) -> Option<Self> {
        let bits = if absurd { pick(rng, &[3u32, 60, 200]) } else { pick(rng, &[1u32, 3]) };
        let lo = pick(rng, &[-pow2(bits), Int::ZERO, -Int::ONE]);
        let input = InputPlan { scale: 0, interval: Interval { lo, hi: pow2(bits) - Int::ONE } };
        let nodes = graph.nodes().len();
        let mut plan = Plan {
            graph: graph.digest(),
            policy: Policy::Calibrated { margin_bits: 1 },
            input,
            steps: vec![Step::default(); nodes],
            params: vec![vec![]; nodes],
            scales: vec![0; nodes],
            error: None,
        };
        for i in 1..nodes {
            let node = &graph.nodes()[i];
            let layer = node.layer.as_ref()?;
            let kind = layer.kind();
            let sums = kind == Kind::MatMul || kind.linear().is_some();
            let cuts = if kind == Kind::Relu {
                0.9
            } else if sums {
                0.3
            } else {
                0.1
            };
            let mut step = if rng.gen_bool(cuts) { cut(rng, absurd) } else { Step::default() };
            step.inputs = node.inputs.iter().map(|n| plan.scales[n.0]).collect();
            plan.scales[i] = output_scale(layer, &step);
            let nothing = Tensor::vector(vec![]);
            let values = vec![&nothing; graph.params(NodeId(i)).len()];
            let lowered = layer.lower(&graph.input_shapes(NodeId(i)), &values);
            let params = lowered.into_iter().map(|l| ParamPlan {
                name: l.name.to_owned(),
                role: l.role,
                scale: param_scale(layer, &step, l.role),
                bits: if absurd { pick(rng, &[2, 40, 120, 240]) } else { rng.gen_range(1..6) },
            });
            plan.params[i] = params.collect();
            plan.steps[i] = step;
        }
        let spec = Spec {
            graph,
            plan,
            visibility: PRIVATE,
            batch: 1,
            constants: None,
            checks: RangeChecks::Bits,
            registers: false,
            operators_from: None,
        };
        spec.check(&Limits::default()).ok()?;
        let shapes = spec.relation().param_shapes();
        let weights = shapes.into_iter().zip(&spec.plan.params).map(|(shapes, plans)| {
            let tensors = shapes.into_iter().zip(plans);
            tensors.map(|(shape, plan)| Tensor::from_fn(shape, |_| number(rng, &plan.interval()))).collect()
        });
        let weights = weights.collect();
        let shape = spec.graph.shape(spec.graph.input()).clone();
        let input = Tensor::from_fn(shape, |_| number(rng, &input.interval));
        Some(Self { spec, weights, input })
    }

    fn circuit(&self, checks: RangeChecks, registers: bool, batch: usize) -> Option<Circuit> {
        let limits = Limits { constraints: 1 << 15, witnesses: 1 << 15, ..Limits::default() };
        let spec = Spec { checks, registers, batch, ..self.spec.clone() };
        let named = format!("{:?} {:?}", self.spec.graph, self.spec.plan.steps);
        let built = catch_unwind(AssertUnwindSafe(|| Circuit::build(spec, &limits).ok()));
        built.unwrap_or_else(|_| panic!("{named}"))
    }

    /// The answer of the plan, if its widths hold all values.
    fn answer(&self, checks: RangeChecks) -> Option<Vec<Fr>> {
        let mut a = if checks == RangeChecks::Bits { Ints::<Int>::new() } else { Ints::with_lookups() };
        let Spec { graph, plan, .. } = &self.spec;
        let walked = walk(graph, plan, &mut a, self.input.clone(), Parameters::Wires(&self.weights), 0, &mut |_, _| {});
        Some(walked.ok()?.output.data().iter().map(|y| to_field(*y)).collect())
    }
}

/// What a prover with these weights and this lie is told: its values, and whether it lied.
fn told<L: Lie>(circuit: &Circuit, weights: &[Vec<Tensor<Int>>], input: &Tensor<Int>, lie: L) -> (Vec<Fr>, bool) {
    let batch = circuit.spec.batch;
    let opening = Opening { weights: Fr::zero(), inputs: vec![Fr::zero(); batch], outputs: vec![Fr::zero(); batch] };
    let inputs = vec![input.clone(); batch];
    let cs = Claim { circuit, weights, inputs: &inputs, opening: &opening }.run(lie).unwrap();
    let lied = cs.lied();
    (cs.finish(), lied)
}

/// The witness variables, and the constraints, of runs of products.
fn products(circuit: &Circuit) -> (Vec<usize>, impl Fn(usize) -> bool + '_) {
    let labels = &circuit.labels;
    let ends = labels.iter().skip(1).map(|l| l.witness).chain([circuit.matrices.witness]);
    let runs = labels.iter().zip(ends).filter(|(l, _)| l.gadget == "product");
    let variables = runs.flat_map(|(l, end)| l.witness..end).collect();
    let of = |row: usize| {
        let label = &labels[labels.partition_point(|l| l.first <= row) - 1];
        ["product", "identity"].contains(&label.gadget)
    };
    (variables, of)
}

/// Random networks and plans: what is counted is built, what the plan answers is accepted, and shifts of neighbours in a packed sum are not.
#[test]
fn random_networks_are_counted_and_answer_as_their_plans() {
    let mut rng = StdRng::seed_from_u64(71);
    let (mut built, mut accepted, mut lies, mut kept) = (0, 0, 0, 0);
    for seed in 0..400 {
        let Some(net) = Net::random(&mut rng, false) else { continue };
        for checks in [RangeChecks::Bits, RangeChecks::Lookups] {
            let batch = rng.gen_range(1..3);
            let Some(circuit) = net.circuit(checks, false, batch) else { continue };
            built += 1;
            let matrices = circuit.matrices();
            let at = format!("{seed}: {checks:?}, {batch}, {:?}, {:?}", net.spec.graph, net.spec.plan.steps);
            let counted = circuit.spec.counts().unwrap().total();
            assert_eq!(counted, Cost::new(matrices.constraints(), matrices.witness), "{at}");
            let (honest, _) = told(&circuit, &net.weights, &net.input, Truth);
            let Some(answer) = net.answer(checks) else { continue };
            assert!(matrices.unsatisfied(&honest).is_empty(), "{at}");
            let answers: Vec<Fr> = (0..batch).flat_map(|_| answer.clone()).collect();
            assert_eq!(honest[1..][..answers.len()], answers, "{at}");
            accepted += 1;
            let (variables, of_product) = products(&circuit);
            if variables.len() < 2 || seed % 4 > 0 {
                continue;
            }
            for _ in 0..6 {
                let n = pick(&mut rng, &variables[..variables.len() - 1]);
                let before = honest[matrices.instance + n];
                for place in 3..22 {
                    let d = pick(&mut rng, &[1, -1, 2, -3]);
                    let [low, high] = [before, honest[matrices.instance + n + 1]].map(crate::number::field::to_int);
                    let lie = BTreeMap::from([(n, low + pow2(place) * Int::from(d)), (n + 1, high - Int::from(d))]);
                    let (z, lied) = told(&circuit, &net.weights, &net.input, lie);
                    let broken = matrices.unsatisfied(&z);
                    lies += usize::from(lied);
                    kept += usize::from(lied && !broken.iter().any(|row| of_product(*row)));
                    assert!(!broken.is_empty() || z[1..][..answers.len()] == answers, "{at}, {n}, {place}");
                }
            }
        }
    }
    assert!(built > 300 && accepted > 200 && lies > 1000 && kept > 20, "{built} {accepted} {lies} {kept}");
}

/// Plans of absurd numbers: an error or a circuit that was counted, and no panic.
#[test]
fn absurd_plans_are_counted_or_refused() {
    let mut rng = StdRng::seed_from_u64(72);
    let mut built = 0;
    for seed in 0..400 {
        let Some(net) = Net::random(&mut rng, true) else { continue };
        for (checks, registers) in
            [(RangeChecks::Bits, false), (RangeChecks::Lookups, false), (RangeChecks::Lookups, true)]
        {
            let Some(circuit) = net.circuit(checks, registers, 1) else { continue };
            built += 1;
            let matrices = circuit.matrices();
            let at = format!("{seed}: {checks:?}, {registers}, {:?}, {:?}", net.spec.graph, net.spec.plan.steps);
            if !registers {
                let counted = circuit.spec.counts().unwrap().total();
                assert_eq!(counted, Cost::new(matrices.constraints(), matrices.witness), "{at}");
            }
            if let Some(answer) = net.answer(checks) {
                let (honest, _) = told(&circuit, &net.weights, &net.input, Truth);
                assert!(matrices.unsatisfied(&honest).is_empty(), "{at}");
                assert_eq!(honest[1..][..answer.len()], answer, "{at}");
            }
        }
    }
    assert!(built > 100, "{built}");
}

/// A dense layer, and what reads it, of registered weights.
fn registered(shape: &[usize], outputs: usize, pool: Option<usize>, step: Step, rectifies: bool) -> Circuit {
    let mut graph = Graph::new("x", Shape::new(shape));
    let mut x = graph.add("dense", units(outputs), &[graph.input()]).unwrap();
    if let Some(size) = pool {
        let args = Args::new().with("size", size).with("stride", 1usize);
        x = graph.add("max_pool1d", args, &[x]).unwrap();
    }
    if rectifies {
        graph.add("relu", Args::new(), &[x]).unwrap();
    }
    let mut rng = StdRng::seed_from_u64(73);
    let mut net = Net::planned(&mut rng, graph, false).unwrap();
    let plan = &mut net.spec.plan;
    plan.input = InputPlan { scale: 0, interval: Interval { lo: -Int::ONE, hi: Int::ONE } };
    plan.scales.fill(0);
    for s in &mut plan.steps[1..] {
        *s = Step { inputs: vec![0], ..Step::default() };
    }
    let last = plan.steps.len() - 1;
    plan.scales[last] = -(step.shift as i32);
    plan.steps[last] = Step { inputs: vec![0], ..step };
    for param in plan.params.iter_mut().flatten() {
        (param.scale, param.bits) = (0, 3);
    }
    if last == 1 {
        plan.params[1].iter_mut().for_each(|p| p.scale = 0);
    }
    net.spec.check(&Limits::default()).unwrap();
    net.circuit(RangeChecks::Lookups, true, 1).unwrap()
}

/// All weights zero, but for the first biases.
fn biased(circuit: &Circuit, bias: &[Int]) -> Vec<Vec<Tensor<Int>>> {
    let mut weights: Vec<Vec<Tensor<Int>>> = circuit
        .spec
        .relation()
        .param_shapes()
        .into_iter()
        .map(|shapes| shapes.into_iter().map(|shape| Tensor::from_fn(shape, |_| Int::ZERO)).collect())
        .collect();
    let tensors = &mut weights[1];
    tensors[1] = Tensor::from_fn(tensors[1].shape().clone(), |i| bias.get(i).copied().unwrap_or(Int::ZERO));
    weights
}

/// Of biases far beyond their ranges, packed to one field element, at most one list is accepted: outputs are as near to each other as what reads
/// them admits.
#[test]
fn registered_weights_that_are_read_by_a_relu_have_one_answer() {
    let step = |shift, saturate, bits| Step { shift, saturate, bits, ..Step::default() };
    let steps = [step(2, None, None), step(0, None, None), step(3, Some(2), None), step(1, None, Some(4))];
    let (mut accepted, mut beyond) = (0, 0);
    for step in steps {
        for (shape, pool, rectifies) in
            [(&[12][..], None, true), (&[3, 12], Some(2), true), (&[3, 12], Some(3), true), (&[12], None, false)]
        {
            let circuit = registered(shape, 6, pool, step.clone(), rectifies);
            let first = 6 * 12;
            let packs = circuit.layout().packs.iter().filter(|p| p.weights.len() > 1 && p.weights[0] >= first);
            let Some(pack) = packs.min_by_key(|p| p.weights[0]) else { continue };
            let place = pow2(pack.place);
            let shape = circuit.spec.graph.shape(circuit.spec.graph.input()).clone();
            let input = Tensor::from_fn(shape, |_| Int::ZERO);
            let known = circuit.matrices().instance..circuit.matrices().instance + circuit.layout().packs.len();
            let answer = |bias: [Int; 2]| {
                let (z, _) = told(&circuit, &biased(&circuit, &bias), &input, Truth);
                let holds = circuit.matrices().unsatisfied(&z).is_empty();
                (holds, z)
            };
            let count = 160;
            for i in -count..=count {
                let b = place * Int::from(i) / Int::from(count) + Int::from(i % 3);
                for c in [Int::ZERO, -Int::ONE] {
                    let (holds, z) = answer([b, c]);
                    let (other, y) = answer([b - place, c + Int::ONE]);
                    assert_eq!(z[known.clone()], y[known.clone()], "one commitment");
                    assert!(!(holds && other), "{step:?}, {pool:?}, {rectifies}: {b} and {}", b - place);
                    accepted += usize::from(holds);
                    beyond += usize::from(holds && (b < Int::from(-4) || b > Int::from(3)));
                }
            }
        }
    }
    assert!(accepted > 500 && beyond > 100, "{accepted} {beyond}");
}

/// Of random networks with registered weights: weights in and far beyond their ranges, and others with the same packed sums, have the same answers
/// where both are accepted.
#[test]
fn registered_weights_of_random_networks_have_one_answer() {
    let mut rng = StdRng::seed_from_u64(74);
    let (mut pairs, mut one, mut both) = (0, 0, 0);
    for seed in 0..300 {
        let Some(net) = Net::random(&mut rng, false) else { continue };
        let Some(circuit) = net.circuit(RangeChecks::Lookups, true, 1) else { continue };
        let packs: Vec<_> = circuit.layout().packs.iter().filter(|pack| pack.weights.len() > 1).collect();
        if packs.is_empty() {
            continue;
        }
        let matrices = circuit.matrices();
        let known = matrices.instance..matrices.instance + circuit.layout().packs.len();
        for _ in 0..24 {
            let pack = pick(&mut rng, &packs);
            let k = rng.gen_range(1..pack.weights.len());
            let (low, high) = (pack.weights[k - 1] as usize, pack.weights[k] as usize);
            let place = pow2(pack.place);
            // Of the first list, the lower weight is anything from minus half a place to half a place.
            let base = pick(&mut rng, &[Int::ZERO, place / Int::from(2), place / Int::from(3), -place / Int::from(2)]);
            let with = |more: [Int; 2]| {
                let mut number = 0;
                let tensors = net.weights.iter().map(|tensors| {
                    let each = tensors.iter().map(|t| {
                        let first = number;
                        number += t.len();
                        let of = |i: usize| match first + i {
                            n if n == low => more[0],
                            n if n == high => t.data()[i] + more[1],
                            _ => t.data()[i],
                        };
                        Tensor::from_fn(t.shape().clone(), of)
                    });
                    each.collect()
                });
                let weights: Vec<Vec<Tensor<Int>>> = tensors.collect();
                let (z, _) = told(&circuit, &weights, &net.input, Truth);
                (matrices.unsatisfied(&z).is_empty(), z)
            };
            let d = pick(&mut rng, &[1, -1]);
            let (first, z) = with([base, Int::ZERO]);
            let (second, y) = with([base + place * Int::from(d), -Int::from(d)]);
            // A weight that is used by itself as well has a variable of its own.
            if z[known.clone()] != y[known.clone()] {
                continue;
            }
            pairs += 1;
            one += usize::from(first != second);
            both += usize::from(first && second);
            let public = 1..matrices.instance - 1;
            let same = z[public.clone()] == y[public];
            assert!(!(first && second) || same, "{seed}: {:?} {:?}", net.spec.graph, net.spec.plan.steps);
        }
    }
    assert!(pairs > 200 && one > 10, "{pairs} {one} {both}");
}

/// Absurd cuts and numbers of maxima confine nothing, and end at once.
#[test]
fn absurd_consumers_confine_nothing() {
    let consumer = Consumer { cut: crate::number::Cut::by(250, Some(250)), rectifies: true, maxima: u32::MAX };
    let wide = Interval { lo: -pow2(249), hi: pow2(249) };
    for looks_up in [false, true] {
        for rectifies in [false, true] {
            for maxima in [0, 1, 64, u32::MAX] {
                let consumer = Consumer { rectifies, maxima, ..consumer };
                let apart = consumer.apart(&[&wide, &Interval::point(Int::ZERO)], looks_up);
                assert_eq!(apart, None, "{consumer:?}");
            }
        }
    }
}
