//! Where numbers might wrap: an answer would then differ from the one that is proven, or a valid one have no proof.

use ark_bn254::Fr;
use zkml::{
    graph::{Range, Visible},
    layer::Args,
    number::{
        Int, Interval,
        field::{to_field, to_int},
        interval::pow2,
    },
    plan::Quantized,
    tensor::Tensor,
};

use crate::common::{OPEN, cheap, graph, image, planned, replan, rng, samples, scores};

/// The plan with the input held at another scale, finely enough that no machine integer holds it.
fn fine(quantized: &Quantized, scale: i32) -> Quantized {
    let mut plan = quantized.plan().clone();
    plan.input.scale = scale;
    plan.input.interval = Interval::new(-pow2(scale as u32), pow2(scale as u32) - Int::ONE).unwrap();
    plan.scales[0] = scale;
    let plan = {
        let mut scales = plan.scales.clone();
        for (i, node) in quantized.graph().nodes().iter().enumerate().skip(1) {
            plan.steps[i].inputs = node.inputs.iter().map(|n| scales[n.0]).collect();
            scales[i] = if node.layer.as_ref().unwrap().card().name == "argmax" { 0 } else { scale };
        }
        plan.scales = scales;
        plan
    };
    quantized.model().quantize_to(&plan).unwrap()
}

#[test]
fn values_that_are_only_compared_do_not_wrap_in_machine_integers() {
    // Nothing is multiplied or added here, so that the input alone says how wide the integers must be.
    for scale in [20, 63, 64, 100, 127, 200] {
        let x = Tensor::vector(vec![-0.7, 0.1, 0.3, 0.2999]);
        let model = cheap(graph([4], Range::Real(-1.0, 1.0), vec![("argmax", Args::new())]), Visible::Public);
        let quantized = fine(&model, scale);
        assert_eq!(quantized.forward(&x).unwrap().class, Some(2), "argmax at scale {scale}");
        let circuit = quantized.circuit_for(OPEN).unwrap();
        let (z, _) = circuit.witness(std::slice::from_ref(&x), &mut rng(1)).unwrap();
        assert!(circuit.matrices().unsatisfied(&z).is_empty());
        assert_eq!(z[circuit.matrices().instance - 1], Fr::from(2u64));

        let model = cheap(graph([4], Range::Real(-1.0, 1.0), vec![("relu", Args::new())]), Visible::Public);
        let quantized = fine(&replanned(&model), scale);
        let circuit = quantized.circuit_for(OPEN).unwrap();
        let (z, _) = circuit.witness(std::slice::from_ref(&x), &mut rng(1)).unwrap();
        assert!(circuit.matrices().unsatisfied(&z).is_empty());
        let proven: Vec<Int> = z[5..9].iter().map(|f| to_int(*f)).collect();
        assert_eq!(quantized.forward(&x).unwrap().integers.data(), proven, "relu at scale {scale}");
    }
}

fn replanned(quantized: &Quantized) -> Quantized {
    quantized.model().quantize_to(&replan(quantized, &[])).unwrap()
}

#[test]
fn public_weights_are_not_refused_for_what_private_ones_might_be() {
    // Declared widths that would outgrow the field, of weights that are known and small.
    let quantized = planned(scores("relu"), Visible::Public, &[]);
    let mut plan = quantized.plan().clone();
    plan.params.iter_mut().flatten().for_each(|p| p.bits = 140);
    let wide = quantized.model().quantize_to(&plan).unwrap();
    let x = samples(quantized.graph(), 1).remove(0);
    assert_eq!(wide.forward(&x).unwrap(), quantized.forward(&x).unwrap());
    assert!(wide.circuit_for(OPEN).is_ok());
}

#[test]
fn the_proven_answer_is_the_exact_one_at_both_ends_of_the_input() {
    for steps in [&[][..], &[(2, 3, Some(1))], &[(2, 9, None)], &[(5, 2, Some(1))]] {
        let quantized = planned(image(), Visible::Public, steps);
        let circuit = quantized.circuit_for(OPEN).unwrap();
        for x in [0.0, 12.0] {
            let x = Tensor::from_fn([1, 4, 4], |_| x);
            let (z, _) = circuit.witness(std::slice::from_ref(&x), &mut rng(1)).unwrap();
            assert!(circuit.matrices().unsatisfied(&z).is_empty(), "{steps:?}");
            let class = quantized.forward(&x).unwrap().class.unwrap();
            assert_eq!(z[circuit.matrices().instance - 1], Fr::from(class as u64), "{steps:?}");
        }
    }
}

#[test]
fn the_least_integer_does_not_pass_for_an_interval_because_it_is_its_own_negative() {
    assert!(Interval::new(Int::MIN, Int::ZERO).is_err());
    assert!(Interval::new(Int::MIN, Int::MAX).is_err());
    assert!(Interval::new(-pow2(250), Int::ZERO).is_err());
    assert!(Interval::new(Int::ONE - pow2(250), pow2(250) - Int::ONE).is_ok());
}

#[test]
fn no_integer_below_the_limit_is_another_one_in_the_field() {
    for x in [Int::ZERO, Int::ONE, pow2(64), pow2(128), pow2(250) - Int::ONE] {
        assert_eq!(to_int(to_field(x)), x);
        assert_eq!(to_int(to_field(-x)), -x);
    }
}
