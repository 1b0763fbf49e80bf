//! What the contract refuses, and what it is never asked: each way to cheat.

use rand::rngs::OsRng;
use zkml_core::prove::ProvingKey;

use super::*;
use crate::{
    Error, Part,
    abi::IBounty,
    calls::{Maker, Source},
    field::to_u256,
};

/// p, the modulus of the scalar field.
const P: U256 = U256::from_limbs([0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029]);

fn refused(result: Result<crate::Receipt, Error>, with: &str) {
    match result {
        Err(Error::Refused { reason, .. }) if reason.contains(with) => {}
        other => panic!("found {other:?}, expected {with}"),
    }
}

/// A bounty with data shown, and two hunters that committed.
fn revealed(world: &World, threshold: u32) -> (Host, Hunter, Hunter) {
    let mut host = world.host(None);
    let offer = Offer { threshold, ..world.offer() };
    host.create(&offer).unwrap();
    let bounty = host.bounty().unwrap();
    let (mut one, mut other) = (world.hunter(2, bounty, 2), world.hunter(3, bounty, 1));
    one.commit().unwrap();
    other.commit().unwrap();
    world.pass(offer.commit_until);
    host.reveal().unwrap();
    (host, one, other)
}

fn proving(part: Part) -> ProvingKey {
    package().proving(part, &published().0).unwrap()
}

/// The accuracy of a chunk, proven by a hunter for itself.
fn accuracy(hunter: &mut Hunter, key: &ProvingKey, chunk: usize) -> IBounty::proveAccuracyCall {
    let account = hunter.chain().account();
    hunter.fetch().unwrap();
    hunter.accuracy_for(account, key, chunk).unwrap()
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn forged_and_replayed_accuracy_is_refused() {
    let world = World::new();
    let (host, mut one, mut other) = revealed(&world, 3);
    let bounty = host.bounty().unwrap();
    let key = proving(Part::Accuracy);
    let honest = accuracy(&mut one, &key, 0);
    let try_as = |hunter: &mut Hunter, call: &IBounty::proveAccuracyCall, with: &str| {
        refused(hunter.session_mut().send("attack".to_owned(), bounty, U256::ZERO, call), with);
    };

    // Another's proof, sent first: front-running. The proof is for an account.
    try_as(&mut other, &honest, "ProofInvalid");
    // More correct answers, another chunk, any word of the proof.
    let more = IBounty::proveAccuracyCall { correct: (honest.correct + 1) % 3, ..honest.clone() };
    try_as(&mut one, &more, "ProofInvalid");
    let beyond = IBounty::proveAccuracyCall { correct: 3, ..honest.clone() };
    try_as(&mut one, &beyond, "TooManyCorrect");
    let elsewhere = IBounty::proveAccuracyCall { chunk: 1, ..honest.clone() };
    try_as(&mut one, &elsewhere, "ProofInvalid");
    for word in 0..8 {
        let mut forged = honest.clone();
        forged.proof[word] += U256::from(1);
        try_as(&mut one, &forged, "PrecompileFailed");
    }
    // A key whose secrets the claimant knows: its own verifier.
    let own = package().statements().accuracy().setup::<zkml_core::prove::Groth16>(&mut OsRng).unwrap();
    let mut forged = honest.clone();
    forged.key = zkml_core::evm::EvmKey::new(&own.verifying).unwrap().as_bytes().to_vec().into();
    try_as(&mut one, &forged, "WrongKey");
    // The honest one, once.
    one.session_mut().send("honest".to_owned(), bounty, U256::ZERO, &honest).unwrap();
    try_as(&mut one, &honest, "ChunkAlreadyProven");
    assert_eq!(one.prove_accuracy().unwrap().len(), 1, "the other chunk");
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn wrong_ciphertexts_are_refused() {
    let world = World::new();
    let (host, mut one, mut other) = revealed(&world, 1);
    let bounty = host.bounty().unwrap();
    one.prove_accuracy().unwrap();
    other.prove_accuracy().unwrap();
    let key = proving(Part::Delivery);
    let honest = one.delivery_for(one.chain().account(), &key, 0).unwrap();
    let mut try_it = |call: &IBounty::deliverCall, with: &str| {
        refused(one.session_mut().send("attack".to_owned(), bounty, U256::ZERO, call), with);
    };
    // Each element, changed; and as another number that stands for the same element.
    for index in 0..honest.ct.len() {
        let mut wrong = honest.clone();
        wrong.ct[index] = (wrong.ct[index] + U256::from(1)) % P;
        try_it(&wrong, "ProofInvalid");
        let mut aliased = honest.clone();
        aliased.ct[index] += P;
        try_it(&aliased, "ElementNotReduced");
    }
    for index in 0..2 {
        let mut wrong = honest.clone();
        wrong.ephemeral[index] = (wrong.ephemeral[index] + U256::from(1)) % P;
        try_it(&wrong, "ProofInvalid");
    }
    let mut short = honest.clone();
    short.ct.pop();
    try_it(&short, "WrongLength");
    let cm = IBounty::deliverCall { cm: (honest.cm + U256::from(1)) % P, ..honest.clone() };
    try_it(&cm, "ProofInvalid");
    let aliased = IBounty::deliverCall { cm: honest.cm + P, ..honest.clone() };
    try_it(&aliased, "InputNotReduced");
    let second = IBounty::deliverCall { chunk: 1, ..honest.clone() };
    try_it(&second, "WrongDelivery");

    // Other weights than those committed to, or encrypted for another key: both are proofs, of something else.
    let package = package();
    let context = one.session_mut().context(world.account(2)).unwrap();
    let (salt, ephemeral) = (one.salt(), zkml_core::bounty::keys::SecretKey::random(&mut OsRng).unwrap());
    let host_key = host.public_key();
    let mut maker = Maker { package: &package, source: Source::Key(&key), context, rng: &mut OsRng };
    let weights = quantized(1);
    let call = maker.delivery(weights.params(), salt, host_key, &ephemeral, 0).unwrap().0;
    refused(one.session_mut().send("attack".to_owned(), bounty, U256::ZERO, &call), "ProofInvalid");
    let call = maker.delivery(quantized(2).params(), salt, ephemeral.public(), &ephemeral, 0).unwrap().0;
    refused(one.session_mut().send("attack".to_owned(), bounty, U256::ZERO, &call), "ProofInvalid");

    // In the turn of the first, the second can't deliver its own, nor another's.
    refused(other.session_mut().send("attack".to_owned(), bounty, U256::ZERO, &honest), "NotYourTurn");
    one.deliver().unwrap();
    refused(other.session_mut().send("attack".to_owned(), bounty, U256::ZERO, &honest), "WrongState");
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_copied_commitment_is_worth_nothing() {
    let world = World::new();
    let mut host = world.host(None);
    let offer = world.offer();
    host.create(&offer).unwrap();
    let bounty = host.bounty().unwrap();
    // The thief sees the commitment in the pool, and is first.
    let (mut one, mut thief) = (world.hunter(2, bounty, 2), world.hunter(3, bounty, 1));
    let stolen = IBounty::commitCall { cw: to_u256(one.commitment()) };
    thief.session_mut().send("copy".to_owned(), bounty, offer.bond, &stolen).unwrap();
    one.commit().unwrap().unwrap();
    let aliased = IBounty::commitCall { cw: to_u256(one.commitment()) + P };
    let mut third = world.hunter(4, bounty, 1);
    refused(third.session_mut().send("alias".to_owned(), bounty, offer.bond, &aliased), "NotReduced");
    world.pass(offer.commit_until);
    host.reveal().unwrap();
    let key = proving(Part::Accuracy);
    for chunk in 0..2 {
        let call = accuracy(&mut one, &key, chunk);
        refused(thief.session_mut().send("replay".to_owned(), bounty, U256::ZERO, &call), "ProofInvalid");
        one.session_mut().send("honest".to_owned(), bounty, U256::ZERO, &call).unwrap();
    }
    // The folder of the thief has other secrets than the commitment's.
    assert!(matches!(thief.prove_accuracy(), Err(Error::OtherCommitment { .. })));
    // While the thief could still prove, the turn of the second has not come; then it has.
    assert!(one.deliver().is_err());
    world.pass(offer.prove_until);
    one.deliver().unwrap();
    assert_eq!(host.receive().unwrap().hunter, world.account(2));
    refused(thief.session_mut().send("reclaim".to_owned(), bounty, U256::ZERO, &IBounty::reclaimCall {}), "BondLost");
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn other_data_than_the_committed_can_t_be_shown() {
    let world = World::new();
    let mut host = world.host(None);
    let offer = world.offer();
    host.create(&offer).unwrap();
    let bounty = host.bounty().unwrap();
    world.hunter(2, bounty, 2).commit().unwrap();
    let swapped = || {
        let mut samples = samples();
        samples[0].label = (samples[0].label + 1) % 3;
        samples
    };
    drop(host);
    // Not by the client, and not by a proof.
    let (store, _) = published();
    let opened = Host::open(world.folder("host"), world.chain(HOST), store.clone(), package(), swapped(), None);
    assert!(matches!(opened, Err(Error::OtherFolder { what: "the dataset", .. })));
    let mut cheat = Host::open(world.folder("cheat"), world.chain(HOST), store, package(), swapped(), None).unwrap();
    let root = cheat.dataset().root();
    world.pass(offer.commit_until);
    cheat.session_mut().journal.bounty = Some(bounty);
    let key = proving(Part::Data);
    let call = cheat.data_for(&key, 0, root).unwrap();
    refused(cheat.session_mut().send("attack".to_owned(), bounty, U256::ZERO, &call), "ProofInvalid");
    let real = world.host(None).dataset().root();
    assert!(matches!(cheat.data_for(&key, 0, real), Err(Error::OtherInput { input: "dataset", .. })));

    // The honest proof with other labels, CIDs or another salt.
    let mut host = world.host(None);
    let honest = host.data_for(&key, 0, real).unwrap();
    for index in 0..3 {
        let mut wrong = honest.clone();
        wrong.items[index] += U256::from(1);
        refused(host.session_mut().send("attack".to_owned(), bounty, U256::ZERO, &wrong), "ProofInvalid");
    }
    let wrong = IBounty::proveDataCall { group: 1, ..honest.clone() };
    refused(host.session_mut().send("attack".to_owned(), bounty, U256::ZERO, &wrong), "ProofInvalid");
    host.session_mut().send("honest".to_owned(), bounty, U256::ZERO, &honest).unwrap();
    refused(host.session_mut().send("again".to_owned(), bounty, U256::ZERO, &honest), "GroupAlreadyProven");
}
