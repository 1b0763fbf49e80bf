//! Thousands of calls of the contract for any key, as it ships: what is true is accepted, what is changed is refused,
//! and our own verifier says the same of each.

use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use revm::primitives::{Address, hardfork::SpecId};
use zkml::{
    evm::{solidity::generic_bytecode, word},
    rand::{Rng, SeedableRng, rngs::StdRng},
};
use zkml_evm::{
    changes::{Words, aliased, changed, g1, g2, outside_g2, random_g1, random_g2},
    machine::Machine,
    proofs::{STATEMENTS, proven, rerandomised},
};

/// Of each kind.
const CALLS: usize = 1000;

struct Contract {
    machine: Machine,
    address: Address,
}

impl Contract {
    fn new() -> Self {
        let mut machine = Machine::new(SpecId::OSAKA);
        let (address, ..) = machine.deploy(&generic_bytecode());
        Self { machine, address }
    }

    /// Whether the contract accepts the words; [`VerifyingKey::verify`] must agree.
    fn accepts(&mut self, words: &Words) -> bool {
        let outcome = self.machine.call(self.address, &words.keyed());
        assert_eq!(outcome.accepted, words.verifies(proven()), "contract and verifier differ: {words:?}");
        assert!(outcome.accepted || !outcome.output.is_empty(), "a refusal has no reason: {words:?}");
        // Whatever is refused costs no more than an accepted call and what one precompile may take.
        assert!(outcome.gas <= 480_000, "{} gas", outcome.gas);
        if outcome.accepted {
            assert!(outcome.output.is_empty() && outcome.gas <= 260_000, "{} gas", outcome.gas);
        }
        outcome.accepted
    }

    /// The error that a call reverts with.
    fn error(&mut self, calldata: &[u8]) -> [u8; 4] {
        let outcome = self.machine.call(self.address, calldata);
        assert!(!outcome.accepted);
        outcome.output.first_chunk().copied().unwrap_or_default()
    }
}

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// The `i`th of many true calls, no two of which are the same.
fn honest(i: usize, rng: &mut StdRng) -> Words {
    let proven = proven();
    let proof = &proven.proofs[i % STATEMENTS];
    Words::new(&proven.words, &rerandomised(&proven.key, proof, rng))
}

#[test]
fn a_thousand_proofs_are_accepted() {
    let (mut contract, rng) = (Contract::new(), &mut rng(1));
    let mut seen = std::collections::HashSet::new();
    for i in 0..CALLS {
        let words = honest(i, rng);
        assert!(contract.accepts(&words), "{words:?}");
        assert!(seen.insert(words.keyed()));
    }
}

#[test]
fn a_thousand_changed_inputs_are_refused() {
    let (mut contract, rng) = (Contract::new(), &mut rng(2));
    for i in 0..CALLS {
        let mut words = honest(i, rng);
        let at = i % 5;
        words.inputs[at] = changed::<Fr>(&words.inputs[at], i / 5, rng);
        assert!(!contract.accepts(&words), "input {at}");
    }
}

#[test]
fn a_thousand_changed_words_of_proofs_are_refused() {
    let (mut contract, rng) = (Contract::new(), &mut rng(3));
    for i in 0..CALLS {
        let mut words = honest(i, rng);
        let at = i % 8;
        words.proof[at] = changed::<Fq>(&words.proof[at], i / 8, rng);
        assert!(!contract.accepts(&words), "word {at} of the proof");
    }
}

#[test]
fn a_thousand_changed_words_of_keys_are_refused() {
    let (mut contract, rng) = (Contract::new(), &mut rng(4));
    for i in 0..CALLS {
        let mut words = honest(i, rng);
        let at = i % 26;
        words.key[at] = changed::<Fq>(&words.key[at], i / 26, rng);
        assert!(!contract.accepts(&words), "word {at} of the key");
    }
}

/// Points that are in their groups, so that the pairing is computed.
#[test]
fn a_thousand_other_points_are_refused() {
    let (mut contract, rng) = (Contract::new(), &mut rng(5));
    for i in 0..CALLS {
        let mut words = honest(i, rng);
        match i % 13 {
            0 => words.proof[..2].copy_from_slice(&g1(&random_g1(rng))),
            1 => words.proof[2..6].copy_from_slice(&g2(&random_g2(rng))),
            2 => words.proof[6..].copy_from_slice(&g1(&random_g1(rng))),
            3 => words.key[..2].copy_from_slice(&g1(&random_g1(rng))),
            at @ 4..=6 => words.key[4 * at - 14..4 * at - 10].copy_from_slice(&g2(&random_g2(rng))),
            at => words.key[2 * at..2 * at + 2].copy_from_slice(&g1(&random_g1(rng))),
        }
        assert!(!contract.accepts(&words), "{}", i % 13);
    }
}

/// Another proof's, where it does not belong.
#[test]
fn parts_of_other_proofs_are_refused() {
    let (mut contract, rng) = (Contract::new(), &mut rng(6));
    for i in 0..CALLS / 5 {
        let (mut words, other) = (honest(i, rng), honest(i + 1, rng));
        match i % 5 {
            0 => words.proof[..2].copy_from_slice(&other.proof[..2]),
            1 => words.proof[2..6].copy_from_slice(&other.proof[2..6]),
            2 => words.proof[6..].copy_from_slice(&other.proof[6..]),
            3 => words.inputs = other.inputs,
            _ => words.inputs.swap(1, 2),
        }
        assert!(!contract.accepts(&words), "{}", i % 5);
    }
}

#[test]
fn every_alias_of_an_input_is_refused_by_name() {
    let mut contract = Contract::new();
    let error = word::selector("InputNotReduced(uint256)");
    for (i, proof) in proven().proofs.iter().enumerate() {
        let honest = Words::new(&proven().words, proof);
        for at in 0..5 {
            let mut words = honest.clone();
            let mut times = 0;
            while let Some(alias) = aliased::<Fr>(&words.inputs[at]) {
                words.inputs[at] = alias;
                assert!(!contract.accepts(&words), "input {at} of proof {i}");
                assert_eq!(contract.error(&words.keyed()), error);
                times += 1;
            }
            // 2^256 is more than five times the modulus.
            assert!(times >= 4, "{times}");
        }
    }
    let mut words = Words::new(&proven().words, &proven().proofs[0]);
    words.inputs[2] = [0xff; 32];
    assert_eq!(contract.error(&words.keyed()), error);
}

#[test]
fn another_number_of_inputs_is_refused_by_name() {
    let mut contract = Contract::new();
    let honest = Words::new(&proven().words, &proven().proofs[0]);
    let error = word::selector("KeyLength(uint256,uint256)");
    for n in (0..12).filter(|n| *n != 5) {
        let mut words = honest.clone();
        words.inputs.resize(n, [0; 32]);
        assert!(!contract.accepts(&words), "{n} inputs");
        assert_eq!(contract.error(&words.keyed()), error);
    }
    // An input of zero with a point of its own changes nothing in the sum: it is the hash of the key that refuses it.
    let mut words = honest.clone();
    words.inputs.push([0; 32]);
    words.key.extend(g1(&G1Affine::generator()));
    assert!(contract.machine.call(contract.address, &words.keyed()).accepted);
    let hash = proven().words.hash();
    assert!(contract.machine.call(contract.address, &honest.hashed(&hash)).accepted);
    assert_eq!(contract.error(&words.hashed(&hash)), word::selector("WrongKey(bytes32,bytes32)"));
    let mut other = honest.hashed(&hash);
    other[0] ^= 1;
    assert!(!contract.machine.call(contract.address, &other).accepted);
}

#[test]
fn points_outside_are_refused() {
    let (mut contract, rng) = (Contract::new(), &mut rng(7));
    let failed = word::selector("PrecompileFailed(uint256)");
    for i in 0..50 {
        let honest = honest(i, rng);
        // Outside the subgroup: B of the proof, and beta, gamma, delta of the key.
        let outside = g2(&outside_g2(rng));
        for place in 0..4 {
            let mut words = honest.clone();
            match place {
                0 => words.proof[2..6].copy_from_slice(&outside),
                at => words.key[4 * at - 2..4 * at + 2].copy_from_slice(&outside),
            }
            assert!(!contract.accepts(&words), "place {place}");
            assert_eq!(contract.error(&words.keyed()), failed);
        }
        // Not on the curve: x with another point's y.
        let other = g1(&random_g1(rng));
        for at in [0, 6] {
            let mut words = honest.clone();
            words.proof[at + 1] = other[1];
            assert!(!contract.accepts(&words));
            assert_eq!(contract.error(&words.keyed()), failed);
        }
    }
}

#[test]
fn points_at_infinity_are_refused() {
    let mut contract = Contract::new();
    let honest = Words::new(&proven().words, &proven().proofs[0]);
    for mask in 1..8 {
        let mut words = honest.clone();
        for (bit, range) in [0..2, 2..6, 6..8].into_iter().enumerate() {
            if mask >> bit & 1 == 1 {
                words.proof[range].fill([0; 32]);
            }
        }
        assert!(!contract.accepts(&words), "{mask}");
        assert_eq!(contract.error(&words.keyed()), word::selector("ProofInvalid()"));
    }
    // Of the key: whoever may choose it, proves anything; our own verifier takes no such key, and a contract must know
    // its hash.
    let mut words = honest;
    words.key[..2].fill([0; 32]);
    words.key[6..].fill([0; 32]);
    words.proof.fill([0; 32]);
    words.inputs[4] = word::of_int(3);
    assert!(contract.machine.call(contract.address, &words.keyed()).accepted);
    assert!(!words.verifies(proven()));
    assert!(G2Affine::identity().is_zero() && g2(&G2Affine::identity()) == [[0; 32]; 4]);
}

#[test]
fn calls_that_are_cut_short_are_refused() {
    let mut contract = Contract::new();
    let calldata = Words::new(&proven().words, &proven().proofs[0]).keyed();
    assert!(contract.machine.call(contract.address, &calldata).accepted);
    for end in 0..calldata.len() {
        assert!(!contract.machine.call(contract.address, &calldata[..end]).accepted, "{end} bytes");
    }
    // Where arguments begin, and how long they are, in any other way.
    let rng = &mut rng(8);
    for at in [0, 1, 10, 37] {
        let mut words = calldata[4..].as_chunks::<32>().0.to_vec();
        for other in [[0; 32], [0xff; 32], word::of_int(rng.gen_range(1..2000) * 2 + 1), word::of_int(1 << 32)] {
            words[at] = other;
            let changed = [&calldata[..4], words.as_flattened()].concat();
            assert!(!contract.machine.call(contract.address, &changed).accepted, "word {at} is {other:?}");
        }
    }
}
