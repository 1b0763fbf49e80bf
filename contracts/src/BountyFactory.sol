// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Bounty} from "./Bounty.sol";
import {Money} from "./Money.sol";
import {PackedTerms, Terms} from "./Terms.sol";
import {TermsRules} from "./TermsRules.sol";

/// @title Makes bounties: a clone each, with the terms behind its code, funded in the same transaction
contract BountyFactory {
    /// @notice The code of all bounties.
    Bounty public immutable implementation;

    /// @notice A bounty exists, and holds its reward.
    event BountyCreated(address indexed bounty, address indexed host, Terms terms);

    /// @notice The caller is not the host in the terms.
    error HostIsNotCaller(address found, address expected);

    constructor() {
        implementation = new Bounty();
    }

    /// @notice Makes a bounty with these terms, and takes the reward: in ether with the call, or in tokens that the host
    /// approved this factory to take.
    /// @dev The address is a function of the terms: what hunters send to it can reach no other terms, whatever becomes of
    /// the chain's last blocks. The same terms cannot be had twice; a new salt of the dataset makes them new.
    function create(Terms calldata t) external payable returns (address bounty) {
        if (t.host != msg.sender) revert HostIsNotCaller(msg.sender, t.host);
        TermsRules.check(t);
        bytes memory packed = PackedTerms.pack(t);
        address code = address(implementation);
        bounty = Clones.predictDeterministicAddressWithImmutableArgs(code, packed, 0);
        // Funded first: no bounty ever stands without its reward.
        Money.take(t.token, msg.sender, bounty, t.reward);
        Clones.cloneDeterministicWithImmutableArgs(code, packed, 0, msg.value);
        emit BountyCreated(bounty, msg.sender, t);
    }

    /// @notice The address of the bounty with these terms, made or not.
    function addressOf(Terms memory t) public view returns (address) {
        bytes memory packed = PackedTerms.pack(t);
        return Clones.predictDeterministicAddressWithImmutableArgs(address(implementation), packed, 0);
    }

    /// @notice Whether this factory made `account`: no other can answer with terms that lead to its own address.
    function isBounty(address account) external view returns (bool) {
        if (account.code.length == 0 || account == address(implementation)) return false;
        try Bounty(account).terms() returns (Terms memory t) {
            return addressOf(t) == account;
        } catch {
            return false;
        }
    }
}
