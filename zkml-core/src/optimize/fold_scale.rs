//! `scale(linear(x)) = linear'(x)` and `linear(scale(x)) = linear'(x)`: a factor joins the weights of a neighbour.
//!
//! Zero padding does not matter: a factor keeps zero.

use super::{
    Draft,
    fold_batch_norm::{affine, linear},
};
use crate::{graph::NodeId, layer::AnyLayer};

/// Folds every scale whose input is a dense or convolution that nothing else takes, or whose only user is one.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut folded = 0;
    for i in 0..draft.nodes.len() {
        let node = &draft.nodes[i];
        let Some(AnyLayer::Scale(scale)) = &node.layer else { continue };
        let (factor, before) = (scale.factor, node.inputs[0]);
        let after = draft.only_user(NodeId(i));
        if draft.only_user(before) == Some(NodeId(i)) && linear(draft, before) {
            let channels = draft.nodes[before.0].shape.dims()[0];
            affine(draft, before, &vec![factor; channels], &vec![0.0; channels]);
        } else if let Some(after) = after.filter(|a| linear(draft, *a)) {
            let name = format!("{}.weight", draft.nodes[after.0].name);
            let Some(weight) = draft.weights.get(&name) else { continue };
            let scaled = weight.map(|w| w * factor);
            draft.weights.insert(name, scaled);
        } else {
            continue;
        }
        draft.bypass(NodeId(i));
        folded += 1;
    }
    folded
}
