//! What the pools share: their arguments, their shape rules, and one pass over their windows.

use std::convert::Infallible;

use crate::layer::{
    Arg, Args, Literal,
    window::{self, Padding, Window},
};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed, Int},
    shape::Shape,
    tensor::Tensor,
};

/// The arguments of the pools that have a window.
pub(in crate::layer) const ARGS: &[Arg] = &[
    Arg { name: "size", takes: "a whole number or `[height, width]`", default: None },
    Arg { name: "stride", takes: "a whole number or `[height, width]`", default: Some("size") },
    Arg {
        name: "padding",
        takes: "`valid`, `same`, a whole number, `[vertical, horizontal]` or `[top, left, bottom, right]`",
        default: Some("valid"),
    },
];

/// The arguments of the means that have a window.
pub(in crate::layer) const MEAN_ARGS: &[Arg] = &[ARGS[0], ARGS[1], ARGS[2], INCLUDE_PAD];

/// The arguments of the pools whose window slides over one axis.
pub(in crate::layer) const LINE_ARGS: &[Arg] = &[
    Arg { name: "size", takes: "a whole number", default: None },
    Arg { name: "stride", takes: "a whole number", default: Some("size") },
    Arg { name: "padding", takes: "`valid`, `same`, a whole number or `[start, end]`", default: Some("valid") },
];

/// The arguments of the means whose window slides over one axis.
pub(in crate::layer) const LINE_MEAN_ARGS: &[Arg] = &[LINE_ARGS[0], LINE_ARGS[1], LINE_ARGS[2], INCLUDE_PAD];

const INCLUDE_PAD: Arg = Arg {
    name: "include_pad",
    takes: "`true` or `false`: whether the padding counts among the elements of a window",
    default: Some("false"),
};

/// The window of the arguments, over one axis.
pub(in crate::layer) fn parse_line(args: &Args) -> Result<Window, LayerError> {
    let size = args.usize("size", 1, None)?;
    let stride = args.usize("stride", 1, Some(size))?;
    Ok(Window::line(size, stride, 1, Padding::parse_line(args, None)?))
}

/// The arguments of a window over one axis.
pub(in crate::layer) fn args_line(window: &Window) -> Vec<(&'static str, Literal)> {
    let [size, stride] = [window.kernel[1], window.stride[1]];
    vec![("size", size.into()), ("stride", stride.into()), ("padding", window.padding.literal_line())]
}

/// What the elements of a window are divided by for their mean.
#[derive(Clone, Copy, Debug)]
pub(in crate::layer) struct Mean<'a> {
    /// The window.
    pub window: &'a Window,
    /// Whether the padding counts.
    pub include_pad: bool,
}

impl Mean<'_> {
    /// `log2 n`, if every window has the same `n`, and that is a power of two.
    pub fn log2_area(&self) -> Option<i32> {
        let [height, width] = self.window.kernel;
        let powers = height.is_power_of_two() && width.is_power_of_two();
        ((self.window.is_whole() || self.include_pad) && powers)
            .then(|| (height.trailing_zeros() + width.trailing_zeros()) as i32)
    }

    /// The `n` of a window with so many elements in the input.
    fn count(&self, inside: usize) -> usize {
        if self.include_pad { self.window.area() } else { inside }
    }

    /// The float reference.
    pub fn float(&self, layer: &str, x: &Tensor) -> Tensor {
        let mean = |values: &[&f64]| Ok::<_, Infallible>(float_sum(values) / self.count(values.len()) as f64);
        let Ok(y) = each(self.window, layer, x, mean);
        y
    }

    /// The exact semantics, before the rescale.
    pub fn exact<A: Arith>(
        &self,
        a: &mut A,
        layer: &str,
        x: &Tensor<A::Wire>,
        factor: i32,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        each(self.window, layer, x, |values| {
            let factor = match self.log2_area() {
                Some(_) => Fixed::ONE,
                None => reciprocal(self.count(values.len()), factor)?,
            };
            sum(a, values, factor)
        })
    }
}

/// The window of the arguments.
pub(in crate::layer) fn parse(args: &Args) -> Result<Window, LayerError> {
    let kernel = args.pair("size", 1, None)?;
    let stride = args.pair("stride", 1, Some(kernel))?;
    Ok(Window { kernel, stride, dilation: [1, 1], padding: Padding::parse(args)? })
}

/// The arguments of a window.
pub(in crate::layer) fn args(window: &Window) -> Vec<(&'static str, Literal)> {
    vec![("size", window.kernel.into()), ("stride", window.stride.into()), ("padding", window.padding.literal())]
}

/// `[channels, windows down, windows across]`, or `[channels, windows]`.
pub(in crate::layer) fn shape(window: &Window, layer: &str, input: &Shape) -> Result<Shape, LayerError> {
    Ok(window.place(layer, input)?.shape(input.dims()[0]))
}

/// In how many windows an element lies, at most.
pub(in crate::layer) fn overlap(window: &Window, layer: &str, input: &Shape) -> usize {
    window.place(layer, input).map_or(1, |placed| placed.overlap())
}

/// `f` of the elements of each window, those in the padding left out.
pub(in crate::layer) fn each<T, U, E>(
    window: &Window,
    layer: &str,
    x: &Tensor<T>,
    mut f: impl FnMut(&[&T]) -> Result<U, E>,
) -> Result<Tensor<U>, E> {
    let (Ok(shape), Ok(placed)) = (shape(window, layer, x.shape()), window.place(layer, x.shape())) else {
        return Ok(Tensor::vector(vec![]));
    };
    let taps = placed.all_taps();
    let pixels = x.len() / shape.dims()[0];
    Tensor::from_fn(shape, |i| i).try_map(|i| {
        let channel = &x.data()[i / taps.len() * pixels..];
        let values: Vec<&T> = taps[i % taps.len()].iter().map(|(_, p)| &channel[*p]).collect();
        f(&values)
    })
}

/// `[channels]`.
pub(in crate::layer) fn global_shape(layer: &str, input: &Shape) -> Result<Shape, LayerError> {
    window::extents(layer, input)?;
    Ok(Shape::new([input.dims()[0]]))
}

/// `f` of the elements of each channel.
pub(in crate::layer) fn global<T, U, E>(
    x: &Tensor<T>,
    mut f: impl FnMut(&[&T]) -> Result<U, E>,
) -> Result<Tensor<U>, E> {
    let channels = x.shape().dims()[0];
    let pixels = x.len() / channels.max(1);
    Tensor::from_fn([channels], |c| c).try_map(|c| {
        let values: Vec<&T> = x.data()[c * pixels..][..pixels].iter().collect();
        f(&values)
    })
}

/// The largest.
pub(in crate::layer) fn float_max(values: &[&f64]) -> f64 {
    values.iter().fold(f64::NEG_INFINITY, |m, x| m.max(**x))
}

/// The sum.
pub(in crate::layer) fn float_sum(values: &[&f64]) -> f64 {
    values.iter().copied().sum()
}

/// The mean.
pub(in crate::layer) fn float_mean(values: &[&f64]) -> f64 {
    float_sum(values) / values.len() as f64
}

/// The largest, by rounds of pairs, so that no combination grows long.
pub(in crate::layer) fn max<A: Arith>(a: &mut A, values: &[&A::Wire]) -> Result<A::Wire, ArithError> {
    let mut round: Vec<A::Wire> = values.iter().map(|v| (*v).clone()).collect();
    while round.len() > 1 {
        round = round
            .chunks(2)
            .map(|pair| match pair {
                [p, q] => a.max(p, q),
                rest => Ok(rest[0].clone()),
            })
            .collect::<Result<_, _>>()?;
    }
    match round.pop() {
        Some(max) => Ok(max),
        None => Ok(a.constant(Int::ZERO)),
    }
}

/// `factor` times the sum.
pub(in crate::layer) fn sum<A: Arith>(a: &mut A, values: &[&A::Wire], factor: Fixed) -> Result<A::Wire, ArithError> {
    a.affine(values.iter().map(|v| (factor, *v)), Fixed::ZERO)
}

/// `round(2^factor / n) / 2^factor` stands for `1 / n`: the integer above the line.
///
/// # Errors
/// If it may reach `2^250`.
pub(in crate::layer) fn reciprocal(n: usize, factor: i32) -> Result<Fixed, ArithError> {
    Fixed::new(1.0 / n as f64, factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn a_tournament_of_any_size_finds_the_largest() {
        for n in 1..10i64 {
            for best in 0..n {
                let values: Vec<i64> = (0..n).map(|i| if i == best { 5 } else { -i }).collect();
                let values: Vec<&i64> = values.iter().collect();
                assert_eq!(max(&mut Ints::<i64>::new(), &values), Ok(5));
            }
        }
    }

    #[test]
    fn the_reciprocal_of_a_power_of_two_is_exact() {
        for (n, factor, expected) in [(16, 10, 64), (49, 12, 84), (9, 2, 0)] {
            assert_eq!(reciprocal(n, factor).unwrap().integer(), Int::from(expected));
        }
        assert_eq!(reciprocal(16, 10).unwrap().error(), 0.0);
    }
}
