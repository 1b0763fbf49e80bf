// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Bounty} from "../src/Bounty.sol";
import {IBounty} from "../src/IBounty.sol";
import {Money} from "../src/Money.sol";
import {Terms} from "../src/Terms.sol";
import {BountyTest} from "./tools/BountyTest.sol";
import {FeeToken, Force, HookToken, Receiver} from "./tools/Tokens.sol";

/// Each way to take money twice, to lose it, or to be paid in something worth less.
contract AttacksOnMoney is BountyTest {
    function test_attack_reentrancy_through_ether() public {
        Receiver hunter = new Receiver();
        vm.deal(address(hunter), 2 ether);
        Terms memory t = usual();
        Bounty b = make(t);
        commit(b, address(hunter));
        commit(b, bob);
        vm.warp(t.revealUntil);
        hunter.call(address(b), 0, abi.encodeCall(IBounty.reclaim, ()));
        hunter.arm(address(b), abi.encodeCall(IBounty.withdraw, (address(hunter))));
        hunter.call(address(b), 0, abi.encodeCall(IBounty.withdraw, (address(hunter))));
        assertFalse(hunter.succeeded());
        assertEq(bytes4(hunter.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        assertEq(address(hunter).balance, 2 ether);
        assertEq(address(b).balance, 11 ether);
    }

    function test_attack_reentrancy_through_a_token() public {
        HookToken hook = new HookToken();
        hook.mint(host, 10 ether);
        hook.mint(ann, 2 ether);
        Terms memory t = usual();
        t.token = address(hook);
        Bounty b = make(t);
        bytes[4] memory calls = [
            abi.encodeCall(IBounty.commit, (5)),
            abi.encodeCall(IBounty.refund, ()),
            abi.encodeCall(IBounty.reclaim, ()),
            abi.encodeCall(IBounty.withdraw, (eve))
        ];
        for (uint256 i; i < 4; ++i) {
            uint256 before = vm.snapshotState();
            hook.arm(address(b), calls[i]);
            commit(b, ann);
            assertFalse(hook.succeeded());
            assertEq(bytes4(hook.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
            assertEq(hook.balanceOf(address(b)), 11 ether);
            vm.revertToState(before);
        }
    }

    /// In the transfer of the reward, the bounty is not there yet: nothing can be done to it.
    function test_attack_reentrancy_while_a_bounty_is_made() public {
        HookToken hook = new HookToken();
        hook.mint(host, 10 ether);
        Terms memory t = usual();
        t.token = address(hook);
        address b = factory.addressOf(t);
        hook.arm(b, abi.encodeCall(IBounty.refund, ()));
        make(t);
        assertEq(hook.answer().length, 0);
        expectState(Bounty(b), IBounty.State.Committing, t.commitUntil);
    }

    function test_attack_token_that_begins_to_take_a_fee() public {
        FeeToken fee = new FeeToken();
        fee.mint(host, 10 ether);
        fee.mint(ann, 1 ether);
        fee.set(true);
        Terms memory t = usual();
        t.token = address(fee);
        Bounty b = make(t);
        fee.set(false);
        vm.startPrank(ann);
        fee.approve(address(b), 1 ether);
        vm.expectRevert(abi.encodeWithSelector(Money.WrongTransfer.selector, 0.99 ether, 1 ether));
        b.commit(1);
    }

    function test_attack_receiver_that_refuses() public {
        Receiver hunter = new Receiver();
        vm.deal(address(hunter), 1 ether);
        Terms memory t = usual();
        Bounty b = make(t);
        commit(b, address(hunter));
        vm.warp(t.revealUntil);
        hunter.refuse(true);
        hunter.call(address(b), 0, abi.encodeCall(IBounty.reclaim, ()));
        vm.expectRevert();
        hunter.call(address(b), 0, abi.encodeCall(IBounty.withdraw, (address(hunter))));
        // Nobody else is held up, and it can be paid elsewhere.
        b.refund();
        withdraw(b, host, 10 ether);
        hunter.call(address(b), 0, abi.encodeCall(IBounty.withdraw, (eve)));
        assertEq(held(b), 0);
    }

    function test_attack_ether_forced_in() public {
        Terms memory t = usual();
        address at = factory.addressOf(t);
        new Force{value: 3 ether}(payable(at));
        Bounty b = revealed(t, list(ann));
        new Force{value: 2 ether}(payable(at));
        prove(b, ann, 4);
        deliver(b, ann);
        withdraw(b, ann, 11 ether);
        (bool ok,) = at.call{value: 1}("");
        // The proxy takes it no more than its code does.
        assertFalse(ok);
        assertEq(held(b), 5 ether);
    }

    /// Tokens sent before the bounty is made do not stand for the reward.
    function test_attack_tokens_sent_before() public {
        Terms memory t = usual();
        t.token = address(token);
        address at = factory.addressOf(t);
        vm.prank(eve);
        token.transfer(at, 10 ether);
        Bounty b = make(t);
        assertEq(held(b), 20 ether);
        vm.prank(host);
        b.cancel();
        withdraw(b, host, 10 ether);
    }
}
