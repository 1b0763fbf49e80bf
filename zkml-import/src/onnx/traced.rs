//! A value while it is traced through the file: its tensor or node, its shape in the file, and its batch axis.

use zkml_core::tensor::Tensor;

use crate::builder::Value;

/// What the elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Real,
    Whole,
    Bool,
}

/// A value and its shape in the file.
#[derive(Clone, Debug)]
pub(super) struct Traced {
    pub value: Value,
    /// The extents in the file; that of a batch is one.
    pub dims: Vec<usize>,
    /// Whether the first axis is the batch, which the graph leaves out.
    pub batched: bool,
    pub kind: Kind,
}

impl Traced {
    /// A constant that the file states.
    pub(super) fn constant(tensor: Tensor, kind: Kind) -> Self {
        let dims = tensor.shape().dims().to_vec();
        Self { value: Value::constant(tensor), dims, batched: false, kind }
    }

    /// A trained tensor.
    pub(super) fn weight(tensor: Tensor, kind: Kind) -> Self {
        let dims = tensor.shape().dims().to_vec();
        Self { value: Value::weight(tensor), dims, batched: false, kind }
    }

    /// What was computed from this value, which is a constant or a weight: the same again.
    pub(super) fn computed(&self, tensor: Tensor, kind: Kind) -> Self {
        if self.value.is_weight() { Self::weight(tensor, kind) } else { Self::constant(tensor, kind) }
    }

    /// The tensor of a constant or weight.
    pub(super) fn tensor(&self) -> Option<&Tensor> {
        self.value.tensor()
    }

    /// The number of axes in the file.
    pub(super) fn rank(&self) -> usize {
        self.dims.len()
    }
}

/// The shape in the graph of a value with these extents in the file. A single number has one axis.
pub(super) fn stored(dims: &[usize], batched: bool) -> Vec<usize> {
    match &dims[usize::from(batched && !dims.is_empty())..] {
        [] => vec![1],
        rest => rest.to_vec(),
    }
}

/// The extents of several tensors together, aligned at the last axis.
pub(super) fn broadcast<'a>(all: impl IntoIterator<Item = &'a [usize]>) -> Option<Vec<usize>> {
    let mut dims: Vec<usize> = Vec::new();
    for other in all {
        while dims.len() < other.len() {
            dims.insert(0, 1);
        }
        let skip = dims.len() - other.len();
        for (d, o) in dims[skip..].iter_mut().zip(other) {
            *d = match (*d, *o) {
                (x, y) if x == y || y == 1 => x,
                (1, y) => y,
                _ => return None,
            };
        }
    }
    Some(dims)
}

/// The most axes that a value may have.
pub(super) const MAX_RANK: usize = 16;

/// The number of elements, if that (or that of the axes) is not more than a tensor may have.
pub(super) fn count(dims: &[usize]) -> Option<usize> {
    if dims.len() > MAX_RANK {
        return None;
    }
    dims.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).filter(|n| *n <= zkml_core::shape::Shape::MAX_LEN)
}

/// A list for a message, cut where it is long.
pub(super) fn few(list: &[i64]) -> String {
    match list.get(..MAX_RANK) {
        Some(head) if list.len() > MAX_RANK => format!("{head:?} (and {} more)", list.len() - MAX_RANK),
        _ => format!("{list:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_broadcast_from_the_last_axis() {
        assert_eq!(broadcast([&[2, 1, 3][..], &[4, 1]]), Some(vec![2, 4, 3]));
        assert_eq!(broadcast([&[][..], &[3], &[]]), Some(vec![3]));
        assert_eq!(broadcast([&[2][..], &[3]]), None);
    }

    #[test]
    fn a_batch_is_left_out_and_a_number_has_an_axis() {
        assert_eq!(stored(&[1, 3, 4], true), [3, 4]);
        assert_eq!(stored(&[1], true), [1]);
        assert_eq!(stored(&[], false), [1]);
    }
}
