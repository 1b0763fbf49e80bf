//! Circuits and models in arkworks' constraint systems: row for row the same, and the same answers.

use std::collections::BTreeSet;

use ark_ff::{One, Zero};
use ark_groth16::Groth16;
use ark_r1cs_std::{GR1CSVar, alloc::AllocVar, eq::EqGadget, fields::fp::FpVar};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystem, ConstraintSystemRef, R1CS_PREDICATE_LABEL, SynthesisError, SynthesisMode,
};
use zkml::{
    arkworks::{ArkworksError, ModelGadget, Synthesizer},
    circuit::CircuitError,
    graph::{Graph, Range, Visibility, Visible},
    layer::Args,
    model::Model,
    plan::{Quantized, Target},
    prove::{Fr, ProveError, TwoPhase},
    rand::{SeedableRng, rngs::StdRng},
    shape::Shape,
    tensor::Tensor,
};

fn rng() -> StdRng {
    StdRng::seed_from_u64(5)
}

/// Four whole numbers, a hidden layer, and two scores or their class.
fn quantized(weights: Visible, classes: bool) -> Quantized {
    let mut graph = Graph::new("small", Shape::new([4])).with_range(Range::Whole(-8, 7)).unwrap();
    let hidden = graph.add("dense", Args::new().with("units", 3), &[graph.input()]).unwrap();
    let active = graph.add("relu", Args::new(), &[hidden]).unwrap();
    let scores = graph.add("dense", Args::new().with("units", 2), &[active]).unwrap();
    if classes {
        graph.add("argmax", Args::new(), &[scores]).unwrap();
    }
    let model = Model::init(graph, Visibility { weights, ..Visibility::default() }, &mut rng()).unwrap();
    let samples: Vec<Tensor> = (0..12).map(sample).collect();
    let target = if classes { Target::top1(0.9) } else { Target::default().max_error(0.2) };
    model.quantize(&samples, target).unwrap()
}

fn sample(i: usize) -> Tensor {
    Tensor::from_fn([4], |j| ((7 * i + 5 * j + i * j) % 16) as f64 - 8.0)
}

/// The variables of a sample.
fn variables(cs: &ConstraintSystemRef<Fr>, x: &Tensor) -> Vec<FpVar<Fr>> {
    let new = |x: &f64| FpVar::new_witness(cs.clone(), || Ok(Fr::from(*x as i64))).unwrap();
    x.data().iter().map(new).collect()
}

/// A row without regard to the order of its entries.
fn sorted(row: &[(Fr, usize)]) -> BTreeSet<(usize, Fr)> {
    row.iter().filter(|(c, _)| !c.is_zero()).map(|(c, column)| (*column, *c)).collect()
}

#[test]
fn a_circuit_is_the_same_row_by_row() {
    for weights in [Visible::Public, Visible::Private, Visible::Committed] {
        let quantized = quantized(weights, true);
        let circuit = quantized.circuit().unwrap();
        let (assignment, _) = circuit.witness(&[sample(3)], &mut rng()).unwrap();
        let cs = ConstraintSystem::new_ref();
        let synthesizer = Synthesizer::new(&circuit).unwrap().with_assignment(assignment.clone()).unwrap();
        synthesizer.generate_constraints(cs.clone()).unwrap();
        cs.finalize();
        assert!(cs.is_satisfied().unwrap());
        let matrices = circuit.matrices();
        assert_eq!((cs.num_instance_variables(), cs.num_witness_variables()), (matrices.instance, matrices.witness));
        let found = cs.to_matrices().unwrap();
        for (found, expected) in found[R1CS_PREDICATE_LABEL].iter().zip(&matrices.abc) {
            assert_eq!(found.len(), expected.len());
            assert!(
                found.iter().zip(expected).all(|(found, expected)| sorted(found) == sorted(expected)),
                "{weights:?}"
            );
        }
        let error = Synthesizer::new(&circuit).unwrap().with_assignment(assignment[1..].to_vec()).unwrap_err();
        let expected = matrices.variables();
        assert!(
            matches!(error, ArkworksError::Matrices(ProveError::Assignment { expected: n, found }) if n == expected && found == n - 1)
        );
    }
}

#[test]
fn another_prover_proves_a_circuit() {
    let quantized = quantized(Visible::Private, true);
    let circuit = quantized.circuit().unwrap();
    let of = || Synthesizer::new(&circuit).unwrap();
    let key = Groth16::<ark_bn254::Bn254>::generate_random_parameters_with_reduction(of(), &mut rng()).unwrap();
    let (assignment, _) = circuit.witness(&[sample(3)], &mut rng()).unwrap();
    let inputs = &assignment[1..circuit.matrices().instance];
    let with = of().with_assignment(assignment.clone()).unwrap();
    let proof = Groth16::<ark_bn254::Bn254>::create_random_proof_with_reduction(with, &key, &mut rng()).unwrap();
    let prepared = ark_groth16::prepare_verifying_key(&key.vk);
    assert!(Groth16::<ark_bn254::Bn254>::verify_proof(&prepared, &proof, inputs).unwrap());
    let other = [inputs[0] + Fr::one()];
    assert!(!Groth16::<ark_bn254::Bn254>::verify_proof(&prepared, &proof, &other).unwrap());
}

#[test]
fn a_gadget_gives_the_answers_of_the_circuit() {
    for (weights, classes) in [(Visible::Public, true), (Visible::Private, true), (Visible::Private, false)] {
        let quantized = quantized(weights, classes);
        let gadget = ModelGadget::new(&quantized).unwrap();
        assert_eq!((gadget.input_scale(), gadget.input_range()), (0, (-8, 7)));
        for i in 0..12 {
            let x = sample(i);
            let cs = ConstraintSystem::new_ref();
            let outputs = gadget.enforce(&cs, &variables(&cs, &x)).unwrap();
            assert!(cs.is_satisfied().unwrap());
            assert_eq!(cs.num_constraints(), gadget.constraints());
            let exact = quantized.forward(&x).unwrap();
            let found: Vec<Fr> = outputs.iter().map(|y| y.value().unwrap()).collect();
            match exact.class {
                Some(class) => assert_eq!(found, [Fr::from(class as u64)]),
                None => {
                    let expected: Vec<Fr> = exact.integers.data().iter().map(|q| Fr::from(q.as_i128())).collect();
                    assert_eq!(found, expected);
                }
            }
            // Another answer is none.
            outputs[0].enforce_equal(&FpVar::Constant(found[0] + Fr::one())).unwrap();
            assert!(!cs.is_satisfied().unwrap());
        }
    }
}

#[test]
fn constants_and_combinations_are_inputs_too() {
    let quantized = quantized(Visible::Public, true);
    let gadget = ModelGadget::new(&quantized).unwrap();
    let x = sample(5);
    let cs = ConstraintSystem::new_ref();
    let mut inputs = variables(&cs, &x);
    inputs[1] = FpVar::Constant(Fr::from(x.data()[1] as i64));
    // A linear combination of the caller's.
    let half = FpVar::new_witness(cs.clone(), || Ok(Fr::from(x.data()[2] as i64) - Fr::from(3))).unwrap();
    inputs[2] = half + Fr::from(3);
    let outputs = gadget.enforce(&cs, &inputs).unwrap();
    assert!(cs.is_satisfied().unwrap());
    assert_eq!(outputs[0].value().unwrap(), Fr::from(quantized.forward(&x).unwrap().class.unwrap() as u64));
}

#[test]
fn inputs_out_of_range_are_refused() {
    let gadget = ModelGadget::new(&quantized(Visible::Public, true)).unwrap();
    for (at, value) in [(0, 8i64), (3, -9), (2, 1 << 40)] {
        let mut x = sample(0).into_data();
        x[at] = value as f64;
        let cs = ConstraintSystem::new_ref();
        let refused = gadget.enforce(&cs, &variables(&cs, &Tensor::vector(x)));
        // What is one too large is taken for the largest, as a float next to it is; the rows then refuse it.
        let input = matches!(refused, Err(ArkworksError::Circuit(CircuitError::Input { .. })));
        assert!(input || !cs.is_satisfied().unwrap(), "{value}");
    }
    let cs = ConstraintSystem::new_ref();
    let error = gadget.enforce(&cs, &variables(&cs, &sample(0))[1..]).unwrap_err();
    assert_eq!(error.to_string(), "3 variables, expected 4, the elements of an input, row major");
}

/// The witness of an honest input under another variable: what a dishonest prover would put there.
#[test]
fn the_range_of_an_input_is_enforced_and_trusted_by_name() {
    let gadget = ModelGadget::new(&quantized(Visible::Public, true)).unwrap();
    let satisfied = |unchecked: bool| {
        let cs = ConstraintSystem::new_ref();
        let input = variables(&cs, &sample(2));
        let enforce = if unchecked { ModelGadget::enforce_unchecked } else { ModelGadget::enforce };
        enforce(&gadget, &cs, &input).unwrap();
        assert!(cs.is_satisfied().unwrap());
        cs.num_constraints()
    };
    let (checked, unchecked) = (satisfied(false), satisfied(true));
    // Four bits and their sum for each of four inputs.
    assert_eq!((checked, checked - unchecked), (gadget.constraints(), 4 * 5));
}

#[test]
fn a_setup_needs_no_values() {
    let gadget = ModelGadget::new(&quantized(Visible::Private, true)).unwrap();
    let cs = ConstraintSystem::<Fr>::new_ref();
    cs.set_mode(SynthesisMode::Setup);
    let input: Vec<FpVar<Fr>> = (0..4)
        .map(|_| {
            FpVar::new_witness(cs.clone(), || -> Result<Fr, SynthesisError> {
                unreachable!("a setup asks for no value")
            })
            .unwrap()
        })
        .collect();
    let outputs = gadget.enforce(&cs, &input).unwrap();
    assert_eq!((outputs.len(), cs.num_constraints()), (1, gadget.constraints()));
}

#[test]
fn what_arkworks_cannot_take_is_refused() {
    let private = quantized(Visible::Private, true);
    let phased = private.circuit_in::<TwoPhase>(1, private.model().visibility()).unwrap();
    assert!(matches!(Synthesizer::new(&phased), Err(ArkworksError::Challenge)));
    assert!(matches!(ModelGadget::new(&quantized(Visible::Committed, true)), Err(ArkworksError::Committed)));
}
