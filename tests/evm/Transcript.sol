// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {TwoPhase} from "zkml-evm/TwoPhase.sol";

/// What challenges and keys of several phases hash: word by word, and as the library does it.
contract Transcript {
    uint256 constant P = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    function tags() external pure returns (bytes32, bytes32, bytes32) {
        return (TwoPhase.TAG, TwoPhase.REGISTERED, TwoPhase.REGISTERED_KEY);
    }

    function plain(bytes32 tag, bytes32 keyHash, uint256[] calldata commitments, uint256[] calldata inputs)
        external
        pure
        returns (uint256)
    {
        bytes memory all = abi.encode(tag, keyHash);
        for (uint256 i; i < commitments.length; ++i) {
            all = bytes.concat(all, abi.encode(commitments[i]));
        }
        for (uint256 i; i < inputs.length; ++i) {
            all = bytes.concat(all, abi.encode(inputs[i]));
        }
        return uint256(keccak256(all)) % P;
    }

    function ofLibrary(bytes32 tag, bytes32 keyHash, uint256[] calldata commitments, uint256[] calldata inputs)
        external
        pure
        returns (uint256)
    {
        return TwoPhase.challenge(tag, keyHash, commitments, inputs);
    }

    function registeredHash(bytes calldata key, uint256 n) external pure returns (bytes32) {
        return TwoPhase.registeredHash(key, n);
    }
}
