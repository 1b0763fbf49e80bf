// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Bounty} from "../src/Bounty.sol";
import {IBounty} from "../src/IBounty.sol";
import {Terms} from "../src/Terms.sol";
import {BountyTest} from "./tools/BountyTest.sol";
import {Play} from "./tools/Play.sol";
import {Token} from "./tools/Tokens.sol";

/// @title Hosts and hunters who do whatever they can: bounty after bounty, each emptied before the next
/// @dev Counts what a bounty should, by what was done and not by what the bounty says.
contract Handler is BountyTest {
    Bounty public b;
    Terms private t;
    address[4] private actors;
    uint256 private made;
    uint256 private zero;

    uint256 public moneyIn;
    uint256 public moneyOut;
    /// What a hunter has truly proven, and delivered, of this bounty.
    mapping(address => mapping(address => uint256)) public provenChunks;
    mapping(address => mapping(address => uint256)) public correct;
    mapping(address => mapping(address => uint256)) public deliveredChunks;
    mapping(address => uint256) public groupsShown;
    mapping(string => uint256) public calls;
    uint256 public total;

    bool private immutable TOKENS;

    constructor(bool tokens) {
        TOKENS = tokens;
        setUp();
        actors = [ann, bob, cat, eve];
        _next(0);
    }

    modifier counted(string memory name) {
        ++total;
        ++calls[name];
        _;
    }

    function _next(uint256 seed) private {
        t = usual();
        (t.chunks, t.groups, t.items) = (uint16(1 + seed % 2), 1, 1);
        t.threshold = 1;
        (t.deliveryChunks, t.deliveryElements) = (uint16(1 + (seed >> 8) % 2), 1);
        t.open = (seed >> 16) % 3 == 0;
        t.best = (seed >> 24) % 3 == 0;
        t.bond = (seed >> 32) % 5 == 0 ? 0 : 1 ether;
        t.token = TOKENS ? address(token) : address(0);
        t.dataset = ++made;
        uint40 now_ = uint40(block.timestamp);
        (t.commitUntil, t.revealUntil, t.proveUntil) = (now_ + 100, now_ + 200, now_ + 300);
        _fund(host, t.reward);
        b = make(t);
        moneyIn += t.reward;
    }

    function _fund(address who, uint256 amount) private {
        if (TOKENS) token.mint(who, amount);
        else vm.deal(who, who.balance + amount);
    }

    function _actor(uint256 seed) private view returns (address) {
        return actors[seed % 4];
    }

    function _bonded(address who) private view returns (bool) {
        return b.hunterOf(who).bond != IBounty.Bond.None;
    }

    function wait_(uint256 seconds_) external counted("wait") {
        vm.warp(block.timestamp + seconds_ % 60);
    }

    function commit_(uint256 who) external counted("commit") {
        address hunter = _actor(who);
        (IBounty.State s,) = b.state();
        if (s != IBounty.State.Committing || _bonded(hunter)) return;
        _fund(hunter, t.bond);
        commit(b, hunter);
        moneyIn += t.bond;
    }

    function show(uint16 chunk) external counted("show") {
        chunk %= t.chunks;
        (IBounty.State s,) = b.state();
        if (s != IBounty.State.Revealing && !(t.open && s == IBounty.State.Committing)) return;
        if (b.groupProven(chunk, 0)) return;
        sendData(b, Play.dataOf(b, t, chunk, 0));
        ++groupsShown[address(b)];
    }

    function prove_(uint256 who, uint16 chunk, uint32 answers) external counted("prove") {
        address hunter = _actor(who);
        chunk %= t.chunks;
        answers %= 2;
        if (!_bonded(hunter) || b.groupsProven() < t.chunks) return;
        (IBounty.State s,) = b.state();
        if (s != IBounty.State.Proving && s != IBounty.State.Committing) return;
        if (b.hunterOf(hunter).proven & (uint128(1) << chunk) != 0) return;
        sendAccuracy(b, hunter, chunk, answers);
        ++provenChunks[address(b)][hunter];
        correct[address(b)][hunter] += answers;
    }

    /// Sometimes it is the hunter's turn.
    function deliver_(uint256 who) external counted("deliver") {
        address hunter = _actor(who);
        IBounty.Hunter memory h = b.hunterOf(hunter);
        // Forged unless what is needed was proven: see `forge_`.
        if (provenChunks[address(b)][hunter] != t.chunks || correct[address(b)][hunter] < t.threshold) return;
        (IBounty.State s,) = b.state();
        if (s >= IBounty.State.Paid) return;
        (uint256 from, uint256 until) = b.turn(hunter);
        if (block.timestamp < from || block.timestamp >= until) return;
        sendDelivery(b, hunter, Play.delivery(b, hunter, cwOf(hunter), h.delivered));
        ++deliveredChunks[address(b)][hunter];
    }

    /// None of these may ever pass: proofs of something else, of somebody else, at any time, in any state.
    function forge_(uint256 who, uint256 other, uint256 how) external counted("forge") {
        address hunter = _actor(who);
        address victim = _actor(who % 4 + 1 + other % 3);
        bool passed;
        if (how % 3 == 0) {
            Play.Delivery memory d = Play.delivery(b, victim, cwOf(victim), b.hunterOf(hunter).delivered);
            vm.prank(hunter);
            try b.deliver(d.chunk, d.ephemeral, d.ct, d.cm, d.key, d.proof) {
                passed = true;
            } catch {}
        } else if (how % 3 == 1) {
            uint16 chunk = uint16(other % t.chunks);
            uint256[8] memory proof = Play.accuracy(b, victim, cwOf(victim), chunk, 1);
            bytes memory key = Play.key(Play.ACCURACY);
            vm.prank(hunter);
            try b.proveAccuracy(chunk, 1, key, proof) {
                passed = true;
            } catch {}
        } else {
            Play.Data memory d = Play.dataOf(b, t, uint16(other % t.chunks), 0);
            d.items[0] ^= 1;
            try b.proveData(d.chunk, d.group, d.salt, d.items, d.cm, d.key, d.proof) {
                passed = true;
            } catch {}
        }
        assertFalse(passed, "forged");
    }

    /// Whoever calls, whenever: it is refused, or right.
    function settle(uint256 who, uint256 how) external counted("settle") {
        address account = _actor(who);
        address nobody = b.NOBODY();
        uint256 burnt = TOKENS ? token.balanceOf(nobody) : nobody.balance;
        vm.prank(how % 4 == 0 ? host : account);
        if (how % 4 == 0) try b.cancel() {} catch {}
        if (how % 4 == 1) try b.refund() {} catch {}
        if (how % 4 == 2) try b.reclaim() {} catch {}
        if (how % 4 == 3) try b.forfeit(account) {} catch {}
        moneyOut += (TOKENS ? token.balanceOf(nobody) : nobody.balance) - burnt;
    }

    function withdraw_(uint256 who) external counted("withdraw") {
        _withdraw(who % 5 == 4 ? host : _actor(who));
    }

    function _withdraw(address account) private {
        uint256 due = b.credit(account);
        if (due == 0) return;
        uint256 before = held(b);
        vm.prank(account);
        b.withdraw(account);
        assertEq(before - held(b), due);
        moneyOut += due;
    }

    /// From any state, everybody gets out, and nothing is left. Then the next bounty.
    function leave(uint256 seed) external {
        // Rarely, for a bounty to come to something.
        if (seed % 8 != 0) return;
        ++total;
        leaveNow(seed >> 3);
    }

    function leaveNow(uint256 seed) public counted("leave") {
        (IBounty.State s,) = b.state();
        if (s < IBounty.State.Paid) vm.warp(uint256(t.proveUntil) + 4 * uint256(t.deliveryWindow));
        try b.refund() {} catch {}
        (s,) = b.state();
        assertTrue(s == IBounty.State.Paid || s == IBounty.State.Refunded || s == IBounty.State.Cancelled, "final");
        for (uint256 i; i < 4; ++i) {
            if (b.hunterOf(actors[i]).bond != IBounty.Bond.Held) continue;
            vm.prank(actors[i]);
            try b.reclaim() {}
            catch {
                // Only where the data was shown.
                assertEq(groupsShown[address(b)], t.chunks, "a bond lost without data");
                b.forfeit(actors[i]);
                moneyOut += t.bond;
            }
        }
        for (uint256 i; i < 4; ++i) {
            _withdraw(actors[i]);
        }
        _withdraw(host);
        assertEq(held(b), 0, "stuck");
        if (s == IBounty.State.Paid) ++calls["paid"];
        if (s == IBounty.State.Refunded) ++calls["refunded"];
        _next(seed);
    }

    function terms() external view returns (Terms memory) {
        return t;
    }

    function actor(uint256 i) external view returns (address) {
        return actors[i];
    }

    function balance() external view returns (uint256) {
        return held(b);
    }
}

abstract contract Invariants is BountyTest {
    Handler internal handler;

    function _start(bool tokens) internal {
        handler = new Handler(tokens);
        bytes4[] memory selectors = new bytes4[](12);
        selectors[0] = Handler.wait_.selector;
        selectors[1] = Handler.commit_.selector;
        selectors[2] = Handler.show.selector;
        selectors[3] = Handler.prove_.selector;
        selectors[4] = Handler.deliver_.selector;
        selectors[5] = Handler.forge_.selector;
        selectors[6] = Handler.settle.selector;
        selectors[7] = Handler.withdraw_.selector;
        selectors[8] = Handler.leave.selector;
        // More often: what a bounty needs most of.
        selectors[9] = Handler.prove_.selector;
        selectors[10] = Handler.show.selector;
        selectors[11] = Handler.commit_.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    function invariant_money_in_is_money_out_and_held() public view {
        assertEq(handler.moneyIn(), handler.moneyOut() + handler.balance());
    }

    /// One invariant for all the rest, so that each call is made once.
    function afterInvariant() public {
        handler.leaveNow(1);
        assertEq(handler.moneyIn(), handler.moneyOut() + handler.balance());
    }
}

/// What must be true of the bounty after each call, whatever it was.
abstract contract Rules is Invariants {
    function invariant_no_path_skips_a_proof() public view {
        Bounty b = handler.b();
        Terms memory t = handler.terms();
        assertEq(b.groupsProven(), handler.groupsShown(address(b)));
        address winner = b.winner();
        (IBounty.State s,) = b.state();
        assertEq(winner != address(0), s == IBounty.State.Paid);
        uint256 credits = b.credit(t.host);
        uint256 bonds;
        for (uint256 i; i < 4; ++i) {
            address a = handler.actor(i);
            IBounty.Hunter memory h = b.hunterOf(a);
            // Only the winner is paid more than a bond.
            if (a != winner) assertLe(b.credit(a), t.bond);
            credits += b.credit(a);
            if (h.bond == IBounty.Bond.Held) bonds += t.bond;
            assertEq(h.correct, handler.correct(address(b), a));
            assertEq(h.delivered, handler.deliveredChunks(address(b), a));
            if (a == winner) {
                assertEq(handler.provenChunks(address(b), a), t.chunks);
                assertGe(handler.correct(address(b), a), t.threshold);
                assertEq(handler.deliveredChunks(address(b), a), t.deliveryChunks);
                assertEq(b.groupsProven(), t.chunks);
            }
        }
        uint256 reward = s < IBounty.State.Paid || s == IBounty.State.Refundable ? t.reward : 0;
        assertEq(handler.balance(), credits + bonds + reward);
    }
}

contract EtherInvariants is Rules {
    function setUp() public override {
        _start(false);
    }
}

contract TokenInvariants is Rules {
    function setUp() public override {
        _start(true);
    }
}

/// That the calls of the invariants come to something.
contract HandlerReaches is BountyTest {
    function test_both_ends() public {
        Handler h = new Handler(false);
        uint256 seed = 1;
        for (uint256 i; i < 4_000; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 which = seed % 11;
            uint256 a = seed >> 8;
            if (which == 0) h.wait_(a);
            else if (which < 3) h.commit_(a);
            else if (which < 5) h.show(uint16(a));
            else if (which < 8) h.prove_(a, uint16(a >> 16), uint32(a >> 32));
            else if (which == 8) h.deliver_(a);
            else if (which == 9) h.settle(a, a >> 16);
            else h.leave(a);
        }
        assertGt(h.calls("paid"), 3);
        assertGt(h.calls("refunded"), 3);
    }
}
