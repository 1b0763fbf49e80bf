//! Calibration of the cost model: `rate = time of a kernel / how much it did`, on the machine at hand.

use std::hint::black_box;
use std::time::Instant;

use ark_bn254::{G1Projective, G2Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;
use zkml_groth16::{Rows, domain::Domain, msm};

use crate::{
    arith::{
        Arith,
        r1cs::{Accumulate, Assign, Build, R1cs, Ranged},
    },
    number::{ArithError, Cut, Int, Interval, field::to_field},
    prove::{
        Backend, Fr, Groth16, Matrices, ProofSystem, Rates, SecureRng,
        rates::{PerValue, REFERENCE, SMALL},
    },
};

/// How often each kernel is measured; its median counts.
const ROUNDS: usize = 5;

/// The median of some runs, in nanoseconds.
fn nanoseconds<T>(mut run: impl FnMut() -> T) -> f64 {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            black_box(run());
            start.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2].as_secs_f64() * 1e9
}

/// Points without a pattern, `2^i G`.
fn points<G: CurveGroup + PrimeGroup>() -> Vec<G::Affine> {
    let mut point = G::generator();
    let all: Vec<G> = (0..REFERENCE)
        .map(|_| {
            point.double_in_place();
            point
        })
        .collect();
    G::normalize_batch(&all)
}

/// Elements without a pattern.
fn elements() -> impl Iterator<Item = Fr> {
    let step = Fr::from(3u64).pow([1 << 20]);
    std::iter::successors(Some(step), move |x| Some(x.square() + step))
}

/// As many small numbers of each length up to [`SMALL`] bits, and as many negative ones.
fn small() -> impl Iterator<Item = Int> {
    (0i64..).map(|i| {
        let mixed = (i.wrapping_mul(0x9e37_79b9_7f4a_7c15u64 as i64) as u64) >> 32;
        let bits = i as usize % SMALL;
        let value = ((1u64 << bits) | (mixed & ((1 << bits) - 1))) as i64;
        Int::from(if mixed >> 31 == 0 { value } else { -value })
    })
}

/// Nanoseconds of a value of each length in a sum of points.
fn per_value<P, Q>(points: &[P], sum: impl Fn(&[P], &[Fr]) -> Q) -> PerValue {
    let of = |values: Vec<Fr>| nanoseconds(|| sum(points, &values)) / REFERENCE as f64;
    let bits = elements().map(|x| if x.0.0[0] >> 7 & 1 == 0 { Fr::ZERO } else { Fr::ONE });
    PerValue {
        bit: of(bits.take(REFERENCE).collect()),
        small: of(small().map(to_field).take(REFERENCE).collect()),
        full: of(elements().take(REFERENCE).collect()),
    }
}

/// A layer's constraints: so many sums of so many inputs, cut and rectified.
fn layer<C: Accumulate>(cs: C, inputs: usize, outputs: usize, known: bool) -> Result<C, ArithError> {
    let mut r1cs = R1cs::new(Ranged::bits(cs));
    let interval = Interval::new(Int::from(-128), Int::from(127))?;
    let mut byte = small().map(|q| q % Int::from(128));
    let mut next = || byte.next().unwrap_or_default();
    let mut x = vec![];
    for _ in 0..inputs {
        let value = next();
        x.push(r1cs.allocate(&interval, known.then_some(value))?);
    }
    for _ in 0..outputs {
        let weights: Vec<_> = (0..inputs).map(|_| r1cs.constant(next())).collect();
        let sum = r1cs.dot(x.iter().zip(&weights), None)?;
        r1cs.relu(&sum, Cut::by(8, Some(8)))?;
    }
    Ok(r1cs.finish()?.cs)
}

/// Nanoseconds of an entry of the matrices, and of a variable.
fn rows() -> Result<[f64; 2], ArithError> {
    let wide = |cs| layer(cs, 64, 128, false);
    let matrices = wide(Build::new())?.finish().0;
    let assignment = layer(Assign::new(), 64, 128, true)?.finish();
    let read = nanoseconds(|| (matrices.unsatisfied(&assignment), matrices.abc.times(&assignment)));
    // One input an output: what takes the time is the gadget.
    let values = |outputs| layer(Assign::new(), 1, outputs, true).map(|assign| assign.finish().len());
    let variables = values(REFERENCE / 32)?;
    let assigned = nanoseconds(|| values(REFERENCE / 32));
    Ok([read / matrices.work().entries.max(1) as f64, assigned / variables as f64])
}

/// Nanoseconds of the proof of a single constraint, and of its check.
fn one_row(rng: &mut dyn SecureRng) -> Result<(f64, Matrices), ArithError> {
    let one = vec![vec![(Fr::ONE, 1)]];
    let matrices = Matrices { abc: [one.clone(), one.clone(), one], instance: 2, witness: 1, ..Matrices::default() };
    let refused = |error: crate::prove::ProveError| ArithError::Backend(error.to_string());
    let (pk, vk) = Groth16::setup(&matrices, rng).map_err(refused)?;
    let assignment = [Fr::ONE; 3];
    let mut holds = true;
    let time = nanoseconds(|| {
        let proof = Groth16::prove(&pk, &(), &matrices, &assignment, None, rng);
        holds &= proof.is_ok_and(|proof| Groth16::holds(&Groth16::prepare(&vk), &(), &proof, &assignment[1..2]));
    });
    if holds { Ok((time, matrices)) } else { Err(ArithError::Backend("a proof does not hold".to_owned())) }
}

impl Rates {
    /// Measures this machine, with as many threads as `rayon` has: the kernels of the prover, on values such as a network's; a few seconds.
    /// What else runs meanwhile makes it slower than it is.
    ///
    /// # Errors
    /// If the randomness is not random.
    pub fn measure(rng: &mut dyn SecureRng) -> Result<Self, ArithError> {
        let g1 = per_value(&points::<G1Projective>(), msm::g1);
        let g2 = per_value(&points::<G2Projective>(), msm::g2);
        let values: Vec<Fr> = elements().take(REFERENCE).collect();
        let transforms = nanoseconds(|| {
            let (mut a, mut b) = (values.clone(), values.clone());
            let domain = Domain::new(REFERENCE);
            if let Some(domain) = &domain {
                domain.to_coset(&mut a);
                domain.to_coset(&mut b);
            }
            a.par_iter_mut().zip(&b).for_each(|(a, b)| *a *= b);
            (a, domain)
        });
        let [entry, variable] = rows()?;
        let (time, matrices) = one_row(rng)?;
        let rates = Self { proof: 0.0, point: transforms / REFERENCE as f64, entry, variable, g1, g2 };
        // What the model says of a single row is no part of what every proof takes.
        let proof = (time - 1e9 * Groth16::seconds(&matrices.work(), &rates)).max(0.0);
        Ok(Self { proof, ..rates })
    }
}
