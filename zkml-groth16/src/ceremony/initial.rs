//! The key that a ceremony begins with: from powers and constraints, with nothing secret.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup, short_weierstrass::Projective};
use ark_ff::{Field, Zero};
use rayon::prelude::*;

use super::{
    bases::Bases,
    fault::Fault,
    powers::Powers,
    transform::{Columns as Sorted, combine, evaluate, lagrange},
};
use crate::{
    constraints::{Columns, Sparse},
    domain::Domain,
    key::{ProvingKey, VerifyingKey},
};

fn in_g1(points: &[G1Affine]) -> Vec<G1Projective> {
    points.iter().map(|point| point.into_group()).collect()
}

/// The key of [`setup`](crate::setup()) for the secrets of these powers, with `gamma` and every delta of one, and the
/// rows on this domain.
///
/// # Errors
/// If there are more rows, with one for each instance column, than the domain or the powers have, there is no phase, or
/// `tau` lies in the domain or its coset.
///
/// # Soundness
/// The powers must have been [checked](Powers::check). Under the key itself anything can be proved: it takes a
/// [contribution](super::contribute).
pub fn initial(rows: &Sparse, columns: Columns<'_>, domain: &Domain, powers: &Powers) -> Result<ProvingKey, Fault> {
    let Columns { instance, phases } = columns;
    let Some((_, earlier)) = phases.split_last() else {
        return Err(Fault::Length { what: "the list of phases", found: 0, expected: 1 });
    };
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let n = domain.size();
    if count + instance > n {
        return Err(Fault::Rows { found: count + instance, most: n });
    }
    powers.admit(n)?;

    let Bases { l, l_g2, alpha_l, beta_l, lt, h } = Bases::of(domain, powers);
    let sums: Vec<_> = l.par_iter().zip(&lt).map(|(l, lt)| *l + *lt).collect();
    let l_and_lt = G1Projective::normalize_batch(&sums);

    let width = columns.count();
    let [a, b, c] = [0, 1, 2].map(|m| Sorted::of(&rows[m], width));
    // The rows of the instance columns: one in A alone.
    let own = |lagrange: &[G1Affine], i: usize| {
        let point = if i < instance { lagrange.get(count + i) } else { None };
        point.map_or_else(G1Projective::zero, |point| point.into_group())
    };
    let nothing = |_: usize| Projective::zero();
    let mut k = vec![];
    let mut start = instance;
    for (p, size) in phases.iter().enumerate() {
        let of_c = if p == earlier.len() { &l_and_lt[..] } else { &l[..] };
        k.push(combine(&[(&a, &beta_l[..]), (&b, &alpha_l[..]), (&c, of_c)], start..start + size, nothing));
        start += size;
    }
    let before = instance + earlier.iter().sum::<usize>();
    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    Ok(ProvingKey {
        vk: VerifyingKey {
            alpha_g1: powers.alpha_g1[0],
            beta_g2: powers.beta_g2,
            gamma_g2: g2,
            deltas_g2: vec![g2; phases.len()],
            ic: combine(&[(&a, &beta_l[..]), (&b, &alpha_l[..]), (&c, &l[..])], 0..instance, |i| own(&beta_l, i)),
        },
        beta_g1: powers.beta_g1[0],
        deltas_g1: vec![g1; phases.len()],
        a: combine(&[(&a, &l[..])], 0..width, |i| own(&l, i)),
        b_g1: combine(&[(&b, &l[..])], 0..width, nothing),
        b_g2: combine(&[(&b, &l_g2[..])], 0..width, |_| Projective::zero()),
        h,
        c: combine(&[(&c, &lt[..])], 0..before, nothing),
        k,
    })
}

/// `[c_i t / (2 delta)]` for all columns, from the points of the quotient, `[-L_j t / (2 delta)]` for the polynomials of
/// the coset: what keys of others lack, which have `[K_i / delta]` alone.
///
/// `X^i = sum_j (g w^j)^i L_j` over the coset, so that `[tau^i t / 2]` is a transform of these points, and the domain's own
/// `[L_j t / 2]` one back.
///
/// # Errors
/// If there are not as many points as the domain has elements.
pub fn quotient_of_columns(
    rows: &Sparse,
    columns: usize,
    domain: &Domain,
    h: &[G1Affine],
) -> Result<Vec<G1Affine>, Fault> {
    let n = domain.size();
    Fault::unless_length("the points of the quotient", h.len(), n)?;
    let monomials = evaluate(domain, in_g1(h), domain.shift());
    let lt = G1Projective::normalize_batch(&lagrange(domain, monomials, Fr::ONE, -Fr::ONE));
    let c = Sorted::of(&rows[2], columns);
    Ok(combine(&[(&c, &lt[..])], 0..columns, |_| Projective::zero()))
}
