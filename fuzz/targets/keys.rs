//! Verifying and proving keys: whatever is read is written as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkml::prove::{Kind, ProvingKey, VerifyingKey};

fuzz_target!(|bytes: &[u8]| {
    for bytes in [bytes.to_vec(), zkml_fuzz::sealed(bytes, Kind::VerifyingKey)] {
        if let Ok(key) = VerifyingKey::from_bytes(&bytes) {
            assert_eq!(key.to_bytes(), bytes);
        }
    }
    for bytes in [bytes.to_vec(), zkml_fuzz::sealed(bytes, Kind::ProvingKey)] {
        if let Ok(key) = ProvingKey::from_bytes(&bytes) {
            assert_eq!(key.to_bytes(), bytes);
        }
    }
});
