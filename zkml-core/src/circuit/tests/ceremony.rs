//! Ceremonies of whole circuits, with linear operators and without.

use super::*;
use crate::prove::{Powers, Provenance, phased::Phased};

/// A dense layer with a rectifier, and one that answers.
fn network() -> Graph {
    let units = |n: usize| Args::new().with("units", n);
    let mut graph = Graph::new("x", Shape::new([8])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let x = graph.add("dense", units(8), &[graph.input()]).unwrap();
    let x = graph.add("relu", Args::new(), &[x]).unwrap();
    let x = graph.add("dense", units(2), &[x]).unwrap();
    graph.add("argmax", Args::new(), &[x]).unwrap();
    graph
}

fn proves<S: Phased<Registered = ()>>() {
    let entries = quantized(network(), PUBLIC).circuit_in::<S>(1, PUBLIC).unwrap();
    let spec = Spec { operators_from: Some(0), ..entries.spec.clone() };
    let mut operators = Circuit::build(spec, &Limits::own()).unwrap();
    operators.weights = entries.weights.clone();
    assert!(!operators.matrices().blocks.is_empty());

    let rows = entries.matrices().size().domain();
    let powers = Powers::known([41u64, 42, 43].map(Fr::from), rows);
    let rng = &mut StdRng::seed_from_u64(5);
    let mut ceremony = entries.ceremony_in::<S>(&powers).unwrap();
    assert_eq!(ceremony.to_bytes(), operators.ceremony_in::<S>(&powers).unwrap().to_bytes());
    ceremony.contribute("ada", b"", rng).unwrap();
    let keys = ceremony.finish(operators.matrices(), &operators.digest(), &powers).unwrap();
    assert_eq!(keys.verifying.provenance(), Provenance::Transcript(ceremony.transcript()));
    let sample = Tensor::from_fn(Shape::new([8]), |i| i as f64 / 8.0 - 0.5);
    let (proof, _) = operators.prove_in::<S>(&keys.proving, &[sample], rng).unwrap();
    assert!(keys.verifying.verify(&proof).unwrap().class(0).is_some());
}

#[test]
fn ceremonies_of_circuits_end_in_keys_that_prove() {
    proves::<Groth16>();
    proves::<TwoPhase>();
}
