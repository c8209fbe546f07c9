// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Action, Entry, Kind, Outcome, Transition} from "contracts/src/types/Types.sol";

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
/// to fresh storage. A record holds what the Hub needs later and nothing else:
///
///   header         fingerprint of the key 192 ‖ next 16 ‖ data size 24 ‖ other transitions 8 ‖
///                  same 1 ‖ idle 1 ‖ hasDelta 1 ‖ hasValue 1 ‖ flag 1 ‖ scope 1 ‖ kind 2
///   entryHash
///   post           of the first transition, unless `same`; its rollup and pre are in the key
///   etherDelta     of the first transition, if hasDelta
///   per other transition: rollupId 64 ‖ hasDelta 1 ‖ same 1 ‖ idle 1, pre, [post], [etherDelta]
///   CALL:          target 160 ‖ gas 64, source 160 ‖ sourceRollupId 64, [value]; flag: isStatic
///   REVERT:        rollupId
///   data           of the out-action; flag of a RESULT: failed
///
/// A fingerprint of 192 bits takes 2^96 trials to collide, more than a proof system's keys do. A
/// RESULT's rollupId and gas are not kept, as the Hub has no use for them: in an Outcome they are zero.
library Table {
    /// @notice An entry's out-action is neither a CALL to the parent, a RESULT, nor a REVERT to a head.
    error OutActionUnexpected();
    /// @notice More entries in this block than the table has room for.
    error TableFull();

    uint256 private constant BASE = uint256(keccak256("lockstep.hub.table"));
    uint256 private constant BUCKETS = 10;
    uint256 private constant WORDS_MAX = 1 << 16;
    uint256 private constant DATA_MAX = (1 << 24) - 1;

    uint256 private constant NEXT_SHIFT = 48;
    uint256 private constant SIZE_SHIFT = 24;
    uint256 private constant OTHERS_SHIFT = 16;
    uint256 private constant FINGERPRINT_SHIFT = 64;
    uint256 private constant SAME = 1 << 7;
    uint256 private constant IDLE = 1 << 6;
    uint256 private constant HAS_DELTA = 1 << 5;
    uint256 private constant HAS_VALUE = 1 << 4;
    uint256 private constant FLAG = 1 << 3;
    uint256 private constant SCOPE = 1 << 2;
    uint256 private constant KIND_MASK = 3;

    uint256 private constant KIND_RESULT = 0;
    uint256 private constant KIND_CALL = 1;
    uint256 private constant KIND_REVERT = 2;

    // Of another transition's first word.
    uint256 private constant OTHER_HAS_DELTA = 1 << 66;
    uint256 private constant OTHER_SAME = 1 << 65;
    uint256 private constant OTHER_IDLE = 1 << 64;

    /// @dev A table and a word in it; reading or writing moves on.
    struct Cursor {
        bool isTransient;
        uint256 at;
    }

    // --- writing --------------------------------------------------------------------------------------

    /// @notice Adds an entry, unless it is there already.
    function put(bytes32 entryHash, bytes32 actionHash, Entry calldata entry, bool isTransient) internal {
        bytes32 key = _key(entry.input.rollupId, entry.transitions[0].pre, actionHash);
        uint256 root = _load(BASE, isTransient);
        if (root >> 192 != uint64(block.number)) root = block.number << 192 | 1 << 160;
        uint256 shift = _bucketShift(key);
        uint256 newest = uint16(root >> shift);
        if (_has(key, entryHash, newest, isTransient)) return;

        uint256 start = uint32(root >> 160);
        Cursor memory c = Cursor(isTransient, BASE + start);
        _write(c, _header(entry, key) | newest << NEXT_SHIFT);
        _write(c, uint256(entryHash));
        _writeTransitions(c, entry.transitions);
        _writeOut(c, entry.out);

        uint256 end = c.at - BASE;
        if (end > WORDS_MAX) revert TableFull();
        root &= ~(uint256(type(uint32).max) << 160 | uint256(type(uint16).max) << shift);
        _store(BASE, root | end << 160 | start << shift, isTransient);
    }

    function _has(bytes32 key, bytes32 entryHash, uint256 at, bool isTransient) private view returns (bool) {
        while (at != 0) {
            uint256 header = _load(BASE + at, isTransient);
            if (_isOf(header, key) && _load(BASE + at + 1, isTransient) == uint256(entryHash)) return true;
            at = uint16(header >> NEXT_SHIFT);
        }
        return false;
    }

    function _header(Entry calldata entry, bytes32 key) private pure returns (uint256 header) {
        Action calldata out = entry.out;
        Transition calldata first = entry.transitions[0];
        header = uint256(key) >> FINGERPRINT_SHIFT << FINGERPRINT_SHIFT;
        if (out.data.length > DATA_MAX) revert OutActionUnexpected();
        header |= out.data.length << SIZE_SHIFT | (entry.transitions.length - 1) << OTHERS_SHIFT;
        if (first.post == first.pre) header |= SAME;
        if (first.idle) header |= IDLE;
        if (first.etherDelta != 0) header |= HAS_DELTA;
        if (entry.scope) header |= SCOPE;
        if (out.kind == Kind.CALL && out.rollupId == 0) {
            header |= KIND_CALL;
            if (out.value != 0) header |= HAS_VALUE;
            if (out.isStatic) header |= FLAG;
        } else if (out.kind == Kind.RESULT) {
            header |= KIND_RESULT;
            if (out.failed) header |= FLAG;
        } else if (out.kind == Kind.REVERT && out.data.length == 32) {
            header |= KIND_REVERT;
        } else {
            revert OutActionUnexpected();
        }
    }

    function _writeTransitions(Cursor memory c, Transition[] calldata transitions) private {
        for (uint256 i = 0; i < transitions.length; i++) {
            Transition calldata t = transitions[i];
            if (i > 0) {
                uint256 first = t.rollupId;
                if (t.etherDelta != 0) first |= OTHER_HAS_DELTA;
                if (t.post == t.pre) first |= OTHER_SAME;
                if (t.idle) first |= OTHER_IDLE;
                _write(c, first);
                _write(c, uint256(t.pre));
            }
            if (t.post != t.pre) _write(c, uint256(t.post));
            if (t.etherDelta != 0) _write(c, uint256(t.etherDelta));
        }
    }

    function _writeOut(Cursor memory c, Action calldata out) private {
        if (out.kind == Kind.CALL) {
            _write(c, uint256(out.gas) << 160 | uint160(out.target));
            _write(c, uint256(out.sourceRollupId) << 160 | uint160(out.source));
            if (out.value != 0) _write(c, out.value);
        } else if (out.kind == Kind.REVERT) {
            _write(c, out.rollupId);
        }
        bytes calldata data = out.data;
        for (uint256 i = 0; i < data.length; i += 32) {
            _write(c, uint256(bytes32(data[i:i + 32 < data.length ? i + 32 : data.length])));
        }
    }

    // --- reading --------------------------------------------------------------------------------------

    /// @notice The alternative-th entry under a key: first those with a scope, then the others; among
    /// these first those of the transaction, then those of the block.
    function get(uint64 rollupId, bytes32 head, bytes32 actionHash, uint256 alternative)
        internal
        view
        returns (Outcome memory outcome)
    {
        bytes32 key = _key(rollupId, head, actionHash);
        for (uint256 pass = 0; pass < 4; pass++) {
            bool isTransient = pass & 1 == 0;
            uint256 wanted = pass < 2 ? SCOPE : 0;
            uint256 at = _newest(key, isTransient);
            while (at != 0) {
                uint256 header = _load(BASE + at, isTransient);
                if (_isOf(header, key) && header & SCOPE == wanted) {
                    if (alternative == 0) {
                        _read(outcome, Cursor(isTransient, BASE + at + 1), header);
                        outcome.transitions[0].rollupId = rollupId;
                        outcome.transitions[0].pre = head;
                        if (header & SAME != 0) outcome.transitions[0].post = head;
                        return outcome;
                    }
                    alternative--;
                }
                at = uint16(header >> NEXT_SHIFT);
            }
        }
    }

    function _newest(bytes32 key, bool isTransient) private view returns (uint256) {
        uint256 root = _load(BASE, isTransient);
        if (root >> 192 != uint64(block.number)) return 0;
        return uint16(root >> _bucketShift(key));
    }

    function _read(Outcome memory outcome, Cursor memory c, uint256 header) private view {
        outcome.found = true;
        outcome.scope = header & SCOPE != 0;
        outcome.entryHash = bytes32(_next(c));
        uint256 count = 1 + uint8(header >> OTHERS_SHIFT);
        Transition[] memory transitions = new Transition[](count);
        transitions[0].idle = header & IDLE != 0;
        if (header & SAME == 0) transitions[0].post = bytes32(_next(c));
        if (header & HAS_DELTA != 0) transitions[0].etherDelta = int256(_next(c));
        for (uint256 i = 1; i < count; i++) {
            Transition memory t = transitions[i];
            uint256 first = _next(c);
            t.rollupId = uint64(first);
            t.idle = first & OTHER_IDLE != 0;
            t.pre = bytes32(_next(c));
            t.post = first & OTHER_SAME != 0 ? t.pre : bytes32(_next(c));
            if (first & OTHER_HAS_DELTA != 0) t.etherDelta = int256(_next(c));
        }
        outcome.transitions = transitions;
        _readOut(outcome.out, c, header);
    }

    function _readOut(Action memory out, Cursor memory c, uint256 header) private view {
        uint256 kind = header & KIND_MASK;
        if (kind == KIND_CALL) {
            out.kind = Kind.CALL;
            out.isStatic = header & FLAG != 0;
            uint256 callee = _next(c);
            out.target = address(uint160(callee));
            out.gas = uint64(callee >> 160);
            uint256 caller = _next(c);
            out.source = address(uint160(caller));
            out.sourceRollupId = uint64(caller >> 160);
            if (header & HAS_VALUE != 0) out.value = _next(c);
        } else if (kind == KIND_RESULT) {
            out.kind = Kind.RESULT;
            out.failed = header & FLAG != 0;
        } else {
            out.kind = Kind.REVERT;
            out.rollupId = uint64(_next(c));
        }
        uint256 size = uint24(header >> SIZE_SHIFT);
        bytes memory data = new bytes(size);
        for (uint256 i = 0; i < size; i += 32) {
            uint256 word = _next(c);
            // The allocation is rounded up to whole words, and the last word's rest is zero.
            assembly ("memory-safe") {
                mstore(add(add(data, 32), i), word)
            }
        }
        out.data = data;
    }

    // --- words ----------------------------------------------------------------------------------------

    function _key(uint64 rollupId, bytes32 head, bytes32 actionHash) private pure returns (bytes32) {
        return keccak256(abi.encode(rollupId, head, actionHash));
    }

    /// @dev The bucket is taken from bits that are not in the fingerprint.
    function _bucketShift(bytes32 key) private pure returns (uint256) {
        return (uint64(uint256(key)) % BUCKETS) * 16;
    }

    function _isOf(uint256 header, bytes32 key) private pure returns (bool) {
        return (header ^ uint256(key)) >> FINGERPRINT_SHIFT == 0;
    }

    function _next(Cursor memory c) private view returns (uint256 word) {
        word = _load(c.at++, c.isTransient);
    }

    function _write(Cursor memory c, uint256 word) private {
        _store(c.at++, word, c.isTransient);
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
