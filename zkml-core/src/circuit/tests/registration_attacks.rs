//! Attacks on circuits with registered weights: files that ask for less than they seem to, weights of another model's ranges, layers that use
//! weights in every way, sizes that are counted late, digests, and secrets in what is printed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ark_ff::{One, Zero};

use super::*;
use crate::{
    circuit::{Opening, RegistrationError, RegistrationKeys, WeightCircuit},
    dev::dishonest::{Claim, Lie, Truth},
    layer::Literal,
    number::Int,
    prove::{ProveError, RangeChecks, Registered, Selection, WeightsOpening, link, prove_registered},
};

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn salt() -> Fr {
    Fr::from(u64::MAX) * Fr::from(u64::MAX - 8)
}

/// A convolution and a dense layer.
fn network() -> Graph {
    let mut graph = Graph::new("attacked", Shape::new([1, 5, 5])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let conv = graph.add("conv2d", Args::new().with("filters", 3).with("kernel", 3), &[graph.input()]).unwrap();
    let relu = graph.add("relu", Args::new(), &[conv]).unwrap();
    let flat = graph.add("flatten", Args::new(), &[relu]).unwrap();
    graph.add("dense", Args::new().with("units", 2), &[flat]).unwrap();
    graph
}

/// One output: its weights are used by themselves.
fn neuron() -> Graph {
    let mut graph = Graph::new("neuron", Shape::new([4])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    graph.add("dense", units(1), &[graph.input()]).unwrap();
    graph
}

/// The weights, the first of each layer one beyond its declared range.
fn beyond(quantized: &Quantized) -> Vec<Vec<Tensor<Int>>> {
    let mut weights = quantized.params().to_vec();
    for (tensors, plans) in weights.iter_mut().zip(&quantized.plan().params) {
        if let (Some(first), Some(plan)) = (tensors.first_mut(), plans.first()) {
            let wide = plan.interval().hi + Int::ONE;
            let values = first.data().to_vec();
            *first = Tensor::from_fn(first.shape().clone(), |i| if i == 0 { wide } else { values[i] });
        }
    }
    weights
}

fn zeros(graph: &Graph) -> Tensor {
    Tensor::from_fn(graph.shape(graph.input()).clone(), |_| 0.0)
}

/// A circuit file says that weights are registered and that ranges are checked bit by bit: plain Groth16 takes it, where nothing is registered,
/// and weights are whatever the prover likes in each proof.
#[test]
fn registered_weights_are_not_taken_by_a_system_that_registers_none() {
    let quantized = quantized(neuron(), PRIVATE);
    let beyond = beyond(&quantized);
    let x = zeros(quantized.graph());
    // Control: of a circuit whose private weights are not registered there is no such proof.
    let honest = quantized.circuit_in::<TwoPhase>(1, PRIVATE).unwrap();
    let keys = honest.setup_in::<TwoPhase>(&mut rng(1)).unwrap();
    let cheat = Circuit { weights: Some(beyond.clone()), ..honest.clone() };
    assert!(cheat.prove_in(&keys.proving, std::slice::from_ref(&x), &mut rng(2)).is_err());

    let spec = Spec { registers: true, checks: RangeChecks::Bits, ..honest.spec.clone() };
    let Ok(circuit) = Circuit::build(spec, &Limits::default()) else { return };
    let circuit = Circuit::from_bytes(&circuit.to_bytes().unwrap()).unwrap();
    let is_of = circuit.is_of(&quantized).unwrap();
    let Ok(keys) = circuit.setup_in::<Groth16>(&mut rng(3)) else { return };
    let wide = crate::number::field::to_field(beyond[1][0].data()[0]);
    let cheat = Circuit { weights: Some(beyond), ..circuit };
    assert!(cheat.witness(std::slice::from_ref(&x), &mut rng(4)).unwrap().0.contains(&wide));
    let proof = cheat.prove_in(&keys.proving, std::slice::from_ref(&x), &mut rng(4));
    let accepted = proof.is_ok_and(|(proof, _)| keys.verifying.verify(&proof).is_ok());
    assert!(!accepted, "weights out of range are accepted; said to be the model's: {is_of}");
}

/// A circuit of registered weights is for no other system, and those of other systems are not for it.
#[test]
fn phases_are_those_of_the_system() {
    let quantized = quantized(network(), PRIVATE);
    let circuit = quantized.circuit_in::<Registered>(1, PRIVATE).unwrap();
    assert!(circuit.setup_in::<Groth16>(&mut rng(5)).is_err());
    assert!(circuit.setup_in::<TwoPhase>(&mut rng(5)).is_err());
    assert!(WeightCircuit::new(&circuit).unwrap().matrices().phases.len() == 3);
    // Of a network without weights there is nothing to register.
    let bare = super::quantized(graph("relu", &Args::new(), Shape::new([3])), PRIVATE);
    let bare = bare.circuit_in::<Registered>(1, PRIVATE).unwrap();
    assert!(bare.setup_in::<Registered>(&mut rng(5)).is_err());
}

/// The circuit of weights of another model, of the same layout and wider ranges: what it shows is not what the answers' circuit relies on.
#[test]
fn a_circuit_of_weights_of_another_model_is_refused() {
    let quantized = quantized(neuron(), PRIVATE);
    let circuit = quantized.circuit_in::<Registered>(1, PRIVATE).unwrap();
    let mut spec = circuit.spec.clone();
    spec.plan.params.iter_mut().flatten().for_each(|p| p.bits += 16);
    spec.plan.error = None;
    let wider = Circuit::build(spec, &Limits::default()).unwrap();
    assert_ne!(wider.digest(), circuit.digest());
    assert_eq!(wider.layout(), circuit.layout());
    let beyond = beyond(&quantized);
    let mut weights = WeightCircuit::new(&wider).unwrap();
    weights.weights = Some(beyond.clone());
    let keys = circuit.setup_in::<Registered>(&mut rng(6)).unwrap();
    let weight_keys = weights.setup(&mut rng(7)).unwrap();
    let all = Selection::all(circuit.layout().packs.len());
    let link = link::setup(&keys.proving, &weight_keys.proving, all, &mut rng(8)).unwrap();
    let both = (keys.verifying.clone(), weight_keys.verifying.clone());
    let verifier = match RegistrationKeys::new(&circuit, &weights, both, link.verifying().clone()) {
        Err(RegistrationError::Key { .. }) => return,
        other => other.unwrap(),
    };
    // What is accepted if it is not refused.
    let owner = Fr::one();
    let (registration, opening) =
        weights.register(&keys.proving, &weight_keys.proving, &link, (owner, salt()), &mut rng(9)).unwrap();
    let checked = verifier.check(&registration, owner).unwrap();
    let cheat = Circuit { weights: Some(beyond), ..circuit.clone() };
    let x = zeros(quantized.graph());
    let (proof, _) = cheat.prove_registered(&keys.proving, &opening, &[x], &mut rng(10)).unwrap();
    panic!("accepted: {:?}", checked.verify(&proof).is_ok());
}

/// Graphs that use weights in every way there is.
fn graphs() -> Vec<Graph> {
    let ranged =
        |name: &str, shape: &[usize]| Graph::new(name, Shape::new(shape)).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let mut graphs = vec![network(), neuron()];
    let one = |layer: &str, args: Args, shape: &[usize]| {
        let mut graph = ranged(layer, shape);
        graph.add(layer, args, &[graph.input()]).unwrap();
        graph
    };
    let conv = |filters: usize, kernel: usize| Args::new().with("filters", filters).with("kernel", kernel);
    graphs.push(one("conv2d", conv(4, 2).with("groups", 2), &[2, 4, 3]));
    graphs.push(one("conv2d", conv(3, 2).with("stride", 2).with("dilation", 2).with("padding", 1), &[1, 5, 5]));
    graphs.push(one("conv2d_transpose", conv(3, 2).with("stride", 2), &[2, 2, 2]));
    graphs.push(one("depthwise_conv2d", Args::new().with("kernel", 2).with("multiplier", 3), &[2, 3, 3]));
    graphs.push(one("conv1d", conv(4, 3).with("padding", "causal"), &[2, 6]));
    graphs.push(one("pointwise_conv2d", Args::new().with("filters", 5), &[3, 2, 2]));
    graphs.push(one("separable_conv2d", conv(3, 2), &[2, 3, 3]));
    // Far more filters than share a product, and kernels that lie partly in the padding of every window.
    graphs.push(one("dense", units(40), &[3]));
    graphs.push(one("conv2d", conv(4, 3).with("padding", "same"), &[40, 1, 1]));
    graphs.push(one("conv2d", conv(6, 3).with("padding", "same"), &[1, 2, 8]));
    // One parameter on both sides of products, in a sum, and as an output.
    let mut graph = ranged("shared", &[3, 3]);
    let shape = |dims: [i64; 2]| Args::new().with("shape", Literal::List(dims.to_vec()));
    let w = graph.add("parameter", shape([3, 3]), &[]).unwrap();
    let left = graph.add("matmul", Args::new(), &[w, graph.input()]).unwrap();
    let right = graph.add("matmul", Args::new(), &[graph.input(), w]).unwrap();
    let square = graph.add("matmul", Args::new(), &[w, w]).unwrap();
    let sum = graph.add("add", Args::new(), &[left, right]).unwrap();
    let sum = graph.add("add", Args::new(), &[sum, square]).unwrap();
    let relu = graph.add("relu", Args::new(), &[w]).unwrap();
    let sum = graph.add("add", Args::new(), &[sum, relu]).unwrap();
    graph.add("add", Args::new(), &[sum, w]).unwrap();
    graphs.push(graph);
    graphs
}

/// A lie about one variable.
struct About(usize, Int);
impl Lie for About {
    fn told(&self, n: usize, honest: Int) -> Int {
        if n == self.0 { honest + self.1 } else { honest }
    }
    fn added(&self, n: usize) -> Fr {
        Fr::from(u64::from(n == self.0))
    }
    fn chosen(&self, n: usize) -> Fr {
        Fr::from(u64::from(n == self.0))
    }
}

/// Whatever uses weights and in whatever way, batches too: registered variables are what the layout says, stand alone, and are bound to ranges
/// by the circuit of weights; the count is the circuit; and a lie that is accepted is one about other weights, or changes no public value.
#[test]
fn every_use_of_weights_is_bound() {
    let mut lies = 0;
    for graph in graphs() {
        for batch in [1, 2] {
            let name = graph.name().to_owned();
            let visibility = Visibility { input: Visible::Public, ..PRIVATE };
            let quantized = quantized(graph.clone(), visibility);
            let circuit = quantized.circuit_in::<Registered>(batch, visibility).unwrap();
            let matrices = circuit.matrices();
            let count = circuit.layout().packs.len();
            assert_eq!(matrices.phases[0], count, "{name}");
            let tally = circuit.spec.synthesize(Tally::new(), circuit.tables, None).unwrap().0;
            let counted = (tally.constraints, tally.witnesses, tally.instances + 1);
            assert_eq!(counted, (matrices.constraints(), matrices.witness, matrices.instance), "{name}");
            let entries: usize = matrices.abc.iter().flatten().map(Vec::len).sum();
            assert!(tally.peak() >= entries, "{name}");
            // Each is bound by its commitment.
            assert_eq!(matrices.first_not_alone(count), None, "{name}, {batch}");

            let weights = WeightCircuit::new(&circuit).unwrap();
            assert_eq!(weights.matrices().phases[0], count, "{name}");
            assert_eq!(weights.matrices().first_not_alone(count), None, "{name}");
            let shown = weights.witness(Fr::one(), salt(), &mut rng(11)).unwrap();
            assert!(weights.matrices().unsatisfied(&shown).is_empty(), "{name}");

            let shape = quantized.graph().shape(quantized.graph().input()).clone();
            let input = |s: usize| Tensor::from_fn(shape.clone(), |i| ((5 * i + 3 * s) % 11) as f64 / 8.0 - 0.6);
            let integers: Vec<Tensor<Int>> = (0..batch)
                .map(|s| crate::plan::quantized::quantize_input(quantized.plan(), &input(s)).unwrap())
                .collect();
            let zero = || vec![Fr::zero(); batch];
            let opening = Opening { weights: Fr::zero(), inputs: zero(), outputs: zero() };
            let claim = Claim::new(&circuit, &quantized, &integers, &opening);
            let honest = claim.run(Truth).unwrap();
            let variables = honest.witnesses();
            let honest = honest.finish();
            assert!(matrices.unsatisfied(&honest).is_empty(), "{name}");
            let registered = matrices.instance..matrices.instance + count;
            assert_eq!(
                honest[registered.clone()],
                shown[weights.matrices().instance..][..count],
                "{name}: the registered values of both circuits"
            );
            // The public inputs but the challenge.
            let public = 0..matrices.instance - 1;
            for n in (0..variables).step_by(1 + variables / 60) {
                for by in [Int::ONE, -pow2(9)] {
                    let cs = claim.run(About(n, by)).unwrap();
                    if !cs.lied() {
                        continue;
                    }
                    let z = cs.finish();
                    lies += 1;
                    if matrices.unsatisfied(&z).is_empty() {
                        let other = z[registered.clone()] != honest[registered.clone()];
                        assert!(other || z[public.clone()] == honest[public.clone()], "{name}: variable {n}");
                    }
                }
            }
        }
    }
    assert!(lies > 1000, "{lies}");
}

/// Setup takes what the library builds: a tap that lies in the padding of every window is no variable that nothing binds.
#[test]
fn taps_that_meet_nothing_can_be_set_up() {
    let conv = Args::new().with("filters", 4).with("kernel", 3).with("padding", "same");
    let quantized = quantized(graph("conv2d", &conv, Shape::new([40, 1, 1])), PRIVATE);
    let circuit = quantized.circuit_in::<Registered>(1, PRIVATE).unwrap();
    let keys = circuit.setup_in::<Registered>(&mut rng(12));
    assert!(keys.is_ok(), "{:?}", keys.err());
}

/// A dry run of registered weights ends at the limit, as the count of all other circuits does: with lookups it keeps each limb in memory.
#[test]
fn a_dry_run_of_registered_weights_ends_at_the_limit() {
    let n = 1000;
    for (checks, registers) in [("lookups", false), ("lookups", true)] {
        let edit = |spec: &mut Value| {
            spec["checks"] = json!(checks);
            spec["registers"] = json!(registers);
        };
        let bytes = resized((&Args::new(), 2), (&Args::new(), n), "sigmoid", edit, PRIVATE);
        let spec: Spec = serde_json::from_slice(file::read(&bytes, Kind::Circuit).unwrap().1).unwrap();
        let all = Circuit::build(spec.clone(), &Limits::default()).unwrap().matrices().constraints();
        let most = all / 10;
        match Circuit::build(spec, &Limits { constraints: most, ..Limits::default() }) {
            Err(CircuitError::TooLarge { what: "constraints", found, .. }) => {
                assert!(
                    most < found && found < 2 * most,
                    "registers: {registers}: {found} of {all} are counted, {most} may be"
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A small file whose dry run takes gigabytes.
#[test]
fn a_small_file_of_registered_weights_takes_no_memory() {
    let most = peak("registration_attacks::a_small_file_of_registered_weights_takes_no_memory", || {
        let n = 1 << 18;
        let wide = |value: &mut Value| {
            let mut graph = Graph::new("x", Shape::new([n]));
            graph.add("relu", Args::new(), &[graph.input()]).unwrap();
            value["graph"] = serde_json::to_value(&graph).unwrap();
            value["plan"]["graph"] = json!(graph.digest());
            value["plan"]["input"]["interval"] = json!({ "lo": -pow2(248), "hi": pow2(248) });
            value["checks"] = json!("lookups");
            value["registers"] = json!(true);
        };
        let bytes = resized((&Args::new(), 2), (&Args::new(), n), "relu", wide, PRIVATE);
        assert!(bytes.len() < 1500);
        assert_eq!(too_large(&bytes).0, "constraints");
    });
    // An eighth of the values that a file may have.
    assert!(most < 640, "{most} MiB");
}

/// No two circuits have a digest in common: whatever is changed of what defines one changes both.
#[test]
fn digests_are_of_one_circuit_each() {
    let quantized = quantized(network(), PRIVATE);
    let circuit = quantized.circuit_in::<Registered>(1, PRIVATE).unwrap();
    let base = circuit.spec.clone();
    let mut wider = base.clone();
    wider.plan.params.iter_mut().flatten().take(1).for_each(|p| p.bits += 1);
    let mut narrower = base.clone();
    narrower.plan.input.interval.hi -= Int::ONE;
    let input = Visibility { input: Visible::Public, ..base.visibility };
    let specs = [
        base.clone(),
        Spec { registers: false, ..base.clone() },
        Spec { registers: false, checks: RangeChecks::Bits, ..base.clone() },
        Spec { checks: RangeChecks::Bits, ..base.clone() },
        Spec { batch: 2, ..base.clone() },
        Spec { visibility: input, ..base.clone() },
        wider,
        narrower,
    ];
    let mut seen: Vec<_> = specs.iter().map(Spec::digest).collect();
    // A layout is another with another place, order or split of weights, or a weight more.
    let layout = circuit.layout().clone();
    let mut others = vec![layout.clone(); 5];
    others[0].packs[0].place += 1;
    others[1].packs.swap(0, 1);
    others[2].weights += 1;
    let [at, next] = {
        let several: Vec<usize> = (0..layout.packs.len()).filter(|i| layout.packs[*i].weights.len() > 1).collect();
        [several[0], several[1]]
    };
    let moved = others[3].packs[at].weights.pop().unwrap();
    others[3].packs[next].weights.insert(0, moved);
    others[4].packs[at].weights.reverse();
    seen.extend(others.iter().chain([&layout]).map(crate::arith::r1cs::Layout::digest));
    let weights = WeightCircuit::new(&circuit).unwrap();
    seen.extend([circuit.digest(), weights.contents(), weights.digest()]);
    let count = seen.len();
    seen.sort_unstable_by_key(|digest| digest.0);
    seen.dedup();
    assert_eq!(seen.len(), count);
}

/// What is printed, and every file but the opening's, has none of the weights' packed values and not the salt.
#[test]
fn nothing_that_is_printed_or_public_has_a_secret() {
    let quantized = quantized(network(), PRIVATE);
    let circuit = quantized.circuit_in::<Registered>(1, PRIVATE).unwrap().with_salt(salt()).unwrap();
    let weights = WeightCircuit::new(&circuit).unwrap();
    let keys = circuit.setup_in::<Registered>(&mut rng(13)).unwrap();
    let weight_keys = weights.setup(&mut rng(14)).unwrap();
    let all = Selection::all(circuit.layout().packs.len());
    let link = link::setup(&keys.proving, &weight_keys.proving, all, &mut rng(15)).unwrap();
    let both = (keys.verifying.clone(), weight_keys.verifying.clone());
    let verifier = RegistrationKeys::new(&circuit, &weights, both, link.verifying().clone()).unwrap();
    let owner = Fr::from(77u64);
    let (registration, opening) =
        weights.register(&keys.proving, &weight_keys.proving, &link, (owner, salt()), &mut rng(16)).unwrap();
    let checked = verifier.check(&registration, owner).unwrap();
    let x = zeros(quantized.graph());
    let (proof, salts) = circuit.prove_registered(&keys.proving, &opening, &[x], &mut rng(17)).unwrap();
    let other = weights.register(&keys.proving, &keys.proving, &link, (owner, salt()), &mut rng(18)).unwrap_err();
    let few = keys.proving.commit_weights(vec![Fr::one()], &mut rng(19)).unwrap_err();
    let printed = [
        format!("{circuit:?} {weights:?} {opening:?} {salts:?}"),
        format!("{registration:?} {checked:?} {verifier:?}"),
        format!("{proof:?} {other:?} {other} {few:?} {few} {:?}", checked.verify(&proof)),
    ]
    .concat();
    let secrets: Vec<Fr> =
        opening.values().iter().copied().filter(|v| *v > Fr::from(1u64 << 20)).chain([salt()]).collect();
    assert!(secrets.len() > 10);
    let files: Vec<Vec<u8>> = vec![
        circuit.to_bytes().unwrap(),
        keys.proving.to_bytes(),
        registration.answers.to_bytes(),
        registration.weights.to_bytes(),
        registration.proof.to_bytes(),
        registration.link.to_bytes(),
        proof.to_bytes(),
    ];
    for secret in secrets {
        assert!(!printed.contains(&secret.to_string()));
        let bytes = crate::prove::public::to_bytes(secret);
        let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
        for file in &files {
            let holds = |part: &[u8]| file.windows(part.len()).any(|window| window == part);
            assert!(!holds(&bytes) && !holds(&reversed));
        }
        // Control: the owner's file does.
        if secret != salt() {
            let own = opening.to_bytes();
            assert!(own.windows(32).any(|window| window == bytes));
        }
    }
}

/// Every number of a circuit file is something absurd: an error or a circuit, and no panic.
#[test]
fn no_number_in_a_file_of_registered_weights_panics() {
    fn leaves(value: &Value, at: &mut Vec<String>, all: &mut Vec<String>) {
        let mut each = |key: String, value: &Value| {
            at.push(key.replace('~', "~0").replace('/', "~1"));
            leaves(value, at, all);
            at.pop();
        };
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| each(key.clone(), value)),
            Value::Array(list) => list.iter().enumerate().for_each(|(i, value)| each(i.to_string(), value)),
            Value::Number(_) => all.push(format!("/{}", at.join("/"))),
            _ => {}
        }
    }
    let quantized = quantized(network(), PRIVATE);
    let honest = quantized.circuit_in::<Registered>(1, PRIVATE).unwrap();
    let value = serde_json::to_value(&honest.spec).unwrap();
    let (mut all, mut tried) = (vec![], 0);
    leaves(&value, &mut vec![], &mut all);
    assert!(all.len() > 30, "{}", all.len());
    let limits = Limits { values: 1 << 10, terms: 1 << 14, parameters: 1 << 10, cells: 1 << 10, ..Limits::default() };
    let limits = Limits { constraints: 1 << 14, witnesses: 1 << 14, ..limits };
    for path in &all {
        for number in [json!(0), json!(1), json!(251), json!(-1), json!(u32::MAX), json!(i64::MAX), json!(u64::MAX)] {
            let mut changed = value.clone();
            *changed.pointer_mut(path).unwrap() = number.clone();
            // As the file's digest of the plan's graph is one of the changed graph.
            let graph = serde_json::from_value::<Graph>(changed["graph"].clone());
            if let Ok(graph) = graph {
                changed["plan"]["graph"] = json!(graph.digest());
            }
            let run = || {
                let spec = serde_json::from_value::<Spec>(changed.clone()).ok()?;
                spec.check(&limits).ok()?;
                let circuit = Circuit::build(spec, &limits).ok()?;
                WeightCircuit::new_with(&circuit, &limits).ok()
            };
            assert!(catch_unwind(AssertUnwindSafe(run)).is_ok(), "{path} is {number}");
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
}

/// A kernel as large as its image, in a file of a kilobyte: private weights are not in it.
#[test]
fn a_kernel_of_a_whole_image_is_decided_about_at_once() {
    let conv = |n: usize| Args::new().with("filters", 2).with("kernel", n);
    let large = graph("conv2d", &conv(512), Shape::new([1, 512, 512]));
    let small = quantized(graph("conv2d", &conv(2), Shape::new([1, 2, 2])), PRIVATE);
    let honest = small.circuit_in::<TwoPhase>(1, PRIVATE).unwrap();
    let mut value = serde_json::to_value(&honest.spec).unwrap();
    value["graph"] = serde_json::to_value(&large).unwrap();
    value["plan"]["graph"] = json!(large.digest());
    let spec = serde_json::from_value::<Spec>(value.clone()).unwrap();
    spec.check(&Limits::default()).unwrap();
    let bytes = file::write(Kind::Circuit, &spec.digest(), &serde_json::to_vec(&value).unwrap());
    assert!(bytes.len() < 3000, "{}", bytes.len());
    let circuit = Circuit::from_bytes(&bytes);
    assert!(!matches!(circuit, Err(CircuitError::TooLarge { what: "terms" | "values" | "parameters", .. })));
}

/// An opening of other values than the weights': nothing is proved of them, and it opens nothing under another key.
#[test]
fn an_opening_of_other_values_registers_nothing() {
    let quantized = quantized(neuron(), PRIVATE);
    let circuit = quantized.circuit_in::<Registered>(1, PRIVATE).unwrap();
    let weights = WeightCircuit::new(&circuit).unwrap();
    let keys = weights.setup(&mut rng(20)).unwrap();
    let count = circuit.layout().packs.len();
    let own = keys.proving.commit_weights(vec![Fr::one(); count], &mut rng(21)).unwrap();
    let honest = weights.witness(Fr::one(), salt(), &mut rng(22)).unwrap();
    let proof = prove_registered::<Registered, ProveError>(
        &keys.proving,
        weights.matrices(),
        &weights.digest(),
        &own,
        &mut |draw| {
            let instance = weights.matrices().instance;
            let fixed = weights.matrices().size().fixed;
            draw(&honest[..instance - 1], &honest[instance..][..fixed])?;
            Ok(honest.clone())
        },
        &mut rng(23),
    );
    assert!(matches!(proof, Err(ProveError::Unregistered { index: 0 })), "{:?}", proof.err());
    assert!(own.check(&keys.proving).is_ok());
    let read = WeightsOpening::from_bytes(&own.to_bytes()).unwrap();
    let other = circuit.setup_in::<Registered>(&mut rng(24)).unwrap();
    assert!(read.check(&keys.proving).is_ok() && read.check(&other.proving).is_err());
}

/// A commitment to packed weights without a registration: two lists of biases, of which one is beyond its range, that are packed to the same
/// field element. What a verifier of the commitment alone is told is that the answers are those of one function, so at most one is proved.
#[test]
fn one_commitment_has_one_answer_for_an_input() {
    let visibility = Visibility { input: Visible::Public, ..PRIVATE };
    let (inputs, outputs) = (40, 4);
    let mut classes = graph("dense", &units(outputs), Shape::new([inputs]));
    classes.add("argmax", Args::new(), &[classes.output()]).unwrap();
    let quantized = quantized(classes, visibility);
    let circuit = quantized.circuit_in::<Registered>(1, visibility).unwrap();
    let first = (inputs * outputs) as u32;
    let of_bias: Vec<u32> = (first..first + outputs as u32).collect();
    let pack = circuit.layout().packs.iter().find(|pack| pack.weights == of_bias).unwrap();
    let keys = circuit.setup_in::<Registered>(&mut rng(30)).unwrap();
    let with = |bias: [Int; 2]| {
        let mut weights = quantized.params().to_vec();
        let mut layers = weights.iter_mut().filter(|tensors| !tensors.is_empty());
        let tensors = layers.next().unwrap();
        tensors[0] = Tensor::from_fn(tensors[0].shape().clone(), |_| Int::ZERO);
        tensors[1] = Tensor::from_fn(tensors[1].shape().clone(), |i| bias.get(i).copied().unwrap_or(Int::ZERO));
        Circuit { weights: Some(weights), ..circuit.clone() }
    };
    // The outputs are the biases: any that the range check admits, and the same packed sum with the next of them one more.
    let (place, half) = (pow2(pack.place), pow2(pack.place - 1));
    for beyond in [half / Int::from(2), half - Int::ONE, Int::ONE - half, -half] {
        let shift = if beyond < Int::ZERO { place } else { -place };
        let circuits =
            [with([beyond, Int::ZERO]), with([beyond + shift, if shift < Int::ZERO { Int::ONE } else { -Int::ONE }])];
        let own = circuits[0].commit_weights(&keys.proving, &mut rng(31)).unwrap();
        let answers = circuits.map(|circuit| {
            let (proof, _) =
                circuit.prove_registered(&keys.proving, &own, &[zeros(quantized.graph())], &mut rng(32)).ok()?;
            Some(keys.verifying.verify_registered(&proof, own.commitment()).unwrap().class(0))
        });
        assert!(answers[0].is_some(), "{beyond}");
        assert_eq!(answers[1], None, "{beyond}");
    }
}
