//! `clip(relu(x)) = clip'(x)`: one decomposition where two were.

use super::Draft;
use crate::{
    graph::NodeId,
    layer::{AnyLayer, clip::Clip, relu::Relu, relu6::Relu6},
};

/// Merges every clip with a clip before it that nothing else takes; a relu is a clip at zero.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut merged = 0;
    for i in 0..draft.nodes.len() {
        let Some((lo, hi)) = bounds(draft.nodes[i].layer.as_ref()) else { continue };
        let before = draft.nodes[i].inputs[0];
        let Some((least, most)) = bounds(draft.nodes[before.0].layer.as_ref()) else { continue };
        let (lo, hi) = (least.clamp(lo, hi), most.clamp(lo, hi));
        if draft.only_user(before) != Some(NodeId(i)) || lo >= hi {
            continue;
        }
        draft.nodes[i].layer = Some(layer(lo, hi));
        draft.bypass(before);
        merged += 1;
    }
    merged
}

/// Between what a layer clips, the smaller first.
fn bounds(layer: Option<&AnyLayer>) -> Option<(f64, f64)> {
    let ends = match layer? {
        AnyLayer::Relu(_) => Some((0.0, f64::INFINITY)),
        AnyLayer::Relu6(_) => Some((0.0, 6.0)),
        AnyLayer::HardTanh(_) => Some((-1.0, 1.0)),
        AnyLayer::Clip(clip) => Some((clip.min.unwrap_or(f64::NEG_INFINITY), clip.max.unwrap_or(f64::INFINITY))),
        _ => None,
    };
    ends.filter(|(lo, hi)| lo <= hi)
}

/// The layer that clips between these.
fn layer(lo: f64, hi: f64) -> AnyLayer {
    match (lo, hi) {
        (0.0, f64::INFINITY) => Relu.into(),
        (0.0, 6.0) => Relu6.into(),
        _ => Clip { min: lo.is_finite().then_some(lo), max: hi.is_finite().then_some(hi) }.into(),
    }
}
