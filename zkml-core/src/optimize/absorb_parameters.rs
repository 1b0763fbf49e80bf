//! `matmul(x, W) = dense(x)`, `linear(x) + b = linear'(x)`, `linear(x) * a = linear'(x)`: a parameter that a layer of two
//! tensors takes joins the weights of a layer of one.

use super::Draft;
use crate::{
    graph::NodeId,
    layer::{AnyLayer, Binary, Kind},
    shape::Shape,
    tensor::Tensor,
};

/// Absorbs every parameter that it can.
pub(super) fn run(draft: &mut Draft) -> usize {
    (0..draft.nodes.len()).filter(|i| product(draft, NodeId(*i)) || sum(draft, NodeId(*i))).count()
}

/// A matrix product with a parameter of two axes becomes a dense layer.
fn product(draft: &mut Draft, id: NodeId) -> bool {
    let node = &draft.nodes[id.0];
    let (Some(Kind::MatMul), &[x, w]) = (draft.kind(id), node.inputs.as_slice()) else { return false };
    let Some(matrix) = draft.parameter(w).filter(|m| m.shape().rank() == 2) else { return false };
    let &[inputs, units] = matrix.shape().dims() else { return false };
    let weight = Tensor::from_fn([units, inputs], |i| matrix.data()[i % inputs * units + i / inputs]);
    let name = format!("{}.weight", node.name);
    draft.weights.insert(name, weight);
    draft.nodes[id.0].layer = Some(AnyLayer::product(units));
    draft.nodes[id.0].inputs = vec![x];
    true
}

/// A sum, difference or product of a dense or convolution that nothing else takes with one number a channel.
fn sum(draft: &mut Draft, id: NodeId) -> bool {
    let node = &draft.nodes[id.0];
    let (Some(Kind::Binary(binary)), &[a, b]) = (draft.kind(id), node.inputs.as_slice()) else { return false };
    let ((x, value), swapped) = match (draft.parameter(a), draft.parameter(b)) {
        (None, Some(value)) => ((a, value), false),
        (Some(value), None) => ((b, value), true),
        _ => return false,
    };
    if draft.only_user(x) != Some(id) || !draft.is_weighted(x) || draft.nodes[x.0].shape != node.shape {
        return false;
    }
    let axis = if draft.has_channels_first(x) { 0 } else { node.shape.rank() - 1 };
    let Some(value) = channels(value, &node.shape, axis) else { return false };
    let ones = vec![1.0; value.len()];
    let (factor, offset) = match binary {
        Binary::Add => (ones, Some(value)),
        Binary::Sub if swapped => (ones.iter().map(|one| -one).collect(), Some(value)),
        Binary::Sub => (ones, Some(value.iter().map(|v| -v).collect::<Vec<f64>>())),
        Binary::Mul => (value, None),
        Binary::Div | Binary::Maximum | Binary::Minimum => return false,
    };
    draft.affine(x, &factor, offset.as_deref());
    draft.replace(id, x);
    true
}

/// The number of each channel along this axis, if the parameter is the same everywhere else.
fn channels(value: &Tensor, shape: &Shape, axis: usize) -> Option<Vec<f64>> {
    let dims = value.shape().dims();
    let missing = shape.rank().checked_sub(dims.len())?;
    let extent = |of: usize| if of < missing { 1 } else { dims[of - missing] };
    let constant = (0..shape.rank()).all(|of| of == axis || extent(of) == 1);
    let n = *shape.dims().get(axis)?;
    match extent(axis) {
        _ if !constant => None,
        1 => Some(vec![*value.data().first()?; n]),
        extent => (extent == n).then(|| value.data().to_vec()),
    }
}
