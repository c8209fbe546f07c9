// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// What `lookup` answered, as it lies in memory: the encoding of an Outcome. Only the Hub itself writes
/// it, and always in the canonical way.
type Answer is uint256;

/// One of its transitions: rollupId, pre, post, idle, etherDelta.
type Move is uint256;

/// Its out-action.
type Out is uint256;

using Answers for Answer global;
using Answers for Move global;
using Answers for Out global;

library Answers {
    function found(Answer a) internal pure returns (bool) {
        return _word(Answer.unwrap(a), 0) != 0;
    }

    function scope(Answer a) internal pure returns (bool) {
        return _word(Answer.unwrap(a), 1) != 0;
    }

    function entryHash(Answer a) internal pure returns (bytes32) {
        return bytes32(_word(Answer.unwrap(a), 2));
    }

    /// @notice Where the transitions begin, and where they end.
    function moves(Answer a) internal pure returns (Move first, Move end) {
        assembly ("memory-safe") {
            let at := add(a, mload(add(a, 96)))
            first := add(at, 32)
            end := add(first, mul(mload(at), 160))
        }
    }

    function out(Answer a) internal pure returns (Out out_) {
        assembly ("memory-safe") {
            out_ := add(a, mload(add(a, 128)))
        }
    }

    // --- transitions --------------------------------------------------------------------------------

    function isBefore(Move m, Move end) internal pure returns (bool) {
        return Move.unwrap(m) < Move.unwrap(end);
    }

    function next(Move m) internal pure returns (Move) {
        return Move.wrap(Move.unwrap(m) + 160);
    }

    function rollupId(Move m) internal pure returns (uint64) {
        return uint64(_word(Move.unwrap(m), 0));
    }

    function pre(Move m) internal pure returns (bytes32) {
        return bytes32(_word(Move.unwrap(m), 1));
    }

    function post(Move m) internal pure returns (bytes32) {
        return bytes32(_word(Move.unwrap(m), 2));
    }

    function idle(Move m) internal pure returns (bool) {
        return _word(Move.unwrap(m), 3) != 0;
    }

    function etherDelta(Move m) internal pure returns (int256) {
        return int256(_word(Move.unwrap(m), 4));
    }

    // --- the out-action -----------------------------------------------------------------------------

    function kind(Out o) internal pure returns (uint256) {
        return _word(Out.unwrap(o), 0);
    }

    function rollupId(Out o) internal pure returns (uint64) {
        return uint64(_word(Out.unwrap(o), 1));
    }

    function target(Out o) internal pure returns (address) {
        return address(uint160(_word(Out.unwrap(o), 2)));
    }

    function sourceRollupId(Out o) internal pure returns (uint64) {
        return uint64(_word(Out.unwrap(o), 3));
    }

    function source(Out o) internal pure returns (address) {
        return address(uint160(_word(Out.unwrap(o), 4)));
    }

    function value(Out o) internal pure returns (uint256) {
        return _word(Out.unwrap(o), 5);
    }

    function gas_(Out o) internal pure returns (uint64) {
        return uint64(_word(Out.unwrap(o), 6));
    }

    function isStatic(Out o) internal pure returns (bool) {
        return _word(Out.unwrap(o), 7) != 0;
    }

    function failed(Out o) internal pure returns (bool) {
        return _word(Out.unwrap(o), 8) != 0;
    }

    function data(Out o) internal pure returns (bytes memory data_) {
        assembly ("memory-safe") {
            data_ := add(o, mload(add(o, 288)))
        }
    }

    function _word(uint256 at, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(at, mul(index, 32)))
        }
    }
}
