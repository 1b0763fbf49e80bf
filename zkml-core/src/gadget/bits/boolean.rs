//! Boolean functions of three bits in one constraint each: exclusive or, majority, choice
//!
//! With `s = a + b + c`, of bits:
//!
//! | function | formula | constraint |
//! |---|---|---|
//! | [`xor`] | `p = a ^ b ^ c` | `(2 p - s) * s = 3 p - 2 s` |
//! | [`majority`] | `m = [s >= 2]` | `(4 m - s) * s = 6 m - s` |
//! | [`choose`] | `y = e ? f : g` | `(f - g) * e = y - g` |
//!
//! For every one of the four sums the first is linear in `p` with a factor that is not zero (`-3`, `-1`, `1`, `3`), and so is the
//! second in `m` (`-6`, `-2`, `2`, `6`): the bits determine the result, which so is a bit and needs no check of its own. Bits that
//! the circuit knows cost nothing, and save what they decide.

use crate::{gadget::Cs, number::Int};

/// A bit of a circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bit<W> {
    /// The circuit itself knows it: it costs nothing.
    Known(bool),
    /// A wire that is `0` or `1`, which whoever made it has enforced.
    Wire(W),
}

impl<W: Clone + 'static> Bit<W> {
    /// A new bit: one constraint.
    pub fn allocate<C: Cs<W = W>>(cs: &mut C, value: Option<bool>) -> Self {
        Self::Wire(cs.boolean(value.map(int)))
    }

    /// The value, where there is one.
    pub fn value<C: Cs<W = W>>(&self, cs: &C) -> Option<bool> {
        match self {
            Self::Known(bit) => Some(*bit),
            Self::Wire(w) => cs.value(w).map(|v| v != Int::ZERO),
        }
    }

    /// As a wire.
    pub fn wire<C: Cs<W = W>>(&self, cs: &mut C) -> W {
        match self {
            Self::Known(bit) => cs.constant(int(*bit)),
            Self::Wire(w) => w.clone(),
        }
    }
}

fn int(bit: bool) -> Int {
    if bit { Int::ONE } else { Int::ZERO }
}

/// Negation: `1 - a`.
pub fn not<C: Cs>(cs: &mut C, a: &Bit<C::W>) -> Bit<C::W> {
    match a {
        Bit::Known(a) => Bit::Known(!a),
        Bit::Wire(a) => Bit::Wire(cs.linear(&[(-Int::ONE, a)], Int::ONE)),
    }
}

/// `sum_i c_i * bit_i + constant`.
pub fn linear<C: Cs>(cs: &mut C, terms: &[(Int, &Bit<C::W>)], mut constant: Int) -> C::W {
    let mut wires = Vec::with_capacity(terms.len());
    for (c, bit) in terms {
        match bit {
            Bit::Known(true) => constant = constant.wrapping_add(*c),
            Bit::Known(false) => {}
            Bit::Wire(w) => wires.push((*c, w)),
        }
    }
    cs.linear(&wires, constant)
}

/// The wires of these bits, and how many ones the circuit knows.
fn part<W>(bits: [&Bit<W>; 3]) -> (Vec<&W>, usize) {
    let (mut wires, mut ones) = (Vec::with_capacity(3), 0);
    for bit in bits {
        match bit {
            Bit::Known(bit) => ones += usize::from(*bit),
            Bit::Wire(w) => wires.push(w),
        }
    }
    (wires, ones)
}

/// How many of these wires are one, where there are values.
fn count<C: Cs>(cs: &C, wires: &[&C::W]) -> Option<Int> {
    wires.iter().try_fold(Int::ZERO, |sum, w| Some(sum.wrapping_add(cs.value(w)?)))
}

/// Exclusive or: `a ^ b ^ c`.
///
/// # Constraints
/// One if two or three are wires, none otherwise.
///
/// # Soundness
/// Of three bits, see the [module](self). Of two, it is `a + b - 2 a b`.
pub fn xor<C: Cs>(cs: &mut C, bits: [&Bit<C::W>; 3]) -> Bit<C::W> {
    let (wires, ones) = part(bits);
    let odd = ones % 2 == 1;
    match *wires.as_slice() {
        [] => Bit::Known(odd),
        [a] if odd => not(cs, &Bit::Wire(a.clone())),
        [a] => Bit::Wire(a.clone()),
        [a, b] => {
            let value = count(cs, &wires).map(|sum| (sum & Int::ONE) ^ int(odd));
            let p = cs.witness(value);
            let sign = if odd { Int::ONE } else { -Int::ONE };
            let twice = cs.linear(&[(Int::new(2), a)], Int::ZERO);
            let rest = cs.linear(&[(Int::ONE, a), (Int::ONE, b), (sign, &p)], -int(odd));
            cs.enforce(&twice, b, &rest);
            Bit::Wire(p)
        }
        _ => {
            let value = count(cs, &wires).map(|sum| sum & Int::ONE);
            Bit::Wire(of_sum(cs, &wires, value, [2, 3, 2]))
        }
    }
}

/// Majority: `1` if at least two of three bits are.
///
/// # Constraints
/// One if two or three are wires, none otherwise.
///
/// # Soundness
/// Of three wires, see the [module](self). Of two, it is `a b` or `a + b - a b`.
pub fn majority<C: Cs>(cs: &mut C, bits: [&Bit<C::W>; 3]) -> Bit<C::W> {
    let (wires, ones) = part(bits);
    match *wires.as_slice() {
        [] => Bit::Known(ones >= 2),
        [a] if ones == 1 => Bit::Wire(a.clone()),
        [_] => Bit::Known(ones == 2),
        [a, b] if ones == 0 => Bit::Wire(cs.product(a, b)),
        [a, b] => {
            let value = count(cs, &wires).map(|sum| sum.min(Int::ONE));
            let m = cs.witness(value);
            let rest = cs.linear(&[(Int::ONE, a), (Int::ONE, b), (-Int::ONE, &m)], Int::ZERO);
            cs.enforce(a, b, &rest);
            Bit::Wire(m)
        }
        _ => {
            let value = count(cs, &wires).map(|sum| sum >> 1);
            Bit::Wire(of_sum(cs, &wires, value, [4, 6, 1]))
        }
    }
}

/// A new witness variable `y` with `(k y - s) * s = l y - n s`, for the sum `s` of three bits.
///
/// The result stands on the A and the C side only: the B side costs a multiplication in G2 too.
fn of_sum<C: Cs>(cs: &mut C, wires: &[&C::W], value: Option<Int>, [k, l, n]: [i128; 3]) -> C::W {
    let y = cs.witness(value);
    let mut sum = |of_y: i128, of_sum: i128| {
        let mut terms: Vec<(Int, &C::W)> = wires.iter().map(|w| (Int::new(of_sum), *w)).collect();
        if of_y != 0 {
            terms.push((Int::new(of_y), &y));
        }
        cs.linear(&terms, Int::ZERO)
    };
    let (a, b, c) = (sum(k, -1), sum(0, 1), sum(l, -n));
    cs.enforce(&a, &b, &c);
    y
}

/// Choice: `f` if `e` is one, `g` otherwise.
///
/// # Constraints
/// One if `e` is a wire and so is `f` or `g`, none otherwise.
///
/// # Soundness
/// `y = g + e (f - g)`, of bits.
pub fn choose<C: Cs>(cs: &mut C, e: &Bit<C::W>, f: &Bit<C::W>, g: &Bit<C::W>) -> Bit<C::W> {
    match (e, f, g) {
        (Bit::Known(true), ..) => f.clone(),
        (Bit::Known(false), ..) => g.clone(),
        (_, Bit::Known(f), Bit::Known(g)) if f == g => Bit::Known(*f),
        (_, Bit::Known(true), Bit::Known(_)) => e.clone(),
        (_, Bit::Known(false), Bit::Known(_)) => not(cs, e),
        (Bit::Wire(w), ..) => {
            let value = e.value(cs).and_then(|e| if e { f.value(cs) } else { g.value(cs) });
            let y = cs.witness(value.map(int));
            let difference = linear(cs, &[(Int::ONE, f), (-Int::ONE, g)], Int::ZERO);
            let minus = linear(cs, &[(-Int::ONE, g)], Int::ZERO);
            let rest = cs.linear(&[(Int::ONE, &y), (Int::ONE, &minus)], Int::ZERO);
            cs.enforce(&difference, w, &rest);
            Bit::Wire(y)
        }
    }
}

#[cfg(all(test, feature = "prove"))]
mod tests {
    use super::*;
    use crate::{
        arith::r1cs::{Assign, Build},
        dev::tamper::Harness,
    };

    const CASES: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

    /// A bit that no witness may change: two constraints.
    fn fixed<C: Cs>(cs: &mut C, bit: bool) -> Bit<C::W> {
        let wire = cs.boolean(Some(int(bit)));
        let off = cs.linear(&[(Int::ONE, &wire)], -int(bit));
        cs.enforce_zero(&off);
        Bit::Wire(wire)
    }

    fn apply<C: Cs>(cs: &mut C, bits: &[(bool, bool); 3], function: usize) -> Bit<C::W> {
        let [a, b, c] = bits.map(|(wire, bit)| if wire { fixed(cs, bit) } else { Bit::Known(bit) });
        match function {
            0 => xor(cs, [&a, &b, &c]),
            1 => majority(cs, [&a, &b, &c]),
            _ => choose(cs, &a, &b, &c),
        }
    }

    /// All functions, on all bits, each of them known or not.
    #[test]
    fn equal_their_formulas_and_determine_their_results() {
        for function in 0..3 {
            for (x, y, z) in (0..64).map(|i| (CASES[i % 4], CASES[i / 4 % 4], CASES[i / 16])) {
                let bits = [x, y, z];
                let (a, b, c) = (x.1, y.1, z.1);
                let expected = [a ^ b ^ c, a & b | b & c | a & c, if a { b } else { c }][function];
                let (mut build, mut assign) = (Build::new(), Assign::new());
                let built = apply(&mut build, &bits, function);
                let found = apply(&mut assign, &bits, function);
                assert_eq!(found.value(&assign), Some(expected), "function {function} of {bits:?}");
                // Where the circuit knows the result, it knows the right one.
                if let Bit::Known(known) = built {
                    assert_eq!(known, expected);
                }

                let wires = bits.iter().filter(|(wire, _)| *wire).count();
                let paid = match function {
                    2 => usize::from(x.0 && (y.0 || z.0)),
                    _ => usize::from(wires >= 2),
                };
                assert_eq!(build.constraints(), 2 * wires + paid, "function {function} of {bits:?}");
                let (matrices, ..) = build.finish();
                let values = assign.finish();
                let harness = Harness::new(&matrices, &values, &[]);
                assert!(harness.holds());
                assert_eq!(harness.run(usize::MAX), []);
            }
        }
    }
}
