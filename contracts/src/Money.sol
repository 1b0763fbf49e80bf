// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Ether, or an ERC-20 that delivers what it was asked to
library Money {
    using SafeERC20 for IERC20;

    /// @notice The ether that came with the call is not what it costs.
    error WrongValue(uint256 found, uint256 expected);

    /// @notice The token charged for the transfer, or transferred more.
    error WrongTransfer(uint256 received, uint256 expected);

    /// @notice Reverts unless `amount` has come with the call, in ether, or comes from the caller, in tokens, exactly.
    function take(address token, address from, address to, uint256 amount) internal {
        uint256 value = token == address(0) ? amount : 0;
        if (msg.value != value) revert WrongValue(msg.value, value);
        if (token == address(0) || amount == 0) return;
        uint256 before = IERC20(token).balanceOf(to);
        IERC20(token).safeTransferFrom(from, to, amount);
        uint256 received = IERC20(token).balanceOf(to) - before;
        if (received != amount) revert WrongTransfer(received, amount);
    }

    /// @notice Sends `amount`, with all gas: the caller guards against re-entrancy.
    function send(address token, address to, uint256 amount) internal {
        if (token == address(0)) Address.sendValue(payable(to), amount);
        else IERC20(token).safeTransfer(to, amount);
    }
}
