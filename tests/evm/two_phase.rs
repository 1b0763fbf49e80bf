//! Thousands of calls of the contracts of two phases and of registered weights, as they ship: what is true is accepted,
//! what is changed is refused, and our own verifier says the same of each.

use ark_bn254::{Fq, Fr, G1Affine};
use ark_ec::AffineRepr;
use revm::primitives::{Address, hardfork::SpecId};
use zkml::{
    evm::{
        CallOf, EvmError, EvmKeyOf, EvmSystem, KeyedCallOf, Word,
        solidity::{generic_bytecode, generic_bytecode_of, registered_bytecode},
        word,
    },
    prove::{ProofOf, Registered, TwoPhase, WeightsCommitment, transcript},
    rand::{SeedableRng, rngs::StdRng},
};
use zkml_evm::{
    changes::{Words, aliased, changed, g1, g2, outside_g2, random_g1, random_g2},
    machine::{Machine, Outcome},
    phased::{INPUTS, Trapdoor, WEIGHTS, prove, registered, registered_trapdoor, trapdoor, two_phase},
    proofs::{Proven, STATEMENTS, rerandomised},
};

/// Of each kind.
const CALLS: usize = 1000;

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// A contract, and the key that it is asked about.
struct Contract<'a, S: EvmSystem> {
    machine: Machine,
    address: Address,
    proven: &'a Proven<S>,
}

impl<'a> Contract<'a, TwoPhase> {
    fn two_phase(proven: &'a Proven<TwoPhase>) -> Self {
        let mut machine = Machine::new(SpecId::OSAKA);
        let (address, ..) = machine.deploy(&generic_bytecode_of::<TwoPhase>());
        Self { machine, address, proven }
    }
}

impl<'a> Contract<'a, Registered> {
    fn registered(proven: &'a Proven<Registered>) -> Self {
        let mut machine = Machine::new(SpecId::OSAKA);
        let (address, ..) = machine.deploy(&registered_bytecode(&proven.key, &proven.registered).unwrap());
        Self { machine, address, proven }
    }
}

impl<S: EvmSystem> Contract<'_, S> {
    /// What the contract says to the words; our own verifier must agree.
    fn outcome(&mut self, words: &Words) -> Outcome {
        let outcome = self.machine.call(self.address, &words.keyed());
        assert_eq!(outcome.accepted, words.verifies(self.proven), "contract and verifier differ: {words:?}");
        assert!(outcome.accepted || !outcome.output.is_empty(), "a refusal has no reason: {words:?}");
        // Whatever is refused costs no more than an accepted call and what one precompile may take.
        assert!(outcome.gas <= 590_000 + 9_000 * words.inputs.len() as u64, "{} gas", outcome.gas);
        outcome
    }

    fn accepts(&mut self, words: &Words) -> bool {
        self.outcome(words).accepted
    }

    /// The error that a call reverts with.
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

    /// The words of the `i`th of many proofs, no two of which are the same.
    fn honest(&self, i: usize, rng: &mut StdRng) -> Words {
        Words::new(&self.proven.words, &rerandomised(&self.proven.key, &self.proven.proofs[i % STATEMENTS], rng))
    }
}

/// Half of them real ones that are made anew, and half under a key whose secrets are known: these have points at
/// infinity, inputs next to the modulus, and equal points, wherever a proof may have them.
fn accept<S: EvmSystem>(mut real: Contract<'_, S>, mut known: Contract<'_, S>, trapdoor: &Trapdoor<S>) {
    let rng = &mut rng(41);
    let mut seen = std::collections::HashSet::new();
    for i in 0..CALLS / 2 {
        let words = real.honest(i, rng);
        assert!(real.accepts(&words), "{words:?}");
        assert!(seen.insert(words.keyed()));
        let words = Words::new(&trapdoor.proven.words, &trapdoor.proof(i, rng));
        assert!(known.accepts(&words), "{i}: {words:?}");
        assert!(seen.insert(words.keyed()));
    }
    for proof in &real.proven.proofs {
        assert!(real.accepts(&Words::new(&real.proven.words, proof)));
    }
}

#[test]
fn a_thousand_proofs_in_two_phases_are_accepted() {
    let trapdoor = trapdoor(INPUTS);
    accept(Contract::two_phase(&two_phase().proven), Contract::two_phase(&trapdoor.proven), &trapdoor);
}

#[test]
fn a_thousand_proofs_with_registered_weights_are_accepted() {
    let trapdoor = registered_trapdoor(INPUTS);
    accept(Contract::registered(&registered().proven), Contract::registered(&trapdoor.proven), &trapdoor);
}

/// One word, of the inputs, the proof or the key, or a point that is another of its group.
fn corrupt<S: EvmSystem>(mut contract: Contract<'_, S>) {
    let rng = &mut rng(42);
    for i in 0..CALLS {
        let mut words = contract.honest(i, rng);
        match i % 4 {
            0 => {
                let at = i / 4 % INPUTS;
                words.inputs[at] = changed::<Fr>(&words.inputs[at], i / 20, rng);
            }
            1 => {
                let at = i / 4 % 10;
                words.proof[at] = changed::<Fq>(&words.proof[at], i / 40, rng);
            }
            2 => {
                let at = i / 4 % words.key.len();
                words.key[at] = changed::<Fq>(&words.key[at], i, rng);
            }
            _ => match i / 4 % 4 {
                0 => words.proof[..2].copy_from_slice(&g1(&random_g1(rng))),
                1 => words.proof[2..6].copy_from_slice(&g2(&random_g2(rng))),
                2 => words.proof[6..8].copy_from_slice(&g1(&random_g1(rng))),
                _ => words.proof[8..].copy_from_slice(&g1(&random_g1(rng))),
            },
        }
        assert!(!contract.accepts(&words), "{i}");
    }
}

#[test]
fn a_thousand_corrupted_proofs_in_two_phases_are_refused() {
    corrupt(Contract::two_phase(&two_phase().proven));
}

#[test]
fn a_thousand_corrupted_proofs_with_registered_weights_are_refused() {
    corrupt(Contract::registered(&registered().proven));
}

/// Each word in each way, and each way by the name of its error.
fn every_word<S: EvmSystem>(mut contract: Contract<'_, S>) {
    let rng = &mut rng(43);
    let honest = contract.honest(0, rng);
    assert!(contract.accepts(&honest));
    let swap = |word: &Word, way: usize, rng: &mut StdRng| changed::<Fq>(word, way, rng);
    for way in 0..5 {
        for at in 0..honest.key.len() {
            let mut words = honest.clone();
            words.key[at] = swap(&honest.key[at], way, rng);
            assert!(!contract.accepts(&words), "word {at} of the key, {way}");
        }
        for at in 0..10 {
            let mut words = honest.clone();
            words.proof[at] = swap(&honest.proof[at], way, rng);
            assert!(!contract.accepts(&words), "word {at} of the proof, {way}");
        }
        for at in 0..INPUTS {
            let mut words = honest.clone();
            words.inputs[at] = changed::<Fr>(&honest.inputs[at], way, rng);
            assert!(!contract.accepts(&words), "input {at}, {way}");
        }
    }
    // Words that are not reduced: they are refused before anything is hashed, or given to a precompile.
    for at in 0..INPUTS {
        let mut words = honest.clone();
        let mut times = 0;
        while let Some(alias) = aliased::<Fr>(&words.inputs[at]) {
            words.inputs[at] = alias;
            contract.refuses(&words, "InputNotReduced(uint256)");
            times += 1;
        }
        assert!(times >= 4, "{times}");
        words.inputs[at] = [0xff; 32];
        contract.refuses(&words, "InputNotReduced(uint256)");
    }
    for at in 0..10 {
        let mut words = honest.clone();
        while let Some(alias) = aliased::<Fq>(&words.proof[at]) {
            words.proof[at] = alias;
            contract.refuses(&words, "PointNotReduced()");
        }
    }
    // Other names of infinity: there are none.
    let q = aliased::<Fq>(&[0; 32]).unwrap();
    for (x, y) in [(q, [0; 32]), ([0; 32], q), (q, q)] {
        for at in [0, 6, 8] {
            let mut words = honest.clone();
            words.proof[at..at + 2].copy_from_slice(&[x, y]);
            contract.refuses(&words, "PointNotReduced()");
        }
    }
    // Infinity itself is a point of each group, and no proof.
    for mask in 1..16 {
        let mut words = honest.clone();
        for (bit, range) in [0..2, 2..6, 6..8, 8..10].into_iter().enumerate() {
            if mask >> bit & 1 == 1 {
                words.proof[range].fill([0; 32]);
            }
        }
        contract.refuses(&words, "ProofInvalid()");
    }
}

#[test]
fn every_word_of_a_proof_in_two_phases_counts() {
    every_word(Contract::two_phase(&two_phase().proven));
}

#[test]
fn every_word_of_a_proof_with_registered_weights_counts() {
    every_word(Contract::registered(&registered().proven));
}

fn points<S: EvmSystem>(mut contract: Contract<'_, S>) {
    let rng = &mut rng(44);
    for i in 0..40 {
        let (honest, other) = (contract.honest(i, rng), contract.honest(i + 1, rng));
        // Of G1: exchanged, negated, of another proof; then off the curve.
        for (a, b) in [(0, 6), (0, 8), (6, 8)] {
            let mut words = honest.clone();
            words.proof.swap(a, b);
            words.proof.swap(a + 1, b + 1);
            contract.refuses(&words, "ProofInvalid()");
        }
        for at in [0, 6, 8] {
            let mut words = honest.clone();
            words.proof[at + 1] = word::of_field(-word::to_field::<Fq>(&honest.proof[at + 1]).unwrap());
            contract.refuses(&words, "ProofInvalid()");
            words.proof[at + 1] = other.proof[at + 1];
            contract.refuses(&words, "PrecompileFailed(uint256)");
        }
        for range in [0..2, 2..6, 6..8, 8..10, 0..8] {
            let mut words = honest.clone();
            words.proof[range.clone()].copy_from_slice(&other.proof[range]);
            contract.refuses(&words, "ProofInvalid()");
        }
        let (mut words, mut exchanged) = (honest.clone(), honest.clone());
        words.inputs = other.inputs;
        contract.refuses(&words, "ProofInvalid()");
        exchanged.inputs.swap(0, 1);
        contract.refuses(&exchanged, "ProofInvalid()");
        // On the curve, and outside the subgroup.
        let mut words = honest;
        words.proof[2..6].copy_from_slice(&g2(&outside_g2(rng)));
        contract.refuses(&words, "PrecompileFailed(uint256)");
    }
}

#[test]
fn points_of_a_proof_in_two_phases_have_their_places() {
    points(Contract::two_phase(&two_phase().proven));
}

#[test]
fn points_of_a_proof_with_registered_weights_have_their_places() {
    points(Contract::registered(&registered().proven));
}

/// Calls that are cut, and those of other numbers of inputs.
fn lengths<S: EvmSystem>(mut contract: Contract<'_, S>) {
    let honest = Words::new(&contract.proven.words, &contract.proven.proofs[0]);
    let calldata = honest.keyed();
    let call = KeyedCallOf::new(contract.proven.words.clone(), CallOf::from(&contract.proven.proofs[0])).unwrap();
    assert_eq!(call.encode(), calldata);
    assert!(contract.machine.call(contract.address, &calldata).accepted);
    for end in 0..calldata.len() {
        assert!(!contract.machine.call(contract.address, &calldata[..end]).accepted, "{end} bytes");
    }
    for n in (0..12).filter(|n| *n != INPUTS) {
        let mut words = honest.clone();
        words.inputs.resize(n, [0; 32]);
        contract.refuses(&words, "KeyLength(uint256,uint256)");
    }
    let mut words = honest;
    words.key.truncate(words.key.len() - 1);
    contract.refuses(&words, "KeyLength(uint256,uint256)");
}

#[test]
fn calls_in_two_phases_have_their_lengths() {
    lengths(Contract::two_phase(&two_phase().proven));
    // Another input of zero, with a point of its own, is another key, and so another challenge: unlike in a system
    // without one.
    let mut contract = Contract::two_phase(&two_phase().proven);
    let mut words = Words::new(&two_phase().proven.words, &two_phase().proven.proofs[0]);
    words.inputs.push([0; 32]);
    let challenge = words.key.len() - 2;
    words.key.splice(challenge..challenge, g1(&G1Affine::generator()));
    contract.refuses(&words, "ProofInvalid()");
}

#[test]
fn calls_with_registered_weights_have_their_lengths() {
    lengths(Contract::registered(&registered().proven));
}

#[test]
fn the_key_in_two_phases_is_the_one_that_is_meant() {
    let (mut contract, other) = (Contract::two_phase(&two_phase().proven), trapdoor(INPUTS));
    let proven = &two_phase().proven;
    let honest = Words::new(&proven.words, &proven.proofs[0]);
    assert!(contract.machine.call(contract.address, &honest.hashed(&proven.words.hash())).accepted);
    assert_eq!(proven.words.hash(), transcript::key_digest(proven.key.vk()));
    // A true proof under a key that the prover made.
    let own = Words::new(&other.proven.words, &other.proof(0, &mut rng(45)));
    assert!(contract.machine.call(contract.address, &own.keyed()).accepted);
    assert_eq!(contract.error(&own.hashed(&proven.words.hash())), word::selector("WrongKey(bytes32,bytes32)"));
    let mut words = honest;
    words.key = own.key;
    contract.refuses(&words, "ProofInvalid()");
}

#[test]
fn the_key_with_registered_weights_is_the_one_that_is_pinned() {
    let (mut contract, other) = (Contract::registered(&registered().proven), registered_trapdoor(INPUTS));
    let proven = &registered().proven;
    assert_eq!(proven.words.hash(), proven.key.key_digest());
    let own = Words::new(&other.proven.words, &other.proof(0, &mut rng(46)));
    assert!(Contract::registered(&other.proven).accepts(&own));
    contract.refuses(&own, "WrongKey(bytes32,bytes32)");
    // Its hash has a tag and its lengths: no key of two phases has it, though one with two inputs more is as long.
    let plain = trapdoor(INPUTS + 2);
    assert_eq!(plain.proven.words.as_bytes().len(), proven.words.as_bytes().len());
    let mut words = Words::new(&proven.words, &proven.proofs[0]);
    words.key = plain.proven.words.as_bytes().as_chunks().0.to_vec();
    contract.refuses(&words, "WrongKey(bytes32,bytes32)");
    // What the contract says that it is about.
    let [x, y] = g1(&proven.registered.point());
    for (name, expected) in [("KEY_HASH()", proven.words.hash()), ("WEIGHTS_X()", x), ("WEIGHTS_Y()", y)] {
        assert_eq!(contract.machine.call(contract.address, &word::selector(name)).output, expected);
    }
}

/// A true proof of other weights, of the same key and inputs, is true for a contract that is about these, and for no
/// other.
#[test]
fn the_weights_are_those_that_are_pinned() {
    let made = registered();
    let rng = &mut rng(47);
    let proven = &made.proven;
    let mut contract = Contract::registered(proven);
    let x = [2, 3, 5, 1].map(Fr::from);
    for weights in [[WEIGHTS[0], WEIGHTS[1] + 1], [0, 0], [WEIGHTS[1], WEIGHTS[0]], WEIGHTS] {
        // The last are the same weights, committed to anew.
        let weights = weights.map(Fr::from);
        let opening = made.keys.proving.commit_weights(weights.to_vec(), rng).unwrap();
        let proof = prove(&made.keys, &opening, weights, x, rng);
        let theirs = Proven::new(proven.key.clone(), opening.commitment().clone(), vec![]);
        let words = Words::new(&proven.words, &proof);
        // The control.
        assert!(Contract::registered(&theirs).accepts(&words));
        contract.refuses(&words, "ProofInvalid()");
        let mut moved = Words::new(&proven.words, &prove(&made.keys, &made.opening, WEIGHTS.map(Fr::from), x, rng));
        assert!(contract.accepts(&moved));
        Contract::registered(&theirs).refuses(&moved, "ProofInvalid()");
        moved.proof[8..].copy_from_slice(&words.proof[8..]);
        contract.refuses(&moved, "ProofInvalid()");
    }
}

/// What commits to nothing, or is no point, makes no contract.
#[test]
fn commitments_that_are_none_are_not_pinned() {
    let proven = &registered().proven;
    let honest = registered_bytecode(&proven.key, &proven.registered).unwrap();
    let with = |at: usize, words: &[Word]| {
        let mut code = honest.clone();
        let from = code.len() - 96 + 32 * at;
        code[from..from + 32 * words.len()].copy_from_slice(words.as_flattened());
        Machine::new(SpecId::OSAKA).made(&code)
    };
    assert!(with(0, &[]).is_ok());
    let [x, y] = g1(&proven.registered.point());
    let q = aliased::<Fq>(&[0; 32]).unwrap();
    let invalid = word::selector("WeightsInvalid()").to_vec();
    for point in
        [[[0; 32]; 2], [q, [0; 32]], [[0; 32], q], [aliased::<Fq>(&x).unwrap(), y], [x, aliased::<Fq>(&y).unwrap()]]
    {
        assert_eq!(with(1, &point), Err(invalid.clone()));
    }
    let mut other = y;
    other[31] ^= 1;
    let failed = [&word::selector("PrecompileFailed(uint256)")[..], &word::of_int(6)].concat();
    assert_eq!(with(1, &[x, other]), Err(failed.clone()));
    assert_eq!(with(1, &[y, x]), Err(failed));
    // Nor those that are under another key.
    let other = registered_trapdoor(INPUTS);
    let error = registered_bytecode(&proven.key, &other.proven.registered).unwrap_err();
    assert!(matches!(error, EvmError::Registered(_)), "{error}");
    assert!(WeightsCommitment::new([0; 32], G1Affine::identity()).is_err());
}

/// The same proof in systems that it is not of.
#[test]
fn proofs_are_of_one_system() {
    let (two, three) = (&two_phase().proven, &registered().proven);
    let (mut contract, mut other) = (Contract::two_phase(two), Contract::registered(three));
    contract.refuses(&Words::new(&three.words, &three.proofs[0]), "KeyLength(uint256,uint256)");
    other.refuses(&Words::new(&two.words, &two.proofs[0]), "KeyLength(uint256,uint256)");
    // Groth16's contract has no such function.
    let mut machine = Machine::new(SpecId::OSAKA);
    let (address, ..) = machine.deploy(&generic_bytecode());
    assert!(!machine.call(address, &Words::new(&two.words, &two.proofs[0]).keyed()).accepted);
    // A proof that was made by hand with a commitment too many, or none, is true nowhere.
    for commitments in [vec![], [&two.proofs[0].proof.commitments[..], &[G1Affine::generator()]].concat()] {
        let mut proof: ProofOf<TwoPhase> = two.proofs[0].clone();
        proof.proof.commitments = commitments;
        assert!(two.key.verify(&proof).is_err());
        contract.refuses(&Words::new(&two.words, &proof), "ProofInvalid()");
    }
}

/// Any number of inputs, at the ends of their range.
#[test]
fn keys_of_other_numbers_of_inputs_are_taken() {
    let rng = &mut rng(48);
    for n in [1, 2, 9, 40] {
        let (two, three) = (trapdoor(n), registered_trapdoor(n));
        let (mut contract, mut other) = (Contract::two_phase(&two.proven), Contract::registered(&three.proven));
        for i in 0..6 {
            let mut words = Words::new(&two.proven.words, &two.proof(i, rng));
            assert!(contract.accepts(&words));
            words.inputs[n - 1] = changed::<Fr>(&words.inputs[n - 1], i, rng);
            assert!(!contract.accepts(&words));
            let mut words = Words::new(&three.proven.words, &three.proof(i, rng));
            assert!(other.accepts(&words));
            words.inputs[n - 1] = changed::<Fr>(&words.inputs[n - 1], i, rng);
            assert!(!other.accepts(&words));
        }
    }
}

/// A caller who gives too little gas is refused, and never believed.
#[test]
fn too_little_gas_is_not_believed() {
    fn check<S: EvmSystem>(mut contract: Contract<'_, S>) {
        let honest = contract.honest(0, &mut rng(49));
        let mut wrong = honest.clone();
        wrong.inputs.swap(0, 1);
        let mut accepted = 0;
        for gas in (100_000..400_000).step_by(5_000) {
            assert!(!contract.machine.accepts_with(contract.address, &wrong.keyed(), gas), "{gas}");
            accepted += usize::from(contract.machine.accepts_with(contract.address, &honest.keyed(), gas));
        }
        assert!(accepted > 5, "{accepted}");
    }
    check(Contract::two_phase(&two_phase().proven));
    check(Contract::registered(&registered().proven));
}

/// Of the code, with five public inputs, whatever they are: the limits are 270,000, and 310,000 with registered
/// weights.
const EXECUTION: [u64; 2] = [264_399, 300_180];

#[test]
fn the_gas_of_the_contracts_for_any_key_is_known() {
    fn check<S: EvmSystem>(creation: &[u8], proven: &Proven<S>, size: usize, execution: u64) -> Vec<u64> {
        let mut deployments = vec![];
        for fork in [SpecId::CANCUN, SpecId::OSAKA] {
            let mut machine = Machine::new(fork);
            let (address, deployment, code) = machine.deploy(creation);
            assert_eq!(code.len(), size);
            deployments.push(deployment);
            for proof in &proven.proofs {
                let call = KeyedCallOf::new(proven.words.clone(), CallOf::from(proof)).unwrap();
                let outcome = machine.call(address, &call.encode());
                assert_eq!((outcome.accepted, outcome.execution), (true, execution));
            }
        }
        deployments
    }
    let (two, three) = (&two_phase().proven, &registered().proven);
    let deployments = check(&generic_bytecode_of::<TwoPhase>(), two, 2550, EXECUTION[0]);
    assert_eq!(deployments, [604_663; 2]);
    let pinned = registered_bytecode(&three.key, &three.registered).unwrap();
    // What it is pinned to is a part of what is sent.
    let deployments = check(&pinned, three, 2775, EXECUTION[1]);
    assert!(deployments.iter().all(|gas| *gas < 663_000), "{deployments:?}");
    assert!(EXECUTION[0] <= 270_000 && EXECUTION[1] <= 310_000);
    // The most that calldata may cost: only the bytes in places and lengths must be zeros.
    assert_eq!(EXECUTION[0] + 21_000 + 16 * (1636 - 122) + 4 * 122, 310_111);
    assert_eq!(EXECUTION[1] + 21_000 + 16 * (1764 - 121) + 4 * 121, 347_952);
    assert_eq!((EvmKeyOf::<TwoPhase>::FIXED, EvmKeyOf::<Registered>::FIXED), (576, 704));
}

/// `docs/evm.md` and `docs/proof-systems.md` have the figures that are asserted here and in `solidity_two_phase.rs`.
#[test]
fn the_figures_of_the_documentation_are_these() {
    let page = include_str!("../../docs/evm.md");
    for row in [
        "| calldata | 324 + 32 n bytes | 1,156 + 96 n bytes | 324 + 32 n bytes | 1,284 + 96 n bytes |",
        "| code | 3,047 bytes | 2,550 bytes | 3,743 bytes | 2,775 bytes |",
        "| gas of the code | 263,877 | 264,399 | 299,700 | 300,180 |",
        "| gas of a transaction, at most | 292,621 | 310,111 | 328,444 | 347,952 |",
        "| gas to make it | 713,000 | 604,663 | 863,000 | 663,000 |",
        "| public inputs | at most 340 | at most 1,024 | at most 330 | at most 1,024 |",
    ] {
        assert_eq!(page.matches(row).count(), 1, "{row}");
    }
    let page = include_str!("../../docs/proof-systems.md");
    assert_eq!(page.matches("| gas of a contract's code, five public inputs | 217,559 | 263,877 |").count(), 1);
    let (two, three) = (&two_phase().proven, &registered().proven);
    let words = [Words::new(&two.words, &two.proofs[0]), Words::new(&three.words, &three.proofs[0])];
    assert_eq!(words.each_ref().map(|words| words.plain().len()), [324 + 32 * 5; 2]);
    assert_eq!(words.each_ref().map(|words| words.keyed().len()), [1156 + 96 * 5, 1284 + 96 * 5]);
    assert_eq!((TwoPhase::MAX_INPUTS, Registered::MAX_INPUTS), (340, 330));
}
