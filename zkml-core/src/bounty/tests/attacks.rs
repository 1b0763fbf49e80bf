//! Forgeries: provers that choose every variable as they like, and what stands in their way.
//!
//! Each forgery names the constraints that it violates, all of them: without these it would be accepted
//! ([`violated`]).

use std::collections::BTreeMap;

use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, PrimeField};
use sha2::{Digest as _, Sha256};

use super::{
    super::{
        accuracy::{self, AccuracyWitness},
        cid::FileCid,
        compose::StatementError,
        data::DataWitness,
        dataset::{DatasetError, MAX_CHUNKS},
        delivery::{Delivery, DeliveryError, DeliveryWitness},
        keys::SecretKey,
        message as binding,
    },
    *,
};
use crate::{
    arith::r1cs::Accumulate,
    dev::dishonest::Truth,
    gadget::hash::{chain, merkle, packing::PackError, poseidon},
    number::Int,
    plan::synthesis::Row,
    prove::{
        Groth16,
        phased::Points,
        tests::{arkworks_key, arkworks_proof},
    },
};

/// What a prover tells of variables, by their numbers: of integers, and added to field elements that are chosen or
/// computed.
#[derive(Clone, Debug, Default)]
struct Forge {
    told: BTreeMap<usize, Int>,
    chosen: BTreeMap<usize, Fr>,
    added: BTreeMap<usize, Fr>,
}

impl Forge {
    fn telling(first: usize, values: &[i64]) -> Self {
        let told = values.iter().enumerate().map(|(i, v)| (first + i, Int::from(*v))).collect();
        Self { told, ..Self::default() }
    }
}

impl Lie for Forge {
    fn told(&self, n: usize, honest: Int) -> Int {
        self.told.get(&n).copied().unwrap_or(honest)
    }
    fn chosen(&self, n: usize) -> Fr {
        self.chosen.get(&n).copied().unwrap_or_default()
    }
    fn added(&self, n: usize) -> Fr {
        self.added.get(&n).copied().unwrap_or_default()
    }
}

/// Which constraints do not hold: of which part, and how many.
fn violated<S: Composition>(circuit: &Composed<S>, z: &[Fr]) -> Vec<(&'static str, usize)> {
    assert_eq!(z.len(), circuit.matrices().variables());
    let mut parts = BTreeMap::new();
    for row in circuit.matrices().unsatisfied(z) {
        *parts.entry(circuit.part(row)).or_default() += 1;
    }
    parts.into_iter().collect()
}

/// The first witness variable of the `n`th run of a part.
fn variable<S: Composition>(circuit: &Composed<S>, part: &str, n: usize) -> usize {
    circuit.labels().iter().filter(|l| l.gadget == part).nth(n).unwrap().witness
}

/// A challenge as a contract's: a hash of all that the polynomials are made of. Any hash will do here.
fn hashed(tag: Tag, context: Fr, root: Fr, digest: Fr, message: &[Fr]) -> Fr {
    let mut hash = Sha256::new().chain_update(tag.word());
    for f in [context, root, digest].iter().chain(message) {
        hash.update(f.into_bigint().0.map(u64::to_be_bytes).concat());
    }
    Fr::from_be_bytes_mod_order(&hash.finalize())
}

fn named(files: &[Vec<u8>], labels: &[usize]) -> Vec<(FileCid, usize)> {
    files.iter().zip(labels).map(|(file, label)| (FileCid::of(Form::Raw, file).unwrap(), *label)).collect()
}

/// Samples that the dataset does not have.
fn foreign() -> (Vec<Sample>, Vec<Vec<u8>>) {
    let samples: Vec<Sample> = (0..4).map(|n| sample(50 + n)).collect();
    let files = samples[2..].iter().map(file).collect();
    (samples, files)
}

/// Whoever selects no group could name any files.
#[test]
fn files_of_no_group_are_not_the_datasets() {
    let (circuit, dataset) = (data(), dataset());
    let (samples, files) = foreign();
    let honest = dataset.chunk(1).unwrap();
    // The commitments and the path are the dataset's, the samples are not.
    let chunk = Chunk { samples: &samples, ..honest };
    let message = circuit.composition().message(secret(1), 1, 0, &named(&files, &[2, 0])).unwrap();
    assert_eq!([samples[2].label, samples[3].label], [2, 0]);
    let context = secret(77);
    let digest = binding::digest(Tag::Data, &message);
    let z = hashed(Tag::Data, context, dataset.root(), digest, &message);
    let witness = DataWitness { chunk, group: 1, files: &files, challenge: Challenge { context, z } };
    let (forged, _) = lied(&circuit, &witness, Forge::telling(variable(&circuit, "one-hot", 0), &[0, 0]));
    // All that a contract compares is as it would be, were the files the dataset's.
    assert_eq!(forged[1..6], [dataset.root(), digest, context, z, binding::combine(z, &message)]);
    assert_eq!(violated(&circuit, &forged), [("one-hot", 1)], "the sum of the bits");
    // Whoever selects a group must open it.
    assert_eq!(violated(&circuit, &lied(&circuit, &witness, Truth).0), [("one-hot", 2)]);
}

/// Bits that are none, but sum to one, would name places that are not in the chunk, where two groups are alike.
#[test]
fn a_sum_of_places_is_no_place() {
    let samples: Vec<Sample> = (0..8).map(|n| sample(n % 2)).collect();
    let (circuit, dataset) = (data(), Dataset::new(layout(), secret(1), samples).unwrap());
    let chunk = dataset.chunk(0).unwrap();
    let files = files(&chunk, 0);
    let context = Challenge { context: secret(77), z: secret(78) };
    let witness = DataWitness { chunk, group: 0, files: &files, challenge: context };
    let first = variable(&circuit, "one-hot", 0);
    // -1 times place 0, and 2 times place 1: the group at position 2, which is the next chunk's.
    let (forged, _) = lied(&circuit, &witness, Forge::telling(first, &[-1, 2]));
    let claimed = circuit.composition().message(secret(1), 1, 0, &named(&files, &[1, 2])).unwrap();
    assert_eq!([sample(0).label, sample(1).label], [1, 2]);
    assert_eq!(forged[1..3], [dataset.root(), binding::digest(Tag::Data, &claimed)]);
    assert_eq!(violated(&circuit, &forged), [("one-hot", 2)], "the two bits");
    // Both are the dataset's, and either may be proven.
    assert_eq!(violated(&circuit, &lied(&circuit, &witness, Forge::telling(first, &[0, 1])).0), []);
}

/// One group: nothing is selected, and the commitments are those of the files.
#[test]
fn a_single_group_is_the_files() {
    let layout = Layout::new(Shape::new([1, 2, 2]), 3, 1, 2).unwrap();
    let circuit = Composed::new(Data::new(format(), Form::Raw, layout.clone()).unwrap()).unwrap();
    let dataset = Dataset::new(layout, secret(1), (0..4).map(sample).collect()).unwrap();
    let (samples, files) = foreign();
    let challenge = Challenge { context: secret(77), z: secret(78) };
    let chunk = Chunk { samples: &samples[2..], ..dataset.chunk(1).unwrap() };
    let witness = DataWitness { chunk, group: 0, files: &files, challenge };
    let (mut forged, _) = lied(&circuit, &witness, Truth);
    assert!(forged[1] != dataset.root() && violated(&circuit, &forged).is_empty());
    forged[1] = dataset.root();
    assert_eq!(violated(&circuit, &forged), [("output", 1)], "the root");
}

/// The leaves that are missing are zero, and no chunk has that hash. Numbers of more than seven bits have no witness.
#[test]
fn chunks_beyond_the_dataset_are_not_in_it() {
    let (circuit, dataset) = (data(), dataset());
    let digests: Vec<Fr> =
        (0..2).map(|n| chain::digest(b"zkml bounty chunk 1", dataset.chunk(n).unwrap().commitments)).collect();
    let tree = merkle::Tree::new(7, &digests).unwrap();
    assert_eq!(merkle::root(Fr::from(0u64), 2, &tree.path(2)), dataset.root(), "zero is at the place");
    let (samples, files) = foreign();
    let chunk = Chunk { number: 2, samples: &samples, path: tree.path(2), ..dataset.chunk(1).unwrap() };
    let challenge = Challenge { context: secret(77), z: secret(78) };
    let witness = DataWitness { chunk, group: 1, files: &files, challenge };
    let (mut forged, _) = lied(&circuit, &witness, Forge::telling(variable(&circuit, "one-hot", 0), &[0, 1]));
    assert_ne!(forged[1], dataset.root());
    forged[1] = dataset.root();
    assert_eq!(violated(&circuit, &forged), [("one-hot", 2), ("output", 1)]);

    // The eighth bit has no variable: a number of 128 more is the same chunk, and its position is not another.
    let honest = DataWitness { chunk: dataset.chunk(1).unwrap(), files: &files, ..witness.clone() };
    let beyond = Chunk { number: 1 + MAX_CHUNKS, ..honest.chunk.clone() };
    let z = |chunk: Chunk<'_>| lied(&circuit, &DataWitness { chunk, ..honest.clone() }, Truth).0;
    assert_eq!(z(beyond), z(honest.chunk.clone()));
    // Inner nodes are no leaves: the path has seven levels.
    assert_ne!(merkle::root(digests[1], 1, &tree.path(1)[..6]), dataset.root());
    // Nor does a client name positions that are another's.
    let message = |chunk, group| circuit.composition().message(secret(1), chunk, group, &named(&files, &[0, 0]));
    for (chunk, group) in [(0, 2), (128, 0), (usize::MAX, 1)] {
        let refused = message(chunk, group).unwrap_err();
        assert!(matches!(refused, StatementError::Dataset(DatasetError::Index { .. })), "{chunk} {group}");
    }
    assert!(circuit.composition().message(secret(1), 0, 0, &[]).is_err());
}

/// A prover who chose the challenge could bind a message that is not the circuit's. The one that a contract computes
/// is a hash of both.
#[test]
fn a_challenge_that_the_prover_chooses_binds_nothing() {
    let (circuit, dataset) = (data(), dataset());
    let chunk = dataset.chunk(1).unwrap();
    let files = files(&chunk, 0);
    let truth = circuit.composition().message_of(&chunk, 0, &files).unwrap();
    // Another label for the first file, and another CID for the second: the difference has the root -1 / 7.
    let mut lie = truth.clone();
    lie[4] += Fr::ONE;
    lie[5] += Fr::from(7u64);
    let chosen = -Fr::from(7u64).inverse().unwrap();
    let context = secret(77);
    let (digest, root) = (binding::digest(Tag::Data, &truth), dataset.root());
    let mut public = vec![];
    for z in [chosen, hashed(Tag::Data, context, root, digest, &lie)] {
        let challenge = Challenge { context, z };
        let witness = DataWitness { chunk: chunk.clone(), group: 0, files: &files, challenge };
        let assignment = circuit.assignment(&witness).unwrap();
        assert!(holds(&circuit, &assignment));
        public.push((assignment[1..6].to_vec(), [root, digest, context, z, binding::combine(z, &lie)]));
    }
    assert_eq!(public[0].0, public[0].1, "what a contract would accept, if it took the challenge from the prover");
    assert_ne!(public[1].0, public[1].1);
}

/// The binding alone, of two elements that the prover chooses.
#[derive(Debug)]
struct Bound;

impl Composition for Bound {
    type Witness<'a> = ([Fr; 2], Challenge);
    const TAG: &'static str = "a binding";
    fn parameters(&self) -> Vec<u8> {
        vec![]
    }
    fn admit(&self, _: &Self::Witness<'_>) -> Result<(), StatementError> {
        Ok(())
    }
    fn enforce<C: Accumulate>(
        &self,
        s: &mut R1cs<C>,
        witness: Option<&Self::Witness<'_>>,
    ) -> Result<Vec<Row>, StatementError> {
        let [a, b] = [0, 1].map(|i| s.cs.field_witness(witness.map(|w| w.0[i])));
        let mut rows = vec![];
        binding::enforce(&mut s.cs, Tag::Delivery, &[a, b], witness.map(|w| &w.1), &mut rows);
        Ok(rows)
    }
}

/// A message that is chosen after the challenge has the right combination, and another digest, on which the challenge
/// depends.
#[test]
fn a_message_after_the_challenge_has_another_digest() {
    let circuit = Composed::new(Bound).unwrap();
    let (claimed, context) = ([Fr::from(10u64), Fr::from(20u64)], secret(77));
    let digest = binding::digest(Tag::Delivery, &claimed);
    let z = hashed(Tag::Delivery, context, secret(5), digest, &claimed);
    // Whatever is added to the second is taken from the first.
    let message = [claimed[0] - z, claimed[1] + Fr::ONE];
    let mut forged = circuit.assignment(&(message, Challenge { context, z })).unwrap();
    assert_eq!(forged[4], binding::combine(z, &claimed));
    assert!(forged[1] != digest && violated(&circuit, &forged).is_empty());
    forged[1] = digest;
    assert_eq!(violated(&circuit, &forged), [("message", 1)], "the digest");
    // Fewer elements, or zeros that follow: the combination is the same, the digest is not.
    let longer = [claimed[0], claimed[1], Fr::from(0u64)];
    assert_eq!(binding::combine(z, &longer), binding::combine(z, &claimed));
    assert_ne!(binding::digest(Tag::Delivery, &longer), digest);
}

/// A proof that is made anew of another is of the same public inputs, and of no others: no input is left out of the
/// key, the context least of all.
#[test]
fn a_proof_is_of_one_context() {
    let circuit = Composed::new(Bound).unwrap();
    let rng = &mut rng();
    let keys = circuit.setup::<Groth16>(rng).unwrap();
    let points = &keys.verifying.vk().ic;
    assert!(points.iter().enumerate().all(|(i, p)| !p.is_zero() && !points[..i].contains(p)));
    let witness = ([secret(1), secret(2)], Challenge { context: secret(3), z: secret(4) });
    let proof = circuit.prove(&keys.proving, &witness, rng).unwrap();
    let mut other = proof.clone();
    let key = arkworks_key(keys.verifying.vk());
    let anew = ark_groth16::Groth16::<ark_bn254::Bn254>::rerandomize_proof(&key, &arkworks_proof(&proof.proof), rng);
    other.proof = Points { a: anew.a, b: anew.b, c: anew.c, commitments: vec![] };
    assert_ne!(other.proof, proof.proof);
    assert!(keys.verifying.verify(&other).is_ok());
    for i in 0..4 {
        for value in [Fr::from(0u64), secret(9), -other.inputs[i]] {
            let mut moved = other.clone();
            moved.inputs[i] = value;
            assert!(keys.verifying.verify(&moved).is_err(), "public input {i}");
        }
    }
}

/// One list, under everything that is hashed here.
#[test]
fn hashes_of_one_kind_are_none_of_another() {
    let list = [secret(1), secret(2)];
    let delivery = Delivery::new(&model()).unwrap();
    let mut all = vec![
        merkle::root(list[0], 0, &list[1..]),
        merkle::root(list[0], 1, &list[1..]),
        chain::digest(b"zkml bounty chunk 1", &list),
        chain::digest(b"zkml bounty chunk 1", &[]),
        binding::digest(Tag::Data, &list),
        binding::digest(Tag::Delivery, &list),
        poseidon::eval(&list),
        chain::eval(list[0], &list[1..]),
        chain::eval(list[1], &list[..1]),
        delivery.commitment(quantized(1).params(), list[0]).unwrap(),
        dataset().root(),
    ];
    // The hash of two nodes is the one that they have.
    assert_eq!(all.remove(6), all[0]);
    for (i, hash) in all.iter().enumerate() {
        assert!(!all[..i].contains(hash) && *hash != Fr::from(0u64), "{i}");
    }
    // Each tag is its own integer: none begins with a zero byte, and none is reduced.
    let tags: [&[u8]; 5] =
        [b"zkml bounty chunk 1", b"zkml bounty data 1", b"zkml bounty delivery 1", b"zkml commitment 2", b"\x01"];
    for (i, tag) in tags.iter().enumerate() {
        assert!(tag.len() < 32 && tag[0] != 0 && !tags[..i].iter().any(|t| chain::tag(t) == chain::tag(tag)));
    }
}

pub(super) fn model() -> crate::circuit::Circuit {
    Accuracy::new(&quantized(1), layout()).unwrap().model().clone()
}

pub(super) fn answers<'a>(weights: &'a [Vec<Tensor<Int>>], chunk: Chunk<'a>) -> AccuracyWitness<'a> {
    AccuracyWitness { weights, salt: secret(3), chunk, context: secret(4) }
}

/// The weights all of one end of their widths, or zero.
pub(super) fn constant(quantized: &Quantized, end: i8) -> Vec<Vec<Tensor<Int>>> {
    let value = |plan: &crate::plan::ParamPlan| match end {
        -1 => plan.interval().lo,
        0 => Int::ZERO,
        _ => plan.interval().hi,
    };
    let node = |(tensors, plans): (&Vec<Tensor<Int>>, &Vec<_>)| {
        tensors.iter().zip(plans).map(|(t, plan)| t.map(|_| value(plan))).collect()
    };
    quantized.params().iter().zip(&quantized.plan().params).map(node).collect()
}

/// A wrong answer that is told to be right.
#[test]
fn wrong_answers_do_not_count() {
    let (quantized, dataset) = (quantized(1), dataset());
    let circuit = accuracy(&quantized);
    let mut told = 0;
    for number in 0..2 {
        let witness = answers(quantized.params(), dataset.chunk(number).unwrap());
        let honest = circuit.assignment(&witness).unwrap();
        for item in 0..4 {
            let right = variable(&circuit, "is_zero", item);
            if honest[circuit.matrices().instance + right] == Fr::ONE {
                continue;
            }
            told += 1;
            let (forged, _) = lied(&circuit, &witness, Forge::telling(right, &[1]));
            assert_eq!((&forged[1..5], forged[5]), (&honest[1..5], honest[5] + Fr::ONE));
            assert_eq!(violated(&circuit, &forged), [("is_zero", 1)]);
            // Without a hint, that it is right is not told either.
            let (mut plain, _) = lied(&circuit, &witness, Truth);
            plain[5] += Fr::ONE;
            assert_eq!(violated(&circuit, &plain), [("output", 1)]);
        }
    }
    assert!(told > 0);
}

/// Scores that are all equal: a prover who could choose among them would answer as the label says.
#[test]
fn a_tie_is_no_choice() {
    let (quantized, dataset) = (quantized(1), dataset());
    let circuit = accuracy(&quantized);
    let zeros = constant(&quantized, 0);
    let chunk = dataset.chunk(0).unwrap();
    let labels: Vec<usize> = chunk.samples.iter().map(|s| s.label).collect();
    let witness = answers(&zeros, chunk);
    let honest = circuit.assignment(&witness).unwrap();
    assert!(holds(&circuit, &honest));
    let zeroth = labels.iter().filter(|label| **label == 0).count();
    assert_eq!(honest[5], Fr::from(zeroth as u64), "the first of equals");
    let mut told = 0;
    for (item, label) in labels.iter().enumerate().filter(|(_, label)| **label > 0) {
        told += 1;
        let before: Vec<i64> = (0..2).map(|i| i64::from(i < *label)).collect();
        let (forged, _) = lied(&circuit, &witness, Forge::telling(variable(&circuit, "argmax", item), &before));
        assert_eq!(forged[5], honest[5] + Fr::ONE);
        // For each that comes before and is as large, the lowest bit of its range check.
        assert_eq!(violated(&circuit, &forged), [("argmax", *label)]);
    }
    assert!(told > 0);
}

/// Data that nothing can be proven on would cost hunters their bonds. Any bytes can be, under any weights of the
/// plan.
#[test]
fn no_data_and_no_weights_stop_a_proof() {
    let quantized = quantized(1);
    let circuit = accuracy(&quantized);
    for end in [-1, 0, 1] {
        let weights = constant(&quantized, end);
        for pixel in [[0; 4], [255; 4], [0, 255, 0, 255]] {
            let samples = (0..4).map(|label| Sample { pixels: pixel.to_vec(), label: label % 3 }).collect();
            let dataset = Dataset::new(layout(), secret(1), samples).unwrap();
            let z = circuit.assignment(&answers(&weights, dataset.chunk(0).unwrap())).unwrap();
            assert!(holds(&circuit, &z), "{end} {pixel:?}");
        }
    }
    // A narrower range of inputs would be such data's.
    let mut graph = Graph::new("narrow", Shape::new([1, 2, 2])).with_range(Range::Whole(0, 127)).unwrap();
    let mut last = graph.input();
    for (layer, args) in [("flatten", Args::new()), ("dense", Args::new().with("units", 3)), ("argmax", Args::new())] {
        last = graph.add(layer, args, &[last]).unwrap();
    }
    let model = Model::init(graph, accuracy::VISIBILITY, &mut rng()).unwrap();
    let inputs: Vec<Tensor> =
        (0..4).map(|n| Tensor::from_fn(Shape::new([1, 2, 2]), |i| ((n * 31 + i * 17) % 128) as f64)).collect();
    let narrow = model.quantize(&inputs, Target { tries: 1, top1: 0.0, ..Target::default() }).unwrap();
    let error = Accuracy::new(&narrow, layout()).unwrap_err().to_string();
    assert!(error.ends_with("expected integers from 0 to 255: declare it with `range = 0..=255`"), "{error}");
}

pub(super) fn key(k: u8) -> SecretKey {
    let mut bytes = [7; 32];
    (bytes[0], bytes[31]) = (0, k);
    SecretKey::from_be_bytes(&bytes).unwrap()
}

/// A delivery of one element a chunk, and its witness.
pub(super) fn delivering<R>(f: impl FnOnce(&Composed<Delivery>, &DeliveryWitness<'_>) -> R) -> R {
    let circuit = Composed::new(Delivery::in_chunks(&model(), 1).unwrap()).unwrap();
    let (quantized, ephemeral) = (quantized(1), key(2));
    let challenge = Challenge { context: secret(77), z: secret(78) };
    let weights = quantized.params();
    let (host, salt) = (key(1).public(), secret(3));
    f(&circuit, &DeliveryWitness { weights, salt, host, ephemeral: &ephemeral, chunk: 0, challenge })
}

/// Whoever selects no chunk could deliver zeros; whoever selects a sum of chunks, what is no chunk.
#[test]
fn a_chunk_that_is_not_selected_is_no_delivery() {
    delivering(|circuit, witness| {
        let delivery = circuit.composition();
        assert!(delivery.chunks() >= 2);
        let honest = circuit.assignment(witness).unwrap();
        let shared = key(2).agree(&witness.host);
        let bits = variable(circuit, "one-hot", 0);
        let elements = &honest[circuit.matrices().instance + variable(circuit, "commitment", 0)..];
        let mixed = elements[1].double() - elements[0];
        let mut sum = vec![0; delivery.chunks()];
        (sum[0], sum[1]) = (-1, 2);
        let none = vec![0; delivery.chunks()];
        for (told, element, nonce, rows) in [(none, Fr::from(0u64), 0, 1), (sum, mixed, 2, 2)] {
            let (forged, _) = lied(circuit, witness, Forge::telling(bits, &told));
            let ciphertext = shared.encrypt(&[element], nonce);
            let message = Delivery::message(&witness.host, &key(2).public(), nonce as usize, &ciphertext);
            assert_eq!(forged[1..3], [honest[1], binding::digest(Tag::Delivery, &message)]);
            assert_eq!(violated(circuit, &forged), [("one-hot", rows)]);
        }
    });
}

/// A host's key that is not on the curve: the law is not complete there, and the key that is shared may be anyone's.
#[test]
fn a_host_off_the_curve_gets_nothing() {
    delivering(|circuit, witness| {
        let x = variable(circuit, "baby jubjub", 0);
        let (px, py) = (witness.host.point().x(), witness.host.point().y());
        for (dx, dy) in [(Fr::from(0u64), Fr::ONE), (-px, -py), (Fr::ONE, -Fr::ONE)] {
            let chosen = [(x, dx), (x + 1, dy)].into();
            let (forged, _) = lied(circuit, witness, Forge { chosen, ..Forge::default() });
            assert_eq!(violated(circuit, &forged), [("baby jubjub", 1)], "the curve's equation");
        }
    });
}

/// Elements that pack no weights have a commitment, and can be encrypted. Nobody has answers proven under it, and
/// without these no turn to deliver.
#[test]
fn elements_that_are_no_weights_are_nobodys_model() {
    let (quantized, dataset) = (quantized(1), dataset());
    let accuracy = accuracy(&quantized);
    delivering(|circuit, witness| {
        let element = variable(circuit, "commitment", 0) + 1;
        let chosen = [(element, Fr::from(1u64 << 40).inverse().unwrap())].into();
        let forge = Forge { chosen, ..Forge::default() };
        let delivery = circuit.composition();
        let mut chunks = vec![];
        let mut commitment = None;
        for chunk in 0..delivery.chunks() {
            let (forged, lied) = lied(circuit, &DeliveryWitness { chunk, ..*witness }, forge.clone());
            assert!(lied && violated(circuit, &forged).is_empty());
            assert!(commitment.is_none_or(|c| c == forged[1]));
            commitment = Some(forged[1]);
            let value = forged[circuit.matrices().instance + element - 1 + chunk];
            chunks.push((key(2).public(), key(2).agree(&witness.host).encrypt(&[value], chunk as u128)));
        }
        let refused = delivery.decrypt(&key(1), &chunks, commitment.unwrap()).unwrap_err();
        assert!(matches!(
            refused,
            StatementError::Delivery(DeliveryError::Pack(PackError::Rest { .. } | PackError::Value { .. }))
        ));
        // The accuracy statement packs weights that are bits: the element is their sum, by one constraint.
        let packed = variable(&accuracy, "commitment", 1);
        let added = [(packed, forge.chosen[&element])].into();
        let claim = answers(quantized.params(), dataset.chunk(0).unwrap());
        let (forged, _) = lied(&accuracy, &claim, Forge { added, ..Forge::default() });
        assert_eq!(forged[1], commitment.unwrap());
        assert_eq!(violated(&accuracy, &forged), [("commitment", 1)]);
    });
}

/// A chunk is not another's, whatever the key is: the number is in the cipher's state. And two lists under one key
/// and number tell their difference, so a key is for one delivery.
#[test]
fn a_key_for_two_deliveries_tells_their_difference() {
    delivering(|circuit, witness| {
        let delivery = circuit.composition();
        let encrypt = |salt, chunk| delivery.encrypt(&DeliveryWitness { salt, chunk, ..*witness }).unwrap();
        let [first, second] = [secret(3), secret(8)].map(|salt| encrypt(salt, 0));
        assert_eq!(first[0] - second[0], secret(3) - secret(8));
        assert_eq!(first, encrypt(secret(3), 0), "made again, it is the same: that tells nothing");
        let moved = encrypt(secret(3), 1);
        let shared = key(1).agree(&key(2).public());
        assert!(shared.decrypt(&moved, 1, 1).is_ok() && shared.decrypt(&moved, 0, 1).is_err());
        // Another length, or a delivery that is cut otherwise.
        assert!([0, 2, 3].iter().all(|length| shared.decrypt(&moved, 1, *length).is_err()));
    });
}
