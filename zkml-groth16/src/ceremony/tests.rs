//! Ceremonies with known secrets are setups with these secrets; and whoever is dishonest is named.

mod attacks;

use ark_bn254::{Bn254, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup, pairing::Pairing};
use ark_ff::{AdditiveGroup, Field};
use ark_std::{
    UniformRand,
    rand::{SeedableRng, rngs::StdRng},
};

use super::{contribution::question, *};
use crate::{
    domain::Domain,
    key::ProvingKey,
    link::Bases,
    prove::prove,
    setup::{Secrets, setup},
    tests::{Toy, inputs, secrets},
    verify::{holds, prepare},
};

/// A circuit of so many rows, the known powers, and the key that its ceremony begins with.
struct Begun {
    toy: Toy,
    domain: Domain,
    secrets: Secrets,
    first: ProvingKey,
}

impl Begun {
    /// With powers for so many rows more than the domain has.
    fn new(instance: usize, phases: &[usize], more: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(phases.iter().sum::<usize>() as u64);
        let toy = Toy::new(instance, phases, &mut rng);
        let domain = Domain::new(toy.abc[0].len() + instance).unwrap();
        let secrets = secrets(phases.len(), &mut rng);
        let powers = Powers::known([secrets.tau, secrets.alpha, secrets.beta], domain.size() + more);
        let first = initial(&toy.abc, toy.columns(), &domain, &powers).unwrap();
        Self { toy, domain, secrets, first }
    }
}

/// One contribution, as it is kept: its challenge and what it did.
type Kept = ([u8; 32], Vec<Update>);

/// A key after so many contributions, and what they were.
fn contributed(first: &ProvingKey, count: u8) -> (ProvingKey, Vec<Kept>) {
    let mut key = first.clone();
    let steps = (0..count)
        .map(|i| {
            let challenge = [i; 32];
            let factors = Factors::new(&[100 + i; 32], key.k.len());
            (challenge, contribute(&mut key, &challenge, &factors).unwrap())
        })
        .collect();
    (key, steps)
}

fn checked(first: &ProvingKey, kept: &[Kept], last: &ProvingKey) -> Result<(), Dishonest> {
    let steps: Vec<Step<'_>> = kept.iter().map(|(challenge, updates)| Step { challenge, updates }).collect();
    check(first, &steps, last)
}

/// Numbers of rows, instance columns among them, for domains of each kind, full and not.
fn shapes() -> Vec<(usize, Vec<usize>)> {
    vec![
        (1, vec![1]),
        (1, vec![2]),
        (2, vec![2]),
        (3, vec![5]),
        (3, vec![6]),
        (4, vec![12]),
        (2, vec![14]),
        (5, vec![13]),
        (6, vec![40, 26]),
        (3, vec![10, 0, 3]),
        (4, vec![20, 30, 10]),
        (3, vec![93]),
    ]
}

#[test]
fn with_known_secrets_it_is_a_setup() {
    for (instance, phases) in shapes() {
        let Begun { toy, domain, secrets, first } = Begun::new(instance, &phases, 1);
        let factors = Factors::new(&[3; 32], phases.len());
        let deltas = factors.factors.clone();
        let mut key = first;
        contribute(&mut key, &[4; 32], &factors).unwrap();
        let mut expected = setup(&toy.abc, toy.columns(), &Secrets { deltas, ..secrets.clone() }).unwrap();
        // The setup's gamma is not one.
        expected.vk.gamma_g2 = G2Affine::generator();
        expected.vk.ic.iter_mut().for_each(|point| *point = (*point * secrets.gamma).into_affine());
        assert_eq!(key, expected, "{instance} and {phases:?}: {} rows", domain.size());
    }
}

/// Where the powers end one too early for the last points of the quotient, proofs hold as well.
#[test]
fn powers_for_exactly_the_rows_suffice() {
    for (instance, phases) in shapes() {
        let Begun { toy, first, .. } = Begun::new(instance, &phases, 0);
        let (key, steps) = contributed(&first, 2);
        checked(&first, &steps, &key).unwrap();
        let mut rng = StdRng::seed_from_u64(7);
        let (z, committed) = toy.assigned(&key, &mut rng);
        let proof = |z: &[Fr]| prove(&key, &toy.abc, z, &committed, [Fr::from(5u64), Fr::from(6u64)]).unwrap();
        let vk = prepare(&key.vk);
        assert!(holds(&vk, &proof(&z), &z[1..instance]), "{phases:?}");
        let mut wrong = z.clone();
        *wrong.last_mut().unwrap() += Fr::ONE;
        assert!(!holds(&vk, &proof(&wrong), &z[1..instance]), "{phases:?}");
        // Nobody contributed to the first key, under which everything that is over a delta can be moved.
        assert!(first.vk.deltas_g2.iter().all(|delta| *delta == first.vk.gamma_g2));
    }
}

#[test]
fn the_points_that_others_lack_follow_from_the_quotient() {
    for (instance, phases) in [(3, vec![5]), (3, vec![93]), (4, vec![20, 30, 10])] {
        for more in [0, 1] {
            let Begun { toy, domain, first, .. } = Begun::new(instance, &phases, more);
            let (key, _) = contributed(&first, 1);
            let points = quotient_of_columns(&toy.abc, toy.columns().count(), &domain, &key.h).unwrap();
            assert_eq!(points[..key.c.len()], key.c[..], "{phases:?}");
            assert!(points.iter().any(|point| !point.is_zero()));
        }
    }
}

#[test]
fn honest_ceremonies_are_accepted() {
    for phases in [vec![9], vec![4, 7], vec![3, 4, 5]] {
        let Begun { first, .. } = Begun::new(3, &phases, 1);
        checked(&first, &[], &first).unwrap();
        for count in 1..4 {
            let (key, steps) = contributed(&first, count);
            checked(&first, &steps, &key).unwrap();
            let deltas = [&key.vk.deltas_g2[..], &[G2Affine::generator()]].concat();
            assert!(deltas.iter().enumerate().all(|(i, delta)| !deltas[..i].contains(delta)));
        }
    }
}

#[test]
fn each_contributor_answers_for_itself() {
    let Begun { first, .. } = Begun::new(3, &[6, 8], 1);
    let (key, steps) = contributed(&first, 3);
    let (g1, off) = (G1Affine::generator(), |p: G1Affine| (p + G1Affine::generator()).into_affine());
    let with = |index: usize, change: &dyn Fn(&mut Kept)| {
        let mut steps = steps.clone();
        change(&mut steps[index]);
        let Dishonest { contributor, fault } = checked(&first, &steps, &key).unwrap_err();
        (contributor, fault)
    };
    for (i, phase) in [(0, 0), (1, 1), (2, 0)] {
        let who = Some(i);
        let knowledge = (who, Fault::Knowledge { phase });
        // Made for another place, or with other points.
        assert_eq!(with(i, &|step| step.0 = [99; 32]), (who, Fault::Knowledge { phase: 0 }));
        assert_eq!(with(i, &|step| step.1 = steps[(i + 1) % 3].1.clone()), (who, Fault::Knowledge { phase: 0 }));
        assert_eq!(with(i, &|step| step.1[phase].s = off(step.1[phase].s)), knowledge);
        assert_eq!(with(i, &|step| step.1[phase].sx = off(step.1[phase].sx)), knowledge);
        assert_eq!(with(i, &|step| step.1[phase].spx = -step.1[phase].spx), knowledge);
        assert_eq!(with(i, &|step| step.1[phase].delta = off(step.1[phase].delta)), knowledge);
        let point = (who, Fault::Point { what: "the contribution", index: phase });
        assert_eq!(with(i, &|step| step.1[phase].s = G1Affine::identity()), point);
        assert_eq!(with(i, &|step| step.1[phase].sx = G1Affine::new_unchecked(g1.x, g1.x)), point);
        assert_eq!(with(i, &|step| step.1[phase].spx = G2Affine::identity()), knowledge);
        let length = Fault::Length { what: "the contribution", found: 1, expected: 2 };
        assert_eq!(with(i, &|step| step.1.truncate(1)), (who, length));
    }
    // One that is left out: the next one does not follow.
    let left_out = [steps[0].clone(), steps[2].clone()];
    let fault = Fault::Knowledge { phase: 0 };
    assert_eq!(checked(&first, &left_out, &key), Err(Dishonest { contributor: Some(1), fault }));
    let fault = Fault::KeyDelta { phase: 0 };
    assert_eq!(checked(&first, &steps[..2], &key), Err(Dishonest { contributor: None, fault }));
}

/// The proof of knowledge is about another delta than the one that is left: the factor of one is known, the delta not.
#[test]
fn a_delta_that_nobody_knows_the_factor_of_is_refused() {
    let Begun { first, .. } = Begun::new(3, &[6], 1);
    let (challenge, before) = ([1; 32], first.deltas_g1[0]);
    let x = Fr::from(77u64);
    let s = (G1Affine::generator() * Fr::from(5u64)).into_affine();
    let sx = (s * x).into_affine();
    let step = |delta: G1Affine, x: Fr| {
        let q = question(&challenge, 0, &before, [&delta, &s, &sx]);
        vec![Update { delta, s, sx, spx: (q * x).into_affine() }]
    };
    let checked = |updates: &[Update]| check_updates(&[before], &Step { challenge: &challenge, updates });
    checked(&step((before * x).into_affine(), x)).unwrap();
    let other = (before * Fr::from(78u64)).into_affine();
    assert_eq!(checked(&step(other, x)), Err(Fault::Delta { phase: 0 }));
    assert_eq!(checked(&step(other, Fr::from(78u64))), Err(Fault::Knowledge { phase: 0 }));
    // A factor of one is known, and adds nothing.
    let q = question(&challenge, 0, &before, [&before, &s, &s]);
    let same = [Update { delta: before, s, sx: s, spx: q }];
    assert_eq!(checked(&same), Err(Fault::Unchanged { phase: 0 }));
}

#[test]
fn keys_that_do_not_follow_are_refused() {
    let Begun { first, .. } = Begun::new(3, &[6, 8], 1);
    let (key, steps) = contributed(&first, 2);
    let off = |p: &mut G1Affine| *p = (*p + G1Affine::generator()).into_affine();
    let with = |change: &dyn Fn(&mut ProvingKey)| {
        let mut key = key.clone();
        change(&mut key);
        let Dishonest { contributor, fault } = checked(&first, &steps, &key).unwrap_err();
        assert_eq!(contributor, None);
        fault
    };
    let touched = |what| Fault::Touched { what };
    assert_eq!(with(&|key| off(&mut key.vk.alpha_g1)), touched("alpha"));
    assert_eq!(with(&|key| off(&mut key.beta_g1)), touched("beta"));
    assert_eq!(with(&|key| key.vk.gamma_g2 = key.vk.deltas_g2[0]), touched("gamma"));
    assert_eq!(with(&|key| off(&mut key.vk.ic[1])), touched("the public inputs' points"));
    assert_eq!(with(&|key| off(&mut key.a[4])), touched("the A query"));
    assert_eq!(with(&|key| off(&mut key.b_g1[4])), touched("the B query in G1"));
    assert_eq!(with(&|key| key.b_g2.swap(4, 5)), touched("the B query in G2"));
    assert_eq!(with(&|key| key.deltas_g1.swap(0, 1)), Fault::KeyDelta { phase: 0 });
    assert_eq!(with(&|key| key.vk.deltas_g2.swap(0, 1)), Fault::KeyDelta { phase: 0 });
    for phase in [0, 1] {
        assert_eq!(with(&|key| off(&mut key.k[phase][3])), Fault::Divided { what: "the K query", phase });
        assert_eq!(with(&|key| key.k[phase].swap(1, 2)), Fault::Divided { what: "the K query", phase });
        assert_eq!(with(&|key| key.k[phase] = first.k[phase].clone()), Fault::Divided { what: "the K query", phase });
    }
    assert_eq!(with(&|key| off(&mut key.h[0])), Fault::Divided { what: "the H query", phase: 1 });
    assert_eq!(with(&|key| off(&mut key.c[0])), Fault::Divided { what: "the C query", phase: 1 });
    let point = Fault::Point { what: "the H query", index: 2 };
    assert_eq!(with(&|key| key.h[2] = G1Affine::new_unchecked(key.h[2].x, key.h[2].x)), point);
    assert_eq!(with(&|key| key.k[1].truncate(7)), Fault::Length { what: "the K query", found: 7, expected: 8 });
    assert!(matches!(with(&|key| key.vk.deltas_g2.truncate(1)), Fault::Length { .. }));
    // Of another circuit.
    let other = Begun::new(3, &[7, 7], 1);
    assert!(checked(&other.first, &steps, &key).is_err());
}

/// Without a first key to compare with: every point of a key is compared with constraints and powers.
#[test]
fn keys_follow_from_constraints_and_powers() {
    let off = |p: &mut G1Affine| *p = (*p + G1Affine::generator()).into_affine();
    for (instance, phases) in shapes() {
        for more in [0, 1] {
            let Begun { toy, domain, secrets, first } = Begun::new(instance, &phases, more);
            let powers = Powers::known([secrets.tau, secrets.alpha, secrets.beta], domain.size() + more);
            let check = |key: &ProvingKey| check_key(&toy.abc, toy.columns(), &domain, &powers, key);
            check(&first).unwrap();
            let (key, _) = contributed(&first, 2);
            check(&key).unwrap();
            if more == 0 {
                continue;
            }
            let follows = |what, change: &dyn Fn(&mut ProvingKey)| {
                let mut key = key.clone();
                change(&mut key);
                assert_eq!(check(&key), Err(Fault::Follows { what }), "{phases:?}");
            };
            let last = phases.len() - 1;
            follows("alpha", &|key| off(&mut key.vk.alpha_g1));
            follows("beta", &|key| off(&mut key.beta_g1));
            follows("gamma", &|key| key.vk.gamma_g2 = key.vk.deltas_g2[0]);
            for i in 0..instance {
                follows("the public inputs' points", &|key| off(&mut key.vk.ic[i]));
            }
            for i in [0, instance, toy.columns().count() - 1] {
                follows("the A query", &|key| off(&mut key.a[i]));
                follows("the B query in G1", &|key| off(&mut key.b_g1[i]));
                follows("the B query in G2", &|key| {
                    key.b_g2[i] = (key.b_g2[i] + G2Affine::generator()).into_affine();
                });
            }
            for (p, n) in phases.iter().enumerate().filter(|(_, n)| **n > 0) {
                for i in [0, n - 1] {
                    follows("the K query", &|key| off(&mut key.k[p][i]));
                }
                follows("the K query", &|key| key.k[p] = first.k[p].clone());
            }
            for i in [0, domain.size() - 1] {
                follows("the H query", &|key| off(&mut key.h[i]));
            }
            follows("the C query", &|key| off(&mut key.c[0]));
            let mut other = key.clone();
            other.k[last].pop();
            assert!(matches!(check(&other), Err(Fault::Length { what: "the K query", .. })));
            let mut other = key.clone();
            other.vk.deltas_g2[last] = G2Affine::generator();
            assert_eq!(check(&other), Err(Fault::KeyDelta { phase: last }));
            // Other constraints, in C alone too; other powers.
            for m in 0..3 {
                let mut abc = toy.abc.clone();
                abc[m][0].push((Fr::ONE, 0));
                assert!(matches!(check_key(&abc, toy.columns(), &domain, &powers, &key), Err(Fault::Follows { .. })));
            }
            let others = Powers::known([secrets.tau + Fr::ONE, secrets.alpha, secrets.beta], domain.size() + 1);
            let error = check_key(&toy.abc, toy.columns(), &domain, &others, &key).unwrap_err();
            assert!(matches!(error, Fault::Follows { .. }));
        }
    }
}

#[test]
fn powers_are_checked() {
    let secrets = [2u64, 3, 4].map(Fr::from);
    let powers = Powers::known(secrets, 5);
    assert_eq!((powers.tau_g1.len(), powers.rows()), (9, 5));
    powers.check().unwrap();
    let with = |change: &dyn Fn(&mut Powers)| {
        let mut powers = powers.clone();
        change(&mut powers);
        powers.check().unwrap_err()
    };
    let off = |p: &mut G1Affine| *p = (*p + G1Affine::generator()).into_affine();
    let is_powers = |fault: &Fault, of: &str| matches!(fault, Fault::Powers { what } if *what == of);
    for i in 2..9 {
        assert!(is_powers(&with(&|p| off(&mut p.tau_g1[i])), "the powers of tau in G1"), "{i}");
    }
    for i in 2..5 {
        let fault = with(&|p| p.tau_g2[i] = (p.tau_g2[i] + G2Affine::generator()).into_affine());
        assert!(is_powers(&fault, "the powers of tau in G2"), "{i}");
    }
    for i in 0..5 {
        assert!(is_powers(&with(&|p| off(&mut p.alpha_g1[i])), "the powers of tau times alpha"), "{i}");
        assert!(is_powers(&with(&|p| off(&mut p.beta_g1[i])), "the powers of tau times beta"), "{i}");
    }
    // Another tau in one group, and another beta.
    let other = Powers::known([5u64, 3, 4].map(Fr::from), 5);
    assert!(is_powers(&with(&|p| p.tau_g2 = other.tau_g2.clone()), "the powers of tau in G1"));
    let other = Powers::known([2u64, 3, 5].map(Fr::from), 5);
    assert_eq!(with(&|p| p.beta_g2 = other.beta_g2), Fault::Beta);
    assert_eq!(with(&|p| p.beta_g1 = other.beta_g1.clone()), Fault::Beta);
    assert!(matches!(with(&|p| p.tau_g1.rotate_left(1)), Fault::Generator { .. }));
    assert!(matches!(with(&|p| p.tau_g2.swap(0, 1)), Fault::Generator { .. }));
    assert!(matches!(
        with(&|p| p.tau_g1[3] = G1Affine::new_unchecked(p.tau_g1[3].x, p.tau_g1[3].x)),
        Fault::Point { .. }
    ));
    assert!(matches!(with(&|p| p.tau_g1.truncate(1)), Fault::Length { .. }));
    // Nobody contributed, or contributed zero.
    for (i, name) in ["tau", "alpha", "beta"].into_iter().enumerate() {
        let known = |x: u64| {
            let mut secrets = secrets;
            secrets[i] = Fr::from(x);
            Powers::known(secrets, 4).check().unwrap_err()
        };
        assert_eq!(known(1), Fault::Uncontributed { what: name });
        assert!(matches!(known(0), Fault::Point { .. }));
    }
}

/// The curve has points outside of the subgroup in the second group.
#[test]
fn powers_outside_of_the_subgroup_are_refused() {
    let mut powers = Powers::known([2u64, 3, 4].map(Fr::from), 3);
    let outside = (0u64..)
        .find_map(|x| G2Affine::get_point_from_x_unchecked(ark_bn254::Fq2::from(x), false))
        .filter(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .unwrap();
    powers.tau_g2[2] = outside;
    assert_eq!(powers.check(), Err(Fault::Point { what: "the powers of tau in G2", index: 2 }));
}

#[test]
fn circuits_that_are_too_large_are_refused() {
    let toy = Toy::new(2, &[6], &mut StdRng::seed_from_u64(1));
    let powers = Powers::known([2u64, 3, 4].map(Fr::from), 8);
    let begun = |rows: usize, powers: &Powers| initial(&toy.abc, toy.columns(), &Domain::new(rows).unwrap(), powers);
    begun(8, &powers).unwrap();
    assert_eq!(begun(9, &powers), Err(Fault::Rows { found: 9, most: 8 }));
    assert_eq!(begun(6, &powers), Err(Fault::Rows { found: 8, most: 6 }));
    // tau in the domain, and in its coset.
    for i in 0..2 {
        let domain = Domain::new(8).unwrap();
        let tau = [domain.element(3), domain.shift()][i];
        let powers = Powers::known([tau, Fr::from(3u64), Fr::from(4u64)], 8);
        assert_eq!(initial(&toy.abc, toy.columns(), &domain, &powers), Err(Fault::Tau));
    }
}

#[test]
fn questions_are_points_of_the_group_that_depend_on_everything() {
    let g = G1Affine::generator();
    let h = (g + g).into_affine();
    let all = [
        question(&[0; 32], 0, &g, [&g, &g, &g]),
        question(&[1; 32], 0, &g, [&g, &g, &g]),
        question(&[0; 32], 1, &g, [&g, &g, &g]),
        question(&[0; 32], 0, &h, [&g, &g, &g]),
        question(&[0; 32], 0, &g, [&h, &g, &g]),
        question(&[0; 32], 0, &g, [&g, &h, &g]),
        question(&[0; 32], 0, &g, [&g, &g, &h]),
    ];
    for (i, point) in all.iter().enumerate() {
        assert!(point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve() && !point.is_zero());
        assert!(!all[..i].contains(point), "question {i}");
        assert_ne!(Bn254::pairing(g, *point), Bn254::pairing(g, G2Affine::generator()));
    }
}

/// Random points that two keys commit with, for five values and some of them.
struct Committing {
    points: [Vec<G1Affine>; 2],
    deltas: [G1Affine; 2],
    selection: Vec<usize>,
}

impl Committing {
    fn new(selection: &[usize]) -> Self {
        let mut rng = StdRng::seed_from_u64(11);
        let mut point = || (G1Affine::generator() * Fr::rand(&mut rng)).into_affine();
        let points = [5, selection.len()].map(|n| (0..n).map(|_| point()).collect());
        Self { points, deltas: [point(), point()], selection: selection.to_vec() }
    }

    fn bases(&self) -> [Bases<'_>; 2] {
        [0, 1].map(|i| Bases { points: &self.points[i], delta: self.deltas[i] })
    }

    fn share(&self, i: u8) -> link::Share {
        link::Share::new(self.bases(), &self.selection, &[i; 32], &[50 + i; 32]).unwrap()
    }

    fn check(&self, share: &link::Share, i: u8) -> Result<(), Fault> {
        share.check(self.bases(), &self.selection, &[i; 32])
    }
}

#[test]
fn sums_of_shares_link() {
    for selection in [vec![0, 1, 2, 3, 4], vec![3, 1], vec![]] {
        let committing = Committing::new(&selection);
        let shares: Vec<link::Share> = (0..3).map(|i| committing.share(i)).collect();
        shares.iter().zip(0..).for_each(|(share, i)| committing.check(share, i).unwrap());
        let key = link::sum(&shares).unwrap();
        let values = inputs(5, &mut StdRng::seed_from_u64(3));
        let kappas = [Fr::from(8u64), Fr::from(9u64)];
        let proof = crate::link::prove(&key, &values, kappas).unwrap();
        let commit = |i: usize, values: &[Fr]| {
            (crate::msm::g1(&committing.points[i], values) + committing.deltas[i] * kappas[i]).into_affine()
        };
        let mut selected: Vec<Fr> = selection.iter().map(|i| values[*i]).collect();
        assert!(crate::link::holds(&key.vk, [commit(0, &values), commit(1, &selected)], proof));
        if let Some(value) = selected.first_mut() {
            *value += Fr::ONE;
            assert!(!crate::link::holds(&key.vk, [commit(0, &values), commit(1, &selected)], proof));
        }
    }
    assert!(matches!(link::sum(&[]), Err(Fault::Length { found: 0, .. })));
}

#[test]
fn dishonest_shares_are_refused() {
    let committing = Committing::new(&[3, 1]);
    let good = committing.share(1);
    let off = |p: &mut G1Affine| *p = (*p + G1Affine::generator()).into_affine();
    let with = |change: &dyn Fn(&mut link::Share)| {
        let mut share = good.clone();
        change(&mut share);
        committing.check(&share, 1).unwrap_err()
    };
    // Made for something else, or after another's: minus hers, so that the sum would be known.
    assert_eq!(committing.check(&good, 2), Err(Fault::Knowledge { phase: 0 }));
    let other = committing.share(2);
    assert_eq!(with(&|s| s.k[0] = (s.k[0] - other.k[0]).into_affine()), Fault::Knowledge { phase: 0 });
    // All its points are hashed.
    for i in 0..5 {
        assert_eq!(with(&|s| off(&mut s.points[i])), Fault::Knowledge { phase: 0 });
    }
    assert_eq!(with(&|s| s.z[1] += Fr::ONE), Fault::Knowledge { phase: 1 });
    assert_eq!(with(&|s| s.k[1] = G2Affine::identity()), Fault::Knowledge { phase: 0 });
    assert!(matches!(with(&|s| s.points.truncate(4)), Fault::Length { .. }));
    assert!(matches!(
        with(&|s| s.points[2] = G1Affine::new_unchecked(s.points[2].x, s.points[2].x)),
        Fault::Point { .. }
    ));

    // Proofs of knowledge that hold, of points that are not made with these secrets: of other points, another delta.
    for changed in 0..7 {
        let mut theirs = Committing::new(&[3, 1]);
        match changed {
            0..5 => off(&mut theirs.points[0][changed]),
            5 => off(&mut theirs.points[1][0]),
            _ => off(&mut theirs.deltas[1]),
        }
        let fault = committing.check(&theirs.share(1), 1).unwrap_err();
        let expected = match changed {
            6 => Fault::KeyDelta { phase: 1 },
            _ => Fault::Divided { what: "the points of links", phase: 0 },
        };
        assert_eq!(fault, expected, "{changed}");
    }
    let fault = committing.check(&Committing::new(&[1, 3]).share(1), 1).unwrap_err();
    assert_eq!(fault, Fault::Divided { what: "the points of links", phase: 0 });
}

#[test]
fn factors_are_forgotten() {
    let mut factors = Factors::new(&[5; 32], 3);
    assert!(factors.factors.iter().chain(&factors.blinding).all(|x| *x != Fr::ZERO));
    let again = Factors::new(&[6; 32], 3);
    assert!(factors.factors.iter().all(|x| !again.factors.contains(x) && !factors.blinding.contains(x)));
    factors.wipe();
    assert!(factors.factors.is_empty() && factors.blinding.is_empty());
}
