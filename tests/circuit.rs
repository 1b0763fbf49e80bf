//! Circuits as their users meet them: who sees what, batches, files, retraining, inputs, and why a witness is refused.
#![cfg(feature = "prove")]

use ark_ff::{One, Zero};
use zkml::{
    circuit::{Circuit, CircuitError},
    dev::{
        check::{self, Failure},
        cost::{estimate, estimate_in},
    },
    digest::Digest,
    error::PlanError,
    gadget::hash::commitment::{Domain, Subject, commit},
    graph::{Graph, Range, Visibility, Visible},
    layer::Args,
    model::{Model, Weights},
    number::{Cost, Int, Interval},
    plan::{Quantized, Target, to_real},
    prove::{
        Fr, Kind, ProofSystem, PublicKind, TwoPhase, Value,
        file::{self, CHECKSUM, HEADER},
    },
    rand::{Rng, SeedableRng, rngs::StdRng},
    shape::Shape,
    tensor::Tensor,
};

const KINDS: [Visible; 3] = [Visible::Public, Visible::Private, Visible::Committed];

fn rng() -> StdRng {
    StdRng::seed_from_u64(21)
}

/// Four whole numbers, a hidden layer, and two scores or their class.
fn graph(classes: bool) -> Graph {
    let mut graph = Graph::new("small", Shape::new([4])).with_range(Range::Whole(-8, 7)).unwrap();
    let hidden = graph.add("dense", Args::new().with("units", 3), &[graph.input()]).unwrap();
    let active = graph.add("relu", Args::new(), &[hidden]).unwrap();
    let scores = graph.add("dense", Args::new().with("units", 2), &[active]).unwrap();
    if classes {
        graph.add("argmax", Args::new(), &[scores]).unwrap();
    }
    graph
}

fn inputs(n: usize) -> Vec<Tensor> {
    let mut rng = rng();
    (0..n).map(|_| Tensor::from_fn([4], |_| f64::from(rng.gen_range(-8..=7)))).collect()
}

fn visibility(input: Visible, weights: Visible, output: Visible) -> Visibility {
    Visibility { input, weights, output }
}

fn hidden_weights() -> Visibility {
    visibility(Visible::Private, Visible::Private, Visible::Public)
}

/// A plan for private weights, so that there is headroom for others.
fn quantized(classes: bool) -> Quantized {
    let model = Model::init(graph(classes), hidden_weights(), &mut rng()).unwrap();
    let target = Target { tries: 20, ..Target::top1(0.9) };
    model.quantize(&inputs(8), target).unwrap()
}

/// The weights, each multiplied.
fn times(quantized: &Quantized, factor: f64) -> Model {
    let model = quantized.model();
    let mut weights = Weights::new();
    for (name, tensor) in model.weights().iter() {
        weights.insert(name, tensor.map(|x| x * factor));
    }
    Model::new(model.graph().clone(), model.visibility(), weights).unwrap()
}

fn message<T: std::fmt::Debug>(result: Result<T, CircuitError>) -> String {
    result.unwrap_err().to_string()
}

/// The public part of an assignment.
fn public<'a>(circuit: &Circuit, assignment: &'a [Fr]) -> &'a [Fr] {
    &assignment[1..circuit.matrices().instance]
}

/// The entries that the table of a circuit should have, and the commitments among their values.
struct Expected {
    entries: Vec<(String, usize, PublicKind)>,
    values: Vec<Value>,
}

fn expected(q: &Quantized, v: Visibility, x: &Tensor, opening: &zkml::circuit::Opening) -> Expected {
    let (plan, integers) = (q.plan(), q.integers(x).unwrap());
    let mut all = Expected { entries: vec![], values: vec![] };
    let mut push = |name: &str, kind: PublicKind, value: Value| {
        all.entries.push((name.to_owned(), 0, kind));
        all.values.push(value);
    };
    if v.weights == Visible::Committed {
        let nodes = q.params().iter().zip(&plan.params).flat_map(|(tensors, plans)| tensors.iter().zip(plans));
        let values: Vec<(Int, Interval)> =
            nodes.flat_map(|(t, p)| t.data().iter().map(|q| (*q, p.interval()))).collect();
        let domain = Domain::weights(plan);
        push("weights", PublicKind::Commitment, Value::Commitment(commit(&domain, &values, opening.weights).unwrap()));
    }
    let Interval { lo, hi } = plan.input.interval;
    match v.input {
        Visible::Public => {
            let (shape, scale) = (Shape::new([4]), plan.input.scale);
            let value = Value::Tensor { integers: integers.clone(), scale };
            push("input", PublicKind::Tensor { shape, scale, lo, hi }, value);
        }
        Visible::Committed => {
            let values: Vec<_> = integers.data().iter().map(|q| (*q, plan.input.interval)).collect();
            let domain = Domain::tensor(Subject::Input, &Shape::new([4]), plan.input.scale);
            let commitment = commit(&domain, &values, opening.inputs[0]).unwrap();
            push("input", PublicKind::Commitment, Value::Commitment(commitment));
        }
        Visible::Private => {}
    }
    let prediction = q.forward(x).unwrap();
    let intervals = q.output_intervals(v).unwrap();
    let answer = match prediction.class {
        Some(class) => Tensor::vector(vec![Int::from(class as u64)]),
        None => prediction.integers.clone(),
    };
    match (v.output, prediction.class) {
        (Visible::Public, Some(class)) => {
            push("output", PublicKind::Class { classes: 2 }, Value::Class { class, classes: 2 });
        }
        (Visible::Public, None) => {
            let lo = intervals.iter().map(|i| i.lo).min().unwrap();
            let hi = intervals.iter().map(|i| i.hi).max().unwrap();
            let scale = *plan.scales.last().unwrap();
            let kind = PublicKind::Tensor { shape: Shape::new([2]), scale, lo, hi };
            push("output", kind, Value::Tensor { integers: answer, scale });
        }
        (Visible::Committed, _) => {
            let values: Vec<_> = answer.data().iter().copied().zip(intervals).collect();
            let domain = Domain::tensor(Subject::Output, answer.shape(), *plan.scales.last().unwrap());
            let commitment = commit(&domain, &values, opening.outputs[0]).unwrap();
            push("output", PublicKind::Commitment, Value::Commitment(commitment));
        }
        (Visible::Private, _) => {}
    }
    all
}

#[test]
fn everyone_sees_what_the_visibility_says_and_nothing_else() {
    for classes in [false, true] {
        let q = quantized(classes);
        let x = inputs(3).remove(2);
        for v in KINDS.iter().flat_map(|i| KINDS.iter().flat_map(|w| KINDS.iter().map(|o| visibility(*i, *w, *o)))) {
            let circuit = q.circuit_for(v).unwrap();
            let (assignment, opening) = circuit.witness(std::slice::from_ref(&x), &mut rng()).unwrap();
            assert_eq!(check::check(&circuit, &assignment), vec![], "{v:?}");
            let expected = expected(&q, v, &x, &opening);
            let mut next = 0;
            assert_eq!(circuit.table().entries().len(), expected.entries.len(), "{v:?}");
            for (entry, (name, item, kind)) in circuit.table().entries().iter().zip(expected.entries) {
                assert_eq!((&entry.name, entry.item, &entry.kind), (&name, item, &kind), "{v:?}");
                assert_eq!(entry.first, next, "{v:?}");
                next += entry.len();
            }
            assert_eq!(circuit.matrices().instance, 1 + next, "{v:?}");
            let statement = circuit.table().decode(public(&circuit, &assignment)).unwrap();
            let values: Vec<Value> = statement.entries().iter().map(|e| e.value.clone()).collect();
            assert_eq!(values, expected.values, "{v:?}");
            let estimate = estimate(&q, v, 1).unwrap();
            assert_eq!(estimate.total.constraints, circuit.matrices().constraints(), "{v:?}");
            assert_eq!(estimate.total.witnesses, circuit.matrices().witness, "{v:?}");
            assert_eq!(estimate.public_inputs, next, "{v:?}");
            // With lookups: the same statement, of another circuit.
            let lookups = q.circuit_in::<TwoPhase>(1, v).unwrap();
            assert_eq!(lookups.table().entries().len(), circuit.table().entries().len(), "{v:?}");
            let (assignment, _) = lookups.witness(std::slice::from_ref(&x), &mut rng()).unwrap();
            assert_eq!(check::check(&lookups, &assignment), vec![], "{v:?}");
            let m = lookups.matrices();
            let estimate = estimate_in::<TwoPhase>(&q, v, 1).unwrap();
            assert_eq!(estimate.total, Cost::new(m.constraints(), m.witness), "{v:?}");
            assert_eq!((estimate.public_inputs, m.instance), (next, 2 + next), "{v:?}");
            assert_eq!(estimate.proving_key_bytes, TwoPhase::proving_key_bytes(m.size()), "{v:?}");
            assert_eq!(zkml::prove::Work { entries: m.work().entries, ..estimate.work }, m.work(), "{v:?}");
            // What the built circuit says of itself differs by the entries that a sum meets twice.
            let report = lookups.report();
            assert_eq!((report.system, report.proof_bytes), (TwoPhase::NAME, 160), "{v:?}");
            assert_eq!(report.proving_key_bytes, estimate.proving_key_bytes, "{v:?}");
            assert!(report.seconds <= estimate.seconds && estimate.seconds < 1.1 * report.seconds, "{v:?}");
            assert!(report.memory_bytes <= estimate.memory_bytes, "{v:?}");
        }
    }
}

#[test]
fn salts_are_fresh_but_for_one_that_is_given() {
    let q = quantized(true);
    let v = visibility(Visible::Committed, Visible::Committed, Visible::Committed);
    let circuit = q.circuit_for(v).unwrap();
    let (x, mut rng) = (inputs(1), rng());
    let (a, b) = (circuit.witness(&x, &mut rng).unwrap(), circuit.witness(&x, &mut rng).unwrap());
    assert!(public(&circuit, &a.0).iter().zip(public(&circuit, &b.0)).all(|(a, b)| a != b));
    let salt = Fr::from(1u128 << 64);
    let error = message(circuit.clone().with_salt(salt - Fr::one()));
    let repair = "draw it from a cryptographic random generator";
    assert_eq!(error, format!("the salt is below 2^64 and can be guessed; {repair}"));
    let circuit = circuit.with_salt(salt).unwrap();
    let (a, b) = (circuit.witness(&x, &mut rng).unwrap(), circuit.witness(&x, &mut rng).unwrap());
    assert_eq!(a.1.weights, salt);
    assert_eq!(public(&circuit, &a.0)[0], public(&circuit, &b.0)[0]);
    assert_ne!(public(&circuit, &a.0)[1], public(&circuit, &b.0)[1]);
}

#[test]
fn circuits_of_one_plan_commit_to_equal_weights_alike_and_no_others_do() {
    let salt = Fr::from(1u128 << 100);
    let of = |q: &Quantized, input, output, batch| {
        let circuit =
            q.batch_for(batch, visibility(input, Visible::Committed, output)).unwrap().with_salt(salt).unwrap();
        let (assignment, _) = circuit.witness(&inputs(batch), &mut rng()).unwrap();
        assert_eq!(circuit.domain(Subject::Weights), Domain::weights(q.plan()));
        public(&circuit, &assignment)[0]
    };
    let q = quantized(false);
    let commitment = of(&q, Visible::Public, Visible::Public, 1);
    for (input, output, batch) in [
        (Visible::Private, Visible::Public, 1),
        (Visible::Committed, Visible::Private, 1),
        (Visible::Public, Visible::Committed, 3),
    ] {
        assert_eq!(of(&q, input, output, batch), commitment);
    }
    let other = times(&q, 0.75).quantize_to(q.plan()).unwrap();
    assert_ne!(of(&other, Visible::Public, Visible::Public, 1), commitment);
    // The same weights in the same intervals, under a plan that cuts the scores otherwise.
    let mut plan = q.plan().clone();
    let last = plan.steps.len() - 1;
    plan.steps[last].shift += 1;
    plan.scales[last] -= 1;
    plan.error = None;
    let coarser = q.model().quantize_to(&plan).unwrap();
    assert_eq!((coarser.params(), &coarser.plan().params), (q.params(), &q.plan().params));
    assert_ne!(of(&coarser, Visible::Public, Visible::Public, 1), commitment);
}

#[test]
fn a_batch_shares_its_weights() {
    for (classes, weights) in [(true, Visible::Private), (false, Visible::Committed)] {
        let q = quantized(classes);
        let v = visibility(Visible::Public, weights, Visible::Public);
        let (one, three) = (q.circuit_for(v).unwrap(), q.batch_for(3, v).unwrap());
        assert!(three.matrices().constraints() < 3 * one.matrices().constraints());
        assert_eq!(three.matrices().constraints(), estimate(&q, v, 3).unwrap().total.constraints);
        let xs = inputs(3);
        let (assignment, _) = three.witness(&xs, &mut rng()).unwrap();
        assert_eq!(check::check(&three, &assignment), vec![]);
        let statement = three.table().decode(public(&three, &assignment)).unwrap();
        for (item, x) in xs.iter().enumerate() {
            let prediction = q.forward(x).unwrap();
            assert_eq!(statement.tensor("input", item).as_ref(), Some(x));
            assert_eq!(statement.class(item), prediction.class);
            assert_eq!(statement.output(item), (!classes).then_some(prediction.scores));
        }
        let of_weights = three.table().entries().iter().filter(|e| e.name == "weights").count();
        assert_eq!(of_weights, usize::from(weights == Visible::Committed));
    }
    let q = quantized(true);
    for n in [0, 4097] {
        let error = message(q.batch_for(n, Visibility::default()));
        assert_eq!(error, format!("a batch of {n}, expected 1 to 4096"));
    }
}

#[test]
fn a_circuit_file_comes_back_the_same() {
    for (classes, weights) in [(true, Visible::Public), (false, Visible::Private), (true, Visible::Committed)] {
        let q = quantized(classes);
        let circuit = q.batch_for(2, visibility(Visible::Committed, weights, Visible::Public)).unwrap();
        let bytes = circuit.to_bytes().unwrap();
        let again = Circuit::from_bytes(&bytes).unwrap();
        assert_eq!(again.digest(), circuit.digest());
        assert_eq!(again.matrices().abc, circuit.matrices().abc);
        assert_eq!(again.table(), circuit.table());
        assert_eq!((again.labels(), again.free()), (circuit.labels(), circuit.free()));
        assert_eq!((again.graph(), again.plan()), (circuit.graph(), circuit.plan()));
        assert_eq!((again.batch(), again.visibility()), (2, circuit.visibility()));
        assert_eq!(again.to_bytes().unwrap(), bytes);
    }
}

#[test]
fn a_circuit_is_saved_and_loaded() {
    let circuit = quantized(true).circuit_for(Visibility::default()).unwrap();
    let path = std::env::temp_dir().join(format!("zkml-circuit-{}", std::process::id()));
    circuit.save(&path).unwrap();
    assert_eq!(Circuit::load(&path).unwrap().digest(), circuit.digest());
    std::fs::remove_file(&path).unwrap();
    let error = message(Circuit::load(&path));
    assert!(error.starts_with(&format!("cannot read {}: ", path.display())), "{error}");
}

#[test]
fn the_digest_is_of_public_weights_and_not_of_private_ones() {
    let q = quantized(true);
    let other = times(&q, 0.75).quantize_to(q.plan()).unwrap();
    let digest = |q: &Quantized, weights| {
        let circuit = q.circuit_for(visibility(Visible::Private, weights, Visible::Public)).unwrap();
        circuit.digest()
    };
    assert_ne!(digest(&q, Visible::Public), digest(&other, Visible::Public));
    assert_eq!(digest(&q, Visible::Private), digest(&other, Visible::Private));
    assert_eq!(digest(&q, Visible::Committed), digest(&other, Visible::Committed));
    assert_ne!(digest(&q, Visible::Private), digest(&q, Visible::Committed));
    assert_ne!(q.batch_for(2, hidden_weights()).unwrap().digest(), q.circuit_for(hidden_weights()).unwrap().digest());
}

#[test]
fn damaged_and_foreign_circuit_files_are_errors() {
    let circuit = quantized(true).circuit_for(Visibility::default()).unwrap();
    let bytes = circuit.to_bytes().unwrap();
    for end in (0..bytes.len()).step_by(37) {
        let error = message(Circuit::from_bytes(&bytes[..end]));
        assert!(error.starts_with("the file is truncated: expected "), "{error}");
    }
    let mut rng = rng();
    for _ in 0..200 {
        let mut flipped = bytes.clone();
        flipped[rng.gen_range(0..bytes.len())] ^= 1 << rng.gen_range(0..8);
        assert!(Circuit::from_bytes(&flipped).is_err());
    }
    let last = bytes.len() - 1;
    let mut damaged = bytes.clone();
    damaged[last / 2] ^= 1;
    let error = message(Circuit::from_bytes(&damaged));
    assert_eq!(error, "the file is damaged: its checksum is that of other contents; copy it again");
    assert_eq!(message(Circuit::from_bytes(b"some text")), "not a zkml file, expected a circuit");
    let key = file::write(Kind::VerifyingKey, &circuit.digest(), b"");
    assert_eq!(message(Circuit::from_bytes(&key)), "the file holds a verifying key, expected a circuit");
    let (digest, payload) = file::read(&bytes, Kind::Circuit).unwrap();
    assert_eq!(payload.len(), bytes.len() - HEADER - CHECKSUM);
    let renamed = file::write(Kind::Circuit, &Digest([1; 32]), payload);
    let error = message(Circuit::from_bytes(&renamed));
    let (found, expected) = (Digest([1; 32]), digest);
    let digests = format!("its digest is {found}, that of its contents {expected}");
    assert_eq!(error, format!("the circuit file is malformed: {digests}"));
    let emptied = file::write(Kind::Circuit, &digest, b"{}");
    let error = message(Circuit::from_bytes(&emptied));
    assert!(error.starts_with("the circuit file is malformed: missing field"), "{error}");
}

#[test]
fn a_key_of_another_circuit_is_refused() {
    let q = quantized(true);
    let (a, b) = (q.circuit_for(Visibility::default()).unwrap(), q.circuit_for(hidden_weights()).unwrap());
    let mut rng = rng();
    let keys = a.setup(&mut rng).unwrap();
    let error = message(b.prove(&keys.proving, &inputs(1)[0], &mut rng));
    let (key, circuit) = (a.digest(), b.digest());
    let repair = "run the setup of this circuit";
    assert_eq!(error, format!("the key is of circuit {key}, expected circuit {circuit}; {repair}"));
}

#[test]
fn the_same_keys_prove_retrained_weights_that_fit_the_plan() {
    let q = quantized(false);
    let circuit = q.circuit_for(hidden_weights()).unwrap();
    let mut rng = rng();
    let keys = circuit.setup(&mut rng).unwrap();
    let x = &inputs(5)[4];
    let mut answers = Vec::new();
    for factor in [1.0, 0.5, -0.75] {
        let retrained = times(&q, factor).quantize_to(q.plan()).unwrap();
        let proof = circuit.clone().with_weights(&retrained).unwrap().prove(&keys.proving, x, &mut rng).unwrap();
        let statement = keys.verifying.verify(&proof).unwrap();
        let prediction = retrained.forward(x).unwrap();
        assert_eq!(statement.output(0).as_ref(), Some(&prediction.scores));
        answers.push(prediction.scores);
    }
    assert!(answers[0] != answers[1] && answers[1] != answers[2]);
}

#[test]
fn weights_that_do_not_fit_the_plan_are_refused_by_name() {
    let q = quantized(true);
    let error = times(&q, 100.0).quantize_to(q.plan()).unwrap_err();
    let PlanError::DoesNotFit { name, index, value, lo, hi } = &error else { panic!("{error}") };
    let plan = &q.plan().params[1][0];
    assert_eq!((name.as_str(), plan.name.as_str()), ("dense1.weight", "dense1.weight"));
    assert_eq!(*lo, to_real(plan.interval().lo, plan.scale));
    assert_eq!(*hi, to_real(plan.interval().hi, plan.scale));
    assert_eq!(*value, 100.0 * q.model().weights().get(name).unwrap().data()[*index]);
    assert_eq!(
        error.to_string(),
        format!(
            "parameter `dense1.weight` has the value {value} at index {index}, the plan holds {lo} to {hi}; \
             train with a bound on it, or make a new plan (and new keys)"
        )
    );
}

#[test]
fn a_loaded_circuit_needs_its_private_weights_back() {
    let q = quantized(true);
    let bytes = q.circuit_for(hidden_weights()).unwrap().to_bytes().unwrap();
    let (loaded, xs) = (Circuit::from_bytes(&bytes).unwrap(), inputs(1));
    assert_eq!(
        message(loaded.witness(&xs, &mut rng())),
        "the circuit has no weights: they are not public, so its file does not hold them; add them with `with_weights`"
    );
    let contents = loaded.contents();
    let whole = loaded.clone().with_weights(&q).unwrap();
    let (assignment, _) = whole.witness(&xs, &mut rng()).unwrap();
    assert_eq!(check::check(&whole, &assignment), vec![]);
    let other = quantized(false);
    let foreign = other.circuit_for(hidden_weights()).unwrap().contents();
    let error = message(loaded.with_weights(&other));
    assert_eq!(error, format!("the weights are those of a circuit with the contents {foreign}, expected {contents}"));
    let open = q.circuit_for(Visibility::default()).unwrap();
    let retrained = times(&q, 0.75).quantize_to(q.plan()).unwrap();
    assert!(matches!(open.with_weights(&retrained), Err(CircuitError::OtherWeights { .. })));
}

#[test]
fn a_loaded_circuit_with_public_weights_proves_at_once() {
    let q = quantized(true);
    let circuit = q.circuit_for(Visibility::default()).unwrap();
    let loaded = Circuit::from_bytes(&circuit.to_bytes().unwrap()).unwrap();
    let mut rng = rng();
    let keys = circuit.setup(&mut rng).unwrap();
    let x = &inputs(2)[1];
    let proof = loaded.prove(&keys.proving, x, &mut rng).unwrap();
    assert_eq!(keys.verifying.verify(&proof).unwrap().class(0), q.forward(x).unwrap().class);
}

#[test]
fn inputs_that_are_not_the_models_are_refused() {
    let circuit = quantized(true).circuit_for(Visibility::default()).unwrap();
    let error = |inputs: &[Tensor]| message(circuit.witness(inputs, &mut rng()));
    let of = |x: f64| error(&[Tensor::vector(vec![0.0, 0.0, x, 0.0])]);
    let whole = "expected a whole number; declare a range with decimal points for reals";
    assert_eq!(of(9.0), "input 0: input element 2 is 9, outside the declared range -8 to 7");
    assert_eq!(of(-9.0), "input 0: input element 2 is -9, outside the declared range -8 to 7");
    assert_eq!(of(0.5), format!("input 0: input element 2 is 0.5, {whole}"));
    assert_eq!(of(f64::NAN), format!("input 0: input element 2 is NaN, {whole}"));
    assert_eq!(of(f64::INFINITY), format!("input 0: input element 2 is inf, {whole}"));
    let short = Tensor::vector(vec![0.0; 3]);
    assert_eq!(error(&[short]), "input 0: the model takes an input of shape [4], found [3]");
    assert_eq!(error(&inputs(2)), "input 1: the circuit proves 1 inputs at once, found 2");
    assert_eq!(error(&[]), "input 0: the circuit proves 1 inputs at once, found 0");
    let three = quantized(true).batch_for(3, Visibility::default()).unwrap();
    let mut xs = inputs(3);
    xs[1] = Tensor::from_fn([2, 2], |_| 0.0);
    assert_eq!(message(three.witness(&xs, &mut rng())), "input 1: the model takes an input of shape [4], found [2, 2]");
}

#[test]
fn real_inputs_that_are_not_finite_or_in_range_are_refused() {
    let mut graph = Graph::new("real", Shape::new([2])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    graph.add("dense", Args::new().with("units", 2), &[graph.input()]).unwrap();
    let model = Model::init(graph, Visibility::default(), &mut rng()).unwrap();
    let samples: Vec<Tensor> = (0..4).map(|i| Tensor::vector(vec![f64::from(i) / 4.0, -0.3])).collect();
    let q = model.quantize(&samples, Target { tries: 20, ..Target::default() }).unwrap();
    for x in [f64::NAN, f64::INFINITY, -1.001] {
        let error = q.forward(&Tensor::vector(vec![0.5, x])).unwrap_err().to_string();
        assert_eq!(error, format!("input element 1 is {x}, outside the declared range -1 to 1"));
    }
    assert!(q.forward(&Tensor::vector(vec![-1.0, 1.0])).is_ok());
}

#[test]
fn every_constraint_that_a_witness_violates_is_named() {
    let q = quantized(true);
    let circuit = q.batch_for(2, visibility(Visible::Public, Visible::Private, Visible::Public)).unwrap();
    let (honest, _) = circuit.witness(&inputs(2), &mut rng()).unwrap();
    let (nodes, first) = (circuit.graph().nodes().len(), circuit.matrices().instance);
    for (node, item, gadget) in [(1, 0, "range"), (1, 0, "product"), (2, 1, "relu"), (4, 0, "argmax"), (4, 1, "argmax")]
    {
        let label = circuit.labels().iter().find(|l| l.node == item * nodes + node && l.gadget == gadget).unwrap();
        let mut corrupt = honest.clone();
        let bit = &mut corrupt[first + label.witness];
        *bit = if bit.is_zero() { Fr::from(2u64) } else { *bit + Fr::one() };
        let failures = check::check(&circuit, &corrupt);
        let numbers: Vec<usize> = failures.iter().map(|f| f.constraint).collect();
        assert_eq!(numbers, circuit.matrices().unsatisfied(&corrupt));
        let name = &circuit.graph().nodes()[node].name;
        let layer = circuit.graph().nodes()[node].layer.as_ref().unwrap().card().name;
        let own = failures.iter().find(|f| f.gadget == gadget && &f.node == name && f.item == item);
        let own = own.unwrap_or_else(|| panic!("{gadget} of {name} is not among {failures:?}"));
        assert_eq!(own.layer, layer);
        let [a, b, c] = &own.sides;
        let formula = match gadget {
            "range" => "lo <= x <= hi",
            "product" => "y = sum_i a_i * b_i",
            "relu" => "y = max(0, rescale(q))",
            _ => "y = min { i : x_i = max_j x_j }",
        };
        assert_eq!(
            own.to_string(),
            format!(
                "constraint {}: {layer} `{name}`, input {item}: {gadget} {}, `{formula}`, needs ({a}) * ({b}) = {c}, found {} * {} \
                 and {}",
                own.constraint, own.element, a.value, b.value, c.value
            )
        );
        // The variable that was changed is named, with its value.
        let named = format!("{item}:{name}.{gadget}[{}].0", own.element);
        let value = check::signed(corrupt[first + label.witness]);
        let terms =
            |failure: &check::Failure| failure.sides.iter().flat_map(|side| side.terms.clone()).collect::<Vec<_>>();
        assert!(
            failures.iter().flat_map(terms).any(|(_, v)| v == Some((named.clone(), value.clone()))),
            "{named}: {failures:?}"
        );
    }
    let mut corrupt = honest;
    corrupt[first - 1] += Fr::one();
    let failures = check::check(&circuit, &corrupt);
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].gadget, failures[0].node.as_str(), failures[0].item), ("output", "argmax1", 1));
    let Failure { sides: [a, b, c], .. } = &failures[0];
    assert_eq!((b.to_string(), c.to_string()), ("1".to_owned(), "1:output[0]".to_owned()));
    assert!(a.to_string().contains("1:argmax1.argmax[0]."), "{a}");
}

#[test]
fn private_weights_of_widths_that_outgrow_the_field_are_refused_where_they_do() {
    let q = quantized(true);
    let mut plan = q.plan().clone();
    for node in [1, 3] {
        plan.params[node][0].bits = 200;
    }
    plan.error = None;
    let model = Model::new(q.model().graph().clone(), Visibility::default(), q.model().weights().clone()).unwrap();
    let wide = model.quantize_to(&plan).unwrap();
    assert!(wide.circuit_for(Visibility::default()).is_ok());
    let error = wide.circuit_for(hidden_weights()).unwrap_err();
    let CircuitError::Arith { layer, error } = &error else { panic!("{error}") };
    assert_eq!(layer, "dense2");
    let error = error.to_string();
    assert!(error.ends_with("more than the 250 that a field element safely holds; rescale earlier"), "{error}");
}

#[test]
fn what_is_printed_for_debugging_holds_no_secret() {
    let quantized = quantized(true);
    let circuit = quantized.circuit_for(hidden_weights()).unwrap();
    let printed = format!("{quantized:?} {circuit:?} {:?}", quantized.model());
    let weights = quantized.model().weights();
    assert!(printed.contains("dense1.weight") && printed.contains(&circuit.digest().to_string()), "{printed}");
    for (name, tensor) in weights.iter() {
        for value in tensor.data().iter().filter(|x| **x != 0.0) {
            assert!(!printed.contains(&format!("{value:?}")), "{name} holds {value}, which is printed");
        }
    }
}
