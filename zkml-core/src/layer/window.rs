//! Windows that slide over the two last axes of a `[channels, height, width]` tensor: what convolutions and pools share.

use super::{Args, Literal};
use crate::{error::LayerError, shape::Shape};

/// How the border is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// No padding: windows lie within the input.
    Valid,
    /// `ceil(size / stride)` outputs; the odd pixel of padding goes to the end (Keras `same`, ONNX `SAME_UPPER`).
    Same,
    /// That many pixels at the top, left, bottom and right.
    Explicit([usize; 4]),
}

/// A window: its extents, strides, dilation and padding, each `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Extents of the kernel.
    pub kernel: [usize; 2],
    /// Steps between windows.
    pub stride: [usize; 2],
    /// Steps within a window.
    pub dilation: [usize; 2],
    /// The border.
    pub padding: Padding,
}

/// A window laid over an input of known extents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    window: Window,
    input: [usize; 2],
    output: [usize; 2],
    before: [usize; 2],
}

impl Padding {
    /// From the argument `padding`: `valid`, `same`, a number, `[vertical, horizontal]` or `[top, left, bottom, right]`.
    ///
    /// # Errors
    /// If it is something else.
    pub fn parse(args: &Args) -> Result<Self, LayerError> {
        match args.get("padding") {
            None => Ok(Self::Valid),
            Some(Literal::Word(w)) if w == "valid" => Ok(Self::Valid),
            Some(Literal::Word(w)) if w == "same" => Ok(Self::Same),
            Some(Literal::List(l)) if l.len() == 4 => {
                let l = args.list("padding", 0)?;
                Ok(Self::Explicit([l[0], l[1], l[2], l[3]]))
            }
            Some(Literal::List(l)) if l.len() == 2 => {
                let [y, x] = args.pair("padding", 0, None)?;
                Ok(Self::Explicit([y, x, y, x]))
            }
            Some(Literal::Int(_)) => {
                let n = args.usize("padding", 0, None)?;
                Ok(Self::Explicit([n; 4]))
            }
            Some(other) => Err(LayerError::argument("padding", format!("`padding` is {}", other.describe())).help(
                "expected `valid`, `same`, a whole number, `[vertical, horizontal]` or `[top, left, bottom, right]`",
            )),
        }
    }

    /// As it would be written.
    pub fn literal(self) -> Literal {
        match self {
            Self::Valid => "valid".into(),
            Self::Same => "same".into(),
            Self::Explicit(p) => Literal::List(p.iter().map(|d| *d as i64).collect()),
        }
    }
}

impl Window {
    /// Whether no window reaches into padding, at any shape.
    pub fn is_whole(&self) -> bool {
        matches!(self.padding, Padding::Valid | Padding::Explicit([0, 0, 0, 0]))
    }

    /// The window over `[channels, height, width]`.
    ///
    /// # Errors
    /// If the rank is not three, or the padded input is smaller than the kernel, or a window would lie wholly in padding.
    pub fn place(&self, layer: &str, input: &Shape) -> Result<Placed, LayerError> {
        let &[_, height, width] = input.dims() else {
            return Err(LayerError::rank(0, layer, "a `[channels, height, width]` tensor", input)
                .help("insert `reshape(..)` before it"));
        };
        if input.is_empty() || input.len() > Shape::MAX_LEN {
            return Err(LayerError::rank(0, layer, &format!("1 to {} elements", Shape::MAX_LEN), input));
        }
        let argument = if layer == "conv2d" { "kernel" } else { "size" };
        let extents = [height, width];
        let (mut output, mut before) = ([0; 2], [0; 2]);
        for axis in 0..2 {
            let size = extents[axis];
            let reach = (self.kernel[axis] - 1)
                .checked_mul(self.dilation[axis])
                .map(|r| r + 1)
                .ok_or_else(|| LayerError::argument("dilation", "`dilation` is too large"))?;
            let (lo, hi) = match self.padding {
                Padding::Valid => (0, 0),
                Padding::Same => {
                    let out = size.div_ceil(self.stride[axis]);
                    let total = ((out - 1) * self.stride[axis] + reach).saturating_sub(size);
                    (total / 2, total - total / 2)
                }
                Padding::Explicit(p) => (p[axis], p[axis + 2]),
            };
            if lo.max(hi) >= reach {
                return Err(LayerError::argument(
                    "padding",
                    format!("`padding` of {} is not below the kernel's reach of {reach}", lo.max(hi)),
                )
                .help("a window would see nothing but padding"));
            }
            if size + lo + hi < reach {
                let name = ["height", "width"][axis];
                return Err(LayerError::argument(
                    argument,
                    format!("`{layer}` needs a {name} of at least {reach}, found {} in shape {input}", size + lo + hi),
                )
                .help(format!("use a smaller `{argument}`, or `padding = same`")));
            }
            output[axis] = (size + lo + hi - reach) / self.stride[axis] + 1;
            before[axis] = lo;
        }
        Ok(Placed { window: *self, input: extents, output, before })
    }
}

impl Placed {
    /// The number of windows along height and width.
    pub fn output(&self) -> [usize; 2] {
        self.output
    }

    /// For the window at output `(y, x)`: each tap as its flat index in the kernel and its flat index in a channel of
    /// the input; taps in the padding are left out.
    pub fn taps(&self, y: usize, x: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let Window { kernel, stride, dilation, .. } = self.window;
        (0..kernel[0]).flat_map(move |ky| {
            (0..kernel[1]).filter_map(move |kx| {
                let iy = (y * stride[0] + ky * dilation[0]).checked_sub(self.before[0])?;
                let ix = (x * stride[1] + kx * dilation[1]).checked_sub(self.before[1])?;
                (iy < self.input[0] && ix < self.input[1]).then(|| (ky * kernel[1] + kx, iy * self.input[1] + ix))
            })
        })
    }

    /// The windows, row major.
    pub fn windows(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.output[0]).flat_map(move |y| (0..self.output[1]).map(move |x| (y, x)))
    }

    /// The taps of every window, row major.
    pub fn all_taps(&self) -> Vec<Vec<(usize, usize)>> {
        self.windows().map(|(y, x)| self.taps(y, x).collect()).collect()
    }

    /// In how many windows a pixel lies, at most.
    pub fn overlap(&self) -> usize {
        // Of the kernel's taps, every `stride / gcd(stride, dilation)`th meets the same pixel in some window.
        let Window { kernel, stride, dilation, .. } = self.window;
        (0..2).map(|i| kernel[i].div_ceil(stride[i] / gcd(stride[i], dilation[i])).min(self.output[i])).product()
    }
}

/// The greatest common divisor.
fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(kernel: usize, stride: usize, dilation: usize, padding: Padding) -> Window {
        Window { kernel: [kernel; 2], stride: [stride; 2], dilation: [dilation; 2], padding }
    }

    #[test]
    fn output_extents_are_those_of_keras_and_onnx() {
        let image = Shape::new([1, 28, 28]);
        let out = |w: Window| w.place("conv2d", &image).unwrap().output();
        assert_eq!(out(window(5, 1, 1, Padding::Valid)), [24, 24]);
        assert_eq!(out(window(3, 2, 1, Padding::Same)), [14, 14]);
        assert_eq!(out(window(3, 1, 2, Padding::Valid)), [24, 24]);
        assert_eq!(out(window(3, 2, 1, Padding::Explicit([1, 1, 1, 1]))), [14, 14]);
        assert_eq!(out(window(2, 3, 1, Padding::Same)), [10, 10]);
    }

    #[test]
    fn same_padding_puts_the_odd_pixel_last() {
        let placed = window(3, 2, 1, Padding::Same).place("conv2d", &Shape::new([1, 4, 4])).unwrap();
        assert_eq!(placed.taps(0, 0).count(), 9);
        assert_eq!(placed.taps(1, 1).count(), 4);
    }

    #[test]
    fn a_kernel_larger_than_the_input_is_refused() {
        let error = window(5, 1, 1, Padding::Valid).place("conv2d", &Shape::new([1, 4, 9])).unwrap_err();
        assert_eq!(error.to_string(), "`conv2d` needs a height of at least 5, found 4 in shape [1, 4, 9]");
    }

    #[test]
    fn overlap_is_the_most_windows_that_any_pixel_lies_in() {
        for (kernel, stride, dilation) in [(3, 1, 1), (3, 2, 1), (2, 2, 1), (2, 3, 1), (3, 2, 2), (3, 4, 2)] {
            let placed =
                window(kernel, stride, dilation, Padding::Valid).place("conv2d", &Shape::new([1, 16, 16])).unwrap();
            let mut seen = [0; 256];
            placed.all_taps().iter().flatten().for_each(|(_, pixel)| seen[*pixel] += 1);
            assert_eq!(Some(&placed.overlap()), seen.iter().max(), "{kernel} {stride} {dilation}");
        }
    }

    #[test]
    fn an_empty_input_is_refused() {
        let error = window(1, 1, 1, Padding::Same).place("max_pool2d", &Shape::new([1, 0, 4])).unwrap_err();
        assert_eq!(error.to_string(), "`max_pool2d` expects 1 to 268435456 elements, found shape [1, 0, 4]");
    }
}
