//! Axes as arguments: counted from the first, or with a minus from the last; and what is summed or compared along them.

use super::{Arg, Args, Literal};
use crate::{error::LayerError, shape::Shape, tensor::Tensor};

/// The number of the axis that an argument names.
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

/// The numbers of the axes that an argument names, each once.
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

/// What is reduced: some axes, or all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axes {
    /// The axes, as they are written; all of them if there is nothing.
    pub axes: Option<Vec<i64>>,
    /// Whether they stay, with an extent of one.
    pub keepdims: bool,
}

/// The elements of a tensor in groups that are reduced to one element each.
pub(super) struct Groups {
    /// The shape of what they are reduced to.
    pub shape: Shape,
    /// For each element of the output, those of the input.
    pub members: Vec<Vec<usize>>,
}

/// The arguments of what is reduced.
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

    /// For each axis of the input, whether it is reduced.
    fn reduced(&self, input: &Shape) -> Result<Vec<bool>, LayerError> {
        let Some(axes) = &self.axes else { return Ok(vec![true; input.rank()]) };
        let axes = resolve_all("axes", axes, input)?;
        Ok((0..input.rank()).map(|axis| axes.contains(&axis)).collect())
    }

    /// The shape of the output: `[1]` if no axis is left.
    pub(super) fn shape(&self, input: &Shape) -> Result<Shape, LayerError> {
        let reduced = self.reduced(input)?;
        let mut dims = Vec::new();
        for (extent, reduced) in input.dims().iter().zip(reduced) {
            match (reduced, self.keepdims) {
                (false, _) => dims.push(*extent),
                (true, true) => dims.push(1),
                (true, false) => {}
            }
        }
        Ok(Shape::new(if dims.is_empty() { vec![1] } else { dims }))
    }

    /// `f` of the elements that make each element of the output; nothing for inputs that [`Axes::shape`] refuses.
    pub(super) fn each<T, U, E>(
        &self,
        x: &Tensor<T>,
        mut f: impl FnMut(&[&T]) -> Result<U, E>,
    ) -> Result<Tensor<U>, E> {
        let Ok(groups) = self.groups(x.shape()) else { return Ok(Tensor::vector(vec![])) };
        Tensor::from_fn(groups.shape, |i| i).try_map(|i| {
            let members: Vec<&T> = groups.members[*i].iter().map(|at| &x.data()[*at]).collect();
            f(&members)
        })
    }

    /// The groups.
    pub(super) fn groups(&self, input: &Shape) -> Result<Groups, LayerError> {
        let (shape, reduced) = (self.shape(input)?, self.reduced(input)?);
        let mut members = vec![vec![]; shape.len()];
        // For each element, the one of the output that it belongs to.
        let mut of = vec![0];
        for (extent, reduced) in input.dims().iter().zip(reduced) {
            let step = |to: &usize, i: usize| if reduced { *to } else { to * extent + i };
            of = of.iter().flat_map(|to| (0..*extent).map(move |i| step(to, i))).collect();
        }
        of.into_iter().enumerate().for_each(|(from, to)| members[to].push(from));
        Ok(Groups { shape, members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let groups = |axes: Option<Vec<i64>>| Axes { axes, keepdims: false }.groups(&shape).unwrap();
        assert_eq!(groups(Some(vec![1])).members, [vec![0, 2, 4], vec![1, 3, 5], vec![6, 8, 10], vec![7, 9, 11]]);
        assert_eq!(groups(Some(vec![-1, 0])).members, [vec![0, 1, 6, 7], vec![2, 3, 8, 9], vec![4, 5, 10, 11]]);
        assert_eq!(groups(None).members, [(0..12).collect::<Vec<_>>()]);
        assert_eq!(groups(None).shape, Shape::new([1]));
    }
}
