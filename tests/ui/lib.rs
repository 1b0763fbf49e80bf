//! What `#[zk_model]` says to mistakes, and that it says nothing where there are none: `ui.rs` and `pass.rs`.
//!
//! A crate of its own, since each case is compiled with all that its crate depends on, and these need no prover.
