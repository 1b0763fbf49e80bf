//! Verifying key as words: `alpha | beta | gamma | deltas | abc_0 | .. | abc_n`, whose keccak256 names it on a chain.
//!
//! | bytes | what |
//! |---|---|
//! | 0 | `alpha`, two words |
//! | 64 | `beta`, four words |
//! | 192 | `gamma`, four words |
//! | 320 | `delta` of each of the `p` phases, four words each |
//! | 320 + 128 p + 64 i | `abc_i`, two words, for `i` from 0 to the number `n` of public inputs; in several phases, that of the challenge is last |

use std::fmt;
use std::marker::PhantomData;

use super::{
    error::EvmError,
    points::{to_g1, to_g2},
    system::{self, EvmSystem, other_ic},
    word::{Word, of_g1, of_g2, split},
};
use crate::prove::{
    Digest, Groth16, ProofSystem, Provenance, PublicTable, VerifyingKeyOf, hex, phased::Phased, phased::VerifyingPoints,
};

/// A verifying key as a contract takes it: for `n` public inputs `512 + 64 n` bytes of Groth16, `704 + 64 n` in two
/// phases, `832 + 64 n` with registered weights.
///
/// # Soundness
/// It has the points and nothing else: not the circuit's digest, nor what the inputs mean, nor who made it. Its
/// [hash](Self::hash) says which points are meant; that they are those of a circuit, only a [`VerifyingKeyOf`] from a
/// trusted source does.
#[derive(Clone, PartialEq, Eq)]
pub struct EvmKeyOf<S: EvmSystem> {
    bytes: Vec<u8>,
    system: PhantomData<S>,
}

/// An [`EvmKeyOf`] Groth16.
pub type EvmKey = EvmKeyOf<Groth16>;

impl<S: EvmSystem> EvmKeyOf<S> {
    /// The bytes without any `abc`.
    pub const FIXED: usize = 320 + 128 * <S as Phased>::PHASES;

    /// The most public inputs: a call takes less gas than a transaction may have, `2^24` (EIP-7825).
    pub const MAX_INPUTS: usize = 1024;

    /// The key's points, as words.
    ///
    /// # Errors
    /// If it has no public input, or more than [`MAX_INPUTS`](Self::MAX_INPUTS).
    pub fn new(key: &VerifyingKeyOf<S>) -> Result<Self, EvmError> {
        let vk = key.vk();
        check_inputs(system::inputs::<S>(vk))?;
        let mut bytes = Vec::with_capacity(Self::FIXED + 64 * vk.ic.len());
        bytes.extend_from_slice(of_g1(&vk.alpha_g1).as_flattened());
        for point in [&vk.beta_g2, &vk.gamma_g2].into_iter().chain(&vk.deltas_g2) {
            bytes.extend_from_slice(of_g2(point).as_flattened());
        }
        for point in &vk.ic {
            bytes.extend_from_slice(of_g1(point).as_flattened());
        }
        Ok(Self { bytes, system: PhantomData })
    }

    /// The key of these bytes, whose points are checked.
    ///
    /// # Errors
    /// If the length is none, there are no or too many public inputs, or a point is not in its group, or zero where no
    /// honest key has zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvmError> {
        read::<S>(bytes)?;
        Ok(Self { bytes: bytes.to_vec(), system: PhantomData })
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `keccak256(bytes)`, with registered weights `keccak256(tag | 3 | n + 2 | bytes)`: what a contract stores, and
    /// what challenges are drawn for.
    pub fn hash(&self) -> Word {
        S::hash(&self.bytes)
    }

    /// How many public inputs it takes.
    pub fn inputs(&self) -> usize {
        (self.bytes.len() - Self::FIXED) / 64 - other_ic::<S>()
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
    ) -> Result<VerifyingKeyOf<S>, EvmError> {
        Ok(VerifyingKeyOf::new(contents, provenance, table, read::<S>(&self.bytes)?)?)
    }
}

impl<S: EvmSystem> fmt::Debug for EvmKeyOf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EvmKey(0x{}, {} inputs)", hex(&self.hash()), self.inputs())
    }
}

fn check_inputs(found: usize) -> Result<(), EvmError> {
    let max = EvmKey::MAX_INPUTS;
    if found == 0 || found > max { Err(EvmError::Inputs { found, max }) } else { Ok(()) }
}

fn read<S: EvmSystem>(bytes: &[u8]) -> Result<VerifyingPoints, EvmError> {
    let wrong = || EvmError::KeyLength { least: EvmKeyOf::<S>::FIXED + 64 * other_ic::<S>(), found: bytes.len() };
    let (words, []) = split(bytes) else { return Err(wrong()) };
    let Some((alpha, rest)) = words.split_first_chunk::<2>() else { return Err(wrong()) };
    let Some((g2, inputs)) = rest.split_at_checked(4 * (2 + <S as Phased>::PHASES)) else { return Err(wrong()) };
    let ((g2, []), (inputs, [])) = (g2.as_chunks::<4>(), inputs.as_chunks::<2>()) else { return Err(wrong()) };
    let ([beta, gamma, deltas @ ..], Some(count)) = (g2, inputs.len().checked_sub(other_ic::<S>())) else {
        return Err(wrong());
    };
    check_inputs(count)?;
    let what = "beta, gamma and delta in G2";
    let deltas = deltas.iter().enumerate().map(|(i, words)| to_g2(words, what, 2 + i));
    let abc = inputs.iter().enumerate().map(|(i, words)| to_g1(words, "the public inputs' points", i));
    let vk = VerifyingPoints {
        alpha_g1: to_g1(alpha, "alpha", 0)?,
        beta_g2: to_g2(beta, what, 0)?,
        gamma_g2: to_g2(gamma, what, 1)?,
        deltas_g2: deltas.collect::<Result<_, _>>()?,
        ic: abc.collect::<Result<_, _>>()?,
    };
    S::admit_verifying(&vk)?;
    Ok(vk)
}
