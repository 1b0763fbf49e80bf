// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Vm} from "forge-std/Vm.sol";

/// @title What a transaction costs, now and under the coming prices
library Gas {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// EIP-8037 with 1,530 gas a byte of state: 64 bytes a slot, 120 an account; before: 20,000, 32,000, and 200 a byte of code.
    uint256 internal constant SLOT_MORE = 64 * 1_530 - 20_000;
    uint256 internal constant ACCOUNT_MORE = 120 * 1_530 + 9_000 - 32_000;
    uint256 internal constant CODE_MORE = 1_530 - 200;

    /// @notice The gas of a call, without what the transaction costs before it. Reverts if the call does.
    /// @dev The account is cold, as in a transaction of its own: the 2,600 of that are not counted, for there it is warm.
    function measure(address to, uint256 value, bytes memory data) internal returns (uint256) {
        VM.cool(to);
        (bool ok, bytes memory answer) = to.call{value: value}(data);
        if (!ok) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
        return VM.lastCallGas().gasTotalUsed;
    }

    function zeros(bytes memory data) internal pure returns (uint256 count) {
        for (uint256 i; i < data.length; ++i) {
            if (data[i] == 0) ++count;
        }
    }

    /// @notice EIP-2028 and EIP-7623: 21,000, 16 a byte and 4 a zero one, at least 40 and 10.
    function transaction(bytes memory data, uint256 execution) internal pure returns (uint256) {
        uint256 tokens = 4 * data.length - 3 * zeros(data);
        uint256 standard = 4 * tokens + execution;
        return 21_000 + (standard > 10 * tokens ? standard : 10 * tokens);
    }

    /// @notice EIP-7976 and EIP-8037: at least 64 a byte of calldata, and state at the price of its bytes.
    function coming(bytes memory data, uint256 execution, uint256 more) internal pure returns (uint256) {
        uint256 standard = 16 * data.length - 12 * zeros(data) + execution + more;
        uint256 floor = 64 * data.length;
        return 21_000 + (standard > floor ? standard : floor);
    }

    /// @notice How many slots that were zero are not any more.
    function newSlots(Vm.AccountAccess[] memory accesses) internal pure returns (uint256 count) {
        for (uint256 i; i < accesses.length; ++i) {
            Vm.StorageAccess[] memory all = accesses[i].storageAccesses;
            for (uint256 j; j < all.length; ++j) {
                if (all[j].isWrite && !all[j].reverted && all[j].previousValue == 0 && all[j].newValue != 0) ++count;
            }
        }
    }
}
