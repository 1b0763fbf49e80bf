//! Every mutation of honest witnesses of whole circuits.

use std::collections::HashSet;

use zkml::{
    circuit::Circuit,
    dev::tamper::Harness,
    graph::{Visibility, Visible},
    plan::Quantized,
};

use crate::common::{OPEN, image, models, planned, rng, samples, scores, visibility};

fn tamper(name: &str, circuit: &Circuit, quantized: &Quantized, limit: usize) {
    let inputs = samples(quantized.graph(), circuit.batch());
    let (assignment, _) = circuit.witness(&inputs, &mut rng(5)).unwrap();
    let harness = Harness::new(circuit.matrices(), &assignment, circuit.free());
    assert!(harness.holds(), "{name}: the honest witness is refused");
    assert_eq!(harness.run(limit), vec![], "{name}");
}

#[test]
fn every_mutation_of_public_circuits_is_refused() {
    for (name, quantized) in models() {
        tamper(name, &quantized.circuit_for(OPEN).unwrap(), &quantized, usize::MAX);
    }
}

#[test]
fn every_mutation_of_a_committed_circuit_is_refused() {
    let committed = Visible::Committed;
    let quantized = planned(image(), committed, &[(2, 3, Some(3))]);
    let circuit = quantized.circuit_for(visibility(committed, committed, committed)).unwrap();
    tamper("committed", &circuit, &quantized, 400);
}

#[test]
fn a_private_witness_determines_everything_but_itself() {
    // What stays free to first order are the weights' bits at most, and nothing else: no more than there are.
    let private = Visible::Private;
    let quantized = planned(scores("relu"), private, &[(1, 2, Some(2)), (3, 3, None)]);
    let circuit = quantized
        .circuit_for(Visibility { input: Visible::Public, weights: private, output: Visible::Public })
        .unwrap();
    let (assignment, _) = circuit.witness(&samples(quantized.graph(), 1), &mut rng(5)).unwrap();
    let harness = Harness::new(circuit.matrices(), &assignment, circuit.free());
    assert!(harness.holds());
    assert_eq!(harness.freedom(&HashSet::new()), 0);
}
