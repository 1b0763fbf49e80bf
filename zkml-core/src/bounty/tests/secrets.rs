//! What is pinned and what is hidden: contents that determine circuits, what is printed, salts.

use super::{
    super::{
        accuracy::AccuracyWitness,
        compose::StatementError,
        dataset::DatasetError,
        delivery::{Delivery, DeliveryWitness},
    },
    attacks::{answers, constant, delivering, key, model},
    *,
};
use crate::{circuit::CircuitError, dev::dishonest::Truth};

/// Circuits with the same contents have the same constraints: none of their parameters is left out, or may be read as
/// another.
#[test]
fn contents_determine_constraints() {
    fn compare<S: Composition>(circuits: &[Composed<S>], alike: usize) {
        let mut equal = 0;
        for (i, a) in circuits.iter().enumerate() {
            for b in &circuits[..i] {
                let same = a.contents() == b.contents();
                equal += usize::from(same);
                assert!(!same || a.matrices() == b.matrices() && a.digest() == b.digest());
            }
        }
        assert_eq!(equal, alike);
    }
    let mut circuits = vec![];
    let headers: [&[u8]; 3] = [b"P5\n1 2\n255\n", b"P5 1 2\n255\n", b"P5\n2 1\n255\n"];
    let mut formats: Vec<Format> =
        headers.iter().map(|h| Format::PgmP5 { header: PgmHeader::parse(h).unwrap() }).collect();
    formats.extend([Shape::new([1, 2]), Shape::new([2])].map(|shape| Format::RawU8 { shape }));
    for (form, format) in formats.iter().flat_map(|f| [(Form::Raw, f), (Form::DagPb, f)]) {
        let layout = Layout::new(Shape::new([2]), 3, 1, 1).unwrap();
        circuits.push(Composed::new(Data::new(format.clone(), form, layout).unwrap()).unwrap());
    }
    for (shape, classes, groups, items) in [([1, 2], 3, 1, 1), ([2, 1], 3, 1, 1), ([2, 1], 4, 1, 1), ([2, 1], 3, 2, 1)]
    {
        let layout = Layout::new(Shape::new(shape), classes, groups, items).unwrap();
        circuits.push(Composed::new(Data::new(formats[4].clone(), Form::Raw, layout).unwrap()).unwrap());
    }
    compare(&circuits, 0);

    let layouts = [(2, 2), (1, 4), (4, 1), (1, 3)].map(|(g, i)| Layout::new(Shape::new([1, 2, 2]), 3, g, i).unwrap());
    let quantized = quantized(1);
    // How a chunk is cut into groups is no matter of an accuracy proof.
    compare(&layouts.map(|l| Composed::new(Accuracy::new(&quantized, l).unwrap()).unwrap()), 3);
    // Two elements, the salt among them: in chunks of one, or in one.
    let most = [1, 2, 3, 3_999];
    compare(&most.map(|most| Composed::new(Delivery::in_chunks(&model(), most).unwrap()).unwrap()), 3);
}

/// What is printed, and what is said of what does not fit, is the same whatever the weights and salts.
#[test]
fn nothing_that_is_printed_depends_on_secrets() {
    let quantized = quantized(1);
    let other = quantized.clone().with_integers(constant(&quantized, 1)).unwrap();
    let printed = |q: &Quantized| {
        let accuracy = Accuracy::new(q, layout()).unwrap();
        let delivery = Delivery::new(accuracy.model()).unwrap();
        let shown = format!("{accuracy:?} {delivery:?}");
        (shown, Composed::new(accuracy).unwrap().digest(), Composed::new(delivery).unwrap().digest())
    };
    assert_eq!(printed(&quantized), printed(&other));
    let of = |n: usize| Dataset::new(layout(), secret(n as u64), (n..n + 8).map(sample).collect()).unwrap();
    assert_eq!(format!("{:?}", of(1)), format!("{:?}", of(20)));
    assert_ne!(of(1).root(), of(20).root());
}

/// Salts that can be guessed hide nothing: whoever has the samples of a known test set finds them behind the root.
#[test]
fn salts_that_can_be_guessed_are_refused() {
    let (low, least) = (Fr::from(u64::MAX), Fr::from(u128::from(u64::MAX) + 1));
    let dataset = |salt| Dataset::new(layout(), salt, (0..8).map(sample).collect());
    assert_eq!((dataset(low).unwrap_err(), dataset(least).is_ok()), (DatasetError::Salt, true));
    let refused = |error| matches!(error, StatementError::Circuit(CircuitError::Salt));
    delivering(|circuit, witness| {
        let delivery = circuit.composition();
        assert!(refused(delivery.commitment(witness.weights, low).unwrap_err()));
        assert!(delivery.commitment(witness.weights, least).is_ok());
        assert!(refused(circuit.assignment(&DeliveryWitness { salt: low, ..*witness }).unwrap_err()));
        let dataset = dataset(least).unwrap();
        let claim = AccuracyWitness { salt: low, ..answers(witness.weights, dataset.chunk(0).unwrap()) };
        assert!(refused(accuracy(&quantized(1)).assignment(&claim).unwrap_err()));
        // Whoever takes the salt that there is has the weights all the same.
        let chunks: Vec<_> = (0..delivery.chunks())
            .map(|chunk| {
                let witness = DeliveryWitness { salt: low, chunk, ..*witness };
                (key(2).public(), delivery.encrypt(&witness).unwrap())
            })
            .collect();
        let (forged, _) = lied(circuit, &DeliveryWitness { salt: low, ..*witness }, Truth);
        assert_eq!(delivery.decrypt(&key(1), &chunks, forged[1]).unwrap().weights, witness.weights);
    });
}
