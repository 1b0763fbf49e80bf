//! Outputs of packed products without range checks: what reads them confines them whatever they are, what nothing confines is checked when the circuit is
//! complete, and no other outputs with the same packed sum are accepted; and what is accepted where that is left out.

use std::collections::BTreeMap;

use super::*;
use crate::{
    dev::dishonest::Lie,
    gadget::product::{
        choose::{self, MatrixProduct},
        consumer::Consumer,
        packed::Packed,
    },
    number::interval::pow2,
    prove::Matrices,
};

/// A matrix product of variables, and what reads its sums.
#[derive(Clone, Copy, Debug)]
struct Net {
    rows: usize,
    columns: usize,
    length: usize,
    of: Interval,
    /// What the product is told of who reads it.
    told: Option<Consumer>,
    /// Who reads it.
    cut: Cut,
    rectifies: bool,
    /// Of how many sums of a row the largest is read.
    pooled: usize,
    /// How many sums nothing reads, the last ones.
    unread: usize,
}

const CUT: Cut = Cut { shift: 3, saturate: None, bits: None };

/// How range checks are answered, and whether they are at the end.
const KINDS: [bool; 2] = [false, true];

impl Net {
    fn relu(pooled: usize) -> Self {
        let maxima = pooled.next_power_of_two().trailing_zeros();
        let told = Some(Consumer { cut: CUT, rectifies: true, maxima });
        let of = interval(-4, 3);
        Self { rows: 6, columns: 4, length: 5, of, told, cut: CUT, rectifies: true, pooled, unread: 0 }
    }

    fn rescale(cut: Cut) -> Self {
        let told = Some(Consumer { cut, rectifies: false, maxima: 0 });
        Self { told, cut, rectifies: false, ..Self::relu(1) }
    }

    fn total(&self) -> usize {
        (self.rows + self.columns) * self.length
    }

    fn values(&self, seed: i64) -> Vec<i64> {
        let (lo, n) = (self.of.lo.as_i64(), (self.of.hi - self.of.lo).as_i64() + 1);
        (0..self.total() as i64).map(|i| lo + (i * i * 7 + i * seed + seed).rem_euclid(n)).collect()
    }

    /// The wires that the product gives, and those that are read off it.
    fn apply<A: Arith>(&self, a: &mut A, all: &[A::Wire]) -> (Vec<A::Wire>, Vec<A::Wire>) {
        let vectors: Vec<Vec<&A::Wire>> = all.chunks(self.length).map(|v| v.iter().collect()).collect();
        let (rows, columns) = vectors.split_at(self.rows);
        a.feeds(&|| self.told);
        let sums = a.matmul(rows, columns, &[]).unwrap();
        let mut read = vec![];
        for fields in sums[..sums.len() - self.unread].chunks(self.pooled) {
            let mut round = fields.to_vec();
            while round.len() > 1 {
                let pairs: Vec<A::Wire> = round
                    .chunks(2)
                    .map(|pair| match pair {
                        [p, q] => a.max(p, q).unwrap(),
                        one => one[0].clone(),
                    })
                    .collect();
                round = pairs;
            }
            let y = if self.rectifies { a.relu(&round[0], self.cut) } else { a.rescale(&round[0], self.cut) };
            read.push(y.unwrap());
        }
        (sums, read)
    }

    fn packed(&self, looks_up: bool) -> Option<Packed> {
        let measure = Measure { interval: self.of, terms: 1 };
        let of = |n: usize| vec![vec![&measure; self.length]; n];
        match choose::matrix(&of(self.rows), &of(self.columns), &[], self.told.as_ref(), looks_up).unwrap() {
            MatrixProduct::Packed(packed) => Some(packed),
            MatrixProduct::Formula | MatrixProduct::Pairs(_) => None,
        }
    }

    /// Elements, weights and what is read are public. Without `owed`, outputs stay as they are.
    fn synthesize<C: Accumulate>(
        &self,
        cs: C,
        looks_up: bool,
        owed: bool,
        values: Option<&[i64]>,
    ) -> (C, Vec<Wire<C::W>>) {
        let cs = if looks_up { Ranged::lookups(cs, Tables::of(&[3])) } else { Ranged::bits(cs) };
        let mut a = R1cs::new(cs);
        let all: Vec<Wire<C::W>> = (0..self.total())
            .map(|i| Wire::new(Measure { interval: self.of, terms: 1 }, a.cs.instance(values.map(|v| Int::from(v[i])))))
            .collect();
        let (sums, read) = self.apply(&mut a, &all);
        read.iter().for_each(|y| a.publish(y));
        (if owed { a.finish().unwrap().cs } else { closed(a.cs) }, sums)
    }

    fn matrices(&self, looks_up: bool, owed: bool) -> Matrices {
        let build = if looks_up { Build::two_phases() } else { Build::new() };
        self.synthesize(build, looks_up, owed, None).0.finish().0
    }

    fn accepts<L: Lie>(&self, lie: L, looks_up: bool, owed: bool, values: &[i64]) -> bool {
        let cs = self.synthesize(Dishonest::new(lie), looks_up, owed, Some(values)).0;
        self.matrices(looks_up, owed).unsatisfied(&cs.finish()).is_empty()
    }

    /// The numbers of the variables that the sums are.
    fn numbers(&self, looks_up: bool, values: &[i64]) -> Vec<usize> {
        let (cs, honest) = self.synthesize(Dishonest::new(Truth), looks_up, true, Some(values));
        let of = |n: usize| {
            let lie = About(n, |v| v + Int::from(1_000_000));
            let sums = self.synthesize(Dishonest::new(lie), looks_up, true, Some(values)).1;
            sums.iter().zip(&honest).position(|(told, honest)| told.w != honest.w)
        };
        let mut numbers = vec![0; honest.len()];
        (0..cs.witnesses()).for_each(|n| {
            if let Some(i) = of(n) {
                numbers[i] = n;
            }
        });
        numbers
    }

    /// Other sums of one column with the same packed sum: two neighbours of a group, one by `2^c * d` more, the other by `d` less.
    fn shifted(&self, looks_up: bool, values: &[i64]) -> Vec<BTreeMap<usize, Int>> {
        let place = self.packed(looks_up).unwrap().owes().unwrap();
        let honest = self.synthesize(Dishonest::new(Truth), looks_up, true, Some(values)).1;
        let numbers = self.numbers(looks_up, values);
        let mut lies = vec![];
        for d in [-2, -1, 1, 2, 5] {
            for row in 0..self.rows - 1 {
                for column in 0..self.columns {
                    let [low, high] = [row, row + 1].map(|row| row * self.columns + column);
                    let told = [(low, pow2(place) * Int::from(d)), (high, -Int::from(d))];
                    lies.push(told.map(|(i, more)| (numbers[i], honest[i].w + more)).into_iter().collect());
                }
            }
        }
        lies
    }
}

/// Those that are let off their range checks.
fn consumed() -> Vec<Net> {
    let few = Cut { shift: 2, saturate: None, bits: Some(5) };
    let ends = Cut { shift: 3, saturate: Some(2), bits: None };
    let mut nets = vec![
        Net::relu(1),
        Net::relu(2),
        Net::relu(4),
        Net { told: Some(Consumer { cut: few, rectifies: true, maxima: 0 }), cut: few, ..Net::relu(1) },
        Net { told: Some(Consumer { cut: few, rectifies: true, maxima: 1 }), cut: few, ..Net::relu(2) },
        Net { told: Some(Consumer { cut: ends, rectifies: true, maxima: 0 }), cut: ends, ..Net::relu(1) },
        Net::rescale(CUT),
        Net::rescale(few),
    ];
    nets.extend([(-7, 1), (-1, 6), (0, 3), (1, 5)].map(|(lo, hi)| Net { of: interval(lo, hi), ..Net::rescale(CUT) }));
    nets
}

#[test]
fn outputs_that_are_confined_have_no_range_checks_and_are_the_sums() {
    for (net, looks_up) in consumed().into_iter().flat_map(|net| KINDS.map(|looks_up| (net, looks_up))) {
        let at = format!("{net:?}, lookups: {looks_up}");
        let packed = net.packed(looks_up).expect(&at);
        assert_eq!((packed.ranges(), packed.owes().is_some()), (0, true), "{at}");
        assert!(packed.shared() > 1, "{at}");
        for seed in 0..4 {
            let values = net.values(seed);
            let integers: Vec<Int> = values.iter().map(|v| Int::from(*v)).collect();
            let (cs, sums) = net.synthesize(Dishonest::new(Truth), looks_up, true, Some(&values));
            let expected = Net { cut: net.cut.without_bits(), ..net }.apply(&mut Ints::<Int>::new(), &integers).0;
            assert_eq!(sums.iter().map(|y| y.w).collect::<Vec<_>>(), expected, "{at}");
            if net.cut.bits.is_none() {
                assert!(net.matrices(looks_up, true).unsatisfied(&cs.finish()).is_empty(), "{at}");
            }
        }
        // The count is that of the circuit: nothing is added at the end.
        let matrices = net.matrices(looks_up, true);
        let mut counts = if looks_up { Counts::with_lookups() } else { Counts::new() };
        let measures = vec![Measure { interval: net.of, terms: 1 }; net.total()];
        let (_, read) = net.apply(&mut counts, &measures);
        counts.pay("output", Cost::new(read.len(), 0));
        counts.look_up(Tables::of(&[3]));
        assert_eq!(counts.total(), Cost::new(matrices.constraints(), matrices.witness), "{at}");
        let without = net.matrices(looks_up, false);
        assert_eq!(without.constraints(), matrices.constraints(), "{at}");
        let checked = Net { told: None, ..net }.matrices(looks_up, true);
        assert!(matrices.constraints() < checked.constraints(), "{at}");
    }
}

#[test]
fn no_other_outputs_have_the_same_packed_sum() {
    let mut tried = 0;
    for (net, looks_up) in consumed().into_iter().flat_map(|net| KINDS.map(|looks_up| (net, looks_up))) {
        let values = net.values(1);
        for lie in net.shifted(looks_up, &values) {
            assert!(!net.accepts(lie, looks_up, true, &values), "{net:?}, lookups: {looks_up}");
            tried += 1;
        }
    }
    assert_eq!(tried, 2 * 12 * 5 * 5 * 4);
}

/// The same lies are accepted where nothing reads an output and the range checks that are owed are left out.
#[test]
fn without_what_is_owed_other_outputs_are_accepted() {
    for looks_up in KINDS {
        let net = Net { unread: 24, ..Net::relu(1) };
        let values = net.values(1);
        for lie in net.shifted(looks_up, &values) {
            assert!(net.accepts(lie.clone(), looks_up, false, &values), "lookups: {looks_up}");
            assert!(!net.accepts(lie, looks_up, true, &values), "lookups: {looks_up}");
        }
    }
}

/// An output that nothing reads, that something else reads than was said, or that is read by what admits more than was said, is range-checked at
/// the end; and the others are not.
#[test]
fn what_nothing_confines_is_checked_at_the_end() {
    let few = Cut { shift: 0, saturate: None, bits: Some(7) };
    for looks_up in KINDS {
        let checks = |net: Net| {
            let [with, without] = [true, false].map(|owed| net.matrices(looks_up, owed).constraints());
            let digit = net.packed(looks_up).unwrap().digit();
            // A row a bit, or a lookup for every three bits.
            let rows = if looks_up { Tables::of(&[3]).cut(digit).count() } else { digit as usize };
            ((with - without), rows)
        };
        let (rows, each) = checks(Net { unread: 3, ..Net::relu(1) });
        assert_eq!(rows, 3 * each, "lookups: {looks_up}");
        // Of a pair that is pooled, one is said to be read and is not.
        let (rows, each) = checks(Net { unread: 4, ..Net::relu(2) });
        assert_eq!(rows, 4 * each, "lookups: {looks_up}");
        // It is said that few bits are admitted, and many are.
        let told = Some(Consumer { cut: few, rectifies: true, maxima: 0 });
        let wide = Cut { shift: 40, saturate: None, bits: None };
        for net in [Net { told, cut: wide, ..Net::relu(1) }, Net { told, cut: few, ..Net::relu(4) }] {
            let (rows, each) = checks(net);
            let bound = (net.rows * net.columns) * each;
            assert!(rows == 0 || rows == bound, "{net:?}, {rows} of {bound}, lookups: {looks_up}");
            let values = net.values(1);
            for lie in net.shifted(looks_up, &values) {
                assert!(!net.accepts(lie, looks_up, true, &values), "{net:?}, lookups: {looks_up}");
            }
        }
        // A saturation by lookups takes every value, and an identity confines none.
        for cut in [Cut { shift: 2, saturate: Some(3), bits: None }, Cut::default()] {
            let net = Net { cut, told: Some(Consumer { cut: CUT, rectifies: false, maxima: 0 }), ..Net::rescale(CUT) };
            let (rows, each) = checks(net);
            let confined = !looks_up && cut.shift > 0;
            assert_eq!(rows, if confined { 0 } else { 24 * each }, "{cut:?}, lookups: {looks_up}");
        }
    }
}

/// Whatever is accepted of an input that nobody has shown to be in its interval, is what the gadget says.
#[test]
fn what_gadgets_confine_is_confined() {
    let ends = [(-8, 7), (-9, 40), (-40, 9), (-3, 5), (0, 21), (-21, 0), (3, 30), (-30, -3), (-1, 17), (-17, 1)];
    let cuts = [0, 1, 3].into_iter().flat_map(|shift| {
        [None, Some(1), Some(2), Some(4)]
            .into_iter()
            .flat_map(move |saturate| [None, Some(2), Some(3), Some(5)].map(|bits| Cut { shift, saturate, bits }))
    });
    let (mut confined, mut refused) = (0, 0);
    for (cut, (lo, hi)) in cuts.flat_map(|cut| ends.map(|ends| (cut, ends))) {
        let of = interval(lo, hi);
        if cut.narrow(&of).is_err() {
            continue;
        }
        for (looks_up, rectifies) in KINDS.into_iter().flat_map(|l| [(l, false), (l, true)]) {
            let says =
                if rectifies { Relu { cut }.confines(&of, looks_up) } else { Rescale { cut }.confines(&of, looks_up) };
            let Confines::To(admitted) = says.unwrap() else { continue };
            confined += 1;
            assert!(looks_up || cut.bits.is_some() || (admitted.lo <= of.lo && of.hi <= admitted.hi));
            for x in (-300..300).filter(|x| !admitted.contains(Int::from(*x))) {
                assert!(!alone(cut, rectifies, of, x, looks_up), "{x} of {of:?}, {cut:?}, {rectifies}, {looks_up}");
                refused += 1;
            }
        }
    }
    assert!(confined > 1000 && refused > 100_000, "{confined} {refused}");
}

/// Whether a rescale or ReLU of this value is accepted, whatever its interval says.
fn alone(cut: Cut, rectifies: bool, of: Interval, x: i64, looks_up: bool) -> bool {
    fn one<C: Accumulate>(cs: C, cut: Cut, rectifies: bool, of: Interval, x: i64, looks_up: bool) -> C {
        let cs = if looks_up { Ranged::lookups(cs, Tables::of(&[3])) } else { Ranged::bits(cs) };
        let mut a = R1cs::new(cs);
        let wire = Wire::new(Measure { interval: of, terms: 1 }, a.cs.instance(Some(Int::from(x))));
        if rectifies { a.relu(&wire, cut) } else { a.rescale(&wire, cut) }.unwrap();
        closed(a.cs)
    }
    let build = if looks_up { Build::two_phases() } else { Build::new() };
    let matrices = one(build, cut, rectifies, of, x, looks_up).finish().0;
    let z = one(Dishonest::new(Truth), cut, rectifies, of, x, looks_up).finish();
    matrices.unsatisfied(&z).is_empty()
}

/// Both of a maximum are at most it, and not far below.
#[test]
fn what_a_maximum_says_of_both_is_so() {
    for ((a, b), looks_up) in
        [((-8, 7), (-3, 20)), ((-1, 1), (-1, 1)), ((0, 9), (5, 6))].into_iter().flat_map(|i| KINDS.map(|l| (i, l)))
    {
        let of = [interval(a.0, a.1), interval(b.0, b.1)];
        let Confines::Below(most) = Max.confines((&of[0], &of[1]), looks_up).unwrap() else { panic!("{of:?}") };
        for (x, y) in (-60..60).flat_map(|x| (-60..60).step_by(7).map(move |y| (x, y))) {
            fn both<C: Accumulate>(cs: C, of: [Interval; 2], x: [i64; 2], looks_up: bool) -> C {
                let cs = if looks_up { Ranged::lookups(cs, Tables::of(&[3])) } else { Ranged::bits(cs) };
                let mut a = R1cs::new(cs);
                let wires = [0, 1]
                    .map(|i| Wire::new(Measure { interval: of[i], terms: 1 }, a.cs.instance(Some(Int::from(x[i])))));
                a.max(&wires[0], &wires[1]).unwrap();
                closed(a.cs)
            }
            let build = if looks_up { Build::two_phases() } else { Build::new() };
            let matrices = both(build, of, [x, y], looks_up).finish().0;
            let z = both(Dishonest::new(Truth), of, [x, y], looks_up).finish();
            let far = Int::from((x - y).abs()) > most;
            assert_eq!(matrices.unsatisfied(&z).is_empty(), !far, "{x}, {y}");
        }
    }
}
