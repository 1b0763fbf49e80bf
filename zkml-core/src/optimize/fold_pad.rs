//! `conv(pad(x)) = conv'(x)`: a border of zeros joins the padding of the convolution after it.
//!
//! Known zeros are no wires, so that the padding is free either way; but private weights cost less over an input that is
//! all variables, see [`crate::gadget::product::winograd`].

use super::Draft;
use crate::{
    graph::NodeId,
    layer::{Kind, Literal, window::Padding},
};

/// Folds every border of zeros around height and width, or length, that only a convolution takes.
pub(super) fn run(draft: &mut Draft) -> usize {
    (0..draft.nodes.len()).filter(|i| fold(draft, NodeId(*i)).is_some()).count()
}

fn fold(draft: &mut Draft, id: NodeId) -> Option<()> {
    let Kind::ZeroPadding(border) = draft.kind(id)? else { return None };
    let input = draft.nodes[draft.nodes[id.0].inputs.first()?.0].shape.clone();
    let border = border.ends("padding", &input).ok()?;
    let user = draft.only_user(id)?;
    let within = match draft.linear(user)?.padding? {
        Padding::Valid => [0; 4],
        Padding::Explicit(within) => within,
        // Of how much depends on the border.
        Padding::Same => return None,
    };
    let (around, literal): (_, fn(Padding) -> Literal) = match *border.as_slice() {
        [[0, 0], [start, end]] => ([0, start, 0, end], Padding::literal_line),
        [[0, 0], [top, bottom], [left, right]] => ([top, left, bottom, right], Padding::literal),
        _ => return None,
    };
    let padding = Padding::Explicit(std::array::from_fn(|side| within[side].saturating_add(around[side])));
    let layer = draft.nodes[user.0].layer.as_ref()?.with("padding", literal(padding)).ok()?;
    // No window may see nothing but padding.
    if layer.shape(&[&input]).as_ref() != Ok(&draft.nodes[user.0].shape) {
        return None;
    }
    draft.nodes[user.0].layer = Some(layer);
    draft.bypass(id);
    Some(())
}
