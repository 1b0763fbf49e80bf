//! Whole bounties, as they should go, and those that end without a winner.

use super::*;
use alloy::{sol, sol_types::SolCall as _};

use crate::{Error, Phase, State, abi::IErc20};

sol! {
    function mint(address to, uint256 amount);
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_sealed_bounty() {
    let world = World::new();
    let before = world.balance(HOST);
    let mut host = world.host(None);
    let offer = world.offer();
    let create = host.create(&offer).unwrap().unwrap();
    assert!(create.gas < 200_000, "{} gas", create.gas);
    assert!(host.create(&offer).unwrap().is_none());
    let bounty = host.bounty().unwrap();
    assert_eq!(crate::browse(&world.clock).unwrap(), [bounty]);
    assert_eq!(crate::inspect(&world.clock, bounty).unwrap().0, host.terms().unwrap().unwrap());
    assert_eq!(host.state().unwrap(), State { phase: Phase::Committing, deadline: offer.commit_until });

    // The first to commit does not reach the threshold; the second does, and a third, too.
    let (mut worse, mut best, mut late) =
        (world.hunter(2, bounty, 1), world.hunter(3, bounty, 2), world.hunter(4, bounty, 2));
    let earned = world.balance(3);
    for hunter in [&mut worse, &mut best, &mut late] {
        let commit = hunter.commit().unwrap().unwrap();
        assert!(commit.gas < 120_000, "{} gas", commit.gas);
        assert!(hunter.commit().unwrap().is_none());
    }
    assert_ne!(best.commitment(), late.commitment(), "the salt hides that the weights are the same");

    assert!(matches!(host.reveal(), Err(Error::State { step: "reveal", .. })), "too early");
    assert!(matches!(best.prove_accuracy(), Err(Error::State { .. })), "too early");
    world.pass(offer.commit_until);
    let data = host.reveal().unwrap();
    assert_eq!(data.len(), 4);
    assert!(data.iter().all(|receipt| receipt.gas < 350_000), "{data:?}");
    assert!(host.reveal().unwrap().is_empty());

    let score = best.score().unwrap();
    assert_eq!((score.correct, score.threshold, score.samples), (3, 3, 4));
    assert!(worse.score().unwrap().correct < 3);
    for hunter in [&mut worse, &mut best, &mut late] {
        let accuracy = hunter.prove_accuracy().unwrap();
        assert_eq!(accuracy.len(), 2);
        assert!(accuracy.iter().all(|receipt| receipt.gas < 350_000), "{accuracy:?}");
        assert!(hunter.prove_accuracy().unwrap().is_empty());
    }
    let watched = host.watch().unwrap();
    assert_eq!(
        watched.iter().map(|hunter| (hunter.proven, hunter.correct >= 3)).collect::<Vec<_>>(),
        [(2, false), (2, true), (2, true)]
    );

    // Those that committed before have failed: the second need not wait.
    assert!(matches!(late.deliver(), Err(Error::State { step: "deliver", .. })));
    let delivery = best.deliver().unwrap();
    assert_eq!(delivery.len(), 2);
    assert!(delivery.iter().all(|receipt| receipt.gas < 400_000), "{delivery:?}");
    assert!(best.deliver().unwrap().is_empty());
    assert_eq!(host.state().unwrap(), State { phase: Phase::Paid, deadline: 0 });

    let received = host.receive().unwrap();
    assert_eq!((received.hunter, received.commitment), (world.account(3), best.commitment()));
    assert_eq!(received.integers(), quantized(2).params());
    let bought = received.quantized(&package()).unwrap();
    for n in 0..8 {
        assert_eq!(bought.forward(&input(n)).unwrap(), quantized(2).forward(&input(n)).unwrap());
    }
    assert!(received.to_safetensors(&package()).unwrap().len() > 27 * 4);

    // Everybody gets what is theirs, once.
    assert!(best.withdraw(world.account(3)).unwrap().is_some());
    assert!(best.withdraw(world.account(3)).unwrap().is_none());
    assert_eq!(world.balance(3) + fees(best.receipts()), earned + offer.reward);
    assert!(late.reclaim().unwrap().is_some());
    assert!(late.reclaim().unwrap().is_none());
    for (account, hunter) in [(2, &mut worse), (4, &mut late)] {
        hunter.withdraw(world.account(account)).unwrap().unwrap();
        assert_eq!(world.balance(account) + fees(hunter.receipts()), earned);
    }
    assert!(host.withdraw(world.account(HOST)).unwrap().is_none());
    assert_eq!(world.balance(HOST) + fees(host.receipts()) + offer.reward, before);
    assert_eq!(world.clock.balance(bounty).unwrap(), U256::ZERO);
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn an_open_bounty_where_the_best_wins() {
    let world = World::new();
    let mut host = world.host(None);
    let offer = Offer { mode: Mode::Open, winner: Winner::Best, threshold: 1, ..world.offer() };
    host.create(&offer).unwrap();
    assert_eq!(host.reveal().unwrap().len(), 4, "before anybody has committed");
    let bounty = host.bounty().unwrap();
    let (mut first, mut best) = (world.hunter(2, bounty, 1), world.hunter(3, bounty, 2));
    assert!(matches!(best.prove_accuracy(), Err(Error::State { .. })), "no commitment");
    for hunter in [&mut first, &mut best] {
        hunter.commit().unwrap().unwrap();
        assert_eq!(hunter.prove_accuracy().unwrap().len(), 2, "while others may commit");
    }
    assert!(best.deliver().is_err(), "a better one may come");
    world.pass(offer.prove_until);
    assert!(first.deliver().is_err());
    best.deliver().unwrap();
    assert_eq!(host.receive().unwrap().integers(), quantized(2).params());
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_host_that_never_reveals_loses_its_bounty_and_nobody_else_a_thing() {
    let world = World::new();
    let mut host = world.host(None);
    let offer = world.offer();
    let (before, hunters) = (world.balance(HOST), world.balance(2));
    host.create(&offer).unwrap();
    let mut hunter = world.hunter(2, host.bounty().unwrap(), 2);
    hunter.commit().unwrap();
    assert!(host.cancel().is_err(), "somebody has committed");
    assert!(matches!(host.refund(), Err(Error::State { step: "refund", .. })));
    assert!(hunter.reclaim().is_err());
    world.pass(offer.reveal_until);
    assert!(matches!(host.reveal(), Err(Error::State { .. })), "too late");
    assert_eq!(host.state().unwrap().phase, Phase::Refundable);
    hunter.reclaim().unwrap().unwrap();
    hunter.withdraw(world.account(2)).unwrap().unwrap();
    assert_eq!(world.balance(2) + fees(hunter.receipts()), hunters);
    host.refund().unwrap().unwrap();
    assert!(host.refund().unwrap().is_none());
    host.withdraw(world.account(HOST)).unwrap().unwrap();
    assert_eq!(world.balance(HOST) + fees(host.receipts()), before);
    assert!(matches!(host.receive(), Err(Error::State { .. })));
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_bounty_without_hunters_is_cancelled_or_refunded() {
    let world = World::new();
    let before = world.balance(HOST);
    let mut host = world.host(None);
    host.create(&world.offer()).unwrap();
    host.cancel().unwrap().unwrap();
    assert!(host.cancel().unwrap().is_none());
    host.withdraw(world.account(HOST)).unwrap().unwrap();
    assert_eq!(world.balance(HOST) + fees(host.receipts()), before);
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn nobody_who_qualified_delivers() {
    let world = World::new();
    let mut host = world.host(None);
    let offer = world.offer();
    host.create(&offer).unwrap();
    let mut hunter = world.hunter(2, host.bounty().unwrap(), 2);
    hunter.commit().unwrap();
    world.pass(offer.commit_until);
    host.reveal().unwrap();
    hunter.prove_accuracy().unwrap();
    world.pass(offer.prove_until + 3600 - 30);
    // Two parts would take longer than that: what is delivered in part is given away.
    let error = hunter.deliver().unwrap_err();
    assert!(matches!(error, Error::State { step: "deliver", .. }), "{error}");
    assert_eq!(host.watch().unwrap()[0].delivered, 0);
    world.pass(offer.prove_until + 3600);
    host.refund().unwrap().unwrap();
    let error = hunter.reclaim().unwrap_err();
    assert!(matches!(&error, Error::Refused { reason, .. } if reason.starts_with("BondLost")), "{error}");
}

#[test]
#[ignore = "needs anvil, and contracts/out: contracts/test.sh quick"]
fn a_bounty_in_tokens() {
    let world = World::new();
    let token = |contract: &str| {
        let code = built(&format!("Tokens.sol/{contract}.json"))["bytecode"]["object"].as_str().unwrap().to_owned();
        let token = world.transact(5, None, &alloy::hex::decode(code).unwrap()).unwrap();
        for (account, amount) in [(HOST, 500), (2, 70)] {
            let (to, amount) = (world.account(account), U256::from(amount));
            world.transact(5, Some(token), &mintCall { to, amount }.abi_encode());
        }
        token
    };
    let honest = token("Token");
    let has = |account| {
        let call = IErc20::balanceOfCall { account: world.account(account) };
        world.clock.view(honest, &call).unwrap().to::<u64>()
    };
    let offer = |token| Offer { token: Some(token), reward: U256::from(500), bond: U256::from(70), ..world.offer() };

    // One that keeps a part of each transfer is refused, and nothing is lost but the approval's fee.
    let mut host = world.host(None);
    let error = host.create(&offer(token("FeeToken"))).unwrap_err();
    assert!(matches!(&error, Error::Refused { reason, .. } if reason.starts_with("WrongTransfer")), "{error}");

    let offer = offer(honest);
    host.create(&offer).unwrap().unwrap();
    assert_eq!(has(HOST), 0);
    let mut hunter = world.hunter(2, host.bounty().unwrap(), 2);
    hunter.commit().unwrap().unwrap();
    assert_eq!((has(2), world.sent(2)), (0, 2), "an approval, and a commitment");
    world.pass(offer.commit_until);
    host.reveal().unwrap();
    hunter.prove_accuracy().unwrap();
    hunter.deliver().unwrap();
    hunter.withdraw(world.account(2)).unwrap().unwrap();
    assert_eq!((has(HOST), has(2)), (0, 570));
}
