//! `batch_norm(linear(x)) = linear'(x)`: a batch norm joins the weights of the layer before it.
//!
//! An offset is a batch norm with factors of one. With `y = W x + b` and `z = a * y + c`, per output channel: `W' = a * W` and `b' = a * b + c`. Padding does not matter:
//! the norm comes after it.

use super::Draft;
use crate::{graph::NodeId, layer::Kind, tensor::Tensor};

/// Folds every batch norm whose input is a dense or convolution that nothing else takes.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut folded = 0;
    for i in 0..draft.nodes.len() {
        let Some((factor, offset)) = lowered_norm(draft, NodeId(i)) else { continue };
        let before = draft.nodes[i].inputs[0];
        if draft.only_user(before) != Some(NodeId(i)) || !draft.has_channels_first(before) {
            continue;
        }
        draft.affine(before, &factor, Some(&offset));
        draft.bypass(NodeId(i));
        folded += 1;
    }
    folded
}

/// Factor and offset of each channel, if the node is a batch norm or an offset.
pub(super) fn lowered_norm(draft: &Draft, id: NodeId) -> Option<(Vec<f64>, Vec<f64>)> {
    let node = &draft.nodes[id.0];
    let kind = draft.kind(id)?;
    if let Kind::Offset(value) = kind {
        let channels = *node.shape.dims().first()?;
        return Some((vec![1.0; channels], vec![value; channels]));
    }
    if !matches!(kind, Kind::BatchNorm { .. }) {
        return None;
    }
    let params: Vec<&Tensor> = draft.param_names(id).iter().map(|n| draft.weight(id, n)).collect::<Option<_>>()?;
    let lowered = node.layer.as_ref()?.lower(&[&draft.nodes[node.inputs[0].0].shape], &params);
    Some((lowered.first()?.values.data().to_vec(), lowered.get(1)?.values.data().to_vec()))
}
