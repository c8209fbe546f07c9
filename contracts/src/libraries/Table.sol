// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Record, Records} from "contracts/src/types/Record.sol";

/// @title The execution table
/// @notice Records (types/Record.sol) live until the end of their block (in storage) or of their
/// transaction (in transient storage), and are found by their key.
///
/// In storage each rollup has a table of its own, so that nobody is in the way of another's; one for CALLs
/// and one for other inputs, as these are put in later. A table has places in levels, of which the first
/// has 16 and each further one four times as many as that before. A key has one place on each level. A
/// record lies at the first of them that was free: what another block wrote counts as free and is written
/// over, so in the long run nothing is written to fresh storage. Who looks goes from level to level as
/// well, until there is nothing of this block. So what was put in first is found first, and what that
/// costs does not depend on what came later (docs/decisions/019).
///
///   BASE + (rollupId << 64) + (CALL: 1 << 63) + (level << 48) + (place << 20) + word     without the key
///
/// In transient storage, where nothing is cold, a record lies at its key; the next one with the same key
/// at key + 2^200, and so on.
///
/// A fingerprint of 176 bits takes 2^88 trials to collide, more than a proof system's keys do.
library Table {
    uint256 private constant BASE = uint256(keccak256("lockstep.hub.table"));
    uint256 private constant PLACES = 16; // of the first level
    /// @dev Words of each place of the first level that are written when a rollup is registered: as many
    /// as the record of a RESULT with one word of data has.
    uint256 private constant WORDS_PREPARED = 3;

    uint256 private constant BLOCK_SHIFT = 48;
    uint256 private constant FINGERPRINT_SHIFT = 80;

    /// @notice Writes the first words of a rollup's table, so that no batch has to be the first to.
    function prepare(uint64 rollupId) internal {
        unchecked {
            for (uint256 place = 0; place < 2 * PLACES; place++) {
                uint256 slot = _slotOf(rollupId, place < PLACES, place, 0);
                for (uint256 i = 0; i < WORDS_PREPARED; i++) _sstore(slot + i, 1);
            }
        }
    }

    /// @notice Adds a record until the end of the block. One that is there already but for its scope
    /// gets that: of such two, the one that has a scope wins.
    function put(Record record, uint64 rollupId, bool isCall) internal {
        unchecked {
            uint256 key = _word(record, 0);
            uint256 header = record.header() | _mark(key);
            uint256 words = Records.wordsOf(header);
            for (uint256 level = 0;; level++) {
                uint256 slot = _slotOf(rollupId, isCall, key, level);
                uint256 found = _sload(slot);
                if (!_isOfThisBlock(found)) {
                    _sstore(slot, header);
                    for (uint256 i = 1; i < words; i++) _sstore(slot + i, _word(record, i + 1));
                    return;
                }
                if ((found ^ header) & ~Records.SCOPE == 0) {
                    bool isSame = true;
                    for (uint256 i = 1; i < words && isSame; i++) isSame = _sload(slot + i) == _word(record, i + 1);
                    if (isSame) {
                        if (found | header != found) _sstore(slot, found | header);
                        return;
                    }
                }
            }
        }
    }

    /// @notice Adds a record until the end of the transaction, in the same way.
    function putTransient(Record record) internal {
        unchecked {
            uint256 key = _word(record, 0);
            uint256 header = record.header();
            uint256 words = Records.wordsOf(header);
            for (uint256 slot = key;;) {
                uint256 found = _tload(slot);
                if (found == 0) {
                    _tstore(slot, header);
                    for (uint256 i = 1; i < words; i++) _tstore(_plus(slot, i), _word(record, i + 1));
                    return;
                }
                if ((found ^ header) & ~Records.SCOPE == 0) {
                    bool isSame = true;
                    for (uint256 i = 1; i < words && isSame; i++) isSame = _tload(_plus(slot, i)) == _word(record, i + 1);
                    if (isSame) {
                        if (found | header != found) _tstore(slot, found | header);
                        return;
                    }
                }
                slot = _plus(slot, 1 << 200);
            }
        }
    }

    /// @notice The alternative-th record under a key, in memory, and its size; 0 if there is none. First
    /// those of the transaction, then those of the block.
    function get(uint64 rollupId, bool isCall, uint256 key, uint256 alternative)
        internal view returns (uint256 at, uint256 size) {
        unchecked {
            assembly ("memory-safe") {
                at := mload(64)
                mstore(at, key)
            }
            for (uint256 slot = key;; slot = _plus(slot, 1 << 200)) {
                uint256 header = _tload(slot);
                if (header == 0) break;
                if (alternative == 0) {
                    size = 32 + 32 * Records.wordsOf(header);
                    assembly ("memory-safe") {
                        mstore(add(at, 32), header)
                        for { let to := add(at, 64) } lt(to, add(at, size)) { to := add(to, 32) } {
                            slot := add(slot, 1)
                            mstore(to, tload(slot))
                        }
                    }
                    return (at, size);
                }
                alternative--;
            }
            uint256 mark = _mark(key);
            for (uint256 level = 0;; level++) {
                uint256 slot = _slotOf(rollupId, isCall, key, level);
                uint256 header = _sload(slot);
                if (!_isOfThisBlock(header)) return (at, 0);
                if (header >> BLOCK_SHIFT == mark >> BLOCK_SHIFT) {
                    if (alternative == 0) {
                        size = 32 + 32 * Records.wordsOf(header);
                        uint256 kept = header & Records.HEADER_MASK;
                        assembly ("memory-safe") {
                            mstore(add(at, 32), kept)
                            for { let to := add(at, 64) } lt(to, add(at, size)) { to := add(to, 32) } {
                                slot := add(slot, 1)
                                mstore(to, sload(slot))
                            }
                        }
                        return (at, size);
                    }
                    alternative--;
                }
            }
        }
    }

    /// @dev What a header in the table has above the record's own.
    function _mark(uint256 key) private view returns (uint256) {
        return key >> FINGERPRINT_SHIFT << FINGERPRINT_SHIFT | uint256(uint32(block.number)) << BLOCK_SHIFT;
    }

    function _isOfThisBlock(uint256 header) private view returns (bool) {
        return uint32(header >> BLOCK_SHIFT) == uint32(block.number);
    }

    /// @dev The places of a key on different levels come from different bits of it.
    function _slotOf(uint64 rollupId, bool isCall, uint256 key, uint256 level) private pure returns (uint256 slot) {
        unchecked {
            uint256 place = (key >> 16 * level) & ((PLACES << 2 * level) - 1);
            slot = BASE + (uint256(rollupId) << 64) + (level << 48) + (place << 20);
            if (isCall) slot += 1 << 63;
        }
    }

    function _plus(uint256 slot, uint256 words) private pure returns (uint256) {
        unchecked {
            return slot + words;
        }
    }

    // --- words ----------------------------------------------------------------------------------------

    function _word(Record record, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(record, mul(index, 32)))
        }
    }

    function _sload(uint256 slot) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }

    function _sstore(uint256 slot, uint256 word) private {
        assembly ("memory-safe") {
            sstore(slot, word)
        }
    }

    function _tload(uint256 slot) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := tload(slot)
        }
    }

    function _tstore(uint256 slot, uint256 word) private {
        assembly ("memory-safe") {
            tstore(slot, word)
        }
    }
}
