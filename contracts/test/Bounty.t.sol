// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Bounty} from "../src/Bounty.sol";
import {IBounty} from "../src/IBounty.sol";
import {Money} from "../src/Money.sol";
import {Terms} from "../src/Terms.sol";
import {BountyTest} from "./tools/BountyTest.sol";
import {Play} from "./tools/Play.sol";

/// The paths through a bounty, and every refusal on them.
contract BountyPaths is BountyTest {
    function test_sealed_first_wins_at_once() public {
        Terms memory t = usual();
        Bounty b = make(t);
        expectState(b, IBounty.State.Committing, t.commitUntil);
        vm.expectEmit(address(b));
        emit IBounty.Committed(ann, 0, cwOf(ann));
        commit(b, ann);
        commit(b, bob);
        vm.warp(t.commitUntil);
        expectState(b, IBounty.State.Revealing, t.revealUntil);
        Play.Data memory d = Play.data(b, 0, 0);
        vm.expectEmit(address(b));
        emit IBounty.DataProven(0, 0, Play.SALT, d.items);
        sendData(b, d);
        assertTrue(b.groupProven(0, 0));
        assertFalse(b.groupProven(0, 1));
        sendData(b, Play.data(b, 1, 1));
        sendData(b, Play.data(b, 1, 0));
        expectState(b, IBounty.State.Revealing, t.revealUntil);
        d = Play.data(b, 0, 1);
        vm.expectEmit(address(b));
        emit IBounty.DataRevealed();
        sendData(b, d);
        assertEq(b.groupsProven(), 4);
        assertEq(b.salt(), Play.SALT);
        expectState(b, IBounty.State.Proving, t.proveUntil);
        sendAccuracy(b, ann, 1, 4);
        vm.expectEmit(address(b));
        emit IBounty.AccuracyProven(ann, 0, 1);
        vm.expectEmit(address(b));
        emit IBounty.Finished(ann, 0, 5, true);
        sendAccuracy(b, ann, 0, 1);
        assertEq(b.credit(ann), 0);
        sendDelivery(b, ann, Play.delivery(b, ann, cwOf(ann), 0));
        assertEq(b.credit(ann), 0);
        Play.Delivery memory last = Play.delivery(b, ann, cwOf(ann), 1);
        vm.expectEmit(address(b));
        emit IBounty.Delivered(ann, 1, last.ephemeral, last.ct);
        vm.expectEmit(address(b));
        emit IBounty.Paid(ann, 10 ether);
        sendDelivery(b, ann, last);
        expectState(b, IBounty.State.Paid, 0);
        assertEq(b.winner(), ann);
        withdraw(b, ann, 11 ether);
        vm.prank(bob);
        b.reclaim();
        withdraw(b, bob, 1 ether);
        assertEq(held(b), 0);
    }

    function test_token() public {
        Terms memory t = usual();
        t.token = address(token);
        Bounty b = revealed(t, list(ann));
        prove(b, ann, 4);
        deliver(b, ann);
        withdraw(b, ann, 11 ether);
        assertEq(held(b), 0);
    }

    function test_who_reaches_too_little_has_the_bond_back_at_once() public {
        Terms memory t = usual();
        Bounty b = revealed(t, list(ann, bob, cat));
        prove(b, ann, 0);
        assertEq(b.credit(ann), 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IBounty.NotQualified.selector, ann));
        vm.prank(ann);
        b.deliver(0, [uint256(0), 0], new uint256[](4), 0, "", [uint256(0), 0, 0, 0, 0, 0, 0, 0]);
        // All before bob have failed.
        prove(b, bob, 4);
        (uint256 from, uint256 until) = b.turn(bob);
        assertEq(from, 0);
        assertEq(until, t.proveUntil + 100);
        deliver(b, bob);
        assertEq(b.credit(bob), 11 ether);
    }

    function test_turns_follow_the_order_of_commitment() public {
        Terms memory t = usual();
        Bounty b = revealed(t, list(ann, bob, cat));
        prove(b, cat, 4);
        prove(b, bob, 1);
        uint256 end = t.proveUntil;
        vm.expectRevert(abi.encodeWithSelector(IBounty.NotYourTurn.selector, block.timestamp, end, end + 100));
        vm.prank(bob);
        b.deliver(0, [uint256(0), 0], new uint256[](4), 0, "", [uint256(0), 0, 0, 0, 0, 0, 0, 0]);
        vm.warp(end);
        expectState(b, IBounty.State.Delivering, end + 200);
        sendDelivery(b, bob, Play.delivery(b, bob, cwOf(bob), 0));
        vm.warp(end + 100);
        vm.expectRevert(abi.encodeWithSelector(IBounty.NotYourTurn.selector, end + 100, end, end + 100));
        vm.prank(bob);
        b.deliver(1, [uint256(0), 0], new uint256[](4), 0, "", [uint256(0), 0, 0, 0, 0, 0, 0, 0]);
        vm.warp(end + 199);
        deliver(b, cat);
        withdraw(b, cat, 11 ether);
        // ann never proved, bob never delivered all.
        address[2] memory lost = [ann, bob];
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IBounty.BondLost.selector, lost[i]));
            vm.prank(lost[i]);
            b.reclaim();
            b.forfeit(lost[i]);
        }
        assertEq(b.NOBODY().balance, 2 ether);
        assertEq(held(b), 0);
    }

    function test_best_wins_and_ties_go_to_the_earlier() public {
        Terms memory t = usual();
        t.best = true;
        Bounty b = revealed(t, list(ann, bob, cat));
        prove(b, cat, 3);
        prove(b, bob, 3);
        prove(b, ann, 2);
        uint256 end = t.proveUntil;
        _expectTurn(b, bob, end);
        _expectTurn(b, cat, end + 100);
        _expectTurn(b, ann, end + 200);
        vm.warp(end + 100);
        deliver(b, cat);
        // bob let its turn pass; ann's was never.
        b.forfeit(bob);
        vm.prank(ann);
        b.reclaim();
        withdraw(b, ann, 1 ether);
        withdraw(b, cat, 11 ether);
        assertEq(held(b), 0);
    }

    function _expectTurn(Bounty b, address hunter, uint256 expected) private view {
        (uint256 from, uint256 until) = b.turn(hunter);
        assertEq(from, expected);
        assertEq(until, expected + 100);
    }

    function test_open_data_can_be_proven_and_the_bounty_won_while_others_commit() public {
        Terms memory t = usual();
        t.open = true;
        Bounty b = make(t);
        reveal(b);
        commit(b, ann);
        prove(b, ann, 4);
        deliver(b, ann);
        wrongState(IBounty.State.Paid, IBounty.State.Committing);
        vm.prank(bob);
        b.commit{value: 1 ether}(1);
        withdraw(b, ann, 11 ether);
        assertEq(held(b), 0);
    }

    function test_open_and_not_revealed() public {
        Terms memory t = usual();
        t.open = true;
        Bounty b = make(t);
        sendData(b, Play.data(b, 0, 0));
        commit(b, ann);
        vm.expectRevert(
            abi.encodeWithSelector(IBounty.WrongState.selector, IBounty.State.Committing, IBounty.State.Proving)
        );
        vm.prank(ann);
        b.proveAccuracy(0, 0, "", [uint256(0), 0, 0, 0, 0, 0, 0, 0]);
        vm.warp(t.revealUntil);
        vm.prank(ann);
        b.reclaim();
        b.refund();
        withdraw(b, ann, 1 ether);
        withdraw(b, host, 10 ether);
    }

    function test_cancel() public {
        Bounty b = make(usual());
        vm.expectRevert(abi.encodeWithSelector(IBounty.OnlyHost.selector, eve, host));
        vm.prank(eve);
        b.cancel();
        vm.prank(host);
        b.cancel();
        expectState(b, IBounty.State.Cancelled, 0);
        wrongState(IBounty.State.Cancelled, IBounty.State.Committing);
        vm.prank(host);
        b.cancel();
        wrongState(IBounty.State.Cancelled, IBounty.State.Refundable);
        b.refund();
        withdraw(b, host, 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IBounty.NothingToWithdraw.selector, host));
        vm.prank(host);
        b.withdraw(host);
        vm.expectRevert(IBounty.ZeroRecipient.selector);
        b.withdraw(address(0));
    }

    function test_cancel_is_refused_once_somebody_committed() public {
        Bounty b = make(usual());
        commit(b, ann);
        vm.expectRevert(abi.encodeWithSelector(IBounty.SomebodyCommitted.selector, 1));
        vm.prank(host);
        b.cancel();
    }

    function test_refund_when_nobody_qualified() public {
        Terms memory t = usual();
        Bounty b = revealed(t, list(ann, bob, cat));
        prove(b, ann, 0);
        sendAccuracy(b, bob, 0, 4);
        wrongState(IBounty.State.Proving, IBounty.State.Refundable);
        b.refund();
        vm.warp(t.proveUntil);
        expectState(b, IBounty.State.Refundable, 0);
        wrongState(IBounty.State.Refundable, IBounty.State.Proving);
        vm.prank(cat);
        b.proveAccuracy(0, 0, "", [uint256(0), 0, 0, 0, 0, 0, 0, 0]);
        // Bonds can be settled before the refund, and after.
        b.forfeit(bob);
        vm.prank(eve);
        b.refund();
        b.forfeit(cat);
        vm.expectRevert(abi.encodeWithSelector(IBounty.BondNotHeld.selector, cat, IBounty.Bond.Forfeited));
        b.forfeit(cat);
        vm.expectRevert(abi.encodeWithSelector(IBounty.BondNotHeld.selector, ann, IBounty.Bond.Returned));
        vm.prank(ann);
        b.reclaim();
        withdraw(b, ann, 1 ether);
        withdraw(b, host, 10 ether);
        assertEq(held(b), 0);
    }

    function test_refund_when_all_turns_are_over() public {
        Terms memory t = usual();
        Bounty b = revealed(t, list(ann));
        prove(b, ann, 4);
        wrongState(IBounty.State.Proving, IBounty.State.Refundable);
        vm.prank(ann);
        b.reclaim();
        vm.warp(t.proveUntil + 100);
        expectState(b, IBounty.State.Refundable, 0);
        wrongState(IBounty.State.Refundable, IBounty.State.Delivering);
        vm.prank(ann);
        b.deliver(0, [uint256(0), 0], new uint256[](4), 0, "", [uint256(0), 0, 0, 0, 0, 0, 0, 0]);
        b.refund();
        b.forfeit(ann);
        withdraw(b, host, 10 ether);
        assertEq(held(b), 0);
    }

    function test_nobody_committed() public {
        Terms memory t = usual();
        Bounty b = make(t);
        vm.warp(t.commitUntil);
        Play.Data memory d = Play.data(b, 0, 0);
        wrongState(IBounty.State.Refundable, IBounty.State.Revealing);
        sendData(b, d);
        b.refund();
        withdraw(b, host, 10 ether);
    }

    function test_a_bond_that_is_not_lost_is_not_forfeited() public {
        Terms memory t = usual();
        Bounty b = revealed(t, list(ann, bob, cat));
        prove(b, ann, 4);
        prove(b, bob, 4);
        deliver(b, ann);
        vm.expectRevert(abi.encodeWithSelector(IBounty.BondNotLost.selector, bob));
        b.forfeit(bob);
        vm.expectRevert(abi.encodeWithSelector(IBounty.BondNotLost.selector, cat));
        b.forfeit(cat);
        vm.expectRevert(abi.encodeWithSelector(IBounty.NoHunter.selector, eve));
        b.forfeit(eve);
    }

    function test_without_a_bond() public {
        Terms memory t = usual();
        t.bond = 0;
        Bounty b = revealed(t, list(ann));
        prove(b, ann, 0);
        assertEq(b.credit(ann), 0);
        assertEq(uint256(b.hunterOf(ann).bond), uint256(IBounty.Bond.Returned));
    }

    function test_commit_refuses() public {
        Terms memory t = usual();
        Bounty b = make(t);
        vm.startPrank(ann);
        vm.expectRevert(abi.encodeWithSelector(Money.WrongValue.selector, 1, 1 ether));
        b.commit{value: 1}(1);
        vm.expectRevert(abi.encodeWithSelector(IBounty.NotReduced.selector, P));
        b.commit{value: 1 ether}(P);
        b.commit{value: 1 ether}(P - 1);
        vm.expectRevert(abi.encodeWithSelector(IBounty.AlreadyCommitted.selector, ann));
        b.commit{value: 1 ether}(2);
        vm.stopPrank();
        vm.warp(t.commitUntil);
        wrongState(IBounty.State.Revealing, IBounty.State.Committing);
        vm.prank(bob);
        b.commit{value: 1 ether}(1);
    }

    function test_at_most_256_hunters_and_the_last_can_win() public {
        Terms memory t = usual();
        t.bond = 0;
        Bounty b = make(t);
        for (uint256 i = 1; i < 256; ++i) {
            vm.prank(address(uint160(i << 32)));
            b.commit(i);
        }
        commit(b, cat);
        assertEq(b.hunters(), 256);
        assertEq(b.hunterOf(cat).index, 255);
        vm.expectRevert(abi.encodeWithSelector(IBounty.TooManyHunters.selector, 256));
        vm.prank(eve);
        b.commit(1);
        vm.warp(t.commitUntil);
        reveal(b);
        prove(b, cat, 4);
        vm.warp(t.proveUntil);
        deliver(b, cat);
        withdraw(b, cat, 10 ether);
    }

    function test_data_refuses() public {
        Terms memory t = usual();
        Bounty b = make(t);
        commit(b, ann);
        vm.warp(t.commitUntil);
        Play.Data memory d = Play.data(b, 0, 0);
        d.chunk = 2;
        vm.expectRevert(abi.encodeWithSelector(IBounty.IndexTooLarge.selector, 2, 2));
        sendData(b, d);
        (d.chunk, d.group) = (0, 2);
        vm.expectRevert(abi.encodeWithSelector(IBounty.IndexTooLarge.selector, 2, 2));
        sendData(b, d);
        d = Play.data(b, 0, 0);
        sendData(b, d);
        vm.expectRevert(abi.encodeWithSelector(IBounty.GroupAlreadyProven.selector, 0, 0));
        sendData(b, d);
        d = Play.data(b, 1, 0);
        d.salt = 1;
        d.proof = Play.proveData(b, t, d);
        vm.expectRevert(abi.encodeWithSelector(IBounty.WrongSalt.selector, 1, Play.SALT));
        sendData(b, d);
        d.items = new uint256[](5);
        d.salt = Play.SALT;
        vm.expectRevert(abi.encodeWithSelector(IBounty.WrongLength.selector, 5, 6));
        sendData(b, d);
        vm.warp(t.revealUntil);
        wrongState(IBounty.State.Refundable, IBounty.State.Revealing);
        sendData(b, d);
    }

    function test_accuracy_refuses() public {
        Bounty b = revealed(usual(), list(ann));
        uint256[8] memory none;
        vm.expectRevert(abi.encodeWithSelector(IBounty.NoHunter.selector, eve));
        vm.prank(eve);
        b.proveAccuracy(0, 0, "", none);
        vm.expectRevert(abi.encodeWithSelector(IBounty.IndexTooLarge.selector, 2, 2));
        vm.prank(ann);
        b.proveAccuracy(2, 0, "", none);
    }

    function test_128_chunks() public {
        Terms memory t = usual();
        (t.chunks, t.groups, t.items, t.threshold) = (128, 1, 4, 512);
        Bounty b = revealed(t, list(ann));
        prove(b, ann, 4);
        assertEq(b.hunterOf(ann).correct, 512);
        deliver(b, ann);
        withdraw(b, ann, 11 ether);
    }

    function test_the_code_of_all_bounties_is_none() public {
        Bounty b = factory.implementation();
        vm.expectRevert(IBounty.NotABounty.selector);
        b.commit(1);
        vm.expectRevert(IBounty.NotABounty.selector);
        b.withdraw(eve);
        vm.expectRevert(IBounty.NotABounty.selector);
        b.refund();
    }

    function test_context_is_what_the_protocol_says() public {
        Bounty b = make(usual());
        assertEq(b.context(ann), Play.ctx(b, ann));
        assertEq(b.factory(), address(factory));
    }

    function testFuzz_data_of_any_items(uint256 seed, uint8 items) public {
        Terms memory t = usual();
        (t.items, t.threshold) = (uint16(bound(items, 1, 40)), 1);
        Bounty b = make(t);
        commit(b, ann);
        vm.warp(t.commitUntil);
        Play.Data memory d = Play.data(b, 1, 0);
        d.items = Play.elements(bytes32(seed), 3 * uint256(t.items));
        d.cm = seed % P;
        d.proof = Play.proveData(b, t, d);
        sendData(b, d);
        assertEq(b.groupsProven(), 1);
    }

    /// Ranks are a permutation that sorts by correct answers, and then by order of commitment.
    function testFuzz_best_of_three(uint8[3] memory correct) public {
        Terms memory t = usual();
        t.best = true;
        t.threshold = 1;
        Bounty b = revealed(t, list(ann, bob, cat));
        address[3] memory all = [ann, bob, cat];
        for (uint256 i; i < 3; ++i) {
            correct[i] %= 5;
            prove(b, all[i], correct[i]);
        }
        for (uint256 i; i < 3; ++i) {
            uint256 rank;
            for (uint256 j; j < 3; ++j) {
                if (correct[j] > correct[i] || (correct[j] == correct[i] && j < i)) ++rank;
            }
            (uint256 from,) = b.turn(all[i]);
            assertEq(from, t.proveUntil + rank * 100);
        }
    }
}
