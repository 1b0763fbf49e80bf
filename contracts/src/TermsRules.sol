// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Groth16} from "zkml-evm/Groth16.sol";
import {Terms} from "./Terms.sol";

/// @title Which terms a bounty can have
/// @notice Each rule that a contract can check. What it cannot, a hunter must before committing: that the keys are those of
/// the circuits and of the ceremony that `setup` names, that the host's key is in the prime-order subgroup, that the token
/// is one that neither charges for transfers nor changes balances, and that the deadlines leave time enough to prove.
library TermsRules {
    /// @notice At most so many chunks: the dataset's tree has seven levels, and a hunter's proven chunks are one word.
    uint256 internal constant MAX_CHUNKS = 128;

    /// @notice At most so many elements of ciphertext in a transaction: pools take 128 KiB.
    uint256 internal constant MAX_ELEMENTS = 4000;

    /// @notice a and d of Baby Jubjub: a x^2 + y^2 = 1 + d x^2 y^2.
    uint256 private constant A = 168700;
    uint256 private constant D = 168696;

    /// @notice The keys of a single party outside development, or a ceremony in it.
    error SetupMismatch(bytes32 setup, bool development);

    /// @notice One key for two statements: a proof of one would be a proof of the other.
    error KeysNotDistinct(bytes32 dataKey, bytes32 accuracyKey, bytes32 deliveryKey);

    /// @notice A term that must not be zero is. `field` is its name.
    error ZeroTerm(bytes32 field);

    /// @notice A term above its limit. `field` is its name.
    error TermTooLarge(bytes32 field, uint256 found, uint256 limit);

    /// @notice A field element that is not below the modulus. `field` is its name.
    error TermNotReduced(bytes32 field, uint256 found);

    /// @notice Not now < commitUntil < revealUntil < proveUntil.
    error DeadlinesNotAscending(uint256 nowIs, uint256 commitUntil, uint256 revealUntil, uint256 proveUntil);

    /// @notice The cipher works on three elements at a time, and adds one: 3k + 1.
    error DeliveryElements(uint256 found);

    /// @notice No key to encrypt for: the identity, the point of order two, or a point off the curve.
    error HostKeyInvalid(uint256 x, uint256 y);

    /// @notice Reverts unless a bounty can have these terms.
    function check(Terms calldata t) internal view {
        _checkMoney(t);
        _checkKeys(t);
        _checkSamples(t);
        _checkDelivery(t);
        bool ascending =
            block.timestamp < t.commitUntil && t.commitUntil < t.revealUntil && t.revealUntil < t.proveUntil;
        if (!ascending) revert DeadlinesNotAscending(block.timestamp, t.commitUntil, t.revealUntil, t.proveUntil);
    }

    function _checkMoney(Terms calldata t) private pure {
        _nonZero("reward", t.reward);
        _atMost("reward", t.reward, type(uint128).max);
        _atMost("bond", t.bond, type(uint128).max);
    }

    function _checkKeys(Terms calldata t) private pure {
        if ((t.setup == 0) != t.development) revert SetupMismatch(t.setup, t.development);
        bool distinct = t.dataKey != t.accuracyKey && t.accuracyKey != t.deliveryKey && t.deliveryKey != t.dataKey;
        if (!distinct) revert KeysNotDistinct(t.dataKey, t.accuracyKey, t.deliveryKey);
    }

    function _checkSamples(Terms calldata t) private pure {
        _reduced("dataset", t.dataset);
        _nonZero("chunks", t.chunks);
        _atMost("chunks", t.chunks, MAX_CHUNKS);
        _nonZero("groups", t.groups);
        _nonZero("items", t.items);
        uint256 samples = uint256(t.chunks) * t.groups * t.items;
        // So that sums of correct answers fit their 32 bits.
        _atMost("samples", samples, type(uint32).max);
        _nonZero("threshold", t.threshold);
        _atMost("threshold", t.threshold, samples);
    }

    function _checkDelivery(Terms calldata t) private pure {
        _nonZero("deliveryChunks", t.deliveryChunks);
        _atMost("deliveryElements", t.deliveryElements, MAX_ELEMENTS);
        if (t.deliveryElements % 3 != 1) revert DeliveryElements(t.deliveryElements);
        _nonZero("deliveryWindow", t.deliveryWindow);
        _reduced("hostKeyX", t.hostKeyX);
        _reduced("hostKeyY", t.hostKeyY);
        if (t.hostKeyX == 0 || !_onCurve(t.hostKeyX, t.hostKeyY)) revert HostKeyInvalid(t.hostKeyX, t.hostKeyY);
    }

    /// @dev a x^2 + y^2 = 1 + d x^2 y^2. The identity (0, 1) is on the curve, and (0, 0) is not.
    function _onCurve(uint256 x, uint256 y) private pure returns (bool) {
        uint256 p = Groth16.R;
        uint256 xx = mulmod(x, x, p);
        uint256 yy = mulmod(y, y, p);
        return addmod(mulmod(A, xx, p), yy, p) == addmod(1, mulmod(D, mulmod(xx, yy, p), p), p);
    }

    function _nonZero(bytes32 field, uint256 found) private pure {
        if (found == 0) revert ZeroTerm(field);
    }

    function _atMost(bytes32 field, uint256 found, uint256 limit) private pure {
        if (found > limit) revert TermTooLarge(field, found, limit);
    }

    function _reduced(bytes32 field, uint256 found) private pure {
        if (found >= Groth16.R) revert TermNotReduced(field, found);
    }
}
