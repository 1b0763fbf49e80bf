//! Setup: keys from constraints and secrets.

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{
    AffineRepr, CurveGroup,
    short_weierstrass::{Affine, Projective, SWCurveConfig},
};
use ark_ff::{AdditiveGroup, Field, PrimeField, Zero};
use rayon::prelude::*;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    affine::{Inverses, add_pairs},
    constraints::{Columns, Rows},
    domain::Domain,
    error::Error,
    field::Inlined,
    key::{ProvingKey, VerifyingKey},
};

/// The secrets of a setup. They are overwritten when dropped.
///
/// # Soundness
/// Whoever knows them can prove anything. They must be drawn uniformly and independently.
#[derive(Clone)]
pub struct Secrets {
    /// Ties `A` and `C` to the same witness.
    pub alpha: Fr,
    /// Ties `B` and `C` to the same witness.
    pub beta: Fr,
    /// Keeps instance columns apart from the witness.
    pub gamma: Fr,
    /// Keeps phases apart, one each.
    pub deltas: Vec<Fr>,
    /// Where polynomials are evaluated.
    pub tau: Fr,
}

impl Drop for Secrets {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl Secrets {
    pub(crate) fn wipe(&mut self) {
        for secret in [&mut self.alpha, &mut self.beta, &mut self.gamma, &mut self.tau] {
            secret.zeroize();
        }
        self.deltas.zeroize();
    }

    /// Refuses what makes keys unsound or unusable: zeros, and `gamma` or deltas that are equal, or one.
    fn check(&self, phases: usize) -> Result<(), Error> {
        Error::unless_length("the list of deltas", self.deltas.len(), phases.max(1))?;
        for (name, secret) in [("alpha", &self.alpha), ("beta", &self.beta), ("tau", &self.tau)] {
            if *secret == Fr::ZERO {
                return Err(Error::Secret { name });
            }
        }
        let mut seen = vec![Fr::ZERO, Fr::ONE];
        let named = self.deltas.iter().map(|delta| ("delta", delta));
        for (name, secret) in [("gamma", &self.gamma)].into_iter().chain(named) {
            if seen.contains(secret) {
                return Err(Error::Secret { name });
            }
            seen.push(*secret);
        }
        seen.zeroize();
        Ok(())
    }
}

/// The proving key, with its verifying key, for constraints of so many columns.
///
/// Each instance column gets a row of its own after the others, with one in `A` and nothing in `B` and `C`. It holds
/// always; it makes the polynomials `a_i` of these columns linearly independent, of each other and of those of the
/// witness. Otherwise a column that no constraint mentions, or one that is a combination of others, would let an input
/// be exchanged against others in a valid proof.
///
/// # Errors
/// If rows are more than the field has roots of unity for, there is another number of deltas than of phases, a secret
/// is zero, `gamma` or a delta is one or equals another, or `tau` lies in the domain or its coset.
///
/// # Soundness
/// Whoever knows the secrets can prove anything.
pub fn setup(rows: &dyn Rows, columns: Columns<'_>, secrets: &Secrets) -> Result<ProvingKey, Error> {
    let Columns { instance, phases } = columns;
    let Some((_, earlier)) = phases.split_last() else {
        return Err(Error::Length { what: "the list of phases", found: 0, expected: 1 });
    };
    secrets.check(phases.len())?;
    let Secrets { alpha, beta, gamma, deltas, tau } = secrets;
    let count = rows.rows();
    let domain = Domain::new(count + instance).ok_or(Error::Rows { found: count + instance })?;
    let t = domain.vanishing(*tau);
    let lagrange = Zeroizing::new(domain.lagrange(*tau).ok_or(Error::Tau)?);
    let mut h = Zeroizing::new(domain.coset_lagrange(*tau).ok_or(Error::Tau)?);

    let abc = rows.transpose_times(&lagrange[..count], columns.count());
    let [mut a, b, c] = abc.map(Zeroizing::new);
    for (a, l) in a.iter_mut().zip(&lagrange[count..count + instance]) {
        *a += l;
    }

    let inverse = |x: &Fr| x.inverse().unwrap_or(Fr::ZERO);
    let last = deltas.last().map_or(Fr::ZERO, inverse);
    let half = t * inverse(&Fr::from(2u64));
    h.par_iter_mut().for_each(|l| *l *= -half * last);
    let combination = |i: usize, c_factor: Fr, divisor: Fr| (*beta * a[i] + *alpha * b[i] + c_factor * c[i]) * divisor;
    let scalars = |range: std::ops::Range<usize>, c_factor: Fr, divisor: Fr| {
        Zeroizing::new(range.into_par_iter().map(|i| combination(i, c_factor, divisor)).collect::<Vec<_>>())
    };

    let ic = scalars(0..instance, Fr::ONE, inverse(gamma));
    let mut k = vec![];
    let mut start = instance;
    for (p, (n, delta)) in phases.iter().zip(deltas).enumerate() {
        let c_factor = if p == earlier.len() { Fr::ONE + half } else { Fr::ONE };
        k.push(scalars(start..start + n, c_factor, inverse(delta)));
        start += n;
    }
    let before = instance + earlier.iter().sum::<usize>();
    let quotients = Zeroizing::new(c[..before].par_iter().map(|c| *c * half * last).collect::<Vec<_>>());

    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    let in_g1 = Table::new(g1, 3 * a.len() + h.len());
    let in_g2 = Table::new(g2, b.len());
    let vk = VerifyingKey {
        alpha_g1: (g1 * alpha).into_affine(),
        beta_g2: (g2 * beta).into_affine(),
        gamma_g2: (g2 * gamma).into_affine(),
        deltas_g2: deltas.iter().map(|delta| (g2 * delta).into_affine()).collect(),
        ic: in_g1.times(&ic),
    };
    Ok(ProvingKey {
        vk,
        beta_g1: (g1 * beta).into_affine(),
        deltas_g1: deltas.iter().map(|delta| (g1 * delta).into_affine()).collect(),
        a: in_g1.times(&a),
        b_g1: in_g1.times(&b),
        b_g2: in_g2.times(&b),
        h: in_g1.times(&h),
        c: in_g1.times(&quotients),
        k: k.iter().map(|k| in_g1.times(k)).collect(),
    })
}

/// How many scalars are multiplied together, with shared inversions.
const BATCH: usize = 1 << 10;

/// Multiples of one point: `windows[w][d - 1] = d 2^(c w) G` for `0 < d <= 2^(c - 1)`.
pub(crate) struct Table<P: SWCurveConfig<BaseField: Inlined>> {
    c: usize,
    windows: Vec<Vec<Affine<P>>>,
}

impl<P: SWCurveConfig<ScalarField = Fr, BaseField: Inlined>> Table<P> {
    /// A table of a size that pays for so many multiplications.
    pub(crate) fn new(base: Affine<P>, count: usize) -> Self {
        let c = (count.max(1).ilog2() as usize).saturating_sub(5).clamp(4, 14);
        let mut bases = vec![];
        let mut base = base.into_group();
        // One bit more than scalars have, for the last carry.
        for _ in 0..(Fr::MODULUS_BIT_SIZE as usize + 1).div_ceil(c) {
            bases.push(base);
            for _ in 0..c {
                base.double_in_place();
            }
        }
        let windows = bases
            .into_par_iter()
            .map(|base| {
                let affine = base.into_affine();
                let mut multiple = Projective::zero();
                let multiples: Vec<_> = (0..1 << (c - 1))
                    .map(|_| {
                        multiple += affine;
                        multiple
                    })
                    .collect();
                Projective::normalize_batch(&multiples)
            })
            .collect();
        Self { c, windows }
    }

    /// `s G` for each scalar.
    pub(crate) fn times(&self, scalars: &[Fr]) -> Vec<Affine<P>> {
        let mut points = vec![Affine::identity(); scalars.len()];
        points.par_chunks_mut(BATCH).zip(scalars.par_chunks(BATCH)).for_each(|(points, scalars)| {
            let mut limbs: Vec<_> = scalars.iter().map(|s| (s.into_bigint().0, 0)).collect();
            let mut addends = Vec::with_capacity(points.len());
            let mut inverses = Inverses::default();
            for (w, window) in self.windows.iter().enumerate() {
                addends.clear();
                addends.extend(
                    limbs
                        .iter_mut()
                        .map(|(limbs, carry)| self.multiple(window, digit(limbs, w * self.c, self.c, carry))),
                );
                add_pairs(points, &addends, &mut inverses);
            }
            limbs.iter_mut().for_each(|(limbs, _)| limbs.zeroize());
        });
        points
    }

    fn multiple(&self, window: &[Affine<P>], digit: i64) -> Affine<P> {
        match (digit.unsigned_abs() as usize).checked_sub(1).and_then(|i| window.get(i)) {
            Some(point) if digit < 0 => -*point,
            Some(point) => *point,
            None => Affine::identity(),
        }
    }
}

/// The digit of `c` bits from `bit` on, in `[-2^(c-1), 2^(c-1))`, given and leaving a carry.
fn digit(limbs: &[u64; 4], bit: usize, c: usize, carry: &mut i64) -> i64 {
    let (limb, shift) = (bit / 64, bit % 64);
    let low = limbs.get(limb).map_or(0, |l| l >> shift);
    let high = if shift == 0 { 0 } else { limbs.get(limb + 1).map_or(0, |l| l << (64 - shift)) };
    let value = ((low | high) & ((1 << c) - 1)) as i64 + *carry;
    *carry = i64::from(value >= 1 << (c - 1));
    value - (*carry << c)
}

#[cfg(test)]
mod tests {
    use ark_std::{UniformRand, test_rng};

    use super::*;

    #[test]
    fn tables_multiply() {
        let mut rng = test_rng();
        let few = [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(2u64).pow([253u64]), Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO)];
        let scalars: Vec<Fr> = few.into_iter().chain((0..30).map(|_| Fr::rand(&mut rng))).collect();
        for count in [1, 1 << 10, 1 << 16] {
            let points = Table::new(G1Affine::generator(), count).times(&scalars);
            let expected: Vec<G1Affine> = scalars.iter().map(|s| (G1Affine::generator() * s).into_affine()).collect();
            assert_eq!(points, expected);
            let points = Table::new(G2Affine::generator(), count.min(1 << 10)).times(&scalars);
            let expected: Vec<G2Affine> = scalars.iter().map(|s| (G2Affine::generator() * s).into_affine()).collect();
            assert_eq!(points, expected);
        }
    }
}
