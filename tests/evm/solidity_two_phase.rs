//! What solc makes of the contracts of two phases and of registered weights: the bytecode that ships, the contracts for
//! one key, what they hash, and contracts that are broken on purpose, for which there are false proofs.
//!
//! `npm ci` in this folder, and then `cargo test -p zkml-evm -- --ignored`.

use ark_bn254::{Fq, Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{UniformRand, Zero};
use revm::primitives::{Address, hardfork::SpecId};
use zkml::{
    evm::{
        CallOf, EvmError, EvmKeyOf, EvmSystem, Word,
        solidity::{self, generic_bytecode_of, registered_verifier, verifier},
        word::{self, keccak256},
    },
    prove::{ProofOf, Registered, TwoPhase, VerifyError, VerifyingKeyOf, phased::Phased, transcript},
    rand::{Rng, SeedableRng, rngs::StdRng},
};
use zkml_evm::{
    changes::{Words, aliased, changed, g1, g2, outside_g2, random_g1, random_g2},
    machine::{Machine, Outcome},
    node::{compile, folder, scratch},
    phased::{INPUTS, Lie, forged, registered, registered_trapdoor, table, two_phase},
    proofs::{Proven, STATEMENTS, rerandomised},
};

/// Of each kind.
const CALLS: usize = 250;

/// The creation code of the contract of that name for a key, and what is registered under it.
fn compiled<S: EvmSystem>(name: &str, key: &VerifyingKeyOf<S>, registered: &<S as Phased>::Registered) -> Vec<u8> {
    let path = scratch(name);
    let file = path.join("Verifier.sol");
    std::fs::write(&file, registered_verifier(name, key, registered).unwrap()).unwrap();
    let code = compile(&file, name);
    std::fs::remove_dir_all(path).unwrap();
    code
}

struct Contract<'a, S: EvmSystem> {
    machine: Machine,
    address: Address,
    proven: &'a Proven<S>,
}

impl<'a, S: EvmSystem> Contract<'a, S> {
    fn new(creation: &[u8], proven: &'a Proven<S>) -> Self {
        let mut machine = Machine::new(SpecId::OSAKA);
        let (address, ..) = machine.deploy(creation);
        Self { machine, address, proven }
    }

    /// What the contract says to the words; our own verifier must agree.
    fn outcome(&mut self, words: &Words) -> Outcome {
        let outcome = self.machine.call(self.address, &words.plain());
        assert_eq!(outcome.accepted, words.verifies(self.proven), "contract and verifier differ: {words:?}");
        outcome
    }

    fn accepts(&mut self, words: &Words) -> bool {
        self.outcome(words).accepted
    }

    fn error(&mut self, calldata: &[u8]) -> [u8; 4] {
        let outcome = self.machine.call(self.address, calldata);
        assert!(!outcome.accepted);
        outcome.output.first_chunk().copied().unwrap_or_default()
    }

    fn refuses(&mut self, words: &Words, error: &str) {
        let outcome = self.outcome(words);
        assert!(!outcome.accepted, "{words:?}");
        assert_eq!(outcome.output[..4], word::selector(error), "{error}: {words:?}");
    }

    fn honest(&self, i: usize) -> Words {
        let (proof, rng) = (&self.proven.proofs[i % STATEMENTS], &mut StdRng::seed_from_u64(i as u64));
        Words::new(&self.proven.words, &rerandomised(&self.proven.key, proof, rng))
    }
}

fn sources() -> std::path::PathBuf {
    folder().join("../../zkml-core/src/evm/solidity")
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn the_bytecode_that_ships_is_that_of_its_source() {
    let check = |name: &str, source: &str, shipped: &[u8]| {
        let file = sources().join(format!("{name}.sol"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), source);
        assert!(
            shipped.starts_with(&compile(&file, name)),
            "zkml-core/src/evm/solidity/{name}.bin is not what solc makes of the source; write it anew: node tests/evm/compile.js \
             zkml-core/src/evm/solidity/{name}.sol {name} >zkml-core/src/evm/solidity/{name}.bin"
        );
    };
    let shipped = generic_bytecode_of::<TwoPhase>();
    check("TwoPhaseVerifier", TwoPhase::SOURCES.generic, &shipped);
    let proven = &registered().proven;
    let pinned = solidity::registered_bytecode(&proven.key, &proven.registered).unwrap();
    check("RegisteredVerifier", Registered::SOURCES.generic, &pinned[..pinned.len() - 96]);
}

/// Proofs of its key, and everything that may be wrong with them.
fn takes_its_proofs_and_no_others<S: EvmSystem>(creation: &[u8], proven: &Proven<S>) {
    let (mut contract, rng) = (Contract::new(creation, proven), &mut StdRng::seed_from_u64(51));
    for i in 0..CALLS {
        let words = contract.honest(i);
        assert!(contract.accepts(&words), "{words:?}");

        let (mut other, at) = (words.clone(), i % INPUTS);
        other.inputs[at] = changed::<Fr>(&other.inputs[at], i / INPUTS, rng);
        assert!(!contract.accepts(&other), "input {at}");

        let (mut other, at) = (words.clone(), i % 10);
        other.proof[at] = changed::<Fq>(&other.proof[at], i / 10, rng);
        assert!(!contract.accepts(&other), "word {at} of the proof");

        let mut other = words;
        match i % 4 {
            0 => other.proof[..2].copy_from_slice(&g1(&random_g1(rng))),
            1 => other.proof[2..6].copy_from_slice(&g2(&random_g2(rng))),
            2 => other.proof[6..8].copy_from_slice(&g1(&random_g1(rng))),
            _ => other.proof[8..].copy_from_slice(&g1(&random_g1(rng))),
        }
        contract.refuses(&other, "ProofInvalid()");
    }

    let words = contract.honest(0);
    for at in 0..INPUTS {
        let mut other = words.clone();
        other.inputs[at] = aliased::<Fr>(&other.inputs[at]).unwrap();
        contract.refuses(&other, "InputNotReduced(uint256)");
    }
    for at in 0..10 {
        let mut other = words.clone();
        other.proof[at] = aliased::<Fq>(&other.proof[at]).unwrap();
        contract.refuses(&other, "PointNotReduced()");
    }
    for range in [0..2, 2..6, 6..8, 8..10, 0..10] {
        let mut other = words.clone();
        other.proof[range].fill([0; 32]);
        contract.refuses(&other, "ProofInvalid()");
    }
    let mut other = words.clone();
    other.proof[2..6].copy_from_slice(&g2(&outside_g2(rng)));
    contract.refuses(&other, "PrecompileFailed(uint256)");
    for (a, b) in [(0, 6), (0, 8), (6, 8)] {
        let mut other = words.clone();
        other.proof.swap(a, b);
        other.proof.swap(a + 1, b + 1);
        contract.refuses(&other, "ProofInvalid()");
    }

    // Missing and extra inputs: another function; or, under the right selector, another length.
    for n in (0..10).filter(|n| *n != INPUTS) {
        let mut other = words.clone();
        other.inputs.resize(n, [0; 32]);
        assert!(!contract.machine.call(contract.address, &other.plain()).accepted);
        let forced = [&words.plain()[..4], &other.plain()[4..]].concat();
        assert!(!contract.machine.call(contract.address, &forced).accepted, "{n} inputs");
    }
    let calldata = words.plain();
    let call = CallOf::<S>::decode(&calldata, proven.key.table()).unwrap();
    assert_eq!(call.encode(), calldata);
    for end in 0..calldata.len() {
        assert!(!contract.machine.call(contract.address, &calldata[..end]).accepted, "{end} bytes");
    }
    for more in [&[0][..], &[0; 32], &[7; 64]] {
        let longer = [&calldata[..], more].concat();
        assert_eq!(contract.error(&longer), word::selector("CalldataLength(uint256,uint256)"));
    }
    let hash = contract.machine.call(contract.address, &word::selector("KEY_HASH()"));
    assert_eq!(hash.output, proven.words.hash());
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn the_contract_for_a_key_in_two_phases_takes_its_proofs_and_no_others() {
    let proven = &two_phase().proven;
    takes_its_proofs_and_no_others(&compiled("Two", &proven.key, &()), proven);
    assert_eq!(verifier("Two", &proven.key), registered_verifier("Two", &proven.key, &()));
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn the_contract_for_registered_weights_takes_their_proofs_and_no_others() {
    let proven = &registered().proven;
    let creation = compiled("Three", &proven.key, &proven.registered);
    takes_its_proofs_and_no_others(&creation, proven);
    // Of other weights under the same key.
    let rng = &mut StdRng::seed_from_u64(52);
    let other = registered().keys.proving.commit_weights([4, 11].map(Fr::from).to_vec(), rng).unwrap();
    let theirs = Proven::new(proven.key.clone(), other.commitment().clone(), vec![]);
    let proof =
        zkml_evm::phased::prove(&registered().keys, &other, [4, 11].map(Fr::from), [2, 3, 5, 1].map(Fr::from), rng);
    let words = Words::new(&proven.words, &proof);
    let mut control = Contract::new(&compiled("Theirs", &proven.key, other.commitment()), &theirs);
    assert!(control.accepts(&words));
    let mut contract = Contract::new(&creation, proven);
    contract.refuses(&words, "ProofInvalid()");
    control.refuses(&contract.honest(0), "ProofInvalid()");
    let [x, y] = g1(&proven.registered.point());
    for (name, expected) in [("WEIGHTS_X()", x), ("WEIGHTS_Y()", y)] {
        assert_eq!(contract.machine.call(contract.address, &word::selector(name)).output, expected);
    }
    // A commitment of another key.
    let error = registered_verifier("Three", &proven.key, &registered_trapdoor(INPUTS).proven.registered).unwrap_err();
    assert!(matches!(error, EvmError::Registered(_)), "{error}");
}

/// Each word of key and commitment counts: the same code with another word in it refuses what was true.
#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn each_word_of_a_key_is_in_its_contract() {
    fn check<S: EvmSystem>(creation: &[u8], proven: &Proven<S>, more: &[Word]) {
        let honest = Words::new(&proven.words, &proven.proofs[0]);
        let rng = &mut StdRng::seed_from_u64(53);
        for word in honest.key.iter().chain(more) {
            let places: Vec<usize> =
                creation.windows(32).enumerate().filter(|(_, found)| found == word).map(|(place, _)| place).collect();
            assert!(!places.is_empty(), "{word:?} is not in the code");
            for way in 0..5 {
                let (mut code, other) = (creation.to_vec(), changed::<Fq>(word, way, rng));
                places.iter().for_each(|place| code[*place..place + 32].copy_from_slice(&other));
                let mut machine = Machine::new(SpecId::OSAKA);
                let (address, ..) = machine.deploy(&code);
                assert!(!machine.call(address, &honest.plain()).accepted, "{word:?}, {way}");
            }
        }
    }
    let proven = &two_phase().proven;
    check(&compiled("Words", &proven.key, &()), proven, &[]);
    let proven = &registered().proven;
    let creation = compiled("More", &proven.key, &proven.registered);
    let more = [&g1(&proven.registered.point())[..], &[proven.words.hash()]].concat();
    check(&creation, proven, &more);
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn the_gas_of_the_contracts_for_a_key_is_known() {
    fn gas<S: EvmSystem>(creation: &[u8], proven: &Proven<S>) -> (usize, u64, u64) {
        let mut machine = Machine::new(SpecId::OSAKA);
        let (address, deployment, code) = machine.deploy(creation);
        let all: Vec<u64> = (proven.proofs.iter())
            .map(|proof| {
                let outcome = machine.call(address, &CallOf::from(proof).encode());
                assert!(outcome.accepted);
                outcome.execution
            })
            .collect();
        assert!(all.iter().all(|gas| *gas == all[0]), "{all:?}");
        (code.len(), deployment, all[0])
    }
    let proven = &two_phase().proven;
    let (size, deployment, execution) = gas(&compiled("Gas", &proven.key, &()), proven);
    assert_eq!((size, execution), (3047, 263_877));
    assert!(deployment < 713_000, "{deployment} gas");
    assert!(execution <= 270_000);
    let proven = &registered().proven;
    let (size, deployment, execution) = gas(&compiled("Gas", &proven.key, &proven.registered), proven);
    assert_eq!((size, execution), (3743, 299_700));
    assert!(deployment < 863_000, "{deployment} gas");
    assert!(execution <= 310_000);
    // With no zero in its calldata.
    assert_eq!((263_877 + 21_000 + 16 * 484, 299_700 + 21_000 + 16 * 484), (292_621, 328_444));
}

/// EIP-170: 24,576 bytes.
#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn the_largest_contracts_can_be_made_and_called() {
    fn check<S: EvmSystem>(
        name: &str,
        proven: &Proven<S>,
        register: impl Fn(&EvmKeyOf<S>) -> <S as Phased>::Registered,
        size: usize,
    ) {
        let inputs = S::MAX_INPUTS;
        let (fixed, ic) = proven.words.as_bytes().split_at(EvmKeyOf::<S>::FIXED);
        let of = |inputs: usize| {
            let key = EvmKeyOf::<S>::from_bytes(&[fixed, &ic[..64].repeat(inputs + 2)].concat()).unwrap();
            let table = table(inputs);
            let registered = register(&key);
            (key.verifying_key(*proven.key.contents(), proven.key.provenance(), table).unwrap(), registered)
        };
        let (key, registered) = of(inputs);
        let mut machine = Machine::new(SpecId::OSAKA);
        let (address, _, code) = machine.deploy(&compiled(name, &key, &registered));
        // Less for each zero that a constant begins with.
        assert!((size - 4..=size).contains(&code.len()), "{} bytes", code.len());
        let proof = &proven.proofs[0];
        let call = CallOf::<S> { inputs: vec![proof.inputs[0]; inputs], proof: proof.proof.clone() };
        // It is not true, which is found out at the very end.
        assert_eq!(machine.call(address, &call.encode()).output, word::selector("ProofInvalid()"));
        let (key, registered) = of(inputs + 1);
        let error = registered_verifier(name, &key, &registered).unwrap_err();
        assert_eq!(error, EvmError::Inputs { found: inputs + 1, max: inputs });
    }
    check("Largest", &two_phase().proven, |_| (), 24_492);
    let point = registered().proven.registered.point();
    check(
        "LargestOfThree",
        &registered().proven,
        |key| zkml::prove::WeightsCommitment::new(key.hash(), point).unwrap(),
        24_548,
    );
}

/// Names that the source has are none for a contract, and others are.
#[test]
fn names_of_contracts_are_not_those_of_the_source() {
    let proven = &two_phase().proven;
    for name in ["Groth16", "TwoPhase", "KEY", "KEY_HASH", "CalldataLength", "two", ""] {
        assert!(matches!(verifier(name, &proven.key), Err(EvmError::Name { .. })), "{name}");
    }
    let source = verifier("TwoPhaseVerifier", &proven.key).unwrap();
    assert!(source.starts_with(solidity::GROTH16) && !source.contains("import ") && !source.contains("{{"));
    assert_eq!(source.matches("SPDX").count(), 1);
    let registered = &registered().proven;
    for name in ["TwoPhase", "WEIGHTS_X", "WEIGHTS_Y"] {
        let error = registered_verifier(name, &registered.key, &registered.registered);
        assert!(matches!(error, Err(EvmError::Name { .. })), "{name}");
    }
    assert!(!registered_verifier("A", &registered.key, &registered.registered).unwrap().contains("{{"));
}

/// A thousand transcripts, with inputs at both ends of their range, commitments at infinity, and any number of inputs.
#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn challenges_are_those_of_the_contracts() {
    let creation = compile(&folder().join("Transcript.sol"), "Transcript");
    let mut machine = Machine::new(SpecId::OSAKA);
    let (address, ..) = machine.deploy(&creation);
    let rng = &mut StdRng::seed_from_u64(54);
    let tags = [transcript::TAG, transcript::REGISTERED, transcript::REGISTERED_KEY];
    assert_eq!(machine.call(address, &word::selector("tags()")).output, tags.as_flattened());
    let mut seen = std::collections::HashSet::new();
    for i in 0..1000 {
        let key: Word = match i % 10 {
            0 => [0; 32],
            1 => [0xff; 32],
            _ => rng.r#gen(),
        };
        let point = |rng: &mut StdRng| match rng.gen_range(0..6) {
            0 => G1Affine::zero(),
            1 => G1Affine::generator(),
            2 => (-G1Affine::generator()).into_group().into_affine(),
            _ => random_g1(rng),
        };
        let element = |rng: &mut StdRng| match rng.gen_range(0..6) {
            0 => Fr::zero(),
            1 => Fr::from(1),
            2 => -Fr::from(1),
            3 => Fr::from(rng.r#gen::<u64>()),
            _ => Fr::rand(rng),
        };
        let (weights, d) = (point(rng), point(rng));
        let inputs: Vec<Fr> = (0..[0, 1, 2, 5, 5, 5, 17, 40][i % 8]).map(|_| element(rng)).collect();
        let (tag, commitments, expected) = if i % 2 == 0 {
            (tags[0], g1(&d).to_vec(), transcript::challenge(&key, &[d], &inputs))
        } else {
            let expected = transcript::registered_challenge(&key, &weights, &[d], &inputs);
            (tags[1], [g1(&weights), g1(&d)].concat(), expected)
        };
        // And what the Rust side hashes, spelled out.
        let words: Vec<Word> = inputs.iter().map(|x| word::of_field(*x)).collect();
        let hash = keccak256([&[tag, key], &commitments[..], &words].concat().as_flattened());
        assert_eq!(word::reduce(&hash), expected);
        for name in ["plain", "ofLibrary"] {
            let signature = format!("{name}(bytes32,bytes32,uint256[],uint256[])");
            let number = |n: usize| word::of_int(n as u64);
            let mut list = vec![tag, key, number(128), number(160 + 32 * commitments.len()), number(commitments.len())];
            list.extend(&commitments);
            list.push(number(words.len()));
            list.extend(&words);
            let outcome = machine.call(address, &[&word::selector(&signature)[..], list.as_flattened()].concat());
            assert_eq!((outcome.accepted, &outcome.output[..]), (true, &word::of_field(expected)[..]), "{name}, {i}");
        }
        assert!(seen.insert(word::of_field(expected)) || key == [0; 32] || key == [0xff; 32]);
    }
    // Of a key with registered weights.
    for n in [1, 2, 5, 40] {
        let words = registered_trapdoor(n).proven.words;
        let number = |n: usize| word::of_int(n as u64);
        let head = [number(64), number(n), number(words.as_bytes().len())];
        let calldata =
            [&word::selector("registeredHash(bytes,uint256)")[..], head.as_flattened(), words.as_bytes()].concat();
        assert_eq!(machine.call(address, &calldata).output, words.hash());
    }
}

/// The contract for any key in two phases, in which one passage of the library is another.
fn broken(name: &str, from: &str, to: &str) -> Vec<u8> {
    let path = scratch(name);
    assert_eq!(solidity::TWO_PHASE.matches(from).count(), 1, "{from}");
    let library = solidity::TWO_PHASE.replace(from, to);
    let files = [
        ("Groth16.sol", solidity::GROTH16),
        ("TwoPhase.sol", &library),
        ("TwoPhaseVerifier.sol", TwoPhase::SOURCES.generic),
    ];
    for (file, text) in files {
        std::fs::write(path.join(file), text).unwrap();
    }
    let code = compile(&path.join("TwoPhaseVerifier.sol"), "TwoPhaseVerifier");
    std::fs::remove_dir_all(path).unwrap();
    code
}

fn accepts(creation: &[u8], calldata: &[u8]) -> bool {
    let mut machine = Machine::new(SpecId::OSAKA);
    let (address, ..) = machine.deploy(creation);
    machine.call(address, calldata).accepted
}

/// Where the library draws the challenge of two phases.
const DRAWN: &str = "challenge(TAG, keccak256(key), commitments, inputs)";

/// The words that a broken contract hashes, as a challenge.
fn hash(words: &[Word]) -> Fr {
    word::reduce(&keccak256(words.as_flattened()))
}

/// Each false proof is one for a contract that differs from ours in one passage, and none for ours.
#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn false_proofs_are_those_of_broken_contracts() {
    let proven = &two_phase().proven;
    let ours = generic_bytecode_of::<TwoPhase>();
    assert_eq!(ours, broken("Ours", "R;\n    }", "R;\n    }"));
    let key = proven.words.hash();
    let inputs = |x: &[Fr]| x.iter().map(|x| word::of_field(*x)).collect::<Vec<_>>();
    let words = |proof: &ProofOf<TwoPhase>| {
        // What is proved is false: it is no entry of the table.
        assert!([0u64, 1, 2, 3].iter().all(|t| proof.inputs[3] != Fr::from(*t)));
        assert_eq!(proven.key.verify(proof), Err(VerifyError::Invalid));
        Words::new(&proven.words, proof).keyed()
    };
    let invalid = |calldata: &[u8]| {
        let mut machine = Machine::new(SpecId::OSAKA);
        let (address, ..) = machine.deploy(&ours);
        assert_eq!(machine.call(address, calldata).output, word::selector("ProofInvalid()"));
    };

    // The challenge is an argument: the last word of the call.
    let r = Fr::from(1u64 << 40);
    let calldata = [&words(&forged(Lie::Known(r), &|_, _| r))[..], &word::of_field(r)].concat();
    let argument = broken("Argument", DRAWN, "abi.decode(msg.data[msg.data.length - 32:], (uint256))");
    assert!(accepts(&argument, &calldata));
    invalid(&calldata);

    // The commitment alone is hashed.
    let alone = |d: &G1Affine, _: &[Fr]| hash(&[&[transcript::TAG, [0; 32]][..], &g1(d)].concat());
    let calldata = words(&forged(Lie::Inputs, &alone));
    assert!(accepts(&broken("Alone", DRAWN, "challenge(TAG, 0, commitments, new uint256[](0))"), &calldata));
    invalid(&calldata);

    // Everything but the inputs is.
    let without = |d: &G1Affine, _: &[Fr]| hash(&[&[transcript::TAG, key][..], &g1(d)].concat());
    let calldata = words(&forged(Lie::Inputs, &without));
    assert!(accepts(
        &broken("Inputs", DRAWN, "challenge(TAG, keccak256(key), commitments, new uint256[](0))"),
        &calldata
    ));
    invalid(&calldata);

    // Everything but the commitment is.
    let [a, b, c, x] = [2, 3, 5, 11].map(Fr::from);
    let all = inputs(&[a, b, c, x, a * b + a * b * c]);
    let r = hash(&[&[transcript::TAG, key][..], &all].concat());
    let calldata = words(&forged(Lie::Known(r), &|_, _| r));
    assert!(accepts(
        &broken("Commitment", DRAWN, "challenge(TAG, keccak256(key), new uint256[](0), inputs)"),
        &calldata
    ));
    invalid(&calldata);
}

/// An input has two names where they are not checked to be reduced: for each, a proof of its own.
#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn inputs_have_other_names_only_for_a_broken_contract() {
    let proven = &two_phase().proven;
    let keys = &two_phase().keys;
    let x = [2, 3, 5, 1].map(Fr::from);
    let name = aliased::<Fr>(&word::of_field(x[0])).unwrap();
    // The prover draws the challenge as the broken contract does, from the other name of the first input.
    let proof = zkml_evm::phased::prove_at(keys, x, &|d, inputs| {
        let mut words = [&[transcript::TAG, proven.words.hash()][..], &g1(d), &[name]].concat();
        words.extend(inputs[1..].iter().map(|x| word::of_field(*x)));
        hash(&words)
    });
    let mut words = Words::new(&proven.words, &proof);
    words.inputs[0] = name;
    let check = "if (inputs[i] >= Groth16.R) revert Groth16.InputNotReduced(i);";
    assert!(accepts(&broken("Names", check, ""), &words.keyed()));
    assert!(!accepts(&generic_bytecode_of::<TwoPhase>(), &words.keyed()));
}
