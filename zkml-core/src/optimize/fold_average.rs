//! `mean(x) = sum(x) / n`: the divisor of an average joins the weights of a neighbour, and a sum is left.
//!
//! Only where every window has the same `n`, and `n` is no power of two (then the scale divides, which is free).

use super::{Draft, fold_scale::place};
use crate::{
    graph::NodeId,
    layer::{AnyLayer, Kind},
};

/// Turns every average whose divisor finds a place into a sum.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut folded = 0;
    for i in 0..draft.nodes.len() {
        let Some((n, sum)) = as_sum(draft, NodeId(i)) else { continue };
        if place(draft, NodeId(i), 1.0 / n as f64) {
            draft.nodes[i].layer = Some(sum);
            folded += 1;
        }
    }
    folded
}

/// The sum that an average is, and its divisor; nothing for what is no average, or one that costs nothing.
fn as_sum(draft: &Draft, id: NodeId) -> Option<(usize, AnyLayer)> {
    let Kind::Mean(over, sum) = draft.kind(id)? else { return None };
    let node = &draft.nodes[id.0];
    let n = over.elements(&draft.nodes[node.inputs.first()?.0].shape, &node.shape);
    sum.filter(|_| !n.is_power_of_two()).map(|sum| (n, *sum))
}
