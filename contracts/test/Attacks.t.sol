// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Groth16} from "zkml-evm/Groth16.sol";
import {Bounty} from "../src/Bounty.sol";
import {IBounty} from "../src/IBounty.sol";
import {Message} from "../src/Message.sol";
import {Terms} from "../src/Terms.sol";
import {BountyTest} from "./tools/BountyTest.sol";
import {Play} from "./tools/Play.sol";
import {Receiver} from "./tools/Tokens.sol";
import {Trapdoor} from "./tools/Trapdoor.sol";

/// Each way to cheat, tried.
contract Attacks is BountyTest {
    uint256[8] private none;

    function _accuracy(
        Bounty b,
        address hunter,
        uint16 chunk,
        uint32 correct,
        bytes memory key,
        uint256[8] memory proof
    ) private {
        vm.prank(hunter);
        b.proveAccuracy(chunk, correct, key, proof);
    }

    function _invalid() private {
        vm.expectRevert(Groth16.ProofInvalid.selector);
    }

    function test_attack_claimants_own_verifier_key() public {
        Bounty b = revealed(usual(), list(ann));
        bytes memory own = Trapdoor.key("own", 5);
        uint256[] memory inputs = Play.five(cwOf(ann), b.terms().dataset, Play.ctx(b, ann), 0, 4);
        uint256[8] memory proof = Trapdoor.prove("own", inputs, 1);
        bytes32 expected = b.terms().accuracyKey;
        vm.expectRevert(abi.encodeWithSelector(IBounty.WrongKey.selector, keccak256(own), expected));
        _accuracy(b, ann, 0, 4, own, proof);
        bytes memory key = Play.key(Play.ACCURACY);
        _invalid();
        _accuracy(b, ann, 0, 4, key, proof);
    }

    function test_attack_key_of_another_circuit() public {
        Bounty b = revealed(usual(), list(ann));
        bytes memory other = Play.key(Play.DELIVERY);
        uint256[] memory inputs = Play.five(cwOf(ann), b.terms().dataset, Play.ctx(b, ann), 0, 4);
        uint256[8] memory proof = Trapdoor.prove(Play.DELIVERY, inputs, 1);
        bytes32 expected = b.terms().accuracyKey;
        vm.expectRevert(abi.encodeWithSelector(IBounty.WrongKey.selector, keccak256(other), expected));
        _accuracy(b, ann, 0, 4, other, proof);
    }

    function test_attack_replay_of_another_hunters_proof() public {
        Bounty b = make(usual());
        commit(b, ann);
        // eve commits to what ann did.
        uint256 stolen = cwOf(ann);
        vm.prank(eve);
        b.commit{value: 1 ether}(stolen);
        vm.warp(b.terms().commitUntil);
        reveal(b);
        bytes memory key = Play.key(Play.ACCURACY);
        uint256[8] memory proof = Play.accuracy(b, ann, cwOf(ann), 0, 4);
        _accuracy(b, ann, 0, 4, key, proof);
        _invalid();
        _accuracy(b, eve, 0, 4, key, proof);
    }

    function test_attack_replay_in_another_bounty() public {
        Bounty first = revealed(usual(), list(ann));
        vm.warp(1_000_000);
        Terms memory t = usual();
        t.reward += 1;
        Bounty second = revealed(t, list(ann));
        bytes memory key = Play.key(Play.ACCURACY);
        uint256[8] memory proof = Play.accuracy(first, ann, cwOf(ann), 0, 4);
        _invalid();
        _accuracy(second, ann, 0, 4, key, proof);
        _accuracy(first, ann, 0, 4, key, proof);
    }

    function test_attack_replay_on_another_chain() public {
        Bounty b = revealed(usual(), list(ann));
        bytes memory key = Play.key(Play.ACCURACY);
        uint256[8] memory proof = Play.accuracy(b, ann, cwOf(ann), 0, 4);
        vm.chainId(8453);
        _invalid();
        _accuracy(b, ann, 0, 4, key, proof);
    }

    function test_attack_replay_of_data_as_in_another_bounty() public {
        Bounty b = make(usual());
        Terms memory t = usual();
        t.reward += 1;
        Bounty other = make(t);
        commit(b, ann);
        vm.warp(t.commitUntil);
        Play.Data memory d = Play.data(other, 0, 0);
        _invalid();
        sendData(b, d);
    }

    function test_attack_rerandomised_proof_and_accuracy_chunk_counted_twice() public {
        Bounty b = revealed(usual(), list(ann));
        bytes memory key = Play.key(Play.ACCURACY);
        uint256[] memory inputs = Play.five(cwOf(ann), b.terms().dataset, Play.ctx(b, ann), 0, 3);
        _accuracy(b, ann, 0, 3, key, Trapdoor.prove(Play.ACCURACY, inputs, 1));
        uint256[8] memory other = Trapdoor.proveOtherwise(Play.ACCURACY, inputs, 2);
        vm.expectRevert(abi.encodeWithSelector(IBounty.ChunkAlreadyProven.selector, ann, 0));
        _accuracy(b, ann, 0, 3, key, other);
        assertEq(b.hunterOf(ann).correct, 3);
    }

    function test_attack_rerandomised_delivery_sent_twice() public {
        Bounty b = revealed(usual(), list(ann));
        prove(b, ann, 4);
        Play.Delivery memory d = Play.delivery(b, ann, cwOf(ann), 0);
        sendDelivery(b, ann, d);
        vm.expectRevert(abi.encodeWithSelector(IBounty.WrongDelivery.selector, 0, 1));
        sendDelivery(b, ann, d);
        // The same ciphertext for the next chunk: the nonce is in the message.
        d.chunk = 1;
        _invalid();
        sendDelivery(b, ann, d);
    }

    function test_attack_front_running_by_copying_a_commitment() public {
        Bounty b = make(usual());
        uint256 stolen = cwOf(ann);
        vm.prank(eve);
        b.commit{value: 1 ether}(stolen);
        // ann is not kept out, and eve has nothing to prove.
        commit(b, ann);
        Terms memory t = b.terms();
        vm.warp(t.commitUntil);
        reveal(b);
        prove(b, ann, 4);
        vm.warp(t.proveUntil);
        deliver(b, ann);
        b.forfeit(eve);
        assertEq(b.credit(ann), 11 ether);
        withdraw(b, ann, 11 ether);
        assertEq(held(b), 0);
    }

    function test_attack_front_running_by_copying_a_delivery() public {
        Bounty b = revealed(usual(), list(ann, eve, bob));
        prove(b, ann, 4);
        prove(b, eve, 4);
        Play.Delivery memory d = Play.delivery(b, ann, cwOf(ann), 0);
        vm.warp(b.terms().proveUntil + 100);
        // It is eve's turn.
        _invalid();
        sendDelivery(b, eve, d);
        vm.expectRevert(abi.encodeWithSelector(IBounty.NoHunter.selector, cat));
        sendDelivery(b, cat, d);
    }

    function test_attack_front_running_data_changes_nothing() public {
        Bounty b = make(usual());
        commit(b, ann);
        vm.warp(b.terms().commitUntil);
        Play.Data memory d = Play.data(b, 0, 0);
        vm.prank(eve);
        sendData(b, d);
        assertEq(b.groupsProven(), 1);
        sendData(b, Play.data(b, 0, 1));
    }

    function test_attack_salt_of_another_dataset() public {
        Bounty b = make(usual());
        commit(b, ann);
        Terms memory t = b.terms();
        vm.warp(t.commitUntil);
        Play.Data memory d = Play.data(b, 0, 0);
        d.salt = 666;
        _invalid();
        sendData(b, d);
        d.salt += P;
        vm.expectRevert(abi.encodeWithSelector(Message.ElementNotReduced.selector, 0, d.salt));
        sendData(b, d);
        assertEq(b.salt(), 0);
        sendData(b, Play.data(b, 0, 0));
    }

    function test_attack_aliased_inputs() public {
        Bounty b = revealed(usual(), list(ann));
        prove(b, ann, 4);
        Play.Delivery memory d = Play.delivery(b, ann, cwOf(ann), 0);
        d.cm += P;
        vm.expectRevert(abi.encodeWithSelector(Groth16.InputNotReduced.selector, 1));
        sendDelivery(b, ann, d);
        vm.warp(1_000_000);
        Terms memory t = usual();
        t.reward += 1;
        Bounty other = make(t);
        vm.expectRevert(abi.encodeWithSelector(IBounty.NotReduced.selector, cwOf(bob) + P));
        vm.prank(bob);
        other.commit{value: 1 ether}(cwOf(bob) + P);
    }

    function test_attack_missing_or_extra_inputs() public {
        Terms memory t = usual();
        bytes memory four = Trapdoor.key("four", 4);
        t.accuracyKey = keccak256(four);
        Bounty b = revealed(t, list(ann));
        vm.expectRevert(abi.encodeWithSelector(Groth16.KeyLength.selector, 768, 832));
        _accuracy(b, ann, 0, 4, four, none);
    }

    function test_attack_ciphertext_of_another_length() public {
        Bounty b = revealed(usual(), list(ann));
        prove(b, ann, 4);
        for (uint256 n = 3; n < 6; n += 2) {
            Play.Delivery memory d = Play.delivery(b, ann, cwOf(ann), 0);
            d.ct = Play.elements("other", n);
            d.proof = Play.proveDelivery(b, ann, cwOf(ann), d);
            vm.expectRevert(abi.encodeWithSelector(IBounty.WrongLength.selector, n, 4));
            sendDelivery(b, ann, d);
        }
    }

    function test_attack_elements_above_the_modulus() public {
        Bounty b = revealed(usual(), list(ann));
        prove(b, ann, 4);
        for (uint256 i; i < 6; ++i) {
            Play.Delivery memory d = Play.delivery(b, ann, cwOf(ann), 0);
            if (i < 2) d.ephemeral[i] += P;
            else d.ct[i - 2] += P;
            uint256 found = i < 2 ? d.ephemeral[i] : d.ct[i - 2];
            vm.expectRevert(abi.encodeWithSelector(Message.ElementNotReduced.selector, 2 + i + (i < 2 ? 0 : 1), found));
            sendDelivery(b, ann, d);
        }
    }

    /// Each element of the message, the commitment to it, and the chunk's number.
    function test_attack_ciphertext_changed_after_the_proof() public {
        Bounty b = revealed(usual(), list(ann));
        prove(b, ann, 4);
        for (uint256 i; i < 7; ++i) {
            Play.Delivery memory d = Play.delivery(b, ann, cwOf(ann), 0);
            if (i < 2) d.ephemeral[i] = addmod(d.ephemeral[i], 1, P);
            else if (i < 6) d.ct[i - 2] = addmod(d.ct[i - 2], 1, P);
            else d.cm += 1;
            _invalid();
            sendDelivery(b, ann, d);
        }
    }

    function test_attack_items_changed_after_the_proof() public {
        Bounty b = make(usual());
        commit(b, ann);
        vm.warp(b.terms().commitUntil);
        for (uint256 i; i < 8; ++i) {
            Play.Data memory d = Play.data(b, 0, 0);
            if (i < 6) d.items[i] = addmod(d.items[i], 1, P);
            else if (i == 6) d.group = 1;
            else d.cm += 1;
            _invalid();
            sendData(b, d);
        }
    }

    function test_attack_delivery_encrypted_for_another_key() public {
        Bounty b = revealed(usual(), list(ann));
        prove(b, ann, 4);
        Play.Delivery memory d = Play.delivery(b, ann, cwOf(ann), 0);
        Terms memory t = b.terms();
        uint256[] memory head = new uint256[](5);
        (head[0], head[1], head[2], head[3]) = (t.hostKeyX, P - t.hostKeyY, d.ephemeral[0], d.ephemeral[1]);
        uint256[] memory inputs =
            Play.inputs("zkml bounty delivery 1", Play.ctx(b, ann), cwOf(ann), d.cm, Play.join(head, d.ct));
        d.proof = Trapdoor.prove(Play.DELIVERY, inputs, 3);
        _invalid();
        sendDelivery(b, ann, d);
    }

    function test_attack_delivery_of_another_commitment() public {
        Bounty b = revealed(usual(), list(ann));
        prove(b, ann, 4);
        Play.Delivery memory d = Play.delivery(b, ann, cwOf(bob), 0);
        _invalid();
        sendDelivery(b, ann, d);
    }

    function test_attack_delivery_out_of_turn() public {
        Terms memory t = usual();
        Bounty b = revealed(t, list(ann, bob, cat));
        prove(b, bob, 4);
        Play.Delivery memory d = Play.delivery(b, bob, cwOf(bob), 0);
        vm.expectRevert(
            abi.encodeWithSelector(IBounty.NotYourTurn.selector, block.timestamp, t.proveUntil, t.proveUntil + 100)
        );
        sendDelivery(b, bob, d);
        // Parts out of order.
        vm.warp(t.proveUntil);
        d = Play.delivery(b, bob, cwOf(bob), 1);
        vm.expectRevert(abi.encodeWithSelector(IBounty.WrongDelivery.selector, 1, 0));
        sendDelivery(b, bob, d);
    }

    function test_attack_delivery_without_accuracy() public {
        Bounty b = revealed(usual(), list(ann));
        sendAccuracy(b, ann, 0, 4);
        Play.Delivery memory d = Play.delivery(b, ann, cwOf(ann), 0);
        vm.expectRevert(abi.encodeWithSelector(IBounty.NotQualified.selector, ann));
        sendDelivery(b, ann, d);
    }

    function test_attack_more_correct_than_samples() public {
        Bounty b = revealed(usual(), list(ann));
        uint256[8] memory proof = Play.accuracy(b, ann, cwOf(ann), 0, 5);
        bytes memory key = Play.key(Play.ACCURACY);
        vm.expectRevert(abi.encodeWithSelector(IBounty.TooManyCorrect.selector, 5, 4));
        _accuracy(b, ann, 0, 5, key, proof);
        // Another number, or another chunk, than the proof's.
        proof = Play.accuracy(b, ann, cwOf(ann), 0, 3);
        _invalid();
        _accuracy(b, ann, 0, 4, key, proof);
        _invalid();
        _accuracy(b, ann, 1, 3, key, proof);
    }

    function test_attack_reveal_before_the_commitments_are_closed() public {
        Bounty b = make(usual());
        commit(b, ann);
        vm.warp(b.terms().commitUntil - 1);
        Play.Data memory d = Play.data(b, 0, 0);
        wrongState(IBounty.State.Committing, IBounty.State.Revealing);
        sendData(b, d);
    }

    function test_attack_commitment_after_the_data_is_shown() public {
        Bounty b = revealed(usual(), list(ann));
        wrongState(IBounty.State.Proving, IBounty.State.Committing);
        vm.prank(eve);
        b.commit{value: 1 ether}(1);
    }

    function test_attack_a_host_that_never_answers() public {
        Terms memory t = usual();
        Bounty b = make(t);
        commit(b, ann);
        commit(b, bob);
        vm.warp(t.commitUntil);
        // All but the last group.
        sendData(b, Play.data(b, 0, 0));
        sendData(b, Play.data(b, 0, 1));
        sendData(b, Play.data(b, 1, 0));
        wrongState(IBounty.State.Revealing, IBounty.State.Proving);
        _accuracy(b, ann, 0, 4, "", none);
        wrongState(IBounty.State.Revealing, IBounty.State.Refundable);
        vm.prank(ann);
        b.reclaim();
        vm.warp(t.revealUntil);
        vm.prank(ann);
        b.reclaim();
        vm.expectRevert(abi.encodeWithSelector(IBounty.BondNotLost.selector, bob));
        b.forfeit(bob);
        vm.prank(bob);
        b.refund();
        vm.prank(bob);
        b.reclaim();
        withdraw(b, ann, 1 ether);
        withdraw(b, bob, 1 ether);
        withdraw(b, host, 10 ether);
        assertEq(held(b), 0);
    }

    /// However late, before the refund and after: data that was not shown costs no bond.
    function test_attack_a_host_that_never_answers_and_hunters_that_come_late() public {
        Terms memory t = usual();
        Bounty b = make(t);
        commit(b, ann);
        commit(b, bob);
        vm.warp(t.proveUntil + 1_000_000);
        vm.prank(ann);
        b.reclaim();
        b.refund();
        vm.expectRevert(abi.encodeWithSelector(IBounty.BondNotLost.selector, bob));
        b.forfeit(bob);
        vm.prank(bob);
        b.reclaim();
        withdraw(b, ann, 1 ether);
        withdraw(b, bob, 1 ether);
    }

    /// After the data is shown, the host is needed for nothing.
    function test_attack_a_host_that_never_accepts() public {
        Bounty b = revealed(usual(), list(ann));
        prove(b, ann, 4);
        deliver(b, ann);
        withdraw(b, ann, 11 ether);
    }

    /// A host who shows data that nobody can get costs nobody a bond.
    function test_attack_a_host_that_withholds_the_files() public {
        Terms memory t = usual();
        Bounty b = revealed(t, list(ann, bob, cat));
        // One chunk is not all.
        sendAccuracy(b, bob, 0, 4);
        vm.warp(t.proveUntil);
        vm.expectRevert(abi.encodeWithSelector(IBounty.BondNotLost.selector, ann));
        b.forfeit(ann);
        b.refund();
        address[3] memory all = [ann, bob, cat];
        for (uint256 i; i < 3; ++i) {
            address hunter = all[i];
            vm.prank(hunter);
            b.reclaim();
            withdraw(b, hunter, 1 ether);
        }
        withdraw(b, host, 10 ether);
        assertEq(held(b), 0);
    }

    /// Even with a hunter of its own, who alone has the files, such a host earns none of the bonds: they are destroyed.
    function test_attack_a_host_that_withholds_the_files_and_enters() public {
        Terms memory t = usual();
        Bounty b = revealed(t, list(ann, eve, cat));
        prove(b, eve, 0);
        vm.warp(t.proveUntil);
        b.refund();
        b.forfeit(ann);
        assertEq(b.credit(host), 10 ether);
        assertEq(b.credit(eve), 1 ether);
        assertEq(b.NOBODY().balance, 1 ether);
    }

    function test_attack_a_bounty_that_cannot_be_refunded() public {
        Terms memory t = usual();
        Bounty b = revealed(t, list(ann, bob, cat));
        prove(b, ann, 4);
        prove(b, bob, 4);
        prove(b, cat, 4);
        // All qualified, none delivers.
        vm.warp(t.proveUntil + 299);
        wrongState(IBounty.State.Delivering, IBounty.State.Refundable);
        b.refund();
        vm.warp(t.proveUntil + 300);
        b.refund();
        withdraw(b, host, 10 ether);
        b.forfeit(ann);
        b.forfeit(bob);
        b.forfeit(cat);
        assertEq(held(b), 0);
    }

    function test_attack_a_host_that_takes_the_reward_back() public {
        Bounty b = revealed(usual(), list(ann));
        vm.startPrank(host);
        vm.expectRevert(abi.encodeWithSelector(IBounty.SomebodyCommitted.selector, 1));
        b.cancel();
        wrongState(IBounty.State.Proving, IBounty.State.Refundable);
        b.refund();
        vm.expectRevert(abi.encodeWithSelector(IBounty.NothingToWithdraw.selector, host));
        b.withdraw(host);
    }

    /// EIP-7702: an account that has code commits, proves, delivers and is paid as any other.
    function test_accounts_may_have_code() public {
        vm.etch(ann, address(new Receiver()).code);
        Bounty b = revealed(usual(), list(ann));
        prove(b, ann, 4);
        deliver(b, ann);
        uint256 before = ann.balance;
        vm.prank(ann);
        b.withdraw(ann);
        assertEq(ann.balance, before + 11 ether);
    }

    /// Whoever qualifies many times and never delivers holds the host up, and loses a bond for each.
    function test_attack_qualifying_without_delivering_costs_the_bond() public {
        Terms memory t = usual();
        Bounty b = revealed(t, list(eve, ann, cat));
        prove(b, eve, 4);
        prove(b, ann, 4);
        vm.warp(t.proveUntil + 100);
        deliver(b, ann);
        vm.expectRevert(abi.encodeWithSelector(IBounty.BondLost.selector, eve));
        vm.prank(eve);
        b.reclaim();
        b.forfeit(eve);
        assertEq(b.NOBODY().balance, 1 ether);
    }
}
