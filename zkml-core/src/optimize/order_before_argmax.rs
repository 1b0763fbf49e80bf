//! `argmax(softmax(x)) = argmax(x)`: what keeps the order of its elements is not needed before their comparison.
//!
//! In exact reals, and hence in the circuit. The float reference differs where rounding makes equal what is not: of 40 and 50,
//! both have the sigmoid 1 as floats, and `argmax` takes the first of equals, while the circuit compares 40 and 50. So the class
//! that is proven is that of the exact function, and the float class is the first of those that floats can't tell apart.

use super::Draft;
use crate::{graph::NodeId, layer::Kind};

/// Bypasses every increasing layer, and every scale by a factor above zero, that only an argmax takes.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut dropped = 0;
    for i in 0..draft.nodes.len() {
        let keeps = draft.kind(NodeId(i)).is_some_and(|kind| kind.keeps_order());
        let compared =
            draft.only_user(NodeId(i)).is_some_and(|user| matches!(draft.kind(user), Some(Kind::Argmax { .. })))
                && draft.nodes[i].shape.rank() == 1
                && draft.nodes[i].inputs.len() == 1;
        if keeps && compared {
            draft.bypass(NodeId(i));
            dropped += 1;
        }
    }
    dropped
}
