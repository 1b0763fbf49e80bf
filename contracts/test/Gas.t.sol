// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {VmSafe, Vm} from "forge-std/Vm.sol";
import {Groth16Verifier} from "zkml-evm/Groth16Verifier.sol";
import {RegisteredVerifier} from "zkml-evm/RegisteredVerifier.sol";
import {TwoPhaseVerifier} from "zkml-evm/TwoPhaseVerifier.sol";
import {Bounty} from "../src/Bounty.sol";
import {BountyFactory} from "../src/BountyFactory.sol";
import {IBounty} from "../src/IBounty.sol";
import {Terms} from "../src/Terms.sol";
import {BountyTest} from "./tools/BountyTest.sol";
import {Gas} from "./tools/Gas.sol";
import {Phases} from "./tools/Phases.sol";
import {Play} from "./tools/Play.sol";
import {Trapdoor} from "./tools/Trapdoor.sol";

/// What each step costs, as a transaction, under two price lists: gas.md, which this test writes if GAS_WRITE is set, and
/// which otherwise must say what is measured.
contract GasReport is BountyTest {
    string private table;

    function _row(string memory name, address from, address to, uint256 value, bytes memory data)
        private
        returns (uint256)
    {
        vm.startStateDiffRecording();
        vm.prank(from);
        uint256 execution = Gas.measure(to, value, data);
        uint256 slots = Gas.newSlots(vm.stopAndReturnStateDiff());
        uint256 more = slots * Gas.SLOT_MORE;
        if (to == address(factory)) more += Gas.ACCOUNT_MORE + 375 * Gas.CODE_MORE;
        return _line(name, data, execution, slots, more);
    }

    function _line(string memory name, bytes memory data, uint256 execution, uint256 slots, uint256 more)
        private
        returns (uint256 cost)
    {
        cost = Gas.transaction(data, execution);
        vm.snapshotValue(name, cost);
        table = string.concat(table, "| ", name, " | ", _number(data.length), " | ", _number(slots), " | ");
        table = string.concat(table, _number(cost), " | ", _number(Gas.coming(data, execution, more)), " |\n");
    }

    /// With commas.
    function _number(uint256 n) private pure returns (string memory) {
        if (n < 1000) return Strings.toString(n);
        string memory last = Strings.toString(1000 + n % 1000);
        bytes memory digits = bytes(last);
        digits[0] = ",";
        return string.concat(_number(n / 1000), string(digits));
    }

    function _terms(uint16 items, uint16 elements) private view returns (Terms memory t) {
        t = usual();
        (t.chunks, t.groups, t.items, t.threshold) = (1, 1, items, 1);
        (t.deliveryChunks, t.deliveryElements) = (1, elements);
        t.dataset += elements;
        t.commitUntil = uint40(block.timestamp + 1_000);
        t.revealUntil = t.commitUntil + 1_000;
        t.proveUntil = t.revealUntil + 1_000;
    }

    function _create(string memory name, Terms memory t) private returns (Bounty b) {
        b = Bounty(factory.addressOf(t));
        _row(
            name,
            host,
            address(factory),
            t.token == address(0) ? t.reward : 0,
            abi.encodeCall(BountyFactory.create, (t))
        );
        assertEq(address(b).code.length, 375);
    }

    function _data(Bounty b) private view returns (bytes memory) {
        Play.Data memory d = Play.data(b, 0, 0);
        return abi.encodeCall(IBounty.proveData, (0, 0, d.salt, d.items, d.cm, d.key, d.proof));
    }

    function _delivery(Bounty b) private view returns (bytes memory) {
        Play.Delivery memory d = Play.delivery(b, ann, cwOf(ann), 0);
        return abi.encodeCall(IBounty.deliver, (0, d.ephemeral, d.ct, d.cm, d.key, d.proof));
    }

    function _accuracy(Bounty b) private view returns (bytes memory) {
        uint256[8] memory proof = Play.accuracy(b, ann, cwOf(ann), 0, 1);
        return abi.encodeCall(IBounty.proveAccuracy, (0, 1, Play.key(Play.ACCURACY), proof));
    }

    function _play(uint16 items, uint16 elements, bool first) private {
        Terms memory t = _terms(items, elements);
        string memory n = Strings.toString(elements);
        Bounty b = first ? _create("create, ether", t) : make(t);
        if (first) _row("commit, ether", ann, address(b), 1 ether, abi.encodeCall(IBounty.commit, (cwOf(ann))));
        else commit(b, ann);
        vm.warp(t.commitUntil);
        bytes memory data = _data(b);
        if (elements <= 31) {
            string memory name = string.concat("proveData, items: ", Strings.toString(items));
            assertLt(_row(name, eve, address(b), 0, data), 420_000);
        } else {
            reveal(b);
        }
        if (first) assertLt(_row("proveAccuracy, the last chunk", ann, address(b), 0, _accuracy(b)), 370_000);
        else prove(b, ann, 1);
        uint256 cost = _row(string.concat("deliver, elements: ", n), ann, address(b), 0, _delivery(b));
        assertLt(cost, 420_000 + uint256(elements) * 1_276);
        if (first) _row("withdraw, ether", ann, address(b), 0, abi.encodeCall(IBounty.withdraw, (ann)));
    }

    function _verifiers() private {
        uint256[] memory inputs = Play.five(cwOf(ann), cwOf(bob), cwOf(cat), cwOf(eve), cwOf(host));
        bytes memory key = Trapdoor.key("gas", 5);
        uint256[8] memory proof = Trapdoor.prove("gas", inputs, 5);
        Groth16Verifier verifier = new Groth16Verifier();
        bytes memory data = abi.encodeCall(Groth16Verifier.verify, (key, inputs, proof));
        assertLe(_row("Groth16Verifier.verify, five inputs", eve, address(verifier), 0, data), 260_000);
        string[] memory command = new string[](6);
        (command[0], command[1], command[2], command[3]) = ("node", "tools/compile.js", "Five", "5");
        (command[4], command[5]) = (vm.toString(keccak256(key)), vm.toString(key));
        bytes memory code = vm.ffi(command);
        address generated;
        assembly {
            generated := create(0, add(code, 32), mload(code))
        }
        uint256[5] memory five = [inputs[0], inputs[1], inputs[2], inputs[3], inputs[4]];
        data = abi.encodeWithSignature("verify(uint256[5],uint256[8])", five, proof);
        assertLe(_row("the generated verifier's verify, five inputs", eve, generated, 0, data), 260_000);
    }

    /// Five inputs in two phases, and with registered weights.
    function _phases() private {
        uint256[] memory inputs = Play.five(cwOf(ann), cwOf(bob), cwOf(cat), cwOf(eve), cwOf(host));
        uint256[5] memory five = [inputs[0], inputs[1], inputs[2], inputs[3], inputs[4]];
        bytes memory key = Phases.key("gas", 5, false);
        uint256[10] memory proof = Phases.prove("gas", inputs, 3, 5);
        bytes memory data = abi.encodeCall(TwoPhaseVerifier.verify, (key, inputs, proof));
        _row("TwoPhaseVerifier.verify, five inputs", eve, address(new TwoPhaseVerifier()), 0, data);
        data = abi.encodeWithSignature("verify(uint256[5],uint256[10])", five, proof);
        _row("the generated verifier in two phases, five inputs", eve, Phases.generate("Two", 5, key), 0, data);
        key = Phases.key("gas", 5, true);
        proof = Phases.proveRegistered("gas", inputs, 9, 3, 5);
        address pinned = address(new RegisteredVerifier(Phases.hash(key, 5, true), Phases.words(9)));
        data = abi.encodeCall(RegisteredVerifier.verify, (key, inputs, proof));
        _row("RegisteredVerifier.verify, five inputs", eve, pinned, 0, data);
        data = abi.encodeWithSignature("verify(uint256[5],uint256[10])", five, proof);
        _row(
            "the generated verifier of registered weights, five inputs",
            eve,
            Phases.generateRegistered("Three", 5, key, 9),
            0,
            data
        );
    }

    function _token() private {
        Terms memory t = _terms(1, 31);
        t.token = address(token);
        vm.prank(host);
        token.approve(address(factory), t.reward);
        Bounty b = _create("create, token", t);
        vm.prank(ann);
        token.approve(address(b), t.bond);
        _row("commit, token", ann, address(b), 0, abi.encodeCall(IBounty.commit, (cwOf(ann))));
    }

    function test_gas_report() public {
        table = "| Step | Bytes of calldata | New slots | Gas now | Gas to come |\n|---|--:|--:|--:|--:|\n";
        _play(1, 31, true);
        _play(4, 28, false);
        _play(1, 1_435, false);
        _play(1, 4_000, false);
        _token();
        _verifiers();
        _phases();
        string memory text = string.concat(
            "# What each step costs\n\n",
            "Of a transaction in all. Now: EIP-2028 and the floor of EIP-7623. To come: the floor of EIP-7976 (64 gas a byte of\n",
            "calldata), and state at 1,530 gas a byte (EIP-8037: 97,920 a new slot, 183,600 an account). Written by\n",
            "`./test.sh gas`, and checked by `./test.sh`.\n\n",
            table
        );
        if (vm.envOr("GAS_WRITE", false)) vm.writeFile("gas.md", text);
        assertEq(vm.readFile("gas.md"), text, "gas.md is not what is measured: ./test.sh gas writes it");
    }
}
