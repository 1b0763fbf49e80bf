//! States of ceremonies and contributions: whatever is read is written as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkml::prove::{Ceremony, Contribution, Groth16, Kind};

fuzz_target!(|bytes: &[u8]| {
    for bytes in [bytes.to_vec(), zkml_fuzz::sealed(bytes, Kind::Ceremony)] {
        if let Ok(ceremony) = Ceremony::<Groth16>::from_bytes(&bytes) {
            assert_eq!(ceremony.to_bytes(), bytes);
        }
    }
    for bytes in [bytes.to_vec(), zkml_fuzz::sealed(bytes, Kind::Contribution)] {
        if let Ok(contribution) = Contribution::<Groth16>::from_bytes(&bytes) {
            assert_eq!(contribution.to_bytes(), bytes);
        }
    }
});
