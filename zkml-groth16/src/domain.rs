//! Multiplicative subgroups `H = {w^i}` of size `2^k`, `3 * 2^k` or `9 * 2^k`, and transforms over them.
//!
//! The group of BN254's scalar field has subgroups of order `2^28` and `9`, so that a domain wastes at most a quarter
//! of its rows where powers of two alone waste up to half. A factor of three is one outer layer over radix-2
//! transforms.
//!
//! Transforms between values and coefficients are decimated in frequency one way and in time the other way, with
//! coefficients in the order that the first leaves and the second expects: nothing is permuted between them.
//!
//! Source: Gentleman and Sande, "Fast Fourier transforms for fun and profit" (1966).

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, FftField, Field, PrimeField, serial_batch_inversion_and_mul};
use rayon::prelude::*;

use crate::{
    field::Inlined,
    size::{TWO_ADICITY, shape},
};

const _: () = assert!(TWO_ADICITY == Fr::TWO_ADICITY - 1);
/// Below this many elements, a transform is done by one thread.
const SERIAL: usize = 1 << 11;
/// How many elements one thread takes at least of what is done element by element.
const CHUNK: usize = 1 << 11;

/// The subgroup `H` of order `3^t 2^k`, `t <= 2`, and its coset `g H` with `g^2 = w`.
///
/// `g` has twice the order of `H`, so that `X^n - 1` is `g^n - 1 = -2` on the whole coset.
#[derive(Clone, Debug)]
pub struct Domain {
    size: usize,
    threes: u32,
    /// `w`, a generator of `H`.
    root: Fr,
    /// `g`.
    shift: Fr,
    /// Twiddles of radix 2: `roots[h + j] = v^j` for `v` of order `2 h` and `j < h`, for each power of two `h` below
    /// `2^k`.
    roots: Vec<Fr>,
    /// Twiddles of radix 3, outermost layer first: `(v^j, v^(2j))` for `v` of order `3 m`, for `j <= m`.
    thirds: Vec<Vec<[Fr; 2]>>,
    /// `g^i / n` where coefficient `i` stands between the two transforms.
    scale: Vec<Fr>,
}

impl Domain {
    /// The smallest domain of at least `rows` elements.
    ///
    /// `None` beyond `9 * 2^27`, which the field has no room for.
    pub fn new(rows: usize) -> Option<Self> {
        let (threes, twos) = shape(rows)?;
        let size = 3usize.pow(threes) << twos;
        // (p - 1) / (9 * 2^28) is what remains of the group's order.
        let mut odd = Fr::MODULUS;
        odd >>= Fr::TWO_ADICITY;
        let base = Fr::GENERATOR.pow(divide_by_nine(odd.0));
        // Of order 2n for the coset; its square generates the domain.
        let shift = base.pow([3u64.pow(2 - threes)]).pow([1u64 << (TWO_ADICITY - twos)]);
        let root = shift.square();

        let mut thirds = Vec::with_capacity(threes as usize);
        let (mut m, mut v) = (size, root);
        for _ in 0..threes {
            m /= 3;
            thirds.push(powers(v, m + 1).into_par_iter().map(|x| [x, x.square()]).collect());
            v = v.square() * v;
        }
        Some(Self {
            size,
            threes,
            root,
            shift,
            roots: twiddles(v, twos),
            thirds,
            scale: scale(shift, size, threes, twos),
        })
    }

    /// The number of elements, `n`.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Element `i`, `w^i`.
    pub fn element(&self, i: usize) -> Fr {
        self.root.pow([i as u64])
    }

    /// What the coset is shifted by, `g`: its element `i` is `g w^i`.
    pub fn shift(&self) -> Fr {
        self.shift
    }

    /// `x^n - 1`, zero on the domain alone.
    pub fn vanishing(&self, x: Fr) -> Fr {
        x.pow([self.size as u64]) - Fr::ONE
    }

    /// `L_i(x)` for all `i`, the polynomials of degree below `n` with `L_i(w^i) = 1` and no other value but zero on the
    /// domain.
    ///
    /// `L_i(x) = w^i (x^n - 1) / (n (x - w^i))`; `None` where `x` lies in the domain.
    pub fn lagrange(&self, x: Fr) -> Option<Vec<Fr>> {
        let factor = self.vanishing(x) * Fr::from(self.size as u64).inverse()?;
        if factor == Fr::ZERO {
            return None;
        }
        let roots = powers(self.root, self.size);
        let mut values = vec![Fr::ZERO; self.size];
        values.par_chunks_mut(CHUNK).zip(roots.par_chunks(CHUNK)).for_each(|(values, roots)| {
            for (v, w) in values.iter_mut().zip(roots) {
                *v = x - w;
            }
            serial_batch_inversion_and_mul(values, &Fr::ONE);
            for (v, w) in values.iter_mut().zip(roots) {
                *v *= factor * w;
            }
        });
        Some(values)
    }

    /// The same for the coset: `L_i(x / g)`.
    pub fn coset_lagrange(&self, x: Fr) -> Option<Vec<Fr>> {
        self.lagrange(x * self.shift.inverse()?)
    }

    /// From coefficients to values: `values[i] = sum_j values[j] w^(i j)`.
    ///
    /// What is beyond the domain's size is cut off, and what lacks is zero.
    pub fn fft(&self, values: &mut Vec<Fr>) {
        values.resize(self.size, Fr::ZERO);
        *values = self.places().into_par_iter().map(|i| values[i]).collect();
        self.evaluate(values);
    }

    /// From values to coefficients, the inverse of [`fft`](Self::fft).
    pub fn ifft(&self, values: &mut Vec<Fr>) {
        self.unscaled_ifft(values);
        let factor = self.scale[0];
        values.par_iter_mut().with_min_len(CHUNK).for_each(|v| *v *= factor);
    }

    /// From coefficients to values on the coset.
    pub fn coset_fft(&self, values: &mut Vec<Fr>) {
        values.resize(self.size, Fr::ZERO);
        let n = Fr::from(self.size as u64);
        *values = self.places().into_par_iter().zip(&self.scale).map(|(i, s)| values[i] * s * n).collect();
        self.evaluate(values);
    }

    /// From values on the coset to coefficients, the inverse of [`coset_fft`](Self::coset_fft).
    pub fn coset_ifft(&self, values: &mut Vec<Fr>) {
        self.ifft(values);
        let Some(inverse) = self.shift.inverse() else { return };
        values.par_iter_mut().zip(powers(inverse, self.size)).for_each(|(v, s)| *v *= s);
    }

    /// From values on the domain to those on the coset, of the polynomial of degree below `n` that has them.
    pub fn to_coset(&self, values: &mut Vec<Fr>) {
        values.resize(self.size, Fr::ZERO);
        self.interpolate(values);
        values.par_iter_mut().zip(&self.scale).with_min_len(CHUNK).for_each(|(v, s)| *v = v.times(s));
        self.evaluate(values);
    }

    /// Coefficients in their order, `n` times too large.
    fn unscaled_ifft(&self, values: &mut Vec<Fr>) {
        values.resize(self.size, Fr::ZERO);
        self.interpolate(values);
        let mut coefficients = vec![Fr::ZERO; self.size];
        for (place, value) in self.places().into_iter().zip(&*values) {
            coefficients[place] = *value;
        }
        *values = coefficients;
    }

    /// Which coefficient stands at each place between the two transforms.
    fn places(&self) -> Vec<usize> {
        // Innermost first: the places of a block are those of its parts, interleaved.
        let mut places = vec![0];
        let twos = (self.size / 3usize.pow(self.threes)).trailing_zeros();
        for radix in [2].repeat(twos as usize).into_iter().chain([3].repeat(self.threes as usize)) {
            places = (0..radix).flat_map(|r| places.iter().map(move |i| i * radix + r)).collect();
        }
        places
    }

    /// `n` times the coefficients of these values, permuted.
    fn interpolate(&self, values: &mut [Fr]) {
        self.layer_in(values, &self.thirds);
    }

    /// The values of these permuted coefficients.
    fn evaluate(&self, values: &mut [Fr]) {
        self.layer_out(values, &self.thirds);
    }

    fn layer_in(&self, values: &mut [Fr], layers: &[Vec<[Fr; 2]>]) {
        let Some((twiddles, inner)) = layers.split_first() else { return decimate_in_frequency(values, &self.roots) };
        let m = twiddles.len() - 1;
        let third = twiddles[m][0];
        for_thirds(values, |start, x, y, z| {
            for (j, ((x, y), z)) in x.iter_mut().zip(y).zip(z).enumerate() {
                // With v^-j = v^(m - j) / third, the division by `third` becomes a rotation of the three.
                let [w, w2] = twiddles[m - start - j];
                let t = x.minus(y).times(&third);
                let sum = x.plus(y).plus(z);
                let first = z.minus(x).minus(&t);
                let second = z.minus(y).plus(&t);
                (*x, *y, *z) = (sum, first.times(&w), second.times(&w2));
            }
        });
        values.par_chunks_exact_mut(m).for_each(|block| self.layer_in(block, inner));
    }

    fn layer_out(&self, values: &mut [Fr], layers: &[Vec<[Fr; 2]>]) {
        let Some((twiddles, inner)) = layers.split_first() else { return decimate_in_time(values, &self.roots) };
        let m = twiddles.len() - 1;
        let third = twiddles[m][0];
        values.par_chunks_exact_mut(m).for_each(|block| self.layer_out(block, inner));
        for_thirds(values, |start, x, y, z| {
            for (j, ((x, y), z)) in x.iter_mut().zip(y).zip(z).enumerate() {
                let [w, w2] = twiddles[start + j];
                let (u, v) = (y.times(&w), z.times(&w2));
                let t = u.minus(&v).times(&third);
                let sum = x.plus(&u).plus(&v);
                (*x, *y, *z) = (sum, x.minus(&v).plus(&t), x.minus(&u).minus(&t));
            }
        });
    }
}

/// `limbs / 9`, for a multiple of nine.
fn divide_by_nine(mut limbs: [u64; 4]) -> [u64; 4] {
    let mut rest = 0u128;
    for limb in limbs.iter_mut().rev() {
        let value = (rest << 64) | u128::from(*limb);
        *limb = (value / 9) as u64;
        rest = value % 9;
    }
    limbs
}

/// `1, x, .., x^(n - 1)`.
pub(crate) fn powers(x: Fr, n: usize) -> Vec<Fr> {
    let mut powers = vec![Fr::ONE; n];
    powers.par_chunks_mut(CHUNK).enumerate().for_each(|(i, chunk)| {
        let mut power = x.pow([(i * CHUNK) as u64]);
        for p in chunk {
            *p = power;
            power *= x;
        }
    });
    powers
}

/// `roots[h + j] = v^j` for `v` of order `2 h`, from one of order `2^twos`.
fn twiddles(root: Fr, twos: u32) -> Vec<Fr> {
    let size = 1usize << twos;
    let mut roots = vec![Fr::ONE; size.max(2)];
    let mut h = size / 2;
    if h > 0 {
        roots[h..].copy_from_slice(&powers(root, h));
    }
    while h > 1 {
        h /= 2;
        let (low, high) = roots.split_at_mut(2 * h);
        for (j, low) in low[h..].iter_mut().enumerate() {
            *low = high[2 * j];
        }
    }
    roots
}

/// `g^i / n` at the place of coefficient `i`: the parts of a block differ by powers of its own `g`.
fn scale(shift: Fr, size: usize, threes: u32, twos: u32) -> Vec<Fr> {
    let mut layers = vec![];
    let mut g = shift;
    for radix in [3].repeat(threes as usize).into_iter().chain([2].repeat(twos as usize)) {
        layers.push((radix, g));
        g = g.pow([radix]);
    }
    let mut scale = Vec::with_capacity(size);
    // The size is below the field's characteristic, which is odd: never zero.
    scale.push(Fr::from(size as u64).inverse().unwrap_or(Fr::ONE));
    for (radix, g) in layers.into_iter().rev() {
        let block = scale.len();
        for _ in 1..radix {
            let last = scale.len() - block;
            let next: Vec<Fr> = scale[last..].par_iter().with_min_len(CHUNK).map(|x| g * x).collect();
            scale.extend(next);
        }
    }
    scale
}

/// Calls `f` with equal parts of the three thirds, and where they start in their third.
fn for_thirds(values: &mut [Fr], f: impl Fn(usize, &mut [Fr], &mut [Fr], &mut [Fr]) + Sync) {
    let m = values.len() / 3;
    let (x, rest) = values.split_at_mut(m);
    let (y, z) = rest.split_at_mut(m);
    (x.par_chunks_mut(CHUNK), y.par_chunks_mut(CHUNK), z.par_chunks_mut(CHUNK))
        .into_par_iter()
        .enumerate()
        .for_each(|(i, (x, y, z))| f(i * CHUNK, x, y, z));
}

/// `(x, y) -> (x + y, (x - y) v^-j)` from `j = start` on, with `v^-j = -v^(h - j)` for `v` of order `2 h`.
fn butterflies_in(x: &mut [Fr], y: &mut [Fr], start: usize, twiddles: &[Fr]) {
    let first = usize::from(start == 0);
    // v^(h - j) backwards, without v^h: there j = 0, and there is nothing to multiply.
    let from = &twiddles[..=twiddles.len() - start.max(1)];
    if let ([x, ..], [y, ..], 0) = (&mut *x, &mut *y, start) {
        (*x, *y) = (x.plus(y), x.minus(y));
    }
    for ((x, y), w) in x.iter_mut().zip(y).skip(first).zip(from.iter().rev()) {
        let difference = y.minus(x).times(w);
        *x = x.plus(y);
        *y = difference;
    }
}

/// `(x, y) -> (x + v^j y, x - v^j y)` from `j = start` on.
fn butterflies_out(x: &mut [Fr], y: &mut [Fr], start: usize, twiddles: &[Fr]) {
    let first = usize::from(start == 0);
    if let ([x, ..], [y, ..], 0) = (&mut *x, &mut *y, start) {
        (*x, *y) = (x.plus(y), x.minus(y));
    }
    for ((x, y), w) in x.iter_mut().zip(y).zip(&twiddles[start..]).skip(first) {
        let v = y.times(w);
        *y = x.minus(&v);
        *x = x.plus(&v);
    }
}

/// Runs butterflies over the two halves, by several threads if they are long.
#[inline(always)]
fn butterflies(values: &mut [Fr], twiddles: &[Fr], f: impl Fn(&mut [Fr], &mut [Fr], usize, &[Fr]) + Sync) {
    let (x, y) = values.split_at_mut(twiddles.len());
    if twiddles.len() < SERIAL {
        f(x, y, 0, twiddles);
    } else {
        let parts = x.par_chunks_mut(CHUNK).zip(y.par_chunks_mut(CHUNK)).enumerate();
        parts.for_each(|(i, (x, y))| f(x, y, i * CHUNK, twiddles));
    }
}

/// From values to `n` times the coefficients, in bit-reversed order.
fn decimate_in_frequency(values: &mut [Fr], roots: &[Fr]) {
    match values {
        [_] | [] => {}
        [x, y] => (*x, *y) = (x.plus(y), x.minus(y)),
        [x, y, z, w] => {
            let (even, odd) = (x.plus(z), y.plus(w));
            // The root of order four, whose inverse is its negative.
            let (low, high) = (x.minus(z), w.minus(y).times(&roots[3]));
            (*x, *y, *z, *w) = (even.plus(&odd), even.minus(&odd), low.plus(&high), low.minus(&high));
        }
        _ => {
            let h = values.len() / 2;
            butterflies(values, &roots[h..2 * h], butterflies_in);
            let (x, y) = values.split_at_mut(h);
            if h < SERIAL {
                decimate_in_frequency(x, roots);
                decimate_in_frequency(y, roots);
            } else {
                rayon::join(|| decimate_in_frequency(x, roots), || decimate_in_frequency(y, roots));
            }
        }
    }
}

/// From coefficients in bit-reversed order to values.
fn decimate_in_time(values: &mut [Fr], roots: &[Fr]) {
    match values {
        [_] | [] => {}
        [x, y] => (*x, *y) = (x.plus(y), x.minus(y)),
        [x, y, z, w] => {
            let (even, odd) = (x.plus(y), x.minus(y));
            let (low, high) = (z.plus(w), z.minus(w).times(&roots[3]));
            (*x, *y, *z, *w) = (even.plus(&low), odd.plus(&high), even.minus(&low), odd.minus(&high));
        }
        _ => {
            let h = values.len() / 2;
            let (x, y) = values.split_at_mut(h);
            if h < SERIAL {
                decimate_in_time(x, roots);
                decimate_in_time(y, roots);
            } else {
                rayon::join(|| decimate_in_time(x, roots), || decimate_in_time(y, roots));
            }
            butterflies(values, &roots[h..2 * h], butterflies_out);
        }
    }
}

#[cfg(test)]
mod tests {
    use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
    use ark_std::{UniformRand, test_rng};

    use super::*;

    fn random(n: usize) -> Vec<Fr> {
        let mut rng = test_rng();
        (0..n).map(|_| Fr::rand(&mut rng)).collect()
    }

    fn at(coefficients: &[Fr], x: Fr) -> Fr {
        coefficients.iter().rev().fold(Fr::ZERO, |sum, c| sum * x + c)
    }

    #[test]
    fn is_the_smallest_that_holds_the_rows() {
        for rows in 1..2000usize {
            let expected = (0..12).flat_map(|k| [1usize << k, 3 << k, 9 << k]).filter(|n| *n >= rows).min();
            assert_eq!(Some(Domain::new(rows).unwrap().size()), expected, "{rows} rows");
        }
        assert_eq!(shape(96_612), Some((1, 15)));
        assert_eq!(shape(9 << 27), Some((2, 27)));
        assert_eq!(shape((9 << 27) + 1), None);
    }

    #[test]
    fn roots_have_the_order_of_the_domain() {
        for n in [1usize, 2, 3, 6, 8, 9, 18, 24, 72, 96] {
            let domain = Domain::new(n).unwrap();
            assert_eq!(domain.size(), n);
            let order = |x: Fr| (1..=2 * n).find(|i| x.pow([*i as u64]) == Fr::ONE);
            assert_eq!(order(domain.element(1)), Some(n));
            assert_ne!(domain.vanishing(domain.shift()), Fr::ZERO, "the coset meets the domain of {n}");
        }
    }

    #[test]
    fn transforms_equal_evaluation() {
        for n in (0..8).flat_map(|k| [1usize << k, 3 << k, 9 << k]) {
            let domain = Domain::new(n).unwrap();
            let coefficients = random(n);
            let on = |shift: Fr| (0..n).map(|i| at(&coefficients, shift * domain.element(i))).collect::<Vec<_>>();
            let (plain, coset) = (on(Fr::ONE), on(domain.shift()));

            let mut values = coefficients.clone();
            domain.fft(&mut values);
            assert_eq!(values, plain, "size {n}");
            domain.ifft(&mut values);
            assert_eq!(values, coefficients, "size {n}");
            domain.coset_fft(&mut values);
            assert_eq!(values, coset, "size {n}");
            domain.coset_ifft(&mut values);
            assert_eq!(values, coefficients, "size {n}");
            values = plain;
            domain.to_coset(&mut values);
            assert_eq!(values, coset, "size {n}");
        }
    }

    #[test]
    fn large_transforms_equal_evaluation_somewhere() {
        for n in [1usize << 14, 3 << 13, 9 << 12] {
            let domain = Domain::new(n).unwrap();
            let coefficients = random(n);
            let mut values = coefficients.clone();
            domain.fft(&mut values);
            let mut coset = values.clone();
            domain.to_coset(&mut coset);
            for i in [0, 1, n / 3 + 1, n / 2, n - 1] {
                assert_eq!(values[i], at(&coefficients, domain.element(i)), "size {n}");
                assert_eq!(coset[i], at(&coefficients, domain.shift() * domain.element(i)), "size {n}");
            }
            domain.ifft(&mut values);
            assert_eq!(values, coefficients, "size {n}");
        }
    }

    #[test]
    fn equals_arkworks() {
        for k in [0, 1, 2, 5, 13] {
            let n = 1usize << k;
            let (domain, oracle) = (Domain::new(n).unwrap(), Radix2EvaluationDomain::<Fr>::new(n).unwrap());
            assert_eq!(domain.element(1), oracle.group_gen);
            let mut values = random(n);
            let expected = oracle.fft(&values);
            domain.fft(&mut values);
            assert_eq!(values, expected);
            let x = Fr::from(7u64);
            assert_eq!(domain.vanishing(x), oracle.evaluate_vanishing_polynomial(x));
            assert_eq!(domain.lagrange(x).unwrap(), oracle.evaluate_all_lagrange_coefficients(x));
        }
    }

    #[test]
    fn lagrange_values_interpolate() {
        for n in [1usize, 2, 3, 8, 9, 24, 72] {
            let domain = Domain::new(n).unwrap();
            let coefficients = random(n);
            let x = Fr::from(11u64);
            let dot = |a: &[Fr], b: &[Fr]| a.iter().zip(b).map(|(a, b)| *a * b).sum::<Fr>();
            let (mut plain, mut coset) = (coefficients.clone(), coefficients.clone());
            domain.fft(&mut plain);
            domain.coset_fft(&mut coset);
            assert_eq!(dot(&plain, &domain.lagrange(x).unwrap()), at(&coefficients, x));
            assert_eq!(dot(&coset, &domain.coset_lagrange(x).unwrap()), at(&coefficients, x));
            assert!(domain.lagrange(domain.element(n - 1)).is_none());
            assert!(domain.coset_lagrange(domain.shift()).is_none());
        }
    }
}
