//! Plans: what passes the check runs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkml::prelude::*;

fuzz_target!(|bytes: &[u8]| {
    let Ok(plan) = serde_json::from_slice::<Plan>(bytes) else { return };
    if let Ok(quantized) = zkml_fuzz::model().quantize_to(&plan) {
        let _ = quantized.forward(&Tensor::from_fn([4], |i| i as f64 - 2.0));
        let _ = quantized.budget(Visibility::default(), 1);
    }
});
