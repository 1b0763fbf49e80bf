// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title What the host fixes at creation. None of it can change.
/// @dev Deadlines are half-open: at `commitUntil` itself it is too late to commit.
struct Terms {
    /// Whoever pays, and receives the model.
    address host;
    /// The ERC-20 of reward and bonds; zero: ether.
    address token;
    /// What the winner is paid; below 2^128.
    uint256 reward;
    /// What each hunter deposits; below 2^128.
    uint256 bond;
    /// keccak256 of the verifying key of each statement.
    bytes32 dataKey;
    bytes32 accuracyKey;
    bytes32 deliveryKey;
    /// Hash over the transcripts of the keys' ceremonies; zero exactly in development.
    bytes32 setup;
    /// The keys come from a single party, who can forge proofs.
    bool development;
    /// The data is public from the start.
    bool open;
    /// The most accurate wins, and not the first committed that reaches the threshold.
    bool best;
    /// Root of the salted Poseidon tree over the samples.
    uint256 dataset;
    /// Samples in all: chunks * groups * items. An accuracy proof is of a chunk, a data proof of a group.
    uint16 chunks;
    uint16 groups;
    uint16 items;
    /// The correct answers, of all samples, that qualify.
    uint32 threshold;
    /// The host's key on Baby Jubjub, in EIP-2494's coordinates.
    uint256 hostKeyX;
    uint256 hostKeyY;
    /// The model is delivered in so many transactions of so many elements of ciphertext each.
    uint16 deliveryChunks;
    uint16 deliveryElements;
    uint40 commitUntil;
    uint40 revealUntil;
    uint40 proveUntil;
    /// The seconds that each qualified hunter has for delivering.
    uint32 deliveryWindow;
}

/// @title Terms as 330 bytes behind the code of a clone: each byte of code costs 200 gas, and 1,530 under EIP-8037
library PackedTerms {
    uint256 internal constant BYTES = 330;

    /// @notice The fields in their order, in as many bytes as their types have; reward and bond in 16; the three flags as
    /// the lowest bits of one byte: development 1, open 2, best 4.
    /// @dev Reward and bond must be below 2^128.
    function pack(Terms memory t) internal pure returns (bytes memory) {
        uint8 flags = (t.development ? 1 : 0) | (t.open ? 2 : 0) | (t.best ? 4 : 0);
        return bytes.concat(
            abi.encodePacked(t.host, t.token, uint128(t.reward), uint128(t.bond), t.dataKey, t.accuracyKey),
            abi.encodePacked(t.deliveryKey, t.setup, flags, t.dataset, t.chunks, t.groups, t.items, t.threshold),
            abi.encodePacked(t.hostKeyX, t.hostKeyY, t.deliveryChunks, t.deliveryElements),
            abi.encodePacked(t.commitUntil, t.revealUntil, t.proveUntil, t.deliveryWindow)
        );
    }

    /// @notice The inverse of `pack`.
    /// @dev `packed` must have `BYTES` bytes.
    function unpack(bytes memory packed) internal pure returns (Terms memory t) {
        t.host = address(uint160(_read(packed, 0, 20)));
        t.token = address(uint160(_read(packed, 20, 20)));
        t.reward = _read(packed, 40, 16);
        t.bond = _read(packed, 56, 16);
        t.dataKey = bytes32(_read(packed, 72, 32));
        t.accuracyKey = bytes32(_read(packed, 104, 32));
        t.deliveryKey = bytes32(_read(packed, 136, 32));
        t.setup = bytes32(_read(packed, 168, 32));
        uint256 flags = _read(packed, 200, 1);
        t.development = flags & 1 != 0;
        t.open = flags & 2 != 0;
        t.best = flags & 4 != 0;
        t.dataset = _read(packed, 201, 32);
        t.chunks = uint16(_read(packed, 233, 2));
        t.groups = uint16(_read(packed, 235, 2));
        t.items = uint16(_read(packed, 237, 2));
        t.threshold = uint32(_read(packed, 239, 4));
        t.hostKeyX = _read(packed, 243, 32);
        t.hostKeyY = _read(packed, 275, 32);
        t.deliveryChunks = uint16(_read(packed, 307, 2));
        t.deliveryElements = uint16(_read(packed, 309, 2));
        t.commitUntil = uint40(_read(packed, 311, 5));
        t.revealUntil = uint40(_read(packed, 316, 5));
        t.proveUntil = uint40(_read(packed, 321, 5));
        t.deliveryWindow = uint32(_read(packed, 326, 4));
    }

    /// @dev The number in `size` bytes from `offset` on.
    function _read(bytes memory packed, uint256 offset, uint256 size) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, mul(8, size)), mload(add(add(packed, 32), offset)))
        }
    }
}
