//! Linear maps as products of polynomials: the exponents of the terms of a kernel, of an input, and of each output

use std::collections::BTreeMap;

#[cfg(feature = "prove")]
use ark_bn254::Fr;
#[cfg(feature = "prove")]
use ark_ff::Zero;

use super::{linear_map::LinearMap, winograd::Grid};
#[cfg(feature = "prove")]
use crate::number::{Int, field::to_field};

/// The most pairs of an element of the kernel and one of the input, along an axis, for which there are polynomials.
const MOST_PAIRS: usize = 1 << 22;

/// So many pairs of an element of the kernel and one of the input take no time.
const FEW_PAIRS: usize = 1 << 16;

/// How many such pairs there may be for each that an output is made of.
const MOST_UNUSED: usize = 32;

/// The largest step of a grid, so that no sum of some overflows.
const FARTHEST: usize = 1 << (usize::BITS / 2);

/// How many exponents there may be for each element of kernel, input and output.
const MOST_APART: usize = 8;

/// A linear map as products of polynomials, for one filter.
pub(super) struct Products {
    /// The factors: the terms of a kernel, by exponent and weight, and those of an input, by exponent and element.
    pub(super) factors: Vec<[Vec<(usize, usize)>; 2]>,
    /// All exponents that a product has a term of, in order.
    pub(super) support: Vec<usize>,
    /// The exponent of each position; nothing for one that meets no input.
    pub(super) outputs: Vec<Option<usize>>,
}

#[cfg(feature = "prove")]
impl Products {
    /// The coefficients of the sum, by exponent, of packed weights and elements: zero where there is an output.
    pub(super) fn beside(&self, position: &[Option<usize>], packed: &[Fr], x: &[Int]) -> Vec<Fr> {
        let x: Vec<Fr> = x.iter().map(|x| to_field(*x)).collect();
        let mut beside = vec![Fr::zero(); position.len()];
        for [kernel, input] in &self.factors {
            for (a, j) in kernel {
                for (b, i) in input {
                    if position[a + b].is_none() {
                        beside[a + b] += packed[*j] * x[*i];
                    }
                }
            }
        }
        beside
    }
}

/// Along one axis, the elements of a kernel and of an input by classes, which have products of their own, and what exponents they have; and
/// the exponent of each output.
struct Axis {
    classes: Vec<[Vec<(usize, usize)>; 2]>,
    outputs: Vec<usize>,
}

impl Axis {
    fn new(grid: &Grid, axis: usize) -> Self {
        let (stride, dilation, before) = (grid.stride[axis], grid.dilation[axis], grid.before[axis]);
        let (kernel, input, output) = (grid.kernel[axis], grid.input[axis], grid.output[axis]);
        if grid.transposed {
            let kernel = (0..kernel).map(|k| (k * dilation, k)).collect();
            let input = (0..input).map(|i| (i * stride, i)).collect();
            return Self { classes: vec![[kernel, input]], outputs: (0..output).map(|o| o + before).collect() };
        }
        // The tap `k` of the output `o` meets the element `(o + q) * stride + rest`: a class is what has one rest.
        let shift = before.div_ceil(stride);
        let met = |k: usize| {
            let place = k * dilation + shift * stride - before;
            (place / stride, place % stride)
        };
        // `q + shift` of the last tap.
        let last = (0..kernel).map(|k| met(k).0).max().unwrap_or(0).max(shift);
        let mut classes: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for k in (0..kernel).rev() {
            let (place, rest) = met(k);
            classes.entry(rest).or_default().push((last - place, k));
        }
        let classes = classes.into_iter().map(|(rest, taps)| {
            let input: Vec<(usize, usize)> = (rest..input).step_by(stride).enumerate().collect();
            [taps, input]
        });
        let classes = classes.filter(|[_, input]| !input.is_empty());
        Self { classes: classes.collect(), outputs: (0..output).map(|o| o + last - shift).collect() }
    }

    /// One more than the highest exponent of a product.
    fn length(&self) -> usize {
        let highest = |terms: &[(usize, usize)]| terms.iter().map(|(exponent, _)| *exponent).max().unwrap_or(0);
        self.classes.iter().map(|[kernel, input]| highest(kernel) + highest(input) + 1).max().unwrap_or(0)
    }
}

impl LinearMap {
    /// Whether it is to be written as products of polynomials at all: exponents that are far apart take memory, and don't pay.
    pub(super) fn has_products(&self) -> bool {
        let Self::Convolution { grid, .. } = self else { return true };
        let pairs = |axis: usize| grid.kernel[axis].saturating_mul(grid.input[axis]);
        let steps = grid.stride.iter().chain(&grid.dilation).chain(&grid.before);
        if pairs(0).max(pairs(1)) > MOST_PAIRS || steps.max().is_some_and(|most| *most > FARTHEST) {
            return false;
        }
        // Of strides, a tap and an element are in the same class only every so often.
        let class = |axis: usize| if grid.transposed { 1 } else { grid.stride[axis] };
        let all = (pairs(0) / class(0)).saturating_mul(pairs(1) / class(1));
        let met = |axis: usize| (0..grid.output[axis]).map(|j| grid.count(axis, j)).sum::<usize>();
        if all > FEW_PAIRS.max(met(0).saturating_mul(met(1)).saturating_mul(MOST_UNUSED)) {
            return false;
        }
        let [y, x] = [0, 1].map(|axis| {
            let (kernel, input) = if grid.transposed {
                (grid.dilation[axis], grid.stride[axis])
            } else {
                (grid.dilation[axis].div_ceil(grid.stride[axis]), 1)
            };
            let kernel = (grid.kernel[axis] - 1).saturating_mul(kernel);
            let padding = if grid.transposed { 0 } else { grid.before[axis].div_ceil(grid.stride[axis]) };
            let kernel = kernel.max(padding);
            kernel.saturating_add((grid.input[axis] - 1).saturating_mul(input)).saturating_add(1)
        });
        let elements = [grid.kernel, grid.input, grid.output].map(|[y, x]| y.saturating_mul(x));
        let elements = elements.into_iter().fold(0usize, usize::saturating_add);
        y.saturating_mul(x) <= elements.saturating_mul(MOST_APART)
    }

    /// As products of polynomials.
    pub(super) fn products(&self) -> Products {
        match self {
            Self::Convolution { grid, channels, .. } => {
                let [y, x] = [0, 1].map(|axis| Axis::new(grid, axis));
                let line = x.length();
                let (area, pixels) = (grid.kernel[0] * grid.kernel[1], grid.input[0] * grid.input[1]);
                let mut reached = vec![false; y.length() * line];
                let mut factors = vec![];
                for (ys, xs) in y.classes.iter().flat_map(|y| x.classes.iter().map(move |x| (y, x))) {
                    let joined = |side: usize, width: usize| -> Vec<(usize, usize)> {
                        let rows = ys[side].iter();
                        rows.flat_map(|(ey, y)| xs[side].iter().map(move |(ex, x)| (ey * line + ex, y * width + x)))
                            .collect()
                    };
                    let (kernel, input) = (joined(0, grid.kernel[1]), joined(1, grid.input[1]));
                    for (a, _) in &kernel {
                        input.iter().for_each(|(b, _)| reached[a + b] = true);
                    }
                    for c in 0..*channels {
                        let of =
                            |terms: &[(usize, usize)], size| terms.iter().map(|(e, i)| (*e, c * size + i)).collect();
                        factors.push([of(&kernel, area), of(&input, pixels)]);
                    }
                }
                let meets = |t: &usize| grid.taps(t / grid.output[1], t % grid.output[1]).next().is_some();
                let at = |t: usize| y.outputs[t / grid.output[1]] * line + x.outputs[t % grid.output[1]];
                Products {
                    factors,
                    support: reached.iter().enumerate().filter(|(_, reached)| **reached).map(|(e, _)| e).collect(),
                    outputs: (0..grid.windows()).map(|t| Some(t).filter(meets).map(at)).collect(),
                }
            }
            Self::Matrix { columns, length, .. } => Products {
                factors: (0..*length)
                    .map(|c| [vec![(0, c)], (0..*columns).map(|t| (t, t * length + c)).collect()])
                    .collect(),
                support: if *length > 0 { (0..*columns).collect() } else { vec![] },
                outputs: (0..*columns).map(|t| (*length > 0).then_some(t)).collect(),
            },
        }
    }
}
