//! Packed products: they are the formula's sums, cost what they say, and no other output, product or coefficient is accepted; and what is accepted
//! without the range checks and the distances that make them sound.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::{BigInteger, PrimeField};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{product::hostile, *};
use crate::{
    dev::dishonest::Lie,
    gadget::product::{
        linear_map::LinearMap,
        packed::{self, Packed},
        polynomial::Identities,
        winograd::Grid,
    },
    number::interval::pow2,
    prove::Matrices,
};

/// A linear map of public inputs and weights, whose packing is given.
struct Case {
    map: LinearMap,
    inputs: usize,
    bias: usize,
    of: Interval,
}

impl Case {
    fn convolution(grid: Grid, channels: usize, filters: usize, bias: bool) -> Self {
        Self {
            map: LinearMap::Convolution { grid, channels, filters },
            inputs: channels * grid.input[0] * grid.input[1],
            bias: if bias { filters } else { 0 },
            of: interval(-4, 3),
        }
    }

    fn matrix(rows: usize, columns: usize, length: usize, bias: bool) -> Self {
        Self {
            map: LinearMap::Matrix { rows, columns, length },
            inputs: columns * length,
            bias: if bias { rows } else { 0 },
            of: interval(-4, 3),
        }
    }

    fn weights(&self) -> usize {
        self.map.filters() * self.map.length()
    }

    fn total(&self) -> usize {
        self.inputs + self.weights() + self.bias
    }

    fn packed(&self) -> Option<Packed> {
        let measure = Measure { interval: self.of, terms: 1 };
        let of = |n: usize| vec![&measure; n];
        packed::decide(self.map, &of(self.inputs), &of(self.weights()), &of(self.bias), None, true, usize::MAX).unwrap()
    }

    fn random(&self, rng: &mut StdRng) -> Vec<i64> {
        (0..self.total()).map(|_| rng.gen_range(-4..4)).collect()
    }

    fn expected(&self, values: &[i64]) -> Vec<i64> {
        let (x, w) = values.split_at(self.inputs);
        let (w, bias) = w.split_at(self.weights());
        let of = |f: usize, t: usize| {
            let sum: i64 = self.map.taps(t).iter().map(|(j, i)| w[f * self.map.length() + j] * x[*i]).sum();
            sum + bias.get(f).copied().unwrap_or(0)
        };
        (0..self.map.filters())
            .flat_map(|f| (0..self.map.positions()).map(move |t| (f, t)))
            .map(|(f, t)| of(f, t))
            .collect()
    }

    /// Inputs, weights and outputs are public.
    fn synthesize<C: Accumulate>(&self, cs: C, packed: &Packed, values: Option<&[i64]>) -> (C, Vec<C::W>) {
        let mut cs = Ranged::lookups(cs, Tables::of(&[3]));
        let wires: Vec<C::W> = (0..self.total()).map(|i| cs.instance(values.map(|v| Int::from(v[i])))).collect();
        let wires: Vec<&C::W> = wires.iter().collect();
        let (x, w) = wires.split_at(self.inputs);
        let (w, bias) = w.split_at(self.weights());
        let y = packed::enforce(&mut cs, packed, (x, w), bias).unwrap();
        for y in &y {
            let y = cs.lift(y);
            cs.field_output(&y);
        }
        (closed(cs), y)
    }

    fn matrices(&self, packed: &Packed) -> Matrices {
        self.synthesize(Build::two_phases(), packed, None).0.finish().0
    }

    /// Whether the constraints hold for what this prover tells; nothing if it tells the truth.
    fn accepts<L: Lie>(&self, matrices: &Matrices, packed: &Packed, values: &[i64], lie: L) -> Option<bool> {
        let (cs, _) = self.synthesize(Dishonest::new(lie), packed, Some(values));
        cs.lied().then(|| matrices.unsatisfied(&cs.finish()).is_empty())
    }

    fn verify(&self, packed: &Packed, values: &[i64], label: &str) {
        let expected = self.expected(values);
        let matrices = self.matrices(packed);
        let (cs, y) = self.synthesize(Dishonest::new(Truth), packed, Some(values));
        assert_eq!(y, expected.iter().map(|y| Int::from(*y)).collect::<Vec<_>>(), "{label}");
        for (y, result) in y.iter().zip(&packed.results) {
            assert!(result.interval.contains(*y), "{label}");
        }
        let assignment = cs.finish();
        assert_eq!(matrices.unsatisfied(&assignment), [0usize; 0], "{label}");
        assert_eq!(assignment.len(), matrices.variables(), "{label}");
        // The count, of what a table of three bits adds.
        let mut counts = Counts::with_lookups();
        counts.pay("output", Cost::new(y.len(), 0));
        let results = counts.pack(packed.clone()).unwrap();
        assert_eq!(results, packed.results);
        counts.look_up(Tables::of(&[3]));
        assert_eq!(counts.total(), Cost::new(matrices.constraints(), matrices.witness), "{label}");
        assert_eq!(counts.fixed(), matrices.size().fixed, "{label}");
    }
}

/// By products, by products of variables, and by identities.
fn all(packed: &Packed) -> [Packed; 3] {
    [packed.clone().by_identity(false), packed.clone().settled(), packed.clone().by_identity(true)]
}

fn plain(kernel: [usize; 2], output: [usize; 2]) -> Grid {
    let input = [kernel[0] + output[0] - 1, kernel[1] + output[1] - 1];
    Grid { kernel, stride: [1; 2], dilation: [1; 2], input, output, before: [0; 2], transposed: false }
}

#[test]
fn any_packed_convolution_is_its_formula() {
    let mut rng = StdRng::seed_from_u64(11);
    let mut tried = 0;
    for _ in 0..400 {
        let grid = hostile(&mut rng);
        let case = Case::convolution(grid, rng.gen_range(1..4), rng.gen_range(2..6), rng.gen_bool(0.5));
        let Some(packed) = case.packed() else { continue };
        let values = case.random(&mut rng);
        for packed in all(&packed) {
            tried += 1;
            case.verify(&packed, &values, &format!("{packed:?}"));
        }
    }
    assert!(tried > 800, "{tried}");
}

#[test]
fn exponents_that_are_far_apart_take_no_memory() {
    // Two taps a million elements apart along both axes, within the padding; strides and kernels without an end.
    let far = Grid { dilation: [1 << 40; 2], before: [1 << 40; 2], ..plain([2, 2], [3, 3]) };
    let far = Grid { input: [3, 3], ..far };
    let strided = Grid { stride: [1 << 40; 2], ..plain([2, 2], [1, 1]) };
    let spread = Grid { transposed: true, stride: [1 << 40; 2], ..plain([2, 2], [2, 2]) };
    for grid in [far, strided, spread] {
        let case = Case::convolution(grid, 1, 3, false);
        assert!(!case.packed().is_some_and(|packed| packed.takes_challenge()), "{grid:?}");
    }
    let long = Grid {
        kernel: [1, 1 << 12],
        input: [1, 1 << 12],
        before: [0, 1 << 11],
        output: [1, 2],
        ..plain([1, 1], [1, 1])
    };
    assert!(!Case::convolution(long, 1, 2, false).packed().unwrap().takes_challenge());
}

#[test]
fn any_packed_matrix_product_is_its_formula() {
    let mut rng = StdRng::seed_from_u64(12);
    for (rows, columns, length) in [(2, 1, 1), (3, 4, 5), (40, 3, 2), (25, 1, 7), (2, 9, 0), (7, 6, 3)] {
        for bias in [false, true] {
            let case = Case::matrix(rows, columns, length, bias);
            let packed = case.packed().unwrap();
            let values = case.random(&mut rng);
            all(&packed).iter().for_each(|packed| case.verify(packed, &values, &format!("{packed:?}")));
        }
    }
}

#[test]
fn outputs_at_the_ends_of_their_intervals_are_proved() {
    for (value, other) in [(-4, -4), (-4, 3), (3, 3)] {
        for case in [Case::matrix(9, 2, 4, true), Case::convolution(plain([2, 2], [3, 3]), 2, 5, true)] {
            let packed = case.packed().unwrap();
            let values: Vec<i64> = (0..case.total()).map(|i| if i < case.inputs { value } else { other }).collect();
            all(&packed).iter().for_each(|packed| case.verify(packed, &values, &format!("{packed:?}")));
        }
    }
    // The widest that two outputs may be, of operands as wide as they may be: and no wider.
    for (bits, packs) in [(60, true), (61, true), (62, false), (100, false)] {
        let of = Interval { lo: -pow2(bits), hi: pow2(bits) };
        let case = Case { of, ..Case::matrix(2, 1, 4, false) };
        assert_eq!(case.packed().is_some(), packs, "{bits}");
        if let Some(packed) = case.packed() {
            assert_eq!(packed.digit(), 2 * bits + 4);
        }
    }
}

/// The variables of outputs: those with which a lie changes an output.
fn outputs(case: &Case, packed: &Packed, values: &[i64]) -> Vec<usize> {
    let honest = case.expected(values);
    let (cs, _) = case.synthesize(Dishonest::new(Truth), packed, Some(values));
    let changed = |n: &usize| {
        let (_, y) = case.synthesize(Dishonest::new(About(*n, |y: Int| y + Int::ONE)), packed, Some(values));
        y.iter().zip(&honest).any(|(y, honest)| *y != Int::from(*honest))
    };
    (0..cs.witnesses()).filter(changed).collect()
}

fn cases() -> Vec<Case> {
    let strided = Grid { stride: [2, 1], input: [5, 3], output: [3, 3], before: [1, 1], ..plain([3, 2], [1, 1]) };
    let spread = Grid { input: [2, 2], stride: [2, 2], output: [5, 4], transposed: true, ..plain([3, 2], [1, 1]) };
    vec![
        Case::matrix(3, 2, 3, true),
        Case::matrix(4, 1, 2, false),
        Case::convolution(plain([2, 2], [2, 2]), 2, 3, true),
        Case::convolution(strided, 1, 2, true),
        Case::convolution(spread, 1, 2, false),
    ]
}

#[test]
fn no_other_value_of_any_variable_is_accepted() {
    let mut rng = StdRng::seed_from_u64(13);
    for case in cases() {
        let values = case.random(&mut rng);
        for packed in all(&case.packed().unwrap()) {
            let matrices = case.matrices(&packed);
            let (cs, _) = case.synthesize(Dishonest::new(Truth), &packed, Some(&values));
            let mut tried = 0;
            for variable in 0..cs.witnesses() {
                for lie in [|y: Int| y + Int::ONE, |y: Int| -y - Int::from(5), |y: Int| y + Int::from(1 << 20)] {
                    if let Some(accepted) = case.accepts(&matrices, &packed, &values, About(variable, lie)) {
                        assert!(!accepted, "{variable} of {packed:?}");
                        tried += 1;
                    }
                }
            }
            assert!(tried > cs.witnesses(), "{tried}");
            // Nor any change of single variables that leaves all else as it is.
            let (build, _) = case.synthesize(Build::two_phases(), &packed, None);
            let (matrices, _, free) = build.finish();
            let harness = Harness::new(&matrices, &cs.finish(), &free);
            assert!(harness.holds());
            assert_eq!(harness.run(400), vec![]);
        }
    }
}

/// What every output's neighbours could be instead: `2^place` more of one, and one less of the next.
fn shifts(outputs: &[usize], place: u32) -> Vec<BTreeMap<usize, Int>> {
    let by = pow2(place);
    let pairs = outputs.iter().flat_map(|a| outputs.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b);
    pairs.flat_map(|(a, b)| [Int::ONE, -Int::ONE].map(|sign| BTreeMap::from([(a, by * sign), (b, -sign)]))).collect()
}

/// Changes of variables.
struct Changes(BTreeMap<usize, Int>);
impl Lie for Changes {
    fn told(&self, n: usize, honest: Int) -> Int {
        honest + self.0.get(&n).copied().unwrap_or(Int::ZERO)
    }
}

/// How many of all shifts are accepted.
fn accepted(case: &Case, packed: &Packed, place: u32, values: &[i64]) -> usize {
    let matrices = case.matrices(packed);
    let outputs = outputs(case, packed, values);
    let of = |shift| case.accepts(&matrices, packed, values, Changes(shift)).unwrap_or(false);
    shifts(&outputs, place).into_iter().filter(|shift| of(shift.clone())).count()
}

#[test]
fn outputs_cannot_be_shifted_into_each_other() {
    let mut rng = StdRng::seed_from_u64(14);
    for case in cases() {
        let values = case.random(&mut rng);
        for packed in all(&case.packed().unwrap()) {
            let digit = packed.digit();
            for place in digit - 2..=digit + 1 {
                assert_eq!(accepted(&case, &packed, place, &values), 0, "{place} of {packed:?}");
            }
            // What is accepted where they are a bit too near, for the range of an output: and where their range is not checked.
            let near = packed.clone().broken(digit, digit - 2);
            assert!(accepted(&case, &near, digit - 2, &values) > 0, "{packed:?}");
            let unchecked = packed.clone().broken(3 * digit, digit);
            assert!(accepted(&case, &unchecked, digit, &values) > 0, "{packed:?}");
        }
    }
}

#[test]
fn as_many_outputs_share_a_product_as_the_field_holds() {
    for (bits, most) in [(1, 42), (7, 14), (8, 12), (20, 5), (30, 3), (60, 2)] {
        let of = Interval { lo: -pow2(bits), hi: pow2(bits) - Int::ONE };
        let packed = |rows: usize| Case { of, ..Case::matrix(rows, 1, 4, false) }.packed().unwrap();
        let digit = packed(most).digit() as usize;
        assert!(most * digit <= 253 && (most + 1) * digit > 253, "{bits}");
        // One more is shared among two products.
        assert_eq!((packed(most).shared(), packed(most + 1).shared()), (most, (most + 1).div_ceil(2)), "{bits}");
    }
    // A packed number is below the order of the field.
    assert!(Fr::MODULUS.num_bits() == 254 && Fr::MODULUS > ark_ff::BigInt::new([0, 0, 0, 1 << 61]));
}

/// A lie about one field element that is the prover's choice.
struct Chosen(usize);
impl Lie for Chosen {
    fn chosen(&self, n: usize) -> Fr {
        Fr::from(u64::from(n == self.0))
    }
}

#[test]
fn coefficients_beside_the_outputs_are_those_of_the_product() {
    let mut rng = StdRng::seed_from_u64(15);
    let mut tried = 0;
    for case in cases() {
        let values = case.random(&mut rng);
        let packed = case.packed().unwrap().by_identity(true);
        let matrices = case.matrices(&packed);
        for n in 0..matrices.witness {
            if let Some(accepted) = case.accepts(&matrices, &packed, &values, Chosen(n)) {
                assert!(!accepted, "{n} of {packed:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 10, "{tried}");
}

#[test]
fn an_identity_is_refused_that_sees_what_comes_after_the_challenge_or_has_none() {
    let mut cs = Ranged::lookups(Build::two_phases(), Tables::none());
    let x = cs.instance(None);
    let x = cs.lift(&x);
    let r = cs.cs.challenge().unwrap();
    let late = cs.field_product(&x, &r);
    for seen in [r.clone(), late] {
        let identities = Identities {
            polynomials: vec![vec![(0, x.clone())], vec![(0, seen.clone()), (1, x.clone())], vec![(0, x.clone())]],
            sums: vec![(vec![(0, 1)], 2)],
        };
        let error = identities.enforce(&mut cs.cs, &r).unwrap_err().to_string();
        assert!(error.contains("is not fixed before the challenge"), "{error}");
    }
    let identities = Identities { polynomials: vec![vec![(0, x)]], sums: vec![(vec![(0, 0)], 0)] };
    let error = Ranged::bits(Build::new()).identities(identities.clone()).unwrap_err().to_string();
    assert!(error.contains("two phases"), "{error}");
    let mut cs = Ranged::lookups(Build::two_phases(), Tables::none());
    cs.close_requests().unwrap();
    assert!(cs.identities(identities).unwrap_err().to_string().contains("after closing"));
}

#[test]
fn an_identity_whose_sum_is_chosen_after_the_challenge_is_forged() {
    // The control of the refusal above: a coefficient that follows from the challenge may be what makes any product right.
    let satisfied = |late: bool| {
        let (a, b, wrong) = (Fr::from(3u64), Fr::from(5u64), Fr::from(16u64));
        let mut cs = Assign::new();
        let r = cs.folded_challenge();
        // `a * b = c_0 + c_1 X` with a wrong `c_0`.
        let slope = if late { (a * b - wrong) / r } else { Fr::from(1u64) };
        wrong + slope * r == a * b
    };
    assert!(satisfied(true) && !satisfied(false));
}

#[test]
fn many_filters_share_each_product() {
    let case = Case::matrix(30, 1, 100, false);
    let packed = case.packed().unwrap().by_identity(false);
    // Sums of a hundred products of three bits: 12 bits with their sign, so that 21 share a product, and two groups are needed.
    assert_eq!((packed.digit(), packed.cost().constraints), (12, 2 * 100));
    let image = Case::convolution(plain([5, 5], [24, 24]), 1, 6, true);
    let packed = image.packed().unwrap();
    assert!(packed.takes_challenge());
    // Each element of the input, the kernel and the product but the first; the powers 5 and 28 of the gaps between lines, with 2, 3, 4,
    // 6, 7 and 14 on the way; and one product.
    assert_eq!(packed.closing_cost().constraints, (28 * 28 - 1) + (25 - 1) + (32 * 32 - 1) + 8 + 1);
}
