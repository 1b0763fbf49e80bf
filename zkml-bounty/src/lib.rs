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
//! | `anvil` | with the feature of that name: a development chain of one's own |
//! | [`session`] | what is saved, and what is told meanwhile |
//!
//! Statements, datasets, keys and CIDs are those of `zkml_core::bounty`. Who trusts whom for what is in
//! `docs/bounty.md`.
#![forbid(unsafe_code)]

pub mod abi;
#[cfg(any(test, feature = "anvil"))]
pub mod anvil;
mod calls;
pub mod chain;
mod error;
mod field;
mod folder;
pub mod host;
pub mod hunter;
pub mod ipfs;
pub mod package;
pub mod session;
pub mod statements;
pub mod terms;

pub use alloy::{
    primitives::{Address, B256, U256},
    signers::local::PrivateKeySigner,
};
pub use chain::{Chain, Receipt};
pub use error::Error;
pub use folder::FolderError;
pub use host::{Host, Labelled, Received};
pub use hunter::{Hunter, Kept};
pub use ipfs::Store;
pub use package::Package;
pub use session::{Event, Phase, Progress, Progressed, State, browse, hunters, inspect};
pub use statements::{Part, Statements};
pub use terms::{Mode, Offer, Setup, Terms, Trust, Winner, verify_setup};
pub use zkml_core::bounty::{cid, dataset, format, keys};

#[cfg(test)]
mod tests;
