//! The interfaces and the bytecode are those of the contracts as they are built.

use std::collections::BTreeMap;

use alloy::sol_types::{SolCall as _, SolInterface};

use super::*;
use crate::{
    abi::{IBounty, IBountyFactory},
    chain::factory_code,
};

/// The selectors of a contract, by signature.
fn selectors(contract: &str) -> BTreeMap<String, String> {
    let built = built(&format!("{contract}.sol/{contract}.json"));
    serde_json::from_value(built["methodIdentifiers"].clone()).unwrap()
}

fn declared<I: SolInterface>(contract: &str) {
    let built = selectors(contract);
    for selector in I::selectors() {
        let hex = alloy::hex::encode(selector);
        assert!(built.values().any(|found| *found == hex), "{contract} has no {hex}: {built:?}");
    }
}

#[test]
#[ignore = "needs contracts/out: contracts/test.sh quick"]
fn functions_are_those_of_the_contracts() {
    declared::<IBounty::IBountyCalls>("Bounty");
    declared::<IBountyFactory::IBountyFactoryCalls>("BountyFactory");
    assert_eq!(selectors("Bounty")["commit(uint256)"], alloy::hex::encode(IBounty::commitCall::SELECTOR));
}

#[test]
#[ignore = "needs contracts/out: contracts/test.sh quick"]
fn the_bytecode_is_that_of_the_contracts() {
    let built = built("BountyFactory.sol/BountyFactory.json");
    let code = built["bytecode"]["object"].as_str().unwrap();
    if std::env::var_os("ZKML_WRITE").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts/BountyFactory.hex");
        std::fs::write(path, format!("{}\n", code.trim_start_matches("0x"))).unwrap();
        return;
    }
    assert!(
        alloy::hex::decode(code).unwrap() == factory_code().unwrap(),
        "artifacts/BountyFactory.hex is of other contracts: run this test with ZKML_WRITE=1"
    );
}
