//! `mean(x) = sum(x) / n`: the divisor of an average joins the weights of a neighbour, and a sum is left.
//!
//! Only where every window has the same `n`, and `n` is no power of two (then the scale divides, which is free).

use super::{Draft, fold_scale::place};
use crate::{
    graph::NodeId,
    layer::{
        AnyLayer, global_sum_pool1d::GlobalSumPool1d, global_sum_pool2d::GlobalSumPool2d, reduce_sum::ReduceSum,
        sum_pool1d::SumPool1d, sum_pool2d::SumPool2d,
    },
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
    let node = &draft.nodes[id.0];
    let taken = draft.nodes[node.inputs.first()?.0].shape.len();
    // Of those without windows, each output is of as many elements.
    let all = taken / node.shape.len().max(1);
    let (n, sum) = match node.layer.as_ref()? {
        AnyLayer::AvgPool1d(pool) if pool.window.is_whole() => {
            (pool.window.area(), SumPool1d { window: pool.window }.into())
        }
        AnyLayer::AvgPool2d(pool) if pool.window.is_whole() => {
            (pool.window.area(), SumPool2d { window: pool.window }.into())
        }
        AnyLayer::GlobalAvgPool1d(_) => (all, GlobalSumPool1d.into()),
        AnyLayer::GlobalAvgPool2d(_) => (all, GlobalSumPool2d.into()),
        AnyLayer::ReduceMean(mean) => (all, ReduceSum { axes: mean.axes.clone() }.into()),
        _ => return None,
    };
    (!n.is_power_of_two()).then_some((n, sum))
}
