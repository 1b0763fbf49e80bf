//! Convolution, of weights and inputs that are both variables, by Winograd's minimal filtering:
//! `y_o(j) = sum_c,k w_oc(k) * x_c(s * j + d * k - p)`

mod transform;

use std::{collections::BTreeMap, ops::Range};

use self::transform::{MOST, Row, Transform};
use super::linear_map::LinearMap;
#[cfg(feature = "prove")]
use crate::gadget::{FieldCs, bits::decompose};
use crate::{
    gadget::product::matrix,
    number::{
        ArithError, Cost, Interval, Measure,
        cost::{self, settles},
    },
};

/// Geometry of a convolution: kernel, stride, dilation, padding. Of each pair, the first is that of the height. All but the
/// padding are at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Extents of the kernel.
    pub kernel: [usize; 2],
    /// Steps between windows.
    pub stride: [usize; 2],
    /// Steps within a window.
    pub dilation: [usize; 2],
    /// Extents of the input.
    pub input: [usize; 2],
    /// Extents of the output: the number of windows.
    pub output: [usize; 2],
    /// The padding before the first pixel; or what is cut off before the first pixel of the output, if it is transposed.
    pub before: [usize; 2],
    /// Whether it is a transposed convolution: the pixel `i` of the input is added to the outputs `s * i + d * k - p`.
    pub transposed: bool,
}

impl Grid {
    /// Where along an axis the tap `k` of the window `j` meets the input; nothing in the padding.
    fn meets(&self, axis: usize, j: usize, k: usize) -> Option<usize> {
        let (stride, reach) = (self.stride[axis], k * self.dilation[axis]);
        let place = if self.transposed {
            let place = (j + self.before[axis]).checked_sub(reach)?;
            place.is_multiple_of(stride).then_some(place / stride)?
        } else {
            (j * stride + reach).checked_sub(self.before[axis])?
        };
        (place < self.input[axis]).then_some(place)
    }

    /// The taps of the window `j` that don't lie before or after the input.
    fn within(&self, axis: usize, j: usize) -> Range<usize> {
        let (stride, input, before) = (self.stride[axis], self.input[axis], self.before[axis]);
        // What `k * dilation` is, from the first pixel to the last, or from the last to the first.
        let (from, to) = if self.transposed {
            let end = j.saturating_add(before).saturating_add(1);
            (end.saturating_sub(input.saturating_mul(stride)), end)
        } else {
            let start = j.saturating_mul(stride);
            (before.saturating_sub(start), before.saturating_add(input).saturating_sub(start))
        };
        let [from, to] = [from, to].map(|reach| reach.div_ceil(self.dilation[axis]).min(self.kernel[axis]));
        from..to
    }

    /// The taps of the window `j` along an axis, each with what it meets.
    fn met(self, axis: usize, j: usize) -> impl Iterator<Item = (usize, usize)> {
        self.within(axis, j).filter_map(move |k| self.meets(axis, j, k).map(|place| (k, place)))
    }

    /// For the window at `(y, x)`: each tap as its flat index in the kernel and its flat index in a channel of the input; taps
    /// in the padding are left out.
    pub fn taps(self, y: usize, x: usize) -> impl Iterator<Item = (usize, usize)> {
        let (width, line) = (self.kernel[1], self.input[1]);
        self.met(0, y).flat_map(move |(ky, iy)| self.met(1, x).map(move |(kx, ix)| (ky * width + kx, iy * line + ix)))
    }

    /// How many taps of the window `j` along an axis meet the input.
    pub(super) fn count(&self, axis: usize, j: usize) -> usize {
        self.met(axis, j).count()
    }

    /// [`Grid::taps`] of all windows, by rows.
    pub fn all_taps(self) -> impl Iterator<Item = Vec<(usize, usize)>> {
        let [height, width] = self.output;
        (0..height * width).map(move |at| self.taps(at / width, at % width).collect())
    }

    /// The number of windows.
    pub fn windows(&self) -> usize {
        self.output[0] * self.output[1]
    }

    fn area(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Channels and filters, of so many inputs and weights.
    pub fn channels_and_filters(&self, inputs: usize, weights: usize) -> (usize, usize) {
        let channels = inputs / (self.input[0] * self.input[1]).max(1);
        (channels, weights / (channels * self.area()).max(1))
    }

    /// The factors of the products whose sum is one result: weights and inputs, of the filter `o` and the taps of a window.
    pub fn factors<'a, T>(
        &self,
        x: &'a [T],
        w: &'a [T],
        channels: usize,
        o: usize,
        taps: &'a [(usize, usize)],
    ) -> impl Iterator<Item = (&'a T, &'a T)> {
        let (area, pixels) = (self.area(), self.input[0] * self.input[1]);
        (0..channels).flat_map(move |c| {
            let filter = &w[(o * channels + c) * area..];
            taps.iter().map(move |(k, pixel)| (&filter[*k], &x[c * pixels + pixel]))
        })
    }
}

/// The most taps by windows along an axis for which there are tiles.
const LONGEST: usize = 1 << 26;

/// Tiles along one axis that have the same transform: the taps of one remainder by the stride, and a number of outputs.
#[cfg_attr(not(feature = "prove"), allow(dead_code))]
struct Kind {
    /// The taps, `r` of them.
    taps: Vec<usize>,
    transform: Transform,
    /// The tiles: for each its `m` outputs, and the `n` inputs that they meet, but for those in the padding.
    tiles: Vec<(Vec<usize>, Vec<Option<usize>>)>,
    /// For each product, the tiles where it isn't known to be zero.
    meeting: Vec<Vec<usize>>,
}

impl Kind {
    fn new(taps: Vec<usize>, tiles: Vec<(Vec<usize>, Vec<Option<usize>>)>, m: usize) -> Self {
        let transform = Transform::new(m, taps.len());
        let meets = |i: usize, inputs: &[Option<usize>]| transform.input[i].iter().any(|(at, _)| inputs[*at].is_some());
        let meeting = (0..transform.divisors.len())
            .map(|i| (0..tiles.len()).filter(|t| meets(i, &tiles[*t].1)).collect())
            .collect();
        Self { taps, transform, tiles, meeting }
    }

    /// `A^T`, divided.
    #[cfg(feature = "prove")]
    fn divided(&self) -> Vec<Vec<(usize, ark_bn254::Fr)>> {
        use ark_ff::Field;

        use crate::number::field::to_field;

        let parts = self.transform.divisors.iter().map(|n| to_field(*n).inverse().unwrap_or_default());
        let parts: Vec<ark_bn254::Fr> = parts.collect();
        let row = |row: &Row| row.iter().map(|(i, c)| (*i, to_field(*c) * parts[*i])).collect();
        self.transform.output.iter().map(row).collect()
    }

    /// Tiles of at most `most` outputs along an axis, by kind; nothing if that takes too many points, or if the windows have
    /// both strides and dilation.
    fn all(grid: &Grid, axis: usize, most: usize) -> Option<Vec<Self>> {
        let (kernel, stride, output) = (grid.kernel[axis], grid.stride[axis], grid.output[axis]);
        if stride > 1 && grid.dilation[axis] > 1 && kernel > 1 && (output > 1 || grid.transposed) {
            return None;
        }
        // The inputs of every `step`th output are as far from each other as those of every `apart`th tap.
        let dilation = if kernel == 1 { 1 } else { grid.dilation[axis] };
        let (step, apart) = match (stride > 1, grid.transposed) {
            (false, _) => (dilation, 1),
            (true, false) => (1, stride),
            (true, true) => (stride, stride),
        };
        let mut sizes: BTreeMap<(usize, usize), Vec<Vec<usize>>> = BTreeMap::new();
        for first in 0..step.min(output) {
            let outputs: Vec<usize> = (first..output).step_by(step).collect();
            let tiles = outputs.len().div_ceil(most);
            // The taps of an output of a transposed convolution are those of one remainder.
            let met = if grid.transposed { (first + grid.before[axis]) % apart } else { 0 };
            for tile in 0..tiles {
                let [from, to] = [tile, tile + 1].map(|t| t * outputs.len() / tiles);
                sizes.entry((to - from, met)).or_default().push(outputs[from..to].to_vec());
            }
        }
        let mut kinds = vec![];
        for ((m, met), tiles) in sizes {
            let phases = if grid.transposed { met..(met + 1).min(kernel) } else { 0..apart.min(kernel) };
            for phase in phases {
                let mut taps: Vec<usize> = (phase..kernel).step_by(apart).collect();
                if m > 1 && m + taps.len() - 1 > MOST && taps.len() > 1 {
                    return None;
                }
                if grid.transposed {
                    // Later taps meet earlier inputs.
                    taps.reverse();
                }
                let inputs = |outputs: &[usize]| -> Vec<Option<usize>> {
                    // What the first tap meets, and beyond what the others meet in the last output.
                    let first = outputs.iter().map(|j| grid.meets(axis, *j, taps[0]));
                    first.chain(taps[1..].iter().map(|k| grid.meets(axis, outputs[m - 1], *k))).collect()
                };
                let tiles = tiles.iter().map(|outputs| (outputs.clone(), inputs(outputs))).collect();
                kinds.push(Self::new(taps.clone(), tiles, m));
            }
        }
        Some(kinds)
    }
}

/// What one of the factors of a convolution is, as far as its cost depends on it.
#[derive(Clone, Copy, Debug)]
struct Factor {
    bits: u32,
    terms: usize,
}

impl Factor {
    /// Nothing if an element is known.
    fn of<'a>(mut measures: impl Iterator<Item = &'a Measure>) -> Option<Self> {
        measures.try_fold(Self { bits: 0, terms: 1 }, |all, m| {
            let bits = all.bits.max(m.interval.bits());
            (!m.interval.is_point()).then(|| Self { bits, terms: all.terms.max(m.terms as usize) })
        })
    }

    /// After a transform of both axes.
    fn grown(&self, y: (u32, usize), x: (u32, usize)) -> Self {
        Self { bits: self.bits + y.0 + x.0, terms: (y.1 * x.1).saturating_mul(self.terms) }
    }

    fn settles(&self, fanout: usize) -> bool {
        settles(u32::try_from(self.terms).unwrap_or(u32::MAX), fanout)
    }
}

/// Tiles of a kind along the height and a kind along the width.
struct Pair<'a> {
    y: &'a Kind,
    x: &'a Kind,
    /// A transformed input, and whether it is made a variable.
    input: (Factor, bool),
    /// A transformed element of a kernel, and whether it is made a variable.
    kernel: (Factor, bool),
}

impl<'a> Pair<'a> {
    fn new(y: &'a Kind, x: &'a Kind, (input, kernel): (Factor, Factor), filters: usize) -> Self {
        let growth = |of: fn(&Transform) -> &Vec<Row>| [y, x].map(|k| Transform::growth(of(&k.transform)));
        let ([iy, ix], [ky, kx]) = (growth(|t| &t.input), growth(|t| &t.kernel));
        let (input, kernel) = (input.grown(iy, ix), kernel.grown(ky, kx));
        let tiles = y.tiles.len() * x.tiles.len();
        Self { y, x, input: (input, input.settles(filters)), kernel: (kernel, kernel.settles(tiles)) }
    }

    /// The products of a tile.
    fn products(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (ny, nx) = (self.y.meeting.len(), self.x.meeting.len());
        (0..ny).flat_map(move |i| (0..nx).map(move |j| (i, j)))
    }

    /// The tiles, along both axes, that have this product.
    #[cfg(feature = "prove")]
    fn tiles(&self, i: usize, j: usize) -> Vec<(usize, usize)> {
        self.y.meeting[i].iter().flat_map(|t| self.x.meeting[j].iter().map(move |u| (*t, *u))).collect()
    }

    /// How many products a result is made of.
    fn terms(&self) -> usize {
        [self.y, self.x].map(|k| Transform::growth(&k.transform.output).1).iter().product()
    }

    /// Products, what is made a variable before them, and about how many entries the matrices have.
    fn cost(&self, channels: usize, filters: usize) -> (usize, usize, usize) {
        let terms = |(factor, settles): (Factor, bool)| if settles { 1 } else { factor.terms };
        let (mut products, mut settled, mut entries) = (0usize, 0usize, 0usize);
        for (i, j) in self.products() {
            let tiles = self.y.meeting[i].len() * self.x.meeting[j].len();
            if tiles == 0 {
                continue;
            }
            let n = matrix::cost(filters, tiles, channels).constraints;
            products = products.saturating_add(n);
            entries = entries.saturating_add(n.saturating_mul(1 + terms(self.input) + terms(self.kernel)));
            for ((factor, settles), n) in [(self.input, tiles), (self.kernel, filters)] {
                if settles {
                    settled = settled.saturating_add(n * channels);
                    entries = entries.saturating_add((n * channels).saturating_mul(factor.terms + 2));
                }
            }
        }
        // A result enters two linear combinations of a decomposition.
        let outputs = |k: &Kind| k.tiles.len() * k.transform.output.len();
        let results = outputs(self.y) * outputs(self.x) * filters;
        (products, settled, entries.saturating_add((2 * results).saturating_mul(self.terms())))
    }
}

/// How a convolution is cut into tiles.
///
/// # Constraints
/// A tile of `a` by `b` outputs takes `(a + r - 1) * (b + s - 1)` products of transformed inputs and kernels, of `r` by `s`
/// taps, by channel and filter; all tiles of the same extents are one matrix product for each of these, see
/// [`matrix::cost`]. With strides, each remainder of the taps by the stride is a kernel of its own; with dilation, so is
/// each remainder of the outputs. What has many terms and is used often is made a variable first. The extents are those
/// that cost least, of at most 12 points along an axis; and the formula's products are taken if they are fewer.
#[cfg_attr(not(feature = "prove"), allow(dead_code))]
pub struct Tiling {
    axes: [Vec<Kind>; 2],
    factors: (Factor, Factor),
    channels: usize,
    filters: usize,
    /// Constraints of the products, and their variables.
    pub products: Cost,
    /// What is made a variable before.
    pub settled: Cost,
    /// Terms in the linear combination of a result, at most, without the bias.
    terms: u32,
    /// The time of all of it, in the unit of [`cost::ROW`].
    pub time: usize,
}

/// The time of a convolution by its formula, in the unit of [`cost::ROW`]: of so many pairs of a channel and a filter, and factors that have so many terms together.
pub fn direct_time(grid: &Grid, pairs: usize, terms: usize) -> usize {
    let met = |axis: usize| (0..grid.output[axis]).map(|j| grid.count(axis, j)).sum::<usize>();
    met(0).saturating_mul(met(1)).saturating_mul(pairs).saturating_mul(cost::ROW + 3 + terms)
}

/// A convolution that is made of tiles, and what is known of its results, by filter and window.
#[cfg_attr(not(feature = "prove"), allow(dead_code))]
pub struct Tiled {
    /// How it is cut into tiles.
    pub tiling: Tiling,
    /// The results.
    pub results: Vec<Measure>,
}

/// Whether tiles pay for a convolution, and which: nothing if the formula's products are fewer. Counting and building ask here,
/// and nowhere else.
///
/// # Errors
/// If a result may reach `2^250`.
pub fn decide(grid: &Grid, x: &[Measure], w: &[Measure], bias: &[Measure]) -> Result<Option<Tiled>, ArithError> {
    let Some(tiling) = Tiling::of(grid, x.iter(), w.iter()) else { return Ok(None) };
    let map = LinearMap::convolution(grid, x.len(), w.len());
    let [x, w, of_bias] = [x, w, bias].map(|of| of.iter().collect::<Vec<_>>());
    let result = |(i, interval): (usize, Interval)| {
        let terms = tiling.terms.saturating_add(bias.get(i / map.positions()).map_or(0, |b| b.terms));
        Measure { interval, terms }
    };
    let results = map.intervals(&w, &x, &of_bias)?.into_iter().enumerate().map(result).collect();
    Ok(Some(Tiled { tiling, results }))
}

impl Tiling {
    /// The tiling with the fewest constraints, entries of the matrices counted too; nothing if the formula has fewer, if an
    /// input or a weight is known, or if an axis is too long.
    fn of<'a>(
        grid: &Grid,
        inputs: impl ExactSizeIterator<Item = &'a Measure>,
        weights: impl ExactSizeIterator<Item = &'a Measure>,
    ) -> Option<Self> {
        let (channels, filters) = grid.channels_and_filters(inputs.len(), weights.len());
        let factors = (Factor::of(inputs)?, Factor::of(weights)?);
        if (0..2).any(|axis| grid.kernel[axis].saturating_mul(grid.output[axis]) > LONGEST) {
            return None;
        }
        let mut least = direct_time(grid, channels * filters, factors.0.terms + factors.1.terms);
        let mut options = [0, 1].map(|axis| {
            let taps = grid.kernel[axis].div_ceil(grid.stride[axis]);
            let most = if taps == 1 { 1 } else { (MOST + 1).saturating_sub(taps).clamp(1, grid.output[axis].max(1)) };
            (1..=most).filter_map(|most| Kind::all(grid, axis, most)).collect::<Vec<_>>()
        });
        let mut best = None;
        for (i, ys) in options[0].iter().enumerate() {
            for (j, xs) in options[1].iter().enumerate() {
                let (mut products, mut settled, mut entries, mut terms) = (0usize, 0usize, 0usize, 0usize);
                let mut fits = true;
                for pair in ys.iter().flat_map(|y| xs.iter().map(move |x| Pair::new(y, x, factors, filters))) {
                    let cost = pair.cost(channels, filters);
                    products = products.saturating_add(cost.0);
                    settled = settled.saturating_add(cost.1);
                    entries = entries.saturating_add(cost.2);
                    terms = terms.max(pair.terms());
                    fits &= matrix::fits(pair.kernel.0.bits, pair.input.0.bits, channels);
                }
                let weight = products.saturating_add(settled).saturating_mul(cost::ROW).saturating_add(entries);
                if fits && weight < least {
                    // Each remainder of a tap by the stride has products of its own.
                    let phases = match grid.transposed {
                        true => 1,
                        false => (0..2).map(|axis| grid.stride[axis].min(grid.kernel[axis])).product::<usize>(),
                    };
                    let terms = u32::try_from(terms * phases).unwrap_or(u32::MAX);
                    (least, best) =
                        (weight, Some((i, j, Cost::new(products, products), Cost::new(settled, settled), terms)));
                }
            }
        }
        let (i, j, products, settled, terms) = best?;
        let axes = [options[0].swap_remove(i), options[1].swap_remove(j)];
        Some(Self { axes, factors, channels, filters, products, settled, terms, time: least })
    }

    #[cfg(feature = "prove")]
    fn pairs(&self) -> impl Iterator<Item = Pair<'_>> {
        let [y, x] = &self.axes;
        y.iter().flat_map(move |y| x.iter().map(move |x| Pair::new(y, x, self.factors, self.filters)))
    }
}

/// The results, by filter and window, each a linear combination of products and its bias.
///
/// # Soundness
/// An identity of any field elements: the transposed product of polynomials, by evaluation and interpolation (S. Winograd,
/// "Arithmetic complexity of computations", 1980; A. Lavin and S. Gray, "Fast algorithms for convolutional neural networks",
/// 2016), where the divisors are products of differences of points: below the field's order, and not zero. Whatever inputs
/// and weights are, each sum of products is enforced to be that of their transforms (see [`matrix::enforce`]).
#[cfg(feature = "prove")]
pub fn enforce<C: FieldCs>(
    cs: &mut C,
    grid: &Grid,
    tiling: &Tiling,
    (x, w): (&[&C::W], &[&C::W]),
    bias: &[&C::W],
) -> Vec<C::W> {
    use ark_bn254::Fr;
    use ark_ff::One;

    use crate::number::{Int, interval};

    let Tiling { channels, filters, .. } = *tiling;
    let (pixels, [height, width]) = (grid.input[0] * grid.input[1], grid.output);
    let mut values = Vec::with_capacity(filters * height * width);
    for i in 0..filters * height * width {
        let (o, at) = (i / (height * width), i % (height * width));
        let taps: Vec<(usize, usize)> = grid.taps(at / width, at % width).collect();
        let mut sum = bias.get(o).and_then(|b| cs.value(b)).unwrap_or(Int::ZERO);
        for (w, x) in grid.factors(x, w, channels, o, &taps) {
            let (Some(w), Some(x)) = (cs.value(w), cs.value(x)) else { break };
            sum = sum.wrapping_add(interval::product(w, x));
        }
        values.push(sum);
    }
    let mut results: Vec<Option<C::W>> = vec![None; filters * height * width];
    for pair in tiling.pairs() {
        let (y_axis, x_axis) = (pair.y, pair.x);
        let mut sums = BTreeMap::new();
        for (i, j) in pair.products() {
            let tiles = pair.tiles(i, j);
            if tiles.is_empty() {
                continue;
            }
            cs.label("settle");
            let mut transform =
                |of: &[&C::W], (y, x): (&Row, &Row), settles: bool, place: &dyn Fn(usize, usize) -> Option<usize>| {
                    let mut terms = vec![];
                    for (a, c) in y {
                        for (b, d) in x {
                            terms.extend(place(*a, *b).map(|place| (*c * *d, of[place])));
                        }
                    }
                    let sum = cs.linear(&terms, Int::ZERO);
                    if settles { decompose::settle(cs, &sum) } else { sum }
                };
            let (ty, tx) = (&y_axis.transform, &x_axis.transform);
            let mut columns = Vec::with_capacity(tiles.len());
            for (t, u) in &tiles {
                let (ys, xs) = (&y_axis.tiles[*t].1, &x_axis.tiles[*u].1);
                let column = (0..channels).map(|c| {
                    let place = |a: usize, b: usize| Some(c * pixels + ys[a]? * grid.input[1] + xs[b]?);
                    transform(x, (&ty.input[i], &tx.input[j]), pair.input.1, &place)
                });
                columns.push(column.collect());
            }
            let mut rows = Vec::with_capacity(filters);
            for o in 0..filters {
                let row = (0..channels).map(|c| {
                    let first = (o * channels + c) * grid.area();
                    let place = |a: usize, b: usize| Some(first + y_axis.taps[a] * grid.kernel[1] + x_axis.taps[b]);
                    transform(w, (&ty.kernel[i], &tx.kernel[j]), pair.kernel.1, &place)
                });
                rows.push(row.collect());
            }
            let found = matrix::enforce(cs, &rows, &columns);
            for (o, row) in found.into_iter().enumerate() {
                for (tile, sum) in tiles.iter().zip(row) {
                    sums.insert((o, *tile, i, j), sum);
                }
            }
        }
        let (outer, inner) = (y_axis.divided(), x_axis.divided());
        for (t, (ys, _)) in y_axis.tiles.iter().enumerate() {
            for (u, (xs, _)) in x_axis.tiles.iter().enumerate() {
                for n in 0..filters * ys.len() * xs.len() {
                    let (o, a, b) = (n / (ys.len() * xs.len()), n / xs.len() % ys.len(), n % xs.len());
                    let at = (o * height + ys[a]) * width + xs[b];
                    let before = results[at].take();
                    let mut terms: Vec<(Fr, &C::W)> = before.iter().map(|w| (Fr::one(), w)).collect();
                    if before.is_none() {
                        terms.extend(bias.get(o).map(|b| (Fr::one(), *b)));
                    }
                    for (i, c) in &outer[a] {
                        for (j, d) in &inner[b] {
                            terms.extend(sums.get(&(o, (t, u), *i, *j)).map(|s| (*c * d, s)));
                        }
                    }
                    results[at] = Some(cs.combine(&terms, values[at]));
                }
            }
        }
    }
    // Windows that meet nothing are their bias.
    let zero = cs.constant(Int::ZERO);
    let none = |at: usize| bias.get(at / (height * width)).map_or_else(|| zero.clone(), |b| (*b).clone());
    results.into_iter().enumerate().map(|(at, w)| w.unwrap_or_else(|| none(at))).collect()
}
