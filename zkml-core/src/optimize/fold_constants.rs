//! `f(parameters) = parameter`: what depends on no input is computed once, in floats.
//!
//! The result is a parameter like any other: private, if the weights are. One that is not finite is left to be computed, where
//! weights are public; where they are hidden, it is an error, since the graph may not depend on it.

use super::Draft;
use crate::{graph::NodeId, layer::AnyLayer, tensor::Tensor};

/// Replaces every layer that takes nothing but parameters by a parameter with the computed value.
pub(super) fn run(draft: &mut Draft) -> usize {
    let mut folded = 0;
    for i in 0..draft.nodes.len() {
        let Some(value) = value(draft, NodeId(i)) else { continue };
        let node = &mut draft.nodes[i];
        draft.weights.insert(format!("{}.value", node.name), value);
        node.layer = Some(AnyLayer::parameter(node.shape.clone()));
        node.inputs.clear();
        folded += 1;
    }
    folded
}

/// What a node always is, if it takes something, and all of that is parameters.
fn value(draft: &mut Draft, id: NodeId) -> Option<Tensor> {
    let node = &draft.nodes[id.0];
    let layer = node.layer.as_ref().filter(|_| !node.inputs.is_empty() && id != draft.output)?;
    let inputs = node.inputs.iter().map(|n| draft.parameter(*n));
    let inputs: Vec<&Tensor> = inputs.collect::<Option<_>>()?;
    let params: Vec<&Tensor> = draft.param_names(id).iter().map(|n| draft.weight(id, n)).collect::<Option<_>>()?;
    let value = layer.float(&inputs, &params);
    let folds = draft.hidden || value.data().iter().all(|x| x.is_finite());
    // That it is left says something of the weights.
    draft.values |= !folds;
    folds.then_some(value)
}
