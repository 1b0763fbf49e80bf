//! Files of snarkjs and circom: whatever is read is written and read again.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use zkml::prove::{
    Digest, Fr, Matrices, Powers, Provenance, PublicKind, PublicTable,
    iden3::{export_r1cs, export_wtns, import_r1cs, import_wtns, import_zkey, read_ptau},
};

/// A public square.
fn square() -> Matrices {
    let column = |i: usize| vec![vec![(Fr::from(1u64), i)]];
    Matrices { abc: [column(2), column(2), column(1)], instance: 2, witness: 1, ..Matrices::default() }
}

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
    let powers = Powers::known([5u64, 6, 7].map(Fr::from), 4);
    let table = PublicTable::new([("square".to_owned(), 0, PublicKind::Element)]).expect("a table");
    let _ = import_zkey(bytes, &square(), (table, Digest::default()), &powers, Provenance::SingleParty);
});
