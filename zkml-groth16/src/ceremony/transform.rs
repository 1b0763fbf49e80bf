//! Transforms over points, `sum_j w^(i j) P_j`, and combinations of points by the columns of sparse matrices.

use ark_bn254::Fr;
use ark_ec::{
    CurveGroup,
    short_weierstrass::{Affine, Projective, SWCurveConfig},
};
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField, Zero};
use rayon::prelude::*;

use crate::{
    domain::{Domain, powers},
    field::Inlined,
    msm,
};

/// From this many entries on, a column is a multi-scalar multiplication.
const LONG: usize = 64;
/// How many columns one thread takes, so that they share an inversion.
const CHUNK: usize = 1 << 6;

/// `1/n sum_i (factor shift^-i) w^(-i j) P_i` for all `j`: the combinations of the `P_i`, for `[tau^i]`, that are
/// `factor [L_j(tau / shift)]`.
pub(super) fn lagrange<C: CurveGroup<ScalarField = Fr>>(
    domain: &Domain,
    points: Vec<C>,
    shift: Fr,
    factor: Fr,
) -> Vec<C> {
    let n = domain.size();
    // The size is below the characteristic; shifts are roots of one.
    let inverse = |x: Fr| x.inverse().unwrap_or(Fr::ZERO);
    let scale = factor * inverse(Fr::from(n as u64));
    let shifts = powers(inverse(shift), n);
    let scaled = points.into_par_iter().zip(shifts).map(|(point, shift)| point * (shift * scale)).collect();
    transform(scaled, &powers(domain.element(n - 1), n), 1)
}

/// `shift^i sum_j w^(i j) P_j` for all `i`: where the `P_j` are for polynomials `L_j` of the domain, moved by the shift,
/// these are for the monomials `X^i`.
pub(super) fn evaluate<C: CurveGroup<ScalarField = Fr>>(domain: &Domain, points: Vec<C>, shift: Fr) -> Vec<C> {
    let n = domain.size();
    let monomials = transform(points, &powers(domain.element(1), n), 1);
    monomials.into_par_iter().zip(powers(shift, n)).map(|(point, shift)| point * shift).collect()
}

/// `sum_j w^(i j) P_j` for all `i`, for `w = roots[stride]` of the order of their number, `2^k`, `3 * 2^k` or `9 * 2^k`.
fn transform<C: CurveGroup<ScalarField = Fr>>(points: Vec<C>, roots: &[Fr], stride: usize) -> Vec<C> {
    let n = points.len();
    if n < 2 {
        return points;
    }
    let radix = if n.is_multiple_of(3) { 3 } else { 2 };
    let m = n / radix;
    let part = |s: usize| {
        let part = points.iter().skip(s).step_by(radix).copied().collect();
        transform(part, roots, stride * radix)
    };
    let parts: Vec<Vec<C>> = (0..radix).into_par_iter().map(part).collect();
    let twisted = |s: usize, j: usize| match s * j {
        0 => parts[s][j],
        power => parts[s][j] * roots[power * stride],
    };
    let mut sums = vec![C::zero(); n];
    if radix == 2 {
        let (low, high) = sums.split_at_mut(m);
        low.par_iter_mut().zip(high).enumerate().for_each(|(j, (low, high))| {
            let (x, y) = (parts[0][j], twisted(1, j));
            (*low, *high) = (x + y, x - y);
        });
    } else {
        // Of order three: its square is `-1 - third`.
        let third = roots[m * stride];
        let (first, rest) = sums.split_at_mut(m);
        let (second, last) = rest.split_at_mut(m);
        first.par_iter_mut().zip(second).zip(last).enumerate().for_each(|(j, ((first, second), last))| {
            let (x, y, z) = (parts[0][j], twisted(1, j), twisted(2, j));
            let turned = (y - z) * third;
            (*first, *second, *last) = (x + y + z, x - z + turned, x - y - turned);
        });
    }
    sums
}

/// The columns of a sparse matrix: `(coefficient, row)`.
pub(super) struct Columns {
    /// Where each column's entries begin, and where the last one's end.
    starts: Vec<usize>,
    entries: Vec<(Fr, usize)>,
}

impl Columns {
    /// Those of rows of `(coefficient, column)`; entries of columns beyond the last are no part of them.
    pub(super) fn of(rows: &[Vec<(Fr, usize)>], columns: usize) -> Self {
        let mut starts = vec![0; columns + 1];
        let entries = || rows.iter().enumerate().flat_map(|(j, row)| row.iter().map(move |(c, i)| (*c, *i, j)));
        for (_, column, _) in entries().filter(|(_, column, _)| *column < columns) {
            starts[column + 1] += 1;
        }
        for i in 0..columns {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut sorted = vec![(Fr::ZERO, 0); starts[columns]];
        for (coefficient, column, row) in entries().filter(|(_, column, _)| *column < columns) {
            sorted[next[column]] = (coefficient, row);
            next[column] += 1;
        }
        Self { starts, entries: sorted }
    }

    fn column(&self, i: usize) -> &[(Fr, usize)] {
        &self.entries[self.starts[i]..self.starts[i + 1]]
    }
}

/// A matrix, and the points that its rows stand for.
pub(super) type Term<'a, P> = (&'a Columns, &'a [Affine<P>]);

/// `sum over terms and rows j of M_ji P_j` for each of these columns `i`, and what `more` adds to it.
pub(super) fn combine<P: SWCurveConfig<ScalarField = Fr, BaseField: Inlined>>(
    terms: &[Term<'_, P>],
    columns: std::ops::Range<usize>,
    more: impl Fn(usize) -> Projective<P> + Sync,
) -> Vec<Affine<P>> {
    let columns: Vec<usize> = columns.collect();
    let one = |i: usize| {
        let entries = terms.iter().flat_map(|(matrix, points)| {
            matrix.column(i).iter().filter_map(|(c, j)| points.get(*j).map(|point| (*c, *point)))
        });
        let count: usize = terms.iter().map(|(matrix, _)| matrix.column(i).len()).sum();
        let sum = if count < LONG {
            entries.fold(Projective::zero(), |sum, (c, point)| sum + times(&point, &c))
        } else {
            let (scalars, points): (Vec<_>, Vec<_>) = entries.unzip();
            msm::sum(&points, &scalars)
        };
        sum + more(i)
    };
    let chunk = |columns: &[usize]| {
        let sums: Vec<Projective<P>> = columns.iter().map(|i| one(*i)).collect();
        Projective::normalize_batch(&sums)
    };
    columns.par_chunks(CHUNK).flat_map_iter(chunk).collect()
}

/// `c P`, quick where `c` or `-c` is small, as the coefficients of constraints are.
fn times<P: SWCurveConfig<ScalarField = Fr>>(point: &Affine<P>, c: &Fr) -> Projective<P> {
    let (plain, negated) = (c.into_bigint(), (-*c).into_bigint());
    let (base, scalar) = if negated < plain { (-*point, negated) } else { (*point, plain) };
    let mut sum = Projective::zero();
    for bit in (0..scalar.num_bits() as usize).rev() {
        sum.double_in_place();
        if scalar.get_bit(bit) {
            sum += base;
        }
    }
    sum
}
