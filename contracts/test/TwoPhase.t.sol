// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";
import {Groth16} from "zkml-evm/Groth16.sol";
import {RegisteredVerifier} from "zkml-evm/RegisteredVerifier.sol";
import {TwoPhase} from "zkml-evm/TwoPhase.sol";
import {TwoPhaseVerifier} from "zkml-evm/TwoPhaseVerifier.sol";
import {Gas} from "./tools/Gas.sol";
import {Phases} from "./tools/Phases.sol";
import {Trapdoor} from "./tools/Trapdoor.sol";

interface IPhases5 {
    function KEY_HASH() external view returns (bytes32);
    function verify(uint256[5] calldata inputs, uint256[10] calldata proof) external view;
}

/// A registry: whose contract stores the key's hash and the weights, and lets no caller choose them.
contract Registry {
    struct Model {
        bytes32 keyHash;
        uint256[2] weights;
    }

    mapping(address => Model) private models;

    function register(bytes32 keyHash, uint256[2] calldata weights) external {
        TwoPhase.checkWeights(weights);
        models[msg.sender] = Model(keyHash, weights);
    }

    function verify(address owner, bytes calldata key, uint256[] calldata inputs, uint256[10] calldata proof)
        external
        view
    {
        Model memory model = models[owner];
        TwoPhase.checkRegistered(model.keyHash, model.weights, key, inputs, proof);
    }
}

/// The same attacks on the contracts of any key, and on those generated for one, in two phases and with registered
/// weights.
contract TwoPhaseVerifiers is Test {
    uint256 private constant R = Groth16.R;
    uint256 private constant Q = Groth16.Q;
    bytes32 private constant SEED = "phases";
    uint256 private constant W = 1_234_567;
    TwoPhaseVerifier private generic;
    RegisteredVerifier private pinned;
    IPhases5 private generated;
    IPhases5 private generatedRegistered;
    bytes private two;
    bytes private three;

    function setUp() public {
        (two, three) = (Phases.key(SEED, 5, false), Phases.key(SEED, 5, true));
        generic = new TwoPhaseVerifier();
        pinned = new RegisteredVerifier(Phases.hash(three, 5, true), Phases.words(W));
        generated = IPhases5(Phases.generate("Two", 5, two));
        generatedRegistered = IPhases5(Phases.generateRegistered("Three", 5, three, W));
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

    /// What all four say: the proofs are of the same inputs, in two phases and with registered weights.
    function _accept(uint256[] memory inputs, uint256 d, uint256 c) private view {
        uint256[10] memory proof = Phases.prove(SEED, inputs, d, c);
        generic.verify(two, inputs, proof);
        generic.verifyHashed(keccak256(two), two, inputs, proof);
        generated.verify(_five(inputs), proof);
        proof = Phases.proveRegistered(SEED, inputs, W, d, c);
        pinned.verify(three, inputs, proof);
        generatedRegistered.verify(_five(inputs), proof);
    }

    function _refuse(uint256[] memory inputs, uint256[10] memory proof, uint256[10] memory registered, bytes memory why)
        private
    {
        vm.expectRevert(why);
        generic.verify(two, inputs, proof);
        vm.expectRevert(why);
        generated.verify(_five(inputs), proof);
        vm.expectRevert(why);
        pinned.verify(three, inputs, registered);
        vm.expectRevert(why);
        generatedRegistered.verify(_five(inputs), registered);
    }

    function _proofs(uint256[] memory inputs) private view returns (uint256[10] memory, uint256[10] memory) {
        return (Phases.prove(SEED, inputs, 3, 5), Phases.proveRegistered(SEED, inputs, W, 3, 5));
    }

    function testFuzz_accepts(uint256 seed, uint256 d, uint256 c) public view {
        _accept(_inputs(seed), d % R, c % R);
    }

    function test_accepts_the_edges() public view {
        uint256[] memory inputs = new uint256[](5);
        _accept(inputs, 0, 0);
        for (uint256 i; i < 5; ++i) {
            inputs[i] = R - 1;
        }
        _accept(inputs, R - 1, R - 1);
        _accept(inputs, W, 1);
    }

    function testFuzz_refuses_other_inputs(uint256 seed, uint256 which, uint256 other) public {
        uint256[] memory inputs = _inputs(seed);
        (uint256[10] memory proof, uint256[10] memory registered) = _proofs(inputs);
        other %= R;
        vm.assume(other != inputs[which % 5]);
        inputs[which % 5] = other;
        _refuse(inputs, proof, registered, abi.encodeWithSelector(Groth16.ProofInvalid.selector));
    }

    function test_attack_aliased_inputs() public {
        for (uint256 i; i < 5; ++i) {
            uint256[] memory inputs = _inputs(i);
            (uint256[10] memory proof, uint256[10] memory registered) = _proofs(inputs);
            inputs[i] += R;
            _refuse(inputs, proof, registered, abi.encodeWithSelector(Groth16.InputNotReduced.selector, i));
        }
    }

    function test_attack_coordinates_above_the_modulus_and_off_the_curve() public {
        uint256[] memory inputs = _inputs(2);
        for (uint256 i; i < 10; ++i) {
            (uint256[10] memory proof, uint256[10] memory registered) = _proofs(inputs);
            (proof[i], registered[i]) = (proof[i] + Q, registered[i] + Q);
            _refuse(inputs, proof, registered, abi.encodeWithSelector(Groth16.PointNotReduced.selector));
            (proof, registered) = _proofs(inputs);
            (proof[i], registered[i]) = (addmod(proof[i], 1, Q), addmod(registered[i], 1, Q));
            _refuse(inputs, proof, registered, abi.encodeWithSelector(Groth16.PrecompileFailed.selector, 8));
        }
    }

    function test_attack_a_point_outside_the_group() public {
        uint256[] memory inputs = _inputs(4);
        (uint256[10] memory proof, uint256[10] memory registered) = _proofs(inputs);
        uint256[4] memory outside = Trapdoor.outsideG2();
        for (uint256 i; i < 4; ++i) {
            (proof[2 + i], registered[2 + i]) = (outside[i], outside[i]);
        }
        _refuse(inputs, proof, registered, abi.encodeWithSelector(Groth16.PrecompileFailed.selector, 8));
    }

    function test_attack_more_or_less_calldata() public {
        uint256[] memory inputs = _inputs(1);
        bytes memory data = abi.encodeCall(IPhases5.verify, (_five(inputs), Phases.prove(SEED, inputs, 3, 5)));
        (bool ok, bytes memory answer) = address(generated).staticcall(data);
        assertTrue(ok);
        (ok, answer) = address(generated).staticcall(bytes.concat(data, bytes32(uint256(1))));
        assertFalse(ok);
        assertEq(answer, abi.encodeWithSignature("CalldataLength(uint256,uint256)", 516, 484));
    }

    /// The same commitment for other inputs, and the commitment of another proof: each challenge is another.
    function test_attack_a_commitment_is_used_again() public {
        uint256[] memory inputs = _inputs(6);
        (uint256[10] memory proof, uint256[10] memory registered) = _proofs(inputs);
        uint256[2] memory other = Phases.words(4);
        (proof[8], proof[9], registered[8], registered[9]) = (other[0], other[1], other[0], other[1]);
        _refuse(inputs, proof, registered, abi.encodeWithSelector(Groth16.ProofInvalid.selector));
    }

    function test_attack_claimants_own_key() public {
        uint256[] memory inputs = _inputs(6);
        bytes memory own = Phases.key("own", 5, false);
        uint256[10] memory mine = Phases.prove("own", inputs, 3, 5);
        generic.verify(own, inputs, mine);
        vm.expectRevert(abi.encodeWithSelector(TwoPhase.WrongKey.selector, keccak256(own), keccak256(two)));
        generic.verifyHashed(keccak256(two), own, inputs, mine);
        vm.expectRevert(Groth16.ProofInvalid.selector);
        generated.verify(_five(inputs), mine);
        own = Phases.key("own", 5, true);
        mine = Phases.proveRegistered("own", inputs, W, 3, 5);
        bytes32 hash = Phases.hash(own, 5, true);
        vm.expectRevert(abi.encodeWithSelector(TwoPhase.WrongKey.selector, hash, pinned.KEY_HASH()));
        pinned.verify(own, inputs, mine);
        new RegisteredVerifier(hash, Phases.words(W)).verify(own, inputs, mine);
    }

    function test_attack_other_weights() public {
        uint256[] memory inputs = _inputs(7);
        uint256[10] memory theirs = Phases.proveRegistered(SEED, inputs, W + 1, 3, 5);
        new RegisteredVerifier(pinned.KEY_HASH(), Phases.words(W + 1)).verify(three, inputs, theirs);
        vm.expectRevert(Groth16.ProofInvalid.selector);
        pinned.verify(three, inputs, theirs);
        vm.expectRevert(Groth16.ProofInvalid.selector);
        generatedRegistered.verify(_five(inputs), theirs);
    }

    /// Each owner's proofs are of the weights that it registered.
    function test_attack_other_weights_at_a_registry() public {
        Registry registry = new Registry();
        bytes32 keyHash = pinned.KEY_HASH();
        (address ann, address bob) = (makeAddr("ann"), makeAddr("bob"));
        (uint256[2] memory hers, uint256[2] memory his) = (Phases.words(W), Phases.words(W + 1));
        vm.prank(ann);
        registry.register(keyHash, hers);
        vm.prank(bob);
        registry.register(keyHash, his);
        uint256[] memory inputs = _inputs(8);
        uint256[10] memory proof = Phases.proveRegistered(SEED, inputs, W, 3, 5);
        registry.verify(ann, three, inputs, proof);
        vm.expectRevert(Groth16.ProofInvalid.selector);
        registry.verify(bob, three, inputs, proof);
        vm.expectRevert(TwoPhase.WeightsInvalid.selector);
        registry.verify(address(this), three, inputs, proof);
        vm.expectRevert(TwoPhase.WeightsInvalid.selector);
        registry.register(keyHash, [uint256(0), 0]);
    }

    function test_gas_of_the_code_is_at_most_270_000_and_310_000() public {
        uint256[] memory inputs = _inputs(9);
        (uint256[10] memory proof, uint256[10] memory registered) = _proofs(inputs);
        bytes memory data = abi.encodeCall(IPhases5.verify, (_five(inputs), proof));
        assertLe(_measured("verify, in two phases, generated", address(generated), data), 270_000);
        data = abi.encodeCall(TwoPhaseVerifier.verify, (two, inputs, proof));
        assertLe(_measured("verify, in two phases, generic", address(generic), data), 270_000);
        data = abi.encodeCall(IPhases5.verify, (_five(inputs), registered));
        assertLe(_measured("verify, registered weights, generated", address(generatedRegistered), data), 310_000);
        data = abi.encodeCall(RegisteredVerifier.verify, (three, inputs, registered));
        assertLe(_measured("verify, registered weights, pinned", address(pinned), data), 310_000);
    }

    function _measured(string memory name, address to, bytes memory data) private returns (uint256 execution) {
        execution = Gas.measure(to, 0, data);
        vm.snapshotValue(name, execution);
    }
}
