//! Attacks on registered weights, each with its control: the same attack on a variant that is broken on purpose, where
//! it succeeds.

use ark_bn254::{G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup, pairing::Pairing};
use ark_ff::{Field, One, UniformRand, Zero};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use zkml_groth16::{Columns, Secrets, domain::Domain};

use super::{
    CONTENTS,
    registered::{H, INSTANCE, M, P, R, W, bare, commit_of, field, fill, keys_of, looked_up, of_rows, prove_it, table},
};
use crate::prove::{
    phased::{Points, ProvingPoints, Registration, VerifyingPoints},
    *,
};

/// All that is known of a setup, for attacks by who knows too much.
struct Known {
    key: ProvingPoints,
    secrets: Secrets,
}

/// A setup whose first delta has this ratio to that of another phase; or independent ones.
fn known(matrices: &Matrices, ratio: Option<(usize, u64)>) -> Known {
    let rng = &mut StdRng::seed_from_u64(31);
    let [alpha, beta, gamma, tau] = [(); 4].map(|()| Fr::rand(rng));
    let mut deltas: Vec<Fr> = (0..3).map(|_| Fr::rand(rng)).collect();
    if let Some((phase, ratio)) = ratio {
        deltas[0] = deltas[phase] * Fr::from(ratio);
    }
    let secrets = Secrets { alpha, beta, gamma, deltas, tau };
    let columns = Columns { instance: matrices.instance, phases: &matrices.phases };
    Known { key: zkml_groth16::setup(&matrices.abc, columns, &secrets).unwrap(), secrets }
}

fn digest_of(key: &ProvingPoints) -> [u8; 32] {
    WeightsCommitment::key_digest(&key.vk)
}

fn registered(key: &ProvingPoints, point: G1Affine) -> WeightsCommitment {
    WeightsCommitment::new(digest_of(key), point).unwrap()
}

/// The real verifier.
fn accepts(vk: &VerifyingPoints, weights: &WeightsCommitment, proof: &Points, inputs: &[Fr]) -> bool {
    Registered::admit_verifying(vk).unwrap();
    Registered::holds(&Registered::prepare(vk), weights, proof, inputs)
}

/// As the real verifier, but for what the challenge is drawn from.
fn accepts_with(vk: &VerifyingPoints, weights: G1Affine, proof: &Points, inputs: &[Fr], challenge: &[Fr]) -> bool {
    let whole = Points { commitments: [&[weights], &proof.commitments[..]].concat(), ..proof.clone() };
    zkml_groth16::holds(&zkml_groth16::prepare(vk), &whole, &[inputs, challenge].concat())
}

/// A proof of this assignment, with what is committed to given by its points and their `kappa`s: `D_w`, `D`.
fn by_hand(key: &ProvingPoints, matrices: &Matrices, z: &[Fr], [weights, own]: [(G1Affine, Fr); 2]) -> Points {
    let blinding = [Fr::from(11u64), Fr::from(12u64)];
    let mut proof = zkml_groth16::prove(key, &matrices.abc, z, &[weights, own], blinding).unwrap();
    proof.commitments.drain(..1);
    proof
}

fn commit(key: &ProvingPoints, phase: usize, values: &[Fr], kappa: u64) -> G1Affine {
    zkml_groth16::commit(key, phase, values, Fr::from(kappa)).unwrap()
}

fn challenge(key: &ProvingPoints, points: [G1Affine; 2], inputs: &[Fr]) -> Fr {
    transcript::registered_challenge(&digest_of(key), &points[0], &points[1..], inputs)
}

fn filled(w: [i64; 2], x: [i64; 2], draw: &mut dyn FnMut(&[Fr], &[Fr]) -> Fr) -> Vec<Fr> {
    fill::<()>(true, w, x, &mut |public, fixed| Ok(draw(public, fixed))).unwrap()
}

/// The values that are fixed, at no challenge that matters.
fn fixed(w: [i64; 2], x: [i64; 2]) -> Vec<Fr> {
    filled(w, x, &mut |_, _| Fr::from(1u64 << 50))
}

/// 4: other weights than those that are registered are moved into the commitment of a proof, if the ratio of the deltas
/// is known.
#[test]
fn a_proof_uses_other_weights_only_if_the_ratio_of_the_deltas_is_known() {
    let (honest, other, x) = ([3, -7], [1, 20], [5, 2]);
    let attack = |known: &Known, ratio: Fr| {
        let key = &known.key;
        let old = fixed(honest, x)[W..P].to_vec();
        let weights = commit(key, 0, &old, 9);
        let mut own = G1Affine::identity();
        let z = filled(other, x, &mut |public, fixed| {
            let moved: Vec<Fr> = fixed.iter().zip(&old).map(|(now, old)| *now - old).collect();
            let moved = zkml_groth16::commit(key, 0, &moved, Fr::zero()).unwrap();
            own = (commit(key, 1, &fixed[2..], 8) + moved * ratio).into_affine();
            challenge(key, [weights, own], &public[1..])
        });
        assert!(looked_up().unsatisfied(&z).is_empty());
        let proof = by_hand(key, &looked_up(), &z, [(weights, Fr::from(9u64)), (own, Fr::from(8u64))]);
        Registered::holds(&Registered::prepare(&key.vk), &registered(key, weights), &proof, &z[1..R])
    };
    // The control: a ratio that is known, and no key shows it.
    let broken = known(&looked_up(), Some((1, 7)));
    assert!(Registered::admit_verifying(&broken.key.vk).is_ok());
    assert!(attack(&broken, Fr::from(7u64)));
    let independent = known(&looked_up(), None);
    for ratio in [0u64, 1, 7].map(Fr::from) {
        assert!(!attack(&independent, ratio));
    }
    // Who knows the secrets can: that is what a setup by a single party means.
    let deltas = independent.secrets.deltas.clone();
    let ratio = deltas[0] * deltas[1].inverse().unwrap();
    assert!(attack(&independent, ratio));
    // Equal ones are refused: the setup makes none, and whoever does, by moving the weights' points over, has no key of
    // it.
    let mut equal = independent;
    equal.key.k[0].iter_mut().for_each(|k| *k = (*k * ratio).into_affine());
    equal.key.deltas_g1[0] = equal.key.deltas_g1[1];
    equal.key.vk.deltas_g2[0] = equal.key.vk.deltas_g2[1];
    assert!(attack(&equal, Fr::one()));
    let error = Registered::admit_verifying(&equal.key.vk).unwrap_err().to_string();
    assert!(error.contains("so that anything can be proved"), "{error}");
}

/// The weights that are not registered move into the last part of a proof, after the challenge, if that ratio is known.
#[test]
fn registered_weights_move_after_the_challenge_only_if_the_ratio_to_the_last_delta_is_known() {
    let (honest, other, x) = ([3, -7], [1, 20], [5, 2]);
    let attack = |known: &Known, ratio: Fr| {
        let key = &known.key;
        let old = fixed(honest, x)[W..P].to_vec();
        let weights = commit(key, 0, &old, 9);
        let mut own = G1Affine::identity();
        let z = filled(other, x, &mut |public, fixed| {
            own = commit(key, 1, &fixed[2..], 8);
            challenge(key, [weights, own], &public[1..])
        });
        let mut proof = by_hand(key, &looked_up(), &z, [(weights, Fr::from(9u64)), (own, Fr::from(8u64))]);
        let moved: Vec<Fr> = z[W..P].iter().zip(&old).map(|(now, old)| *now - old).collect();
        let moved = zkml_groth16::commit(key, 0, &moved, Fr::zero()).unwrap();
        proof.c = (proof.c + moved * ratio).into_affine();
        accepts(&key.vk, &registered(key, weights), &proof, &z[1..R])
    };
    assert!(attack(&known(&looked_up(), Some((2, 7))), Fr::from(7u64)));
    let independent = known(&looked_up(), None);
    for ratio in [0u64, 1, 7].map(Fr::from) {
        assert!(!attack(&independent, ratio));
    }
}

/// A transcript with these points, word by word: what the real one would be if it had these alone.
fn hashed(key: &ProvingPoints, points: &[G1Affine], inputs: &[Fr]) -> Fr {
    let mut tag = [0; 32];
    tag[..27].copy_from_slice(b"zkml registered challenge 1");
    let points = points.iter().flat_map(word::of_g1);
    let words: Vec<_> =
        [tag, digest_of(key)].into_iter().chain(points).chain(inputs.iter().map(|x| word::of_field(*x))).collect();
    word::reduce(&word::keccak256(words.as_flattened()))
}

/// 10, 12: whatever the challenge does not depend on can be chosen after it.
#[test]
fn the_challenge_depends_on_the_weights_and_on_the_commitment() {
    let Known { key, .. } = known(&looked_up(), None);
    let digest = digest_of(&key);
    let x = [0, 2];
    // Without the weights' commitment: multiplicities are fixed, then a first weight is solved for that no table has.
    let honest = fixed([3, -7], x);
    let inputs = &honest[1..R];
    let mut z = honest.clone();
    let without = |own: G1Affine| hashed(&key, &[own], inputs);
    // Half of one entry, and half of another.
    let half = Fr::from(2u64).inverse().unwrap();
    (z[M], z[M + 3]) = (half, half);
    let own = commit(&key, 1, &z[P..H], 8);
    let r = without(own);
    z[R] = r;
    let sum = (0..4).fold(Fr::zero(), |sum, t| {
        z[H + 1 + t] = z[M + t] * (r - Fr::from(t as u64)).inverse().unwrap();
        sum + z[H + 1 + t]
    });
    z[H] = sum;
    z[W] = r - sum.inverse().unwrap();
    assert!((0..4u64).all(|t| z[W] != Fr::from(t)));
    assert!(looked_up().unsatisfied(&z).is_empty());
    let weights = commit(&key, 0, &z[W..P], 9);
    let both = [(weights, Fr::from(9u64)), (own, Fr::from(8u64))];
    let proof = by_hand(&key, &looked_up(), &z, both);
    assert!(accepts_with(&key.vk, weights, &proof, inputs, &[r]));
    assert!(!accepts(&key.vk, &registered(&key, weights), &proof, inputs));

    // Without the proof's own commitment: a weight that no table has, and multiplicities that make up for it.
    let mut z = fixed([9, -7], x);
    let weights = commit(&key, 0, &z[W..P], 9);
    let r = hashed(&key, &[weights], &z[1..R]);
    z[R] = r;
    z[H] = (r - Fr::from(9u64)).inverse().unwrap();
    z[M] = z[H] * r;
    z[H + 1] = z[H];
    for t in 1..4 {
        (z[M + t], z[H + 1 + t]) = (Fr::zero(), Fr::zero());
    }
    assert!(looked_up().unsatisfied(&z).is_empty());
    let own = commit(&key, 1, &z[P..H], 8);
    let proof = by_hand(&key, &looked_up(), &z, [(weights, Fr::from(9u64)), (own, Fr::from(8u64))]);
    assert!(accepts_with(&key.vk, weights, &proof, &z[1..R], &[r]));
    assert!(!accepts(&key.vk, &registered(&key, weights), &proof, &z[1..R]));

    // Under the digest of another key, the tag of another system, without inputs: honest, but at other challenges.
    let at = |draw: &dyn Fn([G1Affine; 2], &[Fr]) -> Fr| {
        let mut points = [G1Affine::identity(); 2];
        let z = filled([3, -7], [5, 2], &mut |public, fixed| {
            points = [commit(&key, 0, &fixed[..2], 9), commit(&key, 1, &fixed[2..], 8)];
            draw(points, &public[1..])
        });
        let [weights, own] = points;
        let proof = by_hand(&key, &looked_up(), &z, [(weights, Fr::from(9u64)), (own, Fr::from(8u64))]);
        assert!(accepts_with(&key.vk, weights, &proof, &z[1..R], &[z[R]]));
        accepts(&key.vk, &registered(&key, weights), &proof, &z[1..R])
    };
    let real = |points: [G1Affine; 2], inputs: &[Fr]| challenge(&key, points, inputs);
    assert!(at(&real));
    assert!(at(&|points, inputs| hashed(&key, &points, inputs)));
    assert!(!at(&|[w, d], inputs| transcript::registered_challenge(&[7; 32], &w, &[d], inputs)));
    assert!(!at(&|points, inputs| transcript::challenge(&digest, &points, inputs)));
    assert!(!at(&|points, _| hashed(&key, &points, &[])));
    assert!(!at(&|[w, d], inputs| real([d, w], inputs)));
    assert!(!at(&|points, inputs| real(points, &[inputs[1], inputs[0], inputs[2]])));
}

/// 12: a key's digest is of all of it, of no other system's, and has no second reading.
#[test]
fn every_word_of_a_key_counts() {
    let Known { key, .. } = known(&looked_up(), None);
    let digest = transcript::registered_key_digest(&key.vk);
    assert_ne!(digest, transcript::key_digest(&key.vk));
    let other = |change: &dyn Fn(&mut VerifyingPoints)| {
        let mut vk = key.vk.clone();
        change(&mut vk);
        assert_ne!(transcript::registered_key_digest(&vk), digest);
    };
    other(&|vk| vk.alpha_g1 = -vk.alpha_g1);
    other(&|vk| vk.beta_g2 = -vk.beta_g2);
    other(&|vk| vk.gamma_g2 = -vk.gamma_g2);
    (0..3).for_each(|i| other(&|vk| vk.deltas_g2[i] = -vk.deltas_g2[i]));
    (0..INSTANCE).for_each(|i| other(&|vk| vk.ic[i] = -vk.ic[i]));
    other(&|vk| vk.deltas_g2.swap(0, 1));
    other(&|vk| vk.ic.swap(1, 2));
    other(&|vk| vk.ic.truncate(4));
}

/// 15, 16: without `kappa_w` weights can be guessed, and with the same one under two keys as well.
#[test]
fn weights_cannot_be_guessed() {
    type Curve = points::Curve;
    let [keys, others] = [2, 9].map(|seed| keys_of(&looked_up(), seed));
    let [key, other] = [&keys, &others].map(|keys| keys.proving.pk());
    let truth = [3, -7];
    let all: Vec<[i64; 2]> = (0..4).flat_map(|w| (-9..0).map(move |v| [w, v])).collect();
    let bare = |key: &ProvingPoints, w: [i64; 2]| commit(key, 0, &w.map(field), 0);
    // Whether a guess is seen to be right from one commitment.
    let seen = |d: G1Affine| all.iter().copied().filter(|w| bare(key, *w) == d).collect::<Vec<_>>();
    assert_eq!(seen(bare(key, truth)), [truth]);
    let opening = commit_of(&keys, truth, 3);
    assert!(seen(opening.commitment().point()).is_empty());
    // From two, under two keys: `D_w - sum w G` and `D'_w - sum w G'` are the same multiple of two deltas.
    let pair_seen = |d: G1Affine, e: G1Affine| {
        let right = |w: &[i64; 2]| {
            let (d, e) = ((d - bare(key, *w)).into_affine(), (e - bare(other, *w)).into_affine());
            Curve::pairing(d, other.vk.deltas_g2[2]) == Curve::pairing(e, key.vk.deltas_g2[2])
        };
        all.iter().copied().filter(right).collect::<Vec<_>>()
    };
    let same = |key: &ProvingPoints| commit(key, 0, &truth.map(field), 77);
    assert_eq!(pair_seen(same(key), same(other)), [truth]);
    // The same source of randomness, from the same seed.
    let again = commit_of(&others, truth, 3);
    assert!(pair_seen(opening.commitment().point(), again.commitment().point()).is_empty());
    // From two lists of weights that differ a little, under one key: their difference is that of the weights.
    let difference = |d: G1Affine, e: G1Affine| (d - e).into_affine() == commit(key, 0, &[field(0), field(1)], 0);
    let next = [truth[0], truth[1] - 1];
    assert!(difference(same(key), commit(key, 0, &next.map(field), 77)));
    assert!(!difference(opening.commitment().point(), commit_of(&keys, next, 3).commitment().point()));
    // Two proofs of one assignment have nothing in common.
    let rng = &mut StdRng::seed_from_u64(5);
    let [a, b] = [(); 2].map(|()| prove_it(&keys, &opening, truth, [5, 2], rng).unwrap().proof);
    assert!(a.a != b.a && a.b != b.b && a.c != b.c && a.commitments != b.commitments);
}

/// 33: weights whose columns are equal are bound by their sum alone; the setup takes no such constraints.
#[test]
fn a_commitment_opens_to_one_list_of_weights() {
    // Both weights occur as their sum only.
    let mut sums = looked_up();
    sums.abc[0][0] = vec![(Fr::one(), W), (Fr::one(), W + 1)];
    sums.abc[0][1] = sums.abc[0][0].clone();
    sums.abc[1][3] = vec![(Fr::one(), R), (-Fr::one(), W), (-Fr::one(), W + 1)];
    let open = |matrices: &Matrices, w: [i64; 2]| commit(&known(matrices, None).key, 0, &w.map(field), 9);
    assert_eq!(open(&sums, [3, -7]), open(&sums, [4, -8]));
    let refused = setup::<Registered>(&sums, table(), CONTENTS, &mut StdRng::seed_from_u64(1)).map(|_| ());
    assert_eq!(refused, Err(ProveError::NotAlone { index: 0, count: 2 }));
    assert_ne!(open(&looked_up(), [3, -7]), open(&looked_up(), [4, -8]));
}

/// 39: zero weights, if the commitment may be left out or be zero.
#[test]
fn the_commitment_cannot_be_left_out() {
    let Known { key, .. } = known(&looked_up(), None);
    let infinity = G1Affine::identity();
    let mut own = infinity;
    let z = filled([0, 0], [5, 2], &mut |public, fixed| {
        own = commit(&key, 1, &fixed[2..], 8);
        challenge(&key, [infinity, own], &public[1..])
    });
    let proof = by_hand(&key, &looked_up(), &z, [(infinity, Fr::zero()), (own, Fr::from(8u64))]);
    // The control: the equation has no opinion on it.
    assert!(accepts_with(&key.vk, infinity, &proof, &z[1..R], &[z[R]]));
    let error = WeightsCommitment::new(digest_of(&key), infinity).unwrap_err();
    assert!(matches!(error, LoadError::Point { fault: PointFault::Zero, .. }));
    // Nor is it taken from a proof.
    let carried = Points { commitments: vec![infinity, own], ..proof.clone() };
    let weights = registered(&key, commit(&key, 0, &[field(3), field(-7)], 9));
    for proof in [&proof, &carried, &Points { commitments: vec![], ..proof.clone() }] {
        assert!(!accepts(&key.vk, &weights, proof, &z[1..R]));
    }
    // `VerifyingKeyOf::verify`, which takes a proof alone, is there for systems where nothing is registered. This does
    // not compile if it is there for this one: there would be two functions of that name.
    trait Alone<A> {
        fn verify() {}
    }
    struct Takes;
    impl<S> Alone<()> for S {}
    impl<S: ProofSystem<Registered = ()>> Alone<Takes> for S {}
    <Registered as Alone<_>>::verify();
    // The control of that: here are two, and each is named.
    <TwoPhase as Alone<()>>::verify();
    <TwoPhase as Alone<Takes>>::verify();
}

/// 43: anyone can make another proof of the same statement of one, and nobody another commitment of it.
#[test]
fn a_proof_is_made_anew_but_its_commitments_are_not() {
    let keys = keys_of(&looked_up(), 2);
    let (key, rng) = (keys.proving.pk(), &mut StdRng::seed_from_u64(5));
    let opening = commit_of(&keys, [3, -7], 3);
    let weights = opening.commitment();
    let honest = prove_it(&keys, &opening, [3, -7], [5, 2], rng).unwrap();
    let (proof, inputs) = (&honest.proof, &honest.inputs);
    let (u, v) = (Fr::from(77u64), Fr::from(5u64));
    let anew = Points {
        a: (proof.a * u.inverse().unwrap()).into_affine(),
        b: (proof.b * u + key.vk.deltas_g2[2] * (u * v)).into_affine(),
        c: (proof.c + proof.a * v).into_affine(),
        commitments: proof.commitments.clone(),
    };
    assert_ne!(anew, *proof);
    assert!(accepts(&key.vk, weights, &anew, inputs));
    // As a control: it is the challenge that stands in the way, and not the equation.
    let own = proof.commitments[0];
    let r = challenge(key, [weights.point(), own], inputs);
    assert!(accepts_with(&key.vk, weights.point(), proof, inputs, &[r]));
    let shifted = Points {
        commitments: vec![(own + key.deltas_g1[2] * v).into_affine()],
        c: (proof.c - key.deltas_g1[1] * v).into_affine(),
        ..proof.clone()
    };
    assert!(accepts_with(&key.vk, weights.point(), &shifted, inputs, &[r]));
    assert!(!accepts(&key.vk, weights, &shifted, inputs));
}

/// A thief's commitment: that of the owner, hidden by `u` more, with the owner's proof to fit.
fn stolen(key: &ProvingPoints, weights: G1Affine, proof: &Points, u: Fr) -> (G1Affine, Points) {
    let mine = (weights + key.deltas_g1[2] * u).into_affine();
    (mine, Points { c: (proof.c - key.deltas_g1[0] * u).into_affine(), ..proof.clone() })
}

/// 44: without a challenge, proofs of one commitment are made into proofs of another, which nobody can tell from one's
/// own.
#[test]
fn proofs_are_not_moved_to_another_commitment() {
    let u = Fr::from(123u64);
    // The control: the same constraints in the same phases, and no column for a challenge.
    let mut without = bare();
    without.instance -= 1;
    for (_, i) in without.abc.iter_mut().flatten().flatten() {
        *i -= usize::from(*i > R);
    }
    let Known { key, .. } = known(&without, None);
    let mut z = fill::<()>(false, [3, -7], [5, 2], &mut |_, _| Ok(Fr::zero())).unwrap();
    z.remove(R);
    let points = [commit(&key, 0, &z[4..6], 9), commit(&key, 1, &z[6..8], 8)];
    let [weights, own] = points;
    let proof = by_hand(&key, &without, &z, [(weights, Fr::from(9u64)), (own, Fr::from(8u64))]);
    assert!(accepts_with(&key.vk, weights, &proof, &z[1..4], &[]));
    let (mine, moved) = stolen(&key, weights, &proof, u);
    assert!(accepts_with(&key.vk, mine, &moved, &z[1..4], &[]));
    // Such constraints are refused.
    let refused = setup::<Registered>(&without, table(), CONTENTS, &mut StdRng::seed_from_u64(1)).map(|_| ());
    assert_eq!(refused, Err(ProveError::Table { expected: 5, found: 4 }));

    // With a challenge, whether constraints mention it or not.
    for matrices in [looked_up(), bare()] {
        let keys = keys_of(&matrices, 2);
        let key = keys.proving.pk();
        let opening = commit_of(&keys, [3, -7], 3);
        let honest = prove_it(&keys, &opening, [3, -7], [5, 2], &mut StdRng::seed_from_u64(5)).unwrap();
        let (weights, inputs) = (opening.commitment().point(), &honest.inputs);
        let (mine, moved) = stolen(key, weights, &honest.proof, u);
        let r = challenge(key, [weights, honest.proof.commitments[0]], inputs);
        assert!(accepts_with(&key.vk, mine, &moved, inputs, &[r]));
        assert!(!accepts(&key.vk, &registered(key, mine), &moved, inputs));
    }
}

/// A proof by who knows the secrets: of anything, and distributed as any other.
fn simulated(known: &Known, [weights, own]: [G1Affine; 2], inputs: &[Fr]) -> Points {
    let (Known { key, secrets }, rng) = (known, &mut StdRng::seed_from_u64(6));
    let [a, b] = [(); 2].map(|()| Fr::rand(rng));
    let ic: G1Projective = key.vk.ic.iter().zip([&[Fr::one()], inputs].concat()).map(|(p, x)| *p * x).sum();
    let product = G1Affine::generator() * (a * b - secrets.alpha * secrets.beta);
    let rest = product - ic * secrets.gamma - weights * secrets.deltas[0] - own * secrets.deltas[1];
    let c = (rest * secrets.deltas[2].inverse().unwrap()).into_affine();
    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    Points { a: (g1 * a).into_affine(), b: (g2 * b).into_affine(), c, commitments: vec![own] }
}

/// 45: a challenge's column that depends on those of the last phase lets whoever moves a commitment repair what that
/// does to the challenge. Its own row makes it independent.
#[test]
fn the_challenge_has_a_row_of_its_own() {
    // `y = w x`; the challenge and a variable of the last phase stand in one sum only, so that their columns are the
    // same.
    let (x, y, r, w, s) = (1, 2, 3, 4, 6);
    let rows: [[&[(i64, usize)]; 3]; 3] =
        [[&[(1, w)], &[(1, x)], &[(1, w + 1)]], [&[(1, w + 1)], &[(1, 0)], &[(1, y)]], [&[(1, r), (1, s)], &[], &[]]];
    let matrices = of_rows(&rows, 4, [1, 1, 1]);
    let real = known(&matrices, None);
    let lagrange = Domain::new(rows.len() + 4).unwrap().lagrange(real.secrets.tau).unwrap();
    let g = G1Affine::generator();
    // The control: the row after those of the other instance columns is taken out of the key.
    let mut broken = Known { key: real.key.clone(), secrets: real.secrets.clone() };
    let row = lagrange[rows.len() + r];
    let Secrets { beta, gamma, .. } = &real.secrets;
    broken.key.a[r] = (broken.key.a[r] - g * row).into_affine();
    broken.key.vk.ic[r] = (broken.key.vk.ic[r] - g * (*beta * row * gamma.inverse().unwrap())).into_affine();
    let same = |key: &ProvingPoints| key.a[r] == key.a[s];
    assert!(same(&broken.key) && !same(&real.key));

    let attack = |known: &Known| {
        let key = &known.key;
        let inputs = [field(5), field(15)];
        let points = [commit(key, 0, &[field(3)], 9), commit(key, 1, &[field(15)], 8)];
        let old = challenge(key, points, &inputs);
        let honest = simulated(known, points, &[&inputs[..], &[old]].concat());
        assert!(accepts(&key.vk, &registered(key, points[0]), &honest, &inputs));
        // From here on nothing but what is public.
        let (mine, mut moved) = stolen(key, points[0], &honest, Fr::from(123u64));
        let new = challenge(key, [mine, points[1]], &inputs);
        moved.c = (moved.c - key.k[2][0] * (new - old)).into_affine();
        accepts(&key.vk, &registered(key, mine), &moved, &inputs)
    };
    assert!(attack(&broken));
    assert!(!attack(&real));

    // A challenge without any row has a point of zero: it is repaired by nothing, and no such key is taken.
    let matrices = of_rows(&rows[..2], 4, [1, 1, 0]);
    let mut none = known(&matrices, None);
    assert!(!none.key.a[r].is_zero() && !none.key.vk.ic[r].is_zero());
    assert!(Registered::admit_verifying(&none.key.vk).is_ok());
    none.key.vk.ic[r] = G1Affine::identity();
    let (key, inputs) = (&none.key, [field(5), field(15)]);
    let points = [commit(key, 0, &[field(3)], 9), commit(key, 1, &[field(15)], 8)];
    let old = challenge(key, points, &inputs);
    let honest = simulated(&none, points, &[&inputs[..], &[old]].concat());
    let (mine, moved) = stolen(key, points[0], &honest, Fr::from(123u64));
    let new = challenge(key, [mine, points[1]], &inputs);
    assert!(new != old && accepts_with(&key.vk, mine, &moved, &inputs, &[new]));
    let error = Registered::admit_verifying(&key.vk).unwrap_err();
    assert!(matches!(error, LoadError::Point { fault: PointFault::Zero, index: 3, .. }), "{error}");
}
