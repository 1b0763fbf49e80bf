//! Padding and cropping: how many elements are added or cut off at both ends of the axes.

use crate::layer::{Args, Literal};
use crate::{error::LayerError, shape::Shape};

/// Amounts of padding or cropping at both ends of the axes, as written; what they mean depends on the rank of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Border {
    /// The same on all sides of the spatial axes.
    Uniform(usize),
    /// Several numbers, at the ends of some axes or of all.
    Listed(Vec<usize>),
}

impl Border {
    /// From the argument of that name.
    pub(in crate::layer) fn parse(args: &Args, argument: &str) -> Result<Self, LayerError> {
        match args.get(argument) {
            Some(Literal::Int(_)) => args.usize(argument, 0, None).map(Self::Uniform),
            _ => args.list(argument, 0).map(Self::Listed),
        }
    }

    /// As it would be written.
    pub(in crate::layer) fn literal(&self) -> Literal {
        match self {
            Self::Uniform(n) => (*n).into(),
            Self::Listed(list) => Literal::List(list.iter().map(|n| *n as i64).collect()),
        }
    }

    /// Before and after each axis of an input.
    ///
    /// Twice as many numbers as there are axes are those before each axis, then those after each. Otherwise they are of
    /// the spatial axes: the last two of `[channels, height, width]`, the last one of fewer axes.
    pub(crate) fn ends(&self, argument: &str, input: &Shape) -> Result<Vec<[usize; 2]>, LayerError> {
        let rank = input.rank();
        let mut ends = vec![[0, 0]; rank];
        let spatial = match rank {
            1..=3 => rank.div_ceil(2),
            _ => 0,
        };
        match self {
            Self::Listed(list) if list.len() == 2 * rank => {
                (0..rank).for_each(|axis| ends[axis] = [list[axis], list[rank + axis]]);
            }
            Self::Uniform(n) if spatial > 0 => ends[rank - spatial..].fill([*n, *n]),
            Self::Listed(list) if spatial == 1 && list.len() == 2 => ends[rank - 1] = [list[0], list[1]],
            Self::Listed(list) if spatial == 2 && list.len() == 2 => {
                (0..2).for_each(|i| ends[rank - 2 + i] = [list[i]; 2]);
            }
            Self::Listed(list) if spatial == 2 && list.len() == 4 => {
                (0..2).for_each(|i| ends[rank - 2 + i] = [list[i], list[2 + i]]);
            }
            Self::Uniform(_) | Self::Listed(_) => {
                let found = self.literal().describe();
                let short = ["", "a whole number, `[start, end]` or ", "a whole number, 2, 4 or "][spatial];
                return Err(LayerError::argument(argument, format!("`{argument}` is {found} for shape {input}"))
                    .help(format!("expected {short}{} numbers: before each axis, then after each", 2 * rank)));
            }
        }
        Ok(ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_spatial_axes_or_of_all() {
        let ends = |list: &[usize], shape: &[usize]| {
            Border::Listed(list.to_vec()).ends("padding", &Shape::from(shape)).map_err(|e| e.help.unwrap_or_default())
        };
        assert_eq!(ends(&[1, 2], &[3, 4, 5]), Ok(vec![[0, 0], [1, 1], [2, 2]]));
        assert_eq!(ends(&[1, 2, 3, 4], &[3, 4, 5]), Ok(vec![[0, 0], [1, 3], [2, 4]]));
        assert_eq!(ends(&[1, 2, 3, 4, 5, 6], &[3, 4, 5]), Ok(vec![[1, 4], [2, 5], [3, 6]]));
        assert_eq!(ends(&[1, 2, 3, 4], &[3, 4]), Ok(vec![[1, 3], [2, 4]]));
        assert_eq!(ends(&[1, 2], &[3, 4]), Ok(vec![[0, 0], [1, 2]]));
        assert_eq!(ends(&[1, 2], &[3]), Ok(vec![[1, 2]]));
        let error = "expected a whole number, 2, 4 or 6 numbers: before each axis, then after each";
        assert_eq!(ends(&[1, 2, 3], &[3, 4, 5]), Err(error.to_owned()));
        let uniform = |shape: &[usize]| Border::Uniform(2).ends("padding", &Shape::from(shape));
        assert_eq!(uniform(&[3, 4, 5]), Ok(vec![[0, 0], [2, 2], [2, 2]]));
        assert_eq!(uniform(&[3, 4]), Ok(vec![[0, 0], [2, 2]]));
        assert_eq!(uniform(&[3]), Ok(vec![[2, 2]]));
        assert!(uniform(&[1, 2, 3, 4]).is_err());
    }
}
