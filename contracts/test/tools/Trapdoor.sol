// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Groth16} from "zkml-evm/Groth16.sol";

/// @title Keys whose secrets are known, and proofs of anything under them: real to the pairing, without a circuit
/// @notice With beta = 2, gamma = 3, delta = 5 and B = 7 times the generator of G2, A = (2 alpha + 3 x + 5 c) / 7 times that of
/// G1, C = c times it, and x = u_0 + sum_i inputs_i u_{i+1}, the equation of Groth16 holds.
library Trapdoor {
    uint256 internal constant R = Groth16.R;
    /// 1 / 7 and 1 / 2 mod R
    uint256 internal constant SEVENTH = 3126891838834182174606629392179610726935480628630862049099743455225115499374;
    uint256 internal constant HALF = 10944121435919637611123202872628637544274182200208017171849102093287904247809;

    /// @notice The scalar of a name: alpha is the scalar 0, u_i that of i + 1.
    function scalar(bytes32 seed, uint256 i) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, i))) % R;
    }

    function key(bytes32 seed, uint256 n) internal view returns (bytes memory blob) {
        blob = bytes.concat(point(scalar(seed, 0)), g2(2), g2(3), g2(5));
        for (uint256 i; i <= n; ++i) {
            blob = bytes.concat(blob, point(scalar(seed, i + 1)));
        }
    }

    /// @notice A proof of these inputs; another for each `c`.
    function prove(bytes32 seed, uint256[] memory inputs, uint256 c) internal view returns (uint256[8] memory) {
        return _assemble(mulmod(_exponent(seed, inputs, c), SEVENTH, R), 7, c);
    }

    /// @notice A proof of these inputs with another B: 2 times the generator.
    function proveOtherwise(bytes32 seed, uint256[] memory inputs, uint256 c)
        internal
        view
        returns (uint256[8] memory)
    {
        return _assemble(mulmod(_exponent(seed, inputs, c), HALF, R), 2, c);
    }

    function _exponent(bytes32 seed, uint256[] memory inputs, uint256 c) private pure returns (uint256 a) {
        uint256 x = scalar(seed, 1);
        for (uint256 i; i < inputs.length; ++i) {
            x = addmod(x, mulmod(inputs[i], scalar(seed, i + 2), R), R);
        }
        a = addmod(mulmod(2, scalar(seed, 0), R), mulmod(3, x, R), R);
        return addmod(a, mulmod(5, c, R), R);
    }

    function _assemble(uint256 a, uint256 b, uint256 c) private view returns (uint256[8] memory) {
        return abi.decode(bytes.concat(point(a), g2(b), point(c)), (uint256[8]));
    }

    /// @notice k times the generator of G1.
    function point(uint256 k) internal view returns (bytes memory) {
        (uint256 x, uint256 y) = Groth16.mul(1, 2, k);
        return abi.encode(x, y);
    }

    /// @notice k times the generator of G2, for k = 2, 3, 5, 7, 11.
    function g2(uint256 k) internal pure returns (bytes memory) {
        if (k == 2) {
            return abi.encode(
                0x203e205db4f19b37b60121b83a7333706db86431c6d835849957ed8c3928ad79,
                0x27dc7234fd11d3e8c36c59277c3e6f149d5cd3cfa9a62aee49f8130962b4b3b9,
                0x195e8aa5b7827463722b8c153931579d3505566b4edf48d498e185f0509de152,
                0x04bb53b8977e5f92a0bc372742c4830944a59b4fe6b1c0466e2a6dad122b5d2e
            );
        }
        if (k == 3) {
            return abi.encode(
                0x1014772f57bb9742735191cd5dcfe4ebbc04156b6878a0a7c9824f32ffb66e85,
                0x06064e784db10e9051e52826e192715e8d7e478cb09a5e0012defa0694fbc7f5,
                0x021e2335f3354bb7922ffcc2f38d3323dd9453ac49b55441452aeaca147711b2,
                0x058e1d5681b5b9e0074b0f9c8d2c68a069b920d74521e79765036d57666c5597
            );
        }
        if (k == 5) {
            return abi.encode(
                0x0a09ccf561b55fd99d1c1208dee1162457b57ac5af3759d50671e510e428b2a1,
                0x2e539c423b302d13f4e5773c603948eaf5db5df8ae8a9a9113708390a06410d8,
                0x19b763513924a736e4eebd0d78c91c1bc1d657fee4214057d21414011cfcc763,
                0x2f8d9f9ab83727c77a2fec063cb7b6e5eb23044ccf535ad49d46d394fb6f6bf6
            );
        }
        if (k == 11) {
            return abi.encode(
                0x228b515a17f28b89920873207477f8c7fc05582debaf3184febf1cfdedc5ce88,
                0x12bb1156a9f6b360fcb2614e15d8a3ff07f2c699dc69ca830b20d2df91fe9cd3,
                0x2b15dc62a5c9e36597914ddbbfde48806a8eabe45c8d3cccf9578ad08e058f92,
                0x02a4fd764f52470e2fcfff325fb9692f55d6b8b077eefeaa04e07152b4d1fa94
            );
        }
        assert(k == 7);
        return abi.encode(
            0x2903ba015a9abde26a5d081e84551e63be0fd4516e46ee6d593edeba46362455,
            0x224bdc5d4327fcf8ed702e01de1c2f1657a253ba75e32a89c390142aaa28b308,
            0x03c8b7cda6b2dedb7aeeaf5fda464ad17036bea1c4e6f7adbaed1ebe0335e0d8,
            0x1d92fff52a265017eeccb372e37d7a7bd431800eca28dfd82e21e8054114233f
        );
    }

    /// @notice A point on the curve of G2 that is not in the group of order R.
    function outsideG2() internal pure returns (uint256[4] memory) {
        return [
            uint256(0),
            1,
            0x0d1271953ed9ea0836846e70a1934187998c7f790cb4d7511b7f8da82de048a4,
            0x2869111d5381f072f8e2728fdb825a51aadd70e52c9830e9ab4b871c0531f1bb
        ];
    }
}
