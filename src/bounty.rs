//! Bounties: a host pays for a model by its proven accuracy, and receives it encrypted.
//!
//! | what | from |
//! |---|---|
//! | host and hunter, chain, store, package, terms | `zkml_bounty` |
//! | statements in circuits, datasets, keys, CIDs | `zkml_core::bounty` |
//!
//! `docs/bounty.md` says who trusts whom for what, and `examples/bounty.rs` plays a whole one.

pub use zkml_bounty::*;
pub use zkml_core::bounty::*;
