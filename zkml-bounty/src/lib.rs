//! Bounties: a host pays for a model by its proven accuracy, and receives it encrypted; neither can cheat.
//!
//! ```text
//! Host                         chain                         Hunter
//! create   ── terms, reward ──>  Bounty  <── commitment, bond ──   commit
//! reveal   ── data proofs ────>          <── accuracy proofs ──   prove_accuracy
//! receive  <── ciphertext ─────          <── delivery proofs ──   deliver: paid in the same transaction
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`host`], [`hunter`] | the two parties: each step saved before and after, and resumed after a crash at any point |
//! | [`terms`] | what the host fixes, and what a hunter checks before it commits |
//! | [`package`] | circuits and keys, published under one CID |
//! | [`statements`] | the three circuits of a bounty |
//! | [`ipfs`] | content by CID: a local folder, or a gateway |
//! | [`chain`] | the chain's client |
//! | [`offline`] | what both parties make and check, without a chain: for a page, whose wallet sends it |
//! | `anvil` | with the feature of that name: a development chain of one's own |
//! | [`session`] | what is saved, and what is told meanwhile |
//!
//! Statements, datasets, keys and CIDs are those of `zkml_core::bounty`. Who trusts whom for what is in
//! `docs/bounty.md`.
#![forbid(unsafe_code)]

pub mod abi;
#[cfg(any(all(test, feature = "client"), feature = "anvil"))]
pub mod anvil;
mod calls;
#[cfg(feature = "client")]
pub mod chain;
mod error;
mod field;
#[cfg(feature = "client")]
mod folder;
#[cfg(feature = "client")]
pub mod host;
#[cfg(feature = "client")]
pub mod hunter;
pub mod ipfs;
pub mod offline;
pub mod package;
mod revealed;
mod secrets;
#[cfg(feature = "client")]
pub mod session;
pub mod statements;
pub mod terms;

pub use alloy::primitives::{Address, B256, U256};
#[cfg(feature = "client")]
pub use alloy::signers::local::PrivateKeySigner;
#[cfg(feature = "client")]
pub use chain::{Chain, Receipt};
pub use error::Error;
#[cfg(feature = "client")]
pub use folder::FolderError;
#[cfg(feature = "client")]
pub use host::{Host, Labelled, Received};
#[cfg(feature = "client")]
pub use hunter::{Hunter, Kept};
pub use ipfs::Store;
pub use package::Package;
#[cfg(feature = "client")]
pub use session::{Event, Phase, Progress, Progressed, State, browse, hunters, inspect};
pub use statements::{Part, Statements};
pub use terms::{Mode, Offer, Setup, Terms, Trust, Winner, verify_setup};
pub use zkml_core::bounty::{cid, dataset, format, keys};

#[cfg(all(test, feature = "client"))]
mod tests;
