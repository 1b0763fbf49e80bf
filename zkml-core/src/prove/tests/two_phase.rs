//! Attacks on the two-phase system, each with its control: the same attack on a variant that is broken on purpose, where it succeeds.

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, UniformRand, Zero};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use zkml_groth16::{Columns, Secrets};

use crate::{
    arith::r1cs::{Accumulate, Assign, Build, Oracle, Ranged, Tables},
    gadget::{Cs, FieldCs},
    number::{Int, field::to_field},
    prove::{
        phased::{Points, ProvingPoints, VerifyingPoints},
        *,
    },
};

/// `x` and `y` public, `x y = z` public, and `x` a number of three bits by a lookup.
fn circuit<C: Accumulate>(cs: C, x: i64, y: i64) -> C {
    let mut cs = Ranged::lookups(cs, Tables::of(&[3]));
    let [x, y] = [x, y].map(|v| cs.instance(Some(Int::from(v))));
    let z = cs.product(&x, &y);
    let z = cs.lift(&z);
    cs.field_output(&z);
    let hidden = cs.witness(cs.value(&x));
    let difference = cs.linear(&[(Int::ONE, &x), (-Int::ONE, &hidden)], Int::ZERO);
    cs.enforce_zero(&difference);
    cs.range(&hidden, 3);
    cs.close_requests().unwrap();
    cs.cs
}

/// Columns of the circuit: one, x, y, z, the challenge; the product, the hidden x, eight multiplicities; the quotient of the limb, and
/// those of the eight entries.
const PUBLIC: usize = 5;
const FIXED: usize = 10;
const MULTIPLICITY: usize = 7;

fn matrices() -> Matrices {
    let matrices = circuit(Build::two_phases(), 1, 1).finish().0;
    assert_eq!((matrices.instance, &matrices.phases[..]), (PUBLIC, &[FIXED, 9][..]));
    matrices
}

fn fill(x: i64, y: i64, oracle: Oracle<'_>) -> Vec<Fr> {
    circuit(Assign::two_phases(oracle), x, y).finish()
}

/// All that is known of a setup, for attacks by who knows too much.
struct Known {
    key: ProvingPoints,
    secrets: Secrets,
}

/// A setup with these deltas over `delta`, and `gamma` over the first, or independent ones.
fn known(ratio: Option<u64>, gamma: Option<u64>) -> Known {
    let rng = &mut StdRng::seed_from_u64(31);
    let [alpha, beta, tau, delta] = [(); 4].map(|()| Fr::rand(rng));
    let first = ratio.map_or_else(|| Fr::rand(rng), |ratio| delta * Fr::from(ratio));
    let gamma = gamma.map_or_else(|| Fr::rand(rng), |ratio| first * Fr::from(ratio));
    let secrets = Secrets { alpha, beta, gamma, deltas: vec![first, delta], tau };
    let matrices = matrices();
    let columns = Columns { instance: matrices.instance, phases: &matrices.phases };
    Known { key: zkml_groth16::setup(&matrices.abc, columns, &secrets).unwrap(), secrets }
}

fn accepts(vk: &VerifyingPoints, proof: &Points, inputs: &[Fr]) -> bool {
    TwoPhase::admit_verifying(vk).unwrap();
    TwoPhase::holds(&TwoPhase::prepare(vk), &(), proof, inputs)
}

/// As the real verifier, but for what the challenge is drawn from.
fn accepts_with(vk: &VerifyingPoints, proof: &Points, inputs: &[Fr], challenge: Fr) -> bool {
    zkml_groth16::holds(&zkml_groth16::prepare(vk), proof, &[inputs, &[challenge]].concat())
}

fn integers(values: [i64; 3]) -> Vec<Fr> {
    values.iter().map(|v| to_field(Int::from(*v))).collect()
}

/// An honest proof, by hand: its commitment is `kappa`'s.
fn proof_of(key: &ProvingPoints, x: i64, y: i64, kappa: Fr) -> (Points, Vec<Fr>) {
    let mut point = G1Affine::identity();
    let z = fill(x, y, &mut |public, fixed| {
        point = zkml_groth16::commit(key, 0, fixed, kappa).unwrap();
        Ok(transcript::challenge(&transcript::key_digest(&key.vk), &[point], &public[1..]))
    });
    let blinding = [Fr::from(11u64), Fr::from(12u64)];
    let proof = zkml_groth16::prove(key, &matrices().abc, &z, &[(point, kappa)], blinding).unwrap();
    (proof, z)
}

/// The assignment of a false `x`, whose multiplicities make up for it at a challenge that is known.
fn forged_at(r: Fr, x: i64, y: i64) -> Vec<Fr> {
    let mut z = fill(x, y, &mut |_, _| Ok(r));
    // Nothing is looked up as often as this, and this is nothing that can be counted.
    z[MULTIPLICITY] = (r - to_field(Int::from(x))).inverse().unwrap() * r;
    z[PUBLIC + FIXED + 1] = z[MULTIPLICITY] * r.inverse().unwrap();
    assert_eq!(matrices().unsatisfied(&z), Vec::<usize>::new());
    z
}

#[test]
fn honest_proofs_hold_and_false_numbers_have_none() {
    let Known { key, .. } = known(None, None);
    for x in 0..8 {
        let (proof, z) = proof_of(&key, x, 5, Fr::from(9u64));
        assert_eq!(z[1..4], integers([x, 5, 5 * x]));
        assert!(accepts(&key.vk, &proof, &z[1..4]));
    }
    for x in [-1, 8, 11] {
        let (proof, z) = proof_of(&key, x, 5, Fr::from(9u64));
        assert!(!matrices().unsatisfied(&z).is_empty());
        assert!(!accepts(&key.vk, &proof, &z[1..4]));
    }
}

/// The prover fixes anything, waits for the challenge, and then moves the first phase's values: possible if the ratio of the deltas is
/// known. Nothing in a key shows that, so keys come from a ceremony.
#[test]
fn the_first_phase_moves_after_the_challenge_only_if_the_ratio_of_the_deltas_is_known() {
    let attack = |known: &Known, ratio: Fr| {
        let key = &known.key;
        let kappa = Fr::from(9u64);
        // Fixed: what is honest for 3. The challenge is for these, and for the public inputs of 11.
        let honest = fill(3, 5, &mut |_, _| Ok(Fr::from(1u64 << 50)));
        let fixed = &honest[PUBLIC..][..FIXED];
        let point = zkml_groth16::commit(key, 0, fixed, kappa).unwrap();
        let inputs = integers([11, 5, 55]);
        let r = transcript::challenge(&transcript::key_digest(&key.vk), &[point], &inputs);
        let z = forged_at(r, 11, 5);
        let moved: Vec<Fr> = fixed.iter().zip(&z[PUBLIC..]).map(|(fixed, now)| *fixed - now).collect();
        let excess = zkml_groth16::commit(key, 0, &moved, Fr::zero()).unwrap();
        let blinding = [Fr::from(11u64), Fr::from(12u64)];
        let mut proof = zkml_groth16::prove(key, &matrices().abc, &z, &[(point, kappa)], blinding).unwrap();
        proof.c = (proof.c - excess * ratio).into_affine();
        accepts(&key.vk, &proof, &inputs)
    };
    // The control.
    assert!(attack(&known(Some(7), None), Fr::from(7u64)));
    let independent = known(None, None);
    for ratio in [0u64, 1, 7].map(Fr::from) {
        assert!(!attack(&independent, ratio));
    }
    // Who knows the secrets can: that is what a setup by a single party means.
    let Secrets { deltas, .. } = &independent.secrets;
    assert!(attack(&independent, deltas[0] * deltas[1].inverse().unwrap()));
}

/// A public input is exchanged against a part of the commitment: possible if the ratio of gamma and the first delta is known.
#[test]
fn public_inputs_move_into_the_commitment_only_if_gamma_is_known() {
    let attack = |known: &Known, ratio: Fr| {
        let key = &known.key;
        let (kappa, claimed) = (Fr::from(9u64), integers([3, 5, 16]));
        let mut point = G1Affine::identity();
        // One of z is in the commitment: the claim is a false product.
        let z = fill(3, 5, &mut |_, fixed| {
            let honest = zkml_groth16::commit(key, 0, fixed, kappa).unwrap();
            point = (honest - key.vk.ic[3] * ratio).into_affine();
            Ok(transcript::challenge(&transcript::key_digest(&key.vk), &[point], &claimed))
        });
        let blinding = [Fr::from(11u64), Fr::from(12u64)];
        let proof = zkml_groth16::prove(key, &matrices().abc, &z, &[(point, kappa)], blinding).unwrap();
        accepts(&key.vk, &proof, &claimed)
    };
    assert!(attack(&known(None, Some(7)), Fr::from(7u64)));
    let independent = known(None, None);
    for ratio in [0u64, 1, 7].map(Fr::from) {
        assert!(!attack(&independent, ratio));
    }
}

/// A challenge that does not depend on the commitment, or not on the public inputs, is known before these are chosen.
#[test]
fn the_challenge_depends_on_everything_that_is_fixed_before_it() {
    let Known { key, .. } = known(None, None);
    let digest = transcript::key_digest(&key.vk);
    let kappa = Fr::from(9u64);
    let prove = |z: &[Fr]| {
        let point = zkml_groth16::commit(&key, 0, &z[PUBLIC..][..FIXED], kappa).unwrap();
        zkml_groth16::prove(&key, &matrices().abc, z, &[(point, kappa)], [Fr::from(11u64), Fr::from(12u64)]).unwrap()
    };
    // Without the commitment.
    let inputs = integers([11, 5, 55]);
    let broken = transcript::challenge(&digest, &[], &inputs);
    let proof = prove(&forged_at(broken, 11, 5));
    assert!(accepts_with(&key.vk, &proof, &inputs, broken));
    assert!(!accepts(&key.vk, &proof, &inputs));
    // Without the public inputs: x is a public input, and equal to what is looked up, so all of it is fixed with the commitment. What is
    // free is another input: the control shows that it is.
    let z = fill(3, 5, &mut |_, fixed| {
        Ok(transcript::challenge(&digest, &[zkml_groth16::commit(&key, 0, fixed, kappa).unwrap()], &[]))
    });
    let proof = prove(&z);
    assert!(accepts_with(&key.vk, &proof, &z[1..4], z[4]));
    assert!(!accepts(&key.vk, &proof, &z[1..4]));
    // Under the digest of another key.
    let z = fill(3, 5, &mut |public, fixed| {
        let point = zkml_groth16::commit(&key, 0, fixed, kappa).unwrap();
        Ok(transcript::challenge(&[7; 32], &[point], &public[1..]))
    });
    let proof = prove(&z);
    assert!(accepts_with(&key.vk, &proof, &z[1..4], z[4]));
    assert!(!accepts(&key.vk, &proof, &z[1..4]));
}

#[test]
fn every_word_of_the_transcript_counts() {
    let rng = &mut StdRng::seed_from_u64(3);
    let point = |rng: &mut StdRng| (G1Affine::generator() * Fr::rand(rng)).into_affine();
    let (a, b, x, y) = (point(rng), point(rng), Fr::rand(rng), Fr::rand(rng));
    let key = [5; 32];
    let all = [
        transcript::challenge(&key, &[a], &[x, y]),
        transcript::challenge(&[6; 32], &[a], &[x, y]),
        transcript::challenge(&key, &[b], &[x, y]),
        transcript::challenge(&key, &[-a], &[x, y]),
        transcript::challenge(&key, &[G1Affine::identity()], &[x, y]),
        transcript::challenge(&key, &[a], &[y, x]),
        transcript::challenge(&key, &[a], &[x]),
        transcript::challenge(&key, &[a, b], &[x, y]),
    ];
    for (i, r) in all.iter().enumerate() {
        assert!(!all[..i].contains(r));
    }
    let Known { key, .. } = known(None, None);
    let digest = transcript::key_digest(&key.vk);
    let other = |change: &dyn Fn(&mut VerifyingPoints)| {
        let mut vk = key.vk.clone();
        change(&mut vk);
        assert_ne!(transcript::key_digest(&vk), digest);
    };
    other(&|vk| vk.alpha_g1 = -vk.alpha_g1);
    other(&|vk| vk.beta_g2 = -vk.beta_g2);
    other(&|vk| vk.gamma_g2 = -vk.gamma_g2);
    other(&|vk| vk.deltas_g2.swap(0, 1));
    other(&|vk| vk.ic.swap(1, 2));
    other(&|vk| vk.ic.truncate(4));
}

/// Without `kappa`, whoever guesses the witness can see that the guess is right; with it, two proofs of one witness have nothing in
/// common.
#[test]
fn a_commitment_hides_what_it_is_to() {
    let Known { key, .. } = known(None, None);
    let guess = |x: i64| {
        let z = fill(x, 5, &mut |_, _| Ok(Fr::from(1u64 << 50)));
        zkml_groth16::commit(&key, 0, &z[PUBLIC..][..FIXED], Fr::zero()).unwrap()
    };
    let (bare, _) = proof_of(&key, 3, 5, Fr::zero());
    assert_eq!((0..8).filter(|x| guess(*x) == bare.commitments[0]).collect::<Vec<_>>(), [3]);
    let rng = &mut StdRng::seed_from_u64(4);
    let [(a, _), (b, _)] = [(); 2].map(|()| {
        let fixed = fill(3, 5, &mut |_, _| Ok(Fr::from(1u64 << 50)))[PUBLIC..][..FIXED].to_vec();
        TwoPhase::commit(&key, &(), &integers([1, 3, 5]), &fixed, rng).unwrap()
    });
    // Their challenges are those of different commitments.
    assert_ne!(a, b);
    assert!((0..8).all(|x| {
        let digest = transcript::key_digest(&key.vk);
        transcript::challenge(&digest, &[guess(x)], &integers([1, 3, 5])[1..]) != a
    }));
}

/// Anyone can make another proof of the same statement of one, but with another commitment only who knows the witness.
#[test]
fn a_proof_is_made_anew_but_its_commitment_is_not() {
    let Known { key, .. } = known(None, None);
    let (proof, z) = proof_of(&key, 3, 5, Fr::from(9u64));
    let inputs = &z[1..4];
    let (u, v) = (Fr::from(77u64), Fr::from(5u64));
    let delta_g2 = key.vk.deltas_g2[1];
    let anew = Points {
        a: (proof.a * u.inverse().unwrap()).into_affine(),
        b: (proof.b * u + delta_g2 * (u * v)).into_affine(),
        c: (proof.c + proof.a * v).into_affine(),
        commitments: proof.commitments.clone(),
    };
    assert_ne!(anew, proof);
    assert!(accepts(&key.vk, &anew, inputs));
    // As a control: it is the challenge that stands in the way, and not the equation.
    let shifted = Points {
        commitments: vec![(proof.commitments[0] + key.deltas_g1[1] * v).into_affine()],
        c: (proof.c - key.deltas_g1[0] * v).into_affine(),
        ..proof.clone()
    };
    assert!(accepts_with(&key.vk, &shifted, inputs, z[4]));
    assert!(!accepts(&key.vk, &shifted, inputs));
    // Nor is the commitment of another proof taken, none, or one more.
    let (other, _) = proof_of(&key, 3, 5, Fr::from(10u64));
    for commitments in [other.commitments.clone(), vec![], [proof.commitments.clone(), other.commitments].concat()] {
        assert!(!accepts(&key.vk, &Points { commitments, ..proof.clone() }, inputs));
    }
}

#[test]
fn keys_whose_secrets_coincide_are_refused() {
    let vk = known(None, None).key.vk;
    let refused = |change: &dyn Fn(&mut VerifyingPoints)| {
        let mut vk = vk.clone();
        change(&mut vk);
        TwoPhase::admit_verifying(&vk).unwrap_err().to_string()
    };
    for error in [
        refused(&|vk| vk.deltas_g2[0] = vk.deltas_g2[1]),
        refused(&|vk| vk.deltas_g2[0] = vk.gamma_g2),
        refused(&|vk| vk.deltas_g2[1] = vk.gamma_g2),
        refused(&|vk| vk.deltas_g2[0] = G2Affine::generator()),
        refused(&|vk| vk.deltas_g2[1] = G2Affine::generator()),
    ] {
        assert!(error.contains("so that anything can be proved"), "{error}");
    }
    for error in [
        refused(&|vk| vk.deltas_g2[0] = G2Affine::identity()),
        refused(&|vk| vk.gamma_g2 = G2Affine::identity()),
        refused(&|vk| vk.ic[4] = G1Affine::identity()),
    ] {
        assert!(error.contains("is zero"), "{error}");
    }
    assert!(refused(&|vk| vk.deltas_g2.truncate(1)).contains("expected 2"));
    // A prover that hides by a point that is zero, or that is not what the verifier has, hides nothing.
    let key = known(None, None).key;
    for (change, expected) in [(0, "is zero"), (1, "differ")] {
        let mut key = key.clone();
        key.deltas_g1[1] = if change == 0 { G1Affine::identity() } else { G1Affine::generator() };
        let error = TwoPhase::admit_proving(&key).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    // A witness column of two phases, or of none.
    let mut twice = key.clone();
    let column = twice.k[0][0];
    twice.k[1].push(column);
    assert!(TwoPhase::admit_proving(&twice).is_err());
    let mut never = key;
    never.k[0].pop();
    assert!(TwoPhase::admit_proving(&never).is_err());
}

#[test]
fn a_thousand_proofs_hold_and_a_thousand_corrupted_ones_do_not() {
    let Known { key, .. } = known(None, None);
    let prepared = TwoPhase::prepare(&key.vk);
    let rng = &mut StdRng::seed_from_u64(8);
    let generator = G1Affine::generator();
    for i in 0..1000i64 {
        let (proof, z) = proof_of(&key, i % 8, i, Fr::rand(rng));
        assert!(TwoPhase::holds(&prepared, &(), &proof, &z[1..4]));
        let (mut other, mut inputs) = (proof, z[1..4].to_vec());
        let scalar = Fr::rand(rng);
        match i % 7 {
            0 => other.a = (other.a + generator * scalar).into_affine(),
            1 => other.b = (other.b * scalar).into_affine(),
            2 => other.c = (other.c + generator * scalar).into_affine(),
            3 => other.commitments[0] = (other.commitments[0] + generator * scalar).into_affine(),
            n => inputs[n as usize - 4] += scalar,
        }
        assert!(!TwoPhase::holds(&prepared, &(), &other, &inputs), "{i}");
    }
}
