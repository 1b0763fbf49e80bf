//! Networks from Burn modules (Burn 0.22.1); [`zkml_burn`] says what is read.
//!
//! ```
//! use burn::{
//!     module::Module,
//!     nn::{Linear, LinearConfig},
//!     tensor::{Device, Tensor, activation::relu},
//! };
//! use zkml::zk_model;
//!
//! #[zk_model(input = [1, 4], weights = private, range = -4.0..=4.0)]
//! #[derive(Module, Debug)]
//! struct Irises {
//!     hidden: Linear,
//!     scores: Linear,
//! }
//!
//! impl Irises {
//!     fn forward(&self, x: Tensor<2>) -> Tensor<2> {
//!         self.scores.forward(relu(self.hidden.forward(x)))
//!     }
//! }
//!
//! let device = Device::flex();
//! let irises = Irises {
//!     hidden: LinearConfig::new(4, 5).init(&device),
//!     scores: LinearConfig::new(5, 3).init(&device),
//! };
//! let model = IrisesModel::from_burn(&irises)?; // a model like any other
//! assert_eq!(model.graph().to_string().lines().count(), 5);
//! assert!(model.weights().get("hidden.weight").is_some());
//! # Ok::<(), zkml::burn::ImportError>(())
//! ```
//!
//! The attribute stands on the struct, which stays as it is; beside it there is a type `IrisesModel` that records what
//! `forward` does. [`capture_module`] does the same without the attribute, [`capture`] for any function of tensors.
//!
//! A forward pass that ends in `argmax` along the classes answers a class. Burn needs Rust 1.95.

pub use zkml_burn::{Import, ImportError, Output, capture, capture_module, model};
