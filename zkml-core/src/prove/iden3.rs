//! Binary files of snarkjs and circom: constraints, witnesses and keys of plain Groth16, and powers of tau.
//!
//! | file | from us | to us |
//! |---|---|---|
//! | `.ptau` | | [`load_ptau`], [`read_ptau`] |
//! | `.r1cs` | [`export_r1cs`] | [`import_r1cs`] |
//! | `.wtns` | [`export_wtns`] | [`import_wtns`] |
//! | `.zkey` | [`export_zkey`] | [`import_zkey`] |
//!
//! So a ceremony can be run by snarkjs: `groth16 setup` of our constraints and a file of powers, contributions, and the last
//! `.zkey` is a key of ours. Its domain is a power of two, where a key of our own may have `3 * 2^k` or `9 * 2^k`
//! elements; proofs are the same. What is JSON is in [`snarkjs`](super::snarkjs).

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use zkml_groth16::{
    Columns,
    ceremony::{self, Fault, Powers},
    domain::Domain,
    iden3::{self, Constraints, FormatError},
};

pub use zkml_groth16::iden3::read_ptau;

use super::keys::{Keys, Provenance, ProvingKey, ProvingKeyOf, VerifyingKeyOf};
use super::matrices::Matrices;
use super::phased::too_many_rows;
use super::prover::ProveError;
use super::{Digest, Fr, LoadError, PublicTable, ceremony::MOST_ENTRIES};

/// A binary file of snarkjs that can't be read or written, or is not of this circuit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Iden3Error {
    /// It is not in the format, or of another circuit.
    #[error("cannot take the file: {0}")]
    Format(#[from] FormatError),
    /// The key does not follow from the circuit and the powers.
    #[error("the key is not that of the circuit and these powers: {0}; do not use it")]
    Key(Fault),
    /// The constraints are not such as plain Groth16 takes.
    #[error(transparent)]
    Constraints(#[from] ProveError),
    /// The key is none.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The file can't be opened.
    #[error("cannot read {path}: {reason}")]
    Io {
        /// Its path.
        path: String,
        /// Why not.
        reason: String,
    },
}

/// The powers of tau for so many rows, of a `.ptau` file that may be for many more: see
/// [`read_ptau`].
///
/// A circuit takes [`Size::domain`](super::Size::domain) rows; for a key that snarkjs makes, the next power of two.
///
/// # Errors
/// If the file can't be read, is for fewer rows, or its powers are not those of one `tau`, `alpha` and `beta`.
///
/// # Soundness
/// That nobody knows `tau` is not checked: compare the file's hash with the one that is published.
pub fn load_ptau(path: impl AsRef<Path>, rows: usize) -> Result<Powers, Iden3Error> {
    let path = path.as_ref();
    let failed = |error: std::io::Error| Iden3Error::Io { path: path.display().to_string(), reason: error.to_string() };
    let file = File::open(path).map_err(failed)?;
    Ok(iden3::read_ptau(file, rows)?)
}

/// All entries of constraints without a challenge.
fn constraints(matrices: &Matrices) -> Result<Constraints, ProveError> {
    matrices.check()?;
    if matrices.challenges() > 0 {
        return Err(ProveError::Challenges { system: "groth16", expected: 0, found: matrices.challenges() });
    }
    let Matrices { abc, instance, witness, .. } = matrices.expanded(MOST_ENTRIES)?.into_owned();
    Ok(Constraints { rows: abc, instance, witness })
}

/// The constraints as an `.r1cs` file.
///
/// # Errors
/// If they have a challenge, which plain Groth16 has not, or more than [`MOST_ENTRIES`] entries.
pub fn export_r1cs(matrices: &Matrices) -> Result<Vec<u8>, Iden3Error> {
    Ok(iden3::write_r1cs(&constraints(matrices)?)?)
}

/// The constraints of an `.r1cs` file.
///
/// # Errors
/// If it is no such file, of another field, or its constraints are malformed.
pub fn import_r1cs(bytes: &[u8]) -> Result<Matrices, Iden3Error> {
    let Constraints { rows, instance, witness } = iden3::read_r1cs(Cursor::new(bytes))?;
    let matrices = Matrices { abc: rows, instance, witness, ..Matrices::default() };
    matrices.check()?;
    Ok(matrices)
}

/// An assignment as a `.wtns` file.
///
/// # Soundness
/// It holds the witness, which proofs hide.
pub fn export_wtns(assignment: &[Fr]) -> Vec<u8> {
    iden3::write_wtns(assignment)
}

/// The assignment of a `.wtns` file.
///
/// # Errors
/// If it is no such file, or of another field.
pub fn import_wtns(bytes: &[u8]) -> Result<Vec<Fr>, Iden3Error> {
    Ok(iden3::read_wtns(Cursor::new(bytes))?)
}

/// A key as a `.zkey` file, with which snarkjs proves.
///
/// # Errors
/// If the key is of other constraints, or its domain is no power of two: one of a ceremony of snarkjs has such a domain.
pub fn export_zkey(key: &ProvingKey, matrices: &Matrices) -> Result<Vec<u8>, Iden3Error> {
    Ok(iden3::write_zkey(key.pk(), &constraints(matrices)?)?)
}

/// The keys of a `.zkey` file, for these constraints with this table; `contents` is the digest of what they are made from,
/// as in [`setup`](super::setup()). All points are checked to follow from the powers and the constraints, but for delta.
///
/// # Errors
/// If it is no such file, of another circuit or other powers, or nobody has contributed to it.
///
/// # Soundness
/// Who contributed is in the file, and is not read: whoever calls this says where the key comes from, once
/// `snarkjs zkey verify` has accepted the contributions.
pub fn import_zkey(
    bytes: &[u8],
    matrices: &Matrices,
    (table, contents): (PublicTable, Digest),
    powers: &Powers,
    provenance: Provenance,
) -> Result<Keys, Iden3Error> {
    let (expected, found) = (table.len() + 1, matrices.instance);
    if expected != found {
        return Err(ProveError::Table { expected, found }.into());
    }
    let constraints = constraints(matrices)?;
    let pk = iden3::read_zkey(Cursor::new(bytes), &constraints)?;
    powers.check().map_err(Iden3Error::Key)?;
    let domain = Domain::new(pk.h.len()).ok_or_else(|| too_many_rows(pk.h.len()))?;
    let columns = Columns { instance: constraints.instance, phases: &[constraints.witness] };
    ceremony::check_key(&constraints.rows, columns, &domain, powers, &pk).map_err(Iden3Error::Key)?;
    let verifying = VerifyingKeyOf::new(contents, provenance, table, pk.vk.clone())?;
    let proving = ProvingKeyOf::from_checked(*verifying.digest(), provenance, pk)?;
    Ok(Keys::new(proving, verifying)?)
}

#[cfg(test)]
mod tests {
    use ark_std::rand::{SeedableRng, rngs::StdRng};
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::prove::{Groth16, LoadError, PointFault, prove, tests as toy};

    fn powers(n: usize) -> Powers {
        Powers::known([21u64, 22, 23].map(Fr::from), n)
    }

    /// The key of a ceremony on a domain of a power of two, as snarkjs would make it.
    fn zkey(contributions: u8) -> Vec<u8> {
        let constraints = constraints(&toy::toy()).unwrap();
        let columns = Columns { instance: constraints.instance, phases: &[constraints.witness] };
        let domain = Domain::new(16).unwrap();
        let mut key = ceremony::initial(&constraints.rows, columns, &domain, &powers(16)).unwrap();
        for i in 0..contributions {
            ceremony::contribute(&mut key, &[i; 32], &ceremony::Factors::new(&[9 + i; 32], 1)).unwrap();
        }
        iden3::write_zkey(&key, &constraints).unwrap()
    }

    fn import(bytes: &[u8], powers: &Powers) -> Result<Keys, Iden3Error> {
        import_zkey(bytes, &toy::toy(), (toy::table(), toy::CONTENTS), powers, Provenance::SingleParty)
    }

    #[test]
    fn keys_of_others_prove() {
        let rng = &mut StdRng::seed_from_u64(1);
        let bytes = zkey(2);
        let keys = import(&bytes, &powers(16)).unwrap();
        // The toy has eleven rows: twelve would be enough.
        assert_eq!(keys.proving.pk().h.len(), 16);
        let z = toy::assignment(-3, 0, 1);
        let proof = prove(&keys.proving, &toy::toy(), &toy::digest(), &z, rng).unwrap();
        keys.verifying.verify(&proof).unwrap();
        assert_eq!(export_zkey(&keys.proving, &toy::toy()).unwrap(), bytes);
        assert_eq!(ProvingKey::from_bytes(&keys.proving.to_bytes()).unwrap(), keys.proving);
    }

    #[test]
    fn keys_that_do_not_follow_are_refused() {
        let repeated = LoadError::Point { what: "delta in G2", index: 0, fault: PointFault::Repeated };
        assert_eq!(import(&zkey(0), &powers(16)).unwrap_err(), Iden3Error::Load(repeated));
        let other = Powers::known([21u64, 22, 24].map(Fr::from), 16);
        assert!(matches!(import(&zkey(1), &other), Err(Iden3Error::Key(Fault::Follows { what: "beta" }))));
        assert!(matches!(import(&zkey(1), &powers(15)), Err(Iden3Error::Key(Fault::Rows { found: 16, most: 15 }))));
        let mut matrices = toy::toy();
        matrices.abc[0].swap(0, 1);
        let import = |matrices: &Matrices, table| {
            import_zkey(&zkey(1), matrices, (table, toy::CONTENTS), &powers(16), Provenance::SingleParty)
        };
        assert!(matches!(import(&matrices, toy::table()), Err(Iden3Error::Format(FormatError::Row { .. }))));
        let short = PublicTable::new([]).unwrap();
        assert!(matches!(import(&toy::toy(), short), Err(Iden3Error::Constraints(ProveError::Table { .. }))));
        // C is in no section: only the points show it.
        let mut matrices = toy::toy();
        matrices.abc[2].swap(0, 1);
        assert!(matches!(import(&matrices, toy::table()), Err(Iden3Error::Key(_))));
    }

    /// Whoever chooses constraints when the key is there: the coefficients of the combinations that are compared must not
    /// be known to it. Of the constraints the file has `A` and `B` alone, which no point is bound to.
    #[test]
    fn keys_of_constraints_that_were_chosen_later_are_refused() {
        let key = iden3::read_zkey(Cursor::new(zkey(1)), &constraints(&toy::toy()).unwrap()).unwrap();
        let sha = |parts: &[&[u8]]| Sha256::digest(parts.concat());
        let seed = sha(&[b"zkml ceremony follows 1", &ceremony::key_hash(&key), &powers(16).hash(16)]);
        let weight = |i: u64| {
            let hash = sha(&[b"zkml ceremony weights 1", &seed, &(i / 2).to_le_bytes()]);
            let half = &hash[16 * (i % 2) as usize..][..16];
            Fr::from(u128::from_be_bytes(half.try_into().unwrap()))
        };
        let mut matrices = toy::toy();
        matrices.abc[0][0].extend([(weight(5), 4), (-weight(4), 5)]);
        let bytes = iden3::write_zkey(&key, &constraints(&matrices).unwrap()).unwrap();
        let error = import_zkey(&bytes, &matrices, (toy::table(), toy::CONTENTS), &powers(16), Provenance::SingleParty);
        assert_eq!(error, Err(Iden3Error::Key(Fault::Follows { what: "the A query" })));
    }

    #[test]
    fn constraints_go_out_and_come_back() {
        let matrices = toy::toy();
        let again = import_r1cs(&export_r1cs(&matrices).unwrap()).unwrap();
        assert_eq!((again.instance, again.witness), (4, 5));
        let z = toy::assignment(2, 1, 0);
        assert_eq!(again.unsatisfied(&z), [0usize; 0]);
        let mut wrong = z.clone();
        wrong[5] += Fr::from(1u64);
        assert_eq!(again.unsatisfied(&wrong), matrices.unsatisfied(&wrong));
        assert_eq!(import_wtns(&export_wtns(&z)).unwrap(), z);
        let phased = Matrices { phases: vec![2, 3], ..matrices };
        assert!(matches!(export_r1cs(&phased), Err(Iden3Error::Constraints(ProveError::Challenges { .. }))));
        // A key of our own setup has twelve points of the quotient.
        let keys =
            crate::prove::setup::<Groth16>(&toy::toy(), toy::table(), toy::CONTENTS, &mut StdRng::seed_from_u64(2));
        let error = export_zkey(&keys.unwrap().proving, &toy::toy()).unwrap_err();
        assert!(matches!(error, Iden3Error::Format(FormatError::Length { expected: 16, found: 12, .. })));
    }

    #[test]
    fn powers_are_loaded_for_so_many_rows() {
        let path = std::env::temp_dir().join(format!("zkml-ptau-{}", std::process::id()));
        std::fs::write(&path, iden3::write_ptau(&powers(16)).unwrap()).unwrap();
        assert_eq!(load_ptau(&path, 12).unwrap().rows(), 12);
        assert!(matches!(load_ptau(&path, 17), Err(Iden3Error::Format(FormatError::Fault(Fault::Rows { .. })))));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(load_ptau(&path, 12), Err(Iden3Error::Io { .. })));
    }
}
