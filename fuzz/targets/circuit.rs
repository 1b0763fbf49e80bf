//! Circuits: the digest is repaired, so that what a forger writes is built.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkml::{
    circuit::Circuit,
    prove::{Kind, file},
};

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let sealed = zkml_fuzz::sealed(bytes, Kind::Circuit);
    // An error tells the digest of the contents.
    let Some(error) = read(&sealed) else { return };
    let digest = error.rsplit_once("that of its contents ").and_then(|(_, digest)| digest.parse().ok());
    if let (Some(digest), Ok((_, payload))) = (digest, file::read(&sealed, Kind::Circuit)) {
        read(&file::write(Kind::Circuit, &digest, payload));
    }
});

/// Why the bytes are no circuit; those that are come back as they were.
fn read(bytes: &[u8]) -> Option<String> {
    match Circuit::from_bytes(bytes) {
        Ok(circuit) => {
            let again = Circuit::from_bytes(&circuit.to_bytes().expect("it was read")).expect("it was written");
            assert_eq!(again.digest(), circuit.digest());
            None
        }
        Err(error) => Some(error.to_string()),
    }
}
