//! Interfaces of the contracts, as `contracts/src/IBounty.sol` and `BountyFactory.sol` declare them.
#![allow(missing_docs, clippy::too_many_arguments)]

alloy::sol! {
    /// What the host fixes at creation.
    #[derive(Debug, PartialEq, Eq)]
    struct Terms {
        address host;
        address token;
        uint256 reward;
        uint256 bond;
        bytes32 dataKey;
        bytes32 accuracyKey;
        bytes32 deliveryKey;
        bytes32 setup;
        bool development;
        bool open;
        bool best;
        uint256 dataset;
        uint16 chunks;
        uint16 groups;
        uint16 items;
        uint32 threshold;
        uint256 hostKeyX;
        uint256 hostKeyY;
        uint16 deliveryChunks;
        uint16 deliveryElements;
        uint40 commitUntil;
        uint40 revealUntil;
        uint40 proveUntil;
        uint32 deliveryWindow;
    }

    #[derive(Debug, PartialEq, Eq)]
    interface IBounty {
        enum State { Committing, Revealing, Proving, Delivering, Paid, Refundable, Refunded, Cancelled }
        enum Bond { None, Held, Returned, Forfeited }
        struct Hunter {
            uint256 cw;
            uint128 proven;
            uint32 correct;
            uint16 delivered;
            uint8 index;
            Bond bond;
        }

        event Committed(address indexed hunter, uint256 index, uint256 cw);
        event DataProven(uint256 indexed chunk, uint256 indexed group, uint256 salt, uint256[] items);
        event DataRevealed();
        event AccuracyProven(address indexed hunter, uint256 indexed chunk, uint256 correct);
        event Finished(address indexed hunter, uint256 index, uint256 correct, bool qualified);
        event Delivered(address indexed hunter, uint256 indexed chunk, uint256[2] ephemeral, uint256[] ct);
        event Paid(address indexed hunter, uint256 reward);
        event Refunded(bool cancelled);
        event Credited(address indexed account, uint256 amount);
        event Forfeited(address indexed hunter, uint256 bond);
        event Withdrawn(address indexed account, address indexed to, uint256 amount);

        error NotABounty();
        error WrongState(State found, State expected);
        error OnlyHost(address found, address expected);
        error AlreadyCommitted(address hunter);
        error NoHunter(address found);
        error TooManyHunters(uint256 limit);
        error SomebodyCommitted(uint256 hunters);
        error IndexTooLarge(uint256 found, uint256 limit);
        error WrongLength(uint256 found, uint256 expected);
        error WrongSalt(uint256 found, uint256 expected);
        error WrongKey(bytes32 found, bytes32 expected);
        error NotReduced(uint256 found);
        error GroupAlreadyProven(uint256 chunk, uint256 group);
        error ChunkAlreadyProven(address hunter, uint256 chunk);
        error TooManyCorrect(uint256 found, uint256 samples);
        error NotQualified(address hunter);
        error NotYourTurn(uint256 nowIs, uint256 from, uint256 until);
        error WrongDelivery(uint256 found, uint256 expected);
        error BondNotHeld(address hunter, Bond found);
        error BondLost(address hunter);
        error BondNotLost(address hunter);
        error NothingToWithdraw(address account);
        error ZeroRecipient();

        function commit(uint256 cw) external payable;
        function proveData(
            uint16 chunk,
            uint16 group,
            uint256 salt,
            uint256[] calldata items,
            uint256 cm,
            bytes calldata key,
            uint256[8] calldata proof
        ) external;
        function proveAccuracy(uint16 chunk, uint32 correct, bytes calldata key, uint256[8] calldata proof) external;
        function deliver(
            uint16 chunk,
            uint256[2] calldata ephemeral,
            uint256[] calldata ct,
            uint256 cm,
            bytes calldata key,
            uint256[8] calldata proof
        ) external;
        function cancel() external;
        function refund() external;
        function reclaim() external;
        function forfeit(address hunter) external;
        function withdraw(address to) external;
        function terms() external view returns (Terms memory);
        function state() external view returns (State current, uint256 deadline);
        function hunters() external view returns (uint256);
        function hunterOf(address account) external view returns (Hunter memory);
        function credit(address account) external view returns (uint256);
        function winner() external view returns (address);
        function groupsProven() external view returns (uint256);
        function groupProven(uint16 chunk, uint16 group) external view returns (bool);
        function turn(address hunter) external view returns (uint256 from, uint256 until);
        function context(address hunter) external view returns (uint256);
    }

    #[derive(Debug, PartialEq, Eq)]
    interface IBountyFactory {
        event BountyCreated(address indexed bounty, address indexed host, Terms terms);

        error HostIsNotCaller(address found, address expected);
        error SetupMismatch(bytes32 setup, bool development);
        error KeysNotDistinct(bytes32 dataKey, bytes32 accuracyKey, bytes32 deliveryKey);
        error ZeroTerm(bytes32 field);
        error TermTooLarge(bytes32 field, uint256 found, uint256 limit);
        error TermNotReduced(bytes32 field, uint256 found);
        error DeadlinesNotAscending(uint256 nowIs, uint256 commitUntil, uint256 revealUntil, uint256 proveUntil);
        error DeliveryElements(uint256 found);
        error HostKeyInvalid(uint256 x, uint256 y);

        function create(Terms calldata t) external payable returns (address bounty);
        function addressOf(Terms memory t) external view returns (address);
        function isBounty(address account) external view returns (bool);
    }

    /// Of the pairing check and of what moves money: errors only.
    #[derive(Debug, PartialEq, Eq)]
    interface IParts {
        error WrongValue(uint256 found, uint256 expected);
        error WrongTransfer(uint256 received, uint256 expected);
        error ElementNotReduced(uint256 index, uint256 found);
        error KeyLength(uint256 found, uint256 expected);
        error InputNotReduced(uint256 index);
        error PointNotReduced();
        error PrecompileFailed(uint256 precompile);
        error ProofInvalid();
        error InsufficientBalance(uint256 balance, uint256 needed);
        error FailedCall();
        error FailedDeployment();
        error ReentrancyGuardReentrantCall();
    }

    #[derive(Debug, PartialEq, Eq)]
    interface IErc20 {
        function approve(address spender, uint256 amount) external returns (bool);
        function allowance(address owner, address spender) external view returns (uint256);
        function balanceOf(address account) external view returns (uint256);
    }
}
