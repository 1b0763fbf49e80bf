//! A ceremony of linking keys: the sum of the parties' own.
//!
//! ```text
//! share m:  P_i = k_1 G_i + k_2 G'_i,  k_1 delta,  k_2 delta'  in the first group;  k_1, k_2  in the second, for its own k_1, k_2
//! key:      the sum of all shares, with a = 1
//! ```
//!
//! Secrets can't be multiplied here, as deltas are: for that somebody would have to know `k_1 G_i` and `k_2 G'_i` apart, with
//! which anything can be linked to anything. Their sums are those of a linking key already, so that shares are added, in
//! any order. Proofs of knowledge make a share independent of those that were there before: `z = r + c k` for `[r]_2` and a
//! hash `c`. They are in the second group, since a further point times `k_1` in the first would be one to link with.
//!
//! # Soundness
//! `k_1` and `k_2` of the key are independent of each other and of all else if those of one party are. `a` hides
//! nothing: it is in the second group alone, and proofs are in the first.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup, pairing::Pairing};
use ark_ff::{AdditiveGroup, Field, Zero};
use zeroize::Zeroize;

use super::{
    fault::Fault,
    hash::{self, Hash, Points, weights},
    powers::{check_points, same_product},
};
use crate::{
    error::Error,
    link::{Bases, ProvingKey, Secrets, VerifyingKey, setup},
    msm,
};

/// A party's share of a linking key, with proofs that it knows its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// `P_i = k_1 G_i + k_2 G'_i`, one a value of the first key.
    pub points: Vec<G1Affine>,
    /// `k_1 delta` and `k_2 delta'`.
    pub deltas: [G1Affine; 2],
    /// `[k_1]_2` and `[k_2]_2`.
    pub k: [G2Affine; 2],
    /// `[r]_2`, a random point for each.
    pub r: [G2Affine; 2],
    /// `r + c k`, for the hash `c` of the challenge and of all points.
    pub z: [Fr; 2],
}

/// The hash that a proof of knowledge answers.
fn question(challenge: &Hash, share: &Share, index: usize) -> Fr {
    let points = Points::new("zkml ceremony link 1").g1(&share.points).g1(&share.deltas).g2(&share.k).g2(&share.r);
    let seed = hash::hash("zkml ceremony link question 1", &[challenge, &points.finish()]);
    hash::scalar(&seed, "zkml ceremony link answer 1", index as u64)
}

impl Share {
    /// The share whose secrets follow from a seed, for values that two keys commit to.
    ///
    /// # Errors
    /// If the second key has another number of values than the selection, or an index is there twice or is beyond the last
    /// value of the first.
    ///
    /// # Soundness
    /// The seed is as secret as `k_1` and `k_2`, and must be forgotten. The challenge is a hash of both keys, of the
    /// selection, and of whose share it is.
    pub fn new(
        [first, second]: [Bases<'_>; 2],
        selection: &[usize],
        challenge: &Hash,
        seed: &Hash,
    ) -> Result<Self, Error> {
        let mut scalars = [0, 1, 2, 3].map(|i| hash::scalar(seed, "zkml ceremony link secret 1", i));
        let [k1, k2, r1, r2] = &scalars;
        let secrets = Secrets { k: [*k1, *k2], a: Fr::ONE };
        let key = setup(first, second, selection, &secrets)?;
        let r = [r1, r2].map(|r| (G2Affine::generator() * r).into_affine());
        let ProvingKey { vk: VerifyingKey { a_k, .. }, points, deltas } = key;
        let mut share = Self { points, deltas, k: a_k, r, z: [Fr::ZERO; 2] };
        share.z = [*r1 + question(challenge, &share, 0) * k1, *r2 + question(challenge, &share, 1) * k2];
        scalars.zeroize();
        Ok(share)
    }

    /// Checks that its party knew its secrets, and that all its points are made with them.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self, [first, second]: [Bases<'_>; 2], selection: &[usize], challenge: &Hash) -> Result<(), Fault> {
        Fault::unless_length("the points of links", self.points.len(), first.points.len())?;
        Fault::unless_length("the selection", selection.len(), second.points.len())?;
        check_points(&self.points, "the points of links")?;
        check_points(&self.deltas, "the share")?;
        check_points(&[self.k, self.r].concat(), "the share in G2")?;
        let one = G2Affine::generator();
        for phase in [0, 1] {
            let k = self.k[phase];
            if k.is_zero() {
                return Err(Fault::Point { what: "the share", index: phase });
            }
            if one * self.z[phase] != k * question(challenge, self, phase) + self.r[phase] {
                return Err(Fault::Knowledge { phase });
            }
            if !same_product([first.delta, second.delta][phase], k, self.deltas[phase], one) {
                return Err(Fault::KeyDelta { phase });
            }
        }
        let seed = Points::new("zkml ceremony share 1").g1(&self.points).g1(first.points).g1(second.points);
        let seed = hash::hash("zkml ceremony share weights 1", &[challenge, &seed.g2(&self.k).finish()]);
        let weights = weights(&seed, self.points.len());
        // Of the second key's point `j` that of the first key's value `selection[j]`.
        let selected: Option<Vec<Fr>> = selection.iter().map(|i| weights.get(*i).copied()).collect();
        let Some(selected) = selected else {
            return Err(Fault::Length { what: "the selection", found: selection.len(), expected: weights.len() });
        };
        let sums =
            [-msm::g1(&self.points, &weights), msm::g1(first.points, &weights), msm::g1(second.points, &selected)];
        let sums = G1Projective::normalize_batch(&sums);
        if Bn254::multi_pairing(sums, [one, self.k[0], self.k[1]]).is_zero() {
            Ok(())
        } else {
            Err(Fault::Divided { what: "the points of links", phase: 0 })
        }
    }
}

/// The key that is the sum of these shares, each of which was [checked](Share::check).
///
/// # Errors
/// If there is none, or two are of different lengths.
pub fn sum(shares: &[Share]) -> Result<ProvingKey, Fault> {
    let Some((first, rest)) = shares.split_first() else {
        return Err(Fault::Length { what: "the list of shares", found: 0, expected: 1 });
    };
    let mut points: Vec<G1Projective> = first.points.iter().map(|point| point.into_group()).collect();
    for share in rest {
        Fault::unless_length("the points of links", share.points.len(), points.len())?;
        points.iter_mut().zip(&share.points).for_each(|(sum, point)| *sum += point);
    }
    let deltas = [0, 1].map(|i| shares.iter().map(|share| share.deltas[i]).sum::<G1Projective>().into_affine());
    let k = [0, 1].map(|i| shares.iter().map(|share| share.k[i]).sum::<G2Projective>().into_affine());
    let vk = VerifyingKey { a: G2Affine::generator(), a_k: k };
    Ok(ProvingKey { vk, points: G1Projective::normalize_batch(&points), deltas })
}
