//! SHA-256 by lookups: words are limbs and their spreads
//!
//! With `s(x) = sum_i 4^i b_i` of the bits of `x`, see [`spread`], and `n` for the word of ones:
//!
//! ```text
//! s(x) + s(y) + s(z) = s(x ^ y ^ z) + 2 s(Maj(x, y, z))
//! s(x) + s(y)        = s(x ^ y) + 2 s(x & y)
//! Ch(e, f, g)        = (e & f) + (~e & g),          where s(~e) = s(n) - s(e)
//! ```
//!
//! So all functions of a round are the even or the odd bits of a sum of spreads. A word is cut where it is rotated, so that the spread of a
//! rotation is a linear combination of the limbs' spreads.

use std::rc::Rc;

use super::{INITIAL, ROUND, boolean::MASK};
use crate::{
    gadget::{
        Cs,
        bits::{
            boolean::Bit,
            byte::Byte,
            spread::{self, WIDTH},
        },
    },
    number::{
        Int,
        interval::{bit_len, pow2},
    },
};

/// The rows of a block of which the circuit knows nothing, after another one, where range checks are lookups, without those of the
/// tables: 76 for each of the first 62 rounds (9 each for `S0`, `S1` and `Maj`, 18 for `Ch`, 18 for `e`, 13 for `a`), 77 and 78 for the last two,
/// 39 for each of the words `W_16` to `W_48` (9 each for `s0` and `s1`, 21 for the sum), 33 for each of the next 13, 18 for the last two, and 9 for
/// each of six sums after the rounds.
pub const BLOCK: usize = 6_673;

/// Up to this many bits of a word are cheaper as booleans.
const BOOLEANS: u32 = 3;

/// The limbs of `a`, which is rotated by 2, 13 and 22 places.
const A: &[u32] = &[2, 11, 9, 10];
/// The limbs of `e`, which is rotated by 6, 11 and 25 places.
const E: &[u32] = &[6, 5, 11, 3, 7];
/// The limbs of a word of the schedule, which is rotated by 7, 17, 18 and 19 places, and shifted by 3 and 10.
const W: &[u32] = &[3, 4, 3, 7, 1, 1, 11, 2];
/// The limbs of `W_49` and those after it, which are rotated by 17 and 19 places, and shifted by 10.
const LATE: &[u32] = &[10, 7, 2, 11, 2];
/// The limbs of a word that is not rotated.
const WHOLE: &[u32] = &[11, 11, 10];

/// Consecutive bits of a word.
#[derive(Clone, Debug)]
struct Piece<W> {
    from: u32,
    content: Content<W>,
}

#[derive(Clone, Debug)]
enum Content<W> {
    Known(u32),
    Wires { number: W, spread: W },
}

/// A number below `2^32`.
#[derive(Clone, Debug)]
enum Number<W> {
    Known(u32),
    Wire(W),
}

/// A word: its pieces, the lowest first, and the number that they make.
#[derive(Clone, Debug)]
struct Word<W> {
    pieces: Rc<[Piece<W>]>,
    number: Number<W>,
}

impl<W: Clone> Word<W> {
    fn known(value: u32) -> Self {
        let bit = |from| Piece { from, content: Content::Known(value >> from & 1) };
        Self { pieces: (0..32).map(bit).collect(), number: Number::Known(value) }
    }

    fn of<C: Cs<W = W>>(cs: &mut C, pieces: Vec<Piece<W>>) -> Self {
        let (mut terms, mut known) = (vec![], 0);
        for piece in &pieces {
            match &piece.content {
                Content::Known(value) => known |= value << piece.from,
                Content::Wires { number, .. } => terms.push((pow2(piece.from), number)),
            }
        }
        let number =
            if terms.is_empty() { Number::Known(known) } else { Number::Wire(cs.linear(&terms, Int::from(known))) };
        Self { pieces: pieces.into(), number }
    }

    /// The word of four bytes, big endian.
    fn of_bytes<C: Cs<W = W>>(cs: &mut C, bytes: &[Byte<W>]) -> Self {
        let bits = (0..32).zip(bytes.iter().rev().flat_map(|byte| byte.0.iter().rev()));
        let content = |bit: &Bit<W>| match bit {
            Bit::Known(bit) => Content::Known(u32::from(*bit)),
            Bit::Wire(w) => Content::Wires { number: w.clone(), spread: w.clone() },
        };
        let pieces = bits.map(|(from, bit)| Piece { from, content: content(bit) }).collect();
        Self::of(cs, pieces)
    }
}

/// A sum of spreads.
struct Spreads<W> {
    terms: Vec<(Int, W)>,
    known: Int,
}

impl<W: Clone> Spreads<W> {
    fn new() -> Self {
        Self { terms: vec![], known: Int::ZERO }
    }

    fn add(&mut self, sign: Int, place: u32, content: &Content<W>) {
        let weight = sign.wrapping_mul(pow2(2 * place));
        match content {
            Content::Known(value) => self.known += Int::from(spread::eval(*value)).wrapping_mul(weight),
            Content::Wires { spread, .. } => self.terms.push((weight, spread.clone())),
        }
    }

    fn with(mut self, word: &Word<W>) -> Self {
        word.pieces.iter().for_each(|piece| self.add(Int::ONE, piece.from, &piece.content));
        self
    }

    /// Of a word whose spread is exact, the complement's is as well.
    fn with_complement(mut self, word: &Word<W>) -> Self {
        self.known += Int::from(spread::eval(u32::MAX));
        word.pieces.iter().for_each(|piece| self.add(-Int::ONE, piece.from, &piece.content));
        self
    }

    /// A rotation to the right, or a shift. No piece lies on both sides of the cut.
    fn rotated(mut self, word: &Word<W>, by: u32, shift: bool) -> Self {
        for piece in word.pieces.iter() {
            if piece.from >= by {
                self.add(Int::ONE, piece.from - by, &piece.content);
            } else if !shift {
                self.add(Int::ONE, piece.from + 32 - by, &piece.content);
            }
        }
        self
    }

    /// The bits at even or odd places, as a number.
    ///
    /// # Constraints
    /// Nine rows: two a limb of what is asked for, one a limb of the other. None if the circuit knows all.
    ///
    /// # Soundness
    /// The sum is at most three times the spread of a word of ones, so below `4^32`. That it is `sum_j 4^(11 j) (even_j + 2 odd_j)` with spreads of 11
    /// bits, holds as integers, since the lowest `even_0` *is* what is left; so its base-4 digits are those of `even + 2 odd`, one way only, and none is
    /// above the 32nd.
    fn parity<C: Cs<W = W>>(self, cs: &mut C, odd: bool) -> Number<W> {
        if self.terms.is_empty() {
            return Number::Known(spread::parities(low(self.known, 64))[usize::from(odd)]);
        }
        let terms: Vec<(Int, &W)> = self.terms.iter().map(|(c, w)| (*c, w)).collect();
        let sum = cs.linear(&terms, self.known);
        let value = cs.value(&sum);
        let (mut numbers, mut parts) = (vec![], vec![]);
        for place in (0..32).step_by(WIDTH as usize) {
            let limbs = value.map(|sum| spread::parities(low(sum >> (2 * place), 2 * WIDTH)));
            numbers.push(cs.witness(limbs.map(|limbs| Int::from(limbs[usize::from(odd)]))));
            for which in 0..2 {
                if place > 0 || which > 0 {
                    let spread = limbs.map(|limbs| Int::from(spread::eval(limbs[which])));
                    parts.push((pow2(2 * place + which as u32), cs.witness(spread)));
                }
            }
        }
        let mut left = vec![(Int::ONE, &sum)];
        left.extend(parts.iter().map(|(weight, part)| (-*weight, part)));
        let lowest = cs.linear(&left, Int::ZERO);
        let spreads: Vec<&W> = std::iter::once(&lowest).chain(parts.iter().map(|(_, part)| part)).collect();
        for (number, pair) in numbers.iter().zip(spreads.chunks_exact(2)) {
            let (own, other) = if odd { (pair[1], pair[0]) } else { (pair[0], pair[1]) };
            cs.spread(number, own, WIDTH);
            cs.any_spread(other, WIDTH);
        }
        let terms: Vec<(Int, &W)> = numbers.iter().zip(0..).map(|(x, j)| (pow2(WIDTH * j), x)).collect();
        Number::Wire(cs.linear(&terms, Int::ZERO))
    }
}

/// The low bits of a number, at most 64.
fn low(x: Int, bits: u32) -> u64 {
    (x & (pow2(bits) - Int::ONE)).as_u64()
}

/// A sum of numbers below `2^32`, and a constant.
struct Sum<W> {
    terms: Vec<(Int, W)>,
    constant: i128,
    least: i128,
    most: i128,
}

impl<W: Clone> Sum<W> {
    fn new(constant: u32) -> Self {
        Self { terms: vec![], constant: constant.into(), least: 0, most: 0 }
    }

    fn plus(mut self, number: &Number<W>) -> Self {
        match number {
            Number::Known(value) => self.constant += i128::from(*value),
            Number::Wire(w) => {
                self.terms.push((Int::ONE, w.clone()));
                self.most += MASK;
            }
        }
        self
    }

    fn minus(mut self, number: &Number<W>) -> Self {
        match number {
            Number::Known(value) => self.constant -= i128::from(*value),
            Number::Wire(w) => {
                self.terms.push((-Int::ONE, w.clone()));
                self.least -= MASK;
            }
        }
        self
    }

    fn all<'a>(self, numbers: impl IntoIterator<Item = &'a Number<W>>) -> Self
    where
        W: 'a,
    {
        numbers.into_iter().fold(self, Self::plus)
    }

    /// The sum modulo `2^32`, in limbs of so many bits.
    ///
    /// # Constraints
    /// A row that the limbs make the sum, one a bit of a limb of up to three bits, two a limb of eleven, three another limb, and one a carry bit.
    ///
    /// # Soundness
    /// The sum, with a multiple of `2^32` that makes it positive, is within `0..2^n`, at most 36 bits. It is `sum_j 2^f x_j + 2^32 c` with limbs of just their
    /// bits and `n - 32` carry bits, as integers: one way only.
    fn reduced<C: Cs<W = W>>(mut self, cs: &mut C, limbs: &[u32]) -> Word<W> {
        self.constant &= MASK;
        if self.terms.is_empty() {
            return Word::known(self.constant as u32);
        }
        // What is missing to zero, rounded up to a multiple of `2^32`.
        self.constant += ((-self.least - self.constant).max(0) + MASK) & !MASK;
        let n = bit_len(Int::new(self.most + self.constant));
        let terms: Vec<(Int, &W)> = self.terms.iter().map(|(c, w)| (*c, w)).collect();
        let sum = cs.linear(&terms, Int::new(self.constant));
        let value = cs.value(&sum);
        let bits_at = |from: u32, bits: u32| value.map(|v| Int::from(low(v >> from, bits)));
        let mut pieces = vec![];
        let mut from = 0;
        for bits in limbs.iter().copied() {
            if bits <= BOOLEANS {
                for place in from..from + bits {
                    let bit = cs.boolean(bits_at(place, 1));
                    let content = Content::Wires { number: bit.clone(), spread: bit };
                    pieces.push(Piece { from: place, content });
                }
            } else {
                let number = bits_at(from, bits);
                let spread = cs.witness(number.map(|x| Int::from(spread::eval(low(x, 32) as u32))));
                let number = cs.witness(number);
                cs.spread(&number, &spread, bits);
                pieces.push(Piece { from, content: Content::Wires { number, spread } });
            }
            from += bits;
        }
        let carries: Vec<W> = (32..n.max(32)).map(|place| cs.boolean(bits_at(place, 1))).collect();
        let word = Word::of(cs, pieces);
        let mut left = vec![(Int::ONE, &sum)];
        if let Number::Wire(number) = &word.number {
            left.push((-Int::ONE, number));
        }
        left.extend(carries.iter().zip(32..).map(|(carry, place)| (-pow2(place), carry)));
        let left = cs.linear(&left, Int::ZERO);
        cs.enforce_zero(&left);
        word
    }
}

/// The digest of a padded message.
///
/// # Soundness
/// Words are limbs of just their bits, with their spreads, by [`Cs::spread`] or as bits. Exclusive ors, choices and majorities are parities of sums of
/// spreads, and sums are reduced one way only.
pub(super) fn enforce<C: Cs>(cs: &mut C, padded: &[Byte<C::W>]) -> [C::W; 8] {
    let mut state = INITIAL.map(Word::known);
    for block in padded.chunks_exact(64) {
        let words: Vec<Word<C::W>> = block.chunks_exact(4).map(|bytes| Word::of_bytes(cs, bytes)).collect();
        let schedule = extend(cs, words);
        state = compress(cs, &state, &schedule);
    }
    state.map(|word| match word.number {
        Number::Known(value) => cs.constant(Int::from(value)),
        Number::Wire(w) => w,
    })
}

/// Exclusive or of three rotations to the right; with `shift`, the last is a shift.
fn rotations<C: Cs>(cs: &mut C, x: &Word<C::W>, [i, j, k]: [u32; 3], shift: bool) -> Number<C::W> {
    Spreads::new().rotated(x, i, false).rotated(x, j, false).rotated(x, k, shift).parity(cs, false)
}

/// The message schedule: each `W_t` as the numbers that it is the sum of.
fn extend<C: Cs>(cs: &mut C, mut words: Vec<Word<C::W>>) -> Vec<Vec<Number<C::W>>> {
    let mut schedule: Vec<Vec<Number<C::W>>> = words.iter().map(|word| vec![word.number.clone()]).collect();
    for t in 16..64 {
        let s0 = rotations(cs, &words[t - 15], [7, 18, 3], true);
        let s1 = rotations(cs, &words[t - 2], [17, 19, 10], true);
        let mut parts = vec![s1, words[t - 7].number.clone(), s0, words[t - 16].number.clone()];
        if t < 62 {
            let word = Sum::new(0).all(&parts).reduced(cs, if t < 49 { W } else { LATE });
            parts = vec![word.number.clone()];
            words.push(word);
        }
        schedule.push(parts);
    }
    schedule
}

/// The words after a block, of those before it.
fn compress<C: Cs>(cs: &mut C, before: &[Word<C::W>; 8], schedule: &[Vec<Number<C::W>>]) -> [Word<C::W>; 8] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = before.clone();
    for (t, (w, k)) in schedule.iter().zip(ROUND).enumerate() {
        let s1 = rotations(cs, &e, [6, 11, 25], false);
        let both = Spreads::new().with(&e).with(&f).parity(cs, true);
        let other = Spreads::new().with_complement(&e).with(&g).parity(cs, true);
        let s0 = rotations(cs, &a, [2, 13, 22], false);
        let maj = Spreads::new().with(&a).with(&b).with(&c).parity(cs, true);
        let mut fifth = Sum::new(k).all([&d.number, &h.number, &s1, &both, &other]).all(w);
        // In the last round, what is added after the rounds: to `a`, to `e`.
        if t == 63 {
            fifth = fifth.plus(&before[4].number);
        }
        let next_e = fifth.reduced(cs, E);
        let mut first = Sum::new(0).all([&next_e.number, &s0, &maj]).minus(&d.number);
        if t == 63 {
            first = first.plus(&before[0].number).minus(&before[4].number);
        }
        let next_a = first.reduced(cs, A);
        (h, g, f, e, d, c, b, a) = (g, f, e, next_e, c, b, a, next_a);
    }
    let mut plus = |i: usize, x: Word<C::W>| Sum::new(0).all([&before[i].number, &x.number]).reduced(cs, WHOLE);
    [a, plus(1, b), plus(2, c), plus(3, d), e, plus(5, f), plus(6, g), plus(7, h)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rotations and shifts of a word by a place within a limb would be of another word.
    #[test]
    fn words_are_cut_where_they_are_rotated() {
        for (limbs, places) in [
            (A, &[2, 13, 22][..]),
            (E, &[6, 11, 25]),
            (W, &[7, 18, 3, 17, 19, 10]),
            (LATE, &[17, 19, 10]),
            (WHOLE, &[]),
        ] {
            let cuts: Vec<u32> = limbs.iter().scan(0, |sum, bits| Some(std::mem::replace(sum, *sum + bits))).collect();
            assert_eq!(limbs.iter().sum::<u32>(), 32);
            assert!(limbs.iter().all(|bits| *bits <= WIDTH) && places.iter().all(|place| cuts.contains(place)));
        }
    }

    #[test]
    fn the_rows_of_a_block_are_those_of_its_parts() {
        let rounds = 62 * (3 * 9 + 18 + 18 + 13) + 77 + 78;
        let schedule = 33 * (9 + 9 + 21) + 13 * (9 + 9 + 15) + 2 * 18;
        assert_eq!(rounds + schedule + 6 * 9, BLOCK);
    }
}
