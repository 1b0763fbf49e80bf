//! What is checked before anything is sent: keys, packages, files.

use rand::rngs::OsRng;
use zkml_core::prove::{Digest, Groth16, Keys, Provenance};

use super::*;
use crate::{
    Error, Part, Setup,
    package::PackageError,
    terms::{Terms, TermsError, setup_hash, verify_setup},
};

/// Terms of the shared package; nothing is sent.
fn terms(trust: Trust) -> Result<Terms, TermsError> {
    let package = package();
    let offer = Offer {
        token: None,
        reward: ether(1),
        bond: U256::ZERO,
        threshold: 3,
        mode: Mode::Sealed,
        winner: Winner::First,
        commit_until: 10,
        reveal_until: 20,
        prove_until: 30,
        delivery_window: 10,
        trust,
    };
    let samples = samples();
    let samples = samples.iter().map(|s| zkml_core::bounty::dataset::Sample {
        pixels: format().eval(&s.file).unwrap().to_vec(),
        label: s.label,
    });
    let salt = zkml_core::gadget::hash::commitment::salt(&mut OsRng);
    let dataset = zkml_core::bounty::dataset::Dataset::new(layout(), salt, samples.collect()).unwrap();
    let key = zkml_core::bounty::keys::SecretKey::random(&mut OsRng).unwrap().public();
    Terms::new(&offer, &package, &dataset, Address::repeat_byte(1), key)
}

#[test]
fn keys_of_a_single_party_are_for_development_only() {
    assert!(matches!(terms(Trust::Ceremony), Err(TermsError::SingleParty { part: "data" })));
    let terms = terms(Trust::DevelopmentOnly).unwrap();
    assert_eq!(terms.setup, Setup::Development);
    let package = package();
    verify_setup(&terms, &package, Trust::DevelopmentOnly).unwrap();
    assert!(matches!(verify_setup(&terms, &package, Trust::Ceremony), Err(TermsError::Development)));
    // Keys of a single party under the name of a ceremony.
    let lie = Terms { setup: Setup::Ceremony(setup_hash(&[Digest([1; 32]); 3])), ..terms.clone() };
    assert!(matches!(verify_setup(&lie, &package, Trust::Ceremony), Err(TermsError::SingleParty { .. })));
    assert!(matches!(verify_setup(&lie, &package, Trust::DevelopmentOnly), Err(TermsError::Setup { .. })));
}

#[test]
fn terms_are_those_of_the_package() {
    let terms = terms(Trust::DevelopmentOnly).unwrap();
    let package = package();
    let check = |terms: &Terms| verify_setup(terms, &package, Trust::DevelopmentOnly);
    for part in 0..3 {
        let mut other = terms.clone();
        other.keys[part].0[0] ^= 1;
        assert!(matches!(check(&other), Err(TermsError::OtherKey { part: p, .. }) if p == Part::ALL[part].name()));
    }
    let other = Terms { groups: 1, ..terms.clone() };
    assert!(matches!(check(&other), Err(TermsError::OtherCircuit { term: "groups", found: 1, expected: 2 })));
    let other = Terms { delivery_elements: 7, ..terms.clone() };
    assert!(matches!(check(&other), Err(TermsError::OtherCircuit { term: "deliveryElements", .. })));
    // And they survive the chain's encoding.
    assert_eq!(Terms::from_bytes(&terms.to_bytes().unwrap()).unwrap(), terms);
}

#[test]
fn terms_out_of_range_are_refused() {
    let terms = terms(Trust::DevelopmentOnly).unwrap();
    let refused = |change: fn(&mut Terms), expected: &str| {
        let mut other = terms.clone();
        change(&mut other);
        match other.check() {
            Err(TermsError::Range { term, .. }) => assert_eq!(term, expected),
            found => panic!("found {found:?}, expected a refusal of {expected}"),
        }
        assert!(other.to_abi().is_err());
    };
    refused(|t| t.reward = U256::ZERO, "reward");
    refused(|t| t.bond = U256::MAX, "bond");
    refused(|t| t.chunks = 0, "chunks");
    refused(|t| t.chunks = 129, "chunks");
    refused(|t| t.items = 0, "samples");
    refused(|t| t.threshold = 0, "threshold");
    refused(|t| t.threshold = 5, "threshold");
    refused(|t| t.delivery_chunks = 0, "deliveryChunks");
    refused(|t| t.delivery_elements = 4001, "deliveryElements");
    refused(|t| t.delivery_elements = 6, "deliveryElements");
    refused(|t| t.delivery_window = 0, "deliveryWindow");
    refused(|t| t.reveal_until = t.commit_until, "deadlines");
    refused(|t| t.prove_until = 1 << 40, "deadlines");
    refused(|t| t.keys[1] = t.keys[0], "keys");
    refused(|t| t.setup = Setup::Ceremony(Default::default()), "setup");
}

#[test]
fn terms_that_leave_a_hunter_no_time_are_refused() {
    let terms = terms(Trust::DevelopmentOnly).unwrap();
    let timed = |window: u64, proving: u64| {
        let parts = u64::from(terms.delivery_chunks);
        let (delivery_window, prove_until) = ((window * parts) as u32, terms.reveal_until + proving);
        Terms { delivery_window, prove_until, ..terms.clone() }.leave_time()
    };
    let proving = 60 * u64::from(terms.chunks);
    timed(61, proving + 1).unwrap();
    let refused = |found, expected| match found {
        Err(TermsError::Range { term, .. }) => assert_eq!(term, expected),
        found => panic!("found {found:?}, expected a refusal of {expected}"),
    };
    refused(timed(60, proving + 1), "deliveryWindow");
    refused(timed(61, proving), "proveUntil - revealUntil");
}

/// The address that a factory of a development chain answered for these terms (`addressOf`).
#[test]
fn an_address_is_that_of_its_terms_and_of_no_others() {
    let mut one = [0; 32];
    one[31] = 1;
    let one = zkml_core::bounty::keys::SecretKey::from_be_bytes(&one).unwrap();
    let terms = Terms {
        host: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".parse().unwrap(),
        token: None,
        reward: ether(5),
        bond: ether(1) / U256::from(10),
        keys: [0x11, 0x22, 0x33].map(alloy::primitives::B256::repeat_byte),
        setup: Setup::Ceremony(alloy::primitives::B256::repeat_byte(0x44)),
        mode: Mode::Open,
        winner: Winner::Best,
        dataset: 7.into(),
        chunks: 3,
        groups: 2,
        items: 4,
        threshold: 20,
        host_key: one.public(),
        delivery_chunks: 2,
        delivery_elements: 28,
        commit_until: 2_000_000_000,
        reveal_until: 2_000_000_100,
        prove_until: 2_000_000_200,
        delivery_window: 60,
    };
    let factory = "0x700b6a60ce7eaaea56f065753d8dcb9653dbad35".parse().unwrap();
    let address = |terms: &Terms| terms.address(factory).unwrap();
    assert_eq!(address(&terms), "0xb1e290b3717AEAA4F7c8B8FD7f07478845a1EC02".parse::<Address>().unwrap());
    let key = zkml_core::bounty::keys::SecretKey::random(&mut OsRng).unwrap().public();
    for other in [
        Terms { host_key: key, ..terms.clone() },
        Terms { bond: U256::ZERO, ..terms.clone() },
        Terms { mode: Mode::Sealed, ..terms.clone() },
    ] {
        assert_ne!(address(&other), address(&terms));
    }
    assert_ne!(terms.address(Address::ZERO).unwrap(), address(&terms));
}

#[test]
fn packages_are_rebuilt_and_compared() {
    let (store, cid) = published();
    let honest = package();
    assert_eq!(honest.graph(), model(1).graph());
    for part in Part::ALL {
        assert_eq!(honest.verifying(part).digest(), &honest.statements().digest(part));
        assert_eq!(honest.verifying(part).provenance(), Provenance::SingleParty);
        assert_eq!(honest.proving(part, &store).unwrap().digest(), &honest.statements().digest(part));
    }
    // Other weights of the same graph are models of the bounty; another plan is none.
    let weights = honest.quantize(model(2).weights().clone()).unwrap();
    assert_eq!(weights.params(), quantized(2).params());
    let other = Quantized::new(&model(2), plan().widened(1)).unwrap();
    assert!(matches!(honest.statements().admit(&other), Err(Error::Statement(_))));

    // A manifest that is changed in any number describes other circuits.
    let manifest = store.get(&cid).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let forge = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = json.clone();
        change(&mut json);
        let cid = store.put(Form::Raw, &serde_json::to_vec(&json).unwrap()).unwrap();
        Package::fetch(&store, &cid).unwrap_err()
    };
    for (field, value) in [("classes", 2), ("groups", 1), ("items", 2), ("most", 2)] {
        let error = forge(&|json| json[field] = value.into());
        assert!(matches!(error, PackageError::OtherCircuit { .. } | PackageError::Statement(_)), "{field}: {error}");
    }
    let error = forge(&|json| json["dag_pb"] = true.into());
    assert!(matches!(error, PackageError::OtherCircuit { part: "data", .. }), "{error}");
    let error = forge(&|json| json["data"]["verifying"] = json["accuracy"]["verifying"].clone());
    assert!(matches!(error, PackageError::OtherCircuit { part: "data", .. }), "{error}");
    for (field, value) in [("items", 2000usize), ("version", 2), ("more", 1)] {
        let error = forge(&|json| json[field] = value.into());
        assert!(matches!(error, PackageError::Manifest { .. }), "{field}: {error}");
    }
    let error = forge(&|json| json["circuit"]["bytes"] = (1u64 << 40).into());
    assert!(matches!(error, PackageError::Size { .. }), "{error}");
    let error = forge(&|json| json["circuit"]["blocks"][0] = "bafkqaaa".into());
    assert!(matches!(error, PackageError::Cid(_)), "{error}");
}

#[test]
fn proving_keys_of_another_setup_are_refused() {
    let scratch = Scratch::new();
    let store = Store::folder(scratch.path("ipfs"));
    let package = package();
    let setup = || package.statements().delivery().setup::<Groth16>(&mut OsRng).unwrap();
    let (one, other) = (setup(), setup());
    assert!(Keys::new(other.proving.clone(), one.verifying.clone()).is_err());
    let rest = |part: Part| {
        let proving = package.proving(part, &published().0).unwrap();
        Keys::new(proving, package.verifying(part).clone()).unwrap()
    };
    let keys = [rest(Part::Data), rest(Part::Accuracy), one];
    let made = Package::publish(package.statements().clone(), package.graph(), &keys, &store).unwrap();
    // The proving key of the other setup in its place.
    let mut json: serde_json::Value = serde_json::from_slice(&store.get(made.cid()).unwrap()).unwrap();
    let blocks: Vec<String> = other
        .proving
        .to_bytes()
        .chunks(1 << 18)
        .map(|block| store.put(Form::Raw, block).unwrap().to_string())
        .collect();
    json["delivery"]["proving"]["blocks"] = blocks.into();
    let cid = store.put(Form::Raw, &serde_json::to_vec(&json).unwrap()).unwrap();
    let forged = Package::fetch(&store, &cid).unwrap();
    let error = forged.proving(Part::Delivery, &store).unwrap_err();
    assert!(matches!(error, PackageError::Key { part: "delivery", .. }), "{error}");
}

#[test]
fn damaged_stores_are_found_out() {
    let scratch = Scratch::new();
    let (store, cid) = published();
    let copy = Store::folder(scratch.path("copy"));
    copy.put(Form::Raw, &store.get(&cid).unwrap()).unwrap();
    let error = Package::fetch(&copy, &cid).unwrap_err();
    assert!(matches!(error, PackageError::Store { .. }), "{error}");
    std::fs::write(scratch.path("copy").join(cid.to_string()), b"{}").unwrap();
    assert!(matches!(Package::fetch(&copy, &cid), Err(PackageError::Store { .. })));
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn folders_and_addresses_of_others_are_refused() {
    let world = World::new();
    let mut host = world.host(None);
    host.create(&world.offer()).unwrap();
    let bounty = host.bounty().unwrap();
    let (store, _) = published();
    let open = |name: &str, account, address, trust| {
        let chain = world.chain(account);
        Hunter::open(world.folder(name), chain, store.clone(), package(), address, &quantized(2), trust, None)
            .map(|_| ())
    };
    // Not a bounty: an account, the factory, the code that bounties share.
    for address in [world.account(5), world.factory, Address::ZERO] {
        let error = open("none", 2, address, Trust::DevelopmentOnly).unwrap_err();
        assert!(matches!(error, Error::NoBounty { .. }), "{error}");
    }
    let error = open("none", 2, bounty, Trust::Ceremony).unwrap_err();
    assert!(matches!(error, Error::Terms(TermsError::Development)), "{error}");
    open("mine", 2, bounty, Trust::DevelopmentOnly).unwrap();
    let error = open("mine", 3, bounty, Trust::DevelopmentOnly).unwrap_err();
    assert!(matches!(error, Error::OtherFolder { what: "account", .. }), "{error}");
    let error = open("host", 1, bounty, Trust::DevelopmentOnly).unwrap_err();
    assert!(matches!(error, Error::Folder(_)), "in use: {error}");
    drop(host);
    let error = open("host", 1, bounty, Trust::DevelopmentOnly).unwrap_err();
    assert!(matches!(error, Error::OtherFolder { what: "role", .. }), "{error}");

    // Another model after the commitment.
    world.hunter(4, bounty, 2).commit().unwrap();
    let error = world.try_hunter(4, bounty, 1, None).err().unwrap();
    assert!(matches!(error, Error::OtherCommitment { .. }), "{error}");
    // Its secrets are lost: no new ones take their place.
    std::fs::remove_file(world.folder("hunter-4").join("secrets.json")).unwrap();
    let error = world.try_hunter(4, bounty, 2, None).err().unwrap();
    assert!(matches!(error, Error::Folder(crate::FolderError::Damaged { .. })), "{error}");
    assert!(!world.folder("hunter-4").join("secrets.json").exists());
    // Nobody there.
    let error = Chain::connect("http://127.0.0.1:1", world.anvil.signer(1), world.factory).unwrap_err();
    assert!(matches!(error, Error::Node { .. }), "{error}");
}
