//! Linking proof: the same values are committed to under two keys, `e(pi, a) = e(D, a k_1) e(D', a k_2)`.
//!
//! For the points `G_i = K_i / delta_w` and `delta` that the first key commits with, `G'_i` and `delta'` of the second:
//!
//! ```text
//! key:    P_i = k_1 G_i + k_2 G'_i,  k_1 delta,  k_2 delta'  in the first group;  a,  a k_1,  a k_2  in the second
//! proof:  pi = sum_i w_i P_i + kappa k_1 delta + kappa' k_2 delta'
//! ```
//!
//! `D = sum_i w_i G_i + kappa delta` and `D' = sum_i w_i G'_i + kappa' delta'`, so `pi = k_1 D + k_2 D'`. Where the
//! second key has some of the values alone, `G'_i` is zero for the others.
//!
//! # Soundness
//! Every pair of points is in the span of such pairs: that there are values says nothing. What holds, in the algebraic
//! group model, is that whoever makes a proof *knows* values `w_i` that both points commit to, the same. Write `pi`, `D`
//! and `D'` as combinations of all points there are, and compare the coefficients of `k_1`, `k_2` and their products: `D`
//! is `sum_i pi_i G_i + .. delta`, `D'` is `sum_i pi_i G'_i + .. delta'` with the same `pi_i`, the coefficients of `P_i`
//! in `pi`. That takes `k_1` and `k_2` independent of each other and of both keys, no other point times `k_1` or `k_2`,
//! and spans of `G_i, delta` and of `G'_i, delta'` that meet in zero alone, as those of keys with independent deltas do.
//! Whoever knows `k_1` and `k_2` links anything to anything; who knows their ratio alone moves both points of a pair. With
//! the same `k_1` and `k_2` in two keys, a link of one is a link of the other.
//!
//! Source: Campanelli, Fiore and Querol, "LegoSNARK" (CCS 2019), appendix D; Kiltz and Wee, "Quasi-adaptive NIZK for
//! linear subspaces revisited" (EUROCRYPT 2015).

use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ff::Zero;

/// What checks linking proofs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    /// `[a]_2`.
    pub a: G2Affine,
    /// `[a k_1]_2` and `[a k_2]_2`.
    pub a_k: [G2Affine; 2],
}

/// Whether `e(pi, a) = e(D, a k_1) e(D', a k_2)`.
///
/// # Soundness
/// The points must be in their groups: that is not checked here.
pub fn holds(key: &VerifyingKey, commitments: [G1Affine; 2], proof: G1Affine) -> bool {
    let ([first, second], [a_k1, a_k2]) = (commitments, key.a_k);
    Bn254::multi_pairing([-proof, first, second], [key.a, a_k1, a_k2]).is_zero()
}

#[cfg(feature = "prove")]
pub use prover::{Bases, ProvingKey, Secrets, prove, setup};

#[cfg(feature = "prove")]
mod prover {
    use ark_bn254::{Fr, G1Projective};
    use ark_ec::{AffineRepr, CurveGroup};
    use ark_ff::{AdditiveGroup, Field};
    use rayon::prelude::*;
    use zeroize::Zeroize;

    use super::*;
    use crate::{error::Error, msm};

    /// What one key commits with: `D = sum_i w_i G_i + kappa delta`.
    #[derive(Clone, Copy, Debug)]
    pub struct Bases<'a> {
        /// `G_i`, one a value.
        pub points: &'a [G1Affine],
        /// `delta`, of the last phase.
        pub delta: G1Affine,
    }

    /// What linking proofs are made with.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ProvingKey {
        /// The verifying key.
        pub vk: VerifyingKey,
        /// `P_i = k_1 G_i + k_2 G'_i`, one a value of the first key.
        pub points: Vec<G1Affine>,
        /// `k_1 delta` and `k_2 delta'`.
        pub deltas: [G1Affine; 2],
    }

    /// The secrets of a linking key. They are overwritten when dropped.
    ///
    /// # Soundness
    /// Whoever knows `k_1` and `k_2`, or their ratio, can link what is not the same. They must be drawn uniformly, and
    /// independently of each other and of both keys.
    pub struct Secrets {
        /// `k_1` and `k_2`.
        pub k: [Fr; 2],
        /// `a`.
        pub a: Fr,
    }

    impl Drop for Secrets {
        fn drop(&mut self) {
            self.wipe();
        }
    }

    impl Secrets {
        pub(crate) fn wipe(&mut self) {
            self.k.zeroize();
            self.a.zeroize();
        }

        /// Refuses zeros, and factors whose ratio to each other or to one is one or minus one: everybody knows them.
        fn check(&self) -> Result<(), Error> {
            let [k1, k2] = &self.k;
            let plain = |k: &Fr| *k == Fr::ZERO || k.square() == Fr::ONE;
            for (name, refused) in
                [("k1", plain(k1)), ("k2", plain(k2) || k1.square() == k2.square()), ("a", self.a == Fr::ZERO)]
            {
                if refused {
                    return Err(Error::Secret { name });
                }
            }
            Ok(())
        }
    }

    /// The key of links between what two keys commit to: value `j` of the second is value `selection[j]` of the first.
    ///
    /// # Errors
    /// If the second key has another number of values than the selection, an index is there twice or beyond the last
    /// value of the first, or a secret is none.
    ///
    /// # Soundness
    /// Whoever knows the secrets can link anything to anything.
    pub fn setup(
        first: Bases<'_>,
        second: Bases<'_>,
        selection: &[usize],
        secrets: &Secrets,
    ) -> Result<ProvingKey, Error> {
        secrets.check()?;
        Error::unless_length("the selection", selection.len(), second.points.len())?;
        let count = first.points.len();
        let mut others = vec![None; count];
        for (index, point) in selection.iter().zip(second.points) {
            match others.get_mut(*index) {
                Some(other @ None) => *other = Some(*point),
                _ => return Err(Error::Index { found: *index, count }),
            }
        }
        let ([k1, k2], a) = (&secrets.k, &secrets.a);
        let point = |(own, other): (&G1Affine, &Option<G1Affine>)| {
            let own = *own * k1;
            other.map_or(own, |other| own + other * k2)
        };
        let points: Vec<G1Projective> = first.points.par_iter().zip(&others).map(point).collect();
        let g2 = G2Affine::generator();
        let [mut a_k1, mut a_k2] = [*a * k1, *a * k2];
        let a_k = [(g2 * a_k1).into_affine(), (g2 * a_k2).into_affine()];
        a_k1.zeroize();
        a_k2.zeroize();
        Ok(ProvingKey {
            vk: VerifyingKey { a: (g2 * a).into_affine(), a_k },
            points: G1Projective::normalize_batch(&points),
            deltas: [(first.delta * k1).into_affine(), (second.delta * k2).into_affine()],
        })
    }

    /// `pi = sum_i w_i P_i + kappa k_1 delta + kappa' k_2 delta'`, for the values of the first key and what hides each
    /// commitment.
    ///
    /// # Errors
    /// If there are more or fewer values than the key takes.
    pub fn prove(key: &ProvingKey, values: &[Fr], kappas: [Fr; 2]) -> Result<G1Affine, Error> {
        Error::unless_length("the list of values", values.len(), key.points.len())?;
        let hiding: G1Projective = key.deltas.iter().zip(kappas).map(|(delta, kappa)| *delta * kappa).sum();
        Ok((msm::g1(&key.points, values) + hiding).into_affine())
    }
}
