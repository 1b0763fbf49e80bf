//! A toy circuit, and everything that may go wrong with its keys and proofs.

#[cfg(feature = "ceremony")]
mod ceremony;
mod link;
mod registered;
mod registered_attacks;
mod two_phase;
mod two_phase_attacks;

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField, Zero};
use ark_serialize::Compress;
use ark_std::rand::rngs::StdRng;
use ark_std::rand::{CryptoRng, Error, Rng, RngCore, SeedableRng};
use std::sync::OnceLock;

use super::file::{self, Kind};
use super::*;
use crate::{
    number::{Int, field::to_field},
    shape::Shape,
};

pub(super) const CONTENTS: Digest = Digest([7; 32]);

/// That of the toy and its table.
pub(super) fn digest() -> Digest {
    circuit_digest(&CONTENTS, &table())
}

/// `y = x^3 + x + 5`, `class = b0 + 2 b1` with `b0`, `b1` boolean, and a commitment `c = x * (x + b0)`.
///
/// Columns: 1, c, y, class | x, x^2, x^3, b0, b1.
pub(super) fn toy() -> Matrices {
    let row = |terms: &[(i64, usize)]| terms.iter().map(|(c, i)| (to_field(Int::from(*c)), *i)).collect::<Vec<_>>();
    let rows: [[&[(i64, usize)]; 3]; 7] = [
        [&[(1, 4)], &[(1, 4)], &[(1, 5)]],
        [&[(1, 5)], &[(1, 4)], &[(1, 6)]],
        [&[(1, 6), (1, 4), (5, 0)], &[(1, 0)], &[(1, 2)]],
        [&[(1, 7)], &[(1, 7), (-1, 0)], &[]],
        [&[(2, 8)], &[(3, 8), (-3, 0)], &[]],
        // Columns out of order, twice and with a zero: what a circuit may well build.
        [&[(2, 8), (1, 7), (0, 6)], &[(1, 0)], &[(3, 3), (-2, 3)]],
        [&[(1, 4)], &[(1, 7), (1, 4)], &[(1, 1)]],
    ];
    let abc = [0, 1, 2].map(|m| rows.iter().map(|r| row(r[m])).collect());
    Matrices { abc, instance: 4, witness: 5, ..Matrices::default() }
}

pub(super) fn table() -> PublicTable {
    let (shape, lo, hi) = (Shape::new([1]), Int::new(-1000), Int::new(1000));
    PublicTable::new([
        ("weights".to_owned(), 0, PublicKind::Commitment),
        ("logits".to_owned(), 0, PublicKind::Tensor { shape, scale: 1, lo, hi }),
        ("output".to_owned(), 0, PublicKind::Class { classes: 3 }),
    ])
    .unwrap()
}

pub(super) fn assignment(x: i64, b0: i64, b1: i64) -> Vec<Fr> {
    let y = x * x * x + x + 5;
    [1, x * (x + b0), y, b0 + 2 * b1, x, x * x, x * x * x, b0, b1].map(|q| to_field(Int::from(q))).to_vec()
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| setup::<Groth16>(&toy(), table(), CONTENTS, &mut StdRng::seed_from_u64(1)).unwrap())
}

fn proof_of(seed: u64, z: &[Fr]) -> Result<Proof, ProveError> {
    prove(&keys().proving, &toy(), &digest(), z, &mut StdRng::seed_from_u64(seed))
}

fn honest() -> &'static Proof {
    static PROOF: OnceLock<Proof> = OnceLock::new();
    PROOF.get_or_init(|| proof_of(2, &assignment(-3, 0, 1)).unwrap())
}

/// The file with its payload changed and its checksum made right again.
pub(super) fn reseal(bytes: &[u8], kind: Kind, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let (digest, payload) = file::read(bytes, kind).unwrap();
    let mut payload = payload.to_vec();
    change(&mut payload);
    file::write(kind, &digest, &payload)
}

#[test]
fn a_proof_says_what_was_computed() {
    for (x, b0, b1) in [(3, 1, 0), (-3, 0, 1), (0, 0, 0)] {
        let z = assignment(x, b0, b1);
        let proof = proof_of(5, &z).unwrap();
        let statement = keys().verifying.verify(&proof).unwrap();
        assert_eq!(keys().verifying.prepare().verify(&proof).unwrap(), statement);
        assert_eq!(statement.class(0), Some((b0 + 2 * b1) as usize));
        let y = x * x * x + x + 5;
        assert_eq!(statement.tensor("logits", 0).unwrap().data(), [y as f64 / 2.0]);
        assert_eq!(statement.integers("logits", 0).unwrap().data(), [Int::from(y)]);
        assert_eq!(statement.commitment("weights"), Some(z[1]));
        assert_eq!((statement.output(0), statement.class(1), statement.commitment("output")), (None, None, None));
        assert_eq!(statement.entries().len(), 3);
        assert!(statement.to_string().contains("output[0] class"));
    }
}

/// A key as arkworks has it.
pub(crate) fn arkworks_key(vk: &phased::VerifyingPoints) -> ark_groth16::VerifyingKey<points::Curve> {
    ark_groth16::VerifyingKey {
        alpha_g1: vk.alpha_g1,
        beta_g2: vk.beta_g2,
        gamma_g2: vk.gamma_g2,
        delta_g2: vk.deltas_g2[0],
        gamma_abc_g1: vk.ic.clone(),
    }
}

/// A proof as arkworks has it.
pub(crate) fn arkworks_proof(proof: &phased::Points) -> ark_groth16::Proof<points::Curve> {
    ark_groth16::Proof { a: proof.a, b: proof.b, c: proof.c }
}

#[test]
fn arkworks_verifies_our_proofs_and_no_others() {
    type Arkworks = ark_groth16::Groth16<points::Curve>;
    let key = ark_groth16::prepare_verifying_key(&arkworks_key(keys().verifying.vk()));
    let proof = honest();
    let verify = |inputs: &[Fr]| Arkworks::verify_proof(&key, &arkworks_proof(&proof.proof), inputs).unwrap();
    assert!(verify(&proof.inputs));
    for i in 0..3 {
        let mut inputs = proof.inputs.clone();
        inputs[i] += Fr::ONE;
        assert!(!verify(&inputs));
    }
}

#[test]
fn proofs_are_128_bytes_and_never_the_same() {
    let (a, b) = (proof_of(8, &assignment(2, 1, 0)).unwrap(), proof_of(9, &assignment(2, 1, 0)).unwrap());
    let mut rng = StdRng::seed_from_u64(8);
    let twice = [(); 2].map(|()| prove(&keys().proving, &toy(), &digest(), &assignment(2, 1, 0), &mut rng).unwrap());
    assert_ne!(twice[0].proof, twice[1].proof);
    assert_ne!(a.proof_bytes(), b.proof_bytes());
    assert_eq!(a.inputs, b.inputs);
    assert_eq!(a.to_bytes().len(), file::HEADER + 128 + 8 + 3 * 32 + file::CHECKSUM);
    assert_eq!(file::read(&a.to_bytes(), Kind::Proof).unwrap().1[..128], a.proof_bytes());
}

#[test]
fn files_come_back_the_same() {
    let Keys { proving, verifying } = keys();
    assert_eq!(&ProvingKey::from_bytes(&proving.to_bytes()).unwrap(), proving);
    assert_eq!(&VerifyingKey::from_bytes(&verifying.to_bytes()).unwrap(), verifying);
    assert_eq!(&Proof::from_bytes(&honest().to_bytes()).unwrap(), honest());
    assert_eq!(&ProvingKey::new(digest(), proving.provenance(), proving.pk().clone()).unwrap(), proving);
    let ceremony =
        VerifyingKey::new(CONTENTS, Provenance::Transcript(Digest([9; 32])), table(), verifying.vk().clone()).unwrap();
    assert_eq!(VerifyingKey::from_bytes(&ceremony.to_bytes()).unwrap(), ceremony);
    assert_ne!(ceremony.fingerprint(), verifying.fingerprint());
    // One key, one file: another spelling of the same table would have another fingerprint.
    let spaced = reseal(&verifying.to_bytes(), Kind::VerifyingKey, |p| {
        p.insert(41, b' ');
        let length = u64::from_le_bytes(p[33..41].try_into().unwrap()) + 1;
        p[33..41].copy_from_slice(&length.to_le_bytes());
    });
    assert!(matches!(VerifyingKey::from_bytes(&spaced), Err(LoadError::TableFormat { .. })));
    assert_eq!(Keys::new(proving.clone(), ceremony), Err(LoadError::Mismatch { what: "provenances" }));

    let directory = std::env::temp_dir().join(format!("zkml-keys-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = |name: &str| directory.join(name);
    proving.save(path("pk")).unwrap();
    verifying.save(path("vk")).unwrap();
    honest().save(path("proof")).unwrap();
    let again = Keys::new(ProvingKey::load(path("pk")).unwrap(), VerifyingKey::load(path("vk")).unwrap()).unwrap();
    assert_eq!(&again, keys());
    assert!(again.verifying.verify(&Proof::load(path("proof")).unwrap()).is_ok());
    let wrong = ProvingKey::load(path("proof")).unwrap_err().to_string();
    assert_eq!(wrong, "the file holds a proof, expected a proving key");
    assert!(matches!(Proof::load(path("none")), Err(LoadError::File(FileError::Io { .. }))));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn the_table_of_a_key_is_that_of_its_circuit() {
    let Keys { proving, verifying } = keys();
    assert_eq!((verifying.digest(), verifying.contents()), (proving.digest(), &CONTENTS));
    let bytes = verifying.to_bytes();
    // Names exchanged, a class more, a finer scale: as long as the spelling is the one that is written, only the digest tells.
    for (from, to) in [("weights", "output1"), (r#""classes":3"#, r#""classes":4"#), (r#""scale":1"#, r#""scale":2"#)] {
        let exchanged = reseal(&bytes, Kind::VerifyingKey, |p| {
            let length = u64::from_le_bytes(p[33..41].try_into().unwrap()) as usize;
            let text = std::str::from_utf8(&p[41..41 + length]).unwrap().replace(from, to);
            assert!(text.len() == length && text.as_bytes() != &p[41..41 + length]);
            p[41..41 + length].copy_from_slice(text.as_bytes());
        });
        let error = VerifyingKey::from_bytes(&exchanged).unwrap_err();
        let LoadError::Digest { expected, found } = &error else { panic!("{error}") };
        assert_eq!(found, verifying.digest());
        let repair = "do not use this file";
        let (said, made) = (found.to_string(), expected.to_string());
        let message =
            format!("the file says that it is of circuit {said}, its contents are those of circuit {made}; {repair}");
        assert_eq!(error.to_string(), message);
        // With the digest that the table makes it is a key, of another circuit.
        let payload = file::read(&exchanged, Kind::VerifyingKey).unwrap().1;
        let other = VerifyingKey::from_bytes(&file::write(Kind::VerifyingKey, expected, payload)).unwrap();
        assert_eq!(Keys::new(proving.clone(), other.clone()), Err(LoadError::Mismatch { what: "circuit digests" }));
        assert!(matches!(other.verify(honest()), Err(VerifyError::Digest { .. })));
    }
    let contents = reseal(&bytes, Kind::VerifyingKey, |p| p[1] ^= 1);
    assert!(matches!(VerifyingKey::from_bytes(&contents), Err(LoadError::Digest { .. })));
}

#[test]
fn every_truncation_and_every_flip_is_an_error() {
    let Keys { proving, verifying } = keys();
    let mut rng = StdRng::seed_from_u64(3);
    let mut damage = |bytes: &[u8], kind: Kind, fails: &dyn Fn(&[u8]) -> bool, parses: &dyn Fn(&[u8]) -> bool| {
        assert!((0..bytes.len()).all(|end| fails(&bytes[..end])));
        for _ in 0..2000 {
            let mut flipped = bytes.to_vec();
            flipped[rng.gen_range(0..bytes.len())] ^= 1 << rng.gen_range(0..8);
            assert!(fails(&flipped));
        }
        // With a checksum that is right: an error, or another value in its one encoding.
        let length = file::read(bytes, kind).unwrap().1.len();
        for end in 0..length {
            assert!(fails(&reseal(bytes, kind, |payload| payload.truncate(end))));
        }
        assert!(fails(&reseal(bytes, kind, |payload| payload.push(0))));
        for _ in 0..2000 {
            let (at, bit) = (rng.gen_range(0..length), rng.gen_range(0..8));
            let changed = reseal(bytes, kind, |payload| payload[at] ^= 1 << bit);
            assert!(parses(&changed));
        }
    };
    damage(&honest().to_bytes(), Kind::Proof, &|b| Proof::from_bytes(b).is_err(), &|b| {
        Proof::from_bytes(b).map_or(true, |p| p.to_bytes() == b && verifying.verify(&p).is_err())
    });
    damage(&verifying.to_bytes(), Kind::VerifyingKey, &|b| VerifyingKey::from_bytes(b).is_err(), &|b| {
        VerifyingKey::from_bytes(b).map_or(true, |key| key.to_bytes() == b)
    });
    damage(&proving.to_bytes(), Kind::ProvingKey, &|b| ProvingKey::from_bytes(b).is_err(), &|b| {
        ProvingKey::from_bytes(b).map_or(true, |key| key.to_bytes() == b)
    });
}

#[test]
fn a_length_is_checked_before_it_is_used() {
    let huge = u64::MAX.to_le_bytes();
    let proof = reseal(&honest().to_bytes(), Kind::Proof, |p| p[128..136].copy_from_slice(&huge));
    let error = Proof::from_bytes(&proof).unwrap_err();
    assert_eq!(error, LoadError::Truncated { what: "the public inputs", expected: u64::MAX, found: 96 });
    let key = keys().verifying.to_bytes();
    let changed = reseal(&key, Kind::VerifyingKey, |p| p[33..41].copy_from_slice(&huge));
    assert!(matches!(VerifyingKey::from_bytes(&changed), Err(LoadError::Truncated { .. })));
    let changed = reseal(&keys().proving.to_bytes(), Kind::ProvingKey, |p| {
        let at = 1 + 64 + 3 * 128;
        p[at..at + 8].copy_from_slice(&(1u64 << 60).to_le_bytes());
    });
    assert!(matches!(ProvingKey::from_bytes(&changed), Err(LoadError::Truncated { .. })));
}

#[test]
fn inputs_are_bound() {
    let key = &keys().verifying;
    for (index, value) in [(0, 1), (1, 7), (2, 1)] {
        let mut proof = honest().clone();
        proof.inputs[index] = to_field(Int::new(value));
        assert_eq!(key.verify(&proof), Err(VerifyError::Invalid));
        assert_eq!(key.prepare().verify(&proof).unwrap_err(), VerifyError::Invalid);
    }
    let mut range = honest().clone();
    range.inputs[1] = to_field(Int::new(1001));
    assert!(matches!(key.verify(&range), Err(VerifyError::Decode(DecodeError::Range { .. }))));
    let mut class = honest().clone();
    class.inputs[2] = to_field(Int::new(3));
    assert!(matches!(key.verify(&class), Err(VerifyError::Decode(DecodeError::Class { .. }))));
    for found in [0, 2, 4, 5] {
        let mut proof = honest().clone();
        proof.inputs.resize(found, Fr::zero());
        assert_eq!(key.verify(&proof), Err(VerifyError::Decode(DecodeError::Count { expected: 3, found })));
    }
    let mut other = honest().clone();
    other.digest = Digest([8; 32]);
    assert_eq!(key.verify(&other), Err(VerifyError::Digest { key: digest(), proof: Digest([8; 32]) }));
}

#[test]
fn a_proof_under_another_key_is_refused() {
    let other = setup::<Groth16>(&toy(), table(), CONTENTS, &mut StdRng::seed_from_u64(99)).unwrap();
    assert_eq!(other.verifying.verify(honest()), Err(VerifyError::Invalid));
    assert_eq!(Keys::new(other.proving, keys().verifying.clone()), Err(LoadError::Mismatch { what: "points" }));
}

#[test]
fn an_honest_class_beyond_the_table_is_refused() {
    // The constraints allow class 3, the table does not.
    let proof = proof_of(4, &assignment(1, 1, 1)).unwrap();
    assert!(matches!(keys().verifying.verify(&proof), Err(VerifyError::Decode(DecodeError::Class { .. }))));
}

#[test]
fn an_input_plus_the_modulus_is_refused() {
    let bytes = honest().to_bytes();
    for index in 0..3 {
        let aliased = reseal(&bytes, Kind::Proof, |p| {
            let mut input = honest().inputs[index].into_bigint();
            assert!(!input.add_with_carry(&Fr::MODULUS));
            let at = 136 + 32 * index;
            p[at..at + 32].copy_from_slice(&input.to_bytes_le());
        });
        assert_eq!(Proof::from_bytes(&aliased), Err(LoadError::Modulus { index }));
    }
}

/// A point on the twist that is not in the subgroup.
pub(super) fn outside_subgroup() -> G2Affine {
    (1u64..)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::new(Fq::from(x), Fq::from(1u64)), true))
        .find(|p| !p.is_in_correct_subgroup_assuming_on_curve())
        .unwrap()
}

#[test]
fn points_outside_their_group_are_refused() {
    let key = &keys().verifying;
    let stray = outside_subgroup();
    assert!(stray.is_on_curve());
    // Honest points by the definition, so that the fast check is not its own judge.
    assert!(!stray.mul_bigint(Fr::MODULUS).is_zero());
    let fault = |error: LoadError| match error {
        LoadError::Point { fault, .. } => fault,
        other => panic!("expected a point, found {other}"),
    };

    let mut proof = honest().clone();
    proof.proof.b = stray;
    assert_eq!(fault(Proof::from_bytes(&proof.to_bytes()).unwrap_err()), PointFault::Subgroup);
    assert!(matches!(key.verify(&proof), Err(VerifyError::Point(_))));
    // A point of small order added to an honest one.
    let small = stray.mul_bigint(Fr::MODULUS).into_affine();
    proof.proof.b = (honest().proof.b + small).into_affine();
    assert_eq!(fault(Proof::from_bytes(&proof.to_bytes()).unwrap_err()), PointFault::Subgroup);
    assert!(matches!(key.verify(&proof), Err(VerifyError::Point(_))));

    let off = G1Affine::new_unchecked(Fq::from(1u64), Fq::from(1u64));
    let mut proof = honest().clone();
    proof.proof.a = off;
    assert!(matches!(key.verify(&proof), Err(VerifyError::Point(LoadError::Point { fault: PointFault::Curve, .. }))));
    // x = 0 has y^2 = 3, which has no root: the only compressed point there would be off the curve.
    assert!(Fq::from(3u64).sqrt().is_none());
    let bytes = reseal(&honest().to_bytes(), Kind::Proof, |p| p[..32].fill(0));
    assert_eq!(fault(Proof::from_bytes(&bytes).unwrap_err()), PointFault::Encoding);
    // Infinity with stray coordinates is another encoding of infinity.
    let bytes = reseal(&honest().to_bytes(), Kind::Proof, |p| p[31] = p[31] & 0x3f | 0x40);
    assert_eq!(fault(Proof::from_bytes(&bytes).unwrap_err()), PointFault::Encoding);

    let provenance = Provenance::SingleParty;
    let mut vk = key.vk().clone();
    vk.ic[1] = off;
    assert_eq!(fault(VerifyingKey::new(CONTENTS, provenance, table(), vk).unwrap_err()), PointFault::Curve);
    let mut vk = key.vk().clone();
    vk.deltas_g2[0] = stray;
    assert_eq!(fault(VerifyingKey::new(CONTENTS, provenance, table(), vk).unwrap_err()), PointFault::Subgroup);

    let pk = keys().proving.pk();
    let mut changed = pk.clone();
    changed.b_g2[3] = stray;
    let bytes = ProvingKey::from_checked(digest(), provenance, changed.clone()).unwrap().to_bytes();
    assert_eq!(fault(ProvingKey::from_bytes(&bytes).unwrap_err()), PointFault::Subgroup);
    assert_eq!(fault(ProvingKey::new(digest(), provenance, changed).unwrap_err()), PointFault::Subgroup);
    let mut changed = pk.clone();
    changed.k[0][1] = off;
    let bytes = ProvingKey::from_checked(digest(), provenance, changed).unwrap().to_bytes();
    assert_eq!(fault(ProvingKey::from_bytes(&bytes).unwrap_err()), PointFault::Curve);
}

#[test]
fn degenerate_keys_are_refused() {
    let provenance = Provenance::SingleParty;
    let new = |change: &dyn Fn(&mut phased::VerifyingPoints)| {
        let mut vk = keys().verifying.vk().clone();
        change(&mut vk);
        VerifyingKey::new(CONTENTS, provenance, table(), vk).unwrap_err()
    };
    let zero = |error| matches!(error, LoadError::Point { fault: PointFault::Zero, .. });
    assert!(zero(new(&|vk| vk.deltas_g2[0] = G2Affine::zero())));
    assert!(zero(new(&|vk| vk.gamma_g2 = G2Affine::zero())));
    assert!(zero(new(&|vk| vk.alpha_g1 = G1Affine::zero())));
    assert!(zero(new(&|vk| vk.ic[2] = G1Affine::zero())));
    assert!(matches!(new(&|vk| vk.ic.truncate(3)), LoadError::Length { expected: 4, found: 3, .. }));
    assert!(matches!(new(&|vk| vk.ic.clear()), LoadError::Length { found: 0, .. }));

    for what in 0..5 {
        let mut pk = keys().proving.pk().clone();
        match what {
            0 => pk.a.truncate(pk.a.len() - 1),
            1 => pk.b_g1.truncate(pk.b_g1.len() - 1),
            2 => pk.b_g2.truncate(pk.b_g2.len() - 1),
            3 => pk.h.truncate(pk.h.len() - 1),
            _ => pk.k[0].truncate(4),
        }
        let error = ProvingKey::new(digest(), provenance, pk).unwrap_err();
        assert!(matches!(error, LoadError::Length { .. }), "{error}");
    }
    let mut pk = keys().proving.pk().clone();
    pk.deltas_g1[0] = pk.beta_g1;
    assert!(matches!(ProvingKey::new(digest(), provenance, pk), Err(LoadError::Mismatch { .. })));
}

#[test]
fn an_unsatisfied_assignment_lists_its_rows() {
    let mut z = assignment(3, 1, 0);
    z[7] = to_field(Int::new(2));
    let error = proof_of(1, &z).unwrap_err();
    assert_eq!(error, ProveError::Unsatisfied { constraints: vec![3, 5, 6], total: 7 });
    assert_eq!(error.to_string(), "3 of 7 constraints are not satisfied, first 3");
    assert_eq!(toy().unsatisfied(&z[..8]), [3, 4, 5, 6]);
    assert_eq!(toy().unsatisfied(&[]), [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn the_prover_checks_what_arkworks_does_not() {
    let z = assignment(3, 1, 0);
    assert_eq!(proof_of(1, &z[..8]).unwrap_err(), ProveError::Assignment { expected: 9, found: 8 });
    assert_eq!(proof_of(1, &vec![Fr::zero(); 9]).unwrap_err(), ProveError::Constant);
    let mut rng = StdRng::seed_from_u64(1);
    let key = &keys().proving;
    let error = prove(key, &toy(), &Digest([8; 32]), &z, &mut rng).unwrap_err();
    assert!(
        error.to_string().contains(&digest().to_string()) && error.to_string().contains(&Digest([8; 32]).to_string()),
        "{error}"
    );
    let mut wider = toy();
    wider.witness += 1;
    assert!(matches!(prove(key, &wider, &digest(), &z, &mut rng), Err(ProveError::Key { expected: 6, found: 5, .. })));
    let mut longer = toy();
    longer.abc.iter_mut().for_each(|m| m.extend(vec![Vec::new(); 20]));
    assert!(matches!(prove(key, &longer, &digest(), &z, &mut rng), Err(ProveError::Key { expected: 32, .. })));
    let mut ragged = toy();
    ragged.abc[1].pop();
    assert!(matches!(prove(key, &ragged, &digest(), &z, &mut rng), Err(ProveError::Matrices(_))));
    let mut beyond = toy();
    beyond.abc[0][2][0].1 = 9;
    let error = prove(key, &beyond, &digest(), &z, &mut rng).unwrap_err();
    assert_eq!(error, ProveError::Unsatisfied { constraints: vec![2], total: 7 });
}

#[test]
fn setup_refuses_what_is_no_circuit() {
    let mut rng = StdRng::seed_from_u64(1);
    let error = setup::<Groth16>(&toy(), PublicTable::default(), CONTENTS, &mut rng).unwrap_err();
    assert_eq!(error, ProveError::Table { expected: 1, found: 4 });
    let mut beyond = toy();
    beyond.abc[2][1][0].1 = 9;
    assert!(matches!(setup::<Groth16>(&beyond, table(), CONTENTS, &mut rng), Err(ProveError::Matrices(_))));
    let empty = Matrices { instance: 4, ..Matrices::default() };
    assert!(matches!(setup::<Groth16>(&empty, table(), CONTENTS, &mut rng), Err(ProveError::Matrices(_))));

    struct Zeros;
    impl CryptoRng for Zeros {}
    impl RngCore for Zeros {
        fn next_u32(&mut self) -> u32 {
            0
        }
        fn next_u64(&mut self) -> u64 {
            0
        }
        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
            bytes.fill(0);
            Ok(())
        }
    }
    assert_eq!(setup::<Groth16>(&toy(), table(), CONTENTS, &mut Zeros), Err(ProveError::Randomness));
    let z = assignment(3, 1, 0);
    assert_eq!(prove(&keys().proving, &toy(), &digest(), &z, &mut Zeros), Err(ProveError::Randomness));
}

#[test]
fn a_circuit_without_inputs_or_products_can_be_proved() {
    // 0 * 0 = x, nothing public.
    let matrices = Matrices {
        abc: [vec![vec![]], vec![vec![]], vec![vec![(Fr::ONE, 1)]]],
        instance: 1,
        witness: 1,
        ..Matrices::default()
    };
    let mut rng = StdRng::seed_from_u64(6);
    let keys = setup::<Groth16>(&matrices, PublicTable::default(), CONTENTS, &mut rng).unwrap();
    let proof = prove(&keys.proving, &matrices, keys.verifying.digest(), &[Fr::ONE, Fr::zero()], &mut rng).unwrap();
    assert!(keys.verifying.verify(&proof).unwrap().entries().is_empty());
    assert_eq!(ProvingKey::from_bytes(&keys.proving.to_bytes()).unwrap(), keys.proving);
    let mut extra = proof;
    extra.inputs.push(Fr::ONE);
    assert!(keys.verifying.verify(&extra).is_err());
}

/// A file of these bytes, and what reading a proving key from it says.
fn loaded(name: &str, bytes: &[u8]) -> Result<ProvingKey, LoadError> {
    let path = std::env::temp_dir().join(format!("zkml-{name}-{}", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    let loaded = ProvingKey::load(&path);
    std::fs::remove_file(&path).unwrap();
    loaded
}

#[test]
fn a_proving_key_that_is_read_piece_by_piece_is_that_of_its_bytes() {
    let Keys { proving, .. } = keys();
    let bytes = proving.to_bytes();
    assert_eq!(proving.file_bytes(), bytes.len());
    assert_eq!(&loaded("same", &bytes).unwrap(), proving);
    let path = std::env::temp_dir().join(format!("zkml-saved-{}", std::process::id()));
    proving.save(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    std::fs::remove_file(&path).unwrap();
    // Whatever is wrong with a file, it is said as of its bytes.
    let longer = [&bytes[..], b"x"].concat();
    let mut wrong: Vec<Vec<u8>> = vec![longer];
    wrong.extend(
        [0, 3, 46, 47, 60, bytes.len() / 2, bytes.len() - 33, bytes.len() - 1].map(|end| bytes[..end].to_vec()),
    );
    for at in (0..bytes.len()).step_by(41).chain([4, 5, 39, bytes.len() - 32, bytes.len() - 1]) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        wrong.push(flipped);
    }
    for bytes in wrong {
        let (found, expected) = (loaded("wrong", &bytes).unwrap_err(), ProvingKey::from_bytes(&bytes).unwrap_err());
        assert_eq!(found, expected);
    }
    // Contents that are wrong, under a checksum of their own.
    let (digest, payload) = file::read(&bytes, Kind::ProvingKey).unwrap();
    for at in [0, 1, 70, payload.len() / 2, payload.len() - 8] {
        let mut payload = payload.to_vec();
        payload[at] ^= 0x80;
        let bytes = file::write(Kind::ProvingKey, &digest, &payload);
        assert_eq!(loaded("contents", &bytes).err(), ProvingKey::from_bytes(&bytes).err());
    }
    let (short, long) = (&payload[..payload.len() - 1], [payload, b"x"].concat());
    for payload in [short, &long] {
        let bytes = file::write(Kind::ProvingKey, &digest, payload);
        let error = loaded("length", &bytes).unwrap_err();
        assert_eq!(error, ProvingKey::from_bytes(&bytes).unwrap_err());
        assert!(matches!(error, LoadError::Truncated { .. } | LoadError::Trailing { .. }), "{error}");
    }
    // What is no file is read up to a size.
    #[cfg(target_os = "linux")]
    assert!(matches!(ProvingKey::load("/dev/zero"), Err(LoadError::File(FileError::Magic { .. }))));
}

#[test]
fn points_are_read_in_chunks_and_counted_through_them() {
    use super::points::{Reader, write_all};
    let one = G1Affine::generator();
    let many: Vec<G1Affine> =
        (0..9_000u64).map(|i| if i % 1000 == 0 { (one * Fr::from(i)).into() } else { one }).collect();
    let mut bytes = vec![];
    write_all(&mut bytes, &many, Compress::No).unwrap();
    assert_eq!(bytes.len(), 8 + 64 * many.len());
    assert_eq!(Reader::new(&bytes).points(Compress::No, "points").unwrap(), many);
    for index in [0, 4095, 4096, 8999] {
        let mut wrong = bytes.clone();
        wrong[8 + 64 * index] ^= 1;
        let error = Reader::new(&wrong).points::<ark_bn254::g1::Config>(Compress::No, "points").unwrap_err();
        assert!(matches!(error, LoadError::Point { index: found, .. } if found == index), "{error}");
    }
    let error =
        Reader::new(&bytes[..bytes.len() - 1]).points::<ark_bn254::g1::Config>(Compress::No, "points").unwrap_err();
    assert!(matches!(error, LoadError::Truncated { .. }), "{error}");
}
