//! Both parties without a chain: what one makes the other takes, and every call is checked as the contract would.

use alloy::sol_types::SolCall as _;
use zkml_core::model::Weights;

use super::*;
use crate::{
    B256, Error, Part,
    abi::IBounty,
    ipfs::{Memory, StoreError},
    offline::{self, Checked, HostDesk, HunterDesk, Place, ProofSource, check},
    package::PackageError,
    terms::Terms,
};

fn place() -> Place {
    Place { chain: 1, factory: Address::repeat_byte(1), bounty: Address::repeat_byte(2) }
}

fn offer() -> Offer {
    Offer {
        token: None,
        reward: U256::from(5),
        bond: U256::from(1),
        threshold: 1,
        mode: Mode::Sealed,
        winner: Winner::First,
        commit_until: 1000,
        reveal_until: 2000,
        prove_until: 3000,
        delivery_window: 100,
        trust: Trust::DevelopmentOnly,
    }
}

#[test]
fn a_whole_bounty_and_what_its_calls_are_no_others() {
    let (package, (store, _), place) = (package(), published(), place());
    let mut host = HostDesk::new(&HostDesk::secrets().unwrap()).unwrap();
    let root = host.take(&package, samples()).unwrap();
    let terms = host.terms(&offer(), &package, Address::repeat_byte(3)).unwrap();
    assert_eq!(terms.dataset, root);
    assert_eq!(offline::terms(&offline::encoded(&terms).unwrap()).unwrap(), terms);
    let me = Address::repeat_byte(4);
    let not = |call: &[u8], place: &Place, sender, commitment| {
        let error = check(call, &package, &terms, place, sender, commitment).unwrap_err();
        assert!(matches!(error, Error::NotProven { .. }), "{error}");
    };
    let elsewhere = Place { chain: 2, ..place };

    let data = package.proving(Part::Data, &store).unwrap();
    let (mut shown, mut salt, mut first_group) = (vec![], U256::ZERO, vec![]);
    for index in 0..usize::from(terms.chunks) * usize::from(terms.groups) {
        let call = host.show(&package, &data, &terms, &place, index).unwrap();
        assert!(matches!(check(&call, &package, &terms, &place, me, None).unwrap(), Checked::Data { .. }));
        not(&call, &elsewhere, me, None);
        if index == 0 {
            first_group = call.clone();
        }
        let mut other = IBounty::proveDataCall::abi_decode(&call).unwrap();
        shown.extend(offline::named(&package, &other.items).unwrap());
        salt = other.salt;
        other.items[2] = U256::from(1) - other.items[2].min(U256::from(1));
        not(&other.abi_encode(), &place, me, None);
    }
    assert_eq!(shown.len(), samples().len());
    assert_eq!(offline::root(&package, salt, samples()).unwrap(), root);
    assert_ne!(offline::root(&package, salt + U256::from(1), samples()).unwrap(), root);
    let mut stranger = HostDesk::new(&HostDesk::secrets().unwrap()).unwrap();
    stranger.take(&package, samples()).unwrap();
    assert!(matches!(stranger.show(&package, &data, &terms, &place, 0), Err(Error::OtherData { .. })));

    let secrets = HunterDesk::secrets(&terms).unwrap();
    let weights = || model(1).weights().clone();
    let mut hunter = HunterDesk::new(&secrets, &package, &terms, weights()).unwrap();
    assert_eq!(HunterDesk::new(&secrets, &package, &terms, weights()).unwrap().commitment(), hunter.commitment());
    let cw = Some(hunter.commitment());
    assert!(hunter.score().is_err(), "without the data");
    let mut relabelled = samples();
    relabelled[0].label = usize::from(relabelled[0].label == 0);
    assert!(matches!(hunter.take(&package, &terms, salt, relabelled), Err(Error::OtherData { .. })));
    hunter.take(&package, &terms, salt, samples()).unwrap();
    let score = hunter.score().unwrap();
    assert_eq!((score.chunks.len(), score.samples), (usize::from(terms.chunks), samples().len()));

    let key = package.proving(Part::Accuracy, &store).unwrap();
    let made = hunter.accuracy(&package, &ProofSource::Key(&key), &terms, place.context(me), 0).unwrap();
    let expected = Checked::Accuracy { chunk: 0, correct: score.chunks[0] };
    assert_eq!(check(&made.call, &package, &terms, &place, me, cw).unwrap(), expected);
    not(&made.call, &elsewhere, me, cw);
    not(&made.call, &place, Address::repeat_byte(5), cw);
    not(&made.call, &place, me, Some(root));
    assert!(check(&made.call, &package, &terms, &place, me, None).is_err());
    let mut other = IBounty::proveAccuracyCall::abi_decode(&made.call).unwrap();
    other.correct += 1;
    not(&other.abi_encode(), &place, me, cw);
    // The file of the proof makes the same call, of the same account alone.
    let proof = zkml_core::prove::Proof::from_bytes(&made.proof).unwrap();
    let again = hunter.accuracy(&package, &ProofSource::Made(&proof), &terms, place.context(me), 0).unwrap();
    assert_eq!(again.call, made.call);
    let wrong = hunter.accuracy(&package, &ProofSource::Made(&proof), &terms, elsewhere.context(me), 0);
    assert!(matches!(wrong, Err(Error::OtherInput { input: "context", .. })));

    let key = package.proving(Part::Delivery, &store).unwrap();
    let (mut parts, mut delivery) = (vec![], vec![]);
    for part in 0..usize::from(terms.delivery_chunks) {
        let made = hunter.delivery(&package, &ProofSource::Key(&key), &terms, place.context(me), part).unwrap();
        let expected = Checked::Delivery { chunk: part as u16 };
        assert_eq!(check(&made.call, &package, &terms, &place, me, cw).unwrap(), expected);
        let call = IBounty::deliverCall::abi_decode(&made.call).unwrap();
        let mut other = call.clone();
        other.ct[0] ^= U256::from(1);
        not(&other.abi_encode(), &place, me, cw);
        parts.push((call.ephemeral, call.ct));
        delivery = made.call;
    }
    let file = host.receive(&package, &parts, hunter.commitment()).unwrap();
    let names = |weights: &Weights| weights.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
    assert!(!names(&Weights::from_safetensors(&file).unwrap()).is_empty());
    assert!(stranger.receive(&package, &parts, hunter.commitment()).is_err(), "with another key");
    assert!(host.receive(&package, &parts, root).is_err(), "of another commitment");

    // Numbers and lengths that the contract refuses.
    let refused = |change: &dyn Fn(&mut IBounty::proveAccuracyCall)| {
        let mut call = IBounty::proveAccuracyCall::abi_decode(&again.call).unwrap();
        change(&mut call);
        let error = check(&call.abi_encode(), &package, &terms, &place, me, cw).unwrap_err();
        assert!(matches!(error, Error::Contract { .. }), "{error}");
    };
    refused(&|call| call.chunk = terms.chunks);
    refused(&|call| call.correct = u32::from(terms.groups) * u32::from(terms.items) + 1);
    let longer = Terms { delivery_elements: terms.delivery_elements + 3, ..terms.clone() };
    let error = check(&delivery, &package, &longer, &place, me, cw).unwrap_err();
    assert!(matches!(error, Error::Contract { .. }), "{error}");
    let wider = Terms { items: terms.items + 1, ..terms.clone() };
    let error = check(&first_group, &package, &wider, &place, me, None).unwrap_err();
    assert!(matches!(error, Error::Contract { .. }), "{error}");

    // Terms that name another key.
    let mut renamed = terms.clone();
    renamed.keys[1] = B256::repeat_byte(9);
    let error = check(&again.call, &package, &renamed, &place, me, cw).unwrap_err();
    assert!(matches!(error, Error::Terms(crate::terms::TermsError::OtherKey { part: "accuracy", .. })), "{error}");
    for nonsense in [&[][..], &[1, 2, 3, 4], &IBounty::cancelCall {}.abi_encode()] {
        assert!(matches!(check(nonsense, &package, &terms, &place, me, cw), Err(Error::Contract { .. })));
    }
}

#[test]
fn a_package_of_blocks_that_were_fetched_otherwise() {
    let (store, cid) = published();
    let memory = Memory::default();
    let wrong = memory.insert(&cid, b"other".to_vec(), "a gateway");
    assert!(matches!(wrong, Err(StoreError::WrongBytes { .. })));
    assert!(!memory.has(&cid));
    let fetch = |cid: &FileCid| memory.insert(cid, store.get(cid).unwrap(), "a gateway").unwrap();
    fetch(&cid);
    let manifest = store.get(&cid).unwrap();
    for block in Package::blocks(&manifest, None).unwrap() {
        fetch(&block.parse().unwrap());
    }
    let own = Store::Memory(memory.clone());
    let package = Package::fetch(&own, &cid).unwrap();
    assert!(package.proving(Part::Data, &own).is_err(), "its blocks are not there");
    let blocks = Package::blocks(&manifest, Some(Part::Data)).unwrap();
    blocks.iter().for_each(|block| fetch(&block.parse().unwrap()));
    let key = package.proving(Part::Data, &own).unwrap();
    assert_eq!(key.to_bytes().len() as u64, package.proving_bytes(Part::Data));
    memory.remove(&blocks[0].parse().unwrap());
    assert!(matches!(own.get(&blocks[0].parse().unwrap()), Err(StoreError::NotFound { .. })));
    assert!(Package::blocks(b"{}", None).is_err());
    // A small manifest that names a gigabyte of blocks, before any of them is asked for.
    let json: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let block = json["graph"]["blocks"][0].clone();
    let refused = |pointer: &str, blocks: usize, bytes: u64, part| {
        let mut json = json.clone();
        let file = json.pointer_mut(pointer).unwrap();
        file["blocks"] = vec![block.clone(); blocks].into();
        file["bytes"] = bytes.into();
        let error = Package::blocks(&serde_json::to_vec(&json).unwrap(), part).unwrap_err();
        assert!(matches!(error, PackageError::Size { .. }), "{pointer}: {error}");
    };
    refused("/graph", 4000, 100, None);
    refused("/graph", 4000, 4000 << 18, None);
    refused("/data/verifying", 2, 1 << 19, None);
    refused("/delivery/proving", 5000, 5000 << 18, Some(Part::Delivery));
}
