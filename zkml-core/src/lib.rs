//! The core of zkml: graphs, layers, quantization, circuits and proofs.
//!
//! ```text
//! Graph ──> float          f64 reference                layer::*::float
//!   │
//!   └─> Plan ──┬─> Ints    exact integer forward        ┐
//!       scales ├─> Bounds  intervals, bits              │
//!       shifts ├─> Errors  bounds on exact - float      │ one body: layer::*::exact<A: Arith>
//!              ├─> Counts  constraint budget            │
//!              └─> R1cs    constraints, or the witness  ┘
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `bounty` | data named by IPFS CIDs, and keys that weights are encrypted to |
//! | `evm` | verification on Ethereum's virtual machine: contracts, and what is sent to them |
//! | `dev` | diagnosis of circuits: costs, violated constraints, mutations, the dishonest prover |
//! | `circuit` | constraints of a plan, who sees what, the table of public inputs |
//! | [`plan`] | scales, rescale points, fidelity |
//! | [`optimize`] | rewrites of a graph and its weights that save constraints |
//! | [`model`] | a graph with its weights |
//! | [`graph`] | the network: nodes, shapes, where each came from |
//! | [`layer`] | one file a layer: formula, arguments, shape rule, float and exact semantics |
//! | [`arith`] | the readings: integers, intervals, counts, constraints |
//! | [`gadget`] | constraints for what is nonlinear: range checks, rescaling, comparisons, tables, products, division, hashes, encryption |
//! | `prove` | proof systems: keys, proofs, verification, files |
//! | [`error`], [`digest`], [`bounded`], [`shape`], [`tensor`] | errors and origins, digests, files, shapes, tensors |
//! | [`number`] | the ground floor: integers, intervals, fixed-point constants, costs |
//!
//! A module imports those below it in this table and none above; `tests/sources/modules.rs` has the whole order, and asserts it.
//!
//! Without features only the front half is there: graphs, layers and models, for whoever checks or reads networks, as the
//! macro does while compiling. `verify` adds keys and proofs, `prove` the rest: quantisation, circuits, setup and the prover.
//! `bounty` adds the statements of bounties, and `evm` verifiers for Ethereum's virtual machine.
#![forbid(unsafe_code)]
// Tests compare with floats.
#![cfg_attr(test, allow(clippy::disallowed_methods))]
// What layers and readings offer to plans and circuits is not used where these are switched off.
#![cfg_attr(not(feature = "prove"), allow(dead_code))]

pub mod arith;
pub mod bounded;
pub mod digest;
pub mod error;
pub mod gadget;
pub mod graph;
pub mod layer;
pub mod model;
pub mod number;
pub mod shape;
pub mod tensor;

#[cfg(feature = "bounty")]
pub mod bounty;
#[cfg(feature = "prove")]
pub mod circuit;
#[cfg(feature = "prove")]
pub mod dev;
#[cfg(feature = "evm")]
pub mod evm;
#[cfg(feature = "prove")]
pub mod optimize;
#[cfg(feature = "prove")]
pub mod plan;
#[cfg(feature = "verify")]
pub mod prove;
