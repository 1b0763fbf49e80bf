// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {TwoPhase} from "./TwoPhase.sol";

/// @title A verifier of Groth16 in two phases for any key, of constant size: the key comes with the call
/// @notice A proof under a key that a prover chose proves nothing: a caller must know the key, and `verifyHashed`
/// checks that it is the one meant.
contract TwoPhaseVerifier {
    /// @notice Reverts unless the proof holds for exactly these inputs, under this key.
    /// @param key alpha | beta | gamma | delta_1 | delta_2 | IC_0 | .. | IC_{n+1}, 704 + 64 n bytes; of G2, imaginary
    /// parts first.
    /// @param inputs the n public inputs, each below p = `Groth16.R`.
    /// @param proof A.x, A.y, B.x imaginary, B.x real, B.y imaginary, B.y real, C.x, C.y, D.x, D.y.
    function verify(bytes calldata key, uint256[] calldata inputs, uint256[10] calldata proof) external view {
        TwoPhase.check(key, inputs, proof);
    }

    /// @notice As above; reverts, too, unless the key's keccak256 is `keyHash`, which the caller stored.
    function verifyHashed(bytes32 keyHash, bytes calldata key, uint256[] calldata inputs, uint256[10] calldata proof)
        external
        view
    {
        bytes32 found = keccak256(key);
        if (found != keyHash) revert TwoPhase.WrongKey(found, keyHash);
        TwoPhase.check(key, inputs, proof);
    }
}
