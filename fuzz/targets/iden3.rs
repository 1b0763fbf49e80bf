//! Files of snarkjs and circom: whatever is read is written and read again.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use zkml::prove::{
    Digest, Provenance,
    iden3::{export_r1cs, export_wtns, import_r1cs, import_wtns, import_zkey, read_ptau},
};
use zkml_fuzz::{POWERS, square, table};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(powers) = read_ptau(Cursor::new(bytes), 4) {
        assert!(powers.rows() >= 2);
    }
    if let Ok(matrices) = import_r1cs(bytes) {
        let again = import_r1cs(&export_r1cs(&matrices).expect("constraints")).expect("what was written");
        assert_eq!(again.size(), matrices.size());
    }
    if let Ok(values) = import_wtns(bytes) {
        assert_eq!(import_wtns(&export_wtns(&values)), Ok(values));
    }
    let _ = import_zkey(bytes, &square(), (table(), Digest::default()), &POWERS, Provenance::SingleParty);
});
