//! `mean(x) = sum(x) / n`: the divisor of an average joins the weights of a neighbour, and a sum is left.
//!
//! Only where every window has the same `n`, and `n` is no power of two (then the scale divides, which is free).

use super::{
    Draft,
    fold_scale::{place_after, place_before},
};
use crate::{
    graph::NodeId,
    layer::{
        AnyLayer, Factors, global_sum_pool1d::GlobalSumPool1d, global_sum_pool2d::GlobalSumPool2d,
        reduce_sum::ReduceSum, sum_pool1d::SumPool1d, sum_pool2d::SumPool2d,
    },
};

/// Turns every average whose divisor finds a place into a sum.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut folded = 0;
    for i in 0..draft.nodes.len() {
        let node = &draft.nodes[i];
        let Some((n, sum)) = node.layer.as_ref().and_then(|l| as_sum(draft, NodeId(i), l)) else { continue };
        let (factor, before) = (1.0 / n as f64, node.inputs[0]);
        let placed = draft.only_user(before) == Some(NodeId(i)) && place_before(draft, before, factor)
            || draft.only_user(NodeId(i)).is_some_and(|after| place_after(draft, after, factor));
        if placed {
            draft.nodes[i].layer = Some(sum);
            folded += 1;
        }
    }
    folded
}

/// The sum that an average is, and its divisor; nothing for what is no average, or one that costs nothing.
fn as_sum(draft: &Draft, id: NodeId, layer: &AnyLayer) -> Option<(usize, AnyLayer)> {
    let input = &draft.nodes[draft.nodes[id.0].inputs.first()?.0].shape;
    let divides = layer.factors() == Factors::Constants;
    match layer {
        AnyLayer::AvgPool2d(pool) if divides && pool.window.is_whole() => {
            Some((pool.window.kernel.iter().product(), SumPool2d { window: pool.window }.into()))
        }
        AnyLayer::AvgPool1d(pool) if divides && pool.window.is_whole() => {
            Some((pool.window.kernel.iter().product(), SumPool1d { window: pool.window }.into()))
        }
        AnyLayer::GlobalAvgPool2d(_) => divisor(input.dims().get(1..)?).map(|n| (n, GlobalSumPool2d.into())),
        AnyLayer::GlobalAvgPool1d(_) => divisor(input.dims().get(1..)?).map(|n| (n, GlobalSumPool1d.into())),
        AnyLayer::ReduceMean(mean) => {
            // Each output is of as many elements.
            let n = input.len() / draft.nodes[id.0].shape.len().max(1);
            divisor(&[n]).map(|n| (n, ReduceSum { axes: mean.axes.clone() }.into()))
        }
        _ => None,
    }
}

/// The product of these extents, if it is no power of two.
fn divisor(extents: &[usize]) -> Option<usize> {
    Some(extents.iter().product()).filter(|n: &usize| !n.is_power_of_two())
}
