//! A prover that tries everything: over small intervals, every witness.

use ark_bn254::Fr;

use super::*;
use crate::{number::interval::pow2, prove::Matrices};

/// A prover that tries everything: every bit both ways, and small numbers for every other variable that is no product.
#[derive(Default)]
struct Tape {
    assign: Assign<'static>,
    /// For every choice, the one taken and how many there are.
    choices: Vec<(usize, usize)>,
    next: usize,
}

impl Tape {
    fn choose(&mut self, of: usize) -> usize {
        if self.next == self.choices.len() {
            self.choices.push((0, of));
        }
        self.next += 1;
        self.choices[self.next - 1].0
    }

    /// The next run, if there is one.
    fn advance(&mut self) -> bool {
        self.next = 0;
        while let Some((taken, of)) = self.choices.pop() {
            if taken + 1 < of {
                self.choices.push((taken + 1, of));
                return true;
            }
        }
        false
    }
}

impl Cs for Tape {
    type W = Int;
    fn linear(&mut self, terms: &[(Int, &Int)], constant: Int) -> Int {
        self.assign.linear(terms, constant)
    }
    fn value(&self, w: &Int) -> Option<Int> {
        Some(*w)
    }
    fn witness(&mut self, honest: Option<Int>) -> Int {
        let tried = [honest.unwrap(), Int::ZERO, Int::ONE, -Int::ONE, -honest.unwrap(), Int::from(2)];
        let value = tried[self.choose(tried.len())];
        self.assign.witness(Some(value))
    }
    fn boolean(&mut self, _: Option<Int>) -> Int {
        let bit = self.choose(2);
        self.assign.witness(Some(Int::from(bit as u64)))
    }
    fn product(&mut self, a: &Int, b: &Int) -> Int {
        self.assign.witness(Some(*a * *b))
    }
    fn enforce(&mut self, _: &Int, _: &Int, _: &Int) {}
    fn inverse(&mut self, x: &Int, rhs: &Int) {
        self.assign.inverse(x, rhs);
    }
    fn label(&mut self, _: &'static str) {}
}

impl FieldCs for Tape {
    type F = Fr;
    fn instance(&mut self, value: Option<Int>) -> Int {
        self.assign.instance(value)
    }
    fn lift(&mut self, w: &Int) -> Fr {
        self.assign.lift(w)
    }
    fn field_linear(&mut self, terms: &[(Fr, &Fr)], constant: Fr) -> Fr {
        self.assign.field_linear(terms, constant)
    }
    fn combine(&mut self, terms: &[(Fr, &Int)], value: Int) -> Int {
        self.assign.combine(terms, value)
    }

    fn field_product(&mut self, a: &Fr, b: &Fr) -> Fr {
        self.assign.field_product(a, b)
    }
    fn field_quotient(&mut self, n: &Fr, d: &Fr) -> Fr {
        self.assign.field_quotient(n, d)
    }
    fn field_enforce(&mut self, a: &Fr, b: &Fr, c: &Fr) {
        self.assign.field_enforce(a, b, c);
    }
    fn field_witness(&mut self, value: Option<Fr>) -> Fr {
        self.assign.field_witness(value)
    }
    fn registered(&mut self, value: Option<Int>) -> Int {
        self.assign.registered(value)
    }
    fn field_registered(&mut self, value: Option<Fr>) -> Fr {
        self.assign.field_registered(value)
    }
    fn field_output(&mut self, f: &Fr) {
        self.assign.field_output(f);
    }
}

impl Accumulate for Tape {}

/// The gadget alone, whose inputs are public and not checked.
fn bare<C: Accumulate, U: Use>(cs: C, u: &U, intervals: &[Interval], values: &[i64]) -> (C, C::W) {
    let mut a = R1cs::new(cs);
    let wires: Vec<Wire<C::W>> = intervals
        .iter()
        .zip(values)
        .map(|(interval, x)| {
            let measure = Measure { interval: *interval, terms: 1 };
            Wire::new(measure, a.cs.instance(Some(Int::from(*x))))
        })
        .collect();
    let y = u.apply(&mut a, &wires).unwrap();
    (a.cs, y.w)
}

/// Tries every witness: those that the constraints accept give this result, and one does.
pub(super) fn only<U: Use>(u: &U, intervals: &[Interval], values: &[i64], expected: i64) {
    let matrices: Matrices = bare(Build::new(), u, intervals, values).0.finish().0;
    all(&matrices, |tape| (bare(tape, u, intervals, values), true), intervals, values, expected);
    // The constraints that gadgets choose where range checks are lookups: whether these hold is a matter of their values.
    let matrices = bare(Ranged::asking(Build::new()), u, intervals, values).0.cs.finish().0;
    let run = |tape| {
        let (ranged, y) = bare(Ranged::asking(tape), u, intervals, values);
        let within = ranged.asked.iter().all(|(bits, x)| *x >= Int::ZERO && *x < pow2(*bits));
        ((ranged.cs, y), within)
    };
    all(&matrices, run, intervals, values, expected);
}

fn all(
    matrices: &Matrices,
    fill: impl Fn(Tape) -> ((Tape, Int), bool),
    intervals: &[Interval],
    values: &[i64],
    expected: i64,
) {
    let mut tape = Tape { assign: Assign::new(), ..Tape::default() };
    let mut accepted = 0;
    loop {
        let ((mut run, y), within) = fill(tape);
        let z = std::mem::replace(&mut run.assign, Assign::new()).finish();
        if within && matrices.unsatisfied(&z).is_empty() {
            accepted += 1;
            assert_eq!(y, Int::from(expected), "another result is accepted at {values:?} of {intervals:?}");
        }
        tape = run;
        if !tape.advance() {
            break;
        }
    }
    assert!(accepted > 0, "nothing is accepted at {values:?} of {intervals:?}");
}

/// Intervals of few bits, on every side of zero, with ends at and off powers of two.
pub(super) const SMALL: [(i64, i64); 12] =
    [(-4, 3), (-3, 5), (-5, 2), (0, 6), (-6, 0), (-1, 0), (0, 1), (-1, 1), (-1, 4), (-4, 1), (2, 5), (-5, -2)];

/// Larger ones, for what is not tried exhaustively.
pub(super) const LARGE: [(i64, i64); 6] = [(-128, 127), (-100, 1), (-1, 100), (0, 200), (-200, -3), (-37, 91)];

/// Every mutation at every value of the small intervals, and at the ends of the large ones; every witness for those tried.
pub(super) fn everywhere<U: Use>(u: &U, tried: &[(i64, i64)], expected: impl Fn(i64) -> i64) {
    for (lo, hi) in tried {
        for x in *lo..=*hi {
            only(u, &[interval(*lo, *hi)], &[x], expected(x));
        }
    }
    for (lo, hi) in SMALL {
        for x in lo..=hi {
            verify(u, &[interval(lo, hi)], &[x], expected(x));
        }
    }
    for (lo, hi) in LARGE {
        for x in points(lo, hi) {
            verify(u, &[interval(lo, hi)], &[x], expected(x));
        }
    }
}
