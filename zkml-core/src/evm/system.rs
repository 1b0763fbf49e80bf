//! Proof systems whose proofs contracts take: how many words a proof has, what names a key, and the contracts.
//!
//! | | [`Groth16`] | [`TwoPhase`] | [`Registered`] |
//! |---|---|---|---|
//! | pairs | 4 | 5 | 6 |
//! | words of a proof | 8 | 10 | 10 |
//! | bytes of a key, `n` inputs | 512 + 64 n | 704 + 64 n | 832 + 64 n |
//! | hash of a key | `keccak256(key)` | `keccak256(key)` | `keccak256(tag, 3, n + 2, key)` |
//! | challenge | | of tag, key, `D`, inputs | of tag, key, `D_w`, `D`, inputs |

use std::fmt::Debug;

use ark_bn254::G1Affine;

use super::{
    error::EvmError,
    key::EvmKeyOf,
    points::to_g1,
    proof::{ProofWords, first_words, from_first_words},
    solidity::{GENERIC, GROTH16, TWO_PHASE},
    word::{Word, keccak256, of_g1, of_int},
};
use crate::prove::{Groth16, ProofSystem, Registered, TwoPhase, phased::Phased, phased::Points, transcript};

/// A proof system whose proofs contracts take.
pub trait EvmSystem: Phased {
    /// A proof's words: `A`, `B`, `C`, and then `D` where there is one.
    type Words: Copy + Debug + PartialEq + Send + Sync + AsRef<[Word]> + for<'a> TryFrom<&'a [Word]>;

    /// How many they are.
    const WORDS: usize;

    /// The most public inputs of a contract for one key, so that its code has at most 24,576 bytes (EIP-170).
    const MAX_INPUTS: usize;

    /// The gas of a transaction that calls the contract for one key with five public inputs, at most.
    const GAS_OF_FIVE: u64;

    /// The contracts.
    const SOURCES: Sources;

    /// The words of a proof's points. Points that are of no proof, with more commitments or fewer, have words that are
    /// of none.
    fn to_words(proof: &Points) -> Self::Words;

    /// The points of a proof's words.
    ///
    /// # Errors
    /// If a coordinate is not below the modulus of the base field, or a point is not on its curve or, of G2, not in the
    /// subgroup of prime order.
    fn from_words(words: &Self::Words) -> Result<Points, EvmError>;

    /// What names a key of these bytes, in challenges, where weights are registered, and in contracts that take any
    /// key.
    fn hash(key: &[u8]) -> Word {
        keccak256(key)
    }

    /// The gas of a transaction that calls the contract for one key with so many public inputs, to about a hundredth.
    ///
    /// ```
    /// # use zkml_core::{evm::EvmSystem, prove::{Groth16, TwoPhase}};
    /// assert_eq!((Groth16::gas(5), TwoPhase::gas(5)), (245_279, 292_621));
    /// assert_eq!(Groth16::gas(1), 245_279 - 4 * 7_512);
    /// ```
    fn gas(inputs: usize) -> u64 {
        // A multiplication and an addition of the curve, the loop around them, and 32 bytes of calldata.
        (Self::GAS_OF_FIVE - 5 * GAS_OF_INPUT).saturating_add(GAS_OF_INPUT.saturating_mul(inputs as u64))
    }

    /// What the source of a contract for one key says besides: `{{name}}` and its value.
    fn pinned(registered: &<Self as Phased>::Registered) -> Vec<(&'static str, Word)>;
}

/// The gas of a public input.
const GAS_OF_INPUT: u64 = 7_512;

/// The sources of a system's contracts.
#[derive(Clone, Copy, Debug)]
pub struct Sources {
    /// The libraries that a contract needs, in an order in which they can stand in one file.
    pub libraries: &'static [&'static str],
    /// The contract for any key.
    pub generic: &'static str,
    /// What solc makes of it, in hexadecimal.
    pub(super) generic_hex: &'static str,
    /// What is left to fill in for one key: `{{name}}`, `{{inputs}}`, `{{keyHash}}`, `{{key}}`, and what is
    /// [pinned](EvmSystem::pinned).
    pub(super) template: &'static str,
    /// Names that the source has already.
    pub(super) taken: &'static [&'static str],
}

impl EvmSystem for Groth16 {
    type Words = ProofWords;

    const WORDS: usize = 8;
    const MAX_INPUTS: usize = 350;
    const GAS_OF_FIVE: u64 = 245_279;
    const SOURCES: Sources = Sources {
        libraries: &[GROTH16],
        generic: GENERIC,
        generic_hex: include_str!("solidity/Groth16Verifier.bin"),
        template: include_str!("solidity/Verifier.sol.template"),
        taken: &["Groth16", "KEY", "KEY_HASH", "CalldataLength", "WrongKey"],
    };

    fn to_words(proof: &Points) -> ProofWords {
        first_words(proof)
    }

    fn from_words(words: &ProofWords) -> Result<Points, EvmError> {
        from_first_words(words)
    }

    fn pinned((): &()) -> Vec<(&'static str, Word)> {
        vec![]
    }
}

impl EvmSystem for TwoPhase {
    type Words = [Word; 10];

    const WORDS: usize = 10;
    const MAX_INPUTS: usize = 340;
    const GAS_OF_FIVE: u64 = 292_621;
    const SOURCES: Sources = Sources {
        libraries: &[GROTH16, TWO_PHASE],
        generic: include_str!("solidity/TwoPhaseVerifier.sol"),
        generic_hex: include_str!("solidity/TwoPhaseVerifier.bin"),
        template: include_str!("solidity/TwoPhase.sol.template"),
        taken: &["Groth16", "TwoPhase", "KEY", "KEY_HASH", "CalldataLength"],
    };

    fn to_words(proof: &Points) -> [Word; 10] {
        ten_words(proof)
    }

    fn from_words(words: &[Word; 10]) -> Result<Points, EvmError> {
        from_ten_words(words)
    }

    fn pinned((): &()) -> Vec<(&'static str, Word)> {
        vec![]
    }
}

impl EvmSystem for Registered {
    type Words = [Word; 10];

    const WORDS: usize = 10;
    const MAX_INPUTS: usize = 330;
    const GAS_OF_FIVE: u64 = 328_444;
    const SOURCES: Sources = Sources {
        libraries: &[GROTH16, TWO_PHASE],
        generic: include_str!("solidity/RegisteredVerifier.sol"),
        generic_hex: include_str!("solidity/RegisteredVerifier.bin"),
        template: include_str!("solidity/Registered.sol.template"),
        taken: &["Groth16", "TwoPhase", "KEY", "KEY_HASH", "WEIGHTS_X", "WEIGHTS_Y", "CalldataLength"],
    };

    fn to_words(proof: &Points) -> [Word; 10] {
        ten_words(proof)
    }

    fn from_words(words: &[Word; 10]) -> Result<Points, EvmError> {
        from_ten_words(words)
    }

    /// That of a key of three phases: with the numbers of deltas and of `IC` before it.
    fn hash(key: &[u8]) -> Word {
        let ic = key.len().saturating_sub(EvmKeyOf::<Self>::FIXED) / 64;
        let head = [transcript::REGISTERED_KEY, of_int(<Self as Phased>::PHASES as u64), of_int(ic as u64)];
        keccak256(&[head.as_flattened(), key].concat())
    }

    fn pinned(registered: &<Self as Phased>::Registered) -> Vec<(&'static str, Word)> {
        let [x, y] = of_g1(&registered.point());
        vec![("{{weightsX}}", x), ("{{weightsY}}", y)]
    }
}

/// `A, B, C, D`; of points with another number of commitments than one, a `D` of zero, for which nothing holds.
fn ten_words(proof: &Points) -> [Word; 10] {
    let d = if let [d] = proof.commitments[..] { d } else { G1Affine::identity() };
    let ([a, b, c, e, f, g, h, i], [x, y]) = (first_words(proof), of_g1(&d));
    [a, b, c, e, f, g, h, i, x, y]
}

fn from_ten_words(words: &[Word; 10]) -> Result<Points, EvmError> {
    let [first @ .., x, y] = words;
    Ok(Points { commitments: vec![to_g1(&[*x, *y], "the proof's D", 0)?], ..from_first_words(first)? })
}

/// How many `IC` a key has besides those of its public inputs: that of one, and that of the challenge.
pub(super) fn other_ic<S: EvmSystem>() -> usize {
    1 + usize::from(<S as Phased>::PHASES > 1)
}

/// How many public inputs a key takes, challenges not.
pub(super) fn inputs<S: EvmSystem>(key: &<S as ProofSystem>::VerifyingPoints) -> usize {
    S::instance(key).saturating_sub(1)
}
