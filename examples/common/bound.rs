//! What a plan should cost with public weights: each activation its accumulator's bits and three more.

use std::error::Error;

use zkml::{
    layer::Literal,
    number::{Interval, interval::bit_len},
    plan::Quantized,
};

/// `sum over activations of (accumulator bits + 3)`, where a comparison is one (a pool of `n` values has `n - 1`, `argmax` one a
/// class), a product costs itself, and the range check of an input element its bits. Nothing for a network that divides as well, in a
/// softmax or a normalization: what it needs is no multiple of its activations.
///
/// # Errors
/// If the plan has another layer whose comparisons are not known here.
pub fn activations(quantized: &Quantized) -> Result<Option<usize>, Box<dyn Error>> {
    let (graph, intervals) = (quantized.graph(), quantized.intervals());
    let bits = |i: &Interval| bit_len((i.hi - i.lo).max(zkml::number::Int::ONE)) as usize;
    let mut total = 0;
    for (i, node) in graph.nodes().iter().enumerate() {
        let Some(layer) = &node.layer else {
            total += node.shape.len() * bits(&intervals[i]);
            continue;
        };
        let card = layer.card();
        if !card.constraints.contains("bits") {
            let public = layer.kind().is_elementwise() && card.constraints != "0";
            total += if public { node.shape.len() * card.constraints.parse::<usize>()? } else { 0 };
            continue;
        }
        let input = node.inputs[0];
        let size = || {
            layer.args().iter().find(|(name, _)| *name == "size").and_then(|(_, size)| match size {
                Literal::Int(n) => usize::try_from(*n).ok().map(|n| n * n),
                Literal::List(l) => usize::try_from(l.iter().product::<i64>()).ok(),
                _ => None,
            })
        };
        let comparisons = match card.name {
            "max_pool2d" => node.shape.len() * (size().ok_or("a pool has no size")? - 1),
            "argmax" => graph.node(input).shape.len(),
            "softmax" | "layer_norm" => return Ok(None),
            _ if layer.kind().is_elementwise() => node.shape.len(),
            other => return Err(format!("`{other}` has comparisons that are not known here").into()),
        };
        total += comparisons * (bits(&intervals[input.0]) + 3);
    }
    Ok(Some(total))
}

/// By how much a plan may exceed [`activations`].
pub const SLACK: f64 = 1.1;
