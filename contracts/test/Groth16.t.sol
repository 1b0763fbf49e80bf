// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Groth16} from "zkml-evm/Groth16.sol";
import {Groth16Verifier} from "zkml-evm/Groth16Verifier.sol";
import {Gas} from "./tools/Gas.sol";
import {Trapdoor} from "./tools/Trapdoor.sol";

interface IVerifier5 {
    function KEY_HASH() external view returns (bytes32);
    function verify(uint256[5] calldata inputs, uint256[8] calldata proof) external view;
}

/// The same attacks on the generic verifier, and on the one generated for a key.
contract Groth16Verifiers is Test {
    uint256 private constant R = Groth16.R;
    uint256 private constant Q = Groth16.Q;
    bytes32 private constant SEED = "five";
    Groth16Verifier private generic;
    IVerifier5 private generated;
    bytes private key;

    function setUp() public {
        generic = new Groth16Verifier();
        key = Trapdoor.key(SEED, 5);
        generated = IVerifier5(_generate("Five", "5", key));
    }

    function _generate(string memory name, string memory inputs, bytes memory blob) private returns (address made) {
        string[] memory command = new string[](6);
        (command[0], command[1], command[2], command[3]) = ("node", "tools/compile.js", name, inputs);
        command[4] = vm.toString(keccak256(blob));
        command[5] = vm.toString(blob);
        bytes memory code = vm.ffi(command);
        assembly {
            made := create(0, add(code, 32), mload(code))
        }
        assertNotEq(made, address(0));
    }

    function _inputs(uint256 seed) private pure returns (uint256[] memory inputs) {
        inputs = new uint256[](5);
        for (uint256 i; i < 5; ++i) {
            inputs[i] = uint256(keccak256(abi.encode(seed, i))) % R;
        }
    }

    function _five(uint256[] memory inputs) private pure returns (uint256[5] memory five) {
        for (uint256 i; i < 5; ++i) {
            five[i] = inputs[i];
        }
    }

    function _accept(uint256[] memory inputs, uint256[8] memory proof) private view {
        generic.verify(key, inputs, proof);
        generic.verifyHashed(keccak256(key), key, inputs, proof);
        generated.verify(_five(inputs), proof);
    }

    function _refuse(uint256[] memory inputs, uint256[8] memory proof, bytes memory why) private {
        vm.expectRevert(why);
        generic.verify(key, inputs, proof);
        vm.expectRevert(why);
        generated.verify(_five(inputs), proof);
    }

    function testFuzz_accepts(uint256 seed, uint256 c) public view {
        uint256[] memory inputs = _inputs(seed);
        _accept(inputs, Trapdoor.prove(SEED, inputs, c % R));
        _accept(inputs, Trapdoor.proveOtherwise(SEED, inputs, c % R));
    }

    function test_accepts_the_edges() public view {
        uint256[] memory inputs = new uint256[](5);
        _accept(inputs, Trapdoor.prove(SEED, inputs, 0));
        for (uint256 i; i < 5; ++i) {
            inputs[i] = R - 1;
        }
        _accept(inputs, Trapdoor.prove(SEED, inputs, R - 1));
    }

    function test_any_number_of_inputs() public {
        for (uint256 n; n < 9; n += 4) {
            bytes memory blob = Trapdoor.key("any", n);
            assertEq(blob.length, 512 + 64 * n);
            uint256[] memory inputs = new uint256[](n);
            for (uint256 i; i < n; ++i) {
                inputs[i] = i + 1;
            }
            uint256[8] memory proof = Trapdoor.prove("any", inputs, 5);
            generic.verify(blob, inputs, proof);
            if (n == 0) continue;
            inputs[n - 1] += 1;
            vm.expectRevert(Groth16.ProofInvalid.selector);
            generic.verify(blob, inputs, proof);
        }
    }

    function test_one_input() public {
        bytes memory blob = Trapdoor.key("one", 1);
        address made = _generate("One", "1", blob);
        uint256[] memory inputs = new uint256[](1);
        inputs[0] = 7;
        bytes memory data =
            abi.encodeWithSignature("verify(uint256[1],uint256[8])", inputs[0], Trapdoor.prove("one", inputs, 5));
        (bool ok,) = made.staticcall(data);
        assertTrue(ok);
        data[35] = 0x08;
        (ok,) = made.staticcall(data);
        assertFalse(ok);
    }

    function test_the_key_is_the_one_generated_for() public view {
        assertEq(generated.KEY_HASH(), keccak256(key));
    }

    function testFuzz_refuses_other_inputs(uint256 seed, uint256 which, uint256 other) public {
        uint256[] memory inputs = _inputs(seed);
        uint256[8] memory proof = Trapdoor.prove(SEED, inputs, 5);
        other %= R;
        vm.assume(other != inputs[which % 5]);
        inputs[which % 5] = other;
        _refuse(inputs, proof, abi.encodeWithSelector(Groth16.ProofInvalid.selector));
    }

    function test_attack_aliased_inputs() public {
        for (uint256 i; i < 5; ++i) {
            uint256[] memory inputs = _inputs(i);
            uint256[8] memory proof = Trapdoor.prove(SEED, inputs, 5);
            inputs[i] += R;
            _refuse(inputs, proof, abi.encodeWithSelector(Groth16.InputNotReduced.selector, i));
            inputs[i] = type(uint256).max;
            _refuse(inputs, proof, abi.encodeWithSelector(Groth16.InputNotReduced.selector, i));
        }
    }

    function test_attack_missing_or_extra_inputs() public {
        for (uint256 n; n < 9; ++n) {
            if (n == 5) continue;
            uint256[] memory inputs = new uint256[](n);
            uint256[8] memory proof = Trapdoor.prove(SEED, inputs, 5);
            vm.expectRevert(abi.encodeWithSelector(Groth16.KeyLength.selector, 832, 512 + 64 * n));
            generic.verify(key, inputs, proof);
        }
    }

    function test_attack_more_or_less_calldata() public {
        uint256[] memory inputs = _inputs(1);
        bytes memory data = abi.encodeCall(IVerifier5.verify, (_five(inputs), Trapdoor.prove(SEED, inputs, 5)));
        (bool ok, bytes memory answer) = address(generated).staticcall(data);
        assertTrue(ok);
        (ok, answer) = address(generated).staticcall(bytes.concat(data, bytes32(uint256(1))));
        assertFalse(ok);
        assertEq(answer, abi.encodeWithSignature("CalldataLength(uint256,uint256)", 452, 420));
        assembly {
            mstore(data, 388)
        }
        (ok,) = address(generated).staticcall(data);
        assertFalse(ok);
        (ok,) = address(generated).staticcall(abi.encodePacked(bytes4(0x12345678), data));
        assertFalse(ok);
    }

    function test_attack_coordinates_above_the_modulus() public {
        uint256[] memory inputs = _inputs(2);
        for (uint256 i; i < 8; ++i) {
            uint256[8] memory proof = Trapdoor.prove(SEED, inputs, 5);
            proof[i] += Q;
            bytes memory why = i < 2
                ? abi.encodeWithSelector(Groth16.PointNotReduced.selector)
                : abi.encodeWithSelector(Groth16.PrecompileFailed.selector, 8);
            _refuse(inputs, proof, why);
        }
    }

    /// Each coordinate, changed by one, is no point of the curve.
    function test_attack_points_off_the_curve() public {
        uint256[] memory inputs = _inputs(3);
        for (uint256 i; i < 8; ++i) {
            uint256[8] memory proof = Trapdoor.prove(SEED, inputs, 5);
            proof[i] = addmod(proof[i], 1, Q);
            _refuse(inputs, proof, abi.encodeWithSelector(Groth16.PrecompileFailed.selector, 8));
        }
    }

    function test_attack_a_point_outside_the_group() public {
        uint256[] memory inputs = _inputs(4);
        uint256[8] memory proof = Trapdoor.prove(SEED, inputs, 5);
        uint256[4] memory outside = Trapdoor.outsideG2();
        for (uint256 i; i < 4; ++i) {
            proof[2 + i] = outside[i];
        }
        _refuse(inputs, proof, abi.encodeWithSelector(Groth16.PrecompileFailed.selector, 8));
    }

    function test_attack_identities_and_negations() public {
        uint256[] memory inputs = _inputs(5);
        uint256[8] memory proof;
        _refuse(inputs, proof, abi.encodeWithSelector(Groth16.ProofInvalid.selector));
        uint256[2] memory ys = [uint256(1), 7];
        for (uint256 i; i < 2; ++i) {
            proof = Trapdoor.prove(SEED, inputs, 5);
            proof[ys[i]] = Q - proof[ys[i]];
            _refuse(inputs, proof, abi.encodeWithSelector(Groth16.ProofInvalid.selector));
        }
        proof = Trapdoor.prove(SEED, inputs, 5);
        (proof[0], proof[1], proof[6], proof[7]) = (proof[6], proof[7], proof[0], proof[1]);
        _refuse(inputs, proof, abi.encodeWithSelector(Groth16.ProofInvalid.selector));
    }

    /// Each word of the key matters: changed, the point is none, or the proof does not hold.
    function test_attack_claimants_own_key() public {
        uint256[] memory inputs = _inputs(6);
        uint256[8] memory proof = Trapdoor.prove(SEED, inputs, 5);
        bytes memory own = Trapdoor.key("own", 5);
        vm.expectRevert(Groth16.ProofInvalid.selector);
        generic.verify(own, inputs, proof);
        uint256[8] memory mine = Trapdoor.prove("own", inputs, 5);
        generic.verify(own, inputs, mine);
        vm.expectRevert(abi.encodeWithSelector(Groth16Verifier.WrongKey.selector, keccak256(own), keccak256(key)));
        generic.verifyHashed(keccak256(key), own, inputs, mine);
        vm.expectRevert(Groth16.ProofInvalid.selector);
        generated.verify(_five(inputs), mine);
        for (uint256 word; word < 26; ++word) {
            bytes memory changed = key;
            changed[32 * word + 31] ^= 0x01;
            vm.expectRevert();
            generic.verify(changed, inputs, proof);
        }
    }

    /// A caller who gives too little gas is refused, and never believed.
    function test_attack_too_little_gas() public view {
        uint256[] memory inputs = _inputs(7);
        uint256[8] memory wrong = Trapdoor.prove(SEED, inputs, 5);
        inputs[0] ^= 1;
        for (uint256 gas_ = 5_000; gas_ < 300_000; gas_ += 5_000) {
            try generic.verify{gas: gas_}(key, inputs, wrong) {
                revert("believed");
            } catch {}
        }
    }

    /// Invalid points take all gas that a precompile is given: the cap bounds it.
    function test_a_refusal_costs_no_more_than_the_caps() public view {
        uint256[] memory inputs = _inputs(8);
        uint256[8] memory proof = Trapdoor.prove(SEED, inputs, 5);
        proof[6] ^= 1;
        bytes memory blob = key;
        uint256 before = gasleft();
        try generic.verify{gas: 5_000_000}(blob, inputs, proof) {
            revert("believed");
        } catch {}
        assertLt(before - gasleft(), 260_000);
    }

    function test_gas_of_a_transaction_is_at_most_260_000() public {
        uint256[] memory inputs = _inputs(9);
        uint256[8] memory proof = Trapdoor.prove(SEED, inputs, 5);
        bytes memory data = abi.encodeCall(IVerifier5.verify, (_five(inputs), proof));
        uint256 cost = Gas.transaction(data, Gas.measure(address(generated), 0, data));
        vm.snapshotValue("verify, generated for five inputs", cost);
        assertLe(cost, 260_000, "generated");
        data = abi.encodeCall(Groth16Verifier.verify, (key, inputs, proof));
        cost = Gas.transaction(data, Gas.measure(address(generic), 0, data));
        vm.snapshotValue("verify, generic with five inputs", cost);
        assertLe(cost, 260_000, "generic");
    }
}
