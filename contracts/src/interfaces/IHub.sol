// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IProofSystem, Proof} from "contracts/src/interfaces/IProofSystem.sol";
import {Action, Batch, Outcome} from "contracts/src/types/Types.sol";

/// @title The contract on the parent chain that its rollups meet in
/// @notice Registry of rollups, execution table, ether accounts, proxies, and batch inbox.
interface IHub {
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

    error NotAProxy(address caller);
    error OnlySelf();
    error UnknownRollup(uint64 rollupId);
    error NotUpdated(uint64 rollupId);
    error EtherMismatch(bytes32 entryHash);
    error BalanceTooLow(uint64 rollupId, uint256 balance, uint256 needed);
    error TokenRollup(uint64 rollupId);
    error AnchorTooOld(uint64 anchorNumber, uint256 blockNumber);
    error AnchorNotPast(uint64 anchorNumber, uint256 blockNumber);
    error AnchorBelowLast(uint64 anchorNumber, uint64 last);
    error TimestampOutOfRange(uint64 timestamp);
    error MessagesUnsupported();
    error ForcedUnsupported();
    error BadTransitions(uint256 entryIndex);
    error NotCovered(uint64 rollupId);
    error WrongProofSystem(uint64 rollupId);
    error ProofRefused(IProofSystem system);
    error UnexpectedAction();
    error BatchInsideLoop();
    error NothingToSweep(uint64 rollupId, address target);

    event RollupRegistered(uint64 indexed rollupId, IProofSystem system, bytes32 vkey, bytes32 head, address owner);
    event ProxyCreated(uint64 indexed rollupId, address indexed target, address proxy);
    /// @notice `batch` is abi.encode(Batch), or empty if the batch is in the transaction's own input.
    event BatchPosted(address indexed poster, bytes32 publicInput, bytes batch);
    event EntryConsumed(uint64 indexed rollupId, bytes32 entryHash);
    event Credited(uint64 indexed rollupId, address indexed from, uint256 value);

    struct Options {
        bool hasOwnToken;
    }

    struct Rollup {
        bytes32 head; // word 0: read by nodes straight from storage
        uint64 updatedInBlock;
        uint64 anchorNumber;
        uint64 timestamp;
        uint32 rootCount;
        bool idle;
        bool hasOwnToken;
        uint256 balance;
        IProofSystem system;
        bytes32 vkey;
        address owner;
    }

    function register(IProofSystem system, bytes32 vkey, bytes32 head, address owner, Options calldata options)
        external
        returns (uint64 rollupId);
    function createProxy(uint64 rollupId, address target) external returns (address);
    function proxyOf(uint64 rollupId, address target) external view returns (address);
    function postBatch(Batch calldata batch, Proof[] calldata proofs) external;
    function postBatchTransient(Batch calldata batch, Proof[] calldata proofs) external;
    /// @notice From the proxy of (rollupId, target): a call of `source` to what the proxy stands for.
    function call(address source, uint64 rollupId, address target, bytes calldata data)
        external
        payable
        returns (bytes memory);
    function staticCall(address source, uint64 rollupId, address target, bytes calldata data)
        external
        view
        returns (bytes memory);
    function credit(uint64 rollupId) external payable;
    /// @notice Makes ether that lies at the address of a proxy a call, without data, of what it stands
    /// for by itself.
    function sweep(uint64 rollupId, address target) external;
    function head(uint64 rollupId) external view returns (bytes32);
    function balanceOf(uint64 rollupId) external view returns (uint256);
    function rollup(uint64 rollupId) external view returns (Rollup memory);
    function rollupCount() external view returns (uint64);
    /// @notice The root that the rollup had at its index-th recorded idle head (the last 8191 are kept).
    function rootAt(uint64 rollupId, uint256 index) external view returns (bytes32);
    /// @notice Whether the rollup has stood at this root, as far back as roots are kept. Looks from the
    /// newest to the oldest: where gas matters, use rootAt.
    function isRoot(uint64 rollupId, bytes32 root) external view returns (bool);
    /// @notice The Hub's question to itself: the alternative-th entry that was posted in this block (or
    /// transaction) under (rollupId, head, hash(action)). Of `out` only what the Hub needs is set.
    function lookup(uint64 rollupId, bytes32 head, Action calldata action, uint256 alternative)
        external
        view
        returns (Outcome memory);
}
