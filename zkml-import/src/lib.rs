//! Readers of ONNX and Keras files: from a foreign model to a [`zkml_core::graph::Graph`] and its weights. The crate
//! `zkml-burn` reads Burn modules with the same operators.
//!
//! | module | feature | reads |
//! |---|---|---|
//! | [`ops`] | any | the operators that all readers share, and their lowering to layers |
//! | [`constants`] | any | rounding and conversion of constants, which all readers share |
//! | [`builder`] | any | the graph under construction, and its weights |
//! | `onnx` | `onnx` | ONNX files |
//! | `keras` | `keras` | `.keras` and legacy `.h5` files |
//!
//! A reader translates each operator of its file to an [`ops::Op`] and hands it to [`ops::lower`]; what it reads ends as an
//! [`Import`]. What has no layer is an [`error::ImportError`] that names the place, and is never passed over.
#![forbid(unsafe_code)]

pub mod builder;
pub mod constants;
pub mod error;
pub mod ops;
mod transfer;

#[cfg(feature = "keras")]
pub mod keras;
#[cfg(feature = "onnx")]
pub mod onnx;

pub use crate::{builder::Import, error::ImportError};
