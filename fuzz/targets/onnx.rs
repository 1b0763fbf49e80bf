//! ONNX files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkml::onnx::{Batch, Options, import};

fuzz_target!(|bytes: &[u8]| {
    for batch in [Batch::Leading, Batch::None] {
        if let Ok(found) = import(bytes, &Options::default().batch(batch)) {
            found.weights.check(&found.graph).expect("a reader gives a tensor for each parameter");
        }
    }
    let _ = zkml::onnx::tensor(bytes);
});
