use ark_std::rand::{SeedableRng, rngs::StdRng};

use super::*;
use crate::{ceremony::initial, tests::Toy};

/// For all rows of a domain, with the last power for the quotient and without it.
fn powers(n: usize, last: bool) -> Powers {
    let mut powers = Powers::known([12u64, 13, 14].map(Fr::from), n + usize::from(last));
    powers.tau_g1.truncate(2 * n - usize::from(!last));
    powers
}

#[test]
fn with_bases_of_a_file_a_ceremony_begins_as_it_does_without() {
    for last in [false, true] {
        for n in [8, 16] {
            let toy = Toy::new(3, &[n - 3], &mut StdRng::seed_from_u64(5));
            let domain = Domain::new(n).unwrap();
            let begun = |powers: &Powers| initial(&toy.abc, toy.columns(), &domain, powers).unwrap();
            let mut powers = powers(n, last);
            let expected = begun(&powers);
            powers.lagrange = Some(Lagrange::of(&powers, n).unwrap());
            powers.check().unwrap();
            assert!(begun(&powers) == expected);
        }
    }
}

#[test]
fn bases_of_another_domain_or_length_are_left_alone() {
    let mut short = Lagrange::of(&powers(16, true), 16).unwrap();
    short.tau_g2.pop();
    let other = Lagrange::of(&powers(16, true), 8).unwrap();
    for n in [12, 16] {
        let toy = Toy::new(3, &[n - 3], &mut StdRng::seed_from_u64(5));
        let domain = Domain::new(n).unwrap();
        let begun = |powers: &Powers| initial(&toy.abc, toy.columns(), &domain, powers).unwrap();
        let mut powers = powers(16, true);
        let expected = begun(&powers);
        powers.lagrange = Some(other.clone());
        assert_eq!(powers.check(), Ok(()));
        assert!(begun(&powers) == expected);
        powers.lagrange = Some(short.clone());
        assert_eq!(powers.check(), Err(Fault::Length { what: TAU_G2, found: 15, expected: 16 }));
        assert!(begun(&powers) == expected);
    }
}

#[test]
fn the_last_power_is_taken_out_of_bases_of_larger_files() {
    let [with, without] = [true, false].map(|last| Lagrange::of(&powers(8, last), 8).unwrap());
    for bases in [&with, &without] {
        let mut bases = bases.clone();
        bases.end_before_last().unwrap();
        assert_eq!(bases, without);
    }
    assert_eq!(with.check(&powers(8, false)), Err(Fault::Bases { what: DOUBLE }));
}

#[test]
fn each_point_of_bases_is_checked() {
    let powers = powers(4, false);
    let bases = Lagrange::of(&powers, 4).unwrap();
    bases.check(&powers).unwrap();
    let with = |change: &dyn Fn(&mut Lagrange)| {
        let mut bases = bases.clone();
        change(&mut bases);
        bases.check(&powers).unwrap_err()
    };
    let off = |p: &mut G1Affine| *p = (*p + G1Affine::generator()).into_affine();
    let double = |bases: &mut Lagrange, i: usize| off(&mut bases.double_g1[i]);
    for i in 0..4 {
        assert_eq!(with(&|b| off(&mut b.tau_g1[i])), Fault::Bases { what: TAU_G1 });
        assert_eq!(with(&|b| off(&mut b.alpha_g1[i])), Fault::Bases { what: ALPHA });
        assert_eq!(with(&|b| off(&mut b.beta_g1[i])), Fault::Bases { what: BETA });
        let fault = with(&|b| b.tau_g2[i] = (b.tau_g2[i] + G2Affine::generator()).into_affine());
        assert_eq!(fault, Fault::Bases { what: TAU_G2 });
    }
    for i in 0..8 {
        assert_eq!(with(&|b| double(b, i)), Fault::Bases { what: DOUBLE });
    }
    // Two that are wrong by what adds up to nothing; others' order; the powers themselves.
    let moved = with(&|b| {
        off(&mut b.tau_g1[0]);
        b.tau_g1[1] = (b.tau_g1[1] - G1Affine::generator()).into_affine();
    });
    assert_eq!(moved, Fault::Bases { what: TAU_G1 });
    assert_eq!(with(&|b| b.tau_g1.rotate_left(1)), Fault::Bases { what: TAU_G1 });
    assert_eq!(with(&|b| b.alpha_g1 = b.beta_g1.clone()), Fault::Bases { what: ALPHA });
    assert_eq!(with(&|b| b.tau_g1 = powers.tau_g1[..4].to_vec()), Fault::Bases { what: TAU_G1 });
    let pushed = |list: &mut Vec<G1Affine>| list.push(G1Affine::generator());
    assert_eq!(with(&|b| pushed(&mut b.alpha_g1)), Fault::Length { what: ALPHA, found: 5, expected: 4 });
    assert_eq!(with(&|b| pushed(&mut b.tau_g1)), Fault::Rows { found: 5, most: 4 });
    assert!(matches!(with(&|b| pushed(&mut b.double_g1)), Fault::Length { what: DOUBLE, .. }));
    let outside = with(&|b| b.beta_g1[2] = G1Affine::new_unchecked(b.beta_g1[2].x, b.beta_g1[2].x));
    assert_eq!(outside, Fault::Point { what: BETA, index: 2 });
    // Those of other secrets, and of more rows than there are powers for.
    let others = Powers::known([12u64, 13, 15].map(Fr::from), 4);
    assert_eq!(bases.check(&others), Err(Fault::Bases { what: BETA }));
    let few = Powers::known([12u64, 13, 14].map(Fr::from), 3);
    assert_eq!(bases.check(&few), Err(Fault::Rows { found: 4, most: 3 }));
    for n in [3, 8] {
        assert_eq!(Lagrange::of(&powers, n), Err(Fault::Rows { found: n, most: 4 }));
    }
}
