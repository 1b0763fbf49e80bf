//! Channels of different scales: one channel's shift, used for another, or left out.

use zkml::{
    graph::Visible,
    layer::Role,
    plan::{Plan, Policy, Quantized},
};

use crate::{
    common::{OPEN, cheap, image, replan, rng, samples},
    forge::refuse_all,
};

/// Two channels, the second of which is finer by `finer` bits up to the relu.
fn finer(channels: [u32; 2], saturate: Option<u32>, width: Option<u32>) -> (Quantized, Plan) {
    let quantized = cheap(image(), Visible::Public);
    let mut plan = replan(&quantized, &[(2, 3, saturate)]);
    for i in [1, 2] {
        plan.steps[i].channels = channels.to_vec();
    }
    for param in &mut plan.params[1] {
        param.bits = if param.role == Role::Bias { 60 } else { 14 };
    }
    if width.is_some() {
        plan.policy = Policy::Calibrated { margin_bits: 0 };
        plan.steps[2].bits = width;
    }
    (quantized, plan)
}

#[test]
fn no_lie_about_a_finer_channel_changes_the_answer() {
    for (saturate, width) in [(None, None), (Some(3), None), (Some(3), Some(20)), (None, Some(20))] {
        let (quantized, plan) = finer([0, 2], saturate, width);
        let quantized = quantized.model().quantize_to(&plan).unwrap();
        let circuit = quantized.circuit_for(OPEN).unwrap();
        refuse_all("channels", &circuit, &quantized, &samples(quantized.graph(), 1), 0);
    }
}

#[test]
fn a_channel_is_not_cut_as_another_is() {
    let (model, plan) = finer([0, 2], None, None);
    let (_, swapped) = finer([2, 0], None, None);
    let circuits = [&plan, &swapped].map(|p| model.model().quantize_to(p).unwrap().circuit_for(OPEN).unwrap());
    assert_ne!(circuits[0].digest(), circuits[1].digest());
    let inputs = samples(model.graph(), 1);
    for (of, other) in [(0, 1), (1, 0)] {
        let (witness, _) = circuits[of].witness(&inputs, &mut rng(3)).unwrap();
        assert!(circuits[of].matrices().unsatisfied(&witness).is_empty());
        assert!(!circuits[other].matrices().unsatisfied(&witness).is_empty());
    }
}

#[test]
fn channels_that_are_not_cut_again_are_refused() {
    let (model, plan) = finer([0, 2], None, None);
    let refused = |what: &str, edit: &dyn Fn(&mut Plan)| {
        let mut plan = plan.clone();
        edit(&mut plan);
        assert!(model.model().quantize_to(&plan).is_err(), "{what}");
    };
    refused("the relu forgets them", &|p| p.steps[2].channels.clear());
    refused("the relu swaps them", &|p| p.steps[2].channels.reverse());
    refused("a channel too many", &|p| (1..3).for_each(|i| p.steps[i].channels.push(1)));
    refused("a channel too few", &|p| (1..3).for_each(|i| p.steps[i].channels.truncate(1)));
    refused("beyond the field", &|p| (1..3).for_each(|i| p.steps[i].channels = vec![u32::MAX, 0]));
    refused("behind the relu", &|p| p.steps[3].channels = vec![0, 2]);
    refused("at the scores", &|p| p.steps[5].channels = vec![0, 1, 2]);
}
