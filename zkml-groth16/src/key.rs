//! Keys and proofs.
//!
//! Column `i` of the constraints has polynomials `a_i, b_i, c_i` with its entries as values on the domain, here at the
//! secret `tau`; `K_i = beta a_i + alpha b_i + c_i`, and `t = tau^n - 1`. `[x]_1` and `[x]_2` are `x` times the groups'
//! generators.

use ark_bn254::{G1Affine, G2Affine};

/// What checks proofs.
///
/// # Soundness
/// Whoever knows the secrets of the setup can prove anything. `gamma` and the deltas must be different from each other,
/// and from zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    /// `[alpha]_1`.
    pub alpha_g1: G1Affine,
    /// `[beta]_2`.
    pub beta_g2: G2Affine,
    /// `[gamma]_2`.
    pub gamma_g2: G2Affine,
    /// `[delta_p]_2`, one a phase.
    pub deltas_g2: Vec<G2Affine>,
    /// `[K_i / gamma]_1` for one, the public inputs and the challenges.
    pub ic: Vec<G1Affine>,
}

/// What proofs are made with. Points of columns that no constraint mentions are infinity, and cost nothing.
///
/// `h` and `c` hold the quotient of the constraints: with `q` the polynomial that equals `a b` on the coset `g H`, on
/// which `X^n - 1` is `-2`, and `c` the one that equals `a b` on `H`, the quotient `(a b - c) / (X^n - 1)` is
/// `(c - q) / 2`. So `h t / delta = sum_i z_i c_i t / (2 delta) - sum_j q_j L_j t / (2 delta)`: where `z_i` stands in
/// the last phase the first sum is part of `k` already. The span of the points is that of a key with powers of `tau`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvingKey {
    /// The verifying key.
    pub vk: VerifyingKey,
    /// `[beta]_1`.
    pub beta_g1: G1Affine,
    /// `[delta_p]_1`, one a phase.
    pub deltas_g1: Vec<G1Affine>,
    /// `[a_i]_1`, one a column.
    pub a: Vec<G1Affine>,
    /// `[b_i]_1`, one a column.
    pub b_g1: Vec<G1Affine>,
    /// `[b_i]_2`, one a column.
    pub b_g2: Vec<G2Affine>,
    /// `[-L_j t / (2 delta)]_1` for the last delta and the Lagrange polynomials `L_j` of the coset.
    pub h: Vec<G1Affine>,
    /// `[c_i t / (2 delta)]_1` for the last delta, one a column that stands before the last phase's.
    pub c: Vec<G1Affine>,
    /// `[K_i / delta_p]_1` for the witness columns of each phase `p`, in order; `[(K_i + c_i t / 2) / delta]_1` in the
    /// last.
    pub k: Vec<Vec<G1Affine>>,
}

/// A proof. With one phase there are no commitments, and it is a proof of plain Groth16.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// `A = alpha + sum_i z_i a_i + r delta` in the first group, for the last delta.
    pub a: G1Affine,
    /// `B = beta + sum_i z_i b_i + s delta` in the second.
    pub b: G2Affine,
    /// `C`, which the equation determines.
    pub c: G1Affine,
    /// `D_p = sum_i z_i K_i / delta_p + kappa_p delta`, one for each phase but the last.
    pub commitments: Vec<G1Affine>,
}
