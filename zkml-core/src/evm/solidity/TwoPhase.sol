// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Groth16} from "./Groth16.sol";

/// @title Groth16 in two phases: e(A, B) = e(alpha, beta) * e(X, gamma) * e(D, delta_1) * e(C, delta_2), with
/// X = IC_0 + sum_i inputs_i * IC_{i+1} + r * IC_{n+1}
/// @notice And with registered weights: e(D_w, delta_w) stands in the equation, too, before e(D, delta_1). The
/// challenge r is a hash of what is fixed before it, and is computed here: r = keccak256(tag | key's hash | D_w, if
/// there is one | D | inputs) mod p. Nobody passes it in.
/// @dev What is hashed is what the precompiles get, word by word, and each word is checked to be reduced before: so a
/// challenge belongs to one statement. D_w is from who stores it, and never from who sends the proof.
library TwoPhase {
    /// @notice What the transcript of a challenge begins with.
    bytes32 internal constant TAG = "zkml two-phase challenge 1";

    /// @notice The same where weights are registered.
    bytes32 internal constant REGISTERED = "zkml registered challenge 1";

    /// @notice What the hash of a key for registered weights begins with.
    bytes32 internal constant REGISTERED_KEY = "zkml registered key 1";

    /// @notice The gas that the pairing may take: EIP-1108 has 45,000 + 34,000 a pair, of which there are four and the
    /// commitments.
    uint256 internal constant PAIRING_GAS = 200_000;
    uint256 internal constant PAIR_GAS = 36_000;

    /// @notice The key is another than the one that is meant.
    error WrongKey(bytes32 found, bytes32 expected);

    /// @notice The commitment to the weights is zero, or a coordinate of it is not below the modulus of the base field.
    error WeightsInvalid();

    /// @notice Reverts unless the proof holds for these inputs under this key.
    /// @dev The caller must know the key, by its hash: anything can be proved under a key that a prover chose.
    /// @param key alpha | beta | gamma | delta_1 | delta_2 | IC_0 | .. | IC_{n+1}; its hash is keccak256 of it.
    /// @param proof A, B, C, D.
    function check(bytes memory key, uint256[] memory inputs, uint256[10] memory proof) internal view {
        _checkWords(key, inputs, proof, 2);
        uint256[] memory commitments = new uint256[](2);
        (commitments[0], commitments[1]) = (proof[8], proof[9]);
        uint256 r = challenge(TAG, keccak256(key), commitments, inputs);
        _check(key, inputs, r, commitments, proof);
    }

    /// @notice Reverts unless this is the key of that hash, and the proof holds for these inputs and registered weights
    /// under it.
    /// @dev The caller stores both the hash and the weights' commitment: a prover that chose either could prove
    /// anything, or of any weights.
    /// @param keyHash `registeredHash` of the key.
    /// @param weights D_w, two words.
    /// @param key alpha | beta | gamma | delta_w | delta_1 | delta_2 | IC_0 | .. | IC_{n+1}
    /// @param proof A, B, C, D.
    function checkRegistered(
        bytes32 keyHash,
        uint256[2] memory weights,
        bytes memory key,
        uint256[] memory inputs,
        uint256[10] memory proof
    ) internal view {
        _checkWords(key, inputs, proof, 3);
        checkWeights(weights);
        bytes32 found = registeredHash(key, inputs.length);
        if (found != keyHash) revert WrongKey(found, keyHash);
        uint256[] memory commitments = new uint256[](4);
        (commitments[0], commitments[1]) = (weights[0], weights[1]);
        (commitments[2], commitments[3]) = (proof[8], proof[9]);
        uint256 r = challenge(REGISTERED, found, commitments, inputs);
        _check(key, inputs, r, commitments, proof);
    }

    /// @notice The hash of a key for registered weights and n public inputs.
    function registeredHash(bytes memory key, uint256 n) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(REGISTERED_KEY, uint256(3), n + 2, key));
    }

    /// @notice The challenge of a proof with these commitments (two words each) and inputs, all of them reduced.
    function challenge(bytes32 tag, bytes32 keyHash, uint256[] memory commitments, uint256[] memory inputs)
        internal
        pure
        returns (uint256)
    {
        return uint256(keccak256(abi.encodePacked(tag, keyHash, commitments, inputs))) % Groth16.R;
    }

    /// @notice Reverts if the commitment to the weights is zero, or not reduced. That it is on the curve, the pairing
    /// checks.
    function checkWeights(uint256[2] memory weights) internal pure {
        if (weights[0] >= Groth16.Q || weights[1] >= Groth16.Q || (weights[0] | weights[1]) == 0) {
            revert WeightsInvalid();
        }
    }

    /// @dev The key is of so many inputs and phases, and whatever is hashed is reduced, as is whatever is not.
    function _checkWords(bytes memory key, uint256[] memory inputs, uint256[10] memory proof, uint256 phases)
        private
        pure
    {
        uint256 n = inputs.length;
        uint256 expected = 448 + 128 * phases + 64 * n;
        if (key.length != expected) revert Groth16.KeyLength(key.length, expected);
        for (uint256 i; i < n; ++i) {
            if (inputs[i] >= Groth16.R) revert Groth16.InputNotReduced(i);
        }
        for (uint256 i; i < 10; ++i) {
            if (proof[i] >= Groth16.Q) revert Groth16.PointNotReduced();
        }
    }

    /// @dev The key's length is checked: points from `place` on are IC_0 to IC_{n+1}.
    function _check(
        bytes memory key,
        uint256[] memory inputs,
        uint256 r,
        uint256[] memory commitments,
        uint256[10] memory proof
    ) private view {
        uint256 place = 448 + 64 * commitments.length;
        (uint256 x, uint256 y) = _point(key, place);
        uint256 n = inputs.length;
        for (uint256 i; i <= n; ++i) {
            place += 64;
            (uint256 px, uint256 py) = _point(key, place);
            (px, py) = Groth16.mul(px, py, i < n ? inputs[i] : r);
            (x, y) = Groth16.add(x, y, px, py);
        }
        _equation(key, x, y, commitments, proof);
    }

    /// @dev e(-A, B) * e(alpha, beta) * e(X, gamma) * prod_i e(commitment_i, delta_i) * e(C, delta) = 1; at least the
    /// key's points before IC_0 are there.
    function _equation(bytes memory key, uint256 x, uint256 y, uint256[] memory commitments, uint256[10] memory proof)
        private
        view
    {
        bool ok;
        uint256 holds;
        uint256 q = Groth16.Q;
        uint256 count = commitments.length / 2;
        uint256 cap = PAIRING_GAS + PAIR_GAS * count;
        assembly ("memory-safe") {
            let at := mload(0x40)
            // -A, B
            mstore(at, mload(proof))
            mstore(add(at, 32), mod(sub(q, mload(add(proof, 32))), q))
            mcopy(add(at, 64), add(proof, 64), 128)
            // alpha, beta
            mcopy(add(at, 192), add(key, 32), 192)
            // X, gamma
            mstore(add(at, 384), x)
            mstore(add(at, 416), y)
            mcopy(add(at, 448), add(key, 224), 128)
            // The commitments, each with its delta
            let to := add(at, 576)
            let delta := add(key, 352)
            let from := add(commitments, 32)
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                mcopy(to, from, 64)
                mcopy(add(to, 64), delta, 128)
                from := add(from, 64)
                delta := add(delta, 128)
                to := add(to, 192)
            }
            // C, the last delta
            mcopy(to, add(proof, 192), 64)
            mcopy(add(to, 64), delta, 128)
            ok := staticcall(cap, 8, at, sub(add(to, 192), at), at, 32)
            holds := mload(at)
            ok := and(ok, eq(returndatasize(), 32))
        }
        if (!ok) revert Groth16.PrecompileFailed(8);
        if (holds != 1) revert Groth16.ProofInvalid();
    }

    /// @dev Two words of the key: within its length, as callers see to.
    function _point(bytes memory key, uint256 place) private pure returns (uint256 x, uint256 y) {
        assembly ("memory-safe") {
            let from := add(add(key, 32), place)
            x := mload(from)
            y := mload(add(from, 32))
        }
    }
}
