//! Lagrange bases: what a circuit's columns are combinations of.
//!
//! ```text
//! [L_j]      = 1/n sum_i w^(-ij) [tau^i]                        of a domain of n elements w^j
//! [L_j t/2]  = [L'_2j] - [L_j]                                  for L' of the domain of 2 n elements
//! [-K_j t/2] = [L'_(2j + 1)]                                    for the polynomials K_j of the coset
//! ```
//!
//! The first is a transform over points, of `n log n` multiplications by scalars. It depends on nothing but the powers of
//! tau, so that files of powers may have it, for domains of a power of two.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;

use super::{
    fault::Fault,
    hash::{Points, hash, weights},
    powers::{Powers, check_points},
    transform::lagrange,
};
use crate::{
    domain::{Domain, powers},
    msm,
    setup::Table,
};

#[cfg(test)]
mod tests;

/// What messages call the lists.
const TAU_G1: &str = "the Lagrange basis in G1";
const TAU_G2: &str = "the Lagrange basis in G2";
const ALPHA: &str = "the Lagrange basis times alpha";
const BETA: &str = "the Lagrange basis times beta";
const DOUBLE: &str = "the Lagrange basis of twice as many rows";

/// The Lagrange bases of a domain of `n` elements, a power of two, at the secrets of [`Powers`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lagrange {
    /// `[L_j]_1`.
    pub tau_g1: Vec<G1Affine>,
    /// `[L_j]_2`.
    pub tau_g2: Vec<G2Affine>,
    /// `[alpha L_j]_1`.
    pub alpha_g1: Vec<G1Affine>,
    /// `[beta L_j]_1`.
    pub beta_g1: Vec<G1Affine>,
    /// `[L'_j]_1` of the domain of `2 n` elements, with zero for `[tau^(2n - 1)]` where the powers end before it.
    pub double_g1: Vec<G1Affine>,
}

impl Lagrange {
    /// Those of powers, computed.
    ///
    /// # Errors
    /// If there are fewer powers, or the number is no power of two.
    pub fn of(powers: &Powers, n: usize) -> Result<Self, Fault> {
        let (domain, double) = domains(n, powers)?;
        let [tau, alpha, beta] = [&powers.tau_g1, &powers.alpha_g1, &powers.beta_g1].map(|list| &list[..n]);
        let mut all = powers.tau_g1[..powers.tau_g1.len().min(2 * n)].to_vec();
        all.resize(2 * n, G1Affine::identity());
        Ok(Self {
            tau_g1: basis_g1(&domain, tau),
            tau_g2: basis_g2(&domain, &powers.tau_g2[..n]),
            alpha_g1: basis_g1(&domain, alpha),
            beta_g1: basis_g1(&domain, beta),
            double_g1: basis_g1(&double, &all),
        })
    }

    /// Checks that the lists are those of a domain of `n` elements, by their lengths.
    fn admit(&self, n: usize) -> Result<(), Fault> {
        for (what, found, expected) in [
            (TAU_G1, self.tau_g1.len(), n),
            (TAU_G2, self.tau_g2.len(), n),
            (ALPHA, self.alpha_g1.len(), n),
            (BETA, self.beta_g1.len(), n),
            (DOUBLE, self.double_g1.len(), 2 * n),
        ] {
            Fault::unless_length(what, found, expected)?;
        }
        Ok(())
    }

    /// Checks that these are the bases at the secrets of powers, which must have been [checked](Powers::check).
    ///
    /// With random `r_j`, `sum_j r_j [L_j] = sum_i u_i [tau^i]` for the polynomial `u` with the values `r` on the domain.
    /// The `r_j` are a hash of all points.
    ///
    /// # Errors
    /// The first list that is wrong.
    pub fn check(&self, powers: &Powers) -> Result<(), Fault> {
        let Self { tau_g1, tau_g2, alpha_g1, beta_g1, double_g1 } = self;
        let n = tau_g1.len();
        let (small, large) = domains(n, powers)?;
        self.admit(n)?;
        for (what, list) in [(TAU_G1, tau_g1.as_slice()), (ALPHA, alpha_g1), (BETA, beta_g1), (DOUBLE, double_g1)] {
            check_points(list, what)?;
        }
        check_points(tau_g2, TAU_G2)?;

        let points = Points::new("zkml bases 1").g1(tau_g1).g2(tau_g2).g1(alpha_g1).g1(beta_g1).g1(double_g1).finish();
        let r = weights(&hash("zkml ceremony bases 1", &[&powers.hash(n), &points]), 2 * n);
        let mut u = r[..n].to_vec();
        small.ifft(&mut u);
        let same = |what, same: bool| if same { Ok(()) } else { Err(Fault::Bases { what }) };
        for (what, list, powers) in
            [(TAU_G1, tau_g1, &powers.tau_g1), (ALPHA, alpha_g1, &powers.alpha_g1), (BETA, beta_g1, &powers.beta_g1)]
        {
            same(what, msm::g1(list, &r[..n]) == msm::g1(&powers[..n], &u))?;
        }
        same(TAU_G2, msm::g2(tau_g2, &r[..n]) == msm::g2(&powers.tau_g2[..n], &u))?;
        let mut u = r.clone();
        large.ifft(&mut u);
        let all = powers.tau_g1.len().min(2 * n);
        same(DOUBLE, msm::g1(double_g1, &r) == msm::g1(&powers.tau_g1[..all], &u[..all]))
    }

    /// With zero for `[tau^(2n - 1)] = sum_j w^-j [L'_j]` in the basis of twice as many rows, `w` of order `2 n`: files that
    /// were cut from larger ones have that power there, and nowhere else.
    ///
    /// # Errors
    /// If there is no domain of so many elements.
    pub fn end_before_last(&mut self) -> Result<(), Fault> {
        let n = self.double_g1.len();
        let domain = Domain::new(n).filter(|domain| domain.size() == n).ok_or(Fault::Rows { found: n, most: 0 })?;
        let last = msm::g1(&self.double_g1, &powers(domain.element(n - 1), n)).into_affine();
        if last.is_zero() {
            return Ok(());
        }
        let share = Fr::from(n as u64).inverse().unwrap_or(Fr::ZERO);
        let shares: Vec<Fr> = powers(domain.element(1), n).into_iter().map(|root| root * share).collect();
        let shares = Table::new(last, n).times(&shares);
        let rest: Vec<_> = self.double_g1.par_iter().zip(&shares).map(|(point, share)| *point - *share).collect();
        self.double_g1 = G1Projective::normalize_batch(&rest);
        Ok(())
    }
}

/// All bases of a domain that a key's points are combinations of.
pub(super) struct Bases {
    /// `[L_j]_1`.
    pub(super) l: Vec<G1Affine>,
    /// `[L_j]_2`.
    pub(super) l_g2: Vec<G2Affine>,
    /// `[alpha L_j]_1`.
    pub(super) alpha_l: Vec<G1Affine>,
    /// `[beta L_j]_1`.
    pub(super) beta_l: Vec<G1Affine>,
    /// `[L_j t / 2]_1`.
    pub(super) lt: Vec<G1Affine>,
    /// `[-K_j t / 2]_1`, for the polynomials of the coset.
    pub(super) h: Vec<G1Affine>,
}

impl Bases {
    /// Those of powers: the ones that they have, and transforms.
    pub(super) fn of(domain: &Domain, powers: &Powers) -> Self {
        let n = domain.size();
        match powers.lagrange.clone() {
            Some(Lagrange { tau_g1: l, tau_g2: l_g2, alpha_g1: alpha_l, beta_g1: beta_l, double_g1 })
                if l.len() == n =>
            {
                let lt: Vec<_> = l.par_iter().enumerate().map(|(j, l)| double_g1[2 * j] - *l).collect();
                let h = double_g1.iter().skip(1).step_by(2).copied().collect();
                Self { l, l_g2, alpha_l, beta_l, lt: G1Projective::normalize_batch(&lt), h }
            }
            _ => {
                let differences = powers.differences(n);
                let half = Fr::from(2u64).inverse().unwrap_or(Fr::ZERO);
                let lt = lagrange(domain, differences.clone(), Fr::ONE, half);
                let h = lagrange(domain, differences, domain.shift(), -half);
                Self {
                    l: basis_g1(domain, &powers.tau_g1[..n]),
                    l_g2: basis_g2(domain, &powers.tau_g2[..n]),
                    alpha_l: basis_g1(domain, &powers.alpha_g1[..n]),
                    beta_l: basis_g1(domain, &powers.beta_g1[..n]),
                    lt: G1Projective::normalize_batch(&lt),
                    h: G1Projective::normalize_batch(&h),
                }
            }
        }
    }
}

/// The domain of `n` elements, a power of two of which there are powers, and that of twice as many.
fn domains(n: usize, powers: &Powers) -> Result<(Domain, Domain), Fault> {
    let most = powers.rows();
    // The largest domains are no powers of two.
    let of = |n: usize| Domain::new(n).filter(|domain| domain.size() == n);
    let both = if n.is_power_of_two() && n <= most { of(n).zip(of(2 * n)) } else { None };
    both.ok_or(Fault::Rows { found: n, most })
}

fn basis_g1(domain: &Domain, points: &[G1Affine]) -> Vec<G1Affine> {
    let points = points.iter().map(|point| point.into_group()).collect();
    G1Projective::normalize_batch(&lagrange(domain, points, Fr::ONE, Fr::ONE))
}

fn basis_g2(domain: &Domain, points: &[G2Affine]) -> Vec<G2Affine> {
    let points = points.iter().map(|point| point.into_group()).collect();
    G2Projective::normalize_batch(&lagrange(domain, points, Fr::ONE, Fr::ONE))
}
