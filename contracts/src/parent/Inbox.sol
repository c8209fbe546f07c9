// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILoop, IRegistry} from "contracts/src/interfaces/IHub.sol";
import {IMessageService} from "contracts/src/interfaces/IMessageService.sol";
import {IProofSystem, Proof} from "contracts/src/interfaces/IProofSystem.sol";
import {ProxyCode} from "contracts/src/libraries/ProxyCode.sol";
import {Table} from "contracts/src/libraries/Table.sol";
import {Store} from "contracts/src/parent/Store.sol";
import {Packed} from "contracts/src/types/Packed.sol";
import {Question, Questions} from "contracts/src/types/Question.sol";
import {Record} from "contracts/src/types/Record.sol";
import {Kind} from "contracts/src/types/Types.sol";

/// @title The Hub's batch inbox
/// @dev The other half, the loop that applies entries, is Hub.sol.
abstract contract Inbox is Store, ILoop {
    /// @dev Where messages are said on this chain.
    IMessageService private immutable MESSAGES;
    address private constant HISTORY_STORAGE = 0x0000F90827F1C53a10cb7A02335B175320002935; // EIP-2935

    uint256 private constant PENDING = uint256(keccak256("lockstep.hub.pending"));

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
    function postBatch(bytes calldata batch, Proof[] calldata proofs) external {
        _post(batch, proofs, false);
    }

    /// @inheritdoc ILoop
    function postBatchTransient(bytes calldata batch, Proof[] calldata proofs) external {
        _post(batch, proofs, true);
    }

    function _post(bytes calldata batch, Proof[] calldata proofs, bool isTransient) private {
        unchecked {
            // Updates that are checked but not begun must not meet others of the same rollup.
            if (loopDepth != 0) revert BatchInsideLoop();
            Packed.Reader memory reader = Packed.open(batch);
            _checkRollups(reader, proofs);
            Question[] memory updates = new Question[](reader.updateCount);
            bytes32 publicInput = _publicInput(batch, _takeUpdates(reader, updates));
            _verify(proofs, publicInput);
            Record[] memory early = new Record[](isTransient ? 0 : reader.entryCount);
            uint64[] memory earlyOf = new uint64[](early.length);
            uint256 earlyCount = 0;
            for (uint256 i = 0; i < reader.entryCount; i++) {
                (Record record, uint256 kind, uint64 rollupId) = Packed.next(reader, i);
                // What can be asked for before this function ends serves from transient storage first: most
                // of it is used up by then.
                if (isTransient || kind != uint256(Kind.CALL)) Table.putTransient(record);
                else Table.put(record, rollupId, true);
                if (isTransient || kind == uint256(Kind.CALL) || kind == uint256(Kind.L2TX)) {
                    record.close();
                } else {
                    (early[earlyCount], earlyOf[earlyCount]) = (record, rollupId);
                    earlyCount++;
                }
            }
            if (reader.at != reader.end) Packed.fail(reader, reader.at);
            emit BatchPosted(msg.sender, publicInput, _isInTransaction() ? batch[0:0] : batch);
            for (uint256 i = 0; i < updates.length; i++) _begin(updates[i]);
            for (uint256 i = 0; i < earlyCount; i++) {
                // An L2TX is never asked for again. Nor is a fact that has moved its rollup: no head comes back.
                if (!_isUsed(early[i].hash())) Table.put(early[i], earlyOf[i], false);
            }
        }
    }

    /// @dev Whatever the batch can name is named in ascending order, covered by a proof, and may move
    /// if an L2TX of it was begun in this block.
    function _checkRollups(Packed.Reader memory reader, Proof[] calldata proofs) private view {
        unchecked {
            uint64 last = 0;
            for (uint256 i = 0; i < reader.rollupCount; i++) {
                uint64 rollupId = Packed.rollupAt(reader, i, 0);
                if (rollupId <= last) Packed.fail(reader, reader.rollups + 8 * i);
                last = rollupId;
                if (!_isCovered(rollupId, proofs)) revert NotCovered(rollupId);
                if (rollups[rollupId].updatedInBlock == block.number) Packed.setMovable(reader, i);
            }
        }
    }

    /// @dev A rollup that nobody registered is on no proof system, so `_verify` refuses it.
    function _isCovered(uint64 rollupId, Proof[] calldata proofs) private pure returns (bool) {
        unchecked {
            for (uint256 i = 0; i < proofs.length; i++) {
                uint64[] calldata ids = proofs[i].rollupIds;
                for (uint256 j = 0; j < ids.length; j++) if (ids[j] == rollupId) return true;
            }
            return false;
        }
    }

    /// @dev What is proven: the batch as it was posted, on this Hub and this chain, with what the Hub
    /// itself knows of its updates.
    function _publicInput(bytes calldata batch, bytes32 contextsHash) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), keccak256(batch), contextsHash));
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

    /// @dev Reads the updates, checks them and takes their anchors and timestamps, below which the next
    /// ones may not go. The hash of what the Hub adds to each: anchorHash ‖ forcedHash.
    function _takeUpdates(Packed.Reader memory reader, Question[] memory updates) private returns (bytes32) {
        unchecked {
            bytes32[] memory contexts = new bytes32[](2 * updates.length);
            for (uint256 i = 0; i < updates.length; i++) {
                uint256 at = reader.at;
                uint256 word;
                assembly ("memory-safe") {
                    word := calldataload(at)
                }
                uint64 rollupId = Packed.rollupAt(reader, word >> 248, at);
                uint64 anchor = uint64(word >> 184);
                uint64 time = uint64(word >> 120);
                bytes32[] calldata slots;
                uint256 size = uint24(word >> 64);
                at += 24;
                assembly ("memory-safe") {
                    slots.offset := at
                    slots.length := and(shr(88, word), 0xffff)
                }
                at += 32 * slots.length;
                reader.at = at + size;
                if (reader.at > reader.end) Packed.fail(reader, at);
                Packed.setMovable(reader, word >> 248);
                (bytes32 anchorHash, bytes32 forcedHash) = _take(rollupId, anchor, time, uint16(word >> 104));
                bytes32 messagesHash = _requireSent(slots);
                (contexts[2 * i], contexts[2 * i + 1]) = (anchorHash, forcedHash);
                Question question = Questions.open(uint256(Kind.L2TX), rollupId, 160);
                bytes memory data = question.data();
                assembly ("memory-safe") {
                    let free := mload(64)
                    calldatacopy(free, at, size)
                    mstore(add(data, 32), keccak256(free, size))
                    mstore(add(data, 64), anchorHash)
                    mstore(add(data, 96), messagesHash)
                    mstore(add(data, 128), forcedHash)
                    mstore(add(data, 160), time)
                }
                updates[i] = question;
                Packed.setInput(reader, i, question.hash());
            }
            return keccak256(abi.encodePacked(contexts));
        }
    }

    /// @dev All that an update asks of the rollup is in one word, which is read once: IHubTerms.Rollup.
    function _take(uint64 rollupId, uint256 anchor, uint256 time, uint256 forced)
        private
        returns (bytes32 anchorHash, bytes32 forcedHash)
    {
        unchecked {
            Rollup storage r = rollups[rollupId];
            uint256 word;
            assembly ("memory-safe") {
                word := sload(add(r.slot, 1))
            }
            uint256 last = uint48(word >> 48);
            if (anchor >= block.number) revert AnchorNotPast(uint64(anchor), block.number);
            if (block.number - anchor > ANCHOR_LAG_MAX) revert AnchorTooOld(uint64(anchor), block.number);
            if (anchor < last) revert AnchorBelowLast(uint64(anchor), uint64(last));
            if (time > block.timestamp || time < uint48(word >> 96)) revert TimestampOutOfRange(uint64(time));
            uint256 changed = (word ^ anchor << 48 ^ time << 96) & uint256(type(uint96).max) << 48 ^ word;
            assembly ("memory-safe") {
                sstore(add(r.slot, 1), changed)
            }
            if (uint48(word) != block.number) _setPending(rollupId, 1);
            // 0, for none that waits, is the last of all blocks here.
            if (forced != 0 || uint256(uint48(word >> 144)) - 1 < block.number) {
                forcedHash = IRegistry(address(this)).takeForced(rollupId, forced);
            }
            anchorHash = _blockHash(uint64(anchor));
        }
    }

    /// @dev Whether the rollup has an update in the batch that is being posted, and none of its L2TX was
    /// begun in this block: until then it does not move.
    function _isPending(uint64 rollupId) internal view returns (bool pending) {
        unchecked {
            uint256 slot = PENDING + rollupId;
            assembly ("memory-safe") {
                pending := tload(slot)
            }
        }
    }

    function _setPending(uint64 rollupId, uint256 pending) private {
        unchecked {
            uint256 slot = PENDING + rollupId;
            assembly ("memory-safe") {
                tstore(slot, pending)
            }
        }
    }

    /// @dev Messages that were said on this chain, and their hash: 0 for none. The service reverts with
    /// MessageNotSent.
    function _requireSent(bytes32[] calldata slots) private view returns (bytes32 hash) {
        if (slots.length == 0) return 0;
        address messages = address(MESSAGES);
        bytes4 selector = IMessageService.requireSent.selector;
        assembly ("memory-safe") {
            // requireSent(slots), encoded, and forgotten.
            let at := mload(64)
            let size := shl(5, slots.length)
            mstore(at, selector)
            mstore(add(at, 4), 32)
            mstore(add(at, 36), slots.length)
            calldatacopy(add(at, 68), slots.offset, size)
            hash := keccak256(add(at, 68), size)
            // Who is not there refuses nothing.
            let ok := staticcall(gas(), messages, at, add(68, size), 0, 0)
            if or(iszero(ok), iszero(extcodesize(messages))) {
                returndatacopy(at, 0, returndatasize())
                revert(at, returndatasize())
            }
        }
    }

    function _blockHash(uint64 number) private view returns (bytes32 hash) {
        hash = blockhash(number);
        if (hash != 0) return hash;
        (bool ok, bytes memory result) = HISTORY_STORAGE.staticcall(abi.encode(number));
        if (ok && result.length == 32) hash = bytes32(result);
        if (hash == 0) revert AnchorTooOld(number, block.number);
    }

    function _verify(Proof[] calldata proofs, bytes32 publicInput) private view {
        unchecked {
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
    }

    /// @dev The rollup may move from here to the end of the block; its L2TX is the first to move it.
    /// Between loops every head is idle: where it stood before this block is kept as one of its roots.
    function _begin(Question question) private {
        unchecked {
            uint64 rollupId = question.rollupId();
            Rollup storage r = rollups[rollupId];
            uint256 word;
            assembly ("memory-safe") {
                word := sload(add(r.slot, 1))
            }
            if (uint48(word) != block.number) {
                uint32 index = uint32(word >> 192);
                mapping(uint256 => bytes32) storage chains = roots[rollupId];
                chains[index % CHAINS] = keccak256(abi.encode(chains[index % CHAINS], r.head));
                word ^= uint48(word) ^ block.number ^ (uint256(index) ^ uint32(index + 1)) << 192;
                assembly ("memory-safe") {
                    sstore(add(r.slot, 1), word)
                }
                _setPending(rollupId, 0);
            }
        }
        _runL2TX(question);
    }
}
