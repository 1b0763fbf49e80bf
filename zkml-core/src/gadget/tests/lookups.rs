//! Attacks on range checks by lookups: mixed limbs, ends of intervals, narrowed cuts, limbs without a table, requests that come late.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::{Field, Zero};

use super::*;
use crate::{
    arith::ints::Ints,
    gadget::Limb,
    number::{field::to_field, interval::pow2},
    prove::Matrices,
};

/// Tables of every kind: none, one that divides nothing, one for what is left over, one in which what is left is looked up twice.
fn kinds() -> [Tables; 4] {
    [Tables::none(), Tables::of(&[3]), Tables::of(&[4, 3]), Tables::of(&[5])]
}

/// A circuit of one public input that is not checked, and what is asked of it.
fn asked<C: Accumulate>(cs: C, tables: Tables, x: Int, ask: &impl Fn(&mut Ranged<C>, &C::W)) -> C {
    let mut cs = Ranged::lookups(cs, tables);
    let x = cs.instance(Some(x));
    ask(&mut cs, &x);
    closed(cs)
}

/// What is asked of an input, over any constraint system.
trait Ask {
    fn ask<C: Accumulate>(&self, cs: &mut Ranged<C>, x: &C::W);
}

fn matrices_of(ask: &impl Ask, tables: Tables) -> (Matrices, Vec<u32>) {
    let (matrices, _, free) =
        asked(Build::two_phases(), tables, Int::ZERO, &|cs: &mut Ranged<_>, x: &_| ask.ask(cs, x)).finish();
    (matrices, free)
}

fn told(ask: &impl Ask, tables: Tables, x: Int, told: BTreeMap<usize, Int>) -> Dishonest<BTreeMap<usize, Int>> {
    asked(Dishonest::new(told), tables, x, &|cs: &mut Ranged<_>, x: &_| ask.ask(cs, x))
}

fn holds(matrices: &Matrices, z: &[Fr]) -> bool {
    assert_eq!(z.len(), matrices.variables());
    matrices.unsatisfied(z).is_empty()
}

/// Limbs whose weighted sum is the input.
struct Split(Vec<Limb>);
impl Ask for Split {
    fn ask<C: Accumulate>(&self, cs: &mut Ranged<C>, x: &C::W) {
        let limb = |i: usize| self.0.get(i).copied().unwrap_or(Limb::Checked(0));
        cs.split(x, [limb(0), limb(1), limb(2), limb(3)]);
    }
}

#[test]
fn limbs_of_every_kind_are_unique_and_end_where_their_bits_do() {
    use Limb::{Bits, Checked, Number};
    let splits = [
        vec![Bits(3), Number(4), Checked(2), Bits(1)],
        vec![Number(0), Bits(0), Checked(0), Number(5)],
        vec![Checked(0), Bits(2), Number(0), Checked(6)],
        vec![Checked(7), Number(0), Bits(1), Bits(0)],
        vec![Number(0), Bits(0), Checked(0), Bits(0)],
    ];
    for (split, tables) in splits.iter().flat_map(|s| kinds().map(|t| (s, t))) {
        let bits: u32 = split.iter().map(|l| l.bits()).sum();
        let split = Split(split.clone());
        let (matrices, _) = matrices_of(&split, tables);
        let end = pow2(bits);
        for x in [0, 5, 37].map(Int::from).into_iter().chain([end - Int::ONE, end, end + Int::ONE]) {
            for x in [x, -x] {
                let honest = told(&split, tables, x, BTreeMap::new());
                let variables = honest.witnesses();
                let within = Int::ZERO <= x && x < end;
                assert_eq!(holds(&matrices, &honest.finish()), within, "{x} in {:?}", split.0);
                // No other value of any variable is accepted, for a number that is within or not; later ones follow from it.
                for (variable, by) in (0..variables).flat_map(|v| [-1, 1, 8].map(|by| (v, by))) {
                    let z = asked(
                        Dishonest::new(About(variable, |v: Int| v + Int::from(by))),
                        tables,
                        x,
                        &|cs: &mut Ranged<_>, x: &_| split.ask(cs, x),
                    );
                    if z.lied() {
                        assert!(!holds(&matrices, &z.finish()), "{variable} by {by} of {x} in {:?}", split.0);
                    }
                }
            }
        }
    }
}

#[test]
fn the_widest_limbs_do_not_wrap() {
    use Limb::{Checked, Number};
    for (split, tables) in [
        (vec![Checked(251), Number(1)], Tables::of(&[5])),
        (vec![Checked(252)], Tables::of(&[4, 3])),
        (vec![Number(1), Number(251)], Tables::of(&[5])),
    ] {
        let split = Split(split);
        let (matrices, _) = matrices_of(&split, tables);
        for (x, within) in [
            (Int::ZERO, true),
            (pow2(252) - Int::ONE, true),
            (pow2(251), true),
            (pow2(252), false),
            (-Int::ONE, false),
            (-pow2(252), false),
        ] {
            let z = told(&split, tables, x, BTreeMap::new()).finish();
            assert_eq!(holds(&matrices, &z), within, "{x} in {:?}", split.0);
        }
    }
}

struct Within(Interval);
impl Ask for Within {
    fn ask<C: Accumulate>(&self, cs: &mut Ranged<C>, x: &C::W) {
        cs.within(x, &self.0);
    }
}

#[test]
fn intervals_end_where_they_say() {
    for (lo, hi) in [(0, 0), (-5, -5), (-3, 4), (0, 9), (-7, 9), (-1, 0), (-100, -3), (5, 22), (-16, 15)] {
        for tables in kinds() {
            let within = Within(interval(lo, hi));
            let (matrices, _) = matrices_of(&within, tables);
            for x in lo - 20..=hi + 20 {
                let z = told(&within, tables, Int::from(x), BTreeMap::new()).finish();
                assert_eq!(holds(&matrices, &z), (lo..=hi).contains(&x), "{x} in {lo}..={hi}");
            }
        }
    }
}

/// Three bits in a table of four: `x` and `2 x` are looked up.
struct Three;
impl Ask for Three {
    fn ask<C: Accumulate>(&self, cs: &mut Ranged<C>, x: &C::W) {
        cs.range(x, 3);
    }
}

/// A half is twice in the table, and an eleven once: neither is a number of three bits.
#[test]
fn a_limb_without_a_table_needs_both_lookups() {
    let tables = Tables::of(&[4]);
    assert_eq!(tables.cut(3).collect::<Vec<_>>(), [crate::arith::r1cs::Part::Scaled(3)]);
    let (matrices, _) = matrices_of(&Three, tables);
    // Columns: one, x, the challenge; sixteen multiplicities; the quotients of `x`, `2 x` and of the entries.
    let r = Fr::from(1u64 << 40);
    let fill = |x: Fr| {
        let mut z = vec![Fr::from(1u64), x, r];
        let limbs = [x, x + x];
        let counts = (0..16u64).map(|t| Fr::from(limbs.iter().filter(|l| **l == Fr::from(t)).count() as u64));
        z.extend(counts);
        z.extend(limbs.map(|l| (r - l).inverse().unwrap()));
        let entries: Vec<Fr> = (0..16u64).map(|t| z[3 + t as usize] / (r - Fr::from(t))).collect();
        z.extend(entries);
        matrices.unsatisfied(&z).len()
    };
    for x in 0..8u64 {
        assert_eq!(fill(Fr::from(x)), 0);
    }
    let half = Fr::from(2u64).inverse().unwrap();
    for x in [half, Fr::from(3u64) * half, Fr::from(8u64), Fr::from(11u64), -Fr::from(1u64)] {
        // Only the sum of the table does not hold: one of both is no entry.
        assert_eq!(fill(x), 1);
    }
}

/// Checked after everything is closed: nobody looks at a limb then.
struct Late(bool);
impl Ask for Late {
    fn ask<C: Accumulate>(&self, cs: &mut Ranged<C>, x: &C::W) {
        cs.range(x, 5);
        if self.0 {
            cs.close_requests().unwrap();
            cs.range(x, 3);
        }
    }
}

#[test]
fn what_is_asked_for_after_closing_is_enforced_bit_by_bit() {
    fn late<C: Accumulate>(cs: C, tables: Tables, x: i64, late: bool) -> C {
        let mut cs = Ranged::lookups(cs, tables);
        let x = cs.instance(Some(Int::from(x)));
        Late(late).ask(&mut cs, &x);
        if late { cs.cs } else { closed(cs) }
    }
    for tables in kinds() {
        for asked_late in [false, true] {
            let matrices = late(Build::two_phases(), tables, 0, asked_late).finish().0;
            for x in -2..40 {
                let z = late(Dishonest::new(Truth), tables, x, asked_late).finish();
                let end = if asked_late { 8 } else { 32 };
                assert_eq!(holds(&matrices, &z), (0..end).contains(&x), "{x}");
            }
        }
    }
}

/// A rescale or a ReLU whose cut is narrower than its input.
struct Narrow(bool, Cut);
impl Use for Narrow {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        if self.0 { a.relu(&x[0], self.1) } else { a.rescale(&x[0], self.1) }
    }
}

fn bare<C: Accumulate>(cs: C, u: &impl Use, interval: Interval, x: i64, tables: Tables) -> (C, Wire<C::W>) {
    let mut a = R1cs::new(Ranged::lookups(cs, tables));
    let wire = Wire::new(Measure { interval, terms: 1 }, a.cs.instance(Some(Int::from(x))));
    let y = u.apply(&mut a, &[wire]).unwrap();
    (closed(a.cs), y)
}

/// With lookups a saturating rescale takes what its bit width excludes, and saturates it: whatever is accepted is the formula's value and
/// lies within the bound. All other forms refuse what is excluded, but for nothing else than it; and whatever is admitted is accepted.
#[test]
fn narrowed_cuts_stay_within_their_bounds() {
    let few = Tables::of(&[3]);
    let (mut excluded, mut saturated) = (0, 0);
    let ends = [(-8, 7), (-9, 40), (-40, 9), (-3, 5), (0, 21), (-21, 0), (3, 30), (-30, -3), (-1, 17), (-17, 1)];
    for ((lo, hi), shift) in ends.into_iter().flat_map(|e| [0, 1, 3].map(|s| (e, s))) {
        for (saturate, bits) in [None, Some(1), Some(2), Some(4)]
            .into_iter()
            .flat_map(|s| [None, Some(0), Some(2), Some(3), Some(4), Some(5)].map(|b| (s, b)))
        {
            let (cut, of) = (Cut { shift, saturate, bits }, interval(lo, hi));
            let Ok(kept) = cut.narrow(&of) else { continue };
            for u in [Narrow(false, cut), Narrow(true, cut)] {
                let (build, y) = bare(Build::two_phases(), &u, of, 0, few);
                let (matrices, bound) = (build.finish().0, y.measure.interval);
                for x in lo..=hi {
                    let (cs, y) = bare(Dishonest::new(Truth), &u, of, x, few);
                    let accepted = holds(&matrices, &cs.finish());
                    let at = format!("{x} of {lo}..={hi}, {cut:?}, relu: {}", u.0);
                    if u.apply(&mut Ints::<i64>::with_lookups(), &[x]).is_ok() {
                        assert!(accepted, "refused: {at}");
                    }
                    if !accepted {
                        excluded += 1;
                        continue;
                    }
                    let value = cut.apply(x).max(if u.0 { 0 } else { i64::MIN });
                    assert_eq!(y.w, Int::from(value), "{at}");
                    assert!(bound.contains(y.w), "out of bound: {at}");
                    if !kept.contains(Int::from(x)) {
                        assert!(saturate.is_some(), "accepted: {at}");
                        saturated += 1;
                    }
                }
            }
        }
    }
    assert!(excluded > 500 && saturated > 100, "{excluded} {saturated}");
}

/// The rectified quotient of a narrowed cut, with every value of quotient and result that a prover may tell.
#[test]
fn no_quotient_makes_up_for_a_relu_beyond_its_width() {
    let few = Tables::of(&[3]);
    for ((lo, hi), shift) in [(-20, 19), (-3, 20)].into_iter().flat_map(|e| [0, 3].map(|s| (e, s))) {
        for bits in [None, Some(3), Some(4)] {
            let cut = Cut { shift, saturate: None, bits };
            let (u, of) = (Narrow(true, cut), interval(lo, hi));
            let (build, y) = bare(Build::two_phases(), &u, of, 0, few);
            let (matrices, bound) = (build.finish().0, y.measure.interval);
            let mut accepted = 0;
            for x in lo..=hi {
                for quotient in -5..=5 {
                    // The first variable is the quotient if there is a shift; the next one is the result.
                    let (first, result) = if shift > 0 { (0, 1) } else { (usize::MAX, 0) };
                    if shift == 0 && quotient != 0 {
                        continue;
                    }
                    for y in if shift > 0 { -1..=4 } else { -2..=20 } {
                        let lie = BTreeMap::from([(first, Int::from(quotient)), (result, Int::from(y))]);
                        let (cs, out) = bare(Dishonest::new(lie), &u, of, x, few);
                        if holds(&matrices, &cs.finish()) {
                            accepted += 1;
                            assert_eq!(out.w, Int::from(cut.apply(x).max(0)), "{x} of {lo}..={hi}, {cut:?}");
                            assert!(bound.contains(out.w));
                        }
                    }
                }
            }
            assert!(accepted > 0);
        }
    }
}

/// What is public and not checked may be any field element: also one whose quotient is a fraction.
#[test]
fn fractions_are_in_no_range() {
    let within = Within(interval(-7, 9));
    for tables in kinds() {
        let (matrices, _) = matrices_of(&within, tables);
        let honest = told(&within, tables, Int::from(3), BTreeMap::new()).finish();
        assert!(holds(&matrices, &honest));
        for x in [
            Fr::from(2u64).inverse().unwrap(),
            to_field(pow2(200)),
            -to_field(Int::from(8)),
            Fr::zero() - Fr::from(9u64),
        ] {
            let mut z = honest.clone();
            z[1] = x;
            assert!(!holds(&matrices, &z));
        }
    }
}
