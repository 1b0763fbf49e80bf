//! `linear(batch_norm(x)) = linear'(x)`: a batch norm that could not join the layer before it joins the one after it.
//!
//! With `z_c = a_c * x_c + b_c` and `y = W z + d`: `W' = W a` and `d' = d + W b`, channel by channel of the input. Only
//! without zero padding: padding comes after the norm, where zero does not stand for `b`.

use super::{Draft, fold_batch_norm::lowered_norm};
use crate::{
    graph::NodeId,
    layer::{Groups, Kind, Layout},
    tensor::Tensor,
};

/// Folds every batch norm that only a dense or a convolution without padding takes, straight or flattened.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut folded = 0;
    for i in 0..draft.nodes.len() {
        let Some((factor, offset)) = lowered_norm(draft, NodeId(i)) else { continue };
        let Some(mut user) = draft.only_user(NodeId(i)) else { continue };
        // Row-major order keeps the channels together.
        if draft.kind(user) == Some(Kind::Flatten) {
            let Some(next) = draft.only_user(user) else { continue };
            user = next;
        }
        if !join(draft, user, &factor, &offset) {
            continue;
        }
        draft.bypass(NodeId(i));
        folded += 1;
    }
    folded
}

/// Multiplies each channel of the input of a dense or convolution by its factor and adds its offset.
fn join(draft: &mut Draft, id: NodeId, factor: &[f64], offset: &[f64]) -> bool {
    let Some(linear) = draft.linear(id).filter(|linear| linear.is_unpadded()) else { return false };
    let node = &draft.nodes[id.0];
    let input = &draft.nodes[node.inputs[0].0].shape;
    // Of a flattened input, each channel is a part.
    if !linear.has_channels_first(input.rank()) || !input.len().is_multiple_of(factor.len()) {
        return false;
    }
    let groups = match linear.layout {
        Layout::ByOutput(Groups::Of(groups)) => groups,
        Layout::ByOutput(Groups::Depthwise) => factor.len(),
        Layout::ByInput { .. } | Layout::Separable => return false,
    };
    let (Some(weight), bias) = (draft.weight(id, "weight").cloned(), draft.weight(id, "bias").cloned()) else {
        return false;
    };
    let outputs = weight.shape().dims()[0];
    let columns = weight.len() / outputs.max(1);
    // How many columns a channel of the input has: its group's columns, among the channels of the group.
    let per = columns * groups / factor.len().max(1);
    let channel = |row: usize, column: usize| row / (outputs / groups) * (columns / per) + column / per;
    let scaled =
        Tensor::from_fn(weight.shape().clone(), |j| weight.data()[j] * factor[channel(j / columns, j % columns)]);
    let bias = Tensor::from_fn([outputs], |row| {
        let moved: f64 =
            (0..columns).map(|column| weight.data()[row * columns + column] * offset[channel(row, column)]).sum();
        bias.as_ref().map_or(0.0, |b| b.data()[row]) + moved
    });
    draft.set_affine(id, scaled, Some(bias));
    true
}
