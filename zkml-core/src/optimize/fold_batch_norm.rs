//! `batch_norm(linear(x)) = linear'(x)`: a batch norm joins the weights of the layer before it.
//!
//! With `y = W x + b` and `z = a * y + c`, per output channel: `W' = a * W` and `b' = a * b + c`. Padding does not matter:
//! the norm comes after it.

use super::Draft;
use crate::{
    graph::NodeId,
    layer::{AnyLayer, Layer},
    tensor::Tensor,
};

/// Folds every batch norm whose input is a dense or convolution that nothing else takes.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut folded = 0;
    for i in 0..draft.nodes.len() {
        let node = &draft.nodes[i];
        let Some(AnyLayer::BatchNorm(norm)) = &node.layer else { continue };
        let before = node.inputs[0];
        if draft.only_user(before) != Some(NodeId(i)) || !linear(draft, before) {
            continue;
        }
        let names = ["gamma", "beta", "mean", "var"];
        let params: Vec<&Tensor> = names.iter().filter_map(|n| draft.weight(NodeId(i), n)).collect();
        if params.len() != names.len() {
            continue;
        }
        let lowered = norm.lower(&[&draft.nodes[before.0].shape], &params);
        let (factor, offset) = (lowered[0].values.data().to_vec(), lowered[1].values.data().to_vec());
        affine(draft, before, &factor, &offset);
        draft.bypass(NodeId(i));
        folded += 1;
    }
    folded
}

/// Whether a node is a dense or convolution.
pub(super) fn linear(draft: &Draft, id: NodeId) -> bool {
    matches!(draft.nodes[id.0].layer, Some(AnyLayer::Dense(_) | AnyLayer::Conv2d(_)))
}

/// Multiplies the output channels of a dense or convolution by `factor` and adds `offset`.
pub(super) fn affine(draft: &mut Draft, id: NodeId, factor: &[f64], offset: &[f64]) {
    let name = draft.nodes[id.0].name.clone();
    let Some(weight) = draft.weight(id, "weight").cloned() else { return };
    let per = weight.len() / factor.len().max(1);
    let scaled = Tensor::from_fn(weight.shape().clone(), |j| weight.data()[j] * factor[j / per]);
    let old = draft.weight(id, "bias").cloned();
    let bias = Tensor::from_fn([factor.len()], |c| old.as_ref().map_or(0.0, |b| b.data()[c]) * factor[c] + offset[c]);
    let needs_bias = old.is_some() || offset.iter().any(|c| *c != 0.0);
    draft.weights.insert(format!("{name}.weight"), scaled);
    if needs_bias {
        draft.weights.insert(format!("{name}.bias"), bias);
        match &mut draft.nodes[id.0].layer {
            Some(AnyLayer::Dense(dense)) => dense.bias = true,
            Some(AnyLayer::Conv2d(conv)) => conv.bias = true,
            _ => {}
        }
    }
}
