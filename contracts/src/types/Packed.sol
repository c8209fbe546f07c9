// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IHubTerms} from "contracts/src/interfaces/IHub.sol";
import {Record, Records} from "contracts/src/types/Record.sol";
import {Kind} from "contracts/src/types/Types.sol";

/// @title A batch as it is posted: packed, to be read once from front to end
/// @notice Numbers are big-endian; what is named more than once stands in a list and is named by its index.
/// The C mirror is src/batch/batch.h, where the one canonical form is defined: only that is ever proven.
///
///   batch       rollups 1 ‖ addresses 2 ‖ heads 2 ‖ derived heads 2 ‖ updates 2 ‖ entries 2: how many;
///               rollupIds 8 each, ascending; addresses 20 each; heads 32 each; updates; entries
///   update      rollup 1 ‖ anchorNumber 8 ‖ timestamp 8 ‖ forced 2 ‖ slots 2 ‖ payload's size 3 ‖
///               messageSlots 32 each ‖ payload
///   entry       in 1 ‖ out 1 ‖ transitions 1 ‖ rollup 1 ‖ input ‖ transitions ‖ out-action ‖ trace
///   in          kind 3 bits ‖ isStatic, failed or ofUpdate 8 ‖ hasValue 16 ‖ isForeign 32 ‖ scope 64 ‖ hasTrace 128
///   out         kind 3 bits ‖ isStatic or failed 8 ‖ hasValue 16 ‖ own 32: of the contract that was called
///   input       CALL: source 2 ‖ target 2 ‖ gas 8 ‖ if foreign: sourceRollupId 8 ‖ [value 32] ‖ size 3 ‖ data
///               RESULT: gas 8 ‖ size 3 ‖ data
///               L2TX of an update: update 2 ‖ anchorHash 32 ‖ [hasValue: forcedHash 32]
///               else: size 3 ‖ data
///   transition  idle 1, hasDelta 2, negative 4, derived 8 ‖ rollup 1, unless the first ‖ pre 2 ‖
///               post 2, unless derived ‖ [|etherDelta| 32]
///   out-action  CALL to the parent: target 2 ‖ gas 8 ‖ unless own: rollup 1, source 2 ‖ [value 32] ‖ size 3 ‖ data
///               RESULT: rollup 1 ‖ gas 8 ‖ size 3 ‖ data
///               REVERT: rollup 1 ‖ size 3 ‖ data
///   trace       size of what follows 4 ‖ lines 2 ‖ lines: not read here
///
/// An index of 2^15 and more is that of a derived head: the suspended head that the first transition
/// of a CALL without a trace leads to (types/Record.sol), in the order in which they come up.
///
/// @dev What is read is not trusted to be canonical: who vouches for one rollup of a batch may be a
/// liar. So each rollup that can be named stands in the list, where it is seen that a proof covers
/// it, and every index is checked.
library Packed {
    struct Reader {
        uint256 start;
        uint256 at;
        uint256 end;
        uint256 rollups;
        uint256 rollupCount;
        uint256 addresses;
        uint256 addressCount;
        uint256 heads; // in memory: those of the list, then those derived
        uint256 headCount;
        uint256 derivedCount;
        uint256 derivedMax;
        uint256 updateCount;
        uint256 entryCount;
        uint256 inputs; // in memory: per update the hash of its L2TX
        uint256 movable; // in memory: per rollup whether it may move
    }

    uint256 private constant CALL = uint256(Kind.CALL);
    uint256 private constant RESULT = uint256(Kind.RESULT);
    uint256 private constant L2TX = uint256(Kind.L2TX);
    uint256 private constant REVERT = uint256(Kind.REVERT);
    uint256 private constant KIND_MASK = 7;
    uint256 private constant FLAG = 8;
    uint256 private constant HAS_VALUE = 16;
    uint256 private constant FOREIGN = 32;
    uint256 private constant OWN = 32;
    uint256 private constant SCOPE = 64;
    uint256 private constant HAS_TRACE = 128;
    uint256 private constant IDLE = 1;
    uint256 private constant HAS_DELTA = 2;
    uint256 private constant NEGATIVE = 4;
    uint256 private constant DERIVED = 8;
    uint256 private constant DERIVED_HEAD = 1 << 15;

    function open(bytes calldata batch) internal pure returns (Reader memory r) {
        unchecked {
            uint256 start;
            assembly ("memory-safe") {
                start := batch.offset
            }
            uint256 counts = _word(start);
            r.start = start;
            r.end = start + batch.length;
            r.rollupCount = counts >> 248;
            r.addressCount = uint16(counts >> 232);
            r.headCount = uint16(counts >> 216);
            r.derivedMax = uint16(counts >> 200);
            r.updateCount = uint16(counts >> 184);
            r.entryCount = uint16(counts >> 168);
            r.rollups = start + 11;
            r.addresses = r.rollups + 8 * r.rollupCount;
            uint256 listed = r.addresses + 20 * r.addressCount;
            uint256 size = 32 * r.headCount;
            r.at = listed + size;
            r.heads = _allocate(size + 32 * r.derivedMax);
            uint256 heads = r.heads;
            assembly ("memory-safe") {
                calldatacopy(heads, listed, size)
            }
            r.inputs = _allocate(32 * r.updateCount);
            r.movable = _allocate(32 * r.rollupCount);
            if (r.at > r.end) revert IHubTerms.MalformedBatch(0);
        }
    }

    function fail(Reader memory r, uint256 at) internal pure {
        unchecked {
            revert IHubTerms.MalformedBatch(at - r.start);
        }
    }

    function rollupAt(Reader memory r, uint256 index, uint256 at) internal pure returns (uint64 rollupId) {
        unchecked {
            if (index >= r.rollupCount) fail(r, at);
            return uint64(_word(r.rollups + 8 * index) >> 192);
        }
    }

    function setMovable(Reader memory r, uint256 index) internal pure {
        unchecked {
            uint256 at = r.movable + 32 * index;
            assembly ("memory-safe") {
                mstore(at, 1)
            }
        }
    }

    function setInput(Reader memory r, uint256 update, bytes32 inputHash) internal pure {
        unchecked {
            uint256 at = r.inputs + 32 * update;
            assembly ("memory-safe") {
                mstore(at, inputHash)
            }
        }
    }

    /// @notice The record of the next entry, in new memory, and what its input is.
    function next(Reader memory r, uint256 index)
        internal
        pure
        returns (Record record, uint256 kind, uint64 rollupId)
    {
        unchecked {
            uint256 p = r.at;
            Entry memory e;
            {
                uint256 word = _word(p);
                e.index = index;
                e.inFlags = word >> 248;
                e.outFlags = uint8(word >> 240);
                e.count = uint8(word >> 232);
                e.rollup = uint8(word >> 224);
                e.rollupId = rollupAt(r, e.rollup, p);
                if (e.count == 0) revert IHubTerms.BadTransitions(index);
            }
            p = _input(r, e, p + 4);
            // From here on the record grows behind everything else in memory; `to` is where.
            uint256 to;
            assembly ("memory-safe") {
                record := mload(64)
                to := add(record, 64)
            }
            (p, to) = _transitions(r, e, p, to);
            (p, to) = _out(r, e, p, to);
            if (e.inFlags & HAS_TRACE != 0) p += 4 + (_word(p) >> 224);
            if (p > r.end) fail(r, r.at);
            r.at = p;
            uint256 words = (to - Record.unwrap(record)) / 32 - 1;
            if (words >= Records.WORDS_MAX) fail(r, p);
            uint256 header = e.header | words << Records.WORDS_SHIFT | (e.count - 1) << Records.OTHERS_SHIFT;
            if (e.inFlags & SCOPE != 0) header |= Records.SCOPE;
            bytes32 pre = e.pre;
            bytes32 inputHash = e.inputHash;
            rollupId = e.rollupId;
            assembly ("memory-safe") {
                // The key, made where it will be; the words behind it come back.
                let first := mload(add(record, 64))
                mstore(record, rollupId)
                mstore(add(record, 32), pre)
                mstore(add(record, 64), inputHash)
                mstore(record, keccak256(record, 96))
                mstore(add(record, 32), header)
                mstore(add(record, 64), first)
                mstore(64, to)
            }
            kind = e.inFlags & KIND_MASK;
        }
    }

    /// @dev An entry while it is read.
    struct Entry {
        uint256 index;
        uint256 inFlags;
        uint256 outFlags;
        uint256 count;
        uint256 rollup;
        uint64 rollupId;
        bytes32 inputHash;
        uint256 target; // whom the input calls
        bytes32 pre;
        bool isDerived;
        uint256 named; // the rollups of its transitions, a bit each
        uint256 header;
    }

    function _input(Reader memory r, Entry memory e, uint256 p) private pure returns (uint256) {
        unchecked {
            uint256 flags = e.inFlags;
            uint256 kind = flags & KIND_MASK;
            if (kind == L2TX && flags & FLAG != 0) {
                uint256 update = _word(p) >> 240;
                if (update >= r.updateCount) fail(r, p);
                uint256 at = r.inputs + 32 * update;
                bytes32 inputHash;
                assembly ("memory-safe") {
                    inputHash := mload(at)
                }
                e.inputHash = inputHash;
                return p + (flags & HAS_VALUE != 0 ? 66 : 34);
            }
            if (kind > 4) fail(r, p);
            uint256 source;
            uint256 sourceRollupId;
            uint256 value;
            uint256 gas_;
            if (kind == CALL) {
                uint256 word = _word(p);
                source = _addressAt(r, word >> 240, p);
                e.target = _addressAt(r, uint16(word >> 224), p);
                gas_ = uint64(word >> 160);
                p += 12;
                if (flags & FOREIGN != 0) {
                    sourceRollupId = _word(p) >> 192;
                    p += 8;
                }
                if (flags & HAS_VALUE != 0) {
                    value = _word(p);
                    p += 32;
                }
            } else if (kind == RESULT) {
                gas_ = _word(p) >> 192;
                p += 8;
            }
            uint256 size = _word(p) >> 232;
            p += 3;
            (uint256 rollupId, uint256 target) = (e.rollupId, e.target);
            bytes32 hash;
            assembly ("memory-safe") {
                // keccak256(abi.encode(action))
                let q := mload(64)
                mstore(q, 32)
                mstore(add(q, 32), kind)
                mstore(add(q, 64), rollupId)
                mstore(add(q, 96), target)
                mstore(add(q, 128), sourceRollupId)
                mstore(add(q, 160), source)
                mstore(add(q, 192), value)
                mstore(add(q, 224), gas_)
                let flag := shr(3, and(flags, 8))
                mstore(add(q, 256), mul(flag, iszero(kind)))
                mstore(add(q, 288), mul(flag, eq(kind, 1)))
                mstore(add(q, 320), 320)
                mstore(add(q, 352), size)
                calldatacopy(add(q, 384), p, size)
                mstore(add(q, add(384, size)), 0)
                hash := keccak256(q, add(384, and(add(size, 31), not(31))))
            }
            e.inputHash = hash;
            return p + size;
        }
    }

    function _transitions(Reader memory r, Entry memory e, uint256 p, uint256 to)
        private
        pure
        returns (uint256, uint256)
    {
        unchecked {
            uint256 count = e.count;
            for (uint256 i = 0; i < count; i++) {
                uint256 word = _word(p);
                uint256 flags = word >> 248;
                word <<= 8;
                p += 1;
                uint256 rollup = e.rollup;
                if (i != 0) {
                    rollup = word >> 248;
                    word <<= 8;
                    p += 1;
                }
                if (e.named >> rollup & 1 != 0) revert IHubTerms.BadTransitions(e.index);
                e.named |= 1 << rollup;
                uint256 pre = _headAt(r, word >> 240, p);
                uint256 post;
                p += 2;
                bool isDerived = flags & DERIVED != 0;
                if (!isDerived) {
                    post = _headAt(r, uint16(word >> 224), p);
                    p += 2;
                }
                if (post != pre && _word2(r.movable + 32 * rollup) == 0) e.header |= Records.STUCK;
                uint256 delta = 0;
                if (flags & HAS_DELTA != 0) {
                    delta = _word(p);
                    p += 32;
                    if (flags & NEGATIVE != 0) delta = _negated(delta);
                }
                if (i == 0) {
                    e.pre = bytes32(pre);
                    e.isDerived = isDerived;
                    uint256 header = e.header;
                    if (flags & IDLE != 0) header |= Records.IDLE;
                    if (isDerived) header |= Records.DERIVED;
                    else if (post == pre) header |= Records.SAME;
                    else to = _add(to, post);
                    if (flags & HAS_DELTA != 0) {
                        header |= Records.HAS_DELTA;
                        to = _add(to, delta);
                    }
                    e.header = header;
                    continue;
                }
                if (isDerived) fail(r, p);
                uint256 first = rollupAt(r, rollup, p);
                if (flags & IDLE != 0) first |= Records.OTHER_IDLE;
                if (post == pre) first |= Records.OTHER_SAME;
                if (flags & HAS_DELTA != 0) first |= Records.OTHER_HAS_DELTA;
                to = _add(_add(to, first), pre);
                if (post != pre) to = _add(to, post);
                if (flags & HAS_DELTA != 0) to = _add(to, delta);
            }
            return (p, to);
        }
    }

    function _out(Reader memory r, Entry memory e, uint256 p, uint256 to) private pure returns (uint256, uint256) {
        unchecked {
            uint256 flags = e.outFlags;
            uint256 kind = flags & KIND_MASK;
            if (kind == CALL) return _outCall(r, e, p, to);
            if (e.isDerived || kind != RESULT && kind != REVERT) revert IHubTerms.OutActionUnexpected();
            uint256 word = _word(p);
            if (e.named >> (word >> 248) & 1 == 0) revert IHubTerms.BadTransitions(e.index);
            if (kind == REVERT) {
                to = _add(to, rollupAt(r, word >> 248, p));
                p += 1;
            } else {
                p += 9;
            }
            uint256 size = _word(p) >> 232;
            p += 3;
            if (kind == REVERT && size != 32) revert IHubTerms.OutActionUnexpected();
            uint256 padding = _negated(size) & 31;
            e.header |= kind | flags & FLAG | padding << Records.PADDING_SHIFT;
            assembly ("memory-safe") {
                calldatacopy(to, p, size)
                mstore(add(to, size), 0)
            }
            return (p + size, to + size + padding);
        }
    }

    function _outCall(Reader memory r, Entry memory e, uint256 p, uint256 to)
        private
        pure
        returns (uint256, uint256)
    {
        unchecked {
            uint256 flags = e.outFlags;
            uint256 word = _word(p);
            uint256 callee = to;
            uint256 target = _addressAt(r, word >> 240, p);
            uint256 gas_ = uint64(word >> 176);
            (uint256 source, uint256 sourceRollupId) = (e.target, e.rollupId);
            uint256 header = e.header | flags & (FLAG | HAS_VALUE);
            to += 32;
            p += 10;
            if (flags & OWN != 0) {
                header |= Records.OWN;
            } else {
                word = _word(p);
                if (e.named >> (word >> 248) & 1 == 0) revert IHubTerms.BadTransitions(e.index);
                sourceRollupId = rollupAt(r, word >> 248, p);
                source = _addressAt(r, uint16(word >> 232), p);
                p += 3;
                to = _add(to, sourceRollupId << 160 | source);
            }
            uint256 value = 0;
            if (flags & HAS_VALUE != 0) {
                value = _word(p);
                p += 32;
                to = _add(to, value);
            }
            uint256 size = _word(p) >> 232;
            p += 3;
            // The first 4 bytes go along with the target.
            uint256 rest = size < 4 ? 0 : size - 4;
            uint256 padding = size < 4 ? 4 - size : _negated(rest) & 31;
            bytes32 outHash;
            assembly ("memory-safe") {
                // Both forms end with the data: first the action as it is hashed, then, in its place, what is kept.
                mstore(callee, or(or(shl(224, shr(224, calldataload(p))), shl(160, gas_)), target))
                if lt(size, 4) {
                    let first := shl(224, and(shr(224, calldataload(p)), not(sub(shl(mul(8, sub(4, size)), 1), 1))))
                    mstore(callee, or(or(first, shl(160, gas_)), target))
                }
                let q := to
                mstore(q, 32)
                mstore(add(q, 32), 0)
                mstore(add(q, 64), 0)
                mstore(add(q, 96), target)
                mstore(add(q, 128), sourceRollupId)
                mstore(add(q, 160), source)
                mstore(add(q, 192), value)
                mstore(add(q, 224), gas_)
                mstore(add(q, 256), shr(3, and(flags, 8)))
                mstore(add(q, 288), 0)
                mstore(add(q, 320), 320)
                mstore(add(q, 352), size)
                calldatacopy(add(q, 384), p, size)
                mstore(add(q, add(384, size)), 0)
                outHash := keccak256(q, add(384, and(add(size, 31), not(31))))
                calldatacopy(to, add(p, 4), rest)
                mstore(add(to, rest), 0)
            }
            if (e.isDerived) _derive(r, e, outHash, to + rest + padding + 32, p);
            e.header = header | CALL | padding << Records.PADDING_SHIFT;
            return (p + size, size < 4 ? to : to + rest + padding);
        }
    }

    /// @dev One more derived head. `scratch` is memory that nothing is in.
    function _derive(Reader memory r, Entry memory e, bytes32 outHash, uint256 scratch, uint256 p) private pure {
        unchecked {
            if (e.inFlags & HAS_TRACE != 0 || r.derivedCount == r.derivedMax) fail(r, p);
            uint256 at = r.heads + 32 * (r.headCount + r.derivedCount++);
            (bytes32 pre, bytes32 inputHash) = (e.pre, e.inputHash);
            assembly ("memory-safe") {
                mstore(scratch, pre)
                mstore(add(scratch, 32), inputHash)
                mstore(add(scratch, 64), 0)
                mstore(add(scratch, 96), outHash)
                mstore(at, keccak256(scratch, 128))
            }
        }
    }

    function _addressAt(Reader memory r, uint256 index, uint256 p) private pure returns (uint256) {
        unchecked {
            if (index >= r.addressCount) fail(r, p);
            return _word(r.addresses + 20 * index) >> 96;
        }
    }

    function _headAt(Reader memory r, uint256 index, uint256 p) private pure returns (uint256) {
        unchecked {
            uint256 max = r.headCount;
            if (index >= DERIVED_HEAD) {
                index += max - DERIVED_HEAD;
                max += r.derivedCount;
            }
            if (index >= max) fail(r, p);
            return _word2(r.heads + 32 * index);
        }
    }

    function _negated(uint256 delta) private pure returns (uint256) {
        unchecked {
            return 0 - delta;
        }
    }

    function _add(uint256 to, uint256 word) private pure returns (uint256) {
        unchecked {
            assembly ("memory-safe") {
                mstore(to, word)
            }
            return to + 32;
        }
    }

    function _word(uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(at)
        }
    }

    function _word2(uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(at)
        }
    }

    /// @dev Memory that is all zero.
    function _allocate(uint256 size) private pure returns (uint256 at) {
        assembly ("memory-safe") {
            at := mload(64)
            mstore(64, add(at, size))
            calldatacopy(at, calldatasize(), size)
        }
    }
}
