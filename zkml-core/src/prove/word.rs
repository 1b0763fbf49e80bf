//! Words: `x = sum_i word_i 2^(8 (31 - i))`, 32 bytes, most significant first; points, keccak256, and the selectors
//! of functions.

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInt, PrimeField};
use sha3::{Digest as _, Keccak256};
use zkml_groth16::Limbs;

use super::Fr;

/// 32 bytes, as the machine has them: a number with its most significant byte first.
pub type Word = [u8; 32];

/// The word of a field element: below the modulus.
///
/// ```
/// # use zkml_core::prove::word;
/// assert_eq!(word::of_field(zkml_core::prove::Fr::from(258))[29..], [0, 1, 2]);
/// ```
pub fn of_field(x: impl Limbs) -> Word {
    let mut word = [0; 32];
    for (to, limb) in word.chunks_exact_mut(8).zip(x.limbs().iter().rev()) {
        to.copy_from_slice(&limb.to_be_bytes());
    }
    word
}

/// The field element of a word; `None` at or above the modulus.
///
/// ```
/// # use zkml_core::prove::{Fr, word};
/// assert_eq!(word::to_field(&word::of_field(-Fr::from(1))), Some(-Fr::from(1)));
/// assert_eq!(word::to_field::<Fr>(&[0xff; 32]), None);
/// ```
pub fn to_field<F: PrimeField<BigInt = BigInt<4>>>(word: &Word) -> Option<F> {
    let mut limbs = [0u64; 4];
    for (limb, bytes) in limbs.iter_mut().rev().zip(word.chunks_exact(8)) {
        *limb = bytes.iter().fold(0, |x, byte| x << 8 | u64::from(*byte));
    }
    F::from_bigint(BigInt(limbs))
}

/// The field element `word mod p`: what a hash becomes.
pub fn reduce(word: &Word) -> Fr {
    Fr::from_be_bytes_mod_order(word)
}

/// The word of a small number.
pub fn of_int(x: u64) -> Word {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&x.to_be_bytes());
    word
}

/// `keccak256(bytes)`, as Solidity has it.
///
/// ```
/// # use zkml_core::{digest::hex, prove::word::keccak256};
/// assert_eq!(hex(&keccak256(b"")), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
/// ```
pub fn keccak256(bytes: &[u8]) -> Word {
    Keccak256::digest(bytes).into()
}

/// The first four bytes of a call: of the keccak256 of the function's signature.
///
/// ```
/// assert_eq!(zkml_core::prove::word::selector("transfer(address,uint256)"), [0xa9, 0x05, 0x9c, 0xbb]);
/// ```
pub fn selector(signature: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = keccak256(signature.as_bytes());
    [a, b, c, d]
}

/// `x, y` of a point; zeros for the point at infinity, as in EIP-196.
pub fn of_g1(point: &G1Affine) -> [Word; 2] {
    let (x, y) = point.xy().unwrap_or_default();
    [of_field(x), of_field(y)]
}

/// `x imaginary, x real, y imaginary, y real` of a point; zeros for the point at infinity, as in EIP-197.
pub fn of_g2(point: &G2Affine) -> [Word; 4] {
    let (x, y) = point.xy().unwrap_or_default();
    [of_field(x.c1), of_field(x.c0), of_field(y.c1), of_field(y.c0)]
}

/// The words of bytes, and what is left of them.
#[cfg(feature = "evm")]
pub(crate) fn split(bytes: &[u8]) -> (&[Word], &[u8]) {
    bytes.as_chunks()
}
