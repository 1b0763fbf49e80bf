//! Attacks on lookups of spreads and what is made of them: values that follow the challenge, challenges that decide nothing, forged digests, gates
//! that are numbers, and statements in two phases.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::{Field, One as _, Zero};
use ark_std::rand::{SeedableRng, rngs::StdRng};

use super::*;
use crate::{
    bounty::compose::{Composed, Composition, StatementError},
    dev::dishonest::Lie,
    gadget::{
        bits::{boolean::Bit, byte::Byte, spread},
        hash::sha256,
        table::segments::{Sides, Tail},
    },
    number::interval::pow2,
    plan::synthesis::Row,
    prove::{Groth16, Matrices, PublicKind, TwoPhase},
};

const ENTRIES: usize = 1 << spread::WIDTH;

fn holds(matrices: &Matrices, z: &[Fr]) -> bool {
    assert_eq!(z.len(), matrices.variables());
    matrices.unsatisfied(z).is_empty()
}

/// One request of eleven bits, of public field elements: of a pair, or of a spread alone.
struct Single {
    matrices: Matrices,
    pair: bool,
}

impl Single {
    fn new(pair: bool) -> Self {
        let mut cs = Ranged::lookups(Build::two_phases(), Tables::none());
        let (x, s) = (cs.instance(None), cs.instance(None));
        if pair {
            cs.spread(&x, &s, spread::WIDTH)
        } else {
            cs.any_spread(&s, spread::WIDTH)
        }
        Self { matrices: closed(cs).finish().0, pair }
    }

    /// `1 / r^(2^32)`, what spreads weigh: nothing where only spreads are asked for, which are the column then.
    fn weight(&self, r: Fr) -> Fr {
        (0..32).fold(r, |power, _| power.square()).inverse().unwrap_or_default()
    }

    /// What an entry or a pair is looked up as.
    fn column(&self, x: Fr, s: Fr, r: Fr) -> Fr {
        if self.pair { x + self.weight(r) * s } else { s }
    }

    fn entry(&self, t: usize, r: Fr) -> Fr {
        self.column(Fr::from(t as u64), Fr::from(spread::eval(t as u32)), r)
    }

    /// All columns, computed after the challenge from what is told: public are one, `x`, `s` and `r`; then multiplicities, squares, the weight
    /// and its product with `s`, and all quotients; of an entry that is the challenge it is told.
    fn accepts(&self, [x, s, r]: [Fr; 3], multiplicities: &BTreeMap<usize, Fr>, at_pole: Fr) -> bool {
        let counts: Vec<Fr> = (0..ENTRIES).map(|t| multiplicities.get(&t).copied().unwrap_or_default()).collect();
        let mut z = vec![Fr::one(), x, s, r];
        z.extend(&counts);
        if self.pair {
            z.extend((0..32).scan(r, |power, _| Some(*power.square_in_place())));
            z.extend([self.weight(r), self.weight(r) * s]);
        }
        z.push((r - self.column(x, s, r)).inverse().unwrap_or_default());
        z.extend(counts.iter().enumerate().map(|(t, m)| (r - self.entry(t, r)).inverse().map_or(at_pole, |h| h * m)));
        holds(&self.matrices, &z)
    }
}

/// What is fixed before the challenge would be forged by whoever knows it: a pair, or how often an entry is looked up. At any other challenge
/// neither is accepted, nor is an honest pair at zero.
#[test]
fn what_follows_the_challenge_proves_nothing() {
    let [r, other] = [1u64 << 40, 0x1234_5678_9abc].map(Fr::from);
    let (none, two) = (Fr::zero(), Fr::from(2u64));
    for pair in [true, false] {
        let one = Single::new(pair);
        for t in [0usize, 5, 2047] {
            let (x, s) = (Fr::from(t as u64), Fr::from(spread::eval(t as u32)));
            let once = BTreeMap::from([(t, Fr::one())]);
            assert!(one.accepts([x, s, r], &once, none) && one.accepts([x, s, other], &once, none));
            // No weight of a pair is the inverse of zero.
            assert_eq!(one.accepts([x, s, none], &once, none), !pair && t > 0);
            // A pair that makes up the entry, of this challenge.
            let d = Fr::from(7u64);
            if pair {
                let (x, s) = (x + one.weight(r) * d, s - d);
                assert!(one.accepts([x, s, r], &once, none), "the attack succeeds where the challenge is known");
                assert!(!one.accepts([x, s, other], &once, none));
            }
            // A fraction of another entry, of this challenge.
            let (x, s) = (Fr::from(3u64), two);
            let fraction = |r| (r - one.entry(t, r)) / (r - one.column(x, s, r));
            let part = BTreeMap::from([(t, fraction(r))]);
            assert!(one.accepts([x, s, r], &part, none), "the attack succeeds where the challenge is known");
            assert!(!one.accepts([x, s, other], &part, none));
        }
        // A pair whose factor is zero has no quotient.
        let x = r - one.weight(r) * two;
        assert!(!one.accepts([x, if pair { two } else { r }, r], &BTreeMap::new(), none));
    }
    // A challenge that is an entry decides nothing: these are among those that are counted. It takes what is no spread, and no other does.
    let (one, bad) = (Single::new(false), Fr::from(spread::eval(5)));
    let free = (bad - two).inverse().unwrap();
    assert!(one.accepts([none, two, bad], &BTreeMap::new(), free));
    assert!(!one.accepts([none, two, r], &BTreeMap::new(), free));
}

/// Tables of limbs, of spreads and of both have one challenge in common and a sum each.
#[test]
fn an_entry_of_one_table_is_none_of_another() {
    fn run<C: Accumulate>(cs: C, [limb, s, x, of]: [i64; 4]) -> C {
        let mut cs = Ranged::lookups(cs, Tables::of(&[5]));
        let [limb, s, x, of] = [limb, s, x, of].map(|v| cs.instance(Some(Int::from(v))));
        cs.range(&limb, 5);
        cs.any_spread(&s, spread::WIDTH);
        cs.spread(&x, &of, spread::WIDTH);
        // What the circuit knows is looked up as well.
        let [three, five] = [3, 5].map(|v| cs.constant(Int::from(v)));
        cs.spread(&three, &five, 2);
        closed(cs)
    }
    let matrices = run(Build::two_phases(), [0; 4]).finish().0;
    let accepts = |values| holds(&matrices, &run(Dishonest::new(Truth), values).finish());
    assert!(accepts([2, 64, 8, 64]) && accepts([31, 5, 2, 4]));
    for swapped in [[64, 2, 8, 64], [2, 8, 64, 64], [2, 64, 64, 8], [64, 64, 8, 2], [2, 2, 8, 64], [32, 64, 8, 64]] {
        assert!(!accepts(swapped), "{swapped:?}");
    }
}

/// Answers spreads in bits, and says that it looks up: what lookups prove of SHA-256, without lookups.
struct Spelled<C>(C);

impl<C: FieldCs> Cs for Spelled<C> {
    type W = C::W;
    fn looks_up(&self) -> bool {
        true
    }
    fn linear(&mut self, terms: &[(Int, &C::W)], constant: Int) -> C::W {
        self.0.linear(terms, constant)
    }
    fn value(&self, w: &C::W) -> Option<Int> {
        self.0.value(w)
    }
    fn witness(&mut self, value: Option<Int>) -> C::W {
        self.0.witness(value)
    }
    fn enforce(&mut self, a: &C::W, b: &C::W, c: &C::W) {
        self.0.enforce(a, b, c);
    }
    fn inverse(&mut self, x: &C::W, rhs: &C::W) {
        self.0.inverse(x, rhs);
    }
    fn label(&mut self, gadget: &'static str) {
        self.0.label(gadget);
    }
}

/// The digest of a message of which the circuit knows the bits of a mask.
fn digest<C: Cs>(cs: &mut C, message: &[u8], known: &[u8]) -> [C::W; 2] {
    let byte = |(m, k): (&u8, &u8)| {
        Byte(std::array::from_fn(|i| match (m >> (7 - i) & 1 == 1, k >> (7 - i) & 1 == 1) {
            (bit, true) => Bit::Known(bit),
            (bit, false) => Bit::allocate(cs, Some(bit)),
        }))
    };
    let bytes: Vec<Byte<C::W>> = message.iter().zip(known).map(byte).collect();
    let words = sha256::enforce(cs, &bytes);
    sha256::halves(cs, &words)
}

fn publish<C: FieldCs>(cs: &mut C, halves: [C::W; 2]) {
    for half in halves {
        let half = cs.lift(&half);
        cs.field_output(&half);
    }
}

fn hashed<C: Accumulate>(cs: C, message: &[u8], known: &[u8], known_weight: Option<u64>) -> C {
    let mut cs = Ranged::lookups(cs, Tables::none());
    cs.known_weight = known_weight;
    let halves = digest(&mut cs, message, known);
    publish(&mut cs, halves);
    closed(cs)
}

fn halves_of(message: &[u8]) -> [Fr; 2] {
    sha256::eval_halves(&sha256::eval(message)).map(Fr::from)
}

/// Bytes that follow from a seed.
fn drawn(length: usize, seed: u64) -> Vec<u8> {
    let next = |x: &mut u64, _| {
        *x = x.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        Some((*x >> 56) as u8)
    };
    (0..length).scan(seed, next).collect()
}

#[test]
fn messages_that_are_known_in_part_have_their_digests() {
    for (seed, length) in [0, 1, 3, 4, 32, 55, 56, 60, 63, 64, 65, 120].into_iter().enumerate() {
        let message = drawn(length, seed as u64);
        let mut masks = vec![drawn(length, 99 + seed as u64), vec![0xff; length]];
        // All but one bit, in a word of its own.
        if let Some(byte) = masks[1].last_mut() {
            *byte = 0xdf;
        }
        for known in masks {
            let z = hashed(Dishonest::new(Truth), &message, &known, None).finish();
            assert_eq!(z[1..3], halves_of(&message), "{length} bytes");
            // The constraints are those of the known bits and of no wire.
            let other: Vec<u8> = message.iter().zip(&known).map(|(m, k)| m & k).collect();
            let matrices = hashed(Build::two_phases(), &other, &known, None).finish().0;
            assert!(holds(&matrices, &z), "{length} bytes");
        }
    }
}

/// With lookups taken at their word, words and digests are functions of the message.
#[test]
fn nothing_of_a_block_is_free_if_spreads_are_what_they_say() {
    let (message, known) = (drawn(5, 3), [0, 0xff, 0x5a, 0, 0]);
    let (mut build, mut assign) = (Spelled(Build::new()), Spelled(Assign::new()));
    let halves = digest(&mut build, &message, &known);
    publish(&mut build.0, halves);
    let halves = digest(&mut assign, &message, &known);
    publish(&mut assign.0, halves);
    let (matrices, z) = (build.0.finish().0, assign.0.finish());
    let harness = Harness::new(&matrices, &z, &[]);
    assert!(harness.holds());
    assert_eq!(z[1..3], halves_of(&message));
    assert_eq!(harness.run(150), []);
    assert_eq!(harness.freedom(&HashSet::new()), 0);
}

/// What is added to witness variables.
struct Added(BTreeMap<usize, Int>);
impl Lie for Added {
    fn told(&self, n: usize, honest: Int) -> Int {
        honest + self.0.get(&n).copied().unwrap_or_default()
    }
}

/// A word with two readings, one for sums and one for rotations, has another digest. It takes a pair that makes up an entry: of a limb of eleven bits
/// the number is `2^11` more, which the bit above it makes up for, and the spread one less. If spreads weighed `2^11`, that would prove a false digest.
#[test]
fn a_false_digest_takes_a_pair_that_is_no_entry() {
    // After the bits of the message, the parities of `s0(W_1)`: `W_16`, in limbs of 3, 4, 3, 7, 1, 1, 11 and 2 bits.
    let (bits, parities) = (8 * 55, 8);
    let spread = bits + parities + 3 + 2 + 3 + 2 + 1 + 1;
    let (number, above) = (spread + 1, spread + 2);
    let known = [0; 55];
    let (message, z) = (0..16)
        .map(|seed| drawn(55, seed))
        .map(|message| (hashed(Dishonest::new(Truth), &message, &known, None).finish(), message))
        .map(|(z, message)| (message, z[4..].to_vec()))
        .find(|(_, z)| z[above].is_one() && (0..1024u64).any(|half| z[number] == Fr::from(2 * half + 1)))
        .unwrap();
    let entry = (0..ENTRIES).find(|t| z[number] == Fr::from(*t as u64)).unwrap();
    assert_eq!(z[spread], Fr::from(spread::eval(entry as u32)));
    let mut accepted = vec![];
    for weight in [Some(1 << spread::WIDTH), None] {
        let matrices = hashed(Build::two_phases(), &message, &known, weight).finish().0;
        let multiplicity = matrices.phases[0] - ENTRIES + entry;
        let lie = [(spread, -Int::ONE), (number, pow2(spread::WIDTH)), (above, -Int::ONE), (multiplicity, Int::ONE)];
        let forged = hashed(Dishonest::new(Added(lie.into())), &message, &known, weight).finish();
        assert_ne!(forged[1..3], halves_of(&message));
        accepted.push(holds(&matrices, &forged));
        // The bits of the message are what they were.
        assert_eq!(forged[4..4 + bits], z[..bits]);
    }
    assert_eq!(accepted, [true, false], "the attack succeeds against the broken variant only");
}

fn tabulated<C: Accumulate>(cs: C, table: &Piecewise, of: Interval, x: Int) -> (C, Wire<C::W>) {
    let mut a = R1cs::new(Ranged::lookups(cs, Tables::of(&[3])));
    let wire = Wire::new(Measure { interval: of, terms: 1 }, a.cs.instance(Some(x)));
    let y = a.piecewise(&wire, table).unwrap();
    (closed(a.cs), y)
}

/// Tables whose bits above the segments are a number: with slopes that start below, at and among these bits, or beyond all.
#[test]
fn a_number_of_the_bits_above_shuts_a_table_as_they_do() {
    let forms = [
        (0, (1, 0), 1, 1, 0),
        (0, (2, 1), 2, 1, 2),
        (0, (2, 0), 1, -1, 3),
        (0, (2, 1), 1, 2, 40),
        (3, (2, 1), 2, 3, 0),
        (2, (2, 1), 1, 1, 1),
        (2, (1, 0), 0, 0, 0),
        (4, (2, 1), 1, 1, 6),
        (1, (2, 0), 3, 1, 5),
    ];
    for sides in [Sides::Even, Sides::Odd, Sides::Negative, Sides::Positive, Sides::Both] {
        for (drop, (bits, segments), degree, slope, from) in forms {
            let halves = if sides == Sides::Both { 2 } else { 1 };
            let piece = |i: i64| (0..=degree).map(|j| (i * 5 + j * 3 + 2) % 7 - 3).collect();
            let pieces = (0..halves << segments).map(piece).collect();
            let tail = Tail { negative: -4, positive: 6, slope, drop: from };
            let table = Piecewise::new((0, 0), drop, bits, sides, pieces, tail).unwrap();
            for (lo, hi) in [(-130, 129), (0, 100), (-100, -1), (-3, 60)] {
                let (build, _) = tabulated(Build::two_phases(), &table, interval(lo, hi), Int::ZERO);
                let matrices = build.finish().0;
                for x in (lo..=hi).step_by(if drop == 0 { 1 } else { 3 }) {
                    let (cs, y) = tabulated(Dishonest::new(Truth), &table, interval(lo, hi), Int::from(x));
                    assert!(holds(&matrices, &cs.finish()), "{x} of {lo}..={hi} in {table:?}");
                    assert_eq!(y.w, table.at(Int::from(x)), "{x} of {lo}..={hi} in {table:?}");
                }
                table_refuses(&matrices, &table, interval(lo, hi), [lo, hi, (lo + hi) / 3].map(Int::from));
            }
        }
    }
    // The widest: a number of 245 bits.
    let table = Piecewise::new((0, 0), 1, 3, Sides::Negative, vec![vec![3, 2], vec![-5, 1]], Tail::default()).unwrap();
    let of = Interval { lo: -pow2(249), hi: pow2(249) - Int::ONE };
    let matrices = tabulated(Build::two_phases(), &table, of, Int::ZERO).0.finish().0;
    for x in [of.lo, of.hi, -Int::ONE, Int::from(-16), Int::from(-17), -pow2(248), pow2(248) + Int::ONE] {
        let (cs, y) = tabulated(Dishonest::new(Truth), &table, of, x);
        assert!(holds(&matrices, &cs.finish()) && y.w == table.at(x), "{x}");
    }
}

/// No prover that lies about a variable or two is believed.
fn table_refuses(matrices: &Matrices, table: &Piecewise, of: Interval, values: [Int; 3]) {
    for x in values {
        let (honest, _) = tabulated(Dishonest::new(Truth), table, of, x);
        let variables = honest.witnesses();
        for lie in [|v: Int| v + Int::ONE, |v: Int| Int::ONE - v, |v: Int| -v - Int::from(8)] {
            for variable in 0..variables.min(16) {
                let (cs, _) = tabulated(Dishonest::new(About(variable, lie)), table, of, x);
                assert!(!cs.lied() || !holds(matrices, &cs.finish()), "{variable} at {x} in {table:?}");
            }
        }
        // The other sign, with the magnitude that it would have.
        let (sign, u) = if x < Int::ZERO { (Int::ONE, x) } else { (Int::ZERO, -Int::ONE - x) };
        let (cs, _) = tabulated(Dishonest::new(BTreeMap::from([(0, sign), (1, u)])), table, of, x);
        assert!(!cs.lied() || !holds(matrices, &cs.finish()), "the other sign of {x} in {table:?}");
    }
}

/// Forty numbers of four bits, and their sum, which is public.
struct Total(&'static [u8]);

impl Composition for Total {
    type Witness<'a> = [i64; 40];
    const TAG: &'static str = "a total";
    fn parameters(&self) -> Vec<u8> {
        self.0.to_vec()
    }
    fn admit(&self, _: &[i64; 40]) -> Result<(), StatementError> {
        Ok(())
    }
    fn enforce<C: Accumulate>(&self, s: &mut R1cs<C>, witness: Option<&[i64; 40]>) -> Result<Vec<Row>, StatementError> {
        let numbers: Vec<C::W> = (0..40).map(|i| s.cs.number(4, witness.map(|w| Int::from(w[i])))).collect();
        let terms: Vec<(Int, &C::W)> = numbers.iter().map(|w| (Int::ONE, w)).collect();
        let sum = s.cs.linear(&terms, Int::ZERO);
        let sum = s.cs.lift(&sum);
        s.cs.field_output(&sum);
        Ok(vec![("sum".to_owned(), 0, PublicKind::Element)])
    }
}

#[test]
fn a_statement_in_two_phases_is_bound_to_its_inputs_and_commitment() {
    let circuit = Composed::of_system::<TwoPhase>(Total(b"")).unwrap();
    assert_eq!((circuit.matrices().challenges(), circuit.matrices().instance), (1, 3));
    let mut rng = StdRng::seed_from_u64(5);
    let keys = circuit.setup::<TwoPhase>(&mut rng).unwrap();
    let mut prove = |witness: &[i64; 40]| circuit.prove::<TwoPhase>(&keys.proving, witness, &mut rng);
    let mut moved = [7; 40];
    (moved[0], moved[1]) = (8, 6);
    let (proof, other) = (prove(&[7; 40]).unwrap(), prove(&moved).unwrap());
    assert_eq!((&proof.inputs, &other.inputs), (&vec![Fr::from(280u64)], &vec![Fr::from(280u64)]));
    assert!(keys.verifying.verify(&proof).is_ok() && keys.verifying.verify(&other).is_ok());
    let mut forged = [proof.clone(), proof.clone(), proof.clone(), proof.clone()];
    forged[0].inputs[0] += Fr::one();
    forged[1].proof.commitments = other.proof.commitments;
    forged[2].inputs.push(Fr::zero());
    forged[3].proof.commitments.clear();
    assert!(forged.iter().all(|forged| keys.verifying.verify(forged).is_err()));
    // A number of five bits, and one below zero.
    for (first, second) in [(16, 0), (-1, 15)] {
        (moved[0], moved[1]) = (first, second);
        assert!(matches!(prove(&moved), Err(StatementError::Violated { .. })));
    }
}

/// Contents say of how many phases they are before they say of what.
#[test]
fn statements_of_one_and_two_phases_have_other_contents() {
    let contents = |parameters, lookups| {
        let of = Total(parameters);
        let circuit = if lookups { Composed::of_system::<TwoPhase>(of) } else { Composed::of_system::<Groth16>(of) };
        circuit.map(|c| (c.contents(), c.digest())).unwrap()
    };
    for parameters in [&b""[..], b"a", b", lookups 1", b"lookups 1"] {
        let own = contents(parameters, true);
        assert!([&b""[..], b"a", b", lookups 1", b"lookups 1"].iter().all(|other| contents(other, false) != own));
    }
}
