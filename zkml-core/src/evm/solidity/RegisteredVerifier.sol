// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Groth16} from "./Groth16.sol";
import {TwoPhase} from "./TwoPhase.sol";

/// @title A verifier of proofs with registered weights: of one key and one model, and of constant size, for the key
/// comes with the call
/// @notice The key's hash and the commitment to the weights are fixed when the contract is made: a proof is of these
/// weights, or refused. Whoever relies on it has checked both.
contract RegisteredVerifier {
    /// @notice keccak256("zkml registered key 1" | 3 | n + 2 | key), a word each before the key.
    bytes32 public immutable KEY_HASH;

    /// @notice The commitment to the weights, D_w.
    uint256 public immutable WEIGHTS_X;
    uint256 public immutable WEIGHTS_Y;

    /// @notice Reverts unless the commitment is a point of the curve, and not zero.
    constructor(bytes32 keyHash, uint256[2] memory weights) {
        TwoPhase.checkWeights(weights);
        Groth16.add(weights[0], weights[1], 0, 0);
        KEY_HASH = keyHash;
        (WEIGHTS_X, WEIGHTS_Y) = (weights[0], weights[1]);
    }

    /// @notice Reverts unless this is the key, and the proof holds for exactly these inputs and the weights.
    /// @param key alpha | beta | gamma | delta_w | delta_1 | delta_2 | IC_0 | .. | IC_{n+1}, 832 + 64 n bytes; of G2,
    /// imaginary parts first.
    /// @param inputs the n public inputs, each below p = `Groth16.R`.
    /// @param proof A.x, A.y, B.x imaginary, B.x real, B.y imaginary, B.y real, C.x, C.y, D.x, D.y.
    function verify(bytes calldata key, uint256[] calldata inputs, uint256[10] calldata proof) external view {
        TwoPhase.checkRegistered(KEY_HASH, [WEIGHTS_X, WEIGHTS_Y], key, inputs, proof);
    }
}
