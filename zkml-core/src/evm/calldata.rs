//! Calls: `selector | arguments`, of the contract for one key and of that for any key.
//!
//! | `verify(uint256[n],uint256[8])` | bytes | | `verify(bytes,uint256[],uint256[8])` | bytes |
//! |---|---|---|---|---|
//! | selector | 4 | | selector | 4 |
//! | inputs | 32 n | | where the key begins: 320 | 32 |
//! | proof | 256 | | where the inputs begin: 352 + length of the key | 32 |
//! | | | | proof | 256 |
//! | | | | length of the key: 512 + 64 n | 32 |
//! | | | | key | 512 + 64 n |
//! | | | | number of inputs: n | 32 |
//! | | | | inputs | 32 n |
//!
//! Proofs in two phases, and those with registered weights, have ten words: `uint256[10]`, 320 bytes; the key then
//! begins 64 bytes later, and has 128 or 256 bytes more for its deltas, and 64 for the challenge's point.
//!
//! One call, one encoding: what is decoded is encoded to the same bytes.
//!
//! # Soundness
//! To decode a call says nothing about whether it is true, nor that a contract took it.

use super::{
    error::EvmError,
    key::EvmKeyOf,
    system::{EvmSystem, other_ic},
    word::{Word, of_field, of_int, selector, split, to_field},
};
use crate::prove::{Fr, Groth16, ProofOf, ProofSystem, PublicTable, Statement, VerifyingKeyOf};

/// The proof and the public inputs of a call, whose points are in their groups.
#[derive(Clone, Debug, PartialEq)]
pub struct CallOf<S: EvmSystem> {
    /// The public inputs, without the constant one.
    pub inputs: Vec<Fr>,
    /// The points.
    pub proof: <S as ProofSystem>::Points,
}

/// A call of the contract for any key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyedCallOf<S: EvmSystem> {
    /// The key that the call brings. A contract must compare its hash with one that it knows.
    pub key: EvmKeyOf<S>,
    /// The proof and its public inputs.
    pub call: CallOf<S>,
}

/// A [`CallOf`] Groth16.
pub type Call = CallOf<Groth16>;

/// A [`KeyedCallOf`] Groth16.
pub type KeyedCall = KeyedCallOf<Groth16>;

/// The signature of the function of the contract for one key.
pub fn signature(inputs: usize) -> String {
    Call::signature(inputs)
}

/// The signature of the function of the contract for any key.
pub const KEYED_SIGNATURE: &str = "verify(bytes,uint256[],uint256[8])";

impl<S: EvmSystem> From<&ProofOf<S>> for CallOf<S> {
    fn from(proof: &ProofOf<S>) -> Self {
        Self { inputs: proof.inputs.clone(), proof: proof.proof.clone() }
    }
}

impl<S: EvmSystem> CallOf<S> {
    /// The signature of the function that takes it, of the contract for one key.
    pub fn signature(inputs: usize) -> String {
        format!("verify(uint256[{inputs}],uint256[{}])", S::WORDS)
    }

    /// The call of words, such as those of an event or of another contract's call.
    ///
    /// # Errors
    /// If an input is at or above the modulus of the scalar field, or a point is not in its group.
    pub fn from_words(inputs: &[Word], proof: &S::Words) -> Result<Self, EvmError> {
        let read = |(index, word)| to_field(word).ok_or(EvmError::Modulus { index });
        let inputs = inputs.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Self { inputs, proof: S::from_words(proof)? })
    }

    /// The public inputs: `uint256[]`.
    pub fn input_words(&self) -> Vec<Word> {
        self.inputs.iter().map(|x| of_field(*x)).collect()
    }

    /// The proof: `uint256[8]`, or `uint256[10]` in several phases.
    pub fn proof_words(&self) -> S::Words {
        S::to_words(&self.proof)
    }

    /// Calldata for the contract that [`solidity::verifier`](super::solidity::verifier) makes for the key.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = selector(&Self::signature(self.inputs.len())).to_vec();
        bytes.extend_from_slice(self.input_words().as_flattened());
        bytes.extend_from_slice(self.proof_words().as_ref().as_flattened());
        bytes
    }

    /// The call of such calldata, with as many public inputs as the table has.
    ///
    /// # Errors
    /// If it is a call of another function, longer or shorter, an input is at or above the modulus of the scalar field,
    /// or a point is not in its group.
    pub fn decode(calldata: &[u8], table: &PublicTable) -> Result<Self, EvmError> {
        let (what, n) = ("the call", table.len());
        let rest = skip_selector(calldata, || Self::signature(n))?;
        let expected = n.saturating_add(S::WORDS).saturating_mul(32).saturating_add(4);
        let wrong = EvmError::Length { what, expected, found: calldata.len() };
        let (words, []) = split(rest) else { return Err(wrong) };
        match words.split_at_checked(n).map(|(inputs, proof)| (inputs, S::Words::try_from(proof))) {
            Some((inputs, Ok(proof))) => Self::from_words(inputs, &proof),
            _ => Err(wrong),
        }
    }

    /// What the call says, typed: signed numbers with their scale, classes, commitments.
    ///
    /// # Errors
    /// If there are more or fewer inputs than the table has, or one is out of its declared range.
    ///
    /// # Soundness
    /// This reads it. [`VerifyingKeyOf::verify`] of [`proof_for`](Self::proof_for), or a contract, says whether it is
    /// true.
    pub fn statement(&self, table: &PublicTable) -> Result<Statement, EvmError> {
        Ok(table.decode(&self.inputs)?)
    }

    /// The call as a proof under this key, to be verified here.
    pub fn proof_for(&self, key: &VerifyingKeyOf<S>) -> ProofOf<S> {
        ProofOf { digest: *key.digest(), proof: self.proof.clone(), inputs: self.inputs.clone() }
    }
}

impl<S: EvmSystem> KeyedCallOf<S> {
    /// The bytes of the three arguments' places.
    const HEAD: usize = 32 * (2 + S::WORDS);

    /// The signature of the function that takes it.
    pub fn signature() -> String {
        format!("verify(bytes,uint256[],uint256[{}])", S::WORDS)
    }

    /// The call of a proof and the key that it is for.
    ///
    /// # Errors
    /// If the key takes another number of public inputs.
    pub fn new(key: EvmKeyOf<S>, call: CallOf<S>) -> Result<Self, EvmError> {
        if key.inputs() != call.inputs.len() {
            return Err(EvmError::OtherKey { what: "number of public inputs" });
        }
        Ok(Self { key, call })
    }

    /// Calldata for the contract for any key.
    pub fn encode(&self) -> Vec<u8> {
        let key = self.key.as_bytes();
        let mut bytes = selector(&Self::signature()).to_vec();
        let number = |x: usize| of_int(x as u64);
        bytes.extend_from_slice(&number(Self::HEAD));
        bytes.extend_from_slice(&number(Self::HEAD + 32 + key.len()));
        bytes.extend_from_slice(self.call.proof_words().as_ref().as_flattened());
        bytes.extend_from_slice(&number(key.len()));
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&number(self.call.inputs.len()));
        bytes.extend_from_slice(self.call.input_words().as_flattened());
        bytes
    }

    /// The call of such calldata. Its key is checked to be one, and not to be any particular one.
    ///
    /// # Errors
    /// If it is a call of another function, longer or shorter, an argument does not begin where
    /// [`encode`](Self::encode) writes it, an input is at or above the modulus of the scalar field, or a point of key
    /// or proof is not in its group.
    pub fn decode(calldata: &[u8]) -> Result<Self, EvmError> {
        let rest = skip_selector(calldata, Self::signature)?;
        let short = |expected: usize| EvmError::Length { what: "the call", expected, found: calldata.len() };
        let (words, left) = split(rest);
        let least = 4 + Self::HEAD + 32;
        let Some(([at_key, at_inputs], tail)) = words.split_first_chunk::<2>() else { return Err(short(least)) };
        let Some((proof, tail)) = tail.split_at_checked(S::WORDS) else { return Err(short(least)) };
        let (Ok(proof), Some((key_length, tail))) = (S::Words::try_from(proof), tail.split_first()) else {
            return Err(short(least));
        };
        head("the place of the key", at_key, Self::HEAD)?;
        let (length, n) = lengths::<S>(key_length)?;
        head("the place of the public inputs", at_inputs, Self::HEAD + 32 + length)?;
        let whole = least + length + 32 + 32 * n;
        if calldata.len() != whole || !left.is_empty() {
            return Err(short(whole));
        }
        let (key, tail) = tail.split_at_checked(length / 32).ok_or_else(|| short(whole))?;
        let (count, inputs) = tail.split_first().ok_or_else(|| short(whole))?;
        head("the number of public inputs", count, n)?;
        Ok(Self { key: EvmKeyOf::from_bytes(key.as_flattened())?, call: CallOf::from_words(inputs, &proof)? })
    }

    /// What the call says, if it brings this key: as [`CallOf::statement`].
    ///
    /// # Errors
    /// If it brings another key, or as [`CallOf::statement`].
    ///
    /// # Soundness
    /// As [`CallOf::statement`].
    pub fn statement(&self, key: &VerifyingKeyOf<S>) -> Result<Statement, EvmError> {
        if self.key != EvmKeyOf::new(key)? {
            return Err(EvmError::OtherKey { what: "key" });
        }
        self.call.statement(key.table())
    }
}

fn head(what: &'static str, found: &Word, expected: usize) -> Result<(), EvmError> {
    if *found == of_int(expected as u64) { Ok(()) } else { Err(EvmError::Head { what, expected, found: *found }) }
}

/// The length of a key, and for how many public inputs a key of that length is.
fn lengths<S: EvmSystem>(word: &Word) -> Result<(usize, usize), EvmError> {
    let [zeros @ .., a, b, c, d] = word;
    let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    let least = EvmKeyOf::<S>::FIXED + 64 * other_ic::<S>();
    let n = length.saturating_sub(least) / 64;
    let expected = least + 64 * n.clamp(1, EvmKeyOf::<S>::MAX_INPUTS);
    if length == expected && zeros.iter().all(|byte| *byte == 0) {
        Ok((length, n))
    } else {
        Err(EvmError::Head { what: "the length of the key", expected, found: *word })
    }
}

fn skip_selector(calldata: &[u8], signature: impl Fn() -> String) -> Result<&[u8], EvmError> {
    let short = EvmError::Length { what: "the selector", expected: 4, found: calldata.len() };
    let (found, rest) = calldata.split_first_chunk::<4>().ok_or(short)?;
    let expected = selector(&signature());
    if *found == expected {
        Ok(rest)
    } else {
        Err(EvmError::Selector { signature: signature(), expected, found: *found })
    }
}
