//! Piecewise polynomial tables of functions of one variable: the cheapest within an error, and the proven error of a table.

use crate::gadget::{
    Piecewise,
    table::{
        piecewise::{products, shares},
        segments::{Sides, Tail},
    },
};

/// Request for a table: the scale and range of its inputs, and the error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    /// Scale of the inputs.
    pub scale: i32,
    /// Largest magnitude of the inputs, in the samples.
    pub reach: f64,
    /// Largest allowed error, `2^-bits`.
    pub bits: i32,
}

/// Function of one variable to be tabulated: the function, its symmetry, its tails, and bounds on its derivatives.
///
/// Its tails approximate it far from zero: `negative` on the left, `positive + slope * x` on the right.
pub struct Function {
    /// The function.
    pub f: Box<dyn Fn(f64) -> f64>,
    /// Symmetry of `f` less its tails: even, odd, zero on a side, or neither.
    pub sides: Sides,
    /// Left tail, a constant.
    pub negative: f64,
    /// Constant of the right tail.
    pub positive: f64,
    /// Slope of the right tail.
    pub slope: f64,
    /// Bound on the second derivative where `f` is not monotone; `0` for a function that is monotone on each side.
    pub curvature: f64,
    /// Magnitude from which on the distance from the tails falls.
    pub falls: f64,
    /// Saturation: the magnitude where the tails begin whatever the error, of a function that does not approach its tails.
    pub end: Option<f64>,
    /// Bound on the magnitude of the first derivative, over all inputs of at most a magnitude.
    pub steepest: Box<dyn Fn(f64) -> f64>,
}

/// Bound on the first derivative that holds everywhere.
pub(crate) fn at_most(slope: f64) -> Box<dyn Fn(f64) -> f64> {
    Box::new(move |_| slope)
}

/// Rounding error of 64-bit floats in the comparison of a table with its function.
const FLOAT: f64 = 1e-11;
/// Finest error for which a table is searched.
const FINEST: i32 = 14;

impl Function {
    fn tail(&self, x: f64) -> f64 {
        if x >= 0.0 { self.positive + self.slope * x } else { self.negative }
    }

    /// The value at magnitude `u` on that side.
    fn side(&self, positive: bool, u: f64) -> f64 {
        (self.f)(if positive { u } else { -u })
    }

    /// The distance from the tails at magnitude `u`, the larger of both sides.
    fn distance(&self, u: f64) -> f64 {
        let right = (self.f)(u) - self.tail(u);
        let left = (self.f)(-u) - self.negative;
        right.abs().max(left.abs())
    }

    /// Signs of the inputs that have segments of their own.
    fn halves(&self) -> &'static [bool] {
        match self.sides {
            Sides::Even | Sides::Odd | Sides::Positive => &[true],
            Sides::Negative => &[false],
            Sides::Both => &[true, false],
        }
    }

    /// Cheapest table for the request: by its constraints, and a quarter of one for every bit of the values' scale, because the
    /// next layer decomposes those (of sums of several values). If no table is near enough, the least error that one has.
    pub fn table(&self, request: Request) -> Option<Piecewise> {
        self.weighed(request, 1)
    }

    /// Cheapest table, with so many quarters of a constraint for every bit of the values' scale: four where each value is
    /// decomposed.
    pub(super) fn weighed(&self, request: Request, bit: usize) -> Option<Piecewise> {
        let wanted = request.bits.min(FINEST);
        (wanted - 40..=wanted).rev().find_map(|bits| self.search(Request { bits, ..request }, bit))
    }

    /// Estimate of `log2` of the largest slope within the segments, less the tail's; at least -3.
    fn steepness(&self, end: i32) -> i32 {
        let step = 2f64.powi(end - 6);
        let at = |side: bool, i: i32| {
            let u = f64::from(i) * step;
            self.side(side, u) - if side { self.slope * u } else { 0.0 }
        };
        let slopes = self.halves().iter().flat_map(|s| (0..64).map(move |i| (at(*s, i + 1) - at(*s, i)).abs() / step));
        slopes.fold(0.125, f64::max).log2().ceil() as i32
    }

    fn search(&self, request: Request, bit: usize) -> Option<Piecewise> {
        let Request { scale, bits, .. } = request;
        let error = 2f64.powi(-bits);
        // The least power of two beyond which the tails will do.
        let end = match self.end {
            Some(end) => end.max(2f64.powi(-8)).log2().ceil() as i32,
            None => {
                let least = if self.falls > 0.0 { self.falls.log2().ceil() as i32 } else { -8 };
                (least..=12).find(|e| self.distance(2f64.powi(*e)) <= 0.9 * error)?
            }
        };
        let mut best: Option<(usize, Piecewise)> = None;
        let first = bits + self.steepness(end);
        for fine in first..=first + 3 {
            // Cells of 2^drop, of which a power of two fill the segments.
            let drop = (scale - fine).max(0);
            let cells = (end + scale - drop).max(1);
            if drop > 40 || cells > Piecewise::MAX_BITS as i32 || (fine > first && scale < fine) {
                continue;
            }
            let sampled = Sampled::of(self, request, drop as u32, cells as u32);
            for segments in 0..cells.min(Piecewise::MAX_SEGMENTS as i32 + 1) as u32 {
                let selectors = segments + u32::from(self.sides == Sides::Both);
                let monomials = (1usize << selectors) - selectors as usize - 1;
                for degree in 0..=Piecewise::MAX_DEGREE {
                    let least = if selectors == 0 { degree } else { 0 };
                    for uniform in least..=degree {
                        let products = monomials + products(degree, uniform);
                        let score = |s: i32| {
                            4 * (products + usize::from(self.rectifies(request, drop as u32, s))) + bit * s as usize
                        };
                        let floor = best.as_ref().map_or(usize::MAX, |b| b.0);
                        let (mut low, mut high) = (bits.max(0), sampled.finest(bits));
                        if 4 * products + bit * low as usize >= floor || low > high {
                            continue;
                        }
                        // Nothing that would cost more than the best so far is of interest.
                        high = high.min(((floor - 1 - 4 * products) / bit).min(1000) as i32);
                        let Some(mut table) = sampled.fit(segments, degree, uniform, high) else { continue };
                        // A finer scale hardly ever makes it worse, so that the coarsest one is found by halves.
                        while low < high {
                            let middle = (low + high) / 2;
                            match sampled.fit(segments, degree, uniform, middle) {
                                Some(found) => (table, high) = (found, middle),
                                None => low = middle + 1,
                            }
                        }
                        // From some scale on the slope takes no product.
                        let free = request.scale + self.extra(request);
                        let finer = if free > high && score(free) < score(high) {
                            sampled.fit(segments, degree, uniform, free).map(|table| (score(free), table))
                        } else {
                            None
                        };
                        let found = finer.unwrap_or((score(high), table));
                        if found.0 < floor {
                            best = Some(found);
                        }
                    }
                }
            }
        }
        best.map(|(_, table)| table)
    }

    /// Bits of a slope that is not a whole number.
    fn extra(&self, request: Request) -> i32 {
        if self.slope.fract() == 0.0 { 0 } else { request.bits + 1 + request.reach.max(1.0).log2().ceil() as i32 }
    }

    /// Whether the slope costs a product.
    fn rectifies(&self, request: Request, drop: u32, s: i32) -> bool {
        self.slope != 0.0 && !shares(drop, if s >= request.scale + self.extra(request) { 0 } else { 1 })
    }

    /// Quantized tail with values at scale `s`: at the unit of the values, or as fine as the inputs.
    fn held(&self, request: Request, s: i32) -> Option<Tail> {
        let round = |x: f64| {
            let q = (x * 2f64.powi(s)).round();
            (q.abs() < 2f64.powi(59)).then_some(q as i64)
        };
        let room = s - self.extra(request) - request.scale;
        let drop = if self.slope == 0.0 || room >= 0 { 0 } else { 1 - room };
        // The unit of the slope is 2^-unit.
        let unit = if drop == 0 { request.scale } else { request.scale - drop + 1 };
        let slope = (self.slope * 2f64.powi(s - unit)).round();
        let fits = drop <= 40 && slope.abs() < 2f64.powi(59);
        fits.then_some(())?;
        Some(Tail {
            negative: round(self.negative)?,
            positive: round(self.positive)?,
            slope: slope as i64,
            drop: drop as u32,
        })
    }

    /// Proven error of a table: the largest difference between its values and the function, over every input of at most `reach`
    /// in magnitude (and, of a function that saturates, within its segments).
    ///
    /// Within a cell the table's value is one integer (but for the slope, which is added apart), and the function lies between
    /// its values at the cell's ends where it is monotone, or else is off by `curvature * extent^2 / 8` more. So all cells are
    /// compared, at both ends. Beyond the segments the distance from the function's tails falls, if they begin no
    /// earlier than `falls`; else the answer is infinite. There the table's tails are compared with the function, and with the
    /// function's. To this comes the rounding of the slope's unit, and `1e-11` for the floats of this comparison itself.
    pub fn max_error(&self, table: &Piecewise, reach: f64) -> f64 {
        self.error_within(table).max(self.error_beyond(table, reach))
    }

    /// Error of [`Function::max_error`] within the table's segments.
    pub fn error_within(&self, table: &Piecewise) -> f64 {
        self.compared(table, None)
    }

    /// Error of [`Function::max_error`] beyond the table's segments.
    pub fn error_beyond(&self, table: &Piecewise, reach: f64) -> f64 {
        self.compared(table, Some(reach))
    }

    /// Whether an input between `lo` and `hi` is beyond the segments of a table, of a function that has no tails; or on a side
    /// where the table has none, and the function is no constant.
    pub fn saturates(&self, table: &Piecewise, lo: f64, hi: f64) -> bool {
        let end = 2f64.powi((table.bits() + table.drop()) as i32 - table.input());
        let beyond = |(side, met, reach): (bool, bool, f64)| {
            if table.covers(side) { reach >= end } else { met && self.halves().contains(&side) }
        };
        self.end.is_some() && [(true, hi >= 0.0, hi), (false, lo < 0.0, -lo)].into_iter().any(beyond)
    }

    /// The largest difference within the segments, or beyond them over every input of at most `reach` in magnitude.
    fn compared(&self, table: &Piecewise, beyond: Option<f64>) -> f64 {
        let (unit, value) = (2f64.powi(-table.input()), 2f64.powi(-table.scale()));
        let (tail, drop) = (table.tail(), table.drop());
        let (negative, positive) = (tail.negative as f64 * value, tail.positive as f64 * value);
        let slope_unit = if tail.drop == 0 { unit } else { unit * 2f64.powi(tail.drop as i32 - 1) };
        let slope = tail.slope as f64 * value / slope_unit;
        let rounding = if tail.drop == 0 { 0.0 } else { slope.abs() * slope_unit };
        let extent = unit * 2f64.powi(drop as i32);
        let bend = if drop == 0 { 0.0 } else { self.curvature * extent * extent / 8.0 };
        let count = 1i64 << table.bits();
        let mut worst = 0f64;
        for side in [true, false] {
            if !table.covers(side) || beyond.is_some() {
                continue;
            }
            // By how much a cell's extent turns the function less the table's slope from the function less its own.
            let turn = if side && drop > 0 { (slope - self.slope).abs() * extent } else { 0.0 };
            for cell in 0..count {
                let u = cell << drop;
                let q = if side { u } else { -1 - u };
                let rest = table.at(i128::from(q)) - table.beyond(side, i128::from(u));
                let y = rest as f64 * value + if side { positive } else { negative };
                let ends: &[f64] = match (drop, side) {
                    (0, true) => &[0.0],
                    (0, false) => &[1.0],
                    _ => &[0.0, 1.0],
                };
                for end in ends {
                    let x = (cell as f64 + end) * extent;
                    let linear = if side { slope * x } else { 0.0 };
                    let off = (y + linear - self.side(side, x)).abs() + bend + turn;
                    worst = worst.max(off + if side { rounding } else { 0.0 });
                }
            }
        }
        let end = count as f64 * extent;
        let reach = beyond.unwrap_or(0.0);
        if self.end.is_none() && beyond.is_some() {
            for side in [true, false] {
                // A side without segments is its tail from the start.
                let start = if table.covers(side) { end } else { 0.0 };
                if reach < start {
                    continue;
                }
                let off = |u: f64| {
                    let held = if side { positive + slope * u } else { negative };
                    let own = if side { self.positive + self.slope * u } else { self.negative };
                    // From here on the function comes nearer to its own tail, which may be farther from the table's.
                    (held - self.side(side, u)).abs().max((held - own).abs())
                };
                if start < self.falls {
                    return f64::INFINITY;
                }
                let steeper = if side { (slope - self.slope).abs() * (reach - start) } else { 0.0 };
                worst = worst.max(off(start) + steeper + if side { rounding } else { 0.0 });
            }
        }
        worst + FLOAT * (1.0 + worst + (self.slope * reach).abs())
    }
}

/// Function values at the ends of the cells, less the tails.
struct Sampled<'a> {
    function: &'a Function,
    request: Request,
    drop: u32,
    cells: u32,
    /// Function values at the ends of the cells, for each side that has segments.
    ends: Vec<Vec<f64>>,
    /// Whole bits of the largest of them.
    whole: i32,
    /// Extent of a cell.
    extent: f64,
}

impl<'a> Sampled<'a> {
    fn of(function: &'a Function, request: Request, drop: u32, cells: u32) -> Self {
        let extent = 2f64.powi(drop as i32 - request.scale);
        let side =
            |positive: &bool| (0..=1u32 << cells).map(|i| function.side(*positive, f64::from(i) * extent)).collect();
        let ends: Vec<Vec<f64>> = function.halves().iter().map(side).collect();
        let most = ends.iter().flatten().fold(1.0, |m: f64, y| m.max(y.abs()));
        Self { function, request, drop, cells, ends, whole: most.log2().ceil() as i32, extent }
    }

    /// Finest scale to try: 40 bits more than the error, as long as the values have less than 56.
    fn finest(&self, bits: i32) -> i32 {
        (bits + 40).min(56 - self.whole)
    }

    /// Fitted table of so many segments and this degree, whose `uniform` leading coefficients are the same in all segments,
    /// with values at scale `s`, if its error is small enough.
    fn fit(&self, segments: u32, degree: usize, uniform: usize, s: i32) -> Option<Piecewise> {
        let request = self.request;
        let tail = self.function.held(request, s)?;
        let unit = 2f64.powi(-s);
        let slope_unit = 2f64.powi(if tail.drop == 0 { 0 } else { tail.drop as i32 - 1 } - request.scale);
        let slope = tail.slope as f64 * unit / slope_unit;
        let bend = if self.drop == 0 { 0.0 } else { self.function.curvature * self.extent * self.extent / 8.0 };
        let rectified = (slope - self.function.slope).abs() * request.reach
            + if tail.drop > 0 { slope.abs() * slope_unit } else { 0.0 };
        if rectified > 0.9 * 2f64.powi(-request.bits) {
            return None;
        }
        let per = 1usize << (self.cells - segments);
        // The offset counts half cells, or places, from the middle of the segment.
        let steps = if self.drop == 0 { 1.0 } else { 2.0 };
        let half = steps * per as f64 / 2.0;
        let mut rows: Vec<Row> = Vec::new();
        for (positive, ends) in self.function.halves().iter().zip(&self.ends) {
            let rounding = if *positive && tail.drop > 0 { slope.abs() * slope_unit } else { 0.0 };
            let allowed = (2f64.powi(-request.bits) - rounding - bend - FLOAT) / unit;
            let (constant, linear) =
                if *positive { (tail.positive as f64 * unit, slope) } else { (tail.negative as f64 * unit, 0.0) };
            for segment in 0..1usize << segments {
                let first = segment * per;
                let extent = self.extent;
                let rest = move |cell: f64, f: f64| (f - constant - linear * cell * extent) / unit;
                let at = Box::new(move |t: f64| {
                    let cell = first as f64 + (t + half) / steps;
                    rest(cell, self.function.side(*positive, cell * extent))
                });
                let sample = Box::new(move |i: usize| {
                    let end = |i: usize| rest((first + i) as f64, ends[first + i]);
                    let (a, b) = if self.drop == 0 { (end(i), end(i)) } else { (end(i), end(i + 1)) };
                    let t = if self.drop == 0 { i as f64 } else { 2.0 * i as f64 + 1.0 };
                    (t - half, a.min(b), a.max(b))
                });
                let samples = per + usize::from(self.drop == 0);
                rows.push(Row { at, sample, samples, half, allowed, coefficients: vec![0; degree + 1] });
            }
        }
        for power in (1..=degree).rev() {
            let leading: Vec<f64> = rows.iter().map(|row| row.leading(power)).collect();
            let (least, most) =
                leading.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), c| (l.min(*c), m.max(*c)));
            for (row, own) in rows.iter_mut().zip(leading) {
                let c = if power + uniform > degree { (least + most) / 2.0 } else { own }.round();
                if c.is_nan() || c.abs() >= 2f64.powi(59) {
                    return None;
                }
                row.coefficients[power] = c as i64;
            }
        }
        let pieces = rows.into_iter().map(Row::finish).collect::<Option<_>>()?;
        let scales = (request.scale, s);
        Piecewise::new(scales, self.drop, self.cells, self.function.sides, pieces, tail).ok()
    }
}

/// Polynomial of a segment, whose coefficients are found one after the other from the highest down.
struct Row<'a> {
    /// Function to approximate, in units of the values.
    at: Box<dyn Fn(f64) -> f64 + 'a>,
    /// Sample of that number: `(t, least, largest)`.
    sample: Box<dyn Fn(usize) -> (f64, f64, f64) + 'a>,
    samples: usize,
    /// Largest magnitude of `t`.
    half: f64,
    /// Largest allowed error.
    allowed: f64,
    /// Coefficients, the constant first.
    coefficients: Vec<i64>,
}

impl Row<'_> {
    fn value(&self, t: f64) -> f64 {
        self.coefficients.iter().rev().fold(0.0, |sum, c| sum * t + *c as f64)
    }

    /// Leading coefficient of the polynomial of that degree that equioscillates at the extrema of Chebyshev's polynomial, with
    /// the higher coefficients as they are: nearly the best one.
    fn leading(&self, power: usize) -> f64 {
        let ends: Vec<f64> =
            (0..power + 2).map(|i| -self.half * (std::f64::consts::PI * i as f64 / (power + 1) as f64).cos()).collect();
        let rest: Vec<f64> = ends.iter().map(|t| (self.at)(*t) - self.value(*t)).collect();
        let turns: Vec<f64> = (0..power + 2).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let level = difference(&ends, &rest) / difference(&ends, &turns);
        let values: Vec<f64> = rest.iter().zip(&turns).map(|(y, s)| y - level * s).collect();
        difference(&ends[..=power], &values[..=power])
    }

    /// All coefficients, with the constant of the least error; `None` if that is too large.
    fn finish(mut self) -> Option<Vec<i64>> {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for i in 0..self.samples {
            let (t, lo, hi) = (self.sample)(i);
            let p = self.value(t);
            least = least.min(lo - p);
            most = most.max(hi - p);
            if (most - least).is_nan() || most - least > 2.0 * self.allowed {
                return None;
            }
        }
        let constant = ((least + most) / 2.0).round();
        let off = (constant - least).abs().max((most - constant).abs());
        if off > self.allowed || constant.abs() >= 2f64.powi(59) {
            return None;
        }
        self.coefficients[0] = constant as i64;
        Some(self.coefficients)
    }
}

/// Divided difference of the highest order.
fn difference(at: &[f64], values: &[f64]) -> f64 {
    let mut d = values.to_vec();
    for order in 1..at.len() {
        for i in (order..at.len()).rev() {
            d[i] = (d[i] - d[i - 1]) / (at[i] - at[i - order]);
        }
    }
    d.last().copied().unwrap_or_default()
}

/// Error function, `erf(x) = 2 / sqrt(pi) * integral_0^x e^(-t^2) dt`, to the last few bits.
pub fn erf(x: f64) -> f64 {
    let scale = 2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp();
    let u = x.abs();
    if u < 3.0 {
        // All terms have one sign: nothing cancels.
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while term.abs() > 1e-18 * sum.abs() {
            n += 1.0;
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
        }
        return scale * sum;
    }
    if u > 6.0 {
        return x.signum();
    }
    // The continued fraction of the complement.
    let fraction = (1..=60).rev().fold(0.0, |rest, k| f64::from(k) / 2.0 / (u + rest));
    x.signum() * (1.0 - scale / 2.0 / (u + fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logistic() -> Function {
        Function {
            f: Box::new(|x| 1.0 / (1.0 + (-x).exp())),
            sides: Sides::Odd,
            negative: 0.0,
            positive: 1.0,
            slope: 0.0,
            curvature: 0.0,
            falls: 0.0,
            end: None,
            steepest: at_most(1.0),
        }
    }

    #[test]
    fn erf_is_that_of_the_tables() {
        for (x, y) in
            [(0.0, 0.0), (0.5, 0.520_499_877_813_046_5), (1.0, 0.842_700_792_949_714_9), (2.5, 0.999_593_047_982_555)]
        {
            assert!((erf(x) - y).abs() < 1e-14 && erf(-x) == -erf(x), "{x}");
        }
        assert!((erf(3.5) - 0.999_999_256_901_627_7).abs() < 1e-14);
        assert!((erf(3.0 - 1e-12) - erf(3.0)).abs() < 1e-14);
    }

    #[test]
    fn a_table_is_as_near_as_was_asked() {
        for scale in [0, 3, 8, 14, 20] {
            for bits in [4, 8, 12] {
                let function = logistic();
                let table = function.table(Request { scale, reach: 8.0, bits }).unwrap();
                assert!(function.max_error(&table, 1e6) <= 2f64.powi(-bits), "scale {scale}, {bits} bits");
            }
        }
    }

    /// The largest error at any input of that magnitude.
    fn worst(function: &Function, table: &Piecewise, reach: f64) -> f64 {
        let (unit, value) = (2f64.powi(-table.input()), 2f64.powi(-table.scale()));
        let most = (reach / unit) as i64;
        (-most..=most).fold(0.0, |w, q| w.max((table.at(q) as f64 * value - (function.f)(q as f64 * unit)).abs()))
    }

    #[test]
    fn a_rounded_tail_is_within_the_proven_error() {
        // The function's tail is -0.3, and the table's is the next whole number.
        let elu = Function {
            f: Box::new(|x: f64| if x > 0.0 { x } else { 0.3 * x.exp_m1() }),
            sides: Sides::Negative,
            negative: -0.3,
            positive: 0.0,
            slope: 1.0,
            curvature: 0.0,
            falls: 0.0,
            end: None,
            steepest: at_most(1.0),
        };
        for (scale, bits) in [(-2, 0), (0, 0), (0, 1), (3, 1), (5, 4), (8, 6)] {
            let table = elu.table(Request { scale, reach: 40.0, bits }).unwrap();
            assert!(worst(&elu, &table, 40.0) <= elu.max_error(&table, 40.0), "scale {scale}, {bits} bits");
        }
    }

    #[test]
    fn the_proven_error_of_a_table_that_was_edited_is_not_exceeded() {
        // Tails that meet the function where the segments end, and nowhere else.
        let tail = Tail { negative: 69, positive: 187, slope: 0, drop: 0 };
        let table = Piecewise::new((8, 8), 7, 1, Sides::Odd, vec![vec![-29, 15]], tail).unwrap();
        assert!((0.26..0.28).contains(&worst(&logistic(), &table, 8.0)));
        assert!(logistic().max_error(&table, 8.0) >= 0.26);
        // No segments on a side where the function is not monotone.
        let silu = Function {
            f: Box::new(|x| x / (1.0 + (-x).exp())),
            sides: Sides::Even,
            positive: 0.0,
            slope: 1.0,
            curvature: 0.5,
            falls: 2.0,
            ..logistic()
        };
        let table = silu.table(Request { scale: 8, reach: 8.0, bits: 8 }).unwrap();
        let (scales, pieces) = ((8, table.scale()), table.pieces().to_vec());
        let half = Piecewise::new(scales, table.drop(), table.bits(), Sides::Positive, pieces, table.tail()).unwrap();
        assert!(silu.max_error(&table, 8.0) <= 2f64.powi(-8) && worst(&silu, &half, 8.0) > 0.27);
        assert_eq!(silu.max_error(&half, 8.0), f64::INFINITY);
        // Another slope than the function's: what is left is not monotone.
        let softplus = Function {
            f: Box::new(|x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p()),
            sides: Sides::Even,
            positive: 0.0,
            slope: 1.0,
            ..logistic()
        };
        let tail = Tail { negative: 0, positive: 0, slope: 245, drop: 0 };
        let pieces = vec![vec![3526, 698], vec![710, -710]];
        let table = Piecewise::new((4, 12), 8, 1, Sides::Both, pieces, tail).unwrap();
        assert!((0.5..0.53).contains(&worst(&softplus, &table, 31.5)));
        assert!(softplus.max_error(&table, 31.5) >= 0.5);
    }

    #[test]
    fn the_proven_error_is_not_exceeded_by_any_input() {
        let function = logistic();
        for scale in [5, 12] {
            let table = function.table(Request { scale, reach: 8.0, bits: 6 }).unwrap();
            let error = function.max_error(&table, 1e6);
            let unit = 2f64.powi(-scale);
            let mut worst = 0f64;
            for q in -20 << scale..20i64 << scale {
                let y = table.at(q) as f64 * 2f64.powi(-table.scale());
                worst = worst.max((y - (function.f)(q as f64 * unit)).abs());
            }
            assert!(worst <= error && error <= 1.2 * worst, "{worst}, at most {error}");
        }
    }
}
