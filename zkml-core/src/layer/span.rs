//! Groups of elements along axes: what the layers share that normalise.

use super::{Args, Literal};
use crate::{error::LayerError, shape::Shape};

/// Whole numbers that may be negative, or the default.
pub(super) fn parse(args: &Args, name: &str, default: &[i64]) -> Result<Vec<i64>, LayerError> {
    let axes = match args.get(name) {
        None => default.to_vec(),
        Some(Literal::Int(i)) => vec![*i],
        Some(Literal::List(l)) if !l.is_empty() => l.clone(),
        Some(other) => {
            let message = format!("`{name}` is {}, expected axes such as `[-1]`", other.describe());
            return Err(LayerError::argument(name, message));
        }
    };
    Ok(axes)
}

/// The axes counted from the front, in order.
pub(super) fn resolve(layer: &str, name: &str, axes: &[i64], shape: &Shape) -> Result<Vec<usize>, LayerError> {
    let rank = shape.rank() as i64;
    let mut found = Vec::new();
    for axis in axes {
        let from_front = if *axis < 0 { axis + rank } else { *axis };
        if !(0..rank).contains(&from_front) {
            let message = format!("`{layer}` takes axis {axis} of shape {shape}, expected {} to {}", -rank, rank - 1);
            return Err(LayerError::argument(name, message));
        }
        found.push(from_front as usize);
    }
    found.sort_unstable();
    if found.windows(2).any(|w| w[0] == w[1]) {
        return Err(LayerError::argument(name, format!("`{layer}` takes an axis of shape {shape} twice")));
    }
    Ok(found)
}

/// The flat indices of all elements, one list for each place outside the axes, in the order of the axes.
pub(super) fn groups(shape: &Shape, axes: &[usize]) -> Vec<Vec<usize>> {
    let (dims, strides) = (shape.dims(), shape.strides());
    let offsets = |inside: bool| {
        let mut all = vec![0usize];
        for axis in (0..dims.len()).filter(|a| axes.contains(a) == inside) {
            let stride = strides[axis];
            all = all.iter().flat_map(|o| (0..dims[axis]).map(move |i| o + i * stride)).collect();
        }
        all
    };
    let inner = offsets(true);
    offsets(false).iter().map(|o| inner.iter().map(|i| o + i).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_the_places_outside_the_axes() {
        let shape = Shape::new([2, 3]);
        assert_eq!(groups(&shape, &[1]), [[0, 1, 2], [3, 4, 5]]);
        assert_eq!(groups(&shape, &[0]), [[0, 3], [1, 4], [2, 5]]);
        assert_eq!(groups(&shape, &[0, 1]), [[0, 1, 2, 3, 4, 5]]);
    }

    #[test]
    fn axes_count_from_both_ends() {
        let shape = Shape::new([2, 3, 4]);
        assert_eq!(resolve("softmax", "axis", &[-1], &shape), Ok(vec![2]));
        assert_eq!(resolve("layer_norm", "axes", &[-1, 1], &shape), Ok(vec![1, 2]));
        let error = resolve("softmax", "axis", &[3], &shape).unwrap_err();
        assert_eq!(error.to_string(), "`softmax` takes axis 3 of shape [2, 3, 4], expected -3 to 2");
        assert!(resolve("layer_norm", "axes", &[2, -1], &shape).is_err());
    }
}
