//! A whole bounty, on a development chain that this starts and ends itself.
//!
//! ```text
//! (cd contracts && npm ci && ./tool.sh anvil --version)          # once: puts anvil into contracts/node_modules
//! cargo run --release --features bounty --example bounty
//! ```
//!
//! A host has labelled images, and pays ten ether for a network that answers 80% of them correctly. A hunter has such a
//! network, and shows it to nobody before it is paid. Keys come from a single party here: for development. Needs Rust
//! 1.91, and `anvil`; the contracts' bytecode ships. All files are in a folder of their own, which is removed in the
//! end. With `--features bounty,onnx` the images are those of MNIST, where `../shared/data` or `ZKML_DATA` has them.

#[path = "common/mod.rs"]
mod common;
#[path = "bounty/task.rs"]
mod task;

use std::{error::Error, path::PathBuf, time::Instant};

use zkml::{
    bounty::{
        Chain, Event, Host, Hunter, Mode, Offer, Package, Part, Receipt, Statements, Store, Trust, U256, Winner,
        anvil::{Anvil, pass},
        cid::Form,
        delivery::MAX_ELEMENTS,
    },
    rand::rngs::OsRng,
};

/// A folder that is removed when it is dropped.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What happens, as it does: with gas and times.
fn tell(event: &Event) {
    match event {
        Event::Mined(_) | Event::Proved { .. } => println!("    {event}"),
        _ => {}
    }
}

fn gas(receipts: &[Receipt]) -> u64 {
    receipts.iter().map(|receipt| receipt.gas).sum()
}

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch(std::env::temp_dir().join(format!("zkml-bounty-example-{}", std::process::id())));
    let store = Store::folder(scratch.0.join("ipfs"));
    let anvil = Anvil::start()?;
    let (clock, deployed) = Chain::deploy(&anvil.url(), anvil.signer(0))?;
    println!("chain {}: a factory of bounties at {}, {} gas", clock.id(), clock.factory(), deployed.gas);
    let chain = |account| Chain::connect(&anvil.url(), anvil.signer(account), clock.factory());
    let task = task::find()?;
    println!("the task: {} samples, {}\n", task.samples.len(), task.name);

    println!("1. the host makes circuits and keys, and publishes them");
    let began = Instant::now();
    let statements = Statements::of(&task.plan, task.layout.clone(), task.format, Form::Raw, MAX_ELEMENTS)?;
    for (part, circuit) in Part::ALL.iter().zip([
        statements.data().matrices(),
        statements.accuracy().matrices(),
        statements.delivery().matrices(),
    ]) {
        println!("    {}: {} constraints", part.name(), circuit.constraints());
    }
    let keys = statements.setup_for_development(&mut OsRng)?;
    let graph = task.plan.model().graph();
    let package = Package::publish(statements, graph, &keys, &store)?;
    drop(keys);
    let cid = *package.cid();
    println!("    package {cid} [{:.1} s]", began.elapsed().as_secs_f64());

    println!("2. the host creates a bounty, and pays ten ether in");
    let ether = U256::from(10u64).pow(U256::from(18));
    let now = clock.now()?;
    let offer = Offer {
        token: None,
        reward: U256::from(10) * ether,
        bond: ether,
        threshold: (task.samples.len() * 4 / 5) as u32,
        mode: Mode::Sealed,
        winner: Winner::First,
        commit_until: now + 3600,
        reveal_until: now + 7200,
        prove_until: now + 10_800,
        delivery_window: 3600,
        trust: Trust::DevelopmentOnly,
    };
    let mut host =
        Host::open(scratch.0.join("host"), chain(1)?, store.clone(), package, task.samples, Some(Box::new(tell)))?;
    host.create(&offer)?;
    let bounty = host.bounty().ok_or("there is no bounty")?;

    println!(
        "3. a hunter fetches the package, rebuilds the circuits, compares them with the terms, and commits to its model"
    );
    let package = Package::fetch(&store, &cid)?;
    let model = package.quantize(task.weights)?;
    let trust = Trust::DevelopmentOnly;
    let tell_too = Some(Box::new(tell) as Box<_>);
    let mut hunter =
        Hunter::open(scratch.0.join("hunter"), chain(2)?, store.clone(), package, bounty, &model, trust, tell_too)?;
    hunter.commit()?;

    println!("4. nobody can commit any more: the host shows the data, and proves that it is what it had committed to");
    pass(&clock, offer.commit_until)?;
    let data = host.reveal()?;
    println!("    {} gas in all", gas(&data));

    println!("5. the hunter fetches the images by their CIDs, and proves its accuracy");
    let score = hunter.score()?;
    println!("    {} of {} correct, {} asked for", score.correct, score.samples, score.threshold);
    let accuracy = hunter.prove_accuracy()?;
    println!("    {} gas in all", gas(&accuracy));

    println!("6. the hunter delivers its weights, encrypted for the host, and is paid in the same transaction");
    let before = clock.balance(hunter.chain().account())?;
    hunter.deliver()?;
    hunter.withdraw(hunter.chain().account())?;
    let earned = clock.balance(hunter.chain().account())? - before;
    let milliether = U256::from(10u64).pow(U256::from(15));
    println!("    the hunter has {} milliether more: reward and bond, less fees", earned / milliether);

    println!("7. the host decrypts, and has the model");
    let received = host.receive()?;
    let package = Package::fetch(&store, &cid)?;
    let bought = received.quantized(&package)?;
    if received.commitment != hunter.commitment() || bought.params() != model.params() {
        return Err("the decrypted model is not the committed one".into());
    }
    let path = scratch.0.join("bought.safetensors");
    std::fs::write(&path, received.to_safetensors(&package)?)?;
    println!("    the decrypted model is the committed one: {} bytes of safetensors", std::fs::metadata(&path)?.len());
    Ok(())
}
