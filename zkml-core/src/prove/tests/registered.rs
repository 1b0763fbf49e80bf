//! Proofs with registered weights: what is accepted, what is refused before there is an equation, and files.

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, One, UniformRand, Zero};
use ark_std::rand::{CryptoRng, Error, Rng, RngCore, SeedableRng, rngs::StdRng};
use zkml_groth16::{Columns, Secrets};

use super::{CONTENTS, outside_subgroup, reseal};
use crate::{
    number::{Int, field::to_field},
    prove::{phased::ProvingPoints, *},
    shape::Shape,
};

/// One, two inputs, the output, the challenge.
pub const INSTANCE: usize = 5;
pub const R: usize = 4;
/// Two weights.
pub const W: usize = INSTANCE;
/// Their products, and in a circuit with lookups four multiplicities.
pub const P: usize = W + 2;
pub const M: usize = P + 2;
/// The lookup of the first weight, and those of the entries.
pub const H: usize = M + 4;

pub fn field(x: i64) -> Fr {
    to_field(Int::from(x))
}

fn row(terms: &[(i64, usize)]) -> Vec<(Fr, usize)> {
    terms.iter().map(|(c, i)| (field(*c), *i)).collect()
}

pub fn of_rows(rows: &[[&[(i64, usize)]; 3]], instance: usize, phases: [usize; 3]) -> Matrices {
    let abc = [0, 1, 2].map(|m| rows.iter().map(|r| row(r[m])).collect());
    Matrices { abc, instance, witness: phases.iter().sum(), phases: phases.to_vec(), ..Matrices::default() }
}

/// `y = w_0 x_0 + w_1 x_1`, and `w_0` below four by a lookup.
pub fn looked_up() -> Matrices {
    of_rows(
        &[
            [&[(1, W)], &[(1, 1)], &[(1, P)]],
            [&[(1, W + 1)], &[(1, 2)], &[(1, P + 1)]],
            [&[(1, P), (1, P + 1)], &[(1, 0)], &[(1, 3)]],
            [&[(1, H)], &[(1, R), (-1, W)], &[(1, 0)]],
            [&[(1, H + 1)], &[(1, R)], &[(1, M)]],
            [&[(1, H + 2)], &[(1, R), (-1, 0)], &[(1, M + 1)]],
            [&[(1, H + 3)], &[(1, R), (-2, 0)], &[(1, M + 2)]],
            [&[(1, H + 4)], &[(1, R), (-3, 0)], &[(1, M + 3)]],
            [&[(1, H), (-1, H + 1), (-1, H + 2), (-1, H + 3), (-1, H + 4)], &[(1, 0)], &[]],
        ],
        INSTANCE,
        [2, 6, 5],
    )
}

/// `y = w_0 x_0 + w_1 x_1`, with a challenge that no constraint mentions.
pub fn bare() -> Matrices {
    let whole = looked_up();
    let abc = whole.abc.map(|rows| rows[..3].to_vec());
    Matrices { abc, witness: 4, phases: vec![2, 2, 0], ..whole }
}

pub fn table() -> PublicTable {
    let kind = |n| PublicKind::Tensor { shape: Shape::new([n]), scale: 0, lo: Int::from(-1000), hi: Int::from(1000) };
    PublicTable::new([("input".to_owned(), 0, kind(2)), ("output".to_owned(), 0, kind(1))]).unwrap()
}

/// What draws a challenge, from the public inputs and what is fixed before it.
pub type Oracle<'a, E> = dyn FnMut(&[Fr], &[Fr]) -> Result<Fr, E> + 'a;

/// All values, with what draws the challenge from the public inputs and what is fixed before it.
pub fn fill<E>(lookups: bool, w: [i64; 2], x: [i64; 2], draw: &mut Oracle<'_, E>) -> Result<Vec<Fr>, E> {
    let products = [w[0] * x[0], w[1] * x[1]];
    let public = [1, x[0], x[1], products[0] + products[1]].map(field);
    let mut fixed: Vec<Fr> = w.into_iter().chain(products).map(field).collect();
    if lookups {
        fixed.extend((0..4).map(|t| field(i64::from(t == w[0]))));
    }
    let r = draw(&public, &fixed)?;
    let mut z = [&public, &[r][..], &fixed].concat();
    if lookups {
        z.push((r - field(w[0])).inverse().unwrap_or_default());
        for t in 0..4 {
            z.push(z[M + t as usize] * (r - field(t)).inverse().unwrap_or_default());
        }
    }
    Ok(z)
}

pub fn keys_of(matrices: &Matrices, seed: u64) -> KeysOf<Registered> {
    setup(matrices, table(), CONTENTS, &mut StdRng::seed_from_u64(seed)).unwrap()
}

pub fn commit_of(keys: &KeysOf<Registered>, w: [i64; 2], seed: u64) -> WeightsOpening {
    keys.proving.commit_weights(w.map(field).to_vec(), &mut StdRng::seed_from_u64(seed)).unwrap()
}

pub fn prove_it(
    keys: &KeysOf<Registered>,
    opening: &WeightsOpening,
    w: [i64; 2],
    x: [i64; 2],
    rng: &mut dyn SecureRng,
) -> Result<ProofOf<Registered>, ProveError> {
    let lookups = keys.proving.pk().k[2].len() > 1;
    let matrices = if lookups { looked_up() } else { bare() };
    let mut assign = |draw: &mut Draw<'_>| fill(lookups, w, x, draw);
    prove_registered(&keys.proving, &matrices, keys.proving.digest(), opening, &mut assign, rng)
}

/// A source of randomness that has none.
pub struct Zeros;
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

#[test]
fn one_commitment_serves_many_proofs() {
    let rng = &mut StdRng::seed_from_u64(1);
    for matrices in [looked_up(), bare()] {
        let keys = keys_of(&matrices, 2);
        assert_eq!(keys.proving.weights(), 2);
        let opening = commit_of(&keys, [3, -7], 3);
        let registered = opening.commitment();
        assert_eq!(*registered.key(), keys.verifying.key_digest());
        opening.check(&keys.proving).unwrap();
        let prepared = keys.verifying.prepare();
        for x in [[0, 0], [1, 2], [-5, 9]] {
            let proof = prove_it(&keys, &opening, [3, -7], x, rng).unwrap();
            let statement = keys.verifying.verify_registered(&proof, registered).unwrap();
            assert_eq!(statement.integers("output", 0).unwrap().data(), [Int::from(3 * x[0] - 7 * x[1])]);
            assert_eq!(prepared.verify_registered(&proof, registered).unwrap(), statement);
            assert_eq!((proof.proof.commitments.len(), proof.proof_bytes().len()), (1, 160));
            assert_eq!(Registered::proof_bytes(), 160);
            assert!(!proof.proof.commitments.contains(&registered.point()));
        }
        let size = matrices.size();
        assert_eq!(size.fixed, matrices.phases[0] + matrices.phases[1]);
        // Points alone: the file has provenance, lengths and four deltas besides.
        let file = keys.proving.to_bytes().len();
        assert!((Registered::proving_key_bytes(size)..Registered::proving_key_bytes(size) + 3000).contains(&file));
    }
}

#[test]
fn what_is_not_registered_has_no_proof() {
    let rng = &mut StdRng::seed_from_u64(1);
    let keys = keys_of(&looked_up(), 2);
    let opening = commit_of(&keys, [3, -7], 3);
    for (w, index) in [([2, -7], 0), ([3, 7], 1)] {
        let error = prove_it(&keys, &opening, w, [1, 2], rng).unwrap_err();
        assert_eq!(error, ProveError::Unregistered { index });
    }
    // Under another key, in a proof and in its verification.
    let others = keys_of(&looked_up(), 9);
    let other = OtherKey { expected: others.verifying.key_digest(), found: keys.verifying.key_digest() };
    assert_eq!(prove_it(&others, &opening, [3, -7], [1, 2], rng), Err(ProveError::Registered(other.clone())));
    assert_eq!(opening.check(&others.proving), Err(ProveError::Registered(other.clone())));
    let own = commit_of(&others, [3, -7], 3);
    let proof = prove_it(&others, &own, [3, -7], [1, 2], rng).unwrap();
    assert!(others.verifying.verify_registered(&proof, own.commitment()).is_ok());
    let refused = others.verifying.verify_registered(&proof, opening.commitment());
    assert_eq!(refused, Err(VerifyError::Registered(other.clone())));
    let message = other.to_string();
    assert!(message.starts_with("the commitment is registered under key ") && message.contains(&hex(&other.found)));
    // With the digest of this key written over it, it is a commitment to something else.
    let relabelled = WeightsCommitment::new(others.verifying.key_digest(), opening.commitment().point()).unwrap();
    assert_eq!(others.verifying.verify_registered(&proof, &relabelled), Err(VerifyError::Invalid));
    // Nor does the equation hold for the right point under another key's name.
    let renamed = WeightsCommitment::new(keys.verifying.key_digest(), own.commitment().point()).unwrap();
    let prepared = Registered::prepare(others.verifying.vk());
    assert!(Registered::holds(&prepared, own.commitment(), &proof.proof, &proof.inputs));
    assert!(!Registered::holds(&prepared, &renamed, &proof.proof, &proof.inputs));
    // The key comes first: not even a proof of another circuit is looked at before.
    let mut foreign = proof.clone();
    foreign.digest = Digest([8; 32]);
    let refused = others.verifying.verify_registered(&foreign, opening.commitment());
    assert!(matches!(refused, Err(VerifyError::Registered(_))));
    let refused = others.verifying.verify_registered(&foreign, own.commitment());
    assert!(matches!(refused, Err(VerifyError::Digest { .. })));
    // Other weights of the same key.
    for other in [[3, -6], [2, -7], [0, 0]] {
        let other = commit_of(&others, other, 4);
        assert_eq!(others.verifying.verify_registered(&proof, other.commitment()), Err(VerifyError::Invalid));
    }
    // False limbs, and broken randomness.
    let wide = commit_of(&keys, [4, -7], 3);
    assert!(matches!(prove_it(&keys, &wide, [4, -7], [1, 2], rng), Err(ProveError::Unsatisfied { .. })));
    assert_eq!(prove_it(&keys, &opening, [3, -7], [1, 2], &mut Zeros), Err(ProveError::Randomness));
    assert_eq!(keys.proving.commit_weights(vec![Fr::one(); 2], &mut Zeros).unwrap_err(), ProveError::Randomness);
    for found in [0, 1, 3] {
        let error = keys.proving.commit_weights(vec![Fr::one(); found], rng).unwrap_err();
        assert_eq!(error, ProveError::Weights { expected: 2, found });
    }
    // An assignment that asks for no challenge, and one of which another part of the witness is fixed.
    let z = fill(true, [3, -7], [1, 2], &mut |_, _| Ok::<_, ProveError>(field(99))).unwrap();
    let prove = |assign: &mut dyn FnMut(&mut Draw<'_>) -> Result<Vec<Fr>, ProveError>| {
        let rng = &mut StdRng::seed_from_u64(5);
        prove_registered(&keys.proving, &looked_up(), keys.proving.digest(), &opening, assign, rng)
    };
    let error = prove(&mut |_| Ok(z.clone())).unwrap_err();
    assert!(matches!(error, ProveError::Challenges { expected: 1, found: 0, .. }), "{error}");
    let short = prove(&mut |draw| draw(&z[..4], &z[W..W + 1]).map(|_| z.clone())).unwrap_err();
    assert_eq!(short, ProveError::Weights { expected: 2, found: 1 });
    let shorter = prove(&mut |draw| draw(&z[..4], &z[W..M]).map(|_| z.clone())).unwrap_err();
    assert!(matches!(shorter, ProveError::Backend(_)), "{shorter}");
    // The challenge is of other values than the assignment has.
    let moved = prove(&mut |draw| {
        let r = draw(&z[..4], &z[W..H])?;
        fill(true, [2, -7], [1, 2], &mut |_, _| Ok(r))
    });
    assert_eq!(moved.unwrap_err(), ProveError::Malformed);
}

/// Each weight stands alone on the A side of some row, whatever else there is; a row of B or C, a sum, or a term that
/// cancels is none.
#[test]
fn weights_have_private_rows() {
    let rng = &mut StdRng::seed_from_u64(1);
    let setup_of = |change: &dyn Fn(&mut Matrices)| {
        let mut matrices = looked_up();
        change(&mut matrices);
        setup::<Registered>(&matrices, table(), CONTENTS, &mut StdRng::seed_from_u64(1)).map(|_| ())
    };
    let not_alone = |index| Err(ProveError::NotAlone { index, count: 2 });
    assert_eq!(setup_of(&|_| ()), Ok(()));
    assert_eq!(setup_of(&|m| m.abc[0][0] = row(&[(5, W), (0, W + 1), (0, P)])), Ok(()));
    assert_eq!(setup_of(&|m| m.abc[0][0] = row(&[(0, P), (2, W), (3, W)])), Ok(()));
    assert_eq!(setup_of(&|m| m.abc[0][0] = row(&[(1, W), (1, W + 1)])), not_alone(0));
    assert_eq!(setup_of(&|m| m.abc[0][1] = row(&[(1, W), (1, W + 1)])), not_alone(1));
    assert_eq!(setup_of(&|m| m.abc[0][1] = row(&[(1, W + 1), (1, 0)])), not_alone(1));
    assert_eq!(setup_of(&|m| m.abc[0][1] = row(&[(1, W + 1), (1, R)])), not_alone(1));
    assert_eq!(setup_of(&|m| m.abc[0][1] = row(&[(1, W + 1), (-1, W + 1)])), not_alone(1));
    assert_eq!(setup_of(&|m| m.abc[0][1] = row(&[(0, W + 1)])), not_alone(1));
    assert_eq!(setup_of(&|m| m.abc[0][1] = vec![]), not_alone(1));
    let (a, b) = (looked_up().abc[0][1].clone(), looked_up().abc[1][1].clone());
    let swapped = |m: &mut Matrices| (m.abc[0][1], m.abc[1][1]) = (b.clone(), a.clone());
    assert_eq!(setup_of(&swapped), not_alone(1));
    // The row `weight * 0 = 0` repairs it.
    let repaired = |m: &mut Matrices| {
        swapped(m);
        m.abc[0].push(row(&[(1, W + 1)]));
        m.abc[1].push(vec![]);
        m.abc[2].push(vec![]);
    };
    assert_eq!(setup_of(&repaired), Ok(()));
    let message = not_alone(1).unwrap_err().to_string();
    assert!(message.starts_with("registered weight 1 of 2 stands alone on the A side of no constraint"), "{message}");
    // No weights, other numbers of phases, no column for the challenge.
    assert_eq!(setup_of(&|m| m.phases = vec![0, 8, 5]), Err(ProveError::NoWeights));
    for phases in [vec![8, 5], vec![2, 2, 4, 5]] {
        let error = setup_of(&|m| m.phases = phases.clone()).unwrap_err();
        assert!(matches!(error, ProveError::Challenges { system: "registered", .. }), "{error}");
    }
    let error = setup_of(&|m| m.phases = vec![]).unwrap_err();
    assert_eq!(error, ProveError::Table { expected: 4, found: 5 });
    for phases in [vec![2, 6, 6], vec![13], vec![2, usize::MAX, 1]] {
        let error = setup_of(&|m| m.phases = phases.clone()).unwrap_err();
        assert!(matches!(error, ProveError::Matrices(_)), "{error}");
    }
    // Other systems take no such constraints.
    for error in [
        setup::<TwoPhase>(&looked_up(), table(), CONTENTS, rng).map(|_| ()).unwrap_err(),
        setup::<Groth16>(&looked_up(), table(), CONTENTS, rng).map(|_| ()).unwrap_err(),
    ] {
        assert!(matches!(error, ProveError::Challenges { .. }), "{error}");
    }
}

/// `kappa_w` is of one key and one list of weights, even if the seed is not, and a file that says otherwise opens
/// nothing.
#[test]
fn what_hides_weights_is_of_one_key_and_one_list() {
    let [keys, others] = [2, 9].map(|seed| keys_of(&looked_up(), seed));
    let opening = commit_of(&keys, [3, -7], 3);
    let kappas = [
        opening.kappa(),
        commit_of(&others, [3, -7], 3).kappa(),
        commit_of(&keys, [3, -6], 3).kappa(),
        commit_of(&keys, [-7, 3], 3).kappa(),
        commit_of(&keys, [3, -7], 4).kappa(),
    ];
    for (i, kappa) in kappas.iter().enumerate() {
        assert!(!kappas[..i].contains(kappa) && !kappa.is_zero());
    }
    assert_eq!(commit_of(&keys, [3, -7], 3).kappa(), kappas[0]);
    // The same weights under the key of the same circuit, each with fresh randomness: nothing is common.
    let rng = &mut StdRng::seed_from_u64(3);
    let weights = || [3, -7].map(field).to_vec();
    let twice = [(); 2].map(|()| keys.proving.commit_weights(weights(), rng).unwrap());
    assert_ne!(twice[0].commitment(), twice[1].commitment());
    // A file with another key's digest, other weights or another seed: its kappa is another, and it opens nothing.
    let bytes = opening.to_bytes();
    let payload = file::read(&bytes, Kind::WeightsOpening).unwrap().1;
    let moved = file::write(Kind::WeightsOpening, &Digest(others.verifying.key_digest()), payload);
    let moved = WeightsOpening::from_bytes(&moved).unwrap();
    assert_ne!(moved.kappa(), opening.kappa());
    assert_eq!(moved.check(&others.proving), Err(ProveError::Opening));
    assert_eq!(prove_it(&others, &moved, [3, -7], [1, 2], rng), Err(ProveError::Malformed));
    for at in [0, 31, 72, 104] {
        let changed = reseal(&bytes, Kind::WeightsOpening, |p| p[at] ^= 1);
        let changed = WeightsOpening::from_bytes(&changed).unwrap();
        assert_ne!(changed.kappa(), opening.kappa());
        assert_eq!(changed.check(&keys.proving), Err(ProveError::Opening));
    }
    // It is not printed, and does not survive.
    let mut opening = opening;
    let printed = format!("{opening:?}");
    let digits = |x: Fr| hex(&public::to_bytes(x));
    for secret in [opening.kappa(), field(-7)] {
        assert!(!printed.contains(&digits(secret)) && !printed.contains(&secret.to_string()), "{printed}");
    }
    assert!(printed.contains("weights: 2"), "{printed}");
    opening.wipe();
    assert!(opening.values().is_empty() && opening.kappa().is_zero());
}

#[test]
fn files_come_back_the_same_and_damaged_ones_do_not() {
    let rng = &mut StdRng::seed_from_u64(1);
    let keys = keys_of(&looked_up(), 2);
    let opening = commit_of(&keys, [3, -7], 3);
    let registered = opening.commitment().clone();
    let proof = prove_it(&keys, &opening, [3, -7], [1, 2], rng).unwrap();
    assert_eq!(WeightsCommitment::from_bytes(&registered.to_bytes()).unwrap(), registered);
    assert_eq!(ProofOf::<Registered>::from_bytes(&proof.to_bytes()).unwrap(), proof);
    assert_eq!(ProvingKeyOf::<Registered>::from_bytes(&keys.proving.to_bytes()).unwrap(), keys.proving);
    assert_eq!(VerifyingKeyOf::<Registered>::from_bytes(&keys.verifying.to_bytes()).unwrap(), keys.verifying);
    assert_eq!((registered.to_bytes().len(), opening.to_bytes().len()), (111, 72 + 2 * 32 + 79));
    let again = WeightsOpening::from_bytes(&opening.to_bytes()).unwrap();
    assert_eq!((again.commitment(), again.values(), again.kappa()), (&registered, opening.values(), opening.kappa()));
    again.check(&keys.proving).unwrap();
    assert!(prove_it(&keys, &again, [3, -7], [5, 2], rng).is_ok());

    let folder = std::env::temp_dir().join(format!("zkml-registered-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (public, secret) = (folder.join("weights"), folder.join("opening"));
    registered.save(&public).unwrap();
    opening.save(&secret).unwrap();
    assert_eq!(WeightsCommitment::load(&public).unwrap(), registered);
    assert_eq!(WeightsOpening::load(&secret).unwrap().values(), opening.values());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let wrong = WeightsCommitment::load(&secret).unwrap_err().to_string();
    assert_eq!(wrong, "the file holds a secret opening of a commitment to weights, expected a commitment to weights");
    std::fs::remove_dir_all(folder).unwrap();

    // Every truncation, with a checksum that is right and one that is not; and what follows the end.
    let damage = |bytes: &[u8], kind: Kind, fails: &dyn Fn(&[u8]) -> bool| {
        let length = file::read(bytes, kind).unwrap().1.len();
        assert!((0..bytes.len()).all(|end| fails(&bytes[..end])), "{kind}");
        assert!((0..length).all(|end| fails(&reseal(bytes, kind, |p| p.truncate(end)))), "{kind}");
        assert!(fails(&reseal(bytes, kind, |p| p.push(0))), "{kind}");
    };
    damage(&registered.to_bytes(), Kind::WeightsCommitment, &|b| WeightsCommitment::from_bytes(b).is_err());
    damage(&opening.to_bytes(), Kind::WeightsOpening, &|b| WeightsOpening::from_bytes(b).is_err());
    damage(&proof.to_bytes(), Kind::RegisteredProof, &|b| ProofOf::<Registered>::from_bytes(b).is_err());
    let verifying = keys.verifying.to_bytes();
    damage(&verifying, Kind::RegisteredVerifyingKey, &|b| VerifyingKeyOf::<Registered>::from_bytes(b).is_err());
    let proving = keys.proving.to_bytes();
    damage(&proving, Kind::RegisteredProvingKey, &|b| ProvingKeyOf::<Registered>::from_bytes(b).is_err());
    // A commitment's flipped bit is another point, or none; a flipped digest is another key.
    for bit in 0..256 {
        let changed = reseal(&registered.to_bytes(), Kind::WeightsCommitment, |p| p[bit / 8] ^= 1 << (bit % 8));
        let verified = WeightsCommitment::from_bytes(&changed).map(|c| keys.verifying.verify_registered(&proof, &c));
        assert!(!matches!(verified, Ok(Ok(_))), "bit {bit}");
    }
    // A length, a weight at the modulus, a point of zero.
    let huge = reseal(&opening.to_bytes(), Kind::WeightsOpening, |p| p[64..72].fill(0xff));
    assert!(matches!(WeightsOpening::from_bytes(&huge), Err(LoadError::Truncated { expected: u64::MAX, .. })));
    let aliased = reseal(&opening.to_bytes(), Kind::WeightsOpening, |p| p[72..104].fill(0xff));
    assert_eq!(WeightsOpening::from_bytes(&aliased).unwrap_err(), LoadError::Modulus { index: 0 });
    let zero = |fault: LoadError| matches!(fault, LoadError::Point { fault: PointFault::Zero, .. });
    let infinity = |p: &mut Vec<u8>, at: usize| {
        p[at..at + 32].fill(0);
        p[at + 31] = 0x40;
    };
    let none = reseal(&opening.to_bytes(), Kind::WeightsOpening, |p| infinity(p, 32));
    assert!(zero(WeightsOpening::from_bytes(&none).unwrap_err()));
    let none = reseal(&registered.to_bytes(), Kind::WeightsCommitment, |p| infinity(p, 0));
    assert!(zero(WeightsCommitment::from_bytes(&none).unwrap_err()));
    assert!(zero(WeightsCommitment::new([1; 32], G1Affine::identity()).unwrap_err()));
    let off = G1Affine::new_unchecked(1.into(), 1.into());
    assert!(matches!(WeightsCommitment::new([1; 32], off), Err(LoadError::Point { fault: PointFault::Curve, .. })));
}

/// Every kind with the contents of every other: none is taken, with the right kind in the header as well.
#[test]
fn files_of_one_kind_are_none_of_another() {
    let rng = &mut StdRng::seed_from_u64(1);
    let keys = keys_of(&looked_up(), 2);
    let opening = commit_of(&keys, [3, -7], 3);
    let proof = prove_it(&keys, &opening, [3, -7], [1, 2], rng).unwrap();
    type Takes = fn(&[u8]) -> bool;
    let files: [(Kind, Vec<u8>, Takes); 5] = [
        (Kind::RegisteredProvingKey, keys.proving.to_bytes(), |b| ProvingKeyOf::<Registered>::from_bytes(b).is_ok()),
        (Kind::RegisteredVerifyingKey, keys.verifying.to_bytes(), |b| {
            VerifyingKeyOf::<Registered>::from_bytes(b).is_ok()
        }),
        (Kind::RegisteredProof, proof.to_bytes(), |b| ProofOf::<Registered>::from_bytes(b).is_ok()),
        (Kind::WeightsCommitment, opening.commitment().to_bytes(), |b| WeightsCommitment::from_bytes(b).is_ok()),
        (Kind::WeightsOpening, opening.to_bytes().to_vec(), |b| WeightsOpening::from_bytes(b).is_ok()),
    ];
    let others: [(Kind, Takes); 6] = [
        (Kind::ProvingKey, |b| ProvingKey::from_bytes(b).is_ok()),
        (Kind::VerifyingKey, |b| VerifyingKey::from_bytes(b).is_ok()),
        (Kind::Proof, |b| Proof::from_bytes(b).is_ok()),
        (Kind::TwoPhaseProvingKey, |b| ProvingKeyOf::<TwoPhase>::from_bytes(b).is_ok()),
        (Kind::TwoPhaseVerifyingKey, |b| VerifyingKeyOf::<TwoPhase>::from_bytes(b).is_ok()),
        (Kind::TwoPhaseProof, |b| ProofOf::<TwoPhase>::from_bytes(b).is_ok()),
    ];
    for (kind, bytes, _) in &files {
        let (digest, payload) = file::read(bytes, *kind).unwrap();
        let all = files.iter().map(|(other, _, takes)| (other, takes)).chain(others.iter().map(|(k, t)| (k, t)));
        for (other, takes) in all {
            assert_eq!(takes(bytes), other == kind, "{kind} as {other}");
            // A proof has as many points as one of two phases, and says of no system: its header does.
            let same = (*kind, *other) == (Kind::RegisteredProof, Kind::TwoPhaseProof);
            assert_eq!(takes(&file::write(*other, &digest, payload)), other == kind || same, "{kind} called {other}");
        }
    }
}

fn with_secrets(change: fn(&mut Secrets)) -> Result<ProvingPoints, zkml_groth16::Error> {
    let rng = &mut StdRng::seed_from_u64(31);
    let [alpha, beta, gamma, tau] = [(); 4].map(|()| Fr::rand(rng));
    let mut secrets = Secrets { alpha, beta, gamma, deltas: (0..3).map(|_| Fr::rand(rng)).collect(), tau };
    change(&mut secrets);
    let matrices = looked_up();
    zkml_groth16::setup(&matrices.abc, Columns { instance: INSTANCE, phases: &matrices.phases }, &secrets)
}

#[test]
fn degenerate_keys_are_refused() {
    let key = with_secrets(|_| ()).unwrap();
    assert!(Registered::admit_proving(&key).is_ok());
    let changes: [fn(&mut Secrets); 4] = [
        |s| s.deltas[0] = s.deltas[1],
        |s| s.deltas[0] = s.deltas[2],
        |s| s.deltas[0] = s.gamma,
        |s| s.deltas[0] = Fr::one(),
    ];
    changes.iter().for_each(|change| assert!(with_secrets(*change).is_err()));
    // The same of keys that somebody else has made.
    let refused = |change: &dyn Fn(&mut ProvingPoints)| {
        let mut key = key.clone();
        change(&mut key);
        Registered::admit_proving(&key).unwrap_err().to_string()
    };
    for error in [
        refused(&|k| k.vk.deltas_g2[0] = k.vk.deltas_g2[1]),
        refused(&|k| k.vk.deltas_g2[0] = k.vk.deltas_g2[2]),
        refused(&|k| k.vk.deltas_g2[0] = k.vk.gamma_g2),
        refused(&|k| k.vk.deltas_g2[0] = G2Affine::generator()),
    ] {
        assert!(error.contains("so that anything can be proved"), "{error}");
    }
    for error in [
        refused(&|k| k.vk.deltas_g2[0] = G2Affine::identity()),
        refused(&|k| k.deltas_g1[2] = G1Affine::identity()),
        refused(&|k| k.vk.ic[R] = G1Affine::identity()),
        refused(&|k| k.k[0][1] = G1Affine::identity()),
    ] {
        assert!(error.contains("is zero"), "{error}");
    }
    assert!(refused(&|k| k.deltas_g1[0] = G1Affine::generator()).contains("differ"));
    for change in [
        |k: &mut ProvingPoints| k.vk.deltas_g2.truncate(2),
        |k: &mut ProvingPoints| k.deltas_g1.truncate(2),
        |k: &mut ProvingPoints| k.k.truncate(2),
        |k: &mut ProvingPoints| k.k[0].truncate(1),
        |k: &mut ProvingPoints| k.k.push(vec![]),
        // A wire of two phases.
        |k: &mut ProvingPoints| {
            let weight = k.k[0][0];
            k.k[1].push(weight);
        },
        |k: &mut ProvingPoints| k.vk.ic.truncate(1),
        |k: &mut ProvingPoints| k.c.truncate(3),
        |k: &mut ProvingPoints| k.a.truncate(3),
    ] {
        let error = refused(&change);
        assert!(error.contains("expected"), "{error}");
    }
}

/// Of honest proofs each holds, and of three hundred that are corrupted, in any part, none.
#[test]
fn three_hundred_corrupted_proofs_do_not_hold() {
    let rng = &mut StdRng::seed_from_u64(8);
    let keys = keys_of(&looked_up(), 2);
    let prepared = keys.verifying.prepare();
    let generator = G1Affine::generator();
    let honest: Vec<_> = (0..4i64)
        .map(|w| {
            let opening = commit_of(&keys, [w, w - 9], w as u64);
            let proof = prove_it(&keys, &opening, [w, w - 9], [w - 2, 3 - w], rng).unwrap();
            assert!(prepared.verify_registered(&proof, opening.commitment()).is_ok());
            (opening.commitment().clone(), proof)
        })
        .collect();
    for i in 0..300usize {
        let (mut registered, mut other) = honest[i % 4].clone();
        let (foreign, another) = &honest[(i + 1) % 4];
        let scalar = Fr::rand(rng);
        let point = (generator * scalar).into_affine();
        let shifted = |p: G1Affine| (p + point).into_affine();
        match i % 15 {
            0 => other.proof.a = shifted(other.proof.a),
            1 => other.proof.b = (other.proof.b * scalar).into_affine(),
            2 => other.proof.c = shifted(other.proof.c),
            3 => other.proof.commitments[0] = shifted(other.proof.commitments[0]),
            4 => registered = WeightsCommitment::new(*registered.key(), shifted(registered.point())).unwrap(),
            5 => registered = WeightsCommitment::new(*registered.key(), -registered.point()).unwrap(),
            6 => registered = foreign.clone(),
            7 => registered = WeightsCommitment::new([i as u8; 32], registered.point()).unwrap(),
            8 => other.inputs[rng.gen_range(0..3)] += Fr::one(),
            9 => other.proof.commitments = another.proof.commitments.clone(),
            10 => other.proof.commitments.insert(0, registered.point()),
            11 => other.proof.commitments[0] = registered.point(),
            12 => other.proof = another.proof.clone(),
            13 => other.proof.b = outside_subgroup(),
            _ => std::mem::swap(&mut other.proof.a, &mut other.proof.c),
        }
        assert!(prepared.verify_registered(&other, &registered).is_err(), "{i}");
    }
}
