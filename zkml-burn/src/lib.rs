//! Readers of foreign models: from Burn modules, ONNX files and Keras files to a [`zkml_core::graph::Graph`] and its
//! weights.
//!
//! Planned modules, one a format, and one table between all of them and the layers:
//!
//! | module | feature | reads |
//! |---|---|---|
//! | `ops` | any | the one table from foreign operators to layers |
//! | `onnx` | `onnx` | ONNX files, by `onnx-ir` |
//! | `keras` | `keras` | `.keras` and legacy `.h5` files, by `hdf5-pure` |
//! | `burn` | `burn` | any Burn module, by recording its forward pass |
#![forbid(unsafe_code)]

#[cfg(feature = "burn")]
pub mod burn;
