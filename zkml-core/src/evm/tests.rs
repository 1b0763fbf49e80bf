//! Keys, proofs and calls as words, and everything that may be wrong with them.

use std::sync::OnceLock;

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, PrimeField};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::{
    number::{Int, field::to_field},
    prove::{
        Digest, Fr, Groth16, Keys, Matrices, PointFault, Proof, Provenance, PublicKind, PublicTable, Registered,
        TwoPhase, VerifyingKey, VerifyingKeyOf, WeightsCommitment, hex,
        phased::{Points, Registration, VerifyingPoints},
        prove, setup, transcript,
    },
    shape::Shape,
};

const CONTENTS: Digest = Digest([9; 32]);

fn table() -> PublicTable {
    let kind = |lo: i64, hi: i64| PublicKind::Tensor {
        shape: Shape::new([2]),
        scale: 2,
        lo: Int::from(lo),
        hi: Int::from(hi),
    };
    PublicTable::new([
        ("weights".to_owned(), 0, PublicKind::Commitment),
        ("input".to_owned(), 0, kind(-8, 7)),
        ("challenge".to_owned(), 0, PublicKind::Element),
        ("output".to_owned(), 0, PublicKind::Class { classes: 10 }),
    ])
    .unwrap()
}

/// `a * b = commitment`, with five public inputs and two witnesses.
fn matrices() -> Matrices {
    let one = |column| vec![vec![(Fr::from(1), column)]];
    Matrices { abc: [one(6), one(7), one(1)], instance: 6, witness: 2, ..Matrices::default() }
}

const VALUES: [i64; 8] = [1, -21, -3, 7, 1 << 40, 4, 3, -7];

fn made() -> &'static (Keys, Proof) {
    static MADE: OnceLock<(Keys, Proof)> = OnceLock::new();
    MADE.get_or_init(|| {
        let rng = &mut StdRng::seed_from_u64(3);
        let keys = setup::<Groth16>(&matrices(), table(), CONTENTS, rng).unwrap();
        let z = VALUES.map(|q| to_field(Int::from(q)));
        let proof = prove(&keys.proving, &matrices(), keys.verifying.digest(), &z, rng).unwrap();
        keys.verifying.verify(&proof).unwrap();
        (keys, proof)
    })
}

fn key() -> &'static VerifyingKey {
    &made().0.verifying
}

fn call() -> Call {
    Call::from(&made().1)
}

fn keyed() -> KeyedCall {
    KeyedCall::new(EvmKey::new(key()).unwrap(), call()).unwrap()
}

/// A point of the twist that is not in the subgroup of prime order.
fn outside() -> G2Affine {
    (1u64..)
        .find_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::new(Fq::from(x), Fq::from(1)), false))
        .filter(|p| p.is_on_curve() && !p.is_in_correct_subgroup_assuming_on_curve())
        .unwrap()
}

fn plus<F: PrimeField>(word: &Word) -> Option<Word> {
    let mut limbs = ark_ff::BigInt::<4>::new([0; 4]);
    for (limb, bytes) in limbs.0.iter_mut().rev().zip(word.chunks_exact(8)) {
        *limb = u64::from_be_bytes(bytes.try_into().unwrap());
    }
    let modulus: [u64; 4] = F::MODULUS.as_ref().try_into().unwrap();
    let overflow = limbs.add_with_carry(&ark_ff::BigInt(modulus));
    let bytes = limbs.to_bytes_be();
    (!overflow).then(|| bytes.try_into().unwrap())
}

#[test]
fn a_key_is_its_words_and_comes_back() {
    let words = EvmKey::new(key()).unwrap();
    assert_eq!((words.as_bytes().len(), words.inputs()), (832, 5));
    assert_eq!(words.hash(), keccak256(words.as_bytes()));
    let read = EvmKey::from_bytes(words.as_bytes()).unwrap();
    assert_eq!(&read.verifying_key(CONTENTS, Provenance::SingleParty, table()).unwrap(), key());
    let other = PublicTable::new([("x".to_owned(), 0, PublicKind::Element)]).unwrap();
    let error = read.verifying_key(CONTENTS, Provenance::SingleParty, other).unwrap_err();
    assert_eq!(error.to_string(), "the verifying key has 6 elements, expected 2");
    // Each point is where the layout says: imaginary parts first.
    let vk = key().vk();
    let at = |i: usize| word::to_field::<Fq>(words.as_bytes()[32 * i..32 * (i + 1)].try_into().unwrap()).unwrap();
    assert_eq!((at(0), at(1)), (vk.alpha_g1.x, vk.alpha_g1.y));
    assert_eq!([2, 3, 4, 5].map(at), [vk.beta_g2.x.c1, vk.beta_g2.x.c0, vk.beta_g2.y.c1, vk.beta_g2.y.c0]);
    assert_eq!((at(6), at(10)), (vk.gamma_g2.x.c1, vk.deltas_g2[0].x.c1));
    assert_eq!((at(14), at(24)), (vk.ic[0].x, vk.ic[5].x));
}

#[test]
fn keys_that_are_none_are_refused() {
    let bytes = EvmKey::new(key()).unwrap().as_bytes().to_vec();
    for end in 0..bytes.len() {
        let whole = end >= 576 && (end - 512) % 64 == 0;
        assert_eq!(EvmKey::from_bytes(&bytes[..end]).is_ok(), whole, "{end} bytes");
    }
    let inputs = |found| Err(EvmError::Inputs { found, max: EvmKey::MAX_INPUTS });
    assert_eq!(EvmKey::from_bytes(&bytes[..512]), inputs(0));
    let long = [&bytes[..], &bytes[448..512].repeat(1020)].concat();
    assert_eq!(EvmKey::from_bytes(&long), inputs(1025));
    assert_eq!(EvmKey::from_bytes(&long[..long.len() - 64]).unwrap().inputs(), 1024);
    let nothing = setup::<Groth16>(
        &Matrices {
            abc: matrices().abc.map(|_| vec![vec![(Fr::from(1), 0)]]),
            instance: 1,
            witness: 1,
            ..Matrices::default()
        },
        PublicTable::default(),
        CONTENTS,
        &mut StdRng::seed_from_u64(4),
    );
    assert_eq!(EvmKey::new(&nothing.unwrap().verifying), inputs(0));
    // A point off its curve, wherever a bit is flipped; one that has another name; one that is zero.
    for (i, words) in bytes.chunks_exact(32).enumerate() {
        let with = |word: &[u8]| [&bytes[..32 * i], word, &bytes[32 * (i + 1)..]].concat();
        let mut flipped = words.to_vec();
        flipped[31] ^= 1;
        let fault = EvmKey::from_bytes(&with(&flipped)).unwrap_err();
        assert!(matches!(fault, EvmError::Point { fault: PointFault::Curve, .. }), "{fault}");
        let fault = EvmKey::from_bytes(&with(&plus::<Fq>(words.try_into().unwrap()).unwrap())).unwrap_err();
        assert!(matches!(fault, EvmError::Point { fault: PointFault::Encoding, .. }), "{fault}");
    }
    for (from, to) in [(0, 64), (64, 192), (192, 320), (320, 448), (448, 512), (768, 832)] {
        let mut zero = bytes.clone();
        zero[from..to].fill(0);
        let fault = EvmKey::from_bytes(&zero).unwrap_err();
        assert!(matches!(fault, EvmError::Point { fault: PointFault::Zero, .. }), "{fault}");
    }
    let mut other = bytes;
    other[64..192].copy_from_slice(word::of_g2(&outside()).as_flattened());
    let expected = EvmError::Point { what: "beta, gamma and delta in G2", index: 0, fault: PointFault::Subgroup };
    assert_eq!(EvmKey::from_bytes(&other), Err(expected));
}

#[test]
fn a_call_says_what_was_proved() {
    let calldata = call().encode();
    assert_eq!(calldata.len(), 4 + 32 * 13);
    assert_eq!(calldata[..4], word::selector("verify(uint256[5],uint256[8])"));
    let read = Call::decode(&calldata, key().table()).unwrap();
    assert_eq!(read, call());
    assert_eq!(key().verify(&read.proof_for(key())), Ok(read.statement(key().table()).unwrap()));
    let statement = read.statement(key().table()).unwrap();
    assert_eq!(statement.class(0), Some(4));
    assert_eq!(statement.tensor("input", 0).unwrap().data(), [-0.75, 1.75]);
    assert_eq!(statement.commitment("weights"), Some(-Fr::from(21)));

    let calldata = keyed().encode();
    assert_eq!(calldata.len(), 4 + 320 + 32 + 832 + 32 + 160);
    assert_eq!(calldata[..4], word::selector("verify(bytes,uint256[],uint256[8])"));
    let read = KeyedCall::decode(&calldata).unwrap();
    assert_eq!(read, keyed());
    assert_eq!(read.statement(key()), Ok(statement));
}

#[test]
fn a_call_has_one_encoding() {
    let (plain, keyed) = (call().encode(), keyed().encode());
    let table = key().table();
    for end in 0..plain.len() {
        let error = Call::decode(&plain[..end], table).unwrap_err();
        assert!(matches!(error, EvmError::Length { found, .. } if found == end), "{error}");
    }
    for end in 0..keyed.len() {
        let error = KeyedCall::decode(&keyed[..end]).unwrap_err();
        assert!(matches!(error, EvmError::Length { found, .. } if found == end), "{error}");
    }
    for more in [1, 31, 32, 64, 96] {
        assert!(matches!(
            Call::decode(&[&plain[..], &vec![0; more]].concat(), table),
            Err(EvmError::Length { expected: 420, .. })
        ));
        assert!(matches!(
            KeyedCall::decode(&[&keyed[..], &vec![0; more]].concat()),
            Err(EvmError::Length { expected: 1380, .. })
        ));
    }
    // Another number of inputs is another function.
    let other = PublicTable::new([("x".to_owned(), 0, PublicKind::Element)]).unwrap();
    let error = Call::decode(&plain, &other).unwrap_err();
    assert!(error.to_string().ends_with("of `verify(uint256[1],uint256[8])`"), "{error}");
    assert!(matches!(KeyedCall::decode(&plain), Err(EvmError::Selector { .. })));
    // What is decoded after a change is what was changed: nothing in a call is ignored.
    for at in 0..plain.len() {
        let mut changed = plain.clone();
        changed[at] ^= 1;
        if let Ok(read) = Call::decode(&changed, table) {
            assert_eq!(read.encode(), changed);
            assert!(key().verify(&read.proof_for(key())).is_err(), "byte {at}");
        }
    }
    for at in (0..keyed.len()).filter(|at| !(356..1188).contains(at) || at % 32 == 3) {
        let mut changed = keyed.clone();
        changed[at] ^= 1;
        if let Ok(read) = KeyedCall::decode(&changed) {
            assert_eq!(read.encode(), changed);
            assert!(read.statement(key()).is_err() || key().verify(&read.call.proof_for(key())).is_err(), "byte {at}");
        }
    }
}

#[test]
fn places_and_lengths_are_those_that_are_written() {
    let honest = keyed().encode();
    let with = |i: usize, number: u64| {
        let mut changed = honest.clone();
        changed[4 + 32 * i..36 + 32 * i].copy_from_slice(&word::of_int(number));
        KeyedCall::decode(&changed).unwrap_err()
    };
    let expect = |error: EvmError, name: &str, number: usize| match error {
        EvmError::Head { what, expected, .. } => assert_eq!((what, expected), (name, number)),
        other => panic!("{other}"),
    };
    expect(with(0, 352), "the place of the key", 320);
    expect(with(1, 320), "the place of the public inputs", 1184);
    expect(with(10, 833), "the length of the key", 832);
    expect(with(10, 512), "the length of the key", 576);
    expect(with(10, 1 << 63), "the length of the key", 576);
    expect(with(10, 448 + 64 * 1026), "the length of the key", 448 + 64 * 1025);
    expect(with(10, 896), "the place of the public inputs", 1248);
    expect(with(37, 4), "the number of public inputs", 5);
    let fewer = Call { inputs: call().inputs[1..].to_vec(), ..call() };
    let error = KeyedCall::new(EvmKey::new(key()).unwrap(), fewer).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the call is for another key: its number of public inputs is not that of the verifying key"
    );
}

#[test]
fn words_above_the_modulus_and_points_outside_are_refused() {
    let (inputs, proof) = (call().input_words(), call().proof_words());
    for index in 0..5 {
        let mut aliased = inputs.clone();
        aliased[index] = plus::<Fr>(&inputs[index]).unwrap();
        assert_eq!(Call::from_words(&aliased, &proof), Err(EvmError::Modulus { index }));
    }
    for index in 0..8 {
        let mut changed = proof;
        changed[index] = plus::<Fq>(&proof[index]).unwrap();
        let fault = Call::from_words(&inputs, &changed).unwrap_err();
        assert!(matches!(fault, EvmError::Point { fault: PointFault::Encoding, .. }), "{fault}");
        changed[index] = proof[index];
        changed[index][31] ^= 1;
        let fault = Call::from_words(&inputs, &changed).unwrap_err();
        assert!(matches!(fault, EvmError::Point { fault: PointFault::Curve, .. }), "{fault}");
    }
    let mut changed = proof;
    changed[2..6].copy_from_slice(&word::of_g2(&outside()));
    let expected = EvmError::Point { what: "the proof's B", index: 0, fault: PointFault::Subgroup };
    assert_eq!(Call::from_words(&inputs, &changed), Err(expected));
    // Zeros are the point at infinity, which is in every group: the equation refuses it.
    for range in [0..2, 2..6, 6..8] {
        let mut changed = proof;
        changed[range].fill([0; 32]);
        let read = Call::from_words(&inputs, &changed).unwrap();
        assert_eq!(read.proof_words(), changed);
        assert!(key().verify(&read.proof_for(key())).is_err());
    }
    // A number that is no class, and one out of its range.
    for (index, value) in [(4, 10), (1, 8), (2, -9)] {
        let mut call = call();
        call.inputs[index] = to_field(Int::from(value));
        assert!(matches!(call.statement(key().table()), Err(EvmError::Decode(_))));
    }
}

#[test]
fn a_source_says_what_its_key_is_of() {
    let source = solidity::verifier("Irises", key()).unwrap();
    let words = EvmKey::new(key()).unwrap();
    for line in [
        format!("// Circuit {}", key().digest()),
        "// Key: made by a single party. WHOEVER RAN THE SETUP CAN FORGE PROOFS that this contract takes.".to_owned(),
        "//   [0] weights of item 0: commitment to private values".to_owned(),
        "//   [1..2] input of item 0: tensor [2] of integers q, -8 to 7, that stand for q / 2^2".to_owned(),
        "//   [3] challenge of item 0: field element".to_owned(),
        "//   [4] output of item 0: class, 0 to 9".to_owned(),
        "contract Irises {".to_owned(),
        format!("    bytes32 public constant KEY_HASH = 0x{};", hex(&words.hash())),
        format!("    bytes private constant KEY = hex\"{}\";", hex(words.as_bytes())),
    ] {
        assert_eq!(source.lines().filter(|l| *l == line).count(), 1, "{line} in\n{source}");
    }
    assert!(!source.contains("{{") && !source.contains("}}\n\n\n") && source.starts_with(solidity::GROTH16));
    let ceremony = words.verifying_key(CONTENTS, Provenance::Transcript(Digest([0xab; 32])), table()).unwrap();
    let source = solidity::verifier("Irises", &ceremony).unwrap();
    assert!(source.contains(&format!("SHA-256 {}.", "ab".repeat(32))) && !source.contains("FORGE"));
}

#[test]
fn names_cannot_become_code() {
    for name in ["A", "Verifier", "Groth16Verifier", "A_1", &"V".repeat(64)] {
        assert!(solidity::verifier(name, key()).unwrap().contains(&format!("\ncontract {name} {{\n")), "{name}");
    }
    for name in [
        "",
        "a",
        "1A",
        "_A",
        "A b",
        "A-b",
        "A{}",
        "A\n",
        "Ä",
        "Groth16",
        "KEY",
        "KEY_HASH",
        "CalldataLength",
        &"V".repeat(65),
    ] {
        assert!(matches!(solidity::verifier(name, key()), Err(EvmError::Name { .. })), "{name}");
    }
    // Names of a table come from a file: no letter of theirs ends the comment.
    let evil = ["x\ncontract Evil {}", "x\rfoo", "x\u{2028}y", "x\u{85}y", "\u{202e}x", "x */ y", "{{key}}"];
    for name in evil {
        let rows = (0..5).map(|i| (format!("{name}{i}"), 0, PublicKind::Element));
        let words = EvmKey::new(key()).unwrap();
        let table = PublicTable::new(rows).unwrap();
        let key = words.verifying_key(CONTENTS, Provenance::SingleParty, table).unwrap();
        let source = solidity::verifier("Verifier", &key).unwrap();
        assert!(source.is_ascii() && !source.contains('\r') && !source.contains("\ncontract Evil"));
        assert_eq!(source.lines().count(), solidity::verifier("Verifier", self::key()).unwrap().lines().count() + 1);
        assert_eq!(source.matches(&hex(words.as_bytes())).count(), 1);
    }
}

#[test]
fn contracts_have_room_for_so_many_inputs() {
    let bytes = EvmKey::new(key()).unwrap().as_bytes().to_vec();
    let of = |inputs: usize| {
        let long = [&bytes[..512], &bytes[512..576].repeat(inputs)].concat();
        let rows = (0..inputs).map(|i| (format!("x{i}"), 0, PublicKind::Element));
        let table = PublicTable::new(rows).unwrap();
        let key = EvmKey::from_bytes(&long).unwrap().verifying_key(CONTENTS, Provenance::SingleParty, table).unwrap();
        solidity::verifier("Verifier", &key)
    };
    assert!(of(solidity::MAX_INPUTS).is_ok());
    let found = solidity::MAX_INPUTS + 1;
    assert_eq!(of(found), Err(EvmError::Inputs { found, max: solidity::MAX_INPUTS }));
}

#[test]
fn the_bytecode_is_hexadecimal() {
    let text = include_str!("solidity/Groth16Verifier.bin");
    assert_eq!(format!("{}\n", hex(&solidity::generic_bytecode())), text);
}

/// As the contracts compute them: `tests/evm` holds that.
#[test]
fn contexts_and_challenges_are_what_they_were() {
    let ctx = bounty_context(31337, &[0x11; 20], &[0x22; 20], &[0x33; 20]);
    let mut tag = [0; 32];
    tag[..18].copy_from_slice(b"zkml bounty data 1");
    let m: Vec<Fr> = (1..=7u64).map(|i| Fr::from(i * i) - Fr::from(9)).collect();
    let z = challenge(&tag, ctx, Fr::from(5), -Fr::from(6), &m);
    let found = [ctx, z, combine(z, &m)].map(|x| hex(&word::of_field(x)));
    assert_eq!(
        found,
        [
            "086f22111984f14ff4645e9cfe2149a9fc0981cfccd72d0cd9218b54ec592d56",
            "0cb3d2a502fd860535794c7c816f97d99643ea567241181003049704084892bb",
            "12420cfae00dcff217da357dfc22e423616ccc43f7ba54e6970915f2f4fd98b6",
        ]
    );
    assert_eq!(combine(z, &[]), Fr::from(0));
}

/// ASCII to the left, zeros to the right: `tests/evm` holds that these are the contract's.
#[cfg(feature = "bounty")]
#[test]
fn tags_are_words() {
    use crate::bounty::message::Tag;

    for (tag, name) in [(Tag::Data, b"zkml bounty data 1".as_slice()), (Tag::Delivery, b"zkml bounty delivery 1")] {
        let word = tag.word();
        assert_eq!((&word[..name.len()], &word[name.len()..]), (name, &vec![0; 32 - name.len()][..]));
    }
}

/// A key of small multiples of the generators.
fn fixed<const PHASES: usize>(ic: u64) -> VerifyingPoints {
    let g1 = |k: u64| (G1Affine::generator() * Fr::from(k)).into_affine();
    let g2 = |k: u64| (G2Affine::generator() * Fr::from(k)).into_affine();
    VerifyingPoints {
        alpha_g1: g1(7),
        beta_g2: g2(2),
        gamma_g2: g2(3),
        deltas_g2: [5, 11, 13].into_iter().take(PHASES).map(g2).collect(),
        ic: (0..ic).map(|i| g1(17 + i)).collect(),
    }
}

/// Contracts that are deployed are compared with what is generated.
#[test]
fn the_source_of_a_contract_for_a_key_is_what_it_was() {
    let key = VerifyingKey::new(CONTENTS, Provenance::SingleParty, table(), fixed::<1>(6)).unwrap();
    let source = solidity::verifier("Irises", &key).unwrap();
    let sha256 = hex(&Sha256::digest(source.as_bytes()));
    assert_eq!(sha256, "3d89b51f02909f2f9948b7124756aacc01b2093c73a3a0129d1fae1ea90daafd");
}

/// Keys of several phases, and calls with ten words.
fn words_of<S: EvmSystem>(ic: u64, least: usize, points: VerifyingPoints) -> EvmKeyOf<S> {
    let key = VerifyingKeyOf::<S>::new(CONTENTS, Provenance::SingleParty, table(), points).unwrap();
    let words = EvmKeyOf::new(&key).unwrap();
    let bytes = words.as_bytes();
    assert_eq!((bytes.len(), words.inputs()), (least + 64 * 5, 5));
    assert_eq!(bytes.len(), EvmKeyOf::<S>::FIXED + 64 * ic as usize);
    let read = EvmKeyOf::<S>::from_bytes(bytes).unwrap();
    assert_eq!((&read, read.hash()), (&words, words.hash()));
    assert_eq!(read.verifying_key(CONTENTS, Provenance::SingleParty, table()).unwrap(), key);
    for end in 0..bytes.len() {
        let read = EvmKeyOf::<S>::from_bytes(&bytes[..end]);
        assert_eq!(read.is_ok(), end > least && (end - least).is_multiple_of(64), "{end} bytes");
    }
    let error = EvmKeyOf::<S>::from_bytes(&bytes[..least - 1]).unwrap_err();
    let expected = format!("a key of n public inputs has {least} + 64 n bytes with n at least 1, found {}", least - 1);
    assert_eq!(error.to_string(), expected);
    assert_eq!(
        EvmKeyOf::<S>::from_bytes(&bytes[..least]),
        Err(EvmError::Inputs { found: 0, max: EvmKeyOf::<S>::MAX_INPUTS })
    );
    // Deltas that are equal, or that of gamma: anything could be proved.
    for from in [192, 320] {
        let mut equal = bytes.to_vec();
        let delta = bytes[from..from + 128].to_vec();
        equal[448..576].copy_from_slice(&delta);
        let fault = EvmKeyOf::<S>::from_bytes(&equal).unwrap_err();
        assert!(matches!(fault, EvmError::Point { fault: PointFault::Repeated, .. }), "{fault}");
    }

    let g1 = |k: u64| (G1Affine::generator() * Fr::from(k)).into_affine();
    let b = (G2Affine::generator() * Fr::from(7)).into_affine();
    let proof = Points { a: g1(5), b, c: g1(6), commitments: vec![g1(8)] };
    let call = CallOf::<S> { inputs: VALUES[1..6].iter().map(|q| to_field(Int::from(*q))).collect(), proof };
    assert_eq!(call.proof_words().as_ref().len(), 10);
    assert_eq!(call.proof_words().as_ref()[8..], word::of_g1(&g1(8)));
    let plain = call.encode();
    assert_eq!(plain[..4], word::selector("verify(uint256[5],uint256[10])"));
    assert_eq!(CallOf::<S>::decode(&plain, &table()), Ok(call.clone()));
    let keyed = KeyedCallOf::new(words.clone(), call.clone()).unwrap();
    let calldata = keyed.encode();
    assert_eq!(calldata[..4], word::selector("verify(bytes,uint256[],uint256[10])"));
    assert_eq!(KeyedCallOf::<S>::decode(&calldata), Ok(keyed.clone()));
    assert_eq!(keyed.statement(&key), call.statement(&table()));
    for end in 0..calldata.len() {
        assert!(
            matches!(KeyedCallOf::<S>::decode(&calldata[..end]), Err(EvmError::Length { found, .. }) if found == end)
        );
    }
    assert!(KeyedCallOf::<S>::decode(&[&calldata[..], &[0; 32]].concat()).is_err());
    for end in 0..plain.len() {
        assert!(
            matches!(CallOf::<S>::decode(&plain[..end], &table()), Err(EvmError::Length { found, .. }) if found == end)
        );
    }
    for at in 0..10 {
        let (mut aliased, mut off) = (plain.clone(), plain.clone());
        let place = 4 + 32 * (5 + at);
        let word: Word = plain[place..place + 32].try_into().unwrap();
        aliased[place..place + 32].copy_from_slice(&plus::<Fq>(&word).unwrap());
        off[place + 31] ^= 1;
        for (changed, expected) in [(aliased, PointFault::Encoding), (off, PointFault::Curve)] {
            let error = CallOf::<S>::decode(&changed, &table()).unwrap_err();
            assert!(matches!(error, EvmError::Point { fault, .. } if fault == expected), "{error}");
        }
    }
    // A call of the contract of Groth16, and a commitment too many or none.
    assert!(matches!(Call::decode(&plain, &table()), Err(EvmError::Selector { .. })));
    for commitments in [vec![], vec![g1(8); 2]] {
        let call = CallOf::<S> { proof: Points { commitments, ..call.proof.clone() }, ..call.clone() };
        assert_eq!(call.proof_words().as_ref()[8..], [[0; 32]; 2]);
    }
    words
}

#[test]
fn keys_and_calls_of_several_phases_are_their_words() {
    let points = fixed::<2>(7);
    let words = words_of::<TwoPhase>(7, 704, points.clone());
    assert_eq!(words.hash(), keccak256(words.as_bytes()));
    assert_eq!(words.hash(), transcript::key_digest(&points));
    let points = fixed::<3>(7);
    let words = words_of::<Registered>(7, 832, points.clone());
    assert_eq!(words.hash(), WeightsCommitment::key_digest(&points));
    let key = words.verifying_key(CONTENTS, Provenance::SingleParty, table()).unwrap();
    assert_eq!(words.hash(), key.key_digest());

    // What is registered is so under this key, and is written into the contract.
    let point = (G1Affine::generator() * Fr::from(19)).into_affine();
    let weights = WeightsCommitment::new(words.hash(), point).unwrap();
    let source = solidity::registered_verifier("Irises", &key, &weights).unwrap();
    let [x, y] = word::of_g1(&point).map(|word| hex(&word));
    for line in [
        format!("    bytes32 public constant KEY_HASH = 0x{};", hex(&words.hash())),
        format!("    uint256 public constant WEIGHTS_X = 0x{x};"),
        format!("    uint256 public constant WEIGHTS_Y = 0x{y};"),
        "// Key: made by a single party. WHOEVER RAN THE SETUP CAN FORGE PROOFS that this contract takes.".to_owned(),
    ] {
        assert_eq!(source.lines().filter(|l| *l == line).count(), 1, "{line} in\n{source}");
    }
    let code = solidity::registered_bytecode(&key, &weights).unwrap();
    assert_eq!(code[code.len() - 96..], *[words.hash(), word::of_g1(&point)[0], word::of_g1(&point)[1]].as_flattened());
    let other = WeightsCommitment::new([1; 32], point).unwrap();
    assert!(matches!(solidity::registered_verifier("Irises", &key, &other), Err(EvmError::Registered(_))));
    assert!(matches!(solidity::registered_bytecode(&key, &other), Err(EvmError::Registered(_))));
}
