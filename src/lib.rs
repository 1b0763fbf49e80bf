//! Prove what a neural network answered.
//!
//! Annotate a network; get from the one description a float reference, an exact fixed-point forward pass, a circuit, and
//! a Groth16 proof over BN254 that whoever holds the verifying key can check, without seeing the weights, or the input.
//!
//! ```
//! use zkml::prelude::*;
//!
//! /// A network for four measurements.
//! #[zk_model(weights = private, range = -4.0..=4.0)]
//! fn irises(x: Tensor<4>) -> Class<3> {
//!     let hidden = relu(dense(x, 5));
//!     argmax(dense(hidden, 3))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut rng = zkml::rand::rngs::OsRng;
//! let model = Irises::init(&mut rng)?; // or Irises::load("irises.safetensors")?
//! let samples: Vec<Tensor> =
//!     (0..8).map(|i| Tensor::from_fn([4], |j| f64::from(i) / 4.0 - j as f64 / 2.0)).collect();
//!
//! let quantized = model.quantize(&samples, Target::top1(0.9))?;
//! let circuit = quantized.circuit()?;
//! let keys = circuit.setup(&mut rng)?;
//! let proof = circuit.prove(&keys.proving, &samples[3], &mut rng)?;
//!
//! let statement = keys.verifying.verify(&proof)?;
//! assert_eq!(statement.class(0), quantized.forward(&samples[3])?.class);
//! # Ok(())
//! # }
//! ```
//!
//! | step | call | yields |
//! |---|---|---|
//! | describe | [`macro@zk_model`] | a type that carries the [`graph::Graph`] |
//! | weights | `load`, `init`, `with_weights` | a [`model::Model`] |
//! | float reference | [`model::Model::forward`] | scores |
//! | quantise | [`model::Model::quantize`] | a [`plan::Quantized`], which reports its [`plan::Fidelity`] |
//! | circuit | [`plan::Quantized::circuit`] | a `circuit::Circuit`, which reports its cost |
//! | keys | `Circuit::setup` | `prove::Keys` |
//! | proof | `Circuit::prove` | a `prove::Proof` of 128 bytes |
//! | verify | `VerifyingKey::verify` | a typed `prove::Statement` |
//!
//! # Features
//!
//! * `prove` (default): everything.
//! * `bounty`: models paid for by their proven accuracy, see `zkml::bounty`.
//! * `cli`: the command `zkml`, see `docs/command-line.md`.
//! * `burn`: networks from Burn modules, see `zkml::burn`. Needs Rust 1.95.
//! * `verify`: keys and proofs only, for those who just check (`default-features = false, features = ["verify"]`).
//! * `evm`: verifiers in Solidity, and what is sent to them, see `zkml::evm`.
//! * `keras`: models from Keras files, see `zkml::keras`.
//! * `onnx`: models from ONNX files, see `zkml::onnx`.
//! * `r1cs-std`: circuits and models in constraint systems of arkworks, see `zkml::arkworks`.
#![forbid(unsafe_code)]

#[cfg(feature = "r1cs-std")]
pub mod arkworks;
#[cfg(feature = "bounty")]
pub mod bounty;
#[cfg(feature = "burn")]
pub mod burn;
#[cfg(feature = "keras")]
pub mod keras;
#[cfg(feature = "onnx")]
pub mod onnx;

pub use rand;
pub use zkml_core::*;
pub use zkml_macros::zk_model;

/// What a program that describes and proves a model needs.
pub mod prelude {
    #[cfg(feature = "prove")]
    pub use zkml_core::circuit::{Circuit, CircuitError};
    #[cfg(feature = "prove")]
    pub use zkml_core::plan::{Fidelity, Plan, Prediction, Quantized, Target};
    #[cfg(feature = "verify")]
    pub use zkml_core::prove::{Keys, Proof, ProvingKey, Statement, VerifyError, VerifyingKey};
    pub use zkml_core::{
        error::{InputError, ModelError, PlanError, WeightsError},
        graph::{Graph, Range, Visibility, Visible},
        model::{Model, Weights},
        shape::Shape,
        tensor::Tensor,
    };

    pub use crate::zk_model;
}

/// The examples of `docs/first-proof.md`.
#[cfg(all(doctest, feature = "prove"))]
#[doc = include_str!("../docs/first-proof.md")]
struct FirstProof;

/// The examples of `docs/private-weights.md`.
#[cfg(all(doctest, feature = "prove"))]
#[doc = include_str!("../docs/private-weights.md")]
struct PrivateWeights;

/// The example of `docs/how-it-works.md`.
#[cfg(all(doctest, feature = "prove"))]
#[doc = include_str!("../docs/how-it-works.md")]
struct HowItWorks;

/// The examples of `docs/proof-systems.md`.
#[cfg(all(doctest, feature = "prove"))]
#[doc = include_str!("../docs/proof-systems.md")]
struct ProofSystems;

/// The examples of `docs/models.md`.
#[cfg(all(doctest, feature = "prove", feature = "burn", feature = "onnx", feature = "keras"))]
#[doc = include_str!("../docs/models.md")]
struct Models;
