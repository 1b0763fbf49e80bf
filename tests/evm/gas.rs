//! Gas and size of the contract for any key, to the unit. That of the one for a key is in `solidity.rs`.

use revm::primitives::hardfork::SpecId;
use zkml::evm::{Call, EvmKey, KeyedCall, solidity::generic_bytecode};
use zkml_evm::{machine::Machine, proofs::proven};

#[test]
fn the_gas_of_a_call_is_known() {
    let proven = proven();
    // What is priced anew in the next fork is calldata, beside which nothing here counts.
    for (fork, limit) in [(SpecId::CANCUN, 260_000), (SpecId::OSAKA, 260_000)] {
        let mut machine = Machine::new(fork);
        let (address, deployment, code) = machine.deploy(&generic_bytecode());
        assert_eq!((code.len(), deployment), (1, 1));
        for proof in &proven.proofs {
            let call = KeyedCall::new(proven.words.clone(), Call::from(proof)).expect("five inputs");
            let outcome = machine.call(address, &call.encode());
            assert!(outcome.accepted);
            assert_eq!(outcome.execution, 1);
            assert!(outcome.gas <= limit, "{} gas", outcome.gas);
        }
    }
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
    assert!(outcome.gas < Machine::GAS, "{} gas", outcome.gas);
}
