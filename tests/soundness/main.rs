//! Attacks. Each test is named after what it would forge, or break; all of them must fail.
#![cfg(feature = "prove")]

mod arithmetic;
mod bounds;
mod calibrated;
mod channels;
mod common;
mod coordinated;
mod divisions;
mod files;
mod forge;
mod groups;
mod logarithms;
mod passes;
mod plans;
mod pooling;
mod proven_error;
mod proven_error_random;
mod signs;
mod statements;
mod sweep;
mod tiles;
mod whole;
mod witnesses;
