//! SHA-256 bit by bit: words are 32 bits
//!
//! Every bit of `S0`, `S1`, `s0`, `s1`, `Ch` and `Maj` takes one constraint, see [`boolean`]. A sum modulo `2^32` takes one for
//! every bit that it has before it is reduced.

use std::rc::Rc;

use super::{INITIAL, ROUND};
use crate::{
    gadget::{
        Cs,
        bits::{
            boolean::{self, Bit},
            byte::Byte,
        },
    },
    number::{
        Int,
        interval::{bit_len, pow2},
    },
};

/// The constraints of a block of which the circuit knows nothing, after another one: 197 for each of the first 62 rounds (32 each
/// for `S0`, `S1`, `Ch` and `Maj`, 35 for `e`, 34 for `a`), 198 and 199 for the last two, 98 for each of the first 46 words of the
/// schedule (32 each for `s0` and `s1`, 34 for the sum), 64 for the last two, and 33 for each of six sums after the rounds.
pub const BLOCK: usize = 17_445;

/// `2^32 - 1`.
pub(super) const MASK: i128 = 0xffff_ffff;

/// A word: bit `i` has weight `2^i`.
type Word<W> = Rc<[Bit<W>; 32]>;

/// The digest of a padded message.
///
/// # Soundness
/// Words are made of bits: those of exclusive ors, choices and majorities by [`boolean`], those of sums by their range checks.
pub(super) fn enforce<C: Cs>(cs: &mut C, padded: &[Byte<C::W>]) -> [C::W; 8] {
    let mut state: [Word<C::W>; 8] = INITIAL.map(known);
    for block in padded.chunks_exact(64) {
        let words: Vec<Word<C::W>> = block.chunks_exact(4).map(word).collect();
        let schedule = extend(cs, words);
        state = compress(cs, &state, &schedule);
    }
    state.map(|word| {
        let terms: Vec<(Int, &Bit<C::W>)> = word.iter().zip(0..).map(|(bit, i)| (pow2(i), bit)).collect();
        boolean::linear(cs, &terms, Int::ZERO)
    })
}

/// The word of four bytes, big endian.
fn word<W: Clone>(bytes: &[Byte<W>]) -> Word<W> {
    Rc::new(std::array::from_fn(|i| bytes[3 - i / 8].0[7 - i % 8].clone()))
}

fn known<W>(value: u32) -> Word<W> {
    Rc::new(std::array::from_fn(|i| Bit::Known(value >> i & 1 == 1)))
}

/// Exclusive or of three rotations to the right; with `shift`, the last is a shift.
fn rotations<C: Cs>(cs: &mut C, x: &Word<C::W>, by: [usize; 3], shift: bool) -> Word<C::W> {
    let zero = Bit::Known(false);
    Rc::new(std::array::from_fn(|i| {
        let [a, b, c] = by.map(|n| &x[(i + n) % 32]);
        let c = if shift && i + by[2] >= 32 { &zero } else { c };
        boolean::xor(cs, [a, b, c])
    }))
}

/// A function of three words, bit by bit.
fn each<C: Cs>(
    cs: &mut C,
    [x, y, z]: [&Word<C::W>; 3],
    function: impl Fn(&mut C, [&Bit<C::W>; 3]) -> Bit<C::W>,
) -> Word<C::W> {
    Rc::new(std::array::from_fn(|i| function(cs, [&x[i], &y[i], &z[i]])))
}

/// The message schedule: each `W_t` as the words that it is the sum of.
fn extend<C: Cs>(cs: &mut C, mut words: Vec<Word<C::W>>) -> Vec<Vec<Word<C::W>>> {
    let mut schedule: Vec<Vec<Word<C::W>>> = words.iter().map(|word| vec![Rc::clone(word)]).collect();
    for t in 16..64 {
        let s0 = rotations(cs, &words[t - 15], [7, 18, 3], true);
        let s1 = rotations(cs, &words[t - 2], [17, 19, 10], true);
        let mut parts = vec![s1, Rc::clone(&words[t - 7]), s0, Rc::clone(&words[t - 16])];
        if t < 62 {
            let word = sum(cs, &parts.iter().collect::<Vec<_>>(), &[], 0);
            words.push(Rc::clone(&word));
            parts = vec![word];
        }
        schedule.push(parts);
    }
    schedule
}

/// The words after a block, of those before it.
fn compress<C: Cs>(cs: &mut C, before: &[Word<C::W>; 8], schedule: &[Vec<Word<C::W>>]) -> [Word<C::W>; 8] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = before.clone();
    for (t, (w, k)) in schedule.iter().zip(ROUND).enumerate() {
        let s1 = rotations(cs, &e, [6, 11, 25], false);
        let ch = each(cs, [&e, &f, &g], |cs, [e, f, g]| boolean::choose(cs, e, f, g));
        let s0 = rotations(cs, &a, [2, 13, 22], false);
        let maj = each(cs, [&a, &b, &c], boolean::majority);
        // In the last round, what is added after the rounds: to `a`, to `e`.
        let (first, fifth) = if t == 63 { (&before[..1], &before[4..5]) } else { (&before[..0], &before[..0]) };
        let all: Vec<&Word<C::W>> = [&d, &h, &s1, &ch].into_iter().chain(w).chain(fifth).collect();
        let next_e = sum(cs, &all, &[], k);
        let plus: Vec<&Word<C::W>> = [&next_e, &s0, &maj].into_iter().chain(first).collect();
        let minus: Vec<&Word<C::W>> = std::iter::once(&d).chain(fifth).collect();
        let next_a = sum(cs, &plus, &minus, 0);
        (h, g, f, e, d, c, b, a) = (g, f, e, next_e, c, b, a, next_a);
    }
    let mut plus = |i: usize, x: Word<C::W>| sum(cs, &[&before[i], &x], &[], 0);
    [a, plus(1, b), plus(2, c), plus(3, d), e, plus(5, f), plus(6, g), plus(7, h)]
}

/// Sum modulo `2^32`, of words and a constant.
///
/// # Constraints
/// The bits of the largest sum, which is not reduced yet; none if only the constant, or one word and nothing else, is not zero.
///
/// # Soundness
/// The sum, with a multiple of `2^32` that makes it positive, is within `0..2^n`, for the bits are. Of its `n` bits (at most
/// 40) all but the highest are booleans by their own constraints. What they leave of the sum, `r`, is zero or `2^(n - 1)` by
/// `r (2^(n - 1) - r) = 0`. Nothing comes near the modulus, so the bits are those of the sum, and the lowest 32 are the sum
/// modulo `2^32`. Where that needs the highest bit too, it is a boolean, and `r` is zero.
fn sum<C: Cs>(cs: &mut C, plus: &[&Word<C::W>], minus: &[&Word<C::W>], constant: u32) -> Word<C::W> {
    let zero = |word: &Word<C::W>| word.iter().all(|bit| matches!(bit, Bit::Known(false)));
    let plus: Vec<&Word<C::W>> = plus.iter().copied().filter(|word| !zero(word)).collect();
    if let ([word], [], 0) = (plus.as_slice(), minus, constant) {
        return Rc::clone(word);
    }
    let mut terms: Vec<(Int, &C::W)> = Vec::new();
    let (mut constant, mut least, mut most) = (i128::from(constant), 0, 0);
    let signed = plus.iter().map(|word| (1i128, word)).chain(minus.iter().map(|word| (-1, word)));
    for (sign, word) in signed {
        for (i, bit) in word.iter().enumerate() {
            let weight: i128 = sign << i;
            match bit {
                Bit::Known(bit) => constant += weight * i128::from(*bit),
                Bit::Wire(w) => {
                    terms.push((Int::new(weight), w));
                    least += weight.min(0);
                    most += weight.max(0);
                }
            }
        }
    }
    constant &= MASK;
    if terms.is_empty() {
        return known(constant as u32);
    }
    // What is missing to zero, rounded up to a multiple of `2^32`.
    constant += ((-least - constant).max(0) + MASK) & !MASK;
    let n = bit_len(Int::new(most + constant));

    let x = cs.linear(&terms, Int::new(constant));
    let value = cs.value(&x);
    let booleans = if n > 32 { n - 1 } else { n };
    let bits: Vec<C::W> = (0..booleans).map(|i| cs.boolean(value.map(|v| (v >> i) & Int::ONE))).collect();
    let mut rest = vec![(Int::ONE, &x)];
    rest.extend(bits.iter().enumerate().map(|(i, bit)| (-pow2(i as u32), bit)));
    let rest = cs.linear(&rest, Int::ZERO);
    if n > 32 {
        let none = cs.constant(Int::ZERO);
        let other = cs.linear(&[(-Int::ONE, &rest)], pow2(n - 1));
        cs.enforce(&rest, &other, &none);
    } else {
        cs.enforce_zero(&rest);
    }
    let mut bits = bits.into_iter().map(Bit::Wire);
    Rc::new(std::array::from_fn(|_| bits.next().unwrap_or(Bit::Known(false))))
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;
    use ark_ff::One;

    use super::*;
    use crate::{
        arith::r1cs::{Assign, Build},
        dev::tamper::Harness,
    };

    /// A word of so many bits that are wires, which no witness may change: two constraints a bit.
    fn fixed<C: Cs>(cs: &mut C, value: u32, bits: usize) -> Word<C::W> {
        Rc::new(std::array::from_fn(|i| {
            if i >= bits {
                return Bit::Known(false);
            }
            let expected = Int::from(value >> i & 1);
            let bit = cs.boolean(Some(expected));
            let off = cs.linear(&[(Int::ONE, &bit)], -expected);
            cs.enforce_zero(&off);
            Bit::Wire(bit)
        }))
    }

    fn value_of(assign: &Assign, word: &Word<Int>) -> u32 {
        word.iter().rev().fold(0, |sum, bit| sum << 1 | u32::from(bit.value(assign).unwrap()))
    }

    /// `a + b - c + k` modulo `2^32`.
    fn added<C: Cs>(cs: &mut C, x: [u32; 3], constant: u32) -> Word<C::W> {
        let [a, b, c] = x.map(|x| fixed(cs, x, 32));
        sum(cs, &[&a, &b], &[&c], constant)
    }

    #[test]
    fn a_sum_that_wraps_differently_is_refused() {
        let most = u32::MAX;
        for (x, constant) in [([0; 3], 0), ([0, 0, most], 0), ([most, most, 0], most), ([1 << 31, 1 << 31, 5], 7)] {
            let (mut build, mut assign) = (Build::new(), Assign::new());
            added(&mut build, x, constant);
            let found = added(&mut assign, x, constant);
            assert_eq!(value_of(&assign, &found), x[0].wrapping_add(x[1]).wrapping_sub(x[2]).wrapping_add(constant));

            // `-2^32 < a + b - c`, so `2^32` is added: 34 bits, the highest without a variable.
            assert_eq!((build.constraints(), build.witnesses()), (2 * 96 + 34, 96 + 33));
            let (matrices, ..) = build.finish();
            let z = assign.finish();
            let harness = Harness::new(&matrices, &z, &[]);
            assert!(harness.holds());
            assert_eq!(harness.run(usize::MAX), []);
            // The lowest carry one up or down: what the sum loses or gains by that is in no bit of the word, in no carry and
            // in no two of them.
            let column = |bit: usize| matrices.instance + 96 + bit;
            for step in [Fr::one(), -Fr::one()] {
                assert!(!harness.accepts(&[(column(32), step)]));
                for bit in 0..32 {
                    let weight = Fr::from(1u64 << (32 - bit));
                    assert!(!harness.accepts(&[(column(32), step), (column(bit), -step * weight)]), "bit {bit}");
                }
            }
        }
    }

    /// A sum of few bits, which has no carry.
    #[test]
    fn sums_without_carry() {
        fn run<C: Cs>(cs: &mut C, value: u8) -> Word<C::W> {
            let low = fixed(cs, u32::from(value), 8);
            sum(cs, &[&low, &known(0)], &[], 0x100)
        }
        for value in [0, 1, 0xff] {
            let (mut build, mut assign) = (Build::new(), Assign::new());
            run(&mut build, value);
            let found = run(&mut assign, value);
            assert_eq!(value_of(&assign, &found), u32::from(value) + 0x100);
            assert_eq!(build.constraints(), 2 * 8 + 9 + 1);
            let (matrices, ..) = build.finish();
            let z = assign.finish();
            let harness = Harness::new(&matrices, &z, &[]);
            assert!(harness.holds());
            assert_eq!(harness.run(usize::MAX), []);
        }
        // Nothing is added to a word: it stays.
        let mut build = Build::new();
        let x = fixed(&mut build, 0, 32);
        assert!(Rc::ptr_eq(&sum(&mut build, &[&x, &known(0)], &[], 0), &x));
        assert_eq!(build.constraints(), 2 * 32);
    }
}
