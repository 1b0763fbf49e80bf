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

/// All sources below a folder of the project, as one text.
fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|e| e == "rs" || e == "sol") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_tests_that_the_documentation_names_exist() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut text = String::new();
    for folder in ["contracts/test", "zkml-bounty/src", "zkml-core/src/bounty", "zkml-core/src/gadget"] {
        sources(&project.join(folder), &mut text);
    }
    let document = std::fs::read_to_string(project.join("docs/bounty.md")).unwrap();
    let (_, attacks) = document.split_once("## Attacks").unwrap();
    let named: Vec<&str> = attacks.split('`').skip(1).step_by(2).filter(|name| name.matches('_').count() > 1).collect();
    assert!(named.len() > 40, "{} tests", named.len());
    for name in named.into_iter().filter(|name| *name != "test_attack_") {
        let declared = [format!("fn {name}()"), format!("function {name}()")];
        assert!(declared.iter().any(|test| text.contains(test)), "docs/bounty.md names `{name}`, which is no test");
    }
}

/// The gas that the documentation tells is that of the contracts' own table.
#[test]
fn the_gas_that_the_documentation_tells_is_measured() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |name: &str| std::fs::read_to_string(project.join(name)).unwrap();
    let (document, gas) = (read("docs/bounty.md"), read("contracts/gas.md"));
    for step in [
        "create, ether",
        "commit, ether",
        "proveData, items: 1",
        "proveData, items: 4",
        "proveAccuracy, the last chunk",
        "deliver, elements: 28",
        "deliver, elements: 1435",
        "deliver, elements: 4000",
        "withdraw, ether",
    ] {
        let row = gas.lines().find(|line| line.starts_with(&format!("| {step} |"))).expect(step);
        for figure in row.split('|').map(str::trim).skip(4).filter(|figure| !figure.is_empty()) {
            assert!(document.contains(figure), "{step}: docs/bounty.md does not have {figure}");
        }
    }
}
