//! What the examples and benchmarks share: data that ships here, the reference models, progress on the terminal.
#![allow(dead_code)]

pub mod bound;
pub mod data;
pub mod memory;
pub mod models;
pub mod progress;
pub mod resnet;
#[cfg(feature = "bounty")]
pub mod statements;
pub mod transformer;
