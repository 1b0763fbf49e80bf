// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title Groth16 over BN254: e(A, B) = e(alpha, beta) * e(abc_0 + sum_i inputs_i * abc_{i+1}, gamma) * e(C, delta)
/// @notice The one place of the pairing equation. Points are words as EIP-196 and EIP-197 have them: of G2, the imaginary parts first.
/// @dev The precompiles refuse points that are not on the curve or, of G2, not of its group, and coordinates at or above the modulus of
/// the base field. They take all gas that they are given when they refuse, so each call has a cap a little above its price.
library Groth16 {
    /// @notice The modulus of the scalar field: public inputs are below it.
    uint256 internal constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @notice The modulus of the base field, of coordinates.
    uint256 internal constant Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    /// @notice The bytes of a key without public inputs: alpha, beta, gamma, delta and abc_0.
    uint256 internal constant KEY_BYTES = 512;

    /// @notice The gas that a precompile may take. EIP-1108: 150, 6,000, and 45,000 + 34,000 a pair.
    uint256 internal constant ADD_GAS = 1_000;
    uint256 internal constant MUL_GAS = 10_000;
    uint256 internal constant PAIRING_GAS = 200_000;

    /// @notice The key is not of so many inputs: it has 512 + 64 bytes for each.
    error KeyLength(uint256 found, uint256 expected);

    /// @notice An input is not below the modulus of the scalar field: it would stand for another number, too.
    error InputNotReduced(uint256 index);

    /// @notice A coordinate of A is not below the modulus of the base field.
    error PointNotReduced();

    /// @notice A precompile refused a point, or has not enough gas.
    error PrecompileFailed(uint256 precompile);

    /// @notice The equation does not hold.
    error ProofInvalid();

    /// @notice Reverts unless the proof holds for these inputs under this key.
    /// @dev The caller must know the key, by its hash: anything can be proved under a key that a prover chose.
    function check(bytes memory key, uint256[] memory inputs, uint256[8] memory proof) internal view {
        uint256 n = inputs.length;
        if (key.length != KEY_BYTES + 64 * n) revert KeyLength(key.length, KEY_BYTES + 64 * n);
        // X = abc_0 + sum_i inputs_i * abc_{i+1}
        uint256 x;
        uint256 y;
        assembly ("memory-safe") {
            x := mload(add(key, 480))
            y := mload(add(key, 512))
        }
        for (uint256 i; i < n;) {
            uint256 px;
            uint256 py;
            uint256 input;
            assembly ("memory-safe") {
                // Within bounds: i < n, and the key's length is checked.
                let at := add(add(key, 544), mul(i, 64))
                px := mload(at)
                py := mload(add(at, 32))
                input := mload(add(add(inputs, 32), mul(i, 32)))
            }
            if (input >= R) revert InputNotReduced(i);
            (px, py) = mul(px, py, input);
            (x, y) = add(x, y, px, py);
            unchecked {
                ++i;
            }
        }
        equation(key, x, y, proof);
    }

    /// @notice The pairing equation: e(-A, B) * e(alpha, beta) * e(X, gamma) * e(C, delta) = 1
    /// @param key at least the fourteen words of alpha, beta, gamma and delta.
    function equation(bytes memory key, uint256 x, uint256 y, uint256[8] memory proof) internal view {
        if (proof[0] >= Q || proof[1] >= Q) revert PointNotReduced();
        bool ok;
        uint256 holds;
        uint256 q = Q;
        uint256 cap = PAIRING_GAS;
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
            // C, delta
            mcopy(add(at, 576), add(proof, 192), 64)
            mcopy(add(at, 640), add(key, 352), 128)
            ok := staticcall(cap, 8, at, 768, at, 32)
            holds := mload(at)
            ok := and(ok, eq(returndatasize(), 32))
        }
        if (!ok) revert PrecompileFailed(8);
        if (holds != 1) revert ProofInvalid();
    }

    /// @notice s * P
    function mul(uint256 px, uint256 py, uint256 s) internal view returns (uint256 x, uint256 y) {
        bool ok;
        uint256 cap = MUL_GAS;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, px)
            mstore(add(at, 32), py)
            mstore(add(at, 64), s)
            ok := staticcall(cap, 7, at, 96, at, 64)
            ok := and(ok, eq(returndatasize(), 64))
            x := mload(at)
            y := mload(add(at, 32))
        }
        if (!ok) revert PrecompileFailed(7);
    }

    /// @notice P + T
    function add(uint256 px, uint256 py, uint256 tx_, uint256 ty) internal view returns (uint256 x, uint256 y) {
        bool ok;
        uint256 cap = ADD_GAS;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, px)
            mstore(add(at, 32), py)
            mstore(add(at, 64), tx_)
            mstore(add(at, 96), ty)
            ok := staticcall(cap, 6, at, 128, at, 64)
            ok := and(ok, eq(returndatasize(), 64))
            x := mload(at)
            y := mload(add(at, 32))
        }
        if (!ok) revert PrecompileFailed(6);
    }
}
