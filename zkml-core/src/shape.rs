//! Shapes: the extents of a tensor, outermost axis first.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The extents of a tensor, outermost axis first: `[channels, height, width]` for an image.
///
/// There is no batch axis: a model describes one input.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// The largest number of elements a tensor may have (`2^28`): more is taken for a mistake.
    pub const MAX_LEN: usize = 1 << 28;

    /// The most axes that a layer's output, or a stored graph's input, may have: what is worked out axis by axis stays small.
    pub const MAX_RANK: usize = 32;

    /// A shape from its extents.
    ///
    /// ```
    /// # use zkml_core::shape::Shape;
    /// assert_eq!(Shape::new([1, 28, 28]).len(), 784);
    /// ```
    pub fn new(dims: impl Into<Vec<usize>>) -> Self {
        Self(dims.into())
    }

    /// The extents.
    pub fn dims(&self) -> &[usize] {
        &self.0
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The number of elements: the product of the extents, `usize::MAX` where that overflows.
    pub fn len(&self) -> usize {
        self.0.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).unwrap_or(usize::MAX)
    }

    /// Whether an extent is zero.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The distance in memory between neighbours along each axis, row major.
    pub fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1; self.0.len()];
        for axis in (0..self.0.len().saturating_sub(1)).rev() {
            strides[axis] = strides[axis + 1] * self.0[axis + 1];
        }
        strides
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[")?;
        for (i, d) in self.0.iter().enumerate() {
            if i > 0 {
                write!(f, ", ")?;
            }
            write!(f, "{d}")?;
        }
        write!(f, "]")
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Vec<usize>> for Shape {
    fn from(dims: Vec<usize>) -> Self {
        Self::new(dims)
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Self {
        Self(dims.to_vec())
    }
}

impl From<&[usize]> for Shape {
    fn from(dims: &[usize]) -> Self {
        Self(dims.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_are_row_major() {
        assert_eq!(Shape::new([2, 3, 4]).strides(), [12, 4, 1]);
        assert_eq!(Shape::new([]).strides(), Vec::<usize>::new());
        assert_eq!(Shape::new([]).len(), 1);
    }

    #[test]
    fn a_product_that_overflows_is_too_large_and_not_small() {
        assert_eq!(Shape::new([usize::MAX, 2]).len(), usize::MAX);
    }
}
