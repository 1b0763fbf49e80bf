//! Attacks on packed products and polynomial identities: intervals of every kind, wires that are shared, outputs that meet nothing,
//! exponents that might collide, and grids that might take no end of time or memory to decide about.

mod biases;

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::{
    dev::dishonest::Lie,
    gadget::product::{
        linear_map::LinearMap,
        packed::{self, Packed},
        winograd::Grid,
    },
    number::interval::pow2,
};

/// How the wires of a linear map are made of public inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wiring {
    /// One each.
    Own,
    /// All elements are one wire, all weights another, all biases a third.
    Shared,
    /// Weights and elements are the same wires, as far as there are that many.
    Squared,
    /// Differences of two, and a constant.
    Sums,
}

/// A linear map with intervals of its own for elements, weights and biases.
struct Attack {
    map: LinearMap,
    inputs: usize,
    bias: usize,
    of: [Interval; 3],
    wiring: Wiring,
}

impl Attack {
    fn new(map: LinearMap, inputs: usize, bias: bool, of: [(Int, Int); 3], wiring: Wiring) -> Self {
        let bias = if bias { map.filters() } else { 0 };
        Self { map, inputs, bias, of: of.map(|(lo, hi)| Interval { lo, hi }), wiring }
    }

    fn sizes(&self) -> [usize; 3] {
        [self.inputs, self.map.filters() * self.map.length(), self.bias]
    }

    fn packed(&self) -> Option<Packed> {
        let terms = if self.wiring == Wiring::Sums { 2 } else { 1 };
        let measures = self.of.map(|interval| Measure { interval, terms });
        let [x, w, bias] = [0, 1, 2].map(|i| vec![&measures[i]; self.sizes()[i]]);
        packed::decide(self.map, &x, &w, &bias, None, true, usize::MAX).unwrap()
    }

    fn synthesize<C: Accumulate>(&self, cs: C, packed: &Packed, values: &[Vec<Int>; 3]) -> (C, Vec<C::W>) {
        let mut cs = Ranged::lookups(cs, Tables::of(&[3]));
        let mut made: Vec<Vec<C::W>> = vec![];
        for (i, values) in values.iter().enumerate() {
            let wires: Vec<C::W> = match self.wiring {
                Wiring::Shared if !values.is_empty() => vec![cs.instance(Some(values[0])); values.len()],
                Wiring::Squared if i == 1 => (0..values.len())
                    .map(|j| made[0].get(j).cloned().unwrap_or_else(|| cs.instance(Some(values[j]))))
                    .collect(),
                Wiring::Sums => values
                    .iter()
                    .map(|v| {
                        let [a, b] = [*v + Int::from(9), Int::from(4)].map(|v| cs.instance(Some(v)));
                        cs.linear(&[(Int::ONE, &a), (-Int::ONE, &b)], -Int::from(5))
                    })
                    .collect(),
                _ => values.iter().map(|v| cs.instance(Some(*v))).collect(),
            };
            made.push(wires);
        }
        let [x, w, bias] = [0, 1, 2].map(|i| made[i].iter().collect::<Vec<&C::W>>());
        let y = packed::enforce(&mut cs, packed, (&x, &w), &bias).unwrap();
        for y in &y {
            let y = cs.lift(y);
            cs.field_output(&y);
        }
        (closed(cs), y)
    }

    /// Values within the intervals, mostly at their ends, as the wiring has them.
    fn values(&self, rng: &mut StdRng) -> [Vec<Int>; 3] {
        let mut values = [0, 1, 2].map(|i| {
            let Interval { lo, hi } = self.of[i];
            let one = |rng: &mut StdRng| match rng.gen_range(0..4) {
                0 | 1 => lo,
                2 => hi,
                _ => lo + (hi - lo) / Int::from(3),
            };
            (0..self.sizes()[i]).map(|_| one(rng)).collect::<Vec<Int>>()
        });
        match self.wiring {
            Wiring::Shared => values.iter_mut().for_each(|v| {
                let first = v.first().copied().unwrap_or(Int::ZERO);
                v.fill(first);
            }),
            Wiring::Squared => {
                let x = values[0].clone();
                values[1].iter_mut().zip(&x).for_each(|(w, x)| *w = *x);
            }
            Wiring::Own | Wiring::Sums => {}
        }
        values
    }

    fn expected(&self, [x, w, bias]: &[Vec<Int>; 3]) -> Vec<Int> {
        let of = |f: usize, t: usize| {
            let taps = self.map.taps(t);
            let sum = taps.iter().fold(Int::ZERO, |sum, (j, i)| sum + w[f * self.map.length() + j] * x[*i]);
            sum + bias.get(f).copied().unwrap_or(Int::ZERO)
        };
        (0..self.map.filters())
            .flat_map(|f| (0..self.map.positions()).map(move |t| (f, t)))
            .map(|(f, t)| of(f, t))
            .collect()
    }

    /// Whether an honest prover is accepted, with the formula's outputs; how many of the lies about outputs that are accepted of how many.
    /// Output variables are the first of all, in the order of positions, groups and filters.
    fn attack(&self, packed: &Packed, rng: &mut StdRng) -> (usize, usize) {
        let values = self.values(rng);
        let build = self.synthesize(Build::two_phases(), packed, &values).0;
        let matrices = build.finish().0;
        let (cs, y) = self.synthesize(Dishonest::new(Truth), packed, &values);
        let variables = cs.witnesses();
        let expected = self.expected(&values);
        assert_eq!(y, expected);
        assert_eq!(matrices.unsatisfied(&cs.finish()), [0usize; 0], "{packed:?}");
        for (y, result) in y.iter().zip(&packed.results) {
            assert!(result.interval.contains(*y), "{y} of {result:?}");
        }
        // Which variables are outputs.
        let told = |lie: &BTreeMap<usize, Int>| self.synthesize(Dishonest::new(Changes(lie.clone())), packed, &values);
        let changed = |n: &usize| told(&BTreeMap::from([(*n, Int::ONE)])).1 != expected;
        let outputs: Vec<usize> = (0..variables).filter(changed).take(5).collect();
        let (digit, mut tried, mut accepted) = (packed.digit(), 0, 0);
        let mut lie = |changes: BTreeMap<usize, Int>| {
            let (cs, _) = told(&changes);
            tried += 1;
            accepted += usize::from(matrices.unsatisfied(&cs.finish()).is_empty());
        };
        for a in &outputs {
            for by in [Int::ONE, pow2(digit - 1), pow2(digit), -pow2(digit)] {
                lie(BTreeMap::from([(*a, by)]));
            }
            for b in outputs.iter().filter(|b| *b != a) {
                for place in digit - 1..=digit {
                    for sign in [Int::ONE, -Int::ONE] {
                        lie(BTreeMap::from([(*a, pow2(place) * sign), (*b, -sign)]));
                    }
                }
            }
        }
        (accepted, tried)
    }
}

/// What is added to variables.
struct Changes(BTreeMap<usize, Int>);
impl Lie for Changes {
    fn told(&self, n: usize, honest: Int) -> Int {
        honest + self.0.get(&n).copied().unwrap_or(Int::ZERO)
    }
}

fn all(packed: &Packed) -> [Packed; 3] {
    [packed.clone().by_identity(false), packed.clone().settled(), packed.clone().by_identity(true)]
}

fn maps() -> Vec<(LinearMap, usize)> {
    let plain = Grid {
        kernel: [2, 1],
        stride: [1, 1],
        dilation: [1, 1],
        input: [3, 2],
        output: [2, 2],
        before: [0, 0],
        transposed: false,
    };
    let empty = Grid { before: [4, 2], output: [7, 3], ..plain };
    let spread = Grid { stride: [3, 2], before: [1, 0], output: [8, 3], transposed: true, ..plain };
    let mut maps = vec![(LinearMap::Matrix { rows: 3, columns: 2, length: 2 }, 4)];
    for grid in [plain, empty, spread] {
        maps.push((LinearMap::Convolution { grid, channels: 1, filters: 3 }, 6));
    }
    maps
}

fn i(x: i64) -> Int {
    Int::from(x)
}

/// An interval on one side of zero, of two values, unlike the other factor's, of nearly all bits: some output's range check might be of less
/// than its interval. The bias may be wider than all products, and a position that meets nothing has it alone.
#[test]
fn no_interval_lets_an_output_wrap() {
    let mut rng = StdRng::seed_from_u64(41);
    let wide = |bits: u32| (-pow2(bits), pow2(bits) - Int::ONE);
    let triples = [
        [(i(-1), i(0)), (i(0), i(1)), (i(0), i(1))],
        [(i(-1), i(0)), (i(-1), i(0)), (i(-2), i(-1))],
        [(i(5), i(90)), (i(-100), i(-3)), (i(1000), i(1001))],
        [(i(0), i(255)), (i(-8), i(7)), (-pow2(30), pow2(3))],
        [(-pow2(40), i(3)), (i(-1), pow2(20)), (i(-4), i(4))],
        [wide(50), wide(20), wide(60)],
        [(Int::ZERO, pow2(70)), (-pow2(50), Int::ZERO), (i(-1), i(0))],
    ];
    let (mut tried, mut packs) = (0, 0);
    for of in triples {
        for (map, inputs) in maps() {
            for bias in [false, true] {
                let attack = Attack::new(map, inputs, bias, of, Wiring::Own);
                let Some(packed) = attack.packed() else { continue };
                packs += 1;
                for packed in all(&packed) {
                    let (accepted, n) = attack.attack(&packed, &mut rng);
                    assert_eq!(accepted, 0, "{of:?} {packed:?}");
                    tried += n;
                }
            }
        }
    }
    assert!(packs > 40 && tried > 5000, "{packs} {tried}");
}

/// Wires that several places of a product share, and sums: two outputs that are one might be traded, or a term of a sum be lost.
#[test]
fn no_wiring_lets_outputs_be_traded() {
    let mut rng = StdRng::seed_from_u64(42);
    let of = [(i(-4), i(3)); 3];
    for wiring in [Wiring::Shared, Wiring::Squared, Wiring::Sums] {
        for (map, inputs) in maps() {
            let attack = Attack::new(map, inputs, true, of, wiring);
            for packed in all(&attack.packed().unwrap()) {
                let (accepted, tried) = attack.attack(&packed, &mut rng);
                assert_eq!(accepted, 0, "{wiring:?} {packed:?}");
                assert!(tried > 50, "{tried}");
                // Control: what is a bit too near is accepted.
                let near = packed.clone().broken(packed.digit(), packed.digit() - 2);
                if wiring == Wiring::Sums {
                    let attacks = (0..6).map(|_| attack.attack_near(&near, &mut rng)).sum::<usize>();
                    assert!(attacks > 0, "{packed:?}");
                }
            }
        }
    }
}

impl Attack {
    /// How many shifts by the place are accepted, of outputs that are too near.
    fn attack_near(&self, packed: &Packed, rng: &mut StdRng) -> usize {
        let values = self.values(rng);
        let matrices = self.synthesize(Build::two_phases(), packed, &values).0.finish().0;
        let place = pow2(packed.digit() - 2);
        let honest = self.synthesize(Dishonest::new(Truth), packed, &values);
        let (variables, expected) = (honest.0.witnesses(), honest.1);
        let told = |lie: &BTreeMap<usize, Int>| self.synthesize(Dishonest::new(Changes(lie.clone())), packed, &values);
        let outputs: Vec<usize> =
            (0..variables).filter(|n| told(&BTreeMap::from([(*n, Int::ONE)])).1 != expected).take(6).collect();
        let pairs = outputs.iter().flat_map(|a| outputs.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b);
        let lies = pairs.flat_map(|(a, b)| [Int::ONE, -Int::ONE].map(|s| BTreeMap::from([(a, place * s), (b, -s)])));
        lies.filter(|lie| matrices.unsatisfied(&told(lie).0.finish()).is_empty()).count()
    }
}

/// Every small geometry along an axis: if two positions had one exponent, or one had an exponent that no term has, an output would be anything.
#[test]
fn no_geometry_leaves_an_output_free() {
    let mut rng = StdRng::seed_from_u64(43);
    let of = [(i(-4), i(3)); 3];
    let (mut tried, mut grids) = (0, 0);
    for code in 0..3 * 3 * 2 * 3 * 4 * 3 * 2 {
        let mut left = code;
        let mut digit = |n: usize| {
            let digit = left % n;
            left /= n;
            digit
        };
        let (kernel, stride, dilation) = (digit(3) + 1, digit(3) + 1, digit(2) + 1);
        let (input, before, output, transposed) = (digit(3) + 1, digit(4), digit(3) + 1, digit(2) == 1);
        // The other axis, too, has exponents.
        let grid = Grid {
            kernel: [kernel, 2],
            stride: [stride, 1],
            dilation: [dilation, 2],
            input: [input, 2],
            output: [output, 2],
            before: [before, 1],
            transposed,
        };
        let turned = |[a, b]: [usize; 2]| [b, a];
        let other = Grid {
            kernel: turned(grid.kernel),
            stride: turned(grid.stride),
            dilation: turned(grid.dilation),
            input: turned(grid.input),
            output: turned(grid.output),
            before: turned(grid.before),
            transposed,
        };
        for grid in [grid, other] {
            let map = LinearMap::Convolution { grid, channels: 1, filters: 2 };
            let attack = Attack::new(map, grid.input[0] * grid.input[1], false, of, Wiring::Own);
            let packed = attack.packed().unwrap().by_identity(true);
            let values = attack.values(&mut rng);
            let matrices = attack.synthesize(Build::two_phases(), &packed, &values).0.finish().0;
            let (cs, y) = attack.synthesize(Dishonest::new(Truth), &packed, &values);
            assert_eq!(y, attack.expected(&values), "{grid:?}");
            assert!(matrices.unsatisfied(&cs.finish()).is_empty(), "{grid:?}");
            // The outputs are the first variables that there are but those of limbs; a lie about any of these is refused.
            let outputs = packed.ranges();
            let (mut changed, mut n) = (0, 0);
            while changed < outputs {
                let lie = BTreeMap::from([(n, Int::ONE)]);
                let (cs, told) = attack.synthesize(Dishonest::new(Changes(lie)), &packed, &values);
                n += 1;
                assert!(n <= cs.witnesses(), "{changed} of {outputs}: {grid:?}");
                if told != y {
                    changed += 1;
                    assert!(!matrices.unsatisfied(&cs.finish()).is_empty(), "{grid:?}");
                }
            }
            tried += changed;
            grids += 1;
        }
    }
    assert!(grids == 2592 && tried > 10_000, "{grids} {tried}");
}

fn decide(grid: Grid) -> Option<Packed> {
    let map = LinearMap::Convolution { grid, channels: 1, filters: 2 };
    let of = [(i(-4), i(3)); 3];
    Attack::new(map, grid.input[0] * grid.input[1], false, of, Wiring::Own).packed()
}

/// A kernel as large as its image: a million products, and a million times as many pairs of a tap and a pixel, most of which no output is
/// made of. Deciding must not go through them.
#[test]
fn pairs_that_no_output_is_made_of_take_no_time() {
    let square = Grid {
        kernel: [1024; 2],
        stride: [1; 2],
        dilation: [1; 2],
        input: [1024; 2],
        output: [1; 2],
        before: [0; 2],
        transposed: false,
    };
    assert!(!decide(square).unwrap().takes_challenge());
}

/// Taps far apart along one axis and padding far out along the other: each alone is little.
#[test]
fn distances_of_both_axes_are_bounded_together() {
    let grid = Grid {
        kernel: [2, 1],
        stride: [1, 1],
        dilation: [1 << 20, 1],
        input: [2, 2],
        output: [2, (1 << 18) + 2],
        before: [1 << 20, 1 << 18],
        transposed: false,
    };
    assert!(!decide(grid).unwrap().takes_challenge());
}

/// Steps whose sums are beyond all numbers, of a layer that is accepted: taps that lie almost wholly in the padding.
#[test]
fn steps_without_an_end_do_not_overflow() {
    let far = (1usize << 63) - 1;
    let grid = Grid {
        kernel: [3, 1],
        stride: [(1 << 62) + 1, 1],
        dilation: [1 << 62, 1],
        input: [4, 1],
        output: [1, 1],
        before: [far, 0],
        transposed: false,
    };
    assert!(decide(grid).is_some());
}

/// Weights of no declared range, as those are that a commitment alone binds: outputs may be beyond their intervals, and are still what one
/// function says.
#[test]
fn outputs_beyond_their_intervals_are_not_two_answers() {
    let map = LinearMap::Matrix { rows: 2, columns: 1, length: 1 };
    let of = [(i(-4), i(3)), (i(-4), i(3)), (i(-4), i(3))];
    let attack = Attack::new(map, 1, true, of, Wiring::Own);
    for packed in all(&attack.packed().unwrap()) {
        let half = pow2(packed.digit() - 1);
        // The largest output that its range check admits, beyond its interval.
        let beyond = half - Int::ONE;
        assert!(packed.results.iter().all(|m| m.interval.hi < beyond));
        let values = [vec![Int::ZERO], vec![Int::ONE; 2], vec![beyond, Int::ZERO]];
        let accepts = |packed: &Packed, by: Int| {
            let matrices = attack.synthesize(Build::two_phases(), packed, &values).0.finish().0;
            let told = |lie| attack.synthesize(Dishonest::new(Changes(lie)), packed, &values);
            let (cs, y) = told(BTreeMap::new());
            let variables = cs.witnesses();
            assert!(matrices.unsatisfied(&cs.finish()).is_empty());
            let changed = |n: &usize| told(BTreeMap::from([(*n, Int::ONE)])).1 != y;
            let outputs: Vec<usize> = (0..variables).filter(changed).collect();
            let (cs, _) = told(BTreeMap::from([(outputs[0], -by), (outputs[1], Int::ONE)]));
            matrices.unsatisfied(&cs.finish()).is_empty()
        };
        for by in [pow2(packed.digit()), pow2(packed.digit()) - Int::ONE, half, half + beyond, Int::ONE] {
            assert!(!accepts(&packed, by), "{by} of {packed:?}");
        }
        // Control: there are two answers where outputs are nearer than their range check is wide.
        assert!(accepts(&packed.clone().broken(packed.digit(), packed.digit() - 1), half), "{packed:?}");
    }
}
