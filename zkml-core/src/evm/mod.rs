//! Verification on Ethereum's virtual machine: contracts that check our proofs, what is sent to them, and what it says.
//!
//! ```text
//! e(-A, B) * e(alpha, beta) * e(abc_0 + sum_i input_i * abc_{i+1}, gamma) * e(C, delta) = 1      precompile 8, EIP-197
//!
//! VerifyingKey ──┬─> solidity::verifier ──> a contract for this key      verify(uint256[n],uint256[8])
//!                └─> EvmKey, keccak256  ──> the contract for any key     verify(bytes,uint256[],uint256[8])
//! Proof ───────────> Call ──encode──> calldata ──decode──> Call ──statement──> Statement (typed)
//! ```
//!
//! [`TwoPhase`](crate::prove::TwoPhase) and [`Registered`](crate::prove::Registered) have the same, with
//! `e(D, delta_1)` in the equation, and with registered weights `e(D_w, delta_w)`; their proofs are `uint256[10]`. Keys
//! and calls are [`EvmKeyOf`] and [`CallOf`] any system, of which [`EvmKey`] and [`Call`] are those of Groth16.
//!
//! | module | what it holds |
//! |---|---|
//! | [`word`] | 32-byte words: field elements, keccak256, selectors |
//! | [`key`] | a verifying key as words, and its hash |
//! | [`system`] | what differs between proof systems |
//! | [`mod@proof`] | a proof as eight words, or ten |
//! | [`calldata`] | calls of both contracts, encoded and decoded |
//! | [`solidity`] | the contracts' sources, and the bytecode of those for any key |
//! | [`context`] | what a bounty's contract hashes: context, challenge, and the combination of a message |
//!
//! All numbers are 32-byte words, most significant byte first; points are those of EIP-196 and EIP-197: `x, y`, in G2
//! with the imaginary part of a coordinate first, and zeros for the point at infinity.
//!
//! ```
//! use zkml_core::{
//!     evm::{Call, EvmError, solidity},
//!     prove::{Proof, Statement, VerifyingKey},
//! };
//!
//! /// A contract, and what to send to it.
//! fn publish(key: &VerifyingKey, proof: &Proof) -> Result<(String, Vec<u8>), EvmError> {
//!     Ok((solidity::verifier("Irises", key)?, Call::from(proof).encode()))
//! }
//!
//! /// What was sent to it: whether it is true, the contract says.
//! fn read(key: &VerifyingKey, calldata: &[u8]) -> Result<Statement, EvmError> {
//!     Call::decode(calldata, key.table())?.statement(key.table())
//! }
//! ```
//!
//! # Soundness
//! What a contract accepts is what [`VerifyingKey::verify`](crate::prove::VerifyingKey::verify) accepts, but for two
//! things that a contract does not know: the circuit's digest, which the key stands for, and the declared ranges of the
//! public inputs, which [`Call::statement`] checks and which the circuit enforces. A contract says nothing about where
//! its key comes from: see [`Provenance`](crate::prove::Provenance). Challenges are computed from the words of the
//! call, after each has been checked to be reduced, and are what [`transcript`](crate::prove::transcript) makes of the
//! same proof.

pub mod calldata;
pub mod context;
mod error;
pub mod key;
mod points;
pub mod proof;
pub mod solidity;
pub mod system;

pub use crate::prove::word;
pub use calldata::{Call, CallOf, KeyedCall, KeyedCallOf};
pub use context::{Address, bounty_context, challenge, combine};
pub use error::EvmError;
pub use key::{EvmKey, EvmKeyOf};
pub use system::EvmSystem;
pub use word::{Word, keccak256};

#[cfg(all(test, feature = "prove"))]
mod tests;
