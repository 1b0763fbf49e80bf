//! A contribution: every delta times a fresh secret, which is proven to be known.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, Zero};
use rayon::prelude::*;
use zeroize::Zeroize;

use super::{
    fault::Fault,
    hash::{self, Hash, Points},
};
use crate::key::ProvingKey;

/// How many points share an inversion.
const CHUNK: usize = 1 << 10;

/// What a contributor did to the delta of one phase, and the proof that it knows the factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// `[delta]_1` after it.
    pub delta: G1Affine,
    /// `[s]_1`, a random point.
    pub s: G1Affine,
    /// `[s x]_1`, for the factor `x`.
    pub sx: G1Affine,
    /// `x Q`, for the point `Q` of the second group that is a hash of the challenge and of the points before.
    pub spx: G2Affine,
}

/// The secrets of a contribution: a factor for each delta, and what hides it in its proof. They are overwritten when
/// dropped.
///
/// # Soundness
/// If all contributors tell each other theirs, they can prove anything. They must be forgotten.
pub struct Factors {
    pub(super) factors: Vec<Fr>,
    pub(super) blinding: Vec<Fr>,
}

impl Drop for Factors {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl Factors {
    pub(super) fn wipe(&mut self) {
        self.factors.zeroize();
        self.blinding.zeroize();
    }

    /// Those that follow from a seed, for so many phases.
    ///
    /// # Soundness
    /// They are as secret as the seed.
    pub fn new(seed: &Hash, phases: usize) -> Self {
        let scalars = |tag: &str| {
            let mut scalars = Vec::with_capacity(phases);
            scalars.extend((0..phases as u64).map(|phase| hash::scalar(seed, tag, phase)));
            scalars
        };
        Self { factors: scalars("zkml ceremony factor 1"), blinding: scalars("zkml ceremony blinding 1") }
    }
}

/// The point `Q` that a proof of knowledge is about.
pub(super) fn question(challenge: &Hash, phase: usize, before: &G1Affine, update: [&G1Affine; 3]) -> G2Affine {
    let [delta, s, sx] = update.map(|point| *point);
    let points = Points::new("zkml ceremony points 1").g1(&[*before, delta, s, sx]).finish();
    let phase = (phase as u64).to_le_bytes();
    hash::point(&hash::hash("zkml ceremony question 1", &[challenge, &phase, &points]))
}

/// What these factors do to these deltas, with proofs that they are known.
///
/// The challenge is a hash of all that the contribution comes after: it binds the proofs to their place.
///
/// # Errors
/// If there are more deltas or fewer than factors.
pub fn updates(before: &[G1Affine], challenge: &Hash, factors: &Factors) -> Result<Vec<Update>, Fault> {
    Fault::unless_length("the list of deltas", before.len(), factors.factors.len())?;
    let secrets = factors.factors.iter().zip(&factors.blinding);
    let update = |(phase, (before, (x, s))): (usize, (&G1Affine, (&Fr, &Fr)))| {
        let s = (G1Affine::generator() * s).into_affine();
        let [delta, sx] = [*before, s].map(|point| (point * x).into_affine());
        let spx = (question(challenge, phase, before, [&delta, &s, &sx]) * x).into_affine();
        Update { delta, s, sx, spx }
    };
    Ok(before.iter().zip(secrets).enumerate().map(update).collect())
}

/// Multiplies every delta by its factor, and divides by it what is over the delta. Returns the [updates].
///
/// # Errors
/// If the key has another number of phases than there are factors.
///
/// # Soundness
/// The key that comes in must be one that was [checked](super::check()): who contributes to another contributes to
/// nothing.
pub fn contribute(key: &mut ProvingKey, challenge: &Hash, factors: &Factors) -> Result<Vec<Update>, Fault> {
    let phases = factors.factors.len();
    Fault::unless_length("the list of phases", key.k.len(), phases)?;
    Fault::unless_length("the list of deltas in G2", key.vk.deltas_g2.len(), phases)?;
    let updates = updates(&key.deltas_g1, challenge, factors)?;
    key.deltas_g1 = updates.iter().map(|update| update.delta).collect();
    for (phase, (x, k)) in factors.factors.iter().zip(&mut key.k).enumerate() {
        let Some(mut inverse) = x.inverse() else { return Err(Fault::Unchanged { phase }) };
        key.vk.deltas_g2[phase] = (key.vk.deltas_g2[phase] * x).into_affine();
        scale(k, &inverse);
        if phase + 1 == phases {
            scale(&mut key.h, &inverse);
            scale(&mut key.c, &inverse);
        }
        inverse.zeroize();
    }
    Ok(updates)
}

fn scale(points: &mut [G1Affine], factor: &Fr) {
    points.par_chunks_mut(CHUNK).for_each(|points| {
        let times = |point: &G1Affine| if point.is_zero() { G1Projective::zero() } else { *point * factor };
        let scaled: Vec<G1Projective> = points.iter().map(times).collect();
        points.copy_from_slice(&G1Projective::normalize_batch(&scaled));
    });
}
