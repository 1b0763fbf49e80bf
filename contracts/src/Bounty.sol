// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Groth16} from "zkml-evm/Groth16.sol";
import {IBounty} from "./IBounty.sol";
import {Message} from "./Message.sol";
import {Money} from "./Money.sol";
import {PackedTerms, Terms} from "./Terms.sol";

/// @title The code of all bounties; each is a clone, with its terms behind its code, made and funded by `BountyFactory`
/// @dev Money is counted and never read from a balance: what is sent without being asked for changes nothing, and is lost.
contract Bounty is IBounty, ReentrancyGuardTransient {
    using BitMaps for BitMaps.BitMap;

    /// @notice So many, that one word has a bit for each.
    uint256 public constant MAX_HUNTERS = 256;

    /// @notice Where lost bonds go: nobody has its key.
    address public constant NOBODY = 0x000000000000000000000000000000000000dEaD;

    /// @notice The contract that made this code, and all clones of it that count.
    address public immutable factory;
    address private immutable SELF;

    /// @dev One slot. `outcome` is Committing until it is one of the final states, as of `closedAt`.
    struct Progress {
        State outcome;
        uint40 closedAt;
        uint16 hunters;
        uint24 groupsProven;
        address winner;
    }

    Progress private _progress;
    /// @dev Bit i: the hunter with index i has proven all chunks, and reached the threshold, or not.
    uint256 private _qualified;
    uint256 private _failed;
    uint256 public salt;
    mapping(address => Hunter) private _hunters;
    mapping(address => uint256) public credit;
    BitMaps.BitMap private _groups;
    /// @dev The correct answers of those that qualified, by index, where the best wins.
    uint32[256] private _scores;

    constructor() {
        factory = msg.sender;
        SELF = address(this);
    }

    /// @inheritdoc IBounty
    function commit(uint256 cw) external payable nonReentrant {
        Terms memory t = terms();
        State found = _state(t);
        if (found != State.Committing) revert WrongState(found, State.Committing);
        if (cw >= Groth16.R) revert NotReduced(cw);
        Hunter storage h = _hunters[msg.sender];
        if (h.bond != Bond.None) revert AlreadyCommitted(msg.sender);
        uint256 index = _progress.hunters;
        if (index == MAX_HUNTERS) revert TooManyHunters(MAX_HUNTERS);
        _progress.hunters = uint16(index + 1);
        h.cw = cw;
        h.index = uint8(index);
        h.bond = Bond.Held;
        emit Committed(msg.sender, index, cw);
        Money.take(t.token, msg.sender, address(this), t.bond);
    }

    /// @inheritdoc IBounty
    function proveData(
        uint16 chunk,
        uint16 group,
        uint256 salt_,
        uint256[] calldata items,
        uint256 cm,
        bytes calldata key,
        uint256[8] calldata proof
    ) external nonReentrant {
        Terms memory t = terms();
        uint256[] memory head = _countGroup(t, chunk, group, salt_);
        uint256[5] memory inputs = _dataInputs(items, cm, t, head);
        _verify(t.dataKey, key, proof, inputs);
        emit DataProven(chunk, group, salt_, items);
        if (_revealed(t)) emit DataRevealed();
    }

    /// @inheritdoc IBounty
    function proveAccuracy(uint16 chunk, uint32 correct, bytes calldata key, uint256[8] calldata proof)
        external
        nonReentrant
    {
        Terms memory t = terms();
        State found = _state(t);
        // Open data can be proven, and then models on it, while others commit.
        bool allowed = found == State.Proving || (found == State.Committing && _revealed(t));
        if (!allowed) revert WrongState(found, State.Proving);
        Hunter storage h = _hunter(msg.sender);
        _count(t, h, chunk, correct);
        _verify(t.accuracyKey, key, proof, [h.cw, t.dataset, context(msg.sender), chunk, correct]);
        emit AccuracyProven(msg.sender, chunk, correct);
        if (h.proven == _allChunks(t)) _finish(t, h);
    }

    /// @inheritdoc IBounty
    function deliver(
        uint16 chunk,
        uint256[2] calldata ephemeral,
        uint256[] calldata ct,
        uint256 cm,
        bytes calldata key,
        uint256[8] calldata proof
    ) external nonReentrant {
        Terms memory t = terms();
        Hunter storage h = _hunter(msg.sender);
        _requireTurn(t, h);
        if (chunk != h.delivered) revert WrongDelivery(chunk, h.delivered);
        if (ct.length != t.deliveryElements) revert WrongLength(ct.length, t.deliveryElements);
        h.delivered = chunk + 1;
        uint256[5] memory inputs = _deliveryInputs(t, h.cw, cm, ephemeral, chunk, ct);
        _verify(t.deliveryKey, key, proof, inputs);
        emit Delivered(msg.sender, chunk, ephemeral, ct);
        if (h.delivered == t.deliveryChunks) _pay(t, h);
    }

    /// @inheritdoc IBounty
    function cancel() external nonReentrant {
        Terms memory t = terms();
        if (msg.sender != t.host) revert OnlyHost(msg.sender, t.host);
        Progress memory p = _progress;
        if (p.outcome != State.Committing) revert WrongState(p.outcome, State.Committing);
        if (p.hunters != 0) revert SomebodyCommitted(p.hunters);
        _close(State.Cancelled);
        emit Refunded(true);
        _credit(t.host, t.reward);
    }

    /// @inheritdoc IBounty
    function refund() external nonReentrant {
        Terms memory t = terms();
        State found = _state(t);
        if (found != State.Refundable) revert WrongState(found, State.Refundable);
        _close(State.Refunded);
        emit Refunded(false);
        _credit(t.host, t.reward);
    }

    /// @inheritdoc IBounty
    function reclaim() external nonReentrant {
        Terms memory t = terms();
        Hunter storage h = _hunter(msg.sender);
        if (_bondLost(t, h, msg.sender)) revert BondLost(msg.sender);
        _returnBond(t, h, msg.sender);
    }

    /// @inheritdoc IBounty
    function forfeit(address hunter) external nonReentrant {
        Terms memory t = terms();
        Hunter storage h = _hunter(hunter);
        if (!_bondLost(t, h, hunter)) revert BondNotLost(hunter);
        h.bond = Bond.Forfeited;
        emit Forfeited(hunter, t.bond);
        Money.send(t.token, NOBODY, t.bond);
    }

    /// @inheritdoc IBounty
    function withdraw(address to) external nonReentrant {
        if (to == address(0)) revert ZeroRecipient();
        address token = terms().token;
        uint256 amount = credit[msg.sender];
        if (amount == 0) revert NothingToWithdraw(msg.sender);
        credit[msg.sender] = 0;
        emit Withdrawn(msg.sender, to, amount);
        Money.send(token, to, amount);
    }

    /// @inheritdoc IBounty
    function terms() public view returns (Terms memory) {
        if (address(this) == SELF) revert NotABounty();
        return PackedTerms.unpack(Clones.fetchCloneArgs(address(this)));
    }

    /// @inheritdoc IBounty
    function state() external view returns (State current, uint256 deadline) {
        Terms memory t = terms();
        current = _state(t);
        if (current == State.Committing) deadline = t.commitUntil;
        if (current == State.Revealing) deadline = t.revealUntil;
        if (current == State.Proving) deadline = t.proveUntil;
        if (current == State.Delivering) deadline = _turnsEnd(t);
    }

    /// @inheritdoc IBounty
    function context(address hunter) public view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, factory, address(this), hunter))) % Groth16.R;
    }

    /// @inheritdoc IBounty
    function turn(address hunter) external view returns (uint256 from, uint256 until) {
        return _turn(terms(), _hunter(hunter), hunter);
    }

    /// @inheritdoc IBounty
    function hunters() external view returns (uint256) {
        return _progress.hunters;
    }

    /// @inheritdoc IBounty
    function hunterOf(address account) external view returns (Hunter memory) {
        return _hunters[account];
    }

    /// @inheritdoc IBounty
    function winner() external view returns (address) {
        return _progress.winner;
    }

    /// @inheritdoc IBounty
    function groupsProven() external view returns (uint256) {
        return _progress.groupsProven;
    }

    /// @inheritdoc IBounty
    function groupProven(uint16 chunk, uint16 group) external view returns (bool) {
        return _groups.get(_position(terms(), chunk, group));
    }

    /// @dev Each state that is not final ends by time alone, at last in Refundable.
    function _state(Terms memory t) private view returns (State) {
        Progress memory p = _progress;
        if (p.outcome != State.Committing) return p.outcome;
        if (block.timestamp < t.commitUntil) return State.Committing;
        if (p.hunters == 0) return State.Refundable;
        if (!_revealed(t)) return block.timestamp < t.revealUntil ? State.Revealing : State.Refundable;
        if (block.timestamp < t.proveUntil) return State.Proving;
        return block.timestamp < _turnsEnd(t) ? State.Delivering : State.Refundable;
    }

    function _revealed(Terms memory t) private view returns (bool) {
        return _progress.groupsProven == uint256(t.chunks) * t.groups;
    }

    function _turnsEnd(Terms memory t) private view returns (uint256) {
        return t.proveUntil + _ones(_qualified) * uint256(t.deliveryWindow);
    }

    function _hunter(address account) private view returns (Hunter storage h) {
        h = _hunters[account];
        if (h.bond == Bond.None) revert NoHunter(account);
    }

    function _allChunks(Terms memory t) private pure returns (uint256) {
        return (1 << uint256(t.chunks)) - 1;
    }

    function _position(Terms memory t, uint16 chunk, uint16 group) private pure returns (uint256) {
        if (chunk >= t.chunks) revert IndexTooLarge(chunk, t.chunks);
        if (group >= t.groups) revert IndexTooLarge(group, t.groups);
        return uint256(chunk) * t.groups + group;
    }

    /// @dev Counts the group, if the data may be shown now. `head` is what its message starts with: salt and position.
    function _countGroup(Terms memory t, uint16 chunk, uint16 group, uint256 salt_)
        private
        returns (uint256[] memory head)
    {
        State found = _state(t);
        bool allowed = found == State.Revealing || (found == State.Committing && t.open);
        if (!allowed) revert WrongState(found, State.Revealing);
        uint256 position = _position(t, chunk, group);
        if (_groups.get(position)) revert GroupAlreadyProven(chunk, group);
        if (_progress.groupsProven == 0) salt = salt_;
        else if (salt_ != salt) revert WrongSalt(salt_, salt);
        _groups.set(position);
        ++_progress.groupsProven;
        head = new uint256[](2);
        (head[0], head[1]) = (salt_, position);
    }

    /// @dev Counts a chunk of a hunter, each once.
    function _count(Terms memory t, Hunter storage h, uint16 chunk, uint32 correct) private {
        if (chunk >= t.chunks) revert IndexTooLarge(chunk, t.chunks);
        uint256 samples = uint256(t.groups) * t.items;
        if (correct > samples) revert TooManyCorrect(correct, samples);
        uint256 bit = 1 << uint256(chunk);
        if (h.proven & bit != 0) revert ChunkAlreadyProven(msg.sender, chunk);
        h.proven |= uint128(bit);
        h.correct += correct;
    }

    /// @dev Who qualified gets the bond back for delivering, or if another is paid before.
    function _finish(Terms memory t, Hunter storage h) private {
        uint256 correct = h.correct;
        bool reached = correct >= t.threshold;
        emit Finished(msg.sender, h.index, correct, reached);
        if (!reached) {
            _failed |= 1 << uint256(h.index);
            _returnBond(t, h, msg.sender);
            return;
        }
        _qualified |= 1 << uint256(h.index);
        if (t.best) _scores[h.index] = uint32(correct);
    }

    function _requireTurn(Terms memory t, Hunter storage h) private view {
        State found = _state(t);
        // The last four are Paid and what follows it.
        if (found >= State.Paid) revert WrongState(found, State.Delivering);
        (uint256 from, uint256 until) = _turn(t, h, msg.sender);
        if (block.timestamp < from || block.timestamp >= until) revert NotYourTurn(block.timestamp, from, until);
    }

    /// @dev [proveUntil + rank * window, proveUntil + (rank + 1) * window), and from the start for the first that qualified,
    /// where the first wins and all that committed before have failed: none can come before it any more.
    function _turn(Terms memory t, Hunter storage h, address hunter)
        private
        view
        returns (uint256 from, uint256 until)
    {
        uint256 index = h.index;
        if (_qualified & (1 << index) == 0) revert NotQualified(hunter);
        uint256 before = (1 << index) - 1;
        uint256 rank = t.best ? _rankOfBest(index, h.correct) : _ones(_qualified & before);
        from = t.proveUntil + rank * t.deliveryWindow;
        until = from + t.deliveryWindow;
        if (!t.best && _failed & before == before) from = 0;
    }

    /// @dev How many qualified with more correct answers, or with as many and an earlier commitment.
    function _rankOfBest(uint256 index, uint256 correct) private view returns (uint256 rank) {
        uint256 left = _qualified;
        for (uint256 i; left != 0; ++i) {
            if (left & 1 != 0) {
                uint256 other = _scores[i];
                if (other > correct || (other == correct && i < index)) ++rank;
            }
            left >>= 1;
        }
    }

    function _dataInputs(uint256[] calldata items, uint256 cm, Terms memory t, uint256[] memory head)
        private
        view
        returns (uint256[5] memory)
    {
        if (items.length != 3 * uint256(t.items)) revert WrongLength(items.length, 3 * uint256(t.items));
        uint256 ctx = context(address(0));
        (uint256 z, uint256 v) = Message.challenge(Message.DATA, ctx, t.dataset, cm, head, items);
        return [t.dataset, cm, ctx, z, v];
    }

    function _deliveryInputs(
        Terms memory t,
        uint256 cw,
        uint256 cm,
        uint256[2] calldata ephemeral,
        uint256 chunk,
        uint256[] calldata ct
    ) private view returns (uint256[5] memory) {
        uint256[] memory head = new uint256[](5);
        (head[0], head[1]) = (t.hostKeyX, t.hostKeyY);
        (head[2], head[3]) = (ephemeral[0], ephemeral[1]);
        head[4] = chunk;
        uint256 ctx = context(msg.sender);
        (uint256 z, uint256 v) = Message.challenge(Message.DELIVERY, ctx, cw, cm, head, ct);
        return [cw, cm, ctx, z, v];
    }

    /// @dev Reverts unless the proof holds for these inputs under the key with this hash.
    function _verify(bytes32 expected, bytes calldata key, uint256[8] calldata proof, uint256[5] memory inputs)
        private
        view
    {
        bytes memory blob = key;
        bytes32 found = keccak256(blob);
        if (found != expected) revert WrongKey(found, expected);
        uint256[] memory list = new uint256[](5);
        for (uint256 i; i < 5; ++i) {
            list[i] = inputs[i];
        }
        Groth16.check(blob, list, proof);
    }

    function _pay(Terms memory t, Hunter storage h) private {
        _close(State.Paid);
        _progress.winner = msg.sender;
        emit Paid(msg.sender, t.reward);
        _credit(msg.sender, t.reward);
        _returnBond(t, h, msg.sender);
    }

    function _close(State outcome) private {
        _progress.outcome = outcome;
        _progress.closedAt = uint40(block.timestamp);
    }

    /// @dev A bond is lost at `proveUntil` by who has not proven all chunks of data on which somebody has, and at the end of
    /// its turn by who qualified and has not delivered. Where nobody has, the files may be ones that nobody can fetch. What comes after the end of the bounty takes nothing from anyone.
    function _bondLost(Terms memory t, Hunter storage h, address hunter) private view returns (bool) {
        if (h.bond != Bond.Held) revert BondNotHeld(hunter, h.bond);
        State found = _state(t);
        if (found < State.Paid) revert WrongState(found, State.Refundable);
        if (!_revealed(t) || (_qualified | _failed) == 0) return false;
        uint256 end = found == State.Refundable ? block.timestamp : _progress.closedAt;
        if (h.proven != _allChunks(t)) return end >= t.proveUntil;
        (, uint256 until) = _turn(t, h, hunter);
        return end >= until;
    }

    function _returnBond(Terms memory t, Hunter storage h, address hunter) private {
        h.bond = Bond.Returned;
        _credit(hunter, t.bond);
    }

    function _credit(address account, uint256 amount) private {
        if (amount == 0) return;
        credit[account] += amount;
        emit Credited(account, amount);
    }

    function _ones(uint256 word) private pure returns (uint256 count) {
        for (; word != 0; ++count) {
            word &= word - 1;
        }
    }
}
