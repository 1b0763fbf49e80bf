//! Forged witnesses, complete and consistent but for one lie: a wrong answer must not follow from any of them.

use zkml::{
    circuit::Circuit,
    dev::dishonest::Claim,
    graph::Visible,
    number::{Int, interval::pow2},
    plan::Quantized,
    tensor::Tensor,
};

use crate::common::{LieOf, OPEN, image, int, models, planned, rng, samples, scores, told, visibility};

const LIES: [(&str, LieOf); 5] = [
    ("the other bit", |x| int(1) - x),
    ("one more", |x| x + int(1)),
    ("one less", |x| x - int(1)),
    ("two more, as if a bit carried", |x| x + int(2)),
    ("wrapped", |x| x + pow2(249)),
];

fn integers(quantized: &Quantized, inputs: &[Tensor]) -> Vec<Tensor<Int>> {
    inputs.iter().map(|x| quantized.integers(x).unwrap()).collect()
}

/// Every lie at every witness variable from `first` on, each followed through to the public output.
pub fn refuse_all(name: &str, circuit: &Circuit, quantized: &Quantized, inputs: &[Tensor], first: usize) {
    let (honest, opening) = circuit.witness(inputs, &mut rng(3)).unwrap();
    let integers = integers(quantized, inputs);
    let claim = Claim::new(circuit, quantized, &integers, &opening);
    assert_eq!(told(&claim, None, |x| x).0, honest, "{name}: the forger's circuit is not the circuit");
    let mut lies = 0;
    for at in first..circuit.matrices().witness {
        for (what, lie) in LIES {
            let (forged, lied) = told(&claim, Some(at), lie);
            if lied {
                lies += 1;
                assert!(!circuit.matrices().unsatisfied(&forged).is_empty(), "{name}: {what} at {at} is accepted");
            }
        }
    }
    assert!(lies > 0, "{name}: nothing to lie about");
}

#[test]
fn no_lie_about_any_variable_changes_a_public_answer() {
    for (name, quantized) in models() {
        let circuit = quantized.circuit_for(OPEN).unwrap();
        refuse_all(name, &circuit, &quantized, &samples(quantized.graph(), 1), 0);
    }
}

#[test]
fn no_lie_in_one_item_of_a_batch_passes_because_of_another() {
    let quantized = planned(scores("relu"), Visible::Public, &[(1, 2, Some(2))]);
    let circuit = quantized.batch_for(2, OPEN).unwrap();
    refuse_all("batch", &circuit, &quantized, &samples(quantized.graph(), 2), 0);
}

#[test]
fn no_lie_about_a_committed_input_weight_or_output_keeps_the_commitment() {
    // Every variable is bound: even other weights within their widths change the commitment, which is public.
    let quantized = planned(scores("relu"), Visible::Committed, &[(1, 4, Some(3)), (3, 4, None)]);
    let committed = Visible::Committed;
    let circuit = quantized.circuit_for(visibility(committed, committed, committed)).unwrap();
    let inputs = samples(quantized.graph(), 1);
    let (honest, opening) = circuit.witness(&inputs, &mut rng(3)).unwrap();
    let integers = integers(&quantized, &inputs);
    let claim = Claim::new(&circuit, &quantized, &integers, &opening);
    assert_eq!(told(&claim, None, |x| x).0, honest);
    for at in (0..circuit.matrices().witness).step_by(3) {
        let (mut forged, lied) = told(&claim, Some(at), |x| int(1) - x);
        // The commitments of the honest witness, under the forged one.
        forged[..circuit.matrices().instance].copy_from_slice(&honest[..circuit.matrices().instance]);
        assert!(!lied || !circuit.matrices().unsatisfied(&forged).is_empty(), "variable {at}");
    }
}

#[test]
fn an_input_beyond_its_declared_range_is_no_input() {
    // A full witness for an input that the range excludes: everything holds but the range.
    let quantized = planned(image(), Visible::Public, &[(2, 3, None)]);
    for input in [Visible::Public, Visible::Private, Visible::Committed] {
        let circuit = quantized.circuit_for(visibility(input, Visible::Public, Visible::Public)).unwrap();
        let inputs = samples(quantized.graph(), 1);
        let (_, opening) = circuit.witness(&inputs, &mut rng(3)).unwrap();
        // A private input is nothing but its bits, so what four bits can't spell is another input there.
        let beyond: &[i64] = if input == Visible::Public { &[13, 15, 16, -1, 1000] } else { &[13, 14, 15] };
        for beyond in beyond {
            let mut integers = integers(&quantized, &inputs);
            integers[0] = Tensor::from_fn([1, 4, 4], |i| if i == 6 { int(*beyond) } else { integers[0].data()[i] });
            let (forged, _) = told(&Claim::new(&circuit, &quantized, &integers, &opening), None, |x| x);
            assert!(!circuit.matrices().unsatisfied(&forged).is_empty(), "{beyond}, {input:?}");
        }
    }
}

#[test]
fn a_private_weight_beyond_its_declared_width_is_no_weight() {
    // Bits that are not bits: the weight that they spell is twice as large, and everything follows from it.
    for weights in [Visible::Private, Visible::Committed] {
        let quantized = planned(scores("relu"), weights, &[(1, 2, None)]);
        let circuit = quantized.circuit_for(visibility(Visible::Public, weights, Visible::Public)).unwrap();
        let inputs = samples(quantized.graph(), 1);
        let (_, opening) = circuit.witness(&inputs, &mut rng(3)).unwrap();
        let integers = integers(&quantized, &inputs);
        let claim = Claim::new(&circuit, &quantized, &integers, &opening);
        for at in 0..36 {
            for lie in [(|x| x + int(2)) as LieOf, |x| x - int(2), |x| x + pow2(200)] {
                let (forged, lied) = told(&claim, Some(at), lie);
                assert!(lied && !circuit.matrices().unsatisfied(&forged).is_empty(), "bit {at}");
            }
        }
    }
}

#[test]
fn two_items_of_a_batch_do_not_have_different_weights() {
    // Half of one honest witness and half of another, of other weights: the weights are the same variables.
    let quantized = planned(scores("relu"), Visible::Private, &[]);
    let circuit = quantized.batch_for(2, visibility(Visible::Public, Visible::Private, Visible::Public)).unwrap();
    let inputs = samples(quantized.graph(), 2);
    let (honest, opening) = circuit.witness(&inputs, &mut rng(3)).unwrap();
    let integers = integers(&quantized, &inputs);
    let other: Vec<Vec<Tensor<Int>>> =
        quantized.params().iter().map(|n| n.iter().map(|t| t.map(|q| -*q - int(1))).collect()).collect();
    let claim = Claim { circuit: &circuit, weights: &other, inputs: &integers, opening: &opening };
    let (another, _) = told(&claim, None, |x| x);
    assert!(circuit.matrices().unsatisfied(&another).is_empty(), "other weights of the declared width");
    assert_ne!(honest, another);
    let m = circuit.matrices();
    for cut in (m.instance + 1..m.instance + m.witness).step_by(7) {
        let mixed: Vec<_> = honest[..cut].iter().chain(&another[cut..]).copied().collect();
        assert!(mixed == honest || mixed == another || !m.unsatisfied(&mixed).is_empty(), "cut at {cut}");
    }
}
