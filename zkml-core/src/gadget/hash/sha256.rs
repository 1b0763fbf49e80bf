//! SHA-256: `d = SHA-256(m)`, of a message whose length the circuit fixes
//!
//! A word is 32 bits. A block of 16 words `W_0, .., W_15` is extended and goes through 64 rounds (sums are modulo `2^32`):
//!
//! ```text
//! W_t = s1(W_{t-2}) + W_{t-7} + s0(W_{t-15}) + W_{t-16}            for t = 16, .., 63
//! T   = h + S1(e) + Ch(e, f, g) + K_t + W_t
//! (a, b, c, d, e, f, g, h) = (T + S0(a) + Maj(a, b, c), a, b, c, d + T, e, f, g)
//! ```
//!
//! where `S0`, `S1`, `s0` and `s1` are exclusive ors of rotations and shifts. After the rounds the words from before are added;
//! those after the last block are the digest.
//!
//! Every bit of `S0`, `S1`, `s0`, `s1`, `Ch` and `Maj` takes one constraint, see [`boolean`]. A sum modulo `2^32` takes one for
//! every bit that it has before it is reduced. `a` is `e - d + S0(a) + Maj(a, b, c)`, which has two carry bits and not three. `W_62` and `W_63` enter one
//! round each and nothing else, and stay sums; so do `a` and `e` of the last round, which join the sums after it.
//!
//! Source: FIPS 180-4, section 6.2. The numbers of sections below are of that.

use std::rc::Rc;

use sha2::{Digest as _, Sha256};

use crate::{
    gadget::{
        Cs,
        bits::{
            boolean::{self, Bit},
            byte::{self, Byte},
        },
    },
    number::{
        Cost, Int,
        interval::{bit_len, pow2},
    },
};

/// The constraints of a block of which the circuit knows nothing, after another one: 197 for each of the first 62 rounds (32 each
/// for `S0`, `S1`, `Ch` and `Maj`, 35 for `e`, 34 for `a`), 198 and 199 for the last two, 98 for each of the first 46 words of the
/// schedule (32 each for `s0` and `s1`, 34 for the sum), 64 for the last two, and 33 for each of six sums after the rounds.
pub const BLOCK: usize = 17_445;

/// The first 32 bits of the fractional parts of the square roots of the first 8 primes (section 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (section 4.2.2).
#[rustfmt::skip]
const ROUND: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// `2^32 - 1`.
const MASK: i128 = 0xffff_ffff;

/// A word: bit `i` has weight `2^i`.
type Word<W> = Rc<[Bit<W>; 32]>;

/// SHA-256 of bytes.
pub fn eval(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// A digest as two numbers of 128 bits, big endian: a digest has more bits than a field element.
///
/// ```
/// # use zkml_core::gadget::hash::sha256::{eval, eval_halves};
/// let halves = eval_halves(&eval(b"abc"));
/// assert_eq!(halves, [0xba7816bf_8f01cfea_414140de_5dae2223, 0xb00361a3_96177a9c_b410ff61_f20015ad]);
/// ```
pub fn eval_halves(digest: &[u8; 32]) -> [u128; 2] {
    [0, 16].map(|from| digest[from..from + 16].iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte)))
}

/// SHA-256 of `length` bytes, none of which the circuit knows. For `n` blocks of 64 bytes these are
/// `17,247 + 17,445 (n - 1) + 12,807` constraints: the first block knows the words that it starts from, the last one is padding.
///
/// ```
/// # use zkml_core::gadget::hash::sha256::{BLOCK, cost};
/// assert_eq!(cost(64).constraints, 17_247 + 12_807);
/// assert_eq!(cost(64 * 5).constraints, cost(64).constraints + 4 * BLOCK);
/// ```
pub fn cost(length: usize) -> Cost {
    cost_of(&vec![Byte(std::array::from_fn(|_| Bit::Wire(()))); length])
}

/// SHA-256 of a message of which the circuit knows some bits.
pub fn cost_of<W>(message: &[Byte<W>]) -> Cost {
    let forget = |bit: &Bit<W>| match bit {
        Bit::Known(bit) => Bit::Known(*bit),
        Bit::Wire(_) => Bit::Wire(()),
    };
    let message: Vec<Byte<()>> = message.iter().map(|byte| Byte(std::array::from_fn(|i| forget(&byte.0[i])))).collect();
    let mut count = Count(Cost::default());
    enforce(&mut count, &message);
    count.0
}

/// SHA-256: the digest, as bytes.
///
/// # Constraints
/// See [`cost`] and [`cost_of`]. A block costs at most [`BLOCK`]; what follows from bits that the circuit knows costs nothing.
/// The message's own bits are paid for by whoever makes them.
///
/// # Soundness
/// The wires of the message must be bits. Then every word is made of bits: those of exclusive ors, choices and majorities by
/// [`boolean`], those of sums by their range checks. All of them are functions of the message, and so is the digest. Padding
/// and length are constants.
pub fn enforce<C: Cs>(cs: &mut C, message: &[Byte<C::W>]) -> [Byte<C::W>; 32] {
    cs.label("sha256");
    let mut state: [Word<C::W>; 8] = INITIAL.map(known);
    for block in pad(message).chunks_exact(64) {
        let words: Vec<Word<C::W>> = block.chunks_exact(4).map(word).collect();
        let schedule = extend(cs, words);
        state = compress(cs, &state, &schedule);
    }
    std::array::from_fn(|i| Byte(std::array::from_fn(|j| state[i / 4][31 - (i % 4 * 8 + j)].clone())))
}

/// A digest as two wires of 128 bits, big endian: linear combinations.
///
/// # Soundness
/// Both are below the field's modulus, so that they determine the digest.
pub fn halves<C: Cs>(cs: &mut C, digest: &[Byte<C::W>; 32]) -> [C::W; 2] {
    let (high, low) = digest.split_at(16);
    [byte::pack(cs, high), byte::pack(cs, low)]
}

/// Padding (section 5.1.1): a one, zeros, and the number of bits in 64 bits, up to whole blocks.
fn pad<W: Clone + 'static>(message: &[Byte<W>]) -> Vec<Byte<W>> {
    let mut padded = message.to_vec();
    padded.push(Byte::known(0x80));
    padded.resize((message.len() + 9).next_multiple_of(64) - 8, Byte::known(0));
    padded.extend((8 * message.len() as u64).to_be_bytes().map(Byte::known));
    padded
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

/// Dry run: a constraint system that counts.
struct Count(Cost);

impl Cs for Count {
    type W = ();

    fn linear(&mut self, _: &[(Int, &())], _: Int) {}

    fn value(&self, _: &()) -> Option<Int> {
        None
    }

    fn witness(&mut self, _: Option<Int>) {
        self.0.witnesses += 1;
    }

    fn enforce(&mut self, _: &(), _: &(), _: &()) {
        self.0.constraints += 1;
    }

    fn inverse(&mut self, _: &(), _: &()) {
        self.0 += Cost::new(1, 1);
    }

    fn label(&mut self, _: &'static str) {}
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ark_bn254::Fr;
    use ark_ff::One;

    use super::*;
    use crate::{
        arith::r1cs::{Assign, Build},
        dev::tamper::Harness,
        gadget::{FieldCs, hash::poseidon::satisfied},
        prove::Matrices,
    };

    const LENGTHS: [usize; 10] = [0, 1, 55, 56, 63, 64, 65, 119, 120, 797];

    fn message(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i * i + 7 * i + 129) as u8).collect()
    }

    /// The digest's halves as public inputs. The message is read as `order` gives it.
    fn run<C: FieldCs>(cs: &mut C, message: &[u8], order: fn(Byte<C::W>) -> Byte<C::W>) -> [Byte<C::W>; 32] {
        let bytes: Vec<_> = message.iter().map(|byte| order(Byte::allocate(cs, Some(*byte)))).collect();
        let digest = enforce(cs, &bytes);
        for half in halves(cs, &digest) {
            let half = cs.lift(&half);
            cs.field_output(&half);
        }
        digest
    }

    fn build(length: usize) -> Matrices {
        let mut build = Build::new();
        run(&mut build, &vec![0; length], |byte| byte);
        build.finish().0
    }

    fn assign(message: &[u8]) -> Vec<Fr> {
        let mut assign = Assign::new();
        run(&mut assign, message, |byte| byte);
        assign.finish()
    }

    fn digest_of(message: &[u8]) -> [u8; 32] {
        let mut assign = Assign::new();
        run(&mut assign, message, |byte| byte).map(|byte| byte.value(&assign).unwrap())
    }

    #[test]
    fn circuit_equals_native_and_costs_what_it_says() {
        for length in LENGTHS {
            let message = message(length);
            assert_eq!(digest_of(&message), eval(&message), "{length} bytes");
            let (matrices, z) = (build(length), assign(&message));
            assert!(satisfied(&matrices, &z), "{length} bytes");
            assert_eq!(z[1..3], eval_halves(&eval(&message)).map(Fr::from));
            // Beside the bits of the message, and the two outputs.
            let counted = Cost::new(matrices.constraints() - 8 * length - 2, matrices.witness - 8 * length);
            assert_eq!(counted, cost(length), "{length} bytes");
        }
    }

    /// The examples of NIST for FIPS 180-4.
    #[test]
    fn equals_the_vectors_of_nist() {
        for (message, expected) in [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
            ),
        ] {
            assert_eq!(crate::digest::hex(&digest_of(message.as_bytes())), expected);
        }
    }

    #[test]
    fn counts() {
        let count = |length| cost(length).constraints;
        assert_eq!(LENGTHS.map(count), [0, 16_204, 17_115, 29_926, 30_043, 30_054, 33_649, 34_560, 47_371, 226_232]);
        // Whole blocks: the first knows the words that it starts from, the last is padding.
        for n in 1..6 {
            assert_eq!(count(64 * n), 17_247 + BLOCK * (n - 1) + 12_807);
        }
        // Any file: a block more costs a block more.
        for length in [64, 77, 119, 120, 127] {
            assert_eq!(count(length + 64 * 4), count(length) + BLOCK * 4, "{length} bytes");
        }
        // A sum has one witness less than constraints.
        assert_eq!(cost(128).witnesses - cost(64).witnesses, BLOCK - 64 * 2 - 46 - 6);
    }

    #[test]
    fn what_the_circuit_knows_is_not_paid_for() {
        assert_eq!(cost_of(&vec![Byte::<()>::known(7); 100]), Cost::default());
        let mut message = vec![Byte(std::array::from_fn(|_| Bit::Wire(()))); 128];
        message[..64].fill(Byte::known(7));
        assert_eq!(cost_of(&message).constraints, 17_247 + 12_807);
    }

    #[test]
    fn every_change_of_a_block_is_refused() {
        let message = message(55);
        let (matrices, mut z) = (build(55), assign(&message));
        let harness = Harness::new(&matrices, &z, &[]);
        assert!(harness.holds());
        assert_eq!(harness.run(250), []);
        // No coordinated change, to first order: all is a function of bits.
        assert_eq!(harness.freedom(&HashSet::new()), 0);
        // Another digest.
        for half in 1..3 {
            z[half] += Fr::one();
            assert!(!satisfied(&matrices, &z));
            z[half] -= Fr::one();
        }
        assert!(satisfied(&matrices, &z));
        // Another message with this digest.
        for i in 0..8 * 55 {
            let bit = z[3 + i];
            z[3 + i] = Fr::one() - bit;
            assert!(!satisfied(&matrices, &z), "bit {i}");
            z[3 + i] = bit;
        }
    }

    /// A prover who reads the bits of a byte from the lowest up finds another digest, and can prove neither.
    #[test]
    fn the_wrong_order_of_bits_is_refused() {
        let message = message(20);
        let matrices = build(20);
        let mut assign = Assign::new();
        let wrong = run(&mut assign, &message, |Byte(mut bits)| {
            bits.reverse();
            Byte(bits)
        });
        assert_ne!(wrong.map(|byte| byte.value(&assign).unwrap()), eval(&message));
        let mut z = assign.finish();
        assert!(!satisfied(&matrices, &z));
        for (value, half) in z[1..].iter_mut().zip(eval_halves(&eval(&message))) {
            *value = Fr::from(half);
        }
        assert!(!satisfied(&matrices, &z));
    }

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
