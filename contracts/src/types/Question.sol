// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// An action as it lies in memory: the calldata of `lookup`, from its selector on. What is delivered to
/// a rollup is asked for, hashed and handed to a self-call from the one place where it lies; nothing of
/// it is encoded twice.
///
///   0     selector of lookup
///   4     rollupId ‖ head ‖ 160 ‖ alternative ‖ key, 32 bytes each; the last word makes way for the
///         offset 32 where the action is encoded by itself
///   164   the action's ten words, the last of them the offset 320
///   484   length of data, data, zeros up to a whole word
type Question is uint256;

using Questions for Question global;

library Questions {
    uint256 private constant FIXED = 352;

    /// @notice An action whose other members are zero, and whose data is the caller's to write.
    function open(uint256 kind_, uint64 rollupId_, uint256 dataSize) internal pure returns (Question q) {
        assembly ("memory-safe") {
            q := mload(64)
            let tuple := add(q, 164)
            let size := add(FIXED, and(add(dataSize, 31), not(31)))
            mstore(64, and(add(add(tuple, size), 31), not(31)))
            // Reading behind the calldata gives zeros.
            calldatacopy(tuple, calldatasize(), size)
            mstore(tuple, kind_)
            mstore(add(tuple, 32), rollupId_)
            mstore(add(tuple, 288), 320)
            mstore(add(tuple, 320), dataSize)
        }
    }

    /// @notice The action that is encoded in calldata from `at` to `end`, its offset 32 included.
    function load(uint256 at, uint256 end) internal pure returns (Question q) {
        assembly ("memory-safe") {
            q := mload(64)
            let size := sub(end, at)
            mstore(64, and(add(add(q, size), 163), not(31)))
            calldatacopy(add(q, 132), at, size)
        }
    }

    /// @notice Gives back the memory from the question on, for the next one.
    function close(Question q) internal pure {
        assembly ("memory-safe") {
            mstore(64, q)
        }
    }

    function kind(Question q) internal pure returns (uint256) {
        return _word(q, 0);
    }

    function rollupId(Question q) internal pure returns (uint64) {
        return uint64(_word(q, 1));
    }

    function target(Question q) internal pure returns (address) {
        return address(uint160(_word(q, 2)));
    }

    /// @notice The head that was asked at.
    function head(Question q) internal pure returns (bytes32 head_) {
        assembly ("memory-safe") {
            head_ := mload(add(q, 36))
        }
    }

    function setHead(Question q, bytes32 head_) internal pure {
        assembly ("memory-safe") {
            mstore(add(q, 36), head_)
        }
    }

    function value(Question q) internal pure returns (uint256) {
        return _word(q, 5);
    }

    function data(Question q) internal pure returns (bytes memory data_) {
        assembly ("memory-safe") {
            data_ := add(q, 484)
        }
    }

    function setCall(Question q, address target, uint64 sourceRollupId, address source) internal pure {
        _set(q, 2, uint160(target));
        _set(q, 3, sourceRollupId);
        _set(q, 4, uint160(source));
    }

    function setValue(Question q, uint256 value_) internal pure {
        _set(q, 5, value_);
    }

    function setGas(Question q, uint256 gas_) internal pure {
        _set(q, 6, gas_);
    }

    function setStatic(Question q, bool isStatic) internal pure {
        _set(q, 7, isStatic ? 1 : 0);
    }

    function setFailed(Question q, bool failed) internal pure {
        _set(q, 8, failed ? 1 : 0);
    }

    /// @notice keccak256(abi.encode(action)).
    function hash(Question q) internal pure returns (bytes32 hash_) {
        uint256 size = sizeOf(q);
        assembly ("memory-safe") {
            mstore(add(q, 132), 32)
            hash_ := keccak256(add(q, 132), add(size, 32))
        }
    }

    /// @notice Bytes of the action: its tuple.
    function sizeOf(Question q) internal pure returns (uint256 size) {
        assembly ("memory-safe") {
            size := add(FIXED, and(add(mload(add(q, 484)), 31), not(31)))
        }
    }

    /// @notice Calls this contract's own function, which takes the action alone.
    function deliver(Question q, bytes4 selector, uint256 gas_, bool isStatic) internal returns (bool ok) {
        unchecked {
            uint256 size = sizeOf(q) + 36;
            assembly ("memory-safe") {
                mstore(add(q, 100), shr(224, selector))
                mstore(add(q, 132), 32)
                switch isStatic
                case 0 { ok := call(gas_, address(), 0, add(q, 128), size, 0, 0) }
                default { ok := staticcall(gas_, address(), add(q, 128), size, 0, 0) }
            }
        }
    }

    /// @notice Makes the question one at this head; gives its key.
    function prepare(Question q, bytes4 selector, bytes32 head_) internal pure returns (uint256 key) {
        bytes32 hash_ = q.hash();
        assembly ("memory-safe") {
            let free := mload(64)
            let rollupId_ := mload(add(q, 196))
            mstore(free, rollupId_)
            mstore(add(free, 32), head_)
            mstore(add(free, 64), hash_)
            key := keccak256(free, 96)
            mstore(q, selector)
            mstore(add(q, 4), rollupId_)
            mstore(add(q, 36), head_)
            mstore(add(q, 68), 160)
        }
    }

    /// @notice Asks lookup. The record that it answers with, of 0 bytes if there is none.
    function ask(Question q, uint256 key, uint256 alternative) internal view returns (uint256 record, uint256 size) {
        unchecked {
            uint256 asked = sizeOf(q) + 164;
            assembly ("memory-safe") {
                mstore(add(q, 100), alternative)
                mstore(add(q, 132), key)
                let ok := staticcall(gas(), address(), q, asked, 0, 0)
                record := mload(64)
                size := returndatasize()
                returndatacopy(record, 0, size)
                if iszero(ok) { revert(record, size) }
                mstore(64, add(record, size))
            }
        }
    }

    function _word(Question q, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(q, 164), mul(index, 32)))
        }
    }

    function _set(Question q, uint256 index, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(q, 164), mul(index, 32)), word)
        }
    }
}
