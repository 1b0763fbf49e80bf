//! Registered weights, from the model to what a verifier knows; and what each part of a registration keeps out.

use ark_ff::{One, Zero};

use super::*;
use crate::{
    arith::r1cs::{Accumulate, Registering},
    circuit::{Opening, Registration, RegistrationError, RegistrationKeys, WeightCircuit},
    dev::{
        cost::{Estimate, estimate_in},
        dishonest::{Claim, Lie, Truth},
    },
    gadget::{FieldCs, hash::commitment},
    number::{Int, field::to_field},
    prove::{
        Digest, KeysOf, Kind, LinkError, LinkProvingKey, LoadError, ProveError, Registered, Selection, VerifyError,
        WeightsOpening, file, link, prove_registered,
    },
};

#[cfg(feature = "ceremony")]
mod ceremonies;

/// A convolution, a pool, two dense layers: packed products, identities, and weights that are used by themselves.
fn network() -> Graph {
    let mut graph = Graph::new("registered", Shape::new([1, 6, 6])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let conv = graph.add("conv2d", Args::new().with("filters", 4).with("kernel", 3), &[graph.input()]).unwrap();
    let relu = graph.add("relu", Args::new(), &[conv]).unwrap();
    let pool = graph.add("max_pool2d", Args::new().with("size", 2), &[relu]).unwrap();
    let flat = graph.add("flatten", Args::new(), &[pool]).unwrap();
    let dense = graph.add("dense", Args::new().with("units", 6), &[flat]).unwrap();
    let relu = graph.add("relu", Args::new(), &[dense]).unwrap();
    graph.add("dense", Args::new().with("units", 3), &[relu]).unwrap();
    graph
}

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn input(seed: usize) -> Tensor {
    Tensor::from_fn([1, 6, 6], |i| ((11 * i + 7 * seed) % 16) as f64 / 8.0 - 1.0)
}

/// A model that is registered.
struct Setting {
    quantized: Quantized,
    circuit: Circuit,
    weights: WeightCircuit,
    keys: KeysOf<Registered>,
    weight_keys: KeysOf<Registered>,
    link: LinkProvingKey,
    verifier: RegistrationKeys,
}

const OWNER: u64 = 0xfeed;
const SALT: u64 = 1 << 63;

fn salt() -> Fr {
    Fr::from(SALT) * Fr::from(SALT)
}

impl Setting {
    fn new() -> Self {
        let quantized = quantized(network(), PRIVATE);
        let circuit = quantized.circuit_in::<Registered>(1, PRIVATE).unwrap();
        let weights = WeightCircuit::new(&circuit).unwrap();
        let keys = circuit.setup_in::<Registered>(&mut rng(1)).unwrap();
        let weight_keys = weights.setup(&mut rng(2)).unwrap();
        let all = Selection::all(circuit.layout().packs.len());
        let link = link::setup(&keys.proving, &weight_keys.proving, all, &mut rng(3)).unwrap();
        let both = (keys.verifying.clone(), weight_keys.verifying.clone());
        let verifier = RegistrationKeys::new(&circuit, &weights, both, link.verifying().clone()).unwrap();
        Self { quantized, circuit, weights, keys, weight_keys, link, verifier }
    }

    fn register(&self, owner: u64, seed: u64) -> (Registration, WeightsOpening) {
        let secrets = (Fr::from(owner), salt());
        let (answers, own) = (&self.keys.proving, &self.weight_keys.proving);
        self.weights.register(answers, own, &self.link, secrets, &mut rng(seed)).unwrap()
    }
}

#[test]
fn answers_of_registered_weights_are_proved_and_known_to_be_the_networks() {
    let s = Setting::new();
    let (registration, opening) = s.register(OWNER, 4);
    let checked = s.verifier.check(&registration, Fr::from(OWNER)).unwrap();
    // What third parties who know the weights can compute again.
    let domain = s.quantized.circuit_for(COMMITTED).unwrap().domain(commitment::Subject::Weights);
    let parts: Vec<(Int, _)> = s
        .quantized
        .params()
        .iter()
        .flatten()
        .zip(s.quantized.plan().params.iter().flatten())
        .flat_map(|(t, plan)| t.data().iter().map(move |q| (*q, plan.interval())))
        .collect();
    assert_eq!(checked.weights(), commitment::commit(&domain, &parts, salt()).unwrap());
    for seed in 0..3 {
        let (proof, _) = s.circuit.prove_registered(&s.keys.proving, &opening, &[input(seed)], &mut rng(5)).unwrap();
        let known = checked.verify(&proof).unwrap();
        let found = known.statement.integers("output", 0).unwrap();
        assert_eq!(found.data(), s.quantized.forward(&input(seed)).unwrap().integers.data());
        assert_eq!((known.weights, known.owner), (checked.weights(), Fr::from(OWNER)));
    }

    // A circuit of two inputs has the same layout, and takes a link of its own.
    let two = s.quantized.circuit_in::<Registered>(2, PRIVATE).unwrap();
    assert_eq!(two.layout(), s.circuit.layout());
    assert_eq!(WeightCircuit::new(&two).unwrap().digest(), s.weights.digest());
    let keys = two.setup_in::<Registered>(&mut rng(6)).unwrap();
    let all = Selection::all(two.layout().packs.len());
    let link = link::setup(&keys.proving, &s.weight_keys.proving, all, &mut rng(7)).unwrap();
    let both = (keys.verifying.clone(), s.weight_keys.verifying.clone());
    let verifier = RegistrationKeys::new(&two, &s.weights, both, link.verifying().clone()).unwrap();
    let secrets = (Fr::from(OWNER), salt());
    let (registration, opening) =
        s.weights.register(&keys.proving, &s.weight_keys.proving, &link, secrets, &mut rng(8)).unwrap();
    let known = verifier.check(&registration, Fr::from(OWNER)).unwrap();
    let (proof, _) = two.prove_registered(&keys.proving, &opening, &[input(3), input(4)], &mut rng(9)).unwrap();
    let known = known.verify(&proof).unwrap();
    let found = known.statement.integers("output", 1).unwrap();
    assert_eq!(found.data(), s.quantized.forward(&input(4)).unwrap().integers.data());
}

#[test]
fn a_registration_is_refused_that_is_anothers_or_whose_parts_are_of_others() {
    let s = Setting::new();
    let (registration, opening) = s.register(OWNER, 10);
    let error = s.verifier.check(&registration, Fr::one()).unwrap_err();
    assert!(matches!(error, RegistrationError::Owner { .. }), "{error}");
    let (other, _) = s.register(OWNER + 1, 11);
    let refused = |changed: Registration| s.verifier.check(&changed, Fr::from(OWNER)).unwrap_err();
    // Somebody else's proof about weights, commitment, or link.
    let mixed = Registration { proof: other.proof.clone(), ..registration.clone() };
    assert!(matches!(refused(mixed), RegistrationError::Weights(VerifyError::Invalid)));
    let mixed = Registration { answers: other.answers.clone(), ..registration.clone() };
    assert!(matches!(refused(mixed), RegistrationError::Link(LinkError::Invalid)));
    let mixed = Registration { weights: other.weights.clone(), ..registration.clone() };
    assert!(matches!(refused(mixed), RegistrationError::Weights(VerifyError::Invalid)));
    let mixed = Registration { link: other.link.clone(), ..registration.clone() };
    assert!(matches!(refused(mixed), RegistrationError::Link(LinkError::Invalid)));
    // The commitments of the two keys in each other's place.
    let swapped = Registration {
        answers: registration.weights.clone(),
        weights: registration.answers.clone(),
        ..registration.clone()
    };
    assert!(matches!(refused(swapped), RegistrationError::Weights(VerifyError::Registered(_))));
    // The owner's name is bound by the proof.
    let mut renamed = registration.clone();
    let at = s.weights.table().find("owner", 0).unwrap().first;
    renamed.proof.inputs[at] = Fr::one();
    let error = s.verifier.check(&renamed, Fr::one()).unwrap_err();
    assert!(matches!(error, RegistrationError::Weights(VerifyError::Invalid)));
    // A proof about one commitment is none about another.
    let (proof, _) = s.circuit.prove_registered(&s.keys.proving, &opening, &[input(0)], &mut rng(12)).unwrap();
    let other = s.verifier.check(&other, Fr::from(OWNER + 1)).unwrap();
    assert!(matches!(other.verify(&proof), Err(VerifyError::Invalid)));
}

#[test]
fn a_registration_is_the_same_from_its_file_and_other_files_are_refused() {
    let s = Setting::new();
    let (registration, _) = s.register(OWNER, 13);
    let bytes = registration.to_bytes();
    assert!(bytes.len() as u64 <= Registration::MAX_BYTES);
    assert_eq!(Registration::from_bytes(&bytes).unwrap(), registration);
    for end in [0, 4, 40, bytes.len() / 2, bytes.len() - 1] {
        assert!(matches!(Registration::from_bytes(&bytes[..end]), Err(LoadError::File(_))), "{end} bytes");
    }
    let (digest, payload) = file::read(&bytes, Kind::Registration).unwrap();
    let as_of = |digest, payload: &[u8]| Registration::from_bytes(&file::write(Kind::Registration, &digest, payload));
    let error = as_of(Digest([1; 32]), payload).unwrap_err();
    assert!(matches!(error, LoadError::Digest { found: Digest([1, ..]), .. }), "{error}");
    // Parts that are swapped, of another kind, too long for what is there, or more than there should be.
    let part = |bytes: Vec<u8>| [&(bytes.len() as u64).to_le_bytes()[..], &bytes].concat();
    let [answers, weights] = [&registration.answers, &registration.weights].map(|c| part(c.to_bytes()));
    let (proof, link) = (part(registration.proof.to_bytes()), part(registration.link.to_bytes()));
    assert_eq!([&answers[..], &weights, &proof, &link].concat(), payload);
    assert!(as_of(digest, &[&answers[..], &weights, &link, &proof].concat()).is_err());
    let swapped = as_of(digest, &[&weights[..], &answers, &proof, &link].concat()).unwrap();
    assert!(s.verifier.check(&swapped, Fr::from(OWNER)).is_err());
    for length in [u64::MAX, payload.len() as u64] {
        let long = [&length.to_le_bytes()[..], &payload[8..]].concat();
        assert!(matches!(as_of(digest, &long), Err(LoadError::Truncated { .. })), "{length}");
    }
    let error = as_of(digest, &[payload, b"x"].concat()).unwrap_err();
    assert!(matches!(error, LoadError::Trailing { found: 1 }), "{error}");

    let path = std::env::temp_dir().join(format!("zkml-registration-{}", std::process::id()));
    registration.save(&path).unwrap();
    assert_eq!(Registration::load(&path).unwrap(), registration);
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(Registration::load(&path), Err(LoadError::File(_))));
}

#[test]
fn keys_of_other_circuits_or_links_of_other_keys_are_refused() {
    let s = Setting::new();
    let make = |answers: &KeysOf<Registered>, own: &KeysOf<Registered>, link: &LinkProvingKey| {
        let both = (answers.verifying.clone(), own.verifying.clone());
        RegistrationKeys::new(&s.circuit, &s.weights, both, link.verifying().clone())
    };
    for (a, b) in [(&s.weight_keys, &s.weight_keys), (&s.keys, &s.keys)] {
        assert!(matches!(make(a, b, &s.link), Err(RegistrationError::Key { .. })));
    }
    let anew = s.circuit.setup_in::<Registered>(&mut rng(13)).unwrap();
    assert!(matches!(make(&anew, &s.weight_keys, &s.link), Err(RegistrationError::LinkKey)));
    // A link of the same values in another order.
    let count = s.circuit.layout().packs.len();
    let order = (0..count).rev().collect();
    let turned = Selection::new(count, order).unwrap();
    let turned = link::setup(&s.keys.proving, &s.weight_keys.proving, turned, &mut rng(14)).unwrap();
    assert!(matches!(make(&s.keys, &s.weight_keys, &turned), Err(RegistrationError::LinkKey)));
    assert!(make(&s.keys, &s.weight_keys, &s.link).is_ok());
}

/// The values of the registered variables that these weights would have.
fn packed(circuit: &Circuit, weights: &[Vec<Tensor<Int>>]) -> Vec<Fr> {
    let flat: Vec<Int> = weights.iter().flatten().flat_map(|t| t.data().iter().copied()).collect();
    circuit.layout().values(&flat).unwrap()
}

#[test]
fn other_weights_than_the_registered_ones_are_refused_and_ranges_are_shown_by_the_registration_alone() {
    let s = Setting::new();
    let (_, opening) = s.register(OWNER, 15);
    // One weight far beyond its declared range.
    let mut beyond = s.quantized.params().to_vec();
    let (node, tensor) = beyond.iter_mut().enumerate().find(|(_, t)| !t.is_empty()).unwrap();
    assert!(s.quantized.plan().params[node][0].bits < 20);
    let wide = |i: usize, q: Int| if i == 0 { Int::from(1i64 << 20) } else { q };
    tensor[0] = Tensor::from_fn(tensor[0].shape().clone(), |i| wide(i, tensor[0].data()[i]));
    let changed = Circuit { weights: Some(beyond.clone()), ..s.circuit.clone() };
    let error = changed.prove_registered(&s.keys.proving, &opening, &[input(0)], &mut rng(16)).unwrap_err();
    assert!(matches!(error, CircuitError::Prove(ProveError::Unregistered { .. })), "{error}");
    // Committed to without a registration, they may be used for an input whose values stay within their ranges: what a verifier of the
    // commitment alone knows is that it is one function.
    let own = s.keys.proving.commit_weights(packed(&s.circuit, &beyond), &mut rng(17)).unwrap();
    let zero = Tensor::from_fn([1, 6, 6], |_| 0.0);
    let (proof, _) = changed.prove_registered(&s.keys.proving, &own, &[zero], &mut rng(18)).unwrap();
    assert!(s.keys.verifying.verify_registered(&proof, own.commitment()).is_ok());
    // There is no proof that they are in their ranges,
    let mut cheat = s.weights.clone();
    cheat.weights = Some(beyond);
    let (answers, other) = (&s.keys.proving, &s.weight_keys.proving);
    let error = cheat.register(answers, other, &s.link, (Fr::one(), salt()), &mut rng(19)).unwrap_err();
    assert!(
        matches!(error, RegistrationError::Circuit(CircuitError::Prove(ProveError::Unsatisfied { .. }))),
        "{error}"
    );
    // and no link to weights that are.
    let honest = other.commit_weights(packed(&s.circuit, s.quantized.params()), &mut rng(20)).unwrap();
    assert!(matches!(s.link.link(&own, &honest), Err(LinkError::Values { .. })));
}

#[test]
fn every_registered_variable_is_the_packed_sum_of_weights_in_their_ranges() {
    let s = Setting::new();
    let matrices = s.weights.matrices();
    let honest = s.weights.witness(Fr::from(OWNER), salt(), &mut rng(21)).unwrap();
    assert_eq!(matrices.unsatisfied(&honest), [0usize; 0]);
    let count = s.weights.layout().packs.len();
    assert_eq!(matrices.phases[0], count);
    assert_eq!(honest[matrices.instance..][..count], packed(&s.circuit, s.quantized.params()));
    for i in 0..count {
        let mut forged = honest.clone();
        forged[matrices.instance + i] += Fr::one();
        assert!(!matrices.unsatisfied(&forged).is_empty(), "{i}");
    }
    // The same weights in both, in the same order: no variable is left out.
    assert_eq!(s.circuit.matrices().phases[0], count);
    let mut used: Vec<u32> = s.circuit.layout().packs.iter().flat_map(|pack| pack.weights.clone()).collect();
    used.sort_unstable();
    used.dedup();
    let all: usize = s.quantized.params().iter().flatten().map(Tensor::len).sum();
    assert_eq!(used, (0..all as u32).collect::<Vec<_>>());
}

/// A lie about one registered variable.
struct About(usize);
impl Lie for About {
    fn told(&self, n: usize, honest: Int) -> Int {
        if n == self.0 { honest + Int::ONE } else { honest }
    }
    fn chosen(&self, n: usize) -> Fr {
        Fr::from(u64::from(n == self.0))
    }
}

#[test]
fn no_answer_changes_without_another_commitment() {
    let visibility = Visibility { input: Visible::Public, ..PRIVATE };
    let quantized = quantized(network(), visibility);
    let circuit = quantized.circuit_in::<Registered>(1, visibility).unwrap();
    let quantize = |seed| crate::plan::quantized::quantize_input(quantized.plan(), &input(seed)).unwrap();
    let inputs = [quantize(1)];
    let opening = Opening { weights: Fr::zero(), inputs: vec![Fr::zero()], outputs: vec![Fr::zero()] };
    let claim = Claim::new(&circuit, &quantized, &inputs, &opening);
    let (matrices, honest) = (circuit.matrices(), claim.run(Truth).unwrap());
    let variables = honest.witnesses();
    let honest = honest.finish();
    assert_eq!(matrices.unsatisfied(&honest), [0usize; 0]);
    let weights = matrices.instance..matrices.instance + matrices.phases[0];
    let mut tried = 0;
    for n in 0..variables {
        let cs = claim.run(About(n)).unwrap();
        if !cs.lied() {
            continue;
        }
        let z = cs.finish();
        tried += 1;
        // Whatever is accepted of what the prover tells is of other weights, which the commitment binds.
        if matrices.unsatisfied(&z).is_empty() {
            assert!(z[weights.clone()] != honest[weights.clone()], "variable {n}");
        }
    }
    assert!(tried > 200, "{tried}");
}

#[test]
fn weights_that_are_seen_or_committed_to_are_not_registered() {
    let quantized = quantized(network(), PRIVATE);
    for visibility in [PUBLIC, COMMITTED] {
        let error = quantized.circuit_in::<Registered>(1, visibility).unwrap_err();
        assert!(matches!(error, CircuitError::Registers { .. }), "{error}");
    }
    let plain = quantized.circuit_in::<TwoPhase>(1, PRIVATE).unwrap();
    assert!(matches!(WeightCircuit::new(&plain), Err(CircuitError::NotRegistered)));
    assert!(matches!(plain.setup_in::<Registered>(&mut rng(22)), Err(CircuitError::Prove(_))));
}

#[test]
fn a_circuit_of_registered_weights_is_built_again_from_its_file() {
    let quantized = quantized(network(), PRIVATE);
    let circuit = quantized.circuit_in::<Registered>(1, PRIVATE).unwrap();
    let read = Circuit::from_bytes(&circuit.to_bytes().unwrap()).unwrap();
    assert_eq!(
        (read.digest(), read.layout(), read.matrices()),
        (circuit.digest(), circuit.layout(), circuit.matrices())
    );
    assert_ne!(circuit.digest(), quantized.circuit_in::<TwoPhase>(1, PRIVATE).unwrap().digest());
    // Without the range checks of weights there is far less of it.
    let private = quantized.circuit_in::<TwoPhase>(1, PRIVATE).unwrap().matrices().constraints();
    assert!(circuit.matrices().constraints() + 100 < private);
}

#[test]
fn a_weight_is_one_variable_however_it_is_used() {
    fn synthesize<C: Accumulate>(cs: C) -> (C, crate::arith::r1cs::Layout) {
        use crate::gadget::Cs;
        let mut cs = Registering::new(cs, true);
        let weights: Vec<_> = [3, -5, 7].map(|w| cs.weight(Some(Int::from(w))).unwrap()).into();
        let x = cs.instance(Some(Int::from(2)));
        // Packed twice, and by itself in sums and products.
        let packed: Vec<_> = (0..2).map(|_| cs.packed(&[&weights[0], &weights[1]], 8, false, false)).collect();
        let difference = cs.field_linear(&[(Fr::one(), &packed[0]), (-Fr::one(), &packed[1])], Fr::zero());
        let zero = cs.field_linear(&[], Fr::zero());
        cs.field_enforce(&difference, &difference, &zero);
        let product = cs.product(&weights[2], &x);
        let sum = cs.linear(&[(Int::ONE, &product), (Int::ONE, &weights[2])], Int::ZERO);
        let sum = cs.lift(&sum);
        cs.field_output(&sum);
        cs.finish()
    }
    use crate::arith::r1cs::{Assign, Build, Pack};
    let (build, layout) = synthesize(Build::new());
    let packs = [Pack { place: 8, weights: vec![0, 1] }, Pack { place: 0, weights: vec![2] }];
    assert_eq!((layout.weights, layout.packs.as_slice()), (3, packs.as_slice()));
    let (matrices, ..) = build.finish();
    let (assign, other) = synthesize(Assign::new());
    let z = assign.finish();
    assert_eq!(other, layout);
    assert_eq!(matrices.unsatisfied(&z), [0usize; 0]);
    assert_eq!(matrices.first_not_alone(2), None);
    // One, the input, the output, the registered ones, the product.
    let expected = [1, 2, 21, 3 - 5 * 256, 7, 14].map(|x: i64| to_field(Int::from(x)));
    assert_eq!(z, expected);
    assert_eq!(layout.values(&[3, -5, 7].map(Int::from)).unwrap(), expected[3..5]);
    assert_eq!(layout.values(&[3, -5].map(Int::from)), None);
}

#[test]
fn a_proof_of_registered_weights_takes_their_opening() {
    let s = Setting::new();
    let (_, opening) = s.register(OWNER, 23);
    // That of the circuit of weights is under another key.
    let wrong = s.weight_keys.proving.commit_weights(opening.values().to_vec(), &mut rng(24)).unwrap();
    let error = s.circuit.prove_registered(&s.keys.proving, &wrong, &[input(0)], &mut rng(25)).unwrap_err();
    assert!(matches!(error, CircuitError::Prove(ProveError::Registered(_))), "{error}");
    let assignment = s.circuit.witness(&[input(0)], &mut rng(26)).unwrap().0;
    // With a challenge of one's own, nothing is proved.
    let error = prove_registered::<Registered, ProveError>(
        &s.keys.proving,
        s.circuit.matrices(),
        &s.circuit.digest(),
        &opening,
        &mut |_| Ok(assignment.clone()),
        &mut rng(27),
    );
    assert!(error.is_err());
}

#[test]
fn what_registered_weights_cost_is_known_before_there_is_a_circuit() {
    let s = Setting::new();
    let told = estimate_in::<Registered>(&s.quantized, PRIVATE, 1).unwrap();
    let built = Estimate::of::<Registered>(&s.circuit);
    assert_eq!((&told.rows, told.total, told.public_inputs), (&built.rows, built.total, built.public_inputs));
    assert_eq!((&told.work.phases, told.work.sides), (&built.work.phases, built.work.sides));
    assert_eq!(told.proving_key_bytes, built.proving_key_bytes);
    assert!(told.work.entries >= built.work.entries);
    for weights in [Visible::Public, Visible::Committed] {
        let error = estimate_in::<Registered>(&s.quantized, Visibility { weights, ..PRIVATE }, 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "registered weights are {weights:?}, expected Private: who may see them needs no registration, and what is registered is \
                 committed to there"
            )
        );
    }
}
