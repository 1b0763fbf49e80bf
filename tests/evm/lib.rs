//! What the tests of contracts share: a machine, proofs of a small network and of a few constraints, changes of them,
//! and programs that run beside.
#![forbid(unsafe_code)]

pub mod changes;
pub mod machine;
pub mod node;
pub mod phased;
pub mod proofs;
