//! Powers of `tau`, the outcome of phase 1.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{
    AffineRepr, CurveGroup,
    pairing::Pairing,
    short_weierstrass::{Affine, SWCurveConfig},
};
use ark_ff::Zero;
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::{
    bases::Lagrange,
    fault::Fault,
    hash::{Hash, Points, weights},
};
use crate::{domain, msm, setup::Table};

/// Powers of a secret `tau` in both groups, with `alpha` and `beta`: what phase 1 of a ceremony makes, for all circuits
/// of so many rows.
///
/// # Soundness
/// Whoever knows `tau` can prove anything. [`check`](Self::check) shows that they are powers of one `tau`, and not that
/// nobody knows it: that takes the transcript of phase 1, or a file that many have checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Powers {
    /// `[tau^i]_1`, at least `2 n - 1` of them for `n` rows.
    pub tau_g1: Vec<G1Affine>,
    /// `[tau^i]_2`, `n` of them.
    pub tau_g2: Vec<G2Affine>,
    /// `[alpha tau^i]_1`, `n` of them.
    pub alpha_g1: Vec<G1Affine>,
    /// `[beta tau^i]_1`, `n` of them.
    pub beta_g1: Vec<G1Affine>,
    /// `[beta]_2`.
    pub beta_g2: G2Affine,
    /// The Lagrange bases of one domain: with them [`initial`](super::initial()) does no transforms over points.
    pub lagrange: Option<Lagrange>,
}

/// Whether `e(a, b) = e(c, d)`.
pub(super) fn same_product(a: G1Affine, b: G2Affine, c: G1Affine, d: G2Affine) -> bool {
    Bn254::multi_pairing([a, -c], [b, d]).is_zero()
}

/// Checks that points are on their curve, in their subgroup.
pub(super) fn check_points<P: SWCurveConfig>(points: &[Affine<P>], what: &'static str) -> Result<(), Fault> {
    let is_wrong = |p: &Affine<P>| !p.is_on_curve() || !p.is_in_correct_subgroup_assuming_on_curve();
    points.par_iter().position_first(is_wrong).map_or(Ok(()), |index| Err(Fault::Point { what, index }))
}

/// What messages call the lists.
const TAU_G1: &str = "the powers of tau in G1";
const TAU_G2: &str = "the powers of tau in G2";
const ALPHA: &str = "the powers of tau times alpha";
const BETA: &str = "the powers of tau times beta";

impl Powers {
    /// Those of known secrets, for `n` rows: for tests, and for development.
    ///
    /// # Soundness
    /// Whoever knows the secrets can prove anything.
    pub fn known([tau, alpha, beta]: [Fr; 3], n: usize) -> Self {
        let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
        let powers = Zeroizing::new(domain::powers(tau, (2 * n).saturating_sub(1).max(1)));
        let times = |x: Fr| Zeroizing::new(powers.iter().take(n).map(|power| *power * x).collect::<Vec<_>>());
        let (in_g1, in_g2) = (Table::new(g1, 4 * n), Table::new(g2, n));
        Self {
            tau_g1: in_g1.times(&powers),
            tau_g2: in_g2.times(&powers[..n.min(powers.len())]),
            alpha_g1: in_g1.times(&times(alpha)),
            beta_g1: in_g1.times(&times(beta)),
            beta_g2: (g2 * beta).into_affine(),
            lagrange: None,
        }
    }

    /// How many rows they are for.
    pub fn rows(&self) -> usize {
        let lists = [self.tau_g2.len(), self.alpha_g1.len(), self.beta_g1.len(), self.tau_g1.len().div_ceil(2)];
        lists.into_iter().min().unwrap_or(0)
    }

    /// Checks that all points are in their groups, that the lists are consecutive powers of one `tau`, times one `alpha`
    /// and one `beta`, and that each of the three has been contributed to; and that the Lagrange bases are theirs.
    ///
    /// Each list is compared with itself, moved by one, in one pairing equation over a random linear combination whose
    /// coefficients are a hash of all points.
    ///
    /// # Errors
    /// The first list that is wrong.
    pub fn check(&self) -> Result<(), Fault> {
        let Self { tau_g1, tau_g2, alpha_g1, beta_g1, beta_g2, lagrange } = self;
        let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
        let lists = [(TAU_G1, tau_g1), (ALPHA, alpha_g1), (BETA, beta_g1)];
        for (what, list) in lists {
            check_points(list, what)?;
        }
        check_points(tau_g2, TAU_G2)?;
        check_points(&[*beta_g2], "beta in G2")?;
        // There are as many coefficients as powers of `tau`.
        for (what, found) in [(TAU_G2, tau_g2.len()), (ALPHA, alpha_g1.len()), (BETA, beta_g1.len())] {
            if found > tau_g1.len() {
                return Err(Fault::Length { what, found, expected: tau_g1.len() });
            }
        }
        let short = |what, found| Fault::Length { what, found, expected: 2 };
        let [first, tau1, ..] = tau_g1[..] else { return Err(short(TAU_G1, tau_g1.len())) };
        let [first2, tau2, ..] = tau_g2[..] else { return Err(short(TAU_G2, tau_g2.len())) };
        let Some(alpha) = alpha_g1.first() else { return Err(short(ALPHA, 0)) };
        let Some(beta) = beta_g1.first() else { return Err(short(BETA, 0)) };
        if first != g1 {
            return Err(Fault::Generator { what: TAU_G1 });
        }
        if first2 != g2 {
            return Err(Fault::Generator { what: TAU_G2 });
        }
        for (what, point) in [("tau", tau1), ("alpha", *alpha), ("beta", *beta)] {
            if point.is_zero() {
                return Err(Fault::Point { what, index: 0 });
            }
            if point == g1 {
                return Err(Fault::Uncontributed { what });
            }
        }

        let weights = weights(&self.hash(tau_g1.len()), tau_g1.len());
        for (what, list) in lists {
            let n = list.len() - 1;
            let [before, after] = [&list[..n], &list[1..]].map(|list| msm::g1(list, &weights[..n]).into_affine());
            if !same_product(after, g2, before, tau2) {
                return Err(Fault::Powers { what });
            }
        }
        let n = tau_g2.len() - 1;
        let [before, after] = [&tau_g2[..n], &tau_g2[1..]].map(|list| msm::g2(list, &weights[..n]).into_affine());
        if !same_product(g1, after, tau1, before) {
            return Err(Fault::Powers { what: TAU_G2 });
        }
        if !same_product(*beta, g2, g1, *beta_g2) {
            return Err(Fault::Beta);
        }
        lagrange.as_ref().map_or(Ok(()), |lagrange| lagrange.check(self))
    }

    /// SHA-256 of the powers for so many rows, which names them in transcripts. The Lagrange bases follow from them, and are no
    /// part of it.
    pub fn hash(&self, n: usize) -> Hash {
        let Self { tau_g1, tau_g2, alpha_g1, beta_g1, beta_g2, lagrange: _ } = self;
        let points =
            Points::new("zkml powers 1").g1(&tau_g1[..tau_g1.len().min(2 * n)]).g2(&tau_g2[..tau_g2.len().min(n)]);
        let points = points.g1(&alpha_g1[..alpha_g1.len().min(n)]).g1(&beta_g1[..beta_g1.len().min(n)]);
        points.g2(&[*beta_g2]).finish()
    }

    /// `[tau^(n+i)] - [tau^i]` for `i < n`, where what lies beyond the last power is zero.
    pub(super) fn differences(&self, n: usize) -> Vec<G1Projective> {
        let beyond = G1Affine::identity();
        let difference = |i: usize| *self.tau_g1.get(n + i).unwrap_or(&beyond) - self.tau_g1[i];
        (0..n).map(difference).collect()
    }

    /// Checks that there are powers for so many rows, and that `tau` is not in their domain or its coset.
    pub(super) fn admit(&self, n: usize) -> Result<(), Fault> {
        let most = self.rows();
        if n > most {
            return Err(Fault::Rows { found: n, most });
        }
        // With `n` of one there is no power `tau^n`, and every `tau` but one and minus one is outside of both.
        let power = self.tau_g1.get(n).or(self.tau_g1.get(1)).copied().unwrap_or_default();
        let one = G1Affine::generator();
        if power == one || power == -one { Err(Fault::Tau) } else { Ok(()) }
    }
}
