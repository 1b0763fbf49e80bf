//! Exported contracts, compiled and called on a development chain.

use std::{process::Command, time::Duration};

use serde_json::{Value, json};

use crate::{
    anvil::Anvil,
    world::{World, shipped},
};

/// The creation code of an exported contract.
fn compiled(world: &World, name: &str) -> String {
    let source = world.path(&format!("zkml/export/{name}.sol"));
    let output = Command::new("node").arg(shipped("tests/evm/compile.js")).arg(&source).arg(name).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    format!("0x{}", String::from_utf8(output.stdout).unwrap().trim())
}

/// The address of the contract that a transaction made, once it is in a block.
fn deployed(anvil: &Anvil, hash: &Value) -> Value {
    for _ in 0..100 {
        let receipt = anvil.call("eth_getTransactionReceipt", json!([hash]));
        if !receipt.is_null() {
            assert_eq!(receipt["status"], "0x1", "{receipt}");
            return receipt["contractAddress"].clone();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the transaction {hash} is in no block")
}

#[test]
#[ignore = "needs anvil and solc: npm ci in contracts/ and in tests/evm/"]
fn exported_contracts_take_the_proof_and_no_other() {
    let anvil = Anvil::start();
    let accounts = anvil.call("eth_accounts", json!([]));
    let plain = World::ready();
    let phased = World::project(&["--system", "two-phase"], &[("tries = 40", "tries = 10")]);
    phased.passes(&["quantize"]);
    phased.passes(&["setup"]);
    let registered = World::project(&["--weights", "registered"], &[("tries = 40", "tries = 10")]);
    registered.passes(&["quantize"]);
    registered.passes(&["setup"]);
    registered.passes(&["register", "--owner", "0x2a"]);
    for world in [plain, phased, registered] {
        world.passes(&["prove", "test.csv"]);
        let exported = world.json(&["export", "solidity", "--name", "Digits"]);
        let made = json!([{ "from": accounts[0], "data": compiled(&world, "Digits"), "gas": "0x1000000" }]);
        let hash = anvil.call("eth_sendTransaction", made);
        let contract = deployed(&anvil, &hash);
        let of = |proof: &str| world.json(&["export", "calldata", proof])["calldata"].as_str().unwrap().to_owned();
        let call = |data: &str| {
            let call = json!({ "from": accounts[0], "to": contract, "data": data, "gas": "0x1000000" });
            anvil.asked("eth_call", json!([call, "latest"])).map(|_| call)
        };
        let proofs = [of("zkml/proofs/test-0.proof"), of("zkml/proofs/test-1.proof")];
        let sent = call(&proofs[0]).unwrap();
        let used = anvil.number("eth_estimateGas", json!([sent]));
        let told = u128::from(exported["gas"].as_u64().unwrap());
        assert!(used.abs_diff(told) * 50 < told, "{used} gas, told {told}");
        call(&proofs[1]).unwrap();
        // One hexadecimal digit of the answer, of the proof's first point, and of its last word.
        for at in [10 + 63, 10 + 64 + 40, proofs[0].len() - 1] {
            let mut digits = proofs[0].clone().into_bytes();
            digits[at] = if digits[at] == b'1' { b'2' } else { b'1' };
            call(&String::from_utf8(digits).unwrap()).unwrap_err();
        }
        // The answer of one with the proof of another, of the same length.
        let [one, other] = &proofs;
        if one[..74] != other[..74] {
            call(&format!("{}{}", &one[..74], &other[74..])).unwrap_err();
        }
        call(&one[..one.len() - 2]).unwrap_err();
    }
}
