//! `batch_norm(linear(x)) = linear'(x)`: a batch norm joins the weights of the layer before it.
//!
//! An offset is a batch norm with factors of one. With `y = W x + b` and `z = a * y + c`, per output channel: `W' = a * W` and `b' = a * b + c`. Padding does not matter:
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
        let Some((factor, offset)) = lowered_norm(draft, NodeId(i)) else { continue };
        let before = draft.nodes[i].inputs[0];
        if draft.only_user(before) != Some(NodeId(i)) || !linear(draft, before) {
            continue;
        }
        affine(draft, before, &factor, &offset);
        draft.bypass(NodeId(i));
        folded += 1;
    }
    folded
}

/// Factor and offset of each channel, if the node is a batch norm or an offset.
pub(super) fn lowered_norm(draft: &Draft, id: NodeId) -> Option<(Vec<f64>, Vec<f64>)> {
    let node = &draft.nodes[id.0];
    let norm = match &node.layer {
        Some(AnyLayer::BatchNorm(norm)) => norm,
        Some(AnyLayer::Offset(offset)) => {
            let channels = *node.shape.dims().first()?;
            return Some((vec![1.0; channels], vec![offset.value; channels]));
        }
        _ => return None,
    };
    let params = ["gamma", "beta", "mean", "var"].map(|n| draft.weight(id, n));
    let params: Vec<&Tensor> = params.into_iter().collect::<Option<_>>()?;
    let lowered = norm.lower(&[&draft.nodes[node.inputs[0].0].shape], &params);
    Some((lowered.first()?.values.data().to_vec(), lowered.get(1)?.values.data().to_vec()))
}

/// Whether a node is a dense or convolution whose weight has one row an output channel, the first axis of its output.
pub(super) fn linear(draft: &Draft, id: NodeId) -> bool {
    match &draft.nodes[id.0].layer {
        Some(AnyLayer::Conv2d(_)) => true,
        Some(AnyLayer::Dense(_)) => draft.nodes[id.0].shape.rank() == 1,
        _ => false,
    }
}

/// Multiplies the output channels of a dense or convolution by `factor` and adds `offset`.
pub(super) fn affine(draft: &mut Draft, id: NodeId, factor: &[f64], offset: &[f64]) {
    let Some(weight) = draft.weight(id, "weight").cloned() else { return };
    let per = weight.len() / factor.len().max(1);
    let scaled = Tensor::from_fn(weight.shape().clone(), |j| weight.data()[j] * factor[j / per]);
    let old = draft.weight(id, "bias").cloned();
    let bias = Tensor::from_fn([factor.len()], |c| old.as_ref().map_or(0.0, |b| b.data()[c]) * factor[c] + offset[c]);
    let needs_bias = old.is_some() || offset.iter().any(|c| *c != 0.0);
    draft.set_affine(id, scaled, needs_bias.then_some(bias));
}
