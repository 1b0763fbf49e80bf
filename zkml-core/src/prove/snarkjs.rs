//! Files of snarkjs: `verification_key.json`, `proof.json` and `public.json` of Groth16 over BN254, written and read.
//!
//! | file | JSON |
//! |---|---|
//! | `verification_key.json` | `protocol`, `curve`, `nPublic`, `vk_alpha_1`, `vk_beta_2`, `vk_gamma_2`, `vk_delta_2`, `IC` |
//! | `proof.json` | `protocol`, `curve`, `pi_a`, `pi_b`, `pi_c` |
//! | `public.json` | the public inputs |
//!
//! Numbers are decimal strings; points are projective with `z = 1`, and an element of the quadratic extension is
//! `[real, imaginary]`. It is here, and not with what is for Ethereum, because a verifier of such files needs nothing
//! more than this module.
//!
//! # Soundness
//! These files do not say of which circuit a key is, nor what its public inputs mean. A key that is read has a table of
//! plain field elements, and its contents are the hash of its points: its digest names that key alone.

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInt, One, PrimeField};
use ethnum::U256;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use zkml_groth16::Limbs;

use super::phased::{Points, VerifyingPoints};
use super::points;
use super::{Digest, LoadError, Proof, Provenance, PublicKind, PublicTable, VerifyingKey};

/// A file of snarkjs that can't be read, or not as part of the key that is given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnarkjsError {
    /// It is not JSON of that form.
    #[error("cannot read {what}: {reason}")]
    Json {
        /// Which file.
        what: &'static str,
        /// Why not.
        reason: String,
    },
    /// It is of another proof system or curve.
    #[error("{what} is of {field} `{}`, expected `{expected}`", .found.escape_debug())]
    System {
        /// Which file.
        what: &'static str,
        /// `protocol` or `curve`.
        field: &'static str,
        /// What is read.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// A number is not the one way of writing an element of its field.
    #[error("{what} {index} has the number `{}`, expected a decimal below the modulus, without leading zeros", .found.escape_debug())]
    Number {
        /// What it is part of.
        what: &'static str,
        /// Which one.
        index: usize,
        /// Its first letters.
        found: String,
    },
    /// A point is not written with `z = 1`.
    #[error("{what} {index} is not an affine point, expected the third coordinate to be one")]
    Affine {
        /// What it is part of.
        what: &'static str,
        /// Which one.
        index: usize,
    },
    /// There are more or fewer than there must be.
    #[error("{what} has {found} elements, expected {expected}")]
    Count {
        /// What has the wrong length.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A point is not in its group, or the key is none.
    #[error(transparent)]
    Load(#[from] LoadError),
}

type G1Text = [String; 3];
type G2Text = [[String; 2]; 3];

const PROTOCOL: &str = "groth16";
const CURVE: &str = "bn128";
const KEY: &str = "verification_key.json";
const PROOF: &str = "proof.json";
const PUBLIC: &str = "public.json";

/// Without `vk_alphabeta_12`, a pairing that snarkjs writes and doesn't read.
#[derive(Serialize, Deserialize)]
struct KeyFile {
    protocol: String,
    curve: String,
    #[serde(rename = "nPublic")]
    inputs: usize,
    vk_alpha_1: G1Text,
    vk_beta_2: G2Text,
    vk_gamma_2: G2Text,
    vk_delta_2: G2Text,
    #[serde(rename = "IC")]
    abc: Vec<G1Text>,
}

#[derive(Serialize, Deserialize)]
struct ProofFile {
    pi_a: G1Text,
    pi_b: G2Text,
    pi_c: G1Text,
    protocol: String,
    curve: String,
}

/// The key as `verification_key.json`.
pub fn export_key(key: &VerifyingKey) -> String {
    let vk = key.vk();
    write(&KeyFile {
        protocol: PROTOCOL.to_owned(),
        curve: CURVE.to_owned(),
        inputs: key.table().len(),
        vk_alpha_1: g1_text(&vk.alpha_g1),
        vk_beta_2: g2_text(&vk.beta_g2),
        vk_gamma_2: g2_text(&vk.gamma_g2),
        vk_delta_2: vk.deltas_g2.first().map(g2_text).unwrap_or_default(),
        abc: vk.ic.iter().map(g1_text).collect(),
    })
}

/// The proof as `proof.json`.
pub fn export_proof(proof: &Proof) -> String {
    let Points { a, b, c, .. } = &proof.proof;
    write(&ProofFile {
        pi_a: g1_text(a),
        pi_b: g2_text(b),
        pi_c: g1_text(c),
        protocol: PROTOCOL.to_owned(),
        curve: CURVE.to_owned(),
    })
}

/// The proof's public inputs as `public.json`.
pub fn export_public(proof: &Proof) -> String {
    write(&proof.inputs.iter().map(|x| decimal(*x)).collect::<Vec<_>>())
}

/// The key of a `verification_key.json`, of which its owner says where it comes from. Its public inputs are field
/// elements `signal 0`, `signal 1` and so on.
///
/// # Errors
/// If it is no such file, of another proof system or curve, a number is not in its one spelling, or a point is not in
/// its group, or zero where no honest key has zero.
pub fn import_key(json: &[u8], provenance: Provenance) -> Result<VerifyingKey, SnarkjsError> {
    let file: KeyFile = read(json, KEY)?;
    check_system(KEY, &file.protocol, &file.curve)?;
    let (what, found) = ("IC of verification_key.json", file.abc.len());
    if file.inputs.checked_add(1) != Some(found) {
        return Err(SnarkjsError::Count { what, expected: file.inputs.saturating_add(1), found });
    }
    let g2 = "beta, gamma and delta in G2";
    let abc = file.abc.iter().enumerate().map(|(i, p)| to_g1(p, "the public inputs' points", i));
    let vk = VerifyingPoints {
        alpha_g1: to_g1(&file.vk_alpha_1, "alpha", 0)?,
        beta_g2: to_g2(&file.vk_beta_2, g2, 0)?,
        gamma_g2: to_g2(&file.vk_gamma_2, g2, 1)?,
        deltas_g2: vec![to_g2(&file.vk_delta_2, g2, 2)?],
        ic: abc.collect::<Result<_, _>>()?,
    };
    let rows = (0..file.inputs).map(|i| (format!("signal {i}"), 0, PublicKind::Element));
    let table = PublicTable::new(rows).map_err(LoadError::from)?;
    let mut hash = Sha256::new().chain_update(b"zkml snarkjs key 1");
    for number in file.vk_alpha_1.iter().chain(file.abc.iter().flatten()) {
        hash = hash.chain_update(number).chain_update(b" ");
    }
    for number in [file.vk_beta_2, file.vk_gamma_2, file.vk_delta_2].iter().flatten().flatten() {
        hash = hash.chain_update(number).chain_update(b" ");
    }
    Ok(VerifyingKey::new(Digest(hash.finalize().into()), provenance, table, vk)?)
}

/// The proof of a `proof.json` and a `public.json`, to be verified under that key: reading it doesn't.
///
/// # Errors
/// If they are no such files, of another proof system or curve, a number is not in its one spelling, a point is not in
/// its group, or there are more or fewer public inputs than the key takes.
pub fn import_proof(key: &VerifyingKey, proof: &[u8], public: &[u8]) -> Result<Proof, SnarkjsError> {
    let file: ProofFile = read(proof, PROOF)?;
    check_system(PROOF, &file.protocol, &file.curve)?;
    let numbers: Vec<String> = read(public, PUBLIC)?;
    let (expected, found) = (key.table().len(), numbers.len());
    if found != expected {
        return Err(SnarkjsError::Count { what: PUBLIC, expected, found });
    }
    let inputs = numbers.iter().enumerate().map(|(i, n)| number(n, "public input", i)).collect::<Result<_, _>>()?;
    let proof = Points {
        a: to_g1(&file.pi_a, "the proof's A", 0)?,
        b: to_g2(&file.pi_b, "the proof's B", 0)?,
        c: to_g1(&file.pi_c, "the proof's C", 0)?,
        commitments: vec![],
    };
    Ok(Proof { digest: *key.digest(), proof, inputs })
}

fn write<T: Serialize>(value: &T) -> String {
    // Strings and numbers only: writing them does not fail.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn read<T: DeserializeOwned>(json: &[u8], what: &'static str) -> Result<T, SnarkjsError> {
    serde_json::from_slice(json).map_err(|error| SnarkjsError::Json { what, reason: error.to_string() })
}

fn check_system(what: &'static str, protocol: &str, curve: &str) -> Result<(), SnarkjsError> {
    for (field, expected, found) in [("protocol", PROTOCOL, protocol), ("curve", CURVE, curve)] {
        if found != expected {
            return Err(SnarkjsError::System { what, field, expected, found: first_letters(found) });
        }
    }
    Ok(())
}

fn first_letters(text: &str) -> String {
    text.chars().take(80).collect()
}

fn decimal(x: impl Limbs) -> String {
    let [a, b, c, d] = x.limbs().map(u128::from);
    U256::from_words(d << 64 | c, b << 64 | a).to_string()
}

fn number<F: PrimeField<BigInt = BigInt<4>>>(text: &str, what: &'static str, index: usize) -> Result<F, SnarkjsError> {
    let wrong = || SnarkjsError::Number { what, index, found: first_letters(text) };
    let canonical = text.bytes().all(|c| c.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let value = U256::from_str_radix(text, 10).ok().filter(|_| canonical).ok_or_else(wrong)?;
    let (high, low) = value.into_words();
    F::from_bigint(BigInt([low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64])).ok_or_else(wrong)
}

fn g1_text(point: &G1Affine) -> G1Text {
    let (x, y) = point.xy().unwrap_or((Fq::default(), Fq::one()));
    let z = if point.is_zero() { 0u64 } else { 1 };
    [decimal(x), decimal(y), z.to_string()]
}

fn g2_text(point: &G2Affine) -> G2Text {
    let (x, y) = point.xy().unwrap_or((Fq2::default(), Fq2::one()));
    let z = if point.is_zero() { 0u64 } else { 1 };
    [[decimal(x.c0), decimal(x.c1)], [decimal(y.c0), decimal(y.c1)], [z.to_string(), "0".to_owned()]]
}

fn to_g1([x, y, z]: &G1Text, what: &'static str, index: usize) -> Result<G1Affine, SnarkjsError> {
    if z != "1" {
        return Err(SnarkjsError::Affine { what, index });
    }
    let point = G1Affine::new_unchecked(number(x, what, index)?, number(y, what, index)?);
    points::check(&point, what, index)?;
    Ok(point)
}

fn to_g2([x, y, z]: &G2Text, what: &'static str, index: usize) -> Result<G2Affine, SnarkjsError> {
    if z != &["1", "0"] {
        return Err(SnarkjsError::Affine { what, index });
    }
    let pair = |[real, imaginary]: &[String; 2]| -> Result<Fq2, SnarkjsError> {
        Ok(Fq2::new(number(real, what, index)?, number(imaginary, what, index)?))
    };
    let point = G2Affine::new_unchecked(pair(x)?, pair(y)?);
    points::check(&point, what, index)?;
    Ok(point)
}

#[cfg(all(test, feature = "prove"))]
mod tests {
    use ark_std::rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::prove::{Fr, Groth16, VerifyError, prove, setup, tests as toy};

    fn made() -> (VerifyingKey, Proof) {
        let rng = &mut StdRng::seed_from_u64(11);
        let keys = setup::<Groth16>(&toy::toy(), toy::table(), toy::CONTENTS, rng).unwrap();
        let proof = prove(&keys.proving, &toy::toy(), &toy::digest(), &toy::assignment(-3, 0, 1), rng).unwrap();
        (keys.verifying, proof)
    }

    fn import(key: &str, proof: &str, public: &str) -> Result<(VerifyingKey, Proof), SnarkjsError> {
        let key = import_key(key.as_bytes(), Provenance::SingleParty)?;
        let proof = import_proof(&key, proof.as_bytes(), public.as_bytes())?;
        Ok((key, proof))
    }

    #[test]
    fn what_is_written_is_read_and_true() {
        let (key, proof) = made();
        let (again, read) = import(&export_key(&key), &export_proof(&proof), &export_public(&proof)).unwrap();
        assert_eq!(again.vk(), key.vk());
        assert_eq!((&read.proof, &read.inputs), (&proof.proof, &proof.inputs));
        assert_eq!(again.table().len(), 3);
        assert!(again.table().entries().iter().all(|entry| entry.kind == PublicKind::Element));
        assert_eq!(again.provenance(), Provenance::SingleParty);
        again.verify(&read).unwrap();
        let mut forged = read;
        forged.inputs[1] += Fr::one();
        assert_eq!(again.verify(&forged).unwrap_err(), VerifyError::Invalid);
        // The digest is that of the points: another setup's key is another circuit's.
        let rng = &mut StdRng::seed_from_u64(12);
        let other = setup::<Groth16>(&toy::toy(), toy::table(), toy::CONTENTS, rng).unwrap().verifying;
        let other = import_key(export_key(&other).as_bytes(), Provenance::SingleParty).unwrap();
        assert_ne!(other.digest(), again.digest());
    }

    #[test]
    fn numbers_have_one_spelling() {
        let p = "21888242871839275222246405745257275088548364400416034343698204186575808495617";
        let q = "21888242871839275222246405745257275088696311157297823662689037894645226208583";
        for wrong in ["", "00", "01", "+1", "-1", " 1", "1 ", "0x1", "1e3", "1_0", "\u{664}", p, &"9".repeat(90)] {
            assert!(matches!(number::<Fr>(wrong, "input", 3), Err(SnarkjsError::Number { index: 3, .. })), "{wrong}");
        }
        assert!(number::<Fq>(q, "input", 0).is_err());
        assert_eq!(number::<Fq>(p, "input", 0).map(decimal), Ok(p.to_owned()));
        for x in [Fr::from(0u64), Fr::from(1u64), Fr::from(10u64), -Fr::from(1u64), Fr::from(u128::MAX)] {
            assert_eq!(number::<Fr>(&decimal(x), "input", 0), Ok(x));
        }
    }

    #[test]
    fn what_is_not_such_a_file_is_refused() {
        let (key, proof) = made();
        let (key, proof, public) = (export_key(&key), export_proof(&proof), export_public(&proof));
        let check = |from: &str, to: &str| {
            let wrong = |text: &str| text.replacen(from, to, 1);
            assert!([&key, &proof, &public].iter().any(|text| text.contains(from)), "{from}");
            import(&wrong(&key), &wrong(&proof), &wrong(&public)).map(|_| ()).unwrap_err()
        };
        assert!(matches!(check("groth16", "plonk"), SnarkjsError::System { field: "protocol", .. }));
        assert!(matches!(check("bn128", "bls12381"), SnarkjsError::System { field: "curve", .. }));
        assert!(matches!(check("\"nPublic\": 3", "\"nPublic\": 2"), SnarkjsError::Count { expected: 3, found: 4, .. }));
        assert!(matches!(check("\"nPublic\": 3", "\"nPublic\": 18446744073709551615"), SnarkjsError::Count { .. }));
        assert!(matches!(check("\"nPublic\"", "\"other\""), SnarkjsError::Json { what: KEY, .. }));
        assert!(matches!(check("    \"1\"\n", "    \"2\"\n"), SnarkjsError::Affine { what: "alpha", .. }));
        assert!(matches!(check("\"pi_a\"", "\"pi_d\""), SnarkjsError::Json { what: PROOF, .. }));
        assert!(matches!(check("[\n  \"", "[\n  \"0"), SnarkjsError::Number { what: "public input", index: 0, .. }));
        assert!(matches!(check("[\n  \"", "[\n  \"1\", \"1"), SnarkjsError::Count { what: PUBLIC, found: 4, .. }));
        assert!(import(&key, &proof, "[").is_err() && import("", &proof, &public).is_err());
    }

    /// Changes of a coordinate's last digit: a point off its curve, or a number that is none.
    #[test]
    fn every_coordinate_counts() {
        let (key, proof) = made();
        let (key, proof, public) = (export_key(&key), export_proof(&proof), export_public(&proof));
        for file in 0..2 {
            let text = [&key, &proof][file];
            let ends: Vec<usize> = text.match_indices("\"").map(|(at, _)| at).collect();
            let numbers = ends.windows(2).filter(|w| w[1] - w[0] > 60);
            let count = numbers
                .map(|w| {
                    let (before, last, after) = (&text[..w[1] - 1], &text[w[1] - 1..w[1]], &text[w[1]..]);
                    let last = (last.parse::<u8>().unwrap() + 1) % 10;
                    let changed = format!("{before}{last}{after}");
                    let files = if file == 0 { (&changed, &proof) } else { (&key, &changed) };
                    assert!(matches!(import(files.0, files.1, &public), Err(SnarkjsError::Load(_))), "{changed}");
                })
                .count();
            assert_eq!(count, [2 + 3 * 4 + 4 * 2, 8][file]);
        }
    }
}
