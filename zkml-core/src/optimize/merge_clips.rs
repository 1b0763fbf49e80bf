//! `clip(relu(x)) = clip'(x)`: one decomposition where two were.

use super::Draft;
use crate::{graph::NodeId, layer::AnyLayer};

/// Merges every clip with a clip before it that nothing else takes; a relu is a clip at zero.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut merged = 0;
    for i in 0..draft.nodes.len() {
        let Some((lo, hi)) = ends(draft, NodeId(i)) else { continue };
        let before = draft.nodes[i].inputs[0];
        let Some((least, most)) = ends(draft, before) else { continue };
        let (lo, hi) = (least.clamp(lo, hi), most.clamp(lo, hi));
        if draft.only_user(before) != Some(NodeId(i)) || lo >= hi {
            continue;
        }
        draft.nodes[i].layer = Some(AnyLayer::clip(lo, hi));
        draft.bypass(before);
        merged += 1;
    }
    merged
}

/// Between what a layer clips, the smaller first.
fn ends(draft: &Draft, id: NodeId) -> Option<(f64, f64)> {
    draft.kind(id)?.ends().filter(|(lo, hi)| lo <= hi)
}
