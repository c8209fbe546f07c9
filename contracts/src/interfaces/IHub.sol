// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IProofSystem, Proof} from "contracts/src/interfaces/IProofSystem.sol";
import {Action} from "contracts/src/types/Types.sol";

/// @title What the Hub says: its errors, its events, and what it keeps of a rollup
interface IHubTerms {
    /// @notice No entry posted for this block says where this action leads from this head. The target
    /// was not asked: this is never the target's own failure.
    error EntryNotFound(uint64 rollupId, bytes32 head, bytes32 actionHash);
    /// @notice Too little gas was given for the calls across chains that this call makes.
    error NotEnoughGas();
    /// @notice A static call needs the proxy of (rollupId, target), which nobody has created.
    error ProxyMissing(uint64 rollupId, address target);
    /// @notice A REVERT of this rollup to this head finds no scope to undo: the poster's advice was bad.
    error ScopeMissing(uint64 rollupId, bytes32 head);
    /// @notice The outermost call has ended and the rollup still waits for an answer.
    error NotIdle(uint64 rollupId);

    // Those above are the Hub errors: a call that failed with one was not refused by its target, and
    // they are never delivered to a rollup as a result.

    /// @notice Only the proxy of (rollupId, target) may call what it stands for.
    error NotAProxy(address caller);
    /// @notice For the Hub's calls to itself alone.
    error OnlySelf();
    /// @notice Nobody has registered this rollup.
    error UnknownRollup(uint64 rollupId);
    /// @notice The rollup's head would move, but no L2TX of it was begun in this block.
    error NotUpdated(uint64 rollupId);
    /// @notice The balances that an entry changes do not add up to the ether that its actions carry.
    error EtherMismatch(bytes32 entryHash);
    /// @notice More ether would leave the rollup than it has here.
    error BalanceTooLow(uint64 rollupId, uint256 balance, uint256 needed);
    /// @notice A rollup with its own token neither sends nor accepts ether.
    error TokenRollup(uint64 rollupId);
    /// @notice The anchor is further back than MAX_ANCHOR_LAG, or its hash is not known any more.
    error AnchorTooOld(uint64 anchorNumber, uint256 blockNumber);
    /// @notice The anchor must be a block before this one.
    error AnchorNotPast(uint64 anchorNumber, uint256 blockNumber);
    /// @notice A rollup's anchor never goes back.
    error AnchorBelowLast(uint64 anchorNumber, uint64 last);
    /// @notice After this block's timestamp, or before that of the rollup's last update.
    error TimestampOutOfRange(uint64 timestamp);
    /// @notice Only the Messenger that the rollup was registered with moves its ether.
    error NotTheMessenger(address caller);
    /// @notice The caller does not take the ether.
    error EtherRefused(address to);
    /// @notice The index-th forced transaction of the rollup is due, and an update leaves it out.
    error ForcedDue(uint64 rollupId, uint256 index);
    /// @notice An update takes more forced transactions than are queued: the index-th is not there.
    error ForcedMissing(uint64 rollupId, uint256 index);
    /// @notice The rollup was registered without forced transactions.
    error ForcingOff(uint64 rollupId);
    /// @notice Longer than a forced transaction may be, in bytes.
    error ForcedTooLong(uint256 size, uint256 sizeMax);
    /// @notice Less than what queueing costs now; it grows with what waits.
    error ForceFeeTooLow(uint256 fee, uint256 given);
    /// @notice An entry's transitions do not begin with the input's rollup, name one twice, or leave
    /// out one that the entry names.
    error BadTransitions(uint256 entryIndex);
    /// @notice The batch is not one (types/Packed.sol): an index out of range, rollups that do not ascend, or
    /// an end elsewhere than where it says. `at` is where in it that shows.
    error MalformedBatch(uint256 at);
    /// @notice An entry's out-action is neither a CALL to the parent, a RESULT, nor a REVERT to a head.
    error OutActionUnexpected();
    /// @notice No proof of the batch is for this rollup.
    error NotCovered(uint64 rollupId);
    /// @notice The rollup is registered with another proof system or vkey than the proof's.
    error WrongProofSystem(uint64 rollupId);
    /// @notice The proof system does not vouch for the batch, or a proof names no rollup.
    error ProofRefused(IProofSystem system);
    /// @notice A proven entry does what no step does: an L2TX that fails, a call out that is not static
    /// under a static call.
    error UnexpectedAction();
    /// @notice A batch cannot be posted by what a batch or a call through the Hub has called.
    error BatchInsideLoop();
    /// @notice There is no ether at this proxy's address.
    error NothingToSweep(uint64 rollupId, address target);

    /// @notice A new rollup, at this head.
    event RollupRegistered(uint64 indexed rollupId, IProofSystem system, bytes32 vkey, bytes32 head, address owner);
    /// @notice `proxy` now has code; its address was that of (rollupId, target) before.
    event ProxyCreated(uint64 indexed rollupId, address indexed target, address proxy);
    /// @notice `batch` is the batch as it was posted, or empty if it is in the transaction's own input.
    event BatchPosted(address indexed poster, bytes32 publicInput, bytes batch);
    /// @notice This fact was used; rollupId is that of its input. The order of these events is the order
    /// of the steps.
    event EntryConsumed(uint64 indexed rollupId, bytes32 entryHash);
    /// @notice `transaction` is the index-th of the rollup's queue, and due in block `due` of this chain.
    event TransactionForced(uint64 indexed rollupId, uint256 indexed index, uint256 due, bytes transaction);
    /// @notice Ether that did not come with a call.
    event Credited(uint64 indexed rollupId, address indexed from, uint256 value);
    /// @notice Ether that a message has brought out of a rollup.
    event Debited(uint64 indexed rollupId, address indexed to, uint256 value);

    /// @notice What is chosen once, when a rollup is registered.
    struct Options {
        bool hasOwnToken;
        address messenger; // may take ether out of the rollup's balance (`debit`); 0: nobody
        uint32 forceDelay; // blocks after which a forced transaction is due; 0: it takes none
    }

    /// @notice A rollup as the Hub keeps it, in this order (contracts/README.md, "Storage").
    struct Rollup {
        bytes32 head; // word 0: read by nodes straight from storage
        uint48 updatedInBlock;
        uint48 anchorNumber;
        uint48 timestamp;
        uint48 forcedDue; // block in which the first forced transaction that waits is due; 0: none waits
        uint32 rootCount;
        bool hasOwnToken;
        uint256 balance;
        IProofSystem system;
        bytes32 vkey;
        address owner;
        address messenger;
        uint32 forceDelay;
    }

    /// @notice A rollup's forced transactions, in the order in which they came.
    struct Queue {
        uint64 length;
        uint64 taken; // so many of them are in batches
        mapping(uint256 => Forced) items;
    }

    struct Forced {
        bytes32 chain; // keccak256(chain of the one before ‖ keccak256(transaction)); before the first: 0
        uint256 due;
    }
}

/// @title What is seldom asked of the Hub
/// @dev The code is in a contract of its own, and runs as the Hub: parent/Registry.sol.
interface IRegistry is IHubTerms {
    /// @notice Anyone may register a rollup, with anything that vouches for it.
    function register(IProofSystem system, bytes32 vkey, bytes32 head, address owner, Options calldata options)
        external
        returns (uint64 rollupId);
    /// @notice Adds ether to a rollup's balance, for bridges: who gets it there is between them.
    function credit(uint64 rollupId) external payable;
    /// @notice For the rollup's messenger: takes ether from a rollup's balance, to the caller.
    function debit(uint64 rollupId, uint256 value) external;
    /// @notice Makes ether that lies at the address of a proxy a call, without data, of what it stands
    /// for by itself.
    function sweep(uint64 rollupId, address target) external;
    /// @notice Queues a transaction of the rollup: raw bytes as its users sign them. From block `due` on no
    /// batch leaves it out that updates the rollup; what is no valid transaction when its turn comes is
    /// skipped. Costs `forceFee`, which is burned; what is above comes back.
    function forceTransaction(uint64 rollupId, bytes calldata transaction) external payable returns (uint256 index);
    /// @notice What `forceTransaction` costs now, in wei: it doubles with each FORCED_MAX that wait.
    function forceFee(uint64 rollupId) external view returns (uint256);
    /// @notice How many transactions were forced, and how many of them are in batches.
    function forcedCount(uint64 rollupId) external view returns (uint64 length, uint64 taken);
    /// @notice For the Hub itself: takes the next `number` forced transactions, and gives the chain of hashes
    /// up to the last of them.
    function takeForced(uint64 rollupId, uint256 number) external returns (bytes32 chain);
    function balanceOf(uint64 rollupId) external view returns (uint256);
    function rollup(uint64 rollupId) external view returns (Rollup memory);
    function rollupCount() external view returns (uint64);
    /// @notice Who may take ether of the rollup (Options.messenger); 0: nobody, or there is no such rollup.
    function messengerOf(uint64 rollupId) external view returns (address);
    /// @notice Whether the rollup stands at this root, or stood there when a block began that moved it:
    /// then it is the index-th root that the Hub recorded. Roots are recorded in ROOT_CHAINS chains of
    /// hashes, the index-th in chain index % ROOT_CHAINS as keccak256(chain before ‖ root), where the
    /// chain before the first is 0. `before` is that value for this root, and `later` are the roots that
    /// the same chain has taken since. Of the last ROOT_CHAINS roots, none has a later one.
    function isRoot(uint64 rollupId, bytes32 root, uint256 index, bytes32 before, bytes32[] calldata later)
        external
        view
        returns (bool);
}

/// @title What each call across chains needs
interface ILoop is IHubTerms {
    /// @notice Puts the proxy of (rollupId, target) in place, if it is not there yet.
    function createProxy(uint64 rollupId, address target) external returns (address);
    /// @notice Where the proxy of (rollupId, target) is, or would be.
    function proxyOf(uint64 rollupId, address target) external view returns (address);
    /// @notice Checks the batch and its proofs, keeps its entries until the end of this block, and runs
    /// the L2TX of its updates in their order. If any part fails, all does. The batch is packed as
    /// types/Packed.sol says.
    function postBatch(bytes calldata batch, Proof[] calldata proofs) external;
    /// @notice The same; the entries are kept until the end of this transaction.
    function postBatchTransient(bytes calldata batch, Proof[] calldata proofs) external;
    function head(uint64 rollupId) external view returns (bytes32);
    /// @notice The Hub's question to itself: the alternative-th entry that was posted in this block (or
    /// transaction) under (rollupId, head, hash(action)), which are what `key` is of. It is answered by the
    /// words of a record (types/Record.sol), or by nothing at all if there is none.
    function lookup(uint64 rollupId, bytes32 head, Action calldata action, uint256 alternative, uint256 key) external view;
}

/// @title The contract on the parent chain that its rollups meet in
/// @notice Registry of rollups, execution table, ether accounts, proxies, and batch inbox.
interface IHub is ILoop, IRegistry {}
