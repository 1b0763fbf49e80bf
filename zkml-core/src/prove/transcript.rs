//! Transcript: `challenge = keccak256(tag | key digest | commitments | public inputs) mod p`, all as 32-byte words, most significant
//! byte first.
//!
//! | words | what |
//! |---|---|
//! | 1 | the tag, `zkml two-phase challenge 1` in ASCII, zeros after it; `zkml registered challenge 1` where weights are registered |
//! | 1 | the key's digest: keccak256 of its points as words |
//! | 2 each | the commitments: `x`, `y`; that of registered weights is the first |
//! | 1 each | the public inputs, without the constant one |
//!
//! # Soundness
//! How many commitments and public inputs there are is fixed by the key, so no two transcripts of a key have the same words. Everything
//! that the equation is about and that is fixed before the challenge is hashed: the prover can't change it afterwards. A challenge is any
//! field element with at most 6 of the `2^256` hashes, `1.14 / p`.

use ark_bn254::G1Affine;
use ark_ff::PrimeField;
use zkml_groth16::VerifyingKey;

use super::Fr;
use super::word::{Word, keccak256, of_field, of_g1, of_g2, of_int};

/// `zkml registered challenge 1`, and zeros.
pub const REGISTERED: Word = *b"zkml registered challenge 1\0\0\0\0\0";

/// `zkml registered key 1`, and zeros.
pub const REGISTERED_KEY: Word = *b"zkml registered key 1\0\0\0\0\0\0\0\0\0\0\0";

/// `zkml two-phase challenge 1`, and zeros.
pub const TAG: Word = *b"zkml two-phase challenge 1\0\0\0\0\0\0";

/// `keccak256(alpha | beta | gamma | deltas | IC)`.
pub fn key_digest(key: &VerifyingKey) -> Word {
    keccak256(key_words(key).as_flattened())
}

/// `keccak256(tag | number of deltas | number of IC | alpha | beta | gamma | deltas | IC)`: that of a key with registered weights, which no
/// other key has.
pub fn registered_key_digest(key: &VerifyingKey) -> Word {
    let counts = [key.deltas_g2.len(), key.ic.len()].map(|n| of_int(n as u64));
    keccak256([&[REGISTERED_KEY], &counts[..], &key_words(key)].concat().as_flattened())
}

fn key_words(key: &VerifyingKey) -> Vec<Word> {
    let mut words = of_g1(&key.alpha_g1).to_vec();
    [key.beta_g2, key.gamma_g2].iter().chain(&key.deltas_g2).for_each(|point| words.extend(of_g2(point)));
    key.ic.iter().for_each(|point| words.extend(of_g1(point)));
    words
}

/// The challenge of a proof with these commitments and public inputs, under the key of this digest.
pub fn challenge(key: &Word, commitments: &[G1Affine], inputs: &[Fr]) -> Fr {
    challenge_of(TAG, key, commitments, inputs)
}

/// That of a proof with these registered weights, this commitment and these public inputs.
pub fn registered_challenge(key: &Word, weights: &G1Affine, commitments: &[G1Affine], inputs: &[Fr]) -> Fr {
    challenge_of(REGISTERED, key, &[&[*weights], commitments].concat(), inputs)
}

fn challenge_of(tag: Word, key: &Word, commitments: &[G1Affine], inputs: &[Fr]) -> Fr {
    let mut words = vec![tag, *key];
    commitments.iter().for_each(|point| words.extend(of_g1(point)));
    words.extend(inputs.iter().map(|x| of_field(*x)));
    Fr::from_be_bytes_mod_order(&keccak256(words.as_flattened()))
}
