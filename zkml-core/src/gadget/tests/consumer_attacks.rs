//! Attacks on what confines outputs without range checks: every quotient and every maximum that a prover may choose, for any field element; and packed
//! sums that are the same modulo the field's order, of outputs that are read in every way.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::{Field, One};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::{
    dev::dishonest::{Lie, Misheard},
    gadget::product::{
        choose::{self, MatrixProduct},
        consumer::Consumer,
        packed::Packed,
    },
    number::{
        field::{to_field, to_int},
        interval::pow2,
    },
    prove::Matrices,
};

const KINDS: [bool; 2] = [false, true];

/// The order of the field.
fn order() -> Int {
    to_int(-Fr::one() / Fr::from(2u64)) * Int::from(2) + Int::ONE
}

/// A rescale or a ReLU of one wire of which only its interval is said.
#[derive(Clone, Copy, Debug)]
struct Rescaling {
    cut: Cut,
    rectifies: bool,
    of: Interval,
    looks_up: bool,
}

const WIDTH: u32 = 5;

impl Rescaling {
    fn confines(&self) -> Option<Interval> {
        let Self { cut, of, looks_up, .. } = self;
        let said = if self.rectifies {
            Relu { cut: *cut }.confines(of, *looks_up)
        } else {
            Rescale { cut: *cut }.confines(of, *looks_up)
        };
        match said.ok()? {
            Confines::To(admitted) => Some(admitted),
            Confines::Nothing | Confines::Below(_) => None,
        }
    }

    fn synthesize<C: Accumulate>(&self, cs: C, x: Int) -> (C, C::W) {
        let mut cs = if self.looks_up { Ranged::lookups(cs, Tables::of(&[WIDTH])) } else { Ranged::bits(cs) };
        let x = cs.instance(Some(x));
        let y = if self.rectifies {
            Relu { cut: self.cut }.enforce(&mut cs, (&x, &self.of))
        } else {
            Rescale { cut: self.cut }.enforce(&mut cs, (&x, &self.of))
        };
        let y = y.unwrap();
        (closed(cs), y)
    }

    fn matrices(&self) -> Matrices {
        let build = if self.looks_up { Build::two_phases() } else { Build::new() };
        self.synthesize(build, Int::ZERO).0.finish().0
    }

    /// The result, if this is accepted.
    fn accepts<L: Lie>(&self, matrices: &Matrices, x: Int, lie: L) -> (Option<Int>, usize) {
        let (cs, y) = self.synthesize(Dishonest::new(lie), x);
        let asked = cs.asked();
        (matrices.unsatisfied(&cs.finish()).is_empty().then(|| to_int(to_field(y))), asked)
    }

    /// All results that a prover can be accepted with: every integer that is the same field element is cut into limbs, and of a quotient by
    /// lookups every one that may be in its range, with either result.
    fn results(&self, matrices: &Matrices, x: Int) -> Vec<Int> {
        let mut found = vec![];
        let (honest, asked) = self.accepts(matrices, x, Truth);
        found.extend(honest);
        let r = order();
        for n in 0..asked.min(3) {
            for more in [r, -r] {
                found.extend(self.accepts(matrices, x, Misheard(n, |v: Int| v.wrapping_add(more))).0);
            }
        }
        if self.looks_up && self.rectifies {
            let (t, k) = (x + self.cut.half(), self.cut.shift);
            let parts = Tables::of(&[WIDTH]).cut(k).count();
            for u in [-r, Int::ZERO, r].map(|more| (t + more) >> k) {
                for y in [Int::ZERO, u] {
                    let told = if k == 0 { vec![(0, y)] } else { vec![(0, u), (parts, y)] };
                    found.extend(self.accepts(matrices, x, told.into_iter().collect::<BTreeMap<_, _>>()).0);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Field elements near the ends of all that matters, and such as are no small integers: fractions, halves of the order.
fn elements(near: &[Int], shift: u32) -> Vec<Int> {
    let mut all = vec![];
    for at in near {
        for more in [-1, 0, 1] {
            all.push(*at + Int::from(more));
        }
    }
    let half = to_int(-Fr::one() / Fr::from(2u64));
    all.extend([half, -half, half - pow2(shift.min(240)), pow2(shift) - half]);
    let inverse = to_field(pow2(shift)).inverse().unwrap();
    all.extend([1i64, -1, 3, -5].map(|n| to_int(inverse * to_field(Int::from(n)))));
    all.extend([1i64, -1, 3].map(|n| to_int(Fr::from(2u64).inverse().unwrap() * to_field(Int::from(n)))));
    // As the circuit sees them.
    all.into_iter().map(|x| to_int(to_field(x))).collect()
}

/// Of any field element that is accepted, with any quotient and any limbs: it is in what is said of it, and has one result.
#[test]
fn what_is_accepted_is_confined_whatever_the_prover_chooses() {
    let (mut inside, mut outside, mut said) = (0, 0, 0);
    for shift in [0u32, 1, 3, 126, 243, 247, 249] {
        for (lo, hi) in [(3, 3), (-1, 2), (4, 1)] {
            let end = |bits: i32| if bits < 0 { Int::ONE } else { pow2((shift as i32 + bits) as u32) };
            for of in [
                Interval { lo: -end(lo), hi: end(hi) - Int::ONE },
                Interval { lo: -end(lo) - Int::ONE, hi: end(hi) },
                Interval { lo: Int::from(5), hi: end(hi.max(3)) },
            ] {
                if Interval::new(of.lo, of.hi).is_err() {
                    continue;
                }
                for (saturate, bits) in [
                    (None, None),
                    (None, Some(2)),
                    (Some(1), None),
                    (Some(2), Some(3)),
                    (None, Some(4)),
                    (Some(3), None),
                ] {
                    let cut = Cut { shift, saturate, bits: bits.map(|b: u32| b + shift) };
                    for (rectifies, looks_up) in KINDS.into_iter().flat_map(|r| KINDS.map(|l| (r, l))) {
                        let one = Rescaling { cut, rectifies, of, looks_up };
                        let Some(admitted) = one.confines() else { continue };
                        said += 1;
                        let matrices = one.matrices();
                        let few = [of.lo, of.hi, admitted.lo, admitted.hi, Int::ZERO];
                        let (all, step) = (elements(&few, shift), if shift > 100 { 3 } else { 1 });
                        for x in all.into_iter().step_by(step) {
                            let results = one.results(&matrices, x);
                            assert!(results.len() < 2, "{one:?}: {x} gives {results:?}");
                            let is_in = admitted.contains(x);
                            assert!(is_in || results.is_empty(), "{one:?}: {x} is accepted, beyond {admitted:?}");
                            inside += usize::from(!results.is_empty());
                            outside += usize::from(!is_in);
                        }
                    }
                }
            }
        }
    }
    assert!(said > 100 && inside > 500 && outside > 500);
}

/// Of any two field elements and either of them as the maximum: both are at most it and near it, and only one of both is accepted.
#[test]
fn a_maximum_of_any_two_field_elements_is_one_of_them_and_near() {
    fn both<C: Accumulate>(cs: C, of: &[Interval; 2], x: [Int; 2], looks_up: bool) -> C {
        let mut cs = if looks_up { Ranged::lookups(cs, Tables::of(&[WIDTH])) } else { Ranged::bits(cs) };
        let [a, b] = x.map(|x| cs.instance(Some(x)));
        Max.enforce(&mut cs, ((&a, &of[0]), (&b, &of[1]))).unwrap();
        closed(cs)
    }
    let (mut near, mut far) = (0, 0);
    for bits in [0u32, 3, 100, 200, 249] {
        let of = [Interval { lo: -pow2(bits), hi: pow2(bits) }, Interval { lo: -Int::ONE, hi: pow2(bits) - Int::ONE }];
        for looks_up in KINDS {
            let Confines::Below(most) = Max.confines((&of[0], &of[1]), looks_up).unwrap() else { panic!("{of:?}") };
            let build = if looks_up { Build::two_phases() } else { Build::new() };
            let matrices = both(build, &of, [Int::ZERO; 2], looks_up).finish().0;
            let starts = [Int::ZERO, of[0].lo, pow2(251), to_int(-Fr::one() / Fr::from(2u64))];
            for x in starts {
                for apart in elements(&[Int::ZERO, most, -most], bits.max(1)) {
                    let other = to_int(to_field(x + apart));
                    let mut accepted = vec![];
                    for y in [x, other] {
                        for more in [Int::ZERO, order(), -order()] {
                            let told = BTreeMap::from([(0, y + more)]);
                            let cs = both(Dishonest::new(told), &of, [x, other], looks_up);
                            if matrices.unsatisfied(&cs.finish()).is_empty() {
                                accepted.push(y);
                            }
                        }
                    }
                    accepted.dedup();
                    assert!(accepted.len() < 2, "{of:?}: {x} and {other} have {accepted:?}");
                    for y in accepted {
                        let below = [x, other].map(|w| to_int(to_field(y - w)));
                        assert!(below.iter().all(|d| *d >= Int::ZERO && *d <= most), "{of:?}: {x}, {other}");
                        near += 1;
                    }
                    far += usize::from(apart > most || -apart > most);
                }
            }
        }
    }
    assert!(near > 100 && far > 100, "{near} {far}");
}

/// What reads an output.
#[derive(Clone, Copy, Debug)]
enum Reader {
    Nothing,
    Relu(Cut),
    Rescale(Cut),
    /// A maximum with another output, and what reads that.
    Max(usize, Option<Cut>),
    /// The sum with another, and a ReLU of that.
    Sum(usize),
    Abs,
    Clip,
}

/// A matrix product of variables, of which each sum has any number of readers.
struct Product {
    rows: usize,
    columns: usize,
    length: usize,
    of: Interval,
    told: Consumer,
    readers: Vec<Vec<Reader>>,
    looks_up: bool,
}

impl Product {
    fn new(rng: &mut StdRng) -> Self {
        let cuts = [
            Cut::by(0, None),
            Cut::by(3, None),
            Cut::by(2, Some(2)),
            Cut { shift: 1, saturate: None, bits: Some(5) },
            Cut { shift: 40, saturate: None, bits: None },
            Cut { shift: 0, saturate: Some(3), bits: Some(6) },
        ];
        let (rows, columns) = (rng.gen_range(3..9), rng.gen_range(1..4));
        let sums = rows * columns;
        let cut = cuts[rng.gen_range(0..cuts.len())];
        let told = Consumer { cut, rectifies: rng.gen_bool(0.7), maxima: rng.gen_range(0..3) };
        let main = if told.rectifies { Reader::Relu(cut) } else { Reader::Rescale(cut) };
        let any = |rng: &mut StdRng| {
            let (cut, other) = (cuts[rng.gen_range(0..cuts.len())], rng.gen_range(0..sums));
            match rng.gen_range(0..9) {
                0 => Reader::Nothing,
                1 => Reader::Relu(cut),
                2 => Reader::Rescale(cut),
                3..=4 => Reader::Max(other, Some(cut)),
                5 => Reader::Max(other, None),
                6 => Reader::Sum(other),
                7 => Reader::Abs,
                _ => Reader::Clip,
            }
        };
        let readers = (0..sums).map(|_| match rng.gen_range(0..6) {
            0 => vec![any(rng)],
            1 => vec![main, any(rng)],
            2 => vec![any(rng), any(rng), main],
            _ => vec![main],
        });
        let readers = readers.collect();
        let of = [interval(-4, 3), interval(-1, 6), interval(-7, 1)][rng.gen_range(0..3usize)];
        let (length, looks_up) = (rng.gen_range(4..12), rng.gen_bool(0.5));
        Self { rows, columns, length, of, told, readers, looks_up }
    }

    fn total(&self) -> usize {
        (self.rows + self.columns) * self.length
    }

    fn packed(&self) -> Option<Packed> {
        let measure = Measure { interval: self.of, terms: 1 };
        let of = |n: usize| vec![vec![&measure; self.length]; n];
        match choose::matrix(&of(self.rows), &of(self.columns), &[], Some(&self.told), self.looks_up).unwrap() {
            MatrixProduct::Packed(packed) => Some(packed),
            MatrixProduct::Formula | MatrixProduct::Pairs(_) => None,
        }
    }

    /// The sums; without `owed`, what is left open stays open.
    fn synthesize<C: Accumulate>(&self, cs: C, owed: bool, values: &[i64]) -> (C, Vec<C::W>) {
        let cs = if self.looks_up { Ranged::lookups(cs, Tables::of(&[3])) } else { Ranged::bits(cs) };
        let mut a = R1cs::new(cs);
        let all: Vec<Wire<C::W>> = values
            .iter()
            .map(|v| Wire::new(Measure { interval: self.of, terms: 1 }, a.cs.instance(Some(Int::from(*v)))))
            .collect();
        let vectors: Vec<Vec<&Wire<C::W>>> = all.chunks(self.length).map(|v| v.iter().collect()).collect();
        let (rows, columns) = vectors.split_at(self.rows);
        a.feeds(&|| Some(self.told));
        let sums = a.matmul(rows, columns, &[]).unwrap();
        for (i, reader) in self.readers.iter().enumerate().flat_map(|(i, all)| all.iter().map(move |r| (i, r))) {
            let x = &sums[i];
            match reader {
                Reader::Nothing => {}
                Reader::Relu(cut) => drop(a.relu(x, *cut)),
                Reader::Rescale(cut) => drop(a.rescale(x, *cut)),
                Reader::Max(other, cut) => {
                    let y = a.max(x, &sums[*other]).unwrap();
                    if let Some(cut) = cut {
                        drop(a.relu(&y, *cut));
                    }
                }
                Reader::Sum(other) => {
                    let both = [(Int::ONE, x), (Int::ONE, &sums[*other])];
                    let y = a.linear(both.into_iter(), Int::ZERO).unwrap();
                    drop(a.relu(&y, Cut::by(3, None)));
                }
                Reader::Abs => drop(a.apply(&Abs { cut: Cut::default() }, x)),
                Reader::Clip => drop(a.clip(x, Cut::by(2, None), Int::from(-3), Int::from(4))),
            }
        }
        let sums = sums.into_iter().map(|sum| sum.w).collect();
        (if owed { a.finish().unwrap().cs } else { closed(a.cs) }, sums)
    }

    fn matrices(&self, owed: bool) -> Matrices {
        let build = if self.looks_up { Build::two_phases() } else { Build::new() };
        self.synthesize(build, owed, &vec![0; self.total()]).0.finish().0
    }
}

/// Differences of `n` outputs with the packed sum zero, modulo the order of the field: neighbours, those two apart, the digits of the order.
fn same_packed_sums(n: usize, place: u32) -> Vec<Vec<Int>> {
    let mut all = vec![];
    for (low, by) in (0..n).flat_map(|low| (1..n - low).map(move |by| (low, by))) {
        for d in [1, -1, 3, -8] {
            let mut of = vec![Int::ZERO; n];
            of[low + by] = -Int::from(d);
            of[low] = to_int(to_field(pow2(place)).pow([by as u64]) * to_field(Int::from(d)));
            all.push(of);
        }
    }
    let mask = pow2(place) - Int::ONE;
    let digits = |mut rest: Int| -> Vec<Int> {
        (0..n)
            .map(|k| {
                let digit = if k + 1 == n { rest } else { rest & mask };
                rest >>= place;
                digit
            })
            .collect()
    };
    // The digits between minus half and half as well.
    let centred = |mut digits: Vec<Int>| {
        for k in 0..n - 1 {
            if digits[k] > mask >> 1u32 {
                digits[k] -= pow2(place);
                digits[k + 1] += Int::ONE;
            }
        }
        digits
    };
    for digits in [digits(order()), centred(digits(order()))] {
        all.push(digits.iter().map(|d| -*d).collect());
        all.push(digits);
    }
    all
}

/// Whatever reads outputs, as it was said or not: no other outputs with the same packed sum are accepted; and what is accepted where nothing is done
/// about outputs that are owed a range check.
#[test]
fn outputs_that_are_read_in_any_way_are_the_sums() {
    let mut rng = StdRng::seed_from_u64(81);
    let (mut tried, mut without, mut nets) = (0, 0, 0);
    for seed in 0..500 {
        let net = Product::new(&mut rng);
        let Some(place) = net.packed().and_then(|packed| packed.owes()) else { continue };
        let (lo, hi) = (net.of.lo.as_i64(), net.of.hi.as_i64());
        let values: Vec<i64> = (0..net.total()).map(|_| rng.gen_range(lo..=hi)).collect();
        nets += 1;
        let [with, open] = [true, false].map(|owed| net.matrices(owed));
        let honest = net.synthesize(Dishonest::new(Truth), true, &values).1;
        // The first output, after packed weights that are variables.
        let told = |n: usize| net.synthesize(Dishonest::new(About(n, |v| v + Int::from(77))), true, &values).1;
        let first = (0..).find(|n| told(*n)[0] != honest[0]).unwrap();
        let most = (253 / place) as usize;
        let count = net.rows.div_ceil(most);
        for column in 0..net.columns {
            for group in (0..count).map(|g| g * net.rows / count..(g + 1) * net.rows / count) {
                if group.len() < 2 {
                    continue;
                }
                for by in same_packed_sums(group.len(), place) {
                    let told = group.clone().zip(&by).map(|(row, d)| {
                        let i = row * net.columns + column;
                        (first + column * net.rows + row, honest[i] + *d)
                    });
                    let told: BTreeMap<usize, Int> = told.collect();
                    let accepts = |owed: bool, matrices: &Matrices| {
                        let (cs, _) = net.synthesize(Dishonest::new(told.clone()), owed, &values);
                        matrices.unsatisfied(&cs.finish()).is_empty()
                    };
                    assert!(!accepts(true, &with), "{seed}: {by:?}, {:?}, {:?}", net.told, net.readers);
                    tried += 1;
                    if tried % 4 == 0 {
                        without += usize::from(accepts(false, &open));
                    }
                }
            }
        }
        if nets == 60 {
            break;
        }
    }
    assert!(nets > 30 && tried > 1000 && without > 0, "{nets} {tried} {without}");
}
