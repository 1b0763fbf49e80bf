// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {Bounty} from "../src/Bounty.sol";
import {BountyFactory} from "../src/BountyFactory.sol";
import {IBounty} from "../src/IBounty.sol";
import {Money} from "../src/Money.sol";
import {PackedTerms, Terms} from "../src/Terms.sol";
import {TermsRules} from "../src/TermsRules.sol";
import {BountyTest} from "./tools/BountyTest.sol";
import {FeeToken, OldToken, Token} from "./tools/Tokens.sol";

contract Impostor {
    Terms private _terms;

    constructor(Terms memory t) {
        _terms = t;
    }

    function terms() external view returns (Terms memory) {
        return _terms;
    }
}

contract BountyFactories is BountyTest {
    function _refuse(Terms memory t, bytes memory why) private {
        vm.expectRevert(why);
        vm.prank(t.host);
        factory.create{value: 10 ether}(t);
    }

    function _zero(Terms memory t, bytes32 field) private {
        _refuse(t, abi.encodeWithSelector(TermsRules.ZeroTerm.selector, field));
    }

    function _large(Terms memory t, bytes32 field, uint256 found, uint256 limit) private {
        _refuse(t, abi.encodeWithSelector(TermsRules.TermTooLarge.selector, field, found, limit));
    }

    function test_creates() public {
        Terms memory t = usual();
        address expected = factory.addressOf(t);
        assertFalse(factory.isBounty(expected));
        vm.expectEmit(address(factory));
        emit BountyFactory.BountyCreated(expected, host, t);
        Bounty b = make(t);
        assertEq(address(b), expected);
        assertEq(address(b).balance, 10 ether);
        assertEq(keccak256(abi.encode(b.terms())), keccak256(abi.encode(t)));
        assertTrue(factory.isBounty(address(b)));
        assertEq(b.factory(), address(factory));
    }

    function test_no_other_is_a_bounty() public {
        assertFalse(factory.isBounty(eve));
        assertFalse(factory.isBounty(address(factory)));
        assertFalse(factory.isBounty(address(factory.implementation())));
        assertFalse(factory.isBounty(address(new Impostor(usual()))));
        make(usual());
        assertFalse(factory.isBounty(address(new Impostor(usual()))));
        assertFalse(new BountyFactory().isBounty(factory.addressOf(usual())));
    }

    function test_the_same_terms_only_once() public {
        Terms memory t = usual();
        make(t);
        _refuse(t, abi.encodeWithSelector(Errors.FailedDeployment.selector));
        t.dataset += 1;
        make(t);
    }

    /// What hunters send to an address reaches the terms that they have read, or nothing.
    function test_attack_other_terms_at_the_same_address_after_a_reorganisation() public {
        Terms memory t = usual();
        uint256 before = vm.snapshotState();
        address b = address(make(t));
        vm.revertToState(before);
        Terms memory other = usual();
        other.host = eve;
        assertNotEq(address(make(other)), b);
        other.host = host;
        other.hostKeyY = P - other.hostKeyY;
        assertNotEq(address(make(other)), b);
        assertEq(address(make(t)), b);
    }

    function test_only_the_host_creates() public {
        Terms memory t = usual();
        vm.expectRevert(abi.encodeWithSelector(BountyFactory.HostIsNotCaller.selector, eve, host));
        vm.prank(eve);
        factory.create{value: 10 ether}(t);
    }

    function test_the_reward_must_come() public {
        Terms memory t = usual();
        vm.startPrank(host);
        vm.expectRevert(abi.encodeWithSelector(Money.WrongValue.selector, 1, 10 ether));
        factory.create{value: 1}(t);
        t.token = address(token);
        vm.expectRevert(abi.encodeWithSelector(Money.WrongValue.selector, 1, 0));
        factory.create{value: 1}(t);
        vm.expectRevert();
        factory.create(t);
        // No token at all.
        t.token = eve;
        vm.expectRevert();
        factory.create(t);
    }

    function test_attack_fee_on_transfer_token() public {
        Terms memory t = usual();
        FeeToken fee = new FeeToken();
        fee.mint(host, 10 ether);
        t.token = address(fee);
        vm.startPrank(host);
        fee.approve(address(factory), 10 ether);
        vm.expectRevert(abi.encodeWithSelector(Money.WrongTransfer.selector, 9.9 ether, 10 ether));
        factory.create(t);
    }

    function test_old_tokens() public {
        Terms memory t = usual();
        OldToken old = new OldToken();
        old.mint(host, 10 ether);
        t.token = address(old);
        vm.startPrank(host);
        vm.expectRevert();
        factory.create(t);
        old.set(true);
        Bounty b = Bounty(factory.create(t));
        b.cancel();
        old.set(false);
        vm.expectRevert();
        b.withdraw(host);
        old.set(true);
        b.withdraw(host);
        assertEq(old.balanceOf(host), 10 ether);
    }

    function test_refuses_keys_without_a_ceremony() public {
        Terms memory t = usual();
        t.setup = 0;
        _refuse(t, abi.encodeWithSelector(TermsRules.SetupMismatch.selector, bytes32(0), false));
        t.development = true;
        make(t);
        t.setup = "x";
        _refuse(t, abi.encodeWithSelector(TermsRules.SetupMismatch.selector, bytes32("x"), true));
    }

    function test_refuses_one_key_for_two_statements() public {
        for (uint256 i; i < 3; ++i) {
            Terms memory t = usual();
            if (i == 0) t.dataKey = t.accuracyKey;
            if (i == 1) t.accuracyKey = t.deliveryKey;
            if (i == 2) t.deliveryKey = t.dataKey;
            _refuse(
                t, abi.encodeWithSelector(TermsRules.KeysNotDistinct.selector, t.dataKey, t.accuracyKey, t.deliveryKey)
            );
        }
    }

    function test_refuses_money_out_of_range() public {
        Terms memory t = usual();
        t.reward = 0;
        _zero(t, "reward");
        t.reward = 1 << 128;
        _large(t, "reward", 1 << 128, type(uint128).max);
        t = usual();
        t.bond = 1 << 128;
        _large(t, "bond", 1 << 128, type(uint128).max);
    }

    function test_refuses_samples_out_of_range() public {
        Terms memory t = usual();
        t.dataset = P;
        _refuse(t, abi.encodeWithSelector(TermsRules.TermNotReduced.selector, bytes32("dataset"), P));
        t = usual();
        t.chunks = 0;
        _zero(t, "chunks");
        t.chunks = 129;
        _large(t, "chunks", 129, 128);
        t = usual();
        t.groups = 0;
        _zero(t, "groups");
        t = usual();
        t.items = 0;
        _zero(t, "items");
        t = usual();
        t.threshold = 0;
        _zero(t, "threshold");
        t.threshold = 9;
        _large(t, "threshold", 9, 8);
        (t.groups, t.items) = (65_535, 65_535);
        _large(t, "samples", 2 * 65_535 * 65_535, type(uint32).max);
    }

    function test_refuses_deliveries_out_of_range() public {
        Terms memory t = usual();
        t.deliveryChunks = 0;
        _zero(t, "deliveryChunks");
        t = usual();
        t.deliveryWindow = 0;
        _zero(t, "deliveryWindow");
        t = usual();
        t.deliveryElements = 4001;
        _large(t, "deliveryElements", 4001, 4000);
        uint16[4] memory wrong = [uint16(0), 2, 3, 3999];
        for (uint256 i; i < 4; ++i) {
            t.deliveryElements = wrong[i];
            _refuse(t, abi.encodeWithSelector(TermsRules.DeliveryElements.selector, wrong[i]));
        }
        t.deliveryElements = 4000;
        make(t);
    }

    function test_refuses_host_keys_that_are_none() public {
        Terms memory t = usual();
        t.hostKeyX += P;
        _refuse(t, abi.encodeWithSelector(TermsRules.TermNotReduced.selector, bytes32("hostKeyX"), t.hostKeyX));
        t = usual();
        t.hostKeyY += P;
        _refuse(t, abi.encodeWithSelector(TermsRules.TermNotReduced.selector, bytes32("hostKeyY"), t.hostKeyY));
        uint256[2][4] memory keys = [[uint256(0), 1], [0, P - 1], [uint256(0), 0], [usual().hostKeyX, 5]];
        for (uint256 i; i < 4; ++i) {
            (t.hostKeyX, t.hostKeyY) = (keys[i][0], keys[i][1]);
            _refuse(t, abi.encodeWithSelector(TermsRules.HostKeyInvalid.selector, t.hostKeyX, t.hostKeyY));
        }
    }

    function test_refuses_deadlines_that_do_not_ascend() public {
        for (uint256 i; i < 4; ++i) {
            Terms memory t = usual();
            if (i == 0) t.commitUntil = uint40(block.timestamp);
            if (i == 1) t.revealUntil = t.commitUntil;
            if (i == 2) t.proveUntil = t.revealUntil;
            if (i == 3) t.commitUntil = 0;
            _refuse(
                t,
                abi.encodeWithSelector(
                    TermsRules.DeadlinesNotAscending.selector,
                    block.timestamp,
                    t.commitUntil,
                    t.revealUntil,
                    t.proveUntil
                )
            );
        }
    }

    function testFuzz_packed_terms_are_the_terms(Terms memory t) public pure {
        (t.reward, t.bond) = (uint128(t.reward), uint128(t.bond));
        bytes memory packed = PackedTerms.pack(t);
        assertEq(packed.length, PackedTerms.BYTES);
        assertEq(keccak256(abi.encode(PackedTerms.unpack(packed))), keccak256(abi.encode(t)));
    }
}
