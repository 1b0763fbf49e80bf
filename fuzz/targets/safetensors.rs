//! Weights.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkml::{model::Weights, prelude::*};

fuzz_target!(|bytes: &[u8]| {
    let Ok(weights) = Weights::from_safetensors(bytes) else { return };
    // What can be read can be written, and comes back.
    let again = Weights::from_safetensors(&weights.to_safetensors().expect("it was read")).expect("it was written");
    assert!(weights.iter().map(|(name, tensor)| (name, tensor.shape())).eq(again.iter().map(|(n, t)| (n, t.shape()))));
    if let Ok(model) = zkml_fuzz::Small::with_weights(weights) {
        model.forward(&Tensor::from_fn([4], |i| i as f64)).expect("it is an input of the model");
    }
});
