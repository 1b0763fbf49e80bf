// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Terms} from "./Terms.sol";

/// @title A bounty: whoever committed to a model that reaches an accuracy, proves it and delivers it encrypted, is paid
/// @notice Points of proofs and keys are words as EIP-197 has them, imaginary parts first. A field element is below
/// p = 21888242871839275222246405745257275088548364400416034343698204186575808495617.
interface IBounty {
    /// @notice Where the bounty is. The last three are final, and in `Refundable` anyone can call `refund`.
    enum State {
        Committing,
        Revealing,
        Proving,
        Delivering,
        Paid,
        Refundable,
        Refunded,
        Cancelled
    }

    /// @notice What became of a hunter's deposit. `None`: there is no such hunter.
    enum Bond {
        None,
        Held,
        Returned,
        Forfeited
    }

    /// @notice A hunter: `cw` is the commitment to the weights, bit i of `proven` says that chunk i is, `correct` counts the
    /// answers in all proven chunks, `delivered` the delivery chunks, and `index` is the place in the order of commitment.
    struct Hunter {
        uint256 cw;
        uint128 proven;
        uint32 correct;
        uint16 delivered;
        uint8 index;
        Bond bond;
    }

    /// @notice A hunter has committed, as the `index`-th.
    event Committed(address indexed hunter, uint256 index, uint256 cw);

    /// @notice These items, hi, lo and label of each, are a group of the dataset.
    event DataProven(uint256 indexed chunk, uint256 indexed group, uint256 salt, uint256[] items);

    /// @notice All groups are proven: the accuracy can be.
    event DataRevealed();

    /// @notice The model committed by `hunter` answers `correct` of this chunk's samples correctly.
    event AccuracyProven(address indexed hunter, uint256 indexed chunk, uint256 correct);

    /// @notice All chunks of `hunter` are proven, with so many correct answers.
    event Finished(address indexed hunter, uint256 index, uint256 correct, bool qualified);

    /// @notice This ciphertext is the `chunk`-th part of the model that `hunter` committed.
    event Delivered(address indexed hunter, uint256 indexed chunk, uint256[2] ephemeral, uint256[] ct);

    /// @notice The whole model is delivered, and the reward credited.
    event Paid(address indexed hunter, uint256 reward);

    /// @notice The reward is credited to the host again; `cancelled`: before anybody committed.
    event Refunded(bool cancelled);

    /// @notice `account` can withdraw `amount` more.
    event Credited(address indexed account, uint256 amount);

    /// @notice A hunter who did not do what the deposit is for has lost it. It is nobody's.
    event Forfeited(address indexed hunter, uint256 bond);

    /// @notice `account` has withdrawn all its credit.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice This is no clone with terms.
    error NotABounty();
    error WrongState(State found, State expected);
    error OnlyHost(address found, address expected);
    error AlreadyCommitted(address hunter);
    error NoHunter(address found);
    error TooManyHunters(uint256 limit);
    error SomebodyCommitted(uint256 hunters);

    /// @notice An index is not below its limit.
    error IndexTooLarge(uint256 found, uint256 limit);
    error WrongLength(uint256 found, uint256 expected);
    error WrongSalt(uint256 found, uint256 expected);

    /// @notice keccak256 of the key is not the one in the terms.
    error WrongKey(bytes32 found, bytes32 expected);
    error NotReduced(uint256 found);
    error GroupAlreadyProven(uint256 chunk, uint256 group);
    error ChunkAlreadyProven(address hunter, uint256 chunk);
    error TooManyCorrect(uint256 found, uint256 samples);
    error NotQualified(address hunter);

    /// @notice The hunter's turn is from `from`, at which it may deliver, until `until`, at which it may not.
    error NotYourTurn(uint256 nowIs, uint256 from, uint256 until);
    error WrongDelivery(uint256 found, uint256 expected);
    error BondNotHeld(address hunter, Bond found);
    error BondLost(address hunter);
    error BondNotLost(address hunter);
    error NothingToWithdraw(address account);
    error ZeroRecipient();

    /// @notice Commits the caller to a model, with the bond: in ether with the call, or in tokens that the caller approved.
    /// @dev A caller must have checked what no contract can (`TermsRules`), that a factory it trusts made this bounty
    /// (`isBounty`), and keep the model's salt secret. One who copies `cw` can prove nothing with it, and loses the bond.
    function commit(uint256 cw) external payable;

    /// @notice Shows a group of the data, by anyone, once: `items` are hi, lo and label of each.
    /// @dev DATA: inputs (dataset, cm, ctx of the zero address, z, v), m = (salt, chunk * groups + group, items..).
    /// The host of a sealed bounty must not send it, not even to a pool, before the end of the commitments is final.
    function proveData(
        uint16 chunk,
        uint16 group,
        uint256 salt,
        uint256[] calldata items,
        uint256 cm,
        bytes calldata key,
        uint256[8] calldata proof
    ) external;

    /// @notice Proves `correct` answers in a chunk, by a hunter, once.
    /// @dev ACCURACY: inputs (cw, dataset, ctx, chunk, correct). The caller must leave time for all chunks: who has not
    /// proven all of them by `proveUntil` loses the bond, unless the reward was paid before.
    function proveAccuracy(uint16 chunk, uint32 correct, bytes calldata key, uint256[8] calldata proof) external;

    /// @notice Delivers the next part of the model, by the hunter whose turn it is. The last one credits reward and bond.
    /// @dev DELIVERY: inputs (cw, cm, ctx, z, v), m = (hostKeyX, hostKeyY, ephemeral, chunk, ct..). What was delivered is
    /// the host's, paid or not: the caller must have all parts ready, and time enough in its turn for all.
    function deliver(
        uint16 chunk,
        uint256[2] calldata ephemeral,
        uint256[] calldata ct,
        uint256 cm,
        bytes calldata key,
        uint256[8] calldata proof
    ) external;

    /// @notice Credits the host, who calls, with the reward, while nobody has committed.
    function cancel() external;

    /// @notice Credits the host with the reward, by anyone, in the state `Refundable`.
    function refund() external;

    /// @notice Credits the caller with its bond: once the bounty is over, unless it is lost.
    function reclaim() external;

    /// @notice Destroys a bond that is lost, by anyone: nobody gains by making others lose theirs, the host neither.
    function forfeit(address hunter) external;

    /// @notice Sends all that the caller is credited with to `to`.
    function withdraw(address to) external;

    function factory() external view returns (address);
    function terms() external view returns (Terms memory);

    /// @notice The state, and the time at which it ends, or zero if it does not by itself.
    function state() external view returns (State current, uint256 deadline);
    function hunters() external view returns (uint256);
    function hunterOf(address account) external view returns (Hunter memory);
    function credit(address account) external view returns (uint256);

    /// @notice The winner, or zero.
    function winner() external view returns (address);
    function groupsProven() external view returns (uint256);
    function groupProven(uint16 chunk, uint16 group) external view returns (bool);

    /// @notice The salt of the dataset, once a group is proven.
    function salt() external view returns (uint256);

    /// @notice The turn of a hunter that qualified. Until `proveUntil` it can still become a later one.
    function turn(address hunter) external view returns (uint256 from, uint256 until);

    /// @notice ctx = keccak256(abi.encode(chainid, factory, bounty, hunter)) mod p; of the data, `hunter` is zero.
    function context(address hunter) external view returns (uint256);
}
