//! `f(x), f(x) -> f(x)`: what is computed twice is computed once, its range checks included.
//!
//! Only layers without parameters: whether weights are equal must not show in a circuit that hides them.

use super::Draft;
use crate::graph::NodeId;

/// Merges every layer with an earlier one of the same arguments and inputs.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut merged = 0;
    for i in 1..draft.nodes.len() {
        let Some(layer) = &draft.nodes[i].layer else { continue };
        if draft.has_params(NodeId(i)) {
            continue;
        }
        let same = (1..i)
            .find(|j| draft.nodes[*j].layer.as_ref() == Some(layer) && draft.nodes[*j].inputs == draft.nodes[i].inputs);
        if let Some(same) = same {
            draft.replace(NodeId(i), NodeId(same));
            merged += 1;
        }
    }
    merged
}
