//! Sliding windows of convolutions and pools: kernel, stride, dilation and padding along the axes after the channels.
//!
//! Those of the layers whose names hold `1d` slide over `[channels, length]`, taken as `[channels, 1, length]`; all others
//! over `[channels, height, width]`.

use super::{Arg, Args, Literal};
use crate::{error::LayerError, gadget::product::winograd::Grid, shape::Shape};

/// Padding of the input of a convolution or a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// None (Keras `valid`): windows lie within the input.
    Valid,
    /// As much as gives `ceil(size / stride)` outputs; if that is odd, one more at the end (Keras `same`, ONNX `SAME_UPPER`).
    Same,
    /// That many elements at the top, left, bottom and right.
    Explicit([usize; 4]),
}

/// The arguments of a window over `[channels, height, width]`.
pub(super) mod image {
    use super::Arg;

    const SIDES: &str = "a whole number or `[height, width]`";

    pub const KERNEL: Arg = Arg { name: "kernel", takes: SIDES, default: None };
    pub const SIZE: Arg = Arg { name: "size", takes: SIDES, default: None };
    pub const STRIDE: Arg = Arg { name: "stride", takes: SIDES, default: Some("1") };
    pub const PADDING: Arg = Arg {
        name: "padding",
        takes: "`valid`, `same`, a whole number, `[vertical, horizontal]` or `[top, left, bottom, right]`",
        default: Some("valid"),
    };
    pub const OUTPUT_PADDING: Arg = Arg { name: "output_padding", takes: SIDES, default: Some("0") };
    pub const DILATION: Arg = Arg { name: "dilation", takes: SIDES, default: Some("1") };
}

/// The arguments of a window over `[channels, length]`.
pub(super) mod line {
    use super::{Arg, image};

    const LENGTH: &str = "a whole number";

    pub const KERNEL: Arg = Arg { takes: LENGTH, ..image::KERNEL };
    pub const SIZE: Arg = Arg { takes: LENGTH, ..image::SIZE };
    pub const STRIDE: Arg = Arg { takes: LENGTH, ..image::STRIDE };
    pub const PADDING: Arg = Arg { takes: "`valid`, `same`, a whole number or `[start, end]`", ..image::PADDING };
    pub const CAUSAL_PADDING: Arg =
        Arg { takes: "`valid`, `same`, `causal`, a whole number or `[start, end]`", ..image::PADDING };
    pub const OUTPUT_PADDING: Arg = Arg { takes: LENGTH, ..image::OUTPUT_PADDING };
    pub const DILATION: Arg = Arg { takes: LENGTH, ..image::DILATION };
}

/// Sliding window: kernel, strides, dilation and padding, each `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Kernel size.
    pub kernel: [usize; 2],
    /// Stride: the step from one window to the next.
    pub stride: [usize; 2],
    /// Dilation: the step from one element of the kernel to the next.
    pub dilation: [usize; 2],
    /// Padding of the input.
    pub padding: Padding,
}

/// Sliding window over an input of known shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    window: Window,
    line: bool,
    input: [usize; 2],
    output: [usize; 2],
    before: [usize; 2],
}

impl Padding {
    /// From the argument `padding` of a layer; `reach` is that of a window over one axis that may be padded causally.
    fn of(layer: &str, args: &Args, reach: Option<usize>) -> Result<Self, LayerError> {
        if is_line(layer) { Self::parse_line(args, reach) } else { Self::parse(args) }
    }

    /// As it would be written of that layer.
    pub(super) fn literal_of(self, layer: &str) -> Literal {
        if is_line(layer) { self.literal_line() } else { self.literal() }
    }

    /// Whether there is no padding, whatever the shape.
    pub fn is_none(self) -> bool {
        matches!(self, Self::Valid | Self::Explicit([0, 0, 0, 0]))
    }

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
                let [y, x] = args.height_width("padding", 0, None)?;
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

    /// From the argument `padding` of a line: `valid`, `same`, `causal`, a number or `[start, end]`; `reach` is the window's.
    ///
    /// # Errors
    /// If it is something else.
    pub fn parse_line(args: &Args, reach: Option<usize>) -> Result<Self, LayerError> {
        let words = if reach.is_some() { "`valid`, `same`, `causal`" } else { "`valid`, `same`" };
        match (args.get("padding"), reach) {
            (None, _) => Ok(Self::Valid),
            (Some(Literal::Word(w)), _) if w == "valid" => Ok(Self::Valid),
            (Some(Literal::Word(w)), _) if w == "same" => Ok(Self::Same),
            (Some(Literal::Word(w)), Some(reach)) if w == "causal" => Ok(Self::Explicit([0, reach - 1, 0, 0])),
            (Some(Literal::List(l)), _) if l.len() == 2 => {
                let [start, end] = args.height_width("padding", 0, None)?;
                Ok(Self::Explicit([0, start, 0, end]))
            }
            (Some(Literal::Int(_)), _) => {
                let n = args.usize("padding", 0, None)?;
                Ok(Self::Explicit([0, n, 0, n]))
            }
            (Some(other), _) => Err(LayerError::argument("padding", format!("`padding` is {}", other.describe()))
                .help(format!("expected {words}, a whole number or `[start, end]`"))),
        }
    }

    /// As it would be written of a line.
    pub fn literal_line(self) -> Literal {
        match self {
            Self::Explicit([_, start, _, end]) => [start, end].into(),
            Self::Valid | Self::Same => self.literal(),
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

/// Whether the window of the layer of that name slides over one axis, a length.
pub(super) fn is_line(layer: &str) -> bool {
    layer.contains("1d")
}

/// The error of an input that has not the axes that the layer's window slides over.
pub(super) fn refused(layer: &str, input: &Shape) -> LayerError {
    let expected =
        if is_line(layer) { "a `[channels, length]` tensor" } else { "a `[channels, height, width]` tensor" };
    LayerError::rank(0, layer, expected, input).help("insert `reshape(..)` before it")
}

/// Height and width that the window of a layer slides over.
///
/// # Errors
/// If the input is not of the layer's rank, or too large.
pub(super) fn extents(layer: &str, input: &Shape) -> Result<[usize; 2], LayerError> {
    let extents = match (is_line(layer), input.dims()) {
        (false, &[_, height, width]) => [height, width],
        (true, &[_, length]) => [1, length],
        (true | false, _) => return Err(refused(layer, input)),
    };
    if input.is_empty() || input.len() > Shape::MAX_LEN {
        return Err(LayerError::rank(0, layer, &format!("1 to {} elements", Shape::MAX_LEN), input));
    }
    Ok(extents)
}

/// Argument with a number for each axis that the layer's window slides over; `[min, n]` over one axis.
pub(super) fn sides(
    layer: &str,
    args: &Args,
    name: &str,
    min: usize,
    default: Option<[usize; 2]>,
) -> Result<[usize; 2], LayerError> {
    if is_line(layer) {
        return args.usize(name, min, default.map(|[_, n]| n)).map(|n| [min, n]);
    }
    args.height_width(name, min, default)
}

/// The same as a literal.
pub(super) fn literal(layer: &str, sides: [usize; 2]) -> Literal {
    if is_line(layer) { sides[1].into() } else { sides.into() }
}

impl Window {
    /// From the arguments `kernel`, `stride`, `padding` and `dilation` of a convolution; `causal` is whether it may be padded
    /// so.
    ///
    /// # Errors
    /// If one of them is something else.
    pub(super) fn parse(layer: &str, args: &Args, causal: bool) -> Result<Self, LayerError> {
        let window = Self {
            kernel: sides(layer, args, "kernel", 1, None)?,
            stride: sides(layer, args, "stride", 1, Some([1, 1]))?,
            dilation: sides(layer, args, "dilation", 1, Some([1, 1]))?,
            padding: Padding::Valid,
        };
        let reach = (causal && is_line(layer)).then(|| window.reach(1)).transpose()?;
        Ok(Self { padding: Padding::of(layer, args, reach)?, ..window })
    }

    /// From the arguments `size`, `stride` and `padding` of a pool; the stride is the size if it is not given.
    ///
    /// # Errors
    /// If one of them is something else.
    pub(super) fn parse_pool(layer: &str, args: &Args) -> Result<Self, LayerError> {
        let kernel = sides(layer, args, "size", 1, None)?;
        let stride = sides(layer, args, "stride", 1, Some(kernel))?;
        Ok(Self { kernel, stride, dilation: [1, 1], padding: Padding::of(layer, args, None)? })
    }

    /// The arguments of a pool, as they would be written.
    pub(super) fn pool_args(&self, layer: &str) -> Vec<(&'static str, Literal)> {
        let [size, stride] = [self.kernel, self.stride].map(|sides| literal(layer, sides));
        vec![("size", size), ("stride", stride), ("padding", self.padding.literal_of(layer))]
    }

    /// Number of elements of the kernel.
    pub fn area(&self) -> usize {
        self.kernel[0].saturating_mul(self.kernel[1])
    }

    /// Whether no window sees padding, whatever the shape.
    pub fn is_whole(&self) -> bool {
        self.padding.is_none()
    }

    /// Window over one axis.
    pub fn line(kernel: usize, stride: usize, dilation: usize, padding: Padding) -> Self {
        Self { kernel: [1, kernel], stride: [1, stride], dilation: [1, dilation], padding }
    }

    /// Slides over an input `[channels, height, width]`, or `[channels, length]` for the layers with `1d` in their names.
    ///
    /// # Errors
    /// If the rank is another, or the padded input is smaller than the kernel, or a window would lie wholly in padding.
    pub fn place(&self, layer: &str, input: &Shape) -> Result<Placed, LayerError> {
        let extents = extents(layer, input)?;
        let line = is_line(layer);
        let argument = if layer.contains("conv") { "kernel" } else { "size" };
        let (mut output, mut before) = ([0; 2], [0; 2]);
        for axis in 0..2 {
            let size = extents[axis];
            let reach = self.reach(axis)?;
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
                let name = if line { "length" } else { ["height", "width"][axis] };
                return Err(LayerError::argument(
                    argument,
                    format!("`{layer}` needs a {name} of at least {reach}, found {} in shape {input}", size + lo + hi),
                )
                .help(format!("use a smaller `{argument}`, or `padding = same`")));
            }
            output[axis] = (size + lo + hi - reach) / self.stride[axis] + 1;
            before[axis] = lo;
        }
        Ok(Placed { window: *self, line, input: extents, output, before })
    }

    /// Extent of the dilated kernel, `dilation * (kernel - 1) + 1`.
    ///
    /// # Errors
    /// If that is beyond all numbers.
    pub fn reach(&self, axis: usize) -> Result<usize, LayerError> {
        (self.kernel[axis] - 1)
            .checked_mul(self.dilation[axis])
            .map(|r| r + 1)
            .ok_or_else(|| LayerError::argument("dilation", "`dilation` is too large"))
    }
}

impl Placed {
    /// Output height and width: the numbers of windows.
    pub fn output(&self) -> [usize; 2] {
        self.output
    }

    /// Output shape, with that many channels.
    pub fn shape(&self, channels: usize) -> Shape {
        let [height, width] = self.output;
        if self.line { Shape::new([channels, width]) } else { Shape::new([channels, height, width]) }
    }

    /// Geometry of the convolution for [`crate::gadget::product::winograd`].
    pub fn grid(&self) -> Grid {
        let Window { kernel, stride, dilation, .. } = self.window;
        Grid {
            kernel,
            stride,
            dilation,
            input: self.input,
            output: self.output,
            before: self.before,
            transposed: false,
        }
    }

    /// For the window at output `(y, x)`: each tap as its flat index in the kernel and its flat index in a channel of
    /// the input; taps in the padding are left out.
    pub fn taps(&self, y: usize, x: usize) -> impl Iterator<Item = (usize, usize)> {
        self.grid().taps(y, x)
    }

    /// The windows, row major.
    pub fn windows(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.output[0]).flat_map(move |y| (0..self.output[1]).map(move |x| (y, x)))
    }

    /// The taps of every window, row major.
    pub fn all_taps(&self) -> Vec<Vec<(usize, usize)>> {
        self.windows().map(|(y, x)| self.taps(y, x).collect()).collect()
    }

    /// Largest number of windows that see the same element.
    pub fn overlap(&self) -> usize {
        // Of the kernel's taps, every `stride / gcd(stride, dilation)`th meets the same pixel in some window.
        let Window { kernel, stride, dilation, .. } = self.window;
        (0..2).map(|i| kernel[i].div_ceil(stride[i] / gcd(stride[i], dilation[i])).min(self.output[i])).product()
    }
}

/// Greatest common divisor.
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
    fn a_line_is_an_image_of_height_one() {
        let lines = Shape::new([2, 9]);
        let placed = Window::line(3, 2, 2, Padding::Same).place("conv1d", &lines).unwrap();
        assert_eq!((placed.output(), placed.shape(4)), ([1, 5], Shape::new([4, 5])));
        assert_eq!(placed.taps(0, 0).collect::<Vec<_>>(), [(1, 0), (2, 2)]);
        let error = Window::line(5, 1, 1, Padding::Valid).place("max_pool1d", &Shape::new([2, 4])).unwrap_err();
        assert_eq!(error.to_string(), "`max_pool1d` needs a length of at least 5, found 4 in shape [2, 4]");
        let error = Window::line(5, 1, 1, Padding::Valid).place("conv1d", &Shape::new([1, 4, 9])).unwrap_err();
        assert_eq!(error.to_string(), "`conv1d` expects a `[channels, length]` tensor, found shape [1, 4, 9]");
    }

    #[test]
    fn the_padding_of_a_line_has_two_ends() {
        let padding = |value: Literal| Padding::parse_line(&Args::new().with("padding", value), Some(5));
        assert_eq!(padding("causal".into()), Ok(Padding::Explicit([0, 4, 0, 0])));
        assert_eq!(padding(Literal::Int(2)), Ok(Padding::Explicit([0, 2, 0, 2])));
        assert_eq!(padding([1, 2].into()).map(Padding::literal_line), Ok([1, 2].into()));
        let error = Padding::parse_line(&Args::new().with("padding", "causal"), None).unwrap_err();
        assert_eq!(error.help.as_deref(), Some("expected `valid`, `same`, a whole number or `[start, end]`"));
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
