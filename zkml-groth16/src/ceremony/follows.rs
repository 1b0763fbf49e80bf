//! Whether a key is that of constraints and powers, without computing it: random linear combinations of its points are
//! sums over the powers of tau.
//!
//! ```text
//! sum_i r_i [a_i] = sum_j (A r)_j [L_j] = sum_m u_m [tau^m]        for the polynomial u with the values A r on the domain
//! ```
//!
//! Likewise with `alpha`, `beta` and the second group; what is over a delta is compared by a pairing with it. So transforms
//! are over field elements, where [`initial`](super::initial()) has them over points.

use std::ops::Range;

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;

use super::{
    check::{check_deltas, key_hash},
    fault::Fault,
    hash::{hash, of_rows, weights},
    powers::{Powers, check_points, same_product},
};
use crate::{
    constraints::{Columns, Sparse},
    domain::Domain,
    key::{ProvingKey, VerifyingKey},
    msm,
};

/// The coefficients of the polynomial with the values `M r` on the domain, over these columns alone, and with those of the
/// rows that follow.
fn combined(
    matrix: &[Vec<(Fr, usize)>],
    r: &[Fr],
    columns: &Range<usize>,
    domain: &Domain,
    own: Option<(usize, &[Fr])>,
) -> Vec<Fr> {
    let term = |(c, i): &(Fr, usize)| if columns.contains(i) { *c * r[*i] } else { Fr::ZERO };
    let mut values: Vec<Fr> = matrix.par_iter().with_min_len(256).map(|row| row.iter().map(term).sum()).collect();
    if let Some((count, own)) = own {
        values.resize(count, Fr::ZERO);
        values.extend_from_slice(own);
    }
    domain.ifft(&mut values);
    values
}

/// Checks that a key is that of these constraints on this domain, with the secrets of these powers, `gamma` of one, and any
/// deltas.
///
/// # Errors
/// What is another, or is not in its group.
///
/// # Soundness
/// The powers must have been [checked](Powers::check). The coefficients of the combinations are a hash of key, powers and
/// constraints: whoever knew them before could choose constraints that differ in none of the combinations.
pub fn check_key(
    rows: &Sparse,
    columns: Columns<'_>,
    domain: &Domain,
    powers: &Powers,
    key: &ProvingKey,
) -> Result<(), Fault> {
    let (Columns { instance, phases }, n) = (columns, domain.size());
    let (width, count) = (columns.count(), rows.iter().map(Vec::len).max().unwrap_or(0));
    if count + instance > n {
        return Err(Fault::Rows { found: count + instance, most: n });
    }
    powers.admit(n)?;
    let VerifyingKey { alpha_g1, beta_g2, gamma_g2, deltas_g2, ic } = &key.vk;
    let before = width - phases.last().copied().unwrap_or(0);
    for (what, found, expected) in [
        ("the list of phases", key.k.len(), phases.len().max(1)),
        ("the list of deltas", key.deltas_g1.len(), phases.len()),
        ("the list of deltas in G2", deltas_g2.len(), phases.len()),
        ("the public inputs' points", ic.len(), instance),
        ("the A query", key.a.len(), width),
        ("the B query in G1", key.b_g1.len(), width),
        ("the B query in G2", key.b_g2.len(), width),
        ("the C query", key.c.len(), before),
        ("the H query", key.h.len(), n),
    ] {
        Fault::unless_length(what, found, expected)?;
    }
    for (k, expected) in key.k.iter().zip(phases) {
        Fault::unless_length("the K query", k.len(), *expected)?;
    }
    let follows = |what, same: bool| if same { Ok(()) } else { Err(Fault::Follows { what }) };
    follows("alpha", powers.alpha_g1.first() == Some(alpha_g1))?;
    follows("beta", powers.beta_g1.first() == Some(&key.beta_g1) && powers.beta_g2 == *beta_g2)?;
    follows("gamma", *gamma_g2 == G2Affine::generator())?;
    check_points(ic, "the public inputs' points")?;
    check_points(&key.a, "the A query")?;
    check_points(&key.b_g1, "the B query in G1")?;
    check_points(&key.b_g2, "the B query in G2")?;
    check_deltas(key)?;

    let seed = hash("zkml ceremony follows 2", &[&key_hash(key), &powers.hash(n), &of_rows(rows, columns, n)]);
    let r = weights(&seed, width.max(n));
    let [a, b, c] = [0, 1, 2].map(|m| rows[m].as_slice());
    let all = 0..width;
    let tau = |coefficients: &[Fr]| msm::g1(&powers.tau_g1[..n], coefficients);
    follows("the A query", msm::g1(&key.a, &r) == tau(&combined(a, &r, &all, domain, Some((count, &r[..instance])))))?;
    let of_b = combined(b, &r, &all, domain, None);
    follows("the B query in G1", msm::g1(&key.b_g1, &r) == tau(&of_b))?;
    follows("the B query in G2", msm::g2(&key.b_g2, &r) == msm::g2(&powers.tau_g2[..n], &of_b))?;

    let differences = G1Projective::normalize_batch(&powers.differences(n));
    let half = Fr::from(2u64).inverse().unwrap_or(Fr::ZERO);
    // `[p t / 2]` for a polynomial.
    let times_t = |coefficients: &[Fr]| msm::g1(&differences, coefficients) * half;
    // `sum_i r_i [K_i]` over these columns, and the polynomial of C.
    let k = |columns: &Range<usize>, own: Option<(usize, &[Fr])>| {
        let of_c = combined(c, &r, columns, domain, None);
        let sum = msm::g1(&powers.beta_g1[..n], &combined(a, &r, columns, domain, own))
            + msm::g1(&powers.alpha_g1[..n], &combined(b, &r, columns, domain, None))
            + tau(&of_c);
        (sum, of_c)
    };
    let (expected, _) = k(&(0..instance), Some((count, &r[..instance])));
    follows("the public inputs' points", msm::g1(ic, &r) == expected)?;

    let over = |points: &[G1Affine], r: &[Fr], delta: &G2Affine, expected: G1Projective| {
        same_product(msm::g1(points, r).into_affine(), *delta, expected.into_affine(), G2Affine::generator())
    };
    let mut start = instance;
    for (p, ((points, delta), size)) in key.k.iter().zip(deltas_g2).zip(phases).enumerate() {
        let range = start..start + size;
        let (mut expected, of_c) = k(&range, None);
        if p + 1 == phases.len() {
            expected += times_t(&of_c);
        }
        follows("the K query", over(points, &r[range], delta, expected))?;
        start += size;
    }
    let Some(last) = deltas_g2.last() else {
        return Err(Fault::Length { what: "the list of phases", found: 0, expected: 1 });
    };
    let of_c = combined(c, &r, &(0..before), domain, None);
    follows("the C query", over(&key.c, &r, last, times_t(&of_c)))?;
    let mut of_h = r[..n].to_vec();
    domain.coset_ifft(&mut of_h);
    follows("the H query", over(&key.h, &r, last, -times_t(&of_h)))
}
