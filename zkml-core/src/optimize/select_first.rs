//! `slice(relu(x)) = relu(slice(x))`, `slice(linear(x)) = linear'(x)`: what no output depends on is not computed.
//!
//! A rearrangement that leaves elements out moves towards the input, through functions of elements, until a dense or a
//! convolution loses the channels that are left out.

use super::Draft;
use crate::{graph::NodeId, tensor::Tensor};

/// Moves every selection one layer towards the input.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut moved = 0;
    for i in 0..draft.nodes.len() {
        let Some(from) = selection(draft, NodeId(i)) else { continue };
        let before = draft.nodes[i].inputs[0];
        if draft.only_user(before) != Some(NodeId(i)) {
            continue;
        }
        let elementwise = draft.kind(before).is_some_and(|kind| kind.is_elementwise())
            && draft.nodes[before.0].inputs.len() == 1
            && !draft.has_params(before);
        if elementwise {
            draft.swap(before, NodeId(i));
            moved += 1;
        } else if draft.has_channels_first(before) && drop_channels(draft, NodeId(i), before, &from) {
            moved += 1;
        }
    }
    moved
}

/// Where each element of a node is in its input, if it is a rearrangement that leaves elements out and fills in none.
fn selection(draft: &Draft, id: NodeId) -> Option<Vec<usize>> {
    let node = &draft.nodes[id.0];
    let layer = node.layer.as_ref().filter(|l| l.kind().is_rearrangement())?;
    let input = &draft.nodes[node.inputs.first()?.0].shape;
    if node.inputs.len() != 1 || node.shape.len() >= input.len() {
        return None;
    }
    // Zero is the place of no element: it tells what is filled in.
    let places = layer.float(&[&Tensor::from_fn(input.clone(), |i| (i + 1) as f64)], &[]);
    places.data().iter().map(|p| (*p as usize).checked_sub(1)).collect()
}

/// Lets a dense or convolution compute only the channels that are selected, if the selection is of whole channels.
fn drop_channels(draft: &mut Draft, id: NodeId, before: NodeId, from: &[usize]) -> bool {
    let input = draft.nodes[before.0].shape.clone();
    let Some((&channels, rest)) = input.dims().split_first() else { return false };
    let per: usize = rest.iter().product();
    if draft.nodes[id.0].shape.dims().get(1..) != Some(rest) {
        return false;
    }
    let kept: Vec<usize> = from.iter().step_by(per.max(1)).map(|at| at / per.max(1)).collect();
    let whole = from.iter().enumerate().all(|(i, at)| *at == kept[i / per] * per + i % per);
    if !whole || kept.len() >= channels {
        return false;
    }
    let Some(linear) = draft.linear(before).filter(|linear| linear.has_independent_outputs()) else { return false };
    let fewer = draft.nodes[before.0].layer.as_ref().and_then(|layer| layer.with(linear.outputs, kept.len()).ok());
    let Some(layer) = fewer else { return false };
    let rows = |t: &Tensor| {
        let columns = t.len() / channels;
        let mut dims = t.shape().dims().to_vec();
        dims[0] = kept.len();
        Tensor::from_fn(crate::shape::Shape::new(dims), |i| t.data()[kept[i / columns] * columns + i % columns])
    };
    let weight = draft.multiplier(before).map(|(_, weight)| rows(weight));
    let (Some(weight), bias) = (weight, draft.weight(before, "bias").map(rows)) else { return false };
    draft.nodes[before.0].layer = Some(layer);
    draft.nodes[before.0].shape = draft.nodes[id.0].shape.clone();
    draft.set_affine(before, weight, bias);
    draft.bypass(id);
    true
}
