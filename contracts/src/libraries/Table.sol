// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Kind} from "contracts/src/types/Types.sol";
import {PostedAction, PostedEntries, PostedEntry} from "contracts/src/types/PostedEntry.sol";

/// @title The execution table
/// @notice Entries live until the end of their block (in storage) or of their transaction (in transient
/// storage). They are found under (rollupId, head, hash of the action); there may be several
/// alternatives under one key. Both tables are laid out alike, in words counted from `BASE`:
///
///   word 0         block 64 ‖ used 32 ‖ buckets 160: ten chains of 16 bits each
///   word 1 …       records, one behind the other; `used` is where the next one goes
///
/// A chain is the word number of its newest record; a record's header leads to the next older one.
/// What another block wrote counts as empty and is overwritten, so in the long run nothing is written
/// to fresh storage; the first words are the Hub's to pay for when it is deployed (`prepare`). A record
/// holds what the Hub needs later and cannot tell by itself:
///
///   header         fingerprint of the key 176 ‖ next 16 ‖ data size 24 ‖ other transitions 8 ‖ flags 32
///   entryHash
///   post           of the first transition, unless `same` or `derived`; its rollup and pre are in the
///                  key. Derived: the head of a rollup suspended by a CALL without a trace, which
///                  follows from the key and the out-action (protocol, section 2)
///   etherDelta     of the first transition, if hasDelta
///   per other transition: rollupId 64 ‖ hasDelta 1 ‖ same 1 ‖ idle 1, pre, [post], [etherDelta]
///   CALL:          first 4 bytes of data ‖ gas 64 ‖ target 160; unless `own`: sourceRollupId 64 ‖
///                  source 160; [value]. Own: the contract calls that the input called
///   REVERT:        rollupId
///   data           of the out-action: in whole words, without the 4 bytes of a CALL
///
/// A fingerprint of 176 bits takes 2^88 trials to collide, more than a proof system's keys do. A
/// RESULT's rollupId and gas are not kept, as the Hub has no use for them: in an Outcome they are zero.
library Table {
    /// @notice An entry's out-action is neither a CALL to the parent, a RESULT, nor a REVERT to a head.
    error OutActionUnexpected();
    /// @notice More entries in this block than the table has room for.
    error TableFull();

    uint256 private constant BASE = uint256(keccak256("lockstep.hub.table"));
    uint256 private constant BUCKETS = 10;
    uint256 private constant WORDS_MAX = 1 << 16;
    uint256 private constant IS_THERE = 1;
    uint256 private constant DATA_MAX = (1 << 24) - 1;

    uint256 private constant NEXT_SHIFT = 64;
    uint256 private constant SIZE_SHIFT = 40;
    uint256 private constant OTHERS_SHIFT = 32;
    uint256 private constant FINGERPRINT_SHIFT = 80;
    uint256 private constant BEHIND_SHIFT = 8; // from SCOPE
    uint256 private constant BEHIND = SCOPE << BEHIND_SHIFT; // an older record under its key has a scope
    uint256 private constant DERIVED = 1 << 9;
    uint256 private constant OWN = 1 << 8;
    uint256 private constant SAME = 1 << 7;
    uint256 private constant IDLE = 1 << 6;
    uint256 private constant HAS_DELTA = 1 << 5;
    uint256 private constant HAS_VALUE = 1 << 4;
    uint256 private constant FLAG = 1 << 3; // a CALL isStatic, a RESULT failed
    uint256 private constant SCOPE = 1 << 2;
    uint256 private constant KIND_MASK = 3;

    uint256 private constant CALL = uint256(Kind.CALL);
    uint256 private constant RESULT = uint256(Kind.RESULT);
    uint256 private constant REVERT = uint256(Kind.REVERT);

    // Of another transition's first word.
    uint256 private constant OTHER_HAS_DELTA = 1 << 66;
    uint256 private constant OTHER_SAME = 1 << 65;
    uint256 private constant OTHER_IDLE = 1 << 64;

    // --- writing --------------------------------------------------------------------------------------

    /// @notice Writes the first words of the table in storage, so that no batch has to be the first to.
    function prepare(uint256 words) internal {
        for (uint256 i = 0; i < words; i++) _store(BASE + i, 1, false);
    }

    function _keyOf(uint256 rollupId, bytes32 head, bytes32 actionHash) private pure returns (bytes32 key) {
        assembly ("memory-safe") {
            let free := mload(64)
            mstore(free, rollupId)
            mstore(add(free, 32), head)
            mstore(add(free, 64), actionHash)
            key := keccak256(free, 96)
        }
    }

    /// @notice Adds an entry, unless it is there already. inputHash, outHash: of its actions.
    function put(PostedEntry entry, bytes32 entryHash, bytes32 inputHash, bytes32 outHash, bool isTransient)
        internal
    {
        (uint256 t,) = entry.transitions();
        bytes32 key = _keyOf(PostedEntries.word(t, 0), bytes32(PostedEntries.word(t, 1)), inputHash);
        uint256 kind = entry.input().kind();
        uint256 root = _load(BASE, isTransient);
        if (root >> 192 != uint64(block.number)) root = block.number << 192 | 1 << 160;
        uint256 shift = _bucketShift(key, kind);
        uint256 start = uint32(root >> 160);
        uint256 newest = uint16(root >> shift);
        uint256 behind = _search(key, entryHash, newest, isTransient);
        if (behind == IS_THERE) return;
        uint256 header = _header(entry, key, inputHash, outHash) | newest << NEXT_SHIFT | behind;
        _store(BASE + start, header, isTransient);
        _store(BASE + start + 1, uint256(entryHash), isTransient);
        uint256 end = _writeTransitions(entry, header, BASE + start + 2, isTransient);
        end = _writeOut(entry.out(), header, end, isTransient) - BASE;
        if (end > WORDS_MAX) revert TableFull();
        root &= ~(uint256(type(uint32).max) << 160 | uint256(type(uint16).max) << shift);
        _store(BASE, root | end << 160 | start << shift, isTransient);
    }

    /// @dev IS_THERE: the chain has the entry. BEHIND: it has one under its key that has a scope.
    function _search(bytes32 key, bytes32 entryHash, uint256 at, bool isTransient)
        private
        view
        returns (uint256 behind)
    {
        while (at != 0) {
            uint256 header = _load(BASE + at, isTransient);
            if (_isOf(header, key)) {
                if (_load(BASE + at + 1, isTransient) == uint256(entryHash)) return IS_THERE;
                behind |= (header & SCOPE) << BEHIND_SHIFT;
            }
            at = uint16(header >> NEXT_SHIFT);
        }
    }

    function _header(PostedEntry entry, bytes32 key, bytes32 inputHash, bytes32 outHash)
        private
        pure
        returns (uint256 header)
    {
        PostedAction out = entry.out();
        (uint256 first, uint256 count) = entry.transitions();
        header = uint256(key) >> FINGERPRINT_SHIFT << FINGERPRINT_SHIFT;
        uint256 size = out.dataSize();
        if (size > DATA_MAX) revert OutActionUnexpected();
        header |= size << SIZE_SHIFT | (count - 1) << OTHERS_SHIFT;
        bytes32 pre = bytes32(PostedEntries.word(first, 1));
        bytes32 post = bytes32(PostedEntries.word(first, 2));
        if (post == pre) header |= SAME;
        if (PostedEntries.word(first, 3) != 0) header |= IDLE;
        if (PostedEntries.word(first, 4) != 0) header |= HAS_DELTA;
        if (entry.scope()) header |= SCOPE;
        uint256 kind = out.kind();
        if (kind == CALL && out.rollupId() == 0) {
            if (out.value() != 0) header |= HAS_VALUE;
            if (out.isStatic()) header |= FLAG;
            PostedAction input = entry.input();
            bool isOwn = input.kind() == CALL && out.source() == input.target() && out.sourceRollupId() == input.rollupId();
            if (isOwn) header |= OWN;
            if (entry.traceSize() == 0 && post == _suspendedHead(pre, inputHash, outHash)) header |= DERIVED;
        } else if (kind == RESULT) {
            if (out.failed()) header |= FLAG;
        } else if (kind != REVERT || size != 32) {
            revert OutActionUnexpected();
        }
        header |= kind;
    }

    /// @dev keccak256(abi.encode(head, hash of the input, hash of no trace: 0, hash of the out-action)).
    function _suspendedHead(bytes32 pre, bytes32 inputHash, bytes32 outHash) private pure returns (bytes32 head) {
        assembly ("memory-safe") {
            let free := mload(64)
            mstore(free, pre)
            mstore(add(free, 32), inputHash)
            mstore(add(free, 64), 0)
            mstore(add(free, 96), outHash)
            head := keccak256(free, 128)
        }
    }

    function _writeTransitions(PostedEntry entry, uint256 header, uint256 at, bool isTransient)
        private
        returns (uint256)
    {
        (uint256 t, uint256 count) = entry.transitions();
        if (header & (SAME | DERIVED) == 0) _store(at++, PostedEntries.word(t, 2), isTransient);
        if (header & HAS_DELTA != 0) _store(at++, PostedEntries.word(t, 4), isTransient);
        for (uint256 i = 1; i < count; i++) {
            t += 160;
            uint256 pre = PostedEntries.word(t, 1);
            uint256 post = PostedEntries.word(t, 2);
            uint256 delta = PostedEntries.word(t, 4);
            uint256 first = PostedEntries.word(t, 0);
            if (delta != 0) first |= OTHER_HAS_DELTA;
            if (post == pre) first |= OTHER_SAME;
            if (PostedEntries.word(t, 3) != 0) first |= OTHER_IDLE;
            _store(at++, first, isTransient);
            _store(at++, pre, isTransient);
            if (post != pre) _store(at++, post, isTransient);
            if (delta != 0) _store(at++, delta, isTransient);
        }
        return at;
    }

    function _writeOut(PostedAction out, uint256 header, uint256 at, bool isTransient) private returns (uint256) {
        uint256 data = out.data();
        uint256 end = data + out.dataSize();
        uint256 kind = header & KIND_MASK;
        if (kind == CALL) {
            // Behind the data are the zeros of its padding, or it has none.
            uint256 selector = data < end ? PostedEntries.word(data, 0) >> 224 : 0;
            _store(at++, selector << 224 | out.gas_() << 160 | out.target(), isTransient);
            if (header & OWN == 0) _store(at++, out.sourceRollupId() << 160 | out.source(), isTransient);
            if (header & HAS_VALUE != 0) _store(at++, out.value(), isTransient);
            data += 4;
        } else if (kind == REVERT) {
            _store(at++, out.rollupId(), isTransient);
        }
        for (; data < end; data += 32) _store(at++, PostedEntries.word(data, 0), isTransient);
        return at;
    }

    // --- reading --------------------------------------------------------------------------------------

    /// @notice abi.encode(Outcome), in memory, of the alternative-th entry under a key: those of the
    /// transaction before those of the block; in each, those with a scope before those without that
    /// came after them, the newest first. `input` is where the action's tuple lies in calldata.
    /// @dev The walk ends where the entry is found: what that costs depends on the records in front, and
    /// so for one who puts last what is needed first it depends on nothing that is needed later
    /// (docs/decisions/019).
    function get(uint256 rollupId, bytes32 head, bytes32 actionHash, uint256 input, uint256 alternative)
        internal
        view
        returns (uint256 outcome, uint256 size)
    {
        bytes32 key = _keyOf(rollupId, head, actionHash);
        uint256 shift = _bucketShift(key, PostedEntries.word(input, 0));
        for (uint256 pass = 0; pass < 4; pass++) {
            bool isTransient = pass < 2;
            bool isLate = pass & 1 != 0;
            uint256 at = _newest(shift, isTransient);
            while (at != 0) {
                uint256 header = _load(BASE + at, isTransient);
                if (_isOf(header, key) && (header & (BEHIND | SCOPE) == BEHIND) == isLate) {
                    if (alternative == 0) {
                        return _read(Reading(isTransient, BASE + at + 1, header, rollupId, head, actionHash, input));
                    }
                    alternative--;
                }
                at = uint16(header >> NEXT_SHIFT);
            }
        }
        return _nothing();
    }

    /// @dev A record that is being read, the next of its words, and what was asked for.
    struct Reading {
        bool isTransient;
        uint256 at;
        uint256 header;
        uint256 rollupId;
        bytes32 head;
        bytes32 actionHash;
        uint256 input;
    }

    function _newest(uint256 shift, bool isTransient) private view returns (uint256) {
        uint256 root = _load(BASE, isTransient);
        if (root >> 192 != uint64(block.number)) return 0;
        return uint16(root >> shift);
    }

    /// @dev The encoding of Outcome has: 32, found, scope, entryHash, 160, where `out` is; the number of
    /// transitions, these, `out`.
    function _read(Reading memory r) private view returns (uint256 outcome, uint256 size) {
        uint256 header = r.header;
        uint256 count = 1 + uint8(header >> OTHERS_SHIFT);
        outcome = _allocate(224 + 160 * count + 352 + 36 + uint24(header >> SIZE_SHIFT));
        _put(outcome, 0, 32);
        _put(outcome, 1, 1);
        _put(outcome, 2, header & SCOPE != 0 ? 1 : 0);
        _put(outcome, 3, _next(r));
        _put(outcome, 4, 160);
        _put(outcome, 5, 192 + 160 * count);
        _put(outcome, 6, count);
        uint256 first = outcome + 224;
        uint256 t = first;
        _put(t, 0, r.rollupId);
        _put(t, 1, uint256(r.head));
        _put(t, 2, header & (SAME | DERIVED) == 0 ? _next(r) : uint256(r.head));
        _put(t, 3, header & IDLE != 0 ? 1 : 0);
        _put(t, 4, header & HAS_DELTA != 0 ? _next(r) : 0);
        for (uint256 i = 1; i < count; i++) {
            t += 160;
            uint256 word = _next(r);
            uint256 pre = _next(r);
            _put(t, 0, uint64(word));
            _put(t, 1, pre);
            _put(t, 2, word & OTHER_SAME != 0 ? pre : _next(r));
            _put(t, 3, word & OTHER_IDLE != 0 ? 1 : 0);
            _put(t, 4, word & OTHER_HAS_DELTA != 0 ? _next(r) : 0);
        }
        uint256 out = t + 160;
        uint256 outSize = _readOut(r, out);
        size = out + outSize - outcome;
        if (header & DERIVED != 0) {
            // The word before `out` is the last transition's, which makes way for a while.
            uint256 kept;
            bytes32 outHash;
            assembly ("memory-safe") {
                let at := sub(out, 32)
                kept := mload(at)
                mstore(at, 32)
                outHash := keccak256(at, add(outSize, 32))
                mstore(at, kept)
            }
            _put(first, 2, uint256(_suspendedHead(r.head, r.actionHash, outHash)));
        }
    }

    function _readOut(Reading memory r, uint256 out) private view returns (uint256) {
        uint256 header = r.header;
        uint256 kind = header & KIND_MASK;
        uint256 dataSize = uint24(header >> SIZE_SHIFT);
        uint256 data = out + 352;
        _put(out, 0, kind);
        _put(out, 9, 320);
        _put(out, 10, dataSize);
        if (kind == CALL) {
            uint256 callee = _next(r);
            _put(out, 2, uint160(callee));
            _put(out, 6, uint64(callee >> 160));
            _put(out, 7, header & FLAG != 0 ? 1 : 0);
            if (header & OWN != 0) {
                _put(out, 3, PostedEntries.word(r.input, 1));
                _put(out, 4, PostedEntries.word(r.input, 2));
            } else {
                uint256 caller = _next(r);
                _put(out, 3, caller >> 160);
                _put(out, 4, uint160(caller));
            }
            if (header & HAS_VALUE != 0) _put(out, 5, _next(r));
            if (dataSize != 0) _put(data, 0, callee >> 224 << 224);
            data += 4;
        } else if (kind == RESULT) {
            _put(out, 8, header & FLAG != 0 ? 1 : 0);
        } else {
            _put(out, 1, _next(r));
        }
        uint256 end = out + 352 + dataSize;
        for (; data < end; data += 32) _put(data, 0, _next(r));
        return 352 + ((dataSize + 31) & ~uint256(31));
    }

    function _nothing() private pure returns (uint256 outcome, uint256 size) {
        size = 224 + 352;
        outcome = _allocate(size);
        _put(outcome, 0, 32);
        _put(outcome, 4, 160);
        _put(outcome, 5, 192);
        _put(outcome, 16, 320);
    }

    // --- words ----------------------------------------------------------------------------------------

    /// @dev The bucket is taken from bits that are not in the fingerprint. CALLs (kind 0) have buckets of
    /// their own: what is put into the transient table for a batch's own L2TX is in no CALL's way.
    function _bucketShift(bytes32 key, uint256 kind) private pure returns (uint256 shift) {
        assembly ("memory-safe") {
            shift := mul(add(mod(and(key, 0xffffffff), 5), mul(iszero(kind), 5)), 16)
        }
    }

    function _isOf(uint256 header, bytes32 key) private pure returns (bool) {
        return (header ^ uint256(key)) >> FINGERPRINT_SHIFT == 0;
    }

    function _next(Reading memory r) private view returns (uint256 word) {
        word = _load(r.at++, r.isTransient);
    }

    /// @dev Memory that is all zero.
    function _allocate(uint256 size) private pure returns (uint256 at) {
        assembly ("memory-safe") {
            at := mload(64)
            mstore(64, and(add(add(at, size), 31), not(31)))
            calldatacopy(at, calldatasize(), size)
        }
    }

    function _put(uint256 at, uint256 index, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(at, mul(index, 32)), word)
        }
    }

    function _load(uint256 slot, bool isTransient) private view returns (uint256 word) {
        assembly ("memory-safe") {
            switch isTransient
            case 0 { word := sload(slot) }
            default { word := tload(slot) }
        }
    }

    function _store(uint256 slot, uint256 word, bool isTransient) private {
        assembly ("memory-safe") {
            switch isTransient
            case 0 { sstore(slot, word) }
            default { tstore(slot, word) }
        }
    }
}
