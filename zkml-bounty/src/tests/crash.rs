//! Processes that end at any point, and others that go on from their folders.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    time::Duration,
};

use super::*;
use crate::{Error, Event, Phase};

/// The events at which a process has ended: each once.
#[derive(Clone, Default)]
struct Fate(Arc<Mutex<BTreeSet<String>>>);

/// What a process that ends leaves behind.
struct Ended;

impl Fate {
    /// Ends the process at each signing, sending and mining that it has not ended at.
    fn progress(&self) -> Progress {
        let seen = self.0.clone();
        Box::new(move |event| {
            let name = match event {
                Event::Signed { step } => format!("signed {step}"),
                Event::Sent { step } => format!("sent {step}"),
                Event::Mined(receipt) => format!("mined {}", receipt.step),
                _ => return,
            };
            if seen.lock().unwrap().insert(name) {
                std::panic::resume_unwind(Box::new(Ended));
            }
        })
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Runs a step in processes, each of which goes on from the folder, until one comes to its end.
fn until_done<T>(run: impl Fn() -> T) -> T {
    for _ in 0..100 {
        match catch_unwind(AssertUnwindSafe(&run)) {
            Ok(value) => return value,
            Err(cause) if cause.is::<Ended>() => {}
            Err(cause) => std::panic::resume_unwind(cause),
        }
    }
    panic!("no end");
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn each_step_takes_place_once_whenever_a_process_ends() {
    let world = World::new();
    let offer = world.offer();
    let (hosts, hunters) = (Fate::default(), Fate::default());
    let host = || world.host(Some(hosts.progress()));
    until_done(|| host().create(&offer).map(|_| ()).unwrap());
    assert_eq!(world.sent(HOST), 1);
    let bounty = host().bounty().unwrap();
    let hunter = || world.try_hunter(2, bounty, 2, Some(hunters.progress())).unwrap();
    until_done(|| hunter().commit().map(|_| ()).unwrap());
    assert_eq!(world.sent(2), 1);
    world.pass(offer.commit_until);
    until_done(|| host().reveal().map(|_| ()).unwrap());
    assert_eq!(world.sent(HOST), 5, "four groups");
    until_done(|| hunter().prove_accuracy().map(|_| ()).unwrap());
    assert_eq!(world.sent(2), 3, "two chunks");
    until_done(|| hunter().deliver().map(|_| ()).unwrap());
    assert_eq!(world.sent(2), 5, "two parts");
    until_done(|| hunter().withdraw(world.account(2)).map(|_| ()).unwrap());
    assert_eq!(world.sent(2), 6);
    assert_eq!(host().state().unwrap().phase, Phase::Paid);
    assert_eq!(host().receive().unwrap().integers(), quantized(2).params());
    // It has ended at three points of each step.
    assert_eq!((hosts.count(), hunters.count()), (15, 18));
    assert_eq!((host().receipts().len(), hunter().receipts().len()), (5, 6));
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_transaction_that_is_not_mined_is_sent_again_and_no_other() {
    let world = World::new();
    let mut host = world.host(None);
    host.create(&world.offer()).unwrap();
    let bounty = host.bounty().unwrap();
    drop(world.hunter(2, bounty, 2));
    world.clock.request("evm_setAutomine", serde_json::json!([false])).unwrap();
    let impatient = || {
        let (store, _) = published();
        let chain = world.chain(2).with_patience(Duration::from_secs(1));
        let (trust, model) = (Trust::DevelopmentOnly, quantized(2));
        let hunter = Hunter::open(world.folder("hunter-2"), chain, store, package(), bounty, &model, trust, None);
        hunter.and_then(|mut hunter| hunter.commit())
    };
    let mut hashes = BTreeSet::new();
    for _ in 0..3 {
        let Err(Error::NotMined { hash, .. }) = impatient() else { panic!("mined") };
        hashes.insert(hash);
    }
    assert_eq!(hashes.len(), 1);
    // The pool forgets it: as a node that was started anew.
    world.clock.request("anvil_dropTransaction", serde_json::json!([hashes.first()])).unwrap();
    let Err(Error::NotMined { hash, .. }) = impatient() else { panic!("mined") };
    assert!(hashes.contains(&hash));
    world.clock.request("evm_mine", serde_json::json!([])).unwrap();
    assert!(impatient().unwrap().is_none(), "it was done");
    assert_eq!((world.sent(2), host.watch().unwrap().len()), (1, 1));
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_transaction_that_another_one_replaced_is_asked_of_the_chain() {
    let world = World::new();
    let mut host = world.host(None);
    host.create(&world.offer()).unwrap();
    let bounty = host.bounty().unwrap();
    let fate = Fate::default();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        world.try_hunter(2, bounty, 2, Some(fate.progress())).unwrap().commit().map(|_| ()).unwrap();
    }));
    assert!(ended.is_err() && world.sent(2) == 0, "signed, not sent");
    // The account is used for something else.
    world.mined(serde_json::json!({ "from": world.account(2), "to": world.account(5), "value": "0x1" }));
    assert_eq!(world.sent(2), 1);
    let mut hunter = world.hunter(2, bounty, 2);
    assert!(hunter.commit().unwrap().is_some());
    assert_eq!((world.sent(2), host.watch().unwrap().len()), (2, 1));
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn time_passes_when_blocks_have_their_confirmations() {
    let world = World::new();
    let offer = world.offer();
    world.host(None).create(&offer).unwrap();
    let (store, _) = published();
    let chain = world.chain(HOST).with_confirmations(4).with_patience(Duration::from_secs(1));
    let mut host = Host::open(world.folder("host"), chain, store, package(), samples(), None).unwrap();
    world.hunter(2, host.bounty().unwrap(), 2).commit().unwrap();
    world.pass(offer.commit_until);
    assert_eq!(host.state().unwrap().phase, Phase::Revealing);
    let error = host.reveal().unwrap_err();
    assert!(matches!(error, Error::State { step: "reveal", .. }), "{error}");
    world.clock.request("anvil_mine", serde_json::json!([3])).unwrap();
    // Now it is sent, and not mined until three more blocks are there.
    assert!(matches!(host.reveal(), Err(Error::NotMined { .. })));
    world.clock.request("anvil_mine", serde_json::json!([3])).unwrap();
    assert!(matches!(host.reveal(), Err(Error::NotMined { .. })), "the next one");
    assert_eq!(world.sent(HOST), 3);
}
