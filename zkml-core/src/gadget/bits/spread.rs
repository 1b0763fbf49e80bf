//! Spread of a number: `s = sum_i 4^i b_i`, of the bits of `x = sum_i 2^i b_i`
//!
//! Its base-4 digits are the bits, so that in a sum of at most three spreads no digit carries into the next: the low bit of each digit
//! is the exclusive or of the bits, the high bit is their majority.
//!
//! Source: the spread tables of SHA-256 in halo2, as in "The halo2 Book", section "SHA-256".

use crate::{
    gadget::Cs,
    number::{Int, interval::pow2},
};

/// The bits of an entry of the spread tables: with three limbs of so many a word of 32 bits is cut, and the tables have 2,048 entries.
pub const WIDTH: u32 = 11;

/// The spread of a number.
///
/// ```
/// # use zkml_core::gadget::bits::spread::{eval, parities};
/// assert_eq!(eval(0b1011), 0b1000101);
/// // The low bits of the digits, and the high ones.
/// let sum = eval(0b1100) + eval(0b1010) + eval(0b1001);
/// assert_eq!(parities(sum), [0b1100 ^ 0b1010 ^ 0b1001, 0b1000]);
/// ```
pub fn eval(x: u32) -> u64 {
    (0..32).fold(0, |s, i| s | u64::from(x >> i & 1) << (2 * i))
}

/// The bits at even places, and those at odd ones: what a sum of spreads is made of, `s = spread(even) + 2 spread(odd)`.
pub fn parities(s: u64) -> [u32; 2] {
    [0, 1].map(|first| (0..32).fold(0, |x, i| x | (((s >> (2 * i + first) & 1) as u32) << i)))
}

/// Bit by bit: how booleans answer [`Cs::spread`] and [`Cs::any_spread`].
///
/// # Constraints
/// One a bit, one that they make `s`, and one that they make `x`.
///
/// # Soundness
/// Bits are booleans by their own constraints, and their weighted sums are below `2^128`, hence no two are equal in the field that are not
/// as integers.
pub fn enforce<C: Cs + ?Sized>(cs: &mut C, x: Option<&C::W>, s: &C::W, bits: u32) {
    let value = cs.value(s);
    let bits: Vec<C::W> = (0..bits.min(64)).map(|i| cs.boolean(value.map(|s| (s >> (2 * i)) & Int::ONE))).collect();
    for (number, each) in [(Some(s), 2), (x, 1)] {
        let Some(number) = number else { continue };
        let mut terms = vec![(-Int::ONE, number)];
        terms.extend(bits.iter().zip(0..).map(|(bit, i)| (pow2(each * i), bit)));
        let difference = cs.linear(&terms, Int::ZERO);
        cs.enforce_zero(&difference);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_three_spreads_is_exclusive_or_and_majority() {
        let words = [0, 1, u32::MAX, 0x8000_0001, 0x1234_5678, 0xdead_beef];
        for (a, b, c) in (0..6 * 6 * 6).map(|i: usize| (words[i % 6], words[i / 6 % 6], words[i / 36])) {
            let [even, odd] = parities(eval(a) + eval(b) + eval(c));
            assert_eq!((even, odd), (a ^ b ^ c, (a & b) | (a & c) | (b & c)));
            assert_eq!(parities(eval(a)), [a, 0]);
        }
    }
}
