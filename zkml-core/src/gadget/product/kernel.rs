//! Matrix products of integers on narrow machine numbers: `s_ft = sum_c w_fc * x_ct`, exactly.
//!
//! Whatever the magnitudes, the result is the sum of the products: of 16-bit factors it is taken in 32 bits, as many terms at a time as
//! cannot overflow; of wider ones in floats of 64 bits, while every partial sum is below `2^53` and so exact; and else in 64 bits.

use super::winograd::Grid;

/// Columns that share one pass over a row.
const TOGETHER: usize = 4;

/// Lanes of a sum of floats.
const LANES: usize = 4;

/// Fewer products than these are not worth copying their factors.
pub(crate) const WORTH: usize = 64;

/// Vectors of one length, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vectors {
    length: usize,
    count: usize,
    most: u64,
    data: Data,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Data {
    Short(Vec<i16>),
    Long(Vec<i64>),
}

impl Vectors {
    /// Vectors of this length, of at least one.
    pub fn new(length: usize, values: Vec<i64>) -> Self {
        let most = values.iter().fold(0, |most: u64, v| most.max(v.unsigned_abs()));
        let count = values.len() / length.max(1);
        // Not the least one: its square would be `2^30`, and two of these overflow.
        let short = most <= i16::MAX.unsigned_abs().into();
        let data = if short { Data::Short(values.into_iter().map(|v| v as i16).collect()) } else { Data::Long(values) };
        Self { length, count, most, data }
    }

    /// Vectors of this length, of 16 bits.
    pub fn short(length: usize, values: Vec<i16>) -> Self {
        let most = values.iter().fold(0, |most, v| most.max(v.unsigned_abs()));
        Self { length, count: values.len() / length.max(1), most: most.into(), data: Data::Short(values) }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many elements one has.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The elements, one vector after the other.
    pub fn values(&self) -> Vec<i64> {
        match &self.data {
            Data::Short(data) => data.iter().map(|v| i64::from(*v)).collect(),
            Data::Long(data) => data.clone(),
        }
    }

    /// The elements of one vector.
    pub fn values_of(&self, i: usize) -> Vec<i64> {
        let range = i.saturating_mul(self.length)..i.saturating_add(1).saturating_mul(self.length);
        match &self.data {
            Data::Short(data) => data.get(range).unwrap_or_default().iter().map(|v| i64::from(*v)).collect(),
            Data::Long(data) => data.get(range).unwrap_or_default().to_vec(),
        }
    }

    fn floats(&self) -> Vec<f64> {
        match &self.data {
            Data::Short(data) => data.iter().map(|v| f64::from(*v)).collect(),
            Data::Long(data) => data.iter().map(|v| *v as f64).collect(),
        }
    }
}

/// What each tap of each window meets, by window, channel and tap: the place in the input, or nothing in the padding.
pub(crate) fn unfold<T>(grid: &Grid, channels: usize, mut meets: impl FnMut(Option<usize>) -> T) -> Vec<T> {
    let ([height, width], [lines, line]) = (grid.output, grid.input);
    let (area, pixels) = (grid.kernel[0] * grid.kernel[1], lines * line);
    let mut all = Vec::with_capacity(height * width * channels * area);
    let mut places = vec![None; area];
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        if grid.transposed {
            places.fill(None);
            grid.taps(y, x).for_each(|(k, pixel)| places[k] = Some(pixel));
        } else {
            let at = |axis: usize, j: usize, k: usize| {
                let place = (j * grid.stride[axis] + k * grid.dilation[axis]).checked_sub(grid.before[axis])?;
                (place < grid.input[axis]).then_some(place)
            };
            for (k, place) in places.iter_mut().enumerate() {
                let (ky, kx) = (k / grid.kernel[1], k % grid.kernel[1]);
                *place = at(0, y, ky).zip(at(1, x, kx)).map(|(y, x)| y * line + x);
            }
        }
        for c in 0..channels {
            all.extend(places.iter().map(|place| meets(place.map(|pixel| c * pixels + pixel))));
        }
    }
    all
}

/// Shows every sum to `each`, by row and column; nothing if one may not fit 63 bits.
pub fn products(rows: &Vectors, columns: &Vectors, each: &mut dyn FnMut(usize, usize, i64)) -> Option<()> {
    let n = rows.length;
    let term = u128::from(rows.most) * u128::from(columns.most);
    let sum = term.saturating_mul(n as u128);
    if n != columns.length || sum >= 1 << 63 {
        return None;
    }
    if let (Data::Short(w), Data::Short(x)) = (&rows.data, &columns.data) {
        // So many terms stay below `2^31`.
        let fit = u128::from(i32::MAX.unsigned_abs()) / term.max(1);
        let part = usize::try_from(fit).unwrap_or(usize::MAX).min(n.max(1));
        if part >= 16 || part >= n {
            let dots = |w: &[i16], x: [&[i16]; TOGETHER]| {
                let mut sums = [0i64; TOGETHER];
                for at in (0..n).step_by(part) {
                    let end = n.min(at + part);
                    let dots = short(&w[at..end], x.map(|x| &x[at..end]));
                    sums.iter_mut().zip(dots).for_each(|(sum, dot)| *sum += i64::from(dot));
                }
                sums
            };
            blocked((n, rows.count, columns.count), w, x, dots, each);
            return Some(());
        }
    }
    if sum < 1 << 53 {
        let (w, x) = (rows.floats(), columns.floats());
        blocked((n, rows.count, columns.count), &w, &x, float, each);
        return Some(());
    }
    let (w, x) = (rows.values(), columns.values());
    let dots = |w: &[i64], x: [&[i64]; TOGETHER]| {
        x.map(|x| w.iter().zip(x).fold(0i64, |sum, (w, x)| sum.wrapping_add(w.wrapping_mul(*x))))
    };
    blocked((n, rows.count, columns.count), &w, &x, dots, each);
    Some(())
}

/// All dot products of rows and columns, a few columns at a time.
fn blocked<T>(
    (n, rows, columns): (usize, usize, usize),
    w: &[T],
    x: &[T],
    dots: impl Fn(&[T], [&[T]; TOGETHER]) -> [i64; TOGETHER],
    each: &mut dyn FnMut(usize, usize, i64),
) {
    for first in (0..columns).step_by(TOGETHER) {
        // The last column stands in for those that are missing.
        let column = |k: usize| &x[(first + k).min(columns - 1) * n..][..n];
        let block = [column(0), column(1), column(2), column(3)];
        for f in 0..rows {
            let sums = dots(&w[f * n..][..n], block);
            for (k, sum) in sums.into_iter().enumerate().take(columns - first) {
                each(f, first + k, sum);
            }
        }
    }
}

/// Dot products of 16-bit factors that fit 32 bits.
fn short(w: &[i16], x: [&[i16]; TOGETHER]) -> [i32; TOGETHER] {
    let n = w.len();
    let [a, b, c, d] = x.map(|x| &x[..n]);
    let mut sums = [0i32; TOGETHER];
    for i in 0..n {
        let w = i32::from(w[i]);
        sums[0] = sums[0].wrapping_add(w.wrapping_mul(i32::from(a[i])));
        sums[1] = sums[1].wrapping_add(w.wrapping_mul(i32::from(b[i])));
        sums[2] = sums[2].wrapping_add(w.wrapping_mul(i32::from(c[i])));
        sums[3] = sums[3].wrapping_add(w.wrapping_mul(i32::from(d[i])));
    }
    sums
}

/// Dot products of integers below `2^53`, partial sums included: floats add these exactly, in any order.
fn float(w: &[f64], x: [&[f64]; TOGETHER]) -> [i64; TOGETHER] {
    let n = w.len();
    let x = x.map(|x| &x[..n]);
    let mut sums = [[0.0f64; LANES]; TOGETHER];
    let whole = n - n % LANES;
    for at in (0..whole).step_by(LANES) {
        for (sums, x) in sums.iter_mut().zip(x) {
            for lane in 0..LANES {
                sums[lane] += w[at + lane] * x[at + lane];
            }
        }
    }
    let mut dots = [0i64; TOGETHER];
    for ((dot, sums), x) in dots.iter_mut().zip(sums).zip(x) {
        let rest: f64 = w[whole..].iter().zip(&x[whole..]).map(|(w, x)| w * x).sum();
        *dot = (sums.iter().sum::<f64>() + rest) as i64;
    }
    dots
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Factors of both signs, up to this magnitude, which some have.
    fn values(n: usize, most: i64, seed: u64) -> Vec<i64> {
        let mut state = seed;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as i64
        };
        (0..n)
            .map(|i| match i % 5 {
                0 => most,
                1 => -most,
                _ => draw() % (most + 1) * if i % 2 == 0 { 1 } else { -1 },
            })
            .collect()
    }

    #[test]
    fn every_kernel_gives_the_sums_of_the_formula() {
        // 16 bits in one part, in several, floats, 64 bits; and lengths that fill no lane.
        let most = [(127, 255), (32_767, 255), (32_767, 32_767), (1 << 20, 1 << 20), (1 << 26, 1 << 28), (0, 5)];
        for (w_most, x_most) in most {
            for (rows, columns, n) in [(1, 1, 1), (3, 2, 7), (2, 5, 64), (4, 9, 131), (2, 3, 0)] {
                let (w, x) = (values(rows * n, w_most, 3), values(columns * n, x_most, 8));
                let mut found = vec![None; rows * columns];
                let (a, b) = (Vectors::new(n, w.clone()), Vectors::new(n, x.clone()));
                products(&a, &b, &mut |f, t, sum| found[f * columns + t] = Some(sum)).unwrap();
                // Vectors without elements can't be counted.
                for (f, t) in (0..a.count()).flat_map(|f| (0..b.count()).map(move |t| (f, t))) {
                    let expected: i128 = (0..n).map(|c| i128::from(w[f * n + c]) * i128::from(x[t * n + c])).sum();
                    assert_eq!(found[f * columns + t].map(i128::from), Some(expected), "{w_most} {x_most} {n}");
                }
            }
        }
    }

    #[test]
    fn sums_that_may_not_fit_are_nothing() {
        let of = |values: &[i64]| Vectors::new(values.len(), values.to_vec());
        let mut none = |_, _, _| panic!("a sum that may not fit is shown");
        assert_eq!(products(&of(&[i64::MIN; 5]), &of(&[i64::MIN; 5]), &mut none), None);
        assert_eq!(products(&of(&[1 << 31; 3]), &of(&[1 << 31; 3]), &mut none), None);
        assert_eq!(products(&of(&[1; 3]), &of(&[1; 2]), &mut none), None);
    }

    #[test]
    fn windows_meet_what_their_taps_say() {
        let plain = Grid {
            kernel: [2, 3],
            stride: [1, 2],
            dilation: [2, 1],
            input: [5, 6],
            output: [5, 3],
            before: [1, 1],
            transposed: false,
        };
        let spread =
            Grid { stride: [2, 1], dilation: [1, 1], output: [9, 7], before: [0, 1], transposed: true, ..plain };
        for grid in [plain, spread] {
            let found = unfold(&grid, 2, |place| place);
            let mut expected = vec![None; found.len()];
            for (window, taps) in grid.all_taps().enumerate() {
                for (c, (k, pixel)) in (0..2).flat_map(|c| taps.iter().map(move |tap| (c, tap))) {
                    expected[(window * 2 + c) * 6 + k] = Some(c * 30 + pixel);
                }
            }
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_may_not_fit_is_refused() {
        let of = |most: i64| Vectors::new(4, vec![most; 4]);
        assert!(products(&of(1 << 30), &of(1 << 30), &mut |_, _, _| ()).is_some());
        assert!(products(&of(1 << 31), &of(1 << 31), &mut |_, _, _| ()).is_none());
        assert!(products(&of(i64::MIN), &of(1), &mut |_, _, _| ()).is_none());
        assert!(products(&of(3), &Vectors::new(2, vec![1; 4]), &mut |_, _, _| ()).is_none());
    }
}
