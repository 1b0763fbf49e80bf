//! `argmax(softmax(x)) = argmax(x)`: what keeps the order of its elements is not needed before their comparison.
//!
//! In exact reals, and hence in the circuit. The float reference differs where rounding makes equal what is not: of 40 and 50,
//! both have the sigmoid 1 as floats, and `argmax` takes the first of equals, while the circuit compares 40 and 50. So the class
//! that is proven is that of the exact function, and the float class is the first of those that floats can't tell apart.

use super::Draft;
use crate::{
    graph::NodeId,
    layer::{AnyLayer, Kind},
};

/// Bypasses every increasing layer, and every scale by a factor above zero, that only an argmax takes.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut dropped = 0;
    for i in 0..draft.nodes.len() {
        let keeps = match &draft.nodes[i].layer {
            Some(AnyLayer::Scale(scale)) => scale.factor > 0.0,
            Some(layer) => matches!(layer.kind(), Kind::Increasing | Kind::Order),
            None => false,
        };
        let compared = draft
            .only_user(NodeId(i))
            .is_some_and(|user| matches!(draft.nodes[user.0].layer, Some(AnyLayer::Argmax(_))))
            && draft.nodes[i].shape.rank() == 1
            && draft.nodes[i].inputs.len() == 1;
        if keeps && compared {
            draft.bypass(NodeId(i));
            dropped += 1;
        }
    }
    dropped
}
