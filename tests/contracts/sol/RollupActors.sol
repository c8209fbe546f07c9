// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Stands at the address of XCALL and answers as its input says: behind the three words that
/// every request begins with, one byte (0: return, else revert) and the answer; nothing returns nothing.
contract XcallStub {
    fallback() external payable {
        assembly ("memory-safe") {
            if lt(calldatasize(), 97) { return(0, 0) }
            let at := mload(64)
            let size := sub(calldatasize(), 97)
            calldatacopy(at, 97, size)
            if byte(0, calldataload(96)) { revert(at, size) }
            return(at, size)
        }
    }
}

/// @notice Calls as a contract would, with all its gas, and ends as the call did: target 20 ‖
/// isStatic 1 ‖ calldata.
contract Relay {
    fallback() external payable {
        assembly ("memory-safe") {
            let at := mload(64)
            let size := sub(calldatasize(), 21)
            calldatacopy(at, 21, size)
            let target := shr(96, calldataload(0))
            let ok := 0
            switch byte(0, calldataload(20))
            case 0 { ok := call(gas(), target, callvalue(), at, size, 0, 0) }
            default { ok := staticcall(gas(), target, at, size, 0, 0) }
            returndatacopy(at, 0, returndatasize())
            if ok { return(at, returndatasize()) }
            revert(at, returndatasize())
        }
    }
}

/// @notice As long as a proxy's code, and claims to stand for (rollupId, target); a test appends bytes
/// to make it so. Calls a proxy like anybody: its address 20 ‖ calldata.
contract Impostor {
    fallback() external payable {
        assembly ("memory-safe") {
            let at := mload(64)
            if iszero(calldatasize()) {
                mstore(at, 2)
                mstore(add(at, 32), 0x1234)
                return(at, 64)
            }
            let size := sub(calldatasize(), 20)
            calldatacopy(at, 20, size)
            let ok := call(gas(), shr(96, calldataload(0)), 0, at, size, 0, 0)
            returndatacopy(at, 0, returndatasize())
            if ok { return(at, returndatasize()) }
            revert(at, returndatasize())
        }
    }
}
