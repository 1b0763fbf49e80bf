//! Networks from Burn modules: any module with a `forward` becomes a network, by recording what that does on one input.
//!
//! | stage | where |
//! |---|---|
//! | tracing: the forward pass runs on Burn's recording device; no number is computed | `trace` |
//! | each recorded operation becomes one of a short list of primitives | `primitive` |
//! | constant folding: what is known without the input is computed | `fold` |
//! | pattern matching: activations, norms and dense layers that Burn writes out are recognised | `patterns`, over the `dataflow` |
//! | lowering: the batch is dropped, weights get their module's name, and the shared operators are lowered to layers | `lower` |
//!
//! The module is left as it is: a copy of it is recorded, without autodiff and without what only training does (dropout,
//! batch statistics).
//!
//! # What is read
//!
//! What Burn's own modules record: convolutions of one and two axes and their transposes, linear layers, attention without
//! a mask, embeddings of constant indices; pools; batch, layer, instance, group and root-mean-square norms; all
//! activations that have a layer; element-wise arithmetic and comparisons, reductions, and everything that moves elements.
//! A chain of arithmetic with constants along the channels becomes a `batch_norm`, which costs what that costs.
//! Anything else is an error that names the operation, its shapes, and the module that ran before it.
//!
//! Names: a layer is called as the module that holds its weights (`blocks.0.conv`), and its parameters as the layer calls
//! them. A linear layer's weight is `[outputs, inputs]` here and `[inputs, outputs]` in Burn. A module that runs twice has
//! its weights twice. Layers without weights are numbered.
//!
//! Everything here needs the feature `burn`.
#![forbid(unsafe_code)]

#[cfg(feature = "burn")]
mod capture;
#[cfg(feature = "burn")]
mod dataflow;
#[cfg(feature = "burn")]
mod fold;
#[cfg(feature = "burn")]
mod lower;
#[cfg(feature = "burn")]
mod patterns;
#[cfg(feature = "burn")]
mod primitive;
#[cfg(feature = "burn")]
mod trace;

#[cfg(feature = "burn")]
pub use zkml_import::{Import, ImportError};

#[cfg(feature = "burn")]
pub use crate::{
    capture::{capture, capture_module, model},
    trace::Output,
};
