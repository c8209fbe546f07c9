// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILoop} from "contracts/src/interfaces/IHub.sol";
import {IMessageService} from "contracts/src/interfaces/IMessageService.sol";
import {IProofSystem, Proof} from "contracts/src/interfaces/IProofSystem.sol";
import {ProxyCode} from "contracts/src/libraries/ProxyCode.sol";
import {Table} from "contracts/src/libraries/Table.sol";
import {PostedAction, PostedEntries, PostedEntry} from "contracts/src/types/PostedEntry.sol";
import {Store} from "contracts/src/parent/Store.sol";
import {Question, Questions} from "contracts/src/types/Question.sol";
import {Batch, Kind, Update} from "contracts/src/types/Types.sol";

/// @title The Hub's batch inbox
/// @dev The other half, the loop that applies entries, is Hub.sol.
abstract contract Inbox is Store, ILoop {
    /// @dev Where messages are said on this chain.
    IMessageService private immutable MESSAGES;
    address private constant HISTORY_STORAGE = 0x0000F90827F1C53a10cb7A02335B175320002935; // EIP-2935

    /// @dev What the Hub keeps of an update between checking it and running it.
    struct Begun {
        bytes32 payloadHash;
        bytes32 anchorHash;
        bytes32 messagesHash;
    }

    constructor(IMessageService messages) {
        MESSAGES = messages;
    }

    /// @dev Delivers an L2TX through the loop; reverts if it does not end well.
    function _runL2TX(Question question) internal virtual;

    /// @inheritdoc ILoop
    function head(uint64 rollupId) public view returns (bytes32) {
        return rollups[rollupId].head;
    }

    /// @inheritdoc ILoop
    function proxyOf(uint64 rollupId, address target) public view returns (address) {
        return ProxyCode.addressOf(rollupId, target);
    }

    /// @inheritdoc ILoop
    function createProxy(uint64 rollupId, address target) external returns (address proxy) {
        return _createProxy(rollupId, target);
    }

    // --- batches -------------------------------------------------------------------------------------

    /// @inheritdoc ILoop
    function postBatch(Batch calldata batch, Proof[] calldata proofs) external {
        _post(batch, proofs, false);
    }

    /// @inheritdoc ILoop
    function postBatchTransient(Batch calldata batch, Proof[] calldata proofs) external {
        _post(batch, proofs, true);
    }

    function _post(Batch calldata batch, Proof[] calldata proofs, bool isTransient) private {
        // Updates that are checked but not begun must not meet others of the same rollup.
        if (loopDepth != 0) revert BatchInsideLoop();
        uint64[] memory covered = _covered(proofs);
        Begun[] memory begun = new Begun[](batch.updates.length);
        bytes32[] memory updateHashes = new bytes32[](batch.updates.length);
        for (uint256 i = 0; i < begun.length; i++) {
            _requireCovered(batch.updates[i].rollupId, covered);
            (begun[i], updateHashes[i]) = _takeUpdate(batch.updates[i]);
        }
        Hashed[] memory hashed;
        bytes32 publicInput;
        (hashed, publicInput) = _hashEntries(batch, covered, _hashOf(updateHashes));
        _verify(proofs, publicInput);
        // The first of the batch last, so that the table finds it first.
        for (uint256 i = hashed.length; i != 0;) {
            Hashed memory h = hashed[--i];
            // What can be asked for before this function ends serves from transient storage first: most
            // of it is used up by then.
            bool isEarly = h.entry.input().kind() != uint256(Kind.CALL);
            Table.put(h.entry, h.entryHash, h.inputHash, h.outHash, isTransient || isEarly);
        }
        emit BatchPosted(msg.sender, publicInput, _isInTransaction() ? bytes("") : abi.encode(batch));
        for (uint256 i = 0; i < begun.length; i++) _begin(batch.updates[i], begun[i]);
        if (isTransient) return;
        for (uint256 i = hashed.length; i != 0;) {
            Hashed memory h = hashed[--i];
            uint256 kind = h.entry.input().kind();
            // An L2TX is never asked for again. Nor is a fact that has moved its rollup: no head comes back.
            bool isOver = kind == uint256(Kind.CALL) || kind == uint256(Kind.L2TX) || _isUsed(h.entryHash);
            if (!isOver) Table.put(h.entry, h.entryHash, h.inputHash, h.outHash, false);
        }
    }

    /// @dev What the Hub keeps of an entry of the batch while it is in calldata.
    struct Hashed {
        PostedEntry entry;
        bytes32 entryHash;
        bytes32 inputHash;
        bytes32 outHash;
    }

    function _hashEntries(Batch calldata batch, uint64[] memory covered, bytes32 updatesHash)
        private
        view
        returns (Hashed[] memory hashed, bytes32 publicInput)
    {
        uint256 at;
        assembly ("memory-safe") {
            at := batch
        }
        (uint256 first, uint256 count) = PostedEntries.offsets(at);
        // As Solidity would read it: so long a list is there.
        if (count != batch.entries.length) revert BadTransitions(0);
        hashed = new Hashed[](count);
        bytes32[] memory entryHashes = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            PostedEntry entry = PostedEntries.at(first, i);
            _checkEntry(entry, i, covered);
            Hashed memory h = hashed[i];
            h.entry = entry;
            (h.entryHash, h.inputHash, h.outHash) = entry.hash();
            entryHashes[i] = h.entryHash;
        }
        publicInput = keccak256(abi.encode(block.chainid, address(this), updatesHash, _hashOf(entryHashes)));
    }

    /// @dev keccak256(abi.encodePacked(hashes)).
    function _hashOf(bytes32[] memory hashes) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := keccak256(add(hashes, 32), mul(mload(hashes), 32))
        }
    }

    /// @dev Marks a fact as used up in this transaction, and tells whether it is.
    function _markUsed(bytes32 entryHash) internal {
        assembly ("memory-safe") {
            tstore(entryHash, 1)
        }
    }

    function _isUsed(bytes32 entryHash) private view returns (bool used) {
        assembly ("memory-safe") {
            used := tload(entryHash)
        }
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
        uint64 timestamp = update.timestamp;
        if (update.forced != 0) revert ForcedUnsupported();
        if (anchor >= block.number) revert AnchorNotPast(anchor, block.number);
        if (block.number - anchor > ANCHOR_LAG_MAX) revert AnchorTooOld(anchor, block.number);
        if (anchor < r.anchorNumber) revert AnchorBelowLast(anchor, r.anchorNumber);
        if (timestamp > block.timestamp || timestamp < r.timestamp) revert TimestampOutOfRange(timestamp);
        (r.anchorNumber, r.timestamp) = (anchor, timestamp);
        begun = Begun(keccak256(update.payload), _blockHash(anchor), _requireSent(update.messageSlots));
        hash = keccak256(
            abi.encode(
                update.rollupId,
                begun.payloadHash,
                anchor,
                begun.anchorHash,
                begun.messagesHash,
                bytes32(0),
                timestamp
            )
        );
    }

    /// @dev Messages that were said on this chain, and their hash: 0 for none. The service reverts with
    /// MessageNotSent.
    function _requireSent(bytes32[] calldata slots) private view returns (bytes32 hash) {
        if (slots.length == 0) return 0;
        MESSAGES.requireSent(slots);
        return keccak256(abi.encodePacked(slots));
    }

    function _blockHash(uint64 number) private view returns (bytes32 hash) {
        hash = blockhash(number);
        if (hash != 0) return hash;
        (bool ok, bytes memory result) = HISTORY_STORAGE.staticcall(abi.encode(number));
        if (ok && result.length == 32) hash = bytes32(result);
        if (hash == 0) revert AnchorTooOld(number, block.number);
    }

    /// @dev Every rollup that an entry names is in its transitions, and covered by a proof; but not the
    /// source of a CALL that comes in, for which the Hub vouches. Ids are compared as whole words: one
    /// that is no uint64 is no proof's.
    function _checkEntry(PostedEntry entry, uint256 index, uint64[] memory covered) private pure {
        (uint256 first, uint256 count) = entry.transitions();
        PostedAction input = entry.input();
        if (count == 0 || count > 255 || PostedEntries.word(first, 0) != input.rollupId()) {
            revert BadTransitions(index);
        }
        uint256 end = first + 160 * count;
        for (uint256 t = first; t < end; t += 160) {
            uint256 rollupId = PostedEntries.word(t, 0);
            _requireCovered(rollupId, covered);
            if (_names(first, t, rollupId)) revert BadTransitions(index);
        }
        bool isNamed = true;
        if (input.kind() != uint256(Kind.CALL) && input.sourceRollupId() != 0) {
            isNamed = _names(first, end, input.sourceRollupId());
        }
        uint256 lines = entry.traceSize();
        for (uint256 i = 0; i < lines && isNamed; i++) {
            PostedAction line = entry.traceLine(i);
            isNamed = _names(first, end, line.rollupId())
                && (line.kind() == uint256(Kind.REVERT) || _names(first, end, line.sourceRollupId()));
        }
        PostedAction out = entry.out();
        uint256 by = out.kind() == uint256(Kind.CALL) ? out.sourceRollupId() : out.rollupId();
        if (!isNamed || !_names(first, end, by)) revert BadTransitions(index);
    }

    /// @dev Whether one of the transitions from `first` to `end` is the rollup's.
    function _names(uint256 first, uint256 end, uint256 rollupId) private pure returns (bool) {
        for (; first < end; first += 160) if (PostedEntries.word(first, 0) == rollupId) return true;
        return false;
    }

    /// @dev The rollups that the proofs name.
    function _covered(Proof[] calldata proofs) private pure returns (uint64[] memory covered) {
        uint256 count = 0;
        for (uint256 i = 0; i < proofs.length; i++) count += proofs[i].rollupIds.length;
        covered = new uint64[](count);
        count = 0;
        for (uint256 i = 0; i < proofs.length; i++) {
            uint64[] calldata ids = proofs[i].rollupIds;
            for (uint256 j = 0; j < ids.length; j++) covered[count++] = ids[j];
        }
    }

    /// @dev A rollup that nobody registered is on no proof system, so `_verify` refuses it.
    function _requireCovered(uint256 rollupId, uint64[] memory covered) private pure {
        for (uint256 i = 0; i < covered.length; i++) if (covered[i] == rollupId) return;
        revert NotCovered(uint64(rollupId));
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
    /// Between loops every head is idle: where it stood before this block is kept as one of its roots.
    function _begin(Update calldata update, Begun memory begun) private {
        Rollup storage r = rollups[update.rollupId];
        if (r.updatedInBlock != block.number) {
            uint32 index = r.rootCount;
            bytes32 chain = roots[update.rollupId][index % CHAINS];
            roots[update.rollupId][index % CHAINS] = keccak256(abi.encode(chain, r.head));
            (r.updatedInBlock, r.rootCount) = (uint64(block.number), index + 1);
        }
        Question question = Questions.open(uint256(Kind.L2TX), update.rollupId, 160);
        bytes memory data = question.data();
        uint256 time = update.timestamp;
        assembly ("memory-safe") {
            // Nothing forced: its hash is zero.
            mcopy(add(data, 32), begun, 96)
            mstore(add(data, 160), time)
        }
        _runL2TX(question);
        question.close();
    }
}
