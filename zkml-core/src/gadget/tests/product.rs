//! Convolutions and matrix products: whatever the tiles are, constraints hold exactly for the sums of the formula.

use std::collections::HashSet;

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    arith::{
        Arith,
        counts::Counts,
        ints::Ints,
        r1cs::{Accumulate, Assign, Build, R1cs, Wire},
    },
    dev::tamper::Harness,
    gadget::{bits::range, product::winograd::Grid},
    number::{Cost, Int, Interval, Measure},
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
        a.matmul(&rows, &columns, &[]).unwrap()
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
    let [of_x, of_w] = [x, w].map(|values| vec![Measure { interval: ends(), terms: 1 }; values.len()]);
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
    let (known, open) = (Measure { interval: Interval::point(Int::from(3)), terms: 0 }, Measure::variable(ends()));
    let grid = plain([3, 3], [4, 4]);
    counts.convolve(&grid, &vec![open; 36], &vec![known; 9], &[]).unwrap();
    counts.matmul(&vec![vec![&open; 4]; 3], &vec![vec![&known; 4]; 3], &[]).unwrap();
    assert_eq!(counts.total(), Cost::default());
    assert_eq!(Interval::new(ends().lo, ends().hi).unwrap().bits(), BITS);
}

fn int(x: i64) -> Int {
    Int::from(x)
}

/// What products are made of: a variable, and what else a wire may be.
#[derive(Clone, Copy, Debug)]
enum Operand {
    Variable,
    /// A linear combination of several variables.
    Wide,
    /// The variable before it.
    Repeated,
    /// A linear combination without a variable that nothing but its interval tells from one with any.
    Cancelled,
    Known(i64),
}

/// Products of wires of any form.
struct WithOperands<U>(U, Vec<Operand>, Vec<Operand>);
impl<U: Many> Many for WithOperands<U> {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire], w: &[A::Wire]) -> Vec<A::Wire> {
        let [x, w] = [(x, &self.1), (w, &self.2)].map(|(wires, operands)| -> Vec<A::Wire> {
            let wire = |(i, operand): (usize, &Operand)| {
                let before = &wires[i.saturating_sub(1)];
                match operand {
                    Operand::Variable => wires[i].clone(),
                    Operand::Wide => {
                        let terms = [(int(3), &wires[i]), (int(-2), before), (int(1), &wires[0])];
                        a.linear(terms.into_iter(), int(5)).unwrap()
                    }
                    Operand::Repeated => before.clone(),
                    Operand::Cancelled => {
                        a.linear([(int(1), &wires[i]), (int(-1), &wires[i])].into_iter(), Int::ZERO).unwrap()
                    }
                    Operand::Known(value) => a.constant(int(*value)),
                }
            };
            operands.iter().enumerate().map(wire).collect()
        });
        self.0.apply(a, &x, &w)
    }
}

/// Any readings of products of values that nothing checks: the results, the constraints that hold for them, and their cost.
fn agree(u: &impl Many, [of_x, of_w]: [Interval; 2], [x, w]: [&[Int]; 2], label: &str) -> Cost {
    fn run<C: Accumulate>(
        cs: C,
        u: &impl Many,
        of: [Interval; 2],
        values: [&[Int]; 2],
        known: bool,
    ) -> (C, Vec<Wire<C::W>>) {
        let mut a = R1cs::new(cs);
        let [x, w] = [(of[0], values[0]), (of[1], values[1])].map(|(interval, values)| -> Vec<Wire<C::W>> {
            let wire = |v: &Int| {
                let w = a.cs.instance(known.then_some(*v));
                Wire::new(Measure { interval, terms: 1 }, w)
            };
            values.iter().map(wire).collect()
        });
        let y = u.apply(&mut a, &x, &w);
        y.iter().for_each(|y| a.publish(y));
        (a.cs, y)
    }
    let expected = u.apply(&mut Ints::<Int>::new(), x, w);
    let (build, built) = run(Build::new(), u, [of_x, of_w], [x, w], false);
    let (assign, assigned) = run(Assign::new(), u, [of_x, of_w], [x, w], true);
    let (matrices, _, _) = build.finish();
    let assignment = assign.finish();
    assert_eq!(assignment.len(), matrices.instance + matrices.witness, "{label}");
    assert_eq!(matrices.unsatisfied(&assignment), [0usize; 0], "{label}");
    for ((found, y), built) in assigned.iter().zip(&expected).zip(&built) {
        assert_eq!(found.w, *y, "{label}");
        assert!(found.measure.interval.contains(*y), "{label}");
        assert_eq!(found.measure, built.measure, "{label}");
    }
    assert_eq!(expected.len(), built.len());
    // The last constraints are those of the outputs: their variables, and maybe a constant.
    let outputs = &matrices.abc[0][matrices.constraints() - built.len()..];
    for (row, y) in outputs.iter().zip(&built) {
        assert!(row.len() <= y.measure.terms as usize + 1, "{label}: {} are more than {:?}", row.len(), y.measure);
    }
    let mut counts = Counts::new();
    let [mx, mw] = [(of_x, x.len()), (of_w, w.len())].map(|(i, n)| vec![Measure { interval: i, terms: 1 }; n]);
    let measures = u.apply(&mut counts, &mx, &mw);
    assert_eq!(measures, built.iter().map(|y| y.measure).collect::<Vec<_>>(), "{label}");
    let all = counts.total() + Cost::new(expected.len(), 0);
    assert_eq!(all, Cost::new(matrices.constraints(), matrices.witness), "{label}");
    counts.total()
}

/// Windows of which nothing is said but that there are some: strides beyond the kernel, padding beyond it, kernels beyond
/// the input, outputs that meet nothing.
pub(super) fn hostile(rng: &mut StdRng) -> Grid {
    let far = if rng.gen_bool(0.3) { 9 } else { 2 };
    let mut pair = |least: usize, most: usize| [rng.gen_range(least..=most), rng.gen_range(least..=most)];
    let mut grid = Grid {
        kernel: pair(1, 6),
        stride: pair(1, 7),
        dilation: pair(1, 3),
        input: pair(1, 8),
        output: pair(1, 7),
        before: pair(0, far),
        transposed: false,
    };
    grid.transposed = rng.gen_bool(0.5);
    for axis in 0..2 {
        match rng.gen_range(0..8) {
            0..4 => grid.stride[axis] = 1,
            4 | 5 => (grid.stride[axis], grid.dilation[axis]) = (rng.gen_range(2..4), 1),
            6 => (grid.kernel[axis], grid.input[axis], grid.output[axis]) = (1, 1, 1),
            _ => {}
        }
    }
    grid
}

fn operands(n: usize, rng: &mut StdRng) -> Vec<Operand> {
    let known = rng.gen_bool(0.3);
    let operand = |rng: &mut StdRng| match rng.gen_range(0..12) {
        0 | 1 => Operand::Wide,
        2 => Operand::Repeated,
        3 => Operand::Cancelled,
        4 if known => Operand::Known(rng.gen_range(-2..3)),
        _ => Operand::Variable,
    };
    (0..n).map(|_| operand(rng)).collect()
}

#[test]
fn windows_of_any_extents_and_wires_of_any_form_are_their_formula() {
    let mut rng = StdRng::seed_from_u64(4);
    let mut fewer = 0;
    for run in 0..2000 {
        let grid = hostile(&mut rng);
        let (channels, filters) = (rng.gen_range(1..4), rng.gen_range(1..4));
        let bias = if rng.gen_bool(0.5) { filters } else { 0 };
        let area: usize = grid.kernel.iter().product();
        let (inputs, weights) = (channels * grid.input[0] * grid.input[1], channels * filters * area + bias);
        let (x, w) = (random(inputs, &mut rng), random(weights, &mut rng));
        let (x, w): (Vec<Int>, Vec<Int>) = (x.into_iter().map(int).collect(), w.into_iter().map(int).collect());
        // Factors as they are, or of any form; a bias of any form in both.
        let mut of = [operands(inputs, &mut rng), operands(weights, &mut rng)];
        if run % 2 == 0 {
            of[0].fill(Operand::Variable);
            of[1][..weights - bias].fill(Operand::Variable);
        }
        let [of_x, of_w] = of;
        let label = format!("{grid:?} of {channels} and {filters}, {of_x:?} {of_w:?}");
        let cost = agree(&WithOperands(Convolve(grid, bias), of_x, of_w), [ends(); 2], [&x, &w], &label);
        let met: usize =
            (0..grid.windows()).map(|at| grid.taps(at / grid.output[1], at % grid.output[1]).count()).sum();
        fewer += usize::from(run % 2 == 0 && cost.constraints < met * channels * filters);
        assert!(cost.constraints <= met * channels * filters, "{label}");
    }
    assert!(fewer > 250, "only {fewer} were cut into tiles");
}

#[test]
fn matrices_of_wires_of_any_form_are_their_formula() {
    let mut rng = StdRng::seed_from_u64(5);
    for _ in 0..400 {
        let (rows, columns, length) = (rng.gen_range(1..6), rng.gen_range(1..6), rng.gen_range(1..8));
        let (x, w) = (random(columns * length, &mut rng), random(rows * length, &mut rng));
        let (x, w): (Vec<Int>, Vec<Int>) = (x.into_iter().map(int).collect(), w.into_iter().map(int).collect());
        let (of_x, of_w) = (operands(x.len(), &mut rng), operands(w.len(), &mut rng));
        let label = format!("{rows} {columns} {length}, {of_x:?} {of_w:?}");
        agree(&WithOperands(Matrix(length), of_x, of_w), [ends(); 2], [&x, &w], &label);
    }
}

#[test]
fn values_at_the_ends_of_any_width_are_proved() {
    let mut rng = StdRng::seed_from_u64(6);
    let strided = Grid { stride: [2, 3], ..plain([5, 4], [3, 3]) };
    let strided = Grid { input: [9, 10], before: [1, 2], ..strided };
    let grids = [
        (plain([3, 3], [10, 10]), 2, 2),
        (plain([1, 6], [1, 7]), 1, 1),
        (strided, 2, 3),
        (Grid { transposed: true, output: [8, 9], ..strided }, 1, 2),
        (plain([1, 1], [3, 3]), 9, 4),
    ];
    let (mut narrow, mut wide) = (0, 0);
    for (grid, channels, filters) in grids {
        let (mut last, mut direct) = (None, false);
        for bits in (1u32..20).chain(44..52).chain(60..68).chain(80..126) {
            // Two's complement, and its mirror image, which is as wide as can be without a sign.
            let of = Interval { lo: -(Int::ONE << bits), hi: (Int::ONE << bits) - Int::ONE };
            let mirrored = Interval { lo: Int::ONE, hi: (Int::ONE << bits) };
            let lengths =
                [channels * grid.input[0] * grid.input[1], channels * filters * grid.kernel[0] * grid.kernel[1]];
            let mut counts = Counts::new();
            let [mx, mw] = lengths.map(|n| vec![Measure { interval: of, terms: 1 }; n]);
            if counts.convolve(&grid, &mx, &mw, &[]).is_err() {
                assert!(bits > 110, "{bits} bits of {grid:?} are too many");
                continue;
            }
            // As many as the formula takes from some width on, and no more.
            let cost = counts.total().constraints;
            let least = *last.get_or_insert(cost);
            assert!(cost >= least && (!direct || cost > least), "{bits} bits of {grid:?}");
            direct |= cost > least;
            *(if direct { &mut wide } else { &mut narrow }) += 1;
            for (of, run) in [of, of, mirrored].into_iter().zip(0..) {
                let any = rng.gen_bool(0.5);
                let mut end = |i: usize| match run {
                    0 => of.lo,
                    1 if any && i.is_multiple_of(2) || !any && rng.gen_bool(0.5) => of.lo,
                    _ => of.hi,
                };
                let [x, w] = lengths.map(|n| (0..n).map(&mut end).collect::<Vec<_>>());
                agree(&Convolve(grid, 0), [of; 2], [&x, &w], &format!("{bits} bits of {grid:?}, {run}"));
            }
        }
    }
    assert!(narrow > 200 && wide > 20, "{narrow} {wide}");
}

#[test]
fn kernels_as_long_as_a_line_are_counted_and_proved() {
    // Each tap has a product of its own: a matrix of all of them with all of them would be larger than any memory.
    for transposed in [false, true] {
        let long = 1 << 18;
        let [input, output] = if transposed { [4, long] } else { [long + 3, 4] };
        let grid = Grid { before: [0, if transposed { 3 } else { 0 }], transposed, ..plain([1, long], [1, 4]) };
        let grid = Grid { input: [1, input], output: [1, output], ..grid };
        let mut counts = Counts::new();
        let of = |n: usize| vec![Measure { interval: ends(), terms: 1 }; n];
        counts.convolve(&grid, &of(input), &of(long), &[]).unwrap();
        let met: usize = (0..output).map(|x| grid.taps(0, x).count()).sum();
        assert_eq!(counts.total().constraints, met);
    }
    let mut rng = StdRng::seed_from_u64(7);
    let grid = plain([1, 300], [1, 4]);
    // Three filters share each product, and each output has a range check of fifteen bits.
    assert_eq!(convolve(grid, 2, 3, true, 0, &mut rng), 2 * 300 * 4 + 3 * 4 * 15);
    assert_eq!(convolve(plain([2, 40], [3, 2]), 1, 1, false, 0, &mut rng), 4 * 80);
}
