//! Keras files, of either layout.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkml::keras::{Options, import};

fuzz_target!(init: zkml_fuzz::contained_panics("hdf5-pure"), |bytes: &[u8]| {
    for options in [Options::default(), Options::default().class().channels_first()] {
        if let Ok(found) = import(bytes, &options) {
            found.weights.check(&found.graph).expect("a reader gives a tensor for each parameter");
        }
    }
});
