//! Exceptions: one class for each step, all of them a `ZkmlError`, with the message and the causes of the error in Rust. The classes are
//! those of `js/errors.js`.

use std::error::Error;

use wasm_bindgen::prelude::*;
use zkml::error::{causes, variant};

#[wasm_bindgen(raw_module = "./errors.js")]
extern "C" {
    #[wasm_bindgen(js_name = make)]
    fn make(step: &str, message: &str, kind: &str, causes: Vec<String>) -> JsValue;
}

/// The step that an exception is of: the name of its class, without `Error`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// An argument that is none of those that are taken.
    Argument,
    /// A model that can't be read, or is not supported.
    Model,
    /// A plan that can't be read or used.
    Plan,
    /// A circuit or a proof that can't be made.
    Circuit,
    /// An input of another shape or range than the model's.
    Input,
    /// A key or a proof that can't be read.
    File,
    /// What of a bounty does not fit, or does not hold.
    #[cfg(feature = "bounty")]
    Bounty,
    /// A proof that does not hold, is not of this key, or says something else.
    Verify,
}

impl Step {
    /// The exception of an error.
    pub(crate) fn error(self, error: &dyn Error) -> JsValue {
        make(&format!("{self:?}"), &error.to_string(), &variant(error), causes(error))
    }
}

/// The value, or the exception of the error.
pub(crate) fn or_throw<T, E: Error>(step: Step, result: Result<T, E>) -> Result<T, JsValue> {
    result.map_err(|error| step.error(&error))
}
