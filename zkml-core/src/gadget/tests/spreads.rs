//! Attacks on lookups of spreads: pairs that are no entries, numbers too wide, a weight that is known beforehand, requests that come late.

use ark_bn254::Fr;
use ark_ff::Zero;

use super::*;
use crate::{
    gadget::bits::spread::{WIDTH, eval},
    number::interval::pow2,
    prove::Matrices,
};

/// What is asked: of a public number and spread, or of the spread alone.
#[derive(Clone, Copy)]
struct Asked {
    bits: u32,
    pair: bool,
    lookups: bool,
    known_weight: Option<u64>,
}

impl Asked {
    fn ask<C: Accumulate>(self, cs: C, x: Int, s: Int) -> C {
        let mut cs = if self.lookups { Ranged::lookups(cs, Tables::none()) } else { Ranged::bits(cs) };
        cs.known_weight = self.known_weight;
        let (x, s) = (cs.instance(Some(x)), cs.instance(Some(s)));
        if self.pair {
            cs.spread(&x, &s, self.bits);
        } else {
            cs.any_spread(&s, self.bits);
        }
        cs.close_requests().unwrap();
        cs.cs
    }

    fn matrices(self) -> Matrices {
        let build = if self.lookups { Build::two_phases() } else { Build::new() };
        self.ask(build, Int::ZERO, Int::ZERO).finish().0
    }

    fn accepts(self, matrices: &Matrices, x: Int, s: Int) -> bool {
        let z = self.ask(Dishonest::new(About(usize::MAX, |v| v)), x, s).finish();
        assert_eq!(z.len(), matrices.variables());
        matrices.unsatisfied(&z).is_empty()
    }
}

fn all() -> impl Iterator<Item = Asked> {
    let asked = |bits, pair, lookups| Asked { bits, pair, lookups, known_weight: None };
    [1, 2, 4, 7, 10, 11, 12].into_iter().flat_map(move |bits| {
        [(true, true), (true, false), (false, true), (false, false)].map(|(p, l)| asked(bits, p, l))
    })
}

#[test]
fn spreads_are_those_of_numbers_of_so_many_bits() {
    for asked in all() {
        let matrices = asked.matrices();
        let end = 1u32 << asked.bits;
        let shown: Vec<u32> = if asked.bits < 5 { (0..end).collect() } else { vec![0, 1, end / 3, end - 1] };
        for x in shown {
            let (number, s) = (Int::from(x), Int::from(eval(x)));
            assert!(asked.accepts(&matrices, number, s), "{x} of {} bits", asked.bits);
            // Another spread, or none: a digit two or three, a negative one, one that is too wide.
            for other in [s + pow2(1), -s - Int::ONE, s + pow2(2 * asked.bits), pow2(2 * WIDTH + 2), pow2(200)] {
                assert!(!asked.accepts(&matrices, number, other), "{x} with {other}");
            }
            // Another number with this spread; where only the spread is asked for, it may be any.
            for other in
                [number + Int::ONE, number - Int::ONE, -number - Int::ONE, number + pow2(WIDTH), number ^ Int::ONE]
            {
                assert_eq!(asked.accepts(&matrices, other, s), !asked.pair, "{other} with that of {x}");
            }
        }
        for x in [end, end + 1, 2 * end - 1] {
            assert!(!asked.accepts(&matrices, Int::from(x), Int::from(eval(x))), "{x} of {} bits", asked.bits);
        }
    }
}

#[test]
fn all_other_pairs_of_few_bits_are_refused() {
    for lookups in [false, true] {
        let asked = Asked { bits: 3, pair: true, lookups, known_weight: None };
        let matrices = asked.matrices();
        for (x, s) in (-2..10i64).flat_map(|x| (-2..70i64).map(move |s| (x, s))) {
            let expected = (0..8).contains(&x) && s == eval(x as u32) as i64;
            assert_eq!(asked.accepts(&matrices, Int::from(x), Int::from(s)), expected, "{x}, {s}");
        }
    }
}

/// If a pair is looked up as `x + w s` with a weight that the prover knows, `(t + w d, s(t) - d)` is found as well: so it would be
/// with the weight `2^11`, and with no weight that depends on the challenge.
#[test]
fn a_pair_that_makes_up_an_entry_is_refused() {
    let weight = 1u64 << WIDTH;
    let sound = Asked { bits: WIDTH, pair: true, lookups: true, known_weight: None };
    let broken = Asked { known_weight: Some(weight), ..sound };
    for (t, d) in [(5u32, 1i64), (0, -1), (2047, 7), (1024, 1 << 20)] {
        let (x, s) = (Int::from(t) + Int::from(d) * Int::from(weight), Int::from(eval(t)) - Int::from(d));
        // The multiplicities that such a prover needs: one for the entry, and no other.
        let forged = |asked: Asked| {
            let matrices = asked.matrices();
            let multiplicity = |n: usize| if n == t as usize { Int::ONE } else { Int::ZERO };
            let lie = Multiplicities(multiplicity);
            let z = asked.ask(Dishonest::new(lie), x, s).finish();
            matrices.unsatisfied(&z).is_empty()
        };
        assert!(forged(broken), "the attack succeeds against the broken variant");
        assert!(!forged(sound), "{x}, {s}");
    }
}

/// A lie about the first witness variables, which are multiplicities.
struct Multiplicities<F>(F);

impl<F: Fn(usize) -> Int> crate::dev::dishonest::Lie for Multiplicities<F> {
    fn told(&self, n: usize, honest: Int) -> Int {
        if n < 1 << WIDTH { (self.0)(n) } else { honest }
    }
    fn added(&self, _: usize) -> Fr {
        Fr::zero()
    }
}

#[test]
fn spreads_that_come_late_are_bits_or_refused() {
    // After closing, in bits: two rows that they make both, one a bit.
    let mut cs = Ranged::lookups(Build::two_phases(), Tables::none());
    let (x, s) = (cs.instance(None), cs.instance(None));
    cs.spread(&x, &s, 4);
    cs.close_requests().unwrap();
    let before = cs.cs.constraints();
    cs.spread(&x, &s, 4);
    assert_eq!(cs.cs.constraints() - before, 4 + 2);

    // A spread that is made from the challenge.
    for pair in [false, true] {
        let mut cs = Ranged::lookups(Build::two_phases(), Tables::none());
        let x = cs.instance(None);
        cs.cs.challenge().unwrap();
        let s = cs.witness(None);
        if pair {
            cs.spread(&x, &s, 4)
        } else {
            cs.any_spread(&s, 4)
        };
        let error = cs.close_requests().unwrap_err().to_string();
        assert!(error.contains("challenge"), "{error}");
    }
}
