// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IHub} from "contracts/src/interfaces/IHub.sol";
import {IProofSystem, Proof} from "contracts/src/interfaces/IProofSystem.sol";
import {Proxy} from "contracts/src/parent/Proxy.sol";
import {Table} from "contracts/src/libraries/Table.sol";
import {ProxyFactory} from "contracts/src/libraries/ProxyFactory.sol";
import {Action, Batch, Entry, Kind, Transition, Update} from "contracts/src/types/Types.sol";

/// @title The Hub's registry and batch inbox
/// @dev The other half, the loop that applies entries, is Hub.sol.
abstract contract Inbox is IHub {
    using Table for bytes32;

    uint256 public constant MAX_ANCHOR_LAG = 8191;
    uint256 public constant ROOT_HISTORY = 8191;
    address private constant HISTORY_STORAGE = 0x0000F90827F1C53a10cb7A02335B175320002935; // EIP-2935

    mapping(uint64 => Rollup) internal rollups; // slot 0: nodes read heads from here
    uint64 public rollupCount;
    mapping(uint64 => mapping(uint256 => bytes32)) private roots; // rollup, index % ROOT_HISTORY

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
        bytes32[] memory updateHashes = new bytes32[](batch.updates.length);
        bytes32[] memory anchorHashes = new bytes32[](batch.updates.length);
        for (uint256 i = 0; i < batch.updates.length; i++) {
            Update calldata update = batch.updates[i];
            anchorHashes[i] = _checkUpdate(update);
            updateHashes[i] = keccak256(
                abi.encode(
                    update.rollupId, keccak256(update.payload), update.anchorNumber, anchorHashes[i],
                    bytes32(0), bytes32(0), update.timestamp
                )
            );
            _requireCovered(update.rollupId, proofs);
        }
        bytes32[] memory entryHashes = new bytes32[](batch.entries.length);
        for (uint256 i = 0; i < batch.entries.length; i++) {
            entryHashes[i] = keccak256(abi.encode(batch.entries[i]));
            _checkEntry(batch.entries[i], i, proofs);
        }
        bytes32 publicInput = keccak256(
            abi.encode(
                block.chainid, address(this), keccak256(abi.encodePacked(updateHashes)),
                keccak256(abi.encodePacked(entryHashes))
            )
        );
        _verify(proofs, publicInput);
        for (uint256 i = 0; i < batch.entries.length; i++) {
            Entry calldata entry = batch.entries[i];
            bytes32 key = _key(entry.input.rollupId, entry.transitions[0].pre, keccak256(abi.encode(entry.input)));
            key.put(entryHashes[i], entry, isTransient);
        }
        emit BatchPosted(msg.sender, publicInput);
        for (uint256 i = 0; i < batch.updates.length; i++) _begin(batch.updates[i], anchorHashes[i]);
    }

    function _key(uint64 rollupId, bytes32 head_, bytes32 actionHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(rollupId, head_, actionHash));
    }

    function _checkUpdate(Update calldata update) private view returns (bytes32 anchorHash) {
        Rollup storage r = rollups[update.rollupId];
        if (update.messageSlots.length != 0) revert MessagesUnsupported();
        if (update.forced != 0) revert ForcedUnsupported();
        if (update.anchorNumber >= block.number) revert AnchorNotPast(update.anchorNumber, block.number);
        if (block.number - update.anchorNumber > MAX_ANCHOR_LAG) revert AnchorTooOld(update.anchorNumber, block.number);
        if (update.anchorNumber < r.anchorNumber) revert AnchorBelowLast(update.anchorNumber, r.anchorNumber);
        if (update.timestamp > block.timestamp || update.timestamp < r.timestamp) {
            revert TimestampOutOfRange(update.timestamp);
        }
        anchorHash = blockhash(update.anchorNumber);
        if (anchorHash == 0) {
            (bool ok, bytes memory result) = HISTORY_STORAGE.staticcall(abi.encode(update.anchorNumber));
            if (!ok || result.length != 32) revert AnchorTooOld(update.anchorNumber, block.number);
            anchorHash = bytes32(result);
        }
    }

    function _checkEntry(Entry calldata entry, uint256 index, Proof[] calldata proofs) private view {
        Transition[] calldata ts = entry.transitions;
        if (ts.length == 0 || ts.length > 255 || ts[0].rollupId != entry.input.rollupId) revert BadTransitions(index);
        for (uint256 i = 0; i < ts.length; i++) {
            _requireCovered(ts[i].rollupId, proofs);
            for (uint256 j = 0; j < i; j++) if (ts[j].rollupId == ts[i].rollupId) revert BadTransitions(index);
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

    function _requireCovered(uint64 rollupId, Proof[] calldata proofs) private view {
        if (rollupId == 0 || rollupId > rollupCount) revert UnknownRollup(rollupId);
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
    function _begin(Update calldata update, bytes32 anchorHash) private {
        Rollup storage r = rollups[update.rollupId];
        r.updatedInBlock = uint64(block.number);
        r.anchorNumber = update.anchorNumber;
        r.timestamp = update.timestamp;
        Action memory action;
        action.kind = Kind.L2TX;
        action.rollupId = update.rollupId;
        action.data = abi.encode(keccak256(update.payload), anchorHash, bytes32(0), bytes32(0), update.timestamp);
        _runL2TX(action);
    }
}
