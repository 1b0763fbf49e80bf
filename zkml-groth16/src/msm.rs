//! Multi-scalar multiplication, `sum_i s_i P_i`.
//!
//! Scalars are first brought to `[-p/2, p/2]`, so that small negative ones are small; zeros, and points at infinity,
//! are dropped. Then, for digits `d` of `c` bits with signs, window by window: `(|d|, +-P)` are sorted by `|d|` into
//! buckets (by counting), each bucket is summed by a tree of additions in affine coordinates, and `sum_b b S_b` is,
//! with the buckets in a square, two running sums over the trees of its rows and of its columns. Additions of one level
//! of many trees share one inversion, six multiplications each. Short scalars take digits of their own, if that is
//! cheaper: a network's values are mostly bits.
//!
//! Where long scalars repeat, `sum_i s P_i = s sum_i P_i`: the bases of equal scalars are summed first, an addition each
//! and not one a digit. The fractions `1 / (r - x)` of lookups are as many as there are lookups, but no more of them
//! differ than the table has entries.
//!
//! Sources: Pippenger, "On the evaluation of powers and monomials" (1980); Montgomery, "Speeding the Pollard and
//! elliptic curve methods of factorization" (1987), section 10.3.1, on shared inversions.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::{AdditiveGroup, BigInt, BigInteger, PrimeField, Zero};
use rayon::prelude::*;

use crate::{
    affine::{Inverses, is_infinity, sum_runs},
    field::Inlined,
    law::{BITS, SEGMENT, Split},
};

/// A sign, beside an index.
const NEGATIVE: u32 = 1 << 31;

/// `sum_i scalars_i bases_i` in the first group, over as many as the shorter of the two has.
pub fn g1(bases: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    sum(bases, scalars)
}

/// `sum_i scalars_i bases_i` in the second group, over as many as the shorter of the two has.
pub fn g2(bases: &[G2Affine], scalars: &[Fr]) -> G2Projective {
    sum(bases, scalars)
}

/// A scalar that is not zero and whose base is not infinity: the base's index, [`NEGATIVE`] if subtracted, and the
/// absolute value.
type Term = (u32, [u64; 4]);

/// `sum_i scalars_i bases_i` in either group.
pub(crate) fn sum<P: SWCurveConfig<ScalarField = Fr, BaseField: Inlined>>(
    bases: &[Affine<P>],
    scalars: &[Fr],
) -> Projective<P> {
    // Indices leave one bit for the sign.
    let chunks = bases.chunks(NEGATIVE as usize).zip(scalars.chunks(NEGATIVE as usize));
    chunks.map(|(bases, scalars)| sum_chunk(bases, scalars)).fold(Projective::zero(), |sum, part| sum + part)
}

fn sum_chunk<P: SWCurveConfig<ScalarField = Fr, BaseField: Inlined>>(
    bases: &[Affine<P>],
    scalars: &[Fr],
) -> Projective<P> {
    let terms: Vec<Term> = bases
        .par_iter()
        .zip(scalars)
        .enumerate()
        .with_min_len(1 << 10)
        .filter(|(_, (base, scalar))| !scalar.is_zero() && !is_infinity(base))
        .map(|(i, (_, scalar))| {
            let (sign, BigInt(limbs)) = absolute(scalar);
            (i as u32 | sign, limbs)
        })
        .collect();
    if !repeat(&terms) {
        return sum_terms(bases, terms);
    }
    let (long, short): (Vec<Term>, Vec<Term>) = terms.into_iter().partition(|(_, limbs)| is_long(limbs));
    let (points, distinct) = merge(bases, long);
    let (short, long) = rayon::join(|| sum_terms(bases, short), || sum_terms(&points, distinct));
    short + long
}

/// Scalars of more bits than these are merged where they are equal. Of shorter ones there are few digits, whose buckets merge them.
const SHORT: usize = 64;
/// How many scalars are looked at to see whether they repeat, and of how many one has to be equal to another.
const SAMPLE: usize = 1 << 12;
const ONE_IN: usize = 64;

fn is_long(limbs: &[u64; 4]) -> bool {
    length(limbs) > SHORT
}

/// Whether long scalars repeat often enough to merge them, as far as a sample says.
fn repeat(terms: &[Term]) -> bool {
    let sample = terms.iter().step_by(terms.len().div_ceil(SAMPLE).max(1));
    let mut sample: Vec<&[u64; 4]> = sample.map(|(_, limbs)| limbs).filter(|limbs| is_long(limbs)).collect();
    sample.sort_unstable();
    let equal = sample.windows(2).filter(|pair| pair[0] == pair[1]).count();
    equal > 0 && equal >= sample.len() / ONE_IN
}

/// `sum_i P_i` over the terms of equal scalars, and a term for each. Of those that lie in two segments there are two.
fn merge<P: SWCurveConfig<BaseField: Inlined>>(
    bases: &[Affine<P>],
    mut terms: Vec<Term>,
) -> (Vec<Affine<P>>, Vec<Term>) {
    terms.par_sort_unstable_by_key(|(_, limbs)| *limbs);
    let part = |room: &mut Room<P>, part: &[Term]| {
        let Room { points, inverses, runs, .. } = room;
        gather(bases, part.iter().map(|(i, _)| *i), points);
        runs.clear();
        let mut start = 0;
        for equal in part.chunk_by(|a, b| a.1 == b.1) {
            runs.push((start, equal.len() as u32));
            start += equal.len() as u32;
        }
        let starts: Vec<usize> = runs.iter().map(|(start, _)| *start as usize).collect();
        sum_runs(points, runs, inverses);
        let sum = |start: &usize| (points[*start], part[*start].1);
        starts.iter().map(sum).filter(|(point, _)| !is_infinity(point)).collect::<Vec<_>>()
    };
    let sums: Vec<Vec<_>> = terms.par_chunks(SEGMENT).map_init(Room::default, part).collect();
    let (points, scalars): (Vec<Affine<P>>, Vec<[u64; 4]>) = sums.into_iter().flatten().unzip();
    (points, (0u32..).zip(scalars).collect())
}

/// `sum_i s_i P_i` over these terms.
fn sum_terms<P: SWCurveConfig<ScalarField = Fr, BaseField: Inlined>>(
    bases: &[Affine<P>],
    terms: Vec<Term>,
) -> Projective<P> {
    let mut lengths = [0usize; BITS + 1];
    for (_, limbs) in &terms {
        lengths[length(limbs)] += 1;
    }
    let (split, _) = Split::cheapest(&lengths);
    let (short, long): (Vec<Term>, Vec<Term>) = if split.at == 0 {
        (vec![], terms)
    } else {
        terms.into_iter().partition(|(_, limbs)| length(limbs) <= split.at)
    };
    let (short, long) =
        rayon::join(|| windows(bases, short, split.at, split.short), || windows(bases, long, split.bits, split.long));
    short + long
}

/// `(sign, |s|)` for the representative `|s| <= p/2`.
fn absolute(scalar: &Fr) -> (u32, BigInt<4>) {
    let value = scalar.into_bigint();
    if value <= Fr::MODULUS_MINUS_ONE_DIV_TWO {
        return (0, value);
    }
    let mut negated = Fr::MODULUS;
    negated.sub_with_borrow(&value);
    (NEGATIVE, negated)
}

fn length(limbs: &[u64; 4]) -> usize {
    let top = limbs.iter().rposition(|limb| *limb != 0);
    top.map_or(0, |i| 64 * i + (64 - limbs[i].leading_zeros() as usize))
}

/// `sum_w 2^(c w) sum_i d_iw P_i` for terms of at most `bits` bits.
fn windows<P: SWCurveConfig<ScalarField = Fr, BaseField: Inlined>>(
    bases: &[Affine<P>],
    mut terms: Vec<Term>,
    bits: usize,
    c: usize,
) -> Projective<P> {
    if terms.is_empty() {
        return Projective::zero();
    }
    let windows = (bits + 1).div_ceil(c);
    // With 2^(c - 1) added at each place but the last, the digits without signs are those with signs plus 2^(c - 1).
    let mut offset = BigInt::<4>::zero();
    for w in 0..windows - 1 {
        let bit = c * w + c - 1;
        offset.0[bit / 64] |= 1 << (bit % 64);
    }
    terms.par_iter_mut().with_min_len(1 << 12).for_each(|(_, limbs)| {
        let mut value = BigInt(*limbs);
        value.add_with_carry(&offset);
        *limbs = value.0;
    });
    let sums: Vec<Projective<P>> = (0..windows)
        .into_par_iter()
        .map(|w| {
            let half = if w == windows - 1 { 0 } else { 1 << (c - 1) };
            window(bases, &terms, c * w, c, half)
        })
        .collect();
    sums.into_iter().rev().fold(Projective::zero(), |mut total, sum| {
        for _ in 0..c {
            total.double_in_place();
        }
        total + sum
    })
}

/// `sum_i d_i P_i` for the digits of one window, which are at most `2^(c - 1)` in absolute value.
fn window<P: SWCurveConfig<ScalarField = Fr, BaseField: Inlined>>(
    bases: &[Affine<P>],
    terms: &[Term],
    bit: usize,
    c: usize,
    half: i32,
) -> Projective<P> {
    let (limb, shift, mask) = (bit / 64, bit % 64, (1u64 << c) - 1);
    let digit = |limbs: &[u64; 4]| {
        let low = limbs[limb] >> shift;
        let high = if shift + c > 64 && limb < 3 { limbs[limb + 1] << (64 - shift) } else { 0 };
        ((low | high) & mask) as i32 - half
    };
    // ends[b]: after the places of bucket b, once they are filled.
    let mut ends = vec![0u32; (1 << (c - 1)) + 2];
    for (_, limbs) in terms {
        ends[digit(limbs).unsigned_abs() as usize + 1] += 1;
    }
    // Digits of zero have no place.
    ends[1] = 0;
    for b in 1..ends.len() {
        ends[b] += ends[b - 1];
    }
    let mut sorted = vec![0u32; ends.last().map_or(0, |n| *n as usize)];
    for (i, limbs) in terms {
        let d = digit(limbs);
        if d != 0 {
            let place = &mut ends[d.unsigned_abs() as usize];
            sorted[*place as usize] = i ^ if d < 0 { NEGATIVE } else { 0 };
            *place += 1;
        }
    }
    let parts = sorted.par_chunks(SEGMENT).enumerate();
    parts
        .map_init(Room::default, |room, (i, part)| segment(bases, part, &ends, i * SEGMENT, room))
        .reduce(Projective::zero, |sum, part| sum + part)
}

/// Room to work in, kept from one segment to the next.
struct Room<P: SWCurveConfig<BaseField: Inlined>> {
    points: Vec<Affine<P>>,
    /// The buckets' sums again, by rows and by columns.
    grouped: Vec<Affine<P>>,
    inverses: Inverses<P::BaseField>,
    runs: Vec<(u32, u32)>,
    buckets: Vec<(usize, usize)>,
    groups: Vec<(usize, usize)>,
}

impl<P: SWCurveConfig<BaseField: Inlined>> Default for Room<P> {
    fn default() -> Self {
        let (points, grouped, runs, buckets, groups) = Default::default();
        Self { points, grouped, inverses: Inverses::default(), runs, buckets, groups }
    }
}

/// The bases of these indices, some of them subtracted.
fn gather<P: SWCurveConfig>(
    bases: &[Affine<P>],
    indices: impl Iterator<Item = u32> + Clone,
    points: &mut Vec<Affine<P>>,
) {
    points.clear();
    // Copied first, and negated then: nothing waits for the cache's misses but the next ones.
    points.extend(indices.clone().map(|i| bases[(i & !NEGATIVE) as usize]));
    for (point, i) in points.iter_mut().zip(indices) {
        let negated = -point.y;
        point.y = if i & NEGATIVE == 0 { point.y } else { negated };
    }
}

/// `sum_b b sum_(i in b) P_i` over the sorted places from `start` on, which need not begin or end with a bucket.
fn segment<P: SWCurveConfig<ScalarField = Fr, BaseField: Inlined>>(
    bases: &[Affine<P>],
    part: &[u32],
    ends: &[u32],
    start: usize,
    room: &mut Room<P>,
) -> Projective<P> {
    let Room { points, inverses, runs, buckets, .. } = room;
    gather(bases, part.iter().copied(), points);
    runs.clear();
    buckets.clear();
    let first = ends.partition_point(|end| *end as usize <= start);
    let (mut b, mut place) = (first, 0);
    while place < part.len() {
        let end = (ends[b] as usize - start).min(part.len());
        if end > place {
            runs.push((place as u32, (end - place) as u32));
            buckets.push((b - first, place));
            place = end;
        }
        b += 1;
    }
    sum_runs(points, runs, inverses);
    // sum_b b S_b = sum_b (b - first) S_b + first sum_b S_b.
    let (weighted, sum) = if b - first <= 32 { weigh(points, buckets) } else { weigh_in_square(room, b - first) };
    weighted + small_multiple(sum, first)
}

/// `(sum_b b S_b, sum_b S_b)` for the sums `S_b` at the places of ascending buckets `(b, place)`.
fn weigh<P: SWCurveConfig>(points: &[Affine<P>], buckets: &[(usize, usize)]) -> (Projective<P>, Projective<P>) {
    let (mut weighted, mut sum) = (Projective::zero(), Projective::<P>::zero());
    let mut above = buckets.last().map_or(0, |(b, _)| *b);
    for (b, place) in buckets.iter().rev() {
        for _ in *b..above {
            weighted += sum;
        }
        above = *b;
        sum += points[*place];
    }
    for _ in 0..above {
        weighted += sum;
    }
    (weighted, sum)
}

/// The same for buckets below `span`, with most additions in trees.
///
/// With the buckets in a square, `b = 2^k row + column`,
/// `sum_b b S_b = 2^k sum_row row R_row + sum_column column C_column` for the sums `R` of rows and `C` of columns.
fn weigh_in_square<P: SWCurveConfig<BaseField: Inlined>>(
    Room { points, grouped, inverses, runs, buckets, groups }: &mut Room<P>,
    span: usize,
) -> (Projective<P>, Projective<P>) {
    let k = (usize::BITS - span.leading_zeros()).div_ceil(2);
    grouped.clear();
    runs.clear();
    groups.clear();
    for (b, place) in buckets.iter() {
        match runs.last_mut() {
            Some((_, length)) if groups.last().is_some_and(|(row, _)| *row == b >> k) => *length += 1,
            _ => {
                groups.push((b >> k, grouped.len()));
                runs.push((grouped.len() as u32, 1));
            }
        }
        grouped.push(points[*place]);
    }
    let rows = groups.len();

    let column = |b: usize| b & ((1 << k) - 1);
    let mut lengths = vec![0; 1 << k];
    for (b, _) in buckets.iter() {
        lengths[column(*b)] += 1;
    }
    let mut places = Vec::with_capacity(lengths.len());
    let mut place = grouped.len();
    for (column, length) in lengths.into_iter().enumerate() {
        places.push(place);
        if length > 0 {
            groups.push((column, place));
            runs.push((place as u32, length as u32));
            place += length;
        }
    }
    grouped.resize(place, Affine::identity());
    for (b, place) in buckets.iter() {
        let to = &mut places[column(*b)];
        grouped[*to] = points[*place];
        *to += 1;
    }

    sum_runs(grouped, runs, inverses);
    let (mut weighted, sum) = weigh(grouped, &groups[..rows]);
    for _ in 0..k {
        weighted.double_in_place();
    }
    (weighted + weigh(grouped, &groups[rows..]).0, sum)
}

fn small_multiple<P: SWCurveConfig<BaseField: Inlined>>(point: Projective<P>, k: usize) -> Projective<P> {
    let mut result = Projective::zero();
    for bit in (0..usize::BITS - k.leading_zeros()).rev() {
        result.double_in_place();
        if k >> bit & 1 == 1 {
            result += point;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
    use ark_ff::Field;
    use ark_std::{UniformRand, rand::Rng, test_rng};

    use super::*;
    use crate::affine::add_pairs;

    /// Random points, some of them equal, opposite or infinite.
    fn bases<P: SWCurveConfig<ScalarField = Fr, BaseField: Inlined>>(n: usize, rng: &mut impl Rng) -> Vec<Affine<P>> {
        let few: Vec<Affine<P>> = (0..20).map(|_| Projective::<P>::rand(rng).into_affine()).collect();
        let mut sum = Projective::<P>::rand(rng);
        (0..n)
            .map(|_| match rng.gen_range(0..10) {
                0 => Affine::identity(),
                1 => few[rng.gen_range(0..few.len())],
                2 => -few[rng.gen_range(0..few.len())],
                _ => {
                    sum += few[rng.gen_range(0..few.len())];
                    sum.into_affine()
                }
            })
            .collect()
    }

    fn scalar(kind: u32, rng: &mut impl Rng) -> Fr {
        match kind {
            0 => Fr::ZERO,
            1 => Fr::ONE,
            2 => -Fr::ONE,
            3 => Fr::from(rng.gen_range(0..2u64)),
            4 => Fr::from(rng.gen_range(-200i64..200)),
            5 => Fr::from(u64::rand(rng)),
            6 => -Fr::from(u64::rand(rng)),
            7 => Fr::from(u128::rand(rng)),
            8 => Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO) + Fr::from(rng.gen_range(0..2u64)),
            _ => Fr::rand(rng),
        }
    }

    fn equals_arkworks<P: SWCurveConfig<ScalarField = Fr, BaseField: Inlined>>(sizes: &[usize]) {
        let mut rng = test_rng();
        for n in sizes {
            let bases = bases::<P>(*n, &mut rng);
            for kind in 0..12 {
                let scalars: Vec<Fr> = (0..*n)
                    .map(|_| {
                        let kind = if kind == 11 { rng.gen_range(0..11) } else { kind };
                        scalar(kind, &mut rng)
                    })
                    .collect();
                let expected = <Projective<P> as VariableBaseMSM>::msm(&bases, &scalars).unwrap();
                assert_eq!(sum(&bases, &scalars), expected, "{n} scalars of kind {kind}");
            }
        }
    }

    #[test]
    fn first_group_equals_arkworks() {
        equals_arkworks::<ark_bn254::g1::Config>(&[0, 1, 2, 3, 31, 32, 33, 1000, 20_000]);
    }

    #[test]
    fn second_group_equals_arkworks() {
        equals_arkworks::<ark_bn254::g2::Config>(&[0, 1, 2, 31, 1000]);
    }

    /// Long scalars of which few differ, with either sign, among others; more of them than a segment has, so that equal ones lie in two.
    #[test]
    fn repeated_scalars_are_merged_as_arkworks_sums_them() {
        let mut rng = test_rng();
        for (n, distinct) in [(40, 1), (40, 3), (3000, 7), (20_000, 1), (20_000, 600)] {
            let bases = bases::<ark_bn254::g1::Config>(n, &mut rng);
            let few: Vec<Fr> = (0..distinct).map(|_| Fr::rand(&mut rng)).collect();
            let scalars: Vec<Fr> = (0..n)
                .map(|i| match i % 11 {
                    0 => scalar(rng.gen_range(0..11), &mut rng),
                    1 => -few[rng.gen_range(0..distinct)],
                    _ => few[rng.gen_range(0..distinct)],
                })
                .collect();
            let terms: Vec<Term> = scalars.iter().map(|s| (0, absolute(s).1.0)).collect();
            assert!(repeat(&terms), "{n} {distinct}");
            assert_eq!(sum(&bases, &scalars), G1Projective::msm(&bases, &scalars).unwrap(), "{n} {distinct}");
            let all = (0u32..).zip(&scalars).map(|(i, s)| {
                let (sign, limbs) = absolute(s);
                (i | sign, limbs.0)
            });
            let long: Vec<Term> =
                all.filter(|(i, l)| is_long(l) && !is_infinity(&bases[(i & !NEGATIVE) as usize])).collect();
            let (points, merged) = merge(&bases, long.clone());
            assert_eq!(points.len(), merged.len());
            assert!(merged.len() < long.len());
        }
    }

    /// Bases of equal scalars that cancel leave nothing.
    #[test]
    fn opposite_bases_of_equal_scalars_cancel() {
        let mut rng = test_rng();
        let (p, s) = (G1Projective::rand(&mut rng).into_affine(), Fr::rand(&mut rng));
        let bases: Vec<G1Affine> = (0..100).map(|i| if i % 2 == 0 { p } else { -p }).collect();
        assert_eq!(g1(&bases, &[s; 100]), G1Projective::zero());
        assert_eq!(g1(&bases[..99], &[s; 99]), p * s);
        assert!(merge(&bases, (0..100).map(|i| (i, absolute(&s).1.0)).collect()).1.is_empty());
    }

    /// Neither random scalars nor short ones, however equal, are sorted for nothing.
    #[test]
    fn scalars_that_do_not_repeat_or_are_short_are_not_merged() {
        let mut rng = test_rng();
        let terms = |scalars: &[Fr]| scalars.iter().map(|s| (0, absolute(s).1.0)).collect::<Vec<Term>>();
        assert!(!repeat(&[]));
        assert!(!repeat(&terms(&[Fr::ONE; 5000])));
        assert!(!repeat(&terms(&[Fr::from(u64::MAX); 5000])));
        assert!(repeat(&terms(&[Fr::from(1u128 << 64); 2])));
        let random: Vec<Fr> = (0..10_000).map(|_| Fr::rand(&mut rng)).collect();
        assert!(!repeat(&terms(&random)));
    }

    #[test]
    fn all_digit_sizes_agree() {
        let mut rng = test_rng();
        let bases = bases::<ark_bn254::g1::Config>(100, &mut rng);
        let scalars: Vec<Fr> = (0..100).map(|i| scalar(i % 11, &mut rng)).collect();
        let expected = G1Projective::msm(&bases, &scalars).unwrap();
        let terms = || {
            scalars.iter().zip(0u32..).map(|(s, i)| {
                let (sign, limbs) = absolute(s);
                (i | sign, limbs.0)
            })
        };
        for c in 1..=17 {
            assert_eq!(windows(&bases, terms().collect(), BITS - 1, c), expected, "digits of {c} bits");
        }
    }

    #[test]
    fn additions_are_complete() {
        let p = G1Affine::generator();
        let q = (p + p).into_affine();
        let o = G1Affine::identity();
        let all = [p, -p, q, -q, o];
        let (mut left, mut right, mut expected) = (vec![], vec![], vec![]);
        for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (*a, *b))) {
            left.push(a);
            right.push(b);
            expected.push((a + b).into_affine());
        }
        add_pairs(&mut left, &right, &mut Inverses::default());
        assert_eq!(left, expected);
    }

    #[test]
    fn runs_of_any_length_are_summed() {
        let mut rng = test_rng();
        let points = bases::<ark_bn254::g1::Config>(200, &mut rng);
        let (mut runs, mut start) = (vec![], 0u32);
        for length in (1..15).chain([40]) {
            runs.push((start, length));
            start += length;
        }
        let all = runs.clone();
        let mut sums = points.clone();
        sum_runs(&mut sums, &mut runs, &mut Inverses::default());
        for (start, length) in all {
            let expected: G1Projective = points[start as usize..(start + length) as usize].iter().sum();
            assert_eq!(sums[start as usize], expected);
        }
    }

    #[test]
    fn the_shorter_decides() {
        let mut rng = test_rng();
        let bases = bases::<ark_bn254::g1::Config>(10, &mut rng);
        let scalars: Vec<Fr> = (0..7).map(|_| Fr::rand(&mut rng)).collect();
        let expected = G1Projective::msm(&bases[..7], &scalars).unwrap();
        assert_eq!(g1(&bases, &scalars), expected);
        assert_eq!(g1(&bases[..7], &[&scalars[..], &scalars[..]].concat()), expected);
    }
}
