// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// What a bounty's contract hashes, in the plainest Solidity there is.
contract Vectors {
    uint256 constant P = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    function context(address factory, address bounty, address hunter) external view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, factory, bounty, hunter))) % P;
    }

    function message(string calldata tag, uint256 ctx, uint256 root, uint256 cm, uint256[] calldata m)
        external
        pure
        returns (uint256 z, uint256 v)
    {
        z = uint256(keccak256(abi.encodePacked(bytes32(bytes(tag)), ctx, root, cm, m))) % P;
        uint256 power = 1;
        for (uint256 i; i < m.length; ++i) {
            v = addmod(v, mulmod(m[i], power, P), P);
            power = mulmod(power, z, P);
        }
    }
}
