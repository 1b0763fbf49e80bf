//! Inputs that lead beyond a calibrated width: the honest prover refuses them, and no witness that a liar makes for them
//! is accepted.

use zkml::{
    circuit::CircuitError,
    dev::dishonest::Claim,
    error::InputError,
    graph::{Graph, Visible},
    number::{Int, interval::pow2},
    plan::{Policy, Quantized},
    tensor::Tensor,
};

use crate::common::{LieOf, OPEN, cheap, image, int, replan, rng, samples, scores, told};

const LIES: [(&str, LieOf); 6] = [
    ("the other bit", |x| int(1) - x),
    ("one more", |x| x + int(1)),
    ("one less", |x| x - int(1)),
    ("two more, as if a bit carried", |x| x + int(2)),
    ("none", |_| int(0)),
    ("wrapped", |x| x + pow2(249)),
];

/// A model whose node decomposes values of at most the least width that some samples keep to and others do not.
fn narrow(graph: Graph, step: (usize, u32, Option<u32>)) -> Quantized {
    let quantized = cheap(graph, Visible::Public);
    let mut plan = replan(&quantized, &[step]);
    plan.policy = Policy::Calibrated { margin_bits: 0 };
    let inputs = samples(quantized.graph(), 24);
    let widths = (2..64).filter_map(|width| {
        plan.steps[step.0].bits = Some(width);
        quantized.model().quantize_to(&plan).ok()
    });
    let mut parting = widths.filter(|q| {
        let kept = inputs.iter().filter(|x| q.forward(x).is_ok()).count();
        0 < kept && kept < inputs.len()
    });
    parting.next().expect("no width parts the samples")
}

/// Models with a width in every form that a decomposition has, and inputs of which some lead beyond.
fn models() -> Vec<(&'static str, Quantized, Vec<Tensor>)> {
    let models = vec![
        ("relu", narrow(image(), (2, 0, None))),
        ("relu, rescaled", narrow(image(), (2, 3, None))),
        ("relu, saturated", narrow(image(), (2, 2, Some(3)))),
        ("scores, checked and not rescaled", narrow(scores("relu"), (3, 0, None))),
        ("scores, rescaled", narrow(scores("relu"), (3, 4, None))),
        ("scores, saturated", narrow(scores("relu"), (3, 3, Some(3)))),
        ("polynomial, rescaled", narrow(scores("poly"), (2, 3, None))),
    ];
    let inputs = |q: &Quantized| samples(q.graph(), 24);
    models
        .into_iter()
        .map(|(name, q)| {
            let x = inputs(&q);
            (name, q, x)
        })
        .collect()
}

#[test]
fn what_lies_within_is_proved_and_what_lies_beyond_is_refused_by_name() {
    for (name, quantized, inputs) in models() {
        let circuit = quantized.circuit_for(OPEN).unwrap();
        let (mut within, mut beyond) = (0, 0);
        for x in &inputs {
            let witness = circuit.witness(std::slice::from_ref(x), &mut rng(1));
            match quantized.forward(x) {
                Ok(_) => {
                    within += 1;
                    assert!(circuit.matrices().unsatisfied(&witness.unwrap().0).is_empty(), "{name}");
                }
                Err(InputError::Beyond { layer, value, lo, hi, bits, .. }) => {
                    beyond += 1;
                    assert!(bits > 0 && !(lo..=hi).contains(&value), "{name}: {value} is within {lo} to {hi}");
                    assert!(
                        quantized
                            .plan()
                            .steps
                            .iter()
                            .zip(quantized.graph().nodes())
                            .any(|(s, n)| n.name == layer && s.bits.is_some())
                    );
                    let Err(CircuitError::Input { index: 0, error }) = witness else { panic!("{name}: {witness:?}") };
                    assert!(matches!(error, InputError::Beyond { .. }), "{name}: {error}");
                }
                Err(other) => panic!("{name}: {other}"),
            }
        }
        assert!(within > 0 && beyond > 0, "{name}: {within} within, {beyond} beyond");
        let fidelity = quantized.fidelity(&inputs).unwrap();
        assert_eq!(fidelity.refused, beyond, "{name}");
    }
}

#[test]
fn no_lie_makes_a_witness_for_an_input_beyond_the_width() {
    for (name, quantized, inputs) in models() {
        let circuit = quantized.circuit_for(OPEN).unwrap();
        let honest = inputs.iter().find(|x| quantized.forward(x).is_ok()).unwrap();
        let (_, opening) = circuit.witness(std::slice::from_ref(honest), &mut rng(2)).unwrap();
        let beyond: Vec<&Tensor> = inputs.iter().filter(|x| quantized.forward(x).is_err()).take(2).collect();
        for x in beyond {
            let integers: Vec<Tensor<Int>> = vec![quantized.integers(x).unwrap()];
            let claim = Claim::new(&circuit, &quantized, &integers, &opening);
            let (forged, _) = told(&claim, None, |x| x);
            assert!(!circuit.matrices().unsatisfied(&forged).is_empty(), "{name}: as if nothing were wrong");
            for at in 0..circuit.matrices().witness {
                for (what, lie) in LIES {
                    let (forged, _) = told(&claim, Some(at), lie);
                    assert!(!circuit.matrices().unsatisfied(&forged).is_empty(), "{name}: {what} at {at} is accepted");
                }
            }
        }
    }
}

#[test]
fn a_width_is_no_part_of_a_static_plan() {
    let quantized = narrow(image(), (2, 0, None));
    let mut plan = quantized.plan().clone();
    plan.policy = Policy::Static;
    assert!(quantized.model().quantize_to(&plan).is_err());
    let other = {
        plan.steps[2].bits = None;
        quantized.model().quantize_to(&plan).unwrap()
    };
    // Policy and width are part of what the keys are for.
    assert_ne!(other.circuit_for(OPEN).unwrap().digest(), quantized.circuit_for(OPEN).unwrap().digest());
}
