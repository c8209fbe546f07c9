// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IHub} from "contracts/src/interfaces/IHub.sol";
import {IProofSystem, Proof} from "contracts/src/interfaces/IProofSystem.sol";
import {Proxy} from "contracts/src/parent/Proxy.sol";
import {Table} from "contracts/src/libraries/Table.sol";
import {ProxyFactory} from "contracts/src/libraries/ProxyFactory.sol";
import {HubErrors} from "contracts/src/libraries/HubErrors.sol";
import {Action, Batch, Entry, Kind, Transition, Update} from "contracts/src/types/Types.sol";

/// @title The Hub's registry and batch inbox
/// @dev The other half, the loop that applies entries, is Hub.sol.
abstract contract Inbox is IHub {
    /// @dev As far back as EIP-2935 knows block hashes.
    uint256 public constant MAX_ANCHOR_LAG = 8191;
    uint256 public constant ROOT_HISTORY = 8191;
    address private constant HISTORY_STORAGE = 0x0000F90827F1C53a10cb7A02335B175320002935; // EIP-2935

    mapping(uint64 => Rollup) internal rollups; // slot 0: nodes read heads from here
    uint64 public rollupCount;
    mapping(uint64 => mapping(uint256 => bytes32)) private roots; // rollup, index % ROOT_HISTORY

    /// @dev How many loops are running, one inside the other.
    uint256 internal transient loopDepth;

    /// @dev What the Hub keeps of an update between checking it and running it.
    struct Begun {
        bytes32 payloadHash;
        bytes32 anchorHash;
    }

    /// @dev Delivers an L2TX through the loop; reverts if it does not end well.
    function _runL2TX(Action memory action) internal virtual;

    // --- registry ------------------------------------------------------------------------------------

    /// @inheritdoc IHub
    function register(IProofSystem system, bytes32 vkey, bytes32 head_, address owner, Options calldata options)
        external
        returns (uint64 rollupId)
    {
        rollupId = ++rollupCount;
        Rollup storage r = rollups[rollupId];
        r.head = head_;
        r.idle = true;
        r.hasOwnToken = options.hasOwnToken;
        r.system = system;
        r.vkey = vkey;
        r.owner = owner;
        _recordRoot(rollupId, r, head_);
        emit RollupRegistered(rollupId, system, vkey, head_, owner);
    }

    /// @inheritdoc IHub
    function head(uint64 rollupId) public view returns (bytes32) {
        return rollups[rollupId].head;
    }

    /// @inheritdoc IHub
    function balanceOf(uint64 rollupId) external view returns (uint256) {
        return rollups[rollupId].balance;
    }

    /// @inheritdoc IHub
    function rollup(uint64 rollupId) external view returns (Rollup memory) {
        return rollups[rollupId];
    }

    /// @inheritdoc IHub
    function rootAt(uint64 rollupId, uint256 index) external view returns (bytes32) {
        return roots[rollupId][index % ROOT_HISTORY];
    }

    /// @inheritdoc IHub
    function isRoot(uint64 rollupId, bytes32 root) external view returns (bool) {
        uint256 count = rollups[rollupId].rootCount;
        uint256 oldest = count > ROOT_HISTORY ? count - ROOT_HISTORY : 0;
        for (uint256 i = count; i > oldest; i--) {
            if (roots[rollupId][(i - 1) % ROOT_HISTORY] == root) return true;
        }
        return false;
    }

    function _recordRoot(uint64 rollupId, Rollup storage r, bytes32 root) internal {
        roots[rollupId][r.rootCount % ROOT_HISTORY] = root;
        r.rootCount++;
    }

    /// @inheritdoc IHub
    function credit(uint64 rollupId) external payable {
        if (rollupId == 0 || rollupId > rollupCount) revert UnknownRollup(rollupId);
        if (rollups[rollupId].hasOwnToken) revert TokenRollup(rollupId);
        rollups[rollupId].balance += msg.value;
        emit Credited(rollupId, msg.sender, msg.value);
    }

    // --- proxies -------------------------------------------------------------------------------------

    /// @inheritdoc IHub
    function proxyOf(uint64 rollupId, address target) public view returns (address) {
        return ProxyFactory.addressOf(address(this), keccak256(type(Proxy).creationCode), rollupId, target);
    }

    /// @inheritdoc IHub
    function createProxy(uint64 rollupId, address target) public returns (address proxy) {
        if (rollupId == 0 || rollupId > rollupCount) revert UnknownRollup(rollupId);
        proxy = proxyOf(rollupId, target);
        if (proxy.code.length == 0) {
            ProxyFactory.create(rollupId, target);
            emit ProxyCreated(rollupId, target, proxy);
        }
    }

    /// @inheritdoc IHub
    function sweep(uint64 rollupId, address target) external {
        address proxy = createProxy(rollupId, target);
        if (proxy.balance == 0) revert NothingToSweep(rollupId, target);
        (bool ok, bytes memory result) = proxy.call(hex"01");
        if (!ok) HubErrors.rethrow(result);
    }

    /// @notice For proxies under construction.
    function proxyParameters() external view returns (uint64 rollupId, address target) {
        return ProxyFactory.parameters();
    }

    // --- batches -------------------------------------------------------------------------------------

    /// @inheritdoc IHub
    function postBatch(Batch calldata batch, Proof[] calldata proofs) external {
        _post(batch, proofs, false);
    }

    /// @inheritdoc IHub
    function postBatchTransient(Batch calldata batch, Proof[] calldata proofs) external {
        _post(batch, proofs, true);
    }

    function _post(Batch calldata batch, Proof[] calldata proofs, bool isTransient) private {
        // Updates that are checked but not begun must not meet others of the same rollup.
        if (loopDepth != 0) revert BatchInsideLoop();
        Begun[] memory begun = new Begun[](batch.updates.length);
        bytes32 publicInput;
        {
            bytes32[] memory updateHashes = new bytes32[](batch.updates.length);
            for (uint256 i = 0; i < batch.updates.length; i++) {
                _requireCovered(batch.updates[i].rollupId, proofs);
                (begun[i], updateHashes[i]) = _takeUpdate(batch.updates[i]);
            }
            bytes32[] memory entryHashes = new bytes32[](batch.entries.length);
            for (uint256 i = 0; i < batch.entries.length; i++) {
                _checkEntry(batch.entries[i], i, proofs);
                entryHashes[i] = keccak256(abi.encode(batch.entries[i]));
            }
            publicInput = keccak256(
                abi.encode(
                    block.chainid,
                    address(this),
                    keccak256(abi.encodePacked(updateHashes)),
                    keccak256(abi.encodePacked(entryHashes))
                )
            );
            _verify(proofs, publicInput);
            for (uint256 i = 0; i < batch.entries.length; i++) {
                Entry calldata entry = batch.entries[i];
                Table.put(entryHashes[i], keccak256(abi.encode(entry.input)), entry, isTransient);
            }
        }
        emit BatchPosted(msg.sender, publicInput, _isInTransaction() ? bytes("") : abi.encode(batch));
        for (uint256 i = 0; i < batch.updates.length; i++) _begin(batch.updates[i], begun[i]);
    }

    /// @dev Whether the batch is in the transaction's own input: its sender called the Hub. A sender
    /// with code (EIP-7702) may have called itself first.
    function _isInTransaction() private view returns (bool) {
        return msg.sender == tx.origin && msg.sender.code.length == 0;
    }

    /// @dev Checks an update and takes its anchor and timestamp, which the next one may not go below.
    function _takeUpdate(Update calldata update) private returns (Begun memory begun, bytes32 hash) {
        Rollup storage r = rollups[update.rollupId];
        uint64 anchor = update.anchorNumber;
        if (update.messageSlots.length != 0) revert MessagesUnsupported();
        if (update.forced != 0) revert ForcedUnsupported();
        if (anchor >= block.number) revert AnchorNotPast(anchor, block.number);
        if (block.number - anchor > MAX_ANCHOR_LAG) revert AnchorTooOld(anchor, block.number);
        if (anchor < r.anchorNumber) revert AnchorBelowLast(anchor, r.anchorNumber);
        if (update.timestamp > block.timestamp || update.timestamp < r.timestamp) {
            revert TimestampOutOfRange(update.timestamp);
        }
        r.anchorNumber = anchor;
        r.timestamp = update.timestamp;
        begun = Begun(keccak256(update.payload), _blockHash(anchor));
        hash = keccak256(
            abi.encode(
                update.rollupId,
                begun.payloadHash,
                anchor,
                begun.anchorHash,
                bytes32(0),
                bytes32(0),
                update.timestamp
            )
        );
    }

    function _blockHash(uint64 number) private view returns (bytes32 hash) {
        hash = blockhash(number);
        if (hash != 0) return hash;
        (bool ok, bytes memory result) = HISTORY_STORAGE.staticcall(abi.encode(number));
        if (ok && result.length == 32) hash = bytes32(result);
        if (hash == 0) revert AnchorTooOld(number, block.number);
    }

    /// @dev Every rollup that an entry names is in its transitions, and covered by a proof; but not the
    /// source of a CALL that comes in, for which the Hub vouches.
    function _checkEntry(Entry calldata entry, uint256 index, Proof[] calldata proofs) private pure {
        Transition[] calldata ts = entry.transitions;
        if (ts.length == 0 || ts.length > 255 || ts[0].rollupId != entry.input.rollupId) revert BadTransitions(index);
        for (uint256 i = 0; i < ts.length; i++) {
            _requireCovered(ts[i].rollupId, proofs);
            for (uint256 j = 0; j < i; j++) if (ts[j].rollupId == ts[i].rollupId) revert BadTransitions(index);
        }
        if (entry.input.kind != Kind.CALL && entry.input.sourceRollupId != 0) {
            if (!_names(ts, entry.input.sourceRollupId)) revert BadTransitions(index);
        }
        for (uint256 i = 0; i < entry.trace.length; i++) {
            Action calldata line = entry.trace[i];
            if (!_names(ts, line.rollupId)) revert BadTransitions(index);
            if (line.kind != Kind.REVERT && !_names(ts, line.sourceRollupId)) revert BadTransitions(index);
        }
        bool isCall = entry.out.kind == Kind.CALL;
        if (!_names(ts, isCall ? entry.out.sourceRollupId : entry.out.rollupId)) revert BadTransitions(index);
    }

    function _names(Transition[] calldata transitions, uint64 rollupId) private pure returns (bool) {
        for (uint256 i = 0; i < transitions.length; i++) if (transitions[i].rollupId == rollupId) return true;
        return false;
    }

    /// @dev A rollup that nobody registered is on no proof system, so `_verify` refuses it.
    function _requireCovered(uint64 rollupId, Proof[] calldata proofs) private pure {
        for (uint256 i = 0; i < proofs.length; i++) {
            for (uint256 j = 0; j < proofs[i].rollupIds.length; j++) {
                if (proofs[i].rollupIds[j] == rollupId) return;
            }
        }
        revert NotCovered(rollupId);
    }

    function _verify(Proof[] calldata proofs, bytes32 publicInput) private view {
        for (uint256 i = 0; i < proofs.length; i++) {
            Proof calldata proof = proofs[i];
            if (proof.rollupIds.length == 0) revert ProofRefused(proof.system);
            bytes32 vkey = rollups[proof.rollupIds[0]].vkey;
            if (address(proof.system) == address(0)) revert UnknownRollup(proof.rollupIds[0]);
            for (uint256 j = 0; j < proof.rollupIds.length; j++) {
                Rollup storage r = rollups[proof.rollupIds[j]];
                if (r.system != proof.system || r.vkey != vkey) revert WrongProofSystem(proof.rollupIds[j]);
            }
            if (!proof.system.verify(vkey, proof.rollupIds, publicInput, proof.data)) {
                revert ProofRefused(proof.system);
            }
        }
    }

    /// @dev The rollup may move from here to the end of the block; its L2TX is the first to move it.
    function _begin(Update calldata update, Begun memory begun) private {
        rollups[update.rollupId].updatedInBlock = uint64(block.number);
        Action memory action;
        action.kind = Kind.L2TX;
        action.rollupId = update.rollupId;
        action.data = abi.encode(begun.payloadHash, begun.anchorHash, bytes32(0), bytes32(0), update.timestamp);
        _runL2TX(action);
    }
}
