// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Groth16} from "zkml-evm/Groth16.sol";
import {IBounty} from "../../src/IBounty.sol";
import {Terms} from "../../src/Terms.sol";
import {Trapdoor} from "./Trapdoor.sol";

/// @title What host and hunters compute off the chain: messages, challenges, proofs
/// @dev Computed here from the text of the protocol, and not by the libraries of `src`.
library Play {
    uint256 internal constant P = Groth16.R;
    uint256 internal constant SALT = 4711;
    bytes32 internal constant DATA = "data";
    bytes32 internal constant ACCURACY = "accuracy";
    bytes32 internal constant DELIVERY = "delivery";

    struct Data {
        uint16 chunk;
        uint16 group;
        uint256 salt;
        uint256[] items;
        uint256 cm;
        bytes key;
        uint256[8] proof;
    }

    struct Delivery {
        uint16 chunk;
        uint256[2] ephemeral;
        uint256[] ct;
        uint256 cm;
        bytes key;
        uint256[8] proof;
    }

    function key(bytes32 statement) internal view returns (bytes memory) {
        return Trapdoor.key(statement, 5);
    }

    function elements(bytes32 seed, uint256 n) internal pure returns (uint256[] memory list) {
        list = new uint256[](n);
        for (uint256 i; i < n; ++i) {
            list[i] = uint256(keccak256(abi.encode(seed, i))) % P;
        }
    }

    /// @notice The third input of all statements.
    function ctx(IBounty b, address hunter) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, b.factory(), address(b), hunter))) % P;
    }

    /// @notice (subject, cm, ctx, z, v) of a message, with z^i computed one by one.
    function inputs(string memory tag, uint256 c, uint256 subject, uint256 cm, uint256[] memory m)
        internal
        pure
        returns (uint256[] memory list)
    {
        bytes memory hashed = abi.encodePacked(bytes32(bytes(tag)), c, subject, cm);
        uint256 z = uint256(keccak256(bytes.concat(hashed, abi.encodePacked(m)))) % P;
        uint256 v;
        uint256 power = 1;
        for (uint256 i; i < m.length; ++i) {
            v = addmod(v, mulmod(m[i], power, P), P);
            power = mulmod(power, z, P);
        }
        return five(subject, cm, c, z, v);
    }

    function five(uint256 a, uint256 b, uint256 c, uint256 d, uint256 e) internal pure returns (uint256[] memory list) {
        list = new uint256[](5);
        (list[0], list[1], list[2], list[3], list[4]) = (a, b, c, d, e);
    }

    function join(uint256[] memory head, uint256[] memory tail) internal pure returns (uint256[] memory m) {
        m = new uint256[](head.length + tail.length);
        for (uint256 i; i < m.length; ++i) {
            m[i] = i < head.length ? head[i] : tail[i - head.length];
        }
    }

    function data(IBounty b, uint16 chunk, uint16 group) internal view returns (Data memory d) {
        return dataOf(b, b.terms(), chunk, group);
    }

    function dataOf(IBounty b, Terms memory t, uint16 chunk, uint16 group) internal view returns (Data memory d) {
        d.chunk = chunk;
        d.group = group;
        d.salt = SALT;
        d.items = elements(keccak256(abi.encode("items", chunk, group)), 3 * uint256(t.items));
        d.cm = 99;
        d.key = key(DATA);
        d.proof = proveData(b, t, d);
    }

    function proveData(IBounty b, Terms memory t, Data memory d) internal view returns (uint256[8] memory) {
        uint256[] memory head = new uint256[](2);
        (head[0], head[1]) = (d.salt, uint256(d.chunk) * t.groups + d.group);
        uint256[] memory list = inputs("zkml bounty data 1", ctx(b, address(0)), t.dataset, d.cm, join(head, d.items));
        return Trapdoor.prove(DATA, list, 1);
    }

    function accuracy(IBounty b, address hunter, uint256 cw, uint16 chunk, uint32 correct)
        internal
        view
        returns (uint256[8] memory)
    {
        return Trapdoor.prove(ACCURACY, five(cw, b.terms().dataset, ctx(b, hunter), chunk, correct), 2);
    }

    function delivery(IBounty b, address hunter, uint256 cw, uint16 chunk) internal view returns (Delivery memory d) {
        Terms memory t = b.terms();
        d.chunk = chunk;
        d.ephemeral = [uint256(12), 34];
        d.ct = elements(keccak256(abi.encode("ct", hunter, chunk)), t.deliveryElements);
        d.cm = 77;
        d.key = key(DELIVERY);
        d.proof = proveDelivery(b, hunter, cw, d);
    }

    function proveDelivery(IBounty b, address hunter, uint256 cw, Delivery memory d)
        internal
        view
        returns (uint256[8] memory)
    {
        Terms memory t = b.terms();
        uint256[] memory head = new uint256[](5);
        (head[0], head[1], head[2], head[3]) = (t.hostKeyX, t.hostKeyY, d.ephemeral[0], d.ephemeral[1]);
        head[4] = d.chunk;
        uint256[] memory list = inputs("zkml bounty delivery 1", ctx(b, hunter), cw, d.cm, join(head, d.ct));
        return Trapdoor.prove(DELIVERY, list, 3);
    }
}
