// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Question} from "contracts/src/types/Question.sol";
import {Kind} from "contracts/src/types/Types.sol";

/// What the Hub keeps of an entry, in whole words, as it lies in memory, in the table and in what
/// `lookup` answers. It is all that the Hub needs later and cannot tell by itself; the key and these
/// words are the entry's hash.
///
///   key            keccak256(rollupId ‖ pre of the first transition ‖ hash of the input)
///   header         in the table: fingerprint of the key 176 ‖ block 32; else 0. Then words 20, this one
///                  and those that follow ‖ padding 8: bytes of the last word that are no data ‖ other
///                  transitions 8 ‖ flags 12
///   post           of the first transition, unless `same` or `derived`. Derived: the head of a rollup
///                  suspended by a CALL without a trace, which follows from the key and the out-action
///                  (protocol, section 2)
///   etherDelta     of the first transition, if hasDelta
///   per other transition: rollupId 64 ‖ hasDelta 1 ‖ same 1 ‖ idle 1, pre, [post], [etherDelta]
///   CALL:          first 4 bytes of data ‖ gas 64 ‖ target 160; unless `own`: sourceRollupId 64 ‖
///                  source 160; [value]. Own: the contract calls that the input called
///   REVERT:        rollupId
///   data           of the out-action: in whole words, without the 4 bytes of a CALL
///
/// An out-RESULT's rollupId and gas are not kept, as the Hub has no use for them.
type Record is uint256;

/// An out-action, its data where it lies in memory.
struct Out {
    uint256 kind;
    uint64 rollupId;
    address target;
    uint64 sourceRollupId;
    address source;
    uint256 value;
    uint64 gas;
    bool flag; // a CALL isStatic, a RESULT failed
    uint256 data;
    uint256 size;
}

/// One transition. A cursor: `next` makes it the one that follows.
struct Move {
    uint64 rollupId;
    bytes32 pre;
    bytes32 post;
    bool idle;
    int256 etherDelta;
}

using Records for Record global;

library Records {
    /// @dev Not part of the hash: when the record was posted, a rollup that it moves had no L2TX in this
    /// block, nor was the batch to begin one. A static call may use it all the same.
    uint256 internal constant STUCK = 1 << 11;
    uint256 internal constant DERIVED = 1 << 9;
    uint256 internal constant OWN = 1 << 8;
    uint256 internal constant SAME = 1 << 7;
    uint256 internal constant IDLE = 1 << 6;
    uint256 internal constant HAS_DELTA = 1 << 5;
    uint256 internal constant HAS_VALUE = 1 << 4;
    uint256 internal constant FLAG = 1 << 3;
    uint256 internal constant SCOPE = 1 << 2;
    uint256 internal constant KIND_MASK = 3;

    uint256 internal constant OTHERS_SHIFT = 12;
    uint256 internal constant PADDING_SHIFT = 20;
    uint256 internal constant WORDS_SHIFT = 28;
    uint256 internal constant WORDS_MAX = 1 << 20;
    /// @dev The part of a header that is not only the table's.
    uint256 internal constant HEADER_MASK = (1 << 48) - 1;

    // Of another transition's first word.
    uint256 internal constant OTHER_HAS_DELTA = 1 << 66;
    uint256 internal constant OTHER_SAME = 1 << 65;
    uint256 internal constant OTHER_IDLE = 1 << 64;

    uint256 private constant CALL = uint256(Kind.CALL);
    uint256 private constant REVERT = uint256(Kind.REVERT);

    function header(Record r) internal pure returns (uint256 header_) {
        assembly ("memory-safe") {
            header_ := mload(add(r, 32))
        }
    }

    function wordsOf(uint256 header_) internal pure returns (uint256) {
        unchecked {
            return header_ >> WORDS_SHIFT & (WORDS_MAX - 1);
        }
    }

    /// @notice Bytes from the key on.
    function size(Record r) internal pure returns (uint256) {
        unchecked {
            return 32 + 32 * wordsOf(r.header());
        }
    }

    function scope(Record r) internal pure returns (bool) {
        return r.header() & SCOPE != 0;
    }

    function others(Record r) internal pure returns (uint256) {
        return r.header() >> OTHERS_SHIFT & 0xff;
    }

    /// @notice The hash that stands for the entry in EntryConsumed.
    function hash(Record r) internal pure returns (bytes32 hash_) {
        uint256 size_ = r.size();
        assembly ("memory-safe") {
            let header_ := mload(add(r, 32))
            mstore(add(r, 32), and(header_, not(2048))) // STUCK
            hash_ := keccak256(r, size_)
            mstore(add(r, 32), header_)
        }
    }

    /// @notice Gives back the memory from the record on.
    function close(Record r) internal pure {
        assembly ("memory-safe") {
            mstore(64, r)
        }
    }

    /// @notice keccak256(abi.encode(head, hash of the input, hash of no trace: 0, hash of the out-action)).
    function suspendedHead(bytes32 pre, bytes32 inputHash, bytes32 outHash) internal pure returns (bytes32 head) {
        assembly ("memory-safe") {
            let free := mload(64)
            mstore(free, pre)
            mstore(add(free, 32), inputHash)
            mstore(add(free, 64), 0)
            mstore(add(free, 96), outHash)
            head := keccak256(free, 128)
        }
    }

    /// @notice The other transitions begin here.
    function firstOther(Record r) internal pure returns (uint256 at) {
        unchecked {
            uint256 header_ = r.header();
            at = Record.unwrap(r) + 64;
            if (header_ & (SAME | DERIVED) == 0) at += 32;
            if (header_ & HAS_DELTA != 0) at += 32;
        }
    }

    /// @notice Reads the other transition at `at`; where the next one begins, or what follows the last.
    function other(uint256 at, Move memory m) internal pure returns (uint256 next) {
        unchecked {
            uint256 word = _word(at);
            bytes32 pre = bytes32(_word(at + 32));
            next = at + 64;
            m.rollupId = uint64(word);
            m.pre = pre;
            m.idle = word & OTHER_IDLE != 0;
            m.post = pre;
            m.etherDelta = 0;
            if (word & OTHER_SAME == 0) {
                m.post = bytes32(_word(next));
                next += 32;
            }
            if (word & OTHER_HAS_DELTA != 0) {
                m.etherDelta = int256(_word(next));
                next += 32;
            }
        }
    }

    /// @notice The first transition, that of the rollup that was asked.
    function first(Record r, Question q, Out memory out_) internal pure returns (Move memory m) {
        unchecked {
            uint256 header_ = r.header();
            uint256 at = Record.unwrap(r) + 64;
            m.rollupId = q.rollupId();
            m.pre = q.head();
            m.idle = header_ & IDLE != 0;
            if (header_ & SAME != 0) {
                m.post = m.pre;
            } else if (header_ & DERIVED != 0) {
                m.post = suspendedHead(m.pre, q.hash(), hashOf(out_));
            } else {
                m.post = bytes32(_word(at));
                at += 32;
            }
            if (header_ & HAS_DELTA != 0) m.etherDelta = int256(_word(at));
        }
    }

    /// @notice The out-action. `at` is where the transitions end.
    function out(Record r, Question q, uint256 at) internal pure returns (Out memory o) {
        unchecked {
            uint256 header_ = r.header();
            uint256 kind = header_ & KIND_MASK;
            o.kind = kind;
            o.flag = header_ & FLAG != 0;
            uint256 padding = header_ >> PADDING_SHIFT & 0xff;
            if (kind == CALL) {
                uint256 callee = _word(at);
                at += 32;
                o.target = address(uint160(callee));
                o.gas = uint64(callee >> 160);
                if (header_ & OWN != 0) {
                    o.sourceRollupId = q.rollupId();
                    o.source = q.target();
                } else {
                    uint256 caller = _word(at);
                    at += 32;
                    o.sourceRollupId = uint64(caller >> 160);
                    o.source = address(uint160(caller));
                }
                if (header_ & HAS_VALUE != 0) {
                    o.value = _word(at);
                    at += 32;
                }
                uint256 size_ = Record.unwrap(r) + r.size() - at;
                o.size = size_ + 4 - padding;
                uint256 data;
                assembly ("memory-safe") {
                    data := mload(64)
                    mstore(data, callee)
                    mcopy(add(data, 4), at, size_)
                    mstore(add(data, add(4, size_)), 0)
                    mstore(64, add(data, add(size_, 64)))
                }
                o.data = data;
                return o;
            }
            if (kind == REVERT) {
                o.rollupId = uint64(_word(at));
                at += 32;
            }
            o.data = at;
            o.size = Record.unwrap(r) + r.size() - at - padding;
        }
    }

    /// @notice keccak256(abi.encode(action)) of a CALL to the parent.
    function hashOf(Out memory o) internal pure returns (bytes32 hash_) {
        assembly ("memory-safe") {
            let free := mload(64)
            let size_ := mload(add(o, 288))
            mstore(free, 32)
            mstore(add(free, 32), 0)
            mstore(add(free, 64), 0)
            mcopy(add(free, 96), add(o, 64), 192) // target … flag: as the encoding has them
            mstore(add(free, 288), 0)
            mstore(add(free, 320), 320)
            mstore(add(free, 352), size_)
            mcopy(add(free, 384), mload(add(o, 256)), size_)
            mstore(add(free, add(384, size_)), 0)
            hash_ := keccak256(free, add(384, and(add(size_, 31), not(31))))
        }
    }

    function _word(uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(at)
        }
    }
}
