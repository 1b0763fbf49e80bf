//! Subgroup membership of many points at once: `sum_i r_i P_i` is in the subgroup of prime order for each of [`TESTS`] draws of random `r_i`.
//!
//! # Soundness
//! Each point of the curve is `Q + T`, with `Q` in the subgroup of prime order and `T` of an order that divides the cofactor; it is in the
//! subgroup if and only if `T = 0`. A sum is in the subgroup if and only if `sum_i r_i T_i = 0`. Where some `T_i` is not zero, its order is at
//! least the least prime factor of the cofactor, 10,069 for the second group of BN254: whatever the other terms are, at most two of the `2^14`
//! values of `r_i` give zero. So each draw lets a point outside of the subgroup pass with a chance of at most `2^-13`, and all of them of at
//! most `2^-130`. The `r_i` are a hash of all the points: whoever chooses points can draw again only by choosing other points.
//!
//! Source: the small exponents test of Bellare, Garay and Rabin, "Fast batch verification for modular exponentiation and digital signatures"
//! (EUROCRYPT 1998), repeated for the small factors of the cofactor: Boyd and Pavlovski, "Attacking and repairing batch verification schemes"
//! (ASIACRYPT 2000).

use ark_bn254::g2;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{CurveConfig, CurveGroup};
use ark_std::Zero;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

/// How many sums are drawn.
const TESTS: usize = 10;

/// Bits of a coefficient.
const BITS: usize = 14;

/// Bits of a digit: a coefficient has two.
const DIGIT: usize = BITS / 2;

/// With fewer points than these, it is quicker to test each.
const FEW: usize = 64;

// At most two coefficients are equal modulo the least order, and all draws together are worth 128 bits.
const _: () = assert!(2 * 10_069 > 1 << BITS && TESTS * (BITS - 1) >= 128);

/// Whether a point on the curve is in the subgroup of prime order.
pub(super) fn is_member<C: SWCurveConfig>(point: &Affine<C>) -> bool {
    point.is_in_correct_subgroup_assuming_on_curve()
}

/// The coefficients of a draw, for that many points.
fn coefficients(seed: [u8; 32], test: usize, count: usize) -> impl Iterator<Item = usize> {
    let block = move |index: usize| {
        let mut hash = Sha256::new_with_prefix(seed);
        hash.update((test as u64).to_le_bytes());
        hash.update((index as u64).to_le_bytes());
        <[u8; 32]>::from(hash.finalize())
    };
    (0..count.div_ceil(16))
        .flat_map(move |index| {
            let bytes = block(index);
            (0..16).map(move |i| usize::from(u16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]])) & ((1 << BITS) - 1))
        })
        .take(count)
}

/// `sum_d d * bucket_d`.
fn weighted<C: SWCurveConfig>(buckets: &[Projective<C>]) -> Projective<C> {
    let (mut running, mut sum) = (Projective::zero(), Projective::zero());
    for bucket in buckets.iter().skip(1).rev() {
        running += bucket;
        sum += running;
    }
    sum
}

/// `sum_i r_i P_i` of a draw.
fn combination<C: SWCurveConfig>(points: &[Affine<C>], seed: &[u8; 32], test: usize) -> Projective<C> {
    let mut buckets = [vec![Projective::<C>::zero(); 1 << DIGIT], vec![Projective::<C>::zero(); 1 << DIGIT]];
    for (point, r) in points.iter().zip(coefficients(*seed, test, points.len())) {
        buckets[0][r & ((1 << DIGIT) - 1)] += point;
        buckets[1][r >> DIGIT] += point;
    }
    let mut high = weighted(&buckets[1]);
    for _ in 0..DIGIT {
        high += high;
    }
    high + weighted(&buckets[0])
}

/// Whether all points, which are on the curve, are in the subgroup of prime order; `bytes` are an encoding of them all.
pub(super) fn are_members<C: SWCurveConfig>(points: &[Affine<C>], bytes: &[u8]) -> bool {
    if *<C as CurveConfig>::COFACTOR == [1] {
        return points.iter().all(is_member);
    }
    // The bound is that of one cofactor.
    if points.len() < FEW || *<C as CurveConfig>::COFACTOR != *<g2::Config as CurveConfig>::COFACTOR {
        return points.par_iter().all(is_member);
    }
    let mut hash = Sha256::new_with_prefix(b"zkml subgroup");
    hash.update((points.len() as u64).to_le_bytes());
    hash.update(bytes);
    let seed = hash.finalize().into();
    (0..TESTS).into_par_iter().all(|test| is_member(&combination(points, &seed, test).into_affine()))
}

#[cfg(test)]
mod tests {
    use ark_bn254::{Fr, G2Affine, G2Projective, g1};
    use ark_ec::{AffineRepr, PrimeGroup};
    use ark_ff::{BigInteger, PrimeField, UniformRand};
    use ark_serialize::CanonicalSerialize;
    use ark_std::rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn bytes(points: &[G2Affine]) -> Vec<u8> {
        let mut bytes = Vec::new();
        points.iter().for_each(|p| p.serialize_uncompressed(&mut bytes).unwrap());
        bytes
    }

    /// A point of the curve, almost never of the subgroup.
    fn any(rng: &mut StdRng) -> G2Affine {
        loop {
            if let Some(point) = G2Affine::get_point_from_x_unchecked(UniformRand::rand(rng), true) {
                return point;
            }
        }
    }

    fn remainder(number: &[u64], divisor: u64) -> u64 {
        number.iter().rev().fold(0, |r, limb| ((u128::from(r) << 64 | u128::from(*limb)) % u128::from(divisor)) as u64)
    }

    #[test]
    fn the_cofactor_has_no_small_factor() {
        let cofactor = <g2::Config as CurveConfig>::COFACTOR;
        assert_eq!((2..=10_069).find(|d| remainder(cofactor, *d) == 0), Some(10_069));
        assert_eq!(*<g1::Config as CurveConfig>::COFACTOR, [1]);
    }

    #[test]
    fn one_point_of_many_outside_is_found() {
        let mut rng = StdRng::seed_from_u64(1);
        let g = G2Projective::generator();
        let mut points: Vec<G2Affine> = (0..200).map(|_| (g * Fr::rand(&mut rng)).into_affine()).collect();
        points[7] = G2Affine::zero();
        assert!(are_members(&points, &bytes(&points)));
        for place in [0, 7, 63, 199] {
            let mut wrong = points.clone();
            wrong[place] = any(&mut rng);
            assert!(!are_members(&wrong, &bytes(&wrong)), "{place}");
        }
    }

    /// Points of the least order, and their inverses beside them: what a single sum without coefficients would not see.
    #[test]
    fn points_of_the_least_order_are_found() {
        let mut rng = StdRng::seed_from_u64(2);
        let cofactor = <g2::Config as CurveConfig>::COFACTOR;
        // The cofactor without its least factor, by long division.
        let (mut rest, mut quotient) = (0u128, [0u64; 4]);
        for i in (0..4).rev() {
            let value = rest << 64 | u128::from(cofactor[i]);
            quotient[i] = (value / 10_069) as u64;
            rest = value % 10_069;
        }
        assert_eq!(rest, 0);
        let order = Fr::MODULUS;
        let small =
            (0..).map(|_| any(&mut rng)).map(|p| p.mul_bigint(order).mul_bigint(quotient)).find(|p| !p.is_zero());
        let small = small.unwrap();
        assert!(small.mul_bigint([10_069u64]).is_zero());
        assert!(order.num_bits() > 200);
        let g = G2Projective::generator();
        let honest: Vec<G2Projective> = (0..128).map(|_| g * Fr::rand(&mut rng)).collect();
        for k in 1..40u64 {
            let mut points = honest.clone();
            points[3] += small.mul_bigint([k]);
            points[90] -= small.mul_bigint([k]);
            let points = G2Projective::normalize_batch(&points);
            assert!(!are_members(&points, &bytes(&points)), "{k}");
        }
    }
}
