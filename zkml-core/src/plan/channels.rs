//! Per-channel scales: a linear layer may hold each of its channels as finely as its weights allow.
//!
//! With `o_c >= 0` for channel `c` of a `dense` or a convolution that is not transposed: its weights are held at `2^(weight_scale + o_c)`, so its values are
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
    layer::{AnyLayer, Kind, Layout, Step},
    shape::Shape,
};

/// The finest that a channel may be.
const MAX: u32 = 64;

/// What a layer does with channels of different scales.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Channels {
    /// Its output channels may have scales of their own.
    Makes,
    /// Its output has the channels of its input, unless its step cuts them.
    HandsOn,
    /// Its output has one scale: its rescale is always its own.
    Cuts,
    /// Nothing: it takes one scale and gives one.
    None,
}

/// What a layer whose output has this shape does with them.
fn channels(layer: &AnyLayer, shape: &Shape) -> Channels {
    let kind = layer.kind();
    if let Some(linear) = kind.linear() {
        let rows = matches!(linear.layout, Layout::ByOutput(_)) && linear.has_channels_first(shape.rank());
        return if rows { Channels::Makes } else { Channels::None };
    }
    match kind == Kind::Relu {
        true => Channels::Cuts,
        false if kind.keeps_channel_scales() => Channels::HandsOn,
        false => Channels::None,
    }
}

/// What a node does with them; nothing for the input.
fn role(graph: &Graph, id: NodeId) -> Option<Channels> {
    let node = graph.node(id);
    node.layer.as_ref().map(|layer| channels(layer, &node.shape))
}

/// The number of channels that a node may hold at scales of their own.
pub(crate) fn of_linear(graph: &Graph, id: NodeId) -> Option<usize> {
    let node = graph.node(id);
    let makes = role(graph, id)? == Channels::Makes;
    node.shape.dims().first().copied().filter(|_| makes)
}

/// The nodes after a linear one that hold its channels, up to those that cut; nothing if one of them can't.
pub(crate) fn group(graph: &Graph, steps: &[Step], id: NodeId) -> Option<Vec<NodeId>> {
    let users = graph.users();
    let mut group = vec![id];
    let mut at = 0;
    while let Some(&node) = group.get(at) {
        at += 1;
        if role(graph, node)? == Channels::Cuts || steps[node.0].cuts() {
            continue;
        }
        if node == graph.output() || node == graph.scores() {
            return None;
        }
        for user in &users[node.0] {
            match role(graph, *user)? {
                Channels::HandsOn | Channels::Cuts => group.push(*user),
                Channels::Makes | Channels::None => return None,
            }
        }
    }
    Some(group)
}

/// Whether a node's values are finer than its scale says, by its channels: those that it does not cut.
pub(crate) fn handed_on(graph: &Graph, id: NodeId, step: &Step) -> bool {
    !step.channels.is_empty() && !step.cuts() && role(graph, id) != Some(Channels::Cuts)
}

/// Whether the steps' channels are consistent: only where they may be, and cut before anything else sees them.
pub(crate) fn check(graph: &Graph, steps: &[Step]) -> bool {
    let nothing: &[u32] = &[];
    // For every node, the channels of what it hands on.
    let mut handed: Vec<&[u32]> = vec![nothing; steps.len()];
    for (i, node) in graph.nodes().iter().enumerate() {
        let (Some(layer), step) = (&node.layer, &steps[i]) else { continue };
        let taken: Vec<&[u32]> = node.inputs.iter().map(|n| handed[n.0]).collect();
        let one = step.channels.is_empty() && taken.iter().all(|t| t.is_empty());
        let role = channels(layer, &node.shape);
        let fits = match role {
            Channels::Makes => {
                let held = |o: u32| {
                    o <= MAX
                        && o.saturating_add(step.shift) <= 250
                        && o.saturating_add(step.weight_scale.unsigned_abs()) <= 250
                };
                let all = step.channels.len() == node.shape.dims()[0] && step.channels.iter().all(|o| held(*o));
                one || (all && taken.iter().all(|t| t.is_empty()))
            }
            Channels::HandsOn | Channels::Cuts => {
                taken.iter().all(|t| *t == step.channels.as_slice())
                    && step.channels.iter().all(|o| o.saturating_add(step.shift) <= 250)
            }
            Channels::None => one,
        };
        if !fits {
            return false;
        }
        if role != Channels::Cuts && !step.cuts() {
            handed[i] = &step.channels;
        }
    }
    handed[graph.output().0].is_empty() && handed[graph.scores().0].is_empty()
}
