//! Proofs: whatever is read is written as it was, and is not true.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkml::prove::{Kind, Proof};

fuzz_target!(|bytes: &[u8]| {
    for bytes in [bytes.to_vec(), zkml_fuzz::sealed(bytes, Kind::Proof)] {
        if let Ok(proof) = Proof::from_bytes(&bytes) {
            assert_eq!(proof.to_bytes(), bytes);
        }
    }
});
