// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Groth16} from "zkml-evm/Groth16.sol";

/// @title Any message in two public inputs: z = keccak256(tag, ctx, subject, cm, m) mod p and v = sum_i m_i z^i mod p
/// @notice The circuit has committed to a message as cm, and evaluates that one at z. As z is a hash over cm and m, the two
/// values agree, but with probability (elements of m) / p, only if the two messages are one.
library Message {
    /// @notice `zkml bounty data 1` and `zkml bounty delivery 1`: ASCII, to the left, padded with zeros.
    bytes32 internal constant DATA = "zkml bounty data 1";
    bytes32 internal constant DELIVERY = "zkml bounty delivery 1";

    /// @notice An element of the message is not below the modulus: it would stand for another one, too.
    error ElementNotReduced(uint256 index, uint256 found);

    /// @notice z and v of m = head, tail.
    /// @param subject what the proof is about: the dataset, or the commitment to the weights.
    /// @param cm the circuit's commitment to m. The verifier must check that it is below p, as of any public input.
    function challenge(
        bytes32 tag,
        uint256 ctx,
        uint256 subject,
        uint256 cm,
        uint256[] memory head,
        uint256[] calldata tail
    ) internal pure returns (uint256 z, uint256 v) {
        z = uint256(keccak256(abi.encodePacked(tag, ctx, subject, cm, head, tail))) % Groth16.R;
        v = evaluate(z, head, tail);
    }

    /// @notice v = sum_i m_i z^i mod p, by Horner, from the last element on. Reverts unless each m_i is below p.
    function evaluate(uint256 z, uint256[] memory head, uint256[] calldata tail) internal pure returns (uint256 v) {
        uint256 p = Groth16.R;
        bool reduced = true;
        assembly ("memory-safe") {
            for { let at := add(tail.offset, mul(tail.length, 32)) } gt(at, tail.offset) {} {
                at := sub(at, 32)
                let m := calldataload(at)
                reduced := and(reduced, lt(m, p))
                v := addmod(mulmod(v, z, p), m, p)
            }
            for { let at := add(head, mul(mload(head), 32)) } gt(at, head) { at := sub(at, 32) } {
                let m := mload(at)
                reduced := and(reduced, lt(m, p))
                v := addmod(mulmod(v, z, p), m, p)
            }
        }
        if (!reduced) _refuse(head, tail);
    }

    /// @dev Finds the element that is not reduced, for the error.
    function _refuse(uint256[] memory head, uint256[] calldata tail) private pure {
        for (uint256 i; i < head.length; ++i) {
            if (head[i] >= Groth16.R) revert ElementNotReduced(i, head[i]);
        }
        for (uint256 i; i < tail.length; ++i) {
            if (tail[i] >= Groth16.R) revert ElementNotReduced(head.length + i, tail[i]);
        }
        assert(false);
    }
}
