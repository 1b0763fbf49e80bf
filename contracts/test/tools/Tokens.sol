// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

contract Token is ERC20("Token", "T") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// Keeps a hundredth of each transfer, while it is not free.
contract FeeToken is Token {
    bool public free;

    function set(bool free_) external {
        free = free_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (free || from == address(0)) return super._update(from, to, amount);
        super._update(from, address(0xfee), amount / 100);
        super._update(from, to, amount - amount / 100);
    }
}

/// Says no by returning false, or yes by nothing, as old tokens do.
contract OldToken {
    bool public silent;
    mapping(address => uint256) public balanceOf;

    function set(bool silent_) external {
        silent = silent_;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        _move(from, to, amount);
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        if (!silent) {
            assembly {
                mstore(0, 0)
                return(0, 32)
            }
        }
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        assembly {
            return(0, 0)
        }
    }
}

/// Calls a target, with data, in each transfer.
contract HookToken is Token {
    address public target;
    bytes public data;
    bytes public answer;
    bool public succeeded;

    function arm(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (target != address(0)) (succeeded, answer) = target.call(data);
    }
}

/// An account that, when it receives ether, calls a target, or refuses.
contract Receiver {
    address public target;
    bytes public data;
    bytes public answer;
    bool public succeeded;
    bool public refuses;

    function arm(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function refuse(bool refuses_) external {
        refuses = refuses_;
    }

    function call(address to, uint256 value, bytes calldata what) external payable returns (bytes memory) {
        (bool ok, bytes memory result) = to.call{value: value}(what);
        if (!ok) {
            assembly {
                revert(add(result, 32), mload(result))
            }
        }
        return result;
    }

    receive() external payable {
        require(!refuses, "refused");
        if (target != address(0)) (succeeded, answer) = target.call(data);
    }
}

/// Sends its ether to where nobody asked for it.
contract Force {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}
