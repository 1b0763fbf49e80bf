//! Links between commitments, and attacks on them, each with its control.

use std::sync::OnceLock;

use ark_bn254::{G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{One, UniformRand};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use zkml_groth16::link::{self as engine, Bases, Secrets};

use super::{
    CONTENTS,
    registered::{INSTANCE, field, of_rows, table},
    reseal,
};
use crate::prove::{link::setup as link_setup, phased::ProvingPoints, *};

fn rng() -> StdRng {
    StdRng::seed_from_u64(12)
}

const WEIGHTS: [i64; 3] = [3, -7, 20];

/// The keys of a circuit with so many weights, each alone in a row.
fn keys_with(weights: usize, seed: u64) -> KeysOf<Registered> {
    let (w, one, p) = (INSTANCE, vec![(Fr::one(), 0)], INSTANCE + weights);
    let mut matrices = of_rows(&[[&[(1, p)], &[(1, 1)], &[(1, 3)]]], INSTANCE, [weights, 1, 0]);
    for i in 0..weights {
        matrices.abc[0].push(vec![(Fr::one(), w + i)]);
        matrices.abc[1].push(vec![]);
        matrices.abc[2].push(vec![]);
    }
    matrices.abc[0].push((0..weights).map(|i| (field(1 + i as i64), w + i)).collect());
    matrices.abc[1].push(one);
    matrices.abc[2].push(vec![(Fr::one(), p)]);
    setup(&matrices, table(), CONTENTS, &mut StdRng::seed_from_u64(seed)).unwrap()
}

/// A model's key, another one for all of its weights, and one for the last and the first.
fn keys() -> &'static [KeysOf<Registered>; 3] {
    static KEYS: OnceLock<[KeysOf<Registered>; 3]> = OnceLock::new();
    KEYS.get_or_init(|| [keys_with(3, 1), keys_with(3, 2), keys_with(2, 3)])
}

fn commit(key: usize, weights: &[i64]) -> WeightsOpening {
    let weights = weights.iter().map(|w| field(*w)).collect();
    keys()[key].proving.commit_weights(weights, &mut rng()).unwrap()
}

fn subset() -> Selection {
    Selection::new(3, vec![2, 0]).unwrap()
}

fn key_of(second: usize, selection: Selection) -> LinkProvingKey {
    link_setup(&keys()[0].proving, &keys()[second].proving, selection, &mut rng()).unwrap()
}

#[test]
fn the_same_weights_are_linked() {
    let first = commit(0, &WEIGHTS);
    for (key, second) in [
        (key_of(1, Selection::all(3)), commit(1, &WEIGHTS)),
        (key_of(1, Selection::new(3, vec![1, 2, 0]).unwrap()), commit(1, &[-7, 20, 3])),
        (key_of(2, subset()), commit(2, &[20, 3])),
    ] {
        let verifying = key.verifying();
        assert_eq!(verifying.provenance(), Provenance::SingleParty);
        assert_eq!(*verifying.selection(), key.selection().digest());
        let (d, e) = (first.commitment(), second.commitment());
        assert_eq!(verifying.keys(), &[*d.key(), *e.key()]);
        let link = key.link(&first, &second).unwrap();
        assert_eq!(verifying.verify(&link, d, e), Ok(()));
        // It says nothing of other commitments, in either place, nor of both exchanged.
        let other = commit(0, &[3, -7, 21]);
        assert_eq!(verifying.verify(&link, other.commitment(), e), Err(LinkError::Invalid));
        let shifted = |c: &WeightsCommitment, by: Fr| {
            WeightsCommitment::new(*c.key(), (c.point() + G1Affine::generator() * by).into_affine()).unwrap()
        };
        assert_eq!(verifying.verify(&link, &shifted(d, field(1)), e), Err(LinkError::Invalid));
        assert_eq!(verifying.verify(&link, d, &shifted(e, field(1))), Err(LinkError::Invalid));
        assert_eq!(verifying.verify(&link, &shifted(d, field(1)), &shifted(e, field(-1))), Err(LinkError::Invalid));
        let exchanged = verifying.verify(&link, e, d).unwrap_err();
        assert_eq!(exchanged, LinkError::Key(OtherKey { expected: *d.key(), found: *e.key() }));
        // Another point, and the same under another key.
        let moved = LinkProof::new(*link.key(), -link.point()).unwrap();
        assert_eq!(verifying.verify(&moved, d, e), Err(LinkError::Invalid));
        let foreign = LinkProof::new([7; 32], link.point()).unwrap();
        let expected = verifying.digest();
        assert_eq!(verifying.verify(&foreign, d, e), Err(LinkError::Link { expected, found: [7; 32] }));
    }
}

#[test]
fn other_weights_are_not_linked() {
    let key = key_of(2, subset());
    let first = commit(0, &WEIGHTS);
    for (second, index) in [([20, 4], 1), ([3, 20], 0), ([-7, 3], 0)] {
        assert_eq!(key.link(&first, &commit(2, &second)), Err(LinkError::Values { index }));
    }
    // An opening of another key, and one that does not open its commitment.
    let all = commit(1, &WEIGHTS);
    assert!(matches!(key.link(&first, &all), Err(LinkError::Key(_))));
    assert!(matches!(key.link(&all, &commit(2, &[20, 3])), Err(LinkError::Key(_))));
    let changed = reseal(&first.to_bytes(), Kind::WeightsOpening, |p| p[0] ^= 1);
    let changed = WeightsOpening::from_bytes(&changed).unwrap();
    assert_eq!(key.link(&changed, &commit(2, &[20, 3])), Err(LinkError::Malformed));
    let longer = reseal(&first.to_bytes(), Kind::WeightsOpening, |p| {
        p[64] = 4;
        p.extend([0; 32]);
    });
    let longer = WeightsOpening::from_bytes(&longer).unwrap();
    assert!(matches!(key.link(&longer, &commit(2, &[20, 3])), Err(LinkError::Length { expected: 3, found: 4, .. })));
}

#[test]
fn keys_of_links_are_of_two_setups_and_one_selection() {
    let [first, second, small] = keys();
    let setup_of = |a: &KeysOf<Registered>, b: &KeysOf<Registered>, selection: Selection| {
        link_setup(&a.proving, &b.proving, selection, &mut rng()).map(|_| ())
    };
    assert_eq!(setup_of(first, second, Selection::all(3)), Ok(()));
    assert!(matches!(setup_of(first, second, Selection::all(2)), Err(LinkError::Length { expected: 2, found: 3, .. })));
    assert!(matches!(setup_of(first, small, Selection::all(3)), Err(LinkError::Length { expected: 3, found: 2, .. })));
    assert!(matches!(setup_of(first, second, subset()), Err(LinkError::Length { expected: 2, found: 3, .. })));
    // A key and itself: their points span the same, and any two commitments would be linked.
    assert_eq!(setup_of(first, first, Selection::all(3)), Err(LinkError::Related));
    for (count, indices, found) in [(3, vec![0, 0], 0), (3, vec![3], 3), (0, vec![0], 0), (3, vec![1, 2, 1], 1)] {
        assert_eq!(Selection::new(count, indices), Err(LinkError::Selection { found, count }));
    }
    let digests = [
        Selection::all(3),
        Selection::all(2),
        Selection::new(3, vec![0, 1]).unwrap(),
        Selection::new(3, vec![1, 0]).unwrap(),
        Selection::new(3, vec![]).unwrap(),
    ]
    .map(|s| s.digest());
    assert!((0..5).all(|i| !digests[..i].contains(&digests[i])));
    // Points that show a ratio.
    let key = key_of(2, subset());
    let verifying = key.verifying();
    let new = |change: &dyn Fn(&mut engine::VerifyingKey)| {
        let mut points = verifying.points().clone();
        change(&mut points);
        let [keys, selection] = [verifying.keys(), &[*verifying.selection(); 2]];
        LinkVerifyingKey::new(Provenance::SingleParty, *keys, selection[0], points)
    };
    assert_eq!(new(&|_| ()).as_ref(), Ok(verifying));
    for error in [
        new(&|p| p.a_k[1] = p.a_k[0]),
        new(&|p| p.a_k[1] = -p.a_k[0]),
        new(&|p| p.a_k[0] = p.a),
        new(&|p| p.a_k[1] = -p.a),
        new(&|p| p.a_k[0] = G2Affine::generator()),
    ] {
        assert!(matches!(error, Err(LoadError::Point { fault: PointFault::Repeated, .. })), "{error:?}");
    }
    for error in [
        new(&|p| p.a = G2Affine::identity()),
        new(&|p| p.a_k[0] = G2Affine::identity()),
        new(&|p| p.a_k[1] = G2Affine::identity()),
    ] {
        assert!(matches!(error, Err(LoadError::Point { fault: PointFault::Zero, .. })), "{error:?}");
    }
    let stray = new(&|p| p.a_k[1] = super::outside_subgroup());
    assert!(matches!(stray, Err(LoadError::Point { fault: PointFault::Subgroup, .. })));
    // Each part is in the digest.
    let digest = verifying.digest();
    let points = verifying.points().clone();
    let [a, b] = *verifying.keys();
    for (keys, selection, points) in [
        ([b, a], *verifying.selection(), points.clone()),
        ([a, a], *verifying.selection(), points.clone()),
        ([a, b], [1; 32], points.clone()),
        ([a, b], *verifying.selection(), engine::VerifyingKey { a: -points.a, ..points.clone() }),
        ([a, b], *verifying.selection(), engine::VerifyingKey { a_k: [points.a_k[1], points.a_k[0]], ..points }),
    ] {
        assert_ne!(LinkVerifyingKey::new(Provenance::SingleParty, keys, selection, points).unwrap().digest(), digest);
    }
}

#[test]
fn files_come_back_the_same_and_damaged_ones_do_not() {
    let key = key_of(2, subset());
    let (first, second) = (commit(0, &WEIGHTS), commit(2, &[20, 3]));
    let link = key.link(&first, &second).unwrap();
    let again = LinkProvingKey::from_bytes(&key.to_bytes()).unwrap();
    assert_eq!(again, key);
    assert_eq!(again.link(&first, &second).unwrap(), link);
    assert_eq!(LinkVerifyingKey::from_bytes(&key.verifying().to_bytes()).unwrap(), *key.verifying());
    assert_eq!(LinkProof::from_bytes(&link.to_bytes()).unwrap(), link);
    let sizes = [link.to_bytes(), key.verifying().to_bytes(), key.to_bytes()].map(|bytes| bytes.len());
    assert_eq!(sizes, [111, 368, 441 + 3 * 64 + 2 * 8 + 79]);
    let folder = std::env::temp_dir().join(format!("zkml-link-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name);
    key.save(path("pk")).unwrap();
    key.verifying().save(path("vk")).unwrap();
    link.save(path("link")).unwrap();
    assert_eq!(LinkProvingKey::load(path("pk")).unwrap(), key);
    assert_eq!(LinkVerifyingKey::load(path("vk")).unwrap(), *key.verifying());
    assert_eq!(LinkProof::load(path("link")).unwrap(), link);
    let wrong = LinkProof::load(path("vk")).unwrap_err().to_string();
    assert_eq!(wrong, "the file holds a verifying key of links, expected a link");
    std::fs::remove_dir_all(&folder).unwrap();

    let damage = |bytes: &[u8], kind: Kind, fails: &dyn Fn(&[u8]) -> bool| {
        let length = file::read(bytes, kind).unwrap().1.len();
        assert!((0..bytes.len()).all(|end| fails(&bytes[..end])), "{kind}");
        assert!((0..length).all(|end| fails(&reseal(bytes, kind, |p| p.truncate(end)))), "{kind}");
        assert!(fails(&reseal(bytes, kind, |p| p.push(0))), "{kind}");
        length
    };
    damage(&link.to_bytes(), Kind::LinkProof, &|b| LinkProof::from_bytes(b).is_err());
    let verifying = key.verifying().to_bytes();
    let length = damage(&verifying, Kind::LinkVerifyingKey, &|b| LinkVerifyingKey::from_bytes(b).is_err());
    damage(&key.to_bytes(), Kind::LinkProvingKey, &|b| LinkProvingKey::from_bytes(b).is_err());
    // Whatever is changed of what the digest covers, the header has another; the provenance is not part of it.
    for at in 1..length {
        let changed = reseal(&verifying, Kind::LinkVerifyingKey, |p| p[at] ^= 1);
        assert!(LinkVerifyingKey::from_bytes(&changed).is_err(), "byte {at}");
    }
    let other = reseal(&verifying, Kind::LinkVerifyingKey, |p| p[1] ^= 1);
    assert!(matches!(LinkVerifyingKey::from_bytes(&other), Err(LoadError::Link { .. })));
    // The selection stands after the verifying key: another one, and one that is none.
    let selection = |change: &dyn Fn(&mut [u8])| {
        let changed = reseal(&key.to_bytes(), Kind::LinkProvingKey, |p| change(&mut p[length..]));
        LinkProvingKey::from_bytes(&changed).unwrap_err()
    };
    assert!(matches!(selection(&|p| p[16] = 1), LoadError::Link { .. }));
    assert_eq!(selection(&|p| p[16] = 0), LoadError::Selection { found: 0, count: 3 });
    assert_eq!(selection(&|p| p[16] = 3), LoadError::Selection { found: 3, count: 3 });
    assert!(matches!(selection(&|p| p[0] = 4), LoadError::Link { .. }));
    assert!(matches!(selection(&|p| p[8..16].fill(0xff)), LoadError::Truncated { .. }));
    // A list of points that is shorter.
    let shorter = reseal(&key.to_bytes(), Kind::LinkProvingKey, |p| {
        let at = length + 8 + 8 + 16 + 128;
        p[at] = 2;
        p.truncate(at + 8 + 128);
    });
    assert!(matches!(LinkProvingKey::from_bytes(&shorter), Err(LoadError::Length { expected: 3, found: 2, .. })));
    let zero = LinkProof::new([1; 32], G1Affine::identity());
    assert!(matches!(zero, Err(LoadError::Point { fault: PointFault::Zero, .. })));
    // A key of other points is no key: the link is verified before it is returned.
    let moved = reseal(&key.to_bytes(), Kind::LinkProvingKey, |p| {
        let at = length + 8 + 8 + 16 + 128 + 8;
        let (first, second) = p[at..at + 128].split_at_mut(64);
        first.swap_with_slice(second);
    });
    let moved = LinkProvingKey::from_bytes(&moved).unwrap();
    assert_eq!(moved.link(&first, &second), Err(LinkError::Malformed));
}

fn bases(pk: &ProvingPoints) -> Bases<'_> {
    Bases { points: &pk.k[0], delta: pk.deltas_g1[2] }
}

/// A linking key whose secrets are known.
fn known(k: [Fr; 2]) -> engine::ProvingKey {
    let [first, second, _] = keys();
    let secrets = Secrets { k, a: Fr::from(5u64) };
    engine::setup(bases(first.proving.pk()), bases(second.proving.pk()), &[0, 1, 2], &secrets).unwrap()
}

/// 35: who knows `k_1` and `k_2` links anything, and who knows their ratio moves both commitments of a pair.
#[test]
fn links_need_factors_that_nobody_knows() {
    let k = [Fr::rand(&mut rng()), Fr::from(9u64)];
    let key = known(k);
    let (first, same, other) = (commit(0, &WEIGHTS), commit(1, &WEIGHTS), commit(1, &[1, 1, 1]));
    let [d, e, f] = [&first, &same, &other].map(|opening| opening.commitment().point());
    let kappas = [first.kappa(), same.kappa()];
    let honest = engine::prove(&key, first.values(), kappas).unwrap();
    assert!(engine::holds(&key.vk, [d, e], honest) && !engine::holds(&key.vk, [d, f], honest));
    // The control: with both.
    let forged = |k: [Fr; 2]| (d * k[0] + f * k[1]).into_affine();
    assert!(engine::holds(&key.vk, [d, f], forged(k)));
    // Without: what can be made of points that are public, and factors that are not these.
    for guess in [[Fr::one(), k[1]], [k[0], Fr::one()], [k[1], k[0]]] {
        assert!(!engine::holds(&key.vk, [d, f], forged(guess)));
    }
    for values in [first.values(), other.values()] {
        for kappas in [[first.kappa(), other.kappa()], kappas] {
            let pi = engine::prove(&key, values, kappas).unwrap();
            assert!(!engine::holds(&key.vk, [d, f], pi));
        }
    }
    // The ratio alone: of a link that holds, one of commitments that are moved apart.
    let attack = |ratio: Fr, key: &engine::ProvingKey| {
        let pi = engine::prove(key, first.values(), kappas).unwrap();
        let by = G1Affine::generator() * Fr::from(1000u64);
        engine::holds(&key.vk, [(d + by).into_affine(), (e - by * ratio).into_affine()], pi)
    };
    let ratio = Fr::from(7u64);
    assert!(attack(ratio, &known([k[1] * ratio, k[1]])));
    for guess in [Fr::one(), ratio, -ratio] {
        assert!(!attack(guess, &key));
    }
    // Ratios that anybody would try are refused.
    let [a, b, _] = keys();
    for k in [[k[0], k[0]], [k[0], -k[0]], [Fr::one(), k[1]], [k[0], -Fr::one()]] {
        let secrets = Secrets { k, a: Fr::from(5u64) };
        assert!(engine::setup(bases(a.proving.pk()), bases(b.proving.pk()), &[0, 1, 2], &secrets).is_err());
    }
}

/// 36: under a key with another selection, weights that are exchanged are linked; that is another key, by its digest
/// and its secrets.
#[test]
fn a_link_is_for_one_selection() {
    let (first, exchanged) = (commit(0, &WEIGHTS), commit(1, &[-7, 3, 20]));
    let (d, e) = (first.commitment(), exchanged.commitment());
    let swapped = Selection::new(3, vec![1, 0, 2]).unwrap();
    let [wrong, twin] = [swapped.clone(), Selection::all(3)].map(|selection| key_of(1, selection));
    let [one, other] = [0, 1].map(|i| &keys()[i].proving);
    let right = link_setup(one, other, Selection::all(3), &mut StdRng::seed_from_u64(13)).unwrap();
    // The control.
    let link = wrong.link(&first, &exchanged).unwrap();
    assert_eq!(wrong.verifying().verify(&link, d, e), Ok(()));
    let (expected, found) = (right.verifying().digest(), wrong.verifying().digest());
    assert_eq!(right.verifying().verify(&link, d, e), Err(LinkError::Link { expected, found }));
    let relabelled = |key: &LinkProvingKey| LinkProof::new(key.verifying().digest(), link.point()).unwrap();
    assert_eq!(right.verifying().verify(&relabelled(&right), d, e), Err(LinkError::Invalid));
    assert_eq!(right.link(&first, &exchanged), Err(LinkError::Values { index: 0 }));
    // Why secrets are drawn anew for each key: the equation knows of the selection by the key's points alone. Of two
    // keys with the same secrets (as here, of randomness that comes twice) a link of one is, under another digest, a
    // link of the other.
    assert_ne!(twin.verifying().digest(), wrong.verifying().digest());
    assert_eq!(twin.verifying().points(), wrong.verifying().points());
    assert_eq!(twin.verifying().verify(&relabelled(&twin), d, e), Ok(()));
    // The verifier compares the selection that it expects.
    assert_ne!(*wrong.verifying().selection(), Selection::all(3).digest());
    assert_eq!(*wrong.verifying().selection(), swapped.digest());
}

/// 37: commitments with a part that is none of the weights' are linked only if the key has that part times `k_1`.
#[test]
fn a_key_of_links_has_nothing_but_what_it_needs() {
    let k = [Fr::rand(&mut rng()), Fr::from(9u64)];
    let key = known(k);
    let (first, second) = (commit(0, &WEIGHTS), commit(1, &WEIGHTS));
    let pi = engine::prove(&key, first.values(), [first.kappa(), second.kappa()]).unwrap();
    let pk = keys()[0].proving.pk();
    let e = second.commitment().point();
    let s = Fr::from(3u64);
    for stray in [pk.vk.alpha_g1, pk.a[1], pk.deltas_g1[0], pk.deltas_g1[1], pk.k[1][0], pk.h[0]] {
        let d = (first.commitment().point() + stray * s).into_affine();
        assert!(!engine::holds(&key.vk, [d, e], pi));
        // The control: with `[k_1 alpha]`, say, it would be linked.
        let published = (stray * k[0]).into_affine();
        assert!(engine::holds(&key.vk, [d, e], (pi + published * s).into_affine()));
    }
    // What is there moves a commitment by what is known: of values, or of what hides them. It stays one that its owner
    // can open.
    let shifted = (first.commitment().point() + pk.k[0][1] * s + pk.deltas_g1[2] * s).into_affine();
    let e = (G1Projective::from(e) + keys()[1].proving.pk().k[0][1] * s).into_affine();
    let pi = (pi + key.points[1] * s + key.deltas[0] * s).into_affine();
    assert!(engine::holds(&key.vk, [shifted, e], pi));
}

/// Keys with a delta in common: of a link that holds anybody makes one of commitments that nobody can open.
#[test]
fn keys_with_common_deltas_are_not_linked() {
    let [first, second, _] = keys();
    let (pk, other) = (first.proving.pk(), second.proving.pk());
    let k = [Fr::rand(&mut rng()), Fr::from(9u64)];
    let attack = |other: Bases<'_>| {
        let secrets = Secrets { k, a: Fr::from(5u64) };
        let key = engine::setup(bases(pk), other, &[0, 1, 2], &secrets).unwrap();
        let [kappa, kappa2] = [3u64, 4].map(Fr::from);
        let values = WEIGHTS.map(field);
        let commit = |bases: Bases<'_>, kappa: Fr| -> G1Projective {
            bases.points.iter().zip(&values).map(|(p, w)| *p * w).sum::<G1Projective>() + bases.delta * kappa
        };
        let (d, e) = (commit(bases(pk), kappa), commit(other, kappa2));
        let pi = engine::prove(&key, &values, [kappa, kappa2]).unwrap();
        assert!(engine::holds(&key.vk, [d.into_affine(), e.into_affine()], pi));
        // `k_1 (k_2 delta') = k_2 (k_1 delta)` if the deltas are the same: from here on nothing but what is public.
        engine::holds(&key.vk, [(d + key.deltas[1]).into_affine(), (e - key.deltas[0]).into_affine()], pi)
    };
    assert!(attack(bases(pk)));
    assert!(attack(Bases { delta: pk.deltas_g1[2], ..bases(other) }));
    assert!(!attack(bases(other)));
    let related = |second: &ProvingKeyOf<Registered>| {
        link_setup(&first.proving, second, Selection::all(3), &mut rng()).map(|_| ())
    };
    assert_eq!(related(&first.proving), Err(LinkError::Related));
    assert_eq!(related(&second.proving), Ok(()));
}
