// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// Fails. `test.sh` runs it alone, and fails unless it does: a suite that fails must never pass unseen.
contract FailingSuite {
    function test_fails() external pure {
        assert(1 + 1 == 3);
    }
}
