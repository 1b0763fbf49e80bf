//! Attacks on the accuracy statement.

use super::{
    super::{accuracy::AccuracyWitness, compose::StatementError, dataset},
    *,
};
use crate::{
    dev::dishonest::Truth,
    number::{Cost, Int},
    prove::RangeChecks,
};

fn witness<'a>(quantized: &'a Quantized, chunk: Chunk<'a>) -> AccuracyWitness<'a> {
    AccuracyWitness { weights: quantized.params(), salt: secret(3), chunk, context: secret(4) }
}

fn correct(quantized: &Quantized, samples: &[Sample]) -> u64 {
    let class = |s: &Sample| {
        let image = Tensor::from_fn(Shape::new([1, 2, 2]), |i| f64::from(s.pixels[i]));
        quantized.forward(&image).unwrap().class
    };
    samples.iter().filter(|s| class(s) == Some(s.label)).count() as u64
}

#[test]
fn public_inputs_are_commitment_root_and_count() {
    let mut counts = std::collections::BTreeSet::new();
    let circuit = accuracy(&quantized(1));
    for seed in 1..6 {
        // Any weights of the plan: the circuit is the same.
        let quantized = quantized(1).model().clone();
        let graph = quantized.graph().clone();
        let model = Model::init(graph, quantized.visibility(), &mut StdRng::seed_from_u64(seed)).unwrap();
        let Ok(retrained) = model.quantize_to(circuit.composition().model().plan()) else { continue };
        assert_eq!(accuracy(&retrained).digest(), circuit.digest());
        let dataset = dataset();
        for number in [0, 1] {
            let chunk = dataset.chunk(number).unwrap();
            let count = correct(&retrained, chunk.samples);
            counts.insert(count);
            let z = circuit.assignment(&witness(&retrained, chunk)).unwrap();
            assert!(holds(&circuit, &z));
            let delivery = super::super::delivery::Delivery::new(circuit.composition().model()).unwrap();
            let commitment = delivery.commitment(retrained.params(), secret(3)).unwrap();
            let expected = [commitment, dataset.root(), secret(4), Fr::from(number as u64), Fr::from(count)];
            assert_eq!(z[1..6], expected);
            public_inputs_are_bound(&circuit, &z);
        }
    }
    assert!(counts.len() > 1, "{counts:?}");
}

#[test]
fn the_count_is_that_of_the_model_and_of_the_statement() {
    let quantized = quantized(1);
    let circuit = accuracy(&quantized);
    let layout = layout();
    let model = quantized.counts(super::super::accuracy::VISIBILITY, 4, RangeChecks::Bits).unwrap().0.total();
    let label = crate::gadget::bits::range::cost(&layout.label_interval()).unwrap();
    // Each sample: its commitment, its label, and whether the answer is that.
    let each = dataset::sample_cost(&layout) + label + Cost::new(2, 2);
    // The salt and the context are witness variables; root, context, number and sum are published.
    let cost = model + each * 4 + dataset::root_cost(4) + Cost::new(4, 2);
    assert_eq!((circuit.matrices().constraints(), circuit.matrices().witness), (cost.constraints, cost.witnesses));
}

#[test]
fn another_count_weights_samples_or_place_are_refused() {
    let (quantized, dataset) = (quantized(1), dataset());
    let circuit = accuracy(&quantized);
    let chunk = dataset.chunk(1).unwrap();
    let honest = circuit.assignment(&witness(&quantized, chunk.clone())).unwrap();
    // Each of these is another true statement: its public inputs differ from what is claimed.
    let differs = |w: &AccuracyWitness<'_>, column: usize| {
        let (z, _) = lied(&circuit, w, Truth);
        assert!(z[column] != honest[column], "public input {column}");
        let mut claimed = z.clone();
        claimed[1..6].copy_from_slice(&honest[1..6]);
        assert!(!holds(&circuit, &claimed));
    };
    let mut samples = chunk.samples.to_vec();
    samples[3].label = (samples[3].label + 1) % 3;
    differs(&witness(&quantized, Chunk { samples: &samples, ..chunk.clone() }), 2);
    let mut samples = chunk.samples.to_vec();
    samples[0].pixels[2] ^= 4;
    differs(&witness(&quantized, Chunk { samples: &samples, ..chunk.clone() }), 2);
    let mut samples = chunk.samples.to_vec();
    samples.swap(0, 1);
    differs(&witness(&quantized, Chunk { samples: &samples, ..chunk.clone() }), 2);
    differs(&witness(&quantized, Chunk { number: 0, ..chunk.clone() }), 2);
    let mut weights = quantized.params().to_vec();
    let tensor = weights.iter_mut().flatten().next().unwrap();
    let first = tensor.data()[0];
    *tensor = Tensor::from_fn(tensor.shape().clone(), |i| if i == 0 { first ^ Int::ONE } else { tensor.data()[i] });
    differs(&AccuracyWitness { weights: &weights, ..witness(&quantized, chunk.clone()) }, 1);
    differs(&AccuracyWitness { salt: secret(9), ..witness(&quantized, chunk.clone()) }, 1);
    differs(&AccuracyWitness { context: secret(9), ..witness(&quantized, chunk.clone()) }, 3);
}

/// A pixel that is no byte, a label that is no class, a weight beyond its width: what a sum of bits can't be.
#[test]
fn values_beyond_their_ranges_are_refused() {
    let (quantized, dataset) = (quantized(1), dataset());
    let circuit = accuracy(&quantized);
    let chunk = dataset.chunk(0).unwrap();
    let mut weights = quantized.params().to_vec();
    let tensor = weights.iter_mut().flatten().next().unwrap();
    let beyond = crate::number::interval::pow2(40);
    *tensor = Tensor::from_fn(tensor.shape().clone(), |i| if i == 0 { beyond } else { tensor.data()[i] });
    let w = AccuracyWitness { weights: &weights, ..witness(&quantized, chunk.clone()) };
    assert!(matches!(circuit.assignment(&w), Err(StatementError::Model { .. })));
    let mut samples = chunk.samples.to_vec();
    samples[1].label = 3;
    let w = witness(&quantized, Chunk { samples: &samples, ..chunk.clone() });
    let (z, _) = lied(&circuit, &w, Truth);
    assert!(!holds(&circuit, &z));
    samples[1].pixels.pop();
    let w = witness(&quantized, Chunk { samples: &samples, ..chunk });
    let error = circuit.assignment(&w).unwrap_err();
    assert_eq!(error.to_string(), "sample 1 has 3 pixels, expected 4");
}

#[test]
fn every_mutation_of_a_witness_is_refused() {
    let (quantized, dataset) = (quantized(1), dataset());
    let circuit = accuracy(&quantized);
    let z = circuit.assignment(&witness(&quantized, dataset.chunk(0).unwrap())).unwrap();
    let harness = Harness::new(circuit.matrices(), &z, circuit.free());
    assert_eq!(harness.run(2500), vec![]);
}

#[test]
fn a_lie_changes_nothing_that_is_public() {
    let (quantized, dataset) = (quantized(1), dataset());
    let circuit = accuracy(&quantized);
    let w = witness(&quantized, dataset.chunk(0).unwrap());
    // Weights, pixels, labels, salts and path are the prover's to choose: with others, commitment or root are others.
    let honest = circuit.assignment(&w).unwrap();
    let total = circuit.matrices().witness;
    for n in (0..total).step_by(17) {
        let lie = crate::dev::dishonest::About(n, (|x| x + Int::ONE) as fn(_) -> _);
        let (z, told) = lied(&circuit, &w, lie);
        let forged = told && z[1..4] == honest[1..4] && z[4..6] != honest[4..6];
        assert!(!forged || !holds(&circuit, &z), "a lie about variable {n} changes chunk or count");
    }
}

#[test]
fn models_that_are_not_of_the_kind_are_refused() {
    let of = |shape: Shape, classes| Accuracy::new(&quantized(1), Layout::new(shape, classes, 1, 1).unwrap());
    let error = of(Shape::new([1, 2, 2]), 10).unwrap_err();
    assert_eq!(error.to_string(), "the model tells 3 classes apart, expected 10 classes");
    let error = of(Shape::new([1, 3, 3]), 3).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model takes inputs of shape [1, 2, 2], expected as many elements as in [1, 3, 3]"
    );
    let mut graph = Graph::new("real", Shape::new([4])).with_range(Range::Real(0.0, 1.0)).unwrap();
    let scores = graph.add("dense", Args::new().with("units", 3), &[graph.input()]).unwrap();
    graph.add("argmax", Args::new(), &[scores]).unwrap();
    let visibility = super::super::accuracy::VISIBILITY;
    let model = Model::init(graph, visibility, &mut rng()).unwrap();
    let inputs: Vec<Tensor> =
        (0..4).map(|s| Tensor::from_fn(Shape::new([4]), |i| ((s + i) % 5) as f64 / 5.0)).collect();
    let real = model.quantize(&inputs, Target { tries: 1, top1: 0.0, ..Target::default() }).unwrap();
    let error = Accuracy::new(&real, Layout::new(Shape::new([4]), 3, 1, 1).unwrap()).unwrap_err().to_string();
    assert!(error.ends_with("expected integers from 0 to 255: declare it with `range = 0..=255`"), "{error}");
}

/// To first order only the salt of the dataset and the seven siblings are free, and the root ties them: whatever is made of weights, pixels
/// and labels, which are bits, is determined.
#[test]
fn nothing_is_free_but_what_opens_the_root() {
    let (quantized, dataset) = (quantized(1), dataset());
    let circuit = accuracy(&quantized);
    let z = circuit.assignment(&witness(&quantized, dataset.chunk(0).unwrap())).unwrap();
    let harness = Harness::new(circuit.matrices(), &z, circuit.free());
    assert_eq!(harness.freedom(&Default::default()), 1 + dataset::DEPTH - 1);
}
