//! Keys, proofs and their verification, against arkworks and against attacks.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_ff::{AdditiveGroup, Field};
use ark_groth16::Groth16;
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable};
use ark_std::{
    UniformRand,
    rand::{Rng, SeedableRng, rngs::StdRng},
    test_rng,
};

use super::*;

/// A circuit whose row `i` defines witness `i`: `A_i B_i = w_i + e_i`, of combinations of the columns before it.
pub(crate) struct Toy {
    pub(crate) abc: Sparse,
    pub(crate) instance: usize,
    pub(crate) phases: Vec<usize>,
}

impl Toy {
    pub(crate) fn new(instance: usize, phases: &[usize], rng: &mut impl Rng) -> Self {
        let witness = phases.iter().sum::<usize>();
        let mut abc: Sparse = Default::default();
        for w in instance..instance + witness {
            let mut combination = |n: usize| -> Vec<(Fr, usize)> {
                (0..n).map(|_| (Fr::from(rng.gen_range(-3i64..4)), rng.gen_range(0..w))).collect()
            };
            abc[0].push(combination(3));
            abc[1].push(combination(2));
            let mut c = combination(1);
            c.push((Fr::ONE, w));
            abc[2].push(c);
        }
        Self { abc, instance, phases: phases.to_vec() }
    }

    pub(crate) fn columns(&self) -> Columns<'_> {
        Columns { instance: self.instance, phases: &self.phases }
    }

    /// Sets the next witnesses, so many.
    pub(crate) fn extend(&self, z: &mut Vec<Fr>, n: usize) {
        for _ in 0..n {
            let row = z.len() - self.instance;
            let dot = |m: usize| self.abc[m][row].iter().map(|(c, i)| *c * z.get(*i).unwrap_or(&Fr::ZERO)).sum::<Fr>();
            z.push(dot(0) * dot(1) - dot(2));
        }
    }

    /// An assignment of random inputs, and what is committed to of its phases under a key.
    pub(crate) fn assigned(&self, key: &ProvingKey, rng: &mut impl Rng) -> (Vec<Fr>, Vec<(G1Affine, Fr)>) {
        let mut z = [vec![Fr::ONE], inputs(self.instance - 1, rng)].concat();
        let mut committed = vec![];
        for (p, n) in self.phases.iter().enumerate() {
            let start = z.len();
            self.extend(&mut z, *n);
            if p + 1 < self.phases.len() {
                let kappa = Fr::rand(rng);
                committed.push((commit(key, p, &z[start..], kappa).unwrap(), kappa));
            }
        }
        (z, committed)
    }

    pub(crate) fn witness(&self, inputs: &[Fr]) -> Vec<Fr> {
        let mut z = [&[Fr::ONE], inputs].concat();
        self.extend(&mut z, self.phases.iter().sum());
        z
    }
}

pub(crate) fn secrets(phases: usize, rng: &mut impl Rng) -> Secrets {
    Secrets {
        alpha: Fr::rand(rng),
        beta: Fr::rand(rng),
        gamma: Fr::rand(rng),
        deltas: (0..phases).map(|_| Fr::rand(rng)).collect(),
        tau: Fr::rand(rng),
    }
}

pub(crate) fn inputs(n: usize, rng: &mut impl Rng) -> Vec<Fr> {
    (0..n).map(|_| Fr::rand(rng)).collect()
}

/// A circuit, its key, and a proof with its inputs; challenges are the last inputs, one after each commitment.
struct Proven {
    toy: Toy,
    key: ProvingKey,
    z: Vec<Fr>,
    committed: Vec<(G1Affine, Fr)>,
    proof: Proof,
}

impl Proven {
    fn new(phases: &[usize], seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let toy = Toy::new(6, phases, &mut rng);
        let key = setup(&toy.abc, toy.columns(), &secrets(phases.len(), &mut rng)).unwrap();
        let (z, committed) = toy.assigned(&key, &mut rng);
        let proof = prove(&key, &toy.abc, &z, &committed, [Fr::rand(&mut rng), Fr::rand(&mut rng)]).unwrap();
        Self { toy, key, z, committed, proof }
    }

    fn inputs(&self) -> &[Fr] {
        &self.z[1..self.toy.instance]
    }

    fn holds(&self, proof: &Proof) -> bool {
        holds(&prepare(&self.key.vk), proof, self.inputs())
    }
}

fn ark_key(key: &VerifyingKey) -> ark_groth16::VerifyingKey<Bn254> {
    ark_groth16::VerifyingKey {
        alpha_g1: key.alpha_g1,
        beta_g2: key.beta_g2,
        gamma_g2: key.gamma_g2,
        delta_g2: key.deltas_g2[0],
        gamma_abc_g1: key.ic.clone(),
    }
}

fn ark_proof(proof: &Proof) -> ark_groth16::Proof<Bn254> {
    ark_groth16::Proof { a: proof.a, b: proof.b, c: proof.c }
}

impl ConstraintSynthesizer<Fr> for &Toy {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        for _ in 1..self.instance {
            let _ = cs.new_input_variable(|| Err(SynthesisError::AssignmentMissing))?;
        }
        for _ in 0..self.phases.iter().sum() {
            let _ = cs.new_witness_variable(|| Err(SynthesisError::AssignmentMissing))?;
        }
        let variable = |i: usize| match i {
            0 => Variable::one(),
            i if i < self.instance => Variable::instance(i),
            i => Variable::witness(i - self.instance),
        };
        let row = |row: &[(Fr, usize)]| LinearCombination(row.iter().map(|(c, i)| (*c, variable(*i))).collect());
        for ((a, b), c) in self.abc[0].iter().zip(&self.abc[1]).zip(&self.abc[2]) {
            cs.enforce_r1cs_constraint(|| row(a), || row(b), || row(c))?;
        }
        Ok(())
    }
}

#[test]
fn one_phase_satisfies_the_verifier_of_arkworks() {
    for (seed, witness) in [(0, 1), (1, 2), (2, 10), (3, 58), (4, 61), (5, 300), (6, 1000)] {
        let proven = Proven::new(&[witness], seed);
        assert!(proven.holds(&proven.proof), "{witness} rows");
        let prepared = ark_groth16::prepare_verifying_key(&ark_key(&proven.key.vk));
        let proof = ark_proof(&proven.proof);
        assert!(Groth16::<Bn254>::verify_proof(&prepared, &proof, proven.inputs()).unwrap(), "{witness} rows");
        let mut wrong = proven.inputs().to_vec();
        wrong[0] += Fr::ONE;
        assert!(!Groth16::<Bn254>::verify_proof(&prepared, &proof, &wrong).unwrap(), "{witness} rows");
    }
}

#[test]
fn proofs_of_arkworks_hold() {
    let mut rng = test_rng();
    let toy = Toy::new(3, &[50], &mut rng);
    let key = Groth16::<Bn254>::generate_random_parameters_with_reduction(&toy, &mut rng).unwrap();
    let z = toy.witness(&inputs(2, &mut rng));
    let [r, s] = [Fr::rand(&mut rng), Fr::rand(&mut rng)];
    let rows = toy.abc[0].len();
    let proof = Groth16::<Bn254>::create_proof_with_reduction_and_matrices(&key, r, s, &toy.abc, 3, rows, &z).unwrap();
    let vk = VerifyingKey {
        alpha_g1: key.vk.alpha_g1,
        beta_g2: key.vk.beta_g2,
        gamma_g2: key.vk.gamma_g2,
        deltas_g2: vec![key.vk.delta_g2],
        ic: key.vk.gamma_abc_g1,
    };
    let proof = Proof { a: proof.a, b: proof.b, c: proof.c, commitments: vec![] };
    assert!(holds(&prepare(&vk), &proof, &z[1..3]));
    assert!(!holds(&prepare(&vk), &Proof { a: -proof.a, ..proof }, &z[1..3]));
}

/// On a domain of the same size, with the same secrets, all but the quotient's points are those of arkworks, and so is
/// the proof.
#[test]
fn same_secrets_give_the_key_and_the_proof_of_arkworks() {
    let mut rng = test_rng();
    let toy = Toy::new(3, &[61], &mut rng);
    let mut secrets = secrets(1, &mut rng);
    let (g1, g2) = (G1Projective::generator(), G2Projective::generator());
    // arkworks draws tau itself: from the same generator we draw it as well.
    let mut tau_rng = StdRng::seed_from_u64(9);
    secrets.tau = Fr::rand(&mut tau_rng.clone());
    let ark = Groth16::<Bn254>::generate_parameters_with_qap(
        &toy,
        secrets.alpha,
        secrets.beta,
        secrets.gamma,
        secrets.deltas[0],
        g1,
        g2,
        &mut tau_rng,
    )
    .unwrap();
    let key = setup(&toy.abc, toy.columns(), &secrets).unwrap();
    assert_eq!(ark_key(&key.vk), ark.vk);
    assert_eq!(key.beta_g1, ark.beta_g1);
    assert_eq!(key.deltas_g1, [ark.delta_g1]);
    assert_eq!(key.a, ark.a_query);
    assert_eq!(key.b_g1, ark.b_g1_query);
    assert_eq!(key.b_g2, ark.b_g2_query);

    let z = toy.witness(&inputs(2, &mut rng));
    let rs = [Fr::rand(&mut rng), Fr::rand(&mut rng)];
    let rows = toy.abc[0].len();
    let expected =
        Groth16::<Bn254>::create_proof_with_reduction_and_matrices(&ark, rs[0], rs[1], &toy.abc, 3, rows, &z).unwrap();
    let proof = prove(&key, &toy.abc, &z, &[], rs).unwrap();
    assert_eq!(ark_proof(&proof), expected);
}

#[test]
fn several_phases_prove_and_verify() {
    for (seed, phases) in
        [(0, vec![1, 1]), (1, vec![10, 20]), (2, vec![0, 9]), (3, vec![40, 0, 7]), (4, vec![100, 50, 200])]
    {
        let proven = Proven::new(&phases, seed);
        assert!(proven.holds(&proven.proof), "{phases:?}");
        assert_eq!(proven.proof.commitments.len(), phases.len() - 1);
    }
}

#[test]
fn altered_proofs_are_refused() {
    let proven = Proven::new(&[20, 30, 10], 1);
    let good = &proven.proof;
    assert!(proven.holds(good));
    let g1 = G1Affine::generator();
    let off = |p: G1Affine| (p + g1).into_affine();
    let with = |commitments: Vec<G1Affine>| Proof { commitments, ..good.clone() };
    let [d, e] = [good.commitments[0], good.commitments[1]];
    let altered = [
        Proof { a: off(good.a), ..good.clone() },
        Proof { a: -good.a, ..good.clone() },
        Proof { b: -good.b, ..good.clone() },
        Proof { b: (good.b + G2Affine::generator()).into_affine(), ..good.clone() },
        Proof { c: off(good.c), ..good.clone() },
        Proof { c: good.a, a: good.c, ..good.clone() },
        Proof { a: G1Affine::identity(), b: G2Affine::identity(), c: G1Affine::identity(), ..good.clone() },
        with(vec![e, d]),
        with(vec![d, d]),
        with(vec![off(d), e]),
        with(vec![d, -e]),
        with(vec![(d + e).into_affine(), G1Affine::identity()]),
        with(vec![d]),
        with(vec![]),
        with(vec![d, e, G1Affine::identity()]),
    ];
    for (i, proof) in altered.iter().enumerate() {
        assert!(!proven.holds(proof), "alteration {i}");
    }
}

#[test]
fn other_inputs_are_refused() {
    for phases in [vec![30], vec![10, 20]] {
        let proven = Proven::new(&phases, 2);
        let prepared = prepare(&proven.key.vk);
        let good = proven.inputs();
        assert!(holds(&prepared, &proven.proof, good));
        assert_eq!(prepared.inputs(), good.len());
        assert_eq!(prepared.commitments(), phases.len() - 1);
        for i in 0..good.len() {
            let mut wrong = good.to_vec();
            wrong[i] += Fr::ONE;
            assert!(!holds(&prepared, &proven.proof, &wrong), "input {i}");
        }
        assert!(!holds(&prepared, &proven.proof, &good[1..]));
        assert!(!holds(&prepared, &proven.proof, &[good, &[Fr::ZERO]].concat()));
        assert!(!holds(&prepared, &proven.proof, &[]));
    }
}

/// No constraint mentions the input: without a row of its own, any value of it would do.
#[test]
fn an_unused_input_is_bound() {
    let mut rng = test_rng();
    let mut toy = Toy::new(2, &[4], &mut rng);
    for row in toy.abc.iter_mut().flatten() {
        row.retain(|(_, i)| *i != 1);
    }
    let key = setup(&toy.abc, toy.columns(), &secrets(1, &mut rng)).unwrap();
    let z = toy.witness(&[Fr::from(5u64)]);
    let proof = prove(&key, &toy.abc, &z, &[], [Fr::rand(&mut rng), Fr::rand(&mut rng)]).unwrap();
    let prepared = prepare(&key.vk);
    assert!(holds(&prepared, &proof, &[Fr::from(5u64)]));
    assert!(!holds(&prepared, &proof, &[Fr::from(6u64)]));
}

#[test]
fn violated_constraints_give_no_proof() {
    for phases in [vec![30], vec![10, 20], vec![5, 5, 20]] {
        let proven = Proven::new(&phases, 3);
        let rs = [Fr::from(3u64), Fr::from(4u64)];
        let start = proven.z.len() - phases.last().unwrap();
        for i in start..proven.z.len() {
            let mut z = proven.z.clone();
            z[i] += Fr::ONE;
            let proof = prove(&proven.key, &proven.toy.abc, &z, &proven.committed, rs).unwrap();
            assert!(!proven.holds(&proof), "column {i} of {phases:?}");
        }
        let proof = prove(&proven.key, &proven.toy.abc, &proven.z, &proven.committed, rs).unwrap();
        assert!(proven.holds(&proof));
    }
}

/// The commitment fixes the values: a proof over others of an earlier phase is refused, though they satisfy the
/// constraints.
#[test]
fn values_other_than_committed_are_refused() {
    let proven = Proven::new(&[10, 20], 4);
    let mut rng = test_rng();
    // Another assignment that satisfies the same constraints: from other inputs.
    let z = proven.toy.witness(&inputs(5, &mut rng));
    let rs = [Fr::from(3u64), Fr::from(4u64)];
    let prepared = prepare(&proven.key.vk);
    let (instance, phase) = (proven.toy.instance, proven.toy.phases[0]);
    let kappa = Fr::rand(&mut rng);
    let own = commit(&proven.key, 0, &z[instance..instance + phase], kappa).unwrap();
    let proof = prove(&proven.key, &proven.toy.abc, &z, &[(own, kappa)], rs).unwrap();
    assert!(holds(&prepared, &proof, &z[1..instance]));
    let proof = prove(&proven.key, &proven.toy.abc, &z, &proven.committed, rs).unwrap();
    assert!(!holds(&prepared, &proof, &z[1..instance]));
}

#[test]
fn without_the_terms_of_kappa_there_is_no_proof() {
    let proven = Proven::new(&[10, 20, 5], 5);
    let rs = [Fr::from(3u64), Fr::from(4u64)];
    for i in 0..2 {
        let mut committed = proven.committed.clone();
        committed[i].1 = Fr::ZERO;
        let proof = prove(&proven.key, &proven.toy.abc, &proven.z, &committed, rs).unwrap();
        assert!(!proven.holds(&proof), "kappa {i}");
        // The term is all that lacks.
        let kappa = proven.committed[i].1;
        let c = (proof.c - proven.key.deltas_g1[i] * kappa).into_affine();
        assert!(proven.holds(&Proof { c, ..proof }));
    }
}

#[test]
fn commitments_are_for_their_phase() {
    let proven = Proven::new(&[10, 10, 10], 6);
    let start = proven.toy.instance;
    let rs = [Fr::from(3u64), Fr::from(4u64)];
    let values = [&proven.z[start..start + 10], &proven.z[start + 10..start + 20]];
    for (phases, ok) in [([0, 1], true), ([1, 1], false), ([0, 0], false), ([1, 0], false)] {
        let kappa = Fr::from(9u64);
        let committed: Vec<_> =
            phases.iter().zip(values).map(|(p, v)| (commit(&proven.key, *p, v, kappa).unwrap(), kappa)).collect();
        let proof = prove(&proven.key, &proven.toy.abc, &proven.z, &committed, rs).unwrap();
        assert_eq!(proven.holds(&proof), ok, "{phases:?}");
    }
}

#[test]
fn blinding_hides_and_changes_nothing_else() {
    let proven = Proven::new(&[10, 20], 7);
    let start = proven.toy.instance;
    let values = &proven.z[start..start + 10];
    let mut seen = vec![];
    for i in 1..5u64 {
        let kappa = Fr::from(i);
        let committed = [(commit(&proven.key, 0, values, kappa).unwrap(), kappa)];
        let proof = prove(&proven.key, &proven.toy.abc, &proven.z, &committed, [kappa, kappa + Fr::ONE]).unwrap();
        assert!(proven.holds(&proof));
        assert!(!seen.contains(&proof));
        seen.push(proof);
    }
    let [(d, kappa)] = proven.committed[..] else { panic!("one commitment") };
    let expected = G1Projective::msm(&proven.key.k[0], values).unwrap() + proven.key.deltas_g1[1] * kappa;
    assert_eq!(d, expected.into_affine());
}

#[test]
fn re_randomised_proofs_hold() {
    let proven = Proven::new(&[10, 20], 8);
    let x = Fr::from(77u64);
    let a = (proven.proof.a * x).into_affine();
    let b = (proven.proof.b * x.inverse().unwrap()).into_affine();
    assert!(proven.holds(&Proof { a, b, ..proven.proof.clone() }));
}

#[test]
fn lengths_and_secrets_are_checked() {
    let mut rng = test_rng();
    let toy = Toy::new(2, &[4, 4], &mut rng);
    let good = secrets(2, &mut rng);
    let key = setup(&toy.abc, toy.columns(), &good).unwrap();
    let refused = |change: fn(&mut Secrets)| {
        let mut secrets = good.clone();
        change(&mut secrets);
        setup(&toy.abc, toy.columns(), &secrets).unwrap_err()
    };
    assert_eq!(refused(|s| s.alpha = Fr::ZERO), Error::Secret { name: "alpha" });
    assert_eq!(refused(|s| s.beta = Fr::ZERO), Error::Secret { name: "beta" });
    assert_eq!(refused(|s| s.gamma = Fr::ZERO), Error::Secret { name: "gamma" });
    assert_eq!(refused(|s| s.tau = Fr::ZERO), Error::Secret { name: "tau" });
    assert_eq!(refused(|s| s.deltas[1] = s.deltas[0]), Error::Secret { name: "delta" });
    assert_eq!(refused(|s| s.deltas[0] = s.gamma), Error::Secret { name: "delta" });
    assert_eq!(refused(|s| s.deltas[1] = Fr::ONE), Error::Secret { name: "delta" });
    assert!(matches!(refused(|s| s.deltas.truncate(1)), Error::Length { found: 1, expected: 2, .. }));
    // Ten rows and columns of one: the domain has twelve elements, its coset the others of order 24.
    let domain = domain::Domain::new(10).unwrap();
    for tau in [Fr::ONE, domain.element(1), domain.shift(), domain.shift() * domain.element(5)] {
        let mut secrets = good.clone();
        secrets.tau = tau;
        assert_eq!(setup(&toy.abc, toy.columns(), &secrets).unwrap_err(), Error::Tau);
    }
    let none = Columns { instance: 2, phases: &[] };
    assert!(matches!(setup(&toy.abc, none, &good), Err(Error::Length { found: 0, expected: 1, .. })));

    let z = toy.witness(&[Fr::ONE]);
    let (d, kappa) = (commit(&key, 0, &z[2..6], Fr::ONE).unwrap(), Fr::ONE);
    let rs = [Fr::ONE, Fr::ONE];
    assert!(prove(&key, &toy.abc, &z, &[(d, kappa)], rs).is_ok());
    assert!(matches!(commit(&key, 0, &z[2..5], kappa), Err(Error::Length { found: 3, expected: 4, .. })));
    assert_eq!(commit(&key, 1, &z[6..], kappa), Err(Error::Phase { found: 1, phases: 2 }));
    assert_eq!(commit(&key, 2, &[], kappa), Err(Error::Phase { found: 2, phases: 2 }));
    assert!(matches!(prove(&key, &toy.abc, &z[1..], &[(d, kappa)], rs), Err(Error::Length { found: 9, .. })));
    assert!(matches!(prove(&key, &toy.abc, &z, &[], rs), Err(Error::Length { found: 0, expected: 1, .. })));
    let larger = Toy::new(2, &[40], &mut rng);
    assert!(matches!(prove(&key, &larger.abc, &z, &[(d, kappa)], rs), Err(Error::Length { .. })));
}

#[test]
fn secrets_do_not_survive() {
    let mut secrets = secrets(2, &mut test_rng());
    assert_ne!(secrets.alpha, Fr::ZERO);
    secrets.wipe();
    for secret in [secrets.alpha, secrets.beta, secrets.gamma, secrets.tau] {
        assert_eq!(secret, Fr::ZERO);
    }
    assert!(secrets.deltas.is_empty());
}

#[test]
fn columns_that_no_constraint_mentions_are_infinity() {
    let mut rng = test_rng();
    let mut toy = Toy::new(2, &[6], &mut rng);
    for row in toy.abc.iter_mut().flatten() {
        row.retain(|(_, i)| *i != 7);
    }
    let key = setup(&toy.abc, toy.columns(), &secrets(1, &mut rng)).unwrap();
    assert!(key.a[7].is_zero() && key.b_g1[7].is_zero() && key.b_g2[7].is_zero() && key.k[0][5].is_zero());
    assert!(!key.k[0][4].is_zero());
}

/// Each instance column has a row of its own, the challenge too, whether constraints mention it or not: the part of `a_i`
/// that is not theirs is the Lagrange polynomial of a row after the last.
#[test]
fn every_instance_column_has_a_row_of_its_own() {
    for used in [true, false] {
        let mut rng = test_rng();
        let mut toy = Toy::new(4, &[2, 3, 4], &mut rng);
        let challenge = toy.instance - 1;
        for row in toy.abc.iter_mut().flatten() {
            row.retain(|(_, i)| *i != challenge);
        }
        if used {
            toy.abc[0][8].push((Fr::from(5u64), challenge));
        }
        let secrets = secrets(3, &mut rng);
        let key = setup(&toy.abc, toy.columns(), &secrets).unwrap();
        let rows = toy.abc[0].len();
        let lagrange = domain::Domain::new(rows + toy.instance).unwrap().lagrange(secrets.tau).unwrap();
        for i in 0..toy.instance {
            let terms = toy.abc[0].iter().zip(&lagrange);
            let mentioned: Fr = terms.flat_map(|(row, l)| row.iter().filter(|t| t.1 == i).map(|t| t.0 * *l)).sum();
            assert_eq!(mentioned != Fr::ZERO, i != challenge || used, "column {i}");
            let own = key.a[i] - G1Affine::generator() * mentioned;
            assert_eq!(own.into_affine(), (G1Affine::generator() * lagrange[rows + i]).into_affine(), "column {i}");
        }
    }
}

/// What two keys commit with, as of keys of some values.
struct Linked {
    points: [Vec<G1Affine>; 2],
    deltas: [G1Affine; 2],
}

impl Linked {
    fn new(counts: [usize; 2], rng: &mut impl Rng) -> Self {
        let mut point = || (G1Affine::generator() * Fr::rand(rng)).into_affine();
        Self { points: counts.map(|n| (0..n).map(|_| point()).collect()), deltas: [point(), point()] }
    }

    fn setup(&self, selection: &[usize], secrets: &link::Secrets) -> Result<link::ProvingKey, Error> {
        let [first, second] = [0, 1].map(|i| link::Bases { points: &self.points[i], delta: self.deltas[i] });
        link::setup(first, second, selection, secrets)
    }

    fn commit(&self, key: usize, values: &[Fr], kappa: Fr) -> G1Affine {
        (G1Projective::msm(&self.points[key], values).unwrap() + self.deltas[key] * kappa).into_affine()
    }
}

fn link_secrets(rng: &mut impl Rng) -> link::Secrets {
    link::Secrets { k: [Fr::rand(rng), Fr::rand(rng)], a: Fr::rand(rng) }
}

#[test]
fn links_hold_for_the_same_values_alone() {
    let mut rng = test_rng();
    for selection in [vec![0, 1, 2, 3, 4], vec![4, 0, 2], vec![]] {
        let linked = Linked::new([5, selection.len()], &mut rng);
        let key = linked.setup(&selection, &link_secrets(&mut rng)).unwrap();
        let values = inputs(5, &mut rng);
        let selected: Vec<Fr> = selection.iter().map(|i| values[*i]).collect();
        let kappas = [Fr::rand(&mut rng), Fr::rand(&mut rng)];
        let commitments = [linked.commit(0, &values, kappas[0]), linked.commit(1, &selected, kappas[1])];
        let proof = link::prove(&key, &values, kappas).unwrap();
        assert!(link::holds(&key.vk, commitments, proof), "{selection:?}");
        for i in 0..selected.len() {
            let mut other = selected.clone();
            other[i] += Fr::ONE;
            let other = [commitments[0], linked.commit(1, &other, kappas[1])];
            assert!(!link::holds(&key.vk, other, proof), "value {i} of {selection:?}");
        }
        for i in 0..5 {
            let mut other = values.clone();
            other[i] += Fr::ONE;
            let other = [linked.commit(0, &other, kappas[0]), commitments[1]];
            assert!(!link::holds(&key.vk, other, proof), "value {i} of the first");
        }
        assert!(!link::holds(&key.vk, commitments, -proof));
        assert!(!link::holds(&key.vk, [commitments[1], commitments[0]], proof));
        let infinity = G1Affine::identity();
        assert!(!link::holds(&key.vk, commitments, infinity));
        // Of nothing: the equation has no opinion on it, which is why points of zero are refused above this crate.
        assert!(link::holds(&key.vk, [infinity; 2], infinity));
    }
}

#[test]
fn links_need_secrets_and_selections_that_are_some() {
    let mut rng = test_rng();
    let linked = Linked::new([4, 2], &mut rng);
    let good = || link_secrets(&mut StdRng::seed_from_u64(5));
    assert!(linked.setup(&[3, 1], &good()).is_ok());
    assert_eq!(linked.setup(&[3, 3], &good()), Err(Error::Index { found: 3, count: 4 }));
    assert_eq!(linked.setup(&[3, 4], &good()), Err(Error::Index { found: 4, count: 4 }));
    assert!(matches!(linked.setup(&[3], &good()), Err(Error::Length { found: 1, expected: 2, .. })));
    let refused = |change: fn(&mut link::Secrets)| {
        let mut secrets = good();
        change(&mut secrets);
        linked.setup(&[3, 1], &secrets).unwrap_err()
    };
    let first: [fn(&mut link::Secrets); 3] = [|s| s.k[0] = Fr::ZERO, |s| s.k[0] = Fr::ONE, |s| s.k[0] = -Fr::ONE];
    let second: [fn(&mut link::Secrets); 3] = [|s| s.k[1] = Fr::ZERO, |s| s.k[1] = s.k[0], |s| s.k[1] = -s.k[0]];
    for (changes, name) in [(first, "k1"), (second, "k2")] {
        changes.iter().for_each(|change| assert_eq!(refused(*change), Error::Secret { name }));
    }
    assert_eq!(refused(|s| s.a = Fr::ZERO), Error::Secret { name: "a" });
    let key = linked.setup(&[3, 1], &good()).unwrap();
    let short = link::prove(&key, &[Fr::ONE; 3], [Fr::ONE; 2]);
    assert!(matches!(short, Err(Error::Length { found: 3, expected: 4, .. })));
    let mut secrets = good();
    secrets.wipe();
    assert_eq!((secrets.k, secrets.a), ([Fr::ZERO; 2], Fr::ZERO));
}
