//! Convolutions, forward and transposed: parameters, shape rule, and both semantics.

use std::borrow::Cow;

use crate::layer::{
    Arg, Init, Param, Role,
    window::{self, Padding, Window},
};
use crate::{
    arith::Arith, error::LayerError, gadget::product::winograd::Grid, number::ArithError, shape::Shape, tensor::Tensor,
};

pub(in crate::layer) const FILTERS: Arg =
    Arg { name: "filters", takes: "the number of output channels", default: None };
pub(in crate::layer) const GROUPS: Arg =
    Arg { name: "groups", takes: "a whole number that divides channels and filters", default: Some("1") };
pub(in crate::layer) const MULTIPLIER: Arg =
    Arg { name: "multiplier", takes: "the number of filters of each channel", default: Some("1") };
pub(in crate::layer) const BIAS: Arg = Arg { name: "bias", takes: "`true` or `false`", default: Some("true") };

/// The window of a pointwise convolution: one pixel.
pub(in crate::layer) const PIXEL: Window =
    Window { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padding: Padding::Valid };

/// Convolution or transposed convolution, by the arguments of its layer.
#[derive(Clone, Copy, Debug)]
pub(in crate::layer) struct Convolution<'a> {
    /// The layer's name, which also says how many axes it slides over.
    pub layer: &'static str,
    /// The number of output channels.
    pub filters: usize,
    /// Extents, strides, dilation and padding.
    pub window: &'a Window,
    /// In how many groups channels and filters are split.
    pub groups: usize,
    /// Output padding, if the convolution is transposed.
    pub transposed: Option<[usize; 2]>,
}

/// Convolution over an input of known shape.
struct Laid {
    /// Of the output.
    shape: Shape,
    /// For each output position, the pairs of an element of the kernel and an element of the channel that are multiplied.
    taps: Vec<Vec<(usize, usize)>>,
    /// Input channels in a group.
    channels: usize,
    /// Output channels in a group.
    filters: usize,
    /// Elements of the kernel.
    area: usize,
    transposed: bool,
}

impl Laid {
    /// Offset in the weight of the kernel for output channel `o` and the `c`th input channel of its group.
    fn weight(&self, o: usize, c: usize) -> usize {
        let (group, filter) = (o / self.filters, o % self.filters);
        let row =
            if self.transposed { (group * self.channels + c) * self.filters + filter } else { o * self.channels + c };
        row * self.area
    }
}

/// Output extents of a transposed convolution, and how many elements its padding cuts off before them.
fn spread(
    layer: &str,
    window: &Window,
    after: [usize; 2],
    input: &Shape,
) -> Result<([usize; 2], [usize; 2]), LayerError> {
    let extents = window::extents(layer, input)?;
    let (mut output, mut before) = ([0; 2], [0; 2]);
    for axis in 0..2 {
        let (reach, stride) = (window.reach(axis)?, window.stride[axis]);
        if after[axis] > 0 && after[axis] >= stride.max(window.dilation[axis]) {
            return Err(LayerError::argument(
                "output_padding",
                format!(
                    "`output_padding` of {} is not below stride or dilation, {stride} and {}",
                    after[axis], window.dilation[axis]
                ),
            )
            .help("what lies beyond is nothing but bias: use a smaller one"));
        }
        let full = (extents[axis] - 1).saturating_mul(stride).saturating_add(reach).saturating_add(after[axis]);
        let (cut, sum) = match window.padding {
            Padding::Valid => (0, 0),
            Padding::Same if after[axis] > 0 => {
                return Err(LayerError::argument(
                    "output_padding",
                    "`output_padding` does not go with `padding = same`",
                )
                .help("`same` gives `stride` times the input; write the padding in numbers"));
            }
            Padding::Same => (reach.saturating_sub(stride) / 2, full.saturating_sub(extents[axis] * stride)),
            Padding::Explicit(p) => (p[axis], p[axis] + p[axis + 2]),
        };
        if sum >= full {
            return Err(LayerError::argument(
                "padding",
                format!("`padding` of {sum} in sum leaves nothing of {full} elements"),
            )
            .help(format!("expected less than {full} in sum")));
        }
        // With a kernel below the stride, `same` ends in what no window reaches.
        output[axis] = if window.padding == Padding::Same { extents[axis].saturating_mul(stride) } else { full - sum };
        before[axis] = cut;
    }
    Ok((output, before))
}

/// Taps of a transposed convolution: element `i` of the input times element `k` of the kernel is a summand of element
/// `i * stride + k * dilation - before` of the output.
fn scatter(window: &Window, input: [usize; 2], output: [usize; 2], before: [usize; 2]) -> Vec<Vec<(usize, usize)>> {
    let mut taps = vec![vec![]; output[0] * output[1]];
    let at = |axis: usize, i: usize, k: usize| {
        let place = (i * window.stride[axis] + k * window.dilation[axis]).checked_sub(before[axis])?;
        (place < output[axis]).then_some(place)
    };
    let [height, width] = window.kernel;
    for (ky, kx) in (0..height).flat_map(|ky| (0..width).map(move |kx| (ky, kx))) {
        for (iy, ix) in (0..input[0]).flat_map(|iy| (0..input[1]).map(move |ix| (iy, ix))) {
            if let (Some(y), Some(x)) = (at(0, iy, ky), at(1, ix, kx)) {
                taps[y * output[1] + x].push((ky * width + kx, iy * input[1] + ix));
            }
        }
    }
    taps
}

/// The places of weights by channel, filter and element of the kernel, in the order of filter, channel and element.
fn by_filter(filters: usize, weights: usize, area: usize) -> Vec<usize> {
    let channels = weights / (filters * area);
    let mut places = Vec::with_capacity(weights);
    for o in 0..filters {
        for c in 0..channels {
            let row = (c * filters + o) * area;
            places.extend(row..row + area);
        }
    }
    places
}

impl Convolution<'_> {
    /// The shape of the output.
    pub fn shape(&self, input: &Shape) -> Result<Shape, LayerError> {
        let shape = match self.transposed {
            None => self.window.place(self.layer, input)?.shape(self.filters),
            Some(after) => {
                let ([height, width], _) = spread(self.layer, self.window, after, input)?;
                let line = window::is_line(self.layer);
                if line { Shape::new([self.filters, width]) } else { Shape::new([self.filters, height, width]) }
            }
        };
        for (what, n) in [("channels", input.dims()[0]), ("filters", self.filters)] {
            if !n.is_multiple_of(self.groups) {
                return Err(LayerError::argument(
                    "groups",
                    format!("`groups` of {} does not divide the {n} {what}", self.groups),
                )
                .help("use a number that divides both the input's channels and `filters`, such as `groups = 1`"));
            }
        }
        Ok(shape)
    }

    /// The weight, under this name, for an input that [`Convolution::shape`] takes.
    pub fn weight(&self, name: &'static str, input: &Shape) -> Param {
        let (channels, area) = (input.dims()[0] / self.groups, self.window.area());
        let rows = match self.transposed {
            None => [self.filters, channels],
            Some(_) => [input.dims()[0], self.filters / self.groups],
        };
        let kernel = if window::is_line(self.layer) { &self.window.kernel[1..] } else { &self.window.kernel };
        Param {
            name,
            shape: Shape::new([&rows, kernel].concat()),
            role: Role::Weight,
            init: Init::Glorot { fan_in: channels.saturating_mul(area), fan_out: self.filters.saturating_mul(area) },
            non_negative: false,
        }
    }

    /// Weight and bias.
    pub fn params(&self, bias: bool, input: &Shape) -> Vec<Param> {
        let mut params = vec![self.weight("weight", input)];
        if bias {
            params.push(self.bias());
        }
        params
    }

    /// The bias.
    pub fn bias(&self) -> Param {
        Param {
            name: "bias",
            shape: Shape::new([self.filters]),
            role: Role::Bias,
            init: Init::Constant(0.0),
            non_negative: false,
        }
    }

    /// The taps over an input; `None` for one that [`Convolution::shape`] refuses.
    fn lay(&self, input: &Shape) -> Option<Laid> {
        let shape = self.shape(input).ok()?;
        let taps = match self.transposed {
            None => self.window.place(self.layer, input).ok()?.all_taps(),
            Some(after) => {
                let (output, before) = spread(self.layer, self.window, after, input).ok()?;
                scatter(self.window, window::extents(self.layer, input).ok()?, output, before)
            }
        };
        Some(Laid {
            shape,
            taps,
            channels: input.dims()[0] / self.groups,
            filters: self.filters / self.groups,
            area: self.window.area(),
            transposed: self.transposed.is_some(),
        })
    }

    /// Fan-out: how often an element of the input enters a linear combination.
    pub fn fanout(&self, input: &Shape) -> usize {
        let per_filter = match self.transposed {
            None => self.window.place(self.layer, input).map_or(1, |placed| placed.overlap()),
            Some(_) => self.window.area(),
        };
        per_filter.saturating_mul(self.filters / self.groups)
    }

    /// The float reference.
    pub fn float(&self, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
        let Some(laid) = self.lay(x.shape()) else { return Tensor::vector(vec![]) };
        let windows = laid.taps.len();
        let pixels = x.len() / x.shape().dims()[0];
        // For each element of the kernel, which pixel it meets in which window.
        let mut meets = vec![vec![]; laid.area];
        for (window, taps) in laid.taps.iter().enumerate() {
            taps.iter().for_each(|(k, pixel)| meets[*k].push((window, *pixel)));
        }
        let bias = |o: usize| bias.map_or(0.0, |b| b.data()[o]);
        let mut y = Tensor::from_fn(laid.shape.clone(), |i| bias(i / windows)).into_data();
        // One weight times all its pixels at a time: the innermost loop has no dependency and no branch.
        let mut column = vec![0.0; windows];
        for c in 0..x.shape().dims()[0] {
            let (group, channel) = (c / laid.channels, c % laid.channels);
            let x = &x.data()[c * pixels..][..pixels];
            for (k, meets) in meets.iter().enumerate() {
                column.fill(0.0);
                meets.iter().for_each(|(window, pixel)| column[*window] = x[*pixel]);
                for o in group * laid.filters..(group + 1) * laid.filters {
                    let weight = weight.data()[laid.weight(o, channel) + k];
                    let y = &mut y[o * windows..][..windows];
                    y.iter_mut().zip(&column).for_each(|(y, x)| *y += weight * x);
                }
            }
        }
        Tensor::from_fn(laid.shape, |i| y[i])
    }

    /// Output shape and geometry over an input; `None` for one that [`Convolution::shape`] refuses.
    fn grid(&self, input: &Shape) -> Option<(Shape, Grid)> {
        let shape = self.shape(input).ok()?;
        let Some(after) = self.transposed else {
            return Some((shape, self.window.place(self.layer, input).ok()?.grid()));
        };
        let (output, before) = spread(self.layer, self.window, after, input).ok()?;
        let Window { kernel, stride, dilation, .. } = *self.window;
        let input = window::extents(self.layer, input).ok()?;
        Some((shape, Grid { kernel, stride, dilation, input, output, before, transposed: true }))
    }

    /// The exact semantics, before the rescale.
    pub fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &Tensor<A::Wire>,
        weight: &Tensor<A::Wire>,
        bias: Option<&Tensor<A::Wire>>,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        let Some((shape, grid)) = self.grid(x.shape()) else { return Ok(Tensor::vector(vec![])) };
        let filters = self.filters / self.groups;
        let area = self.window.area();
        let mut y = Vec::with_capacity(shape.len());
        for group in 0..self.groups {
            let of = |t: &Tensor<A::Wire>| {
                let len = t.len() / self.groups;
                group * len..(group + 1) * len
            };
            let (x, mut w) = (&x.data()[of(x)], Cow::Borrowed(&weight.data()[of(weight)]));
            if grid.transposed {
                w = by_filter(filters, w.len(), area).iter().map(|i| w[*i].clone()).collect();
            }
            let bias = bias.map_or(&[][..], |b| &b.data()[group * filters..][..filters]);
            y.extend(a.convolve(&grid, x, &w, bias)?);
        }
        Tensor::from_fn(shape, |i| i).try_map(|i| Ok(y[*i].clone()))
    }
}

/// All of [`Layer`](crate::layer::Layer) that layers of one convolution share. They have `convolution(&self, &Shape)`,
/// `linear(&self)` and `bias`.
macro_rules! convolves {
    () => {
        fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
            self.convolution(inputs[0]).shape(inputs[0])
        }

        fn params(&self, inputs: &[&Shape]) -> Vec<Param> {
            self.convolution(inputs[0]).params(self.bias, inputs[0])
        }

        fn float(&self, inputs: &[&Tensor], params: &[&Tensor]) -> Tensor {
            self.convolution(inputs[0].shape()).float(inputs[0], params[0], params.get(1).copied())
        }

        fn factors(&self) -> Factors {
            Factors::Weights
        }

        fn scale(&self, step: &Step) -> i32 {
            step.inputs[0] + step.weight_scale
        }

        fn fanout(&self, inputs: &[&Shape]) -> usize {
            self.convolution(inputs[0]).fanout(inputs[0])
        }

        fn kind(&self) -> Kind {
            Kind::Linear(self.linear())
        }

        fn fuses_rescale(&self) -> bool {
            false
        }

        fn exact<A: Arith>(
            &self,
            a: &mut A,
            x: &[&Tensor<A::Wire>],
            p: &[Tensor<A::Wire>],
            step: &Step,
        ) -> Result<Tensor<A::Wire>, ArithError> {
            let y = self.convolution(x[0].shape()).exact(a, x[0], &p[0], p.get(1))?;
            step.finish(a, y)
        }
    };
}
pub(in crate::layer) use convolves;
