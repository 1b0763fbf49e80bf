// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Message} from "../src/Message.sol";
import {Play} from "./tools/Play.sol";

contract Messages is Test {
    uint256 private constant P = Play.P;

    function challenge(uint256 ctx, uint256 subject, uint256 cm, uint256[] memory head, uint256[] calldata tail)
        external
        pure
        returns (uint256, uint256)
    {
        return Message.challenge(Message.DATA, ctx, subject, cm, head, tail);
    }

    function evaluate(uint256 z, uint256[] memory head, uint256[] calldata tail) external pure returns (uint256) {
        return Message.evaluate(z, head, tail);
    }

    function test_tags_are_ascii_to_the_left() public pure {
        assertEq(Message.DATA, bytes32(abi.encodePacked("zkml bounty data 1", bytes14(0))));
        assertEq(Message.DELIVERY, bytes32(abi.encodePacked("zkml bounty delivery 1", bytes10(0))));
    }

    /// By hand: 3 + 5 * 2 + 7 * 2^2 = 41.
    function test_the_first_element_has_the_power_zero() public view {
        uint256[] memory head = new uint256[](2);
        uint256[] memory tail = new uint256[](1);
        (head[0], head[1], tail[0]) = (3, 5, 7);
        assertEq(this.evaluate(2, head, tail), 41);
        assertEq(this.evaluate(0, head, tail), 3);
        assertEq(this.evaluate(9, new uint256[](0), new uint256[](0)), 0);
    }

    function testFuzz_equals_the_sum_of_powers(uint256 seed, uint8 n, uint8 k) public view {
        uint256[] memory head = Play.elements(bytes32(seed), n % 9);
        uint256[] memory tail = Play.elements(~bytes32(seed), k % 70);
        uint256[] memory expected =
            Play.inputs("zkml bounty data 1", seed % P, seed / 2 % P, seed / 3 % P, Play.join(head, tail));
        (uint256 z, uint256 v) = this.challenge(seed % P, seed / 2 % P, seed / 3 % P, head, tail);
        assertEq(z, expected[3]);
        assertEq(v, expected[4]);
    }

    function testFuzz_refuses_elements_above_the_modulus(uint256 seed, uint8 at, uint256 value) public {
        uint256[] memory head = Play.elements(bytes32(seed), 3);
        uint256[] memory tail = Play.elements(~bytes32(seed), 5);
        value = bound(value, P, type(uint256).max);
        uint256 index = at % 8;
        if (index < 3) head[index] = value;
        else tail[index - 3] = value;
        vm.expectRevert(abi.encodeWithSelector(Message.ElementNotReduced.selector, index, value));
        this.challenge(1, 2, 3, head, tail);
    }
}
