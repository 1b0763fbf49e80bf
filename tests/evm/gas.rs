//! Gas and size of the contract for any key, to the unit. That of the one for a key is in `solidity.rs`.

use revm::primitives::hardfork::SpecId;
use zkml::evm::{
    Call, EvmKey, KeyedCall,
    solidity::{MAX_INPUTS, generic_bytecode},
};
use zkml_evm::{changes::Words, machine::Machine, proofs::proven};

/// Of the code, with five public inputs, whatever they are.
const EXECUTION: u64 = 218_125;

/// Of a transaction with five public inputs.
const LIMIT: u64 = 260_000;

#[test]
fn the_gas_of_a_call_is_known() {
    let proven = proven();
    for fork in [SpecId::CANCUN, SpecId::OSAKA] {
        let mut machine = Machine::new(fork);
        let (address, deployment, code) = machine.deploy(&generic_bytecode());
        assert_eq!((code.len(), deployment), (1818, 446_313));
        for proof in &proven.proofs {
            let call = KeyedCall::new(proven.words.clone(), Call::from(proof)).expect("five inputs");
            let outcome = machine.call(address, &call.encode());
            assert_eq!((outcome.accepted, outcome.execution), (true, EXECUTION));
            assert!(outcome.gas <= LIMIT, "{} gas", outcome.gas);
        }
    }
    // The most that calldata may cost: 1,380 bytes, of which only the 121 in places and lengths must be zeros.
    let most = EXECUTION + 21_000 + 16 * (1380 - 121) + 4 * 121;
    assert_eq!(most, 259_753);
    assert!(most <= LIMIT);
}

/// `docs/evm.md` has the figures that are asserted here and in `solidity.rs`.
#[test]
fn the_figures_of_the_documentation_are_these() {
    let page = include_str!("../../docs/evm.md");
    for row in [
        "| code, n = 5 | 2,107 bytes | 1,818 bytes, for all keys |",
        "| gas of the code, n = 5 | 217,559 | 218,125 |",
        "| gas of a transaction, n = 5, at most | 245,279 | 259,753 |",
        "| gas to make it, n = 5 | 509,000 | 446,313 |",
    ] {
        assert_eq!(page.matches(row).count(), 1, "{row}");
    }
    let (plain, keyed) =
        (Call::from(&proven().proofs[0]).encode(), Words::new(&proven().words, &proven().proofs[0]).keyed());
    assert_eq!((plain.len(), keyed.len()), (260 + 32 * 5, 900 + 96 * 5));
    assert_eq!((MAX_INPUTS, EvmKey::MAX_INPUTS), (350, 1024));
}

/// The most public inputs, in one transaction.
#[test]
fn the_largest_key_fits_a_transaction() {
    let n = EvmKey::MAX_INPUTS;
    let bytes = proven().words.as_bytes();
    let long = [&bytes[..512], &bytes[512..576].repeat(n)].concat();
    let call = Call { inputs: vec![proven().proofs[0].inputs[0]; n], proof: proven().proofs[0].proof.clone() };
    let call = KeyedCall::new(EvmKey::from_bytes(&long).expect("a key"), call).expect("as many inputs");
    let mut machine = Machine::new(SpecId::OSAKA);
    let (address, ..) = machine.deploy(&generic_bytecode());
    let outcome = machine.call(address, &call.encode());
    // It is not true, which is found out at the very end.
    assert_eq!(outcome.output, zkml::evm::word::selector("ProofInvalid()"));
    assert_eq!(outcome.execution, 7_339_610);
    assert!(outcome.gas < Machine::GAS, "{} gas", outcome.gas);
}
