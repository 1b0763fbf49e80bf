//! `scale(linear(x)) = linear'(x)` and `linear(scale(x)) = linear'(x)`: a factor joins the weights of a neighbour.
//!
//! Between the scale and the neighbour there may be layers that a factor passes through: rearrangements, sums and, for
//! factors above zero, maxima and rectifiers. Zero padding does not matter: a factor keeps zero.

use super::Draft;
use crate::{graph::NodeId, layer::Kind};

/// Folds every scale that meets a dense or convolution.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut folded = 0;
    for i in 0..draft.nodes.len() {
        let Some(Kind::Scale(factor)) = draft.kind(NodeId(i)) else { continue };
        if place(draft, NodeId(i), factor) {
            draft.bypass(NodeId(i));
            folded += 1;
        }
    }
    folded
}

/// Whether a factor passes through a node unchanged.
fn passes(draft: &Draft, id: NodeId, factor: f64) -> bool {
    draft.kind(id).is_some_and(|kind| kind.is_linear() || (factor > 0.0 && kind.is_homogeneous()))
        && draft.nodes[id.0].inputs.len() == 1
}

/// Multiplies by `factor` what enters `id` or what leaves it, in the weights of a neighbour.
pub(super) fn place(draft: &mut Draft, id: NodeId, factor: f64) -> bool {
    let before = draft.nodes[id.0].inputs[0];
    draft.only_user(before) == Some(id) && place_before(draft, before, factor)
        || draft.only_user(id).is_some_and(|after| place_after(draft, after, factor))
}

/// Multiplies the output of `id` by `factor`, in the weights that make it, if nothing else takes what is changed.
fn place_before(draft: &mut Draft, mut id: NodeId, factor: f64) -> bool {
    loop {
        if draft.has_channels_first(id) {
            let channels = draft.nodes[id.0].shape.dims()[0];
            draft.affine(id, &vec![factor; channels], None);
            return true;
        }
        if !passes(draft, id, factor) {
            return false;
        }
        let before = draft.nodes[id.0].inputs[0];
        if draft.only_user(before) != Some(id) {
            return false;
        }
        id = before;
    }
}

/// Multiplies the input of `id` by `factor`, in the weights that take it, if nothing else takes what is changed.
fn place_after(draft: &mut Draft, mut id: NodeId, factor: f64) -> bool {
    loop {
        if let Some((_, weight)) = draft.multiplier(id) {
            let scaled = weight.map(|w| w * factor);
            draft.set_affine(id, scaled, None);
            return true;
        }
        let Some(after) = draft.only_user(id).filter(|_| passes(draft, id, factor)) else { return false };
        id = after;
    }
}
