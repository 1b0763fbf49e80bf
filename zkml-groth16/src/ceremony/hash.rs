//! Hashes to scalars and to points, and of points.

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{PrimeField, Zero};
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::{
    constraints::{Columns, Sparse},
    limbs::Limbs,
};

/// A SHA-256.
pub(super) type Hash = [u8; 32];

/// `SHA-256(tag | parts)`.
pub(super) fn hash(tag: &str, parts: &[&[u8]]) -> Hash {
    parts.iter().fold(Sha256::new().chain_update(tag), |hash, part| hash.chain_update(part)).finalize().into()
}

/// Coordinates of points, each in its one encoding: zeros for infinity.
#[derive(Clone)]
pub(super) struct Points(Sha256);

impl Points {
    pub(super) fn new(tag: &str) -> Self {
        Self(Sha256::new().chain_update(tag))
    }

    fn put(&mut self, x: &Fq) {
        for limb in x.limbs() {
            self.0.update(limb.to_le_bytes());
        }
    }

    /// So many points of the first group.
    pub(super) fn g1(mut self, points: &[G1Affine]) -> Self {
        self.0.update((points.len() as u64).to_le_bytes());
        for point in points {
            let (x, y) = point.xy().unwrap_or_default();
            self.put(&x);
            self.put(&y);
        }
        self
    }

    /// So many points of the second.
    pub(super) fn g2(mut self, points: &[G2Affine]) -> Self {
        self.0.update((points.len() as u64).to_le_bytes());
        for point in points {
            let (x, y) = point.xy().unwrap_or_default();
            [x.c0, x.c1, y.c0, y.c1].iter().for_each(|x| self.put(x));
        }
        self
    }

    pub(super) fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

/// SHA-256 of constraints on a domain of so many rows, entry by entry.
pub(super) fn of_rows(rows: &Sparse, columns: Columns<'_>, size: usize) -> Hash {
    let number = |n: usize| (n as u64).to_le_bytes();
    let mut hash = Sha256::new().chain_update("zkml ceremony rows 1");
    [size, columns.instance, columns.phases.len()].iter().for_each(|n| hash.update(number(*n)));
    columns.phases.iter().for_each(|n| hash.update(number(*n)));
    for matrix in rows {
        hash.update(number(matrix.len()));
        for row in matrix {
            hash.update(number(row.len()));
            for (coefficient, column) in row {
                coefficient.limbs().iter().for_each(|limb| hash.update(limb.to_le_bytes()));
                hash.update(number(*column));
            }
        }
    }
    hash.finalize().into()
}

/// 512 bits of a hash, modulo the field's order: uniform but for `2^-257`.
fn wide<F: PrimeField>(seed: &Hash, tag: &str, index: u64) -> F {
    let half = |i: u8| hash(tag, &[seed, &index.to_le_bytes(), &[i]]);
    let mut bytes = [half(0), half(1)];
    let value = F::from_be_bytes_mod_order(bytes.as_flattened());
    zeroize::Zeroize::zeroize(&mut bytes);
    value
}

/// A scalar that is not zero.
pub(super) fn scalar(seed: &Hash, tag: &str, index: u64) -> Fr {
    let value: Fr = wide(seed, tag, index);
    if value.is_zero() { Fr::from(2u64) } else { value }
}

/// Coefficients of 128 bits of a random linear combination.
pub(super) fn weights(seed: &Hash, count: usize) -> Vec<Fr> {
    let pair = |i: usize| {
        let hash = hash("zkml ceremony weights 1", &[seed, &(i as u64).to_le_bytes()]);
        let half = |bytes: &[u8]| Fr::from(bytes.iter().fold(0u128, |sum, byte| sum << 8 | u128::from(*byte)));
        [half(&hash[..16]), half(&hash[16..])]
    };
    let mut weights: Vec<Fr> = (0..count.div_ceil(2)).into_par_iter().flat_map_iter(pair).collect();
    weights.truncate(count);
    weights
}

/// A point of the second group whose logarithm nobody knows: the first abscissa of a sequence of hashes that is on the
/// curve, times the cofactor.
pub(super) fn point(seed: &Hash) -> G2Affine {
    let attempt = |i: u64| {
        let coordinate = |part: &str| wide::<Fq>(seed, part, i);
        let x = Fq2::new(coordinate("zkml ceremony x0 1"), coordinate("zkml ceremony x1 1"));
        let greatest = hash("zkml ceremony sign 1", &[seed, &i.to_le_bytes()])[0] & 1 == 1;
        let point = G2Affine::get_point_from_x_unchecked(x, greatest)?.clear_cofactor();
        (!point.is_zero()).then_some(point)
    };
    // Half of all abscissas are on the curve. With infinity no proof of knowledge holds.
    (0..1 << 20).find_map(attempt).unwrap_or_default()
}
