//! `x + p = offset(x)`, `x * p = scale(x)`: a parameter that is one number becomes the argument of a layer.
//!
//! Only where weights are public. Readers of files make parameters of all that is trained, since a graph shows its arguments;
//! an argument needs no wire, and more passes know what to do with it.

use super::Draft;
use crate::{
    graph::NodeId,
    layer::{AnyLayer, Binary, Kind},
    tensor::Tensor,
};

/// Replaces every parameter that is one number, where a layer takes it as an argument.
pub(super) fn run(draft: &mut Draft) -> usize {
    if draft.hidden {
        return 0;
    }
    let replaced =
        (0..draft.nodes.len()).filter(|i| norm(draft, NodeId(*i)) || pair(draft, NodeId(*i)).is_some()).count();
    draft.values |= replaced > 0;
    replaced
}

/// The number that all elements are.
fn number(values: &Tensor) -> Option<f64> {
    let first = *values.data().first()?;
    values.data().iter().all(|v| *v == first).then_some(first)
}

/// A layer of two tensors, one of them a parameter.
fn pair(draft: &mut Draft, id: NodeId) -> Option<()> {
    let node = &draft.nodes[id.0];
    let (Kind::Binary(binary), &[a, b]) = (draft.kind(id)?, node.inputs.as_slice()) else { return None };
    let parameter = |id: NodeId| draft.parameter(id).and_then(number);
    let (x, p, c, turned) = match (parameter(a), parameter(b)) {
        (None, Some(c)) => (a, b, c, false),
        (Some(c), None) => (b, a, c, true),
        _ => return None,
    };
    // The parameter may not be what gives the result its shape.
    if draft.nodes[x.0].shape != node.shape {
        return None;
    }
    let layer = match (binary, turned) {
        (Binary::Add, _) => AnyLayer::offset(c),
        (Binary::Sub, false) => AnyLayer::offset(-c),
        (Binary::Mul, _) if c != 0.0 => AnyLayer::scaling(c),
        (Binary::Maximum, _) => AnyLayer::clip(c, f64::INFINITY),
        (Binary::Minimum, _) => AnyLayer::clip(f64::NEG_INFINITY, c),
        // The parameter's node computes `-x` or `1 / x` instead.
        (Binary::Sub, true) => return two(draft, id, [x, p], AnyLayer::scaling(-1.0), AnyLayer::offset(c)),
        (Binary::Div, true) if c != 0.0 => {
            return two(draft, id, [x, p], AnyLayer::reciprocal(), AnyLayer::scaling(c));
        }
        (Binary::Mul | Binary::Div, _) => return None,
    };
    draft.nodes[id.0].inputs = vec![x];
    put(draft, id, layer);
    Some(())
}

/// `second(first(x))`, the first at the place of a parameter that nothing else takes.
fn two(draft: &mut Draft, id: NodeId, [x, p]: [NodeId; 2], first: AnyLayer, second: AnyLayer) -> Option<()> {
    if p < x || draft.only_user(p) != Some(id) {
        return None;
    }
    draft.nodes[p.0].inputs = vec![x];
    draft.nodes[p.0].shape = draft.nodes[x.0].shape.clone();
    draft.nodes[p.0].layer = Some(first);
    draft.nodes[id.0].inputs = vec![p];
    put(draft, id, second);
    Some(())
}

/// A batch norm of mean 0 and deviation 1 that only multiplies by one number, or only adds one.
fn norm(draft: &mut Draft, id: NodeId) -> bool {
    let Some(Kind::BatchNorm { epsilon }) = draft.kind(id) else { return false };
    let values = |name: &str| draft.weight(id, name).and_then(number);
    let (Some(gamma), Some(beta), Some(0.0), Some(var)) =
        (values("gamma"), values("beta"), values("mean"), values("var"))
    else {
        return false;
    };
    let layer = match (gamma, beta) {
        _ if (var + epsilon - 1.0).abs() > 2.0 * f64::EPSILON => return false,
        (gamma, 0.0) if gamma != 0.0 => AnyLayer::scaling(gamma),
        (1.0, beta) => AnyLayer::offset(beta),
        _ => return false,
    };
    put(draft, id, layer);
    true
}

/// Gives a node of one input its layer, or leaves it out if that changes nothing.
fn put(draft: &mut Draft, id: NodeId, layer: AnyLayer) {
    let nothing = matches!(layer.kind(), Kind::Offset(0.0) | Kind::Scale(1.0));
    // A graph keeps one layer at least.
    let first = draft.nodes[draft.nodes[id.0].inputs[0].0].layer.is_none();
    draft.nodes[id.0].layer = Some(layer);
    if nothing && !(id == draft.output && first) {
        draft.bypass(id);
    }
}
