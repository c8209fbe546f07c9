// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// An Entry where it lies in calldata. Its members are read by the offsets it has itself, without
/// checks: an entry counts only once a proof vouches for the hash of its bytes, from here to the end of
/// its out-action's data, and what is proven is hashed from the canonical encoding. So bytes that say
/// anything else are never proven; before that, nothing rests on them.
type PostedEntry is uint256;

/// One of its actions.
type PostedAction is uint256;

using PostedEntries for PostedEntry global;
using PostedEntries for PostedAction global;

library PostedEntries {
    uint256 private constant ACTION = 352; // an action's ten words and the length of its data

    /// @notice The first of the words that say where, from there on, the entries of a batch are.
    function offsets(uint256 batch) internal pure returns (uint256 first, uint256 count) {
        assembly ("memory-safe") {
            let entries := add(batch, calldataload(add(batch, 32)))
            count := calldataload(entries)
            first := add(entries, 32)
        }
    }

    function at(uint256 first, uint256 index) internal pure returns (PostedEntry entry) {
        assembly ("memory-safe") {
            entry := add(first, calldataload(add(first, mul(index, 32))))
        }
    }

    function input(PostedEntry e) internal pure returns (PostedAction) {
        return PostedAction.wrap(_follow(PostedEntry.unwrap(e), 0));
    }

    /// @notice The first transition, and how many there are: rollupId, pre, post, idle, etherDelta each.
    function transitions(PostedEntry e) internal pure returns (uint256 first, uint256 count) {
        first = _follow(PostedEntry.unwrap(e), 1);
        count = word(first, 0);
        first += 32;
    }

    function traceSize(PostedEntry e) internal pure returns (uint256) {
        return word(_follow(PostedEntry.unwrap(e), 2), 0);
    }

    function traceLine(PostedEntry e, uint256 index) internal pure returns (PostedAction) {
        uint256 first = _follow(PostedEntry.unwrap(e), 2) + 32;
        return PostedAction.wrap(_follow(first, index));
    }

    function out(PostedEntry e) internal pure returns (PostedAction) {
        return PostedAction.wrap(_follow(PostedEntry.unwrap(e), 3));
    }

    function scope(PostedEntry e) internal pure returns (bool) {
        return word(PostedEntry.unwrap(e), 4) != 0;
    }

    /// @notice The hashes of the entry's encoding, its input's and its out-action's.
    function hash(PostedEntry e) internal pure returns (bytes32 entryHash, bytes32 inputHash, bytes32 outHash) {
        uint256 input_ = PostedAction.unwrap(input(e));
        uint256 out_ = PostedAction.unwrap(out(e));
        uint256 inputSize = _size(input_);
        uint256 outSize = _size(out_);
        assembly ("memory-safe") {
            // The word 32, which the encoding of each begins with, and the entry behind it.
            let free := mload(64)
            let size := sub(add(out_, outSize), e)
            mstore(free, 32)
            calldatacopy(add(free, 32), e, size)
            entryHash := keccak256(free, add(size, 32))
            // The word before an action is not needed any more.
            let to := add(free, sub(input_, e))
            mstore(to, 32)
            inputHash := keccak256(to, add(inputSize, 32))
            to := add(free, sub(out_, e))
            mstore(to, 32)
            outHash := keccak256(to, add(outSize, 32))
        }
    }

    // --- actions --------------------------------------------------------------------------------------

    function kind(PostedAction a) internal pure returns (uint256) {
        return word(PostedAction.unwrap(a), 0);
    }

    function rollupId(PostedAction a) internal pure returns (uint256) {
        return word(PostedAction.unwrap(a), 1);
    }

    function target(PostedAction a) internal pure returns (uint256) {
        return uint160(word(PostedAction.unwrap(a), 2));
    }

    function sourceRollupId(PostedAction a) internal pure returns (uint256) {
        return word(PostedAction.unwrap(a), 3);
    }

    function source(PostedAction a) internal pure returns (uint256) {
        return uint160(word(PostedAction.unwrap(a), 4));
    }

    function value(PostedAction a) internal pure returns (uint256) {
        return word(PostedAction.unwrap(a), 5);
    }

    function gas_(PostedAction a) internal pure returns (uint256) {
        return uint64(word(PostedAction.unwrap(a), 6));
    }

    function isStatic(PostedAction a) internal pure returns (bool) {
        return word(PostedAction.unwrap(a), 7) != 0;
    }

    function failed(PostedAction a) internal pure returns (bool) {
        return word(PostedAction.unwrap(a), 8) != 0;
    }

    function dataSize(PostedAction a) internal pure returns (uint256) {
        return word(PostedAction.unwrap(a), 10);
    }

    /// @notice Where its data begins.
    function data(PostedAction a) internal pure returns (uint256) {
        return PostedAction.unwrap(a) + ACTION;
    }

    function word(uint256 from, uint256 index) internal pure returns (uint256 value_) {
        assembly ("memory-safe") {
            value_ := calldataload(add(from, mul(index, 32)))
        }
    }

    /// @dev Where the dynamic member that the index-th word announces lies.
    function _follow(uint256 tuple, uint256 index) private pure returns (uint256 to) {
        assembly ("memory-safe") {
            to := add(tuple, calldataload(add(tuple, mul(index, 32))))
        }
    }

    function _size(uint256 action) private pure returns (uint256 size) {
        assembly ("memory-safe") {
            size := add(ACTION, and(add(calldataload(add(action, 320)), 31), not(31)))
        }
    }
}
