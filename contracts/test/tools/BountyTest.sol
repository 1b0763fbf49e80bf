// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Bounty} from "../../src/Bounty.sol";
import {BountyFactory} from "../../src/BountyFactory.sol";
import {IBounty} from "../../src/IBounty.sol";
import {Terms} from "../../src/Terms.sol";
import {Play} from "./Play.sol";
import {Token} from "./Tokens.sol";

/// @title A host, three hunters, a stranger, and the steps of a bounty
abstract contract BountyTest is Test {
    uint256 internal constant P = Play.P;
    BountyFactory internal factory;
    Token internal token;
    address internal host = makeAddr("host");
    address internal ann = makeAddr("ann");
    address internal bob = makeAddr("bob");
    address internal cat = makeAddr("cat");
    address internal eve = makeAddr("eve");

    function setUp() public virtual {
        vm.warp(1_000_000);
        factory = new BountyFactory();
        token = new Token();
        address[5] memory all = [host, ann, bob, cat, eve];
        for (uint256 i; i < all.length; ++i) {
            vm.deal(all[i], 100 ether);
            token.mint(all[i], 100 ether);
        }
    }

    /// Two chunks of two groups of two samples, two deliveries of four elements; sealed, the first wins, ether.
    function usual() internal view returns (Terms memory t) {
        t.host = host;
        t.reward = 10 ether;
        t.bond = 1 ether;
        t.dataKey = keccak256(Play.key(Play.DATA));
        t.accuracyKey = keccak256(Play.key(Play.ACCURACY));
        t.deliveryKey = keccak256(Play.key(Play.DELIVERY));
        t.setup = keccak256("ceremony");
        t.dataset = 123456789;
        (t.chunks, t.groups, t.items, t.threshold) = (2, 2, 2, 5);
        t.hostKeyX = 5299619240641551281634865583518297030282874472190772894086521144482721001553;
        t.hostKeyY = 16950150798460657717958625567821834550301663161624707787222815936182638968203;
        (t.deliveryChunks, t.deliveryElements) = (2, 4);
        t.commitUntil = 1_001_000;
        t.revealUntil = 1_002_000;
        t.proveUntil = 1_003_000;
        t.deliveryWindow = 100;
    }

    function make(Terms memory t) internal returns (Bounty) {
        vm.startPrank(t.host);
        if (t.token != address(0)) Token(t.token).approve(address(factory), t.reward);
        address b = factory.create{value: t.token == address(0) ? t.reward : 0}(t);
        vm.stopPrank();
        return Bounty(b);
    }

    function commit(Bounty b, address hunter) internal {
        Terms memory t = b.terms();
        vm.startPrank(hunter);
        if (t.token != address(0)) Token(t.token).approve(address(b), t.bond);
        b.commit{value: t.token == address(0) ? t.bond : 0}(cwOf(hunter));
        vm.stopPrank();
    }

    function cwOf(address hunter) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("weights", hunter))) % P;
    }

    function sendData(Bounty b, Play.Data memory d) internal {
        b.proveData(d.chunk, d.group, d.salt, d.items, d.cm, d.key, d.proof);
    }

    function reveal(Bounty b) internal {
        Terms memory t = b.terms();
        for (uint16 chunk; chunk < t.chunks; ++chunk) {
            for (uint16 group; group < t.groups; ++group) {
                sendData(b, Play.data(b, chunk, group));
            }
        }
    }

    function sendAccuracy(Bounty b, address hunter, uint16 chunk, uint32 correct) internal {
        uint256[8] memory proof = Play.accuracy(b, hunter, cwOf(hunter), chunk, correct);
        bytes memory key = Play.key(Play.ACCURACY);
        vm.prank(hunter);
        b.proveAccuracy(chunk, correct, key, proof);
    }

    /// Proves all chunks, with so many correct answers in the first, and four in each other.
    function prove(Bounty b, address hunter, uint32 correct) internal {
        uint16 chunks = b.terms().chunks;
        for (uint16 chunk; chunk < chunks; ++chunk) {
            sendAccuracy(b, hunter, chunk, chunk == 0 ? correct : 4);
        }
    }

    function sendDelivery(Bounty b, address hunter, Play.Delivery memory d) internal {
        vm.prank(hunter);
        b.deliver(d.chunk, d.ephemeral, d.ct, d.cm, d.key, d.proof);
    }

    function deliver(Bounty b, address hunter) internal {
        uint16 chunks = b.terms().deliveryChunks;
        for (uint16 chunk; chunk < chunks; ++chunk) {
            sendDelivery(b, hunter, Play.delivery(b, hunter, cwOf(hunter), chunk));
        }
    }

    /// A bounty to which these have committed, with the data revealed.
    function revealed(Terms memory t, address[] memory hunters) internal returns (Bounty b) {
        b = make(t);
        for (uint256 i; i < hunters.length; ++i) {
            commit(b, hunters[i]);
        }
        vm.warp(t.commitUntil);
        reveal(b);
    }

    function list(address a) internal pure returns (address[] memory l) {
        l = new address[](1);
        l[0] = a;
    }

    function list(address a, address b, address c) internal pure returns (address[] memory l) {
        l = new address[](3);
        (l[0], l[1], l[2]) = (a, b, c);
    }

    function expectState(Bounty b, IBounty.State expected, uint256 deadline) internal view {
        (IBounty.State found, uint256 until) = b.state();
        assertEq(uint256(found), uint256(expected), "state");
        assertEq(until, deadline, "deadline");
    }

    function wrongState(IBounty.State found, IBounty.State expected) internal {
        vm.expectRevert(abi.encodeWithSelector(IBounty.WrongState.selector, found, expected));
    }

    function withdraw(Bounty b, address who, uint256 expected) internal {
        address tokenOf = b.terms().token;
        address purse = address(uint160(uint256(keccak256(abi.encode(who, b)))));
        vm.prank(who);
        b.withdraw(purse);
        assertEq(tokenOf == address(0) ? purse.balance : Token(tokenOf).balanceOf(purse), expected, "withdrawn");
    }

    function held(Bounty b) internal view returns (uint256) {
        address tokenOf = b.terms().token;
        return tokenOf == address(0) ? address(b).balance : Token(tokenOf).balanceOf(address(b));
    }
}
