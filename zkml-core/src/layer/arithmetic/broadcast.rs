//! Broadcasting: axes are aligned at the last, and an extent of one repeats (NumPy, ONNX, Keras, Burn).

use crate::{error::LayerError, shape::Shape};

/// The shape that both grow to, if there is one.
pub(in crate::layer) fn common(a: &Shape, b: &Shape) -> Option<Shape> {
    let rank = a.rank().max(b.rank());
    let extent = |shape: &Shape, axis: usize| {
        let missing = rank - shape.rank();
        if axis < missing { 1 } else { shape.dims()[axis - missing] }
    };
    let dims = (0..rank).map(|axis| match (extent(a, axis), extent(b, axis)) {
        (m, n) if m == n => Some(m),
        (1, n) => Some(n),
        (m, 1) => Some(m),
        _ => None,
    });
    dims.collect::<Option<Vec<_>>>().map(Shape::new)
}

/// The shape that the two inputs of a layer grow to.
pub(in crate::layer) fn shape(layer: &str, inputs: &[&Shape]) -> Result<Shape, LayerError> {
    common(inputs[0], inputs[1]).ok_or_else(|| {
        LayerError::input(1, format!("`{layer}` expects shapes that broadcast, found {} and {}", inputs[0], inputs[1]))
            .help("axes are aligned at the last, and must be equal or 1; `reshape(..)` can add axes of 1")
    })
}

/// For each element of a tensor that grew to `to`, its place in the tensor of shape `from`.
pub(in crate::layer) fn places(from: &Shape, to: &Shape) -> Vec<usize> {
    if from == to {
        return (0..to.len()).collect();
    }
    let missing = to.rank() - from.rank().min(to.rank());
    let strides = from.strides();
    let mut places = vec![0];
    for (axis, extent) in to.dims().iter().enumerate() {
        let repeats = axis < missing || from.dims()[axis - missing] == 1;
        let stride = if repeats { 0 } else { strides[axis - missing] };
        places = places.iter().flat_map(|place| (0..*extent).map(move |i| place + i * stride)).collect();
    }
    places
}

/// How often an element of an input is repeated in a tensor of shape `to`, at most.
pub(in crate::layer) fn repeats(inputs: &[&Shape], to: &Shape) -> usize {
    inputs.iter().map(|shape| to.len() / shape.len().max(1)).max().unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_of_one_repeat() {
        let common = |a: &[usize], b: &[usize]| common(&Shape::from(a), &Shape::from(b)).map(|s| s.dims().to_vec());
        assert_eq!(common(&[2, 3], &[3]), Some(vec![2, 3]));
        assert_eq!(common(&[3, 1], &[2, 1, 4]), Some(vec![2, 3, 4]));
        assert_eq!(common(&[1], &[5]), Some(vec![5]));
        assert_eq!(common(&[2], &[3]), None);
        assert_eq!(common(&[2, 3], &[2]), None);
    }

    #[test]
    fn places_are_those_of_the_nested_loops() {
        let (from, to) = (Shape::new([3, 1]), Shape::new([2, 3, 2]));
        assert_eq!(places(&from, &to), [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
        assert_eq!(repeats(&[&from, &to], &to), 4);
    }
}
