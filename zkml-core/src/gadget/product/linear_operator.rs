//! Linear map with known weights as an operator: `W x` and `W^T v` without the entries of the matrix `W`
//!
//! A network with public weights has a matrix entry a multiplication, of 40 bytes. Setup needs no more of a matrix than `W^T v`, and the prover no more
//! than `W x`: both are (transposed) convolutions or products with the weights, which take as many bytes as the integers they are.

#[cfg(feature = "prove")]
use ark_bn254::Fr;
#[cfg(feature = "prove")]
use ark_ff::{AdditiveGroup, BigInt, BigInteger, PrimeField};
#[cfg(feature = "prove")]
use rayon::prelude::*;
#[cfg(feature = "prove")]
use zeroize::Zeroizing;

use super::{
    kernel::{self, Vectors},
    linear_map::LinearMap,
};
#[cfg(feature = "prove")]
use crate::number::field::to_int;
use crate::number::{ArithError, Int, Interval, Measure, interval::short};

/// Fewer multiplications than these are entries of a matrix: an operator costs a column a result.
pub const WORTH: usize = 1 << 18;

/// Positions whose elements are gathered together, and about how many elements of them at most.
const TOGETHER: usize = 16;
const GATHERED: usize = 1 << 20;

/// Linear map with known weights, `y_f(t) = sum_j w_f(j) * x(i)`, without a bias: results by filter and position.
///
/// # Soundness
/// It is another form of a matrix, and decides nothing: [`LinearOperator::entries`] are its entries, and tests hold all forms equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinearOperator {
    map: LinearMap,
    weights: Vectors,
}

impl LinearOperator {
    /// The operator of these weights, by filter; nothing if there are none or not as many as the map has, or one has more than 48 bits.
    pub fn new(map: LinearMap, weights: impl Iterator<Item = Int>) -> Option<Self> {
        Self::of_values(map, weights.map(short).collect::<Option<_>>()?)
    }

    fn of_values(map: LinearMap, weights: Vec<i64>) -> Option<Self> {
        let length = map.length();
        let expected = map.filters().checked_mul(length)?;
        (expected > 0 && weights.len() == expected).then(|| Self { map, weights: Vectors::new(length, weights) })
    }

    /// How many elements it takes.
    pub fn inputs(&self) -> usize {
        self.map.inputs()
    }

    /// How many weights it has.
    pub fn weights(&self) -> usize {
        self.map.filters() * self.map.length()
    }

    /// How many multiplications it takes.
    pub fn multiplications(&self) -> usize {
        self.map.multiplications()
    }

    /// How many results it has.
    pub fn outputs(&self) -> usize {
        self.map.filters() * self.map.positions()
    }

    /// The entries of the matrix's row of a result: weights that are not zero, and the elements that they meet.
    pub fn entries(&self, output: usize) -> Vec<(i64, usize)> {
        let positions = self.map.positions().max(1);
        let (filter, position) = (output / positions, output % positions);
        let weights = self.weights.values_of(filter);
        let taps = self.map.taps(position).into_iter();
        taps.map(|(j, i)| (weights.get(j).copied().unwrap_or(0), i)).filter(|(w, _)| *w != 0).collect()
    }

    /// `W x` of integers; nothing if a sum may not fit 63 bits.
    pub fn integers(&self, x: &[i64]) -> Option<Vec<i64>> {
        self.sums(&self.weights, &self.positions(), &|i| x[i])
    }

    fn positions(&self) -> Vec<usize> {
        (0..self.map.positions()).collect()
    }

    /// The sums of these rows and of what is met at each of these positions.
    fn sums(&self, rows: &Vectors, positions: &[usize], of: &(dyn Fn(usize) -> i64 + Sync)) -> Option<Vec<i64>> {
        let length = rows.length();
        let part = |positions: &[usize]| {
            let mut columns = vec![0; positions.len() * length];
            for (column, position) in columns.chunks_mut(length).zip(positions) {
                self.map.taps(*position).into_iter().for_each(|(j, i)| column[j] = of(i));
            }
            let columns = Vectors::new(length, columns);
            let mut sums = vec![0; rows.count() * columns.count()];
            let known = kernel::products(rows, &columns, &mut |f, k, sum| sums[k * rows.count() + f] = sum);
            known.map(|()| sums)
        };
        let together = (GATHERED / length).clamp(1, TOGETHER);
        #[cfg(feature = "prove")]
        let parts = positions.par_chunks(together).map(part).collect::<Option<Vec<_>>>()?;
        #[cfg(not(feature = "prove"))]
        let parts = positions.chunks(together).map(part).collect::<Option<Vec<_>>>()?;
        let mut all = vec![0; rows.count() * positions.len()];
        for (k, sums) in parts.iter().flat_map(|part| part.chunks(rows.count())).enumerate() {
            sums.iter().enumerate().for_each(|(f, sum)| all[f * positions.len() + k] = *sum);
        }
        Some(all)
    }

    /// What is known of the results, with a bias a filter or none: what a dot product each gives; nothing if numbers are too wide for machine integers.
    ///
    /// # Errors
    /// If a result may reach `2^250`.
    pub fn results(&self, x: &[&Measure], bias: &[&Measure]) -> Option<Result<Vec<Measure>, ArithError>> {
        self.results_at(&self.positions(), x, bias).map(|known| known.map(|known| known.results))
    }

    /// What is known of the results at these positions, by filter and position.
    ///
    /// ```text
    /// 2 sum_j min(w_j lo_j, w_j hi_j) = sum_j w_j (lo_j + hi_j) - sum_j |w_j| (hi_j - lo_j),    and with + for the maxima
    /// ```
    ///
    /// # Errors
    /// If a result may reach `2^250`.
    pub(crate) fn results_at(
        &self,
        positions: &[usize],
        x: &[&Measure],
        bias: &[&Measure],
    ) -> Option<Result<Known, ArithError>> {
        let ends: Vec<(i64, i64)> =
            x.iter().map(|m| Some((short(m.interval.lo)?, short(m.interval.hi)?))).collect::<Option<_>>()?;
        let length = self.map.length();
        let weights = self.weights.values();
        let sizes = Vectors::new(length, weights.iter().map(|w| w.abs()).collect());
        let middles = self.sums(&self.weights, positions, &|i| ends[i].0 + ends[i].1)?;
        let spans = self.sums(&sizes, positions, &|i| ends[i].1 - ends[i].0)?;
        let reaches = self.sums(&sizes, positions, &|i| ends[i].1.max(-ends[i].0))?;
        // Where no weight is zero, all filters have the same terms.
        let used: Vec<i64> =
            if weights.contains(&0) { weights.iter().map(|w| i64::from(*w != 0)).collect() } else { vec![1; length] };
        let alike = used.len() == length;
        // A known element is a part of the constant.
        let of_element = |x: &Measure| if x.interval.is_point() { 0 } else { i64::from(x.terms) };
        let terms = self.sums(&Vectors::new(length, used), positions, &|i| of_element(x[i]))?;
        let count = positions.len();
        let mut reach = Int::ZERO;
        let mut result = |i: usize| {
            let (middle, span) = (i128::from(middles[i]), i128::from(spans[i]));
            let mut interval = Interval { lo: Int::from((middle - span) / 2), hi: Int::from((middle + span) / 2) };
            let mut terms = u32::try_from(terms[if alike { i % count } else { i }]).unwrap_or(u32::MAX);
            let mut most = Int::from(reaches[i]);
            if let Some(bias) = bias.get(i / count) {
                interval = interval.add(&bias.interval)?;
                terms = terms.saturating_add(bias.terms);
                most += bias.interval.magnitude();
            }
            reach = reach.max(most);
            Ok(Measure { interval, terms })
        };
        let results: Result<Vec<Measure>, ArithError> = (0..middles.len()).map(&mut result).collect();
        Some(results.map(|results| Known { results, reach }))
    }
}

/// What is known of the results of a linear map.
pub(crate) struct Known {
    /// By filter and position.
    pub results: Vec<Measure>,
    /// The largest sum of magnitudes: that of any partial sum.
    pub reach: Int,
}

#[cfg(feature = "prove")]
impl LinearOperator {
    /// `W x`: by machine integers, if all elements are small, as those of an honest prover are.
    pub fn times(&self, x: &[Fr]) -> Vec<Fr> {
        let small: Option<Vec<i64>> = x.par_iter().map(|x| short(to_int(*x))).collect();
        if let Some(sums) = small.and_then(|x| self.integers(&x)) {
            return sums.into_par_iter().map(Fr::from).collect();
        }
        let (filters, positions) = (self.map.filters(), self.map.positions());
        let weights = Lifted::new(self.weights.values());
        let of = |position: usize| {
            let mut column = vec![Fr::ZERO; self.map.length()];
            self.map.taps(position).into_iter().for_each(|(j, i)| column[j] = x[i]);
            let all: Fr = column.iter().sum();
            let dot = |f: usize| {
                let mut sum = weights.sum();
                sum.add(&weights.lifted[f * column.len()..][..column.len()], &column);
                sum.close(&all)
            };
            (0..filters).map(dot).collect::<Vec<Fr>>()
        };
        let parts: Vec<Vec<Fr>> = (0..positions).into_par_iter().map(of).collect();
        (0..filters).flat_map(|f| parts.iter().map(move |part| part[f])).collect()
    }

    /// `W^T v`, of a `v` by filter and position. What is copied of it is overwritten: a setup's is secret.
    pub fn transpose_times(&self, v: &[Fr]) -> Vec<Fr> {
        let (filters, positions, length) = (self.map.filters(), self.map.positions(), self.map.length());
        let weights = self.weights.values();
        let by_tap = (0..length).flat_map(|j| (0..filters).map(move |f| f * length + j)).map(|i| weights[i]);
        let weights = Lifted::new(by_tap.collect());
        // With its room from the start: what a list leaves behind as it grows is not overwritten.
        let mut by_position = Zeroizing::new(Vec::with_capacity(self.outputs()));
        by_position.extend((0..positions).flat_map(|t| (0..filters).map(move |f| v[f * positions + t])));
        let all: Zeroizing<Vec<Fr>> = Zeroizing::new(by_position.chunks(filters).map(|v| v.iter().sum()).collect());
        // Positions and taps are far below 2^32: a circuit's variables are.
        let mut met: Vec<Vec<(u32, u32)>> = vec![vec![]; self.inputs()];
        for (t, (j, i)) in (0..positions).flat_map(|t| self.map.taps(t).into_iter().map(move |tap| (t, tap))) {
            met[i].push((t as u32, j as u32));
        }
        let of = |met: &Vec<(u32, u32)>| {
            let mut sum = weights.sum();
            for (t, j) in met.iter().map(|(t, j)| (*t as usize, *j as usize)) {
                sum.add(&weights.lifted[j * filters..][..filters], &by_position[t * filters..][..filters]);
            }
            sum.close(&met.iter().map(|(t, _)| all[*t as usize]).sum())
        };
        met.par_iter().map(of).collect()
    }
}

/// Weights, less the least of them, so that none is negative.
#[cfg(feature = "prove")]
struct Lifted {
    lifted: Vec<u64>,
    least: i64,
    /// So many products can be added up before a limb may overflow.
    room: usize,
}

#[cfg(feature = "prove")]
impl Lifted {
    /// Of weights of at most 48 bits.
    fn new(weights: Vec<i64>) -> Self {
        let least = weights.iter().copied().min().unwrap_or(0);
        let lifted: Vec<u64> = weights.into_iter().map(|w| w.wrapping_sub(least) as u64).collect();
        let bits = u64::BITS - lifted.iter().copied().max().unwrap_or(0).leading_zeros();
        // A product of a limb and a weight has `64 + bits` bits; one bit is for the carries.
        Self { lifted, least, room: usize::try_from(1u64 << (63 - bits.min(63))).unwrap_or(usize::MAX) }
    }

    fn sum(&self) -> Sum {
        Sum { limbs: [0; 4], room: self.room, left: self.room, closed: Fr::ZERO, least: self.least }
    }
}

/// Running sum of products of weights and field elements, reduced at the end: of Montgomery's residues `a 2^256`, limb by limb.
#[cfg(feature = "prove")]
struct Sum {
    limbs: [u128; 4],
    room: usize,
    left: usize,
    closed: Fr,
    least: i64,
}

#[cfg(feature = "prove")]
impl Sum {
    fn add(&mut self, mut weights: &[u64], mut x: &[Fr]) {
        while !x.is_empty() {
            if self.left == 0 {
                self.reduce();
            }
            let now = self.left.min(x.len());
            let (w, later) = weights.split_at(now);
            let (here, rest) = x.split_at(now);
            for (w, x) in w.iter().zip(here) {
                let limbs = &x.0.0;
                for (sum, limb) in self.limbs.iter_mut().zip(limbs) {
                    *sum += u128::from(*w) * u128::from(*limb);
                }
            }
            self.left -= now;
            (weights, x) = (later, rest);
        }
    }

    /// Adds the limbs to what is closed: `2^256` times a number is the residue of that number.
    fn reduce(&mut self) {
        let mut low = [0u64; 4];
        let mut carry = 0u128;
        for (low, limb) in low.iter_mut().zip(std::mem::take(&mut self.limbs)) {
            let sum = limb + carry;
            *low = sum as u64;
            carry = sum >> 64;
        }
        let mut low = BigInt(low);
        while low >= Fr::MODULUS {
            low.sub_with_borrow(&Fr::MODULUS);
        }
        self.closed += Fr::new_unchecked(low) + Fr::from(carry);
        self.left = self.room;
    }

    /// The sum, given that of all elements.
    fn close(mut self, all: &Fr) -> Fr {
        self.reduce();
        if self.least == 0 || *all == Fr::ZERO { self.closed } else { self.closed + Fr::from(self.least) * all }
    }
}

/// The operator of these weights, if all are known, and the map is worth unfolding.
pub(crate) fn of<'a>(map: LinearMap, w: impl Iterator<Item = &'a Measure>) -> Option<LinearOperator> {
    if !map.is_worth_unfolding() {
        return None;
    }
    LinearOperator::of_values(map, w.map(|w| short(w.interval.as_point()?)).collect::<Option<_>>()?)
}

/// What is known of the results of a linear map with known weights, where machine integers say; nothing, where a dot product each has to.
///
/// # Errors
/// If a result may reach `2^250`.
pub(crate) fn results(
    map: LinearMap,
    w: &[&Measure],
    x: &[&Measure],
    bias: &[&Measure],
) -> Option<Result<Vec<Measure>, ArithError>> {
    of(map, w.iter().copied())?.results(x, bias)
}

#[cfg(all(test, feature = "prove"))]
mod tests {
    use ark_ff::{Field, UniformRand};
    use ark_std::{
        rand::{Rng, SeedableRng, rngs::StdRng},
        test_rng,
    };

    use super::*;
    use crate::{
        arith::{Arith, counts::Counts},
        gadget::product::winograd::Grid,
    };

    fn maps() -> Vec<LinearMap> {
        let plain = Grid {
            kernel: [3, 2],
            stride: [2, 1],
            dilation: [1, 2],
            input: [7, 6],
            output: [4, 5],
            before: [1, 1],
            transposed: false,
        };
        let spread =
            Grid { stride: [2, 3], output: [13, 16], dilation: [1, 1], before: [1, 0], transposed: true, ..plain };
        let beyond = Grid { input: [1, 2], output: [3, 6], stride: [1, 1], before: [3, 4], ..plain };
        vec![
            LinearMap::Matrix { rows: 3, columns: 1, length: 5 },
            LinearMap::Matrix { rows: 4, columns: 37, length: 9 },
            LinearMap::Convolution { grid: plain, channels: 3, filters: 5 },
            LinearMap::Convolution { grid: spread, channels: 2, filters: 3 },
            LinearMap::Convolution { grid: beyond, channels: 2, filters: 2 },
        ]
    }

    /// Weights up to so many bits, the ends among them.
    fn operator(map: LinearMap, bits: u32, rng: &mut StdRng) -> LinearOperator {
        let most = (1i64 << (bits - 1)) - 1;
        let weight = |i: usize| match i % 7 {
            0 => most,
            1 => -most - 1,
            2 => 0,
            _ => rng.gen_range(-most - 1..=most),
        };
        let weights: Vec<i64> = (0..map.filters() * map.length()).map(weight).collect();
        LinearOperator::new(map, weights.into_iter().map(Int::from)).unwrap()
    }

    #[test]
    fn every_form_is_that_of_the_entries() {
        let rng = &mut StdRng::seed_from_u64(3);
        for map in maps() {
            for bits in [1, 8, 17, 48] {
                let operator = operator(map, bits, rng);
                let entries: Vec<Vec<(i64, usize)>> = (0..operator.outputs()).map(|o| operator.entries(o)).collect();
                let (inputs, outputs) = (operator.inputs(), operator.outputs());
                assert!(entries.iter().flatten().all(|(w, i)| *w != 0 && *i < inputs));
                // Small integers, with machine integers; and field elements, some of them at the ends.
                let small: Vec<Fr> = (0..inputs).map(|i| Fr::from(i as i64 - 9)).collect();
                let mut wide: Vec<Fr> = (0..inputs).map(|_| Fr::rand(rng)).collect();
                wide[0] = -Fr::ONE;
                wide[inputs - 1] = Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO);
                for x in [&small, &wide] {
                    let expected: Vec<Fr> =
                        entries.iter().map(|row| row.iter().map(|(w, i)| Fr::from(*w) * x[*i]).sum()).collect();
                    assert_eq!(operator.times(x), expected, "{map:?} {bits}");
                }
                let v: Vec<Fr> = (0..outputs).map(|i| if i % 5 == 0 { -Fr::ONE } else { Fr::rand(rng) }).collect();
                let mut expected = vec![Fr::ZERO; inputs];
                entries
                    .iter()
                    .zip(&v)
                    .for_each(|(row, v)| row.iter().for_each(|(w, i)| expected[*i] += Fr::from(*w) * v));
                assert_eq!(operator.transpose_times(&v), expected, "{map:?} {bits}");
                let small: Vec<i64> = (0..inputs).map(|i| i as i64 - 9).collect();
                let sum = |row: &Vec<(i64, usize)>| {
                    row.iter().map(|(w, i)| i128::from(*w) * i128::from(small[*i])).sum::<i128>()
                };
                let found = operator.integers(&small).unwrap();
                assert!(found.iter().zip(&entries).all(|(y, row)| i128::from(*y) == sum(row)), "{map:?} {bits}");
            }
        }
    }

    #[test]
    fn sums_of_the_widest_weights_and_elements_do_not_overflow() {
        // More products than fit before a limb may overflow, of weights at both ends and of the largest residues.
        let length = 1 << 15;
        let map = LinearMap::Matrix { rows: 2, columns: 1, length };
        let (least, most) = (-(1i64 << 47), (1i64 << 47) - 1);
        let weights = (0..2 * length).map(|i| Int::from(if i < length || i % 2 == 0 { most } else { least }));
        let operator = LinearOperator::new(map, weights).unwrap();
        let mut residue = Fr::MODULUS;
        residue.sub_with_borrow(&BigInt::from(1u64));
        let largest = Fr::new_unchecked(residue);
        let x = vec![largest; length];
        let half = Fr::from(length as u64 / 2);
        let expected = vec![Fr::from(most) * (half + half) * largest, Fr::from(least + most) * half * largest];
        assert_eq!(operator.times(&x), expected);
        let v = [largest, -largest];
        let even = Fr::from(most) * largest - Fr::from(most) * largest;
        let odd = Fr::from(most) * largest - Fr::from(least) * largest;
        let expected: Vec<Fr> = (0..length).map(|i| if i % 2 == 0 { even } else { odd }).collect();
        assert_eq!(operator.transpose_times(&v), expected);
    }

    #[test]
    fn what_is_known_of_the_results_is_what_dot_products_give() {
        let rng = &mut test_rng();
        for map in maps() {
            let measure = |lo: i64, hi: i64, terms: u32| Measure {
                interval: Interval { lo: Int::from(lo), hi: Int::from(hi) },
                terms,
            };
            let x: Vec<Measure> = (0..map.inputs())
                .map(|i| match i % 4 {
                    0 => measure(-5, 900 + i as i64, 3),
                    1 => measure(-70_000, -2, 1),
                    2 => measure(7, 7, 4),
                    _ => measure(0, 1 << 30, 12),
                })
                .collect();
            let weights: Vec<Measure> = (0..map.filters() * map.length())
                .map(|_| rng.gen_range(-130i64..130))
                .map(|w| if w > 100 { measure(0, 0, 0) } else { measure(w, w, 0) })
                .collect();
            let bias: Vec<Measure> = (0..map.filters()).map(|f| measure(-(f as i64), 3 * f as i64, 2)).collect();
            for bias in [bias, vec![]] {
                let [rx, rw, rb] = [&x, &weights, &bias].map(|all| all.iter().collect::<Vec<_>>());
                let operator = LinearOperator::new(map, weights.iter().map(|w| w.interval.lo)).unwrap();
                let found = operator.results(&rx, &rb).unwrap().unwrap();
                let mut counts = Counts::new();
                for (i, found) in found.iter().enumerate() {
                    let (f, t) = (i / map.positions(), i % map.positions());
                    let taps = map.taps(t);
                    let terms = taps.iter().map(|(j, i)| (rw[f * map.length() + j], rx[*i]));
                    assert_eq!(*found, counts.dot(terms, rb.get(f).copied()).unwrap(), "{map:?} {i}");
                }
            }
        }
    }

    #[test]
    fn numbers_that_are_too_wide_are_left_to_dot_products() {
        let map = LinearMap::Matrix { rows: 1, columns: 1, length: 2 };
        let wide = Int::ONE << 48;
        assert!(LinearOperator::new(map, [Int::ONE, wide].into_iter()).is_none());
        assert!(LinearOperator::new(map, [Int::ONE].into_iter()).is_none());
        let operator = LinearOperator::new(map, [Int::ONE, Int::from(1i64 << 40)].into_iter()).unwrap();
        let measure = |hi: Int| Measure { interval: Interval { lo: Int::ZERO, hi }, terms: 1 };
        assert!(operator.results(&[&measure(wide), &measure(wide)], &[]).is_none());
        assert!(operator.results(&[&measure(Int::ONE), &measure(Int::from(1i64 << 40))], &[]).is_none());
        assert_eq!(operator.integers(&[1, 1 << 40]), None);
        let x = [Fr::from(5u64), Fr::from(1u64 << 40)];
        assert_eq!(operator.times(&x), [Fr::from(5u64) + Fr::from(1u64 << 40) * x[1]]);
    }

    /// In the padding a multiplication meets nothing, and nobody counts it: an operator that took all of them could take any time.
    #[test]
    fn maps_whose_multiplications_meet_next_to_nothing_are_left_to_dot_products() {
        let one = Grid {
            kernel: [1, 1],
            stride: [1448, 1448],
            dilation: [1, 1],
            input: [1, 1],
            output: [1448, 1448],
            before: [0, 0],
            transposed: true,
        };
        let far =
            Grid { kernel: [32, 32], stride: [1, 1], dilation: [4, 4], output: [125, 125], before: [124, 124], ..one };
        let far = Grid { transposed: false, ..far };
        let same = Grid { kernel: [3, 3], dilation: [1, 1], input: [8, 8], output: [8, 8], before: [1, 1], ..far };
        let twice = Grid { stride: [2, 2], output: [17, 17], before: [0, 0], transposed: true, ..same };
        for (grid, channels, worth) in [(one, 1 << 10, false), (far, 1, false), (same, 4, true), (twice, 4, true)] {
            let map = LinearMap::Convolution { grid, channels, filters: 2 };
            let weight = Measure { interval: Interval::point(Int::ONE), terms: 0 };
            let weights = vec![weight; 2 * map.length()];
            assert_eq!(of(map, weights.iter()).is_some(), worth, "{map:?}");
            assert!(map.multiplications() > 1 << 12);
        }
    }
}
