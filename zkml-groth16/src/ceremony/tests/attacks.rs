//! Attacks on ceremonies: contributions, keys, powers and shares that are made of those of others, or that pairings do not see.

use ark_ff::PrimeField;

use super::*;
use crate::constraints::Sparse;

/// Points of the second group's curve whose order divides the cofactor: pairings may not see them.
fn torsion() -> G2Affine {
    (0u64..)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(ark_bn254::Fq2::from(x), false))
        .map(|point| point.mul_bigint(Fr::MODULUS).into_affine())
        .find(|point| !point.is_zero())
        .unwrap()
}

/// Whoever contributes after an honest party has its points, and not its factors: what can be made of the points alone.
#[test]
fn an_honest_contribution_is_not_undone_copied_or_moved() {
    let Begun { first, .. } = Begun::new(3, &[6, 8], 1);
    let (key, steps) = contributed(&first, 1);
    let honest = &steps[0].1;
    let (challenge, before) = ([1; 32], &key.deltas_g1);
    let (two, times) = (Fr::from(2u64), |p: G1Affine, x: Fr| (p * x).into_affine());
    let made = |phase: usize, delta: G1Affine, s: G1Affine, sx: G1Affine, x: Fr| {
        let q = question(&challenge, phase, &before[phase], [&delta, &s, &sx]);
        Update { delta, s, sx, spx: (q * x).into_affine() }
    };
    let check = |updates: &[Update]| check_updates(before, &Step { challenge: &challenge, updates });
    let own = Factors::new(&[9; 32], 2);
    let good = updates(before, &challenge, &own).unwrap();
    check(&good).unwrap();
    let with = |phase: usize, update: Update| {
        let mut updates = good.clone();
        updates[phase] = update;
        check(&updates)
    };
    for phase in [0, 1] {
        let knowledge = Err(Fault::Knowledge { phase });
        let Update { delta, s, sx, spx } = honest[phase].clone();
        // The same again, and times a factor.
        assert_eq!(with(phase, honest[phase].clone()), knowledge);
        let scaled = Update { delta, s: times(s, two), sx: times(sx, two), spx: (spx * two).into_affine() };
        assert_eq!(with(phase, scaled), knowledge);
        // Undone: the delta before it, with the honest proof turned round.
        assert_eq!(with(phase, made(phase, first.deltas_g1[phase], sx, s, two)), knowledge);
        let undone = made(phase, first.deltas_g1[phase], s, times(s, two), two);
        assert_eq!(with(phase, undone), Err(Fault::Delta { phase }));
        // The delta of the other phase, so that their ratio is known.
        let moved = made(phase, times(before[1 - phase], two), s, times(s, two), two);
        assert_eq!(with(phase, moved), Err(Fault::Delta { phase }));
        // A proof of the other phase, of the same factor.
        let (s, sx) = (good[phase].s, good[phase].sx);
        let crossed = made(1 - phase, good[phase].delta, s, sx, own.factors[phase]);
        assert_eq!(with(phase, crossed), knowledge);
        // No factor, and a point that pairings do not see.
        let none = Update { delta, s, sx: G1Affine::identity(), spx: G2Affine::identity() };
        assert_eq!(with(phase, none), Err(Fault::Point { what: "the contribution", index: phase }));
        let mut outside = good[phase].clone();
        outside.spx = (outside.spx + torsion()).into_affine();
        assert_eq!(with(phase, outside), Err(Fault::Point { what: "the contribution in G2", index: 0 }));
    }
    assert_eq!(check(&[good[1].clone(), good[0].clone()]), Err(Fault::Knowledge { phase: 0 }));
}

/// One factor for both phases leaves their ratio as it was; whoever is honest makes it unknown.
#[test]
fn equal_factors_do_not_tie_deltas_that_an_honest_party_has_drawn() {
    let Begun { first, .. } = Begun::new(3, &[6, 8], 1);
    let equal = |seed: u8| {
        let mut factors = Factors::new(&[seed; 32], 2);
        factors.factors[1] = factors.factors[0];
        factors
    };
    let mut key = first.clone();
    let mut steps = vec![([0; 32], contribute(&mut key, &[0; 32], &equal(1)).unwrap())];
    // Dishonest parties alone: what admits keys refuses equal deltas.
    assert_eq!(key.deltas_g1[0], key.deltas_g1[1]);
    checked(&first, &steps, &key).unwrap();
    steps.push(([1; 32], contribute(&mut key, &[1; 32], &Factors::new(&[2; 32], 2)).unwrap()));
    steps.push(([2; 32], contribute(&mut key, &[2; 32], &equal(3)).unwrap()));
    checked(&first, &steps, &key).unwrap();
    assert_ne!(key.deltas_g1[0], key.deltas_g1[1]);
}

#[test]
fn points_of_keys_that_pairings_do_not_see_are_refused() {
    let Begun { toy, domain, secrets, first } = Begun::new(3, &[6, 8], 1);
    let powers = Powers::known([secrets.tau, secrets.alpha, secrets.beta], domain.size() + 1);
    let (key, steps) = contributed(&first, 2);
    let moved = |p: &mut G2Affine| *p = (*p + torsion()).into_affine();
    let with = |change: &dyn Fn(&mut ProvingKey)| {
        let mut key = key.clone();
        change(&mut key);
        (checked(&first, &steps, &key).unwrap_err().fault, check_key(&toy.abc, toy.columns(), &domain, &powers, &key))
    };
    let delta = Fault::Point { what: "delta in G2", index: 1 };
    assert_eq!(with(&|key| moved(&mut key.vk.deltas_g2[1])), (delta.clone(), Err(delta)));
    let b = Fault::Point { what: "the B query in G2", index: 4 };
    let touched = Fault::Touched { what: "the B query in G2" };
    assert_eq!(with(&|key| moved(&mut key.b_g2[4])), (touched, Err(b)));
    let (beta, what) = (Fault::Follows { what: "beta" }, "beta");
    assert_eq!(with(&|key| moved(&mut key.vk.beta_g2)), (Fault::Touched { what }, Err(beta)));
    let mut powers = powers;
    moved(&mut powers.beta_g2);
    assert_eq!(powers.check(), Err(Fault::Point { what: "beta in G2", index: 0 }));
}

/// The coefficients of the combinations must not be known to who chooses constraints: with two of them, `r_i` and `r_j`,
/// whoever has the key adds `r_j x_i - r_i x_j` to a row, which is zero in every combination.
#[test]
fn constraints_that_are_chosen_for_a_key_are_refused() {
    let Begun { toy, domain, secrets, first } = Begun::new(3, &[6, 8], 1);
    let powers = Powers::known([secrets.tau, secrets.alpha, secrets.beta], domain.size() + 1);
    let (key, _) = contributed(&first, 2);
    let check = |abc: &Sparse| check_key(abc, toy.columns(), &domain, &powers, &key);
    check(&toy.abc).unwrap();
    let seed = super::hash::hash("zkml ceremony follows 1", &[&key_hash(&key), &powers.hash(domain.size())]);
    let r = super::hash::weights(&seed, domain.size().max(toy.columns().count()));
    // Two columns of the first phase.
    let (i, j) = (3, 4);
    for (m, what) in [(0, "the A query"), (1, "the B query in G1"), (2, "the K query")] {
        let mut abc = toy.abc.clone();
        abc[m][0].extend([(r[j], i), (-r[i], j)]);
        assert_eq!(check(&abc), Err(Fault::Follows { what }), "matrix {m}");
    }
}

/// Lists that are longer than the powers of `tau` have powers without a coefficient.
#[test]
fn powers_of_lengths_that_do_not_fit_are_refused() {
    let powers = Powers::known([2u64, 3, 4].map(Fr::from), 12);
    let with = |change: &dyn Fn(&mut Powers)| {
        let mut powers = powers.clone();
        change(&mut powers);
        powers.check()
    };
    let longer = |what, result: Result<(), Fault>| {
        assert!(matches!(result, Err(Fault::Length { what: found, .. }) if found == what), "{result:?}");
    };
    longer("the powers of tau in G2", with(&|p| p.tau_g1.truncate(5)));
    longer(
        "the powers of tau times alpha",
        with(&|p| {
            p.tau_g1.truncate(5);
            p.tau_g2.truncate(5);
        }),
    );
    longer(
        "the powers of tau times beta",
        with(&|p| {
            p.tau_g1.truncate(5);
            p.tau_g2.truncate(5);
            p.alpha_g1.truncate(5);
        }),
    );
}

/// Shares that are made of those of others, whose secrets nobody else knows.
#[test]
fn shares_made_of_others_are_refused() {
    let committing = Committing::new(&[3, 1]);
    let (honest, own) = (committing.share(1), committing.share(2));
    // One secret of somebody else, with its proof, beside one's own: so that a sum would be known.
    for i in [0, 1] {
        let mut share = own.clone();
        (share.k[i], share.r[i], share.z[i], share.deltas[i]) =
            (honest.k[i], honest.r[i], honest.z[i], honest.deltas[i]);
        assert_eq!(committing.check(&share, 2), Err(Fault::Knowledge { phase: 0 }));
    }
    // Moved by what is known, secrets or proofs of them.
    let (g2, one) = (G2Affine::generator(), Fr::ONE);
    for i in [0, 1] {
        let mut share = honest.clone();
        share.k[i] = (share.k[i] + g2).into_affine();
        assert_eq!(committing.check(&share, 1), Err(Fault::Knowledge { phase: 0 }));
        let mut share = honest.clone();
        (share.r[i], share.z[i]) = ((share.r[i] + g2).into_affine(), share.z[i] + one);
        assert_eq!(committing.check(&share, 1), Err(Fault::Knowledge { phase: 0 }));
        let mut share = honest.clone();
        share.k[i] = (share.k[i] + torsion()).into_affine();
        assert_eq!(committing.check(&share, 1), Err(Fault::Point { what: "the share in G2", index: i }));
        let mut share = honest.clone();
        share.r[i] = (share.r[i] + torsion()).into_affine();
        assert_eq!(committing.check(&share, 1), Err(Fault::Point { what: "the share in G2", index: 2 + i }));
    }
    // Minus somebody's: the sum would be zero.
    let mut share = honest.clone();
    share.points.iter_mut().chain(&mut share.deltas).for_each(|point| *point = -*point);
    share.k.iter_mut().chain(&mut share.r).for_each(|point| *point = -*point);
    share.z.iter_mut().for_each(|z| *z = -*z);
    assert_eq!(committing.check(&share, 1), Err(Fault::Knowledge { phase: 0 }));
    assert_eq!(committing.check(&share, 2), Err(Fault::Knowledge { phase: 0 }));
}
