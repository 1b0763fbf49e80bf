//! `max_pool(relu(x)) = relu(max_pool(x))`: a maximum commutes with a function that never falls, and there are fewer
//! values after it.

use super::Draft;
use crate::{graph::NodeId, layer::Kind};

/// Swaps every function of elements that never falls with a maximum or minimum that alone takes it.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut swapped = 0;
    for i in 0..draft.nodes.len() {
        if !draft.kind(NodeId(i)).is_some_and(|kind| kind.is_monotone())
            || draft.nodes[i].inputs.len() != 1
            || draft.has_params(NodeId(i))
        {
            continue;
        }
        let Some(user) = draft.only_user(NodeId(i)) else { continue };
        if !matches!(draft.kind(user), Some(Kind::Maximum(_) | Kind::Minimum(_)))
            || draft.nodes[user.0].inputs.len() != 1
        {
            continue;
        }
        draft.swap(NodeId(i), user);
        swapped += 1;
    }
    swapped
}
