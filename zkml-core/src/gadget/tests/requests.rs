//! Lookups, in a proof system of two phases, answer what bits answer.

use std::collections::BTreeMap;

use ark_bn254::Fr;

use super::{
    compare::Max,
    rescaling::{Relu, Rescale},
    *,
};
use crate::prove::Matrices;

/// The constraints without those of the inputs, and how many limbs there are.
fn rows(u: &impl Use, intervals: &[Interval], tables: Tables) -> usize {
    let mut a = R1cs::new(Ranged::lookups(Build::two_phases(), tables));
    let wire = |(i, interval): (usize, &Interval)| {
        let measure = Measure { interval: *interval, terms: 1 };
        Wire::new(measure, a.cs.instance(Some(Int::from(i as u64))))
    };
    let wires: Vec<Wire<_>> = intervals.iter().enumerate().map(wire).collect();
    u.apply(&mut a, &wires).unwrap();
    closed(a.cs).constraints() - tables.own_rows()
}

#[test]
fn three_rows_for_relu_with_its_rescale_and_two_for_a_maximum() {
    let of = [interval(-128, 127)];
    // Three bits of remainder, five of quotient, and the product.
    assert_eq!(rows(&Relu(3, None), &of, Tables::of(&[3, 5])), 3);
    assert_eq!(rows(&Relu(8, None), &[interval(-60_000, 60_000)], Tables::of(&[8])), 3);
    // The distance, and the product.
    assert_eq!(rows(&Max, &[of[0], of[0]], Tables::of(&[8])), 2);
    assert_eq!(rows(&Rescale(3, None), &[interval(-124, 123)], Tables::of(&[3, 5])), 2);
    // Two limbs where one does not do.
    assert_eq!(rows(&Max, &[interval(0, 1 << 20), interval(0, 1 << 20)], Tables::of(&[10, 11])), 3);
}

/// The constraints of one range check, and the witness of a prover that tells of each variable what it likes.
fn range(bits: u32, tables: Tables, x: i64, told: BTreeMap<usize, Int>) -> (Matrices, Vec<Fr>) {
    fn check<C: Accumulate>(cs: C, tables: Tables, bits: u32, x: i64) -> C {
        let mut cs = Ranged::lookups(cs, tables);
        let x = cs.instance(Some(Int::from(x)));
        cs.range(&x, bits);
        closed(cs)
    }
    let matrices = check(Build::two_phases(), tables, bits, x).finish().0;
    (matrices, check(Dishonest::new(told), tables, bits, x).finish())
}

#[test]
fn exactly_the_numbers_of_so_many_bits_are_in_their_range() {
    for (widths, bits) in [(vec![3], 3), (vec![4], 3), (vec![3], 5), (vec![4], 6), (vec![4, 3], 7), (vec![3], 6)] {
        for x in -3..(1 << bits) + 20 {
            let (matrices, z) = range(bits, Tables::of(&widths), x, BTreeMap::new());
            assert_eq!(
                matrices.unsatisfied(&z).is_empty(),
                (0..1 << bits).contains(&x),
                "{x} of {bits} bits in {widths:?}"
            );
        }
    }
}

/// Of a table of eight entries and a number of six bits: the upper limb, and the multiplicities.
#[test]
fn no_limb_and_no_multiplicity_makes_up_for_a_number_that_is_too_large() {
    let few = Tables::of(&[3]);
    for x in [-1, 64, 65, 100] {
        for limb in -10..20 {
            for (entry, count) in [(0, 0), (0, 1), (7, 1), (7, -1), (3, 2)] {
                let told = BTreeMap::from([(0, Int::from(limb)), (1 + entry, Int::from(count))]);
                let (matrices, z) = range(6, few, x, told);
                assert!(!matrices.unsatisfied(&z).is_empty(), "{x} with the limb {limb}");
            }
        }
    }
}

/// The control of the lookup argument: with a challenge that is known before, a multiplicity makes up for anything.
#[test]
fn with_a_challenge_that_is_known_before_anything_passes() {
    use ark_ff::Field;
    let (matrices, mut z) = range(3, Tables::of(&[3]), 11, BTreeMap::new());
    assert!(!matrices.unsatisfied(&z).is_empty());
    // Columns: one, the number, the challenge; eight multiplicities; the quotient of the limb, and those of the entries.
    let r = z[2];
    let off = (r - Fr::from(11u64)).inverse().unwrap();
    z[3] = off * r;
    z[12] = off;
    assert!(matrices.unsatisfied(&z).is_empty());
}

#[test]
fn what_is_fixed_after_the_challenge_is_not_looked_up() {
    let mut cs = Ranged::lookups(Build::two_phases(), Tables::of(&[3]));
    cs.challenge().unwrap();
    let late = cs.witness(None);
    cs.range(&late, 3);
    let message = cs.close_requests().unwrap_err().to_string();
    assert!(message.contains("expected one"), "{message}");
    assert!(!cs.precedes_challenge(&late));
    // Nor is what was known only with it.
    let mut cs = Build::two_phases();
    let before = cs.witness(None);
    let r = cs.challenge().unwrap();
    let mixed = cs.field_linear(&[(Fr::from(1u64), &before), (Fr::from(1u64), &r)], Fr::from(0u64));
    assert!(cs.precedes_challenge(&before) && !cs.precedes_challenge(&r) && !cs.precedes_challenge(&mixed));
}

#[test]
fn a_challenge_is_asked_for_once() {
    let mut cs = Ranged::lookups(Build::two_phases(), Tables::of(&[3]));
    cs.close_requests().unwrap();
    assert!(cs.close_requests().unwrap_err().to_string().contains("twice"));
    assert!(cs.challenge().is_err());
}

#[test]
fn one_phase_has_no_challenge() {
    for error in [Build::new().challenge().err(), Assign::new().challenge().err()] {
        let message = error.unwrap().to_string();
        assert!(message.ends_with("prove in a system of two phases"), "{message}");
    }
}
