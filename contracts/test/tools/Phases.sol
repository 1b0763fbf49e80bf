// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Vm} from "forge-std/Vm.sol";
import {Groth16} from "zkml-evm/Groth16.sol";
import {TwoPhase} from "zkml-evm/TwoPhase.sol";
import {Trapdoor} from "./Trapdoor.sol";

/// @title Keys of several phases whose secrets are known, and proofs of anything under them
/// @notice As `Trapdoor`, with beta = 2, gamma = 3, delta_w = 11, delta_1 = 5, delta_2 = 7 and B = 2 times the
/// generator of G2, D_w = w, D = d and C = c times that of G1: A = (2 alpha + 3 x + 11 w + 5 d + 7 c) / 2 times it,
/// where x has a term for the challenge.
library Phases {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant R = Groth16.R;

    /// @notice The key for n public inputs; of three phases where weights are registered.
    function key(bytes32 seed, uint256 n, bool registered) internal view returns (bytes memory blob) {
        blob = bytes.concat(Trapdoor.point(Trapdoor.scalar(seed, 0)), Trapdoor.g2(2), Trapdoor.g2(3));
        if (registered) blob = bytes.concat(blob, Trapdoor.g2(11));
        blob = bytes.concat(blob, Trapdoor.g2(5), Trapdoor.g2(7));
        for (uint256 i; i < n + 2; ++i) {
            blob = bytes.concat(blob, Trapdoor.point(Trapdoor.scalar(seed, i + 1)));
        }
    }

    /// @notice keccak256 of the key, with what comes before it.
    function hash(bytes memory blob, uint256 n, bool registered) internal pure returns (bytes32) {
        return registered
            ? keccak256(bytes.concat("zkml registered key 1", bytes11(0), abi.encode(3, n + 2), blob))
            : keccak256(blob);
    }

    function words(uint256 k) internal view returns (uint256[2] memory) {
        return abi.decode(Trapdoor.point(k), (uint256[2]));
    }

    /// @notice A proof in two phases of these inputs, with D = d and C = c.
    function prove(bytes32 seed, uint256[] memory inputs, uint256 d, uint256 c)
        internal
        view
        returns (uint256[10] memory)
    {
        bytes memory head =
            bytes.concat("zkml two-phase challenge 1", bytes6(0), hash(key(seed, inputs.length, false), 0, false));
        return _prove(seed, inputs, bytes.concat(head, Trapdoor.point(d)), 0, d, c);
    }

    /// @notice The same of weights whose commitment is w.
    function proveRegistered(bytes32 seed, uint256[] memory inputs, uint256 w, uint256 d, uint256 c)
        internal
        view
        returns (uint256[10] memory)
    {
        bytes32 keyHash = hash(key(seed, inputs.length, true), inputs.length, true);
        bytes memory head = bytes.concat("zkml registered challenge 1", bytes5(0), keyHash, Trapdoor.point(w));
        return _prove(seed, inputs, bytes.concat(head, Trapdoor.point(d)), w, d, c);
    }

    function _prove(bytes32 seed, uint256[] memory inputs, bytes memory transcript, uint256 w, uint256 d, uint256 c)
        private
        view
        returns (uint256[10] memory)
    {
        uint256 x = Trapdoor.scalar(seed, 1);
        for (uint256 i; i < inputs.length; ++i) {
            transcript = bytes.concat(transcript, bytes32(inputs[i]));
            x = addmod(x, mulmod(inputs[i], Trapdoor.scalar(seed, i + 2), R), R);
        }
        uint256 r = uint256(keccak256(transcript)) % R;
        x = addmod(x, mulmod(r, Trapdoor.scalar(seed, inputs.length + 2), R), R);
        uint256 a = addmod(mulmod(2, Trapdoor.scalar(seed, 0), R), mulmod(3, x, R), R);
        a = addmod(a, mulmod(11, w, R), R);
        a = addmod(a, mulmod(5, d, R), R);
        a = mulmod(addmod(a, mulmod(7, c, R), R), Trapdoor.HALF, R);
        bytes memory all = bytes.concat(Trapdoor.point(a), Trapdoor.g2(2), Trapdoor.point(c), Trapdoor.point(d));
        return abi.decode(all, (uint256[10]));
    }

    /// @notice The contract that is generated for a key.
    function generate(string memory name, uint256 n, bytes memory blob) internal returns (address) {
        string[] memory command = new string[](7);
        (command[4], command[6]) = (VM.toString(hash(blob, n, false)), "TwoPhase");
        return _generate(name, n, blob, command);
    }

    /// @notice The same, for weights whose commitment is w.
    function generateRegistered(string memory name, uint256 n, bytes memory blob, uint256 w)
        internal
        returns (address)
    {
        string[] memory command = new string[](9);
        uint256[2] memory weights = words(w);
        (command[4], command[6]) = (VM.toString(hash(blob, n, true)), "Registered");
        (command[7], command[8]) = (VM.toString(bytes32(weights[0])), VM.toString(bytes32(weights[1])));
        return _generate(name, n, blob, command);
    }

    function _generate(string memory name, uint256 n, bytes memory blob, string[] memory command)
        private
        returns (address made)
    {
        (command[0], command[1], command[2], command[3]) = ("node", "tools/compile.js", name, VM.toString(n));
        command[5] = VM.toString(blob);
        bytes memory code = VM.ffi(command);
        assembly {
            made := create(0, add(code, 32), mload(code))
        }
        require(made != address(0), "not made");
    }
}
