// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Action, Entry, Kind, Outcome, Transition} from "contracts/src/types/Types.sol";

/// @title The execution table
/// @notice Entries live until the end of their block (in storage) or transaction (in transient
/// storage). Under a key, the hash of (rollupId, head, action hash), lies a list of alternatives:
///
///   key                             block number (64 bits) ‖ number of alternatives (64 bits)
///   hash(key, alternative) + 0      block number ‖ size in bytes of what follows
///                          + 1 …    packed outcome
///
/// What another block has written counts as empty and is overwritten. Packed is what the Hub needs
/// later and nothing else:
///
///   entryHash 32 ‖ flags 1 ‖ transitions 1 ‖ each: rollupId 8, idle 1, etherDelta 16, pre 32, post 32
///   out, RESULT: rollupId 8, gas 8, data;  CALL: target 20, sourceRollupId 8, source 20, value 32,
///   gas 8, data;  REVERT: rollupId 8, data
library Table {
    error OutActionUnexpected();
    error EtherDeltaTooLarge();

    uint256 private constant SCOPE = 1;
    uint256 private constant FAILED = 2;
    uint256 private constant STATIC = 4;
    uint256 private constant KIND_SHIFT = 4;

    function put(bytes32 key, bytes32 entryHash, Entry calldata entry, bool isTransient) internal {
        bytes memory packed = pack(entryHash, entry);
        (uint256 count) = _count(_load(key, isTransient), isTransient);
        _store(key, _header(count + 1, isTransient), isTransient);
        uint256 at = uint256(keccak256(abi.encode(key, count)));
        _store(bytes32(at), _header(packed.length, isTransient), isTransient);
        for (uint256 i = 0; i < packed.length; i += 32) {
            bytes32 word;
            assembly ("memory-safe") {
                word := mload(add(add(packed, 32), i))
            }
            at++;
            _store(bytes32(at), word, isTransient);
        }
    }

    /// @dev Transient entries first, then those of the block.
    function get(bytes32 key, uint256 alternative) internal view returns (Outcome memory outcome) {
        uint256 count = _count(_load(key, true), true);
        if (alternative < count) return unpack(_read(key, alternative, true));
        alternative -= count;
        if (alternative < _count(_load(key, false), false)) return unpack(_read(key, alternative, false));
    }

    function _read(bytes32 key, uint256 alternative, bool isTransient) private view returns (bytes memory packed) {
        uint256 at = uint256(keccak256(abi.encode(key, alternative)));
        uint256 size = _count(_load(bytes32(at), isTransient), isTransient);
        packed = new bytes(size);
        for (uint256 i = 0; i < size; i += 32) {
            at++;
            bytes32 word = _load(bytes32(at), isTransient);
            assembly ("memory-safe") {
                mstore(add(add(packed, 32), i), word)
            }
        }
    }

    function pack(bytes32 entryHash, Entry calldata entry) internal pure returns (bytes memory packed) {
        Action calldata out = entry.out;
        uint256 flags = uint256(out.kind) << KIND_SHIFT;
        if (entry.scope) flags |= SCOPE;
        if (out.failed) flags |= FAILED;
        if (out.isStatic) flags |= STATIC;
        packed = abi.encodePacked(entryHash, uint8(flags), uint8(entry.transitions.length));
        for (uint256 i = 0; i < entry.transitions.length; i++) {
            Transition calldata t = entry.transitions[i];
            if (t.etherDelta != int128(t.etherDelta)) revert EtherDeltaTooLarge();
            packed = abi.encodePacked(packed, t.rollupId, t.idle, int128(t.etherDelta), t.pre, t.post);
        }
        if (out.kind == Kind.RESULT) {
            return abi.encodePacked(packed, out.rollupId, out.gas, out.data);
        }
        if (out.kind == Kind.CALL && out.rollupId == 0) {
            return abi.encodePacked(
                packed, out.target, out.sourceRollupId, out.source, out.value, out.gas, out.data
            );
        }
        if (out.kind == Kind.REVERT) return abi.encodePacked(packed, out.rollupId, out.data);
        revert OutActionUnexpected();
    }

    function unpack(bytes memory packed) internal pure returns (Outcome memory outcome) {
        outcome.found = true;
        outcome.entryHash = bytes32(_uint(packed, 0, 32));
        uint256 flags = _uint(packed, 32, 1);
        outcome.scope = flags & SCOPE != 0;
        outcome.transitions = new Transition[](_uint(packed, 33, 1));
        uint256 at = 34;
        for (uint256 i = 0; i < outcome.transitions.length; i++) {
            Transition memory t = outcome.transitions[i];
            t.rollupId = uint64(_uint(packed, at, 8));
            t.idle = _uint(packed, at + 8, 1) != 0;
            t.etherDelta = int128(uint128(_uint(packed, at + 9, 16)));
            t.pre = bytes32(_uint(packed, at + 25, 32));
            t.post = bytes32(_uint(packed, at + 57, 32));
            at += 89;
        }
        Action memory out = outcome.out;
        out.kind = Kind(flags >> KIND_SHIFT);
        out.failed = flags & FAILED != 0;
        out.isStatic = flags & STATIC != 0;
        if (out.kind == Kind.CALL) {
            out.target = address(uint160(_uint(packed, at, 20)));
            out.sourceRollupId = uint64(_uint(packed, at + 20, 8));
            out.source = address(uint160(_uint(packed, at + 28, 20)));
            out.value = _uint(packed, at + 48, 32);
            out.gas = uint64(_uint(packed, at + 80, 8));
            at += 88;
        } else {
            out.rollupId = uint64(_uint(packed, at, 8));
            at += 8;
            if (out.kind == Kind.RESULT) {
                out.gas = uint64(_uint(packed, at, 8));
                at += 8;
            }
        }
        out.data = _tail(packed, at);
    }

    /// @dev A big-endian number of `size` bytes at `offset`.
    function _uint(bytes memory packed, uint256 offset, uint256 size) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, mul(8, size)), mload(add(add(packed, 32), offset)))
        }
    }

    function _tail(bytes memory packed, uint256 offset) private pure returns (bytes memory tail) {
        uint256 size = packed.length - offset;
        tail = new bytes(size);
        assembly ("memory-safe") {
            mcopy(add(tail, 32), add(add(packed, 32), offset), size)
        }
    }

    function _header(uint256 count, bool isTransient) private view returns (bytes32) {
        return bytes32((isTransient ? 0 : block.number << 64) | count);
    }

    function _count(bytes32 header, bool isTransient) private view returns (uint256) {
        if (!isTransient && uint256(header) >> 64 != block.number) return 0;
        return uint64(uint256(header));
    }

    function _load(bytes32 slot, bool isTransient) private view returns (bytes32 word) {
        assembly ("memory-safe") {
            switch isTransient
            case 0 { word := sload(slot) }
            default { word := tload(slot) }
        }
    }

    function _store(bytes32 slot, bytes32 word, bool isTransient) private {
        assembly ("memory-safe") {
            switch isTransient
            case 0 { sstore(slot, word) }
            default { tstore(slot, word) }
        }
    }
}
