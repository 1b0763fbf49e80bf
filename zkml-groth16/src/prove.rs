//! Commitments and the prover.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use rayon::prelude::*;

use crate::{
    constraints::Rows,
    domain::Domain,
    error::Error,
    key::{Proof, ProvingKey},
    msm,
};

/// `D_p = sum_i z_i K_i / delta_p + kappa delta` over the witness columns of a phase, for the last delta.
///
/// # Errors
/// If the phase is the last one or none, or has another number of values.
///
/// # Soundness
/// Values are hidden by `kappa` alone: it must be drawn uniformly, anew for each proof, unless commitments shall be
/// recognised as equal.
pub fn commit(key: &ProvingKey, phase: usize, values: &[Fr], kappa: Fr) -> Result<G1Affine, Error> {
    let phases = key.k.len();
    let (Some(points), Some(delta)) = (key.k.get(phase).filter(|_| phase + 1 < phases), key.deltas_g1.last()) else {
        return Err(Error::Phase { found: phase, phases });
    };
    Error::unless_length("the phase", values.len(), points.len())?;
    Ok((msm::g1(points, values) + *delta * kappa).into_affine())
}

/// The proof for an assignment of all columns, `z`, given each [commitment](commit) with its `kappa`:
///
/// ```text
/// A = alpha + sum_i z_i a_i + r delta,  B = beta + sum_i z_i b_i + s delta,
/// C = sum_(last phase) z_i K_i / delta + quotient t / delta + s A + r B - r s delta - sum_p kappa_p delta_p.
/// ```
///
/// # Errors
/// If lengths are not those of the key.
///
/// # Soundness
/// An assignment that violates constraints gives a proof that does not hold. The witness is hidden by `r` and `s`: they
/// must be drawn uniformly, anew for each proof.
pub fn prove(
    key: &ProvingKey,
    rows: &dyn Rows,
    z: &[Fr],
    commitments: &[(G1Affine, Fr)],
    blinding: [Fr; 2],
) -> Result<Proof, Error> {
    prove_evaluated(key, rows.times(z), z, commitments, blinding)
}

/// As [`prove`], of constraints that are evaluated: `A z` and `B z`.
///
/// # Errors
/// As there.
///
/// # Soundness
/// As there; values that are not those of the assignment give a proof that does not hold.
pub fn prove_evaluated(
    key: &ProvingKey,
    sides: [Vec<Fr>; 2],
    z: &[Fr],
    commitments: &[(G1Affine, Fr)],
    [r, s]: [Fr; 2],
) -> Result<Proof, Error> {
    let instance = key.vk.ic.len();
    let (Some(k), Some((delta, earlier))) = (key.k.last(), key.deltas_g1.split_last()) else {
        return Err(Error::Length { what: "the key's list of phases", found: 0, expected: 1 });
    };
    let Some(delta_g2) = key.vk.deltas_g2.last() else {
        return Err(Error::Length { what: "the verifying key's list of deltas", found: 0, expected: key.k.len() });
    };
    Error::unless_length("the assignment", z.len(), key.a.len())?;
    Error::unless_length("the key's list of points of B", key.b_g1.len(), z.len())?;
    Error::unless_length("the key's list of points of B in the second group", key.b_g2.len(), z.len())?;
    Error::unless_length("the key's list of points of C", key.c.len(), z.len().saturating_sub(k.len()))?;
    Error::unless_length("the key's list of deltas", key.deltas_g1.len(), key.k.len())?;
    Error::unless_length("the list of commitments", commitments.len(), earlier.len())?;

    let quotient = quotient(sides, &z[..instance.min(z.len())], key.h.len())?;
    let before = key.c.len();
    let ((h, (k, c)), (b_g2, (a, b_g1))) = rayon::join(
        || {
            rayon::join(
                || msm::g1(&key.h, &quotient),
                || rayon::join(|| msm::g1(k, &z[before..]), || msm::g1(&key.c, &z[..before])),
            )
        },
        || rayon::join(|| msm::g2(&key.b_g2, z), || rayon::join(|| msm::g1(&key.a, z), || msm::g1(&key.b_g1, z))),
    );
    let a = a + key.vk.alpha_g1 + *delta * r;
    let b_g1 = b_g1 + key.beta_g1 + *delta * s;
    let b_g2 = b_g2 + key.vk.beta_g2 + *delta_g2 * s;
    let blinding: G1Projective = earlier.iter().zip(commitments).map(|(delta, (_, kappa))| *delta * kappa).sum();
    let c = h + k + c + a * s + b_g1 * r - *delta * (r * s) - blinding;
    let affine = G1Projective::normalize_batch(&[a, c]);
    Ok(Proof {
        a: affine[0],
        b: b_g2.into_affine(),
        c: affine[1],
        commitments: commitments.iter().map(|(point, _)| *point).collect(),
    })
}

/// The values on the coset of `a b`, for the polynomials `a` and `b` with the values `A z` and `B z` on the domain.
fn quotient([mut a, mut b]: [Vec<Fr>; 2], instance: &[Fr], size: usize) -> Result<Vec<Fr>, Error> {
    Error::unless_length("the values of B", b.len(), a.len())?;
    // A key may have a larger domain than it needs, as those of snarkjs do: more rows that are empty.
    let count = (a.len() + instance.len()).max(size);
    let domain = Domain::new(count).ok_or(Error::Rows { found: count })?;
    Error::unless_length("the key's list of points of the quotient", size, domain.size())?;
    // The rows of the instance columns, see the setup.
    a.extend_from_slice(instance);
    domain.to_coset(&mut a);
    domain.to_coset(&mut b);
    a.par_iter_mut().zip(&b).with_min_len(1 << 11).for_each(|(a, b)| *a *= b);
    Ok(a)
}
