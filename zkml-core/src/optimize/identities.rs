//! `f(x) = x`: a layer that changes nothing is left out.

use super::Draft;
use crate::{
    graph::NodeId,
    layer::{AnyLayer, Kind},
    tensor::Tensor,
};

/// Bypasses every rearrangement that leaves each element where it is, every scale by one, and a rectifier of what is
/// rectified.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut dropped = 0;
    for i in 0..draft.nodes.len() {
        if draft.nodes[i].layer.as_ref().is_some_and(|l| changes_nothing(draft, i, l)) {
            draft.bypass(NodeId(i));
            dropped += 1;
        }
    }
    dropped
}

fn changes_nothing(draft: &Draft, i: usize, layer: &AnyLayer) -> bool {
    let node = &draft.nodes[i];
    let [input] = node.inputs.as_slice() else { return false };
    let before = &draft.nodes[input.0];
    // A graph keeps one layer at least.
    if NodeId(i) == draft.output && before.layer.is_none() {
        return false;
    }
    let kind = layer.kind();
    if kind.is_rearrangement() {
        // Zero is the place of no element, so that what is filled in is told from what is moved.
        let places = || Tensor::from_fn(before.shape.clone(), |i| (i + 1) as f64);
        return node.shape == before.shape && layer.float(&[&places()], &[]) == places();
    }
    kind == Kind::Scale(1.0) || (kind == Kind::Relu && draft.kind(*input) == Some(Kind::Relu))
}
