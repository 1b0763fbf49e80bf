// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Message} from "zkml-contracts/Message.sol";

/// What a bounty's contract hashes: in the plainest Solidity there is, and as the contract does it.
contract Vectors {
    uint256 constant P = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    function tags() external pure returns (bytes32, bytes32) {
        return (Message.DATA, Message.DELIVERY);
    }

    function contextOf(address factory, address bounty, address hunter) external view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, factory, bounty, hunter))) % P;
    }

    function plain(bytes32 tag, uint256 ctx, uint256 root, uint256 cm, uint256[] calldata m)
        external
        pure
        returns (uint256 z, uint256 v)
    {
        z = uint256(keccak256(abi.encodePacked(tag, ctx, root, cm, m))) % P;
        uint256 power = 1;
        for (uint256 i; i < m.length; ++i) {
            v = addmod(v, mulmod(m[i], power, P), P);
            power = mulmod(power, z, P);
        }
    }

    function ofContract(bytes32 tag, uint256 ctx, uint256 root, uint256 cm, uint256[] calldata m)
        external
        pure
        returns (uint256, uint256)
    {
        uint256[] memory head = new uint256[](2);
        (head[0], head[1]) = (m[0], m[1]);
        return Message.challenge(tag, ctx, root, cm, head, m[2:]);
    }
}
