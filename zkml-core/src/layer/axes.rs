//! Axes as arguments, counted from the first or, below zero, from the last; and the groups of elements along them.

use super::{Arg, Args, Literal, receptive_fields::ReceptiveFields};
use crate::{error::LayerError, shape::Shape};

/// One or more axes, or the default.
pub(super) fn parse(args: &Args, name: &str, default: &[i64]) -> Result<Vec<i64>, LayerError> {
    match args.get(name) {
        None => Ok(default.to_vec()),
        Some(Literal::Int(i)) => Ok(vec![*i]),
        Some(Literal::List(l)) if !l.is_empty() => Ok(l.clone()),
        Some(other) => {
            let message = format!("`{name}` is {}, expected axes such as `[-1]`", other.describe());
            Err(LayerError::argument(name, message))
        }
    }
}

/// The axis that an argument names, counted from the first.
pub(super) fn resolve(argument: &str, axis: i64, shape: &Shape) -> Result<usize, LayerError> {
    let rank = shape.rank() as i64;
    let at = if axis < 0 { axis.saturating_add(rank) } else { axis };
    if (0..rank).contains(&at) {
        return Ok(at as usize);
    }
    let axes = if rank == 1 { "axis" } else { "axes" };
    Err(LayerError::argument(argument, format!("`{argument}` names axis {axis}, found {rank} {axes} in shape {shape}"))
        .help(format!("use one of {} to {}; below zero they count from the last", -rank, rank - 1)))
}

/// The axes that an argument names, each once, counted from the first.
pub(super) fn resolve_all(argument: &str, axes: &[i64], shape: &Shape) -> Result<Vec<usize>, LayerError> {
    let mut all = Vec::with_capacity(axes.len());
    for axis in axes {
        let at = resolve(argument, *axis, shape)?;
        if all.contains(&at) {
            return Err(LayerError::argument(argument, format!("`{argument}` names axis {at} of shape {shape} twice"))
                .help("name each axis once"));
        }
        all.push(at);
    }
    Ok(all)
}

/// The flat indices of the elements along some axes, in order: one group for each place outside these axes, row major.
pub(super) fn groups(shape: &Shape, axes: &[usize]) -> Vec<Vec<usize>> {
    let (dims, strides) = (shape.dims(), shape.strides());
    let offsets = |along: bool| {
        let mut all = vec![0usize];
        for axis in (0..dims.len()).filter(|axis| axes.contains(axis) == along) {
            let stride = strides[axis];
            all = all.iter().flat_map(|o| (0..dims[axis]).map(move |i| o + i * stride)).collect();
        }
        all
    };
    let inner = offsets(true);
    offsets(false).iter().map(|o| inner.iter().map(|i| o + i).collect()).collect()
}

/// For each element, its place in its group.
pub(super) fn places(shape: &Shape, axes: &[usize]) -> Vec<usize> {
    let mut places = vec![0; shape.len()];
    for group in groups(shape, axes) {
        group.iter().enumerate().for_each(|(place, i)| places[*i] = place);
    }
    places
}

/// The arguments `axes` and `keepdims` of a reduction: some axes, or all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axes {
    /// The axes, as they are written; all of them if there is nothing.
    pub axes: Option<Vec<i64>>,
    /// Whether they stay, with an extent of one.
    pub keepdims: bool,
}

/// The arguments of a reduction along axes.
pub(super) const ARGS: &[Arg] = &[
    Arg { name: "axes", takes: "a list of axes, such as `[0, -1]`", default: Some("all") },
    Arg {
        name: "keepdims",
        takes: "`true` or `false`: whether the axes stay, with an extent of one",
        default: Some("false"),
    },
];

impl Axes {
    /// From the arguments `axes` and `keepdims`.
    pub(super) fn parse(args: &Args) -> Result<Self, LayerError> {
        let axes = args.get("axes").map(|_| args.signed_list("axes")).transpose()?;
        Ok(Self { axes, keepdims: args.bool("keepdims", false)? })
    }

    /// As they would be written.
    pub(super) fn args(&self) -> Vec<(&'static str, Literal)> {
        let axes = self.axes.iter().map(|axes| ("axes", Literal::List(axes.clone())));
        axes.chain([("keepdims", self.keepdims.into())]).collect()
    }

    /// The axes of the input that are reduced, counted from the first.
    fn reduced(&self, input: &Shape) -> Result<Vec<usize>, LayerError> {
        match &self.axes {
            Some(axes) => resolve_all("axes", axes, input),
            None => Ok((0..input.rank()).collect()),
        }
    }

    /// The shape of the output: `[1]` if no axis is left.
    pub(super) fn shape(&self, input: &Shape) -> Result<Shape, LayerError> {
        let reduced = self.reduced(input)?;
        let mut dims = Vec::new();
        for (axis, extent) in input.dims().iter().enumerate() {
            match (reduced.contains(&axis), self.keepdims) {
                (false, _) => dims.push(*extent),
                (true, true) => dims.push(1),
                (true, false) => {}
            }
        }
        Ok(Shape::new(if dims.is_empty() { vec![1] } else { dims }))
    }

    /// What each element of the output is made of; nothing for inputs that [`Axes::shape`] refuses.
    pub(super) fn receptive_fields(&self, input: &Shape) -> ReceptiveFields {
        let (Ok(shape), Ok(reduced)) = (self.shape(input), self.reduced(input)) else {
            return ReceptiveFields::default();
        };
        ReceptiveFields { shape, places: groups(input, &reduced), channel: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Tensor;

    #[test]
    fn axes_count_from_both_ends() {
        let shape = Shape::new([2, 3, 4]);
        assert_eq!([0, 2, -1, -3].map(|axis| resolve("axis", axis, &shape).unwrap()), [0, 2, 2, 0]);
        for axis in [3, -4, i64::MIN, i64::MAX] {
            let error = resolve("axis", axis, &shape).unwrap_err();
            assert_eq!(error.to_string(), format!("`axis` names axis {axis}, found 3 axes in shape [2, 3, 4]"));
            assert_eq!(error.help.as_deref(), Some("use one of -3 to 2; below zero they count from the last"));
        }
        let error = resolve_all("axes", &[0, 2, -1], &shape).unwrap_err();
        assert_eq!(error.to_string(), "`axes` names axis 2 of shape [2, 3, 4] twice");
    }

    #[test]
    fn every_element_is_in_one_group() {
        let shape = Shape::new([2, 3, 2]);
        assert_eq!(groups(&shape, &[1]), [[0, 2, 4], [1, 3, 5], [6, 8, 10], [7, 9, 11]]);
        assert_eq!(groups(&shape, &[0, 2]), [[0, 1, 6, 7], [2, 3, 8, 9], [4, 5, 10, 11]]);
        assert_eq!(groups(&shape, &[0, 1, 2]), [(0..12).collect::<Vec<_>>()]);
        assert_eq!(places(&shape, &[1]), [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn a_reduction_along_axes_that_there_are_not_gives_nothing() {
        let x = Tensor::from_fn([2, 3], |i| i);
        let sums = |axes: Option<Vec<i64>>| {
            let fields = Axes { axes, keepdims: false }.receptive_fields(x.shape());
            fields.map(&x, &mut |of| of.iter().copied().sum())
        };
        assert_eq!(sums(None), Tensor::vector(vec![15usize]));
        assert_eq!(sums(Some(vec![-1])), Tensor::vector(vec![3, 12]));
        assert_eq!(sums(Some(vec![2])), Tensor::vector(vec![]));
    }
}
