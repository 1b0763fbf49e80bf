//! Channels of different scales: a linear layer may hold each of its channels as finely as its weights allow.
//!
//! With `o_c >= 0` for channel `c` of a `dense` or a convolution that is not transposed: its weights are held at `2^(factor + o_c)`, so its values are
//! finer by `o_c` bits than the scale of the layer says. The rescale that comes next drops `shift + o_c` bits, after
//! which all channels have one scale again. Between the two may stand what takes each channel for itself and
//! does not mind its scale: maxima.
//!
//! | node | [`Step::channels`] |
//! |---|---|
//! | `dense` (of a vector), `conv1d`, `conv2d`, `depthwise_conv2d`, `pointwise_conv2d` | `o_c`, for every output channel |
//! | `max_pool1d`, `max_pool2d`, `global_max_pool1d`, `global_max_pool2d` after it | the same |
//! | the first node that cuts: one of these with a shift, saturation or width, or a `relu` | the same; its output has one scale |
//! | all others | empty |

use crate::{
    graph::{Graph, NodeId},
    layer::{AnyLayer, Step},
};

/// The finest that a channel may be.
const MAX: u32 = 64;

/// The number of channels that a node may hold at scales of their own.
pub(crate) fn of_linear(graph: &Graph, id: NodeId) -> Option<usize> {
    let node = graph.node(id);
    match &node.layer {
        Some(AnyLayer::Dense(_)) if node.shape.rank() == 1 => node.shape.dims().first().copied(),
        Some(
            AnyLayer::Conv1d(_) | AnyLayer::Conv2d(_) | AnyLayer::DepthwiseConv2d(_) | AnyLayer::PointwiseConv2d(_),
        ) => node.shape.dims().first().copied(),
        _ => None,
    }
}

/// Whether a node hands on channels of different scales, unless it cuts them.
pub(crate) fn passes_on(layer: &AnyLayer) -> bool {
    matches!(
        layer,
        AnyLayer::MaxPool1d(_) | AnyLayer::MaxPool2d(_) | AnyLayer::GlobalMaxPool1d(_) | AnyLayer::GlobalMaxPool2d(_)
    )
}

/// Whether a node's step always cuts.
fn always_cuts(layer: &AnyLayer) -> bool {
    matches!(layer, AnyLayer::Relu(_))
}

/// The nodes after a linear one that hold its channels, up to those that cut; nothing if one of them can't.
pub(crate) fn group(graph: &Graph, steps: &[Step], id: NodeId) -> Option<Vec<NodeId>> {
    let users = graph.users();
    let mut group = vec![id];
    let mut at = 0;
    while let Some(&node) = group.get(at) {
        at += 1;
        let layer = graph.node(node).layer.as_ref()?;
        if always_cuts(layer) || steps[node.0].cuts() {
            continue;
        }
        if node == graph.output() || node == graph.scores() {
            return None;
        }
        for user in &users[node.0] {
            let next = graph.node(*user).layer.as_ref()?;
            if !passes_on(next) && !always_cuts(next) {
                return None;
            }
            group.push(*user);
        }
    }
    Some(group)
}

/// Whether the steps' channels are consistent: only where they may be, and cut before anything else sees them.
pub(crate) fn check(graph: &Graph, steps: &[Step]) -> bool {
    let nothing: &[u32] = &[];
    // For every node, the channels of what it hands on.
    let mut handed: Vec<&[u32]> = vec![nothing; steps.len()];
    for (i, node) in graph.nodes().iter().enumerate() {
        let (Some(layer), step) = (&node.layer, &steps[i]) else { continue };
        let taken: Vec<&[u32]> = node.inputs.iter().map(|n| handed[n.0]).collect();
        let fits = if let (Some(channels), false) = (of_linear(graph, NodeId(i)), step.channels.is_empty()) {
            let sizes = step.channels.len() == channels
                && step.channels.iter().all(|o| {
                    *o <= MAX
                        && o.saturating_add(step.shift) <= 250
                        && o.saturating_add(step.factor.unsigned_abs()) <= 250
                });
            sizes && taken.iter().all(|t| t.is_empty())
        } else if passes_on(layer) || always_cuts(layer) {
            taken.iter().all(|t| *t == step.channels.as_slice())
                && step.channels.iter().all(|o| o.saturating_add(step.shift) <= 250)
        } else {
            step.channels.is_empty() && taken.iter().all(|t| t.is_empty())
        };
        if !fits {
            return false;
        }
        if !always_cuts(layer) && !step.cuts() {
            handed[i] = &step.channels;
        }
    }
    handed[graph.output().0].is_empty() && handed[graph.scores().0].is_empty()
}
