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
//! One call, one encoding: what is decoded is encoded to the same bytes.
//!
//! # Soundness
//! To decode a call says nothing about whether it is true, nor that a contract took it.

use super::{
    error::EvmError,
    key::EvmKey,
    proof::{self, ProofWords},
    word::{Word, of_field, of_int, selector, split, to_field},
};
use crate::prove::{Fr, Proof, PublicTable, Statement, VerifyingKey, phased::Points};

/// The proof and the public inputs of a call, whose points are in their groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The public inputs, without the constant one.
    pub inputs: Vec<Fr>,
    /// The points.
    pub proof: Points,
}

/// A call of the contract for any key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyedCall {
    /// The key that the call brings. A contract must compare its hash with one that it knows.
    pub key: EvmKey,
    /// The proof and its public inputs.
    pub call: Call,
}

/// The signature of the function of the contract for one key.
pub fn signature(inputs: usize) -> String {
    format!("verify(uint256[{inputs}],uint256[8])")
}

/// The signature of the function of the contract for any key.
pub const KEYED_SIGNATURE: &str = "verify(bytes,uint256[],uint256[8])";

/// The bytes of the three arguments' places in a call with a key.
const HEAD: usize = 32 * (2 + 8);

impl From<&Proof> for Call {
    fn from(proof: &Proof) -> Self {
        Self { inputs: proof.inputs.clone(), proof: proof.proof.clone() }
    }
}

impl Call {
    /// The call of words, such as those of an event or of another contract's call.
    ///
    /// # Errors
    /// If an input is at or above the modulus of the scalar field, or a point is not in its group.
    pub fn from_words(inputs: &[Word], proof: &ProofWords) -> Result<Self, EvmError> {
        let read = |(index, word)| to_field(word).ok_or(EvmError::Modulus { index });
        let inputs = inputs.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Self { inputs, proof: proof::from_words(proof)? })
    }

    /// The public inputs: `uint256[]`.
    pub fn input_words(&self) -> Vec<Word> {
        self.inputs.iter().map(|x| of_field(*x)).collect()
    }

    /// The proof: `uint256[8]`.
    pub fn proof_words(&self) -> ProofWords {
        proof::to_words(&self.proof)
    }

    /// Calldata for the contract that [`solidity::verifier`](super::solidity::verifier) makes for the key.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = selector(&signature(self.inputs.len())).to_vec();
        bytes.extend_from_slice(self.input_words().as_flattened());
        bytes.extend_from_slice(self.proof_words().as_flattened());
        bytes
    }

    /// The call of such calldata, with as many public inputs as the table has.
    ///
    /// # Errors
    /// If it is a call of another function, longer or shorter, an input is at or above the modulus of the scalar field,
    /// or a point is not in its group.
    pub fn decode(calldata: &[u8], table: &PublicTable) -> Result<Self, EvmError> {
        let (what, n) = ("the call", table.len());
        let rest = skip_selector(calldata, || signature(n))?;
        let expected = n.saturating_add(8).saturating_mul(32).saturating_add(4);
        let wrong = EvmError::Length { what, expected, found: calldata.len() };
        let (words, []) = split(rest) else { return Err(wrong) };
        match words.split_last_chunk::<8>() {
            Some((inputs, proof)) if inputs.len() == n => Self::from_words(inputs, proof),
            _ => Err(wrong),
        }
    }

    /// What the call says, typed: signed numbers with their scale, classes, commitments.
    ///
    /// # Errors
    /// If there are more or fewer inputs than the table has, or one is out of its declared range.
    ///
    /// # Soundness
    /// This reads it. [`VerifyingKey::verify`] of [`proof_for`](Self::proof_for), or a contract, says whether it is
    /// true.
    pub fn statement(&self, table: &PublicTable) -> Result<Statement, EvmError> {
        Ok(table.decode(&self.inputs)?)
    }

    /// The call as a proof under this key, to be verified here.
    pub fn proof_for(&self, key: &VerifyingKey) -> Proof {
        Proof { digest: *key.digest(), proof: self.proof.clone(), inputs: self.inputs.clone() }
    }
}

impl KeyedCall {
    /// The call of a proof and the key that it is for.
    ///
    /// # Errors
    /// If the key takes another number of public inputs.
    pub fn new(key: EvmKey, call: Call) -> Result<Self, EvmError> {
        if key.inputs() != call.inputs.len() {
            return Err(EvmError::OtherKey { what: "number of public inputs" });
        }
        Ok(Self { key, call })
    }

    /// Calldata for the contract for any key.
    pub fn encode(&self) -> Vec<u8> {
        let key = self.key.as_bytes();
        let mut bytes = selector(KEYED_SIGNATURE).to_vec();
        let number = |x: usize| of_int(x as u64);
        bytes.extend_from_slice(&number(HEAD));
        bytes.extend_from_slice(&number(HEAD + 32 + key.len()));
        bytes.extend_from_slice(self.call.proof_words().as_flattened());
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
        let rest = skip_selector(calldata, || KEYED_SIGNATURE.to_owned())?;
        let short = |expected: usize| EvmError::Length { what: "the call", expected, found: calldata.len() };
        let (words, left) = split(rest);
        let Some(([at_key, at_inputs, proof @ .., key_length], tail)) = words.split_first_chunk::<11>() else {
            return Err(short(4 + HEAD + 32));
        };
        head("the place of the key", at_key, HEAD)?;
        let (length, n) = lengths(key_length)?;
        head("the place of the public inputs", at_inputs, HEAD + 32 + length)?;
        let whole = 4 + HEAD + 32 + length + 32 + 32 * n;
        if calldata.len() != whole || !left.is_empty() {
            return Err(short(whole));
        }
        let (key, tail) = tail.split_at_checked(length / 32).ok_or_else(|| short(whole))?;
        let (count, inputs) = tail.split_first().ok_or_else(|| short(whole))?;
        head("the number of public inputs", count, n)?;
        Ok(Self { key: EvmKey::from_bytes(key.as_flattened())?, call: Call::from_words(inputs, proof)? })
    }

    /// What the call says, if it brings this key: as [`Call::statement`].
    ///
    /// # Errors
    /// If it brings another key, or as [`Call::statement`].
    ///
    /// # Soundness
    /// As [`Call::statement`].
    pub fn statement(&self, key: &VerifyingKey) -> Result<Statement, EvmError> {
        if self.key != EvmKey::new(key)? {
            return Err(EvmError::OtherKey { what: "key" });
        }
        self.call.statement(key.table())
    }
}

fn head(what: &'static str, found: &Word, expected: usize) -> Result<(), EvmError> {
    if *found == of_int(expected as u64) { Ok(()) } else { Err(EvmError::Head { what, expected, found: *found }) }
}

/// The length of a key, and for how many public inputs a key of that length is.
fn lengths(word: &Word) -> Result<(usize, usize), EvmError> {
    let [zeros @ .., a, b, c, d] = word;
    let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    let n = length.saturating_sub(EvmKey::FIXED + 64) / 64;
    let expected = EvmKey::FIXED + 64 * (n.clamp(1, EvmKey::MAX_INPUTS) + 1);
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
