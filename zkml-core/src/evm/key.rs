//! Verifying key as words: `alpha | beta | gamma | delta | abc_0 | .. | abc_n`, whose keccak256 names it on a chain.
//!
//! | bytes | what |
//! |---|---|
//! | 0 | `alpha`, two words |
//! | 64 | `beta`, four words |
//! | 192 | `gamma`, four words |
//! | 320 | `delta`, four words |
//! | 448 + 64 i | `abc_i`, two words, for `i` from 0 to the number `n` of public inputs |

use std::fmt;

use super::{
    error::EvmError,
    points::{to_g1, to_g2},
    word::{Word, keccak256, of_g1, of_g2, split},
};
use crate::prove::{Digest, Groth16, ProofSystem, Provenance, PublicTable, VerifyingKey, hex, phased::VerifyingPoints};

/// A verifying key as a contract takes it: `512 + 64 n` bytes for `n` public inputs.
///
/// # Soundness
/// It has the points and nothing else: not the circuit's digest, nor what the inputs mean, nor who made it. Its
/// [hash](Self::hash) says which points are meant; that they are those of a circuit, only a [`VerifyingKey`] from a
/// trusted source does.
#[derive(Clone, PartialEq, Eq)]
pub struct EvmKey {
    bytes: Vec<u8>,
}

impl EvmKey {
    /// The bytes without any `abc`.
    pub const FIXED: usize = 448;

    /// The most public inputs: a call takes less gas than a transaction may have, `2^24` (EIP-7825).
    pub const MAX_INPUTS: usize = 1024;

    /// The key's points, as words.
    ///
    /// # Errors
    /// If it has no public input, or more than [`MAX_INPUTS`](Self::MAX_INPUTS).
    pub fn new(key: &VerifyingKey) -> Result<Self, EvmError> {
        let vk = key.vk();
        let inputs = vk.ic.len().saturating_sub(1);
        check_inputs(inputs)?;
        let mut bytes = Vec::with_capacity(Self::FIXED + 64 * (inputs + 1));
        bytes.extend_from_slice(of_g1(&vk.alpha_g1).as_flattened());
        for point in [&vk.beta_g2, &vk.gamma_g2].into_iter().chain(&vk.deltas_g2) {
            bytes.extend_from_slice(of_g2(point).as_flattened());
        }
        for point in &vk.ic {
            bytes.extend_from_slice(of_g1(point).as_flattened());
        }
        Ok(Self { bytes })
    }

    /// The key of these bytes, whose points are checked.
    ///
    /// # Errors
    /// If the length is none, there are no or too many public inputs, or a point is not in its group, or zero where no
    /// honest key has zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvmError> {
        read(bytes)?;
        Ok(Self { bytes: bytes.to_vec() })
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `keccak256(bytes)`: what a contract stores.
    pub fn hash(&self) -> Word {
        keccak256(&self.bytes)
    }

    /// How many public inputs it takes.
    pub fn inputs(&self) -> usize {
        (self.bytes.len() - Self::FIXED) / 64 - 1
    }

    /// The key with what the bytes don't say: of which circuit it is, who made it, and what its public inputs mean.
    ///
    /// # Errors
    /// If the table has another number of public inputs.
    pub fn verifying_key(
        &self,
        contents: Digest,
        provenance: Provenance,
        table: PublicTable,
    ) -> Result<VerifyingKey, EvmError> {
        Ok(VerifyingKey::new(contents, provenance, table, read(&self.bytes)?)?)
    }
}

impl fmt::Debug for EvmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EvmKey(0x{}, {} inputs)", hex(&self.hash()), self.inputs())
    }
}

fn check_inputs(found: usize) -> Result<(), EvmError> {
    let max = EvmKey::MAX_INPUTS;
    if found == 0 || found > max { Err(EvmError::Inputs { found, max }) } else { Ok(()) }
}

fn read(bytes: &[u8]) -> Result<VerifyingPoints, EvmError> {
    let wrong = EvmError::KeyLength { found: bytes.len() };
    let (words, []) = split(bytes) else { return Err(wrong) };
    let Some((fixed, inputs)) = words.split_first_chunk::<14>() else { return Err(wrong) };
    let (inputs, []) = inputs.as_chunks::<2>() else { return Err(wrong) };
    if inputs.is_empty() {
        return Err(wrong);
    }
    check_inputs(inputs.len() - 1)?;
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = *fixed;
    let abc = inputs.iter().enumerate().map(|(i, words)| to_g1(words, "the public inputs' points", i));
    let what = "beta, gamma and delta in G2";
    let vk = VerifyingPoints {
        alpha_g1: to_g1(&[a, b], "alpha", 0)?,
        beta_g2: to_g2(&[c, d, e, f], what, 0)?,
        gamma_g2: to_g2(&[g, h, i, j], what, 1)?,
        deltas_g2: vec![to_g2(&[k, l, m, n], what, 2)?],
        ic: abc.collect::<Result<_, _>>()?,
    };
    Groth16::admit_verifying(&vk)?;
    Ok(vk)
}
