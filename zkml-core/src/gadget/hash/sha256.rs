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
//! those after the last block are the digest. `a` is `e - d + S0(a) + Maj(a, b, c)`, which has two carry bits and not three. `W_62` and `W_63`
//! enter one round each and nothing else, and stay sums; so do `a` and `e` of the last round, which join the sums after it.
//!
//! A word is [bits](boolean), or, where range checks are lookups, [limbs and their spreads](spreads).
//!
//! Source: FIPS 180-4, section 6.2. The numbers of sections below are of that.

pub mod boolean;
pub mod spreads;
#[cfg(test)]
mod tests;

use sha2::{Digest as _, Sha256};

pub use self::{boolean::BLOCK, spreads::BLOCK as LOOKUP_BLOCK};
use crate::{
    gadget::{
        Cs,
        bits::{boolean::Bit, byte::Byte, spread},
    },
    number::{Cost, Int, interval::pow2},
};

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
    let mut count = Count { cost: Cost::default(), looks_up: false };
    enforce(&mut count, &message);
    count.cost
}

/// SHA-256 of `length` bytes, none of which the circuit knows, where range checks are lookups: without the tables of spreads, which many messages
/// share. A block more costs [`LOOKUP_BLOCK`] more constraints.
///
/// ```
/// # use zkml_core::gadget::hash::sha256::{LOOKUP_BLOCK, cost_with_lookups};
/// assert_eq!(cost_with_lookups(64 * 5).constraints, cost_with_lookups(64).constraints + 4 * LOOKUP_BLOCK);
/// ```
pub fn cost_with_lookups(length: usize) -> Cost {
    let mut count = Count { cost: Cost::default(), looks_up: true };
    enforce(&mut count, &vec![Byte(std::array::from_fn(|_| Bit::Wire(()))); length]);
    count.cost
}

/// SHA-256: the digest, as eight words: numbers of 32 bits, the most significant first.
///
/// # Constraints
/// See [`cost`], [`cost_of`] and [`cost_with_lookups`]. A block costs at most [`BLOCK`], or [`LOOKUP_BLOCK`] where range checks are lookups; what follows from bits
/// that the circuit knows costs nothing. The message's own bits are paid for by whoever makes them.
///
/// # Soundness
/// The wires of the message must be bits. Then every word is determined by those before it, as [`boolean`] and [`spreads`] say. All of them are
/// functions of the message, and so is the digest. Padding and length are constants.
pub fn enforce<C: Cs>(cs: &mut C, message: &[Byte<C::W>]) -> [C::W; 8] {
    cs.label("sha256");
    let padded = pad(message);
    if cs.looks_up() { spreads::enforce(cs, &padded) } else { boolean::enforce(cs, &padded) }
}

/// A digest as two wires of 128 bits, big endian: linear combinations.
///
/// # Soundness
/// Both are below the field's modulus, so that they determine the digest.
pub fn halves<C: Cs>(cs: &mut C, digest: &[C::W; 8]) -> [C::W; 2] {
    [0, 4].map(|first| {
        let words = digest[first..first + 4].iter().rev();
        let terms: Vec<(Int, &C::W)> = words.zip(0..).map(|(word, i)| (pow2(32 * i), word)).collect();
        cs.linear(&terms, Int::ZERO)
    })
}

/// Padding (section 5.1.1): a one, zeros, and the number of bits in 64 bits, up to whole blocks.
fn pad<W: Clone + 'static>(message: &[Byte<W>]) -> Vec<Byte<W>> {
    let mut padded = message.to_vec();
    padded.push(Byte::known(0x80));
    padded.resize((message.len() + 9).next_multiple_of(64) - 8, Byte::known(0));
    padded.extend((8 * message.len() as u64).to_be_bytes().map(Byte::known));
    padded
}

/// Dry run: a constraint system that counts.
struct Count {
    cost: Cost,
    looks_up: bool,
}

impl Count {
    /// A spread of fewer bits than the table's is looked up once more.
    fn narrow(&mut self, bits: u32) {
        if bits < spread::WIDTH {
            self.cost += Cost::new(1, 1);
        }
    }
}

impl Cs for Count {
    type W = ();

    fn looks_up(&self) -> bool {
        self.looks_up
    }

    /// A product with the weight, and a fraction.
    fn spread(&mut self, (): &(), (): &(), bits: u32) {
        self.cost += Cost::new(2, 2);
        self.narrow(bits);
    }

    fn any_spread(&mut self, (): &(), bits: u32) {
        self.cost += Cost::new(1, 1);
        self.narrow(bits);
    }

    fn linear(&mut self, _: &[(Int, &())], _: Int) {}

    fn value(&self, _: &()) -> Option<Int> {
        None
    }

    fn witness(&mut self, _: Option<Int>) {
        self.cost.witnesses += 1;
    }

    fn enforce(&mut self, _: &(), _: &(), _: &()) {
        self.cost.constraints += 1;
    }

    fn inverse(&mut self, _: &(), _: &()) {
        self.cost += Cost::new(1, 1);
    }

    fn label(&mut self, _: &'static str) {}
}
