//! Linear map with weights, `y_f(t) = sum_j w_f(j) * x(i) + bias_f`: convolutions and matrix products alike

use super::{kernel, winograd::Grid};
use crate::number::{ArithError, Interval, Measure, interval};

/// How many multiplications there may be for each that meets an element, where all of them are taken: machine integers are about as many times as
/// fast.
const MOST_UNMET: usize = 16;

/// Linear map with weights: `y_f(t) = sum_j w_f(j) * x(i) + bias_f`, for filters `f` and positions `t`, where `i` depends on `t` and `j`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinearMap {
    /// A convolution: filters, and windows as positions.
    Convolution {
        /// Its geometry.
        grid: Grid,
        /// Channels of the input.
        channels: usize,
        /// Output channels.
        filters: usize,
    },
    /// A matrix product: rows as filters, and columns as positions, each flat.
    Matrix {
        /// Rows of the left factor.
        rows: usize,
        /// Columns of the right one.
        columns: usize,
        /// Their length.
        length: usize,
    },
}

impl LinearMap {
    /// The convolution of so many elements with so many weights.
    pub fn convolution(grid: &Grid, inputs: usize, weights: usize) -> Self {
        let (channels, filters) = grid.channels_and_filters(inputs, weights);
        Self::Convolution { grid: *grid, channels, filters }
    }

    /// The product of these rows and columns, of one length.
    pub fn matrix<T, U>(rows: &[Vec<T>], columns: &[Vec<U>]) -> Self {
        Self::Matrix { rows: rows.len(), columns: columns.len(), length: rows.first().map_or(0, Vec::len) }
    }

    /// How many filters there are.
    pub fn filters(&self) -> usize {
        match self {
            Self::Convolution { filters, .. } => *filters,
            Self::Matrix { rows, .. } => *rows,
        }
    }

    /// How many weights a filter has.
    pub fn length(&self) -> usize {
        match self {
            Self::Convolution { grid, channels, .. } => channels * grid.kernel[0] * grid.kernel[1],
            Self::Matrix { length, .. } => *length,
        }
    }

    /// How many elements it takes.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Convolution { grid, channels, .. } => channels * grid.input[0] * grid.input[1],
            Self::Matrix { columns, length, .. } => columns * length,
        }
    }

    /// How many multiplications it takes, those in padding included.
    pub fn multiplications(&self) -> usize {
        self.filters().saturating_mul(self.positions()).saturating_mul(self.length())
    }

    /// Whether it is worth unfolding, so that machine integers take its sums: it has some multiplications, and not too many of them meet no
    /// element, as those in the padding, and those between the elements of a transposed convolution.
    pub fn is_worth_unfolding(&self) -> bool {
        let all = self.multiplications();
        all >= kernel::WORTH && all <= self.count().0.saturating_mul(self.filters()).saturating_mul(MOST_UNMET)
    }

    /// How many positions there are.
    pub fn positions(&self) -> usize {
        match self {
            Self::Convolution { grid, .. } => grid.windows(),
            Self::Matrix { columns, .. } => *columns,
        }
    }

    /// The products of a position: weights of a filter, and the elements that they meet.
    pub fn taps(&self, t: usize) -> Vec<(usize, usize)> {
        match self {
            Self::Convolution { grid, channels, .. } => {
                let (area, pixels) = (grid.kernel[0] * grid.kernel[1], grid.input[0] * grid.input[1]);
                let taps: Vec<(usize, usize)> = grid.taps(t / grid.output[1], t % grid.output[1]).collect();
                (0..*channels).flat_map(|c| taps.iter().map(move |(k, i)| (c * area + k, c * pixels + i))).collect()
            }
            Self::Matrix { length, .. } => (0..*length).map(|c| (c, t * length + c)).collect(),
        }
    }

    /// What is known of the sums, by filter and position, with a bias a filter or none: the interval of each dot product. Filters whose weights lie
    /// in the same intervals, as those of a parameter that is not known do, have the same sums, which are taken once.
    ///
    /// # Errors
    /// If a sum may reach `2^250`.
    pub(crate) fn intervals(
        &self,
        w: &[&Measure],
        x: &[&Measure],
        bias: &[&Measure],
    ) -> Result<Vec<Interval>, ArithError> {
        let (length, positions) = (self.length(), self.positions());
        let taps: Vec<Vec<(usize, usize)>> = (0..positions).map(|t| self.taps(t)).collect();
        let within = |f: usize| w[f * length..][..length].iter().map(|w| &w.interval);
        let sum = |f: usize, taps: &Vec<(usize, usize)>| {
            interval::dot(taps.iter().map(|(j, i)| (&w[f * length + j].interval, &x[*i].interval)), None)
        };
        let (mut sums, mut all) = (vec![], Vec::with_capacity(self.filters() * positions));
        for f in 0..self.filters() {
            if f == 0 || !within(f).eq(within(f - 1)) {
                sums = taps.iter().map(|taps| sum(f, taps)).collect::<Result<Vec<Interval>, _>>()?;
            }
            match bias.get(f) {
                None => all.extend_from_slice(&sums),
                Some(bias) => {
                    for sum in &sums {
                        all.push(sum.add(&bias.interval)?);
                    }
                }
            }
        }
        Ok(all)
    }

    /// How many products a filter takes, and how many positions have any.
    pub(super) fn count(&self) -> (usize, usize) {
        match self {
            Self::Convolution { grid, channels, .. } => {
                let [y, x] =
                    [0, 1].map(|axis| -> Vec<usize> { (0..grid.output[axis]).map(|j| grid.count(axis, j)).collect() });
                let (sums, met) = (
                    [&y, &x].map(|taps| taps.iter().sum::<usize>()),
                    [&y, &x].map(|taps| taps.iter().filter(|n| **n > 0).count()),
                );
                let products = sums[0].saturating_mul(sums[1]).saturating_mul(*channels);
                (products, if *channels > 0 { met[0] * met[1] } else { 0 })
            }
            Self::Matrix { columns, length, .. } => {
                (columns.saturating_mul(*length), if *length > 0 { *columns } else { 0 })
            }
        }
    }
}
