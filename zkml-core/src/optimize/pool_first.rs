//! `max_pool(relu(x)) = relu(max_pool(x))`: a maximum commutes with a monotone function, and there are fewer values after it.

use super::Draft;
use crate::{graph::NodeId, layer::AnyLayer};

/// Swaps every relu with a max pool that alone takes it.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut swapped = 0;
    for i in 0..draft.nodes.len() {
        if !matches!(draft.nodes[i].layer, Some(AnyLayer::Relu(_))) {
            continue;
        }
        let Some(user) = draft.only_user(NodeId(i)) else { continue };
        if !matches!(draft.nodes[user.0].layer, Some(AnyLayer::MaxPool2d(_) | AnyLayer::GlobalMaxPool2d(_))) {
            continue;
        }
        let pooled = draft.nodes[user.0].shape.clone();
        let pool = draft.nodes[user.0].layer.take();
        draft.nodes[user.0].layer = draft.nodes[i].layer.take();
        draft.nodes[i].layer = pool;
        draft.nodes[i].shape = pooled;
        let (a, b) = (draft.nodes[i].name.clone(), draft.nodes[user.0].name.clone());
        draft.nodes[i].name = b;
        draft.nodes[user.0].name = a;
        swapped += 1;
    }
    swapped
}
