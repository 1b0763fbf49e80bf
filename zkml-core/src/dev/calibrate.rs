//! Calibration of the cost model: `rate = time of a kernel / how much it did`, on the machine at hand.

use std::hint::black_box;
use std::time::Instant;

use ark_bn254::{G1Projective, G2Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;
use zkml_groth16::{domain::Domain, msm};

use crate::{
    arith::{
        Arith,
        r1cs::{Accumulate, Assign, R1cs, Ranged, Registering, Requests, Tables, Tally, WIDEST},
    },
    gadget::product::{linear_map::LinearMap, linear_operator::LinearOperator},
    graph::{Graph, Range, Visibility, Visible},
    layer::Args,
    model::Model,
    number::{ArithError, Cut, Int, Interval, field::to_field, interval::pow2},
    plan::{Quantized, Target},
    prove::{
        Backend, Fr, Groth16, Matrices, ProofSystem, Rates, Registered, SecureRng, TwoPhase,
        rates::{PerValue, REFERENCE, SMALL},
    },
    shape::Shape,
    tensor::Tensor,
};

/// A calibration that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the calibration failed: {0}")]
pub struct CalibrationError(String);

fn failed(error: impl ToString) -> CalibrationError {
    CalibrationError(error.to_string())
}

/// How often each kernel is measured; its median counts.
const ROUNDS: usize = 5;

/// So many of the fractions of lookups differ, where they are measured.
const DISTINCT: usize = 1 << 8;

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
        // Those that differ are full values beside them.
        fraction: of(elements().take(DISTINCT).collect::<Vec<_>>().repeat(REFERENCE / DISTINCT)),
    }
}

/// Bits: so many numbers, each cut and rectified.
fn bits<C: Accumulate>(cs: C, count: usize) -> Result<C, ArithError> {
    let mut r1cs = R1cs::new(Ranged::bits(Registering::new(cs, false)));
    let interval = Interval::new(Int::from(-1 << 16), Int::from((1 << 16) - 1))?;
    for value in small().take(count) {
        let x = r1cs.allocate(&interval, Some(value % interval.hi))?;
        r1cs.relu(&x, Cut::by(8, Some(8)))?;
    }
    Ok(r1cs.finish()?.cs.cs)
}

/// So many numbers of the widest limb, each looked up.
fn lookups<C: Accumulate>(cs: C, count: usize) -> Result<C, ArithError> {
    let mut requests = Requests::default();
    requests.add(WIDEST, count);
    let mut r1cs = R1cs::new(Ranged::lookups(Registering::new(cs, false), Tables::cheapest(&requests)));
    let interval = Interval::new(Int::ZERO, pow2(WIDEST) - Int::ONE)?;
    for value in small().take(count) {
        r1cs.allocate(&interval, Some(value & interval.hi))?;
    }
    Ok(r1cs.finish()?.cs.cs)
}

/// A small convolutional network of private weights, and an input of it.
fn network(rng: &mut dyn SecureRng) -> Result<(Quantized, Tensor), CalibrationError> {
    let mut graph =
        Graph::new("calibration", Shape::new([1, 16, 16])).with_range(Range::Real(-1.0, 1.0)).map_err(failed)?;
    let mut x = graph.input();
    let convolution = |filters: usize| Args::new().with("filters", filters).with("kernel", 3usize);
    for (layer, args) in [
        ("conv2d", convolution(4)),
        ("relu", Args::new()),
        ("conv2d", convolution(8)),
        ("relu", Args::new()),
        ("flatten", Args::new()),
        ("dense", Args::new().with("units", 10usize)),
    ] {
        x = graph.add(layer, args, &[x]).map_err(failed)?;
    }
    let visibility = Visibility { weights: Visible::Private, ..Visibility::default() };
    let shape = graph.shape(graph.input()).clone();
    let sample = Tensor::from_fn(shape, |i| (5 * i % 17) as f64 / 8.0 - 1.0);
    let target = Target { top1: 0.0, max_error: Some(1e9), tries: 1, ..Target::default() };
    let mut rng = rng;
    let model = Model::init(graph, visibility, &mut rng).map_err(failed)?;
    Ok((model.quantize(std::slice::from_ref(&sample), target).map_err(failed)?, sample))
}

/// Nanoseconds of an entry of the matrices, and of a variable of each length.
fn rows(rng: &mut dyn SecureRng) -> Result<(f64, PerValue), CalibrationError> {
    const COUNT: usize = REFERENCE / 16;
    let time = nanoseconds(|| bits(Assign::new(), COUNT).map(|assign| assign.finish().len()));
    let counts = bits(Tally::weighing(), COUNT).map_err(failed)?.work().unwrap_or_default().witness();
    let bit = time / counts.total() as f64;

    let mut challenge = |_: &[Fr], _: &[Fr]| Ok(Fr::from(REFERENCE as u64).square());
    let time =
        nanoseconds(|| lookups(Assign::two_phases(&mut challenge), REFERENCE).map(|assign| assign.finish().len()));
    let counts = lookups(Tally::weighing(), REFERENCE).map_err(failed)?.work().unwrap_or_default().witness();
    // What is looked up is an integer that is no sum.
    let full = (time - bit * counts.small as f64).max(0.0) / (counts.full + counts.fractions) as f64;

    let (quantized, input) = network(rng)?;
    let visibility = quantized.model().visibility();
    let mut rng = rng;
    let mut circuits = vec![quantized.circuit_in::<Groth16>(1, visibility).map_err(failed)?];
    circuits.push(quantized.circuit_in::<TwoPhase>(1, visibility).map_err(failed)?);
    circuits.push(quantized.circuit_in::<Registered>(1, visibility).map_err(failed)?);
    let (mut read, mut entries, mut rest, mut small) = (0.0, 0, 0.0, 0);
    for circuit in &circuits {
        let (matrices, inputs) = (circuit.matrices(), std::slice::from_ref(&input));
        let (assignment, _) = circuit.witness(inputs, &mut rng).map_err(failed)?;
        read += nanoseconds(|| matrices.evaluated(&assignment));
        let work = matrices.work();
        entries += work.entries;
        let counts = work.witness();
        rest += nanoseconds(|| circuit.witness(inputs, &mut rng));
        rest -= bit * counts.bits as f64 + full * (counts.full + counts.fractions) as f64;
        small += counts.small;
    }
    let small = rest.max(0.0) / small as f64;
    Ok((read / entries as f64, PerValue { bit, small, full, fraction: full }))
}

/// Nanoseconds of a known weight of a linear operator, and of a multiplication: of a witness, and of the rows' values.
fn operators() -> Result<(f64, f64), CalibrationError> {
    const SIDE: usize = 1 << 10;
    let known: Vec<Int> = small().map(|w| w % pow2(8)).take(SIDE * SIDE).collect();
    let interval = Interval::new(Int::ZERO, pow2(8) - Int::ONE).map_err(failed)?;
    // A matrix of so many rows times so many columns, of one length.
    let of = |rows: usize, columns: usize| -> Result<f64, CalibrationError> {
        let mut r1cs = R1cs::new(Assign::new());
        let mut element = |i: usize| r1cs.allocate(&interval, Some(Int::from(i as u64 % 256)));
        let x = (0..SIDE * columns).map(&mut element).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let columns: Vec<Vec<_>> = x.chunks(SIDE).map(|column| column.iter().collect()).collect();
        let map = LinearMap::Matrix { rows, columns: columns.len(), length: SIDE };
        let operator = LinearOperator::new(map, known.iter().take(rows * SIDE).copied())
            .ok_or_else(|| CalibrationError("weights of 8 bits are too wide".to_owned()))?;
        let values: Vec<Fr> = x.iter().map(|x| to_field(x.w)).collect();
        Ok(nanoseconds(|| {
            let weights: Vec<_> = known.iter().take(rows * SIDE).map(|w| r1cs.constant(*w)).collect();
            let rows: Vec<Vec<_>> = weights.chunks(SIDE).map(|row| row.iter().collect()).collect();
            (r1cs.matmul(&rows, &columns, &[]).map(|sums| sums.len()), operator.times(&values))
        }))
    };
    let (one, many) = (of(SIDE, 1)?, of(SIDE / 16, 16 * 16)?);
    // As many multiplications as weights, and 256 times as many.
    let (weights, all) = ((SIDE * SIDE) as f64, 16.0 * (SIDE * SIDE) as f64);
    let weight = (one - many / 16.0) / (weights - weights / 256.0);
    let multiplication = (many - weight.max(0.0) * weights / 16.0) / all;
    Ok((weight.max(0.0), multiplication.max(0.0)))
}

/// Nanoseconds of the proof of a single constraint, and of its check.
fn one_row(rng: &mut dyn SecureRng) -> Result<(f64, Matrices), CalibrationError> {
    let one = vec![vec![(Fr::ONE, 1)]];
    let matrices = Matrices { abc: [one.clone(), one.clone(), one], instance: 2, witness: 1, ..Matrices::default() };
    let (pk, vk) = Groth16::setup(&matrices, rng).map_err(failed)?;
    let assignment = [Fr::ONE; 3];
    let mut holds = true;
    let time = nanoseconds(|| {
        let sides = matrices.evaluated(&assignment).sides;
        let proof = Groth16::prove(&pk, &(), sides, &assignment, None, rng);
        holds &= proof.is_ok_and(|proof| Groth16::holds(&Groth16::prepare(&vk), &(), &proof, &assignment[1..2]));
    });
    if holds { Ok((time, matrices)) } else { Err(failed("a proof does not hold")) }
}

impl Rates {
    /// Measures this machine, with as many threads as `rayon` has: the kernels of the prover, on values such as a network's; a few seconds.
    /// What else runs meanwhile makes it slower than it is.
    ///
    /// # Errors
    /// If the randomness is not random.
    pub fn measure(rng: &mut dyn SecureRng) -> Result<Self, CalibrationError> {
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
        let (entry, variable) = rows(rng)?;
        let (weight, multiplication) = operators()?;
        let (time, matrices) = one_row(rng)?;
        let rates =
            Self { proof: 0.0, point: transforms / REFERENCE as f64, entry, weight, multiplication, variable, g1, g2 };
        // What the model says of a single row is no part of what every proof takes.
        let proof = (time - 1e9 * Groth16::seconds(&matrices.work(), &rates)).max(0.0);
        Ok(Self { proof, ..rates })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each kernel is of what its rate is said to be of.
    #[test]
    fn what_is_measured_is_what_the_rates_are_of() {
        let counts = bits(Tally::weighing(), 100).unwrap().work().unwrap().witness();
        assert!(counts.bits > 15 * counts.small && counts.full == 0, "{counts:?}");
        let counts = lookups(Tally::weighing(), REFERENCE).unwrap().work().unwrap().witness();
        assert!(counts.fractions == REFERENCE && counts.full == 1 << WIDEST && counts.bits == 0, "{counts:?}");
        assert!(counts.small <= counts.fractions + 2 * counts.full, "{counts:?}");

        let mut lengths = [[0; 2]; SMALL];
        for value in small().take(REFERENCE) {
            let bits = crate::number::interval::bit_len(value.abs());
            lengths[bits as usize - 1][usize::from(value < Int::ZERO)] += 1;
        }
        let each = REFERENCE / SMALL / 2;
        assert!(lengths.iter().flatten().all(|n| (each - each / 8..each + each / 8).contains(n)), "{lengths:?}");

        let mut seen: Vec<Fr> = elements().take(1000).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 1000);
    }
}
