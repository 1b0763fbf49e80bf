//! What solc makes of the contracts: the bytecode that ships, the contract for one key, and what a bounty hashes.
//!
//! `npm ci` in this folder, and then `cargo test -p zkml-evm -- --ignored`.

use ark_bn254::{Fq, Fr};
use revm::primitives::{Address, hardfork::SpecId};
use zkml::{
    evm::{
        Call, EvmKey, Word, bounty_context, challenge, combine,
        solidity::{self, generic_bytecode, verifier},
        word,
    },
    prelude::*,
    prove::{PublicKind, PublicTable},
    rand::{Rng, SeedableRng, rngs::StdRng},
};
use zkml_evm::{
    changes::{Words, aliased, changed, g1, g2, outside_g2, random_g1, random_g2},
    machine::Machine,
    node::{compile, folder, scratch},
    proofs::{STATEMENTS, proven, rerandomised},
};

/// Of each kind.
const CALLS: usize = 1000;

/// The creation code of the contract of that name for a key.
fn compiled(name: &str, key: &VerifyingKey) -> Vec<u8> {
    let path = scratch(name);
    let file = path.join("Verifier.sol");
    std::fs::write(&file, verifier(name, key).unwrap()).unwrap();
    let code = compile(&file, name);
    std::fs::remove_dir_all(path).unwrap();
    code
}

struct Contract {
    machine: Machine,
    address: Address,
}

impl Contract {
    fn new(creation: &[u8]) -> Self {
        let mut machine = Machine::new(SpecId::OSAKA);
        let (address, ..) = machine.deploy(creation);
        Self { machine, address }
    }

    /// Whether the contract accepts the words; [`VerifyingKey::verify`] must agree.
    fn accepts(&mut self, words: &Words) -> bool {
        let outcome = self.machine.call(self.address, &words.plain());
        assert_eq!(outcome.accepted, words.verifies(proven()), "contract and verifier differ: {words:?}");
        assert!(outcome.gas <= if outcome.accepted { 260_000 } else { 480_000 }, "{} gas", outcome.gas);
        outcome.accepted
    }

    fn error(&mut self, calldata: &[u8]) -> [u8; 4] {
        let outcome = self.machine.call(self.address, calldata);
        assert!(!outcome.accepted);
        outcome.output.first_chunk().copied().unwrap_or_default()
    }
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn the_bytecode_that_ships_is_that_of_its_source() {
    let source = folder().join("../../zkml-core/src/evm/solidity/Groth16Verifier.sol");
    assert_eq!(std::fs::read_to_string(&source).unwrap(), solidity::GENERIC);
    let expected = compile(&source, "Groth16Verifier");
    assert!(
        expected == generic_bytecode(),
        "zkml-core/src/evm/solidity/Groth16Verifier.bin is not what solc makes of the source; write it anew: \
         node tests/evm/compile.js zkml-core/src/evm/solidity/Groth16Verifier.sol Groth16Verifier \
         >zkml-core/src/evm/solidity/Groth16Verifier.bin"
    );
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn the_contract_for_a_key_takes_its_proofs_and_no_others() {
    let proven = proven();
    let creation = compiled("Tiny", &proven.key);
    let (mut contract, rng) = (Contract::new(&creation), &mut StdRng::seed_from_u64(21));
    let honest = |i: usize| {
        Words::new(
            &proven.words,
            &rerandomised(&proven.key, &proven.proofs[i % STATEMENTS], &mut StdRng::seed_from_u64(i as u64)),
        )
    };
    let invalid = word::selector("ProofInvalid()");
    for i in 0..CALLS {
        let words = honest(i);
        assert!(contract.accepts(&words), "{words:?}");

        let (mut other, at) = (words.clone(), i % 5);
        other.inputs[at] = changed::<Fr>(&other.inputs[at], i / 5, rng);
        assert!(!contract.accepts(&other), "input {at}");

        let (mut other, at) = (words.clone(), i % 8);
        other.proof[at] = changed::<Fq>(&other.proof[at], i / 8, rng);
        assert!(!contract.accepts(&other), "word {at} of the proof");

        let mut other = words;
        match i % 3 {
            0 => other.proof[..2].copy_from_slice(&g1(&random_g1(rng))),
            1 => other.proof[2..6].copy_from_slice(&g2(&random_g2(rng))),
            _ => other.proof[6..].copy_from_slice(&g1(&random_g1(rng))),
        }
        assert!(!contract.accepts(&other));
        assert_eq!(contract.error(&other.plain()), invalid);
    }

    let words = honest(0);
    // Aliases, points at infinity, and points outside the subgroup.
    for at in 0..5 {
        let mut other = words.clone();
        other.inputs[at] = aliased::<Fr>(&other.inputs[at]).unwrap();
        assert!(!contract.accepts(&other));
        assert_eq!(contract.error(&other.plain()), word::selector("InputNotReduced(uint256)"));
    }
    for range in [0..2, 2..6, 6..8, 0..8] {
        let mut other = words.clone();
        other.proof[range].fill([0; 32]);
        assert!(!contract.accepts(&other));
        assert_eq!(contract.error(&other.plain()), invalid);
    }
    let mut other = words.clone();
    other.proof[2..6].copy_from_slice(&g2(&outside_g2(rng)));
    assert!(!contract.accepts(&other));
    assert_eq!(contract.error(&other.plain()), word::selector("PrecompileFailed(uint256)"));

    // Missing and extra inputs: another function; or, under the right selector, another length.
    for n in (0..10).filter(|n| *n != 5) {
        let mut other = words.clone();
        other.inputs.resize(n, [0; 32]);
        assert!(!contract.machine.call(contract.address, &other.plain()).accepted);
        let forced = [&words.plain()[..4], &other.plain()[4..]].concat();
        assert!(!contract.machine.call(contract.address, &forced).accepted, "{n} inputs");
    }
    let calldata = words.plain();
    for end in 0..calldata.len() {
        assert!(!contract.machine.call(contract.address, &calldata[..end]).accepted, "{end} bytes");
    }
    let longer = [&calldata[..], &[0]].concat();
    assert_eq!(contract.error(&longer), word::selector("CalldataLength(uint256,uint256)"));

    // What the contract says that its key is.
    let hash = contract.machine.call(contract.address, &word::selector("KEY_HASH()"));
    assert_eq!(hash.output, proven.words.hash());
}

/// Names of public inputs come from a file. Whatever they are, the code is the same.
#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn names_of_inputs_are_no_code() {
    let proven = proven();
    let evil = [
        "\ncontract Evil {} //",
        "\r\ncontract Evil {}",
        "\u{2028}contract Evil {}",
        "*/ contract Evil {} /*",
        "\u{202e}}",
    ];
    let table = PublicTable::new(evil.map(|name| (name.to_owned(), 0, PublicKind::Element))).unwrap();
    let key = proven.words.verifying_key(*proven.key.contents(), proven.key.provenance(), table).unwrap();
    assert_ne!(verifier("Names", &key).unwrap(), verifier("Names", &proven.key).unwrap());
    assert!(compiled("Names", &key) == compiled("Names", &proven.key));
}

/// Each word of the key counts: the same code with another word in it refuses what was true.
#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn each_word_of_a_key_is_in_its_contract() {
    let proven = proven();
    let creation = compiled("Words", &proven.key);
    let honest = Words::new(&proven.words, &proven.proofs[0]);
    let rng = &mut StdRng::seed_from_u64(22);
    for (at, word) in honest.key.iter().enumerate() {
        let places: Vec<usize> =
            creation.windows(32).enumerate().filter(|(_, found)| found == word).map(|(place, _)| place).collect();
        let [place] = places[..] else { panic!("word {at} is {} times in the code", places.len()) };
        for way in 0..5 {
            let mut other = honest.clone();
            other.key[at] = changed::<Fq>(word, way, rng);
            let code = [&creation[..place], &other.key[at], &creation[place + 32..]].concat();
            assert!(!Contract::new(&code).accepts(&other), "word {at} of the key");
        }
    }
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn the_gas_of_the_contract_for_a_key_is_known() {
    let proven = proven();
    let creation = compiled("Gas", &proven.key);
    let mut machine = Machine::new(SpecId::OSAKA);
    let (address, deployment, code) = machine.deploy(&creation);
    // Making it costs what its code does, 200 a byte, and its calldata, of which a key's bytes are a part.
    assert_eq!(code.len(), 2107);
    assert!(deployment < 510_000, "{deployment} gas");
    for proof in &proven.proofs {
        let outcome = machine.call(address, &Call::from(proof).encode());
        assert_eq!((outcome.accepted, outcome.execution), (true, 217_559));
        assert!(outcome.gas <= 260_000, "{} gas", outcome.gas);
    }
    // With no zero in its calldata.
    assert_eq!(217_559 + 21_000 + 16 * 420, 245_279);
}

/// EIP-170: 24,576 bytes.
#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn the_largest_contract_can_be_made_and_called() {
    let proven = proven();
    let of = |inputs: usize| {
        let bytes = [&proven.words.as_bytes()[..512], &proven.words.as_bytes()[512..576].repeat(inputs)].concat();
        let table = PublicTable::new((0..inputs).map(|i| (format!("x{i}"), 0, PublicKind::Element))).unwrap();
        let key = EvmKey::from_bytes(&bytes).unwrap();
        key.verifying_key(*proven.key.contents(), proven.key.provenance(), table).unwrap()
    };
    let inputs = solidity::MAX_INPUTS;
    let mut machine = Machine::new(SpecId::OSAKA);
    let (address, _, code) = machine.deploy(&compiled("Largest", &of(inputs)));
    assert_eq!(code.len(), 24_192);
    let proof = &proven.proofs[0];
    let call = Call { inputs: vec![proof.inputs[0]; inputs], proof: proof.proof.clone() };
    // It is not true, which is found out at the very end.
    assert_eq!(machine.call(address, &call.encode()).output, word::selector("ProofInvalid()"));
}

fn number(bytes: &[u8]) -> Word {
    bytes.try_into().unwrap()
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn contexts_and_challenges_are_those_of_the_contracts() {
    let mut contract = Contract::new(&compile(&folder().join("Vectors.sol"), "Vectors"));
    let rng = &mut StdRng::seed_from_u64(23);
    let tags = [b"zkml bounty data 1".as_slice(), b"zkml bounty delivery 1"].map(|name| {
        let mut tag = [0; 32];
        tag[..name.len()].copy_from_slice(name);
        tag
    });
    let outcome = contract.machine.call(contract.address, &word::selector("tags()"));
    assert_eq!(outcome.output, tags.as_flattened());
    for i in 0..50 {
        let addresses: [[u8; 20]; 3] = rng.r#gen();
        let mut calldata = word::selector("contextOf(address,address,address)").to_vec();
        for address in &addresses {
            calldata.extend_from_slice(&[0; 12]);
            calldata.extend_from_slice(address);
        }
        // The machine's chain is number 1.
        let [factory, bounty, hunter] = &addresses;
        let ctx = bounty_context(1, factory, bounty, hunter);
        let outcome = contract.machine.call(contract.address, &calldata);
        assert_eq!(word::to_field(&number(&outcome.output)), Some(ctx));

        let tag = tags[i % 2];
        let mut element = || -> Fr { if rng.gen_bool(0.1) { -Fr::from(1) } else { word::reduce(&rng.r#gen()) } };
        let (root, cm) = (element(), element());
        let m: Vec<Fr> = (0..2 + i).map(|_| element()).collect();
        let z = challenge(&tag, ctx, root, cm, &m);
        let mut expected = word::of_field(z).to_vec();
        expected.extend_from_slice(&word::of_field(combine(z, &m)));
        for name in ["plain", "ofContract"] {
            let mut calldata = word::selector(&format!("{name}(bytes32,uint256,uint256,uint256,uint256[])")).to_vec();
            calldata.extend_from_slice(&tag);
            for x in [ctx, root, cm] {
                calldata.extend_from_slice(&word::of_field(x));
            }
            calldata.extend_from_slice(&word::of_int(160));
            calldata.extend_from_slice(&word::of_int(m.len() as u64));
            m.iter().for_each(|x| calldata.extend_from_slice(&word::of_field(*x)));
            let outcome = contract.machine.call(contract.address, &calldata);
            assert_eq!((outcome.accepted, &outcome.output), (true, &expected), "{name}");
        }
    }
}
