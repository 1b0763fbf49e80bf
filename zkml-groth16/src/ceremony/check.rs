//! Who was dishonest: proofs of knowledge, and keys against the ones before.

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};

use super::{
    contribution::{Update, question},
    fault::{Dishonest, Fault},
    hash::{Hash, Points, hash, weights},
    powers::{check_points, same_product},
};
use crate::{
    key::{ProvingKey, VerifyingKey},
    msm,
};

/// One contribution of a transcript.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The hash of all that it comes after.
    pub challenge: &'a Hash,
    /// What it did to each delta.
    pub updates: &'a [Update],
}

/// Checks that a key is the first one after these contributions, and that each contributor knew its factors.
///
/// # Errors
/// The first contributor who was dishonest, or what of the last key does not follow from the contributions.
///
/// # Soundness
/// The challenges must be hashes of all that came before each contribution, and the first key one that was computed
/// [from powers](super::initial()).
pub fn check(first: &ProvingKey, steps: &[Step<'_>], last: &ProvingKey) -> Result<(), Dishonest> {
    check_chain(&first.deltas_g1, steps, last)?;
    check_divided(first, last).map_err(|fault| Dishonest { contributor: None, fault })
}

/// Checks that each contributor knew its factors, and that the deltas of a key are those after these contributions: what
/// else the key has is for [`check_key`](super::check_key) to say.
///
/// # Errors
/// The first contributor who was dishonest, or that the key's deltas are others.
pub fn check_chain(before: &[G1Affine], steps: &[Step<'_>], key: &ProvingKey) -> Result<(), Dishonest> {
    let mut deltas = before.to_vec();
    for (index, step) in steps.iter().enumerate() {
        check_updates(&deltas, step).map_err(|fault| Dishonest { contributor: Some(index), fault })?;
        deltas = step.updates.iter().map(|update| update.delta).collect();
    }
    match deltas.iter().zip(&key.deltas_g1).position(|(a, b)| a != b) {
        Some(phase) => Err(Dishonest { contributor: None, fault: Fault::KeyDelta { phase } }),
        None => Ok(()),
    }
}

/// Checks that a contributor knew the factor between each of these deltas and its own.
///
/// # Errors
/// The first of its proofs of knowledge that does not hold.
pub fn check_updates(before: &[G1Affine], step: &Step<'_>) -> Result<(), Fault> {
    Fault::unless_length("the contribution", step.updates.len(), before.len())?;
    for (phase, (before, update)) in before.iter().zip(step.updates).enumerate() {
        let Update { delta, s, sx, spx } = update;
        for point in [delta, s, sx] {
            if point.is_zero() || !point.is_on_curve() {
                return Err(Fault::Point { what: "the contribution", index: phase });
            }
        }
        check_points(&[*spx], "the contribution in G2")?;
        let q = question(step.challenge, phase, before, [delta, s, sx]);
        if spx.is_zero() || q.is_zero() || !same_product(*s, *spx, *sx, q) {
            return Err(Fault::Knowledge { phase });
        }
        if !same_product(*before, *spx, *delta, q) {
            return Err(Fault::Delta { phase });
        }
        if delta == before {
            return Err(Fault::Unchanged { phase });
        }
    }
    Ok(())
}

/// Checks that a key differs from an earlier one in its deltas alone, and in what is divided by them: one pairing
/// equation a phase, over a random linear combination whose coefficients are a hash of both keys.
///
/// # Errors
/// What is another, is not in its group, or was not divided.
pub fn check_divided(earlier: &ProvingKey, later: &ProvingKey) -> Result<(), Fault> {
    let touched = |what, same: bool| if same { Ok(()) } else { Err(Fault::Touched { what }) };
    let VerifyingKey { alpha_g1, beta_g2, gamma_g2, deltas_g2, ic } = &later.vk;
    touched("alpha", *alpha_g1 == earlier.vk.alpha_g1)?;
    touched("beta", (*beta_g2, later.beta_g1) == (earlier.vk.beta_g2, earlier.beta_g1))?;
    touched("gamma", *gamma_g2 == earlier.vk.gamma_g2)?;
    touched("the public inputs' points", *ic == earlier.vk.ic)?;
    touched("the A query", later.a == earlier.a)?;
    touched("the B query in G1", later.b_g1 == earlier.b_g1)?;
    touched("the B query in G2", later.b_g2 == earlier.b_g2)?;
    let phases = earlier.k.len();
    for (what, found) in [
        ("the list of deltas in G2", deltas_g2.len()),
        ("the list of deltas", later.deltas_g1.len()),
        ("the list of phases", later.k.len()),
        ("the earlier list of deltas in G2", earlier.vk.deltas_g2.len()),
    ] {
        Fault::unless_length(what, found, phases)?;
    }
    Fault::unless_length("the H query", later.h.len(), earlier.h.len())?;
    Fault::unless_length("the C query", later.c.len(), earlier.c.len())?;
    for (k, earlier) in later.k.iter().zip(&earlier.k) {
        Fault::unless_length("the K query", k.len(), earlier.len())?;
    }
    check_deltas(later)?;

    let seed = hash("zkml ceremony keys 1", &[&key_hash(earlier), &key_hash(later)]);
    let longest = later.k.iter().map(Vec::len).chain([later.h.len(), later.c.len()]).max().unwrap_or(0);
    let weights = weights(&seed, longest);
    let divided = |what, phase: usize, earlier_points: &[G1Affine], points: &[G1Affine]| {
        let [before, after] = [earlier_points, points].map(|points| msm::g1(points, &weights).into_affine());
        let same = same_product(after, deltas_g2[phase], before, earlier.vk.deltas_g2[phase]);
        if same { Ok(()) } else { Err(Fault::Divided { what, phase }) }
    };
    for (phase, (k, earlier)) in later.k.iter().zip(&earlier.k).enumerate() {
        divided("the K query", phase, earlier, k)?;
    }
    let last = phases.saturating_sub(1);
    if phases > 0 {
        divided("the H query", last, &earlier.h, &later.h)?;
        divided("the C query", last, &earlier.c, &later.c)?;
    }
    Ok(())
}

/// Checks that what contributions change of a key is in its groups, and that each delta is the same in both.
pub(super) fn check_deltas(key: &ProvingKey) -> Result<(), Fault> {
    for k in &key.k {
        check_points(k, "the K query")?;
    }
    check_points(&key.h, "the H query")?;
    check_points(&key.c, "the C query")?;
    check_points(&key.deltas_g1, "delta")?;
    check_points(&key.vk.deltas_g2, "delta in G2")?;
    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    for (phase, (delta, delta_g2)) in key.deltas_g1.iter().zip(&key.vk.deltas_g2).enumerate() {
        if delta.is_zero() || !same_product(*delta, g2, g1, *delta_g2) {
            return Err(Fault::KeyDelta { phase });
        }
    }
    Ok(())
}

/// SHA-256 of all points of a key, which names it in transcripts.
pub fn key_hash(key: &ProvingKey) -> Hash {
    let VerifyingKey { alpha_g1, beta_g2, gamma_g2, deltas_g2, ic } = &key.vk;
    let points = Points::new("zkml ceremony key 1").g1(&[*alpha_g1, key.beta_g1]).g2(&[*beta_g2, *gamma_g2]);
    let points = points.g1(&key.deltas_g1).g2(deltas_g2).g1(ic).g1(&key.a).g1(&key.b_g1).g2(&key.b_g2);
    let points = key.k.iter().fold(points.g1(&key.h).g1(&key.c), |points, k| points.g1(k));
    points.finish()
}
