//! Convolutions and matrix products: whatever the tiles are, constraints hold exactly for the sums of the formula.

use std::collections::HashSet;

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    arith::{
        Arith, Int,
        counts::{Cost, Counts, Measure},
        interval::Interval,
        ints::Ints,
        r1cs::{Accumulate, Assign, Build, R1cs, Wire},
    },
    dev::tamper::Harness,
    gadget::{range, winograd::Grid},
};

/// Products of so many inputs and weights, over any reading.
trait Many {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire], w: &[A::Wire]) -> Vec<A::Wire>;
}

struct Convolve(Grid, usize);
impl Many for Convolve {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire], w: &[A::Wire]) -> Vec<A::Wire> {
        let (w, bias) = w.split_at(w.len() - self.1);
        a.convolve(&self.0, x, w, bias).unwrap()
    }
}

struct Matrix(usize);
impl Many for Matrix {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire], w: &[A::Wire]) -> Vec<A::Wire> {
        let vectors = |of: &[A::Wire]| of.chunks(self.0).map(<[A::Wire]>::to_vec).collect::<Vec<_>>();
        let (rows, columns) = (vectors(w), vectors(x));
        let [rows, columns] =
            [&rows, &columns].map(|of| of.iter().map(|v| v.iter().collect()).collect::<Vec<Vec<_>>>());
        a.matmul(&rows, &columns).unwrap()
    }
}

const BITS: u32 = 3;

fn ends() -> Interval {
    Interval { lo: Int::from(-4), hi: Int::from(3) }
}

fn synthesize<C: Accumulate>(cs: C, u: &impl Many, values: [&[i64]; 2], known: bool) -> (C, Vec<Wire<C::W>>) {
    let mut a = R1cs::new(cs);
    let [x, w] = values.map(|values| {
        let wire = |v: &i64| a.instance(&ends(), known.then(|| Int::from(*v))).unwrap();
        values.iter().map(wire).collect::<Vec<_>>()
    });
    let y = u.apply(&mut a, &x, &w);
    y.iter().for_each(|y| a.publish(y));
    (a.cs, y)
}

/// The constraints without those of inputs and outputs.
fn verify(u: &impl Many, x: &[i64], w: &[i64], mutations: usize) -> Cost {
    let expected = u.apply(&mut Ints::<i64>::new(), x, w);
    let (build, found) = synthesize(Build::new(), u, [x, w], false);
    let (assign, y) = synthesize(Assign::new(), u, [x, w], true);
    for ((y, expected), found) in y.iter().zip(&expected).zip(&found) {
        assert_eq!(y.w, Int::from(*expected));
        assert!(y.measure.interval.contains(y.w));
        assert_eq!(y.measure, found.measure);
    }
    let (matrices, _, free) = build.finish();
    let assignment = assign.finish();
    let harness = Harness::new(&matrices, &assignment, &free);
    assert!(harness.holds(), "the sums of the products are not those of the formula");
    assert_eq!(harness.run(mutations), vec![]);
    if mutations > 0 {
        assert_eq!(harness.freedom(&HashSet::new()), 0);
    }
    let ranges = (range::cost(&ends()).unwrap() + Cost::new(1, 0)) * (x.len() + w.len());
    let mut counts = Counts::new();
    let [of_x, of_w] = [x, w].map(|values| vec![Measure { interval: ends(), width: 1 }; values.len()]);
    let measures = u.apply(&mut counts, &of_x, &of_w);
    assert_eq!(measures, y.iter().map(|y| y.measure).collect::<Vec<_>>());
    let all = counts.total() + ranges + Cost::new(y.len(), 0);
    assert_eq!(all, Cost::new(matrices.constraints(), matrices.witness));
    counts.total()
}

fn random(n: usize, rng: &mut StdRng) -> Vec<i64> {
    (0..n).map(|_| rng.gen_range(-4..4)).collect()
}

/// Inputs and weights of a convolution, each three bits, checked; the constraints.
fn convolve(grid: Grid, channels: usize, filters: usize, bias: bool, mutations: usize, rng: &mut StdRng) -> usize {
    let x = random(channels * grid.input.iter().product::<usize>(), rng);
    let bias = if bias { filters } else { 0 };
    let w = random(channels * filters * grid.kernel.iter().product::<usize>() + bias, rng);
    verify(&Convolve(grid, bias), &x, &w, mutations).constraints
}

fn plain(kernel: [usize; 2], output: [usize; 2]) -> Grid {
    let input = [kernel[0] + output[0] - 1, kernel[1] + output[1] - 1];
    Grid { kernel, stride: [1; 2], dilation: [1; 2], input, output, before: [0; 2], transposed: false }
}

#[test]
fn known_counts_of_convolutions() {
    let mut rng = StdRng::seed_from_u64(1);
    // Four taps and nine outputs of one channel: n = 9 + 4 - 1 of them, 36 by the formula.
    assert_eq!(convolve(plain([1, 4], [1, 9]), 1, 1, false, usize::MAX, &mut rng), 12);
    // Both axes, of 4 * 4 outputs and 3 * 3 taps: 6 * 6, and not 144.
    assert_eq!(convolve(plain([3, 3], [4, 4]), 1, 1, true, usize::MAX, &mut rng), 36);
    // Without a window to slide, pairs of channels: 3 * 8 cells of two products, and two for each row and column.
    assert_eq!(convolve(plain([1, 1], [2, 4]), 4, 3, true, usize::MAX, &mut rng), 3 * 8 * 2 + (3 + 8) * 2);
    // One window is one dot product a filter.
    assert_eq!(convolve(plain([2, 3], [1, 1]), 1, 2, false, usize::MAX, &mut rng), 12);
}

#[test]
fn any_convolution_is_its_formula() {
    let mut rng = StdRng::seed_from_u64(2);
    for run in 0..160 {
        let transposed = run % 2 == 1;
        let mut axis = || {
            let (kernel, stride) = (rng.gen_range(1..6), rng.gen_range(1..4));
            let dilation = if stride == 1 || rng.gen_bool(0.2) { rng.gen_range(1..4) } else { 1 };
            let reach = (kernel - 1) * dilation + 1;
            let (before, after) = (rng.gen_range(0..reach), rng.gen_range(0..reach));
            let input = rng.gen_range(1..9usize) + (reach - 1usize).saturating_sub(before + after);
            let output = match transposed {
                false => (input + before + after - reach) / stride + 1,
                true => (input - 1) * stride + reach + rng.gen_range(0..3) - before.min(reach - 1),
            };
            (kernel, stride, dilation, input, output, before)
        };
        let (y, x) = (axis(), axis());
        let grid = Grid {
            kernel: [y.0, x.0],
            stride: [y.1, x.1],
            dilation: [y.2, x.2],
            input: [y.3, x.3],
            output: [y.4, x.4],
            before: [y.5, x.5],
            transposed,
        };
        let (channels, filters) = (rng.gen_range(1..4), rng.gen_range(1..5));
        let mutations = if run % 16 < 2 { 400 } else { 0 };
        let count = convolve(grid, channels, filters, rng.gen_bool(0.5), mutations, &mut rng);
        let met: usize =
            (0..grid.windows()).map(|at| grid.taps(at / grid.output[1], at % grid.output[1]).count()).sum();
        assert!(count <= met * channels * filters, "{grid:?} of {channels} and {filters} takes {count}");
    }
}

#[test]
fn any_matrix_product_is_its_formula() {
    let mut rng = StdRng::seed_from_u64(3);
    for (rows, columns, length, count) in
        [(1, 1, 5, 5), (2, 2, 3, 12), (2, 3, 3, 17), (4, 4, 4, 48), (5, 3, 1, 15), (6, 7, 5, 6 * 7 * 3 + 13 * 2)]
    {
        let (x, w) = (random(columns * length, &mut rng), random(rows * length, &mut rng));
        assert_eq!(verify(&Matrix(length), &x, &w, usize::MAX).constraints, count, "{rows} {columns} {length}");
    }
}

#[test]
fn known_factors_cost_nothing() {
    let mut counts = Counts::new();
    let (known, open) = (Measure { interval: Interval::point(Int::from(3)), width: 0 }, Measure::variable(ends()));
    let grid = plain([3, 3], [4, 4]);
    counts.convolve(&grid, &vec![open; 36], &vec![known; 9], &[]).unwrap();
    counts.matmul(&vec![vec![&open; 4]; 3], &vec![vec![&known; 4]; 3]).unwrap();
    assert_eq!(counts.total(), Cost::default());
    assert_eq!(Interval::new(ends().lo, ends().hi).unwrap().bits(), BITS);
}
