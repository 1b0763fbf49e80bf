//! Poseidon cipher, as zk-kit has it: `c_i = P(state)_i + m_i`, and a tag
//!
//! A sponge of four lanes, over the Poseidon permutation `P` of this field, with the two coordinates of a shared key:
//!
//! ```text
//! state = (0, key_x, key_y, nonce + length * 2^128)
//! for every three elements m of the message, which zeros pad:
//!     state = P(state);  state[1..=3] += m;  the ciphertext has state[1..=3]
//! state = P(state);  the ciphertext ends with the tag state[1]
//! ```
//!
//! A message of `n` elements has a ciphertext of `3 ceil(n / 3) + 1`. The length is part of the first state, so that a padded message
//! is not encrypted as the longer one that ends with the zeros. A key must be used once with a nonce: two messages under both have
//! ciphertexts whose first three elements differ by as much as theirs. With a key that is agreed on anew for every message, the nonce may be constant.
//!
//! Sources: Khovratovich, "Encryption with Poseidon" (2019); zk-kit, package `poseidon-cipher` 0.3.2.

use ark_bn254::Fr;
use ark_ff::{Field, Zero};

use crate::{
    gadget::{
        FieldCs,
        hash::poseidon::{self, Lane},
    },
    number::Cost,
};

/// The lanes of the state.
const LANES: usize = 4;

/// The elements of the message that one permutation takes.
const RATE: usize = LANES - 1;

/// A ciphertext that does not decrypt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CipherError {
    /// It is longer or shorter than those of messages of this length.
    #[error("a ciphertext of {found} elements, expected {expected} for a message of {message}")]
    Length {
        /// Its elements.
        found: usize,
        /// Those of messages of this length.
        expected: usize,
        /// The length.
        message: usize,
    },
    /// The tag is not that of the key, the nonce, the length and the elements before it.
    #[error(
        "the tag does not fit: the ciphertext was changed, or made with another key, nonce or length of the message"
    )]
    Tag,
    /// The tag fits, but the message is not padded with zeros: nothing is encrypted so here.
    #[error("element {index} of the padded message is {found}, expected 0")]
    Padding {
        /// Which element.
        index: usize,
        /// What it is.
        found: Fr,
    },
}

/// `2^128`.
fn two_128() -> Fr {
    Fr::from(u128::MAX) + Fr::ONE
}

/// `length * 2^128`: no two lengths and nonces have the same sum with it, as both are below `2^128`.
fn length_part(length: usize) -> Fr {
    Fr::from(length as u64) * two_128()
}

fn start(key: [Fr; 2], nonce: u128, length: usize) -> [Fr; LANES] {
    [Fr::zero(), key[0], key[1], Fr::from(nonce) + length_part(length)]
}

/// The elements of a ciphertext of a message of this length: `3 ceil(length / 3) + 1`.
pub fn ciphertext_len(length: usize) -> usize {
    RATE * length.div_ceil(RATE) + 1
}

/// The ciphertext of a message, under a key and a nonce that are used together once.
///
/// ```
/// # use zkml_core::gadget::hash::cipher::{CipherError, decrypt, encrypt};
/// # use zkml_core::prove::Fr;
/// let (key, message) = ([Fr::from(3), Fr::from(4)], [Fr::from(5), Fr::from(6)]);
/// let mut ciphertext = encrypt(&message, key, 0);
/// assert_eq!(ciphertext.len(), 4);
/// assert_eq!(decrypt(&ciphertext, key, 0, 2).unwrap(), message);
/// ciphertext[0] += Fr::from(1);
/// assert_eq!(decrypt(&ciphertext, key, 0, 2), Err(CipherError::Tag));
/// ```
pub fn encrypt(message: &[Fr], key: [Fr; 2], nonce: u128) -> Vec<Fr> {
    let mut state = start(key, nonce, message.len());
    let mut ciphertext = Vec::with_capacity(ciphertext_len(message.len()));
    for block in message.chunks(RATE) {
        poseidon::permute(&mut state);
        state[1..].iter_mut().zip(block).for_each(|(lane, m)| *lane += m);
        ciphertext.extend_from_slice(&state[1..]);
    }
    poseidon::permute(&mut state);
    ciphertext.push(state[1]);
    ciphertext
}

/// The message of `length` elements that has this ciphertext.
///
/// # Errors
/// If the ciphertext is not as long as those of messages of this length; if its tag does not fit; or if what pads the message
/// is not zero.
pub fn decrypt(ciphertext: &[Fr], key: [Fr; 2], nonce: u128, length: usize) -> Result<Vec<Fr>, CipherError> {
    let expected = ciphertext_len(length);
    let [elements @ .., tag] = ciphertext else {
        return Err(CipherError::Length { found: 0, expected, message: length });
    };
    if ciphertext.len() != expected {
        return Err(CipherError::Length { found: ciphertext.len(), expected, message: length });
    }
    let mut state = start(key, nonce, length);
    let mut message = Vec::with_capacity(elements.len());
    for block in elements.chunks(RATE) {
        poseidon::permute(&mut state);
        for (lane, c) in state[1..].iter_mut().zip(block) {
            message.push(*c - *lane);
            *lane = *c;
        }
    }
    poseidon::permute(&mut state);
    if state[1] != *tag {
        return Err(CipherError::Tag);
    }
    if let Some(index) = (length..message.len()).find(|i| !message[*i].is_zero()) {
        return Err(CipherError::Padding { index, found: message[index] });
    }
    message.truncate(length);
    Ok(message)
}

/// Encryption of `n` elements: `ceil(n / 3) + 1` permutations of 264 constraints each, less three for the lane that starts as
/// zero, and three more if the circuit knows the nonce. For 33 elements and a known nonce that is 3162.
pub fn cost(length: usize, nonce_is_known: bool) -> Cost {
    let known = 1 + usize::from(nonce_is_known);
    poseidon::cost_permutation(LANES, known) + poseidon::cost_permutation(LANES, 0) * length.div_ceil(RATE)
}

/// Enforces encryption: the ciphertext, each element a linear combination of at most four variables and of those of the message's.
///
/// # Constraints
/// See [`cost`].
///
/// # Soundness
/// Every variable is the product of two linear combinations of what is before it. So key, nonce and message determine the
/// ciphertext. And with the key and the nonce, a ciphertext determines the message, element for element: so what
/// [`decrypt`] gives is this message, and it gives one, as the tag fits and the padding is zero.
///
/// Nothing is assumed of key and message. A nonce that the circuit does not know should be a public input: whoever decrypts must
/// have it, below `2^128`.
pub fn enforce<C: FieldCs>(cs: &mut C, message: &[C::F], key: &[C::F; 2], nonce: &Lane<C::F>) -> Vec<C::F> {
    let length = length_part(message.len());
    let nonce = match nonce {
        Lane::Known(nonce) => Lane::Known(*nonce + length),
        Lane::Wire(nonce) => Lane::Wire(cs.field_linear(&[(Fr::ONE, nonce)], length)),
    };
    let [x, y] = key.clone().map(Lane::Wire);
    let mut state = vec![Lane::Known(Fr::zero()), x, y, nonce];
    let mut ciphertext = Vec::with_capacity(ciphertext_len(message.len()));
    for block in message.chunks(RATE) {
        let mut lanes = poseidon::enforce_permutation(cs, &state);
        for (lane, m) in lanes[1..].iter_mut().zip(block) {
            *lane = cs.field_linear(&[(Fr::ONE, lane), (Fr::ONE, m)], Fr::zero());
        }
        ciphertext.extend_from_slice(&lanes[1..]);
        state = lanes.into_iter().map(Lane::Wire).collect();
    }
    let lanes = poseidon::enforce_permutation(cs, &state);
    ciphertext.extend(lanes.into_iter().nth(1));
    ciphertext
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{
        arith::r1cs::{Assign, Build},
        dev::tamper::Harness,
        gadget::curve::{
            baby_jubjub::{Point, Scalar},
            ecdh,
        },
    };

    #[derive(Deserialize)]
    struct Party {
        secret: String,
        public: [String; 2],
    }

    #[derive(Deserialize)]
    struct Case {
        sender: Party,
        receiver: Party,
        shared: [String; 2],
        nonce: String,
        message: Vec<String>,
        ciphertext: Vec<String>,
    }

    #[derive(Deserialize)]
    struct Permutation {
        input: Vec<String>,
        output: Vec<String>,
    }

    #[derive(Deserialize)]
    struct File {
        permutation: Permutation,
        cases: Vec<Case>,
    }

    /// What zk-kit computes; `tests/data/make.mjs` says how.
    fn zk_kit() -> File {
        serde_json::from_str(include_str!("../../../tests/data/poseidon_cipher.json")).unwrap()
    }

    fn fields(texts: &[String]) -> Vec<Fr> {
        texts.iter().map(|t| t.parse().unwrap()).collect()
    }

    impl Case {
        fn key(&self) -> [Fr; 2] {
            fields(&self.shared).try_into().unwrap()
        }

        fn nonce(&self) -> u128 {
            self.nonce.parse().unwrap()
        }
    }

    #[test]
    fn permutation_is_that_of_zk_kit() {
        let Permutation { input, output } = zk_kit().permutation;
        let mut state = fields(&input);
        poseidon::permute(&mut state);
        assert_eq!(state, fields(&output));
    }

    #[test]
    fn keys_are_those_of_zk_kit() {
        let pair = |p: Point| [p.x(), p.y()];
        for case in zk_kit().cases {
            let secrets = [&case.sender, &case.receiver].map(|p| p.secret.parse::<Scalar>().unwrap());
            let keys = secrets.map(|s| Point::BASE * s);
            for (key, party) in keys.iter().zip([&case.sender, &case.receiver]) {
                assert_eq!(pair(*key).to_vec(), fields(&party.public));
                assert_eq!(key.check_prime_order(), Ok(()));
            }
            assert_eq!(pair(ecdh::eval(secrets[0], keys[1])), case.key());
            assert_eq!(pair(ecdh::eval(secrets[1], keys[0])), case.key());
        }
    }

    #[test]
    fn ciphertexts_are_those_of_zk_kit_and_decrypt() {
        let cases = zk_kit().cases;
        let lengths: Vec<usize> = cases.iter().map(|c| c.message.len()).collect();
        assert_eq!(lengths, [0, 1, 2, 3, 4, 5, 6, 7, 34]);
        for case in cases {
            let (message, ciphertext) = (fields(&case.message), fields(&case.ciphertext));
            assert_eq!(encrypt(&message, case.key(), case.nonce()), ciphertext, "{} elements", message.len());
            assert_eq!(decrypt(&ciphertext, case.key(), case.nonce(), message.len()), Ok(message));
        }
    }

    #[test]
    fn what_was_not_encrypted_so_is_refused() {
        let case = &zk_kit().cases[5];
        let (ciphertext, key, nonce) = (fields(&case.ciphertext), case.key(), case.nonce());
        assert_eq!((case.message.len(), ciphertext.len()), (5, 7));
        for i in 0..ciphertext.len() {
            let mut changed = ciphertext.clone();
            changed[i] += Fr::ONE;
            assert_eq!(decrypt(&changed, key, nonce, 5), Err(CipherError::Tag), "element {i}");
        }
        for i in [0, 1] {
            let mut other = key;
            other[i] += Fr::ONE;
            assert_eq!(decrypt(&ciphertext, other, nonce, 5), Err(CipherError::Tag));
        }
        assert_eq!(decrypt(&ciphertext, key, nonce + 1, 5), Err(CipherError::Tag));
        // As long a ciphertext, of another length of message.
        assert_eq!(decrypt(&ciphertext, key, nonce, 4), Err(CipherError::Tag));
        for (found, message, expected) in [(7, 7, 10), (7, 3, 4), (6, 5, 7), (0, 0, 1)] {
            let refused = Err(CipherError::Length { found, expected, message });
            assert_eq!(decrypt(&ciphertext[..found], key, nonce, message), refused);
        }
    }

    #[test]
    fn padding_that_is_not_zero_is_refused() {
        // Somebody who has the key makes a tag that fits.
        let (key, nonce) = ([Fr::from(3u64), Fr::from(4u64)], 5);
        let mut state = start(key, nonce, 2);
        let mut ciphertext = vec![];
        poseidon::permute(&mut state);
        state[1..].iter_mut().for_each(|lane| *lane += Fr::from(7u64));
        ciphertext.extend_from_slice(&state[1..]);
        poseidon::permute(&mut state);
        ciphertext.push(state[1]);
        let refused = CipherError::Padding { index: 2, found: Fr::from(7u64) };
        assert_eq!(decrypt(&ciphertext, key, nonce, 2), Err(refused));
    }

    fn run<C: FieldCs>(cs: &mut C, case: &Case, known: bool) -> Vec<C::F> {
        let message: Vec<C::F> = fields(&case.message).into_iter().map(|m| cs.field_witness(Some(m))).collect();
        let key = case.key().map(|k| cs.field_witness(Some(k)));
        let nonce = Fr::from(case.nonce());
        let nonce = if known { Lane::Known(nonce) } else { Lane::Wire(cs.field_witness(Some(nonce))) };
        let ciphertext = enforce(cs, &message, &key, &nonce);
        // All is public, so that nothing has two values.
        message.iter().chain(&key).chain(&ciphertext).for_each(|f| cs.field_output(f));
        if let Lane::Wire(nonce) = nonce {
            cs.field_output(&nonce);
        }
        ciphertext
    }

    #[test]
    fn circuit_equals_native_and_costs_what_it_says() {
        for case in zk_kit().cases {
            for known in [false, true] {
                let (mut build, mut assign) = (Build::new(), Assign::new());
                run(&mut build, &case, known);
                assert_eq!(run(&mut assign, &case, known), fields(&case.ciphertext));
                let length = case.message.len();
                let inputs = length + 2 + usize::from(!known);
                let counted =
                    Cost::new(build.constraints() - inputs - ciphertext_len(length), build.witnesses() - inputs);
                assert_eq!(counted, cost(length, known), "{length} elements");
                let (matrices, z) = (build.finish().0, assign.finish());
                let harness = Harness::new(&matrices, &z, &[]);
                assert!(harness.holds());
                assert_eq!(harness.run(200), vec![], "{length} elements");
                // No element of the ciphertext is another's.
                let (first, count) = (1 + length + 2, ciphertext_len(length));
                assert!((first..first + count).all(|column| !harness.accepts(&[(column, Fr::ONE)])));
            }
        }
    }

    #[test]
    fn known_counts() {
        let counts = [0, 1, 3, 4, 33].map(|n| cost(n, true).constraints);
        assert_eq!(counts, [258, 522, 522, 786, 3162]);
        assert_eq!(cost(33, false).constraints, 3165);
    }
}
