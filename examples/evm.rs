//! A handwritten digit, proven here and verified by a contract in an Ethereum virtual machine.
//!
//! `cargo run --release --features evm --example evm` proves what a network with committed weights answers for one of
//! the digits that ship; writes the contract for its key, `target/evm/DigitsVerifier.sol`, and a call of it,
//! `calldata.hex`; and calls the contract for any key, whose bytecode ships, in revm: for the proof, and for the same
//! proof with another answer. Needs Rust 1.91 and nothing else.

#[path = "common/mod.rs"]
mod common;

use std::{error::Error, fs, path::Path};

use common::{data, progress::Step};
use revm::{
    Context, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext,
    context::TxEnv,
    database::InMemoryDB,
    primitives::{Bytes, TxKind},
};
use zkml::{
    evm::{Call, EvmKey, KeyedCall, solidity, word},
    prelude::*,
    prove::{Fr, hex},
    rand,
};

/// A network for 8x8 grey images with 17 shades, whose weights are public only as a commitment.
#[zk_model(weights = committed, range = 0..=16)]
fn digits(image: Tensor<1, 8, 8>) -> Class<10> {
    let stem = conv2d(image, filters = 8, kernel = 3);
    let hidden = dense(flatten(max_pool2d(relu(stem), 2)), 32);
    let scores = dense(relu(hidden), 10);
    argmax(scores)
}

fn main() -> Result<(), Box<dyn Error>> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (train, test) = data::digits(&examples.join("digits"))?;
    let model = Digits::load(examples.join("digits/digits.safetensors"))?;
    let samples: Vec<Tensor> = train.iter().map(|(image, _)| image.clone()).collect();
    let mut rng = rand::rngs::OsRng;

    let step = Step::new("quantise, and build the circuit");
    let circuit = model.quantize(&samples, Target::default())?.circuit()?;
    step.done();
    let step = Step::new("set up the keys");
    let keys = circuit.setup(&mut rng)?;
    step.done();
    let (image, label) = &test[7];
    let step = Step::new("prove one digit");
    let proof = circuit.prove(&keys.proving, image, &mut rng)?;
    step.done();
    keys.verifying.verify(&proof)?;

    // For a real chain: a contract that has this key in its code, and the call that it takes.
    let folder = examples.join("../target/evm");
    fs::create_dir_all(&folder)?;
    let source = solidity::verifier("DigitsVerifier", &keys.verifying)?;
    fs::write(folder.join("DigitsVerifier.sol"), &source)?;
    let call = Call::from(&proof);
    fs::write(folder.join("calldata.hex"), format!("0x{}\n", hex(&call.encode())))?;
    println!(
        "\nwritten: target/evm/DigitsVerifier.sol, and a call of it, target/evm/calldata.hex ({} bytes)",
        call.encode().len()
    );
    for line in source.lines().filter(|line| line.starts_with("// ") && !line.starts_with("// SPDX")) {
        println!("  {line}");
    }
    println!(
        "compile it with solc 0.8.25 or newer: npx --package solc@0.8.37 solcjs --optimize --bin DigitsVerifier.sol\n"
    );

    // Here: the contract for any key, of which the bytecode ships. It takes the key with the call.
    let key = EvmKey::new(&keys.verifying)?;
    let calldata = KeyedCall::new(key.clone(), call.clone())?.encode();
    let mut evm = Context::mainnet().with_db(InMemoryDB::default()).build_mainnet();
    let transaction = |nonce, kind, data: Vec<u8>| {
        let tx =
            TxEnv::builder().nonce(nonce).kind(kind).data(Bytes::from(data)).gas_limit(1 << 24).gas_price(0).build();
        tx.map_err(|error| format!("no transaction: {error:?}"))
    };
    let made = evm.transact_commit(transaction(0, TxKind::Create, solidity::generic_bytecode())?)?;
    let address = made.created_address().ok_or("the contract was not made")?;
    println!("contract for any key: made at {address}, {} gas", made.tx_gas_used());

    let result = evm.transact(transaction(1, TxKind::Call(address), calldata.clone())?)?.result;
    if !result.is_success() {
        return Err(format!("the contract refused a true proof: {result:?}").into());
    }
    println!("accepted: {} gas, {} bytes of calldata", result.tx_gas_used(), calldata.len());

    // Whoever reads the transaction knows what was proved, if the key in it is the one that they trust.
    let read = KeyedCall::decode(&calldata)?;
    let statement = read.statement(&keys.verifying)?;
    println!("  under the key 0x{}, the call says:", hex(&key.hash()));
    print!("{}", statement.to_string().lines().map(|line| format!("    {line}\n")).collect::<String>());
    let answer = statement.class(0).ok_or("the proof states no class")?;
    println!("  the network answers {answer}, the label is {label}");

    let mut forged = call;
    forged.inputs[1] = Fr::from((answer as u64 + 1) % 10);
    let calldata = KeyedCall::new(key, forged)?.encode();
    let result = evm.transact(transaction(1, TxKind::Call(address), calldata)?)?.result;
    if result.is_success() || result.output().is_none_or(|error| error[..] != word::selector("ProofInvalid()")) {
        return Err(format!("expected a forged answer to be refused with `ProofInvalid()`, found {result:?}").into());
    }
    println!("the same proof with another answer is refused: the call reverts with `ProofInvalid()`");
    Ok(())
}
