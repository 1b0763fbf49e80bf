//! A constraint system of two phases, which answers requests with lookups: the gadgets are the same.

use ark_bn254::Fr;
use ark_ff::{Field, Zero};

use super::{
    compare::Max,
    rescaling::{Relu, Rescale},
    *,
};
use crate::number::{field::to_field, interval::pow2};

/// Checks what it is asked, with a table for each number of bits: first all limbs are fixed, then a challenge is drawn, and
/// each table is compared with what was looked up in it by the sum of `1 / (challenge - limb)` (U. Haboeck, "Multivariate
/// lookups based on logarithmic derivatives", 2022).
#[derive(Default)]
struct TwoPhases {
    /// What each limb is, with its bits.
    limbs: Vec<(u32, Int)>,
    /// The constraints that don't hold.
    broken: usize,
    paid: Cost,
    /// What is added to one limb, by its number, and taken from the one after it.
    lie: Option<(usize, i64)>,
    /// Linear combinations and field elements, which are those of bits.
    values: Assign,
}

impl TwoPhases {
    fn look_up(&mut self, bits: u32, value: Int) -> Int {
        self.limbs.push((bits, value));
        self.paid += Cost::lookup(bits as usize);
        value
    }

    fn limbs<const N: usize>(&mut self, mut value: Int, limbs: [Limb; N]) -> [Vec<Int>; N] {
        let mut left = limbs.iter().map(|l| l.bits()).sum::<u32>();
        limbs.map(|limb| {
            left -= limb.bits();
            let each = if matches!(limb, Limb::Bits(_)) { 1 } else { limb.bits() };
            let wires = (0..limb.bits().checked_div(each).unwrap_or(0)).map(|i| {
                let last = left == 0 && (i + 1) * each == limb.bits();
                // The last limb is all that is left, whatever its table has.
                let mut low = if last { value } else { value & (pow2(each) - Int::ONE) };
                if self.lie.is_some_and(|(at, _)| at == self.limbs.len()) {
                    low += Int::from(self.lie.map_or(0, |lie| lie.1));
                }
                value = (value - low) >> each;
                self.look_up(each, low)
            });
            let wires: Vec<Int> = wires.collect();
            match limb {
                Limb::Checked(_) => vec![],
                Limb::Number(0) => vec![Int::ZERO],
                Limb::Number(_) | Limb::Bits(_) => wires,
            }
        })
    }
}

impl Cs for TwoPhases {
    type W = Int;

    fn linear(&mut self, terms: &[(Int, &Int)], constant: Int) -> Int {
        self.values.linear(terms, constant)
    }
    fn value(&self, w: &Int) -> Option<Int> {
        self.values.value(w)
    }
    fn witness(&mut self, value: Option<Int>) -> Int {
        self.paid += Cost::new(0, 1);
        self.values.witness(value)
    }
    fn enforce(&mut self, a: &Int, b: &Int, c: &Int) {
        self.paid += Cost::new(1, 0);
        self.broken += usize::from(*a * *b != *c);
    }
    fn inverse(&mut self, x: &Int, rhs: &Int) {
        self.paid += Cost::new(1, 1);
        self.broken += usize::from(*x == Int::ZERO && *rhs != Int::ZERO);
    }
    fn label(&mut self, _: &'static str) {}

    fn split<const N: usize>(&mut self, x: &Int, limbs: [Limb; N]) -> [Vec<Int>; N] {
        self.limbs(*x, limbs)
    }
    fn fresh<const N: usize>(&mut self, limbs: [Limb; N], value: Option<Int>) -> [Vec<Int>; N] {
        self.limbs(value.unwrap(), limbs)
    }
    fn close_requests(&mut self) -> Result<(), ArithError> {
        let challenge = self.challenge()?;
        for bits in 1..=10 {
            let within: Vec<Int> = self.limbs.iter().filter(|l| l.0 == bits).map(|l| l.1).collect();
            if within.is_empty() {
                continue;
            }
            let inverse = |x: Int| (challenge - to_field(x)).inverse().unwrap();
            let looked_up: Fr = within.iter().map(|x| inverse(*x)).sum();
            let entry = |x: i64| {
                let times = within.iter().filter(|y| **y == Int::from(x)).count();
                inverse(Int::from(x)) * Fr::from(times as u64)
            };
            let table: Fr = (0..1i64 << bits).map(entry).sum();
            if !(looked_up - table).is_zero() {
                return Err(ArithError::Backend(format!("a limb is not one of {bits} bits")));
            }
        }
        Ok(())
    }
}

impl FieldCs for TwoPhases {
    type F = Fr;

    fn instance(&mut self, value: Option<Int>) -> Int {
        self.values.instance(value)
    }
    fn lift(&mut self, w: &Int) -> Fr {
        self.values.lift(w)
    }
    fn field_linear(&mut self, terms: &[(Fr, &Fr)], constant: Fr) -> Fr {
        self.values.field_linear(terms, constant)
    }
    fn combine(&mut self, terms: &[(Fr, &Int)], value: Int) -> Int {
        self.values.combine(terms, value)
    }

    fn field_product(&mut self, a: &Fr, b: &Fr) -> Fr {
        self.values.field_product(a, b)
    }
    fn field_quotient(&mut self, n: &Fr, d: &Fr) -> Fr {
        self.values.field_quotient(n, d)
    }
    fn field_enforce(&mut self, a: &Fr, b: &Fr, c: &Fr) {
        self.broken += usize::from(*a * *b != *c);
    }
    fn field_witness(&mut self, value: Option<Fr>) -> Fr {
        self.values.field_witness(value)
    }
    fn field_output(&mut self, f: &Fr) {
        self.values.field_output(f);
    }

    /// Of all that is fixed, as a transcript's hash would be.
    fn challenge(&mut self) -> Result<Fr, ArithError> {
        let fold = |seed: Fr, (bits, x): &(u32, Int)| (seed + to_field(*x) + Fr::from(*bits)).square() + Fr::from(7u64);
        Ok(self.limbs.iter().fold(Fr::from(1u64 << 40), fold))
    }
}

impl Accumulate for TwoPhases {}

/// The result, whether it is accepted, and what it cost.
fn run(u: &impl Use, intervals: &[Interval], values: &[i64], lie: Option<(usize, i64)>) -> (Int, bool, Cost) {
    let mut a = R1cs::new(TwoPhases { lie, ..TwoPhases::default() });
    let wire = |(interval, x): (&Interval, &i64)| Wire {
        measure: Measure { interval: *interval, terms: 1 },
        w: Int::from(*x),
    };
    let wires: Vec<Wire<Int>> = intervals.iter().zip(values).map(wire).collect();
    let y = u.apply(&mut a, &wires).unwrap();
    let (broken, paid) = (a.cs.broken, a.cs.paid);
    (y.w, broken == 0 && a.finish().is_ok(), paid)
}

#[test]
fn lookups_answer_what_bits_answer() {
    let of = [interval(-128, 127)];
    for x in (-128..128).step_by(5).chain([-4, -5, 3, 4, 127]) {
        let rescaled = Cut::by(3, None).apply(x);
        assert_eq!(run(&Rescale(3, None), &of, &[x], None).0, Int::from(rescaled));
        let (y, accepted, paid) = run(&Relu(3, None), &of, &[x], None);
        assert!(accepted && y == Int::from(rescaled.max(0)), "{x}");
        // A remainder, a quotient and a sign; and the product with the sign.
        assert_eq!([3, 5, 1].map(|bits| paid.lookups.of(bits)), [1, 1, 1]);
        assert_eq!((paid.constraints, paid.witnesses), (1, 4));
        let (y, accepted, paid) = run(&Max, &[of[0], of[0]], &[x, -7], None);
        assert!(accepted && y == Int::from(x.max(-7)), "{x}");
        // One product, and one range check.
        assert_eq!((paid.constraints, paid.lookups.of(8)), (1, 1));
    }
}

#[test]
fn a_limb_that_its_table_does_not_have_is_refused() {
    let of = [interval(-128, 127)];
    for x in [-128, -5, 0, 99, 127] {
        // More in the remainder, less in the quotient.
        for lie in [8, -8, 16] {
            assert!(!run(&Relu(3, None), &of, &[x], Some((0, lie))).1, "{lie} at {x}");
        }
    }
    // Three, five and one bits hold -260 to 251.
    for beyond in [-261, 252, 1000] {
        assert!(!run(&Relu(3, None), &of, &[beyond], None).1, "{beyond}");
    }
}

#[test]
fn one_phase_has_no_challenge() {
    for error in [Build::new().challenge().err(), Assign::new().challenge().err()] {
        let message = error.unwrap().to_string();
        assert!(message.ends_with("prove in a system of two phases"), "{message}");
    }
}
