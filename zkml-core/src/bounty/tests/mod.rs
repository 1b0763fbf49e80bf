//! The three statements: proven, counted, and attacked.

mod accuracy;
mod attacks;
mod data;
mod delivery;
mod proven;
mod secrets;

use ark_bn254::Fr;
use ark_ff::Field;
use rand::{SeedableRng, rngs::StdRng};

use super::{
    accuracy::Accuracy,
    cid::Form,
    compose::{Composed, Composition},
    data::Data,
    dataset::{Chunk, Dataset, Layout, Sample},
    format::{Format, PgmHeader},
    message::{self, Challenge, Tag},
};
use crate::{
    arith::r1cs::R1cs,
    dev::{
        dishonest::{Dishonest, Lie},
        tamper::Harness,
    },
    graph::{Graph, Range, Visibility, Visible},
    layer::Args,
    model::Model,
    plan::{Quantized, Target},
    shape::Shape,
    tensor::Tensor,
};

/// A salt, or a context.
fn secret(n: u64) -> Fr {
    Fr::from(n + 2).inverse().unwrap()
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(11)
}

/// Images of two by two pixels, of three classes; chunks of two groups of two.
fn layout() -> Layout {
    Layout::new(Shape::new([1, 2, 2]), 3, 2, 2).unwrap()
}

fn sample(n: usize) -> Sample {
    Sample { pixels: (0..4).map(|i| ((n * 37 + i * 59 + 11) % 200) as u8).collect(), label: (n * 7 + 1) % 3 }
}

/// Two chunks.
fn dataset() -> Dataset {
    Dataset::new(layout(), secret(1), (0..8).map(sample).collect()).unwrap()
}

fn format() -> Format {
    Format::PgmP5 { header: PgmHeader::new(2, 2).unwrap() }
}

/// The file of a sample.
fn file(sample: &Sample) -> Vec<u8> {
    [format().header(), &sample.pixels].concat()
}

fn files(chunk: &Chunk<'_>, group: usize) -> Vec<Vec<u8>> {
    chunk.samples[group * 2..group * 2 + 2].iter().map(file).collect()
}

fn data() -> Composed<Data> {
    Composed::new(Data::new(format(), Form::Raw, layout()).unwrap()).unwrap()
}

fn challenge(tag: Tag, m: &[Fr]) -> Challenge {
    message::bind(tag, secret(77), secret(78), m).challenge
}

/// A network of these scores over images of two by two pixels.
fn quantized(seed: u64) -> Quantized {
    let mut graph = Graph::new("tiny", Shape::new([1, 2, 2])).with_range(Range::Whole(0, 255)).unwrap();
    let mut last = graph.input();
    for (layer, args) in [
        ("flatten", Args::new()),
        ("dense", Args::new().with("units", 3)),
        ("relu", Args::new()),
        ("dense", Args::new().with("units", 3)),
        ("argmax", Args::new()),
    ] {
        last = graph.add(layer, args, &[last]).unwrap();
    }
    let weights = Visibility { input: Visible::Private, weights: Visible::Committed, output: Visible::Private };
    let model = Model::init(graph, weights, &mut StdRng::seed_from_u64(seed)).unwrap();
    let inputs: Vec<Tensor> = (0..8)
        .map(|n| {
            let pixels = sample(n).pixels;
            Tensor::from_fn(Shape::new([1, 2, 2]), |i| f64::from(pixels[i]))
        })
        .collect();
    model.quantize(&inputs, Target { tries: 4, ..Target::default() }).unwrap()
}

fn accuracy(quantized: &Quantized) -> Composed<Accuracy> {
    Composed::new(Accuracy::new(quantized, layout()).unwrap()).unwrap()
}

/// The assignment of a prover with a lie, and whether it lied.
fn lied<S: Composition, L: Lie>(circuit: &Composed<S>, witness: &S::Witness<'_>, lie: L) -> (Vec<Fr>, bool) {
    let mut s = R1cs::new(Dishonest::new(lie));
    circuit.composition().enforce(&mut s, Some(witness)).unwrap();
    let prover = s.finish().unwrap();
    let lied = prover.lied();
    (prover.finish(), lied)
}

fn holds<S: Composition>(circuit: &Composed<S>, assignment: &[Fr]) -> bool {
    assignment.len() == circuit.matrices().variables() && circuit.matrices().unsatisfied(assignment).is_empty()
}

/// Every public input, changed: refused.
fn public_inputs_are_bound<S: Composition>(circuit: &Composed<S>, assignment: &[Fr]) {
    assert_eq!(circuit.table().len(), 5);
    let harness = Harness::new(circuit.matrices(), assignment, circuit.free());
    assert!(harness.holds());
    for (column, value) in assignment.iter().enumerate().skip(1).take(5) {
        for change in [Fr::ONE, -Fr::ONE, -*value, secret(5)] {
            assert!(change == Fr::from(0u64) || !harness.accepts(&[(column, change)]), "public input {column}");
        }
    }
}

/// A lie about each of at most so many witness variables, all after it computed from the lie: none holds with other public inputs, but for
/// inputs that really are others, which are named.
fn liars<S: Composition>(
    circuit: &Composed<S>,
    witness: &S::Witness<'_>,
    limit: usize,
    choices: impl Fn(usize) -> bool,
) {
    let honest = circuit.assignment(witness).unwrap();
    let total = circuit.matrices().witness;
    let instance = circuit.matrices().instance;
    let mut told = 0;
    for n in (0..total).step_by(total.div_ceil(limit).max(1)) {
        for lie in [
            crate::dev::dishonest::About(n, (|x| x + crate::number::Int::ONE) as fn(_) -> _),
            crate::dev::dishonest::About(n, (|x| crate::number::Int::ONE - x) as fn(_) -> _),
        ] {
            let (z, lied) = lied(circuit, witness, lie);
            if !lied {
                continue;
            }
            told += 1;
            let same = z[..instance] == honest[..instance];
            assert!(
                same || choices(n) || !holds(circuit, &z),
                "a lie about variable {n} of `{}` is accepted",
                circuit.part(
                    circuit.labels().iter().rposition(|l| l.witness <= n).map_or(0, |i| circuit.labels()[i].first)
                )
            );
        }
    }
    assert!(told > limit / 4, "{told} lies");
}
