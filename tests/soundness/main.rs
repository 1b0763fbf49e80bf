//! Attacks. Each test is named after what it would forge, or break; all of them must fail.
#![cfg(feature = "prove")]

mod arithmetic;
mod calibrated;
mod common;
mod files;
mod forge;
mod liar;
mod signs;
mod statements;
mod whole;
